/*
 * Map matching: the streets that a noisy trace of points was driven on.
 *
 * Method: a hidden Markov model (after Newson, Krumm 2009), solved by Viterbi. A state is a near
 * street in one direction; a point speaks for it by a normal law of its distance, and two states
 * follow each other the better the closer the length of the quickest way between them is to the
 * straight line of their points. Ways come from small searches in the neighbourhood, over the
 * hierarchy when those find none. A state remembers the copy of its arc that the way ended at, so
 * that the whole way keeps to restrictions over via ways.
 *
 * Costs are whole numbers, 1024 to a natural logarithm of likelihood; states that are BEAM behind
 * the best of their point are dropped. Points that lie closer to the last one than their accuracy
 * add nothing and stand where it stood. Points that no state can be reached for are dropped when
 * the trace goes on behind them, else the piece ends there.
 *
 * Invariants: the same trace gives the same answer; nothing is allocated outside `work`.
 */
#include "road/match_in.h"

#define NAT             1024
#define BEAM            (12 * NAT)
#define EMISSION_MOST   (200 * NAT)
#define ACCURACY_M      5u
#define ACCURACY_LEAST  3u
#define ACCURACY_MOST   1000u
#define RADIUS_LEAST_M  50u
#define RADIUS_MOST_M   500u
#define NARROW_LEAST_M  25u
#define GAP_S           60u
#define SPEED_MOST_DM_S 600    /* 216 km/h */
#define JUMP_MOST_DM    50000u /* between points whose times are not known */
#define SKIPS_MAX       3u
#define FAR_STATES      3u        /* from how many states the hierarchy is asked */
#define LIKELY          (3 * NAT) /* another street this close counts as a choice */
#define FIT_GOOD        NAT       /* cost a point of a trace that fits */
#define FIT_BAD         (6 * NAT)

/* A street in one direction at one point of the trace. */
typedef struct match_state {
    uint32_t vertex, at_dm;
    int32_t cost; /* over the best state of its layer */
    uint32_t distance_dm;
    tq_point at;
    uint32_t prev; /* state of the layer before; TQ_NONE in the first */
} match_state;

/* The states of one point. */
typedef struct match_layer {
    uint32_t point, first, count;
    int32_t least; /* what the cost of its best state rose by */
} match_layer;

typedef struct matcher {
    const tq_city *city;
    const tq_metric *metric;
    const tq_trace_point *trace;
    uint32_t count;
    const tq_match_wish *wish;
    int64_t gap_s;
    tq_arena *work;
    hop_search *hops;
    /* the answer */
    tq_matched_point *point; /* [count] */
    uint32_t *vertex;        /* [count] of matched points */
    tq_matched_piece *piece; /* [count / 2 + 1] */
    uint32_t piece_count;
    /* the piece in hand: layers ascend by point; followers stand where the layer before stood */
    size_t mark;
    match_layer *layer; /* [count] */
    uint32_t layer_count;
    match_state *state; /* grows at the end of `work` */
    uint32_t state_count;
    int64_t last_s; /* time of the last point of the piece */
    bool *follows;  /* [count] */
    bool full;
} matcher;

static uint32_t accuracy_m(const tq_trace_point *point)
{
    uint32_t given = point->accuracy_m == 0 ? ACCURACY_M : point->accuracy_m;
    return TQ_MAX(ACCURACY_LEAST, TQ_MIN(given, ACCURACY_MOST));
}

static int32_t emission(const tq_trace_point *point, uint32_t distance_dm)
{
    int64_t sigma_dm = (int64_t)accuracy_m(point) * 10;
    int64_t cost = (int64_t)distance_dm * distance_dm * (NAT / 2) / (sigma_dm * sigma_dm);
    return (int32_t)TQ_MIN(cost, EMISSION_MOST);
}

static int32_t transition(const tq_trace_point *point, uint32_t way_dm, uint32_t straight_dm)
{
    int64_t off_dm = way_dm > straight_dm ? way_dm - straight_dm : straight_dm - way_dm;
    int64_t scale_dm = (int64_t)accuracy_m(point) * 20;
    return (int32_t)TQ_MIN(off_dm * NAT / scale_dm, EMISSION_MOST);
}

/* ---- candidates ------------------------------------------------------------------------------ */

typedef struct candidates {
    uint32_t count;
    match_state state[MATCH_STATES]; /* cost: of the emission */
    uint32_t arc[MATCH_STATES];
} candidates;

static void add_candidate(const matcher *work, const tq_trace_point *point, const tq_snap *snap,
                          candidates *out)
{
    uint32_t open = road_open_directions(work->metric, snap->edge);
    uint32_t length_dm = work->city->streets.edge_length_dm[snap->edge];
    for (uint32_t direction = 0; direction < 2; direction++) {
        uint32_t arc = 2 * snap->edge + direction;
        uint32_t vertex = work->metric->hierarchy->vertex_of_arc[arc];
        if (!(open >> direction & 1) || vertex == TQ_NONE) continue;
        out->arc[out->count] = arc;
        out->state[out->count++] =
            (match_state){.vertex = vertex,
                          .at_dm = direction ? length_dm - snap->along_dm : snap->along_dm,
                          .cost = emission(point, snap->distance_dm),
                          .distance_dm = snap->distance_dm,
                          .at = snap->at,
                          .prev = TQ_NONE};
    }
}

typedef enum match_radius { NARROW, WIDE } match_radius;

/* Streets around a point; none when there are none. */
static void find_candidates(const matcher *work, const tq_trace_point *point, match_radius radius,
                            candidates *out)
{
    uint32_t sigma = accuracy_m(point), narrow_m = TQ_MAX(4 * sigma, NARROW_LEAST_M);
    uint32_t wide_m = TQ_MIN(TQ_MAX(3 * sigma, RADIUS_LEAST_M), RADIUS_MOST_M);
    tq_snap snap[MATCH_CANDIDATES];
    uint32_t count = 0;
    tq_snap_wish wish = {.limit = MATCH_CANDIDATES, .bearing = -1};
    wish.radius_m = radius == NARROW ? TQ_MIN(narrow_m, wide_m) : wide_m;
    out->count = 0;
    if (tq_road_snap(work->city, work->metric, point->at, &wish, snap, &count, NULL) != TQ_OK)
        return;
    for (uint32_t k = 0; k < count; k++)
        if (emission(point, snap[k].distance_dm) <= emission(point, snap[0].distance_dm) + BEAM)
            add_candidate(work, point, &snap[k], out);
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* Keep what is within the beam as the next layer; false when nothing is. */
static bool add_layer(matcher *work, uint32_t point, const candidates *from)
{
    int32_t least = INT32_MAX;
    for (uint32_t k = 0; k < from->count; k++)
        least = TQ_MIN(least, from->state[k].cost);
    if (least == INT32_MAX) return false;
    match_layer *layer = &work->layer[work->layer_count];
    *layer = (match_layer){.point = point, .first = work->state_count, .least = least};
    for (uint32_t k = 0; k < from->count; k++) {
        if (from->state[k].cost == INT32_MAX || from->state[k].cost - least > BEAM) continue;
        match_state *state = TQ_PUSH_RAW(work->work, match_state, 1);
        if (state == NULL) {
            work->full = true;
            return true;
        }
        if (work->state == NULL) work->state = state;
        *state = from->state[k];
        state->cost -= least;
        layer->count++;
        work->state_count++;
    }
    work->layer_count++;
    return true;
}

/* Between the last layer's point and the next one. */
typedef struct match_step {
    const tq_trace_point *point;
    uint32_t straight_dm;
    uint32_t most_dm; /* no way longer than this can have been driven */
} match_step;

static match_step step_to(const matcher *work, uint32_t next)
{
    const tq_trace_point *point = &work->trace[next];
    const tq_trace_point *last = &work->trace[work->layer[work->layer_count - 1].point];
    match_step step = {point, tq_distance_dm(last->at, point->at), 0};
    uint64_t noise_dm = 30ull * (accuracy_m(point) + accuracy_m(last)) + 500;
    uint64_t most_dm = 4ull * step.straight_dm + 5000;
    if (point->at_s != TQ_NO_TIME && work->last_s != TQ_NO_TIME)
        most_dm = (uint64_t)TQ_MIN(TQ_MAX(point->at_s - work->last_s, 1), 86400) * SPEED_MOST_DM_S +
                  noise_dm;
    else if (step.straight_dm > JUMP_MOST_DM)
        most_dm = 0;
    step.most_dm = (uint32_t)TQ_MIN(most_dm, INT32_MAX / 4);
    return step;
}

/* Take a way from a state of the last layer to a candidate when it is the best so far. */
static void offer_way(match_state *to, const match_step *step, const match_state *from,
                      uint32_t prev, const hop_target *way, int32_t *best)
{
    if (way->dm == MATCH_NOT_REACHED || way->dm > step->most_dm) return;
    int32_t cost = from->cost + transition(step->point, way->dm + way->extra_dm, step->straight_dm);
    if (cost >= *best) return;
    *best = cost;
    to->prev = prev;
    to->vertex = way->vertex;
    to->at_dm = way->at_dm;
}

/* On the same arc one goes on; a little back is noise of standing or slow driving. */
static void go_on(const matcher *work, const match_step *step, const match_state *from,
                  hop_target *target)
{
    if (work->metric->hierarchy->arc_of_vertex[from->vertex] != target->arc) return;
    uint32_t back_most_dm = 40 * accuracy_m(step->point);
    if (target->at_dm + back_most_dm < from->at_dm) return;
    target->dm = target->at_dm > from->at_dm ? target->at_dm - from->at_dm : 0;
    target->at_dm = TQ_MAX(target->at_dm, from->at_dm);
    target->vertex = from->vertex;
}

static void targets_of(const candidates *to, hop_target target[MATCH_STATES])
{
    for (uint32_t k = 0; k < to->count; k++)
        target[k] = (hop_target){.arc = to->arc[k],
                                 .at_dm = to->state[k].at_dm,
                                 .dm = MATCH_NOT_REACHED,
                                 .vertex = TQ_NONE,
                                 .label = TQ_NONE};
}

/* Ways over the hierarchy, for hops that are too far for the small search. */
static void hop_far(const matcher *work, const match_state *from, hop_target *target,
                    uint32_t count)
{
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    for (uint32_t k = 0; k < count; k++) {
        size_t mark = work->work->used;
        uint32_t vertices = 0, to = hierarchy->vertex_of_arc[target[k].arc];
        int32_t ds = 0;
        uint32_t *path = road_path(work->metric, from->vertex, to, work->work, &vertices, &ds);
        int64_t dm = (int64_t)target[k].at_dm - from->at_dm;
        for (uint32_t v = 0; path != NULL && v + 1 < vertices; v++)
            dm += work->city->streets.edge_length_dm[hierarchy->arc_of_vertex[path[v]] >> 1];
        if (path != NULL && dm >= 0 && dm < INT32_MAX / 4) {
            target[k].dm = (uint32_t)dm;
            target[k].vertex = to;
        }
        tq_arena_reset(work->work, mark);
    }
}

/* Costs of all candidates by the best way to each; false when there is no way to any. */
static bool connect(const matcher *work, const match_step *step, candidates *to)
{
    const match_layer *last = &work->layer[work->layer_count - 1];
    const match_state *from = work->state + last->first;
    int32_t best[MATCH_STATES];
    hop_target target[MATCH_STATES];
    bool any = false;
    uint32_t bound_dm = TQ_MIN(step->straight_dm + step->straight_dm / 2 + 2000, step->most_dm);
    for (uint32_t k = 0; k < to->count; k++)
        best[k] = INT32_MAX;
    for (uint32_t k = 0; k < last->count && step->straight_dm <= step->most_dm; k++) {
        targets_of(to, target);
        for (uint32_t t = 0; t < to->count; t++)
            go_on(work, step, &from[k], &target[t]);
        match_hop(work->hops, work->city, work->metric, (hop_place){from[k].vertex, from[k].at_dm},
                  bound_dm, target, to->count);
        for (uint32_t t = 0; t < to->count; t++)
            offer_way(&to->state[t], step, &from[k], k, &target[t], &best[t]);
    }
    for (uint32_t t = 0; t < to->count; t++)
        any = any || best[t] < INT32_MAX;
    for (uint32_t k = 0;
         !any && k < TQ_MIN(last->count, FAR_STATES) && step->straight_dm <= step->most_dm; k++) {
        targets_of(to, target);
        hop_far(work, &from[k], target, to->count);
        for (uint32_t t = 0; t < to->count; t++)
            offer_way(&to->state[t], step, &from[k], k, &target[t], &best[t]);
    }
    any = false;
    for (uint32_t t = 0; t < to->count; t++) {
        to->state[t].cost = best[t] == INT32_MAX ? INT32_MAX : to->state[t].cost + best[t];
        any = any || best[t] < INT32_MAX;
    }
    return any;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* 2^-k in 1/65536, for costs in NAT: e^-1 is about 2^-1.443. */
static uint32_t likelihood(int32_t cost)
{
    uint32_t halvings = (uint32_t)((int64_t)cost * 1443 / 1000 / (NAT / 8)); /* eighths */
    static const uint32_t eighth[8] = {65536, 60097, 55109, 50535, 46341, 42495, 38968, 35734};
    return halvings / 8 >= 16 ? 0 : eighth[halvings % 8] >> halvings / 8;
}

/* How clearly a state wins against other streets of its layer, in 1/65536; and how many of those
 * are likely. */
static uint32_t share_of(const matcher *work, const match_layer *layer, uint32_t chosen,
                         uint32_t *choices)
{
    const uint32_t *arc_of = work->metric->hierarchy->arc_of_vertex;
    const match_state *state = work->state + layer->first;
    uint64_t others = 0;
    *choices = 0;
    for (uint32_t k = 0; k < layer->count; k++) {
        if (arc_of[state[k].vertex] >> 1 == arc_of[state[chosen].vertex] >> 1) continue;
        others += likelihood(state[k].cost);
        *choices += state[k].cost - state[chosen].cost <= LIKELY;
    }
    uint64_t own = likelihood(state[chosen].cost);
    return own + others == 0 ? 0 : (uint32_t)(own * 65536 / (own + others));
}

static void put_point(matcher *work, uint32_t point, const match_state *state, uint32_t choices)
{
    uint32_t arc = work->metric->hierarchy->arc_of_vertex[state->vertex], edge = arc >> 1;
    uint32_t length_dm = work->city->streets.edge_length_dm[edge];
    work->vertex[point] = state->vertex;
    work->point[point] =
        (tq_matched_point){.piece = work->piece_count,
                           .snap = {.edge = edge,
                                    .along_dm = arc & 1 ? length_dm - state->at_dm : state->at_dm,
                                    .distance_dm = state->distance_dm,
                                    .at = state->at,
                                    .directions = (uint8_t)(1u << (arc & 1))},
                           .choices = choices};
}

/* Points from one layer's up to the next layer's stand where the layer's point stands. */
static void put_followers(matcher *work, const match_layer *layer, uint32_t end)
{
    for (uint32_t point = layer->point + 1; point < end; point++) {
        if (!work->follows[point]) continue;
        work->vertex[point] = work->vertex[layer->point];
        work->point[point] = work->point[layer->point];
    }
}

/* Number the matched points of a range; returns how many there are. */
static uint32_t number_points(matcher *work, uint32_t first, uint32_t end)
{
    uint32_t place = 0;
    for (uint32_t point = first; point < end; point++)
        if (work->point[point].piece == work->piece_count) work->point[point].place = place++;
    return place;
}

/* Follow the best state of the last layer back, and forget the layers. `piece_end`: the first point
 * that is not of the piece. */
static void close_piece(matcher *work, uint32_t piece_end)
{
    if (work->layer_count == 0) return;
    uint32_t last = work->layer_count - 1, chosen = 0, first_point = work->layer[0].point;
    const match_state *state = work->state + work->layer[last].first;
    for (uint32_t k = 1; k < work->layer[last].count; k++)
        if (state[k].cost < state[chosen].cost) chosen = k;
    uint64_t shares = 0;
    int64_t cost = 0;
    uint32_t end = piece_end;
    for (uint32_t k = work->layer_count; k-- > 0; end = work->layer[k].point) {
        const match_layer *layer = &work->layer[k];
        state = work->state + layer->first;
        uint32_t choices;
        shares += share_of(work, layer, chosen, &choices);
        cost += layer->least;
        put_point(work, layer->point, &state[chosen], choices);
        put_followers(work, layer, end);
        chosen = state[chosen].prev;
    }
    uint32_t past = piece_end;
    while (work->point[past - 1].piece != work->piece_count)
        past--;
    uint32_t matched = number_points(work, first_point, past);
    int64_t mean = cost / work->layer_count;
    int64_t fit = mean <= FIT_GOOD ? NAT : TQ_MAX(0, FIT_BAD - mean) * NAT / (FIT_BAD - FIT_GOOD);
    uint64_t share = shares / work->layer_count * (uint64_t)fit / NAT;
    if (matched >= 2) {
        work->piece[work->piece_count++] =
            (tq_matched_piece){.first = first_point,
                               .count = past - first_point,
                               .confidence_percent = (uint32_t)(share * 100 / 65536),
                               .way_count = matched - 1};
    } else {
        for (uint32_t point = first_point; point < past; point++)
            work->point[point].piece = TQ_NONE;
    }
    work->layer_count = work->state_count = 0;
    work->state = NULL;
    tq_arena_reset(work->work, work->mark);
}

/* ---- the trace ------------------------------------------------------------------------------- */

/* Does a point come before the one that the piece ends with? */
static bool too_early(const matcher *work, const tq_trace_point *point)
{
    return point->at_s != TQ_NO_TIME && work->last_s != TQ_NO_TIME && point->at_s < work->last_s;
}

static bool after_gap(const matcher *work, const tq_trace_point *point)
{
    return work->wish->split && point->at_s != TQ_NO_TIME && work->last_s != TQ_NO_TIME &&
           point->at_s - work->last_s > work->gap_s;
}

static bool near_last(const matcher *work, const tq_trace_point *point)
{
    const tq_trace_point *last = &work->trace[work->layer[work->layer_count - 1].point];
    return tq_distance_dm(last->at, point->at) < 10 * accuracy_m(point);
}

typedef enum match_fate { POINT_TAKEN, POINT_DROPPED, POINT_UNCONNECTED } match_fate;

/* Join a point to the piece in hand, or begin one with it. */
static match_fate take_point(matcher *work, uint32_t next, bool skipping)
{
    const tq_trace_point *point = &work->trace[next];
    candidates found;
    if (work->layer_count > 0 && !skipping && near_last(work, point)) {
        work->follows[next] = !work->wish->tidy;
        if (point->at_s != TQ_NO_TIME) work->last_s = point->at_s;
        return POINT_TAKEN;
    }
    find_candidates(work, point, NARROW, &found);
    bool joined = found.count > 0;
    if (work->layer_count > 0) {
        match_step step = step_to(work, next);
        joined = joined && connect(work, &step, &found);
        if (!joined) {
            find_candidates(work, point, WIDE, &found);
            if (found.count == 0) return POINT_DROPPED;
            joined = connect(work, &step, &found);
        }
        if (!joined) return POINT_UNCONNECTED;
    } else if (!joined) {
        find_candidates(work, point, WIDE, &found);
    }
    if (found.count == 0 || !add_layer(work, next, &found)) return POINT_DROPPED;
    work->last_s = point->at_s;
    return POINT_TAKEN;
}

static void match_points(matcher *work)
{
    uint32_t skips = 0, broken_at = 0, next = 0;
    while ((next < work->count || skips > 0) && !work->full) {
        bool gap =
            next < work->count && work->layer_count > 0 && after_gap(work, &work->trace[next]);
        if (skips > SKIPS_MAX || (skips > 0 && (gap || next == work->count))) {
            close_piece(work, broken_at); /* it does not go on: begin again where it broke */
            next = broken_at;
            skips = 0;
            continue;
        }
        if (gap) close_piece(work, next);
        if (work->layer_count == 0) work->last_s = TQ_NO_TIME;
        match_fate fate = POINT_UNCONNECTED;
        if (!too_early(work, &work->trace[next])) fate = take_point(work, next, skips > 0);
        if (fate == POINT_UNCONNECTED && skips++ == 0) broken_at = next;
        if (fate == POINT_TAKEN) skips = 0;
        next++;
    }
    if (!work->full) close_piece(work, work->count);
}

/* ---- ways ------------------------------------------------------------------------------------ */

static road_end end_of(const matcher *work, uint32_t point)
{
    const tq_snap *snap = &work->point[point].snap;
    uint32_t arc = 2 * snap->edge + (snap->directions == 2);
    uint32_t length_dm = work->city->streets.edge_length_dm[snap->edge];
    uint32_t at_dm = arc & 1 ? length_dm - snap->along_dm : snap->along_dm;
    int32_t passed = at_dm == 0 ? 0 : road_part_ds(work->metric->arc_ds[arc], at_dm, length_dm);
    uint32_t area = work->metric->area != NULL ? work->metric->area[snap->edge] : TQ_NONE;
    return (road_end){work->vertex[point], passed, arc, at_dm, area};
}

/* The way between two matched points, as it was found when they were joined. */
static bool way_between(const matcher *work, uint32_t from, uint32_t to, tq_way *out)
{
    road_end begin = end_of(work, from), end = end_of(work, to);
    uint32_t *vertex = &begin.vertex, count = 1;
    if (begin.vertex != end.vertex || begin.at_dm > end.at_dm) {
        hop_target target = {.arc = end.arc, .at_dm = end.at_dm, .dm = MATCH_NOT_REACHED};
        match_hop(work->hops, work->city, work->metric, (hop_place){begin.vertex, begin.at_dm},
                  INT32_MAX / 4, &target, 1);
        int32_t ds = 0;
        if (target.dm != MATCH_NOT_REACHED && target.vertex == end.vertex)
            vertex = match_hop_path(work->hops, &target, work->work, &count);
        else
            vertex = road_path(work->metric, begin.vertex, end.vertex, work->work, &count, &ds);
        if (vertex == NULL) return false;
    }
    return road_way_of(work->city, work->metric, vertex, count, &begin, &end, work->work, out);
}

static bool find_ways(matcher *work)
{
    for (uint32_t k = 0; k < work->piece_count; k++) {
        tq_matched_piece *piece = &work->piece[k];
        tq_way *way = TQ_PUSH_RAW(work->work, tq_way, piece->way_count);
        uint32_t from = TQ_NONE, done = 0;
        if (way == NULL) return false;
        for (uint32_t point = piece->first; point < piece->first + piece->count; point++) {
            if (work->point[point].piece != k) continue;
            if (from != TQ_NONE && !way_between(work, from, point, &way[done++])) return false;
            from = point;
        }
        TQ_ASSERT(done == piece->way_count);
        piece->way = way;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static tq_status check_trace(const tq_trace_point *trace, uint32_t count, tq_err *err)
{
    if (count < 2)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a trace needs at least two points, not %u", count);
    if (count > TQ_TRACE_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a trace of %u points is over the limit of %d; cut it",
                       count, TQ_TRACE_MAX);
    for (uint32_t point = 0; point < count; point++) {
        if (!tq_point_valid(trace[point].at))
            return tq_fail(err, TQ_BAD_INPUT, point + 1u,
                           "point %u of the trace, %.5f,%.5f, is not a place: latitude goes to 90, "
                           "longitude to 180",
                           point + 1, (double)trace[point].at.lat_e7 / 1e7,
                           (double)trace[point].at.lon_e7 / 1e7);
        /* Differences of times must fit. */
        if (trace[point].at_s != TQ_NO_TIME &&
            (trace[point].at_s > INT64_MAX / 4 || trace[point].at_s < INT64_MIN / 4))
            return tq_fail(err, TQ_BAD_INPUT, point + 1u,
                           "point %u of the trace has a time of %lld s, which no clock shows",
                           point + 1, (long long)trace[point].at_s);
    }
    return TQ_OK;
}

tq_status tq_road_match(const tq_city *city, const tq_metric *metric, const tq_trace_point *trace,
                        uint32_t count, const tq_match_wish *wish, tq_arena *arena,
                        tq_matching *out, tq_err *err)
{
    TQ_TRY(check_trace(trace, count, err));
    matcher work = {.city = city,
                    .metric = metric,
                    .trace = trace,
                    .count = count,
                    .wish = wish,
                    .gap_s = wish->gap_s == 0 ? GAP_S : wish->gap_s,
                    .work = arena,
                    .last_s = TQ_NO_TIME,
                    .point = TQ_PUSH(arena, tq_matched_point, count),
                    .vertex = TQ_PUSH_RAW(arena, uint32_t, count),
                    .piece = TQ_PUSH_RAW(arena, tq_matched_piece, count / 2 + 1),
                    .layer = TQ_PUSH_RAW(arena, match_layer, count),
                    .follows = TQ_PUSH(arena, bool, count),
                    .hops = TQ_PUSH_RAW(arena, hop_search, 1)};
    work.full = work.point == NULL || work.vertex == NULL || work.piece == NULL ||
                work.layer == NULL || work.follows == NULL || work.hops == NULL;
    if (!work.full) {
        work.hops->run = 0;
        memset(work.hops->slot_run, 0, sizeof work.hops->slot_run);
        for (uint32_t point = 0; point < count; point++)
            work.point[point].piece = TQ_NONE;
        work.mark = arena->used;
        match_points(&work);
    }
    if (work.full || !find_ways(&work))
        return tq_fail(err, TQ_NO_MEMORY, 0,
                       "a trace of %u points does not fit the query's scratch of %zu bytes; cut it",
                       count, arena->cap);
    if (work.piece_count == 0)
        return tq_fail(err, TQ_NO_ROUTE, 0,
                       "no two points of the trace can be joined by streets near them");
    *out = (tq_matching){work.point, work.piece_count, work.piece};
    return TQ_OK;
}
