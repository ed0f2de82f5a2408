/*
 * Private to import: plain tables of a city folder (docs/format/tables.md) and what their readers
 * share.
 *
 * A reader gets a whole file as bytes and its name. Rows that cannot be are named with line and
 * value; the setting import.bad_rows decides whether they are left out (and counted) or stop the
 * import.
 */
#ifndef TQ_IMPORT_TABLES_IN_H
#define TQ_IMPORT_TABLES_IN_H

#include "tongqu/place.h"

#include "import/import.h"
#include "wire/wire.h"

/* Limits; docs/format/tables.md lists them. */
#define TQ_TABLE_BYTES_MAX   ((size_t)64 << 20)
#define TQ_TABLE_ROWS_MAX    1000000u
#define TQ_TABLE_TEXT_MAX    2000u /* bytes of one field */
#define TQ_TABLE_COLUMNS_MAX 20u
#define TQ_TABLE_TOWNS_MAX   256u /* localities that give others their town */
#define TQ_WORKS_MAX         10000u
#define TQ_FARE_STEPS_MAX    200u  /* of one tariff */
#define TQ_FARES_MAX         1000u /* tariffs */

/* printf pieces of a slice, cut to what a message can hold. */
#define TABLE_SLICE_MAX 60
#define TABLE_SLICE(s)  (int)TQ_MIN((s).len, (size_t)TABLE_SLICE_MAX), (s).at != NULL ? (s).at : ""

/* The columns a reader knows; the first `needed` must be in the head. */
typedef struct tables_columns {
    const char *const *name;
    uint32_t count, needed;
} tables_columns;

/* One table being read; also the place in a GeoJSON file. */
typedef struct tables_reader {
    tq_build *build;
    const char *file;
    tq_err *err;
    uint32_t line; /* of the row at hand; of GeoJSON the number of the feature */
    uint32_t rows, bad;
    tq_str value[TQ_TABLE_COLUMNS_MAX]; /* of the row at hand, "" when the column is not there */
} tables_reader;

/** Read every row: fills reader->value in the order of `columns` and calls `row`. */
tq_status tables_read_csv(tables_reader *reader, tq_str bytes, const tables_columns *columns,
                          void *user, tq_status (*row)(tables_reader *reader, void *user));
/** The row at hand cannot be: TQ_OK when it is left out, TQ_BAD_INPUT when the import stops. */
__attribute__((format(printf, 3, 4))) tq_status tables_bad(tables_reader *reader, const char *code,
                                                           const char *format, ...);
/** Something to say about the row at hand, which stays. */
__attribute__((format(printf, 3, 4))) void tables_warn(tables_reader *reader, const char *code,
                                                       const char *format, ...);
tq_status tables_no_memory(tables_reader *reader);
/** The word nearest to `text` by edits. */
const char *tables_nearest(tq_str text, const char *const *words, uint32_t count);
/** Place of `text` among words, TQ_NONE when it is not there. */
uint32_t tables_word(tq_str text, const char *const *words, uint32_t count);
/** An instant or a day; a day that ends something means its last second. Blank leaves *ms alone. */
typedef enum tables_bound { TABLES_FROM, TABLES_TO } tables_bound;
bool tables_instant(const tables_reader *reader, tq_str text, tables_bound bound, int64_t *ms);
uint32_t tables_text(tables_reader *reader, tq_str text);
/** A number with a unit such as «5 km» or «2.50 yuan» in hundredths of the first unit; false on
 * anything else. */
bool tables_number(tq_str text, uint64_t *hundredths, tq_str *unit);

/* ---- places (tables_places.c), from CSV and GeoJSON ---------- */

typedef enum tables_place_column {
    PLACE_NAME,
    PLACE_LAT,
    PLACE_LON,
    PLACE_ID,
    PLACE_KIND,
    PLACE_NAME_EN,
    PLACE_AREA,
    PLACE_CITY,
    PLACE_CATEGORY,
    PLACE_DATUM,
    PLACE_APPROXIMATE,
    PLACE_PARENT,
    PLACE_NOTE,
    PLACE_SOURCE,
    PLACE_VALID_FROM,
    PLACE_VALID_TO,
    PLACE_COLUMN_COUNT
} tables_place_column;
extern const char *const tables_place_columns[PLACE_COLUMN_COUNT];

/* A place with an id of its own, and one that waits for its parent. */
typedef struct tables_place_id {
    uint32_t id, place; /* text, row of build->places */
} tables_place_id;
typedef struct tables_place_wait {
    uint32_t place, parent, line; /* parent: text of its id */
    const char *file;
} tables_place_wait;

typedef struct tables_places {
    TQ_VEC(tables_place_id) ids;
    TQ_VEC(tables_place_wait) waits;
    bool gates; /* the file is gates*.csv: kind is gate unless the row says otherwise */
} tables_places;

tq_status tables_place_row(tables_reader *reader, void *places);
tq_status tables_places_csv(tq_build *build, tables_places *places, const char *file, tq_str bytes,
                            tq_err *err);
tq_status tables_places_geojson(tq_build *build, tables_places *places, const char *file,
                                tq_str bytes, tq_err *err);
/** Give gates their facilities, when all files have been read. */
tq_status tables_places_join(tq_build *build, tables_places *places, tq_err *err);
/** Give places without a town that of the nearest locality among rows from `first_table_row` on. */
tq_status tables_places_towns(tq_build *build, uint32_t first_table_row, tq_err *err);
void tables_places_free(tables_places *places);

/* ---- names, works, dates (tables_register.c, tables_dates.c), fares (fares.c) ---------- */

typedef struct tables_works {
    TQ_VEC(tq_work) rows;
} tables_works;

tq_status tables_aliases(tq_build *build, const char *file, tq_str bytes, tq_err *err);
tq_status tables_works_csv(tq_build *build, tables_works *works, const char *file, tq_str bytes,
                           tq_err *err);
tq_status tables_works_freeze(tq_build *build, tables_works *works, tq_err *err);
tq_status tables_dates(tq_build *build, const tables_places *places, const char *file, tq_str bytes,
                       tq_err *err);

typedef struct tables_fares {
    TQ_VEC(tq_tariff) tariffs;
    TQ_VEC(tq_tariff_step) steps;
} tables_fares;
/** Read fares.csv behind the tariffs that `fares` holds; routes get theirs. */
tq_status tables_fares_csv(tq_build *build, tables_fares *fares, const char *file, tq_str bytes,
                           tq_err *err);

#endif
