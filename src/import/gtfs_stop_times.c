/*
 * stop_times.txt, the one file that is large: a loop of its own over the text.
 *
 * A plain row (no quote, no blank at a field's edge, no more fields than the head) is cut at commas
 * sixteen bytes a step; every other row goes through tq_csv, which is therefore the definition of
 * what a row is. Rows of one trip mostly follow one another, so an id is looked up once a run;
 * stops are looked up once a row. Rows are kept in file order as arrays; gtfs_trips.c puts them in
 * order of travel.
 *
 * Rows on demand (a window instead of a time, an area instead of a stop) are kept whole in a table.
 */
#include <math.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "import/gtfs_in.h"

typedef enum slot {
    SLOT_TRIP,
    SLOT_ARRIVAL,
    SLOT_DEPARTURE,
    SLOT_STOP,
    SLOT_SEQUENCE,
    SLOT_PICKUP,
    SLOT_DROPOFF,
    SLOT_DIST,
    SLOT_WINDOW_START,
    SLOT_WINDOW_END,
    SLOT_AREA,
    SLOT_GROUP,
    SLOT_IGNORED,
    SLOT_COUNT
} slot;

static const char *const slot_name[SLOT_IGNORED] = {"trip_id",
                                                    "arrival_time",
                                                    "departure_time",
                                                    "stop_id",
                                                    "stop_sequence",
                                                    "pickup_type",
                                                    "drop_off_type",
                                                    "shape_dist_traveled",
                                                    "start_pickup_drop_off_window",
                                                    "end_pickup_drop_off_window",
                                                    "location_id",
                                                    "location_group_id"};

static const char file_name[] = "stop_times.txt";

typedef struct row_scan {
    gtfs *g;
    tq_csv csv; /* head and the slow way */
    const char *from, *at, *end;
    uint32_t line, columns;
    uint8_t slot_of_column[TQ_CSV_COLUMNS_MAX];
    bool flex_columns, flex_table;
    uint32_t rows_max;
    tq_str field[SLOT_COUNT]; /* of this row; [SLOT_IGNORED] takes all others */
    /* the run that is open */
    tq_str trip_id;
    uint32_t trip, run_line; /* run_line: line on which the next row continues the run */
    bool trip_known, run_open;
} row_scan;

/* First of , " CR LF at or behind `at`; `end` when there is none. */
static inline const char *find_mark(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i comma = _mm_set1_epi8(','), quote = _mm_set1_epi8('"'), lf = _mm_set1_epi8('\n'),
                  cr = _mm_set1_epi8('\r');
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i hit =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, lf)),
                         _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, cr)));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask != 0) return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && *at != ',' && *at != '"' && *at != '\n' && *at != '\r')
        at++;
    return at;
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cut a plain row at scan->at; false leaves it to the slow way. */
static bool cut_plain_row(row_scan *scan)
{
    const char *at = scan->at, *end = scan->end;
    for (uint32_t column = 0; column < scan->columns; column++) {
        const char *mark = find_mark(at, end);
        if (mark < end && *mark == '"') return false;
        if (mark > at && (is_blank(*at) || is_blank(mark[-1]))) return false;
        scan->field[scan->slot_of_column[column]] = (tq_str){at, (size_t)(mark - at)};
        if (mark < end && *mark == ',') {
            at = mark + 1;
            continue;
        }
        if (column == 0) return false; /* a blank line, or a row of one field */
        for (uint32_t rest = column + 1; rest < scan->columns; rest++)
            scan->field[scan->slot_of_column[rest]] = (tq_str){"", 0};
        at = mark;
        if (at < end && *at == '\r') at++;
        if (at < end && *at == '\n') at++;
        scan->at = at;
        scan->line = scan->csv.next_line++;
        return true;
    }
    return false;
}

static tq_status cut_any_row(row_scan *scan, bool *more)
{
    tq_err why = {0};
    scan->csv.at = scan->at;
    tq_status status = tq_csv_next(&scan->csv, more, &why);
    scan->at = scan->csv.at;
    scan->line = scan->csv.line;
    if (status == TQ_BAD_INPUT) {
        *more = false;
        return gtfs_bad(scan->g, "bad_row", file_name, why.line, "%s; the row is left out",
                        gtfs_csv_reason(&why));
    }
    if (status != TQ_OK) return tq_fail(scan->g->err, status, why.line, "%s", why.text);
    for (uint32_t column = 0; *more && column < scan->columns; column++)
        scan->field[scan->slot_of_column[column]] = scan->csv.field[column];
    return TQ_OK;
}

/* HH:MM:SS in one load; -1 for anything else. */
static inline int32_t parse_eight(const char *text)
{
    uint64_t v;
    memcpy(&v, text, 8);
    v ^= UINT64_C(0x30303a30303a3030); /* "00:00:00": digits become 0 to 9, colons 0 */
    const uint64_t six = UINT64_C(0x0606000606000606); /* lifts 10 to 15 into the upper half byte */
    if ((v & UINT64_C(0x0000ff0000ff0000)) != 0) return -1;
    if (((v | (v + six)) & UINT64_C(0xf0f000f0f000f0f0)) != 0) return -1;
    int32_t hours = (int32_t)((v & 15) * 10 + (v >> 8 & 15)),
            minutes = (int32_t)((v >> 24 & 15) * 10 + (v >> 32 & 15)),
            seconds = (int32_t)((v >> 48 & 15) * 10 + (v >> 56 & 15));
    return minutes > 59 || seconds > 59 ? -1 : hours * 3600 + minutes * 60 + seconds;
}

static inline bool parse_time(tq_str text, int32_t *out)
{
    if (text.len == 0) {
        *out = TQ_GTFS_NO_TIME;
        return true;
    }
    if (text.len == 8) {
        int32_t seconds = parse_eight(text.at);
        if (seconds >= 0) {
            *out = seconds;
            return true;
        }
    }
    return gtfs_parse_time(text, out);
}

static inline bool parse_sequence(tq_str text, uint32_t *out)
{
    if (text.len == 0 || text.len > 9) return tq_parse_u32(text, out);
    uint32_t value = 0;
    for (size_t k = 0; k < text.len; k++) {
        uint32_t digit = (uint32_t)(uint8_t)text.at[k] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static bool grow_rows(gtfs_rows *rows, uint32_t cap, bool dists)
{
    size_t held[6] = {rows->cap, rows->cap, rows->cap, rows->cap, rows->cap, rows->cap};
    size_t more = cap - rows->count, count = rows->count;
    bool ok =
        tq_vec_grow((void **)(void *)&rows->stop, count, &held[0], sizeof *rows->stop, more) &&
        tq_vec_grow((void **)(void *)&rows->sequence, count, &held[1], sizeof *rows->sequence,
                    more) &&
        tq_vec_grow((void **)(void *)&rows->arrival_s, count, &held[2], sizeof *rows->arrival_s,
                    more) &&
        tq_vec_grow((void **)(void *)&rows->departure_s, count, &held[3], sizeof *rows->departure_s,
                    more) &&
        tq_vec_grow((void **)(void *)&rows->flags, count, &held[4], sizeof *rows->flags, more);
    if (ok && dists)
        ok = tq_vec_grow((void **)(void *)&rows->dist, count, &held[5], sizeof *rows->dist, more);
    if (ok) rows->cap = cap;
    return ok;
}

void gtfs_rows_free(gtfs_rows *rows)
{
    tq_free(rows->stop);
    tq_free(rows->sequence);
    tq_free(rows->arrival_s);
    tq_free(rows->departure_s);
    tq_free(rows->flags);
    tq_free(rows->dist);
    tq_vec_free(&rows->runs);
    *rows = (gtfs_rows){0};
}

/* Leave the trip out as a whole: with this row missing its times would be wrong. */
static void drop_trip(row_scan *scan)
{
    scan->g->trips.at[scan->trip].out = true;
}

static uint8_t boarding_flag(row_scan *scan, slot what, uint8_t forbidden)
{
    tq_str text = scan->field[what];
    if (text.len == 0) return 0;
    if (text.len == 1 && text.at[0] >= '0' && text.at[0] <= '3')
        return text.at[0] == '0' ? 0 : text.at[0] == '1' ? forbidden : TQ_PATTERN_PHONE;
    gtfs_say(scan->g, TQ_WARNING, "bad_pickup_type", file_name, scan->line,
             "%s «%.*s» is not 0 to 3; 0 is taken", slot_name[what], GTFS_SLICE(text));
    return 0;
}

/* A row that says when and where one can be fetched, not when a vehicle stops. */
static bool is_on_demand(const row_scan *scan)
{
    return scan->field[SLOT_AREA].len != 0 || scan->field[SLOT_GROUP].len != 0 ||
           (scan->field[SLOT_WINDOW_START].len != 0 && scan->field[SLOT_ARRIVAL].len == 0 &&
            scan->field[SLOT_DEPARTURE].len == 0);
}

static tq_status keep_on_demand_row(row_scan *scan, const char *row_at)
{
    if (!scan->flex_table) TQ_TRY(gtfs_table_begin(scan->g, file_name, &scan->csv));
    scan->flex_table = true;
    scan->g->trips.at[scan->trip].flex = true;
    uint32_t line = scan->csv.next_line;
    bool more = false;
    scan->csv.at = row_at;
    TQ_TRY(tq_csv_next(&scan->csv, &more, scan->g->err));
    scan->csv.next_line = line;
    return gtfs_table_row(scan->g, &scan->csv);
}

/* The trip of this row into scan->trip; false: the row has none that is kept. */
static tq_status find_trip(row_scan *scan, bool *found)
{
    tq_str id = scan->field[SLOT_TRIP];
    if (!scan->run_open || id.len != scan->trip_id.len ||
        memcmp(id.at, scan->trip_id.at, id.len) != 0) {
        scan->run_open = false;
        uint32_t trip = gtfs_ids_find(&scan->g->trip_ids, id);
        scan->trip_known = trip != TQ_NONE;
        scan->trip = trip;
        scan->run_line = 0;
        if (!scan->trip_known) {
            *found = false;
            return gtfs_bad(scan->g, "unknown_trip", file_name, scan->line,
                            "trip_id «%.*s» is not in trips.txt; the row is left out",
                            GTFS_SLICE(id));
        }
        /* A field that was copied by the slow way does not outlive its row. */
        scan->run_open = id.at >= scan->from && id.at < scan->end;
        scan->trip_id = id;
    }
    *found = scan->trip_known;
    return TQ_OK;
}

/* What a kept row says. */
typedef struct stop_row {
    uint32_t stop, sequence;
    int32_t arrival_s, departure_s;
} stop_row;

static tq_status bad_time(row_scan *scan, slot what)
{
    drop_trip(scan);
    return gtfs_bad(scan->g, "bad_time", file_name, scan->line,
                    "%s %.*s is not a time; trip «%.*s» is left out",
                    what == SLOT_ARRIVAL ? "arrival" : "departure", GTFS_SLICE(scan->field[what]),
                    GTFS_SLICE(scan->field[SLOT_TRIP]));
}

static tq_status read_row(row_scan *scan, stop_row *row, bool *keep)
{
    *keep = false;
    if (!parse_time(scan->field[SLOT_ARRIVAL], &row->arrival_s))
        return bad_time(scan, SLOT_ARRIVAL);
    if (!parse_time(scan->field[SLOT_DEPARTURE], &row->departure_s))
        return bad_time(scan, SLOT_DEPARTURE);
    if (!parse_sequence(scan->field[SLOT_SEQUENCE], &row->sequence)) {
        drop_trip(scan);
        return gtfs_bad(scan->g, "bad_sequence", file_name, scan->line,
                        "stop_sequence «%.*s» is not a number; trip «%.*s» is left out",
                        GTFS_SLICE(scan->field[SLOT_SEQUENCE]), GTFS_SLICE(scan->field[SLOT_TRIP]));
    }
    row->stop = gtfs_ids_find(&scan->g->stop_ids, scan->field[SLOT_STOP]);
    if (row->stop == TQ_NONE)
        return gtfs_bad(scan->g, "unknown_stop", file_name, scan->line,
                        "stop_id «%.*s» is not a stop with a position; trip «%.*s» goes without it",
                        GTFS_SLICE(scan->field[SLOT_STOP]), GTFS_SLICE(scan->field[SLOT_TRIP]));
    *keep = true;
    return TQ_OK;
}

static double read_dist(row_scan *scan)
{
    double dist = (double)NAN;
    tq_str text = scan->field[SLOT_DIST];
    /* Negative values stand for «none» in some feeds. */
    return text.len != 0 && tq_parse_double(text, &dist) && dist >= 0 ? dist : (double)NAN;
}

static tq_status take_row(row_scan *scan, const char *row_at)
{
    gtfs *g = scan->g;
    gtfs_rows *rows = &g->rows;
    bool keep = false;
    g->counts.stop_times_read++;
    TQ_TRY(find_trip(scan, &keep));
    if (!keep || g->trips.at[scan->trip].out) return TQ_OK;
    if (scan->flex_columns && is_on_demand(scan)) return keep_on_demand_row(scan, row_at);
    stop_row row;
    TQ_TRY(read_row(scan, &row, &keep));
    if (!keep) return TQ_OK;
    if (rows->count == rows->cap) {
        uint64_t cap = TQ_MIN((uint64_t)rows->cap + rows->cap / 2 + 1024, (uint64_t)scan->rows_max);
        if (rows->count >= cap)
            return tq_fail(g->err, TQ_LIMIT, scan->line, "stop_times.txt: more than %u rows",
                           scan->rows_max);
        if (!grow_rows(rows, (uint32_t)cap, rows->dist != NULL)) return gtfs_no_memory(g);
    }
    if (scan->run_line != scan->line) {
        gtfs_run run = {scan->trip, rows->count, scan->line};
        if (!tq_vec_push(&rows->runs, run)) return gtfs_no_memory(g);
    }
    scan->run_line = scan->line + 1;
    uint32_t k = rows->count++;
    rows->stop[k] = row.stop;
    rows->sequence[k] = row.sequence;
    rows->arrival_s[k] = row.arrival_s;
    rows->departure_s[k] = row.departure_s;
    rows->flags[k] = (uint8_t)(boarding_flag(scan, SLOT_PICKUP, TQ_PATTERN_NO_PICKUP) |
                               boarding_flag(scan, SLOT_DROPOFF, TQ_PATTERN_NO_DROPOFF));
    if (rows->dist != NULL) rows->dist[k] = read_dist(scan);
    return TQ_OK;
}

static tq_status begin_scan(row_scan *scan, const gtfs_reader *reader)
{
    gtfs *g = reader->g;
    scan->g = g;
    scan->csv = reader->csv;
    scan->from = reader->text.text.at;
    scan->at = reader->csv.at;
    scan->end = reader->csv.end;
    scan->columns = reader->csv.columns;
    scan->rows_max = TQ_GTFS_STOP_TIMES_MAX;
    for (unsigned what = 0; what < SLOT_COUNT; what++)
        scan->field[what] = (tq_str){"", 0};
    memset(scan->slot_of_column, SLOT_IGNORED, sizeof scan->slot_of_column);
    bool seen[SLOT_COUNT] = {false};
    for (unsigned what = 0; what < SLOT_IGNORED; what++) {
        uint32_t column = tq_csv_column(&scan->csv, slot_name[what]);
        if (column == TQ_NONE) continue;
        scan->slot_of_column[column] = (uint8_t)what;
        seen[what] = true;
    }
    scan->flex_columns = seen[SLOT_WINDOW_START] || seen[SLOT_AREA] || seen[SLOT_GROUP];
    static const slot needed[] = {SLOT_TRIP, SLOT_STOP, SLOT_SEQUENCE};
    for (unsigned k = 0; k < TQ_COUNT(needed); k++)
        if (!seen[needed[k]])
            return tq_fail(g->err, TQ_BAD_INPUT, 1, "stop_times.txt of %s has no column %s",
                           gtfs_source_called(g->source), slot_name[needed[k]]);
    if (!seen[SLOT_ARRIVAL] && !seen[SLOT_DEPARTURE])
        return tq_fail(g->err, TQ_BAD_INPUT, 1,
                       "stop_times.txt of %s has neither arrival_time nor departure_time",
                       gtfs_source_called(g->source));
    /* A row is rarely shorter than forty bytes; too low a guess costs a copy, too high one address
     * space. */
    uint64_t guess =
        TQ_MIN((uint64_t)(scan->end - scan->at) / 40 + 1024, (uint64_t)TQ_GTFS_STOP_TIMES_MAX);
    return grow_rows(&g->rows, (uint32_t)guess, seen[SLOT_DIST]) ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_stop_times(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, file_name, &reader));
    if (!reader.present)
        return tq_fail(g->err, TQ_BAD_INPUT, 0, "%s has no %s", gtfs_source_called(g->source),
                       file_name);
    row_scan *scan = TQ_ALLOC(struct row_scan, 1);
    tq_status status = scan != NULL ? begin_scan(scan, &reader) : gtfs_no_memory(g);
    while (status == TQ_OK && scan->at < scan->end) {
        const char *row_at = scan->at;
        bool more = true;
        if (!cut_plain_row(scan)) status = cut_any_row(scan, &more);
        if (status == TQ_OK && more) status = take_row(scan, row_at);
    }
    if (scan != NULL) {
        reader.csv.unquoted = scan->csv.unquoted;
        tq_free(scan);
    }
    gtfs_reader_close(&reader);
    return status;
}
