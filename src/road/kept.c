/*
 * Kept places: rows of times of a place, made when it moves and used for many pairs.
 *
 * Method: as in a table (matrix.c). A place has an end on each arc of its street; all ends share
 * the root path up to their lowest common vertex, and the least over the ends' rows stands for all
 * of them towards whatever hangs off above it. So most pairs are one least sum over two rows. The
 * others (one place below the ends' common vertex of the other: main streets, neighbours) are asked
 * end by end, over rows that are kept too. Places on a corner may have more ends than are kept;
 * what these rows do not answer is a question of tq_road_time.
 *
 * Invariants: the same time as tq_road_time for each pair; no allocation; rows are written by
 * tq_road_keep alone.
 */
#include "road/matrix_in.h"

size_t tq_road_keep_ints(const tq_metric *metric)
{
    return (size_t)many_round(metric->levels) * (1 + TQ_KEPT_ENDS);
}

static tq_status too_small(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small to keep a place");
}

/* The whole row of a vertex in `to`, filled up to a whole block. */
static void write_row(const tq_metric *metric, many_side side, uint32_t vertex,
                      const many_scratch *scratch, int32_t *to)
{
    uint32_t count = metric->hierarchy->depth[vertex] + 1u, room = many_round(count);
    memcpy(to, many_row(metric, side, vertex, count, scratch), count * sizeof *to);
    for (uint32_t depth = count; depth < room; depth++)
        to[depth] = TQ_ROAD_INF;
}

/* Rows of the ends and the least of them. More ends than are kept have their rows in `work`. */
static tq_status make_rows(const tq_metric *metric, const many_set *set, int32_t *rows,
                           tq_arena *work, tq_err *err)
{
    const many_place *place = &set->place[0];
    uint32_t stride = many_round(metric->levels), room = many_round(place->common);
    many_scratch scratch;
    road_part_row *part = TQ_PUSH_RAW(work, road_part_row, place->count);
    if (part == NULL || !many_scratch_make(metric, work, &scratch)) return too_small(err);
    for (uint32_t k = 0; k < place->count; k++) {
        const many_end *end = &set->end[k];
        int32_t *row = rows + (size_t)stride * (1 + k);
        if (k >= TQ_KEPT_ENDS) row = tq_arena_push_raw(work, stride, sizeof *row, 64);
        if (row == NULL) return too_small(err);
        write_row(metric, set->side, end->vertex, &scratch, row);
        int32_t more = (set->side == MANY_OUT ? -end->passed_ds : end->passed_ds) - place->base_ds;
        part[k] = (road_part_row){row, more, room};
    }
    road_kernels_now()->merge(rows, room, part, place->count);
    return TQ_OK;
}

tq_status tq_road_keep(const tq_city *city, const tq_metric *metric, const tq_snap *place,
                       tq_sweep sweep, int32_t *rows, tq_arena *work, tq_kept *out, tq_err *err)
{
    if (place->edge >= city->streets.edge_count ||
        place->along_dm > city->streets.edge_length_dm[place->edge])
        return tq_fail(err, TQ_BAD_INPUT, 0, "there is no place %u dm along street edge %u",
                       place->along_dm, place->edge);
    size_t mark = work->used;
    many_set set;
    tq_places_on_road one = {1, NULL, place};
    tq_status status = many_set_make(city, metric, &one, 0, 1,
                                     sweep == TQ_SWEEP_FROM ? MANY_OUT : MANY_IN, work, &set, err);
    if (status == TQ_OK) status = make_rows(metric, &set, rows, work, err);
    if (status == TQ_OK) {
        const many_place *made = &set.place[0];
        *out = (tq_kept){.row = rows,
                         .vertex = made->vertex,
                         .common = made->common,
                         .base_ds = made->base_ds,
                         .node = road_node_of(city, place),
                         .end_count = made->count,
                         .inside = made->inside,
                         .sweep = sweep,
                         .snap = *place};
        for (uint32_t k = 0; k < TQ_MIN(made->count, TQ_KEPT_ENDS); k++)
            out->end[k] = (tq_kept_end){set.end[k].vertex, set.end[k].at_dm, set.end[k].area,
                                        set.end[k].passed_ds};
    }
    tq_arena_reset(work, mark);
    return status;
}

/* From the tail of an arc round the block to it again; -1 = work is too small. */
static int32_t time_round(const tq_metric *metric, uint32_t vertex, tq_arena *work)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    int32_t best = TQ_ROAD_INF;
    for (uint32_t link = hierarchy->first_link[vertex]; link < hierarchy->first_link[vertex + 1];
         link++) {
        int32_t step = road_link_ds(metric, vertex, link);
        if (step >= best) continue;
        int32_t back = road_label_time(metric, hierarchy->link_head[link], vertex, work);
        if (back < 0) return -1;
        best = TQ_MIN(best, road_sum(step, back));
    }
    return best;
}

/* What lies between two ends beside the way itself. */
static int32_t passed_between(const tq_metric *metric, const tq_kept_end *from,
                              const tq_kept_end *to)
{
    int32_t passed = to->passed_ds - from->passed_ds;
    bool one_area = to->area != TQ_NONE && to->area == from->area;
    return one_area ? passed + metric->vehicle.destination_entry_ds : passed;
}

/* Least over the pairs of ends; -1 = work is too small. */
static int32_t time_by_ends(const tq_metric *metric, const tq_kept *from, const tq_kept *to,
                            tq_arena *work)
{
    size_t stride = many_round(metric->levels);
    int32_t best = TQ_ROAD_INF;
    bool any_round = false;
    for (uint32_t s = 0; s < from->end_count; s++) {
        for (uint32_t t = 0; t < to->end_count; t++) {
            const tq_kept_end *a = &from->end[s], *b = &to->end[t];
            int32_t time = 0;
            if (a->vertex != b->vertex) {
                time = road_kernels_now()->min_plus(from->row + stride * (1 + s),
                                                    to->row + stride * (1 + t),
                                                    road_common(metric, a->vertex, b->vertex));
            } else if (b->at_dm < a->at_dm) {
                any_round = true;
                continue;
            }
            if (time < TQ_ROAD_INF) best = TQ_MIN(best, time + passed_between(metric, a, b));
        }
    }
    for (uint32_t s = 0; any_round && s < from->end_count; s++) {
        for (uint32_t t = 0; t < to->end_count; t++) {
            const tq_kept_end *a = &from->end[s], *b = &to->end[t];
            if (a->vertex != b->vertex || b->at_dm >= a->at_dm) continue;
            /* The whole arc at least. */
            int32_t passed = passed_between(metric, a, b);
            if (metric->arc_ds[metric->hierarchy->arc_of_vertex[a->vertex]] + passed >= best)
                continue;
            int32_t time = time_round(metric, a->vertex, work);
            if (time < 0) return -1;
            if (time < TQ_ROAD_INF) best = TQ_MIN(best, time + passed);
        }
    }
    return best;
}

static tq_status time_by_search(const tq_city *city, const tq_metric *metric, const tq_kept *from,
                                const tq_kept *to, tq_arena *work, int32_t *ds, tq_err *err)
{
    int64_t time = TQ_ROAD_INF;
    tq_status status = tq_road_time(city, metric, &from->snap, &to->snap, work, &time, err);
    if (status != TQ_OK && status != TQ_NO_ROUTE) return status;
    *ds = status == TQ_OK ? (int32_t)time : TQ_ROAD_INF;
    return TQ_OK;
}

tq_status tq_road_kept_time(const tq_city *city, const tq_metric *metric, const tq_kept *from,
                            const tq_kept *to, tq_arena *work, int32_t *ds, tq_err *err)
{
    TQ_ASSERT(from->sweep == TQ_SWEEP_FROM && to->sweep == TQ_SWEEP_TO);
    bool one_node = from->node != TQ_NONE && from->node == to->node;
    if (one_node && from->end_count + to->end_count > 0) {
        *ds = 0;
        return TQ_OK;
    }
    uint32_t common = many_common(metric, from->vertex, to->vertex);
    int32_t time = 0;
    if (common < TQ_MIN(from->common, to->common) && !(from->inside && to->inside)) {
        time = road_kernels_now()->min_plus(from->row, to->row, common);
        if (time < TQ_ROAD_INF) time += from->base_ds + to->base_ds;
    } else if (from->end_count <= TQ_KEPT_ENDS && to->end_count <= TQ_KEPT_ENDS) {
        time = time_by_ends(metric, from, to, work);
        if (time < 0)
            return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for a pair");
    } else {
        return time_by_search(city, metric, from, to, work, ds, err);
    }
    *ds = TQ_MIN(time, TQ_ROAD_INF);
    return TQ_OK;
}

void tq_road_kept_soon(const tq_kept *kept)
{
    const char *at = (const char *)kept->row;
    for (uint32_t byte = 0; byte < kept->common * sizeof *kept->row; byte += 64)
        __builtin_prefetch(at + byte);
}
