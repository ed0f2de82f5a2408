/*
 * Planning problems from files: the owner of what was read, and the door to the readers.
 *
 * Bytes in, problem out; nothing is read beyond the bytes, nothing is kept of them.
 */
#include <math.h>

#include "fleet/problem_in.h"

static tq_status no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the problem");
}

const char *problem_keep_text(tq_fleet_file *file, tq_str text)
{
    char *kept = tq_pool_push(&file->pool, text.len + 1, 1);
    if (kept != NULL) memcpy(kept, text.at, text.len);
    return kept;
}

tq_status problem_finish(tq_fleet_file *file, tq_err *err)
{
    tq_fleet_problem *problem = &file->problem;
    for (uint32_t row = 0; row < file->profile_count; row++)
        file->profile_row[row] = (tq_fleet_profile){
            file->profile[row].time, file->profile[row].distance, file->profile[row].cost};
    problem->place_count = (uint32_t)file->place.count;
    problem->task_count = (uint32_t)file->task.count;
    problem->vehicle_count = (uint32_t)file->vehicle.count;
    problem->window_count = (uint32_t)file->window.count;
    problem->skill_count = (uint32_t)file->skill.count;
    problem->break_count = (uint32_t)file->rest.count;
    problem->profile_count = file->profile_count;
    problem->task = file->task.at;
    problem->vehicle = file->vehicle.at;
    problem->window = file->window.at;
    problem->skill = file->skill.at;
    problem->rest = file->rest.at;
    problem->profile = file->profile_row;
    for (uint32_t row = 0; row < file->profile_count; row++)
        if (file->profile[row].time == NULL) return TQ_OK; /* checked when planned */
    return tq_fleet_problem_check(problem, err);
}

tq_status tq_fleet_file_read(tq_fleet_form form, const char *bytes, size_t len, tq_fleet_file **out,
                             tq_err *err)
{
    tq_status status = TQ_INTERNAL;
    tq_str text = {bytes, len};
    if (len > TQ_FLEET_FILE_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the problem has %zu bytes; at most %zu", len,
                       TQ_FLEET_FILE_MAX);
    tq_fleet_file *file = TQ_ALLOC(tq_fleet_file, 1);
    if (file == NULL) return no_memory(err);
    file->form = form;
    file->goal =
        form == TQ_FLEET_LILIM || form == TQ_FLEET_SOLOMON ? TQ_FLEET_FEWEST : TQ_FLEET_CHEAPEST;
    switch (form) {
    case TQ_FLEET_VROOM: status = problem_read_vroom(file, text, err); break;
    case TQ_FLEET_LILIM: status = problem_read_lilim(file, text, err); break;
    case TQ_FLEET_DARP: status = problem_read_darp(file, text, err); break;
    case TQ_FLEET_SOLOMON: status = problem_read_solomon(file, text, err); break;
    }
    if (status == TQ_OK) status = problem_finish(file, err);
    if (status == TQ_OK)
        *out = file;
    else
        tq_fleet_file_free(file);
    return status;
}

void tq_fleet_file_free(tq_fleet_file *file)
{
    if (file == NULL) return;
    for (uint32_t row = 0; row < file->profile_count; row++) {
        tq_free(file->profile[row].time);
        tq_free(file->profile[row].distance);
        tq_free(file->profile[row].cost);
    }
    tq_vec_free(&file->task);
    tq_vec_free(&file->vehicle);
    tq_vec_free(&file->window);
    tq_vec_free(&file->skill);
    tq_vec_free(&file->rest);
    tq_vec_free(&file->place);
    tq_vec_free(&file->visit_label);
    tq_vec_free(&file->vehicle_label);
    tq_vec_free(&file->rest_label);
    tq_vec_free(&file->vehicle_type);
    tq_fleet_plan_free(&file->start);
    tq_pool_free(&file->pool);
    tq_free(file);
}

const tq_fleet_problem *tq_fleet_file_problem(const tq_fleet_file *file)
{
    return &file->problem;
}

const tq_fleet_place *tq_fleet_file_place(const tq_fleet_file *file, uint32_t place)
{
    return &file->place.at[place];
}

const tq_fleet_plan *tq_fleet_file_start(const tq_fleet_file *file)
{
    return file->has_start ? &file->start : NULL;
}

tq_fleet_goal tq_fleet_file_goal(const tq_fleet_file *file)
{
    return file->goal;
}

bool tq_fleet_file_needs_times(const tq_fleet_file *file, uint32_t profile)
{
    return file->profile[profile].time == NULL;
}

const char *tq_fleet_file_profile_name(const tq_fleet_file *file, uint32_t profile)
{
    return file->profile[profile].name;
}

/* Deciseconds to hundredths; decimetres stay. */
static bool scaled(const int32_t *from, size_t cells, int32_t factor, int32_t *to)
{
    for (size_t cell = 0; cell < cells; cell++) {
        if (from[cell] < 0) return false;
        if (from[cell] >= TQ_FLEET_CELL_MAX / factor)
            to[cell] = TQ_FLEET_NO_WAY;
        else
            to[cell] = from[cell] * factor;
    }
    return true;
}

tq_status tq_fleet_file_give_times(tq_fleet_file *file, uint32_t profile, const int32_t *time_ds,
                                   const int32_t *distance_dm, tq_err *err)
{
    problem_profile *row = &file->profile[profile];
    size_t places = file->place.count;
    if (row->time != NULL) return tq_fail(err, TQ_BAD_INPUT, 0, "the profile has its times");
    int32_t *time = TQ_ALLOC(int32_t, places * places + 1);
    int32_t *distance = TQ_ALLOC(int32_t, places * places + 1);
    if (time == NULL || distance == NULL ||
        !scaled(time_ds, places * places, (int32_t)(file->problem.time_unit / 10), time) ||
        !scaled(distance_dm, places * places, 1, distance)) {
        tq_free(time);
        tq_free(distance);
        return tq_fail(err, TQ_BAD_INPUT, 0, "the times of profile %s can't be used", row->name);
    }
    file->problem.distance_unit = 10;
    row->time = time;
    row->distance = distance;
    file->has_distances = true;
    return problem_finish(file, err);
}

static double straight(const tq_fleet_file *file, uint32_t a, uint32_t b)
{
    const tq_fleet_place *from = &file->place.at[a], *to = &file->place.at[b];
    return a == TQ_NONE || b == TQ_NONE ? 0.0 : hypot(from->lon - to->lon, from->lat - to->lat);
}

double tq_fleet_file_distance(const tq_fleet_file *file, const tq_fleet_plan *plan)
{
    double sum = 0;
    for (uint32_t vehicle = 0; vehicle < plan->vehicle_count; vehicle++) {
        uint32_t at = file->problem.vehicle[vehicle].start;
        if (plan->first[vehicle] == plan->first[vehicle + 1]) continue;
        for (uint32_t k = plan->first[vehicle]; k < plan->first[vehicle + 1]; k++) {
            uint32_t next = file->problem.task[plan->visit[k] >> 1].stop[plan->visit[k] & 1].place;
            sum += straight(file, at, next);
            at = next;
        }
        sum += straight(file, at, file->problem.vehicle[vehicle].end);
    }
    return sum;
}
