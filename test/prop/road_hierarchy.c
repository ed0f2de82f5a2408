// also: import
/*
 * The hierarchy against plain Dijkstra over the links of random turn-expanded graphs: all pairs,
 * with and without the parts that make queries faster; ways put together again link by link; a few
 * changed arcs against all weights anew; kernels and threads bit for bit.
 */
#include "road_graph.h"

#define GRAPHS     100000u
#define CHANGES    4u /* re-weightings of every 8th graph */
#define WORK_BYTES (1u << 20)

static tq_arena work;

/* A way from road_path is one over links, takes the time it says, and begins and ends right. */
static void check_path(const test_graph *graph, const tq_metric *metric, uint32_t from, uint32_t to,
                       int64_t expected, uint64_t seed)
{
    const tq_hierarchy *hierarchy = graph->hierarchy;
    uint32_t count = 0;
    int32_t time = -1;
    tq_arena_reset(&work, 0);
    const uint32_t *vertex = road_path(metric, from, to, &work, &count, &time);
    if ((vertex == NULL) != (expected >= TQ_ROAD_INF) ||
        (vertex != NULL && (time != expected || vertex[0] != from || vertex[count - 1] != to)))
        fail_msg("seed %llu: way %u to %u takes %d, expected %lld", (unsigned long long)seed, from,
                 to, (int)time, (long long)expected);
    int64_t sum = 0;
    for (uint32_t k = 0; vertex != NULL && k + 1 < count; k++) {
        uint32_t link = road_link_between(hierarchy, vertex[k], vertex[k + 1]);
        if (link == TQ_NONE)
            fail_msg("seed %llu: no link from %u to %u", (unsigned long long)seed, vertex[k],
                     vertex[k + 1]);
        sum += graph->arc_ds[hierarchy->arc_of_vertex[vertex[k]]] + (int64_t)graph->turn_ds[link];
    }
    if (vertex != NULL && (sum != expected || (from == to && count < 2)))
        fail_msg("seed %llu: the way from %u to %u adds up to %lld, not %lld",
                 (unsigned long long)seed, from, to, (long long)sum, (long long)expected);
}

static void check_graph(const test_graph *graph, const tq_metric *metric, tq_random *random,
                        uint64_t seed)
{
    static int64_t ds[4096];
    for (uint32_t from = 0; from < graph->vertex_count; from++) {
        int64_t round = 0;
        graph_dijkstra(graph, from, ds, &round);
        for (uint32_t to = 0; to < graph->vertex_count; to++) {
            tq_arena_reset(&work, 0);
            int32_t time = road_vertex_time(metric, from, to, &work);
            if (time != ds[to])
                fail_msg("seed %llu: %u to %u takes %d, Dijkstra says %lld",
                         (unsigned long long)seed, from, to, (int)time, (long long)ds[to]);
            if (from == to)
                check_path(graph, metric, from, to, round, seed);
            else if (tq_random_below(random, 4) == 0)
                check_path(graph, metric, from, to, ds[to], seed);
        }
    }
}

static tq_metric *make(const test_graph *graph, uint32_t parts, unsigned threads)
{
    tq_metric *metric = NULL;
    tq_err err = {0};
    tq_status status = tq_metric_make_from(&graph->city, TQ_HIERARCHY_MOTOR, NULL, graph->arc_ds,
                                           graph->turn_ds, parts, threads, &metric, &err);
    if (status != TQ_OK) fail_msg("%s", err.text);
    return metric;
}

static void same_weights(const tq_metric *a, const tq_metric *b, const char *what, uint64_t seed)
{
    for (uint32_t up = 0; up < a->up_count; up++)
        if (a->pair[up].up != b->pair[up].up || a->pair[up].down != b->pair[up].down)
            fail_msg("seed %llu, %s: up-arc %u has %d %d and %d %d", (unsigned long long)seed, what,
                     up, (int)a->pair[up].up, (int)a->pair[up].down, (int)b->pair[up].up,
                     (int)b->pair[up].down);
}

/* Change some arcs of a metric, close or open them, and compare with all weights anew. */
static void check_changes(test_graph *graph, tq_random *random, uint64_t seed)
{
    tq_metric *metric = make(graph, 0, 1);
    for (uint32_t round = 0; round < CHANGES; round++) {
        uint32_t arc[8], count = 1 + tq_random_below(random, 8);
        int32_t arc_ds[8];
        for (uint32_t k = 0; k < count; k++) {
            arc[k] = tq_random_below(random, 2 * graph->edge_count);
            arc_ds[k] = tq_random_below(random, 3) == 0 ? TQ_ROAD_INF
                                                        : (int32_t)tq_random_below(random, 1000);
            graph->arc_ds[arc[k]] = arc_ds[k];
        }
        /* The last of equal arcs counts. */
        tq_err err = {0};
        assert_int_equal(tq_metric_patch(metric, arc, arc_ds, count, &err), TQ_OK);
        tq_metric *anew = make(graph, 0, 1), *changed = NULL;
        same_weights(metric, anew, "changed arcs", seed);
        assert_int_equal(tq_metric_change(anew, arc, arc_ds, 0, &changed, &err), TQ_OK);
        same_weights(changed, anew, "copied", seed);
        tq_metric_free(changed);
        tq_metric_free(anew);
        assert_int_equal(tq_metric_add(metric, TQ_METRIC_PRUNED | TQ_METRIC_WAYS, &err), TQ_OK);
        check_graph(graph, metric, random, seed);
    }
    /* And all of them, in place. */
    graph_weigh(graph, random);
    tq_err err = {0};
    assert_int_equal(tq_metric_again(metric, graph->arc_ds, graph->turn_ds, 2, &err), TQ_OK);
    check_graph(graph, metric, random, seed);
    tq_metric_free(metric);
}

/* Every kernel and number of threads gives the same bits. */
static void check_kernels(const test_graph *graph, uint64_t seed)
{
    tq_metric *plain = NULL;
    for (uint32_t kernels = TQ_KERNELS_PLAIN; kernels <= TQ_KERNELS_AVX512; kernels++) {
        if (!tq_kernels_use((tq_kernels)kernels)) continue;
        for (unsigned threads = 1; threads <= 3; threads++) {
            tq_metric *other = make(graph, TQ_METRIC_PRUNED | TQ_METRIC_WAYS, threads);
            if (plain == NULL) {
                plain = other;
                continue;
            }
            same_weights(plain, other, "kernels and threads", seed);
            assert_int_equal(plain->out_count, other->out_count);
            assert_int_equal(plain->in_count, other->in_count);
            assert_memory_equal(plain->out_half, other->out_half,
                                plain->out_count * sizeof *plain->out_half);
            assert_memory_equal(plain->in_half, other->in_half,
                                plain->in_count * sizeof *plain->in_half);
            assert_memory_equal(plain->out_depth, other->out_depth,
                                plain->out_count * sizeof *plain->out_depth);
            assert_memory_equal(plain->in_ds, other->in_ds, plain->in_count * sizeof *plain->in_ds);
            tq_metric_free(other);
        }
    }
    tq_metric_free(plain);
}

static void equals_dijkstra(void **state)
{
    (void)state;
    uint64_t base = 20261123;
    printf("seeds %llu + 0 .. %u\n", (unsigned long long)base, GRAPHS - 1);
    for (uint32_t k = 0; k < GRAPHS; k++) {
        tq_random random = {base + k};
        test_graph graph;
        graph_make(&graph, &random, 1 + tq_random_below(&random, k % 64 == 0 ? 60 : 9));
        uint32_t parts = k % 3 == 0   ? 0
                         : k % 3 == 1 ? TQ_METRIC_PRUNED
                                      : TQ_METRIC_PRUNED | TQ_METRIC_WAYS;
        tq_metric *metric = make(&graph, parts, 1 + k % 2);
        check_graph(&graph, metric, &random, base + k);
        tq_metric_free(metric);
        if (k % 8 == 0) check_changes(&graph, &random, base + k);
        if (k % 64 == 0) check_kernels(&graph, base + k);
        graph_free(&graph);
    }
}

static void refuses_bad_weights(void **state)
{
    (void)state;
    tq_random random = {7};
    test_graph graph;
    graph_make(&graph, &random, 8);
    tq_metric *metric = make(&graph, 0, 1), *other = NULL;
    uint32_t arc[2] = {0, 16};
    int32_t arc_ds[2] = {-1, 5};
    tq_err err = {0};
    assert_int_equal(tq_metric_patch(metric, arc, arc_ds, 1, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "below zero"));
    arc_ds[0] = 5;
    assert_int_equal(tq_metric_patch(metric, arc, arc_ds, 2, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "no street arc 16"));
    graph.arc_ds[3] = -7;
    assert_int_equal(tq_metric_make_from(&graph.city, TQ_HIERARCHY_MOTOR, NULL, graph.arc_ds,
                                         graph.turn_ds, 0, 1, &other, &err),
                     TQ_BAD_INPUT);
    assert_null(other);
    tq_metric_free(metric);
    graph_free(&graph);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[WORK_BYTES];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_dijkstra),
                                       cmocka_unit_test(refuses_bad_weights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
