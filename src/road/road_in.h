/*
 * Inside of the road room: what a metric holds, and the searches over it.
 *
 * An up-arc joins a lower vertex (its tail) to one of its tree ancestors (its head). UP runs from
 * tail to head, DOWN back. Every array below is written when the metric (or one of its parts) is
 * made, and then only read.
 */
#ifndef TQ_ROAD_IN_H
#define TQ_ROAD_IN_H

#include "road/road.h"

/* Where a vertex' pruned lists begin; the next vertex' entry ends them. 16 bytes, read together. */
typedef struct road_step {
    uint32_t first_out, first_in, parent, depth;
} road_step;

/* Rows of distances between a vertex and all its tree ancestors and itself, by depth: entry d of a
 * row is about the ancestor at depth d, entry depth(vertex) is 0. Rows begin at multiples of 16
 * ints in memory aligned to 64 bytes and are filled up with TQ_ROAD_INF. */
#define ROAD_ROW_INTS 16u
typedef struct road_labels {
    uint32_t subtree; /* rows for vertices with at least so many below or equal; 0 = no labels */
    uint32_t *row_of; /* [vertex_count], row begins at 16 * row_of; TQ_NONE = has none. Ancestors of
                         a vertex with a row have rows */
    int32_t *to_above, *from_above; /* vertex -> ancestor, ancestor -> vertex */
    size_t ints;                    /* in each */
    /* Least depths of blocks of ROAD_DEPTH_BLOCK vertices, and of 2, 4, 8, ... blocks from each one
     * on: what two vertices have in common without climbing. */
    uint16_t *shallow; /* [shallow_levels * blocks] */
    uint32_t blocks, shallow_levels;
} road_labels;
#define ROAD_DEPTH_BLOCK 32u

/*
 * What a list entry stands for: first an entry into the middle of a lower triangle (in the
 * in-lists) and then one out of it (in the out-lists); or, when first is TQ_NONE, the link that
 * begins at vertex `second`.
 */
typedef struct road_half {
    uint32_t first, second;
} road_half;

/* Both weights of an up-arc, side by side because they are always needed together. */
typedef struct road_pair {
    int32_t up, down; /* tail to head, head to tail */
} road_pair;

struct tq_metric {
    tq_hierarchy_kind kind;
    uint32_t parts; /* TQ_METRIC_ mask */
    const tq_city *city;
    const tq_hierarchy *hierarchy;
    uint32_t vertex_count, edge_count, link_count, up_count, out_count, in_count;
    uint32_t levels; /* depth of the deepest vertex + 1 */
    bool has_vehicle;
    tq_vehicle vehicle;
    int32_t *arc_ds;  /* [2 * edge_count], weight of each street arc */
    int32_t *turn_ds; /* [link_count] */
    uint32_t *area;   /* [edge_count], of streets for the last metres, TQ_NONE; NULL = none */
    road_pair *pair;  /* [up_count], customized, deciseconds */
    /* TQ_METRIC_PRUNED: perfect lists, only up-arcs that are shortest ways; depths descend. */
    road_step *step;     /* [vertex_count + 1] */
    uint16_t *out_depth; /* [out_count] */
    int32_t *out_ds;     /* [out_count] */
    uint16_t *in_depth;  /* [in_count] */
    int32_t *in_ds;      /* [in_count] */
    /* TQ_METRIC_WAYS */
    road_half *out_half; /* [out_count] */
    road_half *in_half;  /* [in_count] */
    /* TQ_METRIC_LABELS */
    road_labels labels;
    /* TQ_METRIC_METRES: of the quickest way that an entry stands for */
    uint32_t *out_dm; /* [out_count] */
    uint32_t *in_dm;  /* [in_count] */
    /* TQ_METRIC_MAIN: bit 0 the arc along, bit 1 against is of the largest part that hangs together
     */
    uint8_t *in_main; /* [edge_count] */
};

static inline int32_t road_sum(int32_t a, int32_t b)
{
    return a >= TQ_ROAD_INF || b >= TQ_ROAD_INF ? TQ_ROAD_INF : TQ_MIN(a + b, TQ_ROAD_INF);
}

/** Weight of a link: the arc of its tail vertex and the turn. */
static inline int32_t road_link_ds(const tq_metric *metric, uint32_t vertex, uint32_t link)
{
    return road_sum(metric->arc_ds[metric->hierarchy->arc_of_vertex[vertex]],
                    metric->turn_ds[link]);
}

/** Time on a part of an arc: its share of the arc's time, at least 1 when the arc costs anything.
 */
int32_t road_part_ds(int32_t arc_ds, uint32_t part_dm, uint32_t length_dm);

/** Usable in one of the snap's directions (bit 0 along, bit 1 against)? */
static inline uint32_t road_open_directions(const tq_metric *metric, uint32_t edge)
{
    return (metric->arc_ds[2 * edge] < TQ_ROAD_INF) |
           (uint32_t)(metric->arc_ds[2 * edge + 1] < TQ_ROAD_INF) << 1;
}

/* ---- parts of a metric ----------------------------------------------------------------------- */

/** A metric of a kind with its arrays, weights still to be filled; NULL on no memory. */
tq_metric *road_metric_new(const tq_city *city, tq_hierarchy_kind kind, const tq_vehicle *vehicle);
/** tq_metric_change with the parts chosen. */
tq_status road_change(const tq_metric *base, const uint32_t *arc, const int32_t *arc_ds,
                      uint32_t count, uint32_t parts, tq_metric **out, tq_err *err);
/** Free parts; what is not there is passed over. */
void road_drop_parts(tq_metric *metric, uint32_t parts);
bool road_make_perfect(tq_metric *metric); /* perfect.c: TQ_METRIC_PRUNED */
bool road_make_ways(tq_metric *metric);    /* ways.c: TQ_METRIC_WAYS */
bool road_find_main(tq_metric *metric);    /* part.c: TQ_METRIC_MAIN */

/** The up-arc from a tail to its ancestor at a depth; it must exist. */
static inline uint32_t road_up_at(const tq_hierarchy *hierarchy, uint32_t begin, uint32_t end,
                                  uint32_t depth)
{
    while (end - begin > 8) {
        uint32_t middle = begin + (end - begin) / 2;
        if (hierarchy->up_depth[middle] >= depth)
            begin = middle;
        else
            end = middle;
    }
    while (hierarchy->up_depth[begin] != depth)
        begin++;
    return begin;
}

/* ---- weights of a vehicle (vehicle.c) -------------------------------------------------------- */

/**
 * All weights of a vehicle's kind at an instant, with dates and live state (NULL = none): arc_ds [2
 * * edge_count], turn_ds [hierarchy->link_count]. *area gets an array of the caller's,
 * [edge_count], of the areas that streets for the last metres form (TQ_NONE = none), NULL when
 * there are none; turns into them have the entry added. With area NULL there are no entries. False
 * on no memory.
 */
bool road_weigh(const tq_city *city, const tq_vehicle *vehicle, int64_t at_ms,
                const tq_overlay *overlay, int32_t *arc_ds, int32_t *turn_ds, uint32_t **area,
                const tq_hierarchy *hierarchy);
/** The same, but each weight is at most that of any instant: lower bounds for timed searches. */
bool road_weigh_best(const tq_city *city, const tq_vehicle *vehicle, const tq_overlay *overlay,
                     int32_t *arc_ds, int32_t *turn_ds, uint32_t **area,
                     const tq_hierarchy *hierarchy);

/* ---- ends of a search (query.c) -------------------------------------------------------------- */

/*
 * Where a search may begin or end: a vertex and the time between its tail and the place. A place on
 * an edge has an end for each direction, an arriving one also for each copy. cost_ds is what has
 * passed of the arc before the place: subtract it when leaving, add it when arriving.
 */
#define ROAD_ENDS_MAX 64
typedef struct road_end {
    uint32_t vertex;
    int32_t passed_ds;
    uint32_t arc;
    uint32_t at_dm; /* place on that arc, in its direction */
    uint32_t area;  /* of the arc, TQ_NONE */
} road_end;
typedef struct road_ends {
    uint32_t count;
    road_end end[ROAD_ENDS_MAX];
} road_ends;
/** What an arrival takes off again: the entry into streets for the last metres, unless the journey
 * began in the same ones. */
static inline int32_t road_gift_ds(const tq_metric *metric, const road_end *from,
                                   const road_end *to)
{
    return to->area == TQ_NONE || to->area == from->area ? 0 : metric->vehicle.destination_entry_ds;
}
typedef enum road_side { ROAD_LEAVING, ROAD_ARRIVING } road_side;
/** The first place in copy_vertex of a copy of this arc, or where it would be. */
uint32_t road_first_copy(const tq_hierarchy *hierarchy, uint32_t arc);
/** The node that a snap stands on, TQ_NONE if inside an edge or bound to a direction. Two snaps on
 * one node are the same place: no time between them. */
uint32_t road_node_of(const tq_city *city, const tq_snap *snap);
/** Usable ends of a snap; several snaps of one place are added to the same set. At a node one may
 * leave by any of its streets and arrive by any, whichever of them the place was found on. */
void road_ends_add(const tq_city *city, const tq_metric *metric, const tq_snap *snap,
                   road_side side, road_ends *ends);

/*
 * Time between two sets of ends with what has passed counted; TQ_ROAD_INF = none; -1 = `work` is
 * too small. A way from an arc to an earlier place on itself goes round. *best_from, *best_to tell
 * which ends (NULL = not asked).
 */
int32_t road_search(const tq_city *city, const tq_metric *metric, const road_ends *from,
                    const road_ends *to, tq_arena *work, uint32_t *best_from, uint32_t *best_to);

/** Vertices of the quickest way between two vertices, both included, in `work`, or NULL. At least
 * one link is used, also when they are equal. *time = TQ_ROAD_INF when there is no way. */
uint32_t *road_path(const tq_metric *metric, uint32_t from, uint32_t to, tq_arena *work,
                    uint32_t *count, int32_t *time);
/* The way between two sets of ends in one search (meet.c). */
typedef struct road_meeting {
    const uint32_t *vertex;   /* [count] in `work` */
    uint32_t count, from, to; /* which ends */
    int32_t time_ds;          /* with what has passed counted */
} road_meeting;
typedef enum road_met {
    ROAD_MEET_FOUND,
    ROAD_MEET_PAIRS /* not for this search: ask pair by pair; also when there is no way */
} road_met;
road_met road_meet(const tq_metric *metric, const road_ends *from, const road_ends *to,
                   tq_arena *work, road_meeting *out);

/** Time between two vertices, 0 when equal; rows from `work`. -1 = too small. */
int32_t road_vertex_time(const tq_metric *metric, uint32_t from, uint32_t to, tq_arena *work);
/* A list entry * 2 (+ 1 in the in-lists) still to be taken apart, or this and a vertex where a link
 * begins. */
#define ROAD_ITEM_VERTEX (1ull << 63)
/**
 * Take a chain of entries apart until all are vertices: returns which of the two arrays of `cap`
 * holds them, NULL when that is too small. Needs TQ_METRIC_WAYS.
 */
const uint64_t *road_unpack(const tq_metric *metric, uint64_t *item, uint32_t *count,
                            uint64_t *other, uint32_t cap);

/* The same without that part: an up-arc * 2 (+ 1 downwards) and its lower vertex, or TQ_NONE and a
 * vertex where a link begins. */
typedef struct road_up_item {
    uint32_t arc, tail;
} road_up_item;
const road_up_item *road_unpack_by_search(const tq_metric *metric, road_up_item *item,
                                          uint32_t *count, road_up_item *other, uint32_t cap);

/** A way from vertices and the two ends; fills tq_way in `work`; false when work is full. */
bool road_way_of(const tq_city *city, const tq_metric *metric, const uint32_t *vertex,
                 uint32_t count, const road_end *from, const road_end *to, tq_arena *work,
                 tq_way *out);
/** The link between two vertices; TQ_NONE. */
uint32_t road_link_between(const tq_hierarchy *hierarchy, uint32_t tail, uint32_t head);

/* ---- rows, tables (labels.c, matrix.c, metres.c, all.c) -------------------------------------- */

/** Number of vertices that are above or equal to both; 0 in different trees. Ancestors of both are
 * at depths below it. */
uint32_t road_common(const tq_metric *metric, uint32_t a, uint32_t b);
/** Time between two vertices by label rows, 0 when equal; the metric must have TQ_METRIC_LABELS.
 * -1 = `work` is too small. */
int32_t road_label_time(const tq_metric *metric, uint32_t from, uint32_t to, tq_arena *work);
void road_labels_free(road_labels *labels);
size_t road_labels_bytes(const tq_metric *metric);
/** Fill out_dm and in_dm from the ways; edge_length_dm is that of the city's streets. False on no
 * memory. */
bool road_metres_make(tq_metric *metric, const uint32_t *edge_length_dm);

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
    ROAD_MERGE,
    ROAD_ON_RAMP,
    ROAD_OFF_RAMP,
    ROAD_FORK,
    ROAD_END_OF_ROAD,
    ROAD_ROUNDABOUT,
    ROAD_ROTARY, /* a roundabout with a name */
    ROAD_ROUNDABOUT_TURN,
    ROAD_EXIT_ROUNDABOUT,
    ROAD_EXIT_ROTARY,
    ROAD_NOTIFICATION, /* another way of going on: ferry, pushing, stairs, a crossing */
    ROAD_TURN_COUNT
} road_turn;

typedef enum road_modifier {
    ROAD_STRAIGHT,
    ROAD_SLIGHT_RIGHT,
    ROAD_RIGHT,
    ROAD_SHARP_RIGHT,
    ROAD_U_TURN,
    ROAD_SHARP_LEFT,
    ROAD_LEFT,
    ROAD_SLIGHT_LEFT,
    ROAD_MODIFIER_COUNT,
    ROAD_NO_MODIFIER = ROAD_MODIFIER_COUNT
} road_modifier;

/* How one moves on an arc. */
typedef enum road_mode {
    ROAD_DRIVING,
    ROAD_CYCLING,
    ROAD_PUSHING,
    ROAD_WALKING,
    ROAD_ON_FERRY,
    ROAD_MODE_COUNT
} road_mode;
road_mode road_mode_of(const tq_city *city, const tq_metric *metric, uint32_t arc);

/* A step covers arcs [first, end) of its leg's way; ROAD_ARRIVE covers none. */
typedef struct road_maneuver {
    road_turn turn;
    road_modifier modifier;
    uint32_t first, end;
    uint32_t bearing_before, bearing_after; /* degrees */
    uint32_t exit;                          /* of a roundabout, from 1; 0 = none */
    uint32_t ring_name;                     /* text, of a rotary */
} road_maneuver;

typedef struct road_leg {
    tq_way way;
    road_line line;
    tq_snap from, to;
    tq_point asked; /* the place asked for at the end */
    bool has_asked;
    uint32_t stop_number; /* of the place at the end among those between, from 1; 0 = the last */
    road_maneuver *step;  /* [step_count]; NULL = not asked for */
    uint32_t step_count;
} road_leg;

/** Steps of a leg in `work`; at most arc_count + 2. NULL when work is full. */
road_maneuver *road_steps(const tq_city *city, const tq_metric *metric, const road_leg *leg,
                          tq_arena *work, uint32_t *count);

/** What happens from one arc into the next; ROAD_DEPART means nothing worth saying. `named` is the
 * last arc before that had a name. */
road_turn road_turn_between(const tq_city *city, const tq_metric *metric, uint32_t named,
                            uint32_t old, uint32_t arc, road_modifier *modifier);
/** Change of direction from one arc into the next, -179 .. 180; right is positive. */
int32_t road_bend(const tq_streets *streets, uint32_t old, uint32_t arc);
road_modifier road_modifier_of(int32_t change);
/** Is there a link that the metric allows? */
bool road_may_turn(const tq_metric *metric, uint32_t from, uint32_t to);
bool road_same_name(const tq_streets *streets, uint32_t arc, uint32_t other);
bool road_in_ring(const tq_streets *streets, uint32_t arc);

/* Length and time of piece `k` of a way. */
uint32_t road_piece_dm(const tq_city *city, const tq_way *way, uint32_t k);
int32_t road_piece_ds(const tq_city *city, const tq_metric *metric, const tq_way *way, uint32_t k);

#endif
