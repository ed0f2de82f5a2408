/*
 * Random small feeds against a slow reader: the files are written as CSV text in many spellings
 * (quotes, line ends, column orders, blank times, rows in any order), imported, and read again by
 * code that looks one value up at a time. For every day the two must have the same trips with the
 * same stops and times. The same rows in another order must give the same timetable, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "import/gtfs_in.h"

#define SEEDS     3000
#define STOPS_MAX 8
#define TRIPS_MAX 10
#define ROWS_MAX  (TRIPS_MAX * 9)
#define DAYS      30

/* ---- the model that is written ---- */

typedef struct row {
    uint32_t trip, stop, sequence;
    int32_t arrival_s, departure_s; /* -1 = blank */
    uint32_t pickup;
} row;

typedef struct model {
    uint32_t stop_count, trip_count, row_count;
    int32_t lat_e7[STOPS_MAX], lon_e7[STOPS_MAX];
    uint32_t route[TRIPS_MAX], service[TRIPS_MAX], direction[TRIPS_MAX];
    uint32_t weekdays[3];         /* of three services */
    int32_t added[3], removed[3]; /* day of June 2025, 0 = none */
    row row[ROWS_MAX];
} model;

static void make_model(model *m, tq_random *r)
{
    *m = (model){.stop_count = 2 + tq_random_below(r, STOPS_MAX - 1),
                 .trip_count = 1 + tq_random_below(r, TRIPS_MAX)};
    for (uint32_t stop = 0; stop < m->stop_count; stop++) {
        m->lat_e7[stop] = 378000000 + (int32_t)tq_random_below(r, 1000000);
        m->lon_e7[stop] = -1125000000 + (int32_t)tq_random_below(r, 1000000);
    }
    for (int k = 0; k < 3; k++) {
        m->weekdays[k] = tq_random_below(r, 128);
        m->added[k] = (int32_t)tq_random_below(r, DAYS + 1);
        m->removed[k] = (int32_t)tq_random_below(r, DAYS + 1);
    }
    for (uint32_t trip = 0; trip < m->trip_count; trip++) {
        uint32_t like = trip > 0 ? tq_random_below(r, trip) : 0;
        bool copy =
            trip > 0 && tq_random_below(r, 2) == 0; /* so that patterns and profiles are shared */
        int32_t shift = (int32_t)tq_random_below(r, 90000), at = shift;
        m->route[trip] = copy ? m->route[like] : tq_random_below(r, 3);
        m->direction[trip] = copy ? m->direction[like] : tq_random_below(r, 2);
        m->service[trip] = tq_random_below(r, 3);
        uint32_t first = m->row_count, stops = 2 + tq_random_below(r, 7),
                 sequence = tq_random_below(r, 3);
        if (copy) {
            int32_t base = -1;
            for (uint32_t k = 0; k < first; k++) {
                if (m->row[k].trip != like) continue;
                row made = m->row[k];
                if (base < 0) base = made.departure_s;
                made.trip = trip;
                if (made.arrival_s >= 0) made.arrival_s += shift - base + 60;
                if (made.departure_s >= 0) made.departure_s += shift - base + 60;
                m->row[m->row_count++] = made;
            }
            continue;
        }
        for (uint32_t k = 0; k < stops; k++) {
            row made = {trip, tq_random_below(r, m->stop_count), sequence, at,
                        at,   tq_random_below(r, 8) == 0};
            if (tq_random_below(r, 3) == 0) made.departure_s += (int32_t)tq_random_below(r, 100);
            at = made.departure_s + (int32_t)tq_random_below(r, 400);
            if (k > 0 && k + 1 < stops && tq_random_below(r, 4) == 0)
                made.arrival_s = made.departure_s = -1;
            sequence += 1 + tq_random_below(r, 5);
            m->row[m->row_count++] = made;
        }
    }
}

/* ---- writing it ---- */

typedef struct spelling {
    bool quotes, crlf, bom, last_end, blanks;
} spelling;

static void put_field(tq_buf *out, const spelling *style, tq_random *r, const char *text)
{
    if (style->blanks && tq_random_below(r, 4) == 0) tq_buf_putc(out, ' ');
    if (style->quotes && tq_random_below(r, 3) == 0)
        tq_buf_printf(out, "\"%s\"", text);
    else
        tq_buf_puts(out, text);
    if (style->blanks && tq_random_below(r, 4) == 0) tq_buf_putc(out, ' ');
}

static void put_time(char out[16], tq_random *r, int32_t seconds)
{
    out[0] = '\0';
    if (seconds < 0) return;
    (void)snprintf(out, 16, tq_random_below(r, 2) ? "%02d:%02d:%02d" : "%d:%02d:%02d",
                   seconds / 3600, seconds / 60 % 60, seconds % 60);
}

#define COLUMNS 6
static void put_stop_times(const model *m, const uint32_t *order, const spelling *style,
                           tq_random *r, tq_buf *out)
{
    static const char *const name[COLUMNS] = {"trip_id", "arrival_time",  "departure_time",
                                              "stop_id", "stop_sequence", "pickup_type"};
    uint32_t column[COLUMNS] = {0, 1, 2, 3, 4, 5};
    for (uint32_t k = COLUMNS - 1; k > 0; k--) {
        uint32_t other = tq_random_below(r, k + 1), held = column[k];
        column[k] = column[other];
        column[other] = held;
    }
    const char *end = style->crlf ? "\r\n" : "\n";
    if (style->bom) tq_buf_puts(out, "\xEF\xBB\xBF");
    for (uint32_t k = 0; k < COLUMNS; k++) {
        if (k > 0) tq_buf_putc(out, ',');
        tq_buf_puts(out, name[column[k]]);
    }
    for (uint32_t k = 0; k < m->row_count; k++) {
        const row *from = &m->row[order[k]];
        char field[COLUMNS][16];
        (void)snprintf(field[0], 16, "trip %u", from->trip);
        put_time(field[1], r, from->arrival_s);
        put_time(field[2], r, from->departure_s);
        (void)snprintf(field[3], 16, "s%u", from->stop);
        (void)snprintf(field[4], 16, "%u", from->sequence);
        (void)snprintf(field[5], 16, "%u", from->pickup);
        tq_buf_puts(out, end);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            if (c > 0) tq_buf_putc(out, ',');
            put_field(out, style, r, field[column[c]]);
        }
    }
    if (style->last_end) tq_buf_puts(out, end);
}

/* The other files of the feed, in plain spelling. */
static void put_rest(const model *m, tq_buf out[5])
{
    tq_buf_puts(&out[0], "stop_id,stop_lat,stop_lon\n");
    for (uint32_t k = 0; k < m->stop_count; k++)
        tq_buf_printf(&out[0], "s%u,%d.%07d,-%d.%07d\n", k, m->lat_e7[k] / 10000000,
                      m->lat_e7[k] % 10000000, -m->lon_e7[k] / 10000000, -m->lon_e7[k] % 10000000);
    tq_buf_puts(&out[1], "route_id,route_type\nr0,3\nr1,1\nr2,0\n");
    tq_buf_puts(&out[2], "route_id,service_id,trip_id,direction_id\n");
    for (uint32_t k = 0; k < m->trip_count; k++)
        tq_buf_printf(&out[2], "r%u,v%u,trip %u,%u\n", m->route[k], m->service[k], k,
                      m->direction[k]);
    tq_buf_puts(&out[3], "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
                         "start_date,end_date\n");
    tq_buf_puts(&out[4], "service_id,date,exception_type\n");
    for (uint32_t k = 0; k < 3; k++) {
        tq_buf_printf(&out[3], "v%u", k);
        for (uint32_t day = 0; day < 7; day++)
            tq_buf_printf(&out[3], ",%u", m->weekdays[k] >> day & 1);
        tq_buf_puts(&out[3], ",20250603,20250625\n");
        if (m->added[k] != 0) tq_buf_printf(&out[4], "v%u,202506%02d,1\n", k, m->added[k]);
        if (m->removed[k] != 0) tq_buf_printf(&out[4], "v%u,202506%02d,2\n", k, m->removed[k]);
    }
}

/* ---- the slow reader ---- */

/* Value of a column on a line of CSV text, found by walking from the start of the text each time.
 */
static bool slow_value(const char *text, size_t len, unsigned line, const char *name, char out[32])
{
    for (int pass = 0, wanted = -1; pass < 2; pass++) {
        size_t at = 0;
        if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) at = 3;
        for (unsigned skip = pass == 0 ? 0 : line; skip > 0; skip--) {
            while (at < len && text[at] != '\n')
                at++;
            at++;
        }
        if (at >= len) return false;
        for (int column = 0;; column++) {
            size_t used = 0;
            for (; at < len && text[at] != ',' && text[at] != '\n'; at++)
                if (text[at] != '\r' && text[at] != '"' && used < 31) out[used++] = text[at];
            while (used > 0 && out[used - 1] == ' ')
                used--;
            out[used] = '\0';
            size_t lead = strspn(out, " ");
            memmove(out, out + lead, used + 1 - lead);
            if (pass == 0 && strcmp(out, name) == 0) wanted = column;
            if (pass == 1 && column == wanted) return true;
            if (at >= len || text[at] == '\n') break;
            at++;
        }
    }
    return false;
}

static int32_t slow_time(const char *text)
{
    int hours, minutes, seconds;
    return sscanf(text, "%d:%d:%d", &hours, &minutes, &seconds) == 3
               ? hours * 3600 + minutes * 60 + seconds
               : -1;
}

static int by_sequence(const void *a, const void *b)
{
    const row *left = a, *right = b;
    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

/* Rows of one trip in order of travel; returns how many. */
static uint32_t slow_trip(const char *text, size_t len, uint32_t trip, row *out)
{
    char value[32], id[32];
    uint32_t count = 0;
    (void)snprintf(id, sizeof id, "trip %u", trip);
    for (unsigned line = 1; slow_value(text, len, line, "trip_id", value); line++) {
        if (strcmp(value, id) != 0) continue;
        row *made = &out[count++];
        assert_true(slow_value(text, len, line, "stop_id", value));
        made->stop = (uint32_t)strtoul(value + 1, NULL, 10);
        assert_true(slow_value(text, len, line, "stop_sequence", value));
        made->sequence = (uint32_t)strtoul(value, NULL, 10);
        assert_true(slow_value(text, len, line, "pickup_type", value));
        made->pickup = (uint32_t)strtoul(value, NULL, 10);
        assert_true(slow_value(text, len, line, "arrival_time", value));
        made->arrival_s = slow_time(value);
        assert_true(slow_value(text, len, line, "departure_time", value));
        made->departure_s = slow_time(value);
    }
    qsort(out, count, sizeof *out, by_sequence);
    return count;
}

/* Time at a blank row: the part of the straight way between the timed neighbours. */
static double slow_between(const model *m, const row *rows, uint32_t count, uint32_t k)
{
    uint32_t from = k, to = k;
    while (rows[from].arrival_s < 0)
        from--;
    while (to < count && rows[to].arrival_s < 0)
        to++;
    double way[ROWS_MAX] = {0};
    for (uint32_t at = from + 1; at <= to; at++) {
        tq_point a = {m->lat_e7[rows[at - 1].stop], m->lon_e7[rows[at - 1].stop]},
                 b = {m->lat_e7[rows[at].stop], m->lon_e7[rows[at].stop]};
        way[at] = way[at - 1] + tq_distance_dm(a, b);
    }
    double part = way[to] > 0 ? way[k] / way[to] : (double)(k - from) / (to - from);
    return rows[from].departure_s + part * (rows[to].arrival_s - rows[from].departure_s);
}

static bool slow_runs(const model *m, uint32_t service, int32_t june)
{
    int32_t weekday = (june + 5) % 7; /* the second of June 2025 was a Monday: 0 */
    bool runs = june >= 3 && june <= 25 && (m->weekdays[service] >> weekday & 1);
    if (m->added[service] == june) runs = true;
    if (m->removed[service] == june) runs = false;
    return runs;
}

/* ---- comparing ---- */

typedef struct imported {
    tq_settings settings;
    tq_build build;
} imported;

static imported *import_feed(const tq_buf rest[5], const tq_buf *times, uint32_t seed)
{
    static const char *const name[5] = {"stops.txt", "routes.txt", "trips.txt", "calendar.txt",
                                        "calendar_dates.txt"};
    gtfs_memory_file file[6] = {{"stop_times.txt", {times->at, times->len}}};
    for (int k = 0; k < 5; k++)
        file[k + 1] = (gtfs_memory_file){name[k], {rest[k].at, rest[k].len}};
    gtfs_source source = {.kind = GTFS_MEMORY, .name = "random", .file = file, .file_count = 6};
    imported *made = TQ_ALLOC(imported, 1);
    assert_non_null(made);
    made->settings.bad_rows_stop = true;
    made->build =
        (tq_build){.settings = &made->settings, .report = tq_report_new(), .texts = tq_texts_new()};
    tq_err err = {0};
    if (gtfs_import_sources(&made->build, &source, 1, &err) != TQ_OK)
        fail_msg("seed %u: %s", seed, err.text);
    return made;
}

static void forget(imported *made)
{
    tq_report_free(made->build.report);
    import_build_free(&made->build);
    tq_free(made);
}

static void compare_trip(const model *m, const imported *made, const tq_buf *times, uint32_t number,
                         uint32_t seed)
{
    const tq_timetable *t = &made->build.city.timetable;
    row rows[ROWS_MAX];
    char id[32];
    uint32_t count = slow_trip(times->at, times->len, number, rows), place = 0;
    (void)snprintf(id, sizeof id, "trip %u", number);
    while (place < t->trip_count &&
           strcmp(tq_texts_at(made->build.texts, t->trip[place].id), id) != 0)
        place++;
    if (place == t->trip_count) fail_msg("seed %u: %s is not there", seed, id);
    const tq_trip *trip = &t->trip[place];
    const uint32_t *stop = t->pattern_stop + t->pattern_first[trip->pattern];
    const uint8_t *flags = t->pattern_flags + t->pattern_first[trip->pattern];
    const tq_stop_time *time = t->stop_time + t->profile_first[trip->profile];
    assert_int_equal(t->pattern_first[trip->pattern + 1] - t->pattern_first[trip->pattern], count);
    assert_int_equal(t->pattern_route[trip->pattern], m->route[number]);
    assert_int_equal(t->pattern_direction[trip->pattern], m->direction[number]);
    for (uint32_t k = 0; k < count; k++) {
        int32_t arrival = trip->start_s + time[k].arrival_s,
                departure = trip->start_s + time[k].departure_s;
        bool same =
            stop[k] == rows[k].stop && (flags[k] == TQ_PATTERN_NO_PICKUP) == (rows[k].pickup == 1);
        if (rows[k].arrival_s >= 0) {
            same = same && arrival == rows[k].arrival_s && departure == rows[k].departure_s;
        } else {
            double off = arrival - slow_between(m, rows, count, k);
            same = same && off <= 1 && off >= -1 && arrival == departure;
        }
        if (!same)
            fail_msg("seed %u: %s differs at its stop %u: %d, %d", seed, id, k, arrival, departure);
    }
    for (int32_t june = 1; june <= DAYS; june++)
        if (tq_service_runs(t, trip->service, tq_day_of(2025, 6, 1) + june - 1) !=
            slow_runs(m, m->service[number], june))
            fail_msg("seed %u: %s on June %d", seed, id, june);
}

static void shuffle(uint32_t *order, uint32_t count, tq_random *r)
{
    for (uint32_t k = count; k-- > 1;) {
        uint32_t other = tq_random_below(r, k + 1), held = order[k];
        order[k] = order[other];
        order[other] = held;
    }
}

static void assert_same(const void *a, const void *b, size_t len, const char *what, uint32_t seed)
{
    if (len != 0 && memcmp(a, b, len) != 0)
        fail_msg("seed %u: %s depends on the order of rows", seed, what);
}

static void same_timetable(const tq_timetable *a, const tq_timetable *b, uint32_t seed)
{
    assert_int_equal(a->trip_count, b->trip_count);
    assert_int_equal(a->pattern_count, b->pattern_count);
    assert_int_equal(a->profile_count, b->profile_count);
    assert_same(a->trip, b->trip, a->trip_count * sizeof *a->trip, "trips", seed);
    assert_same(a->pattern_first, b->pattern_first, (a->pattern_count + 1) * 4, "patterns", seed);
    assert_same(a->pattern_stop, b->pattern_stop, a->pattern_stop_count * 4, "stops of patterns",
                seed);
    assert_same(a->pattern_along_m, b->pattern_along_m, a->pattern_stop_count * 4, "metres", seed);
    assert_same(a->stop_time, b->stop_time, a->stop_time_count * sizeof *a->stop_time, "times",
                seed);
    assert_same(a->stop_pattern, b->stop_pattern, a->pattern_stop_count * 4, "lines at stops",
                seed);
}

static void check_order(const tq_timetable *t, uint32_t seed)
{
    for (uint32_t k = 1; k < t->trip_count; k++) {
        const tq_trip *a = &t->trip[k - 1], *b = &t->trip[k];
        if (a->pattern > b->pattern || (a->pattern == b->pattern && a->start_s > b->start_s))
            fail_msg("seed %u: trips %u and %u are out of order", seed, k - 1, k);
    }
    for (uint32_t a = 0; a < t->profile_count; a++)
        for (uint32_t b = 0; b < a; b++) {
            uint32_t len = t->profile_first[a + 1] - t->profile_first[a];
            if (len != t->profile_first[b + 1] - t->profile_first[b]) continue;
            if (memcmp(t->stop_time + t->profile_first[a], t->stop_time + t->profile_first[b],
                       len * 8) != 0)
                continue;
            uint32_t pattern[2] = {TQ_NONE, TQ_NONE};
            for (uint32_t k = 0; k < t->trip_count; k++) {
                if (t->trip[k].profile == a) pattern[0] = t->trip[k].pattern;
                if (t->trip[k].profile == b) pattern[1] = t->trip[k].pattern;
            }
            if (pattern[0] == pattern[1])
                fail_msg("seed %u: profiles %u and %u are the same", seed, a, b);
        }
}

static void random_feeds_read_alike(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        tq_random r = {seed};
        model m;
        make_model(&m, &r);
        uint32_t order[ROWS_MAX];
        for (uint32_t k = 0; k < m.row_count; k++)
            order[k] = k;
        tq_buf rest[5] = {{0}}, times[2] = {{0}};
        put_rest(&m, rest);
        imported *made[2];
        for (int turn = 0; turn < 2; turn++) {
            spelling style = {tq_random_below(&r, 2), tq_random_below(&r, 2),
                              tq_random_below(&r, 2), tq_random_below(&r, 2),
                              tq_random_below(&r, 3) == 0};
            if (turn == 1) shuffle(order, m.row_count, &r);
            put_stop_times(&m, order, &style, &r, &times[turn]);
            made[turn] = import_feed(rest, &times[turn], seed);
            assert_int_equal(made[turn]->build.city.timetable.trip_count, m.trip_count);
            for (uint32_t trip = 0; trip < m.trip_count; trip++)
                compare_trip(&m, made[turn], &times[turn], trip, seed);
            check_order(&made[turn]->build.city.timetable, seed);
        }
        same_timetable(&made[0]->build.city.timetable, &made[1]->build.city.timetable, seed);
        for (int turn = 0; turn < 2; turn++) {
            forget(made[turn]);
            tq_buf_free(&times[turn]);
        }
        for (int k = 0; k < 5; k++)
            tq_buf_free(&rest[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_feeds_read_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
