/*
 * One side of a table: places in tree order, what they have in common, and their rows.
 *
 * Method: a row is needed only as far down as its vertex' path is shared with any vertex of the
 * other side, that is with one of its two neighbours there in tree order.
 */
#include "road/matrix_in.h"

static tq_status too_small(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for this table");
}

uint32_t many_common(const tq_metric *metric, uint32_t a, uint32_t b)
{
    return a == TQ_NONE || b == TQ_NONE ? 0 : road_common(metric, a, b);
}

size_t many_place_bytes(const tq_metric *metric, uint32_t ends, bool with_metres)
{
    size_t row = ((size_t)many_round(metric->levels) + 2 * ROAD_ROW_INTS) * sizeof(int32_t);
    size_t rows = (size_t)ends * (with_metres ? 2 : 1) + 2; /* the trunk, and its turned copy */
    return rows * row + ends * (sizeof(many_end) + 16) + sizeof(many_place) + 64;
}

/* The lowest vertex above or equal to both. */
static uint32_t joined(const tq_metric *metric, uint32_t a, uint32_t b)
{
    uint32_t low = TQ_MIN(a, b), high = TQ_MAX(a, b);
    while (low < high)
        low = metric->hierarchy->parent[low];
    return low;
}

static void place_ends(const tq_city *city, const tq_metric *metric,
                       const tq_places_on_road *places, uint32_t number, many_side side,
                       road_ends *ends)
{
    uint32_t first = places->first != NULL ? places->first[number] : number,
             end = places->first != NULL ? places->first[number + 1] : number + 1;
    ends->count = 0;
    for (uint32_t snap = first; snap < end; snap++)
        road_ends_add(city, metric, &places->snap[snap],
                      side == MANY_OUT ? ROAD_LEAVING : ROAD_ARRIVING, ends);
}

/* Trunk and base of a place. Added times must not be negative, so a source is moved on by what has
 * passed at most, and back at the end. */
static void find_trunk(const tq_metric *metric, const many_set *set, many_place *place)
{
    const many_end *end = set->end + place->first;
    place->vertex = TQ_NONE;
    for (uint32_t k = 0; k < place->count; k++) {
        if (k == 0) {
            place->vertex = end[k].vertex;
            place->base_ds = set->side == MANY_OUT ? -end[k].passed_ds : end[k].passed_ds;
            continue;
        }
        if (place->vertex != TQ_NONE) place->vertex = joined(metric, place->vertex, end[k].vertex);
        place->base_ds =
            TQ_MIN(place->base_ds, set->side == MANY_OUT ? -end[k].passed_ds : end[k].passed_ds);
    }
    place->common = place->vertex == TQ_NONE ? 0 : metric->hierarchy->depth[place->vertex] + 1u;
}

tq_status many_set_make(const tq_city *city, const tq_metric *metric,
                        const tq_places_on_road *places, uint32_t first, uint32_t count,
                        many_side side, tq_arena *work, many_set *set, tq_err *err)
{
    *set = (many_set){.side = side, .count = count};
    road_ends ends;
    for (uint32_t k = 0; k < count; k++) {
        place_ends(city, metric, places, first + k, side, &ends);
        set->end_count += ends.count;
    }
    set->place = TQ_PUSH_RAW(work, many_place, count);
    set->end = TQ_PUSH(work, many_end, set->end_count);
    set->end_order = TQ_PUSH_RAW(work, uint64_t, set->end_count);
    set->beside = TQ_PUSH_RAW(work, uint32_t, count);
    size_t mark = work->used;
    many_place *unsorted = TQ_PUSH(work, many_place, count);
    uint64_t *order = TQ_PUSH_RAW(work, uint64_t, count);
    if (set->place == NULL || set->end == NULL || set->end_order == NULL || set->beside == NULL ||
        unsorted == NULL || order == NULL)
        return too_small(err);
    for (uint32_t k = 0, filled = 0; k < count; k++) {
        many_place *place = &unsorted[k];
        place_ends(city, metric, places, first + k, side, &ends);
        place->number = first + k;
        place->first = filled;
        place->count = ends.count;
        for (uint32_t e = 0; e < ends.count; e++, filled++) {
            const road_end *end = &ends.end[e];
            int32_t gift_ds =
                side == MANY_IN && end->area != TQ_NONE ? metric->vehicle.destination_entry_ds : 0;
            set->end[filled] = (many_end){.vertex = end->vertex,
                                          .arc = end->arc,
                                          .at_dm = end->at_dm,
                                          .passed_ds = end->passed_ds - gift_ds,
                                          .gift_ds = gift_ds,
                                          .area = end->area,
                                          .round_ds = -1};
            place->inside |= end->area != TQ_NONE;
            set->end_order[filled] = (uint64_t)end->vertex << 32 | filled;
        }
        find_trunk(metric, set, place);
        order[k] = (uint64_t)place->vertex << 32 | k;
    }
    many_sort(order, count);
    many_sort(set->end_order, set->end_count);
    for (uint32_t k = 0; k < count; k++)
        set->place[k] = unsorted[(uint32_t)order[k]];
    for (uint32_t k = 0; k + 1 < count; k++)
        set->beside[k] = many_common(metric, set->place[k].vertex, set->place[k + 1].vertex);
    tq_arena_reset(work, mark);
    return TQ_OK;
}

/* Depths that a vertex shares with any end of the other side. */
static uint32_t shared_with(const tq_metric *metric, uint32_t vertex, const many_set *other)
{
    uint32_t low = 0, high = other->end_count, most = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (other->end_order[middle] >> 32 < vertex)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < other->end_count)
        most = road_common(metric, vertex, (uint32_t)(other->end_order[low] >> 32));
    if (low > 0) {
        uint32_t before = road_common(metric, vertex, (uint32_t)(other->end_order[low - 1] >> 32));
        most = TQ_MAX(most, before);
    }
    return most;
}

/* The least over the ends of a place, as far as all of them reach. */
static tq_status trunk_row(const many_set *set, many_place *place, const many_scratch *scratch,
                           tq_arena *work, tq_err *err)
{
    many_end *end = set->end + place->first;
    place->limit = 0;
    if (place->count == 0) return TQ_OK;
    place->limit = end[0].limit;
    place->row = end[0].row;
    if (place->count == 1) return TQ_OK;
    place->limit = place->common;
    for (uint32_t k = 0; k < place->count; k++)
        place->limit = TQ_MIN(place->limit, end[k].limit);
    int32_t *row = tq_arena_push_raw(work, many_round(place->limit), sizeof(int32_t), 64);
    if (row == NULL) return too_small(err);
    for (uint32_t k = 0; k < place->count; k++)
        scratch->part[k] = (road_part_row){
            end[k].row,
            (set->side == MANY_OUT ? -end[k].passed_ds : end[k].passed_ds) - place->base_ds,
            many_round(place->limit)};
    road_kernels_now()->merge(row, many_round(place->limit), scratch->part, place->count);
    place->row = row;
    return TQ_OK;
}

/* The row of an end, and its metres when there is scratch for them. */
static tq_status end_rows(const tq_metric *metric, many_side side, many_end *end,
                          const many_scratch *scratch, uint32_t *scratch_dm, tq_arena *work,
                          tq_err *err)
{
    const int32_t *found = scratch->row;
    if (scratch_dm != NULL) {
        many_row_metres(metric, side, end->vertex, scratch->row, scratch_dm);
        uint32_t *dm = TQ_PUSH_RAW(work, uint32_t, end->limit);
        if (dm == NULL) return too_small(err);
        memcpy(dm, scratch_dm, end->limit * sizeof *dm);
        end->dm = dm;
    } else {
        found = many_row(metric, side, end->vertex, end->limit, scratch);
    }
    end->row = found; /* a label itself */
    if (found != scratch->row) return TQ_OK;
    /* Whole blocks are read when trunks are put together. */
    uint32_t room = many_round(end->limit);
    int32_t *row = tq_arena_push_raw(work, room, sizeof(int32_t), 64);
    if (row == NULL) return too_small(err);
    memcpy(row, found, end->limit * sizeof *row);
    for (uint32_t depth = end->limit; depth < room; depth++)
        row[depth] = TQ_ROAD_INF;
    end->row = row;
    return TQ_OK;
}

tq_status many_set_rows(const tq_metric *metric, many_set *set, const many_set *other,
                        bool with_metres, tq_arena *work, tq_err *err)
{
    many_scratch scratch;
    uint32_t *scratch_dm = TQ_PUSH_RAW(work, uint32_t, with_metres ? metric->levels : 0);
    if (!many_scratch_make(metric, work, &scratch) || scratch_dm == NULL) return too_small(err);
    for (uint32_t k = 0; k < set->end_count; k++) {
        many_end *end = &set->end[(uint32_t)set->end_order[k]];
        end->limit = shared_with(metric, end->vertex, other);
        TQ_TRY(
            end_rows(metric, set->side, end, &scratch, with_metres ? scratch_dm : NULL, work, err));
    }
    /* A place may have more ends than the tree has levels. */
    if (metric->levels < ROAD_ENDS_MAX)
        scratch.part = TQ_PUSH_RAW(work, road_part_row, ROAD_ENDS_MAX);
    if (scratch.part == NULL) return too_small(err);
    for (uint32_t k = 0; k < set->count; k++)
        TQ_TRY(trunk_row(set, &set->place[k], &scratch, work, err));
    return TQ_OK;
}
