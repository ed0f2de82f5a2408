/* The shipped city through the importer: published minutes, lengths, dates, names, and what the
 * report says. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "tongqu/place.h"

#include "import/build_in.h"

#define STATIONS_MAX 24

/* Minutes after 06:00 of the first train and after 22:00 of the last one, as the operator publishes
 * them. */
typedef struct published {
    const char *route;
    uint32_t direction, count, length_m;
    uint8_t minute[STATIONS_MAX]; /* in the order of travel */
} published;
static const published lines[] = {
    {"TYM_L1", 0, 24, 28737, {0,  2,  4,  6,  9,  11, 13, 15, 18, 19, 21, 23,
                              25, 26, 29, 31, 33, 36, 37, 39, 41, 43, 46, 50}},
    {"TYM_L1", 1, 24, 28737, {0,  4,  7,  9,  11, 13, 15, 17, 19, 22, 24, 25,
                              27, 29, 31, 32, 35, 37, 40, 42, 44, 46, 49, 51}},
    {"TYM_L2", 0, 23, 23647, {0,  2,  4,  5,  7,  10, 12, 13, 16, 18, 19, 22,
                              24, 26, 28, 30, 32, 33, 36, 38, 40, 42, 44}},
    {"TYM_L2", 1, 23, 23647, {0,  2,  4,  7,  9,  11, 13, 15, 17, 18, 21, 23,
                              25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45}},
};

static tq_settings settings;
static tq_build build;

static int import_city(void **state)
{
    (void)state;
    static tq_status (*const stages[])(tq_build *, tq_err *) = {
        import_osm,    import_streets_csv, import_gtfs, import_link_stops, import_places_of_stops,
        import_tables, import_fares};
    tq_err err = {0};
    tq_status status = tq_settings_read("cities/taiyuan", &settings, &err);
    build = (tq_build){
        .settings = &settings, .report = tq_report_new(), .texts = tq_texts_new(), .threads = 1};
    if (status == TQ_OK) status = tq_zone_load(settings.timezone, &build.zone, &err);
    if (status == TQ_OK && tq_build_date(&build, TQ_OPEN, INT64_MIN, INT64_MAX, 0) != 0)
        status = TQ_INTERNAL;
    for (size_t k = 0; status == TQ_OK && k < TQ_COUNT(stages); k++)
        status = stages[k](&build, &err);
    if (status != TQ_OK) print_error("%s\n", err.text);
    return status == TQ_OK ? 0 : -1;
}

static int drop_city(void **state)
{
    (void)state;
    import_streets_free(&build);
    tq_report_free(build.report);
    import_build_free(&build);
    return 0;
}

static const char *text(uint32_t of)
{
    return tq_texts_at(build.texts, of);
}

static uint32_t pattern_of(const published *line)
{
    const tq_timetable *timetable = &build.city.timetable;
    for (uint32_t pattern = 0; pattern < timetable->pattern_count; pattern++)
        if (timetable->pattern_direction[pattern] == line->direction &&
            strcmp(text(timetable->route[timetable->pattern_route[pattern]].id), line->route) == 0)
            return pattern;
    fail_msg("no trips of %s direction %u", line->route, line->direction);
    return 0;
}

/* First and last departure of the first stop over all trips of a pattern on a service day. */
static void first_and_last(uint32_t pattern, bool workday, int32_t *first_s, int32_t *last_s)
{
    const tq_timetable *timetable = &build.city.timetable;
    int32_t day = tq_day_of(2025, 6, workday ? 3 : 7);
    *first_s = INT32_MAX;
    *last_s = INT32_MIN;
    for (uint32_t k = timetable->pattern_first_trip[pattern];
         k < timetable->pattern_first_trip[pattern + 1]; k++) {
        const tq_trip *trip = &timetable->trip[k];
        if (!tq_service_runs(timetable, trip->service, day)) continue;
        int32_t from_s = trip->start_s, to_s = trip->start_s;
        for (uint32_t f = 0; f < trip->frequency_count; f++) {
            const tq_frequency *run = &timetable->frequency[trip->first_frequency + f];
            int32_t runs = (run->to_s - 1 - run->from_s) / (int32_t)run->headway_s;
            from_s = run->from_s;
            to_s = run->from_s + runs * (int32_t)run->headway_s;
            *first_s = TQ_MIN(*first_s, from_s);
            *last_s = TQ_MAX(*last_s, to_s);
        }
        *first_s = TQ_MIN(*first_s, from_s);
        *last_s = TQ_MAX(*last_s, to_s);
    }
}

static void published_minutes_hold(void **state)
{
    (void)state;
    const tq_timetable *timetable = &build.city.timetable;
    for (size_t k = 0; k < TQ_COUNT(lines); k++) {
        uint32_t pattern = pattern_of(&lines[k]),
                 stops = timetable->pattern_first[pattern + 1] - timetable->pattern_first[pattern];
        assert_int_equal(stops, lines[k].count);
        for (uint32_t t = timetable->pattern_first_trip[pattern];
             t < timetable->pattern_first_trip[pattern + 1]; t++) {
            const tq_stop_time *time =
                timetable->stop_time + timetable->profile_first[timetable->trip[t].profile];
            for (uint32_t place = 0; place < stops; place++)
                assert_int_equal(time[place].arrival_s, lines[k].minute[place] * 60);
        }
        for (int workday = 0; workday < 2; workday++) {
            int32_t first_s, last_s;
            first_and_last(pattern, workday == 1, &first_s, &last_s);
            assert_int_equal(first_s, 6 * 3600);
            assert_int_equal(last_s, 22 * 3600);
        }
    }
}

static void lengths_and_fares_hold(void **state)
{
    (void)state;
    const tq_timetable *timetable = &build.city.timetable;
    for (size_t k = 0; k < TQ_COUNT(lines); k++) {
        uint32_t pattern = pattern_of(&lines[k]);
        uint32_t length_m = timetable->pattern_along_m[timetable->pattern_first[pattern + 1] - 1];
        uint32_t tariff = timetable->route[timetable->pattern_route[pattern]].tariff;
        assert_int_equal(length_m, lines[k].length_m);
        assert_true(tariff < build.city.fares.tariff_count);
        assert_int_equal(tq_tariff_fen(&build.city.fares, tariff, length_m),
                         length_m == 28737 ? 700 : 600);
    }
}

static void opening_days_hold(void **state)
{
    (void)state;
    const tq_timetable *timetable = &build.city.timetable;
    tq_dates dates = {(uint32_t)build.dates.count, build.dates.at};
    int64_t noon_ms = INT64_C(1748145600000), line1_ms = INT64_C(1740191400000);
    uint32_t seen = 0;
    for (uint32_t k = 0; k < timetable->stop_count; k++) {
        bool new_one = strcmp(text(timetable->stop[k].id), "TYM_L2_22") == 0;
        bool line1 = strncmp(text(timetable->stop[k].id), "TYM_L1_", 7) == 0;
        if (new_one || line1) {
            int64_t opens_ms = new_one ? noon_ms : line1_ms;
            assert_false(tq_open_at(&dates, timetable->stop[k].date, opens_ms - 60000));
            assert_true(tq_open_at(&dates, timetable->stop[k].date, opens_ms));
            seen++;
        }
    }
    assert_int_equal(seen, 25);
}

/* What is planned or building is in the streets, and closed to everyone. */
static void future_roads_are_closed(void **state)
{
    (void)state;
    static const char *const names[] = {"太古联线", "古交—娄烦—方山高速", "G108太原过境改线"};
    static const uint32_t length_m[] = {13202, 66486, 52188};
    const tq_streets *streets = &build.city.streets;
    tq_dates dates = {(uint32_t)build.dates.count, build.dates.at};
    int64_t april_ms = INT64_C(1744128000000); /* 2025-04-09 */
    for (size_t k = 0; k < TQ_COUNT(names); k++) {
        uint64_t total_dm = 0;
        for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
            if (strcmp(text(streets->name[streets->edge_name[edge]].name), names[k]) != 0) continue;
            assert_false(tq_open_at(&dates, streets->edge_date[edge], april_ms));
            total_dm += streets->edge_length_dm[edge];
        }
        /* Rounding of each piece to a decimetre. */
        assert_in_range(total_dm, length_m[k] * 10 - 100, length_m[k] * 10 + 100);
    }
}

static bool has_alias(uint32_t place, const char *alias, tq_alias_kind kind)
{
    for (size_t k = 0; k < build.late_aliases.count; k++)
        if (build.late_aliases.at[k].place == place && build.late_aliases.at[k].kind == kind &&
            strcmp(text(build.late_aliases.at[k].text), alias) == 0)
            return true;
    return false;
}

static void names_hold(void **state)
{
    (void)state;
    bool found[3] = {false, false, false};
    uint32_t donggang_taiyuan = 0, donggang_lanzhou = 0;
    for (uint32_t place = 0; place < build.places.count; place++) {
        const tq_place_row *row = &build.places.at[place];
        bool station = row->kind == TQ_PLACE_STATION;
        if (station && strcmp(text(row->name), "化章西街") == 0)
            found[0] = has_alias(place, "化西街站", TQ_ALIAS_OTHER);
        if (station && strcmp(text(row->name), "河龙湾") == 0)
            found[1] = has_alias(place, "西山矿务局", TQ_ALIAS_FORMER);
        if (station && strcmp(text(row->name), "大南门") == 0)
            found[2] = strcmp(text(row->name_en), "Dananmen") == 0;
        if (strcmp(text(row->name), "东岗路") != 0) continue;
        donggang_taiyuan +=
            strcmp(text(row->city), "太原") == 0 && strcmp(text(row->area), "迎泽区") == 0;
        donggang_lanzhou += strcmp(text(row->city), "兰州") == 0;
        assert_int_equal(row->kind, TQ_PLACE_STREET);
    }
    assert_true(found[0] && found[1] && found[2]);
    assert_int_equal(donggang_taiyuan, 1);
    assert_int_equal(donggang_lanzhou, 1);
}

static void only_the_misprint_is_reported(void **state)
{
    (void)state;
    tq_buf out = {0};
    tq_report_text(build.report, &out);
    tq_buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "化章西街"));
    assert_non_null(strstr(out.at, "last_before_first: 1"));
    assert_int_equal(tq_report_dropped(build.report), 0);
    tq_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_minutes_hold),
        cmocka_unit_test(lengths_and_fares_hold),
        cmocka_unit_test(opening_days_hold),
        cmocka_unit_test(future_roads_are_closed),
        cmocka_unit_test(names_hold),
        cmocka_unit_test(only_the_misprint_is_reported),
    };
    return cmocka_run_group_tests(tests, import_city, drop_city);
}
