/*
 * What a trip costs: rides summed by tariff, then the rider's concession and the card.
 *
 * Rides inside one distance tariff count as one ride as long as the rider stays inside it, which is
 * taken to be so when nothing but a change on foot lies between them. A flat tariff is paid at each
 * boarding outside its change window.
 */
#include "journey/journey_in.h"

#define HALF_PERCENT 50

static uint32_t after_concession(const tq_tariff *tariff, uint32_t fen, const tq_plan_query *query)
{
    uint64_t pays = (uint64_t)fen * tariff->percent[query->rider];
    if (query->card) pays = pays * tariff->card_percent / 100;
    return (uint32_t)((pays + HALF_PERCENT) / 100);
}

static uint32_t highest_fen(const tq_city *city, const tq_tariff *tariff)
{
    return tariff->step_count == 0
               ? 0
               : city->fares.step[tariff->first_step + tariff->step_count - 1].fen;
}

/* A ride under way in a distance tariff. */
typedef struct open_ride {
    uint32_t tariff, metres;
    int32_t from_s, to_s;
} open_ride;

static uint32_t close_ride(const plan_ctx *ctx, open_ride *ride)
{
    const tq_city *city = ctx->city;
    if (ride->tariff == TQ_NONE) return 0;
    const tq_tariff *tariff = &city->fares.tariff[ride->tariff];
    uint32_t fen = tq_tariff_fen(&city->fares, ride->tariff, ride->metres);
    if (tariff->stay_limit_s > 0 && ride->to_s - ride->from_s > (int32_t)tariff->stay_limit_s)
        fen = TQ_MAX(fen, highest_fen(city, tariff));
    ride->tariff = TQ_NONE;
    return after_concession(tariff, fen, ctx->query);
}

void journey_fare(const plan_ctx *ctx, const tq_journey *journey, tq_itinerary *out)
{
    const tq_city *city = ctx->city;
    const tq_timetable *t = &city->timetable;
    open_ride ride = {.tariff = TQ_NONE};
    uint32_t fen = 0, flat = TQ_NONE;
    int32_t flat_s = 0;
    out->fare_known = true;
    out->fare_assumed = false;
    for (uint32_t k = 0; k < journey->piece_count; k++) {
        const tq_piece *piece = &journey->piece[k];
        if (piece->trip == TQ_NONE) continue;
        uint32_t pattern = t->trip[piece->trip].pattern,
                 row = t->route[t->pattern_route[pattern]].tariff;
        if (row == TQ_NONE) {
            out->fare_known = false;
            return;
        }
        const tq_tariff *tariff = &city->fares.tariff[row];
        const uint32_t *along_m = t->pattern_along_m + t->pattern_first[pattern];
        out->fare_assumed |= tariff->assumed != 0;
        if (ride.tariff != TQ_NONE && ride.tariff != row) fen += close_ride(ctx, &ride);
        if (tariff->kind == TQ_TARIFF_DISTANCE) {
            if (ride.tariff == TQ_NONE) ride = (open_ride){row, 0, piece->departure_s, 0};
            ride.metres += along_m[piece->to_place] - along_m[piece->from_place];
            ride.to_s = piece->arrival_s;
        } else if (!(flat == row && tariff->change_window_s > 0 &&
                     piece->departure_s - flat_s <= (int32_t)tariff->change_window_s)) {
            fen += after_concession(tariff, tq_tariff_fen(&city->fares, row, 0), ctx->query);
            flat = row;
            flat_s = piece->departure_s;
        }
    }
    out->fare_fen = fen + close_ride(ctx, &ride);
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
