/*
 * A taxi as the first or the last mile, or all the way.
 *
 * Stations of rail-bound lines (without any: all stops) near the end in question are ordered by
 * live road time; the nearest ones are joined to the other end by a search of the timetable each.
 * When none of them can be reached any more, those further off are tried in order until one can:
 * so one gets home by taxi from the last station that a train still goes to.
 *
 * A taxi is called when the traveller is where it comes to: first the wait of that cell, then the
 * drive by the roads of the instant. At a station it stops at the nearest street; the rest is
 * walked. A taxi to a station is called so late that one does not stand about there.
 */
#include "journey/ondemand_in.h"

typedef struct station {
    uint32_t stop;    /* the station, or a stop without one */
    uint32_t near_dm; /* straight */
    int32_t drive_ds;
    tq_snap snap;
    trip_end end; /* its platforms, from where the taxi stops */
} station;

typedef struct taxi_side {
    tq_sweep sweep; /* FROM: to the stations; TO: from them */
    const tq_snap *door;
    tq_leg_end place; /* of the door */
    station *row;
    uint32_t count;
} taxi_side;

static tq_leg_end end_of(const tq_endpoint *place)
{
    return (tq_leg_end){place->name, "", place->lat_e7, place->lon_e7, TQ_NONE};
}

static tq_point point_of(const tq_leg_end *end)
{
    return (tq_point){end->lat_e7, end->lon_e7};
}

/* ---- one drive ---------------------------------------------------------------------------------
 */

bool journey_taxi_wait(const plan_ctx *ctx, tq_point at, int64_t call_ms, tq_leg *leg)
{
    demand_wait wait;
    if (!demand_wait_at(ctx, at, call_ms, &wait)) return false;
    leg->wait_s = wait.wait_s;
    leg->wait_source = wait.source;
    leg->wait_vehicles = wait.vehicles;
    return true;
}

typedef struct drive {
    const tq_snap *from, *to;
    tq_leg_end begin, end;
    demand_wait wait;
} drive;

static tq_leg leg_of(const plan_ctx *ctx, const drive *one, int64_t leave_ms, const tq_way *way)
{
    const tq_taxi_tariff *tariff = ctx->city->fares.taxi;
    int64_t drive_ms = tq_ceil_div(way->time_ds, 10) * 1000;
    tq_leg leg = {.mode = TQ_LEG_TAXI,
                  .mode_name = "taxi",
                  .from = one->begin,
                  .to = one->end,
                  .departure_ms = leave_ms,
                  .arrival_ms = leave_ms + drive_ms,
                  .distance_m = (way->length_dm + 5) / 10,
                  .route = TQ_NONE,
                  .trip = TQ_NONE,
                  .live = TQ_NONE,
                  .route_name = "",
                  .headsign = "",
                  .trip_id = "",
                  .color = "",
                  .wait_s = one->wait.wait_s,
                  .wait_source = one->wait.source,
                  .wait_vehicles = one->wait.vehicles,
                  .price_known = tariff->known,
                  .price_assumed = tariff->assumed};
    if (leg.price_known)
        leg.price_fen = journey_taxi_fen(ctx->city, leg.distance_m, drive_ms / 1000, leave_ms);
    return leg;
}

/* Leave at an instant; TQ_NO_ROUTE. */
static tq_status drive_at(demand *all, const drive *one, int64_t leave_ms, tq_leg *leg, tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    const tq_snapshot *snapshot = ctx->snapshot;
    const tq_metric *metric = NULL;
    const tq_vehicle *taxi = tq_road_vehicle(ctx->city, TQ_PROFILE_TAXI);
    tq_way way;
    uint32_t points = 0;
    size_t mark = ctx->scratch.used;
    TQ_TRY(tq_roads_get(snapshot->roads, snapshot->overlay, taxi, leave_ms, &metric, err));
    tq_status status = tq_road_way_at(ctx->city, snapshot->roads, snapshot->overlay, metric,
                                      leave_ms, one->from, one->to, &ctx->scratch, &way, err);
    if (status == TQ_OK) {
        const int32_t *line = tq_way_line(ctx->city, &way, &ctx->scratch, &points);
        *leg = leg_of(ctx, one, leave_ms, &way);
        if (!journey_keep_line(ctx, line, line != NULL ? points : 0, point_of(&one->begin),
                               point_of(&one->end), leg))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    }
    tq_roads_put(snapshot->roads, metric);
    tq_arena_reset(&ctx->scratch, mark);
    return status;
}

/* Leave so as to arrive by an instant; TQ_NO_ROUTE also when no round finds it. */
static tq_status drive_by(demand *all, const drive *one, int64_t by_ms, tq_leg *leg, tq_err *err)
{
    int64_t leave_ms = by_ms;
    size_t mark = all->ctx->keep.used;
    for (uint32_t round = 0; round <= DEMAND_ROUNDS; round++) {
        tq_arena_reset(&all->ctx->keep, mark);
        TQ_TRY(drive_at(all, one, leave_ms, leg, err));
        if (leg->arrival_ms <= by_ms) return TQ_OK;
        leave_ms -= leg->arrival_ms - by_ms;
    }
    tq_arena_reset(&all->ctx->keep, mark);
    return TQ_NO_ROUTE;
}

static demand_part part_of(const tq_leg *leg)
{
    return (demand_part){.leg = leg,
                         .leg_count = 1,
                         .boardings = 1,
                         .fare_fen = leg->price_fen,
                         .fare_known = leg->price_known,
                         .fare_assumed = leg->price_assumed,
                         .departure_ms = leg->departure_ms - (int64_t)leg->wait_s * 1000,
                         .arrival_ms = leg->arrival_ms};
}

static bool is_no_way(tq_status status)
{
    return status == TQ_NO_ROUTE || status == TQ_NOT_FOUND;
}

/* ---- stations ----------------------------------------------------------------------------------
 */

static bool on_rails(uint8_t mode)
{
    return mode == TQ_MODE_METRO || mode == TQ_MODE_RAIL || mode == TQ_MODE_TRAM;
}

/* Marks stations by 1, and tells whether there are any. */
static bool mark_stations(const tq_timetable *t, bool rails, uint8_t *mark)
{
    bool any = false;
    for (uint32_t pattern = 0; pattern < t->pattern_count; pattern++) {
        if (rails && !on_rails(t->route[t->pattern_route[pattern]].mode)) continue;
        for (uint32_t at = t->pattern_first[pattern]; at < t->pattern_first[pattern + 1]; at++) {
            uint32_t stop = t->pattern_stop[at], parent = t->stop[stop].parent;
            mark[parent != TQ_NONE ? parent : stop] = 1;
            any = true;
        }
    }
    return any;
}

/* The nearest by straight lines, nearest first. */
static void near_stations(const tq_timetable *t, const uint8_t *mark, tq_point door,
                          taxi_side *side)
{
    for (uint32_t stop = 0; stop < t->stop_count; stop++) {
        if (!mark[stop]) continue;
        uint32_t near_dm = tq_distance_dm(door, t->stop[stop].at), at = side->count;
        if (at == DEMAND_STATIONS_NEAR && near_dm >= side->row[at - 1].near_dm) continue;
        if (at == DEMAND_STATIONS_NEAR) at--;
        for (; at > 0 && side->row[at - 1].near_dm > near_dm; at--) {
            side->row[at].stop = side->row[at - 1].stop;
            side->row[at].near_dm = side->row[at - 1].near_dm;
        }
        side->row[at].stop = stop;
        side->row[at].near_dm = near_dm;
        side->count = TQ_MIN(side->count + 1, DEMAND_STATIONS_NEAR);
    }
}

static tq_status snap_door(plan_ctx *ctx, const tq_metric *metric, tq_point at, tq_snap *out,
                           tq_err *err)
{
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    uint32_t count = 0;
    return tq_road_snap(ctx->city, metric, at, &wish, out, &count, err);
}

/* Where a taxi stops for a station, and the walk to each platform. */
static bool make_end(plan_ctx *ctx, const tq_metric *metric, station *one)
{
    const tq_timetable *t = &ctx->city->timetable;
    const tq_stop *row = &t->stop[one->stop];
    const uint32_t *platform = NULL;
    if (snap_door(ctx, metric, row->at, &one->snap, NULL) != TQ_OK) return false;
    one->end = (trip_end){.place = {one->snap.at.lat_e7, one->snap.at.lon_e7, TQ_NONE,
                                    tq_text(ctx->city, row->name)}};
    uint32_t platforms = tq_station_stops(t, one->stop, &platform);
    for (uint32_t k = 0; k < platforms && one->end.access_count < TQ_ACCESS_MAX; k++)
        if (t->stop[platform[k]].kind == TQ_STOP_KIND_STOP) {
            one->end.access_snap[one->end.access_count] = UINT8_MAX;
            one->end.access[one->end.access_count++] =
                (tq_access){TQ_NONE, platform[k], one->snap.distance_dm};
        }
    if (one->end.access_count == 0) {
        one->end.access_snap[0] = UINT8_MAX;
        one->end.access[one->end.access_count++] =
            (tq_access){TQ_NONE, one->stop, one->snap.distance_dm};
    }
    return true;
}

static tq_status drive_times(plan_ctx *ctx, const tq_metric *metric, taxi_side *side, tq_err *err)
{
    tq_snap snap[DEMAND_STATIONS_NEAR];
    int32_t ds[DEMAND_STATIONS_NEAR];
    for (uint32_t k = 0; k < side->count; k++)
        snap[k] = side->row[k].snap;
    tq_places_on_road door = {.count = 1, .snap = side->door},
                      all = {.count = side->count, .snap = snap};
    bool away = side->sweep == TQ_SWEEP_FROM;
    size_t mark = ctx->scratch.used;
    tq_status status = tq_road_matrix(ctx->city, metric, away ? &door : &all, away ? &all : &door,
                                      &ctx->scratch, ds, NULL, err);
    tq_arena_reset(&ctx->scratch, mark);
    TQ_TRY(status);
    for (uint32_t k = 0; k < side->count; k++)
        side->row[k].drive_ds = ds[k];
    for (uint32_t k = 1; k < side->count; k++)
        for (uint32_t at = k; at > 0 && side->row[at].drive_ds < side->row[at - 1].drive_ds; at--) {
            station moved = side->row[at];
            side->row[at] = side->row[at - 1];
            side->row[at - 1] = moved;
        }
    while (side->count > 0 && side->row[side->count - 1].drive_ds >= TQ_ROAD_INF)
        side->count--;
    return TQ_OK;
}

static tq_status find_stations(plan_ctx *ctx, const tq_metric *metric, const uint8_t *mark,
                               taxi_side *side, tq_err *err)
{
    uint32_t kept = 0;
    side->row = TQ_PUSH(&ctx->scratch, station, DEMAND_STATIONS_NEAR);
    if (side->row == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no scratch for stations");
    near_stations(&ctx->city->timetable, mark, point_of(&side->place), side);
    for (uint32_t k = 0; k < side->count; k++)
        if (make_end(ctx, metric, &side->row[k])) side->row[kept++] = side->row[k];
    side->count = kept;
    return kept > 0 ? drive_times(ctx, metric, side, err) : TQ_OK;
}

/* ---- first mile --------------------------------------------------------------------------------
 */

/* Call later, so as to be there for the first ride. */
static tq_status call_later(demand *all, const drive *one, int64_t by_ms, tq_leg *leg, tq_err *err)
{
    tq_leg later;
    if (by_ms - leg->arrival_ms < DEMAND_SHIFT_MS) return TQ_OK;
    tq_status status = drive_at(all, one, leg->departure_ms + by_ms - leg->arrival_ms, &later, err);
    if (status == TQ_OK && later.arrival_ms <= by_ms) *leg = later;
    return is_no_way(status) ? TQ_OK : status;
}

static tq_status drive_then_ride(demand *all, const drive *one, const station *to, tq_err *err)
{
    const tq_plan_query *query = all->ctx->query;
    kept_journey kept[DEMAND_RIDES_MAX];
    uint32_t count = 0;
    tq_leg leg = {0};
    demand_ask ask = {&to->end, &all->to, query->time_ms, query->arrive_by};
    if (!query->arrive_by) {
        TQ_TRY(drive_at(all, one, query->time_ms + (int64_t)one->wait.wait_s * 1000, &leg, err));
        ask.at_ms = leg.arrival_ms;
    }
    TQ_TRY(demand_rides(all, &ask, kept, &count, err));
    for (uint32_t k = 0; k < count; k++) {
        size_t mark = all->ctx->keep.used;
        tq_leg taxi = leg;
        demand_part part[2];
        TQ_TRY(demand_ride_part(all, &ask, &kept[k], &part[1], err));
        tq_status status = query->arrive_by
                               ? drive_by(all, one, part[1].departure_ms, &taxi, err)
                               : call_later(all, one, part[1].departure_ms, &taxi, err);
        if (is_no_way(status)) continue;
        TQ_TRY(status);
        part[0] = part_of(&taxi);
        TQ_TRY(demand_offer(all, part, 2, mark, err));
    }
    return TQ_OK;
}

static tq_status first_miles(demand *all, const taxi_side *side, tq_err *err)
{
    const tq_plan_query *query = all->ctx->query;
    drive one = {.from = side->door, .begin = side->place};
    if (!demand_wait_at(all->ctx, point_of(&side->place), query->time_ms, &one.wait)) return TQ_OK;
    for (uint32_t k = 0; k < side->count && k < DEMAND_STATIONS; k++) {
        one.to = &side->row[k].snap;
        one.end = end_of(&side->row[k].end.place);
        tq_status status = drive_then_ride(all, &one, &side->row[k], err);
        if (status != TQ_OK && !is_no_way(status)) return status;
    }
    return TQ_OK;
}

/* ---- last mile ---------------------------------------------------------------------------------
 */

static tq_status ride_then_drive(demand *all, drive *one, const station *from, uint32_t *count,
                                 tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    const tq_plan_query *query = ctx->query;
    kept_journey kept[DEMAND_RIDES_MAX];
    tq_leg leg = {0};
    demand_ask ask = {&all->from, &from->end, query->time_ms, query->arrive_by};
    *count = 0;
    if (query->arrive_by) {
        if (!demand_wait_at(ctx, point_of(&one->begin), query->time_ms, &one->wait)) return TQ_OK;
        TQ_TRY(drive_by(all, one, query->time_ms, &leg, err));
        ask.at_ms = leg.departure_ms - (int64_t)one->wait.wait_s * 1000;
    }
    TQ_TRY(demand_rides(all, &ask, kept, count, err));
    for (uint32_t k = 0; k < *count; k++) {
        size_t mark = ctx->keep.used;
        demand_part part[2];
        TQ_TRY(demand_ride_part(all, &ask, &kept[k], &part[0], err));
        int64_t call_ms = part[0].arrival_ms;
        /* Called when one gets off, unless the wait is already that of the arrival asked for. */
        if (!query->arrive_by && !demand_wait_at(ctx, point_of(&one->begin), call_ms, &one->wait))
            continue;
        tq_status status =
            drive_at(all, one, call_ms + (int64_t)one->wait.wait_s * 1000, &leg, err);
        if (is_no_way(status)) continue;
        TQ_TRY(status);
        part[1] = part_of(&leg);
        part[1].departure_ms = call_ms;
        TQ_TRY(demand_offer(all, part, 2, mark, err));
    }
    return TQ_OK;
}

static tq_status last_miles(demand *all, const taxi_side *side, tq_err *err)
{
    drive one = {.to = side->door, .end = side->place};
    uint32_t reached = 0;
    for (uint32_t k = 0; k < side->count && (k < DEMAND_STATIONS || reached == 0); k++) {
        uint32_t count = 0;
        one.from = &side->row[k].snap;
        one.begin = end_of(&side->row[k].end.place);
        tq_status status = ride_then_drive(all, &one, &side->row[k], &count, err);
        if (status != TQ_OK && !is_no_way(status)) return status;
        reached += count;
    }
    return TQ_OK;
}

/* ---- the pass ----------------------------------------------------------------------------------
 */

static tq_status all_the_way(demand *all, const tq_snap *from, const tq_snap *to, tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    const tq_plan_query *query = ctx->query;
    drive one = {
        .from = from, .to = to, .begin = end_of(&all->from.place), .end = end_of(&all->to.place)};
    size_t mark = ctx->keep.used;
    tq_leg leg;
    if (!demand_wait_at(ctx, point_of(&one.begin), query->time_ms, &one.wait)) return TQ_OK;
    tq_status status =
        query->arrive_by
            ? drive_by(all, &one, query->time_ms, &leg, err)
            : drive_at(all, &one, query->time_ms + (int64_t)one.wait.wait_s * 1000, &leg, err);
    if (is_no_way(status)) return TQ_OK;
    TQ_TRY(status);
    demand_part part = part_of(&leg);
    return demand_offer(all, &part, 1, mark, err);
}

static tq_status with_rides(demand *all, const tq_metric *metric, const tq_snap door[2],
                            tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    const tq_timetable *t = &ctx->city->timetable;
    taxi_side first = {TQ_SWEEP_FROM, &door[0], end_of(&all->from.place), NULL, 0},
              last = {TQ_SWEEP_TO, &door[1], end_of(&all->to.place), NULL, 0};
    if (all->boardings == 0 || t->trip_count == 0) return TQ_OK;
    uint8_t *mark = TQ_PUSH(&ctx->scratch, uint8_t, t->stop_count);
    if (mark == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no scratch for stations");
    if (!mark_stations(t, true, mark)) (void)mark_stations(t, false, mark);
    TQ_TRY(find_stations(ctx, metric, mark, &first, err));
    TQ_TRY(find_stations(ctx, metric, mark, &last, err));
    TQ_TRY(first_miles(all, &first, err));
    return last_miles(all, &last, err);
}

tq_status demand_taxis(demand *all, tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    const tq_snapshot *snapshot = ctx->snapshot;
    const tq_metric *metric = NULL;
    const tq_vehicle *taxi = tq_road_vehicle(ctx->city, TQ_PROFILE_TAXI);
    tq_snap door[2];
    if (taxi == NULL || ctx->city->streets.edge_count == 0) return TQ_OK;
    size_t mark = ctx->scratch.used;
    TQ_TRY(
        tq_roads_get(snapshot->roads, snapshot->overlay, taxi, ctx->query->time_ms, &metric, err));
    const tq_endpoint *from = &all->from.place, *to = &all->to.place;
    tq_status status =
        snap_door(ctx, metric, (tq_point){from->lat_e7, from->lon_e7}, &door[0], err);
    if (status == TQ_OK)
        status = snap_door(ctx, metric, (tq_point){to->lat_e7, to->lon_e7}, &door[1], err);
    if (status == TQ_OK) status = all_the_way(all, &door[0], &door[1], err);
    if (status == TQ_OK) status = with_rides(all, metric, door, err);
    tq_roads_put(snapshot->roads, metric);
    tq_arena_reset(&ctx->scratch, mark);
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}
