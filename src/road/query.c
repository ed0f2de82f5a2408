/*
 * Elimination-tree searches over a metric's pruned lists.
 *
 * Method: both sides climb their root path; distances lie in a row indexed by depth, so there is no
 * heap and nothing of the size of the city to clear. Until the paths meet, the lower vertex climbs;
 * from there on both sides are done together and a vertex that is already farther than the best way
 * is passed over. A way is put together from the entries that set each distance, then each up-arc
 * is taken apart with a stack: it stands for a street arc or for the two sides of a lower triangle.
 *
 * Invariants: no allocation but in the arena, no lock, no recursion. Both ends of a place lie on
 * one root path (they are joined by an edge), so a search starts from both at once.
 */
#include "road/road_in.h"

/* One side of a search. */
typedef struct search_side {
    int32_t *ds;    /* [levels], by depth */
    uint64_t *from; /* [levels], depth of the tail << 32 | list entry that set it; NULL when no way
                       is asked */
} search_side;

typedef enum tracking { TIME_ONLY, WITH_WAY } tracking;

#define FROM_START UINT64_MAX

/* Relax a vertex' list; `ds` holds its distance. */
static inline __attribute__((always_inline)) void
relax(tracking track, search_side *side, uint32_t depth, int32_t ds, uint32_t begin, uint32_t end,
      const uint16_t *restrict list_depth, const int32_t *restrict list_ds)
{
    int32_t *restrict row = side->ds;
    for (uint32_t entry = begin; entry < end; entry++) {
        int32_t reached = ds + list_ds[entry];
        uint32_t place = list_depth[entry];
        if (track == TIME_ONLY) {
            row[place] = TQ_MIN(reached, row[place]);
        } else if (reached < row[place]) {
            row[place] = reached;
            side->from[place] = (uint64_t)depth << 32 | entry;
        }
    }
}

/* Set the row of a side for its ends; returns the lowest of their vertices. */
static uint32_t begin_side(const tq_metric *metric, const road_ends *ends, tracking track,
                           search_side *side)
{
    uint32_t low = ends->end[0].vertex;
    for (uint32_t k = 1; k < ends->count; k++)
        low = TQ_MIN(low, ends->end[k].vertex);
    uint32_t levels = metric->step[low].depth + 1;
    for (uint32_t depth = 0; depth < levels; depth++)
        side->ds[depth] = TQ_ROAD_INF;
    for (uint32_t k = 0; k < ends->count; k++) {
        uint32_t depth = metric->step[ends->end[k].vertex].depth;
        if (ends->end[k].cost_ds >= side->ds[depth]) continue;
        side->ds[depth] = ends->end[k].cost_ds;
        if (track == WITH_WAY) side->from[depth] = FROM_START;
    }
    return low;
}

static inline __attribute__((always_inline)) int32_t
search(const tq_metric *metric, const road_ends *from, const road_ends *to, tracking track,
       search_side *out, search_side *in, uint32_t *meet)
{
    const road_step *step = metric->step;
    uint32_t low = begin_side(metric, from, track, out), high = begin_side(metric, to, track, in);
    while (low != high && low != TQ_NONE && high != TQ_NONE) {
        if (low < high) {
            int32_t ds = out->ds[step[low].depth];
            if (ds < TQ_ROAD_INF)
                relax(track, out, step[low].depth, ds, step[low].first_out, step[low + 1].first_out,
                      metric->out_depth, metric->out_ds);
            low = step[low].parent;
        } else {
            int32_t ds = in->ds[step[high].depth];
            if (ds < TQ_ROAD_INF)
                relax(track, in, step[high].depth, ds, step[high].first_in, step[high + 1].first_in,
                      metric->in_depth, metric->in_ds);
            high = step[high].parent;
        }
    }
    int32_t best = TQ_ROAD_INF;
    if (low != high) return best; /* different trees */
    for (uint32_t vertex = low; vertex != TQ_NONE; vertex = step[vertex].parent) {
        uint32_t depth = step[vertex].depth;
        int32_t leaving = out->ds[depth], arriving = in->ds[depth];
        if (leaving + arriving < best) {
            best = leaving + arriving;
            *meet = depth;
        }
        if (leaving < best)
            relax(track, out, depth, leaving, step[vertex].first_out, step[vertex + 1].first_out,
                  metric->out_depth, metric->out_ds);
        if (arriving < best)
            relax(track, in, depth, arriving, step[vertex].first_in, step[vertex + 1].first_in,
                  metric->in_depth, metric->in_ds);
    }
    return best;
}

int32_t road_search(const tq_metric *metric, const road_ends *from, const road_ends *to,
                    tq_arena *work)
{
    if (from->count == 0 || to->count == 0) return TQ_ROAD_INF;
    size_t mark = work->used;
    search_side out = {.ds = TQ_PUSH_RAW(work, int32_t, metric->levels)};
    search_side in = {.ds = TQ_PUSH_RAW(work, int32_t, metric->levels)};
    int32_t best = -1;
    uint32_t meet = 0;
    if (out.ds != NULL && in.ds != NULL)
        best = search(metric, from, to, TIME_ONLY, &out, &in, &meet);
    tq_arena_reset(work, mark);
    return best;
}

/* ---- ways ------------------------------------------------------------------------------------ */

/* An up-arc still to be taken apart, and its direction in the lowest bit. */
#define UP   0u
#define DOWN 1u

typedef struct unpacking {
    const tq_hierarchy *hierarchy;
    const tq_metric *metric;
    uint32_t *stack; /* [3 * levels + 2] */
    uint32_t height;
    uint32_t *arc; /* [cap] */
    uint32_t count, cap;
    bool full;
} unpacking;

/* The up-arc from the same tail as `low` to the head at that depth; it stands behind `low`. */
static uint32_t sibling(const tq_hierarchy *hierarchy, uint32_t low, uint32_t depth)
{
    uint32_t other = low + 1;
    while (hierarchy->up_depth[other] != depth)
        other++;
    return other;
}

/* Take apart everything on the stack, the top first. */
static void unpack(unpacking *work)
{
    while (work->height > 0) {
        uint32_t item = work->stack[--work->height], arc = item >> 1;
        uint32_t via = item & 1 ? work->metric->via_down[arc] : work->metric->via_up[arc];
        TQ_ASSERT(via != TQ_NONE);
        if (via & ROAD_VIA_STREET) {
            if (work->count == work->cap) {
                work->full = true;
                return;
            }
            work->arc[work->count++] = via & ~ROAD_VIA_STREET;
            continue;
        }
        uint32_t other = sibling(work->hierarchy, via, work->hierarchy->up_depth[arc]);
        /* UP goes tail, middle, head; DOWN head, middle, tail. The second half goes below the
         * first. */
        if ((item & 1) == UP) {
            work->stack[work->height++] = other << 1 | UP;
            work->stack[work->height++] = via << 1 | DOWN;
        } else {
            work->stack[work->height++] = via << 1 | UP;
            work->stack[work->height++] = other << 1 | DOWN;
        }
    }
}

/* The end that set this depth; a way always begins at one. */
static const road_end *end_at(const tq_metric *metric, const road_ends *ends, uint32_t depth,
                              int32_t cost_ds)
{
    const road_end *found = NULL;
    for (uint32_t k = 0; k < ends->count && found == NULL; k++)
        if (metric->step[ends->end[k].vertex].depth == depth && ends->end[k].cost_ds == cost_ds)
            found = &ends->end[k];
    TQ_ASSERT(found != NULL);
    return found;
}

tq_status road_search_way(const tq_city *city, const tq_metric *metric, const road_ends *from,
                          const road_ends *to, tq_arena *work, road_found *found)
{
    if (from->count == 0 || to->count == 0) return TQ_NO_ROUTE;
    /* One block, so that the arcs, when they are known, can be moved down over it. A chain has at
       most `levels` arcs and taking one apart adds at most one item a level. */
    size_t mark = work->used, levels = metric->levels, stack_room = 3 * levels + 2;
    uint64_t *block = tq_arena_push_raw(work, 1, levels * 24 + stack_room * sizeof(uint32_t), 8);
    if (block == NULL) return TQ_NO_MEMORY;
    int32_t *rows = (int32_t *)(void *)(block + 2 * levels);
    search_side out = {rows, block}, in = {rows + levels, block + levels};
    unpacking parts = {.hierarchy = road_hierarchy(city, metric), .metric = metric};
    parts.stack = (uint32_t *)(void *)(rows + 2 * levels);
    uint32_t meet = 0;
    int32_t best = search(metric, from, to, WITH_WAY, &out, &in, &meet);
    if (best >= TQ_ROAD_INF) {
        tq_arena_reset(work, mark);
        return TQ_NO_ROUTE;
    }
    parts.cap = (uint32_t)TQ_MIN((work->cap - work->used) / sizeof *parts.arc, (size_t)UINT32_MAX);
    parts.cap -= parts.cap != 0; /* alignment */
    parts.arc = TQ_PUSH_RAW(work, uint32_t, parts.cap);
    if (parts.arc == NULL) return TQ_NO_MEMORY;

    uint32_t depth = meet;
    for (; out.from[depth] != FROM_START; depth = (uint32_t)(out.from[depth] >> 32))
        parts.stack[parts.height++] = metric->out_arc[(uint32_t)out.from[depth]] << 1 | UP;
    const road_end *first = end_at(metric, from, depth, out.ds[depth]);
    unpack(&parts);
    for (depth = meet; in.from[depth] != FROM_START && !parts.full;
         depth = (uint32_t)(in.from[depth] >> 32)) {
        parts.stack[parts.height++] = metric->in_arc[(uint32_t)in.from[depth]] << 1 | DOWN;
        unpack(&parts);
    }
    if (parts.full) return TQ_NO_MEMORY;
    const road_end *last = end_at(metric, to, depth, in.ds[depth]);

    uint32_t *keep = (uint32_t *)(void *)block;
    size_t start = (size_t)((uint8_t *)block - work->base);
    memmove(keep, parts.arc, parts.count * sizeof *keep);
    tq_arena_reset(work, start);
    keep = TQ_PUSH_RAW(work, uint32_t, parts.count);
    *found = (road_found){best, keep, parts.count, first, last};
    return TQ_OK;
}

/* ---- places ---------------------------------------------------------------------------------- */

static void add_end(road_ends *ends, uint32_t vertex, int32_t cost_ds, uint32_t arc, uint32_t at_dm)
{
    if (vertex == TQ_NONE || cost_ds >= TQ_ROAD_INF) return;
    ends->end[ends->count++] = (road_end){vertex, cost_ds, arc, at_dm};
}

road_ends road_ends_of(const tq_city *city, const tq_metric *metric, const tq_snap *snap,
                       road_side side)
{
    const tq_streets *streets = &city->streets;
    const uint32_t *vertex_of_node = road_hierarchy(city, metric)->vertex_of_node;
    uint32_t along = snap->edge * 2, against = along + 1,
             length_dm = streets->edge_length_dm[snap->edge];
    uint32_t ahead_dm = snap->along_dm, behind_dm = length_dm - ahead_dm;
    uint32_t begin = vertex_of_node[streets->edge_from[snap->edge]],
             end = vertex_of_node[streets->edge_to[snap->edge]];
    road_ends ends = {0};
    /* At a node one may leave by any of its streets, whichever of them the place was found on. */
    if (ahead_dm == 0) add_end(&ends, begin, 0, TQ_NONE, 0);
    if (behind_dm == 0) add_end(&ends, end, 0, TQ_NONE, 0);
    if (ends.count != 0) return ends;
    int32_t along_ds = metric->arc_ds[along], against_ds = metric->arc_ds[against];
    if (side == ROAD_LEAVING) {
        add_end(&ends, end, road_part_ds(along_ds, behind_dm, length_dm), along, ahead_dm);
        add_end(&ends, begin, road_part_ds(against_ds, ahead_dm, length_dm), against, behind_dm);
    } else {
        add_end(&ends, begin, road_part_ds(along_ds, ahead_dm, length_dm), along, ahead_dm);
        add_end(&ends, end, road_part_ds(against_ds, behind_dm, length_dm), against, behind_dm);
    }
    return ends;
}

int32_t tq_road_node_time(const tq_city *city, const tq_metric *metric, uint32_t from_node,
                          uint32_t to_node, tq_arena *work)
{
    const uint32_t *vertex_of_node = road_hierarchy(city, metric)->vertex_of_node;
    road_ends from = {0}, to = {0};
    add_end(&from, vertex_of_node[from_node], 0, TQ_NONE, 0);
    add_end(&to, vertex_of_node[to_node], 0, TQ_NONE, 0);
    int32_t time = road_search(metric, &from, &to, work);
    TQ_ASSERT(time >= 0);
    return time;
}
