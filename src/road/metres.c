/*
 * Decimetres of the quickest way that each list entry stands for.
 *
 * Method: from the lowest vertex up, by the ways: a link is as long as the arc of its tail, an
 * entry over a lower triangle as long as its two sides, which stand lower and are known already. So
 * the length is that of the very way that is unpacked, also among equally quick ones.
 *
 * Invariants: needs TQ_METRIC_WAYS. Longer ways than 2^32 - 2 dm count as so long.
 */
#include "road/many_in.h"

static uint32_t longer(uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a + b;
    return a == UINT32_MAX || b == UINT32_MAX ? UINT32_MAX : (uint32_t)TQ_MIN(sum, UINT32_MAX - 1u);
}

static uint32_t half_metres(const tq_metric *metric, const uint32_t *length_dm, road_half half)
{
    if (half.first == TQ_NONE) return length_dm[metric->hierarchy->arc_of_vertex[half.second] >> 1];
    return longer(metric->in_dm[half.first], metric->out_dm[half.second]);
}

bool road_metres_make(tq_metric *metric, const uint32_t *edge_length_dm)
{
    TQ_ASSERT(metric->parts & TQ_METRIC_WAYS);
    metric->out_dm = TQ_ALLOC(uint32_t, metric->out_count);
    metric->in_dm = TQ_ALLOC(uint32_t, metric->in_count);
    if (metric->out_dm == NULL || metric->in_dm == NULL) {
        road_drop_parts(metric, TQ_METRIC_METRES);
        return false;
    }
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        const road_step *step = &metric->step[vertex];
        for (uint32_t k = step[0].first_out; k < step[1].first_out; k++)
            metric->out_dm[k] = half_metres(metric, edge_length_dm, metric->out_half[k]);
        for (uint32_t k = step[0].first_in; k < step[1].first_in; k++)
            metric->in_dm[k] = half_metres(metric, edge_length_dm, metric->in_half[k]);
    }
    return true;
}

void many_row_metres(const tq_metric *metric, many_side side, uint32_t vertex, int32_t *ds,
                     uint32_t *dm)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    const uint32_t *entry_dm = side == MANY_OUT ? metric->out_dm : metric->in_dm;
    uint32_t depth = hierarchy->depth[vertex];
    for (uint32_t k = 0; k < depth; k++) {
        ds[k] = TQ_ROAD_INF;
        dm[k] = UINT32_MAX;
    }
    ds[depth] = 0;
    dm[depth] = 0;
    for (uint32_t at = vertex; at != TQ_NONE; depth--, at = hierarchy->parent[at]) {
        if (ds[depth] >= TQ_ROAD_INF) continue;
        const road_step *step = &metric->step[at];
        many_list list = many_list_of(metric, side, at);
        uint32_t first = side == MANY_OUT ? step->first_out : step->first_in;
        for (uint32_t entry = 0; entry < list.count; entry++) {
            uint32_t there = list.depth[entry];
            int32_t reached = ds[depth] + many_ds(&list, entry);
            if (reached >= ds[there]) continue;
            ds[there] = reached;
            dm[there] = longer(dm[depth], entry_dm[first + entry]);
        }
    }
}
