/*
 * Many places at once: label rows, distances by them, tables, one to all, nearest places. Weights
 * are those of a car. Prints one JSON line a measurement.
 *
 * usage: bench_road_many [NAME.city]. Without a city file the tiled city of the shared data is
 * imported (TQ_SHARED_DATA, by default ../shared/data).
 */
#include <stdio.h>

#include "import/import.h"
#include "road/road_in.h"

#define PAIRS      100000u
#define PLACES     1000u
#define REPEATS    7u
#define SWEEPS     20u
#define WORK_BYTES ((size_t)256 << 20)

static tq_arena work;
static const tq_env *env;

static double us_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e3;
}

static void print_least(const char *name, uint32_t count, double least_us, const char *more)
{
    printf("{\"name\":\"road.%s\",\"n\":%u,\"best_us\":%.3f%s}\n", name, count, least_us, more);
    (void)fflush(stdout);
}

typedef struct pair_set {
    uint32_t *from, *to;
    int32_t *ds;
} pair_set;

/* Each pair by labels; the answers must be those of the hierarchy. */
static bool bench_pairs(const tq_metric *metric, const pair_set *pairs, const char *name)
{
    double best = 1e18;
    uint32_t wrong = 0;
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = env->mono_ns(env->user);
        wrong = 0;
        for (uint32_t k = 0; k < PAIRS; k++)
            wrong += road_label_time(metric, pairs->from[k], pairs->to[k], &work) != pairs->ds[k];
        best = TQ_MIN(best, us_since(start));
    }
    print_least(name, PAIRS, best / PAIRS, wrong != 0 ? ",\"wrong\":true" : "");
    return wrong == 0;
}

static void bench_rows(tq_metric *metric, uint32_t subtree, unsigned threads, const pair_set *pairs)
{
    double best = 1e18;
    tq_err err = {0};
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = env->mono_ns(env->user);
        if (tq_metric_label(metric, subtree, threads, &err) != TQ_OK) {
            printf("{\"name\":\"road.rows\",\"error\":\"%s\"}\n", err.text);
            return;
        }
        double us = us_since(start);
        if (repeat == 0) print_least("rows_first", subtree, us, "");
        best = TQ_MIN(best, us);
    }
    char more[96];
    (void)snprintf(more, sizeof more, ",\"threads\":%u,\"mb\":%.1f", threads,
                   (double)road_labels_bytes(metric) / 1e6);
    print_least("rows", subtree, best, more);
    if (threads > 1) return;
    char name[64];
    (void)snprintf(name, sizeof name, "pair_by_rows_of_%u", subtree);
    (void)bench_pairs(metric, pairs, name);
}

/* A place at the tail of a vertex' arc, in its direction only. */
static tq_snap at_vertex(const tq_city *city, const tq_metric *metric, uint32_t vertex)
{
    uint32_t arc = metric->hierarchy->arc_of_vertex[vertex];
    return (tq_snap){.edge = arc >> 1,
                     .along_dm = arc & 1 ? city->streets.edge_length_dm[arc >> 1] : 0,
                     .directions = (uint8_t)(1u << (arc & 1))};
}

static void bench_table(const tq_city *city, const tq_metric *metric, tq_random *random,
                        const char *name, uint8_t both, bool metres)
{
    static tq_snap from[PLACES], to[PLACES];
    int32_t *ds = TQ_ALLOC(int32_t, (size_t)PLACES * PLACES);
    uint32_t *dm = TQ_ALLOC(uint32_t, (size_t)PLACES * PLACES);
    for (uint32_t k = 0; k < PLACES; k++) {
        from[k] = at_vertex(city, metric, tq_random_below(random, metric->vertex_count));
        to[k] = at_vertex(city, metric, tq_random_below(random, metric->vertex_count));
        if (!both) continue;
        from[k].directions = to[k].directions = 3;
        from[k].along_dm = city->streets.edge_length_dm[from[k].edge] / 2;
        to[k].along_dm = city->streets.edge_length_dm[to[k].edge] / 3;
    }
    tq_places_on_road out = {PLACES, NULL, from}, in = {PLACES, NULL, to};
    double best = 1e18;
    tq_err err = {0};
    tq_status status = TQ_OK;
    for (uint32_t repeat = 0; repeat < REPEATS && status == TQ_OK; repeat++) {
        tq_arena_reset(&work, 0);
        int64_t start = env->mono_ns(env->user);
        status = tq_road_matrix(city, metric, &out, &in, &work, ds, metres ? dm : NULL, &err);
        best = TQ_MIN(best, us_since(start));
    }
    uint32_t wrong = 0;
    for (uint32_t k = 0; k < PLACES; k++) {
        int64_t time = TQ_ROAD_INF;
        tq_arena_reset(&work, 0);
        (void)tq_road_time(city, metric, &from[k], &to[k * 7 % PLACES], &work, &time, &err);
        wrong += time != ds[(size_t)k * PLACES + k * 7 % PLACES];
    }
    char more[96];
    (void)snprintf(more, sizeof more, ",\"wrong\":%u,\"scratch_mb\":%.1f,\"status\":%d", wrong,
                   (double)work.peak / 1e6, (int)status);
    print_least(name, PLACES * PLACES, best, more);
    tq_free(ds);
    tq_free(dm);
}

static void bench_sweeps(const tq_city *city, const tq_metric *metric, tq_random *random)
{
    int32_t *ds = TQ_ALLOC(int32_t, metric->vertex_count);
    for (int side = 0; side < 2; side++) {
        double best = 1e18;
        for (uint32_t k = 0; k < SWEEPS; k++) {
            tq_snap place = at_vertex(city, metric, tq_random_below(random, metric->vertex_count));
            tq_arena_reset(&work, 0);
            int64_t start = env->mono_ns(env->user);
            (void)tq_road_all(city, metric, &place, side == 0 ? TQ_SWEEP_FROM : TQ_SWEEP_TO, &work,
                              ds, NULL);
            best = TQ_MIN(best, us_since(start));
        }
        print_least(side == 0 ? "one_to_all" : "all_to_one", SWEEPS, best, "");
    }
    tq_free(ds);
    static tq_snap set[PLACES];
    for (uint32_t k = 0; k < PLACES; k++)
        set[k] = at_vertex(city, metric, tq_random_below(random, metric->vertex_count));
    for (uint32_t count = 100; count <= PLACES; count *= 10) {
        double best = 1e18;
        uint32_t which[10], found = 0;
        int32_t near_ds[10];
        tq_places_on_road places = {count, NULL, set};
        for (uint32_t k = 0; k < SWEEPS; k++) {
            tq_snap place = at_vertex(city, metric, tq_random_below(random, metric->vertex_count));
            tq_arena_reset(&work, 0);
            int64_t start = env->mono_ns(env->user);
            (void)tq_road_nearest_of(city, metric, &place, &places, TQ_SWEEP_TO, 10, &work, which,
                                     near_ds, &found, NULL);
            best = TQ_MIN(best, us_since(start));
        }
        print_least("nearest_10_of", count, best, "");
    }
}

static tq_status import_tiled(char path[TQ_PATH_MAX], tq_err *err)
{
    static tq_settings settings;
    const char *data = tq_env_var("TQ_SHARED_DATA");
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "tiled");
    (void)snprintf(settings.name, sizeof settings.name, "Tiled");
    (void)snprintf(settings.timezone, sizeof settings.timezone, "America/Sao_Paulo");
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/generated",
                   data != NULL ? data : "../shared/data");
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "tiled_city_190k.osm.pbf");
    settings.osm_count = 1;
    (void)snprintf(path, TQ_PATH_MAX, "/tmp/tongqu-bench-many.city");
    tq_report *report = tq_report_new();
    tq_status status = tq_import(&settings, path, report, NULL, NULL, err);
    tq_report_free(report);
    return status;
}

static void bench_city(const tq_city *city, tq_metric *metric)
{
    tq_random random = {20251123};
    pair_set pairs = {TQ_ALLOC(uint32_t, PAIRS), TQ_ALLOC(uint32_t, PAIRS),
                      TQ_ALLOC(int32_t, PAIRS)};
    printf("{\"name\":\"road.size\",\"vertices\":%u,\"links\":%u,\"up_arcs\":%u,\"levels\":%u,"
           "\"kernels\":%d}\n",
           metric->vertex_count, metric->link_count, metric->up_count, metric->levels,
           (int)tq_kernels_used());
    for (uint32_t k = 0; k < PAIRS; k++) {
        pairs.from[k] = tq_random_below(&random, metric->vertex_count);
        pairs.to[k] = tq_random_below(&random, metric->vertex_count);
        pairs.ds[k] = road_vertex_time(metric, pairs.from[k], pairs.to[k], &work);
    }
    bench_sweeps(city, metric, &random);
    bench_table(city, metric, &random, "table_of_vertices_no_rows", 0, false);
    bench_table(city, metric, &random, "table_of_places_no_rows", 1, false);
    bench_table(city, metric, &random, "table_of_vertices_with_metres", 0, true);
    static const uint32_t subtree[] = {256, 128, 64, 16, 1};
    for (uint32_t k = 0; k < TQ_COUNT(subtree); k++) {
        for (unsigned threads = 1; threads <= 2; threads++)
            bench_rows(metric, subtree[k], threads, &pairs);
        bench_table(city, metric, &random, "table_of_vertices", 0, false);
        bench_table(city, metric, &random, "table_of_places", 1, false);
    }
    tq_free(pairs.from);
    tq_free(pairs.to);
    tq_free(pairs.ds);
}

int main(int count, char **argument)
{
    env = tq_env_real();
    char made[TQ_PATH_MAX];
    tq_err err = {0};
    tq_city *city = NULL;
    tq_metric *metric = NULL;
    void *memory = tq_alloc_aligned(WORK_BYTES, 1);
    tq_arena_init(&work, memory, WORK_BYTES);
    tq_status status = count < 2 ? import_tiled(made, &err) : TQ_OK;
    if (status == TQ_OK) status = tq_city_open(count < 2 ? made : argument[1], &city, &err);
    if (status == TQ_OK)
        status =
            tq_metric_make(city, tq_road_vehicle(city, TQ_PROFILE_CAR), 0, NULL,
                           TQ_METRIC_PRUNED | TQ_METRIC_WAYS | TQ_METRIC_METRES, 1, &metric, &err);
    if (status == TQ_OK)
        bench_city(city, metric);
    else
        (void)fprintf(stderr, "%s\n", err.text);
    tq_metric_free(metric);
    tq_city_close(city);
    tq_free(memory);
    return status == TQ_OK ? 0 : 1;
}
