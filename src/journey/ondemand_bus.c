/*
 * Runs of custom buses in a trip: walk to a stop, ride, and walk on; or change to or from the
 * timetable at the other end.
 *
 * A run counts when its booking is open at the instant of asking and it has seats for the party all
 * the way ridden. Of a run without changes the stops that arrive earliest (leave latest, when one
 * has to arrive by a time) are taken. Changes are looked at for the first few runs of each line and
 * a few stops of each: where a connection is guaranteed, and those nearest to the other end of the
 * trip; between ride and ride lies at least the city's time to change.
 */
#include "journey/ondemand_in.h"

#define NO_WALK UINT32_MAX

/* Walks between one end of the trip and stops of buses, each measured once. */
typedef struct stop_walk {
    tq_point at;
    tq_snap snap;
    uint32_t walk_dm; /* NO_WALK = too far, or no way */
} stop_walk;
typedef struct walk_side {
    const trip_end *end;
    bool away; /* from the end to the stops */
    uint32_t count;
    stop_walk row[DEMAND_STOPS_MAX];
} walk_side;

typedef struct bus_search {
    demand *all;
    walk_side from, to;
    uint32_t walk_mm_s;
} bus_search;

static const char *text_of(const demand *all, uint32_t text)
{
    return all->offer->text + text;
}

static const tq_ondemand_stop *stop_of(const demand *all, const tq_ondemand_run *run, uint32_t at)
{
    return &all->offer->stop[run->first_stop + at];
}

static tq_leg_end end_of_place(const tq_endpoint *place)
{
    return (tq_leg_end){place->name, "", place->lat_e7, place->lon_e7, TQ_NONE};
}

static tq_leg_end end_of_stop(const demand *all, const tq_ondemand_stop *stop)
{
    return (tq_leg_end){text_of(all, stop->name), text_of(all, stop->id), stop->at.lat_e7,
                        stop->at.lon_e7, TQ_NONE};
}

/* ---- walks -------------------------------------------------------------------------------------
 */

static tq_status measure(plan_ctx *ctx, const walk_side *side, stop_walk *one, tq_err *err)
{
    const trip_end *end = side->end;
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    uint32_t count = 0;
    tq_way way;
    one->walk_dm = NO_WALK;
    if (ctx->metric == NULL || end->snap_count == 0) {
        one->walk_dm = tq_distance_dm((tq_point){end->place.lat_e7, end->place.lon_e7}, one->at);
        return TQ_OK;
    }
    if (tq_road_snap(ctx->city, ctx->metric, one->at, &wish, &one->snap, &count, NULL) != TQ_OK)
        return TQ_OK;
    size_t mark = ctx->scratch.used;
    const tq_snap *door = &end->snap[0];
    tq_status status = tq_road_way(ctx->city, ctx->metric, side->away ? door : &one->snap,
                                   side->away ? &one->snap : door, &ctx->scratch, &way, err);
    tq_arena_reset(&ctx->scratch, mark);
    if (status == TQ_NO_ROUTE) return TQ_OK;
    TQ_TRY(status);
    uint64_t dm = (uint64_t)way.length_dm + door->distance_dm + one->snap.distance_dm;
    if (dm <= ctx->max_walk_dm) one->walk_dm = (uint32_t)dm;
    return TQ_OK;
}

/* NULL: not within a walk. */
static tq_status walk_to(bus_search *search, walk_side *side, const tq_ondemand_stop *stop,
                         const stop_walk **out, tq_err *err)
{
    plan_ctx *ctx = search->all->ctx;
    tq_point door = {side->end->place.lat_e7, side->end->place.lon_e7};
    uint32_t at = 0;
    *out = NULL;
    if (tq_distance_dm(door, stop->at) > ctx->max_walk_dm) return TQ_OK;
    while (at < side->count && (side->row[at].at.lat_e7 != stop->at.lat_e7 ||
                                side->row[at].at.lon_e7 != stop->at.lon_e7))
        at++;
    if (at == DEMAND_STOPS_MAX) return TQ_OK;
    if (at == side->count) {
        side->row[at].at = stop->at;
        TQ_TRY(measure(ctx, side, &side->row[at], err));
        side->count++;
    }
    if (side->row[at].walk_dm != NO_WALK && side->row[at].walk_dm <= ctx->max_walk_dm)
        *out = &side->row[at];
    return TQ_OK;
}

static int64_t walk_ms(const bus_search *search, const stop_walk *walk)
{
    return tq_ceil_div((int64_t)walk->walk_dm * 100, search->walk_mm_s) * 1000;
}

/* A walk between an end of the trip and a stop, to be there (or from there on) at an instant. */
static tq_status walk_part(bus_search *search, const walk_side *side, const stop_walk *walk,
                           const tq_ondemand_stop *stop, int64_t at_ms, demand_part *out,
                           tq_err *err)
{
    plan_ctx *ctx = search->all->ctx;
    tq_leg *leg = TQ_PUSH(&ctx->keep, tq_leg, 1);
    if (leg == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    tq_leg_end door = end_of_place(&side->end->place), pole = end_of_stop(search->all, stop);
    const tq_snap *at_door = side->end->snap_count > 0 ? &side->end->snap[0] : NULL;
    *leg = (tq_leg){.mode = TQ_LEG_WALK,
                    .mode_name = "walk",
                    .route_name = "",
                    .headsign = "",
                    .trip_id = "",
                    .color = "",
                    .route = TQ_NONE,
                    .trip = TQ_NONE,
                    .live = TQ_NONE,
                    .from = side->away ? door : pole,
                    .to = side->away ? pole : door,
                    .departure_ms = side->away ? at_ms - walk_ms(search, walk) : at_ms,
                    .arrival_ms = side->away ? at_ms : at_ms + walk_ms(search, walk),
                    .distance_m = (walk->walk_dm + 5) / 10};
    if (!journey_draw_walk(ctx, side->away ? at_door : &walk->snap,
                           side->away ? &walk->snap : at_door, leg))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    *out = (demand_part){.leg = leg,
                         .leg_count = walk->walk_dm > 0,
                         .walk_m = leg->distance_m,
                         .fare_known = true,
                         .departure_ms = leg->departure_ms,
                         .arrival_ms = leg->arrival_ms};
    return TQ_OK;
}

/* ---- the ride ----------------------------------------------------------------------------------
 */

/* Seats all the way for the party; of one in a wheelchair also the place for it. */
static bool has_room(const demand *all, const tq_ondemand_run *run, uint32_t from, uint32_t to)
{
    uint32_t need = all->party;
    if (all->ctx->query->profile == TQ_PROFILE_WHEELCHAIR) {
        need = need - 1 + run->wheelchair_seats;
        for (uint32_t at = from; at < to; at++)
            if (stop_of(all, run, at)->free_wheelchairs == 0) return false;
    }
    return tq_ondemand_free(all->offer, run, from, to) >= TQ_MAX(need, 1u);
}

static bool is_bookable(const demand *all, const tq_ondemand_run *run)
{
    return run->booking_until_ms > all->asked_ms;
}

static void tell_connection(const demand *all, const tq_ondemand_run *run, uint32_t to, tq_leg *leg)
{
    leg->connection = "";
    if (run->metro_stop == TQ_NONE || run->metro_place != to ||
        run->metro_departure_ms == INT64_MIN)
        return;
    const tq_city *city = all->ctx->city;
    leg->connection = tq_text(city, city->timetable.stop[run->metro_stop].name);
    leg->connection_ms = run->metro_departure_ms;
    leg->connection_wait_s = run->metro_wait_s;
    leg->connection_holds = run->metro_holds != 0;
}

static tq_status ride_part(bus_search *search, const tq_ondemand_run *run, uint32_t from,
                           uint32_t to, demand_part *out, tq_err *err)
{
    const demand *all = search->all;
    const tq_ondemand_stop *a = stop_of(all, run, from), *b = stop_of(all, run, to);
    tq_leg *leg = TQ_PUSH(&all->ctx->keep, tq_leg, 1);
    int32_t *line = TQ_PUSH_RAW(&all->ctx->keep, int32_t, (size_t)2 * (to - from + 1));
    if (leg == NULL || line == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    uint64_t length_dm = 0;
    for (uint32_t at = from; at <= to; at++) {
        tq_point point = stop_of(all, run, at)->at;
        line[2 * (at - from)] = point.lat_e7;
        line[2 * (at - from) + 1] = point.lon_e7;
        if (at > from) length_dm += tq_distance_dm(stop_of(all, run, at - 1)->at, point);
    }
    *leg = (tq_leg){
        .mode = TQ_LEG_CUSTOM,
        .mode_name = "custom_bus",
        .route_name = text_of(all, run->name),
        .headsign = text_of(all, stop_of(all, run, run->stop_count - 1)->name),
        .trip_id = text_of(all, run->trip),
        .color = "",
        .line_id = text_of(all, run->line),
        .route = TQ_NONE,
        .trip = TQ_NONE,
        .live = TQ_NONE,
        .from = end_of_stop(all, a),
        .to = end_of_stop(all, b),
        .departure_ms = a->depart_ms,
        .arrival_ms = b->arrive_ms,
        .distance_m = (uint32_t)((length_dm + 5) / 10),
        .line = line,
        .line_points = to - from + 1,
        .price_fen = run->price_fen,
        .price_known = true,
        .booking_until_ms = run->booking_until_ms,
        .seats_free = tq_ondemand_free(all->offer, run, from, to),
    };
    tell_connection(all, run, to, leg);
    *out = (demand_part){.leg = leg,
                         .leg_count = 1,
                         .boardings = 1,
                         .fare_fen = run->price_fen,
                         .fare_known = true,
                         .departure_ms = leg->departure_ms,
                         .arrival_ms = leg->arrival_ms};
    return TQ_OK;
}

static bool may_board(const demand *all, const tq_ondemand_run *run, uint32_t at)
{
    return (stop_of(all, run, at)->flags & TQ_ONDEMAND_BOARD) != 0;
}

static bool may_alight(const demand *all, const tq_ondemand_run *run, uint32_t at)
{
    return (stop_of(all, run, at)->flags & TQ_ONDEMAND_ALIGHT) != 0;
}

static uint32_t stops_of(const tq_ondemand_run *run)
{
    return TQ_MIN(run->stop_count, DEMAND_RUN_STOPS_MAX);
}

/* Does the run serve anybody who asks for these hours? */
static bool around(const demand *all, const tq_ondemand_run *run)
{
    const tq_plan_query *query = all->ctx->query;
    int64_t first_ms = stop_of(all, run, 0)->depart_ms,
            last_ms = stop_of(all, run, run->stop_count - 1)->arrive_ms,
            ahead_ms = (DEMAND_AHEAD_S + (int64_t)query->window_s) * 1000;
    if (query->arrive_by) return first_ms < query->time_ms && last_ms > query->time_ms - ahead_ms;
    return last_ms > query->time_ms && first_ms < query->time_ms + ahead_ms &&
           first_ms > query->time_ms - DEMAND_LONGEST_MS;
}

/* ---- from walk to walk -------------------------------------------------------------------------
 */

typedef struct walked_ride {
    uint32_t from, to;
    const stop_walk *before, *after;
    int64_t departure_ms, arrival_ms;
} walked_ride;

static bool is_better(bool arrive_by, const walked_ride *a, const walked_ride *b)
{
    if (arrive_by && a->departure_ms != b->departure_ms) return a->departure_ms > b->departure_ms;
    if (a->arrival_ms != b->arrival_ms) return a->arrival_ms < b->arrival_ms;
    if (a->departure_ms != b->departure_ms) return a->departure_ms > b->departure_ms;
    return a->before->walk_dm + a->after->walk_dm < b->before->walk_dm + b->after->walk_dm;
}

static tq_status best_of_run(bus_search *search, const tq_ondemand_run *run, walked_ride *best,
                             bool *found, tq_err *err)
{
    const demand *all = search->all;
    *found = false;
    for (uint32_t i = 0; i + 1 < stops_of(run); i++) {
        walked_ride one = {.from = i};
        if (!may_board(all, run, i)) continue;
        TQ_TRY(walk_to(search, &search->from, stop_of(all, run, i), &one.before, err));
        if (one.before == NULL) continue;
        one.departure_ms = stop_of(all, run, i)->depart_ms - walk_ms(search, one.before);
        for (uint32_t j = i + 1; j < stops_of(run); j++) {
            if (!may_alight(all, run, j) || !has_room(all, run, i, j)) continue;
            one.to = j;
            TQ_TRY(walk_to(search, &search->to, stop_of(all, run, j), &one.after, err));
            if (one.after == NULL) continue;
            one.arrival_ms = stop_of(all, run, j)->arrive_ms + walk_ms(search, one.after);
            if (!demand_in_time(all, one.departure_ms, one.arrival_ms)) continue;
            if (*found && !is_better(all->ctx->query->arrive_by, &one, best)) continue;
            *best = one;
            *found = true;
        }
    }
    return TQ_OK;
}

static tq_status offer_walked(bus_search *search, const tq_ondemand_run *run,
                              const walked_ride *ride, tq_err *err)
{
    demand *all = search->all;
    const tq_ondemand_stop *a = stop_of(all, run, ride->from), *b = stop_of(all, run, ride->to);
    size_t mark = all->ctx->keep.used;
    demand_part part[3];
    TQ_TRY(walk_part(search, &search->from, ride->before, a, a->depart_ms, &part[0], err));
    TQ_TRY(ride_part(search, run, ride->from, ride->to, &part[1], err));
    TQ_TRY(walk_part(search, &search->to, ride->after, b, b->arrive_ms, &part[2], err));
    return demand_offer(all, part, 3, mark, err);
}

/* ---- changes -----------------------------------------------------------------------------------
 */

/* Run number k in the order in which they are of interest: later ones first to arrive by. */
static const tq_ondemand_run *run_at(const demand *all, uint32_t k)
{
    uint32_t count = all->offer->run_count;
    return &all->offer->run[all->ctx->query->arrive_by ? count - 1 - k : k];
}

/* Where to change: stops of a run in (after, before), the guaranteed one first, then the nearest to
 * a point. */
typedef struct change_stops {
    uint32_t at[DEMAND_CHANGE_STOPS], count;
} change_stops;

static void add_change(const demand *all, const tq_ondemand_run *run, tq_point goal, uint32_t stop,
                       change_stops *out)
{
    bool sure = run->metro_stop != TQ_NONE && run->metro_place == stop;
    uint32_t near_dm = sure ? 0 : tq_distance_dm(stop_of(all, run, stop)->at, goal), at;
    for (at = out->count; at > 0; at--) {
        uint32_t other = out->at[at - 1];
        bool other_sure = run->metro_stop != TQ_NONE && run->metro_place == other;
        uint32_t other_dm = other_sure ? 0 : tq_distance_dm(stop_of(all, run, other)->at, goal);
        if (other_dm <= near_dm) break;
        if (at < DEMAND_CHANGE_STOPS) out->at[at] = other;
    }
    if (at < DEMAND_CHANGE_STOPS) out->at[at] = stop;
    out->count = TQ_MIN(out->count + 1, DEMAND_CHANGE_STOPS);
}

static tq_status end_at(demand *all, const tq_ondemand_stop *stop, trip_end *out, bool *usable,
                        tq_err *err)
{
    *out =
        (trip_end){.place = {stop->at.lat_e7, stop->at.lon_e7, TQ_NONE, text_of(all, stop->name)}};
    tq_status status = journey_meet_streets(all->ctx, out, err);
    *usable = status == TQ_OK && out->access_count > 0;
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}

/* Walk, bus, then the timetable from stop j on. */
static tq_status bus_then_ride(bus_search *search, const tq_ondemand_run *run,
                               const walked_ride *first, uint32_t j, tq_err *err)
{
    demand *all = search->all;
    const tq_ondemand_stop *a = stop_of(all, run, first->from), *b = stop_of(all, run, j);
    int64_t ready_ms = b->arrive_ms + (int64_t)all->ctx->city->meta->change_s * 1000;
    kept_journey kept[DEMAND_RIDES_MAX];
    trip_end end;
    uint32_t count = 0;
    bool usable = false;
    TQ_TRY(end_at(all, b, &end, &usable, err));
    if (!usable) return TQ_OK;
    demand_ask ask = {&end, &all->to, ready_ms, false};
    TQ_TRY(demand_rides(all, &ask, kept, &count, err));
    for (uint32_t k = 0; k < count; k++) {
        size_t mark = all->ctx->keep.used;
        demand_part part[3];
        TQ_TRY(walk_part(search, &search->from, first->before, a, a->depart_ms, &part[0], err));
        TQ_TRY(ride_part(search, run, first->from, j, &part[1], err));
        TQ_TRY(demand_ride_part(all, &ask, &kept[k], &part[2], err));
        TQ_TRY(demand_offer(all, part, 3, mark, err));
    }
    return TQ_OK;
}

/* The timetable to stop i, bus, then walk. */
static tq_status ride_then_bus(bus_search *search, const tq_ondemand_run *run, uint32_t i,
                               const walked_ride *last, tq_err *err)
{
    demand *all = search->all;
    const tq_ondemand_stop *a = stop_of(all, run, i), *b = stop_of(all, run, last->to);
    int64_t by_ms = a->depart_ms - (int64_t)all->ctx->city->meta->change_s * 1000;
    kept_journey kept[DEMAND_RIDES_MAX];
    trip_end end;
    uint32_t count = 0;
    bool usable = false;
    TQ_TRY(end_at(all, a, &end, &usable, err));
    if (!usable) return TQ_OK;
    demand_ask ask = {&all->from, &end, by_ms, true};
    TQ_TRY(demand_rides(all, &ask, kept, &count, err));
    for (uint32_t k = 0; k < count; k++) {
        size_t mark = all->ctx->keep.used;
        demand_part part[3];
        TQ_TRY(demand_ride_part(all, &ask, &kept[k], &part[0], err));
        TQ_TRY(ride_part(search, run, i, last->to, &part[1], err));
        TQ_TRY(walk_part(search, &search->to, last->after, b, b->arrive_ms, &part[2], err));
        TQ_TRY(demand_offer(all, part, 3, mark, err));
    }
    return TQ_OK;
}

/* The stop with the shortest walk where one may get on (or off), in time. */
static tq_status nearest_stop(bus_search *search, const tq_ondemand_run *run, bool board,
                              walked_ride *out, bool *found, tq_err *err)
{
    const demand *all = search->all;
    const tq_plan_query *query = all->ctx->query;
    const stop_walk *best = NULL;
    for (uint32_t at = 0; at < stops_of(run); at++) {
        const stop_walk *walk = NULL;
        const tq_ondemand_stop *stop = stop_of(all, run, at);
        if (board ? !may_board(all, run, at) : !may_alight(all, run, at)) continue;
        TQ_TRY(walk_to(search, board ? &search->from : &search->to, stop, &walk, err));
        if (walk == NULL || (best != NULL && walk->walk_dm >= best->walk_dm)) continue;
        if (board && !query->arrive_by && stop->depart_ms - walk_ms(search, walk) < query->time_ms)
            continue;
        if (!board && query->arrive_by && stop->arrive_ms + walk_ms(search, walk) > query->time_ms)
            continue;
        best = walk;
        if (board) {
            out->from = at;
            out->before = walk;
        } else {
            out->to = at;
            out->after = walk;
        }
    }
    *found = best != NULL;
    return TQ_OK;
}

static tq_status change_of_run(bus_search *search, const tq_ondemand_run *run, bool board,
                               bool *looked, tq_err *err)
{
    demand *all = search->all;
    const trip_end *goal = board ? &all->to : &all->from;
    tq_point far_point = {goal->place.lat_e7, goal->place.lon_e7};
    walked_ride ride = {0};
    change_stops stops = {.count = 0};
    TQ_TRY(nearest_stop(search, run, board, &ride, looked, err));
    if (!*looked) return TQ_OK;
    uint32_t first = board ? ride.from + 1 : 0, end = board ? stops_of(run) : ride.to;
    for (uint32_t at = first; at < end; at++) {
        bool fits = board ? may_alight(all, run, at) && has_room(all, run, ride.from, at)
                          : may_board(all, run, at) && has_room(all, run, at, ride.to);
        if (fits) add_change(all, run, far_point, at, &stops);
    }
    for (uint32_t k = 0; k < stops.count; k++)
        TQ_TRY(board ? bus_then_ride(search, run, &ride, stops.at[k], err)
                     : ride_then_bus(search, run, stops.at[k], &ride, err));
    return TQ_OK;
}

/* Of one line; rides of a dynamic line also between the same stops. */
static bool is_alike(const demand *all, const tq_ondemand_run *a, const tq_ondemand_run *b)
{
    if (strcmp(text_of(all, a->line), text_of(all, b->line)) != 0) return false;
    if (text_of(all, b->trip)[0] != '\0') return true;
    for (uint32_t k = 0; k < 2; k++)
        if (strcmp(text_of(all, stop_of(all, a, k)->id), text_of(all, stop_of(all, b, k)->id)) != 0)
            return false;
    return true;
}

/* Changes at one end: the first few runs that can be walked to. */
static tq_status changes(bus_search *search, bool board, tq_err *err)
{
    const demand *all = search->all;
    const tq_ondemand_run *seen[DEMAND_CHANGE_RUNS];
    uint32_t count = 0;
    for (uint32_t k = 0; k < all->offer->run_count && count < DEMAND_CHANGE_RUNS; k++) {
        const tq_ondemand_run *run = run_at(all, k);
        uint32_t same = 0;
        bool looked = false;
        if (!is_bookable(all, run) || !around(all, run)) continue;
        for (uint32_t at = 0; at < count; at++)
            same += is_alike(all, seen[at], run);
        if (same >= DEMAND_LINE_RUNS) continue;
        TQ_TRY(change_of_run(search, run, board, &looked, err));
        if (looked) seen[count++] = run;
    }
    return TQ_OK;
}

tq_status demand_buses(demand *all, tq_err *err)
{
    uint32_t ridden = 0;
    if (all->offer->run_count == 0) return TQ_OK;
    bus_search *search = TQ_PUSH(&all->ctx->scratch, bus_search, 1);
    if (search == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no scratch for custom buses");
    search->all = all;
    search->walk_mm_s = all->ctx->walk_mm_s;
    search->from.end = &all->from;
    search->from.away = true;
    search->to.end = &all->to;
    for (uint32_t k = 0; k < all->offer->run_count && ridden < DEMAND_STOP_RUNS_MAX; k++) {
        const tq_ondemand_run *run = run_at(all, k);
        walked_ride ride = {0};
        bool found = false;
        if (!is_bookable(all, run) || !around(all, run)) continue;
        TQ_TRY(best_of_run(search, run, &ride, &found, err));
        if (!found) continue;
        TQ_TRY(offer_walked(search, run, &ride, err));
        ridden++;
    }
    if (all->boardings == 0) return TQ_OK;
    TQ_TRY(changes(search, true, err));
    return changes(search, false, err);
}
