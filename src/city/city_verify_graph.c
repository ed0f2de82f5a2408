/*
 * Checks of the hierarchies and walking cores: the orders that their hot loops rely on.
 *
 * A hierarchy's loops index scratch arrays by depth and climb by parent, so depth must be the
 * parent's plus one, heads must be ancestors, and lists must be ascending. The list of a vertex
 * without its parent must lie in its parent's list: then all that loops over triangles, groups of
 * lower neighbours and fronts assume follows from lengths alone.
 */
#include "city/city_in.h"

/* ---- vertices, copies, links ---------------------------------------------------------------- */

static tq_status verify_vertices(const tq_city *city, const tq_hierarchy *h, const char *part,
                                 tq_err *err)
{
    size_t arcs = (size_t)city->streets.edge_count * 2;
    uint32_t mains = 0;
    CITY_CHECK(city_indices_hold(h->vertex_of_arc, arcs, h->vertex_count, CITY_NONE_OK), part,
               "a vertex does not exist");
    CITY_CHECK(city_indices_hold(h->arc_of_vertex, h->vertex_count, arcs, CITY_NO_NONE), part,
               "an arc does not exist");
    CITY_CHECK(city_indices_hold(h->copy_vertex, h->copy_count, h->vertex_count, CITY_NO_NONE),
               part, "a copy does not exist");
    for (size_t arc = 0; arc < arcs; arc++) {
        if (h->vertex_of_arc[arc] == TQ_NONE) continue;
        CITY_CHECK(h->arc_of_vertex[h->vertex_of_arc[arc]] == arc, part,
                   "an arc has the vertex of another");
        mains++;
    }
    /* Every vertex is the one of its arc or stands once among the copies. */
    CITY_CHECK(h->copy_count <= h->vertex_count && mains == h->vertex_count - h->copy_count, part,
               "some vertices belong to no arc");
    for (uint32_t k = 0, run = 0; k < h->copy_count; k++) {
        uint32_t copy = h->copy_vertex[k], arc = h->arc_of_vertex[copy];
        CITY_CHECK(h->vertex_of_arc[arc] != copy && h->vertex_of_arc[arc] != TQ_NONE, part,
                   "a copy is no copy");
        uint32_t before = k == 0 ? TQ_NONE : h->copy_vertex[k - 1];
        uint32_t arc_before = k == 0 ? TQ_NONE : h->arc_of_vertex[before];
        CITY_CHECK(k == 0 || arc_before < arc || (arc_before == arc && before < copy), part,
                   "copies are not ascending");
        run = arc_before == arc ? run + 1 : 1;
        CITY_CHECK(run <= TQ_COPIES_MAX, part, "an arc has too many copies");
    }
    return TQ_OK;
}

static tq_status verify_links(const tq_city *city, const tq_hierarchy *h, const char *part,
                              tq_err *err)
{
    CITY_CHECK(city_ranges_hold(h->first_link, h->vertex_count, h->link_count), part,
               "links are not ascending");
    CITY_CHECK(city_indices_hold(h->link_head, h->link_count, h->vertex_count, CITY_NO_NONE), part,
               "a link leads nowhere");
    for (uint32_t tail = 0; tail < h->vertex_count; tail++) {
        uint32_t node = tq_arc_head(&city->streets, h->arc_of_vertex[tail]);
        for (uint32_t k = h->first_link[tail]; k < h->first_link[tail + 1]; k++) {
            uint32_t head = h->link_head[k], up = h->up_of_link[k];
            const tq_link *link = &h->link[k];
            CITY_CHECK(k == h->first_link[tail] || h->link_head[k - 1] < head, part,
                       "links of a vertex are not ascending");
            CITY_CHECK(tq_arc_tail(&city->streets, h->arc_of_vertex[head]) == node, part,
                       "a link joins arcs that do not meet");
            CITY_CHECK(link->angle_deg >= -180 && link->angle_deg <= 180 &&
                           link->bans < city->conditions.ban_set_count,
                       part, "a link is not valid");
            if (tail == head) {
                CITY_CHECK(up == TQ_NONE, part, "a loop leads into a list");
                continue;
            }
            uint32_t low = TQ_MIN(tail, head), high = TQ_MAX(tail, head);
            CITY_CHECK(up / 2 < h->up_count && (up & 1) == (tail > head) &&
                           h->up_head[up / 2] == high && up / 2 >= h->first_up[low] &&
                           up / 2 < h->first_up[low + 1],
                       part, "a link leads into another's list");
        }
    }
    return TQ_OK;
}

/* ---- tree, lists, fronts -------------------------------------------------------------------- */

static tq_status verify_tree(const tq_hierarchy *h, const char *part, tq_err *err)
{
    for (uint32_t vertex = h->vertex_count; vertex-- > 0;) {
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
        /* Ascending both, so one pass tells whether one list lies in the other. */
        uint32_t place = h->first_up[parent], above = h->first_up[parent + 1];
        for (uint32_t arc = first; arc < end; arc++) {
            uint32_t head = h->up_head[arc];
            CITY_CHECK(head < h->vertex_count && (arc == first || h->up_head[arc - 1] < head), part,
                       "neighbours above are not ascending");
            CITY_CHECK(h->up_depth[arc] == h->depth[head] && h->depth[head] < h->depth[vertex],
                       part, "a neighbour's depth is not its own");
            if (arc == first) continue;
            while (place < above && h->up_head[place] < head)
                place++;
            CITY_CHECK(place < above && h->up_head[place] == head, part,
                       "a neighbour above is none of the parent's");
        }
    }
    return TQ_OK;
}

/* The groups below a vertex: chains of parents, in all as many members as there are arcs. */
static tq_status verify_down(const tq_hierarchy *h, const char *part, tq_err *err)
{
    uint64_t members = 0;
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++) {
        uint32_t next = 0; /* lowest vertex that may come */
        for (uint32_t k = h->first_down[vertex]; k < h->first_down[vertex + 1]; k++) {
            const tq_down *group = &h->down[k];
            CITY_CHECK(group->count > 0 && group->last < vertex && group->last + 1 >= group->count,
                       part, "a group of lower neighbours is not valid");
            uint32_t first = group->last + 1 - group->count;
            CITY_CHECK(first >= next, part, "neighbours below are not ascending");
            next = group->last + 1;
            members += group->count;
            for (uint32_t member = first; member <= group->last; member++) {
                uint32_t begin = h->first_up[member], end = h->first_up[member + 1];
                CITY_CHECK(member == group->last || h->parent[member] == member + 1, part,
                           "a group of lower neighbours is no chain");
                CITY_CHECK(group->rest > 0 && group->rest <= end - begin &&
                               h->up_head[end - group->rest] == vertex,
                           part, "an arc downward is not the twin of one upward");
            }
        }
    }
    CITY_CHECK(members == h->up_count, part, "some arcs upward have no twin");
    return TQ_OK;
}

/* Where the entries of a front's last list stand in the neighbourhood of its parent. */
static tq_status verify_runs(const tq_hierarchy *h, const char *part, uint32_t front, tq_err *err)
{
    uint32_t last = h->front_first[front + 1] - 1, parent = h->front_parent[front];
    uint32_t arc = h->first_up[last], end = h->first_up[last + 1];
    uint32_t first = h->front_first[parent], top = h->front_first[parent + 1] - 1;
    uint32_t members = top + 1 - first, next = 0, up = h->first_up[top],
             size = members + h->first_up[top + 1] - up;
    for (uint32_t k = h->first_run[front]; k < h->first_run[front + 1]; k++) {
        uint32_t at = h->run[k].at, length = h->run[k].length;
        CITY_CHECK(length > 0 && length <= end - arc && at >= next && length <= size &&
                       at <= size - length,
                   part, "a run is not valid");
        next = at + length;
        for (uint32_t place = at; place < next; place++, arc++)
            CITY_CHECK(h->up_head[arc] ==
                           (place < members ? first + place : h->up_head[up + place - members]),
                       part, "a run names other neighbours");
    }
    CITY_CHECK(arc == end, part, "runs do not cover a front's list");
    return TQ_OK;
}

static tq_status verify_fronts(const tq_hierarchy *h, const char *part, tq_err *err)
{
    CITY_CHECK(city_ranges_hold(h->front_first, h->front_count, h->vertex_count) &&
                   city_ranges_hold(h->first_run, h->front_count, h->run_count),
               part, "fronts are not ascending");
    for (uint32_t front = h->front_count; front-- > 0;) {
        uint32_t first = h->front_first[front], last = h->front_first[front + 1] - 1;
        CITY_CHECK(first <= last && last < h->vertex_count, part, "a front is empty");
        for (uint32_t vertex = first; vertex < last; vertex++)
            CITY_CHECK(h->parent[vertex] == vertex + 1 &&
                           h->first_up[vertex + 1] - h->first_up[vertex] ==
                               h->first_up[vertex + 2] - h->first_up[vertex + 1] + 1,
                       part, "a front is no chain of nested lists");
        uint32_t above = h->parent[last], parent = h->front_parent[front];
        if (above == TQ_NONE) {
            CITY_CHECK(parent == TQ_NONE && h->first_run[front] == h->first_run[front + 1], part,
                       "a root's front has a parent");
            continue;
        }
        CITY_CHECK(parent > front && parent < h->front_count && h->front_first[parent] <= above &&
                       above < h->front_first[parent + 1],
                   part, "a front has a wrong parent");
        TQ_TRY(verify_runs(h, part, front, err));
    }
    return TQ_OK;
}

tq_status city_verify_hierarchy(const tq_city *city, tq_hierarchy_kind kind, tq_err *err)
{
    const tq_hierarchy *h = &city->hierarchy[kind];
    const char *part = kind == TQ_HIERARCHY_MOTOR ? "hm" : "ha";
    CITY_CHECK(h->up_count < UINT32_MAX / 2 && h->vertex_count < UINT32_MAX, part,
               "has too many arcs upward");
    TQ_TRY(verify_vertices(city, h, part, err));
    CITY_CHECK(city_ranges_hold(h->first_up, h->vertex_count, h->up_count) &&
                   city_ranges_hold(h->first_down, h->vertex_count, h->down_count),
               part, "list bounds are not ascending");
    TQ_TRY(verify_tree(h, part, err));
    TQ_TRY(verify_down(h, part, err));
    TQ_TRY(verify_fronts(h, part, err));
    return verify_links(city, h, part, err);
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
