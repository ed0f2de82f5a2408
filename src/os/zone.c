/*
 * Time zones from the system's tzdata (TZif, RFC 8536), written out as one table of shifts.
 *
 * Reads the 64-bit block and continues it to 2099 by the rule in the footer (form M
 * month.week.day). The table then goes into the city file, so that a server neither needs tzdata
 * nor changes with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#define ZONE_FILE_MAX  ((size_t)1 << 20)
#define LAST_RULE_YEAR 2099
#define HEAD_LEN       44

typedef struct tzif_counts {
    uint32_t ut, standard, leap, time, type, letters;
} tzif_counts;

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t be64(const uint8_t *at)
{
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

static bool read_counts(const uint8_t *at, size_t len, tzif_counts *out)
{
    if (len < HEAD_LEN || memcmp(at, "TZif", 4) != 0 || at[4] < '2') return false;
    *out = (tzif_counts){be32(at + 20), be32(at + 24), be32(at + 28),
                         be32(at + 32), be32(at + 36), be32(at + 40)};
    return out->time < 100000 && out->type > 0 && out->type < 256 && out->letters < 10000 &&
           out->leap < 1000 && out->ut <= 256 && out->standard <= 256;
}

static size_t block_len(const tzif_counts *counts, size_t time_len)
{
    return counts->time * (time_len + 1) + counts->type * 6u + counts->letters +
           counts->leap * (time_len + 4) + counts->standard + counts->ut;
}

static bool add_shift(tq_zone *zone, int64_t from_s, int32_t offset_s)
{
    if (zone->count > 0 && zone->offset_s[zone->count - 1] == offset_s) return true;
    if (zone->count == TQ_ZONE_SHIFTS_MAX) return false;
    zone->from_s[zone->count] = from_s;
    zone->offset_s[zone->count++] = offset_s;
    return true;
}

/* ---- the footer: POSIX TZ, such as CET-1CEST,M3.5.0,M10.5.0/3
 * ------------------------------------ */

typedef struct tz_rule {
    int month, week, day, time_s;
} tz_rule;

static bool skip_name(const char **at)
{
    const char *p = *at;
    if (*p == '<') {
        while (*p != '\0' && *p != '>')
            p++;
        if (*p++ != '>') return false;
    } else {
        while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
            p++;
    }
    bool some = p > *at;
    *at = p;
    return some;
}

/* hh[:mm[:ss]] with a sign */
static bool read_time(const char **at, int *out_s)
{
    int sign = **at == '-' ? -1 : 1;
    if (**at == '-' || **at == '+') (*at)++;
    int part[3] = {0};
    for (unsigned k = 0; k < 3; k++) {
        char *end = NULL;
        long value = strtol(*at, &end, 10);
        if (end == *at || value < 0 || value > 167) return false;
        part[k] = (int)value;
        *at = end;
        if (**at != ':') break;
        (*at)++;
    }
    *out_s = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
}

static bool read_rule(const char **at, tz_rule *out)
{
    int used = 0;
    if (sscanf(*at, ",M%2d.%1d.%1d%n", &out->month, &out->week, &out->day, &used) != 3)
        return false;
    if (out->month < 1 || out->month > 12 || out->week < 1 || out->week > 5 || out->day > 6)
        return false;
    *at += used;
    out->time_s = 7200;
    if (**at != '/') return true;
    (*at)++;
    return read_time(at, &out->time_s);
}

/* Days since 1970 of a Gregorian date (Hinnant's method). */
static int64_t day_number(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year, era = tq_floor_div(y, 400),
            of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t rule_second(const tz_rule *rule, int year)
{
    int64_t first = day_number(year, rule->month, 1);
    int64_t next =
        rule->month == 12 ? day_number(year + 1, 1, 1) : day_number(year, rule->month + 1, 1);
    int64_t weekday = (first + 4) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (rule->day - weekday + 7) % 7 + 7 * ((int64_t)rule->week - 1);
    while (day >= next)
        day -= 7;
    return day * 86400 + rule->time_s;
}

static bool add_rule_years(tq_zone *zone, const char *footer)
{
    int standard_s, summer_s;
    tz_rule begin, end;
    if (!skip_name(&footer) || !read_time(&footer, &standard_s)) return false;
    standard_s = -standard_s;
    int64_t last_s = zone->from_s[zone->count - 1];
    if (*footer == '\0') return true; /* no summer time: the last shift holds on */
    if (!skip_name(&footer)) return false;
    summer_s = standard_s + 3600;
    if (*footer != ',') {
        if (!read_time(&footer, &summer_s)) return false;
        summer_s = -summer_s;
    }
    if (!read_rule(&footer, &begin) || !read_rule(&footer, &end)) return false;
    for (int year = 2000; year <= LAST_RULE_YEAR; year++) {
        int64_t on = rule_second(&begin, year) - standard_s,
                off = rule_second(&end, year) - summer_s;
        bool north = on < off;
        for (unsigned k = 0; k < 2; k++) {
            bool is_on = (k == 0) == north;
            int64_t at = is_on ? on : off;
            if (at > last_s && !add_shift(zone, at, is_on ? summer_s : standard_s)) return false;
        }
    }
    return true;
}

static bool parse_zone(const uint8_t *bytes, size_t len, tq_zone *zone)
{
    tzif_counts counts;
    if (!read_counts(bytes, len, &counts)) return false;
    size_t skip = HEAD_LEN + block_len(&counts, 4);
    if (skip > len || !read_counts(bytes + skip, len - skip, &counts)) return false;
    const uint8_t *at = bytes + skip + HEAD_LEN;
    size_t left = len - skip - HEAD_LEN, need = block_len(&counts, 8);
    if (need > left) return false;
    const uint8_t *time = at, *type_of = time + (size_t)counts.time * 8,
                  *type = type_of + counts.time;
    zone->count = 0;
    if (!add_shift(zone, INT64_MIN, (int32_t)be32(type))) return false;
    for (uint32_t k = 0; k < counts.time; k++) {
        if (type_of[k] >= counts.type) return false;
        int64_t from_s = be64(time + (size_t)k * 8);
        if (from_s < -INT64_C(2208988800)) { /* before 1900: only the state at that year matters */
            zone->offset_s[0] = (int32_t)be32(type + (size_t)type_of[k] * 6);
            continue;
        }
        if (!add_shift(zone, from_s, (int32_t)be32(type + (size_t)type_of[k] * 6))) return false;
    }
    char footer[128] = "";
    at += need;
    left -= need;
    if (left < 2 || at[0] != '\n' || left - 2 >= sizeof footer) return false;
    memcpy(footer, at + 1, left - 2);
    return footer[0] == '\0' || add_rule_years(zone, footer);
}

static bool safe_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '/' || strlen(name) > 60 || strstr(name, "..") != NULL)
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
              (*at >= '0' && *at <= '9') || strchr("/_+-", *at) != NULL))
            return false;
    return true;
}

tq_status tq_zone_load(const char *name, tq_zone *zone, tq_err *err)
{
    char path[128];
    if (!safe_name(name))
        return tq_fail(err, TQ_BAD_CONFIG, 0,
                       "timezone \"%.60s\" is not a name such as Asia/Shanghai", name);
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    char *bytes = NULL;
    size_t len = 0;
    if (!tq_file_look(path).exists)
        return tq_fail(err, TQ_BAD_CONFIG, 0,
                       "no timezone %s in the system's tzdata; see the package tzdata", name);
    TQ_TRY(tq_file_read(path, ZONE_FILE_MAX, &bytes, &len, err));
    tq_zone *read = TQ_ALLOC(tq_zone, 1);
    bool good = read != NULL && parse_zone((const uint8_t *)bytes, len, read);
    if (good) *zone = *read;
    tq_free(read);
    tq_free(bytes);
    return good ? TQ_OK
                : tq_fail(err, TQ_BAD_CONFIG, 0, "%s is not a time zone file that can be read",
                          path);
}
