/* Closures: what is refused and in which words, defaults, time rules, rules on arcs, JSON back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live_town.h"

#define NOW INT64_C(1748908800000) /* 2025-06-03T00:00Z, 08:00 in the town */

static live_town town;

#define WHERE "\"stretch\":{\"street\":\"R2\",\"from\":\"C1\",\"to\":\"C3\"}"
#define WHEN  "\"from\":\"2025-06-03T08:00\",\"to\":\"2025-06-10T06:00\""
#define WHO   "\"owner\":\"养护一所\""

static tq_status read_it(const char *json, tq_closure *out, tq_err *err)
{
    tq_err_clear(err);
    return tq_closure_read(&town.city, tq_str_of(json), NOW, out, err);
}

static tq_closure take(const char *json)
{
    tq_closure c = {0};
    tq_err err;
    if (read_it(json, &c, &err) != TQ_OK) fail_msg("%s: %s", json, err.text);
    return c;
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"{" WHERE "," WHO ",\"effect\":\"full\"}", "\"to\" is missing"},
        {"{" WHERE "," WHEN ",\"effect\":\"full\"}", "\"owner\" is missing"},
        {"{" WHERE "," WHEN ",\"owner\":\"  \",\"effect\":\"full\"}", "\"owner\" is missing"},
        {"{" WHEN "," WHO ",\"effect\":\"full\"}", "\"stretch\" is missing"},
        {"{" WHERE "," WHEN "," WHO "}", "\"effect\" is missing"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"ful\"}", "did you mean \"full\""},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"ovner\":1}", "did you mean \"owner\""},
        {"{" WHERE ",\"to\":\"2025-06-02T06:00\"," WHO ",\"effect\":\"full\"}", "in the past"},
        {"{" WHERE ",\"from\":\"2025-06-09T06:00\",\"to\":\"2025-06-08T06:00\"," WHO
         ",\"effect\":\"full\"}",
         "is not after"},
        {"{" WHERE ",\"to\":\"tomorrow\"," WHO ",\"effect\":\"full\"}", "is not a time"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"lanes\"}", "\"lanes\" is missing"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"lanes\",\"lanes\":{\"total\":9,\"left\":1}}",
         "9 are not there"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"lanes\",\"lanes\":{\"total\":2,\"left\":2}}",
         "none is taken"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"lanes\",\"lanes\":{\"total\":2,\"left\":0}}",
         "none of 2"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"lanes\":{\"total\":2,\"left\":1}}",
         "goes with effect"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"speed\"}", "\"speed_kmh\" is missing"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"speed\",\"speed_kmh\":0}", "from 1 to"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"users\":[\"car\",\"tram\"]}", "tram"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"speed\",\"speed_kmh\":5,\"users\":[\"foot\"]}",
         "walkers"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"limit\":{}}", "says nothing"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"limit\":{\"weight_t\":-1}}",
         "weight_t"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"limit\":{\"wieght_t\":1}}",
         "did you mean \"weight_t\""},
        {"{" WHERE "," WHEN "," WHO
         ",\"effect\":\"full\",\"times\":[{\"dates\":[\"07-01\",\"07-03\"]}]}",
         "never holds"},
        {"{" WHERE ",\"from\":\"2025-06-03T08:00\",\"to\":\"2025-06-03T20:00\"," WHO
         ",\"effect\":\"full\",\"times\":[{\"from\":\"22:00\",\"to\":\"06:00\"}]}",
         "never holds"},
        {"{" WHERE ",\"from\":\"2025-06-03T08:00\",\"to\":\"2025-06-05T20:00\"," WHO
         ",\"effect\":\"full\",\"times\":[{\"days\":[\"mon\"]}]}",
         "never holds"},
        {"{" WHERE "," WHEN "," WHO
         ",\"effect\":\"full\",\"times\":[{\"from\":\"22:00\",\"to\":\"22:00\"}]}",
         "never holds"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"times\":[{\"from\":\"25:00\"}]}",
         "times of day"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"times\":[{}]}", "says nothing"},
        {"{" WHERE "," WHEN "," WHO ",\"effect\":\"full\",\"times\":[{\"days\":[\"mo\"]}]}",
         "is no day"},
        {"{" WHEN "," WHO ",\"effect\":\"full\",\"stretch\":{\"arcs\":[0,20]}}", "not connected"},
        {"[1]", "not a JSON object"},
        {"{\"owner\":\"a\",\"owner\":\"b\"}", "not JSON"},
        {"{\"note\":[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]}", "nested deeper"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_closure c = {.speed_kmh = 99};
        tq_err err;
        if (read_it(cases[k].json, &c, &err) == TQ_OK) fail_msg("taken: %s", cases[k].json);
        if (strstr(err.text, cases[k].words) == NULL)
            fail_msg("%s\nsays %s\nnot %s", cases[k].json, err.text, cases[k].words);
        assert_int_equal(c.speed_kmh, 99);
    }
}

static void defaults(void **state)
{
    (void)state;
    tq_closure c = take("{" WHERE "," WHEN "," WHO ",\"effect\":\"half_width\"}");
    assert_int_equal(c.users, TQ_ACCESS_MOTOR | TQ_ACCESS_BIKE);
    assert_int_equal(live_speed_kmh(&c), 20);
    assert_string_equal(c.reason, "other");
    assert_int_equal(c.stretch.arc_count, 4);
    assert_int_equal(c.from_ms, NOW);
    tq_closure_free(&c);
    c = take("{" WHERE "," WHEN "," WHO ",\"effect\":\"local\"}");
    assert_int_equal(c.users, TQ_ACCESS_MOTOR);
    tq_closure_free(&c);
}

static void hours(void **state)
{
    (void)state;
    const int64_t hour = 3600000;
    tq_closure c =
        take("{" WHERE "," WHEN "," WHO
             ",\"effect\":\"full\",\"times\":[{\"days\":[\"wed\"],\"from\":\"22:00\","
             "\"to\":\"06:00\"}]}"); /* from 2025-06-04, a Wednesday, 22:00 to Thursday 06:00 */
    assert_false(live_closure_holds(&town.city, &c, NOW));
    assert_false(live_closure_holds(&town.city, &c, NOW + 14 * hour)); /* Tuesday 22:00 */
    assert_false(live_closure_holds(&town.city, &c, NOW + 20 * hour)); /* Wednesday 04:00 */
    assert_false(live_closure_holds(&town.city, &c, NOW + 38 * hour - 1));
    assert_true(live_closure_holds(&town.city, &c, NOW + 38 * hour));
    assert_true(live_closure_holds(&town.city, &c, NOW + 46 * hour - 1)); /* Thursday 05:59:59 */
    assert_false(live_closure_holds(&town.city, &c, NOW + 46 * hour));
    tq_closure_free(&c);
}

static uint32_t count_rules(const live_rules *rules, tq_live_effect effect, uint32_t value)
{
    uint32_t count = 0;
    for (size_t k = 0; k < rules->rule.count; k++)
        count += rules->rule.at[k].effect == effect && rules->rule.at[k].value == value;
    return count;
}

static live_rules compile(const char *json)
{
    live_rules rules;
    tq_closure c = take(json);
    assert_true(live_rules_begin(&rules));
    live_compile(&town.city, &c, &rules);
    assert_false(rules.failed);
    tq_closure_free(&c);
    return rules;
}

static void effects(void **state)
{
    (void)state;
    live_rules rules = compile("{" WHERE "," WHEN "," WHO ",\"effect\":\"full\"}");
    assert_int_equal(rules.rule.count, 4);
    assert_int_equal(count_rules(&rules, TQ_LIVE_CLOSED, 0), 4);
    assert_int_equal(rules.rule.at[0].access, TQ_ACCESS_MOTOR | TQ_ACCESS_BIKE);
    live_rules_free(&rules);
    /* Half width acts in both directions though one was asked, and never closes. */
    rules = compile("{\"stretch\":{\"street\":\"R2\",\"from\":\"C1\",\"to\":\"C3\",\"direction\":"
                    "\"forward\"}," WHEN "," WHO ",\"effect\":\"half_width\"}");
    assert_int_equal(count_rules(&rules, TQ_LIVE_PERCENT, 50), 4);
    assert_int_equal(count_rules(&rules, TQ_LIVE_LIMIT, 200), 4);
    assert_int_equal(count_rules(&rules, TQ_LIVE_CLOSED, 0), 0);
    live_rules_free(&rules);
    rules = compile("{" WHERE "," WHEN "," WHO
                    ",\"effect\":\"lanes\",\"lanes\":{\"total\":4,\"left\":1},\"speed_kmh\":40}");
    assert_int_equal(count_rules(&rules, TQ_LIVE_PERCENT, 30), 4);
    assert_int_equal(count_rules(&rules, TQ_LIVE_LIMIT, 400), 4);
    live_rules_free(&rules);
    rules = compile("{" WHERE "," WHEN "," WHO
                    ",\"effect\":\"speed\",\"speed_kmh\":30,\"fenced\":\"both\"}");
    assert_int_equal(count_rules(&rules, TQ_LIVE_LIMIT, 300), 4);
    assert_true(count_rules(&rules, TQ_LIVE_CLOSED, 0) >= 4);
    live_rules_free(&rules);
    /* Sizes are alternatives, and multiply with the hours. */
    rules = compile("{" WHERE "," WHEN "," WHO
                    ",\"effect\":\"full\",\"limit\":{\"weight_t\":10,\"height_m\":3.5},\"times\":[{"
                    "\"days\":[\"fri\"]},{\"from\":\"22:00\",\"to\":\"06:00\"}]}");
    assert_int_equal(rules.clause.count, 4);
    assert_int_equal(rules.clause.at[0].weight_10kg, 1000);
    assert_int_equal(rules.clause.at[1].height_cm, 350);
    assert_int_equal(rules.clause.at[1].weight_10kg, 0);
    assert_int_equal(rules.clause.at[2].from_min, 1320);
    assert_int_equal(rules.clause.at[3].from_ms, NOW);
    live_rules_free(&rules);
}

/* What is written can be read again and means the same. */
static void there_and_back(void **state)
{
    (void)state;
    tq_closure a = take("{\"id\":\"CL-1\"," WHERE "," WHEN "," WHO
                        ",\"effect\":\"lanes\",\"lanes\":{\"total\":4,\"left\":3},\"users\":["
                        "\"bus\",\"car\"],\"fenced\":\"left\",\"limit\":{\"axle_t\":8,\"hazmat\":"
                        "true},\"times\":[{\"dates\":[\"06-05\"]},{\"from\":\"00:00\",\"to\":"
                        "\"24:00\"}],\"reason\":\"crack\",\"sudden\":true,\"case\":\"CA-1\"}");
    tq_buf text = {0};
    tq_json json;
    json_error_t why;
    tq_json_begin(&json, &text);
    tq_closure_json(&town.city, &a, NOW, &json);
    assert_false(text.failed);
    json_t *read = json_loadb(text.at, text.len, 0, &why);
    assert_non_null(read);
    assert_true(json_is_true(json_object_get(read, "in_force")));
    json_t *sentence = json_object_get(read, "sentence");
    const char *zh = json_string_value(json_object_get(sentence, "zh"));
    assert_non_null(strstr(zh, "R2（C1至C3）双向余3条车道（共4条）"));
    assert_non_null(strstr(zh, "养护一所"));
    json_object_del(read, "in_force");
    json_object_del(read, "sentence");
    json_t *stretch = json_object();
    json_object_set(stretch, "arcs", json_object_get(json_object_get(read, "stretch"), "arcs"));
    json_object_set_new(read, "stretch", stretch);
    char *again = json_dumps(read, 0);
    tq_closure b = take(again);
    assert_string_equal(b.id, "CL-1");
    assert_int_equal(b.users, a.users);
    assert_int_equal(b.lanes_left, 3);
    assert_int_equal(b.fenced, 1);
    assert_memory_equal(&b.limit, &a.limit, sizeof a.limit);
    assert_int_equal(b.time_count, 2);
    assert_memory_equal(b.time, a.time, sizeof a.time);
    assert_int_equal(b.from_ms, a.from_ms);
    assert_int_equal(b.to_ms, a.to_ms);
    assert_string_equal(b.reason, "crack");
    assert_true(b.sudden);
    assert_int_equal(b.stretch.arc_count, a.stretch.arc_count);
    assert_memory_equal(b.stretch.arc, a.stretch.arc, a.stretch.arc_count * sizeof *a.stretch.arc);
    free(again);
    json_decref(read);
    tq_buf_free(&text);
    const tq_closure *one = &a;
    tq_closures_geojson(&town.city, &one, 1, NOW, &text);
    read = json_loadb(text.at, text.len, 0, &why);
    json_t *feature = json_array_get(json_object_get(read, "features"), 0);
    assert_string_equal(json_string_value(json_object_get(feature, "id")), "CL-1");
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(feature, "geometry"), "coordinates")), 2);
    json_decref(read);
    text.len = 0;
    tq_closures_geojson(&town.city, &one, 1, a.to_ms, &text);
    tq_buf_putc(&text, '\0');
    assert_string_equal(text.at, "{\"type\":\"FeatureCollection\",\"features\":[]}");
    tq_buf_free(&text);
    tq_closure_free(&a);
    tq_closure_free(&b);
}

static int make(void **state)
{
    (void)state;
    town_grid(&town, 5, TOWN_BOTH, 2);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals), cmocka_unit_test(defaults),       cmocka_unit_test(hours),
        cmocka_unit_test(effects),  cmocka_unit_test(there_and_back),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
