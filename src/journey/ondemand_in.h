/*
 * Private to src/journey: trips with a taxi or a custom bus.
 *
 * ondemand.c       the pass, the list, searches and joining of parts
 * ondemand_taxi.c  a taxi as the first or last mile, or all the way
 * ondemand_bus.c   runs of custom buses, alone or with a change
 */
#ifndef TQ_JOURNEY_ONDEMAND_IN_H
#define TQ_JOURNEY_ONDEMAND_IN_H

#include "journey/journey_in.h"

#define DEMAND_FOUND_MAX     48u /* kept while the list is made */
#define DEMAND_SHOWN_MAX     12u
#define DEMAND_AHEAD_S       (3 * 3600)             /* rides and runs so far from the instant */
#define DEMAND_LONGEST_MS    (4 * INT64_C(3600000)) /* of a run of a custom bus */
#define DEMAND_WAIT_HOLDS_MS INT64_C(3600000) /* a live wait is good for calls so near in time */
#define DEMAND_STATIONS_NEAR 32u              /* by straight lines, to be measured on the road */
#define DEMAND_STATIONS      8u               /* nearest by live road time */
#define DEMAND_RIDES_MAX     6u               /* journeys of one search */
#define DEMAND_ROUNDS        4u               /* of an instant to leave, so as to arrive in time */
#define DEMAND_SHIFT_MS      60000 /* waits at the station so long are spent at home instead */
#define DEMAND_STOPS_MAX     24u   /* stops of custom buses walked to, at each end */
#define DEMAND_STOP_RUNS_MAX 40u   /* runs ridden from walk to walk */
#define DEMAND_CHANGE_RUNS   6u    /* runs of which changes are looked at, at each end */
#define DEMAND_LINE_RUNS     2u    /* of them of one line */
#define DEMAND_CHANGE_STOPS  3u    /* stops of a run where one changes */
#define DEMAND_RUN_STOPS_MAX 64u   /* stops of a run that are looked at */
#define DEMAND_HOUR_FEN      4000u /* an hour's worth when the list has to be cut */
#define DEMAND_TRANSFER_S    300u

/* A piece of a trip: some legs one after the other. */
typedef struct demand_part {
    const tq_leg *leg;
    uint32_t leg_count, boardings, walk_m, fare_fen;
    bool fare_known, fare_assumed;
    int64_t departure_ms, arrival_ms; /* the departure before a taxi's wait */
} demand_part;

typedef struct demand {
    plan_ctx *ctx;
    const tq_ondemand *offer; /* never NULL */
    int64_t asked_ms;
    uint32_t party, boardings; /* boardings of the timetable beside one on demand; 0 = none */
    tq_itinerary *found;       /* [DEMAND_FOUND_MAX] */
    uint32_t found_count, plain_count;
    trip_end from, to; /* the trip's own */
} demand;

typedef struct demand_ask {
    const trip_end *from, *to;
    int64_t at_ms; /* earliest departure, or latest arrival */
    bool arrive_by;
} demand_ask;

/** Journeys of the timetable between two ends, at most DEMAND_RIDES_MAX, within DEMAND_AHEAD_S. */
tq_status demand_rides(demand *all, const demand_ask *ask, kept_journey out[DEMAND_RIDES_MAX],
                       uint32_t *count, tq_err *err);
/** A journey between these ends as a part. */
tq_status demand_ride_part(demand *all, const demand_ask *ask, const kept_journey *kept,
                           demand_part *out, tq_err *err);
/** Join parts, and put the trip on the list unless another beats it; `keep` is taken back to `mark`
 * when it does not stay. */
tq_status demand_offer(demand *all, const demand_part *part, uint32_t count, size_t mark,
                       tq_err *err);
/** In time for the question? */
bool demand_in_time(const demand *all, int64_t departure_ms, int64_t arrival_ms);

typedef struct demand_wait {
    uint32_t wait_s, vehicles;
    tq_wait_source source;
} demand_wait;
/** False: there is none to be had. */
bool demand_wait_at(const plan_ctx *ctx, tq_point at, int64_t call_ms, demand_wait *out);

tq_status demand_taxis(demand *all, tq_err *err);
tq_status demand_buses(demand *all, tq_err *err);

#endif
