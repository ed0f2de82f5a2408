/*
 * What happens on a route, step by step, and why a task has no vehicle.
 *
 * The start leaves as late as the earliest end allows: found by halving, since the whole test says
 * for any leaving whether the end stays where it is. Then all else is as early as it can be.
 */
#include "fleet/plan_in.h"

/* ---- steps -------------------------------------------------------------------------------------
 */

typedef struct walk {
    const plan_model *model;
    plan_route *route;
    plan_scratch *scratch;
    tq_fleet_step *step;
    uint32_t count;
} walk;

static void leave_late(const plan_model *model, const plan_route *route, plan_scratch *scratch)
{
    const uint32_t *stop = route->stop;
    uint32_t len = route->len, vehicle = route->vehicle;
    (void)plan_times(model, vehicle, stop, len, route->load, -PLAN_NEVER, scratch);
    int64_t end = scratch->begin[len - 1], low = scratch->begin[0], high = end;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        bool good =
            plan_times(model, vehicle, stop, len, route->load, middle, scratch) == PLAN_GOOD &&
            scratch->begin[len - 1] == end;
        if (good)
            low = middle;
        else
            high = middle - 1;
    }
    (void)plan_times(model, vehicle, stop, len, route->load, low, scratch);
}

/* The breaks on the way to stop k, in the order in which they are taken. */
static void add_breaks(walk *to, uint32_t k, int64_t *time, int64_t *way)
{
    const plan_model *model = to->model;
    uint32_t vehicle = to->route->vehicle, taken[TQ_FLEET_BREAKS_MAX], count = 0;
    uint32_t had = to->scratch->rests[k - 1], set = to->scratch->rests[k];
    plan_rest_way rest_way;
    if (set == had) return;
    plan_rest_leg(model, vehicle, to->route->load + (size_t)(k - 1) * model->loads, had, *time,
                  &rest_way);
    int64_t done[TQ_FLEET_BREAKS_MAX];
    for (; set != had; set = rest_way.from[set]) {
        done[count] = rest_way.done[set];
        taken[count++] = rest_way.by[set];
    }
    while (count-- > 0) {
        const tq_fleet_break *rest =
            &model->problem->rest[model->problem->vehicle[vehicle].first_break + taken[count]];
        int64_t begin = done[count] - rest->service, driven = TQ_MIN(*way, begin - *time);
        tq_fleet_step *step = &to->step[to->count];
        *step = step[-1];
        step->kind = TQ_FLEET_BREAK;
        step->task = taken[count];
        step->place = TQ_NONE;
        step->arrival = *time + driven;
        step->wait = begin - step->arrival;
        step->setup = 0;
        step->service = rest->service;
        step->travel += driven;
        to->count++;
        *way -= driven;
        *time = done[count];
    }
}

static void add_stop(walk *to, uint32_t k, int64_t arrival, int64_t travel, int64_t distance)
{
    const plan_model *model = to->model;
    const plan_class *of = &model->class_row[model->class_of[to->route->vehicle]];
    uint32_t stop = to->route->stop[k];
    tq_fleet_step *step = &to->step[to->count++];
    *step = (tq_fleet_step){.kind = TQ_FLEET_END, .task = TQ_NONE};
    if (k == 0) step->kind = TQ_FLEET_START;
    if (plan_is_visit(model, stop)) {
        bool job = model->problem->task[stop >> 1].kind == TQ_FLEET_JOB;
        step->kind = job               ? TQ_FLEET_AT_JOB
                     : (stop & 1) == 0 ? TQ_FLEET_AT_PICKUP
                                       : TQ_FLEET_AT_DELIVERY;
        step->task = stop >> 1;
        step->service = of->service[stop];
        step->setup = plan_work(model, of, to->route->stop[k - 1], stop) - step->service;
    }
    step->place = model->place[stop] == model->width - 1 ? TQ_NONE : model->place[stop];
    step->arrival = arrival;
    step->wait = to->scratch->begin[k] - arrival;
    step->travel = travel;
    step->distance = distance;
    memcpy(step->load, to->route->load + (size_t)k * model->loads,
           model->loads * sizeof *step->load);
}

static void walk_route(walk *to)
{
    const plan_model *model = to->model;
    const plan_route *route = to->route;
    const plan_class *of = &model->class_row[model->class_of[route->vehicle]];
    size_t places = model->problem->place_count;
    int64_t travel = 0, distance = 0;
    add_stop(to, 0, to->scratch->begin[0], 0, 0);
    for (uint32_t k = 1; k < route->len; k++) {
        uint32_t a = route->stop[k - 1], b = route->stop[k];
        int64_t time = to->scratch->begin[k - 1], way = plan_way(model, of, a, b).time;
        if (k > 1) time += plan_work(model, of, route->stop[k - 2], a);
        travel += way;
        if (of->distance != NULL && model->place[a] < places && model->place[b] < places)
            distance += of->distance[model->place[a] * places + model->place[b]];
        add_breaks(to, k, &time, &way);
        add_stop(to, k, time + way, travel, distance);
    }
}

const char *plan_fault_name(plan_fault fault)
{
    static const char *const name[] = {"nothing",
                                       "it is too late",
                                       "over the capacity",
                                       "no way from the stop before",
                                       "no time for a break",
                                       "a ride is too long",
                                       "the route takes too long",
                                       "over max_travel_time",
                                       "over max_distance",
                                       "over max_tasks",
                                       "stands twice, or its pickup is not before its delivery",
                                       "not last in, first out"};
    return name[fault];
}

static bool take_visits(const plan_model *model, plan_route *route, const uint32_t *visit,
                        uint32_t count)
{
    if (count > model->task_stops || !plan_route_room(model, route, count + 2)) return false;
    route->stop[0] = plan_start_of(model, route->vehicle);
    for (uint32_t k = 0; k < count; k++) {
        if (visit[k] >= model->task_stops) return false;
        route->stop[k + 1] = visit[k];
    }
    route->stop[count + 1] = route->stop[0] + 1;
    route->len = count + 2;
    return true;
}

static tq_status steps_of(walk *to, const uint32_t *visit, uint32_t visit_count, int64_t *cost,
                          tq_err *err)
{
    const plan_model *model = to->model;
    const tq_fleet_problem *problem = model->problem;
    plan_route *route = to->route;
    uint32_t at = 0, vehicle = route->vehicle;
    if (!take_visits(model, route, visit, visit_count))
        return tq_fail(err, TQ_BAD_INPUT, 0, "route of vehicle %u: no such visit", vehicle);
    for (uint32_t k = 0; k < visit_count; k++) {
        const tq_fleet_task *task = &problem->task[visit[k] >> 1];
        if ((visit[k] & 1) != 0 && task->kind == TQ_FLEET_JOB)
            return tq_fail(err, TQ_BAD_INPUT, 0, "route of vehicle %u: no such visit", vehicle);
        if (!plan_skills_fit(problem, task, &problem->vehicle[vehicle]))
            return tq_fail(err, TQ_BAD_INPUT, 0, "route of vehicle %u, step %u: skills", vehicle,
                           k + 1);
    }
    bool filled = plan_route_fill(model, route);
    plan_fault fault = plan_route_check(model, route, to->scratch, &at);
    if (fault == PLAN_GOOD && !filled) fault = PLAN_LATE;
    if (fault != PLAN_GOOD)
        return tq_fail(err, TQ_BAD_INPUT, 0, "route of vehicle %u, step %u: %s", vehicle, at,
                       plan_fault_name(fault));
    *cost = route->cost + problem->vehicle[vehicle].fixed;
    leave_late(model, route, to->scratch);
    walk_route(to);
    return TQ_OK;
}

static tq_status fill_schedule(const plan_model *model, const tq_fleet_plan *plan,
                               plan_scratch *scratch, tq_fleet_schedule *out, tq_err *err)
{
    plan_route route = {0};
    walk to = {model, &route, scratch, out->step, 0};
    tq_status status = TQ_OK;
    for (uint32_t vehicle = 0; vehicle < out->vehicle_count && status == TQ_OK; vehicle++) {
        uint32_t count = plan->first[vehicle + 1] - plan->first[vehicle];
        out->first[vehicle] = to.count;
        route.vehicle = vehicle;
        if (count > 0)
            status =
                steps_of(&to, plan->visit + plan->first[vehicle], count, &out->cost[vehicle], err);
    }
    out->first[out->vehicle_count] = to.count;
    plan_route_free(&route);
    return status;
}

void tq_fleet_schedule_free(tq_fleet_schedule *schedule)
{
    if (schedule == NULL) return;
    tq_free(schedule->first);
    tq_free(schedule->step);
    tq_free(schedule->cost);
    *schedule = (tq_fleet_schedule){0};
}

tq_status tq_fleet_schedule_make(const tq_fleet_problem *problem, const tq_fleet_plan *plan,
                                 tq_fleet_schedule *out, tq_err *err)
{
    plan_model model;
    plan_scratch scratch = {0};
    uint32_t vehicles = problem->vehicle_count;
    if (plan->vehicle_count != vehicles)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the plan has %u vehicles, the problem %u",
                       plan->vehicle_count, vehicles);
    TQ_TRY(tq_fleet_problem_check(problem, err));
    TQ_TRY(plan_model_make(problem, &model, err));
    tq_fleet_schedule made = {.vehicle_count = vehicles};
    size_t rows = (size_t)plan->first[vehicles] + (size_t)vehicles * (2 + model.breaks_max) + 1;
    made.first = TQ_ALLOC(uint32_t, vehicles + 1);
    made.step = TQ_ALLOC(tq_fleet_step, rows);
    made.cost = TQ_ALLOC(int64_t, vehicles + 1);
    tq_status status = TQ_OK;
    if (made.first == NULL || made.step == NULL || made.cost == NULL ||
        !plan_scratch_make(&model, &scratch))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the schedule");
    if (status == TQ_OK) status = fill_schedule(&model, plan, &scratch, &made, err);
    if (status == TQ_OK)
        *out = made;
    else
        tq_fleet_schedule_free(&made);
    plan_scratch_free(&scratch);
    plan_model_free(&model);
    return status;
}

/* ---- why a task has no vehicle ------------------------------------------------------------------
 */

static tq_fleet_reason reason_of_fault(plan_fault fault)
{
    switch (fault) {
    case PLAN_GOOD: return TQ_FLEET_NO_ROOM;
    case PLAN_UNCONNECTED: return TQ_FLEET_NO_PATH;
    case PLAN_LATE:
    case PLAN_REST: return TQ_FLEET_NO_TIME;
    case PLAN_OVERLOAD: return TQ_FLEET_NO_CAPACITY;
    default: return TQ_FLEET_NO_LIMIT;
    }
}

/* The task alone on an unused vehicle. */
static tq_fleet_reason alone(const plan_model *model, uint32_t task, plan_route *route,
                             plan_scratch *scratch)
{
    const tq_fleet_problem *problem = model->problem;
    uint32_t visit[2] = {TQ_FLEET_VISIT(task, 0), TQ_FLEET_VISIT(task, 1)}, at;
    uint32_t type = model->type_of[route->vehicle];
    uint32_t count = 1 + (problem->task[task].kind == TQ_FLEET_SHIPMENT);
    if (!plan_skills_fit(problem, &problem->task[task], &problem->vehicle[route->vehicle]))
        return TQ_FLEET_NO_SKILL;
    if (model->fits[(size_t)task * model->type_count + type] == 0) return TQ_FLEET_NO_CAPACITY;
    if (!take_visits(model, route, visit, count)) return TQ_FLEET_NO_ROOM;
    (void)plan_route_fill(model, route);
    return reason_of_fault(plan_route_check(model, route, scratch, &at));
}

tq_status tq_fleet_why_unserved(const tq_fleet_problem *problem, const uint32_t *task,
                                uint32_t count, tq_fleet_reason *reason, tq_err *err)
{
    plan_model model;
    plan_scratch scratch = {0};
    plan_route route = {0};
    TQ_TRY(tq_fleet_problem_check(problem, err));
    TQ_TRY(plan_model_make(problem, &model, err));
    tq_status status = TQ_OK;
    if (!plan_scratch_make(&model, &scratch))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a route");
    for (uint32_t k = 0; k < count && status == TQ_OK; k++) {
        if (task[k] >= problem->task_count) {
            status = tq_fail(err, TQ_BAD_INPUT, 0, "there is no task %u", task[k]);
            break;
        }
        /* The vehicle that comes furthest through the tests tells most. */
        reason[k] = TQ_FLEET_NO_SKILL;
        for (uint32_t type = 0; type < model.type_count && reason[k] != TQ_FLEET_NO_ROOM; type++) {
            route.vehicle = model.type_first[type];
            reason[k] = TQ_MAX(reason[k], alone(&model, task[k], &route, &scratch));
        }
    }
    plan_route_free(&route);
    plan_scratch_free(&scratch);
    plan_model_free(&model);
    return status;
}

const char *tq_fleet_reason_name(tq_fleet_reason reason)
{
    static const char *const name[] = {"skills", "capacity", "no_way", "time", "limit", "no_room"};
    return name[reason];
}

const char *tq_fleet_reason_text(tq_fleet_reason reason)
{
    static const char *const text[] = {
        "no vehicle has the skills that it wants",
        "it is too large for every vehicle that has its skills",
        "no vehicle can get there and back",
        "even alone, no vehicle can do it inside its time windows, shift and breaks",
        "even alone, it is over max_tasks, max_travel_time, max_distance, ride or route duration",
        "a vehicle alone could do it, but those that could are full or busy at its times"};
    return text[reason];
}
