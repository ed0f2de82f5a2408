/*
 * The primal network simplex for the cheapest flow of one commodity.
 *
 * Method: a root beside the network and one arc between it and each node make the first tree: what
 * has something to give sends it to the root for nothing, who wants something gets it from there at
 * a price that no real way reaches. Each pivot takes the arc with the worst reduced cost of a block
 * of arcs (blocks in turn), pushes what fits around the cycle that it closes with the tree, and
 * takes out the last arc of the cycle that limits, seen from its top in the direction of the push:
 * so the tree stays strongly feasible and the method ends (Cunningham 1976). What still comes from
 * the root at the end is a demand that cannot be served.
 *
 * The tree is kept as parents, sizes and its nodes in preorder, linked to a ring: sizes find the
 * top of a cycle, a stretch of the ring is the subtree whose potentials move by one number. Arcs
 * lie in a scattered order, so that a block holds arcs from all over the network: that saves half
 * of the pivots and more. Invariant: reduced costs of tree arcs are 0.
 */
#include <string.h>

#include "freight/freight.h"

#define BLOCK_LEAST 20u
#define BLOCK_SHARE 4u                 /* a block is the root of so many times all arcs */
#define PRICE_NEAR  (INT64_C(1) << 36) /* all prices may move by so much 2^26 times */

enum { FULL = -1, IN_TREE = 0, EMPTY = 1 };

/* Where a node hangs; read on every way up. */
typedef struct branch {
    uint32_t parent, size; /* size: nodes from here down */
} branch;

typedef struct tree {
    uint32_t nodes, arcs, real; /* with the root and its arcs; real arcs come first */
    uint32_t *from, *to;        /* [arcs] */
    int64_t *cost, *capacity, *flow;
    int8_t *state;
    branch *of;                     /* [nodes] */
    uint32_t *by;                   /* [nodes] arc to the parent times 2, + 1 when it leads there */
    uint32_t *next, *before, *last; /* [nodes] preorder as a ring; last: of the subtree */
    uint32_t *up[2];                /* [nodes] the two sides of a cycle, bottom up, without top */
    int64_t *price;                 /* [nodes] */
    bool far;                       /* prices are so high that only what must moves */
    uint32_t stride;                /* see place_of */
    uint32_t block, at;             /* where the next block begins */
} tree;

/* The cycle of an entering arc: flow is pushed down side 0 to the arc, over it, and up side 1. */
typedef struct cycle {
    uint32_t arc, len[2]; /* nodes of each side in tree.up */
    uint32_t out;         /* node whose arc to its parent leaves; TQ_NONE = the arc */
    uint32_t side, at;    /* where it lies */
    int64_t push;
} cycle;

size_t tq_flow_work_bytes(uint32_t node_count, uint32_t arc_count)
{
    size_t nodes = (size_t)node_count + 1, arcs = (size_t)arc_count + node_count;
    return arcs * (2 * sizeof(uint32_t) + 3 * sizeof(int64_t) + 1) +
           nodes * (sizeof(branch) + sizeof(int64_t) + 6 * sizeof(uint32_t)) + 4096;
}

/* ---- the first tree ----------------------------------------------------------------------------
 */

static tq_status check(const tq_flow_network *network, int64_t *dearest, tq_err *err)
{
    int64_t sum = 0;
    *dearest = 0;
    if (network->node_count == 0 || network->node_count > TQ_FLOW_NODES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u nodes; 1 to %u are allowed", network->node_count,
                       TQ_FLOW_NODES_MAX);
    if (network->arc_count > TQ_FLOW_ARCS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u arcs; at most %u", network->arc_count,
                       TQ_FLOW_ARCS_MAX);
    for (uint32_t k = 0; k < network->node_count; k++) {
        int64_t supply = network->supply[k];
        if (supply > TQ_FLOW_VALUE_MAX || supply < -TQ_FLOW_VALUE_MAX)
            return tq_fail(err, TQ_BAD_INPUT, 0, "node %u: the supply %lld is out of range", k,
                           (long long)supply);
        sum += supply;
    }
    if (sum != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "supplies and demands differ by %lld; they must add up to 0",
                       (long long)sum);
    for (uint32_t k = 0; k < network->arc_count; k++) {
        const tq_flow_arc *arc = &network->arc[k];
        int64_t cost = arc->cost < 0 ? -(arc->cost + 1) : arc->cost;
        if (arc->from >= network->node_count || arc->to >= network->node_count)
            return tq_fail(err, TQ_BAD_INPUT, 0, "arc %u: from %u to %u, there are %u nodes", k,
                           arc->from, arc->to, network->node_count);
        if (cost >= TQ_FLOW_VALUE_MAX || arc->capacity < 0 ||
            (arc->capacity > TQ_FLOW_VALUE_MAX && arc->capacity != TQ_FLOW_FREE))
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "arc %u: the cost %lld or the capacity %lld is out of range", k,
                           (long long)arc->cost, (long long)arc->capacity);
        *dearest = TQ_MAX(*dearest, cost + 1);
    }
    return TQ_OK;
}

static bool take_memory(const tq_flow_network *network, tq_arena *work, tree *t)
{
    size_t nodes = (size_t)network->node_count + 1,
           arcs = (size_t)network->arc_count + network->node_count;
    *t = (tree){.nodes = (uint32_t)nodes,
                .arcs = (uint32_t)arcs,
                .real = network->arc_count,
                .flow = TQ_PUSH(work, int64_t, arcs),
                .price = TQ_PUSH(work, int64_t, nodes),
                .from = TQ_PUSH_RAW(work, uint32_t, arcs),
                .to = TQ_PUSH_RAW(work, uint32_t, arcs),
                .cost = TQ_PUSH_RAW(work, int64_t, arcs),
                .capacity = TQ_PUSH_RAW(work, int64_t, arcs),
                .state = TQ_PUSH_RAW(work, int8_t, arcs),
                .of = TQ_PUSH_RAW(work, branch, nodes),
                .by = TQ_PUSH_RAW(work, uint32_t, nodes),
                .next = TQ_PUSH_RAW(work, uint32_t, nodes),
                .before = TQ_PUSH_RAW(work, uint32_t, nodes),
                .last = TQ_PUSH_RAW(work, uint32_t, nodes),
                .up = {TQ_PUSH_RAW(work, uint32_t, nodes), TQ_PUSH_RAW(work, uint32_t, nodes)}};
    return t->flow != NULL && t->price != NULL && t->from != NULL && t->to != NULL &&
           t->cost != NULL && t->capacity != NULL && t->state != NULL && t->of != NULL &&
           t->by != NULL && t->next != NULL && t->before != NULL && t->last != NULL &&
           t->up[0] != NULL && t->up[1] != NULL;
}

/* Arc k of the network lies at k * stride. */
static uint32_t stride_of(uint32_t arcs)
{
    uint32_t stride = (uint32_t)((uint64_t)arcs * 618 / 1000) | 1;
    for (;; stride += 2) {
        uint32_t a = arcs, b = stride;
        while (b != 0) {
            uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a <= 1) return stride;
    }
}

static uint32_t place_of(const tree *t, uint32_t arc)
{
    return (uint32_t)((uint64_t)arc * t->stride % t->real);
}

/* The arc of the network that lies there. */
static uint32_t number_of(const tree *t, uint32_t at)
{
    uint32_t arc = 0;
    while (arc < t->real && place_of(t, arc) != at)
        arc++;
    return arc;
}

static void place_arcs(const tq_flow_network *network, tree *t)
{
    for (uint32_t k = 0; k < t->real; k++) {
        const tq_flow_arc *arc = &network->arc[k];
        uint32_t at = place_of(t, k);
        t->from[at] = arc->from;
        t->to[at] = arc->to;
        t->cost[at] = arc->cost;
        t->capacity[at] = arc->capacity;
        t->state[at] = EMPTY;
    }
}

/* Every node hangs on the root. */
static void first_tree(const tq_flow_network *network, int64_t dearest, tree *t)
{
    uint32_t root = t->nodes - 1;
    int64_t beyond = (dearest + 1) * (int64_t)t->nodes;
    t->far = beyond > PRICE_NEAR;
    t->stride = stride_of(t->real);
    place_arcs(network, t);
    for (uint32_t node = 0; node < root; node++) {
        int64_t supply = network->supply[node];
        uint32_t arc = t->real + node;
        bool gives = supply >= 0;
        t->from[arc] = gives ? node : root;
        t->to[arc] = gives ? root : node;
        t->cost[arc] = gives ? 0 : beyond;
        t->capacity[arc] = TQ_FLOW_FREE;
        t->flow[arc] = gives ? supply : -supply;
        t->state[arc] = IN_TREE;
        t->of[node] = (branch){root, 1};
        t->by[node] = arc << 1 | gives;
        t->price[node] = gives ? 0 : beyond;
        t->last[node] = node;
        t->next[node] = node + 1;
        t->before[node] = node > 0 ? node - 1 : root;
    }
    t->of[root] = (branch){TQ_NONE, t->nodes};
    t->next[root] = 0;
    t->before[root] = t->last[root] = root - 1;
    t->block = BLOCK_LEAST;
    while ((uint64_t)t->block * t->block < BLOCK_SHARE * (uint64_t)t->arcs)
        t->block++;
}

/* ---- a pivot -----------------------------------------------------------------------------------
 */

/* The worst arc of the first block that has one that earns; TQ_NONE when none does. */
static uint32_t entering(tree *t)
{
    const int8_t *state = t->state;
    int64_t worst = 0;
    uint32_t found = TQ_NONE, left = t->block, at = t->at;
    for (uint32_t seen = 0; seen < t->arcs; seen++) {
        int64_t earns = state[at] * (t->cost[at] + t->price[t->from[at]] - t->price[t->to[at]]);
        if (earns < worst) {
            worst = earns;
            found = at;
        }
        at = at + 1 == t->arcs ? 0 : at + 1;
        if (--left == 0) {
            if (found != TQ_NONE) break;
            left = t->block;
        }
    }
    t->at = at;
    return found;
}

static int64_t room(const tree *t, uint32_t arc, bool along)
{
    if (!along) return t->flow[arc];
    return t->capacity[arc] == TQ_FLOW_FREE ? TQ_FLOW_FREE : t->capacity[arc] - t->flow[arc];
}

static cycle close_cycle(const tree *t, uint32_t arc)
{
    bool along = t->state[arc] == EMPTY;
    cycle c = {.arc = arc, .out = TQ_NONE, .push = t->capacity[arc]};
    uint32_t u = along ? t->from[arc] : t->to[arc], v = along ? t->to[arc] : t->from[arc];
    uint32_t *first = t->up[0], *second = t->up[1];
    branch at_u = t->of[u], at_v = t->of[v];
    while (u != v)
        if (at_u.size < at_v.size) {
            *first++ = u;
            u = at_u.parent;
            at_u = t->of[u];
        } else {
            *second++ = v;
            v = at_v.parent;
            at_v = t->of[v];
        }
    c.len[0] = (uint32_t)(first - t->up[0]);
    c.len[1] = (uint32_t)(second - t->up[1]);
    /* Down side 0 the push goes against the way up. */
    for (uint32_t k = 0; k < c.len[0]; k++) {
        uint32_t by = t->by[t->up[0][k]];
        int64_t fits = room(t, by >> 1, !(by & 1));
        if (fits >= c.push) continue;
        c = (cycle){arc, {c.len[0], c.len[1]}, t->up[0][k], 0, k, fits};
    }
    for (uint32_t k = 0; k < c.len[1]; k++) {
        uint32_t by = t->by[t->up[1][k]];
        int64_t fits = room(t, by >> 1, by & 1);
        if (fits > c.push || fits == TQ_FLOW_FREE) continue;
        c = (cycle){arc, {c.len[0], c.len[1]}, t->up[1][k], 1, k, fits};
    }
    return c;
}

static void push_flow(tree *t, const cycle *c)
{
    if (c->push == 0) return;
    t->flow[c->arc] += t->state[c->arc] * c->push;
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t k = 0; k < c->len[side]; k++) {
            uint32_t by = t->by[t->up[side][k]];
            t->flow[by >> 1] += (by & 1) == side ? c->push : -c->push;
        }
}

/* Take the part of the tree below `out` away from what is above it. */
static void cut(tree *t, const cycle *c, uint32_t all)
{
    const uint32_t *stem = t->up[c->side];
    uint32_t last = t->last[c->out], before = t->before[c->out], behind = t->next[last];
    for (uint32_t k = c->at + 1; k < c->len[c->side]; k++)
        t->of[stem[k]].size -= all;
    for (uint32_t u = t->of[c->out].parent; u != TQ_NONE && t->last[u] == last; u = t->of[u].parent)
        t->last[u] = before;
    t->next[before] = behind;
    t->before[behind] = before;
}

/* Turn that part over, so that the lower end of the stem is its top: in the order, each node of
 * the stem follows the one below it, with what hangs beside the stem. The last node of it all. */
static uint32_t turn(tree *t, const cycle *c, uint32_t all)
{
    const uint32_t *stem = t->up[c->side];
    uint32_t tail = t->last[stem[0]], end = tail, before = t->before[stem[0]], after = t->next[end];
    uint32_t size = t->of[stem[0]].size, by = t->by[stem[0]];
    for (uint32_t k = 1; k <= c->at; k++) {
        uint32_t node = stem[k], ends = t->last[node], prior = t->before[node], up = t->by[node],
                 whole = t->of[node].size;
        t->next[tail] = node;
        t->before[node] = tail;
        tail = before;
        if (ends != end) {
            t->next[before] = after;
            t->before[after] = before;
            tail = end = ends;
            after = t->next[ends];
        }
        before = prior;
        t->of[node] = (branch){stem[k - 1], all - size};
        t->by[node] = by ^ 1;
        size = whole;
        by = up;
    }
    for (uint32_t k = 0; k <= c->at; k++)
        t->last[stem[k]] = tail;
    return tail;
}

/* Hang the part of the tree below `out` on the other end of the entering arc. */
static void rehang(tree *t, const cycle *c)
{
    const uint32_t *other = t->up[1 - c->side];
    uint32_t all = t->of[c->out].size, in = t->up[c->side][0];
    bool up = t->from[c->arc] == in;
    uint32_t on = up ? t->to[c->arc] : t->from[c->arc];
    cut(t, c, all);
    uint32_t tail = turn(t, c, all), behind = t->next[on];
    for (uint32_t k = 0; k < c->len[1 - c->side]; k++)
        t->of[other[k]].size += all;
    for (uint32_t u = on; u != TQ_NONE && t->last[u] == on; u = t->of[u].parent)
        t->last[u] = tail;
    t->of[in] = (branch){on, all};
    t->by[in] = c->arc << 1 | up;
    t->next[on] = in;
    t->before[in] = on;
    t->next[tail] = behind;
    t->before[behind] = tail;
}

/* The reduced cost of the entering arc becomes 0 by moving the prices below it, or, as only
 * differences count, all others the other way, if those are fewer. */
static void move_prices(tree *t, const cycle *c)
{
    uint32_t in = t->up[c->side][0], node = in, count = t->of[in].size;
    int64_t by = t->cost[c->arc] + t->price[t->from[c->arc]] - t->price[t->to[c->arc]];
    if (t->from[c->arc] == in) by = -by;
    if (!t->far && count > t->nodes / 2) {
        node = t->next[t->last[in]];
        count = t->nodes - count;
        by = -by;
    }
    for (; count > 0; count--) {
        t->price[node] += by;
        node = t->next[node];
    }
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static tq_status read_off(const tq_flow_network *network, const tree *t, tq_flow *out, tq_err *err)
{
    out->stuck = TQ_NONE;
    /* What came from the root is what no real way brought. */
    for (uint32_t node = 0; node < network->node_count; node++) {
        int64_t left = t->flow[t->real + node];
        if (network->supply[node] >= 0 || left == 0) continue;
        out->short_by += left;
        if (out->stuck == TQ_NONE) out->stuck = node;
    }
    /* In the network's own order; limits have done their work. */
    for (uint32_t k = 0; k < t->real; k++) {
        int64_t cost;
        t->capacity[k] = t->flow[place_of(t, k)];
        if (__builtin_mul_overflow(t->capacity[k], network->arc[k].cost, &cost) ||
            __builtin_add_overflow(out->cost, cost, &out->cost))
            return tq_fail(err, TQ_LIMIT, 0, "arc %u: the cost in all is beyond 64 bits", k);
    }
    int64_t zero = t->price[0];
    for (uint32_t node = 0; node < network->node_count; node++)
        t->price[node] -= zero;
    out->flow = t->capacity;
    out->potential = t->price;
    if (out->stuck == TQ_NONE) return TQ_OK;
    return tq_fail(err, TQ_NO_ROUTE, 0,
                   "node %u is not reached by all it wants; %lld are short in all", out->stuck,
                   (long long)out->short_by);
}

tq_status tq_flow_solve(const tq_flow_network *network, tq_arena *work, tq_flow *out, tq_err *err)
{
    tree t;
    int64_t dearest = 0;
    *out = (tq_flow){.stuck = TQ_NONE};
    TQ_TRY(check(network, &dearest, err));
    if (dearest > INT64_MAX / 8 / ((int64_t)network->node_count + 2))
        return tq_fail(err, TQ_LIMIT, 0, "costs up to %lld over %u nodes cannot be summed",
                       (long long)dearest, network->node_count);
    if (!take_memory(network, work, &t))
        return tq_fail(err, TQ_NO_MEMORY, 0, "scratch of %zu bytes is needed",
                       tq_flow_work_bytes(network->node_count, network->arc_count));
    first_tree(network, dearest, &t);
    for (uint32_t arc = entering(&t); arc != TQ_NONE; arc = entering(&t)) {
        cycle c = close_cycle(&t, arc);
        if (c.push == TQ_FLOW_FREE)
            return tq_fail(err, TQ_LIMIT, 0,
                           "arc %u closes a cycle without a limit that earns money",
                           number_of(&t, arc));
        out->pivots++;
        push_flow(&t, &c);
        if (c.out == TQ_NONE) {
            t.state[arc] = (int8_t)-t.state[arc];
            continue;
        }
        uint32_t leaves = t.by[c.out] >> 1;
        rehang(&t, &c);
        move_prices(&t, &c);
        t.state[arc] = IN_TREE;
        t.state[leaves] = t.flow[leaves] == 0 ? EMPTY : FULL;
    }
    return read_off(network, &t, out, err);
}
