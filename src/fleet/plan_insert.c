/*
 * The cheapest place for a task in a route.
 *
 * A job has one place to choose, a shipment two. For a shipment the extra cost of the delivery is
 * known for each place by itself, and its least over all places behind; so a pickup whose own extra
 * cost with that least is not below the best so far is passed over without a look at the places
 * behind. Times go forward from the pickup until the latest begin of a stop is passed.
 *
 * Exact by the light test; where a route needs the whole test, each place that would be the best is
 * tested whole.
 */
#include "fleet/plan_in.h"

typedef struct finding {
    const plan_model *model;
    const plan_route *route;
    const plan_class *of;
    const tq_fleet_vehicle *vehicle;
    uint32_t task;
    int64_t empty_cost; /* fixed cost, when the route is not in use yet */
    uint32_t blink;
    plan_dice *dice;
    plan_scratch *scratch;
    const plan_cell *to_take, *from_take; /* rows of the pickup's place: ways to it and from it */
    const plan_cell *to_drop, *from_drop;
    plan_place best;
} finding;

static plan_cell way(const finding *of, uint32_t a, uint32_t b)
{
    return plan_way(of->model, of->of, a, b);
}

static bool no_way(plan_cell cell)
{
    return cell.time == TQ_FLEET_NO_WAY;
}

static void fill_trial_loads(const finding *of, uint32_t len)
{
    const plan_model *model = of->model;
    plan_scratch *scratch = of->scratch;
    uint32_t loads = model->loads;
    for (uint32_t dim = 0; dim < loads; dim++) {
        int32_t now = 0;
        for (uint32_t k = 1; k + 1 < len; k++)
            if ((scratch->stop[k] & 1) == 0)
                now += model->drop[(scratch->stop[k] >> 1) * loads + dim];
        for (uint32_t k = 0; k < len; k++) {
            if (k > 0 && k + 1 < len) now += model->carry[scratch->stop[k] * loads + dim];
            scratch->load[k * loads + dim] = now;
        }
    }
}

static int64_t route_distance(const finding *of, uint32_t len)
{
    size_t places = of->model->problem->place_count;
    int64_t sum = 0;
    if (of->of->distance == NULL) return 0;
    for (uint32_t k = 1; k < len; k++) {
        size_t a = of->model->place[of->scratch->stop[k - 1]];
        size_t b = of->model->place[of->scratch->stop[k]];
        if (a < places && b < places) sum += of->of->distance[a * places + b];
    }
    return sum;
}

/* The tests that need the sequence itself. */
static bool whole_good(const finding *of, uint32_t pickup, uint32_t delivery)
{
    const plan_route *route = of->route;
    uint32_t *stop = of->scratch->stop, len = route->len;
    bool shipment = of->model->problem->task[of->task].kind == TQ_FLEET_SHIPMENT;
    bool far = of->vehicle->distance_max != TQ_FLEET_ANY;
    if (!far && of->model->whole[route->vehicle] == 0) return true;
    uint32_t used = pickup + 1;
    memcpy(stop, route->stop, used * sizeof *stop);
    stop[used++] = TQ_FLEET_VISIT(of->task, 0);
    if (shipment) {
        memcpy(stop + used, route->stop + pickup + 1, (delivery - pickup) * sizeof *stop);
        used += delivery - pickup;
        stop[used++] = TQ_FLEET_VISIT(of->task, 1);
    }
    memcpy(stop + used, route->stop + delivery + 1, (len - delivery - 1) * sizeof *stop);
    used += len - delivery - 1;
    if (far && route_distance(of, used) > of->vehicle->distance_max) return false;
    if (of->model->whole[route->vehicle] == 0) return true;
    if (of->vehicle->break_count > 0) fill_trial_loads(of, used);
    return plan_times(of->model, route->vehicle, stop, used, of->scratch->load, -PLAN_NEVER,
                      of->scratch) == PLAN_GOOD;
}

static void offer(finding *of, int64_t cost, int64_t time, uint32_t pickup, uint32_t delivery)
{
    if (of->vehicle->travel_max != TQ_FLEET_ANY &&
        of->route->travel + time > of->vehicle->travel_max)
        return;
    if (of->blink > 0 && plan_roll(of->dice) < of->blink) return;
    if (!whole_good(of, pickup, delivery)) return;
    of->best = (plan_place){cost, pickup, delivery};
}

/* First begin of a stop of the route; when it is beyond the latest it need not be exact. */
static int64_t begin_at(const finding *of, uint32_t index, int64_t time)
{
    if (of->model->has_choice) return plan_begin(of->model, of->route->stop[index], time);
    return TQ_MAX(time, of->route->from[index]);
}

static bool over(const finding *of, const int32_t *load, const int32_t *more)
{
    for (uint32_t dim = 0; dim < of->model->loads; dim++)
        if (load[dim] + more[dim] > of->vehicle->capacity[dim]) return true;
    return false;
}

/* First place from which on the stop behind can still be reached after this visit. */
static uint32_t first_place(const finding *of, uint32_t visit)
{
    const plan_route *route = of->route;
    int64_t least = of->model->from[visit] + of->of->service[visit];
    uint32_t place = route->fixed;
    while (place + 2 < route->len && route->late[place + 1] < least)
        place++;
    return place;
}

static void find_job(finding *of)
{
    const plan_model *model = of->model;
    const plan_route *route = of->route;
    uint32_t visit = TQ_FLEET_VISIT(of->task, 0), loads = model->loads;
    const int32_t *drop = model->drop + (size_t)of->task * loads;
    const int32_t *load = model->problem->task[of->task].load;
    for (uint32_t place = first_place(of, visit); place + 1 < route->len; place++) {
        uint32_t a = route->stop[place];
        if (route->leave[place] > model->to[visit]) break;
        plan_cell there = of->to_take[route->place[place]], old = route->way[place];
        plan_cell on = of->from_take[route->place[place + 1]];
        int64_t cost = (int64_t)there.cost + on.cost - old.cost + of->empty_cost;
        if (cost >= of->best.cost || no_way(there) || no_way(on)) continue;
        int64_t begin = plan_begin(model, visit, route->leave[place] + there.time);
        if (begin == PLAN_NEVER) continue;
        int64_t arrive = begin + plan_work(model, of->of, a, visit) + on.time;
        if (begin_at(of, place + 1, arrive) > route->late[place + 1]) continue;
        if (over(of, route->peak_before + place * loads, drop) ||
            over(of, route->peak_behind + place * loads, load))
            continue;
        offer(of, cost, (int64_t)there.time + on.time - old.time, place, place);
    }
}

/* Extra cost of the delivery alone at each place, and the least behind. Returns the last place that
 * is worth a look. */
static uint32_t delivery_costs(const finding *of, uint32_t drop, uint32_t from)
{
    const plan_route *route = of->route;
    int64_t *there = of->scratch->cost_there, *least = of->scratch->least_behind;
    uint32_t end = route->len - 1, last = from;
    int64_t earliest = of->model->from[drop] + of->of->service[drop];
    for (uint32_t place = from; place < end; place++) {
        there[place] = PLAN_COST_NONE;
        if (route->leave[place] > of->model->to[drop]) break;
        last = place;
        if (route->late[place + 1] < earliest) continue;
        plan_cell in = of->to_drop[route->place[place]];
        plan_cell on = of->from_drop[route->place[place + 1]];
        if (no_way(in) || no_way(on)) continue;
        there[place] = (int64_t)in.cost + on.cost - route->way[place].cost;
    }
    least[last + 1] = PLAN_COST_NONE;
    for (uint32_t place = last + 1; place-- > from;)
        least[place] = TQ_MIN(there[place], least[place + 1]);
    return last;
}

/* Pickup and delivery one after the other. */
static void try_side_by_side(finding *of, uint32_t place, plan_cell there, plan_cell old,
                             int64_t leave)
{
    const plan_model *model = of->model;
    uint32_t take = TQ_FLEET_VISIT(of->task, 0), drop = take + 1;
    plan_cell ride = way(of, take, drop), on = of->from_drop[of->route->place[place + 1]];
    int64_t cost = (int64_t)there.cost + ride.cost + on.cost - old.cost + of->empty_cost;
    if (cost >= of->best.cost || no_way(ride) || no_way(on)) return;
    int64_t begin = plan_begin(model, drop, leave + ride.time);
    if (begin == PLAN_NEVER) return;
    int64_t arrive = begin + plan_work(model, of->of, take, drop) + on.time;
    if (begin_at(of, place + 1, arrive) > of->route->late[place + 1]) return;
    offer(of, cost, (int64_t)there.time + ride.time + on.time - old.time, place, place);
}

/* LIFO: between pickup and delivery every shipment begins and ends. */
static bool lifo_step(const finding *of, uint32_t stop, int32_t *depth)
{
    if (!of->vehicle->lifo || of->model->problem->task[stop >> 1].kind != TQ_FLEET_SHIPMENT)
        return true;
    *depth += (stop & 1) == 0 ? 1 : -1;
    return *depth >= 0;
}

static void try_behind(finding *of, uint32_t place, uint32_t last, plan_cell there, plan_cell on,
                       plan_cell old, int64_t leave)
{
    const plan_model *model = of->model;
    const plan_route *route = of->route;
    uint32_t take = TQ_FLEET_VISIT(of->task, 0), drop = take + 1, loads = model->loads;
    const int32_t *load = model->problem->task[of->task].load;
    int64_t own = (int64_t)there.cost + on.cost - old.cost + of->empty_cost;
    int64_t own_time = (int64_t)there.time + on.time - old.time;
    int32_t depth = 0;
    plan_cell step = on;
    for (uint32_t at = place + 1; at <= last; at++) {
        if (own + of->scratch->least_behind[at] >= of->best.cost) return;
        int64_t begin = begin_at(of, at, leave + step.time);
        if (begin > route->late[at] || over(of, route->load + at * loads, load)) return;
        if (!lifo_step(of, route->stop[at], &depth)) return;
        leave = begin + (at == place + 1 ? plan_work(model, of->of, take, route->stop[at])
                                         : route->work[at]);
        if (leave > model->to[drop]) return;
        step = route->way[at];
        int64_t cost = own + of->scratch->cost_there[at];
        if (cost >= of->best.cost || depth != 0) continue;
        plan_cell in = of->to_drop[route->place[at]];
        plan_cell out = of->from_drop[route->place[at + 1]];
        int64_t begin_drop = plan_begin(model, drop, leave + in.time);
        if (begin_drop == PLAN_NEVER) continue;
        int64_t arrive = begin_drop + plan_work(model, of->of, route->stop[at], drop) + out.time;
        if (begin_at(of, at + 1, arrive) > route->late[at + 1]) continue;
        offer(of, cost, own_time + (int64_t)in.time + out.time - step.time, place, at);
    }
}

static void find_shipment(finding *of)
{
    const plan_model *model = of->model;
    const plan_route *route = of->route;
    uint32_t take = TQ_FLEET_VISIT(of->task, 0), drop = take + 1, loads = model->loads;
    const int32_t *load = model->problem->task[of->task].load;
    uint32_t first = first_place(of, take);
    uint32_t last = delivery_costs(of, drop, first);
    for (uint32_t place = first; place + 1 < route->len && place <= last; place++) {
        uint32_t a = route->stop[place];
        if (route->leave[place] > model->to[take]) return;
        plan_cell there = of->to_take[route->place[place]], old = route->way[place];
        plan_cell on = of->from_take[route->place[place + 1]];
        if (no_way(there)) continue;
        int64_t begin = plan_begin(model, take, route->leave[place] + there.time);
        if (begin == PLAN_NEVER || over(of, route->load + place * loads, load)) continue;
        int64_t leave = begin + plan_work(model, of->of, a, take);
        int64_t own = (int64_t)there.cost + on.cost - old.cost + of->empty_cost;
        try_side_by_side(of, place, there, old, leave);
        if (place == last || no_way(on)) continue;
        if (own + of->scratch->least_behind[place + 1] < of->best.cost)
            try_behind(of, place, last, there, on, old, leave);
    }
}

plan_place plan_insert_find(const plan_model *model, const plan_route *route, uint32_t task,
                            int64_t bound, uint32_t blink, plan_dice *dice, plan_scratch *scratch)
{
    const tq_fleet_problem *problem = model->problem;
    const tq_fleet_vehicle *vehicle = &problem->vehicle[route->vehicle];
    bool shipment = problem->task[task].kind == TQ_FLEET_SHIPMENT;
    finding of = {.model = model,
                  .route = route,
                  .of = &model->class_row[model->class_of[route->vehicle]],
                  .vehicle = vehicle,
                  .task = task,
                  .empty_cost = route->len == 2 && !scratch->open_free ? vehicle->fixed : 0,
                  .blink = blink,
                  .dice = dice,
                  .scratch = scratch,
                  .best = {bound, TQ_NONE, TQ_NONE}};
    size_t take = (size_t)model->place[TQ_FLEET_VISIT(task, 0)] * model->width;
    size_t drop = (size_t)model->place[TQ_FLEET_VISIT(task, 1)] * model->width;
    of.to_take = of.of->back + take;
    of.from_take = of.of->cell + take;
    of.to_drop = of.of->back + drop;
    of.from_drop = of.of->cell + drop;
    uint32_t type = model->type_of[route->vehicle];
    bool fits = model->fits[(size_t)task * model->type_count + type] != 0;
    if (vehicle->tasks_max != TQ_NONE && route->len - 1 + shipment > vehicle->tasks_max)
        fits = false;
    if (fits && shipment) find_shipment(&of);
    if (fits && !shipment) find_job(&of);
    if (of.best.pickup == TQ_NONE) of.best.cost = PLAN_COST_NONE;
    return of.best;
}

void plan_insert_do(const plan_model *model, plan_route *route, uint32_t task, plan_place place)
{
    uint32_t *stop = route->stop, len = route->len, visit = TQ_FLEET_VISIT(task, 0);
    bool shipment = model->problem->task[task].kind == TQ_FLEET_SHIPMENT;
    uint32_t behind = place.delivery + 1, moved = 1 + shipment;
    memmove(stop + behind + moved, stop + behind, (len - behind) * sizeof *stop);
    if (shipment) {
        stop[behind + 1] = visit + 1;
        memmove(stop + place.pickup + 2, stop + place.pickup + 1,
                (place.delivery - place.pickup) * sizeof *stop);
    }
    stop[place.pickup + 1] = visit;
    route->len += moved;
}
