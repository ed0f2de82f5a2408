/*
 * How long the road metrics in use take to follow a live state: one closure, its reopening, and
 * 10,000 speeds at once, for the car, bike and foot metrics that questions have used. Every metric
 * that was followed is compared with one made anew. Prints one JSON line a measurement.
 *
 * usage: bench_road_live [porto | rnv | moscow ...]. rnv is the street map around Mannheim,
 * Heidelberg and Ludwigshafen. Data: TQ_SHARED_DATA, by default ../shared/data.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import/import.h"
#include "road/road_in.h"

#define CLOSURES 15u
#define SPEEDS   10000u
#define VEHICLES 3u

static const tq_env *env;
static uint32_t wrong;
static const tq_profile used[VEHICLES] = {TQ_PROFILE_CAR, TQ_PROFILE_BIKE, TQ_PROFILE_FOOT};

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_road_live: %s\n", what);
    exit(1);
}

static const char *data_folder(void)
{
    const char *data = tq_env_var("TQ_SHARED_DATA");
    return data != NULL ? data : "../shared/data";
}

static const struct {
    const char *name, *folder, *file, *zone;
} map[] = {{"porto", "osm", "porto_portugal.osm.pbf", "Europe/Lisbon"},
           {"rnv", "pairs/rnv", "rnv.osm.pbf", "Europe/Berlin"}};

static tq_city *open_map(const char *name, char path[static TQ_PATH_MAX])
{
    static tq_settings settings;
    uint32_t row = 0;
    while (row < TQ_COUNT(map) && !tq_str_is(tq_str_of(name), map[row].name))
        row++;
    if (row == TQ_COUNT(map)) stop("there is no such map");
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "%s", name);
    (void)snprintf(settings.name, sizeof settings.name, "%s", name);
    (void)snprintf(settings.timezone, sizeof settings.timezone, "%s", map[row].zone);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/%s", data_folder(),
                   map[row].folder);
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "%s", map[row].file);
    settings.osm_count = 1;
    (void)snprintf(path, TQ_PATH_MAX, "/tmp/tongqu-bench-live-%s.city", name);
    tq_err err = {0};
    tq_city *city = NULL;
    tq_report *report = tq_report_new();
    if (tq_import(&settings, path, report, NULL, NULL, &err) != TQ_OK ||
        tq_city_open(path, &city, &err) != TQ_OK)
        stop(err.text);
    tq_report_free(report);
    return city;
}

static const tq_overlay *overlay_of(const tq_city *city, uint64_t version, const tq_live_rule *rule,
                                    uint32_t count)
{
    const tq_overlay *out = NULL;
    tq_err err = {0};
    tq_overlay from = {
        .version = version, .road_version = version, .rule_count = count, .rule = rule};
    if (tq_overlay_new(city, &from, &out, &err) != TQ_OK) stop(err.text);
    return out;
}

static void use_all(tq_roads *roads, const tq_city *city, const tq_overlay *overlay)
{
    for (uint32_t k = 0; k < VEHICLES; k++) {
        const tq_metric *metric = NULL;
        tq_err err = {0};
        if (tq_roads_get(roads, overlay, tq_road_vehicle(city, used[k]), env->now_ms(env->user),
                         &metric, &err) != TQ_OK)
            stop(err.text);
        tq_roads_put(roads, metric);
    }
}

static void check(tq_roads *roads, const tq_city *city, const tq_overlay *overlay)
{
    for (uint32_t k = 0; k < VEHICLES; k++) {
        const tq_metric *metric = NULL;
        tq_metric *fresh = NULL;
        tq_err err = {0};
        const tq_vehicle *vehicle = tq_road_vehicle(city, used[k]);
        int64_t at_ms = env->now_ms(env->user);
        if (tq_roads_get(roads, overlay, vehicle, at_ms, &metric, &err) != TQ_OK ||
            tq_metric_make(city, vehicle, at_ms, overlay, 0, 2, &fresh, &err) != TQ_OK)
            stop(err.text);
        wrong += memcmp(metric->pair, fresh->pair, fresh->up_count * sizeof *fresh->pair) != 0;
        tq_metric_free(fresh);
        tq_roads_put(roads, metric);
    }
}

typedef struct times {
    double sum_ms, worst_ms, finish_ms;
    uint32_t count;
} times;

static void follow(tq_roads *roads, const tq_city *city, const tq_overlay *next, times *out)
{
    tq_err err = {0};
    int64_t start = env->mono_ns(env->user);
    if (tq_roads_follow(roads, next, &err) != TQ_OK) stop(err.text);
    double ms = (double)(env->mono_ns(env->user) - start) / 1e6;
    out->sum_ms += ms;
    out->worst_ms = TQ_MAX(out->worst_ms, ms);
    out->count++;
    use_all(roads, city, next);
    start = env->mono_ns(env->user);
    if (tq_roads_finish(roads, &err) != TQ_OK) stop(err.text);
    ms = (double)(env->mono_ns(env->user) - start) / 1e6;
    out->finish_ms += ms;
}

static void print(const char *name, const char *what, const times *all)
{
    printf("{\"name\":\"road_live.%s.%s\",\"ms\":%.2f,\"worst_ms\":%.2f,\"finish_ms\":%.2f,"
           "\"times\":%u}\n",
           name, what, all->sum_ms / all->count, all->worst_ms, all->finish_ms / all->count,
           all->count);
    (void)fflush(stdout);
}

/* A street of cars, one of the greater ones if there is one nearby in the list. */
static uint32_t street_arc(const tq_city *city, tq_random *random)
{
    const tq_streets *streets = &city->streets;
    uint32_t edge = tq_random_below(random, streets->edge_count);
    for (uint32_t tried = 0; tried < streets->edge_count; tried++) {
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        if (attr->street_class >= TQ_PRIMARY && attr->street_class <= TQ_TERTIARY &&
            (attr->access[0] & TQ_ACCESS_CAR) != 0)
            break;
        edge = (edge + 1) % streets->edge_count;
    }
    return 2 * edge;
}

static void bench(const char *name)
{
    char path[TQ_PATH_MAX];
    tq_city *city = open_map(name, path);
    tq_roads *roads = NULL;
    tq_err err = {0};
    tq_random random = {1};
    if (tq_roads_open(city, &roads, &err) != TQ_OK) stop(err.text);
    int64_t start = env->mono_ns(env->user);
    use_all(roads, city, NULL);
    times first = {0}, close = {0}, reopen = {0}, many = {0};
    first.sum_ms = first.worst_ms = (double)(env->mono_ns(env->user) - start) / 1e6;
    first.count = 1;
    print(name, "made_at_first", &first);
    uint64_t version = 0;
    for (uint32_t k = 0; k < CLOSURES; k++) {
        uint32_t arc = street_arc(city, &random);
        tq_live_rule rule[2] = {{.arc = arc, .access = UINT16_MAX},
                                {.arc = arc + 1, .access = UINT16_MAX}};
        const tq_overlay *closed = overlay_of(city, ++version, rule, 2);
        follow(roads, city, closed, &close);
        if (k < 3) check(roads, city, closed);
        tq_overlay_drop(closed);
        const tq_overlay *open = overlay_of(city, ++version, NULL, 0);
        follow(roads, city, open, &reopen);
        if (k < 3) check(roads, city, open);
        tq_overlay_drop(open);
    }
    print(name, "one_closure", &close);
    print(name, "one_reopening", &reopen);
    uint32_t arcs = 2 * city->streets.edge_count;
    tq_live_rule *speed = TQ_ALLOC(tq_live_rule, SPEEDS);
    for (uint32_t round = 0; round < 3 && speed != NULL; round++) {
        uint32_t step = arcs / SPEEDS, count = 0;
        for (; count < SPEEDS && step > 0; count++)
            speed[count] = (tq_live_rule){.arc = count * step + tq_random_below(&random, step),
                                          .access = TQ_ACCESS_MOTOR,
                                          .value = (uint16_t)(50 + tq_random_below(&random, 600)),
                                          .effect = TQ_LIVE_SPEED};
        const tq_overlay *speeds = overlay_of(city, ++version, speed, count);
        follow(roads, city, speeds, &many);
        check(roads, city, speeds);
        tq_overlay_drop(speeds);
    }
    print(name, "ten_thousand_speeds", &many);
    tq_free(speed);
    tq_roads_close(roads);
    tq_city_close(city);
    (void)remove(path);
}

int main(int count, char **argument)
{
    env = tq_env_real();
    for (int k = 1; k < count; k++)
        bench(argument[k]);
    if (count == 1) bench("porto");
    printf("{\"name\":\"road_live.check\",\"wrong\":%u}\n", wrong);
    return wrong != 0;
}
