/*
 * Published first and last times against the timetable.
 *
 * first_last.csv (route_id, stop_id, direction_id, first, last) is not part of GTFS: it holds what
 * an operator prints at the stop. Each row is compared with itself (a last departure that is not
 * after the first is a slip in the source) and with the first and last departure of the trips
 * there, over all service days. A last time in the small hours, before night_end_s, belongs to the
 * evening before. Findings are warnings; nothing is changed.
 */
#include "import/gtfs_in.h"

#define DIFFERENCE_MAX_S 60

typedef struct published {
    uint32_t route, stop, line;
    uint32_t direction;      /* 2 = both */
    int32_t first_s, last_s; /* as published; TQ_GTFS_NO_TIME = blank */
    int32_t found_first_s, found_last_s;
} published;

/* A row answers for its stop and, if that is a station, for its platforms. */
typedef struct stop_watch {
    uint32_t route, stop, row;
} stop_watch;

typedef struct published_book {
    TQ_VEC(published) rows;
    TQ_VEC(stop_watch) watches;
    gtfs_slots slots;
} published_book;

static uint64_t watch_hash(uint32_t route, uint32_t stop)
{
    return tq_mix((uint64_t)route << 32 | stop);
}

static bool watch_stop(published_book *book, uint32_t route, uint32_t stop)
{
    stop_watch watch = {route, stop, (uint32_t)book->rows.count - 1};
    return tq_vec_push(&book->watches, watch) &&
           gtfs_slots_put(&book->slots, watch_hash(route, stop), (uint32_t)book->watches.count - 1);
}

static bool read_clock(tq_str text, int32_t *seconds)
{
    *seconds = TQ_GTFS_NO_TIME;
    if (text.len == 0 || gtfs_parse_time(text, seconds)) return true;
    /* H:MM and HH:MM, as printed at stops */
    char with_seconds[12];
    if (text.len > 5) return false;
    memcpy(with_seconds, text.at, text.len);
    memcpy(with_seconds + text.len, ":00", 3);
    return gtfs_parse_time((tq_str){with_seconds, text.len + 3}, seconds);
}

static tq_status take_published(gtfs *g, const gtfs_reader *reader, const uint32_t column[5],
                                published_book *book)
{
    tq_str route = gtfs_cell(reader, column[0]), stop = gtfs_cell(reader, column[1]),
           direction = gtfs_cell(reader, column[2]), first = gtfs_cell(reader, column[3]),
           last = gtfs_cell(reader, column[4]);
    uint32_t line = reader->csv.line;
    published row = {.route = gtfs_ids_find(&g->route_ids, route),
                     .stop = gtfs_ids_find(&g->stop_ids, stop),
                     .line = line,
                     .direction = direction.len == 0 ? 2 : tq_str_is(direction, "1"),
                     .found_first_s = INT32_MAX,
                     .found_last_s = INT32_MIN};
    if (row.route == TQ_NONE || row.stop == TQ_NONE)
        return gtfs_bad(g, "unknown_id", reader->file, line,
                        "route «%.*s» or stop «%.*s» is not known", GTFS_SLICE(route),
                        GTFS_SLICE(stop));
    if (!read_clock(first, &row.first_s) || !read_clock(last, &row.last_s))
        return gtfs_bad(g, "bad_time", reader->file, line, "«%.*s» or «%.*s» is not a time",
                        GTFS_SLICE(first), GTFS_SLICE(last));
    int32_t night_end_s = (int32_t)TQ_MIN(g->build->settings->night_end_s, 86400u);
    if (row.last_s != TQ_GTFS_NO_TIME && row.last_s < night_end_s) row.last_s += 86400;
    bool ok = tq_vec_push(&book->rows, row) && watch_stop(book, row.route, row.stop);
    for (uint32_t k = g->first_stop; ok && k < g->stops.count; k++)
        if (g->stops.at[k].parent == row.stop) ok = watch_stop(book, row.route, k);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

static void see_departure(const published_book *book, const gtfs_pattern *pattern, uint32_t stop,
                          int32_t first_s, int32_t last_s)
{
    uint32_t probe = 0, k;
    while ((k = gtfs_slots_next(&book->slots, watch_hash(pattern->route, stop), &probe)) !=
           TQ_NONE) {
        const stop_watch *watch = &book->watches.at[k];
        published *row = &book->rows.at[watch->row];
        if (watch->route != pattern->route || watch->stop != stop) continue;
        if (row->direction != 2 && row->direction != pattern->direction) continue;
        row->found_first_s = TQ_MIN(row->found_first_s, first_s);
        row->found_last_s = TQ_MAX(row->found_last_s, last_s);
    }
}

static void see_trip(const gtfs *g, const published_book *book, const gtfs_trip *trip)
{
    const gtfs_pattern *pattern = &g->patterns.at[trip->pattern];
    const tq_stop_time *times = g->times.at + g->profiles.at[trip->profile].first;
    int32_t from_s = trip->start_s, to_s = trip->start_s;
    for (uint32_t k = 0; k < trip->frequency_count; k++) {
        const tq_frequency *runs = &g->frequencies.at[trip->first_frequency + k].times;
        int32_t headway = (int32_t)runs->headway_s,
                last = runs->from_s + (runs->to_s - 1 - runs->from_s) / headway * headway;
        from_s = k == 0 ? runs->from_s : TQ_MIN(from_s, runs->from_s);
        to_s = k == 0 ? last : TQ_MAX(to_s, last);
    }
    /* Nobody leaves from the last stop. */
    for (uint32_t k = 0; k + 1 < pattern->count; k++)
        see_departure(book, pattern, g->pattern_stop.at[pattern->first + k],
                      from_s + times[k].departure_s, to_s + times[k].departure_s);
}

static void compare(gtfs *g, const char *file, const published *row, const char *what,
                    int32_t said_s, int32_t found_s)
{
    if (said_s == TQ_GTFS_NO_TIME) return;
    int32_t apart = said_s > found_s ? said_s - found_s : found_s - said_s;
    if (apart <= DIFFERENCE_MAX_S) return;
    char said[16], found[16];
    gtfs_print_time(said_s, said);
    gtfs_print_time(found_s, found);
    gtfs_say(g, TQ_WARNING, "published_differs", file, row->line,
             "%s at %s: the %s is published as %s, the timetable has %s",
             tq_texts_at(g->build->texts, g->routes.at[row->route].short_name),
             tq_texts_at(g->build->texts, g->stops.at[row->stop].name), what, said, found);
}

static void judge(gtfs *g, const char *file, const published *row)
{
    const char *stop = tq_texts_at(g->build->texts, g->stops.at[row->stop].name);
    const char *route = tq_texts_at(g->build->texts, g->routes.at[row->route].short_name);
    if (row->first_s != TQ_GTFS_NO_TIME && row->last_s != TQ_GTFS_NO_TIME &&
        row->last_s <= row->first_s) {
        char first[16], last[16];
        gtfs_print_time(row->first_s, first);
        gtfs_print_time(row->last_s, last);
        gtfs_say(g, TQ_WARNING, "last_before_first", file, row->line,
                 "%s at %s: the last departure %s is not after the first %s; ask the operator",
                 route, stop, last, first);
        return;
    }
    if (row->found_first_s == INT32_MAX) {
        gtfs_say(g, TQ_WARNING, "published_differs", file, row->line,
                 "%s at %s: the timetable has no departure there", route, stop);
        return;
    }
    compare(g, file, row, "first departure", row->first_s, row->found_first_s);
    compare(g, file, row, "last departure", row->last_s, row->found_last_s);
}

tq_status gtfs_check_first_last(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "first_last.csv", &reader));
    uint32_t column[5] = {gtfs_column(&reader, "route_id"), gtfs_column(&reader, "stop_id"),
                          gtfs_column(&reader, "direction_id"), gtfs_column(&reader, "first"),
                          gtfs_column(&reader, "last")};
    published_book book = {0};
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_published(g, &reader, column, &book);
    }
    for (size_t k = g->first_trip; status == TQ_OK && book.rows.count != 0 && k < g->trips.count;
         k++)
        if (g->trips.at[k].pattern != TQ_NONE) see_trip(g, &book, &g->trips.at[k]);
    for (size_t k = 0; status == TQ_OK && k < book.rows.count; k++)
        judge(g, reader.file, &book.rows.at[k]);
    gtfs_reader_close(&reader);
    tq_vec_free(&book.rows);
    tq_vec_free(&book.watches);
    gtfs_slots_free(&book.slots);
    return status;
}
