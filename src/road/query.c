/*
 * Elimination-tree searches: times and ways between vertices, and between places with several ends.
 *
 * Method: a side climbs its root path; distances lie in a row indexed by depth, so there is no heap
 * and nothing of the size of the city to clear. Between two vertices the lower one climbs until the
 * paths meet, from there on both do, passing over what is farther than the best. A place has
 * several ends: each climbs on a row of its own (or has a label), and every pair of rows meets at
 * the least sum over the depths that their paths have in common.
 *
 * Invariants: no allocation but in the arena, no lock. Lists are the perfect ones when the metric
 * has them, else the whole up-lists.
 */
#include "road/road_in.h"

/* One list: entries by depth. */
typedef struct up_list {
    const uint16_t *depth;
    const int32_t *ds;
    uint32_t stride; /* of ds */
    uint32_t count;
} up_list;

static inline __attribute__((always_inline)) up_list list_of(const tq_metric *metric,
                                                             uint32_t vertex, road_side side)
{
    if (metric->step != NULL) {
        const road_step *step = &metric->step[vertex];
        return side == ROAD_LEAVING
                   ? (up_list){metric->out_depth + step->first_out,
                               metric->out_ds + step->first_out, 1,
                               step[1].first_out - step->first_out}
                   : (up_list){metric->in_depth + step->first_in, metric->in_ds + step->first_in, 1,
                               step[1].first_in - step->first_in};
    }
    uint32_t first = metric->hierarchy->first_up[vertex],
             count = metric->hierarchy->first_up[vertex + 1] - first;
    const road_pair *pair = metric->pair + first;
    return (up_list){metric->hierarchy->up_depth + first,
                     side == ROAD_LEAVING ? &pair->up : &pair->down, 2, count};
}

/* From the same 16 bytes as the lists, where there are such. */
static inline uint32_t depth_of(const tq_metric *metric, uint32_t vertex)
{
    return metric->step != NULL ? metric->step[vertex].depth : metric->hierarchy->depth[vertex];
}

static inline uint32_t parent_of(const tq_metric *metric, uint32_t vertex)
{
    return metric->step != NULL ? metric->step[vertex].parent : metric->hierarchy->parent[vertex];
}

static inline __attribute__((always_inline)) void relax(const tq_metric *metric, uint32_t vertex,
                                                        road_side side, int32_t *restrict row)
{
    int32_t ds = row[depth_of(metric, vertex)];
    if (ds >= TQ_ROAD_INF) return;
    up_list list = list_of(metric, vertex, side);
    if (list.stride == 1) {
        for (uint32_t k = 0; k < list.count; k++) {
            int32_t reached = ds + list.ds[k];
            uint32_t place = list.depth[k];
            row[place] = TQ_MIN(reached, row[place]);
        }
    } else {
        for (uint32_t k = 0; k < list.count; k++) {
            int32_t reached = TQ_MIN(ds + list.ds[2 * k], TQ_ROAD_INF);
            uint32_t place = list.depth[k];
            row[place] = TQ_MIN(reached, row[place]);
        }
    }
}

/* ---- between vertices ------------------------------------------------------------------------ */

static int32_t *row_from(const tq_metric *metric, uint32_t vertex, tq_arena *work)
{
    uint32_t depth = depth_of(metric, vertex);
    int32_t *row = TQ_PUSH_RAW(work, int32_t, (size_t)depth + 1);
    if (row == NULL) return NULL;
    for (uint32_t d = 0; d < depth; d++)
        row[d] = TQ_ROAD_INF;
    row[depth] = 0;
    return row;
}

int32_t road_vertex_time(const tq_metric *metric, uint32_t from, uint32_t to, tq_arena *work)
{
    size_t mark = work->used;
    int32_t *out = row_from(metric, from, work), *in = row_from(metric, to, work);
    int32_t best = out == NULL || in == NULL ? -1 : TQ_ROAD_INF;
    while (best >= 0 && from != to && from != TQ_NONE && to != TQ_NONE) {
        uint32_t *low = from < to ? &from : &to;
        relax(metric, *low, low == &from ? ROAD_LEAVING : ROAD_ARRIVING, low == &from ? out : in);
        *low = parent_of(metric, *low);
    }
    if (best >= 0 && from == to) {
        for (uint32_t vertex = from; vertex != TQ_NONE; vertex = parent_of(metric, vertex)) {
            uint32_t depth = depth_of(metric, vertex);
            int32_t leaving = out[depth], arriving = in[depth];
            best = TQ_MIN(best, leaving + arriving);
            if (leaving < best) relax(metric, vertex, ROAD_LEAVING, out);
            if (arriving < best) relax(metric, vertex, ROAD_ARRIVING, in);
        }
    }
    tq_arena_reset(work, mark);
    return best;
}

/* The quickest way from a vertex back to itself over at least one link; *first is that link's head.
 */
static int32_t round_time(const tq_metric *metric, uint32_t vertex, tq_arena *work, uint32_t *first)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    int32_t best = TQ_ROAD_INF;
    for (uint32_t link = hierarchy->first_link[vertex]; link < hierarchy->first_link[vertex + 1];
         link++) {
        int32_t step = road_link_ds(metric, vertex, link);
        if (step >= TQ_ROAD_INF) continue;
        int32_t back = road_vertex_time(metric, hierarchy->link_head[link], vertex, work);
        if (back < 0) return -1;
        if (road_sum(step, back) >= best) continue;
        best = step + back;
        *first = hierarchy->link_head[link];
    }
    return best;
}

/* ---- between places -------------------------------------------------------------------------- */

static void add_end(const tq_metric *metric, road_ends *ends, uint32_t vertex, int32_t passed_ds,
                    uint32_t arc, uint32_t at_dm)
{
    uint32_t area = metric->area != NULL ? metric->area[arc >> 1] : TQ_NONE;
    if (ends->count < ROAD_ENDS_MAX)
        ends->end[ends->count++] = (road_end){vertex, passed_ds, arc, at_dm, area};
}

uint32_t road_first_copy(const tq_hierarchy *hierarchy, uint32_t arc)
{
    uint32_t low = 0, high = hierarchy->copy_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (hierarchy->arc_of_vertex[hierarchy->copy_vertex[middle]] < arc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* An end on an arc, and when arriving also on its copies. */
static void add_arc(const tq_metric *metric, uint32_t arc, uint32_t at_dm, uint32_t length_dm,
                    road_side side, road_ends *ends)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t vertex = hierarchy->vertex_of_arc[arc];
    if (vertex == TQ_NONE || metric->arc_ds[arc] >= TQ_ROAD_INF) return;
    int32_t passed_ds = road_part_ds(metric->arc_ds[arc], at_dm, length_dm);
    add_end(metric, ends, vertex, passed_ds, arc, at_dm);
    if (side == ROAD_LEAVING || hierarchy->copy_count == 0) return;
    for (uint32_t k = road_first_copy(hierarchy, arc);
         k < hierarchy->copy_count && hierarchy->arc_of_vertex[hierarchy->copy_vertex[k]] == arc;
         k++)
        add_end(metric, ends, hierarchy->copy_vertex[k], passed_ds, arc, at_dm);
}

uint32_t road_node_of(const tq_city *city, const tq_snap *snap)
{
    const tq_streets *streets = &city->streets;
    if (snap->directions != 3) return TQ_NONE;
    if (snap->along_dm == 0) return streets->edge_from[snap->edge];
    return snap->along_dm == streets->edge_length_dm[snap->edge] ? streets->edge_to[snap->edge]
                                                                 : TQ_NONE;
}

void road_ends_add(const tq_city *city, const tq_metric *metric, const tq_snap *snap,
                   road_side side, road_ends *ends)
{
    const tq_streets *streets = &city->streets;
    uint32_t node = road_node_of(city, snap);
    if (node != TQ_NONE) {
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t arc = streets->out_arc[k] ^ (side == ROAD_ARRIVING);
            uint32_t length_dm = streets->edge_length_dm[arc >> 1];
            add_arc(metric, arc, side == ROAD_ARRIVING ? length_dm : 0, length_dm, side, ends);
        }
        return;
    }
    uint32_t length_dm = streets->edge_length_dm[snap->edge];
    for (uint32_t against = 0; against < 2; against++) {
        if ((snap->directions >> against & 1) == 0) continue;
        add_arc(metric, 2 * snap->edge + against,
                against ? length_dm - snap->along_dm : snap->along_dm, length_dm, side, ends);
    }
}

/* What an end knows: times by depth, and the vertices of its root path by depth. */
typedef struct climbed {
    const int32_t *row;
    uint32_t *path;
    uint32_t depth;
} climbed;

static bool climb(const tq_metric *metric, uint32_t vertex, road_side side, tq_arena *work,
                  climbed *out)
{
    out->depth = depth_of(metric, vertex);
    out->path = TQ_PUSH_RAW(work, uint32_t, (size_t)out->depth + 1);
    int32_t *row = row_from(metric, vertex, work);
    if (out->path == NULL || row == NULL) return false;
    out->row = row;
    for (; vertex != TQ_NONE; vertex = parent_of(metric, vertex)) {
        out->path[depth_of(metric, vertex)] = vertex;
        relax(metric, vertex, side, row);
    }
    return true;
}

/* Levels that two root paths have in common. */
static uint32_t common_levels(const climbed *a, const climbed *b)
{
    uint32_t low = 0, high = TQ_MIN(a->depth, b->depth) + 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (a->path[middle] == b->path[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Time between two ends with what has passed; -1 = work is too small. The rows are NULL when the
 * metric has labels. */
static int32_t pair_time(const tq_metric *metric, const road_end *from, const road_end *to,
                         const climbed *out, const climbed *in, tq_arena *work)
{
    int32_t time = TQ_ROAD_INF;
    if (from->vertex == to->vertex) {
        if (to->passed_ds >= from->passed_ds && to->at_dm >= from->at_dm)
            return to->passed_ds - from->passed_ds;
        uint32_t first;
        time = round_time(metric, from->vertex, work, &first);
    } else if (out == NULL) {
        time = road_label_time(metric, from->vertex, to->vertex, work);
    } else {
        uint32_t levels = common_levels(out, in);
        for (uint32_t d = 0; d < levels; d++)
            time = TQ_MIN(time, out->row[d] + in->row[d]);
    }
    if (time < 0) return -1;
    return time >= TQ_ROAD_INF
               ? TQ_ROAD_INF
               : TQ_MIN(time - from->passed_ds + to->passed_ds - road_gift_ds(metric, from, to),
                        TQ_ROAD_INF);
}

int32_t road_search(const tq_city *city, const tq_metric *metric, const road_ends *from,
                    const road_ends *to, tq_arena *work, uint32_t *best_from, uint32_t *best_to)
{
    (void)city;
    size_t mark = work->used;
    bool labels = (metric->parts & TQ_METRIC_LABELS) != 0, full = false;
    climbed out[ROAD_ENDS_MAX], in[ROAD_ENDS_MAX];
    for (uint32_t k = 0; k < from->count && !labels; k++)
        full |= !climb(metric, from->end[k].vertex, ROAD_LEAVING, work, &out[k]);
    for (uint32_t k = 0; k < to->count && !labels && !full; k++)
        full |= !climb(metric, to->end[k].vertex, ROAD_ARRIVING, work, &in[k]);
    int32_t best = TQ_ROAD_INF;
    for (uint32_t i = 0; i < from->count && !full; i++) {
        for (uint32_t j = 0; j < to->count && !full; j++) {
            int32_t time = pair_time(metric, &from->end[i], &to->end[j], labels ? NULL : &out[i],
                                     labels ? NULL : &in[j], work);
            full = time < 0;
            if (full || time >= best) continue;
            best = time;
            if (best_from != NULL) *best_from = i;
            if (best_to != NULL) *best_to = j;
        }
    }
    tq_arena_reset(work, mark);
    return full ? -1 : best;
}

/* ---- the way between two vertices ------------------------------------------------------------ */

/*
 * A tracked row holds time << 16 | TRACK_START - depth that it was reached from, so that one
 * minimum keeps both; of equal times the first that is met counts, which comes from the deepest.
 */
#define TRACK_START 0xffff
#define TRACK_NONE  ((int64_t)TQ_ROAD_INF << 16)

static void relax_tracked(const tq_metric *metric, uint32_t vertex, road_side side, int64_t *row)
{
    uint32_t depth = depth_of(metric, vertex);
    if (row[depth] >= TRACK_NONE) return;
    int64_t base = (row[depth] >> 16 << 16) | (TRACK_START - (int64_t)depth);
    up_list list = list_of(metric, vertex, side);
    for (uint32_t k = 0; k < list.count; k++) {
        int64_t reached = base + ((int64_t)list.ds[(size_t)k * list.stride] << 16);
        uint32_t place = list.depth[k];
        row[place] = TQ_MIN(reached, row[place]);
    }
}

typedef struct tracked_side {
    road_side side;
    int64_t *row;   /* [begin + 1] */
    uint32_t *path; /* [begin + 1], vertices of the root path by depth */
    uint32_t begin; /* depth */
} tracked_side;

static bool tracked_make(const tq_metric *metric, uint32_t vertex, road_side side, tq_arena *work,
                         tracked_side *out)
{
    out->side = side;
    out->begin = depth_of(metric, vertex);
    size_t levels = (size_t)out->begin + 1;
    out->row = TQ_PUSH_RAW(work, int64_t, levels);
    out->path = TQ_PUSH_RAW(work, uint32_t, levels);
    if (out->row == NULL || out->path == NULL) return false;
    for (uint32_t d = 0; d < out->begin; d++)
        out->row[d] = TRACK_NONE;
    out->row[out->begin] = 0;
    return true;
}

/* Both sides climb; the depth at which they meet best. */
static int32_t search_tracked(const tq_metric *metric, uint32_t from, uint32_t to,
                              tracked_side *out, tracked_side *in, uint32_t *meet)
{
    while (from != to && from != TQ_NONE && to != TQ_NONE) {
        uint32_t *low = from < to ? &from : &to;
        tracked_side *side = from < to ? out : in;
        side->path[depth_of(metric, *low)] = *low;
        relax_tracked(metric, *low, side->side, side->row);
        *low = parent_of(metric, *low);
    }
    int32_t best = TQ_ROAD_INF;
    if (from != to) return best;
    for (uint32_t vertex = from; vertex != TQ_NONE; vertex = parent_of(metric, vertex)) {
        uint32_t depth = depth_of(metric, vertex);
        int32_t leaving = (int32_t)(out->row[depth] >> 16),
                arriving = (int32_t)(in->row[depth] >> 16);
        out->path[depth] = in->path[depth] = vertex;
        if (leaving + arriving < best) {
            best = leaving + arriving;
            *meet = depth;
        }
        if (leaving < best) relax_tracked(metric, vertex, ROAD_LEAVING, out->row);
        if (arriving < best) relax_tracked(metric, vertex, ROAD_ARRIVING, in->row);
    }
    return best;
}

/* The vertex and depth from which a depth of a side was reached. */
static uint32_t reached_from(const tracked_side *side, uint32_t depth)
{
    return TRACK_START - (uint32_t)(side->row[depth] & TRACK_START);
}

/* List entries of a side from depth `meet` back to where it began, as items of road_unpack. */
static uint32_t trace_entries(const tq_metric *metric, const tracked_side *side, uint32_t meet,
                              uint64_t *out)
{
    uint32_t count = 0, in = side->side == ROAD_ARRIVING;
    for (uint32_t depth = meet; depth != side->begin; depth = reached_from(side, depth)) {
        const road_step *step = &metric->step[side->path[reached_from(side, depth)]];
        const uint16_t *list = in ? metric->in_depth : metric->out_depth;
        uint32_t entry = in ? step->first_in : step->first_out;
        while (list[entry] != depth)
            entry++;
        out[count++] = (uint64_t)entry << 1 | in;
    }
    return count;
}

static uint32_t trace_up_arcs(const tq_metric *metric, const tracked_side *side, uint32_t meet,
                              road_up_item *out)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t count = 0, in = side->side == ROAD_ARRIVING;
    for (uint32_t depth = meet; depth != side->begin; depth = reached_from(side, depth)) {
        uint32_t low = side->path[reached_from(side, depth)];
        uint32_t arc =
            road_up_at(hierarchy, hierarchy->first_up[low], hierarchy->first_up[low + 1], depth);
        out[count++] = (road_up_item){arc << 1 | in, low};
    }
    return count;
}

/* The chain of both sides in travel order, taken apart; appends the vertices to out. Two arrays of
 * `cap` items of 8 bytes. False when they are too small. */
static bool unpack_chain(const tq_metric *metric, const tracked_side *leaving,
                         const tracked_side *arriving, uint32_t meet, uint64_t *item,
                         uint64_t *other, uint32_t cap, uint32_t *out, uint32_t *used)
{
    if (metric->parts & TQ_METRIC_WAYS) {
        uint32_t first = trace_entries(metric, leaving, meet, other), count = first;
        for (uint32_t k = 0; k < first; k++)
            item[k] = other[first - 1 - k];
        count += trace_entries(metric, arriving, meet, item + first);
        const uint64_t *found = road_unpack(metric, item, &count, other, cap);
        for (uint32_t k = 0; found != NULL && k < count; k++)
            out[(*used)++] = (uint32_t)found[k];
        return found != NULL;
    }
    road_up_item *up = (road_up_item *)(void *)item, *up_other = (road_up_item *)(void *)other;
    uint32_t first = trace_up_arcs(metric, leaving, meet, up_other), count = first;
    for (uint32_t k = 0; k < first; k++)
        up[k] = up_other[first - 1 - k];
    count += trace_up_arcs(metric, arriving, meet, up + first);
    const road_up_item *found = road_unpack_by_search(metric, up, &count, up_other, cap);
    for (uint32_t k = 0; found != NULL && k < count; k++)
        out[(*used)++] = found[k].tail;
    return found != NULL;
}

uint32_t *road_path(const tq_metric *metric, uint32_t from, uint32_t to, tq_arena *work,
                    uint32_t *count, int32_t *time)
{
    uint32_t begin = from;
    int32_t round_ds = 0;
    *time = TQ_ROAD_INF;
    if (from == to) { /* the first link, then the way back */
        round_ds = round_time(metric, from, work, &begin);
        if (round_ds < 0 || round_ds >= TQ_ROAD_INF) return NULL;
    }
    size_t mark = work->used, levels = metric->levels;
    tracked_side leaving, arriving;
    uint32_t meet = 0, used = 0;
    /* The answer comes first, so that the rest of the scratch can be given back. */
    size_t search_bytes = levels * 24 + 512;
    size_t room = work->cap - work->used;
    if (room < search_bytes + 4096) return NULL;
    uint32_t cap = (uint32_t)TQ_MIN((room - search_bytes) / 24, metric->vertex_count + 2 * levels);
    uint32_t *out = TQ_PUSH_RAW(work, uint32_t, (size_t)cap + 2);
    uint64_t *item = TQ_PUSH_RAW(work, uint64_t, cap), *other = TQ_PUSH_RAW(work, uint64_t, cap);
    bool done = out != NULL && item != NULL && other != NULL &&
                tracked_make(metric, begin, ROAD_LEAVING, work, &leaving) &&
                tracked_make(metric, to, ROAD_ARRIVING, work, &arriving);
    if (done) {
        *time = search_tracked(metric, begin, to, &leaving, &arriving, &meet);
        done = *time < TQ_ROAD_INF && cap > 2 * levels;
        if (from == to) *time = round_ds;
    }
    if (done) {
        if (from == to) out[used++] = from;
        done = unpack_chain(metric, &leaving, &arriving, meet, item, other, cap, out, &used);
        out[used++] = to;
    }
    tq_arena_reset(work, mark);
    if (!done) return NULL;
    *count = used;
    return TQ_PUSH_RAW(work, uint32_t, used); /* the same place, now as long as it is */
}

int32_t tq_road_arc_time(const tq_city *city, const tq_metric *metric, uint32_t from_arc,
                         uint32_t to_arc, tq_arena *work)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t from = hierarchy->vertex_of_arc[from_arc], to = hierarchy->vertex_of_arc[to_arc];
    (void)city;
    if (from == TQ_NONE || to == TQ_NONE) return TQ_ROAD_INF;
    int32_t best = road_vertex_time(metric, from, to, work);
    for (uint32_t k = road_first_copy(hierarchy, to_arc);
         k < hierarchy->copy_count && hierarchy->arc_of_vertex[hierarchy->copy_vertex[k]] == to_arc;
         k++) {
        int32_t time = road_vertex_time(metric, from, hierarchy->copy_vertex[k], work);
        best = TQ_MIN(best, time);
    }
    TQ_ASSERT(best >= 0);
    return best;
}
