/*
 * The finished network -> the frozen arrays of city.h.
 *
 * Nodes are renumbered along a Hilbert curve over the network's box (neighbours on the map lie near
 * in memory), edges sorted by (from, to), both stably. Nodes that no edge touches are dropped.
 */
#include "import/conditions_in.h"
#include "import/streets_in.h"

#define CURVE_BITS 16u

/* Place of cell (x, y) on the Hilbert curve of 2^CURVE_BITS cells a side. Method: Warren, Hacker's
 * Delight, 16-2. */
static uint64_t curve_place(uint32_t x, uint32_t y)
{
    uint64_t place = 0;
    for (uint32_t side = 1u << (CURVE_BITS - 1); side > 0; side >>= 1) {
        uint32_t right = (x & side) != 0, upper = (y & side) != 0;
        place += (uint64_t)side * side * ((3 * right) ^ upper);
        if (upper == 0) {
            if (right == 1) {
                x = (1u << CURVE_BITS) - 1 - x;
                y = (1u << CURVE_BITS) - 1 - y;
            }
            uint32_t swap = x;
            x = y;
            y = swap;
        }
    }
    return place;
}

/* new_node[old] for used nodes in curve order, TQ_NONE for others; *count of used ones. */
static tq_status number_nodes(const import_network *network, uint32_t *new_node, uint32_t *count,
                              tq_err *err)
{
    uint32_t all = (uint32_t)network->nodes.count, used = 0;
    uint32_t *order = TQ_ALLOC(uint32_t, all);
    uint64_t *key = TQ_ALLOC(uint64_t, all);
    tq_status status = order == NULL || key == NULL ? import_no_memory(err) : TQ_OK;
    tq_box box = TQ_BOX_EMPTY;
    if (status == TQ_OK) {
        memset(new_node, 0xff, all * sizeof *new_node);
        for (size_t k = 0; k < network->edges.count; k++)
            new_node[network->edges.at[k].from] = new_node[network->edges.at[k].to] = 0;
        for (uint32_t node = 0; node < all; node++) {
            if (new_node[node] == TQ_NONE) continue;
            order[used++] = node;
            tq_box_add(&box, network->nodes.at[node]);
        }
        uint64_t side = (uint64_t)TQ_MAX((int64_t)box.north_e7 - box.south_e7,
                                         (int64_t)box.east_e7 - box.west_e7) +
                        1;
        for (uint32_t k = 0; k < used; k++) {
            tq_point at = network->nodes.at[order[k]];
            uint64_t x = (uint64_t)((int64_t)at.lon_e7 - box.west_e7),
                     y = (uint64_t)((int64_t)at.lat_e7 - box.south_e7);
            key[order[k]] = curve_place((uint32_t)((x << CURVE_BITS) / side),
                                        (uint32_t)((y << CURVE_BITS) / side));
        }
        if (!tq_sort_by_u64(order, used, key)) status = import_no_memory(err);
    }
    if (status == TQ_OK) {
        for (uint32_t k = 0; k < used; k++)
            new_node[order[k]] = k;
        *count = used;
    }
    tq_free(order);
    tq_free(key);
    return status;
}

static void *push(tq_build *build, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size) return NULL;
    return tq_pool_push(&build->pool, TQ_MAX(count * size, 1), 64);
}

/* Arrays of a tq_streets while they are being written. */
typedef struct street_arrays {
    tq_point *node_at, *point;
    uint32_t *first_out, *out_arc, *from, *to, *length_dm, *first_point, *attr, *name, *date;
    int64_t *way;
} street_arrays;

static bool push_arrays(tq_build *build, const import_network *network, uint32_t node_count,
                        street_arrays *arrays)
{
    size_t edges = network->edges.count, points = 0;
    for (size_t k = 0; k < edges; k++)
        points += network->edges.at[k].point_count;
    arrays->node_at = push(build, node_count, sizeof(tq_point));
    arrays->point = push(build, points, sizeof(tq_point));
    arrays->first_out = push(build, (size_t)node_count + 1, sizeof(uint32_t));
    arrays->out_arc = push(build, edges * 2, sizeof(uint32_t));
    uint32_t **const by_edge[] = {&arrays->from, &arrays->to,   &arrays->length_dm,
                                  &arrays->attr, &arrays->name, &arrays->date};
    bool done = arrays->node_at != NULL && arrays->point != NULL && arrays->first_out != NULL &&
                arrays->out_arc != NULL;
    for (size_t k = 0; k < TQ_COUNT(by_edge); k++)
        done = (*by_edge[k] = push(build, edges, sizeof(uint32_t))) && done;
    arrays->first_point = push(build, edges + 1, sizeof(uint32_t));
    arrays->way = push(build, edges, sizeof(int64_t));
    return done && arrays->first_point != NULL && arrays->way != NULL;
}

/* Arcs by tail, ascending in each list because arcs are visited in order. */
static void fill_out_arcs(street_arrays *arrays, uint32_t node_count, uint32_t edge_count)
{
    for (uint32_t edge = 0; edge < edge_count; edge++) {
        arrays->first_out[arrays->from[edge]]++;
        arrays->first_out[arrays->to[edge]]++;
    }
    uint32_t sum = 0;
    for (uint32_t node = 0; node <= node_count; node++) {
        uint32_t degree = node < node_count ? arrays->first_out[node] : 0;
        arrays->first_out[node] = sum;
        sum += degree;
    }
    for (uint32_t edge = 0; edge < edge_count; edge++) {
        arrays->out_arc[arrays->first_out[arrays->from[edge]]++] = edge * 2;
        arrays->out_arc[arrays->first_out[arrays->to[edge]]++] = edge * 2 + 1;
    }
    for (uint32_t node = node_count; node > 0; node--)
        arrays->first_out[node] = arrays->first_out[node - 1];
    arrays->first_out[0] = 0;
}

static void fill_edges(const import_network *network, const uint32_t *order,
                       const uint32_t *new_node, street_arrays *arrays)
{
    uint32_t edge_count = (uint32_t)network->edges.count, points = 0;
    for (uint32_t edge = 0; edge < edge_count; edge++) {
        const import_edge *old = &network->edges.at[order[edge]];
        arrays->from[edge] = new_node[old->from];
        arrays->to[edge] = new_node[old->to];
        arrays->length_dm[edge] = old->length_dm;
        arrays->attr[edge] = old->attr;
        arrays->name[edge] = old->name;
        arrays->date[edge] = old->date;
        arrays->way[edge] = old->way;
        arrays->first_point[edge] = points;
        if (old->point_count > 0)
            memcpy(arrays->point + points, network->points.at + old->first_point,
                   old->point_count * sizeof *arrays->point);
        points += old->point_count;
    }
    arrays->first_point[edge_count] = points;
    for (uint32_t node = 0; node < network->nodes.count; node++)
        if (new_node[node] != TQ_NONE) arrays->node_at[new_node[node]] = network->nodes.at[node];
}

static tq_status fill_rows(tq_build *build, const import_network *network, const uint32_t *new_node,
                           const uint32_t *new_edge, tq_streets *streets, tq_err *err)
{
    tq_street_attr *attr = push(build, network->attrs.count, sizeof *attr);
    tq_street_name *name = push(build, network->names.count, sizeof *name);
    tq_turn *turn = push(build, network->turns.count, sizeof *turn);
    uint32_t *via = push(build, network->vias.count, sizeof *via);
    if (attr == NULL || name == NULL || turn == NULL || via == NULL) return import_no_memory(err);
    memcpy(attr, network->attrs.at, network->attrs.count * sizeof *attr);
    for (size_t k = 0; k < network->names.count; k++) {
        const import_name *row = &network->names.at[k];
        name[k] = (tq_street_name){row->name, row->name_en, row->ref};
    }
    for (size_t k = 0; k < network->turns.count; k++) {
        const import_turn *row = &network->turns.at[k];
        turn[k] = (tq_turn){.from_edge = new_edge[row->from_edge],
                            .to_edge = new_edge[row->to_edge],
                            .via_node = row->via_count == 0 ? new_node[row->start_node] : TQ_NONE,
                            .first_via = row->first_via,
                            .via_count = row->via_count,
                            .only = row->only,
                            .banned = row->banned,
                            .condition = row->condition};
    }
    for (size_t k = 0; k < network->vias.count; k++)
        via[k] = new_edge[network->vias.at[k]];
    streets->attr = attr;
    streets->attr_count = (uint32_t)network->attrs.count;
    streets->name = name;
    streets->name_count = (uint32_t)network->names.count;
    streets->turn = turn;
    streets->turn_count = (uint32_t)network->turns.count;
    streets->via_edge = via;
    streets->via_count = (uint32_t)network->vias.count;
    return TQ_OK;
}

static tq_status fill_grid(tq_build *build, tq_streets *streets, tq_err *err)
{
    tq_box *box = TQ_ALLOC(tq_box, streets->edge_count);
    tq_grid_data data = {0};
    tq_status status = box == NULL ? import_no_memory(err) : TQ_OK;
    for (uint32_t edge = 0; status == TQ_OK && edge < streets->edge_count; edge++) {
        box[edge] = TQ_BOX_EMPTY;
        tq_box_add(&box[edge], streets->node_at[streets->edge_from[edge]]);
        tq_box_add(&box[edge], streets->node_at[streets->edge_to[edge]]);
        for (uint32_t k = streets->edge_first_point[edge]; k < streets->edge_first_point[edge + 1];
             k++)
            tq_box_add(&box[edge], streets->point[k]);
    }
    if (status == TQ_OK)
        status = tq_grid_build(box, streets->edge_count, TQ_STREET_GRID_CELL_M, &data, err);
    if (status == TQ_OK) {
        uint32_t cells = data.grid.columns * data.grid.rows, items = data.grid.first[cells];
        uint32_t *first = push(build, (size_t)cells + 1, sizeof *first),
                 *item = push(build, items, sizeof *item);
        if (first == NULL || item == NULL) {
            status = import_no_memory(err);
        } else {
            memcpy(first, data.grid.first, ((size_t)cells + 1) * sizeof *first);
            if (items > 0) memcpy(item, data.grid.item, items * sizeof *item);
            streets->grid = data.grid;
            streets->grid.first = first;
            streets->grid.item = item;
            streets->grid_cells = cells;
            streets->grid_items = items;
        }
    }
    tq_grid_free(&data);
    tq_free(box);
    return status;
}

/* What stands at the nodes does not enter the file: the links tell. */
static tq_status keep_node_flags(tq_build *build, const import_network *network,
                                 const uint32_t *new_node, uint32_t node_count, tq_err *err)
{
    build->node_flags.count = 0;
    if (!tq_vec_room(&build->node_flags, node_count)) return import_no_memory(err);
    memset(build->node_flags.at, 0, node_count);
    build->node_flags.count = node_count;
    for (size_t node = 0; node < network->node_flags.count; node++)
        if (new_node[node] != TQ_NONE)
            build->node_flags.at[new_node[node]] = network->node_flags.at[node];
    return TQ_OK;
}

static tq_status freeze_with(tq_build *build, const import_network *network, uint32_t *new_node,
                             uint32_t *order, uint32_t *new_edge, uint64_t *key, tq_err *err)
{
    uint32_t edge_count = (uint32_t)network->edges.count, node_count = 0;
    TQ_TRY(number_nodes(network, new_node, &node_count, err));
    for (uint32_t edge = 0; edge < edge_count; edge++) {
        order[edge] = edge;
        key[edge] = (uint64_t)new_node[network->edges.at[edge].from] << 32 |
                    new_node[network->edges.at[edge].to];
    }
    if (!tq_sort_by_u64(order, edge_count, key)) return import_no_memory(err);
    for (uint32_t edge = 0; edge < edge_count; edge++)
        new_edge[order[edge]] = edge;
    street_arrays arrays = {0};
    if (!push_arrays(build, network, node_count, &arrays)) return import_no_memory(err);
    fill_edges(network, order, new_node, &arrays);
    fill_out_arcs(&arrays, node_count, edge_count);
    tq_streets streets = {.node_count = node_count,
                          .edge_count = edge_count,
                          .point_count = arrays.first_point[edge_count],
                          .node_at = arrays.node_at,
                          .first_out = arrays.first_out,
                          .out_arc = arrays.out_arc,
                          .edge_from = arrays.from,
                          .edge_to = arrays.to,
                          .edge_length_dm = arrays.length_dm,
                          .edge_first_point = arrays.first_point,
                          .point = arrays.point,
                          .edge_attr = arrays.attr,
                          .edge_name = arrays.name,
                          .edge_date = arrays.date,
                          .edge_way = arrays.way};
    TQ_TRY(fill_rows(build, network, new_node, new_edge, &streets, err));
    TQ_TRY(fill_grid(build, &streets, err));
    tq_stop *stop =
        (tq_stop *)(uintptr_t)build->city.timetable.stop; /* import owns it until it is written */
    for (uint32_t k = 0; k < build->city.timetable.stop_count; k++)
        if (stop[k].node != TQ_NONE) stop[k].node = new_node[stop[k].node];
    TQ_TRY(keep_node_flags(build, network, new_node, node_count, err));
    TQ_TRY(import_conditions_freeze(build, err));
    build->city.streets = streets;
    tq_report_count(build->report, "streets.nodes", node_count);
    tq_report_count(build->report, "streets.edges", edge_count);
    tq_report_count(build->report, "streets.turns", streets.turn_count);
    return TQ_OK;
}

tq_status import_freeze_streets(tq_build *build, import_network *network, tq_err *err)
{
    size_t edges = network->edges.count;
    uint32_t *new_node = TQ_ALLOC(uint32_t, network->nodes.count),
             *order = TQ_ALLOC(uint32_t, edges);
    uint32_t *new_edge = TQ_ALLOC(uint32_t, edges);
    uint64_t *key = TQ_ALLOC(uint64_t, edges);
    tq_status status = new_node == NULL || order == NULL || new_edge == NULL || key == NULL
                           ? import_no_memory(err)
                           : freeze_with(build, network, new_node, order, new_edge, key, err);
    tq_free(new_node);
    tq_free(order);
    tq_free(new_edge);
    tq_free(key);
    return status;
}
