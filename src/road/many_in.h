/*
 * What tables, sweeps and label rows share: the lists that a metric has, rows of one vertex, and
 * sorting without allocation.
 */
#ifndef TQ_ROAD_MANY_IN_H
#define TQ_ROAD_MANY_IN_H

#include "road/kernels_in.h"
#include "road/road_in.h"

/* OUT: from a vertex to its ancestors; IN: from its ancestors to it. */
typedef enum many_side { MANY_OUT, MANY_IN } many_side;

typedef struct many_list {
    const uint16_t *depth;
    const int32_t *ds;
    uint32_t count, stride; /* of ds */
} many_list;

/** Up-arcs of a vertex: only those that are shortest ways when the metric has such lists. */
static inline many_list many_list_of(const tq_metric *metric, many_side side, uint32_t vertex)
{
    if (metric->parts & TQ_METRIC_PRUNED) {
        const road_step *step = &metric->step[vertex];
        if (side == MANY_OUT)
            return (many_list){metric->out_depth + step[0].first_out,
                               metric->out_ds + step[0].first_out,
                               step[1].first_out - step[0].first_out, 1};
        return (many_list){metric->in_depth + step[0].first_in, metric->in_ds + step[0].first_in,
                           step[1].first_in - step[0].first_in, 1};
    }
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t first = hierarchy->first_up[vertex];
    return (many_list){hierarchy->up_depth + first,
                       (const int32_t *)(metric->pair + first) + (side == MANY_OUT ? 0 : 1),
                       hierarchy->first_up[vertex + 1] - first, 2};
}

static inline int32_t many_ds(const many_list *list, uint32_t entry)
{
    return list->ds[(size_t)entry * list->stride];
}

/** Room for a row of `count` ints, in ints. */
static inline uint32_t many_round(uint32_t count)
{
    return (count + ROAD_ROW_INTS - 1) / ROAD_ROW_INTS * ROAD_ROW_INTS;
}

/* Scratch for one row. */
typedef struct many_scratch {
    int32_t *row;        /* [levels, rounded up, + ROAD_ROW_INTS] */
    road_part_row *part; /* [levels] */
} many_scratch;
/** False when `work` is full. */
bool many_scratch_make(const tq_metric *metric, tq_arena *work, many_scratch *out);
/**
 * Times between a vertex and its ancestors at depths below `limit`, which is at most its depth + 1.
 * The row is one of the labels or lies in the scratch; entries from `limit` on mean nothing.
 */
const int32_t *many_row(const tq_metric *metric, many_side side, uint32_t vertex, uint32_t limit,
                        const many_scratch *scratch);
/**
 * Times and decimetres of a whole row, by climbing; ties go to the entry that a search meets first.
 */
void many_row_metres(const tq_metric *metric, many_side side, uint32_t vertex, int32_t *ds,
                     uint32_t *dm);

/** Do two places stand on one usable node? There is no time between them. */
static inline bool many_same_node(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                                  const tq_snap *to)
{
    uint32_t node = road_node_of(city, from);
    if (node == TQ_NONE || node != road_node_of(city, to)) return false;
    road_ends ends = {0};
    road_ends_add(city, metric, from, ROAD_LEAVING, &ends);
    road_ends_add(city, metric, to, ROAD_ARRIVING, &ends);
    return ends.count > 0;
}

/** Sort keys ascending, in place. */
static inline void many_sift(uint64_t *key, uint32_t count, uint32_t at)
{
    uint64_t moved = key[at];
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && key[child + 1] > key[child]) child++;
        if (key[child] <= moved) break;
        key[at] = key[child];
        at = child;
    }
    key[at] = moved;
}
static inline void many_sort(uint64_t *key, uint32_t count)
{
    for (uint32_t at = count / 2; at-- > 0;)
        many_sift(key, count, at);
    for (uint32_t left = count; left > 1;) {
        left--;
        uint64_t last = key[left];
        key[left] = key[0];
        key[0] = last;
        many_sift(key, left, 0);
    }
}

#endif
