/*
 * Roads: order and topology, customization, times, ways and whole answers, with plain Dijkstra in
 * the same run as yardstick. Prints one JSON line a measurement.
 *
 * usage: bench_road_query [NAME.city]. Without a city file, Porto of the shared data is imported
 * (TQ_SHARED_DATA, by default ../shared/data).
 */
#include <stdio.h>

#include "import/import.h"
#include "road/road.h"

#define QUERIES          10000u
#define DIJKSTRA_QUERIES 200u
#define WORK_BYTES       (16u << 20)

static tq_arena work;
static const tq_env *env;

static double us_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e3;
}

static void print_times(const char *name, uint32_t *ns, uint32_t count, const char *more)
{
    if (count == 0 || !tq_sort_u32(ns, count)) return;
    double sum = 0;
    for (uint32_t k = 0; k < count; k++)
        sum += ns[k];
    printf("{\"name\":\"road.%s\",\"n\":%u,\"p50_us\":%.2f,\"p99_us\":%.2f,\"mean_us\":%.2f%s}\n",
           name, count, ns[count / 2] / 1e3, ns[(size_t)count * 99 / 100] / 1e3, sum / count / 1e3,
           more);
}

/* ---- the yardstick --------------------------------------------------------------------------- */

typedef struct yardstick {
    tq_heap heap;
    uint8_t *done;
    int32_t *arc_ds;
} yardstick;

static int64_t dijkstra(const tq_streets *streets, yardstick *with, uint32_t from, uint32_t to)
{
    memset(with->heap.pos, 0xff, streets->node_count * sizeof *with->heap.pos);
    memset(with->done, 0, streets->node_count);
    with->heap.count = 0;
    tq_heap_lower(&with->heap, from, 0);
    while (with->heap.count > 0) {
        int64_t ds = 0;
        uint32_t node = tq_heap_pop(&with->heap, &ds);
        if (node == to) return ds;
        with->done[node] = 1;
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t arc = streets->out_arc[k], head = tq_arc_head(streets, arc);
            if (with->arc_ds[arc] < TQ_ROAD_INF && !with->done[head])
                tq_heap_lower(&with->heap, head, ds + with->arc_ds[arc]);
        }
    }
    return TQ_ROAD_INF;
}

static uint32_t random_node(const tq_hierarchy *hierarchy, tq_random *random)
{
    return hierarchy->node_of_vertex[tq_random_below(random, hierarchy->vertex_count)];
}

static void bench_nodes(const tq_city *city, const tq_metric *metric, tq_profile profile,
                        int64_t at_ms, uint32_t *ns)
{
    const tq_streets *streets = &city->streets;
    const tq_hierarchy *hierarchy = &city->hierarchy[profile == TQ_PROFILE_CAR ? 0 : 1];
    yardstick with = {.heap = {.id = TQ_ALLOC(uint32_t, streets->node_count),
                               .pos = TQ_ALLOC(uint32_t, streets->node_count),
                               .key = TQ_ALLOC(int64_t, streets->node_count)},
                      .done = TQ_ALLOC(uint8_t, streets->node_count),
                      .arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)streets->edge_count)};
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++)
        with.arc_ds[arc] =
            tq_open_at(&city->dates, streets->edge_date[arc >> 1], at_ms)
                ? tq_road_weight(city, profile, arc, streets->edge_length_dm[arc >> 1])
                : TQ_ROAD_INF;
    char name[64];
    uint32_t wrong = 0, joined = 0;
    tq_random random = {1};
    for (uint32_t k = 0; k < DIJKSTRA_QUERIES; k++) {
        uint32_t from = random_node(hierarchy, &random), to = random_node(hierarchy, &random);
        int64_t start = env->mono_ns(env->user);
        int64_t ds = dijkstra(streets, &with, from, to);
        ns[k] = (uint32_t)(env->mono_ns(env->user) - start);
        wrong += ds != tq_road_node_time(city, metric, from, to, &work);
        joined += ds < TQ_ROAD_INF;
    }
    char more[64];
    (void)snprintf(name, sizeof name, "dijkstra.%s", tq_profile_name(profile));
    (void)snprintf(more, sizeof more, ",\"joined\":%u,\"wrong\":%u", joined, wrong);
    print_times(name, ns, DIJKSTRA_QUERIES, more);
    random = (tq_random){2};
    for (uint32_t k = 0; k < QUERIES; k++) {
        uint32_t from = random_node(hierarchy, &random), to = random_node(hierarchy, &random);
        int64_t start = env->mono_ns(env->user);
        (void)tq_road_node_time(city, metric, from, to, &work);
        ns[k] = (uint32_t)(env->mono_ns(env->user) - start);
    }
    (void)snprintf(name, sizeof name, "node_time.%s", tq_profile_name(profile));
    print_times(name, ns, QUERIES, "");
    tq_free(with.heap.id);
    tq_free(with.heap.pos);
    tq_free(with.heap.key);
    tq_free(with.done);
    tq_free(with.arc_ds);
}

/* ---- places and answers ---------------------------------------------------------------------- */

static tq_point near_node(const tq_city *city, const tq_hierarchy *hierarchy, tq_random *random)
{
    tq_point point = city->streets.node_at[random_node(hierarchy, random)];
    point.lat_e7 += (int32_t)tq_random_below(random, 4000) - 2000; /* about 20 m */
    point.lon_e7 += (int32_t)tq_random_below(random, 4000) - 2000;
    return point;
}

typedef enum ask { ASK_SNAP, ASK_TIME, ASK_WAY, ASK_JSON, ASK_JSON_STEPS, ASK_COUNT } ask;

static tq_status ask_one(const tq_city *city, const tq_metric *metric, tq_profile profile,
                         int64_t at_ms, const tq_point point[2], ask what, tq_buf *out)
{
    tq_snap from, to;
    uint32_t count = 0;
    int64_t ds = 0;
    tq_way way;
    tq_route_options options;
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    options.steps = what == ASK_JSON_STEPS;
    tq_arena_reset(&work, 0);
    if (what == ASK_JSON || what == ASK_JSON_STEPS) {
        out->len = 0;
        return tq_route_json(city, metric, profile, at_ms, point, 2, &options, &work, out, NULL);
    }
    TQ_TRY(tq_road_snap(city, profile, at_ms, point[0], 1, &from, &count, NULL));
    TQ_TRY(tq_road_snap(city, profile, at_ms, point[1], 1, &to, &count, NULL));
    if (what == ASK_TIME) return tq_road_time(city, metric, &from, &to, &work, &ds, NULL);
    if (what == ASK_WAY) return tq_road_way(city, metric, &from, &to, &work, &way, NULL);
    return TQ_OK;
}

static void bench_places(const tq_city *city, const tq_metric *metric, tq_profile profile,
                         int64_t at_ms, uint32_t *ns)
{
    static const char *const name[ASK_COUNT] = {"snap_two", "snapped_time", "snapped_way",
                                                "json_full", "json_full_steps"};
    const tq_hierarchy *hierarchy = &city->hierarchy[profile == TQ_PROFILE_CAR ? 0 : 1];
    tq_buf out = {0};
    for (ask what = ASK_SNAP; what < ASK_COUNT; what++) {
        tq_random random = {3};
        uint64_t bytes = 0;
        uint32_t joined = 0;
        for (uint32_t k = 0; k < QUERIES; k++) {
            tq_point point[2];
            point[0] = near_node(city, hierarchy, &random);
            point[1] = near_node(city, hierarchy, &random);
            int64_t start = env->mono_ns(env->user);
            if (ask_one(city, metric, profile, at_ms, point, what, &out) == TQ_OK) {
                ns[joined++] = (uint32_t)(env->mono_ns(env->user) - start);
                bytes += out.len;
            }
        }
        char full[64], more[64];
        (void)snprintf(full, sizeof full, "%s.%s", name[what], tq_profile_name(profile));
        (void)snprintf(more, sizeof more, ",\"mean_bytes\":%.0f",
                       joined ? (double)bytes / joined : 0);
        print_times(full, ns, joined, more);
    }
    tq_buf_free(&out);
}

/* ---- what is made before a query
 * ------------------------------------------------------------------ */

/* Order and topology of a hierarchy once more, from its own vertices and edges. */
static void bench_topology(const tq_city *city, tq_hierarchy_kind kind)
{
    static const char *const name[TQ_HIERARCHY_COUNT] = {"motor", "active"};
    const tq_streets *streets = &city->streets;
    const tq_hierarchy *hierarchy = &city->hierarchy[kind];
    tq_pool pool = {0};
    tq_hierarchy made = {0};
    uint32_t *tail = TQ_ALLOC(uint32_t, streets->edge_count),
             *head = TQ_ALLOC(uint32_t, streets->edge_count);
    uint32_t *order = TQ_ALLOC(uint32_t, hierarchy->vertex_count);
    uint32_t *compact = TQ_ALLOC(uint32_t, streets->node_count);
    tq_graph graph = {.node_count = hierarchy->vertex_count, .tail = tail, .head = head};
    /* In the order of street nodes, as an import sees them. */
    for (uint32_t node = 0, next = 0; node < streets->node_count; node++)
        compact[node] = hierarchy->vertex_of_node[node] == TQ_NONE ? TQ_NONE : next++;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        if (hierarchy->up_of_arc[2 * (size_t)edge] == TQ_NONE) continue;
        tail[graph.arc_count] = compact[streets->edge_from[edge]];
        head[graph.arc_count++] = compact[streets->edge_to[edge]];
    }
    int64_t start = env->mono_ns(env->user);
    tq_status status = tq_hierarchy_order(&graph, order, NULL);
    double order_us = us_since(start);
    start = env->mono_ns(env->user);
    if (status == TQ_OK) status = tq_hierarchy_build(&graph, order, &pool, &made, NULL);
    double build_us = us_since(start);
    if (status == TQ_OK) {
        uint64_t triangles = 0, depths = 0;
        for (uint32_t vertex = 0; vertex < made.vertex_count; vertex++) {
            uint64_t ups = made.first_up[vertex + 1] - made.first_up[vertex];
            triangles += ups * (ups - (ups > 0)) / 2;
            depths += made.depth[vertex];
        }
        printf("{\"name\":\"road.topology.%s\",\"vertices\":%u,\"edges\":%u,\"up_arcs\":%u,"
               "\"triangles\":%llu,"
               "\"mean_depth\":%.1f,\"order_ms\":%.1f,\"build_ms\":%.1f}\n",
               name[kind], graph.node_count, graph.arc_count, made.up_count,
               (unsigned long long)triangles,
               made.vertex_count ? (double)depths / made.vertex_count : 0, order_us / 1e3,
               build_us / 1e3);
    }
    tq_pool_free(&pool);
    tq_free(tail);
    tq_free(head);
    tq_free(order);
    tq_free(compact);
}

static int bench_city(const tq_city *city)
{
    uint8_t *memory = tq_alloc_aligned(WORK_BYTES, 1);
    uint32_t *ns = TQ_ALLOC(uint32_t, QUERIES);
    if (memory == NULL || ns == NULL) return 1;
    env = tq_env_real();
    tq_arena_init(&work, memory, WORK_BYTES);
    int64_t at_ms = env->now_ms(env->user);
    int result = 0;
    for (tq_hierarchy_kind kind = 0; kind < TQ_HIERARCHY_COUNT; kind++) {
        tq_profile profile = kind == TQ_HIERARCHY_MOTOR ? TQ_PROFILE_CAR : TQ_PROFILE_FOOT;
        if (city->hierarchy[kind].vertex_count == 0) continue;
        bench_topology(city, kind);
        tq_metric *metric = NULL;
        tq_err err = {0};
        for (uint32_t round = 0; round < 5; round++) {
            int64_t start = env->mono_ns(env->user);
            tq_metric_free(metric);
            if (tq_metric_make(city, profile, at_ms, &metric, &err) != TQ_OK) {
                (void)fprintf(stderr, "%s\n", err.text);
                return 1;
            }
            ns[round] = (uint32_t)(env->mono_ns(env->user) - start);
        }
        char name[64], more[64];
        (void)snprintf(name, sizeof name, "metric_make.%s", tq_profile_name(profile));
        (void)snprintf(more, sizeof more, ",\"bytes\":%zu", tq_metric_bytes(metric));
        print_times(name, ns, 5, more);
        bench_nodes(city, metric, profile, at_ms, ns);
        if (city->streets.grid.first != NULL) bench_places(city, metric, profile, at_ms, ns);
        tq_metric_free(metric);
    }
    tq_free(ns);
    tq_free(memory);
    return result;
}

static tq_status import_porto(char path[TQ_PATH_MAX], tq_err *err)
{
    static tq_settings settings;
    const char *data = tq_env_var("TQ_SHARED_DATA");
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "porto");
    (void)snprintf(settings.name, sizeof settings.name, "Porto");
    (void)snprintf(settings.timezone, sizeof settings.timezone, "Europe/Lisbon");
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/osm",
                   data != NULL ? data : "../shared/data");
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "porto_portugal.osm.pbf");
    settings.osm_count = 1;
    (void)snprintf(path, TQ_PATH_MAX, "/tmp/tongqu-bench-road.city");
    tq_report *report = tq_report_new();
    tq_status status = tq_import(&settings, path, report, NULL, NULL, err);
    tq_report_free(report);
    return status;
}

int main(int count, char **argument)
{
    static char made[TQ_PATH_MAX];
    const char *path = count > 1 ? argument[1] : made;
    tq_city *city = NULL;
    tq_err err = {0};
    if ((count < 2 && import_porto(made, &err) != TQ_OK) ||
        tq_city_open(path, &city, &err) != TQ_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    int result = bench_city(city);
    tq_city_close(city);
    if (count < 2) (void)remove(made);
    return result;
}
