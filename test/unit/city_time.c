/* city: local days, service days around a shift of the clock, and the text forms of instants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "city/city.h"

static tq_zone berlin, shanghai;

static tq_zone_table table_of(const tq_zone *zone)
{
    return (tq_zone_table){zone->count, zone->from_s, zone->offset_s};
}

static int load(void **state)
{
    (void)state;
    return tq_zone_load("Europe/Berlin", &berlin, NULL) != TQ_OK ||
           tq_zone_load("Asia/Shanghai", &shanghai, NULL) != TQ_OK;
}

static void days_are_numbered_as_everywhere(void **state)
{
    (void)state;
    assert_int_equal(tq_day_of(1970, 1, 1), 0);
    assert_int_equal(tq_day_of(2000, 3, 1), 11017);
    for (int32_t day = -100000; day < 100000; day += 37) {
        int32_t year;
        unsigned month, of_month;
        tq_date_of(day, &year, &month, &of_month);
        assert_int_equal(tq_day_of(year, month, of_month), day);
    }
}

/* The C library knows the same zones; it is the second opinion. */
static void offsets_equal_the_c_library(void **state)
{
    (void)state;
    static const char *const name[] = {
        "Europe/Berlin",     "Asia/Shanghai",  "America/New_York", "Australia/Lord_Howe",
        "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"};
    static tq_zone zone;
    for (unsigned k = 0; k < TQ_COUNT(name); k++) {
        setenv("TZ", name[k], 1);
        tzset();
        assert_int_equal(tq_zone_load(name[k], &zone, NULL), TQ_OK);
        tq_zone_table table = table_of(&zone);
        for (int64_t at = 315532800; at < 4070908800; at += 86400 * 3 + 5417) {
            struct tm local;
            time_t when = (time_t)at;
            localtime_r(&when, &local);
            if (tq_offset_s(&table, at) != local.tm_gmtoff)
                fail_msg("%s at %lld", name[k], (long long)at);
        }
    }
}

static void service_day_is_noon_minus_twelve(void **state)
{
    (void)state;
    tq_zone_table table = table_of(&berlin);
    /* 2025-03-30: clocks go forward at 02:00, so second 0 of the service day is 23:00 of the day
     * before. */
    int32_t day = tq_day_of(2025, 3, 30);
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&table, tq_service_day_ms(&table, day), text);
    assert_string_equal(text, "2025-03-29T23:00:00+01:00");
    tq_time_print(&table, tq_service_day_ms(&table, day) + 8 * 3600000, text);
    assert_string_equal(text, "2025-03-30T08:00:00+02:00");
    /* 2025-10-26: clocks go back; second 0 is 01:00. */
    tq_time_print(&table, tq_service_day_ms(&table, tq_day_of(2025, 10, 26)), text);
    assert_string_equal(text, "2025-10-26T01:00:00+02:00");
}

static void times_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text, *same;
    } cases[] = {
        {"2025-06-03T08:00", "2025-06-03T08:00:00+08:00"},
        {"2025-06-03T08:00:30", "2025-06-03T08:00:30+08:00"},
        {"2025-06-03 08:00", "2025-06-03T08:00:00+08:00"},
        {"2025-06-03T00:00:00Z", "2025-06-03T08:00:00+08:00"},
        {"2025-06-03T00:00:00.5Z", "2025-06-03T08:00:00+08:00"},
        {"2025-06-03T02:00:00+02:00", "2025-06-03T08:00:00+08:00"},
        {"2024-02-29T12:00", "2024-02-29T12:00:00+08:00"},
        {"2025-02-29T12:00", NULL},
        {"2025-06-31T12:00", NULL},
        {"2025-06-03T24:00", NULL},
        {"2025-06-03T08:60", NULL},
        {"2025-06-03T08", NULL},
        {"2025-6-3T08:00", NULL},
        {"2025-06-03T08:00+25:00", NULL},
        {"2025-06-03T08:00:00 Z", NULL},
        {"tomorrow", NULL},
        {"", NULL},
    };
    tq_zone_table table = table_of(&shanghai);
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        int64_t at_ms = 0;
        tq_err err = {0};
        char text[TQ_TIME_TEXT_MAX];
        tq_status status = tq_time_parse(&table, tq_str_of(cases[k].text), &at_ms, &err);
        if ((status == TQ_OK) != (cases[k].same != NULL))
            fail_msg("\"%s\": %d", cases[k].text, status);
        if (status != TQ_OK) {
            assert_true(strlen(err.text) > 20);
            continue;
        }
        tq_time_print(&table, at_ms, text);
        assert_string_equal(text, cases[k].same);
    }
}

static void unknown_zones_are_refused(void **state)
{
    (void)state;
    static tq_zone zone;
    assert_int_equal(tq_zone_load("Mars/Olympus", &zone, NULL), TQ_BAD_CONFIG);
    assert_int_equal(tq_zone_load("../../etc/passwd", &zone, NULL), TQ_BAD_CONFIG);
    assert_int_equal(tq_zone_load("", &zone, NULL), TQ_BAD_CONFIG);
    assert_int_equal(tq_zone_load("tzdata.zi", &zone, NULL), TQ_BAD_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_numbered_as_everywhere),
        cmocka_unit_test(offsets_equal_the_c_library),
        cmocka_unit_test(service_day_is_noon_minus_twelve),
        cmocka_unit_test(times_are_read_strictly),
        cmocka_unit_test(unknown_zones_are_refused),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
