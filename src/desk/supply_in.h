/*
 * Private to the dispatcher and the vehicles: the supply in memory, and policies.
 *
 * dispatch.c        life, the clock, verbs       dispatch_follow.c  from the records into memory
 * dispatch_policy.c policies from YAML           dispatch_batch.c   candidates, costs, matching
 * dispatch_write.c  what a batch changes         dispatch_show.c    state, KPIs, waits, replay
 * dispatch_near.c   the metric, the pool, why a vehicle cannot
 * dispatch_balance.c  advice to idle vehicles     dispatch_waits.c  the wait by place
 */
#ifndef TQ_DESK_SUPPLY_IN_H
#define TQ_DESK_SUPPLY_IN_H

#include "desk/dispatch_in.h"
#include "desk/pool_in.h"
#include "desk/vehicle_in.h"
#include "fleet/fleet.h"

#define SUPPLY_VEHICLES_MAX 50000u
#define SUPPLY_ORDERS_MAX   50000u /* open at the same time */
#define SUPPLY_REFUSED_MAX  24u    /* vehicles that one order remembers */
#define SUPPLY_GRAB_MAX     8u     /* vehicles that are asked at the same time */
#define SUPPLY_AREAS_MAX    8u     /* of a vehicle */
#define SUPPLY_DONE_MAX     32768u /* orders that KPIs look at */
#define SUPPLY_WANTS_MAX    16384u /* orders that the balance looks at */
#define SUPPLY_WORK_BYTES   ((size_t)96 << 20)
#define SUPPLY_ALTERNATIVES 5u
#define POSITION_GREY_MS    90000  /* older: shown as old */
#define POSITION_LOST_MS    300000 /* older: not offered */

/* ---- policies (dispatch_policy.c) ------------------------------------------------------------ */

#define POLICY_STEPS_MAX 8u
#define POLICIES_MAX     32u
#define POLICY_BYTES_MAX ((size_t)64 << 10)

typedef enum policy_method {
    METHOD_ROTATION,
    METHOD_NEAREST,
    METHOD_BATCH,
    METHOD_GRAB
} policy_method;

typedef struct desk_policy {
    char name[32], zh[64], en[64];
    int32_t method;                     /* policy_method */
    int32_t batch_s, candidates;        /* every so often; vehicles looked at an order */
    int32_t radius_m[POLICY_STEPS_MAX]; /* straight */
    int32_t grow_s[POLICY_STEPS_MAX];   /* seconds waited from which each radius holds */
    int32_t radius_count, grow_count;
    int32_t ask, elder_ask, offer_s;     /* ask the driver, or assign; seconds to answer */
    int32_t offers_most;                 /* asked in vain so often, the next is assigned */
    int32_t grab_most;                   /* so many are asked at once, the first has it */
    int32_t elder_weight, elder_leave_s; /* percent of a second of wait; added leave cost */
    int32_t elder_wider_s;               /* looked for as wide as one who waited so much longer */
    int32_t leave_s, ageing;             /* cost of leaving an order; percent of waited seconds */
    int32_t refusal_s, income_s;         /* most that drivers' history and income add */
    int32_t soon_s;                      /* wait for vehicles that are free within */
    int32_t soon_weight; /* percent of a second until one is free: nobody is named meanwhile */
    int32_t overdue_s;   /* waited so long: at once, like elders */
    int32_t bonus_fen;
    int32_t balance_s;            /* idle vehicles are advised every so often; 0 = never */
    int32_t balance_reach_s;      /* longest drive that is advised; what is foreseen */
    int32_t balance_past_s;       /* from what was asked for in so long */
    int32_t partner_s, give_up_s; /* asked after; unserved after */
    int32_t late_s;               /* behind the time named: late */
    char partner[TQ_ID_MAX];      /* peer, "" = none */
} desk_policy;

typedef struct desk_policies {
    uint32_t count;
    desk_policy policy[POLICIES_MAX];
} desk_policies;

/** Built-in ones, then those of a folder's policies/; TQ_BAD_CONFIG. */
tq_status policies_read(const char *folder, desk_policies *out, tq_err *err);
/** One file over what is known. */
tq_status policies_add(desk_policies *all, const char *source, tq_str yaml, tq_err *err);
const desk_policy *policy_named(const desk_policies *all, const char *name);
/** Set members from JSON; refuses unknown ones with the nearest. */
tq_status policy_change(desk_policy *policy, const json_t *members, tq_err *err);
json_t *policy_json(const desk_policy *policy);
int32_t policy_radius(const desk_policy *policy, int64_t waited_s);
extern const char *const POLICY_METHODS[];

/* ---- ids (supply_map.c) ---------------------------------------------------------------------- */

typedef struct supply_name {
    char text[TQ_ID_MAX];
    uint32_t value;
    bool used;
} supply_name;
typedef struct supply_map {
    supply_name *slot;
    uint32_t cap, count;
} supply_map;
bool supply_map_put(supply_map *map, const char *id, uint32_t value); /* false: no memory */
uint32_t supply_map_get(const supply_map *map, const char *id);       /* TQ_NONE */
void supply_map_drop(supply_map *map, const char *id);
void supply_map_free(supply_map *map);

/* ---- the supply ------------------------------------------------------------------------------ */

typedef struct supply_area {
    tq_point at;
    uint32_t radius_m;
} supply_area;

typedef struct supply_vehicle {
    char id[TQ_ID_MAX], plate[32], company[64], driver[TQ_ID_MAX], order[TQ_ID_MAX],
        terminal[TQ_ID_MAX], partner[TQ_ID_MAX];
    vehicle_class class;
    vehicle_duty duty;
    bool permitted; /* has a permit of its class */
    uint32_t seats, wheelchair, area_count;
    supply_area area[SUPPLY_AREAS_MAX];
    int64_t free_since_ms; /* the row of a rotation */
    tq_point advice;       /* where it was advised to wait, until advice_ms; 0 = nowhere */
    int64_t advice_ms;
    /* From here on only in memory. */
    bool has_position, jumped, hired; /* hired: the meter runs for a passenger from the street */
    tq_point at, jump;
    int64_t at_ms;
    int32_t speed_dm_s, heading;
    uint32_t older, newer; /* vehicles in order of what was heard from them */
} supply_vehicle;

typedef struct supply_driver {
    char id[TQ_ID_MAX], company[64], cohort[12];
    int64_t blocked_ms; /* until; INT64_MAX = for good */
    int64_t income_fen, since_ms;
    uint32_t offered, accepted, refused;
} supply_driver;

typedef enum order_phase {
    PHASE_SEARCHING,
    PHASE_OFFERED,
    PHASE_ASSIGNED,
    PHASE_ARRIVED,
    PHASE_ON_BOARD,
    PHASE_OTHER
} order_phase;
order_phase phase_named(const char *state);

typedef struct supply_order {
    char id[TQ_ID_MAX], vehicle[TQ_ID_MAX];
    order_phase phase;
    tq_point from, to;
    bool has_to, elder, hospital;
    int64_t created_ms, since_ms, until_ms, boarded_ms, partner_ms;
    int32_t ride_s;
    uint32_t needs, classes, party, refused_count, round;
    uint32_t refused[SUPPLY_REFUSED_MAX];       /* vehicles */
    uint32_t also_count, also[SUPPLY_GRAB_MAX]; /* asked at the same time as `vehicle` */
    /* From here on only in memory. */
    const tq_metric *snapped; /* the metric that the snap is of */
    tq_snap snap;
    bool has_snap;
    uint64_t told; /* hash of the last «nobody» that was written */
} supply_order;

/* An order that is over, for KPIs. */
typedef struct supply_done {
    int64_t at_ms;
    bool elder, served, unserved;
    int32_t wait_s, named_s; /* -1 = never */
    int32_t approach_m;
    uint32_t refusals;
} supply_done;

/* An order for the balance: where and when, and again when it ended without a vehicle. */
typedef struct supply_want {
    int64_t at_ms;
    tq_point at;
    bool lost;
} supply_want;

struct desk_supply {
    const tq_city *city;
    desk_policies policies;
    desk_policy policy;
    supply_map vehicle_of, terminal_of, driver_of, order_of;
    TQ_VEC(supply_vehicle) vehicle;
    TQ_VEC(supply_driver) driver;
    TQ_VEC(supply_order) order; /* open ones, in no order */
    desk_ids release;           /* vehicles whose order is over */
    supply_done *done;          /* ring */
    uint64_t done_count;
    supply_want *want; /* ring */
    uint64_t want_count;
    int64_t next_balance_ms;
    uint32_t heard_first, heard_last; /* vehicles by the instant of hearing */
    desk_pool *pool;
    tq_roads *roads;
    const tq_metric *metric; /* pinned */
    int64_t next_batch_ms;
    void *memory;
    tq_arena work;
};

supply_vehicle *supply_vehicle_at(struct desk_supply *supply, const char *id);
supply_driver *supply_driver_at(struct desk_supply *supply, const char *id);
supply_order *supply_order_at(struct desk_supply *supply, const char *id);

/* ---- places and eligibility (dispatch_near.c) -------------------------------------------------
 */

/** Take the metric of now; none when the world has no roads. */
tq_status near_metric(desk_call *call);
/** Say to the pool what is known of a vehicle now. */
tq_status near_put(struct desk_supply *supply, uint32_t vehicle, int64_t now_ms, tq_err *err);
/** Vehicles not heard of for long are no candidates any more. */
tq_status near_forget_lost(struct desk_supply *supply, int64_t now_ms, tq_err *err);
/** Heard of: behind all others. */
void near_heard(struct desk_supply *supply, uint32_t vehicle);
uint32_t near_bits(const supply_order *order);

/* Why a vehicle cannot take an order; bits. */
#define NOT_DUTY       1u
#define NOT_HEARD      2u
#define NOT_CLASS      4u
#define NOT_PERMITTED  8u
#define NOT_AREA       16u
#define NOT_SEATS      32u
#define NOT_WHEELCHAIR 64u
#define NOT_DRIVER     128u
#define NOT_AGAIN      256u
#define NOT_NEAR       512u
uint32_t near_why_not(const struct desk_supply *supply, const supply_order *order,
                      const supply_vehicle *vehicle, int64_t now_ms, uint32_t radius_m);
/** In words, of the first bit. */
void near_words(uint32_t why, const supply_vehicle *vehicle, char *out, size_t cap);

typedef struct near_row {
    uint32_t vehicle;
    int32_t drive_ds, ready_ds;
} near_row;
/** Vehicles that may take an order, nearest first; straight-line times at 25 km/h without a metric.
 * room: `limit` rows. */
tq_status near_candidates(struct desk_supply *supply, const desk_policy *policy,
                          supply_order *order, int64_t now_ms, uint32_t radius_m, uint32_t limit,
                          near_row *row, uint32_t *count, tq_err *err);
int32_t near_line_ds(const struct desk_supply *supply, tq_point a, tq_point b);
/** Metres of the way to an order, straight ones without a metric. */
int32_t near_metres(struct desk_supply *supply, const supply_vehicle *vehicle,
                    const supply_order *order);

/* ---- batches (dispatch_batch.c, dispatch_write.c) ---------------------------------------------
 */

typedef struct batch_pair {
    uint32_t vehicle; /* of the supply */
    int32_t eta_ds, ready_ds, refusal_ds, income_ds, cost;
} batch_pair;

typedef struct batch_order {
    supply_order *order;
    uint32_t first, count; /* pairs */
    int32_t leave;
    uint32_t radius_m;
    uint32_t chosen; /* pair, TQ_NONE */
} batch_order;

typedef struct batch {
    int64_t now_ms;
    uint64_t seed;
    uint32_t order_count, pair_count, vehicle_count;
    batch_order *order;
    batch_pair *pair;
    tq_fleet_pair *match;    /* the same, with vehicles of this batch */
    uint32_t *first, *local; /* local: of each pair's vehicle; vehicle_of: back */
    uint32_t *vehicle_of;
    uint8_t *asked;          /* by vehicle of the supply: asked beside the nearest (grab) */
    int64_t income_price_ds; /* what the income term cost, in deciseconds of wait */
} batch;

tq_status batch_run(desk_call *call, bool all, bool *changed);
/** Match by a policy's method; `chosen` of order k: pair offset, TQ_NONE. Used by the replay too.
 */
tq_status batch_match(int32_t method, const tq_fleet_matching *in, tq_arena *work, uint32_t *chosen,
                      tq_err *err);

/** Is this order, by its record, with this vehicle: given to it, or offered, perhaps among others?
 */
bool write_is_held(const json_t *order, const char *state, const char *vehicle);
tq_status write_batch(desk_call *call, const batch *run, bool *changed);
tq_status write_timeouts(desk_call *call, bool *changed);
tq_status write_releases(desk_call *call, bool *changed);
tq_status write_partner(desk_call *call, bool *changed);
tq_status write_unserved(desk_call *call, bool *changed);

/** Give an order to a vehicle now: records are checked here; TQ_STALE when one is not as memory
 * says. `decision` "" = by hand. */
tq_status write_assignment(desk_call *call, const char *order, const char *vehicle, bool ask,
                           int32_t eta_s, int32_t approach_m, const char *decision,
                           const char *why);
/** Take an offer back from all who are asked and remember it as refused. */
tq_status write_refusal(desk_call *call, const char *order, const char *what, const char *why);

/** Remember an order that came, or that ended without a vehicle. */
void balance_note(struct desk_supply *supply, int64_t at_ms, tq_point at, bool lost);
/** Advise idle vehicles when it is time. */
tq_status balance_tick(desk_call *call, bool *changed);

/** Free and without an order by its record? */
bool write_is_free(desk_call *call, const char *vehicle);
/** One more line of an order's refusals; `held` names vehicle and driver. */
void write_add_refusal(desk_call *call, json_t *list, const json_t *held, const char *why);
/** Ask more of the near vehicles for an order that was just offered. */
tq_status write_others(desk_call *call, const batch *run, const batch_order *one);
/** One of several who are asked leaves; the last one takes the offer with him. */
tq_status write_leave(desk_call *call, const char *order, const char *vehicle, const char *why);
/** The others who were asked are free again, after one had it. */
tq_status write_taken(desk_call *call, const char *order, const json_t *offer, const char *winner);

/** How long an order for a car now would wait: the live drive of the vehicle that would come when
 * those who wait nearby have theirs, and what the policy takes. *vehicles 0 = there is none, and
 * *wait_s stays as it is. After near_metric. */
tq_status supply_wait(struct desk_supply *supply, supply_order *order, int64_t now_ms,
                      int32_t *wait_s, uint32_t *vehicles, tq_err *err);

tq_status show_state(desk_call *call);
tq_status show_replay(desk_call *call);
tq_status show_decision(desk_call *call);

#endif
