/*
 * Checks of the hierarchies and walking cores: the orders that their hot loops rely on.
 *
 * A hierarchy's loops index scratch arrays by depth and climb by parent, so depth must be the
 * parent's plus one, heads must be ancestors, and lists must be ascending.
 */
#include "city/city_in.h"

static tq_status verify_tree(const tq_hierarchy *h, const char *part, tq_err *err)
{
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++) {
        uint32_t parent = h->parent[vertex], first = h->first_up[vertex],
                 end = h->first_up[vertex + 1];
        if (parent == TQ_NONE) {
            CITY_CHECK(h->depth[vertex] == 0 && first == end, part, "a root has arcs upward");
            continue;
        }
        CITY_CHECK(parent > vertex && parent < h->vertex_count, part,
                   "a parent is not above its child");
        CITY_CHECK(h->depth[vertex] == h->depth[parent] + 1, part,
                   "a depth is not its parent's plus one");
        CITY_CHECK(first < end && h->up_head[first] == parent, part,
                   "a parent is not the first neighbour above");
        for (uint32_t arc = first; arc < end; arc++) {
            uint32_t head = h->up_head[arc];
            CITY_CHECK(head < h->vertex_count && (arc == first || h->up_head[arc - 1] < head), part,
                       "neighbours above are not ascending");
            CITY_CHECK(h->up_depth[arc] == h->depth[head] && h->depth[head] < h->depth[vertex],
                       part, "a neighbour's depth is not its own");
        }
    }
    return TQ_OK;
}

static tq_status verify_down(const tq_hierarchy *h, const char *part, tq_err *err)
{
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++) {
        for (uint32_t k = h->first_down[vertex]; k < h->first_down[vertex + 1]; k++) {
            uint32_t tail = h->down_tail[k], arc = h->down_arc[k];
            CITY_CHECK(tail < vertex && arc < h->up_count && h->up_head[arc] == vertex &&
                           arc >= h->first_up[tail] && arc < h->first_up[tail + 1],
                       part, "an arc downward is not the twin of one upward");
            CITY_CHECK(k == h->first_down[vertex] || h->down_tail[k - 1] < tail, part,
                       "neighbours below are not ascending");
        }
    }
    return TQ_OK;
}

tq_status city_verify_hierarchy(const tq_city *city, tq_hierarchy_kind kind, tq_err *err)
{
    const tq_hierarchy *h = &city->hierarchy[kind];
    const tq_streets *streets = &city->streets;
    const char *part = kind == TQ_HIERARCHY_MOTOR ? "hm" : "ha";
    CITY_CHECK(
        city_indices_hold(h->vertex_of_node, streets->node_count, h->vertex_count, CITY_NONE_OK),
        part, "a vertex does not exist");
    CITY_CHECK(
        city_indices_hold(h->node_of_vertex, h->vertex_count, streets->node_count, CITY_NO_NONE),
        part, "a node does not exist");
    CITY_CHECK(city_ranges_hold(h->first_up, h->vertex_count, h->up_count) &&
                   city_ranges_hold(h->first_down, h->vertex_count, h->up_count),
               part, "list bounds are not ascending");
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++)
        CITY_CHECK(h->vertex_of_node[h->node_of_vertex[vertex]] == vertex, part,
                   "a node has two vertices");
    TQ_TRY(verify_tree(h, part, err));
    TQ_TRY(verify_down(h, part, err));
    for (size_t arc = 0; arc < (size_t)streets->edge_count * 2; arc++) {
        uint32_t up = h->up_of_arc[arc];
        if (up == TQ_NONE) continue;
        CITY_CHECK(up / 2 < h->up_count, part, "an arc leads into no list");
        uint32_t tail = h->vertex_of_node[tq_arc_tail(streets, (uint32_t)arc)];
        uint32_t head = h->vertex_of_node[tq_arc_head(streets, (uint32_t)arc)];
        CITY_CHECK(tail != TQ_NONE && head != TQ_NONE && tail != head, part,
                   "an arc has an end outside");
        uint32_t low = TQ_MIN(tail, head), high = TQ_MAX(tail, head);
        CITY_CHECK((up & 1) == (tail > head) && h->up_head[up / 2] == high &&
                       up / 2 >= h->first_up[low] && up / 2 < h->first_up[low + 1],
                   part, "an arc leads into another's list");
    }
    return TQ_OK;
}

tq_status city_verify_walk(const tq_city *city, tq_walk_kind kind, tq_err *err)
{
    const tq_walk *walk = &city->walk[kind];
    const char *part = kind == TQ_WALK_ANY ? "wa" : "ws";
    uint32_t outer = walk->vertex_count - walk->core_count;
    CITY_CHECK(city_indices_hold(walk->vertex_of_node, city->streets.node_count, walk->vertex_count,
                                 CITY_NONE_OK),
               part, "a vertex does not exist");
    CITY_CHECK(city_ranges_hold(walk->first_core, walk->core_count, walk->core_arc_count) &&
                   city_ranges_hold(walk->first_up, outer, walk->up_arc_count),
               part, "list bounds are not ascending");
    CITY_CHECK(
        city_indices_hold(walk->core_head, walk->core_arc_count, walk->core_count, CITY_NO_NONE),
        part, "an arc leaves the core");
    CITY_CHECK(city_indices_hold(walk->core_dm, walk->core_arc_count, 100000000, CITY_NO_NONE) &&
                   city_indices_hold(walk->up_dm, walk->up_arc_count, 100000000, CITY_NO_NONE),
               part, "an arc is too long");
    for (uint32_t k = 0; k < outer; k++)
        for (uint32_t arc = walk->first_up[k]; arc < walk->first_up[k + 1]; arc++)
            CITY_CHECK(walk->up_head[arc] < walk->core_count + k, part,
                       "an arc does not lead upward");
    return TQ_OK;
}
