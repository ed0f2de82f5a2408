/*
 * journey: door-to-door joins of road and transit; itineraries, fares, last-train truth; and the
 * JSON that the command and the server share.
 */
#ifndef TQ_JOURNEY_H
#define TQ_JOURNEY_H

#include "tongqu/place.h"
#include "tongqu/plan.h"

#include "city/city.h"
#include "road/road.h"
#include "transit/transit.h"

#include "freight/freight.h"

/* Language of texts made for people; data keeps its own names. */
typedef enum tq_lang { TQ_ZH, TQ_EN } tq_lang;

/* An open city, its caches of metrics and days, and the live state of one moment: what every
 * question is asked of. */
typedef struct tq_snapshot {
    const tq_city *city;
    tq_roads *roads;
    tq_days *days;
    const tq_overlay *overlay;
    const tq_ondemand *ondemand; /* NULL = nothing is known of taxis and custom buses */
} tq_snapshot;

#define TQ_VERSION_MAX 48
/** What answers carry: the city's version, and behind «+» the overlay's when something is live. */
void tq_snapshot_version(const tq_snapshot *snapshot, char out[TQ_VERSION_MAX]);

tq_status tq_snapshot_open(const char *path, tq_snapshot *out, tq_err *err);
void tq_snapshot_close(tq_snapshot *snapshot);
/** Make the metrics and days of an instant ahead of the first question. */
tq_status tq_snapshot_warm(tq_snapshot *snapshot, int64_t at_ms, tq_err *err);

/* ---- the network as it is now (network.c) ----------------------------------------------------
 *
 * Holds the snapshot that is shown. One writer publishes; any number of readers hold. A reader that
 * holds a snapshot keeps it whole however often the writer publishes meanwhile.
 */
typedef struct tq_network tq_network;
tq_status tq_network_open(const char *path, tq_network **out, tq_err *err);
void tq_network_close(tq_network *network); /* nobody may hold a snapshot */
/** The snapshot shown now. One atomic read tells whether a reader's own is still it: see
 * tq_network_shown. */
const tq_snapshot *tq_network_hold(tq_network *network);
void tq_network_drop(tq_network *network, const tq_snapshot *snapshot);
/** Version of the overlay that is shown; no lock. */
uint64_t tq_network_shown(const tq_network *network);
/** How often what is on demand was changed; no lock. */
uint64_t tq_network_offered(const tq_network *network);
/** Show what is offered on demand, under the overlay that is shown; holds it. By the one writer.
 * NULL = nothing is known. On failure the former offer stays. */
tq_status tq_network_offer(tq_network *network, const tq_ondemand *ondemand, tq_err *err);

/** Make the metrics and days of an instant, and the courses of bus lines, ahead of the first
 * question and closure. */
tq_status tq_network_warm(tq_network *network, int64_t now_ms, tq_err *err);
/** After a publish, on a thread that may take its time: parts of the new metrics that only make
 * answers quicker (tq_roads_finish). */
tq_status tq_network_finish(tq_network *network, tq_err *err);

typedef struct tq_publish_report {
    uint64_t version;
    int64_t detour_ns, roads_ns, days_ns; /* what making the next snapshot took */
    uint32_t changed_runs, detours;
} tq_publish_report;
/**
 * Show a new live state: add the detours of buses that it forces (detour.c), make ready what
 * questions need, swap. `live` is as made by the live room, without detours: a held overlay
 * (tq_live_overlay, tq_overlay_new), which the caller still drops. One writer at a time. On failure
 * the old snapshot stays. report may be NULL.
 */
tq_status tq_network_publish(tq_network *network, const tq_overlay *live, int64_t now_ms,
                             tq_publish_report *report, tq_err *err);

/** {"version","detours":[…]}: lines that go round closures now: stops not served, added minutes,
 * the way. */
tq_status tq_detours_json(const tq_snapshot *snapshot, tq_buf *out, tq_err *err);

/**
 * Does an itinerary that was given out still hold? `itinerary` is one of tq_plan_json's, as JSON.
 * {"version","holds":bool,"problems":[{"kind":"missed_change|cancelled|skipped|closed","leg",
 * "at","text"}],"legs":[…]}: each leg with its times of now.
 */
tq_status tq_recheck_json(const tq_snapshot *snapshot, tq_str itinerary, tq_lang lang,
                          tq_arena *work, tq_buf *out, tq_err *err);

/** Bytes of scratch one thread needs for any question on this city. */
size_t tq_journey_work_bytes(const tq_city *city);

void tq_plan_query_default(tq_plan_query *query);

/** «taxi,custom» as a mask of TQ_ON_DEMAND_; "" = 0. TQ_BAD_INPUT names the word. */
tq_status tq_on_demand_parse(const char *text, uint32_t *mask, tq_err *err);

/**
 * Plan a trip. The answer lives in `work` (reset by the caller) until its next use.
 * @return TQ_OK (also with no itinerary: answer->note says why), TQ_BAD_INPUT, TQ_NO_MEMORY (work
 * too small)
 */
tq_status tq_plan(const tq_snapshot *snapshot, const tq_plan_query *query, tq_arena *work,
                  tq_plan_answer *out, tq_err *err);

/** Plan and write the answer as JSON: {"version","itineraries":[…],"missed":[…],…};
   docs/api/openapi.yaml. *found is false when there is no itinerary (the command then exits 1). */
tq_status tq_plan_json(const tq_snapshot *snapshot, const tq_plan_query *query, tq_lang lang,
                       tq_arena *work, tq_buf *out, bool *found, tq_err *err);

/** {"version","places":[…]} for a search or a reverse lookup. */
tq_status tq_places_json(const tq_city *city, const tq_place_query *query, tq_buf *out,
                         uint32_t *count, tq_err *err);
tq_status tq_reverse_json(const tq_city *city, int32_t lat_e7, int32_t lon_e7, uint32_t radius_m,
                          uint32_t limit, tq_buf *out, uint32_t *count, tq_err *err);

/** {"version","stop":{…},"departures":[…]} of a stop or station (by its id), from an instant. */
tq_status tq_departures_json(const tq_snapshot *snapshot, const char *stop_id, int64_t from_ms,
                             uint32_t minutes, uint32_t limit, tq_arena *work, tq_buf *out,
                             tq_err *err);

/** {"version","name","box",…}: what the city is and holds. */
void tq_city_json(const tq_city *city, tq_buf *out);

/** {"version","works":[…]}: the dated register, with what is open at an instant. */
void tq_works_json(const tq_city *city, int64_t at_ms, tq_buf *out);

/** OSRM's route answer with "ways"; the metric is taken from the snapshot. */
tq_status tq_snapshot_route_json(const tq_snapshot *snapshot, tq_profile profile, int64_t at_ms,
                                 const tq_point *point, uint32_t count,
                                 const tq_route_options *options, tq_arena *work, tq_buf *out,
                                 tq_err *err);

/* ---- freight (freight.c, freight_ask.c) ------------------------------------------------------
 *
 * The freight network of a city lies in tables in the folder freight/ beside its city file. It is
 * read once and shared; each thread asks with a bench of its own, which keeps what the live streets
 * do to lorries.
 */
typedef struct tq_goods tq_goods;
typedef struct tq_goods_bench tq_goods_bench;
/** city_path is that of the city file. TQ_NOT_FOUND: there is no such folder. Tables that break a
 * rule are refused whole, by file, row and reason. */
tq_status tq_goods_open(const char *city_path, tq_goods **out, tq_err *err);
void tq_goods_close(tq_goods *goods);
const tq_freight *tq_goods_network(const tq_goods *goods);
tq_status tq_goods_bench_open(const tq_goods *goods, tq_goods_bench **out, tq_err *err);
void tq_goods_bench_close(tq_goods_bench *bench);

/**
 * What the live streets do to links of lorries at an instant: see the head of freight.c. Kept for
 * the version of the live roads and the slice of time. *out is NULL when they do nothing, else it
 * is good until the next call. Allocates nothing, except a metric that nobody has asked for yet.
 */
tq_status tq_goods_live(tq_goods_bench *bench, const tq_snapshot *snapshot, int64_t at_ms,
                        tq_arena *work, const tq_freight_live **out, tq_err *err);

#define TQ_GOODS_BOX40_T 22u /* of a 40-foot box when no mass is given */

/* A question in words; NULL = not said. Places are ids of nodes.csv or whole names. */
typedef struct tq_goods_query {
    uint32_t size;
    const char *from, *to, *commodity;
    const char *tonnes; /* decimal; without it TQ_GOODS_BOX40_T a box */
    uint32_t boxes40;
    const char *at;              /* mon@08:00 or 1@08:00: the next one after now */
    const char *depart, *arrive; /* as tq_time_parse reads; with neither and no `at`: now */
    /* An id of services.csv: the latest starts that are delivered to it before its cut-off, for its
     * last departure by `arrive`, else for the first one that can be reached; `to` is not said. */
    const char *service;
    const char *avoid, *via; /* lists of places by commas */
    const char *modes;       /* list of road rail sea river air; NULL = all */
    const char *why_not;     /* a place: answer why no plan goes there */
    const char *carbon;      /* number of a plan on the front: answer its emissions by element */
    const char *bill; /* number of a plan on the front: answer the railway's bills of its chains */
    tq_freight_show show;
    int64_t now_ms;
} tq_goods_query;
void tq_goods_query_default(tq_goods_query *query);

/**
 * Plan and write the answer: tq_freight_plan_json's object; when there is no plan
 * tq_freight_no_json's, and *found is false; with why_not tq_freight_why_json's, and *found tells
 * whether a way through the place exists. Refusals name the part of the question.
 */
tq_status tq_goods_plan_json(tq_goods_bench *bench, const tq_snapshot *snapshot,
                             const tq_goods_query *query, tq_arena *work, tq_buf *out, bool *found,
                             tq_err *err);
/* A chain by rail in words; NULL = not said. */
typedef struct tq_goods_bill_query {
    const char *tariff, *km, *electrified_km; /* electrified_km NULL = all of it */
    const char *tonnes;
    uint32_t boxes40, boxes20, wagons;
    const char *siding_km, *special_cny;
    bool load, unload, box_use;
    int64_t now_ms; /* tariffs and fees of that day */
} tq_goods_bill_query;
/** The railway's bill of one stretch: tq_freight_bill_json's object. Refusals name the part; an
 * unknown tariff is told the nearest that there is. */
tq_status tq_goods_bill_json(const tq_goods *goods, const tq_goods_bill_query *query, tq_buf *out,
                             tq_err *err);
/* The latest safe collection for flights of the land-air hub; NULL = not said. */
typedef struct tq_goods_uplift_query {
    uint32_t size;
    const char *from;    /* a freight place, a name, an address, lat,lon */
    const char *regime;  /* an id of regimes.csv */
    const char *flight;  /* an id of flights.csv */
    const char *date;    /* YYYY-MM-DD: flights on or after this day; NULL = today */
    const char *mass_kg; /* decimal, without it 100; a light lorry up to 4500, else a heavy one */
    int64_t now_ms;
} tq_goods_uplift_query;
/**
 * Write, for each flight and regime, the next departure and the chain of latest times backwards:
 * the shape is told at the head of freight_uplift.c. *found is false when no departure can be
 * reached. Refusals name the part of the question. TQ_NOT_FOUND: the city has no hub.
 */
tq_status tq_goods_uplift_json(const tq_goods *goods, const tq_snapshot *snapshot,
                               const tq_goods_uplift_query *query, tq_arena *work, tq_buf *out,
                               bool *found, tq_err *err);
/**
 * Tours of lorries that collect goods in time for their flights: body and answer are told at the
 * head of freight_feeders.c. Allocates; the same body, network and live state give the same bytes.
 */
tq_status tq_goods_feeders_json(const tq_goods *goods, const tq_snapshot *snapshot, tq_str body,
                                tq_arena *work, tq_buf *out, tq_err *err);
/* A question about flows (src/freight/flow_read.c tells its shape) on the city's network and tags.
 */
typedef struct tq_goods_flow_query {
    uint32_t size;
    tq_str body, against; /* against: another one to compare with, or empty */
    double seconds_max;   /* of solving each of them */
    int64_t now_ms;       /* prices of that day when the question names none */
} tq_goods_flow_query;
/** tq_flow_answer's object and refusals. Allocates, takes up to twice seconds_max. */
tq_status tq_goods_flow_json(const tq_goods *goods, const tq_goods_flow_query *query, tq_buf *out,
                             tq_err *err);
/** {"version","question":the city's flow.json or null,"links":[{"id","name_zh","mode","from","to",
 * "capacity_mt_y":N|null}] (those that flows use),"limits":
 * {"seconds","lots","changes"}}. TQ_BAD_FILE names what is wrong in flow.json or hubs.csv. */
tq_status tq_goods_flow_example_json(const tq_goods *goods, double seconds_max, tq_buf *out,
                                     tq_err *err);
/** {"version","nodes":[{"id","name_zh","name_en","kind","region","lat","lon","confidence"}],
 * "commodities":[{"code","name_zh","name_en","cargo","dg_class"}]}; kind NULL = all. */
void tq_goods_nodes_json(const tq_goods *goods, const char *kind, tq_buf *out);

#endif
