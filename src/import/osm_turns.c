/*
 * Turn restrictions of relations -> turns on edges.
 *
 * A member way is resolved to the pieces that touch the via node and may arrive at it (or leave
 * it). Where a way passes through the via node there are two; the pair is taken whose angle fits
 * the restriction's name (left, right, straight on, back), if it fits clearly better than the next
 * one. What stays ambiguous is dropped and counted: a wrong ban is worse than none. Via ways are
 * walked end to end in the order of the relation.
 *
 * Limits: CANDIDATES_MAX pieces of one way at one node. Ways that a via way meets in its middle
 * are not found.
 */
#include <stdlib.h>

#include "import/streets_in.h"

#define WHEELS         (TQ_ACCESS_BIKE | TQ_ACCESS_MOTOR)
#define CANDIDATES_MAX 8u
#define HEADING_DM     100u /* a street's heading at a node is measured over so much of it */
#define FIT_MOST_DEG   85   /* a turn that is farther from its name's angle is not meant */
#define FIT_CLEAR_DEG  25   /* and the next one must be so much farther */

typedef struct turn_resolver {
    const osm_data *data;
    const osm_pieces *pieces;
    import_network *network;
} turn_resolver;

typedef enum turn_side { ARRIVING, LEAVING } turn_side;

typedef struct candidate {
    uint32_t edge;
    int heading_deg; /* of travel at the node */
} candidate;

typedef struct candidates {
    uint32_t count;
    candidate at[CANDIDATES_MAX];
} candidates;

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

/* Bearing of an edge seen from one of its ends. */
static int outward_deg(const import_network *network, uint32_t edge, uint32_t node)
{
    const import_edge *row = &network->edges.at[edge];
    bool from_start = row->from == node;
    tq_point here = network->nodes.at[node], next = here;
    for (uint32_t k = 0; k <= row->point_count; k++) {
        if (k == row->point_count)
            next = network->nodes.at[from_start ? row->to : row->from];
        else
            next =
                network->points.at[row->first_point + (from_start ? k : row->point_count - 1 - k)];
        if (tq_distance_dm(here, next) >= HEADING_DM) break;
    }
    return (int)tq_bearing_deg(here, next);
}

static void add_candidate(const turn_resolver *resolver, uint32_t edge, uint32_t node,
                          turn_side side, candidates *out)
{
    const import_edge *row = &resolver->network->edges.at[edge];
    if (row->from != node && row->to != node) return;
    for (uint32_t k = 0; k < out->count; k++)
        if (out->at[k].edge == edge) return;
    if (out->count == CANDIDATES_MAX) return;
    int heading = outward_deg(resolver->network, edge, node);
    out->at[out->count++] = (candidate){edge, side == ARRIVING ? heading + 180 : heading};
}

/* A closed course became two edges; the one at the end of the way. */
static uint32_t edge_at_end(const turn_resolver *resolver, const osm_piece *piece, unsigned end)
{
    const import_network *network = resolver->network;
    const osm_data *data = resolver->data;
    uint32_t other = piece->edge + 1;
    bool closed = data->ref_node[piece->first] == data->ref_node[piece->last] &&
                  other < network->edges.count &&
                  network->edges.at[other].from == network->edges.at[piece->edge].to &&
                  network->edges.at[other].to == network->edges.at[piece->edge].from;
    return closed && end == 1 ? other : piece->edge;
}

/* Edges of a way at a node that vehicles can arrive (or leave) by; if there are none, the one that
 * is there all the same. */
static void edges_at(const turn_resolver *resolver, int64_t way_id, uint32_t node, turn_side side,
                     candidates *out)
{
    const osm_data *data = resolver->data;
    uint32_t way = way_index(data, way_id), end_node = resolver->pieces->node_of[node];
    candidates any = {0};
    out->count = 0;
    if (way == TQ_NONE || end_node == TQ_NONE) return;
    const tq_street_attr *attr = &resolver->network->attrs.at[data->ways.at[way].attr];
    for (uint32_t k = resolver->pieces->first_of_way[way];
         k < resolver->pieces->first_of_way[way + 1]; k++) {
        const osm_piece *piece = &resolver->pieces->all.at[k];
        for (unsigned end = 0; end < 2; end++) {
            if (data->ref_node[end == 0 ? piece->first : piece->last] != node ||
                piece->edge == TQ_NONE)
                continue;
            uint32_t edge = edge_at_end(resolver, piece, end);
            add_candidate(resolver, edge, end_node, side, &any);
            /* Arriving at the last node or leaving from the first one runs along the way. */
            unsigned direction = (end == 1) == (side == ARRIVING) ? 0 : 1;
            if ((attr->access[direction] & WHEELS) != 0)
                add_candidate(resolver, edge, end_node, side, out);
        }
    }
    if (out->count == 0 && any.count == 1) *out = any;
}

/* How far a turn is from what its name says, in degrees. */
static int misfit_deg(osm_turn_kind kind, const candidate *from, const candidate *to)
{
    static const int ideal[] = {[OSM_TURN_ANY] = 0,
                                [OSM_TURN_LEFT] = -90,
                                [OSM_TURN_RIGHT] = 90,
                                [OSM_TURN_STRAIGHT] = 0,
                                [OSM_TURN_BACK] = 180};
    if (kind == OSM_TURN_ANY) return 0;
    int off = (to->heading_deg - from->heading_deg - ideal[kind]) % 360;
    off = off < 0 ? off + 360 : off;
    return off > 180 ? 360 - off : off;
}

typedef struct turn_pair {
    uint32_t from, to;
} turn_pair;

/* The pairs that a restriction means: one, or every U-turn of one way. Returns how many. */
static uint32_t choose_pairs(const osm_turn *turn, const candidates *from, const candidates *to,
                             bool same_way, turn_pair out[CANDIDATES_MAX])
{
    if (from->count == 1 && to->count == 1) {
        out[0] = (turn_pair){from->at[0].edge, to->at[0].edge};
        return 1;
    }
    uint32_t count = 0;
    bool back = turn->kind == OSM_TURN_BACK;
    int best = 1000, next = 1000;
    for (uint32_t f = 0; f < from->count; f++) {
        for (uint32_t t = 0; t < to->count; t++) {
            bool same = from->at[f].edge == to->at[t].edge;
            if (back && same_way && turn->via_count == 0) {
                if (same && count < CANDIDATES_MAX)
                    out[count++] = (turn_pair){from->at[f].edge, to->at[t].edge};
                continue;
            }
            if (same && !back) continue;
            int misfit = misfit_deg((osm_turn_kind)turn->kind, &from->at[f], &to->at[t]);
            if (misfit < best) {
                next = best;
                best = misfit;
                out[0] = (turn_pair){from->at[f].edge, to->at[t].edge};
            } else if (misfit < next) {
                next = misfit;
            }
        }
    }
    if (count > 0) return count;
    return best <= FIT_MOST_DEG && next - best >= FIT_CLEAR_DEG ? 1 : 0;
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
    candidates from, to = {0};
    edges_at(resolver, from_way, start, ARRIVING, &from);
    if (from.count == 0) return false;
    bool whole = true;
    for (uint32_t k = 0; k < turn->via_count && whole; k++) {
        node = walk_via(resolver, via[k], first_via, node, no_memory);
        whole = node != TQ_NONE;
    }
    if (whole) edges_at(resolver, to_way, node, LEAVING, &to);
    import_turn row = {.start_node = resolver->pieces->node_of[start],
                       .only = turn->only,
                       .banned = turn->banned,
                       .condition = turn->condition,
                       .via_count = (uint32_t)network->vias.count - first_via};
    row.first_via = row.via_count > 0 ? first_via : 0;
    turn_pair pair[CANDIDATES_MAX];
    uint32_t pairs = 0;
    if (whole && (turn->via_count == 0) == (row.via_count == 0))
        pairs = choose_pairs(turn, &from, &to, from_way == to_way, pair);
    for (uint32_t k = 0; k < pairs && !*no_memory; k++) {
        row.from_edge = pair[k].from;
        row.to_edge = pair[k].to;
        *no_memory = !tq_vec_push(&network->turns, row);
    }
    if (pairs == 0 || *no_memory) network->vias.count = first_via;
    return pairs > 0;
}

/* Every pair of from and to; only_ with several ways to go has no meaning. Returns the pairs that
 * were found. */
static uint32_t resolve(turn_resolver *resolver, const osm_turn *turn, bool *no_memory)
{
    const osm_data *data = resolver->data;
    const int64_t *from = data->members.at + turn->first_member, *via = from + turn->from_count,
                  *to = via + turn->via_count;
    uint32_t added = 0;
    if (turn->only && turn->to_count > 1) return 0;
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
    uint64_t dropped = 0, conditional = 0;
    for (size_t k = 0; k < data->turns.count; k++) {
        bool no_memory = false;
        uint32_t added = resolve(&resolver, &data->turns.at[k], &no_memory);
        if (no_memory) return import_no_memory(err);
        dropped += added == 0;
        conditional += added > 0 && data->turns.at[k].condition != 0;
    }
    tq_report_count(build->report, "osm.restrictions_dropped", dropped);
    tq_report_count(build->report, "osm.restrictions_conditional", conditional);
    if (dropped > 0)
        tq_report_add(build->report, TQ_DROPPED, "turn_not_resolved", "", 0,
                      "%llu of %zu turn restrictions name ways that are missing, not streets, do "
                      "not meet, or could mean several turns",
                      (unsigned long long)dropped, data->turns.count);
    return TQ_OK;
}
