/*
 * The k nearest of a set of places: one row of a table when they are few, else one sweep over all
 * vertices and a look at each place. Of equally near places the one with the lower number comes
 * first.
 */
#include "road/many_in.h"

/* A row of a table takes about as long as a sweep over so many vertices, a place. */
#define NEAREST_VERTICES_A_PLACE 1000u

/* From the swept place to an end of another, whose arc it may itself stand on. */
static int32_t time_to(const int32_t *all, const road_ends *own, const road_end *there)
{
    int32_t best = road_sum(all[there->vertex], there->passed_ds);
    for (uint32_t k = 0; k < own->count; k++)
        if (own->end[k].vertex == there->vertex && own->end[k].at_dm <= there->at_dm)
            best = TQ_MIN(best, there->passed_ds - own->end[k].passed_ds);
    return best;
}

/* From an end of another place to the swept one; round the block when it stands earlier on the same
 * arc. */
static int32_t time_from(const tq_metric *metric, const int32_t *all, const road_ends *own,
                         const road_end *there)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    int32_t time = all[there->vertex];
    for (uint32_t k = 0; k < own->count; k++) {
        if (own->end[k].vertex != there->vertex || own->end[k].at_dm >= there->at_dm) continue;
        time = TQ_ROAD_INF;
        for (uint32_t link = hierarchy->first_link[there->vertex];
             link < hierarchy->first_link[there->vertex + 1]; link++)
            time = TQ_MIN(time, road_sum(road_link_ds(metric, there->vertex, link),
                                         all[hierarchy->link_head[link]]));
        break;
    }
    return time < TQ_ROAD_INF ? time - there->passed_ds : TQ_ROAD_INF;
}

/* Times to (or from) each place by a sweep. */
static tq_status times_by_sweep(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                                const tq_places_on_road *set, tq_sweep sweep, tq_arena *work,
                                int32_t *ds, tq_err *err)
{
    int32_t *all = TQ_PUSH_RAW(work, int32_t, metric->vertex_count);
    if (all == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for a sweep");
    TQ_TRY(tq_road_all(city, metric, from, sweep, work, all, err));
    road_ends own = {0};
    bool out = sweep == TQ_SWEEP_FROM;
    road_ends_add(city, metric, from, out ? ROAD_LEAVING : ROAD_ARRIVING, &own);
    for (uint32_t place = 0; place < set->count; place++) {
        uint32_t first = set->first != NULL ? set->first[place] : place,
                 end = set->first != NULL ? set->first[place + 1] : place + 1;
        road_ends ends = {0};
        int32_t best = TQ_ROAD_INF;
        for (uint32_t snap = first; snap < end; snap++) {
            road_ends_add(city, metric, &set->snap[snap], out ? ROAD_ARRIVING : ROAD_LEAVING,
                          &ends);
            if (many_same_node(city, metric, from, &set->snap[snap])) best = 0;
        }
        for (uint32_t k = 0; k < ends.count; k++) {
            int32_t time =
                out ? time_to(all, &own, &ends.end[k]) : time_from(metric, all, &own, &ends.end[k]);
            best = TQ_MIN(best, time);
        }
        ds[place] = best;
    }
    return TQ_OK;
}

tq_status tq_road_nearest_of(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                             const tq_places_on_road *set, tq_sweep sweep, uint32_t limit,
                             tq_arena *work, uint32_t *which, int32_t *ds, uint32_t *count,
                             tq_err *err)
{
    size_t mark = work->used;
    int32_t *time = TQ_PUSH_RAW(work, int32_t, set->count);
    uint64_t *key = TQ_PUSH_RAW(work, uint64_t, set->count);
    tq_status status = TQ_OK;
    if (time == NULL || key == NULL) {
        status = tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for %u places",
                         set->count);
    } else if (set->count > metric->vertex_count / NEAREST_VERTICES_A_PLACE) {
        status = times_by_sweep(city, metric, from, set, sweep, work, time, err);
    } else {
        tq_places_on_road one = {1, NULL, from};
        status = sweep == TQ_SWEEP_FROM
                     ? tq_road_matrix(city, metric, &one, set, work, time, NULL, err)
                     : tq_road_matrix(city, metric, set, &one, work, time, NULL, err);
    }
    if (status == TQ_OK) {
        uint32_t found = 0;
        for (uint32_t place = 0; place < set->count; place++)
            if (time[place] < TQ_ROAD_INF) key[found++] = (uint64_t)time[place] << 32 | place;
        many_sort(key, found);
        *count = TQ_MIN(found, limit);
        for (uint32_t k = 0; k < *count; k++) {
            which[k] = (uint32_t)key[k];
            ds[k] = (int32_t)(key[k] >> 32);
        }
    }
    tq_arena_reset(work, mark);
    return status;
}
