/*
 * What a work costs those who drive: added seconds of a sample of ways that cross it, against the
 * network without anything live, once a phase and variant.
 *
 * The sample is deterministic: street nodes within 2 km around the two ends of each section, evenly
 * taken by distance, joined over the section; a pair is in it when its quickest way by car uses the
 * section. The closures of a variant are put into a `live` of their own, so nothing that is shown
 * changes; metrics are made here and not kept, so that questions of others lose no room.
 *
 * Limits: it says nothing about queues (see lanes left and half widths, which slow an arc by a
 * share), and nobody in the sample stays at home.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/works_in.h"

#define WORK_BYTES ((size_t)32 << 20)
#define SIDE_MAX   24u  /* places on each side of a section */
#define SPOTS_MAX  192u /* places from which an ambulance comes */
#define LOOK_DAYS  8
#define RUNS_MAX   48u /* phases times variants; further variants are left out */
#define CUT_OFF    INT64_MAX

typedef struct pair {
    tq_snap from, to;
    uint32_t section;
} pair;

typedef struct run {
    const works_plan *plan;
    works_cost *cost;
    tq_err *err;
    const tq_vehicle *car, *ambulance;
    tq_arena work;
    void *memory;
    uint8_t *mark; /* [2 * edge_count] section + 1 */
    pair pair[WORKS_PAIRS_MAX];
    uint32_t spot_count;
    tq_snap spot[SPOTS_MAX]; /* both sides of the sections */
} run;

/* ---- metrics -----------------------------------------------------------------------------------
 */

static tq_status overlay_of(run *all, const works_variant *variant, const tq_overlay **out)
{
    tq_live *live = NULL;
    const works_plan *plan = all->plan;
    TQ_TRY(tq_live_open(plan->city, &live, all->err));
    tq_status status = TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < plan->part_count; k++) {
        const works_part *part = &plan->part[k];
        if (!variant->closed[part->section]) continue;
        tq_closure closure = {0};
        json_auto_t *said =
            works_closure(plan->record, &plan->phase[part->phase], &plan->section[part->section]);
        status = desk_closure_of(plan->city, said, INT64_MIN, &closure, all->err);
        if (status != TQ_OK) break;
        (void)snprintf(closure.id, sizeof closure.id, "%04u", k);
        status = tq_live_put_closure(live, &closure, all->err);
        if (status != TQ_OK) tq_closure_free(&closure);
    }
    if (status == TQ_OK) status = tq_live_overlay(live, 1, out, all->err);
    tq_live_close(live);
    return status;
}

/* An instant of the phase at which it holds, rather in the morning peak of a working day. */
static int64_t instant_of(const run *all, const tq_overlay *overlay, const works_phase *phase)
{
    static const int32_t hours[] = {8, 18, 12, 22, 3};
    const tq_city *city = all->plan->city;
    int32_t second = 0, first = tq_local_day(&city->zone, phase->from_ms, &second);
    for (uint32_t hour = 0; hour < TQ_COUNT(hours); hour++)
        for (int32_t pass = 0; pass < 2 * LOOK_DAYS; pass++) {
            int32_t day = first + pass % LOOK_DAYS;
            int64_t at_ms = tq_local_to_ms(&city->zone, day, hours[hour] * 3600);
            tq_moment moment = tq_moment_at(city, at_ms);
            bool holds = overlay->rule_count == 0;
            if (at_ms < phase->from_ms || at_ms >= phase->to_ms) continue;
            if ((moment.week_day < 5) != (pass < LOOK_DAYS)) continue;
            for (uint32_t k = 0; !holds && k < overlay->rule_count; k++)
                holds = tq_live_holds(city, overlay, overlay->rule[k].condition, all->car, &moment);
            if (holds) return at_ms;
        }
    return phase->from_ms;
}

static tq_status metric_of(run *all, const tq_vehicle *vehicle, const tq_overlay *overlay,
                           int64_t at_ms, tq_metric **out)
{
    return tq_metric_make(all->plan->city, vehicle, at_ms, overlay, 0, 1, out, all->err);
}

/* CUT_OFF when there is no way. */
static tq_status time_of(run *all, const tq_metric *metric, const tq_snap *from, const tq_snap *to,
                         int64_t *out)
{
    tq_err why = {0};
    tq_arena_reset(&all->work, 0);
    tq_status status = tq_road_time(all->plan->city, metric, from, to, &all->work, out, &why);
    if (status == TQ_NO_ROUTE) *out = CUT_OFF;
    if (status == TQ_OK && *out >= TQ_ROAD_INF) *out = CUT_OFF;
    if (status != TQ_OK && status != TQ_NO_ROUTE)
        return tq_fail(all->err, status, 0, "%s", why.text);
    return TQ_OK;
}

/* ---- the sample --------------------------------------------------------------------------------
 */

typedef struct spot {
    uint32_t distance_dm, node;
} spot;

static int by_distance(const void *left, const void *right)
{
    const spot *a = left, *b = right;
    if (a->distance_dm != b->distance_dm) return a->distance_dm < b->distance_dm ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

/* Places around one end of a section, nearer to it than to the other end. */
static tq_status spots_around(run *all, const tq_metric *metric, tq_point here, tq_point there,
                              tq_snap out[SIDE_MAX], uint32_t *count)
{
    const tq_city *city = all->plan->city;
    tq_snap_wish wish = {.limit = 1, .radius_m = 100, .bearing = -1, .main_only = true};
    TQ_VEC(spot) found = {0};
    tq_status status = TQ_OK;
    *count = 0;
    for (uint32_t node = 0; node < city->streets.node_count; node++) {
        tq_point at = city->streets.node_at[node];
        spot one = {tq_distance_dm(at, here), node};
        if (one.distance_dm > WORKS_RADIUS_M * 10 || one.distance_dm >= tq_distance_dm(at, there))
            continue;
        if (!tq_vec_push(&found, one)) {
            status = tq_fail(all->err, TQ_NO_MEMORY, 0, "no memory for the sample");
            break;
        }
    }
    if (status == TQ_OK && found.count > 0) qsort(found.at, found.count, sizeof(spot), by_distance);
    /* Nearer ones more often: the place in the list grows with the square. */
    size_t last = SIZE_MAX;
    for (size_t step = 0; status == TQ_OK && step < SIDE_MAX && found.count > 0; step++) {
        uint32_t snaps = 0;
        tq_err why = {0};
        size_t k = found.count * step * step / ((size_t)SIDE_MAX * SIDE_MAX);
        if (k == last) continue;
        last = k;
        if (tq_road_snap(city, metric, city->streets.node_at[found.at[k].node], &wish, &out[*count],
                         &snaps, &why) == TQ_OK)
            (*count)++;
    }
    tq_vec_free(&found);
    return status;
}

/* Does it go over a section (TQ_NONE = any)? */
static bool uses(const run *all, const tq_way *way, uint32_t section)
{
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint8_t mark = all->mark[way->arc[k]];
        if (section == TQ_NONE ? mark != 0 : mark == section + 1) return true;
    }
    return false;
}

/* Pairs over a section whose way uses it, both directions in turn, up to `most` in all. */
static tq_status sample_section(run *all, const tq_metric *metric, uint32_t section, uint32_t most)
{
    const tq_streets *streets = &all->plan->city->streets;
    const tq_stretch *stretch = &all->plan->section[section].found;
    tq_snap left[SIDE_MAX], right[SIDE_MAX];
    uint32_t lefts = 0, rights = 0;
    works_cost *cost = all->cost;
    if (stretch->along_count == 0) return TQ_OK;
    tq_point a = streets->node_at[tq_arc_tail(streets, stretch->arc[0])],
             b = streets->node_at[tq_arc_head(streets, stretch->arc[stretch->along_count - 1])];
    TQ_TRY(spots_around(all, metric, a, b, left, &lefts));
    TQ_TRY(spots_around(all, metric, b, a, right, &rights));
    for (uint32_t k = 0; k < lefts && all->spot_count < SPOTS_MAX; k++)
        all->spot[all->spot_count++] = left[k];
    for (uint32_t k = 0; k < rights && all->spot_count < SPOTS_MAX; k++)
        all->spot[all->spot_count++] = right[k];
    for (uint32_t step = 0; step < lefts * rights * 2 && cost->pair_count < most; step++) {
        uint32_t k = step / 2;
        const tq_snap *l = &left[k % lefts], *r = &right[(k / lefts + k % lefts) % rights];
        pair one = {step & 1 ? *r : *l, step & 1 ? *l : *r, section};
        tq_way way;
        tq_err why = {0};
        tq_arena_reset(&all->work, 0);
        tq_status status =
            tq_road_way(all->plan->city, metric, &one.from, &one.to, &all->work, &way, &why);
        if (status == TQ_NO_ROUTE) continue;
        if (status != TQ_OK) return tq_fail(all->err, status, 0, "%s", why.text);
        if (uses(all, &way, section)) all->pair[cost->pair_count++] = one;
    }
    return TQ_OK;
}

static tq_status sample(run *all, const tq_metric *metric)
{
    const works_plan *plan = all->plan;
    for (uint32_t s = 0; s < plan->section_count; s++)
        for (uint32_t k = 0; k < plan->section[s].found.arc_count; k++)
            all->mark[plan->section[s].found.arc[k]] = (uint8_t)(s + 1);
    /* What one section leaves over, the next may take. */
    for (uint32_t s = 0; s < plan->section_count; s++)
        TQ_TRY(sample_section(all, metric, s, WORKS_PAIRS_MAX * (s + 1) / plan->section_count));
    return TQ_OK;
}

/* ---- delays ------------------------------------------------------------------------------------
 */

static void count_in(works_delay *delay, int64_t base_ds, int64_t now_ds)
{
    if (base_ds == CUT_OFF) return;
    if (now_ds == CUT_OFF) {
        delay->cut_off++;
        return;
    }
    double added_s = (double)TQ_MAX(now_ds - base_ds, 0) / 10;
    delay->mean_s = (delay->mean_s * delay->count + added_s) / (delay->count + 1);
    delay->worst_s = TQ_MAX(delay->worst_s, added_s);
    delay->count++;
}

static tq_status compare(run *all, const tq_metric *base, const tq_metric *now, works_delay *out)
{
    *out = (works_delay){0};
    for (uint32_t k = 0; k < all->cost->pair_count; k++) {
        int64_t base_ds, now_ds;
        TQ_TRY(time_of(all, base, &all->pair[k].from, &all->pair[k].to, &base_ds));
        TQ_TRY(time_of(all, now, &all->pair[k].from, &all->pair[k].to, &now_ds));
        count_in(out, base_ds, now_ds);
    }
    return TQ_OK;
}

/* Arcs that ways of the sample use only because of the work. */
static tq_status mark_detours(run *all, const tq_metric *base, const tq_metric *now)
{
    const tq_city *city = all->plan->city;
    size_t arcs = (size_t)city->streets.edge_count * 2;
    uint8_t *seen = tq_alloc(arcs, 1);
    if (seen == NULL) return tq_fail(all->err, TQ_NO_MEMORY, 0, "no memory for detours");
    tq_status status = TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < all->cost->pair_count; k++) {
        tq_way before, after;
        tq_err why = {0};
        const pair *one = &all->pair[k];
        tq_arena_reset(&all->work, 0);
        if (tq_road_way(city, base, &one->from, &one->to, &all->work, &before, &why) != TQ_OK ||
            tq_road_way(city, now, &one->from, &one->to, &all->work, &after, &why) != TQ_OK) {
            if (why.status != TQ_NO_ROUTE)
                status = tq_fail(all->err, why.status, 0, "%s", why.text);
            continue;
        }
        for (uint32_t a = 0; a < before.arc_count; a++)
            seen[before.arc[a]] = 1;
        for (uint32_t a = 0; a < after.arc_count; a++)
            if (!seen[after.arc[a]]) all->cost->detour[after.arc[a]] = 1;
        for (uint32_t a = 0; a < before.arc_count; a++)
            seen[before.arc[a]] = 0;
    }
    tq_free(seen);
    return status;
}

static tq_status run_variant(run *all, works_variant *variant, bool first)
{
    const tq_overlay *overlay = NULL;
    tq_metric *base = NULL, *now = NULL;
    uint64_t key = 0;
    TQ_TRY(overlay_of(all, variant, &overlay));
    tq_status status = TQ_OK;
    for (uint32_t p = 0; status == TQ_OK && p < all->plan->phase_count; p++) {
        if (first) all->cost->at_ms[p] = instant_of(all, overlay, &all->plan->phase[p]);
        int64_t at_ms = all->cost->at_ms[p];
        tq_slice slice = tq_road_slice(all->plan->city, tq_overlay_none(), all->car, at_ms);
        if (base == NULL || slice.key != key) {
            tq_metric_free(base);
            base = NULL;
            key = slice.key;
            status = metric_of(all, all->car, tq_overlay_none(), at_ms, &base);
            if (status != TQ_OK) break;
        }
        if (first && p == 0) status = sample(all, base);
        if (status == TQ_OK) status = metric_of(all, all->car, overlay, at_ms, &now);
        if (status == TQ_OK) status = compare(all, base, now, &variant->delay[p]);
        if (status == TQ_OK && first) status = mark_detours(all, base, now);
        tq_metric_free(now);
        now = NULL;
        if (status == TQ_OK && variant->delay[p].mean_s > variant->delay[variant->worst].mean_s)
            variant->worst = p;
    }
    tq_metric_free(base);
    tq_overlay_drop(overlay);
    return status;
}

/* ---- ambulances --------------------------------------------------------------------------------
 */

/* From the places of the sample whose way to the hospital goes over the work. */
static tq_status to_hospital(run *all, const tq_metric *base, const tq_metric *now, uint32_t which)
{
    const tq_city *city = all->plan->city;
    const works_cost *cost = all->cost;
    tq_snap_wish wish = {.limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1};
    tq_snap hospital;
    uint32_t found = 0;
    tq_err why = {0};
    tq_point at = city->places.row[cost->facility[which].place].at;
    if (tq_road_snap(city, base, at, &wish, &hospital, &found, &why) != TQ_OK) return TQ_OK;
    for (uint32_t k = 0; k < all->spot_count; k++) {
        int64_t now_ds;
        tq_way way;
        tq_arena_reset(&all->work, 0);
        tq_status status =
            tq_road_way(city, base, &all->spot[k], &hospital, &all->work, &way, &why);
        if (status == TQ_NO_ROUTE) continue;
        if (status != TQ_OK) return tq_fail(all->err, status, 0, "%s", why.text);
        if (!uses(all, &way, TQ_NONE)) continue;
        TQ_TRY(time_of(all, now, &all->spot[k], &hospital, &now_ds));
        count_in(&all->cost->ambulance[which], way.time_ds, now_ds);
    }
    return TQ_OK;
}

static tq_status ambulances(run *all)
{
    works_cost *cost = all->cost;
    bool any = false;
    for (uint32_t k = 0; k < cost->facility_count; k++)
        any = any || cost->facility[k].hospital;
    if (!any || all->ambulance == NULL) return TQ_OK;
    const tq_overlay *overlay = NULL;
    tq_metric *base = NULL, *now = NULL;
    int64_t at_ms = cost->at_ms[cost->variant[0].worst];
    TQ_TRY(overlay_of(all, &cost->variant[0], &overlay));
    tq_status status = metric_of(all, all->ambulance, tq_overlay_none(), at_ms, &base);
    if (status == TQ_OK) status = metric_of(all, all->ambulance, overlay, at_ms, &now);
    for (uint32_t k = 0; status == TQ_OK && k < cost->facility_count; k++)
        if (cost->facility[k].hospital) status = to_hospital(all, base, now, k);
    tq_metric_free(base);
    tq_metric_free(now);
    tq_overlay_drop(overlay);
    return status;
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static works_variant *add_variant(works_cost *cost, const works_plan *plan, const char *name,
                                  const char *section)
{
    works_variant *variant = &cost->variant[cost->variant_count++];
    (void)snprintf(variant->name, sizeof variant->name, "%s%s", name, section);
    for (uint32_t s = 0; s < plan->section_count; s++)
        variant->closed[s] = !plan->section[s].trenchless;
    return variant;
}

static void plan_variants(works_cost *cost, const works_plan *plan)
{
    bool trenchless = false;
    (void)add_variant(cost, plan, "planned", "");
    for (uint32_t s = 0; s < plan->section_count; s++)
        trenchless = trenchless || plan->section[s].trenchless;
    if (trenchless) {
        works_variant *open_cut = add_variant(cost, plan, "open_cut", "");
        for (uint32_t s = 0; s < plan->section_count; s++)
            open_cut->closed[s] = true;
    }
    for (uint32_t s = 0; s < plan->section_count && cost->variant_count < WORKS_VARIANTS_MAX &&
                         (cost->variant_count + 1) * plan->phase_count <= RUNS_MAX;
         s++)
        if (!plan->section[s].trenchless)
            add_variant(cost, plan, "trenchless:", plan->section[s].id)->closed[s] = false;
    for (uint32_t v = 0; v < cost->variant_count; v++)
        for (uint32_t k = 0; k < plan->part_count; k++)
            cost->variant[v].closures += cost->variant[v].closed[plan->part[k].section];
}

tq_status works_cost_make(const works_plan *plan, works_cost *cost, tq_err *err)
{
    const tq_city *city = plan->city;
    size_t arcs = (size_t)city->streets.edge_count * 2;
    run *all = TQ_ALLOC(run, 1);
    tq_status status = TQ_OK;
    if (all != NULL) {
        *all = (run){.plan = plan, .cost = cost, .err = err};
        all->car = tq_road_vehicle(city, TQ_PROFILE_CAR);
        all->ambulance = tq_road_vehicle(city, TQ_PROFILE_AMBULANCE);
        all->memory = tq_alloc(WORK_BYTES, 1);
        all->mark = tq_alloc(arcs, 1);
        cost->detour = tq_alloc(arcs, 1);
    }
    if (all == NULL || all->memory == NULL || all->mark == NULL || cost->detour == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory to assess the work");
    else if (all->car == NULL)
        status = tq_fail(err, TQ_NOT_FOUND, 0, "this city has no streets for cars");
    if (status == TQ_OK) {
        tq_arena_init(&all->work, all->memory, WORK_BYTES);
        plan_variants(cost, plan);
    }
    for (uint32_t v = 0; status == TQ_OK && v < cost->variant_count; v++)
        status = run_variant(all, &cost->variant[v], v == 0);
    if (status == TQ_OK) status = ambulances(all);
    if (all != NULL) {
        tq_free(all->memory);
        tq_free(all->mark);
    }
    tq_free(all);
    return status;
}

void works_cost_free(works_cost *cost)
{
    tq_free(cost->detour);
    cost->detour = NULL;
}
