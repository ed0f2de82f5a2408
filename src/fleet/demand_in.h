/* What the files of the demand generator share: places with their weights, and drafts of orders. */
#ifndef TQ_FLEET_DEMAND_IN_H
#define TQ_FLEET_DEMAND_IN_H

#include "fleet/fleet.h"

#define DEMAND_E7_A_M    (1e7 / 111194.93)     /* units of latitude a metre, mean radius */
#define DEMAND_RADIAN_E7 1.7453292519943295e-9 /* radians a unit */

/* The weights of the other end: of which anchor, among hospitals or the others, by what. */
typedef struct demand_row {
    uint32_t anchor;
    bool hospital, gravity;
    uint32_t scale_m;
} demand_row;

/* An order that is not finished. */
typedef struct demand_draft {
    tq_fleet_demand_order order;
    bool returns; /* from the hospital home */
    uint64_t anchor_at;
    double other_at; /* 0 .. below 1 */
    tq_random spot;
    demand_row row;
} demand_draft;

typedef struct demand_space {
    const tq_fleet_demand_place *place;
    uint32_t count;
    uint64_t *home_sum; /* [count] running sum of the weights of all but hospitals */
    double *sum;        /* [count] running sum of the row weighed last */
    double *metres;     /* [count] from its anchor */
} demand_space;

tq_status demand_space_open(demand_space *space, const tq_fleet_demand *demand,
                            const tq_fleet_demand_place *place, uint32_t count, tq_err *err);
void demand_space_close(demand_space *space);
/** Straight distance; good within a region. */
double demand_metres(int32_t lat_e7, int32_t lon_e7, int32_t to_lat_e7, int32_t to_lon_e7);
/** A place that is no hospital, by weight. */
uint32_t demand_anchor(const demand_space *space, uint64_t at);
/** Weigh a row; demand_row_pick then draws from it. */
void demand_row_weigh(demand_space *space, const tq_fleet_demand *demand, const demand_row *row);
uint32_t demand_row_pick(const demand_space *space, double at);

#endif
