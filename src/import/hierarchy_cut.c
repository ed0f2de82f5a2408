/*
 * The order of a turn-expanded street graph: nested dissection by cuts of its junctions.
 *
 * Method: a vertex is a street used in one direction, so the graph is nearly the line graph of a
 * smaller one: the head of x and the tail of y are the same junction if there is a link x -> y. A
 * cut of the junction graph is a separator of vertices; it goes last, both sides before it, and so
 * on (Buchhold, Wagner, Zeitz, Zuendorf 2020). Small pieces are ordered by minimum degree, pieces
 * that have no good cut by METIS.
 *
 * Invariants: the order is a permutation, the same for the same graph. The stack of pieces holds
 * disjoint ranges of junctions, so it is bounded by their number.
 * Limits: a graph whose junctions have far more pairs of an arriving and a leaving vertex than
 * links is left to METIS.
 */
#include "import/hierarchy_in.h"

#define PAIRS_PER_LINK 2u /* a two-way street's bend has 4 pairs and 2 links */

typedef struct range {
    uint32_t begin, end;
} range;

typedef struct cutter {
    const tq_graph *graph;
    const order_lists *lists;
    uint32_t junction_count;
    uint32_t *from, *to;    /* [vertices] junctions */
    uint32_t *first, *at;   /* vertices that begin or end at a junction; a loop twice */
    uint32_t *junction;     /* [junction_count] the pieces are ranges of it */
    uint32_t *local;        /* [junction_count] place in the piece at hand, else TQ_NONE */
    uint32_t *mark, *swap;  /* [junction_count] */
    uint32_t *local_vertex; /* [vertices] TQ_NONE outside cut_leaf_order and order_rest */
    uint32_t *inner;        /* [vertices] those of the piece at hand */
    uint8_t *done;          /* [vertices] */
    cut_piece piece;
    cut_scratch scratch;
    cut_leaf *leaf;
    TQ_VEC(range) stack;
    uint32_t *order, left; /* order[left ..] is settled */
} cutter;

static void cutter_free(cutter *with)
{
    uint32_t *const list[] = {with->from,         with->to,
                              with->first,        with->at,
                              with->junction,     with->local,
                              with->mark,         with->swap,
                              with->local_vertex, with->inner,
                              with->piece.first,  with->piece.head,
                              with->piece.weight, with->piece.opposite};
    for (size_t k = 0; k < TQ_COUNT(list); k++)
        tq_free(list[k]);
    tq_free(with->piece.capacity);
    tq_free(with->done);
    tq_free(with->leaf);
    tq_vec_free(&with->stack);
    cut_scratch_free(&with->scratch);
}

static tq_status no_memory(const cutter *with, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to order %u street vertices",
                   with->graph->node_count);
}

/* ---- junctions ------------------------------------------------------------------------------- */

static uint32_t root_of(uint32_t *above, uint32_t end)
{
    while (above[end] != end) {
        above[end] = above[above[end]];
        end = above[end];
    }
    return end;
}

/* Ends of vertices (tail 2 v, head 2 v + 1) that links hold together are one junction. */
static tq_status find_junctions(cutter *with, tq_err *err)
{
    const tq_graph *graph = with->graph;
    size_t ends = 2 * (size_t)graph->node_count;
    uint32_t *above = TQ_ALLOC(uint32_t, ends), *number = TQ_ALLOC(uint32_t, ends);
    with->from = TQ_ALLOC(uint32_t, graph->node_count);
    with->to = TQ_ALLOC(uint32_t, graph->node_count);
    bool made = above != NULL && number != NULL && with->from != NULL && with->to != NULL;
    for (uint32_t end = 0; made && end < ends; end++)
        above[end] = end;
    for (uint32_t link = 0; made && link < graph->arc_count; link++) {
        uint32_t a = root_of(above, 2 * graph->tail[link] + 1),
                 b = root_of(above, 2 * graph->head[link]);
        above[TQ_MAX(a, b)] = TQ_MIN(a, b);
    }
    for (uint32_t end = 0; made && end < ends; end++) {
        uint32_t root = root_of(above, end);
        number[end] = root == end ? with->junction_count++ : number[root];
        *(end & 1 ? &with->to[end >> 1] : &with->from[end >> 1]) = number[end];
    }
    tq_free(above);
    tq_free(number);
    return made ? TQ_OK : no_memory(with, err);
}

static bool is_like_streets(const cutter *with, uint32_t *arriving)
{
    uint64_t pairs = 0;
    for (uint32_t vertex = 0; vertex < with->graph->node_count; vertex++)
        arriving[with->to[vertex]]++;
    for (uint32_t vertex = 0; vertex < with->graph->node_count; vertex++)
        pairs += arriving[with->from[vertex]];
    memset(arriving, 0, with->junction_count * sizeof *arriving);
    return pairs <= PAIRS_PER_LINK * (uint64_t)with->graph->arc_count;
}

static tq_status cutter_make(cutter *with, tq_err *err)
{
    size_t vertices = with->graph->node_count, junctions = with->junction_count;
    with->first = TQ_ALLOC(uint32_t, junctions + 1);
    with->at = TQ_ALLOC(uint32_t, 2 * vertices);
    with->junction = TQ_ALLOC(uint32_t, junctions);
    with->local = TQ_ALLOC(uint32_t, junctions);
    with->swap = TQ_ALLOC(uint32_t, junctions);
    with->local_vertex = TQ_ALLOC(uint32_t, vertices);
    with->inner = TQ_ALLOC(uint32_t, vertices);
    with->done = TQ_ALLOC(uint8_t, vertices);
    with->piece.first = TQ_ALLOC(uint32_t, junctions + 1);
    with->piece.weight = TQ_ALLOC(uint32_t, junctions);
    with->piece.head = TQ_ALLOC(uint32_t, 2 * vertices);
    with->piece.opposite = TQ_ALLOC(uint32_t, 2 * vertices);
    with->piece.capacity = TQ_ALLOC(int32_t, 2 * vertices);
    with->leaf = TQ_ALLOC(cut_leaf, 1);
    if (with->first == NULL || with->at == NULL || with->junction == NULL || with->local == NULL ||
        with->swap == NULL || with->local_vertex == NULL || with->inner == NULL ||
        with->done == NULL || with->piece.first == NULL || with->piece.weight == NULL ||
        with->piece.head == NULL || with->piece.opposite == NULL || with->piece.capacity == NULL ||
        with->leaf == NULL || !cut_scratch_make(&with->scratch, junctions, 2 * vertices))
        return no_memory(with, err);
    for (uint32_t vertex = 0; vertex < vertices; vertex++) {
        with->first[with->from[vertex] + 1]++;
        with->first[with->to[vertex] + 1]++;
    }
    for (size_t k = 0; k < junctions; k++) {
        with->first[k + 1] += with->first[k];
        with->junction[k] = (uint32_t)k;
    }
    uint32_t *filled = with->swap;
    for (uint32_t vertex = 0; vertex < vertices; vertex++) {
        uint32_t a = with->from[vertex], b = with->to[vertex];
        with->at[with->first[a] + filled[a]++] = vertex;
        with->at[with->first[b] + filled[b]++] = vertex;
    }
    memset(with->local, 0xff, junctions * sizeof *with->local);
    memset(with->local_vertex, 0xff, vertices * sizeof *with->local_vertex);
    return TQ_OK;
}

static uint32_t other_end(const cutter *with, uint32_t vertex, uint32_t junction)
{
    return with->from[vertex] == junction ? with->to[vertex] : with->from[vertex];
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* A piece that is not connected is pushed part by part; junctions get into breadth-first order. */
static bool split_parts(cutter *with, range piece, bool *split)
{
    uint32_t *queue = with->swap, filled = 0, parts = 0, begin = piece.begin;
    for (uint32_t k = piece.begin; k < piece.end; k++)
        with->mark[with->junction[k]] = 1;
    for (uint32_t k = piece.begin; k < piece.end; k++) {
        if (with->mark[with->junction[k]] == 0) continue;
        uint32_t at = filled;
        with->mark[with->junction[k]] = 0;
        queue[filled++] = with->junction[k];
        for (; at < filled; at++) {
            for (uint32_t p = with->first[queue[at]]; p < with->first[queue[at] + 1]; p++) {
                uint32_t next = other_end(with, with->at[p], queue[at]);
                if (with->mark[next] == 0 || with->done[with->at[p]]) continue;
                with->mark[next] = 0;
                queue[filled++] = next;
            }
        }
        *split = parts++ > 0 || filled < piece.end - piece.begin;
        if (*split) {
            if (!tq_vec_push(&with->stack, ((range){begin, piece.begin + filled}))) return false;
            begin = piece.begin + filled;
        }
    }
    memcpy(with->junction + piece.begin, queue, filled * sizeof *queue);
    return true;
}

/* Vertices of the piece in inner[], by the place of their first junction. */
static uint32_t find_inner(cutter *with, range piece)
{
    uint32_t count = 0;
    for (uint32_t k = piece.begin; k < piece.end; k++) {
        uint32_t junction = with->junction[k], last = TQ_NONE;
        for (uint32_t p = with->first[junction]; p < with->first[junction + 1]; p++) {
            uint32_t vertex = with->at[p];
            bool loop = with->from[vertex] == with->to[vertex];
            if (with->done[vertex] || (loop ? vertex == last : with->to[vertex] == junction))
                continue;
            last = vertex;
            with->inner[count++] = vertex;
        }
    }
    return count;
}

/* Arcs of a junction to those before it: they stand in the chain that starts in level[], linked by
 * opposite[], their tails in residual[]. */
static uint32_t take_waiting(cutter *with, uint32_t junction, uint32_t arcs)
{
    cut_piece *piece = &with->piece;
    for (uint32_t back = with->scratch.level[junction], next = 0; back != TQ_NONE; back = next) {
        next = piece->opposite[back];
        piece->head[arcs] = (uint32_t)with->scratch.residual[back];
        piece->capacity[arcs] = piece->capacity[back];
        piece->opposite[arcs] = back;
        piece->opposite[back] = arcs++;
    }
    return arcs;
}

static void make_piece(cutter *with, range of)
{
    cut_piece *piece = &with->piece;
    uint32_t arcs = 0, *waiting = with->scratch.level, *place = with->swap;
    piece->node_count = of.end - of.begin;
    piece->weight_sum = 0;
    for (uint32_t k = 0; k < piece->node_count; k++) {
        with->local[with->junction[of.begin + k]] = k;
        waiting[k] = TQ_NONE;
        place[k] = TQ_NONE;
    }
    for (uint32_t k = 0; k < piece->node_count; k++) {
        uint32_t junction = with->junction[of.begin + k];
        piece->first[k] = arcs;
        piece->weight[k] = 0;
        uint32_t first = arcs = take_waiting(with, k, arcs);
        for (uint32_t p = with->first[junction]; p < with->first[junction + 1]; p++) {
            if (with->done[with->at[p]]) continue;
            uint32_t other = with->local[other_end(with, with->at[p], junction)];
            piece->weight[k]++;
            if (other <= k) continue;
            if (place[other] == TQ_NONE || place[other] < first) {
                place[other] = arcs;
                piece->head[arcs] = other;
                piece->capacity[arcs] = 0;
                with->scratch.residual[arcs] = (int32_t)k;
                piece->opposite[arcs] = waiting[other];
                waiting[other] = arcs++;
            }
            piece->capacity[place[other]]++;
        }
        piece->weight_sum += piece->weight[k];
    }
    piece->first[piece->node_count] = arcs;
    for (uint32_t k = 0; k < piece->node_count; k++)
        with->local[with->junction[of.begin + k]] = TQ_NONE;
}

static void settle(cutter *with, const uint32_t *vertex, uint32_t count)
{
    with->left -= count;
    memcpy(with->order + with->left, vertex, count * sizeof *vertex);
    for (uint32_t k = 0; k < count; k++)
        with->done[vertex[k]] = 1;
}

/* The vertices of inner[], which have no good cut: their own graph goes to METIS. */
static tq_status order_rest(cutter *with, uint32_t count, tq_err *err)
{
    TQ_VEC(uint32_t) tail = {0}, head = {0};
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    tq_status status = order == NULL ? no_memory(with, err) : TQ_OK;
    for (uint32_t k = 0; k < count; k++)
        with->local_vertex[with->inner[k]] = k;
    for (uint32_t k = 0; k < count && status == TQ_OK; k++) {
        uint32_t vertex = with->inner[k];
        for (uint32_t p = with->lists->first[vertex]; p < with->lists->first[vertex + 1]; p++) {
            uint32_t other = with->local_vertex[with->lists->neighbour[p]];
            if (other == TQ_NONE || other < k) continue;
            if (!tq_vec_push(&tail, k) || !tq_vec_push(&head, other)) status = no_memory(with, err);
        }
    }
    for (uint32_t k = 0; k < count; k++)
        with->local_vertex[with->inner[k]] = TQ_NONE;
    tq_graph graph = {count, (uint32_t)tail.count, tail.at, head.at};
    if (status == TQ_OK) status = order_by_metis(&graph, order, err);
    for (uint32_t k = 0; k < count && status == TQ_OK; k++)
        order[k] = with->inner[order[k]];
    if (status == TQ_OK) settle(with, order, count);
    tq_vec_free(&tail);
    tq_vec_free(&head);
    tq_free(order);
    return status;
}

/* The vertices over the cut are settled, both sides are pushed. */
static bool split_by_cut(cutter *with, range piece, uint32_t inner)
{
    uint32_t over = 0, low = 0, high = 0, count = piece.end - piece.begin;
    for (uint32_t k = 0; k < count; k++)
        with->local[with->junction[piece.begin + k]] = k;
    for (uint32_t k = 0; k < inner; k++) {
        uint32_t vertex = with->inner[k];
        if (with->scratch.side[with->local[with->from[vertex]]] !=
            with->scratch.side[with->local[with->to[vertex]]])
            with->inner[over++] = vertex;
    }
    settle(with, with->inner, over);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t junction = with->junction[piece.begin + k];
        with->local[junction] = TQ_NONE;
        if (with->scratch.side[k])
            with->swap[high++] = junction;
        else
            with->junction[piece.begin + low++] = junction;
    }
    memcpy(with->junction + piece.begin + low, with->swap, high * sizeof *with->swap);
    return tq_vec_push(&with->stack, ((range){piece.begin, piece.begin + low})) &&
           tq_vec_push(&with->stack, ((range){piece.begin + low, piece.end}));
}

static tq_status order_piece(cutter *with, range piece, tq_err *err)
{
    uint32_t inner = find_inner(with, piece);
    if (inner <= CUT_LEAF_NODES) {
        cut_leaf_order(with->lists, with->inner, inner, with->leaf, with->local_vertex);
        settle(with, with->inner, inner);
        return TQ_OK;
    }
    bool split = false;
    if (!split_parts(with, piece, &split)) return no_memory(with, err);
    if (split) return TQ_OK;
    make_piece(with, piece);
    uint32_t capacity = cut_bisect(&with->piece, &with->scratch);
    if (capacity == 0) return order_rest(with, inner, err);
    return split_by_cut(with, piece, inner) ? TQ_OK : no_memory(with, err);
}

tq_status cut_order(const tq_graph *graph, const order_lists *lists, uint32_t *order, bool *done,
                    tq_err *err)
{
    cutter with = {.graph = graph, .lists = lists, .order = order, .left = graph->node_count};
    tq_status status = find_junctions(&with, err);
    if (status == TQ_OK && (with.mark = TQ_ALLOC(uint32_t, with.junction_count)) == NULL)
        status = no_memory(&with, err);
    *done = status == TQ_OK && is_like_streets(&with, with.mark);
    if (*done) {
        status = cutter_make(&with, err);
        if (status == TQ_OK && !tq_vec_push(&with.stack, ((range){0, with.junction_count})))
            status = no_memory(&with, err);
        while (status == TQ_OK && with.stack.count > 0)
            status = order_piece(&with, with.stack.at[--with.stack.count], err);
        TQ_ASSERT(status != TQ_OK || with.left == 0);
    }
    cutter_free(&with);
    return status;
}
