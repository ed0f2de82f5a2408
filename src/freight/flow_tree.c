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
 * The tree is kept as parents, sizes and lists of children: sizes find the top of a cycle, lists
 * give the subtree whose potentials move by one number. Invariant: reduced costs of tree arcs are
 * 0.
 */
#include <string.h>

#include "freight/freight.h"

#define BLOCK_LEAST 20u
#define PRICE_NEAR  (INT64_C(1) << 36) /* all prices may move by so much 2^26 times */

enum { FULL = -1, IN_TREE = 0, EMPTY = 1 };

/* A node in the tree. */
typedef struct branch {
    uint32_t parent, child, next, before;
    uint32_t size; /* nodes from here down */
    uint32_t by;   /* arc to the parent times 2, + 1 when it leads to the parent */
} branch;

typedef struct tree {
    uint32_t nodes, arcs, real; /* with the root and its arcs; real arcs come first */
    uint32_t *from, *to;        /* [arcs] */
    int64_t *cost, *capacity, *flow;
    int8_t *state;
    branch *of;         /* [nodes] */
    int64_t *price;     /* [nodes]: apart, for the search for entering arcs */
    bool far;           /* prices are so high that only what must moves */
    uint32_t block, at; /* where the next block begins */
} tree;

/* The cycle of an entering arc. */
typedef struct cycle {
    uint32_t arc, first, second, top; /* flow is pushed first -> second over the arc */
    uint32_t out;                     /* node whose arc to its parent leaves; TQ_NONE = the arc */
    bool out_first;                   /* it lies on the side of `first` */
    int64_t push;
} cycle;

size_t tq_flow_work_bytes(uint32_t node_count, uint32_t arc_count)
{
    size_t nodes = (size_t)node_count + 1, arcs = (size_t)arc_count + node_count;
    return arcs * (2 * sizeof(uint32_t) + 3 * sizeof(int64_t) + 1) +
           nodes * (sizeof(branch) + sizeof(int64_t)) + 4096;
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
                .of = TQ_PUSH_RAW(work, branch, nodes)};
    return t->flow != NULL && t->price != NULL && t->from != NULL && t->to != NULL &&
           t->cost != NULL && t->capacity != NULL && t->state != NULL && t->of != NULL;
}

/* The arc of a node to its parent, and whether it leads there. */
static uint32_t arc_of(const tree *t, uint32_t node)
{
    return t->of[node].by >> 1;
}

static bool leads_up(const tree *t, uint32_t node)
{
    return (t->of[node].by & 1) != 0;
}

static void attach(tree *t, uint32_t node, uint32_t parent)
{
    uint32_t head = t->of[parent].child;
    t->of[node].parent = parent;
    t->of[node].next = head;
    t->of[node].before = TQ_NONE;
    if (head != TQ_NONE) t->of[head].before = node;
    t->of[parent].child = node;
}

static void detach(tree *t, uint32_t node)
{
    uint32_t next = t->of[node].next, before = t->of[node].before;
    if (before != TQ_NONE)
        t->of[before].next = next;
    else
        t->of[t->of[node].parent].child = next;
    if (next != TQ_NONE) t->of[next].before = before;
}

static void first_tree(const tq_flow_network *network, int64_t dearest, tree *t)
{
    uint32_t root = t->nodes - 1;
    int64_t beyond = (dearest + 1) * (int64_t)t->nodes;
    t->far = beyond > PRICE_NEAR;
    for (uint32_t k = 0; k < t->real; k++) {
        const tq_flow_arc *arc = &network->arc[k];
        t->from[k] = arc->from;
        t->to[k] = arc->to;
        t->cost[k] = arc->cost;
        t->capacity[k] = arc->capacity;
        t->state[k] = EMPTY;
    }
    t->of[root] = (branch){TQ_NONE, TQ_NONE, TQ_NONE, TQ_NONE, t->nodes, TQ_NONE};
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
        t->of[node] = (branch){.child = TQ_NONE, .size = 1, .by = arc << 1 | gives};
        t->price[node] = gives ? 0 : beyond;
        attach(t, node, root);
    }
    t->block = BLOCK_LEAST;
    while ((uint64_t)t->block * t->block < t->arcs)
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
    cycle c = {.arc = arc,
               .first = along ? t->from[arc] : t->to[arc],
               .second = along ? t->to[arc] : t->from[arc],
               .out = TQ_NONE,
               .push = t->capacity[arc]};
    uint32_t u = c.first, v = c.second;
    while (u != v)
        if (t->of[u].size < t->of[v].size)
            u = t->of[u].parent;
        else
            v = t->of[v].parent;
    c.top = u;
    /* From the top down to `first` the push goes against the way up. */
    for (u = c.first; u != c.top; u = t->of[u].parent) {
        int64_t fits = room(t, arc_of(t, u), !leads_up(t, u));
        if (fits >= c.push) continue;
        c.push = fits;
        c.out = u;
        c.out_first = true;
    }
    for (v = c.second; v != c.top; v = t->of[v].parent) {
        int64_t fits = room(t, arc_of(t, v), leads_up(t, v));
        if (fits > c.push || fits == TQ_FLOW_FREE) continue;
        c.push = fits;
        c.out = v;
        c.out_first = false;
    }
    return c;
}

static void push_flow(tree *t, const cycle *c)
{
    if (c->push == 0) return;
    t->flow[c->arc] += t->state[c->arc] * c->push;
    for (uint32_t u = c->first; u != c->top; u = t->of[u].parent)
        t->flow[arc_of(t, u)] += leads_up(t, u) ? -c->push : c->push;
    for (uint32_t v = c->second; v != c->top; v = t->of[v].parent)
        t->flow[arc_of(t, v)] += leads_up(t, v) ? c->push : -c->push;
}

/* Hang the part of the tree below `out` on the other end of the entering arc. */
static void rehang(tree *t, const cycle *c)
{
    uint32_t in = c->out_first ? c->first : c->second, on = c->out_first ? c->second : c->first;
    uint32_t all = t->of[c->out].size, moved = 0;
    for (uint32_t u = t->of[c->out].parent; u != c->top; u = t->of[u].parent)
        t->of[u].size -= all;
    for (uint32_t v = on; v != c->top; v = t->of[v].parent)
        t->of[v].size += all;
    uint32_t node = in, parent = on, by = c->arc << 1 | (t->from[c->arc] == in);
    for (;;) {
        branch old = t->of[node];
        detach(t, node);
        attach(t, node, parent);
        t->of[node].by = by;
        t->of[node].size = all - moved;
        if (node == c->out) break;
        moved = old.size;
        parent = node;
        by = old.by ^ 1;
        node = old.parent;
    }
}

/* Add to the prices of a subtree, without the subtree at `but` in it. */
static void add_below(tree *t, uint32_t top, uint32_t but, int64_t by)
{
    uint32_t node = top;
    for (;;) {
        bool skip = node == but;
        if (!skip) t->price[node] += by;
        if (!skip && t->of[node].child != TQ_NONE) {
            node = t->of[node].child;
            continue;
        }
        while (node != top && t->of[node].next == TQ_NONE)
            node = t->of[node].parent;
        if (node == top) return;
        node = t->of[node].next;
    }
}

/* The reduced cost of the entering arc becomes 0 by moving the prices below it, or, as only
 * differences count, all others the other way, if those are fewer. */
static void move_prices(tree *t, const cycle *c)
{
    uint32_t in = c->out_first ? c->first : c->second;
    int64_t by = t->cost[c->arc] + t->price[t->from[c->arc]] - t->price[t->to[c->arc]];
    if (t->from[c->arc] == in) by = -by;
    if (t->far || t->of[in].size <= t->nodes / 2)
        add_below(t, in, TQ_NONE, by);
    else
        add_below(t, t->nodes - 1, in, -by);
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
    for (uint32_t k = 0; k < t->real; k++) {
        int64_t cost;
        if (__builtin_mul_overflow(t->flow[k], t->cost[k], &cost) ||
            __builtin_add_overflow(out->cost, cost, &out->cost))
            return tq_fail(err, TQ_LIMIT, 0, "arc %u: the cost in all is beyond 64 bits", k);
    }
    int64_t zero = t->price[0];
    for (uint32_t node = 0; node < network->node_count; node++)
        t->price[node] -= zero;
    out->flow = t->flow;
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
                           "arc %u closes a cycle without a limit that earns money", arc);
        out->pivots++;
        push_flow(&t, &c);
        if (c.out == TQ_NONE) {
            t.state[arc] = (int8_t)-t.state[arc];
            continue;
        }
        uint32_t leaves = arc_of(&t, c.out);
        rehang(&t, &c);
        move_prices(&t, &c);
        t.state[arc] = IN_TREE;
        t.state[leaves] = t.flow[leaves] == 0 ? EMPTY : FULL;
    }
    return read_off(network, &t, out, err);
}
