/*
 * The problem as arrays by stop: classes of vehicles with their cells, types of vehicles that are
 * alike, what fits into what, and the visits around each visit by nearness.
 *
 * Invariant: the problem has passed tq_fleet_problem_check, so sums of times stay below 2^60.
 */
#include <math.h>

#include "fleet/plan_in.h"

#define NEAR_MAX    1000u /* visits kept around each */
#define CLOSE_MAX   40u   /* and those that may stand next to it, by way and wait */
#define CLOSE_TASKS 350u  /* with fewer, all routes are looked at */

int64_t plan_window_after(const plan_model *model, uint32_t stop, int64_t time)
{
    const tq_fleet_window *window = &model->problem->window[model->first_window[stop]];
    for (uint32_t k = 0; k < model->windows[stop]; k++)
        if (time <= window[k].to) return TQ_MAX(time, window[k].from);
    return PLAN_NEVER;
}

int64_t plan_window_before(const plan_model *model, uint32_t stop, int64_t time)
{
    const tq_fleet_window *window = &model->problem->window[model->first_window[stop]];
    for (uint32_t k = model->windows[stop]; k-- > 0;)
        if (time >= window[k].from) return TQ_MIN(time, window[k].to);
    return -PLAN_NEVER;
}

bool plan_skills_fit(const tq_fleet_problem *problem, const tq_fleet_task *task,
                     const tq_fleet_vehicle *vehicle)
{
    if (task->skill_count == 0) return true;
    const uint32_t *want = problem->skill + task->first_skill;
    const uint32_t *have = problem->skill + vehicle->first_skill;
    uint32_t at = 0;
    for (uint32_t k = 0; k < task->skill_count; k++) {
        while (at < vehicle->skill_count && have[at] < want[k])
            at++;
        if (at == vehicle->skill_count || have[at] != want[k]) return false;
    }
    return true;
}

static void set_stop(plan_model *model, uint32_t stop, const tq_fleet_stop *as)
{
    bool any = as->window_count == 0;
    const tq_fleet_window *window = any ? NULL : &model->problem->window[as->first_window];
    model->place[stop] = as->place;
    model->from[stop] = any ? -TQ_FLEET_TIME_MAX : window[0].from;
    model->to[stop] = any ? TQ_FLEET_TIME_MAX : window[as->window_count - 1].to;
    model->first_window[stop] = as->first_window;
    model->windows[stop] = as->window_count;
    if (as->window_count > 1) model->has_choice = true;
}

static void set_tasks(plan_model *model)
{
    const tq_fleet_problem *problem = model->problem;
    for (uint32_t task = 0; task < problem->task_count; task++) {
        const tq_fleet_task *as = &problem->task[task];
        uint32_t visit = TQ_FLEET_VISIT(task, 0);
        set_stop(model, visit, &as->stop[0]);
        set_stop(model, visit + 1, &as->stop[as->kind == TQ_FLEET_SHIPMENT]);
        for (uint32_t dim = 0; dim < model->loads; dim++) {
            int32_t drop = as->kind == TQ_FLEET_JOB ? as->drop[dim] : 0;
            model->drop[task * model->loads + dim] = drop;
            model->carry[visit * model->loads + dim] = as->load[dim] - drop;
            if (as->kind == TQ_FLEET_SHIPMENT)
                model->carry[(visit + 1) * model->loads + dim] = -as->load[dim];
        }
        model->ride_max[task] = as->kind == TQ_FLEET_SHIPMENT ? as->ride_max : TQ_FLEET_ANY;
        /* Priority first, then visits; a shipment is two of its priority. */
        uint64_t visits = as->kind == TQ_FLEET_SHIPMENT ? 2 : 1;
        model->lost_weight[task] =
            visits * ((uint64_t)as->priority * (2 * TQ_FLEET_TASKS_MAX + 1) + 1);
    }
}

static void set_ends(plan_model *model)
{
    const tq_fleet_problem *problem = model->problem;
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        const tq_fleet_vehicle *as = &problem->vehicle[vehicle];
        uint32_t stop = plan_start_of(model, vehicle);
        for (uint32_t end = 0; end < 2; end++) {
            uint32_t place = end == 0 ? as->start : as->end;
            model->place[stop + end] = place == TQ_NONE ? model->width - 1 : place;
            model->from[stop + end] = as->shift.from;
            model->to[stop + end] = as->shift.to;
        }
        model->breaks_max = TQ_MAX(model->breaks_max, as->break_count);
    }
}

static bool cell_of(const plan_model *model, const plan_class *of, size_t at, plan_cell *out)
{
    const tq_fleet_problem *problem = model->problem;
    const tq_fleet_profile *profile = &problem->profile[of->profile];
    double time = profile->time[at], cost;
    if (profile->time[at] == TQ_FLEET_NO_WAY ||
        (profile->cost != NULL && profile->cost[at] == TQ_FLEET_NO_WAY)) {
        *out = (plan_cell){TQ_FLEET_NO_WAY, TQ_FLEET_CELL_MAX};
        return true;
    }
    if (of->speed_factor != 1.0) time = ceil(time / of->speed_factor);
    if (profile->cost != NULL)
        cost = profile->cost[at];
    else
        cost = problem->cost_unit * (of->per_hour * time / (3600.0 * problem->time_unit) +
                                     (of->per_km == 0.0 ? 0.0
                                                        : of->per_km * profile->distance[at] /
                                                              (1000.0 * problem->distance_unit)));
    if (time > TQ_FLEET_CELL_MAX || cost > TQ_FLEET_CELL_MAX) return false;
    *out = (plan_cell){(int32_t)time, (int32_t)(cost + 0.5)};
    return true;
}

static void fill_work(plan_model *model, plan_class *of)
{
    const tq_fleet_problem *problem = model->problem;
    for (uint32_t visit = 0; visit < model->task_stops; visit++) {
        const tq_fleet_task *task = &problem->task[visit >> 1];
        const tq_fleet_stop *stop = &task->stop[task->kind == TQ_FLEET_SHIPMENT ? visit & 1 : 0];
        tq_fleet_work work = {stop->setup, stop->service};
        if (problem->work != NULL)
            work = problem->work[(size_t)of->work_type * model->task_stops + visit];
        of->service[visit] = work.service;
        of->setup[visit] = work.setup;
        if (work.setup > 0) model->has_setup = true;
    }
}

/* Ways to a place side by side, so that an insertion reads few rows. */
static bool fill_back(const plan_model *model, plan_class *of)
{
    size_t width = model->width;
    bool alike = true;
    for (size_t a = 0; a < width && alike; a++)
        for (size_t b = 0; b < a && alike; b++)
            alike = of->cell[a * width + b].time == of->cell[b * width + a].time &&
                    of->cell[a * width + b].cost == of->cell[b * width + a].cost;
    of->back = alike ? of->cell : TQ_ALLOC(plan_cell, width * width);
    for (size_t a = 0; a < width && !alike && of->back != NULL; a++)
        for (size_t b = 0; b < width; b++)
            of->back[b * width + a] = of->cell[a * width + b];
    return of->back != NULL;
}

static tq_status fill_class(plan_model *model, plan_class *of, tq_err *err)
{
    size_t places = model->problem->place_count;
    of->cell = TQ_ALLOC(plan_cell, (size_t)model->width * model->width);
    of->distance = model->problem->profile[of->profile].distance;
    of->service = TQ_ALLOC(int64_t, model->stop_count + 1);
    of->setup = TQ_ALLOC(int64_t, model->stop_count + 1);
    if (of->cell == NULL || of->service == NULL || of->setup == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a matrix");
    fill_work(model, of);
    for (size_t a = 0; a < places; a++)
        for (size_t b = 0; b < places; b++) {
            plan_cell *cell = &of->cell[a * model->width + b];
            if (!cell_of(model, of, a * places + b, cell))
                return tq_fail(err, TQ_LIMIT, 0,
                               "profile %u: the way from place %zu to %zu takes or costs more than "
                               "%d units; use smaller costs or faster vehicles",
                               of->profile, a, b, TQ_FLEET_CELL_MAX);
            if (cell->time == TQ_FLEET_NO_WAY) model->has_no_way = true;
        }
    if (!fill_back(model, of)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a matrix");
    return TQ_OK;
}

static tq_status set_classes(plan_model *model, tq_err *err)
{
    const tq_fleet_problem *problem = model->problem;
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        const tq_fleet_vehicle *as = &problem->vehicle[vehicle];
        uint32_t row = 0;
        for (; row < model->class_count; row++) {
            const plan_class *of = &model->class_row[row];
            if (of->profile == as->profile && of->speed_factor == as->speed_factor &&
                of->per_hour == as->per_hour && of->per_km == as->per_km &&
                of->work_type == as->work_type)
                break;
        }
        model->class_of[vehicle] = row;
        if (row < model->class_count) continue;
        plan_class *of = &model->class_row[model->class_count++];
        *of = (plan_class){.profile = as->profile,
                           .work_type = as->work_type,
                           .speed_factor = as->speed_factor,
                           .per_hour = as->per_hour,
                           .per_km = as->per_km};
        TQ_TRY(fill_class(model, of, err));
    }
    return TQ_OK;
}

static bool same_vehicle(const plan_model *model, uint32_t one, uint32_t other)
{
    const tq_fleet_problem *problem = model->problem;
    const tq_fleet_vehicle *a = &problem->vehicle[one], *b = &problem->vehicle[other];
    if (model->class_of[one] != model->class_of[other] || a->start != b->start ||
        a->end != b->end || a->skill_count != b->skill_count || a->break_count != 0 ||
        b->break_count != 0 || a->shift.from != b->shift.from || a->shift.to != b->shift.to ||
        a->tasks_max != b->tasks_max || a->travel_max != b->travel_max ||
        a->distance_max != b->distance_max || a->duration_max != b->duration_max ||
        a->fixed != b->fixed || a->lifo != b->lifo || a->committed_count != 0 ||
        b->committed_count != 0)
        return false;
    for (uint32_t dim = 0; dim < model->loads; dim++)
        if (a->capacity[dim] != b->capacity[dim]) return false;
    for (uint32_t k = 0; k < a->skill_count; k++)
        if (problem->skill[a->first_skill + k] != problem->skill[b->first_skill + k]) return false;
    return true;
}

static void set_types(plan_model *model)
{
    const tq_fleet_problem *problem = model->problem;
    bool rides = false;
    for (uint32_t task = 0; task < problem->task_count; task++)
        rides = rides || model->ride_max[task] != TQ_FLEET_ANY;
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        const tq_fleet_vehicle *as = &problem->vehicle[vehicle];
        uint32_t type = 0;
        while (type < model->type_count && !same_vehicle(model, model->type_first[type], vehicle))
            type++;
        model->type_of[vehicle] = type;
        if (type == model->type_count) model->type_first[model->type_count++] = vehicle;
        model->whole[vehicle] =
            rides || model->has_setup || as->break_count > 0 || as->duration_max != TQ_FLEET_ANY;
    }
}

static void set_fits(plan_model *model)
{
    const tq_fleet_problem *problem = model->problem;
    for (uint32_t task = 0; task < problem->task_count; task++)
        for (uint32_t type = 0; type < model->type_count; type++) {
            const tq_fleet_vehicle *vehicle = &problem->vehicle[model->type_first[type]];
            bool fits = plan_skills_fit(problem, &problem->task[task], vehicle);
            for (uint32_t dim = 0; dim < model->loads && fits; dim++)
                fits = problem->task[task].load[dim] <= vehicle->capacity[dim] &&
                       model->drop[task * model->loads + dim] <= vehicle->capacity[dim];
            model->fits[(size_t)task * model->type_count + type] = fits;
        }
}

static int64_t least_work(const plan_model *model, uint32_t visit)
{
    int64_t least = TQ_FLEET_ANY;
    for (uint32_t row = 0; row < model->class_count; row++)
        least = TQ_MIN(least, model->class_row[row].service[visit]);
    return least;
}

static int64_t most_work(const plan_model *model, uint32_t visit)
{
    int64_t most = 0;
    for (uint32_t row = 0; row < model->class_count; row++)
        most =
            TQ_MAX(most, model->class_row[row].service[visit] + model->class_row[row].setup[visit]);
    return most;
}

static int64_t quickest(const plan_model *model, uint32_t a, uint32_t b)
{
    int64_t least = TQ_FLEET_NO_WAY;
    for (uint32_t row = 0; row < model->class_count; row++)
        least = TQ_MIN(least, plan_way(model, &model->class_row[row], a, b).time);
    return least;
}

/* What the windows of a shipment's two stops say about each other. All of it follows from the
 * rules, so nothing is lost; it only shows earlier what can't be. */
static void tighten(plan_model *model)
{
    for (uint32_t task = 0; task < model->problem->task_count && model->class_count > 0; task++) {
        uint32_t take = TQ_FLEET_VISIT(task, 0), drop = take + 1;
        int64_t ride = model->ride_max[task], work = least_work(model, take);
        if (model->problem->task[task].kind == TQ_FLEET_JOB || model->windows[take] > 1 ||
            model->windows[drop] > 1)
            continue;
        int64_t way = quickest(model, take, drop);
        if (way == TQ_FLEET_NO_WAY) continue;
        tq_fleet_window at = {model->from[take], model->to[take]};
        tq_fleet_window there = {TQ_MAX(model->from[drop], at.from + work + way), model->to[drop]};
        at.to = TQ_MIN(at.to, there.to - work - way);
        if (ride != TQ_FLEET_ANY) {
            int64_t longest = most_work(model, take) + ride;
            at.from = TQ_MAX(at.from, there.from - longest);
            there.to = TQ_MIN(there.to, at.to + longest);
        }
        if (at.from > at.to || there.from > there.to) continue; /* found out when it is tried */
        model->from[take] = at.from;
        model->to[take] = at.to;
        model->from[drop] = there.from;
        model->to[drop] = there.to;
    }
}

tq_status plan_model_make(const tq_fleet_problem *problem, plan_model *out, tq_err *err)
{
    uint32_t tasks = problem->task_count, vehicles = problem->vehicle_count;
    uint32_t stops = 2 * tasks + 2 * vehicles;
    plan_model *model = out;
    *model = (plan_model){.problem = problem,
                          .stop_count = stops,
                          .task_stops = 2 * tasks,
                          .width = problem->place_count + 1,
                          .loads = problem->load_count};
    model->place = TQ_ALLOC(uint32_t, stops + 1);
    model->from = TQ_ALLOC(int64_t, stops + 1);
    model->to = TQ_ALLOC(int64_t, stops + 1);
    model->first_window = TQ_ALLOC(uint32_t, stops + 1);
    model->windows = TQ_ALLOC(uint32_t, stops + 1);
    model->carry = TQ_ALLOC(int32_t, (size_t)(stops + 1) * TQ_MAX(model->loads, 1u));
    model->drop = TQ_ALLOC(int32_t, (size_t)(tasks + 1) * TQ_MAX(model->loads, 1u));
    model->ride_max = TQ_ALLOC(int64_t, tasks + 1);
    model->lost_weight = TQ_ALLOC(uint64_t, tasks + 1);
    model->class_row = TQ_ALLOC(plan_class, vehicles + 1);
    model->class_of = TQ_ALLOC(uint32_t, vehicles + 1);
    model->type_of = TQ_ALLOC(uint32_t, vehicles + 1);
    model->type_first = TQ_ALLOC(uint32_t, vehicles + 1);
    model->whole = TQ_ALLOC(uint8_t, vehicles + 1);
    tq_status status = TQ_OK;
    if (model->place == NULL || model->from == NULL || model->to == NULL ||
        model->first_window == NULL || model->windows == NULL || model->carry == NULL ||
        model->drop == NULL || model->ride_max == NULL || model->lost_weight == NULL ||
        model->class_row == NULL || model->class_of == NULL || model->type_of == NULL ||
        model->type_first == NULL || model->whole == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u tasks", tasks);
    if (status == TQ_OK) {
        set_tasks(model);
        set_ends(model);
        status = set_classes(model, err);
    }
    if (status == TQ_OK) {
        tighten(model);
        set_types(model);
        model->fits = TQ_ALLOC(uint8_t, (size_t)tasks * model->type_count + 1);
        if (model->fits == NULL || !plan_rests_make(model))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u tasks", tasks);
        else
            set_fits(model);
    }
    if (status != TQ_OK) plan_model_free(model);
    return status;
}

/* Way from one visit to the next and a share of the wait that can't be avoided; UINT64_MAX when it
 * is too late. */
static uint64_t next_to(const plan_model *model, const plan_class *of, uint32_t a, uint32_t b)
{
    plan_cell way = plan_way(model, of, a, b);
    int64_t service = of->service[a] + way.time;
    if (way.time == TQ_FLEET_NO_WAY || model->from[a] + service > model->to[b]) return UINT64_MAX;
    int64_t wait = TQ_MAX(model->from[b] - model->to[a] - service, 0);
    return (uint64_t)way.time + (uint64_t)wait / 4;
}

static bool fill_close(plan_model *model, uint32_t *order, uint64_t *key)
{
    const plan_class *of = &model->class_row[0];
    if (model->problem->task_count < CLOSE_TASKS) return true;
    uint32_t close_count = TQ_MIN(CLOSE_MAX, model->near_count);
    model->close = TQ_ALLOC(uint32_t, (size_t)close_count * model->task_stops + 1);
    if (model->close == NULL) return false;
    for (uint32_t seed = 0; seed < model->task_stops; seed++) {
        for (uint32_t k = 0; k < model->near_count; k++) {
            uint32_t visit = model->near[(size_t)seed * model->near_count + k];
            order[k] = visit;
            key[visit] = TQ_MIN(next_to(model, of, seed, visit), next_to(model, of, visit, seed));
        }
        if (!tq_sort_by_u64(order, model->near_count, key)) return false;
        memcpy(model->close + (size_t)seed * close_count, order, close_count * sizeof *order);
    }
    model->close_count = close_count;
    return true;
}

tq_status plan_model_near(plan_model *model, tq_err *err)
{
    const plan_class *of = &model->class_row[0];
    uint32_t visits = 0, real = 0;
    uint32_t *order = TQ_ALLOC(uint32_t, model->task_stops + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, model->task_stops + 1);
    for (uint32_t task = 0; task < model->problem->task_count; task++)
        real += model->problem->task[task].kind == TQ_FLEET_SHIPMENT ? 2u : 1u;
    model->near_count = real == 0 ? 0 : TQ_MIN(real - 1, NEAR_MAX);
    model->near = TQ_ALLOC(uint32_t, (size_t)model->near_count * model->task_stops + 1);
    bool good = order != NULL && key != NULL && model->near != NULL;
    for (uint32_t seed = 0; seed < model->task_stops && good; seed++) {
        visits = 0;
        for (uint32_t visit = 0; visit < model->task_stops; visit++) {
            bool is_job = model->problem->task[visit / 2].kind == TQ_FLEET_JOB;
            if (visit == seed || (is_job && (visit & 1) != 0)) continue;
            uint64_t there = (uint64_t)(uint32_t)plan_way(model, of, seed, visit).cost;
            key[visit] = there + (uint32_t)plan_way(model, of, visit, seed).cost;
            order[visits++] = visit;
        }
        good = tq_sort_by_u64(order, visits, key);
        for (uint32_t k = 0; k < model->near_count && k < visits; k++)
            model->near[(size_t)seed * model->near_count + k] = order[k];
    }
    good = good && fill_close(model, order, key);
    tq_free(order);
    tq_free(key);
    return good ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the visits around each");
}

void plan_model_free(plan_model *model)
{
    for (uint32_t row = 0; row < model->class_count; row++) {
        if (model->class_row[row].back != model->class_row[row].cell)
            tq_free(model->class_row[row].back);
        tq_free(model->class_row[row].cell);
        tq_free(model->class_row[row].service);
        tq_free(model->class_row[row].setup);
    }
    tq_free(model->place);
    tq_free(model->from);
    tq_free(model->to);
    tq_free(model->first_window);
    tq_free(model->windows);
    tq_free(model->carry);
    tq_free(model->drop);
    tq_free(model->ride_max);
    tq_free(model->lost_weight);
    tq_free(model->class_row);
    tq_free(model->class_of);
    tq_free(model->type_of);
    tq_free(model->type_first);
    tq_free(model->whole);
    tq_free(model->fits);
    tq_free(model->near);
    tq_free(model->close);
    tq_free(model->rests);
    tq_vec_free(&model->rest_sets);
    *model = (plan_model){0};
}
