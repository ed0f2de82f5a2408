/*
 * Random small timetables against two oracles, plain layer-by-layer search and, for earliest
 * arrivals, Dijkstra over the time-expanded graph: earliest arrivals and latest
 * departures by number of rides, windows, and every journey walked through piece by piece.
 */
#include "transit_checks.h"

/* Sanitizers make each seed some ten times slower. */
#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 3000u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEEDS 3000u
#endif
#endif
#ifndef SEEDS
#define SEEDS 20000u
#endif

static uint32_t seed_now;
static int report(void **state)
{
    (void)state;
    print_message("last seed %u\n", seed_now);
    return 0;
}

static void earliest_arrivals(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        seed_now = seed;
        prepare(seed, &day, from, to, &query);
        check_forward(&truth, day, &query);
        tq_day_free(day);
    }
}

static void latest_departures(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        seed_now = seed;
        prepare(seed + 1000000, &day, from, to, &query);
        query.horizon_s = 40 * 3600;
        check_backward(&truth, day, &query);
        tq_day_free(day);
    }
}

static void windows(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        seed_now = seed;
        prepare(seed + 2000000, &day, from, to, &query);
        check_window(&truth, day, &query, 600 + seed % 7000);
        tq_day_free(day);
    }
}

/* Backward, a window is the forward one in mirrored time: each of its journeys must be the latest
   to leave for its arrival, and each arrival that a single question gives must be in it. */
static void windows_of_arrivals(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS / 10; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        seed_now = seed;
        prepare(seed + 3000000, &day, from, to, &query);
        query.arrive_by = true;
        query.horizon_s = 40 * 3600;
        static tq_journey kept[TQ_JOURNEYS_MAX];
        tq_journeys found;
        uint32_t window_s = 600 + seed % 3000;
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_transit_range(&small.city, day, &query, window_s, &work, &found, NULL),
                         TQ_OK);
        uint32_t count = found.count;
        for (uint32_t k = 0; k < count; k++) {
            kept[k] = found.journey[k];
            check_journey(&truth, &query, &found.journey[k]);
            if (kept[k].boardings > 0)
                assert_true(kept[k].arrival_s >= query.time_s - (int32_t)window_s &&
                            kept[k].arrival_s <= query.time_s);
        }
        for (uint32_t k = 0; k < count; k++) {
            tq_transit_query once = query;
            once.time_s = kept[k].arrival_s;
            tq_arena_reset(&work, 0);
            assert_int_equal(tq_transit_search(&small.city, day, &once, &work, &found, NULL),
                             TQ_OK);
            bool seen = false;
            for (uint32_t j = 0; j < found.count; j++)
                seen = seen || (found.journey[j].boardings == kept[k].boardings &&
                                found.journey[j].departure_s == kept[k].departure_s);
            assert_true(seen);
        }
        /* Journeys that arrive just before the window may beat some in it. */
        static tq_journey before[TQ_JOURNEYS_MAX];
        tq_transit_query former = query;
        former.time_s = query.time_s - (int32_t)window_s - 1;
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_transit_search(&small.city, day, &former, &work, &found, NULL), TQ_OK);
        uint32_t before_count = found.count;
        for (uint32_t k = 0; k < before_count; k++)
            before[k] = found.journey[k];
        for (int32_t at_s = query.time_s; at_s >= query.time_s - (int32_t)window_s; at_s -= 97) {
            tq_transit_query once = query;
            once.time_s = at_s;
            tq_arena_reset(&work, 0);
            assert_int_equal(tq_transit_search(&small.city, day, &once, &work, &found, NULL),
                             TQ_OK);
            for (uint32_t j = 0; j < found.count; j++) {
                const tq_journey *journey = &found.journey[j];
                bool seen = journey->boardings == 0;
                for (uint32_t k = 0; k < before_count; k++)
                    seen = seen || (before[k].boardings <= journey->boardings &&
                                    before[k].departure_s >= journey->departure_s);
                for (uint32_t k = 0; k < count && !seen; k++)
                    seen = kept[k].boardings <= journey->boardings &&
                           kept[k].departure_s >= journey->departure_s && kept[k].arrival_s <= at_s;
                assert_true(seen);
            }
        }
        tq_day_free(day);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(earliest_arrivals, report),
        cmocka_unit_test_teardown(latest_departures, report),
        cmocka_unit_test_teardown(windows, report),
        cmocka_unit_test_teardown(windows_of_arrivals, report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
