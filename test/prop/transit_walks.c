/*
 * Walking cores keep every distance: from any node up to the core, and over it to any stop's node,
 * against all-pairs distances of the uncontracted graph.
 */
// also: import
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "import/walk_in.h"

#define SEEDS     3000u
#define NODES_MAX 40u
#define FAR_DM    UINT32_C(1000000000)

static uint32_t truth[NODES_MAX][NODES_MAX], left[NODES_MAX][NODES_MAX];

static void close_over(uint32_t matrix[NODES_MAX][NODES_MAX], uint32_t nodes)
{
    for (uint32_t mid = 0; mid < nodes; mid++)
        for (uint32_t a = 0; a < nodes; a++)
            for (uint32_t b = 0; b < nodes; b++)
                matrix[a][b] = TQ_MIN(matrix[a][b], matrix[a][mid] + matrix[mid][b]);
}

static void clear(uint32_t matrix[NODES_MAX][NODES_MAX], uint32_t nodes)
{
    for (uint32_t a = 0; a < nodes; a++)
        for (uint32_t b = 0; b < nodes; b++)
            matrix[a][b] = a == b ? 0 : FAR_DM;
}

static void core_keeps_distances(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_random random = {.state = seed};
        uint32_t nodes = 2 + tq_random_below(&random, NODES_MAX - 2);
        uint32_t arcs = nodes / 2 + tq_random_below(&random, 3 * nodes);
        walk_graph graph;
        assert_int_equal(walk_graph_begin(&graph, nodes, NULL), TQ_OK);
        clear(truth, nodes);
        clear(left, nodes);
        for (uint32_t arc = 0; arc < arcs; arc++) {
            uint32_t a = tq_random_below(&random, nodes), b = tq_random_below(&random, nodes);
            uint32_t dm = tq_random_below(&random, 20) == 0 ? 0 : 1 + tq_random_below(&random, 500);
            assert_true(walk_graph_join(&graph, a, b, dm));
            if (a != b) truth[a][b] = truth[b][a] = TQ_MIN(truth[a][b], dm);
        }
        close_over(truth, nodes);
        for (uint32_t node = 0; node < nodes; node++)
            graph.keep[node] = tq_random_below(&random, 3) == 0;
        assert_int_equal(walk_graph_contract(&graph, NULL), TQ_OK);
        /* What is left: arcs of the core, and upward arcs, which lead to later nodes or the core.
         */
        for (uint32_t node = 0; node < nodes; node++) {
            if (graph.keep[node]) assert_int_equal(graph.rank[node], TQ_NONE);
            for (uint32_t k = 0; k < graph.list[node].count; k++) {
                walk_arc arc = graph.arc.at[graph.list[node].first + k];
                if (graph.rank[node] == TQ_NONE) assert_int_equal(graph.rank[arc.head], TQ_NONE);
                if (graph.rank[node] != TQ_NONE)
                    assert_true(graph.rank[arc.head] > graph.rank[node]);
                left[node][arc.head] = TQ_MIN(left[node][arc.head], arc.dm);
            }
        }
        close_over(left, nodes);
        for (uint32_t a = 0; a < nodes; a++) {
            for (uint32_t b = 0; b < nodes; b++) {
                if (!graph.keep[b]) continue;
                if (TQ_MIN(left[a][b], FAR_DM) != TQ_MIN(truth[a][b], FAR_DM))
                    print_message("seed %u: %u to %u is %u, not %u\n", seed, a, b, left[a][b],
                                  truth[a][b]);
                assert_int_equal(TQ_MIN(left[a][b], FAR_DM), TQ_MIN(truth[a][b], FAR_DM));
            }
        }
        walk_graph_free(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(core_keeps_distances)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
