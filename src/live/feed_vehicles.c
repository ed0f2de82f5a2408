/*
 * VehiclePositions: kept for maps and for the feed out, and a rough delay where a run has no
 * TripUpdate of its own.
 *
 * The estimate: the position is projected on the line of the trip's shape (or of its stops, where
 * it has none), the planned time at that point is interpolated between the two stops around it,
 * and the difference to the position's own time is taken as the delay of all stops ahead. It knows
 * nothing of traffic ahead or of slack at the terminus; positions far from the line, old ones, and
 * differences that are small or absurd give none.
 */
#include "live/feed_in.h"

#define OFF_LINE_DM 3000u /* further away, and the vehicle is not on its line */
#define NEARLY_DM   500u  /* of pieces of line so near alike the better time decides */
#define EARLY_MAX_S 600
#define LATE_MAX_S  7200
#define SMALL_S     60 /* less is within what such an estimate can tell */

static bool position_of(feed_reader *in, const tq_rt_position *from, tq_point *out)
{
    double lat = (double)from->latitude, lon = (double)from->longitude;
    /* Written so that «no number» fails too; 0, 0 is what a receiver without a fix sends. */
    if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) ||
        (from->latitude == 0.0f && from->longitude == 0.0f)) {
        feed_rule(in, 26);
        return false;
    }
    if (from->has_bearing && !(from->bearing >= 0.0f && from->bearing <= 360.0f)) feed_rule(in, 27);
    *out = (tq_point){(int32_t)(lat * 1e7 + (lat < 0 ? -0.5 : 0.5)),
                      (int32_t)(lon * 1e7 + (lon < 0 ? -0.5 : 0.5))};
    return true;
}

/* Nearest point of the line between two places of a pattern. */
typedef struct on_line {
    uint32_t distance_dm, along_dm, length_dm;
} on_line;

static void near_piece(tq_point at, tq_point a, tq_point b, on_line *best)
{
    tq_foot foot = tq_project(at, a, b);
    if (foot.distance_dm < best->distance_dm) {
        best->distance_dm = foot.distance_dm;
        best->along_dm = best->length_dm + foot.along_dm;
    }
    best->length_dm += tq_distance_dm(a, b);
}

static on_line near_leg(const tq_city *city, uint32_t pattern, uint32_t place, tq_point at)
{
    const tq_timetable *table = &city->timetable;
    uint32_t first = table->pattern_first[pattern];
    uint32_t from =
                 table->pattern_shape_at != NULL ? table->pattern_shape_at[first + place] : TQ_NONE,
             to = table->pattern_shape_at != NULL ? table->pattern_shape_at[first + place + 1]
                                                  : TQ_NONE;
    on_line best = {.distance_dm = UINT32_MAX};
    if (from != TQ_NONE && to != TQ_NONE && from < to) {
        for (uint32_t k = from; k < to; k++)
            near_piece(at, table->shape_point[k], table->shape_point[k + 1], &best);
    } else {
        near_piece(at, table->stop[table->pattern_stop[first + place]].at,
                   table->stop[table->pattern_stop[first + place + 1]].at, &best);
    }
    return best;
}

/* Delay if the vehicle is between a place and the next one at second `at_s` of the service day. */
static int64_t leg_delay_s(const tq_stop_time *times, uint32_t place, int32_t start_s,
                           const on_line *leg, int64_t at_s)
{
    int64_t from_s = (int64_t)start_s + times[place].departure_s,
            to_s = (int64_t)start_s + times[place + 1].arrival_s;
    int64_t plan_s =
        leg->length_dm == 0 ? to_s : from_s + (to_s - from_s) * leg->along_dm / leg->length_dm;
    /* At the stop itself any time of its stay is right. */
    if (leg->along_dm == 0 && at_s < from_s)
        return TQ_MIN(at_s - ((int64_t)start_s + times[place].arrival_s), 0);
    return at_s - plan_s;
}

static void estimate(feed_reader *in, const feed_vehicle *vehicle, const feed_match *match)
{
    const tq_timetable *table = &in->city->timetable;
    const tq_trip *row = &table->trip[match->trip];
    const tq_stop_time *times = &table->stop_time[table->profile_first[row->profile]];
    uint32_t places = table->pattern_first[row->pattern + 1] - table->pattern_first[row->pattern];
    in->day_ms = tq_service_day_ms(&in->city->zone, match->day);
    int64_t at_s = (vehicle->at_ms - in->day_ms) / 1000, best_delay = INT64_MAX;
    uint32_t nearest_dm = UINT32_MAX, best_place = 0;
    for (uint32_t place = 0; place + 1 < places; place++)
        nearest_dm =
            TQ_MIN(nearest_dm, near_leg(in->city, row->pattern, place, vehicle->at).distance_dm);
    if (nearest_dm > OFF_LINE_DM) {
        feed_rule(in, 29);
        return;
    }
    for (uint32_t place = 0; place + 1 < places; place++) {
        on_line leg = near_leg(in->city, row->pattern, place, vehicle->at);
        if (leg.distance_dm > nearest_dm + NEARLY_DM) continue;
        int64_t delay = leg_delay_s(times, place, match->base_s, &leg, at_s);
        if (llabs(delay) >= llabs(best_delay)) continue;
        best_delay = delay;
        best_place = place;
    }
    if (best_delay < -EARLY_MAX_S || best_delay > LATE_MAX_S || llabs(best_delay) < SMALL_S) return;
    if (best_place == 0 && best_delay < 0) return; /* waits for its time */
    if (!feed_plan_run(in, match->trip, match->base_s)) return;
    for (size_t k = 0; k < in->plan.count; k++) {
        feed_call *call = &in->plan.at[k];
        if (k <= best_place) continue;
        call->call.arrival_s += (int32_t)best_delay;
        call->call.departure_s += (int32_t)best_delay;
        call->said = FEED_SAID_BEFORE;
    }
    feed_order_calls(in);
    in->out->counts.estimated++;
    feed_put_run(in,
                 &(tq_live_run){.trip = match->trip,
                                .route = match->route,
                                .service_day = match->day,
                                .start_s = match->start_s,
                                .state = TQ_RUN_CHANGED},
                 FEED_ESTIMATE);
}

static void take_vehicle(feed_reader *in, const tq_rt_entity *entity, size_t sorted)
{
    const tq_rt_vehicle *from = entity->vehicle;
    feed_vehicle vehicle = {.from = from, .entity = entity->id, .trip = TQ_NONE};
    feed_match match;
    vehicle.at_ms = in->feed->timestamp_ms;
    if (from->has_timestamp && from->timestamp != 0) {
        if (from->timestamp > (uint64_t)(in->now_ms / 1000 + FEED_FUTURE_S))
            feed_rule(in, 50);
        else
            vehicle.at_ms = (int64_t)from->timestamp * 1000;
    }
    bool matched = from->trip != NULL && feed_match_run(in, from->trip, &match);
    if (matched) {
        in->out->counts.matched++;
        vehicle.trip = match.trip;
        vehicle.day = match.day;
        vehicle.start_s = match.start_s;
    } else {
        in->out->counts.unmatched++;
    }
    if (from->position == NULL || !position_of(in, from->position, &vehicle.at)) return;
    if (!tq_vec_push(&in->out->vehicles, vehicle)) in->failed = true;
    if (matched && in->now_ms - vehicle.at_ms <= FEED_STALE_S * INT64_C(1000) &&
        !feed_has_run(in->out, sorted, match.trip, match.day, match.start_s))
        estimate(in, &vehicle, &match);
}

/* A vehicle that reports twice (E052). */
static void count_twins(feed_reader *in)
{
    in->keys.count = 0;
    for (size_t k = 0; k < in->out->vehicles.count; k++) {
        const tq_rt_vehicle_name *name = in->out->vehicles.at[k].from->vehicle;
        if (name == NULL || name->id.len == 0) continue;
        if (!tq_vec_push(&in->keys, tq_hash(name->id.at, name->id.len, 0))) {
            in->failed = true;
            return;
        }
    }
    if (in->keys.count == 0) return;
    if (!tq_sort_u64(in->keys.at, in->keys.count)) in->failed = true;
    for (size_t k = 1; k < in->keys.count; k++)
        if (in->keys.at[k - 1] == in->keys.at[k]) feed_rule(in, 52);
}

void feed_read_vehicles(feed_reader *in)
{
    const tq_rt_feed *message = &in->feed->message;
    size_t sorted = in->out->runs.count;
    for (uint32_t k = 0; k < message->entity.count && !in->failed; k++) {
        if (message->entity.at[k].vehicle == NULL) continue;
        in->out->counts.vehicles++;
        take_vehicle(in, &message->entity.at[k], sorted);
    }
    count_twins(in);
    feed_sort_runs(in->out);
}
