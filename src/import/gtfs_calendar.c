/*
 * Service days: calendar.txt and calendar_dates.txt of all feeds become one set of day bits a
 * service.
 *
 * The days run from the first to the last day that any service names, at most TQ_GTFS_DAYS_MAX;
 * what lies behind that is cut off and said. Within a service an exception beats the week, and of
 * two exceptions for one day the later row holds.
 */
#include "import/gtfs_in.h"

static const char *const weekday_name[7] = {"monday", "tuesday",  "wednesday", "thursday",
                                            "friday", "saturday", "sunday"};

static tq_status new_service(gtfs *g, tq_str id, uint32_t line, uint32_t *service)
{
    if (g->services.count >= TQ_GTFS_SERVICES_MAX)
        return tq_fail(g->err, TQ_LIMIT, line, "more than %u services", TQ_GTFS_SERVICES_MAX);
    gtfs_service row = {
        .id = gtfs_text_add(g, id), .feed = (uint8_t)g->feed, .from_day = 0, .to_day = -1};
    *service = (uint32_t)g->services.count;
    return tq_vec_push(&g->services, row) && gtfs_ids_put(&g->service_ids, id, *service)
               ? TQ_OK
               : gtfs_no_memory(g);
}

typedef struct calendar_columns {
    uint32_t id, from, to, day[7];
} calendar_columns;

static tq_status take_week(gtfs *g, const gtfs_reader *reader, const calendar_columns *column)
{
    tq_str id = gtfs_cell(reader, column->id), from = gtfs_cell(reader, column->from),
           to = gtfs_cell(reader, column->to);
    uint32_t line = reader->csv.line, service = 0;
    int32_t from_day = 0, to_day = 0;
    uint8_t weekdays = 0;
    if (gtfs_ids_find(&g->service_ids, id) != TQ_NONE)
        return gtfs_bad(g, "duplicate_id", reader->file, line,
                        "service_id «%.*s» is there twice; the row is left out", GTFS_SLICE(id));
    if (!gtfs_parse_date(from, &from_day) || !gtfs_parse_date(to, &to_day))
        return gtfs_bad(
            g, "bad_date", reader->file, line,
            "%.*s to %.*s are not two dates (YYYYMMDD, 1970 to 2199); the row is left out",
            GTFS_SLICE(from), GTFS_SLICE(to));
    for (unsigned day = 0; day < 7; day++) {
        tq_str flag = gtfs_cell(reader, column->day[day]);
        if (tq_str_is(flag, "1"))
            weekdays = (uint8_t)(weekdays | 1u << day);
        else if (!tq_str_is(flag, "0"))
            TQ_TRY(gtfs_bad(g, "bad_weekday", reader->file, line,
                            "%s is «%.*s», not 0 or 1; 0 is taken", weekday_name[day],
                            GTFS_SLICE(flag)));
    }
    if (from_day > to_day)
        gtfs_say(g, TQ_WARNING, "end_before_start", reader->file, line,
                 "service «%.*s» ends before it starts", GTFS_SLICE(id));
    TQ_TRY(new_service(g, id, line, &service));
    g->services.at[service].line = line;
    g->services.at[service].weekdays = weekdays;
    g->services.at[service].from_day = from_day;
    g->services.at[service].to_day = to_day;
    return TQ_OK;
}

static tq_status read_weeks(gtfs *g, bool *present)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "calendar.txt", &reader));
    calendar_columns column = {.id = gtfs_column(&reader, "service_id"),
                               .from = gtfs_column(&reader, "start_date"),
                               .to = gtfs_column(&reader, "end_date")};
    for (unsigned day = 0; day < 7; day++)
        column.day[day] = gtfs_column(&reader, weekday_name[day]);
    *present |= reader.present;
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_week(g, &reader, &column);
    }
    gtfs_reader_close(&reader);
    return status;
}

static tq_status take_exception(gtfs *g, const gtfs_reader *reader, uint32_t id_column,
                                uint32_t date_column, uint32_t type_column)
{
    tq_str id = gtfs_cell(reader, id_column), date = gtfs_cell(reader, date_column),
           type = gtfs_cell(reader, type_column);
    uint32_t line = reader->csv.line;
    gtfs_exception row = {.added = tq_str_is(type, "1")};
    if (!gtfs_parse_date(date, &row.day))
        return gtfs_bad(g, "bad_date", reader->file, line,
                        "%.*s is not a date (YYYYMMDD, 1970 to 2199); the row is left out",
                        GTFS_SLICE(date));
    if (!row.added && !tq_str_is(type, "2"))
        return gtfs_bad(g, "bad_exception", reader->file, line,
                        "exception_type «%.*s» is not 1 or 2; the row is left out",
                        GTFS_SLICE(type));
    row.service = gtfs_ids_find(&g->service_ids, id);
    if (row.service == TQ_NONE) TQ_TRY(new_service(g, id, line, &row.service));
    return tq_vec_push(&g->exceptions, row) ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_calendar(gtfs *g)
{
    bool present = false;
    TQ_TRY(read_weeks(g, &present));
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "calendar_dates.txt", &reader));
    uint32_t id = gtfs_column(&reader, "service_id"), date = gtfs_column(&reader, "date"),
             type = gtfs_column(&reader, "exception_type");
    present |= reader.present;
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_exception(g, &reader, id, date, type);
    }
    gtfs_reader_close(&reader);
    if (status == TQ_OK && !present)
        gtfs_say(g, TQ_WARNING, "no_calendar", "calendar.txt", 0,
                 "neither calendar.txt nor calendar_dates.txt is there; no trip can run");
    return status;
}

/* First and last day that any service names; false when there is none. */
static bool day_range(const gtfs *g, int32_t *from, int32_t *to)
{
    *from = INT32_MAX;
    *to = INT32_MIN;
    for (size_t k = 0; k < g->services.count; k++) {
        const gtfs_service *service = &g->services.at[k];
        if (service->weekdays == 0 || service->from_day > service->to_day) continue;
        *from = TQ_MIN(*from, service->from_day);
        *to = TQ_MAX(*to, service->to_day);
    }
    for (size_t k = 0; k < g->exceptions.count; k++) {
        if (!g->exceptions.at[k].added) continue;
        *from = TQ_MIN(*from, g->exceptions.at[k].day);
        *to = TQ_MAX(*to, g->exceptions.at[k].day);
    }
    return *from <= *to;
}

static void set_days(const gtfs *g, uint64_t *days, size_t words, int32_t base, int32_t last)
{
    for (size_t k = 0; k < g->services.count; k++) {
        const gtfs_service *service = &g->services.at[k];
        int32_t to = TQ_MIN(service->to_day, last);
        for (int32_t day = service->from_day; service->weekdays != 0 && day <= to; day++) {
            /* 1970-01-01 was a Thursday; days are not negative here. */
            if (service->weekdays >> ((day + 3) % 7) & 1)
                days[k * words + (size_t)(day - base) / 64] |= UINT64_C(1) << ((day - base) % 64);
        }
    }
    for (size_t k = 0; k < g->exceptions.count; k++) {
        const gtfs_exception *row = &g->exceptions.at[k];
        if (row->day < base || row->day > last) continue;
        uint64_t *word = &days[row->service * words + (size_t)(row->day - base) / 64];
        uint64_t bit = UINT64_C(1) << ((row->day - base) % 64);
        *word = row->added ? *word | bit : *word & ~bit;
    }
}

static void say_idle_services(gtfs *g, const uint64_t *days, size_t words)
{
    for (size_t k = 0; k < g->services.count; k++) {
        bool runs = false;
        for (size_t word = 0; word < words; word++)
            runs |= days[k * words + word] != 0;
        if (!runs)
            tq_report_add(g->build->report, TQ_WARNING, "service_never_runs", "calendar.txt",
                          g->services.at[k].line, "service «%s» runs on no day",
                          tq_texts_at(g->build->texts, g->services.at[k].id));
    }
}

tq_status gtfs_freeze_calendar(gtfs *g)
{
    tq_timetable *out = &g->build->city.timetable;
    int32_t from = 0, to = -1;
    if (!day_range(g, &from, &to)) from = 0, to = -1;
    if ((int64_t)to - from + 1 > TQ_GTFS_DAYS_MAX) {
        tq_report_add(g->build->report, TQ_WARNING, "calendar_too_long", "calendar.txt", 0,
                      "the services span more than %u days; what lies behind is cut off",
                      TQ_GTFS_DAYS_MAX);
        to = from + (int32_t)TQ_GTFS_DAYS_MAX - 1;
    }
    size_t count = g->services.count, words = (size_t)(to - from + 1 + 63) / 64;
    if ((uint64_t)count * words * 8 > TQ_GTFS_CALENDAR_MAX)
        return tq_fail(g->err, TQ_LIMIT, 0,
                       "%zu services over %d days need more than %llu bytes; cut the calendar",
                       count, to - from + 1, (unsigned long long)TQ_GTFS_CALENDAR_MAX);
    uint64_t *days = tq_pool_push(&g->build->pool, count * words * 8 + 8, 8);
    uint32_t *ids = tq_pool_push(&g->build->pool, count * sizeof *ids + 4, 4);
    if (days == NULL || ids == NULL) return gtfs_no_memory(g);
    for (size_t k = 0; k < count; k++)
        ids[k] = g->services.at[k].id;
    set_days(g, days, words, from, to);
    say_idle_services(g, days, words);
    out->service_count = (uint32_t)count;
    out->day_count = (uint32_t)(to - from + 1);
    out->day_words = (uint32_t)words;
    out->base_day = from;
    out->service_days = days;
    out->service_id = ids;
    return TQ_OK;
}
