/*
 * Last-train truth: the last safe departure of a night, and which connection is gone for one who
 * leaves later.
 *
 * A service night ends at meta->night_end_s of the next day (such as 04:00). The last safe
 * departure is the latest one that still arrives by then; where service goes on all night there is
 * none. For a later leaver the journey of the last safe departure is replayed from his own time,
 * line by line: the first line whose last run of the night has left by then is the missed
 * connection.
 */
#include "journey/journey_in.h"

int32_t journey_night_of(const tq_city *city, int64_t at_ms)
{
    int32_t second, day = tq_local_day(&city->zone, at_ms, &second);
    return second < (int32_t)city->meta->night_end_s ? day - 1 : day;
}

static int32_t night_end_s(const tq_city *city, int32_t night)
{
    int64_t end_ms = tq_local_to_ms(&city->zone, night + 1, (int32_t)city->meta->night_end_s);
    return (int32_t)((end_ms - tq_service_day_ms(&city->zone, night)) / 1000);
}

/* Latest departing ride journey of a search, or NULL. */
static const tq_journey *latest_ride(const tq_journeys *found)
{
    const tq_journey *best = NULL;
    for (uint32_t k = 0; k < found->count; k++) {
        const tq_journey *journey = &found->journey[k];
        if (journey->boardings == 0) continue;
        if (best == NULL || journey->departure_s > best->departure_s ||
            (journey->departure_s == best->departure_s && journey->boardings < best->boardings))
            best = journey;
    }
    return best;
}

/* Does one who leaves right after the last safe departure arrive soon after all? Then there is no
 * night break. */
static tq_status goes_on(plan_ctx *ctx, const tq_day *layout, tq_transit_query *query,
                         const tq_journey *last, bool *on, tq_err *err)
{
    tq_journeys found = {0};
    size_t mark = ctx->scratch.used;
    query->arrive_by = false;
    query->time_s = last->departure_s + 1;
    tq_status status = tq_transit_search(ctx->city, layout, query, &ctx->scratch, &found, err);
    *on = false;
    for (uint32_t k = 0; status == TQ_OK && k < found.count; k++)
        *on |= found.journey[k].boardings > 0 &&
               found.journey[k].arrival_s <= last->arrival_s + NIGHT_GAP_S;
    tq_arena_reset(&ctx->scratch, mark);
    return status;
}

/* The latest journey of the night that a layout holds. */
static tq_status find_last(plan_ctx *ctx, const tq_day *layout, tq_transit_query *query,
                           night_answer *out, tq_err *err)
{
    tq_journeys found = {0};
    size_t mark = ctx->scratch.used;
    tq_status status = tq_transit_search(ctx->city, layout, query, &ctx->scratch, &found, err);
    const tq_journey *best = status == TQ_OK ? latest_ride(&found) : NULL;
    if (best != NULL) {
        tq_journey copy = *best;
        tq_journeys one = {&copy, 1};
        uint32_t count = 0;
        bool on = false;
        if (!journey_keep(ctx, &one, out->day, &out->last, 1, &count))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
        tq_arena_reset(&ctx->scratch, mark);
        if (status == TQ_OK) status = goes_on(ctx, layout, query, &out->last.journey, &on, err);
        out->found = status == TQ_OK;
        if (out->found && !on)
            out->last_ms = out->last.day_ms + (int64_t)out->last.journey.departure_s * 1000;
    }
    tq_arena_reset(&ctx->scratch, mark);
    return status;
}

tq_status journey_last_safe(plan_ctx *ctx, int32_t night, night_answer *out, tq_err *err)
{
    const tq_snapshot *snapshot = ctx->snapshot;
    const tq_day *layout = NULL;
    const tq_ground *ground;
    tq_transit_query query;
    *out = (night_answer){.day = night, .last_ms = INT64_MIN};
    if (ctx->city->timetable.trip_count == 0) return TQ_OK;
    TQ_TRY(journey_ground(ctx, &ground, err));
    journey_fill_query(ctx, &query);
    query.arrive_by = true;
    query.time_s = night_end_s(ctx->city, night);
    query.ground = ground;
    tq_status status = tq_days_get(snapshot->days, snapshot->overlay, night, &layout, err);
    if (status == TQ_OK) {
        status = find_last(ctx, layout, &query, out, err);
        tq_days_put(snapshot->days, layout);
    }
    tq_days_ground_put(snapshot->days, ground);
    return status;
}

static uint32_t minutes_up(int32_t seconds)
{
    return (uint32_t)((seconds + 59) / 60);
}

static void fill_missed(plan_ctx *ctx, const tq_piece *ride, const night_answer *night,
                        int32_t last_s, int32_t arrives_s, int32_t ready_s, tq_missed *out)
{
    const tq_city *city = ctx->city;
    const tq_timetable *t = &city->timetable;
    ride_text text;
    journey_ride_text(ctx->snapshot, ride->trip, ride->live, &text);
    *out = (tq_missed){.line = journey_route_name(city, &t->route[ride->route]),
                       .towards = text.headsign,
                       .at = tq_text(city, t->stop[ride->from_stop].name),
                       .stop_id = tq_text(city, t->stop[ride->from_stop].id),
                       .last_ms = night->last.day_ms + (int64_t)last_s * 1000,
                       .arrives_ms = night->last.day_ms + (int64_t)arrives_s * 1000,
                       .ready_ms = night->last.day_ms + (int64_t)ready_s * 1000,
                       .by_min =
                           minutes_up(arrives_s > last_s ? arrives_s - last_s : ready_s - last_s)};
}

tq_status journey_missed(plan_ctx *ctx, const night_answer *night, int64_t leave_ms, tq_missed *out,
                         uint32_t *count, tq_err *err)
{
    const tq_journey *last = &night->last.journey;
    const tq_timetable *t = &ctx->city->timetable;
    const tq_day *layout = NULL;
    *count = 0;
    TQ_TRY(tq_days_get(ctx->snapshot->days, ctx->snapshot->overlay, night->day, &layout, err));
    int32_t end_s = night_end_s(ctx->city, night->day);
    int32_t ready_s = (int32_t)tq_ceil_div(leave_ms - night->last.day_ms, 1000),
            arrives_s = ready_s;
    for (uint32_t k = 0; k < last->piece_count; k++) {
        const tq_piece *piece = &last->piece[k];
        if (!tq_piece_rides(piece)) {
            bool change = piece->from_stop != TQ_NONE && piece->to_stop != TQ_NONE &&
                          t->stop[piece->from_stop].parent != TQ_NONE &&
                          t->stop[piece->from_stop].parent == t->stop[piece->to_stop].parent;
            ready_s += piece->arrival_s - piece->departure_s;
            /* Inside a station one is there when the train is; on the street, when the walk is
             * done. */
            if (!change) arrives_s = ready_s;
            continue;
        }
        ride_text text;
        journey_ride_text(ctx->snapshot, piece->trip, piece->live, &text);
        tq_line_at line = {piece->route, text.direction, piece->from_stop, piece->to_stop};
        int32_t next_s = tq_transit_line_next(ctx->city, layout, &line, ready_s, end_s);
        if (next_s == INT32_MAX) {
            int32_t last_s = tq_transit_line_last(ctx->city, layout, &line, end_s);
            if (last_s > INT32_MIN && last_s < ready_s)
                fill_missed(ctx, piece, night, last_s, arrives_s, ready_s, &out[(*count)++]);
            break;
        }
        ready_s = arrives_s = next_s;
    }
    tq_days_put(ctx->snapshot->days, layout);
    return TQ_OK;
}
