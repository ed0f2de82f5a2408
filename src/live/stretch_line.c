/*
 * A stretch drawn as a line.
 *
 * Method: arcs near the line are sampled every SAMPLE_DM. A sample lies on the line when it is
 * within LIVE_LINE_M of a piece that runs the same way, so that of two carriageways the one that is
 * drawn is taken. An arc that the line covers to a fifth or for 15 m is a candidate. The stretch is
 * the way over candidates from where the line begins to where it ends that keeps nearest to it:
 * Dijkstra over their nodes, metres weighted by their distance from the line.
 *
 * Refused: a place of the line without a street beside it, a line whose arcs do not follow each
 * other. Arcs are taken whole: what a closure closes is always between two junctions.
 */
#include <stdlib.h>

#include "live/live_in.h"

#define SAMPLE_DM    50u
#define SAMPLES_MAX  4000u
#define HEADING_DEG  50u
#define ANY_HEADING  UINT32_MAX
#define COVERED_DM   150u
#define COVERED_PART 5u
#define END_SLACK_DM 400
#define LINE_KM_MAX  200u
#define NEAR_EDGES   200000u
#define STRAY_FACTOR 50 /* a decimetre off the line counts as so many on it */

typedef struct trace {
    live_line point;
    uint32_t *at_dm; /* [point.count] along the line */
} trace;

typedef struct candidate {
    uint32_t arc;
    int64_t cost;
    uint32_t from_dm, to_dm; /* along the line */
} candidate;

typedef struct candidates {
    TQ_VEC(candidate) row; /* ascending by tail node, then arc */
} candidates;

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_number(const json_t *value, double limit, int32_t *e7)
{
    if (!json_is_number(value)) return false;
    double number = json_number_value(value);
    if (!(number >= -limit && number <= limit)) return false;
    *e7 = (int32_t)(number * 1e7 + (number < 0 ? -0.5 : 0.5));
    return true;
}

static tq_status read_points(live_finder *finder, const json_t *line, tq_datum datum, trace *out)
{
    size_t count = json_array_size(line);
    if (!json_is_array(line) || count < 2 || count > TQ_STRETCH_POINTS_MAX)
        return tq_fail(finder->err, TQ_BAD_INPUT, 0,
                       "\"line\" is a list of 2 to %u points [lon,lat]; here are %zu",
                       TQ_STRETCH_POINTS_MAX, count);
    for (size_t k = 0; k < count; k++) {
        const json_t *pair = json_array_get(line, k);
        tq_point at = {0, 0};
        bool good = json_array_size(pair) >= 2 && json_array_size(pair) <= 3 &&
                    read_number(json_array_get(pair, 0), 180, &at.lon_e7) &&
                    read_number(json_array_get(pair, 1), 90, &at.lat_e7);
        if (!good)
            return tq_fail(finder->err, TQ_BAD_INPUT, k,
                           "\"line\" point %zu is not [lon,lat] in degrees", k);
        at = tq_to_wgs84(at, datum);
        if (out->point.count > 0 && tq_distance_dm(out->point.at[out->point.count - 1], at) == 0)
            continue;
        if (!tq_vec_push(&out->point, at)) return live_no_memory(finder->err);
    }
    if (out->point.count < 2)
        return tq_fail(finder->err, TQ_BAD_INPUT, 0,
                       "\"line\" has no length: all its points are "
                       "one place");
    return TQ_OK;
}

static tq_status measure(live_finder *finder, trace *out)
{
    uint64_t sum = 0;
    out->at_dm = TQ_ALLOC(uint32_t, out->point.count);
    if (out->at_dm == NULL) return live_no_memory(finder->err);
    for (size_t k = 1; k < out->point.count; k++) {
        sum += tq_distance_dm(out->point.at[k - 1], out->point.at[k]);
        if (sum > LINE_KM_MAX * 10000u)
            return tq_fail(finder->err, TQ_LIMIT, k, "\"line\" is longer than %u km", LINE_KM_MAX);
        out->at_dm[k] = (uint32_t)sum;
    }
    return TQ_OK;
}

/* ---- candidates ------------------------------------------------------------------------------ */

/* Where a place lies on the line; false when no piece is near that runs the same way. A piece of no
 * length, such as a gate, runs any way. */
static bool on_line(const trace *line, tq_point at, unsigned heading, uint32_t *along_dm,
                    uint32_t *away_dm)
{
    *away_dm = UINT32_MAX;
    for (size_t k = 1; k < line->point.count; k++) {
        tq_point a = line->point.at[k - 1], b = line->point.at[k];
        tq_foot foot = tq_project(at, a, b);
        if (foot.distance_dm > LIVE_LINE_M * 10 || foot.distance_dm >= *away_dm) continue;
        if (heading != ANY_HEADING && live_turn_deg(heading, tq_bearing_deg(a, b)) > HEADING_DEG)
            continue;
        *away_dm = foot.distance_dm;
        *along_dm = line->at_dm[k - 1] + foot.along_dm;
    }
    return *away_dm != UINT32_MAX;
}

typedef struct cover {
    uint32_t samples, on, from_dm, to_dm;
    int64_t cost;
} cover;

static void cover_piece(const trace *line, tq_point a, tq_point b, cover *sum)
{
    uint32_t length = tq_distance_dm(a, b), steps = length / SAMPLE_DM + 1, along, away;
    unsigned heading = length == 0 ? ANY_HEADING : tq_bearing_deg(a, b);
    steps = TQ_MIN(steps, SAMPLES_MAX);
    for (uint32_t k = 0; k < steps; k++) {
        /* The middle of each step: an end may touch a line that goes another way. */
        uint32_t at_dm = (uint32_t)(((uint64_t)length * (2 * k + 1)) / (2 * (uint64_t)steps));
        tq_point at = tq_between(a, b, at_dm, TQ_MAX(length, 1u));
        sum->samples++;
        if (!on_line(line, at, heading, &along, &away)) {
            sum->cost += (int64_t)STRAY_FACTOR * (length / steps + 1);
            continue;
        }
        if (sum->on == 0) sum->from_dm = along;
        sum->to_dm = along;
        sum->on++;
        uint32_t away_m = away / 10;
        sum->cost += (int64_t)(length / steps + 1) * (4 + away_m * away_m / 4) / 4;
    }
}

static bool add_candidate(live_finder *finder, const trace *line, uint32_t arc, candidates *out)
{
    const tq_streets *streets = finder->streets;
    cover sum = {0};
    uint32_t count = live_arc_points(streets, arc);
    if (!live_may(finder, arc)) return true;
    tq_point a = live_arc_point(streets, arc, 0);
    for (uint32_t k = 1; k < count; k++) {
        tq_point b = live_arc_point(streets, arc, k);
        cover_piece(line, a, b, &sum);
        a = b;
    }
    uint64_t on_dm = (uint64_t)streets->edge_length_dm[arc >> 1] * sum.on / TQ_MAX(sum.samples, 1u);
    if (sum.on == 0 || (on_dm < COVERED_DM && sum.on * COVERED_PART < sum.samples)) return true;
    /* Only the line's ends may lie on a part of an arc. */
    if (sum.to_dm < sum.from_dm) return true;
    candidate row = {arc, sum.cost + 1, sum.from_dm, sum.to_dm};
    return tq_vec_push(&out->row, row);
}

static bool gather(live_finder *finder, const trace *line, candidates *out)
{
    const tq_streets *streets = finder->streets;
    live_ids near = {0};
    bool good = true;
    for (size_t k = 1; good && k < line->point.count; k++) {
        tq_box box = TQ_BOX_EMPTY;
        tq_cells cells;
        tq_box_add(&box, line->point.at[k - 1]);
        tq_box_add(&box, line->point.at[k]);
        box = tq_box_grow(box, LIVE_LINE_M);
        if (!tq_grid_cells(&streets->grid, &box, &cells)) continue;
        for (uint32_t row = cells.row0; good && row <= cells.row1; row++) {
            uint32_t base = row * streets->grid.columns;
            uint32_t from = streets->grid.first[base + cells.column0],
                     to = streets->grid.first[base + cells.column1 + 1];
            for (uint32_t at = from; good && at < to; at++)
                good = tq_vec_push(&near, streets->grid.item[at]);
        }
        /* A long drawing repeats its cells: keep the list short. */
        if (good && near.count > NEAR_EDGES) break;
    }
    good = good && (near.count == 0 || tq_sort_u32(near.at, near.count));
    for (size_t k = 0; good && k < near.count; k++) {
        if (k > 0 && near.at[k] == near.at[k - 1]) continue;
        good = add_candidate(finder, line, 2 * near.at[k], out) &&
               add_candidate(finder, line, 2 * near.at[k] + 1, out);
    }
    tq_vec_free(&near);
    return good;
}

/* ---- the way --------------------------------------------------------------------------------- */

/* Every place of the line has a candidate beside it. */
static tq_status check_covered(live_finder *finder, const trace *line, const candidates *all)
{
    for (size_t k = 1; k < line->point.count; k++) {
        tq_point a = line->point.at[k - 1], b = line->point.at[k];
        uint32_t length = line->at_dm[k] - line->at_dm[k - 1], steps = length / 100 + 1;
        for (uint32_t step = 0; step < steps; step++) {
            tq_point at =
                tq_between(a, b, (uint32_t)((uint64_t)length * step / steps), TQ_MAX(length, 1u));
            bool near = false;
            for (size_t c = 0; c < all->row.count && !near; c++)
                near = live_arc_distance_dm(finder->streets, all->row.at[c].arc, at) <=
                       LIVE_LINE_M * 10;
            if (!near)
                return tq_fail(finder->err, TQ_NOT_FOUND, k,
                               "\"line\" leaves the streets at %.5f,%.5f (after point %zu): no "
                               "street within %u m goes that way",
                               at.lat_e7 / 1e7, at.lon_e7 / 1e7, k - 1, LIVE_LINE_M);
        }
    }
    return TQ_OK;
}

static uint32_t least(uint32_t a, uint32_t b, uint32_t c)
{
    return TQ_MIN(a, TQ_MIN(b, c));
}

/* Dijkstra over candidates as vertices: their number is small. */
static tq_status follow(live_finder *finder, const trace *line, const candidates *all,
                        live_ids *way)
{
    const tq_streets *streets = finder->streets;
    uint32_t count = (uint32_t)all->row.count, last = TQ_NONE, reach = 0;
    uint32_t length = line->at_dm[line->point.count - 1];
    uint32_t slack = least(END_SLACK_DM, length / 3 + 1, length);
    int64_t *cost = TQ_ALLOC(int64_t, (size_t)count + 1);
    uint32_t *before = TQ_ALLOC(uint32_t, (size_t)count + 1);
    uint8_t *done = TQ_ALLOC(uint8_t, (size_t)count + 1);
    tq_status status = TQ_OK;
    if (cost == NULL || before == NULL || done == NULL) status = live_no_memory(finder->err);
    for (uint32_t k = 0; status == TQ_OK && k < count; k++) {
        cost[k] = all->row.at[k].from_dm <= slack
                      ? all->row.at[k].cost + STRAY_FACTOR * (int64_t)all->row.at[k].from_dm
                      : INT64_MAX;
        before[k] = TQ_NONE;
    }
    int64_t best = INT64_MAX;
    for (uint32_t round = 0; status == TQ_OK && round < count; round++) {
        uint32_t now = TQ_NONE;
        for (uint32_t k = 0; k < count; k++)
            if (!done[k] && cost[k] != INT64_MAX && (now == TQ_NONE || cost[k] < cost[now]))
                now = k;
        if (now == TQ_NONE) break;
        const candidate *row = &all->row.at[now];
        done[now] = 1;
        reach = TQ_MAX(reach, row->to_dm);
        uint32_t left = length > row->to_dm ? length - row->to_dm : 0;
        int64_t whole = cost[now] + STRAY_FACTOR * (int64_t)left;
        if (left <= slack && whole < best) {
            best = whole;
            last = now;
        }
        for (uint32_t k = 0; k < count; k++) {
            const candidate *next = &all->row.at[k];
            if (done[k] || next->arc >> 1 == row->arc >> 1 ||
                tq_arc_tail(streets, next->arc) != tq_arc_head(streets, row->arc) ||
                next->to_dm + LIVE_LINE_M * 10 < row->to_dm)
                continue;
            if (cost[now] + next->cost >= cost[k]) continue;
            cost[k] = cost[now] + next->cost;
            before[k] = now;
        }
    }
    if (status == TQ_OK && last == TQ_NONE) {
        size_t k = 1;
        while (k + 1 < line->point.count && line->at_dm[k] < reach)
            k++;
        tq_point at = tq_between(line->point.at[k - 1], line->point.at[k],
                                 reach > line->at_dm[k - 1] ? reach - line->at_dm[k - 1] : 0,
                                 TQ_MAX(line->at_dm[k] - line->at_dm[k - 1], 1u));
        status = tq_fail(finder->err, TQ_NOT_FOUND, 0,
                         "the stretch is not connected: streets beside the \"line\" do not go on "
                         "at %.5f,%.5f",
                         at.lat_e7 / 1e7, at.lon_e7 / 1e7);
    }
    for (; status == TQ_OK && last != TQ_NONE; last = before[last])
        if (!tq_vec_push(way, all->row.at[last].arc)) status = live_no_memory(finder->err);
    for (size_t a = 0, b = way->count; a + 1 < b; a++) {
        uint32_t swap = way->at[a];
        way->at[a] = way->at[--b];
        way->at[b] = swap;
    }
    tq_free(cost);
    tq_free(before);
    tq_free(done);
    return status;
}

/* ---- the door -------------------------------------------------------------------------------- */

static tq_status find(live_finder *finder, trace *line, live_ids *way)
{
    candidates all = {0};
    finder->access = TQ_ACCESS_MOTOR;
    bool good = gather(finder, line, &all);
    tq_status status = good ? check_covered(finder, line, &all) : live_no_memory(finder->err);
    if (good && status == TQ_OK) status = follow(finder, line, &all, way);
    if (good && status == TQ_NOT_FOUND) {
        /* Perhaps a way for those without a motor. */
        tq_err first = finder->err != NULL ? *finder->err : (tq_err){.status = status};
        all.row.count = 0;
        way->count = 0;
        finder->access = 0xff;
        good = gather(finder, line, &all);
        status = good ? check_covered(finder, line, &all) : live_no_memory(finder->err);
        if (good && status == TQ_OK) status = follow(finder, line, &all, way);
        if (status == TQ_NOT_FOUND && finder->err != NULL) *finder->err = first;
    }
    tq_vec_free(&all.row);
    return status;
}

/* The names that the way bears are the street, when its twin is looked for. */
static tq_status mark_names(live_finder *finder, const live_ids *way)
{
    finder->of = TQ_ALLOC(uint8_t, (size_t)finder->streets->name_count + 1);
    if (finder->of == NULL) return live_no_memory(finder->err);
    for (size_t k = 0; k < way->count; k++) {
        uint32_t name = finder->streets->edge_name[way->at[k] >> 1];
        if (name != 0) finder->of[name] = 1;
    }
    return TQ_OK;
}

tq_status live_ways_by_line(live_finder *finder, const json_t *line, const json_t *datum,
                            live_direction direction, live_ways *out)
{
    trace drawn = {0};
    tq_datum of = TQ_WGS84;
    if (datum != NULL &&
        (!json_is_string(datum) || !tq_datum_parse(tq_str_of(json_string_value(datum)), &of)))
        return tq_fail(finder->err, TQ_BAD_INPUT, 0,
                       "\"datum\" is \"wgs84\", \"gcj02\" or \"bd09\"");
    tq_status status = read_points(finder, line, of, &drawn);
    if (status == TQ_OK) status = measure(finder, &drawn);
    if (status == TQ_OK) status = find(finder, &drawn, &out->along);
    if (status == TQ_OK && direction != LIVE_FORWARD) status = mark_names(finder, &out->along);
    if (status == TQ_OK && direction != LIVE_FORWARD)
        status = live_twin(finder, &out->along, &out->against);
    tq_vec_free(&drawn.point);
    tq_free(drawn.at_dm);
    return status;
}
