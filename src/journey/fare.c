/*
 * What a trip costs a person: the payments of its rides (tq_journey_fare_parts), each with the
 * rider's concession and the card; and what a taxi costs.
 */
#include "journey/journey_in.h"

#define HALF_PERCENT 50

static uint32_t after_concession(const tq_tariff *tariff, uint32_t fen, const tq_plan_query *query)
{
    uint64_t pays = (uint64_t)fen * tariff->percent[query->rider];
    if (query->card) pays = pays * tariff->card_percent / 100;
    return (uint32_t)((pays + HALF_PERCENT) / 100);
}

void journey_fare(const plan_ctx *ctx, const tq_journey *journey, tq_itinerary *out)
{
    tq_fare_part part[TQ_BOARDINGS_MAX];
    uint32_t count = 0;
    out->fare_fen = 0;
    out->fare_known = tq_journey_fare_parts(ctx->city, journey, part, &count, &out->fare_assumed);
    for (uint32_t k = 0; out->fare_known && k < count; k++)
        out->fare_fen +=
            after_concession(&ctx->city->fares.tariff[part[k].tariff], part[k].fen, ctx->query);
}

uint32_t journey_taxi_fen(const tq_city *city, uint32_t length_m, int64_t time_s, int64_t at_ms)
{
    const tq_taxi_tariff *taxi = city->fares.taxi;
    int32_t second;
    (void)tq_local_day(&city->zone, at_ms, &second);
    bool wraps = taxi->night_from_s > taxi->night_to_s;
    bool late = (uint32_t)second >= taxi->night_from_s, early = (uint32_t)second < taxi->night_to_s;
    unsigned rate = wraps ? late || early : late && early;
    uint64_t fen = taxi->base_fen[rate];
    if (length_m > taxi->base_m) {
        uint64_t beyond_m = length_m - taxi->base_m;
        fen += beyond_m * taxi->per_km_fen[rate] / 1000;
        if (taxi->far_m > 0 && length_m > taxi->far_m)
            fen += (uint64_t)(length_m - TQ_MAX(taxi->far_m, taxi->base_m)) *
                   taxi->per_km_fen[rate] * taxi->far_percent / 100000;
    }
    /* Slow time is what the trip takes beyond driving at the slow limit throughout. */
    if (taxi->slow_kmh > 0) {
        int64_t brisk_s = (int64_t)length_m * 36 / ((int64_t)taxi->slow_kmh * 10);
        if (time_s > brisk_s) fen += (uint64_t)(time_s - brisk_s) * taxi->slow_fen_per_min / 60;
    }
    return (uint32_t)TQ_MIN((fen + 50) / 100 * 100, UINT32_MAX / 2);
}
