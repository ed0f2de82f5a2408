/*
 * Inside of the road room: what a metric holds, and the searches over it.
 *
 * An up-arc joins a lower vertex (its tail) to one of its tree ancestors (its head). UP runs from
 * tail to head, DOWN back. Every array below is written once, when the metric is made, and then
 * only read.
 */
#ifndef TQ_ROAD_IN_H
#define TQ_ROAD_IN_H

#include "road/road.h"

/* via_up, via_down: this bit = a street arc, else the up-arc (middle, tail) of the lower triangle.
 */
#define ROAD_VIA_STREET 0x80000000u

/* Where a vertex' pruned lists begin; the next vertex' entry ends them. 16 bytes, read together. */
typedef struct road_step {
    uint32_t first_out, first_in, parent, depth;
} road_step;

struct tq_metric {
    tq_hierarchy_kind kind;
    uint32_t vertex_count, edge_count, up_count, out_count, in_count;
    uint32_t levels;    /* depth of the deepest vertex + 1 */
    int32_t *arc_ds;    /* [2 * edge_count], weight of each street arc */
    int32_t *up_ds;     /* [up_count], customized, tail to head */
    int32_t *down_ds;   /* [up_count], head to tail */
    uint32_t *via_up;   /* [up_count], what an up-arc stands for; TQ_NONE = nothing */
    uint32_t *via_down; /* [up_count] */
    /* Perfect lists: only arcs that are shortest ways. */
    road_step *step;     /* [vertex_count + 1] */
    uint16_t *out_depth; /* [out_count] */
    int32_t *out_ds;     /* [out_count] */
    uint32_t *out_arc;   /* [out_count], up-arc */
    uint16_t *in_depth;  /* [in_count] */
    int32_t *in_ds;      /* [in_count] */
    uint32_t *in_arc;    /* [in_count] */
    uint8_t *in_main;    /* [vertex_count], 1 = of the largest part that hangs together */
};

static inline const tq_hierarchy *road_hierarchy(const tq_city *city, const tq_metric *metric)
{
    return &city->hierarchy[metric->kind];
}

tq_hierarchy_kind road_kind(tq_profile profile);

/** Time on a part of an arc: its share of the arc's time, at least 1 when the arc costs anything.
 */
int32_t road_part_ds(int32_t arc_ds, uint32_t part_dm, uint32_t length_dm);

/** Usable at an instant by a profile in at least one direction? */
bool road_usable(const tq_city *city, tq_profile profile, int64_t at_ms, uint32_t edge);

/** Mark metric->in_main; false on no memory. */
bool road_find_main(const tq_city *city, tq_metric *metric);
/** Are both ends of the edge in the largest part that hangs together? */
bool road_in_main(const tq_city *city, const tq_metric *metric, uint32_t edge);

/** As tq_road_snap; with a metric, only edges of its largest part that hangs together. */
tq_status road_snap(const tq_city *city, tq_profile profile, int64_t at_ms,
                    const tq_metric *main_of, tq_point point, uint32_t limit, tq_snap *out,
                    uint32_t *count, tq_err *err);

/* ---- searches -------------------------------------------------------------------------------- */

/*
 * Where a search may begin or end: a vertex, the time between it and the place, and the street arc
 * that is used in part on the way (TQ_NONE = the place is the node itself). The two ends of a place
 * are the ends of one edge, so one of them is an ancestor of the other and both fit one
 * depth-indexed row.
 */
typedef struct road_end {
    uint32_t vertex;
    int32_t cost_ds;
    uint32_t arc;
    uint32_t at_dm; /* place on that arc, in its direction */
} road_end;

typedef struct road_ends {
    uint32_t count;
    road_end end[2];
} road_ends;

typedef enum road_side { ROAD_LEAVING, ROAD_ARRIVING } road_side;
road_ends road_ends_of(const tq_city *city, const tq_metric *metric, const tq_snap *snap,
                       road_side side);

/** Time between two sets of ends; TQ_ROAD_INF = none; -1 = `work` is too small. */
int32_t road_search(const tq_metric *metric, const road_ends *from, const road_ends *to,
                    tq_arena *work);

/* The way of a search: street arcs in travel order, and which ends it uses. */
typedef struct road_found {
    int32_t time_ds;
    uint32_t *arc;
    uint32_t arc_count;
    const road_end *from, *to;
} road_found;

/** The same with the way; TQ_NO_ROUTE and TQ_NO_MEMORY leave err to the caller. */
tq_status road_search_way(const tq_city *city, const tq_metric *metric, const road_ends *from,
                          const road_ends *to, tq_arena *work, road_found *out);

/* ---- lines ----------------------------------------------------------------------------------- */

/* A line and what lies where on it: the points of piece k are point[first[k] .. first[k + 1]], both
 * included. */
typedef struct road_line {
    int32_t *lat_lon; /* [2 * count] */
    uint32_t count;
    uint32_t *first; /* [arc_count + 1] index of a point */
} road_line;

/** Points of a way with the place of each arc's begin; false when `work` is full. */
bool road_line_of(const tq_city *city, const tq_way *way, tq_arena *work, road_line *out);

/** Bearing in which an arc leaves its tail, degrees; 0 when all its points are one. */
uint32_t road_bearing(const tq_streets *streets, uint32_t arc);

/** Keep points so that the line strays at most `stray_dm` (Douglas, Peucker 1973); false when
 * `work` is full. */
bool road_simplify(const int32_t *lat_lon, uint32_t count, uint32_t stray_dm, tq_arena *work,
                   int32_t **out, uint32_t *out_count);

/* ---- steps for people ------------------------------------------------------------------------ */

typedef enum road_turn {
    ROAD_DEPART,
    ROAD_ARRIVE,
    ROAD_TURN,
    ROAD_CONTINUE,
    ROAD_NEW_NAME,
    ROAD_ROUNDABOUT,
    ROAD_EXIT_ROUNDABOUT
} road_turn;

/* A step covers arcs [first, end) of its leg's way; ROAD_ARRIVE covers none. */
typedef struct road_maneuver {
    road_turn turn;
    uint32_t first, end;
    uint32_t bearing_before, bearing_after; /* degrees */
    uint32_t exit;                          /* of a roundabout, from 1; 0 = none */
    const char *modifier;                   /* "left", ...; NULL = none */
} road_maneuver;

typedef struct road_leg {
    tq_way way;
    road_line line;
    tq_snap from, to;
    road_maneuver *step; /* [step_count]; NULL = not asked for */
    uint32_t step_count;
} road_leg;

/** Steps of a leg in `work`; at most arc_count + 2. NULL when work is full. */
road_maneuver *road_steps(const tq_city *city, const tq_metric *metric, const road_leg *leg,
                          tq_arena *work, uint32_t *count);

/* Length and time of piece `k` of a way. */
uint32_t road_piece_dm(const tq_city *city, const tq_way *way, uint32_t k);
int32_t road_piece_ds(const tq_city *city, const tq_metric *metric, const tq_way *way, uint32_t k);

#endif
