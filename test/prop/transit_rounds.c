/*
 * Random small timetables against the plain layer-by-layer oracle: earliest arrivals and latest
 * departures by number of rides, windows, and every journey walked through piece by piece.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "transit_oracle.h"

#define SEEDS 20000u
#define DAY   (SMALL_BASE_DAY + 2)

static small_city small;
static oracle truth;
static _Alignas(64) uint8_t memory[64u << 20];

static uint32_t pick(tq_random *random, uint32_t limit)
{
    return tq_random_below(random, limit);
}

static void make_streets(small_city *s, tq_random *random)
{
    s->core_count = pick(random, 5) == 0 ? 0 : 2 + pick(random, 8);
    if (s->core_count == 0) return;
    uint32_t arcs = s->core_count + pick(random, 8);
    uint32_t scale = pick(random, 2) ? 3000 : 60000; /* near, or far apart */
    for (uint32_t arc = 0; arc < arcs; arc++)
        small_walk_arc(s, pick(random, s->core_count), pick(random, s->core_count),
                       1 + pick(random, scale));
    for (uint32_t leaf = pick(random, 4); leaf > 0; leaf--)
        small_leaf(s, pick(random, s->core_count), 1 + pick(random, 2000));
}

static uint32_t any_date(small_city *s, tq_random *random, int64_t day_ms)
{
    int64_t at_ms = day_ms + (int64_t)pick(random, 26 * 3600) * 1000;
    switch (pick(random, 4)) {
    case 0: return small_date(s, TQ_OPEN, at_ms, INT64_MAX);
    case 1: return small_date(s, TQ_OPEN, INT64_MIN, at_ms);
    case 2: return small_date(s, TQ_OPEN, at_ms, at_ms + (int64_t)pick(random, 4 * 3600) * 1000);
    default: return small_date(s, TQ_BUILDING, INT64_MIN, INT64_MAX);
    }
}

static void make_stops(small_city *s, tq_random *random, int64_t day_ms)
{
    uint32_t count = 3 + pick(random, 7), stations = pick(random, 3);
    for (uint32_t stop = 0; stop < count; stop++) {
        uint32_t node =
            s->core_count != 0 && pick(random, 8) != 0 ? pick(random, s->core_count) : TQ_NONE;
        uint32_t at = small_stop(s, (int32_t)pick(random, 40000), (int32_t)pick(random, 40000),
                                 TQ_NONE, node, pick(random, 3) == 0 ? pick(random, 600) : 0);
        if (pick(random, 6) == 0) s->stop[at].wheelchair = (uint8_t)(1 + pick(random, 2));
    }
    for (uint32_t k = 0; k < stations; k++) {
        uint32_t station = small_stop(s, 0, 0, TQ_NONE, TQ_NONE, 0);
        s->stop[station].kind = TQ_STOP_KIND_STATION;
        s->stop[station].wheelchair = (uint8_t)pick(random, 3);
        for (uint32_t n = 2 + pick(random, 2); n > 0; n--) {
            uint32_t platform = pick(random, count);
            if (s->stop[platform].parent == TQ_NONE) s->stop[platform].parent = station;
        }
    }
    if (pick(random, 4) == 0)
        s->stop[pick(random, s->city.timetable.stop_count)].date = any_date(s, random, day_ms);
}

static void make_trips(small_city *s, tq_random *random, uint32_t line, int64_t day_ms)
{
    uint32_t places = s->pattern_first[line + 1] - s->pattern_first[line];
    int32_t unit = pick(random, 2) ? 60 : 1;
    bool coarse = pick(random, 3) == 0;
    for (uint32_t n = 1 + pick(random, 6); n > 0; n--) {
        tq_stop_time times[8];
        int32_t at_s = 0;
        for (uint32_t place = 0; place < places; place++) {
            times[place].arrival_s = at_s;
            if (place > 0) at_s += pick(random, 3) == 0 ? (int32_t)pick(random, 5) * unit : 0;
            times[place].departure_s = at_s;
            int32_t ride =
                coarse ? 300 : (int32_t)(pick(random, 1200) / 60) * unit * (unit == 1 ? 60 : 1);
            at_s += ride + (unit == 1 ? (int32_t)pick(random, 60) : 0);
        }
        int32_t start_s = (int32_t)(pick(random, 3) == 0 ? 22 * 3600 + pick(random, 6 * 3600)
                                                         : 5 * 3600 + pick(random, 6 * 3600));
        uint32_t trip = small_trip(s, line, start_s / unit * unit, times);
        s->trip[trip].service = pick(random, s->city.timetable.service_count);
        if (pick(random, 12) == 0) s->trip[trip].flags = TQ_TRIP_NO_WHEELCHAIR;
        if (pick(random, 12) == 0) s->trip[trip].date = any_date(s, random, day_ms);
        if (pick(random, 8) == 0) {
            uint32_t f = s->city.timetable.frequency_count++;
            int32_t from_s = 6 * 3600 + (int32_t)pick(random, 7200);
            s->frequency[f] = (tq_frequency){.from_s = from_s,
                                             .to_s = from_s + (int32_t)pick(random, 7200),
                                             .headway_s = 300 + pick(random, 1200),
                                             .exact = pick(random, 2)};
            s->trip[trip].first_frequency = f;
            s->trip[trip].frequency_count = 1;
        }
    }
}

static void make_lines(small_city *s, tq_random *random, int64_t day_ms)
{
    uint32_t stops = 0;
    while (stops < s->city.timetable.stop_count && s->stop[stops].kind == TQ_STOP_KIND_STOP)
        stops++;
    for (uint32_t n = 1 + pick(random, 5); n > 0; n--) {
        uint32_t stop[8], count = 2 + pick(random, 5);
        uint8_t flags[8];
        for (uint32_t place = 0; place < count; place++) {
            do
                stop[place] = pick(random, stops);
            while (place > 0 && stop[place] == stop[place - 1]);
            flags[place] = (uint8_t)((pick(random, 10) == 0 ? TQ_PATTERN_NO_PICKUP : 0) |
                                     (pick(random, 10) == 0 ? TQ_PATTERN_NO_DROPOFF : 0));
        }
        make_trips(s, random, small_line(s, stop, flags, count), day_ms);
    }
}

static void make_city(small_city *s, tq_random *random)
{
    small_begin(s);
    s->meta.change_s = pick(random, 2) ? 0 : pick(random, 300);
    if (pick(random, 4) == 0) { /* clocks go forward or back around the day */
        s->city.zone.count = 2;
        s->zone_from_s[1] = (int64_t)(DAY + (int32_t)pick(random, 3) - 1) * 86400 + 3600;
        s->zone_offset_s[0] = 3600;
        s->zone_offset_s[1] = pick(random, 2) ? 7200 : 0;
    }
    s->city.zone.from_s = s->zone_from_s;
    s->city.zone.offset_s = s->zone_offset_s;
    int64_t day_ms = tq_service_day_ms(&s->city.zone, DAY);
    for (uint32_t n = pick(random, 3); n > 0; n--)
        s->service_days[s->city.timetable.service_count++] = tq_random_u64(random) & 31;
    make_streets(s, random);
    make_stops(s, random, day_ms);
    make_lines(s, random, day_ms);
    if (pick(random, 2))
        for (uint32_t n = pick(random, 6); n > 0; n--)
            small_transfer(s, pick(random, s->city.timetable.stop_count),
                           pick(random, s->city.timetable.stop_count), pick(random, 4),
                           pick(random, 4) == 0 ? TQ_NONE : pick(random, 600));
    small_end(s);
}

static uint32_t make_ends(const small_city *s, tq_random *random, tq_access *list)
{
    uint32_t count = 1 + pick(random, 3), nodes = s->core_count + s->leaf_count;
    for (uint32_t k = 0; k < count; k++) {
        bool stop = nodes == 0 || pick(random, 2) == 0;
        list[k] = (tq_access){.node = stop ? TQ_NONE : pick(random, nodes),
                              .stop = stop ? pick(random, s->city.timetable.stop_count) : TQ_NONE,
                              .walk_dm = pick(random, 2) ? 0 : pick(random, 3000)};
    }
    return count;
}

static void make_query(const small_city *s, tq_random *random, tq_access *from, tq_access *to,
                       tq_transit_query *query)
{
    tq_transit_query_default(query);
    query->from = from;
    query->to = to;
    query->from_count = make_ends(s, random, from);
    query->to_count = make_ends(s, random, to);
    query->direct_walk_dm = pick(random, 2) ? TQ_NONE : 1000 + pick(random, 150000);
    query->walk_mm_s = 100 + pick(random, 2000);
    query->max_walk_dm = pick(random, 3) ? TQ_NONE : pick(random, 20000);
    query->max_boardings = 1 + pick(random, 5);
    query->horizon_s = pick(random, 3) ? 40 * 3600 : (int32_t)pick(random, 8 * 3600);
    query->wheelchair = pick(random, 5) == 0;
    query->board_slack_s = pick(random, 2) ? 0 : pick(random, 180);
    query->time_s = pick(random, 3) == 0 ? (int32_t)(20 * 3600 + pick(random, 8 * 3600))
                                         : (int32_t)(4 * 3600 + pick(random, 7 * 3600));
}

/* ---- walking through a journey ------------------------------------------------------------------
 */

static void check_ride(const oracle *o, const tq_transit_query *query, const tq_piece *piece)
{
    const small_city *s = o->s;
    const tq_trip *trip = &s->trip[piece->trip];
    const tq_stop_time *times = &s->stop_time[s->profile_first[trip->profile]];
    uint32_t first = s->pattern_first[trip->pattern];
    assert_true(piece->from_place < piece->to_place);
    assert_true(first + piece->to_place < s->pattern_first[trip->pattern + 1]);
    assert_int_equal(piece->from_stop, s->pattern_stop[first + piece->from_place]);
    assert_int_equal(piece->to_stop, s->pattern_stop[first + piece->to_place]);
    int32_t base_s = piece->shift_s + trip->start_s;
    bool runs = false;
    for (uint32_t run = 0; run < o->run_count; run++)
        runs = runs || (o->run[run].trip == piece->trip && o->run[run].base_s == base_s);
    assert_true(runs);
    assert_int_equal(piece->departure_s, base_s + times[piece->from_place].departure_s);
    assert_int_equal(piece->arrival_s, base_s + times[piece->to_place].arrival_s);
    assert_true(oracle_can(o, query, first + piece->from_place, piece->from_stop,
                           piece->departure_s, TQ_PATTERN_NO_PICKUP));
    assert_true(oracle_can(o, query, first + piece->to_place, piece->to_stop, piece->arrival_s,
                           TQ_PATTERN_NO_DROPOFF));
    assert_true(!query->wheelchair || !(trip->flags & TQ_TRIP_NO_WHEELCHAIR));
    assert_true(tq_service_runs(&s->city.timetable, trip->service, piece->service_day));
}

static void check_journey(const oracle *o, const tq_transit_query *query, const tq_journey *journey)
{
    assert_true(journey->piece_count > 0);
    const tq_piece *last = NULL; /* the ride before */
    uint32_t rides = 0, walked_dm = 0;
    assert_int_equal(journey->departure_s, journey->piece[0].departure_s);
    assert_int_equal(journey->arrival_s, journey->piece[journey->piece_count - 1].arrival_s);
    for (uint32_t at = 0; at < journey->piece_count; at++) {
        const tq_piece *piece = &journey->piece[at];
        assert_true(piece->departure_s <= piece->arrival_s);
        if (at > 0) assert_true(piece[-1].arrival_s <= piece->departure_s);
        if (piece->trip == TQ_NONE) {
            walked_dm += piece->walk_dm;
            continue;
        }
        check_ride(o, query, piece);
        if (last != NULL) {
            int32_t change_s = o->change_s[last->to_stop][piece->from_stop];
            assert_int_not_equal(change_s, ORACLE_NEVER);
            assert_true(last->arrival_s + change_s <= piece->departure_s);
            assert_int_equal(piece[-1].trip == TQ_NONE, last->to_stop != piece->from_stop);
        } else {
            int32_t takes_s =
                oracle_end_s(o, query, query->from, query->from_count, piece->from_stop, true);
            assert_true(takes_s != ORACLE_NEVER &&
                        journey->departure_s + takes_s <= piece->departure_s);
            assert_int_equal(piece[-1].to_stop, piece->from_stop);
            assert_true(piece[-1].from_access < query->from_count);
        }
        last = piece;
        rides++;
    }
    assert_int_equal(rides, journey->boardings);
    assert_int_equal(walked_dm, journey->walk_dm);
    if (last == NULL) return;
    int32_t takes_s = oracle_end_s(o, query, query->to, query->to_count, last->to_stop, false);
    assert_true(takes_s != ORACLE_NEVER && last->arrival_s + takes_s <= journey->arrival_s);
    assert_true(last[1].to_access < query->to_count);
}

/* ---- questions
 * ----------------------------------------------------------------------------------- */

static tq_arena work;

static void check_forward(const oracle *o, const tq_day *day, const tq_transit_query *query)
{
    tq_journeys found;
    int32_t arrival_s[TQ_BOARDINGS_MAX + 1];
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_search(&o->s->city, day, query, &work, &found, NULL), TQ_OK);
    oracle_forward(o, query, query->time_s, query->time_s + query->horizon_s, arrival_s);
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

static void prepare(uint32_t seed, tq_day **day, tq_access *from, tq_access *to,
                    tq_transit_query *query)
{
    tq_random random = {.state = seed * UINT64_C(7919) + 1};
    make_city(&small, &random);
    make_query(&small, &random, from, to, query);
    oracle_begin(&truth, &small, DAY);
    oracle_changes(&truth, query);
    assert_int_equal(tq_day_make(&small.city, DAY, day, NULL), TQ_OK);
    tq_arena_init(&work, memory, sizeof memory);
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
