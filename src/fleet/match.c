/*
 * Matching of orders and vehicles: the cheapest assignment over sparse pairs, each order may be
 * left at its own cost.
 *
 * Method: prices and bidding first, as in the reduction of rows of Jonker and Volgenant (1987,
 * Computing 38) and the auction of Bertsekas, for lists of pairs instead of a full table; then for
 * each order that still waits a shortest augmenting path (match_path.c). An order's leave cost is
 * one more bidder's choice that belongs to it alone, so no row or column is added for it.
 *
 * Invariants: match_in.h. Sums stay below 2^34 (a price never exceeds the largest leave cost, which
 * is an int32), totals below 2^48. Ties: the pair that stands first; a vehicle rather than leaving;
 * so the same input gives the same answer, bit for bit. Another order of the same pairs, or other
 * prices to begin with, give the same cost but may give another of several cheapest matchings.
 *
 * Does not: know time, places or policies; they are in the costs.
 */
#include "fleet/match_in.h"

/* Bids are cheap and settle nearly all, but where vehicles are short two orders may outbid each
 * other in steps of 1; after so many bids an order the rest is left to paths. */
#define BIDS_AN_ORDER 6u

/* ---- checking -------------------------------------------------------------------------------- */

static tq_status check_order(const tq_fleet_matching *in, uint32_t order, uint32_t *last_order,
                             tq_err *err)
{
    uint32_t first = in->first_pair[order], end = in->first_pair[order + 1];
    if (in->leave_cost[order] < 0)
        return tq_fail(err, TQ_BAD_INPUT, order,
                       "leaving order %u costs %d; costs are not negative", order,
                       in->leave_cost[order]);
    for (uint32_t pair = first; pair < end; pair++) {
        uint32_t vehicle = in->pair[pair].vehicle;
        if (vehicle >= in->vehicle_count)
            return tq_fail(err, TQ_BAD_INPUT, order, "order %u names vehicle %u of %u", order,
                           vehicle, in->vehicle_count);
        if (in->pair[pair].cost < 0)
            return tq_fail(err, TQ_BAD_INPUT, order,
                           "order %u and vehicle %u cost %d; costs are not negative", order,
                           vehicle, in->pair[pair].cost);
        if (last_order[vehicle] == order)
            return tq_fail(err, TQ_BAD_INPUT, order,
                           "order %u names vehicle %u twice; keep the cheaper pair", order,
                           vehicle);
        last_order[vehicle] = order;
    }
    return TQ_OK;
}

/* `last_order` is scratch, all TQ_NONE. */
static tq_status check_input(const tq_fleet_matching *in, uint32_t *last_order, tq_err *err)
{
    if (in->first_pair[0] != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the first order's pairs begin at %u, not at 0",
                       in->first_pair[0]);
    /* All of them before any pair is read. */
    for (uint32_t order = 0; order < in->order_count; order++)
        if (in->first_pair[order + 1] < in->first_pair[order])
            return tq_fail(err, TQ_BAD_INPUT, order,
                           "pairs of order %u end at %u before they begin at %u; first_pair must "
                           "ascend",
                           order, in->first_pair[order + 1], in->first_pair[order]);
    for (uint32_t order = 0; order < in->order_count; order++)
        TQ_TRY(check_order(in, order, last_order, err));
    for (uint32_t vehicle = 0; in->price_before != NULL && vehicle < in->vehicle_count; vehicle++)
        if (in->price_before[vehicle] < 0 || in->price_before[vehicle] > INT32_MAX)
            return tq_fail(err, TQ_BAD_INPUT, vehicle,
                           "the price of vehicle %u is %lld; prices of a matching are 0 .. %d",
                           vehicle, (long long)in->price_before[vehicle], INT32_MAX);
    return TQ_OK;
}

/* ---- scratch --------------------------------------------------------------------------------- */

static bool take_scratch(match_state *state, tq_arena *work)
{
    uint32_t orders = state->in->order_count, vehicles = state->in->vehicle_count;
    state->price = TQ_PUSH(work, int64_t, vehicles);
    state->reach = TQ_PUSH_RAW(work, int64_t, vehicles);
    state->heap.key = TQ_PUSH_RAW(work, int64_t, vehicles);
    state->order_of = TQ_PUSH_RAW(work, uint32_t, vehicles);
    state->by_pair = TQ_PUSH_RAW(work, uint32_t, vehicles);
    state->by_order = TQ_PUSH_RAW(work, uint32_t, vehicles);
    state->seen = TQ_PUSH(work, uint32_t, vehicles);
    state->settled = TQ_PUSH_RAW(work, uint32_t, vehicles);
    state->heap.id = TQ_PUSH_RAW(work, uint32_t, vehicles);
    state->heap.pos = TQ_PUSH_RAW(work, uint32_t, vehicles);
    state->pair_of_order = TQ_PUSH_RAW(work, uint32_t, orders);
    state->waiting = TQ_PUSH_RAW(work, uint32_t, orders);
    state->next = TQ_PUSH_RAW(work, uint32_t, orders);
    if (state->price == NULL || state->reach == NULL || state->heap.key == NULL ||
        state->order_of == NULL || state->by_pair == NULL || state->by_order == NULL ||
        state->seen == NULL || state->settled == NULL || state->heap.id == NULL ||
        state->heap.pos == NULL || state->pair_of_order == NULL || state->waiting == NULL ||
        state->next == NULL)
        return false;
    for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++)
        state->order_of[vehicle] = state->heap.pos[vehicle] = TQ_NONE;
    for (uint32_t order = 0; order < orders; order++)
        state->pair_of_order[order] = TQ_NONE;
    return true;
}

/* ---- bidding --------------------------------------------------------------------------------- */

/* The two best choices of an order. Leaving is a choice that nobody else wants: pair MATCH_LEFT. */
typedef struct choice {
    int64_t best, second;
    uint32_t best_pair, second_pair;
} choice;

static choice choose(const match_state *state, uint32_t order)
{
    const tq_fleet_matching *in = state->in;
    choice out = {INT64_MAX, INT64_MAX, TQ_NONE, TQ_NONE};
    for (uint32_t pair = in->first_pair[order]; pair < in->first_pair[order + 1]; pair++) {
        int64_t pays = match_pays(state, pair);
        if (pays >= out.second) continue;
        if (pays < out.best) {
            out.second = out.best;
            out.second_pair = out.best_pair;
            out.best = pays;
            out.best_pair = pair;
        } else {
            out.second = pays;
            out.second_pair = pair;
        }
    }
    int64_t leave = in->leave_cost[order];
    if (leave < out.best) {
        out.best = leave;
        out.best_pair = MATCH_LEFT;
    } else if (leave < out.second) {
        out.second = leave;
        out.second_pair = MATCH_LEFT;
    }
    return out;
}

/*
 * One bid. The order takes its best vehicle and pays so much more that it likes its second choice
 * as well; whoever had the vehicle waits again and is returned. Without a difference between the
 * two choices nobody is driven out: `*stays` tells that the order must wait for a path.
 */
static uint32_t bid(match_state *state, uint32_t order, bool *stays)
{
    choice found = choose(state, order);
    *stays = false;
    if (found.best_pair == MATCH_LEFT) {
        state->pair_of_order[order] = MATCH_LEFT;
        return TQ_NONE;
    }
    uint32_t vehicle = state->in->pair[found.best_pair].vehicle;
    uint32_t before = state->order_of[vehicle];
    if (before != TQ_NONE && found.best == found.second) {
        if (found.second_pair == MATCH_LEFT) {
            state->pair_of_order[order] = MATCH_LEFT;
        } else if (state->order_of[state->in->pair[found.second_pair].vehicle] == TQ_NONE) {
            match_give(state, order, found.second_pair);
        } else {
            *stays = true;
        }
        return TQ_NONE;
    }
    if (before != TQ_NONE) state->pair_of_order[before] = TQ_NONE;
    state->price[vehicle] += found.second - found.best;
    match_give(state, order, found.best_pair);
    return before;
}

uint32_t match_bid(match_state *state)
{
    uint32_t orders = state->in->order_count, count = 0, kept = 0;
    uint64_t bids = (uint64_t)BIDS_AN_ORDER * orders;
    for (uint32_t order = 0; order < orders; order++)
        if (state->pair_of_order[order] == TQ_NONE) state->waiting[count++] = order;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t order = state->waiting[k];
        while (order != TQ_NONE) {
            bool stays = bids == 0;
            uint32_t driven_out = stays ? TQ_NONE : bid(state, order, &stays);
            if (stays) state->next[kept++] = order;
            if (bids > 0) bids--;
            order = driven_out;
        }
    }
    uint32_t *swap = state->waiting;
    state->waiting = state->next;
    state->next = swap;
    return kept;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void write_answer(const match_state *state, tq_fleet_match_answer *out)
{
    const tq_fleet_matching *in = state->in;
    out->cost = 0;
    out->matched = 0;
    for (uint32_t order = 0; order < in->order_count; order++) {
        uint32_t pair = state->pair_of_order[order];
        bool left = pair == MATCH_LEFT;
        out->vehicle_of_order[order] = left ? TQ_NONE : in->pair[pair].vehicle;
        out->cost += left ? in->leave_cost[order] : in->pair[pair].cost;
        out->matched += !left;
    }
    if (out->price != NULL)
        memcpy(out->price, state->price, in->vehicle_count * sizeof *out->price);
}

tq_status tq_fleet_match(const tq_fleet_matching *in, tq_arena *work, tq_fleet_match_answer *out,
                         tq_err *err)
{
    if (in->order_count > TQ_FLEET_ORDERS_MAX || in->vehicle_count > TQ_FLEET_VEHICLES_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "%u orders and %u vehicles; one matching takes at most %u and %u, divide "
                       "the area",
                       in->order_count, in->vehicle_count, TQ_FLEET_ORDERS_MAX,
                       TQ_FLEET_VEHICLES_MAX);
    size_t mark = work->used;
    match_state state = {.in = in};
    tq_status status = TQ_OK;
    if (!take_scratch(&state, work))
        status = tq_fail(err, TQ_NO_MEMORY, 0,
                         "the scratch of a matching is too small for %u orders and %u vehicles",
                         in->order_count, in->vehicle_count);
    else
        status = check_input(in, state.heap.pos, err);
    if (status == TQ_OK) {
        for (uint32_t vehicle = 0; vehicle < in->vehicle_count; vehicle++)
            state.heap.pos[vehicle] = TQ_NONE;
        if (in->price_before != NULL) match_begin_warm(&state);
        uint32_t waiting = match_bid(&state);
        for (uint32_t k = 0; k < waiting; k++)
            match_augment(&state, state.waiting[k], k + 1);
        write_answer(&state, out);
    }
    tq_arena_reset(work, mark);
    return status;
}
