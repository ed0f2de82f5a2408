/*
 * Making the metrics of the cache: from another one where little differs, ahead of questions when
 * the live state changes.
 *
 * Method: two metrics of a vehicle whose slices are the same without live state differ only where
 * either live state has rules. Those arcs are weighed and compared: none differs, and the kept
 * metric gets a second name; up to CHANGED_MOST do, and it is changed (tq_metric_change); else the
 * metric is made anew. So is one for which other streets are for the last metres only than before,
 * since that changes turns.
 *
 * tq_roads_follow does so for the ROADS_FOLLOWED metrics asked for most recently, side by side. It
 * never takes the lock under which questions wait for a metric, and evicts only what LRU order or
 * age would. It leaves out the parts that only make questions faster (a question's way is the same
 * without them, prop_road_live), which take ten times as long as the weights: tq_roads_finish makes
 * them when the live state is shown already, in a copy that then takes the lesser one's place.
 */
#include "road/roads_in.h"

#define CHANGED_MOST 300u /* arcs; more are faster made anew (bench/road) */

/* ---- what differs ---------------------------------------------------------------------------- */

/* Arcs whose weight under the new live state is not that of the base. */
typedef struct difference {
    road_asker was, now;
    const tq_metric *base;
    const tq_overlay *before, *after;
    uint32_t arc[CHANGED_MOST];
    int32_t arc_ds[CHANGED_MOST];
    uint32_t count;
    bool many;
} difference;

static void compare(difference *out, uint32_t arc)
{
    bool was_last = false, last = false;
    int32_t arc_ds = road_arc_live(&out->now, out->after, arc, &last);
    if (out->now.vehicle->destination_entry_ds > 0) {
        (void)road_arc_live(&out->was, out->before, arc, &was_last);
        if (was_last != last) out->many = true;
    }
    if (out->many || arc_ds == tq_metric_arc_ds(out->base, arc)) return;
    out->many = out->count == CHANGED_MOST;
    if (out->many) return;
    out->arc[out->count] = arc;
    out->arc_ds[out->count++] = arc_ds;
}

/* Both states are in order of arcs: each arc of either once. */
static void find_difference(difference *out)
{
    const tq_overlay *was = out->before, *now = out->after;
    uint32_t a = 0, b = 0;
    while (!out->many && (a < was->rule_count || b < now->rule_count)) {
        uint32_t left = a < was->rule_count ? was->rule[a].arc : TQ_NONE;
        uint32_t right = b < now->rule_count ? now->rule[b].arc : TQ_NONE;
        uint32_t arc = TQ_MIN(left, right);
        compare(out, arc);
        while (a < was->rule_count && was->rule[a].arc == arc)
            a++;
        while (b < now->rule_count && now->rule[b].arc == arc)
            b++;
    }
}

/* The kept metric of the latest live state that the wish can be made from, pinned, with its live
 * state held. */
static roads_place take_base(tq_roads *roads, const roads_wish *ask)
{
    roads_place *base = NULL, out = {0};
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric == NULL || place->names == 0 || place->vehicle != ask->hash ||
            place->city_key != ask->city_key)
            continue;
        uint64_t version = place->overlay->road_version;
        if (base == NULL || version > base->overlay->road_version ||
            (version == base->overlay->road_version && place->used > base->used))
            base = place;
    }
    if (base != NULL) {
        base->pins++;
        out = *base;
        (void)tq_overlay_hold(out.overlay);
    }
    tq_mutex_unlock(roads->lock);
    return out;
}

/* The base's weights are those of the wish too. */
static void add_name(tq_roads *roads, const roads_wish *ask, const tq_metric *metric)
{
    const tq_overlay *former = NULL;
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric != metric) continue;
        memmove(place->name + 1, place->name, (ROADS_NAMES - 1) * sizeof *place->name);
        place->name[0] = (roads_name){ask->overlay->road_version, ask->slice};
        place->names = TQ_MIN(place->names + 1, ROADS_NAMES);
        /* A question about an older state must not make the place look left behind. */
        if (ask->overlay->road_version >= place->overlay->road_version) {
            former = place->overlay;
            place->overlay = tq_overlay_hold(ask->overlay);
            place->at_ms = ask->at_ms;
        }
        place->idle = ask->idle;
        if (ask->used != 0) continue;
        place->used = ++roads->clock;
        place->asked_ms = ask->at_ms;
    }
    tq_mutex_unlock(roads->lock);
    tq_overlay_drop(former);
}

/*
 * A metric from a kept one. *same is the kept one, pinned, when its weights are those of the wish;
 * *made a new one; both stay NULL when there is none, or too much differs.
 */
static tq_status from_kept(tq_roads *roads, const roads_wish *ask, const tq_metric **same,
                           tq_metric **made, tq_err *err)
{
    roads_place base = take_base(roads, ask);
    if (base.metric == NULL) return TQ_OK;
    tq_status status = TQ_OK;
    bool any_time = ask->slice == ROADS_BEST;
    difference *changed = TQ_ALLOC(difference, 1);
    if (changed != NULL) {
        changed->was = (road_asker){.city = roads->city,
                                    .vehicle = ask->vehicle,
                                    .moment = tq_moment_at(roads->city, base.at_ms),
                                    .any_time = any_time};
        changed->now = changed->was;
        changed->now.moment = tq_moment_at(roads->city, ask->at_ms);
        changed->base = base.metric;
        changed->before = base.overlay;
        changed->after = ask->overlay;
        find_difference(changed);
        bool whole = (tq_metric_parts(base.metric) & ask->parts) == ask->parts;
        if (!changed->many && changed->count == 0 && whole) {
            add_name(roads, ask, base.metric);
            *same = base.metric;
        } else if (!changed->many) {
            status = road_change(base.metric, changed->arc, changed->arc_ds, changed->count,
                                 ask->parts, made, err);
        }
    }
    tq_free(changed);
    tq_overlay_drop(base.overlay);
    if (*same == NULL) tq_roads_put(roads, base.metric);
    return status;
}

/* ---- making ---------------------------------------------------------------------------------- */

static tq_status make_best(const tq_roads *roads, const roads_wish *ask, tq_metric **out,
                           tq_err *err)
{
    const tq_city *city = roads->city;
    const tq_hierarchy *hierarchy = &city->hierarchy[ask->vehicle->kind];
    int32_t *arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)city->streets.edge_count + 1);
    int32_t *turn_ds = TQ_ALLOC(int32_t, hierarchy->link_count + 1u);
    uint32_t *area = NULL;
    tq_status status = TQ_OK;
    if (arc_ds == NULL || turn_ds == NULL ||
        !road_weigh_best(city, ask->vehicle, ask->overlay, arc_ds, turn_ds, &area, hierarchy))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the weights of streets");
    if (status == TQ_OK)
        status = tq_metric_make_from(city, (tq_hierarchy_kind)ask->vehicle->kind, ask->vehicle,
                                     arc_ds, turn_ds, ask->parts, ask->threads, out, err);
    if (status == TQ_OK)
        (*out)->area = area;
    else
        tq_free(area);
    tq_free(arc_ds);
    tq_free(turn_ds);
    return status;
}

/* A place that has the metric but not all parts, unused: its metric alone; else NULL. */
static tq_metric *take_lesser(tq_roads *roads, const roads_wish *ask)
{
    roads_place out = {0};
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX && out.metric == NULL; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric == NULL || place->pins != 0 || place->vehicle != ask->hash ||
            place->names == 0 || place->name[0].version != ask->overlay->road_version ||
            place->name[0].slice != ask->slice)
            continue;
        out = *place;
        *place = (roads_place){0};
    }
    tq_mutex_unlock(roads->lock);
    tq_overlay_drop(out.overlay);
    return out.metric;
}

tq_status roads_make(tq_roads *roads, const roads_wish *ask, const tq_metric **out, tq_err *err)
{
    tq_status status = TQ_OK;
    const tq_metric *same = NULL;
    tq_metric *made = take_lesser(roads, ask);
    if (made == NULL) status = from_kept(roads, ask, &same, &made, err);
    if (same != NULL) {
        *out = same;
        return TQ_OK;
    }
    if (status == TQ_OK && made == NULL && ask->slice == ROADS_BEST)
        status = make_best(roads, ask, &made, err);
    else if (status == TQ_OK && made == NULL)
        status = tq_metric_make(roads->city, ask->vehicle, ask->at_ms, ask->overlay, ask->parts,
                                ask->threads, &made, err);
    if (status == TQ_OK && (ask->parts & ~tq_metric_parts(made)) != 0)
        status = tq_metric_add(made, ask->parts & ~tq_metric_parts(made), err);
    if (status == TQ_OK && !roads_keep(roads, ask, made))
        status = tq_fail(err, TQ_BUSY, 0, "all %u road metrics are in use; try again", ROADS_MAX);
    if (status == TQ_OK)
        *out = made;
    else
        tq_metric_free(made);
    return status;
}

/* ---- following ------------------------------------------------------------------------------- */

/* Metrics to be made for the next live state, their bases pinned. */
typedef struct following {
    tq_roads *roads;
    roads_wish ask[ROADS_FOLLOWED];
    const tq_metric *base[ROADS_FOLLOWED];
    tq_vehicle vehicle[ROADS_FOLLOWED];
    tq_status status[ROADS_FOLLOWED];
    tq_err err[ROADS_FOLLOWED];
    uint32_t count;
} following;

/* The kept metric used last before `used` that is to be followed; NULL. With the lock held. */
static roads_place *next_used(tq_roads *roads, uint64_t used)
{
    roads_place *best = NULL;
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric != NULL && place->names != 0 && place->used < used &&
            place->idle < ROADS_IDLE_MOST && (best == NULL || place->used > best->used))
            best = place;
    }
    return best;
}

static bool asked_already(const following *all, const roads_wish *ask)
{
    for (uint32_t k = 0; k < all->count; k++)
        if (all->ask[k].hash == ask->hash && all->ask[k].slice == ask->slice) return true;
    return false;
}

static void choose(following *all, const tq_overlay *next)
{
    tq_roads *roads = all->roads;
    uint64_t used = UINT64_MAX;
    while (all->count < ROADS_FOLLOWED) {
        roads_wish *ask = &all->ask[all->count];
        tq_mutex_lock(roads->lock);
        roads_place *place = next_used(roads, used);
        bool best = false;
        if (place != NULL) {
            used = place->used;
            best = place->name[0].slice == ROADS_BEST;
            uint32_t parts = tq_metric_parts(place->metric) | place->wanted;
            place->pins++;
            all->base[all->count] = place->metric;
            all->vehicle[all->count] = *tq_metric_vehicle(place->metric);
            *ask = (roads_wish){.vehicle = &all->vehicle[all->count],
                                .at_ms = place->asked_ms,
                                .parts = parts & ROADS_LESSER,
                                .wanted = parts & ~ROADS_LESSER,
                                .idle = place->idle + 1,
                                .hash = place->vehicle,
                                .used = used,
                                .overlay = next};
        }
        tq_mutex_unlock(roads->lock);
        if (place == NULL) return;
        if (!best) roads_find_slice(roads, ask);
        if (asked_already(all, ask))
            tq_roads_put(roads, all->base[all->count]);
        else
            all->count++;
    }
}

static void follow_one(void *user, uint32_t part)
{
    following *all = user;
    const tq_metric *made = roads_pin(all->roads, &all->ask[part]);
    if (made == NULL)
        all->status[part] = roads_make(all->roads, &all->ask[part], &made, &all->err[part]);
    tq_roads_put(all->roads, made);
}

tq_status tq_roads_follow(tq_roads *roads, const tq_overlay *next, tq_err *err)
{
    following *all = TQ_ALLOC(following, 1);
    if (all == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to follow the live state");
    if (next == NULL) next = tq_overlay_none();
    all->roads = roads;
    tq_mutex_lock(roads->following);
    choose(all, next);
    unsigned threads = TQ_MIN(ROADS_THREADS, TQ_MAX(all->count, 1u));
    for (uint32_t k = 0; k < all->count; k++)
        all->ask[k].threads = ROADS_THREADS / threads;
    tq_parallel(threads, all->count, follow_one, all);
    tq_status status = TQ_OK;
    for (uint32_t k = 0; k < all->count; k++) {
        tq_roads_put(roads, all->base[k]);
        /* With every place in use a question makes its own when there is room again. */
        if (status != TQ_OK || all->status[k] == TQ_OK || all->status[k] == TQ_BUSY) continue;
        status = all->status[k];
        if (err != NULL) *err = all->err[k];
    }
    tq_mutex_lock(roads->lock);
    if (roads->latest != next->road_version) {
        roads->former = roads->latest;
        roads->latest = next->road_version;
    }
    tq_mutex_unlock(roads->lock);
    tq_mutex_unlock(roads->following);
    tq_free(all);
    return status;
}

/* ---- finishing ------------------------------------------------------------------------------- */

/* The place of the live state followed last that was asked for most recently and wants parts, its
 * metric pinned. */
static roads_place next_to_finish(tq_roads *roads)
{
    roads_place *best = NULL, out = {0};
    tq_mutex_lock(roads->lock);
    for (uint32_t k = 0; k < ROADS_MAX; k++) {
        roads_place *place = &roads->place[k];
        if (place->metric == NULL || place->wanted == 0 || place->names == 0 ||
            place->overlay->road_version != roads->latest)
            continue;
        if (best == NULL || place->used > best->used) best = place;
    }
    if (best != NULL) {
        best->pins++;
        out = *best;
    }
    tq_mutex_unlock(roads->lock);
    return out;
}

tq_status tq_roads_finish(tq_roads *roads, tq_err *err)
{
    tq_mutex_lock(roads->lock);
    bool busy = roads->finishing;
    roads->finishing = true;
    tq_mutex_unlock(roads->lock);
    tq_status status = TQ_OK;
    while (!busy && status == TQ_OK) {
        roads_place lesser = next_to_finish(roads);
        if (lesser.metric == NULL) break;
        tq_metric *whole = NULL;
        status = road_change(lesser.metric, NULL, NULL, 0,
                             tq_metric_parts(lesser.metric) | lesser.wanted, &whole, err);
        if (status == TQ_OK && !roads_replace(roads, lesser.metric, whole)) {
            tq_metric_free(whole);
            status =
                tq_fail(err, TQ_BUSY, 0, "all %u road metrics are in use; try again", ROADS_MAX);
        }
        tq_roads_put(roads, lesser.metric);
    }
    if (busy) return TQ_OK;
    tq_mutex_lock(roads->lock);
    roads->finishing = false;
    tq_mutex_unlock(roads->lock);
    return status;
}
