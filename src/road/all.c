/*
 * One place to all vertices, and all to one.
 *
 * Method (Delling, Goldberg, Nowatzyk, Werneck 2011, as a walk over the tree): times of the
 * vertices above the place by climbing; then all vertices from the highest number down, each from
 * its ancestors, whose times stand in a row by depth. In post-order the ancestors of the vertex in
 * hand are always the ones that the row holds, and everything is read in sequence.
 *
 * Invariants: a place inside an arc has no time at the arc's tail but by going round, so a sweep
 * from it begins behind the links of its arc.
 */
#include "road/many_in.h"

typedef struct sweep {
    const tq_metric *metric;
    many_side up, down; /* lists to climb by and to sweep by */
    uint32_t *path;     /* [levels], vertex at each depth */
    int32_t *row;       /* [levels] */
    int32_t *ds;        /* [vertex] */
} sweep;

/* Let a vertex be reached after `ds`, and climb from it. */
static void begin_at(sweep *work, uint32_t vertex, int32_t ds)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    if (ds >= work->ds[vertex]) return;
    work->ds[vertex] = ds;
    for (uint32_t above = vertex; above != TQ_NONE; above = hierarchy->parent[above])
        work->path[hierarchy->depth[above]] = above;
    for (uint32_t at = vertex; at != TQ_NONE; at = hierarchy->parent[at]) {
        int32_t here = work->ds[at];
        if (here >= TQ_ROAD_INF) continue;
        many_list list = many_list_of(work->metric, work->up, at);
        for (uint32_t entry = 0; entry < list.count; entry++) {
            int32_t reached = here + many_ds(&list, entry);
            int32_t *there = &work->ds[work->path[list.depth[entry]]];
            *there = TQ_MIN(reached, *there);
        }
    }
}

static inline int32_t least_of(many_list list, const int32_t *restrict row, int32_t ds)
{
    for (uint32_t entry = 0; entry < list.count; entry++) {
        int32_t reached = row[list.depth[entry]] + many_ds(&list, entry);
        ds = TQ_MIN(reached, ds);
    }
    return ds;
}

static void sweep_pruned(const sweep *work)
{
    const tq_metric *metric = work->metric;
    const road_step *step = metric->step;
    bool in = work->down == MANY_IN;
    const uint16_t *list_depth = in ? metric->in_depth : metric->out_depth;
    const int32_t *list_ds = in ? metric->in_ds : metric->out_ds;
    uint32_t end = in ? step[metric->vertex_count].first_in : step[metric->vertex_count].first_out;
    for (uint32_t vertex = metric->vertex_count; vertex-- > 0;) {
        uint32_t first = in ? step[vertex].first_in : step[vertex].first_out;
        many_list list = {list_depth + first, list_ds + first, end - first, 1};
        end = first;
        work->row[step[vertex].depth] = work->ds[vertex] =
            least_of(list, work->row, work->ds[vertex]);
    }
}

static void sweep_all(const sweep *work)
{
    const tq_metric *metric = work->metric;
    for (uint32_t vertex = metric->vertex_count; vertex-- > 0;)
        work->row[metric->hierarchy->depth[vertex]] = work->ds[vertex] =
            least_of(many_list_of(metric, work->down, vertex), work->row, work->ds[vertex]);
}

static void begin_behind(sweep *work, const road_end *end)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    if (end->at_dm == 0) {
        begin_at(work, end->vertex, 0);
        return;
    }
    for (uint32_t link = hierarchy->first_link[end->vertex];
         link < hierarchy->first_link[end->vertex + 1]; link++) {
        int32_t ds = road_link_ds(work->metric, end->vertex, link);
        if (ds < TQ_ROAD_INF) begin_at(work, hierarchy->link_head[link], ds - end->passed_ds);
    }
}

static int32_t entry_of(const tq_metric *metric, uint32_t area)
{
    return area == TQ_NONE ? 0 : metric->vehicle.destination_entry_ds;
}

static bool in_area_of(const road_ends *ends, uint32_t area)
{
    for (uint32_t k = 0; k < ends->count; k++)
        if (ends->end[k].area == area) return true;
    return false;
}

/* Vertices in streets for the last metres: who ends there takes the entry off, unless the place is
 * in the same ones; who comes from the same ones to the place has not paid what was taken off. */
static void take_entries_off(sweep *work, const road_ends *ends, bool from)
{
    const tq_metric *metric = work->metric;
    if (metric->area == NULL) return;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        uint32_t area = metric->area[metric->hierarchy->arc_of_vertex[vertex] >> 1];
        if (area == TQ_NONE || work->ds[vertex] >= TQ_ROAD_INF) continue;
        bool same = in_area_of(ends, area);
        if (from && !same) work->ds[vertex] -= metric->vehicle.destination_entry_ds;
        if (!from && same) work->ds[vertex] += metric->vehicle.destination_entry_ds;
    }
}

tq_status tq_road_all(const tq_city *city, const tq_metric *metric, const tq_snap *place,
                      tq_sweep direction, tq_arena *arena, int32_t *out, tq_err *err)
{
    size_t mark = arena->used;
    bool from = direction == TQ_SWEEP_FROM;
    sweep work = {.metric = metric,
                  .up = from ? MANY_OUT : MANY_IN,
                  .down = from ? MANY_IN : MANY_OUT,
                  .path = TQ_PUSH_RAW(arena, uint32_t, metric->levels),
                  .row = TQ_PUSH_RAW(arena, int32_t, metric->levels),
                  .ds = out};
    if (work.path == NULL || work.row == NULL) {
        tq_arena_reset(arena, mark);
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for a sweep");
    }
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++)
        out[vertex] = TQ_ROAD_INF;
    road_ends ends = {0};
    road_ends_add(city, metric, place, from ? ROAD_LEAVING : ROAD_ARRIVING, &ends);
    for (uint32_t k = 0; k < ends.count; k++) {
        if (from)
            begin_behind(&work, &ends.end[k]);
        else
            begin_at(&work, ends.end[k].vertex,
                     ends.end[k].passed_ds - entry_of(metric, ends.end[k].area));
    }
    if (metric->parts & TQ_METRIC_PRUNED)
        sweep_pruned(&work);
    else
        sweep_all(&work);
    take_entries_off(&work, &ends, from);
    tq_arena_reset(arena, mark);
    return TQ_OK;
}
