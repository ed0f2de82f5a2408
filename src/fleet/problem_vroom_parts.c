/*
 * Parts of a VROOM problem: places, profiles and their matrices, unique ids, work by vehicle type,
 * and the steps that a vehicle starts with.
 */
#include "fleet/problem_json_in.h"

#define TYPES_MAX 200u

void problem_reader_end(reader *in)
{
    tq_free(in->slot);
    tq_vec_free(&in->work);
    tq_vec_free(&in->type);
}

/* ---- places ------------------------------------------------------------------------------------
 */

static uint64_t place_hash(const tq_fleet_place *place)
{
    double key[3] = {place->has_point ? place->lon : 0, place->has_point ? place->lat : 0,
                     place->index};
    return tq_hash(key, sizeof key, place->has_point);
}

static bool same_place(const tq_fleet_place *a, const tq_fleet_place *b)
{
    return a->has_point == b->has_point && a->index == b->index &&
           (!a->has_point || (a->lon == b->lon && a->lat == b->lat));
}

static bool grow_slots(reader *in)
{
    uint32_t cap = in->slot_cap == 0 ? 256 : in->slot_cap * 2;
    uint32_t *slot = TQ_ALLOC(uint32_t, cap);
    if (slot == NULL) return false;
    memset(slot, 0xFF, cap * sizeof *slot);
    for (uint32_t place = 0; place < in->file->place.count; place++) {
        uint32_t at = (uint32_t)place_hash(&in->file->place.at[place]) & (cap - 1);
        while (slot[at] != TQ_NONE)
            at = (at + 1) & (cap - 1);
        slot[at] = place;
    }
    tq_free(in->slot);
    in->slot = slot;
    in->slot_cap = cap;
    return true;
}

tq_status problem_add_place(reader *in, const tq_fleet_place *place, uint32_t *out)
{
    tq_fleet_file *file = in->file;
    if (file->place.count * 2 >= in->slot_cap && !grow_slots(in)) return json_no_memory(in);
    uint32_t at = (uint32_t)place_hash(place) & (in->slot_cap - 1);
    for (; in->slot[at] != TQ_NONE; at = (at + 1) & (in->slot_cap - 1))
        if (same_place(&file->place.at[in->slot[at]], place)) {
            *out = in->slot[at];
            return TQ_OK;
        }
    if (file->place.count == TQ_FLEET_PLACES_MAX) return json_over(in, TQ_FLEET_PLACES_MAX);
    if (!tq_vec_push(&file->place, *place)) return json_no_memory(in);
    *out = in->slot[at] = (uint32_t)file->place.count - 1;
    return TQ_OK;
}

/* ---- profiles ----------------------------------------------------------------------------------
 */

tq_status problem_profile_of(reader *in, const char *name, uint32_t *out)
{
    tq_fleet_file *file = in->file;
    for (uint32_t row = 0; row < file->profile_count; row++)
        if (strcmp(file->profile[row].name, name) == 0) {
            *out = row;
            return TQ_OK;
        }
    json_push(in, "profile");
    if (file->has_matrices) return json_bad(in, "has no durations in matrices");
    if (file->profile_count == TQ_FLEET_PROFILES_MAX) return json_over(in, TQ_FLEET_PROFILES_MAX);
    json_pop(in);
    file->profile[file->profile_count].name = name;
    *out = file->profile_count++;
    return TQ_OK;
}

static tq_status read_rows(reader *in, const json_t *matrix, int32_t factor, int32_t **out)
{
    if (!json_is_array(matrix) || json_array_size(matrix) == 0)
        return json_bad(in, "is not an array of rows");
    size_t rows = json_array_size(matrix);
    if (rows > TQ_FLEET_PLACES_MAX) return json_over(in, TQ_FLEET_PLACES_MAX);
    if (in->rows != 0 && rows != in->rows)
        return json_bad(in, "has another number of rows than the matrix before");
    in->rows = (uint32_t)rows;
    *out = TQ_ALLOC(int32_t, rows * rows);
    if (*out == NULL) return json_no_memory(in);
    for (size_t row = 0; row < rows; row++) {
        const json_t *line = json_array_get(matrix, row);
        json_push_index(in, row);
        if (!json_is_array(line) || json_array_size(line) != rows)
            return json_bad(in, "is not a row of as many cells as there are rows");
        for (size_t column = 0; column < rows; column++) {
            int64_t cell;
            json_push_index(in, column);
            TQ_TRY(
                json_whole(in, json_array_get(line, column), 0, TQ_FLEET_CELL_MAX / factor, &cell));
            json_pop(in);
            (*out)[row * rows + column] = (int32_t)cell * factor;
        }
        json_pop(in);
    }
    return TQ_OK;
}

static tq_status read_profile_matrices(reader *in, const char *name, const json_t *object)
{
    static const char *const known[] = {"durations", "distances", "costs", NULL};
    tq_fleet_file *file = in->file;
    json_push(in, name);
    if (!json_is_object(object)) return json_bad(in, "is no object");
    TQ_TRY(json_members(in, object, known));
    if (file->profile_count == TQ_FLEET_PROFILES_MAX) return json_over(in, TQ_FLEET_PROFILES_MAX);
    problem_profile *profile = &file->profile[file->profile_count++];
    int32_t **out[3] = {&profile->time, &profile->distance, &profile->cost};
    profile->name = problem_keep_text(file, tq_str_of(name));
    if (profile->name == NULL) return json_no_memory(in);
    for (uint32_t kind = 0; kind < 3; kind++) {
        const json_t *matrix = json_object_get(object, known[kind]);
        json_push(in, known[kind]);
        if (matrix == NULL && kind == 0) return json_bad(in, "is missing");
        if (matrix != NULL)
            TQ_TRY(read_rows(in, matrix, kind == 1 ? 1 : (int32_t)PROBLEM_VROOM_UNIT, out[kind]));
        json_pop(in);
    }
    if (profile->distance != NULL) file->has_distances = true;
    json_pop(in);
    return TQ_OK;
}

tq_status problem_read_matrices(reader *in, const json_t *root)
{
    const json_t *all = json_object_get(root, "matrices"), *old = json_object_get(root, "matrix");
    in->file->has_matrices = all != NULL || old != NULL;
    if (all != NULL) {
        json_push(in, "matrices");
        if (!json_is_object(all) || json_object_size(all) == 0)
            return json_bad(in, "is not an object with a member a profile");
        for (void *at = json_object_iter((json_t *)(uintptr_t)all); at != NULL;
             at = json_object_iter_next((json_t *)(uintptr_t)all, at))
            TQ_TRY(read_profile_matrices(in, json_object_iter_key(at), json_object_iter_value(at)));
        json_pop(in);
    } else if (old != NULL) {
        problem_profile *profile = &in->file->profile[in->file->profile_count++];
        profile->name = "car";
        json_push(in, "matrix");
        TQ_TRY(read_rows(in, old, (int32_t)PROBLEM_VROOM_UNIT, &profile->time));
        json_pop(in);
    }
    return TQ_OK;
}

static bool cut(const reader *in, int32_t **matrix)
{
    const tq_fleet_file *file = in->file;
    size_t places = file->place.count;
    if (*matrix == NULL) return true;
    int32_t *less = TQ_ALLOC(int32_t, places * places + 1);
    if (less == NULL) return false;
    for (size_t a = 0; a < places; a++)
        for (size_t b = 0; b < places; b++)
            less[a * places + b] =
                (*matrix)[(size_t)file->place.at[a].index * in->rows + file->place.at[b].index];
    tq_free(*matrix);
    *matrix = less;
    return true;
}

tq_status problem_place_matrices(reader *in)
{
    tq_fleet_file *file = in->file;
    TQ_TRY(problem_finish_types(in));
    if (!file->has_matrices) return TQ_OK;
    for (uint32_t k = 0; k < file->vehicle.count; k++) {
        const tq_fleet_vehicle *vehicle = &file->vehicle.at[k];
        const problem_profile *profile = &file->profile[vehicle->profile];
        bool far = vehicle->per_km > 0 || vehicle->distance_max != TQ_FLEET_ANY;
        json_push(in, "vehicles");
        json_push_index(in, k);
        if (far && profile->distance == NULL)
            return json_bad(in, "per_km and max_distance need distances in the matrices of its "
                                "profile");
        if (profile->cost != NULL && (vehicle->per_hour != 3600 || vehicle->per_km > 0))
            return json_bad(in, "per_hour and per_km don't go with a matrix of costs");
        json_pop(in);
        json_pop(in);
    }
    for (uint32_t row = 0; row < file->profile_count; row++)
        if (!cut(in, &file->profile[row].time) || !cut(in, &file->profile[row].distance) ||
            !cut(in, &file->profile[row].cost))
            return json_no_memory(in);
    return TQ_OK;
}

/* ---- ids ---------------------------------------------------------------------------------------
 */

static tq_status unique(reader *in, const uint64_t *id, uint32_t count, const char *what)
{
    uint64_t *sorted = TQ_ALLOC(uint64_t, count + 1);
    if (sorted == NULL) return json_no_memory(in);
    memcpy(sorted, id, count * sizeof *id);
    tq_status status = tq_sort_u64(sorted, count) ? TQ_OK : json_no_memory(in);
    for (uint32_t k = 1; k < count && status == TQ_OK; k++)
        if (sorted[k] == sorted[k - 1])
            status =
                tq_fail(in->err, TQ_BAD_INPUT, 0, "two %s have the id %llu; each needs its own",
                        what, (unsigned long long)sorted[k]);
    tq_free(sorted);
    return status;
}

tq_status problem_check_ids(reader *in)
{
    static const char *const what[] = {"jobs", "pickups", "deliveries", "vehicles"};
    const tq_fleet_file *file = in->file;
    uint64_t *id = TQ_ALLOC(uint64_t, TQ_MAX(file->task.count, file->vehicle.count) + 1);
    tq_status status = id == NULL ? json_no_memory(in) : TQ_OK;
    for (uint32_t kind = 0; kind < 4 && status == TQ_OK; kind++) {
        uint32_t count = 0;
        for (uint32_t task = 0; task < file->task.count && kind < 3; task++)
            if ((file->task.at[task].kind == TQ_FLEET_JOB) == (kind == 0))
                id[count++] = file->visit_label.at[TQ_FLEET_VISIT(task, kind == 2)].id;
        for (uint32_t vehicle = 0; vehicle < file->vehicle.count && kind == 3; vehicle++)
            id[count++] = file->vehicle_label.at[vehicle].id;
        status = unique(in, id, count, what[kind]);
    }
    tq_free(id);
    return status;
}

/* Breaks are taken in the order of their first windows. */
void problem_order_breaks(tq_fleet_file *file, const tq_fleet_vehicle *vehicle)
{
    tq_fleet_break *rest = file->rest.at + vehicle->first_break;
    problem_label *label = file->rest_label.at + vehicle->first_break;
    for (uint32_t k = 1; k < vehicle->break_count; k++)
        for (uint32_t at = k; at > 0; at--) {
            const tq_fleet_window *window = file->window.at;
            int64_t one =
                rest[at - 1].window_count == 0 ? 0 : window[rest[at - 1].first_window].from;
            int64_t two = rest[at].window_count == 0 ? 0 : window[rest[at].first_window].from;
            if (one <= two) break;
            tq_fleet_break rest_kept = rest[at];
            problem_label label_kept = label[at];
            rest[at] = rest[at - 1];
            label[at] = label[at - 1];
            rest[at - 1] = rest_kept;
            label[at - 1] = label_kept;
        }
}

/* ---- work by type of vehicle --------------------------------------------------------------------
 */

tq_status problem_type_of(reader *in, const char *name, uint32_t *out)
{
    if (in->type.count == 0 && !tq_vec_push(&in->type, "")) return json_no_memory(in);
    *out = 0;
    if (name == NULL) return TQ_OK;
    for (*out = 1; *out < in->type.count; (*out)++)
        if (strcmp(in->type.at[*out], name) == 0) return TQ_OK;
    if (in->type.count == TYPES_MAX) return json_over(in, TYPES_MAX);
    return tq_vec_push(&in->type, name) ? TQ_OK : json_no_memory(in);
}

tq_status problem_read_types(reader *in, const json_t *object, uint32_t task, uint32_t end)
{
    static const char *const key[] = {"setup_per_type", "service_per_type"};
    for (uint32_t kind = 0; kind < 2; kind++) {
        const json_t *all = json_object_get(object, key[kind]);
        if (all == NULL) continue;
        json_push(in, key[kind]);
        if (!json_is_object(all))
            return json_bad(in, "is not an object with a time a vehicle type");
        for (void *at = json_object_iter((json_t *)(uintptr_t)all); at != NULL;
             at = json_object_iter_next((json_t *)(uintptr_t)all, at)) {
            int64_t value;
            const char *name = json_object_iter_key(at);
            json_push(in, name);
            TQ_TRY(json_whole(in, json_object_iter_value(at), 0, (int64_t)1 << 40, &value));
            json_pop(in);
            for (uint32_t type = 1; type < in->type.count; type++) {
                type_work work = {TQ_FLEET_VISIT(task, end), type, kind == 0,
                                  value * PROBLEM_VROOM_UNIT};
                if (strcmp(in->type.at[type], name) == 0 && !tq_vec_push(&in->work, work))
                    return json_no_memory(in);
            }
        }
        json_pop(in);
    }
    return TQ_OK;
}

tq_status problem_finish_types(reader *in)
{
    tq_fleet_file *file = in->file;
    size_t visits = 2 * file->task.count, types = in->type.count;
    if (in->work.count == 0) return TQ_OK;
    tq_fleet_work *work =
        tq_pool_push(&file->pool, (types * visits + 1) * sizeof *work, _Alignof(tq_fleet_work));
    if (work == NULL) return json_no_memory(in);
    for (size_t type = 0; type < types; type++)
        for (size_t visit = 0; visit < visits; visit++) {
            const tq_fleet_stop *stop = &file->task.at[visit / 2].stop[visit & 1];
            work[type * visits + visit] = (tq_fleet_work){stop->setup, stop->service};
        }
    for (size_t k = 0; k < in->work.count; k++) {
        const type_work *row = &in->work.at[k];
        tq_fleet_work *cell = &work[row->type * visits + row->visit];
        *(row->setup ? &cell->setup : &cell->service) = row->time;
    }
    file->problem.work = work;
    file->problem.work_type_count = (uint32_t)types;
    return TQ_OK;
}

/* ---- steps -------------------------------------------------------------------------------------
 */

static uint32_t visit_of(const tq_fleet_file *file, uint32_t kind, uint64_t id)
{
    for (uint32_t task = 0; task < file->task.count; task++)
        if ((file->task.at[task].kind == TQ_FLEET_JOB) == (kind == 0) &&
            file->visit_label.at[TQ_FLEET_VISIT(task, kind == 2)].id == id)
            return TQ_FLEET_VISIT(task, kind == 2);
    return TQ_NONE;
}

static tq_status read_step(reader *in, const json_t *step, uint32_t *visit)
{
    static const char *const known[] = {"type", "id", "description", NULL};
    static const char *const kinds[] = {"job", "pickup", "delivery", "start", "end", "break"};
    const char *type = json_string_value(json_object_get(step, "type"));
    uint32_t kind = 0;
    int64_t id;
    *visit = TQ_NONE;
    if (!json_is_object(step)) return json_bad(in, "is no object");
    TQ_TRY(json_members(in, step, known));
    while (kind < TQ_COUNT(kinds) && (type == NULL || strcmp(kinds[kind], type) != 0))
        kind++;
    if (kind == TQ_COUNT(kinds)) {
        json_push(in, "type");
        return json_bad(in, "is none of start, job, pickup, delivery, break, end");
    }
    if (kind >= 3) return TQ_OK;
    json_push(in, "id");
    TQ_TRY(json_whole(in, json_object_get(step, "id"), 0, (int64_t)1 << 53, &id));
    *visit = visit_of(in->file, kind, (uint64_t)id);
    if (*visit == TQ_NONE) return json_bad(in, "no task of this type has it");
    json_pop(in);
    return TQ_OK;
}

static tq_status vehicle_steps(reader *in, const json_t *object, uint32_t vehicle, uint32_t room)
{
    const json_t *steps = json_object_get(object, "steps");
    tq_fleet_plan *plan = &in->file->start;
    uint32_t used = plan->first[vehicle], own = 0;
    int64_t committed = 0;
    json_push(in, "steps");
    if (steps != NULL && !json_is_array(steps)) return json_bad(in, "is not an array");
    for (uint32_t k = 0; k < json_array_size(steps); k++) {
        uint32_t visit;
        json_push_index(in, k);
        TQ_TRY(read_step(in, json_array_get(steps, k), &visit));
        if (visit != TQ_NONE && used == room)
            return json_bad(in, "there are more steps than tasks; each task stands once");
        json_pop(in);
        if (visit == TQ_NONE) continue;
        plan->visit[used++] = visit;
        own++;
    }
    json_pop(in);
    plan->first[vehicle + 1] = used;
    if (json_object_get(object, "committed") == NULL) return TQ_OK;
    json_push(in, "committed");
    TQ_TRY(json_whole(in, json_object_get(object, "committed"), 0, own, &committed));
    json_pop(in);
    in->file->vehicle.at[vehicle].committed_count = (uint32_t)committed;
    return TQ_OK;
}

tq_status problem_read_steps(reader *in, const json_t *root)
{
    tq_fleet_file *file = in->file;
    const json_t *vehicles = json_object_get(root, "vehicles");
    uint32_t room = 2 * (uint32_t)file->task.count, count = (uint32_t)file->vehicle.count;
    file->start = (tq_fleet_plan){.vehicle_count = count,
                                  .first = TQ_ALLOC(uint32_t, count + 1),
                                  .visit = TQ_ALLOC(uint32_t, room + 1)};
    if (file->start.first == NULL || file->start.visit == NULL) return json_no_memory(in);
    json_push(in, "vehicles");
    for (uint32_t vehicle = 0; vehicle < count; vehicle++) {
        json_push_index(in, vehicle);
        TQ_TRY(vehicle_steps(in, json_array_get(vehicles, vehicle), vehicle, room));
        json_pop(in);
    }
    json_pop(in);
    file->has_start = file->start.first[count] > 0;
    return TQ_OK;
}
