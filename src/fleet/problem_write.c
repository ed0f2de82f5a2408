/*
 * The answer in VROOM's form: code, summary, unassigned, routes with their steps.
 *
 * Times are whole seconds again, rounded down from hundredths, so that what is printed never says
 * later than what is meant. For VROOM's problems costs are rounded down too and the summary adds up
 * what the routes say, as VROOM does; sums of research files are exact, rounded once. One member is
 * our own: `reason` and `because` of an unassigned task name the constraint that keeps it out.
 */
#include <math.h>

#include "fleet/problem_in.h"

typedef struct totals {
    int64_t cost, travel, distance, setup, service, wait, priority;
    int64_t drop[TQ_FLEET_LOADS_MAX], load[TQ_FLEET_LOADS_MAX];
} totals;

typedef struct writer {
    const tq_fleet_file *file;
    const tq_fleet_problem *problem;
    const tq_fleet_answer *answer;
    const tq_fleet_schedule *schedule;
    tq_json json;
    bool distances;
} writer;

static int64_t to_seconds(const writer *to, int64_t time)
{
    return tq_floor_div(time, to->problem->time_unit);
}

static int64_t to_metres(const writer *to, int64_t distance)
{
    return tq_floor_div(distance + to->problem->distance_unit / 2, to->problem->distance_unit);
}

static bool of_vroom(const writer *to)
{
    return to->file->form == TQ_FLEET_VROOM;
}

static int64_t to_cost(const writer *to, int64_t cost)
{
    int64_t unit = to->problem->cost_unit;
    return tq_floor_div(cost + (of_vroom(to) ? 0 : unit / 2), unit);
}

static void put_degrees(tq_json *json, double value)
{
    tq_json_fixed(json, (int64_t)llround(value * 1e7), 7);
}

static void put_place(writer *to, uint32_t number)
{
    if (number == TQ_NONE) return;
    const tq_fleet_place *place = &to->file->place.at[number];
    if (place->has_point) {
        tq_json_key(&to->json, "location");
        tq_json_array(&to->json);
        put_degrees(&to->json, place->lon);
        put_degrees(&to->json, place->lat);
        tq_json_end_array(&to->json);
    }
    if (place->index != TQ_NONE) tq_json_put_i64(&to->json, "location_index", place->index);
}

static void put_amounts64(writer *to, const char *key, const int64_t *amount)
{
    tq_json_key(&to->json, key);
    tq_json_array(&to->json);
    for (uint32_t dim = 0; dim < to->problem->load_count; dim++)
        tq_json_i64(&to->json, amount[dim]);
    tq_json_end_array(&to->json);
}

static void put_label(writer *to, const problem_label *label)
{
    tq_json_put_i64(&to->json, "id", (int64_t)label->id);
    if (label->text != NULL) tq_json_put_text(&to->json, "description", label->text);
}

static void put_violations(writer *to)
{
    tq_json_key(&to->json, "violations");
    tq_json_array(&to->json);
    tq_json_end_array(&to->json);
}

/* In whole costs, seconds and metres. */
static totals to_whole(const writer *to, const totals *sum)
{
    totals whole = *sum;
    whole.cost = to_cost(to, sum->cost);
    whole.setup = to_seconds(to, sum->setup);
    whole.service = to_seconds(to, sum->service);
    whole.travel = to_seconds(to, sum->travel);
    whole.wait = to_seconds(to, sum->wait);
    whole.distance = to_metres(to, sum->distance);
    return whole;
}

static void put_totals(writer *to, const totals *whole)
{
    tq_json *json = &to->json;
    tq_json_put_i64(json, "cost", whole->cost);
    if (to->problem->load_count > 0) {
        put_amounts64(to, "delivery", whole->drop);
        put_amounts64(to, "amount", whole->drop);
        put_amounts64(to, "pickup", whole->load);
    }
    tq_json_put_i64(json, "setup", whole->setup);
    tq_json_put_i64(json, "service", whole->service);
    tq_json_put_i64(json, "duration", whole->travel);
    tq_json_put_i64(json, "waiting_time", whole->wait);
    tq_json_put_i64(json, "priority", whole->priority);
    if (to->distances) tq_json_put_i64(json, "distance", whole->distance);
    put_violations(to);
}

/* ---- steps -------------------------------------------------------------------------------------
 */

static void put_step(writer *to, uint32_t vehicle, const tq_fleet_step *step)
{
    static const char *const type[] = {"start", "job", "pickup", "delivery", "break", "end"};
    tq_json *json = &to->json;
    tq_json_object(json);
    tq_json_put_text(json, "type", type[step->kind]);
    if (step->kind == TQ_FLEET_BREAK)
        put_label(to,
                  &to->file->rest_label.at[to->problem->vehicle[vehicle].first_break + step->task]);
    else if (step->task != TQ_NONE)
        put_label(to, &to->file->visit_label
                           .at[TQ_FLEET_VISIT(step->task, step->kind == TQ_FLEET_AT_DELIVERY)]);
    put_place(to, step->place);
    tq_json_put_i64(json, "setup", to_seconds(to, step->setup));
    tq_json_put_i64(json, "service", to_seconds(to, step->service));
    tq_json_put_i64(json, "waiting_time",
                    to_seconds(to, step->arrival + step->wait) - to_seconds(to, step->arrival));
    if (to->file->has_capacity) {
        tq_json_key(json, "load");
        tq_json_array(json);
        for (uint32_t dim = 0; dim < to->problem->load_count; dim++)
            tq_json_i64(json, step->load[dim]);
        tq_json_end_array(json);
    }
    tq_json_put_i64(json, "arrival", to_seconds(to, step->arrival));
    tq_json_put_i64(json, "duration", to_seconds(to, step->travel));
    if (to->distances) tq_json_put_i64(json, "distance", to_metres(to, step->distance));
    put_violations(to);
    tq_json_end_object(json);
}

static void count_task(const writer *to, uint32_t number, totals *sum)
{
    const tq_fleet_task *task = &to->problem->task[number];
    sum->priority += task->kind == TQ_FLEET_JOB ? task->priority : 2 * (int64_t)task->priority;
    for (uint32_t dim = 0; dim < to->problem->load_count; dim++) {
        sum->load[dim] += task->load[dim];
        sum->drop[dim] += task->kind == TQ_FLEET_JOB ? task->drop[dim] : task->load[dim];
    }
}

static void count_route(const writer *to, uint32_t vehicle, totals *sum)
{
    const tq_fleet_schedule *schedule = to->schedule;
    *sum = (totals){.cost = schedule->cost[vehicle]};
    for (uint32_t k = schedule->first[vehicle]; k < schedule->first[vehicle + 1]; k++) {
        const tq_fleet_step *step = &schedule->step[k];
        sum->setup += step->setup;
        sum->service += step->service;
        sum->wait += step->wait;
        sum->travel = step->travel;
        sum->distance = step->distance;
        if (step->kind == TQ_FLEET_AT_JOB || step->kind == TQ_FLEET_AT_PICKUP)
            count_task(to, step->task, sum);
    }
}

static void add_totals(totals *sum, const totals *more)
{
    sum->cost += more->cost;
    sum->travel += more->travel;
    sum->distance += more->distance;
    sum->setup += more->setup;
    sum->service += more->service;
    sum->wait += more->wait;
    sum->priority += more->priority;
    for (uint32_t dim = 0; dim < TQ_FLEET_LOADS_MAX; dim++) {
        sum->drop[dim] += more->drop[dim];
        sum->load[dim] += more->load[dim];
    }
}

static void put_routes(writer *to)
{
    tq_json *json = &to->json;
    tq_json_key(json, "routes");
    tq_json_array(json);
    for (uint32_t vehicle = 0; vehicle < to->problem->vehicle_count; vehicle++) {
        const problem_label *label = &to->file->vehicle_label.at[vehicle];
        uint32_t from = to->schedule->first[vehicle], end = to->schedule->first[vehicle + 1];
        totals sum;
        if (from == end) continue;
        count_route(to, vehicle, &sum);
        sum = to_whole(to, &sum);
        tq_json_object(json);
        tq_json_put_i64(json, "vehicle", (int64_t)label->id);
        if (label->text != NULL) tq_json_put_text(json, "description", label->text);
        put_totals(to, &sum);
        tq_json_key(json, "steps");
        tq_json_array(json);
        for (uint32_t k = from; k < end; k++)
            put_step(to, vehicle, &to->schedule->step[k]);
        tq_json_end_array(json);
        if (to->answer->geometry != NULL && to->answer->geometry[vehicle].at != NULL) {
            tq_json_key(json, "geometry");
            tq_json_str(json, to->answer->geometry[vehicle]);
        }
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

/* ---- what is left out ---------------------------------------------------------------------------
 */

static void put_left_out(writer *to, const uint32_t *task, uint32_t count,
                         const tq_fleet_reason *reason)
{
    tq_json *json = &to->json;
    tq_json_key(json, "unassigned");
    tq_json_array(json);
    for (uint32_t k = 0; k < count; k++) {
        const tq_fleet_task *as = &to->problem->task[task[k]];
        bool shipment = as->kind == TQ_FLEET_SHIPMENT;
        for (uint32_t end = 0; end <= (uint32_t)shipment; end++) {
            tq_json_object(json);
            tq_json_put_text(json, "type", !shipment ? "job" : end == 0 ? "pickup" : "delivery");
            put_label(to, &to->file->visit_label.at[TQ_FLEET_VISIT(task[k], end)]);
            put_place(to, as->stop[end].place);
            tq_json_put_text(json, "reason", tq_fleet_reason_name(reason[k]));
            tq_json_put_text(json, "because", tq_fleet_reason_text(reason[k]));
            tq_json_end_object(json);
        }
    }
    tq_json_end_array(json);
}

static uint32_t find_left_out(const writer *to, uint32_t *task, uint8_t *served)
{
    const tq_fleet_plan *plan = to->answer->plan;
    uint32_t count = 0;
    for (uint32_t k = 0; k < plan->first[plan->vehicle_count]; k++)
        served[plan->visit[k] >> 1] = 1;
    for (uint32_t number = 0; number < to->problem->task_count; number++)
        if (served[number] == 0) task[count++] = number;
    return count;
}

static void put_summary(writer *to, const uint32_t *task, uint32_t left_out)
{
    tq_json *json = &to->json;
    totals all = {0}, one;
    int64_t routes = 0, visits = 0;
    for (uint32_t vehicle = 0; vehicle < to->problem->vehicle_count; vehicle++) {
        if (to->schedule->first[vehicle] == to->schedule->first[vehicle + 1]) continue;
        count_route(to, vehicle, &one);
        if (of_vroom(to)) one = to_whole(to, &one);
        add_totals(&all, &one);
        routes++;
    }
    if (!of_vroom(to)) all = to_whole(to, &all);
    for (uint32_t k = 0; k < left_out; k++)
        visits += to->problem->task[task[k]].kind == TQ_FLEET_SHIPMENT ? 2 : 1;
    tq_json_key(json, "summary");
    tq_json_object(json);
    tq_json_put_i64(json, "routes", routes);
    tq_json_put_i64(json, "unassigned", visits);
    put_totals(to, &all);
    tq_json_key(json, "computing_times");
    tq_json_object(json);
    tq_json_put_i64(json, "loading", to->answer->loading_ms);
    tq_json_put_i64(json, "solving", to->answer->solving_ms);
    tq_json_put_i64(json, "routing", to->answer->routing_ms);
    tq_json_end_object(json);
    tq_json_end_object(json);
}

static tq_status write_all(writer *to, tq_buf *out, uint32_t *task, uint8_t *served,
                           tq_fleet_reason *reason, tq_err *err)
{
    uint32_t left_out = find_left_out(to, task, served);
    TQ_TRY(tq_fleet_why_unserved(to->problem, task, left_out, reason, err));
    tq_json_begin(&to->json, out);
    tq_json_object(&to->json);
    tq_json_put_i64(&to->json, "code", 0);
    put_summary(to, task, left_out);
    put_left_out(to, task, left_out, reason);
    put_routes(to);
    tq_json_end_object(&to->json);
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer") : TQ_OK;
}

tq_status tq_fleet_file_write(const tq_fleet_file *file, const tq_fleet_answer *answer, tq_buf *out,
                              tq_err *err)
{
    const tq_fleet_problem *problem = &file->problem;
    tq_fleet_schedule schedule = {0};
    writer to = {.file = file,
                 .problem = problem,
                 .answer = answer,
                 .schedule = &schedule,
                 .distances = file->has_distances || answer->distances};
    TQ_TRY(tq_fleet_schedule_make(problem, answer->plan, &schedule, err));
    uint32_t *task = TQ_ALLOC(uint32_t, problem->task_count + 1);
    uint8_t *served = TQ_ALLOC(uint8_t, problem->task_count + 1);
    tq_fleet_reason *reason = TQ_ALLOC(tq_fleet_reason, problem->task_count + 1);
    tq_status status = TQ_OK;
    if (task == NULL || served == NULL || reason == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer");
    else
        status = write_all(&to, out, task, served, reason, err);
    tq_free(task);
    tq_free(served);
    tq_free(reason);
    tq_fleet_schedule_free(&schedule);
    return status;
}
