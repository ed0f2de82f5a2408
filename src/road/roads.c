/*
 * A bounded cache of metrics by vehicle, slice of time and live state.
 *
 * Method: ROADS_MAX places under one lock that is held only to look and to count; a second lock is
 * held while a metric is made for a question, so that each is made once and others are still handed
 * out meanwhile. The one longest unused and not pinned makes room, and so do metrics of live states
 * that have been left behind. How metrics are made, and made ahead: roads_make.c.
 *
 * Slices are remembered too, because a slice costs more to find than a metric to hand out.
 *
 * Invariants: a metric that is handed out stays until tq_roads_put; a search itself takes no lock.
 * Vehicles are told apart by their contents. A place holds the live state that its metric is of.
 * All places pinned is TQ_BUSY.
 */
#include <stdlib.h>

#include "road/roads_in.h"

/* ---- opening --------------------------------------------------------------------------------- */

tq_status tq_roads_open(const tq_city *city, tq_roads **out, tq_err *err)
{
    tq_roads *roads = TQ_ALLOC(tq_roads, 1);
    if (roads != NULL) {
        roads->city = city;
        roads->lock = tq_mutex_new();
        roads->making = tq_mutex_new();
        roads->following = tq_mutex_new();
        roads->dates_used = TQ_ALLOC(uint8_t, city->dates.count + 1u);
    }
    if (roads == NULL || roads->lock == NULL || roads->making == NULL || roads->following == NULL ||
        roads->dates_used == NULL) {
        tq_roads_close(roads);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the cache of road metrics");
    }
    for (uint32_t edge = 0; edge < city->streets.edge_count; edge++)
        roads->dates_used[city->streets.edge_date[edge]] = 1;
    *out = roads;
    return TQ_OK;
}

void tq_roads_close(tq_roads *roads)
{
    if (roads == NULL) return;
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        TQ_ASSERT(roads->place[k].pins == 0);
        tq_metric_free(roads->place[k].metric);
        tq_overlay_drop(roads->place[k].overlay);
    }
    if (roads->lock != NULL) tq_mutex_free(roads->lock);
    if (roads->making != NULL) tq_mutex_free(roads->making);
    if (roads->following != NULL) tq_mutex_free(roads->following);
    tq_free(roads->dates_used);
    tq_free(roads);
}

/* ---- slices ---------------------------------------------------------------------------------- */

static roads_slice slice_of(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                            uint64_t hash, int64_t at_ms)
{
    roads_slice found = {0};
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_SLICES && found.slice.key == 0; k++) {
        const roads_slice *one = &roads->slice[k];
        if (one->vehicle == hash && one->version == overlay->road_version &&
            one->slice.from_ms <= at_ms && at_ms < one->slice.to_ms)
            found = *one;
    }
    tq_mutex_unlock(roads->lock);
    if (found.slice.key != 0) return found;
    found = (roads_slice){.vehicle = hash, .version = overlay->road_version};
    found.slice =
        road_slice(roads->city, overlay, vehicle, roads->dates_used, at_ms, &found.city_key);
    tq_mutex_lock(roads->lock);
    roads->slice[roads->next_slice++ % ROADS_SLICES] = found;
    tq_mutex_unlock(roads->lock);
    return found;
}

tq_slice road_slice_kept(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                         int64_t at_ms)
{
    if (overlay == NULL) overlay = tq_overlay_none();
    return slice_of(roads, overlay, vehicle, road_vehicle_hash(vehicle), at_ms).slice;
}

void roads_find_slice(tq_roads *roads, roads_wish *ask)
{
    roads_slice found = slice_of(roads, ask->overlay, ask->vehicle, ask->hash, ask->at_ms);
    ask->slice = found.slice.key;
    ask->city_key = found.city_key;
}

/* ---- places ---------------------------------------------------------------------------------- */

static bool answers(const roads_place *place, const roads_wish *ask)
{
    if (place->metric == NULL || place->vehicle != ask->hash) return false;
    uint32_t later = ask->lesser_does ? place->wanted : 0;
    uint32_t parts = tq_metric_parts(place->metric) | later;
    if ((parts & ask->parts) != ask->parts) return false;
    for (uint32_t k = 0; k < place->names; k++)
        if (place->name[k].version == ask->overlay->road_version &&
            place->name[k].slice == ask->slice)
            return true;
    return false;
}

const tq_metric *roads_pin(tq_roads *roads, const roads_wish *ask)
{
    roads_place *found = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (answers(place, ask) && (found == NULL || place->wanted == 0)) found = place;
    }
    if (found != NULL) found->pins++;
    if (found != NULL && ask->used == 0) {
        found->used = ++roads->clock;
        found->asked_ms = ask->at_ms;
        found->idle = 0;
    }
    const tq_metric *metric = found != NULL ? found->metric : NULL;
    tq_mutex_unlock(roads->lock);
    return metric;
}

/* Of live states from before the two that were followed last, or replaced by a metric with more
 * parts? With the lock held. */
static bool left_behind(const tq_roads *roads, const roads_place *place)
{
    return place->metric != NULL && place->pins == 0 &&
           (place->names == 0 || place->overlay->road_version < roads->former);
}

bool roads_keep(tq_roads *roads, const roads_wish *ask, tq_metric *metric)
{
    roads_place gone[ROADS_MAX + 1], *best = NULL;
    uint32_t gone_count = 0;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (left_behind(roads, place)) {
            gone[gone_count++] = *place;
            *place = (roads_place){0};
        }
        if (place->pins == 0 && (best == NULL || place->used < best->used)) best = place;
    }
    if (best != NULL) {
        gone[gone_count++] = *best;
        *best = (roads_place){.metric = metric,
                              .overlay = tq_overlay_hold(ask->overlay),
                              .at_ms = ask->at_ms,
                              .vehicle = ask->hash,
                              .city_key = ask->city_key,
                              .name = {{ask->overlay->road_version, ask->slice}},
                              .names = 1,
                              .pins = 1,
                              .idle = ask->idle,
                              .wanted = ask->wanted & ~tq_metric_parts(metric),
                              .asked_ms = ask->at_ms,
                              .used = ask->used != 0 ? ask->used : ++roads->clock};
    }
    tq_mutex_unlock(roads->lock);
    for (uint32_t k = 0; k < gone_count; k++) {
        tq_metric_free(gone[k].metric);
        tq_overlay_drop(gone[k].overlay);
    }
    return best != NULL;
}

void tq_roads_put(tq_roads *roads, const tq_metric *metric)
{
    if (metric == NULL) return;
    roads_place gone = {0};
    tq_mutex_lock(roads->lock);
    bool found = false;
    for (uint32_t k = 0; k < ROADS_MAX && !found; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric != metric) continue;
        TQ_ASSERT(place->pins > 0);
        place->pins--;
        found = true;
        if (place->names != 0 || place->pins != 0) continue;
        gone = *place;
        *place = (roads_place){0};
    }
    tq_mutex_unlock(roads->lock);
    TQ_ASSERT(found);
    tq_metric_free(gone.metric);
    tq_overlay_drop(gone.overlay);
}

bool roads_replace(tq_roads *roads, const tq_metric *lesser, tq_metric *whole)
{
    roads_place *from = NULL, *to = NULL, gone = {0};
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric == lesser) from = place;
        if (place->pins == 0 && (to == NULL || place->used < to->used)) to = place;
    }
    TQ_ASSERT(from != NULL && from->pins > 0);
    if (to != NULL) {
        gone = *to;
        *to = *from;
        to->metric = whole;
        to->overlay = tq_overlay_hold(from->overlay);
        to->pins = to->wanted = 0;
        from->names = 0; /* goes when the last one puts it back */
    }
    tq_mutex_unlock(roads->lock);
    tq_metric_free(gone.metric);
    tq_overlay_drop(gone.overlay);
    return to != NULL;
}

/* ---- questions ------------------------------------------------------------------------------- */

static tq_status get(tq_roads *roads, const roads_wish *ask, const tq_metric **out, tq_err *err)
{
    const tq_metric *found = roads_pin(roads, ask);
    tq_status status = TQ_OK;
    if (found == NULL) {
        tq_mutex_lock(roads->making);
        found = roads_pin(roads, ask); /* made by another thread while this one waited */
        if (found == NULL) status = roads_make(roads, ask, &found, err);
        tq_mutex_unlock(roads->making);
    }
    if (status == TQ_OK) *out = found;
    return status;
}

static tq_status get_at(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                        int64_t at_ms, uint32_t parts, bool lesser_does, const tq_metric **out,
                        tq_err *err)
{
    if (vehicle == NULL) return tq_fail(err, TQ_BAD_INPUT, 0, "there is no such profile");
    roads_wish ask = {.vehicle = vehicle,
                      .at_ms = at_ms,
                      .parts = parts,
                      .hash = road_vehicle_hash(vehicle),
                      .lesser_does = lesser_does,
                      .overlay = overlay != NULL ? overlay : tq_overlay_none(),
                      .threads = ROADS_THREADS};
    roads_find_slice(roads, &ask);
    return get(roads, &ask, out, err);
}

tq_status tq_roads_get_with(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                            int64_t at_ms, uint32_t parts, const tq_metric **out, tq_err *err)
{
    return get_at(roads, overlay, vehicle, at_ms, parts, false, out, err);
}

tq_status tq_roads_get(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                       int64_t at_ms, const tq_metric **out, tq_err *err)
{
    return get_at(roads, overlay, vehicle, at_ms, TQ_METRIC_ALL, true, out, err);
}

tq_status road_fastest(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                       const tq_metric **out, tq_err *err)
{
    roads_wish ask = {.vehicle = vehicle,
                      .hash = road_vehicle_hash(vehicle),
                      .slice = ROADS_BEST,
                      .city_key = ROADS_BEST,
                      .overlay = overlay != NULL ? overlay : tq_overlay_none(),
                      .threads = ROADS_THREADS};
    return get(roads, &ask, out, err);
}
