// also: import
/*
 * 100,000 damaged copies of a city file: opened or refused by name, never a crash.
 *
 * The file is a real import of a small hand-made city with streets, a timetable, places and works.
 * Half of the copies get their checksums made right again, so that the checks behind the checksums
 * are reached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tongqu/place.h"

#include "city/city_in.h"
#include "import/import.h"

#include "city_heal.h"

#define COPIES 100000

static tq_map good;
static char folder[64];

static void put_file(const char *name, const char *body)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(body, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A line of streets with side streets; a restriction over a way, one over a node, one by the hour.
 */
static const char town_osm[] =
    "<osm version=\"0.6\">"
    "<node id=\"1\" lat=\"37.800\" lon=\"112.600\"/><node id=\"2\" lat=\"37.800\" lon=\"112.602\"/>"
    "<node id=\"3\" lat=\"37.800\" lon=\"112.604\"/><node id=\"4\" lat=\"37.800\" lon=\"112.606\"/>"
    "<node id=\"5\" lat=\"37.802\" lon=\"112.602\"/><node id=\"6\" lat=\"37.802\" lon=\"112.604\"/>"
    "<way id=\"11\"><nd ref=\"1\"/><nd ref=\"2\"/><tag k=\"highway\" v=\"tertiary\"/></way>"
    "<way id=\"12\"><nd ref=\"2\"/><nd ref=\"3\"/><tag k=\"highway\" v=\"tertiary\"/>"
    "<tag k=\"hgv:conditional\" v=\"no @ (07:00-19:00)\"/></way>"
    "<way id=\"13\"><nd ref=\"3\"/><nd ref=\"4\"/><tag k=\"highway\" v=\"tertiary\"/></way>"
    "<way id=\"14\"><nd ref=\"2\"/><nd ref=\"5\"/><tag k=\"highway\" v=\"residential\"/></way>"
    "<way id=\"15\"><nd ref=\"3\"/><nd ref=\"6\"/><tag k=\"highway\" v=\"residential\"/></way>"
    "<relation id=\"21\"><member type=\"way\" ref=\"11\" role=\"from\"/>"
    "<member type=\"way\" ref=\"12\" role=\"via\"/><member type=\"way\" ref=\"15\" role=\"to\"/>"
    "<tag k=\"type\" v=\"restriction\"/><tag k=\"restriction\" v=\"no_left_turn\"/></relation>"
    "<relation id=\"22\"><member type=\"way\" ref=\"12\" role=\"from\"/>"
    "<member type=\"node\" ref=\"3\" role=\"via\"/><member type=\"way\" ref=\"13\" role=\"to\"/>"
    "<tag k=\"type\" v=\"restriction\"/><tag k=\"restriction:conditional\" "
    "v=\"only_straight_on @ (Mo-Fr 07:00-09:00)\"/></relation></osm>";

static int make_city(void **state)
{
    (void)state;
    char path[160];
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu-damage-XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/feed", folder);
    assert_int_equal(tq_folder_make(path, NULL), TQ_OK);
    put_file("feed/agency.txt", "agency_id,agency_name,agency_url,agency_timezone\nA,Test,http://"
                                "localhost,Asia/Shanghai\n");
    put_file("feed/stops.txt",
             "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nP,中心站,37.80,112."
             "50,1,\n"
             "S1,中心站,37.80,112.50,0,P\nS2,南站,37.82,112.50,0,\nS3,北站,37.84,112.50,0,\n");
    put_file("feed/routes.txt",
             "route_id,agency_id,route_short_name,route_long_name,route_type\nR,A,7,Seven,3\n");
    put_file(
        "feed/calendar.txt",
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,1,1,20250601,20250630\n");
    put_file("feed/trips.txt", "route_id,service_id,trip_id\nR,W,T1\nR,W,T2\n");
    put_file("feed/stop_times.txt",
             "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
             "T1,08:00:00,08:00:00,S1,1\nT1,08:10:00,08:10:00,S2,2\nT1,08:20:00,08:20:00,S3,3\n"
             "T2,25:00:00,25:00:00,S1,1\nT2,25:10:00,25:10:00,S2,2\nT2,25:20:00,25:20:00,S3,3\n");
    put_file("feed/transfers.txt",
             "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nS1,S2,2,120\n");
    put_file("streets.csv",
             "name,name_en,class,oneway,lanes,speed_kmh,datum,course,status,valid_from,valid_to,"
             "source,note\n"
             "甲路,A Road,primary,no,2,50,wgs84,37.80 112.50; 37.81 112.50; 37.82 112.50; 37.84 "
             "112.50,open,,,test,\n"
             "乙街,B Street,secondary,no,2,40,wgs84,37.81 112.48; 37.81 112.50; 37.81 "
             "112.52,open,,,test,\n"
             "丙路,C Road,primary,no,2,50,wgs84,37.81 112.52; 37.84 112.50,building,,,test,\n");
    put_file("town.osm", town_osm);
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    tq_report *report = tq_report_new();
    tq_err err = {0};
    tq_settings_default(settings);
    (void)snprintf(settings->timezone, sizeof settings->timezone, "Asia/Shanghai");
    (void)snprintf(settings->id, sizeof settings->id, "damage");
    tq_status status = tq_settings_write(folder, settings, &err);
    if (status == TQ_OK) status = tq_settings_read(folder, settings, &err);
    (void)snprintf(path, sizeof path, "%s/damage.city", folder);
    if (status == TQ_OK) status = tq_import(settings, path, report, NULL, NULL, &err);
    if (status != TQ_OK) printf("import: %s\n", err.text);
    tq_free(settings);
    tq_report_free(report);
    return status == TQ_OK && tq_map_open(path, &good, NULL) == TQ_OK ? 0 : 1;
}

static int drop_city(void **state)
{
    (void)state;
    static const char *const name[] = {
        "feed/agency.txt", "feed/stops.txt",      "feed/routes.txt",    "feed/calendar.txt",
        "feed/trips.txt",  "feed/stop_times.txt", "feed/transfers.txt", "streets.csv",
        "town.osm",        "tongqu.yaml",         "damage.city",        "feed"};
    char path[160];
    tq_map_close(&good);
    for (size_t k = 0; k < TQ_COUNT(name); k++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, name[k]);
        (void)remove(path);
    }
    return rmdir(folder);
}

/* Read all of a hierarchy the way the searches do, without a check: damage that was let in shows
 * under a sanitizer. */
static uint64_t read_hierarchy(const tq_city *city, const tq_hierarchy *h)
{
    const tq_conditions *rows = &city->conditions;
    uint64_t sum = 0;
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++) {
        sum += h->vertex_of_arc[h->arc_of_vertex[vertex]];
        for (uint32_t k = h->first_link[vertex]; k < h->first_link[vertex + 1]; k++) {
            uint32_t set = h->link[k].bans;
            for (uint32_t ban = rows->first_ban[set]; ban < rows->first_ban[set + 1]; ban++)
                sum += rows->clause[rows->first_clause[rows->ban[ban].condition]].days;
            if (h->up_of_link[k] != TQ_NONE) sum += h->up_head[h->up_of_link[k] / 2];
        }
        for (uint32_t k = h->first_down[vertex]; k < h->first_down[vertex + 1]; k++) {
            const tq_down *group = &h->down[k];
            for (uint32_t low = group->last + 1 - group->count; low <= group->last; low++)
                for (uint32_t rest = group->rest; rest > 0; rest--)
                    sum += h->up_depth[h->first_up[low + 1] - rest];
        }
    }
    for (uint32_t front = 0; front < h->front_count; front++)
        for (uint32_t k = h->first_run[front]; k < h->first_run[front + 1]; k++)
            sum += h->front_first[h->front_parent[front] + 1] + h->run[k].at;
    for (uint32_t k = 0; k < h->copy_count; k++)
        sum += h->arc_of_vertex[h->copy_vertex[k]];
    return sum;
}

static void damaged_files_are_refused_by_name(void **state)
{
    (void)state;
    unsigned opened = 0, refused = 0;
    uint64_t sum = 0; /* of what was read, so that reading is not left out */
    for (uint64_t seed = 0; seed < COPIES; seed++) {
        tq_random random = {seed};
        size_t len = seed % 10 == 0 ? tq_random_below(&random, (uint32_t)good.len) : good.len;
        uint8_t *bytes = aligned_alloc(64, (len + 64) & ~(size_t)63);
        assert_non_null(bytes);
        memcpy(bytes, good.at, len);
        for (unsigned hits = 1 + tq_random_below(&random, 4); hits > 0 && len > 0; hits--) {
            uint32_t at = tq_random_below(&random, (uint32_t)len);
            /* The first bytes hold head, table and counts: hit them more often than their share. */
            if (tq_random_below(&random, 4) == 0)
                at = TQ_MIN(at, tq_random_below(&random, 9000) % (uint32_t)len);
            bytes[at] = tq_random_below(&random, 3) == 0 ? 0xFF : (uint8_t)tq_random_u64(&random);
        }
        if (seed % 2 == 0) heal_city(bytes, len);
        tq_city city = {0};
        tq_err err = {0};
        tq_status status = tq_city_bind(&city, bytes, len, &err);
        if (status == TQ_OK) {
            /* What was let in must bear questions. */
            tq_place found[5];
            uint32_t count = 0;
            tq_place_query query = {.size = sizeof query, .text = "中心站", .limit = 5};
            (void)tq_places_find(&city, &query, found, &count, NULL);
            (void)tq_places_near(&city, 378000000, 1125000000, 500, 5, found, &count, NULL);
            for (uint32_t kind = 0; kind < TQ_HIERARCHY_COUNT; kind++)
                sum += read_hierarchy(&city, &city.hierarchy[kind]);
            opened++;
        } else {
            if (status != TQ_BAD_FILE || (strstr(err.text, "city file") == NULL))
                fail_msg("seed %llu: %d %s", (unsigned long long)seed, status, err.text);
            refused++;
        }
        free(bytes);
    }
    printf("%u opened, %u refused, sum %llu\n", opened, refused, (unsigned long long)sum);
    assert_true(refused > COPIES / 2);
    assert_true(opened > 0);
}

static void the_file_itself_opens(void **state)
{
    (void)state;
    tq_city city = {0};
    tq_err err = {0};
    if (tq_city_bind(&city, good.at, good.len, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(city.timetable.trip_count, 2);
    assert_true(city.streets.edge_count >= 11);
    assert_int_equal(city.streets.turn_count, 2);
    assert_true(city.conditions.count >= 3 && city.conditions.rule_set_count >= 2);
    assert_true(city.conditions.ban_set_count >= 3 && city.conditions.ban_count >= 2);
    for (uint32_t kind = 0; kind < TQ_HIERARCHY_COUNT; kind++) {
        assert_int_equal(city.hierarchy[kind].copy_count, 1);
        assert_true(city.hierarchy[kind].front_count > 1 && city.hierarchy[kind].run_count > 1);
    }
    assert_int_equal(read_hierarchy(&city, &city.hierarchy[0]) == 0, false);
    assert_int_equal(tq_city_bind(&city, good.at, 0, &err), TQ_BAD_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_itself_opens),
        cmocka_unit_test(damaged_files_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, make_city, drop_city);
}
