/* A priced network for one load on one day, its lower bounds, and what the search files share. */
#ifndef TQ_FREIGHT_SEARCH_IN_H
#define TQ_FREIGHT_SEARCH_IN_H

#include "freight/freight_in.h"

#define CLASS_START TQ_FREIGHT_CLASSES_MAX /* before the first handling */

/* How goods of one class go on in another (semantics v1, rule 2). */
typedef struct change {
    uint8_t allowed, required; /* required: a row must be there; else it is used if it is there */
    uint8_t has_op, counts;    /* counts: a change of mode */
    uint8_t chain;             /* base price already paid goes on counting */
    uint8_t op;                /* OP_... */
} rule;

/* What decides prices and bounds; compared as bytes, so it is zeroed first. */
typedef struct price_key {
    uint64_t live, rates;
    int64_t mass_g;
    uint32_t goal, direction, commodity, boxes40, boxes20, modes, lifted;
    int32_t day;
    uint32_t avoid_count, avoid[TQ_FREIGHT_AVOID_MAX];
} price_key;

typedef struct bound {
    int32_t ds;      /* INT32_MAX = the goal cannot be reached */
    uint32_t e4, mg; /* in units of 2^e4_shift, 2^mg_shift */
} lower;

/* A link or service for one load, in one piece because the search reads all of it. */
typedef struct way_price {
    int64_t e4, mg;
    int32_t ds;    /* of a service: from cut-off to arrival */
    int32_t phase; /* of a service: see single_phase */
    uint8_t base;  /* of a link: into base_e4 */
} way_price;

/* An arc of the view with its price, so that the arcs out of a place lie in a row in memory. */
typedef struct arc_way {
    int64_t e4, mg;
    int32_t ds;    /* -1 = not usable */
    int32_t phase; /* of a service as in way_price; of a link its base price, into base_e4 */
    uint32_t head, item;
} arc_way;

/** The load of a question in millionths of a unit; -1 = it cannot be counted in that. */
int64_t quantity_e6(const tq_freight_query *query, bool boxed, uint32_t unit);

#define ARCS_AHEAD 4u /* so many arcs are looked ahead for the memory that they will need */

typedef struct prices {
    price_key key;
    rule change[TQ_FREIGHT_CLASSES_MAX + 1][TQ_FREIGHT_CLASSES_MAX];
    uint8_t end_op[TQ_FREIGHT_CLASSES_MAX]; /* OP_... at the goal */
    int64_t base_e4[TQ_FREIGHT_BASES_MAX];  /* ascending, [0] == 0 */
    uint32_t base_count;
    int64_t least_base_e4[TQ_FREIGHT_CLASSES_MAX];
    const uint16_t *op_row; /* [profile][OPS] of this cargo */
    way_price *link;        /* [link], ds -1 = not usable */
    uint16_t *link_price;   /* [link_tariff] row of tariffs, NO_ROW */
    way_price *service;     /* [service], e4 -1 = not usable */
    arc_way *arc;           /* [arc of the view of the search + ARCS_AHEAD] */
    int32_t *op_ds;         /* [op], -1 = not usable */
    int64_t *op_e4, *op_mg;
    uint8_t e4_shift, mg_shift;
    lower *bound; /* [node * class_count + class]: least from there to the end */
} price_set;

/* The question in the direction of the search. */
typedef struct task {
    const tq_freight *net;
    const tq_freight_live *live;
    const tq_freight_query *query;
    uint32_t direction, start, goal;
    int64_t start_ds; /* instant in view time: minus the instant when reversed */
    int32_t span_ds;  /* labels beyond are cut */
    int32_t day;
} errand;

/* Arcs of one view, both ways over each link. */
static inline size_t view_arcs(const tq_freight *net, uint32_t direction)
{
    const direction_view *view = &net->view[direction];
    return view->group[view->first_group[net->node_count]].first_arc;
}

/* prices.c */
/** The arcs of one view with their prices; `out` has room for ARCS_AHEAD more, which are zeroed. */
void prices_of_arcs(const tq_freight *net, const price_set *prices, uint32_t direction,
                    arc_way *out);
bool prices_place(const tq_freight *net, tq_arena *arena, price_set *out);
size_t prices_bytes(const tq_freight *net);
void prices_key(const errand *task, price_key *key);
/** Fill everything but the bounds. TQ_LIMIT for too many base prices, TQ_NO_MEMORY. */
tq_status prices_fill(const errand *task, price_set *out, tq_arena *work, tq_err *err);
/** Row of restrictions.csv in force for the question (and not lifted). */
bool ban_applies(const errand *task, uint32_t ban);

/* bounds.c */
/* How far bounds reach: as far as this start needs, or for every start (to be kept). */
typedef enum bounds_reach { TO_START, EVERYWHERE } bounds_reach;
tq_status bounds_fill(const errand *task, price_set *prices, bounds_reach reach, tq_arena *work,
                      tq_err *err);
/** Priced and bounded network of the task, from the cache or made in `work`. */
tq_status prices_get(const errand *task, tq_freight_cache *cache, tq_arena *work,
                     const price_set **out, uint32_t *made, tq_err *err);

/* search.c */
tq_status task_make(const tq_freight *net, const tq_freight_live *live,
                    const tq_freight_query *query, errand *out, tq_err *err);
/** First instant at or after `from_ds` (view time) by which goods must be ready; INT64_MAX = none.
 */
int64_t service_ready(const tq_freight *net, uint32_t direction, uint32_t service, int64_t from_ds,
                      bool any_day);

/* Handling between two classes at a node: false = not allowed; *row NO_ROW = nothing to do. */
static inline bool change_row(const price_set *prices, uint32_t profile, const rule *change,
                              uint16_t *row)
{
    *row = NO_ROW;
    if (!change->allowed) return false;
    if (!change->has_op) return true;
    uint16_t found = prices->op_row[(size_t)profile * OPS + change->op];
    if (found != NO_ROW && prices->op_ds[found] < 0) found = NO_ROW;
    *row = found;
    return found != NO_ROW || !change->required;
}

/* replay.c: from arcs to a plan with steps. */
typedef struct hop {
    uint32_t item, class, from, to;
} leg_arc;
tq_status replay(const errand *task, const price_set *prices, const leg_arc *hops,
                 uint32_t hop_count, int64_t depart_s, tq_arena *work, tq_freight_plan *plan,
                 tq_freight_step **steps, tq_err *err);

#endif
