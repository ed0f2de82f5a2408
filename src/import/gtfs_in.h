/*
 * GTFS import, private to it and its tests: feeds as sources, import-time rows, and the pieces that
 * fill them.
 *
 * Flow: for each feed   network (agency, stops, routes) -> calendar -> trips, frequencies ->
 * stop_times -> assemble (trips into patterns and profiles) -> shapes -> transfers, tables, fares
 *       then, once      freeze (renumber, sort, copy into city.timetable) -> published first and
 * last times. Rows of all feeds share one numbering; what is only known inside a feed (ids) is
 * dropped with the feed.
 */
#ifndef TQ_IMPORT_GTFS_IN_H
#define TQ_IMPORT_GTFS_IN_H

#include "import/build_in.h"
#include "wire/wire.h"

/* Limits; docs/guide lists them. */
#define TQ_GTFS_FILES_MAX 4096u               /* in one feed */
#define TQ_GTFS_FILE_MAX  ((uint64_t)2 << 30) /* bytes of one file, inflated */
#define TQ_GTFS_RATIO_FROM                                                                         \
    ((uint64_t)16 << 20)             /* smaller files may be packed as tightly as they like */
#define TQ_GTFS_RATIO_MAX        64u /* inflated : packed beyond that size; feeds have 3 to 20 */
#define TQ_GTFS_STOPS_MAX        (1u << 24)
#define TQ_GTFS_ROUTES_MAX       (1u << 20)
#define TQ_GTFS_TRIPS_MAX        (1u << 26)
#define TQ_GTFS_SERVICES_MAX     (1u << 22)
#define TQ_GTFS_STOP_TIMES_MAX   (1u << 29)
#define TQ_GTFS_TRIP_STOPS_MAX   10000u              /* stops of one trip */
#define TQ_GTFS_DAYS_MAX         36525u              /* a hundred years */
#define TQ_GTFS_CALENDAR_MAX     ((uint64_t)1 << 30) /* bytes of all day sets */
#define TQ_GTFS_HOURS_MAX        240                 /* of a time of day */
#define TQ_GTFS_SHAPE_POINTS_MAX (1u << 26)
#define TQ_GTFS_CELLS_MAX        (1u << 26) /* of tables kept whole */
#define TQ_GTFS_NO_TIME          INT32_MIN

/* ---- sources (gtfs_source.c) ---- */

typedef struct gtfs_memory_file {
    const char *name;
    tq_str text;
} gtfs_memory_file;

typedef enum gtfs_source_kind { GTFS_FOLDER, GTFS_ZIP, GTFS_MEMORY } gtfs_source_kind;

struct zip;
typedef struct gtfs_source {
    gtfs_source_kind kind;
    char name[128];      /* of the feed: file name without .zip and .gtfs */
    char file_name[160]; /* as given, last part of the path; "" = of no file */
    char path[TQ_PATH_MAX];
    tq_map map;
    struct zip *zip;
    uint64_t archive_len;         /* bytes of the zip */
    const gtfs_memory_file *file; /* [file_count], GTFS_MEMORY */
    uint32_t file_count;
} gtfs_source;

/* One file of a feed; text.at NULL when it is not there. */
typedef struct gtfs_text {
    tq_str text;
    tq_map map;
    char *owned;
} gtfs_text;

tq_status gtfs_source_open(gtfs_source *source, const char *path, tq_err *err);
/** What to call the source when it is refused. */
static inline const char *gtfs_source_called(const gtfs_source *source)
{
    return source->file_name[0] != '\0' ? source->file_name : source->name;
}
/** A zip in memory; the bytes must outlive the source. */
tq_status gtfs_source_zip(gtfs_source *source, const char *name, const void *bytes, size_t len,
                          tq_err *err);
tq_status gtfs_source_text(const gtfs_source *source, const char *file, gtfs_text *out,
                           tq_err *err);
void gtfs_text_free(gtfs_text *text);
void gtfs_source_close(gtfs_source *source);
/** Names of the feed's files, in a stable order. */
tq_status gtfs_source_names(const gtfs_source *source, void (*seen)(void *user, const char *name),
                            void *user, tq_err *err);

/* ---- hash table of row numbers (gtfs_ids.c) ---- */

/* Open addressing; a slot is the upper half of the hash and the value + 1. Equality is the
 * caller's. */
typedef struct gtfs_slots {
    uint64_t *slot;
    uint32_t mask, count;
} gtfs_slots;

bool gtfs_slots_put(gtfs_slots *slots, uint64_t hash, uint32_t value); /* false = no memory */
void gtfs_slots_free(gtfs_slots *slots);

/* Next value under this hash, TQ_NONE at the end. *probe is 0 at first. */
static inline uint32_t gtfs_slots_next(const gtfs_slots *slots, uint64_t hash, uint32_t *probe)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    if (slots->slot == NULL) return TQ_NONE;
    for (;;) {
        uint64_t slot = slots->slot[(tag + (*probe)++) & slots->mask];
        if (slot == 0) return TQ_NONE;
        if ((uint32_t)(slot >> 32) == tag) return (uint32_t)slot - 1;
    }
}

/* Ids of one feed -> rows. */
typedef struct gtfs_id {
    uint32_t offset, len, row;
} gtfs_id;
typedef struct gtfs_ids {
    gtfs_slots slots;
    TQ_VEC(gtfs_id) id;
    tq_buf bytes;
} gtfs_ids;

/** Row of the id, TQ_NONE if unknown. */
uint32_t gtfs_ids_find(const gtfs_ids *ids, tq_str id);
bool gtfs_ids_put(gtfs_ids *ids, tq_str id,
                  uint32_t row); /* the id must be new; false = no memory */
void gtfs_ids_free(gtfs_ids *ids);

/* ---- import-time rows ---- */

typedef struct gtfs_service {
    uint32_t id;      /* text */
    uint32_t line;    /* in calendar.txt, 0 when only calendar_dates.txt names it */
    uint8_t weekdays; /* bit 0 = Monday */
    uint8_t feed;
    int32_t from_day, to_day; /* inclusive; from > to = none */
} gtfs_service;

typedef struct gtfs_exception {
    uint32_t service;
    int32_t day;
    bool added;
} gtfs_exception;

typedef struct gtfs_trip {
    uint32_t id, headsign, short_name, block; /* text */
    uint32_t route, service, shape;           /* shape: row of the feed's shapes, TQ_NONE */
    uint32_t pattern, profile;                /* pattern TQ_NONE = left out */
    int32_t start_s;
    uint32_t first_frequency, frequency_count;
    uint8_t direction, flags;
    bool out;  /* left out before its times were looked at */
    bool flex; /* has rows that run on demand in an area */
} gtfs_trip;

typedef struct gtfs_frequency {
    uint32_t trip;
    tq_frequency times;
} gtfs_frequency;

typedef struct gtfs_pattern {
    uint32_t route, direction, first, count; /* into pattern_stop */
    uint32_t shape;                          /* of the trip that came first */
    uint64_t first_dist;                     /* into pattern_dist, UINT64_MAX = not given */
} gtfs_pattern;

typedef struct gtfs_profile {
    uint64_t first; /* into times */
    uint32_t pattern;
} gtfs_profile;

/* A run of stop_times rows of one trip on consecutive lines. */
typedef struct gtfs_run {
    uint32_t trip, first_row, first_line;
} gtfs_run;

/* stop_times rows of one feed in file order. */
typedef struct gtfs_rows {
    uint32_t *stop, *sequence;
    int32_t *arrival_s, *departure_s; /* TQ_GTFS_NO_TIME = blank */
    uint8_t *flags;                   /* TQ_PATTERN_ */
    double *dist;                     /* NULL when there is no such column; NAN = blank */
    uint32_t count, cap;
    TQ_VEC(gtfs_run) runs;
} gtfs_rows;

typedef struct gtfs_shape_point {
    uint32_t shape, sequence;
    tq_point at;
    double dist; /* NAN = blank */
} gtfs_shape_point;

typedef struct gtfs_shape {
    uint32_t first, count; /* into points, by sequence */
    bool dists;            /* every point has one, and they ascend */
} gtfs_shape;

/* How a pattern's metres came about, for the report. */
typedef enum gtfs_along {
    GTFS_ALONG_DIST,
    GTFS_ALONG_SHAPE,
    GTFS_ALONG_STRAIGHT,
    GTFS_ALONG_COUNT
} gtfs_along;

typedef struct gtfs_counts {
    uint64_t stop_times_read, stop_times, trips_read, interpolated, along[GTFS_ALONG_COUNT];
} gtfs_counts;

typedef struct gtfs {
    tq_build *build;
    tq_err *err;
    bool several; /* feeds: ids may collide */

    /* all feeds */
    TQ_VEC(tq_agency) agencies;
    TQ_VEC(tq_stop) stops;
    TQ_VEC(tq_route) routes;
    TQ_VEC(gtfs_service) services;
    TQ_VEC(gtfs_exception) exceptions;
    TQ_VEC(gtfs_trip) trips;
    TQ_VEC(gtfs_frequency) frequencies;
    TQ_VEC(gtfs_pattern) patterns;
    TQ_VEC(uint32_t) pattern_stop;
    TQ_VEC(uint8_t) pattern_flags;
    TQ_VEC(double) pattern_dist;
    TQ_VEC(uint32_t) pattern_along;    /* like pattern_stop */
    TQ_VEC(uint32_t) pattern_shape_at; /* like pattern_stop */
    TQ_VEC(gtfs_profile) profiles;
    TQ_VEC(tq_stop_time) times;
    TQ_VEC(tq_point) shape_points;
    TQ_VEC(tq_transfer) transfers;
    TQ_VEC(tq_tariff) tariffs;
    TQ_VEC(tq_tariff_step) tariff_steps;
    TQ_VEC(tq_table) tables;
    TQ_VEC(uint32_t) table_columns;
    TQ_VEC(uint32_t) table_cells;
    gtfs_slots pattern_slots, profile_slots;
    gtfs_slots seen_stop, seen_route, seen_trip; /* texts of ids of all feeds, only if several */
    gtfs_counts counts;

    /* this feed */
    gtfs_source *source;
    uint32_t feed;
    bool zone_said; /* one finding about its time zone is enough */
    gtfs_ids agency_ids, stop_ids, route_ids, service_ids, trip_ids, shape_ids;
    uint32_t first_agency, first_stop, first_route, first_trip, first_pattern;
    gtfs_rows rows;
    TQ_VEC(gtfs_shape_point) points;
    TQ_VEC(gtfs_shape) shapes;
} gtfs;

/* ---- findings and cells (gtfs_ids.c) ---- */

/** A row that cannot be: by policy counted and left out (TQ_OK), or the end of the import
 * (TQ_BAD_INPUT). */
__attribute__((format(printf, 5, 6))) tq_status
gtfs_bad(gtfs *g, const char *code, const char *file, uint32_t line, const char *format, ...);
__attribute__((format(printf, 6, 7))) void gtfs_say(gtfs *g, tq_severity severity, const char *code,
                                                    const char *file, uint32_t line,
                                                    const char *format, ...);
tq_status gtfs_no_memory(gtfs *g);

/* printf pieces of a slice, cut to what a message can hold. */
#define GTFS_SLICE_MAX 80
#define GTFS_SLICE(s)  (int)TQ_MIN((s).len, (size_t)GTFS_SLICE_MAX), (s).at != NULL ? (s).at : ""

/** What tq_csv says, without its line number: a finding has one already. */
const char *gtfs_csv_reason(const tq_err *why);

/* One table of the feed, read row by row. */
typedef struct gtfs_reader {
    gtfs *g;
    const char *file;
    gtfs_text text;
    bool present;
    tq_csv csv;
} gtfs_reader;

/** Open a file; a missing or empty one has present == false and no rows. */
tq_status gtfs_reader_open(gtfs *g, const char *file, gtfs_reader *reader);
/** Next row; rows that are no CSV are findings. */
tq_status gtfs_reader_next(gtfs_reader *reader, bool *more);
void gtfs_reader_close(gtfs_reader *reader);
static inline uint32_t gtfs_column(const gtfs_reader *reader, const char *name)
{
    return reader->present ? tq_csv_column(&reader->csv, name) : TQ_NONE;
}
static inline tq_str gtfs_cell(const gtfs_reader *reader, uint32_t column)
{
    return column == TQ_NONE ? (tq_str){"", 0} : reader->csv.field[column];
}

uint32_t gtfs_text_add(gtfs *g, tq_str text); /* into the build's texts; bad UTF-8 is mended */
/** Id under which a row of this feed is known outside; prefixed when an earlier feed has it. */
uint32_t gtfs_public_id(gtfs *g, gtfs_slots *seen, tq_str id, const char *file, uint32_t line,
                        bool *ok);
bool gtfs_parse_time(tq_str text, int32_t *seconds); /* H:MM:SS, HH:MM:SS, HHH:MM:SS */
bool gtfs_parse_date(tq_str text, int32_t *day);     /* YYYYMMDD, 1970 to 2199 */
void gtfs_print_time(int32_t seconds, char out[16]);

/* ---- stages ---- */

tq_status gtfs_read_agencies(gtfs *g);
tq_status gtfs_read_stops(gtfs *g);
tq_status gtfs_read_routes(gtfs *g);
tq_status gtfs_read_translations(gtfs *g);
tq_status gtfs_read_calendar(gtfs *g);
tq_status gtfs_read_trips(gtfs *g);
tq_status gtfs_read_frequencies(gtfs *g);
tq_status gtfs_read_stop_times(gtfs *g);
void gtfs_rows_free(gtfs_rows *rows);
tq_status gtfs_assemble(gtfs *g);
tq_status gtfs_read_shapes(gtfs *g);
tq_status gtfs_place_patterns(gtfs *g);
tq_status gtfs_read_transfers(gtfs *g);
tq_status gtfs_read_tables(gtfs *g);
/** One more table: column names, then rows come by gtfs_table_cell. */
tq_status gtfs_table_begin(gtfs *g, const char *file, const tq_csv *csv);
tq_status gtfs_table_row(gtfs *g, const tq_csv *csv);
tq_status gtfs_read_fares(gtfs *g);
tq_status gtfs_freeze(gtfs *g);
tq_status gtfs_freeze_calendar(gtfs *g);
tq_status gtfs_check_first_last(gtfs *g);

/** The whole import from open sources; import_gtfs opens those of the settings. */
tq_status gtfs_import_sources(tq_build *build, gtfs_source *source, uint32_t count, tq_err *err);

#endif
