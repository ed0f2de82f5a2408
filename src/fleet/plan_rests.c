/*
 * Breaks of a vehicle in any order that their windows, the shift and loads allow.
 *
 * Which breaks were taken is a state, a set; a break may be taken when those were that could not be
 * taken after it. Breaks whose windows lie one behind another have one state more than there are
 * breaks; only those that may change places have more.
 *
 * On the way between two stops, let the vehicle be free to leave at t with a way w ahead. After
 * breaks of S in all, the last of which ended at e, it arrives at max(t + w + S, e), wherever it
 * stood still: so of all orders of the same breaks the one that ends first is the best.
 */
#include "fleet/plan_in.h"

#define SETS_MAX (1u << TQ_FLEET_BREAKS_MAX)

static const tq_fleet_break *rest_of(const tq_fleet_problem *problem, uint32_t vehicle, uint32_t k)
{
    return &problem->rest[problem->vehicle[vehicle].first_break + k];
}

/* First begin of a break at or after `time`. */
static int64_t begin_of(const tq_fleet_problem *problem, const tq_fleet_break *rest, int64_t time)
{
    if (rest->window_count == 0) return time;
    for (uint32_t k = 0; k < rest->window_count; k++) {
        const tq_fleet_window *window = &problem->window[rest->first_window + k];
        if (time <= window->to) return TQ_MAX(time, window->from);
    }
    return PLAN_NEVER;
}

static bool alike(const tq_fleet_problem *problem, const tq_fleet_break *a, const tq_fleet_break *b)
{
    return a->service == b->service && a->window_count == b->window_count &&
           memcmp(a->load_max, b->load_max, sizeof a->load_max) == 0 &&
           memcmp(problem->window + a->first_window, problem->window + b->first_window,
                  a->window_count * sizeof *problem->window) == 0;
}

/* Breaks that must have been taken before break k: those too late after it, and of alike ones the
 * first. */
static uint32_t before(const tq_fleet_problem *problem, uint32_t vehicle, uint32_t k)
{
    const tq_fleet_vehicle *as = &problem->vehicle[vehicle];
    const tq_fleet_break *rest = rest_of(problem, vehicle, k);
    int64_t begin = begin_of(problem, rest, as->shift.from);
    uint32_t set = 0;
    for (uint32_t other = 0; other < as->break_count; other++) {
        const tq_fleet_break *first = rest_of(problem, vehicle, other);
        if (other == k) continue;
        if (begin == PLAN_NEVER || begin_of(problem, first, begin + rest->service) > as->shift.to ||
            (other < k && alike(problem, first, rest)))
            set |= 1u << other;
    }
    return set;
}

/* Sets that can come about; false = not all breaks can be taken in any order. */
static bool find_sets(const uint32_t *needs, uint32_t breaks, uint8_t row_of[SETS_MAX],
                      uint32_t *count)
{
    bool reached[SETS_MAX] = {true};
    uint32_t all = (1u << breaks) - 1;
    *count = 0;
    for (uint32_t set = 0; set <= all; set++) {
        if (!reached[set]) continue;
        row_of[set] = (uint8_t)(*count)++;
        for (uint32_t k = 0; k < breaks; k++)
            if ((set >> k & 1) == 0 && (needs[k] & ~set) == 0) reached[set | 1u << k] = true;
    }
    return reached[all];
}

static bool push_sets(plan_model *model, uint32_t vehicle)
{
    const tq_fleet_problem *problem = model->problem;
    uint32_t breaks = problem->vehicle[vehicle].break_count, count;
    uint32_t needs[TQ_FLEET_BREAKS_MAX] = {0};
    uint8_t row_of[SETS_MAX];
    bool can = true;
    for (uint32_t k = 0; k < breaks; k++)
        needs[k] = before(problem, vehicle, k);
    can = find_sets(needs, breaks, row_of, &count);
    if (!can) { /* routes with it fail; the order that was given tells why */
        for (uint32_t k = 0; k < breaks; k++)
            needs[k] = (1u << k) - 1;
        (void)find_sets(needs, breaks, row_of, &count);
    }
    model->rests[vehicle] = (plan_rests){(uint32_t)model->rest_sets.count, count};
    model->rest_states_max = TQ_MAX(model->rest_states_max, count);
    for (uint32_t set = 0, row = 0; row < count; set++) {
        plan_rest_set made = {0};
        bool possible = true;
        for (uint32_t k = 0; k < breaks; k++) {
            possible = possible && ((set >> k & 1) == 0 || (needs[k] & ~set) == 0);
            if (set >> k & 1)
                made.service += rest_of(problem, vehicle, k)->service;
            else if ((needs[k] & ~set) == 0)
                made.next[k] = row_of[set | 1u << k];
        }
        if (!possible) continue;
        if (!tq_vec_push(&model->rest_sets, made)) return false;
        row++;
    }
    return true;
}

bool plan_rests_make(plan_model *model)
{
    uint32_t vehicles = model->problem->vehicle_count;
    model->rest_states_max = 1;
    model->rests = TQ_ALLOC(plan_rests, vehicles + 1);
    if (model->rests == NULL) return false;
    for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++)
        if (!push_sets(model, vehicle)) return false;
    return true;
}

void plan_rest_leg(const plan_model *model, uint32_t vehicle, const int32_t *load, uint32_t had,
                   int64_t time, plan_rest_way *way)
{
    const tq_fleet_problem *problem = model->problem;
    const plan_rests *rests = &model->rests[vehicle];
    const plan_rest_set *set = model->rest_sets.at + rests->first;
    uint32_t breaks = problem->vehicle[vehicle].break_count;
    for (uint32_t row = had; row < rests->count; row++)
        way->done[row] = PLAN_NEVER;
    way->done[had] = time;
    for (uint32_t row = had; row < rests->count; row++) {
        if (way->done[row] == PLAN_NEVER) continue;
        for (uint32_t k = 0; k < breaks; k++) {
            const tq_fleet_break *rest = rest_of(problem, vehicle, k);
            uint32_t next = set[row].next[k];
            bool fits = next != 0;
            for (uint32_t dim = 0; dim < model->loads && fits; dim++)
                fits = load[dim] <= rest->load_max[dim];
            int64_t begin = fits ? begin_of(problem, rest, way->done[row]) : PLAN_NEVER;
            if (begin == PLAN_NEVER || begin + rest->service >= way->done[next]) continue;
            way->done[next] = begin + rest->service;
            way->from[next] = (uint8_t)row;
            way->by[next] = (uint8_t)k;
        }
    }
}
