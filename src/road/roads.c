/*
 * A bounded cache of metrics by vehicle, slice of time and live state.
 *
 * Method: ROADS_MAX places under one lock that is held only to look and to count; a second lock is
 * held while a metric is made, so that each is made once and others are still handed out meanwhile.
 * The one longest unused and not pinned makes room. After new live state a metric is made from the
 * older one of the same slice when few arcs differ (tq_metric_change), else anew.
 *
 * Slices are remembered too, because a slice costs more to find than a metric to hand out.
 *
 * Invariants: a metric that is handed out stays until tq_roads_put; a search itself takes no lock.
 * Vehicles are told apart by their contents. All places pinned is TQ_BUSY.
 */
#include <stdlib.h>

#include "os/os.h"
#include "road/vehicle_in.h"

#define ROADS_MAX    20
#define SLICES_MAX   64
#define CHANGED_MAX  300         /* arcs; more are faster made anew (bench/road) */
#define BEST_KEY     UINT64_C(0) /* names the metric of any time; a slice's key is odd */
#define PARTS_USUAL  TQ_METRIC_ALL
#define THREADS_MOST 4u

struct road_overlay {
    tq_overlay live; /* state points behind the struct */
    uint32_t holders;
};

typedef struct kept {
    tq_metric *metric; /* NULL = free place */
    road_overlay *overlay;
    uint64_t vehicle, slice, version; /* hash, key, of the live state */
    uint32_t pins;
    uint64_t used; /* larger is more recent */
} kept;

typedef struct kept_slice {
    uint64_t vehicle;
    tq_slice slice; /* from_ms == to_ms: free */
} kept_slice;

struct tq_roads {
    const tq_city *city;
    tq_mutex *lock, *making;
    kept place[ROADS_MAX];
    kept_slice slice[SLICES_MAX];
    uint32_t next_slice;
    uint64_t clock;
    uint8_t *dates_used; /* [dates.count] rows that edges use */
    road_overlay *overlay;
};

/* ---- live state ------------------------------------------------------------------------------ */

const tq_overlay *road_overlay_of(const road_overlay *overlay)
{
    return &overlay->live;
}

static road_overlay *overlay_copy(const tq_overlay *from)
{
    size_t bytes = (size_t)from->count * sizeof(tq_arc_state);
    road_overlay *out = tq_alloc(1, sizeof *out + bytes);
    if (out == NULL) return NULL;
    tq_arc_state *state = (tq_arc_state *)(void *)(out + 1);
    if (bytes > 0) memcpy(state, from->state, bytes);
    out->live = (tq_overlay){from->version, from->count, state};
    out->holders = 1;
    return out;
}

/* With the lock held. */
static void overlay_less(road_overlay *overlay)
{
    if (overlay != NULL && --overlay->holders == 0) tq_free(overlay);
}

road_overlay *road_overlay_take(tq_roads *roads)
{
    tq_mutex_lock(roads->lock);
    road_overlay *overlay = roads->overlay;
    overlay->holders++;
    tq_mutex_unlock(roads->lock);
    return overlay;
}

void road_overlay_drop(tq_roads *roads, road_overlay *overlay)
{
    tq_mutex_lock(roads->lock);
    overlay_less(overlay);
    tq_mutex_unlock(roads->lock);
}

tq_status tq_roads_overlay(tq_roads *roads, const tq_overlay *overlay, tq_err *err)
{
    uint32_t arcs = 2 * roads->city->streets.edge_count;
    for (uint32_t k = 0; k < overlay->count; k++) {
        uint32_t arc = overlay->state[k].arc;
        if (arc >= arcs || (k > 0 && arc < overlay->state[k - 1].arc))
            return tq_fail(err, TQ_BAD_INPUT, k, "live state %u: arc %u %s", k, arc,
                           arc >= arcs ? "is not in this city" : "is out of order");
    }
    road_overlay *copy = overlay_copy(overlay);
    if (copy == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for live state");
    tq_mutex_lock(roads->lock);
    road_overlay *old = roads->overlay;
    roads->overlay = copy;
    overlay_less(old);
    tq_mutex_unlock(roads->lock);
    return TQ_OK;
}

uint64_t tq_roads_version(tq_roads *roads)
{
    tq_mutex_lock(roads->lock);
    uint64_t version = roads->overlay->live.version;
    tq_mutex_unlock(roads->lock);
    return version;
}

/* ---- opening --------------------------------------------------------------------------------- */

tq_status tq_roads_open(const tq_city *city, tq_roads **out, tq_err *err)
{
    tq_roads *roads = TQ_ALLOC(tq_roads, 1);
    if (roads != NULL) {
        roads->city = city;
        roads->lock = tq_mutex_new();
        roads->making = tq_mutex_new();
        roads->dates_used = TQ_ALLOC(uint8_t, city->dates.count + 1u);
        roads->overlay = overlay_copy(&(tq_overlay){0});
    }
    if (roads == NULL || roads->lock == NULL || roads->making == NULL ||
        roads->dates_used == NULL || roads->overlay == NULL) {
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
        overlay_less(roads->place[k].overlay);
    }
    overlay_less(roads->overlay);
    if (roads->lock != NULL) tq_mutex_free(roads->lock);
    if (roads->making != NULL) tq_mutex_free(roads->making);
    tq_free(roads->dates_used);
    tq_free(roads);
}

const uint8_t *road_dates_used(const tq_roads *roads)
{
    return roads->dates_used;
}

/* ---- slices ---------------------------------------------------------------------------------- */

static tq_slice slice_of(tq_roads *roads, const tq_vehicle *vehicle, uint64_t hash, int64_t at_ms)
{
    tq_slice found = {0};
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < SLICES_MAX; k++) {
        const kept_slice *one = &roads->slice[k];
        if (one->vehicle == hash && one->slice.from_ms <= at_ms && at_ms < one->slice.to_ms)
            found = one->slice;
    }
    tq_mutex_unlock(roads->lock);
    if (found.key != 0) return found;
    found = road_slice(roads->city, vehicle, roads->dates_used, at_ms);
    tq_mutex_lock(roads->lock);
    roads->slice[roads->next_slice++ % SLICES_MAX] = (kept_slice){hash, found};
    tq_mutex_unlock(roads->lock);
    return found;
}

tq_slice road_slice_kept(tq_roads *roads, const tq_vehicle *vehicle, int64_t at_ms)
{
    return slice_of(roads, vehicle, road_vehicle_hash(vehicle), at_ms);
}

/* ---- places ---------------------------------------------------------------------------------- */

/* What is asked for. */
typedef struct wish {
    const tq_vehicle *vehicle;
    int64_t at_ms;
    uint32_t parts;
    uint64_t hash, slice;
    road_overlay *overlay; /* held by the asker */
} wish;

static bool is_for(const kept *place, const wish *ask)
{
    return place->metric != NULL && place->vehicle == ask->hash && place->slice == ask->slice;
}

static bool answers(const kept *place, const wish *ask)
{
    return is_for(place, ask) && place->version == ask->overlay->live.version &&
           (tq_metric_parts(place->metric) & ask->parts) == ask->parts;
}

static const tq_metric *pin_kept(tq_roads *roads, const wish *ask)
{
    const tq_metric *found = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX && found == NULL; k++) {
        kept *place = &roads->place[k];
        if (!answers(place, ask)) continue;
        place->pins++;
        place->used = ++roads->clock;
        found = place->metric;
    }
    tq_mutex_unlock(roads->lock);
    return found;
}

/* Take the place's metric away, so that only the caller has it. With the lock held, no pins. */
static kept take_out(kept *place)
{
    TQ_ASSERT(place->pins == 0);
    kept out = *place;
    *place = (kept){0};
    return out;
}

/* Put a new metric, pinned, in a free place or that of the longest unused one; older ones of the
 * same vehicle and slice that nobody uses go. False = all are pinned. */
static bool keep(tq_roads *roads, const wish *ask, tq_metric *metric)
{
    tq_metric *gone[ROADS_MAX + 1];
    uint32_t gone_count = 0;
    kept *best = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        kept *place = &roads->place[k];
        if (place->pins == 0 && is_for(place, ask)) {
            kept old = take_out(place);
            overlay_less(old.overlay);
            gone[gone_count++] = old.metric;
        }
        if (place->pins == 0 && (best == NULL || place->used < best->used)) best = place;
    }
    if (best != NULL) {
        kept old = take_out(best);
        overlay_less(old.overlay);
        gone[gone_count++] = old.metric;
        ask->overlay->holders++;
        *best = (kept){.metric = metric,
                       .overlay = ask->overlay,
                       .vehicle = ask->hash,
                       .slice = ask->slice,
                       .version = ask->overlay->live.version,
                       .pins = 1,
                       .used = ++roads->clock};
    }
    tq_mutex_unlock(roads->lock);
    for (uint32_t k = 0; k < gone_count; k++)
        tq_metric_free(gone[k]);
    return best != NULL;
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

/* ---- making ---------------------------------------------------------------------------------- */

/* Arcs whose weight under the new live state is not that of the base. */
typedef struct difference {
    uint32_t arc[CHANGED_MAX];
    int32_t arc_ds[CHANGED_MAX];
    uint32_t count;
    bool many;
} difference;

static void compare(const road_asker *asker, const tq_metric *base, const tq_overlay *now,
                    uint32_t arc, difference *out)
{
    int32_t arc_ds = road_arc_now(asker, now, arc);
    if (out->many || arc_ds == tq_metric_arc_ds(base, arc)) return;
    out->many = out->count == CHANGED_MAX;
    if (out->many) return;
    out->arc[out->count] = arc;
    out->arc_ds[out->count++] = arc_ds;
}

/* Both states are in order of arcs: each arc of either once. */
static void find_difference(const road_asker *asker, const tq_metric *base, const tq_overlay *was,
                            const tq_overlay *now, difference *out)
{
    uint32_t a = 0, b = 0;
    while (!out->many && (a < was->count || b < now->count)) {
        uint32_t left = a < was->count ? was->state[a].arc : TQ_NONE;
        uint32_t right = b < now->count ? now->state[b].arc : TQ_NONE;
        uint32_t arc = TQ_MIN(left, right);
        compare(asker, base, now, arc, out);
        while (a < was->count && was->state[a].arc == arc)
            a++;
        while (b < now->count && now->state[b].arc == arc)
            b++;
    }
}

/* A metric from an older one of the same vehicle and slice; NULL when there is none, or too much
 * differs. The base is pinned meanwhile. */
static tq_metric *from_older(tq_roads *roads, const wish *ask, tq_status *status, tq_err *err)
{
    kept *base = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        kept *place = &roads->place[k];
        if (is_for(place, ask) && (base == NULL || place->used > base->used)) base = place;
    }
    if (base != NULL) base->pins++;
    tq_mutex_unlock(roads->lock);
    if (base == NULL) return NULL;
    tq_metric *made = NULL;
    difference *changed = TQ_ALLOC(difference, 1);
    if (changed != NULL) {
        road_asker asker = {.city = roads->city,
                            .vehicle = ask->vehicle,
                            .moment = tq_moment_at(roads->city, ask->at_ms),
                            .any_time = ask->slice == BEST_KEY};
        find_difference(&asker, base->metric, &base->overlay->live, &ask->overlay->live, changed);
        if (!changed->many)
            *status = tq_metric_change(base->metric, changed->arc, changed->arc_ds, changed->count,
                                       &made, err);
        tq_free(changed);
    }
    tq_roads_put(roads, base->metric);
    return made;
}

static tq_status make_best(const tq_roads *roads, const wish *ask, tq_metric **out, tq_err *err)
{
    const tq_city *city = roads->city;
    const tq_hierarchy *hierarchy = &city->hierarchy[ask->vehicle->kind];
    int32_t *arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)city->streets.edge_count + 1);
    int32_t *turn_ds = TQ_ALLOC(int32_t, (size_t)hierarchy->link_count + 1);
    uint32_t *area = NULL;
    tq_status status = TQ_OK;
    if (arc_ds == NULL || turn_ds == NULL ||
        !road_weigh_best(city, ask->vehicle, &ask->overlay->live, arc_ds, turn_ds, &area,
                         hierarchy))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the weights of streets");
    if (status == TQ_OK)
        status = tq_metric_make_from(city, (tq_hierarchy_kind)ask->vehicle->kind, ask->vehicle,
                                     arc_ds, turn_ds, ask->parts, THREADS_MOST, out, err);
    if (status == TQ_OK)
        (*out)->area = area;
    else
        tq_free(area);
    tq_free(arc_ds);
    tq_free(turn_ds);
    return status;
}

/* A place that has the metric but not all parts, unused: its metric alone; else NULL. */
static tq_metric *take_lesser(tq_roads *roads, const wish *ask)
{
    tq_metric *found = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX && found == NULL; k++) {
        kept *place = &roads->place[k];
        if (!is_for(place, ask) || place->pins != 0 || place->version != ask->overlay->live.version)
            continue;
        kept out = take_out(place);
        overlay_less(out.overlay);
        found = out.metric;
    }
    tq_mutex_unlock(roads->lock);
    return found;
}

static tq_status make(tq_roads *roads, const wish *ask, tq_metric **out, tq_err *err)
{
    tq_status status = TQ_OK;
    tq_metric *made = take_lesser(roads, ask);
    if (made == NULL) made = from_older(roads, ask, &status, err);
    if (made == NULL && ask->slice == BEST_KEY)
        status = make_best(roads, ask, &made, err);
    else if (made == NULL)
        status = tq_metric_make(roads->city, ask->vehicle, ask->at_ms, &ask->overlay->live,
                                ask->parts, THREADS_MOST, &made, err);
    if (status == TQ_OK && (ask->parts & ~tq_metric_parts(made)) != 0)
        status = tq_metric_add(made, ask->parts & ~tq_metric_parts(made), err);
    if (status == TQ_OK)
        *out = made;
    else
        tq_metric_free(made);
    return status;
}

static tq_status get(tq_roads *roads, const wish *ask, const tq_metric **out, tq_err *err)
{
    const tq_metric *found = pin_kept(roads, ask);
    tq_status status = TQ_OK;
    if (found == NULL) {
        tq_mutex_lock(roads->making);
        found = pin_kept(roads, ask); /* made by another thread while this one waited */
        tq_metric *made = NULL;
        if (found == NULL) status = make(roads, ask, &made, err);
        if (made != NULL && !keep(roads, ask, made)) {
            tq_metric_free(made);
            status =
                tq_fail(err, TQ_BUSY, 0, "all %d road metrics are in use; try again", ROADS_MAX);
        } else if (made != NULL) {
            found = made;
        }
        tq_mutex_unlock(roads->making);
    }
    if (status == TQ_OK) *out = found;
    return status;
}

tq_status tq_roads_get_with(tq_roads *roads, const tq_vehicle *vehicle, int64_t at_ms,
                            uint32_t parts, const tq_metric **out, tq_err *err)
{
    if (vehicle == NULL) return tq_fail(err, TQ_BAD_INPUT, 0, "there is no such profile");
    wish ask = {.vehicle = vehicle,
                .at_ms = at_ms,
                .parts = parts,
                .hash = road_vehicle_hash(vehicle),
                .overlay = road_overlay_take(roads)};
    ask.slice = slice_of(roads, vehicle, ask.hash, at_ms).key;
    tq_status status = get(roads, &ask, out, err);
    road_overlay_drop(roads, ask.overlay);
    return status;
}

tq_status tq_roads_get(tq_roads *roads, const tq_vehicle *vehicle, int64_t at_ms,
                       const tq_metric **out, tq_err *err)
{
    return tq_roads_get_with(roads, vehicle, at_ms, PARTS_USUAL, out, err);
}

tq_status road_fastest(tq_roads *roads, const tq_vehicle *vehicle, road_overlay *overlay,
                       const tq_metric **out, tq_err *err)
{
    wish ask = {.vehicle = vehicle,
                .hash = road_vehicle_hash(vehicle),
                .slice = BEST_KEY,
                .overlay = overlay};
    return get(roads, &ask, out, err);
}
