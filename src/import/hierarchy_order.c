/*
 * The order in which a street graph is contracted: nested dissection.
 *
 * Method: a turn-expanded street network is ordered by cuts of its junctions (hierarchy_cut.c).
 * Other graphs, and pieces without a good cut: vertices of degree 0, 1 and 2 go first, an
 * independent set a round, so that dead-end
 * trees and chains cost a logarithmic depth and never reach the partitioner. The rest is ordered by
 * METIS_NodeND (Karypis, Kumar 1998) with a fixed seed.
 *
 * Invariants: the order is a permutation; the same graph gives the same order. METIS keeps its
 * random numbers in a global, so two orders must not be made at the same time in one process.
 * Limits: 1,073,741,823 arcs (METIS counts both directions in 32 bits).
 */
#include <metis.h>

#include "import/hierarchy_in.h"

#define ORDER_ARCS_MAX (INT32_MAX / 2)

/* Separator tries a level and allowed imbalance in thousandths; docs/design/road.md has the
 * measurement. */
#define ORDER_TRIES     4
#define ORDER_IMBALANCE 200
#define ORDER_SEED      1

/* A graph that shrinks: list of a node is neighbour[first[node] .. first[node] + degree[node]). */
typedef struct shrinking {
    uint32_t node_count;
    uint32_t *first;     /* [node_count + 1] */
    uint32_t *degree;    /* [node_count] */
    uint32_t *neighbour; /* [first[node_count]] */
    uint32_t *stamp;     /* [node_count] */
    uint8_t *gone;       /* [node_count] */
} shrinking;

static void shrinking_free(shrinking *graph)
{
    tq_free(graph->first);
    tq_free(graph->degree);
    tq_free(graph->neighbour);
    tq_free(graph->stamp);
    tq_free(graph->gone);
}

static void drop_repeats(shrinking *graph)
{
    for (uint32_t node = 0; node < graph->node_count; node++) {
        uint32_t *list = graph->neighbour + graph->first[node], kept = 0;
        for (uint32_t k = 0; k < graph->degree[node]; k++) {
            if (graph->stamp[list[k]] == node + 1) continue;
            graph->stamp[list[k]] = node + 1;
            list[kept++] = list[k];
        }
        graph->degree[node] = kept;
    }
    memset(graph->stamp, 0, graph->node_count * sizeof *graph->stamp);
}

static tq_status shrinking_make(const tq_graph *graph, shrinking *out, tq_err *err)
{
    uint32_t nodes = graph->node_count;
    out->node_count = nodes;
    out->first = TQ_ALLOC(uint32_t, (size_t)nodes + 1);
    out->degree = TQ_ALLOC(uint32_t, nodes);
    out->neighbour = TQ_ALLOC(uint32_t, 2 * (size_t)graph->arc_count);
    out->stamp = TQ_ALLOC(uint32_t, nodes);
    out->gone = TQ_ALLOC(uint8_t, nodes);
    if (out->first == NULL || out->degree == NULL || out->neighbour == NULL || out->stamp == NULL ||
        out->gone == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to order %u street nodes", nodes);
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        TQ_ASSERT(graph->tail[arc] < nodes && graph->head[arc] < nodes);
        if (graph->tail[arc] == graph->head[arc]) continue;
        out->first[graph->tail[arc] + 1]++;
        out->first[graph->head[arc] + 1]++;
    }
    for (uint32_t node = 0; node < nodes; node++)
        out->first[node + 1] += out->first[node];
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t tail = graph->tail[arc], head = graph->head[arc];
        if (tail == head) continue;
        out->neighbour[out->first[tail] + out->degree[tail]++] = head;
        out->neighbour[out->first[head] + out->degree[head]++] = tail;
    }
    drop_repeats(out);
    return TQ_OK;
}

/* Close the gaps that dropped repeats left. */
static void pack_lists(shrinking *graph)
{
    uint32_t filled = 0;
    for (uint32_t node = 0; node < graph->node_count; node++) {
        uint32_t first = graph->first[node];
        graph->first[node] = filled;
        for (uint32_t k = 0; k < graph->degree[node]; k++)
            graph->neighbour[filled++] = graph->neighbour[first + k];
    }
    graph->first[graph->node_count] = filled;
}

/* In the list of `node`, put `instead` for `old`; TQ_NONE or one that is there already: only take
 * it out. */
static void replace_neighbour(shrinking *graph, uint32_t node, uint32_t old, uint32_t instead)
{
    uint32_t *list = graph->neighbour + graph->first[node], place = TQ_NONE;
    bool known = instead == TQ_NONE;
    for (uint32_t k = 0; k < graph->degree[node]; k++) {
        if (list[k] == old) place = k;
        if (list[k] == instead) known = true;
    }
    TQ_ASSERT(place != TQ_NONE);
    list[place] = known ? list[--graph->degree[node]] : instead;
}

/* Take out nodes of degree 0, 1, 2; returns how many, written to order. */
static uint32_t take_low_degrees(shrinking *graph, uint32_t *order)
{
    uint32_t taken = 0;
    for (uint32_t round = 1;; round++) {
        uint32_t before = taken;
        for (uint32_t node = 0; node < graph->node_count; node++) {
            if (graph->gone[node] || graph->degree[node] > 2 || graph->stamp[node] == round)
                continue;
            const uint32_t *list = graph->neighbour + graph->first[node];
            uint32_t degree = graph->degree[node];
            for (uint32_t k = 0; k < degree; k++) {
                replace_neighbour(graph, list[k], node, degree == 2 ? list[1 - k] : TQ_NONE);
                graph->stamp[list[k]] = round;
            }
            graph->gone[node] = 1;
            order[taken++] = node;
        }
        if (taken == before) return taken;
    }
}

/* The nodes that are left as METIS wants them. */
typedef struct dense_core {
    idx_t node_count;
    uint32_t *node; /* [node_count] */
    idx_t *first;   /* [node_count + 1] */
    idx_t *neighbour;
    idx_t *order, *place; /* [node_count] */
} dense_core;

static void core_free(dense_core *core)
{
    tq_free(core->node);
    tq_free(core->first);
    tq_free(core->neighbour);
    tq_free(core->order);
    tq_free(core->place);
}

static tq_status core_make(shrinking *graph, uint32_t left, dense_core *out, tq_err *err)
{
    size_t arcs = 0;
    uint32_t *core_of_node = graph->stamp;
    for (uint32_t node = 0; node < graph->node_count; node++)
        if (!graph->gone[node]) arcs += graph->degree[node];
    out->node = TQ_ALLOC(uint32_t, left);
    out->first = TQ_ALLOC(idx_t, (size_t)left + 1);
    out->neighbour = TQ_ALLOC(idx_t, arcs);
    out->order = TQ_ALLOC(idx_t, left);
    out->place = TQ_ALLOC(idx_t, left);
    if (out->node == NULL || out->first == NULL || out->neighbour == NULL || out->order == NULL ||
        out->place == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to order %u street nodes", left);
    for (uint32_t node = 0; node < graph->node_count; node++) {
        if (graph->gone[node]) continue;
        core_of_node[node] = (uint32_t)out->node_count;
        out->node[out->node_count++] = node;
    }
    idx_t filled = 0;
    for (idx_t vertex = 0; vertex < out->node_count; vertex++) {
        uint32_t node = out->node[vertex];
        out->first[vertex] = filled;
        for (uint32_t k = 0; k < graph->degree[node]; k++)
            out->neighbour[filled++] =
                (idx_t)core_of_node[graph->neighbour[graph->first[node] + k]];
    }
    out->first[out->node_count] = filled;
    return TQ_OK;
}

static tq_status order_core(dense_core *core, tq_err *err)
{
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_NSEPS] = ORDER_TRIES;
    options[METIS_OPTION_UFACTOR] = ORDER_IMBALANCE;
    options[METIS_OPTION_COMPRESS] = 0;
    options[METIS_OPTION_CCORDER] = 0;
    options[METIS_OPTION_SEED] = ORDER_SEED;
    int result = METIS_NodeND(&core->node_count, core->first, core->neighbour, NULL, options,
                              core->order, core->place);
    if (result == METIS_ERROR_MEMORY)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory in METIS for %d street nodes",
                       (int)core->node_count);
    if (result != METIS_OK)
        return tq_fail(err, TQ_INTERNAL, 0, "METIS answers %d for %d street nodes", result,
                       (int)core->node_count);
    return TQ_OK;
}

tq_status order_by_metis(const tq_graph *graph, uint32_t *order, tq_err *err)
{
    shrinking low = {0};
    dense_core high = {0};
    tq_status status = shrinking_make(graph, &low, err);
    if (status != TQ_OK) goto done;
    uint32_t taken = take_low_degrees(&low, order), left = graph->node_count - taken;
    if (left == 0) goto done;
    if ((status = core_make(&low, left, &high, err)) != TQ_OK) goto done;
    if ((status = order_core(&high, err)) != TQ_OK) goto done;
    for (idx_t vertex = 0; vertex < high.node_count; vertex++)
        order[taken + (uint32_t)vertex] = high.node[high.order[vertex]];
done:
    core_free(&high);
    shrinking_free(&low);
    return status;
}

tq_status tq_hierarchy_order(const tq_graph *graph, uint32_t *order, tq_err *err)
{
    if (graph->node_count > INT32_MAX || graph->arc_count > ORDER_ARCS_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "%u street arcs are over the limit of %u; split the region",
                       graph->arc_count, (unsigned)ORDER_ARCS_MAX);
    shrinking whole = {0};
    bool done = false;
    tq_status status = shrinking_make(graph, &whole, err);
    if (status == TQ_OK) {
        pack_lists(&whole);
        order_lists lists = {graph->node_count, whole.first, whole.neighbour};
        status = cut_order(graph, &lists, order, &done, err);
    }
    shrinking_free(&whole);
    return status != TQ_OK || done ? status : order_by_metis(graph, order, err);
}
