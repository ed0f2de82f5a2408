/*
 * The earliest arrival when a way crosses slices of time.
 *
 * Method: A* (Hart, Nilsson, Raphael 1968) over the turn-expanded streets. What is left to the
 * target is bounded from below by distances in the fastest metric, found as one needs them (lazy
 * potentials over an elimination tree: Strasser, Zeitz 2021): the target's row of distances from
 * its ancestors once, then for each vertex reached the best of its up-arcs, remembered.
 *
 * A stretch (an arc, a part of one, a turn) that begins in one slice and ends in another is used up
 * in shares: what is left takes as much longer as the later weight is larger. A stretch that is
 * shut when one comes to it is waited for; one that shuts while one is on it is left at the pace
 * one had. So nobody who starts later arrives earlier, and the bounds are consistent: each vertex
 * is settled once and the answer is exact.
 *
 * Limits: TIMED_SLICES_MAX slices and TIMED_REACH_MS from the start on; then the last slice lasts
 * for ever, and what is shut in it stays shut. About 36 bytes of scratch a vertex.
 */
#include "road/vehicle_in.h"

#define TIMED_SLICES_MAX 96u
#define TIMED_REACH_MS   INT64_C(86400000)
#define NEVER            INT64_MAX
#define FROM_START       0x80000000u /* in prev: the vertex before is where the way starts */

typedef struct timed {
    const road_ends *ends; /* [2] of the places: leaving, arriving */
    const tq_city *city;
    const tq_vehicle *vehicle;
    const tq_hierarchy *hierarchy;
    const tq_metric *fastest;
    const tq_overlay *overlay;
    tq_roads *roads;
    int64_t leave_ms; /* other times are ms after it */
    road_asker asker[TIMED_SLICES_MAX];
    int64_t end_ms[TIMED_SLICES_MAX]; /* of each slice; NEVER for the last */
    uint32_t slices;
    int32_t *to_target, *target_row; /* [vertex_count] ds; -1 = not known yet */
    uint32_t *chain;                 /* [levels] */
    int64_t *at_ms;                  /* [vertex_count] earliest so far at the vertex' tail */
    uint32_t *prev;                  /* [vertex_count] */
    tq_heap heap;
} timed;

/* ---- slices and stretches -------------------------------------------------------------------- */

static void add_slice(timed *run)
{
    uint32_t k = run->slices++;
    int64_t from_ms = run->leave_ms + (k == 0 ? 0 : run->end_ms[k - 1]);
    tq_slice slice = road_slice_kept(run->roads, run->overlay, run->vehicle, from_ms);
    run->asker[k] = (road_asker){
        .city = run->city, .vehicle = run->vehicle, .moment = tq_moment_at(run->city, from_ms)};
    bool last = k + 1 == TIMED_SLICES_MAX || slice.to_ms == INT64_MAX ||
                slice.to_ms - run->leave_ms >= TIMED_REACH_MS;
    run->end_ms[k] = last ? NEVER : slice.to_ms - run->leave_ms;
}

/* The slice of an instant. */
static uint32_t slice_at(timed *run, int64_t at_ms)
{
    uint32_t k = 0;
    for (;; k++) {
        if (k == run->slices) add_slice(run);
        if (at_ms < run->end_ms[k]) return k;
    }
}

typedef struct stretch {
    uint32_t arc, link;      /* one of them TQ_NONE */
    uint32_t from_dm, to_dm; /* of the arc */
} stretch;

static int32_t stretch_ds(const timed *run, const stretch *what, uint32_t slice)
{
    const road_asker *asker = &run->asker[slice];
    if (what->arc == TQ_NONE)
        return tq_road_turn_ds(run->city, run->vehicle, &asker->moment,
                               &run->hierarchy->link[what->link]);
    uint32_t length_dm = run->city->streets.edge_length_dm[what->arc >> 1];
    int32_t arc_ds = road_arc_now(asker, run->overlay, what->arc);
    if (arc_ds >= TQ_ROAD_INF) return TQ_ROAD_INF;
    int32_t before = what->from_dm == 0 ? 0 : road_part_ds(arc_ds, what->from_dm, length_dm);
    return road_part_ds(arc_ds, what->to_dm, length_dm) - before;
}

static stretch whole_arc(const timed *run, uint32_t arc)
{
    return (stretch){arc, TQ_NONE, 0, run->city->streets.edge_length_dm[arc >> 1]};
}

/* When one is through who comes to a stretch at that time. */
static int64_t pass(timed *run, const stretch *what, int64_t at_ms)
{
    uint32_t slice = slice_at(run, at_ms);
    int32_t ds = stretch_ds(run, what, slice);
    while (ds >= TQ_ROAD_INF) {
        if (run->end_ms[slice] == NEVER) return NEVER;
        at_ms = run->end_ms[slice];
        slice = slice_at(run, at_ms);
        ds = stretch_ds(run, what, slice);
    }
    int64_t left_ms = (int64_t)ds * 100;
    while (run->end_ms[slice] != NEVER && at_ms + left_ms > run->end_ms[slice]) {
        left_ms -= run->end_ms[slice] - at_ms;
        at_ms = run->end_ms[slice];
        slice = slice_at(run, at_ms);
        int32_t next_ds = stretch_ds(run, what, slice);
        if (next_ds >= TQ_ROAD_INF) continue;
        left_ms = tq_ceil_div(left_ms * next_ds, ds);
        ds = next_ds;
        if (ds == 0) break; /* left_ms is 0 then */
    }
    return at_ms + left_ms;
}

/* ---- lower bounds ---------------------------------------------------------------------------- */

static void fill_target_row(timed *run, const road_ends *to)
{
    const tq_hierarchy *tree = run->hierarchy;
    for (uint32_t k = 0; k < to->count; k++) {
        int32_t *entry = &run->target_row[to->end[k].vertex];
        *entry = TQ_MIN(*entry, to->end[k].passed_ds);
    }
    for (uint32_t k = 0; k < to->count; k++)
        for (uint32_t low = to->end[k].vertex; low != TQ_NONE; low = tree->parent[low])
            for (uint32_t up = tree->first_up[low]; up < tree->first_up[low + 1]; up++) {
                int32_t *entry = &run->target_row[tree->up_head[up]];
                int32_t over = road_sum(run->fastest->pair[up].down, run->target_row[low]);
                *entry = TQ_MIN(*entry, over);
            }
}

/* Least deciseconds from a vertex to the target. */
static int32_t bound_ds(timed *run, uint32_t vertex)
{
    const tq_hierarchy *tree = run->hierarchy;
    uint32_t count = 0;
    for (uint32_t v = vertex; v != TQ_NONE && run->to_target[v] < 0; v = tree->parent[v])
        run->chain[count++] = v;
    while (count-- > 0) {
        uint32_t v = run->chain[count];
        int32_t least = run->target_row[v];
        for (uint32_t up = tree->first_up[v]; up < tree->first_up[v + 1]; up++) {
            int32_t over = road_sum(run->fastest->pair[up].up, run->to_target[tree->up_head[up]]);
            least = TQ_MIN(least, over);
        }
        run->to_target[v] = least;
    }
    return run->to_target[vertex];
}

/* ---- the search ------------------------------------------------------------------------------ */

/* The best arrival found, and how. */
typedef struct arrival {
    int64_t at_ms;
    uint32_t vertex; /* TQ_NONE: along one arc, without a turn */
    const road_end *from, *to;
} arrival;

static void reach(timed *run, uint32_t vertex, int64_t at_ms, uint32_t prev)
{
    if (at_ms >= run->at_ms[vertex]) return;
    int32_t left_ds = bound_ds(run, vertex);
    if (left_ds >= TQ_ROAD_INF) return;
    run->at_ms[vertex] = at_ms;
    run->prev[vertex] = prev;
    tq_heap_lower(&run->heap, vertex, at_ms + (int64_t)left_ds * 100);
}

/* In streets for the last metres where the journey neither begins nor ends? */
static bool shut_in(const timed *run, uint32_t vertex)
{
    const tq_metric *metric = run->fastest;
    if (metric->area == NULL) return false;
    uint32_t area = metric->area[run->hierarchy->arc_of_vertex[vertex] >> 1];
    if (area == TQ_NONE) return false;
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t k = 0; k < run->ends[side].count; k++)
            if (run->ends[side].end[k].area == area) return false;
    return true;
}

/* Use the rest of a vertex' arc from a place on it, and turn. */
static void leave(timed *run, uint32_t vertex, const stretch *along, int64_t at_ms, uint32_t mark)
{
    const tq_hierarchy *tree = run->hierarchy;
    int64_t head_ms = pass(run, along, at_ms);
    if (head_ms == NEVER) return;
    for (uint32_t link = tree->first_link[vertex]; link < tree->first_link[vertex + 1]; link++) {
        uint32_t head = tree->link_head[link];
        if (head_ms >= run->at_ms[head] || shut_in(run, head)) continue;
        int64_t turned_ms = pass(run, &(stretch){TQ_NONE, link, 0, 0}, head_ms);
        if (turned_ms != NEVER) reach(run, head, turned_ms, vertex | mark);
    }
}

static void arrive(timed *run, const road_ends *to, uint32_t vertex, int64_t at_ms, arrival *best)
{
    for (uint32_t k = 0; k < to->count; k++) {
        const road_end *end = &to->end[k];
        if (end->vertex != vertex) continue;
        int64_t there_ms = pass(run, &(stretch){end->arc, TQ_NONE, 0, end->at_dm}, at_ms);
        if (there_ms < best->at_ms) *best = (arrival){there_ms, vertex, NULL, end};
    }
}

static void start(timed *run, const road_ends *from, const road_ends *to, arrival *best)
{
    for (uint32_t k = 0; k < from->count; k++) {
        const road_end *begin = &from->end[k];
        for (uint32_t n = 0; n < to->count; n++) {
            const road_end *end = &to->end[n];
            if (end->arc != begin->arc || end->at_dm < begin->at_dm) continue;
            int64_t there_ms =
                pass(run, &(stretch){end->arc, TQ_NONE, begin->at_dm, end->at_dm}, 0);
            if (there_ms < best->at_ms) *best = (arrival){there_ms, TQ_NONE, begin, end};
        }
        stretch rest = whole_arc(run, begin->arc);
        rest.from_dm = begin->at_dm;
        leave(run, begin->vertex, &rest, 0, FROM_START);
    }
}

static arrival search(timed *run, const road_ends *from, const road_ends *to)
{
    arrival best = {.at_ms = NEVER, .vertex = TQ_NONE};
    fill_target_row(run, to);
    start(run, from, to, &best);
    while (run->heap.count > 0) {
        int64_t key;
        uint32_t vertex = tq_heap_pop(&run->heap, &key);
        if (key >= best.at_ms) break;
        int64_t at_ms = run->at_ms[vertex];
        arrive(run, to, vertex, at_ms, &best);
        stretch along = whole_arc(run, run->hierarchy->arc_of_vertex[vertex]);
        leave(run, vertex, &along, at_ms, 0);
    }
    return best;
}

static bool prepare(timed *run, tq_arena *work)
{
    uint32_t count = run->hierarchy->vertex_count;
    run->to_target = TQ_PUSH_RAW(work, int32_t, count);
    run->target_row = TQ_PUSH_RAW(work, int32_t, count);
    run->chain = TQ_PUSH_RAW(work, uint32_t, run->fastest->levels + 1);
    run->at_ms = TQ_PUSH_RAW(work, int64_t, count);
    run->prev = TQ_PUSH_RAW(work, uint32_t, count);
    run->heap = (tq_heap){.id = TQ_PUSH_RAW(work, uint32_t, count),
                          .pos = TQ_PUSH_RAW(work, uint32_t, count),
                          .key = TQ_PUSH_RAW(work, int64_t, count)};
    if (run->to_target == NULL || run->target_row == NULL || run->chain == NULL ||
        run->at_ms == NULL || run->prev == NULL || run->heap.id == NULL || run->heap.pos == NULL ||
        run->heap.key == NULL)
        return false;
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        run->to_target[vertex] = -1;
        run->target_row[vertex] = TQ_ROAD_INF;
        run->at_ms[vertex] = NEVER;
        run->heap.pos[vertex] = TQ_NONE;
    }
    return true;
}

/* ---- the way --------------------------------------------------------------------------------- */

static uint32_t count_vertices(const timed *run, const arrival *best)
{
    uint32_t count = 1;
    if (best->vertex == TQ_NONE) return 1;
    for (uint32_t vertex = best->vertex;; count++) {
        uint32_t prev = run->prev[vertex];
        if ((prev & FROM_START) != 0) return count + 1;
        vertex = prev;
    }
}

/* The first arc's place is that of the start's end with that vertex. */
static const road_end *begin_of(const road_ends *from, uint32_t vertex)
{
    for (uint32_t k = 0; k < from->count; k++)
        if (from->end[k].vertex == vertex) return &from->end[k];
    return NULL;
}

/* Go along the way once more for the times of its turns. */
static void fill_turns(timed *run, const uint32_t *vertex, tq_way *out, int32_t *turn_ds)
{
    int64_t at_ms = 0;
    for (uint32_t k = 0; k + 1 < out->arc_count; k++) {
        stretch along = whole_arc(run, out->arc[k]);
        if (k == 0) along.from_dm = out->first_from_dm;
        at_ms = pass(run, &along, at_ms);
        uint32_t link = road_link_between(run->hierarchy, vertex[k], vertex[k + 1]);
        int64_t turned_ms = pass(run, &(stretch){TQ_NONE, link, 0, 0}, at_ms);
        turn_ds[k] = (int32_t)((turned_ms - at_ms + 50) / 100);
        at_ms = turned_ms;
    }
}

static bool fill_way(timed *run, const road_ends *from, const arrival *best, tq_arena *work,
                     tq_way *out)
{
    const tq_streets *streets = &run->city->streets;
    uint32_t count = count_vertices(run, best);
    uint32_t *vertex = TQ_PUSH_RAW(work, uint32_t, count),
             *arc = TQ_PUSH_RAW(work, uint32_t, count);
    int32_t *turn_ds = TQ_PUSH(work, int32_t, count);
    if (vertex == NULL || arc == NULL || turn_ds == NULL) return false;
    const road_end *begin = best->from;
    vertex[count - 1] = best->vertex;
    arc[count - 1] = best->to->arc;
    for (uint32_t k = count - 1; k-- > 0;) {
        vertex[k] = run->prev[vertex[k + 1]] & ~FROM_START;
        arc[k] = run->hierarchy->arc_of_vertex[vertex[k]];
    }
    if (begin == NULL) begin = begin_of(from, vertex[0]);
    uint64_t length_dm = 0;
    for (uint32_t k = 0; k + 1 < count; k++)
        length_dm += streets->edge_length_dm[arc[k] >> 1];
    length_dm += best->to->at_dm;
    *out = (tq_way){.time_ds = tq_ceil_div(best->at_ms, 100),
                    .length_dm = (uint32_t)(length_dm - begin->at_dm),
                    .arc = arc,
                    .turn_ds = turn_ds,
                    .arc_count = count,
                    .first_from_dm = begin->at_dm,
                    .last_to_dm = best->to->at_dm};
    fill_turns(run, vertex, out, turn_ds);
    return true;
}

static tq_status timed_way(timed *run, const tq_snap *from, const tq_snap *to, tq_arena *work,
                           tq_way *out, tq_err *err)
{
    road_ends *ends = TQ_PUSH(work, road_ends, 2);
    if (ends == NULL || !prepare(run, work))
        return tq_fail(err, TQ_NO_MEMORY, 0, "scratch is too small for a way through the hours");
    run->ends = ends;
    road_ends_add(run->city, run->fastest, from, ROAD_LEAVING, &ends[0]);
    road_ends_add(run->city, run->fastest, to, ROAD_ARRIVING, &ends[1]);
    arrival best = {.vertex = TQ_NONE, .from = &ends[0].end[0], .to = &ends[0].end[0]};
    uint32_t node = road_node_of(run->city, from);
    bool there = node != TQ_NONE && node == road_node_of(run->city, to) && ends[0].count > 0;
    if (!there) best = search(run, &ends[0], &ends[1]);
    if (best.at_ms == NEVER)
        return tq_fail(err, TQ_NO_ROUTE, 0, "the two places are not connected within %d hours",
                       (int)(TIMED_REACH_MS / 3600000));
    if (!fill_way(run, &ends[0], &best, work, out))
        return tq_fail(err, TQ_NO_MEMORY, 0, "scratch is too small for a way through the hours");
    return TQ_OK;
}

tq_status tq_road_way_timed(const tq_city *city, tq_roads *roads, const tq_overlay *overlay,
                            const tq_vehicle *vehicle, int64_t leave_ms, const tq_snap *from,
                            const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err)
{
    uint32_t edges = city->streets.edge_count;
    if (from->edge >= edges || to->edge >= edges)
        return tq_fail(err, TQ_BAD_INPUT, 0, "edge %u is not one of the %u of this city",
                       TQ_MAX(from->edge, to->edge), edges);
    timed *run = TQ_PUSH(work, timed, 1);
    if (run == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "scratch is too small for a way through the hours");
    TQ_TRY(road_fastest(roads, overlay, vehicle, &run->fastest, err));
    run->city = city;
    run->vehicle = vehicle;
    run->hierarchy = &city->hierarchy[vehicle->kind];
    run->overlay = overlay;
    run->roads = roads;
    run->leave_ms = leave_ms;
    tq_status status = timed_way(run, from, to, work, out, err);
    tq_roads_put(roads, run->fastest);
    return status;
}

tq_status tq_road_way_at(const tq_city *city, tq_roads *roads, const tq_overlay *overlay,
                         const tq_metric *metric, int64_t leave_ms, const tq_snap *from,
                         const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err)
{
    const tq_vehicle *vehicle = tq_metric_vehicle(metric);
    tq_way way;
    tq_status status = tq_road_way(city, metric, from, to, work, &way, err);
    if (status != TQ_OK && status != TQ_NO_ROUTE) return status;
    tq_slice slice = road_slice_kept(roads, overlay, vehicle, leave_ms);
    int64_t left_ms = slice.to_ms == INT64_MAX ? INT64_MAX : slice.to_ms - leave_ms;
    bool within = status == TQ_OK ? left_ms / 100 >= way.time_ds : left_ms >= TIMED_REACH_MS;
    if (!within) {
        size_t mark = work->used;
        tq_err why = {0};
        tq_way later;
        tq_status second = tq_road_way_timed(city, roads, overlay, vehicle, leave_ms, from, to,
                                             work, &later, &why);
        if (second == TQ_OK) {
            way = later;
            status = TQ_OK;
        } else {
            tq_arena_reset(work, mark); /* the way of the hour of leaving is an answer too */
        }
    }
    if (status == TQ_OK) *out = way;
    return status;
}
