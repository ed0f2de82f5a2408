/*
 * Ways and nodes -> edges of the network.
 *
 * Method: a way is cut into pieces at nodes that must stay: where the number of way ends and
 * passages is not two, at signals, at barriers, at nodes that turn restrictions need. Pieces that
 * meet end to end at any other node and agree in attributes, name and dates are folded into one
 * edge. A barrier that stops some mode becomes a star of zero-length TQ_BARRIER edges: one street
 * end stays at the node, every other end gets a copy of it.
 *
 * Nodes that an extract lacks end a piece. Invariants: streets_in.h.
 */
#include "import/osm_in.h"

#define NODE_KEPT           4u /* flag beside the number of uses (0..3, 3 = three or more) */
#define NODE_USES           3u
#define NODE_SIGNAL_ALONG   8u /* signals for those who come along their way */
#define NODE_SIGNAL_AGAINST 16u

typedef struct folding {
    tq_build *build;
    osm_data *data;
    import_network *network;
    uint8_t *use;       /* [node_count] uses and flags */
    uint32_t *end_here; /* [node_count] piece * 2 + end that waits for its neighbour, TQ_NONE */
    uint32_t *link;     /* [pieces * 2] the piece end folded with this one, TQ_NONE */
    uint32_t *chain;    /* pieces of one chain, piece * 2 + 1 if against it */
    osm_pieces pieces;
    import_points points;
} folding;

static void use_node(folding *fold, uint32_t node, unsigned times)
{
    unsigned uses = (fold->use[node] & NODE_USES) + times;
    fold->use[node] = (uint8_t)((fold->use[node] & ~NODE_USES) | TQ_MIN(uses, 3u));
}

/* Next run of known nodes of a way from *at on: [*from, *to] in refs, *from < *to; false at the
 * end. */
static bool next_run(const osm_data *data, const osm_way *way, uint32_t *at, uint32_t *from,
                     uint32_t *to)
{
    uint32_t end = way->first_ref + way->ref_count;
    while (*at < end) {
        while (*at < end && !data->node_known[data->ref_node[*at]])
            ++*at;
        *from = *at;
        while (*at < end && data->node_known[data->ref_node[*at]])
            ++*at;
        *to = *at - 1;
        if (*at > *from + 1) return true;
    }
    return false;
}

static void count_uses(folding *fold)
{
    const osm_data *data = fold->data;
    for (size_t k = 0; k < data->ways.count; k++) {
        const osm_way *way = &data->ways.at[k];
        uint32_t at = way->first_ref, from, to;
        while (next_run(data, way, &at, &from, &to)) {
            for (uint32_t ref = from; ref <= to; ref++)
                use_node(fold, data->ref_node[ref], ref == from || ref == to ? 1 : 2);
        }
    }
}

/* Keep nodes that marks and turn restrictions need. */
static void keep_nodes(folding *fold)
{
    const osm_data *data = fold->data;
    for (size_t k = 0; k < data->marks.count; k++) {
        const osm_marked *marked = &data->marks.at[k];
        /* Stop and give-way signs beside a crossing do not part the street: who must give way there
         * follows from the streets. */
        bool kept = osm_mark_parts(&marked->mark) || marked->mark.signal != 0 ||
                    (marked->mark.flags & IMPORT_NODE_TURNING) != 0;
        if (kept) fold->use[marked->node] |= NODE_KEPT;
        if ((marked->mark.signal & 1) != 0) fold->use[marked->node] |= NODE_SIGNAL_ALONG;
        if ((marked->mark.signal & 2) != 0) fold->use[marked->node] |= NODE_SIGNAL_AGAINST;
    }
    for (size_t k = 0; k < data->turns.count; k++) {
        const osm_turn *turn = &data->turns.at[k];
        if (turn->via_count == 0) {
            uint32_t node = osm_node_of(data, turn->via_node);
            if (node != TQ_NONE) fold->use[node] |= NODE_KEPT;
        }
    }
}

static const osm_way *way_of(const osm_data *data, int64_t id)
{
    size_t low = 0, high = data->ways.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (data->ways.at[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < data->ways.count && data->ways.at[low].id == id ? &data->ways.at[low] : NULL;
}

/* Both ends of via ways must stay nodes. */
static void keep_via_ends(folding *fold)
{
    const osm_data *data = fold->data;
    for (size_t k = 0; k < data->turns.count; k++) {
        const osm_turn *turn = &data->turns.at[k];
        for (uint32_t via = 0; via < turn->via_count; via++) {
            const osm_way *way =
                way_of(data, data->members.at[turn->first_member + turn->from_count + via]);
            if (way == NULL) continue;
            fold->use[data->ref_node[way->first_ref]] |= NODE_KEPT;
            fold->use[data->ref_node[way->first_ref + way->ref_count - 1]] |= NODE_KEPT;
        }
    }
}

static bool splits(const folding *fold, uint32_t node)
{
    return (fold->use[node] & (NODE_USES | NODE_KEPT)) != 2;
}

static tq_status cut_ways(folding *fold, tq_err *err)
{
    const osm_data *data = fold->data;
    fold->pieces.first_of_way = TQ_ALLOC(uint32_t, data->ways.count + 1);
    if (fold->pieces.first_of_way == NULL) return import_no_memory(err);
    for (size_t k = 0; k < data->ways.count; k++) {
        const osm_way *way = &data->ways.at[k];
        uint32_t at = way->first_ref, from, to;
        while (next_run(data, way, &at, &from, &to)) {
            for (uint32_t ref = from + 1; ref <= to; ref++) {
                if (ref != to && !splits(fold, data->ref_node[ref])) continue;
                osm_piece piece = {(uint32_t)k, from, ref, TQ_NONE};
                if (!tq_vec_push(&fold->pieces.all, piece)) return import_no_memory(err);
                from = ref;
            }
        }
        fold->pieces.first_of_way[k + 1] = (uint32_t)fold->pieces.all.count;
    }
    return TQ_OK;
}

static uint32_t piece_end(const folding *fold, uint32_t piece, unsigned end)
{
    const osm_piece *row = &fold->pieces.all.at[piece];
    return fold->data->ref_node[end == 0 ? row->first : row->last];
}

/* May two pieces that meet be one edge? The ends say which way each runs there. */
static bool agree(const folding *fold, uint32_t a, uint32_t b)
{
    const osm_way *one = &fold->data->ways.at[fold->pieces.all.at[a / 2].way];
    const osm_way *other = &fold->data->ways.at[fold->pieces.all.at[b / 2].way];
    if (one->name != other->name || one->date != other->date) return false;
    if (a % 2 != b % 2) return one->attr == other->attr;
    if (!import_rules_both_ways(fold->build, fold->network->attrs.at[other->attr].rules))
        return false;
    tq_street_attr turned = import_attr_reversed(&fold->network->attrs.at[other->attr]);
    return memcmp(&turned, &fold->network->attrs.at[one->attr], sizeof turned) == 0;
}

static tq_status link_pieces(folding *fold, tq_err *err)
{
    size_t count = fold->pieces.all.count;
    fold->link = TQ_ALLOC(uint32_t, count * 2);
    fold->chain = TQ_ALLOC(uint32_t, count);
    fold->end_here = TQ_ALLOC(uint32_t, fold->data->node_count);
    if (fold->link == NULL || fold->chain == NULL || fold->end_here == NULL)
        return import_no_memory(err);
    memset(fold->link, 0xff, count * 2 * sizeof *fold->link);
    memset(fold->end_here, 0xff, fold->data->node_count * sizeof *fold->end_here);
    for (uint32_t place = 0; place < count * 2; place++) {
        uint32_t node = piece_end(fold, place / 2, place % 2), other = fold->end_here[node];
        if (splits(fold, node)) continue;
        if (other == TQ_NONE) {
            fold->end_here[node] = place;
        } else if (other / 2 != place / 2 && agree(fold, other, place)) {
            fold->link[place] = other;
            fold->link[other] = place;
        }
    }
    return TQ_OK;
}

/* The chain through `piece` into fold->chain, in the direction of its first piece. Returns the
 * count. */
static uint32_t gather_chain(folding *fold, uint32_t piece)
{
    /* Walk back to an open end; a ring has none and stops where it began. */
    uint32_t at = piece * 2; /* an end of the current piece, to be left through */
    while (fold->link[at] != TQ_NONE) {
        uint32_t next = fold->link[at] ^ 1;
        if (next / 2 == piece) break;
        at = next;
    }
    uint32_t count = 0, place = at; /* enter each piece at `place` */
    for (;;) {
        fold->chain[count++] = place;
        fold->pieces.all.at[place / 2].edge = 0; /* taken */
        uint32_t next = fold->link[place ^ 1];
        if (next == TQ_NONE || fold->pieces.all.at[next / 2].edge != TQ_NONE) break;
        place = next;
    }
    return count;
}

static bool append_points(folding *fold, uint32_t place)
{
    const osm_piece *piece = &fold->pieces.all.at[place / 2];
    const osm_data *data = fold->data;
    uint32_t count = piece->last - piece->first + 1;
    if (!tq_vec_room(&fold->points, count)) return false;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t ref = place % 2 == 0 ? piece->first + k : piece->last - k;
        tq_point at = data->node_at[data->ref_node[ref]];
        size_t have = fold->points.count;
        /* Neighbours at one place say nothing; the joint of two pieces comes twice. */
        if (have > 0 && fold->points.at[have - 1].lat_e7 == at.lat_e7 &&
            fold->points.at[have - 1].lon_e7 == at.lon_e7)
            continue;
        fold->points.at[fold->points.count++] = at;
    }
    return true;
}

static uint32_t network_node(folding *fold, uint32_t node)
{
    if (fold->pieces.node_of[node] == TQ_NONE)
        fold->pieces.node_of[node] = import_add_node(fold->network, fold->data->node_at[node]);
    return fold->pieces.node_of[node];
}

/* The attribute row of a chain with the signals at its ends; a chain runs as its way does. */
static uint32_t chain_attr(folding *fold, uint32_t piece, uint32_t start_node, uint32_t end_node)
{
    const osm_way *way = &fold->data->ways.at[fold->pieces.all.at[piece].way];
    tq_street_attr attr = fold->network->attrs.at[way->attr];
    if ((fold->use[end_node] & NODE_SIGNAL_ALONG) != 0) attr.flags |= TQ_STREET_SIGNAL_END;
    if ((fold->use[start_node] & NODE_SIGNAL_AGAINST) != 0) attr.flags |= TQ_STREET_SIGNAL_START;
    return import_attr_row(fold->network, &attr);
}

/* The edge of the given part of the gathered chain. */
static tq_status add_run(folding *fold, const uint32_t *chain, uint32_t count, tq_err *err)
{
    uint32_t piece = chain[0] / 2;
    /* The edge runs as its lowest piece does. */
    bool turned = false;
    for (uint32_t k = 0, lowest = TQ_NONE; k < count; k++) {
        if (chain[k] / 2 >= lowest) continue;
        lowest = chain[k] / 2;
        turned = chain[k] % 2 != 0;
    }
    fold->points.count = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t place = turned ? chain[count - 1 - k] ^ 1 : chain[k];
        if (!append_points(fold, place)) return import_no_memory(err);
    }
    uint32_t first = turned ? chain[count - 1] ^ 1 : chain[0];
    uint32_t last = turned ? chain[0] ^ 1 : chain[count - 1];
    uint32_t from = piece_end(fold, first / 2, first % 2),
             to = piece_end(fold, last / 2, 1 - last % 2);
    const osm_way *way = &fold->data->ways.at[fold->pieces.all.at[piece].way];
    import_edge like = {.way = way->id, .name = way->name, .date = way->date};
    like.from = network_node(fold, from);
    like.to = network_node(fold, to);
    like.attr = chain_attr(fold, piece, from, to);
    if (like.from == TQ_NONE || like.to == TQ_NONE || like.attr == TQ_NONE)
        return import_no_memory(err);
    uint32_t edge = TQ_NONE;
    if (fold->points.count == 1 &&
        from != to) /* two nodes at one place: the edge still joins them */
        if (!tq_vec_push(&fold->points, fold->data->node_at[to])) return import_no_memory(err);
    TQ_TRY(import_add_course(fold->network, &like, fold->points.at, (uint32_t)fold->points.count,
                             &edge, err));
    for (uint32_t k = 0; k < count; k++)
        fold->pieces.all.at[chain[k] / 2].edge = edge;
    return TQ_OK;
}

/* A chain that ends where it began stays two edges: restrictions tell its two ends apart. */
static tq_status add_chain(folding *fold, uint32_t piece, tq_err *err)
{
    uint32_t count = gather_chain(fold, piece), last = fold->chain[count - 1];
    bool closed = piece_end(fold, fold->chain[0] / 2, fold->chain[0] % 2) ==
                  piece_end(fold, last / 2, 1 - last % 2);
    if (count == 1 || !closed) return add_run(fold, fold->chain, count, err);
    TQ_TRY(add_run(fold, fold->chain, count - 1, err));
    return add_run(fold, fold->chain + count - 1, 1, err);
}

static tq_status add_chains(folding *fold, tq_err *err)
{
    size_t count = fold->pieces.all.count;
    uint8_t *done = TQ_ALLOC(uint8_t, count);
    if (done == NULL) return import_no_memory(err);
    tq_status status = TQ_OK;
    for (uint32_t piece = 0; status == TQ_OK && piece < count; piece++) {
        if (done[piece]) continue;
        status = add_chain(fold, piece, err);
        if (status != TQ_OK) break;
        /* A chain without extent has no edge; `done` tells it from one that has not been looked at.
         */
        uint32_t at = piece * 2;
        done[piece] = 1;
        for (uint32_t end = 0; end < 2; end++)
            for (uint32_t next = fold->link[at + end]; next != TQ_NONE && !done[next / 2];
                 next = fold->link[next ^ 1])
                done[next / 2] = 1;
    }
    tq_free(done);
    return status;
}

/* ---- barriers ------------------------------------------------------------------------------- */

/* Ends of edges at barrier nodes: barrier << 32 | edge << 1 | end, sorted. */
typedef TQ_VEC(uint64_t) edge_ends;

static tq_status gather_ends(const import_network *network, const uint32_t *barrier_of,
                             edge_ends *ends, tq_err *err)
{
    for (uint32_t edge = 0; edge < network->edges.count; edge++) {
        const uint32_t node[2] = {network->edges.at[edge].from, network->edges.at[edge].to};
        for (unsigned end = 0; end < 2; end++) {
            uint32_t barrier = barrier_of[node[end]];
            if (barrier == TQ_NONE) continue;
            if (!tq_vec_push(ends, (uint64_t)barrier << 32 | edge * 2u | end))
                return import_no_memory(err);
        }
    }
    return tq_sort_u64(ends->at, ends->count) ? TQ_OK : import_no_memory(err);
}

/* Give an edge end its own copy of the barrier's node. */
static tq_status split_off(tq_build *build, uint64_t end, const osm_node_mark *mark, tq_err *err)
{
    import_network *network = build->network;
    uint32_t edge = (uint32_t)end >> 1;
    uint32_t *place = (end & 1) != 0 ? &network->edges.at[edge].to : &network->edges.at[edge].from;
    uint8_t access = (uint8_t)~mark->blocked;
    osm_access passes = {{access, access}, {mark->destination, mark->destination}};
    bool last_metres = osm_last_metres(&passes);
    tq_street_attr attr = {.street_class = TQ_BARRIER,
                           .access = {access, access},
                           .speed_kmh = {5, 5},
                           .flags = last_metres ? TQ_STREET_DESTINATION : 0,
                           .max_height_cm = mark->max_height_cm,
                           .max_width_cm = mark->max_width_cm,
                           .incline_percent = TQ_INCLINE_UNKNOWN,
                           .kerb = mark->kerb};
    tq_rule rule[OSM_DESTINATION_RULES];
    unsigned rules = osm_destination_rules(passes.mask, passes.destination, last_metres, rule);
    attr.rules = mark->rules;
    if (rules > 0) TQ_TRY(import_rule_set(build, mark->rules, rule, rules, &attr.rules, err));
    import_edge gate = {.from = *place, .date = network->edges.at[edge].date};
    gate.first_point = (uint32_t)network->points.count;
    gate.attr = import_attr_row(network, &attr);
    gate.to = import_add_node(network, network->nodes.at[*place]);
    if (gate.attr == TQ_NONE || gate.to == TQ_NONE) return import_no_memory(err);
    *place = gate.to;
    return tq_vec_push(&network->edges, gate) ? TQ_OK : import_no_memory(err);
}

static tq_status split_at(folding *fold, const uint32_t *barrier_of, tq_err *err)
{
    edge_ends ends = {0};
    tq_status status = gather_ends(fold->network, barrier_of, &ends, err);
    for (size_t k = 1; status == TQ_OK && k < ends.count; k++) {
        if (ends.at[k] >> 32 != ends.at[k - 1] >> 32)
            continue; /* the first end of a barrier stays */
        status =
            split_off(fold->build, ends.at[k], &fold->data->marks.at[ends.at[k] >> 32].mark, err);
    }
    tq_vec_free(&ends);
    return status;
}

static tq_status split_barriers(folding *fold, tq_err *err)
{
    const osm_data *data = fold->data;
    size_t nodes = fold->network->nodes.count, barriers = 0;
    uint32_t *barrier_of = TQ_ALLOC(uint32_t, nodes);
    if (barrier_of == NULL) return import_no_memory(err);
    memset(barrier_of, 0xff, nodes * sizeof *barrier_of);
    for (size_t k = 0; k < data->marks.count; k++) {
        const osm_marked *marked = &data->marks.at[k];
        uint32_t node = fold->pieces.node_of[marked->node];
        if (node == TQ_NONE) continue;
        fold->network->node_flags.at[node] |= marked->mark.flags;
        if (!osm_mark_parts(&marked->mark)) continue;
        barrier_of[node] = (uint32_t)k;
        barriers++;
    }
    tq_status status = barriers > 0 ? split_at(fold, barrier_of, err) : TQ_OK;
    tq_report_count(fold->build->report, "osm.barriers", barriers);
    tq_free(barrier_of);
    return status;
}

/* A barrier at a via node parts its edges: such turns can no longer be told and are dropped. */
static void drop_parted_turns(folding *fold)
{
    import_network *network = fold->network;
    size_t kept = 0;
    for (size_t k = 0; k < network->turns.count; k++) {
        const import_turn *turn = &network->turns.at[k];
        const import_edge *from = &network->edges.at[turn->from_edge];
        uint32_t follower = turn->via_count > 0 ? network->vias.at[turn->first_via] : turn->to_edge;
        const import_edge *next = &network->edges.at[follower];
        uint32_t node = turn->start_node;
        if ((from->from == node || from->to == node) && (next->from == node || next->to == node))
            network->turns.at[kept++] = *turn;
    }
    if (kept < network->turns.count)
        tq_report_add(fold->build->report, TQ_DROPPED, "turn_at_barrier", "", 0,
                      "%zu turn restrictions lie at a gate or bollard and are left out",
                      network->turns.count - kept);
    network->turns.count = kept;
}

static void count_missing(folding *fold)
{
    uint64_t missing = 0;
    for (uint32_t node = 0; node < fold->data->node_count; node++)
        missing += !fold->data->node_known[node];
    tq_report_count(fold->build->report, "osm.missing_nodes", missing);
    if (missing > 0)
        tq_report_add(fold->build->report, TQ_NOTE, "missing_nodes", "", 0,
                      "%llu nodes of ways are not in the extract; the ways end there",
                      (unsigned long long)missing);
}

static tq_status build_all(folding *fold, tq_err *err)
{
    count_missing(fold);
    count_uses(fold);
    keep_nodes(fold);
    keep_via_ends(fold);
    TQ_TRY(cut_ways(fold, err));
    TQ_TRY(link_pieces(fold, err));
    TQ_TRY(add_chains(fold, err));
    TQ_TRY(osm_resolve_turns(fold->build, fold->data, &fold->pieces, fold->network, err));
    TQ_TRY(split_barriers(fold, err));
    drop_parted_turns(fold);
    tq_report_count(fold->build->report, "osm.edges", fold->network->edges.count);
    return TQ_OK;
}

tq_status osm_build_network(tq_build *build, osm_data *data, tq_err *err)
{
    folding fold = {.build = build, .data = data, .network = build->network};
    fold.use = TQ_ALLOC(uint8_t, data->node_count);
    fold.pieces.node_of = TQ_ALLOC(uint32_t, data->node_count);
    tq_status status =
        fold.use == NULL || fold.pieces.node_of == NULL ? import_no_memory(err) : TQ_OK;
    if (status == TQ_OK) {
        memset(fold.pieces.node_of, 0xff, data->node_count * sizeof *fold.pieces.node_of);
        status = build_all(&fold, err);
    }
    tq_free(fold.use);
    tq_free(fold.end_here);
    tq_free(fold.link);
    tq_free(fold.chain);
    tq_free(fold.pieces.node_of);
    tq_free(fold.pieces.first_of_way);
    tq_vec_free(&fold.pieces.all);
    tq_vec_free(&fold.points);
    return status;
}
