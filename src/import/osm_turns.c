/*
 * Turn restrictions of relations -> turns on edges.
 *
 * A member way is resolved to the one piece that touches the via node and may arrive at it (or
 * leave it). Where a way passes through the via node and both its pieces could be meant, the
 * restriction is dropped and counted: a wrong ban is worse than none. Via ways are walked end to
 * end in the order of the relation.
 */
#include "import/streets_in.h"

#define WHEELS (TQ_ACCESS_BIKE | TQ_ACCESS_MOTOR)

typedef struct turn_resolver {
    const osm_data *data;
    const osm_pieces *pieces;
    import_network *network;
} turn_resolver;

typedef enum turn_side { ARRIVING, LEAVING } turn_side;

static uint32_t way_index(const osm_data *data, int64_t id)
{
    size_t low = 0, high = data->ways.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (data->ways.at[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < data->ways.count && data->ways.at[low].id == id ? (uint32_t)low : TQ_NONE;
}

/* The edge of a way at a node that vehicles can arrive (or leave) by; TQ_NONE when none or more
 * than one. */
static uint32_t edge_at(const turn_resolver *resolver, int64_t way_id, uint32_t node,
                        turn_side side)
{
    const osm_data *data = resolver->data;
    uint32_t way = way_index(data, way_id), found = TQ_NONE, found_any = TQ_NONE, any = 0, fit = 0;
    if (way == TQ_NONE) return TQ_NONE;
    const tq_street_attr *attr = &resolver->network->attrs.at[data->ways.at[way].attr];
    for (uint32_t k = resolver->pieces->first_of_way[way];
         k < resolver->pieces->first_of_way[way + 1]; k++) {
        const osm_piece *piece = &resolver->pieces->all.at[k];
        for (unsigned end = 0; end < 2; end++) {
            if (data->ref_node[end == 0 ? piece->first : piece->last] != node ||
                piece->edge == TQ_NONE)
                continue;
            any++;
            found_any = piece->edge;
            /* Arriving at the last node or leaving from the first one runs along the way. */
            unsigned direction = (end == 1) == (side == ARRIVING) ? 0 : 1;
            if ((attr->access[direction] & WHEELS) == 0) continue;
            fit++;
            found = piece->edge;
        }
    }
    if (fit == 1) return found;
    return any == 1 ? found_any : TQ_NONE;
}

/* Does a network edge end at the network's node of a data node? */
static bool touches(const turn_resolver *resolver, uint32_t edge, uint32_t node)
{
    const import_edge *row = &resolver->network->edges.at[edge];
    uint32_t end = resolver->pieces->node_of[node];
    return end != TQ_NONE && (row->from == end || row->to == end);
}

/* Append the edges of a via way walked from `node`, folded ones once (vias from first_via on are
 * this turn's); its other end, TQ_NONE if `node` is no end of it. */
static uint32_t walk_via(turn_resolver *resolver, int64_t way_id, uint32_t first_via, uint32_t node,
                         bool *no_memory)
{
    const osm_data *data = resolver->data;
    import_network *network = resolver->network;
    uint32_t way = way_index(data, way_id);
    if (way == TQ_NONE) return TQ_NONE;
    const osm_way *row = &data->ways.at[way];
    uint32_t a = data->ref_node[row->first_ref],
             b = data->ref_node[row->first_ref + row->ref_count - 1];
    if (a == b || (node != a && node != b)) return TQ_NONE;
    uint32_t first = resolver->pieces->first_of_way[way],
             count = resolver->pieces->first_of_way[way + 1] - first;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t edge = resolver->pieces->all.at[first + (node == a ? k : count - 1 - k)].edge;
        if (edge == TQ_NONE) continue;
        if (network->vias.count > first_via && network->vias.at[network->vias.count - 1] == edge)
            continue;
        if (!tq_vec_push(&network->vias, edge)) return *no_memory = true, TQ_NONE;
    }
    return node == a ? b : a;
}

/* One from, one to; via ways begin at `start`. False when it cannot be told on the network. */
static bool add_turn(turn_resolver *resolver, const osm_turn *turn, int64_t from_way,
                     int64_t to_way, uint32_t start, bool *no_memory)
{
    import_network *network = resolver->network;
    const int64_t *via = resolver->data->members.at + turn->first_member + turn->from_count;
    uint32_t first_via = (uint32_t)network->vias.count, node = start;
    import_turn row = {.start_node = resolver->pieces->node_of[start],
                       .only = turn->only,
                       .except = turn->except,
                       .condition = turn->condition};
    row.from_edge = edge_at(resolver, from_way, start, ARRIVING);
    if (row.from_edge == TQ_NONE || row.start_node == TQ_NONE) return false;
    bool whole = true;
    for (uint32_t k = 0; k < turn->via_count && whole; k++) {
        node = walk_via(resolver, via[k], first_via, node, no_memory);
        whole = node != TQ_NONE;
    }
    row.to_edge = whole ? edge_at(resolver, to_way, node, LEAVING) : TQ_NONE;
    row.via_count = (uint32_t)network->vias.count - first_via;
    row.first_via = row.via_count > 0 ? first_via : 0;
    whole = whole && row.to_edge != TQ_NONE && (turn->via_count == 0) == (row.via_count == 0) &&
            touches(resolver, row.from_edge, start) && touches(resolver, row.to_edge, node);
    if (whole && !tq_vec_push(&network->turns, row)) *no_memory = true;
    if (!whole || *no_memory) network->vias.count = first_via;
    return whole;
}

/* Every pair of from and to; only_ with several of them has no meaning. Returns the turns added. */
static uint32_t resolve(turn_resolver *resolver, const osm_turn *turn, bool *no_memory)
{
    const osm_data *data = resolver->data;
    const int64_t *from = data->members.at + turn->first_member, *via = from + turn->from_count,
                  *to = via + turn->via_count;
    uint32_t added = 0;
    if (turn->only && (turn->from_count > 1 || turn->to_count > 1)) return 0;
    uint32_t starts[2] = {TQ_NONE, TQ_NONE};
    if (turn->via_count == 0) {
        starts[0] = osm_node_of(data, turn->via_node);
    } else {
        uint32_t way = way_index(data, via[0]);
        if (way == TQ_NONE) return 0;
        const osm_way *row = &data->ways.at[way];
        starts[0] = data->ref_node[row->first_ref];
        starts[1] = data->ref_node[row->first_ref + row->ref_count - 1];
    }
    for (uint32_t f = 0; f < turn->from_count; f++) {
        for (uint32_t t = 0; t < turn->to_count; t++) {
            bool found = false;
            for (unsigned k = 0; k < 2 && !found && !*no_memory; k++)
                found = starts[k] != TQ_NONE &&
                        add_turn(resolver, turn, from[f], to[t], starts[k], no_memory);
            added += found;
        }
    }
    return added;
}

tq_status osm_resolve_turns(tq_build *build, const osm_data *data, const osm_pieces *pieces,
                            import_network *network, tq_err *err)
{
    turn_resolver resolver = {data, pieces, network};
    uint64_t dropped = 0;
    for (size_t k = 0; k < data->turns.count; k++) {
        bool no_memory = false;
        if (resolve(&resolver, &data->turns.at[k], &no_memory) == 0) dropped++;
        if (no_memory) return import_no_memory(err);
    }
    tq_report_count(build->report, "osm.restrictions_dropped", dropped);
    if (dropped > 0)
        tq_report_add(
            build->report, TQ_DROPPED, "turn_not_resolved", "", 0,
            "%llu of %zu turn restrictions name ways that are missing, not streets, or do not meet",
            (unsigned long long)dropped, data->turns.count);
    return TQ_OK;
}
