/*
 * Walking cores: what the timetable search walks on.
 *
 * One for any walk (arcs open to people on foot, either direction) and one without steps
 * (wheelchair arcs that the built-in wheelchair's profile takes). Everything that lies between
 * stops is contracted away (walk_contract.c); what a stop's node is stays. Core vertices are
 * numbered along a curve over the map (Morton order), so that a search touches memory where it
 * walks; the others follow in descending order of contraction, each with its arcs to vertices of
 * lower number.
 *
 * A date counts only by its life: an edge that is planned, being built or closed for good is left
 * out; one that is open from or until some day is walked at any time, since the core has no clock.
 * The street search of `road` knows the instant.
 */
#include "tongqu/route.h"

#include "import/walk_in.h"

#define WALK_ARC_MAX_DM 10000000u /* 1,000 km: a longer one is no walk */

typedef struct walk_order {
    uint32_t *vertex_of_node, *node_of_vertex;
    uint32_t vertex_count, core_count;
} walk_order;

/* Can the built-in wheelchair go there? Its profile says, so that the street search agrees. */
static bool fits_wheels(const tq_build *build, const tq_street_attr *attr)
{
    if (build->city.vehicles.count <= TQ_PROFILE_WHEELCHAIR) return true;
    const tq_vehicle *wheels = &build->city.vehicles.row[TQ_PROFILE_WHEELCHAIR];
    int incline = attr->incline_percent == TQ_INCLINE_UNKNOWN ? 0 : attr->incline_percent;
    if (incline < 0) incline = -incline;
    if (wheels->class_percent[attr->street_class] == 0 ||
        wheels->surface_percent[attr->surface] == 0)
        return false;
    if ((attr->width_cm != 0 && attr->width_cm < wheels->min_width_cm) ||
        (attr->max_width_cm != 0 && attr->max_width_cm < wheels->width_cm))
        return false;
    return (wheels->max_incline_percent == 0 || incline <= wheels->max_incline_percent) &&
           (wheels->max_kerb == 0 || attr->kerb <= wheels->max_kerb) &&
           (wheels->max_smoothness == 0 || attr->smoothness <= wheels->max_smoothness);
}

static bool edge_is_walked(const tq_build *build, uint32_t edge, uint32_t mask)
{
    const tq_streets *streets = &build->city.streets;
    const tq_street_attr *attr = tq_edge_attr(streets, edge);
    uint32_t date = streets->edge_date[edge];
    if (!((attr->access[0] | attr->access[1]) & mask)) return false;
    if (streets->edge_length_dm[edge] > WALK_ARC_MAX_DM) return false;
    if (mask == TQ_ACCESS_WHEELCHAIR && !fits_wheels(build, attr)) return false;
    return date >= build->dates.count || build->dates.at[date].life == TQ_OPEN;
}

static tq_status fill_graph(const tq_build *build, uint32_t mask, walk_graph *graph, tq_err *err)
{
    const tq_streets *streets = &build->city.streets;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        if (!edge_is_walked(build, edge, mask)) continue;
        if (!walk_graph_join(graph, streets->edge_from[edge], streets->edge_to[edge],
                             streets->edge_length_dm[edge]))
            return tq_fail(err, TQ_NO_MEMORY, edge, "no memory for the walking graph");
    }
    for (uint32_t stop = 0; stop < build->city.timetable.stop_count; stop++) {
        uint32_t node = build->city.timetable.stop[stop].node;
        if (node != TQ_NONE) graph->keep[node] = 1;
    }
    return TQ_OK;
}

/* Bits of a coordinate, spread out to every second place. */
static uint64_t spread(uint32_t value)
{
    uint64_t bits = value;
    bits = (bits | bits << 16) & UINT64_C(0x0000ffff0000ffff);
    bits = (bits | bits << 8) & UINT64_C(0x00ff00ff00ff00ff);
    bits = (bits | bits << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    bits = (bits | bits << 2) & UINT64_C(0x3333333333333333);
    return (bits | bits << 1) & UINT64_C(0x5555555555555555);
}

static tq_status number_vertices(const tq_build *build, const walk_graph *graph, walk_order *order,
                                 tq_err *err)
{
    const tq_streets *streets = &build->city.streets;
    uint32_t *core = TQ_ALLOC(uint32_t, graph->node_count);
    uint64_t *key = TQ_ALLOC(uint64_t, graph->node_count);
    bool done = core != NULL && key != NULL;
    for (uint32_t node = 0; done && node < graph->node_count; node++) {
        bool used =
            graph->list[node].count != 0 || graph->keep[node] || graph->rank[node] != TQ_NONE;
        order->vertex_of_node[node] = TQ_NONE;
        if (!used) continue;
        order->vertex_count++;
        if (graph->rank[node] != TQ_NONE) continue;
        core[order->core_count++] = node;
        key[node] = spread((uint32_t)streets->node_at[node].lat_e7 ^ UINT32_C(0x80000000)) << 1 |
                    spread((uint32_t)streets->node_at[node].lon_e7 ^ UINT32_C(0x80000000));
    }
    done = done && tq_sort_by_u64(core, order->core_count, key);
    for (uint32_t vertex = 0; done && vertex < order->core_count; vertex++) {
        order->vertex_of_node[core[vertex]] = vertex;
        order->node_of_vertex[vertex] = core[vertex];
    }
    for (uint32_t node = 0; done && node < graph->node_count; node++) {
        if (graph->rank[node] == TQ_NONE) continue;
        uint32_t vertex = order->core_count + graph->contracted - 1 - graph->rank[node];
        order->vertex_of_node[node] = vertex;
        order->node_of_vertex[vertex] = node;
    }
    tq_free(core);
    tq_free(key);
    return done ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory to number the walking graph");
}

/* Arcs of one vertex by ascending head; lists are short, so they are sorted by insertion. */
static void write_arcs(const walk_graph *graph, const walk_order *order, uint32_t vertex,
                       uint32_t *head, uint32_t *dm)
{
    const walk_list *list = &graph->list[order->node_of_vertex[vertex]];
    for (uint32_t k = 0; k < list->count; k++) {
        walk_arc arc = graph->arc.at[list->first + k];
        uint32_t to = k, other = order->vertex_of_node[arc.head];
        for (; to > 0 && head[to - 1] > other; to--) {
            head[to] = head[to - 1];
            dm[to] = dm[to - 1];
        }
        head[to] = other;
        dm[to] = arc.dm;
    }
}

static tq_status freeze_walk(tq_build *build, const walk_graph *graph, const walk_order *order,
                             tq_walk *out, tq_err *err)
{
    uint32_t core_arcs = 0, up_arcs = 0;
    for (uint32_t vertex = 0; vertex < order->vertex_count; vertex++) {
        uint32_t count = graph->list[order->node_of_vertex[vertex]].count;
        if (vertex < order->core_count)
            core_arcs += count;
        else
            up_arcs += count;
    }
    uint32_t outer = order->vertex_count - order->core_count;
    tq_pool *pool = &build->pool;
    uint32_t *first_core =
        tq_pool_push(pool, ((size_t)order->core_count + 1) * sizeof(uint32_t), 64);
    uint32_t *core_head = tq_pool_push(pool, (size_t)core_arcs * sizeof(uint32_t), 64);
    uint32_t *core_dm = tq_pool_push(pool, (size_t)core_arcs * sizeof(uint32_t), 64);
    uint32_t *first_up = tq_pool_push(pool, ((size_t)outer + 1) * sizeof(uint32_t), 64);
    uint32_t *up_head = tq_pool_push(pool, (size_t)up_arcs * sizeof(uint32_t), 64);
    uint32_t *up_dm = tq_pool_push(pool, (size_t)up_arcs * sizeof(uint32_t), 64);
    if (first_core == NULL || core_head == NULL || core_dm == NULL || first_up == NULL ||
        up_head == NULL || up_dm == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a walking core of %u vertices",
                       order->vertex_count);
    for (uint32_t vertex = 0; vertex < order->core_count; vertex++) {
        write_arcs(graph, order, vertex, core_head + first_core[vertex],
                   core_dm + first_core[vertex]);
        first_core[vertex + 1] =
            first_core[vertex] + graph->list[order->node_of_vertex[vertex]].count;
    }
    for (uint32_t k = 0; k < outer; k++) {
        write_arcs(graph, order, order->core_count + k, up_head + first_up[k], up_dm + first_up[k]);
        first_up[k + 1] =
            first_up[k] + graph->list[order->node_of_vertex[order->core_count + k]].count;
    }
    *out = (tq_walk){.vertex_count = order->vertex_count,
                     .core_count = order->core_count,
                     .core_arc_count = core_arcs,
                     .up_arc_count = up_arcs,
                     .vertex_of_node = order->vertex_of_node,
                     .first_core = first_core,
                     .core_head = core_head,
                     .core_dm = core_dm,
                     .first_up = first_up,
                     .up_head = up_head,
                     .up_dm = up_dm};
    return TQ_OK;
}

static tq_status make_walk(tq_build *build, uint32_t mask, tq_walk *out, tq_err *err)
{
    uint32_t nodes = build->city.streets.node_count;
    walk_graph graph;
    walk_order order = {.vertex_of_node =
                            tq_pool_push(&build->pool, (size_t)nodes * sizeof(uint32_t), 64),
                        .node_of_vertex = TQ_ALLOC(uint32_t, nodes)};
    tq_status status = walk_graph_begin(&graph, nodes, err);
    if (status == TQ_OK && (order.vertex_of_node == NULL || order.node_of_vertex == NULL))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a walking core of %u nodes", nodes);
    if (status == TQ_OK) status = fill_graph(build, mask, &graph, err);
    if (status == TQ_OK) status = walk_graph_contract(&graph, err);
    if (status == TQ_OK) status = number_vertices(build, &graph, &order, err);
    if (status == TQ_OK) status = freeze_walk(build, &graph, &order, out, err);
    walk_graph_free(&graph);
    tq_free(order.node_of_vertex);
    return status;
}

tq_status import_walks(tq_build *build, tq_err *err)
{
    TQ_TRY(make_walk(build, TQ_ACCESS_FOOT, &build->city.walk[TQ_WALK_ANY], err));
    TQ_TRY(make_walk(build, TQ_ACCESS_WHEELCHAIR, &build->city.walk[TQ_WALK_STEP_FREE], err));
    const tq_walk *any = &build->city.walk[TQ_WALK_ANY];
    tq_report_count(build->report, "walk.vertices", any->vertex_count);
    tq_report_count(build->report, "walk.core_vertices", any->core_count);
    tq_report_count(build->report, "walk.core_arcs", any->core_arc_count);
    tq_report_count(build->report, "walk.step_free_core_vertices",
                    build->city.walk[TQ_WALK_STEP_FREE].core_count);
    return TQ_OK;
}
