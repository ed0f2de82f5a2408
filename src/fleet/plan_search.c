/*
 * Improvement by ruin and recreate.
 *
 * Method: slack induction by string removals (Christiaens, Vanden Berghe, Transportation Science
 * 54(2), 2020): strings of neighbouring tasks are taken out of routes that pass near a random
 * visit, put back greedily with blinks, and the outcome is accepted as in simulated annealing. To
 * save vehicles a first part of the budget empties the route whose tasks have been absent least and
 * looks for a home for them; absence counters decide what may stay out. Where vehicles are alike an
 * ejection pool goes on (plan_eject.c). One round touches few routes; they are copied first and
 * copied back when the outcome is refused.
 *
 * Invariants: between rounds every route is valid; the best plan only gets better.
 */
#include <math.h>

#include "fleet/plan_in.h"

#define STRINGS_MEAN     10.0 /* tasks taken out on average, as in the paper */
#define STRING_MAX       10.0
#define BLINK            42949673u /* 1 % in 2^32 */
#define FLEET_SHARE      0.3
#define ABSENCE_SHARE    0.04 /* before ejection */
#define EJECT_UNTIL_LONG 0.3
#define EJECT_UNTIL      0.4
#define EJECT_UNTIL_MANY 0.55
#define FOCUS_ROUNDS     300u
#define FOCUS_NEAR       100u  /* visits */
#define HEAT_FIRST       0.003 /* of the cost of the plan */
#define HEAT_NARROW      0.03  /* with the fewest vehicles and few tasks ... */
#define HEAT_TASKS       300.0 /* ... and this over their square with many */
#define HEAT_AGAIN       0.2
#define COOLINGS         2u
#define COOLINGS_LONG    8u
#define FEW_TASKS        80.0
#define LONG_ROUTE       15u /* tasks */
#define LONG_TASKS_MAX   300.0
#define HEAT_LAST        0.00001
#define ASK_EVERY        16u
#define STRING_LIST      64u
#define BLINK_BOLD       644245094u /* 15 % */
#define BOLD_EVERY       16u        /* rounds: few tasks need bolder choices */
#define SWAP_EVERY       16u        /* rounds */
#define EMPTY_EVERY      16u        /* rounds */
#define EMPTY_TASKS_MAX  64u

/* ---- best plan ---------------------------------------------------------------------------------
 */

static void measure(const plan_state *state, tq_fleet_score *out)
{
    const tq_fleet_problem *problem = state->model->problem;
    *out = (tq_fleet_score){.iterations = state->best.iterations};
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++)
        if (state->route[vehicle].len > 2) {
            out->cost += state->route[vehicle].cost + problem->vehicle[vehicle].fixed;
            out->vehicles++;
        }
    for (uint32_t k = 0; k < state->absent_count; k++)
        out->lost += state->model->lost_weight[state->absent[k]];
    out->unserved = state->absent_count;
}

void plan_keep_best(plan_state *state)
{
    uint32_t used = 0, vehicles = state->model->problem->vehicle_count;
    measure(state, &state->best);
    for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++) {
        const plan_route *route = &state->route[vehicle];
        state->best_first[vehicle] = used;
        memcpy(state->best_visit + used, route->stop + 1, (route->len - 2) * sizeof *route->stop);
        used += route->len - 2;
    }
    state->best_first[vehicles] = used;
}

void plan_load_best(plan_state *state)
{
    const tq_fleet_problem *problem = state->model->problem;
    for (uint32_t task = 0; task < problem->task_count; task++)
        state->vehicle_of[task] = TQ_NONE;
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        plan_route *route = &state->route[vehicle];
        uint32_t from = state->best_first[vehicle], count = state->best_first[vehicle + 1] - from;
        for (uint32_t k = 0; k < count; k++) {
            route->stop[k + 1] = state->best_visit[from + k];
            state->vehicle_of[state->best_visit[from + k] >> 1] = vehicle;
        }
        route->stop[count + 1] = plan_start_of(state->model, vehicle) + 1;
        route->len = count + 2;
        bool good = plan_route_fill(state->model, route);
        TQ_ASSERT(good);
        route->version = state->version_next++;
    }
    state->absent_count = 0;
    for (uint32_t task = 0; task < problem->task_count; task++)
        if (state->vehicle_of[task] == TQ_NONE) state->absent[state->absent_count++] = task;
    plan_lists(state);
}

/* ---- ruin --------------------------------------------------------------------------------------
 */

static void refill_after_removal(plan_state *state, uint32_t vehicle)
{
    const plan_model *model = state->model;
    plan_route *route = &state->route[vehicle];
    uint32_t at;
    route->version = state->version_next++;
    bool good = plan_route_fill(model, route);
    if (good && model->whole[vehicle] != 0)
        good = plan_route_check(model, route, &state->scratch, &at) == PLAN_GOOD;
    if (good) return;
    /* Without triangle inequality less may be too much: all that is free goes out. */
    uint32_t kept = 1;
    for (uint32_t k = 1; k + 1 < route->len; k++) {
        uint32_t task = route->stop[k] >> 1;
        if (state->locked[task] != 0) {
            route->stop[kept++] = route->stop[k];
        } else if (state->vehicle_of[task] != TQ_NONE) {
            state->vehicle_of[task] = TQ_NONE;
            state->absent[state->absent_count++] = task;
        }
    }
    route->stop[kept++] = plan_start_of(model, vehicle) + 1;
    route->len = kept;
    if (!plan_route_fill(model, route)) state->broken = true;
    if (!state->broken && model->whole[vehicle] != 0 && route->len > 2)
        state->broken = plan_route_check(model, route, &state->scratch, &at) != PLAN_GOOD;
}

void plan_take_out(plan_state *state, const uint32_t *task, uint32_t count)
{
    if (count == 0) return;
    plan_route *route = &state->route[state->vehicle_of[task[0]]];
    uint32_t kept = 0;
    if (!plan_touch(state, route->vehicle)) return;
    for (uint32_t k = 0; k < count; k++) {
        state->vehicle_of[task[k]] = TQ_NONE;
        state->absent[state->absent_count++] = task[k];
    }
    for (uint32_t k = 0; k < route->len; k++) {
        uint32_t stop = route->stop[k];
        if (!plan_is_visit(state->model, stop) || state->vehicle_of[stop >> 1] != TQ_NONE)
            route->stop[kept++] = stop;
    }
    route->len = kept;
    refill_after_removal(state, route->vehicle);
}

/* A string of tasks around a visit of a route, some of it skipped now and then. */
static uint32_t pick_string(plan_state *state, const plan_route *route, uint32_t visit,
                            uint32_t wanted, uint32_t task[STRING_LIST])
{
    uint32_t count = 0, low = 1, last = route->len - 2;
    while (route->stop[low] != visit)
        low++;
    uint32_t high = low;
    uint32_t skip = (plan_roll(&state->dice) & 1) != 0 ? plan_below(&state->dice, 3) : 0;
    state->mark_now++;
    state->mark[visit >> 1] = state->mark_now;
    task[count++] = visit >> 1;
    while (count < wanted && (low > 1 || high < last)) {
        bool left = (plan_roll(&state->dice) & 1) != 0;
        uint32_t at = (left && low > 1) || high == last ? --low : ++high;
        uint32_t other = route->stop[at] >> 1;
        if (state->mark[other] == state->mark_now || state->locked[other] != 0) continue;
        if (skip > 0 && (plan_roll(&state->dice) & 1) != 0) {
            skip--;
            continue;
        }
        state->mark[other] = state->mark_now;
        task[count++] = other;
    }
    return count;
}

static uint32_t random_visit(plan_state *state)
{
    const plan_model *model = state->model;
    uint32_t visit = plan_below(&state->dice, model->task_stops);
    if (model->problem->task[visit >> 1].kind == TQ_FLEET_JOB) visit &= ~1u;
    return visit;
}

/* With many tasks many rounds in a row work in one part: what they read stays in the cache. */
static uint32_t seed_visit(plan_state *state)
{
    const plan_model *model = state->model;
    if (model->close_count == 0) return random_visit(state);
    if (state->focus_left == 0) {
        state->focus = random_visit(state);
        state->focus_left = FOCUS_ROUNDS;
    }
    state->focus_left--;
    return model->near[(size_t)state->focus * model->near_count +
                       plan_below(&state->dice, TQ_MIN(FOCUS_NEAR, model->near_count))];
}

static void ruin(plan_state *state)
{
    const plan_model *model = state->model;
    double mean = 0;
    uint32_t task[STRING_LIST];
    for (uint32_t row = 0; row < state->used_count; row++)
        mean += state->route[state->used[row]].len - 2;
    double tasks = model->problem->task_count - state->absent_count;
    if (state->used_count == 0) return;
    mean = tasks / state->used_count;
    double longest = TQ_MIN(STRING_MAX, mean);
    double strings = 4.0 * STRINGS_MEAN / (1.0 + longest) - 1.0;
    uint32_t wanted = (uint32_t)(1.0 + plan_share(&state->dice) * strings), done = 0;
    uint32_t seed = seed_visit(state);
    for (uint32_t k = 0; k <= model->near_count && done < wanted; k++) {
        uint32_t visit = k == 0 ? seed : model->near[(size_t)seed * model->near_count + k - 1];
        uint32_t vehicle = state->vehicle_of[visit >> 1];
        if (vehicle == TQ_NONE || state->touched[vehicle] != 0 || state->locked[visit >> 1] != 0)
            continue;
        const plan_route *route = &state->route[vehicle];
        double here = TQ_MIN(longest, (double)(route->len - 2));
        uint32_t size = (uint32_t)(1.0 + plan_share(&state->dice) * here);
        plan_take_out(state, task,
                      pick_string(state, route, visit, TQ_MIN(size, STRING_LIST), task));
        done++;
    }
    plan_lists(state);
}

/* Vehicles differ: a whole route may be cheaper on another one, and no string shows that. */
static void empty_one_vehicle(plan_state *state)
{
    const plan_model *model = state->model;
    state->banned = TQ_NONE;
    if (model->type_count == 1 || state->touched_count == 0 ||
        plan_below(&state->dice, EMPTY_EVERY) != 0)
        return;
    uint32_t vehicle = state->touched_list[plan_below(&state->dice, state->touched_count)];
    uint32_t task[EMPTY_TASKS_MAX], count = 0;
    const plan_route *route = &state->route[vehicle];
    if (route->fixed > 0 || route->len - 2 > EMPTY_TASKS_MAX) return;
    for (uint32_t k = 1; k + 1 < route->len; k++)
        if (model->problem->task[route->stop[k] >> 1].kind == TQ_FLEET_JOB ||
            (route->stop[k] & 1) == 0)
            task[count++] = route->stop[k] >> 1;
    plan_take_out(state, task, count);
    state->banned = vehicle;
    plan_lists(state);
}

/* The route of `from` as it was, driven by another vehicle; false when that one can't. */
static bool drive_instead(plan_state *state, uint32_t vehicle, uint32_t from)
{
    const plan_model *model = state->model;
    plan_route *route = &state->route[vehicle];
    const plan_route *as = &state->saved[from];
    uint32_t at, type = model->type_of[vehicle];
    if (!plan_route_room(model, route, as->len)) return false;
    for (uint32_t k = 1; k + 1 < as->len; k++) {
        uint32_t task = as->stop[k] >> 1;
        if (model->fits[(size_t)task * model->type_count + type] == 0) return false;
        route->stop[k] = as->stop[k];
        state->vehicle_of[task] = vehicle;
    }
    route->stop[as->len - 1] = plan_start_of(model, vehicle) + 1;
    route->len = as->len;
    route->version = state->version_next++;
    return plan_route_fill(model, route) &&
           plan_route_check(model, route, &state->scratch, &at) == PLAN_GOOD;
}

/* Exchange the routes of two vehicles that differ; the round is broken when they can't. */
static void swap_vehicles(plan_state *state)
{
    const plan_model *model = state->model;
    uint32_t one = state->used[plan_below(&state->dice, state->used_count)];
    uint32_t other = plan_below(&state->dice, model->problem->vehicle_count);
    state->broken = true;
    if (model->type_of[one] == model->type_of[other] || state->route[one].fixed > 0 ||
        state->route[other].fixed > 0 || !plan_touch(state, one) || !plan_touch(state, other))
        return;
    state->broken = !drive_instead(state, one, other) || !drive_instead(state, other, one);
    if (!state->broken) plan_lists(state);
}

/* ---- a round -----------------------------------------------------------------------------------
 */

static void begin_round(plan_state *state)
{
    for (uint32_t k = 0; k < state->touched_count; k++)
        state->touched[state->touched_list[k]] = 0;
    state->touched_count = 0;
    state->broken = false;
    state->absent_before_count = state->absent_count;
    memcpy(state->absent_before, state->absent, state->absent_count * sizeof *state->absent);
}

static int64_t cost_of(const plan_state *state, const plan_route *route)
{
    return route->len == 2 ? 0 : route->cost + state->model->problem->vehicle[route->vehicle].fixed;
}

static void round_cost(const plan_state *state, int64_t *cost, uint64_t *lost)
{
    *cost = state->cost;
    *lost = 0;
    for (uint32_t k = 0; k < state->touched_count; k++) {
        uint32_t vehicle = state->touched_list[k];
        *cost += cost_of(state, &state->route[vehicle]) - cost_of(state, &state->saved[vehicle]);
    }
    for (uint32_t k = 0; k < state->absent_count; k++)
        *lost += state->model->lost_weight[state->absent[k]];
}

static void take_back(plan_state *state)
{
    for (uint32_t k = 0; k < state->absent_count; k++)
        state->vehicle_of[state->absent[k]] = TQ_NONE;
    for (uint32_t k = 0; k < state->touched_count; k++) {
        uint32_t vehicle = state->touched_list[k];
        plan_route *route = &state->route[vehicle];
        plan_route_copy(state->model, route, &state->saved[vehicle]);
        for (uint32_t at = 1; at + 1 < route->len; at++)
            state->vehicle_of[route->stop[at] >> 1] = vehicle;
    }
    state->absent_count = state->absent_before_count;
    memcpy(state->absent, state->absent_before, state->absent_count * sizeof *state->absent);
    for (uint32_t k = 0; k < state->absent_count; k++)
        state->vehicle_of[state->absent[k]] = TQ_NONE;
    plan_lists(state);
}

static uint64_t absence(const plan_state *state, const uint32_t *task, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < count; k++)
        sum += state->times_absent[task[k]];
    return sum;
}

static bool accepted(plan_state *state, int64_t cost, uint64_t lost, double heat, bool by_absence)
{
    if (lost < state->lost) return true;
    if (by_absence && absence(state, state->absent, state->absent_count) <
                          absence(state, state->absent_before, state->absent_before_count))
        return true;
    if (lost > state->lost) return false;
    return (double)cost < (double)state->cost - heat * log(plan_share(&state->dice));
}

static void one_round(plan_state *state, double heat, bool by_absence)
{
    int64_t cost;
    uint64_t lost;
    begin_round(state);
    if (state->model->type_count > 1 && state->used_count > 0 &&
        plan_below(&state->dice, SWAP_EVERY) == 0) {
        swap_vehicles(state);
    } else {
        ruin(state);
        empty_one_vehicle(state);
        bool bold = plan_below(&state->dice, BOLD_EVERY) == 0;
        if (!state->broken) plan_recreate(state, bold ? BLINK_BOLD : BLINK);
    }
    round_cost(state, &cost, &lost);
    bool take = !state->broken && accepted(state, cost, lost, heat, by_absence);
    for (uint32_t k = 0; k < state->absent_count; k++)
        state->times_absent[state->absent[k]]++;
    if (!take) {
        take_back(state);
        return;
    }
    state->cost = cost;
    state->lost = lost;
}

/* ---- the two stages ----------------------------------------------------------------------------
 */

double plan_share_spent(plan_state *state, bool now)
{
    const tq_fleet_plan_options *options = state->options;
    double share = 0;
    if (options->iterations > 0)
        share = (double)state->best.iterations / (double)options->iterations;
    if (options->spent != NULL && (now || state->best.iterations % ASK_EVERY == 0))
        state->spent_last = options->spent(options->user);
    return TQ_MAX(share, state->spent_last);
}

static void recount(plan_state *state)
{
    tq_fleet_score now;
    measure(state, &now);
    state->cost = now.cost;
    state->lost = now.lost;
}

void plan_round(plan_state *state, double heat)
{
    recount(state);
    one_round(state, heat * (double)state->cost, false);
}

/* Empty the route whose tasks have been absent least; false when none may be emptied. */
static bool drop_route(plan_state *state)
{
    uint64_t least = UINT64_MAX;
    uint32_t chosen = TQ_NONE;
    for (uint32_t row = 0; row < state->used_count; row++) {
        const plan_route *route = &state->route[state->used[row]];
        uint64_t sum = 0;
        bool locked = route->fixed > 0;
        for (uint32_t k = 1; k + 1 < route->len && !locked; k++)
            sum += state->times_absent[route->stop[k] >> 1];
        if (locked || sum > least || (sum == least && chosen != TQ_NONE)) continue;
        least = sum;
        chosen = route->vehicle;
    }
    if (chosen == TQ_NONE || state->used_count <= 1) return false;
    plan_route *route = &state->route[chosen];
    for (uint32_t k = 1; k + 1 < route->len; k++) {
        uint32_t task = route->stop[k] >> 1;
        if (state->vehicle_of[task] == TQ_NONE) continue;
        state->vehicle_of[task] = TQ_NONE;
        state->absent[state->absent_count++] = task;
    }
    route->stop[1] = plan_start_of(state->model, chosen) + 1;
    route->len = 2;
    route->version = state->version_next++;
    (void)plan_route_fill(state->model, route);
    plan_lists(state);
    state->vehicles_max = state->used_count;
    recount(state);
    return true;
}

static bool better_than_best(const plan_state *state)
{
    tq_fleet_score now = {.lost = state->lost, .vehicles = state->used_count, .cost = state->cost};
    return tq_fleet_score_compare(state->options->goal, &now, &state->best) < 0;
}

/* Empty routes until the share is spent, or no more than `enough` serve all. */
static void save_vehicles(plan_state *state, double from, double until, uint32_t enough)
{
    double first = (double)state->cost * HEAT_FIRST, last = (double)state->cost * HEAT_LAST;
    for (;;) {
        double share = plan_share_spent(state, false);
        if (share >= until) break;
        if (state->lost <= state->best.lost) {
            if (better_than_best(state)) plan_keep_best(state);
            if (state->used_count <= enough) return;
            if (!drop_route(state)) break;
        }
        one_round(state, first * pow(last / first, (share - from) / (until - from)), true);
        state->best.iterations++;
    }
    if (better_than_best(state)) plan_keep_best(state);
    plan_load_best(state);
    recount(state);
}

/* One cooling, from one share of the budget to another. */
static void save_cost(plan_state *state, double from, double until, double heat)
{
    double first = (double)state->cost * heat + 1;
    double last = TQ_MIN((double)state->cost * HEAT_LAST + 0.5, first);
    for (;;) {
        double share = plan_share_spent(state, false);
        if (share >= until) return;
        one_round(state, first * pow(last / first, (share - from) / (until - from)), false);
        state->best.iterations++;
        if (!better_than_best(state)) continue;
        plan_keep_best(state);
        if (state->options->goal == TQ_FLEET_FEWEST && state->lost == 0)
            state->vehicles_max = state->used_count;
    }
}

/* Back to as many vehicles as the best plan has. */
static void save_again(plan_state *state, double from, double until, bool by_ruin)
{
    if (!plan_eject_can(state)) {
        save_vehicles(state, from, until, state->best.vehicles);
        return;
    }
    plan_eject(state, until, by_ruin, state->best.vehicles);
    recount(state);
}

/* With the fewest vehicles a plan is narrow, and a search can't leave where it began: hotter then,
 * and again with one vehicle more, which is then saved another way; often for few long routes. One
 * cooling is enough for few tasks, and all that the rounds of many allow: a cooler one then. */
static void save_cost_narrow(plan_state *state, double from)
{
    double tasks = state->model->problem->task_count;
    double heat = TQ_MIN(HEAT_NARROW, HEAT_TASKS / (tasks * tasks));
    bool is_long = tasks > LONG_ROUTE * state->used_count;
    uint32_t coolings = is_long ? COOLINGS_LONG : COOLINGS;
    if (tasks > LONG_TASKS_MAX || (!is_long && tasks < FEW_TASKS)) coolings = 1;
    double step = (1.0 - from) / coolings;
    save_cost(state, from, coolings == 1 ? 1.0 : from + step, heat);
    for (uint32_t k = 1; k < coolings; k++) {
        double begin = from + step * k, end = k + 1 == coolings ? 1.0 : begin + step;
        plan_load_best(state);
        recount(state);
        if (state->lost == 0) state->vehicles_max = state->used_count + 1;
        save_cost(state, begin, begin + step * 0.25, HEAT_AGAIN);
        save_again(state, begin + step * 0.25, begin + step * 0.5, is_long);
        if (state->lost == 0) state->vehicles_max = TQ_MAX(state->used_count, 1u);
        save_cost(state, TQ_MIN(plan_share_spent(state, false), begin + step * 0.5), end, heat);
    }
}

/* With few tasks three coolings from the best so far, the middle one hot, find more than one long
 * one; many tasks get too few rounds for that. */
static void save_cost_freely(plan_state *state, double from)
{
    static const double heat[] = {HEAT_FIRST, HEAT_NARROW, HEAT_FIRST};
    uint32_t coolings = state->model->problem->task_count <= LONG_TASKS_MAX ? TQ_COUNT(heat) : 1;
    double step = (1.0 - from) / coolings;
    for (uint32_t k = 0; k < coolings; k++) {
        double begin = from + step * k;
        if (k > 0) plan_load_best(state);
        recount(state);
        save_cost(state, begin, k + 1 == coolings ? 1.0 : begin + step, heat[k]);
    }
}

/* Absence counters find the first savings, ejection the last. Random moves mix short routes best;
 * ruin and recreate is better for long ones and for many tasks. */
static void save_fleet(plan_state *state)
{
    bool many = state->model->close_count > 0;
    bool is_long = state->model->problem->task_count > LONG_ROUTE * state->used_count;
    double until = is_long ? EJECT_UNTIL_LONG : many ? EJECT_UNTIL_MANY : EJECT_UNTIL;
    double by_ruin = ABSENCE_SHARE;
    if (many) by_ruin += (until - ABSENCE_SHARE) * 0.75;
    if (is_long) by_ruin = until;
    if (!plan_eject_can(state)) {
        save_vehicles(state, 0, FLEET_SHARE, 0);
        return;
    }
    save_vehicles(state, 0, ABSENCE_SHARE, 0);
    recount(state);
    if (state->lost > 0) return;
    plan_eject(state, by_ruin, true, 0);
    plan_eject(state, until, false, 0);
    recount(state);
}

void plan_improve(plan_state *state)
{
    double from = 0;
    recount(state);
    if (state->model->problem->task_count == 0) return;
    if (state->options->goal == TQ_FLEET_FEWEST) {
        save_fleet(state);
        from = plan_share_spent(state, false);
        if (from >= 1.0) return;
        if (state->lost == 0) state->vehicles_max = TQ_MAX(state->used_count, 1u);
        save_cost_narrow(state, from);
        return;
    }
    save_cost_freely(state, from);
}
