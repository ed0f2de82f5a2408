/*
 * Ways along a street: the shortest one between two sets of nodes that stays on it.
 *
 * Method: Dijkstra over nodes. Arcs of the street count their length, its service roads half as
 * much again (so the main carriageway is preferred), other streets three times theirs, and those
 * only for LIVE_GAP_M at a time: enough for a crossing, a roundabout or a bridge of another name,
 * not for a way round the block. Turn bans do not matter: a stretch is a place, not a journey.
 *
 * Invariants: a way's arcs follow each other head to tail; ties fall by node, so the same question
 * has the same answer. No recursion; scratch is made once a question.
 */
#include "live/live_in.h"

#define COST_OWN     100
#define COST_SERVICE 150
#define COST_OTHER   300
#define STRAIGHT_DEG 60u

void live_finder_begin(live_finder *finder, const tq_city *city, tq_err *err)
{
    *finder = (live_finder){.city = city, .streets = &city->streets, .err = err};
}

void live_finder_free(live_finder *finder)
{
    tq_free(finder->of);
    tq_free(finder->cost);
    tq_free(finder->via);
    tq_free(finder->run);
    tq_free(finder->heap.id);
    tq_free(finder->heap.pos);
    tq_free(finder->heap.key);
    tq_vec_free(&finder->touched);
}

static tq_status make_scratch(live_finder *finder)
{
    size_t count = (size_t)finder->streets->node_count + 1;
    if (finder->has_scratch) return TQ_OK;
    finder->cost = TQ_ALLOC(int64_t, count);
    finder->via = TQ_ALLOC(uint32_t, count);
    finder->run = TQ_ALLOC(uint32_t, count);
    finder->heap.id = TQ_ALLOC(uint32_t, count);
    finder->heap.pos = TQ_ALLOC(uint32_t, count);
    finder->heap.key = TQ_ALLOC(int64_t, count);
    if (finder->cost == NULL || finder->via == NULL || finder->run == NULL ||
        finder->heap.id == NULL || finder->heap.pos == NULL || finder->heap.key == NULL)
        return live_no_memory(finder->err);
    memset(finder->cost, 0xff, count * sizeof *finder->cost); /* -1 = not reached */
    memset(finder->heap.pos, 0xff, count * sizeof *finder->heap.pos);
    finder->has_scratch = true;
    return TQ_OK;
}

static void clear_scratch(live_finder *finder)
{
    for (size_t k = 0; k < finder->touched.count; k++) {
        finder->cost[finder->touched.at[k]] = -1;
        finder->heap.pos[finder->touched.at[k]] = TQ_NONE;
    }
    finder->touched.count = 0;
    finder->heap.count = 0;
}

bool live_may(const live_finder *finder, uint32_t arc)
{
    const tq_street_attr *attr = tq_edge_attr(finder->streets, arc >> 1);
    uint32_t life = finder->city->dates.row[finder->streets->edge_date[arc >> 1]].life;
    return life == TQ_OPEN && (attr->access[arc & 1] & finder->access) != 0;
}

bool live_is_of(const live_finder *finder, uint32_t edge, uint8_t which)
{
    return (finder->of[finder->streets->edge_name[edge]] & which) != 0;
}

void live_set_access(live_finder *finder)
{
    const tq_streets *streets = finder->streets;
    unsigned all = 0;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        if (live_is_of(finder, edge, 1)) all |= attr->access[0] | attr->access[1];
    }
    finder->access = (uint8_t)((all & TQ_ACCESS_MOTOR) != 0 ? TQ_ACCESS_MOTOR : 0xff);
}

static bool touch(live_finder *finder, uint32_t node, int64_t cost, uint32_t via, uint32_t run)
{
    if (finder->cost[node] >= 0 && finder->cost[node] <= cost) return true;
    if (finder->cost[node] < 0 && !tq_vec_push(&finder->touched, node)) return false;
    finder->cost[node] = cost;
    finder->via[node] = via;
    finder->run[node] = run;
    tq_heap_lower(&finder->heap, node, cost);
    return true;
}

static bool relax(live_finder *finder, live_sense sense, uint32_t node, uint32_t arc)
{
    const tq_streets *streets = finder->streets;
    bool own = live_is_of(finder, arc >> 1, 1);
    if (!live_may(finder, arc) && (sense == LIVE_DIRECTED || !live_may(finder, arc ^ 1)))
        return true;
    uint32_t length = streets->edge_length_dm[arc >> 1];
    uint32_t run = own ? 0 : finder->run[node] + length;
    if (run > LIVE_GAP_M * 10) return true;
    bool service = tq_edge_attr(streets, arc >> 1)->street_class == TQ_SERVICE;
    int64_t each = !own ? COST_OTHER : service ? COST_SERVICE : COST_OWN;
    return touch(finder, tq_arc_head(streets, arc), finder->cost[node] + each * length + 1, arc,
                 run);
}

static bool holds(const live_ids *ids, uint32_t id)
{
    for (size_t k = 0; k < ids->count; k++)
        if (ids->at[k] == id) return true;
    return false;
}

static tq_status unroll(live_finder *finder, uint32_t node, live_ids *way)
{
    size_t first = way->count;
    while (finder->via[node] != TQ_NONE) {
        if (!tq_vec_push(way, finder->via[node])) return live_no_memory(finder->err);
        node = tq_arc_tail(finder->streets, finder->via[node]);
    }
    for (size_t a = first, b = way->count; a + 1 < b; a++) {
        uint32_t swap = way->at[a];
        way->at[a] = way->at[--b];
        way->at[b] = swap;
    }
    return TQ_OK;
}

tq_status live_search(live_finder *finder, live_sense sense, const live_ids *from,
                      const live_ids *to, live_ids *way, bool *found)
{
    const tq_streets *streets = finder->streets;
    *found = false;
    TQ_TRY(make_scratch(finder));
    clear_scratch(finder);
    for (size_t k = 0; k < from->count; k++)
        if (!touch(finder, from->at[k], 0, TQ_NONE, 0)) return live_no_memory(finder->err);
    while (finder->heap.count > 0) {
        int64_t cost;
        uint32_t node = tq_heap_pop(&finder->heap, &cost);
        /* A way that ends off the street has not come back to it. */
        if (to != NULL && finder->run[node] == 0 && holds(to, node)) {
            *found = true;
            return unroll(finder, node, way);
        }
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++)
            if (!relax(finder, sense, node, streets->out_arc[k]))
                return live_no_memory(finder->err);
    }
    return TQ_OK;
}

tq_status live_near_nodes(live_finder *finder, tq_point at, uint32_t within_m, live_ids *out)
{
    const tq_streets *streets = finder->streets;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        if (!live_is_of(finder, edge, 1)) continue;
        uint32_t node[2] = {streets->edge_from[edge], streets->edge_to[edge]};
        for (int k = 0; k < 2; k++)
            if (tq_distance_dm(at, streets->node_at[node[k]]) <= within_m * 10 &&
                !tq_vec_push(out, node[k]))
                return live_no_memory(finder->err);
    }
    return TQ_OK;
}

tq_status live_way_towards(live_finder *finder, tq_point from, uint32_t within_m, tq_point to,
                           live_ids *way)
{
    const tq_streets *streets = finder->streets;
    live_ids begin = {0};
    uint32_t best = TQ_NONE, best_dm = tq_distance_dm(from, to) / 2;
    bool found;
    tq_status status = live_near_nodes(finder, from, within_m, &begin);
    if (status == TQ_OK) status = live_search(finder, LIVE_DIRECTED, &begin, NULL, NULL, &found);
    for (size_t k = 0; status == TQ_OK && k < finder->touched.count; k++) {
        uint32_t node = finder->touched.at[k];
        uint32_t dm = tq_distance_dm(streets->node_at[node], to);
        if (finder->run[node] != 0 || dm > best_dm || (dm == best_dm && node > best)) continue;
        best = node;
        best_dm = dm;
    }
    if (status == TQ_OK && best != TQ_NONE) status = unroll(finder, best, way);
    tq_vec_free(&begin);
    return status;
}

/* ---- going on at the ends -------------------------------------------------------------------- */

static bool has_node(const live_finder *finder, const live_ids *way, uint32_t node)
{
    for (size_t k = 0; k < way->count; k++)
        if (tq_arc_tail(finder->streets, way->at[k]) == node ||
            tq_arc_head(finder->streets, way->at[k]) == node)
            return true;
    return false;
}

static bool is_abreast(const live_finder *finder, const live_ids *beside, uint32_t arc)
{
    const tq_streets *streets = finder->streets;
    tq_point tail = streets->node_at[tq_arc_tail(streets, arc)],
             head = streets->node_at[tq_arc_head(streets, arc)];
    uint32_t near_dm[2] = {UINT32_MAX, UINT32_MAX};
    for (size_t k = 0; k < beside->count; k++) {
        near_dm[0] = TQ_MIN(near_dm[0], live_arc_distance_dm(streets, beside->at[k], tail));
        near_dm[1] = TQ_MIN(near_dm[1], live_arc_distance_dm(streets, beside->at[k], head));
    }
    return near_dm[0] <= LIVE_TWIN_M * 10 && near_dm[1] <= LIVE_TWIN_M * 10;
}

/* The arc that goes straightest on from the end of the way (or leads straightest to its begin). */
static uint32_t next_arc(const live_finder *finder, const live_ids *way, bool at_end,
                         const live_ids *beside)
{
    const tq_streets *streets = finder->streets;
    uint32_t last = at_end ? way->at[way->count - 1] : way->at[0], best = TQ_NONE;
    uint32_t node = at_end ? tq_arc_head(streets, last) : tq_arc_tail(streets, last);
    uint32_t other =
        at_end ? tq_arc_tail(streets, way->at[0]) : tq_arc_head(streets, way->at[way->count - 1]);
    uint32_t here_dm = tq_distance_dm(streets->node_at[other], streets->node_at[node]);
    unsigned best_turn = STRAIGHT_DEG + 1;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t out = streets->out_arc[k], arc = at_end ? out : out ^ 1;
        uint32_t far = tq_arc_head(streets, out);
        bool service = tq_edge_attr(streets, arc >> 1)->street_class == TQ_SERVICE;
        if (!live_is_of(finder, arc >> 1, 1) || !live_may(finder, arc) || service) continue;
        if (arc >> 1 == last >> 1 || far == node || has_node(finder, way, far)) continue;
        if (beside != NULL && !is_abreast(finder, beside, arc)) continue;
        /* At the end of a divided road the other carriageway leads back. */
        if (tq_distance_dm(streets->node_at[other], streets->node_at[far]) <= here_dm) continue;
        unsigned turn =
            at_end
                ? live_turn_deg(live_arriving_deg(streets, last), live_leaving_deg(streets, arc))
                : live_turn_deg(live_arriving_deg(streets, arc), live_leaving_deg(streets, last));
        if (turn < best_turn) {
            best = arc;
            best_turn = turn;
        }
    }
    return best;
}

tq_status live_extend(live_finder *finder, live_ids *way, const live_ids *beside)
{
    if (way->count == 0) return TQ_OK;
    for (int end = 0; end < 2; end++) {
        while (way->count <= TQ_STRETCH_ARCS_MAX) {
            uint32_t arc = next_arc(finder, way, end == 1, beside);
            if (arc == TQ_NONE) break;
            if (!tq_vec_push(way, arc)) return live_no_memory(finder->err);
            if (end == 1) continue;
            memmove(way->at + 1, way->at, (way->count - 1) * sizeof *way->at);
            way->at[0] = arc;
        }
    }
    return TQ_OK;
}

/* ---- the other direction --------------------------------------------------------------------- */

static tq_status turn_round(live_finder *finder, const live_ids *way, live_ids *out, bool *all)
{
    *all = way->count > 0;
    for (size_t k = way->count; k > 0 && *all; k--) {
        uint32_t arc = way->at[k - 1] ^ 1;
        *all = live_may(finder, arc);
        if (*all && !tq_vec_push(out, arc)) return live_no_memory(finder->err);
    }
    if (!*all) out->count = 0;
    return TQ_OK;
}

tq_status live_twin(live_finder *finder, const live_ids *way, live_ids *out)
{
    const tq_streets *streets = finder->streets;
    bool all;
    TQ_TRY(turn_round(finder, way, out, &all));
    if (all || way->count == 0) return TQ_OK;
    tq_point end = streets->node_at[tq_arc_head(streets, way->at[way->count - 1])],
             begin = streets->node_at[tq_arc_tail(streets, way->at[0])];
    TQ_TRY(live_way_towards(finder, end, LIVE_TWIN_M, begin, out));
    if (out->count == 0) TQ_TRY(live_way_towards(finder, end, LIVE_GAP_M, begin, out));
    TQ_TRY(live_extend(finder, out, way));
    /* What strays from the way is another street's business: a loop, or the way round a block. */
    for (size_t k = 0; k < out->count; k++)
        if (!is_abreast(finder, way, out->at[k]) || holds(way, out->at[k])) out->count = 0;
    return TQ_OK;
}
