/*
 * The part of the streets that hangs together: the largest set of vertices that all reach each
 * other.
 *
 * Method: Tarjan's strongly connected components (1972) over the arcs that are open, with a stack
 * of its own. Used to snap to a street that leads somewhere when the nearest ones are a closed
 * courtyard.
 *
 * Invariants: one component is marked, the largest; of equal ones the first that is finished.
 */
#include "road/road_in.h"

typedef struct tarjan {
    const tq_streets *streets;
    const tq_hierarchy *hierarchy;
    const tq_metric *metric;
    uint32_t *seen; /* [vertex], order of discovery from 1; 0 = not yet */
    uint32_t *low;  /* [vertex], TQ_NONE = its component is finished */
    uint32_t *next; /* [vertex], next place in out_arc */
    uint32_t *path; /* vertices being visited */
    uint32_t *open; /* vertices of unfinished components */
    uint32_t path_count, open_count, order, best;
} tarjan;

static void enter(tarjan *work, uint32_t vertex)
{
    work->seen[vertex] = work->low[vertex] = ++work->order;
    work->next[vertex] = work->streets->first_out[work->hierarchy->node_of_vertex[vertex]];
    work->path[work->path_count++] = vertex;
    work->open[work->open_count++] = vertex;
}

/* The component that ends at this vertex; mark it when it is the largest so far. */
static void finish(tarjan *work, uint32_t vertex, uint8_t *in_main)
{
    uint32_t first = work->open_count;
    do {
        work->low[work->open[--first]] = TQ_NONE;
    } while (work->open[first] != vertex);
    uint32_t size = work->open_count - first;
    if (size > work->best) {
        work->best = size;
        memset(in_main, 0, work->metric->vertex_count);
        for (uint32_t k = first; k < work->open_count; k++)
            in_main[work->open[k]] = 1;
    }
    work->open_count = first;
}

static void visit(tarjan *work, uint32_t root, uint8_t *in_main)
{
    enter(work, root);
    while (work->path_count > 0) {
        uint32_t vertex = work->path[work->path_count - 1];
        uint32_t end = work->streets->first_out[work->hierarchy->node_of_vertex[vertex] + 1];
        if (work->next[vertex] < end) {
            uint32_t arc = work->streets->out_arc[work->next[vertex]++];
            if (work->metric->arc_ds[arc] >= TQ_ROAD_INF) continue;
            uint32_t head = work->hierarchy->vertex_of_node[tq_arc_head(work->streets, arc)];
            if (head == TQ_NONE || (work->seen[head] != 0 && work->low[head] == TQ_NONE)) continue;
            if (work->seen[head] == 0)
                enter(work, head);
            else
                work->low[vertex] = TQ_MIN(work->low[vertex], work->seen[head]);
            continue;
        }
        work->path_count--;
        uint32_t low = work->low[vertex];
        if (low == work->seen[vertex]) {
            finish(work, vertex, in_main);
        } else {
            uint32_t before = work->path[work->path_count - 1];
            work->low[before] = TQ_MIN(work->low[before], low);
        }
    }
}

bool road_find_main(const tq_city *city, tq_metric *metric)
{
    size_t count = metric->vertex_count;
    tarjan work = {
        .streets = &city->streets, .hierarchy = road_hierarchy(city, metric), .metric = metric};
    work.seen = TQ_ALLOC(uint32_t, count);
    work.low = TQ_ALLOC(uint32_t, count);
    work.next = TQ_ALLOC(uint32_t, count);
    work.path = TQ_ALLOC(uint32_t, count);
    work.open = TQ_ALLOC(uint32_t, count);
    metric->in_main = TQ_ALLOC(uint8_t, count);
    bool done = work.seen != NULL && work.low != NULL && work.next != NULL && work.path != NULL &&
                work.open != NULL && metric->in_main != NULL;
    for (uint32_t vertex = 0; done && vertex < metric->vertex_count; vertex++)
        if (work.seen[vertex] == 0) visit(&work, vertex, metric->in_main);
    tq_free(work.seen);
    tq_free(work.low);
    tq_free(work.next);
    tq_free(work.path);
    tq_free(work.open);
    return done;
}

bool road_in_main(const tq_city *city, const tq_metric *metric, uint32_t edge)
{
    const uint32_t *vertex_of_node = road_hierarchy(city, metric)->vertex_of_node;
    uint32_t from = vertex_of_node[city->streets.edge_from[edge]],
             to = vertex_of_node[city->streets.edge_to[edge]];
    return from != TQ_NONE && to != TQ_NONE && metric->in_main[from] && metric->in_main[to];
}
