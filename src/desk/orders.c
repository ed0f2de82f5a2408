/* Orders. */
#include "desk/order_in.h"

tq_status desk_orders_tick(desk_call *call, bool *changed)
{
    (void)call;
    (void)changed;
    return TQ_OK;
}

const desk_verb desk_order_verbs[] = {{0}};
