/* What the files of the journey room share. */
#ifndef TQ_JOURNEY_IN_H
#define TQ_JOURNEY_IN_H

#include "journey/journey.h"

#define NIGHTS_MAX        4 /* service nights one answer may touch */
#define LATER_DAYS        7 /* days looked ahead (or back) when a day has no way */
#define HORIZON_S         (26 * 3600)
#define KEEP_BYTES        ((size_t)12 << 20)
#define STREET_WORK_BYTES ((size_t)24 << 20)
#define TIMED_WORK_BYTES  40 /* a vertex: tq_road_way_timed */
#define LONG_WAIT_S                                                                                \
    (3 * 3600)                 /* a wait on the way that nobody takes when there is another trip   \
                                */
#define NIGHT_GAP_S (2 * 3600) /* a later trip within this means that service goes on all night */

/* One end of a trip: the point, and where its walk meets the walking network. */
typedef struct trip_end {
    tq_endpoint place;
    tq_snap snap[1]; /* the nearest usable street */
    uint32_t snap_count;
    tq_access access[TQ_ACCESS_MAX];
    uint8_t access_snap[TQ_ACCESS_MAX]; /* snap that the access belongs to */
    uint32_t access_count;
} trip_end;

/* One question on its way to an answer. */
typedef struct plan_ctx {
    const tq_snapshot *snapshot;
    const tq_city *city;
    const tq_plan_query *query;
    tq_arena keep, scratch;  /* what goes into the answer, and what a search needs for a moment */
    const tq_metric *metric; /* streets for the traveller; NULL in a city without */
    trip_end from, to;
    tq_walk_kind walk;
    uint32_t walk_mm_s, max_walk_dm, direct_walk_dm;
    tq_itinerary *itinerary;
    uint32_t itinerary_count;
} plan_ctx;

/* A journey with its own copy of the pieces, and the service day whose seconds it counts. */
typedef struct kept_journey {
    tq_journey journey;
    int32_t day;
    int64_t day_ms;
} kept_journey;

/* endpoint.c */
tq_status journey_meet_streets(plan_ctx *ctx, trip_end *end, tq_err *err);
tq_status journey_direct_walk(plan_ctx *ctx, tq_err *err);
/** The streets that are closed to the walker when the question is about, pinned until
 * tq_days_ground_put; NULL when there are none. */
tq_status journey_ground(plan_ctx *ctx, const tq_ground **out, tq_err *err);

/* ride.c */
/* What people read about a ride, planned or live. */
typedef struct ride_text {
    uint32_t trip;      /* of the timetable; of an added run the one it borrows from, TQ_NONE */
    uint32_t direction; /* of its line, TQ_NONE = not known */
    const tq_route *route;
    const char *headsign, *trip_id;
    bool assumed;
} ride_text;
void journey_ride_text(const tq_snapshot *snapshot, uint32_t trip, uint32_t live, ride_text *out);
/** Calls of a live run. */
static inline const tq_live_call *journey_calls(const tq_snapshot *snapshot, uint32_t live)
{
    return snapshot->overlay->call + snapshot->overlay->run[live].first_call;
}
/** Place of the pattern where a run calls: `place` itself as planned, else that of the live run's
 * call; TQ_NONE when the timetable does not know it. */
uint32_t journey_planned_place(const tq_snapshot *snapshot, uint32_t trip, uint32_t live,
                               uint32_t place);
/** Planned instants of a run at a place (of its live calls, when live) whose planned times are
 * base_ms + trip.start_s + stop_time; INT64_MIN when not planned. */
void journey_planned_ms(const tq_snapshot *snapshot, uint32_t trip, uint32_t live, uint32_t place,
                        int64_t base_ms, int64_t *arrival_ms, int64_t *departure_ms);
/** The course of a ride, into leg->line. */
bool journey_ride_line(plan_ctx *ctx, const tq_piece *piece, tq_leg *leg);
/** Copy a line into the answer, with `first` and `last` added at the ends. */
bool journey_keep_line(plan_ctx *ctx, const int32_t *line, uint32_t points, tq_point first,
                       tq_point last, tq_leg *leg);
/** The member "live" of a leg or a departure. */
typedef struct live_mark {
    uint32_t live;
    int64_t departure_ms, planned_departure_ms, planned_arrival_ms;
    bool cancelled, detour;
} live_mark;
void journey_put_live(const tq_snapshot *snapshot, tq_json *json, const live_mark *mark);

/* search.c */
void journey_fill_query(const plan_ctx *ctx, tq_transit_query *query);
/** Keep a copy of the journeys (on streets: of those that ride); false when the answer's memory is
 * full. */
bool journey_keep(plan_ctx *ctx, const tq_journeys *found, int32_t day, kept_journey *out,
                  uint32_t cap, uint32_t *count);
tq_status journey_search(plan_ctx *ctx, kept_journey *out, uint32_t cap, uint32_t *count,
                         tq_err *err);

/* itinerary.c */
tq_status journey_itinerary(plan_ctx *ctx, const kept_journey *kept, tq_itinerary *out,
                            tq_err *err);
/** Course of a walk between two snaps; straight when there are none or streets don't connect
 * them. */
bool journey_draw_walk(plan_ctx *ctx, const tq_snap *from, const tq_snap *to, tq_leg *leg);
tq_status journey_walk_itinerary(plan_ctx *ctx, tq_itinerary *out, tq_err *err);
tq_status journey_street_itinerary(plan_ctx *ctx, tq_itinerary *out, tq_err *err);
const char *journey_mode_name(const tq_route *route);
const char *journey_route_name(const tq_city *city, const tq_route *route);

/* night.c */
typedef struct night_answer {
    int32_t day;       /* service day the night belongs to */
    int64_t last_ms;   /* last safe departure; INT64_MIN = none */
    bool found;        /* a journey in that night exists */
    kept_journey last; /* the journey that leaves then */
} night_answer;
int32_t journey_night_of(const tq_city *city, int64_t at_ms);
tq_status journey_last_safe(plan_ctx *ctx, int32_t night, night_answer *out, tq_err *err);
tq_status journey_missed(plan_ctx *ctx, const night_answer *night, int64_t leave_ms, tq_missed *out,
                         uint32_t *count, tq_err *err);

/* fare.c */
void journey_fare(const plan_ctx *ctx, const tq_journey *journey, tq_itinerary *out);
uint32_t journey_taxi_fen(const tq_city *city, uint32_t length_m, int64_t time_s, int64_t at_ms);

/* plan.c */
/** a is at least as good as b in everything. */
bool journey_dominates(const tq_itinerary *a, const tq_itinerary *b, bool arrive_by);
/** The list by departure, then arrival; cut to what an answer holds. */
void journey_sort(plan_ctx *ctx);

/* ondemand.c */
/** Add trips with taxis and custom buses, if they are asked for. */
tq_status journey_on_demand(plan_ctx *ctx, tq_err *err);
/** The wait of a taxi all the way, asked for at the place at an instant. False: none to be had. */
bool journey_taxi_wait(const plan_ctx *ctx, tq_point at, int64_t call_ms, tq_leg *leg);
/** The version of an answer to a question: with the offer on demand when it was asked for. */
#define JOURNEY_VERSION_MAX (TQ_VERSION_MAX + 24)
void journey_version(const tq_snapshot *snapshot, const tq_plan_query *query,
                     char out[JOURNEY_VERSION_MAX]);

/* json.c */
void journey_put_time(const tq_city *city, tq_json *json, const char *key, int64_t at_ms);

#endif
