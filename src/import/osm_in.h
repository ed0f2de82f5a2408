/*
 * Private to import: an import of OpenStreetMap files while it runs (osm_read.c, osm_files.c,
 * osm_join.c).
 */
#ifndef TQ_IMPORT_OSM_IN_H
#define TQ_IMPORT_OSM_IN_H

#include <stdatomic.h>

#include "import/conditions_in.h"
#include "import/streets_in.h"

/* ---- rules of one way (osm_rules.c) -------------------------------------------------------- */

#define OSM_RULES_MAX         48u /* of one way */
#define OSM_DESTINATION_RULES 6u
#define OSM_EFFECT_UNKNOWN    255u /* a value that is not understood: only reported */

typedef struct osm_rule {
    uint8_t rank, effect, access, directions, kmh;
    uint32_t condition, condition_len; /* in osm_rules.text; no length = always */
    tq_str key, value;                 /* as read */
} osm_rule;

/* Later rules win. Zero before its first use, and free the text. A sign that conditions lift moves
 * from the street's attributes into the rules. */
typedef struct osm_rules {
    uint32_t count, left_out;
    osm_rule rule[OSM_RULES_MAX];
    tq_buf text;
} osm_rules;
void osm_rules_of(const osm_values *values, bool china, osm_street *street, osm_rules *out);

/* ---- restrictions of one relation (osm_turn_tags.c) ------------------------------------------ */

/* Called for each; the turn has its modes, kind and `only`. False stops (no memory). */
typedef bool (*osm_turn_sink)(void *user, const osm_turn *turn, tq_str condition);
bool osm_turns_of(const osm_values *values, tq_buf *scratch, osm_turn_sink sink, void *user);

/* ---- parts of files ------------------------------------------------------------------------- */

/* Texts of a part, as offsets into its own buffer, 0 = "". */
typedef struct raw_way {
    int64_t id;
    uint32_t first_ref, ref_count;
    tq_street_attr attr; /* conditions, turn_lanes: offsets; rules: 0 */
    uint32_t name, name_en, ref, alt, old, official, opening_date;
    uint32_t first_rule, rule_count;
    uint8_t life;
} raw_way;

typedef struct raw_rule {
    tq_rule rule;        /* condition: offset */
    uint32_t key, value; /* as read */
} raw_rule;

typedef struct raw_turn {
    int64_t id;
    osm_turn turn; /* condition: offset; first_member into the part */
} raw_turn;

typedef struct raw_place {
    tq_point at;
    uint32_t first_ref, ref_count; /* of a way; 0 = a node at `at` */
    uint32_t name, name_en, alt, old, official, short_name, zh, area, city, category;
    uint8_t kind, weight;
} raw_place;

typedef struct raw_node {
    uint32_t node;
    tq_point at;
} raw_node;

typedef struct osm_part {
    uint32_t file;
    bool is_xml;
    tq_pbf_blob blob;
    tq_status status;
    tq_err err;
    TQ_VEC(raw_way) ways;
    TQ_VEC(int64_t) refs;
    TQ_VEC(int64_t) place_refs;
    TQ_VEC(raw_rule) rules;
    TQ_VEC(raw_turn) turns;
    TQ_VEC(int64_t) members;
    TQ_VEC(raw_place) places;
    TQ_VEC(raw_node) nodes;
    TQ_VEC(osm_marked) marks;
    tq_buf texts;
    uint64_t node_count, way_count, relation_count, rules_left_out, turns_left_out;
    uint64_t counted; /* bytes of the above that are in the file's kept_bytes */
} osm_part;

typedef struct osm_file {
    char path[TQ_PATH_MAX];
    const char *name; /* as the settings say */
    tq_map map;
    char *inflated;
    tq_str bytes;
    bool is_xml;
    atomic_uint_fast64_t kept_bytes; /* by all parts, in both passes */
} osm_file;

typedef struct osm_import {
    tq_build *build;
    bool china;
    osm_file *file;
    uint32_t file_count, chunk_count;
    TQ_VEC(osm_part) parts;
    unsigned want;
    osm_data data;
} osm_import;

/** Map (or unpack) one file of the settings and find its parts. */
tq_status osm_open_file(osm_import *import, uint32_t index, tq_err *err);
/** First pass -> ways, turns, references and sorted node ids of import->data. */
tq_status osm_join_ways(osm_import *import, import_network *network, tq_err *err);
/** Second pass -> positions and marks. */
tq_status osm_join_nodes(osm_import *import, tq_err *err);
/** Named things and addresses -> build->places. */
tq_status osm_join_places(osm_import *import, tq_err *err);

#endif
