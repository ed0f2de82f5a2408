/*
 * Routes: room, copies, and the numbers that the light test of an insertion reads.
 *
 * Invariant: after plan_route_fill was true, begin and leave are the earliest possible and late the
 * latest possible at each stop, breaks, rides and durations aside.
 */
#include "fleet/plan_in.h"

static bool grow(void **array, uint32_t used, uint32_t cap, size_t size)
{
    uint8_t *more = tq_alloc(cap, size);
    if (more == NULL) return false;
    if (used > 0) memcpy(more, *array, used * size);
    tq_free(*array);
    *array = more;
    return true;
}

bool plan_route_room(const plan_model *model, plan_route *route, uint32_t len)
{
    if (len <= route->cap) return true;
    uint32_t cap = TQ_MAX(len + 8, route->cap * 2), used = TQ_MIN(route->len, route->cap);
    size_t loads = sizeof(int32_t) * TQ_MAX(model->loads, 1u);
    if (!grow((void **)&route->stop, used, cap, sizeof *route->stop) ||
        !grow((void **)&route->begin, used, cap, sizeof *route->begin) ||
        !grow((void **)&route->leave, used, cap, sizeof *route->leave) ||
        !grow((void **)&route->late, used, cap, sizeof *route->late) ||
        !grow((void **)&route->from, used, cap, sizeof *route->from) ||
        !grow((void **)&route->work, used, cap, sizeof *route->work) ||
        !grow((void **)&route->place, used, cap, sizeof *route->place) ||
        !grow((void **)&route->way, used, cap, sizeof *route->way) ||
        !grow((void **)&route->load, used, cap, loads) ||
        !grow((void **)&route->peak_before, used, cap, loads) ||
        !grow((void **)&route->peak_behind, used, cap, loads))
        return false;
    route->cap = cap;
    return true;
}

void plan_route_free(plan_route *route)
{
    tq_free(route->stop);
    tq_free(route->begin);
    tq_free(route->leave);
    tq_free(route->late);
    tq_free(route->from);
    tq_free(route->work);
    tq_free(route->place);
    tq_free(route->way);
    tq_free(route->load);
    tq_free(route->peak_before);
    tq_free(route->peak_behind);
    *route = (plan_route){0};
}

void plan_route_copy(const plan_model *model, plan_route *to, const plan_route *from)
{
    size_t loads = (size_t)from->len * model->loads * sizeof(int32_t);
    to->vehicle = from->vehicle;
    to->len = from->len;
    to->fixed = from->fixed;
    to->version = from->version;
    to->cost = from->cost;
    to->travel = from->travel;
    to->distance = from->distance;
    memcpy(to->stop, from->stop, from->len * sizeof *to->stop);
    memcpy(to->begin, from->begin, from->len * sizeof *to->begin);
    memcpy(to->leave, from->leave, from->len * sizeof *to->leave);
    memcpy(to->late, from->late, from->len * sizeof *to->late);
    memcpy(to->from, from->from, from->len * sizeof *to->from);
    memcpy(to->work, from->work, from->len * sizeof *to->work);
    memcpy(to->place, from->place, from->len * sizeof *to->place);
    memcpy(to->way, from->way, from->len * sizeof *to->way);
    if (loads == 0) return;
    memcpy(to->load, from->load, loads);
    memcpy(to->peak_before, from->peak_before, loads);
    memcpy(to->peak_behind, from->peak_behind, loads);
}

static void fill_loads(const plan_model *model, plan_route *route)
{
    uint32_t loads = model->loads, len = route->len;
    for (uint32_t dim = 0; dim < loads; dim++) {
        int32_t now = 0, peak = 0;
        for (uint32_t k = 1; k + 1 < len; k++)
            if ((route->stop[k] & 1) == 0) now += model->drop[(route->stop[k] >> 1) * loads + dim];
        for (uint32_t k = 0; k < len; k++) {
            if (k > 0 && k + 1 < len) now += model->carry[route->stop[k] * loads + dim];
            peak = TQ_MAX(peak, now);
            route->load[k * loads + dim] = now;
            route->peak_before[k * loads + dim] = peak;
        }
        peak = 0;
        for (uint32_t k = len; k-- > 0;) {
            peak = TQ_MAX(peak, route->load[k * loads + dim]);
            route->peak_behind[k * loads + dim] = peak;
        }
    }
}

static bool fill_forward(const plan_model *model, const plan_class *of, plan_route *route)
{
    const uint32_t *stop = route->stop;
    route->cost = route->travel = route->distance = 0;
    route->begin[0] = route->leave[0] = model->from[stop[0]];
    for (uint32_t k = 1; k < route->len; k++) {
        plan_cell way = of->cell[(size_t)route->place[k - 1] * model->width + route->place[k]];
        if (way.time == TQ_FLEET_NO_WAY) return false;
        route->way[k - 1] = way;
        route->cost += way.cost;
        route->travel += way.time;
        route->begin[k] = plan_begin(model, stop[k], route->leave[k - 1] + way.time);
        if (route->begin[k] == PLAN_NEVER) return false;
        route->work[k] = plan_work(model, of, stop[k - 1], stop[k]);
        route->leave[k] = route->begin[k] + route->work[k];
    }
    return true;
}

static void fill_distance(const plan_model *model, const plan_class *of, plan_route *route)
{
    size_t places = model->problem->place_count;
    if (of->distance == NULL) return;
    for (uint32_t k = 1; k < route->len; k++) {
        size_t a = model->place[route->stop[k - 1]], b = model->place[route->stop[k]];
        if (a < places && b < places) route->distance += of->distance[a * places + b];
    }
}

bool plan_route_fill(const plan_model *model, plan_route *route)
{
    const tq_fleet_vehicle *vehicle = &model->problem->vehicle[route->vehicle];
    const plan_class *of = &model->class_row[model->class_of[route->vehicle]];
    const uint32_t *stop = route->stop;
    uint32_t last = route->len - 1;
    fill_loads(model, route);
    for (uint32_t k = 0; k <= last; k++) {
        route->from[k] = model->from[stop[k]];
        route->place[k] = model->place[stop[k]];
    }
    route->work[0] = 0;
    if (route->len == 2) { /* unused: no way is gone */
        route->cost = route->travel = route->distance = 0;
        for (uint32_t k = 0; k < 2; k++) {
            route->begin[k] = route->leave[k] = model->from[stop[k]];
            route->late[k] = model->to[stop[k]];
            route->work[k] = 0;
            route->way[k] = (plan_cell){0, 0};
        }
        return true;
    }
    if (!fill_forward(model, of, route)) return false;
    if (vehicle->distance_max != TQ_FLEET_ANY) fill_distance(model, of, route);
    int64_t late = route->late[last] = model->to[stop[last]];
    for (uint32_t k = last; k-- > 0;) {
        int64_t leave = late - route->way[k].time;
        route->late[k] = plan_latest(model, stop[k], leave - of->service[stop[k]]);
        late =
            model->has_setup ? plan_latest(model, stop[k], leave - route->work[k]) : route->late[k];
    }
    return route->travel <= vehicle->travel_max && route->distance <= vehicle->distance_max;
}
