/*
 * A question from door to door, answered: walks and rides joined, dominated trips dropped, the
 * night's truth told.
 *
 * One pass: join the ends to the streets, walk directly, ask the timetable, turn journeys into
 * itineraries, keep those that nothing on the list beats in all of departure, arrival, transfers,
 * walking and fare, and add the last safe departure of each service night the list touches.
 */
#include "journey/journey_in.h"

#define FOUND_MAX 96

static const tq_profile walkers[] = {TQ_PROFILE_FOOT, TQ_PROFILE_ELDER, TQ_PROFILE_WHEELCHAIR};

void tq_plan_query_default(tq_plan_query *query)
{
    *query = (tq_plan_query){.size = sizeof *query,
                             .from = {.stop = TQ_NONE, .name = ""},
                             .to = {.stop = TQ_NONE, .name = ""},
                             .max_transfers = 6,
                             .max_walk_m = UINT32_MAX,
                             .party = 1,
                             .asked_ms = INT64_MIN};
}

static tq_status check_query(const tq_city *city, const tq_plan_query *query, tq_err *err)
{
    if (query->size != sizeof *query)
        return tq_fail(err, TQ_BAD_INPUT, 0, "tq_plan_query has another size than this library's");
    if (query->profile >= TQ_PROFILE_COUNT)
        return tq_fail(err, TQ_BAD_INPUT, 0, "unknown profile %u", query->profile);
    if (query->max_transfers > TQ_TRANSFERS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "max_transfers is at most %d, not %u",
                       TQ_TRANSFERS_MAX, query->max_transfers);
    if (query->window_s > TQ_WINDOW_MAX_S)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a window is at most %d minutes",
                       TQ_WINDOW_MAX_S / 60);
    if (query->on_demand & ~(TQ_ON_DEMAND_TAXI | TQ_ON_DEMAND_CUSTOM))
        return tq_fail(err, TQ_BAD_INPUT, 0, "unknown kinds of offers on demand");
    if (query->party > TQ_PARTY_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a party is at most %d, not %u", TQ_PARTY_MAX,
                       query->party);
    if (query->profile > TQ_PROFILE_WHEELCHAIR && city->streets.edge_count == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "this city has no streets; only trips between stops can be planned");
    return TQ_OK;
}

static tq_status prepare(plan_ctx *ctx, tq_err *err)
{
    const tq_plan_query *query = ctx->query;
    const tq_meta *meta = ctx->city->meta;
    unsigned walker = 0;
    while (walker + 1 < TQ_COUNT(walkers) && walkers[walker] != query->profile)
        walker++;
    if (query->profile > TQ_PROFILE_WHEELCHAIR) walker = 0;
    ctx->from.place = query->from;
    ctx->to.place = query->to;
    ctx->walk = query->profile == TQ_PROFILE_FOOT ? TQ_WALK_ANY : TQ_WALK_STEP_FREE;
    ctx->walk_mm_s = meta->walk_mm_s[walker];
    uint32_t max_m = query->max_walk_m == UINT32_MAX ? meta->max_walk_m[walker] : query->max_walk_m;
    ctx->max_walk_dm = max_m == 0 || max_m > TQ_NONE / 10 - 1 ? TQ_NONE - 1 : max_m * 10;
    if (ctx->city->streets.edge_count > 0)
        TQ_TRY(tq_roads_get(ctx->snapshot->roads, ctx->snapshot->overlay,
                            tq_road_vehicle(ctx->city, query->profile), query->time_ms,
                            &ctx->metric, err));
    TQ_TRY(journey_meet_streets(ctx, &ctx->from, err));
    TQ_TRY(journey_meet_streets(ctx, &ctx->to, err));
    if (ctx->from.access_count == 0 || ctx->to.access_count == 0)
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "this city has no streets; give a stop, such as stop:ID");
    return TQ_OK;
}

/* a is at least as good as b in everything. */
bool journey_dominates(const tq_itinerary *a, const tq_itinerary *b, bool arrive_by)
{
    bool in_time = arrive_by ? a->departure_ms >= b->departure_ms && a->arrival_ms <= b->arrival_ms
                             : a->arrival_ms <= b->arrival_ms && a->departure_ms >= b->departure_ms;
    uint32_t fare_a = a->fare_known ? a->fare_fen : UINT32_MAX,
             fare_b = b->fare_known ? b->fare_fen : UINT32_MAX;
    return in_time && a->transfers <= b->transfers && a->walk_m <= b->walk_m && fare_a <= fare_b;
}

static uint32_t ride_count(const tq_itinerary *itinerary)
{
    uint32_t rides = 0;
    for (uint32_t k = 0; k < itinerary->leg_count; k++)
        rides += itinerary->leg[k].mode == TQ_LEG_TRANSIT;
    return rides;
}

static int64_t longest_wait_ms(const tq_itinerary *itinerary)
{
    int64_t longest_ms = 0;
    for (uint32_t k = 1; k < itinerary->leg_count; k++)
        longest_ms =
            TQ_MAX(longest_ms, itinerary->leg[k].departure_ms - itinerary->leg[k - 1].arrival_ms);
    return longest_ms;
}

/* A trip that waits for hours on the way goes when another leaves later and arrives not much later.
 */
static void drop_long_waits(plan_ctx *ctx)
{
    uint32_t kept = 0;
    tq_itinerary *list = ctx->itinerary;
    bool dropped[FOUND_MAX + 1] = {false};
    for (uint32_t a = 0; a < ctx->itinerary_count; a++)
        for (uint32_t b = 0;
             b < ctx->itinerary_count && longest_wait_ms(&list[a]) >= LONG_WAIT_S * INT64_C(1000);
             b++)
            dropped[a] |= longest_wait_ms(&list[b]) < LONG_WAIT_S * INT64_C(1000) &&
                          list[b].departure_ms > list[a].departure_ms &&
                          list[b].arrival_ms <= list[a].arrival_ms + LONG_WAIT_S * INT64_C(1000);
    for (uint32_t k = 0; k < ctx->itinerary_count; k++)
        if (!dropped[k]) list[kept++] = list[k];
    ctx->itinerary_count = kept;
}

static void drop_dominated(plan_ctx *ctx)
{
    tq_itinerary *list = ctx->itinerary;
    bool dropped[FOUND_MAX] = {false};
    uint32_t kept = 0;
    for (uint32_t a = 0; a < ctx->itinerary_count; a++) {
        for (uint32_t b = 0; b < ctx->itinerary_count && !dropped[a]; b++) {
            if (a == b || dropped[b] ||
                !journey_dominates(&list[b], &list[a], ctx->query->arrive_by))
                continue;
            /* Equal ones: the first stays. A walk never hides a ride: some cannot walk. */
            bool equal = journey_dominates(&list[a], &list[b], ctx->query->arrive_by);
            dropped[a] =
                (!equal || b < a) && (ride_count(&list[b]) > 0 || ride_count(&list[a]) == 0 ||
                                      list[b].walk_m <= list[a].walk_m);
        }
    }
    for (uint32_t k = 0; k < ctx->itinerary_count; k++)
        if (!dropped[k]) list[kept++] = list[k];
    ctx->itinerary_count = kept;
}

static bool comes_before(const tq_itinerary *a, const tq_itinerary *b)
{
    if (a->departure_ms != b->departure_ms) return a->departure_ms < b->departure_ms;
    if (a->arrival_ms != b->arrival_ms) return a->arrival_ms < b->arrival_ms;
    if (a->transfers != b->transfers) return a->transfers < b->transfers;
    return a->walk_m < b->walk_m;
}

void journey_sort(plan_ctx *ctx)
{
    for (uint32_t k = 1; k < ctx->itinerary_count; k++) {
        tq_itinerary moved = ctx->itinerary[k];
        uint32_t at = k;
        for (; at > 0 && comes_before(&moved, &ctx->itinerary[at - 1]); at--)
            ctx->itinerary[at] = ctx->itinerary[at - 1];
        ctx->itinerary[at] = moved;
    }
    ctx->itinerary_count = TQ_MIN(ctx->itinerary_count, TQ_ITINERARIES_MAX);
}

static void name_reasons(plan_ctx *ctx)
{
    tq_itinerary *list = ctx->itinerary;
    tq_itinerary best = {.arrival_ms = INT64_MAX,
                         .departure_ms = INT64_MIN,
                         .transfers = UINT32_MAX,
                         .walk_m = UINT32_MAX,
                         .fare_fen = UINT32_MAX};
    for (uint32_t k = 0; k < ctx->itinerary_count; k++) {
        best.arrival_ms = TQ_MIN(best.arrival_ms, list[k].arrival_ms);
        best.transfers = TQ_MIN(best.transfers, list[k].transfers);
        best.walk_m = TQ_MIN(best.walk_m, list[k].walk_m);
        if (list[k].fare_known) best.fare_fen = TQ_MIN(best.fare_fen, list[k].fare_fen);
    }
    for (uint32_t k = 0; k < ctx->itinerary_count; k++) {
        list[k].reasons =
            (list[k].arrival_ms == best.arrival_ms ? TQ_BEST_ARRIVAL : 0u) |
            (list[k].transfers == best.transfers ? TQ_BEST_TRANSFERS : 0u) |
            (list[k].walk_m == best.walk_m ? TQ_BEST_WALK : 0u) |
            (list[k].fare_known && list[k].fare_fen == best.fare_fen ? TQ_BEST_FARE : 0u);
    }
}

/* The night's truth: last safe departures, and what is missed by one who asks too late. */
static tq_status tell_the_night(plan_ctx *ctx, tq_plan_answer *answer, tq_err *err)
{
    night_answer night[NIGHTS_MAX];
    uint32_t nights = 0;
    int32_t asked = journey_night_of(ctx->city, ctx->query->time_ms);
    TQ_TRY(journey_last_safe(ctx, asked, &night[nights++], err));
    answer->last_safe_departure_ms = night[0].last_ms;
    for (uint32_t k = 0; k < ctx->itinerary_count; k++) {
        tq_itinerary *itinerary = &ctx->itinerary[k];
        if (ride_count(itinerary) == 0) continue;
        int32_t day = journey_night_of(ctx->city, itinerary->departure_ms);
        uint32_t at = 0;
        while (at < nights && night[at].day != day)
            at++;
        if (at == nights) {
            if (nights == NIGHTS_MAX) continue;
            TQ_TRY(journey_last_safe(ctx, day, &night[nights++], err));
        }
        itinerary->last_safe_departure_ms = night[at].last_ms;
    }
    bool too_late = !ctx->query->arrive_by && night[0].last_ms != INT64_MIN &&
                    ctx->query->time_ms > night[0].last_ms;
    if (!too_late) return TQ_OK;
    tq_missed *missed = TQ_PUSH(&ctx->keep, tq_missed, TQ_MISSED_MAX);
    if (missed == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    answer->missed = missed;
    return journey_missed(ctx, &night[0], ctx->query->time_ms, missed, &answer->missed_count, err);
}

static tq_status plan_on_streets(plan_ctx *ctx, tq_err *err)
{
    if (ctx->from.snap_count == 0 || ctx->to.snap_count == 0)
        return tq_fail(err, TQ_NOT_FOUND, 0, "no street within %d m of the start or the end",
                       TQ_SNAP_LIMIT_M);
    tq_status status = journey_street_itinerary(ctx, &ctx->itinerary[0], err);
    if (status == TQ_OK) ctx->itinerary_count = 1;
    return status == TQ_NO_ROUTE ? TQ_OK : status;
}

static tq_status plan_with_transit(plan_ctx *ctx, tq_plan_answer *answer, tq_err *err)
{
    kept_journey *found = TQ_PUSH(&ctx->keep, kept_journey, FOUND_MAX);
    uint32_t count = 0;
    if (found == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    TQ_TRY(journey_direct_walk(ctx, err));
    if (ctx->direct_walk_dm <= ctx->max_walk_dm)
        TQ_TRY(journey_walk_itinerary(ctx, &ctx->itinerary[ctx->itinerary_count++], err));
    TQ_TRY(journey_search(ctx, found, FOUND_MAX - 1, &count, err));
    for (uint32_t k = 0; k < count; k++)
        TQ_TRY(journey_itinerary(ctx, &found[k], &ctx->itinerary[ctx->itinerary_count++], err));
    drop_long_waits(ctx);
    drop_dominated(ctx);
    journey_sort(ctx);
    TQ_TRY(tell_the_night(ctx, answer, err));
    return journey_on_demand(ctx, err);
}

tq_status tq_plan(const tq_snapshot *snapshot, const tq_plan_query *query, tq_arena *work,
                  tq_plan_answer *out, tq_err *err)
{
    plan_ctx ctx = {.snapshot = snapshot, .city = snapshot->city, .query = query};
    tq_plan_answer answer = {.last_safe_departure_ms = INT64_MIN, .note = ""};
    TQ_TRY(check_query(ctx.city, query, err));
    size_t scratch_bytes =
        work->cap - work->used > KEEP_BYTES + 4096 ? work->cap - work->used - KEEP_BYTES - 4096 : 0;
    uint8_t *keep = TQ_PUSH_RAW(work, uint8_t, KEEP_BYTES),
            *scratch = TQ_PUSH_RAW(work, uint8_t, scratch_bytes);
    if (keep == NULL || scratch == NULL || scratch_bytes == 0)
        return tq_fail(err, TQ_NO_MEMORY, 0,
                       "the scratch of this thread is too small; see tq_journey_work_bytes");
    tq_arena_init(&ctx.keep, keep, KEEP_BYTES);
    tq_arena_init(&ctx.scratch, scratch, scratch_bytes);
    ctx.itinerary = TQ_PUSH(&ctx.keep, tq_itinerary, FOUND_MAX + 1);
    tq_status status = prepare(&ctx, err);
    if (status == TQ_OK)
        status = query->profile > TQ_PROFILE_WHEELCHAIR ? plan_on_streets(&ctx, err)
                                                        : plan_with_transit(&ctx, &answer, err);
    tq_roads_put(snapshot->roads, ctx.metric);
    if (status != TQ_OK) return status;
    name_reasons(&ctx);
    answer.itinerary = ctx.itinerary;
    answer.itinerary_count = ctx.itinerary_count;
    if (ctx.itinerary_count == 0)
        answer.note = ctx.query->profile == TQ_PROFILE_WHEELCHAIR
                          ? "no step-free way was found; a taxi may help"
                          : "no way was found";
    *out = answer;
    return TQ_OK;
}
