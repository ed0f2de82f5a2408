/* Opening a city for questions: the file, the caches of metrics and days, and warming them up. */
#include <stdio.h>

#include "journey/journey_in.h"

void tq_snapshot_version(const tq_snapshot *snapshot, char out[TQ_VERSION_MAX])
{
    const char *city = tq_city_version(snapshot->city);
    if (snapshot->overlay->version == 0)
        (void)snprintf(out, TQ_VERSION_MAX, "%.24s", city);
    else
        (void)snprintf(out, TQ_VERSION_MAX, "%.24s+%llu", city,
                       (unsigned long long)snapshot->overlay->version);
}

void journey_version(const tq_snapshot *snapshot, const tq_plan_query *query,
                     char out[JOURNEY_VERSION_MAX])
{
    tq_snapshot_version(snapshot, out);
    size_t len = strlen(out);
    if (query->on_demand == 0 || snapshot->ondemand == NULL) return;
    (void)snprintf(out + len, JOURNEY_VERSION_MAX - len, "%s+%lld",
                   snapshot->overlay->version == 0 ? "+0" : "",
                   (long long)snapshot->ondemand->made_ms);
}

tq_status tq_snapshot_open(const char *path, tq_snapshot *out, tq_err *err)
{
    tq_city *city = NULL;
    tq_snapshot opened = {.overlay = tq_overlay_none()};
    TQ_TRY(tq_city_open(path, &city, err));
    opened.city = city;
    tq_status status = tq_roads_open(city, &opened.roads, err);
    if (status == TQ_OK) status = tq_days_open(city, &opened.days, err);
    if (status != TQ_OK) {
        tq_days_close(opened.days);
        tq_roads_close(opened.roads);
        tq_city_close(city);
        return status;
    }
    *out = opened;
    return TQ_OK;
}

void tq_snapshot_close(tq_snapshot *snapshot)
{
    tq_days_close(snapshot->days);
    tq_roads_close(snapshot->roads);
    tq_overlay_drop(snapshot->overlay);
    tq_city_close((tq_city *)(uintptr_t)snapshot->city);
    *snapshot = (tq_snapshot){0};
}

tq_status tq_snapshot_warm(tq_snapshot *snapshot, int64_t at_ms, tq_err *err)
{
    const tq_city *city = snapshot->city;
    for (unsigned profile = 0; city->streets.edge_count > 0 && profile < TQ_PROFILE_COUNT;
         profile++) {
        const tq_metric *metric = NULL;
        const tq_vehicle *vehicle = tq_road_vehicle(city, (tq_profile)profile);
        if (vehicle == NULL) continue;
        TQ_TRY(tq_roads_get(snapshot->roads, snapshot->overlay, vehicle, at_ms, &metric, err));
        tq_roads_put(snapshot->roads, metric);
    }
    if (city->timetable.trip_count == 0) return TQ_OK;
    const tq_day *day = NULL;
    TQ_TRY(tq_days_get(snapshot->days, snapshot->overlay, tq_local_day(&city->zone, at_ms, NULL),
                       &day, err));
    tq_days_put(snapshot->days, day);
    return TQ_OK;
}

size_t tq_journey_work_bytes(const tq_city *city)
{
    /* A search of the road room keeps a few arrays as long as the deepest branch and the longest
     * way; one through the hours some as long as the vertices. */
    size_t vertices = 0;
    for (unsigned kind = 0; kind < TQ_HIERARCHY_COUNT; kind++)
        vertices = TQ_MAX(vertices, (size_t)city->hierarchy[kind].vertex_count);
    size_t street =
        STREET_WORK_BYTES + (size_t)city->streets.edge_count * 16 + vertices * TIMED_WORK_BYTES;
    return KEEP_BYTES + street + tq_transit_work_bytes(city);
}
