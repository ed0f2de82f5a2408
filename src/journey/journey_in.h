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

/* json.c */
void journey_put_time(const tq_city *city, tq_json *json, const char *key, int64_t at_ms);

#endif
