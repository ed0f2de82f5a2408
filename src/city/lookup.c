/* Small questions to the frozen arrays: fares of a ride, platforms of a station. */
#include "city/city.h"

uint32_t tq_tariff_fen(const tq_fares *fares, uint32_t tariff, uint32_t ride_m)
{
    const tq_tariff *row = &fares->tariff[tariff];
    const tq_tariff_step *step = fares->step + row->first_step;
    if (row->step_count == 0) return 0;
    for (uint32_t k = 0; k < row->step_count; k++)
        if (ride_m <= step[k].upto_m) return step[k].fen;
    const tq_tariff_step *last = &step[row->step_count - 1];
    if (row->over_m == 0 || row->kind == TQ_TARIFF_FLAT) return last->fen;
    uint64_t begun = ((uint64_t)ride_m - last->upto_m + row->over_m - 1) / row->over_m;
    return (uint32_t)TQ_MIN(last->fen + begun * row->over_fen, UINT32_MAX / 2);
}

uint32_t tq_station_stops(const tq_timetable *timetable, uint32_t stop, const uint32_t **stops)
{
    uint32_t first = timetable->child_first[stop], count = timetable->child_first[stop + 1] - first;
    *stops = count > 0 ? timetable->child + first : NULL;
    return count;
}
