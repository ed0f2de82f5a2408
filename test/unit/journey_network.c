// also: import live
/*
 * The network under threads, and the detours of buses by the hour.
 *
 * While one thread closes and reopens streets, three others hold the shown snapshot and ask: what a
 * held snapshot answers does not change, each version answers as it did when nobody else asked, and
 * versions never go back. Detours: a street of a bus line is closed for some hours; exactly the
 * runs that set out on a closed hop in those hours are touched, all others keep their times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "journey/detour_in.h"
#include "live/live.h"

#define NOW_MS   INT64_C(1748905200000) /* 2025-06-03T07:00+08:00, a Tuesday */
#define TODAY    20242
#define STATES   4u
#define SWAPS    200u
#define READERS  3u
#define CLOSURES 40u

static char folder[64], path[96];

static int make_town(void **state)
{
    (void)state;
    static tq_settings settings;
    tq_err err = {0};
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu-network-XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/town.city", folder);
    tq_report *report = tq_report_new();
    tq_status status = tq_settings_read("cities/taiyuan", &settings, &err);
    if (status == TQ_OK) status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status != TQ_OK) print_message("%s\n", err.text);
    return status != TQ_OK;
}

static int drop_town(void **state)
{
    (void)state;
    (void)remove(path);
    return rmdir(folder);
}

static tq_network *open_network(void)
{
    tq_network *network = NULL;
    tq_err err = {0};
    if (tq_network_open(path, &network, &err) != TQ_OK) fail_msg("%s", err.text);
    return network;
}

static void publish(tq_network *network, tq_live *live, uint64_t version)
{
    const tq_overlay *overlay = NULL;
    tq_err err = {0};
    if (tq_live_overlay(live, version, &overlay, &err) != TQ_OK ||
        tq_network_publish(network, overlay, NOW_MS, NULL, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_overlay_drop(overlay);
}

/* Close an edge in both directions for everybody but walkers, from an hour of the day to another.
 */
static void close_edge(tq_live *live, const tq_city *city, const char *id, uint32_t edge,
                       uint32_t from_hour, uint32_t to_hour)
{
    char json[400];
    tq_closure closure = {0};
    tq_err err = {0};
    int length =
        snprintf(json, sizeof json,
                 "{\"stretch\":{\"edges\":[%u],\"direction\":\"both\"},\"effect\":"
                 "\"full\",\"owner\":\"t\",\"reason\":\"other\",\"from\":\"2025-06-01T00:00\","
                 "\"to\":\"2025-06-06T12:00\",\"times\":[{\"from\":\"%02u:00\",\"to\":"
                 "\"%02u:00\"}]}",
                 edge, from_hour, to_hour);
    if (tq_closure_read(city, (tq_str){json, (size_t)length}, INT64_MIN, &closure, &err) != TQ_OK)
        fail_msg("%s", err.text);
    (void)snprintf(closure.id, sizeof closure.id, "%s", id);
    assert_int_equal(tq_live_put_closure(live, &closure, &err), TQ_OK);
}

/* ---- readers beside swaps -------------------------------------------------------------------- */

typedef struct town_watch {
    tq_network *network;
    tq_live *live[STATES];
    char *expected[STATES];
    tq_point point[2];
    _Atomic bool done;
    _Atomic uint32_t asked, wrong;
} town_watch;

/* The way between two places as text, without the version. */
static char *ask(const tq_snapshot *now, const tq_point *point, tq_arena *work)
{
    tq_route_options options;
    tq_buf out = {0};
    tq_err err = {0};
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    tq_arena_reset(work, 0);
    if (tq_snapshot_route_json(now, TQ_PROFILE_CAR, NOW_MS, point, 2, &options, work, &out, &err) !=
        TQ_OK)
        tq_buf_puts(&out, err.text);
    tq_buf_putc(&out, '\0');
    char *version = out.at != NULL ? strstr(out.at, "\"version\":\"") : NULL;
    if (version != NULL) memset(version + 11, '#', strcspn(version + 11, "\""));
    return out.at;
}

static void read_on(town_watch *watch)
{
    const tq_snapshot *now = tq_network_hold(watch->network);
    size_t bytes = tq_journey_work_bytes(now->city);
    tq_network_drop(watch->network, now);
    tq_arena work;
    tq_arena_init(&work, malloc(bytes), bytes);
    uint64_t last = 0;
    while (!atomic_load(&watch->done)) {
        now = tq_network_hold(watch->network);
        uint64_t version = now->overlay->version;
        char *first = ask(now, watch->point, &work);
        char *second = ask(now, watch->point, &work);
        bool good = version >= last && now->overlay->version == version &&
                    strcmp(first, second) == 0 &&
                    strcmp(first, watch->expected[version % STATES]) == 0;
        tq_network_drop(watch->network, now);
        last = version;
        atomic_fetch_add(&watch->wrong, !good);
        atomic_fetch_add(&watch->asked, 1);
        tq_free(first);
        tq_free(second);
    }
    free(work.base);
}

static void run_part(void *user, uint32_t part)
{
    town_watch *watch = user;
    if (part > 0) {
        read_on(watch);
        return;
    }
    for (uint64_t version = STATES; version < STATES + SWAPS; version++) {
        publish(watch->network, watch->live[version % STATES], version);
        while (atomic_load(&watch->asked) < (version - STATES) * READERS / 2)
            tq_thread_yield();
    }
    atomic_store(&watch->done, true);
}

/* Places some 2 km apart whose way changes when its middle is closed. */
static void prepare(town_watch *watch, const tq_city *city, tq_arena *work)
{
    tq_random chance = {5};
    const tq_streets *streets = &city->streets;
    for (uint32_t tries = 0; tries < 500; tries++) {
        uint32_t edge[STATES];
        for (uint32_t end = 0; end < 2; end++)
            watch->point[end] = streets->node_at[tq_random_below(&chance, streets->node_count)];
        for (uint32_t k = 1; k < STATES; k++)
            edge[k] = tq_random_below(&chance, streets->edge_count);
        const tq_snapshot *now = tq_network_hold(watch->network);
        const tq_metric *metric = NULL;
        tq_snap snap[2];
        tq_way way = {0};
        tq_err err;
        const tq_snap_wish wish = {.limit = 1};
        uint32_t count;
        tq_arena_reset(work, 0);
        assert_int_equal(tq_roads_get_with(now->roads, now->overlay,
                                           tq_road_vehicle(city, TQ_PROFILE_CAR), NOW_MS,
                                           TQ_METRIC_ALL, &metric, &err),
                         TQ_OK);
        bool found =
            tq_road_snap(city, metric, watch->point[0], &wish, &snap[0], &count, &err) == TQ_OK &&
            tq_road_snap(city, metric, watch->point[1], &wish, &snap[1], &count, &err) == TQ_OK &&
            tq_road_way(city, metric, &snap[0], &snap[1], work, &way, &err) == TQ_OK &&
            way.arc_count > 12;
        for (uint32_t k = 1; found && k < STATES; k++)
            edge[k] = way.arc[way.arc_count * k / STATES] / 2;
        tq_roads_put(now->roads, metric);
        tq_network_drop(watch->network, now);
        if (!found) continue;
        for (uint32_t k = 0; k < STATES; k++) {
            assert_int_equal(tq_live_open(city, &watch->live[k], &err), TQ_OK);
            if (k > 0) close_edge(watch->live[k], city, "CL-1", edge[k], 0, 23);
        }
        return;
    }
    fail_msg("no pair of places was found");
}

static void readers_see_whole_versions(void **state)
{
    (void)state;
    town_watch watch = {.network = open_network()};
    const tq_snapshot *now = tq_network_hold(watch.network);
    const tq_city *city = now->city;
    size_t bytes = tq_journey_work_bytes(city);
    tq_network_drop(watch.network, now);
    tq_arena work;
    tq_arena_init(&work, malloc(bytes), bytes);
    prepare(&watch, city, &work);
    uint32_t differ = 0;
    for (uint32_t k = 0; k < STATES; k++) {
        publish(watch.network, watch.live[k], k);
        now = tq_network_hold(watch.network);
        watch.expected[k] = ask(now, watch.point, &work);
        tq_network_drop(watch.network, now);
        differ += k > 0 && strcmp(watch.expected[k], watch.expected[0]) != 0;
    }
    assert_int_equal(differ, STATES - 1);
    tq_parallel(1 + READERS, 1 + READERS, run_part, &watch);
    assert_int_equal(atomic_load(&watch.wrong), 0);
    assert_true(atomic_load(&watch.asked) > SWAPS);
    for (uint32_t k = 0; k < STATES; k++) {
        tq_live_close(watch.live[k]);
        tq_free(watch.expected[k]);
    }
    free(work.base);
    tq_network_close(watch.network);
}

/* ---- detours by the hour --------------------------------------------------------------------- */

static bool uses(const course_index *course, uint32_t hop, uint32_t edge)
{
    for (uint32_t k = course->hop_arc[hop]; k < course->hop_arc[hop + 1]; k++)
        if (course->arc[k] / 2 == edge) return true;
    return false;
}

/* By the timetable alone: does the trip set out on a hop over the edge in the hours? */
static bool meets(const tq_city *city, const course_index *course, uint32_t trip, uint32_t edge,
                  uint32_t from_hour, uint32_t to_hour)
{
    const tq_timetable *table = &city->timetable;
    const tq_trip *row = &table->trip[trip];
    const tq_stop_time *times = &table->stop_time[table->profile_first[row->profile]];
    uint32_t first = course->first_hop[row->pattern];
    for (uint32_t hop = first; hop < course->first_hop[row->pattern + 1]; hop++) {
        int32_t at_s = (row->start_s + times[hop - first].departure_s) % 86400;
        if (uses(course, hop, edge) && at_s >= (int32_t)from_hour * 3600 &&
            at_s < (int32_t)to_hour * 3600)
            return true;
    }
    return false;
}

static void check_day(const tq_snapshot *now, const course_index *course, uint32_t edge,
                      uint32_t from_hour, uint32_t to_hour, uint32_t *touched, uint32_t *free_runs)
{
    const tq_timetable *table = &now->city->timetable;
    for (uint32_t trip = 0; trip < table->trip_count; trip++) {
        const tq_trip *row = &table->trip[trip];
        if (course->first_hop[row->pattern] == course->first_hop[row->pattern + 1]) continue;
        if (!tq_service_runs(table, row->service, TODAY)) continue;
        bool met = meets(now->city, course, trip, edge, from_hour, to_hour);
        uint32_t run = tq_overlay_run(now->overlay, trip, TODAY, row->start_s);
        if (met != (run != TQ_NONE))
            fail_msg("edge %u closed %u-%u h: trip %u starts at %d s, %s a closed hop and %s", edge,
                     from_hour, to_hour, trip, row->start_s, met ? "meets" : "does not meet",
                     run != TQ_NONE ? "is changed" : "is not");
        *touched += met;
        *free_runs += !met;
        if (!met) continue;
        const tq_live_run *changed = &now->overlay->run[run];
        assert_int_equal(changed->why & TQ_RUN_FEED, 0);
        assert_true((changed->why & (TQ_RUN_DETOUR | TQ_RUN_SKIPS)) != 0);
        for (uint32_t c = 1; c < changed->call_count; c++)
            assert_true(now->overlay->call[changed->first_call + c].arrival_s >=
                        now->overlay->call[changed->first_call + c - 1].departure_s);
    }
}

static void detours_keep_their_hours(void **state)
{
    (void)state;
    tq_network *network = open_network();
    course_index course = {0};
    tq_err err = {0};
    tq_random chance = {9};
    uint32_t touched = 0, free_runs = 0;
    const tq_snapshot *base = tq_network_hold(network);
    assert_int_equal(course_make(base->city, base->roads, NOW_MS, &course, &err), TQ_OK);
    assert_true(course.arc_count > 0);
    for (uint32_t k = 0; k < CLOSURES; k++) {
        tq_live *live = NULL;
        uint32_t from_hour = 6 + tq_random_below(&chance, 12);
        uint32_t to_hour = from_hour + 1 + tq_random_below(&chance, 4);
        uint32_t edge = course.arc[tq_random_below(&chance, course.arc_count)] / 2;
        assert_int_equal(tq_live_open(base->city, &live, &err), TQ_OK);
        close_edge(live, base->city, "CL-1", edge, from_hour, to_hour);
        publish(network, live, k + 1);
        const tq_snapshot *now = tq_network_hold(network);
        check_day(now, &course, edge, from_hour, to_hour, &touched, &free_runs);
        tq_network_drop(network, now);
        tq_live_close(live);
    }
    print_message("%u runs touched, %u not\n", touched, free_runs);
    assert_true(touched > 0 && free_runs > 0);
    course_free(&course);
    tq_network_drop(network, base);
    tq_network_close(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers_see_whole_versions),
                                       cmocka_unit_test(detours_keep_their_hours)};
    return cmocka_run_group_tests(tests, make_town, drop_town);
}
