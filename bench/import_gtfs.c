/*
 * How long import_gtfs takes, unzipping included, on one core.
 * Usage: bench_import_gtfs [FEED.zip]...; without arguments the feeds of TQ_SHARED_DATA that are
 * there. One JSON line a feed: rounds, stop_times, best and median time, peak memory of the process
 * so far.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import/build_in.h"

#define ROUNDS 5

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* One import of a feed; negative when it failed. */
static double import_once(const char *path, uint64_t *stop_times)
{
    static tq_settings settings;
    (void)snprintf(settings.folder, sizeof settings.folder, ".");
    settings.gtfs_count = 1;
    (void)snprintf(settings.gtfs[0], sizeof settings.gtfs[0], "%s", path);
    tq_build build = {
        .settings = &settings, .report = tq_report_new(), .texts = tq_texts_new(), .threads = 1};
    tq_err err = {0};
    const tq_env *env = tq_env_real();
    int64_t start_ns = env->mono_ns(env->user);
    tq_status status = import_gtfs(&build, &err);
    double us = (double)(env->mono_ns(env->user) - start_ns) / 1e3;
    if (status != TQ_OK) fprintf(stderr, "%s: %s\n", path, err.text);
    const tq_timetable *timetable = &build.city.timetable;
    *stop_times = 0;
    for (uint32_t trip = 0; status == TQ_OK && trip < timetable->trip_count; trip++) {
        uint32_t pattern = timetable->trip[trip].pattern;
        *stop_times += timetable->pattern_first[pattern + 1] - timetable->pattern_first[pattern];
    }
    import_build_free(&build);
    tq_report_free(build.report);
    return status == TQ_OK ? us : -1;
}

static void bench(const char *path)
{
    double us[ROUNDS];
    uint64_t stop_times = 0;
    if (!tq_file_look(path).exists) return;
    for (int round = 0; round < ROUNDS; round++)
        if ((us[round] = import_once(path, &stop_times)) < 0) exit(1);
    qsort(us, ROUNDS, sizeof *us, by_value);
    const char *slash = strrchr(path, '/');
    printf(
        "{\"name\":\"import_gtfs "
        "%s\",\"n\":%d,\"stop_times\":%llu,\"best_us\":%.0f,\"p50_us\":%.0f,\"peak_bytes\":%llu}\n",
        slash != NULL ? slash + 1 : path, ROUNDS, (unsigned long long)stop_times, us[0],
        us[ROUNDS / 2], (unsigned long long)tq_peak_memory_bytes());
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *const feeds[] = {
        "taiyuan/taiyuan_metro.gtfs.zip", "pairs/porto_alegre/poa_eptc.gtfs.zip",
        "gtfs/helsinki.gtfs.zip",         "pairs/rnv/rnv.gtfs.zip",
        "generated/syn_city.gtfs.zip",    "hongkong/hk_bus_2022-03.gtfs.zip"};
    for (int k = 1; k < argc; k++)
        bench(argv[k]);
    const char *data = tq_env_var("TQ_SHARED_DATA");
    for (size_t k = 0; argc == 1 && k < TQ_COUNT(feeds); k++) {
        char path[TQ_PATH_MAX];
        if (tq_path_join(path, data != NULL ? data : "../shared/data", feeds[k])) bench(path);
    }
    return 0;
}
