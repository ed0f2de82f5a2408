/*
 * One batch: which of the free vehicles for which of the waiting orders.
 *
 * Costs are deciseconds of wait with the policy's terms added: an elder's second counts more;
 * drivers who refuse often and drivers who earned more than their shift look farther away; leaving
 * an order costs more the longer it waits, and most for elders, so that no other order at the same
 * place is ever served before theirs. The exact matching is tq_fleet_match; rotation and nearest
 * take one order after another. Nothing depends on a clock of the machine: the same memory gives
 * the same batch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/supply_in.h"

#define BATCH_ORDERS_MAX 4096u
#define ROTATION_DS      500000000 /* free for so long and longer is all the same */

static bool is_first(const supply_order *order)
{
    return order->elder || order->hospital;
}

static bool is_urgent(const desk_policy *policy, const supply_order *order, int64_t now_ms)
{
    return is_first(order) || now_ms - order->since_ms >= policy->overdue_s * INT64_C(1000);
}

static int before(const void *a, const void *b)
{
    const supply_order *one = ((const batch_order *)a)->order,
                       *two = ((const batch_order *)b)->order;
    if (is_first(one) != is_first(two)) return is_first(one) ? -1 : 1;
    if (one->since_ms != two->since_ms) return one->since_ms < two->since_ms ? -1 : 1;
    return strcmp(one->id, two->id);
}

static tq_status choose_orders(desk_call *call, batch *run, bool all)
{
    struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    size_t open = supply->order.count;
    run->order = TQ_PUSH(&supply->work, batch_order, open + 1);
    if (run->order == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a batch");
    for (size_t at = 0; at < open; at++) {
        supply_order *order = &supply->order.at[at];
        if (order->phase != PHASE_SEARCHING || order->since_ms > run->now_ms) continue;
        if (!all && !is_urgent(policy, order, run->now_ms)) continue;
        run->order[run->order_count++] = (batch_order){.order = order, .chosen = TQ_NONE};
    }
    qsort(run->order, run->order_count, sizeof *run->order, before);
    run->order_count = TQ_MIN(run->order_count, BATCH_ORDERS_MAX);
    return TQ_OK;
}

/* ---- terms -------------------------------------------------------------------------------------
 */

static int64_t rate_of(const supply_driver *driver, int64_t now_ms)
{
    int64_t on_s = TQ_MAX(now_ms - driver->since_ms, (int64_t)0) / 1000;
    if (driver->since_ms == 0) on_s = 0;
    return driver->income_fen * 3600 / (on_s + 3600);
}

/* Mean hourly income of the shift of a driver, over those that this batch looks at. */
static int64_t cohort_mean(const struct desk_supply *supply, const batch *run, const char *cohort)
{
    int64_t sum = 0, count = 0;
    for (uint32_t k = 0; k < run->vehicle_count; k++) {
        const supply_vehicle *one = &supply->vehicle.at[run->vehicle_of[k]];
        uint32_t at = supply_map_get(&supply->driver_of, one->driver);
        if (at == TQ_NONE || strcmp(supply->driver.at[at].cohort, cohort) != 0) continue;
        sum += rate_of(&supply->driver.at[at], run->now_ms);
        count++;
    }
    return count > 0 ? sum / count : 0;
}

static void add_terms(const struct desk_supply *supply, const batch *run, batch_pair *pair)
{
    const desk_policy *policy = &supply->policy;
    const supply_vehicle *vehicle = &supply->vehicle.at[pair->vehicle];
    uint32_t at = supply_map_get(&supply->driver_of, vehicle->driver);
    if (at == TQ_NONE) return;
    const supply_driver *driver = &supply->driver.at[at];
    /* Four offers without a refusal stand before the first, so that one refusal is not everything.
     */
    pair->refusal_ds =
        (int32_t)((int64_t)policy->refusal_s * 10 * driver->refused / (driver->offered + 4));
    if (policy->income_s == 0) return;
    int64_t mean = cohort_mean(supply, run, driver->cohort);
    int64_t over = rate_of(driver, run->now_ms) - mean, size = over < 0 ? -over : over;
    int64_t most = (int64_t)policy->income_s * 10;
    pair->income_ds = (int32_t)(most + (size + mean > 0 ? most * over / (size + mean) : 0));
}

static int32_t leave_of(const desk_policy *policy, const supply_order *order, int64_t now_ms)
{
    int64_t waited = TQ_MIN((now_ms - order->since_ms) / 1000, (int64_t)policy->give_up_s);
    int64_t cost = policy->leave_s + waited * policy->ageing / 100 + policy->refusal_s +
                   2 * (int64_t)policy->income_s;
    if (is_first(order))
        cost = (cost + policy->elder_leave_s + (int64_t)policy->give_up_s * policy->ageing / 100) *
               policy->elder_weight / 100;
    return (int32_t)TQ_MIN(cost * 10, (int64_t)INT32_MAX / 4);
}

/* ---- candidates --------------------------------------------------------------------------------
 */

static tq_status find_pairs(desk_call *call, batch *run)
{
    struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    uint32_t limit = (uint32_t)policy->candidates;
    near_row row[DESK_POOL_CANDIDATES_MAX];
    run->pair = TQ_PUSH_RAW(&supply->work, batch_pair, (size_t)run->order_count * limit + 1);
    if (run->pair == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a batch");
    for (uint32_t k = 0; k < run->order_count; k++) {
        batch_order *one = &run->order[k];
        uint32_t count = 0;
        int64_t waited_s = (run->now_ms - one->order->since_ms) / 1000;
        /* Not in the widest circle at once: a far car named now comes later than a near one that
         * is free in a moment, and elders have the first choice of those. */
        if (is_first(one->order)) waited_s += policy->elder_wider_s;
        one->radius_m = (uint32_t)policy_radius(policy, waited_s);
        TQ_TRY(near_candidates(supply, policy, one->order, run->now_ms, one->radius_m, limit, row,
                               &count, call->err));
        one->first = run->pair_count;
        one->count = count;
        one->leave = leave_of(policy, one->order, run->now_ms);
        for (uint32_t c = 0; c < count; c++)
            run->pair[run->pair_count++] = (batch_pair){.vehicle = row[c].vehicle,
                                                        .eta_ds = row[c].drive_ds + row[c].ready_ds,
                                                        .ready_ds = row[c].ready_ds};
    }
    return TQ_OK;
}

/* Vehicles of this batch get numbers from 0. */
static tq_status number_vehicles(desk_call *call, batch *run)
{
    struct desk_supply *supply = call->desk->supply;
    uint32_t *seen = TQ_PUSH_RAW(&supply->work, uint32_t, supply->vehicle.count + 1);
    run->local = TQ_PUSH_RAW(&supply->work, uint32_t, run->pair_count + 1);
    run->vehicle_of = TQ_PUSH_RAW(&supply->work, uint32_t, run->pair_count + 1);
    run->match = TQ_PUSH_RAW(&supply->work, tq_fleet_pair, run->pair_count + 1);
    run->first = TQ_PUSH(&supply->work, uint32_t, run->order_count + 1);
    run->asked = TQ_PUSH(&supply->work, uint8_t, supply->vehicle.count + 1);
    if (seen == NULL || run->local == NULL || run->vehicle_of == NULL || run->match == NULL ||
        run->first == NULL || run->asked == NULL)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a batch");
    for (uint32_t k = 0; k < run->pair_count; k++)
        seen[run->pair[k].vehicle] = TQ_NONE;
    for (uint32_t k = 0; k < run->pair_count; k++) {
        uint32_t vehicle = run->pair[k].vehicle;
        if (seen[vehicle] == TQ_NONE) {
            seen[vehicle] = run->vehicle_count;
            run->vehicle_of[run->vehicle_count++] = vehicle;
        }
        run->local[k] = seen[vehicle];
    }
    for (uint32_t k = 0; k < run->order_count; k++)
        run->first[k] = run->order[k].first;
    run->first[run->order_count] = run->pair_count;
    return TQ_OK;
}

static void put_costs(const struct desk_supply *supply, batch *run, bool with_income)
{
    const desk_policy *policy = &supply->policy;
    for (uint32_t k = 0; k < run->order_count; k++) {
        const batch_order *one = &run->order[k];
        for (uint32_t p = one->first; p < one->first + one->count; p++) {
            batch_pair *pair = &run->pair[p];
            int64_t cost = (int64_t)pair->eta_ds + pair->refusal_ds +
                           (int64_t)pair->ready_ds * (policy->soon_weight - 100) / 100;
            if (with_income) cost += pair->income_ds;
            if (is_first(one->order)) cost = cost * policy->elder_weight / 100;
            if (policy->method == METHOD_ROTATION)
                cost =
                    TQ_MAX((supply->vehicle.at[pair->vehicle].free_since_ms - run->now_ms) / 100 +
                               ROTATION_DS,
                           (int64_t)0);
            pair->cost = (int32_t)TQ_MIN(cost, (int64_t)INT32_MAX / 4);
            run->match[p] = (tq_fleet_pair){.vehicle = run->local[p], .cost = pair->cost};
        }
    }
}

/* ---- matching ----------------------------------------------------------------------------------
 */

static tq_status one_after_another(const tq_fleet_matching *in, tq_arena *work, uint32_t *chosen,
                                   tq_err *err)
{
    uint8_t *taken = TQ_PUSH(work, uint8_t, in->vehicle_count + 1);
    if (taken == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a batch");
    for (uint32_t order = 0; order < in->order_count; order++) {
        chosen[order] = TQ_NONE;
        for (uint32_t p = in->first_pair[order]; p < in->first_pair[order + 1]; p++)
            if (!taken[in->pair[p].vehicle] &&
                (chosen[order] == TQ_NONE || in->pair[p].cost < in->pair[chosen[order]].cost))
                chosen[order] = p;
        if (chosen[order] != TQ_NONE) taken[in->pair[chosen[order]].vehicle] = 1;
    }
    return TQ_OK;
}

tq_status batch_match(int32_t method, const tq_fleet_matching *in, tq_arena *work, uint32_t *chosen,
                      tq_err *err)
{
    if (method != METHOD_BATCH) return one_after_another(in, work, chosen, err);
    tq_fleet_match_answer out = {.vehicle_of_order = chosen};
    TQ_TRY(tq_fleet_match(in, work, &out, err));
    for (uint32_t order = 0; order < in->order_count; order++) {
        uint32_t vehicle = chosen[order];
        chosen[order] = TQ_NONE;
        for (uint32_t p = in->first_pair[order]; p < in->first_pair[order + 1]; p++)
            if (in->pair[p].vehicle == vehicle) chosen[order] = p;
    }
    return TQ_OK;
}

/* Seconds of wait in a choice. */
static int64_t wait_of(const batch *run, const uint32_t *chosen)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < run->order_count; k++)
        sum += chosen[k] != TQ_NONE ? run->pair[chosen[k]].eta_ds : run->order[k].leave;
    return sum;
}

static tq_status match(desk_call *call, batch *run)
{
    struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    int32_t *leave = TQ_PUSH(&supply->work, int32_t, run->order_count + 1);
    uint32_t *chosen = TQ_PUSH(&supply->work, uint32_t, run->order_count + 1),
             *plain = TQ_PUSH(&supply->work, uint32_t, run->order_count + 1);
    if (leave == NULL || chosen == NULL || plain == NULL)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a batch");
    for (uint32_t k = 0; k < run->order_count; k++)
        leave[k] = run->order[k].leave;
    tq_fleet_matching in = {.order_count = run->order_count,
                            .vehicle_count = run->vehicle_count,
                            .first_pair = run->first,
                            .pair = run->match,
                            .leave_cost = leave};
    for (uint32_t p = 0; p < run->pair_count; p++)
        add_terms(supply, run, &run->pair[p]);
    if (policy->income_s > 0) {
        put_costs(supply, run, false);
        TQ_TRY(batch_match(policy->method, &in, &supply->work, plain, call->err));
    }
    put_costs(supply, run, true);
    TQ_TRY(batch_match(policy->method, &in, &supply->work, chosen, call->err));
    if (policy->income_s > 0) run->income_price_ds = wait_of(run, chosen) - wait_of(run, plain);
    for (uint32_t k = 0; k < run->order_count; k++)
        run->order[k].chosen = chosen[k];
    return TQ_OK;
}

tq_status batch_run(desk_call *call, bool all, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    batch run = {.now_ms = call->command->now_ms};
    size_t mark = supply->work.used;
    run.seed = tq_mix((uint64_t)run.now_ms) >> 12;
    tq_status status = choose_orders(call, &run, all);
    if (status == TQ_OK && run.order_count > 0) {
        status = find_pairs(call, &run);
        if (status == TQ_OK) status = number_vehicles(call, &run);
        if (status == TQ_OK) status = match(call, &run);
        if (status == TQ_OK) status = write_batch(call, &run, changed);
    }
    tq_arena_reset(&supply->work, mark);
    return status;
}
