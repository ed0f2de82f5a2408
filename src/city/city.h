/*
 * city: one immutable city file, mapped and read in place. Sections, writer, verifier, reader,
 * names.
 *
 * A tq_city is a set of frozen arrays. `import` fills one with its own arrays and calls
 * tq_city_write; everyone else gets one from tq_city_load, where the arrays point into the mapped
 * file. The opener checks every offset, order and index bound first; after that hot code reads
 * without checks.
 *
 * Everything is dated: an edge, stop, trip or place carries a row of `dates`; tq_open_at tells
 * whether it can be used at an instant. Row 0 means «open, always».
 *
 * Format: docs/format/city-file.md. Same sources, same bytes.
 */
#ifndef TQ_CITY_H
#define TQ_CITY_H

#include "tongqu/city.h"

#include "base/base.h"
#include "geo/geo.h"
#include "os/os.h"

/* ---- dates ------------------------------------------------------------------------------------
 */

typedef enum tq_life { TQ_PLANNED, TQ_BUILDING, TQ_OPEN, TQ_CLOSED } tq_life;

typedef struct tq_date_row {
    int64_t from_ms, to_ms; /* half open, UTC; INT64_MIN / INT64_MAX = no limit */
    uint32_t life;          /* tq_life */
    uint32_t source;        /* text: who says so */
} tq_date_row;

typedef struct tq_dates {
    uint32_t count;         /* at least 1; row 0 is open, always */
    const tq_date_row *row; /* [count] */
} tq_dates;

static inline bool tq_open_at(const tq_dates *dates, uint32_t row, int64_t at_ms)
{
    const tq_date_row *date = &dates->row[row];
    return date->life == TQ_OPEN && date->from_ms <= at_ms && at_ms < date->to_ms;
}

/* ---- streets ----------------------------------------------------------------------------------
 */

typedef enum tq_street_class {
    TQ_MOTORWAY,
    TQ_MOTORWAY_LINK,
    TQ_TRUNK,
    TQ_TRUNK_LINK,
    TQ_PRIMARY,
    TQ_PRIMARY_LINK,
    TQ_SECONDARY,
    TQ_SECONDARY_LINK,
    TQ_TERTIARY,
    TQ_TERTIARY_LINK,
    TQ_UNCLASSIFIED,
    TQ_RESIDENTIAL,
    TQ_LIVING_STREET,
    TQ_SERVICE,
    TQ_TRACK,
    TQ_PEDESTRIAN,
    TQ_FOOTWAY,
    TQ_CYCLEWAY,
    TQ_PATH,
    TQ_STEPS,
    TQ_CORRIDOR,
    TQ_BRIDLEWAY,
    TQ_FERRY,
    TQ_PLATFORM,
    TQ_BARRIER, /* zero-length edge through a gate */
    TQ_STREET_CLASS_COUNT
} tq_street_class;

/* Who may use an arc. */
#define TQ_ACCESS_FOOT       1u
#define TQ_ACCESS_BIKE       2u
#define TQ_ACCESS_CAR        4u
#define TQ_ACCESS_BUS        8u
#define TQ_ACCESS_TAXI       16u
#define TQ_ACCESS_LORRY      32u
#define TQ_ACCESS_EMERGENCY  64u
#define TQ_ACCESS_WHEELCHAIR 128u /* a foot arc that is also step-free */
#define TQ_ACCESS_MOTOR                                                                            \
    (TQ_ACCESS_CAR | TQ_ACCESS_BUS | TQ_ACCESS_TAXI | TQ_ACCESS_LORRY | TQ_ACCESS_EMERGENCY)

#define TQ_STREET_BRIDGE      1u
#define TQ_STREET_TUNNEL      2u
#define TQ_STREET_ROUNDABOUT  4u
#define TQ_STREET_TOLL        8u
#define TQ_STREET_DESTINATION 16u /* private or destination only: for the last metres */
#define TQ_STREET_UNPAVED     32u
#define TQ_STREET_LIT         64u
#define TQ_STREET_SIGNAL_END                                                                       \
    128u /* traffic signal at the edge's end node, for those who go along it */
#define TQ_STREET_APPROXIMATE 256u /* position or course is not surveyed; said so to people */
#define TQ_STREET_SIGNAL_START                                                                     \
    512u /* traffic signal at the edge's first node, for those who come against it */

/* One kind of street; many edges share a row. 48 bytes in the file. */
typedef struct tq_street_attr {
    uint8_t street_class; /* tq_street_class */
    uint8_t access[2];    /* TQ_ACCESS_ mask, [0] along the edge, [1] against it */
    uint8_t speed_kmh[2]; /* for cars: signed limit, else the class's default; at least 1 */
    uint8_t lanes[2];     /* 0 unknown */
    uint8_t surface;      /* tq_surface */
    uint16_t flags;       /* TQ_STREET_ mask */
    int8_t layer;
    uint8_t wheelchair;                                  /* 0 unknown, 1 yes, 2 limited, 3 no */
    uint16_t max_height_cm, max_width_cm, max_length_cm; /* 0 = no limit */
    uint16_t max_weight_10kg, max_axle_10kg;
    uint8_t signed_limit; /* 1: speed_kmh comes from a sign */
    uint8_t hazmat_ban;
    uint32_t conditions; /* text: conditional tags as read, "" = none */
    uint32_t rules;      /* row of rule sets: what conditional tags and city rules do; 0 = none */
    uint32_t turn_lanes[2]; /* text: arrows of the lanes from left to right, as OSM turn:lanes */
    uint16_t width_cm;      /* of the way itself, 0 = unknown */
    int8_t incline_percent; /* along the edge; TQ_INCLINE_UNKNOWN */
    uint8_t kerb;           /* tq_kerb */
    uint8_t smoothness;     /* 0 unknown, 1 excellent .. 8 impassable */
    uint8_t crossing;       /* tq_crossing: the way of walkers over a carriageway */
    uint8_t spare[2];
} tq_street_attr;
_Static_assert(sizeof(tq_street_attr) == 48, "on disk");

#define TQ_INCLINE_UNKNOWN INT8_MIN

typedef enum tq_kerb { TQ_KERB_UNKNOWN, TQ_KERB_FLUSH, TQ_KERB_LOWERED, TQ_KERB_RAISED } tq_kerb;
typedef enum tq_crossing { TQ_CROSSING_NONE, TQ_CROSSING_MARKED, TQ_CROSSING_SIGNALS } tq_crossing;

typedef enum tq_surface {
    TQ_SURFACE_UNKNOWN,
    TQ_SURFACE_ASPHALT,
    TQ_SURFACE_PAVING,
    TQ_SURFACE_COBBLE,
    TQ_SURFACE_GRAVEL,
    TQ_SURFACE_GROUND
} tq_surface;

typedef struct tq_street_name {
    uint32_t name, name_en, ref; /* text */
} tq_street_name;

/* A turn restriction as read; used when the graph is expanded to turns. */
typedef struct tq_turn {
    uint32_t from_edge, to_edge;
    uint32_t via_node;             /* TQ_NONE when it goes over edges */
    uint32_t first_via, via_count; /* into via_edge */
    uint32_t only;                 /* 0 = no_, 1 = only_ */
    uint32_t banned;               /* TQ_ACCESS_ mask that it binds */
    uint32_t condition;            /* row of conditions; 0 = always */
} tq_turn;

/*
 * An edge is a piece of street between two nodes; its two arcs are edge * 2 (along) and edge * 2 +
 * 1 (against). Stops are nodes too: import cuts an edge where a stop lies beside it.
 */
typedef struct tq_streets {
    uint32_t node_count, edge_count, point_count, attr_count, name_count, turn_count, via_count;
    const tq_point *node_at;        /* [node_count] */
    const uint32_t *first_out;      /* [node_count + 1], into out_arc */
    const uint32_t *out_arc;        /* [2 * edge_count], arcs that leave the node, ascending */
    const uint32_t *edge_from;      /* [edge_count], node */
    const uint32_t *edge_to;        /* [edge_count], node */
    const uint32_t *edge_length_dm; /* [edge_count] */
    const uint32_t
        *edge_first_point;      /* [edge_count + 1], inner points, without the two end nodes */
    const tq_point *point;      /* [point_count] */
    const uint32_t *edge_attr;  /* [edge_count] */
    const uint32_t *edge_name;  /* [edge_count], into name; row 0 is nameless */
    const uint32_t *edge_date;  /* [edge_count], row of dates */
    const int64_t *edge_way;    /* [edge_count], id in the source, 0 = none */
    const tq_street_attr *attr; /* [attr_count] */
    const tq_street_name *name; /* [name_count], at least 1 when there are edges */
    const tq_turn *turn;        /* [turn_count] */
    const uint32_t *via_edge;   /* [via_count] */
    uint32_t grid_cells, grid_items;
    tq_grid grid; /* over edge boxes */
} tq_streets;

static inline uint32_t tq_arc_tail(const tq_streets *streets, uint32_t arc)
{
    return arc & 1 ? streets->edge_to[arc >> 1] : streets->edge_from[arc >> 1];
}
static inline uint32_t tq_arc_head(const tq_streets *streets, uint32_t arc)
{
    return arc & 1 ? streets->edge_from[arc >> 1] : streets->edge_to[arc >> 1];
}
static inline const tq_street_attr *tq_edge_attr(const tq_streets *streets, uint32_t edge)
{
    return &streets->attr[streets->edge_attr[edge]];
}

/* ---- conditions, rules, vehicles --------------------------------------------------------------
 */

/* One alternative of a condition: everything asked for must hold. All zero = always. */
typedef struct tq_clause {
    int64_t from_ms, to_ms;      /* half open; both 0 = no absolute dates */
    uint16_t from_min, to_min;   /* local minutes of the day; from > to runs past midnight and
                                    belongs to the day it begins on; both 0 = all day */
    uint16_t from_date, to_date; /* month * 32 + day, both included, may wrap; both 0 = all year */
    uint16_t weight_10kg, axle_10kg, height_cm, width_cm, length_cm; /* holds for vehicles above it;
                                                                        0 = not asked */
    uint16_t plates;  /* bit d: last digit d of the plate; 0 = not asked */
    uint8_t days;     /* bit 0 Monday .. bit 6 Sunday; 0 = every day */
    uint8_t hazmat;   /* 1: only with dangerous goods */
    uint8_t spare[2]; /* [0] date parity: 0 any, 1 odd days of the month, 2 even ones */
} tq_clause;
_Static_assert(sizeof(tq_clause) == 40, "on disk");

typedef enum tq_effect {
    TQ_EFFECT_DENY,
    TQ_EFFECT_ALLOW,
    TQ_EFFECT_DESTINATION, /* for the last metres only */
    TQ_EFFECT_SPEED        /* kmh is the limit */
} tq_effect;

/* What changes on a street when a condition holds; the later rule of a set wins. */
typedef struct tq_rule {
    uint32_t condition; /* row of conditions */
    uint8_t effect;     /* tq_effect */
    uint8_t access;     /* TQ_ACCESS_ mask that it is about */
    uint8_t directions; /* 1 along, 2 against, 3 both */
    uint8_t kmh;
} tq_rule;
_Static_assert(sizeof(tq_rule) == 8, "on disk");

/* A turn may not be taken by these when the condition holds. */
typedef struct tq_ban {
    uint32_t condition;
    uint32_t access; /* TQ_ACCESS_ mask */
} tq_ban;

typedef struct tq_conditions {
    uint32_t count, clause_count, rule_set_count, rule_count, ban_set_count, ban_count;
    const uint32_t *first_clause; /* [count + 1], into clause; row 0 has one clause: always */
    const uint32_t *text;         /* [count], as read */
    const tq_clause *clause;      /* [clause_count] */
    const uint32_t *first_rule;   /* [rule_set_count + 1], into rule; set 0 is empty */
    const tq_rule *rule;          /* [rule_count] */
    const uint32_t *first_ban;    /* [ban_set_count + 1], into ban; set 0 is empty */
    const tq_ban *ban;            /* [ban_count] */
} tq_conditions;

#define TQ_VEHICLE_HAZMAT       1u /* carries dangerous goods */
#define TQ_VEHICLE_NO_STEPS     2u
#define TQ_VEHICLE_WHEELS       4u /* wheelchair: step-free ways; kerb, width, incline limits hold */
#define TQ_VEHICLE_IGNORES_BANS 8u  /* ambulance: turn bans and conditional rules do not bind */
#define TQ_VEHICLE_PUSHES       16u /* a bike may be pushed where only walkers may go */
#define TQ_VEHICLE_NO_FERRY     32u
#define TQ_VEHICLE_NO_TOLL      64u
#define TQ_VEHICLE_NO_UNPAVED   128u
#define TQ_VEHICLE_THROUGH      256u /* private and destination streets are as any other */
#define TQ_VEHICLE_NO_MOTORWAY  512u

#define TQ_SPEED_GROUPS 4 /* motorway and trunk; primary; secondary and tertiary; the rest */

/*
 * A class of vehicle or traveller, from a profile file (profiles/NAME.yaml). The built-in ones come
 * first, in the order of tq_profile; a city folder may change them and add more.
 */
typedef struct tq_vehicle {
    uint32_t name, label_zh, label_en; /* text */
    uint8_t kind;                      /* tq_hierarchy_kind */
    uint8_t mode;                      /* one TQ_ACCESS_ bit: which rules and bans are about it */
    uint8_t access;                    /* TQ_ACCESS_ mask: any of them lets it in */
    int8_t plate;                      /* last digit, -1 = not known: plate rules do not bind */
    uint32_t flags;                    /* TQ_VEHICLE_ mask */
    uint16_t height_cm, width_cm, length_cm, weight_10kg, axle_10kg; /* 0 = no limit matters */
    uint16_t max_kmh_tenths;     /* never faster; 0 = as allowed */
    uint16_t free_mm_s;          /* own speed of walkers and riders; 0 = by allowed speed */
    uint16_t push_mm_s;          /* a pushed bike */
    uint16_t min_width_cm;       /* narrower ways are not used */
    uint8_t max_incline_percent; /* 0 = any */
    uint8_t max_kerb;            /* tq_kerb: higher ones are not used; 0 = any */
    uint8_t max_smoothness;      /* 0 = any */
    uint8_t destination_factor;  /* times as slow on streets for the last metres */
    uint8_t class_percent[32];   /* of the allowed (or own) speed, by tq_street_class; 0 = may
                                    not */
    uint8_t surface_percent[8];  /* by tq_surface */
    uint8_t hour_percent[TQ_SPEED_GROUPS][24]; /* of that speed, by local hour, working days */
    uint8_t rest_percent[TQ_SPEED_GROUPS][24]; /* the same on Saturdays and Sundays */
    uint16_t straight_ds, right_ds, left_ds, sharp_ds, u_turn_ds; /* added at a junction */
    uint16_t signal_ds, crossing_ds, gate_ds, stairs_ds;
    uint16_t yield_ds;             /* from a lesser street into a greater one */
    uint8_t uphill_loss;           /* own speed lost for each per cent of incline, per cent */
    uint8_t right_signal_percent;  /* of signal_ds when turning right: right on red */
    uint16_t destination_entry_ds; /* what through traffic pays to enter streets for the last
                                     metres; journeys that begin or end in there do not */
    uint8_t spare[2];
} tq_vehicle;
_Static_assert(sizeof(tq_vehicle) == 300, "on disk");

typedef struct tq_vehicles {
    uint32_t count;
    const tq_vehicle *row; /* [count] */
} tq_vehicles;

/* ---- hierarchies ------------------------------------------------------------------------------
 */

/* Streets for motors, and streets for foot, bike and wheelchair. */
typedef enum tq_hierarchy_kind {
    TQ_HIERARCHY_MOTOR,
    TQ_HIERARCHY_ACTIVE,
    TQ_HIERARCHY_COUNT
} tq_hierarchy_kind;

#define TQ_LINK_U_TURN     1u
#define TQ_LINK_DEAD_END   2u /* a U-turn where there is no other way on for some user of the arc */
#define TQ_LINK_SIGNAL     4u /* traffic signals at the node */
#define TQ_LINK_CROSSING   8u /* walkers go over a street of cars here, without a marked crossing */
#define TQ_LINK_CHOICE     16u /* there is more than one way on that is no U-turn */
#define TQ_LINK_YIELD      32u /* from a lesser street into or over a greater one, no signals */
#define TQ_LINK_ROUNDABOUT 64u /* both arcs are of one roundabout */

#define TQ_COPIES_MAX 7 /* vertices of an arc beside the one without memory */

/* A turn: from the arc of one vertex, at its head, into the arc of another. */
typedef struct tq_link {
    int16_t angle_deg; /* -180 .. 180, to the right is positive; 0 straight on */
    uint16_t flags;    /* TQ_LINK_ mask */
    uint32_t bans;     /* row of ban sets */
} tq_link;
_Static_assert(sizeof(tq_link) == 8, "on disk");

/*
 * Lower neighbours of a vertex that follow each other (a chain of parents last - count + 1 .. last)
 * and whose up-lists are the same from this vertex on: each ends in `rest` common entries, of which
 * this vertex is the first. So the up-arc of member m is first_up[m + 1] - rest.
 */
typedef struct tq_down {
    uint32_t last;
    uint16_t count, rest;
} tq_down;
_Static_assert(sizeof(tq_down) == 8, "on disk");

/*
 * A front is a longest chain of vertices front_first[f] .. front_first[f + 1] - 1 in which each
 * one's up-list is the next vertex and the next vertex' list. Its neighbourhood is its members from
 * the lowest, then the list of its last member. Runs tell where the entries of that list stand in
 * the neighbourhood of the parent front: piece by piece, `length` entries from place `at` on.
 */
typedef struct tq_run {
    uint16_t at, length;
} tq_run;

/*
 * Topology of a customizable contraction hierarchy of the turn-expanded streets. A vertex stands at
 * the tail of a street arc that is about to be used; a link from x to y means «use the arc of x,
 * turn, stand at the tail of the arc of y», and costs the arc of x and the turn.
 *
 * Restrictions over via ways make copies: a copy is a further vertex of the same arc that remembers
 * where one came from. vertex_of_arc is the one without memory, where a journey begins; it may end
 * at any of them.
 *
 * Vertices are numbered by a post-order of the elimination tree: parent > child, all up-neighbours
 * are tree ancestors, so a neighbour is named by its depth. Weights are not here: a metric is made
 * by `road` for a vehicle.
 */
typedef struct tq_hierarchy {
    uint32_t vertex_count, link_count, up_count, down_count, copy_count, front_count, run_count;
    const uint32_t *vertex_of_arc; /* [2 * edge_count], TQ_NONE = not in it */
    const uint32_t *arc_of_vertex; /* [vertex_count] */
    const uint32_t *copy_vertex;   /* [copy_count], copies, ascending by (arc, vertex) */
    const uint32_t *first_link;    /* [vertex_count + 1] */
    const uint32_t *link_head;     /* [link_count], vertex, ascending in a list, no repeats */
    const tq_link *link;           /* [link_count] */
    const uint32_t *up_of_link;   /* [link_count], up-arc * 2 + (1 if it runs from the higher to the
                                     lower vertex); TQ_NONE for a loop */
    const uint32_t *parent;       /* [vertex_count], TQ_NONE for a root */
    const uint16_t *depth;        /* [vertex_count], root 0 */
    const uint32_t *first_up;     /* [vertex_count + 1] */
    const uint32_t *up_head;      /* [up_count], ascending in a list; the first is the parent */
    const uint16_t *up_depth;     /* [up_count], depth of up_head: descending in a list */
    const uint32_t *first_down;   /* [vertex_count + 1], into down */
    const tq_down *down;          /* [down_count], ascending by last in a list */
    const uint32_t *front_first;  /* [front_count + 1], vertex */
    const uint32_t *front_parent; /* [front_count], TQ_NONE for a root */
    const uint32_t *first_run;    /* [front_count + 1], into run */
    const tq_run *run;            /* [run_count] */
} tq_hierarchy;

/* ---- walking between stops --------------------------------------------------------------------
 */

typedef enum tq_walk_kind { TQ_WALK_ANY, TQ_WALK_STEP_FREE, TQ_WALK_COUNT } tq_walk_kind;

/*
 * The walking graph with most nodes contracted away: a core that keeps every stop's node, and for
 * the other nodes upward arcs that end in the core. Symmetric; lengths in decimetres, so that any
 * walking speed can be used. Dated edges that are not open when the file is made are left out.
 * Vertices [0, core_count) are the core; the rest follow in descending order of contraction.
 */
typedef struct tq_walk {
    uint32_t vertex_count, core_count, core_arc_count, up_arc_count;
    const uint32_t *vertex_of_node; /* [street node_count], TQ_NONE = not walkable */
    const uint32_t *first_core;     /* [core_count + 1] */
    const uint32_t *core_head;      /* [core_arc_count], < core_count */
    const uint32_t *core_dm;        /* [core_arc_count] */
    const uint32_t *first_up;       /* [vertex_count - core_count + 1], of vertex core_count + k */
    const uint32_t *up_head;        /* [up_arc_count], < the vertex itself */
    const uint32_t *up_dm;          /* [up_arc_count] */
} tq_walk;

/* ---- timetable --------------------------------------------------------------------------------
 */

#define TQ_STOP_KIND_STOP     0 /* location_type: a platform or pole */
#define TQ_STOP_KIND_STATION  1
#define TQ_STOP_KIND_ENTRANCE 2
#define TQ_STOP_KIND_NODE     3
#define TQ_STOP_KIND_BOARDING 4

typedef struct tq_stop {
    tq_point at;
    uint32_t id, code, name, name_en, platform, zone, desc; /* text; id carries the feed's prefix */
    uint32_t parent;                                        /* stop, TQ_NONE */
    uint32_t date;                                          /* row of dates */
    uint32_t node;                                          /* street node beside it, TQ_NONE */
    uint32_t link_dm;    /* straight walk between stop and node */
    uint8_t kind;        /* TQ_STOP_KIND_ */
    uint8_t wheelchair;  /* 0 unknown, 1 yes, 2 no */
    uint8_t approximate; /* 1: position is estimated */
    uint8_t feed;
} tq_stop;
_Static_assert(sizeof(tq_stop) == 56, "on disk");

typedef struct tq_route {
    uint32_t id, agency, short_name, long_name, long_name_en,
        desc;                   /* text, but agency: row of agencies */
    uint32_t color, text_color; /* 0xRRGGBB; TQ_NONE = not given */
    uint32_t tariff;            /* row of tariffs, TQ_NONE = not known */
    uint16_t type;              /* GTFS route_type, extended types kept */
    uint8_t feed;
    uint8_t mode; /* tq_transit_mode */
} tq_route;
_Static_assert(sizeof(tq_route) == 40, "on disk");

typedef enum tq_transit_mode {
    TQ_MODE_TRAM,
    TQ_MODE_METRO,
    TQ_MODE_RAIL,
    TQ_MODE_BUS,
    TQ_MODE_FERRY,
    TQ_MODE_CABLE,
    TQ_MODE_COACH,
    TQ_MODE_AIR,
    TQ_MODE_OTHER
} tq_transit_mode;

typedef struct tq_agency {
    uint32_t id, name, url, timezone, phone; /* text */
} tq_agency;

#define TQ_PATTERN_NO_PICKUP  1u
#define TQ_PATTERN_NO_DROPOFF 2u
#define TQ_PATTERN_PHONE      4u /* pickup or drop-off must be arranged */

/* One arrival and departure, seconds after the trip's start_s; arrival of the first stop may be <=
 * 0. */
typedef struct tq_stop_time {
    int32_t arrival_s, departure_s;
} tq_stop_time;

#define TQ_TRIP_WHEELCHAIR    1u
#define TQ_TRIP_NO_WHEELCHAIR 2u
#define TQ_TRIP_BIKE          4u
#define TQ_TRIP_NO_BIKE       8u
#define TQ_TRIP_ASSUMED       16u /* times or headway are assumed, not published; said so to people */

typedef struct tq_trip {
    uint32_t pattern;
    uint32_t profile; /* its stop times begin at profile_first[profile] */
    int32_t start_s;  /* of its first departure, from the service day's midnight */
    uint32_t service;
    uint32_t id, headsign, short_name, block;  /* text */
    uint32_t first_frequency, frequency_count; /* 0 = runs once, at start_s */
    uint32_t date;                             /* row of dates */
    uint32_t flags;                            /* TQ_TRIP_ */
} tq_trip;
_Static_assert(sizeof(tq_trip) == 48, "on disk");

/* Runs at from_s, from_s + headway_s, ... < to_s (departures of the first stop). */
typedef struct tq_frequency {
    int32_t from_s, to_s;
    uint32_t headway_s, exact;
} tq_frequency;

/* GTFS transfers.txt, as read. */
typedef struct tq_transfer {
    uint32_t from_stop, to_stop;                       /* may be stations */
    uint32_t type;                                     /* GTFS transfer_type */
    uint32_t min_s;                                    /* TQ_NONE = not given */
    uint32_t from_route, to_route, from_trip, to_trip; /* TQ_NONE = any */
} tq_transfer;

/*
 * Service days are counted from base_day (days since 1970). Bit d of a service says that it runs on
 * base_day + d. The zone turns a service day and seconds into an instant: GTFS time counts from
 * «noon minus 12 h» local time.
 */
typedef struct tq_timetable {
    uint32_t stop_count, agency_count, route_count, pattern_count, pattern_stop_count,
        profile_count, stop_time_count, trip_count, frequency_count, transfer_count, service_count,
        day_count, day_words, shape_point_count;
    int32_t base_day;
    const tq_stop *stop;           /* [stop_count] */
    const tq_agency *agency;       /* [agency_count] */
    const tq_route *route;         /* [route_count] */
    const uint32_t *pattern_route; /* [pattern_count] */
    const uint32_t *pattern_first; /* [pattern_count + 1], into pattern_stop */
    const uint32_t *pattern_stop;  /* [pattern_stop_count], stop */
    const uint8_t *pattern_flags;  /* [pattern_stop_count], TQ_PATTERN_ */
    const uint32_t
        *pattern_along_m; /* [pattern_stop_count], metres along the line from its first stop */
    const uint32_t
        *pattern_shape_at; /* [pattern_stop_count], index of the shape point at the stop, TQ_NONE */
    const uint32_t *pattern_direction; /* [pattern_count], 0 or 1 */
    const uint32_t *profile_first;     /* [profile_count + 1], into stop_time */
    const tq_stop_time *stop_time;     /* [stop_time_count] */
    const tq_trip *trip; /* [trip_count], by pattern, then start_s, then source order */
    const uint32_t *pattern_first_trip; /* [pattern_count + 1] */
    const tq_frequency *frequency;      /* [frequency_count] */
    const tq_transfer *transfer;        /* [transfer_count] */
    const uint64_t *service_days;       /* [service_count * day_words] */
    const uint32_t *service_id;         /* [service_count], text */
    const tq_point *shape_point;        /* [shape_point_count] */
    const uint32_t *child_first;        /* [stop_count + 1], into child: stops of a station */
    const uint32_t *child;              /* [child_count] */
    uint32_t child_count;
    /* Lines at a stop: patterns through it and the place in them, ascending by pattern then place.
     */
    const uint32_t *stop_first_pattern; /* [stop_count + 1] */
    const uint32_t *stop_pattern;       /* [pattern_stop_count] */
    const uint32_t *stop_place; /* [pattern_stop_count], 0-based place of the stop in the pattern */
} tq_timetable;

/** Does the service run on that day (days since 1970)? False outside the timetable's days. */
static inline bool tq_service_runs(const tq_timetable *timetable, uint32_t service, int32_t day)
{
    int64_t bit = (int64_t)day - timetable->base_day;
    if (bit < 0 || bit >= (int64_t)timetable->day_count) return false;
    return timetable->service_days[(size_t)service * timetable->day_words + (size_t)bit / 64] >>
               (bit % 64) &
           1;
}

/* ---- zone and days ----------------------------------------------------------------------------
 */

typedef struct tq_zone_table {
    uint32_t count;
    const int64_t *from_s;
    const int32_t *offset_s;
} tq_zone_table;

int32_t tq_offset_s(const tq_zone_table *zone, int64_t utc_s);
/** Day (since 1970, local) and second of the local day of an instant. */
int32_t tq_local_day(const tq_zone_table *zone, int64_t at_ms, int32_t *second);
/** Instant of GTFS second 0 of a service day: local noon minus 12 h. */
int64_t tq_service_day_ms(const tq_zone_table *zone, int32_t day);
/** Instant of a local date and time; a time that a shift skips is taken after it. */
int64_t tq_local_to_ms(const tq_zone_table *zone, int32_t day, int32_t second);
int32_t tq_day_of(int32_t year, unsigned month, unsigned day); /* proleptic Gregorian */
void tq_date_of(int32_t day, int32_t *year, unsigned *month, unsigned *day_of_month);
/** Parse RFC 3339, or local 2025-06-03T08:00[:00]. */
tq_status tq_time_parse(const tq_zone_table *zone, tq_str text, int64_t *at_ms, tq_err *err);
#define TQ_TIME_TEXT_MAX 40
/** RFC 3339 with the zone's offset, whole seconds. */
void tq_time_print(const tq_zone_table *zone, int64_t at_ms, char out[TQ_TIME_TEXT_MAX]);

/* ---- fares ------------------------------------------------------------------------------------
 */

typedef enum tq_tariff_kind { TQ_TARIFF_FLAT, TQ_TARIFF_DISTANCE } tq_tariff_kind;

/*
 * A tariff: flat, or by distance of the whole ride inside the tariff (changes between its lines are
 * free). Steps ascend by upto_m; beyond the last one, each further over_m (begun) costs over_fen.
 */
typedef struct tq_tariff {
    uint32_t id, name, source; /* text */
    uint32_t kind;             /* tq_tariff_kind */
    uint32_t first_step, step_count;
    uint32_t over_m, over_fen; /* over_m 0 = the last step holds */
    uint32_t stay_limit_s;     /* longer inside costs the highest fare; 0 = no limit */
    uint32_t card_percent;     /* pays so many percent with a stored-value card */
    uint32_t percent[4];       /* pays so many percent: [tq_rider] */
    uint32_t change_window_s;  /* flat: a further boarding within it is free; 0 = never */
    uint32_t assumed;          /* 1: not from an official source */
} tq_tariff;
_Static_assert(sizeof(tq_tariff) == 64, "on disk");

typedef struct tq_tariff_step {
    uint32_t upto_m, fen;
} tq_tariff_step;

/* Taxi fare: day and night rates. */
typedef struct tq_taxi_tariff {
    uint32_t known;
    uint32_t base_fen[2], base_m, per_km_fen[2]; /* [0] day, [1] night */
    uint32_t night_from_s, night_to_s;           /* local time of day; may wrap */
    uint32_t far_m, far_percent; /* beyond far_m the distance rate is so many percent more */
    uint32_t slow_fen_per_min, slow_kmh;
    uint32_t source, assumed; /* text, flag */
} tq_taxi_tariff;

typedef struct tq_fares {
    uint32_t tariff_count, step_count;
    const tq_tariff *tariff;
    const tq_tariff_step *step;
    const tq_taxi_tariff *taxi; /* [1] */
} tq_fares;

/** Fare in fen of a ride of so many metres, before concessions. */
uint32_t tq_tariff_fen(const tq_fares *fares, uint32_t tariff, uint32_t ride_m);

/* ---- places and names -------------------------------------------------------------------------
 */

typedef enum tq_alias_kind {
    TQ_ALIAS_OTHER,
    TQ_ALIAS_FORMER,
    TQ_ALIAS_ENGLISH,
    TQ_ALIAS_OFFICIAL,
    TQ_ALIAS_SHORT
} tq_alias_kind;

typedef struct tq_place_row {
    tq_point at;
    uint32_t name, name_en, area, city, note, source; /* text; area: district; city: its town */
    uint32_t category; /* text: hospital, campus, gate, street, ... */
    uint32_t parent;   /* place, TQ_NONE: a gate's facility */
    uint32_t link;     /* stop of a stop or station, edge of a street; TQ_NONE */
    uint32_t date;     /* row of dates */
    uint32_t first_alias, alias_count;
    uint8_t kind;        /* tq_place_kind */
    uint8_t approximate; /* 1: position is not surveyed */
    uint8_t weight;      /* larger is listed first among equal matches */
    uint8_t spare;
} tq_place_row;
_Static_assert(sizeof(tq_place_row) == 60, "on disk");

typedef struct tq_alias {
    uint32_t text;
    uint32_t kind; /* tq_alias_kind */
} tq_alias;

typedef struct tq_places {
    uint32_t count, alias_count;
    const tq_place_row *row; /* [count] */
    const tq_alias *alias;   /* [alias_count] */
    uint32_t grid_cells, grid_items;
    tq_grid grid; /* over row positions */
} tq_places;

/* The search index over places; its layout is private to city/search*.c and documented in
 * docs/format. */
typedef struct tq_search {
    uint32_t key_count, gram_count, posting_count, text_len;
    const uint32_t *key_place;  /* [key_count] place of the key */
    const uint32_t *key_text;   /* [key_count] offset of the normalised key in text */
    const uint32_t *key_why;    /* [key_count] how it came about: match reason and source text */
    const uint64_t *gram;       /* [gram_count] ascending */
    const uint32_t *gram_first; /* [gram_count + 1] into posting */
    const uint32_t *posting;    /* [posting_count] key, ascending in a list */
    const char *text;           /* [text_len], NUL between keys */
} tq_search;

/* ---- register of works and raw tables ---------------------------------------------------------
 */

/* A project in the dated register: what opens when, and how far it is. */
typedef struct tq_work {
    uint32_t id, name, name_en, kind, place, note, note_en, source, source_en; /* text */
    uint32_t life;                                                             /* tq_life */
    uint32_t from_day_known; /* 1: from_ms is given */
    uint32_t spare;
    int64_t from_ms, to_ms;
    uint32_t length_m;         /* 0 = unknown */
    uint32_t done_m, target_m; /* rural programme: done and target length */
    uint32_t speed_kmh, lanes;
    uint32_t done_known; /* 1: done_m is given; 0: nobody has said how much is done */
} tq_work;
_Static_assert(sizeof(tq_work) == 88, "on disk");

typedef struct tq_works {
    uint32_t count;
    const tq_work *row;
} tq_works;

/* GTFS files that no search reads yet (fares, pathways, levels, translations, booking rules, ...),
 * kept whole. */
typedef struct tq_table {
    uint32_t name, feed;                 /* text, feed number */
    uint32_t first_column, column_count; /* into column: text */
    uint32_t first_cell, row_count;      /* into cell: text, row-major */
} tq_table;

typedef struct tq_tables {
    uint32_t count, column_count, cell_count;
    const tq_table *table;
    const uint32_t *column;
    const uint32_t *cell;
} tq_tables;

/* ---- the whole --------------------------------------------------------------------------------
 */

typedef struct tq_meta {
    uint32_t name, name_en, id; /* text: 太原, Taiyuan, taiyuan */
    uint32_t zone_name;         /* text */
    uint32_t attribution;       /* text, one line a source */
    uint32_t generated;         /* 1: some data is generated; said so to people */
    tq_box box;
    uint64_t source_hash; /* of all source bytes and settings */
    int64_t today_ms;     /* 0 = none */
    /* settings of tongqu.yaml that answers depend on */
    uint32_t change_s;      /* default time to change between stops of a station */
    uint32_t walk_mm_s[3];  /* [tq_walker]: foot, elder, wheelchair */
    uint32_t max_walk_m[3]; /* longest single walk in a trip, 0 = no limit */
    uint32_t bike_mm_s;
    uint32_t taxi_wait_s;
    uint32_t max_transfers;
    uint32_t night_end_s; /* a service night ends at this second of the next day, such as 4 h */
    uint32_t spare;       /* 0: padding would bring chance into the file */
} tq_meta;
_Static_assert(sizeof(tq_meta) == 104, "on disk");

struct tq_city {
    tq_map map; /* map.at NULL when the arrays belong to an import */
    uint64_t checksum;
    char version[20]; /* short text of the checksum */
    uint32_t text_len, meta_count, taxi_count;
    const char *text; /* [text_len] UTF-8, NUL between items; a text is its offset, 0 = "" */
    const tq_meta *meta;
    tq_dates dates;
    tq_zone_table zone;
    tq_streets streets;
    tq_conditions conditions;
    tq_vehicles vehicles;
    tq_hierarchy hierarchy[TQ_HIERARCHY_COUNT];
    tq_walk walk[TQ_WALK_COUNT];
    tq_timetable timetable;
    tq_fares fares;
    tq_places places;
    tq_search search;
    tq_works works;
    tq_tables tables;
};

static inline const char *tq_text(const tq_city *city, uint32_t text)
{
    return city->text + text;
}

/** Write the arrays of `city` to `path` (temporary name, fsync, rename). Same arrays, same bytes.
 */
tq_status tq_city_write(const tq_city *city, const char *path, tq_err *err);

/** Check a mapped or in-memory city file completely and point `city` into it. Used by tq_city_open
 * and fuzzing. */
tq_status tq_city_bind(tq_city *city, const uint8_t *bytes, size_t len, tq_err *err);

/** Check all inner indices and orders of a bound city. */
tq_status tq_city_verify(const tq_city *city, tq_err *err);

/** Stops to board at for a stop index: itself, or the platforms of a station. Returns the count. */
uint32_t tq_station_stops(const tq_timetable *timetable, uint32_t stop, const uint32_t **stops);

/* ---- name search (city/search*.c) --------------------------------------------------------------
 */

/* Arrays of a search index under construction, owned by the caller (tq_search_data_free). */
typedef struct tq_search_data {
    uint32_t *key_place, *key_text, *key_why, *gram_first, *posting;
    uint64_t *gram;
    char *text;
} tq_search_data;

/** Build the index over city->places (names, aliases, pinyin, initials, English). Uses ICU; import
 * only. */
tq_status tq_search_build(const tq_city *city, tq_search *search, tq_search_data *data,
                          tq_err *err);
void tq_search_data_free(tq_search_data *data);
tq_status tq_search_verify(const tq_city *city, tq_err *err);

#include "city/ondemand.h"
#include "city/overlay.h"

#endif
