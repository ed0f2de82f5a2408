/*
 * Stretches given by number: arcs (a direction each) or edges.
 *
 * Arcs are put in order: those along the way first, each beginning where the one before ends, then
 * those against it. Edges are a chain; the order in which they are given is the direction.
 */
#include "live/live_in.h"

static tq_status read_ids(live_finder *finder, const json_t *list, const char *what, uint32_t limit,
                          live_ids *out)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0 || count > TQ_STRETCH_ARCS_MAX)
        return tq_fail(finder->err, TQ_BAD_INPUT, 0, "\"%s\" is a list of 1 to %u numbers", what,
                       TQ_STRETCH_ARCS_MAX);
    for (size_t k = 0; k < count; k++) {
        const json_t *value = json_array_get(list, k);
        json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || id >= (json_int_t)limit)
            return tq_fail(finder->err, TQ_BAD_INPUT, k,
                           "\"%s\" number %zu is not one of the city's: whole numbers from 0 to %u",
                           what, k, limit == 0 ? 0 : limit - 1);
        for (size_t j = 0; j < out->count; j++)
            if (out->at[j] == (uint32_t)id)
                return tq_fail(finder->err, TQ_BAD_INPUT, k, "\"%s\" has %u twice", what,
                               (uint32_t)id);
        if (!tq_vec_push(out, (uint32_t)id)) return live_no_memory(finder->err);
    }
    return TQ_OK;
}

static bool has(const live_ids *ids, uint32_t id)
{
    for (size_t k = 0; k < ids->count; k++)
        if (ids->at[k] == id) return true;
    return false;
}

/* Arc of the list that begins at a node; or, with `at_head`, one that ends there. */
static uint32_t find_at(const tq_streets *streets, const live_ids *ids, const uint8_t *used,
                        uint32_t node, bool at_head)
{
    for (size_t k = 0; k < ids->count; k++) {
        uint32_t arc = ids->at[k];
        if (!used[k] && (at_head ? tq_arc_head(streets, arc) : tq_arc_tail(streets, arc)) == node)
            return (uint32_t)k;
    }
    return TQ_NONE;
}

/* Take one way out of the arcs that are left: from `first` back to its begin, then on to its end.
 */
static tq_status take_way(live_finder *finder, const live_ids *ids, uint8_t *used, uint32_t first,
                          live_ids *out)
{
    const tq_streets *streets = finder->streets;
    uint32_t at = first;
    uint8_t *met = TQ_ALLOC(uint8_t, ids->count);
    if (met == NULL) return live_no_memory(finder->err);
    memcpy(met, used, ids->count);
    for (;;) {
        met[at] = 1;
        uint32_t before = find_at(streets, ids, met, tq_arc_tail(streets, ids->at[at]), true);
        /* Never by way of its own other direction: that one is against. */
        while (before != TQ_NONE && ids->at[before] == (ids->at[at] ^ 1)) {
            met[before] = 1;
            before = find_at(streets, ids, met, tq_arc_tail(streets, ids->at[at]), true);
        }
        if (before == TQ_NONE) break;
        at = before;
    }
    memcpy(met, used, ids->count);
    bool good = true;
    while (at != TQ_NONE && good) {
        used[at] = met[at] = 1;
        good = tq_vec_push(out, ids->at[at]);
        uint32_t next = find_at(streets, ids, met, tq_arc_head(streets, ids->at[at]), false);
        while (next != TQ_NONE &&
               (ids->at[next] == (ids->at[at] ^ 1) || has(out, ids->at[next] ^ 1))) {
            met[next] = 1;
            next = find_at(streets, ids, met, tq_arc_head(streets, ids->at[at]), false);
        }
        at = next;
    }
    tq_free(met);
    return good ? TQ_OK : live_no_memory(finder->err);
}

static tq_status not_connected(live_finder *finder, uint32_t arc)
{
    tq_point at = finder->streets->node_at[tq_arc_tail(finder->streets, arc)];
    return tq_fail(
        finder->err, TQ_BAD_INPUT, arc,
        "the stretch is not connected: arc %u (at %.5f,%.5f) does not follow the others; "
        "give it in a closure of its own",
        arc, at.lat_e7 / 1e7, at.lon_e7 / 1e7);
}

/* Does the second way lie beside the first? */
static bool lies_beside(const tq_streets *streets, const live_ids *one, const live_ids *other)
{
    uint32_t ends[2] = {tq_arc_tail(streets, other->at[0]),
                        tq_arc_head(streets, other->at[other->count - 1])};
    for (int k = 0; k < 2; k++)
        for (size_t at = 0; at < one->count; at++)
            if (live_arc_distance_dm(streets, one->at[at], streets->node_at[ends[k]]) <=
                LIVE_TWIN_M * 10)
                return true;
    return false;
}

static tq_status order_arcs(live_finder *finder, const live_ids *ids, live_ways *out)
{
    uint8_t *used = TQ_ALLOC(uint8_t, ids->count);
    uint32_t left = 0;
    if (used == NULL) return live_no_memory(finder->err);
    tq_status status = take_way(finder, ids, used, 0, &out->along);
    while (left < ids->count && used[left])
        left++;
    if (status == TQ_OK && left < ids->count)
        status = take_way(finder, ids, used, left, &out->against);
    for (uint32_t k = 0; status == TQ_OK && k < ids->count; k++)
        if (!used[k]) status = not_connected(finder, ids->at[k]);
    if (status == TQ_OK && out->against.count > 0 &&
        !lies_beside(finder->streets, &out->along, &out->against))
        status = not_connected(finder, out->against.at[0]);
    tq_free(used);
    return status;
}

static tq_status add_reverse(live_finder *finder, live_ways *out)
{
    for (size_t k = out->along.count; k > 0; k--) {
        uint32_t arc = out->along.at[k - 1] ^ 1;
        unsigned all = tq_edge_attr(finder->streets, arc >> 1)->access[~arc & 1];
        finder->access = (uint8_t)((all & TQ_ACCESS_MOTOR) != 0 ? TQ_ACCESS_MOTOR : 0xff);
        if (live_may(finder, arc) && !tq_vec_push(&out->against, arc))
            return live_no_memory(finder->err);
    }
    return TQ_OK;
}

tq_status live_ways_by_arcs(live_finder *finder, const json_t *arcs, const json_t *direction,
                            live_direction wanted, live_ways *out)
{
    live_ids ids = {0};
    tq_status status = read_ids(finder, arcs, "arcs", 2 * finder->streets->edge_count, &ids);
    if (status == TQ_OK) status = order_arcs(finder, &ids, out);
    tq_vec_free(&ids);
    if (status != TQ_OK || direction == NULL || out->against.count > 0) return status;
    return wanted == LIVE_FORWARD ? TQ_OK : add_reverse(finder, out);
}

/* The node that two edges share; TQ_NONE = none. */
static uint32_t shared(const tq_streets *streets, uint32_t a, uint32_t b)
{
    uint32_t ends[2] = {streets->edge_to[a], streets->edge_from[a]};
    for (int k = 0; k < 2; k++)
        if (streets->edge_from[b] == ends[k] || streets->edge_to[b] == ends[k]) return ends[k];
    return TQ_NONE;
}

static tq_status put_edge(live_finder *finder, uint32_t edge, uint32_t from, live_ids *along,
                          live_ids *against)
{
    uint32_t arc = finder->streets->edge_from[edge] == from ? 2 * edge : 2 * edge + 1;
    const tq_street_attr *attr = tq_edge_attr(finder->streets, edge);
    unsigned all = (unsigned)attr->access[0] | attr->access[1];
    finder->access = (uint8_t)((all & TQ_ACCESS_MOTOR) != 0 ? TQ_ACCESS_MOTOR : 0xff);
    bool good = (!live_may(finder, arc) || tq_vec_push(along, arc)) &&
                (!live_may(finder, arc ^ 1) || tq_vec_push(against, arc ^ 1));
    return good ? TQ_OK : live_no_memory(finder->err);
}

tq_status live_ways_by_edges(live_finder *finder, const json_t *edges, live_ways *out)
{
    const tq_streets *streets = finder->streets;
    live_ids ids = {0};
    tq_status status = read_ids(finder, edges, "edges", streets->edge_count, &ids);
    uint32_t from = TQ_NONE;
    if (status == TQ_OK && ids.count > 1) {
        uint32_t joint = shared(streets, ids.at[0], ids.at[1]);
        if (joint == streets->edge_from[ids.at[0]])
            from = streets->edge_to[ids.at[0]];
        else if (joint != TQ_NONE)
            from = streets->edge_from[ids.at[0]];
    }
    if (status == TQ_OK && from == TQ_NONE) from = streets->edge_from[ids.at[0]];
    for (size_t k = 0; status == TQ_OK && k < ids.count; k++) {
        uint32_t edge = ids.at[k];
        if (streets->edge_from[edge] != from && streets->edge_to[edge] != from) {
            status = tq_fail(finder->err, TQ_BAD_INPUT, edge,
                             "the stretch is not connected: edge %u does not follow edge %u; give "
                             "edges in the order in which they follow each other",
                             edge, ids.at[k - 1]);
            break;
        }
        status = put_edge(finder, edge, from, &out->along, &out->against);
        from = streets->edge_from[edge] == from ? streets->edge_to[edge] : streets->edge_from[edge];
    }
    tq_vec_free(&ids);
    for (size_t a = 0, b = out->against.count; status == TQ_OK && a + 1 < b; a++) {
        uint32_t swap = out->against.at[a];
        out->against.at[a] = out->against.at[--b];
        out->against.at[b] = swap;
    }
    /* Either direction is a whole way, or the piece is one-way the other way in part. */
    for (size_t k = 1; status == TQ_OK && k < out->along.count; k++)
        if (tq_arc_tail(streets, out->along.at[k]) != tq_arc_head(streets, out->along.at[k - 1]))
            status = not_connected(finder, out->along.at[k]);
    return status;
}
