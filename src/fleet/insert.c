/*
 * The life of a pool: made once in one piece of memory, vehicles added, time passing, vehicles
 * moving, requests cancelled. Plans are changed in insert_plan.c, searched in insert_search.c.
 *
 * A vehicle waits where it is and leaves as late as its schedule allows. Once it has left, that leg
 * is kept until tq_fleet_pool_move tells where it can turn.
 */
#include "fleet/insert_in.h"

#define SIDE 64u /* alignment of each array */

tq_fleet_pool_config tq_fleet_pool_config_default(void)
{
    return (tq_fleet_pool_config){.size = sizeof(tq_fleet_pool_config),
                                  .vehicle_max = 2000,
                                  .request_max = 1000000,
                                  .drive_weight = 1,
                                  .wait_weight = 1,
                                  .delay_weight = 1,
                                  .memory = (size_t)1 << 28};
}

tq_fleet_pool_vehicle tq_fleet_pool_vehicle_default(void)
{
    return (tq_fleet_pool_vehicle){
        .until = TQ_FLEET_POOL_TIME_MAX, .end_node = TQ_NONE, .capacity = {4}};
}

tq_fleet_pool_request tq_fleet_pool_request_default(void)
{
    return (tq_fleet_pool_request){.latest = TQ_FLEET_POOL_TIME_MAX,
                                   .arrive_latest = TQ_FLEET_POOL_TIME_MAX,
                                   .ride_max = TQ_FLEET_POOL_TIME_MAX,
                                   .ride_permille = TQ_NONE,
                                   .load = {1},
                                   .weight = 1,
                                   .vehicle = TQ_NONE};
}

const char *tq_fleet_bound_text(tq_fleet_bound bound)
{
    static const char *const text[] = {
#define BOUND_TEXT(name, text) text,
        TQ_FLEET_BOUND_MAP(BOUND_TEXT)
#undef BOUND_TEXT
    };
    return (unsigned)bound < TQ_COUNT(text) ? text[bound] : "?";
}

size_t tq_fleet_pool_bytes(const tq_fleet_pool_config *config, const tq_fleet_pool_times *times)
{
    size_t vehicles = config->vehicle_max, cells = fleet_pool_cells(times);
    size_t a_vehicle = sizeof(pool_route) + sizeof(int32_t) + sizeof(pool_near);
    return sizeof(tq_fleet_pool) + vehicles * a_vehicle + cells * sizeof(uint32_t) +
           config->request_max * sizeof(uint32_t) + fleet_pool_table_bytes(times) +
           times->node_count * (sizeof(uint8_t) + sizeof(int32_t)) +
           cells * cells * (sizeof(int32_t) + sizeof(uint8_t)) + (size_t)16 * SIDE;
}

static tq_status check_config(const tq_fleet_pool_config *config, tq_err *err)
{
    if (config->size != sizeof *config)
        return tq_fail(err, TQ_BAD_INPUT, 0, "pool config of %u bytes, %zu wanted", config->size,
                       sizeof *config);
    if (config->vehicle_max == 0 || config->vehicle_max > TQ_FLEET_POOL_VEHICLES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u vehicles; a pool takes 1 to %u", config->vehicle_max,
                       TQ_FLEET_POOL_VEHICLES_MAX);
    if (config->request_max == 0 || config->request_max > TQ_FLEET_POOL_REQUESTS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u requests; a pool takes 1 to %u", config->request_max,
                       TQ_FLEET_POOL_REQUESTS_MAX);
    uint32_t most = TQ_MAX(TQ_MAX(config->drive_weight, config->wait_weight), config->delay_weight);
    if (most > TQ_FLEET_POOL_WEIGHT_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a weight of %u; at most %u", most,
                       TQ_FLEET_POOL_WEIGHT_MAX);
    return TQ_OK;
}

#define CARVE(arena, T, n) ((T *)tq_arena_push_raw((arena), (n), sizeof(T), SIDE))

static void carve(tq_fleet_pool *pool, tq_arena *arena)
{
    size_t vehicles = pool->config.vehicle_max, cells = pool->cell_count;
    size_t nodes = pool->times.node_count;
    pool->route = CARVE(arena, pool_route, vehicles);
    pool->next_event = CARVE(arena, int32_t, vehicles);
    pool->near = CARVE(arena, pool_near, vehicles);
    pool->first_in_cell = CARVE(arena, uint32_t, cells);
    pool->vehicle_of_request = CARVE(arena, uint32_t, pool->config.request_max);
    if (pool->form == POOL_U16) pool->to_u16 = CARVE(arena, uint16_t, nodes * nodes);
    if (pool->form == POOL_I32) pool->to_i32 = CARVE(arena, int32_t, nodes * nodes);
    pool->cell_of_node = CARVE(arena, uint8_t, nodes);
    pool->near_centre = CARVE(arena, int32_t, nodes);
    pool->cell_least = CARVE(arena, int32_t, cells * cells);
    pool->cell_near = CARVE(arena, uint8_t, cells * cells);
    TQ_ASSERT(pool->cell_near != NULL);
}

tq_status tq_fleet_pool_open(const tq_fleet_pool_config *config, const tq_fleet_pool_times *times,
                             tq_fleet_pool **out, tq_err *err)
{
    TQ_TRY(check_config(config, err));
    TQ_TRY(fleet_pool_check_times(times, err));
    size_t bytes = tq_fleet_pool_bytes(config, times);
    if (bytes > config->memory)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the pool takes %zu bytes and may have %zu", bytes,
                       config->memory);
    tq_fleet_pool *pool = tq_alloc_aligned(bytes, 1);
    if (pool == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no %zu bytes for the pool", bytes);
    pool->config = *config;
    pool->times = *times;
    pool->form = times->u16 != NULL ? POOL_U16 : times->i32 != NULL ? POOL_I32 : POOL_CALL;
    pool->cell_count = fleet_pool_cells(times);
    tq_arena arena;
    tq_arena_init(&arena, (uint8_t *)pool + sizeof *pool, bytes - sizeof *pool);
    carve(pool, &arena);
    for (uint32_t cell = 0; cell < pool->cell_count; cell++)
        pool->first_in_cell[cell] = TQ_NONE;
    for (uint32_t request = 0; request < config->request_max; request++)
        pool->vehicle_of_request[request] = TQ_NONE;
    fleet_pool_make_cells(pool);
    *out = pool;
    return TQ_OK;
}

void tq_fleet_pool_close(tq_fleet_pool *pool)
{
    tq_free(pool);
}

static tq_status check_vehicle(const tq_fleet_pool *pool, const tq_fleet_pool_vehicle *vehicle,
                               tq_err *err)
{
    uint32_t nodes = pool->times.node_count;
    if (pool->vehicle_count == pool->config.vehicle_max)
        return tq_fail(err, TQ_LIMIT, 0, "the pool is full with %u vehicles", pool->vehicle_count);
    if (vehicle->node >= nodes || (vehicle->end_node >= nodes && vehicle->end_node != TQ_NONE))
        return tq_fail(err, TQ_BAD_INPUT, 0, "a vehicle starts at node %u and ends at %u of %u",
                       vehicle->node, vehicle->end_node, nodes);
    if (vehicle->from < 0 || vehicle->from > vehicle->until ||
        vehicle->until > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a shift from %d to %d is not in 0..%d", vehicle->from,
                       vehicle->until, TQ_FLEET_POOL_TIME_MAX);
    if (vehicle->break_count > TQ_FLEET_POOL_BREAKS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u breaks in a shift; at most %u", vehicle->break_count,
                       TQ_FLEET_POOL_BREAKS_MAX);
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++) {
        if (vehicle->capacity[dim] > TQ_FLEET_POOL_UNITS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "a capacity of %u; at most %u", vehicle->capacity[dim],
                           TQ_FLEET_POOL_UNITS_MAX);
        if (vehicle->takes[dim][dim] != 0)
            return tq_fail(err, TQ_BAD_INPUT, 0, "takes[%u][%u] is not 0", dim, dim);
    }
    for (uint32_t k = 0; k < vehicle->break_count; k++) {
        const tq_fleet_pool_break *rest = &vehicle->breaks[k];
        bool known = rest->node == TQ_NONE || rest->node < nodes;
        if (!known || rest->earliest < 0 || rest->earliest > rest->latest ||
            rest->latest > TQ_FLEET_POOL_TIME_MAX || rest->duration < 0 ||
            rest->duration > POOL_DWELL_MAX)
            return tq_fail(err, TQ_BAD_INPUT, k, "break %u: start %d..%d for %d at node %u", k,
                           rest->earliest, rest->latest, rest->duration, rest->node);
    }
    return TQ_OK;
}

static uint32_t find_layout(tq_fleet_pool *pool, const tq_fleet_pool_vehicle *vehicle)
{
    for (uint32_t layout = 0; layout < pool->layout_count; layout++)
        if (memcmp(pool->takes[layout], vehicle->takes, sizeof vehicle->takes) == 0) return layout;
    if (pool->layout_count == TQ_FLEET_POOL_LAYOUTS_MAX) return TQ_NONE;
    memcpy(pool->takes[pool->layout_count], vehicle->takes, sizeof vehicle->takes);
    return pool->layout_count++;
}

static uint64_t units_of(const uint16_t units[TQ_FLEET_DIMS])
{
    uint32_t wide[TQ_FLEET_DIMS];
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++)
        wide[dim] = units[dim];
    return pool_lanes(wide);
}

tq_status tq_fleet_pool_add(tq_fleet_pool *pool, const tq_fleet_pool_vehicle *vehicle,
                            uint32_t *index, tq_err *err)
{
    TQ_TRY(check_vehicle(pool, vehicle, err));
    uint32_t layout = find_layout(pool, vehicle);
    if (layout == TQ_NONE)
        return tq_fail(err, TQ_LIMIT, 0, "more than %u conversion rules in one pool",
                       TQ_FLEET_POOL_LAYOUTS_MAX);
    uint32_t added = pool->vehicle_count;
    pool_route *route = &pool->route[added];
    memset(route, 0, sizeof *route);
    route->layout = layout;
    route->skills = vehicle->skills;
    route->lifo = vehicle->order == TQ_FLEET_LAST_IN_FIRST_OUT;
    route->capacity = units_of(vehicle->capacity);
    route->count = route->break_count = vehicle->break_count;
    pool_stop *origin = &route->stop[0];
    origin->node = origin->at = vehicle->node;
    origin->start = origin->leave = TQ_MAX(vehicle->from, pool->now);
    origin->room = origin->pass = route->capacity;
    for (uint32_t k = 0; k < vehicle->break_count; k++) {
        const tq_fleet_pool_break *rest = &vehicle->breaks[k];
        route->fact[k + 1] = (pool_fact){.load = units_of(rest->load_max),
                                         .earliest = rest->earliest,
                                         .latest = rest->latest,
                                         .dwell = rest->duration,
                                         .ride_max = TQ_FLEET_POOL_TIME_MAX,
                                         .boarded = POOL_NOT_YET,
                                         .node = rest->node,
                                         .request = TQ_NONE,
                                         .kind = TQ_FLEET_STOP_BREAK};
    }
    route->fact[route->count + 1] = (pool_fact){.earliest = 0,
                                                .latest = vehicle->until,
                                                .ride_max = TQ_FLEET_POOL_TIME_MAX,
                                                .boarded = POOL_NOT_YET,
                                                .node = vehicle->end_node,
                                                .request = TQ_NONE,
                                                .kind = POOL_END};
    pool->near[added].cell = TQ_NONE;
    if (!fleet_pool_refresh(pool, added))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the breaks do not fit into the shift %d to %d",
                       vehicle->from, vehicle->until);
    pool->vehicle_count++;
    *index = added;
    return TQ_OK;
}

static uint32_t find_stop(const pool_route *route, uint32_t request, tq_fleet_pool_stop_kind kind)
{
    for (uint32_t k = 1; k <= route->count; k++)
        if (route->fact[k].request == request && route->fact[k].kind == kind) return k;
    return 0;
}

tq_status tq_fleet_cancel(tq_fleet_pool *pool, uint32_t request, tq_err *err)
{
    uint32_t vehicle = tq_fleet_pool_vehicle_of(pool, request);
    if (vehicle == TQ_NONE)
        return tq_fail(err, TQ_NOT_FOUND, 0, "request %u is in no plan", request);
    pool_route *route = &pool->route[vehicle];
    uint32_t pick = find_stop(route, request, TQ_FLEET_STOP_PICK);
    if (pick == 0) return tq_fail(err, TQ_STALE, 0, "request %u is on board already", request);
    if (pick == 1 && route->gone) { /* drives on to the place where nobody waits any more */
        route->stop[0].node = route->stop[0].at = route->fact[1].node;
        route->stop[0].start = route->stop[0].leave = route->leg_start + route->stop[1].leg;
        route->gone = route->joinable = false;
    }
    fleet_pool_take_out(route, find_stop(route, request, TQ_FLEET_STOP_DROP));
    fleet_pool_take_out(route, pick);
    pool->vehicle_of_request[request] = TQ_NONE;
    if (!fleet_pool_refresh(pool, vehicle)) /* only where times break the triangle */
        (void)fleet_pool_stretch(pool, vehicle);
    return TQ_OK;
}

static tq_fleet_pool_stop tell_stop(const pool_route *route, uint32_t vehicle, uint32_t stop)
{
    const pool_fact *fact = &route->fact[stop];
    return (tq_fleet_pool_stop){.kind = (tq_fleet_pool_stop_kind)fact->kind,
                                .vehicle = vehicle,
                                .request = fact->request,
                                .node = route->stop[stop].at,
                                .start = route->when[stop],
                                .earliest = fact->earliest,
                                .latest = pool_latest_of(fact)};
}

/* The first stop is done at its time: it becomes the origin. */
static void finish_first(tq_fleet_pool *pool, uint32_t vehicle)
{
    pool_route *route = &pool->route[vehicle];
    pool_stop *origin = &route->stop[0], *first = &route->stop[1];
    pool_fact done = route->fact[1];
    int32_t start = route->when[1], ready = start + done.dwell;
    bool joined = route->joinable && pool_joins(done.kind) && first->at == origin->at;
    origin->leave = joined ? TQ_MAX(origin->leave, ready) : ready;
    route->joinable = pool_joins(done.kind);
    origin->start = route->joinable ? start : ready;
    origin->node = origin->at = first->at;
    origin->room = first->room;
    origin->alone = first->alone;
    route->gone = false;
    fleet_pool_take_out(route, 1);
    if (done.kind == TQ_FLEET_STOP_PICK) {
        uint32_t drop = find_stop(route, done.request, TQ_FLEET_STOP_DROP);
        route->fact[drop].boarded = ready;
    } else if (done.kind == TQ_FLEET_STOP_DROP) {
        pool->vehicle_of_request[done.request] = TQ_NONE;
    } else {
        route->break_count--;
    }
    TQ_ASSERT(fleet_pool_refresh(pool, vehicle));
}

static void leave_for_first(tq_fleet_pool *pool, uint32_t vehicle)
{
    pool_route *route = &pool->route[vehicle];
    route->gone = true;
    route->joinable = false;
    route->stop[0].kind = POOL_ORIGIN;
    route->stop[0].start = route->stop[0].leave = route->leg_start;
    pool->next_event[vehicle] = route->when[1];
    fleet_pool_list(pool, vehicle);
}

tq_status tq_fleet_pool_advance(tq_fleet_pool *pool, int32_t now, tq_fleet_pool_stop *done,
                                uint32_t cap, uint32_t *count, tq_err *err)
{
    if (now < pool->now || now > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "time %d is before %d or after %d", now, pool->now,
                       TQ_FLEET_POOL_TIME_MAX);
    uint32_t told = 0;
    for (uint32_t vehicle = 0; vehicle < pool->vehicle_count; vehicle++)
        while (pool->next_event[vehicle] <= now) {
            const pool_route *route = &pool->route[vehicle];
            if (route->when[1] > now) {
                leave_for_first(pool, vehicle);
                continue;
            }
            if (told == cap) {
                *count = told;
                return TQ_OK;
            }
            done[told++] = tell_stop(route, vehicle, 1);
            finish_first(pool, vehicle);
        }
    pool->now = now;
    *count = told;
    return TQ_OK;
}

/* On its way as planned: nothing behind the origin changes. */
static bool on_its_way(tq_fleet_pool *pool, uint32_t vehicle, uint32_t node, int32_t time)
{
    pool_route *route = &pool->route[vehicle];
    pool_stop *origin = &route->stop[0], *first = &route->stop[1];
    if (first->node == TQ_NONE && route->count > 0) return false;
    if (first->node == TQ_NONE && time > route->fact[1].latest) return false;
    int32_t leg = first->node == TQ_NONE ? 0 : fleet_pool_time(&pool->times, node, first->node);
    if (route->count > 0 && (time + leg != origin->leave + first->leg || leg == 0)) return false;
    if (route->count == 0 && first->node != TQ_NONE) return false;
    route->cost -= (int64_t)(first->leg - leg) * pool->config.drive_weight;
    first->leg = leg;
    if (route->count == 0) {
        first->start = first->leave = route->when[1] = time;
        first->at = node;
    } else {
        route->leg_start = route->when[1] - leg;
        pool->next_event[vehicle] = route->leg_start + 1;
    }
    origin->node = origin->at = node;
    origin->start = origin->leave = time;
    origin->kind = POOL_ORIGIN;
    route->gone = route->joinable = false;
    fleet_pool_list(pool, vehicle);
    return true;
}

tq_status tq_fleet_pool_move(tq_fleet_pool *pool, uint32_t vehicle, uint32_t node, int32_t time,
                             int32_t *late, tq_err *err)
{
    if (vehicle >= pool->vehicle_count || node >= pool->times.node_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u of %u, node %u of %u", vehicle,
                       pool->vehicle_count, node, pool->times.node_count);
    if (time < 0 || time > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "time %d is not in 0..%d", time,
                       TQ_FLEET_POOL_TIME_MAX);
    time = TQ_MAX(time, pool->now);
    if (late != NULL) *late = 0;
    if (on_its_way(pool, vehicle, node, time)) return TQ_OK;
    pool_route *route = &pool->route[vehicle], before = *route;
    route->stop[0].node = route->stop[0].at = node;
    route->stop[0].start = route->stop[0].leave = time;
    route->gone = route->joinable = false;
    if (fleet_pool_refresh(pool, vehicle)) return TQ_OK;
    int32_t stretch = fleet_pool_stretch(pool, vehicle);
    if (stretch == TQ_FLEET_POOL_TIME_MAX) {
        *route = before;
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u can't reach its stops from node %u",
                       vehicle, node);
    }
    if (late != NULL) *late = stretch;
    return TQ_OK;
}

tq_status tq_fleet_pool_keep(tq_fleet_pool *pool, uint32_t vehicle, uint32_t stops, tq_err *err)
{
    if (vehicle >= pool->vehicle_count || stops > pool->route[vehicle].count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u of %u has no %u stops to keep", vehicle,
                       pool->vehicle_count, stops);
    pool->route[vehicle].kept = stops;
    fleet_pool_list(pool, vehicle);
    return TQ_OK;
}

tq_status tq_fleet_pool_read(const tq_fleet_pool *pool, uint32_t vehicle, tq_fleet_pool_plan *out,
                             tq_err *err)
{
    if (vehicle >= pool->vehicle_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "no vehicle %u of %u", vehicle, pool->vehicle_count);
    const pool_route *route = &pool->route[vehicle];
    out->node = route->stop[0].at;
    out->time = route->stop[0].leave;
    out->stop_count = route->count;
    out->kept = pool_first_gap(route);
    out->cost = route->cost;
    for (uint32_t k = 0; k < route->count; k++)
        out->stop[k] = tell_stop(route, vehicle, k + 1);
    return TQ_OK;
}

void tq_fleet_pool_next(const tq_fleet_pool *pool, uint32_t vehicle, uint32_t *stop_count,
                        uint32_t *node, int32_t *leave, int32_t *start)
{
    TQ_ASSERT(vehicle < pool->vehicle_count);
    const pool_route *route = &pool->route[vehicle];
    *stop_count = route->count;
    if (route->count == 0) return;
    *node = route->stop[1].at;
    *leave = route->leg_start;
    *start = route->when[1];
}

uint32_t tq_fleet_pool_vehicle_of(const tq_fleet_pool *pool, uint32_t request)
{
    return request < pool->config.request_max ? pool->vehicle_of_request[request] : TQ_NONE;
}
