/*
 * Fewer vehicles by an ejection pool.
 *
 * Method: a route is emptied and its tasks become absent (after Nagata, Bräysy, Operations Research
 * Letters 37, 2009, and Nagata, Kobayashi, PPSN 2010). The task that became absent last is put in
 * where it fits; where it fits nowhere, one to three tasks of a route go out for it, those that
 * were hardest to place least often; then rounds of ruin and recreate, or random moves that keep
 * the plan valid, mix the routes. When none is absent the plan has a vehicle less. The search ends
 * at a number of vehicles that no plan can go below: tasks of which no two fit in one vehicle.
 *
 * Most sets fail, so what fails is found early: a task that never fits beside the one that comes
 * in must be in the set, and the rest is asked of links over the route (plan_gap.c), not of a copy.
 *
 * Invariants: every route is valid after each step; only plans that serve all become the best.
 * Limits: vehicles that are all alike, no committed heads, and routes for which the light test is
 * exact (plan_eject_can); others keep to ruin and recreate.
 */
#include "fleet/plan_in.h"

#define EJECT_MAX     PLAN_GAP_MAX /* tasks that go out for one */
#define EJECT_TASKS   256u         /* of a route that are looked at */
#define EJECT_TESTS   30000u       /* routes tried for one task */
#define TESTS_A_ROUND 16u          /* count as one iteration */
#define MOVES_A_ROUND 8u
#define MIX_MOVES     200u
#define MIX_BLINK     2147483648u /* half of the places are passed over */
#define MIX_ROUNDS    1u
#define MIX_MANY      10u     /* rounds with many tasks */
#define MIX_HEAT      0.00003 /* of the cost */
#define MIX_NEAR      40u     /* visits around a task from which a route is chosen */
#define CLIQUE_TRIES  64u
#define APART_TASKS   2000u /* above it pairs are not kept */

typedef struct ejector {
    plan_state *state;
    plan_route trial, other;
    uint32_t *hard; /* [task] times that it fitted nowhere */
    uint8_t *apart; /* [task * tasks] 1: never in one vehicle; or NULL */
    plan_gap gap;
    uint32_t *take_at, *drop_at; /* [task] index in the route that is looked at */
    bool quick;                  /* only shipments: the gap tells */
    uint32_t tests;
    bool by_ruin;
    /* the best set so far */
    uint64_t sum;
    uint32_t ties, vehicle, count, out[EJECT_MAX];
} ejector;

bool plan_eject_can(const plan_state *state)
{
    const plan_model *model = state->model;
    const tq_fleet_problem *problem = model->problem;
    if (model->type_count != 1 || model->has_setup || model->has_no_way || state->lost > 0)
        return false;
    for (uint32_t vehicle = 0; vehicle < problem->vehicle_count; vehicle++) {
        const tq_fleet_vehicle *as = &problem->vehicle[vehicle];
        if (model->whole[vehicle] != 0 || as->lifo || as->tasks_max != TQ_NONE ||
            as->travel_max != TQ_FLEET_ANY || as->distance_max != TQ_FLEET_ANY ||
            state->route[vehicle].fixed > 0)
            return false;
    }
    return true;
}

/* ---- a number of vehicles that no plan goes below ----------------------------------------------
 */

/* Can these visits be made in this order by a vehicle alone, loads aside? */
static bool order_fits(const plan_model *model, const uint32_t *stop, uint32_t count)
{
    const plan_class *of = &model->class_row[0];
    uint32_t before = plan_start_of(model, 0), end = before + 1;
    int64_t leave = model->from[before];
    for (uint32_t k = 0; k <= count; k++) {
        uint32_t at = k == count ? end : stop[k];
        int64_t begin = plan_begin(model, at, leave + plan_way(model, of, before, at).time);
        if (begin == PLAN_NEVER) return false;
        leave = begin + plan_work(model, of, before, at);
        before = at;
    }
    return true;
}

static bool both_fit(const plan_model *model, uint32_t a, uint32_t b)
{
    static const uint8_t order[6][4] = {{0, 1, 2, 3}, {0, 2, 1, 3}, {0, 2, 3, 1},
                                        {2, 0, 1, 3}, {2, 0, 3, 1}, {2, 3, 0, 1}};
    const tq_fleet_task *task = model->problem->task;
    uint32_t visit[4] = {TQ_FLEET_VISIT(a, 0), TQ_FLEET_VISIT(a, 1), TQ_FLEET_VISIT(b, 0),
                         TQ_FLEET_VISIT(b, 1)};
    for (uint32_t row = 0; row < 6; row++) {
        uint32_t stop[4], count = 0;
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t at = visit[order[row][k]];
            if ((at & 1) == 0 || task[at >> 1].kind == TQ_FLEET_SHIPMENT) stop[count++] = at;
        }
        if (order_fits(model, stop, count)) return true;
    }
    return false;
}

/* Pairs that fit in no vehicle together. */
static bool fill_apart(ejector *of)
{
    const plan_model *model = of->state->model;
    uint32_t tasks = model->problem->task_count;
    if (tasks > APART_TASKS) return true;
    of->apart = TQ_ALLOC(uint8_t, (size_t)tasks * tasks + 1);
    for (uint32_t a = 0; a < tasks && of->apart != NULL; a++)
        for (uint32_t b = 0; b < a; b++)
            of->apart[(size_t)a * tasks + b] = of->apart[(size_t)b * tasks + a] =
                !both_fit(model, a, b);
    return of->apart != NULL;
}

static bool are_apart(const ejector *of, uint32_t a, uint32_t b)
{
    const plan_model *model = of->state->model;
    if (of->apart == NULL) return !both_fit(model, a, b);
    return of->apart[(size_t)a * model->problem->task_count + b] != 0;
}

/* Greedy: from some first tasks on, take each that fits with none of those taken. The ways must
 * keep the triangle inequality for this to be a bound; where they don't, it only ends the search
 * earlier. */
static uint32_t vehicles_needed(const ejector *of, uint32_t *task)
{
    uint32_t tasks = of->state->model->problem->task_count, most = 1;
    for (uint32_t first = 0; first < TQ_MIN(tasks, CLIQUE_TRIES); first++) {
        uint32_t count = 0, from = first * (tasks / TQ_MIN(tasks, CLIQUE_TRIES));
        for (uint32_t k = 0; k < tasks; k++) {
            uint32_t one = (from + k) % tasks, at = 0;
            while (at < count && are_apart(of, task[at], one))
                at++;
            if (at == count) task[count++] = one;
        }
        most = TQ_MAX(most, count);
    }
    return most;
}

/* ---- changing routes ---------------------------------------------------------------------------
 */

static bool has_task(const uint32_t *task, uint32_t count, uint32_t which)
{
    for (uint32_t k = 0; k < count; k++)
        if (task[k] == which) return true;
    return false;
}

/* `to` = the route without the tasks; false when that is not valid. */
static bool without(const plan_model *model, plan_route *to, const plan_route *route,
                    const uint32_t *task, uint32_t count)
{
    uint32_t kept = 0;
    if (!plan_route_room(model, to, route->len)) return false;
    for (uint32_t k = 0; k < route->len; k++)
        if (!plan_is_visit(model, route->stop[k]) || !has_task(task, count, route->stop[k] >> 1))
            to->stop[kept++] = route->stop[k];
    to->len = kept;
    to->vehicle = route->vehicle;
    to->fixed = 0;
    return plan_route_fill(model, to);
}

/* The stops of `from`, with a task put in or TQ_NONE, become the route of its vehicle. */
static bool take_over(plan_state *state, const plan_route *from, uint32_t task, plan_place place)
{
    plan_route *route = &state->route[from->vehicle];
    if (!plan_route_room(state->model, route, from->len + 2)) return false;
    memcpy(route->stop, from->stop, from->len * sizeof *route->stop);
    route->len = from->len;
    if (task != TQ_NONE) {
        plan_insert_do(state->model, route, task, place);
        state->vehicle_of[task] = route->vehicle;
    }
    route->version = state->version_next++;
    return plan_route_fill(state->model, route);
}

static plan_place find(ejector *of, const plan_route *route, uint32_t task, uint32_t blink)
{
    plan_state *state = of->state;
    of->tests++;
    return plan_insert_find(state->model, route, task, PLAN_COST_NONE, blink, &state->dice,
                            &state->scratch);
}

/* One of the routes where the task fits as it is. */
static bool put_in_somewhere(ejector *of, uint32_t task)
{
    plan_state *state = of->state;
    uint32_t chosen = TQ_NONE, found = 0;
    plan_place place = {PLAN_COST_NONE, 0, 0};
    for (uint32_t row = 0; row < state->used_count; row++) {
        uint32_t vehicle = state->used[row];
        plan_place here = find(of, &state->route[vehicle], task, 0);
        if (here.pickup == TQ_NONE || plan_below(&state->dice, ++found) != 0) continue;
        chosen = vehicle;
        place = here;
    }
    return chosen != TQ_NONE && take_over(state, &state->route[chosen], task, place);
}

/* ---- ejection ----------------------------------------------------------------------------------
 */

/* What may leave a route for a task. */
typedef struct choice {
    const plan_route *route;
    uint32_t task, count;
    uint32_t list[EJECT_TASKS]; /* those that were hard least often first */
    uint32_t out[EJECT_MAX], out_count;
    uint64_t sum; /* of hard, of those out */
} choice;

/* Tasks of a route, those that were hard least often first. */
static uint32_t tasks_of(const ejector *of, const plan_route *route, uint32_t list[EJECT_TASKS])
{
    uint32_t count = 0;
    for (uint32_t k = 1; k + 1 < route->len && count < EJECT_TASKS; k++) {
        uint32_t stop = route->stop[k], task = stop >> 1, at = count;
        if ((stop & 1) != 0) continue;
        for (; at > 0 && of->hard[list[at - 1]] > of->hard[task]; at--)
            list[at] = list[at - 1];
        list[at] = task;
        count++;
    }
    return count;
}

static void take(ejector *of, choice *from, uint32_t task)
{
    from->out[from->out_count++] = task;
    from->sum += of->hard[task];
    if (of->quick) plan_gap_take(&of->gap, of->take_at[task], of->drop_at[task]);
}

static void put_back(ejector *of, choice *from)
{
    from->sum -= of->hard[from->out[--from->out_count]];
    if (of->quick) plan_gap_put_back(&of->gap);
}

/* What can't be in one vehicle with the task goes out at once; false when that is too much. */
static bool open_choice(ejector *of, choice *from, uint32_t most)
{
    const plan_route *route = from->route;
    size_t row = (size_t)from->task * of->state->model->problem->task_count;
    uint32_t count = tasks_of(of, route, from->list);
    from->count = from->out_count = 0;
    from->sum = 0;
    if (of->quick) {
        plan_gap_open(&of->gap, route);
        for (uint32_t k = 1; k + 1 < route->len; k++) {
            uint32_t *at = (route->stop[k] & 1) == 0 ? of->take_at : of->drop_at;
            at[route->stop[k] >> 1] = k;
        }
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t task = from->list[k];
        if (of->apart == NULL || of->apart[row + task] == 0) {
            from->list[from->count++] = task;
            continue;
        }
        if (from->out_count == most) return false;
        take(of, from, task);
    }
    return from->sum <= of->sum;
}

static void try_set(ejector *of, const choice *from)
{
    plan_state *state = of->state;
    of->tests++;
    if (of->quick) {
        if (!plan_gap_takes(state->model, &of->gap, from->task)) return;
    } else if (!without(state->model, &of->trial, from->route, from->out, from->out_count) ||
               find(of, &of->trial, from->task, 0).pickup == TQ_NONE) {
        return;
    }
    if (from->sum < of->sum) of->ties = 0;
    if (plan_below(&state->dice, ++of->ties) != 0) return;
    of->sum = from->sum;
    of->vehicle = from->route->vehicle;
    of->count = from->out_count;
    memcpy(of->out, from->out, from->out_count * sizeof *of->out);
}

/* All sets with `more` of the first `below` tasks of the list (as deep as EJECT_MAX). */
static void try_sets(ejector *of, choice *from, uint32_t below, uint32_t more)
{
    if (more == 0) {
        try_set(of, from);
        return;
    }
    for (uint32_t k = more - 1; k < below && of->tests < EJECT_TESTS; k++) {
        uint32_t task = from->list[k];
        if (from->sum + of->hard[task] + more - 1 > of->sum) return;
        take(of, from, task);
        try_sets(of, from, k, more - 1);
        put_back(of, from);
    }
}

/* False when there is no route that takes the task even then. */
static bool eject_for(ejector *of, uint32_t task)
{
    plan_state *state = of->state;
    uint32_t skip = plan_below(&state->dice, state->used_count), used = state->used_count;
    of->sum = UINT64_MAX;
    of->vehicle = TQ_NONE;
    of->tests = of->ties = 0;
    for (uint32_t size = 1; size <= EJECT_MAX; size++) {
        /* Three only when neither one nor two are enough: there are too many sets. */
        if (size == 3 && of->vehicle != TQ_NONE) break;
        for (uint32_t row = 0; row < used; row++) {
            choice from;
            from.route = &state->route[state->used[(row + skip) % used]];
            from.task = task;
            if (open_choice(of, &from, size))
                try_sets(of, &from, from.count, size - from.out_count);
        }
    }
    if (of->vehicle == TQ_NONE ||
        !without(state->model, &of->trial, &state->route[of->vehicle], of->out, of->count))
        return false;
    plan_place place = find(of, &of->trial, task, 0);
    if (place.pickup == TQ_NONE || !take_over(state, &of->trial, task, place)) return false;
    for (uint32_t k = 0; k < of->count; k++) {
        state->vehicle_of[of->out[k]] = TQ_NONE;
        state->absent[state->absent_count++] = of->out[k];
    }
    return true;
}

/* ---- mixing ------------------------------------------------------------------------------------
 */

/* A random task and one near it in another route; false when the dice found none. */
static bool two_tasks(plan_state *state, uint32_t *one, uint32_t *two)
{
    const plan_model *model = state->model;
    uint32_t visit = plan_below(&state->dice, model->task_stops), near;
    if (model->problem->task[visit >> 1].kind == TQ_FLEET_JOB) visit &= ~1u;
    if (model->near_count == 0) return false;
    near = model->near[(size_t)visit * model->near_count +
                       plan_below(&state->dice, TQ_MIN(MIX_NEAR, model->near_count))];
    *one = visit >> 1;
    *two = near >> 1;
    return state->vehicle_of[*one] != TQ_NONE && state->vehicle_of[*two] != TQ_NONE &&
           state->vehicle_of[*one] != state->vehicle_of[*two];
}

/* Could a task come into a route when another one leaves it? Quick, and never too strict. */
static bool may_come(ejector *of, const plan_route *route, uint32_t task, uint32_t leaves)
{
    size_t row = (size_t)task * of->state->model->problem->task_count;
    uint32_t pickup = 0, delivery = 0;
    for (uint32_t k = 1; k + 1 < route->len; k++) {
        uint32_t other = route->stop[k] >> 1;
        if (other == leaves) {
            if (pickup == 0) pickup = k;
            delivery = k;
        } else if (of->apart != NULL && of->apart[row + other] != 0) {
            return false;
        }
    }
    if (!of->quick || leaves == TQ_NONE) return true;
    plan_gap_open(&of->gap, route);
    plan_gap_take(&of->gap, pickup, delivery);
    return plan_gap_takes(of->state->model, &of->gap, task);
}

static void move(ejector *of, plan_route *from, plan_route *to, uint32_t task)
{
    plan_state *state = of->state;
    if (from->len <= 4 || !may_come(of, to, task, TQ_NONE))
        return; /* an emptied route is another matter */
    plan_place place = find(of, to, task, MIX_BLINK);
    if (place.pickup == TQ_NONE || !without(state->model, &of->trial, from, &task, 1)) return;
    (void)take_over(state, to, task, place);
    (void)take_over(state, &of->trial, TQ_NONE, place);
}

static void swap(ejector *of, plan_route *from, plan_route *to, uint32_t one, uint32_t two)
{
    plan_state *state = of->state;
    const plan_model *model = state->model;
    if (!may_come(of, to, one, two) || !may_come(of, from, two, one) ||
        !without(model, &of->other, to, &two, 1))
        return;
    plan_place place = find(of, &of->other, one, MIX_BLINK);
    if (place.pickup == TQ_NONE || !without(model, &of->trial, from, &one, 1)) return;
    plan_place back = find(of, &of->trial, two, MIX_BLINK);
    if (back.pickup == TQ_NONE) return;
    (void)take_over(state, &of->other, one, place);
    (void)take_over(state, &of->trial, two, back);
}

static void mix_once(ejector *of)
{
    plan_state *state = of->state;
    const plan_model *model = state->model;
    uint32_t one, two;
    if (!two_tasks(state, &one, &two)) return;
    plan_route *from = &state->route[state->vehicle_of[one]];
    plan_route *to = &state->route[state->vehicle_of[two]];
    if (!plan_route_room(model, from, from->len + 2) || !plan_route_room(model, to, to->len + 2))
        return; /* no half of a move */
    if ((plan_roll(&state->dice) & 1) != 0)
        swap(of, from, to, one, two);
    else
        move(of, from, to, one);
}

static void mix(ejector *of)
{
    plan_state *state = of->state;
    if (of->by_ruin) {
        uint32_t rounds = state->model->close_count > 0 ? MIX_MANY : MIX_ROUNDS;
        for (uint32_t k = 0; k < rounds && state->absent_count > 0; k++)
            plan_round(state, MIX_HEAT);
        state->best.iterations += rounds;
        return;
    }
    for (uint32_t k = 0; k < MIX_MOVES && state->absent_count > 0; k++)
        mix_once(of);
    state->best.iterations += MIX_MOVES / MOVES_A_ROUND;
}

/* ---- the stage ---------------------------------------------------------------------------------
 */

static bool empty_route(ejector *of)
{
    plan_state *state = of->state;
    uint32_t chosen = TQ_NONE, list[EJECT_TASKS];
    uint64_t least = UINT64_MAX;
    for (uint32_t row = 0; row < state->used_count; row++) {
        const plan_route *route = &state->route[state->used[row]];
        uint64_t key = plan_below(&state->dice, 2 * route->len);
        uint32_t count = tasks_of(of, route, list);
        if (count == EJECT_TASKS) continue;
        for (uint32_t k = 0; k < count; k++)
            key += of->hard[list[k]];
        if (key >= least) continue;
        least = key;
        chosen = route->vehicle;
    }
    if (chosen == TQ_NONE || state->used_count <= 1) return false;
    plan_route *route = &state->route[chosen];
    uint32_t count = tasks_of(of, route, list);
    for (uint32_t k = count; k-- > 0;) {
        uint32_t pick = plan_below(&state->dice, k + 1), task = list[pick];
        list[pick] = list[k];
        state->vehicle_of[task] = TQ_NONE;
        state->absent[state->absent_count++] = task;
    }
    route->stop[1] = plan_start_of(state->model, chosen) + 1;
    route->len = 2;
    route->version = state->version_next++;
    (void)plan_route_fill(state->model, route);
    plan_lists(state);
    state->vehicles_max = state->used_count;
    return true;
}

/* Until none is absent; false when the share is spent first. */
static bool place_all(ejector *of, double until)
{
    plan_state *state = of->state;
    while (state->absent_count > 0) {
        uint32_t task = state->absent[--state->absent_count];
        of->tests = 0;
        if (!put_in_somewhere(of, task)) {
            uint32_t tests = of->tests;
            of->hard[task]++;
            if (!eject_for(of, task)) {
                state->absent[state->absent_count++] = task;
                /* Another one's turn: it may fit after the mixing. */
                uint32_t other = plan_below(&state->dice, state->absent_count);
                state->absent[state->absent_count - 1] = state->absent[other];
                state->absent[other] = task;
            }
            of->tests += tests;
            mix(of);
        }
        state->best.iterations += 1 + of->tests / TESTS_A_ROUND;
        if (plan_share_spent(state, true) >= until) return state->absent_count == 0;
    }
    return true;
}

static bool make_ejector(ejector *of)
{
    const plan_model *model = of->state->model;
    uint32_t tasks = model->problem->task_count;
    of->quick = true;
    for (uint32_t task = 0; task < tasks; task++)
        of->quick = of->quick && model->problem->task[task].kind == TQ_FLEET_SHIPMENT;
    of->hard = TQ_ALLOC(uint32_t, tasks + 1);
    of->take_at = TQ_ALLOC(uint32_t, tasks + 1);
    of->drop_at = TQ_ALLOC(uint32_t, tasks + 1);
    if (of->hard == NULL || of->take_at == NULL || of->drop_at == NULL ||
        !plan_gap_make(model, &of->gap) || !fill_apart(of))
        return false;
    for (uint32_t task = 0; task < tasks; task++)
        of->hard[task] = 1;
    return true;
}

static void free_ejector(ejector *of)
{
    plan_route_free(&of->trial);
    plan_route_free(&of->other);
    plan_gap_free(&of->gap);
    tq_free(of->hard);
    tq_free(of->apart);
    tq_free(of->take_at);
    tq_free(of->drop_at);
}

void plan_eject(plan_state *state, double until, bool by_ruin, uint32_t enough)
{
    ejector of = {.state = state, .by_ruin = by_ruin};
    uint32_t *list = TQ_ALLOC(uint32_t, state->model->problem->task_count + 1);
    if (make_ejector(&of) && list != NULL) {
        enough = TQ_MAX(enough, vehicles_needed(&of, list));
        while (state->used_count > enough && plan_share_spent(state, true) < until) {
            if (!empty_route(&of) || !place_all(&of, until)) break;
            plan_lists(state);
            if (state->used_count < state->best.vehicles) plan_keep_best(state);
        }
    }
    if (state->absent_count > 0 || state->used_count > state->best.vehicles) plan_load_best(state);
    free_ejector(&of);
    tq_free(list);
}
