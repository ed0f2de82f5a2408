/*
 * Beginning with the prices of an earlier matching.
 *
 * Method: each order takes its best vehicle under the old prices if it is free. Vehicles that
 * nobody took must cost nothing, so their prices fall to 0; an order that now likes one of them
 * better gives its own up, whose price falls too, and so on until nothing changes. What is left of
 * prices and pairs satisfies match_in.h; whoever has no vehicle waits. A wave that does not end
 * soon shows that the old prices do not fit, and all begins at 0.
 */
#include "fleet/match_in.h"

#define WAVES_MOST 12u

static void take_best(match_state *state, uint32_t order)
{
    const tq_fleet_matching *in = state->in;
    int64_t best = in->leave_cost[order];
    uint32_t best_pair = TQ_NONE;
    bool best_is_free = false;
    for (uint32_t pair = in->first_pair[order]; pair < in->first_pair[order + 1]; pair++) {
        int64_t pays = match_pays(state, pair);
        bool is_free = state->order_of[in->pair[pair].vehicle] == TQ_NONE;
        if (pays > best || (pays == best && (best_is_free || !is_free))) continue;
        best = pays;
        best_pair = pair;
        best_is_free = is_free;
    }
    if (best_is_free) match_give(state, order, best_pair);
}

/* Does the order pay more than it must? */
static bool is_unhappy(const match_state *state, uint32_t order)
{
    const tq_fleet_matching *in = state->in;
    int64_t pays = match_pays(state, state->pair_of_order[order]);
    for (uint32_t pair = in->first_pair[order]; pair < in->first_pair[order + 1]; pair++)
        if (match_pays(state, pair) < pays) return true;
    return false;
}

static void drop_all(match_state *state)
{
    for (uint32_t order = 0; order < state->in->order_count; order++)
        state->pair_of_order[order] = TQ_NONE;
    for (uint32_t vehicle = 0; vehicle < state->in->vehicle_count; vehicle++) {
        state->order_of[vehicle] = TQ_NONE;
        state->price[vehicle] = 0;
    }
}

void match_begin_warm(match_state *state)
{
    const tq_fleet_matching *in = state->in;
    memcpy(state->price, in->price_before, in->vehicle_count * sizeof *state->price);
    for (uint32_t order = 0; order < in->order_count; order++)
        take_best(state, order);
    for (uint32_t vehicle = 0; vehicle < in->vehicle_count; vehicle++)
        if (state->order_of[vehicle] == TQ_NONE) state->price[vehicle] = 0;
    for (uint32_t wave = 0; wave < WAVES_MOST; wave++) {
        uint32_t given_up = 0;
        for (uint32_t order = 0; order < in->order_count; order++) {
            uint32_t pair = state->pair_of_order[order];
            if (pair == TQ_NONE || !is_unhappy(state, order)) continue;
            uint32_t vehicle = in->pair[pair].vehicle;
            state->pair_of_order[order] = TQ_NONE;
            state->order_of[vehicle] = TQ_NONE;
            state->price[vehicle] = 0;
            given_up++;
        }
        if (given_up == 0) return;
    }
    drop_all(state);
}
