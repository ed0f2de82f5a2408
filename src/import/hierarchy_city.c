/*
 * The hierarchies of a city: one for motors, one for foot and bike.
 *
 * Method: an edge belongs to a hierarchy when any of its kinds of traveller may use it in either
 * direction at any date, planned ones too: what is open is a matter of the metric, so a city needs
 * one topology for all its dates. Edge and both its arcs share an up-arc.
 *
 * Invariants: equal streets give equal arrays. A city without streets gets two empty hierarchies.
 */
#include "import/import.h"

#define ACCESS_ACTIVE (TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR)

/* The part of the streets that one hierarchy covers; nodes and edges renumbered without gaps. */
typedef struct graph_part {
    uint32_t node_count, edge_count;
    uint32_t *part_node; /* [street node_count], TQ_NONE = not in it */
    uint32_t *node;      /* [node_count] */
    uint32_t *edge;      /* [edge_count] */
    uint32_t *tail, *head, *order;
} graph_part;

static void part_free(graph_part *part)
{
    tq_free(part->part_node);
    tq_free(part->node);
    tq_free(part->edge);
    tq_free(part->tail);
    tq_free(part->head);
    tq_free(part->order);
}

static uint32_t part_of_node(graph_part *part, uint32_t node)
{
    if (part->part_node[node] == TQ_NONE) {
        part->part_node[node] = part->node_count;
        part->node[part->node_count++] = node;
    }
    return part->part_node[node];
}

static tq_status part_make(const tq_streets *streets, uint32_t access, graph_part *out, tq_err *err)
{
    out->part_node = TQ_ALLOC(uint32_t, streets->node_count);
    out->node = TQ_ALLOC(uint32_t, streets->node_count);
    out->order = TQ_ALLOC(uint32_t, streets->node_count);
    out->edge = TQ_ALLOC(uint32_t, streets->edge_count);
    out->tail = TQ_ALLOC(uint32_t, streets->edge_count);
    out->head = TQ_ALLOC(uint32_t, streets->edge_count);
    if (out->part_node == NULL || out->node == NULL || out->order == NULL || out->edge == NULL ||
        out->tail == NULL || out->head == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the hierarchy of %u streets",
                       streets->edge_count);
    memset(out->part_node, 0xff, streets->node_count * sizeof *out->part_node);
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        if (((attr->access[0] | attr->access[1]) & access) == 0) continue;
        out->edge[out->edge_count] = edge;
        out->tail[out->edge_count] = part_of_node(out, streets->edge_from[edge]);
        out->head[out->edge_count] = part_of_node(out, streets->edge_to[edge]);
        out->edge_count++;
    }
    return TQ_OK;
}

/* From the part's numbers to the city's. */
static tq_status widen(const tq_streets *streets, const graph_part *part, tq_pool *pool,
                       tq_hierarchy *hierarchy, tq_err *err)
{
    size_t nodes = streets->node_count, arcs = 2 * (size_t)streets->edge_count;
    uint32_t *vertex_of_node = tq_pool_push(pool, nodes * sizeof *vertex_of_node, 8);
    uint32_t *node_of_vertex = tq_pool_push(pool, part->node_count * sizeof *node_of_vertex, 8);
    uint32_t *up_of_arc = tq_pool_push(pool, arcs * sizeof *up_of_arc, 8);
    if (vertex_of_node == NULL || node_of_vertex == NULL || up_of_arc == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the hierarchy of %u streets",
                       streets->edge_count);
    memset(vertex_of_node, 0xff, nodes * sizeof *vertex_of_node);
    memset(up_of_arc, 0xff, arcs * sizeof *up_of_arc);
    for (uint32_t vertex = 0; vertex < part->node_count; vertex++) {
        uint32_t node = part->node[hierarchy->node_of_vertex[vertex]];
        node_of_vertex[vertex] = node;
        vertex_of_node[node] = vertex;
    }
    for (uint32_t k = 0; k < part->edge_count; k++) {
        uint32_t up = hierarchy->up_of_arc[k];
        if (up == TQ_NONE) continue;
        up_of_arc[2 * (size_t)part->edge[k]] = up;
        up_of_arc[2 * (size_t)part->edge[k] + 1] = up ^ 1;
    }
    hierarchy->vertex_of_node = vertex_of_node;
    hierarchy->node_of_vertex = node_of_vertex;
    hierarchy->up_of_arc = up_of_arc;
    return TQ_OK;
}

static tq_status build_one(tq_build *build, uint32_t access, tq_hierarchy *out, tq_err *err)
{
    graph_part part = {0};
    tq_hierarchy made = {0};
    tq_status status = part_make(&build->city.streets, access, &part, err);
    if (status != TQ_OK) goto done;
    tq_graph graph = {part.node_count, part.edge_count, part.tail, part.head};
    if ((status = tq_hierarchy_order(&graph, part.order, err)) != TQ_OK) goto done;
    if ((status = tq_hierarchy_build(&graph, part.order, &build->pool, &made, err)) != TQ_OK)
        goto done;
    if ((status = widen(&build->city.streets, &part, &build->pool, &made, err)) != TQ_OK) goto done;
    *out = made;
done:
    part_free(&part);
    return status;
}

tq_status import_hierarchies(tq_build *build, tq_err *err)
{
    static const uint32_t access[TQ_HIERARCHY_COUNT] = {TQ_ACCESS_MOTOR, ACCESS_ACTIVE};
    static const char *const vertices[TQ_HIERARCHY_COUNT] = {"streets.motor_vertices",
                                                             "streets.active_vertices"};
    static const char *const ups[TQ_HIERARCHY_COUNT] = {"streets.motor_up_arcs",
                                                        "streets.active_up_arcs"};
    for (uint32_t kind = 0; kind < TQ_HIERARCHY_COUNT; kind++) {
        if (build->progress != NULL)
            build->progress(build->progress_user, "hierarchies", kind, TQ_HIERARCHY_COUNT);
        tq_hierarchy *hierarchy = &build->city.hierarchy[kind];
        TQ_TRY(build_one(build, access[kind], hierarchy, err));
        if (build->report == NULL) continue;
        tq_report_count(build->report, vertices[kind], hierarchy->vertex_count);
        tq_report_count(build->report, ups[kind], hierarchy->up_count);
    }
    return TQ_OK;
}
