/*
 * From a journey's pieces to what a person reads: legs with names, courses and instants.
 *
 * Walks get their real course from the street graph; where there is none (inside a station, a city
 * without streets) they are straight. All arrays live in the answer's memory.
 */
#include <stdio.h>

#include "journey/journey_in.h"

const char *journey_mode_name(const tq_route *route)
{
    static const char *const name[] = {"tram",  "metro", "rail", "bus", "ferry",
                                       "cable", "coach", "air",  "bus"};
    return name[TQ_MIN(route->mode, TQ_MODE_OTHER)];
}

const char *journey_route_name(const tq_city *city, const tq_route *route)
{
    const char *name = tq_text(city, route->short_name);
    return name[0] != '\0' ? name : tq_text(city, route->long_name);
}

static tq_leg_end end_of_place(const tq_endpoint *place)
{
    return (tq_leg_end){place->name, "", place->lat_e7, place->lon_e7, TQ_NONE};
}

static tq_leg_end end_of_stop(const tq_city *city, uint32_t stop)
{
    const tq_stop *row = &city->timetable.stop[stop];
    return (tq_leg_end){tq_text(city, row->name), tq_text(city, row->id), row->at.lat_e7,
                        row->at.lon_e7, stop};
}

/* A snap that stands at a street node, on any edge there. */
static bool snap_at_node(const plan_ctx *ctx, uint32_t node, tq_snap *out)
{
    const tq_streets *s = &ctx->city->streets;
    if (node == TQ_NONE) return false;
    for (uint32_t k = s->first_out[node]; k < s->first_out[node + 1]; k++) {
        uint32_t arc = s->out_arc[k], edge = arc >> 1;
        if (ctx->metric != NULL && tq_metric_arc_ds(ctx->metric, arc) >= TQ_ROAD_INF) continue;
        *out = (tq_snap){.edge = edge,
                         .along_dm = arc & 1 ? s->edge_length_dm[edge] : 0,
                         .at = s->node_at[node],
                         .directions = 3};
        return true;
    }
    return false;
}

bool journey_keep_line(plan_ctx *ctx, const int32_t *line, uint32_t points, tq_point first,
                       tq_point last, tq_leg *leg)
{
    int32_t *kept = TQ_PUSH_RAW(&ctx->keep, int32_t, ((size_t)points + 2) * 2);
    if (kept == NULL) return false;
    uint32_t count = 0;
    kept[0] = first.lat_e7;
    kept[1] = first.lon_e7;
    count = 1;
    for (uint32_t k = 0; k < points; k++) {
        if (line[2 * k] == kept[2 * count - 2] && line[2 * k + 1] == kept[2 * count - 1]) continue;
        kept[2 * count] = line[2 * k];
        kept[2 * count + 1] = line[2 * k + 1];
        count++;
    }
    if (count == 1 || kept[2 * count - 2] != last.lat_e7 || kept[2 * count - 1] != last.lon_e7) {
        kept[2 * count] = last.lat_e7;
        kept[2 * count + 1] = last.lon_e7;
        count++;
    }
    leg->line = kept;
    leg->line_points = count;
    return true;
}

static tq_point point_of(const tq_leg_end *end)
{
    return (tq_point){end->lat_e7, end->lon_e7};
}

/* Course of a walk between two snaps; straight when the streets don't connect them. */
bool journey_draw_walk(plan_ctx *ctx, const tq_snap *from, const tq_snap *to, tq_leg *leg)
{
    tq_way way;
    uint32_t points = 0;
    const int32_t *line = NULL;
    size_t mark = ctx->scratch.used;
    if (from != NULL && to != NULL && ctx->metric != NULL &&
        tq_road_way(ctx->city, ctx->metric, from, to, &ctx->scratch, &way, NULL) == TQ_OK)
        line = tq_way_line(ctx->city, &way, &ctx->scratch, &points);
    bool kept = journey_keep_line(ctx, line, line != NULL ? points : 0, point_of(&leg->from),
                                  point_of(&leg->to), leg);
    tq_arena_reset(&ctx->scratch, mark);
    return kept;
}

static bool walk_leg(plan_ctx *ctx, const kept_journey *kept, const tq_piece *piece, tq_leg *leg)
{
    const tq_city *city = ctx->city;
    tq_snap at_from, at_to;
    const tq_snap *from = NULL, *to = NULL;
    *leg = (tq_leg){.mode = TQ_LEG_WALK,
                    .mode_name = "walk",
                    .route_name = "",
                    .headsign = "",
                    .trip_id = "",
                    .color = ""};
    leg->route = leg->trip = leg->live = TQ_NONE;
    leg->from = piece->from_stop != TQ_NONE ? end_of_stop(city, piece->from_stop)
                                            : end_of_place(&ctx->from.place);
    leg->to = piece->to_stop != TQ_NONE ? end_of_stop(city, piece->to_stop)
                                        : end_of_place(&ctx->to.place);
    leg->departure_ms = kept->day_ms + (int64_t)piece->departure_s * 1000;
    leg->arrival_ms = kept->day_ms + (int64_t)piece->arrival_s * 1000;
    leg->distance_m = (piece->walk_dm + 5) / 10;
    if (piece->from_stop != TQ_NONE) {
        if (snap_at_node(ctx, city->timetable.stop[piece->from_stop].node, &at_from))
            from = &at_from;
    } else if (ctx->from.snap_count > 0) {
        from = &ctx->from.snap[0];
    }
    if (piece->to_stop != TQ_NONE) {
        if (snap_at_node(ctx, city->timetable.stop[piece->to_stop].node, &at_to)) to = &at_to;
    } else if (ctx->to.snap_count > 0) {
        to = &ctx->to.snap[0];
    }
    /* A change inside a station is not a walk on the street. */
    if (piece->from_stop != TQ_NONE && piece->to_stop != TQ_NONE) {
        const tq_stop *a = &city->timetable.stop[piece->from_stop],
                      *b = &city->timetable.stop[piece->to_stop];
        if (a->parent != TQ_NONE && a->parent == b->parent) from = to = NULL;
    }
    return journey_draw_walk(ctx, from, to, leg);
}

static const char *color_text(plan_ctx *ctx, uint32_t color)
{
    if (color == TQ_NONE) return "";
    char *text = TQ_PUSH(&ctx->keep, char, 7);
    if (text == NULL) return "";
    (void)snprintf(text, 7, "%06X", color & 0xFFFFFFu);
    return text;
}

static bool ride_leg(plan_ctx *ctx, const kept_journey *kept, const tq_piece *piece, tq_leg *leg)
{
    const tq_city *city = ctx->city;
    const tq_route *route = &city->timetable.route[piece->route];
    ride_text text;
    int64_t base_ms = kept->day_ms + (int64_t)piece->shift_s * 1000, unused_ms;
    journey_ride_text(ctx->snapshot, piece->trip, piece->live, &text);
    *leg = (tq_leg){.mode = TQ_LEG_TRANSIT,
                    .from = end_of_stop(city, piece->from_stop),
                    .to = end_of_stop(city, piece->to_stop),
                    .departure_ms = kept->day_ms + (int64_t)piece->departure_s * 1000,
                    .arrival_ms = kept->day_ms + (int64_t)piece->arrival_s * 1000,
                    .distance_m = piece->ride_m,
                    .route = piece->route,
                    .trip = piece->trip,
                    .live = piece->live,
                    .from_place = piece->from_place,
                    .to_place = piece->to_place,
                    .service_day_ms = base_ms,
                    .mode_name = journey_mode_name(route),
                    .route_name = journey_route_name(city, route),
                    .headsign = text.headsign,
                    .trip_id = text.trip_id,
                    .color = color_text(ctx, route->color),
                    .headway_s = piece->headway_s,
                    .assumed = text.assumed};
    if (piece->live != TQ_NONE) {
        journey_planned_ms(ctx->snapshot, piece->trip, piece->live, piece->from_place, base_ms,
                           &unused_ms, &leg->planned_departure_ms);
        journey_planned_ms(ctx->snapshot, piece->trip, piece->live, piece->to_place, base_ms,
                           &leg->planned_arrival_ms, &unused_ms);
    }
    return journey_ride_line(ctx, piece, leg);
}

/* A walk that neither moves nor takes time says nothing. */
static bool is_empty_walk(const tq_piece *piece)
{
    return !tq_piece_rides(piece) && piece->walk_dm == 0 && piece->arrival_s == piece->departure_s;
}

tq_status journey_itinerary(plan_ctx *ctx, const kept_journey *kept, tq_itinerary *out, tq_err *err)
{
    const tq_journey *journey = &kept->journey;
    tq_leg *leg = TQ_PUSH(&ctx->keep, tq_leg, journey->piece_count);
    *out = (tq_itinerary){.departure_ms = kept->day_ms + (int64_t)journey->departure_s * 1000,
                          .arrival_ms = kept->day_ms + (int64_t)journey->arrival_s * 1000,
                          .transfers = journey->boardings > 0 ? journey->boardings - 1 : 0,
                          .walk_m = (journey->walk_dm + 5) / 10,
                          .last_safe_departure_ms = INT64_MIN,
                          .leg = leg};
    bool good = leg != NULL;
    for (uint32_t k = 0; good && k < journey->piece_count; k++) {
        const tq_piece *piece = &journey->piece[k];
        if (is_empty_walk(piece)) continue;
        good = tq_piece_rides(piece) ? ride_leg(ctx, kept, piece, &leg[out->leg_count])
                                     : walk_leg(ctx, kept, piece, &leg[out->leg_count]);
        out->leg_count += good;
    }
    if (!good) return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    journey_fare(ctx, journey, out);
    return TQ_OK;
}

tq_status journey_walk_itinerary(plan_ctx *ctx, tq_itinerary *out, tq_err *err)
{
    const tq_plan_query *query = ctx->query;
    int64_t time_ms = tq_ceil_div((int64_t)ctx->direct_walk_dm * 100, ctx->walk_mm_s) * 1000;
    tq_leg *leg = TQ_PUSH(&ctx->keep, tq_leg, 1);
    if (leg == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    *leg = (tq_leg){.mode = TQ_LEG_WALK,
                    .mode_name = "walk",
                    .route_name = "",
                    .headsign = "",
                    .trip_id = "",
                    .color = ""};
    leg->route = leg->trip = leg->live = TQ_NONE;
    leg->from = end_of_place(&ctx->from.place);
    leg->to = end_of_place(&ctx->to.place);
    leg->departure_ms = query->arrive_by ? query->time_ms - time_ms : query->time_ms;
    leg->arrival_ms = leg->departure_ms + time_ms;
    leg->distance_m = (ctx->direct_walk_dm + 5) / 10;
    if (!journey_draw_walk(ctx, &ctx->from.snap[0], &ctx->to.snap[0], leg))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    *out = (tq_itinerary){.departure_ms = leg->departure_ms,
                          .arrival_ms = leg->arrival_ms,
                          .walk_m = leg->distance_m,
                          .fare_known = true,
                          .last_safe_departure_ms = INT64_MIN,
                          .leg = leg,
                          .leg_count = 1};
    return TQ_OK;
}

/* Arriving by a time: leave so much before that one is there, by the hours one then drives in. */
#define ARRIVE_ROUNDS 4

/* The way on streets, when it begins, and how long it takes; waiting for a taxi comes before. */
static tq_status street_way(plan_ctx *ctx, int64_t *leave_ms, tq_way *way, tq_err *err)
{
    const tq_plan_query *query = ctx->query;
    tq_roads *roads = ctx->snapshot->roads;
    const tq_overlay *overlay = ctx->snapshot->overlay;
    size_t mark = ctx->scratch.used;
    *leave_ms = query->time_ms;
    for (uint32_t round = 0;; round++) {
        const tq_metric *metric = NULL;
        TQ_TRY(
            tq_roads_get(roads, overlay, tq_metric_vehicle(ctx->metric), *leave_ms, &metric, err));
        tq_status status =
            tq_road_way_at(ctx->city, roads, overlay, metric, *leave_ms, &ctx->from.snap[0],
                           &ctx->to.snap[0], &ctx->scratch, way, err);
        tq_roads_put(roads, metric);
        if (status != TQ_OK) return status;
        int64_t late_ms = *leave_ms + tq_ceil_div(way->time_ds, 10) * 1000 - query->time_ms;
        if (!query->arrive_by || late_ms <= 0 || round == ARRIVE_ROUNDS) return TQ_OK;
        *leave_ms -= late_ms;
        tq_arena_reset(&ctx->scratch, mark);
    }
}

static const char *const street_mode_name[] = {
    [TQ_LEG_BIKE] = "bike", [TQ_LEG_CAR] = "car", [TQ_LEG_TAXI] = "taxi"};

/* Whatever has a motor and is no taxi is a car to people. */
static tq_leg_mode street_mode(tq_profile profile)
{
    if (profile == TQ_PROFILE_BIKE) return TQ_LEG_BIKE;
    return profile == TQ_PROFILE_TAXI ? TQ_LEG_TAXI : TQ_LEG_CAR;
}

tq_status journey_street_itinerary(plan_ctx *ctx, tq_itinerary *out, tq_err *err)
{
    const tq_plan_query *query = ctx->query;
    tq_way way;
    int64_t leave_ms = 0;
    size_t mark = ctx->scratch.used;
    tq_status status = street_way(ctx, &leave_ms, &way, err);
    tq_leg *leg = TQ_PUSH(&ctx->keep, tq_leg, 1);
    if (status == TQ_OK && leg == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    if (status == TQ_OK) {
        uint32_t points = 0;
        const int32_t *line = tq_way_line(ctx->city, &way, &ctx->scratch, &points);
        bool taxi = query->profile == TQ_PROFILE_TAXI;
        int64_t drive_ms = tq_ceil_div(way.time_ds, 10) * 1000;
        *leg = (tq_leg){.mode = street_mode(query->profile),
                        .mode_name = street_mode_name[street_mode(query->profile)],
                        .wait_s = taxi ? ctx->city->meta->taxi_wait_s : 0,
                        .route_name = "",
                        .headsign = "",
                        .trip_id = "",
                        .color = ""};
        leg->route = leg->trip = leg->live = TQ_NONE;
        leg->from = end_of_place(&ctx->from.place);
        leg->to = end_of_place(&ctx->to.place);
        bool asked = taxi && (query->on_demand & TQ_ON_DEMAND_TAXI) != 0;
        if (asked && !journey_taxi_wait(ctx, point_of(&leg->from), query->time_ms, leg))
            status = TQ_NO_ROUTE;
        leg->departure_ms = leave_ms + (query->arrive_by ? 0 : (int64_t)leg->wait_s * 1000);
        leg->arrival_ms = leg->departure_ms + drive_ms;
        leg->distance_m = (way.length_dm + 5) / 10;
        *out = (tq_itinerary){.departure_ms = leg->departure_ms - (int64_t)leg->wait_s * 1000,
                              .arrival_ms = leg->arrival_ms,
                              .fare_known = !taxi || ctx->city->fares.taxi->known,
                              .fare_assumed = taxi && ctx->city->fares.taxi->assumed,
                              .last_safe_departure_ms = INT64_MIN,
                              .leg = leg,
                              .leg_count = 1};
        if (taxi && out->fare_known)
            out->fare_fen =
                journey_taxi_fen(ctx->city, leg->distance_m, drive_ms / 1000, leg->departure_ms);
        leg->price_fen = out->fare_fen;
        leg->price_known = asked && out->fare_known;
        leg->price_assumed = out->fare_assumed;
        if (!journey_keep_line(ctx, line, line != NULL ? points : 0, point_of(&leg->from),
                               point_of(&leg->to), leg))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    }
    tq_arena_reset(&ctx->scratch, mark);
    return status;
}
