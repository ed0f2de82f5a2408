/*
 * Random turn-expanded graphs with their hierarchy, and plain Dijkstra over their links as the
 * oracle. The streets have no shape: edges with lengths, arcs with vertices, some with copies.
 */
#ifndef TQ_TEST_ROAD_GRAPH_H
#define TQ_TEST_ROAD_GRAPH_H

/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "import/import.h"
#include "road/road_in.h"

typedef struct test_graph {
    tq_pool pool;
    tq_city city; /* streets with lengths only, hierarchy[0] */
    tq_hierarchy *hierarchy;
    uint32_t edge_count, vertex_count, link_count;
    uint32_t *length_dm;
    int32_t *arc_ds, *turn_ds;
} test_graph;

static inline void *graph_push(test_graph *graph, size_t count, size_t size)
{
    void *memory = tq_pool_push(&graph->pool, TQ_MAX(count, (size_t)1) * size, 64);
    assert_non_null(memory);
    return memory;
}
#define GRAPH_PUSH(graph, T, n) ((T *)graph_push((graph), (n), sizeof(T)))

static inline int by_link(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Links as tail << 32 | head in the numbering before the order; sorted and made unique. */
static inline uint32_t random_links(tq_random *random, uint32_t vertices, uint64_t *key)
{
    uint32_t count = 0, reach = 1 + tq_random_below(random, vertices);
    if (tq_random_below(random, 3) != 0) reach = 1 + tq_random_below(random, 8);
    uint32_t degree = 1 + tq_random_below(random, 3);
    for (uint32_t tail = 0; tail < vertices; tail++) {
        uint32_t heads = tq_random_below(random, degree + 1);
        for (uint32_t k = 0; k < heads; k++) {
            uint32_t away = tq_random_below(random, 2 * reach + 1);
            uint32_t head = (tail + vertices * 2 + away - TQ_MIN(reach, vertices)) % vertices;
            if (tq_random_below(random, 40) == 0) head = tail;
            key[count++] = (uint64_t)tail << 32 | head;
        }
    }
    qsort(key, count, sizeof *key, by_link);
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count; k++)
        if (k == 0 || key[k] != key[k - 1]) key[kept++] = key[k];
    return kept;
}

/* New weights for a graph. */
static inline void graph_weigh(test_graph *graph, tq_random *random)
{
    uint32_t closed = tq_random_below(random, 12), most = 1u << tq_random_below(random, 12);
    for (uint32_t arc = 0; arc < 2 * graph->edge_count; arc++)
        graph->arc_ds[arc] = tq_random_below(random, 64) < closed
                                 ? TQ_ROAD_INF
                                 : (int32_t)tq_random_below(random, most);
    for (uint32_t link = 0; link < graph->link_count; link++)
        graph->turn_ds[link] = tq_random_below(random, 64) < closed
                                   ? TQ_ROAD_INF
                                   : (int32_t)tq_random_below(random, 1 + most / 4);
}

/* Arcs, their vertices and copies, in the numbering before the order: arc_of [vertices]. */
static inline uint32_t random_vertices(test_graph *graph, tq_random *random, uint32_t *arc_of)
{
    uint32_t count = 0, arcs = 2 * graph->edge_count, missing = tq_random_below(random, 6);
    for (uint32_t arc = 0; arc < arcs; arc++)
        if (arc == 0 || tq_random_below(random, 40) >= missing) arc_of[count++] = arc;
    uint32_t mains = count, copies = tq_random_below(random, 1 + arcs / 8);
    for (uint32_t k = 0; k < copies; k++)
        arc_of[count++] = arc_of[tq_random_below(random, mains)];
    return count;
}

/* Ends of the edges; they matter only for places that stand on them. */
static inline void graph_nodes(test_graph *graph, tq_random *random)
{
    uint32_t edges = graph->edge_count, nodes = edges + 1, filled = 0;
    uint32_t *from = GRAPH_PUSH(graph, uint32_t, edges), *to = GRAPH_PUSH(graph, uint32_t, edges);
    uint32_t *first = GRAPH_PUSH(graph, uint32_t, (size_t)nodes + 1);
    uint32_t *out = GRAPH_PUSH(graph, uint32_t, 2 * (size_t)edges);
    for (uint32_t edge = 0; edge < edges; edge++) {
        from[edge] = tq_random_below(random, nodes);
        to[edge] = tq_random_below(random, nodes);
    }
    for (uint32_t node = 0; node < nodes; node++) {
        for (uint32_t arc = 0; arc < 2 * edges; arc++)
            if ((arc & 1 ? to : from)[arc >> 1] == node) out[filled++] = arc;
        first[node + 1] = filled;
    }
    tq_streets *streets = &graph->city.streets;
    streets->node_count = nodes;
    streets->edge_from = from;
    streets->edge_to = to;
    streets->first_out = first;
    streets->out_arc = out;
}

static inline void graph_make(test_graph *graph, tq_random *random, uint32_t edges)
{
    memset(graph, 0, sizeof *graph);
    graph->edge_count = edges;
    graph->length_dm = GRAPH_PUSH(graph, uint32_t, edges);
    for (uint32_t edge = 0; edge < edges; edge++)
        graph->length_dm[edge] = 1 + tq_random_below(random, 2000);
    uint32_t *arc_of = GRAPH_PUSH(graph, uint32_t, 3 * (size_t)edges);
    uint32_t vertices = graph->vertex_count = random_vertices(graph, random, arc_of);
    uint64_t *key = GRAPH_PUSH(graph, uint64_t, 4 * (size_t)vertices);
    uint32_t links = graph->link_count = random_links(random, vertices, key);
    uint32_t *tail = GRAPH_PUSH(graph, uint32_t, links), *head = GRAPH_PUSH(graph, uint32_t, links);
    for (uint32_t k = 0; k < links; k++) {
        tail[k] = (uint32_t)(key[k] >> 32);
        head[k] = (uint32_t)key[k];
    }
    tq_graph plain = {vertices, links, tail, head};
    uint32_t *order = GRAPH_PUSH(graph, uint32_t, vertices), *vertex_of = NULL;
    tq_err err = {0};
    if (tq_random_below(random, 4) == 0) {
        for (uint32_t k = 0; k < vertices; k++)
            order[k] = k;
    } else {
        assert_int_equal(tq_hierarchy_order(&plain, order, &err), TQ_OK);
    }
    tq_hierarchy *hierarchy = graph->hierarchy = &graph->city.hierarchy[TQ_HIERARCHY_MOTOR];
    assert_int_equal(tq_hierarchy_build(&plain, order, &graph->pool, &vertex_of, hierarchy, &err),
                     TQ_OK);

    /* The same in the new numbering. */
    uint32_t *arc_of_vertex = GRAPH_PUSH(graph, uint32_t, vertices);
    uint32_t *vertex_of_arc = GRAPH_PUSH(graph, uint32_t, 2 * (size_t)edges);
    uint32_t *copy = GRAPH_PUSH(graph, uint32_t, vertices), copies = 0;
    memset(vertex_of_arc, 0xff, 2 * (size_t)edges * sizeof *vertex_of_arc);
    for (uint32_t k = 0; k < vertices; k++) {
        arc_of_vertex[vertex_of[k]] = arc_of[k];
        if (vertex_of_arc[arc_of[k]] == TQ_NONE)
            vertex_of_arc[arc_of[k]] = vertex_of[k];
        else
            key[copies++] = (uint64_t)arc_of[k] << 32 | vertex_of[k];
    }
    qsort(key, copies, sizeof *key, by_link);
    for (uint32_t k = 0; k < copies; k++)
        copy[k] = (uint32_t)key[k];
    uint32_t *first_link = GRAPH_PUSH(graph, uint32_t, (size_t)vertices + 1);
    uint32_t *link_head = GRAPH_PUSH(graph, uint32_t, links);
    uint32_t *up_of_link = GRAPH_PUSH(graph, uint32_t, links);
    uint64_t *place = GRAPH_PUSH(graph, uint64_t, 2 * (size_t)links);
    for (uint32_t k = 0; k < links; k++) {
        place[2 * k] = (uint64_t)vertex_of[tail[k]] << 32 | vertex_of[head[k]];
        place[2 * k + 1] = hierarchy->up_of_link[k];
    }
    qsort(place, links, 2 * sizeof *place, by_link);
    for (uint32_t k = 0; k < links; k++) {
        first_link[(place[2 * k] >> 32) + 1]++;
        link_head[k] = (uint32_t)place[2 * k];
        up_of_link[k] = (uint32_t)place[2 * k + 1];
    }
    for (uint32_t k = 0; k < vertices; k++)
        first_link[k + 1] += first_link[k];
    hierarchy->vertex_of_arc = vertex_of_arc;
    hierarchy->arc_of_vertex = arc_of_vertex;
    hierarchy->copy_vertex = copy;
    hierarchy->copy_count = copies;
    hierarchy->first_link = first_link;
    hierarchy->link_head = link_head;
    hierarchy->link = GRAPH_PUSH(graph, tq_link, links);
    hierarchy->up_of_link = up_of_link;
    hierarchy->link_count = links;
    graph->city.streets.edge_count = edges;
    graph->city.streets.edge_length_dm = graph->length_dm;
    graph_nodes(graph, random);
    graph->arc_ds = GRAPH_PUSH(graph, int32_t, 2 * (size_t)edges);
    graph->turn_ds = GRAPH_PUSH(graph, int32_t, links);
    graph_weigh(graph, random);
}

static inline void graph_free(test_graph *graph)
{
    tq_pool_free(&graph->pool);
}

/* Times from a vertex to all by links, and back to itself by at least one link: plain Dijkstra with
 * a search for the nearest. */
static inline void graph_dijkstra(const test_graph *graph, uint32_t from, int64_t *ds,
                                  int64_t *round)
{
    const tq_hierarchy *hierarchy = graph->hierarchy;
    static bool done[4096];
    assert_true(graph->vertex_count <= TQ_COUNT(done));
    memset(done, 0, sizeof done);
    for (uint32_t vertex = 0; vertex < graph->vertex_count; vertex++)
        ds[vertex] = TQ_ROAD_INF;
    ds[from] = 0;
    *round = TQ_ROAD_INF;
    for (;;) {
        uint32_t best = TQ_NONE;
        for (uint32_t vertex = 0; vertex < graph->vertex_count; vertex++)
            if (!done[vertex] && ds[vertex] < TQ_ROAD_INF &&
                (best == TQ_NONE || ds[vertex] < ds[best]))
                best = vertex;
        if (best == TQ_NONE) return;
        done[best] = true;
        for (uint32_t link = hierarchy->first_link[best]; link < hierarchy->first_link[best + 1];
             link++) {
            int64_t arc = graph->arc_ds[hierarchy->arc_of_vertex[best]],
                    turn = graph->turn_ds[link];
            if (arc >= TQ_ROAD_INF || turn >= TQ_ROAD_INF) continue;
            uint32_t head = hierarchy->link_head[link];
            int64_t reached = ds[best] + arc + turn;
            if (head == from) *round = TQ_MIN(*round, reached);
            ds[head] = TQ_MIN(ds[head], reached);
        }
    }
}

#endif
