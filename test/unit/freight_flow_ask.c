/*
 * Questions about flows as JSON: the siding at Qingxu, corridors of the question's own by hand,
 * published totals of another tool, what two questions share, and every refusal by its place.
 */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight_files.h"

#define DAY 20640 /* July 2026 */

static tq_freight *net;
static char *hubs;
static size_t hubs_len;

static tq_status answer(const char *body, const char *against, const char *tags, json_t **out,
                        tq_err *err)
{
    tq_buf text = {0};
    tq_flow_ask ask = {.size = sizeof ask,
                       .body = tq_str_of(body),
                       .against = tq_str_of(against),
                       .hubs = tq_str_of(tags),
                       .today = DAY,
                       .seconds_max = 30};
    *err = (tq_err){0};
    tq_status status = tq_flow_answer(net, &ask, &text, err);
    *out = status == TQ_OK ? json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (status == TQ_OK) assert_non_null(*out);
    if (status != TQ_OK) assert_int_equal(text.len, 0);
    tq_buf_free(&text);
    return status;
}

static json_t *must(const char *body, const char *against, const char *tags)
{
    json_t *out;
    tq_err err;
    if (answer(body, against, tags, &out, &err) != TQ_OK) fail_msg("%s", err.text);
    return out;
}

static const json_t *at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL) fail_msg("no member %s", key);
    return value;
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(at(object, key));
}

static bool near(double want, double got, double by)
{
    if (fabs(want - got) <= by) return true;
    print_error("wanted %.6f, got %.6f\n", want, got);
    return false;
}

/* The row of an id in a list, NULL = there is none. */
static const json_t *row_of(const json_t *rows, const char *id)
{
    for (size_t k = 0; k < json_array_size(rows); k++) {
        const char *said = json_string_value(json_object_get(json_array_get(rows, k), "id"));
        if (said != NULL && strcmp(said, id) == 0) return json_array_get(rows, k);
    }
    return NULL;
}

/* +6 Mt a year are 16,438 t a day, three trains of 5,500 t or 548 lorries of 30 t; without the
 * siding all of it goes by road, to the next siding until that is full and to Zhongding. */
static void siding(void **state)
{
    (void)state;
    size_t len;
    char *body = freight_read(FREIGHT_FOLDER "/flow.json", &len);
    assert_non_null(body);
    json_t *got = must(body, NULL, hubs);
    const json_t *plan = at(got, "plan"), *difference = at(got, "difference");
    const json_t *link = row_of(at(plan, "corridors"), "L087");
    assert_true(near(6e6, number(link, "year_t"), 1) && near(16438.4, number(link, "day_t"), 0.1));
    assert_int_equal((int)number(link, "trains_day"), 3);
    assert_true(number(link, "price_cny") > 0.1 && number(link, "use_pct") > 99.99);
    const json_t *first =
        json_array_get(at(plan, "corridors"),
                       (size_t)json_integer_value(json_array_get(at(plan, "bottlenecks"), 0)));
    assert_ptr_equal(first, link);
    const json_t *moved = row_of(at(difference, "rows"), "L087");
    assert_true(near(-6e6, number(moved, "more_t"), 1) && near(-3, number(moved, "trains_day"), 0));
    const json_t *hub = row_of(at(difference, "hubs"), "jinmei");
    assert_true(near(548, number(hub, "trucks_day"), 0) && near(-3, number(hub, "trains_day"), 0));
    assert_true(near(6e6, number(at(hub, "more_crossing"), "road"), 1));
    assert_true(number(difference, "more_cost_year_cny") > 0);
    /* What is closed has a price to open it, at least what the last tonne of it saved. */
    const json_t *closed = row_of(at(at(got, "against"), "corridors"), "L087");
    assert_true(number(closed, "price_cny") >= number(link, "price_cny"));
    assert_true(json_is_true(at(closed, "changed")) && !json_is_true(at(link, "changed")));
    /* Saved by the siding: no less than its room at its own price, no more than at the other. */
    double saved = number(difference, "more_cost_year_cny");
    assert_true(saved >= 6e6 * number(link, "price_cny") - 1e5);
    assert_true(saved <= 6e6 * number(closed, "price_cny") + 1e5);
    json_decref(got);
    free(body);
}

/* Of 115,068 t a week on the siding 20 whole trains of 5,500 t can go; the rest finds another way,
 * and all costs more. */
static void siding_by_whole_trains(void **state)
{
    (void)state;
    size_t len = 0;
    char *body = freight_read(FREIGHT_FOLDER "/flow.json", &len);
    assert_non_null(body);
    json_t *question = json_loadb(body, len, 0, NULL);
    assert_non_null(question);
    (void)json_object_del(question, "against");
    char *text = json_dumps(question, 0);
    json_t *plain = must(text, NULL, NULL);
    free(text);
    (void)json_object_set_new(question, "whole_trains", json_true());
    (void)json_object_set_new(question, "train_cny_km", json_integer(40));
    text = json_dumps(question, 0);
    json_t *got = must(text, NULL, NULL);
    const json_t *plan = at(got, "plan"), *link = row_of(at(plan, "corridors"), "L087");
    assert_true(json_is_true(at(plan, "whole_trains")));
    assert_true(number(link, "trains_week") >= 1 && number(link, "trains_week") <= 20);
    assert_true(number(link, "year_t") <= 20 * 5500 * 365.0 / 7 + 1);
    assert_true(number(plan, "cost_year_cny") > number(at(plain, "plan"), "cost_year_cny"));
    assert_true(number(plan, "gap") < 0.005);
    assert_true(
        json_is_null(at(row_of(at(at(plain, "plan"), "corridors"), "L087"), "trains_week")));
    json_decref(plain);
    json_decref(got);
    json_decref(question);
    free(text);
    free(body);
}

/* Every tonne that crosses the border of a hub begins, ends or passes there. */
static void hubs_add_up(void **state)
{
    (void)state;
    static const char body[] =
        "{\"lots\":[{\"commodity\":\"coal_thermal\",\"from\":\"GJM\",\"to\":\"QHDP\",\"mt_y\":2},"
        "{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TISC\",\"t_week\":10000}],"
        "\"hubs\":[{\"kind\":\"片区\",\"id\":\"a\",\"places\":[\"GUJ\",\"GJM\"],\"links\":["
        "\"L071\"]},"
        "{\"kind\":\"中心\",\"id\":\"b\",\"places\":[\"太原北站\"]}]}";
    json_t *got = must(body, NULL, hubs);
    const json_t *list = at(at(got, "plan"), "hubs"), *a = row_of(list, "a"),
                 *b = row_of(list, "b");
    assert_int_equal(json_array_size(list), 2);
    assert_true(near(2e6, number(a, "out_t"), 20) && near(0, number(a, "through_t"), 0.5));
    assert_true(near(2e6, number(a, "busiest_t"), 20) && near(48 * 2e6, number(a, "tkm"), 1e5));
    assert_true(near(0, number(b, "out_t"), 0) && near(2e6, number(b, "through_t"), 20));
    json_decref(got);
}

/* Two ways of 10 and 14 yuan, the cheap one for 3 Mt: 5 Mt cost 58 M, a tonne more saves 4. */
static const char two_ways[] =
    "{\"corridors\":["
    "{\"id\":\"cheap\",\"from\":\"A\",\"to\":\"B\",\"km\":100,\"cny_tkm\":0.1,\"capacity_mt_y\":3},"
    "{\"id\":\"dear\",\"from\":\"A\",\"to\":\"B\",\"cny_t\":14}],"
    "\"supply\":[{\"place\":\"A\",\"mt_y\":6}],\"demand\":[{\"place\":\"B\",\"mt_y\":5}]%s}";

static void own_by_hand(void **state)
{
    (void)state;
    char body[800];
    (void)snprintf(body, sizeof body, two_ways,
                   ",\"against\":{\"changes\":[{\"corridor\":\"cheap\",\"add_mt_y\":-1},"
                   "{\"corridor\":\"dear\",\"capacity_mt_y\":2.5}]}");
    json_t *got = must(body, NULL, NULL);
    const json_t *plan = at(got, "plan"), *other = at(got, "against");
    assert_true(near(58e6, number(plan, "cost_year_cny"), 0.5));
    const json_t *cheap = row_of(at(plan, "corridors"), "cheap");
    assert_true(near(3e6, number(cheap, "year_t"), 1e-3) && near(4, number(cheap, "price_cny"), 0));
    assert_true(near(2e6, number(row_of(at(plan, "corridors"), "dear"), "year_t"), 1e-3));
    /* 2 + 2.5 Mt of 5: half a million stays, and what is full is worth what not coming costs. */
    assert_true(near(5e5, number(json_array_get(at(other, "demand"), 0), "unserved_t"), 1e-3));
    cheap = row_of(at(other, "corridors"), "cheap");
    assert_true(near(10000 - 10, number(cheap, "price_cny"), 0));
    assert_true(near(5e5, number(at(got, "difference"), "more_unserved_t"), 1e-3));
    assert_true(
        near(20e6 + 35e6 + 5e9 - 58e6, number(at(got, "difference"), "more_cost_year_cny"), 0.5));
    json_decref(got);
}

/* Weeks of the same tonnes are the year of one week, and the same question has the same bytes. */
static void weeks_are_the_year(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":7}]}",
        "{\"weeks\":3,\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\","
        "\"mt_y\":7}]}"};
    json_t *one = must(bodies[0], NULL, NULL), *again = must(bodies[0], NULL, NULL),
           *three = must(bodies[1], bodies[0], NULL);
    assert_true(json_equal(one, again));
    double cost = number(at(one, "plan"), "cost_year_cny");
    assert_true(near(cost, number(at(three, "plan"), "cost_year_cny"), 1e-6 * cost));
    assert_true(near(0, number(at(three, "difference"), "more_cost_year_cny"), 1e-6 * cost + 1));
    assert_int_equal(json_array_size(at(at(three, "difference"), "rows")), 0);
    const json_t *link = row_of(at(at(three, "plan"), "corridors"), "L087");
    assert_int_equal((int)number(link, "full_weeks"), 3);
    json_decref(one);
    json_decref(again);
    json_decref(three);
}

/* The other question takes what it leaves out from the first, but stands alone with own lots. */
static void what_against_shares(void **state)
{
    (void)state;
    static const char first[] =
        "{\"name\":\"a\",\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\","
        "\"mt_y\":7}],\"changes\":[{\"link\":\"L087\",\"closed\":true}],\"train_t\":4000}";
    json_t *got = must(first, "{\"changes\":[]}", NULL);
    const json_t *other = at(got, "against");
    assert_true(near(4000, number(other, "train_t"), 0) && json_is_null(at(other, "name")));
    assert_true(near(6e6, number(row_of(at(other, "corridors"), "L087"), "year_t"), 1));
    json_decref(got);
    got = must(first,
               "{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":1}]}",
               NULL);
    other = at(got, "against");
    assert_true(near(5500, number(other, "train_t"), 0));
    assert_true(near(1e6, number(row_of(at(other, "corridors"), "L087"), "year_t"), 20));
    json_decref(got);
}

/* The handling of a very place is a capacity, and its rate can be changed. */
static void rate_of_a_place(void **state)
{
    (void)state;
    static const char body[] =
        "{\"lots\":[{\"commodity\":\"coal_thermal\",\"from\":\"GJM\",\"to\":\"QXS\",\"mt_y\":4}],"
        "\"changes\":[{\"link\":\"L213\",\"closed\":true},{\"link\":\"L217\",\"closed\":true},"
        "{\"link\":\"L218\",\"closed\":true},{\"link\":\"L214\",\"closed\":true},"
        "{\"place\":\"QXZC\",\"from\":\"road\",\"to\":\"rail\",\"rate_t_h\":%s}]}";
    static const char *const rates[] = {"4500", "0"};
    double year_t[2] = {-1, -1};
    for (unsigned k = 0; k < 2; k++) {
        char text[700];
        (void)snprintf(text, sizeof text, body, rates[k]);
        json_t *got = must(text, NULL, NULL);
        const json_t *rows = at(at(got, "plan"), "corridors");
        for (size_t row = 0; row < json_array_size(rows); row++) {
            const json_t *one = json_array_get(rows, row);
            if (strcmp(json_string_value(at(one, "kind")), "handling") != 0) continue;
            if (strcmp(json_string_value(at(at(one, "from"), "id")), "QXZC") != 0) continue;
            assert_true(json_is_true(at(one, "changed")));
            year_t[k] = number(one, "year_t");
        }
        json_decref(got);
    }
    assert_true(year_t[0] >= 0 && near(0, year_t[1], 0));
}

static void refusals(void **state)
{
    (void)state;
#define LOT  "{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":1}"
#define LOTS "\"lots\":[" LOT "]"
#define WAY  "{\"id\":\"w\",\"from\":\"A\",\"to\":\"B\",\"cny_t\":1}"
#define OWN  "\"corridors\":[" WAY "],\"supply\":[{\"place\":\"A\",\"mt_y\":1}]"
#define WANT "\"demand\":[{\"place\":\"B\",\"mt_y\":1}]"
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"", "the question, line"},
        {"[]", "is no JSON object"},
        {"{\"lots\":1}", "lots: give a list"},
        {"{}", "lots: name at least one"},
        {"{\"lots\":[3]}", "lots[0].: is no object"},
        {"{\"lots\":[], \"lots\":[]}", "the question, line"},
        {"{\"mass\":1," LOTS "}", "mass: there is no such member"},
        {"{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\"}]}",
         "lots[0].mt_y: is missing"},
        {"{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":1,"
         "\"t_y\":1}]}",
         "lots[0].t_y: give one of"},
        {"{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":-1}]}",
         "lots[0].mt_y: -1 is not within"},
        {"{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":\"1\"}]}",
         "lots[0].mt_y: is no number"},
        {"{\"lots\":[{\"commodity\":\"gold\",\"from\":\"JINM\",\"to\":\"TSNP\",\"mt_y\":1}]}",
         "lots[0].commodity: 'gold'"},
        {"{\"lots\":[{\"commodity\":\"coke\",\"from\":\"NOPE\",\"to\":\"TSNP\",\"mt_y\":1}]}",
         "lots[0].from: 'NOPE'"},
        {"{\"lots\":[{\"commodity\":\"coke\",\"from\":\"JINM\",\"to\":\"JINM\",\"mt_y\":1}]}",
         "lots[0].to: is where"},
        {"{\"weeks\":54," LOTS "}", "weeks: 54 is not within 1 to 53"},
        {"{\"weeks\":1.5," LOTS "}", "weeks: give a whole number"},
        {"{\"day\":\"2026-02-30\"," LOTS "}", "day: '2026-02-30' is no day"},
        {"{\"seconds\":31," LOTS "}", "seconds: 31 is not within"},
        {"{\"penalty_cny\":0," LOTS "}", "penalty_cny: 0 is not within"},
        {"{\"changes\":[{\"link\":\"L999\",\"closed\":true}]," LOTS "}",
         "changes[0].link: 'L999' is no link"},
        {"{\"changes\":[{\"link\":\"L087\"}]," LOTS "}", "changes[0].capacity_mt_y: give one"},
        {"{\"changes\":[{\"link\":\"L087\",\"closed\":false}]," LOTS "}",
         "changes[0].closed: give true"},
        {"{\"changes\":[{\"link\":\"L213\",\"add_mt_y\":1}]," LOTS "}",
         "changes[0].add_mt_y: links.csv states no capacity"},
        {"{\"changes\":[{\"link\":\"L087\",\"add_mt_y\":0.0001}]," LOTS "}",
         "changes[0].add_mt_y: 0.0001 has more than three decimals"},
        {"{\"changes\":[{\"link\":\"L087\",\"closed\":true},{\"link\":\"L087\",\"add_mt_y\":1}]"
         "," LOTS "}",
         "changes[1].: the same is changed twice"},
        {"{\"changes\":[{\"place\":\"ZDL\",\"from\":\"road\",\"to\":\"rail\",\"rate_t_h\":1}]," LOTS
         "}",
         "changes[0].place: terminals.csv states no rate"},
        {"{\"changes\":[{\"place\":\"QXZC\",\"rate_t_h\":1}]," LOTS "}", "changes[0].from: name"},
        {"{\"changes\":[{\"place\":\"QXZC\",\"from\":\"cart\",\"rate_t_h\":1}]," LOTS "}",
         "changes[0].from: 'cart' is none of"},
        {"{\"hubs\":[{\"kind\":\"x\",\"id\":\"a\"}]," LOTS "}", "hubs[0].places: name places"},
        {"{\"hubs\":[{\"kind\":\"x\",\"id\":\"a\",\"links\":[\"L9\"]}]," LOTS "}",
         "hubs[0].links: 'L9' is no link"},
        {"{\"against\":3," LOTS "}", "against: is no object"},
        {"{\"against\":{\"against\":{}}," LOTS "}", "against.against"},
        {"{\"against\":{\"changes\":[{\"link\":\"L1\",\"closed\":true}]}," LOTS "}",
         "against.changes[0].link: 'L1'"},
        {"{\"against\":{" OWN "," WANT "}," LOTS "}", "against: one question is of the city's"},
        {"{" OWN "," WANT "," LOTS "}", "lots: give lots or corridors"},
        {"{" OWN "}", "demand: name at least one"},
        {"{" OWN "," WANT ",\"weeks\":2}", "weeks: corridors of your own"},
        {"{" OWN ",\"demand\":[{\"place\":\"C\",\"mt_y\":1}]}",
         "demand[0].place: 'C' is at no end"},
        {"{\"corridors\":[" WAY "," WAY "]}", "corridors[1].id: 'w' is taken"},
        {"{\"corridors\":[{\"id\":\"w\",\"from\":\"A\",\"to\":\"B\"}]}",
         "corridors[0].cny_t: give it"},
        {"{\"corridors\":[{\"id\":\"w\",\"from\":\"A\",\"to\":\"B\",\"cny_tkm\":1}]}",
         "corridors[0].km: is missing"},
        {"{" OWN "," WANT ",\"changes\":[{\"corridor\":\"x\",\"closed\":true}]}",
         "changes[0].corridor: 'x' is no id"},
        {"{" OWN "," WANT ",\"changes\":[{\"corridor\":\"w\",\"add_mt_y\":1}]}",
         "changes[0].add_mt_y: w has no limit"},
        {"{" OWN ",\"demand\":[{\"place\":\"B\",\"mt_y\":900},{\"place\":\"B\",\"mt_y\":900}]}",
         "demand: more than"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        json_t *out;
        tq_err err;
        if (answer(cases[k].body, NULL, NULL, &out, &err) == TQ_OK)
            fail_msg("was answered: %s", cases[k].body);
        if (strstr(err.text, cases[k].says) == NULL)
            fail_msg("%s\nsaid: %s\nnot: %s", cases[k].body, err.text, cases[k].says);
    }
}

static void refused_tables(void **state)
{
    (void)state;
#define HEAD "kind,id,name_zh,name_en,places,links,lines,confidence,source\n"
    static const struct {
        const char *table, *says;
    } cases[] = {
        {"kind,id\n", "hubs.csv line 1: no column name_zh"},
        {HEAD "片区,a,,,NOPE,,,,\n", "hubs.csv line 2, column places"},
        {HEAD "片区,a,,,,L9,,,\n", "hubs.csv line 2, column links"},
        {HEAD "片区,a,,,,,无此线,,\n", "hubs.csv line 2, column lines"},
        {HEAD "片区,a,,,,,,,\n", "the tag has no member"},
        {HEAD ",a,,,GUJ,,,,\n", "column kind"},
        {HEAD "片区,,,,GUJ,,,,\n", "column id"},
        {HEAD "片区,a,,,GUJ,,,,\n片区,a,,,GUJ,,,,\n", "hubs.csv line 3, column id"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        json_t *out;
        tq_err err;
        if (answer("{" LOTS "}", NULL, cases[k].table, &out, &err) == TQ_OK)
            fail_msg("was answered: %s", cases[k].table);
        if (strstr(err.text, cases[k].says) == NULL)
            fail_msg("%s\nsaid: %s\nnot: %s", cases[k].table, err.text, cases[k].says);
    }
}

/* Limits from both sides. */
static void limits(void **state)
{
    (void)state;
    json_t *out;
    tq_err err;
    char *body = malloc(TQ_FLOW_BODY_MAX + 2);
    memset(body, ' ', TQ_FLOW_BODY_MAX + 1);
    body[TQ_FLOW_BODY_MAX + 1] = '\0';
    assert_int_equal(answer(body, NULL, NULL, &out, &err), TQ_LIMIT);
    static const char small[] = "{" LOTS "}";
    memcpy(body, small, sizeof small - 1);
    body[TQ_FLOW_BODY_MAX] = '\0';
    assert_int_equal(answer(body, NULL, NULL, &out, &err), TQ_OK);
    json_decref(out);
    for (uint32_t lots = TQ_FLOW_LOTS_MAX; lots <= TQ_FLOW_LOTS_MAX + 1; lots++) {
        size_t used = (size_t)snprintf(body, 100, "{\"lots\":[" LOT);
        for (uint32_t k = 1; k < lots; k++) {
            memcpy(body + used, "," LOT, sizeof LOT);
            used += sizeof LOT;
        }
        memcpy(body + used, "]}", 3);
        assert_int_equal(answer(body, NULL, NULL, &out, &err),
                         lots <= TQ_FLOW_LOTS_MAX ? TQ_OK : TQ_LIMIT);
        json_decref(out);
    }
    free(body);
    /* Weeks times origins. */
    tq_status status = answer("{\"seconds\":0.01,\"weeks\":53," LOTS "}", NULL, NULL, &out, &err);
    if (status != TQ_OK) assert_int_equal(status, TQ_LIMIT);
    if (status != TQ_OK) assert_non_null(strstr(err.text, "0.01 s"));
    json_decref(out);
}

/* Totals that another tool printed, as a question of its own corridors: money, vehicle miles, CO2.
 * Units of that tool: short tons, miles. */
static void published_totals(void **state)
{
    (void)state;
    const char *shared = getenv("TQ_SHARED_DATA"), *ci = getenv("CI");
    char path[500], body[800];
    (void)snprintf(path, sizeof path, "%s/freight/golden/ftot_qs1.json",
                   shared != NULL ? shared : "../shared/data");
    json_t *golden = json_load_file(path, 0, NULL);
    if (golden == NULL) {
        if (ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s is absent", path);
        skip();
    }
    const json_t *in = at(golden, "input"), *want = at(golden, "reported");
    const double km = 1.609344, short_ton = 0.90718474;
    double within = number(golden, "tolerance_pct") / 100;
    assert_true(near(number(in, "tonnes"), number(in, "short_tons") * short_ton, 1e-6));
    (void)snprintf(body, sizeof body,
                   "{\"corridors\":[{\"id\":\"road\",\"from\":\"origin\",\"to\":\"market\","
                   "\"km\":%.9f,\"cny_tkm\":%.12f,\"vehicle_t\":%.9f,\"g_co2_vehicle_km\":%.9f}],"
                   "\"supply\":[{\"place\":\"origin\",\"t_y\":%.6f}],"
                   "\"demand\":[{\"place\":\"market\",\"t_y\":%.6f}]}",
                   number(in, "network_miles") * km,
                   number(in, "truck_cost_usd_per_tonne_mile") / km,
                   number(in, "truck_payload_short_tons") * short_ton,
                   number(in, "truck_g_co2_per_vehicle_mile") / km, number(in, "tonnes"),
                   number(in, "tonnes"));
    json_t *got = must(body, NULL, NULL);
    const json_t *row = row_of(at(at(got, "plan"), "corridors"), "road");
    double cost = number(want, "transport_cost_usd"), miles = number(want, "vehicle_miles"),
           co2 = number(want, "co2_g");
    print_message("cost %.0f of %.0f, vehicle miles %.2f of %.2f, CO2 %.0f of %.0f g\n",
                  number(at(got, "plan"), "cost_year_cny"), cost, number(row, "vehicle_km") / km,
                  miles, number(row, "co2_kg") * 1000, co2);
    assert_true(near(cost, number(at(got, "plan"), "cost_year_cny"), within * cost));
    assert_true(near(miles, number(row, "vehicle_km") / km, within * miles));
    assert_true(near(co2, number(row, "co2_kg") * 1000, within * co2));
    json_decref(got);
    json_decref(golden);
}

static int open_all(void **state)
{
    (void)state;
    freight_files files;
    tq_err err = {0};
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_status status = tq_freight_load(files.text, files.count, INT32_MAX, &net, &err);
    freight_files_free(&files);
    if (status != TQ_OK) print_error("%s\n", err.text);
    hubs = freight_read(FREIGHT_FOLDER "/hubs.csv", &hubs_len);
    return status == TQ_OK && hubs != NULL ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    tq_freight_free(net);
    free(hubs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(siding),
                                       cmocka_unit_test(siding_by_whole_trains),
                                       cmocka_unit_test(hubs_add_up),
                                       cmocka_unit_test(own_by_hand),
                                       cmocka_unit_test(weeks_are_the_year),
                                       cmocka_unit_test(what_against_shares),
                                       cmocka_unit_test(rate_of_a_place),
                                       cmocka_unit_test(refusals),
                                       cmocka_unit_test(refused_tables),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(published_totals)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
