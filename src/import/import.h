/*
 * import: sources of a city folder -> one city file, with an honest report.
 *
 * Import-time types grow, are sorted and thrown away; the frozen arrays they turn into are in
 * city.h. Stages: settings (yaml) -> streets (osm, streets.csv) -> timetables (gtfs) -> stops cut
 * into streets -> places, gates, aliases, works, dates, fares (csv/geojson) -> hierarchies, walking
 * core, search index -> tq_city_write.
 */
#ifndef TQ_IMPORT_H
#define TQ_IMPORT_H

#include "city/city.h"

/* ---- settings: tongqu.yaml ----------------------------------------------------------------------
 */

#define TQ_SOURCES_MAX 64
typedef struct tq_settings {
    char id[64], name[128], name_en[128], timezone[64];
    char folder[TQ_PATH_MAX];
    /* sources, paths relative to the folder */
    char osm[TQ_SOURCES_MAX][512], gtfs[TQ_SOURCES_MAX][512], streets[TQ_SOURCES_MAX][512],
        places[TQ_SOURCES_MAX][512], aliases[TQ_SOURCES_MAX][512], works[TQ_SOURCES_MAX][512],
        dates[TQ_SOURCES_MAX][512], fares[TQ_SOURCES_MAX][512], rules[TQ_SOURCES_MAX][512];
    uint32_t osm_count, gtfs_count, streets_count, places_count, aliases_count, works_count,
        dates_count, fares_count, rules_count;
    bool bad_rows_stop;      /* import.bad_rows: skip | stop */
    uint32_t import_threads; /* 0 = one a core; not a key of the file */
    bool generated;          /* import.generated */
    char attribution[1024];
    uint32_t change_s, walk_mm_s[3], max_walk_m[3], bike_mm_s, taxi_wait_s, max_transfers,
        night_end_s;
    uint32_t walk_without_streets_m; /* straight-line walks between stops where there are no
                                        streets; 0 = none */
    /* server.* */
    char listen[64];
    uint32_t port, threads, max_connections, max_body_bytes, header_timeout_ms, idle_timeout_ms;
    tq_taxi_tariff taxi;
    char taxi_source[256];
} tq_settings;

/** Read and check tongqu.yaml of a city folder. An unknown key or a wrong unit is TQ_BAD_CONFIG
   with its line and the nearest known key. Empty source lists are filled by what lies in the
   folder. */
tq_status tq_settings_read(const char *folder, tq_settings *out, tq_err *err);
/** Write a tongqu.yaml with every key, its default and a comment. */
tq_status tq_settings_write(const char *folder, const tq_settings *settings, tq_err *err);
void tq_settings_default(tq_settings *settings);

/* ---- report -------------------------------------------------------------------------------------
 */

typedef enum tq_severity { TQ_NOTE, TQ_WARNING, TQ_DROPPED } tq_severity;
typedef struct tq_finding {
    tq_severity severity;
    uint32_t code, file, text; /* into the report's texts */
    uint32_t line;
    uint32_t count; /* how many alike; only the first few of a code are kept one by one */
} tq_finding;

/* What happened to the sources; text and JSON forms are made by the command. */
typedef struct tq_report tq_report;
tq_report *tq_report_new(void);
void tq_report_free(tq_report *report);
/** Add a finding: `code` is a stable word such as "unknown_stop"; the text names row and value. */
__attribute__((format(printf, 6, 7))) void tq_report_add(tq_report *report, tq_severity severity,
                                                         const char *code, const char *file,
                                                         uint32_t line, const char *format, ...);
/** Set a counter: ("gtfs.stop_times", 24158). */
void tq_report_count(tq_report *report, const char *name, uint64_t value);
void tq_report_json(const tq_report *report, tq_buf *out);
void tq_report_text(const tq_report *report, tq_buf *out);
uint64_t tq_report_dropped(const tq_report *report);

/* Called now and then from the importing thread; for progress bars. total 0 = unknown. */
typedef void (*tq_progress)(void *user, const char *stage, uint64_t done, uint64_t total);

/* ---- building blocks, one owner each
 * -------------------------------------------------------------- */

/* The text pool under construction: equal texts share one offset; "" is 0. */
typedef struct tq_texts tq_texts;
tq_texts *tq_texts_new(void);
void tq_texts_free(tq_texts *texts);
uint32_t tq_texts_add(tq_texts *texts, tq_str text); /* 0 on no memory sets failed */
bool tq_texts_failed(const tq_texts *texts);
const char *tq_texts_at(const tq_texts *texts, uint32_t text);
uint32_t tq_texts_len(const tq_texts *texts);
const char *tq_texts_all(const tq_texts *texts);

/* Rows of dates under construction: equal rows share one index; row 0 is open, always. */
typedef struct tq_date_rows tq_date_rows;

/* An alias that joins its place when the places are frozen. */
typedef struct tq_late_alias {
    uint32_t place, text, kind; /* row of build->places, text, tq_alias_kind */
} tq_late_alias;

/* Everything an import builds up; stages fill `city` with arrays that `pool` or malloc owns until
 * the end. */
typedef struct tq_build {
    const tq_settings *settings;
    tq_report *report;
    tq_texts *texts;
    tq_pool pool; /* frozen arrays live here */
    tq_city city; /* filled stage by stage */
    TQ_VEC(tq_date_row) dates;
    TQ_VEC(tq_late_alias) late_aliases; /* aliases added to any place later: tq_build_alias */
    TQ_VEC(void *) kept;                /* malloc'ed arrays that `city` points to: tq_build_keep */
    /* Named things found so far, appended to by every stage that finds some; import_tables merges
       them, the driver freezes them at the end. Stops, stations and streets are in it before
       import_tables. A place's aliases are aliases.at[first_alias .. first_alias + alias_count). */
    TQ_VEC(tq_place_row) places;
    TQ_VEC(tq_alias) aliases;
    struct import_network
        *network; /* streets under construction, NULL before the first; streets_in.h */
    struct import_conditions
        *conditions;            /* under construction, NULL before the first; conditions_in.h */
    TQ_VEC(uint8_t) node_flags; /* [street node_count] of frozen streets, IMPORT_NODE_ */
    tq_zone zone;
    tq_progress progress;
    void *progress_user;
    unsigned threads;
} tq_build;

/** Index of an equal row of dates, added if new; TQ_NONE on no memory. */
uint32_t tq_build_date(tq_build *build, tq_life life, int64_t from_ms, int64_t to_ms,
                       uint32_t source);
/** Give a place (row of build->places) one more alias; equal ones are kept once. False on no
 * memory. */
bool tq_build_alias(tq_build *build, uint32_t place, uint32_t text, tq_alias_kind kind);
/** Hand over a malloc'ed array (NULL is fine); it is freed with the build. False on no memory, then
 * it is freed. */
bool tq_build_keep(tq_build *build, void *memory);

/* Stages; each fills its part of build->city. */
tq_status import_osm(tq_build *build, tq_err *err); /* osm*.c: files -> raw streets, named places */
tq_status import_streets_csv(tq_build *build,
                             tq_err *err); /* streets_csv.c: the shipped table of main streets */
void import_streets_free(
    tq_build *build); /* drop an unfinished network; fine at any time, once or twice */
tq_status import_rules(tq_build *build,
                       tq_err *err); /* tables_rules.c: rules.csv -> rule sets of the streets */
tq_status import_gtfs(tq_build *build,
                      tq_err *err); /* gtfs*.c: feeds -> timetable, tables, flat fares */
tq_status import_link_stops(tq_build *build,
                            tq_err *err); /* streets.c: cut edges at stops, freeze streets */
tq_status import_straight_walks(tq_build *build,
                                tq_err *err); /* straight_walks.c: a city without streets */
tq_status import_tables(tq_build *build,
                        tq_err *err); /* tables.c: places, gates, aliases, works, dates */
tq_status import_fares(tq_build *build, tq_err *err);       /* fares.c: fares.csv, taxi */
tq_status import_hierarchies(tq_build *build, tq_err *err); /* hierarchy.c: order and topology */
tq_status import_walks(tq_build *build, tq_err *err);       /* walk.c: walking cores */

/**
 * Import a city folder and write `path`. The report is filled in any case. Nothing is left at
 * `path` on failure. Peak memory and stage times are counters of the report.
 */
tq_status tq_import(const tq_settings *settings, const char *path, tq_report *report,
                    tq_progress progress, void *progress_user, tq_err *err);

/** Hash of all sources and settings: unchanged means that the city file need not be made again. */
tq_status tq_import_source_hash(const tq_settings *settings, uint64_t *hash, tq_err *err);

/* ---- hierarchy building on any graph: used by import_hierarchies and by tests
 * ---------------------- */

typedef struct tq_graph {
    uint32_t node_count, arc_count; /* arcs are undirected for the topology: tail, head of each */
    const uint32_t *tail, *head;
} tq_graph;
/** Nested-dissection order, order[rank] = node; arcs from tail to head as links of a turn-expanded
 * graph find cuts that METIS does not. */
tq_status tq_hierarchy_order(const tq_graph *graph, uint32_t *order, tq_err *err);
/**
 * Topology for an order; arrays are pushed to pool. Fills what concerns the tree and the up- and
 * down-lists; out->up_of_link is [graph.arc_count] in the graph's order here, and
 * (*vertex_of_node)[node] tells how the graph's nodes were renumbered.
 */
tq_status tq_hierarchy_build(const tq_graph *graph, const uint32_t *order, tq_pool *pool,
                             uint32_t **vertex_of_node, tq_hierarchy *out, tq_err *err);

/*
 * Vehicle classes: profiles/NAME.yaml, the built-in ones embedded, changed and added to by
 * profiles/ of the city folder. An unknown key or a wrong unit is TQ_BAD_CONFIG with its line and
 * the nearest known key. (profiles*.c)
 */
tq_status import_vehicles(tq_build *build, tq_err *err);
/** The built-in profiles alone, into the city of a build without sources: for tests. */
tq_status import_vehicles_built_in(tq_build *build, tq_err *err);

/* Turn-expanded vertices and links of a kind, from frozen streets (links*.c). Nodes of the graph
 * are the vertices in their own numbering, arc by arc; import_hierarchies orders and renumbers
 * them. */
typedef struct import_links {
    uint32_t vertex_count, link_count;
    TQ_VEC(uint32_t) arc;  /* [vertex_count], main ones first in arc order, then copies */
    TQ_VEC(uint32_t) tail; /* [link_count], ascending, then by head */
    TQ_VEC(uint32_t) head;
    TQ_VEC(tq_link) link;
    TQ_VEC(uint32_t) vertex_of_arc; /* [2 * edge_count], TQ_NONE */
} import_links;
tq_status import_links_make(tq_build *build, tq_hierarchy_kind kind, import_links *out,
                            tq_err *err);
void import_links_free(import_links *links);
/** Order, topology and numbering of a turn-expanded graph; arrays are pushed to pool. */
tq_status tq_hierarchy_of_links(tq_pool *pool, const import_links *links, tq_hierarchy *out,
                                tq_err *err);

#endif
