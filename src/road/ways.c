/*
 * What up-arcs that are shortest ways stand for: a link, or the two sides of a lower triangle.
 *
 * Method: every lower vertex looks at each pair of its entries, into it and out of it; the two
 * heads are joined by an up-arc, and when that is a list entry as long as both, it stands for them.
 * Links come first, then the lowest middle. Both sides of a shortest way are shortest ways, so they
 * are entries too. A chain is taken apart level by level, all of it at once, so that the memory of
 * many entries is waited for together.
 *
 * Invariants: needs TQ_METRIC_PRUNED. search.c gives the same ways without this part.
 */
#include "road/road_in.h"

/* Entries of one vertex with their heads. */
typedef struct headed {
    uint32_t first, count; /* in the metric's list */
    uint32_t *head;        /* [count] */
} headed;

typedef struct making {
    tq_metric *metric;
    headed out, in;
} making;

/* A pruned list is a part of the whole list, in the same order. */
static void name_heads(const tq_hierarchy *hierarchy, uint32_t vertex, const uint16_t *depth,
                       headed *list)
{
    uint32_t up = hierarchy->first_up[vertex];
    for (uint32_t k = 0; k < list->count; k++, up++) {
        while (hierarchy->up_depth[up] != depth[list->first + k])
            up++;
        list->head[k] = hierarchy->up_head[up];
    }
}

/* The entry of a list at a depth; TQ_NONE. */
static uint32_t entry_at(const uint16_t *depth, uint32_t begin, uint32_t end, uint32_t at)
{
    while (begin < end && depth[begin] > at)
        begin++;
    return begin < end && depth[begin] == at ? begin : TQ_NONE;
}

static void find_links(tq_metric *metric)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            uint32_t head = hierarchy->link_head[link], low = TQ_MIN(vertex, head);
            int32_t ds = head == vertex ? TQ_ROAD_INF : road_link_ds(metric, vertex, link);
            if (ds >= TQ_ROAD_INF) continue;
            const road_step *step = &metric->step[low];
            uint32_t depth = hierarchy->depth[TQ_MAX(vertex, head)];
            road_half leaf = {TQ_NONE, vertex};
            if (low == vertex) {
                uint32_t entry =
                    entry_at(metric->out_depth, step[0].first_out, step[1].first_out, depth);
                if (entry != TQ_NONE && metric->out_ds[entry] == ds) metric->out_half[entry] = leaf;
            } else {
                uint32_t entry =
                    entry_at(metric->in_depth, step[0].first_in, step[1].first_in, depth);
                if (entry != TQ_NONE && metric->in_ds[entry] == ds) metric->in_half[entry] = leaf;
            }
        }
    }
}

/* The pairs of a middle in which the way in comes from the lower head: it may give up-arcs. */
static void pair_up(making *work, uint32_t in)
{
    tq_metric *metric = work->metric;
    uint32_t entry_in = work->in.first + in, low = work->in.head[in];
    int32_t in_ds = metric->in_ds[entry_in];
    uint32_t target = metric->step[low].first_out, end = metric->step[low + 1].first_out;
    for (uint32_t k = 0; k < work->out.count; k++) {
        uint32_t entry_out = work->out.first + k, depth = metric->out_depth[entry_out];
        if (work->out.head[k] <= low) continue;
        while (target < end && metric->out_depth[target] > depth)
            target++;
        if (target == end) return;
        if (metric->out_depth[target] == depth && metric->out_half[target].second == TQ_NONE &&
            in_ds + metric->out_ds[entry_out] == metric->out_ds[target])
            metric->out_half[target] = (road_half){entry_in, entry_out};
    }
}

/* Those in which the way out leads to the lower head. */
static void pair_down(making *work, uint32_t out)
{
    tq_metric *metric = work->metric;
    uint32_t entry_out = work->out.first + out, low = work->out.head[out];
    int32_t out_ds = metric->out_ds[entry_out];
    uint32_t target = metric->step[low].first_in, end = metric->step[low + 1].first_in;
    for (uint32_t k = 0; k < work->in.count; k++) {
        uint32_t entry_in = work->in.first + k, depth = metric->in_depth[entry_in];
        if (work->in.head[k] <= low) continue;
        while (target < end && metric->in_depth[target] > depth)
            target++;
        if (target == end) return;
        if (metric->in_depth[target] == depth && metric->in_half[target].second == TQ_NONE &&
            metric->in_ds[entry_in] + out_ds == metric->in_ds[target])
            metric->in_half[target] = (road_half){entry_in, entry_out};
    }
}

bool road_make_ways(tq_metric *metric)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    making work = {.metric = metric,
                   .out = {.head = TQ_ALLOC(uint32_t, metric->levels)},
                   .in = {.head = TQ_ALLOC(uint32_t, metric->levels)}};
    metric->out_half = TQ_ALLOC(road_half, metric->out_count);
    metric->in_half = TQ_ALLOC(road_half, metric->in_count);
    bool done = work.out.head != NULL && work.in.head != NULL && metric->out_half != NULL &&
                metric->in_half != NULL;
    if (done) {
        memset(metric->out_half, 0xff, metric->out_count * sizeof *metric->out_half);
        memset(metric->in_half, 0xff, metric->in_count * sizeof *metric->in_half);
        find_links(metric);
    }
    for (uint32_t middle = 0; done && middle < metric->vertex_count; middle++) {
        const road_step *step = &metric->step[middle];
        work.out.first = step[0].first_out;
        work.out.count = step[1].first_out - step[0].first_out;
        work.in.first = step[0].first_in;
        work.in.count = step[1].first_in - step[0].first_in;
        name_heads(hierarchy, middle, metric->out_depth, &work.out);
        name_heads(hierarchy, middle, metric->in_depth, &work.in);
        for (uint32_t k = 0; k < work.in.count; k++)
            pair_up(&work, k);
        for (uint32_t k = 0; k < work.out.count; k++)
            pair_down(&work, k);
    }
    tq_free(work.out.head);
    tq_free(work.in.head);
    if (!done) road_drop_parts(metric, TQ_METRIC_WAYS);
    return done;
}

/* ---- taking apart ---------------------------------------------------------------------------- */

static const road_half *half_of(const tq_metric *metric, uint32_t item)
{
    return item & 1 ? &metric->in_half[item >> 1] : &metric->out_half[item >> 1];
}

/* One level: entries that are links become ROAD_ITEM_VERTEX items, the others two items. False when
 * `to` is full. */
static bool take_apart(const tq_metric *metric, const uint64_t *from, uint32_t count, uint64_t *to,
                       uint32_t cap, uint32_t *made, bool *more)
{
    uint32_t filled = 0;
    *more = false;
    for (uint32_t k = 0; k < count; k++) {
        if (filled + 2 > cap) return false;
        if (from[k] & ROAD_ITEM_VERTEX) {
            to[filled++] = from[k];
            continue;
        }
        road_half half = *half_of(metric, (uint32_t)from[k]);
        if (half.first == TQ_NONE) {
            to[filled++] = ROAD_ITEM_VERTEX | half.second;
            continue;
        }
        to[filled++] = (uint64_t)half.first << 1 | 1;
        to[filled++] = (uint64_t)half.second << 1;
        __builtin_prefetch(&metric->in_half[half.first]);
        __builtin_prefetch(&metric->out_half[half.second]);
        *more = true;
    }
    *made = filled;
    return true;
}

const uint64_t *road_unpack(const tq_metric *metric, uint64_t *item, uint32_t *count,
                            uint64_t *other, uint32_t cap)
{
    for (bool more = true; more;) {
        if (!take_apart(metric, item, *count, other, cap, count, &more)) return NULL;
        uint64_t *swap = item;
        item = other;
        other = swap;
    }
    return item;
}
