/*
 * The part of the streets that hangs together: the largest set of vertices that all reach each
 * other.
 *
 * Method: Tarjan's strongly connected components (1972) over the links that are open, with a stack
 * of its own. Used to snap to a street that leads somewhere when the nearest ones are a closed
 * courtyard.
 *
 * Invariants: one component is marked, the largest; of equal ones the first that is finished.
 */
#include "road/road_in.h"

typedef struct tarjan {
    const tq_metric *metric;
    uint32_t *seen; /* [vertex], order of discovery from 1; 0 = not yet */
    uint32_t *low;  /* [vertex] */
    uint32_t *next; /* [vertex], next link */
    uint32_t *path; /* vertices being visited */
    uint32_t *open; /* vertices of unfinished components, in order of discovery */
    uint32_t *part; /* [vertex], component from 0, TQ_NONE = unfinished */
    uint32_t height, open_count, clock, parts, best_part, best_count;
} tarjan;

static void finish_part(tarjan *work, uint32_t root)
{
    uint32_t count = 0, vertex;
    do {
        vertex = work->open[--work->open_count];
        work->part[vertex] = work->parts;
        count++;
    } while (vertex != root);
    if (count > work->best_count) {
        work->best_count = count;
        work->best_part = work->parts;
    }
    work->parts++;
}

static void discover(tarjan *work, uint32_t vertex)
{
    work->seen[vertex] = work->low[vertex] = ++work->clock;
    work->next[vertex] = work->metric->hierarchy->first_link[vertex];
    work->open[work->open_count++] = vertex;
    work->path[work->height++] = vertex;
}

static void visit(tarjan *work, uint32_t root)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    discover(work, root);
    while (work->height > 0) {
        uint32_t vertex = work->path[work->height - 1];
        if (work->next[vertex] < hierarchy->first_link[vertex + 1]) {
            uint32_t link = work->next[vertex]++, head = hierarchy->link_head[link];
            if (road_link_ds(work->metric, vertex, link) >= TQ_ROAD_INF) continue;
            if (work->seen[head] == 0)
                discover(work, head);
            else if (work->part[head] == TQ_NONE)
                work->low[vertex] = TQ_MIN(work->low[vertex], work->seen[head]);
            continue;
        }
        work->height--;
        if (work->height > 0) {
            uint32_t above = work->path[work->height - 1];
            work->low[above] = TQ_MIN(work->low[above], work->low[vertex]);
        }
        if (work->low[vertex] == work->seen[vertex]) finish_part(work, vertex);
    }
}

bool road_find_main(tq_metric *metric)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    size_t count = metric->vertex_count;
    uint32_t *block = TQ_ALLOC(uint32_t, 6 * count);
    metric->in_main = TQ_ALLOC(uint8_t, metric->edge_count);
    bool done = block != NULL && metric->in_main != NULL;
    if (done) {
        tarjan work = {.metric = metric,
                       .seen = block,
                       .low = block + count,
                       .next = block + 2 * count,
                       .path = block + 3 * count,
                       .open = block + 4 * count,
                       .part = block + 5 * count,
                       .best_part = TQ_NONE};
        memset(work.part, 0xff, count * sizeof *work.part);
        for (uint32_t vertex = 0; vertex < count; vertex++)
            if (work.seen[vertex] == 0 &&
                metric->arc_ds[hierarchy->arc_of_vertex[vertex]] < TQ_ROAD_INF)
                visit(&work, vertex);
        for (uint32_t arc = 0; arc < 2 * metric->edge_count; arc++) {
            uint32_t vertex = hierarchy->vertex_of_arc[arc];
            if (vertex != TQ_NONE && work.seen[vertex] != 0 && work.part[vertex] == work.best_part)
                metric->in_main[arc >> 1] |= (uint8_t)(1u << (arc & 1));
        }
    } else {
        road_drop_parts(metric, TQ_METRIC_MAIN);
    }
    tq_free(block);
    return done;
}
