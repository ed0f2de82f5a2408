/*
 * Contraction of the walking graph (Geisberger et al. 2008; a core that is left over: Bauer et al.
 * 2010).
 *
 * Nodes go in order of degree, then of how many layers lie below them, so that crossings and bends
 * of streets vanish first. A shortcut between two neighbours is left out when a limited search
 * finds a way that is no longer. The rest, the core, holds every stop's node; contraction ends when
 * it would get denser than CORE_DEGREE. At last arcs of the core that are longer than another way
 * are taken out.
 *
 * All choices go by number, so the same graph gives the same core.
 */
#include "import/walk_in.h"

#define CORE_DEGREE    18u  /* mean neighbours in the core at which contraction ends */
#define NODE_DEGREE    40u  /* a node with more neighbours stays */
#define WITNESS_SETTLE 40u  /* nodes that a witness search looks at */
#define PRUNE_SETTLE   500u /* the same for arcs of the finished core */

tq_status walk_graph_begin(walk_graph *graph, uint32_t node_count, tq_err *err)
{
    memset(graph, 0, sizeof *graph);
    graph->node_count = node_count;
    graph->list = TQ_ALLOC(walk_list, node_count);
    graph->keep = TQ_ALLOC(uint8_t, node_count);
    graph->rank = TQ_ALLOC(uint32_t, node_count);
    graph->dist = TQ_ALLOC(uint32_t, node_count);
    graph->seen = TQ_ALLOC(uint32_t, node_count);
    graph->heap_id = TQ_ALLOC(uint32_t, node_count);
    graph->heap_pos = TQ_ALLOC(uint32_t, node_count);
    graph->heap_key = TQ_ALLOC(int64_t, node_count);
    if (graph->list == NULL || graph->keep == NULL || graph->rank == NULL || graph->dist == NULL ||
        graph->seen == NULL || graph->heap_id == NULL || graph->heap_pos == NULL ||
        graph->heap_key == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the walking graph of %u nodes",
                       node_count);
    for (uint32_t node = 0; node < node_count; node++) {
        graph->rank[node] = TQ_NONE;
        graph->heap_pos[node] = TQ_NONE;
        graph->dist[node] = TQ_NONE;
    }
    return TQ_OK;
}

void walk_graph_free(walk_graph *graph)
{
    tq_vec_free(&graph->arc);
    tq_free(graph->list);
    tq_free(graph->keep);
    tq_free(graph->rank);
    tq_free(graph->dist);
    tq_free(graph->seen);
    tq_free(graph->heap_id);
    tq_free(graph->heap_pos);
    tq_free(graph->heap_key);
    memset(graph, 0, sizeof *graph);
}

static walk_arc *find_arc(const walk_graph *graph, uint32_t tail, uint32_t head)
{
    const walk_list *list = &graph->list[tail];
    for (uint32_t k = 0; k < list->count; k++)
        if (graph->arc.at[list->first + k].head == head) return &graph->arc.at[list->first + k];
    return NULL;
}

static bool add_arc(walk_graph *graph, uint32_t tail, uint32_t head, uint32_t dm)
{
    walk_list *list = &graph->list[tail];
    if (list->count == list->room) {
        uint32_t room = list->room == 0 ? 4 : list->room * 2;
        if (!tq_vec_room(&graph->arc, room)) return false;
        size_t first = graph->arc.count;
        if (list->count != 0)
            memcpy(&graph->arc.at[first], &graph->arc.at[list->first],
                   list->count * sizeof(walk_arc));
        graph->arc.count += room;
        list->first = first;
        list->room = room;
    }
    graph->arc.at[list->first + list->count++] = (walk_arc){head, dm};
    graph->live_arcs++;
    return true;
}

bool walk_graph_join(walk_graph *graph, uint32_t a, uint32_t b, uint32_t dm)
{
    if (a == b) return true;
    walk_arc *there = find_arc(graph, a, b);
    if (there == NULL) return add_arc(graph, a, b, dm) && add_arc(graph, b, a, dm);
    walk_arc *back = find_arc(graph, b, a);
    TQ_ASSERT(back != NULL);
    if (dm < there->dm) there->dm = back->dm = dm;
    return true;
}

static void drop_arc(walk_graph *graph, uint32_t tail, uint32_t head)
{
    walk_list *list = &graph->list[tail];
    for (uint32_t k = 0; k < list->count; k++) {
        if (graph->arc.at[list->first + k].head != head) continue;
        graph->arc.at[list->first + k] = graph->arc.at[list->first + --list->count];
        graph->live_arcs--;
        return;
    }
}

/* Distances from a node up to `most`, not through `without`; at most `settle` nodes. Labels stay in
 * dist. */
static uint32_t search(walk_graph *graph, uint32_t from, uint32_t without, uint32_t most,
                       uint32_t settle)
{
    tq_heap heap = {graph->heap_id, graph->heap_pos, graph->heap_key, 0};
    uint32_t seen = 0;
    graph->dist[from] = 0;
    graph->seen[seen++] = from;
    tq_heap_lower(&heap, from, 0);
    while (heap.count > 0 && settle-- > 0) {
        int64_t key;
        uint32_t node = tq_heap_pop(&heap, &key);
        if (key > most) break;
        for (uint32_t k = 0; k < graph->list[node].count; k++) {
            walk_arc arc = graph->arc.at[graph->list[node].first + k];
            uint32_t next = (uint32_t)key + arc.dm;
            if (arc.head == without || next > most || next >= graph->dist[arc.head]) continue;
            if (graph->dist[arc.head] == TQ_NONE) graph->seen[seen++] = arc.head;
            graph->dist[arc.head] = next;
            tq_heap_lower(&heap, arc.head, next);
        }
    }
    while (heap.count > 0)
        tq_heap_pop(&heap, NULL);
    return seen;
}

static void forget(walk_graph *graph, uint32_t seen)
{
    for (uint32_t k = 0; k < seen; k++)
        graph->dist[graph->seen[k]] = TQ_NONE;
}

/* Take a node out, joining its neighbours where no other way is as short. Its own list stays as it
 * is. */
static bool contract(walk_graph *graph, uint32_t node)
{
    walk_arc near[NODE_DEGREE];
    uint32_t count = graph->list[node].count;
    memcpy(near, &graph->arc.at[graph->list[node].first], count * sizeof *near);
    for (uint32_t k = 0; k < count; k++)
        drop_arc(graph, near[k].head, node);
    graph->live_arcs -= count;
    graph->live_nodes--;
    graph->rank[node] = graph->contracted++;
    for (uint32_t a = 0; a + 1 < count; a++) {
        uint32_t longest = 0, seen = 0;
        for (uint32_t b = a + 1; b < count; b++)
            longest = TQ_MAX(longest, near[a].dm + near[b].dm);
        if (count > 2) seen = search(graph, near[a].head, node, longest, WITNESS_SETTLE);
        uint32_t need[NODE_DEGREE], needed = 0;
        for (uint32_t b = a + 1; b < count; b++)
            if (count == 2 || near[a].dm + near[b].dm < graph->dist[near[b].head])
                need[needed++] = b;
        forget(graph, seen);
        for (uint32_t k = 0; k < needed; k++)
            if (!walk_graph_join(graph, near[a].head, near[need[k]].head,
                                 near[a].dm + near[need[k]].dm))
                return false;
    }
    return true;
}

/* Smaller goes first: few neighbours, few layers below, then by number. */
static int64_t priority(const walk_graph *graph, const uint32_t *layer, uint32_t node)
{
    int64_t degree = graph->list[node].count;
    return ((degree * 4 + layer[node]) << 32) + node;
}

static tq_status contract_all(walk_graph *graph, tq_heap *queue, uint32_t *layer, tq_err *err)
{
    for (uint32_t node = 0; node < graph->node_count; node++)
        if (!graph->keep[node] && graph->list[node].count != 0)
            tq_heap_lower(queue, node, priority(graph, layer, node));
    while (queue->count > 0) {
        int64_t key;
        uint32_t node = tq_heap_pop(queue, &key);
        int64_t now = priority(graph, layer, node);
        if (now > key) { /* it got more neighbours meanwhile */
            tq_heap_lower(queue, node, now);
            continue;
        }
        uint32_t degree = graph->list[node].count;
        if (degree > NODE_DEGREE) break;
        if (degree > CORE_DEGREE && graph->live_arcs > (uint64_t)CORE_DEGREE * graph->live_nodes)
            break;
        if (!contract(graph, node))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for shortcuts of walks");
        for (uint32_t k = 0; k < graph->list[node].count; k++) {
            uint32_t head = graph->arc.at[graph->list[node].first + k].head;
            layer[head] = TQ_MAX(layer[head], layer[node] + 1);
            if (queue->pos[head] != TQ_NONE)
                tq_heap_lower(queue, head, priority(graph, layer, head));
        }
    }
    return TQ_OK;
}

/* Arcs of the core that are longer than another way do not change a distance. */
static void prune_core(walk_graph *graph)
{
    for (uint32_t node = 0; node < graph->node_count; node++) {
        walk_list *list = &graph->list[node];
        if (graph->rank[node] != TQ_NONE || list->count == 0) continue;
        uint32_t longest = 0;
        for (uint32_t k = 0; k < list->count; k++)
            longest = TQ_MAX(longest, graph->arc.at[list->first + k].dm);
        uint32_t seen = search(graph, node, TQ_NONE, longest, PRUNE_SETTLE), kept = 0;
        for (uint32_t k = 0; k < list->count; k++) {
            walk_arc arc = graph->arc.at[list->first + k];
            if (graph->dist[arc.head] < arc.dm) {
                drop_arc(graph, arc.head, node);
                graph->live_arcs--;
            } else {
                graph->arc.at[list->first + kept++] = arc;
            }
        }
        list->count = kept;
        forget(graph, seen);
    }
}

tq_status walk_graph_contract(walk_graph *graph, tq_err *err)
{
    tq_heap queue = {TQ_ALLOC(uint32_t, graph->node_count), TQ_ALLOC(uint32_t, graph->node_count),
                     TQ_ALLOC(int64_t, graph->node_count), 0};
    uint32_t *layer = TQ_ALLOC(uint32_t, graph->node_count);
    tq_status status = TQ_NO_MEMORY;
    if (queue.id != NULL && queue.pos != NULL && queue.key != NULL && layer != NULL) {
        for (uint32_t node = 0; node < graph->node_count; node++) {
            queue.pos[node] = TQ_NONE;
            if (graph->list[node].count != 0 || graph->keep[node]) graph->live_nodes++;
        }
        status = contract_all(graph, &queue, layer, err);
        if (status == TQ_OK) prune_core(graph);
    } else {
        tq_fail(err, TQ_NO_MEMORY, 0, "no memory to contract %u nodes", graph->node_count);
    }
    tq_free(queue.id);
    tq_free(queue.pos);
    tq_free(queue.key);
    tq_free(layer);
    return status;
}
