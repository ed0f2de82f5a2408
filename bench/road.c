/*
 * Roads, side by side in one run: order and topology, new weights, changed arcs, distances, ways,
 * label rows, tables, one to all, memory; a plain Dijkstra over the links is the yardstick and the
 * check. Prints one JSON line a measurement.
 *
 * usage: bench_road [tiled | city | porto | rome | moscow | ny | fla ...]. city and porto are
 * imported with their turns and driven by the car profile; tiled is that city's largest connected
 * part for cars alone, the network that figures of other engines are about; the others are
 * topologies whose every arc gets a vertex, with turn costs by angle (or by number, where there are
 * no coordinates) and U-turns at dead ends alone. Without a name: tiled, rome and ny. Data:
 * TQ_SHARED_DATA, by default
 * ../shared/data. One core unless a line says otherwise.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "import/import.h"
#include "road/road_in.h"

#include "road_part.h"

#define REPEATS    7u
#define PAIRS      2000u
#define DIJKSTRAS  50u
#define TABLE      1000u
#define WORK_BYTES ((size_t)512 << 20)

static tq_arena work;
static const tq_env *env;
static uint32_t wrong; /* answers that differ from the yardstick, over the whole run */

/* A network with weights of its own. */
typedef struct network {
    const char *name;
    tq_city *city;     /* opened, or &part.city */
    tq_city *imported; /* to be closed when part is made from it */
    road_part part;
    char path[TQ_PATH_MAX]; /* of an imported city, "" = none */
    const tq_hierarchy *hierarchy;
    int32_t *arc_ds, *turn_ds;
    int32_t *other_ds; /* the same arcs at other speeds, for re-weighting */
} network;

static double ms_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e6;
}

static void print_ms(const network *net, const char *name, double ms, const char *more)
{
    printf("{\"name\":\"road.%s.%s\",\"ms\":%.4f%s}\n", net->name, name, ms, more);
    (void)fflush(stdout);
}

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_road: %s\n", what);
    exit(1);
}

/* ---- networks -------------------------------------------------------------------------------- */

static const char *data_folder(void)
{
    const char *data = tq_env_var("TQ_SHARED_DATA");
    return data != NULL ? data : "../shared/data";
}

static void import_network_of(network *net, const char *folder, const char *file, const char *zone)
{
    static tq_settings settings;
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "%s", net->name);
    (void)snprintf(settings.name, sizeof settings.name, "%s", net->name);
    (void)snprintf(settings.timezone, sizeof settings.timezone, "%s", zone);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/%s", data_folder(), folder);
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "%s", file);
    settings.osm_count = 1;
    (void)snprintf(net->path, sizeof net->path, "/tmp/tongqu-bench-%s.city", net->name);
    tq_err err = {0};
    tq_report *report = tq_report_new();
    if (tq_import(&settings, net->path, report, NULL, NULL, &err) != TQ_OK ||
        tq_city_open(net->path, &net->city, &err) != TQ_OK)
        stop(err.text);
    tq_report_free(report);
    net->hierarchy = &net->city->hierarchy[TQ_HIERARCHY_MOTOR];
    net->arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)net->city->streets.edge_count);
    net->turn_ds = TQ_ALLOC(int32_t, net->hierarchy->link_count);
    if (!road_weigh(net->city, tq_road_vehicle(net->city, TQ_PROFILE_CAR), env->now_ms(env->user),
                    NULL, net->arc_ds, net->turn_ds, NULL, net->hierarchy))
        stop("no memory");
}

/* Only the arcs of the largest part that cars can drive about in, with a hierarchy of its own. */
static void keep_cars(network *net)
{
    const tq_hierarchy *all = net->hierarchy;
    tq_metric *metric = NULL;
    tq_err err = {0};
    uint8_t *keep = TQ_ALLOC(uint8_t, all->vertex_count);
    if (keep == NULL ||
        tq_metric_make_from(net->city, TQ_HIERARCHY_MOTOR, NULL, net->arc_ds, net->turn_ds,
                            TQ_METRIC_MAIN, 1, &metric, &err) != TQ_OK)
        stop("no memory");
    for (uint32_t arc = 0; arc < 2 * net->city->streets.edge_count; arc++)
        if (all->vertex_of_arc[arc] != TQ_NONE)
            keep[all->vertex_of_arc[arc]] = metric->in_main[arc >> 1] >> (arc & 1) & 1;
    if (!road_part_make(net->city, TQ_HIERARCHY_MOTOR, keep, net->turn_ds, &net->part))
        stop("no memory");
    tq_free(net->turn_ds);
    net->turn_ds = net->part.turn_ds;
    net->part.turn_ds = NULL;
    net->hierarchy = net->part.hierarchy;
    net->imported = net->city;
    net->city = &net->part.city;
    tq_metric_free(metric);
    tq_free(keep);
}

/* Arcs of a topology: edge k is arcs 2 k and 2 k + 1. */
typedef struct topology {
    uint32_t node_count, edge_count;
    TQ_VEC(uint32_t) from, to, length;
    TQ_VEC(double) x, y;
} topology;

static void add_edge(topology *out, uint32_t from, uint32_t to, uint32_t length)
{
    if (!tq_vec_push(&out->from, from) || !tq_vec_push(&out->to, to) ||
        !tq_vec_push(&out->length, length))
        stop("no memory");
    out->edge_count++;
}

static void read_packed(const char *stem, topology *out)
{
    char path[TQ_PATH_MAX];
    int32_t pair[2];
    (void)snprintf(path, sizeof path, "%s/roadgraph/%s.co.bin", data_folder(), stem);
    FILE *file = fopen(path, "rb");
    if (file == NULL) stop("the shared data is absent");
    while (fread(pair, sizeof pair, 1, file) == 1)
        if (!tq_vec_push(&out->x, pair[0]) || !tq_vec_push(&out->y, pair[1])) stop("no memory");
    (void)fclose(file);
    out->node_count = (uint32_t)out->x.count;
    (void)snprintf(path, sizeof path, "%s/roadgraph/%s.gr.bin", data_folder(), stem);
    file = fopen(path, "rb");
    if (file == NULL) stop("the shared data is absent");
    while (fread(pair, sizeof pair, 1, file) == 1) {
        uint32_t a = (uint32_t)pair[0] - 1, b = (uint32_t)pair[1] - 1;
        double length = hypot(out->x.at[a] - out->x.at[b], out->y.at[a] - out->y.at[b]);
        add_edge(out, a, b, (uint32_t)TQ_MAX(1.0, floor(length + 0.5)));
    }
    (void)fclose(file);
}

/* DIMACS «a from to weight» of both directions, or PACE «from to» with made-up weights. */
static void read_text(const char *name, topology *out)
{
    char command[TQ_PATH_MAX + 32], line[256];
    (void)snprintf(command, sizeof command, "xz -dc '%s/roadgraph/%s'", data_folder(), name);
    FILE *file = popen(command, "r");
    if (file == NULL) stop("xz cannot be run");
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned a = 0, b = 0, weight = 0;
        if (line[0] == 'p') {
            if (sscanf(line, "p %*s %u", &out->node_count) != 1) stop("a bad head line");
        } else if (sscanf(line, "a %u %u %u", &a, &b, &weight) == 3) {
            if (a < b) add_edge(out, a - 1, b - 1, weight);
        } else if (sscanf(line, "%u %u", &a, &b) == 2) {
            add_edge(out, a - 1, b - 1, 1 + (uint32_t)(tq_mix((uint64_t)a << 32 | b) % 1000));
        }
    }
    if (pclose(file) != 0 || out->edge_count == 0) stop("a topology cannot be read");
}

static int32_t turn_cost(const topology *from, uint32_t a, uint32_t b)
{
    uint32_t a0 = a & 1 ? from->to.at[a >> 1] : from->from.at[a >> 1],
             a1 = a & 1 ? from->from.at[a >> 1] : from->to.at[a >> 1],
             b1 = b & 1 ? from->from.at[b >> 1] : from->to.at[b >> 1];
    if ((a ^ b) == 1) return 200;
    if (from->x.count == 0) return (int32_t)(tq_mix((uint64_t)a << 32 | b) % 70);
    double ax = from->x.at[a1] - from->x.at[a0], ay = from->y.at[a1] - from->y.at[a0];
    double bx = from->x.at[b1] - from->x.at[a1], by = from->y.at[b1] - from->y.at[a1];
    double angle = atan2(ax * by - ay * bx, ax * bx + ay * by);
    return (int32_t)(70 * fabs(angle) / 3.14159265 * (angle > 0 ? 1.2 : 0.8));
}

static void expand(network *net, const topology *from)
{
    import_links links = {0};
    uint32_t arcs = 2 * from->edge_count;
    uint32_t *first = TQ_ALLOC(uint32_t, (size_t)from->node_count + 2),
             *out = TQ_ALLOC(uint32_t, arcs);
    if (first == NULL || out == NULL) stop("no memory");
    for (uint32_t arc = 0; arc < arcs; arc++)
        first[(arc & 1 ? from->to.at[arc >> 1] : from->from.at[arc >> 1]) + 2]++;
    for (uint32_t node = 0; node <= from->node_count; node++)
        first[node + 1] += first[node];
    for (uint32_t arc = 0; arc < arcs; arc++)
        out[first[(arc & 1 ? from->to.at[arc >> 1] : from->from.at[arc >> 1]) + 1]++] = arc;
    for (uint32_t arc = 0; arc < arcs; arc++) {
        uint32_t head = arc & 1 ? from->from.at[arc >> 1] : from->to.at[arc >> 1];
        if (!tq_vec_push(&links.arc, arc) || !tq_vec_push(&links.vertex_of_arc, arc))
            stop("no memory");
        for (uint32_t k = first[head]; k < first[head + 1]; k++) {
            bool turns_round = out[k] == (arc ^ 1);
            if (turns_round && first[head + 1] - first[head] > 1) continue;
            tq_link link = {(int16_t)turn_cost(from, arc, out[k]), 0, 0};
            if (!tq_vec_push(&links.tail, arc) || !tq_vec_push(&links.head, out[k]) ||
                !tq_vec_push(&links.link, link))
                stop("no memory");
        }
    }
    links.vertex_count = arcs;
    links.link_count = (uint32_t)links.tail.count;
    tq_err err = {0};
    tq_hierarchy *made = &net->part.city.hierarchy[TQ_HIERARCHY_MOTOR];
    if (tq_hierarchy_of_links(&net->part.pool, &links, made, &err) != TQ_OK) stop(err.text);
    net->city = &net->part.city;
    net->hierarchy = made;
    net->part.city.streets.edge_count = from->edge_count;
    uint32_t *length = tq_pool_push(&net->part.pool, from->edge_count * sizeof *length, 64);
    net->arc_ds = TQ_ALLOC(int32_t, arcs);
    net->turn_ds = TQ_ALLOC(int32_t, made->link_count);
    if (length == NULL || net->arc_ds == NULL || net->turn_ds == NULL) stop("no memory");
    for (uint32_t arc = 0; arc < arcs; arc++) {
        length[arc >> 1] = from->length.at[arc >> 1];
        net->arc_ds[arc] = (int32_t)from->length.at[arc >> 1];
    }
    for (uint32_t link = 0; link < made->link_count; link++)
        net->turn_ds[link] = made->link[link].angle_deg;
    net->part.city.streets.edge_length_dm = length;
    tq_free(first);
    tq_free(out);
    import_links_free(&links);
}

static void open_network(network *net)
{
    topology read = {0};
    bool tiled = strcmp(net->name, "tiled") == 0;
    if (tiled || strcmp(net->name, "city") == 0)
        import_network_of(net, "generated", "tiled_city_190k.osm.pbf", "America/Sao_Paulo");
    else if (strcmp(net->name, "porto") == 0)
        import_network_of(net, "osm", "porto_portugal.osm.pbf", "Europe/Lisbon");
    else if (strcmp(net->name, "rome") == 0)
        read_packed("osm_rome", &read);
    else if (strcmp(net->name, "moscow") == 0)
        read_packed("osm_moscow", &read);
    else if (strcmp(net->name, "ny") == 0)
        read_text("USA-road-d.NY.rebuilt.gr.xz", &read);
    else if (strcmp(net->name, "fla") == 0)
        read_text("pace_FLA.gr.xz", &read);
    else
        stop("no such network; there are tiled, city, porto, rome, moscow, ny, fla");
    if (tiled) keep_cars(net);
    if (read.edge_count > 0) expand(net, &read);
    tq_vec_free(&read.from);
    tq_vec_free(&read.to);
    tq_vec_free(&read.length);
    tq_vec_free(&read.x);
    tq_vec_free(&read.y);
    size_t arcs = 2 * (size_t)net->city->streets.edge_count;
    net->other_ds = TQ_ALLOC(int32_t, arcs);
    if (net->other_ds == NULL) stop("no memory");
    tq_random random = {11};
    for (size_t arc = 0; arc < arcs; arc++)
        net->other_ds[arc] =
            net->arc_ds[arc] >= TQ_ROAD_INF
                ? TQ_ROAD_INF
                : net->arc_ds[arc] + net->arc_ds[arc] / 100 * (int32_t)tq_random_below(&random, 90);
}

static void close_network(network *net)
{
    if (net->path[0] != 0) {
        tq_city_close(net->imported != NULL ? net->imported : net->city);
        (void)remove(net->path);
    }
    road_part_free(&net->part);
    tq_free(net->arc_ds);
    tq_free(net->turn_ds);
    tq_free(net->other_ds);
}

/* ---- the yardstick --------------------------------------------------------------------------- */

typedef struct yardstick {
    tq_heap heap;
    int32_t *ds;
} yardstick;

static void yardstick_make(const network *net, yardstick *out)
{
    size_t count = net->hierarchy->vertex_count;
    out->heap = (tq_heap){.id = TQ_ALLOC(uint32_t, count),
                          .pos = TQ_ALLOC(uint32_t, count),
                          .key = TQ_ALLOC(int64_t, count)};
    out->ds = TQ_ALLOC(int32_t, count);
    if (out->heap.id == NULL || out->heap.pos == NULL || out->heap.key == NULL || out->ds == NULL)
        stop("no memory");
}

static void yardstick_free(yardstick *with)
{
    tq_free(with->heap.id);
    tq_free(with->heap.pos);
    tq_free(with->heap.key);
    tq_free(with->ds);
}

/* Times from a vertex; stops at `to` unless that is TQ_NONE. */
static int32_t dijkstra(const network *net, yardstick *with, uint32_t from, uint32_t to)
{
    const tq_hierarchy *hierarchy = net->hierarchy;
    memset(with->heap.pos, 0xff, hierarchy->vertex_count * sizeof *with->heap.pos);
    for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++)
        with->ds[vertex] = TQ_ROAD_INF;
    with->heap.count = 0;
    tq_heap_lower(&with->heap, from, 0);
    while (with->heap.count > 0) {
        int64_t ds = 0;
        uint32_t vertex = tq_heap_pop(&with->heap, &ds);
        with->ds[vertex] = (int32_t)ds;
        if (vertex == to) return (int32_t)ds;
        int32_t arc_ds = net->arc_ds[hierarchy->arc_of_vertex[vertex]];
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            uint32_t head = hierarchy->link_head[link];
            int32_t step = road_sum(arc_ds, net->turn_ds[link]);
            if (step < TQ_ROAD_INF && with->ds[head] >= TQ_ROAD_INF)
                tq_heap_lower(&with->heap, head, ds + step);
        }
    }
    return TQ_ROAD_INF;
}

/* ---- measurements ---------------------------------------------------------------------------- */

typedef struct vertex_pairs {
    uint32_t from[PAIRS], to[PAIRS];
    int32_t ds[PAIRS];
} vertex_pairs;

static void bench_order(const network *net)
{
    const tq_hierarchy *hierarchy = net->hierarchy;
    tq_pool pool = {0};
    tq_hierarchy made = {0};
    uint32_t *tail = TQ_ALLOC(uint32_t, hierarchy->link_count), *vertex_of = NULL;
    uint32_t *head = TQ_ALLOC(uint32_t, hierarchy->link_count);
    uint32_t *order = TQ_ALLOC(uint32_t, hierarchy->vertex_count);
    uint32_t *number = TQ_ALLOC(uint32_t, hierarchy->vertex_count);
    if (tail == NULL || head == NULL || order == NULL || number == NULL) stop("no memory");
    /* In the order of arcs, as an import sees them. */
    uint32_t next = 0;
    for (uint32_t arc = 0; arc < 2 * net->city->streets.edge_count; arc++)
        if (hierarchy->vertex_of_arc[arc] != TQ_NONE)
            number[hierarchy->vertex_of_arc[arc]] = next++;
    for (uint32_t k = 0; k < hierarchy->copy_count; k++)
        number[hierarchy->copy_vertex[k]] = next++;
    for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++) {
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            tail[link] = number[vertex];
            head[link] = number[hierarchy->link_head[link]];
        }
    }
    tq_graph graph = {hierarchy->vertex_count, hierarchy->link_count, tail, head};
    tq_err err = {0};
    int64_t start = env->mono_ns(env->user);
    if (tq_hierarchy_order(&graph, order, &err) != TQ_OK) stop(err.text);
    double order_ms = ms_since(start);
    start = env->mono_ns(env->user);
    if (tq_hierarchy_build(&graph, order, &pool, &vertex_of, &made, &err) != TQ_OK) stop(err.text);
    double build_ms = ms_since(start);
    uint64_t triangles = 0, depths = 0;
    for (uint32_t vertex = 0; vertex < made.vertex_count; vertex++) {
        uint64_t ups = made.first_up[vertex + 1] - made.first_up[vertex];
        triangles += ups * (ups - (ups > 0)) / 2;
        depths += made.depth[vertex];
    }
    char more[320];
    size_t bytes = made.vertex_count * (size_t)(5 * 4 + 2) + made.link_count * (size_t)16 +
                   made.up_count * (size_t)6 + made.down_count * sizeof(tq_down) +
                   made.front_count * (size_t)12 + made.run_count * sizeof(tq_run);
    (void)snprintf(more, sizeof more,
                   ",\"order_ms\":%.0f,\"vertices\":%u,\"links\":%u,\"copies\":%u,\"up_arcs\":%u,"
                   "\"triangles\":%llu,\"mean_depth\":%.1f,\"topology_mb\":%.1f,"
                   "\"bytes_a_vertex\":%.0f",
                   order_ms, made.vertex_count, made.link_count, hierarchy->copy_count,
                   made.up_count, (unsigned long long)triangles,
                   (double)depths / TQ_MAX(made.vertex_count, 1u), (double)bytes / 1e6,
                   (double)bytes / TQ_MAX(made.vertex_count, 1u));
    print_ms(net, "order_and_contraction", order_ms + build_ms, more);
    tq_pool_free(&pool);
    tq_free(tail);
    tq_free(head);
    tq_free(order);
    tq_free(number);
}

static void bench_weights(const network *net, tq_metric *metric)
{
    static const char *const kernels_name[] = {"plain", "avx2", "avx512"};
    tq_kernels best_kernels = tq_kernels_used();
    tq_err err = {0};
    for (tq_kernels kernels = TQ_KERNELS_PLAIN; kernels <= TQ_KERNELS_AVX512; kernels++) {
        if (!tq_kernels_use(kernels)) continue;
        for (unsigned threads = 1; threads <= 2; threads++) {
            double best = 1e18;
            for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
                const int32_t *arc_ds = repeat % 2 == 0 ? net->other_ds : net->arc_ds;
                int64_t start = env->mono_ns(env->user);
                if (tq_metric_again(metric, arc_ds, net->turn_ds, threads, &err) != TQ_OK)
                    stop(err.text);
                best = TQ_MIN(best, ms_since(start));
            }
            char more[96];
            (void)snprintf(more, sizeof more, ",\"threads\":%u,\"kernels\":\"%s\"", threads,
                           kernels_name[kernels]);
            print_ms(net, "new_weights", best, more);
        }
    }
    (void)tq_kernels_use(best_kernels);
    if (tq_metric_again(metric, net->arc_ds, net->turn_ds, 1, &err) != TQ_OK) stop(err.text);
}

static void bench_changes(const network *net, tq_metric *metric)
{
    static const uint32_t counts[] = {1, 100};
    tq_random random = {5};
    tq_err err = {0};
    for (uint32_t c = 0; c < TQ_COUNT(counts); c++) {
        uint32_t rounds = c == 0 ? 1000 : 50, arc[100];
        int32_t shut[100], open[100];
        double close_ms = 0, open_ms = 0;
        for (uint32_t round = 0; round < rounds; round++) {
            for (uint32_t k = 0; k < counts[c]; k++) {
                do {
                    arc[k] =
                        net->hierarchy
                            ->arc_of_vertex[tq_random_below(&random, net->hierarchy->vertex_count)];
                } while (net->arc_ds[arc[k]] >= TQ_ROAD_INF);
                shut[k] = TQ_ROAD_INF;
                open[k] = net->arc_ds[arc[k]];
            }
            int64_t start = env->mono_ns(env->user);
            if (tq_metric_patch(metric, arc, shut, counts[c], &err) != TQ_OK) stop(err.text);
            close_ms += ms_since(start);
            start = env->mono_ns(env->user);
            if (tq_metric_patch(metric, arc, open, counts[c], &err) != TQ_OK) stop(err.text);
            open_ms += ms_since(start);
        }
        char name[64];
        (void)snprintf(name, sizeof name, "close_%u_arcs", counts[c]);
        print_ms(net, name, close_ms / rounds, "");
        (void)snprintf(name, sizeof name, "reopen_%u_arcs", counts[c]);
        print_ms(net, name, open_ms / rounds, "");
    }
}

static void bench_pairs(const network *net, const tq_metric *metric, const vertex_pairs *pairs,
                        const char *name)
{
    double best = 1e18;
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = env->mono_ns(env->user);
        for (uint32_t k = 0; k < PAIRS; k++) {
            int32_t ds = road_vertex_time(metric, pairs->from[k], pairs->to[k], &work);
            wrong += ds != pairs->ds[k];
        }
        best = TQ_MIN(best, ms_since(start));
    }
    print_ms(net, name, best / PAIRS, "");
}

static void bench_ways(const network *net, const tq_metric *metric, const vertex_pairs *pairs)
{
    double best = 1e18;
    uint64_t arcs = 0;
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = env->mono_ns(env->user);
        arcs = 0;
        for (uint32_t k = 0; k < PAIRS; k++) {
            uint32_t count = 0;
            int32_t ds = 0;
            tq_arena_reset(&work, 0);
            (void)road_path(metric, pairs->from[k], pairs->to[k], &work, &count, &ds);
            arcs += count;
            wrong += ds != pairs->ds[k] && pairs->from[k] != pairs->to[k];
        }
        best = TQ_MIN(best, ms_since(start));
    }
    char more[64];
    (void)snprintf(more, sizeof more, ",\"mean_arcs\":%.1f", (double)arcs / PAIRS);
    print_ms(net, "way", best / PAIRS, more);
}

static void bench_labels(const network *net, tq_metric *metric, const vertex_pairs *pairs)
{
    static const uint32_t subtree[] = {64, 128, 1024, 1};
    tq_err err = {0};
    for (uint32_t s = 0; s < TQ_COUNT(subtree); s++) {
        if (subtree[s] == 1 && net->hierarchy->vertex_count > 1000000) continue;
        double rows = 1e18, pair = 1e18;
        for (uint32_t repeat = 0; repeat < 3; repeat++) {
            int64_t start = env->mono_ns(env->user);
            if (tq_metric_label(metric, subtree[s], 1, &err) != TQ_OK) stop(err.text);
            rows = TQ_MIN(rows, ms_since(start));
        }
        for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
            int64_t start = env->mono_ns(env->user);
            for (uint32_t k = 0; k < PAIRS; k++)
                wrong +=
                    road_label_time(metric, pairs->from[k], pairs->to[k], &work) != pairs->ds[k];
            pair = TQ_MIN(pair, ms_since(start));
        }
        char name[64], more[96];
        (void)snprintf(more, sizeof more, ",\"subtree\":%u,\"mb\":%.0f,\"pair_ms\":%.5f",
                       subtree[s], (double)road_labels_bytes(metric) / 1e6, pair / PAIRS);
        (void)snprintf(name, sizeof name, "label_rows");
        print_ms(net, name, rows, more);
    }
    if (tq_metric_label(metric, 128, 1, &err) != TQ_OK) stop(err.text);
}

static void bench_table(const network *net, const tq_metric *metric, const vertex_pairs *pairs,
                        const char *name)
{
    static tq_snap from[TABLE], to[TABLE];
    int32_t *out = TQ_ALLOC(int32_t, (size_t)TABLE * TABLE);
    if (out == NULL) stop("no memory");
    for (uint32_t k = 0; k < TABLE; k++) {
        uint32_t a = net->hierarchy->arc_of_vertex[pairs->from[k]],
                 b = net->hierarchy->arc_of_vertex[pairs->to[k]];
        const uint32_t *length = net->city->streets.edge_length_dm;
        from[k] = (tq_snap){.edge = a >> 1,
                            .along_dm = a & 1 ? length[a >> 1] : 0,
                            .directions = (uint8_t)(1u << (a & 1))};
        to[k] = (tq_snap){.edge = b >> 1,
                          .along_dm = b & 1 ? length[b >> 1] : 0,
                          .directions = (uint8_t)(1u << (b & 1))};
    }
    tq_places_on_road sources = {TABLE, NULL, from}, targets = {TABLE, NULL, to};
    tq_err err = {0};
    double best = 1e18;
    for (uint32_t repeat = 0; repeat < REPEATS; repeat++) {
        tq_arena_reset(&work, 0);
        int64_t start = env->mono_ns(env->user);
        if (tq_road_matrix(net->city, metric, &sources, &targets, &work, out, NULL, &err) != TQ_OK)
            stop(err.text);
        best = TQ_MIN(best, ms_since(start));
    }
    for (uint32_t k = 0; k < TABLE; k++) {
        /* A target with copies may be reached sooner than its main vertex. */
        bool copy = net->hierarchy->copy_count > 0;
        int32_t found = out[(size_t)k * TABLE + k];
        wrong += copy ? found > pairs->ds[k] : found != pairs->ds[k];
    }
    print_ms(net, name, best, "");
    tq_free(out);
}

static void bench_all(const network *net, const tq_metric *metric, yardstick *with)
{
    int32_t *out = TQ_ALLOC(int32_t, net->hierarchy->vertex_count);
    if (out == NULL) stop("no memory");
    tq_random random = {9};
    double best = 1e18, plain = 1e18;
    for (uint32_t round = 0; round < 5; round++) {
        uint32_t vertex = 0, arc = 0;
        do {
            vertex = tq_random_below(&random, net->hierarchy->vertex_count);
            arc = net->hierarchy->arc_of_vertex[vertex];
        } while (net->arc_ds[arc] >= TQ_ROAD_INF || net->hierarchy->vertex_of_arc[arc] != vertex);
        tq_snap place = {.edge = arc >> 1,
                         .along_dm = arc & 1 ? net->city->streets.edge_length_dm[arc >> 1] : 0,
                         .directions = (uint8_t)(1u << (arc & 1))};
        tq_err err = {0};
        for (uint32_t repeat = 0; repeat < 3; repeat++) {
            tq_arena_reset(&work, 0);
            int64_t start = env->mono_ns(env->user);
            if (tq_road_all(net->city, metric, &place, TQ_SWEEP_FROM, &work, out, &err) != TQ_OK)
                stop(err.text);
            best = TQ_MIN(best, ms_since(start));
        }
        int64_t start = env->mono_ns(env->user);
        (void)dijkstra(net, with, vertex, TQ_NONE);
        plain = TQ_MIN(plain, ms_since(start));
        for (uint32_t k = 0; k < net->hierarchy->vertex_count; k++)
            wrong += out[k] != with->ds[k];
    }
    char more[64];
    (void)snprintf(more, sizeof more, ",\"dijkstra_ms\":%.2f", plain);
    print_ms(net, "one_to_all", best, more);
    tq_free(out);
}

/* Open, and not a gate without length, where head and tail are one place. */
static bool usable(const network *net, uint32_t vertex)
{
    uint32_t arc = net->hierarchy->arc_of_vertex[vertex];
    return net->arc_ds[arc] < TQ_ROAD_INF && net->city->streets.edge_length_dm[arc >> 1] > 0;
}

static void bench_network(network *net)
{
    static vertex_pairs pairs;
    yardstick with;
    tq_err err = {0};
    open_network(net);
    bench_order(net);
    yardstick_make(net, &with);
    tq_metric *metric = NULL;
    if (tq_metric_make_from(net->city, TQ_HIERARCHY_MOTOR, NULL, net->arc_ds, net->turn_ds, 0, 1,
                            &metric, &err) != TQ_OK)
        stop(err.text);
    bench_weights(net, metric);
    bench_changes(net, metric);
    size_t bare = tq_metric_bytes(metric);
    tq_random random = {3};
    for (uint32_t k = 0; k < PAIRS; k++) {
        do {
            pairs.from[k] = tq_random_below(&random, net->hierarchy->vertex_count);
        } while (!usable(net, pairs.from[k]));
        do {
            pairs.to[k] = tq_random_below(&random, net->hierarchy->vertex_count);
        } while (!usable(net, pairs.to[k]));
        pairs.ds[k] = road_vertex_time(metric, pairs.from[k], pairs.to[k], &work);
    }
    double yard = 0;
    for (uint32_t k = 0; k < DIJKSTRAS; k++) {
        int64_t start = env->mono_ns(env->user);
        wrong += dijkstra(net, &with, pairs.from[k], pairs.to[k]) != pairs.ds[k];
        yard += ms_since(start);
    }
    print_ms(net, "dijkstra", yard / DIJKSTRAS, "");
    bench_pairs(net, metric, &pairs, "distance_by_whole_lists");
    int64_t start = env->mono_ns(env->user);
    if (tq_metric_add(metric, TQ_METRIC_PRUNED, &err) != TQ_OK) stop(err.text);
    print_ms(net, "perfect", ms_since(start), "");
    start = env->mono_ns(env->user);
    if (tq_metric_add(metric, TQ_METRIC_WAYS, &err) != TQ_OK) stop(err.text);
    print_ms(net, "ways", ms_since(start), "");
    bench_pairs(net, metric, &pairs, "distance");
    bench_ways(net, metric, &pairs);
    size_t full = tq_metric_bytes(metric);
    bench_all(net, metric, &with);
    bench_labels(net, metric, &pairs);
    bench_table(net, metric, &pairs, "table_1000");
    char more[128];
    (void)snprintf(more, sizeof more, ",\"bare_mb\":%.1f,\"with_lists_and_ways_mb\":%.1f",
                   (double)bare / 1e6, (double)full / 1e6);
    print_ms(net, "memory", 0, more);
    tq_metric_free(metric);
    yardstick_free(&with);
    close_network(net);
}

int main(int count, char **argument)
{
    static const char *const usual[] = {"tiled", "rome", "ny"};
    env = tq_env_real();
    uint8_t *memory = tq_alloc_aligned(WORK_BYTES, 1);
    if (memory == NULL) stop("no memory");
    tq_arena_init(&work, memory, WORK_BYTES);
    for (int k = 1; k < count; k++)
        bench_network(&(network){.name = argument[k]});
    for (uint32_t k = 0; k < TQ_COUNT(usual) && count == 1; k++)
        bench_network(&(network){.name = usual[k]});
    printf("{\"name\":\"road.check\",\"wrong\":%u}\n", wrong);
    tq_free(memory);
    return wrong != 0;
}
