/* A whole import of a small folder: places of stops, same bytes from any folder, nothing left after
 * a failure. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tongqu/place.h"

#include "import/import.h"

static char folder[2][64];
static tq_settings settings;

static void put_file(const char *where, const char *name, const char *text)
{
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, where, name));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void put_city(const char *where)
{
    char path[TQ_PATH_MAX];
    put_file(where, "tongqu.yaml", "city:\n  id: taiyuan\n  name: 太原\n  name_en: Taiyuan\n");
    put_file(where, "aliases.csv",
             "name,alias,kind\n化章西街,化西街站,other\n化章西街,西桥北,former\n");
    assert_true(tq_path_join(path, where, "metro"));
    assert_int_equal(tq_folder_make(path, NULL), TQ_OK);
    put_file(path, "agency.txt",
             "agency_name,agency_url,agency_timezone\nm,http://m,Asia/Shanghai\n");
    put_file(path, "stops.txt",
             "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
             "S,化章西街,37.70,112.55,1,\nS1,化章西街,37.70,112.55,0,S\nS2,北口,37.70,112.55,0,S\n"
             "B1,东岗路,37.85,112.57,0,\nB2,东岗路,37.851,112.57,0,\nB3,东岗路,37.95,112.57,0,\n");
    put_file(path, "routes.txt", "route_id,route_short_name,route_type\nR,2,1\n");
    put_file(path, "trips.txt", "route_id,service_id,trip_id\nR,D,T\n");
    put_file(path, "stop_times.txt",
             "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
             "T,06:00:00,06:00:00,S1,1\nT,06:10:00,06:10:00,B1,2\n");
    put_file(path, "calendar.txt",
             "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
             "start_date,end_date\nD,1,1,1,1,1,1,1,20250601,20250630\n");
}

static int make_folders(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        (void)snprintf(folder[k], sizeof folder[k], "/tmp/tongqu_frame_XXXXXX");
        if (mkdtemp(folder[k]) == NULL) return -1;
        put_city(folder[k]);
    }
    return 0;
}

static int drop_folders(void **state)
{
    (void)state;
    char command[160];
    (void)snprintf(command, sizeof command, "rm -rf %s %s", folder[0], folder[1]);
    return system(command);
}

static void import_folder(size_t which, char path[TQ_PATH_MAX])
{
    tq_err err;
    tq_report *report = tq_report_new();
    assert_int_equal(tq_settings_read(folder[which], &settings, &err), TQ_OK);
    assert_true(tq_path_join(path, folder[which], "x.city"));
    tq_status status = tq_import(&settings, path, report, NULL, NULL, &err);
    if (status != TQ_OK) fail_msg("%s", err.text);
    tq_buf text = {0};
    tq_report_text(report, &text);
    tq_buf_putc(&text, '\0');
    assert_non_null(strstr(text.at, "memory.peak_bytes: "));
    assert_non_null(strstr(text.at, "time.total.wall_us: "));
    tq_buf_free(&text);
    tq_report_free(report);
}

static void stops_are_found_by_name(void **state)
{
    (void)state;
    char path[TQ_PATH_MAX];
    tq_err err;
    tq_city *city = NULL;
    import_folder(0, path);
    assert_int_equal(tq_city_open(path, &city, &err), TQ_OK);
    assert_int_equal(city->places.count, 4); /* the station, its other platform, two of 东岗路 */
    tq_place found[8];
    uint32_t count = 0;
    tq_place_query query = {.size = sizeof query, .text = "化西街站", .limit = 8};
    assert_int_equal(tq_places_find(city, &query, found, &count, &err), TQ_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].kind, TQ_PLACE_STATION);
    assert_int_equal(found[0].match, TQ_MATCH_ALIAS);
    assert_string_equal(found[0].matched, "化西街站");
    query.text = "西桥北";
    assert_int_equal(tq_places_find(city, &query, found, &count, &err), TQ_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].match, TQ_MATCH_FORMER);
    assert_true(found[0].stop_id[0] != '\0');
    query.text = "donggang";
    query.in_city = "Taiyuan";
    assert_int_equal(tq_places_find(city, &query, found, &count, &err), TQ_OK);
    assert_int_equal(count, 2);
    assert_int_equal(tq_places_near(city, 378500000, 1125700000, 1000, 8, found, &count, &err),
                     TQ_OK);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].name, "东岗路");
    tq_city_close(city);
}

static void the_same_bytes_from_any_folder(void **state)
{
    (void)state;
    char path[2][TQ_PATH_MAX], *bytes[2];
    size_t len[2];
    tq_err err;
    for (size_t k = 0; k < 2; k++) {
        import_folder(k, path[k]);
        assert_int_equal(tq_file_read(path[k], 1 << 26, &bytes[k], &len[k], &err), TQ_OK);
    }
    assert_int_equal(len[0], len[1]);
    assert_memory_equal(bytes[0], bytes[1], len[0]);
    assert_null(memmem(bytes[0], len[0], "tongqu_frame", 12));
    tq_free(bytes[0]);
    tq_free(bytes[1]);
}

static void nothing_is_left_after_a_failure(void **state)
{
    (void)state;
    char path[TQ_PATH_MAX], gone[TQ_PATH_MAX];
    tq_err err;
    assert_int_equal(tq_settings_read(folder[1], &settings, &err), TQ_OK);
    assert_true(tq_path_join(gone, folder[1], "metro/stops.txt"));
    assert_int_equal(unlink(gone), 0);
    assert_true(tq_path_join(path, folder[1], "new.city"));
    assert_int_not_equal(tq_import(&settings, path, NULL, NULL, NULL, &err), TQ_OK);
    assert_false(tq_file_look(path).exists);
    (void)snprintf(settings.timezone, sizeof settings.timezone, "Mars/Olympus");
    assert_int_not_equal(tq_import(&settings, path, NULL, NULL, NULL, &err), TQ_OK);
    assert_false(tq_file_look(path).exists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_are_found_by_name),
        cmocka_unit_test(the_same_bytes_from_any_folder),
        cmocka_unit_test(nothing_is_left_after_a_failure),
    };
    return cmocka_run_group_tests(tests, make_folders, drop_folders);
}
