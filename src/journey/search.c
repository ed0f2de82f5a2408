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

/* One search: of which service day, from (or to) when, how far ahead, and for how wide a window. */
typedef struct day_question {
    int32_t day, time_s, horizon_s;
    uint32_t window_s;
} day_question;

/* What is found is appended to `found`. */
typedef struct found_list {
    kept_journey *at;
    uint32_t cap, count;
} found_list;

static tq_status search_layout(plan_ctx *ctx, const day_question *question, const tq_day *layout,
                               const tq_ground *ground, found_list *list, tq_err *err)
{
    tq_transit_query query;
    tq_journeys found = {0};
    journey_fill_query(ctx, &query);
    query.time_s = question->time_s;
    query.horizon_s = question->horizon_s;
    query.arrive_by = ctx->query->arrive_by;
    query.direct_walk_dm = ctx->direct_walk_dm <= ctx->max_walk_dm ? ctx->direct_walk_dm : TQ_NONE;
    query.ground = ground;
    size_t mark = ctx->scratch.used;
    tq_status status = tq_transit_pareto(ctx->city, layout, &query, &ctx->scratch, &found, err);
    if (status == TQ_OK &&
        !journey_keep(ctx, &found, question->day, list->at, list->cap, &list->count))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "too many journeys for one answer");
    tq_arena_reset(&ctx->scratch, mark);
    if (status == TQ_OK && question->window_s > 0) {
        status = tq_transit_range(ctx->city, layout, &query, question->window_s, &ctx->scratch,
                                  &found, err);
        if (status == TQ_OK &&
            !journey_keep(ctx, &found, question->day, list->at, list->cap, &list->count))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "too many journeys for one answer");
        tq_arena_reset(&ctx->scratch, mark);
    }
    return status;
}

static tq_status search_day(plan_ctx *ctx, const day_question *question, found_list *list,
                            tq_err *err)
{
    const tq_snapshot *snapshot = ctx->snapshot;
    const tq_day *layout = NULL;
    const tq_ground *ground;
    TQ_TRY(journey_ground(ctx, &ground, err));
    tq_status status = tq_days_get(snapshot->days, snapshot->overlay, question->day, &layout, err);
    if (status == TQ_OK) {
        status = search_layout(ctx, question, layout, ground, list, err);
        tq_days_put(snapshot->days, layout);
    }
    tq_days_ground_put(snapshot->days, ground);
    return status;
}

/* Seconds of the service day `day` at an instant, rounded into the question's time. */
static int32_t second_of(const plan_ctx *ctx, int64_t at_ms, int32_t day)
{
    int64_t since_ms = at_ms - tq_service_day_ms(&ctx->city->zone, day);
    return (int32_t)(ctx->query->arrive_by ? tq_floor_div(since_ms, 1000)
                                           : tq_ceil_div(since_ms, 1000));
}

/*
 * Leaving: first what still runs this night, since a trip that waits for the morning on the way
 * would hide the one that leaves in the morning. When the night has nothing: trips through the
 * night, and the mornings of the next days; the list then drops those that wait.
 */
static tq_status search_leaving(plan_ctx *ctx, found_list *list, tq_err *err)
{
    const tq_plan_query *ask = ctx->query;
    const tq_zone_table *zone = &ctx->city->zone;
    int32_t night = journey_night_of(ctx->city, ask->time_ms),
            day = tq_local_day(zone, ask->time_ms, NULL);
    int64_t end_ms = tq_local_to_ms(zone, night + 1, (int32_t)ctx->city->meta->night_end_s);
    day_question question = {
        .day = day, .time_s = second_of(ctx, ask->time_ms, day), .window_s = ask->window_s};
    bool fits = ask->time_ms + (int64_t)ask->window_s * 1000 <= end_ms;
    question.horizon_s = fits ? (int32_t)((end_ms - ask->time_ms) / 1000) : HORIZON_S;
    TQ_TRY(search_day(ctx, &question, list, err));
    if (list->count > 0 && fits) return TQ_OK;
    question.horizon_s = HORIZON_S;
    question.window_s = 0;
    if (fits) TQ_TRY(search_day(ctx, &question, list, err));
    uint32_t before = list->count;
    for (int32_t step = 1; step <= LATER_DAYS && list->count == before; step++) {
        int64_t morning_ms =
            tq_local_to_ms(zone, night + step, (int32_t)ctx->city->meta->night_end_s);
        question.day = night + step;
        question.time_s = second_of(ctx, morning_ms, question.day);
        TQ_TRY(search_day(ctx, &question, list, err));
        /* A walk is an answer too: don't wait days for a bus. */
        if (ctx->direct_walk_dm <= ctx->max_walk_dm) break;
    }
    return TQ_OK;
}

static tq_status search_arriving(plan_ctx *ctx, found_list *list, tq_err *err)
{
    const tq_plan_query *ask = ctx->query;
    int32_t first_day = tq_local_day(&ctx->city->zone, ask->time_ms, NULL);
    for (int32_t step = 0; step <= LATER_DAYS && list->count == 0; step++) {
        day_question question = {.day = first_day - step,
                                 .horizon_s = HORIZON_S,
                                 .window_s = step == 0 ? ask->window_s : 0};
        question.time_s = second_of(ctx, ask->time_ms, question.day);
        /* An earlier day is entered at its end. */
        if (step > 0)
            question.time_s =
                TQ_MIN(question.time_s, 86400 + (int32_t)ctx->city->meta->night_end_s);
        TQ_TRY(search_day(ctx, &question, list, err));
        if (ctx->direct_walk_dm <= ctx->max_walk_dm && step >= 1) break;
    }
    return TQ_OK;
}

tq_status journey_search(plan_ctx *ctx, kept_journey *out, uint32_t cap, uint32_t *count,
                         tq_err *err)
{
    found_list list = {.at = out, .cap = cap};
    *count = 0;
    if (ctx->city->timetable.trip_count == 0) return TQ_OK;
    TQ_TRY(ctx->query->arrive_by ? search_arriving(ctx, &list, err)
                                 : search_leaving(ctx, &list, err));
    *count = list.count;
    return TQ_OK;
}
