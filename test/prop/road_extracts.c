// also: import
/*
 * All pairs of small extracts: windows of real cities with their restrictions, each as a network of
 * its own, driven by car, ridden and walked; the hierarchy, its ways and its labels against plain
 * Dijkstra over the links.
 */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "road_part.h"

#define WINDOWS    3u   /* of each extract */
#define VERTICES   300u /* of a window, at least one more than its last street has */
#define WORK_BYTES (8u << 20)

static tq_arena work;

static const struct {
    const char *folder, *file, *zone;
} extract[] = {{"osm", "monaco.osm.pbf", "Europe/Monaco"},
               {"osm", "london_centre.osm.pbf", "Europe/London"},
               {"osm", "shanghai_centre.osm.pbf", "Asia/Shanghai"},
               {"osm", "oslo_east_filtered.osm.pbf", "Europe/Oslo"},
               {"osm", "portland_small.osm.pbf", "America/Los_Angeles"},
               {"gtfs_flex", "cobb_county.osm.pbf", "America/New_York"},
               {"taiyuan", "taiyuan_urban_2022.osm.pbf", "Asia/Shanghai"}};

/* Mark vertices around a random one, breadth first over links both ways as far as they are known.
 */
static uint32_t mark_window(const tq_hierarchy *hierarchy, const int32_t *arc_ds,
                            const int32_t *turn_ds, tq_random *random, uint8_t *keep)
{
    TQ_VEC(uint32_t) queue = {0};
    uint32_t begin = 0;
    memset(keep, 0, hierarchy->vertex_count);
    do {
        begin = tq_random_below(random, hierarchy->vertex_count);
    } while (arc_ds[hierarchy->arc_of_vertex[begin]] >= TQ_ROAD_INF);
    assert_true(tq_vec_push(&queue, begin));
    keep[begin] = 1;
    for (size_t next = 0; next < queue.count && queue.count < VERTICES; next++) {
        uint32_t vertex = queue.at[next];
        uint32_t twin = hierarchy->vertex_of_arc[hierarchy->arc_of_vertex[vertex] ^ 1];
        if (twin != TQ_NONE && !keep[twin] &&
            arc_ds[hierarchy->arc_of_vertex[twin]] < TQ_ROAD_INF) {
            keep[twin] = 1;
            assert_true(tq_vec_push(&queue, twin));
        }
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            uint32_t head = hierarchy->link_head[link];
            if (keep[head] || turn_ds[link] >= TQ_ROAD_INF ||
                arc_ds[hierarchy->arc_of_vertex[head]] >= TQ_ROAD_INF)
                continue;
            keep[head] = 1;
            assert_true(tq_vec_push(&queue, head));
        }
    }
    uint32_t count = (uint32_t)queue.count;
    tq_vec_free(&queue);
    return count;
}

static void dijkstra(const road_part *part, const int32_t *arc_ds, uint32_t from, int64_t *ds,
                     uint8_t *done)
{
    const tq_hierarchy *hierarchy = part->hierarchy;
    for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++) {
        ds[vertex] = TQ_ROAD_INF;
        done[vertex] = 0;
    }
    ds[from] = 0;
    for (;;) {
        uint32_t best = TQ_NONE;
        for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++)
            if (!done[vertex] && ds[vertex] < TQ_ROAD_INF &&
                (best == TQ_NONE || ds[vertex] < ds[best]))
                best = vertex;
        if (best == TQ_NONE) return;
        done[best] = 1;
        for (uint32_t link = hierarchy->first_link[best]; link < hierarchy->first_link[best + 1];
             link++) {
            int64_t reached =
                ds[best] + arc_ds[hierarchy->arc_of_vertex[best]] + part->turn_ds[link];
            uint32_t head = hierarchy->link_head[link];
            ds[head] = TQ_MIN(ds[head], reached);
        }
    }
}

static uint64_t check_part(const road_part *part, tq_hierarchy_kind kind, const int32_t *arc_ds,
                           const char *what)
{
    uint32_t count = part->hierarchy->vertex_count;
    int64_t *ds = TQ_ALLOC(int64_t, count);
    uint8_t *done = TQ_ALLOC(uint8_t, count);
    tq_metric *metric = NULL;
    tq_err err = {0};
    assert_true(ds != NULL && done != NULL);
    if (tq_metric_make_from(&part->city, kind, NULL, arc_ds, part->turn_ds,
                            TQ_METRIC_PRUNED | TQ_METRIC_WAYS, 2, &metric, &err) != TQ_OK)
        fail_msg("%s: %s", what, err.text);
    assert_int_equal(tq_metric_label(metric, 8, 1, &err), TQ_OK);
    for (uint32_t from = 0; from < count; from++) {
        dijkstra(part, arc_ds, from, ds, done);
        for (uint32_t to = 0; to < count; to++) {
            uint32_t length = 0;
            int32_t way_ds = 0;
            tq_arena_reset(&work, 0);
            int32_t time = road_vertex_time(metric, from, to, &work);
            int32_t label = road_label_time(metric, from, to, &work);
            if (time != ds[to] || label != ds[to])
                fail_msg("%s: vertex %u to %u takes %d, by labels %d, Dijkstra says %lld", what,
                         from, to, (int)time, (int)label, (long long)ds[to]);
            if (from == to || (from + to) % 7 != 0) continue;
            bool found = road_path(metric, from, to, &work, &length, &way_ds) != NULL;
            if (found != (ds[to] < TQ_ROAD_INF) || (found && way_ds != ds[to]))
                fail_msg("%s: the way from %u to %u takes %d, Dijkstra says %lld", what, from, to,
                         (int)way_ds, (long long)ds[to]);
        }
    }
    tq_metric_free(metric);
    tq_free(ds);
    tq_free(done);
    return (uint64_t)count * count;
}

static uint64_t check_windows(const tq_city *city, tq_profile profile, tq_random *random,
                              uint32_t *parts)
{
    const tq_vehicle *vehicle = tq_road_vehicle(city, profile);
    tq_hierarchy_kind kind = (tq_hierarchy_kind)vehicle->kind;
    const tq_hierarchy *hierarchy = &city->hierarchy[kind];
    int32_t *arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)city->streets.edge_count);
    int32_t *turn_ds = TQ_ALLOC(int32_t, hierarchy->link_count);
    uint8_t *keep = TQ_ALLOC(uint8_t, hierarchy->vertex_count);
    assert_true(arc_ds != NULL && turn_ds != NULL && keep != NULL);
    assert_true(road_weigh(city, vehicle, 1772409600000, NULL, arc_ds, turn_ds, NULL, hierarchy));
    uint64_t pairs = 0;
    for (uint32_t window = 0; window < WINDOWS; window++) {
        road_part part = {0};
        char what[160];
        uint64_t state = random->state;
        uint32_t size = mark_window(hierarchy, arc_ds, turn_ds, random, keep);
        (void)snprintf(what, sizeof what, "seed %llu, %s, %u vertices", (unsigned long long)state,
                       tq_profile_name(profile), size);
        assert_true(road_part_make(city, kind, keep, turn_ds, &part));
        pairs += check_part(&part, kind, arc_ds, what);
        road_part_free(&part);
        ++*parts;
    }
    tq_free(arc_ds);
    tq_free(turn_ds);
    tq_free(keep);
    return pairs;
}

static void all_pairs(void **state)
{
    (void)state;
    const char *data = tq_env_var("TQ_SHARED_DATA"), *ci = tq_env_var("CI");
    char folder[TQ_PATH_MAX], path[TQ_PATH_MAX];
    if (data == NULL) data = "../shared/data";
    (void)snprintf(folder, sizeof folder, "%s/osm/monaco.osm.pbf", data);
    FILE *file = fopen(folder, "rb");
    if (file == NULL && ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s is absent", folder);
    if (file == NULL) skip();
    (void)fclose(file);
    tq_random random = {20261123};
    uint64_t pairs = 0;
    uint32_t parts = 0;
    (void)snprintf(path, sizeof path, "/tmp/tongqu-extracts-%d.city", (int)getpid());
    for (size_t k = 0; k < TQ_COUNT(extract); k++) {
        static tq_settings settings;
        tq_err err = {0};
        tq_city *city = NULL;
        tq_settings_default(&settings);
        (void)snprintf(settings.id, sizeof settings.id, "extract");
        (void)snprintf(settings.name, sizeof settings.name, "Extract");
        (void)snprintf(settings.timezone, sizeof settings.timezone, "%s", extract[k].zone);
        (void)snprintf(settings.folder, sizeof settings.folder, "%s/%s", data, extract[k].folder);
        (void)snprintf(settings.osm[0], sizeof settings.osm[0], "%s", extract[k].file);
        settings.osm_count = 1;
        tq_report *report = tq_report_new();
        if (tq_import(&settings, path, report, NULL, NULL, &err) != TQ_OK ||
            tq_city_open(path, &city, &err) != TQ_OK)
            fail_msg("%s: %s", extract[k].file, err.text);
        tq_report_free(report);
        static const tq_profile profiles[] = {TQ_PROFILE_CAR, TQ_PROFILE_BIKE,
                                              TQ_PROFILE_WHEELCHAIR};
        for (size_t p = 0; p < TQ_COUNT(profiles); p++)
            pairs += check_windows(city, profiles[p], &random, &parts);
        tq_city_close(city);
        (void)remove(path);
    }
    print_message("%u windows, %llu pairs\n", parts, (unsigned long long)pairs);
    assert_true(parts >= 20 && pairs > 500000);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[WORK_BYTES];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
