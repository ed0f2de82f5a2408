/*
 * A bounded cache of metrics by profile and epoch.
 *
 * Method: ROADS_MAX places under one lock that is held only to look and to count; a second lock is
 * held while a metric is made, so that each is made once and others are still handed out meanwhile.
 * The one longest unused and not pinned makes room.
 *
 * Invariants: a metric that is handed out stays until tq_roads_put; a search itself takes no lock.
 * All places pinned is TQ_BUSY.
 */
#include <stdlib.h>

#include "os/os.h"
#include "road/road_in.h"

#define ROADS_MAX 16

typedef struct kept {
    tq_metric *metric; /* NULL = free place */
    tq_profile profile;
    uint32_t epoch, pins;
    uint64_t used; /* larger is more recent */
} kept;

struct tq_roads {
    const tq_city *city;
    tq_mutex *lock, *making;
    kept place[ROADS_MAX];
    uint64_t clock;
    uint32_t boundary_count;
    int64_t *boundary_ms; /* ascending: instants at which an edge opens or closes */
};

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool find_boundaries(const tq_city *city, tq_roads *roads)
{
    uint8_t *used = TQ_ALLOC(uint8_t, city->dates.count);
    roads->boundary_ms = TQ_ALLOC(int64_t, 2 * (size_t)city->dates.count);
    bool done = used != NULL && roads->boundary_ms != NULL;
    for (uint32_t edge = 0; done && edge < city->streets.edge_count; edge++)
        used[city->streets.edge_date[edge]] = 1;
    for (uint32_t row = 0; done && row < city->dates.count; row++) {
        const tq_date_row *date = &city->dates.row[row];
        if (!used[row] || date->life != TQ_OPEN) continue;
        if (date->from_ms != INT64_MIN) roads->boundary_ms[roads->boundary_count++] = date->from_ms;
        if (date->to_ms != INT64_MAX) roads->boundary_ms[roads->boundary_count++] = date->to_ms;
    }
    if (done) qsort(roads->boundary_ms, roads->boundary_count, sizeof *roads->boundary_ms, by_time);
    tq_free(used);
    return done;
}

tq_status tq_roads_open(const tq_city *city, tq_roads **out, tq_err *err)
{
    tq_roads *roads = TQ_ALLOC(tq_roads, 1);
    if (roads != NULL) {
        roads->city = city;
        roads->lock = tq_mutex_new();
        roads->making = tq_mutex_new();
    }
    if (roads == NULL || roads->lock == NULL || roads->making == NULL ||
        !find_boundaries(city, roads)) {
        tq_roads_close(roads);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the cache of road metrics");
    }
    *out = roads;
    return TQ_OK;
}

void tq_roads_close(tq_roads *roads)
{
    if (roads == NULL) return;
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        TQ_ASSERT(roads->place[k].pins == 0);
        tq_metric_free(roads->place[k].metric);
    }
    if (roads->lock != NULL) tq_mutex_free(roads->lock);
    if (roads->making != NULL) tq_mutex_free(roads->making);
    tq_free(roads->boundary_ms);
    tq_free(roads);
}

/* How many boundaries lie at or before the instant; equal ones count each, which leaves gaps and no
 * harm. */
static uint32_t epoch_of(const tq_roads *roads, int64_t at_ms)
{
    uint32_t low = 0, high = roads->boundary_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (roads->boundary_ms[middle] <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const tq_metric *pin_kept(tq_roads *roads, tq_profile profile, uint32_t epoch)
{
    const tq_metric *found = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX && found == NULL; k++) {
        kept *place = &roads->place[k];
        if (place->metric == NULL || place->profile != profile || place->epoch != epoch) continue;
        place->pins++;
        place->used = ++roads->clock;
        found = place->metric;
    }
    tq_mutex_unlock(roads->lock);
    return found;
}

/* Put a new metric, pinned, in a free place or that of the longest unused one; false = all are
 * pinned. */
static bool keep(tq_roads *roads, tq_profile profile, uint32_t epoch, tq_metric *metric)
{
    kept *best = NULL;
    tq_metric *old = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        kept *place = &roads->place[k];
        if (place->pins == 0 && (best == NULL || place->used < best->used)) best = place;
    }
    if (best != NULL) {
        old = best->metric;
        *best = (kept){metric, profile, epoch, 1, ++roads->clock};
    }
    tq_mutex_unlock(roads->lock);
    tq_metric_free(old);
    return best != NULL;
}

tq_status tq_roads_get(tq_roads *roads, tq_profile profile, int64_t at_ms, const tq_metric **out,
                       tq_err *err)
{
    if ((uint32_t)profile >= TQ_PROFILE_COUNT)
        return tq_fail(err, TQ_BAD_INPUT, 0, "there is no profile %d", (int)profile);
    uint32_t epoch = epoch_of(roads, at_ms);
    const tq_metric *found = pin_kept(roads, profile, epoch);
    if (found != NULL) {
        *out = found;
        return TQ_OK;
    }
    tq_mutex_lock(roads->making);
    tq_status status = TQ_OK;
    found = pin_kept(roads, profile, epoch); /* made by another thread while this one waited */
    if (found == NULL) {
        tq_metric *made = NULL;
        status = tq_metric_make(roads->city, profile, at_ms, &made, err);
        if (status == TQ_OK && !keep(roads, profile, epoch, made)) {
            tq_metric_free(made);
            status =
                tq_fail(err, TQ_BUSY, 0, "all %d road metrics are in use; try again", ROADS_MAX);
        } else {
            found = made;
        }
    }
    tq_mutex_unlock(roads->making);
    if (status == TQ_OK) *out = found;
    return status;
}

void tq_roads_put(tq_roads *roads, const tq_metric *metric)
{
    if (metric == NULL) return;
    tq_mutex_lock(roads->lock);
    bool found = false;
    for (uint32_t k = 0; k < ROADS_MAX && !found; k++) {
        if (roads->place[k].metric != metric) continue;
        TQ_ASSERT(roads->place[k].pins > 0);
        roads->place[k].pins--;
        found = true;
    }
    tq_mutex_unlock(roads->lock);
    TQ_ASSERT(found);
}
