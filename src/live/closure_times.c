/*
 * Time rules of closures: nights, weekdays, dates; read, asked about an instant, and checked for
 * ever holding.
 *
 * A rule is a clause without absolute dates. A window that runs past midnight belongs to the day on
 * which it begins, as in the rules of streets (docs/guide/rules.md).
 */
#include <stdio.h>

#include "live/live_in.h"

#define DAY_MIN  1440u
#define WEEK     7
#define DAYS_MAX 10300 /* 28 years and a little: weekdays and dates repeat */

const char *const LIVE_DAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

/* ---- asking ---------------------------------------------------------------------------------- */

static bool day_holds(const tq_clause *clause, int32_t day)
{
    int32_t year;
    unsigned month, of_month;
    if (clause->days != 0) {
        int64_t week_day = (int64_t)day + 3;
        week_day -= tq_floor_div(week_day, WEEK) * WEEK;
        if ((clause->days >> week_day & 1) == 0) return false;
    }
    if (clause->from_date == 0 && clause->to_date == 0) return true;
    tq_date_of(day, &year, &month, &of_month);
    unsigned date = month * 32 + of_month;
    if (clause->from_date <= clause->to_date)
        return clause->from_date <= date && date <= clause->to_date;
    return date >= clause->from_date || date <= clause->to_date;
}

/* The window of a day, half open. */
static void window_of(const tq_city *city, const tq_clause *clause, int32_t day, int64_t *from_ms,
                      int64_t *to_ms)
{
    bool all_day = clause->from_min == 0 && clause->to_min == 0;
    bool over = !all_day && clause->from_min >= clause->to_min;
    uint32_t from = all_day ? 0 : clause->from_min, to = all_day ? DAY_MIN : clause->to_min;
    *from_ms = tq_local_to_ms(&city->zone, day, (int32_t)from * 60);
    *to_ms = tq_local_to_ms(&city->zone, over || to == DAY_MIN ? day + 1 : day,
                            (int32_t)(to % DAY_MIN) * 60);
}

bool live_time_holds(const tq_city *city, const tq_clause *clause, int64_t at_ms)
{
    int32_t second, day = tq_local_day(&city->zone, at_ms, &second);
    for (int32_t back = 0; back < 2; back++) {
        int64_t from_ms, to_ms;
        if (!day_holds(clause, day - back)) continue;
        window_of(city, clause, day - back, &from_ms, &to_ms);
        if (from_ms <= at_ms && at_ms < to_ms) return true;
    }
    return false;
}

bool live_time_ever(const tq_city *city, const tq_clause *clause, int64_t from_ms, int64_t to_ms)
{
    int32_t second, first = tq_local_day(&city->zone, from_ms, &second) - 1;
    int32_t last = tq_local_day(&city->zone, to_ms, &second);
    last = (int32_t)TQ_MIN((int64_t)last, (int64_t)first + DAYS_MAX);
    for (int32_t day = first; day <= last; day++) {
        int64_t begin_ms, end_ms;
        if (!day_holds(clause, day)) continue;
        window_of(city, clause, day, &begin_ms, &end_ms);
        if (TQ_MAX(begin_ms, from_ms) < TQ_MIN(end_ms, to_ms)) return true;
    }
    return false;
}

bool live_closure_holds(const tq_city *city, const tq_closure *closure, int64_t at_ms)
{
    if (at_ms < closure->from_ms || at_ms >= closure->to_ms) return false;
    for (uint32_t k = 0; k < closure->time_count; k++)
        if (live_time_holds(city, &closure->time[k], at_ms)) return true;
    return closure->time_count == 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool two_digits(const char *text, unsigned *out)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return false;
    *out = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    return true;
}

static bool read_minute(const char *text, uint16_t *out)
{
    unsigned hour, minute;
    if (strlen(text) != 5 || text[2] != ':' || !two_digits(text, &hour) ||
        !two_digits(text + 3, &minute) || minute > 59 || hour * 60 + minute > DAY_MIN)
        return false;
    *out = (uint16_t)(hour * 60 + minute);
    return true;
}

static bool read_date(const char *text, uint16_t *out)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned month, day;
    if (strlen(text) != 5 || text[2] != '-' || !two_digits(text, &month) ||
        !two_digits(text + 3, &day) || month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    *out = (uint16_t)(month * 32 + day);
    return true;
}

static tq_status read_days(const json_t *list, size_t row, tq_clause *out, tq_err *err)
{
    if (!json_is_array(list) || json_array_size(list) == 0)
        return tq_fail(err, TQ_BAD_INPUT, row,
                       "\"times\" %zu: \"days\" is a list such as [\"mon\",\"fri\"]", row);
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *word = json_string_value(json_array_get(list, k));
        uint32_t day = word != NULL ? live_row_of(word, LIVE_DAYS) : TQ_NONE;
        if (day == TQ_NONE)
            return tq_fail(err, TQ_BAD_INPUT, row,
                           "\"times\" %zu: \"%.20s\" is no day; mon tue wed thu fri sat sun are",
                           row, word != NULL ? word : "(no text)");
        out->days |= (uint8_t)(1u << day);
    }
    if (out->days == 0x7f) out->days = 0;
    return TQ_OK;
}

static tq_status read_dates(const json_t *list, size_t row, tq_clause *out, tq_err *err)
{
    size_t count = json_array_size(list);
    const char *from = json_string_value(json_array_get(list, 0)),
               *to = json_string_value(json_array_get(list, count > 0 ? count - 1 : 0));
    if (!json_is_array(list) || count == 0 || count > 2 || from == NULL || to == NULL ||
        !read_date(from, &out->from_date) || !read_date(to, &out->to_date))
        return tq_fail(err, TQ_BAD_INPUT, row,
                       "\"times\" %zu: \"dates\" is a first and a last day such as "
                       "[\"05-01\",\"05-03\"], or one day",
                       row);
    return TQ_OK;
}

static tq_status read_window(const json_t *time, size_t row, tq_clause *out, tq_err *err)
{
    const char *from = json_string_value(json_object_get(time, "from")),
               *to = json_string_value(json_object_get(time, "to"));
    if (json_object_get(time, "from") == NULL && json_object_get(time, "to") == NULL) return TQ_OK;
    if (from == NULL || to == NULL || !read_minute(from, &out->from_min) ||
        !read_minute(to, &out->to_min))
        return tq_fail(err, TQ_BAD_INPUT, row,
                       "\"times\" %zu: \"from\" and \"to\" are times of day such as \"22:00\" and "
                       "\"06:00\", both",
                       row);
    if (out->from_min == out->to_min || out->from_min == DAY_MIN)
        return tq_fail(err, TQ_BAD_INPUT, row,
                       "\"times\" %zu: from %s to %s never holds; leave both out for the whole day",
                       row, from, to);
    if (out->from_min == 0 && out->to_min == DAY_MIN) out->to_min = 0; /* the whole day */
    return TQ_OK;
}

tq_status live_read_times(const json_t *times, tq_closure *out, tq_err *err)
{
    static const char *const members[] = {"days", "dates", "from", "to", NULL};
    size_t count = json_array_size(times);
    if (!json_is_array(times) || count > TQ_CLOSURE_TIMES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"times\" is a list of at most %d rules such as "
                       "{\"days\":[\"mon\"],\"from\":\"22:00\",\"to\":\"06:00\"}",
                       TQ_CLOSURE_TIMES_MAX);
    for (size_t row = 0; row < count; row++) {
        const json_t *time = json_array_get(times, row);
        tq_clause *clause = &out->time[row];
        if (!json_is_object(time) || json_object_size(time) == 0)
            return tq_fail(err, TQ_BAD_INPUT, row,
                           "\"times\" %zu says nothing; give \"days\", \"dates\", or \"from\" and "
                           "\"to\"",
                           row);
        TQ_TRY(live_only(time, members, "time rule", err));
        *clause = (tq_clause){0};
        if (json_object_get(time, "days") != NULL)
            TQ_TRY(read_days(json_object_get(time, "days"), row, clause, err));
        if (json_object_get(time, "dates") != NULL)
            TQ_TRY(read_dates(json_object_get(time, "dates"), row, clause, err));
        TQ_TRY(read_window(time, row, clause, err));
    }
    out->time_count = (uint32_t)count;
    return TQ_OK;
}
