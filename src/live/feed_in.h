/*
 * Live transit, shared by feed*.c: feeds by name, what each says of the city, and the runs that
 * come of it.
 *
 * A feed keeps its last message whole (bytes, the structs over them) and a reading: the message in
 * terms of the city. A message is read into a new feed beside the old one; only when all of it
 * stands does it take the old one's place.
 */
#ifndef TQ_LIVE_FEED_IN_H
#define TQ_LIVE_FEED_IN_H

#include <stdlib.h>

#include "live/live.h"
#include "wire/wire.h"

/* Limits; docs/guide/feeds.md tells them. */
#define FEED_NAME_MAX      64u
#define FEEDS_MAX          64u
#define FEED_CALLS_MAX     10000u   /* calls of one run */
#define FEED_RUNS_MAX      500000u  /* runs that one feed changes */
#define FEED_RUN_CALLS_MAX 8000000u /* calls of them in all */
#define FEED_LATE_MAX_S    172800   /* a time further from the plan is not believed */
#define FEED_FUTURE_S      60       /* how far ahead a feed's clock may be (E050) */
#define FEED_STALE_S       90       /* trips and vehicles are old from then on */
#define FEED_STALE_ALERT_S 600      /* alerts */
#define FEED_DROP_S        300      /* trips and vehicles act no more: the timetable is shown */
#define FEED_DROP_ALERT_S  7200     /* alerts act no more */
#define FEED_SHUT_DAYS     2        /* closed stops change the runs of today and so many days on */
#define FEED_RULES         53u      /* E001 .. E052 */

/* ---- ids (feed_ids.c) ---- */

/* Rows of the city by their text id, and by the id without a source's prefix («hsl:» of «hsl:7»).
 */
typedef struct feed_slots {
    uint32_t *full, *bare; /* [mask + 1], row + 1, 0 = empty */
    uint32_t mask;
} feed_slots;

typedef struct feed_ids {
    const tq_city *city;
    feed_slots trip, route, stop;
    uint32_t *route_first, *route_pattern; /* patterns of a route: [route_count + 1], patterns */
} feed_ids;

bool feed_ids_make(feed_ids *ids, const tq_city *city);
void feed_ids_free(feed_ids *ids);
/* Row of an id as feed `feed` writes it; TQ_NONE when unknown or not told apart. */
uint32_t feed_trip_of(const feed_ids *ids, const char *feed, tq_str id);
uint32_t feed_route_of(const feed_ids *ids, const char *feed, tq_str id);
uint32_t feed_stop_of(const feed_ids *ids, const char *feed, tq_str id);

/* ---- what a message says ---- */

typedef enum feed_rank { FEED_UPDATE, FEED_MODIFICATION, FEED_ESTIMATE } feed_rank;

typedef struct feed_run {
    tq_live_run run; /* first_call into the reading's calls, id into its text */
    uint8_t rank;    /* feed_rank: the least wins where two speak about one run */
    bool as_planned; /* somebody says that it runs to the timetable: no estimate is wanted */
} feed_run;

typedef struct feed_vehicle {
    const tq_rt_vehicle *from;
    tq_str entity;
    uint32_t trip; /* TQ_NONE = not known */
    int32_t day, start_s;
    tq_point at;
    int64_t at_ms;
} feed_vehicle;

/* One thing that an alert is about; TQ_NONE = any. A row that names nothing known is dropped. */
typedef struct feed_about {
    uint32_t route, stop, trip, agency;
    uint32_t direction, type;
} feed_about;

typedef struct feed_alert {
    const tq_rt_alert *from;
    tq_str entity;
    uint32_t first_about, about_count;
} feed_alert;

typedef struct feed_counts {
    uint32_t entities, matched, unmatched, cancelled, added, skipped_stops, repaired, estimated,
        runs, trips, vehicles, alerts;
    uint32_t rule[FEED_RULES];
} feed_counts;

typedef struct feed_reading {
    TQ_VEC(feed_run) runs; /* ascending by feed_run_order, no two about one run */
    TQ_VEC(tq_live_call) calls;
    tq_buf text; /* NUL between items; 0 = "" */
    TQ_VEC(feed_vehicle) vehicles;
    TQ_VEC(feed_alert) alerts;
    TQ_VEC(feed_about) about;
    feed_counts counts;
} feed_reading;

/* ---- one feed ---- */

typedef struct feed_held {
    char name[FEED_NAME_MAX];
    char *bytes;
    size_t len;
    tq_pool pool;
    tq_rt_feed message; /* over bytes and pool */
    feed_reading reading;
    int64_t received_ms, timestamp_ms;  /* the header's, else when it came */
    bool stopped_trips, stopped_alerts; /* too old to act */
} feed_held;

/* How much is known of a call's times. */
typedef enum feed_said { FEED_SAID_PLAN, FEED_SAID_BEFORE, FEED_SAID_HERE } feed_said;

/* A call while a run is made: planned times beside those that will be given out. */
typedef struct feed_call {
    tq_live_call call;
    int32_t plan_arrival_s, plan_departure_s;
    uint32_t update; /* stop time update that is about it, TQ_NONE */
    uint8_t said;    /* feed_said */
    bool doubt;      /* number and stop of the update contradict each other */
} feed_call;

/* What a feed's trip changes do to the plan of a run (feed_changes.c). */
typedef struct feed_change {
    uint32_t trip;
    int32_t day, start_s;
    const tq_rt_trip_modifications *from;
} feed_change;

/* Scratch of one reading. */
typedef struct feed_reader {
    const tq_city *city;
    const feed_ids *ids;
    feed_held *feed;
    feed_reading *out;
    int64_t now_ms;
    int64_t day_ms;              /* second 0 of the service day of the run in hand */
    TQ_VEC(feed_call) plan;      /* of the run in hand */
    TQ_VEC(feed_change) changes; /* ascending by trip, day, start_s */
    TQ_VEC(uint32_t) order;      /* scratch */
    TQ_VEC(uint64_t) keys;       /* scratch */
    bool failed;                 /* no memory or over a limit */
} feed_reader;

static inline void feed_rule(feed_reader *in, unsigned rule)
{
    in->out->counts.rule[rule]++;
}

/* ---- which run (feed_match.c) ---- */

typedef struct feed_match {
    uint32_t trip, route;
    int32_t day;
    int32_t start_s; /* as the overlay names the run */
    int32_t base_s;  /* first departure from which delays count: differs for headways */
} feed_match;

bool feed_parse_date(tq_str text, int32_t *day);
bool feed_parse_clock(tq_str text, int32_t *second);
/* The run that a descriptor is about; counts what is wrong with it. */
bool feed_match_run(feed_reader *in, const tq_rt_trip *trip, feed_match *out);
/* The run of a trip on the service day nearest to an instant; false = none within a day. */
bool feed_nearest_day(const tq_city *city, uint32_t trip, int32_t start_s, int64_t at_ms,
                      int32_t *day);
/* The planned departure of a trip at a clock time: its own, or that of its headway. */
bool feed_start_of(const tq_city *city, uint32_t trip, int32_t clock_s, int32_t *start_s,
                   bool *exact);

/* ---- times (feed_times.c) ---- */

/* Planned calls of a run, into in->plan; in->day_ms is the caller's. */
bool feed_plan_run(feed_reader *in, uint32_t trip, int32_t base_s);
/* Which update is about which call, by sequence, else by order and stop. */
void feed_place_updates(feed_reader *in, const tq_rt_trip_update *update);
/* Times of all calls from the updates in place, passed on to later stops and put in order. */
void feed_time_calls(feed_reader *in, const tq_rt_trip_update *update);
/* No time before the one before it. */
void feed_order_calls(feed_reader *in);
/* Row of a stop that trips can call at; TQ_NONE and a count when it is none. */
uint32_t feed_call_stop(feed_reader *in, tq_str id);
bool feed_same_station(const tq_city *city, uint32_t a, uint32_t b);
/* What a StopTimeUpdate says of a call beside its times. */
void feed_call_properties(feed_reader *in, const tq_rt_stop_time *from, tq_live_call *call);

/* ---- runs (feed_trips.c, feed_changes.c) ---- */

void feed_read_trips(feed_reader *in);
/* Give out the run in hand: in->plan as it stands. */
void feed_put_run(feed_reader *in, const tq_live_run *run, feed_rank rank);
int feed_run_order(const feed_run *a, const feed_run *b);
/* Order, and leave one about each run. */
void feed_sort_runs(feed_reading *reading);
bool feed_has_run(const feed_reading *reading, size_t sorted, uint32_t trip, int32_t day,
                  int32_t start_s);

void feed_collect_changes(feed_reader *in);
/* Apply what changes a run to in->plan; false when nothing does. */
bool feed_apply_changes(feed_reader *in, const feed_match *run);
/* Runs that are changed and have no update of their own. */
void feed_read_changes(feed_reader *in);

/* ---- vehicles and alerts (feed_vehicles.c, feed_alerts.c) ---- */

void feed_read_vehicles(feed_reader *in);
void feed_read_alerts(feed_reader *in);
bool feed_alert_holds(const tq_rt_alert *alert, int64_t at_ms);
/* The next instant at which a period of the alert begins or ends after `at_ms`. */
int64_t feed_alert_next_ms(const tq_rt_alert *alert, int64_t at_ms);

/* ---- all feeds (feed.c, feed_runs.c) ---- */

/* Runs of all feeds as the overlay wants them; own memory, good until the next change. */
typedef struct live_feed_runs {
    const tq_live_run *run; /* ascending; id into text, detour TQ_NONE */
    const tq_live_call *call;
    const char *text; /* 0 = "" */
    uint32_t run_count, call_count, text_len;
} live_feed_runs;

typedef struct live_feeds {
    const tq_city *city;
    feed_ids ids;
    bool has_ids;     /* made with the first message */
    feed_held **feed; /* [count], by name */
    uint32_t count;
    int64_t now_ms; /* of the last put or expire */
    /* made by live_feeds_runs */
    TQ_VEC(tq_live_run) runs;
    TQ_VEC(tq_live_call) calls;
    tq_buf text;
} live_feeds;

live_feeds *live_feeds_new(const tq_city *city); /* NULL = no memory */
void live_feeds_free(live_feeds *feeds);
tq_status live_feeds_put(live_feeds *feeds, const char *name, tq_str message, int64_t now_ms,
                         tq_buf *report, tq_err *err);
bool live_feeds_forget(live_feeds *feeds, const char *name); /* false = there was none */
void live_feeds_json(const live_feeds *feeds, int64_t now_ms, tq_buf *out);
void live_feeds_alerts_json(const live_feeds *feeds, int64_t at_ms, tq_buf *out);
int64_t live_feeds_next_ms(const live_feeds *feeds);
bool live_feeds_expire(live_feeds *feeds, int64_t now_ms);
tq_status live_feeds_runs(live_feeds *feeds, live_feed_runs *out, tq_err *err);

#endif
