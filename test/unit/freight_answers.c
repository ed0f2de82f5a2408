/*
 * What people are told: thinned fronts, odds, «why not by that port», «no plan because», dated
 * openings, latest pick-up, and the JSON of it, on the authored network.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight_files.h"

#define ARENA (64u << 20)
#define DAY   20640 /* 2026-07-06, a Monday */

static freight_files files;
static tq_freight *net;
static tq_arena arena;

static tq_freight *load_with(const char *file, const char *bytes)
{
    freight_files copy = files;
    tq_freight *made = NULL;
    tq_err err = {0};
    for (size_t k = 0; k < copy.count; k++)
        if (strcmp(copy.text[k].name, file) == 0) copy.text[k].bytes = tq_str_of(bytes);
    tq_status status = tq_freight_load(copy.text, copy.count, INT32_MAX, &made, &err);
    if (status != TQ_OK) print_error("%s\n", err.text);
    assert_int_equal(status, TQ_OK);
    return made;
}

static int setup(void **state)
{
    (void)state;
    freight_files_read(&files, FREIGHT_FOLDER);
    net = load_with("", "");
    tq_arena_init(&arena, malloc(ARENA), ARENA);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tq_freight_free(net);
    freight_files_free(&files);
    free(arena.base);
    return 0;
}

static uint32_t place(const char *id)
{
    uint32_t node = tq_freight_node_find(net, tq_str_of(id));
    assert_true(node != TQ_NONE);
    return node;
}

static tq_freight_query question(const char *from, const char *to, const char *commodity,
                                 int64_t mass_g, uint32_t boxes40)
{
    tq_freight_query query;
    tq_freight_query_default(&query);
    query.origin = place(from);
    query.destination = place(to);
    query.commodity = tq_freight_commodity_find(net, tq_str_of(commodity));
    query.mass_g = mass_g;
    query.boxes40 = boxes40;
    query.depart_s = DAY * INT64_C(86400) + 8 * 3600;
    tq_arena_reset(&arena, 0);
    return query;
}

static tq_freight_answer ask(const tq_freight *of, const tq_freight_query *query)
{
    tq_freight_answer answer = {0};
    tq_err err = {0};
    tq_status status = tq_freight_search(of, NULL, query, NULL, &arena, &answer, &err);
    if (status != TQ_OK) print_error("%s\n", err.text);
    assert_int_equal(status, TQ_OK);
    return answer;
}

static json_t *parse(tq_buf *buf)
{
    json_t *root = json_loadb(buf->at, buf->len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    tq_buf_free(buf);
    return root;
}

static void thinned_front_keeps_the_best(void **state)
{
    (void)state;
    tq_freight_query query = question("TYC", "RTMP", "general_box", 22000000, 1);
    tq_freight_answer answer = ask(net, &query);
    assert_int_equal(answer.plan_count, 33);
    assert_true(answer.shown_count >= 4 && answer.shown_count < 20);
    uint32_t marks = 0;
    for (uint32_t k = 0; k < answer.plan_count; k++)
        marks |= answer.plan[k].marks;
    assert_int_equal(marks & 15u, 15u);
    tq_freight_odds(net, &query, INT64_MAX, 1, &answer);
    tq_freight_plan first = answer.plan[0];
    assert_in_range(first.on_time_permille, 1, 999);
    assert_true(first.p50_ds <= first.p90_ds && first.weakest < first.step_count);
    tq_freight_odds(net, &query, INT64_MAX, 1, &answer);
    assert_memory_equal(&first, &answer.plan[0], sizeof first);
    tq_buf buf = {0};
    tq_json json;
    tq_json_begin(&json, &buf);
    tq_freight_plan_json(net, &query, &answer, TQ_FREIGHT_SHOWN, &json);
    json_t *root = parse(&buf);
    json_t *plans = json_object_get(root, "plans");
    assert_int_equal(json_array_size(plans), answer.shown_count);
    json_t *leg = json_array_get(json_object_get(json_array_get(plans, 0), "legs"), 1);
    assert_string_equal(json_string_value(json_object_get(leg, "begin")),
                        "2026-07-06T08:33:00+08:00");
    assert_string_equal(json_string_value(json_object_get(json_object_get(leg, "price"), "kind")),
                        "assumed");
    json_decref(root);
}

static void why_not_names_the_difference(void **state)
{
    (void)state;
    tq_freight_query query = question("TASH", "NGBP", "coal_thermal", 5000000000, 0);
    tq_freight_answer answer = ask(net, &query);
    tq_freight_why why;
    assert_int_equal(
        tq_freight_why_not(net, NULL, &query, place("QHDP"), NULL, &arena, &answer, &why, NULL),
        TQ_OK);
    assert_true(why.possible && why.on_front);
    assert_int_equal(
        tq_freight_why_not(net, NULL, &query, place("CFDP"), NULL, &arena, &answer, &why, NULL),
        TQ_OK);
    assert_true(why.possible && !why.on_front && why.beaten_by < answer.plan_count);
    assert_true(why.dearer_e4 > 0 && why.flip_e4 > 0);
    /* The named cut of the price is just enough. */
    for (int64_t spare = 0; spare < 2; spare++) {
        bool beaten = false;
        for (uint32_t k = 0; k < answer.plan_count; k++)
            beaten |= answer.plan[k].time_ds <= why.through.time_ds &&
                      answer.plan[k].co2_mg <= why.through.co2_mg &&
                      answer.plan[k].cost_e4 <= why.through.cost_e4 - why.flip_e4 + spare;
        assert_int_equal(beaten, spare == 1);
    }
    tq_buf buf = {0};
    tq_json json;
    tq_json_begin(&json, &buf);
    tq_freight_why_json(net, place("CFDP"), &why, &json);
    json_decref(parse(&buf));
    /* A large answer behind another one in the same scratch. */
    query = question("ZZB", "TYM", "coal_coking", 1000000, 0);
    answer = ask(net, &query);
    assert_int_equal(
        tq_freight_why_not(net, NULL, &query, place("ZJPP"), NULL, &arena, &answer, &why, NULL),
        TQ_OK);
    assert_true(why.possible && !why.on_front);
}

static void no_plan_names_what_forbids(void **state)
{
    (void)state;
    static const char bans[] = "id,class,name_zh,name_en,what,cargo,dg_class,from,to,source\n"
                               "R1,border,边境,Horgos closed,HRG,,,2026-07-01,2026-07-31,test\n"
                               "R2,dangerous_goods,危险品,no batteries,CE05,,9,,,test\n";
    tq_freight *other = load_with("restrictions.csv", bans);
    tq_freight_query query = question("ZDL", "TAS", "general_box", 220000000, 10);
    tq_freight_answer answer;
    tq_freight_no no;
    assert_int_equal(tq_freight_search(other, NULL, &query, NULL, &arena, &answer, NULL),
                     TQ_NO_ROUTE);
    tq_arena_reset(&arena, 0);
    assert_int_equal(tq_freight_no_plan(other, NULL, &query, &arena, &no, NULL), TQ_OK);
    assert_int_equal(no.bans, 1u << TQ_FREIGHT_BAN_BORDER);
    assert_int_equal(no.row_count, 1);
    assert_int_equal(no.row[0], 0);
    tq_buf buf = {0};
    tq_json json;
    tq_json_begin(&json, &buf);
    tq_freight_no_json(other, &query, &no, &json);
    json_t *root = parse(&buf);
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "forbidden_by"), 0)),
                        "border");
    json_decref(root);
    /* Both at once for batteries; in August only the second is left. */
    query.commodity = tq_freight_commodity_find(net, TQ_STR("lithium"));
    tq_arena_reset(&arena, 0);
    assert_int_equal(tq_freight_no_plan(other, NULL, &query, &arena, &no, NULL), TQ_OK);
    assert_int_equal(no.bans, 1u << TQ_FREIGHT_BAN_BORDER | 1u << TQ_FREIGHT_BAN_DANGEROUS);
    query.depart_s += 31 * INT64_C(86400);
    assert_int_equal(tq_freight_no_plan(other, NULL, &query, &arena, &no, NULL), TQ_OK);
    assert_int_equal(no.bans, 1u << TQ_FREIGHT_BAN_DANGEROUS);
    tq_freight_free(other);
    /* What the asker forbids is named too. */
    query = question("ZDL", "TAS", "general_box", 220000000, 10);
    query.avoid[query.avoid_count++] = place("HRG");
    assert_int_equal(tq_freight_no_plan(net, NULL, &query, &arena, &no, NULL), TQ_OK);
    assert_int_equal(no.bans, 1u << TQ_FREIGHT_BAN_AVOID);
}

static void questions_are_checked(void **state)
{
    (void)state;
    tq_freight_answer answer;
    tq_err err = {0};
    tq_freight_query query = question("ZDL", "TAS", "general_box", 220000000, 0);
    assert_int_equal(tq_freight_search(net, NULL, &query, NULL, &arena, &answer, &err),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "travels in boxes"));
    query = question("TASH", "NGBP", "coal_thermal", 5000000000, 3);
    assert_int_equal(tq_freight_search(net, NULL, &query, NULL, &arena, &answer, &err),
                     TQ_BAD_INPUT);
    query = question("TASH", "NGBP", "coal_thermal", 5000000000, 0);
    query.labels_max = 20;
    assert_int_equal(tq_freight_search(net, NULL, &query, NULL, &arena, &answer, &err), TQ_LIMIT);
    query.labels_max = TQ_FREIGHT_LABELS_MAX;
    tq_arena tiny;
    tq_arena_init(&tiny, arena.base, 4096);
    assert_int_equal(tq_freight_search(net, NULL, &query, NULL, &tiny, &answer, &err),
                     TQ_NO_MEMORY);
}

static void pickup_meets_the_cutoff(void **state)
{
    (void)state;
    tq_freight_query query = question("TYC", "TAS", "general_box", 220000000, 10);
    query.aim = TQ_FREIGHT_PICKUP;
    query.service = tq_freight_service_find(net, TQ_STR("CE05"));
    query.depart_s = INT64_MIN;
    query.arrive_s = (DAY + 2) * INT64_C(86400) + 9 * 3600; /* Wednesday 09:00, when it leaves */
    tq_freight_answer answer = ask(net, &query);
    int64_t latest = INT64_MIN;
    for (uint32_t k = 0; k < answer.plan_count; k++) {
        const tq_freight_plan *plan = &answer.plan[k];
        const tq_freight_step *last = &answer.step[plan->first_step + plan->step_count - 1];
        assert_int_equal(last->kind, TQ_FREIGHT_SERVICE);
        assert_int_equal(plan->depart_s * 10 + last->start_ds + last->wait_ds, query.arrive_s * 10);
        latest = TQ_MAX(latest, plan->depart_s);
    }
    assert_true(latest < query.arrive_s - 24 * 3600);
    /* A second before that departure only the one of Saturday before is left. */
    query.arrive_s--;
    answer = ask(net, &query);
    const tq_freight_plan *plan = &answer.plan[0];
    assert_true(plan->depart_s < latest - 2 * 86400);
}

static void an_opening_counts_from_its_day(void **state)
{
    (void)state;
    freight_files copy = files;
    tq_buf text = {0};
    for (size_t k = 0; k < copy.count; k++)
        if (strcmp(copy.text[k].name, "links.csv") == 0) {
            const char *at = copy.text[k].bytes.at, *line;
            for (bool head = true; (line = strchr(at, '\n')) != NULL; head = false) {
                tq_buf_put(&text, at, (size_t)(line - at));
                tq_buf_puts(&text, head ? ",open_from\n" : ",\n");
                at = line + 1;
            }
            tq_buf_puts(&text, "TGLX,road,GJM,TYC,13.202,,ROAD,HGV49,80,,,,bulk,estimated,test,1,,"
                               "2026-08-01\n");
        }
    tq_buf_putc(&text, '\0');
    tq_freight *dated = load_with("links.csv", text.at);
    tq_buf_free(&text);
    tq_freight_query query = question("GJM", "TYC", "coal_thermal", 30000000, 0);
    query.modes = 1u << TQ_FREIGHT_ROAD;
    int32_t before = ask(net, &query).plan[0].time_ds, july = ask(dated, &query).plan[0].time_ds;
    assert_int_equal(before, july);
    query.depart_s += 31 * INT64_C(86400);
    tq_arena_reset(&arena, 0);
    int32_t august = ask(dated, &query).plan[0].time_ds;
    tq_freight_link old = tq_freight_link_at(net, tq_freight_link_find(net, TQ_STR("L218")));
    assert_int_equal(before - august, old.time_ds - 5941); /* 13.202 km at 80 km/h = 9.9 min */
    tq_freight_free(dated);
}

/* Ten boxes at 4,300 USD and 585 yuan of handling each, at the rate of the day they are ready. */
static void a_rate_is_that_of_the_day(void **state)
{
    (void)state;
    tq_freight *rated = load_with("rates.csv", "currency,date,rate\nUSD,2026-08-01,7.5\n"
                                               "USD,2026-07-01,7\nUSD,2026-09-01,8\n");
    tq_freight_query query = question("ZDL", "TAS", "general_box", 220000000, 10);
    tq_freight_cache *cache = NULL;
    tq_err err = {0};
    assert_int_equal(tq_freight_cache_make(rated, 1, &cache, &err), TQ_OK);
    static const struct {
        int32_t days;
        int64_t yuan;
    } want[] = {{0, 306850}, {25, 306850}, {26, 328350}, {60, 349850}, {0, 306850}};
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        tq_freight_answer answer;
        tq_freight_query later = query;
        later.depart_s += want[k].days * INT64_C(86400);
        tq_arena_reset(&arena, 0);
        assert_int_equal(tq_freight_search(rated, NULL, &later, cache, &arena, &answer, &err),
                         TQ_OK);
        assert_int_equal(answer.plan[0].cost_e4, want[k].yuan * 10000);
    }
    /* Before the first of them nobody knows what the train costs. */
    tq_freight_no no;
    query.depart_s -= 6 * INT64_C(86400);
    tq_arena_reset(&arena, 0);
    assert_int_equal(tq_freight_no_plan(rated, NULL, &query, &arena, &no, &err), TQ_OK);
    assert_int_equal(no.bans, 1u << TQ_FREIGHT_BAN_DATE);
    tq_freight_cache_free(cache);
    tq_freight_free(rated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thinned_front_keeps_the_best),
        cmocka_unit_test(why_not_names_the_difference),
        cmocka_unit_test(no_plan_names_what_forbids),
        cmocka_unit_test(questions_are_checked),
        cmocka_unit_test(pickup_meets_the_cutoff),
        cmocka_unit_test(an_opening_counts_from_its_day),
        cmocka_unit_test(a_rate_is_that_of_the_day),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
