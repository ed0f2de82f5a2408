/*
 * Taking up-arcs apart by search, for metrics without TQ_METRIC_WAYS.
 *
 * Method: an up-arc's weight is that of a link or the sum over one lower triangle; the link is
 * looked at first, then the lower neighbours from the lowest. A chain is taken apart level by
 * level.
 */
#include "road/road_in.h"

uint32_t road_link_between(const tq_hierarchy *hierarchy, uint32_t tail, uint32_t head)
{
    uint32_t low = hierarchy->first_link[tail], end = hierarchy->first_link[tail + 1];
    while (low < end && hierarchy->link_head[low] < head)
        low++;
    return low < end && hierarchy->link_head[low] == head ? low : TQ_NONE;
}

/* The lower triangle that gives an up-arc its weight: its middle, and the up-arcs from there to the
 * arc's tail and head. */
typedef struct sides {
    uint32_t middle, to_tail, to_head;
} sides;

static bool sides_in_group(const tq_metric *metric, const tq_down *group, uint32_t depth,
                           int32_t weight, bool down, sides *out)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t first = group->last + 1 - group->count;
    uint32_t end = hierarchy->first_up[group->last + 1], begin = end - group->rest;
    /* All members have the same end of the list, so the place is found once. */
    uint32_t low = begin + 1, high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (hierarchy->up_depth[middle] > depth)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == end || hierarchy->up_depth[low] != depth) return false;
    for (uint32_t middle = first; middle <= group->last; middle++) {
        uint32_t to_tail = hierarchy->first_up[middle + 1] - group->rest,
                 to_head = to_tail + (low - begin);
        road_pair tail = metric->pair[to_tail], head = metric->pair[to_head];
        int32_t sum = down ? road_sum(head.down, tail.up) : road_sum(tail.down, head.up);
        if (sum != weight) continue;
        *out = (sides){middle, to_tail, to_head};
        return true;
    }
    return false;
}

/* False when the up-arc is a link. */
static bool find_sides(const tq_metric *metric, const road_up_item *item, sides *out)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t up_arc = item->arc >> 1, tail = item->tail, head = hierarchy->up_head[up_arc];
    bool down = item->arc & 1;
    int32_t weight = down ? metric->pair[up_arc].down : metric->pair[up_arc].up;
    uint32_t link =
        down ? road_link_between(hierarchy, head, tail) : road_link_between(hierarchy, tail, head);
    if (link != TQ_NONE && road_link_ds(metric, down ? head : tail, link) == weight) return false;
    bool found = false;
    for (uint32_t k = hierarchy->first_down[tail]; k < hierarchy->first_down[tail + 1] && !found;
         k++)
        found = sides_in_group(metric, &hierarchy->down[k], hierarchy->up_depth[up_arc], weight,
                               down, out);
    TQ_ASSERT(found);
    return true;
}

static bool take_apart(const tq_metric *metric, const road_up_item *from, uint32_t count,
                       road_up_item *to, uint32_t cap, uint32_t *made, bool *more)
{
    uint32_t filled = 0;
    *more = false;
    for (uint32_t k = 0; k < count; k++) {
        road_up_item item = from[k];
        sides found;
        if (filled + 2 > cap) return false;
        if (item.arc == TQ_NONE) {
            to[filled++] = item;
        } else if (!find_sides(metric, &item, &found)) {
            bool down = item.arc & 1;
            to[filled++] = (road_up_item){TQ_NONE, down ? metric->hierarchy->up_head[item.arc >> 1]
                                                        : item.tail};
        } else {
            /* Up goes tail, middle, head; down head, middle, tail. */
            bool down = item.arc & 1;
            to[filled++] =
                (road_up_item){(down ? found.to_head : found.to_tail) << 1 | 1, found.middle};
            to[filled++] =
                (road_up_item){(down ? found.to_tail : found.to_head) << 1, found.middle};
            *more = true;
        }
    }
    *made = filled;
    return true;
}

const road_up_item *road_unpack_by_search(const tq_metric *metric, road_up_item *item,
                                          uint32_t *count, road_up_item *other, uint32_t cap)
{
    for (bool more = true; more;) {
        if (!take_apart(metric, item, *count, other, cap, count, &more)) return NULL;
        road_up_item *swap = item;
        item = other;
        other = swap;
    }
    return item;
}
