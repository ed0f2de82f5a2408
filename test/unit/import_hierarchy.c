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

/* Groups of lower neighbours: chains whose arcs upward all lead to the vertex. */
static uint32_t check_down(const tq_hierarchy *made, uint32_t vertex)
{
    uint32_t members = 0;
    for (uint32_t k = made->first_down[vertex]; k < made->first_down[vertex + 1]; k++) {
        const tq_down *group = &made->down[k];
        assert_true(group->count > 0 && group->last < vertex);
        assert_true(k == made->first_down[vertex] ||
                    group->last - group->count >= made->down[k - 1].last);
        for (uint32_t member = group->last + 1 - group->count; member <= group->last; member++) {
            uint32_t arc = made->first_up[member + 1] - group->rest;
            assert_true(group->rest > 0 && arc >= made->first_up[member]);
            assert_int_equal(made->up_head[arc], vertex);
            assert_true(member == group->last || made->parent[member] == member + 1);
            /* From the vertex on, all lists of a group are the same. */
            assert_memory_equal(&made->up_head[arc],
                                &made->up_head[made->first_up[group->last + 1] - group->rest],
                                group->rest * sizeof *made->up_head);
        }
        members += group->count;
    }
    return members;
}

/* Fronts are longest chains of nested lists, and runs spell the list of the last member. */
static void check_fronts(const tq_hierarchy *made)
{
    assert_int_equal(made->front_first[made->front_count], made->vertex_count);
    for (uint32_t front = 0; front < made->front_count; front++) {
        uint32_t last = made->front_first[front + 1] - 1, parent = made->front_parent[front],
                 arc = made->first_up[last];
        for (uint32_t vertex = made->front_first[front]; vertex < last; vertex++) {
            assert_int_equal(made->parent[vertex], vertex + 1);
            assert_int_equal(made->first_up[vertex + 1] - made->first_up[vertex],
                             made->first_up[vertex + 2] - made->first_up[vertex + 1] + 1);
        }
        assert_int_equal(parent == TQ_NONE, made->parent[last] == TQ_NONE);
        for (uint32_t k = made->first_run[front]; k < made->first_run[front + 1]; k++) {
            for (uint32_t at = made->run[k].at; at < made->run[k].at + made->run[k].length; at++) {
                uint32_t first = made->front_first[parent], end = made->front_first[parent + 1];
                assert_int_equal(made->up_head[arc++],
                                 at < end - first
                                     ? first + at
                                     : made->up_head[made->first_up[end - 1] + at - (end - first)]);
            }
        }
        assert_int_equal(arc, made->first_up[last + 1]);
    }
}

/* The promises in city.h, one by one. */
static void check_topology(const tq_graph *graph, const uint32_t *vertex_of_node,
                           const tq_hierarchy *made)
{
    uint32_t members = 0;
    assert_int_equal(made->vertex_count, graph->node_count);
    assert_int_equal(made->first_up[made->vertex_count], made->up_count);
    assert_int_equal(made->first_down[made->vertex_count], made->down_count);
    for (uint32_t vertex = 0; vertex < made->vertex_count; vertex++) {
        uint32_t first = made->first_up[vertex], end = made->first_up[vertex + 1],
                 parent = made->parent[vertex];
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
        members += check_down(made, vertex);
    }
    assert_int_equal(members, made->up_count);
    check_fronts(made);
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t tail = vertex_of_node[graph->tail[arc]], head = vertex_of_node[graph->head[arc]];
        uint32_t up = made->up_of_link[arc];
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
    uint32_t *vertex_of_node = NULL;
    assert_int_equal(tq_hierarchy_build(&graph, order, &pool, &vertex_of_node, &made, &err), TQ_OK);
    check_topology(&graph, vertex_of_node, &made);
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
    uint32_t *vertex_of_node = NULL;
    tq_status status = tq_hierarchy_build(&graph, order, &pool, &vertex_of_node, &made, err);
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
        uint32_t *vertex_of_node = NULL;
        tq_graph graph = {2, 1, tail, head};
        assert_int_equal(tq_hierarchy_build(&graph, bad[k], &pool, &vertex_of_node, &made, &err),
                         TQ_BAD_INPUT);
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
