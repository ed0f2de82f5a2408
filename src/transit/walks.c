/*
 * Walking in a search: from the near end, between rides, to the far end.
 *
 * Between rounds one Dijkstra runs over the walking core from all stops that the round improved; a
 * vertex keeps its best label of all rounds, so later rounds only walk where they are earlier. The
 * far end hangs on the core vertices that an upward search from it meets.
 *
 * Pairs of stops with a rule (rules.c) are not walked freely. The Dijkstra knows one source a
 * vertex; where that source and the stop have a rule, another source may still be the best free
 * one. So when the street label of such a stop is better than what it got, a search around it looks
 * for free sources of this round, and leaves out vertices whose best label plus the way back is no
 * better: it stays within a few corners.
 *
 * With a longest walk a later but nearer source can matter. Then sources go one by one, by time,
 * each only where it is nearer than all before: that yields all walks that are not both later and
 * longer.
 */
#include "transit/transit_in.h"

void rounds_bound(round_search *rounds, int32_t at_s)
{
    for (uint32_t k = 0; k <= rounds->levels; k++)
        if (rounds->best_goal_s[k] > at_s) rounds->best_goal_s[k] = at_s;
}

static void goal(round_search *rounds, uint32_t k, int32_t at_s, uint32_t source, uint32_t access,
                 uint32_t walk_dm, how by)
{
    /* Time to spare between a walk and a ride: backward, the far end is where the first ride is
     * boarded. */
    if (rounds->back && k > 0 && (by == HOW_WALK || (by == HOW_ACCESS && walk_dm != 0)))
        at_s += rounds->slack_s;
    if (at_s >= rounds->best_goal_s[k]) return;
    for (uint32_t more = k; more <= rounds->levels && rounds->best_goal_s[more] > at_s; more++)
        rounds->best_goal_s[more] = at_s;
    round_level *row = &rounds->level[k];
    row->goal_s = at_s;
    row->goal_source = source;
    row->goal_access = access;
    row->goal_walk_dm = walk_dm;
    row->goal_how = by;
}

/* Labels above this cannot bring the far end nearer. */
static int32_t label_limit(const round_search *rounds, uint32_t k)
{
    int32_t best_s = rounds->best_goal_s[k];
    if (best_s > LABEL_MAX / rounds->speed) return LABEL_MAX;
    return TQ_MAX(best_s - 1, 0) * rounds->speed;
}

static void set_reach(round_search *rounds, uint32_t k, uint32_t stop, int32_t at_s, reach_from by)
{
    if (at_s >= rounds->best_reach[k][stop]) return;
    round_level *row = &rounds->level[k];
    if (row->reach[stop] == FAR) row->reach_list[row->reach_count++] = stop;
    row->reach[stop] = at_s;
    row->reach_by[stop] = by;
    lower_best(rounds->best_reach, k, rounds->levels, rounds->shared, stop, at_s);
}

void rounds_seed(round_search *rounds, uint32_t stop, int32_t at_s, reach_from by)
{
    set_reach(rounds, 0, stop, at_s, by);
}

static bool pair_ruled(const round_search *rounds, uint32_t source, uint32_t stop)
{
    if (source == stop) return true;
    uint8_t side = rounds->back ? 2 : 1;
    if (!(rounds->day->ruled[stop] & side)) return false;
    return (rounds->back ? day_rule_of(rounds->day, stop, source)
                         : day_rule_of(rounds->day, source, stop)) != NULL;
}

/* ---- the ends ----------------------------------------------------------------------------------
 */

typedef void (*vertex_seen)(round_search *rounds, uint32_t vertex, uint64_t dm, uint32_t access);

/* Over the open streets from a street node to the first corners of the core on every way. */
static tq_status stroll(round_search *rounds, const tq_access *access, uint32_t number,
                        vertex_seen seen, tq_err *err)
{
    const tq_ground *ground = rounds->ground;
    const tq_city *city = rounds->city;
    const tq_streets *streets = &city->streets;
    const uint32_t *vertex_of = rounds->walk->vertex_of_node;
    uint32_t kind = rounds->query->walk, count = 0, touched = 0;
    uint32_t *dm_of = rounds->street_dm, *list = rounds->street_list;
    tq_status status = TQ_OK;
    dm_of[access->node] = 0;
    list[touched++] = access->node;
    heap_push(rounds->heap, &count, access->node);
    while (count > 0) {
        uint64_t item = heap_take(rounds->heap, &count);
        uint32_t node = (uint32_t)item, dm = (uint32_t)(item >> 32);
        if (dm > dm_of[node]) continue;
        if (vertex_of[node] < rounds->walk->core_count) {
            seen(rounds, vertex_of[node], (uint64_t)access->walk_dm + dm, number);
            continue;
        }
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t arc = streets->out_arc[k], head = tq_arc_head(streets, arc);
            uint64_t next = (uint64_t)dm + streets->edge_length_dm[arc >> 1];
            if (next > ground->reach_dm[kind] || next >= dm_of[head] ||
                ground_closed(ground, arc >> 1) || !ground_walked(city, kind, arc >> 1))
                continue;
            if (count == rounds->heap_cap) {
                status = tq_fail(err, TQ_NO_MEMORY, 0, "a walk around closed streets is over %u",
                                 rounds->heap_cap);
                count = 0;
                break;
            }
            if (dm_of[head] == TQ_NONE) list[touched++] = head;
            dm_of[head] = (uint32_t)next;
            heap_push(rounds->heap, &count, next << 32 | head);
        }
    }
    for (uint32_t k = 0; k < touched; k++)
        dm_of[list[k]] = TQ_NONE;
    return status;
}

/* Upwards from a street node to the core, in descending order of vertices. */
static tq_status climb(round_search *rounds, const tq_access *access, uint32_t number,
                       vertex_seen seen, tq_err *err)
{
    const tq_walk *walk = rounds->walk;
    if (rounds->core == 0) return TQ_OK;
    uint32_t start = walk->vertex_of_node[access->node], count = 0, former = TQ_NONE;
    uint32_t kind = rounds->query->walk;
    const tq_ground *ground = rounds->ground;
    bool near = false; /* something on the way up is near a closed street */
    if (start == TQ_NONE || access->walk_dm > ARC_MAX_DM) return TQ_OK;
    heap_push(rounds->heap, &count, (uint64_t)~start << 32 | access->walk_dm);
    while (count > 0) {
        uint64_t item = heap_take(rounds->heap, &count);
        uint32_t vertex = ~(uint32_t)(item >> 32), dm = (uint32_t)item;
        if (vertex == former) continue;
        former = vertex;
        if (vertex < walk->core_count) {
            seen(rounds, vertex, dm, number);
            continue;
        }
        near = near || (ground != NULL && ground_is_near(ground, kind, vertex));
        uint32_t from = vertex - walk->core_count;
        for (uint32_t arc = walk->first_up[from]; arc < walk->first_up[from + 1]; arc++) {
            uint64_t sum = (uint64_t)dm + walk->up_dm[arc];
            if (sum > ARC_MAX_DM || (ground != NULL && ground_is_cut(ground, kind, arc))) continue;
            if (count == rounds->heap_cap)
                return tq_fail(err, TQ_NO_MEMORY, 0, "a walk climbs over %u streets",
                               rounds->heap_cap);
            heap_push(rounds->heap, &count, (uint64_t)~walk->up_head[arc] << 32 | sum);
        }
    }
    return near ? stroll(rounds, access, number, seen, err) : TQ_OK;
}

static void far_vertex(round_search *rounds, uint32_t vertex, uint64_t dm, uint32_t access)
{
    if (dm > ARC_MAX_DM || dm >= rounds->near_dm[vertex]) return;
    rounds->near_dm[vertex] = (uint32_t)dm;
    rounds->near_access[vertex] = access;
}

static void near_vertex(round_search *rounds, uint32_t vertex, uint64_t dm, uint32_t access)
{
    if (dm > ARC_MAX_DM || (int32_t)dm > rounds->max_walk_mm / 100) return;
    int64_t label = (int64_t)rounds->first_s * rounds->speed + (int64_t)dm * 100;
    if (label >= rounds->best_vertex[0][vertex] || label > LABEL_MAX) return;
    lower_best(rounds->best_vertex, 0, rounds->levels, rounds->shared, vertex, (int32_t)label);
    rounds->source[vertex] = access;
}

static tq_status check_access(const round_search *rounds, const tq_access *access, tq_err *err)
{
    if (access->stop != TQ_NONE && access->stop >= rounds->stops)
        return tq_fail(err, TQ_BAD_INPUT, 0, "stop %u of %u does not exist", access->stop,
                       rounds->stops);
    if (access->stop == TQ_NONE && access->node >= rounds->city->streets.node_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "street node %u of %u does not exist", access->node,
                       rounds->city->streets.node_count);
    return TQ_OK;
}

tq_status rounds_ends(round_search *rounds, tq_err *err)
{
    const tq_transit_query *query = rounds->query;
    const tq_access *ends[2] = {query->from, query->to};
    uint32_t counts[2] = {query->from_count, query->to_count};
    for (unsigned side = 0; side < 2; side++)
        for (uint32_t at = 0; at < counts[side]; at++)
            TQ_TRY(check_access(rounds, &ends[side][at], err));
    const tq_access *list = ends[!rounds->back];
    for (uint32_t at = 0; at < counts[!rounds->back]; at++) {
        if (list[at].stop == TQ_NONE) {
            TQ_TRY(climb(rounds, &list[at], at, far_vertex, err));
            continue;
        }
        uint32_t stop = list[at].stop;
        if (list[at].walk_dm < rounds->stop_dm[stop] && list[at].walk_dm <= ARC_MAX_DM) {
            rounds->stop_dm[stop] = list[at].walk_dm;
            rounds->stop_access[stop] = at;
        }
        uint32_t vertex = rounds->day->stop_vertex[query->walk][stop];
        if (vertex != TQ_NONE && rounds->core != 0)
            far_vertex(rounds, vertex,
                       (uint64_t)list[at].walk_dm + rounds->city->timetable.stop[stop].link_dm, at);
    }
    return TQ_OK;
}

/* ---- walking over the core ---------------------------------------------------------------------
 */

/* A vertex is reached at `label`: the far end and the stops beside it. */
static void settle(round_search *rounds, uint32_t k, uint32_t vertex, int32_t label,
                   int32_t start_mm, uint32_t source, int32_t limit)
{
    const tq_day *day = rounds->day;
    uint32_t kind = rounds->query->walk;
    int32_t slack_s = k == 0 && rounds->back ? 0 : rounds->slack_s;
    uint32_t near_dm = rounds->near_dm[vertex];
    if (near_dm != TQ_NONE) {
        int32_t end = label + (int32_t)near_dm * 100;
        if (end <= LABEL_MAX && end - start_mm <= rounds->max_walk_mm)
            goal(rounds, k, ceil_seconds(end, rounds->speed), source, rounds->near_access[vertex],
                 (uint32_t)(end - start_mm) / 100, HOW_WALK);
    }
    const uint32_t *first = day->vertex_first[kind];
    for (uint32_t at = first[vertex]; at < first[vertex + 1]; at++) {
        day_beside beside = day->beside[kind][at];
        int32_t end = label + beside.link_mm;
        if (end > limit || end - start_mm > rounds->max_walk_mm) continue;
        int32_t at_s = ceil_seconds(end, rounds->speed) + slack_s;
        if (at_s >= rounds->best_reach[k][beside.stop]) continue;
        if (k > 0 && pair_ruled(rounds, source, beside.stop)) continue;
        set_reach(rounds, k, beside.stop, at_s,
                  (reach_from){source, (uint32_t)(end - start_mm) / 100, HOW_WALK});
    }
}

static void queue_begin(round_search *rounds, uint32_t k)
{
    walk_queue *queue = &rounds->queue;
    queue->base = rounds->first_s * rounds->speed;
    queue->shift = 14; /* about 16 m */
    int32_t span = label_limit(rounds, k) - queue->base;
    while (span >> queue->shift >= (int32_t)WALK_BUCKETS)
        queue->shift++;
    memset(queue->filled, 0, sizeof queue->filled);
}

static void queue_put(walk_queue *queue, uint32_t vertex, int32_t label)
{
    uint32_t bucket = (uint32_t)(label - queue->base) >> queue->shift, old = queue->bucket[vertex];
    if (bucket >= WALK_BUCKETS) bucket = WALK_BUCKETS - 1;
    if (old == bucket) return;
    if (old != TQ_NONE) { /* out of the bucket where it was */
        uint32_t next = queue->next[vertex], former = queue->former[vertex];
        if (next != TQ_NONE) queue->former[next] = former;
        if (former != TQ_NONE)
            queue->next[former] = next;
        else
            queue->head[old] = next;
        if (queue->head[old] == TQ_NONE) queue->filled[old / 64] &= ~(UINT64_C(1) << old % 64);
    }
    bool empty = !(queue->filled[bucket / 64] >> bucket % 64 & 1);
    uint32_t head = empty ? TQ_NONE : queue->head[bucket];
    if (head != TQ_NONE) queue->former[head] = vertex;
    queue->next[vertex] = head;
    queue->former[vertex] = TQ_NONE;
    queue->bucket[vertex] = bucket;
    queue->head[bucket] = vertex;
    queue->filled[bucket / 64] |= UINT64_C(1) << bucket % 64;
}

/* A vertex of the first bucket from *word on; TQ_NONE when all are empty. */
static uint32_t queue_take(walk_queue *queue, uint32_t *word)
{
    while (*word < WALK_BUCKETS / 64 && queue->filled[*word] == 0)
        ++*word;
    if (*word == WALK_BUCKETS / 64) return TQ_NONE;
    uint32_t bucket = *word * 64 + (uint32_t)__builtin_ctzll(queue->filled[*word]);
    uint32_t vertex = queue->head[bucket], next = queue->next[vertex];
    queue->head[bucket] = next;
    queue->bucket[vertex] = TQ_NONE;
    if (next != TQ_NONE)
        queue->former[next] = TQ_NONE;
    else
        queue->filled[*word] &= queue->filled[*word] - 1;
    return vertex;
}

/* Dijkstra from the labels in the queue. */
static void walk_freely(round_search *rounds, uint32_t k)
{
    const uint32_t *first = rounds->first_arc;
    const day_arc *arcs = rounds->arc;
    int32_t *best = rounds->best_vertex[k];
    int32_t start_mm = k == 0 ? rounds->first_s * rounds->speed : 0;
    int32_t limit = label_limit(rounds, k);
    if (k == 0 && rounds->max_walk_mm < limit - start_mm) limit = start_mm + rounds->max_walk_mm;
    uint32_t word = 0, vertex;
    while ((vertex = queue_take(&rounds->queue, &word)) != TQ_NONE) {
        int32_t label = best[vertex];
        if (label > limit) continue;
        uint32_t source = rounds->source[vertex];
        int32_t from_mm = k == 0 ? start_mm : rounds->level[k].ride[source] * rounds->speed;
        int32_t goal_s = rounds->best_goal_s[k];
        settle(rounds, k, vertex, label, from_mm, source, limit);
        if (rounds->best_goal_s[k] < goal_s) limit = TQ_MIN(limit, label_limit(rounds, k));
        for (uint32_t at = first[vertex]; at < first[vertex + 1]; at++) {
            int32_t next = label + arcs[at].mm;
            if (next > limit) break;
            uint32_t head = arcs[at].head;
            if (next >= best[head]) continue;
            lower_best(rounds->best_vertex, k, rounds->levels, rounds->shared, head, next);
            rounds->source[head] = source;
            queue_put(&rounds->queue, head, next);
        }
    }
}

/* From one stop as far as walks are allowed and no earlier source is nearer. */
static void walk_within(round_search *rounds, uint32_t k, uint32_t source)
{
    const tq_day *day = rounds->day;
    const uint32_t *first = rounds->first_arc;
    const day_arc *arcs = rounds->arc;
    int32_t start_mm = rounds->level[k].ride[source] * rounds->speed;
    uint32_t start = day->stop_vertex[rounds->query->walk][source], count = 0;
    if (start == TQ_NONE) return;
    int32_t link_mm = (int32_t)(rounds->city->timetable.stop[source].link_dm * 100);
    if (link_mm > rounds->max_walk_mm || link_mm >= rounds->span_mm[start]) return;
    rounds->span_mm[start] = link_mm;
    heap_push(rounds->heap, &count, (uint64_t)(uint32_t)link_mm << 32 | start);
    while (count > 0) {
        uint64_t item = heap_take(rounds->heap, &count);
        uint32_t vertex = (uint32_t)item;
        int32_t span = (int32_t)(item >> 32), limit = label_limit(rounds, k);
        if (span > rounds->span_mm[vertex]) continue;
        if (start_mm + (int64_t)span > limit) break;
        int32_t label = start_mm + span;
        if (label < rounds->best_vertex[k][vertex])
            lower_best(rounds->best_vertex, k, rounds->levels, rounds->shared, vertex, label);
        settle(rounds, k, vertex, label, start_mm, source, limit);
        /* Arcs by length: stop at the first that walks too far or comes too late. */
        int32_t most = (int32_t)TQ_MIN((int64_t)rounds->max_walk_mm, (int64_t)limit - start_mm);
        for (uint32_t at = first[vertex]; at < first[vertex + 1]; at++) {
            int32_t next = span + arcs[at].mm;
            if (next > most) break;
            uint32_t head = arcs[at].head;
            if (next >= rounds->span_mm[head]) continue;
            rounds->span_mm[head] = next;
            heap_push(rounds->heap, &count, (uint64_t)(uint32_t)next << 32 | head);
        }
    }
}

/* Sources by time, for walk_within. */
static void walk_each(round_search *rounds, uint32_t k)
{
    round_level *row = &rounds->level[k];
    for (uint32_t vertex = 0; vertex < rounds->core; vertex++)
        rounds->span_mm[vertex] = FAR;
    uint32_t count = 0;
    /* The heap's far end: walk_within pushes at most once an arc, and the heap has room for the
     * stops beside. */
    uint64_t *order = rounds->heap + (rounds->heap_cap - rounds->stops);
    for (uint32_t at = 0; at < row->ride_count; at++)
        heap_push(order, &count,
                  (uint64_t)(uint32_t)row->ride[row->ride_list[at]] << 32 | row->ride_list[at]);
    while (count > 0)
        walk_within(rounds, k, (uint32_t)heap_take(order, &count));
}

/* ---- stops with rules --------------------------------------------------------------------------
 */

/* Free sources of this round around a stop whose own best street label comes from a source with a
 * rule. */
static void look_around(round_search *rounds, uint32_t k, uint32_t stop, uint32_t start,
                        int32_t link_mm)
{
    const tq_day *day = rounds->day;
    uint32_t kind = rounds->query->walk, count = 0, touched = 0;
    round_level *row = &rounds->level[k];
    heap_push(rounds->heap, &count, (uint64_t)(uint32_t)link_mm << 32 | start);
    rounds->around_mm[start] = link_mm;
    rounds->around_list[touched++] = start;
    while (count > 0) {
        uint64_t item = heap_take(rounds->heap, &count);
        uint32_t vertex = (uint32_t)item;
        int32_t span = (int32_t)(item >> 32);
        if (span > rounds->around_mm[vertex]) continue;
        /* Better than this it must be, in labels. */
        int32_t best_s =
            TQ_MIN(rounds->best_reach[k][stop] - 1 - rounds->slack_s, rounds->best_goal_s[k] - 1);
        int64_t bound =
            best_s > LABEL_MAX / rounds->speed ? LABEL_MAX : (int64_t)best_s * rounds->speed;
        if (rounds->best_vertex[k][vertex] > bound - span) continue;
        for (uint32_t at = day->vertex_first[kind][vertex];
             at < day->vertex_first[kind][vertex + 1]; at++) {
            day_beside beside = day->beside[kind][at];
            if (row->ride[beside.stop] == FAR || pair_ruled(rounds, beside.stop, stop)) continue;
            int64_t walked = (int64_t)span + beside.link_mm;
            int64_t end = (int64_t)row->ride[beside.stop] * rounds->speed + walked;
            if (walked > rounds->max_walk_mm || end > bound) continue;
            set_reach(rounds, k, stop, ceil_seconds((int32_t)end, rounds->speed) + rounds->slack_s,
                      (reach_from){beside.stop, (uint32_t)walked / 100, HOW_WALK});
        }
        for (uint32_t arc = rounds->first_arc[vertex]; arc < rounds->first_arc[vertex + 1]; arc++) {
            uint32_t head = rounds->arc[arc].head;
            int64_t next = (int64_t)span + rounds->arc[arc].mm;
            if (next >= rounds->around_mm[head] || next > LABEL_MAX || next > rounds->max_walk_mm)
                continue;
            if (rounds->around_mm[head] == FAR) rounds->around_list[touched++] = head;
            rounds->around_mm[head] = (int32_t)next;
            heap_push(rounds->heap, &count, (uint64_t)next << 32 | head);
        }
    }
    for (uint32_t at = 0; at < touched; at++)
        rounds->around_mm[rounds->around_list[at]] = FAR;
}

static void look_again(round_search *rounds, uint32_t k)
{
    const tq_day *day = rounds->day;
    uint8_t side = rounds->back ? 2 : 1;
    for (uint32_t at = 0; at < day->ruled_count; at++) {
        uint32_t stop = day->ruled_stop[at], vertex = day->stop_vertex[rounds->query->walk][stop];
        if (!(day->ruled[stop] & side) || vertex == TQ_NONE) continue;
        int32_t label = rounds->best_vertex[k][vertex];
        if (label > LABEL_MAX) continue;
        int32_t link_mm = (int32_t)(rounds->city->timetable.stop[stop].link_dm * 100);
        int32_t at_s = ceil_seconds(label + link_mm, rounds->speed);
        if (at_s + rounds->slack_s < rounds->best_reach[k][stop] && at_s < rounds->best_goal_s[k])
            look_around(rounds, k, stop, vertex, link_mm);
    }
}

static int32_t rule_takes_s(const round_search *rounds, const day_rule *rule)
{
    if (rule->fixed) return rule->least_s;
    return TQ_MAX(rule->least_s, ceil_seconds((int32_t)(rule->walk_dm * 100), rounds->speed));
}

/* Changes that a rule gives from a stop that is an end of the journey. */
static void set_out_by_rules(round_search *rounds, uint32_t stop, int32_t at_s, uint32_t access,
                             uint32_t before_dm)
{
    const tq_day *day = rounds->day;
    const uint32_t *first = day->first_rule[rounds->back];
    for (uint32_t at = first[stop]; at < first[stop + 1]; at++) {
        const day_rule *rule = &day->rule[rounds->back][at];
        if (rule->least_s < 0) continue;
        int32_t takes_s = rule_takes_s(rounds, rule);
        uint32_t walk_dm = before_dm + rule->walk_dm;
        if (takes_s < LABEL_MAX / rounds->speed)
            set_reach(rounds, 0, rule->stop, at_s + takes_s,
                      (reach_from){access, walk_dm, HOW_RULE});
        uint32_t end_dm = rounds->stop_dm[rule->stop];
        if (end_dm != TQ_NONE && end_dm <= (uint32_t)rounds->max_walk_mm / 100)
            goal(rounds, 0, at_s + takes_s + ceil_seconds((int32_t)(end_dm * 100), rounds->speed),
                 access, rounds->stop_access[rule->stop], walk_dm + end_dm, HOW_RULE);
    }
}

/* The far end's own stops, and the rules that lead to them. */
static void end_by_rules(round_search *rounds, uint32_t k)
{
    const tq_day *day = rounds->day;
    const tq_transit_query *query = rounds->query;
    const round_level *row = &rounds->level[k];
    const tq_access *list = rounds->back ? query->from : query->to;
    uint32_t count = rounds->back ? query->from_count : query->to_count;
    const uint32_t *first = day->first_rule[!rounds->back];
    for (uint32_t k_end = 0; k_end < count; k_end++) {
        uint32_t end = list[k_end].stop;
        if (end == TQ_NONE || rounds->stop_dm[end] > (uint32_t)rounds->max_walk_mm / 100) continue;
        uint32_t end_dm = rounds->stop_dm[end], access = rounds->stop_access[end];
        int32_t end_s = ceil_seconds((int32_t)(end_dm * 100), rounds->speed);
        if (row->ride[end] != FAR)
            goal(rounds, k, row->ride[end] + end_s, end, access, end_dm, HOW_ACCESS);
        for (uint32_t at = first[end]; at < first[end + 1]; at++) {
            const day_rule *rule = &day->rule[!rounds->back][at];
            if (rule->least_s < 0 || row->ride[rule->stop] == FAR) continue;
            goal(rounds, k, row->ride[rule->stop] + rule_takes_s(rounds, rule) + end_s, rule->stop,
                 access, rule->walk_dm + end_dm, HOW_RULE);
        }
    }
}

/* Changes that a rule gives from a stop left at at_s; none that is not before limit_s helps. */
static void follow_rules(round_search *rounds, uint32_t k, uint32_t stop, int32_t at_s,
                         int32_t limit_s)
{
    const tq_day *day = rounds->day;
    const uint32_t *first = day->first_hop[rounds->back];
    const day_hop *hop = &day->hop[rounds->back][first[stop]],
                  *end = &day->hop[rounds->back][first[stop + 1]];
    const int32_t *best = rounds->best_reach[k];
    for (; hop < end && hop->floor_s < limit_s - at_s; hop++) {
        int32_t there_s = at_s + hop->floor_s;
        if (there_s >= best[hop->stop]) continue;
        if (hop->least_s >= 0)
            there_s = at_s + TQ_MAX(hop->least_s,
                                    ceil_seconds((int32_t)(hop->walk_dm * 100), rounds->speed));
        set_reach(rounds, k, hop->stop, there_s, (reach_from){stop, hop->walk_dm, HOW_RULE});
    }
}

void rounds_change(round_search *rounds, uint32_t k)
{
    const tq_day *day = rounds->day;
    round_level *row = &rounds->level[k];
    const uint32_t *vertex_of = day->stop_vertex[rounds->query->walk];
    bool limited = rounds->max_walk_mm != FAR;
    end_by_rules(rounds, k);
    queue_begin(rounds, k);
    int32_t limit_s = TQ_MIN(rounds->best_goal_s[k], rounds->last_s + 1);
    for (uint32_t at = 0; at < row->ride_count; at++) {
        uint32_t stop = row->ride_list[at];
        int32_t at_s = row->ride[stop], same_s = day->same_s[stop];
        if (same_s >= 0) set_reach(rounds, k, stop, at_s + same_s, (reach_from){stop, 0, HOW_SAME});
        if (day->rule_count != 0) follow_rules(rounds, k, stop, at_s, limit_s);
        uint32_t vertex = rounds->core != 0 && !limited ? vertex_of[stop] : TQ_NONE;
        if (vertex == TQ_NONE) continue;
        int32_t label =
            at_s * rounds->speed + (int32_t)(rounds->city->timetable.stop[stop].link_dm * 100);
        if (label >= rounds->best_vertex[k][vertex] || label > LABEL_MAX) continue;
        lower_best(rounds->best_vertex, k, rounds->levels, rounds->shared, vertex, label);
        rounds->source[vertex] = stop;
        queue_put(&rounds->queue, vertex, label);
    }
    if (rounds->core == 0) return;
    if (limited)
        walk_each(rounds, k);
    else
        walk_freely(rounds, k);
    if (day->ruled_count != 0) look_again(rounds, k);
}

tq_status rounds_set_out(round_search *rounds, int32_t first_s, tq_err *err)
{
    const tq_transit_query *query = rounds->query;
    const tq_access *list = rounds->back ? query->to : query->from;
    uint32_t list_count = rounds->back ? query->to_count : query->from_count;
    rounds->first_s = first_s;
    rounds_open_level(rounds, 0);
    if (query->direct_walk_dm <= (uint32_t)rounds->max_walk_mm / 100 &&
        query->direct_walk_dm <= ARC_MAX_DM)
        goal(rounds, 0,
             first_s + ceil_seconds((int32_t)(query->direct_walk_dm * 100), rounds->speed), TQ_NONE,
             TQ_NONE, query->direct_walk_dm, HOW_WALK);
    for (uint32_t at = 0; at < list_count; at++) {
        const tq_access *access = &list[at];
        if (access->walk_dm > ARC_MAX_DM || access->walk_dm > (uint32_t)rounds->max_walk_mm / 100)
            continue;
        if (access->stop == TQ_NONE) {
            TQ_TRY(climb(rounds, access, at, near_vertex, err));
            continue;
        }
        int32_t at_s = first_s + ceil_seconds((int32_t)(access->walk_dm * 100), rounds->speed);
        int32_t slack_s = access->walk_dm != 0 && !rounds->back ? rounds->slack_s : 0;
        set_reach(rounds, 0, access->stop, at_s + slack_s,
                  (reach_from){at, access->walk_dm, HOW_ACCESS});
        set_out_by_rules(rounds, access->stop, at_s, at, access->walk_dm);
        uint32_t vertex = rounds->day->stop_vertex[query->walk][access->stop];
        if (vertex != TQ_NONE && rounds->core != 0)
            near_vertex(
                rounds, vertex,
                (uint64_t)access->walk_dm + rounds->city->timetable.stop[access->stop].link_dm, at);
        uint32_t end_dm = rounds->stop_dm[access->stop];
        if (end_dm != TQ_NONE && end_dm + access->walk_dm <= (uint32_t)rounds->max_walk_mm / 100)
            goal(rounds, 0,
                 first_s + ceil_seconds((int32_t)((end_dm + access->walk_dm) * 100), rounds->speed),
                 at, rounds->stop_access[access->stop], end_dm + access->walk_dm, HOW_WALK);
    }
    queue_begin(rounds, 0);
    for (uint32_t vertex = 0; vertex < rounds->core; vertex++)
        if (rounds->best_vertex[0][vertex] != FAR)
            queue_put(&rounds->queue, vertex, rounds->best_vertex[0][vertex]);
    walk_freely(rounds, 0);
    return TQ_OK;
}
