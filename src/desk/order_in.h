/*
 * Private to src/desk: orders, as the dispatcher, the driver's side and the bus lines see them
 * (orders.c). Shapes: docs/design/dispatch.md.
 */
#ifndef TQ_DESK_ORDER_IN_H
#define TQ_DESK_ORDER_IN_H

#include "desk/desk_in.h"

/** Load an order (a new reference) with its version and state; TQ_NOT_FOUND names it. */
tq_status desk_order_load(desk_call *call, const char *id, json_t **order, uint64_t *version,
                          char state[32]);
/**
 * Move an order to another state, as far as the machine of its kind lets it be moved from where it
 * is (TQ_STALE names both states): members of `facts` (taken over, may be NULL) are merged into the
 * record, a line is added to its history, the event «order» is told. `to` NULL: the state stays and
 * only facts change. `what` is the word of the move: «offered», «assigned», «driver cancelled».
 */
tq_status desk_order_move(desk_call *call, const char *id, const char *to, const char *what,
                          json_t *facts, const char *note);
/** Make an order from its JSON for another verb (a booking, a crew's task); its id. */
tq_status desk_order_open(desk_call *call, json_t *body, char id[TQ_ID_MAX]);

#endif
