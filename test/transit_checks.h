/*
 * Questions to the search held against both oracles: plain layer-by-layer search and, for earliest
 * arrivals, Dijkstra over the time-expanded graph. Every journey is walked through piece by piece.
 */
#ifndef TQ_TEST_TRANSIT_CHECKS_H
#define TQ_TEST_TRANSIT_CHECKS_H

#include "transit_expanded.h"
#include "transit_random.h"

static inline void check_forward(const oracle *o, const tq_day *day, const tq_transit_query *query)
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
static inline void check_backward(const oracle *o, const tq_day *day, tq_transit_query *query)
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

/* A window: a run of the oracle for each second at which leaving catches something, and for after
 * it. */
static inline void check_window(const oracle *o, const tq_day *day, const tq_transit_query *query,
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

#endif
