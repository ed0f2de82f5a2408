/*
 * Inside of matching: what match.c, match_warm.c and match_path.c share.
 *
 * A vehicle's price is what the orders bid for it, an order's due the least that it can have: cost
 * and price of a vehicle, or its leave cost. Between steps always hold:
 *   price >= 0, and 0 for each vehicle without an order;
 *   an order with a vehicle pays its due there, cost + price, and it is at most the leave cost;
 *   an order that is left would pay at least its leave cost anywhere.
 * When no order waits any more these make the matching a cheapest one (linear programming duality).
 */
#ifndef TQ_FLEET_MATCH_IN_H
#define TQ_FLEET_MATCH_IN_H

#include "fleet/fleet.h"

#define MATCH_LEFT (TQ_NONE - 1) /* in pair_of_order: decided to leave; TQ_NONE = waits */

typedef struct match_state {
    const tq_fleet_matching *in;
    int64_t *price;           /* [vehicle_count] */
    uint32_t *order_of;       /* [vehicle_count], TQ_NONE = free */
    uint32_t *pair_of_order;  /* [order_count], MATCH_LEFT, TQ_NONE */
    uint32_t *waiting, *next; /* [order_count] each: lists of orders */
    /* Searches: of vehicles. */
    int64_t *reach;     /* [vehicle_count], of settled and seen vehicles */
    uint32_t *by_pair;  /* [vehicle_count], the pair over which it was reached */
    uint32_t *by_order; /* [vehicle_count], the order of that pair */
    uint32_t *seen;     /* [vehicle_count], number of the search that saw it last */
    uint32_t *settled;  /* [vehicle_count], list */
    tq_heap heap;       /* of vehicles */
} match_state;

/** What an order pays at a pair. */
static inline int64_t match_pays(const match_state *state, uint32_t pair)
{
    const tq_fleet_pair *at = &state->in->pair[pair];
    return at->cost + state->price[at->vehicle];
}

static inline void match_give(match_state *state, uint32_t order, uint32_t pair)
{
    state->pair_of_order[order] = pair;
    state->order_of[state->in->pair[pair].vehicle] = order;
}

/** Begin with prices of an earlier matching: what of them holds for these orders is kept. */
void match_begin_warm(match_state *state);
/** Bidding: most orders get what they keep. Those still waiting are in `waiting`; returns how many.
 */
uint32_t match_bid(match_state *state);
/** Decide one waiting order by the shortest augmenting path; `number` differs from search to search
 * and is not 0. */
void match_augment(match_state *state, uint32_t order, uint32_t number);

#endif
