/* A day's board, a stop that opens at noon, fares of a journey, and the cache of days. */
#include "transit_random.h"

#define NOON (12 * 3600)

static small_city town;
static _Alignas(64) uint8_t room[64u << 20];

/* Stops 0, 1, 2 in a row, every 10 minutes from 6:00 to 24:50; stop 2 opens at noon. Stop 3: a
 * second line's end. */
static void make_town(void)
{
    small_city *s = small_begin(&town);
    int64_t noon_ms = ((int64_t)DAY * 86400 + NOON) * 1000;
    for (int k = 0; k < 4; k++)
        small_stop(s, k * 100000, 0, TQ_NONE, TQ_NONE, 0);
    s->stop[2].date = small_date(s, TQ_OPEN, noon_ms, INT64_MAX);
    uint32_t line = small_line(s, (const uint32_t[]){0, 1, 2}, NULL, 3);
    uint32_t other = small_line(s, (const uint32_t[]){1, 3}, NULL, 2);
    for (int32_t at_s = 6 * 3600; at_s < 25 * 3600; at_s += 600)
        small_trip(s, line, at_s, (const tq_stop_time[]){{0, 0}, {290, 300}, {599, 599}});
    small_trip(s, other, NOON, (const tq_stop_time[]){{0, 0}, {600, 600}});
    s->step[0] = (tq_tariff_step){1500, 200};
    s->step[1] = (tq_tariff_step){5000, 300};
    s->tariff[0] = (tq_tariff){.kind = TQ_TARIFF_DISTANCE, .step_count = 2, .assumed = 1};
    s->city.fares.tariff_count = 1;
    s->city.fares.step_count = 2;
    s->route[0].tariff = s->route[1].tariff = 0;
    small_end(s);
}

static tq_day *open_day(void)
{
    tq_day *day;
    make_town();
    assert_int_equal(tq_day_make(&town.city, tq_overlay_none(), DAY, &day, NULL), TQ_OK);
    tq_arena_init(&work, room, sizeof room);
    return day;
}

static tq_journeys ask(const tq_day *day, uint32_t to, int32_t time_s)
{
    static tq_access from, end;
    from = (tq_access){TQ_NONE, 0, 0};
    end = (tq_access){TQ_NONE, to, 0};
    tq_transit_query query;
    tq_transit_query_default(&query);
    query.from = &from;
    query.to = &end;
    query.from_count = query.to_count = 1;
    query.time_s = time_s;
    tq_journeys found;
    assert_int_equal(tq_transit_search(&town.city, day, &query, &work, &found, NULL), TQ_OK);
    return found;
}

static void stop_opens_at_noon(void **state)
{
    (void)state;
    tq_day *day = open_day();
    tq_journeys found = ask(day, 2, 11 * 3600 + 50 * 60); /* 11:50 gets there at 11:59:59 */
    assert_int_equal(found.count, 1);
    assert_int_equal(found.journey[0].arrival_s, NOON + 599);
    found = ask(day, 1, 11 * 3600 + 50 * 60); /* the stop before is open all day */
    assert_int_equal(found.journey[0].arrival_s, 11 * 3600 + 50 * 60 + 290);
    tq_day_free(day);
}

static void board_of_a_stop(void **state)
{
    (void)state;
    tq_day *day = open_day();
    tq_departure list[8];
    assert_int_equal(tq_transit_departures(&town.city, day, 1, NOON, 2 * NOON, 4, list), 4);
    assert_int_equal(list[0].departure_s, NOON); /* the second line's only one */
    assert_int_equal(list[1].departure_s, NOON + 300);
    assert_int_equal(list[3].departure_s, NOON + 1500);
    assert_int_equal(tq_transit_departures(&town.city, day, 1, NOON, NOON + 299, 8, list), 1);
    assert_int_equal(tq_transit_departures(&town.city, day, 1, NOON, 2 * NOON, 0, list), 0);
    assert_int_equal(tq_transit_last_departure(&town.city, day, 0, 0, 28 * 3600), 24 * 3600 + 3000);
    assert_int_equal(tq_transit_last_departure(&town.city, day, 0, 0, NOON), NOON);
    assert_int_equal(tq_transit_last_departure(&town.city, day, 1, 0, NOON - 1),
                     NOON - 86400 < 0 ? INT32_MIN : 0);
    assert_int_equal(tq_day_events(day), 114 * 3 + 2);
    assert_true(tq_day_bytes(day) > 0);
    tq_day_free(day);
}

static void fare_of_a_journey(void **state)
{
    (void)state;
    tq_day *day = open_day();
    uint32_t fen = 0;
    bool assumed = false;
    tq_journeys found = ask(day, 3, NOON - 1200); /* 1,000 m and 1,000 m inside one tariff */
    assert_int_equal(found.journey[0].boardings, 2);
    assert_true(tq_journey_fare(&town.city, &found.journey[0], &fen, &assumed));
    assert_int_equal(fen, 300);
    assert_true(assumed);
    town.route[1].tariff = TQ_NONE;
    assert_false(tq_journey_fare(&town.city, &found.journey[0], &fen, &assumed));
    tq_day_free(day);
}

static void days_are_kept(void **state)
{
    (void)state;
    make_town();
    tq_days *days;
    const tq_day *first, *again, *other;
    assert_int_equal(tq_days_open(&town.city, &days, NULL), TQ_OK);
    assert_int_equal(tq_days_get(days, tq_overlay_none(), DAY, &first, NULL), TQ_OK);
    for (int32_t day = DAY + 1; day < DAY + 20; day++) {
        assert_int_equal(tq_days_get(days, tq_overlay_none(), day, &other, NULL), TQ_OK);
        assert_ptr_not_equal(other, first);
        tq_days_put(days, other);
    }
    assert_int_equal(tq_days_get(days, tq_overlay_none(), DAY, &again, NULL),
                     TQ_OK); /* in use, so never dropped */
    assert_ptr_equal(first, again);
    tq_days_put(days, first);
    tq_days_put(days, again);
    tq_days_close(days);
}

static void limits_are_named(void **state)
{
    (void)state;
    tq_day *day = open_day();
    tq_transit_query query;
    tq_journeys found;
    tq_err err = {0};
    tq_transit_query_default(&query);
    query.walk_mm_s = 99;
    assert_int_equal(tq_transit_search(&town.city, day, &query, &work, &found, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "99"));
    query.walk_mm_s = 100;
    query.max_boardings = TQ_BOARDINGS_MAX + 1;
    assert_int_equal(tq_transit_search(&town.city, day, &query, &work, &found, &err), TQ_BAD_INPUT);
    query.max_boardings = TQ_BOARDINGS_MAX;
    assert_int_equal(tq_transit_search(&town.city, day, &query, &work, &found, &err), TQ_OK);
    assert_int_equal(found.count, 0);
    tq_arena_init(&work, room, 1000);
    assert_int_equal(tq_transit_search(&town.city, day, &query, &work, &found, &err), TQ_NO_MEMORY);
    size_t bytes = tq_transit_work_bytes(&town.city);
    assert_true(bytes <= sizeof room);
    tq_arena_init(&work, room, bytes);
    assert_int_equal(tq_transit_range(&town.city, day, &query, 3600, &work, &found, &err), TQ_OK);
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_pareto(&town.city, day, &query, &work, &found, &err), TQ_OK);
    tq_day_free(day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_opens_at_noon), cmocka_unit_test(board_of_a_stop),
        cmocka_unit_test(fare_of_a_journey),  cmocka_unit_test(days_are_kept),
        cmocka_unit_test(limits_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
