/*
 * The network simplex against a plain method: augmenting along shortest paths found by
 * Bellman-Ford, on random small networks; and its prices as a proof on larger ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "freight/freight.h"

#define SEED UINT64_C(20261123)

#define CASES     4000u
#define NODES_MAX 9u
#define ARCS_MAX  30u
#define FAR       (INT64_MAX / 4)

typedef struct network {
    tq_flow_network net;
    tq_flow_arc arc[ARCS_MAX];
    int64_t supply[NODES_MAX];
} network;

static uint32_t below(uint64_t *state, uint32_t n)
{
    *state = tq_mix(*state + 1);
    return (uint32_t)(*state % n);
}

static void draw(uint64_t *state, network *out)
{
    uint32_t nodes = 2 + below(state, NODES_MAX - 1), arcs = below(state, ARCS_MAX + 1);
    *out = (network){.net = {.node_count = nodes, .arc_count = arcs}};
    out->net.arc = out->arc;
    out->net.supply = out->supply;
    bool earns = below(state, 4) == 0;
    for (uint32_t k = 0; k < arcs; k++)
        out->arc[k] = (tq_flow_arc){below(state, nodes), below(state, nodes),
                                    below(state, 12) == 0 ? TQ_FLOW_FREE : (int64_t)below(state, 9),
                                    (int64_t)below(state, 20) - (earns ? 3 : 0)};
    for (uint32_t k = below(state, 6); k > 0; k--) {
        uint32_t a = below(state, nodes), b = below(state, nodes);
        int64_t amount = below(state, 6);
        out->supply[a] += amount;
        out->supply[b] -= amount;
    }
}

/* ---- the plain method --------------------------------------------------------------------------
 */

typedef struct plain {
    int64_t flow[ARCS_MAX], left[NODES_MAX];
    bool unlimited;
} plain;

static int64_t room_of(const network *in, const plain *p, uint32_t arc, bool back)
{
    if (back) return p->flow[arc];
    return in->arc[arc].capacity == TQ_FLOW_FREE ? FAR : in->arc[arc].capacity - p->flow[arc];
}

/* Shortest ways in the residual network from every node of `from`; a node on a negative cycle. */
static uint32_t shortest(const network *in, const plain *p, const bool *from,
                         int64_t best[NODES_MAX], uint32_t by[NODES_MAX], bool back[NODES_MAX])
{
    uint32_t changed = TQ_NONE;
    for (uint32_t n = 0; n < in->net.node_count; n++) {
        best[n] = from[n] ? 0 : FAR;
        by[n] = TQ_NONE;
    }
    for (uint32_t round = 0; round <= in->net.node_count; round++) {
        changed = TQ_NONE;
        for (uint32_t arc = 0; arc < in->net.arc_count; arc++)
            for (unsigned way = 0; way < 2; way++) {
                uint32_t a = way == 0 ? in->arc[arc].from : in->arc[arc].to,
                         b = way == 0 ? in->arc[arc].to : in->arc[arc].from;
                int64_t cost = way == 0 ? in->arc[arc].cost : -in->arc[arc].cost;
                if (best[a] >= FAR || room_of(in, p, arc, way == 1) == 0 ||
                    best[a] + cost >= best[b])
                    continue;
                best[b] = best[a] + cost;
                by[b] = arc;
                back[b] = way == 1;
                changed = b;
            }
        if (changed == TQ_NONE) return TQ_NONE;
    }
    return changed;
}

static uint32_t tail_of(const network *in, uint32_t node, const uint32_t *by, const bool *back)
{
    return back[node] ? in->arc[by[node]].to : in->arc[by[node]].from;
}

static void push(const network *in, plain *p, uint32_t end, uint32_t begin, bool cycle,
                 const uint32_t *by, const bool *back)
{
    int64_t amount = cycle ? FAR : TQ_MIN(p->left[begin], -p->left[end]);
    uint32_t node = end;
    do {
        amount = TQ_MIN(amount, room_of(in, p, by[node], back[node]));
        node = tail_of(in, node, by, back);
    } while (node != begin);
    if (amount >= FAR) {
        p->unlimited = true;
        return;
    }
    node = end;
    do {
        p->flow[by[node]] += back[node] ? -amount : amount;
        node = tail_of(in, node, by, back);
    } while (node != begin);
    if (cycle) return;
    p->left[begin] -= amount;
    p->left[end] += amount;
}

/* Cancels negative cycles, then serves one supply after the other by the nearest demand. Returns
 * whether all is served. */
static bool solve_plainly(const network *in, plain *p)
{
    int64_t best[NODES_MAX];
    uint32_t by[NODES_MAX] = {0};
    bool back[NODES_MAX] = {false}, all[NODES_MAX];
    *p = (plain){.unlimited = false};
    for (uint32_t n = 0; n < in->net.node_count; n++) {
        p->left[n] = in->supply[n];
        all[n] = true;
    }
    for (;;) {
        uint32_t node = shortest(in, p, all, best, by, back);
        if (node == TQ_NONE) break;
        for (uint32_t k = 0; k < in->net.node_count; k++)
            node = tail_of(in, node, by, back);
        push(in, p, node, node, true, by, back);
        if (p->unlimited) return false;
    }
    for (;;) {
        bool gives[NODES_MAX] = {false};
        uint32_t end = TQ_NONE;
        for (uint32_t n = 0; n < in->net.node_count; n++)
            gives[n] = p->left[n] > 0;
        if (shortest(in, p, gives, best, by, back) != TQ_NONE) fail_msg("a negative cycle came");
        for (uint32_t n = 0; n < in->net.node_count; n++)
            if (p->left[n] < 0 && best[n] < FAR && (end == TQ_NONE || best[n] < best[end])) end = n;
        if (end == TQ_NONE) break;
        uint32_t begin = end;
        while (by[begin] != TQ_NONE)
            begin = tail_of(in, begin, by, back);
        push(in, p, end, begin, false, by, back);
    }
    for (uint32_t n = 0; n < in->net.node_count; n++)
        if (p->left[n] != 0) return false;
    return true;
}

static int64_t cost_of(const network *in, const int64_t *flow)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < in->net.arc_count; k++)
        sum += flow[k] * in->arc[k].cost;
    return sum;
}

/* ---- checks ------------------------------------------------------------------------------------
 */

static void prove(const tq_flow_network *net, const tq_flow *out)
{
    int64_t *left = calloc(net->node_count, sizeof *left), cost = 0;
    assert_non_null(left);
    for (uint32_t k = 0; k < net->arc_count; k++) {
        const tq_flow_arc *arc = &net->arc[k];
        int64_t flow = out->flow[k],
                reduced = arc->cost + out->potential[arc->from] - out->potential[arc->to];
        assert_true(flow >= 0 && flow <= arc->capacity);
        if (flow < arc->capacity) assert_true(reduced >= 0);
        if (flow > 0) assert_true(reduced <= 0);
        left[arc->from] += flow;
        left[arc->to] -= flow;
        cost += flow * arc->cost;
    }
    for (uint32_t k = 0; k < net->node_count; k++)
        assert_int_equal(left[k], net->supply[k]);
    assert_int_equal(cost, out->cost);
    free(left);
}

static void equals_the_plain_method(void **state)
{
    (void)state;
    uint64_t seed = SEED, dice = seed;
    uint32_t solved = 0, stuck = 0, unlimited = 0;
    void *memory = malloc(1 << 20);
    tq_arena work;
    tq_err err;
    tq_arena_init(&work, memory, 1 << 20);
    for (uint32_t k = 0; k < CASES; k++) {
        network in;
        plain p;
        tq_flow out;
        draw(&dice, &in);
        tq_arena_reset(&work, 0);
        bool served = solve_plainly(&in, &p);
        tq_status status = tq_flow_solve(&in.net, &work, &out, &err);
        if (p.unlimited) {
            /* Which of the two is met first, a cycle without end or a demand without way, is open.
             */
            assert_true(status == TQ_LIMIT || status == TQ_NO_ROUTE);
            unlimited++;
        } else if (!served) {
            assert_int_equal(status, TQ_NO_ROUTE);
            int64_t left = 0;
            for (uint32_t n = 0; n < in.net.node_count; n++)
                left += p.left[n] > 0 ? p.left[n] : 0;
            assert_int_equal(out.short_by, left);
            assert_true(out.stuck < in.net.node_count);
            stuck++;
        } else {
            assert_int_equal(status, TQ_OK);
            assert_int_equal(out.cost, cost_of(&in, p.flow));
            prove(&in.net, &out);
            solved++;
        }
    }
    printf("seed %llu: %u solved, %u short, %u without limit\n", (unsigned long long)seed, solved,
           stuck, unlimited);
    assert_true(solved > CASES / 8 && stuck > CASES / 50 && unlimited > 0);
    free(memory);
}

static void larger_ones_prove_themselves(void **state)
{
    (void)state;
    enum { NODES = 600, ARCS = 6000 };
    uint64_t seed = SEED + 7, dice = seed;
    tq_flow_arc *arc = calloc(ARCS, sizeof *arc);
    int64_t *supply = calloc(NODES, sizeof *supply);
    size_t bytes = tq_flow_work_bytes(NODES, ARCS);
    void *memory = malloc(bytes);
    tq_arena work;
    tq_err err;
    assert_non_null(arc);
    assert_non_null(supply);
    tq_arena_init(&work, memory, bytes);
    for (uint32_t round = 0; round < 20; round++) {
        memset(supply, 0, NODES * sizeof *supply);
        for (uint32_t k = 0; k < ARCS; k++) {
            /* A ring that is never full keeps all connected. */
            bool ring = k < NODES;
            arc[k] = (tq_flow_arc){ring ? k : below(&dice, NODES),
                                   ring ? (k + 1) % NODES : below(&dice, NODES),
                                   ring ? TQ_FLOW_FREE : (int64_t)below(&dice, 200),
                                   (int64_t)below(&dice, 10000) + (ring ? 20000 : 0)};
        }
        for (uint32_t k = 0; k < NODES / 2; k++) {
            int64_t amount = below(&dice, 100);
            supply[below(&dice, NODES)] += amount;
            supply[below(&dice, NODES)] -= amount;
        }
        tq_flow_network net = {NODES, ARCS, arc, supply};
        tq_flow out, again;
        tq_arena_reset(&work, 0);
        if (tq_flow_solve(&net, &work, &out, &err) != TQ_OK) fail_msg("%s", err.text);
        prove(&net, &out);
        int64_t cost = out.cost;
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_flow_solve(&net, &work, &again, &err), TQ_OK);
        assert_int_equal(again.cost, cost);
        assert_int_equal(again.pivots, out.pivots);
    }
    printf("seed %llu\n", (unsigned long long)seed);
    free(memory);
    free(supply);
    free(arc);
}

static void refuses_by_name(void **state)
{
    (void)state;
    char memory[8192];
    tq_arena work;
    tq_flow out;
    tq_err err;
    tq_arena_init(&work, memory, sizeof memory);
    int64_t good[2] = {3, -3}, uneven[2] = {3, -2}, large[2] = {TQ_FLOW_VALUE_MAX + 1, 0};
    tq_flow_arc arc = {0, 1, 5, 2}, out_of = {0, 2, 5, 2}, negative = {0, 1, -1, 2};
    struct {
        tq_flow_network net;
        const char *names;
    } bad[] = {{{2, 1, &arc, uneven}, "differ by 1"},
               {{2, 1, &arc, large}, "node 0"},
               {{2, 1, &out_of, good}, "arc 0: from 0 to 2"},
               {{2, 1, &negative, good}, "arc 0"},
               {{0, 0, NULL, NULL}, "0 nodes"}};
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        assert_int_equal(tq_flow_solve(&bad[k].net, &work, &out, &err), TQ_BAD_INPUT);
        if (strstr(err.text, bad[k].names) == NULL) fail_msg("%zu: %s", k, err.text);
    }
    tq_flow_network net = {2, 1, &arc, good};
    assert_int_equal(tq_flow_solve(&net, &work, &out, &err), TQ_OK);
    assert_int_equal(out.cost, 6);
    assert_int_equal(out.potential[1] - out.potential[0], 2);
    tq_arena_init(&work, memory, 64);
    assert_int_equal(tq_flow_solve(&net, &work, &out, &err), TQ_NO_MEMORY);
    /* Arcs 2 and 4 go round and round for money; the answer names one of them, as they came. */
    tq_flow_arc loop[] = {{0, 1, 5, 2},
                          {1, 2, 5, 9},
                          {2, 3, TQ_FLOW_FREE, 1},
                          {0, 3, 5, 9},
                          {3, 2, TQ_FLOW_FREE, -7}};
    int64_t none[4] = {0};
    tq_flow_network endless = {4, 5, loop, none};
    tq_arena_init(&work, memory, sizeof memory);
    assert_int_equal(tq_flow_solve(&endless, &work, &out, &err), TQ_LIMIT);
    if (strstr(err.text, "arc 2 ") == NULL && strstr(err.text, "arc 4 ") == NULL)
        fail_msg("%s", err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_plain_method),
                                       cmocka_unit_test(larger_ones_prove_themselves),
                                       cmocka_unit_test(refuses_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
