/*
 * Who is near, who may: the supply's side of the pool.
 *
 * The pool answers «the k nearest with these bits» and their live times; here a vehicle's record,
 * position and duty become a row of the pool, and what bits cannot say (areas, blocked drivers,
 * remembered refusals, age of the position) is looked at after. One of several allowed classes is
 * asked by bits too: bit n (1 .. 15) means «of one of the classes of the set n».
 *
 * Without roads at hand times are straight lines at 25 km/h with a third added; decisions say so.
 */
#include <stdio.h>

#include "desk/supply_in.h"

#define BIT_PERMITTED  (1u << 16)
#define BIT_WHEELCHAIR (1u << 17)
#define BIT_SEATS      18u /* and on: seats for 5, 6, 7 and more */
#define SEATS_PLAIN    4u
#define LINE_DM_S      52  /* straight: 25 km/h over a third more way */
#define SPARE          16u /* asked for beyond the limit, for those that are dropped after */

tq_status near_metric(desk_call *call)
{
    struct desk_supply *supply = call->desk->supply;
    const tq_desk_world *world = call->world;
    const tq_metric *metric = NULL;
    if (world == NULL || world->roads == NULL) return TQ_OK;
    const tq_vehicle *taxi = tq_road_vehicle_named(world->city, "taxi");
    if (taxi == NULL) taxi = tq_road_vehicle_named(world->city, "car");
    if (taxi == NULL) return TQ_OK;
    TQ_TRY(tq_roads_get(world->roads, world->overlay, taxi, call->command->now_ms, &metric,
                        call->err));
    if (metric == supply->metric && supply->roads == world->roads) {
        tq_roads_put(world->roads, metric);
        return TQ_OK;
    }
    bool first = supply->metric == NULL;
    desk_pool_use(supply->pool, metric);
    if (supply->metric != NULL) tq_roads_put(supply->roads, supply->metric);
    supply->metric = metric;
    supply->roads = world->roads;
    for (uint32_t at = 0; first && at < supply->vehicle.count; at++)
        TQ_TRY(near_put(supply, at, call->command->now_ms, call->err));
    return TQ_OK;
}

/* ---- rows of the pool --------------------------------------------------------------------------
 */

static uint32_t bits_of(const supply_vehicle *vehicle)
{
    uint32_t bits = vehicle->permitted ? BIT_PERMITTED : 0;
    for (uint32_t set = 1; set < 16; set++)
        if (set >> vehicle->class & 1) bits |= 1u << set;
    if (vehicle->wheelchair > 0) bits |= BIT_WHEELCHAIR;
    for (uint32_t more = 0; more < 3; more++)
        if (vehicle->seats > SEATS_PLAIN + more) bits |= 1u << (BIT_SEATS + more);
    return bits;
}

uint32_t near_bits(const supply_order *order)
{
    uint32_t bits = BIT_PERMITTED | 1u << (order->classes & 15u);
    if ((order->needs & 1u) != 0) bits |= BIT_WHEELCHAIR;
    for (uint32_t more = 0; more < 3; more++)
        if (order->party > SEATS_PLAIN + more) bits |= 1u << (BIT_SEATS + more);
    return bits;
}

static void snap_to(struct desk_supply *supply, tq_point at, tq_snap *snap, bool *has)
{
    uint32_t count = 0;
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    *has = supply->metric != NULL &&
           tq_road_snap(supply->city, supply->metric, at, &wish, snap, &count, NULL) == TQ_OK &&
           count > 0;
}

/* Free soon: on its way to the end of a ride whose end is known. */
static bool soon_of(const struct desk_supply *supply, const supply_vehicle *vehicle, int64_t now_ms,
                    desk_pool_vehicle *row)
{
    uint32_t at = supply_map_get(&supply->order_of, vehicle->order);
    if (at == TQ_NONE) return false;
    const supply_order *order = &supply->order.at[at];
    if (order->phase != PHASE_ON_BOARD || !order->has_to || order->ride_s <= 0) return false;
    int64_t left_s = (order->boarded_ms - now_ms) / 1000 + order->ride_s;
    row->at = order->to;
    row->free_in_s = (uint32_t)TQ_MAX(left_s, 30);
    row->state = DESK_POOL_SOON;
    return true;
}

tq_status near_put(struct desk_supply *supply, uint32_t vehicle, int64_t now_ms, tq_err *err)
{
    const supply_vehicle *one = &supply->vehicle.at[vehicle];
    if (!one->has_position) return TQ_OK;
    desk_pool_vehicle row = {.at = one->at, .bits = bits_of(one), .state = DESK_POOL_BUSY};
    bool old = now_ms - one->at_ms > POSITION_LOST_MS;
    if (one->duty == DUTY_OFF || one->duty == DUTY_BREAK || old)
        row.state = DESK_POOL_OFF;
    else if (one->duty == DUTY_FREE && one->order[0] == '\0' && !one->hired)
        row.state = DESK_POOL_FREE;
    else if (one->duty == DUTY_BUSY)
        (void)soon_of(supply, one, now_ms, &row);
    snap_to(supply, row.at, &row.snap, &row.has_snap);
    size_t mark = supply->work.used;
    tq_status status = desk_pool_put(supply->pool, vehicle, &row, &supply->work, err);
    tq_arena_reset(&supply->work, mark);
    return status;
}

/* ---- who was heard of, in order ---------------------------------------------------------------
 */

void near_heard(struct desk_supply *supply, uint32_t vehicle)
{
    supply_vehicle *all = supply->vehicle.at, *one = &all[vehicle];
    if (supply->heard_last == vehicle) return;
    if (one->older != TQ_NONE || one->newer != TQ_NONE || supply->heard_first == vehicle) {
        if (one->older != TQ_NONE) all[one->older].newer = one->newer;
        if (one->newer != TQ_NONE) all[one->newer].older = one->older;
        if (supply->heard_first == vehicle) supply->heard_first = one->newer;
    }
    one->older = supply->heard_last;
    one->newer = TQ_NONE;
    if (supply->heard_last != TQ_NONE) all[supply->heard_last].newer = vehicle;
    supply->heard_last = vehicle;
    if (supply->heard_first == TQ_NONE) supply->heard_first = vehicle;
}

tq_status near_forget_lost(struct desk_supply *supply, int64_t now_ms, tq_err *err)
{
    while (supply->heard_first != TQ_NONE) {
        uint32_t at = supply->heard_first;
        supply_vehicle *one = &supply->vehicle.at[at];
        if (now_ms - one->at_ms <= POSITION_LOST_MS) break;
        supply->heard_first = one->newer;
        if (one->newer != TQ_NONE) supply->vehicle.at[one->newer].older = TQ_NONE;
        if (supply->heard_last == at) supply->heard_last = TQ_NONE;
        one->older = one->newer = TQ_NONE;
        TQ_TRY(near_put(supply, at, now_ms, err));
    }
    return TQ_OK;
}

/* ---- why not ---------------------------------------------------------------------------------
 */

static bool in_area(const supply_vehicle *vehicle, tq_point at)
{
    for (uint32_t k = 0; k < vehicle->area_count; k++)
        if (tq_distance_dm(vehicle->area[k].at, at) <= vehicle->area[k].radius_m * 10) return true;
    return vehicle->area_count == 0;
}

static bool is_refused(const supply_order *order, uint32_t vehicle)
{
    for (uint32_t k = 0; k < order->refused_count; k++)
        if (order->refused[k] == vehicle) return true;
    return false;
}

uint32_t near_why_not(const struct desk_supply *supply, const supply_order *order,
                      const supply_vehicle *vehicle, int64_t now_ms, uint32_t radius_m)
{
    uint32_t why = 0, index = (uint32_t)(vehicle - supply->vehicle.at);
    if (vehicle->duty != DUTY_FREE || vehicle->order[0] != '\0' || vehicle->hired) why |= NOT_DUTY;
    if (!vehicle->has_position || now_ms - vehicle->at_ms > POSITION_LOST_MS) why |= NOT_HEARD;
    if (!(order->classes >> vehicle->class & 1)) why |= NOT_CLASS;
    if (!vehicle->permitted) why |= NOT_PERMITTED;
    if (!in_area(vehicle, order->from)) why |= NOT_AREA;
    if (order->party > vehicle->seats) why |= NOT_SEATS;
    if ((order->needs & 1u) != 0 && vehicle->wheelchair == 0) why |= NOT_WHEELCHAIR;
    uint32_t at = supply_map_get(&supply->driver_of, vehicle->driver);
    if (vehicle->partner[0] == '\0' && at == TQ_NONE) why |= NOT_DRIVER;
    if (at != TQ_NONE && supply->driver.at[at].blocked_ms > now_ms) why |= NOT_DRIVER;
    if (is_refused(order, index)) why |= NOT_AGAIN;
    if (vehicle->has_position && tq_distance_dm(vehicle->at, order->from) / 10 > (uint64_t)radius_m)
        why |= NOT_NEAR;
    return why;
}

void near_words(uint32_t why, const supply_vehicle *vehicle, char *out, size_t cap)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } words[] = {{NOT_HEARD, "its position is older than 5 min"},
                 {NOT_CLASS, "its class was not asked for"},
                 {NOT_PERMITTED, "it has no permit of its class"},
                 {NOT_AREA, "the place lies outside its area"},
                 {NOT_SEATS, "too few seats"},
                 {NOT_WHEELCHAIR, "no place for a wheelchair"},
                 {NOT_DRIVER, "its driver is missing or blocked"},
                 {NOT_AGAIN, "it refused this order"},
                 {NOT_NEAR, "it is beyond the radius"}};
    if ((why & NOT_DUTY) != 0) {
        (void)snprintf(out, cap, "it is %s%s%s",
                       vehicle->hired ? "hired on the street" : VEHICLE_DUTIES[vehicle->duty],
                       vehicle->order[0] != '\0' ? " with " : "", vehicle->order);
        return;
    }
    for (uint32_t k = 0; k < TQ_COUNT(words); k++)
        if ((why & words[k].bit) != 0) {
            (void)snprintf(out, cap, "%s", words[k].text);
            return;
        }
    (void)snprintf(out, cap, "it may take the order");
}

/* ---- candidates --------------------------------------------------------------------------------
 */

int32_t near_line_ds(const struct desk_supply *supply, tq_point a, tq_point b)
{
    (void)supply;
    return (int32_t)((uint64_t)tq_distance_dm(a, b) * 10 / LINE_DM_S);
}

static void snap_order(struct desk_supply *supply, supply_order *order)
{
    if (order->snapped == supply->metric && supply->metric != NULL) return;
    snap_to(supply, order->from, &order->snap, &order->has_snap);
    order->snapped = supply->metric;
}

/* Rows by straight lines, when there are no roads or the place is on none. */
static tq_status line_rows(struct desk_supply *supply, const supply_order *order,
                           const desk_pool_wish *wish, desk_candidate *row, uint32_t *count)
{
    uint32_t vehicle[DESK_POOL_CANDIDATES_MAX];
    *count = desk_pool_nearest(supply->pool, order->from, wish, vehicle);
    for (uint32_t k = 0; k < *count; k++) {
        const desk_pool_vehicle *one = desk_pool_get(supply->pool, vehicle[k]);
        row[k] = (desk_candidate){.vehicle = vehicle[k],
                                  .drive_ds = near_line_ds(supply, one->at, order->from)};
        if (one->state == DESK_POOL_SOON) row[k].ready_ds = (int32_t)one->free_in_s * 10;
    }
    return TQ_OK;
}

tq_status near_candidates(struct desk_supply *supply, const desk_policy *policy,
                          supply_order *order, int64_t now_ms, uint32_t radius_m, uint32_t limit,
                          near_row *row, uint32_t *count, tq_err *err)
{
    desk_candidate found[DESK_POOL_CANDIDATES_MAX];
    uint32_t first[2] = {0, 0}, got = 0;
    desk_pool_wish wish = {.limit = TQ_MIN(limit + SPARE, DESK_POOL_CANDIDATES_MAX),
                           .reach_m = radius_m,
                           .bits = near_bits(order),
                           .soon_s = (uint32_t)policy->soon_s};
    *count = 0;
    snap_order(supply, order);
    if (supply->metric != NULL && order->has_snap) {
        desk_pool_order one = {.at = order->from, .snap = order->snap, .bits = wish.bits};
        wish.on_streets_only = true;
        desk_pool_batch asked = {.count = 1, .order = &one, .wish = wish};
        size_t mark = supply->work.used;
        tq_status status =
            desk_pool_candidates(supply->pool, &asked, &supply->work, first, found, err);
        tq_arena_reset(&supply->work, mark);
        if (status != TQ_OK) return status;
        got = first[1];
    } else {
        TQ_TRY(line_rows(supply, order, &wish, found, &got));
    }
    for (uint32_t k = 0; k < got && *count < limit; k++) {
        const supply_vehicle *vehicle = &supply->vehicle.at[found[k].vehicle];
        uint32_t why = near_why_not(supply, order, vehicle, now_ms, UINT32_MAX / 10);
        if (found[k].ready_ds > 0) why &= ~NOT_DUTY;
        if (why != 0) continue;
        row[(*count)++] = (near_row){found[k].vehicle, found[k].drive_ds, found[k].ready_ds};
    }
    return TQ_OK;
}

int32_t near_metres(struct desk_supply *supply, const supply_vehicle *vehicle,
                    const supply_order *order)
{
    int32_t ds = 0;
    uint32_t dm = UINT32_MAX;
    const desk_pool_vehicle *row =
        desk_pool_get(supply->pool, (uint32_t)(vehicle - supply->vehicle.at));
    if (supply->metric != NULL && order->has_snap && row != NULL && row->has_snap) {
        size_t mark = supply->work.used;
        tq_places_on_road from = {.count = 1, .snap = &row->snap},
                          to = {.count = 1, .snap = &order->snap};
        if (tq_road_matrix(supply->city, supply->metric, &from, &to, &supply->work, &ds, &dm,
                           NULL) != TQ_OK)
            dm = UINT32_MAX;
        tq_arena_reset(&supply->work, mark);
    }
    if (dm == UINT32_MAX) dm = tq_distance_dm(vehicle->at, order->from);
    return (int32_t)TQ_MIN(dm / 10, (uint32_t)INT32_MAX);
}
