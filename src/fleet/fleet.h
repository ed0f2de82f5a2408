/*
 * fleet: pure optimisation of vehicles and orders. No clock, no I/O, no city: times and costs come
 * in as numbers, assignments and plans go out.
 *
 * matching   tq_fleet_match: which vehicle for which order, at once, exact        match*.c
 * insertion  tq_fleet_pool: pooled service, one request after another, exact       insert*.c
 * planning   tq_fleet_plan: whole routes, improved by ruin and recreate            plan*.c
 * problems   readers and writers: VROOM's JSON, Li-Lim, Cordeau, Solomon           problem*.c
 * balance    tq_fleet_rebalance: where idle vehicles are wanted                    balance.c
 *
 * Everything is deterministic: the same input and seed give the same answer, whatever the threads.
 * Times are int32 in a unit of the caller's (seconds or deciseconds in the desk), sums int64.
 */
#ifndef TQ_FLEET_H
#define TQ_FLEET_H

#include "base/base.h"

/* ---- matching (match.c) ---------------------------------------------------------------------- */

/* One vehicle that may take an order, and what that costs (>= 0, such as the approach in
 * deciseconds with all its terms). */
typedef struct tq_fleet_pair {
    uint32_t vehicle;
    int32_t cost;
} tq_fleet_pair;

typedef struct tq_fleet_matching {
    uint32_t order_count, vehicle_count;
    const uint32_t *first_pair;  /* [order_count + 1], ascending */
    const tq_fleet_pair *pair;   /* of an order: each vehicle at most once */
    const int32_t *leave_cost;   /* [order_count], >= 0: of leaving the order for later */
    const int64_t *price_before; /* [vehicle_count] or NULL: prices of the last matching */
} tq_fleet_matching;

typedef struct tq_fleet_match_answer {
    uint32_t *vehicle_of_order; /* [order_count], TQ_NONE = left; memory of the caller */
    int64_t *price;             /* [vehicle_count] or NULL: to start the next matching from */
    int64_t cost;               /* of the whole, leave costs included */
    uint32_t matched;
} tq_fleet_match_answer;

#define TQ_FLEET_ORDERS_MAX   100000u
#define TQ_FLEET_VEHICLES_MAX 200000u

/**
 * The cheapest matching there is: each order gets one vehicle or is left, each vehicle at most one
 * order. Of equally cheap ones always the same.
 *
 * Scratch: about 64 bytes an order and a vehicle. TQ_NO_MEMORY when `work` is too small,
 * TQ_BAD_INPUT when pairs are out of order or range.
 */
tq_status tq_fleet_match(const tq_fleet_matching *in, tq_arena *work, tq_fleet_match_answer *out,
                         tq_err *err);

#endif
