/*
 * Putting absent tasks back: greedy insertion in a random kind of order, with blinks.
 *
 * What was found for a task in a route that has not changed since is kept (state->kept, by version
 * of the route), so that a round costs what it touched and not the whole fleet. A kept bound says
 * that nothing below it exists there. Of alike unused vehicles one is tried.
 */
#include "fleet/plan_in.h"

#define OPEN_FREE_EVERY 8u /* rounds */

bool plan_touch(plan_state *state, uint32_t vehicle)
{
    if (state->touched[vehicle] != 0) return true;
    if (!plan_route_room(state->model, &state->saved[vehicle], state->route[vehicle].len))
        return false;
    state->touched[vehicle] = 1;
    plan_route_copy(state->model, &state->saved[vehicle], &state->route[vehicle]);
    state->touched_list[state->touched_count++] = vehicle;
    return true;
}

/* Which vehicles are in use, and one unused of each type. */
void plan_lists(plan_state *state)
{
    const plan_model *model = state->model;
    state->used_count = 0;
    for (uint32_t type = 0; type < model->type_count; type++)
        state->empty_of[type] = TQ_NONE;
    for (uint32_t vehicle = model->problem->vehicle_count; vehicle-- > 0;) {
        if (state->route[vehicle].len > 2)
            state->used[state->used_count++] = vehicle;
        else
            state->empty_of[model->type_of[vehicle]] = vehicle;
    }
}

static uint64_t order_key(plan_state *state, uint32_t kind, uint32_t task)
{
    const plan_model *model = state->model;
    const tq_fleet_task *as = &model->problem->task[task];
    uint32_t take = TQ_FLEET_VISIT(task, 0), drop = take + 1;
    const plan_class *of = &model->class_row[0];
    uint32_t start = plan_start_of(model, 0);
    uint64_t far = (uint64_t)(uint32_t)plan_way(model, of, start, take).cost +
                   (uint32_t)plan_way(model, of, start, drop).cost;
    switch (kind) {
    case 0:
    case 1:
    case 2:
    case 3: return plan_roll(&state->dice);
    case 4:
    case 5: {
        uint64_t sum = 0;
        for (uint32_t dim = 0; dim < model->loads; dim++)
            sum += (uint64_t)as->load[dim] + (uint64_t)model->drop[task * model->loads + dim];
        return UINT64_MAX - sum;
    }
    case 6:
    case 7: return UINT64_MAX - far;
    case 8: return far;
    case 9:
        return (uint64_t)((model->to[take] - model->from[take]) +
                          (model->to[drop] - model->from[drop]));
    case 10: return (uint64_t)(model->from[take] + 2 * TQ_FLEET_TIME_MAX);
    case 11: return UINT64_MAX - (uint64_t)(model->to[drop] + 2 * TQ_FLEET_TIME_MAX);
    default: /* hard to place */
        return UINT64_MAX - ((state->times_absent[task] << 16) | (plan_roll(&state->dice) >> 16));
    }
}

/* Few, and nearly in order: insertion sort, stable. Tasks of higher priority stay in front when
 * tasks may be left out. */
static void order_absent(plan_state *state)
{
    /* With the fewest vehicles a plan is narrow: there what was hard to place may go first. */
    uint32_t kinds = state->options->goal == TQ_FLEET_FEWEST ? 16 : 12;
    uint32_t kind = plan_below(&state->dice, kinds), *absent = state->absent;
    for (uint32_t k = 0; k < state->absent_count; k++)
        state->key[absent[k]] = order_key(state, kind, absent[k]);
    if (state->absent_count > 200) {
        (void)tq_sort_by_u64(absent, state->absent_count, state->key);
        return;
    }
    for (uint32_t k = 1; k < state->absent_count; k++) {
        uint32_t task = absent[k], at = k;
        for (; at > 0 && state->key[absent[at - 1]] > state->key[task]; at--)
            absent[at] = absent[at - 1];
        absent[at] = task;
    }
}

static plan_place find_in(plan_state *state, uint32_t vehicle, uint32_t task, int64_t bound,
                          uint32_t blink)
{
    const plan_route *route = &state->route[vehicle];
    const plan_model *model = state->model;
    if (state->kept == NULL || state->touched[vehicle] != 0)
        return plan_insert_find(model, route, task, bound, blink, &state->dice, &state->scratch);
    plan_kept *kept = &state->kept[(size_t)task * model->problem->vehicle_count + vehicle];
    if (kept->version == route->version) {
        if (kept->cost >= bound) return (plan_place){PLAN_COST_NONE, TQ_NONE, TQ_NONE};
        if (kept->exact) {
            if (blink == 0 || plan_roll(&state->dice) >= blink)
                return (plan_place){kept->cost, kept->pickup, kept->delivery};
            return plan_insert_find(model, route, task, bound, blink << 4, &state->dice,
                                    &state->scratch);
        }
    }
    plan_place found =
        plan_insert_find(model, route, task, bound, 0, &state->dice, &state->scratch);
    *kept = found.cost < bound
                ? (plan_kept){route->version, found.cost, found.pickup, found.delivery, true}
                : (plan_kept){route->version, bound, TQ_NONE, TQ_NONE, false};
    return found;
}

/* False when there is no memory to do so. */
static bool put_in(plan_state *state, uint32_t vehicle, uint32_t task, plan_place place)
{
    plan_route *route = &state->route[vehicle];
    bool opens = route->len == 2;
    if (!plan_touch(state, vehicle) || !plan_route_room(state->model, route, route->len + 2))
        return false;
    plan_insert_do(state->model, route, task, place);
    bool good = plan_route_fill(state->model, route);
    TQ_ASSERT(good);
    route->version = state->version_next++;
    state->vehicle_of[task] = vehicle;
    if (opens) plan_lists(state);
    return true;
}

static bool is_known(const plan_state *state, uint32_t vehicle, uint32_t task)
{
    if (state->kept == NULL || state->touched[vehicle] != 0) return false;
    const plan_kept *kept =
        &state->kept[(size_t)task * state->model->problem->vehicle_count + vehicle];
    return kept->version == state->route[vehicle].version;
}

static void choose(plan_state *state, uint32_t visit)
{
    const plan_model *model = state->model;
    const uint32_t *close = model->close + (size_t)visit * model->close_count;
    for (uint32_t k = 0; k < model->close_count; k++) {
        uint32_t vehicle = state->vehicle_of[close[k] >> 1];
        if (vehicle == TQ_NONE || state->chosen_mark[vehicle] == state->chosen_now) continue;
        state->chosen_mark[vehicle] = state->chosen_now;
        state->chosen[state->chosen_count++] = vehicle;
    }
}

/* Vehicles that come near the task. */
static void choose_vehicles(plan_state *state, uint32_t task)
{
    state->chosen_count = 0;
    state->chosen_now++;
    choose(state, TQ_FLEET_VISIT(task, 0));
    if (state->model->problem->task[task].kind == TQ_FLEET_SHIPMENT)
        choose(state, TQ_FLEET_VISIT(task, 1));
}

/* The best place over some routes; TQ_NONE = there is none. What is known comes first: a low bound
 * early saves looking. */
static uint32_t find_best_of(plan_state *state, const uint32_t *list, uint32_t count, uint32_t task,
                             uint32_t blink, plan_place *best)
{
    uint32_t chosen = TQ_NONE;
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t row = 0; row < count; row++) {
            uint32_t vehicle = list[row];
            if (vehicle == state->banned || is_known(state, vehicle, task) != (pass == 0)) continue;
            plan_place place = find_in(state, vehicle, task, best->cost, blink);
            if (place.pickup == TQ_NONE || place.cost >= best->cost) continue;
            *best = place;
            chosen = vehicle;
        }
    return chosen;
}

/* The ways of a visit are read in the order of routes, which no processor foresees. */
static void fetch_ways(const plan_model *model, uint32_t visit)
{
    const plan_cell *row = model->class_row[0].cell + (size_t)model->place[visit] * model->width;
    for (uint32_t k = 0; k < model->width; k += 64 / sizeof *row)
        __builtin_prefetch(row + k);
}

/* With many tasks only the routes that come near, unless there is no place in them. */
static uint32_t find_best(plan_state *state, uint32_t task, uint32_t blink, plan_place *best)
{
    uint32_t chosen = TQ_NONE;
    best->cost = PLAN_COST_NONE;
    if (state->model->close_count > 0) {
        fetch_ways(state->model, TQ_FLEET_VISIT(task, 0));
        fetch_ways(state->model, TQ_FLEET_VISIT(task, 1));
        choose_vehicles(state, task);
        chosen = find_best_of(state, state->chosen, state->chosen_count, task, blink, best);
    }
    if (chosen == TQ_NONE)
        chosen = find_best_of(state, state->used, state->used_count, task, blink, best);
    if (state->used_count >= state->vehicles_max) return chosen;
    for (uint32_t type = 0; type < state->model->type_count; type++) {
        uint32_t vehicle = state->empty_of[type];
        if (vehicle == TQ_NONE || vehicle == state->banned) continue;
        plan_place place = plan_insert_find(state->model, &state->route[vehicle], task, best->cost,
                                            blink, &state->dice, &state->scratch);
        if (place.pickup == TQ_NONE) continue;
        *best = place;
        chosen = vehicle;
    }
    return chosen;
}

void plan_recreate(plan_state *state, uint32_t blink)
{
    uint32_t left = 0;
    /* A fixed cost pays only over several tasks, which a greedy choice of one can't see. */
    state->scratch.open_free = blink > 0 && plan_below(&state->dice, OPEN_FREE_EVERY) == 0;
    order_absent(state);
    for (uint32_t k = 0; k < state->absent_count; k++) {
        plan_place place;
        uint32_t task = state->absent[k];
        uint32_t vehicle = find_best(state, task, blink, &place);
        if (vehicle == TQ_NONE || !put_in(state, vehicle, task, place))
            state->absent[left++] = task;
    }
    state->absent_count = left;
}
