/*
 * Trips with a taxi or a custom bus, added to a plan that stands.
 *
 * Method: such a trip is a few parts, one after the other: a taxi or a booked ride, walks, and at
 * most one journey of the timetable, found by a search of its own between the ends where the parts
 * meet. A trip stays when neither one of the plain plan nor another of its kind beats or equals it
 * in departure, arrival, changes, walking and fare.
 *
 * Invariants: plain trips stay whatever is found here, since a car may not come and a seat may be
 * sold; every instant is the sum of the parts; nothing is allocated but in the arenas, and all
 * counts are bounded by constants (ondemand_in.h). When the answer's memory is full, what is found
 * so far is the list.
 */
#include "journey/ondemand_in.h"

static const struct {
    const char *name;
    uint32_t bit;
} kinds[] = {{"taxi", TQ_ON_DEMAND_TAXI}, {"custom", TQ_ON_DEMAND_CUSTOM}};

tq_status tq_on_demand_parse(const char *text, uint32_t *mask, tq_err *err)
{
    uint32_t bits = 0;
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, ","), k = 0;
        while (k < TQ_COUNT(kinds) &&
               (strlen(kinds[k].name) != len || memcmp(kinds[k].name, at, len) != 0))
            k++;
        if (k == TQ_COUNT(kinds))
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "\"%.*s\" is not on demand; write taxi, custom, or taxi,custom",
                           (int)TQ_MIN(len, 40u), at);
        bits |= kinds[k].bit;
        at += len;
        if (*at == ',' && *++at == '\0')
            return tq_fail(err, TQ_BAD_INPUT, 0, "nothing follows the last comma of \"%.60s\"",
                           text);
    }
    *mask = bits;
    return TQ_OK;
}

/* ---- waits -------------------------------------------------------------------------------------
 */

/* The value of the cell; TQ_NONE outside of the grid. */
static uint32_t cell_of(const tq_ondemand_waits *grid, tq_point at)
{
    if (grid->columns == 0 || at.lat_e7 < grid->south_e7 || at.lon_e7 < grid->west_e7)
        return TQ_NONE;
    uint64_t row = (uint64_t)((int64_t)at.lat_e7 - grid->south_e7) / grid->cell_e7,
             column = (uint64_t)((int64_t)at.lon_e7 - grid->west_e7) / grid->cell_e7;
    if (row >= grid->rows || column >= grid->columns) return TQ_NONE;
    return (uint32_t)(row * grid->columns + column);
}

bool demand_wait_at(const plan_ctx *ctx, tq_point at, int64_t call_ms, demand_wait *out)
{
    const tq_ondemand *offer = ctx->snapshot->ondemand;
    uint32_t cell = TQ_NONE;
    *out = (demand_wait){ctx->city->meta->taxi_wait_s, 0, TQ_WAIT_ASSUMED};
    /* Vehicles with a place for a wheelchair are few, and the grid is about all. */
    if (offer != NULL && ctx->query->profile != TQ_PROFILE_WHEELCHAIR &&
        call_ms - offer->made_ms <= DEMAND_WAIT_HOLDS_MS &&
        offer->made_ms - call_ms <= DEMAND_WAIT_HOLDS_MS)
        cell = cell_of(&offer->taxi, at);
    if (cell == TQ_NONE) return true;
    if (offer->taxi.wait_s[cell] == UINT16_MAX) return false;
    *out = (demand_wait){offer->taxi.wait_s[cell], offer->taxi.vehicles[cell], TQ_WAIT_LIVE};
    return true;
}

/* ---- searches ----------------------------------------------------------------------------------
 */

static tq_status search_day(demand *all, const demand_ask *ask, int32_t day,
                            kept_journey out[DEMAND_RIDES_MAX], uint32_t *count, tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    const tq_snapshot *snapshot = ctx->snapshot;
    const tq_day *layout = NULL;
    const tq_ground *ground = NULL;
    tq_transit_query query;
    tq_journeys found = {0};
    int64_t since_ms = ask->at_ms - tq_service_day_ms(&ctx->city->zone, day);
    journey_fill_query(ctx, &query);
    query.from = ask->from->access;
    query.from_count = ask->from->access_count;
    query.to = ask->to->access;
    query.to_count = ask->to->access_count;
    query.time_s =
        (int32_t)(ask->arrive_by ? tq_floor_div(since_ms, 1000) : tq_ceil_div(since_ms, 1000));
    query.arrive_by = ask->arrive_by;
    query.horizon_s = DEMAND_AHEAD_S;
    query.max_boardings = TQ_MIN(all->boardings, TQ_BOARDINGS_MAX);
    TQ_TRY(journey_ground(ctx, &ground, err));
    tq_status status = tq_days_get(snapshot->days, snapshot->overlay, day, &layout, err);
    if (status == TQ_OK) {
        size_t mark = ctx->scratch.used;
        query.ground = ground;
        status = tq_transit_search(ctx->city, layout, &query, &ctx->scratch, &found, err);
        if (status == TQ_OK && !journey_keep(ctx, &found, day, out, DEMAND_RIDES_MAX, count))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "too many journeys for one answer");
        tq_arena_reset(&ctx->scratch, mark);
        tq_days_put(snapshot->days, layout);
    }
    tq_days_ground_put(snapshot->days, ground);
    return status;
}

tq_status demand_rides(demand *all, const demand_ask *ask, kept_journey out[DEMAND_RIDES_MAX],
                       uint32_t *count, tq_err *err)
{
    *count = 0;
    if (all->boardings == 0 || ask->from->access_count == 0 || ask->to->access_count == 0 ||
        all->ctx->city->timetable.trip_count == 0)
        return TQ_OK;
    return search_day(all, ask, tq_local_day(&all->ctx->city->zone, ask->at_ms, NULL), out, count,
                      err);
}

tq_status demand_ride_part(demand *all, const demand_ask *ask, const kept_journey *kept,
                           demand_part *out, tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    tq_itinerary made;
    ctx->from = *ask->from;
    ctx->to = *ask->to;
    tq_status status = journey_itinerary(ctx, kept, &made, err);
    ctx->from = all->from;
    ctx->to = all->to;
    TQ_TRY(status);
    *out = (demand_part){.leg = made.leg,
                         .leg_count = made.leg_count,
                         .boardings = kept->journey.boardings,
                         .walk_m = made.walk_m,
                         .fare_fen = made.fare_fen,
                         .fare_known = made.fare_known,
                         .fare_assumed = made.fare_assumed,
                         .departure_ms = made.departure_ms,
                         .arrival_ms = made.arrival_ms};
    return TQ_OK;
}

/* ---- the list ----------------------------------------------------------------------------------
 */

bool demand_in_time(const demand *all, int64_t departure_ms, int64_t arrival_ms)
{
    const tq_plan_query *query = all->ctx->query;
    return query->arrive_by ? arrival_ms <= query->time_ms : departure_ms >= query->time_ms;
}

static bool is_beaten(const demand *all, const tq_itinerary *one)
{
    bool arrive_by = all->ctx->query->arrive_by;
    for (uint32_t k = 0; k < all->plain_count; k++)
        if (journey_dominates(&all->ctx->itinerary[k], one, arrive_by)) return true;
    for (uint32_t k = 0; k < all->found_count; k++)
        if (journey_dominates(&all->found[k], one, arrive_by)) return true;
    return false;
}

static void take_in(demand *all, const tq_itinerary *one)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < all->found_count; k++)
        if (!journey_dominates(one, &all->found[k], all->ctx->query->arrive_by))
            all->found[kept++] = all->found[k];
    all->found_count = kept;
    if (all->found_count < DEMAND_FOUND_MAX) all->found[all->found_count++] = *one;
}

tq_status demand_offer(demand *all, const demand_part *part, uint32_t count, size_t mark,
                       tq_err *err)
{
    plan_ctx *ctx = all->ctx;
    tq_itinerary one = {.departure_ms = part[0].departure_ms,
                        .arrival_ms = part[count - 1].arrival_ms,
                        .fare_known = true,
                        .last_safe_departure_ms = INT64_MIN,
                        .on_demand = true};
    uint32_t legs = 0, boardings = 0;
    for (uint32_t k = 0; k < count; k++) {
        legs += part[k].leg_count;
        boardings += part[k].boardings;
        one.walk_m += part[k].walk_m;
        one.fare_fen += part[k].fare_fen;
        one.fare_known &= part[k].fare_known;
        one.fare_assumed |= part[k].fare_assumed;
    }
    one.transfers = boardings > 0 ? boardings - 1 : 0;
    if (!one.fare_known) one.fare_fen = 0;
    bool stays = legs <= TQ_LEGS_MAX && one.transfers <= ctx->query->max_transfers &&
                 demand_in_time(all, one.departure_ms, one.arrival_ms) && !is_beaten(all, &one);
    if (!stays) {
        tq_arena_reset(&ctx->keep, mark);
        return TQ_OK;
    }
    tq_leg *leg = TQ_PUSH(&ctx->keep, tq_leg, legs);
    if (leg == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    one.leg = leg;
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t at = 0; at < part[k].leg_count; at++)
            leg[one.leg_count++] = part[k].leg[at];
    take_in(all, &one);
    return TQ_OK;
}

/* What a trip costs a person, time and money together: which go when there are too many. */
static uint64_t burden_of(const tq_itinerary *one)
{
    return (uint64_t)((one->arrival_ms - one->departure_ms) / 1000) +
           (uint64_t)one->fare_fen * 3600 / DEMAND_HOUR_FEN +
           (uint64_t)one->transfers * DEMAND_TRANSFER_S;
}

static void show_best(demand *all)
{
    plan_ctx *ctx = all->ctx;
    for (uint32_t shown = 0; shown < DEMAND_SHOWN_MAX && all->found_count > 0 &&
                             ctx->itinerary_count < TQ_ITINERARIES_MAX;
         shown++) {
        uint32_t best = 0;
        for (uint32_t k = 1; k < all->found_count; k++)
            if (burden_of(&all->found[k]) < burden_of(&all->found[best])) best = k;
        ctx->itinerary[ctx->itinerary_count++] = all->found[best];
        for (uint32_t k = best + 1; k < all->found_count; k++)
            all->found[k - 1] = all->found[k];
        all->found_count--;
    }
    journey_sort(ctx);
}

tq_status journey_on_demand(plan_ctx *ctx, tq_err *err)
{
    const tq_plan_query *query = ctx->query;
    if (query->on_demand == 0) return TQ_OK;
    const tq_ondemand *offer = ctx->snapshot->ondemand;
    demand *all = TQ_PUSH(&ctx->scratch, demand, 1);
    tq_itinerary *found = TQ_PUSH(&ctx->scratch, tq_itinerary, DEMAND_FOUND_MAX);
    if (all == NULL || found == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0,
                       "the scratch of this thread is too small; see tq_journey_work_bytes");
    *all = (demand){.ctx = ctx,
                    .offer = offer != NULL ? offer : tq_ondemand_none(),
                    .party = TQ_MAX(query->party, 1u),
                    .boardings = query->max_transfers,
                    .found = found,
                    .plain_count = ctx->itinerary_count,
                    .from = ctx->from,
                    .to = ctx->to};
    all->asked_ms = query->asked_ms != INT64_MIN ? query->asked_ms : all->offer->made_ms;
    tq_err why = {0};
    tq_status status = TQ_OK;
    if ((query->on_demand & TQ_ON_DEMAND_CUSTOM) != 0) status = demand_buses(all, &why);
    if (status == TQ_OK && (query->on_demand & TQ_ON_DEMAND_TAXI) != 0)
        status = demand_taxis(all, &why);
    show_best(all);
    if (status == TQ_OK || status == TQ_NO_MEMORY) return TQ_OK;
    *err = why;
    return status;
}
