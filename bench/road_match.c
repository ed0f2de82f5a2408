/*
 * Map matching: points a second on one core, and how much of the way is found again, on generated
 * traces of random quickest drives; isochrones beside. Prints one JSON line a measurement.
 *
 * usage: bench_road_match [NAME.city]. Without a city file, Porto of the shared data is imported
 * (TQ_SHARED_DATA, by default ../shared/data).
 */
#include <stdio.h>

#include "porto_city.h"
#include "road_trace.h"

#define DRIVES     200u
#define POINTS_MAX 4000u
#define WORK_BYTES (64u << 20)
#define SEED       20260101u

static const tq_env *env;
static tq_arena way_work, work;
static tq_trace_point trace[POINTS_MAX];

static double us_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e3;
}

static bool snap_random(const tq_city *city, const tq_metric *metric, tq_random *random,
                        tq_snap *out)
{
    const tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    uint32_t count = 0;
    tq_point at = city->streets.node_at[tq_random_below(random, city->streets.node_count)];
    return tq_road_snap(city, metric, at, &wish, out, &count, NULL) == TQ_OK;
}

static void bench_traces(const tq_city *city, const tq_metric *metric, uint32_t interval_s,
                         uint32_t noise_m, uint8_t *mark)
{
    const tq_match_wish wish = {.split = true};
    tq_random random = {SEED + interval_s * 100 + noise_m};
    trace_share share = {0};
    uint64_t points = 0;
    uint32_t pieces = 0, drives = 0, failed = 0;
    double us = 0;
    while (drives < DRIVES) {
        tq_snap from, to;
        tq_way way;
        tq_arena_reset(&way_work, 0);
        tq_arena_reset(&work, 0);
        if (!snap_random(city, metric, &random, &from) ||
            !snap_random(city, metric, &random, &to) ||
            tq_road_way(city, metric, &from, &to, &way_work, &way, NULL) != TQ_OK)
            continue;
        uint32_t count =
            trace_drive(city, metric, &way, interval_s, noise_m, &random, trace, POINTS_MAX);
        if (count < 10) continue;
        tq_matching matching;
        drives++;
        int64_t start = env->mono_ns(env->user);
        tq_status status = tq_road_match(city, metric, trace, count, &wish, &work, &matching, NULL);
        us += us_since(start);
        points += count;
        failed += status != TQ_OK;
        if (status != TQ_OK) continue;
        pieces += matching.piece_count;
        trace_compare(city, &way, &matching, mark, &share);
    }
    printf(
        "{\"name\":\"road.match\",\"generated\":true,\"interval_s\":%u,\"noise_m\":%u,\"n\":%llu,"
        "\"points_per_s\":%.0f,\"drives\":%u,\"pieces\":%u,\"failed\":%u,\"right_percent\":%.2f,"
        "\"wrong_percent\":%.2f,\"scratch_mb\":%.1f}\n",
        interval_s, noise_m, (unsigned long long)points, (double)points / us * 1e6, drives, pieces,
        failed, 100.0 * (double)share.right_dm / (double)share.way_dm,
        100.0 * (double)share.wrong_dm / (double)share.way_dm, (double)work.peak / 1e6);
}

static void bench_isochrone(const tq_city *city, const tq_metric *metric, int32_t limit_ds)
{
    tq_random random = {SEED};
    uint32_t done = 0;
    double us = 0;
    uint64_t points = 0, rings = 0;
    while (done < 20) {
        tq_snap place;
        tq_isochrone area;
        if (!snap_random(city, metric, &random, &place)) continue;
        tq_arena_reset(&work, 0);
        const tq_isochrone_wish wish = {.limit_count = 3,
                                        .limit_ds = {limit_ds / 3, limit_ds * 2 / 3, limit_ds}};
        int64_t start = env->mono_ns(env->user);
        tq_err err;
        if (tq_road_isochrone(city, metric, &place, &wish, &work, &area, &err) != TQ_OK) {
            (void)fprintf(stderr, "%s\n", err.text);
            return;
        }
        us += us_since(start);
        points += area.point_count;
        rings += area.ring_count;
        done++;
    }
    printf("{\"name\":\"road.isochrone\",\"limits\":3,\"minutes\":%d,\"n\":%u,\"mean_ms\":%.2f,"
           "\"rings\":%llu,\"points\":%llu,\"scratch_mb\":%.1f}\n",
           limit_ds / 600, done, us / 1e3 / done, (unsigned long long)rings / done,
           (unsigned long long)points / done, (double)work.peak / 1e6);
}

static void bench_snap(const tq_city *city, const tq_metric *metric)
{
    tq_random random = {SEED};
    uint32_t count = 0;
    tq_snap snap[TQ_SNAPS_MAX];
    for (uint32_t limit = 1; limit <= 8; limit += 7) {
        tq_snap_wish wish = {.limit = limit, .radius_m = limit == 1 ? 0 : 50, .bearing = -1};
        int64_t start = env->mono_ns(env->user);
        for (uint32_t k = 0; k < 20000; k++) {
            tq_point at = city->streets.node_at[tq_random_below(&random, city->streets.node_count)];
            at.lat_e7 += (int32_t)tq_random_below(&random, 4000) - 2000;
            at.lon_e7 += (int32_t)tq_random_below(&random, 4000) - 2000;
            (void)tq_road_snap(city, metric, at, &wish, snap, &count, NULL);
        }
        printf("{\"name\":\"road.snap\",\"limit\":%u,\"n\":20000,\"mean_us\":%.2f}\n", limit,
               us_since(start) / 20000);
    }
}

static int bench_city(const tq_city *city)
{
    tq_metric *metric = NULL;
    tq_err err = {0};
    if (tq_metric_make(city, tq_road_vehicle(city, TQ_PROFILE_CAR), 1748916000000, NULL,
                       TQ_METRIC_PRUNED | TQ_METRIC_WAYS | TQ_METRIC_MAIN, 1, &metric,
                       &err) != TQ_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    uint8_t *memory = TQ_ALLOC(uint8_t, WORK_BYTES), *more = TQ_ALLOC(uint8_t, WORK_BYTES / 4);
    uint8_t *mark = TQ_ALLOC(uint8_t, 2 * (size_t)city->streets.edge_count);
    tq_arena_init(&way_work, more, WORK_BYTES / 4);
    bench_snap(city, metric);
    static const uint32_t interval_s[] = {1, 2, 5, 10, 30}, noise_m[] = {5, 10};
    for (size_t i = 0; i < TQ_COUNT(interval_s); i++)
        for (size_t n = 0; n < TQ_COUNT(noise_m); n++) {
            tq_arena_init(&work, memory, WORK_BYTES);
            bench_traces(city, metric, interval_s[i], noise_m[n], mark);
        }
    for (int32_t minutes = 5; minutes <= 45; minutes *= 3) {
        tq_arena_init(&work, memory, WORK_BYTES);
        bench_isochrone(city, metric, minutes * 600);
    }
    tq_free(memory);
    tq_free(more);
    tq_free(mark);
    tq_metric_free(metric);
    return 0;
}

int main(int count, char **argument)
{
    tq_city *city = NULL;
    tq_err err = {0};
    env = tq_env_real();
    if ((count < 2 ? porto_open(&city, &err) : tq_city_open(argument[1], &city, &err)) != TQ_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int result = bench_city(city);
    tq_city_close(city);
    return result;
}
