// also: import
/*
 * Labels, tables, sweeps and nearest places against plain Dijkstra over the links of random
 * turn-expanded graphs, with every kind of kernels, after each of several weights.
 */
#include "road_graph.h"

#define GRAPHS     3000u
#define WEIGHTS    3u
#define PLACES_MAX 24u
#define ENDS_MAX   64u
#define WORK_BYTES (1u << 20)

static tq_arena work;

typedef struct test_end {
    uint32_t vertex, arc, at_dm;
    int64_t passed;
} test_end;

/* All times of a graph. */
typedef struct test_times {
    int64_t *ds; /* [vertices * vertices] */
    int64_t *round;
} test_times;

static void all_times(const test_graph *graph, test_times *times)
{
    size_t count = graph->vertex_count;
    times->ds = TQ_ALLOC(int64_t, count * count);
    times->round = TQ_ALLOC(int64_t, count);
    for (uint32_t vertex = 0; vertex < count; vertex++)
        graph_dijkstra(graph, vertex, times->ds + vertex * count, &times->round[vertex]);
}

static int64_t part_ds(const test_graph *graph, uint32_t arc, uint32_t at_dm)
{
    return road_part_ds(graph->arc_ds[arc], at_dm, graph->length_dm[arc >> 1]);
}

static void end_on(const test_graph *graph, uint32_t arc, uint32_t at_dm, bool arriving,
                   test_end *end, uint32_t *filled)
{
    if (graph->arc_ds[arc] >= TQ_ROAD_INF) return;
    for (uint32_t vertex = 0; vertex < graph->vertex_count; vertex++) {
        bool here = arriving ? graph->hierarchy->arc_of_vertex[vertex] == arc
                             : graph->hierarchy->vertex_of_arc[arc] == vertex;
        if (here && *filled < ENDS_MAX)
            end[(*filled)++] = (test_end){vertex, arc, at_dm, part_ds(graph, arc, at_dm)};
    }
}

/* The node that a place stands on. */
static uint32_t node_of(const test_graph *graph, const tq_snap *snap)
{
    if (snap->directions != 3) return TQ_NONE;
    if (snap->along_dm == 0) return graph->city.streets.edge_from[snap->edge];
    if (snap->along_dm == graph->length_dm[snap->edge])
        return graph->city.streets.edge_to[snap->edge];
    return TQ_NONE;
}

/* Ends of a place, made apart from the engine. */
static uint32_t ends_of(const test_graph *graph, const tq_snap *snap, uint32_t count, bool arriving,
                        test_end *end)
{
    uint32_t filled = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t node = node_of(graph, &snap[k]);
        for (uint32_t arc = 0; arc < 2 * graph->edge_count; arc++) {
            uint32_t length = graph->length_dm[arc >> 1];
            if (node == TQ_NONE) {
                if (arc >> 1 == snap[k].edge && snap[k].directions >> (arc & 1) & 1)
                    end_on(graph, arc, arc & 1 ? length - snap[k].along_dm : snap[k].along_dm,
                           arriving, end, &filled);
            } else if (tq_arc_tail(&graph->city.streets, arc ^ (uint32_t)arriving) == node) {
                end_on(graph, arc, arriving ? length : 0, arriving, end, &filled);
            }
        }
    }
    return filled;
}

/* Do two places share a usable node? */
static bool same_node(const test_graph *graph, const tq_snap *a, uint32_t a_count, const tq_snap *b,
                      uint32_t b_count)
{
    test_end end[ENDS_MAX];
    for (uint32_t k = 0; k < a_count; k++)
        for (uint32_t l = 0; l < b_count; l++)
            if (node_of(graph, &a[k]) != TQ_NONE &&
                node_of(graph, &a[k]) == node_of(graph, &b[l]) &&
                ends_of(graph, &a[k], 1, false, end) + ends_of(graph, &a[k], 1, true, end) > 0)
                return true;
    return false;
}

static int64_t place_time(const test_graph *graph, const test_times *times, const test_end *from,
                          uint32_t from_count, const test_end *to, uint32_t to_count)
{
    int64_t best = TQ_ROAD_INF;
    for (uint32_t s = 0; s < from_count; s++) {
        for (uint32_t t = 0; t < to_count; t++) {
            int64_t time = times->ds[(size_t)from[s].vertex * graph->vertex_count + to[t].vertex];
            if (from[s].vertex == to[t].vertex && to[t].at_dm < from[s].at_dm)
                time = times->round[from[s].vertex];
            if (time < TQ_ROAD_INF) best = TQ_MIN(best, time - from[s].passed + to[t].passed);
        }
    }
    return best;
}

static void random_places(const test_graph *graph, tq_random *random, tq_snap *snap,
                          uint32_t *first, uint32_t count)
{
    uint32_t filled = 0, same = tq_random_below(random, graph->edge_count);
    for (uint32_t place = 0; place < count; place++) {
        first[place] = filled;
        /* Copies take room; so that no place has too many ends. */
        uint32_t snaps = tq_random_below(random, 5) == 0 ? 2 : 1;
        for (uint32_t k = 0; k < snaps; k++) {
            uint32_t edge =
                tq_random_below(random, 3) == 0 ? same : tq_random_below(random, graph->edge_count);
            uint32_t length = graph->length_dm[edge];
            snap[filled++] = (tq_snap){.edge = edge,
                                       .along_dm = tq_random_below(random, 6) == 0
                                                       ? tq_random_below(random, 2) * length
                                                       : tq_random_below(random, length + 1),
                                       .directions = (uint8_t)(tq_random_below(random, 4) == 0
                                                                   ? 1 + tq_random_below(random, 2)
                                                                   : 3)};
        }
        /* The engine takes so many ends of a place; at large nodes with copies there may be more.
         */
        test_end end[ENDS_MAX];
        while (ends_of(graph, snap + first[place], filled - first[place], true, end) >
                   ROAD_ENDS_MAX ||
               ends_of(graph, snap + first[place], filled - first[place], false, end) >
                   ROAD_ENDS_MAX) {
            filled = first[place] + 1;
            if (graph->length_dm[snap[first[place]].edge] > 1) snap[first[place]].along_dm = 1;
            snap[first[place]].directions = 1;
        }
    }
    first[count] = filled;
}

static void check_vertices(const test_graph *graph, const tq_metric *metric,
                           const test_times *times, const char *what, uint64_t seed)
{
    uint32_t count = graph->vertex_count;
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = 0; to < count; to++) {
            int64_t want = times->ds[(size_t)from * count + to];
            int32_t have = tq_metric_parts(metric) & TQ_METRIC_LABELS
                               ? road_label_time(metric, from, to, &work)
                               : road_vertex_time(metric, from, to, &work);
            if (have != want)
                fail_msg("seed %llu, %s: vertex %u to %u takes %d, not %lld",
                         (unsigned long long)seed, what, from, to, have, (long long)want);
        }
    }
}

typedef struct test_places {
    tq_snap snap[2 * PLACES_MAX];
    uint32_t first[PLACES_MAX + 1];
    tq_places_on_road set;
} test_places;

/* Of equally quick ways a table knows the one that a search pair by pair of ends finds first. */
static uint32_t way_by_pairs_dm(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                                const tq_snap *to)
{
    uint32_t node = road_node_of(city, from), i = 0, j = 0, count = 1;
    if (node != TQ_NONE && node == road_node_of(city, to)) return 0;
    static road_ends out, in;
    out.count = in.count = 0;
    road_ends_add(city, metric, from, ROAD_LEAVING, &out);
    road_ends_add(city, metric, to, ROAD_ARRIVING, &in);
    assert_true(road_search(city, metric, &out, &in, &work, &i, &j) < TQ_ROAD_INF);
    const road_end *begin = &out.end[i], *end = &in.end[j];
    const uint32_t *vertex = &begin->vertex;
    int32_t time = 0;
    if (begin->vertex != end->vertex || end->at_dm < begin->at_dm)
        vertex = road_path(metric, begin->vertex, end->vertex, &work, &count, &time);
    tq_way way = {0};
    assert_true(vertex != NULL &&
                road_way_of(city, metric, vertex, count, begin, end, &work, &way));
    return way.length_dm;
}

static void check_table(const test_graph *graph, const tq_metric *metric, const test_times *times,
                        const test_places *from, const test_places *to, tq_arena *scratch,
                        const char *what, uint64_t seed)
{
    static int32_t ds[PLACES_MAX * PLACES_MAX], plain_ds[PLACES_MAX * PLACES_MAX];
    static uint32_t dm[PLACES_MAX * PLACES_MAX];
    tq_err err = {0};
    bool metres = (tq_metric_parts(metric) & TQ_METRIC_METRES) != 0;
    tq_status status = tq_road_matrix(&graph->city, metric, &from->set, &to->set, scratch, ds,
                                      metres ? dm : NULL, &err);
    if (status != TQ_OK) fail_msg("seed %llu, %s: %s", (unsigned long long)seed, what, err.text);
    assert_int_equal(
        tq_road_matrix(&graph->city, metric, &from->set, &to->set, scratch, plain_ds, NULL, &err),
        TQ_OK);
    for (uint32_t s = 0; s < from->set.count; s++) {
        test_end out[ENDS_MAX];
        const tq_snap *from_snap = from->snap + from->first[s];
        uint32_t out_count =
            ends_of(graph, from_snap, from->first[s + 1] - from->first[s], false, out);
        for (uint32_t t = 0; t < to->set.count; t++) {
            test_end in[ENDS_MAX];
            const tq_snap *to_snap = to->snap + to->first[t];
            uint32_t in_count = ends_of(graph, to_snap, to->first[t + 1] - to->first[t], true, in);
            int64_t want = place_time(graph, times, out, out_count, in, in_count);
            if (same_node(graph, from_snap, from->first[s + 1] - from->first[s], to_snap,
                          to->first[t + 1] - to->first[t]))
                want = 0;
            uint32_t cell = s * to->set.count + t;
            if (ds[cell] != want || plain_ds[cell] != want)
                fail_msg("seed %llu, %s: place %u to %u takes %d and %d, not %lld",
                         (unsigned long long)seed, what, s, t, ds[cell], plain_ds[cell],
                         (long long)want);
            if (!metres || from->first[s + 1] - from->first[s] != 1 ||
                to->first[t + 1] - to->first[t] != 1)
                continue;
            tq_way way = {0};
            size_t mark = work.used;
            status = tq_road_way(&graph->city, metric, from_snap, to_snap, &work, &way, &err);
            assert_int_equal(status, want < TQ_ROAD_INF ? TQ_OK : TQ_NO_ROUTE);
            if (status == TQ_OK && way.time_ds != want)
                fail_msg("seed %llu, %s: the way from place %u to %u takes %lld, not %lld",
                         (unsigned long long)seed, what, s, t, (long long)way.time_ds,
                         (long long)want);
            uint32_t want_dm = status == TQ_OK
                                   ? way_by_pairs_dm(&graph->city, metric, from_snap, to_snap)
                                   : UINT32_MAX;
            if (dm[cell] != want_dm)
                fail_msg("seed %llu, %s: place %u to %u is %u dm far, its way %u",
                         (unsigned long long)seed, what, s, t, dm[cell], want_dm);
            tq_arena_reset(&work, mark);
        }
    }
}

static void check_sweep(const test_graph *graph, const tq_metric *metric, const test_times *times,
                        const test_places *places, const char *what, uint64_t seed)
{
    static int32_t ds[4096];
    tq_err err = {0};
    uint32_t count = graph->vertex_count;
    for (int side = 0; side < 2; side++) {
        test_end end[ENDS_MAX];
        uint32_t ends = ends_of(graph, places->snap, 1, side == 1, end);
        assert_int_equal(tq_road_all(&graph->city, metric, places->snap,
                                     side == 0 ? TQ_SWEEP_FROM : TQ_SWEEP_TO, &work, ds, &err),
                         TQ_OK);
        for (uint32_t vertex = 0; vertex < count; vertex++) {
            int64_t want = TQ_ROAD_INF;
            for (uint32_t k = 0; k < ends; k++) {
                int64_t time = side == 0 ? times->ds[(size_t)end[k].vertex * count + vertex]
                                         : times->ds[(size_t)vertex * count + end[k].vertex];
                if (side == 0 && end[k].vertex == vertex && end[k].at_dm > 0)
                    time = times->round[vertex];
                if (time < TQ_ROAD_INF)
                    want = TQ_MIN(want, side == 0 ? time - end[k].passed : time + end[k].passed);
            }
            if (ds[vertex] != want)
                fail_msg("seed %llu, %s: sweep %d has %d at vertex %u, not %lld",
                         (unsigned long long)seed, what, side, ds[vertex], vertex, (long long)want);
        }
    }
}

static void check_nearest(const test_graph *graph, const tq_metric *metric, const test_times *times,
                          const test_places *places, const char *what, uint64_t seed)
{
    uint32_t which[PLACES_MAX], count = 0, limit = 1 + (uint32_t)(seed % PLACES_MAX);
    int32_t ds[PLACES_MAX];
    tq_err err = {0};
    for (int side = 0; side < 2; side++) {
        int64_t key[PLACES_MAX];
        uint32_t found = 0;
        test_end own[64], end[ENDS_MAX];
        uint32_t own_count = ends_of(graph, places->snap, 1, side == 1, own);
        for (uint32_t place = 0; place < places->set.count; place++) {
            uint32_t ends =
                ends_of(graph, places->snap + places->first[place],
                        places->first[place + 1] - places->first[place], side == 0, end);
            int64_t time = side == 0 ? place_time(graph, times, own, own_count, end, ends)
                                     : place_time(graph, times, end, ends, own, own_count);
            if (same_node(graph, places->snap, 1, places->snap + places->first[place],
                          places->first[place + 1] - places->first[place]))
                time = 0;
            if (time < TQ_ROAD_INF) key[found++] = time << 32 | place;
        }
        qsort(key, found, sizeof *key, by_link);
        assert_int_equal(tq_road_nearest_of(&graph->city, metric, places->snap, &places->set,
                                            side == 0 ? TQ_SWEEP_FROM : TQ_SWEEP_TO, limit, &work,
                                            which, ds, &count, &err),
                         TQ_OK);
        assert_int_equal(count, TQ_MIN(found, limit));
        for (uint32_t k = 0; k < count; k++)
            if (which[k] != (uint32_t)key[k] || ds[k] != key[k] >> 32)
                fail_msg("seed %llu, %s: nearest %u of side %d is %u after %d, not %u after %lld",
                         (unsigned long long)seed, what, k, side, which[k], ds[k], (uint32_t)key[k],
                         (long long)(key[k] >> 32));
    }
}

static void check_metric(const test_graph *graph, tq_metric *metric, const test_times *times,
                         tq_random *random, const char *what, uint64_t seed)
{
    static test_places from, to;
    from.set = (tq_places_on_road){tq_random_below(random, PLACES_MAX + 1), from.first, from.snap};
    to.set = (tq_places_on_road){1 + tq_random_below(random, PLACES_MAX), to.first, to.snap};
    random_places(graph, random, from.snap, from.first, from.set.count);
    random_places(graph, random, to.snap, to.first, to.set.count);
    check_vertices(graph, metric, times, what, seed);
    check_table(graph, metric, times, &from, &to, &work, what, seed);
    check_sweep(graph, metric, times, &to, what, seed);
    check_nearest(graph, metric, times, &to, what, seed);
}

static void labels_equal_dijkstra(void **state)
{
    (void)state;
    static const uint32_t subtree[] = {1, 2, 3, 5, 9, 64};
    uint32_t kinds = 0, done = 0;
    for (tq_kernels kernels = TQ_KERNELS_PLAIN; kernels <= TQ_KERNELS_AVX512; kernels++)
        kinds += tq_kernels_use(kernels);
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        tq_random random = {seed};
        test_graph graph;
        graph_make(&graph, &random,
                   1 + tq_random_below(&random, tq_random_below(&random, 20) == 0 ? 60 : 14));
        tq_err err = {0};
        for (uint32_t round = 0; round < WEIGHTS; round++) {
            if (round > 0) graph_weigh(&graph, &random);
            test_times times;
            all_times(&graph, &times);
            assert_true(tq_kernels_use((tq_kernels)((seed + round) % kinds)));
            uint32_t parts = tq_random_below(&random, 3) == 0 ? 0 : TQ_METRIC_PRUNED;
            if (tq_random_below(&random, 2) == 0) parts |= TQ_METRIC_WAYS | TQ_METRIC_METRES;
            unsigned threads = 1 + tq_random_below(&random, 2);
            tq_metric *metric = NULL;
            assert_int_equal(tq_metric_make_from(&graph.city, TQ_HIERARCHY_MOTOR, NULL,
                                                 graph.arc_ds, graph.turn_ds, parts, threads,
                                                 &metric, &err),
                             TQ_OK);
            check_metric(&graph, metric, &times, &random, "no labels", seed);
            for (uint32_t k = 0; k < 2; k++, done++) {
                uint32_t least = subtree[tq_random_below(&random, TQ_COUNT(subtree))];
                char what[64];
                (void)snprintf(what, sizeof what, "rows of subtrees of %u, parts %u", least, parts);
                assert_int_equal(tq_metric_label(metric, least, threads, &err), TQ_OK);
                check_metric(&graph, metric, &times, &random, what, seed);
            }
            tq_metric_free(metric);
            tq_free(times.ds);
            tq_free(times.round);
        }
        graph_free(&graph);
    }
    assert_int_equal(done, GRAPHS * WEIGHTS * 2);
    print_message("%u graphs, %u weights each, %u kinds of kernels\n", GRAPHS, WEIGHTS, kinds);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[WORK_BYTES];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels_equal_dijkstra)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
