/*
 * Private to src/desk: consignments, goods under one order over all its legs
 * (docs/design/freight.md).
 *
 * consignments.c           the table of verbs, loading and saving, who sees what, list and get
 * consignments_create.c    making, changing, cancelling      consignments_legs.c   plan -> legs
 * consignments_replan.c    the rest planned anew             consignments_event.c  what happened
 * consignments_estimate.c  estimates, late alarms, the clock consignments_kpi.c    indicators
 * consignments_papers.c    waybill and weigh list            consignments_xml.c    JSON as XML
 * consignments_epcis.c     EPCIS events in                   consignments_out.c    EPCIS, DCSA out
 */
#ifndef TQ_DESK_CONSIGNMENT_IN_H
#define TQ_DESK_CONSIGNMENT_IN_H

#include "desk/desk_in.h"

#define CONSIGNMENT       "consignment"
#define CONS_LEGS_MAX     24u
#define CONS_LINKS_MAX    200u /* of one leg */
#define CONS_STEPS_MAX    512u /* of a plan that legs are made of */
#define CONS_EVENTS_MAX   400u
#define CONS_HISTORY_MAX  200u
#define CONS_BOXES_MAX    200u
#define CONS_ALARMS_MAX   40u
#define CONS_REPLANS_MAX  20u
#define CONS_PAPERS_MAX   40u
#define CONS_WEIGHED_MAX  300u   /* rows of one weigh list */
#define CONS_WEIGH_MAX    20u    /* weigh lists */
#define CONS_EVENT_ID_MAX 200u   /* bytes of an event's own id */
#define CONS_FUTURE_MS    300000 /* an event may be this much ahead of our clock */
#define CONS_PAST_MS      (INT64_C(30) * 86400000) /* a begin, or an event before it, may be so old */
#define CONS_LOOK_MS      30000  /* open consignments are looked at again after so long */
#define CONS_MOVED_MS     300000 /* an estimate is written again when it moved by so much */
#define CONS_HOUR_MS      INT64_C(3600000)
#define CONS_NEVER        INT64_MAX /* an instant that is not known */

/* What happens to a leg, in this order. */
typedef enum cons_point {
    CONS_GATE_IN,
    CONS_LOADED,
    CONS_DEPARTED,
    CONS_ARRIVED,
    CONS_UNLOADED,
    CONS_HANDED_OVER,
    CONS_POINTS
} cons_point;
extern const char *const CONS_POINT[CONS_POINTS + 1]; /* closed by NULL */

/* One leg as numbers. Instants in ms, CONS_NEVER = not known. */
typedef struct cons_leg {
    json_t *json; /* in the record; borrowed */
    bool service;
    int64_t depart_ms, arrive_ms, cutoff_ms; /* planned */
    int64_t handling_ms;                     /* before it leaves */
    int64_t actual_ms[CONS_POINTS];
    /* estimates */
    int64_t ready_ms, est_depart_ms, est_arrive_ms;
    bool closed, missed;
    char closed_link[40];
} cons_leg;

typedef struct cons_view {
    uint32_t count, current; /* current: first leg that has not arrived; count = all have */
    cons_leg leg[CONS_LEGS_MAX];
    int64_t begin_ms, promised_ms, unload_ms, delivered_ms,
        end_ms; /* end_ms: estimate of the end */
    /* last position on the current leg; at CONS_NEVER = none */
    int64_t position_ms, eta_ms;
    tq_point position;
} cons_view;

/* ---- the record (consignments.c) --------------------------------------------------------------
 */

tq_status cons_load(desk_call *call, const char *id, json_t **out, uint64_t *version,
                    char state[32]);
/** Refused with TQ_NOT_FOUND, so that nobody learns of others'. */
tq_status cons_mine(desk_call *call, const json_t *record);
/** Refused (TQ_STALE) when it is over: delivered or cancelled. */
tq_status cons_open(desk_call *call, const char *id, const char *state);
/** Check a move of the machine; fine when it stays. */
tq_status cons_may_move(desk_call *call, const char *id, const char *from, const char *to);
/** A line of its history; note may be NULL. */
void cons_line(desk_call *call, json_t *record, const char *what, const char *note);
/** Estimates, alarms, the record, the event «consignment»; verb is its word. */
tq_status cons_save(desk_call *call, const char *id, const char *state, json_t *record,
                    uint64_t version, const char *verb);
tq_status cons_tell(desk_call *call, const char *id, const char *state, const char *verb,
                    json_t *body);
json_t *cons_show(desk_call *call, const json_t *record);
tq_status cons_answer(desk_call *call, const char *id);
/** The record of the question, seen by the one who asks. */
tq_status cons_asked(desk_call *call, json_t **out);
/** The freight network, or a refusal. */
tq_status cons_net(desk_call *call, const tq_freight **out);
json_t *cons_place(const tq_freight *net, uint32_t node);
/** The node of a text: an id or a whole name. */
tq_status cons_node(desk_call *call, const char *member, const char *text, uint32_t *out);
const char *cons_node_id(const json_t *leg, const char *end);

/* ---- legs -------------------------------------------------------------------------------------
 */

/** Legs of a plan (freight's JSON: a list of steps) appended to `legs`, numbered on; what the last
 * unloading takes. Checked: known places and rows, a chain, times that ascend. */
tq_status cons_take_steps(desk_call *call, const json_t *steps, json_t *legs, int64_t *unload_ms);
/** The plan with this number of an answer of freight; TQ_NO_ROUTE says what forbids one. */
tq_status cons_pick_plan(desk_call *call, const json_t *answer, json_int_t number,
                         const json_t **out);
/** Ask for plans; TQ_NOT_FOUND when nobody can answer here. */
tq_status cons_ask_plan(desk_call *call, const tq_desk_goods *wish, json_t **out);
/** What is known of the plan itself: hours, money, CO2, versions. */
json_t *cons_plan_facts(const json_t *answer, const json_t *plan);
void cons_view_of(desk_call *call, const json_t *record, cons_view *out);

/* ---- estimates --------------------------------------------------------------------------------
 */

/** Fill the estimates of a view at an instant; live NULL = nothing. No I/O, no clock. */
void cons_estimate(const tq_freight *net, const tq_freight_live *live, int64_t now_ms,
                   cons_view *view);
/** Put estimates and alarms into the record as things are now; *told: an alarm rose or was
 * cleared; *moved: an estimate is another one than before by CONS_MOVED_MS. */
tq_status cons_follow(desk_call *call, const char *id, const char *state, json_t *record,
                      bool *told, bool *moved);

/* ---- events -----------------------------------------------------------------------------------
 */

typedef struct cons_event {
    const char *name, *id, *node, *vehicle, *note, *source; /* "" = not said */
    uint32_t leg;                                           /* from 1; 0 = not said */
    int64_t at_ms, eta_ms;                                  /* eta_ms CONS_NEVER = not said */
    bool has_point, direct, direct_said;
    tq_point point;
} cons_event;

/** Apply one event to a record in memory. *again: it was known already, nothing changed. */
tq_status cons_apply(desk_call *call, const char *id, json_t *record, char state[32],
                     const cons_event *event, bool *again);

/* ---- EPCIS (consignments_epcis.c) --------------------------------------------------------------
 */

#define EPCIS_EVENTS_MAX 200u
#define EPCIS_EPCS_MAX   300u

typedef struct epcis_event {
    char id[CONS_EVENT_ID_MAX + 1], consignment[TQ_ID_MAX], node[64], name[16];
    char parent[120]; /* vehicle or wagon of an aggregation */
    int64_t at_ms;
    bool has_point;
    tq_point point;
} epcis_event;

typedef struct epcis_events {
    uint32_t count;
    epcis_event event[EPCIS_EVENTS_MAX];
} epcis_events;

/** Read a document, a list or one event. A hole is named: «event 3: eventTime is missing». */
tq_status epcis_read(const json_t *root, epcis_events *out, tq_err *err);

/* ---- verbs ------------------------------------------------------------------------------------
 */

tq_status cons_create(desk_call *call);
tq_status cons_change(desk_call *call);
tq_status cons_cancel(desk_call *call);
tq_status cons_event_verb(desk_call *call);
tq_status cons_replan(desk_call *call);
tq_status cons_weigh(desk_call *call);
tq_status cons_kpi(desk_call *call);
tq_status cons_epcis_in(desk_call *call);
tq_status cons_epcis_out(desk_call *call);
tq_status cons_dcsa_out(desk_call *call);
tq_status cons_waybill(desk_call *call);
tq_status cons_waybill_xml(desk_call *call);
tq_status cons_weigh_list(desk_call *call);
tq_status cons_weigh_list_xml(desk_call *call);
/** A JSON object as XML: members are elements, lists repeat, in the order they were put. */
tq_status cons_xml(const char *root, const json_t *value, tq_buf *out, tq_err *err);

#endif
