/*
 * A good cut of a connected piece of the street network.
 *
 * Method: inertial flow (Schild, Sommer 2015) without coordinates. Two axes are made from hop
 * distances to far corners (the difference of the distances to both ends of an axis); along the
 * axes and their diagonals the first and the last part of the junctions are source and sink, and
 * the least cut between them is found by Dinic's method (1970). Then rounds from the best cut on
 * (one for large pieces): the distance from it is a further axis, with other shares for source and
 * sink. A flow stops where its cut could not win any more.
 *
 * Invariants: the best cut has the least capacity per balance; no side is less than LEAST_SIDE
 * says. Ties go to the first in the order given, so equal pieces get equal cuts.
 */
#include "import/hierarchy_in.h"

/* Directions of the first cuts; small pieces are worth more of them, and rounds after them. */
#define DIRECTIONS       4u
#define SMALL_DIRECTIONS 8u
#define ROUNDS           1u
#define SMALL_ROUNDS     4u
#define SMALL_JUNCTIONS  2000u
#define SHARE_PERCENT    25u
/* Of a good cut: each side has a 16th of the weight, and at most an 8th of the vertices is cut. */
#define LEAST_SIDE 16u
#define MOST_CUT   16u /* a vertex weighs 2 */

enum { MIDDLE, SOURCE, SINK };

bool cut_scratch_make(cut_scratch *out, size_t nodes, size_t arcs)
{
    *out = (cut_scratch){.residual = TQ_ALLOC(int32_t, arcs),
                         .level = TQ_ALLOC(uint32_t, nodes),
                         .place = TQ_ALLOC(uint32_t, nodes),
                         .queue = TQ_ALLOC(uint32_t, nodes),
                         .path = TQ_ALLOC(uint32_t, nodes),
                         .bucket = TQ_ALLOC(uint32_t, 6 * nodes + 8),
                         .by_potential = TQ_ALLOC(uint32_t, nodes),
                         .potential = TQ_ALLOC(int32_t, nodes),
                         .axis = {TQ_ALLOC(int32_t, nodes), TQ_ALLOC(int32_t, nodes)},
                         .terminal = TQ_ALLOC(uint8_t, nodes),
                         .side = TQ_ALLOC(uint8_t, nodes),
                         .trial = TQ_ALLOC(uint8_t, nodes)};
    return out->residual != NULL && out->level != NULL && out->place != NULL &&
           out->queue != NULL && out->path != NULL && out->bucket != NULL &&
           out->by_potential != NULL && out->potential != NULL && out->axis[0] != NULL &&
           out->axis[1] != NULL && out->terminal != NULL && out->side != NULL && out->trial != NULL;
}

void cut_scratch_free(cut_scratch *with)
{
    tq_free(with->residual);
    tq_free(with->level);
    tq_free(with->place);
    tq_free(with->queue);
    tq_free(with->path);
    tq_free(with->bucket);
    tq_free(with->by_potential);
    tq_free(with->potential);
    tq_free(with->axis[0]);
    tq_free(with->axis[1]);
    tq_free(with->terminal);
    tq_free(with->side);
    tq_free(with->trial);
}

/* ---- axes ------------------------------------------------------------------------------------ */

/* Hops from the first `filled` of the queue to all, in level; returns the last one reached. */
static uint32_t hops(const cut_piece *piece, cut_scratch *with, uint32_t filled)
{
    memset(with->level, 0xff, piece->node_count * sizeof *with->level);
    for (uint32_t k = 0; k < filled; k++)
        with->level[with->queue[k]] = 0;
    for (uint32_t at = 0; at < filled; at++) {
        uint32_t node = with->queue[at];
        for (uint32_t arc = piece->first[node]; arc < piece->first[node + 1]; arc++) {
            uint32_t head = piece->head[arc];
            if (with->level[head] != TQ_NONE) continue;
            with->level[head] = with->level[node] + 1;
            with->queue[filled++] = head;
        }
    }
    return with->queue[filled - 1];
}

static uint32_t hops_from(const cut_piece *piece, cut_scratch *with, uint32_t node)
{
    with->queue[0] = node;
    return hops(piece, with, 1);
}

static void make_axes(const cut_piece *piece, cut_scratch *with)
{
    uint32_t nodes = piece->node_count, corner = hops_from(piece, with, 0), across = 0;
    int32_t *nearest = with->potential;
    for (uint32_t axis = 0; axis < 2; axis++) {
        uint32_t other = hops_from(piece, with, corner);
        for (uint32_t node = 0; node < nodes; node++)
            with->axis[axis][node] = (int32_t)with->level[node];
        (void)hops_from(piece, with, other);
        for (uint32_t node = 0; node < nodes; node++) {
            int32_t near = TQ_MIN(with->axis[axis][node], (int32_t)with->level[node]);
            with->axis[axis][node] -= (int32_t)with->level[node];
            if (axis == 0) nearest[node] = near;
        }
        if (axis == 1) break;
        for (uint32_t node = 0; node < nodes; node++)
            if (nearest[node] > nearest[across]) across = node;
        corner = across;
    }
}

static void sort_by_potential(const cut_piece *piece, cut_scratch *with)
{
    uint32_t nodes = piece->node_count;
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (uint32_t node = 0; node < nodes; node++) {
        least = TQ_MIN(least, with->potential[node]);
        most = TQ_MAX(most, with->potential[node]);
    }
    uint32_t buckets = (uint32_t)(most - least) + 1;
    TQ_ASSERT(buckets < 6 * (size_t)nodes + 8);
    memset(with->bucket, 0, (buckets + 1) * sizeof *with->bucket);
    for (uint32_t node = 0; node < nodes; node++)
        with->bucket[with->potential[node] - least + 1]++;
    for (uint32_t k = 0; k < buckets; k++)
        with->bucket[k + 1] += with->bucket[k];
    for (uint32_t node = 0; node < nodes; node++)
        with->by_potential[with->bucket[with->potential[node] - least]++] = node;
}

/* ---- flow ------------------------------------------------------------------------------------ */

/* The outermost junctions by potential, a percentage of the weight on each side, become source and
 * sink; the sources that border on others stand in path[0 .. returned). */
static uint32_t set_terminals(const cut_piece *piece, cut_scratch *with, uint32_t percent)
{
    uint32_t nodes = piece->node_count, border = 0, low = 0, high = nodes;
    uint64_t limit = piece->weight_sum * percent / 100, sum = 0;
    memset(with->terminal, MIDDLE, nodes);
    do {
        with->terminal[with->by_potential[low]] = SOURCE;
        sum += piece->weight[with->by_potential[low++]];
    } while (low + 1 < high && sum + piece->weight[with->by_potential[low]] <= limit);
    sum = 0;
    do {
        with->terminal[with->by_potential[--high]] = SINK;
        sum += piece->weight[with->by_potential[high]];
    } while (high > low && sum + piece->weight[with->by_potential[high - 1]] <= limit);
    for (uint32_t k = 0; k < low; k++) {
        uint32_t node = with->by_potential[k];
        for (uint32_t arc = piece->first[node]; arc < piece->first[node + 1]; arc++) {
            if (with->terminal[piece->head[arc]] == SOURCE) continue;
            with->path[border++] = node;
            break;
        }
    }
    return border;
}

/* Levels of the residual graph; true if a sink is reached. */
static bool set_levels(const cut_piece *piece, cut_scratch *with, const uint32_t *border,
                       uint32_t borders)
{
    uint32_t filled = 0, sink_level = TQ_NONE;
    for (uint32_t node = 0; node < piece->node_count; node++)
        with->level[node] = with->terminal[node] == SOURCE ? 0 : TQ_NONE;
    for (uint32_t k = 0; k < borders; k++)
        with->queue[filled++] = border[k];
    for (uint32_t at = 0; at < filled; at++) {
        uint32_t node = with->queue[at];
        if (with->level[node] >= sink_level) break;
        for (uint32_t arc = piece->first[node]; arc < piece->first[node + 1]; arc++) {
            uint32_t head = piece->head[arc];
            if (with->residual[arc] <= 0 || with->level[head] != TQ_NONE) continue;
            with->level[head] = with->level[node] + 1;
            if (with->terminal[head] == SINK)
                sink_level = with->level[head];
            else
                with->queue[filled++] = head;
        }
    }
    return sink_level != TQ_NONE;
}

/* Push along the path of arcs; returns how many arcs of it stay before the first full one. */
static uint32_t push_path(const cut_piece *piece, cut_scratch *with, const uint32_t *path,
                          uint32_t length, uint32_t *flow)
{
    int32_t most = INT32_MAX;
    for (uint32_t k = 0; k < length; k++)
        most = TQ_MIN(most, with->residual[path[k]]);
    uint32_t keep = length;
    for (uint32_t k = length; k-- > 0;) {
        with->residual[path[k]] -= most;
        with->residual[piece->opposite[path[k]]] += most;
        if (with->residual[path[k]] == 0) keep = k;
    }
    *flow += (uint32_t)most;
    return keep;
}

/* All that fits through the levels from one source. */
static void push_from(const cut_piece *piece, cut_scratch *with, uint32_t source, uint32_t *flow)
{
    uint32_t *path = with->bucket, length = 0, node = source;
    for (;;) {
        uint32_t arc = with->place[node], end = piece->first[node + 1];
        while (arc < end &&
               (with->residual[arc] <= 0 || with->level[piece->head[arc]] != with->level[node] + 1))
            arc++;
        with->place[node] = arc;
        if (arc < end) {
            path[length++] = arc;
            node = piece->head[arc];
            if (with->terminal[node] != SINK) continue;
            length = push_path(piece, with, path, length, flow);
            node = piece->head[piece->opposite[path[length]]];
        } else {
            if (length == 0) return;
            node = piece->head[piece->opposite[path[--length]]];
            with->place[node]++;
        }
    }
}

/* The greatest flow; TQ_NONE when it comes over the limit. */
static uint32_t flow_of(const cut_piece *piece, cut_scratch *with, uint32_t borders, uint32_t limit)
{
    uint32_t flow = 0;
    memcpy(with->residual, piece->capacity,
           piece->first[piece->node_count] * sizeof *with->residual);
    while (set_levels(piece, with, with->path, borders)) {
        memcpy(with->place, piece->first, piece->node_count * sizeof *with->place);
        for (uint32_t k = 0; k < borders && flow <= limit; k++)
            push_from(piece, with, with->path[k], &flow);
        if (flow > limit) return TQ_NONE;
    }
    return flow;
}

/* trial[]: 1 = the sinks can be reached from there, the other least cut. */
static void sink_side(const cut_piece *piece, cut_scratch *with)
{
    uint32_t filled = 0;
    for (uint32_t node = 0; node < piece->node_count; node++) {
        with->trial[node] = with->terminal[node] == SINK;
        if (with->trial[node]) with->queue[filled++] = node;
    }
    for (uint32_t at = 0; at < filled; at++) {
        uint32_t node = with->queue[at];
        for (uint32_t arc = piece->first[node]; arc < piece->first[node + 1]; arc++) {
            uint32_t head = piece->head[arc];
            if (with->trial[head] || with->residual[piece->opposite[arc]] <= 0) continue;
            with->trial[head] = 1;
            with->queue[filled++] = head;
        }
    }
}

/* ---- the choice ------------------------------------------------------------------------------ */

typedef struct cut_best {
    double score;
    uint32_t capacity;
} cut_best;

/* Capacity per balance: the product of the sides' weights. */
static double score_of(const cut_piece *piece, uint32_t capacity, uint64_t one_side)
{
    return (double)capacity / ((double)one_side * (double)(piece->weight_sum - one_side));
}

static void offer(const cut_piece *piece, cut_scratch *with, uint32_t flow, cut_best *best)
{
    uint64_t sum = 0;
    for (uint32_t node = 0; node < piece->node_count; node++)
        if (with->trial[node]) sum += piece->weight[node];
    if (TQ_MIN(sum, piece->weight_sum - sum) < TQ_MAX(piece->weight_sum / LEAST_SIDE, 1)) return;
    double score = score_of(piece, flow, sum);
    if (best->capacity != 0 && score >= best->score) return;
    *best = (cut_best){score, flow};
    memcpy(with->side, with->trial, piece->node_count);
}

static void try_cut(const cut_piece *piece, cut_scratch *with, uint32_t percent, cut_best *best)
{
    uint32_t borders = set_terminals(piece, with, percent),
             limit = (uint32_t)(piece->weight_sum / MOST_CUT);
    if (best->capacity != 0) {
        double most = best->score / score_of(piece, 1, piece->weight_sum / 2);
        if (most < limit) limit = (uint32_t)most;
    }
    uint32_t flow = flow_of(piece, with, borders, limit);
    if (flow == TQ_NONE || flow == 0) return;
    for (uint32_t node = 0; node < piece->node_count; node++)
        with->trial[node] = with->level[node] == TQ_NONE;
    offer(piece, with, flow, best);
    sink_side(piece, with);
    offer(piece, with, flow, best);
}

/* The potential becomes the signed distance from the best cut. */
static void axis_from_cut(const cut_piece *piece, cut_scratch *with)
{
    uint32_t filled = 0;
    for (uint32_t node = 0; node < piece->node_count; node++) {
        for (uint32_t arc = piece->first[node]; arc < piece->first[node + 1]; arc++) {
            if (with->side[piece->head[arc]] == with->side[node]) continue;
            with->queue[filled++] = node;
            break;
        }
    }
    (void)hops(piece, with, filled);
    for (uint32_t node = 0; node < piece->node_count; node++)
        with->potential[node] =
            with->side[node] ? (int32_t)with->level[node] + 1 : -(int32_t)with->level[node];
}

uint32_t cut_bisect(const cut_piece *piece, cut_scratch *with)
{
    static const int8_t direction[SMALL_DIRECTIONS][2] = {{1, 0}, {0, 1},  {1, 1}, {1, -1},
                                                          {2, 1}, {2, -1}, {1, 2}, {1, -2}};
    static const uint8_t percent[SMALL_ROUNDS] = {42, 25, 15, 35};
    bool small = piece->node_count <= SMALL_JUNCTIONS;
    cut_best best = {0};
    if (piece->node_count < 2) return 0;
    make_axes(piece, with);
    for (uint32_t k = 0; k < (small ? SMALL_DIRECTIONS : DIRECTIONS); k++) {
        for (uint32_t node = 0; node < piece->node_count; node++)
            with->potential[node] =
                direction[k][0] * with->axis[0][node] + direction[k][1] * with->axis[1][node];
        sort_by_potential(piece, with);
        try_cut(piece, with, SHARE_PERCENT, &best);
    }
    for (uint32_t k = 0; k < (small ? SMALL_ROUNDS : ROUNDS) && best.capacity != 0; k++) {
        axis_from_cut(piece, with);
        sort_by_potential(piece, with);
        try_cut(piece, with, percent[k], &best);
    }
    return best.capacity;
}
