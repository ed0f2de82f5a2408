/*
 * Small towns made by hand for tests of streets, and plain Dijkstra as their oracle.
 *
 * A town holds growing arrays; town_finish freezes them into town.build.city with adjacency, grid
 * and hierarchies, as an import does.
 */
#ifndef TQ_TEST_ROAD_TOWN_H
#define TQ_TEST_ROAD_TOWN_H

/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
/* clang-format on */

#include "import/import.h"
#include "road/road.h"

#define TOWN_ACCESS_ALL (TQ_ACCESS_MOTOR | TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR)

typedef struct test_town {
    TQ_VEC(tq_point) node, point;
    TQ_VEC(uint32_t) from, to, length_dm, first_point, attr_of, name_of, date_of;
    TQ_VEC(int64_t) way;
    TQ_VEC(tq_street_attr) attr;
    TQ_VEC(tq_street_name) name;
    TQ_VEC(tq_date_row) date;
    tq_buf text;
    tq_meta meta;
    tq_grid_data grid;
    uint32_t *first_out, *out_arc;
    tq_build build;
    tq_city *city; /* &build.city */
} test_town;

static inline uint32_t town_text(test_town *town, const char *text)
{
    uint32_t at = (uint32_t)town->text.len;
    tq_buf_put(&town->text, text, strlen(text) + 1);
    return at;
}

static inline void town_begin(test_town *town)
{
    memset(town, 0, sizeof *town);
    town->city = &town->build.city;
    (void)town_text(town, "");
    assert_true(tq_vec_push(&town->name, (tq_street_name){0}));
    assert_true(tq_vec_push(&town->date, ((tq_date_row){INT64_MIN, INT64_MAX, TQ_OPEN, 0})));
    assert_true(tq_vec_push(&town->first_point, 0));
}

static inline uint32_t town_node(test_town *town, int32_t lat_e7, int32_t lon_e7)
{
    assert_true(tq_vec_push(&town->node, ((tq_point){lat_e7, lon_e7})));
    return (uint32_t)town->node.count - 1;
}

/* A row of attributes with the same access both ways, or none against. */
static inline uint32_t town_attr(test_town *town, tq_street_class street_class, uint8_t along,
                                 uint8_t against, uint8_t speed_kmh)
{
    tq_street_attr attr = {.street_class = (uint8_t)street_class,
                           .access = {along, against},
                           .speed_kmh = {speed_kmh, speed_kmh}};
    assert_true(tq_vec_push(&town->attr, attr));
    return (uint32_t)town->attr.count - 1;
}

static inline uint32_t town_name(test_town *town, const char *name)
{
    tq_street_name row = {.name = town_text(town, name)};
    assert_true(tq_vec_push(&town->name, row));
    return (uint32_t)town->name.count - 1;
}

static inline uint32_t town_date(test_town *town, tq_life life, int64_t from_ms, int64_t to_ms)
{
    assert_true(tq_vec_push(&town->date, ((tq_date_row){from_ms, to_ms, (uint32_t)life, 0})));
    return (uint32_t)town->date.count - 1;
}

/* An edge; length TQ_NONE = from its points. Inner points follow with town_bend before the next
 * edge. */
static inline uint32_t town_edge(test_town *town, uint32_t from, uint32_t to, uint32_t attr,
                                 uint32_t name, uint32_t date, uint32_t length_dm)
{
    if (length_dm == TQ_NONE) length_dm = tq_distance_dm(town->node.at[from], town->node.at[to]);
    assert_true(tq_vec_push(&town->from, from) && tq_vec_push(&town->to, to) &&
                tq_vec_push(&town->length_dm, length_dm) && tq_vec_push(&town->attr_of, attr) &&
                tq_vec_push(&town->name_of, name) && tq_vec_push(&town->date_of, date) &&
                tq_vec_push(&town->way, (int64_t)town->from.count) &&
                tq_vec_push(&town->first_point, (uint32_t)town->point.count));
    return (uint32_t)town->from.count - 1;
}

/* One more inner point of the last edge; its length becomes that of its line. */
static inline void town_bend(test_town *town, int32_t lat_e7, int32_t lon_e7)
{
    size_t edge = town->from.count - 1;
    assert_true(tq_vec_push(&town->point, ((tq_point){lat_e7, lon_e7})));
    town->first_point.at[edge + 1] = (uint32_t)town->point.count;
    tq_point last = town->node.at[town->from.at[edge]];
    uint32_t length_dm = 0;
    for (uint32_t k = town->first_point.at[edge]; k < town->point.count; k++) {
        length_dm += tq_distance_dm(last, town->point.at[k]);
        last = town->point.at[k];
    }
    town->length_dm.at[edge] = length_dm + tq_distance_dm(last, town->node.at[town->to.at[edge]]);
}

static inline void town_adjacency(test_town *town)
{
    uint32_t nodes = (uint32_t)town->node.count, arcs = 2 * (uint32_t)town->from.count;
    const tq_streets *streets = &town->city->streets;
    town->first_out = TQ_ALLOC(uint32_t, (size_t)nodes + 2);
    town->out_arc = TQ_ALLOC(uint32_t, arcs);
    for (uint32_t arc = 0; arc < arcs; arc++)
        town->first_out[tq_arc_tail(streets, arc) + 2]++;
    for (uint32_t node = 0; node < nodes; node++)
        town->first_out[node + 2] += town->first_out[node + 1];
    for (uint32_t arc = 0; arc < arcs; arc++)
        town->out_arc[town->first_out[tq_arc_tail(streets, arc) + 1]++] = arc;
}

static inline void town_grid(test_town *town)
{
    size_t edges = town->from.count;
    tq_box *box = TQ_ALLOC(tq_box, edges);
    for (size_t edge = 0; edge < edges; edge++) {
        box[edge] = TQ_BOX_EMPTY;
        tq_box_add(&box[edge], town->node.at[town->from.at[edge]]);
        tq_box_add(&box[edge], town->node.at[town->to.at[edge]]);
        for (uint32_t k = town->first_point.at[edge]; k < town->first_point.at[edge + 1]; k++)
            tq_box_add(&box[edge], town->point.at[k]);
    }
    tq_err err = {0};
    assert_int_equal(tq_grid_build(box, (uint32_t)edges, 200, &town->grid, &err), TQ_OK);
    tq_free(box);
}

typedef enum town_index { TOWN_NO_GRID, TOWN_GRID } town_index;

static inline void town_finish(test_town *town, town_index index)
{
    tq_city *city = town->city;
    city->text = town->text.at;
    city->text_len = (uint32_t)town->text.len;
    city->meta = &town->meta;
    city->meta_count = 1;
    city->dates = (tq_dates){(uint32_t)town->date.count, town->date.at};
    city->streets = (tq_streets){.node_count = (uint32_t)town->node.count,
                                 .edge_count = (uint32_t)town->from.count,
                                 .point_count = (uint32_t)town->point.count,
                                 .attr_count = (uint32_t)town->attr.count,
                                 .name_count = (uint32_t)town->name.count,
                                 .node_at = town->node.at,
                                 .edge_from = town->from.at,
                                 .edge_to = town->to.at,
                                 .edge_length_dm = town->length_dm.at,
                                 .edge_first_point = town->first_point.at,
                                 .point = town->point.at,
                                 .edge_attr = town->attr_of.at,
                                 .edge_name = town->name_of.at,
                                 .edge_date = town->date_of.at,
                                 .edge_way = town->way.at,
                                 .attr = town->attr.at,
                                 .name = town->name.at};
    town_adjacency(town);
    city->streets.first_out = town->first_out;
    city->streets.out_arc = town->out_arc;
    if (index == TOWN_GRID) {
        town_grid(town);
        city->streets.grid = town->grid.grid;
    }
    tq_err err = {0};
    assert_int_equal(import_hierarchies(&town->build, &err), TQ_OK);
}

static inline void town_end(test_town *town)
{
    tq_vec_free(&town->node);
    tq_vec_free(&town->point);
    tq_vec_free(&town->from);
    tq_vec_free(&town->to);
    tq_vec_free(&town->length_dm);
    tq_vec_free(&town->first_point);
    tq_vec_free(&town->attr_of);
    tq_vec_free(&town->name_of);
    tq_vec_free(&town->date_of);
    tq_vec_free(&town->way);
    tq_vec_free(&town->attr);
    tq_vec_free(&town->name);
    tq_vec_free(&town->date);
    tq_buf_free(&town->text);
    tq_free(town->first_out);
    tq_free(town->out_arc);
    tq_grid_free(&town->grid);
    tq_pool_free(&town->build.pool);
}

/* ---- the oracle: Dijkstra over street arcs, or over any list of arcs
 * ------------------------------ */

typedef struct test_oracle {
    uint32_t node_count;
    int64_t *ds; /* [node_count], -1 = cannot be reached */
    tq_heap heap;
} test_oracle;

static inline void oracle_begin(test_oracle *oracle, uint32_t nodes)
{
    *oracle = (test_oracle){.node_count = nodes,
                            .ds = TQ_ALLOC(int64_t, nodes),
                            .heap = {.id = TQ_ALLOC(uint32_t, nodes),
                                     .pos = TQ_ALLOC(uint32_t, nodes),
                                     .key = TQ_ALLOC(int64_t, nodes)}};
}

static inline void oracle_end(test_oracle *oracle)
{
    tq_free(oracle->ds);
    tq_free(oracle->heap.id);
    tq_free(oracle->heap.pos);
    tq_free(oracle->heap.key);
}

/* Times from a node over adjacency lists; weights of TQ_ROAD_INF are no arcs. */
static inline void oracle_run(test_oracle *oracle, const uint32_t *first_out,
                              const uint32_t *out_arc, const uint32_t *head_of_arc,
                              const int32_t *arc_ds, uint32_t from)
{
    tq_heap *heap = &oracle->heap;
    heap->count = 0;
    for (uint32_t node = 0; node < oracle->node_count; node++) {
        oracle->ds[node] = -1;
        heap->pos[node] = TQ_NONE;
    }
    tq_heap_lower(heap, from, 0);
    while (heap->count > 0) {
        int64_t ds = 0;
        uint32_t node = tq_heap_pop(heap, &ds);
        oracle->ds[node] = ds;
        for (uint32_t k = first_out[node]; k < first_out[node + 1]; k++) {
            uint32_t arc = out_arc[k];
            if (arc_ds[arc] >= TQ_ROAD_INF || oracle->ds[head_of_arc[arc]] >= 0) continue;
            tq_heap_lower(heap, head_of_arc[arc], ds + arc_ds[arc]);
        }
    }
}

static inline uint32_t *town_heads(const tq_streets *streets)
{
    uint32_t *head = TQ_ALLOC(uint32_t, 2 * (size_t)streets->edge_count);
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++)
        head[arc] = tq_arc_head(streets, arc);
    return head;
}

/* The pieces of a way join, start and end at the snaps, and add up to its time and length. */
static inline void check_way(const tq_city *city, const int32_t *arc_ds, const tq_snap *from,
                             const tq_snap *to, const tq_way *way)
{
    const tq_streets *streets = &city->streets;
    int64_t time_ds = 0;
    uint64_t length_dm = 0;
    assert_true(way->arc_count > 0);
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint32_t arc = way->arc[k], full_dm = streets->edge_length_dm[arc >> 1];
        uint32_t begin = k == 0 ? way->first_from_dm : 0,
                 end = k + 1 == way->arc_count ? way->last_to_dm : full_dm;
        assert_true(begin <= end && end <= full_dm);
        assert_true(arc_ds[arc] < TQ_ROAD_INF);
        length_dm += end - begin;
        time_ds += full_dm == end - begin
                       ? arc_ds[arc]
                       : ((int64_t)arc_ds[arc] * (end - begin) + full_dm / 2) / full_dm;
        if (k > 0)
            assert_int_equal(tq_arc_tail(streets, arc), tq_arc_head(streets, way->arc[k - 1]));
    }
    assert_int_equal(time_ds, way->time_ds);
    assert_int_equal(length_dm, way->length_dm);
    /* An end is on the snap's edge at its place, or at the node where the snap lies. */
    for (int side = 0; side < 2; side++) {
        const tq_snap *snap = side == 0 ? from : to;
        uint32_t arc = side == 0 ? way->arc[0] : way->arc[way->arc_count - 1];
        uint32_t full_dm = streets->edge_length_dm[arc >> 1];
        uint32_t at = side == 0 ? way->first_from_dm : way->last_to_dm;
        uint32_t along = arc & 1 ? full_dm - at : at;
        if (arc >> 1 == snap->edge && along == snap->along_dm) continue;
        uint32_t snap_node = snap->along_dm == 0 ? streets->edge_from[snap->edge]
                             : snap->along_dm == streets->edge_length_dm[snap->edge]
                                 ? streets->edge_to[snap->edge]
                                 : TQ_NONE;
        uint32_t way_node = along == 0         ? streets->edge_from[arc >> 1]
                            : along == full_dm ? streets->edge_to[arc >> 1]
                                               : TQ_NONE;
        /* A zero-length edge has both its nodes in one place. */
        if (streets->edge_length_dm[snap->edge] == 0 || full_dm == 0) continue;
        assert_int_not_equal(snap_node, TQ_NONE);
        assert_int_equal(snap_node, way_node);
    }
}

#endif
