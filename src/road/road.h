/*
 * road: weights on the streets and the quickest ways over them, exact to the turn.
 *
 * The city file holds a topology (tq_hierarchy); a tq_metric is the weight of every arc and turn
 * for one vehicle in one slice of time. Metrics are made outside of queries and shared read-only;
 * queries use the caller's arena and allocate nothing. Weights are int32 deciseconds.
 *
 * Method: customizable contraction hierarchies over the turn-expanded streets (Dibbelt, Strasser,
 * Wagner 2016; Buchhold, Wagner, Zeitz, Zuendorf 2020), elimination-tree queries over depth-indexed
 * rows, rows of distances to ancestors as labels; docs/design/road.md.
 */
#ifndef TQ_ROAD_H
#define TQ_ROAD_H

#include "tongqu/route.h"

#include "city/city.h"

#define TQ_ROAD_INF 0x3fffffff

/* ---- vehicles and rules (vehicle.c, rules.c) ------------------------------------------------- */

/** Row of a built-in profile. */
const tq_vehicle *tq_road_vehicle(const tq_city *city, tq_profile profile);
/** Row by name, also of those a city added, and OSRM's driving, walking, cycling; NULL if none. */
const tq_vehicle *tq_road_vehicle_named(const tq_city *city, const char *name);

/* The local time that rules are asked about. */
typedef struct tq_moment {
    int64_t at_ms;
    int32_t day;       /* local, since 1970 */
    uint32_t minute;   /* of the local day */
    uint32_t week_day; /* 0 Monday */
    uint32_t date;     /* month * 32 + day */
} tq_moment;
tq_moment tq_moment_at(const tq_city *city, int64_t at_ms);

/** Does a row of conditions hold for a vehicle? */
bool tq_condition_holds(const tq_city *city, uint32_t condition, const tq_vehicle *vehicle,
                        const tq_moment *moment);

/** The same about a row of an overlay's conditions. */
bool tq_live_holds(const tq_city *city, const tq_overlay *overlay, uint32_t condition,
                   const tq_vehicle *vehicle, const tq_moment *moment);

/**
 * Travel time of an arc in deciseconds, at least 1 for a positive length; TQ_ROAD_INF = may not.
 * Looks at access, limits, rules of the moment and speeds of the hour; not at dates.
 */
int32_t tq_road_arc_ds(const tq_city *city, const tq_vehicle *vehicle, const tq_moment *moment,
                       uint32_t arc);
/** What a turn adds; TQ_ROAD_INF = may not. */
int32_t tq_road_turn_ds(const tq_city *city, const tq_vehicle *vehicle, const tq_moment *moment,
                        const tq_link *link);

/*
 * The slice of time around an instant: from it till `to_ms` no edge opens or closes, no rule that
 * binds the vehicle changes, live ones included, and no hour of other speeds begins. Slices of one
 * overlay with the same `key` have the same weights.
 */
typedef struct tq_slice {
    int64_t from_ms, to_ms;
    uint64_t key;
} tq_slice;
tq_slice tq_road_slice(const tq_city *city, const tq_overlay *overlay, const tq_vehicle *vehicle,
                       int64_t at_ms);

/* ---- metrics (metric*.c) --------------------------------------------------------------------- */

typedef struct tq_metric tq_metric;

/* What is made beside the customized weights. More parts make queries faster and take memory. */
#define TQ_METRIC_PRUNED 1u  /* perfect lists: distances three times as fast */
#define TQ_METRIC_WAYS   2u  /* what each up-arc stands for: ways unpacked at once, not by search */
#define TQ_METRIC_LABELS 4u  /* rows of distances of the upper vertices, see tq_metric_label */
#define TQ_METRIC_METRES 8u  /* metres of each up-arc: distances in tables */
#define TQ_METRIC_MAIN   16u /* the part of the streets that hangs together */
#define TQ_METRIC_ALL    31u

/** Customize a vehicle for the slice of an instant, with live state (NULL = none). Allocates. */
tq_status tq_metric_make(const tq_city *city, const tq_vehicle *vehicle, int64_t at_ms,
                         const tq_overlay *overlay, uint32_t parts, unsigned threads,
                         tq_metric **out, tq_err *err);
/**
 * The same over any weights of a kind: arc_ds [2 * edge_count] and turn_ds [link_count], 0 ..
 * TQ_ROAD_INF; for tests, benchmarks and studies. The vehicle is NULL or only named in answers.
 */
tq_status tq_metric_make_from(const tq_city *city, tq_hierarchy_kind kind,
                              const tq_vehicle *vehicle, const int32_t *arc_ds,
                              const int32_t *turn_ds, uint32_t parts, unsigned threads,
                              tq_metric **out, tq_err *err);
/**
 * A new metric that differs from `base` in the weights of some arcs; the base stays as it is. Only
 * what lies above the changed arcs is done again. Parts: those of the base, but labels.
 */
tq_status tq_metric_change(const tq_metric *base, const uint32_t *arc, const int32_t *arc_ds,
                           uint32_t count, tq_metric **out, tq_err *err);
/** Change arcs in place, when nobody reads the metric: the measured core of tq_metric_change. Parts
 * but the weights are dropped. */
tq_status tq_metric_patch(tq_metric *metric, const uint32_t *arc, const int32_t *arc_ds,
                          uint32_t count, tq_err *err);
/** All weights anew, in place, when nobody reads the metric. Parts but the weights are dropped. */
tq_status tq_metric_again(tq_metric *metric, const int32_t *arc_ds, const int32_t *turn_ds,
                          unsigned threads, tq_err *err);
/** Add parts; the metric must not be in use by others meanwhile. */
tq_status tq_metric_add(tq_metric *metric, uint32_t parts, tq_err *err);
/**
 * Make label rows for vertices with at least `subtree` vertices below or equal; 1 = all rows. The
 * rows of an earlier call are dropped. TQ_METRIC_LABELS chooses it so that the rows take
 * at most TQ_LABEL_BYTES.
 */
tq_status tq_metric_label(tq_metric *metric, uint32_t subtree, unsigned threads, tq_err *err);
#define TQ_LABEL_BYTES ((size_t)48 << 20)
void tq_metric_free(tq_metric *metric);
size_t tq_metric_bytes(const tq_metric *metric);
uint32_t tq_metric_parts(const tq_metric *metric);
const tq_vehicle *tq_metric_vehicle(const tq_metric *metric);
int32_t tq_metric_arc_ds(const tq_metric *metric, uint32_t arc);

/* Ways of computing the same, chosen at the first use by what the processor can. Tests ask for each
 * in turn; false when the processor cannot. */
typedef enum tq_kernels { TQ_KERNELS_PLAIN, TQ_KERNELS_AVX2, TQ_KERNELS_AVX512 } tq_kernels;
bool tq_kernels_use(tq_kernels kernels);
tq_kernels tq_kernels_used(void);

/* ---- the cache of metrics (roads.c) ---------------------------------------------------------- */

/* Metrics by (vehicle, slice, the overlay's road_version); bounded; safe from many threads; made on
 * first use. */
typedef struct tq_roads tq_roads;
tq_status tq_roads_open(const tq_city *city, tq_roads **out, tq_err *err);
void tq_roads_close(tq_roads *roads);
/** Metric for a vehicle at an instant under a live state, pinned until tq_roads_put. May take a
 * customization's time once. */
tq_status tq_roads_get(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                       int64_t at_ms, const tq_metric **out, tq_err *err);
/** The same with parts chosen, such as TQ_METRIC_ALL when distances are asked for. */
tq_status tq_roads_get_with(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                            int64_t at_ms, uint32_t parts, const tq_metric **out, tq_err *err);
void tq_roads_put(tq_roads *roads, const tq_metric *metric);
/**
 * Make, under a new live state, the metrics that questions have used lately, from what is kept, so
 * that no question waits for them after the state is shown. Questions go on meanwhile.
 */
tq_status tq_roads_follow(tq_roads *roads, const tq_overlay *next, tq_err *err);
/**
 * Give the metrics that were followed last the parts that make questions faster. Answers are the
 * same before and after; ways are five times as fast after. To be called when the state is shown,
 * from any thread that may take its time (some 0.1 s a metric of a city); a second call meanwhile
 * returns at once.
 */
tq_status tq_roads_finish(tq_roads *roads, tq_err *err);

/* ---- places on the streets (snap.c) ---------------------------------------------------------- */

#define TQ_SNAP_LIMIT_M      500
#define TQ_SNAPS_MAX         32
#define TQ_SNAP_RADIUS_MAX_M 5000u

/* A point projected on an edge that the metric's vehicle may use, in at least one direction. */
typedef struct tq_snap {
    uint32_t edge;
    uint32_t along_dm;    /* from edge_from */
    uint32_t distance_dm; /* between the point and the street */
    tq_point at;
    uint8_t directions; /* 1 along, 2 against, 3 both: what a bearing leaves; 3 unless asked */
} tq_snap;

typedef struct tq_snap_wish {
    uint32_t limit;         /* at most so many, 1 .. TQ_SNAPS_MAX */
    uint32_t radius_m;      /* 0 = TQ_SNAP_LIMIT_M */
    int32_t bearing, range; /* degrees clockwise from north, +- range; bearing -1 = any */
    bool main_only;         /* only streets of the part that hangs together */
} tq_snap_wish;

/** Nearest usable edges, nearest first. TQ_NOT_FOUND when there is none within the radius. */
tq_status tq_road_snap(const tq_city *city, const tq_metric *metric, tq_point point,
                       const tq_snap_wish *wish, tq_snap *out, uint32_t *count, tq_err *err);

/* ---- ways (query.c, way.c) ------------------------------------------------------------------- */

/* A way: arcs in travel order; the first and last may be used in part. */
typedef struct tq_way {
    int64_t time_ds; /* deciseconds, turns included */
    uint32_t length_dm;
    const uint32_t *arc;    /* [arc_count] */
    const int32_t *turn_ds; /* [arc_count], what the turn behind each arc adds; the last 0 */
    uint32_t arc_count;
    uint32_t first_from_dm; /* start inside the first arc, in its direction */
    uint32_t last_to_dm;    /* end in the last arc, in its direction */
} tq_way;

/** Travel time between two snapped places in deciseconds. TQ_NO_ROUTE when unconnected. */
tq_status tq_road_time(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                       const tq_snap *to, tq_arena *work, int64_t *time_ds, tq_err *err);

/** The way itself; arrays live in `work`. Of equally quick ways the same one every time, which may
 * be longer or shorter than the one that a table's decimetres are of. */
tq_status tq_road_way(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                      const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err);

/** Time from the tail of one arc to the tail of another, TQ_ROAD_INF if none (any copy of the
 * second): for tests and benchmarks. */
int32_t tq_road_arc_time(const tq_city *city, const tq_metric *metric, uint32_t from_arc,
                         uint32_t to_arc, tq_arena *work);

#define TQ_ALTERNATIVES_MAX 3
/**
 * The quickest way and up to `limit` - 1 others that differ from it and from each other in at least
 * a third of their time, take at most a quarter longer, and have no needless detour (each stretch
 * of a quarter of the quickest time is quickest). Quickest first.
 */
tq_status tq_road_alternatives(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                               const tq_snap *to, uint32_t limit, tq_arena *work,
                               tq_way out[TQ_ALTERNATIVES_MAX], uint32_t *count, tq_err *err);

/**
 * The earliest arrival when the way crosses slices: plain rules and speeds of the instant at which
 * each arc is entered; where a street is shut for the time one waits. A* on the turn-expanded
 * streets with the lower bounds of `fastest`, a metric that is nowhere slower than any slice.
 */
tq_status tq_road_way_timed(const tq_city *city, tq_roads *roads, const tq_overlay *overlay,
                            const tq_vehicle *vehicle, int64_t leave_ms, const tq_snap *from,
                            const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err);

/**
 * The way of one who leaves at an instant: by the metric of the slice, and when that way arrives
 * after the slice's end, or there is none in it, by tq_road_way_timed. `metric` is the slice's.
 */
tq_status tq_road_way_at(const tq_city *city, tq_roads *roads, const tq_overlay *overlay,
                         const tq_metric *metric, int64_t leave_ms, const tq_snap *from,
                         const tq_snap *to, tq_arena *work, tq_way *out, tq_err *err);

/** Points of a way, lat and lon interleaved, in `work`; ends at the snapped places. NULL when work
 * is full. */
const int32_t *tq_way_line(const tq_city *city, const tq_way *way, tq_arena *work,
                           uint32_t *points);

/* ---- many places (matrix.c, all.c) ----------------------------------------------------------- */

#define TQ_MATRIX_MAX 10000000u /* cells of one answer */

/**
 * Times (and, when out_dm is not NULL, decimetres of the quickest way) from each source to each
 * target, row by row: out[s * target_count + t]; TQ_ROAD_INF and UINT32_MAX = none. Each place may
 * have several snaps: first[k] .. first[k + 1] of place k; NULL = one a place. Scratch: about 16
 * bytes a level a place.
 */
typedef struct tq_places_on_road {
    uint32_t count;
    const uint32_t *first; /* [count + 1] or NULL */
    const tq_snap *snap;
} tq_places_on_road;
tq_status tq_road_matrix(const tq_city *city, const tq_metric *metric,
                         const tq_places_on_road *from, const tq_places_on_road *to, tq_arena *work,
                         int32_t *out_ds, uint32_t *out_dm, tq_err *err);

/** Time to (or from) the tail of every arc's vertex: out [vertex_count], TQ_ROAD_INF = none. */
typedef enum tq_sweep { TQ_SWEEP_FROM, TQ_SWEEP_TO } tq_sweep;
tq_status tq_road_all(const tq_city *city, const tq_metric *metric, const tq_snap *place,
                      tq_sweep sweep, tq_arena *work, int32_t *out, tq_err *err);

/** The k nearest of a set of places in time, nearest first: which[k], ds[k]; returns how many. */
tq_status tq_road_nearest_of(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                             const tq_places_on_road *set, tq_sweep sweep, uint32_t limit,
                             tq_arena *work, uint32_t *which, int32_t *ds, uint32_t *count,
                             tq_err *err);

/* ---- places that are asked about often (kept.c) ---------------------------------------------- */

/*
 * A place with its rows of times, made once for one metric and one direction: a pair of kept places
 * takes some tens of nanoseconds. Worth it with TQ_METRIC_LABELS. Rows lie in memory of the
 * caller's and are valid while the metric is, unless it is changed in place.
 */
#define TQ_KEPT_ENDS 2u
typedef struct tq_kept_end {
    uint32_t vertex, at_dm, area;
    int32_t passed_ds;
} tq_kept_end;
typedef struct tq_kept {
    const int32_t *row; /* least over the ends, by depth; the ends' own rows follow */
    uint32_t vertex;    /* lowest one above or equal to all ends, TQ_NONE */
    uint32_t common;    /* depths of `row` that count */
    int32_t base_ds;    /* add to what `row` says */
    uint32_t node;      /* on which it stands, TQ_NONE */
    uint32_t end_count; /* 0 = the vehicle cannot leave from (or come to) here */
    bool inside;        /* some end is in streets for the last metres */
    tq_sweep sweep;
    tq_snap snap;
    tq_kept_end end[TQ_KEPT_ENDS]; /* when they are so few */
} tq_kept;

/** Ints of memory that one kept place takes, a multiple of 16; it must be aligned to 64 bytes. */
size_t tq_road_keep_ints(const tq_metric *metric);
/** Fill `out` and its rows: FROM the place, or TO it. */
tq_status tq_road_keep(const tq_city *city, const tq_metric *metric, const tq_snap *place,
                       tq_sweep sweep, int32_t *rows, tq_arena *work, tq_kept *out, tq_err *err);
/** Time between places kept FROM and TO: that of tq_road_time, TQ_ROAD_INF when unconnected. */
tq_status tq_road_kept_time(const tq_city *city, const tq_metric *metric, const tq_kept *from,
                            const tq_kept *to, tq_arena *work, int32_t *ds, tq_err *err);
/** It will be asked for soon: fetches its row from slow memory meanwhile. */
void tq_road_kept_soon(const tq_kept *kept);

/* ---- isochrones (isochrone.c) ---------------------------------------------------------------- */

#define TQ_ISOCHRONE_LIMITS_MAX 10
typedef struct tq_isochrone_wish {
    uint32_t limit_count;
    int32_t limit_ds[TQ_ISOCHRONE_LIMITS_MAX]; /* ascending */
    tq_sweep sweep;                            /* FROM the place, or TO it */
    uint32_t cell_m; /* size of the drawing grid, 0 = chosen by the reach */
} tq_isochrone_wish;

/* Rings in order: an outer ring (counter-clockwise), then its holes (clockwise). Closed: the last
 * point is the first. */
typedef struct tq_ring {
    uint32_t first_point, point_count;
    uint32_t limit; /* which of the limits */
    bool hole;
} tq_ring;
typedef struct tq_isochrone {
    uint32_t ring_count, point_count;
    const tq_ring *ring;
    const int32_t *lat_lon; /* [2 * point_count], 1e-7 degrees */
    uint32_t reached_edges[TQ_ISOCHRONE_LIMITS_MAX];
    uint64_t reached_m[TQ_ISOCHRONE_LIMITS_MAX]; /* length of the streets within the limit */
} tq_isochrone;
tq_status tq_road_isochrone(const tq_city *city, const tq_metric *metric, const tq_snap *place,
                            const tq_isochrone_wish *wish, tq_arena *work, tq_isochrone *out,
                            tq_err *err);

/* ---- map matching (match.c) ------------------------------------------------------------------ */

#define TQ_TRACE_MAX 100000
typedef struct tq_trace_point {
    tq_point at;
    int64_t at_s;        /* any clock; TQ_NO_TIME = not known */
    uint32_t accuracy_m; /* standard deviation, 0 = 5 m */
} tq_trace_point;
#define TQ_NO_TIME INT64_MIN

typedef struct tq_match_wish {
    uint32_t gap_s; /* a longer silence begins a new piece, 0 = 60 */
    bool split;     /* false: never cut at gaps */
    bool tidy;      /* drop points that say nothing (OSRM tidy=true) */
} tq_match_wish;

typedef struct tq_matched_point {
    uint32_t piece; /* TQ_NONE = the point was dropped */
    uint32_t place; /* of the point in its piece */
    tq_snap snap;
    uint32_t choices; /* likely alternatives at this point, OSRM's alternatives_count */
} tq_matched_point;
typedef struct tq_matched_piece {
    uint32_t first, count; /* matched points in order, by point index range; dropped ones between */
    uint32_t confidence_percent;
    uint32_t way_count;
    const tq_way *way; /* [way_count] one between consecutive matched points */
} tq_matched_piece;
typedef struct tq_matching {
    const tq_matched_point *point; /* [trace count] */
    uint32_t piece_count;
    const tq_matched_piece *piece;
} tq_matching;
tq_status tq_road_match(const tq_city *city, const tq_metric *metric, const tq_trace_point *trace,
                        uint32_t count, const tq_match_wish *wish, tq_arena *work, tq_matching *out,
                        tq_err *err);

/* ---- order of a round trip (tour.c) ---------------------------------------------------------- */

#define TQ_TOUR_MAX 100
typedef struct tq_tour_wish {
    bool round;     /* back to the begin */
    bool fix_first; /* the first place is the begin */
    bool fix_last;  /* the last place is the end (not with round unless both are fixed) */
} tq_tour_wish;
/** Best order of `count` places by a matrix ds [count * count]: out [count] places in visiting
 * order. Exact up to 12 places, a local search from several begins above; deterministic. */
tq_status tq_road_tour(const int32_t *ds, uint32_t count, const tq_tour_wish *wish, tq_arena *work,
                       uint32_t *out, int64_t *total_ds, tq_err *err);

/* ---- OSRM's objects (route_*.c) -------------------------------------------------------------- */

typedef enum tq_geometries { TQ_GEO_POLYLINE, TQ_GEO_POLYLINE6, TQ_GEO_GEOJSON } tq_geometries;
typedef enum tq_overview {
    TQ_OVERVIEW_SIMPLIFIED,
    TQ_OVERVIEW_FULL,
    TQ_OVERVIEW_FALSE
} tq_overview;
typedef enum tq_language { TQ_LANGUAGE_NONE, TQ_LANGUAGE_ZH, TQ_LANGUAGE_EN } tq_language;

typedef struct tq_route_options {
    uint32_t size;
    tq_geometries geometries;
    tq_overview overview;
    bool steps;
    bool annotations;
    tq_language language;      /* spoken instructions in each step's maneuver.instruction */
    tq_datum datum;            /* of the points in the answer */
    uint32_t alternatives;     /* further ways asked for */
    int32_t continue_straight; /* 1: no turning round at a via, 0: may, -1: by the vehicle */
    bool skip_waypoints;
} tq_route_options;
void tq_route_options_default(tq_route_options *options);

#define TQ_VIAS_MAX 100
typedef struct tq_route_place {
    tq_point at; /* WGS-84 */
    tq_snap_wish wish;
    bool via; /* false: passed without a leg of its own (OSRM waypoints=) */
} tq_route_place;

/**
 * Write the body of OSRM's route service ({"code":"Ok","routes":[…],"waypoints":[…]}). Each route
 * also carries "ways": the street names in order, without repeats. On TQ_NO_ROUTE and TQ_NOT_FOUND
 * nothing is written.
 */
tq_status tq_route_json(const tq_city *city, const tq_metric *metric, const tq_route_place *place,
                        uint32_t count, const tq_route_options *options, tq_arena *work,
                        tq_buf *out, tq_err *err);
/** OSRM's match service: {"code":"Ok","matchings":[…],"tracepoints":[…]}. */
tq_status tq_match_json(const tq_city *city, const tq_metric *metric, const tq_trace_point *trace,
                        uint32_t count, const tq_match_wish *wish, const tq_route_options *options,
                        tq_arena *work, tq_buf *out, tq_err *err);
/** OSRM's trip service: {"code":"Ok","trips":[…],"waypoints":[…]}. */
tq_status tq_trip_json(const tq_city *city, const tq_metric *metric, const tq_route_place *place,
                       uint32_t count, const tq_tour_wish *wish, const tq_route_options *options,
                       tq_arena *work, tq_buf *out, tq_err *err);

#endif
