/*
 * A gap: a route with some tasks out, and whether another task fits into it then.
 *
 * The ejection pool asks this far more often than anything else, and mostly the answer is no. So
 * nothing is copied: the stops are linked, a task leaves by two links and comes back by them, and
 * only the times between the first place and the last that matter are found anew. Latest begins go
 * backward until the pickup can't be made any earlier, earliest leavings go forward from there.
 *
 * Limits: shipments only, on routes for which the light test is exact.
 */
#include "fleet/plan_in.h"

typedef struct fitting {
    const plan_model *model;
    const plan_gap *gap;
    const plan_route *route;
    const plan_class *of;
    const plan_cell *to_take, *from_take, *to_drop, *from_drop;
    const int32_t *more;
    uint32_t take, drop, first, last; /* first and last stop that is out */
    int64_t ride, take_work, drop_work;
} fitting;

bool plan_gap_make(const plan_model *model, plan_gap *gap)
{
    uint32_t cap = model->task_stops + 2;
    *gap = (plan_gap){.next = TQ_ALLOC(uint32_t, cap),
                      .before = TQ_ALLOC(uint32_t, cap),
                      .late = TQ_ALLOC(int64_t, cap)};
    return gap->next != NULL && gap->before != NULL && gap->late != NULL;
}

void plan_gap_free(plan_gap *gap)
{
    tq_free(gap->next);
    tq_free(gap->before);
    tq_free(gap->late);
    *gap = (plan_gap){0};
}

void plan_gap_open(plan_gap *gap, const plan_route *route)
{
    gap->route = route;
    gap->count = 0;
    for (uint32_t k = 0; k < route->len; k++) {
        gap->next[k] = k + 1;
        gap->before[k] = k - 1;
    }
}

static void unlink_stop(plan_gap *gap, uint32_t at)
{
    gap->next[gap->before[at]] = gap->next[at];
    gap->before[gap->next[at]] = gap->before[at];
}

static void link_stop(plan_gap *gap, uint32_t at)
{
    gap->next[gap->before[at]] = at;
    gap->before[gap->next[at]] = at;
}

void plan_gap_take(plan_gap *gap, uint32_t pickup, uint32_t delivery)
{
    unlink_stop(gap, pickup);
    unlink_stop(gap, delivery);
    gap->pickup[gap->count] = pickup;
    gap->delivery[gap->count++] = delivery;
}

void plan_gap_put_back(plan_gap *gap)
{
    gap->count--;
    link_stop(gap, gap->delivery[gap->count]);
    link_stop(gap, gap->pickup[gap->count]);
}

static int32_t way_time(const fitting *fit, uint32_t a, uint32_t b)
{
    const plan_route *route = fit->route;
    if (b == a + 1) return route->way[a].time;
    return fit->of->cell[(size_t)route->place[a] * fit->model->width + route->place[b]].time;
}

static int64_t late_at(const fitting *fit, uint32_t at)
{
    return at > fit->last ? fit->route->late[at] : fit->gap->late[at];
}

/* Too much on board behind a stop, the task that comes in included? */
static bool over_at(const fitting *fit, uint32_t at)
{
    const plan_model *model = fit->model;
    const plan_route *route = fit->route;
    const plan_gap *gap = fit->gap;
    const int32_t *capacity = model->problem->vehicle[route->vehicle].capacity;
    for (uint32_t dim = 0; dim < model->loads; dim++) {
        int32_t load = route->load[at * model->loads + dim] + fit->more[dim];
        for (uint32_t k = 0; k < gap->count && load > capacity[dim]; k++)
            if (gap->pickup[k] < at && at < gap->delivery[k])
                load -= model->problem->task[route->stop[gap->pickup[k]] >> 1].load[dim];
        if (load > capacity[dim]) return true;
    }
    return false;
}

/* Latest begins, backward; *from is the first stop behind which the pickup may be. False when what
 * is left can't be driven. */
static bool find_late(const fitting *fit, uint32_t *from)
{
    const plan_model *model = fit->model;
    const plan_route *route = fit->route;
    int64_t least = model->from[fit->take] + fit->take_work;
    uint32_t behind = route->len - 1;
    int64_t late = route->late[behind];
    while (behind > 0 && late >= least) {
        uint32_t at = fit->gap->before[behind], stop = route->stop[at];
        late = at > fit->last
                   ? route->late[at]
                   : plan_latest(model, stop,
                                 late - way_time(fit, at, behind) - fit->of->service[stop]);
        if (late == -PLAN_NEVER) return false;
        fit->gap->late[at] = late;
        behind = at;
    }
    *from = behind;
    return true;
}

/* Pickup behind the stop `at`, delivery there or anywhere behind. */
static bool fits_behind(const fitting *fit, uint32_t at, int64_t leave)
{
    const plan_model *model = fit->model;
    const plan_route *route = fit->route;
    uint32_t end = route->len - 1, behind = fit->gap->next[at];
    int64_t begin = plan_begin(model, fit->take, leave + fit->to_take[route->place[at]].time);
    if (begin == PLAN_NEVER || over_at(fit, at)) return false;
    leave = begin + fit->take_work;
    begin = plan_begin(model, fit->drop, leave + fit->ride);
    if (begin == PLAN_NEVER) return false;
    if (begin + fit->drop_work + fit->from_drop[route->place[behind]].time <= late_at(fit, behind))
        return true;
    leave += fit->from_take[route->place[behind]].time;
    while (behind != end) {
        uint32_t stop = route->stop[behind];
        begin = plan_begin(model, stop, leave);
        if (begin > late_at(fit, behind) || over_at(fit, behind)) return false;
        leave = begin + fit->of->service[stop];
        if (leave > model->to[fit->drop]) return false;
        uint32_t next = fit->gap->next[behind];
        begin = plan_begin(model, fit->drop, leave + fit->to_drop[route->place[behind]].time);
        if (begin != PLAN_NEVER &&
            begin + fit->drop_work + fit->from_drop[route->place[next]].time <= late_at(fit, next))
            return true;
        leave += way_time(fit, behind, next);
        behind = next;
    }
    return false;
}

bool plan_gap_takes(const plan_model *model, const plan_gap *gap, uint32_t task)
{
    const plan_route *route = gap->route;
    const plan_class *of = &model->class_row[model->class_of[route->vehicle]];
    uint32_t take = TQ_FLEET_VISIT(task, 0), drop = take + 1, at;
    size_t take_row = (size_t)model->place[take] * model->width;
    size_t drop_row = (size_t)model->place[drop] * model->width;
    fitting fit = {.model = model,
                   .gap = gap,
                   .route = route,
                   .of = of,
                   .to_take = of->back + take_row,
                   .from_take = of->cell + take_row,
                   .to_drop = of->back + drop_row,
                   .from_drop = of->cell + drop_row,
                   .more = model->problem->task[task].load,
                   .take = take,
                   .drop = drop,
                   .first = route->len,
                   .ride = of->cell[take_row + model->place[drop]].time,
                   .take_work = of->service[take],
                   .drop_work = of->service[drop]};
    for (uint32_t k = 0; k < gap->count; k++) {
        fit.first = TQ_MIN(fit.first, gap->pickup[k]);
        fit.last = TQ_MAX(fit.last, gap->delivery[k]);
    }
    uint32_t from;
    if (!find_late(&fit, &from)) return false;
    /* Up to the first stop that is out all is as in the route. */
    at = TQ_MIN(from, gap->before[fit.first]);
    int64_t leave = route->leave[at];
    while (leave <= model->to[take]) {
        if (at >= from && fits_behind(&fit, at, leave)) return true;
        uint32_t next = gap->next[at], stop = route->stop[next];
        if (next == route->len - 1) return false;
        int64_t begin = plan_begin(model, stop, leave + way_time(&fit, at, next));
        if (begin == PLAN_NEVER) return false;
        leave = begin + of->service[stop];
        at = next;
    }
    return false;
}
