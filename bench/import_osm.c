/* Reading OpenStreetMap extracts into raw streets, one thread: MB of file a second. */
#include <stdio.h>
#include <stdlib.h>

#include "import/import.h"

static int compare_ns(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

#define ROUNDS 7

static int run(const char *folder, const char *name)
{
    static tq_settings settings;
    tq_settings_default(&settings);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s", folder);
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "%s", name);
    settings.osm_count = 1;
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, folder, name)) return 1;
    tq_file_info info = tq_file_look(path);
    if (!info.exists) return 0;
    int64_t read_ns[ROUNDS], freeze_ns[ROUNDS];
    uint32_t edges = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        tq_build *build = TQ_ALLOC(tq_build, 1);
        if (build == NULL) return 1;
        build->settings = &settings;
        build->report = tq_report_new();
        build->texts = tq_texts_new();
        build->threads = 1;
        tq_err err = {0};
        (void)tq_build_date(build, TQ_OPEN, INT64_MIN, INT64_MAX, 0);
        tq_status status = tq_zone_load("Asia/Shanghai", &build->zone, &err);
        int64_t t0 = tq_cpu_ns();
        if (status == TQ_OK) status = import_osm(build, &err);
        int64_t t1 = tq_cpu_ns();
        if (status == TQ_OK) status = import_link_stops(build, &err);
        int64_t t2 = tq_cpu_ns();
        read_ns[round] = t1 - t0;
        freeze_ns[round] = t2 - t1;
        edges = build->city.streets.edge_count;
        if (status != TQ_OK) fprintf(stderr, "%s: %s\n", name, err.text);
        import_streets_free(build);
        tq_vec_free(&build->dates);
        tq_vec_free(&build->places);
        tq_vec_free(&build->aliases);
        tq_pool_free(&build->pool);
        tq_texts_free(build->texts);
        tq_report_free(build->report);
        tq_free(build);
        if (status != TQ_OK) return 1;
    }
    qsort(read_ns, ROUNDS, sizeof *read_ns, compare_ns);
    qsort(freeze_ns, ROUNDS, sizeof *freeze_ns, compare_ns);
    printf("{\"name\":\"import_osm "
           "%s\",\"n\":%d,\"p50_us\":%lld,\"min_us\":%lld,\"freeze_p50_us\":%lld,\"bytes\":%llu,"
           "\"edges\":%u,\"mb_per_s\":%.1f}\n",
           name, ROUNDS, (long long)read_ns[ROUNDS / 2] / 1000, (long long)read_ns[0] / 1000,
           (long long)freeze_ns[ROUNDS / 2] / 1000, (unsigned long long)info.size, edges,
           (double)info.size / ((double)read_ns[ROUNDS / 2] / 1e9) / 1e6);
    return 0;
}

int main(void)
{
    static const char *const names[] = {
        "osm/porto_portugal.osm.pbf", "osm/heidelberg.osm.pbf",
        "osm/andorra_2026.osm.pbf",   "taiyuan/taiyuan_urban_2022.osm.pbf",
        "pairs/rnv/rnv.osm.pbf",      "osm/lower_saxony_testfeld_main_roads.osm.pbf"};
    const char *folder = tq_env_var("TQ_SHARED_DATA");
    int failed = 0;
    for (size_t k = 0; k < TQ_COUNT(names); k++)
        failed |= run(folder != NULL ? folder : "../shared/data", names[k]);
    return failed;
}
