/*
 * A day of calls and orders from a recipe (docs/design/dispatch.md), for the simulation. All of it
 * is invented: wherever it is shown it bears TQ_FLEET_DEMAND_LABEL.
 *
 * Method. Row k of the day has a random stream of its own, drawn from the seed and k, so that what
 * is drawn for one row never shifts another. A trip is anchored at one place, drawn by weight; the
 * place at its other end is drawn from a row of weights that depends on the distance, and that rows
 * with the same anchor share. A hospital trip is anchored at the home, half of them lead there and
 * half back. Then all rows are sorted by instant, stably.
 *
 * Invariants: counts are exact, only their parts are random; a hospital stands at one end of a trip
 * exactly when it was drawn as a hospital trip; the two ends are different places.
 */
#include <math.h>

#include "fleet/demand_in.h"

#define HOUR_MS        INT64_C(3600000)
#define BOOK_STEP_MS   INT64_C(300000) /* people say «at ten past», not «at 10:07» */
#define PATIENCE_MAX_S 86400.0
#define TURN           6.283185307179586

void tq_fleet_demand_default(tq_fleet_demand *demand)
{
    /* Older people go to market and hospital in the morning. */
    static const uint32_t phone_hours[24] = {6,  4,  3,  4,  9,  30, 75, 105, 110, 85, 65, 55,
                                             40, 50, 65, 65, 55, 45, 36, 30,  24,  18, 12, 9};
    *demand = (tq_fleet_demand){
        .size = sizeof *demand,
        .seed = 1,
        .phone_calls = 1800,
        .app_orders = 60000,
        .calls_to_orders = 906,
        .phone = {.elder = 800, .wheelchair = 30, .hospital = 300, .booked = 150, .no_show = 30},
        .app = {.elder = 30, .wheelchair = 2, .hospital = 30, .booked = 0, .no_show = 20},
        .book_from_s = 1800,
        .book_until_s = 4 * 3600,
        .lengths = TQ_FLEET_LEARNED_LENGTHS,
        .gravity_m = 9000,
        .elder_gravity_m = 5000,
        .detour = 1300,
        .learned = tq_fleet_learned_default(),
        .patience_s = 300,
        .elder_patience_s = 480,
        .cancel_above_s = 480,
        .cancel = 200,
        .refused = 40,
        .short_refused = 100,
        .short_m = 2000,
        .board_s = 35,
        .elder_board_s = 75,
        .wheelchair_board_s = 240};
    memcpy(demand->phone.hour_weight, phone_hours, sizeof phone_hours);
    memcpy(demand->app.hour_weight, demand->learned->hour_trips, sizeof demand->app.hour_weight);
}

/* ---- what cannot be ------------------------------------------------------------------------- */

static tq_status check_permille(const char *name, uint32_t value, tq_err *err)
{
    if (value <= 1000) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0, "demand: %s is %u permille, at most 1000", name, value);
}

static tq_status check_group(const tq_fleet_demand_group *group, const char *name, tq_err *err)
{
    uint64_t sum = 0;
    for (uint32_t hour = 0; hour < 24; hour++)
        sum += group->hour_weight[hour];
    if (sum == 0 || sum > UINT32_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "demand: the hours of %s weigh %llu, must be 1 .. 4294967295", name,
                       (unsigned long long)sum);
    TQ_TRY(check_permille("elder", group->elder, err));
    TQ_TRY(check_permille("wheelchair", group->wheelchair, err));
    TQ_TRY(check_permille("hospital", group->hospital, err));
    TQ_TRY(check_permille("booked", group->booked, err));
    return check_permille("no_show", group->no_show, err);
}

static tq_status check_demand(const tq_fleet_demand *d, tq_err *err)
{
    if (d->size != sizeof *d)
        return tq_fail(err, TQ_BAD_INPUT, 0, "demand: size is %u, must be %zu", d->size, sizeof *d);
    if ((uint64_t)d->phone_calls + d->app_orders > TQ_FLEET_DEMAND_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "demand: %u calls and %u orders, at most %u in all",
                       d->phone_calls, d->app_orders, TQ_FLEET_DEMAND_MAX);
    if (d->book_until_s < d->book_from_s || d->book_until_s > 7 * 86400)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "demand: booked from %u to %u s ahead; must ascend, up to a week",
                       d->book_from_s, d->book_until_s);
    if (d->gravity_m == 0 || d->elder_gravity_m == 0 || d->detour < 1000 || d->detour > 10000)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "demand: scales of %u and %u m must be above 0, detour %u in 1000 .. 10000",
                       d->gravity_m, d->elder_gravity_m, d->detour);
    TQ_TRY(check_permille("calls_to_orders", d->calls_to_orders, err));
    TQ_TRY(check_permille("cancel", d->cancel, err));
    TQ_TRY(check_permille("refused", d->refused, err));
    TQ_TRY(check_permille("short_refused", d->short_refused, err));
    TQ_TRY(check_group(&d->phone, "phone", err));
    TQ_TRY(check_group(&d->app, "app", err));
    if (d->lengths == TQ_FLEET_GRAVITY_LENGTHS) return TQ_OK;
    for (uint32_t k = 1; d->learned != NULL && k < TQ_FLEET_QUANTILES; k++)
        if (d->learned->distance_m[k] < d->learned->distance_m[k - 1])
            return tq_fail(err, TQ_BAD_INPUT, k, "demand: learned distance %u is not ascending", k);
    if (d->learned == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "demand: learned lengths are wanted, none are given");
    return TQ_OK;
}

/* ---- drawing -------------------------------------------------------------------------------- */

static double unit(tq_random *random)
{
    return (double)(tq_random_u64(random) >> 11) * 0x1p-53; /* 0 .. below 1 */
}

static bool chance(tq_random *random, uint32_t permille)
{
    return tq_random_below(random, 1000) < permille;
}

static int64_t instant(tq_random *random, const tq_fleet_demand_group *group)
{
    uint32_t sum = 0, hour = 0;
    for (uint32_t k = 0; k < 24; k++)
        sum += group->hour_weight[k];
    for (uint32_t left = tq_random_below(random, sum); left >= group->hour_weight[hour]; hour++)
        left -= group->hour_weight[hour];
    return hour * HOUR_MS + tq_random_below(random, (uint32_t)HOUR_MS);
}

/* A person somewhere around a place. */
static void stand(tq_random *random, const tq_fleet_demand_place *place, int32_t *lat_e7,
                  int32_t *lon_e7)
{
    double off_m = place->spread_m * sqrt(unit(random)), angle = TURN * unit(random);
    double lat = off_m * sin(angle) * DEMAND_E7_A_M;
    double lon = off_m * cos(angle) * DEMAND_E7_A_M / cos(place->lat_e7 * DEMAND_RADIAN_E7);
    *lat_e7 = place->lat_e7 + (int32_t)lround(lat);
    *lon_e7 = place->lon_e7 + (int32_t)lround(lon);
}

/* What is drawn of a row before its other end is known. */
static void draw_person(tq_random *random, const tq_fleet_demand *d, demand_draft *draft)
{
    tq_fleet_demand_order *order = &draft->order;
    bool phone = order->channel != TQ_FLEET_APP_ORDER;
    const tq_fleet_demand_group *group = phone ? &d->phone : &d->app;
    int64_t at = instant(random, group);
    order->call_ms = d->day_ms + at;
    order->elder = chance(random, group->elder);
    if (phone && !chance(random, d->calls_to_orders)) {
        order->channel = TQ_FLEET_PHONE_QUESTION;
        order->from_place = order->to_place = TQ_NONE;
        return;
    }
    order->wheelchair = chance(random, group->wheelchair);
    order->hospital = chance(random, group->hospital);
    order->booked = chance(random, group->booked);
    if (order->booked) {
        int64_t ahead_s =
            d->book_from_s + tq_random_below(random, d->book_until_s - d->book_from_s + 1);
        order->booked_for_ms =
            d->day_ms + tq_ceil_div(at + ahead_s * 1000, BOOK_STEP_MS) * BOOK_STEP_MS;
    }
    order->no_show = chance(random, group->no_show);
    double mean_s = order->elder ? d->elder_patience_s : d->patience_s;
    double patience_s = -mean_s * log(1 - unit(random));
    order->patience_s = (uint32_t)TQ_MAX(1.0, TQ_MIN(patience_s, PATIENCE_MAX_S));
    order->cancels_if_wait_above_s = chance(random, d->cancel) ? d->cancel_above_s : TQ_FLEET_STAYS;
    order->board_s = order->wheelchair ? d->wheelchair_board_s
                     : order->elder    ? d->elder_board_s
                                       : d->board_s;
    draft->returns = order->hospital && chance(random, 500);
    draft->anchor_at = tq_random_u64(random);
    draft->other_at = unit(random);
    draft->spot = *random;
}

static void draw_trip(const tq_fleet_demand *d, const tq_fleet_demand_place *place, uint32_t anchor,
                      uint32_t other, demand_draft *draft)
{
    tq_fleet_demand_order *order = &draft->order;
    order->from_place = draft->returns ? other : anchor;
    order->to_place = draft->returns ? anchor : other;
    stand(&draft->spot, &place[order->from_place], &order->from_lat_e7, &order->from_lon_e7);
    stand(&draft->spot, &place[order->to_place], &order->to_lat_e7, &order->to_lon_e7);
    order->straight_m = (uint32_t)lround(
        demand_metres(order->from_lat_e7, order->from_lon_e7, order->to_lat_e7, order->to_lon_e7));
    bool is_short = (uint64_t)order->straight_m * d->detour / 1000 < d->short_m;
    order->refused_permille = (uint16_t)(is_short ? d->short_refused : d->refused);
}

/* Other ends of the trips: those with the same row of weights one after another. */
static tq_status draw_trips(const tq_fleet_demand *d, demand_space *space, demand_draft *draft,
                            uint32_t count, uint64_t *key, uint32_t *index, tq_err *err)
{
    uint32_t trips = 0;
    for (uint32_t k = 0; k < count; k++) {
        const tq_fleet_demand_order *order = &draft[k].order;
        if (order->channel == TQ_FLEET_PHONE_QUESTION) continue;
        uint32_t anchor = demand_anchor(space, draft[k].anchor_at);
        bool gravity = order->elder || d->lengths == TQ_FLEET_GRAVITY_LENGTHS;
        demand_row row = {anchor, order->hospital, gravity,
                          order->elder ? d->elder_gravity_m : d->gravity_m};
        draft[k].row = row;
        key[k] = (uint64_t)anchor << 2 | (order->hospital ? 2u : 0u) | (order->elder ? 1u : 0u);
        index[trips++] = k;
    }
    if (!tq_sort_by_u64(index, trips, key))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to sort %u trips", trips);
    for (uint32_t k = 0; k < trips; k++) {
        demand_draft *now = &draft[index[k]];
        if (k == 0 || key[index[k]] != key[index[k - 1]]) demand_row_weigh(space, d, &now->row);
        draw_trip(d, space->place, now->row.anchor, demand_row_pick(space, now->other_at), now);
    }
    return TQ_OK;
}

static tq_status draw_day(const tq_fleet_demand *d, demand_space *space, demand_draft *draft,
                          uint64_t *key, uint32_t *index, tq_fleet_demand_order *out, tq_err *err)
{
    uint32_t count = d->phone_calls + d->app_orders;
    for (uint32_t k = 0; k < count; k++) {
        tq_random random = {tq_mix(d->seed) ^ tq_mix(k + UINT64_C(1))};
        draft[k].order.channel = k < d->phone_calls ? TQ_FLEET_PHONE_ORDER : TQ_FLEET_APP_ORDER;
        draw_person(&random, d, &draft[k]);
    }
    TQ_TRY(draw_trips(d, space, draft, count, key, index, err));
    for (uint32_t k = 0; k < count; k++) {
        index[k] = k;
        key[k] = (uint64_t)(draft[k].order.call_ms - d->day_ms);
    }
    if (!tq_sort_by_u64(index, count, key))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to sort %u calls", count);
    for (uint32_t k = 0; k < count; k++)
        memcpy(&out[k], &draft[index[k]].order, sizeof *out);
    return TQ_OK;
}

tq_status tq_fleet_demand_make(const tq_fleet_demand *demand, const tq_fleet_demand_place *place,
                               uint32_t place_count, tq_fleet_demand_order *out, tq_err *err)
{
    TQ_TRY(check_demand(demand, err));
    demand_space space = {0};
    TQ_TRY(demand_space_open(&space, demand, place, place_count, err));
    size_t count = (size_t)demand->phone_calls + demand->app_orders;
    demand_draft *draft = TQ_ALLOC(demand_draft, count + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, count + 1);
    uint32_t *index = TQ_ALLOC(uint32_t, count + 1);
    tq_status status = TQ_OK;
    if (draft == NULL || key == NULL || index == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %zu calls", count);
    else
        status = draw_day(demand, &space, draft, key, index, out, err);
    tq_free(index);
    tq_free(key);
    tq_free(draft);
    demand_space_close(&space);
    return status;
}
