/*
 * 抢单: an order is offered to several near vehicles at once, and the first driver who accepts has
 * it.
 *
 * The offer names the nearest as `vehicle`, as any offer does, and the rest as `others`; each of
 * them holds the order meanwhile, so that no vehicle is asked for two orders. The race is decided
 * by the one writer: the first accept moves the order, the next finds it moved and is refused by
 * name («order taken»). Who does not answer has done nothing wrong: neither his refusals nor his
 * response rate count it; he is only not asked for this order again.
 */
#include "desk/order_in.h"
#include "desk/supply_in.h"

bool write_is_held(const json_t *order, const char *state, const char *vehicle)
{
    bool offered = strcmp(state, "offered") == 0;
    const json_t *held = offered ? json_object_get(order, "offer") : order,
                 *others = offered ? json_object_get(held, "others") : NULL;
    if (phase_named(state) == PHASE_OTHER || strcmp(state, "searching") == 0) return false;
    for (size_t k = 0; k < json_array_size(others); k++)
        if (strcmp(desk_get_text(json_array_get(others, k), "vehicle"), vehicle) == 0) return true;
    return strcmp(desk_get_text(held, "vehicle"), vehicle) == 0;
}

/* Is the vehicle of a pair the best one of an order, or asked by one before? */
static bool is_spoken_for(const batch *run, uint32_t vehicle, const uint8_t *asked)
{
    for (uint32_t k = 0; k < run->order_count; k++) {
        const batch_order *other = &run->order[k];
        if (other->chosen != TQ_NONE && run->pair[other->chosen].vehicle == vehicle) return true;
    }
    return asked[vehicle] != 0;
}

/* The cheapest pair of an order whose vehicle may still be asked; TQ_NONE. */
static uint32_t next_pair(const struct desk_supply *supply, const batch *run,
                          const batch_order *one)
{
    uint32_t best = TQ_NONE;
    for (uint32_t p = one->first; p < one->first + one->count; p++) {
        const batch_pair *pair = &run->pair[p];
        if (pair->ready_ds > 0 || supply->vehicle.at[pair->vehicle].partner[0] != '\0' ||
            (best != TQ_NONE && pair->cost >= run->pair[best].cost) ||
            is_spoken_for(run, pair->vehicle, run->asked))
            continue;
        best = p;
    }
    return best;
}

tq_status write_others(desk_call *call, const batch *run, const batch_order *one)
{
    const struct desk_supply *supply = call->desk->supply;
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, one->order->id, &order, &version, state));
    json_t *offer = json_deep_copy(json_object_get(order, "offer")), *others = json_array(),
           *facts = json_object();
    json_object_set_new(offer, "others", others);
    json_object_set_new(facts, "offer", offer);
    tq_status status = TQ_OK;
    uint32_t most = (uint32_t)supply->policy.grab_most, p = 0;
    while (status == TQ_OK && json_array_size(others) + 1 < most &&
           (p = next_pair(supply, run, one)) != TQ_NONE) {
        const supply_vehicle *vehicle = &supply->vehicle.at[run->pair[p].vehicle];
        run->asked[run->pair[p].vehicle] = 1;
        if (!write_is_free(call, vehicle->id)) continue;
        json_t *row = json_object();
        json_object_set_new(row, "vehicle", json_string(vehicle->id));
        json_object_set_new(row, "driver", json_string(vehicle->driver));
        json_array_append_new(others, row);
        status = vehicle_set(call, vehicle->id, DUTY_OFFERED, one->order->id);
    }
    if (status != TQ_OK) {
        json_decref(facts);
        return status;
    }
    return desk_order_move(call, one->order->id, NULL, "offered to several", facts, NULL);
}

tq_status write_leave(desk_call *call, const char *order_id, const char *vehicle, const char *why)
{
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, order_id, &order, &version, state));
    json_t *offer = json_deep_copy(json_object_get(order, "offer")),
           *others = json_object_get(offer, "others");
    if (json_array_size(others) == 0) {
        json_decref(offer);
        return write_refusal(call, order_id, "refused", why);
    }
    json_t *facts = json_object(), *refusals = json_object_get(order, "refusals"), *left = NULL;
    refusals = json_is_array(refusals) ? json_copy(refusals) : json_array();
    if (strcmp(desk_get_text(offer, "vehicle"), vehicle) == 0) {
        left = json_pack("{s:O,s:O}", "vehicle", json_object_get(offer, "vehicle"), "driver",
                         json_object_get(offer, "driver"));
        /* The next nearest stands for the offer. */
        json_object_update(offer, json_array_get(others, 0));
        json_array_remove(others, 0);
    } else {
        for (size_t k = 0; k < json_array_size(others); k++) {
            if (strcmp(desk_get_text(json_array_get(others, k), "vehicle"), vehicle) != 0) continue;
            left = json_incref(json_array_get(others, k));
            json_array_remove(others, k);
            break;
        }
    }
    write_add_refusal(call, refusals, left, why);
    json_decref(left);
    json_object_set_new(facts, "offer", offer);
    json_object_set_new(facts, "refusals", refusals);
    TQ_TRY(desk_order_move(call, order_id, NULL, "refused by one of several", facts, why));
    return vehicle_release(call, vehicle, order_id);
}

tq_status write_taken(desk_call *call, const char *order_id, const json_t *offer,
                      const char *winner)
{
    const json_t *others = json_object_get(offer, "others");
    const char *first = desk_get_text(offer, "vehicle");
    for (size_t k = 0; k < json_array_size(others); k++) {
        const char *vehicle = desk_get_text(json_array_get(others, k), "vehicle");
        if (strcmp(vehicle, winner) != 0) TQ_TRY(vehicle_release(call, vehicle, order_id));
    }
    return strcmp(first, winner) != 0 ? vehicle_release(call, first, order_id) : TQ_OK;
}
