/*
 * Reader of VROOM's JSON: vehicles, jobs, shipments, matrices.
 *
 * Every field is looked at: a wrong type, an unknown member or a number out of range is refused
 * with its path, such as jobs[3].time_windows[0]. Times are kept in hundredths of a second and
 * costs in hundredths, because speed factors and rates are fractions. Skills, amounts and windows
 * as VROOM has them; our own members beside them are max_ride_time of a shipment, and lifo,
 * max_duration and committed of a vehicle.
 *
 * Places: by location_index into the matrices, or by coordinates, alike ones being one place.
 */
#include <jansson.h>
#include <math.h>

#include "fleet/problem_json_in.h"

#define ID_MAX          ((int64_t)1 << 53)
#define SECONDS_MAX     ((int64_t)1 << 40)
#define DESCRIPTION_MAX 1000u
#define SKILLS_OF_ONE   1000u
#define AMOUNT_MAX      ((int64_t)1 << 24)
#define CAPACITY_MAX    ((int64_t)INT32_MAX)

static int64_t seconds(int64_t value)
{
    return value * PROBLEM_VROOM_UNIT;
}

/* ---- what several objects share ----------------------------------------------------------------
 */

static tq_status read_window(reader *in, const json_t *value, tq_fleet_window *out)
{
    int64_t end[2];
    if (!json_is_array(value) || json_array_size(value) != 2)
        return json_bad(in, "is not a pair [from, to]");
    for (uint32_t k = 0; k < 2; k++) {
        json_push_index(in, k);
        TQ_TRY(json_whole(in, json_array_get(value, k), 0, SECONDS_MAX, &end[k]));
        json_pop(in);
    }
    if (end[0] > end[1]) return json_bad(in, "the window ends before it begins");
    *out = (tq_fleet_window){seconds(end[0]), seconds(end[1])};
    return TQ_OK;
}

static tq_status read_windows(reader *in, const json_t *object, uint32_t *first, uint32_t *count)
{
    const json_t *value = json_object_get(object, "time_windows");
    *first = (uint32_t)in->file->window.count;
    *count = 0;
    if (value == NULL) return TQ_OK;
    json_push(in, "time_windows");
    if (!json_is_array(value) || json_array_size(value) == 0 ||
        json_array_size(value) > TQ_FLEET_WINDOWS_MAX)
        return json_bad(in, "is not an array of 1 to 64 windows");
    for (uint32_t k = 0; k < json_array_size(value); k++) {
        tq_fleet_window window;
        json_push_index(in, k);
        TQ_TRY(read_window(in, json_array_get(value, k), &window));
        if (k > 0 && window.from <= in->file->window.at[in->file->window.count - 1].to)
            return json_bad(in, "begins before the window in front of it has ended; put them in "
                                "order and apart");
        json_pop(in);
        if (!tq_vec_push(&in->file->window, window)) return json_no_memory(in);
    }
    json_pop(in);
    *count = (uint32_t)json_array_size(value);
    return TQ_OK;
}

static tq_status read_amounts(reader *in, const json_t *object, const char *key, int64_t most,
                              int32_t out[TQ_FLEET_LOADS_MAX])
{
    const json_t *value = json_object_get(object, key);
    memset(out, 0, TQ_FLEET_LOADS_MAX * sizeof *out);
    if (value == NULL) return TQ_OK;
    json_push(in, key);
    if (!json_is_array(value) || json_array_size(value) > TQ_FLEET_LOADS_MAX)
        return json_bad(in, "is not an array of at most 8 amounts");
    uint32_t count = (uint32_t)json_array_size(value);
    if (in->load_known && count != in->file->problem.load_count)
        return json_bad(in, "has another number of amounts than the one before");
    in->load_known = true;
    in->file->problem.load_count = count;
    for (uint32_t k = 0; k < count; k++) {
        int64_t amount;
        json_push_index(in, k);
        TQ_TRY(json_whole(in, json_array_get(value, k), 0, most, &amount));
        json_pop(in);
        out[k] = (int32_t)amount;
    }
    json_pop(in);
    return TQ_OK;
}

static tq_status read_skills(reader *in, const json_t *object, uint32_t *first, uint32_t *count)
{
    const json_t *value = json_object_get(object, "skills");
    uint32_t skill[SKILLS_OF_ONE], used = 0;
    *first = (uint32_t)in->file->skill.count;
    *count = 0;
    if (value == NULL) return TQ_OK;
    json_push(in, "skills");
    if (!json_is_array(value) || json_array_size(value) > SKILLS_OF_ONE)
        return json_bad(in, "is not an array of at most 1,000 skills");
    for (uint32_t k = 0; k < json_array_size(value); k++) {
        int64_t number;
        json_push_index(in, k);
        TQ_TRY(json_whole(in, json_array_get(value, k), 0, UINT32_MAX, &number));
        json_pop(in);
        skill[used++] = (uint32_t)number;
    }
    if (!tq_sort_u32(skill, used)) return json_no_memory(in);
    for (uint32_t k = 0; k < used; k++)
        if ((k == 0 || skill[k] != skill[k - 1]) && !tq_vec_push(&in->file->skill, skill[k]))
            return json_no_memory(in);
    json_pop(in);
    *count = (uint32_t)in->file->skill.count - *first;
    return TQ_OK;
}

static tq_status read_span(reader *in, const json_t *object, const char *key, int64_t standard,
                           int64_t *out)
{
    int64_t value;
    *out = standard;
    if (json_object_get(object, key) == NULL) return TQ_OK;
    json_push(in, key);
    TQ_TRY(json_whole(in, json_object_get(object, key), 0, SECONDS_MAX, &value));
    json_pop(in);
    *out = seconds(value);
    return TQ_OK;
}

static tq_status read_label(reader *in, const json_t *object, problem_label *out)
{
    const json_t *text = json_object_get(object, "description");
    int64_t id;
    json_push(in, "id");
    if (json_object_get(object, "id") == NULL) return json_bad(in, "is missing");
    TQ_TRY(json_whole(in, json_object_get(object, "id"), 0, ID_MAX, &id));
    json_pop(in);
    *out = (problem_label){(uint64_t)id, NULL};
    if (text == NULL) return TQ_OK;
    json_push(in, "description");
    if (!json_is_string(text) || json_string_length(text) > DESCRIPTION_MAX)
        return json_bad(in, "is not a text of at most 1,000 bytes");
    out->text =
        problem_keep_text(in->file, (tq_str){json_string_value(text), json_string_length(text)});
    json_pop(in);
    return out->text != NULL ? TQ_OK : json_no_memory(in);
}

/* Place of an object: location and location_index (start, start_index; end, end_index). */
static tq_status read_place(reader *in, const json_t *object, const char *point_key,
                            const char *index_key, uint32_t *out)
{
    const json_t *point = json_object_get(object, point_key);
    const json_t *number = json_object_get(object, index_key);
    tq_fleet_place place = {.index = TQ_NONE};
    if (point != NULL) {
        double degree[2];
        json_push(in, point_key);
        if (!json_is_array(point) || json_array_size(point) != 2)
            return json_bad(in, "is not a pair [lon, lat]");
        for (uint32_t k = 0; k < 2; k++) {
            json_push_index(in, k);
            TQ_TRY(json_fraction(in, json_array_get(point, k), k == 0 ? -180 : -90,
                                 k == 0 ? 180 : 90, &degree[k]));
            json_pop(in);
        }
        json_pop(in);
        place = (tq_fleet_place){true, degree[0], degree[1], TQ_NONE};
    }
    if (number != NULL) {
        int64_t index;
        json_push(in, index_key);
        TQ_TRY(json_whole(in, number, 0, TQ_FLEET_PLACES_MAX - 1, &index));
        if (in->file->has_matrices && (uint64_t)index >= in->rows)
            return json_bad(in, "is not a row of the matrices");
        json_pop(in);
        place.index = (uint32_t)index;
    }
    if (point == NULL && number == NULL) {
        *out = TQ_NONE;
        return TQ_OK;
    }
    if (in->file->has_matrices && number == NULL) {
        json_push(in, index_key);
        return json_bad(in, "is missing; with matrices every place has its row");
    }
    if (!in->file->has_matrices && point == NULL) {
        json_push(in, point_key);
        return json_bad(in, "is missing; without matrices every place has coordinates");
    }
    return problem_add_place(in, &place, out);
}

static tq_status read_stop(reader *in, const json_t *object, tq_fleet_stop *out)
{
    *out = (tq_fleet_stop){0};
    TQ_TRY(read_place(in, object, "location", "location_index", &out->place));
    if (out->place == TQ_NONE) {
        json_push(in, in->file->has_matrices ? "location_index" : "location");
        return json_bad(in, "is missing");
    }
    TQ_TRY(read_span(in, object, "setup", 0, &out->setup));
    TQ_TRY(read_span(in, object, "service", 0, &out->service));
    return read_windows(in, object, &out->first_window, &out->window_count);
}

/* ---- tasks -------------------------------------------------------------------------------------
 */

static tq_status read_priority(reader *in, const json_t *object, uint32_t *out)
{
    int64_t value = 0;
    *out = 0;
    if (json_object_get(object, "priority") == NULL) return TQ_OK;
    json_push(in, "priority");
    TQ_TRY(json_whole(in, json_object_get(object, "priority"), 0, TQ_FLEET_PRIORITY_MAX, &value));
    json_pop(in);
    *out = (uint32_t)value;
    return TQ_OK;
}

static tq_status read_job(reader *in, const json_t *object)
{
    static const char *const known[] = {
        "id",     "description",    "location",         "location_index",
        "setup",  "service",        "amount",           "delivery",
        "pickup", "skills",         "priority",         "time_windows",
        "type",   "setup_per_type", "service_per_type", NULL};
    tq_fleet_task task = {.kind = TQ_FLEET_JOB, .ride_max = TQ_FLEET_ANY};
    problem_label label;
    TQ_TRY(json_members(in, object, known));
    TQ_TRY(read_label(in, object, &label));
    TQ_TRY(read_stop(in, object, &task.stop[0]));
    TQ_TRY(read_amounts(in, object, "pickup", AMOUNT_MAX, task.load));
    const char *drop = json_object_get(object, "delivery") != NULL ? "delivery" : "amount";
    TQ_TRY(read_amounts(in, object, drop, AMOUNT_MAX, task.drop));
    TQ_TRY(read_skills(in, object, &task.first_skill, &task.skill_count));
    TQ_TRY(read_priority(in, object, &task.priority));
    TQ_TRY(problem_read_types(in, object, (uint32_t)in->file->task.count, 0));
    if (!tq_vec_push(&in->file->task, task) || !tq_vec_push(&in->file->visit_label, label) ||
        !tq_vec_push(&in->file->visit_label, label))
        return json_no_memory(in);
    return TQ_OK;
}

static tq_status read_shipment_end(reader *in, const json_t *shipment, uint32_t end,
                                   tq_fleet_stop *stop)
{
    static const char *const known[] = {
        "id",           "description", "location",       "location_index",   "setup", "service",
        "time_windows", "type",        "setup_per_type", "service_per_type", NULL};
    const char *key = end == 0 ? "pickup" : "delivery";
    const json_t *object = json_object_get(shipment, key);
    problem_label label;
    json_push(in, key);
    if (!json_is_object(object))
        return json_bad(in, object == NULL ? "is missing" : "is no object");
    TQ_TRY(json_members(in, object, known));
    TQ_TRY(read_label(in, object, &label));
    TQ_TRY(read_stop(in, object, stop));
    TQ_TRY(problem_read_types(in, object, (uint32_t)in->file->task.count, end));
    json_pop(in);
    return tq_vec_push(&in->file->visit_label, label) ? TQ_OK : json_no_memory(in);
}

static tq_status read_shipment(reader *in, const json_t *object)
{
    static const char *const known[] = {"pickup",   "delivery",      "amount", "skills",
                                        "priority", "max_ride_time", NULL};
    tq_fleet_task task = {.kind = TQ_FLEET_SHIPMENT};
    TQ_TRY(json_members(in, object, known));
    TQ_TRY(read_shipment_end(in, object, 0, &task.stop[0]));
    TQ_TRY(read_shipment_end(in, object, 1, &task.stop[1]));
    TQ_TRY(read_amounts(in, object, "amount", AMOUNT_MAX, task.load));
    TQ_TRY(read_skills(in, object, &task.first_skill, &task.skill_count));
    TQ_TRY(read_priority(in, object, &task.priority));
    TQ_TRY(read_span(in, object, "max_ride_time", TQ_FLEET_ANY, &task.ride_max));
    return tq_vec_push(&in->file->task, task) ? TQ_OK : json_no_memory(in);
}

/* ---- vehicles ----------------------------------------------------------------------------------
 */

static tq_status read_break(reader *in, const json_t *object)
{
    static const char *const known[] = {"id",       "time_windows", "service",
                                        "max_load", "description",  NULL};
    tq_fleet_break rest = {0};
    problem_label label;
    if (!json_is_object(object)) return json_bad(in, "is no object");
    TQ_TRY(json_members(in, object, known));
    TQ_TRY(read_label(in, object, &label));
    TQ_TRY(read_span(in, object, "service", 0, &rest.service));
    TQ_TRY(read_windows(in, object, &rest.first_window, &rest.window_count));
    if (json_object_get(object, "max_load") != NULL)
        TQ_TRY(read_amounts(in, object, "max_load", CAPACITY_MAX, rest.load_max));
    else
        for (uint32_t dim = 0; dim < TQ_FLEET_LOADS_MAX; dim++)
            rest.load_max[dim] = INT32_MAX;
    return tq_vec_push(&in->file->rest, rest) && tq_vec_push(&in->file->rest_label, label)
               ? TQ_OK
               : json_no_memory(in);
}

static tq_status read_breaks(reader *in, const json_t *object, tq_fleet_vehicle *vehicle)
{
    const json_t *value = json_object_get(object, "breaks");
    vehicle->first_break = (uint32_t)in->file->rest.count;
    if (value == NULL) return TQ_OK;
    json_push(in, "breaks");
    if (!json_is_array(value) || json_array_size(value) > TQ_FLEET_BREAKS_MAX)
        return json_bad(in, "is not an array of at most 8 breaks");
    for (uint32_t k = 0; k < json_array_size(value); k++) {
        json_push_index(in, k);
        TQ_TRY(read_break(in, json_array_get(value, k)));
        json_pop(in);
    }
    json_pop(in);
    vehicle->break_count = (uint32_t)json_array_size(value);
    problem_order_breaks(in->file, vehicle);
    return TQ_OK;
}

static tq_status read_costs(reader *in, const json_t *object, tq_fleet_vehicle *vehicle)
{
    static const char *const known[] = {"fixed", "per_hour", "per_km", NULL};
    const json_t *value = json_object_get(object, "costs");
    int64_t cost[3] = {0, 3600, 0};
    if (value != NULL) {
        json_push(in, "costs");
        if (!json_is_object(value)) return json_bad(in, "is no object");
        TQ_TRY(json_members(in, value, known));
        for (uint32_t k = 0; k < 3; k++) {
            if (json_object_get(value, known[k]) == NULL) continue;
            json_push(in, known[k]);
            TQ_TRY(json_whole(in, json_object_get(value, known[k]), 0, 1000000000, &cost[k]));
            json_pop(in);
        }
        json_pop(in);
    }
    vehicle->fixed = cost[0] * PROBLEM_VROOM_UNIT;
    vehicle->per_hour = (double)cost[1];
    vehicle->per_km = (double)cost[2];
    if (vehicle->per_km > 0) in->wants_distance = true;
    return TQ_OK;
}

static tq_status read_limits(reader *in, const json_t *object, tq_fleet_vehicle *vehicle)
{
    int64_t value;
    vehicle->tasks_max = TQ_NONE;
    vehicle->distance_max = TQ_FLEET_ANY;
    vehicle->speed_factor = 1;
    TQ_TRY(read_span(in, object, "max_travel_time", TQ_FLEET_ANY, &vehicle->travel_max));
    TQ_TRY(read_span(in, object, "max_duration", TQ_FLEET_ANY, &vehicle->duration_max));
    if (json_object_get(object, "max_tasks") != NULL) {
        json_push(in, "max_tasks");
        TQ_TRY(json_whole(in, json_object_get(object, "max_tasks"), 0, UINT32_MAX - 1, &value));
        json_pop(in);
        vehicle->tasks_max = (uint32_t)value;
    }
    if (json_object_get(object, "max_distance") != NULL) {
        json_push(in, "max_distance");
        TQ_TRY(json_whole(in, json_object_get(object, "max_distance"), 0, SECONDS_MAX, &value));
        json_pop(in);
        vehicle->distance_max = value;
        in->wants_distance = true;
    }
    if (json_object_get(object, "speed_factor") != NULL) {
        json_push(in, "speed_factor");
        TQ_TRY(json_fraction(in, json_object_get(object, "speed_factor"), 0.01, 5,
                             &vehicle->speed_factor));
        json_pop(in);
    }
    if (json_object_get(object, "lifo") != NULL) {
        json_push(in, "lifo");
        if (!json_is_boolean(json_object_get(object, "lifo")))
            return json_bad(in, "is neither true nor false");
        vehicle->lifo = json_is_true(json_object_get(object, "lifo"));
        json_pop(in);
    }
    return TQ_OK;
}

static tq_status read_profile(reader *in, const json_t *object, const char *key,
                              const char *standard, const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = standard;
    if (value == NULL) return TQ_OK;
    json_push(in, key);
    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) > 100)
        return json_bad(in, "is not a name of 1 to 100 bytes");
    json_pop(in);
    *out =
        problem_keep_text(in->file, (tq_str){json_string_value(value), json_string_length(value)});
    return *out != NULL ? TQ_OK : json_no_memory(in);
}

static tq_status read_vehicle(reader *in, const json_t *object)
{
    static const char *const known[] = {"id",           "profile",
                                        "description",  "start",
                                        "start_index",  "end",
                                        "end_index",    "capacity",
                                        "costs",        "skills",
                                        "type",         "time_window",
                                        "breaks",       "speed_factor",
                                        "max_tasks",    "max_travel_time",
                                        "max_distance", "steps",
                                        "lifo",         "max_duration",
                                        "committed",    NULL};
    tq_fleet_vehicle vehicle = {.shift = {0, TQ_FLEET_TIME_MAX / 4}};
    problem_label label;
    const char *profile, *type;
    TQ_TRY(json_members(in, object, known));
    TQ_TRY(read_label(in, object, &label));
    TQ_TRY(read_profile(in, object, "profile", "car", &profile));
    TQ_TRY(read_profile(in, object, "type", NULL, &type));
    TQ_TRY(problem_profile_of(in, profile, &vehicle.profile));
    TQ_TRY(problem_type_of(in, type, &vehicle.work_type));
    TQ_TRY(read_place(in, object, "start", "start_index", &vehicle.start));
    TQ_TRY(read_place(in, object, "end", "end_index", &vehicle.end));
    if (vehicle.start == TQ_NONE && vehicle.end == TQ_NONE) {
        json_push(in, "start");
        return json_bad(in, "is missing; a vehicle has a start or an end");
    }
    TQ_TRY(read_amounts(in, object, "capacity", CAPACITY_MAX, vehicle.capacity));
    if (json_object_get(object, "capacity") != NULL) in->file->has_capacity = true;
    TQ_TRY(read_skills(in, object, &vehicle.first_skill, &vehicle.skill_count));
    if (json_object_get(object, "time_window") != NULL) {
        json_push(in, "time_window");
        TQ_TRY(read_window(in, json_object_get(object, "time_window"), &vehicle.shift));
        json_pop(in);
    }
    TQ_TRY(read_breaks(in, object, &vehicle));
    TQ_TRY(read_costs(in, object, &vehicle));
    TQ_TRY(read_limits(in, object, &vehicle));
    return tq_vec_push(&in->file->vehicle, vehicle) &&
                   tq_vec_push(&in->file->vehicle_label, label) &&
                   tq_vec_push(&in->file->vehicle_type, type)
               ? TQ_OK
               : json_no_memory(in);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static tq_status read_all(reader *in, const json_t *root, const char *key, size_t most,
                          tq_status (*read)(reader *in, const json_t *object))
{
    const json_t *value = json_object_get(root, key);
    if (value == NULL) return TQ_OK;
    json_push(in, key);
    if (!json_is_array(value)) return json_bad(in, "is not an array");
    if (json_array_size(value) > most) return json_over(in, most);
    for (uint32_t k = 0; k < json_array_size(value); k++) {
        const json_t *object = json_array_get(value, k);
        json_push_index(in, k);
        if (!json_is_object(object)) return json_bad(in, "is no object");
        TQ_TRY(read(in, object));
        json_pop(in);
    }
    json_pop(in);
    return TQ_OK;
}

static tq_status read_root(reader *in, const json_t *root)
{
    static const char *const known[] = {"vehicles", "jobs",   "shipments",
                                        "matrices", "matrix", NULL};
    tq_fleet_file *file = in->file;
    file->problem.time_unit = file->problem.cost_unit = PROBLEM_VROOM_UNIT;
    file->problem.distance_unit = 1;
    if (!json_is_object(root)) return json_bad(in, "the problem is no object");
    TQ_TRY(json_members(in, root, known));
    TQ_TRY(problem_read_matrices(in, root));
    TQ_TRY(read_all(in, root, "vehicles", TQ_FLEET_ROUTES_MAX, read_vehicle));
    if (file->vehicle.count == 0) {
        json_push(in, "vehicles");
        return json_bad(in, "there is none; a problem has at least one vehicle");
    }
    TQ_TRY(read_all(in, root, "jobs", TQ_FLEET_TASKS_MAX, read_job));
    TQ_TRY(read_all(in, root, "shipments", TQ_FLEET_TASKS_MAX - file->task.count, read_shipment));
    TQ_TRY(problem_check_ids(in));
    TQ_TRY(problem_place_matrices(in));
    return problem_read_steps(in, root);
}

tq_status problem_read_vroom(tq_fleet_file *file, tq_str text, tq_err *err)
{
    json_error_t where;
    reader in = {.file = file, .err = err};
    json_t *root = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return tq_fail(err, TQ_BAD_INPUT, where.line > 0 ? (uint64_t)where.line : 0,
                       "line %d, column %d: not JSON: %.200s", where.line, where.column,
                       where.text);
    tq_status status = read_root(&in, root);
    problem_reader_end(&in);
    json_decref(root);
    return status;
}
