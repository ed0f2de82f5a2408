// also: import
/*
 * A street closed to walkers in the shipped city: trips from door to door go round it, an itinerary
 * that led along it is told so, and when the street is open again every byte is as before.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "journey/journey.h"
#include "wire/wire.h"

#define TRIPS 60u

static char folder[64];
static tq_snapshot town;
static tq_arena work;

static int make_town(void **state)
{
    (void)state;
    static tq_settings settings;
    char path[160];
    tq_err err = {0};
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu-closed-XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/town.city", folder);
    tq_report *report = tq_report_new();
    tq_status status = tq_settings_read("cities/taiyuan", &settings, &err);
    if (status == TQ_OK) status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_snapshot_open(path, &town, &err);
    if (status != TQ_OK) {
        print_message("%s\n", err.text);
        return 1;
    }
    size_t bytes = tq_journey_work_bytes(town.city);
    tq_arena_init(&work, malloc(bytes), bytes);
    return work.base == NULL;
}

static int drop_town(void **state)
{
    (void)state;
    char path[160];
    tq_snapshot_close(&town);
    free(work.base);
    (void)snprintf(path, sizeof path, "%s/town.city", folder);
    (void)remove(path);
    return rmdir(folder);
}

/* The answer as JSON; empty when the ends lie off the streets. */
static tq_buf plan(const tq_snapshot *now, const tq_plan_query *query)
{
    tq_buf out = {0};
    tq_err err = {0};
    bool found = false;
    tq_arena_reset(&work, 0);
    tq_status status = tq_plan_json(now, query, TQ_EN, &work, &out, &found, &err);
    if (status != TQ_OK && status != TQ_NOT_FOUND) fail_msg("%s", err.text);
    return out;
}

/* The walk's first half: the edge under its middle, TQ_NONE for a short walk. */
static uint32_t edge_under(const json_t *leg, int64_t at_ms, tq_point *middle)
{
    static int32_t line[2 * 4096];
    const tq_metric *metric = NULL;
    size_t points = 0;
    const char *text = json_string_value(json_object_get(leg, "polyline"));
    assert_int_equal(tq_polyline_read(tq_str_of(text), 5, line, 4096, &points, NULL), TQ_OK);
    size_t longest = 0;
    uint32_t length_dm = 0, count = 0;
    for (size_t k = 1; k + 2 < points; k++) { /* the ends may lead to the street */
        uint32_t dm = tq_distance_dm((tq_point){line[2 * k], line[2 * k + 1]},
                                     (tq_point){line[2 * k + 2], line[2 * k + 3]});
        if (dm <= length_dm) continue;
        length_dm = dm;
        longest = k;
    }
    if (length_dm < 500) return TQ_NONE;
    tq_point a = {line[2 * longest], line[2 * longest + 1]},
             b = {line[2 * longest + 2], line[2 * longest + 3]};
    *middle = tq_between(a, b, length_dm / 2, length_dm);
    /* A door on the closed street itself is let out along it; so its own street stays open. */
    tq_point places[3] = {
        *middle, {line[0], line[1]}, {line[2 * points - 2], line[2 * points - 1]}};
    tq_snap snap[3][1];
    tq_snap_wish wish = {.limit = 1, .bearing = -1};
    bool good = true;
    assert_int_equal(tq_roads_get(town.roads, town.overlay,
                                  tq_road_vehicle(town.city, TQ_PROFILE_FOOT), at_ms, &metric,
                                  NULL),
                     TQ_OK);
    for (unsigned k = 0; k < 3; k++)
        good = good &&
               tq_road_snap(town.city, metric, places[k], &wish, snap[k], &count, NULL) == TQ_OK;
    tq_roads_put(town.roads, metric);
    good = good && snap[0][0].distance_dm < 20 && snap[0][0].edge != snap[1][0].edge &&
           snap[0][0].edge != snap[2][0].edge;
    return good ? snap[0][0].edge : TQ_NONE;
}

static tq_snapshot without(uint32_t edge, uint64_t version)
{
    tq_snapshot now = town;
    tq_err err = {0};
    tq_live_rule rule[2] = {{.arc = 2 * edge,
                             .access = TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR,
                             .effect = TQ_LIVE_CLOSED},
                            {.arc = 2 * edge + 1,
                             .access = TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR,
                             .effect = TQ_LIVE_CLOSED}};
    tq_overlay from = {.version = version, .road_version = version, .rule_count = 2, .rule = rule};
    if (tq_overlay_new(town.city, &from, &now.overlay, &err) != TQ_OK) fail_msg("%s", err.text);
    return now;
}

/* Is a problem of that kind told about an itinerary? */
static bool is_told(const tq_snapshot *now, const json_t *trip, const char *kind)
{
    char *text = json_dumps(trip, JSON_COMPACT);
    tq_buf out = {0};
    tq_err err = {0};
    bool told = false;
    tq_arena_reset(&work, 0);
    if (tq_recheck_json(now, tq_str_of(text), TQ_ZH, &work, &out, &err) != TQ_OK)
        fail_msg("%s", err.text);
    json_t *root = json_loadb(out.at, out.len, 0, NULL);
    const json_t *list = json_object_get(root, "problems");
    for (size_t k = 0; k < json_array_size(list); k++)
        told |=
            strcmp(json_string_value(json_object_get(json_array_get(list, k), "kind")), kind) == 0;
    json_decref(root);
    tq_buf_free(&out);
    free(text);
    return told;
}

/* Every street leg of every itinerary keeps off the closed street. */
static void keeps_off(const tq_snapshot *now, const json_t *root, uint32_t seed)
{
    const json_t *list = json_object_get(root, "itineraries");
    for (size_t k = 0; k < json_array_size(list); k++)
        if (is_told(now, json_array_get(list, k), "closed"))
            fail_msg("trip %u goes along the closed street", seed);
}

static void closed_streets_are_felt_and_forgotten(void **state)
{
    (void)state;
    tq_random random = {7};
    uint32_t closed = 0, changed = 0;
    for (uint32_t seed = 0; seed < TRIPS; seed++) {
        tq_plan_query query;
        tq_plan_query_default(&query);
        query.from.lat_e7 = 378200000 + (int32_t)tq_random_below(&random, 900000);
        query.from.lon_e7 = 1125000000 + (int32_t)tq_random_below(&random, 900000);
        query.to.lat_e7 = 378200000 + (int32_t)tq_random_below(&random, 900000);
        query.to.lon_e7 = 1125000000 + (int32_t)tq_random_below(&random, 900000);
        query.time_ms = tq_local_to_ms(&town.city->zone, tq_day_of(2025, 6, 3), 9 * 3600);
        tq_buf before = plan(&town, &query);
        json_t *root = before.len > 0 ? json_loadb(before.at, before.len, 0, NULL) : NULL;
        const json_t *trips = json_object_get(root, "itineraries");
        for (size_t k = 0; k < json_array_size(trips); k++) {
            const json_t *trip = json_array_get(trips, k), *legs = json_object_get(trip, "legs");
            for (size_t at = 0; at < json_array_size(legs); at++) {
                const json_t *leg = json_array_get(legs, at);
                tq_point middle;
                if (strcmp(json_string_value(json_object_get(leg, "mode")), "walk") != 0) continue;
                uint32_t edge = edge_under(leg, query.time_ms, &middle);
                if (edge == TQ_NONE) continue;
                tq_snapshot now = without(edge, 1 + closed++);
                tq_buf after = plan(&now, &query);
                assert_true(is_told(&now, trip, "closed"));
                assert_false(is_told(&town, trip, "closed"));
                if (after.len > 0) {
                    json_t *other = json_loadb(after.at, after.len, 0, NULL);
                    keeps_off(&now, other, seed);
                    changed += !json_equal(json_object_get(other, "itineraries"), trips);
                    json_decref(other);
                }
                tq_buf_free(&after);
                tq_overlay_drop(now.overlay);
                at = json_array_size(legs);
            }
        }
        tq_buf again = plan(&town, &query);
        assert_int_equal(again.len, before.len);
        if (before.len > 0) assert_memory_equal(again.at, before.at, before.len);
        tq_buf_free(&again);
        tq_buf_free(&before);
        json_decref(root);
    }
    print_message("%u streets closed, %u answers changed\n", closed, changed);
    assert_true(closed > TRIPS / 4 && changed > closed / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closed_streets_are_felt_and_forgotten)};
    return cmocka_run_group_tests(tests, make_town, drop_town);
}
