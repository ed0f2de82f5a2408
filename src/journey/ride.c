/*
 * Rides, planned or live: their texts, planned times and course.
 *
 * A live run keeps its trip's texts; an added one borrows those of the trip that it names. Its
 * course follows the line's shape between places of the pattern; round a closure it takes the way
 * of the detour; where it calls at stops that the pattern does not have, it is drawn from stop to
 * stop.
 */
#include "journey/journey_in.h"

void journey_ride_text(const tq_snapshot *snapshot, uint32_t trip, uint32_t live, ride_text *out)
{
    const tq_city *city = snapshot->city;
    const tq_timetable *t = &city->timetable;
    const tq_live_run *run = live != TQ_NONE ? &snapshot->overlay->run[live] : NULL;
    bool added = run != NULL && run->state == TQ_RUN_ADDED;
    uint32_t last_stop = TQ_NONE;
    *out = (ride_text){
        .trip = added ? run->trip : trip, .direction = TQ_NONE, .headsign = "", .trip_id = ""};
    if (out->trip != TQ_NONE) {
        const tq_trip *row = &t->trip[out->trip];
        out->direction = t->pattern_direction[row->pattern];
        out->route = &t->route[t->pattern_route[row->pattern]];
        out->headsign = tq_text(city, row->headsign);
        out->trip_id = tq_text(city, row->id);
        out->assumed = (row->flags & TQ_TRIP_ASSUMED) != 0;
        last_stop = t->pattern_stop[t->pattern_first[row->pattern + 1] - 1];
    }
    if (added) {
        out->route = &t->route[run->route];
        out->trip_id = snapshot->overlay->text + run->id;
        out->assumed = false;
        last_stop = journey_calls(snapshot, live)[run->call_count - 1].stop;
    }
    if (out->headsign[0] == '\0') out->headsign = tq_text(city, t->stop[last_stop].name);
}

uint32_t journey_planned_place(const tq_snapshot *snapshot, uint32_t trip, uint32_t live,
                               uint32_t place)
{
    if (live == TQ_NONE || snapshot->overlay->run[live].state == TQ_RUN_CANCELLED) return place;
    return trip != TQ_NONE ? journey_calls(snapshot, live)[place].place : TQ_NONE;
}

void journey_planned_ms(const tq_snapshot *snapshot, uint32_t trip, uint32_t live, uint32_t place,
                        int64_t base_ms, int64_t *arrival_ms, int64_t *departure_ms)
{
    const tq_timetable *t = &snapshot->city->timetable;
    uint32_t planned = journey_planned_place(snapshot, trip, live, place);
    *arrival_ms = *departure_ms = INT64_MIN;
    if (trip == TQ_NONE || planned == TQ_NONE) return;
    const tq_stop_time *time = t->stop_time + t->profile_first[t->trip[trip].profile] + planned;
    base_ms += (int64_t)t->trip[trip].start_s * 1000;
    *arrival_ms = base_ms + (int64_t)time->arrival_s * 1000;
    *departure_ms = base_ms + (int64_t)time->departure_s * 1000;
}

/* ---- course ------------------------------------------------------------------------------------
 */

/* A line under construction, in the answer's memory. */
typedef struct course {
    int32_t *point; /* lat and lon interleaved */
    uint32_t count, cap;
} course;

static void add_point(course *line, tq_point at)
{
    if (line->count == line->cap) return;
    if (line->count > 0 && line->point[2 * line->count - 2] == at.lat_e7 &&
        line->point[2 * line->count - 1] == at.lon_e7)
        return;
    line->point[2 * line->count] = at.lat_e7;
    line->point[2 * line->count + 1] = at.lon_e7;
    line->count++;
}

static bool has_shape(const tq_timetable *t, uint32_t a, uint32_t b)
{
    uint32_t from = t->pattern_shape_at[a], to = t->pattern_shape_at[b];
    return from != TQ_NONE && to != TQ_NONE && from <= to;
}

/* Points between two entries of a pattern's stops: along the shape, or from stop to stop. */
static uint32_t count_between(const tq_timetable *t, uint32_t a, uint32_t b)
{
    return has_shape(t, a, b) ? t->pattern_shape_at[b] - t->pattern_shape_at[a] + 1 : b - a + 1;
}

static void add_between(const tq_timetable *t, uint32_t a, uint32_t b, course *line)
{
    if (has_shape(t, a, b)) {
        for (uint32_t at = t->pattern_shape_at[a]; at <= t->pattern_shape_at[b]; at++)
            add_point(line, t->shape_point[at]);
        return;
    }
    for (uint32_t at = a; at <= b; at++)
        add_point(line, t->stop[t->pattern_stop[at]].at);
}

static bool push_course(plan_ctx *ctx, uint32_t points, course *line)
{
    *line = (course){.point = TQ_PUSH_RAW(&ctx->keep, int32_t, (size_t)points * 2), .cap = points};
    return line->point != NULL;
}

static bool end_course(const course *line, tq_leg *leg)
{
    leg->line = line->point;
    leg->line_points = line->count;
    return true;
}

static tq_point point_of(const tq_leg_end *end)
{
    return (tq_point){end->lat_e7, end->lon_e7};
}

/* Between two entries of the pattern's stops, as planned. */
static bool planned_line(plan_ctx *ctx, uint32_t a, uint32_t b, tq_leg *leg)
{
    const tq_timetable *t = &ctx->city->timetable;
    if (has_shape(t, a, b))
        return journey_keep_line(ctx, &t->shape_point[t->pattern_shape_at[a]].lat_e7,
                                 count_between(t, a, b), point_of(&leg->from), point_of(&leg->to),
                                 leg);
    course line;
    if (!push_course(ctx, b - a + 1, &line)) return false;
    for (uint32_t at = a; at <= b; at++) {
        tq_point point = t->stop[t->pattern_stop[at]].at;
        line.point[2 * line.count] = point.lat_e7;
        line.point[2 * line.count++ + 1] = point.lon_e7;
    }
    return end_course(&line, leg);
}

/* To the last stop before the closure, round it, and on from the first stop behind. */
static bool detour_line(plan_ctx *ctx, const tq_detour *detour, uint32_t a, uint32_t b, tq_leg *leg)
{
    const tq_timetable *t = &ctx->city->timetable;
    const tq_overlay *overlay = ctx->snapshot->overlay;
    uint32_t first = t->pattern_first[detour->pattern], from = first + detour->from_place,
             to = first + detour->to_place;
    course line;
    if (!push_course(ctx,
                     count_between(t, a, from) + detour->point_count + count_between(t, to, b) + 2,
                     &line))
        return false;
    add_point(&line, point_of(&leg->from));
    add_between(t, a, from, &line);
    for (uint32_t k = 0; k < detour->point_count; k++)
        add_point(&line, overlay->point[detour->first_point + k]);
    add_between(t, to, b, &line);
    add_point(&line, point_of(&leg->to));
    return end_course(&line, leg);
}

/* From stop to stop. */
static bool calls_line(plan_ctx *ctx, const tq_piece *piece, tq_leg *leg)
{
    const tq_live_call *call = journey_calls(ctx->snapshot, piece->live);
    course line;
    if (!push_course(ctx, piece->to_place - piece->from_place + 1, &line)) return false;
    for (uint32_t at = piece->from_place; at <= piece->to_place; at++)
        if (!(call[at].flags & TQ_CALL_SKIPPED) || at == piece->from_place || at == piece->to_place)
            add_point(&line, ctx->city->timetable.stop[call[at].stop].at);
    return end_course(&line, leg);
}

bool journey_ride_line(plan_ctx *ctx, const tq_piece *piece, tq_leg *leg)
{
    const tq_snapshot *snapshot = ctx->snapshot;
    const tq_timetable *t = &ctx->city->timetable;
    uint32_t from = journey_planned_place(snapshot, piece->trip, piece->live, piece->from_place),
             to = journey_planned_place(snapshot, piece->trip, piece->live, piece->to_place);
    if (piece->trip == TQ_NONE || from == TQ_NONE || to == TQ_NONE)
        return calls_line(ctx, piece, leg);
    uint32_t first = t->pattern_first[t->trip[piece->trip].pattern];
    uint32_t row = piece->live != TQ_NONE ? snapshot->overlay->run[piece->live].detour : TQ_NONE;
    if (row == TQ_NONE) return planned_line(ctx, first + from, first + to, leg);
    const tq_detour *detour = &snapshot->overlay->detour[row];
    /* Detours at the end of a line have no stop on one side. */
    uint32_t before = detour->from_place, behind = detour->to_place;
    leg->detour = (behind == TQ_NONE || from < behind) && (before == TQ_NONE || before < to);
    if (!leg->detour) return planned_line(ctx, first + from, first + to, leg);
    if (before != TQ_NONE && behind != TQ_NONE && from <= before && behind <= to)
        return detour_line(ctx, detour, first + from, first + to, leg);
    return calls_line(ctx, piece, leg);
}

void journey_put_live(const tq_snapshot *snapshot, tq_json *json, const live_mark *mark)
{
    bool planned = mark->planned_departure_ms != INT64_MIN;
    if (mark->live == TQ_NONE) return;
    tq_json_key(json, "live");
    tq_json_object(json);
    tq_json_put_i64(json, "delay_s",
                    planned ? (mark->departure_ms - mark->planned_departure_ms) / 1000 : 0);
    journey_put_time(snapshot->city, json, "planned_departure", mark->planned_departure_ms);
    journey_put_time(snapshot->city, json, "planned_arrival", mark->planned_arrival_ms);
    tq_json_put_bool(json, "cancelled", mark->cancelled);
    tq_json_put_bool(json, "detour", mark->detour);
    if (snapshot->overlay->run[mark->live].state == TQ_RUN_ADDED)
        tq_json_put_bool(json, "added", true);
    tq_json_end_object(json);
}
