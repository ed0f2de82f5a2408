/*
 * Small towns made by hand for tests of streets, and plain Dijkstra as their oracle.
 *
 * A town holds growing arrays; town_finish freezes them into town.build.city with adjacency, grid,
 * conditions, vehicles and hierarchies, as an import does. Texts, conditions and rule sets are
 * those of town.build. Turns: town_turn, town_turn_via; oracle of ways with restrictions:
 * town_dijkstra_arcs.
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

#include "import/conditions_in.h"
#include "import/import.h"
#include "import/streets_in.h"
#include "road/road.h"

#define TOWN_ACCESS_ALL (TQ_ACCESS_MOTOR | TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR)

typedef struct test_town {
    TQ_VEC(tq_point) node, point;
    TQ_VEC(uint32_t) from, to, length_dm, first_point, attr_of, name_of, date_of;
    TQ_VEC(int64_t) way;
    TQ_VEC(tq_street_attr) attr;
    TQ_VEC(tq_street_name) name;
    TQ_VEC(tq_date_row) date;
    TQ_VEC(tq_turn) turn;
    TQ_VEC(uint32_t) via;
    tq_meta meta;
    tq_grid_data grid;
    uint32_t *first_out, *out_arc;
    tq_build build;
    tq_city *city; /* &build.city */
} test_town;

static inline uint32_t town_text(test_town *town, const char *text)
{
    return tq_texts_add(town->build.texts, tq_str_of(text));
}

static inline void town_begin(test_town *town)
{
    memset(town, 0, sizeof *town);
    town->city = &town->build.city;
    town->build.texts = tq_texts_new();
    assert_non_null(town->build.texts);
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
                           .speed_kmh = {speed_kmh, speed_kmh},
                           .incline_percent = TQ_INCLINE_UNKNOWN};
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

/* What stands at a node: IMPORT_NODE_ mask. All nodes must be there. */
static inline void town_mark(test_town *town, uint32_t node, uint8_t flags)
{
    while (town->build.node_flags.count < town->node.count)
        assert_true(tq_vec_push(&town->build.node_flags, 0));
    town->build.node_flags.at[node] |= flags;
}

/* A condition from one clause, and a rule set of one rule for the attributes of a row. */
static inline uint32_t town_condition(test_town *town, const tq_clause *clause)
{
    uint32_t row = TQ_NONE;
    tq_err err = {0};
    assert_int_equal(import_condition_of(&town->build, TQ_STR("test"), clause, 1, &row, &err),
                     TQ_OK);
    return row;
}

static inline void town_rule(test_town *town, uint32_t attr, tq_rule rule)
{
    tq_err err = {0};
    uint32_t *set = &town->attr.at[attr].rules;
    assert_int_equal(import_rule_set(&town->build, *set, &rule, 1, set, &err), TQ_OK);
}

typedef enum town_only { TOWN_NO, TOWN_ONLY } town_only;

/* A restriction over a node, or over via edges (count > 0); binds `banned` under a condition. */
static inline void town_turn_via(test_town *town, town_only only, uint32_t from_edge,
                                 const uint32_t *via, uint32_t count, uint32_t node,
                                 uint32_t to_edge, uint32_t banned, uint32_t condition)
{
    tq_turn turn = {.from_edge = from_edge,
                    .to_edge = to_edge,
                    .via_node = count == 0 ? node : TQ_NONE,
                    .first_via = count == 0 ? 0 : (uint32_t)town->via.count,
                    .via_count = count,
                    .only = only == TOWN_ONLY,
                    .banned = banned,
                    .condition = condition};
    for (uint32_t k = 0; k < count; k++)
        assert_true(tq_vec_push(&town->via, via[k]));
    assert_true(tq_vec_push(&town->turn, turn));
}

/* The plain one: always, for all wheels. */
static inline void town_turn(test_town *town, town_only only, uint32_t from_edge, uint32_t node,
                             uint32_t to_edge)
{
    town_turn_via(town, only, from_edge, NULL, 0, node, to_edge, TQ_ACCESS_MOTOR | TQ_ACCESS_BIKE,
                  0);
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

/* Everything but the hierarchies. */
static inline void town_freeze(test_town *town, town_index index)
{
    tq_city *city = town->city;
    tq_err err = {0};
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
                                 .name = town->name.at,
                                 .turn_count = (uint32_t)town->turn.count,
                                 .turn = town->turn.at,
                                 .via_count = (uint32_t)town->via.count,
                                 .via_edge = town->via.at};
    town_adjacency(town);
    city->streets.first_out = town->first_out;
    city->streets.out_arc = town->out_arc;
    if (index == TOWN_GRID) {
        town_grid(town);
        city->streets.grid = town->grid.grid;
    }
    if (town->build.node_flags.count > 0) town_mark(town, 0, 0);
    assert_int_equal(import_conditions_freeze(&town->build, &err), TQ_OK);
    assert_int_equal(import_vehicles_built_in(&town->build, &err), TQ_OK);
    city->text = tq_texts_all(town->build.texts);
    city->text_len = tq_texts_len(town->build.texts);
}

static inline void town_finish(test_town *town, town_index index)
{
    tq_err err = {0};
    town_freeze(town, index);
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
    tq_vec_free(&town->turn);
    tq_vec_free(&town->via);
    tq_vec_free(&town->build.node_flags);
    import_conditions_free(&town->build);
    tq_texts_free(town->build.texts);
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

/* ---- the oracle of turns: Dijkstra over (arc, restrictions that are under way) ----------------
 */

/* Weights of arcs and turns, as functions; INF = may not. Turns that a restriction bans are never
 * asked about. */
typedef struct town_costs {
    void *user;
    int32_t (*arc_ds)(void *user, uint32_t arc);
    int32_t (*turn_ds)(void *user, uint32_t from_arc, uint32_t to_arc);
    /* Does restriction `turn` bind at all (mode, condition)? */
    bool (*binds)(void *user, uint32_t turn);
} town_costs;

/* The arcs of a restriction with from and to; returns how many, 0 if the edges do not meet. */
static inline uint32_t town_turn_path(const tq_streets *streets, const tq_turn *turn, uint32_t *arc,
                                      uint32_t most)
{
    for (uint32_t start = 0; start < 2; start++) {
        uint32_t count = 1, node;
        arc[0] = 2 * turn->from_edge + start;
        node = tq_arc_head(streets, arc[0]);
        if (turn->via_count == 0 && node != turn->via_node) continue;
        for (uint32_t k = 0; k <= turn->via_count && count > 0 && count < most; k++) {
            uint32_t edge =
                k < turn->via_count ? streets->via_edge[turn->first_via + k] : turn->to_edge;
            uint32_t next = streets->edge_from[edge] == node ? 2 * edge
                            : streets->edge_to[edge] == node ? 2 * edge + 1
                                                             : TQ_NONE;
            arc[count] = next;
            count = next == TQ_NONE ? 0 : count + 1;
            node = next == TQ_NONE ? node : tq_arc_head(streets, next);
        }
        if (count == turn->via_count + 2) return count;
    }
    return 0;
}

/* A state: an arc that is about to be used, and the arcs used before it, newest first, as far as
 * they are the begin of a restriction. */
#define TOWN_MEMORY 6
typedef struct town_state {
    uint32_t arc[TOWN_MEMORY]; /* [0] is the one about to be used; TQ_NONE = none */
} town_state;

/* Forget what no restriction asks about any more. */
static inline void town_forget(const tq_streets *streets, town_state *state)
{
    uint32_t keep = 1;
    for (uint32_t k = 0; k < streets->turn_count; k++) {
        uint32_t path[TOWN_MEMORY + 1];
        uint32_t count = town_turn_path(streets, &streets->turn[k], path, TOWN_MEMORY + 1);
        for (uint32_t done = keep + 1; done < count; done++) {
            bool begun = true;
            for (uint32_t back = 0; back < done; back++)
                begun = begun && state->arc[back] == path[done - 1 - back];
            if (begun) keep = done;
        }
    }
    for (uint32_t back = keep; back < TOWN_MEMORY; back++)
        state->arc[back] = TQ_NONE;
}

/* May one go on from a state by `to`? Looks at the arcs themselves, restriction by restriction. */
static inline bool town_may_turn(const tq_city *city, const town_state *state, uint32_t to,
                                 const town_costs *costs)
{
    const tq_streets *streets = &city->streets;
    for (uint32_t k = 0; k < streets->turn_count; k++) {
        const tq_turn *turn = &streets->turn[k];
        uint32_t path[TOWN_MEMORY + 1], count;
        count = town_turn_path(streets, turn, path, TOWN_MEMORY + 1);
        if (count == 0 || !costs->binds(costs->user, k)) continue;
        bool travelled = true;
        for (uint32_t back = 0; back + 1 < count && travelled; back++)
            travelled = state->arc[back] == path[count - 2 - back];
        if (travelled && (path[count - 1] == to) != (turn->only != 0)) return false;
    }
    return true;
}

/*
 * Times from the tail of an arc to the tail of every arc, ds[2 * edge_count], -1 = cannot be
 * reached. Restrictions have at most TOWN_MEMORY - 1 arcs before the last turn. States are
 * remembered ways of so many arcs, found in a list: for small towns only.
 */
static inline void town_dijkstra_arcs(const tq_city *city, uint32_t from_arc,
                                      const town_costs *costs, int64_t *ds)
{
    const tq_streets *streets = &city->streets;
    typedef struct open_state {
        town_state state;
        int64_t ds;
        bool done;
    } open_state;
    TQ_VEC(open_state) open = {0};
    uint32_t reach = 1;
    for (uint32_t k = 0; k < streets->turn_count; k++)
        reach = TQ_MAX(reach, streets->turn[k].via_count + 1);
    assert_true(reach <= TOWN_MEMORY);
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++)
        ds[arc] = -1;
    open_state first = {.ds = 0};
    memset(&first.state, 0xff, sizeof first.state);
    first.state.arc[0] = from_arc;
    assert_true(tq_vec_push(&open, first));
    for (;;) {
        size_t best = open.count;
        for (size_t k = 0; k < open.count; k++)
            if (!open.at[k].done && (best == open.count || open.at[k].ds < open.at[best].ds))
                best = k;
        if (best == open.count) break;
        open.at[best].done = true;
        open_state at = open.at[best];
        uint32_t arc = at.state.arc[0], node = tq_arc_head(streets, arc);
        if (ds[arc] < 0) ds[arc] = at.ds;
        int32_t arc_ds = costs->arc_ds(costs->user, arc);
        for (uint32_t k = streets->first_out[node];
             arc_ds < TQ_ROAD_INF && k < streets->first_out[node + 1]; k++) {
            uint32_t to = streets->out_arc[k];
            if (costs->arc_ds(costs->user, to) >= TQ_ROAD_INF ||
                !town_may_turn(city, &at.state, to, costs))
                continue;
            int32_t turn_ds = costs->turn_ds(costs->user, arc, to);
            if (turn_ds >= TQ_ROAD_INF) continue;
            open_state next = {.ds = at.ds + arc_ds + turn_ds};
            memset(&next.state, 0xff, sizeof next.state);
            next.state.arc[0] = to;
            for (uint32_t back = 1; back < reach; back++)
                next.state.arc[back] = at.state.arc[back - 1];
            town_forget(streets, &next.state);
            size_t same = 0;
            while (same < open.count &&
                   memcmp(&open.at[same].state, &next.state, sizeof next.state) != 0)
                same++;
            if (same == open.count)
                assert_true(tq_vec_push(&open, next));
            else if (!open.at[same].done && next.ds < open.at[same].ds)
                open.at[same].ds = next.ds;
        }
    }
    tq_vec_free(&open);
}

static inline uint32_t *town_heads(const tq_streets *streets)
{
    uint32_t *head = TQ_ALLOC(uint32_t, 2 * (size_t)streets->edge_count);
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++)
        head[arc] = tq_arc_head(streets, arc);
    return head;
}

/* Some link between two arcs, of any copy; TQ_NONE. */
static inline uint32_t town_link(const tq_hierarchy *h, uint32_t from_arc, uint32_t to_arc)
{
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++) {
        if (h->arc_of_vertex[vertex] != from_arc) continue;
        for (uint32_t link = h->first_link[vertex]; link < h->first_link[vertex + 1]; link++)
            if (h->arc_of_vertex[h->link_head[link]] == to_arc) return link;
    }
    return TQ_NONE;
}

/* The pieces of a way join, start and end at the snaps, and add up to its time and length, turns
 * included. */
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
        time_ds += way->turn_ds[k];
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
