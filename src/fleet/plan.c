/*
 * Planning as callers see it: make a plan, compare plans, free them.
 *
 * A call holds one state: routes with room for what they grow to, copies of the routes that a round
 * touches, the best plan so far. Everything is allocated at the start.
 */
#include "fleet/plan_in.h"

#define KEPT_MAX                                                                                   \
    ((size_t)24 << 20) /* entries of what was found before; above it is done without               \
                        */

void tq_fleet_plan_default(tq_fleet_plan_options *options)
{
    *options = (tq_fleet_plan_options){
        .size = sizeof *options, .goal = TQ_FLEET_CHEAPEST, .seed = 1, .iterations = 10000};
}

void tq_fleet_plan_free(tq_fleet_plan *plan)
{
    if (plan == NULL) return;
    tq_free(plan->first);
    tq_free(plan->visit);
    *plan = (tq_fleet_plan){0};
}

int tq_fleet_score_compare(tq_fleet_goal goal, const tq_fleet_score *a, const tq_fleet_score *b)
{
    if (a->lost != b->lost) return a->lost < b->lost ? -1 : 1;
    if (goal == TQ_FLEET_FEWEST && a->vehicles != b->vehicles)
        return a->vehicles < b->vehicles ? -1 : 1;
    return a->cost < b->cost ? -1 : a->cost > b->cost;
}

static void free_state(plan_state *state)
{
    uint32_t vehicles = state->model->problem->vehicle_count;
    for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++) {
        if (state->route != NULL) plan_route_free(&state->route[vehicle]);
        if (state->saved != NULL) plan_route_free(&state->saved[vehicle]);
    }
    plan_scratch_free(&state->scratch);
    tq_free(state->route);
    tq_free(state->saved);
    tq_free(state->touched);
    tq_free(state->touched_list);
    tq_free(state->vehicle_of);
    tq_free(state->locked);
    tq_free(state->absent);
    tq_free(state->absent_before);
    tq_free(state->times_absent);
    tq_free(state->key);
    tq_free(state->used);
    tq_free(state->empty_of);
    tq_free(state->chosen);
    tq_free(state->chosen_mark);
    tq_free(state->kept);
    tq_free(state->mark);
    tq_free(state->best_first);
    tq_free(state->best_visit);
}

static bool make_state(const plan_model *model, plan_state *state)
{
    uint32_t tasks = model->problem->task_count, vehicles = model->problem->vehicle_count;
    size_t kept = (size_t)tasks * vehicles;
    state->route = TQ_ALLOC(plan_route, vehicles + 1);
    state->saved = TQ_ALLOC(plan_route, vehicles + 1);
    state->touched = TQ_ALLOC(uint8_t, vehicles + 1);
    state->touched_list = TQ_ALLOC(uint32_t, vehicles + 1);
    state->vehicle_of = TQ_ALLOC(uint32_t, tasks + 1);
    state->locked = TQ_ALLOC(uint8_t, tasks + 1);
    state->absent = TQ_ALLOC(uint32_t, tasks + 1);
    state->absent_before = TQ_ALLOC(uint32_t, tasks + 1);
    state->times_absent = TQ_ALLOC(uint64_t, tasks + 1);
    state->key = TQ_ALLOC(uint64_t, tasks + 1);
    state->used = TQ_ALLOC(uint32_t, vehicles + 1);
    state->empty_of = TQ_ALLOC(uint32_t, model->type_count + 1);
    state->chosen = TQ_ALLOC(uint32_t, vehicles + 1);
    state->chosen_mark = TQ_ALLOC(uint32_t, vehicles + 1);
    state->mark = TQ_ALLOC(uint32_t, tasks + 1);
    state->best_first = TQ_ALLOC(uint32_t, vehicles + 2);
    state->best_visit = TQ_ALLOC(uint32_t, model->task_stops + 1);
    if (kept <= KEPT_MAX) state->kept = TQ_ALLOC(plan_kept, kept + 1);
    return state->route != NULL && state->saved != NULL && state->touched != NULL &&
           state->touched_list != NULL && state->vehicle_of != NULL && state->locked != NULL &&
           state->absent != NULL && state->absent_before != NULL && state->times_absent != NULL &&
           state->key != NULL && state->used != NULL && state->empty_of != NULL &&
           state->chosen != NULL && state->chosen_mark != NULL && state->mark != NULL &&
           state->best_first != NULL && state->best_visit != NULL &&
           plan_scratch_make(model, &state->scratch);
}

#define ROOM_FIRST 32u /* stops; routes get more as they grow */

static bool make_routes(const plan_model *model, plan_state *state)
{
    const tq_fleet_problem *problem = model->problem;
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        plan_route *route = &state->route[vehicle];
        route->vehicle = vehicle;
        if (!plan_route_room(model, route, ROOM_FIRST)) return false;
        route->stop[0] = plan_start_of(model, vehicle);
        route->stop[1] = route->stop[0] + 1;
        route->len = 2;
        route->version = state->version_next++;
        (void)plan_route_fill(model, route);
    }
    return true;
}

static tq_status load_start(plan_state *state, tq_err *err)
{
    const plan_model *model = state->model;
    const tq_fleet_problem *problem = model->problem;
    const tq_fleet_plan *start = state->options->start;
    if (start->vehicle_count != problem->vehicle_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the start plan has %u vehicles, the problem %u",
                       start->vehicle_count, problem->vehicle_count);
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        plan_route *route = &state->route[vehicle];
        uint32_t count = start->first[vehicle + 1] - start->first[vehicle], at = 0;
        if (start->first[vehicle + 1] < start->first[vehicle] || count > model->task_stops)
            return tq_fail(err, TQ_BAD_INPUT, 0, "start plan: route %u is too long", vehicle);
        if (!plan_route_room(model, route, count + 2))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the start plan");
        for (uint32_t k = 0; k < count; k++) {
            uint32_t visit = start->visit[start->first[vehicle] + k], task = visit >> 1;
            bool known = visit < model->task_stops &&
                         ((visit & 1) == 0 || problem->task[task].kind == TQ_FLEET_SHIPMENT);
            if (!known)
                return tq_fail(err, TQ_BAD_INPUT, 0, "start plan: route %u: no such visit %u",
                               vehicle, visit);
            if (state->vehicle_of[task] != TQ_NONE && state->vehicle_of[task] != vehicle)
                return tq_fail(err, TQ_BAD_INPUT, 0,
                               "start plan: task %u is on two vehicles, %u and %u", task,
                               state->vehicle_of[task], vehicle);
            if (!plan_skills_fit(problem, &problem->task[task], &problem->vehicle[vehicle]))
                return tq_fail(err, TQ_BAD_INPUT, 0,
                               "start plan: vehicle %u lacks a skill that task %u wants", vehicle,
                               task);
            state->vehicle_of[task] = vehicle;
            if (k < problem->vehicle[vehicle].committed_count) state->locked[task] = 1;
            route->stop[k + 1] = visit;
        }
        route->stop[count + 1] = plan_start_of(model, vehicle) + 1;
        route->len = count + 2;
        route->fixed = TQ_MIN(count, problem->vehicle[vehicle].committed_count);
        bool filled = plan_route_fill(model, route);
        plan_fault fault = plan_route_check(model, route, &state->scratch, &at);
        if (fault == PLAN_GOOD && !filled) fault = PLAN_LATE;
        if (fault != PLAN_GOOD)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "start plan: route of vehicle %u: step %u of %u: %s", vehicle,
                           TQ_MIN(at, count), count, plan_fault_name(fault));
    }
    return TQ_OK;
}

static tq_status take_plan(const plan_state *state, tq_fleet_plan *out, tq_err *err)
{
    uint32_t vehicles = state->model->problem->vehicle_count;
    uint32_t visits = state->best_first[vehicles];
    tq_fleet_plan plan = {.vehicle_count = vehicles,
                          .first = TQ_ALLOC(uint32_t, vehicles + 1),
                          .visit = TQ_ALLOC(uint32_t, visits + 1)};
    if (plan.first == NULL || plan.visit == NULL) {
        tq_fleet_plan_free(&plan);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the plan");
    }
    memcpy(plan.first, state->best_first, (vehicles + 1) * sizeof *plan.first);
    memcpy(plan.visit, state->best_visit, visits * sizeof *plan.visit);
    *out = plan;
    return TQ_OK;
}

static tq_status run(plan_state *state, tq_err *err)
{
    const tq_fleet_problem *problem = state->model->problem;
    state->dice.state = tq_mix(state->options->seed ^ 0x9E3779B97F4A7C15u) | 1;
    state->vehicles_max = problem->vehicle_count;
    state->version_next = 1;
    state->banned = TQ_NONE;
    for (uint32_t task = 0; task < problem->task_count; task++)
        state->vehicle_of[task] = TQ_NONE;
    if (!make_routes(state->model, state))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u routes of %u tasks",
                       problem->vehicle_count, problem->task_count);
    if (state->options->start != NULL) TQ_TRY(load_start(state, err));
    for (uint32_t task = 0; task < problem->task_count; task++)
        if (state->vehicle_of[task] == TQ_NONE) state->absent[state->absent_count++] = task;
    plan_lists(state);
    plan_recreate(state, 0);
    for (uint32_t k = 0; k < state->touched_count; k++)
        state->touched[state->touched_list[k]] = 0;
    state->touched_count = 0;
    plan_keep_best(state);
    plan_improve(state);
    return TQ_OK;
}

tq_status tq_fleet_plan_make(const tq_fleet_problem *problem, const tq_fleet_plan_options *options,
                             tq_fleet_plan *out, tq_fleet_score *score, tq_err *err)
{
    plan_model model;
    if (options->iterations == 0 && options->spent == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "planning needs a number of iterations or a budget");
    TQ_TRY(tq_fleet_problem_check(problem, err));
    TQ_TRY(plan_model_make(problem, &model, err));
    plan_state state = {.model = &model, .options = options};
    tq_status status = TQ_OK;
    if (problem->vehicle_count > 0) status = plan_model_near(&model, err);
    if (status == TQ_OK && !make_state(&model, &state))
        status =
            tq_fail(err, TQ_NO_MEMORY, 0, "no memory for planning %u tasks", problem->task_count);
    if (status == TQ_OK) status = run(&state, err);
    if (status == TQ_OK) status = take_plan(&state, out, err);
    if (status == TQ_OK && score != NULL) *score = state.best;
    free_state(&state);
    plan_model_free(&model);
    return status;
}
