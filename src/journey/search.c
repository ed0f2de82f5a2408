/*
 * Asking the timetable: the right service day, a few more days when one has no way, and copies that
 * last.
 *
 * A question at an instant is put to the day of its local date; tq_day already holds the trips of
 * the night before. Journeys come back in the search's own scratch, so they are copied before the
 * next search.
 */
#include "journey/journey_in.h"

void journey_fill_query(const plan_ctx *ctx, tq_transit_query *query)
{
    tq_transit_query_default(query);
    query->from = ctx->from.access;
    query->from_count = ctx->from.access_count;
    query->to = ctx->to.access;
    query->to_count = ctx->to.access_count;
    query->direct_walk_dm = TQ_NONE;
    query->walk = ctx->walk;
    query->walk_mm_s = ctx->walk_mm_s;
    query->max_walk_dm = ctx->max_walk_dm;
    query->max_boardings = TQ_MIN(ctx->query->max_transfers + 1, TQ_BOARDINGS_MAX);
    query->wheelchair = ctx->query->profile == TQ_PROFILE_WHEELCHAIR;
    query->horizon_s = HORIZON_S;
}

bool journey_keep(plan_ctx *ctx, const tq_journeys *found, int32_t day, kept_journey *out,
                  uint32_t cap, uint32_t *count)
{
    for (uint32_t k = 0; k < found->count && *count < cap; k++) {
        const tq_journey *journey = &found->journey[k];
        /* On streets the walk has its own itinerary; without them it is one by transfers. */
        if (journey->boardings == 0 && ctx->city->streets.edge_count > 0) continue;
        tq_piece *piece = TQ_PUSH_RAW(&ctx->keep, tq_piece, journey->piece_count);
        if (piece == NULL) return false;
        memcpy(piece, journey->piece, journey->piece_count * sizeof *piece);
        kept_journey *kept = &out[(*count)++];
        kept->journey = *journey;
        kept->journey.piece = piece;
        kept->day = day;
        kept->day_ms = tq_service_day_ms(&ctx->city->zone, day);
    }
    return true;
}

/* One search on one day; what is found is appended to out. */
static tq_status search_day(plan_ctx *ctx, int32_t day, int32_t time_s, uint32_t window_s,
                            kept_journey *out, uint32_t cap, uint32_t *count, tq_err *err)
{
    const tq_day *layout = NULL;
    tq_transit_query query;
    tq_journeys found = {0};
    journey_fill_query(ctx, &query);
    query.time_s = time_s;
    query.arrive_by = ctx->query->arrive_by;
    query.direct_walk_dm = ctx->direct_walk_dm <= ctx->max_walk_dm ? ctx->direct_walk_dm : TQ_NONE;
    TQ_TRY(tq_days_get(ctx->snapshot->days, day, &layout, err));
    size_t mark = ctx->scratch.used;
    tq_status status = tq_transit_pareto(ctx->city, layout, &query, &ctx->scratch, &found, err);
    if (status == TQ_OK && !journey_keep(ctx, &found, day, out, cap, count))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "too many journeys for one answer");
    tq_arena_reset(&ctx->scratch, mark);
    if (status == TQ_OK && window_s > 0) {
        status = tq_transit_range(ctx->city, layout, &query, window_s, &ctx->scratch, &found, err);
        if (status == TQ_OK && !journey_keep(ctx, &found, day, out, cap, count))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "too many journeys for one answer");
        tq_arena_reset(&ctx->scratch, mark);
    }
    tq_days_put(ctx->snapshot->days, layout);
    return status;
}

int32_t journey_longest_wait_s(const tq_journey *journey)
{
    int32_t longest_s = 0;
    for (uint32_t k = 1; k < journey->piece_count; k++)
        longest_s =
            TQ_MAX(longest_s, journey->piece[k].departure_s - journey->piece[k - 1].arrival_s);
    return longest_s;
}

static bool all_wait_overnight(const kept_journey *kept, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (journey_longest_wait_s(&kept[k].journey) < LONG_WAIT_S) return false;
    return true;
}

tq_status journey_search(plan_ctx *ctx, kept_journey *out, uint32_t cap, uint32_t *count,
                         tq_err *err)
{
    const tq_plan_query *ask = ctx->query;
    const tq_zone_table *zone = &ctx->city->zone;
    int32_t first_day = tq_local_day(zone, ask->time_ms, NULL);
    *count = 0;
    if (ctx->city->timetable.trip_count == 0) return TQ_OK;
    for (int32_t step = 0; step <= LATER_DAYS; step++) {
        int32_t day = ask->arrive_by ? first_day - step : first_day + step;
        int64_t since_ms = ask->time_ms - tq_service_day_ms(zone, day);
        int64_t time_s =
            ask->arrive_by ? tq_floor_div(since_ms, 1000) : tq_ceil_div(since_ms, 1000);
        /* A later day is entered when its service begins, an earlier one at its end. */
        int64_t night_end_s = ctx->city->meta->night_end_s;
        if (!ask->arrive_by && step > 0) time_s = TQ_MAX(time_s, night_end_s);
        if (ask->arrive_by && step > 0) time_s = TQ_MIN(time_s, 86400 + night_end_s);
        TQ_TRY(search_day(ctx, day, (int32_t)time_s, step == 0 ? ask->window_s : 0, out, cap, count,
                          err));
        /* A night spent waiting on the way is no answer as long as the morning has one. */
        if (*count > 0 && (step > 0 || ask->arrive_by || !all_wait_overnight(out, *count))) break;
        /* A walk is an answer too: don't wait days for a bus. */
        if (*count == 0 && ctx->direct_walk_dm <= ctx->max_walk_dm && step >= 1) break;
    }
    return TQ_OK;
}
