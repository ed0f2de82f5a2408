/*
 * What the timetable search must find, by the plainest means: every run of every trip is written
 * out from the calendar, edited as the live state says, walks are an all-pairs matrix, and layer
 * after layer each run is tried from each place. No routes, no order of runs, no labels, no
 * pruning. For tests of small cities.
 */
#ifndef TQ_TEST_TRANSIT_ORACLE_H
#define TQ_TEST_TRANSIT_ORACLE_H

#include "transit/transit.h"

#include "small_city.h"

#define ORACLE_RUNS  1024u
#define ORACLE_CALLS 12u
#define ORACLE_NEVER INT32_MAX

typedef struct oracle_call {
    uint32_t stop;
    int32_t in_s, out_s;
    uint32_t along_m, place; /* place in the pattern, TQ_NONE */
    uint8_t shut;            /* TQ_PATTERN_NO_PICKUP, TQ_PATTERN_NO_DROPOFF */
} oracle_call;

typedef struct oracle_run {
    uint32_t trip, live; /* TQ_NONE: an added run; as planned */
    uint32_t pattern, line;
    int32_t base_s; /* its planned times = base_s + stop time */
    uint32_t count;
    bool no_wheelchair;
    oracle_call call[ORACLE_CALLS];
} oracle_run;

typedef struct oracle {
    const small_city *s;
    int32_t day;
    uint32_t run_count;
    oracle_run run[ORACLE_RUNS];
    int64_t node_dm[SMALL_NODES][SMALL_NODES];
    int64_t walk_dm[SMALL_STOPS][SMALL_STOPS]; /* on streets, from stop to stop */
    int32_t rule_s[SMALL_STOPS]
                  [SMALL_STOPS]; /* -1 none, ORACLE_NEVER forbidden; for the query's speed */
    int32_t change_s[SMALL_STOPS][SMALL_STOPS]; /* between alighting and boarding, ORACLE_NEVER */
} oracle;

#define ORACLE_FAR (INT64_C(1) << 40)

static inline int64_t oracle_day_ms(const oracle *o, int32_t day)
{
    return tq_service_day_ms(&o->s->city.zone, day);
}

/* The calls of a live run; seconds of its service day begin at shift_s. */
static inline void oracle_live_calls(const oracle *o, const tq_overlay *overlay, uint32_t live,
                                     int32_t shift_s, oracle_run *run)
{
    const small_city *s = o->s;
    const tq_live_run *row = &overlay->run[live];
    TQ_ASSERT(row->call_count <= ORACLE_CALLS);
    run->count = row->call_count;
    for (uint32_t at = 0; at < row->call_count; at++) {
        const tq_live_call *call = &overlay->call[row->first_call + at];
        oracle_call *own = &run->call[at];
        *own = (oracle_call){.stop = call->stop,
                             .in_s = shift_s + call->arrival_s,
                             .out_s = shift_s + call->departure_s,
                             .place = call->place};
        if (call->flags & TQ_CALL_SKIPPED) own->shut = TQ_PATTERN_NO_PICKUP | TQ_PATTERN_NO_DROPOFF;
        if (call->flags & TQ_CALL_NO_PICKUP) own->shut |= TQ_PATTERN_NO_PICKUP;
        if (call->flags & TQ_CALL_NO_DROPOFF) own->shut |= TQ_PATTERN_NO_DROPOFF;
        uint32_t former_m = at > 0 ? run->call[at - 1].along_m : 0;
        own->along_m = former_m;
        if (call->place != TQ_NONE) {
            uint32_t first = s->pattern_first[run->pattern];
            own->shut |= s->pattern_flags[first + call->place];
            own->along_m = TQ_MAX(former_m, s->pattern_along_m[first + call->place]);
        } else if (at > 0) {
            own->along_m +=
                tq_distance_dm(s->stop[run->call[at - 1].stop].at, s->stop[own->stop].at) / 10;
        }
    }
}

/* Runs that touch the day are kept. */
static inline void oracle_keep_run(oracle *o, const oracle_run *run)
{
    if (run->count < 2 || run->call[0].out_s > 36 * 3600 ||
        run->call[run->count - 1].in_s < -4 * 3600)
        return;
    TQ_ASSERT(o->run_count < ORACLE_RUNS);
    o->run[o->run_count++] = *run;
}

static inline void oracle_add_run(oracle *o, const tq_overlay *overlay, uint32_t trip,
                                  int32_t service_day, int32_t shift_s, int32_t start_s)
{
    const small_city *s = o->s;
    uint32_t line = s->trip[trip].pattern, first = s->pattern_first[line],
             places = s->pattern_first[line + 1] - first;
    const tq_stop_time *times = &s->stop_time[s->profile_first[s->trip[trip].profile]];
    oracle_run run = {.trip = trip,
                      .live = TQ_NONE,
                      .pattern = line,
                      .line = s->pattern_route[line],
                      .base_s = shift_s + start_s,
                      .count = places,
                      .no_wheelchair = (s->trip[trip].flags & TQ_TRIP_NO_WHEELCHAIR) != 0};
    int64_t at_ms = oracle_day_ms(o, o->day) + run.base_s * INT64_C(1000);
    if (!tq_open_at(&s->city.dates, s->trip[trip].date, at_ms)) return;
    for (uint32_t live = 0; live < overlay->run_count; live++) {
        const tq_live_run *row = &overlay->run[live];
        if (row->state == TQ_RUN_ADDED || row->trip != trip || row->service_day != service_day ||
            row->start_s != start_s)
            continue;
        if (row->state == TQ_RUN_CANCELLED) return;
        run.live = live;
        oracle_live_calls(o, overlay, live, shift_s, &run);
        oracle_keep_run(o, &run);
        return;
    }
    for (uint32_t at = 0; at < places; at++)
        run.call[at] = (oracle_call){.stop = s->pattern_stop[first + at],
                                     .in_s = run.base_s + times[at].arrival_s,
                                     .out_s = run.base_s + times[at].departure_s,
                                     .along_m = s->pattern_along_m[first + at],
                                     .place = at,
                                     .shut = s->pattern_flags[first + at]};
    oracle_keep_run(o, &run);
}

static inline void oracle_begin(oracle *o, const small_city *s, const tq_overlay *overlay,
                                int32_t day)
{
    o->s = s;
    o->day = day;
    o->run_count = 0;
    for (uint32_t trip = 0; trip < s->city.timetable.trip_count; trip++) {
        for (int32_t service_day = day - 3; service_day <= day + 3; service_day++) {
            if (!tq_service_runs(&s->city.timetable, s->trip[trip].service, service_day)) continue;
            int32_t shift_s =
                (int32_t)((oracle_day_ms(o, service_day) - oracle_day_ms(o, day)) / 1000);
            if (s->trip[trip].frequency_count == 0)
                oracle_add_run(o, overlay, trip, service_day, shift_s, s->trip[trip].start_s);
            for (uint32_t f = 0; f < s->trip[trip].frequency_count; f++) {
                const tq_frequency *often = &s->frequency[s->trip[trip].first_frequency + f];
                for (int32_t at_s = often->from_s; at_s < often->to_s;
                     at_s += (int32_t)often->headway_s)
                    oracle_add_run(o, overlay, trip, service_day, shift_s, at_s);
            }
        }
    }
    for (uint32_t live = 0; live < overlay->run_count; live++) {
        const tq_live_run *row = &overlay->run[live];
        if (row->state != TQ_RUN_ADDED) continue;
        int32_t shift_s =
            (int32_t)((oracle_day_ms(o, row->service_day) - oracle_day_ms(o, day)) / 1000);
        oracle_run run = {.trip = TQ_NONE, .live = live, .pattern = TQ_NONE, .line = row->route};
        if (row->trip != TQ_NONE) {
            run.pattern = s->trip[row->trip].pattern;
            run.no_wheelchair = (s->trip[row->trip].flags & TQ_TRIP_NO_WHEELCHAIR) != 0;
        }
        oracle_live_calls(o, overlay, live, shift_s, &run);
        oracle_keep_run(o, &run);
    }
    uint32_t nodes = s->core_count + s->leaf_count;
    for (uint32_t a = 0; a < nodes; a++)
        for (uint32_t b = 0; b < nodes; b++)
            o->node_dm[a][b] = a == b ? 0 : ORACLE_FAR;
    for (uint32_t arc = 0; arc < s->arc_count; arc++) {
        uint32_t a = s->arc_from[arc], b = s->arc_to[arc];
        o->node_dm[a][b] = o->node_dm[b][a] = TQ_MIN(o->node_dm[a][b], (int64_t)s->arc_dm[arc]);
    }
    for (uint32_t leaf = 0; leaf < s->leaf_count; leaf++)
        o->node_dm[s->core_count + leaf][s->leaf_head[leaf]] =
            o->node_dm[s->leaf_head[leaf]][s->core_count + leaf] = s->leaf_dm[leaf];
    for (uint32_t mid = 0; mid < nodes; mid++)
        for (uint32_t a = 0; a < nodes; a++)
            for (uint32_t b = 0; b < nodes; b++)
                o->node_dm[a][b] =
                    TQ_MIN(o->node_dm[a][b], o->node_dm[a][mid] + o->node_dm[mid][b]);
    for (uint32_t a = 0; a < s->city.timetable.stop_count; a++)
        for (uint32_t b = 0; b < s->city.timetable.stop_count; b++)
            o->walk_dm[a][b] = s->stop[a].node == TQ_NONE || s->stop[b].node == TQ_NONE
                                   ? ORACLE_FAR
                                   : s->stop[a].link_dm +
                                         o->node_dm[s->stop[a].node][s->stop[b].node] +
                                         s->stop[b].link_dm;
}

static inline int32_t oracle_walk_s(int64_t dm, const tq_transit_query *query)
{
    if (dm >= ORACLE_FAR || (query->max_walk_dm != TQ_NONE && dm > query->max_walk_dm))
        return ORACLE_NEVER;
    return (int32_t)tq_ceil_div(dm * 100, query->walk_mm_s);
}

static inline bool oracle_row_fits(const small_city *s, uint32_t end, uint32_t stop, bool *station)
{
    *station =
        s->stop[end].kind == TQ_STOP_KIND_STATION && s->child_first[end] != s->child_first[end + 1];
    return *station ? s->stop[stop].parent == end : end == stop;
}

/* Changes between all pairs of stops for a query. */
static inline void oracle_changes(oracle *o, const tq_transit_query *query)
{
    const small_city *s = o->s;
    for (uint32_t a = 0; a < s->city.timetable.stop_count; a++) {
        for (uint32_t b = 0; b < s->city.timetable.stop_count; b++) {
            int32_t straight_s = (int32_t)tq_ceil_div(
                (int64_t)tq_distance_dm(s->stop[a].at, s->stop[b].at) * 100, query->walk_mm_s);
            int32_t rule_s = -1, rank = -1;
            if (a != b && s->stop[a].parent != TQ_NONE && s->stop[a].parent == s->stop[b].parent) {
                rule_s = TQ_MAX(straight_s, (int32_t)s->meta.change_s);
                rank = 0;
            }
            for (uint32_t row = 0; row < s->city.timetable.transfer_count; row++) {
                const tq_transfer *transfer = &s->transfer[row];
                bool from_station, to_station;
                if (!oracle_row_fits(s, transfer->from_stop, a, &from_station) ||
                    !oracle_row_fits(s, transfer->to_stop, b, &to_station) ||
                    (a == b && (from_station || to_station)))
                    continue;
                int32_t own = 1 + (from_station ? 0 : 1) + (to_station ? 0 : 1);
                if (own < rank) continue;
                rank = own;
                rule_s = transfer->type == 3 ? ORACLE_NEVER
                         : transfer->type == 2 && transfer->min_s != TQ_NONE
                             ? (int32_t)transfer->min_s
                         : a == b ? 0
                                  : straight_s;
            }
            o->rule_s[a][b] = rule_s;
            int32_t walk_s = oracle_walk_s(o->walk_dm[a][b], query);
            o->change_s[a][b] = rule_s >= 0              ? rule_s
                                : a == b                 ? 0
                                : walk_s == ORACLE_NEVER ? ORACLE_NEVER
                                                         : walk_s + (int32_t)query->board_slack_s;
        }
    }
}

static inline int64_t oracle_access_dm(const oracle *o, const tq_access *access, uint32_t stop)
{
    uint32_t node = access->node;
    int64_t dm = access->walk_dm;
    if (access->stop != TQ_NONE) {
        if (access->stop == stop) return dm;
        node = o->s->stop[access->stop].node;
        if (node == TQ_NONE) return ORACLE_FAR;
        dm += o->s->stop[access->stop].link_dm;
    }
    if (o->s->stop[stop].node == TQ_NONE) return ORACLE_FAR;
    return dm + o->node_dm[node][o->s->stop[stop].node] + o->s->stop[stop].link_dm;
}

/* Seconds from the door to boarding at a stop (slack counted), or from alighting there to the door.
 */
static inline int32_t oracle_end_s(const oracle *o, const tq_transit_query *query,
                                   const tq_access *list, uint32_t count, uint32_t stop, bool start)
{
    int32_t best = ORACLE_NEVER;
    for (uint32_t k = 0; k < count; k++) {
        bool standing = list[k].stop == stop && list[k].walk_dm == 0;
        int32_t walk_s = oracle_walk_s(oracle_access_dm(o, &list[k], stop), query);
        if (walk_s != ORACLE_NEVER)
            best = TQ_MIN(best, walk_s + (start && !standing ? (int32_t)query->board_slack_s : 0));
        if (list[k].stop == TQ_NONE || list[k].stop == stop) continue;
        int32_t own_s = oracle_walk_s(list[k].walk_dm, query);
        int32_t rule_s = start ? o->rule_s[list[k].stop][stop] : o->rule_s[stop][list[k].stop];
        if (own_s != ORACLE_NEVER && rule_s >= 0 && rule_s != ORACLE_NEVER)
            best = TQ_MIN(best, own_s + rule_s);
    }
    return best;
}

/* The walk without rides over the streets, or as given; ORACLE_NEVER. */
static inline int32_t oracle_direct_s(const oracle *o, const tq_transit_query *query)
{
    int64_t best = query->direct_walk_dm == TQ_NONE ? ORACLE_FAR : query->direct_walk_dm;
    int32_t by_rule_s = ORACLE_NEVER;
    for (uint32_t a = 0; a < query->from_count; a++) {
        for (uint32_t b = 0; b < query->to_count; b++) {
            tq_access from = query->from[a], to = query->to[b];
            if (from.stop != TQ_NONE && from.stop == to.stop)
                best = TQ_MIN(best, (int64_t)from.walk_dm + to.walk_dm);
            int32_t rule_s = from.stop != TQ_NONE && to.stop != TQ_NONE && from.stop != to.stop
                                 ? o->rule_s[from.stop][to.stop]
                                 : -1;
            int32_t from_s = oracle_walk_s(from.walk_dm, query),
                    to_s = oracle_walk_s(to.walk_dm, query);
            if (rule_s >= 0 && rule_s != ORACLE_NEVER && from_s != ORACLE_NEVER &&
                to_s != ORACLE_NEVER)
                by_rule_s = TQ_MIN(by_rule_s, from_s + rule_s + to_s);
            int64_t dm = (int64_t)from.walk_dm + to.walk_dm;
            uint32_t x = from.node, y = to.node;
            if (from.stop != TQ_NONE)
                x = o->s->stop[from.stop].node, dm += o->s->stop[from.stop].link_dm;
            if (to.stop != TQ_NONE) y = o->s->stop[to.stop].node, dm += o->s->stop[to.stop].link_dm;
            if (x == TQ_NONE || y == TQ_NONE) continue;
            if (x >= o->s->core_count &&
                x == y) /* a walk over the core: what is inside is the caller's to know */
                dm += 2 * (int64_t)o->s->leaf_dm[x - o->s->core_count];
            best = TQ_MIN(best, dm + o->node_dm[x][y]);
        }
    }
    return TQ_MIN(by_rule_s, oracle_walk_s(best, query));
}

static inline bool oracle_can(const oracle *o, const tq_transit_query *query,
                              const oracle_call *call, int32_t at_s, uint8_t shut)
{
    const tq_stop *row = &o->s->stop[call->stop];
    int64_t at_ms = oracle_day_ms(o, o->day) + at_s * INT64_C(1000);
    if (call->shut & shut) return false;
    if (!tq_open_at(&o->s->city.dates, row->date, at_ms)) return false;
    if (row->parent != TQ_NONE &&
        !tq_open_at(&o->s->city.dates, o->s->stop[row->parent].date, at_ms))
        return false;
    uint8_t wheelchair = row->wheelchair;
    if (wheelchair == 0 && row->parent != TQ_NONE) wheelchair = o->s->stop[row->parent].wheelchair;
    return !query->wheelchair || wheelchair != 2;
}

/*
 * Earliest arrival with at most k rides when leaving at from_s, for k = 0 .. max_boardings; rides
 * within [first_s, last_s]. oracle_changes must have been called for the query.
 */
static inline void oracle_forward(const oracle *o, const tq_transit_query *query, int32_t from_s,
                                  int32_t last_s, int32_t arrival_s[TQ_BOARDINGS_MAX + 1])
{
    const small_city *s = o->s;
    uint32_t stops = s->city.timetable.stop_count;
    int32_t ready[SMALL_STOPS], alight[SMALL_STOPS];
    int32_t direct_s = oracle_direct_s(o, query);
    int32_t best = direct_s == ORACLE_NEVER ? ORACLE_NEVER : from_s + direct_s;
    arrival_s[0] = best;
    for (uint32_t stop = 0; stop < stops; stop++) {
        int32_t takes_s = oracle_end_s(o, query, query->from, query->from_count, stop, true);
        ready[stop] = takes_s == ORACLE_NEVER ? ORACLE_NEVER : from_s + takes_s;
    }
    for (uint32_t k = 1; k <= query->max_boardings; k++) {
        for (uint32_t stop = 0; stop < stops; stop++)
            alight[stop] = ORACLE_NEVER;
        for (uint32_t run = 0; run < o->run_count; run++) {
            const oracle_run *row = &o->run[run];
            if (query->wheelchair && row->no_wheelchair) continue;
            bool aboard = false;
            for (uint32_t place = 0; place < row->count; place++) {
                const oracle_call *call = &row->call[place];
                if (aboard && call->in_s <= last_s &&
                    oracle_can(o, query, call, call->in_s, TQ_PATTERN_NO_DROPOFF))
                    alight[call->stop] = TQ_MIN(alight[call->stop], call->in_s);
                if (ready[call->stop] != ORACLE_NEVER && ready[call->stop] <= call->out_s &&
                    call->out_s <= last_s &&
                    oracle_can(o, query, call, call->out_s, TQ_PATTERN_NO_PICKUP))
                    aboard = true;
            }
        }
        for (uint32_t b = 0; b < stops; b++) {
            ready[b] = ORACLE_NEVER;
            for (uint32_t a = 0; a < stops; a++)
                if (alight[a] != ORACLE_NEVER && o->change_s[a][b] != ORACLE_NEVER)
                    ready[b] = TQ_MIN(ready[b], alight[a] + o->change_s[a][b]);
        }
        for (uint32_t stop = 0; stop < stops; stop++) {
            int32_t takes_s = oracle_end_s(o, query, query->to, query->to_count, stop, false);
            if (alight[stop] != ORACLE_NEVER && takes_s != ORACLE_NEVER)
                best = TQ_MIN(best, alight[stop] + takes_s);
        }
        arrival_s[k] = best;
    }
}

/* All seconds at which leaving catches some run exactly, ascending, without repeats; returns their
 * number. */
static inline uint32_t oracle_leaves(const oracle *o, const tq_transit_query *query,
                                     int32_t *leave_s, uint32_t cap)
{
    uint32_t count = 0;
    for (uint32_t run = 0; run < o->run_count; run++) {
        for (uint32_t at = 0; at < o->run[run].count; at++) {
            const oracle_call *call = &o->run[run].call[at];
            int32_t takes_s =
                oracle_end_s(o, query, query->from, query->from_count, call->stop, true);
            if (takes_s == ORACLE_NEVER) continue;
            TQ_ASSERT(count < cap);
            leave_s[count++] = call->out_s - takes_s;
        }
    }
    for (uint32_t k = 1; k < count; k++) {
        int32_t moved = leave_s[k];
        uint32_t to = k;
        for (; to > 0 && leave_s[to - 1] > moved; to--)
            leave_s[to] = leave_s[to - 1];
        leave_s[to] = moved;
    }
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count; k++)
        if (kept == 0 || leave_s[k] != leave_s[kept - 1]) leave_s[kept++] = leave_s[k];
    return kept;
}

#endif
