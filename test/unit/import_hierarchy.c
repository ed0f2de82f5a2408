/* Order and topology: shapes that break things, the promises of tq_hierarchy, limits on each side.
 */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "import/import.h"

/* The promises in city.h, one by one. */
static void check_topology(const tq_graph *graph, const tq_hierarchy *made)
{
    assert_int_equal(made->vertex_count, graph->node_count);
    assert_int_equal(made->first_up[made->vertex_count], made->up_count);
    assert_int_equal(made->first_down[made->vertex_count], made->up_count);
    for (uint32_t vertex = 0; vertex < made->vertex_count; vertex++) {
        uint32_t first = made->first_up[vertex], end = made->first_up[vertex + 1],
                 parent = made->parent[vertex];
        assert_int_equal(made->vertex_of_node[made->node_of_vertex[vertex]], vertex);
        assert_int_equal(parent, first < end ? made->up_head[first] : TQ_NONE);
        if (parent == TQ_NONE)
            assert_int_equal(made->depth[vertex], 0);
        else
            assert_int_equal(made->depth[vertex], made->depth[parent] + 1);
        for (uint32_t arc = first; arc < end; arc++) {
            assert_true(made->up_head[arc] > (arc > first ? made->up_head[arc - 1] : vertex));
            assert_int_equal(made->up_depth[arc], made->depth[made->up_head[arc]]);
            uint32_t above = vertex; /* every up-neighbour is an ancestor */
            while (above != made->up_head[arc] && above != TQ_NONE)
                above = made->parent[above];
            assert_int_equal(above, made->up_head[arc]);
        }
        for (uint32_t k = made->first_down[vertex]; k < made->first_down[vertex + 1]; k++) {
            uint32_t arc = made->down_arc[k], tail = made->down_tail[k];
            assert_int_equal(made->up_head[arc], vertex);
            assert_true(arc >= made->first_up[tail] && arc < made->first_up[tail + 1]);
            assert_true(k == made->first_down[vertex] || tail > made->down_tail[k - 1]);
        }
    }
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t tail = made->vertex_of_node[graph->tail[arc]],
                 head = made->vertex_of_node[graph->head[arc]];
        uint32_t up = made->up_of_arc[arc];
        if (tail == head) {
            assert_int_equal(up, TQ_NONE);
            continue;
        }
        assert_int_equal(up & 1, tail > head);
        assert_int_equal(made->up_head[up >> 1], TQ_MAX(tail, head));
        assert_true(up >> 1 >= made->first_up[TQ_MIN(tail, head)]);
        assert_true(up >> 1 < made->first_up[TQ_MIN(tail, head) + 1]);
    }
}

static uint32_t build_and_check(uint32_t nodes, uint32_t arcs, const uint32_t *tail,
                                const uint32_t *head)
{
    tq_graph graph = {nodes, arcs, tail, head};
    uint32_t *order = TQ_ALLOC(uint32_t, nodes), *again = TQ_ALLOC(uint32_t, nodes), deepest = 0;
    tq_err err = {0};
    assert_int_equal(tq_hierarchy_order(&graph, order, &err), TQ_OK);
    assert_int_equal(tq_hierarchy_order(&graph, again, &err), TQ_OK);
    assert_memory_equal(order, again, nodes * sizeof *order);
    tq_pool pool = {0};
    tq_hierarchy made = {0};
    assert_int_equal(tq_hierarchy_build(&graph, order, &pool, &made, &err), TQ_OK);
    check_topology(&graph, &made);
    for (uint32_t vertex = 0; vertex < nodes; vertex++)
        deepest = TQ_MAX(deepest, made.depth[vertex]);
    tq_pool_free(&pool);
    tq_free(order);
    tq_free(again);
    return deepest;
}

static void small_shapes(void **state)
{
    (void)state;
    static const uint32_t zero[] = {0, 0, 0}, one[] = {1, 1, 1}, loops[] = {0, 1, 1};
    (void)build_and_check(0, 0, NULL, NULL);
    (void)build_and_check(1, 0, NULL, NULL);
    (void)build_and_check(5, 0, NULL, NULL);
    (void)build_and_check(1, 3, zero, zero); /* loops only */
    (void)build_and_check(2, 3, zero, one);  /* parallel */
    (void)build_and_check(2, 3, loops, one); /* loops and an edge */
    uint32_t tail[400], head[400], arcs = 0;
    for (uint32_t a = 0; a < 20; a++) /* complete: one separator is all there is */
        for (uint32_t b = a + 1; b < 20; b++) {
            tail[arcs] = a;
            head[arcs++] = b;
        }
    assert_int_equal(build_and_check(20, arcs, tail, head), 19);
}

/* Chains and stars stay shallow: their nodes go in halves. */
static void long_chain(void **state)
{
    (void)state;
    enum { NODES = 50000 };
    static uint32_t tail[NODES], head[NODES];
    for (uint32_t node = 0; node + 1 < NODES; node++) {
        tail[node] = node;
        head[node] = node + 1;
    }
    assert_true(build_and_check(NODES, NODES - 1, tail, head) <= 40);
    for (uint32_t node = 0; node + 1 < NODES; node++)
        tail[node] = 0;
    assert_true(build_and_check(NODES, NODES - 1, tail, head) <= 2);
}

static void grid_graph(void **state)
{
    (void)state;
    enum { SIDE = 60 };
    static uint32_t tail[2 * SIDE * SIDE], head[2 * SIDE * SIDE];
    uint32_t arcs = 0;
    for (uint32_t y = 0; y < SIDE; y++) {
        for (uint32_t x = 0; x < SIDE; x++) {
            tail[arcs] = y * SIDE + x;
            head[arcs] = y * SIDE + x + 1;
            arcs += x + 1 < SIDE;
            tail[arcs] = y * SIDE + x;
            head[arcs] = (y + 1) * SIDE + x;
            arcs += y + 1 < SIDE;
        }
    }
    assert_true(build_and_check(SIDE * SIDE, arcs, tail, head) < 6 * SIDE);
}

static void random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        tq_random random = {seed};
        uint32_t tail[600], head[600], nodes = 1 + tq_random_below(&random, 200),
                                       arcs = tq_random_below(&random, 600);
        for (uint32_t arc = 0; arc < arcs; arc++) {
            tail[arc] = tq_random_below(&random, nodes);
            head[arc] = tq_random_below(&random, nodes);
        }
        (void)build_and_check(nodes, arcs, tail, head);
    }
}

/* A chain contracted from its end is as deep as it is long. */
static tq_status chain_of(uint32_t nodes, tq_err *err)
{
    uint32_t *tail = TQ_ALLOC(uint32_t, nodes), *head = TQ_ALLOC(uint32_t, nodes),
             *order = TQ_ALLOC(uint32_t, nodes);
    for (uint32_t node = 0; node < nodes; node++) {
        order[node] = node;
        tail[node] = node;
        head[node] = node + 1;
    }
    tq_graph graph = {nodes, nodes - 1, tail, head};
    tq_pool pool = {0};
    tq_hierarchy made = {.up_count = 77};
    tq_status status = tq_hierarchy_build(&graph, order, &pool, &made, err);
    if (status == TQ_OK) assert_int_equal(made.depth[0], nodes - 1);
    if (status != TQ_OK) assert_int_equal(made.up_count, 77);
    tq_pool_free(&pool);
    tq_free(tail);
    tq_free(head);
    tq_free(order);
    return status;
}

static void limits(void **state)
{
    (void)state;
    tq_err err = {0};
    assert_int_equal(chain_of(65536, &err), TQ_OK);
    assert_int_equal(chain_of(65537, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "65535"));
    static const uint32_t tail[] = {0}, head[] = {1};
    static const uint32_t bad[][2] = {{0, 0}, {1, 1}, {0, 2}, {5, 1}};
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_pool pool = {0};
        tq_hierarchy made = {0};
        tq_graph graph = {2, 1, tail, head};
        assert_int_equal(tq_hierarchy_build(&graph, bad[k], &pool, &made, &err), TQ_BAD_INPUT);
        tq_pool_free(&pool);
    }
    tq_graph large = {.node_count = 2, .arc_count = UINT32_MAX / 2};
    uint32_t order[2];
    assert_int_equal(tq_hierarchy_order(&large, order, &err), TQ_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(small_shapes), cmocka_unit_test(long_chain),
                                       cmocka_unit_test(grid_graph),
                                       cmocka_unit_test(random_graphs), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
