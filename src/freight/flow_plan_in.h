/*
 * Flows of several commodities, in three files:
 *
 *   flow_states.c  capacities; the states of goods of one commodity from one origin, and their arcs
 *   flow_plan.c    the linear program over ways, which are made as their prices ask for them
 *   flow_trains.c  whole trains: the same ways, chosen again by CBC
 */
#ifndef TQ_FLOW_PLAN_IN_H
#define TQ_FLOW_PLAN_IN_H

#include "freight/search_in.h"

#define NO_CAP UINT32_MAX

/* A step of goods of a group, in any week. */
typedef struct flow_step {
    uint32_t from, to; /* states; from TQ_NONE = loading at the origin */
    uint32_t cap;      /* in the table of capacities, NO_CAP = no limit */
    double yuan;       /* of a tonne */
} flow_step;

/* Unloading of a lot of the group from a state at its goal. */
typedef struct flow_last {
    uint32_t state, lot, cap;
    double yuan;
} flow_last;

/* Goods of one commodity from one origin. */
typedef struct flow_group {
    uint32_t commodity, from;
    uint32_t states, first_start, start_count;
    uint32_t first_step; /* into step_of of its states: [states + 1] */
    uint32_t first_last, last_count;
    double week_t; /* that become ready in each week */
} flow_group;

typedef struct flow_states {
    const tq_freight *net;
    const tq_flow_query *query;
    uint32_t *link_cap, *op_cap; /* [link], [node * OPS + op]: row of caps, NO_CAP */
    tq_flow_use *use;            /* [caps * weeks] */
    uint32_t caps, most_states;
    double *cap_yuan; /* [caps] of a tonne more, for trains */
    TQ_VEC(flow_group) group;
    TQ_VEC(flow_step) step; /* of a group: loadings, then by the state where they begin */
    TQ_VEC(uint32_t) step_of;
    TQ_VEC(flow_last) last;
    /* scratch of making */
    uint32_t *state_of, *queue, states_cap;
    const price_set *prices;
    double tonnes; /* of the load that is priced */
    bool failed;
} flow_states;

/* The linear program: rows are lots, then starts of groups by week, then capacities as they are
 * met; columns are what is never brought, what waits a week, then ways. */
typedef struct flow_lp {
    TQ_VEC(int) start; /* [columns + 1] */
    TQ_VEC(int) index;
    TQ_VEC(double) value;
    TQ_VEC(double) cost;     /* with what capacities cost by the tonne */
    TQ_VEC(double) right;    /* [rows] */
    TQ_VEC(uint32_t) cap_of; /* [rows - first_cap] cap * weeks + week */
    uint32_t first_cap;
    uint32_t *row_of; /* [caps * weeks] TQ_NONE = not met */
} flow_lp;

/* flow_states.c */
tq_status flow_states_make(const tq_freight *net, const tq_freight_live *live,
                           const tq_flow_query *query, flow_states *out, tq_err *err);
void flow_states_free(flow_states *states);

/* flow_trains.c */
/** Choose among the ways of a solved program so that rail links carry whole trains. Fills use
 * (tonnes, trains), *cost_yuan and unserved [lots]. */
tq_status flow_trains(const flow_states *states, const flow_lp *lp, double *cost_yuan,
                      double *unserved, tq_err *err);
/** A capacity that trains go over. */
static inline bool flow_has_trains(const flow_states *states, uint32_t cap)
{
    const tq_flow_use *use = &states->use[(size_t)cap * states->query->weeks];
    return states->query->train_t > 0 && use->place == TQ_FLOW_LINK && use->mode == TQ_FREIGHT_RAIL;
}

#endif
