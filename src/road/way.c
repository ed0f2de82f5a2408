/*
 * Ways between places on streets: the join of a search with the pieces of the first and the last
 * street.
 *
 * Method: a place inside an edge reaches the edge's two nodes, each by the share of the arc's time
 * that is left; one search starts from both. Two places on one edge may also be joined directly.
 * Going round is found by the search when a oneway street leaves nothing else.
 *
 * Invariants: the times of the pieces of a way add up to its time; a way has at least one piece,
 * which may be of length 0. A piece is an arc in travel order; only the first and the last may be
 * used in part.
 */
#include "road/road_in.h"

/* The direct way between two places on one edge; TQ_ROAD_INF if there is none. */
static int32_t direct(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                      const tq_snap *to, uint32_t *arc)
{
    if (from->edge != to->edge) return TQ_ROAD_INF;
    uint32_t length_dm = city->streets.edge_length_dm[from->edge];
    int32_t best = TQ_ROAD_INF;
    if (from->along_dm <= to->along_dm) {
        best =
            road_part_ds(metric->arc_ds[2 * from->edge], to->along_dm - from->along_dm, length_dm);
        *arc = 2 * from->edge;
    }
    if (from->along_dm >= to->along_dm) {
        int32_t back = road_part_ds(metric->arc_ds[2 * from->edge + 1],
                                    from->along_dm - to->along_dm, length_dm);
        if (back < best) {
            best = back;
            *arc = 2 * from->edge + 1;
        }
    }
    return best;
}

static tq_status no_route(const tq_snap *from, const tq_snap *to, tq_err *err)
{
    return tq_fail(
        err, TQ_NO_ROUTE, 0,
        "the streets at %.5f,%.5f and %.5f,%.5f are not connected for this kind of traveller",
        (double)from->at.lat_e7 / 1e7, (double)from->at.lon_e7 / 1e7, (double)to->at.lat_e7 / 1e7,
        (double)to->at.lon_e7 / 1e7);
}

static tq_status scratch_full(const tq_arena *work, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0,
                   "the way does not fit the query's scratch of %zu bytes; raise it", work->cap);
}

static tq_status check_snap(const tq_city *city, const tq_metric *metric, const tq_snap *snap,
                            tq_err *err)
{
    TQ_ASSERT(metric->edge_count == city->streets.edge_count);
    if (snap->edge >= city->streets.edge_count ||
        snap->along_dm > city->streets.edge_length_dm[snap->edge])
        return tq_fail(err, TQ_BAD_INPUT, 0, "there is no place %u dm along street edge %u",
                       snap->along_dm, snap->edge);
    return TQ_OK;
}

tq_status tq_road_time(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                       const tq_snap *to, tq_arena *work, int64_t *time_ds, tq_err *err)
{
    TQ_TRY(check_snap(city, metric, from, err));
    TQ_TRY(check_snap(city, metric, to, err));
    uint32_t arc = 0;
    road_ends leaving = road_ends_of(city, metric, from, ROAD_LEAVING);
    road_ends arriving = road_ends_of(city, metric, to, ROAD_ARRIVING);
    int32_t best = direct(city, metric, from, to, &arc);
    int32_t around = road_search(metric, &leaving, &arriving, work);
    if (around < 0) return scratch_full(work, err);
    best = TQ_MIN(best, around);
    if (best >= TQ_ROAD_INF) return no_route(from, to, err);
    *time_ds = best;
    return TQ_OK;
}

/* An arc on which a way of no length can stand. */
static uint32_t standing_arc(const tq_metric *metric, const tq_snap *snap)
{
    return metric->arc_ds[2 * snap->edge] < TQ_ROAD_INF ? 2 * snap->edge : 2 * snap->edge + 1;
}

static uint32_t place_on(const tq_city *city, const tq_snap *snap, uint32_t arc)
{
    return arc & 1 ? city->streets.edge_length_dm[snap->edge] - snap->along_dm : snap->along_dm;
}

static uint32_t way_length(const tq_city *city, const tq_way *way)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < way->arc_count; k++)
        sum += road_piece_dm(city, way, k);
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static tq_status stand(const tq_city *city, const tq_snap *from, const tq_snap *to, uint32_t arc,
                       int32_t time_ds, tq_arena *work, tq_way *out, tq_err *err)
{
    uint32_t *only = TQ_PUSH_RAW(work, uint32_t, 1);
    if (only == NULL) return scratch_full(work, err);
    *only = arc;
    *out = (tq_way){.time_ds = time_ds,
                    .arc = only,
                    .arc_count = 1,
                    .first_from_dm = place_on(city, from, arc),
                    .last_to_dm = place_on(city, to, arc)};
    out->length_dm = way_length(city, out);
    return TQ_OK;
}

tq_status tq_road_way(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                      const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err)
{
    TQ_TRY(check_snap(city, metric, from, err));
    TQ_TRY(check_snap(city, metric, to, err));
    uint32_t straight = 0;
    int32_t direct_ds = direct(city, metric, from, to, &straight);
    road_ends leaving = road_ends_of(city, metric, from, ROAD_LEAVING);
    road_ends arriving = road_ends_of(city, metric, to, ROAD_ARRIVING);
    size_t mark = work->used;
    road_found found = {.time_ds = TQ_ROAD_INF};
    tq_status status = road_search_way(city, metric, &leaving, &arriving, work, &found);
    if (status == TQ_NO_MEMORY) return scratch_full(work, err);
    if (direct_ds < TQ_ROAD_INF && direct_ds <= found.time_ds) {
        tq_arena_reset(work, mark);
        return stand(city, from, to, straight, direct_ds, work, out, err);
    }
    if (status != TQ_OK) return no_route(from, to, err);
    bool has_first = found.from->arc != TQ_NONE, has_last = found.to->arc != TQ_NONE;
    uint32_t count = found.arc_count + has_first + has_last;
    if (count == 0) { /* both places are the same node */
        tq_arena_reset(work, mark);
        return stand(city, from, from, standing_arc(metric, from), 0, work, out, err);
    }
    /* The found arcs lie at the arena's end, so two more places follow them. */
    if (TQ_PUSH_RAW(work, uint32_t, (uint32_t)has_first + has_last) == NULL)
        return scratch_full(work, err);
    if (has_first) {
        memmove(found.arc + 1, found.arc, found.arc_count * sizeof *found.arc);
        found.arc[0] = found.from->arc;
    }
    if (has_last) found.arc[count - 1] = found.to->arc;
    uint32_t last_edge = found.arc[count - 1] >> 1;
    *out = (tq_way){.time_ds = found.time_ds,
                    .arc = found.arc,
                    .arc_count = count,
                    .first_from_dm = has_first ? found.from->at_dm : 0,
                    .last_to_dm =
                        has_last ? found.to->at_dm : city->streets.edge_length_dm[last_edge]};
    out->length_dm = way_length(city, out);
    return TQ_OK;
}

/* Begin and end of piece k inside its arc. */
static void piece(const tq_city *city, const tq_way *way, uint32_t k, uint32_t *from_dm,
                  uint32_t *to_dm)
{
    *from_dm = k == 0 ? way->first_from_dm : 0;
    *to_dm =
        k + 1 == way->arc_count ? way->last_to_dm : city->streets.edge_length_dm[way->arc[k] >> 1];
}

uint32_t road_piece_dm(const tq_city *city, const tq_way *way, uint32_t k)
{
    uint32_t from_dm = 0, to_dm = 0;
    piece(city, way, k, &from_dm, &to_dm);
    return to_dm - from_dm;
}

int32_t road_piece_ds(const tq_city *city, const tq_metric *metric, const tq_way *way, uint32_t k)
{
    uint32_t arc = way->arc[k];
    return road_part_ds(metric->arc_ds[arc], road_piece_dm(city, way, k),
                        city->streets.edge_length_dm[arc >> 1]);
}
