/*
 * Plain tables of a city folder: the frame that all readers share, and the stage import_tables.
 *
 * A table is read whole (TQ_TABLE_BYTES_MAX). Its head may hold the known columns in any order; an
 * unknown one is an error that names the nearest. Rows are handed to the reader of the kind; every
 * field is checked for length and UTF-8 before. Order of the stage: places and gates, parents,
 * aliases, works, dates, because aliases and dates name places. Nothing here looks at a clock or
 * depends on addresses.
 */
#include <stdio.h>

#include "import/tables_in.h"

#define NEAREST_WORD_MAX 40u

/* ---- findings ------------------------------------------------------------------------ */

tq_status tables_no_memory(tables_reader *reader)
{
    return tq_fail(reader->err, TQ_NO_MEMORY, reader->line, "%s: out of memory", reader->file);
}

tq_status tables_bad(tables_reader *reader, const char *code, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reader->bad++;
    if (reader->build->settings->bad_rows_stop)
        return tq_fail(reader->err, TQ_BAD_INPUT, reader->line,
                       "%s line %u: %s; mend it, or set import.bad_rows to skip", reader->file,
                       reader->line, text);
    tq_report_add(reader->build->report, TQ_DROPPED, code, reader->file, reader->line, "%s", text);
    return TQ_OK;
}

void tables_warn(tables_reader *reader, const char *code, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tq_report_add(reader->build->report, TQ_WARNING, code, reader->file, reader->line, "%s", text);
}

/* ---- words --------------------------------------------------------------------------- */

static uint32_t edits(tq_str a, tq_str b)
{
    uint32_t row[NEAREST_WORD_MAX + 1];
    size_t a_len = TQ_MIN(a.len, NEAREST_WORD_MAX), b_len = TQ_MIN(b.len, NEAREST_WORD_MAX);
    for (uint32_t k = 0; k <= b_len; k++)
        row[k] = k;
    for (uint32_t n = 1; n <= a_len; n++) {
        uint32_t corner = row[0];
        row[0] = n;
        for (uint32_t k = 1; k <= b_len; k++) {
            uint32_t change = corner + (a.at[n - 1] != b.at[k - 1]);
            corner = row[k];
            row[k] = TQ_MIN(change, TQ_MIN(row[k], row[k - 1]) + 1);
        }
    }
    return row[b_len];
}

const char *tables_nearest(tq_str text, const char *const *words, uint32_t count)
{
    uint32_t best = 0, best_edits = UINT32_MAX;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t now = edits(text, tq_str_of(words[k]));
        if (now < best_edits) {
            best = k;
            best_edits = now;
        }
    }
    return words[best];
}

uint32_t tables_word(tq_str text, const char *const *words, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (tq_str_is(text, words[k])) return k;
    return TQ_NONE;
}

/* ---- values -------------------------------------------------------------------------- */

static tq_zone_table zone_of(const tq_build *build)
{
    return (tq_zone_table){build->zone.count, build->zone.from_s, build->zone.offset_s};
}

static bool two_digits(tq_str text, size_t at, unsigned *out)
{
    uint32_t value;
    if (!tq_parse_u32((tq_str){text.at + at, 2}, &value)) return false;
    *out = value;
    return true;
}

/* YYYY-MM-DD of a real day. */
static bool parse_day(tq_str text, int32_t *day)
{
    uint32_t year;
    unsigned month, of_month;
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-' ||
        !tq_parse_u32((tq_str){text.at, 4}, &year) || !two_digits(text, 5, &month) ||
        !two_digits(text, 8, &of_month) || year < 1970 || year > 2099 || month < 1 || month > 12 ||
        of_month < 1 || of_month > 31)
        return false;
    int32_t back_year;
    unsigned back_month, back_day;
    *day = tq_day_of((int32_t)year, month, of_month);
    tq_date_of(*day, &back_year, &back_month, &back_day);
    return back_month == month && back_day == of_month;
}

bool tables_instant(const tables_reader *reader, tq_str text, tables_bound bound, int64_t *ms)
{
    if (text.len == 0) return true;
    tq_zone_table zone = zone_of(reader->build);
    int32_t day;
    if (parse_day(text, &day)) {
        *ms = tq_local_to_ms(&zone, day + (bound == TABLES_TO), 0);
        return true;
    }
    return tq_time_parse(&zone, text, ms, NULL) == TQ_OK;
}

uint32_t tables_text(tables_reader *reader, tq_str text)
{
    return tq_texts_add(reader->build->texts, text);
}

bool tables_number(tq_str text, uint64_t *hundredths, tq_str *unit)
{
    uint64_t value = 0;
    unsigned digits = 0, decimals = 0;
    bool point = false;
    size_t at = 0;
    for (; at < text.len; at++) {
        char c = text.at[at];
        if (c == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        if (point) decimals++;
        if (decimals > 2 || ++digits > 9) return false;
        value = value * 10 + (uint64_t)(c - '0');
    }
    if (digits == 0 || (point && decimals == 0)) return false;
    for (; decimals < 2; decimals++)
        value *= 10;
    *hundredths = value;
    *unit = tq_str_trim((tq_str){text.at + at, text.len - at});
    return true;
}

/* ---- reading ------------------------------------------------------------------------- */

/* Find the known columns in the head; an unknown, missing or doubled one ends the reading. */
static tq_status match_head(tables_reader *reader, const tq_csv *csv, const tables_columns *columns,
                            uint32_t *column_at)
{
    for (uint32_t k = 0; k < columns->count; k++)
        column_at[k] = TQ_NONE;
    for (uint32_t column = 0; column < csv->columns; column++) {
        tq_str head = csv->head[column];
        if (head.len == 0) continue;
        uint32_t known = tables_word(head, columns->name, columns->count);
        if (known == TQ_NONE)
            return tq_fail(reader->err, TQ_BAD_INPUT, 1,
                           "%s line 1: unknown column \"%.*s\"; did you mean \"%s\"?", reader->file,
                           TABLE_SLICE(head), tables_nearest(head, columns->name, columns->count));
        if (column_at[known] != TQ_NONE)
            return tq_fail(reader->err, TQ_BAD_INPUT, 1, "%s line 1: column \"%s\" is there twice",
                           reader->file, columns->name[known]);
        column_at[known] = column;
    }
    for (uint32_t k = 0; k < columns->needed; k++)
        if (column_at[k] == TQ_NONE)
            return tq_fail(reader->err, TQ_BAD_INPUT, 1, "%s line 1: the column \"%s\" is missing",
                           reader->file, columns->name[k]);
    return TQ_OK;
}

/* Take the row's fields; *good is false when one cannot be (which has then been said). */
static tq_status take_fields(tables_reader *reader, const tq_csv *csv,
                             const tables_columns *columns, const uint32_t *column_at, bool *good)
{
    *good = true;
    for (uint32_t k = 0; k < columns->count; k++) {
        tq_str value = column_at[k] == TQ_NONE ? TQ_STR("") : csv->field[column_at[k]];
        if (value.len > TQ_TABLE_TEXT_MAX || !tq_utf8_valid(value) ||
            (value.len > 0 && memchr(value.at, '\0', value.len) != NULL)) {
            *good = false;
            if (value.len > TQ_TABLE_TEXT_MAX)
                return tables_bad(reader, "long_text", "%s has %zu bytes, over the limit of %u",
                                  columns->name[k], value.len, TQ_TABLE_TEXT_MAX);
            return tables_bad(reader, "bad_utf8", "%s is not UTF-8", columns->name[k]);
        }
        reader->value[k] = value;
    }
    return TQ_OK;
}

tq_status tables_read_csv(tables_reader *reader, tq_str bytes, const tables_columns *columns,
                          void *user, tq_status (*row)(tables_reader *reader, void *user))
{
    TQ_ASSERT(columns->count <= TQ_TABLE_COLUMNS_MAX);
    uint32_t column_at[TQ_TABLE_COLUMNS_MAX];
    tq_csv csv;
    tq_err inner = {0};
    tq_status status = tq_csv_begin(&csv, bytes, &inner);
    if (status != TQ_OK)
        return tq_fail(reader->err, status, inner.line, "%s: %s", reader->file, inner.text);
    status = match_head(reader, &csv, columns, column_at);
    while (status == TQ_OK) {
        bool more, good;
        status = tq_csv_next(&csv, &more, &inner);
        reader->line = csv.line;
        if (status == TQ_BAD_INPUT) {
            status = tables_bad(reader, "bad_row", "%s", inner.text);
            continue;
        }
        if (status != TQ_OK)
            status = tq_fail(reader->err, status, csv.line, "%s: %s", reader->file, inner.text);
        if (status != TQ_OK || !more) break;
        if (++reader->rows > TQ_TABLE_ROWS_MAX) {
            status = tq_fail(reader->err, TQ_LIMIT, csv.line, "%s line %u: over %u rows",
                             reader->file, csv.line, TQ_TABLE_ROWS_MAX);
            break;
        }
        status = take_fields(reader, &csv, columns, column_at, &good);
        if (status == TQ_OK && good) status = row(reader, user);
    }
    tq_csv_end(&csv);
    if (status == TQ_OK && tq_texts_failed(reader->build->texts)) return tables_no_memory(reader);
    return status;
}

/* ---- the stage ----------------------------------------------------------------------- */

typedef struct table_file {
    char *bytes;
    size_t len;
} table_file;

static tq_status open_table(const tq_build *build, const char *name, table_file *file, tq_err *err)
{
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, build->settings->folder, name))
        return tq_fail(err, TQ_BAD_CONFIG, 0, "the path of %s is too long", name);
    return tq_file_read(path, TQ_TABLE_BYTES_MAX, &file->bytes, &file->len, err);
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static bool is_gates(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strncmp(slash == NULL ? name : slash + 1, "gates", 5) == 0;
}

static tq_status read_places(tq_build *build, tables_places *places, tq_err *err)
{
    uint32_t first_row = (uint32_t)build->places.count;
    for (uint32_t k = 0; k < build->settings->places_count; k++) {
        const char *name = build->settings->places[k];
        table_file file;
        TQ_TRY(open_table(build, name, &file, err));
        tq_str bytes = {file.bytes, file.len};
        places->gates = is_gates(name);
        bool json = ends_with(name, ".geojson") || ends_with(name, ".json");
        tq_status status = json ? tables_places_geojson(build, places, name, bytes, err)
                                : tables_places_csv(build, places, name, bytes, err);
        tq_free(file.bytes);
        TQ_TRY(status);
    }
    TQ_TRY(tables_places_join(build, places, err));
    return tables_places_towns(build, first_row, err);
}

static tq_status read_aliases(tq_build *build, tq_err *err)
{
    for (uint32_t k = 0; k < build->settings->aliases_count; k++) {
        table_file file;
        TQ_TRY(open_table(build, build->settings->aliases[k], &file, err));
        tq_status status =
            tables_aliases(build, build->settings->aliases[k], (tq_str){file.bytes, file.len}, err);
        tq_free(file.bytes);
        TQ_TRY(status);
    }
    return TQ_OK;
}

static tq_status read_works(tq_build *build, tables_works *works, tq_err *err)
{
    for (uint32_t k = 0; k < build->settings->works_count; k++) {
        table_file file;
        TQ_TRY(open_table(build, build->settings->works[k], &file, err));
        tq_status status = tables_works_csv(build, works, build->settings->works[k],
                                            (tq_str){file.bytes, file.len}, err);
        tq_free(file.bytes);
        TQ_TRY(status);
    }
    return tables_works_freeze(build, works, err);
}

static tq_status read_dates(tq_build *build, const tables_places *places, tq_err *err)
{
    for (uint32_t k = 0; k < build->settings->dates_count; k++) {
        table_file file;
        TQ_TRY(open_table(build, build->settings->dates[k], &file, err));
        tq_status status = tables_dates(build, places, build->settings->dates[k],
                                        (tq_str){file.bytes, file.len}, err);
        tq_free(file.bytes);
        TQ_TRY(status);
    }
    return TQ_OK;
}

tq_status import_tables(tq_build *build, tq_err *err)
{
    tables_places places = {0};
    tables_works works = {0};
    tq_status status = read_places(build, &places, err);
    if (status == TQ_OK) status = read_aliases(build, err);
    if (status == TQ_OK) status = read_works(build, &works, err);
    if (status == TQ_OK) status = read_dates(build, &places, err);
    tables_places_free(&places);
    tq_vec_free(&works.rows);
    return status;
}
