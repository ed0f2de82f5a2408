/*
 * What the rides of a journey cost at the full fare.
 *
 * A flat tariff is paid at each boarding, but not within its change window after the one that was
 * paid. A tariff by distance sums the metres of rides that follow each other inside it, whatever is
 * walked in between, and is settled when another tariff is boarded or the journey ends; who stays
 * inside longer than its limit pays its highest step. Metres are those along the patterns.
 */
#include "transit/transit_in.h"

uint32_t fare_of_stay(const tq_city *city, uint32_t tariff, uint32_t ride_m, int32_t stay_s)
{
    const tq_tariff *row = &city->fares.tariff[tariff];
    uint32_t fen = tq_tariff_fen(&city->fares, tariff, ride_m);
    if (row->stay_limit_s == 0 || stay_s <= (int32_t)TQ_MIN(row->stay_limit_s, (uint32_t)INT32_MAX))
        return fen;
    for (uint32_t step = row->first_step; step < row->first_step + row->step_count; step++)
        fen = TQ_MAX(fen, city->fares.step[step].fen);
    return fen;
}

bool tq_journey_fare_parts(const tq_city *city, const tq_journey *journey,
                           tq_fare_part part[TQ_BOARDINGS_MAX], uint32_t *count, bool *assumed)
{
    uint32_t open = TQ_NONE, metres = 0, paid = 0; /* open: the tariff that one is inside of */
    int32_t since_s = 0, until_s = 0;
    bool guessed = false;
    for (uint32_t at = 0; at < journey->piece_count; at++) {
        const tq_piece *piece = &journey->piece[at];
        if (!tq_piece_rides(piece)) continue;
        uint32_t tariff = city->timetable.route[piece->route].tariff;
        if (tariff == TQ_NONE || tariff >= city->fares.tariff_count) return false;
        const tq_tariff *row = &city->fares.tariff[tariff];
        guessed = guessed || row->assumed;
        if (open != tariff && open != TQ_NONE &&
            city->fares.tariff[open].kind == TQ_TARIFF_DISTANCE)
            part[paid++] =
                (tq_fare_part){open, fare_of_stay(city, open, metres, until_s - since_s)};
        bool free = row->kind == TQ_TARIFF_FLAT && open == tariff && row->change_window_s != 0 &&
                    piece->departure_s - since_s <=
                        (int32_t)TQ_MIN(row->change_window_s, (uint32_t)INT32_MAX);
        if (row->kind == TQ_TARIFF_FLAT && !free) {
            part[paid++] = (tq_fare_part){tariff, tq_tariff_fen(&city->fares, tariff, 0)};
            since_s = piece->departure_s;
        }
        if (row->kind == TQ_TARIFF_DISTANCE && open != tariff) {
            metres = 0;
            since_s = piece->departure_s;
        }
        metres += piece->ride_m;
        until_s = piece->arrival_s;
        open = tariff;
    }
    if (open != TQ_NONE && city->fares.tariff[open].kind == TQ_TARIFF_DISTANCE)
        part[paid++] = (tq_fare_part){open, fare_of_stay(city, open, metres, until_s - since_s)};
    *count = paid;
    *assumed = guessed;
    return true;
}

bool tq_journey_fare(const tq_city *city, const tq_journey *journey, uint32_t *fen, bool *assumed)
{
    tq_fare_part part[TQ_BOARDINGS_MAX];
    uint32_t count = 0;
    uint64_t paid = 0;
    if (!tq_journey_fare_parts(city, journey, part, &count, assumed)) return false;
    for (uint32_t k = 0; k < count; k++)
        paid += part[k].fen;
    *fen = (uint32_t)TQ_MIN(paid, (uint64_t)UINT32_MAX);
    return true;
}
