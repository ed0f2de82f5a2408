/*
 * The street network under construction: nodes, courses, shared rows of attributes and names.
 *
 * Equal attribute and name rows share one index through a small open-addressing table over the rows
 * themselves (a few thousand rows; never over nodes). Rows keep their order of first appearance, so
 * equal input gives equal rows.
 */
#include <stdio.h>

#include "import/streets_in.h"

tq_status import_no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the street network");
}

import_network *import_network_of(tq_build *build)
{
    if (build->network == NULL) {
        build->network = TQ_ALLOC(import_network, 1);
        /* Row 0 is the nameless one. */
        if (build->network != NULL && import_name_row(build->network, &(import_name){0}) != 0)
            import_streets_free(build);
    }
    return build->network;
}

void import_streets_free(tq_build *build)
{
    import_network *network = build->network;
    if (network == NULL) return;
    tq_vec_free(&network->nodes);
    tq_vec_free(&network->node_flags);
    tq_vec_free(&network->points);
    tq_vec_free(&network->edges);
    tq_vec_free(&network->attrs);
    tq_vec_free(&network->names);
    tq_vec_free(&network->turns);
    tq_vec_free(&network->vias);
    tq_free(network->attr_rows.slot);
    tq_free(network->name_rows.slot);
    tq_free(network);
    build->network = NULL;
}

static bool grow_slots(import_rows *rows, const uint8_t *row, size_t size)
{
    size_t slots = rows->slots == 0 ? 256 : rows->slots * 2;
    uint32_t *slot = TQ_ALLOC(uint32_t, slots);
    if (slot == NULL) return false;
    memset(slot, 0xff, slots * sizeof *slot);
    for (size_t k = 0; k < rows->used; k++) {
        size_t at = tq_hash(row + k * size, size, 0) & (slots - 1);
        while (slot[at] != TQ_NONE)
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)k;
    }
    tq_free(rows->slot);
    rows->slot = slot;
    rows->slots = slots;
    return true;
}

/* Slot of an equal row among `row`, or the free slot where it belongs. False on no memory. */
static bool find_slot(import_rows *rows, const uint8_t *row, size_t size, const void *wanted,
                      size_t *found)
{
    if (rows->used * 2 >= rows->slots && !grow_slots(rows, row, size)) return false;
    size_t at = tq_hash(wanted, size, 0) & (rows->slots - 1);
    while (rows->slot[at] != TQ_NONE && memcmp(row + rows->slot[at] * size, wanted, size) != 0)
        at = (at + 1) & (rows->slots - 1);
    *found = at;
    return true;
}

uint32_t import_attr_row(import_network *network, const tq_street_attr *attr)
{
    import_rows *rows = &network->attr_rows;
    size_t slot;
    if (!find_slot(rows, (const uint8_t *)network->attrs.at, sizeof *attr, attr, &slot))
        return TQ_NONE;
    if (rows->slot[slot] != TQ_NONE) return rows->slot[slot];
    if (!tq_vec_push(&network->attrs, *attr)) return TQ_NONE;
    return rows->slot[slot] = (uint32_t)rows->used++;
}

uint32_t import_name_row(import_network *network, const import_name *name)
{
    import_rows *rows = &network->name_rows;
    size_t slot;
    if (!find_slot(rows, (const uint8_t *)network->names.at, sizeof *name, name, &slot))
        return TQ_NONE;
    if (rows->slot[slot] != TQ_NONE) return rows->slot[slot];
    if (!tq_vec_push(&network->names, *name)) return TQ_NONE;
    return rows->slot[slot] = (uint32_t)rows->used++;
}

uint32_t import_add_node(import_network *network, tq_point at)
{
    if (network->nodes.count >= TQ_STREETS_EDGES_MAX || !tq_vec_push(&network->node_flags, 0))
        return TQ_NONE;
    if (!tq_vec_push(&network->nodes, at)) return network->node_flags.count--, TQ_NONE;
    return (uint32_t)network->nodes.count - 1;
}

tq_street_attr import_attr_reversed(const tq_street_attr *attr)
{
    tq_street_attr turned = *attr;
    for (unsigned direction = 0; direction < 2; direction++) {
        turned.access[direction] = attr->access[1 - direction];
        turned.speed_kmh[direction] = attr->speed_kmh[1 - direction];
        turned.lanes[direction] = attr->lanes[1 - direction];
        turned.turn_lanes[direction] = attr->turn_lanes[1 - direction];
    }
    if (attr->incline_percent != TQ_INCLINE_UNKNOWN)
        turned.incline_percent = (int8_t)-attr->incline_percent;
    return turned;
}

/* One edge along points that do not close. */
static tq_status add_piece(import_network *network, const import_edge *like, const tq_point *point,
                           uint32_t count, tq_err *err)
{
    import_edge edge = *like;
    uint64_t length = 0;
    for (uint32_t k = 1; k < count; k++)
        length += tq_distance_dm(point[k - 1], point[k]);
    if (length > INT32_MAX || network->edges.count >= TQ_STREETS_EDGES_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "a street is over 214000 km, or there are over %u pieces of street",
                       TQ_STREETS_EDGES_MAX);
    edge.length_dm = (uint32_t)TQ_MAX(length, 1);
    edge.first_point = (uint32_t)network->points.count;
    edge.point_count = count - 2;
    if (!tq_vec_room(&network->points, count)) return import_no_memory(err);
    for (uint32_t k = 1; k + 1 < count; k++)
        network->points.at[network->points.count++] = point[k];
    return tq_vec_push(&network->edges, edge) ? TQ_OK : import_no_memory(err);
}

tq_status import_add_course(import_network *network, const import_edge *like, const tq_point *point,
                            uint32_t count, uint32_t *edge, tq_err *err)
{
    *edge = TQ_NONE;
    if (like->from != like->to) {
        *edge = (uint32_t)network->edges.count;
        return add_piece(network, like, point, count, err);
    }
    if (count < 3) return TQ_OK;
    uint32_t middle = count / 2;
    uint32_t node = import_add_node(network, point[middle]);
    if (node == TQ_NONE) return import_no_memory(err);
    import_edge half = *like;
    *edge = (uint32_t)network->edges.count;
    half.to = node;
    TQ_TRY(add_piece(network, &half, point, middle + 1, err));
    half.from = node;
    half.to = like->to;
    return add_piece(network, &half, point + middle, count - middle, err);
}

bool import_edge_points(const import_network *network, uint32_t edge, import_points *out)
{
    const import_edge *row = &network->edges.at[edge];
    out->count = 0;
    if (!tq_vec_room(out, row->point_count + 2)) return false;
    out->at[out->count++] = network->nodes.at[row->from];
    if (row->point_count > 0)
        memcpy(out->at + 1, network->points.at + row->first_point,
               row->point_count * sizeof *out->at);
    out->count += row->point_count;
    out->at[out->count++] = network->nodes.at[row->to];
    return true;
}

bool import_in_chinese_zone(const tq_build *build)
{
    static const char *const zones[] = {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing",
                                        "Asia/Harbin",   "PRC",         NULL};
    return osm_one_of(tq_str_of(build->settings->timezone), zones);
}

bool import_add_aliases(tq_build *build, tq_place_row *place, const char *values,
                        tq_alias_kind kind)
{
    const char *name = tq_texts_at(build->texts, place->name);
    /* The pool may move while texts are added, so both are copied first. */
    char all[1024], own[512];
    (void)snprintf(all, sizeof all, "%s", values);
    (void)snprintf(own, sizeof own, "%s", name);
    for (char *at = all; *at != '\0';) {
        size_t len = strcspn(at, ";");
        tq_str item = tq_str_trim((tq_str){at, len});
        at += len + (at[len] == ';');
        if (item.len == 0 || tq_str_is(item, own)) continue;
        tq_alias alias = {tq_texts_add(build->texts, item), (uint32_t)kind};
        if (!tq_vec_push(&build->aliases, alias)) return false;
        place->alias_count++;
    }
    return !tq_texts_failed(build->texts);
}

static tq_status freeze_empty(tq_build *build, tq_err *err)
{
    tq_streets *streets = &build->city.streets;
    uint32_t *zero = tq_pool_push(&build->pool, sizeof *zero, 64);
    if (zero == NULL) return import_no_memory(err);
    *streets = (tq_streets){.first_out = zero, .edge_first_point = zero};
    tq_grid_data data = {0};
    TQ_TRY(tq_grid_build(NULL, 0, TQ_STREET_GRID_CELL_M, &data, err));
    streets->grid = data.grid;
    streets->grid.first = zero;
    streets->grid.item = NULL;
    streets->grid_cells = 0;
    tq_grid_free(&data);
    return TQ_OK;
}

tq_status import_link_stops(tq_build *build, tq_err *err)
{
    import_network *network = build->network;
    tq_stop *stop =
        (tq_stop *)(uintptr_t)build->city.timetable.stop; /* import owns it until it is written */
    for (uint32_t k = 0; k < build->city.timetable.stop_count; k++) {
        stop[k].node = TQ_NONE;
        stop[k].link_dm = 0;
    }
    if (network == NULL || network->edges.count == 0) {
        import_streets_free(build);
        return freeze_empty(build, err);
    }
    tq_status status = import_cut_at_stops(build, network, err);
    if (status == TQ_OK) status = import_freeze_streets(build, network, err);
    if (status == TQ_OK) status = import_name_streets(build, network, err);
    import_streets_free(build);
    return status;
}
