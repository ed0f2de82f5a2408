/* Door-to-door trips: the question, and the answer as plain values. */
#ifndef TQ_PUBLIC_PLAN_H
#define TQ_PUBLIC_PLAN_H

#include "tongqu/route.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tq_rider { TQ_RIDER_ADULT, TQ_RIDER_SENIOR, TQ_RIDER_PUPIL, TQ_RIDER_CHILD } tq_rider;

/* A place to start or end: a WGS-84 point, and the stop or station if it is one. */
typedef struct tq_endpoint {
    int32_t lat_e7, lon_e7;
    uint32_t stop;    /* stop or station of the city, UINT32_MAX = a plain point */
    const char *name; /* as said back to people; never NULL */
} tq_endpoint;

/**
 * Read a place as people and scripts write it: `37.87,112.56`, `gcj02:37.87,112.56`, `bd09:…`,
 * `stop:ID` or a name. A name must mean one thing: TQ_AMBIGUOUS names the candidates in err->text.
 */
TQ_API tq_status tq_endpoint_parse(const tq_city *city, const char *text, tq_endpoint *out,
                                   tq_err *err);

typedef struct tq_plan_query {
    uint32_t size; /* sizeof(tq_plan_query) */
    tq_endpoint from, to;
    int64_t time_ms;   /* UTC */
    bool arrive_by;    /* time_ms is the latest arrival, else the earliest departure */
    uint32_t window_s; /* 0: trips for time_ms alone; else all best departures (arrivals) in the
                          window */
    tq_profile profile;
    uint32_t max_transfers; /* boardings - 1; at most TQ_TRANSFERS_MAX */
    uint32_t max_walk_m; /* longest single walk; 0 = no limit, UINT32_MAX = the profile's default */
    tq_rider rider;
    bool card; /* pays with a stored-value card */
    /* What is asked for beside walking and timetables; needs a profile of walkers (a taxi's own
       profile takes only the wait from it). */
    uint32_t on_demand; /* TQ_ON_DEMAND_ mask; 0 = none */
    uint32_t party;     /* seats on custom buses; 0 counts as 1 */
    int64_t asked_ms;   /* when it is asked: is booking still open? INT64_MIN = when the offer was
                           made */
} tq_plan_query;

#define TQ_ON_DEMAND_TAXI   1u
#define TQ_ON_DEMAND_CUSTOM 2u
#define TQ_PARTY_MAX        8

#define TQ_TRANSFERS_MAX   12
#define TQ_ITINERARIES_MAX 40
#define TQ_LEGS_MAX        64
#define TQ_MISSED_MAX      8
#define TQ_WINDOW_MAX_S    86400

typedef enum tq_leg_mode {
    TQ_LEG_WALK,
    TQ_LEG_BIKE,
    TQ_LEG_CAR,
    TQ_LEG_TAXI,
    TQ_LEG_TRANSIT,
    TQ_LEG_CUSTOM /* a custom bus, to be booked */
} tq_leg_mode;

/* Where a wait for a taxi comes from. */
typedef enum tq_wait_source {
    TQ_WAIT_SETTING, /* the city's setting; said by no member of the answer */
    TQ_WAIT_LIVE,    /* free vehicles near, just now */
    TQ_WAIT_ASSUMED  /* asked for, but not known: the setting */
} tq_wait_source;

typedef struct tq_leg_end {
    const char *name;
    const char *stop_id; /* "" for a plain point */
    int32_t lat_e7, lon_e7;
    uint32_t stop; /* UINT32_MAX for a plain point */
} tq_leg_end;

typedef struct tq_leg {
    tq_leg_mode mode;
    tq_leg_end from, to;
    int64_t departure_ms, arrival_ms;
    uint32_t distance_m;
    /* the course, WGS-84 1e-7 degrees, lat and lon interleaved */
    const int32_t *line;
    uint32_t line_points;
    /* transit only */
    uint32_t route, trip, from_place, to_place; /* indices; place = position in the pattern */
    int64_t service_day_ms;
    const char *mode_name;                               /* "walk", "metro", "bus", ... */
    const char *route_name, *headsign, *trip_id, *color; /* "" when not known; color "RRGGBB" */
    uint32_t headway_s; /* frequency-based trip: mean wait is half of it; 0 = timetabled */
    bool assumed;       /* times are assumed, not published */
    uint32_t live;      /* row of the live runs, UINT32_MAX = as planned; then places are its calls
                           and trip is UINT32_MAX for an added run */
    int64_t planned_departure_ms, planned_arrival_ms; /* live only; INT64_MIN = not planned */
    bool detour;                                      /* goes round a closure between the stops */
    /* taxi only */
    uint32_t wait_s;
    tq_wait_source wait_source;
    uint32_t wait_vehicles; /* free ones behind a live wait */
    /* taxi on demand, custom bus */
    uint32_t price_fen;
    bool price_known, price_assumed;
    /* custom bus only */
    const char *line_id;
    int64_t booking_until_ms;
    uint32_t seats_free;
    const char *connection; /* station of the guaranteed connection at the end, "" = none */
    int64_t connection_ms;  /* its departure */
    int32_t connection_wait_s;
    bool connection_holds;
} tq_leg;

typedef struct tq_itinerary {
    int64_t departure_ms, arrival_ms;
    uint32_t transfers; /* boardings - 1, 0 for none */
    uint32_t walk_m;
    uint32_t fare_fen;
    bool fare_known;
    bool fare_assumed;
    int64_t last_safe_departure_ms; /* leave later than this and the trip fails tonight; INT64_MIN =
                                       no such limit */
    const tq_leg *leg;
    uint32_t leg_count;
    uint32_t reasons; /* TQ_BEST_ mask: why it is on the list */
    bool on_demand;   /* has to be called for or booked; hides no other */
} tq_itinerary;

#define TQ_BEST_ARRIVAL   1u
#define TQ_BEST_TRANSFERS 2u
#define TQ_BEST_WALK      4u
#define TQ_BEST_FARE      8u

/* A last connection that is gone: «the last 2号线 north left 大南门 at 22:31, one minute before you
 * get there». */
typedef struct tq_missed {
    const char *line, *towards, *at, *stop_id;
    int64_t last_ms;    /* departure of the last one of that night */
    int64_t arrives_ms; /* when you could be there */
    int64_t ready_ms;   /* arrives_ms and the change */
    /* Minutes, rounded up: how long it had been gone when you arrive, or, if it had not left yet,
       how many minutes the change is short. */
    uint32_t by_min;
} tq_missed;

typedef struct tq_plan_answer {
    const tq_itinerary *itinerary; /* by departure, then arrival */
    uint32_t itinerary_count;
    const tq_missed *missed;
    uint32_t missed_count;
    int64_t last_safe_departure_ms; /* for the whole question; INT64_MIN = none */
    const char *note;               /* "" or why there is nothing */
} tq_plan_answer;

#ifdef __cplusplus
}
#endif
#endif
