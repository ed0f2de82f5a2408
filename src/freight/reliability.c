/*
 * On-time odds of a plan by simulation: each handling and service is drawn between its p50 and p90,
 * the plan is walked again, and a missed cut-off waits for the next departure. Integers and a seed:
 * the same question gives the same odds everywhere. A property of a plan, not an axis of the
 * search.
 */
#include "freight/search_in.h"

#define U_ONE 1000000u

/* By a line through 0.8 p50 at 0, p50 at one half, p90 at nine tenths, 2 p90 - p50 at 1. */
static int32_t draw(tq_random *random, int32_t p50, int32_t p90)
{
    int64_t u = tq_random_below(random, U_ONE), gap = p90 - p50;
    if (u < U_ONE / 2) return (int32_t)(p50 - p50 / 5 * (U_ONE / 2 - u) / (U_ONE / 2));
    if (u < U_ONE / 10 * 9) return (int32_t)(p50 + gap * (u - U_ONE / 2) / (U_ONE / 10 * 4));
    return (int32_t)(p90 + gap * (u - U_ONE / 10 * 9) / (U_ONE / 10));
}

static int64_t run_step(const tq_freight *net, const tq_freight_step *step, int64_t start_ds,
                        int64_t t, tq_random *random)
{
    if (step->kind == TQ_FREIGHT_LINK) return t + (step->end_ds - step->start_ds);
    if (step->kind == TQ_FREIGHT_SERVICE) {
        const service_row *row = &net->service[step->row];
        int64_t ready = service_ready(net, 0, step->row, start_ds + t, false);
        if (ready == INT64_MAX) ready = start_ds + t + TQ_FREIGHT_SPAN_DS;
        return ready - start_ds + row->cutoff_ds +
               draw(random, row->transit_ds, row->transit_p90_ds);
    }
    const op_row *row = &net->op[step->row];
    int64_t fixed = step->end_ds - step->start_ds - row->dwell_ds;
    return t + fixed + draw(random, row->dwell_ds, row->dwell_p90_ds);
}

/* One draw; returns the arrival, *worst = the step that added most against the plan. */
static int64_t run_plan(const tq_freight *net, const tq_freight_plan *plan,
                        const tq_freight_step *step, tq_random *random, uint32_t *worst)
{
    int64_t t = 0, late = 0, most = 0;
    *worst = TQ_NONE;
    for (uint32_t k = 0; k < plan->step_count; k++) {
        t = run_step(net, &step[k], plan->depart_s * 10, t, random);
        int64_t now = t - step[k].end_ds;
        if (now - late > most) most = now - late, *worst = k;
        late = now;
    }
    return t;
}

static void sort_times(int64_t *times, uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap /= 2)
        for (uint32_t k = gap; k < count; k++) {
            int64_t moved = times[k];
            uint32_t at = k;
            for (; at >= gap && times[at - gap] > moved; at -= gap)
                times[at] = times[at - gap];
            times[at] = moved;
        }
}

static void simulate(const tq_freight *net, tq_freight_plan *plan, const tq_freight_step *step,
                     int64_t due_s, uint64_t seed)
{
    int64_t times[TQ_FREIGHT_DRAWS];
    uint32_t blamed[TQ_FREIGHT_STEPS_MAX + 1] = {0}, on_time = 0, late = 0;
    int64_t due_ds = due_s == INT64_MAX ? plan->time_ds + (int64_t)plan->time_ds / 10
                                        : (due_s - plan->depart_s) * 10;
    tq_random random = {seed};
    for (uint32_t k = 0; k < TQ_FREIGHT_DRAWS; k++) {
        uint32_t worst;
        times[k] = run_plan(net, plan, step, &random, &worst);
        on_time += times[k] <= due_ds;
        if (times[k] > due_ds) {
            late++;
            if (worst != TQ_NONE) blamed[worst]++;
        }
    }
    uint32_t weakest = 0;
    for (uint32_t k = 1; k < plan->step_count; k++)
        if (blamed[k] > blamed[weakest]) weakest = k;
    sort_times(times, TQ_FREIGHT_DRAWS);
    plan->on_time_permille = (int32_t)(on_time * 1000 / TQ_FREIGHT_DRAWS);
    plan->p50_ds = (int32_t)TQ_MIN(times[TQ_FREIGHT_DRAWS / 2], INT32_MAX);
    plan->p90_ds = (int32_t)TQ_MIN(times[TQ_FREIGHT_DRAWS * 9 / 10], INT32_MAX);
    plan->weakest = blamed[weakest] ? weakest : TQ_NONE;
    plan->weakest_permille = late ? (int32_t)(blamed[weakest] * 1000 / late) : 0;
}

void tq_freight_odds(const tq_freight *net, const tq_freight_query *query, int64_t due_s,
                     uint64_t seed, tq_freight_answer *answer)
{
    if (due_s == INT64_MAX) due_s = query->arrive_s;
    for (uint32_t k = 0; k < answer->plan_count; k++) {
        tq_freight_plan *plan = &answer->plan[k];
        if (plan->marks == 0 || plan->step_count > TQ_FREIGHT_STEPS_MAX) continue;
        simulate(net, plan, answer->step + plan->first_step, due_s, seed);
    }
}
