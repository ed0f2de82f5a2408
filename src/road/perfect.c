/*
 * Perfect customization: which up-arcs are shortest ways.
 *
 * Method: from the top down over fronts. A front takes the true distances between the entries of
 * its list out of its parent's triangle, then adds its members from the highest: the true distance
 * between a member and a neighbour is the least, over the member's up-arcs, of the arc and the true
 * distance from there. An up-arc that is longer than the distance between its ends is left out of
 * the lists that queries read.
 *
 * Invariants: as in customize.c. Triangles of the fronts on the way down from a root lie on a
 * stack.
 */
#include "road/customize.h"

typedef struct true_front {
    uint32_t front, size, members;
    size_t at; /* its triangle on the stack, in pairs */
} true_front;

typedef struct perfecting {
    tq_metric *metric;
    road_pair *pairs; /* stack of triangles */
    true_front *front;
    uint32_t height;
    uint8_t *keep; /* [up_count] bit 0: up is a shortest way, bit 1: down is */
    road_perfect_row row;
} perfecting;

static size_t row_begin(uint32_t size, uint32_t j)
{
    return (size_t)j * (size - 1) - (size_t)j * (j - 1) / 2;
}

static void take_from_parent(perfecting *work, const true_front *own, const true_front *parent)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    const tq_run *run = hierarchy->run + hierarchy->first_run[own->front];
    const tq_run *run_end = hierarchy->run + hierarchy->first_run[own->front + 1];
    road_pair *to = work->pairs + own->at + row_begin(own->size, own->members);
    for (; run < run_end; run++) {
        for (uint32_t in_run = 0; in_run < run->length; in_run++) {
            uint32_t place = run->at + in_run, here = run->length - 1 - in_run;
            const road_pair *row =
                work->pairs + parent->at + row_begin(parent->size, place) - (place + 1);
            memcpy(to, row + place + 1, here * sizeof *to);
            to += here;
            for (const tq_run *next = run + 1; next < run_end; next++) {
                memcpy(to, row + next->at, next->length * sizeof *to);
                to += next->length;
            }
        }
    }
}

static void do_members(perfecting *work, const true_front *own)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    uint32_t lowest = hierarchy->front_first[own->front];
    for (uint32_t j = own->members; j-- > 0;) {
        uint32_t count = own->size - 1 - j, first = hierarchy->first_up[lowest + j];
        const road_pair *list = work->metric->pair + first;
        road_pair *best = work->pairs + own->at + row_begin(own->size, j);
        work->row(list, count, work->pairs + own->at + row_begin(own->size, j + 1), best);
        for (uint32_t k = 0; k < count; k++)
            work->keep[first + k] =
                (uint8_t)((list[k].up < TQ_ROAD_INF && list[k].up == best[k].up) |
                          (list[k].down < TQ_ROAD_INF && list[k].down == best[k].down) << 1);
    }
}

/* Room for the deepest walk: pairs and fronts. */
static void measure(const tq_hierarchy *hierarchy, size_t *need, size_t *pairs, uint32_t *fronts)
{
    uint32_t *depth = (uint32_t *)(void *)(need + hierarchy->front_count);
    *pairs = *fronts = 0;
    for (uint32_t front = hierarchy->front_count; front-- > 0;) {
        uint32_t parent = hierarchy->front_parent[front],
                 last = hierarchy->front_first[front + 1] - 1;
        size_t size = hierarchy->front_first[front + 1] - hierarchy->front_first[front] +
                      hierarchy->first_up[last + 1] - hierarchy->first_up[last];
        need[front] = size * (size - 1) / 2 + (parent == TQ_NONE ? 0 : need[parent]);
        depth[front] = 1 + (parent == TQ_NONE ? 0 : depth[parent]);
        *pairs = TQ_MAX(*pairs, need[front]);
        *fronts = TQ_MAX(*fronts, depth[front]);
    }
}

static void walk_down(perfecting *work)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    for (uint32_t front = hierarchy->front_count; front-- > 0;) {
        uint32_t parent = hierarchy->front_parent[front];
        uint32_t first = hierarchy->front_first[front],
                 last = hierarchy->front_first[front + 1] - 1;
        while (work->height > 0 && work->front[work->height - 1].front != parent)
            work->height--;
        const true_front *above = work->height > 0 ? &work->front[work->height - 1] : NULL;
        true_front *own = &work->front[work->height++];
        own->front = front;
        own->members = last + 1 - first;
        own->size = own->members + hierarchy->first_up[last + 1] - hierarchy->first_up[last];
        own->at = above == NULL ? 0 : above->at + (size_t)above->size * (above->size - 1) / 2;
        if (above != NULL) take_from_parent(work, own, above);
        do_members(work, own);
    }
}

/* Count first, so that the lists take no more memory than they need. */
static bool fill_lists(tq_metric *metric, const uint8_t *keep)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    for (uint32_t up = 0; up < metric->up_count; up++) {
        metric->out_count += keep[up] & 1;
        metric->in_count += keep[up] >> 1;
    }
    metric->step = TQ_ALLOC(road_step, (size_t)metric->vertex_count + 1);
    metric->out_depth = TQ_ALLOC(uint16_t, metric->out_count);
    metric->out_ds = TQ_ALLOC(int32_t, metric->out_count);
    metric->in_depth = TQ_ALLOC(uint16_t, metric->in_count);
    metric->in_ds = TQ_ALLOC(int32_t, metric->in_count);
    if (metric->step == NULL || metric->out_depth == NULL || metric->out_ds == NULL ||
        metric->in_depth == NULL || metric->in_ds == NULL)
        return false;
    uint32_t out = 0, in = 0;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        metric->step[vertex] =
            (road_step){out, in, hierarchy->parent[vertex], hierarchy->depth[vertex]};
        for (uint32_t up = hierarchy->first_up[vertex]; up < hierarchy->first_up[vertex + 1];
             up++) {
            if (keep[up] & 1) {
                metric->out_depth[out] = hierarchy->up_depth[up];
                metric->out_ds[out++] = metric->pair[up].up;
            }
            if (keep[up] & 2) {
                metric->in_depth[in] = hierarchy->up_depth[up];
                metric->in_ds[in++] = metric->pair[up].down;
            }
        }
    }
    metric->step[metric->vertex_count] = (road_step){out, in, TQ_NONE, 0};
    return true;
}

bool road_make_perfect(tq_metric *metric)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    size_t pairs = 0;
    uint32_t fronts = 0;
    size_t *need = TQ_ALLOC(size_t, 2 * (size_t)hierarchy->front_count);
    perfecting work = {.metric = metric,
                       .keep = TQ_ALLOC(uint8_t, metric->up_count),
                       .row = road_perfect_row_used()};
    bool done = need != NULL && work.keep != NULL;
    if (done) {
        measure(hierarchy, need, &pairs, &fronts);
        work.pairs = TQ_ALLOC(road_pair, pairs);
        work.front = TQ_ALLOC(true_front, fronts);
        done = work.pairs != NULL && work.front != NULL;
    }
    if (done) {
        walk_down(&work);
        done = fill_lists(metric, work.keep);
    }
    tq_free(need);
    tq_free(work.keep);
    tq_free(work.pairs);
    tq_free(work.front);
    if (!done) road_drop_parts(metric, TQ_METRIC_PRUNED);
    return done;
}
