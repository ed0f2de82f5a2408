/*
 * Elders against others, like against like.
 *
 * Elders are more patient, call at other hours and from other places: they stay where others give
 * up, so that their mean wait says little about who was served first. Here each elder's order is
 * put beside the nearest other order that was called within five minutes of it and within a
 * kilometre; booked orders and those with a wheelchair have ways of their own and are left out.
 *
 * What the desk decides is how long it takes to name a vehicle: it is compared over all pairs,
 * up to the lesser patience of the two, and so is the share that has a vehicle named by then.
 * Waits at the door are compared where both were served and each would have stayed in the other's
 * place: whichever was named later was named within the other's patience.
 */
#include "serve/day_in.h"

#define BESIDE_S  300
#define BESIDE_DM 10000u

static bool is_plain(const tq_fleet_demand_order *order)
{
    return !order->booked && !order->wheelchair;
}

static uint32_t beside(const day_world *world, uint32_t elder)
{
    const tq_fleet_demand_order *one = &world->order[elder];
    tq_point at = {one->from_lat_e7, one->from_lon_e7};
    uint32_t best = TQ_NONE, best_dm = BESIDE_DM;
    for (uint32_t row = 0; row < world->order_count; row++) {
        const tq_fleet_demand_order *other = &world->order[row];
        int64_t apart_ms = other->call_ms - one->call_ms;
        if (apart_ms > BESIDE_S * INT64_C(1000) || apart_ms < -BESIDE_S * INT64_C(1000)) continue;
        if (other->elder || !is_plain(other)) continue;
        uint32_t dm = tq_distance_dm(at, (tq_point){other->from_lat_e7, other->from_lon_e7});
        if (dm <= best_dm && (best == TQ_NONE || dm < best_dm)) {
            best = row;
            best_dm = dm;
        }
    }
    return best;
}

/* Seconds until the first vehicle was named; INT64_MAX: never. */
static int64_t named_s(const day_order *order)
{
    return order->first_named_s > 0 ? order->first_named_s - order->made_s : INT64_MAX;
}

/* Until the one that came was. */
static int64_t last_named_s(const day_order *order)
{
    return order->named_s > 0 ? order->named_s - order->made_s : INT64_MAX;
}

static uint32_t p95_of(uint32_t *value, uint32_t count, bool *sorted)
{
    *sorted = *sorted && tq_sort_u32(value, count);
    return count > 0 ? value[(uint64_t)(count - 1) * 95 / 100] : 0;
}

typedef struct sides {
    uint32_t *named[2], *wait[2]; /* of each pair: elder, other */
} pair_times;

static void compare(const day_play *play, uint32_t elder, uint32_t other, pair_times *sides,
                    day_pairs *out)
{
    uint32_t row[2] = {elder, other};
    int64_t patience_s =
        TQ_MIN(play->world->order[elder].patience_s, play->world->order[other].patience_s);
    bool alike = true;
    for (uint32_t side = 0; side < 2; side++) {
        const day_order *order = &play->order[row[side]];
        int64_t s = TQ_MIN(named_s(order), patience_s);
        out->named_share[side] += named_s(order) <= patience_s;
        out->named_s[side] += (double)s;
        sides->named[side][out->pairs] = (uint32_t)s;
        alike = alike && order->phase == DAY_DONE && last_named_s(order) <= patience_s;
    }
    out->pairs++;
    if (!alike) return;
    for (uint32_t side = 0; side < 2; side++) {
        const day_order *order = &play->order[row[side]];
        int64_t s = TQ_MAX(order->arrived_s - order->wanted_s, (int64_t)0);
        out->wait_s[side] += (double)s;
        sides->wait[side][out->served] = (uint32_t)s;
    }
    out->served++;
}

tq_status day_compare_elders(const day_play *play, day_pairs *out, tq_err *err)
{
    const day_world *world = play->world;
    uint32_t *memory = TQ_ALLOC(uint32_t, 4 * ((size_t)world->order_count + 1));
    if (memory == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the KPIs");
    pair_times sides;
    for (uint32_t side = 0; side < 2; side++) {
        sides.named[side] = memory + side * ((size_t)world->order_count + 1);
        sides.wait[side] = memory + (2 + side) * ((size_t)world->order_count + 1);
    }
    *out = (day_pairs){.pairs = 0};
    for (uint32_t row = 0; row < world->order_count; row++) {
        if (!world->order[row].elder || !is_plain(&world->order[row])) continue;
        uint32_t other = beside(world, row);
        if (other != TQ_NONE) compare(play, row, other, &sides, out);
    }
    bool sorted = true;
    for (uint32_t side = 0; side < 2; side++) {
        out->named_p95_s[side] = p95_of(sides.named[side], out->pairs, &sorted);
        out->wait_p95_s[side] = p95_of(sides.wait[side], out->served, &sorted);
        if (out->pairs > 0) {
            out->named_s[side] /= out->pairs;
            out->named_share[side] /= out->pairs;
        }
        if (out->served > 0) out->wait_s[side] /= out->served;
    }
    tq_free(memory);
    return sorted ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the KPIs");
}
