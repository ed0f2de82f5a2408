/*
 * live: the overlay. Closures and restrictions, speeds of the moment, feeds of live transit; picks
 * stretches of street, reads and writes work-zone feeds, and makes from all of it the tq_overlay
 * that searches use.
 *
 * A tq_live belongs to one thread, the writer. It does not keep anything on disk: what survives is
 * the store's, from which `desk` fills it again at start. Texts come in as JSON (Jansson); every
 * refusal names the member, its value and what would do.
 */
#ifndef TQ_LIVE_H
#define TQ_LIVE_H

#include "city/city.h"

/* ---- stretches (stretch*.c) ------------------------------------------------------------------ */

#define TQ_STRETCH_ARCS_MAX   4000u
#define TQ_STRETCH_POINTS_MAX 2000u

/* A connected piece of street in order of travel. Along one direction its arcs follow each other
 * head to tail; «both» also means the arcs against them and, where the carriageways are apart, the
 * twin carriageway. */
typedef struct tq_stretch {
    uint32_t arc_count;
    uint32_t *arc;        /* [arc_count], all arcs that it covers; tq_free */
    uint32_t along_count; /* the first of them run along, the others against */
    uint32_t length_m;
    char street[120], street_en[120]; /* as found; "" = nameless */
    char from[120], to[120];          /* cross streets or ends, as found */
} tq_stretch;
void tq_stretch_free(tq_stretch *stretch);

/**
 * Find a stretch from JSON:
 *   {"street":"并州北路","from":"并州东街","to":"双塔西街","direction":"both|forward|backward"}
 *   {"line":[[112.56,37.85],…],"datum":"wgs84","direction":…}    drawn, 20 m wide
 *   {"arcs":[7,9],…} or {"edges":[3,4],"direction":…}
 * `from` and `to` may be missing: then the whole street. forward is from `from` to `to`. Streets
 * are found by any of their names (alias, former, pinyin). A stretch that is not connected, a cross
 * street that does not cross, a name with two meanings: refused with the candidates.
 */
tq_status tq_stretch_find(const tq_city *city, tq_str json, tq_stretch *out, tq_err *err);
/** {"street","street_en","from","to","direction","length_m","arcs":[…],"edges":[…],
 * "line":[[lon,lat],…],"line_back":[…],"classes":["primary"],"lanes":[along,against],"oneway":bool}
 */
void tq_stretch_json(const tq_city *city, const tq_stretch *stretch, tq_json *json);

/* ---- closures (closure*.c) ------------------------------------------------------------------- */

typedef enum tq_closure_effect {
    TQ_CLOSURE_FULL,
    TQ_CLOSURE_LANES,      /* some lanes taken */
    TQ_CLOSURE_HALF_WIDTH, /* both directions stay, on half the width: slower, never one-way */
    TQ_CLOSURE_SPEED,      /* only a lower speed */
    TQ_CLOSURE_LOCAL       /* only to places inside */
} tq_closure_effect;

#define TQ_CLOSURE_TIMES_MAX 16
#define TQ_ID_MAX            48

/* Shape: docs/design/live.md. All optional members have the defaults told there. */
typedef struct tq_closure {
    char id[TQ_ID_MAX];
    tq_stretch stretch;
    tq_closure_effect effect;
    uint8_t lanes_total, lanes_left; /* 0 = not said */
    uint16_t users;                  /* TQ_ACCESS_ mask that it is about */
    uint16_t speed_kmh;              /* 0 = by the effect's default */
    uint8_t fenced;                  /* 0 none, 1 left side, 2 right side, 3 both: walkers */
    tq_clause limit;                 /* sizes and weights from which it binds; times unused */
    int64_t from_ms, to_ms;          /* in force from; expected end */
    uint32_t time_count;             /* 0 = all the time between from and to */
    tq_clause time[TQ_CLOSURE_TIMES_MAX];
    char owner[120], reason[24], case_id[TQ_ID_MAX];
    bool sudden; /* not planned */
} tq_closure;
void tq_closure_free(tq_closure *closure);

/**
 * Read and check a closure's JSON. Refused: no end, no owner, an end before the begin, a stretch
 * that is not connected, a time rule that never holds between begin and end, lanes that are not
 * there, unknown members. now_ms: an end in the past is refused (INT64_MIN = do not look).
 */
tq_status tq_closure_read(const tq_city *city, tq_str json, int64_t now_ms, tq_closure *out,
                          tq_err *err);
/** The closure for people and programs: what was given, defaults filled in, the stretch with its
 * line, "in_force" at an instant, a sentence in both languages. One JSON object. */
void tq_closure_json(const tq_city *city, const tq_closure *closure, int64_t at_ms, tq_json *json);
/** A GeoJSON FeatureCollection of closures in force or to come. */
void tq_closures_geojson(const tq_city *city, const tq_closure *const *closure, uint32_t count,
                         int64_t at_ms, tq_buf *out);

/* ---- work-zone feeds (wzdx*.c) ----------------------------------------------------------------
 */

/** Closures as a WZDx 4.2 feed, one feature a direction, detours not included. */
void tq_wzdx_write(const tq_city *city, const tq_closure *const *closure, uint32_t count,
                   const char *publisher, int64_t at_ms, tq_buf *out);
/** Read a feed: `seen` gets each feature as the JSON of a closure (id "WZ:<feature id>", stretch by
 * line), or why it is not taken. False from it stops. */
tq_status tq_wzdx_read(const tq_city *city, tq_str json,
                       bool (*seen)(void *user, const char *feature_id, tq_str closure_json,
                                    const tq_err *refused),
                       void *user, tq_err *err);

/* ---- speeds of the moment ---------------------------------------------------------------------
 */

typedef struct tq_live_speed {
    uint32_t arc;
    uint16_t access;     /* TQ_ACCESS_ mask */
    uint16_t kmh_tenths; /* 0 = closed; UINT16_MAX = forget what was said */
    int64_t until_ms;    /* INT64_MAX = until told otherwise */
} tq_live_speed;

/* ---- the whole (live.c) -----------------------------------------------------------------------
 */

typedef struct tq_live tq_live;
tq_status tq_live_open(const tq_city *city, tq_live **out, tq_err *err);
void tq_live_close(tq_live *live);

/** Take a closure over (its memory too), in place of one with the same id. */
tq_status tq_live_put_closure(tq_live *live, tq_closure *closure, tq_err *err);
/** TQ_NOT_FOUND when there is none. */
tq_status tq_live_end_closure(tq_live *live, const char *id, tq_err *err);
/** Closures in order of id; valid until the next change. */
const tq_closure *const *tq_live_closures(const tq_live *live, uint32_t *count);

tq_status tq_live_put_speeds(tq_live *live, const tq_live_speed *speed, uint32_t count,
                             tq_err *err);
void tq_live_forget_speeds(tq_live *live);

/**
 * A GTFS-Realtime message of a feed (feed*.c): matched to trips, routes and stops by id, delays
 * propagated. FULL_DATASET replaces what the feed said before. `report` gets
 * {"entities","matched","unmatched","cancelled","added","skipped_stops","age_s","stale":bool,
 * "errors":[{"rule":"E022","count"}]}. A message that cannot be read changes nothing.
 */
tq_status tq_live_put_feed(tq_live *live, const char *feed, tq_str message, int64_t now_ms,
                           tq_buf *report, tq_err *err);
void tq_live_forget_feed(tq_live *live, const char *feed);
/** {"feeds":[{"feed","received","timestamp","age_s","stale","trips","vehicles","alerts"}]} */
void tq_live_feeds_json(const tq_live *live, int64_t now_ms, tq_buf *out);
/** Alerts in force, for the answers of plan and departures: {"alerts":[…]}. */
void tq_live_alerts_json(const tq_live *live, int64_t at_ms, tq_buf *out);

/** The instant at which something ends or grows stale by itself; INT64_MAX = never. */
int64_t tq_live_next_ms(const tq_live *live);
/** Drop what is over at an instant; true if anything changed. */
bool tq_live_expire(tq_live *live, int64_t now_ms);

/** The overlay as of now, made anew; held once (tq_overlay_drop). Same state, same bytes. */
tq_status tq_live_overlay(tq_live *live, uint64_t version, const tq_overlay **out, tq_err *err);

/* ---- when to ask a feed again (feed_pull.c): pure, the caller has the clock --------------------
 */

#define TQ_PULL_EVERY_MIN_S 5u
#define TQ_PULL_EVERY_MAX_S 86400u
#define TQ_PULL_WAIT_MAX_S                                                                         \
    300u /* between tries of a feed that fails; longer only if `every` is                          \
          */
typedef enum tq_pull_result { TQ_PULL_TAKEN, TQ_PULL_SAME, TQ_PULL_FAILED } tq_pull_result;
typedef struct tq_pull {
    uint32_t every_s, failures; /* failures in a row */
    tq_random random;           /* spreads tries of many who fail together */
    int64_t next_ms;
} tq_pull;
/** The first try is at now_ms. every_s is put between the two limits. */
void tq_pull_begin(tq_pull *pull, uint32_t every_s, uint64_t seed, int64_t now_ms);
/** After a try: the instant of the next one, also kept in next_ms. Success and «not modified» go on
 * at the interval; after failure n the wait is every_s * 2^n, at most TQ_PULL_WAIT_MAX_S, less up
 * to a quarter by chance. */
int64_t tq_pull_after(tq_pull *pull, tq_pull_result result, int64_t now_ms);

/* ---- feeds out (feed_out*.c) -------------------------------------------------------------------
 */

typedef enum tq_feed_kind { TQ_FEED_TRIPS, TQ_FEED_VEHICLES, TQ_FEED_ALERTS } tq_feed_kind;
/**
 * Our own state as GTFS-Realtime: changed, cancelled and added runs and TripModifications of
 * detours; vehicle positions; alerts of closures and those that came in. `shown` is the overlay
 * that is shown, detours included. Protobuf, or JSON of the same fields.
 */
tq_status tq_feed_write(const tq_live *live, const tq_overlay *shown, tq_feed_kind kind,
                        int64_t now_ms, bool as_json, tq_buf *out, tq_err *err);

#endif
