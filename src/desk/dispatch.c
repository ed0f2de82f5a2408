/* The dispatcher: supply in memory, queue, batches. */
#include "desk/dispatch_in.h"

bool desk_supply_hears(const char *topic)
{
    (void)topic;
    return false;
}

tq_status desk_supply_fill(tq_desk *desk, tq_err *err)
{
    (void)desk;
    (void)err;
    return TQ_OK;
}

tq_status desk_supply_follow(tq_desk *desk, const char *topic, const char *id, tq_err *err)
{
    (void)desk;
    (void)topic;
    (void)id;
    (void)err;
    return TQ_OK;
}

void desk_supply_close(struct desk_supply *supply)
{
    (void)supply;
}

tq_status desk_dispatch_tick(desk_call *call, bool *changed)
{
    (void)call;
    (void)changed;
    return TQ_OK;
}

const desk_verb desk_dispatch_verbs[] = {{0}};
