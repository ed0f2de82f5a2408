/*
 * Metrics: the weights of one vehicle in one slice of time over the hierarchy of the city file.
 *
 * Method (Dibbelt, Strasser, Wagner 2016): weights of arcs and turns become weights of links, which
 * are laid on their up-arcs; customize.c makes the other up-arcs' weights from them. The parts that
 * make queries faster follow: perfect.c, ways.c, labels.c, metres.c, part.c.
 *
 * Invariants: weights are 0 .. TQ_ROAD_INF, where TQ_ROAD_INF is «no way»; two of them never
 * overflow 32 bits. A way longer than TQ_ROAD_INF deciseconds (3.4 years) counts as none. The same
 * weights give the same arrays, whatever the number of threads.
 */
#include "road/customize.h"

/* Rows of vertices with fewer than 2^k below are not worth their memory. */
#define LABEL_SIZE_MIN 5u

void tq_metric_free(tq_metric *metric)
{
    if (metric == NULL) return;
    road_drop_parts(metric, TQ_METRIC_ALL);
    tq_free(metric->arc_ds);
    tq_free(metric->turn_ds);
    tq_free(metric->area);
    tq_free(metric->pair);
    tq_free(metric);
}

void road_drop_parts(tq_metric *metric, uint32_t parts)
{
    if (parts & TQ_METRIC_WAYS) {
        tq_free(metric->out_half);
        tq_free(metric->in_half);
        metric->out_half = metric->in_half = NULL;
    }
    if (parts & TQ_METRIC_PRUNED) {
        tq_free(metric->step);
        tq_free(metric->out_depth);
        tq_free(metric->out_ds);
        tq_free(metric->in_depth);
        tq_free(metric->in_ds);
        metric->step = NULL;
        metric->out_depth = metric->in_depth = NULL;
        metric->out_ds = metric->in_ds = NULL;
        metric->out_count = metric->in_count = 0;
    }
    if (parts & TQ_METRIC_LABELS) road_labels_free(&metric->labels);
    if (parts & TQ_METRIC_METRES) {
        tq_free(metric->out_dm);
        tq_free(metric->in_dm);
        metric->out_dm = metric->in_dm = NULL;
    }
    if (parts & TQ_METRIC_MAIN) {
        tq_free(metric->in_main);
        metric->in_main = NULL;
    }
    metric->parts &= ~parts;
}

size_t tq_metric_bytes(const tq_metric *metric)
{
    size_t list_entry = sizeof(uint16_t) + sizeof(int32_t);
    size_t bytes = sizeof *metric + 2 * (size_t)metric->edge_count * sizeof *metric->arc_ds +
                   metric->link_count * sizeof *metric->turn_ds +
                   metric->up_count * sizeof *metric->pair;
    if (metric->area != NULL) bytes += metric->edge_count * sizeof *metric->area;
    if (metric->step != NULL)
        bytes += ((size_t)metric->vertex_count + 1) * sizeof *metric->step +
                 ((size_t)metric->out_count + metric->in_count) * list_entry;
    size_t entries = (size_t)metric->out_count + metric->in_count;
    if (metric->out_half != NULL) bytes += entries * sizeof(road_half);
    if (metric->out_dm != NULL) bytes += entries * sizeof *metric->out_dm;
    if (metric->in_main != NULL) bytes += metric->edge_count;
    return bytes + road_labels_bytes(metric);
}

uint32_t tq_metric_parts(const tq_metric *metric)
{
    return metric->parts;
}

const tq_vehicle *tq_metric_vehicle(const tq_metric *metric)
{
    return metric->has_vehicle ? &metric->vehicle : NULL;
}

int32_t tq_metric_arc_ds(const tq_metric *metric, uint32_t arc)
{
    return metric->arc_ds[arc];
}

static uint32_t levels_of(const tq_hierarchy *hierarchy)
{
    uint32_t levels = 0;
    for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++)
        levels = TQ_MAX(levels, hierarchy->depth[vertex] + 1u);
    return levels;
}

/* A metric with its weights still to be filled. */
tq_metric *road_metric_new(const tq_city *city, tq_hierarchy_kind kind, const tq_vehicle *vehicle)
{
    const tq_hierarchy *hierarchy = &city->hierarchy[kind];
    tq_metric *metric = TQ_ALLOC(tq_metric, 1);
    if (metric == NULL) return NULL;
    metric->kind = kind;
    metric->city = city;
    metric->hierarchy = hierarchy;
    metric->vertex_count = hierarchy->vertex_count;
    metric->link_count = hierarchy->link_count;
    metric->up_count = hierarchy->up_count;
    metric->edge_count = city->streets.edge_count;
    metric->levels = levels_of(hierarchy);
    if (vehicle != NULL) {
        metric->has_vehicle = true;
        metric->vehicle = *vehicle;
    }
    metric->arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)metric->edge_count);
    metric->turn_ds = TQ_ALLOC(int32_t, metric->link_count);
    metric->pair = TQ_ALLOC(road_pair, metric->up_count);
    if (metric->arc_ds != NULL && metric->turn_ds != NULL && metric->pair != NULL) return metric;
    tq_metric_free(metric);
    return NULL;
}

static void lay_links(tq_metric *metric)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    for (uint32_t up = 0; up < metric->up_count; up++)
        metric->pair[up] = (road_pair){TQ_ROAD_INF, TQ_ROAD_INF};
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        int32_t arc_ds = metric->arc_ds[hierarchy->arc_of_vertex[vertex]];
        if (arc_ds >= TQ_ROAD_INF) continue;
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            uint32_t place = hierarchy->up_of_link[link];
            if (place == TQ_NONE) continue;
            road_pair *pair = &metric->pair[place >> 1];
            *(place & 1 ? &pair->down : &pair->up) = road_sum(arc_ds, metric->turn_ds[link]);
        }
    }
}

static tq_status no_memory(const tq_metric *metric, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u up-arcs", metric->up_count);
}

/* The least subtree for which label rows take at most TQ_LABEL_BYTES; 0 on no memory. */
static uint32_t label_subtree(const tq_metric *metric)
{
    enum { SIZES = 32 };
    size_t bytes[SIZES] = {0}; /* of rows of vertices with 2^k .. 2^(k + 1) - 1 below or equal */
    uint32_t *below = TQ_ALLOC(uint32_t, metric->vertex_count), size = 0;
    if (below == NULL) return 0;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        uint32_t parent = metric->hierarchy->parent[vertex];
        below[vertex]++;
        if (parent != TQ_NONE) below[parent] += below[vertex];
        for (size = 0; below[vertex] >> (size + 1) != 0; size++) {
        }
        bytes[size] += 2 * sizeof(int32_t) *
                       ((size_t)metric->hierarchy->depth[vertex] / ROAD_ROW_INTS + 1) *
                       ROAD_ROW_INTS;
    }
    tq_free(below);
    size_t sum = 0;
    for (size = SIZES - 1; size > LABEL_SIZE_MIN && sum + bytes[size] <= TQ_LABEL_BYTES; size--)
        sum += bytes[size];
    return sum + bytes[size] <= TQ_LABEL_BYTES ? 1u << size : 1u << (size + 1);
}

tq_status tq_metric_add(tq_metric *metric, uint32_t parts, tq_err *err)
{
    parts &= ~metric->parts;
    bool done = true;
    if (parts & TQ_METRIC_METRES) parts |= TQ_METRIC_WAYS & ~metric->parts;
    if (parts & TQ_METRIC_WAYS) parts |= TQ_METRIC_PRUNED & ~metric->parts;
    if (done && parts & TQ_METRIC_PRUNED) done = road_make_perfect(metric);
    if (done && parts & TQ_METRIC_WAYS) done = road_make_ways(metric);
    metric->parts |= done ? parts & (TQ_METRIC_PRUNED | TQ_METRIC_WAYS) : 0;
    if (done && parts & TQ_METRIC_METRES)
        done = road_metres_make(metric, metric->city->streets.edge_length_dm);
    if (done && parts & TQ_METRIC_MAIN) done = road_find_main(metric);
    if (!done) return no_memory(metric, err);
    if (parts & TQ_METRIC_LABELS) {
        uint32_t subtree = label_subtree(metric);
        if (subtree == 0) return no_memory(metric, err);
        TQ_TRY(tq_metric_label(metric, subtree, 1, err));
    }
    metric->parts |= parts;
    return TQ_OK;
}

static tq_status finish(tq_metric *metric, uint32_t parts, unsigned threads, tq_metric **out,
                        tq_err *err)
{
    lay_links(metric);
    tq_status status = TQ_OK;
    if (!road_customize(metric->hierarchy, threads, metric->pair)) status = no_memory(metric, err);
    if (status == TQ_OK) status = tq_metric_add(metric, parts, err);
    if (status == TQ_OK)
        *out = metric;
    else
        tq_metric_free(metric);
    return status;
}

static tq_status check_weight(int32_t weight, const char *what, uint32_t index, tq_err *err)
{
    if (weight >= 0) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, index, "weight %d of %s %u is below zero", (int)weight, what,
                   index);
}

/* Take weights that are not known to be sound. */
static tq_status take_weights(tq_metric *metric, const int32_t *arc_ds, const int32_t *turn_ds,
                              tq_err *err)
{
    for (uint32_t arc = 0; arc < 2 * metric->edge_count; arc++) {
        TQ_TRY(check_weight(arc_ds[arc], "arc", arc, err));
        metric->arc_ds[arc] = TQ_MIN(arc_ds[arc], TQ_ROAD_INF);
    }
    for (uint32_t link = 0; link < metric->link_count; link++) {
        TQ_TRY(check_weight(turn_ds[link], "turn", link, err));
        metric->turn_ds[link] = TQ_MIN(turn_ds[link], TQ_ROAD_INF);
    }
    return TQ_OK;
}

tq_status tq_metric_make_from(const tq_city *city, tq_hierarchy_kind kind,
                              const tq_vehicle *vehicle, const int32_t *arc_ds,
                              const int32_t *turn_ds, uint32_t parts, unsigned threads,
                              tq_metric **out, tq_err *err)
{
    tq_metric *metric = road_metric_new(city, kind, vehicle);
    if (metric == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u streets",
                       city->streets.edge_count);
    tq_status status = take_weights(metric, arc_ds, turn_ds, err);
    if (status == TQ_OK) return finish(metric, parts, threads, out, err);
    tq_metric_free(metric);
    return status;
}

tq_status tq_metric_make(const tq_city *city, const tq_vehicle *vehicle, int64_t at_ms,
                         const tq_overlay *overlay, uint32_t parts, unsigned threads,
                         tq_metric **out, tq_err *err)
{
    TQ_ASSERT(vehicle->kind < TQ_HIERARCHY_COUNT);
    tq_metric *metric = road_metric_new(city, (tq_hierarchy_kind)vehicle->kind, vehicle);
    if (metric == NULL || !road_weigh(city, vehicle, at_ms, overlay, metric->arc_ds,
                                      metric->turn_ds, &metric->area, metric->hierarchy)) {
        tq_metric_free(metric);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u streets",
                       city->streets.edge_count);
    }
    return finish(metric, parts, threads, out, err);
}

tq_status tq_metric_again(tq_metric *metric, const int32_t *arc_ds, const int32_t *turn_ds,
                          unsigned threads, tq_err *err)
{
    TQ_TRY(take_weights(metric, arc_ds, turn_ds, err));
    /* The memory of label rows is kept for the next ones. */
    road_drop_parts(metric, TQ_METRIC_ALL & ~TQ_METRIC_LABELS);
    metric->parts &= ~TQ_METRIC_LABELS;
    lay_links(metric);
    if (!road_customize(metric->hierarchy, threads, metric->pair)) return no_memory(metric, err);
    return TQ_OK;
}
