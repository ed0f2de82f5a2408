/*
 * The whole test of a route: windows, breaks, setup, ride times and longest duration together.
 *
 * Method: the earliest schedule as a least fixed point. Times go forward as early as they can; a
 * ride that is too long raises the begin of its pickup to what its delivery demands, a duration
 * that is too long raises the leaving of the start; then forward again from there. All bounds only
 * rise, so what is reached is the earliest schedule that keeps all of them, or there is none
 * (Bellman-Ford on difference constraints: no more rounds than stops). Exact without breaks.
 *
 * Breaks are taken between two stops, during the way or beside it, in any order; which of them
 * where is a dynamic program over (stop, breaks taken), exact because earlier is never worse. With
 * breaks and ride times on one route the earliest places of the breaks are kept: then the test may
 * refuse what another place of a break would allow, never the other way round.
 */
#include "fleet/plan_in.h"

bool plan_scratch_make(const plan_model *model, plan_scratch *scratch)
{
    uint32_t cap = model->task_stops + 4, states = model->rest_states_max;
    *scratch = (plan_scratch){.cap = cap};
    scratch->begin = TQ_ALLOC(int64_t, cap);
    scratch->lower = TQ_ALLOC(int64_t, cap);
    scratch->state = TQ_ALLOC(int64_t, (size_t)cap * states);
    scratch->came = TQ_ALLOC(uint8_t, (size_t)cap * states);
    scratch->rests = TQ_ALLOC(uint8_t, cap);
    scratch->at = TQ_ALLOC(uint32_t, cap);
    scratch->stop = TQ_ALLOC(uint32_t, cap);
    scratch->load = TQ_ALLOC(int32_t, (size_t)cap * TQ_MAX(model->loads, 1u));
    scratch->cost_there = TQ_ALLOC(int64_t, cap);
    scratch->least_behind = TQ_ALLOC(int64_t, cap);
    if (scratch->begin != NULL && scratch->lower != NULL && scratch->state != NULL &&
        scratch->came != NULL && scratch->rests != NULL && scratch->at != NULL &&
        scratch->stop != NULL && scratch->load != NULL && scratch->cost_there != NULL &&
        scratch->least_behind != NULL)
        return true;
    plan_scratch_free(scratch);
    return false;
}

void plan_scratch_free(plan_scratch *scratch)
{
    tq_free(scratch->begin);
    tq_free(scratch->lower);
    tq_free(scratch->state);
    tq_free(scratch->came);
    tq_free(scratch->rests);
    tq_free(scratch->at);
    tq_free(scratch->stop);
    tq_free(scratch->load);
    tq_free(scratch->cost_there);
    tq_free(scratch->least_behind);
    *scratch = (plan_scratch){0};
}

/* ---- forward -----------------------------------------------------------------------------------
 */

typedef struct sequence {
    const plan_model *model;
    const plan_class *of;
    uint32_t vehicle;
    const uint32_t *stop;
    uint32_t len;
    const int32_t *load;
} sequence;

static plan_fault forward_plain(const sequence *route, uint32_t from, plan_scratch *scratch)
{
    const plan_model *model = route->model;
    const uint32_t *stop = route->stop;
    int64_t *begin = scratch->begin;
    if (from == 0) {
        begin[0] = plan_begin(model, stop[0], scratch->lower[0]);
        if (begin[0] == PLAN_NEVER) return PLAN_LATE;
        from = 1;
    }
    for (uint32_t k = from; k < route->len; k++) {
        int64_t leave = begin[k - 1];
        if (k > 1) leave += plan_work(model, route->of, stop[k - 2], stop[k - 1]);
        plan_cell way = plan_way(model, route->of, stop[k - 1], stop[k]);
        if (way.time == TQ_FLEET_NO_WAY) return PLAN_UNCONNECTED;
        begin[k] = plan_begin(model, stop[k], TQ_MAX(leave + way.time, scratch->lower[k]));
        if (begin[k] == PLAN_NEVER) return PLAN_LATE;
    }
    return PLAN_GOOD;
}

static void spread_breaks(const sequence *route, uint32_t k, plan_scratch *scratch)
{
    const plan_model *model = route->model;
    const uint32_t *stop = route->stop;
    const plan_rests *rests = &model->rests[route->vehicle];
    const plan_rest_set *set = model->rest_sets.at + rests->first;
    uint32_t row = rests->count;
    int64_t work = k == 0 ? 0 : plan_work(model, route->of, stop[k - 1], stop[k]);
    int64_t there = plan_way(model, route->of, stop[k], stop[k + 1]).time;
    plan_rest_way way;
    for (uint32_t had = 0; had < row; had++) {
        int64_t time = scratch->state[k * row + had];
        if (time == PLAN_NEVER) continue;
        time += work;
        plan_rest_leg(model, route->vehicle, route->load + k * model->loads, had, time, &way);
        for (uint32_t taken = had; taken < row; taken++) {
            if (way.done[taken] == PLAN_NEVER) continue;
            int64_t driven = time + there + set[taken].service - set[had].service;
            int64_t *state = &scratch->state[(k + 1) * row + taken];
            int64_t begin = plan_begin(
                model, stop[k + 1], TQ_MAX(TQ_MAX(driven, way.done[taken]), scratch->lower[k + 1]));
            if (begin >= *state) continue;
            *state = begin;
            scratch->came[(k + 1) * row + taken] = (uint8_t)had;
        }
    }
}

static plan_fault forward_breaks(const sequence *route, plan_scratch *scratch)
{
    const plan_model *model = route->model;
    uint32_t row = model->rests[route->vehicle].count, had = row - 1;
    for (uint32_t k = 0; k < route->len * row; k++)
        scratch->state[k] = PLAN_NEVER;
    scratch->state[0] = plan_begin(model, route->stop[0], scratch->lower[0]);
    for (uint32_t k = 0; k + 1 < route->len; k++) {
        if (plan_way(model, route->of, route->stop[k], route->stop[k + 1]).time == TQ_FLEET_NO_WAY)
            return PLAN_UNCONNECTED;
        spread_breaks(route, k, scratch);
    }
    if (scratch->state[(route->len - 1) * row + had] == PLAN_NEVER) {
        for (uint32_t k = 0; k < had; k++)
            if (scratch->state[(route->len - 1) * row + k] != PLAN_NEVER) return PLAN_REST;
        return PLAN_LATE;
    }
    for (uint32_t k = route->len; k-- > 0;) {
        scratch->begin[k] = scratch->state[k * row + had];
        scratch->rests[k] = (uint8_t)had;
        if (k > 0) had = scratch->came[k * row + had];
    }
    return PLAN_GOOD;
}

/* ---- what rides and durations demand ------------------------------------------------------------
 */

/* Raise lower bounds; the first index that rose, or len. */
static uint32_t raise_bounds(const sequence *route, plan_scratch *scratch, plan_fault *why)
{
    const plan_model *model = route->model;
    const tq_fleet_vehicle *vehicle = &model->problem->vehicle[route->vehicle];
    const int64_t *begin = scratch->begin;
    uint32_t first = route->len;
    for (uint32_t k = 1; k + 1 < route->len; k++) {
        uint32_t task = route->stop[k] >> 1;
        if ((route->stop[k] & 1) == 0 || model->ride_max[task] == TQ_FLEET_ANY) continue;
        uint32_t pickup = scratch->at[task];
        int64_t work = plan_work(model, route->of, route->stop[pickup - 1], route->stop[pickup]);
        int64_t wanted = begin[k] - model->ride_max[task] - work;
        if (begin[pickup] >= wanted) continue;
        scratch->lower[pickup] = wanted;
        first = TQ_MIN(first, pickup);
        *why = PLAN_RIDE;
    }
    int64_t end = begin[route->len - 1];
    if (vehicle->duration_max != TQ_FLEET_ANY && end - begin[0] > vehicle->duration_max) {
        scratch->lower[0] = end - vehicle->duration_max;
        first = 0;
        *why = PLAN_DURATION;
    }
    return first;
}

plan_fault plan_times(const plan_model *model, uint32_t vehicle, const uint32_t *stop, uint32_t len,
                      const int32_t *load, int64_t leave_from, plan_scratch *scratch)
{
    sequence route = {model, &model->class_row[model->class_of[vehicle]], vehicle, stop, len, load};
    bool breaks = model->problem->vehicle[vehicle].break_count > 0;
    plan_fault why = PLAN_GOOD;
    uint32_t from = 0;
    for (uint32_t k = 0; k < len; k++) {
        scratch->lower[k] = -PLAN_NEVER;
        scratch->rests[k] = 0;
        if (k > 0 && k + 1 < len && (stop[k] & 1) == 0) scratch->at[stop[k] >> 1] = k;
    }
    scratch->lower[0] = TQ_MAX(leave_from, model->from[stop[0]]);
    for (uint32_t round = 0; round <= len + 1; round++) {
        plan_fault fault =
            breaks ? forward_breaks(&route, scratch) : forward_plain(&route, from, scratch);
        if (fault != PLAN_GOOD) return fault == PLAN_LATE && why != PLAN_GOOD ? why : fault;
        from = raise_bounds(&route, scratch, &why);
        if (from == len) return PLAN_GOOD;
    }
    return why;
}

/* ---- every rule --------------------------------------------------------------------------------
 */

static plan_fault check_order(const plan_model *model, const plan_route *route,
                              plan_scratch *scratch, uint32_t *at)
{
    const tq_fleet_problem *problem = model->problem;
    uint32_t depth = 0, *stack = scratch->stop;
    for (uint32_t k = 1; k + 1 < route->len; k++)
        scratch->at[route->stop[k] >> 1] = TQ_NONE;
    for (uint32_t k = 1; k + 1 < route->len; k++) {
        uint32_t visit = route->stop[k], task = visit >> 1;
        *at = k;
        if ((visit & 1) == 0) {
            if (scratch->at[task] != TQ_NONE) return PLAN_ORDER;
            scratch->at[task] = k;
            if (problem->task[task].kind == TQ_FLEET_SHIPMENT) stack[depth++] = task;
            continue;
        }
        if (scratch->at[task] == TQ_NONE || depth == 0) return PLAN_ORDER;
        if (stack[depth - 1] != task) {
            if (problem->vehicle[route->vehicle].lifo) return PLAN_LIFO;
            uint32_t k2 = depth;
            while (k2 > 0 && stack[k2 - 1] != task)
                k2--;
            if (k2 == 0) return PLAN_ORDER;
            memmove(stack + k2 - 1, stack + k2, (depth - k2) * sizeof *stack);
        }
        depth--;
    }
    *at = route->len - 1;
    return depth == 0 ? PLAN_GOOD : PLAN_ORDER;
}

plan_fault plan_route_check(const plan_model *model, const plan_route *route, plan_scratch *scratch,
                            uint32_t *at)
{
    const tq_fleet_vehicle *vehicle = &model->problem->vehicle[route->vehicle];
    plan_fault fault = check_order(model, route, scratch, at);
    if (fault != PLAN_GOOD) return fault;
    for (uint32_t k = 0; k < route->len; k++) {
        *at = k;
        for (uint32_t dim = 0; dim < model->loads; dim++)
            if (route->load[k * model->loads + dim] > vehicle->capacity[dim]) return PLAN_OVERLOAD;
    }
    if (route->len > 2) {
        fault = plan_times(model, route->vehicle, route->stop, route->len, route->load, -PLAN_NEVER,
                           scratch);
        if (fault != PLAN_GOOD) return fault;
    }
    if (route->travel > vehicle->travel_max) return PLAN_TRAVEL;
    if (route->distance > vehicle->distance_max) return PLAN_DISTANCE;
    if (vehicle->tasks_max != TQ_NONE && route->len - 2 > vehicle->tasks_max) return PLAN_TASKS;
    return PLAN_GOOD;
}
