/*
 * The first thing in a problem that breaks a rule of its own: ranges, indices, orders. Readers say
 * the same with the path in their file; this is for callers who fill the structs themselves, and so
 * that the search may trust every index and no sum can overflow.
 */
#include <math.h>

#include "fleet/plan_in.h"

#define AMOUNT_MAX ((int32_t)1 << 24) /* of one task: 20,000 of them stay below 2^31 / loads */
#define COST_MAX   1e12

static bool time_good(int64_t time)
{
    return time >= -TQ_FLEET_TIME_MAX && time <= TQ_FLEET_TIME_MAX;
}
static bool span_good(int64_t span)
{
    return span >= 0 && span <= TQ_FLEET_TIME_MAX;
}

static tq_status check_windows(const tq_fleet_problem *problem, const char *what, uint32_t number,
                               uint32_t first, uint32_t count, tq_err *err)
{
    if (count > TQ_FLEET_WINDOWS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%s %u has %u time windows; at most %u", what, number,
                       count, TQ_FLEET_WINDOWS_MAX);
    if (first > problem->window_count || count > problem->window_count - first)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s %u: no such time window", what, number);
    for (uint32_t k = first; k < first + count; k++) {
        const tq_fleet_window *window = &problem->window[k];
        if (!time_good(window->from) || !time_good(window->to) || window->from > window->to)
            return tq_fail(err, TQ_BAD_INPUT, 0, "%s %u: time window %u ends before it begins",
                           what, number, k - first);
        if (k > first && window->from <= problem->window[k - 1].to)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "%s %u: time window %u is not after the one before", what, number,
                           k - first);
    }
    return TQ_OK;
}

static tq_status check_skills(const tq_fleet_problem *problem, const char *what, uint32_t number,
                              uint32_t first, uint32_t count, tq_err *err)
{
    if (first > problem->skill_count || count > problem->skill_count - first)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s %u: no such skill", what, number);
    for (uint32_t k = first + 1; k < first + count; k++)
        if (problem->skill[k - 1] >= problem->skill[k])
            return tq_fail(err, TQ_BAD_INPUT, 0, "%s %u: skills are not ascending", what, number);
    return TQ_OK;
}

static tq_status check_task(const tq_fleet_problem *problem, uint32_t number, tq_err *err)
{
    const tq_fleet_task *task = &problem->task[number];
    if (task->priority > TQ_FLEET_PRIORITY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "task %u: priority %u is over %u", number, task->priority,
                       TQ_FLEET_PRIORITY_MAX);
    for (uint32_t end = 0; end <= (uint32_t)(task->kind == TQ_FLEET_SHIPMENT); end++) {
        const tq_fleet_stop *stop = &task->stop[end];
        if (stop->place >= problem->place_count)
            return tq_fail(err, TQ_BAD_INPUT, 0, "task %u: place %u of %u", number, stop->place,
                           problem->place_count);
        if (!span_good(stop->service) || !span_good(stop->setup))
            return tq_fail(err, TQ_BAD_INPUT, 0, "task %u: service or setup out of range", number);
        TQ_TRY(check_windows(problem, "task", number, stop->first_window, stop->window_count, err));
    }
    for (uint32_t dim = 0; dim < problem->load_count; dim++)
        if (task->load[dim] < 0 || task->load[dim] > AMOUNT_MAX || task->drop[dim] < 0 ||
            task->drop[dim] > AMOUNT_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "task %u: amount %u is not from 0 to %d", number, dim,
                           AMOUNT_MAX);
    if (task->ride_max != TQ_FLEET_ANY && !span_good(task->ride_max))
        return tq_fail(err, TQ_BAD_INPUT, 0, "task %u: the longest ride is out of range", number);
    return check_skills(problem, "task", number, task->first_skill, task->skill_count, err);
}

static bool limit_good(int64_t limit)
{
    return limit == TQ_FLEET_ANY || span_good(limit);
}

static tq_status check_vehicle(const tq_fleet_problem *problem, uint32_t number, tq_err *err)
{
    const tq_fleet_vehicle *vehicle = &problem->vehicle[number];
    if (problem->work != NULL && vehicle->work_type >= problem->work_type_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: no such work type", number);
    if (vehicle->profile >= problem->profile_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: no such profile", number);
    if ((vehicle->start != TQ_NONE && vehicle->start >= problem->place_count) ||
        (vehicle->end != TQ_NONE && vehicle->end >= problem->place_count))
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: no such place", number);
    if (!(vehicle->speed_factor >= 0.01 && vehicle->speed_factor <= 100.0))
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: speed factor is not from 0.01 to 100",
                       number);
    if (!time_good(vehicle->shift.from) || !time_good(vehicle->shift.to) ||
        vehicle->shift.from > vehicle->shift.to)
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: the shift ends before it begins", number);
    if (!limit_good(vehicle->travel_max) || !limit_good(vehicle->distance_max) ||
        !limit_good(vehicle->duration_max))
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: a limit is out of range", number);
    if (!(vehicle->fixed >= 0 && (double)vehicle->fixed <= COST_MAX) ||
        !(vehicle->per_hour >= 0 && vehicle->per_hour <= COST_MAX) ||
        !(vehicle->per_km >= 0 && vehicle->per_km <= COST_MAX))
        return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: a cost is out of range", number);
    for (uint32_t dim = 0; dim < problem->load_count; dim++)
        if (vehicle->capacity[dim] < 0)
            return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: capacity %u is below 0", number, dim);
    if (vehicle->break_count > TQ_FLEET_BREAKS_MAX || vehicle->first_break > problem->break_count ||
        vehicle->break_count > problem->break_count - vehicle->first_break)
        return tq_fail(err, TQ_LIMIT, 0, "vehicle %u: %u breaks; at most %u", number,
                       vehicle->break_count, TQ_FLEET_BREAKS_MAX);
    for (uint32_t k = 0; k < vehicle->break_count; k++) {
        const tq_fleet_break *rest = &problem->rest[vehicle->first_break + k];
        if (!span_good(rest->service))
            return tq_fail(err, TQ_BAD_INPUT, 0, "vehicle %u: break %u is out of range", number, k);
        TQ_TRY(check_windows(problem, "a break of vehicle", number, rest->first_window,
                             rest->window_count, err));
    }
    return check_skills(problem, "vehicle", number, vehicle->first_skill, vehicle->skill_count,
                        err);
}

static tq_status check_profile(const tq_fleet_problem *problem, uint32_t number, tq_err *err)
{
    const tq_fleet_profile *profile = &problem->profile[number];
    const int32_t *matrix[3] = {profile->time, profile->distance, profile->cost};
    size_t places = problem->place_count;
    if (profile->time == NULL && places > 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "profile %u has no times", number);
    for (uint32_t kind = 0; kind < 3; kind++)
        for (size_t cell = 0; matrix[kind] != NULL && cell < places * places; cell++) {
            int32_t value = matrix[kind][cell];
            if (value < 0 || (value > TQ_FLEET_CELL_MAX && value != TQ_FLEET_NO_WAY))
                return tq_fail(err, TQ_BAD_INPUT, 0, "profile %u: cell [%zu][%zu] is %d", number,
                               cell / places, cell % places, value);
        }
    return TQ_OK;
}

static tq_status check_work(const tq_fleet_problem *problem, tq_err *err)
{
    size_t cells = problem->work == NULL ? 0 : (size_t)problem->work_type_count * 2;
    for (size_t cell = 0; cell < cells * problem->task_count; cell++)
        if (!span_good(problem->work[cell].setup) || !span_good(problem->work[cell].service))
            return tq_fail(err, TQ_BAD_INPUT, 0, "work %zu is out of range", cell);
    return TQ_OK;
}

tq_status tq_fleet_problem_check(const tq_fleet_problem *problem, tq_err *err)
{
    if (problem->task_count > TQ_FLEET_TASKS_MAX || problem->place_count > TQ_FLEET_PLACES_MAX ||
        problem->vehicle_count > TQ_FLEET_ROUTES_MAX ||
        problem->profile_count > TQ_FLEET_PROFILES_MAX || problem->load_count > TQ_FLEET_LOADS_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "%u tasks, %u places, %u vehicles, %u profiles, %u kinds of load: at most "
                       "%u, %u, %u, %u, %u",
                       problem->task_count, problem->place_count, problem->vehicle_count,
                       problem->profile_count, problem->load_count, TQ_FLEET_TASKS_MAX,
                       TQ_FLEET_PLACES_MAX, TQ_FLEET_ROUTES_MAX, TQ_FLEET_PROFILES_MAX,
                       TQ_FLEET_LOADS_MAX);
    if (problem->time_unit == 0 || problem->distance_unit == 0 || problem->cost_unit == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a unit is 0");
    for (uint32_t number = 0; number < problem->profile_count; number++)
        TQ_TRY(check_profile(problem, number, err));
    TQ_TRY(check_work(problem, err));
    for (uint32_t number = 0; number < problem->task_count; number++)
        TQ_TRY(check_task(problem, number, err));
    for (uint32_t number = 0; number < problem->vehicle_count; number++)
        TQ_TRY(check_vehicle(problem, number, err));
    return TQ_OK;
}
