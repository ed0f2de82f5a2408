/*
 * The hierarchies of a city: one for motors, one for foot and bike, both expanded to turns.
 *
 * Method: vertices and links (links.c), an order of that graph itself, its topology; then vertices
 * and links are renumbered by the topology. Lists of links come out ascending by sorting them by
 * head and then stably by tail, each by counting.
 *
 * Invariants: equal streets give equal arrays. A city without streets gets two empty hierarchies.
 */
#include "import/conditions_in.h"
#include "import/streets_in.h"

/* Writable arrays of a tq_hierarchy. */
typedef struct city_arrays {
    uint32_t *vertex_of_arc, *arc_of_vertex, *copy_vertex, *first_link, *link_head, *up_of_link;
    tq_link *link;
} city_arrays;

static uint32_t *push_u32(tq_pool *pool, size_t count)
{
    return tq_pool_push(pool, TQ_MAX(count, 1) * sizeof(uint32_t), 64);
}

static tq_status push_arrays(tq_pool *pool, const import_links *links, uint32_t copies,
                             city_arrays *out, tq_err *err)
{
    out->vertex_of_arc = push_u32(pool, links->vertex_of_arc.count);
    out->arc_of_vertex = push_u32(pool, links->vertex_count);
    out->copy_vertex = push_u32(pool, copies);
    out->first_link = push_u32(pool, (size_t)links->vertex_count + 1);
    out->link_head = push_u32(pool, links->link_count);
    out->up_of_link = push_u32(pool, links->link_count);
    out->link = tq_pool_push(pool, TQ_MAX((size_t)links->link_count, 1) * sizeof(tq_link), 64);
    return out->vertex_of_arc != NULL && out->arc_of_vertex != NULL && out->copy_vertex != NULL &&
                   out->first_link != NULL && out->link_head != NULL && out->up_of_link != NULL &&
                   out->link != NULL
               ? TQ_OK
               : import_no_memory(err);
}

static tq_status number_vertices(const import_links *links, const uint32_t *vertex_of_node,
                                 uint32_t copies, city_arrays *out, tq_err *err)
{
    uint32_t mains = links->vertex_count - copies;
    for (size_t arc = 0; arc < links->vertex_of_arc.count; arc++) {
        uint32_t node = links->vertex_of_arc.at[arc];
        out->vertex_of_arc[arc] = node == TQ_NONE ? TQ_NONE : vertex_of_node[node];
    }
    for (uint32_t node = 0; node < links->vertex_count; node++)
        out->arc_of_vertex[vertex_of_node[node]] = links->arc.at[node];
    uint64_t *key = TQ_ALLOC(uint64_t, copies);
    if (key == NULL) return import_no_memory(err);
    for (uint32_t copy = 0; copy < copies; copy++)
        key[copy] = (uint64_t)links->arc.at[mains + copy] << 32 | vertex_of_node[mains + copy];
    bool sorted = tq_sort_u64(key, copies);
    for (uint32_t copy = 0; copy < copies; copy++)
        out->copy_vertex[copy] = (uint32_t)key[copy];
    tq_free(key);
    return sorted ? TQ_OK : import_no_memory(err);
}

/* order[]: links by the vertex of `end`, stably after the order they are in. */
static void sort_links(const uint32_t *end, const uint32_t *vertex_of_node, uint32_t vertices,
                       uint32_t links, const uint32_t *before, uint32_t *first, uint32_t *order)
{
    memset(first, 0, ((size_t)vertices + 1) * sizeof *first);
    for (uint32_t link = 0; link < links; link++)
        first[vertex_of_node[end[link]] + 1]++;
    for (uint32_t vertex = 0; vertex < vertices; vertex++)
        first[vertex + 1] += first[vertex];
    for (uint32_t k = 0; k < links; k++) {
        uint32_t link = before == NULL ? k : before[k];
        order[first[vertex_of_node[end[link]]]++] = link;
    }
    for (uint32_t vertex = vertices; vertex > 0; vertex--)
        first[vertex] = first[vertex - 1];
    first[0] = 0;
}

static tq_status number_links(const import_links *links, const uint32_t *vertex_of_node,
                              const uint32_t *up_of_link, city_arrays *out, tq_err *err)
{
    uint32_t count = links->link_count, vertices = links->vertex_count;
    uint32_t *by_head = TQ_ALLOC(uint32_t, count), *order = TQ_ALLOC(uint32_t, count);
    tq_status status = by_head == NULL || order == NULL ? import_no_memory(err) : TQ_OK;
    if (status == TQ_OK) {
        sort_links(links->head.at, vertex_of_node, vertices, count, NULL, out->first_link, by_head);
        sort_links(links->tail.at, vertex_of_node, vertices, count, by_head, out->first_link,
                   order);
        for (uint32_t k = 0; k < count; k++) {
            out->link_head[k] = vertex_of_node[links->head.at[order[k]]];
            out->link[k] = links->link.at[order[k]];
            out->up_of_link[k] = up_of_link[order[k]];
        }
    }
    tq_free(by_head);
    tq_free(order);
    return status;
}

tq_status tq_hierarchy_of_links(tq_pool *pool, const import_links *links, tq_hierarchy *out,
                                tq_err *err)
{
    tq_hierarchy made = {0};
    city_arrays arrays = {0};
    uint32_t *vertex_of_node = NULL, *order = TQ_ALLOC(uint32_t, links->vertex_count);
    uint32_t copies = 0;
    for (size_t arc = 0; arc < links->vertex_of_arc.count; arc++)
        copies += links->vertex_of_arc.at[arc] != TQ_NONE;
    copies = links->vertex_count - copies;
    tq_graph graph = {links->vertex_count, links->link_count, links->tail.at, links->head.at};
    tq_status status = order == NULL ? import_no_memory(err) : TQ_OK;
    if (status == TQ_OK) status = tq_hierarchy_order(&graph, order, err);
    if (status == TQ_OK)
        status = tq_hierarchy_build(&graph, order, pool, &vertex_of_node, &made, err);
    tq_free(order);
    if (status != TQ_OK) return status;
    TQ_TRY(push_arrays(pool, links, copies, &arrays, err));
    TQ_TRY(number_vertices(links, vertex_of_node, copies, &arrays, err));
    TQ_TRY(number_links(links, vertex_of_node, made.up_of_link, &arrays, err));
    made.link_count = links->link_count;
    made.copy_count = copies;
    made.vertex_of_arc = arrays.vertex_of_arc;
    made.arc_of_vertex = arrays.arc_of_vertex;
    made.copy_vertex = arrays.copy_vertex;
    made.first_link = arrays.first_link;
    made.link_head = arrays.link_head;
    made.link = arrays.link;
    made.up_of_link = arrays.up_of_link;
    *out = made;
    return TQ_OK;
}

static void report_kind(tq_report *report, tq_hierarchy_kind kind, const tq_hierarchy *made)
{
    static const char *const name[TQ_HIERARCHY_COUNT][4] = {
        {"streets.motor_vertices", "streets.motor_links", "streets.motor_copies",
         "streets.motor_up_arcs"},
        {"streets.active_vertices", "streets.active_links", "streets.active_copies",
         "streets.active_up_arcs"}};
    const uint32_t value[4] = {made->vertex_count, made->link_count, made->copy_count,
                               made->up_count};
    for (unsigned k = 0; report != NULL && k < 4; k++)
        tq_report_count(report, name[kind][k], value[k]);
}

tq_status import_hierarchies(tq_build *build, tq_err *err)
{
    if (build->city.conditions.count == 0) TQ_TRY(import_conditions_freeze(build, err));
    for (uint32_t kind = 0; kind < TQ_HIERARCHY_COUNT; kind++) {
        if (build->progress != NULL)
            build->progress(build->progress_user, "hierarchies", kind, TQ_HIERARCHY_COUNT);
        import_links links = {0};
        TQ_TRY(import_links_make(build, (tq_hierarchy_kind)kind, &links, err));
        tq_status status =
            tq_hierarchy_of_links(&build->pool, &links, &build->city.hierarchy[kind], err);
        import_links_free(&links);
        if (status != TQ_OK) return status;
        report_kind(build->report, (tq_hierarchy_kind)kind, &build->city.hierarchy[kind]);
    }
    return TQ_OK;
}
