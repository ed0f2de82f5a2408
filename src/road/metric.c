/*
 * Metrics: weights of one kind of traveller at one instant over the hierarchy of the city file.
 *
 * Method (Dibbelt, Strasser, Wagner 2016), in the form that suits a post-order:
 *  1. street weights are laid on their up-arcs, the least of parallel ones;
 *  2. customize: a vertex pulls from each lower neighbour the rest of that neighbour's list into a
 * row indexed by depth, so all triangles below it are seen once and read in sequence;
 *  3. what each up-arc stands for is found by looking for the triangle that gives its weight;
 *  4. perfect customization from the top down finds true distances; arcs that are longer are left
 * out of the lists that queries read.
 *
 * Invariants: weights are 0 .. TQ_ROAD_INF, where TQ_ROAD_INF is «no way»; two of them never
 * overflow 32 bits. A way longer than TQ_ROAD_INF deciseconds (3.4 years) counts as none. The same
 * weights give the same arrays.
 */
#include "road/road_in.h"

/* Rows by depth, for the one vertex in hand. */
typedef struct depth_rows {
    int32_t *up_ds, *down_ds; /* [levels] */
    uint32_t *arc;            /* [levels] */
    uint32_t *stamp;          /* [levels] */
} depth_rows;

static void rows_free(depth_rows *rows)
{
    tq_free(rows->up_ds);
    tq_free(rows->down_ds);
    tq_free(rows->arc);
    tq_free(rows->stamp);
}

static bool rows_make(depth_rows *rows, uint32_t levels)
{
    rows->up_ds = TQ_ALLOC(int32_t, levels);
    rows->down_ds = TQ_ALLOC(int32_t, levels);
    rows->arc = TQ_ALLOC(uint32_t, levels);
    rows->stamp = TQ_ALLOC(uint32_t, levels);
    return rows->up_ds != NULL && rows->down_ds != NULL && rows->arc != NULL && rows->stamp != NULL;
}

static void lay_streets(const tq_hierarchy *hierarchy, tq_metric *metric)
{
    for (uint32_t up = 0; up < metric->up_count; up++) {
        metric->up_ds[up] = metric->down_ds[up] = TQ_ROAD_INF;
        metric->via_up[up] = metric->via_down[up] = TQ_NONE;
    }
    for (uint32_t arc = 0; arc < 2 * metric->edge_count; arc++) {
        uint32_t place = hierarchy->up_of_arc[arc];
        if (place == TQ_NONE || metric->arc_ds[arc] >= TQ_ROAD_INF) continue;
        int32_t *weight = place & 1 ? metric->down_ds : metric->up_ds;
        uint32_t *via = place & 1 ? metric->via_down : metric->via_up;
        if (metric->arc_ds[arc] >= weight[place >> 1]) continue;
        weight[place >> 1] = metric->arc_ds[arc];
        via[place >> 1] = arc | ROAD_VIA_STREET;
    }
}

static void customize(const tq_hierarchy *hierarchy, tq_metric *metric, depth_rows *rows)
{
    int32_t *restrict up_row = rows->up_ds, *restrict down_row = rows->down_ds;
    int32_t *up_ds = metric->up_ds, *down_ds = metric->down_ds;
    const uint16_t *depth = hierarchy->up_depth;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        uint32_t begin = hierarchy->first_up[vertex], end = hierarchy->first_up[vertex + 1];
        uint32_t down_end = hierarchy->first_down[vertex + 1];
        if (begin == end || hierarchy->first_down[vertex] == down_end) continue;
        for (uint32_t arc = begin; arc < end; arc++) {
            up_row[depth[arc]] = up_ds[arc];
            down_row[depth[arc]] = down_ds[arc];
        }
        for (uint32_t k = hierarchy->first_down[vertex]; k < down_end; k++) {
            uint32_t low = hierarchy->down_arc[k],
                     low_end = hierarchy->first_up[hierarchy->down_tail[k] + 1];
            int32_t to_low = down_ds[low], from_low = up_ds[low];
            if (to_low >= TQ_ROAD_INF && from_low >= TQ_ROAD_INF) continue;
            for (uint32_t other = low + 1; other < low_end; other++) {
                uint32_t row = depth[other];
                int32_t up = to_low + up_ds[other], down = down_ds[other] + from_low;
                up_row[row] = TQ_MIN(up, up_row[row]);
                down_row[row] = TQ_MIN(down, down_row[row]);
            }
        }
        for (uint32_t arc = begin; arc < end; arc++) {
            up_ds[arc] = TQ_MIN(up_row[depth[arc]], TQ_ROAD_INF);
            down_ds[arc] = TQ_MIN(down_row[depth[arc]], TQ_ROAD_INF);
        }
    }
}

/* The lowest triangle that gives an up-arc its weight, unless a street does. */
static void find_vias(const tq_hierarchy *hierarchy, tq_metric *metric, depth_rows *rows)
{
    const int32_t *up_ds = metric->up_ds, *down_ds = metric->down_ds;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        uint32_t begin = hierarchy->first_up[vertex], end = hierarchy->first_up[vertex + 1];
        for (uint32_t arc = begin; arc < end; arc++) {
            rows->arc[hierarchy->up_depth[arc]] = arc;
            /* A street that a triangle beats is no longer what the arc stands for. */
            uint32_t up = metric->via_up[arc], down = metric->via_down[arc];
            if (up != TQ_NONE && metric->arc_ds[up & ~ROAD_VIA_STREET] != up_ds[arc])
                metric->via_up[arc] = TQ_NONE;
            if (down != TQ_NONE && metric->arc_ds[down & ~ROAD_VIA_STREET] != down_ds[arc])
                metric->via_down[arc] = TQ_NONE;
        }
        for (uint32_t k = hierarchy->first_down[vertex]; k < hierarchy->first_down[vertex + 1];
             k++) {
            uint32_t low = hierarchy->down_arc[k],
                     low_end = hierarchy->first_up[hierarchy->down_tail[k] + 1];
            int32_t to_low = down_ds[low], from_low = up_ds[low];
            if (to_low >= TQ_ROAD_INF && from_low >= TQ_ROAD_INF) continue;
            for (uint32_t other = low + 1; other < low_end; other++) {
                uint32_t arc = rows->arc[hierarchy->up_depth[other]];
                if (to_low + up_ds[other] == up_ds[arc] && up_ds[arc] < TQ_ROAD_INF &&
                    metric->via_up[arc] == TQ_NONE)
                    metric->via_up[arc] = low;
                if (down_ds[other] + from_low == down_ds[arc] && down_ds[arc] < TQ_ROAD_INF &&
                    metric->via_down[arc] == TQ_NONE)
                    metric->via_down[arc] = low;
            }
        }
    }
}

/* True distances along up-arcs, from the top down: triangles whose third vertex lies above the
 * arc's tail. */
static void perfect(const tq_hierarchy *hierarchy, const tq_metric *metric, depth_rows *rows,
                    int32_t *up_true, int32_t *down_true)
{
    const uint16_t *depth = hierarchy->up_depth;
    for (uint32_t vertex = metric->vertex_count; vertex-- > 0;) {
        uint32_t begin = hierarchy->first_up[vertex], end = hierarchy->first_up[vertex + 1],
                 mark = vertex + 1;
        for (uint32_t arc = begin; arc < end; arc++) {
            rows->up_ds[depth[arc]] = metric->up_ds[arc];
            rows->down_ds[depth[arc]] = metric->down_ds[arc];
            rows->stamp[depth[arc]] = mark;
        }
        for (uint32_t arc = begin; arc < end; arc++) {
            uint32_t head = hierarchy->up_head[arc], row = depth[arc];
            int32_t up = rows->up_ds[row], down = rows->down_ds[row];
            for (uint32_t other = hierarchy->first_up[head]; other < hierarchy->first_up[head + 1];
                 other++) {
                uint32_t third = depth[other];
                if (rows->stamp[third] != mark) continue;
                rows->up_ds[third] = TQ_MIN(rows->up_ds[third], up + up_true[other]);
                rows->down_ds[third] = TQ_MIN(rows->down_ds[third], down_true[other] + down);
                up = TQ_MIN(up, rows->up_ds[third] + down_true[other]);
                down = TQ_MIN(down, up_true[other] + rows->down_ds[third]);
            }
            rows->up_ds[row] = up;
            rows->down_ds[row] = down;
        }
        for (uint32_t arc = begin; arc < end; arc++) {
            up_true[arc] = rows->up_ds[depth[arc]];
            down_true[arc] = rows->down_ds[depth[arc]];
        }
    }
}

static void fill_lists(const tq_hierarchy *hierarchy, tq_metric *metric, const int32_t *up_true,
                       const int32_t *down_true)
{
    uint32_t out = 0, in = 0;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        metric->step[vertex] =
            (road_step){out, in, hierarchy->parent[vertex], hierarchy->depth[vertex]};
        for (uint32_t arc = hierarchy->first_up[vertex]; arc < hierarchy->first_up[vertex + 1];
             arc++) {
            if (metric->up_ds[arc] < TQ_ROAD_INF && metric->up_ds[arc] == up_true[arc]) {
                metric->out_depth[out] = hierarchy->up_depth[arc];
                metric->out_ds[out] = metric->up_ds[arc];
                metric->out_arc[out++] = arc;
            }
            if (metric->down_ds[arc] < TQ_ROAD_INF && metric->down_ds[arc] == down_true[arc]) {
                metric->in_depth[in] = hierarchy->up_depth[arc];
                metric->in_ds[in] = metric->down_ds[arc];
                metric->in_arc[in++] = arc;
            }
        }
    }
    metric->step[metric->vertex_count] = (road_step){out, in, TQ_NONE, 0};
}

/* Count the lists first, so that they take no more memory than they need. */
static bool make_lists(const tq_hierarchy *hierarchy, tq_metric *metric, depth_rows *rows)
{
    int32_t *up_true = TQ_ALLOC(int32_t, metric->up_count),
            *down_true = TQ_ALLOC(int32_t, metric->up_count);
    bool done = up_true != NULL && down_true != NULL;
    if (!done) goto out;
    perfect(hierarchy, metric, rows, up_true, down_true);
    for (uint32_t arc = 0; arc < metric->up_count; arc++) {
        metric->out_count += metric->up_ds[arc] < TQ_ROAD_INF && metric->up_ds[arc] == up_true[arc];
        metric->in_count +=
            metric->down_ds[arc] < TQ_ROAD_INF && metric->down_ds[arc] == down_true[arc];
    }
    metric->step = TQ_ALLOC(road_step, (size_t)metric->vertex_count + 1);
    metric->out_depth = TQ_ALLOC(uint16_t, metric->out_count);
    metric->out_ds = TQ_ALLOC(int32_t, metric->out_count);
    metric->out_arc = TQ_ALLOC(uint32_t, metric->out_count);
    metric->in_depth = TQ_ALLOC(uint16_t, metric->in_count);
    metric->in_ds = TQ_ALLOC(int32_t, metric->in_count);
    metric->in_arc = TQ_ALLOC(uint32_t, metric->in_count);
    done = metric->step != NULL && metric->out_depth != NULL && metric->out_ds != NULL &&
           metric->out_arc != NULL && metric->in_depth != NULL && metric->in_ds != NULL &&
           metric->in_arc != NULL;
    if (done) fill_lists(hierarchy, metric, up_true, down_true);
out:
    tq_free(up_true);
    tq_free(down_true);
    return done;
}

void tq_metric_free(tq_metric *metric)
{
    if (metric == NULL) return;
    tq_free(metric->arc_ds);
    tq_free(metric->up_ds);
    tq_free(metric->down_ds);
    tq_free(metric->via_up);
    tq_free(metric->via_down);
    tq_free(metric->step);
    tq_free(metric->out_depth);
    tq_free(metric->out_ds);
    tq_free(metric->out_arc);
    tq_free(metric->in_depth);
    tq_free(metric->in_ds);
    tq_free(metric->in_arc);
    tq_free(metric->in_main);
    tq_free(metric);
}

size_t tq_metric_bytes(const tq_metric *metric)
{
    size_t list_entry = sizeof(uint16_t) + sizeof(int32_t) + sizeof(uint32_t);
    return sizeof *metric + metric->vertex_count +
           2 * (size_t)metric->edge_count * sizeof *metric->arc_ds +
           (size_t)metric->up_count * 2 * (sizeof(int32_t) + sizeof(uint32_t)) +
           ((size_t)metric->vertex_count + 1) * sizeof *metric->step +
           ((size_t)metric->out_count + metric->in_count) * list_entry;
}

static uint32_t levels_of(const tq_hierarchy *hierarchy)
{
    uint32_t levels = 0;
    for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++)
        levels = TQ_MAX(levels, hierarchy->depth[vertex] + 1u);
    return levels;
}

/* A metric with its street weights still to be filled. */
static tq_metric *metric_new(const tq_city *city, tq_hierarchy_kind kind)
{
    const tq_hierarchy *hierarchy = &city->hierarchy[kind];
    tq_metric *metric = TQ_ALLOC(tq_metric, 1);
    if (metric == NULL) return NULL;
    metric->kind = kind;
    metric->vertex_count = hierarchy->vertex_count;
    metric->up_count = hierarchy->up_count;
    metric->edge_count = city->streets.edge_count;
    metric->levels = levels_of(hierarchy);
    metric->arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)metric->edge_count);
    metric->up_ds = TQ_ALLOC(int32_t, metric->up_count);
    metric->down_ds = TQ_ALLOC(int32_t, metric->up_count);
    metric->via_up = TQ_ALLOC(uint32_t, metric->up_count);
    metric->via_down = TQ_ALLOC(uint32_t, metric->up_count);
    if (metric->arc_ds != NULL && metric->up_ds != NULL && metric->down_ds != NULL &&
        metric->via_up != NULL && metric->via_down != NULL)
        return metric;
    tq_metric_free(metric);
    return NULL;
}

static tq_status finish(const tq_city *city, tq_metric *metric, tq_metric **out, tq_err *err)
{
    const tq_hierarchy *hierarchy = &city->hierarchy[metric->kind];
    depth_rows rows = {0};
    bool done = rows_make(&rows, metric->levels);
    if (done) {
        lay_streets(hierarchy, metric);
        customize(hierarchy, metric, &rows);
        find_vias(hierarchy, metric, &rows);
        done = make_lists(hierarchy, metric, &rows) && road_find_main(city, metric);
    }
    rows_free(&rows);
    if (done) {
        *out = metric;
        return TQ_OK;
    }
    tq_metric_free(metric);
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u up-arcs",
                   hierarchy->up_count);
}

tq_status tq_metric_make_from(const tq_city *city, tq_hierarchy_kind kind,
                              const int32_t *weight_of_arc, tq_metric **out, tq_err *err)
{
    for (uint32_t arc = 0; arc < 2 * city->streets.edge_count; arc++) {
        if (weight_of_arc[arc] < 0)
            return tq_fail(err, TQ_BAD_INPUT, arc, "weight %d of arc %u is below zero",
                           (int)weight_of_arc[arc], arc);
    }
    tq_metric *metric = metric_new(city, kind);
    if (metric == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u streets",
                       city->streets.edge_count);
    for (uint32_t arc = 0; arc < 2 * metric->edge_count; arc++)
        metric->arc_ds[arc] = TQ_MIN(weight_of_arc[arc], TQ_ROAD_INF);
    return finish(city, metric, out, err);
}

tq_status tq_metric_make(const tq_city *city, tq_profile profile, int64_t at_ms, tq_metric **out,
                         tq_err *err)
{
    const tq_streets *streets = &city->streets;
    tq_metric *metric = metric_new(city, road_kind(profile));
    if (metric == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u streets",
                       streets->edge_count);
    for (uint32_t arc = 0; arc < 2 * metric->edge_count; arc++) {
        uint32_t edge = arc >> 1;
        bool open = tq_open_at(&city->dates, streets->edge_date[edge], at_ms);
        metric->arc_ds[arc] =
            open ? tq_road_weight(city, profile, arc, streets->edge_length_dm[edge]) : TQ_ROAD_INF;
    }
    return finish(city, metric, out, err);
}
