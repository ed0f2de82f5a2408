/*
 * The shortest augmenting path of one waiting order.
 *
 * Method: Dijkstra over vehicles with costs reduced by prices. From the order to its vehicles, from
 * a vehicle with an order to the vehicles of that order, until one of three ends is nearest: a free
 * vehicle; or an order on the way (or the waiting one itself) is left. Then prices along the way
 * rise by what the end was farther than they, which keeps the invariants of match_in.h.
 */
#include "fleet/match_in.h"

typedef struct search {
    match_state *state;
    uint32_t number, settled;
    int64_t nearest;     /* end that is known so far */
    uint32_t end;        /* the free vehicle there, or TQ_NONE: */
    uint32_t exit_order; /* the order that is left there */
} search;

/* What an order on the tree reaches; `base` is the length up to it less its due. Nothing behind the
 * nearest end is looked at, so only vehicles that somebody has come into the heap. */
static void look_from(search *at, uint32_t order, int64_t base)
{
    match_state *state = at->state;
    const tq_fleet_matching *in = state->in;
    int64_t leaves = base + in->leave_cost[order];
    if (leaves < at->nearest) {
        at->nearest = leaves;
        at->end = TQ_NONE;
        at->exit_order = order;
    }
    for (uint32_t pair = in->first_pair[order]; pair < in->first_pair[order + 1]; pair++) {
        int64_t reach = base + match_pays(state, pair);
        if (reach > at->nearest) continue;
        uint32_t vehicle = in->pair[pair].vehicle;
        bool is_free = state->order_of[vehicle] == TQ_NONE;
        /* Of equally near ends a vehicle rather than leaving; else the first that was seen. */
        if (reach == at->nearest && (!is_free || at->end != TQ_NONE)) continue;
        if (!is_free && state->seen[vehicle] == at->number && reach >= state->reach[vehicle])
            continue;
        state->by_pair[vehicle] = pair;
        state->by_order[vehicle] = order;
        if (is_free) {
            at->nearest = reach;
            at->end = vehicle;
            continue;
        }
        state->seen[vehicle] = at->number;
        state->reach[vehicle] = reach;
        tq_heap_lower(&state->heap, vehicle, reach);
    }
}

static void empty_heap(tq_heap *heap)
{
    for (uint32_t slot = 0; slot < heap->count; slot++)
        heap->pos[heap->id[slot]] = TQ_NONE;
    heap->count = 0;
}

/* Give each order back to the root the vehicle over which the path came; the first one, `pair`, is
 * where the path ends. */
static void swap_along(match_state *state, uint32_t root, uint32_t order, uint32_t pair)
{
    for (;;) {
        uint32_t before = state->pair_of_order[order];
        match_give(state, order, pair);
        if (order == root) return;
        uint32_t vehicle = state->in->pair[before].vehicle;
        pair = state->by_pair[vehicle];
        order = state->by_order[vehicle];
    }
}

/* The same when the path ends in leaving `order`. */
static void leave_along(match_state *state, uint32_t root, uint32_t order)
{
    uint32_t before = state->pair_of_order[order];
    state->pair_of_order[order] = MATCH_LEFT;
    if (order == root) return;
    uint32_t vehicle = state->in->pair[before].vehicle;
    swap_along(state, root, state->by_order[vehicle], state->by_pair[vehicle]);
}

void match_augment(match_state *state, uint32_t order, uint32_t number)
{
    search at = {state, number, 0, INT64_MAX, TQ_NONE, TQ_NONE};
    look_from(&at, order, 0);
    while (state->heap.count > 0) {
        int64_t length = 0;
        uint32_t vehicle = tq_heap_pop(&state->heap, &length);
        if (length >= at.nearest) break;
        state->settled[at.settled++] = vehicle;
        uint32_t holder = state->order_of[vehicle];
        look_from(&at, holder, length - match_pays(state, state->pair_of_order[holder]));
    }
    empty_heap(&state->heap);
    for (uint32_t k = 0; k < at.settled; k++) {
        uint32_t vehicle = state->settled[k];
        state->price[vehicle] += at.nearest - state->reach[vehicle];
    }
    if (at.end != TQ_NONE)
        swap_along(state, order, state->by_order[at.end], state->by_pair[at.end]);
    else
        leave_along(state, order, at.exit_order);
}
