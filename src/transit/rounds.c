/*
 * Rounds: the k-th scans each route once that a stop improved by the (k-1)-th lies on, and so finds
 * where k rides lead (RAPTOR: Delling, Pajor, Werneck 2012). Changes on foot between rounds:
 * walks.c.
 *
 * Both directions are one engine: `back` is a constant where the loops are compiled, and mirrors
 * time, places and the order of runs. A ride is entered only at stops improved in the round before:
 * entering elsewhere was possible with fewer rides. Labels that cannot get to the far end before
 * the best known journey of as many rides, or that do not beat those of as many rides at the same
 * stop, are dropped.
 */
#include "transit/transit_in.h"

#define INLINE static inline __attribute__((always_inline))

void tq_transit_query_default(tq_transit_query *query)
{
    *query = (tq_transit_query){.size = sizeof *query,
                                .direct_walk_dm = TQ_NONE,
                                .walk = TQ_WALK_ANY,
                                .walk_mm_s = 1300,
                                .max_walk_dm = TQ_NONE,
                                .max_boardings = 6,
                                .horizon_s = 12 * 3600};
}

/* Sizes of a search, for the arena and for its forecast alike. */
typedef struct demand {
    size_t stops, core, core_arcs, routes, levels, nodes;
    bool ranged;
} demand;

#define HEAP_SPARE 65536u

static tq_status push_all(round_search *rounds, const demand *need, tq_arena *work)
{
    size_t levels = need->levels + 1, kept = need->ranged ? levels : 1;
    rounds->level = TQ_PUSH(work, round_level, levels);
    rounds->best_ride = TQ_PUSH(work, int32_t *, levels);
    rounds->best_reach = TQ_PUSH(work, int32_t *, levels);
    rounds->best_vertex = TQ_PUSH(work, int32_t *, levels);
    rounds->best_goal_s = TQ_PUSH(work, int32_t, levels);
    if (rounds->best_goal_s == NULL || rounds->level == NULL || rounds->best_vertex == NULL)
        return TQ_NO_MEMORY;
    int32_t *ride = TQ_PUSH_RAW(work, int32_t, kept * need->stops);
    int32_t *reach = TQ_PUSH_RAW(work, int32_t, kept * need->stops);
    int32_t *vertex = TQ_PUSH_RAW(work, int32_t, kept * need->core);
    if (ride == NULL || reach == NULL || vertex == NULL) return TQ_NO_MEMORY;
    for (size_t at = 0; at < kept * need->stops; at++)
        ride[at] = reach[at] = FAR;
    for (size_t at = 0; at < kept * need->core; at++)
        vertex[at] = FAR;
    for (size_t k = 0; k < levels; k++) {
        size_t own = need->ranged ? k : 0;
        rounds->best_ride[k] = ride + own * need->stops;
        rounds->best_reach[k] = reach + own * need->stops;
        rounds->best_vertex[k] = vertex + own * need->core;
        rounds->best_goal_s[k] = FAR;
        round_level *row = &rounds->level[k];
        row->goal_s = FAR;
        row->ride = TQ_PUSH_RAW(work, int32_t, need->stops);
        row->reach = TQ_PUSH_RAW(work, int32_t, need->stops);
        row->ride_by = TQ_PUSH_RAW(work, ride_from, need->stops);
        row->reach_by = TQ_PUSH_RAW(work, reach_from, need->stops);
        row->ride_list = TQ_PUSH_RAW(work, uint32_t, need->stops);
        row->reach_list = TQ_PUSH_RAW(work, uint32_t, need->stops);
        if (row->reach_list == NULL || row->ride == NULL || row->reach == NULL ||
            row->ride_by == NULL || row->reach_by == NULL || row->ride_list == NULL)
            return TQ_NO_MEMORY;
    }
    rounds->route_place = TQ_PUSH_RAW(work, uint32_t, need->routes);
    rounds->route_list = TQ_PUSH_RAW(work, uint32_t, need->routes);
    rounds->source = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->span_mm = TQ_PUSH_RAW(work, int32_t, need->core);
    rounds->around_mm = TQ_PUSH_RAW(work, int32_t, need->core);
    rounds->around_list = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->near_dm = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->near_access = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->stop_dm = TQ_PUSH_RAW(work, uint32_t, need->stops);
    rounds->stop_access = TQ_PUSH_RAW(work, uint32_t, need->stops);
    rounds->queue.head = TQ_PUSH_RAW(work, uint32_t, WALK_BUCKETS);
    rounds->queue.bucket = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->queue.next = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->queue.former = TQ_PUSH_RAW(work, uint32_t, need->core);
    rounds->heap_cap = (uint32_t)(need->core_arcs + need->stops + HEAP_SPARE);
    rounds->heap = TQ_PUSH_RAW(work, uint64_t, rounds->heap_cap);
    if (rounds->heap == NULL || rounds->queue.head == NULL || rounds->queue.bucket == NULL ||
        rounds->queue.next == NULL || rounds->queue.former == NULL || rounds->stop_access == NULL ||
        rounds->stop_dm == NULL || rounds->near_access == NULL || rounds->near_dm == NULL ||
        rounds->around_list == NULL || rounds->around_mm == NULL || rounds->span_mm == NULL ||
        rounds->source == NULL || rounds->route_list == NULL || rounds->route_place == NULL)
        return TQ_NO_MEMORY;
    rounds->street_dm = TQ_PUSH_RAW(work, uint32_t, need->nodes);
    rounds->street_list = TQ_PUSH_RAW(work, uint32_t, need->nodes);
    if (rounds->street_dm == NULL || rounds->street_list == NULL) return TQ_NO_MEMORY;
    for (size_t at = 0; at < need->nodes; at++)
        rounds->street_dm[at] = TQ_NONE;
    for (size_t at = 0; at < need->routes; at++)
        rounds->route_place[at] = TQ_NONE;
    for (size_t at = 0; at < need->core; at++) {
        rounds->around_mm[at] = FAR;
        rounds->queue.bucket[at] = TQ_NONE;
        rounds->near_dm[at] = TQ_NONE;
    }
    for (size_t at = 0; at < need->stops; at++)
        rounds->stop_dm[at] = TQ_NONE;
    return TQ_OK;
}

/* Runs of any day at most: each trip on each service day that can touch it; live ones may leave an
 * empty route behind. */
static uint64_t runs_at_most(const tq_timetable *table)
{
    uint64_t runs = 0;
    for (uint32_t trip = 0; trip < table->trip_count; trip++) {
        const tq_trip *row = &table->trip[trip];
        uint64_t own = row->frequency_count == 0;
        for (uint32_t f = row->first_frequency; f < row->first_frequency + row->frequency_count;
             f++) {
            const tq_frequency *often = &table->frequency[f];
            if (often->headway_s != 0 && often->to_s > often->from_s)
                own += ((uint64_t)(often->to_s - (int64_t)often->from_s) + often->headway_s - 1) /
                       often->headway_s;
        }
        runs += own * (DAY_BEFORE + DAY_AFTER + 1);
    }
    return TQ_MIN(runs, DAY_RUNS_MAX);
}

size_t tq_transit_work_bytes(const tq_city *city)
{
    size_t stops = city->timetable.stop_count, core = 0, arcs = 0, levels = TQ_BOARDINGS_MAX + 1;
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++) {
        core = TQ_MAX(core, (size_t)city->walk[kind].core_count);
        arcs = TQ_MAX(arcs, (size_t)city->walk[kind].core_arc_count);
    }
    size_t levelled = sizeof(round_level) +
                      stops * (4 * sizeof(int32_t) + sizeof(ride_from) + sizeof(reach_from)) +
                      2 * stops * sizeof(int32_t) + core * sizeof(int32_t) + 64;
    size_t once = core * 9 * sizeof(uint32_t) + WALK_BUCKETS * sizeof(uint32_t) +
                  stops * 8 * sizeof(uint32_t) +
                  (size_t)city->streets.node_count * 2 * sizeof(uint32_t) +
                  (2 * arcs + stops + HEAP_SPARE) * sizeof(uint64_t);
    size_t routes =
        ((size_t)runs_at_most(&city->timetable) * 2 + LIVE_ADDED_MAX) * 2 * sizeof(uint32_t);
    size_t answers =
        2 * TQ_JOURNEYS_MAX * (sizeof(tq_journey) + JOURNEY_PIECES_MAX * sizeof(tq_piece));
    size_t range = RANGE_SEEDS_MAX * sizeof(uint32_t) + (RANGE_WINDOW_MAX + 2) * sizeof(uint32_t);
    return 3 * (levelled * levels + once + routes) + answers + range + pareto_bytes(city) + 65536;
}

static tq_status check_query(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                             tq_err *err)
{
    if (day->city != city)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the service day was made of another city file");
    if (query->ground != NULL && query->ground->city != city)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the closed streets are of another city file");
    if (query->walk_mm_s < WALK_MM_S_MIN || query->walk_mm_s > WALK_MM_S_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "walking %u mm/s is not within %u and %u",
                       query->walk_mm_s, WALK_MM_S_MIN, WALK_MM_S_MAX);
    if (query->max_boardings < 1 || query->max_boardings > TQ_BOARDINGS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u boardings are not within 1 and %d",
                       query->max_boardings, TQ_BOARDINGS_MAX);
    if (query->from_count > TQ_ACCESS_MAX || query->to_count > TQ_ACCESS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "an end of the journey has %u ways in, over %d",
                       TQ_MAX(query->from_count, query->to_count), TQ_ACCESS_MAX);
    if (query->horizon_s < 0 || query->horizon_s > HORIZON_MAX_S ||
        query->time_s < -HORIZON_MAX_S || query->time_s > 2 * HORIZON_MAX_S)
        return tq_fail(err, TQ_BAD_INPUT, 0, "second %d with a horizon of %d s is out of range",
                       query->time_s, query->horizon_s);
    if ((unsigned)query->walk >= TQ_WALK_COUNT)
        return tq_fail(err, TQ_BAD_INPUT, 0, "walking kind %u is not known", (unsigned)query->walk);
    return TQ_OK;
}

tq_status rounds_begin(round_search *rounds, const tq_city *city, const tq_day *day,
                       const tq_transit_query *query, uint32_t window_s, bool ranged,
                       tq_arena *work, tq_err *err)
{
    TQ_TRY(check_query(city, day, query, err));
    memset(rounds, 0, sizeof *rounds);
    rounds->city = city;
    rounds->day = day;
    rounds->query = query;
    rounds->walk = &city->walk[query->walk];
    rounds->first_arc = day->first_arc[query->walk];
    rounds->arc = day->arc[query->walk];
    if (query->ground != NULL && query->ground->first_arc[query->walk] != NULL) {
        rounds->ground = query->ground;
        rounds->first_arc = query->ground->first_arc[query->walk];
        rounds->arc = query->ground->arc[query->walk];
    }
    rounds->back = query->arrive_by;
    rounds->base_s = query->time_s;
    rounds->speed = (int32_t)query->walk_mm_s;
    rounds->slack_s = (int32_t)TQ_MIN(query->board_slack_s, (uint32_t)HORIZON_MAX_S);
    rounds->last_s = TQ_MIN(query->horizon_s + (int32_t)window_s, LABEL_MAX / rounds->speed - 1);
    rounds->max_walk_mm = query->max_walk_dm == TQ_NONE || query->max_walk_dm > ARC_MAX_DM
                              ? FAR
                              : (int32_t)(query->max_walk_dm * 100);
    rounds->plain = day->ruled_count == 0 && rounds->max_walk_mm == FAR;
    rounds->stops = day->stop_count;
    rounds->core = rounds->walk->vertex_count != 0 ? rounds->walk->core_count : 0;
    rounds->levels = query->max_boardings;
    rounds->shared = !ranged;
    demand need = {.stops = rounds->stops,
                   .core = rounds->core,
                   .core_arcs = rounds->core != 0 ? rounds->first_arc[rounds->core] : 0,
                   .routes = day->route_count,
                   .levels = rounds->levels,
                   .nodes = rounds->ground != NULL ? city->streets.node_count : 0,
                   .ranged = ranged};
    if (push_all(rounds, &need, work) != TQ_OK)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of %zu bytes is too small; it takes %zu",
                       work->cap, tq_transit_work_bytes(city));
    return rounds_ends(rounds, err);
}

void rounds_open_level(round_search *rounds, uint32_t k)
{
    round_level *row = &rounds->level[k];
    if (row->ready) return;
    for (uint32_t stop = 0; stop < rounds->stops; stop++)
        row->ride[stop] = row->reach[stop] = FAR;
    row->ready = 1;
}

void rounds_clear(round_search *rounds)
{
    for (uint32_t k = 0; k <= rounds->levels; k++) {
        round_level *row = &rounds->level[k];
        for (uint32_t at = 0; at < row->ride_count; at++)
            row->ride[row->ride_list[at]] = FAR;
        for (uint32_t at = 0; at < row->reach_count; at++)
            row->reach[row->reach_list[at]] = FAR;
        row->ride_count = row->reach_count = 0;
        row->goal_s = FAR;
    }
}

/* ---- scanning ----------------------------------------------------------------------------------
 */

/* What the loop over a route needs at hand. */
typedef struct route_scan {
    const int32_t *reach;
    int32_t *best_ride, *ride;
    const int32_t *best_reach;
    round_level *row;
    int32_t base_s, before_s, last_s;
    uint32_t k;
} route_scan;

INLINE int32_t relative(int32_t at_s, int32_t base_s, const bool back)
{
    return back ? base_s - at_s : at_s - base_s;
}

/* Relative seconds at which a stop opens and, inclusive, closes. */
INLINE void open_times(const tq_day *day, uint32_t stop, int32_t base_s, const bool back,
                       int32_t *from_s, int32_t *until_s)
{
    int64_t open = day->open_from_s[stop], shut = day->open_until_s[stop];
    int64_t from = back ? base_s - shut : open - base_s,
            until = back ? base_s - open : shut - base_s;
    *from_s = (int32_t)TQ_MAX(TQ_MIN(from, INT32_MAX), INT32_MIN);
    *until_s = (int32_t)TQ_MAX(TQ_MIN(until, INT32_MAX), INT32_MIN);
}

/* First of runs [0, before) in the direction of search that is entered at `at_s` or later; before =
 * none. */
INLINE uint32_t first_run(const int32_t *column, ptrdiff_t step, uint32_t before, int32_t at_s,
                          int32_t base_s, const bool back)
{
    uint32_t low = 0, count = before;
    while (count > 0) {
        uint32_t half = count / 2;
        bool early = relative(column[(ptrdiff_t)(low + half) * step], base_s, back) < at_s;
        low = early ? low + half + 1 : low;
        count = early ? count - half - 1 : half;
    }
    return low;
}

INLINE void set_ride(round_search *rounds, route_scan *scan, uint32_t stop, int32_t at_s,
                     ride_from by)
{
    if (scan->ride[stop] == FAR) scan->row->ride_list[scan->row->ride_count++] = stop;
    scan->ride[stop] = at_s;
    scan->row->ride_by[stop] = by;
    lower_best(rounds->best_ride, scan->k, rounds->levels, rounds->shared, stop, at_s);
}

/*
 * A stop that opens only after the run calls: a later run may still serve it. Tries every place to
 * enter, as the one where the earliest run was entered may be closed by then.
 */
INLINE void leave_later(round_search *rounds, route_scan *scan, uint32_t route, uint32_t first,
                        uint32_t place, const bool back)
{
    const tq_day *day = rounds->day;
    const day_route *row = &day->route[route];
    const uint32_t far = row->place_count - 1, runs = row->run_count,
                   real = back ? far - place : place;
    const uint32_t no_enter = back ? PLACE_NO_ALIGHT : PLACE_NO_BOARD;
    const size_t origin = back ? (size_t)(runs - 1) * row->place_count : 0;
    const int32_t *enter = (back ? row->arrival_s : row->departure_s) + origin,
                  *leave = (back ? row->departure_s : row->arrival_s) + origin;
    const ptrdiff_t step = back ? -(ptrdiff_t)row->place_count : (ptrdiff_t)row->place_count;
    uint32_t stop = row->place[real] & PLACE_STOP, best = runs, entered = 0;
    int32_t open_s, shut_s;
    open_times(day, stop, scan->base_s, back, &open_s, &shut_s);
    uint32_t served = first_run(leave + real, step, runs, open_s, scan->base_s, back);
    for (uint32_t from = first; from < place && served < runs; from++) {
        uint32_t own = back ? far - from : from, at = row->place[own];
        if ((at & no_enter) || scan->reach[at & PLACE_STOP] == FAR) continue;
        int32_t from_s, until_s;
        open_times(day, at & PLACE_STOP, scan->base_s, back, &from_s, &until_s);
        int32_t ready_s = TQ_MAX(scan->reach[at & PLACE_STOP], from_s);
        uint32_t run = first_run(enter + own, step, runs, ready_s, scan->base_s, back);
        run = TQ_MAX(run, served);
        if (run >= best) continue;
        int32_t enter_s = relative(enter[(ptrdiff_t)run * step + own], scan->base_s, back);
        if (enter_s > TQ_MIN(until_s, scan->last_s)) continue;
        best = run;
        entered = from;
    }
    if (best == runs) return;
    int32_t at_s = relative(leave[(ptrdiff_t)best * step + real], scan->base_s, back);
    if (at_s >= scan->best_ride[stop] || at_s >= scan->before_s || at_s > shut_s) return;
    if (rounds->plain && at_s >= scan->best_reach[stop]) return;
    if (rounds->query->wheelchair && day->no_wheelchair[stop]) return;
    set_ride(rounds, scan, stop, at_s,
             (ride_from){route, back ? runs - 1 - best : best, (uint16_t)entered, (uint16_t)place});
}

INLINE void leave_ride(round_search *rounds, route_scan *scan, uint32_t stop, int32_t at_s,
                       ride_from by, uint32_t first, const bool slow, const bool back)
{
    if (slow) {
        int32_t from_s, until_s;
        open_times(rounds->day, stop, scan->base_s, back, &from_s, &until_s);
        if (at_s < from_s) leave_later(rounds, scan, by.route, first, by.leave, back);
        if (at_s < from_s || at_s > until_s) return;
        if (rounds->query->wheelchair && rounds->day->no_wheelchair[stop]) return;
    }
    set_ride(rounds, scan, stop, at_s, by);
}

INLINE void scan_route(round_search *rounds, route_scan *scan, uint32_t route, uint32_t first,
                       const bool back, const bool slow)
{
    const tq_day *day = rounds->day;
    const day_route *row = &day->route[route];
    const uint32_t places = row->place_count, runs = row->run_count;
    const uint32_t no_enter = back ? PLACE_NO_ALIGHT : PLACE_NO_BOARD;
    const uint32_t no_leave = back ? PLACE_NO_BOARD : PLACE_NO_ALIGHT;
    const uint32_t *place_stop = row->place;
    /* Row of run 0 in the direction of search, and the step to the next. */
    const size_t origin = back ? (size_t)(runs - 1) * places : 0;
    const ptrdiff_t step = back ? -(ptrdiff_t)places : (ptrdiff_t)places;
    const int32_t *enter = (back ? row->arrival_s : row->departure_s) + origin,
                  *leave = (back ? row->departure_s : row->arrival_s) + origin;
    uint32_t run = runs, entered = 0;
    const int32_t *ridden = NULL, *former = NULL; /* rows of the run, and of the one before it */
    for (uint32_t place = first; place < places; place++) {
        uint32_t real = back ? places - 1 - place : place;
        uint32_t at = place_stop[real], stop = at & PLACE_STOP;
        if (run < runs && !(at & no_leave)) {
            int32_t at_s = relative(ridden[real], scan->base_s, back);
            if (at_s < scan->best_ride[stop] && at_s < scan->before_s &&
                (!rounds->plain || at_s < scan->best_reach[stop]))
                leave_ride(rounds, scan, stop, at_s,
                           (ride_from){route, back ? runs - 1 - run : run, (uint16_t)entered,
                                       (uint16_t)place},
                           first, slow, back);
        }
        int32_t ready_s = scan->reach[stop];
        if (ready_s == FAR || (at & no_enter)) continue;
        int32_t until_s = scan->last_s;
        if (slow) {
            int32_t from_s, shut_s;
            open_times(day, stop, scan->base_s, back, &from_s, &shut_s);
            ready_s = TQ_MAX(ready_s, from_s);
            until_s = TQ_MIN(until_s, shut_s);
        }
        if (run < runs && (run == 0 || relative(former[real], scan->base_s, back) < ready_s))
            continue;
        uint32_t found = first_run(enter + real, step, run, ready_s, scan->base_s, back);
        if (found >= run ||
            relative(enter[(ptrdiff_t)found * step + real], scan->base_s, back) > until_s)
            continue;
        run = found;
        entered = place;
        ridden = leave + (ptrdiff_t)run * step;
        former = enter + ((ptrdiff_t)run - 1) * step;
    }
}

/* Routes at the stops that the round before improved, each with the first place to look at. */
static uint32_t collect_routes(round_search *rounds, uint32_t k)
{
    const tq_day *day = rounds->day;
    const round_level *former = &rounds->level[k - 1];
    const day_calls *calls = day->calls[rounds->back];
    uint32_t count = 0;
    for (uint32_t at = 0; at < former->reach_count; at++) {
        uint32_t stop = former->reach_list[at];
        if (former->reach[stop] >= rounds->best_goal_s[k] || former->reach[stop] > rounds->last_s)
            continue;
        if (rounds->query->wheelchair && day->no_wheelchair[stop]) {
            former->reach[stop] = FAR;
            continue;
        }
        for (uint32_t at_call = 0; at_call < calls[stop].count; at_call++) {
            day_call call = calls[stop].at[at_call];
            uint32_t known = rounds->route_place[call.route];
            if (known == TQ_NONE) rounds->route_list[count++] = call.route;
            if (call.place < known) rounds->route_place[call.route] = call.place;
        }
    }
    return count;
}

INLINE void scan_routes(round_search *rounds, uint32_t k, uint32_t count, const bool back)
{
    const tq_day *day = rounds->day;
    route_scan scan = {.reach = rounds->level[k - 1].reach,
                       .best_ride = rounds->best_ride[k],
                       .ride = rounds->level[k].ride,
                       .best_reach = rounds->best_reach[k],
                       .row = &rounds->level[k],
                       .base_s = rounds->base_s,
                       .before_s = TQ_MIN(rounds->best_goal_s[k], rounds->last_s + 1),
                       .last_s = rounds->last_s,
                       .k = k};
    for (uint32_t at = 0; at < count; at++) {
        uint32_t route = rounds->route_list[at], place = rounds->route_place[route];
        uint32_t flags = day->route[route].flags;
        rounds->route_place[route] = TQ_NONE;
        if (!(flags & ROUTE_DATED) && !rounds->query->wheelchair)
            scan_route(rounds, &scan, route, place, back, false);
        else if (!rounds->query->wheelchair || !(flags & ROUTE_NO_WHEELCHAIR))
            scan_route(rounds, &scan, route, place, back, true);
    }
}

void rounds_run(round_search *rounds)
{
    for (uint32_t k = 1; k <= rounds->levels; k++) {
        if (rounds->level[k - 1].reach_count == 0) break;
        uint32_t count = collect_routes(rounds, k);
        if (count == 0) break;
        rounds_open_level(rounds, k);
        if (rounds->back)
            scan_routes(rounds, k, count, true);
        else
            scan_routes(rounds, k, count, false);
        rounds_change(rounds, k);
    }
}
