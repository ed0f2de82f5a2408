/*
 * Random small timetables against two oracles, plain layer-by-layer search and, for earliest
 * arrivals, Dijkstra over the time-expanded graph: earliest arrivals and latest
 * departures by number of rides, windows, and every journey walked through piece by piece.
 */
#include "transit_expanded.h"
#include "transit_random.h"

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

/* ---- questions
 * ----------------------------------------------------------------------------------- */

static void check_forward(const oracle *o, const tq_day *day, const tq_transit_query *query)
{
    tq_journeys found;
    int32_t arrival_s[TQ_BOARDINGS_MAX + 1], expanded_s[TQ_BOARDINGS_MAX + 1];
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_search(&o->s->city, day, query, &work, &found, NULL), TQ_OK);
    oracle_forward(o, query, query->time_s, query->time_s + query->horizon_s, arrival_s);
    expanded_forward(o, query, query->time_s, query->time_s + query->horizon_s, expanded_s);
    for (uint32_t k = 0; k <= query->max_boardings; k++)
        assert_int_equal(expanded_s[k], arrival_s[k]);
    uint32_t at = 0;
    for (uint32_t k = 0; k <= query->max_boardings; k++) {
        if (arrival_s[k] == ORACLE_NEVER || (k > 0 && arrival_s[k] >= arrival_s[k - 1])) continue;
        assert_true(at < found.count);
        const tq_journey *journey = &found.journey[at++];
        assert_int_equal(journey->boardings, k);
        assert_int_equal(journey->arrival_s, arrival_s[k]);
        assert_true(journey->departure_s >= query->time_s);
        check_journey(o, query, journey);
    }
    assert_int_equal(at, found.count);
}

#define LEAVES_MAX 8192u
static int32_t leave_s[LEAVES_MAX];

/* Latest departures: bisect over the seconds at which leaving catches something. */
static void check_backward(const oracle *o, const tq_day *day, tq_transit_query *query)
{
    tq_journeys found;
    query->arrive_by = true;
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_search(&o->s->city, day, query, &work, &found, NULL), TQ_OK);
    uint32_t leaves = oracle_leaves(o, query, leave_s, LEAVES_MAX), at = 0;
    int32_t direct_s = oracle_direct_s(o, query);
    int32_t best = direct_s == ORACLE_NEVER ? INT32_MIN : query->time_s - direct_s;
    query->direct_walk_dm = TQ_NONE;
    for (uint32_t k = 0; k <= query->max_boardings; k++) {
        int32_t latest = k == 0 ? best : INT32_MIN;
        uint32_t low = 0,
                 high = k == 0 ? 0 : leaves; /* leaves[low - 1] is in time, leaves[high] is not */
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            int32_t arrival_s[TQ_BOARDINGS_MAX + 1];
            oracle_forward(o, query, leave_s[middle], INT32_MAX - 1, arrival_s);
            if (arrival_s[k] <= query->time_s)
                low = middle + 1;
            else
                high = middle;
        }
        if (k > 0 && low > 0) latest = leave_s[low - 1];
        if (k > 0 && latest <= best) continue;
        if (latest == INT32_MIN) continue;
        best = latest;
        assert_true(at < found.count);
        const tq_journey *journey = &found.journey[at++];
        assert_int_equal(journey->boardings, k);
        assert_int_equal(journey->departure_s, latest);
        assert_true(journey->arrival_s <= query->time_s);
        check_journey(o, query, journey);
    }
    assert_int_equal(at, found.count);
}

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

/* A window: a run of the oracle for each second at which leaving catches something, and for after
 * it. */
static void check_window(const oracle *o, const tq_day *day, const tq_transit_query *query,
                         uint32_t window_s)
{
    tq_journeys found;
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_range(&o->s->city, day, query, window_s, &work, &found, NULL),
                     TQ_OK);
    int32_t end_s = query->time_s + (int32_t)window_s, last_s = end_s + 1 + query->horizon_s;
    int32_t best_s[TQ_BOARDINGS_MAX + 1], arrival_s[TQ_BOARDINGS_MAX + 1];
    uint32_t leaves = oracle_leaves(o, query, leave_s, LEAVES_MAX), at = found.count;
    int32_t direct_s = oracle_direct_s(o, query);
    if (direct_s != ORACLE_NEVER) { /* one walk, at the window's begin */
        bool seen = false;
        for (uint32_t k = 0; k < found.count; k++)
            seen = seen || (found.journey[k].boardings == 0 &&
                            found.journey[k].departure_s == query->time_s &&
                            found.journey[k].arrival_s == query->time_s + direct_s);
        assert_true(seen);
    }
    oracle_forward(o, query, end_s + 1, last_s, best_s);
    for (uint32_t leave = leaves; leave > 0; leave--) {
        int32_t from_s = leave_s[leave - 1];
        if (from_s < query->time_s || from_s > end_s) continue;
        oracle_forward(o, query, from_s, last_s, arrival_s);
        for (uint32_t k = 1; k <= query->max_boardings; k++) {
            if (arrival_s[k] == ORACLE_NEVER || arrival_s[k] >= best_s[k] ||
                arrival_s[k] >= arrival_s[k - 1])
                continue;
            for (uint32_t more = k; more <= query->max_boardings; more++)
                best_s[more] = TQ_MIN(best_s[more], arrival_s[k]);
            bool seen = false;
            for (uint32_t j = 0; j < found.count; j++)
                seen = seen ||
                       (found.journey[j].boardings == k && found.journey[j].departure_s == from_s &&
                        found.journey[j].arrival_s == arrival_s[k]);
            if (!seen)
                print_message("leaving %d with %u rides, arriving %d\n", from_s, k, arrival_s[k]);
            assert_true(seen);
            at--;
        }
    }
    assert_int_equal(at, direct_s != ORACLE_NEVER ? 1 : 0);
    for (uint32_t k = 0; k < found.count; k++) {
        check_journey(o, query, &found.journey[k]);
        if (k > 0) assert_true(found.journey[k - 1].departure_s <= found.journey[k].departure_s);
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
