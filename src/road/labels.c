/*
 * Label rows: times between a vertex and all its tree ancestors, and distances by them.
 *
 * Method: two vertices meet on the highest vertex of their quickest way, a common ancestor, so
 * their distance is the least sum of two rows over the depths that they have in common. Rows are
 * made from the top down: the row of a vertex is the least of its up-arcs' weight and the row of
 * their heads. With truncated labels only vertices with enough below them have rows; a vertex of
 * the small subtrees climbs to the top of its subtree, whose up-list names all vertices above that
 * can be reached, and puts its row together from theirs.
 *
 * What two vertices have in common: vertices are in post-order, so between two of them the least
 * depth is that of the common ancestor's children (Bender, Farach-Colton 2000 look up such least
 * values in a table of powers of two of blocks).
 *
 * Invariants: rows are made outside of queries; the same weights give the same rows for any number
 * of threads. Limits: 2^32 row places of ROAD_ROW_INTS ints.
 */
#include <stdlib.h>

#include "road/many_in.h"

/* ---- what two vertices have in common --------------------------------------------------------
 */

static bool make_shallow(const tq_hierarchy *hierarchy, road_labels *labels)
{
    uint32_t count = hierarchy->vertex_count;
    uint32_t blocks = (count + ROAD_DEPTH_BLOCK - 1) / ROAD_DEPTH_BLOCK, levels = 1;
    while (2u << (levels - 1) <= blocks)
        levels++;
    labels->shallow = TQ_ALLOC(uint16_t, (size_t)levels * blocks);
    if (labels->shallow == NULL) return false;
    labels->blocks = blocks;
    labels->shallow_levels = levels;
    const road_kernels *kernels = road_kernels_now();
    for (uint32_t block = 0; block < blocks; block++) {
        uint32_t first = block * ROAD_DEPTH_BLOCK;
        labels->shallow[block] =
            kernels->least_u16(hierarchy->depth + first, TQ_MIN(ROAD_DEPTH_BLOCK, count - first));
    }
    for (uint32_t level = 1; level < levels; level++) {
        const uint16_t *below = labels->shallow + (size_t)(level - 1) * blocks;
        uint16_t *here = labels->shallow + (size_t)level * blocks;
        uint32_t step = 1u << (level - 1);
        for (uint32_t block = 0; block + 2 * step <= blocks; block++)
            here[block] = TQ_MIN(below[block], below[block + step]);
    }
    return true;
}

/* Least depth of vertices first .. last. */
static uint32_t least_depth(const tq_metric *metric, uint32_t first, uint32_t last)
{
    const uint16_t *depth = metric->hierarchy->depth;
    const road_labels *labels = &metric->labels;
    const road_kernels *kernels = road_kernels_now();
    uint32_t low = first / ROAD_DEPTH_BLOCK, high = last / ROAD_DEPTH_BLOCK;
    if (low == high) return kernels->least_u16(depth + first, last - first + 1);
    uint32_t left = kernels->least_u16(depth + first, (low + 1) * ROAD_DEPTH_BLOCK - first);
    uint32_t right = kernels->least_u16(depth + (size_t)high * ROAD_DEPTH_BLOCK,
                                        last - high * ROAD_DEPTH_BLOCK + 1);
    uint32_t least = TQ_MIN(left, right), between = high - low - 1;
    if (between == 0) return least;
    uint32_t level = 31 - (uint32_t)__builtin_clz(between);
    const uint16_t *row = labels->shallow + (size_t)level * labels->blocks;
    uint32_t a = row[low + 1], b = row[high - (1u << level)];
    return TQ_MIN(least, TQ_MIN(a, b));
}

uint32_t road_common(const tq_metric *metric, uint32_t a, uint32_t b)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    if (a == b) return hierarchy->depth[a] + 1u;
    uint32_t low = TQ_MIN(a, b), high = TQ_MAX(a, b);
    if (metric->labels.shallow != NULL) return least_depth(metric, low, high - 1);
    /* The first ancestor of the lower one that is not below the other holds both. */
    while (low < high)
        low = hierarchy->parent[low];
    return low == TQ_NONE ? 0 : hierarchy->depth[low] + 1u;
}

/* ---- making rows ----------------------------------------------------------------------------- */

/* Batches of subtrees that are done at once, a thread. */
#define BATCHES_A_THREAD 8u

typedef struct making {
    const tq_metric *metric;
    road_labels *labels;
    const uint32_t *size;  /* [vertex], vertices below or equal */
    const uint32_t *root;  /* subtrees to do */
    const uint32_t *batch; /* [batches + 1], into root */
    uint32_t *row_at;      /* [batches * levels], row_of of the vertex at each depth */
    road_part_row *part;   /* [batches * levels] */
} making;

static void make_row(const making *work, many_side side, uint32_t vertex, const uint32_t *row_at,
                     road_part_row *part)
{
    int32_t *rows = side == MANY_OUT ? work->labels->to_above : work->labels->from_above;
    many_list list = many_list_of(work->metric, side, vertex);
    uint32_t depth = work->metric->hierarchy->depth[vertex], parts = 0;
    for (uint32_t entry = 0; entry < list.count; entry++) {
        int32_t ds = many_ds(&list, entry);
        if (ds >= TQ_ROAD_INF) continue;
        part[parts++] = (road_part_row){rows + (size_t)ROAD_ROW_INTS * row_at[list.depth[entry]],
                                        ds, many_round(list.depth[entry] + 1u)};
    }
    int32_t *row = rows + (size_t)ROAD_ROW_INTS * work->labels->row_of[vertex];
    road_kernels_now()->merge(row, many_round(depth + 1), part, parts);
    row[depth] = 0;
}

/* Rows of a subtree, from its root down. The rows above it must be there. */
static void make_subtree(const making *work, uint32_t root, uint32_t *row_at, road_part_row *part)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    for (uint32_t above = hierarchy->parent[root]; above != TQ_NONE;
         above = hierarchy->parent[above])
        row_at[hierarchy->depth[above]] = work->labels->row_of[above];
    for (uint32_t left = work->size[root], vertex = root; left > 0;) {
        uint32_t skipped = 1;
        if (work->labels->row_of[vertex] == TQ_NONE) {
            skipped = work->size[vertex]; /* nothing below has a row either */
        } else {
            row_at[hierarchy->depth[vertex]] = work->labels->row_of[vertex];
            make_row(work, MANY_OUT, vertex, row_at, part);
            make_row(work, MANY_IN, vertex, row_at, part);
        }
        vertex -= skipped;
        left -= skipped;
    }
}

static void make_batch(void *user, uint32_t batch)
{
    const making *work = user;
    size_t levels = work->metric->levels;
    for (uint32_t k = work->batch[batch]; k < work->batch[batch + 1]; k++)
        make_subtree(work, work->root[k], work->row_at + batch * levels,
                     work->part + batch * levels);
}

/*
 * The vertices above all batches are done first, by one thread. Then the subtrees below them, in
 * batches of about the same size.
 */
static tq_status make_rows(tq_metric *metric, const uint32_t *size, unsigned threads, tq_err *err)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t count = metric->vertex_count, batches = threads < 2 ? 1 : threads * BATCHES_A_THREAD;
    uint32_t share = batches == 1 ? count : count / batches + 1;
    size_t levels = TQ_MAX(metric->levels, 1u);
    uint32_t *root = TQ_ALLOC(uint32_t, count),
             *batch = TQ_ALLOC(uint32_t, 2 * (size_t)batches + 3);
    making work = {.metric = metric,
                   .labels = &metric->labels,
                   .size = size,
                   .root = root,
                   .batch = batch,
                   .row_at = TQ_ALLOC(uint32_t, (2 * batches + 2) * levels),
                   .part = TQ_ALLOC(road_part_row, (2 * batches + 2) * levels)};
    tq_status status = TQ_OK;
    if (root == NULL || batch == NULL || work.row_at == NULL || work.part == NULL) {
        status =
            tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the label rows of %u vertices", count);
        goto done;
    }
    uint32_t roots = 0, filled = 0, made = 0;
    for (uint32_t left = count; left > 0;) {
        uint32_t vertex = left - 1, skipped = size[vertex];
        if (size[vertex] > share) {
            work.row_at[hierarchy->depth[vertex]] = work.labels->row_of[vertex];
            if (work.labels->row_of[vertex] != TQ_NONE) {
                make_row(&work, MANY_OUT, vertex, work.row_at, work.part);
                make_row(&work, MANY_IN, vertex, work.row_at, work.part);
            }
            skipped = 1;
        } else if (work.labels->row_of[vertex] != TQ_NONE) {
            /* Two neighbouring batches hold more than a share, so there are at most twice as many.
             */
            if (filled != 0 && filled + skipped > share) {
                batch[++made] = roots;
                filled = 0;
            }
            root[roots++] = vertex;
            filled += skipped;
        }
        left -= skipped;
    }
    batch[++made] = roots;
    TQ_ASSERT(made <= 2 * batches + 2);
    tq_parallel(TQ_MAX(threads, 1u), made, make_batch, &work);
done:
    tq_free(root);
    tq_free(batch);
    tq_free(work.row_at);
    tq_free(work.part);
    return status;
}

static int32_t *rows_room(size_t ints)
{
    /* Whole large pages; every int is written when the rows are made. */
    size_t bytes = (TQ_MAX(ints, (size_t)1) * sizeof(int32_t) + ((size_t)1 << 21) - 1) &
                   ~(((size_t)1 << 21) - 1);
    bool large = ints * sizeof(int32_t) >= (size_t)1 << 21;
    int32_t *rows = large ? aligned_alloc((size_t)1 << 21, bytes)
                          : tq_alloc_aligned(TQ_MAX(ints, (size_t)1), sizeof(int32_t));
    if (rows != NULL && large) tq_memory_large(rows, bytes);
    return rows;
}

/* Which vertices have rows, and the memory for them. */
static tq_status place_rows(tq_metric *metric, uint32_t subtree, const uint32_t *size, tq_err *err)
{
    road_labels *labels = &metric->labels;
    uint64_t places = 0;
    labels->row_of = TQ_ALLOC(uint32_t, metric->vertex_count);
    if (labels->row_of != NULL) {
        for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
            labels->row_of[vertex] = TQ_NONE;
            if (size[vertex] < subtree) continue;
            labels->row_of[vertex] = (uint32_t)places;
            places += many_round(metric->hierarchy->depth[vertex] + 1u) / ROAD_ROW_INTS;
            if (places >= TQ_NONE)
                return tq_fail(err, TQ_LIMIT, vertex,
                               "label rows would take more than %u places; ask for rows of "
                               "larger subtrees",
                               TQ_NONE);
        }
        labels->subtree = subtree;
        labels->ints = (size_t)places * ROAD_ROW_INTS;
        labels->to_above = rows_room(labels->ints);
        labels->from_above = rows_room(labels->ints);
    }
    if (labels->row_of == NULL || labels->to_above == NULL || labels->from_above == NULL ||
        !make_shallow(metric->hierarchy, labels))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for label rows of %llu MB",
                       (unsigned long long)(places * ROAD_ROW_INTS * 8 >> 20));
    return TQ_OK;
}

tq_status tq_metric_label(tq_metric *metric, uint32_t subtree, unsigned threads, tq_err *err)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    if (subtree == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "label rows are for subtrees of at least 1 vertex");
    uint32_t *size = TQ_ALLOC(uint32_t, metric->vertex_count);
    if (size == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the label rows of %u vertices",
                       metric->vertex_count);
    for (uint32_t vertex = 0; vertex < metric->vertex_count; vertex++) {
        size[vertex]++;
        if (hierarchy->parent[vertex] != TQ_NONE) size[hierarchy->parent[vertex]] += size[vertex];
    }
    /* The same vertices as before: only what the rows say is new. */
    tq_status status = TQ_OK;
    metric->parts &= ~TQ_METRIC_LABELS;
    if (metric->labels.subtree != subtree) {
        road_labels_free(&metric->labels);
        status = place_rows(metric, subtree, size, err);
    }
    if (status == TQ_OK) status = make_rows(metric, size, threads, err);
    if (status == TQ_OK)
        metric->parts |= TQ_METRIC_LABELS;
    else
        road_labels_free(&metric->labels);
    tq_free(size);
    return status;
}

void road_labels_free(road_labels *labels)
{
    tq_free(labels->row_of);
    tq_free(labels->to_above);
    tq_free(labels->from_above);
    tq_free(labels->shallow);
    *labels = (road_labels){0};
}

size_t road_labels_bytes(const tq_metric *metric)
{
    const road_labels *labels = &metric->labels;
    if (labels->row_of == NULL) return 0;
    return metric->vertex_count * sizeof *labels->row_of + 2 * labels->ints * sizeof(int32_t) +
           (size_t)labels->shallow_levels * labels->blocks * sizeof *labels->shallow;
}

/* ---- a row of one vertex --------------------------------------------------------------------- */

bool many_scratch_make(const tq_metric *metric, tq_arena *work, many_scratch *out)
{
    out->row =
        tq_arena_push_raw(work, many_round(metric->levels) + ROAD_ROW_INTS, sizeof(int32_t), 64);
    out->part = TQ_PUSH_RAW(work, road_part_row, metric->levels);
    return out->row != NULL && out->part != NULL;
}

static inline void relax_list(many_list list, int32_t ds, int32_t *restrict row)
{
    for (uint32_t entry = 0; entry < list.count; entry++) {
        int32_t reached = ds + many_ds(&list, entry);
        uint32_t depth = list.depth[entry];
        row[depth] = TQ_MIN(reached, row[depth]);
    }
}

/* The whole row by climbing to the root. */
static const int32_t *climbed_row(const tq_metric *metric, many_side side, uint32_t vertex,
                                  int32_t *row)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t depth = hierarchy->depth[vertex];
    for (uint32_t k = 0; k < depth; k++)
        row[k] = TQ_ROAD_INF;
    row[depth] = 0;
    bool pruned = (metric->parts & TQ_METRIC_PRUNED) != 0;
    for (;;) {
        if (row[depth] < TQ_ROAD_INF)
            relax_list(many_list_of(metric, side, vertex), row[depth], row);
        if (depth-- == 0) return row;
        vertex = pruned ? metric->step[vertex].parent : hierarchy->parent[vertex];
    }
}

/* The row of a vertex that has none, from the rows above its subtree. */
static const int32_t *merged_row(const tq_metric *metric, many_side side, uint32_t vertex,
                                 uint32_t limit, const many_scratch *scratch)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    const road_labels *labels = &metric->labels;
    const int32_t *rows = side == MANY_OUT ? labels->to_above : labels->from_above;
    int32_t *row = scratch->row;
    uint32_t bottom = hierarchy->depth[vertex], top = vertex, top_depth = bottom;
    for (uint32_t depth = 0; depth < bottom; depth++)
        row[depth] = TQ_ROAD_INF;
    row[bottom] = 0;
    for (;; top_depth--) {
        uint32_t above = hierarchy->parent[top];
        if (row[top_depth] < TQ_ROAD_INF)
            relax_list(many_list_of(metric, side, top), row[top_depth], row);
        if (above == TQ_NONE || labels->row_of[above] != TQ_NONE) break;
        top = above;
    }
    uint32_t begin = hierarchy->first_up[top], end = hierarchy->first_up[top + 1];
    uint32_t parts = 0, shared = TQ_MIN(limit, top_depth);
    for (uint32_t up = begin; up < end; up++) {
        uint32_t depth = hierarchy->up_depth[up];
        int32_t ds = row[depth];
        if (ds >= TQ_ROAD_INF) continue;
        scratch->part[parts++] =
            (road_part_row){rows + (size_t)ROAD_ROW_INTS * labels->row_of[hierarchy->up_head[up]],
                            ds, many_round(TQ_MIN(depth + 1, shared))};
    }
    /* The last block of the merged part may reach over what stands above `top_depth`. */
    int32_t kept[ROAD_ROW_INTS];
    memcpy(kept, row + top_depth, sizeof kept);
    road_kernels_now()->merge(row, many_round(shared), scratch->part, parts);
    if (limit > top_depth) memcpy(row + top_depth, kept, sizeof kept);
    return row;
}

const int32_t *many_row(const tq_metric *metric, many_side side, uint32_t vertex, uint32_t limit,
                        const many_scratch *scratch)
{
    if (!(metric->parts & TQ_METRIC_LABELS)) return climbed_row(metric, side, vertex, scratch->row);
    const road_labels *labels = &metric->labels;
    if (labels->row_of[vertex] != TQ_NONE)
        return (side == MANY_OUT ? labels->to_above : labels->from_above) +
               (size_t)ROAD_ROW_INTS * labels->row_of[vertex];
    return merged_row(metric, side, vertex, limit, scratch);
}

int32_t road_label_time(const tq_metric *metric, uint32_t from, uint32_t to, tq_arena *work)
{
    if (from == to) return 0;
    uint32_t limit = road_common(metric, from, to);
    if (limit == 0) return TQ_ROAD_INF;
    size_t mark = work->used;
    many_scratch out, in;
    int32_t time = -1;
    if (many_scratch_make(metric, work, &out) && many_scratch_make(metric, work, &in))
        time = road_kernels_now()->min_plus(many_row(metric, MANY_OUT, from, limit, &out),
                                            many_row(metric, MANY_IN, to, limit, &in), limit);
    tq_arena_reset(work, mark);
    return time;
}
