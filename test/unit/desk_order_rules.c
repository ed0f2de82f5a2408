/*
 * What orders keep to, as data: lives and rules read from files, each mistake in one named; prices
 * from a table; and rules that look at the vehicles there are.
 */
// also: import
#include <sys/stat.h>

#include "desk/order_in.h"
#include "desk_fleet.h"
#include "desk_shipped.h"

/* ---- files --------------------------------------------------------------------------------------
 */

typedef struct folder {
    char path[64], orders[96], file[160];
} folder;

static void begin(folder *made, const char *name)
{
    (void)snprintf(made->path, sizeof made->path, "/tmp/tongqu-orders-XXXXXX");
    assert_non_null(mkdtemp(made->path));
    (void)snprintf(made->orders, sizeof made->orders, "%s/orders", made->path);
    assert_int_equal(mkdir(made->orders, 0700), 0);
    (void)snprintf(made->file, sizeof made->file, "%s/%s", made->path, name);
}

static tq_status read_with(const folder *made, const char *text, struct desk_order_rules **out,
                           tq_err *err)
{
    FILE *file = fopen(made->file, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    return desk_order_rules_open(made->path, out, err);
}

static void end(folder *made)
{
    (void)unlink(made->file);
    (void)rmdir(made->orders);
    (void)rmdir(made->path);
}

typedef struct wrong {
    const char *text, *word;
} wrong;

static void all_refused(const char *name, const wrong *rows, size_t count)
{
    folder made;
    begin(&made, name);
    for (size_t k = 0; k < count; k++) {
        struct desk_order_rules *rules = NULL;
        tq_err err;
        tq_status status = read_with(&made, rows[k].text, &rules, &err);
        if (status != TQ_BAD_CONFIG || strstr(err.text, rows[k].word) == NULL)
            fail_msg("row %zu: %s: %s", k, tq_status_name(status), err.text);
        assert_null(rules);
    }
    end(&made);
}

static void mistakes_in_a_life(void **state)
{
#define STATES                                                                                     \
    "kind: taxi\nstates: [searching, assigned, done]\nbegins: [searching]\n"                       \
    "zh: {searching: a, assigned: b, done: c}\nen: {searching: a, assigned: b, done: c}\n"
    static const wrong rows[] = {
        {STATES "moves:\n  searching: [asigned]\n  assigned: [done]\n", "did you mean assigned"},
        {STATES "moves:\n  serching: [assigned]\n", "line 7"},
        {STATES "moves:\n  serching: [assigned]\n", "did you mean searching"},
        {STATES "moves:\n  searching: [assigned]\n", "nothing leads to done"},
        {STATES "move:\n  searching: [assigned]\n", "did you mean moves"},
        {STATES, "moves has keys below it"},
        {STATES "moves: {searching: [assigned]}\nmoves: {}\n", "stands twice"},
        {"kind: taxi\nstates: [a, a]\n", "the state a stands twice"},
        {"kind: taxi\nstates: searching\n", "states wants a list"},
        {"kind: taxi\nstates: [a]\nbegins: [a]\nzh: {}\nen: {}\n", "no name for the state"},
        {"kind: &k taxi\nalso: *k\n", "aliases"},
        {"[1, 2]\n", "the file has keys below it"},
        {"", "is empty"},
        {"kind: {taxi\n", "not YAML"},
    };
    (void)state;
    all_refused("orders/taxi.yaml", rows, TQ_COUNT(rows));
}

static void mistakes_in_rules(void **state)
{
    static const wrong rows[] = {
        {"kind: rules\ncancel_fre_s: 60\n", "did you mean cancel_free_s"},
        {"kind: rules\nparty_most: 0\n", "party_most is a whole number from 1 to 60"},
        {"kind: rules\nparty_most: many\n", "\"many\""},
        {"kind: rules\nahead_days: 99999999999999999999\n", "ahead_days"},
    };
    struct desk_order_rules *rules = NULL;
    folder made;
    tq_err err;
    (void)state;
    all_refused("orders/rules.yaml", rows, TQ_COUNT(rows));
    /* One key changes, the others stay. */
    begin(&made, "orders/rules.yaml");
    if (read_with(&made, "kind: rules\nstreet_m: 300\n", &rules, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(rules->rules.street_m, 300);
    assert_int_equal(rules->rules.party_most, 8);
    assert_int_equal(rules->rules.lead_spare_s, 600);
    desk_order_rules_close(rules);
    end(&made);
}

#define HEAD                                                                                       \
    "tariff,class,from,to,start_fen,start_m,km_fen,slow_kmh,slow_min_fen,return_km,"               \
    "return_percent,source,weak,note\n"

static void mistakes_in_a_tariff(void **state)
{
    static const wrong rows[] = {
        {HEAD "taxi,taxi,05:00,21:00,800,3000,160,12,40,10,50,here,yes,\n", "holds at 00:00"},
        {HEAD "taxi,taxi,05:00,21:00,800,3000,160,12,40,10,50,here,yes,\n"
              "taxi,access,21:00,05:00,800,3000,160,12,40,10,50,here,yes,\n",
         "class taxi above, of access here"},
        {HEAD "taxi,taxi,5,21:00,800,3000,160,12,40,10,50,here,yes,\n", "line 2"},
        {HEAD "taxi,taxi,00:00,00:00,-8,3000,160,12,40,10,50,here,yes,\n", "start_fen is \"-8\""},
        {HEAD "taxi,taxi,00:00,00:00,800,3000,160,12,40,10,900,here,yes,\n", "up to 300"},
        {"tariff,class\nx,y\n", "column from"},
    };
    (void)state;
    all_refused("tariff.csv", rows, TQ_COUNT(rows));
}

/* The city's own prices where it has them, assumed ones of what is left, said to be so. */
static void what_is_assumed_is_marked(void **state)
{
    struct desk_order_rules *rules = NULL;
    folder made;
    tq_err err;
    (void)state;
    begin(&made, "tariff.csv");
    if (read_with(&made, HEAD "mine,taxi,00:00,00:00,800,3000,160,12,40,10,50,here,no,\n", &rules,
                  &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(rules->tariff_count, 3);
    for (uint32_t k = 0; k < rules->tariff_count; k++) {
        const tariff *one = &rules->tariff[k];
        bool own = strcmp(one->class, "taxi") == 0;
        assert_int_equal(one->assumed, !own);
        assert_int_equal(one->weak, !own);
        assert_int_equal(strstr(one->source, "assumed") != NULL, !own);
        for (uint32_t minute = 0; minute < 24 * 60; minute++)
            assert_non_null(tariff_at(one, minute));
    }
    desk_order_rules_close(rules);
    end(&made);
}

/* ---- rules that look at vehicles ----------------------------------------------------------------
 */

#define BANK "\"phone\":\"13812345678\",\"from\":{\"lat\":37.84815,\"lon\":112.5675}"

static void a_party_finds_seats(void **state)
{
    desk_room *room = *state;
    desk_room_follow(room);
    room_must(room, &room->clerk, "order.create", "", "{" BANK ",\"party\":8}");
    fleet_add(room, 1, "");
    fleet_add(room, 2, ",\"seats\":6");
    desk_room_follow(room);
    room_refuses(room, &room->clerk, "order.create", "", "{" BANK ",\"party\":7}", TQ_BAD_INPUT,
                 "more than 6 seats");
    room_must(room, &room->clerk, "order.create", "", "{" BANK ",\"party\":6}");
    room_refuses(room, &room->clerk, "order.create", "",
                 "{" BANK ",\"party\":6,\"classes\":[\"ride_hailing\"]}", TQ_BAD_INPUT,
                 "two orders");
}

/* A booked car is looked for a quarter of an hour before, or the wait of now and ten minutes. */
static void the_search_begins_with_the_wait(void **state)
{
    static const struct {
        double lat;
        bool far;
    } rows[] = {{37.85, false}, {37.885, true}};
    desk_room *room = *state;
    for (unsigned k = 0; k < TQ_COUNT(rows); k++) {
        int64_t search_ms = 0, at_ms = START_MS + 4 * HOUR_MS, wait_s;
        tq_err err;
        if (k == 0)
            fleet_ready(room, 1, rows[k].lat, 112.5675, "");
        else
            room->now_ms += 30 * MIN_MS;
        if (k > 0) assert_int_equal(fleet_at(room, 1, rows[k].lat, 112.5675), TQ_OK);
        desk_room_follow(room);
        room_must(room, &room->clerk, "order.create", "",
                  "{" BANK ",\"at\":\"2025-06-03T12:00:00\"}");
        const json_t *wait = json_object_get(json_object_get(room->json, "estimate"), "wait_s");
        if (!json_is_integer(wait)) fail_msg("%s", room->answer.at);
        wait_s = json_integer_value(wait);
        assert_int_equal(wait_s + 600 > 900, rows[k].far);
        assert_int_equal(
            tq_time_parse(&city->zone, tq_str_of(room_text(room, "search_at")), &search_ms, &err),
            TQ_OK);
        assert_int_equal(at_ms - search_ms, 1000 * TQ_MAX(wait_s + 600, INT64_C(900)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_in_a_life),
        cmocka_unit_test(mistakes_in_rules),
        cmocka_unit_test(mistakes_in_a_tariff),
        cmocka_unit_test(what_is_assumed_is_marked),
        TEST(a_party_finds_seats),
        TEST(the_search_begins_with_the_wait),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
