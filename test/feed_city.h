/*
 * A small city with ids, for tests of live feeds: stops S0.., routes R0.., trips T0.. in the order
 * of the timetable, local time UTC+8, everything on SMALL_BASE_DAY and four days more.
 *
 *   R0: S0 S1 S2 S3 S4 a kilometre apart, T0 08:00, T1 08:10, T2 24:30, 5 minutes a stop
 *   R1: S0 S1 S2 S0 S5, a loop: T3 09:00
 *   R2: S6 S7, T4 every 10 min from 06:00 to 09:00 exactly; T5 every 15 min from 10:00 to 12:00
 * about S8 is a station with S6 and S9.
 */
#ifndef TQ_TEST_FEED_CITY_H
#define TQ_TEST_FEED_CITY_H

#include <stdio.h>

#include "small_city.h"

#define FEED_DAY    SMALL_BASE_DAY
#define FEED_DAY_S  (SMALL_BASE_DAY * INT64_C(86400) - 28800)
#define FEED_DATE   "20241004"
#define FEED_NOW_MS ((FEED_DAY_S + 30000) * 1000) /* 08:20 */

typedef struct feed_city {
    small_city small;
    char text[8192];
    uint32_t stop_first_pattern[SMALL_STOPS + 1], stop_pattern[SMALL_PLACES],
        stop_place[SMALL_PLACES];
} feed_city;

static inline uint32_t feed_city_text(feed_city *city, char letter, uint32_t row)
{
    uint32_t at = city->small.city.text_len;
    int len = snprintf(city->text + at, sizeof city->text - at, "%c%u", letter, row);
    city->small.city.text_len += (uint32_t)len + 1;
    return at;
}

static inline void feed_city_end(feed_city *city)
{
    small_city *s = &city->small;
    tq_timetable *table = &s->city.timetable;
    uint32_t count = 0;
    small_end(s);
    s->city.text = city->text;
    s->city.text_len = 1;
    s->zone_offset_s[0] = 28800;
    s->zone_from_s[0] = INT64_MIN;
    for (uint32_t row = 0; row < table->stop_count; row++)
        s->stop[row].id = s->stop[row].name = feed_city_text(city, 'S', row);
    for (uint32_t row = 0; row < table->route_count; row++)
        s->route[row].id = s->route[row].short_name = feed_city_text(city, 'R', row);
    for (uint32_t row = 0; row < table->trip_count; row++)
        s->trip[row].id = feed_city_text(city, 'T', row);
    for (uint32_t stop = 0; stop < table->stop_count; stop++) {
        city->stop_first_pattern[stop] = count;
        for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++)
            for (uint32_t at = table->pattern_first[pattern];
                 at < table->pattern_first[pattern + 1]; at++)
                if (s->pattern_stop[at] == stop) {
                    city->stop_pattern[count] = pattern;
                    city->stop_place[count++] = at - table->pattern_first[pattern];
                }
    }
    city->stop_first_pattern[table->stop_count] = count;
    table->stop_first_pattern = city->stop_first_pattern;
    table->stop_pattern = city->stop_pattern;
    table->stop_place = city->stop_place;
    table->pattern_direction = s->pattern_direction;
}

static inline void feed_city_make(feed_city *city)
{
    static const uint32_t line0[] = {0, 1, 2, 3, 4}, line1[] = {0, 1, 2, 0, 5}, line2[] = {6, 7};
    static const tq_stop_time times[] = {{0, 0}, {300, 320}, {600, 620}, {900, 920}, {1200, 1200}};
    small_city *s = small_begin(&city->small);
    for (uint32_t stop = 0; stop < 10; stop++)
        (void)small_stop(s, 370000000 + (int32_t)stop * 90000, 1120000000,
                         stop == 6 || stop == 9 ? 8 : TQ_NONE, TQ_NONE, 0);
    s->stop[8].kind = TQ_STOP_KIND_STATION;
    uint32_t a = small_line(s, line0, NULL, 5), b = small_line(s, line1, NULL, 5),
             c = small_line(s, line2, NULL, 2);
    (void)small_trip(s, a, 28800, times);
    (void)small_trip(s, a, 29400, times);
    (void)small_trip(s, a, 88200, times);
    (void)small_trip(s, b, 32400, times);
    uint32_t often = small_trip(s, c, 21600, times), about = small_trip(s, c, 36000, times);
    s->frequency[0] = (tq_frequency){21600, 32400, 600, 1};
    s->frequency[1] = (tq_frequency){36000, 43200, 900, 0};
    s->city.timetable.frequency_count = 2;
    s->trip[often].frequency_count = s->trip[about].frequency_count = 1;
    s->trip[about].first_frequency = 1;
    feed_city_end(city);
}

#endif
