/*
 * A question about flows as it was read, what it came to, and the files that share them:
 *
 *   flow_read.c   JSON -> flow_case, strict           flow_hubs.c   hubs.csv and tags of the
 * question flow_own.c    corridors of the question's own     flow_answer.c network with its
 * changes, solve flow_say.c    results and their difference as JSON
 */
#ifndef TQ_FLOW_IN_H
#define TQ_FLOW_IN_H

#include <jansson.h>

#include "freight/freight_in.h"

#define FLOW_TEXT_MAX    120u /* bytes of a name */
#define FLOW_MEMBERS_MAX 4000u
#define FLOW_OWN_MAX     2000u /* corridors of the question's own, and their places */
#define FLOW_YEAR_DAYS   365.0
#define FLOW_WEEK_DAYS   7.0
#define FLOW_YEAR_T_MAX  1e9 /* of one lot, supply, demand or capacity */

typedef enum flow_change_kind {
    FLOW_CAPACITY, /* of a link: kt a year; of an own corridor: kg a year */
    FLOW_MORE,     /* the same, added */
    FLOW_CLOSED,
    FLOW_RATE /* of a handling at a place: 1e-6 t an hour */
} flow_change_kind;

typedef struct flow_change {
    flow_change_kind kind;
    uint32_t row; /* link, place, or own corridor */
    uint32_t op;  /* of a RATE: OP_ number */
    int64_t value;
} flow_change;

/* A tag that totals are made for: places, links, or both. */
typedef struct flow_hub {
    const char *kind, *id, *name_zh, *name_en, *confidence, *source;
    uint32_t first, count; /* members */
} flow_hub;

typedef struct flow_member {
    bool link;
    uint32_t row;
} flow_member;

/* A corridor of the question's own; tonnes are kilograms a year, money fen a tonne. */
typedef struct flow_way {
    const char *id;
    uint32_t from, to;
    int64_t capacity_kg, fen_t; /* TQ_FLOW_FREE = no limit */
    double km, vehicle_t, g_vehicle_km;
    bool closed;
} flow_way;

typedef struct flow_end {
    uint32_t place;
    int64_t kg; /* a year */
} flow_end;

typedef struct flow_case {
    const char *name;
    char day_text[12];
    tq_flow_query query; /* lots are set when it is asked */
    double train_t, truck_t;
    bool own;
    TQ_VEC(tq_flow_lot) lot;
    TQ_VEC(const char *) lot_id;
    TQ_VEC(flow_change) change;
    TQ_VEC(flow_hub) hub;
    TQ_VEC(flow_member) member;
    TQ_VEC(const char *) place; /* of own corridors */
    TQ_VEC(flow_way) way;
    TQ_VEC(flow_end) supply;
    TQ_VEC(flow_end) demand;
} flow_case;

/* The question and, if it is compared, the other one. Texts live in the JSON and in the pool. */
typedef struct flow_asked {
    const tq_freight *net;
    json_t *root, *other; /* other: the second question, filled up from the first */
    tq_pool pool;
    flow_case one[2];
    uint32_t count;
} flow_asked;

typedef enum flow_row_kind { FLOW_ROW_LINK, FLOW_ROW_HANDLING, FLOW_ROW_OWN } flow_row_kind;

/* A capacity, over all weeks. Tonnes are of a year. */
typedef struct flow_row {
    flow_row_kind kind;
    uint32_t row;
    uint8_t mode, to_mode;
    bool limited, changed;
    uint32_t full_weeks;
    uint32_t trains; /* whole ones in all weeks */
    double year_t, capacity_t;
    double price_cny, price_most_cny; /* a tonne more: mean of the weeks, dearest week */
} flow_row;

typedef struct flow_result {
    double cost_year_cny, gap;
    uint32_t columns, rows, row_count, lot_count;
    flow_row *row;
    double *brought_t, *unserved_t; /* [lots, or demands of own corridors], a year */
} flow_result;

/* flow_read.c */
tq_status flow_read(const tq_freight *net, const tq_flow_ask *ask, flow_asked *out, tq_err *err);
void flow_read_free(flow_asked *asked);
/** A text in the pool; NULL on no memory. */
const char *flow_keep(tq_pool *pool, tq_str text);
/** The beginning of a text as it can stand in a sentence. */
typedef struct flow_words {
    char text[64];
} flow_words;
flow_words flow_brief(tq_str text);
/** A place by id or whole name; TQ_NONE = there is none, or two. */
uint32_t flow_place(const tq_freight *net, tq_str text);

/* flow_hubs.c */
tq_status flow_hubs_table(const tq_freight *net, tq_str bytes, tq_pool *pool, flow_case *out,
                          tq_err *err);

/* flow_answer.c */
tq_status flow_solve(const flow_asked *asked, const flow_case *one, flow_result *out, tq_err *err);
void flow_result_free(flow_result *result);
/* flow_own.c */
tq_status flow_solve_own(const flow_case *one, flow_result *out, tq_err *err);

/* flow_say.c */
/** All of it; `result` has asked->count rows. */
tq_status flow_say(const flow_asked *asked, const flow_result *result, tq_json *json, tq_err *err);

#endif
