/*
 * Alternatives: other ways that differ enough, are hardly longer and make no needless detour.
 *
 * Method: single via vertices (Abraham, Delling, Goldberg, Werneck 2013). Each end climbs its root
 * path once and keeps where every time comes from. A vertex that the root paths of both sides have
 * in common is a candidate; the way through it is the quickest to it and from it. How much such a
 * way surely shares with the quickest one is read off the rows: the part before they fork. So
 * candidates are ranked, and most are dropped, without looking at their ways. What is left is
 * unpacked and checked exactly: sharing, no node twice, no turning round, and the T-test: the
 * stretch of a quarter of the best time to each side of the via is quickest.
 *
 * Invariants: quickest first; the first is tq_road_way's; deterministic (ties by vertex).
 * Limits: CHECKED_MAX candidates are unpacked.
 */
#include "road/many_in.h"

#define CHECKED_MAX 16u

/* A row entry is time << 16 | NEAREST - depth that it was reached from: one minimum keeps both. */
#define NEAREST 0xffff
#define NO_TIME ((int64_t)TQ_ROAD_INF << 16)

typedef struct climb {
    int64_t *row;    /* [depth + 1] */
    uint32_t *path;  /* [depth + 1], vertices of the root path */
    int32_t *shared; /* [depth + 1], time in common with the quickest way; only of its two ends */
    uint32_t depth;
} climb;

typedef struct via_walk {
    const tq_city *city;
    const tq_metric *metric;
    tq_arena *work;
    road_ends end[2]; /* leaving, arriving */
    climb *climb[2];  /* [end[side].count] */
    uint32_t best[2]; /* ends of the quickest way */
    int64_t best_ds;
} via_walk;

/* A vertex on the way, with the ends of the quickest way through it. */
typedef struct via {
    uint64_t score; /* less is better */
    uint32_t vertex, depth, from, to;
} via;

/* Arcs or nodes of a way; open addressing, at most half full. */
typedef struct id_set {
    uint32_t *slot; /* [mask + 1], TQ_NONE = free */
    uint32_t mask;
} id_set;

static tq_status full(const tq_arena *work, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0,
                   "the other ways do not fit the query's scratch of %zu bytes; raise it",
                   work->cap);
}

/* ---- sets ------------------------------------------------------------------------------------ */

static bool set_make(tq_arena *work, uint32_t count, id_set *out)
{
    uint32_t size = 16;
    while (size < 2 * count)
        size *= 2;
    out->slot = TQ_PUSH_RAW(work, uint32_t, size);
    out->mask = size - 1;
    if (out->slot != NULL) memset(out->slot, 0xff, size * sizeof *out->slot);
    return out->slot != NULL;
}

/* The slot of an id, or the free one where it belongs. */
static uint32_t *set_slot(const id_set *set, uint32_t id)
{
    uint32_t at = id * 2654435761u >> 7 & set->mask;
    while (set->slot[at] != TQ_NONE && set->slot[at] != id)
        at = (at + 1) & set->mask;
    return &set->slot[at];
}

static bool arcs_of(const tq_way *way, tq_arena *work, id_set *out)
{
    if (!set_make(work, way->arc_count, out)) return false;
    for (uint32_t k = 0; k < way->arc_count; k++)
        *set_slot(out, way->arc[k]) = way->arc[k];
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool climb_from(const via_walk *walk, uint32_t vertex, many_side side, climb *out)
{
    const tq_metric *metric = walk->metric;
    const tq_hierarchy *hierarchy = metric->hierarchy;
    out->depth = hierarchy->depth[vertex];
    out->row = TQ_PUSH_RAW(walk->work, int64_t, (size_t)out->depth + 1);
    out->path = TQ_PUSH_RAW(walk->work, uint32_t, (size_t)out->depth + 1);
    out->shared = TQ_PUSH(walk->work, int32_t, (size_t)out->depth + 1);
    if (out->row == NULL || out->path == NULL || out->shared == NULL) return false;
    for (uint32_t d = 0; d < out->depth; d++)
        out->row[d] = NO_TIME;
    out->row[out->depth] = 0;
    for (uint32_t d = out->depth; vertex != TQ_NONE; vertex = hierarchy->parent[vertex], d--) {
        out->path[d] = vertex;
        if (out->row[d] >= NO_TIME) continue;
        int64_t base = (out->row[d] >> 16 << 16) | (NEAREST - (int64_t)d);
        many_list list = many_list_of(metric, side, vertex);
        for (uint32_t k = 0; k < list.count; k++) {
            int64_t reached = base + ((int64_t)many_ds(&list, k) << 16);
            int64_t *place = &out->row[list.depth[k]];
            *place = TQ_MIN(reached, *place);
        }
    }
    return true;
}

/* The time up to where the way to each depth forks from the way to `meet`. */
static void mark_shared(climb *side, uint32_t meet)
{
    for (uint32_t d = meet; d != side->depth; d = NEAREST - (uint32_t)(side->row[d] & NEAREST))
        side->shared[d] = 1;
    for (uint32_t d = side->depth; d-- > 0;) {
        if (side->row[d] >= NO_TIME) continue;
        side->shared[d] = side->shared[d] != 0
                              ? (int32_t)(side->row[d] >> 16)
                              : side->shared[NEAREST - (uint32_t)(side->row[d] & NEAREST)];
    }
}

static uint32_t common_levels(const climb *a, const climb *b)
{
    uint32_t low = 0, high = TQ_MIN(a->depth, b->depth) + 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (a->path[middle] == b->path[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Time of the way between two ends through the vertex at a depth. */
static int64_t time_through(const via_walk *walk, uint32_t i, uint32_t j, uint32_t depth)
{
    int64_t out = walk->climb[0][i].row[depth], in = walk->climb[1][j].row[depth];
    if (out >= NO_TIME || in >= NO_TIME) return INT64_MAX;
    const road_end *from = &walk->end[0].end[i], *to = &walk->end[1].end[j];
    return (out >> 16) + (in >> 16) + to->passed_ds - from->passed_ds -
           road_gift_ds(walk->metric, from, to);
}

/* Rows of all ends; *found tells whether the quickest way shows in them. It does not when it stays
 * on one arc. */
static bool climb_all(via_walk *walk, bool *found)
{
    for (uint32_t side = 0; side < 2; side++) {
        road_ends *ends = &walk->end[side];
        walk->climb[side] = TQ_PUSH(walk->work, climb, ends->count);
        if (walk->climb[side] == NULL) return false;
        for (uint32_t k = 0; k < ends->count; k++)
            if (!climb_from(walk, ends->end[k].vertex, side == 0 ? MANY_OUT : MANY_IN,
                            &walk->climb[side][k]))
                return false;
    }
    uint32_t meet = 0;
    *found = false;
    for (uint32_t i = 0; i < walk->end[0].count && !*found; i++)
        for (uint32_t j = 0; j < walk->end[1].count && !*found; j++) {
            uint32_t levels = common_levels(&walk->climb[0][i], &walk->climb[1][j]);
            if (walk->end[0].end[i].vertex == walk->end[1].end[j].vertex) continue;
            for (uint32_t d = 0; d < levels && !*found; d++) {
                if (time_through(walk, i, j, d) != walk->best_ds) continue;
                *found = true;
                meet = d;
                walk->best[0] = i;
                walk->best[1] = j;
            }
        }
    for (uint32_t side = 0; side < 2 && *found; side++)
        mark_shared(&walk->climb[side][walk->best[side]], meet);
    return true;
}

/* ---- candidates ------------------------------------------------------------------------------ */

/* What the way through a vertex surely shares with the quickest one. */
static int64_t least_shared(const via_walk *walk, uint32_t i, uint32_t j, uint32_t depth)
{
    int64_t sum = 0;
    if (i == walk->best[0]) sum += walk->climb[0][i].shared[depth];
    if (j == walk->best[1]) sum += walk->climb[1][j].shared[depth];
    /* Rows hold the entry into the streets at the end, ways do not. */
    int32_t gift_ds = road_gift_ds(walk->metric, &walk->end[0].end[i], &walk->end[1].end[j]);
    return sum >= gift_ds ? sum - gift_ds : sum;
}

static bool better(const via *a, const via *b)
{
    return a->score != b->score ? a->score < b->score : a->vertex < b->vertex;
}

/* Vertices by depth of the pair's common path; ends of the same edge mostly have the same path, and
 * then the better pair counts. Vertices that only one pair has in common are few and low. */
static void collect(const via_walk *walk, via *at_depth)
{
    for (uint32_t d = 0; d < walk->metric->levels; d++)
        at_depth[d].vertex = TQ_NONE;
    for (uint32_t i = 0; i < walk->end[0].count; i++)
        for (uint32_t j = 0; j < walk->end[1].count; j++) {
            const climb *out = &walk->climb[0][i], *in = &walk->climb[1][j];
            if (walk->end[0].end[i].vertex == walk->end[1].end[j].vertex) continue;
            uint32_t levels = common_levels(out, in);
            levels = TQ_MIN(levels, TQ_MIN(out->depth, in->depth)); /* no end is a via */
            for (uint32_t d = 0; d < levels; d++) {
                int64_t time = time_through(walk, i, j, d);
                if (time == INT64_MAX || 4 * time > 5 * walk->best_ds) continue;
                int64_t shared = least_shared(walk, i, j, d);
                if (3 * shared > 2 * walk->best_ds) continue;
                via one = {(uint64_t)(2 * time + shared), out->path[d], d, i, j};
                if (at_depth[d].vertex == TQ_NONE || better(&one, &at_depth[d])) at_depth[d] = one;
            }
        }
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* Deciseconds on arcs of a set; a turn counts when both its arcs are in it. */
static int64_t shared_ds(const via_walk *walk, const tq_way *way, const id_set *arcs)
{
    int64_t sum = 0;
    bool before = false;
    for (uint32_t k = 0; k < way->arc_count; k++) {
        bool shared = *set_slot(arcs, way->arc[k]) != TQ_NONE;
        if (shared) sum += road_piece_ds(walk->city, walk->metric, way, k);
        if (shared && before) sum += way->turn_ds[k - 1];
        before = shared;
    }
    return sum;
}

/* Is a node passed twice, or is a street gone back on? */
static bool loops(const via_walk *walk, const tq_way *way, id_set *nodes)
{
    for (uint32_t k = 0; k + 1 < way->arc_count; k++) {
        uint32_t node = tq_arc_head(&walk->city->streets, way->arc[k]), *slot;
        slot = set_slot(nodes, node);
        if (*slot == node || way->arc[k + 1] == (way->arc[k] ^ 1)) return true;
        *slot = node;
    }
    return false;
}

/* The stretch around the via, a quarter of the best time to each side, must be quickest. */
static bool locally_best(const via_walk *walk, const uint32_t *vertex, uint32_t count, uint32_t at,
                         bool *enough)
{
    const tq_metric *metric = walk->metric;
    int64_t reach = walk->best_ds / 4, before = 0, after = 0;
    uint32_t a = at, b = at;
    for (; a > 0 && before < reach; a--)
        before += road_link_ds(metric, vertex[a - 1],
                               road_link_between(metric->hierarchy, vertex[a - 1], vertex[a]));
    for (; b + 1 < count && after < reach; b++)
        after += road_link_ds(metric, vertex[b],
                              road_link_between(metric->hierarchy, vertex[b], vertex[b + 1]));
    int32_t time = road_vertex_time(metric, vertex[a], vertex[b], walk->work);
    *enough = time >= 0;
    return time == before + after;
}

/* Vertices of the way through a via that are candidates themselves stand for the same way. */
static void pass_over(const via_walk *walk, const uint32_t *vertex, uint32_t count, via *at_depth)
{
    for (uint32_t k = 0; k < count; k++) {
        via *same = &at_depth[walk->metric->hierarchy->depth[vertex[k]]];
        if (same->vertex == vertex[k]) same->vertex = TQ_NONE;
    }
}

typedef enum verdict { VIA_TAKEN, VIA_REFUSED, VIA_FULL } verdict;

static verdict try_via(const via_walk *walk, const via *one, via *at_depth, const id_set *known,
                       const tq_way *way, uint32_t ways, tq_way *out)
{
    const road_end *from = &walk->end[0].end[one->from], *to = &walk->end[1].end[one->to];
    uint32_t middle = one->vertex, first = 0, second = 0;
    int32_t first_ds = 0, second_ds = 0;
    bool enough = true;
    at_depth[one->depth].vertex = TQ_NONE;
    uint32_t *a = road_path(walk->metric, from->vertex, middle, walk->work, &first, &first_ds);
    uint32_t *b = road_path(walk->metric, middle, to->vertex, walk->work, &second, &second_ds);
    if (a == NULL || b == NULL) return VIA_FULL;
    uint32_t count = first + second - 1;
    uint32_t *vertex = TQ_PUSH_RAW(walk->work, uint32_t, count);
    id_set nodes;
    if (vertex == NULL || !set_make(walk->work, count, &nodes)) return VIA_FULL;
    memcpy(vertex, a, first * sizeof *vertex);
    memcpy(vertex + first, b + 1, (second - 1) * sizeof *vertex);
    pass_over(walk, vertex, count, at_depth);
    if (!road_way_of(walk->city, walk->metric, vertex, count, from, to, walk->work, out))
        return VIA_FULL;
    if (loops(walk, out, &nodes)) return VIA_REFUSED;
    for (uint32_t k = 0; k < ways; k++)
        if (3 * shared_ds(walk, out, &known[k]) > 2 * TQ_MIN(way[k].time_ds, out->time_ds))
            return VIA_REFUSED;
    bool best = locally_best(walk, vertex, count, first - 1, &enough);
    return !enough ? VIA_FULL : best ? VIA_TAKEN : VIA_REFUSED;
}

/* Quickest first; the list is sorted but for its last. */
static void put_in_order(tq_way *way, uint32_t count)
{
    for (uint32_t k = count - 1; k > 1 && way[k].time_ds < way[k - 1].time_ds; k--) {
        tq_way swap = way[k];
        way[k] = way[k - 1];
        way[k - 1] = swap;
    }
}

static bool find_others(const via_walk *walk, uint32_t limit, tq_way *way, uint32_t *count)
{
    id_set known[TQ_ALTERNATIVES_MAX];
    via *at_depth = TQ_PUSH_RAW(walk->work, via, walk->metric->levels);
    if (at_depth == NULL || !arcs_of(&way[0], walk->work, &known[0])) return false;
    collect(walk, at_depth);
    for (uint32_t tried = 0; tried < CHECKED_MAX && *count < limit; tried++) {
        via *next = NULL;
        for (uint32_t d = 0; d < walk->metric->levels; d++)
            if (at_depth[d].vertex != TQ_NONE && (next == NULL || better(&at_depth[d], next)))
                next = &at_depth[d];
        if (next == NULL) break;
        size_t mark = walk->work->used;
        via one = *next;
        verdict taken = try_via(walk, &one, at_depth, known, way, *count, &way[*count]);
        if (taken == VIA_FULL) return false;
        if (taken == VIA_REFUSED) {
            tq_arena_reset(walk->work, mark);
            continue;
        }
        put_in_order(way, ++*count);
        for (uint32_t k = 1; k < *count && *count < limit; k++)
            if (!arcs_of(&way[k], walk->work, &known[k])) return false;
    }
    return true;
}

tq_status tq_road_alternatives(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                               const tq_snap *to, uint32_t limit, tq_arena *work,
                               tq_way out[TQ_ALTERNATIVES_MAX], uint32_t *count, tq_err *err)
{
    *count = 0;
    if (limit == 0) return TQ_OK;
    TQ_TRY(tq_road_way(city, metric, from, to, work, &out[0], err));
    *count = 1;
    via_walk walk = {.city = city, .metric = metric, .work = work, .best_ds = out[0].time_ds};
    bool found = false;
    road_ends_add(city, metric, from, ROAD_LEAVING, &walk.end[0]);
    road_ends_add(city, metric, to, ROAD_ARRIVING, &walk.end[1]);
    if (limit == 1 || out[0].time_ds == 0 || out[0].arc_count < 3) return TQ_OK;
    if (!climb_all(&walk, &found)) return full(work, err);
    if (found && !find_others(&walk, TQ_MIN(limit, (uint32_t)TQ_ALTERNATIVES_MAX), out, count))
        return full(work, err);
    return TQ_OK;
}
