/*
 * Random small cities and questions, and the walk through a journey piece by piece, for tests of
 * the timetable search. Everything follows from a seed.
 */
#ifndef TQ_TEST_TRANSIT_RANDOM_H
#define TQ_TEST_TRANSIT_RANDOM_H

/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
/* clang-format on */

#include "transit_oracle.h"

#define DAY (SMALL_BASE_DAY + 2)

static small_city small;
static oracle truth;
static _Alignas(64) uint8_t memory[64u << 20];

static tq_arena work;

static inline uint32_t pick(tq_random *random, uint32_t limit)
{
    return tq_random_below(random, limit);
}

static inline void make_streets(small_city *s, tq_random *random)
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

static inline uint32_t any_date(small_city *s, tq_random *random, int64_t day_ms)
{
    int64_t at_ms = day_ms + (int64_t)pick(random, 26 * 3600) * 1000;
    switch (pick(random, 4)) {
    case 0: return small_date(s, TQ_OPEN, at_ms, INT64_MAX);
    case 1: return small_date(s, TQ_OPEN, INT64_MIN, at_ms);
    case 2: return small_date(s, TQ_OPEN, at_ms, at_ms + (int64_t)pick(random, 4 * 3600) * 1000);
    default: return small_date(s, TQ_BUILDING, INT64_MIN, INT64_MAX);
    }
}

static inline void make_stops(small_city *s, tq_random *random, int64_t day_ms)
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

static inline void make_trips(small_city *s, tq_random *random, uint32_t line, int64_t day_ms)
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

static inline void make_lines(small_city *s, tq_random *random, int64_t day_ms)
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

static inline void make_city(small_city *s, tq_random *random)
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

static inline uint32_t make_ends(const small_city *s, tq_random *random, tq_access *list)
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

static inline void make_query(const small_city *s, tq_random *random, tq_access *from,
                              tq_access *to, tq_transit_query *query)
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

/* The run that a piece rides. */
static inline const oracle_run *ridden_run(const oracle *o, const tq_piece *piece)
{
    for (uint32_t run = 0; run < o->run_count; run++) {
        const oracle_run *row = &o->run[run];
        if (row->live != piece->live || row->trip != piece->trip) continue;
        if (piece->trip == TQ_NONE ||
            row->base_s == piece->shift_s + o->s->trip[piece->trip].start_s)
            return row;
    }
    return NULL;
}

static inline void check_ride(const oracle *o, const tq_transit_query *query, const tq_piece *piece)
{
    const oracle_run *run = ridden_run(o, piece);
    assert_non_null(run);
    assert_true(piece->from_place < piece->to_place && piece->to_place < run->count);
    const oracle_call *on = &run->call[piece->from_place], *off = &run->call[piece->to_place];
    assert_int_equal(piece->from_stop, on->stop);
    assert_int_equal(piece->to_stop, off->stop);
    assert_int_equal(piece->departure_s, on->out_s);
    assert_int_equal(piece->arrival_s, off->in_s);
    assert_int_equal(piece->route, run->line);
    assert_int_equal(piece->ride_m, off->along_m - on->along_m);
    assert_true(oracle_can(o, query, on, piece->departure_s, TQ_PATTERN_NO_PICKUP));
    assert_true(oracle_can(o, query, off, piece->arrival_s, TQ_PATTERN_NO_DROPOFF));
    assert_true(!query->wheelchair || !run->no_wheelchair);
    if (piece->trip != TQ_NONE)
        assert_true(tq_service_runs(&o->s->city.timetable, o->s->trip[piece->trip].service,
                                    piece->service_day));
}

static inline void check_journey(const oracle *o, const tq_transit_query *query,
                                 const tq_journey *journey)
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
        if (!tq_piece_rides(piece)) {
            walked_dm += piece->walk_dm;
            continue;
        }
        check_ride(o, query, piece);
        if (last != NULL) {
            int32_t change_s = o->change_s[last->to_stop][piece->from_stop];
            assert_int_not_equal(change_s, ORACLE_NEVER);
            assert_true(last->arrival_s + change_s <= piece->departure_s);
            assert_int_equal(!tq_piece_rides(piece - 1), last->to_stop != piece->from_stop);
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

static inline void prepare(uint32_t seed, tq_day **day, tq_access *from, tq_access *to,
                           tq_transit_query *query)
{
    tq_random random = {.state = seed * UINT64_C(7919) + 1};
    make_city(&small, &random);
    make_query(&small, &random, from, to, query);
    oracle_begin(&truth, &small, tq_overlay_none(), DAY);
    oracle_changes(&truth, query);
    assert_int_equal(tq_day_make(&small.city, tq_overlay_none(), DAY, day, NULL), TQ_OK);
    tq_arena_init(&work, memory, sizeof memory);
}

#endif
