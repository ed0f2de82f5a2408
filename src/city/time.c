/*
 * Instants, local days and their text forms, by the city's own table of shifts.
 *
 * GTFS counts a service day's seconds from local noon minus 12 h, which on a day with a shift is
 * not midnight; tq_service_day_ms keeps to that.
 */
#include <stdio.h>

#include "city/city.h"

#define DAY_S 86400

int32_t tq_offset_s(const tq_zone_table *zone, int64_t utc_s)
{
    uint32_t low = 0, high = zone->count; /* last shift at or before utc_s */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->from_s[middle] <= utc_s)
            low = middle;
        else
            high = middle;
    }
    return zone->count == 0 ? 0 : zone->offset_s[low];
}

int32_t tq_local_day(const tq_zone_table *zone, int64_t at_ms, int32_t *second)
{
    int64_t utc_s = tq_floor_div(at_ms, 1000), local_s = utc_s + tq_offset_s(zone, utc_s);
    int64_t day = tq_floor_div(local_s, DAY_S);
    if (second != NULL) *second = (int32_t)(local_s - day * DAY_S);
    return (int32_t)day;
}

int64_t tq_local_to_ms(const tq_zone_table *zone, int32_t day, int32_t second)
{
    int64_t local_s = (int64_t)day * DAY_S + second;
    /* The offset before a shift is tried first: in a repeated hour that is the earlier instant. */
    int64_t guess = local_s - tq_offset_s(zone, local_s - DAY_S);
    if (guess + tq_offset_s(zone, guess) == local_s) return guess * 1000;
    int64_t later = local_s - tq_offset_s(zone, local_s + DAY_S);
    if (later + tq_offset_s(zone, later) == local_s) return later * 1000;
    return guess * 1000;
}

int64_t tq_service_day_ms(const tq_zone_table *zone, int32_t day)
{
    return tq_local_to_ms(zone, day, DAY_S / 2) - DAY_S / 2 * INT64_C(1000);
}

int32_t tq_day_of(int32_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year, era = tq_floor_div(y, 400),
            of_era = y - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
}

void tq_date_of(int32_t day, int32_t *year, unsigned *month, unsigned *day_of_month)
{
    int64_t shifted = (int64_t)day + 719468, era = tq_floor_div(shifted, 146097),
            of_era = shifted - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day_of_month = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = (int32_t)(y + era * 400 + (*month <= 2));
}

static bool digits(tq_str text, size_t at, size_t count, unsigned *out)
{
    unsigned value = 0;
    if (at + count > text.len) return false;
    for (size_t k = 0; k < count; k++) {
        char c = text.at[at + k];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (unsigned)(c - '0');
    }
    *out = value;
    return true;
}

static unsigned month_days(int32_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* The zone at the end: Z or +08:00. *known is false when there is none. */
static bool parse_offset(tq_str rest, bool *known, int32_t *offset_s)
{
    unsigned hours, minutes;
    *known = rest.len > 0;
    *offset_s = 0;
    if (rest.len == 0 || tq_str_is(rest, "Z") || tq_str_is(rest, "z")) return true;
    if (rest.len != 6 || (rest.at[0] != '+' && rest.at[0] != '-') || rest.at[3] != ':')
        return false;
    if (!digits(rest, 1, 2, &hours) || !digits(rest, 4, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset_s = (int32_t)(hours * 3600 + minutes * 60) * (rest.at[0] == '-' ? -1 : 1);
    return true;
}

tq_status tq_time_parse(const tq_zone_table *zone, tq_str text, int64_t *at_ms, tq_err *err)
{
    unsigned year, month, day, hour, minute, second = 0;
    size_t at = 16;
    bool good = digits(text, 0, 4, &year) && text.len >= 16 && text.at[4] == '-' &&
                digits(text, 5, 2, &month) && text.at[7] == '-' && digits(text, 8, 2, &day) &&
                (text.at[10] == 'T' || text.at[10] == 't' || text.at[10] == ' ') &&
                digits(text, 11, 2, &hour) && text.at[13] == ':' && digits(text, 14, 2, &minute);
    if (good && text.len > at && text.at[at] == ':') {
        good = digits(text, at + 1, 2, &second);
        at += 3;
        if (good && at < text.len && text.at[at] == '.')
            for (at++; at < text.len && text.at[at] >= '0' && text.at[at] <= '9';)
                at++;
    }
    bool zoned = false;
    int32_t offset_s = 0;
    good = good && parse_offset((tq_str){text.at + at, text.len - at}, &zoned, &offset_s) &&
           year >= 1970 && year < 2100 && month >= 1 && month <= 12 && day >= 1 &&
           day <= month_days((int32_t)year, month) && hour <= 23 && minute <= 59 && second <= 59;
    if (!good)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"%.*s\" is not a time; write 2025-06-03T08:00 (local) or RFC 3339 such as "
                       "2025-06-03T08:00:00+08:00",
                       (int)TQ_MIN(text.len, 40), text.at);
    int32_t local_day = tq_day_of((int32_t)year, month, day),
            of_day = (int32_t)(hour * 3600 + minute * 60 + second);
    *at_ms = zoned ? ((int64_t)local_day * DAY_S + of_day - offset_s) * 1000
                   : tq_local_to_ms(zone, local_day, of_day);
    return TQ_OK;
}

void tq_time_print(const tq_zone_table *zone, int64_t at_ms, char out[TQ_TIME_TEXT_MAX])
{
    int32_t second, year;
    unsigned month, day;
    int32_t offset_s = tq_offset_s(zone, tq_floor_div(at_ms, 1000));
    tq_date_of(tq_local_day(zone, at_ms, &second), &year, &month, &day);
    int32_t size_s = offset_s < 0 ? -offset_s : offset_s;
    (void)snprintf(out, TQ_TIME_TEXT_MAX, "%04d-%02u-%02uT%02d:%02d:%02d%c%02d:%02d", year, month,
                   day, second / 3600, second / 60 % 60, second % 60, offset_s < 0 ? '-' : '+',
                   size_s / 3600, size_s / 60 % 60);
}
