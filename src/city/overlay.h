/*
 * Live state: the second header of the room city, which city.h includes at its end.
 *
 * What the file does not hold: closures, works, speeds of the moment, runs that differ from the
 * timetable. Made by `live` (and, where buses turn off, by `journey`); read by `road` and
 * `transit`. A shared overlay never changes and is counted, so that a question keeps the state it
 * began with.
 */
#ifndef TQ_CITY_OVERLAY_H
#define TQ_CITY_OVERLAY_H

#include "city/city.h"

typedef enum tq_live_effect {
    TQ_LIVE_CLOSED,      /* may not */
    TQ_LIVE_LAST_METRES, /* only to places inside */
    TQ_LIVE_LIMIT,       /* not faster than value */
    TQ_LIVE_SPEED,       /* as fast as value, as measured, but never where one may not go */
    TQ_LIVE_PERCENT      /* value per cent of the speed: less width, fewer lanes */
} tq_live_effect;

/* What holds on an arc for some users at some times. All rules that hold act together: a closed one
 * wins, then the least speed. */
typedef struct tq_live_rule {
    uint32_t arc;
    uint32_t condition; /* row of the overlay's conditions; 0 = always */
    uint16_t access;    /* TQ_ACCESS_ mask: about whom */
    uint16_t value;     /* km/h in tenths, or per cent */
    uint8_t effect;     /* tq_live_effect */
    uint8_t spare[3];
    uint32_t source; /* text of the overlay: id of the closure, "" = a speed that came in */
} tq_live_rule;

typedef enum tq_run_state {
    TQ_RUN_CHANGED,   /* other times or calls than planned */
    TQ_RUN_CANCELLED, /* does not run */
    TQ_RUN_ADDED      /* no trip of the timetable */
} tq_run_state;

#define TQ_CALL_NO_PICKUP  1u
#define TQ_CALL_NO_DROPOFF 2u
#define TQ_CALL_SKIPPED    4u /* passed without a stop; its times only keep the order */

/* A call of a changed run. Seconds count from the service day's second 0, never decreasing. */
typedef struct tq_live_call {
    uint32_t stop;
    uint32_t place; /* in the trip's pattern; TQ_NONE = a call that the timetable does not know */
    int32_t arrival_s, departure_s;
    uint8_t flags; /* TQ_CALL_ */
    uint8_t spare[3];
} tq_live_call;

#define TQ_RUN_DELAY  1u /* times differ */
#define TQ_RUN_SKIPS  2u /* some stops are left out */
#define TQ_RUN_DETOUR 4u /* goes another way because of closures */
#define TQ_RUN_FEED   8u /* a feed says so */

/* A run of a trip on one service day that differs from the timetable. */
typedef struct tq_live_run {
    uint32_t trip;  /* of the timetable; of an added run one of its route to borrow texts and fares
                       from, TQ_NONE = none */
    uint32_t route; /* of the timetable */
    int32_t service_day;             /* days since 1970 */
    int32_t start_s;                 /* planned first departure; tells runs of a frequency apart */
    uint32_t first_call, call_count; /* into call; none when cancelled */
    uint32_t id;                     /* text of the overlay: trip id as given out; of added runs */
    uint32_t detour;                 /* row of the overlay's detours, TQ_NONE */
    uint8_t state;                   /* tq_run_state */
    uint8_t why;                     /* TQ_RUN_ mask */
    uint8_t spare[2];
} tq_live_run;

/* How the runs of a pattern go round a closure: once a pattern and closed stretch. */
typedef struct tq_detour {
    uint32_t pattern;
    uint32_t from_place, to_place;       /* last place served before, first one after */
    uint32_t first_point, point_count;   /* the way between them, into point */
    uint32_t first_source, source_count; /* closures that cause it: texts, into source */
    int32_t added_s, added_m;
} tq_detour;

typedef struct tq_overlay {
    uint64_t version;                       /* 0 = nothing live; grows with every change */
    uint64_t road_version, transit_version; /* of the last change of that part */
    uint32_t rule_count, condition_count, clause_count, run_count, call_count, detour_count,
        point_count, source_count, text_len;
    const tq_live_rule *rule;     /* [rule_count], ascending by arc, then in order of publishing */
    const uint32_t *first_clause; /* [condition_count + 1]; row 0 is «always», without clauses */
    const tq_clause *clause;      /* [clause_count] alternatives of each condition */
    const tq_live_run *run;   /* [run_count], ascending by service_day, trip, start_s; added runs
                                 (trip or TQ_NONE) among them */
    const tq_live_call *call; /* [call_count] */
    const tq_detour *detour;  /* [detour_count] */
    const tq_point *point;    /* [point_count] */
    const uint32_t *source;   /* [source_count], text */
    const char *text;         /* [text_len], NUL between items; 0 = "" */
} tq_overlay;

/** A copy in one block, checked against the city: every arc, stop, trip, row in range, every order
 * kept; TQ_BAD_INPUT names what is not. Allocates. Held once. */
tq_status tq_overlay_new(const tq_city *city, const tq_overlay *from, const tq_overlay **out,
                         tq_err *err);
/** The overlay of a city with nothing live; lasts for ever. */
const tq_overlay *tq_overlay_none(void);
/** Safe from any thread. Dropping the last hold frees it; NULL is fine. */
const tq_overlay *tq_overlay_hold(const tq_overlay *overlay);
void tq_overlay_drop(const tq_overlay *overlay);
/** First rule about an arc: rules of the arc are from .. to - 1. */
void tq_overlay_rules(const tq_overlay *overlay, uint32_t arc, uint32_t *from, uint32_t *to);
/** The row of a run, TQ_NONE when it is as planned. */
uint32_t tq_overlay_run(const tq_overlay *overlay, uint32_t trip, int32_t service_day,
                        int32_t start_s);

#endif
