/*
 * road: weights on the streets and the quickest ways over them.
 *
 * The city file holds a topology (tq_hierarchy); a tq_metric is one weight an arc for one kind of
 * traveller at one epoch of the dated network. Metrics are made outside of queries and shared
 * read-only; queries use the caller's arena and allocate nothing. Weights are int32 deciseconds.
 *
 * Method: customizable contraction hierarchies (Dibbelt, Strasser, Wagner 2016), elimination-tree
 * queries over depth-indexed arrays; docs/design/road.md.
 */
#ifndef TQ_ROAD_H
#define TQ_ROAD_H

#include "tongqu/route.h"

#include "city/city.h"

#define TQ_ROAD_INF 0x3fffffff

/* ---- weights --------------------------------------------------------------------------------- */

/**
 * Travel time of an arc for a profile, in deciseconds, at least 1 for a positive length;
 * TQ_ROAD_INF = may not. `length_dm` may be a part of the edge. Dates are not looked at.
 */
int32_t tq_road_weight(const tq_city *city, tq_profile profile, uint32_t arc, uint32_t length_dm);

/* Instants between which no edge of the city opens or closes: epoch e holds in [start[e], start[e +
 * 1]). */
uint32_t tq_road_epoch(const tq_city *city, int64_t at_ms);

/* ---- metrics --------------------------------------------------------------------------------- */

typedef struct tq_metric tq_metric;

/** Customize one profile for the network of an instant. Allocates; free with tq_metric_free. */
tq_status tq_metric_make(const tq_city *city, tq_profile profile, int64_t at_ms, tq_metric **out,
                         tq_err *err);
/** The same over any arc weights [2 * edge_count] in deciseconds; for live speeds and for tests. */
tq_status tq_metric_make_from(const tq_city *city, tq_hierarchy_kind kind,
                              const int32_t *weight_of_arc, tq_metric **out, tq_err *err);
void tq_metric_free(tq_metric *metric);
size_t tq_metric_bytes(const tq_metric *metric);

/* A bounded cache of metrics by (profile, epoch); safe from many threads; made on first use. */
typedef struct tq_roads tq_roads;
tq_status tq_roads_open(const tq_city *city, tq_roads **out, tq_err *err);
void tq_roads_close(tq_roads *roads);
/** Metric for a profile at an instant, pinned until tq_roads_put. May take a customization's time
 * once. */
tq_status tq_roads_get(tq_roads *roads, tq_profile profile, int64_t at_ms, const tq_metric **out,
                       tq_err *err);
void tq_roads_put(tq_roads *roads, const tq_metric *metric);

/* ---- places on the streets ------------------------------------------------------------------- */

#define TQ_SNAP_LIMIT_M 500
#define TQ_SNAPS_MAX    8

/* A point projected on an edge that the metric's profile may use, in at least one direction. */
typedef struct tq_snap {
    uint32_t edge;
    uint32_t along_dm;    /* from edge_from */
    uint32_t distance_dm; /* between the point and the street */
    tq_point at;
} tq_snap;

/** Nearest usable edges at an instant, nearest first, at most `limit`. TQ_NOT_FOUND beyond
 * TQ_SNAP_LIMIT_M. */
tq_status tq_road_snap(const tq_city *city, tq_profile profile, int64_t at_ms, tq_point point,
                       uint32_t limit, tq_snap *out, uint32_t *count, tq_err *err);

/* ---- ways ------------------------------------------------------------------------------------ */

/* A way: arcs in travel order; the first and last may be used in part. */
typedef struct tq_way {
    int64_t time_ds; /* deciseconds */
    uint32_t length_dm;
    const uint32_t *arc; /* [arc_count] */
    uint32_t arc_count;
    uint32_t first_from_dm; /* start inside the first arc, in its direction */
    uint32_t last_to_dm;    /* end in the last arc, in its direction */
} tq_way;

/** Travel time between two snapped places in deciseconds. TQ_NO_ROUTE when unconnected. */
tq_status tq_road_time(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                       const tq_snap *to, tq_arena *work, int64_t *time_ds, tq_err *err);

/** The way itself; arrays live in `work`. */
tq_status tq_road_way(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                      const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err);

/** Vertex-to-vertex time of the hierarchy (street nodes), TQ_ROAD_INF if none: for tests and
 * benchmarks. */
int32_t tq_road_node_time(const tq_city *city, const tq_metric *metric, uint32_t from_node,
                          uint32_t to_node, tq_arena *work);

/** Points of a way, lat and lon interleaved, in `work`; ends at the snapped places. NULL when work
 * is full. */
const int32_t *tq_way_line(const tq_city *city, const tq_way *way, tq_arena *work,
                           uint32_t *points);

/* ---- OSRM's route object --------------------------------------------------------------------- */

typedef struct tq_road_point {
    tq_snap snap;
    const char *name; /* street name at the snap, "" = none */
} tq_road_point;

typedef enum tq_geometries { TQ_GEO_POLYLINE, TQ_GEO_POLYLINE6, TQ_GEO_GEOJSON } tq_geometries;
typedef enum tq_overview {
    TQ_OVERVIEW_SIMPLIFIED,
    TQ_OVERVIEW_FULL,
    TQ_OVERVIEW_FALSE
} tq_overview;

typedef struct tq_route_options {
    uint32_t size;
    tq_geometries geometries;
    tq_overview overview;
    bool steps;
    bool annotations;
} tq_route_options;
void tq_route_options_default(tq_route_options *options);

#define TQ_VIAS_MAX 100
/**
 * Write the body of OSRM's route service ({"code":"Ok","routes":[…],"waypoints":[…]}) for `count`
 * points. Each route also carries "ways": the street names in order, without repeats. On
 * TQ_NO_ROUTE and TQ_NOT_FOUND nothing is written.
 */
tq_status tq_route_json(const tq_city *city, const tq_metric *metric, tq_profile profile,
                        int64_t at_ms, const tq_point *point, uint32_t count,
                        const tq_route_options *options, tq_arena *work, tq_buf *out, tq_err *err);

#endif
