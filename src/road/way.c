/*
 * Times and ways between snapped places.
 *
 * Invariants: a way's time is the sum of its pieces and of the turns between them. A place later on
 * the same arc is reached directly, an earlier one by going round.
 */
#include "road/road_in.h"

int32_t road_part_ds(int32_t arc_ds, uint32_t part_dm, uint32_t length_dm)
{
    if (arc_ds >= TQ_ROAD_INF || part_dm >= length_dm) return arc_ds;
    if (part_dm == 0 || arc_ds == 0) return 0;
    int64_t part = ((int64_t)arc_ds * part_dm + length_dm / 2) / length_dm;
    return part > 0 ? (int32_t)part : 1;
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

/* The ends of two places. *still = both are one node, and `leaving` has an end to stand at. */
static tq_status take_ends(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                           const tq_snap *to, road_ends *leaving, road_ends *arriving, bool *still,
                           tq_err *err)
{
    TQ_TRY(check_snap(city, metric, from, err));
    TQ_TRY(check_snap(city, metric, to, err));
    leaving->count = arriving->count = 0;
    road_ends_add(city, metric, from, ROAD_LEAVING, leaving);
    road_ends_add(city, metric, to, ROAD_ARRIVING, arriving);
    uint32_t node = road_node_of(city, from);
    *still =
        node != TQ_NONE && node == road_node_of(city, to) && leaving->count + arriving->count > 0;
    if (*still && leaving->count == 0) *leaving = *arriving;
    return TQ_OK;
}

/* The best pair of ends of two places. */
static tq_status search(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                        const tq_snap *to, const road_ends *leaving, const road_ends *arriving,
                        tq_arena *work, road_end *best_from, road_end *best_to, int32_t *time_ds,
                        tq_err *err)
{
    uint32_t i = 0, j = 0;
    *time_ds = road_search(city, metric, leaving, arriving, work, &i, &j);
    if (*time_ds < 0) return scratch_full(work, err);
    if (*time_ds >= TQ_ROAD_INF) return no_route(from, to, err);
    *best_from = leaving->end[i];
    *best_to = arriving->end[j];
    return TQ_OK;
}

tq_status tq_road_time(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                       const tq_snap *to, tq_arena *work, int64_t *time_ds, tq_err *err)
{
    road_ends leaving, arriving;
    road_end best_from, best_to;
    int32_t time = 0;
    bool still = false;
    TQ_TRY(take_ends(city, metric, from, to, &leaving, &arriving, &still, err));
    if (!still)
        TQ_TRY(search(city, metric, from, to, &leaving, &arriving, work, &best_from, &best_to,
                      &time, err));
    *time_ds = time;
    return TQ_OK;
}

static uint32_t way_length(const tq_city *city, const tq_way *way)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < way->arc_count; k++)
        sum += road_piece_dm(city, way, k);
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

bool road_way_of(const tq_city *city, const tq_metric *metric, const uint32_t *vertex,
                 uint32_t count, const road_end *from, const road_end *to, tq_arena *work,
                 tq_way *out)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t *arc = TQ_PUSH_RAW(work, uint32_t, count);
    int32_t *turn_ds = TQ_PUSH_RAW(work, int32_t, count);
    if (arc == NULL || turn_ds == NULL) return false;
    int64_t time = (int64_t)to->passed_ds - from->passed_ds;
    for (uint32_t k = 0; k < count; k++) {
        arc[k] = hierarchy->arc_of_vertex[vertex[k]];
        turn_ds[k] = 0;
        if (k + 1 == count) break;
        uint32_t link = road_link_between(hierarchy, vertex[k], vertex[k + 1]);
        TQ_ASSERT(link != TQ_NONE);
        turn_ds[k] = metric->turn_ds[link];
        time += metric->arc_ds[arc[k]] + (int64_t)turn_ds[k];
    }
    /* The entry into the streets at the end is not a turn's time. */
    int32_t gift_ds = count > 1 ? road_gift_ds(metric, from, to) : 0;
    for (uint32_t k = count - 1; gift_ds != 0 && k > 0; k--) {
        if (metric->area[arc[k - 1] >> 1] != TQ_NONE) continue;
        turn_ds[k - 1] -= gift_ds;
        time -= gift_ds;
        gift_ds = 0;
    }
    *out = (tq_way){.time_ds = time,
                    .arc = arc,
                    .turn_ds = turn_ds,
                    .arc_count = count,
                    .first_from_dm = from->at_dm,
                    .last_to_dm = to->at_dm};
    out->length_dm = way_length(city, out);
    return true;
}

tq_status tq_road_way(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                      const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err)
{
    road_ends leaving, arriving;
    road_end best_from, best_to;
    road_meeting met;
    int32_t time = 0;
    bool still = false;
    TQ_TRY(take_ends(city, metric, from, to, &leaving, &arriving, &still, err));
    if (!still && road_meet(metric, &leaving, &arriving, work, &met) == ROAD_MEET_FOUND) {
        if (!road_way_of(city, metric, met.vertex, met.count, &leaving.end[met.from],
                         &arriving.end[met.to], work, out))
            return scratch_full(work, err);
        TQ_ASSERT(out->time_ds == met.time_ds);
        return TQ_OK;
    }
    if (still)
        best_from = best_to = leaving.end[0];
    else
        TQ_TRY(search(city, metric, from, to, &leaving, &arriving, work, &best_from, &best_to,
                      &time, err));
    uint32_t *vertex = &best_from.vertex, count = 1;
    bool direct = best_from.vertex == best_to.vertex && best_to.passed_ds >= best_from.passed_ds &&
                  best_to.at_dm >= best_from.at_dm;
    if (!direct) {
        int32_t path_ds = 0;
        vertex = road_path(metric, best_from.vertex, best_to.vertex, work, &count, &path_ds);
        if (vertex == NULL) return scratch_full(work, err);
        TQ_ASSERT(path_ds - best_from.passed_ds + best_to.passed_ds -
                      road_gift_ds(metric, &best_from, &best_to) ==
                  time);
    }
    if (!road_way_of(city, metric, vertex, count, &best_from, &best_to, work, out))
        return scratch_full(work, err);
    TQ_ASSERT(out->time_ds == time);
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
    uint32_t arc = way->arc[k], from_dm = 0, to_dm = 0;
    uint32_t length_dm = city->streets.edge_length_dm[arc >> 1];
    piece(city, way, k, &from_dm, &to_dm);
    return road_part_ds(metric->arc_ds[arc], to_dm, length_dm) -
           road_part_ds(metric->arc_ds[arc], from_dm, length_dm);
}
