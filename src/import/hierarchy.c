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
    uint32_t *first_tail;  /* [vertex + 1], into tail */
    uint32_t *tail;        /* lower neighbours of each vertex, ascending */
    TQ_VEC(tq_down) down;
    TQ_VEC(uint32_t) front_first;
    TQ_VEC(tq_run) run;
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
    tq_free(work->first_tail);
    tq_free(work->tail);
    tq_vec_free(&work->down);
    tq_vec_free(&work->front_first);
    tq_vec_free(&work->run);
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

/* Push the children of a rank, the one with the longest list on top: it is numbered right below its
 * parent, so that vertices with like lists follow each other. */
static void push_children(elimination *work, uint32_t rank, uint32_t *height)
{
    uint32_t begin = *height, longest = begin, most = 0;
    for (uint32_t child = work->first_child[rank]; child != TQ_NONE;
         child = work->next_child[child]) {
        uint32_t length = work->first_up[child + 1] - work->first_up[child];
        if (length > most) {
            most = length;
            longest = *height;
        }
        work->stack[(*height)++] = child;
    }
    if (*height == begin) return;
    uint32_t top = work->stack[*height - 1];
    work->stack[*height - 1] = work->stack[longest];
    work->stack[longest] = top;
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
            push_children(work, rank, &height);
        }
    }
    for (uint32_t rank = 0; rank < work->count; rank++)
        work->stack[vertex_of_rank[rank]] = rank;
}

/* The same arrays as in tq_hierarchy, still writable. */
typedef struct frozen {
    uint32_t *vertex_of_node, *parent, *first_up, *up_head, *first_down, *up_of_link;
    uint16_t *depth, *up_depth;
    uint32_t *front_first, *front_parent, *first_run;
    tq_down *down;
    tq_run *run;
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
    out->parent = take(pool, count, sizeof(uint32_t));
    out->depth = take(pool, count, sizeof(uint16_t));
    out->first_up = take(pool, count + 1, sizeof(uint32_t));
    out->up_head = take(pool, ups, sizeof(uint32_t));
    out->up_depth = take(pool, ups, sizeof(uint16_t));
    out->first_down = take(pool, count + 1, sizeof(uint32_t));
    out->up_of_link = take(pool, arcs, sizeof(uint32_t));
    if (out->vertex_of_node == NULL || out->parent == NULL || out->depth == NULL ||
        out->first_up == NULL || out->up_head == NULL || out->up_depth == NULL ||
        out->first_down == NULL || out->up_of_link == NULL)
        return no_memory(work->count, err);
    return TQ_OK;
}

static tq_status fill_vertices(const elimination *work, const uint32_t *order, frozen *out,
                               tq_err *err)
{
    const uint32_t *vertex_of_rank = work->stamp, *rank_of_vertex = work->stack;
    for (uint32_t vertex = work->count; vertex-- > 0;) {
        uint32_t rank = rank_of_vertex[vertex], parent = work->parent[rank];
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

/* Lower neighbours of every vertex by going over tails: they come out ascending. */
static tq_status fill_tails(elimination *work, const frozen *out, tq_err *err)
{
    const uint32_t *vertex_of_rank = work->stamp, *rank_of_vertex = work->stack;
    uint32_t count = work->count, *filled = work->first_child;
    work->first_tail = TQ_ALLOC(uint32_t, (size_t)count + 1);
    work->tail = TQ_ALLOC(uint32_t, work->up.count);
    if (work->first_tail == NULL || work->tail == NULL) return no_memory(count, err);
    for (size_t k = 0; k < work->up.count; k++)
        work->first_tail[vertex_of_rank[work->up.at[k]] + 1]++;
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        uint32_t rank = rank_of_vertex[vertex];
        work->first_tail[vertex + 1] += work->first_tail[vertex];
        out->first_up[vertex + 1] =
            out->first_up[vertex] + work->first_up[rank + 1] - work->first_up[rank];
    }
    memset(filled, 0, count * sizeof *filled);
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        uint32_t rank = rank_of_vertex[vertex];
        for (uint32_t k = work->first_up[rank]; k < work->first_up[rank + 1]; k++) {
            uint32_t head = vertex_of_rank[work->up.at[k]];
            work->tail[work->first_tail[head] + filled[head]++] = vertex;
        }
    }
    return TQ_OK;
}

/* Up-lists by going over heads, ascending again; and the groups of tails that follow each other. */
static tq_status fill_lists(elimination *work, tq_pool *pool, frozen *out, tq_err *err)
{
    uint32_t count = work->count, *filled = work->first_child;
    memset(filled, 0, count * sizeof *filled);
    for (uint32_t vertex = 0; vertex < count; vertex++) {
        size_t first = work->down.count;
        for (uint32_t k = work->first_tail[vertex]; k < work->first_tail[vertex + 1]; k++) {
            uint32_t tail = work->tail[k], arc = out->first_up[tail] + filled[tail]++;
            uint32_t rest = out->first_up[tail + 1] - arc;
            out->up_head[arc] = vertex;
            out->up_depth[arc] = out->depth[vertex];
            tq_down *group = work->down.count > first ? &work->down.at[work->down.count - 1] : NULL;
            if (group != NULL && group->last + 1 == tail && out->parent[tail - 1] == tail &&
                group->rest == rest) {
                group->last = tail;
                group->count++;
            } else if (!tq_vec_push(&work->down, ((tq_down){tail, 1, (uint16_t)rest}))) {
                return no_memory(count, err);
            }
        }
        out->first_down[vertex + 1] = (uint32_t)work->down.count;
    }
    out->down = take(pool, work->down.count, sizeof(tq_down));
    if (out->down == NULL) return no_memory(count, err);
    if (work->down.count > 0)
        memcpy(out->down, work->down.at, work->down.count * sizeof *out->down);
    return TQ_OK;
}

/* Both lists ascend, and all of the front's entries are in its parent's neighbourhood. */
static bool add_runs(elimination *work, const frozen *out, uint32_t front)
{
    uint32_t last = out->front_first[front + 1] - 1, parent = out->front_parent[front];
    uint32_t first = out->front_first[parent], top = out->front_first[parent + 1] - 1;
    uint32_t place = out->first_up[top], members = top + 1 - first, next = TQ_NONE;
    for (uint32_t arc = out->first_up[last]; arc < out->first_up[last + 1]; arc++) {
        uint32_t head = out->up_head[arc], at = head - first;
        if (head > top) {
            while (out->up_head[place] != head)
                place++;
            at = members + place - out->first_up[top];
        }
        if (at == next)
            work->run.at[work->run.count - 1].length++;
        else if (!tq_vec_push(&work->run, ((tq_run){(uint16_t)at, 1})))
            return false;
        next = at + 1;
    }
    return true;
}

/* Chains of vertices with nested lists, and where each chain's list stands in that of its parent.
 */
static tq_status fill_fronts(elimination *work, tq_pool *pool, frozen *out, tq_err *err)
{
    uint32_t *front_of = work->first_child;
    for (uint32_t vertex = 0; vertex < work->count; vertex++) {
        uint32_t length = out->first_up[vertex + 1] - out->first_up[vertex];
        bool same = vertex > 0 && out->parent[vertex - 1] == vertex &&
                    out->first_up[vertex] - out->first_up[vertex - 1] == length + 1;
        if (!same && !tq_vec_push(&work->front_first, vertex)) return no_memory(work->count, err);
        front_of[vertex] = (uint32_t)work->front_first.count - 1;
    }
    uint32_t fronts = (uint32_t)work->front_first.count;
    if (!tq_vec_push(&work->front_first, work->count)) return no_memory(work->count, err);
    out->front_first = take(pool, (size_t)fronts + 1, sizeof(uint32_t));
    out->front_parent = take(pool, fronts, sizeof(uint32_t));
    out->first_run = take(pool, (size_t)fronts + 1, sizeof(uint32_t));
    if (out->front_first == NULL || out->front_parent == NULL || out->first_run == NULL)
        return no_memory(work->count, err);
    memcpy(out->front_first, work->front_first.at, ((size_t)fronts + 1) * sizeof(uint32_t));
    for (uint32_t front = 0; front < fronts; front++) {
        uint32_t last = out->front_first[front + 1] - 1, parent = out->parent[last];
        out->front_parent[front] = parent == TQ_NONE ? TQ_NONE : front_of[parent];
        if (parent != TQ_NONE && !add_runs(work, out, front)) return no_memory(work->count, err);
        out->first_run[front + 1] = (uint32_t)work->run.count;
    }
    out->run = take(pool, work->run.count, sizeof(tq_run));
    if (out->run == NULL) return no_memory(work->count, err);
    if (work->run.count > 0) memcpy(out->run, work->run.at, work->run.count * sizeof *out->run);
    return TQ_OK;
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
                             uint32_t **vertex_of_node, tq_hierarchy *out, tq_err *err)
{
    elimination work = {0};
    frozen made = {0};
    tq_status status = elimination_make(graph, order, &work, err);
    if (status != TQ_OK) goto done;
    if ((status = eliminate(&work, err)) != TQ_OK) goto done;
    number_vertices(&work);
    if ((status = frozen_make(&work, graph->arc_count, pool, &made, err)) != TQ_OK) goto done;
    if ((status = fill_vertices(&work, order, &made, err)) != TQ_OK) goto done;
    if ((status = fill_tails(&work, &made, err)) != TQ_OK) goto done;
    if ((status = fill_lists(&work, pool, &made, err)) != TQ_OK) goto done;
    if ((status = fill_fronts(&work, pool, &made, err)) != TQ_OK) goto done;
    for (uint32_t arc = 0; arc < graph->arc_count; arc++) {
        uint32_t tail = made.vertex_of_node[graph->tail[arc]],
                 head = made.vertex_of_node[graph->head[arc]];
        made.up_of_link[arc] = tail == head  ? TQ_NONE
                               : tail < head ? find_up(&made, tail, head) * 2
                                             : find_up(&made, head, tail) * 2 + 1;
    }
    *out = (tq_hierarchy){.vertex_count = graph->node_count,
                          .up_count = (uint32_t)work.up.count,
                          .link_count = graph->arc_count,
                          .parent = made.parent,
                          .depth = made.depth,
                          .first_up = made.first_up,
                          .up_head = made.up_head,
                          .up_depth = made.up_depth,
                          .first_down = made.first_down,
                          .down_count = (uint32_t)work.down.count,
                          .down = made.down,
                          .front_count = (uint32_t)work.front_first.count - 1,
                          .front_first = made.front_first,
                          .front_parent = made.front_parent,
                          .first_run = made.first_run,
                          .run_count = (uint32_t)work.run.count,
                          .run = made.run,
                          .up_of_link = made.up_of_link};
    *vertex_of_node = made.vertex_of_node;
done:
    elimination_free(&work);
    return status;
}
