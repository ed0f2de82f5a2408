/*
 * Private to import: the street network under construction.
 *
 * import_osm and import_streets_csv fill one import_network; import_link_stops cuts its edges at
 * stops, renumbers it and freezes it into build->city.streets. Nodes are in order of first
 * appearance until then.
 *
 * Invariants: no edge has from == to; length_dm >= 1 but for TQ_BARRIER edges (0); length_dm of an
 * edge is the sum of tq_distance_dm over its pieces when first added, and parts of a cut edge sum
 * to the whole.
 */
#ifndef TQ_IMPORT_STREETS_IN_H
#define TQ_IMPORT_STREETS_IN_H

#include "tongqu/place.h"

#include "import/import.h"
#include "wire/wire.h"

/* ---- limits --------------------------------------------------------------------------------- */

#define TQ_STREETS_CSV_ROWS_MAX  200000u /* rows of one streets.csv */
#define TQ_STREETS_COURSE_MAX    2000u   /* points of one row */
#define TQ_STREETS_PIECE_MAX_M   50000u  /* between two neighbouring points of a row */
#define TQ_STREETS_CSV_BYTES_MAX (256u << 20)
#define TQ_STREETS_EDGES_MAX     (1u << 30)
#define TQ_OSM_XML_BYTES_MAX     (384u << 20) /* OSM XML after gunzip; larger extracts come as PBF */
#define TQ_OSM_NODE_REFS_MAX     (1u << 30)   /* node references of all streets and places */
/* A small file must not fill the memory. Twelve extracts of cities unpack to 1.5 to 3 times their
 * size, and 0.3 to 4 times their size is kept. */
#define TQ_OSM_UNPACKED_FREE  ((uint64_t)64 << 20) /* bytes that any file may unpack to */
#define TQ_OSM_UNPACKED_RATIO 64u                  /* and so many a byte of the file more */
#define TQ_OSM_KEPT_FREE      ((uint64_t)8 << 20)  /* bytes of ways, nodes, names of any file */
#define TQ_OSM_KEPT_RATIO     16u                  /* and so many a byte of the file more */
#define TQ_TURN_MEMBERS_MAX   16u  /* from, via or to members of one turn restriction */
#define TQ_STOP_REACH_M       500u /* a stop farther from every walkable street is not linked */
#define TQ_STOP_REUSE_DM      10u  /* a stop this near to a node along its edge uses the node */
#define TQ_ISLAND_DM                                                                               \
    5000u /* a walkable part shorter than this is linked to only for want of others */
#define TQ_NAME_RUN_M         1000u /* pieces of one name nearer than this are one street */
#define TQ_STREET_GRID_CELL_M 200u

/* ---- the network ---------------------------------------------------------------------------- */

/* Names of a street; texts. The last three hold values as read, several separated by ';'. */
typedef struct import_name {
    uint32_t name, name_en, ref, alt, old, official;
} import_name;

typedef struct import_edge {
    int64_t way;
    uint32_t from, to, first_point, point_count, length_dm, attr, name, date;
} import_edge;

typedef struct import_turn {
    uint32_t from_edge, to_edge;
    uint32_t
        start_node; /* where from_edge ends: the via node, or the first end of the first via edge */
    uint32_t first_via, via_count; /* into vias */
    uint32_t only;
    uint32_t banned;    /* TQ_ACCESS_ mask that it binds */
    uint32_t condition; /* row of conditions */
} import_turn;

/* What stands at a node. */
#define IMPORT_NODE_TURNING  1u /* room to turn round: turning circle or loop, mini roundabout */
#define IMPORT_NODE_SIGNAL   2u /* signals for every direction; others are flags of the edges */
#define IMPORT_NODE_STOP     4u /* a stop sign at the crossing itself */
#define IMPORT_NODE_GIVE_WAY 8u

/* Hash index over rows of a growing array, so that equal rows share one index. */
typedef struct import_rows {
    uint32_t *slot;
    size_t slots, used;
} import_rows;

typedef struct import_network {
    TQ_VEC(tq_point) nodes;
    TQ_VEC(uint8_t) node_flags; /* [nodes], IMPORT_NODE_ */
    TQ_VEC(tq_point) points;
    TQ_VEC(import_edge) edges;
    TQ_VEC(tq_street_attr) attrs;
    TQ_VEC(import_name) names; /* row 0 is nameless */
    TQ_VEC(import_turn) turns;
    TQ_VEC(uint32_t) vias;
    import_rows attr_rows, name_rows;
} import_network;

/** The build's network, made on first use; NULL = no memory. */
import_network *import_network_of(tq_build *build);
/** Index of an equal row, added if new; TQ_NONE = no memory. */
uint32_t import_attr_row(import_network *network, const tq_street_attr *attr);
uint32_t import_name_row(import_network *network, const import_name *name);
uint32_t import_add_node(import_network *network, tq_point at);
/**
 * Add an edge along `point` (both ends included); its length is the sum over the pieces. A closed
 * course becomes two edges, one without extent none. *edge is the (first) new edge, TQ_NONE when
 * there is none.
 */
tq_status import_add_course(import_network *network, const import_edge *like, const tq_point *point,
                            uint32_t count, uint32_t *edge, tq_err *err);
/** The same row seen against its direction. */
tq_street_attr import_attr_reversed(const tq_street_attr *attr);
/** Points of an edge with both ends, pushed to `out` (room is made). */
typedef TQ_VEC(tq_point) import_points;
bool import_edge_points(const import_network *network, uint32_t edge, import_points *out);
tq_status import_no_memory(tq_err *err);
bool import_in_chinese_zone(const tq_build *build);

/** Cut edges at stops and set stop.node, stop.link_dm. */
tq_status import_cut_at_stops(tq_build *build, import_network *network, tq_err *err);
/** Renumber and freeze into build->city.streets. edge_name rows equal import_name rows. */
tq_status import_freeze_streets(tq_build *build, import_network *network, tq_err *err);
/** Named streets -> build->places, one a cluster; needs the frozen streets. */
tq_status import_name_streets(tq_build *build, const import_network *network, tq_err *err);

/** Append aliases: each ';'-separated item of `values` that differs from `name`. False on no
 * memory. */
bool import_add_aliases(tq_build *build, tq_place_row *place, const char *values,
                        tq_alias_kind kind);

/* ---- class defaults (streets_class.c) ------------------------------------------------------- */

/** Class of OSM's highway value; false when it is no street. */
bool import_street_class(tq_str highway, tq_street_class *street_class);
const char *import_street_class_name(tq_street_class street_class);
uint8_t import_class_access(tq_street_class street_class);
uint8_t import_class_speed(tq_street_class street_class, bool china);

/* ---- tags (osm_keys.c, osm_way_tags.c, osm_access.c, osm_node_tags.c) ----------------------- */

/* Ascending by text: found by binary search. */
/* clang-format off */
#define OSM_KEYS(X)                                                                       \
    X(ACCESS, "access")                                                                   \
    X(ADDR_CITY, "addr:city")                                                             \
    X(ADDR_DISTRICT, "addr:district")                                                     \
    X(ADDR_NUMBER, "addr:housenumber")                                                    \
    X(ADDR_PLACE, "addr:place")                                                           \
    X(ADDR_STREET, "addr:street")                                                         \
    X(ADDR_SUBURB, "addr:suburb")                                                         \
    X(AEROWAY, "aeroway")                                                                 \
    X(ALT_NAME, "alt_name")                                                               \
    X(AMENITY, "amenity")                                                                 \
    X(AREA, "area")                                                                       \
    X(BARRIER, "barrier")                                                                 \
    X(BICYCLE, "bicycle")                                                                 \
    X(BOLLARD, "bollard")                                                                 \
    X(BRIDGE, "bridge")                                                                   \
    X(BUS, "bus")                                                                         \
    X(BUSWAY, "busway")                                                                   \
    X(BUSWAY_LEFT, "busway:left")                                                         \
    X(BUSWAY_RIGHT, "busway:right")                                                       \
    X(CONSTRUCTION, "construction")                                                       \
    X(CONSTRUCTION_HIGHWAY, "construction:highway")                                       \
    X(CONVEYING, "conveying")                                                             \
    X(CRAFT, "craft")                                                                     \
    X(CROSSING, "crossing")                                                               \
    X(CROSSING_MARKINGS, "crossing:markings")                                             \
    X(CROSSING_SIGNALS, "crossing:signals")                                               \
    X(CYCLEWAY, "cycleway")                                                               \
    X(CYCLEWAY_BOTH, "cycleway:both")                                                     \
    X(CYCLEWAY_BOTH_ONEWAY, "cycleway:both:oneway")                                       \
    X(CYCLEWAY_LEFT, "cycleway:left")                                                     \
    X(CYCLEWAY_LEFT_ONEWAY, "cycleway:left:oneway")                                       \
    X(CYCLEWAY_RIGHT, "cycleway:right")                                                   \
    X(CYCLEWAY_RIGHT_ONEWAY, "cycleway:right:oneway")                                     \
    X(DAY_OFF, "day_off")                                                                 \
    X(DAY_ON, "day_on")                                                                   \
    X(DIRECTION, "direction")                                                             \
    X(EMERGENCY, "emergency")                                                             \
    X(EST_WIDTH, "est_width")                                                             \
    X(EXCEPT, "except")                                                                   \
    X(FOOT, "foot")                                                                       \
    X(FOOTWAY, "footway")                                                                 \
    X(GOODS, "goods")                                                                     \
    X(HAZMAT, "hazmat")                                                                   \
    X(HEALTHCARE, "healthcare")                                                           \
    X(HGV, "hgv")                                                                         \
    X(HIGHWAY, "highway")                                                                 \
    X(HISTORIC, "historic")                                                               \
    X(HOUR_OFF, "hour_off")                                                               \
    X(HOUR_ON, "hour_on")                                                                 \
    X(INCLINE, "incline")                                                                 \
    X(JUNCTION, "junction")                                                               \
    X(KERB, "kerb")                                                                       \
    X(LANES, "lanes")                                                                     \
    X(LAYER, "layer")                                                                     \
    X(LEISURE, "leisure")                                                                 \
    X(LIT, "lit")                                                                         \
    X(LOCKED, "locked")                                                                   \
    X(MAN_MADE, "man_made")                                                               \
    X(MAXAXLELOAD, "maxaxleload")                                                         \
    X(MAXHEIGHT, "maxheight")                                                             \
    X(MAXHEIGHT_PHYSICAL, "maxheight:physical")                                           \
    X(MAXLENGTH, "maxlength")                                                             \
    X(MAXSPEED, "maxspeed")                                                               \
    X(MAXSPEED_TYPE, "maxspeed:type")                                                     \
    X(MAXWEIGHT, "maxweight")                                                             \
    X(MAXWIDTH, "maxwidth")                                                               \
    X(MAXWIDTH_PHYSICAL, "maxwidth:physical")                                             \
    X(MOTOR_VEHICLE, "motor_vehicle")                                                     \
    X(MOTORCAR, "motorcar")                                                               \
    X(MOTORROAD, "motorroad")                                                             \
    X(NAME, "name")                                                                       \
    X(NAME_EN, "name:en")                                                                 \
    X(NAME_ZH, "name:zh")                                                                 \
    X(OFFICE, "office")                                                                   \
    X(OFFICIAL_NAME, "official_name")                                                     \
    X(OLD_NAME, "old_name")                                                               \
    X(ONEWAY, "oneway")                                                                   \
    X(ONEWAY_BICYCLE, "oneway:bicycle")                                                   \
    X(ONEWAY_BUS, "oneway:bus")                                                           \
    X(ONEWAY_PSV, "oneway:psv")                                                           \
    X(ONEWAY_TAXI, "oneway:taxi")                                                         \
    X(OPENING_DATE, "opening_date")                                                       \
    X(PATH, "path")                                                                       \
    X(PLACE, "place")                                                                     \
    X(PROPOSED, "proposed")                                                               \
    X(PROPOSED_HIGHWAY, "proposed:highway")                                               \
    X(PSV, "psv")                                                                         \
    X(PUBLIC_TRANSPORT, "public_transport")                                               \
    X(RAILWAY, "railway")                                                                 \
    X(RAMP_WHEELCHAIR, "ramp:wheelchair")                                                 \
    X(REF, "ref")                                                                         \
    X(RESTRICTION, "restriction")                                                         \
    X(ROUTE, "route")                                                                     \
    X(SAC_SCALE, "sac_scale")                                                             \
    X(SERVICE, "service")                                                                 \
    X(SHOP, "shop")                                                                       \
    X(SHORT_NAME, "short_name")                                                           \
    X(SMOOTHNESS, "smoothness")                                                           \
    X(SOURCE_MAXSPEED, "source:maxspeed")                                                 \
    X(STATION, "station")                                                                 \
    X(SURFACE, "surface")                                                                 \
    X(TAXI, "taxi")                                                                       \
    X(TOLL, "toll")                                                                       \
    X(TOURISM, "tourism")                                                                 \
    X(TRACKTYPE, "tracktype")                                                             \
    X(TRAFFIC_SIGNALS_DIRECTION, "traffic_signals:direction")                             \
    X(TUNNEL, "tunnel")                                                                   \
    X(TURN_LANES, "turn:lanes")                                                           \
    X(TYPE, "type")                                                                       \
    X(VEHICLE, "vehicle")                                                                 \
    X(WHEELCHAIR, "wheelchair")                                                           \
    X(WIDTH, "width")                                                                     \
    X(ZONE_MAXSPEED, "zone:maxspeed")
/* clang-format on */

typedef enum osm_key {
#define OSM_KEY_ENUM(name, text) OSM_##name,
    OSM_KEYS(OSM_KEY_ENUM)
#undef OSM_KEY_ENUM
        OSM_KEY_COUNT
} osm_key;

typedef enum osm_side { OSM_BOTH, OSM_FORWARD, OSM_BACKWARD, OSM_SIDE_COUNT } osm_side;

/* Values of the known keys of one element; `KEY:forward` and `KEY:backward` have a side. */
typedef struct osm_values {
    tq_str at[OSM_SIDE_COUNT][OSM_KEY_COUNT]; /* .at NULL = not tagged */
    uint16_t set[OSM_SIDE_COUNT * OSM_KEY_COUNT];
    uint32_t set_count;
    const tq_osm_tag *tag; /* all of them */
    uint32_t tag_count;
} osm_values;

/** Take the tags of an element; `values` must be zeroed before its first use. */
void osm_values_take(osm_values *values, const tq_osm_tag *tag, uint32_t tag_count);
static inline tq_str osm_value(const osm_values *values, osm_key key)
{
    return values->at[OSM_BOTH][key];
}
static inline bool osm_has(const osm_values *values, osm_key key)
{
    return values->at[OSM_BOTH][key].at != NULL;
}
static inline bool osm_is(const osm_values *values, osm_key key, const char *text)
{
    return tq_str_is(values->at[OSM_BOTH][key], text);
}
/** Is the value one of a NULL-ended list? */
bool osm_one_of(tq_str value, const char *const *list);

/* What a tag says about one mode. */
typedef enum osm_grant { OSM_SILENT, OSM_DENY, OSM_ALLOW, OSM_ALLOW_DESTINATION } osm_grant;
osm_grant osm_grant_of(tq_str value);

/* Access per direction, in the way's own direction until osm_street_of turns it. */
typedef struct osm_access {
    uint8_t mask[2];
    uint8_t destination[2]; /* of these, who may come for the last metres only */
} osm_access;
/** Is a thing with this access for the last metres only: where cars go, for cars; else for walkers.
 */
bool osm_last_metres(const osm_access *access);
/** Change `access` by the access keys of one side of an element, general ones first. */
void osm_apply_access(const osm_values *values, osm_side side, osm_access *access);
/** Change it by oneway and its exceptions; *reversed: the way is to be turned round. */
void osm_apply_oneway(const osm_values *values, tq_street_class street_class, osm_access *access,
                      bool *reversed);

/** Modes that a plain key more special than `rank` speaks of (0 access .. 4 bus, taxi, hgv). */
unsigned osm_modes_above(const osm_values *values, unsigned rank);
/** Modes that may go against a oneway street. */
unsigned osm_modes_against(const osm_values *values);

/* A street way as its tags tell. */
typedef struct osm_street {
    tq_street_attr attr;    /* without texts and rules; along the turned way */
    uint8_t destination[2]; /* as osm_access, along the turned way */
    tq_str turn_lanes[2];   /* along the turned way */
    bool reversed;
    tq_life life;
    tq_str opening_date;
} osm_street;
/** Is it a street, and which; false for other ways. */
bool osm_street_of(const osm_values *values, bool china, osm_street *out);
/** Signed speed in km/h, 0 = none given or not understood. */
uint8_t osm_speed_kmh(tq_str value, bool china);
uint8_t osm_kerb_of(tq_str value); /* tq_kerb */
/** Length in centimetres, weight in 10 kg; 0 = none given or not understood. */
uint16_t osm_length_cm(tq_str value);
uint16_t osm_weight_10kg(tq_str value);
/**
 * Rules that make the last-metres flag of a row right for every mode: at most
 * OSM_DESTINATION_RULES; returns how many.
 */
unsigned osm_destination_rules(const uint8_t access[2], const uint8_t destination[2], bool flag,
                               tq_rule *out);
/** Append all conditional tags, one «key=value» a line. */
void osm_conditions(const osm_values *values, tq_buf *out);

/* What a node does to the streets through it. */
typedef struct osm_node_mark {
    uint8_t blocked;     /* TQ_ACCESS_ mask that cannot pass */
    uint8_t destination; /* who passes for the last metres only */
    uint8_t flags;       /* IMPORT_NODE_ */
    uint8_t signal;      /* 1 for those along the way, 2 for those against it, 3 both */
    uint8_t kerb;        /* tq_kerb, when wheels must climb it */
    bool gate;           /* one stops here, or drives slowly */
    uint16_t max_height_cm, max_width_cm;
    uint32_t rules; /* row of rule sets: conditional tags of a barrier */
} osm_node_mark;
bool osm_mark_of(const osm_values *values, osm_node_mark *out);
/** Does it need edges of its own between the streets that meet there? */
bool osm_mark_parts(const osm_node_mark *mark);

/* A named thing or an address. */
typedef struct osm_named {
    tq_place_kind kind;
    tq_str category;
    uint8_t weight;
} osm_named;
bool osm_named_of(const osm_values *values, osm_named *out);
/** «Street 12», or «街道12号»; false when there is no house number. */
bool osm_address_of(const osm_values *values, tq_buf *out);

/* ---- reading (osm_read.c -> osm_ways.c) ----------------------------------------------------- */

/* A street way; ref positions are into osm_data.refs. */
typedef struct osm_way {
    int64_t id;
    uint32_t first_ref, ref_count, attr, name, date;
} osm_way;

/* Where a restricted turn leads, by its name. */
typedef enum osm_turn_kind {
    OSM_TURN_ANY, /* no_entry, no_exit: the members alone tell */
    OSM_TURN_LEFT,
    OSM_TURN_RIGHT,
    OSM_TURN_STRAIGHT,
    OSM_TURN_BACK
} osm_turn_kind;

/* A restriction as read: member ids stand in osm_data.members in the order from, via ways, to. */
typedef struct osm_turn {
    int64_t via_node; /* when via_count is 0 */
    uint32_t first_member, from_count, via_count, to_count;
    uint32_t only, banned, condition; /* condition: text until joined, then its row */
    uint32_t kind;                    /* osm_turn_kind */
} osm_turn;

typedef struct osm_marked {
    uint32_t node;                   /* place in osm_data.node_id */
    uint32_t first_rule, rule_count; /* of its part; joined into mark.rules */
    osm_node_mark mark;
} osm_marked;

typedef struct osm_data {
    TQ_VEC(osm_way) ways; /* ascending by id */
    TQ_VEC(int64_t) refs; /* of streets, then of places */
    TQ_VEC(osm_turn) turns;
    TQ_VEC(int64_t) members;
    uint32_t node_count;
    int64_t *node_id;         /* [node_count] ascending */
    uint32_t *ref_node;       /* [refs.count] */
    tq_point *node_at;        /* [node_count] */
    uint8_t *node_known;      /* [node_count] 1: position was read */
    TQ_VEC(osm_marked) marks; /* ascending by node, one each */
} osm_data;

/** Place of a node id, TQ_NONE if no street or place uses it. */
uint32_t osm_node_of(const osm_data *data, int64_t id);
/** Ways and nodes -> edges and turns of the network. */
tq_status osm_build_network(tq_build *build, osm_data *data, tq_err *err);

/* Pieces of ways between kept nodes, before folding. */
typedef struct osm_piece {
    uint32_t way, first, last; /* positions in refs, first < last */
    uint32_t edge;             /* of the network; TQ_NONE when it has no extent */
} osm_piece;

typedef struct osm_pieces {
    TQ_VEC(osm_piece) all;
    uint32_t *first_of_way; /* [ways + 1] */
    uint32_t *node_of;      /* [data node_count], node of the network or TQ_NONE */
} osm_pieces;
/** Restrictions of `data` -> network->turns. */
tq_status osm_resolve_turns(tq_build *build, const osm_data *data, const osm_pieces *pieces,
                            import_network *network, tq_err *err);

#endif
