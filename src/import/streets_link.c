/*
 * Stops -> nodes: each stop is projected on the nearest walkable edge, and the edge is cut there.
 *
 * Nearest within TQ_STOP_REACH_M by distance in whole decimetres, ties to the smaller edge. Small
 * islands of walkable edges (a platform that nothing leads to) are taken only when nothing else is
 * in reach, because a rider linked to an island could never leave it. Planned, unfinished and
 * closed streets are not walkable.
 *
 * Invariants: parts of a cut edge sum to its length; the first part keeps the edge's index; turns
 * follow the parts.
 */
#include "import/streets_in.h"

typedef struct stop_cut {
    uint32_t edge, along_dm, stop, link_dm;
    tq_point at;
    uint32_t piece; /* the cut lies on the edge's piece of that number */
} stop_cut;

/* Union-find over nodes, by walkable edges. */
static uint32_t root_of(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static bool walkable(const tq_build *build, const import_network *network, const import_edge *edge)
{
    const tq_street_attr *attr = &network->attrs.at[edge->attr];
    return ((attr->access[0] | attr->access[1]) & TQ_ACCESS_FOOT) != 0 &&
           attr->street_class != TQ_BARRIER && build->dates.at[edge->date].life == TQ_OPEN;
}

/* Lengths of walkable islands, at their root node. */
static void measure_islands(const tq_build *build, const import_network *network, uint32_t *parent,
                            uint64_t *island_dm)
{
    for (uint32_t node = 0; node < network->nodes.count; node++)
        parent[node] = node;
    for (size_t k = 0; k < network->edges.count; k++) {
        const import_edge *edge = &network->edges.at[k];
        bool gate = network->attrs.at[edge->attr].street_class == TQ_BARRIER &&
                    (network->attrs.at[edge->attr].access[0] & TQ_ACCESS_FOOT) != 0;
        if (!gate && !walkable(build, network, edge)) continue;
        uint32_t a = root_of(parent, edge->from), b = root_of(parent, edge->to);
        if (a != b) parent[TQ_MAX(a, b)] = TQ_MIN(a, b);
    }
    for (size_t k = 0; k < network->edges.count; k++)
        if (walkable(build, network, &network->edges.at[k]))
            island_dm[root_of(parent, network->edges.at[k].from)] += network->edges.at[k].length_dm;
}

/* Foot of a stop on one edge, if nearer than `best`. */
static void try_edge(const import_network *network, uint32_t edge, tq_point stop, stop_cut *best)
{
    const import_edge *row = &network->edges.at[edge];
    tq_point a = network->nodes.at[row->from];
    uint32_t along = 0;
    for (uint32_t piece = 0; piece <= row->point_count; piece++) {
        bool last = piece == row->point_count;
        tq_point b =
            last ? network->nodes.at[row->to] : network->points.at[row->first_point + piece];
        tq_foot foot = tq_project(stop, a, b);
        if (foot.distance_dm < best->link_dm ||
            (foot.distance_dm == best->link_dm && edge < best->edge))
            *best = (stop_cut){.edge = edge,
                               .along_dm = along + foot.along_dm,
                               .stop = best->stop,
                               .link_dm = foot.distance_dm,
                               .at = foot.at,
                               .piece = piece};
        along += tq_distance_dm(a, b);
        a = b;
    }
}

typedef struct link_state {
    const tq_build *build;
    import_network *network;
    tq_grid grid;
    uint32_t *parent;
    uint64_t *island_dm;
    TQ_VEC(stop_cut) cuts;
} link_state;

/* Nearest edge within `reach_m`; islands only when `islands`. */
static stop_cut nearest(const link_state *state, tq_point at, uint32_t stop, uint32_t reach_m,
                        bool islands)
{
    const import_network *network = state->network;
    stop_cut best = {.edge = TQ_NONE, .stop = stop, .link_dm = reach_m * 10 + 1};
    tq_box box = {at.lat_e7, at.lon_e7, at.lat_e7, at.lon_e7};
    box = tq_box_grow(box, reach_m);
    tq_cells cells;
    if (!tq_grid_cells(&state->grid, &box, &cells)) return best;
    for (uint32_t row = cells.row0; row <= cells.row1; row++) {
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            size_t cell = (size_t)row * state->grid.columns + column;
            for (uint32_t k = state->grid.first[cell]; k < state->grid.first[cell + 1]; k++) {
                uint32_t edge = state->grid.item[k];
                const import_edge *candidate = &network->edges.at[edge];
                if (!walkable(state->build, network, candidate)) continue;
                if (!islands &&
                    state->island_dm[root_of(state->parent, candidate->from)] < TQ_ISLAND_DM)
                    continue;
                try_edge(network, edge, at, &best);
            }
        }
    }
    return best;
}

static tq_box edge_box(const import_network *network, const import_edge *edge)
{
    tq_box box = TQ_BOX_EMPTY;
    tq_box_add(&box, network->nodes.at[edge->from]);
    tq_box_add(&box, network->nodes.at[edge->to]);
    for (uint32_t k = 0; k < edge->point_count; k++)
        tq_box_add(&box, network->points.at[edge->first_point + k]);
    return box;
}

static bool stop_is_linked(const tq_stop *stop)
{
    return stop->kind != TQ_STOP_KIND_NODE;
}

/* Find each stop's place on the streets; near ones first, so that most look at a few cells only. */
static tq_status find_cuts(tq_build *build, link_state *state, tq_err *err)
{
    static const uint32_t reaches[] = {40, 150, TQ_STOP_REACH_M};
    const tq_timetable *timetable = &build->city.timetable;
    uint64_t unlinked = 0;
    for (uint32_t stop = 0; stop < timetable->stop_count; stop++) {
        if (!stop_is_linked(&timetable->stop[stop])) continue;
        stop_cut cut = {.edge = TQ_NONE};
        for (unsigned islands = 0; islands < 2 && cut.edge == TQ_NONE; islands++)
            for (size_t k = 0; k < TQ_COUNT(reaches) && cut.edge == TQ_NONE; k++)
                cut = nearest(state, timetable->stop[stop].at, stop, reaches[k], islands == 1);
        if (cut.edge == TQ_NONE)
            unlinked++;
        else if (!tq_vec_push(&state->cuts, cut))
            return import_no_memory(err);
    }
    tq_report_count(build->report, "streets.stops_linked", state->cuts.count);
    tq_report_count(build->report, "streets.stops_unlinked", unlinked);
    if (unlinked > 0)
        tq_report_add(
            build->report, TQ_WARNING, "stop_without_street", "", 0,
            "%llu stops have no walkable street within %u m and are reached by transfers only",
            (unsigned long long)unlinked, TQ_STOP_REACH_M);
    return TQ_OK;
}

/* ---- cutting -------------------------------------------------------------------------------- */

/* Where an edge went: parts of edge e are e, then part[first[e] .. first[e + 1]) in order along it.
 */
typedef struct edge_parts {
    uint32_t *first;
    TQ_VEC(uint32_t) part;
} edge_parts;

/* Signals stand at the ends of the whole edge, not where it is cut. */
static tq_status move_signals(import_network *network, import_edge *left, import_edge *right,
                              tq_err *err)
{
    tq_street_attr attr = network->attrs.at[left->attr];
    attr.flags &= (uint16_t)~TQ_STREET_SIGNAL_END;
    left->attr = import_attr_row(network, &attr);
    attr = network->attrs.at[right->attr];
    attr.flags &= (uint16_t)~TQ_STREET_SIGNAL_START;
    right->attr = import_attr_row(network, &attr);
    return left->attr != TQ_NONE && right->attr != TQ_NONE ? TQ_OK : import_no_memory(err);
}

/* Cut the last part of an edge, `whole` as it was, at `cut`; *done_dm and *done_points count what
 * lies before it. */
static tq_status cut_here(import_network *network, const import_edge *whole, const stop_cut *cut,
                          uint32_t *done_dm, uint32_t *done_points, uint32_t *last,
                          edge_parts *parts, tq_err *err)
{
    uint32_t node = import_add_node(network, cut->at);
    if (node == TQ_NONE) return import_no_memory(err);
    import_edge *left = &network->edges.at[*last];
    left->to = node;
    left->length_dm = cut->along_dm - *done_dm;
    left->first_point = whole->first_point + *done_points;
    left->point_count = cut->piece - *done_points;
    import_edge right = *whole;
    right.from = node;
    right.length_dm = whole->length_dm - cut->along_dm;
    right.first_point = whole->first_point + cut->piece;
    right.point_count = whole->point_count - cut->piece;
    TQ_TRY(move_signals(network, left, &right, err));
    *done_dm = cut->along_dm;
    *done_points = cut->piece;
    *last = (uint32_t)network->edges.count;
    if (!tq_vec_push(&network->edges, right) || !tq_vec_push(&parts->part, *last))
        return import_no_memory(err);
    return TQ_OK;
}

/* All stops of one edge, ascending along it. */
static tq_status cut_edge(import_network *network, const stop_cut *cut, const uint32_t *order,
                          size_t count, tq_stop *stop, edge_parts *parts, tq_err *err)
{
    uint32_t last = cut[order[0]].edge, done_dm = 0, done_points = 0;
    const import_edge whole = network->edges.at[last];
    uint32_t before = whole.from, before_dm = 0;
    for (size_t k = 0; k < count; k++) {
        const stop_cut *here = &cut[order[k]];
        uint32_t node;
        if (here->along_dm <= before_dm + TQ_STOP_REUSE_DM) {
            node = before;
        } else if (here->along_dm + TQ_STOP_REUSE_DM >= whole.length_dm) {
            node = whole.to;
        } else {
            TQ_TRY(cut_here(network, &whole, here, &done_dm, &done_points, &last, parts, err));
            node = (uint32_t)network->nodes.count - 1;
            before = node;
            before_dm = here->along_dm;
        }
        stop[here->stop].node = node;
        stop[here->stop].link_dm = tq_distance_dm(stop[here->stop].at, network->nodes.at[node]);
    }
    return TQ_OK;
}

/* Part of an old edge that touches its end at `node` (as the edge was before cutting). */
static uint32_t part_at(const edge_parts *parts, uint32_t edge, uint32_t old_to, uint32_t node)
{
    uint32_t first = parts->first[edge], end = parts->first[edge + 1];
    return node == old_to && end > first ? parts->part.at[end - 1] : edge;
}

static tq_status move_turn(import_network *network, const edge_parts *parts,
                           const uint32_t *old_from, const uint32_t *old_to,
                           const uint32_t *old_via, import_turn *turn, tq_err *err)
{
    uint32_t node = turn->start_node;
    turn->from_edge = part_at(parts, turn->from_edge, old_to[turn->from_edge], node);
    uint32_t first = (uint32_t)network->vias.count;
    for (uint32_t k = 0; k < turn->via_count; k++) {
        uint32_t edge = old_via[turn->first_via + k];
        uint32_t from = parts->first[edge], end = parts->first[edge + 1];
        bool along = node == old_from[edge];
        uint32_t count = end - from + 1;
        if (!tq_vec_room(&network->vias, count)) return import_no_memory(err);
        for (uint32_t step = 0; step < count; step++) {
            uint32_t place = along ? step : count - 1 - step;
            network->vias.at[network->vias.count++] =
                place == 0 ? edge : parts->part.at[from + place - 1];
        }
        node = along ? old_to[edge] : old_from[edge];
    }
    turn->first_via = turn->via_count > 0 ? first : 0;
    turn->via_count = (uint32_t)network->vias.count - first;
    turn->to_edge = part_at(parts, turn->to_edge, old_to[turn->to_edge], node);
    return TQ_OK;
}

/* Turns name edges as they were; make them name the parts. */
static tq_status move_turns(import_network *network, const edge_parts *parts,
                            const uint32_t *old_from, const uint32_t *old_to, tq_err *err)
{
    uint32_t *old_via = TQ_ALLOC(uint32_t, network->vias.count);
    if (old_via == NULL) return import_no_memory(err);
    if (network->vias.count > 0)
        memcpy(old_via, network->vias.at, network->vias.count * sizeof *old_via);
    network->vias.count = 0;
    tq_status status = TQ_OK;
    for (size_t k = 0; status == TQ_OK && k < network->turns.count; k++)
        status = move_turn(network, parts, old_from, old_to, old_via, &network->turns.at[k], err);
    tq_free(old_via);
    return status;
}

static tq_status cut_all(import_network *network, const stop_cut *cut, const uint32_t *order,
                         size_t cut_count, tq_stop *stop, tq_err *err)
{
    size_t edge_count = network->edges.count;
    edge_parts parts = {.first = TQ_ALLOC(uint32_t, edge_count + 1)};
    uint32_t *old_from = TQ_ALLOC(uint32_t, edge_count), *old_to = TQ_ALLOC(uint32_t, edge_count);
    tq_status status =
        parts.first == NULL || old_from == NULL || old_to == NULL ? import_no_memory(err) : TQ_OK;
    size_t next = 0;
    for (size_t edge = 0; status == TQ_OK && edge < edge_count; edge++) {
        old_from[edge] = network->edges.at[edge].from;
        old_to[edge] = network->edges.at[edge].to;
        size_t from = next;
        while (next < cut_count && cut[order[next]].edge == edge)
            next++;
        if (next > from)
            status = cut_edge(network, cut, order + from, next - from, stop, &parts, err);
        parts.first[edge + 1] = (uint32_t)parts.part.count;
    }
    if (status == TQ_OK) status = move_turns(network, &parts, old_from, old_to, err);
    tq_free(parts.first);
    tq_vec_free(&parts.part);
    tq_free(old_from);
    tq_free(old_to);
    return status;
}

static tq_status link_all(tq_build *build, link_state *state, tq_err *err)
{
    measure_islands(build, state->network, state->parent, state->island_dm);
    TQ_TRY(find_cuts(build, state, err));
    size_t count = state->cuts.count;
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    tq_status status = order == NULL || key == NULL ? import_no_memory(err) : TQ_OK;
    for (size_t k = 0; status == TQ_OK && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = (uint64_t)state->cuts.at[k].edge << 32 | state->cuts.at[k].along_dm;
    }
    if (status == TQ_OK && !tq_sort_by_u64(order, count, key)) status = import_no_memory(err);
    tq_stop *stop =
        (tq_stop *)(uintptr_t)build->city.timetable.stop; /* import owns it until it is written */
    if (status == TQ_OK) status = cut_all(state->network, state->cuts.at, order, count, stop, err);
    tq_free(order);
    tq_free(key);
    return status;
}

tq_status import_cut_at_stops(tq_build *build, import_network *network, tq_err *err)
{
    if (build->city.timetable.stop_count == 0) return TQ_OK;
    link_state state = {.build = build, .network = network};
    uint32_t edge_count = (uint32_t)network->edges.count;
    tq_grid_data data = {0};
    tq_box *box = TQ_ALLOC(tq_box, edge_count);
    state.parent = TQ_ALLOC(uint32_t, network->nodes.count);
    state.island_dm = TQ_ALLOC(uint64_t, network->nodes.count);
    tq_status status = box == NULL || state.parent == NULL || state.island_dm == NULL
                           ? import_no_memory(err)
                           : TQ_OK;
    for (uint32_t edge = 0; status == TQ_OK && edge < edge_count; edge++)
        box[edge] = edge_box(network, &network->edges.at[edge]);
    if (status == TQ_OK) status = tq_grid_build(box, edge_count, TQ_STREET_GRID_CELL_M, &data, err);
    state.grid = data.grid;
    if (status == TQ_OK) status = link_all(build, &state, err);
    tq_grid_free(&data);
    tq_free(box);
    tq_free(state.parent);
    tq_free(state.island_dm);
    tq_vec_free(&state.cuts);
    return status;
}
