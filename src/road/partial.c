/*
 * Partial customization: the weights of a few arcs change, and only what hangs on them.
 *
 * Method: changed up-arcs wait in a heap by number, which is also by tail. When all below a tail is
 * done, each lower triangle over it with a changed side tells its third side: a smaller sum is
 * taken over at once; when the former sum was what the third side had, that side is stale and found
 * anew, when its turn comes, from its link and its lower triangles, which are final by then.
 *
 * Invariants: an up-arc's former weight is what the triangles above it last saw; the result is that
 * of a full customization. Time grows with the number of up-arcs that change.
 */
#include "road/customize.h"

typedef struct changed {
    uint32_t up_arc, tail;
    road_pair former;
} changed;

/* One side of triangles that has changed, and in which directions. */
typedef struct changed_side {
    road_pair now, former;
    bool up, down;
} changed_side;

typedef struct patching {
    tq_metric *metric;
    TQ_VEC(changed) heap;      /* least up_arc first */
    TQ_VEC(uint64_t) slot;     /* hash table of known up-arcs + 1, STALE_ bits above; 0 = free */
    TQ_VEC(changed) now;       /* of the tail in hand */
    TQ_VEC(changed_side) side; /* of `now` */
    uint32_t known;
    bool no_memory;
} patching;

#define STALE_UP   (1ull << 32)
#define STALE_DOWN (1ull << 33)

/* ---- which up-arcs wait ---------------------------------------------------------------------- */

static uint32_t slot_of(const patching *work, uint32_t up_arc)
{
    uint32_t mask = (uint32_t)work->slot.count - 1, slot = up_arc * 2654435761u & mask;
    while (work->slot.at[slot] != 0 && (uint32_t)work->slot.at[slot] != up_arc + 1)
        slot = (slot + 1) & mask;
    return slot;
}

static bool grow_slots(patching *work)
{
    if (work->known * 2 < work->slot.count) return true;
    size_t room = TQ_MAX(256u, work->slot.count * 4);
    uint64_t *fresh = TQ_ALLOC(uint64_t, room), *old = work->slot.at;
    size_t old_count = work->slot.count;
    if (fresh == NULL) return false;
    work->slot.at = fresh;
    work->slot.count = work->slot.cap = room;
    for (size_t k = 0; k < old_count; k++)
        if (old[k] != 0) fresh[slot_of(work, (uint32_t)old[k] - 1)] = old[k];
    tq_free(old);
    return true;
}

/* Remember the former weights of an up-arc that changes for the first time. An up-arc is taken out
 * of the heap once, when all below it is done, so it is never met again. */
static void remember(patching *work, uint32_t up_arc, uint32_t tail)
{
    if (!grow_slots(work)) {
        work->no_memory = true;
        return;
    }
    uint32_t slot = slot_of(work, up_arc);
    if (work->slot.at[slot] != 0) return;
    changed entry = {up_arc, tail, work->metric->pair[up_arc]};
    if (!tq_vec_push(&work->heap, entry)) {
        work->no_memory = true;
        return;
    }
    work->slot.at[slot] = up_arc + 1;
    work->known++;
    size_t place = work->heap.count - 1;
    for (; place > 0 && work->heap.at[(place - 1) / 2].up_arc > up_arc; place = (place - 1) / 2)
        work->heap.at[place] = work->heap.at[(place - 1) / 2];
    work->heap.at[place] = entry;
}

static changed take_least(patching *work)
{
    changed least = work->heap.at[0], last = work->heap.at[--work->heap.count];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= work->heap.count) break;
        if (child + 1 < work->heap.count &&
            work->heap.at[child + 1].up_arc < work->heap.at[child].up_arc)
            child++;
        if (work->heap.at[child].up_arc >= last.up_arc) break;
        work->heap.at[place] = work->heap.at[child];
        place = child;
    }
    if (work->heap.count > 0) work->heap.at[place] = last;
    return least;
}

/* ---- weights --------------------------------------------------------------------------------- */

static int32_t *weight_at(tq_metric *metric, uint32_t up_arc, bool down)
{
    return down ? &metric->pair[up_arc].down : &metric->pair[up_arc].up;
}

/* A weight from its link and all lower triangles. */
static int32_t weigh_anew(const tq_metric *metric, uint32_t up_arc, uint32_t tail, bool down)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t head = hierarchy->up_head[up_arc], depth = hierarchy->up_depth[up_arc];
    uint32_t link =
        down ? road_link_between(hierarchy, head, tail) : road_link_between(hierarchy, tail, head);
    int32_t best = link == TQ_NONE ? TQ_ROAD_INF : road_link_ds(metric, down ? head : tail, link);
    for (uint32_t k = hierarchy->first_down[tail]; k < hierarchy->first_down[tail + 1]; k++) {
        const tq_down *group = &hierarchy->down[k];
        uint32_t end = hierarchy->first_up[group->last + 1], begin = end - group->rest;
        if (group->rest < 2 || hierarchy->up_depth[end - 1] > depth ||
            hierarchy->up_depth[begin + 1] < depth)
            continue;
        uint32_t low = begin + 1, high = end;
        while (high - low > 1) {
            uint32_t middle = low + (high - low) / 2;
            if (hierarchy->up_depth[middle] >= depth)
                low = middle;
            else
                high = middle;
        }
        if (hierarchy->up_depth[low] != depth) continue;
        for (uint32_t middle = group->last + 1 - group->count; middle <= group->last; middle++) {
            const road_pair *to_tail = metric->pair + hierarchy->first_up[middle + 1] - group->rest;
            const road_pair *to_head = to_tail + (low - begin);
            int32_t sum = down ? to_head->down + to_tail->up : to_tail->down + to_head->up;
            best = TQ_MIN(best, sum);
        }
    }
    return best;
}

/* One of the sums that an up-arc may have its weight from has changed. */
static void sum_changed(patching *work, uint32_t up_arc, uint32_t tail, bool down, int32_t former,
                        int32_t sum)
{
    int32_t *weight = weight_at(work->metric, up_arc, down);
    sum = TQ_MIN(sum, TQ_ROAD_INF);
    if (sum < *weight) {
        remember(work, up_arc, tail);
        *weight = sum;
    } else if (former == *weight && sum > former && former < TQ_ROAD_INF) {
        remember(work, up_arc, tail);
        if (!work->no_memory) work->slot.at[slot_of(work, up_arc)] |= down ? STALE_DOWN : STALE_UP;
    }
}

/* The final weights of an up-arc whose turn has come. */
static void settle(patching *work, const changed *entry)
{
    uint64_t stale = work->slot.at[slot_of(work, entry->up_arc)];
    road_pair *pair = &work->metric->pair[entry->up_arc];
    if (stale & STALE_UP) pair->up = weigh_anew(work->metric, entry->up_arc, entry->tail, false);
    if (stale & STALE_DOWN) pair->down = weigh_anew(work->metric, entry->up_arc, entry->tail, true);
}

static void change_links(patching *work, uint32_t vertex, int32_t former_arc, int32_t arc_ds)
{
    const tq_metric *metric = work->metric;
    const tq_hierarchy *hierarchy = metric->hierarchy;
    for (uint32_t link = hierarchy->first_link[vertex]; link < hierarchy->first_link[vertex + 1];
         link++) {
        uint32_t place = hierarchy->up_of_link[link], head = hierarchy->link_head[link];
        if (place == TQ_NONE) continue;
        sum_changed(work, place >> 1, place & 1 ? head : vertex, place & 1,
                    road_sum(former_arc, metric->turn_ds[link]),
                    road_sum(arc_ds, metric->turn_ds[link]));
    }
}

/* Most sums are neither less than a weight nor what it was made of. */
static inline void tell(patching *work, uint32_t up_arc, uint32_t tail, bool down, int32_t former,
                        int32_t sum)
{
    int32_t weight = *weight_at(work->metric, up_arc, down);
    if (sum < weight || (former == weight && sum > former))
        sum_changed(work, up_arc, tail, down, former, sum);
}

static changed_side side_of(const patching *work, const changed *entry)
{
    changed_side side = {.now = work->metric->pair[entry->up_arc], .former = entry->former};
    side.up = side.now.up != side.former.up;
    side.down = side.now.down != side.former.down;
    return side;
}

/* The third side of a triangle with sides a (changed) and b, from the lower head to the higher: the
 * ways between the heads go down one side and up the other. */
static inline void tell_third(patching *work, uint32_t third, uint32_t low, const changed_side *a,
                              road_pair b, road_pair b_former, bool b_changed, bool a_is_low)
{
    /* From a's head over a downwards and b upwards; and back. */
    if (a->down || b_changed)
        tell(work, third, low, !a_is_low, a->former.down + b_former.up, a->now.down + b.up);
    if (a->up || b_changed)
        tell(work, third, low, a_is_low, b_former.down + a->former.up, b.down + a->now.up);
}

/* The place of a depth in a list, at or after `from`, that holds it: by steps that double. */
static inline uint32_t onward(const uint16_t *depth, uint32_t from, uint32_t end, uint32_t want)
{
    uint32_t step = 1, low = from;
    while (low + step < end && depth[low + step] >= want) {
        low += step;
        step *= 2;
    }
    uint32_t high = TQ_MIN(low + step, end);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (depth[middle] >= want)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Triangles of an unchanged side with the changed ones of higher heads, entries c and on. */
static void tell_unchanged(patching *work, uint32_t up, size_t c)
{
    const tq_metric *metric = work->metric;
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t head = hierarchy->up_head[up];
    uint32_t third = hierarchy->first_up[head], end = hierarchy->first_up[head + 1];
    road_pair b = metric->pair[up];
    if (b.up >= TQ_ROAD_INF && b.down >= TQ_ROAD_INF) return;
    for (; c < work->now.count; c++) {
        const changed_side *a = &work->side.at[c];
        if ((!a->down || b.up >= TQ_ROAD_INF) && (!a->up || b.down >= TQ_ROAD_INF)) continue;
        third =
            onward(hierarchy->up_depth, third, end, hierarchy->up_depth[work->now.at[c].up_arc]);
        tell_third(work, third, head, a, b, b, false, false);
    }
}

/* Triangles of a changed side with all sides of higher heads. */
static void tell_changed(patching *work, size_t c, uint32_t end)
{
    const tq_metric *metric = work->metric;
    const tq_hierarchy *hierarchy = metric->hierarchy;
    const uint16_t *depth = hierarchy->up_depth;
    uint32_t up_arc = work->now.at[c].up_arc, head = hierarchy->up_head[up_arc];
    const changed_side *a = &work->side.at[c];
    size_t other = c + 1;
    uint32_t third = hierarchy->first_up[head], third_end = hierarchy->first_up[head + 1];
    for (uint32_t up = up_arc + 1; up < end; up++) {
        bool also = other < work->now.count && work->now.at[other].up_arc == up;
        road_pair b = metric->pair[up], b_former = also ? work->now.at[other].former : b;
        other += also;
        /* The head's list holds all of these and often many more. */
        if (third_end - third > 8 * (end - up))
            third = road_up_at(hierarchy, third, third_end, depth[up]);
        while (depth[third] != depth[up])
            third++;
        tell_third(work, third, head, a, b, b_former, also, true);
    }
}

/* All triangles whose lowest vertex is the tail of the changed up-arcs in `now`, by the lower of
 * their heads: so third sides of one list are read in order. */
static void tell_triangles(patching *work, uint32_t tail)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    uint32_t end = hierarchy->first_up[tail + 1];
    work->side.count = 0;
    for (size_t k = 0; k < work->now.count; k++)
        if (!tq_vec_push(&work->side, side_of(work, &work->now.at[k]))) work->no_memory = true;
    size_t c = 0;
    for (uint32_t up = hierarchy->first_up[tail]; c < work->now.count && !work->no_memory; up++) {
        if (work->now.at[c].up_arc == up)
            tell_changed(work, c++, end);
        else
            tell_unchanged(work, up, c);
    }
}

static bool same_pair(road_pair a, road_pair b)
{
    return a.up == b.up && a.down == b.down;
}

static void work_off(patching *work)
{
    while (work->heap.count > 0 && !work->no_memory) {
        uint32_t tail = work->heap.at[0].tail;
        work->now.count = 0;
        while (work->heap.count > 0 && work->heap.at[0].tail == tail) {
            changed entry = take_least(work);
            settle(work, &entry);
            if (same_pair(entry.former, work->metric->pair[entry.up_arc])) continue;
            if (!tq_vec_push(&work->now, entry)) work->no_memory = true;
        }
        tell_triangles(work, tail);
    }
}

static tq_status check_changes(const tq_metric *metric, const uint32_t *arc, const int32_t *arc_ds,
                               uint32_t count, tq_err *err)
{
    for (uint32_t k = 0; k < count; k++) {
        if (arc[k] >= 2 * metric->edge_count)
            return tq_fail(err, TQ_BAD_INPUT, k, "there is no street arc %u", arc[k]);
        if (arc_ds[k] < 0)
            return tq_fail(err, TQ_BAD_INPUT, k, "weight %d of arc %u is below zero",
                           (int)arc_ds[k], arc[k]);
    }
    return TQ_OK;
}

tq_status tq_metric_patch(tq_metric *metric, const uint32_t *arc, const int32_t *arc_ds,
                          uint32_t count, tq_err *err)
{
    TQ_TRY(check_changes(metric, arc, arc_ds, count, err));
    road_drop_parts(metric, TQ_METRIC_ALL & ~TQ_METRIC_LABELS);
    metric->parts &= ~TQ_METRIC_LABELS;
    const tq_hierarchy *hierarchy = metric->hierarchy;
    patching work = {.metric = metric};
    for (uint32_t k = 0; k < count && !work.no_memory; k++) {
        int32_t former = metric->arc_ds[arc[k]], now = TQ_MIN(arc_ds[k], TQ_ROAD_INF);
        uint32_t vertex = hierarchy->vertex_of_arc[arc[k]];
        metric->arc_ds[arc[k]] = now;
        if (vertex == TQ_NONE || former == now) continue;
        change_links(&work, vertex, former, now);
        for (uint32_t copy = road_first_copy(hierarchy, arc[k]);
             copy < hierarchy->copy_count &&
             hierarchy->arc_of_vertex[hierarchy->copy_vertex[copy]] == arc[k];
             copy++)
            change_links(&work, hierarchy->copy_vertex[copy], former, now);
    }
    work_off(&work);
    tq_vec_free(&work.heap);
    tq_vec_free(&work.now);
    tq_vec_free(&work.side);
    tq_free(work.slot.at);
    if (!work.no_memory) return TQ_OK;
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to change %u arcs of a metric; make it anew",
                   count);
}

/* Do the same arcs lead somewhere as in the base? */
static bool same_open(const tq_metric *base, const uint32_t *arc, const int32_t *arc_ds,
                      uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if ((base->arc_ds[arc[k]] < TQ_ROAD_INF) != (arc_ds[k] < TQ_ROAD_INF)) return false;
    return true;
}

static tq_metric *copy_weights(const tq_metric *base)
{
    tq_metric *metric =
        road_metric_new(base->city, base->kind, base->has_vehicle ? &base->vehicle : NULL);
    if (metric == NULL) return NULL;
    memcpy(metric->arc_ds, base->arc_ds, 2 * (size_t)base->edge_count * sizeof *base->arc_ds);
    memcpy(metric->turn_ds, base->turn_ds, base->link_count * sizeof *base->turn_ds);
    memcpy(metric->pair, base->pair, base->up_count * sizeof *base->pair);
    if (base->area == NULL) return metric;
    metric->area = TQ_ALLOC(uint32_t, base->edge_count);
    if (metric->area == NULL) {
        tq_metric_free(metric);
        return NULL;
    }
    memcpy(metric->area, base->area, base->edge_count * sizeof *base->area);
    return metric;
}

tq_status road_change(const tq_metric *base, const uint32_t *arc, const int32_t *arc_ds,
                      uint32_t count, uint32_t parts, tq_metric **out, tq_err *err)
{
    TQ_TRY(check_changes(base, arc, arc_ds, count, err));
    tq_metric *metric = copy_weights(base);
    if (metric == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a metric of %u up-arcs",
                       base->up_count);
    tq_status status = tq_metric_patch(metric, arc, arc_ds, count, err);
    bool keep_main =
        (parts & base->parts & TQ_METRIC_MAIN) != 0 && same_open(base, arc, arc_ds, count);
    if (status == TQ_OK && keep_main) metric->in_main = TQ_ALLOC(uint8_t, base->edge_count);
    if (metric->in_main != NULL) {
        memcpy(metric->in_main, base->in_main, base->edge_count);
        metric->parts |= TQ_METRIC_MAIN;
    }
    if (status == TQ_OK) status = tq_metric_add(metric, parts, err);
    if (status == TQ_OK)
        *out = metric;
    else
        tq_metric_free(metric);
    return status;
}

tq_status tq_metric_change(const tq_metric *base, const uint32_t *arc, const int32_t *arc_ds,
                           uint32_t count, tq_metric **out, tq_err *err)
{
    return road_change(base, arc, arc_ds, count, base->parts & ~(uint32_t)TQ_METRIC_LABELS, out,
                       err);
}
