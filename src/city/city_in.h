/*
 * The layout of a city file, once, as a table: writer, reader and docs follow it.
 *
 * A file is a 64-byte head, a table of sections, and the sections, each aligned to 64 bytes. The
 * section "counts" holds all scalars; every other section is one array whose length follows from
 * them.
 */
#ifndef TQ_CITY_IN_H
#define TQ_CITY_IN_H

#include "city/city.h"

#define CITY_MAGIC        "TONGQU\r\n"
#define CITY_FORMAT       2u
#define CITY_ENDIAN_MARK  0x0a0b0c0du
#define CITY_ALIGN        64u
#define CITY_SECTIONS_MAX 160u

typedef struct city_head {
    char magic[8];
    uint32_t format, endian_mark;
    uint32_t section_count, head_bytes; /* head_bytes: head and section table */
    uint64_t file_len;
    uint64_t checksum; /* of the head with this field 0, and the section table */
    uint8_t spare[24];
} city_head;
_Static_assert(sizeof(city_head) == 64, "on disk");

typedef struct city_section {
    char tag[16]; /* NUL-padded */
    uint64_t offset, len;
    uint32_t element_size, spare;
    uint64_t checksum;
} city_section;
_Static_assert(sizeof(city_section) == 48, "on disk");

/* Tables, an item or a few a line. */
/* clang-format off */

#define CITY_HIERARCHY_SCALARS(X, h)                                                               \
    X(h.vertex_count) X(h.link_count) X(h.up_count) X(h.down_count) X(h.copy_count)                \
    X(h.front_count) X(h.run_count)

/* All uint32 scalars, in file order. */
#define CITY_SCALARS(X)                                                                            \
    X(text_len) X(meta_count) X(taxi_count) X(dates.count) X(zone.count)                           \
    X(streets.node_count) X(streets.edge_count) X(streets.point_count) X(streets.attr_count)       \
    X(streets.name_count) X(streets.turn_count) X(streets.via_count) X(streets.grid_cells)         \
    X(streets.grid_items) X(streets.grid.cell_e7) X(streets.grid.columns) X(streets.grid.rows)     \
    X(conditions.count) X(conditions.clause_count) X(conditions.rule_set_count)                    \
    X(conditions.rule_count) X(conditions.ban_set_count) X(conditions.ban_count) X(vehicles.count) \
    CITY_HIERARCHY_SCALARS(X, hierarchy[0]) CITY_HIERARCHY_SCALARS(X, hierarchy[1])                \
    X(walk[0].vertex_count) X(walk[0].core_count) X(walk[0].core_arc_count) X(walk[0].up_arc_count)\
    X(walk[1].vertex_count) X(walk[1].core_count) X(walk[1].core_arc_count) X(walk[1].up_arc_count)\
    X(timetable.stop_count) X(timetable.agency_count) X(timetable.route_count)                     \
    X(timetable.pattern_count) X(timetable.pattern_stop_count) X(timetable.profile_count)          \
    X(timetable.stop_time_count) X(timetable.trip_count) X(timetable.frequency_count)              \
    X(timetable.transfer_count) X(timetable.service_count) X(timetable.day_count)                  \
    X(timetable.day_words) X(timetable.shape_point_count) X(timetable.child_count)                 \
    X(fares.tariff_count) X(fares.step_count) X(places.count) X(places.alias_count)                \
    X(places.grid_cells) X(places.grid_items) X(places.grid.cell_e7) X(places.grid.columns)        \
    X(places.grid.rows) X(search.key_count) X(search.gram_count) X(search.posting_count)           \
    X(search.text_len) X(works.count) X(tables.count) X(tables.column_count) X(tables.cell_count)

/* Scalars that are int32. */
#define CITY_SIGNED_SCALARS(X)                                                                     \
    X(timetable.base_day) X(streets.grid.south_e7) X(streets.grid.west_e7)                         \
    X(places.grid.south_e7) X(places.grid.west_e7)

#define STREET_NODES(c) (c)->streets.node_count
#define ARCS(c)         ((size_t)(c)->streets.edge_count * 2)

#define CITY_HIERARCHY_SECTIONS(X, name, h)                                                        \
    X(name ".arc_vertex", h.vertex_of_arc, ARCS(c))                                                \
    X(name ".vertex_arc", h.arc_of_vertex, c->h.vertex_count)                                      \
    X(name ".copy", h.copy_vertex, c->h.copy_count)                                                \
    X(name ".first_link", h.first_link, (size_t)c->h.vertex_count + 1)                             \
    X(name ".link_head", h.link_head, c->h.link_count)                                             \
    X(name ".link", h.link, c->h.link_count)                                                       \
    X(name ".up_of_link", h.up_of_link, c->h.link_count)                                           \
    X(name ".parent", h.parent, c->h.vertex_count)                                                 \
    X(name ".depth", h.depth, c->h.vertex_count)                                                   \
    X(name ".first_up", h.first_up, (size_t)c->h.vertex_count + 1)                                 \
    X(name ".up_head", h.up_head, c->h.up_count)                                                   \
    X(name ".up_depth", h.up_depth, c->h.up_count)                                                 \
    X(name ".first_down", h.first_down, (size_t)c->h.vertex_count + 1)                             \
    X(name ".down", h.down, c->h.down_count)                                                       \
    X(name ".front", h.front_first, (size_t)c->h.front_count + 1)                                  \
    X(name ".front_parent", h.front_parent, c->h.front_count)                                      \
    X(name ".first_run", h.first_run, (size_t)c->h.front_count + 1)                                \
    X(name ".run", h.run, c->h.run_count)

#define CITY_WALK_SECTIONS(X, name, w)                                                             \
    X(name ".vertex", w.vertex_of_node, STREET_NODES(c))                                           \
    X(name ".first_core", w.first_core, (size_t)c->w.core_count + 1)                               \
    X(name ".core_head", w.core_head, c->w.core_arc_count)                                         \
    X(name ".core_dm", w.core_dm, c->w.core_arc_count)                                             \
    X(name ".first_up", w.first_up, (size_t)(c->w.vertex_count - c->w.core_count) + 1)             \
    X(name ".up_head", w.up_head, c->w.up_arc_count)                                               \
    X(name ".up_dm", w.up_dm, c->w.up_arc_count)

/* X(tag, array, length); `c` is the city. */
#define CITY_SECTIONS(X)                                                                           \
    X("text", text, c->text_len)                                                                   \
    X("meta", meta, c->meta_count)                                                                 \
    X("dates", dates.row, c->dates.count)                                                          \
    X("zone.from", zone.from_s, c->zone.count)                                                     \
    X("zone.offset", zone.offset_s, c->zone.count)                                                 \
    X("st.node", streets.node_at, c->streets.node_count)                                           \
    X("st.first_out", streets.first_out, (size_t)c->streets.node_count + 1)                        \
    X("st.out_arc", streets.out_arc, ARCS(c))                                                      \
    X("st.from", streets.edge_from, c->streets.edge_count)                                         \
    X("st.to", streets.edge_to, c->streets.edge_count)                                             \
    X("st.length", streets.edge_length_dm, c->streets.edge_count)                                  \
    X("st.first_point", streets.edge_first_point, (size_t)c->streets.edge_count + 1)               \
    X("st.point", streets.point, c->streets.point_count)                                           \
    X("st.edge_attr", streets.edge_attr, c->streets.edge_count)                                    \
    X("st.edge_name", streets.edge_name, c->streets.edge_count)                                    \
    X("st.edge_date", streets.edge_date, c->streets.edge_count)                                    \
    X("st.edge_way", streets.edge_way, c->streets.edge_count)                                      \
    X("st.attr", streets.attr, c->streets.attr_count)                                              \
    X("st.name", streets.name, c->streets.name_count)                                              \
    X("st.turn", streets.turn, c->streets.turn_count)                                              \
    X("st.via", streets.via_edge, c->streets.via_count)                                            \
    X("st.grid_first", streets.grid.first, (size_t)c->streets.grid_cells + 1)                      \
    X("st.grid_item", streets.grid.item, c->streets.grid_items)                                    \
    X("cd.first", conditions.first_clause, (size_t)c->conditions.count + 1)                        \
    X("cd.text", conditions.text, c->conditions.count)                                             \
    X("cd.clause", conditions.clause, c->conditions.clause_count)                                  \
    X("cd.first_rule", conditions.first_rule, (size_t)c->conditions.rule_set_count + 1)            \
    X("cd.rule", conditions.rule, c->conditions.rule_count)                                        \
    X("cd.first_ban", conditions.first_ban, (size_t)c->conditions.ban_set_count + 1)               \
    X("cd.ban", conditions.ban, c->conditions.ban_count)                                           \
    X("vehicles", vehicles.row, c->vehicles.count)                                                 \
    CITY_HIERARCHY_SECTIONS(X, "hm", hierarchy[0])                                                 \
    CITY_HIERARCHY_SECTIONS(X, "ha", hierarchy[1])                                                 \
    CITY_WALK_SECTIONS(X, "wa", walk[0])                                                           \
    CITY_WALK_SECTIONS(X, "ws", walk[1])                                                           \
    X("tt.stop", timetable.stop, c->timetable.stop_count)                                          \
    X("tt.agency", timetable.agency, c->timetable.agency_count)                                    \
    X("tt.route", timetable.route, c->timetable.route_count)                                       \
    X("tt.pat_route", timetable.pattern_route, c->timetable.pattern_count)                         \
    X("tt.pat_first", timetable.pattern_first, (size_t)c->timetable.pattern_count + 1)             \
    X("tt.pat_stop", timetable.pattern_stop, c->timetable.pattern_stop_count)                      \
    X("tt.pat_flags", timetable.pattern_flags, c->timetable.pattern_stop_count)                    \
    X("tt.pat_along", timetable.pattern_along_m, c->timetable.pattern_stop_count)                  \
    X("tt.pat_shape", timetable.pattern_shape_at, c->timetable.pattern_stop_count)                 \
    X("tt.pat_dir", timetable.pattern_direction, c->timetable.pattern_count)                       \
    X("tt.prof_first", timetable.profile_first, (size_t)c->timetable.profile_count + 1)            \
    X("tt.stop_time", timetable.stop_time, c->timetable.stop_time_count)                           \
    X("tt.trip", timetable.trip, c->timetable.trip_count)                                          \
    X("tt.pat_trip", timetable.pattern_first_trip, (size_t)c->timetable.pattern_count + 1)         \
    X("tt.frequency", timetable.frequency, c->timetable.frequency_count)                           \
    X("tt.transfer", timetable.transfer, c->timetable.transfer_count)                              \
    X("tt.days", timetable.service_days,                                                           \
      (size_t)c->timetable.service_count * c->timetable.day_words)                                 \
    X("tt.service", timetable.service_id, c->timetable.service_count)                              \
    X("tt.shape", timetable.shape_point, c->timetable.shape_point_count)                           \
    X("tt.child_first", timetable.child_first, (size_t)c->timetable.stop_count + 1)                \
    X("tt.child", timetable.child, c->timetable.child_count)                                       \
    X("tt.stop_pat1", timetable.stop_first_pattern, (size_t)c->timetable.stop_count + 1)           \
    X("tt.stop_pat", timetable.stop_pattern, c->timetable.pattern_stop_count)                      \
    X("tt.stop_place", timetable.stop_place, c->timetable.pattern_stop_count)                      \
    X("fa.tariff", fares.tariff, c->fares.tariff_count)                                            \
    X("fa.step", fares.step, c->fares.step_count)                                                  \
    X("fa.taxi", fares.taxi, c->taxi_count)                                                        \
    X("pl.row", places.row, c->places.count)                                                       \
    X("pl.alias", places.alias, c->places.alias_count)                                             \
    X("pl.grid_first", places.grid.first, (size_t)c->places.grid_cells + 1)                        \
    X("pl.grid_item", places.grid.item, c->places.grid_items)                                      \
    X("se.key_place", search.key_place, c->search.key_count)                                       \
    X("se.key_text", search.key_text, c->search.key_count)                                         \
    X("se.key_why", search.key_why, c->search.key_count)                                           \
    X("se.gram", search.gram, c->search.gram_count)                                                \
    X("se.gram_first", search.gram_first, (size_t)c->search.gram_count + 1)                        \
    X("se.posting", search.posting, c->search.posting_count)                                       \
    X("se.text", search.text, c->search.text_len)                                                  \
    X("works", works.row, c->works.count)                                                          \
    X("tb.table", tables.table, c->tables.count)                                                   \
    X("tb.column", tables.column, c->tables.column_count)                                          \
    X("tb.cell", tables.cell, c->tables.cell_count)

/* clang-format on */

#define CITY_COUNT_ONE(field) +1
#define CITY_SCALAR_COUNT     (0 CITY_SCALARS(CITY_COUNT_ONE) CITY_SIGNED_SCALARS(CITY_COUNT_ONE))

/** Checksum of the head (its own field taken as 0) and the section table behind it. */
uint64_t city_head_checksum(const city_head *head, const city_section *section);

/* Checks of one part each; `tag` names the part in the error. city_verify_*.c */
tq_status city_verify_streets(const tq_city *city, tq_err *err);
tq_status city_verify_conditions(const tq_city *city, tq_err *err);
tq_status city_verify_vehicles(const tq_city *city, tq_err *err);
tq_status city_verify_hierarchy(const tq_city *city, tq_hierarchy_kind kind, tq_err *err);
tq_status city_verify_walk(const tq_city *city, tq_walk_kind kind, tq_err *err);
tq_status city_verify_timetable(const tq_city *city, tq_err *err);
tq_status city_verify_places(const tq_city *city, tq_err *err);
/** Are a clause's times, dates and marks in range? */
bool city_clause_sound(const tq_clause *clause);

/** first[0] == 0, ascending, first[count] == total. */
bool city_ranges_hold(const uint32_t *first, size_t count, size_t total);
/** All values < limit, or == TQ_NONE where `none` allows it. */
typedef enum city_none { CITY_NO_NONE, CITY_NONE_OK } city_none;
bool city_indices_hold(const uint32_t *value, size_t count, size_t limit, city_none none);
/** The grid's shape and lists hold for `count` items. */
bool city_grid_holds(const tq_grid *grid, uint32_t cells, uint32_t items, uint32_t count);

tq_status city_bad(tq_err *err, const char *part, const char *what);
#define CITY_CHECK(cond, part, what)                                                               \
    do {                                                                                           \
        if (!(cond)) return city_bad(err, part, what);                                             \
    } while (0)

#endif
