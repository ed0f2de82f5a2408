/*
 * Private to src/desk: what the dispatcher holds in memory (dispatch.c) and shows the rest of the
 * room. It follows the event stream after each commit (topics order, vehicle, driver, policy), so a
 * refused or rolled-back command leaves nothing in it.
 *
 * On the writer's desk a metric of the roads is pinned meanwhile: the desk is closed before roads.
 */
#ifndef TQ_DESK_DISPATCH_IN_H
#define TQ_DESK_DISPATCH_IN_H

#include "desk/desk_in.h"

/** Is it a topic that the supply follows? */
bool desk_supply_hears(const char *topic);
/** Make it from the records (the writer's desk, at its first catching up). */
tq_status desk_supply_fill(tq_desk *desk, tq_err *err);
/** Read one record again after its event. */
tq_status desk_supply_follow(tq_desk *desk, const char *topic, const char *id, tq_err *err);
void desk_supply_close(struct desk_supply *supply);
/** All that it knows by the records, in order of ids, as text: two desks that know the same write
 * the same. */
tq_status desk_supply_dump(tq_desk *desk, tq_buf *out);

/** How long one waits for a vehicle at a place now, by live times: of the best free one that has
 * what is needed. TQ_NOT_FOUND: none; err says which constraint binds. `needs`: JSON array of an
 * order's needs, or NULL; `classes` the same. *vehicles: how many are within the widest radius. */
tq_status desk_supply_wait(desk_call *call, tq_point at, const json_t *needs, const json_t *classes,
                           int32_t *wait_s, uint32_t *vehicles);

/** The wait for a taxi by place (dispatch_waits.c). The grid points into *wait_s and *vehicles,
 * which the caller frees, also on failure; no columns = no taxi is at work here. */
tq_status desk_waits(desk_call *call, uint16_t **wait_s, uint16_t **vehicles,
                     tq_ondemand_waits *out);

/** A decision with the inputs of its batch (a new reference); TQ_NOT_FOUND names it. */
tq_status desk_decision_load(desk_call *call, const char *id, json_t **out);

#endif
