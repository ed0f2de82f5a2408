/*
 * dates.csv: which stop, trip, route, street or place carries which date.
 *
 * It runs when stops are linked and arrays are laid out, and writes rows of dates into them. Ids of
 * stops, trips and routes are those of the timetable; a route's date goes to all its trips. A
 * street is named (all its pieces) or given as way:ID. A place is named by its id in the tables of
 * places, else by its name. Every row must hit something. Where two rows date the same thing the
 * later one holds.
 */
#include "import/tables_in.h"

enum {
    DATE_OBJECT,
    DATE_ID,
    DATE_STATUS,
    DATE_FROM,
    DATE_TO,
    DATE_SOURCE,
    DATE_NOTE,
    DATE_COLUMN_COUNT
};
static const char *const date_columns[DATE_COLUMN_COUNT] = {"object", "id",     "status", "from",
                                                            "to",     "source", "note"};
static const char *const object_words[] = {"stop", "trip", "route", "street", "place"};
enum { OBJECT_STOP, OBJECT_TRIP, OBJECT_ROUTE, OBJECT_STREET, OBJECT_PLACE };
static const char *const life_words[] = {"planned", "building", "open", "closed"};
static const tq_life life_of_word[] = {TQ_PLANNED, TQ_BUILDING, TQ_OPEN, TQ_CLOSED};

/* The arrays of a city under construction belong to the import, which may still write them. */
static void *writable(const void *array)
{
    return (void *)(uintptr_t)array;
}

static uint32_t date_stops(tq_build *build, uint32_t id, uint32_t date)
{
    const tq_timetable *timetable = &build->city.timetable;
    tq_stop *stop = writable(timetable->stop);
    uint32_t hits = 0;
    for (uint32_t k = 0; k < timetable->stop_count; k++) {
        if (stop[k].id != id) continue;
        stop[k].date = date;
        hits++;
        for (size_t place = 0; place < build->places.count; place++) {
            tq_place_row *row = &build->places.at[place];
            if (row->link == k && (row->kind == TQ_PLACE_STOP || row->kind == TQ_PLACE_STATION))
                row->date = date;
        }
    }
    return hits;
}

static uint32_t date_trips(tq_build *build, uint32_t id, uint32_t date)
{
    const tq_timetable *timetable = &build->city.timetable;
    tq_trip *trip = writable(timetable->trip);
    uint32_t hits = 0;
    for (uint32_t k = 0; k < timetable->trip_count; k++) {
        if (trip[k].id != id) continue;
        trip[k].date = date;
        hits++;
    }
    return hits;
}

/* A route without trips is hit all the same: it is listed, not planned. */
static uint32_t date_route(tq_build *build, uint32_t id, uint32_t date)
{
    const tq_timetable *timetable = &build->city.timetable;
    tq_trip *trip = writable(timetable->trip);
    uint32_t hits = 0;
    for (uint32_t route = 0; route < timetable->route_count; route++)
        hits += timetable->route[route].id == id;
    for (uint32_t pattern = 0; hits > 0 && pattern < timetable->pattern_count; pattern++) {
        if (timetable->route[timetable->pattern_route[pattern]].id != id) continue;
        uint32_t last = timetable->pattern_first_trip[pattern + 1];
        for (uint32_t k = timetable->pattern_first_trip[pattern]; k < last; k++)
            trip[k].date = date;
    }
    return hits;
}

static uint32_t date_streets(tq_build *build, tq_str id, uint32_t text, uint32_t date)
{
    const tq_streets *streets = &build->city.streets;
    uint32_t *edge_date = writable(streets->edge_date), hits = 0;
    int64_t way = 0;
    bool by_way = tq_str_starts(id, "way:") &&
                  tq_parse_i64((tq_str){id.at + 4, id.len - 4}, &way) && way != 0;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        if (by_way ? streets->edge_way[edge] != way
                   : streets->name[streets->edge_name[edge]].name != text)
            continue;
        edge_date[edge] = date;
        hits++;
    }
    return hits;
}

static uint32_t date_places(tq_build *build, const tables_places *places, uint32_t text,
                            uint32_t date)
{
    uint32_t hits = 0;
    for (size_t k = 0; k < places->ids.count; k++) {
        if (places->ids.at[k].id != text) continue;
        build->places.at[places->ids.at[k].place].date = date;
        hits++;
    }
    for (size_t place = 0; hits == 0 && place < build->places.count; place++)
        if (build->places.at[place].name == text) {
            build->places.at[place].date = date;
            hits++;
        }
    return hits;
}

typedef struct date_user {
    const tables_places *places;
} date_user;

static tq_status take_date(tables_reader *reader, uint32_t *date, bool *good)
{
    tq_str life = reader->value[DATE_STATUS], from = reader->value[DATE_FROM],
           to = reader->value[DATE_TO];
    int64_t from_ms = INT64_MIN, to_ms = INT64_MAX;
    *good = false;
    uint32_t word = tables_word(life, life_words, TQ_COUNT(life_words));
    if (word == TQ_NONE)
        return tables_bad(reader, "bad_status", "unknown status \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(life),
                          tables_nearest(life, life_words, TQ_COUNT(life_words)));
    if (!tables_instant(reader, from, TABLES_FROM, &from_ms))
        return tables_bad(reader, "bad_date",
                          "from \"%.*s\" is not a date; write 2025-05-25 or 2025-05-25T12:00",
                          TABLE_SLICE(from));
    if (!tables_instant(reader, to, TABLES_TO, &to_ms))
        return tables_bad(reader, "bad_date",
                          "to \"%.*s\" is not a date; write 2025-05-25 or 2025-05-25T12:00",
                          TABLE_SLICE(to));
    if (from_ms >= to_ms)
        return tables_bad(reader, "bad_date", "it ends (%.*s) before it begins (%.*s)",
                          TABLE_SLICE(to), TABLE_SLICE(from));
    *date = tq_build_date(reader->build, life_of_word[word], from_ms, to_ms,
                          tables_text(reader, reader->value[DATE_SOURCE]));
    if (*date == TQ_NONE) return tables_no_memory(reader);
    *good = true;
    return TQ_OK;
}

static tq_status date_row(tables_reader *reader, void *user)
{
    const date_user *with = user;
    tq_build *build = reader->build;
    tq_str id = reader->value[DATE_ID], object = reader->value[DATE_OBJECT];
    uint32_t word = tables_word(object, object_words, TQ_COUNT(object_words)), date = 0, hits = 0;
    bool good;
    if (word == TQ_NONE)
        return tables_bad(reader, "bad_object", "unknown object \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(object),
                          tables_nearest(object, object_words, TQ_COUNT(object_words)));
    if (id.len == 0) return tables_bad(reader, "no_name", "the id is missing");
    TQ_TRY(take_date(reader, &date, &good));
    if (!good) return TQ_OK;
    uint32_t text = tables_text(reader, id);
    switch (word) {
    case OBJECT_STOP: hits = date_stops(build, text, date); break;
    case OBJECT_TRIP: hits = date_trips(build, text, date); break;
    case OBJECT_ROUTE: hits = date_route(build, text, date); break;
    case OBJECT_STREET: hits = date_streets(build, id, text, date); break;
    default: hits = date_places(build, with->places, text, date); break;
    }
    if (hits > 0) return TQ_OK;
    return tables_bad(reader, "unknown_id", "there is no %s \"%.*s\"", object_words[word],
                      TABLE_SLICE(id));
}

tq_status tables_dates(tq_build *build, const tables_places *places, const char *file, tq_str bytes,
                       tq_err *err)
{
    static const tables_columns columns = {date_columns, DATE_COLUMN_COUNT, DATE_STATUS + 1};
    tables_reader reader = {.build = build, .file = file, .err = err};
    date_user with = {places};
    TQ_TRY(tables_read_csv(&reader, bytes, &columns, &with, date_row));
    tq_report_count(build->report, "tables.dates", reader.rows - reader.bad);
    return TQ_OK;
}
