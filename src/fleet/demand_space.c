/*
 * Where trips of generated demand begin and end.
 *
 * The other end of a trip is drawn from a row of weights over all places:
 *   gravity   weight * e^(-(d - nearest d) / scale); taking the nearest off changes no ratio and
 *             keeps far places from vanishing
 *   learned   the learned distances cut the places around the anchor into 20 rings of equal share;
 *             inside a ring the weights decide. The share of a ring without places goes to the
 *             nearest ring that has some, the inner one of two.
 * Hospital trips lead to hospitals only, all others to none. The anchor has no weight in its row.
 */
#include <math.h>

#include "fleet/demand_in.h"

#define LAT_MAX_E7   850000000
#define LON_MAX_E7   1790000000
#define SPREAD_MAX_M 20000u
#define RINGS        (TQ_FLEET_QUANTILES - 1)

double demand_metres(int32_t lat_e7, int32_t lon_e7, int32_t to_lat_e7, int32_t to_lon_e7)
{
    double middle = ((double)lat_e7 + to_lat_e7) / 2 * DEMAND_RADIAN_E7;
    double north = (double)to_lat_e7 - lat_e7, east = ((double)to_lon_e7 - lon_e7) * cos(middle);
    return sqrt(north * north + east * east) / DEMAND_E7_A_M;
}

static tq_status check_place(const tq_fleet_demand_place *place, uint32_t k, tq_err *err)
{
    if (place->lat_e7 < -LAT_MAX_E7 || place->lat_e7 > LAT_MAX_E7 || place->lon_e7 < -LON_MAX_E7 ||
        place->lon_e7 > LON_MAX_E7)
        return tq_fail(err, TQ_BAD_INPUT, k, "demand: place %u lies at %.7f, %.7f", k,
                       place->lat_e7 * 1e-7, place->lon_e7 * 1e-7);
    if (place->spread_m > SPREAD_MAX_M)
        return tq_fail(err, TQ_BAD_INPUT, k, "demand: place %u is spread over %u m, at most %u", k,
                       place->spread_m, SPREAD_MAX_M);
    return TQ_OK;
}

tq_status demand_space_open(demand_space *space, const tq_fleet_demand *demand,
                            const tq_fleet_demand_place *place, uint32_t count, tq_err *err)
{
    if (count > TQ_FLEET_DEMAND_PLACES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "demand: %u places, at most %u", count,
                       TQ_FLEET_DEMAND_PLACES_MAX);
    uint32_t homes = 0, hospitals = 0;
    for (uint32_t k = 0; k < count; k++) {
        TQ_TRY(check_place(&place[k], k, err));
        bool hospital = place[k].kind == TQ_FLEET_HOSPITAL;
        homes += !hospital && place[k].weight > 0;
        hospitals += hospital && place[k].weight > 0;
    }
    if (homes < 2)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "demand: %u places with weight that are no hospitals; at least 2 are needed",
                       homes);
    if (hospitals == 0 && demand->phone.hospital + demand->app.hospital > 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "demand: hospital trips are wanted, but no place with weight is a hospital");
    demand_space made = {.place = place,
                         .count = count,
                         .home_sum = TQ_ALLOC(uint64_t, count),
                         .sum = TQ_ALLOC(double, count),
                         .metres = TQ_ALLOC(double, count)};
    if (made.home_sum == NULL || made.sum == NULL || made.metres == NULL) {
        demand_space_close(&made);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u places", count);
    }
    uint64_t sum = 0;
    for (uint32_t k = 0; k < count; k++)
        made.home_sum[k] = sum += place[k].kind == TQ_FLEET_HOSPITAL ? 0 : place[k].weight;
    *space = made;
    return TQ_OK;
}

void demand_space_close(demand_space *space)
{
    tq_free(space->home_sum);
    tq_free(space->sum);
    tq_free(space->metres);
    *space = (demand_space){0};
}

uint32_t demand_anchor(const demand_space *space, uint64_t at)
{
    uint64_t want = at % space->home_sum[space->count - 1];
    uint32_t low = 0, high = space->count - 1; /* first place whose running sum is above */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (space->home_sum[middle] > want) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static double weight_in_row(const demand_space *space, const demand_row *row, uint32_t k)
{
    bool right_kind = (space->place[k].kind == TQ_FLEET_HOSPITAL) == row->hospital;
    return k != row->anchor && right_kind ? (double)space->place[k].weight : 0;
}

static uint32_t ring_of(const tq_fleet_demand *demand, double straight_m)
{
    double road_m = straight_m * demand->detour / 1000;
    uint32_t ring = 0;
    while (ring + 1 < RINGS && road_m >= demand->learned->distance_m[ring + 1])
        ring++;
    return ring;
}

/* Twentieths that each ring with places gets. */
static void share_rings(const double mass[RINGS], double share[RINGS])
{
    memset(share, 0, RINGS * sizeof *share);
    for (uint32_t ring = 0; ring < RINGS; ring++)
        for (uint32_t off = 0; off < RINGS; off++) {
            bool inner = ring >= off && mass[ring - off] > 0;
            bool outer = ring + off < RINGS && mass[ring + off] > 0;
            if (!inner && !outer) continue;
            share[inner ? ring - off : ring + off] += 1;
            break;
        }
}

void demand_row_weigh(demand_space *space, const tq_fleet_demand *demand, const demand_row *row)
{
    const tq_fleet_demand_place *from = &space->place[row->anchor];
    double nearest = HUGE_VAL, mass[RINGS] = {0}, share[RINGS], sum = 0;
    for (uint32_t k = 0; k < space->count; k++) {
        double weight = weight_in_row(space, row, k);
        space->metres[k] = demand_metres(from->lat_e7, from->lon_e7, space->place[k].lat_e7,
                                         space->place[k].lon_e7);
        if (weight <= 0) continue;
        nearest = TQ_MIN(nearest, space->metres[k]);
        if (!row->gravity) mass[ring_of(demand, space->metres[k])] += weight;
    }
    if (!row->gravity) share_rings(mass, share);
    for (uint32_t k = 0; k < space->count; k++) {
        double weight = weight_in_row(space, row, k);
        if (weight > 0 && row->gravity) {
            weight *= exp(-(space->metres[k] - nearest) / row->scale_m);
        } else if (weight > 0) {
            uint32_t ring = ring_of(demand, space->metres[k]);
            weight *= share[ring] / mass[ring];
        }
        space->sum[k] = sum += weight;
    }
}

uint32_t demand_row_pick(const demand_space *space, double at)
{
    /* Below the whole sum even after rounding, so that a place with weight is found. */
    double whole = space->sum[space->count - 1], want = TQ_MIN(at * whole, nextafter(whole, 0));
    uint32_t low = 0, high = space->count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (space->sum[middle] > want) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}
