/*
 * Private to serve/day*.c: a generated day, played against the desk.
 *
 * day.c         options, the policies one beside the other      day_world.c  places, demand, fleet
 * day_run.c     one policy: the store, the clock, the commands  day_play.c   drivers and passengers
 * day_count.c   KPIs from what happened                         day_report.c JSON
 * day_bus.c     custom buses
 * day_elders.c  elders against others     day_html.c   the report for people
 *
 * All that is drawn comes from (seed, what, who): the same passenger is as patient and the same
 * driver refuses the same order under every policy, and no order of calls changes a draw.
 */
#ifndef TQ_SERVE_DAY_IN_H
#define TQ_SERVE_DAY_IN_H

#include <jansson.h>

#include "serve/serve.h"

#include "desk/desk.h"
#include "fleet/fleet.h"

#define DAY_S            86400u
#define DAY_TAIL_S       7200u /* rides under way at the end are played on so long */
#define DAY_CLOCK_S      (DAY_S + DAY_TAIL_S)
#define DAY_REASONS_MAX  48u
#define DAY_REASON_BYTES 96u
#define DAY_COHORTS      4u
#define DAY_DRIFT_M_S    5.1 /* 25 km/h over a third more way than the line */

/* ---- the world: the same for all policies (day_world.c) -------------------------------------- */

typedef struct day_driver {
    uint32_t cohort;
    int64_t on_s, off_s; /* seconds of the day */
    tq_point home;       /* where the shift begins */
} day_driver;

typedef struct day_world {
    const tq_day_options *options;
    const tq_city *city;
    int64_t midnight_ms;
    uint32_t place_count, order_count;
    tq_fleet_demand_place *place;
    uint64_t *place_sum; /* [place_count], running sums of the weights */
    tq_fleet_demand_order *order;
    day_driver *driver; /* [options->vehicles] */
} day_world;
tq_status day_world_make(const tq_day_options *options, const tq_city *city, day_world *out,
                         tq_err *err);
void day_world_free(day_world *world);
extern const char *const DAY_COHORT_FROM[DAY_COHORTS], *const DAY_COHORT_TO[DAY_COHORTS];
/** A number from (seed, what, a, b). */
uint64_t day_draw(const day_world *world, uint32_t what, uint64_t a, uint64_t b);
/** True in so many of 1,000 draws. */
bool day_chance(const day_world *world, uint32_t what, uint64_t a, uint64_t b, uint32_t permille);
/** One of the places by weight. */
tq_point day_place(const day_world *world, uint64_t draw);

enum {
    DRAW_SHIFT = 1,
    DRAW_COHORT,
    DRAW_HOME,
    DRAW_REFUSE,
    DRAW_REASON,
    DRAW_ANSWER,
    DRAW_DRIVE,
    DRAW_RIDE,
    DRAW_DRIFT,
    DRAW_DRIFT_TO,
    DRAW_FOLLOW,
    DRAW_BUS_GROUP,
    DRAW_BUS_HOME,
    DRAW_BUS_WORK,
    DRAW_BUS_BESIDE,
    DRAW_BUS_CANCEL,
    DRAW_BUS_THERE
};

/* ---- one policy ------------------------------------------------------------------------------ */

typedef enum day_phase {
    DAY_BEFORE, /* not called yet */
    DAY_SEARCHING,
    DAY_OFFERED,
    DAY_NAMED,
    DAY_ARRIVED,
    DAY_ON_BOARD,
    DAY_DONE,
    DAY_LEFT /* ended without a ride */
} day_phase;

typedef struct day_order {
    day_phase phase;
    uint32_t stamp; /* grows with each change: what was planned before is void */
    uint32_t number, vehicle;
    char id[24];
    int64_t made_s, wanted_s, named_s, arrived_s, boarded_s, done_s;
    int64_t first_named_s; /* named_s is of the last one that was named */
    int32_t eta_s, approach_m, refusals;
    int64_t fare_fen, bonus_fen;
    int32_t ride_m;
    char why[DAY_REASON_BYTES]; /* of DAY_LEFT */
} day_order;

typedef enum day_duty { CAR_OFF, CAR_FREE, CAR_ASKED, CAR_COMING, CAR_WAITING, CAR_BUSY } day_duty;

typedef struct day_car {
    day_duty duty;
    uint32_t stamp;
    tq_point from, to; /* its way: at `from` at from_s, at `to` at to_s */
    int64_t from_s, to_s;
    int64_t income_fen, on_s, off_s; /* on_s -1: never on duty */
    uint64_t pickup_m, drift_m, ride_m;
    uint32_t done;
    bool drifting, tell; /* tell: its position is due now */
} day_car;

typedef enum day_what {
    HAPPENS_SIGN_ON,
    HAPPENS_SIGN_OFF,
    HAPPENS_DRIFT,
    HAPPENS_CALL,
    HAPPENS_ANSWER,    /* of a driver who is asked */
    HAPPENS_PROBLEM,   /* of a driver to whom it was given */
    HAPPENS_IMPATIENT, /* nobody named in time */
    HAPPENS_TOO_FAR,
    HAPPENS_ARRIVE,
    HAPPENS_BOARD,
    HAPPENS_NOT_THERE,
    HAPPENS_DONE,
    HAPPENS_BUS_CANCEL, /* of a rider of custom buses */
    HAPPENS_BUS_COMES
} day_what;

typedef struct day_event {
    day_what what;
    uint32_t who, stamp; /* order, vehicle or rider */
    uint32_t next;
} day_event;

/* ---- custom buses (day_bus.c) ------------------------------------------------------------------
 */

typedef struct day_rider {
    tq_point from, to;
    uint32_t window_min; /* minute of the day from which to leave */
    uint32_t walk_m;     /* to the stop and from it */
    int32_t leaves_s, ride_s;
    char request[24], booking[24];
} day_rider;

typedef struct day_buses {
    uint32_t asked, left_out, lines, runs, seats, booked, waited, full, cancelled, no_seat,
        no_shows, carried;
    uint64_t walk_m, ride_s, fare_fen; /* of those who were carried */
} day_buses;

/* What the dispatcher did in a tick, told after its commit. */
typedef struct day_told {
    uint32_t order, vehicle;
    day_phase phase;
    int32_t eta_s, approach_m;
    int64_t fare_fen, bonus_fen;
    int32_t ride_m;
    char why[DAY_REASON_BYTES];
} day_told;

/* Where the desk advised a vehicle to wait. */
typedef struct day_advice {
    uint32_t vehicle;
    tq_point to;
} day_advice;

typedef struct day_reason {
    char text[DAY_REASON_BYTES];
    uint32_t count;
} day_reason;
typedef struct day_reasons {
    uint32_t count;
    day_reason row[DAY_REASONS_MAX];
} day_reasons;
void day_reason_add(day_reasons *to, const char *text);

typedef struct day_play {
    const day_world *world;
    char policy[32], folder[TQ_PATH_MAX], store[TQ_PATH_MAX];
    tq_desk *desk;
    tq_live *live;
    tq_roads *roads;
    const tq_overlay *overlay;
    uint64_t version;
    int64_t now_s;
    bool in_tick, dirty; /* dirty: something was written since the last commit */
    day_order *order;    /* [world->order_count] */
    uint32_t *order_of;  /* by number of the record, [order_count + 1] */
    uint32_t order_numbers, open;
    day_car *car;
    TQ_VEC(day_event) event;
    uint32_t first[DAY_CLOCK_S + 1], last[DAY_CLOCK_S + 1]; /* events of a second, in order */
    TQ_VEC(day_told) told;
    TQ_VEC(day_advice) advice;
    uint32_t advised, followed;
    day_rider *rider; /* [options->riders] */
    day_buses bus;
    day_reasons refused, left, denied;
    char refusal[600]; /* the last one, in full */
    tq_arena work;
    void *memory;
    tq_buf answer, body;
    TQ_VEC(double) decision_ms;
    double seconds;
    uint64_t commands, ticks;
    tq_status status;
    tq_err err;
} day_play;

tq_status day_play_run(const day_world *world, const char *policy, day_play *play, tq_err *err);
void day_play_free(day_play *play);
/** Say a command; TQ_OK also when the desk refuses it by name: then *done is false and the reason
 * is counted. */
tq_status day_say(day_play *play, const tq_actor *actor, const char *verb, const char *id,
                  const char *body, bool *done, tq_err *err);
/** Ask as the office, after what was said is committed. */
tq_status day_ask(day_play *play, const char *verb, const char *query, const char *body,
                  json_t **out, tq_err *err);
tq_actor day_actor(const char *name, uint32_t roles);
/** Lines from the requests of all riders, and their seats; then what riders do. */
tq_status day_bus_begin(day_play *play, tq_err *err);
tq_status day_bus_happens(day_play *play, const day_event *event, tq_err *err);

/* ---- drivers and passengers (day_play.c) ----------------------------------------------------- */

tq_status day_begin(day_play *play, tq_err *err); /* all that is known ahead */
tq_status day_happens(day_play *play, const day_event *event, tq_err *err);
tq_status day_was_told(day_play *play, const day_told *told, tq_err *err);
tq_status day_was_advised(day_play *play, const day_advice *advice, tq_err *err);
tq_status day_plan(day_play *play, int64_t at_s, day_what what, uint32_t who, uint32_t stamp,
                   tq_err *err);
tq_point day_where(const day_car *car, int64_t at_s);
/** Seconds of driving by the roads of now. */
int64_t day_drive_s(day_play *play, tq_point from, tq_point to);

/* ---- KPIs ------------------------------------------------------------------------------------ */

typedef struct day_hour {
    uint32_t orders, served;
    uint64_t wait_s;
} day_hour;
typedef struct day_count {
    uint32_t orders, served, elders, elders_served, others_served;
    uint64_t wait_s, elder_wait_s, other_wait_s, pickup_m, empty_m, ride_m, bonus_fen, fare_fen;
    uint32_t wait_p95_s, picked_up;
    double gini, gini_in_cohort;
    day_hour hour[24];
} day_count;
tq_status day_counted(const day_play *play, day_count *out, tq_err *err);

/* Elders' orders beside the nearest other one of the same minutes (day_elders.c): [0] elders,
 * [1] others. */
typedef struct day_pairs {
    uint32_t pairs, served;       /* served: both, and each would have stayed */
    double named_s[2], wait_s[2]; /* means: until a vehicle was named, was there */
    double named_share[2];        /* named within the lesser patience */
    uint32_t named_p95_s[2], wait_p95_s[2];
} day_pairs;
tq_status day_compare_elders(const day_play *play, day_pairs *out, tq_err *err);
tq_status day_report(const day_world *world, day_play *const *play, uint32_t count, tq_buf *out,
                     tq_err *err);
/** One line of JSON an order, to the options' event. */
tq_status day_tell_events(const day_play *play, tq_err *err);

#endif
