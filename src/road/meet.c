/*
 * The quickest way between places with several ends, in one search.
 *
 * Method: every end is a cursor that climbs its root path, always the lowest vertex first. Two
 * cursors of one side that meet go on as one, with the least of both rows; so the two directions of
 * a street cost little more than one. When each side has one cursor left and these meet, both climb
 * to the root as between two vertices. What has been relaxed is kept in steps, so that the way can
 * be followed back over rows that were merged.
 *
 * Limits: when sides meet while either still has several cursors, when an end lies in streets for
 * the last metres, or without TQ_METRIC_WAYS, it is left to the search pair by pair.
 */
#include "road/many_in.h"

#define CURSORS_MAX 4u
/* A row holds time << 16 | step that set it; steps from STEP_END on are ends. Of equal times the
 * earlier step counts. */
#define STEP_END 0xff00u
#define NO_TIME  ((int64_t)TQ_ROAD_INF << 16)

typedef struct climb_step {
    uint32_t vertex;
    int64_t value; /* of the vertex when its list was relaxed */
} climb_step;

typedef struct meet_side {
    many_side side;
    uint32_t count;               /* cursors */
    uint32_t vertex[CURSORS_MAX]; /* TQ_NONE = above the root */
    int64_t *row[CURSORS_MAX];    /* [depth of where the cursor began + 1] */
    climb_step *step;             /* [cap] */
    uint32_t steps, cap;
} meet_side;

static inline uint32_t depth_of(const tq_metric *metric, uint32_t vertex)
{
    return metric->step[vertex].depth;
}

static bool side_begin(const tq_metric *metric, const road_ends *ends, many_side which,
                       int32_t shift_ds, tq_arena *work, meet_side *out)
{
    *out = (meet_side){.side = which, .count = ends->count};
    out->cap = (uint32_t)TQ_MIN(2 * (size_t)metric->levels + 16, (size_t)STEP_END);
    out->step = TQ_PUSH_RAW(work, climb_step, out->cap);
    if (out->step == NULL) return false;
    for (uint32_t k = 0; k < ends->count; k++) {
        const road_end *end = &ends->end[k];
        uint32_t depth = depth_of(metric, end->vertex);
        int64_t ds = which == MANY_OUT ? shift_ds - end->passed_ds : end->passed_ds;
        out->vertex[k] = end->vertex;
        out->row[k] = TQ_PUSH_RAW(work, int64_t, (size_t)depth + 1);
        if (out->row[k] == NULL) return false;
        for (uint32_t d = 0; d < depth; d++)
            out->row[k][d] = NO_TIME;
        out->row[k][depth] = ds << 16 | (STEP_END + k);
    }
    return true;
}

/* Relax the list of a cursor's vertex. False when there is no room for another step. */
static bool relax(const tq_metric *metric, meet_side *side, uint32_t cursor)
{
    uint32_t vertex = side->vertex[cursor];
    int64_t *row = side->row[cursor], value = row[depth_of(metric, vertex)];
    if (value >= NO_TIME) return true;
    if (side->steps == side->cap) return false;
    many_list list = many_list_of(metric, side->side, vertex);
    int64_t base = (value >> 16 << 16) | side->steps;
    for (uint32_t k = 0; k < list.count; k++) {
        int64_t reached = base + ((int64_t)list.ds[k] << 16);
        uint32_t place = list.depth[k];
        row[place] = TQ_MIN(reached, row[place]);
    }
    side->step[side->steps++] = (climb_step){vertex, value};
    return true;
}

/* Cursors that have met go on as one. */
static void merge(const tq_metric *metric, meet_side *side, uint32_t cursor)
{
    for (uint32_t k = 0; k < side->count; k++) {
        if (k == cursor || side->vertex[k] != side->vertex[cursor]) continue;
        uint32_t levels = depth_of(metric, side->vertex[k]) + 1;
        int64_t *to = side->row[cursor], *from = side->row[k];
        for (uint32_t d = 0; d < levels; d++)
            to[d] = TQ_MIN(to[d], from[d]);
        side->count--;
        side->vertex[k] = side->vertex[side->count];
        side->row[k] = side->row[side->count];
        return;
    }
}

static uint32_t lowest(const meet_side *side)
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < side->count; k++)
        if (side->vertex[k] < side->vertex[best]) best = k;
    return best;
}

/* Climb until one cursor of each side stands at the same vertex; false when that cannot be. */
static bool climb_to_trunk(const tq_metric *metric, meet_side *out, meet_side *in)
{
    for (;;) {
        uint32_t a = lowest(out), b = lowest(in);
        uint32_t low_out = out->vertex[a], low_in = in->vertex[b];
        if (low_out == TQ_NONE || low_in == TQ_NONE) return false;
        if (low_out == low_in) return out->count == 1 && in->count == 1;
        meet_side *side = low_out < low_in ? out : in;
        uint32_t cursor = low_out < low_in ? a : b;
        if (!relax(metric, side, cursor)) return false;
        side->vertex[cursor] = metric->step[side->vertex[cursor]].parent;
        if (side->vertex[cursor] != TQ_NONE) merge(metric, side, cursor);
    }
}

/* From the trunk to the root. */
static bool climb_trunk(const tq_metric *metric, meet_side *out, meet_side *in, int64_t *best,
                        uint32_t *meet)
{
    *best = TQ_ROAD_INF;
    uint32_t vertex = out->vertex[0];
    for (; vertex != TQ_NONE; vertex = metric->step[vertex].parent) {
        uint32_t depth = depth_of(metric, vertex);
        int64_t leaving = out->row[0][depth] >> 16, arriving = in->row[0][depth] >> 16;
        if (leaving + arriving < *best) {
            *best = leaving + arriving;
            *meet = depth;
        }
        out->vertex[0] = in->vertex[0] = vertex;
        if (leaving < *best && !relax(metric, out, 0)) return false;
        if (arriving < *best && !relax(metric, in, 0)) return false;
    }
    return true;
}

/* List entries from depth `meet` back to an end, as items of road_unpack; *end is that end. */
static uint32_t trace(const tq_metric *metric, const meet_side *side, uint32_t meet, uint64_t *out,
                      uint32_t *end)
{
    bool in = side->side == MANY_IN;
    const uint16_t *list = in ? metric->in_depth : metric->out_depth;
    uint32_t count = 0, depth = meet, by = (uint32_t)(side->row[0][meet] & 0xffff);
    while (by < STEP_END) {
        const climb_step *step = &side->step[by];
        uint32_t entry =
            in ? metric->step[step->vertex].first_in : metric->step[step->vertex].first_out;
        while (list[entry] != depth)
            entry++;
        out[count++] = (uint64_t)entry << 1 | in;
        depth = depth_of(metric, step->vertex);
        by = (uint32_t)(step->value & 0xffff);
    }
    *end = by - STEP_END;
    return count;
}

/* On one arc the place decides whether one goes straight or round. */
static bool share_an_arc(const road_ends *from, const road_ends *to)
{
    for (uint32_t i = 0; i < from->count; i++)
        for (uint32_t j = 0; j < to->count; j++)
            if (from->end[i].vertex == to->end[j].vertex) return true;
    return false;
}

static bool plain_ends(const road_ends *ends)
{
    for (uint32_t k = 0; k < ends->count; k++)
        if (ends->end[k].area != TQ_NONE) return false;
    return ends->count > 0 && ends->count <= CURSORS_MAX;
}

road_met road_meet(const tq_metric *metric, const road_ends *from, const road_ends *to,
                   tq_arena *work, road_meeting *out)
{
    const uint32_t needed = TQ_METRIC_PRUNED | TQ_METRIC_WAYS;
    if ((metric->parts & needed) != needed || !plain_ends(from) || !plain_ends(to) ||
        share_an_arc(from, to))
        return ROAD_MEET_PAIRS;
    size_t mark = work->used, levels = metric->levels;
    int32_t shift_ds = 0;
    for (uint32_t k = 0; k < from->count; k++)
        shift_ds = TQ_MAX(shift_ds, from->end[k].passed_ds);
    /* The answer comes first, so that the rest of the scratch can be given back. */
    size_t search_bytes = levels * (2 * CURSORS_MAX * 8 + 4 * sizeof(climb_step)) + 4096;
    size_t room = work->cap - work->used;
    if (room < search_bytes + 4096) return ROAD_MEET_PAIRS;
    uint32_t cap = (uint32_t)TQ_MIN((room - search_bytes) / 24, metric->vertex_count + 2 * levels);
    uint32_t *vertex = TQ_PUSH_RAW(work, uint32_t, (size_t)cap + 2);
    uint64_t *item = TQ_PUSH_RAW(work, uint64_t, cap), *other = TQ_PUSH_RAW(work, uint64_t, cap);
    meet_side leaving, arriving;
    uint32_t meet = 0, count = 0, used = 0;
    road_met met = ROAD_MEET_PAIRS;
    const uint64_t *found = NULL;
    int64_t best = TQ_ROAD_INF;
    if (vertex == NULL || item == NULL || other == NULL || cap <= 2 * levels ||
        !side_begin(metric, from, MANY_OUT, shift_ds, work, &leaving) ||
        !side_begin(metric, to, MANY_IN, 0, work, &arriving) ||
        !climb_to_trunk(metric, &leaving, &arriving) ||
        !climb_trunk(metric, &leaving, &arriving, &best, &meet) || best >= TQ_ROAD_INF)
        goto done;
    uint32_t first = trace(metric, &leaving, meet, other, &out->from);
    for (uint32_t k = 0; k < first; k++)
        item[k] = other[first - 1 - k];
    count = first + trace(metric, &arriving, meet, item + first, &out->to);
    found = road_unpack(metric, item, &count, other, cap);
    if (found == NULL) goto done;
    for (uint32_t k = 0; k < count; k++)
        vertex[used++] = (uint32_t)found[k];
    vertex[used++] = to->end[out->to].vertex;
    out->time_ds = (int32_t)(best - shift_ds);
    met = ROAD_MEET_FOUND;
done:
    tq_arena_reset(work, mark);
    if (met != ROAD_MEET_FOUND) return met;
    out->vertex = TQ_PUSH_RAW(work, uint32_t, used);
    out->count = used;
    return met;
}
