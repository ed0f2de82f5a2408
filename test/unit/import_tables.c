/* Plain tables: places with datums, gates, aliases, works, dates; what is refused, and how it is
 * said. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

#include "import/build_in.h"
#include "import/tables_in.h"

/* A build with two stops, one line with one trip, and one street in two pieces. */
typedef struct small_city {
    tq_settings settings;
    tq_build build;
    tq_stop stop[3];
    tq_route route[2];
    tq_trip trip[2];
    uint32_t pattern_route[2], pattern_first_trip[3], edge_name[2], edge_date[2];
    int64_t edge_way[2];
    tq_street_name name[2];
    tables_places places;
    tables_works works;
} small_city;

static uint32_t text(small_city *city, const char *of)
{
    return tq_texts_add(city->build.texts, tq_str_of(of));
}

static small_city *small_city_new(bool stop)
{
    small_city *city = TQ_ALLOC(small_city, 1);
    tq_build *build = &city->build;
    tq_settings_default(&city->settings);
    city->settings.bad_rows_stop = stop;
    build->settings = &city->settings;
    build->report = tq_report_new();
    build->texts = tq_texts_new();
    assert_int_equal(tq_zone_load("Asia/Shanghai", &build->zone, NULL), TQ_OK);
    (void)tq_build_date(build, TQ_OPEN, INT64_MIN, INT64_MAX, 0);
    city->stop[0] = (tq_stop){.id = text(city, "A"), .name = text(city, "甲")};
    city->stop[1] = (tq_stop){.id = text(city, "B"), .name = text(city, "乙")};
    city->route[0].id = text(city, "R1");
    city->route[1].id = text(city, "R2");
    city->trip[0].id = text(city, "T1");
    city->trip[1] = (tq_trip){.id = text(city, "T2"), .pattern = 1};
    city->pattern_route[1] = 1;
    city->pattern_first_trip[1] = 1;
    city->pattern_first_trip[2] = 2;
    city->name[1].name = text(city, "长街");
    city->edge_name[0] = 1;
    city->edge_way[1] = 77;
    build->city.timetable = (tq_timetable){.stop_count = 2,
                                           .route_count = 2,
                                           .pattern_count = 2,
                                           .trip_count = 2,
                                           .stop = city->stop,
                                           .route = city->route,
                                           .trip = city->trip,
                                           .pattern_route = city->pattern_route,
                                           .pattern_first_trip = city->pattern_first_trip};
    build->city.streets = (tq_streets){.edge_count = 2,
                                       .name_count = 2,
                                       .name = city->name,
                                       .edge_name = city->edge_name,
                                       .edge_date = city->edge_date,
                                       .edge_way = city->edge_way};
    return city;
}

static void small_city_free(small_city *city)
{
    tables_places_free(&city->places);
    tq_vec_free(&city->works.rows);
    tq_report_free(city->build.report);
    import_build_free(&city->build);
    tq_free(city);
}

static tq_status places(small_city *city, const char *csv, tq_err *err)
{
    return tables_places_csv(&city->build, &city->places, "places.csv", tq_str_of(csv), err);
}

static const tq_place_row *place(const small_city *city, size_t row)
{
    assert_true(row < city->build.places.count);
    return &city->build.places.at[row];
}

#define HEAD "name,datum,lat,lon\n"

/* A point given as GCJ-02 or BD-09 lands within a metre of its WGS-84 twin. */
static void datums_meet(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_point centre = {378694400, 1125602800}, gcj = tq_from_wgs84(centre, TQ_GCJ02),
             bd = tq_from_wgs84(centre, TQ_BD09);
    char csv[400];
    (void)snprintf(csv, sizeof csv,
                   HEAD "甲,wgs84,37.86944,112.56028\n乙,gcj02,%.7f,%.7f\n丙,BD-09,%.7f,%.7f\n",
                   gcj.lat_e7 / 1e7, gcj.lon_e7 / 1e7, bd.lat_e7 / 1e7, bd.lon_e7 / 1e7);
    assert_int_equal(places(city, csv, NULL), TQ_OK);
    assert_int_equal(city->build.places.count, 3);
    assert_int_equal(tq_distance_dm(centre, place(city, 0)->at), 0);
    assert_true(tq_distance_dm(centre, place(city, 1)->at) < 10);
    assert_true(tq_distance_dm(centre, place(city, 2)->at) < 10);
    uint32_t shift_m = (tq_distance_dm(centre, gcj) + 5) / 10;
    assert_true(shift_m >= 545 && shift_m <= 560);
    small_city_free(city);
}

/* Untagged inside China: refused with the reason; outside it is WGS-84. */
static void untagged_is_refused(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_err err = {0};
    assert_int_equal(places(city, "name,lat,lon\n甲,37.86944,112.56028\n", &err), TQ_BAD_INPUT);
    assert_int_equal(err.line, 2);
    assert_non_null(strstr(err.text, "GCJ-02 is 554 m off at this place; say datum="));
    assert_int_equal(city->build.places.count, 0);
    assert_int_equal(places(city, "name,lat,lon\nPorto,41.15,-8.61\n", &err), TQ_OK);
    assert_int_equal(place(city, 0)->at.lon_e7, -86100000);
    small_city_free(city);
    city = small_city_new(false);
    assert_int_equal(places(city, "name,lat,lon\n甲,37.86944,112.56028\n乙,41,-8\n", NULL), TQ_OK);
    assert_int_equal(city->build.places.count, 1);
    assert_int_equal(tq_report_dropped(city->build.report), 1);
    small_city_free(city);
}

typedef struct refusal {
    const char *csv, *says;
} refusal;

static void bad_places_are_named(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {HEAD "甲,wgs48,37.8,112.5\n", "unknown datum \"wgs48\"; did you mean \"wgs84\""},
        {HEAD "甲,wgs84,112.5,37.8\n", "not on Earth"},
        {HEAD "甲,wgs84,37.8x,112.5\n", "lat \"37.8x\""},
        {HEAD ",wgs84,37.8,112.5\n", "without a name"},
        {HEAD "甲,wgs84,37.8,112.5,more\n", "line 2"},
        {"name,lat,lom\n", "unknown column \"lom\"; did you mean \"lon\""},
        {"name,lat\n", "the column \"lon\" is missing"},
        {"name,lat,lon,lat\n", "twice"},
        {"name,datum,lat,lon,kind\n甲,wgs84,37.8,112.5,pio\n", "did you mean \"poi\""},
        {"name,datum,lat,lon,kind\n甲,wgs84,37.8,112.5,station\n", "comes from timetables"},
        {"name,datum,lat,lon,approximate\n甲,wgs84,37.8,112.5,maybe\n", "write yes or no"},
        {"name,datum,lat,lon,valid_from\n甲,wgs84,37.8,112.5,2025-02-30\n",
         "valid_from \"2025-02-30\""},
        {"name,datum,lat,lon,valid_from,valid_to\n甲,wgs84,37.8,112.5,2025-02-03,2025-02-01\n",
         "ends"},
        {"name,datum,lat,lon\n\xff\xfe,wgs84,37.8,112.5\n", "name is not UTF-8"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        small_city *city = small_city_new(true);
        tq_err err = {0};
        assert_int_equal(places(city, cases[k].csv, &err), TQ_BAD_INPUT);
        if (strstr(err.text, cases[k].says) == NULL) fail_msg("case %zu says: %s", k, err.text);
        assert_non_null(strstr(err.text, "places.csv"));
        small_city_free(city);
    }
}

static void gates_find_their_facility(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_err err = {0};
    assert_int_equal(places(city,
                            "id,kind,name,datum,lat,lon,parent,approximate,city\n"
                            "south,gate,南门,wgs84,37.7316,112.476,hospital,yes,\n"
                            "hospital,poi,医院,wgs84,37.7330,112.476,,no,\n"
                            "town,locality,太原,wgs84,37.8694,112.5602,,,太原\n"
                            "far,locality,兰州,wgs84,36.06,103.8,,,兰州\n",
                            &err),
                     TQ_OK);
    assert_int_equal(tables_places_join(&city->build, &city->places, &err), TQ_OK);
    assert_int_equal(place(city, 0)->parent, 1);
    assert_int_equal(place(city, 0)->kind, TQ_PLACE_GATE);
    assert_int_equal(place(city, 0)->approximate, 1);
    assert_int_equal(place(city, 1)->parent, TQ_NONE);
    assert_int_equal(tables_places_towns(&city->build, 0, &err), TQ_OK);
    assert_int_equal(place(city, 0)->city, text(city, "太原"));
    assert_int_equal(place(city, 3)->city, text(city, "兰州"));
    assert_int_equal(places(city, "name,datum,lat,lon,parent\n门,wgs84,37.7,112.4,nobody\n", &err),
                     TQ_OK);
    assert_int_equal(tables_places_join(&city->build, &city->places, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "nobody"));
    small_city_free(city);
}

static void street_rows_enrich_streets(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_place_row street = {.at = {378480000, 1125720000},
                           .name = text(city, "东岗路"),
                           .parent = TQ_NONE,
                           .link = 1,
                           .kind = TQ_PLACE_STREET};
    assert_true(tq_vec_push(&city->build.places, street));
    assert_int_equal(
        places(city,
               "name,kind,area,city,datum,lat,lon\n东岗路,street,迎泽区,太原,wgs84,37.849,112.573\n"
               "东岗路,street,城关区,兰州,wgs84,36.057,103.883\n",
               NULL),
        TQ_OK);
    assert_int_equal(city->build.places.count, 2);
    assert_int_equal(place(city, 0)->area, text(city, "迎泽区"));
    assert_int_equal(place(city, 0)->at.lat_e7, 378480000);
    assert_int_equal(place(city, 1)->city, text(city, "兰州"));
    assert_int_equal(place(city, 1)->link, TQ_NONE);
    small_city_free(city);
}

static void geojson_reads_points(void **state)
{
    (void)state;
    static const char good[] =
        "{\"type\":\"FeatureCollection\",\"datum\":\"wgs84\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"name\":\"甲\",\"approximate\":true,\"colour\":1},"
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[112.56028,37.86944]}},"
        "{\"type\":\"Feature\",\"properties\":{\"name\":\"乙\",\"datum\":\"gcj02\",\"kind\":"
        "\"gate\"},"
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[112.56028,37.86944]}}]}";
    small_city *city = small_city_new(true);
    tq_err err = {0};
    assert_int_equal(
        tables_places_geojson(&city->build, &city->places, "p.geojson", TQ_STR(good), &err), TQ_OK);
    assert_int_equal(place(city, 0)->at.lat_e7, 378694400);
    assert_int_equal(place(city, 0)->at.lon_e7, 1125602800);
    assert_int_equal(place(city, 0)->approximate, 1);
    uint32_t apart_m = tq_distance_dm(place(city, 0)->at, place(city, 1)->at) / 10;
    assert_true(apart_m >= 545 && apart_m <= 560);
    static const refusal cases[] = {
        {"{\"features\":[{\"properties\":{\"name\":\"甲\"},\"geometry\":{\"type\":\"Point\","
         "\"coordinates\":[112.5,37.8]}}]}",
         "has no datum"},
        {"{\"features\":[{\"properties\":{\"name\":\"甲\"},\"geometry\":{\"type\":\"LineString\"}}]"
         "}",
         "LineString"},
        {"{\"features\":[{\"properties\":{\"name\":7},\"geometry\":{\"type\":\"Point\","
         "\"coordinates\":[1,2]}}]}",
         "\"name\""},
        {"{\"features\":[{\"properties\":{},\"geometry\":{\"type\":\"Point\",\"coordinates\":["
         "\"1\",2]}}]}",
         "two numbers"},
        {"{\"features\":7}", "FeatureCollection"},
        {"{\"features\":[", "p.geojson line 1"},
        {"[[[[", "p.geojson line 1"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_status status = tables_places_geojson(&city->build, &city->places, "p.geojson",
                                                 tq_str_of(cases[k].csv), &err);
        assert_int_equal(status, TQ_BAD_INPUT);
        if (strstr(err.text, cases[k].says) == NULL) fail_msg("case %zu says: %s", k, err.text);
    }
    assert_int_equal(city->build.places.count, 2);
    small_city_free(city);
}

static void aliases_reach_all_of_a_name(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_err err = {0};
    uint32_t name = text(city, "化章西街"), far = text(city, "兰州");
    tq_place_row rows[] = {{.name = name, .kind = TQ_PLACE_STATION},
                           {.name = name, .kind = TQ_PLACE_STOP},
                           {.name = name, .kind = TQ_PLACE_STREET, .city = far}};
    for (size_t k = 0; k < TQ_COUNT(rows); k++)
        assert_true(tq_vec_push(&city->build.places, rows[k]));
    assert_int_equal(
        tables_aliases(
            &city->build, "aliases.csv",
            TQ_STR("name,alias,kind,city\n化章西街,化西街站,other,太原\n化章西街,旧名,former,\n"),
            &err),
        TQ_OK);
    assert_int_equal(city->build.late_aliases.count, 3);
    assert_int_equal(city->build.late_aliases.at[0].place, 0);
    assert_int_equal(city->build.late_aliases.at[0].text, text(city, "化西街站"));
    assert_int_equal(city->build.late_aliases.at[0].kind, TQ_ALIAS_OTHER);
    assert_int_equal(city->build.late_aliases.at[1].kind, TQ_ALIAS_FORMER);
    assert_int_equal(city->build.late_aliases.at[2].place, 2);
    assert_int_equal(
        tables_aliases(&city->build, "aliases.csv", TQ_STR("name,alias\n无此站,甲\n"), &err),
        TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "无此站"));
    assert_int_equal(tables_aliases(&city->build, "aliases.csv",
                                    TQ_STR("name,alias,kind\n化章西街,甲,formr\n"), &err),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "did you mean \"former\""));
    small_city_free(city);
}

static void works_keep_what_is_not_known(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_err err = {0};
    static const char csv[] = "id,name,status,from,to,length_m,done_m,target_m,speed_kmh\n"
                              "a,西北二环,open,2024-12-09,,160340,,,80\nb,农村公路,building,2025-"
                              "01-01,2025-12-31,,,96700,\n";
    assert_int_equal(tables_works_csv(&city->build, &city->works, "works.csv", TQ_STR(csv), &err),
                     TQ_OK);
    assert_int_equal(tables_works_freeze(&city->build, &city->works, &err), TQ_OK);
    const tq_works *works = &city->build.city.works;
    assert_int_equal(works->count, 2);
    assert_int_equal(works->row[0].life, TQ_OPEN);
    assert_int_equal(works->row[0].length_m, 160340);
    assert_int_equal(works->row[0].done_known, 0);
    assert_true(works->row[0].from_ms == INT64_C(1733673600000)); /* 2024-12-09T00:00+08:00 */
    assert_true(works->row[0].to_ms == INT64_MAX);
    assert_int_equal(works->row[1].target_m, 96700);
    assert_true(works->row[1].to_ms == INT64_C(1767196800000)); /* the end of 2025-12-31 */
    static const refusal cases[] = {
        {"id,name,status\na,甲,opne\n", "did you mean \"open\""},
        {"id,name,status,length_m\nc,甲,open,3.5\n", "length_m is \"3.5\""},
        {"id,name,status\na,甲,open\n", "given twice"},
        {"id,name,status,from\nd,甲,open,soon\n", "\"soon\" is not a date"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        assert_int_equal(tables_works_csv(&city->build, &city->works, "works.csv",
                                          tq_str_of(cases[k].csv), &err),
                         TQ_BAD_INPUT);
        if (strstr(err.text, cases[k].says) == NULL) fail_msg("case %zu says: %s", k, err.text);
    }
    small_city_free(city);
}

static void dates_are_applied(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    tq_err err = {0};
    tq_place_row shop = {.name = text(city, "店"), .kind = TQ_PLACE_POI, .link = TQ_NONE};
    assert_true(tq_vec_push(&city->build.places, shop));
    static const char csv[] =
        "object,id,status,from,source\n"
        "stop,B,open,2025-05-25T12:00:00+08:00,notice\n"
        "route,R2,open,2025-02-22T10:30,press\n"
        "street,长街,building,,\nstreet,way:77,planned,,\nplace,店,closed,,\n";
    assert_int_equal(tables_dates(&city->build, &city->places, "dates.csv", TQ_STR(csv), &err),
                     TQ_OK);
    tq_dates dates = {(uint32_t)city->build.dates.count, city->build.dates.at};
    int64_t noon = INT64_C(1748145600000); /* 2025-05-25T12:00+08:00 */
    assert_int_equal(city->stop[0].date, 0);
    assert_false(tq_open_at(&dates, city->stop[1].date, noon - 1000));
    assert_true(tq_open_at(&dates, city->stop[1].date, noon));
    assert_int_equal(city->trip[0].date, 0);
    assert_true(dates.row[city->trip[1].date].from_ms == INT64_C(1740191400000));
    assert_int_equal(dates.row[city->edge_date[0]].life, TQ_BUILDING);
    assert_int_equal(dates.row[city->edge_date[1]].life, TQ_PLANNED);
    assert_int_equal(dates.row[city->build.places.at[0].date].life, TQ_CLOSED);
    static const refusal cases[] = {
        {"object,id,status\nstop,Z,open\n", "there is no stop \"Z\""},
        {"object,id,status\nstpo,A,open\n", "did you mean \"stop\""},
        {"object,id,status\nstop,A,oepn\n", "unknown status"},
        {"object,id,status,from,to\nstop,A,open,2025-05-25,2025-05-24\n", "before it begins"},
        {"object,id\nstop,A\n", "\"status\" is missing"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        assert_int_equal(
            tables_dates(&city->build, &city->places, "dates.csv", tq_str_of(cases[k].csv), &err),
            TQ_BAD_INPUT);
        if (strstr(err.text, cases[k].says) == NULL) fail_msg("case %zu says: %s", k, err.text);
    }
    small_city_free(city);
}

/* A field at the limit is taken, one byte more is not. */
static void long_fields_are_refused(void **state)
{
    (void)state;
    for (size_t len = TQ_TABLE_TEXT_MAX; len <= TQ_TABLE_TEXT_MAX + 1; len++) {
        small_city *city = small_city_new(true);
        tq_buf csv = {0};
        tq_buf_puts(&csv, "name,lat,lon\n");
        for (size_t k = 0; k < len; k++)
            tq_buf_putc(&csv, 'a');
        tq_buf_puts(&csv, ",1,2\n");
        tq_err err = {0};
        tq_status status =
            tables_places_csv(&city->build, &city->places, "p", (tq_str){csv.at, csv.len}, &err);
        assert_int_equal(status, len > TQ_TABLE_TEXT_MAX ? TQ_BAD_INPUT : TQ_OK);
        tq_buf_free(&csv);
        small_city_free(city);
    }
}

/* The tables of the shipped city that stand alone are read without a word. */
static void shipped_tables_are_good(void **state)
{
    (void)state;
    small_city *city = small_city_new(true);
    char *bytes;
    size_t len;
    tq_err err = {0};
    if (tq_file_read("cities/taiyuan/places.csv", TQ_TABLE_BYTES_MAX, &bytes, &len, &err) != TQ_OK)
        fail_msg("%s", err.text);
    if (tables_places_csv(&city->build, &city->places, "places.csv", (tq_str){bytes, len}, &err) !=
        TQ_OK)
        fail_msg("%s", err.text);
    tq_free(bytes);
    if (tables_places_join(&city->build, &city->places, &err) != TQ_OK) fail_msg("%s", err.text);
    if (tq_file_read("cities/taiyuan/works.csv", TQ_TABLE_BYTES_MAX, &bytes, &len, &err) != TQ_OK)
        fail_msg("%s", err.text);
    if (tables_works_csv(&city->build, &city->works, "works.csv", (tq_str){bytes, len}, &err) !=
        TQ_OK)
        fail_msg("%s", err.text);
    tq_free(bytes);
    assert_true(city->build.places.count >= 40);
    assert_true(city->works.rows.count >= 15);
    assert_int_equal(tq_report_dropped(city->build.report), 0);
    small_city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datums_meet),
        cmocka_unit_test(untagged_is_refused),
        cmocka_unit_test(bad_places_are_named),
        cmocka_unit_test(gates_find_their_facility),
        cmocka_unit_test(street_rows_enrich_streets),
        cmocka_unit_test(geojson_reads_points),
        cmocka_unit_test(aliases_reach_all_of_a_name),
        cmocka_unit_test(works_keep_what_is_not_known),
        cmocka_unit_test(dates_are_applied),
        cmocka_unit_test(long_fields_are_refused),
        cmocka_unit_test(shipped_tables_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
