/* serve: the HTTP API, vector tiles and console files, on one event loop a core. */
#ifndef TQ_SERVE_H
#define TQ_SERVE_H

#include "journey/journey.h"

/* A feed of live transit (GTFS-Realtime) that the server fetches by itself. */
typedef struct tq_serve_feed {
    const char *id, *url;
    const char *bearer; /* NULL = none */
    uint32_t every_s;
} tq_serve_feed;

typedef struct tq_serve_options {
    uint32_t size;
    const char *city_path; /* NAME.city */
    const char *listen;    /* address, "127.0.0.1" by default */
    uint16_t port;         /* 0 = any; the one taken is reported */
    uint32_t threads;      /* event loops; 0 = one a core */
    uint32_t max_connections;
    uint32_t max_body_bytes;
    uint32_t header_timeout_ms; /* from accept to a complete request head */
    uint32_t idle_timeout_ms;   /* kept-alive connection without a request */
    const char *store_path;     /* NULL = state.db beside the city file */
    const tq_serve_feed *feed;  /* [feed_count], fetched while the server runs */
    uint32_t feed_count;
    /* Called before `ready` while nobody has an account: POST /api/v1/setup wants this token. */
    void (*setup)(void *user, const char *token);
    /* Called once when the port is open. */
    void (*ready)(void *user, const char *address, uint16_t port);
    void *user;
} tq_serve_options;
void tq_serve_options_default(tq_serve_options *options);

/** Serve until SIGINT or SIGTERM, or tq_serve_stop. Finishes running answers first. */
tq_status tq_serve(const tq_serve_options *options, tq_err *err);
void tq_serve_stop(void); /* from any thread or a signal handler */

/** Minutes such as 5,10,15 as limits of an isochrone. */
tq_status tq_isochrone_minutes(const char *text, tq_isochrone_wish *wish, tq_err *err);
/** An isochrone as GeoJSON with its envelope: version, datum, profile, time, direction. */
void tq_isochrone_json(const tq_city *city, const tq_vehicle *vehicle, int64_t at_ms,
                       tq_datum datum, tq_point place, const tq_isochrone_wish *wish,
                       const tq_isochrone *shape, tq_buf *out);
/** Scratch that questions about streets need, tables and isochrones included. */
size_t tq_streets_work_bytes(const tq_city *city);

/* A peer as a program (tongqu simulate province): see exchange.h, tq_double. */
typedef struct tq_double_options {
    const char *listen;
    uint16_t port;    /* 0 = any */
    const char *mood; /* well, cut, slow, lost, wrong; NULL = well */
    uint64_t seed;
    void (*ready)(void *user, const char *address, uint16_t port);
    void *user;
} tq_double_options;
/** Serve POST /in, POST /mood, GET /taken until SIGINT, SIGTERM or tq_double_stop. */
tq_status tq_double_serve(const tq_double_options *options, tq_err *err);
void tq_double_stop(void); /* from any thread */

/*
 * A generated day of taxi orders, played against the desk (day*.c): the same verbs and the same
 * clock as in service, on a temporary store that is removed at the end. docs/guide/simulate.md.
 */
#define TQ_DAY_POLICIES_MAX 8u
#define TQ_DAY_CLOSES_MAX   32u
#define TQ_DAY_VEHICLES_MAX 50000u
#define TQ_DAY_ORDERS_MAX   200000u
#define TQ_DAY_RIDERS_MAX   400u /* one proposal of lines looks at so many requests */
typedef struct tq_day_options {
    uint32_t size;
    const char *city_path, *folder;   /* NAME.city, and the folder with its rules and prices */
    const char *temporary;            /* folder for the stores; NULL = /tmp */
    uint32_t vehicles, orders, phone; /* phone: so many of the orders come by phone */
    uint32_t riders; /* commuters who ask for a custom bus, played if the hours hold the morning */
    uint64_t seed;
    int32_t day;                 /* local, since 1970 */
    uint32_t from_hour, to_hour; /* orders are called in [from, to) */
    const char *policy[TQ_DAY_POLICIES_MAX];
    uint32_t policy_count;
    const char *close[TQ_DAY_CLOSES_MAX]; /* STREET[/FROM/TO]@HH:MM-HH:MM */
    uint32_t close_count;
    bool snow;
    uint32_t threads; /* policies side by side; 0 = one a core */
    void (*progress)(void *user, const char *policy, uint32_t hour, uint32_t open);
    void (*event)(void *user, tq_str json); /* one order that is over; NULL = not wanted */
    void *user;
} tq_day_options;
void tq_day_options_default(tq_day_options *options);
/** Play the day under each policy; the report as JSON. Exact repeat from a seed, but for the member
 * "measured". TQ_BAD_INPUT names the option. */
tq_status tq_day_run(const tq_day_options *options, tq_buf *report_json, tq_err *err);
/** The report as a page of its own, without anything from elsewhere. */
tq_status tq_day_html(tq_str report_json, tq_lang lang, tq_buf *html, tq_err *err);

#endif
