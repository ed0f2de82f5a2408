/* tongqu bench: random questions of each kind on this city, one JSON line a kind, with times in
 * microseconds. */
#include <stdlib.h>

#include "cli/cli.h"

typedef struct bench_run {
    cli_city *city;
    tq_random random;
    int64_t at_ms;
    uint64_t *ns;
    uint32_t count, answered;
} bench_run;

static tq_point random_point(bench_run *run)
{
    const tq_city *city = run->city->snapshot.city;
    if (city->streets.node_count > 0)
        return city->streets.node_at[tq_random_below(&run->random, city->streets.node_count)];
    return city->timetable.stop[tq_random_below(&run->random, city->timetable.stop_count)].at;
}

static tq_endpoint random_end(bench_run *run)
{
    const tq_city *city = run->city->snapshot.city;
    tq_point at = random_point(run);
    uint32_t stop = city->streets.node_count > 0
                        ? TQ_NONE
                        : tq_random_below(&run->random, city->timetable.stop_count);
    return (tq_endpoint){at.lat_e7, at.lon_e7, stop, ""};
}

static bool ask_plan(bench_run *run)
{
    tq_plan_query query;
    tq_plan_answer answer;
    tq_plan_query_default(&query);
    query.from = random_end(run);
    query.to = random_end(run);
    query.time_ms = run->at_ms + (int64_t)tq_random_below(&run->random, 8 * 3600) * 1000;
    return tq_plan(&run->city->snapshot, &query, &run->city->work, &answer, NULL) == TQ_OK;
}

static bool ask_route(bench_run *run)
{
    tq_route_options options;
    tq_point point[2] = {random_point(run), random_point(run)};
    tq_buf out = {0};
    tq_route_options_default(&options);
    tq_status status = tq_snapshot_route_json(&run->city->snapshot, TQ_PROFILE_CAR, run->at_ms,
                                              point, 2, &options, &run->city->work, &out, NULL);
    tq_buf_free(&out);
    return status == TQ_OK;
}

static bool ask_places(bench_run *run)
{
    const tq_city *city = run->city->snapshot.city;
    tq_place found[10];
    uint32_t count = 0;
    if (city->places.count == 0) return false;
    const char *name =
        tq_text(city, city->places.row[tq_random_below(&run->random, city->places.count)].name);
    char text[64];
    (void)snprintf(text, sizeof text, "%.60s", name);
    /* A name may be cut inside a character: keep whole ones. */
    for (size_t len = strlen(text); len > 0 && !tq_utf8_valid((tq_str){text, len}); len--)
        text[len - 1] = '\0';
    tq_place_query query = {.size = sizeof query, .text = text, .limit = 10};
    return text[0] != '\0' && tq_places_find(city, &query, found, &count, NULL) == TQ_OK;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void measure(bench_run *run, const char *name, bool (*question)(bench_run *run))
{
    uint64_t total_ns = 0;
    run->answered = 0;
    for (uint32_t k = 0; k < run->count; k++) {
        tq_arena_reset(&run->city->work, 0);
        int64_t before = tq_env_real()->mono_ns(NULL);
        run->answered += question(run);
        run->ns[k] = (uint64_t)(tq_env_real()->mono_ns(NULL) - before);
        total_ns += run->ns[k];
    }
    qsort(run->ns, run->count, sizeof *run->ns, by_value);
    printf("{\"name\":\"%s\",\"n\":%u,\"answered\":%u,\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%"
           ".1f}\n",
           name, run->count, run->answered, (double)total_ns / run->count / 1000,
           (double)run->ns[run->count / 2] / 1000, (double)run->ns[run->count * 99 / 100] / 1000);
}

static tq_status pick_time(const cli_args *args, const tq_city *city, int64_t *at_ms, tq_err *err)
{
    if (cli_value(args, "at") != NULL || city->timetable.day_count == 0)
        return cli_time(args, "at", city, at_ms, err);
    int32_t day = city->timetable.base_day + (int32_t)city->timetable.day_count / 2;
    while ((day + 4) % 7 == 0 || (day + 4) % 7 == 6)
        day++; /* a working day */
    *at_ms = tq_local_to_ms(&city->zone, day, 8 * 3600);
    return TQ_OK;
}

int cli_bench(const cli_args *args)
{
    cli_city city;
    tq_err err = {0};
    uint32_t count = 1000, seed = 1;
    if (!cli_number(args, "queries", 1, 1000000, &count) ||
        !cli_number(args, "seed", 0, UINT32_MAX, &seed))
        return cli_exit_code(TQ_USAGE);
    bench_run run = {
        .city = &city, .random = {seed}, .count = count, .ns = TQ_ALLOC(uint64_t, count)};
    tq_status status = run.ns == NULL ? TQ_NO_MEMORY : cli_open(args->word[0], &city, &err);
    if (status != TQ_OK) {
        tq_free(run.ns);
        return cli_fail(args, status, &err);
    }
    status = pick_time(args, city.snapshot.city, &run.at_ms, &err);
    if (status == TQ_OK) status = tq_snapshot_warm(&city.snapshot, run.at_ms, &err);
    if (status == TQ_OK) {
        if (city.snapshot.city->timetable.trip_count > 0) measure(&run, "plan", ask_plan);
        if (city.snapshot.city->streets.edge_count > 0) measure(&run, "route_json", ask_route);
        measure(&run, "places", ask_places);
    }
    tq_free(run.ns);
    cli_close(&city);
    return status == TQ_OK ? 0 : cli_fail(args, status, &err);
}
