/*
 * transit: timetable search.
 *
 * A tq_day is one service day laid out for the search: all trips that run around that day (those of
 * the day before that are still under way, and those of the next morning), split into FIFO routes,
 * stop by stop columns of departures, overtaking-free, with frequencies expanded. It is made
 * outside of queries, cached, and shared read-only; a query is rounds over it (RAPTOR, Delling,
 * Pajor, Werneck 2012) with walks on the real streets between rounds (multi-modal RAPTOR over
 * tq_walk), in the caller's arena, without malloc or lock. Times inside a query are seconds from
 * the tq_day's midnight («second 0» of its service day). Design note: docs/design/transit.md.
 */
#ifndef TQ_TRANSIT_H
#define TQ_TRANSIT_H

#include "city/city.h"

typedef struct tq_day tq_day;

/** Lay out a service day (days since 1970) with the live runs of an overlay, which the day holds.
 * Allocates; free with tq_day_free. */
tq_status tq_day_make(const tq_city *city, const tq_overlay *overlay, int32_t day, tq_day **out,
                      tq_err *err);
void tq_day_free(tq_day *day);
size_t tq_day_bytes(const tq_day *day);
uint32_t tq_day_events(const tq_day *day); /* stop events of the day itself */

/* A bounded cache of days; safe from many threads. */
typedef struct tq_days tq_days;
tq_status tq_days_open(const tq_city *city, tq_days **out, tq_err *err);
void tq_days_close(tq_days *days);
/** Days by (day, the overlay's transit_version). */
tq_status tq_days_get(tq_days *days, const tq_overlay *overlay, int32_t day, const tq_day **out,
                      tq_err *err);
void tq_days_put(tq_days *days, const tq_day *day);
/** Lay out, under a new live state, the days that are kept, before it is shown: only those that
 * the changed runs touch are done again. */
tq_status tq_days_follow(tq_days *days, const tq_overlay *next, tq_err *err);

/* Where a journey may begin or end on foot: a walking vertex, or a stop, and how far it is. */
#define TQ_ACCESS_MAX 64
typedef struct tq_access {
    uint32_t node; /* street node; TQ_NONE when `stop` is given */
    uint32_t stop; /* TQ_NONE when `node` is given */
    uint32_t walk_dm;
} tq_access;

/*
 * Streets that are closed to walkers at the moment, worked into the walking cores. Edges ascend
 * without repeats. A walk never uses a closed street.
 */
typedef struct tq_ground tq_ground;
tq_status tq_ground_make(const tq_city *city, const uint32_t *edge, uint32_t count, tq_ground **out,
                         tq_err *err);
void tq_ground_free(tq_ground *ground);
/** The same from the cache, made on first use, pinned until it is put back (NULL is fine). */
tq_status tq_days_ground(tq_days *days, const uint32_t *edge, uint32_t count, const tq_ground **out,
                         tq_err *err);
void tq_days_ground_put(tq_days *days, const tq_ground *ground);

typedef struct tq_transit_query {
    uint32_t size;
    const tq_access *from, *to;
    uint32_t from_count, to_count;
    uint32_t direct_walk_dm; /* walk without any ride; TQ_NONE = not known: only walks over the core
                                count */
    int32_t time_s;          /* earliest departure, or latest arrival */
    bool arrive_by;
    tq_walk_kind walk;
    uint32_t walk_mm_s;     /* walking speed */
    uint32_t max_walk_dm;   /* longest single walk; TQ_NONE = none */
    uint32_t max_boardings; /* 1 .. TQ_BOARDINGS_MAX */
    int32_t horizon_s;      /* rides beyond time_s +- this are not looked at */
    bool wheelchair;        /* only trips and stops that are not marked as unusable */
    uint32_t
        board_slack_s; /* least time between reaching a stop on foot and boarding, 0 by default */
    const tq_ground *ground; /* closed streets; NULL = none */
} tq_transit_query;
void tq_transit_query_default(tq_transit_query *query);

#define TQ_BOARDINGS_MAX 13

/*
 * One piece of a journey. A walk has trip == TQ_NONE. The first and the last piece are always
 * walks, if only of 0 dm; a journey without a ride is one walk. A change at one and the same stop
 * has no piece. The run's stop times are shift_s + trip.start_s + its stop_time, also for runs of
 * frequencies.
 */
typedef struct tq_piece {
    uint32_t trip;                 /* of the timetable; TQ_NONE = a walk, or an added run */
    uint32_t live;                 /* row of the overlay's runs; TQ_NONE = as planned, or a walk */
    uint32_t from_stop, to_stop;   /* TQ_NONE = the journey's own start or end */
    uint32_t from_place, to_place; /* places in the trip's pattern, or calls of the live run */
    int32_t departure_s, arrival_s;
    int32_t shift_s;     /* its times = shift_s + trip.start_s + stop_time */
    int32_t service_day; /* days since 1970 of the service day that the run belongs to */
    uint32_t walk_dm;
    uint32_t from_access, to_access; /* walk at the ends: which access, else TQ_NONE */
    uint32_t headway_s;
    uint32_t route;  /* of the timetable; TQ_NONE = a walk */
    uint32_t ride_m; /* metres ridden, as fares count them */
} tq_piece;

static inline bool tq_piece_rides(const tq_piece *piece)
{
    return piece->route != TQ_NONE;
}

typedef struct tq_journey {
    int32_t departure_s, arrival_s; /* at the doors; departure as late as the pieces allow */
    uint32_t boardings;
    uint32_t walk_dm;
    const tq_piece *piece;
    uint32_t piece_count;
} tq_journey;

#define TQ_JOURNEYS_MAX 64
typedef struct tq_journeys {
    tq_journey *journey; /* in `work` */
    uint32_t count;
} tq_journeys;

/** Pareto set over arrival (departure with arrive_by) and boardings. TQ_OK with count 0 when there
 * is none. */
tq_status tq_transit_search(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                            tq_arena *work, tq_journeys *out, tq_err *err);

/** All best departures in [time_s, time_s + window_s] (arrivals in [time_s - window_s, time_s] with
 * arrive_by). */
tq_status tq_transit_range(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                           uint32_t window_s, tq_arena *work, tq_journeys *out, tq_err *err);

/** Pareto set over arrival, boardings, walking and fare (tariffs of the city, full fare). */
tq_status tq_transit_pareto(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                            tq_arena *work, tq_journeys *out, tq_err *err);

/* What one payment of a journey is for: a boarding of a flat tariff, or a whole stay in one by
 * distance. */
typedef struct tq_fare_part {
    uint32_t tariff, fen;
} tq_fare_part;

/** Payments of the journey's rides in order, before concessions; at most one a boarding. False when
   a route's tariff is not known. *assumed: some tariff is not official. */
bool tq_journey_fare_parts(const tq_city *city, const tq_journey *journey,
                           tq_fare_part part[TQ_BOARDINGS_MAX], uint32_t *count, bool *assumed);

/** Fare in fen of the journey's rides before concessions; false when a route's tariff is not known.
 */
bool tq_journey_fare(const tq_city *city, const tq_journey *journey, uint32_t *fen, bool *assumed);

/* Next departures at a stop. Those that were cancelled, or whose run now passes without a stop, are
 * listed at their planned time and marked. */
typedef struct tq_departure {
    uint32_t trip, place; /* trip as tq_piece.trip; place in its pattern, or call of the live run;
                             of a cancelled run in its pattern */
    uint32_t live;        /* row of the overlay's runs; TQ_NONE = as planned */
    int32_t departure_s, arrival_s, shift_s;
    int32_t service_day;
    uint32_t headway_s;
    uint32_t stop;  /* where it departs */
    bool cancelled; /* does not run, or does not stop here */
} tq_departure;
/** Departures at a stop or station at or after from_s, by time; at most `limit`, at most until_s.
 */
uint32_t tq_transit_departures(const tq_city *city, const tq_day *day, uint32_t stop,
                               int32_t from_s, int32_t until_s, uint32_t limit, tq_departure *out);

/** Last departure of a pattern's place at or before until_s on this day, or INT32_MIN. */
int32_t tq_transit_last_departure(const tq_city *city, const tq_day *day, uint32_t pattern,
                                  uint32_t place, int32_t until_s);

/* A line from one stop on: runs of a route in one direction that can be boarded at from_stop and
 * left at to_stop. */
typedef struct tq_line_at {
    uint32_t route, direction; /* direction: TQ_NONE = any */
    uint32_t from_stop;
    uint32_t to_stop; /* TQ_NONE = anywhere */
} tq_line_at;
/** Last departure of the line at or before until_s, or INT32_MIN. */
int32_t tq_transit_line_last(const tq_city *city, const tq_day *day, const tq_line_at *line,
                             int32_t until_s);
/** First departure of the line in [ready_s, until_s]: its arrival at to_stop (at its end, with
 * TQ_NONE), or INT32_MAX. */
int32_t tq_transit_line_next(const tq_city *city, const tq_day *day, const tq_line_at *line,
                             int32_t ready_s, int32_t until_s);

/** Bytes of scratch a search on this city can need. */
size_t tq_transit_work_bytes(const tq_city *city);

#endif
