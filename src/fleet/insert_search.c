/*
 * The best place for a request: all vehicles that can matter, all places for pick-up and drop-off.
 *
 * Vehicles come cell by cell, nearest first, until the least time to the pick-up is too long or,
 * where times obey the triangle, costs more than what has been found. Inside a plan each pair of
 * places gets a lower bound from the plain schedule in constant time: with the stops between the
 * two moved along, and the rest by the delay at the first stop after. Only a pair whose bound is
 * not above the best is scheduled truly. So what is skipped can't be better, whatever the times.
 *
 * The search is compiled once for each form of travel times.
 */
#include "fleet/insert_in.h"

#define NO_COST     INT64_MAX
#define ALWAYS_SAME static inline __attribute__((always_inline))

typedef enum pool_way { TO_PICK, FROM_PICK, TO_DROP, FROM_DROP } pool_way;

/* A vehicle at some place of a plan. */
typedef struct pool_state {
    uint32_t at;
    int32_t start, leave;
    uint8_t kind;
} pool_state;

/* The search in one plan. */
typedef struct pool_scan {
    const tq_fleet_pool *pool;
    const pool_query *query;
    const pool_route *route;
    uint32_t vehicle, pick_after;
    pool_state picked;   /* at the pick-up */
    int64_t least_other; /* bound of what it costs the others, apart from what is scanned */
    int64_t limit;       /* cost that must be beaten; at equal cost a lower vehicle beats */
    uint32_t limit_vehicle;
    pool_found best;
} pool_scan;

ALWAYS_SAME int32_t way_time(pool_form form, const pool_scan *scan, pool_way way, uint32_t node)
{
    const pool_query *query = scan->query;
    uint32_t end = way <= FROM_PICK ? query->pick.node : query->drop.node;
    if (node == end) return 0;
    if (form == POOL_CALL) {
        const tq_fleet_pool_times *times = &scan->pool->times;
        bool to = way == TO_PICK || way == TO_DROP;
        return pool_called_time(times->way(times->user, to ? node : end, to ? end : node));
    }
    const void *row = way == TO_PICK     ? query->to_pick
                      : way == FROM_PICK ? query->from_pick
                      : way == TO_DROP   ? query->to_drop
                                         : query->from_drop;
    return form == POOL_U16 ? pool_u16_time(((const uint16_t *)row)[node])
                            : ((const int32_t *)row)[node];
}

/* Drive `leg` to a stop and do it. */
ALWAYS_SAME void go_on(pool_state *state, const pool_fact *fact, uint32_t node, int32_t leg)
{
    bool join = node == state->at && pool_joins(fact->kind) && pool_joins(state->kind);
    int32_t ready = join ? state->start : state->leave + leg;
    int32_t start = TQ_MAX(ready, fact->earliest), done = start + fact->dwell;
    state->leave = join ? TQ_MAX(state->leave, done) : done;
    state->start = start;
    state->at = node;
    state->kind = fact->kind;
}

static bool beaten(const pool_scan *scan, int64_t cost)
{
    return cost > scan->limit || (cost == scan->limit && scan->vehicle >= scan->limit_vehicle);
}

/* Schedule one pair of places truly and keep it when it is the best so far. */
static __attribute__((noinline)) void try_truly(pool_scan *scan, uint32_t drop_after)
{
    pool_row row;
    fleet_pool_row(scan->pool, scan->vehicle, scan->query, scan->pick_after, drop_after, &row);
    if (fleet_pool_schedule(&row, POOL_KEEP_LATEST) != POOL_FITS) return;
    int64_t cost = fleet_pool_row_cost(scan->pool, &row) - scan->route->cost - scan->query->base;
    if (beaten(scan, cost)) return;
    scan->limit = cost;
    scan->limit_vehicle = scan->vehicle;
    scan->best = (pool_found){cost, scan->vehicle, scan->pick_after, drop_after};
}

/* Least cost of a delay (or gain) at `stop` for it and all that follow. */
static inline int64_t tail_cost(const pool_stop *stop, int32_t shift)
{
    int32_t sure = shift > 0 ? TQ_MAX(shift - stop->absorb, 0) : shift;
    return (int64_t)sure * stop->weight_after;
}

/* The drop-off right after stop `after` of the plan, where the vehicle is in `state`; `chain` is
 * the time from the end of boarding without waits, `drive` and `cost` what was added so far. */
ALWAYS_SAME void try_drop(pool_form form, pool_scan *scan, uint32_t after, pool_state state,
                          int32_t chain, int32_t drive, int64_t cost)
{
    const pool_query *query = scan->query;
    const pool_route *route = scan->route;
    int32_t leg =
        state.at == query->pick.node ? query->direct : way_time(form, scan, TO_DROP, state.at);
    bool join = state.at == query->drop.node && pool_joins(state.kind);
    go_on(&state, &query->drop, query->drop.node, leg);
    if (state.start > query->arrive_latest) return;
    if (!join && chain + leg > query->ride_max) return;
    cost += (int64_t)query->drop_weight * state.start +
            (int64_t)query->pick_weight * scan->picked.start - query->base + scan->least_other;
    drive += leg;
    const pool_stop *next = &route->stop[after + 1];
    const pool_fact *fact = &route->fact[after + 1];
    while (next->kind == TQ_FLEET_STOP_BREAK && next->node == TQ_NONE) {
        go_on(&state, fact, state.at, 0);
        if (state.start > fact->latest) return;
        cost += (int64_t)fact->weight * (state.start - next->start);
        drive -= next->leg;
        next++;
        fact++;
    }
    uint32_t node = next->node == TQ_NONE ? state.at : next->node;
    leg = next->node == TQ_NONE ? 0 : way_time(form, scan, FROM_DROP, node);
    drive += leg - next->leg;
    go_on(&state, fact, node, leg);
    if (state.start > next->last) return;
    cost += tail_cost(next, state.start - next->start);
    cost += (int64_t)drive * scan->pool->config.drive_weight;
    if (beaten(scan, cost)) return;
    try_truly(scan, after);
}

/* Where times obey the triangle a later drop-off only adds to the delay at `stop` and after it, and
 * to the driving. */
static inline bool hopeless(const pool_scan *scan, const pool_stop *stop, const pool_state *state,
                            int32_t drive, int64_t cost)
{
    const pool_query *query = scan->query;
    int32_t soonest = scan->picked.start + query->pick.dwell + query->direct;
    return beaten(scan, cost + scan->least_other + tail_cost(stop, state->start - stop->start) +
                            (int64_t)drive * scan->pool->config.drive_weight +
                            (int64_t)query->pick_weight * scan->picked.start +
                            (int64_t)query->drop_weight * TQ_MAX(soonest, state->start) -
                            query->base);
}

/* The pick-up right after stop `after`: all places for the drop-off. */
ALWAYS_SAME void try_pick(pool_form form, pool_scan *scan, uint32_t after, int32_t leg,
                          uint64_t need)
{
    const pool_query *query = scan->query;
    const pool_route *route = scan->route;
    int32_t slack = scan->pool->times.triangle_slack;
    pool_state state = scan->picked;
    scan->pick_after = after;
    int32_t chain = 0, drive = leg, depth = 0;
    int64_t cost = 0;
    try_drop(form, scan, after, state, chain, drive, cost);
    for (uint32_t k = after + 1; k <= route->count; k++) {
        const pool_stop *stop = &route->stop[k];
        const pool_fact *fact = &route->fact[k];
        bool rest = fact->kind == TQ_FLEET_STOP_BREAK;
        if (!pool_has_room(stop->pass, rest ? query->need[route->layout] : need)) return;
        if (rest && !pool_has_room(stop->room, need)) return;
        if (route->lifo && !rest) {
            depth += fact->kind == TQ_FLEET_STOP_PICK ? 1 : -1;
            if (depth < 0) return;
        }
        bool floats = stop->node == TQ_NONE;
        uint32_t node = floats ? state.at : stop->node;
        int32_t way = floats                         ? 0
                      : state.at == query->pick.node ? way_time(form, scan, FROM_PICK, node)
                                                     : stop->leg;
        bool join = node == state.at && pool_joins(fact->kind) && pool_joins(state.kind);
        go_on(&state, fact, node, way);
        if (!join) chain += way + fact->dwell;
        int32_t last = floats ? fact->latest : stop->last;
        if (state.start > last + slack || state.start > pool_latest_of(fact)) return;
        if (state.start > query->arrive_latest) return;
        drive += way - stop->leg;
        if (slack == 0 && !floats && hopeless(scan, stop, &state, drive, cost)) return;
        cost += (int64_t)fact->weight * (state.start - stop->start);
        if (depth == 0) try_drop(form, scan, k, state, chain, drive, cost);
    }
}

/* What the request itself costs at least when it is picked up at `reach` and times obey the
 * triangle. */
static inline int64_t own_least(const pool_query *query, int32_t reach)
{
    return (int64_t)query->pick_weight * reach +
           (int64_t)query->drop_weight * (reach + query->pick.dwell + query->direct) - query->base;
}

/* All places in one plan. */
ALWAYS_SAME void scan_route(pool_form form, pool_scan *scan)
{
    const tq_fleet_pool *pool = scan->pool;
    const pool_query *query = scan->query;
    const pool_route *route = scan->route;
    const pool_fact *pick = &query->pick;
    uint64_t need =
        query->request->sharing == TQ_FLEET_PRIVATE ? route->capacity : query->need[route->layout];
    for (uint32_t after = pool_first_gap(route); after <= route->count; after++) {
        const pool_stop *stop = &route->stop[after];
        pool_state state = {stop->at, stop->start, stop->leave, stop->kind};
        if (after == 0 && !route->gone) {
            state.start = TQ_MAX(state.start, pool->now);
            state.leave = TQ_MAX(state.leave, pool->now);
        }
        if (state.start > pick->latest) return;
        if (!pool_has_room(stop->room, need)) continue;
        int32_t leg = way_time(form, scan, TO_PICK, state.at);
        go_on(&state, pick, pick->node, leg);
        if (state.start > pick->latest) continue;
        if (pool->times.triangle_slack == 0 &&
            beaten(scan, own_least(query, state.start) + scan->least_other))
            continue;
        scan->picked = state;
        try_pick(form, scan, after, leg, need);
    }
}

static __attribute__((noinline)) void scan_u16(pool_scan *scan)
{
    scan_route(POOL_U16, scan);
}
static __attribute__((noinline)) void scan_i32(pool_scan *scan)
{
    scan_route(POOL_I32, scan);
}
static __attribute__((noinline)) void scan_call(pool_scan *scan)
{
    scan_route(POOL_CALL, scan);
}

/* Keep the vehicle's best in the list, cheapest first. */
static void keep_found(pool_best *best, const pool_found *found)
{
    uint32_t slot = best->count < best->cap ? best->count++ : best->cap - 1;
    for (; slot > 0; slot--) {
        const pool_found *before = &best->found[slot - 1];
        if (before->cost < found->cost ||
            (before->cost == found->cost && before->vehicle < found->vehicle))
            break;
        best->found[slot] = *before;
    }
    best->found[slot] = *found;
}

/* One vehicle; `reach` is a lower bound of the pick-up's start. */
static void search_vehicle(const tq_fleet_pool *pool, const pool_query *query, uint32_t vehicle,
                           int32_t reach, pool_best *best)
{
    const pool_route *route = &pool->route[vehicle];
    const tq_fleet_pool_request *request = query->request;
    if ((request->skills & ~route->skills) != 0 || route->count + 2 > TQ_FLEET_POOL_STOPS_MAX)
        return;
    if (!pool_has_room(route->capacity, query->need[route->layout])) return;
    bool full = best->count == best->cap;
    pool_scan scan = {.pool = pool,
                      .query = query,
                      .route = route,
                      .vehicle = vehicle,
                      .least_other = route->head_start,
                      .limit = full ? best->found[best->cap - 1].cost : NO_COST,
                      .limit_vehicle = full ? best->found[best->cap - 1].vehicle : TQ_NONE,
                      .best = {.vehicle = TQ_NONE}};
    if (full && pool->times.triangle_slack == 0 &&
        beaten(&scan, own_least(query, reach) + route->head_start))
        return;
    if (pool->form == POOL_U16)
        scan_u16(&scan);
    else if (pool->form == POOL_I32)
        scan_i32(&scan);
    else
        scan_call(&scan);
    if (scan.best.vehicle != TQ_NONE) keep_found(best, &scan.best);
}

/* Least time from where the vehicle is to the pick-up, over whatever stops. */
static int32_t least_to_pick(const tq_fleet_pool *pool, const pool_query *query, uint32_t at,
                             int32_t cell_least)
{
    if (pool->form == POOL_CALL) {
        if (pool->times.least == NULL) return 0;
        int32_t least = pool->times.least(pool->times.user, at, query->pick.node);
        return TQ_MIN(TQ_MAX(least, 0), TQ_FLEET_POOL_TIME_MAX);
    }
    if (pool->times.triangle_slack > 0 || at == query->pick.node) return cell_least;
    return pool->form == POOL_U16 ? pool_u16_time(((const uint16_t *)query->to_pick)[at])
                                  : ((const int32_t *)query->to_pick)[at];
}

static void search_cell(const tq_fleet_pool *pool, const pool_query *query, uint32_t cell,
                        int32_t cell_least, pool_best *best)
{
    for (uint32_t vehicle = pool->first_in_cell[cell]; vehicle != TQ_NONE;
         vehicle = pool->near[vehicle].next) {
        const pool_near *near = &pool->near[vehicle];
        int32_t least = least_to_pick(pool, query, near->at, cell_least);
        int32_t reach = TQ_MAX(TQ_MAX(near->free_from, pool->now) + least, query->pick.earliest);
        if (reach > query->pick.latest) continue;
        if (best->count == best->cap && pool->times.triangle_slack == 0 && pool->ahead_count == 0 &&
            own_least(query, reach) > best->found[best->cap - 1].cost)
            continue;
        search_vehicle(pool, query, vehicle, reach, best);
    }
}

static void search_all(const tq_fleet_pool *pool, const pool_query *query, pool_best *best)
{
    uint32_t cells = pool->cell_count;
    uint32_t home = cells == 1 ? 0 : pool->cell_of_node[query->pick.node];
    bool sure = pool->times.triangle_slack == 0 && pool->ahead_count == 0;
    for (uint32_t rank = 0; rank < cells; rank++) {
        uint32_t cell = pool->cell_near[home * cells + rank];
        int32_t least = pool->cell_least[home * cells + cell];
        int32_t reach = TQ_MAX(pool->now + least, query->pick.earliest);
        if (reach > query->pick.latest) return;
        if (sure && best->count == best->cap &&
            own_least(query, reach) > best->found[best->cap - 1].cost)
            return;
        search_cell(pool, query, cell, least, best);
    }
}

static void search(const tq_fleet_pool *pool, const pool_query *query, pool_best *best)
{
    best->count = 0;
    if (query->request->vehicle == TQ_NONE)
        search_all(pool, query, best);
    else
        search_vehicle(pool, query, query->request->vehicle, query->pick.earliest, best);
}

static tq_status check_request(const tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                               tq_err *err)
{
    uint32_t nodes = pool->times.node_count, units = request->companions;
    if (request->id >= pool->config.request_max)
        return tq_fail(err, TQ_BAD_INPUT, 0, "request %u of at most %u", request->id,
                       pool->config.request_max);
    if (pool->vehicle_of_request[request->id] != TQ_NONE)
        return tq_fail(err, TQ_BAD_INPUT, 0, "request %u is in the plan of vehicle %u already",
                       request->id, pool->vehicle_of_request[request->id]);
    if (request->from_node >= nodes || request->to_node >= nodes)
        return tq_fail(err, TQ_BAD_INPUT, 0, "from node %u to node %u of %u", request->from_node,
                       request->to_node, nodes);
    if (request->from_node == request->to_node)
        return tq_fail(err, TQ_BAD_INPUT, 0, "from node %u to itself there is nothing to drive",
                       request->from_node);
    if (request->vehicle != TQ_NONE && request->vehicle >= pool->vehicle_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "no vehicle %u of %u", request->vehicle,
                       pool->vehicle_count);
    if (request->earliest < 0 || request->earliest > request->latest ||
        request->latest > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the pick-up window %d to %d is impossible",
                       request->earliest, request->latest);
    if (request->arrive_latest < request->earliest ||
        request->arrive_latest > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the latest arrival %d is before %d or after %d",
                       request->arrive_latest, request->earliest, TQ_FLEET_POOL_TIME_MAX);
    if (request->ride_max < 0 || request->ride_max > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the longest ride %d is not in 0..%d",
                       request->ride_max, TQ_FLEET_POOL_TIME_MAX);
    if (request->board < 0 || request->board > POOL_DWELL_MAX || request->alight < 0 ||
        request->alight > POOL_DWELL_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "boarding takes %d and %d; at most %d", request->board,
                       request->alight, POOL_DWELL_MAX);
    if (request->weight == 0 || request->weight > TQ_FLEET_POOL_WEIGHT_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "weight %u is not in 1..%u", request->weight,
                       TQ_FLEET_POOL_WEIGHT_MAX);
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++)
        units += request->load[dim];
    if (units == 0 || units > TQ_FLEET_POOL_UNITS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a party of %u units; it must be 1..%u", units,
                       TQ_FLEET_POOL_UNITS_MAX);
    return TQ_OK;
}

/* What the party takes up under each conversion rule. */
static void fill_needs(const tq_fleet_pool *pool, pool_query *query)
{
    const tq_fleet_pool_request *request = query->request;
    uint32_t load[TQ_FLEET_DIMS];
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++)
        load[dim] = request->load[dim];
    load[0] += request->companions;
    for (uint32_t layout = 0; layout < pool->layout_count; layout++) {
        uint32_t need[TQ_FLEET_DIMS];
        for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++) {
            need[dim] = load[dim];
            for (uint32_t by = 0; by < TQ_FLEET_DIMS; by++)
                need[dim] += load[by] * pool->takes[layout][by][dim];
        }
        query->need[layout] = pool_lanes(need);
    }
}

tq_status fleet_pool_ready(const tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                           pool_query *query, tq_err *err)
{
    TQ_TRY(check_request(pool, request, err));
    int32_t direct = fleet_pool_time(&pool->times, request->from_node, request->to_node);
    if (direct >= TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_NO_ROUTE, 0, "no way from node %u to node %u", request->from_node,
                       request->to_node);
    int64_t ride = request->ride_max;
    if (request->ride_permille != TQ_NONE)
        ride = TQ_MIN(ride, (int64_t)direct * request->ride_permille / 1000);
    int64_t arrive = request->latest + (int64_t)request->board + ride;
    query->request = request;
    query->direct = direct;
    query->ride_max = (int32_t)ride;
    query->arrive_latest = (int32_t)TQ_MIN(arrive, request->arrive_latest);
    query->pick_weight = (int32_t)(pool->config.wait_weight * request->weight);
    query->drop_weight = (int32_t)(pool->config.delay_weight * request->weight);
    query->base = (int64_t)query->pick_weight * request->earliest +
                  (int64_t)query->drop_weight * (request->earliest + request->board + direct);
    pool_fact fact = {.ride_max = (int32_t)ride,
                      .boarded = POOL_NOT_YET,
                      .request = request->id,
                      .alone = request->sharing == TQ_FLEET_PRIVATE};
    query->pick = query->drop = fact;
    query->pick.kind = TQ_FLEET_STOP_PICK;
    query->pick.node = request->from_node;
    query->pick.earliest = request->earliest;
    query->pick.latest = request->latest;
    query->pick.dwell = request->board;
    query->pick.weight = query->pick_weight;
    query->drop.kind = TQ_FLEET_STOP_DROP;
    query->drop.node = request->to_node;
    query->drop.latest = request->arrive_latest;
    query->drop.dwell = request->alight;
    query->drop.weight = query->drop_weight;
    fill_needs(pool, query);
    size_t from = request->from_node, to = request->to_node, count = pool->times.node_count;
    if (pool->form == POOL_U16) {
        query->to_pick = pool->to_u16 + from * count;
        query->from_pick = pool->times.u16 + from * count;
        query->to_drop = pool->to_u16 + to * count;
        query->from_drop = pool->times.u16 + to * count;
    } else if (pool->form == POOL_I32) {
        query->to_pick = pool->to_i32 + from * count;
        query->from_pick = pool->times.i32 + from * count;
        query->to_drop = pool->to_i32 + to * count;
        query->from_drop = pool->times.i32 + to * count;
    }
    return TQ_OK;
}

/* Others on board at the pick-up, and those who board before the drop-off. */
static uint32_t count_shares(const pool_route *route, const pool_found *found)
{
    uint32_t shares = 0;
    for (uint32_t k = 1; k <= route->count; k++) {
        const pool_fact *fact = &route->fact[k];
        if (fact->kind == TQ_FLEET_STOP_PICK)
            shares += k <= found->drop_after;
        else if (fact->kind == TQ_FLEET_STOP_DROP && k <= found->pick_after &&
                 fact->boarded == POOL_NOT_YET)
            shares--;
        else if (fact->kind == TQ_FLEET_STOP_DROP && k > found->pick_after &&
                 fact->boarded != POOL_NOT_YET)
            shares++;
    }
    return shares;
}

static tq_fleet_pool_place tell_place(const tq_fleet_pool *pool, const pool_query *query,
                                      const pool_found *found)
{
    const pool_route *route = &pool->route[found->vehicle];
    pool_row row;
    fleet_pool_row(pool, found->vehicle, query, found->pick_after, found->drop_after, &row);
    TQ_ASSERT(fleet_pool_schedule(&row, POOL_KEEP_LATEST) == POOL_FITS);
    int32_t drive = 0;
    for (uint32_t entry = 1; entry <= row.count; entry++)
        drive += row.leg[entry];
    for (uint32_t k = 1; k <= route->count + 1; k++)
        drive -= route->stop[k].leg;
    return (tq_fleet_pool_place){.vehicle = found->vehicle,
                                 .pick_stop = found->pick_after,
                                 .drop_stop = found->drop_after + 1,
                                 .pick = (int32_t)row.when[found->pick_after + 1],
                                 .drop = (int32_t)row.when[found->drop_after + 2],
                                 .direct = query->direct,
                                 .drive_added = drive,
                                 .cost = found->cost,
                                 .shares = count_shares(route, found)};
}

tq_status tq_fleet_insert(tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                          tq_fleet_pool_place *out, tq_err *err)
{
    pool_query query;
    TQ_TRY(fleet_pool_ready(pool, request, &query, err));
    pool_best best;
    best.cap = 1;
    search(pool, &query, &best);
    if (best.count == 0) {
        *out = (tq_fleet_pool_place){.vehicle = TQ_NONE};
        return TQ_OK;
    }
    *out = tell_place(pool, &query, &best.found[0]);
    fleet_pool_commit(pool, &query, &best.found[0]);
    return TQ_OK;
}

tq_status tq_fleet_offer(tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                         const tq_fleet_pool_slot *slots, uint32_t slot_count, uint32_t per_slot,
                         tq_fleet_pool_place *out, uint32_t *count, tq_err *err)
{
    if (slot_count > TQ_FLEET_POOL_SLOTS_MAX || per_slot == 0 ||
        per_slot > TQ_FLEET_POOL_OFFERS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u slots with %u offers each; at most %u with 1 to %u",
                       slot_count, per_slot, TQ_FLEET_POOL_SLOTS_MAX, TQ_FLEET_POOL_OFFERS_MAX);
    tq_fleet_pool_request wish = *request;
    pool_query query;
    for (uint32_t slot = 0; slot < slot_count; slot++) { /* all are checked before any is told */
        wish.earliest = slots[slot].earliest;
        wish.latest = slots[slot].latest;
        wish.arrive_latest = slots[slot].arrive_latest;
        TQ_TRY(fleet_pool_ready(pool, &wish, &query, err));
    }
    uint32_t told = 0;
    for (uint32_t slot = 0; slot < slot_count; slot++) {
        wish.earliest = slots[slot].earliest;
        wish.latest = slots[slot].latest;
        wish.arrive_latest = slots[slot].arrive_latest;
        TQ_TRY(fleet_pool_ready(pool, &wish, &query, err));
        pool_best best;
        best.cap = per_slot;
        search(pool, &query, &best);
        for (uint32_t k = 0; k < best.count; k++) {
            out[told] = tell_place(pool, &query, &best.found[k]);
            out[told++].slot = slot;
        }
    }
    *count = told;
    return TQ_OK;
}
