/*
 * The whole answer of the route service for random pairs on one core: snapping, search, way, line,
 * text, each part alone and all together; steps, instructions and annotations beside; other ways,
 * how many pairs have one and what they cost. Prints one JSON line a measurement.
 *
 * usage: bench_road_json NAME.osm.pbf|NAME.city [pairs]. The file is looked for in the folder
 * TQ_SHARED_DATA (by default ../shared/data) when it is not found as named.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import/import.h"
#include "road/road_in.h"

#define MADE         "/tmp/tongqu-bench-json.city"
#define WORK_BYTES   ((size_t)64 << 20)
#define PAIRS        2000u
#define PAIRS_MAX    20000u
#define SEED         20260102u
#define OTHERS_PAIRS 500u
#define NEAR_M       2000u
#define FAR_M        8000u

typedef struct pair {
    tq_point from, to;
    tq_snap snap[2];
} pair;

static const tq_env *env;
static tq_arena work;
static double sample[PAIRS_MAX];

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_us(const char *name, uint32_t count, const char *more)
{
    double sum = 0;
    qsort(sample, count, sizeof sample[0], by_size);
    for (uint32_t k = 0; k < count; k++)
        sum += sample[k];
    printf("{\"name\":\"road_json.%s\",\"n\":%u,\"mean_us\":%.2f,\"p50_us\":%.2f,\"p95_us\":%.2f,"
           "\"p99_us\":%.2f%s}\n",
           name, count, sum / count, sample[count / 2], sample[count * 95 / 100],
           sample[count * 99 / 100], more);
    (void)fflush(stdout);
}

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_road_json: %s\n", what);
    exit(1);
}

static double us_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e3;
}

static tq_city *open_city(const char *name)
{
    tq_err err = {0};
    tq_city *city = NULL;
    size_t len = strlen(name);
    if (len > 5 && strcmp(name + len - 5, ".city") == 0) {
        if (tq_city_open(name, &city, &err) != TQ_OK) stop(err.text);
        return city;
    }
    static tq_settings settings;
    const char *data = tq_env_var("TQ_SHARED_DATA"), *slash = strrchr(name, '/');
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "bench");
    (void)snprintf(settings.name, sizeof settings.name, "bench");
    (void)snprintf(settings.timezone, sizeof settings.timezone, "Asia/Shanghai");
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/%.*s",
                   data != NULL ? data : "../shared/data", slash == NULL ? 0 : (int)(slash - name),
                   name);
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "%s", slash == NULL ? name : slash + 1);
    settings.osm_count = 1;
    tq_report *report = tq_report_new();
    if (tq_import(&settings, MADE, report, NULL, NULL, &err) != TQ_OK ||
        tq_city_open(MADE, &city, &err) != TQ_OK)
        stop(err.text);
    tq_report_free(report);
    return city;
}

/* Connected places at least `least_m` and at most `most_m` apart; 0 = any. */
static uint32_t make_pairs(const tq_city *city, const tq_metric *metric, uint32_t want,
                           uint32_t least_m, uint32_t most_m, pair *out)
{
    const tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    tq_random random = {SEED + least_m};
    uint32_t count = 0, found = 0;
    for (uint32_t tries = 0; tries < 500 * want && count < want; tries++) {
        pair one;
        int64_t time_ds = 0;
        one.from = city->streets.node_at[tq_random_below(&random, city->streets.node_count)];
        one.to = city->streets.node_at[tq_random_below(&random, city->streets.node_count)];
        uint32_t apart_m = tq_distance_dm(one.from, one.to) / 10;
        tq_arena_reset(&work, 0);
        if (apart_m < least_m || (most_m != 0 && apart_m > most_m) ||
            tq_road_snap(city, metric, one.from, &wish, &one.snap[0], &found, NULL) != TQ_OK ||
            tq_road_snap(city, metric, one.to, &wish, &one.snap[1], &found, NULL) != TQ_OK ||
            tq_road_time(city, metric, &one.snap[0], &one.snap[1], &work, &time_ds, NULL) != TQ_OK)
            continue;
        one.from = one.snap[0].at;
        one.to = one.snap[1].at;
        out[count++] = one;
    }
    if (count == 0) stop("no connected pairs");
    return count;
}

static void bench_parts(const tq_city *city, const tq_metric *metric, const pair *all,
                        uint32_t count)
{
    const tq_snap_wish wish = {.limit = 1, .bearing = -1};
    uint64_t arcs = 0, points = 0;
    for (uint32_t k = 0; k < count; k++) {
        tq_snap snap;
        uint32_t found = 0;
        int64_t start = env->mono_ns(env->user);
        (void)tq_road_snap(city, metric, all[k].from, &wish, &snap, &found, NULL);
        (void)tq_road_snap(city, metric, all[k].to, &wish, &snap, &found, NULL);
        sample[k] = us_since(start);
    }
    print_us("snap_both", count, "");
    for (uint32_t k = 0; k < count; k++) {
        int64_t time_ds = 0, start = env->mono_ns(env->user);
        tq_arena_reset(&work, 0);
        (void)tq_road_time(city, metric, &all[k].snap[0], &all[k].snap[1], &work, &time_ds, NULL);
        sample[k] = us_since(start);
    }
    print_us("time", count, "");
    for (uint32_t k = 0; k < count; k++) {
        tq_way way = {0};
        int64_t start = env->mono_ns(env->user);
        tq_arena_reset(&work, 0);
        (void)tq_road_way(city, metric, &all[k].snap[0], &all[k].snap[1], &work, &way, NULL);
        sample[k] = us_since(start);
        arcs += way.arc_count;
    }
    char more[64];
    (void)snprintf(more, sizeof more, ",\"mean_arcs\":%.0f", (double)arcs / count);
    print_us("way", count, more);
    for (uint32_t k = 0; k < count; k++) {
        tq_way way = {0};
        road_line line = {0};
        tq_arena_reset(&work, 0);
        if (tq_road_way(city, metric, &all[k].snap[0], &all[k].snap[1], &work, &way, NULL) != TQ_OK)
            continue;
        int64_t start = env->mono_ns(env->user);
        (void)road_line_of(city, &way, &work, &line);
        sample[k] = us_since(start);
        points += line.count;
    }
    (void)snprintf(more, sizeof more, ",\"mean_points\":%.0f", (double)points / count);
    print_us("line", count, more);
}

static void bench_whole(const tq_city *city, const tq_metric *metric, const pair *all,
                        uint32_t count, const char *name, const tq_route_options *options)
{
    tq_buf out = {0};
    uint64_t bytes = 0;
    for (uint32_t k = 0; k < count; k++) {
        tq_route_place place[2] = {{.at = all[k].from, .wish = {.bearing = -1}, .via = true},
                                   {.at = all[k].to, .wish = {.bearing = -1}, .via = true}};
        tq_err err = {0};
        out.len = 0;
        int64_t start = env->mono_ns(env->user);
        tq_arena_reset(&work, 0);
        tq_status status = tq_route_json(city, metric, place, 2, options, &work, &out, &err);
        sample[k] = us_since(start);
        if (status != TQ_OK) stop(err.text);
        bytes += out.len;
    }
    char more[64];
    (void)snprintf(more, sizeof more, ",\"mean_bytes\":%.0f", (double)bytes / count);
    print_us(name, count, more);
    tq_buf_free(&out);
}

static void bench_others(const tq_city *city, const tq_metric *metric, pair *all, uint32_t least_m,
                         uint32_t most_m, const char *name)
{
    uint32_t count = make_pairs(city, metric, OTHERS_PAIRS, least_m, most_m, all), with = 0,
             full = 0;
    for (uint32_t k = 0; k < count; k++) {
        tq_way way[TQ_ALTERNATIVES_MAX];
        uint32_t found = 0;
        int64_t start = env->mono_ns(env->user);
        tq_arena_reset(&work, 0);
        if (tq_road_alternatives(city, metric, &all[k].snap[0], &all[k].snap[1],
                                 TQ_ALTERNATIVES_MAX, &work, way, &found, NULL) != TQ_OK)
            stop("other ways");
        sample[k] = us_since(start);
        with += found > 1;
        full += found == TQ_ALTERNATIVES_MAX;
    }
    char more[96];
    (void)snprintf(more, sizeof more, ",\"with_one_percent\":%.1f,\"with_two_percent\":%.1f",
                   100.0 * with / count, 100.0 * full / count);
    print_us(name, count, more);
}

int main(int argc, char **argv)
{
    if (argc < 2) stop("name an extract or a city file");
    env = tq_env_real();
    uint32_t want = PAIRS;
    if (argc > 2 && (!tq_parse_u32(tq_str_of(argv[2]), &want) || want == 0 || want > PAIRS_MAX))
        stop("pairs are 1 to 20000");
    void *memory = malloc(WORK_BYTES);
    pair *all = TQ_ALLOC(pair, PAIRS_MAX);
    if (memory == NULL || all == NULL) stop("no memory");
    tq_arena_init(&work, memory, WORK_BYTES);
    tq_city *city = open_city(argv[1]);
    tq_metric *metric = NULL;
    tq_err err = {0};
    if (tq_metric_make(city, tq_road_vehicle(city, TQ_PROFILE_CAR), env->now_ms(env->user), NULL,
                       TQ_METRIC_PRUNED | TQ_METRIC_WAYS | TQ_METRIC_MAIN, 1, &metric,
                       &err) != TQ_OK)
        stop(err.text);
    uint32_t count = make_pairs(city, metric, want, 0, 0, all);
    bench_parts(city, metric, all, count);
    tq_route_options options;
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    bench_whole(city, metric, all, count, "full", &options);
    options.overview = TQ_OVERVIEW_SIMPLIFIED;
    bench_whole(city, metric, all, count, "simplified", &options);
    options.overview = TQ_OVERVIEW_FULL;
    options.steps = true;
    bench_whole(city, metric, all, count, "full_steps", &options);
    options.language = TQ_LANGUAGE_ZH;
    bench_whole(city, metric, all, count, "full_steps_spoken", &options);
    options.annotations = true;
    bench_whole(city, metric, all, count, "full_steps_spoken_annotations", &options);
    bench_others(city, metric, all, 0, 0, "others_any");
    bench_others(city, metric, all, NEAR_M, FAR_M, "others_2_to_8_km");
    tq_metric_free(metric);
    tq_city_close(city);
    (void)remove(MADE); /* if it was made */
    tq_free(all);
    free(memory);
    return 0;
}
