/*
 * Topology of a customizable contraction hierarchy for a given order (Dibbelt, Strasser, Wagner
 * 2016).
 *
 * Method: symbolic elimination. The up-neighbours of a vertex are its higher graph neighbours and
 * those of its children in the elimination tree; the lowest of them is its parent. Then vertices
 * are renumbered by a post-order of that tree, which makes every up-neighbour an ancestor and every
 * subtree a range. Lists are sorted by transposing twice, without comparisons.
 *
 * Invariants: as stated at tq_hierarchy in city.h; the same graph and order give the same arrays.
 * Limits: HIERARCHY_DEPTH_MAX levels (a depth is 16 bits), HIERARCHY_ARCS_MAX up-arcs.
 */
#include "import/import.h"

#define HIERARCHY_DEPTH_MAX 65535u
#define HIERARCHY_ARCS_MAX  0x7ffffffeu /* twice an up-arc, plus one, must stay below TQ_NONE */

/* Work by rank; freed at the end. */
typedef struct elimination {
    uint32_t count;
    uint32_t *rank;        /* [node] */
    uint32_t *first_above; /* [rank + 1], into above: higher graph neighbours */
    uint32_t *above;
    uint32_t *first_up;    /* [rank + 1], into up */
    TQ_VEC(uint32_t) up;   /* ranks, unsorted in a list */
    uint32_t *parent;      /* [rank], TQ_NONE for a root */
    uint32_t *first_child; /* [rank], TQ_NONE; then next_child */
    uint32_t *next_child;  /* [rank] */
    uint32_t *stamp;       /* [rank]; later the number in post-order */
    uint32_t *stack;       /* [rank]; later the rank of a vertex */
} elimination;

static void elimination_free(elimination *work)
{
    tq_free(work->rank);
    tq_free(work->first_above);
    tq_free(work->above);
    tq_free(work->first_up);
    tq_vec_free(&work->up);
    tq_free(work->parent);
    tq_free(work->first_child);
    tq_free(work->next_child);
    tq_free(work->stamp);
    tq_free(work->stack);
}

static tq_status no_memory(uint32_t count, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the hierarchy of %u street nodes", count);
}

static tq_status elimination_make(const tq_graph *graph, const uint32_t *order, elimination *work,
                                  tq_err *err)
{
    size_t count = graph->node_count;
    work->count = graph->node_count;
    work->rank = TQ_ALLOC(uint32_t, count);
    work->first_above = TQ_ALLOC(uint32_t, count + 2);
    work->above = TQ_ALLOC(uint32_t, graph->arc_count);
    work->first_up = TQ_ALLOC(uint32_t, count + 1);
    work->parent = TQ_ALLOC(uint32_t, count);
    work->first_child = TQ_ALLOC(uint32_t, count);
    work->next_child = TQ_ALLOC(uint32_t, count);
    work->stamp = TQ_ALLOC(uint32_t, count);
    work->stack = TQ_ALLOC(uint32_t, count);
    if (work->rank == NULL || work->first_above == NULL || work->above == NULL ||
        work->first_up == NULL || work->parent == NULL || work->first_child == NULL ||
        work->next_child == NULL || work->stamp == NULL || work->stack == NULL)
        return no_memory(work->count, err);
    memset(work->rank, 0xff, count * sizeof *work->rank);
    for (uint32_t rank = 0; rank < work->count; rank++) {
        if (order[rank] >= work->count || work->rank[order[rank]] != TQ_NONE)
            return tq_fail(err, TQ_BAD_INPUT, rank, "the order names node %u twice or not at all",
                           order[rank]);
        work->rank[order[rank]] = rank;
    }
    /* Counted two places up, so that filling leaves first_above[rank] at the list's begin. */
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t a = work->rank[graph->tail[arc]], b = work->rank[graph->head[arc]];
        if (a != b) work->first_above[TQ_MIN(a, b) + 2]++;
    }
    for (size_t rank = 0; rank < count; rank++)
        work->first_above[rank + 2] += work->first_above[rank + 1];
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t a = work->rank[graph->tail[arc]], b = work->rank[graph->head[arc]];
        if (a != b) work->above[work->first_above[TQ_MIN(a, b) + 1]++] = TQ_MAX(a, b);
    }
    return TQ_OK;
}

/* Append those of `list` that are above `rank` and not yet in its list. */
static void gather(elimination *work, uint32_t rank, uint32_t begin, uint32_t end,
                   const uint32_t *list)
{
    for (uint32_t k = begin; k < end; k++) {
        uint32_t other = list[k];
        if (other == rank || work->stamp[other] == rank + 1) continue;
        work->stamp[other] = rank + 1;
        work->up.at[work->up.count++] = other;
    }
}

static tq_status eliminate(elimination *work, tq_err *err)
{
    memset(work->first_child, 0xff, work->count * sizeof *work->first_child);
    for (uint32_t rank = 0; rank < work->count; rank++) {
        size_t most = work->first_above[rank + 1] - work->first_above[rank];
        for (uint32_t child = work->first_child[rank]; child != TQ_NONE;
             child = work->next_child[child])
            most += work->first_up[child + 1] - work->first_up[child];
        if (!tq_vec_room(&work->up, most)) return no_memory(work->count, err);
        uint32_t begin = (uint32_t)work->up.count;
        work->first_up[rank] = begin;
        gather(work, rank, work->first_above[rank], work->first_above[rank + 1], work->above);
        for (uint32_t child = work->first_child[rank]; child != TQ_NONE;
             child = work->next_child[child])
            gather(work, rank, work->first_up[child], work->first_up[child + 1], work->up.at);
        if (work->up.count > HIERARCHY_ARCS_MAX)
            return tq_fail(err, TQ_LIMIT, 0,
                           "the hierarchy has more than %u up-arcs; split the region",
                           HIERARCHY_ARCS_MAX);
        work->first_up[rank + 1] = (uint32_t)work->up.count;
        uint32_t parent = TQ_NONE;
        for (size_t k = begin; k < work->up.count; k++)
            parent = TQ_MIN(parent, work->up.at[k]);
        work->parent[rank] = parent;
        if (parent == TQ_NONE) continue;
        work->next_child[rank] = work->first_child[parent];
        work->first_child[parent] = rank;
    }
    return TQ_OK;
}

/* Number by a reversed pre-order: a parent comes above its children and a subtree is a range. */
static void number_vertices(elimination *work)
{
    uint32_t *vertex_of_rank = work->stamp, next = work->count, height = 0;
    for (uint32_t root = 0; root < work->count; root++) {
        if (work->parent[root] != TQ_NONE) continue;
        work->stack[height++] = root;
        while (height > 0) {
            uint32_t rank = work->stack[--height];
            vertex_of_rank[rank] = --next;
            for (uint32_t child = work->first_child[rank]; child != TQ_NONE;
                 child = work->next_child[child])
                work->stack[height++] = child;
        }
    }
    for (uint32_t rank = 0; rank < work->count; rank++)
        work->stack[vertex_of_rank[rank]] = rank;
}

/* The same arrays as in tq_hierarchy, still writable. */
typedef struct frozen {
    uint32_t *vertex_of_node, *node_of_vertex, *parent, *first_up, *up_head, *first_down,
        *down_tail, *down_arc, *up_of_arc;
    uint16_t *depth, *up_depth;
} frozen;

static void *take(tq_pool *pool, size_t count, size_t size)
{
    return count > SIZE_MAX / 2 / size ? NULL : tq_pool_push(pool, count * size, 8);
}

static tq_status frozen_make(const elimination *work, uint32_t arcs, tq_pool *pool, frozen *out,
                             tq_err *err)
{
    size_t count = work->count, ups = work->up.count;
    out->vertex_of_node = take(pool, count, sizeof(uint32_t));
    out->node_of_vertex = take(pool, count, sizeof(uint32_t));
    out->parent = take(pool, count, sizeof(uint32_t));
    out->depth = take(pool, count, sizeof(uint16_t));
    out->first_up = take(pool, count + 1, sizeof(uint32_t));
    out->up_head = take(pool, ups, sizeof(uint32_t));
    out->up_depth = take(pool, ups, sizeof(uint16_t));
    out->first_down = take(pool, count + 1, sizeof(uint32_t));
    out->down_tail = take(pool, ups, sizeof(uint32_t));
    out->down_arc = take(pool, ups, sizeof(uint32_t));
    out->up_of_arc = take(pool, arcs, sizeof(uint32_t));
    if (out->vertex_of_node == NULL || out->node_of_vertex == NULL || out->parent == NULL ||
        out->depth == NULL || out->first_up == NULL || out->up_head == NULL ||
        out->up_depth == NULL || out->first_down == NULL || out->down_tail == NULL ||
        out->down_arc == NULL || out->up_of_arc == NULL)
        return no_memory(work->count, err);
    return TQ_OK;
}

static tq_status fill_vertices(const elimination *work, const uint32_t *order, frozen *out,
                               tq_err *err)
{
    const uint32_t *vertex_of_rank = work->stamp, *rank_of_vertex = work->stack;
    for (uint32_t vertex = work->count; vertex-- > 0;) {
        uint32_t rank = rank_of_vertex[vertex], parent = work->parent[rank];
        out->node_of_vertex[vertex] = order[rank];
        out->vertex_of_node[order[rank]] = vertex;
        out->parent[vertex] = parent == TQ_NONE ? TQ_NONE : vertex_of_rank[parent];
        if (parent == TQ_NONE) continue;
        uint32_t depth = out->depth[out->parent[vertex]] + 1u;
        if (depth > HIERARCHY_DEPTH_MAX)
            return tq_fail(err, TQ_LIMIT, 0,
                           "the hierarchy is deeper than %u levels at node %u; split the region",
                           HIERARCHY_DEPTH_MAX, order[rank]);
        out->depth[vertex] = (uint16_t)depth;
    }
    return TQ_OK;
}

/* Down lists by going over tails, then up lists by going over heads: both come out ascending. */
static void fill_lists(const elimination *work, frozen *out)
{
    const uint32_t *vertex_of_rank = work->stamp, *rank_of_vertex = work->stack;
    uint32_t count = work->count, *filled = work->first_child;
    for (size_t k = 0; k < work->up.count; k++)
        out->first_down[vertex_of_rank[work->up.at[k]] + 1]++;
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        uint32_t rank = rank_of_vertex[vertex];
        out->first_down[vertex + 1] += out->first_down[vertex];
        out->first_up[vertex + 1] =
            out->first_up[vertex] + work->first_up[rank + 1] - work->first_up[rank];
    }
    memset(filled, 0, count * sizeof *filled);
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        uint32_t rank = rank_of_vertex[vertex];
        for (uint32_t k = work->first_up[rank]; k < work->first_up[rank + 1]; k++) {
            uint32_t head = vertex_of_rank[work->up.at[k]];
            out->down_tail[out->first_down[head] + filled[head]++] = vertex;
        }
    }
    memset(filled, 0, count * sizeof *filled);
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        for (uint32_t k = out->first_down[vertex]; k < out->first_down[vertex + 1]; k++) {
            uint32_t tail = out->down_tail[k], arc = out->first_up[tail] + filled[tail]++;
            out->up_head[arc] = vertex;
            out->up_depth[arc] = out->depth[vertex];
            out->down_arc[k] = arc;
        }
    }
}

static uint32_t find_up(const frozen *out, uint32_t low, uint32_t high)
{
    uint32_t begin = out->first_up[low], end = out->first_up[low + 1];
    while (end - begin > 1) {
        uint32_t middle = begin + (end - begin) / 2;
        if (out->up_head[middle] <= high)
            begin = middle;
        else
            end = middle;
    }
    TQ_ASSERT(begin < end && out->up_head[begin] == high);
    return begin;
}

tq_status tq_hierarchy_build(const tq_graph *graph, const uint32_t *order, tq_pool *pool,
                             tq_hierarchy *out, tq_err *err)
{
    elimination work = {0};
    frozen made = {0};
    tq_status status = elimination_make(graph, order, &work, err);
    if (status != TQ_OK) goto done;
    if ((status = eliminate(&work, err)) != TQ_OK) goto done;
    number_vertices(&work);
    if ((status = frozen_make(&work, graph->arc_count, pool, &made, err)) != TQ_OK) goto done;
    if ((status = fill_vertices(&work, order, &made, err)) != TQ_OK) goto done;
    fill_lists(&work, &made);
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t tail = made.vertex_of_node[graph->tail[arc]],
                 head = made.vertex_of_node[graph->head[arc]];
        made.up_of_arc[arc] = tail == head  ? TQ_NONE
                              : tail < head ? find_up(&made, tail, head) * 2
                                            : find_up(&made, head, tail) * 2 + 1;
    }
    *out = (tq_hierarchy){.vertex_count = graph->node_count,
                          .up_count = (uint32_t)work.up.count,
                          .vertex_of_node = made.vertex_of_node,
                          .node_of_vertex = made.node_of_vertex,
                          .parent = made.parent,
                          .depth = made.depth,
                          .first_up = made.first_up,
                          .up_head = made.up_head,
                          .up_depth = made.up_depth,
                          .first_down = made.first_down,
                          .down_tail = made.down_tail,
                          .down_arc = made.down_arc,
                          .up_of_arc = made.up_of_arc};
done:
    elimination_free(&work);
    return status;
}
