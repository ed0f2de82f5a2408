/* The order by cuts: a permutation, the same again, and not worse than METIS alone, on
 * turn-expanded towns of several shapes. */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "import/hierarchy_in.h"

typedef struct town {
    uint32_t junction_count;
    TQ_VEC(uint32_t) from, to;   /* vertices of the expanded graph */
    TQ_VEC(uint32_t) tail, head; /* its links */
} town;

static void add_street(town *out, uint32_t a, uint32_t b, bool both)
{
    assert_true(tq_vec_push(&out->from, a) && tq_vec_push(&out->to, b));
    if (both) assert_true(tq_vec_push(&out->from, b) && tq_vec_push(&out->to, a));
}

/* All turns but those back into the street one came from. */
static void expand(town *out)
{
    uint32_t *first = TQ_ALLOC(uint32_t, (size_t)out->junction_count + 2),
             *leaving = TQ_ALLOC(uint32_t, out->from.count);
    assert_true(first != NULL && leaving != NULL);
    for (size_t k = 0; k < out->from.count; k++)
        first[out->from.at[k] + 2]++;
    for (uint32_t k = 0; k <= out->junction_count; k++)
        first[k + 1] += first[k];
    for (uint32_t k = 0; k < out->from.count; k++)
        leaving[first[out->from.at[k] + 1]++] = k;
    for (uint32_t k = 0; k < out->from.count; k++) {
        uint32_t at = out->to.at[k];
        for (uint32_t p = first[at]; p < first[at + 1]; p++) {
            if (out->to.at[leaving[p]] == out->from.at[k] && first[at + 1] - first[at] > 1)
                continue;
            assert_true(tq_vec_push(&out->tail, k) && tq_vec_push(&out->head, leaving[p]));
        }
    }
    tq_free(first);
    tq_free(leaving);
}

static void town_free(town *out)
{
    tq_vec_free(&out->from);
    tq_vec_free(&out->to);
    tq_vec_free(&out->tail);
    tq_vec_free(&out->head);
}

static uint32_t up_arcs(const tq_graph *graph, const uint32_t *order)
{
    tq_pool pool = {0};
    tq_hierarchy made = {0};
    uint32_t *vertex_of_node = NULL;
    tq_err err = {0};
    /* It refuses an order that is no permutation. */
    assert_int_equal(tq_hierarchy_build(graph, order, &pool, &vertex_of_node, &made, &err), TQ_OK);
    uint32_t count = made.up_count;
    tq_pool_free(&pool);
    return count;
}

/* Up-arcs of the order by cuts and of METIS alone. */
static void compare(const town *of, uint32_t *cuts, uint32_t *metis)
{
    tq_graph graph = {(uint32_t)of->from.count, (uint32_t)of->tail.count, of->tail.at, of->head.at};
    uint32_t *order = TQ_ALLOC(uint32_t, graph.node_count),
             *again = TQ_ALLOC(uint32_t, graph.node_count);
    tq_err err = {0};
    assert_int_equal(tq_hierarchy_order(&graph, order, &err), TQ_OK);
    assert_int_equal(tq_hierarchy_order(&graph, again, &err), TQ_OK);
    if (graph.node_count > 0) assert_memory_equal(order, again, graph.node_count * sizeof *order);
    *cuts = up_arcs(&graph, order);
    assert_int_equal(order_by_metis(&graph, order, &err), TQ_OK);
    *metis = up_arcs(&graph, order);
    tq_free(order);
    tq_free(again);
}

static void make_grid(town *out, uint32_t side, uint32_t streets_percent, uint32_t both_percent,
                      tq_random *random)
{
    out->junction_count = side * side;
    for (uint32_t at = 0; at < side * side; at++) {
        for (uint32_t down = 0; down < 2; down++) {
            if (down ? at / side + 1 == side : at % side + 1 == side) continue;
            if (tq_random_below(random, 100) >= streets_percent) continue;
            uint32_t to = at + (down ? side : 1);
            bool both = tq_random_below(random, 100) < both_percent,
                 turned = tq_random_below(random, 2) == 1;
            add_street(out, turned ? to : at, turned ? at : to, both);
        }
    }
    expand(out);
}

static void towns_are_not_worse(void **state)
{
    (void)state;
    static const uint32_t shape[][3] = {/* side, streets and two-way ones in percent */
                                        {70, 100, 100}, {70, 90, 100}, {70, 75, 80},
                                        {70, 65, 60},   {90, 85, 30},  {40, 55, 90}};
    for (size_t k = 0; k < TQ_COUNT(shape); k++) {
        uint32_t cuts = 0, metis = 0;
        tq_random random = {k + 1};
        town made = {0};
        make_grid(&made, shape[k][0], shape[k][1], shape[k][2], &random);
        compare(&made, &cuts, &metis);
        print_message("town %zu: %u up-arcs, METIS alone %u\n", k, cuts, metis);
        assert_true(cuts <= metis + metis / 25);
        town_free(&made);
    }
}

/* A star, a path, a complete town, thousands of parts, a broom, a loop street: no shape takes the
 * order away, and none makes it much worse. */
static void odd_towns(void **state)
{
    (void)state;
    for (uint32_t shape = 0; shape < 7; shape++) {
        town made = {.junction_count = 6001};
        uint32_t cuts = 0, metis = 0;
        for (uint32_t k = 0; k < 6000; k++) {
            if (shape == 0 && k < 400) add_street(&made, 0, k + 1, true);
            if (shape == 1) add_street(&made, k, k + 1, true);
            if (shape == 2 && k < 40 * 40) add_street(&made, k / 40, k % 40, false);
            if (shape == 3 && k % 2 == 0) add_street(&made, k, k + 1, k % 3 == 0);
            if (shape == 4) add_street(&made, k < 5800 ? k : 5800, k + 1, true);
            if (shape == 5) add_street(&made, k, k, false);
            if (shape == 6) add_street(&made, k / 2, k + 1, false);
        }
        expand(&made);
        compare(&made, &cuts, &metis);
        print_message("odd town %u: %u up-arcs, METIS alone %u\n", shape, cuts, metis);
        assert_true(cuts <= metis + metis / 20 + 100);
        town_free(&made);
    }
}

/* The same promises for graphs that are not like streets at all. */
static void random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        tq_random random = {seed};
        town made = {0};
        uint32_t vertices = 1 + tq_random_below(&random, 900), cuts = 0, metis = 0,
                 links = tq_random_below(&random, 2 * vertices);
        for (uint32_t k = 0; k < vertices; k++)
            add_street(&made, k, k, false);
        for (uint32_t k = 0; k < links; k++)
            assert_true(tq_vec_push(&made.tail, tq_random_below(&random, vertices)) &&
                        tq_vec_push(&made.head, tq_random_below(&random, vertices)));
        compare(&made, &cuts, &metis);
        if (cuts > metis + metis / 4 + 100)
            fail_msg("seed %u: %u up-arcs, METIS alone %u", (unsigned)seed, cuts, metis);
        town_free(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(towns_are_not_worse),
                                       cmocka_unit_test(odd_towns),
                                       cmocka_unit_test(random_graphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
