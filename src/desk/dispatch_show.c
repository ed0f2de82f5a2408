/*
 * What the dispatcher shows: the queue, the supply, the numbers of the last hour, the honest wait,
 * and decisions, which can be made again from what was logged with their batch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/order_in.h"
#include "desk/supply_in.h"

#define QUEUE_SHOWN  500u
#define QUEUE_NAMED  100u /* of them with the name of the place and the needs */
#define KPI_HOUR_MS  3600000
#define ZONE_E7      200000 /* 0.02 degrees: about 2 km */
#define ZONES_SHOWN  400u
#define REPLAY_BYTES ((size_t)64 << 20)

/* ---- the queue ----------------------------------------------------------------------------------
 */

static int by_age(const void *a, const void *b)
{
    const supply_order *one = *(const supply_order *const *)a,
                       *two = *(const supply_order *const *)b;
    if (one->since_ms != two->since_ms) return one->since_ms < two->since_ms ? -1 : 1;
    return strcmp(one->id, two->id);
}

/* Where the passenger stands, in words, and what he needs: known to the order's record only. */
static void name_order(desk_call *call, const char *id, json_t *row)
{
    json_auto_t *order = NULL;
    tq_err own, *err = call->err;
    uint64_t version = 0;
    char state[32];
    call->err = &own;
    tq_status status = desk_order_load(call, id, &order, &version, state);
    call->err = err;
    if (status != TQ_OK) return;
    const json_t *from = json_object_get(order, "from");
    json_object_set_new(row, "from", json_string(desk_get_text(from, "name")));
    json_object_set(row, "needs", json_object_get(order, "needs"));
}

static json_t *queue_of(desk_call *call, const supply_order **waiting, size_t count)
{
    json_t *list = json_array();
    for (size_t k = 0; k < count && k < QUEUE_SHOWN; k++) {
        const supply_order *one = waiting[k];
        json_t *row = json_object();
        json_object_set_new(row, "order", json_string(one->id));
        json_object_set_new(row, "state",
                            json_string(one->phase == PHASE_OFFERED ? "offered" : "searching"));
        json_object_set_new(row, "age_s",
                            json_integer(TQ_MAX(call->command->now_ms - one->since_ms, 0) / 1000));
        json_object_set_new(row, "elder", json_boolean(one->elder));
        json_object_set_new(row, "hospital", json_boolean(one->hospital));
        json_object_set_new(row, "round", json_integer(one->round));
        json_object_set_new(row, "lat", json_real(one->from.lat_e7 / 1e7));
        json_object_set_new(row, "lon", json_real(one->from.lon_e7 / 1e7));
        if (k < QUEUE_NAMED) name_order(call, one->id, row);
        json_array_append_new(list, row);
    }
    return list;
}

static void count_in(json_t *object, const char *name)
{
    json_int_t before = json_integer_value(json_object_get(object, name));
    json_object_set_new(object, name, json_integer(before + 1));
}

static json_t *supply_json(desk_call *call)
{
    const struct desk_supply *supply = call->desk->supply;
    json_t *out = json_object(), *states = json_object(), *classes = json_object(),
           *zones = json_object();
    json_int_t old = 0, lost = 0;
    for (size_t k = 0; k < supply->vehicle.count; k++) {
        const supply_vehicle *one = &supply->vehicle.at[k];
        int64_t age_ms = call->command->now_ms - one->at_ms;
        const char *duty =
            one->hired && one->duty == DUTY_FREE ? "hired" : VEHICLE_DUTIES[one->duty];
        count_in(states, duty);
        if (one->duty == DUTY_OFF) continue;
        count_in(classes, VEHICLE_CLASSES[one->class]);
        if (!one->has_position || age_ms > POSITION_LOST_MS)
            lost++;
        else if (age_ms > POSITION_GREY_MS)
            old++;
        if (one->duty != DUTY_FREE || one->hired || !one->has_position ||
            age_ms > POSITION_LOST_MS || json_object_size(zones) >= ZONES_SHOWN)
            continue;
        char zone[96];
        int64_t lat = tq_floor_div(one->at.lat_e7, ZONE_E7) * (ZONE_E7 / 100000),
                lon = tq_floor_div(one->at.lon_e7, ZONE_E7) * (ZONE_E7 / 100000);
        (void)snprintf(zone, sizeof zone, "%lld.%02lld,%lld.%02lld", (long long)(lat / 100),
                       (long long)(lat % 100), (long long)(lon / 100), (long long)(lon % 100));
        count_in(zones, zone);
    }
    json_object_set_new(out, "vehicles", json_integer((json_int_t)supply->vehicle.count));
    json_object_set_new(out, "by_state", states);
    json_object_set_new(out, "by_class", classes);
    json_object_set_new(out, "free_by_zone", zones);
    json_object_set_new(out, "positions_old", json_integer(old));
    json_object_set_new(out, "positions_lost", json_integer(lost));
    return out;
}

/* ---- the hour ----------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
    int32_t one = *(const int32_t *)a, two = *(const int32_t *)b;
    return one < two ? -1 : one > two;
}

/* who: 0 all, 1 elders, 2 others. */
static json_t *kpi_of(desk_call *call, unsigned who, int32_t *wait)
{
    const struct desk_supply *supply = call->desk->supply;
    json_t *out = json_object();
    int64_t orders = 0, served = 0, unserved = 0, waits = 0, sum = 0, soon = 0, named = 0, km = 0,
            metres = 0, refusals = 0;
    uint64_t kept = TQ_MIN(supply->done_count, (uint64_t)SUPPLY_DONE_MAX);
    for (uint64_t k = 0; k < kept; k++) {
        const supply_done *one = &supply->done[k];
        if (one->at_ms < call->command->now_ms - KPI_HOUR_MS ||
            (who != 0 && one->elder != (who == 1)))
            continue;
        orders++;
        served += one->served;
        unserved += one->unserved;
        refusals += one->refusals;
        if (one->named_s >= 0) {
            named++;
            soon += one->named_s <= 60;
        }
        if (one->served && one->wait_s >= 0) {
            wait[waits++] = one->wait_s;
            sum += one->wait_s;
        }
        if (one->served && one->approach_m >= 0) {
            km++;
            metres += one->approach_m;
        }
    }
    qsort(wait, (size_t)waits, sizeof *wait, by_number);
    json_object_set_new(out, "orders", json_integer(orders));
    json_object_set_new(out, "served", json_integer(served));
    json_object_set_new(out, "unserved", json_integer(unserved));
    json_object_set_new(out, "refusals", json_integer(refusals));
    json_object_set_new(out, "named_within_60_s", json_integer(soon));
    json_object_set_new(out, "named", json_integer(named));
    json_object_set_new(out, "wait_mean_s", waits > 0 ? json_integer(sum / waits) : json_null());
    json_object_set_new(out, "wait_p95_s",
                        waits > 0 ? json_integer(wait[(waits * 95 - 1) / 100]) : json_null());
    json_object_set_new(out, "pickup_m_mean", km > 0 ? json_integer(metres / km) : json_null());
    return out;
}

tq_status show_state(desk_call *call)
{
    const struct desk_supply *supply = call->desk->supply;
    size_t waiting = 0, offered = 0, riding = 0;
    const supply_order **list = TQ_ALLOC(const supply_order *, supply->order.count + 1);
    int32_t *wait = TQ_ALLOC(int32_t, SUPPLY_DONE_MAX);
    if (list == NULL || wait == NULL) {
        tq_free(list);
        tq_free(wait);
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    }
    for (size_t k = 0; k < supply->order.count; k++) {
        const supply_order *one = &supply->order.at[k];
        if (one->phase == PHASE_SEARCHING || one->phase == PHASE_OFFERED) list[waiting++] = one;
        offered += one->phase == PHASE_OFFERED;
        riding += one->phase > PHASE_OFFERED;
    }
    qsort(list, waiting, sizeof *list, by_age);
    json_t *answer = json_object(), *hour = json_object(), *counts = json_object();
    json_object_set_new(counts, "searching", json_integer((json_int_t)(waiting - offered)));
    json_object_set_new(counts, "offered", json_integer((json_int_t)offered));
    json_object_set_new(counts, "on_the_way", json_integer((json_int_t)riding));
    json_object_set_new(answer, "orders", counts);
    json_object_set_new(answer, "queue", queue_of(call, list, waiting));
    json_object_set_new(answer, "supply", supply_json(call));
    json_object_set_new(answer, "policy", json_string(supply->policy.name));
    json_object_set_new(answer, "bonus_fen", json_integer(supply->policy.bonus_fen));
    json_object_set_new(hour, "all", kpi_of(call, 0, wait));
    json_object_set_new(hour, "elders", kpi_of(call, 1, wait));
    json_object_set_new(hour, "others", kpi_of(call, 2, wait));
    json_object_set_new(answer, "hour", hour);
    desk_put_instant(call, answer, "at", call->command->now_ms);
    tq_free(list);
    tq_free(wait);
    return desk_answer(call, answer);
}

/* ---- the honest wait ----------------------------------------------------------------------------
 */

static uint32_t bits_of(const json_t *list, const char *const *words)
{
    uint32_t bits = 0;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *word = json_string_value(json_array_get(list, k));
        uint32_t at = word != NULL ? vehicle_word(words, word) : TQ_NONE;
        if (at != TQ_NONE) bits |= 1u << at;
    }
    return bits;
}

tq_status supply_wait(struct desk_supply *supply, supply_order *order, int64_t now_ms,
                      int32_t *wait_s, uint32_t *vehicles, tq_err *err)
{
    const desk_policy *policy = &supply->policy;
    near_row row[DESK_POOL_CANDIDATES_MAX];
    int32_t drive_ds[DESK_POOL_CANDIDATES_MAX];
    uint32_t ahead = 0;
    uint32_t radius_m = (uint32_t)policy_radius(policy, INT32_MAX);
    TQ_TRY(near_candidates(supply, policy, order, now_ms, radius_m, DESK_POOL_CANDIDATES_MAX - 16,
                           row, vehicles, err));
    if (*vehicles == 0) return TQ_OK;
    for (uint32_t k = 0; k < *vehicles; k++)
        drive_ds[k] = row[k].drive_ds + row[k].ready_ds;
    qsort(drive_ds, *vehicles, sizeof *drive_ds, by_number);
    /* Those who wait nearby are before: their vehicles are not ours. */
    for (size_t k = 0; k < supply->order.count; k++) {
        const supply_order *other = &supply->order.at[k];
        if (other->phase == PHASE_SEARCHING &&
            tq_distance_dm(other->from, order->from) / 10 < (uint32_t)policy->radius_m[0])
            ahead++;
    }
    *wait_s = drive_ds[TQ_MIN(ahead, *vehicles - 1)] / 10 +
              (policy->ask != 0 ? policy->offer_s / 2 : 0) + policy->batch_s / 2;
    return TQ_OK;
}

tq_status desk_supply_wait(desk_call *call, tq_point at, const json_t *needs, const json_t *classes,
                           int32_t *wait_s, uint32_t *vehicles)
{
    static const char *const hard[] = {"wheelchair", NULL};
    struct desk_supply *supply = call->desk->supply;
    if (supply == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "the dispatcher is not at work here");
    supply_order order = {.from = at,
                          .needs = bits_of(needs, hard),
                          .classes = bits_of(classes, VEHICLE_CLASSES),
                          .party = 1};
    if (order.classes == 0) order.classes = 1u << CLASS_TAXI | 1u << CLASS_HAILING;
    TQ_TRY(near_metric(call));
    TQ_TRY(supply_wait(supply, &order, call->command->now_ms, wait_s, vehicles, call->err));
    if (*vehicles > 0) return TQ_OK;
    return tq_fail(call->err, TQ_NOT_FOUND, 0, "no free vehicle%s within %u m",
                   order.needs != 0 ? " with a place for a wheelchair" : "",
                   (uint32_t)policy_radius(&supply->policy, INT32_MAX));
}

/* ---- decisions ----------------------------------------------------------------------------------
 */

tq_status desk_decision_load(desk_call *call, const char *id, json_t **out)
{
    json_t *decision = NULL, *made = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_load(call, "decision", id, &decision, &version, state));
    const char *name = desk_get_text(json_object_get(decision, "batch"), "id");
    tq_status status = desk_load(call, "batch", name, &made, &version, state);
    if (status == TQ_OK) json_object_set_new(decision, "inputs", made);
    if (status != TQ_OK) {
        json_decref(decision);
        return status;
    }
    *out = decision;
    return TQ_OK;
}

tq_status show_decision(desk_call *call)
{
    json_t *decision = NULL;
    TQ_TRY(desk_decision_load(call, call->command->id, &decision));
    return desk_answer(call, decision);
}

static bool take_numbers(const json_t *list, int32_t *out, size_t count)
{
    if (json_array_size(list) != count) return false;
    for (size_t k = 0; k < count; k++)
        out[k] = (int32_t)json_integer_value(json_array_get(list, k));
    return true;
}

/* Match the logged inputs again; `same`: the same vehicle for each order. */
static tq_status again(desk_call *call, const json_t *inputs, tq_arena *work, bool *same)
{
    size_t orders = json_array_size(json_object_get(inputs, "orders")),
           vehicles = json_array_size(json_object_get(inputs, "vehicles"));
    const json_t *pairs = json_object_get(inputs, "pairs"),
                 *chosen = json_object_get(inputs, "chosen");
    size_t count = json_array_size(pairs) / 2;
    int32_t *first = TQ_PUSH(work, int32_t, orders + 1),
            *leave = TQ_PUSH(work, int32_t, orders + 1),
            *flat = TQ_PUSH(work, int32_t, 2 * count + 1);
    tq_fleet_pair *pair = TQ_PUSH(work, tq_fleet_pair, count + 1);
    uint32_t *begin = TQ_PUSH(work, uint32_t, orders + 1),
             *out = TQ_PUSH(work, uint32_t, orders + 1);
    if (first == NULL || leave == NULL || flat == NULL || pair == NULL || begin == NULL ||
        out == NULL)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to replay");
    if (!take_numbers(json_object_get(inputs, "first"), first, orders) ||
        !take_numbers(json_object_get(inputs, "leave"), leave, orders) ||
        !take_numbers(pairs, flat, 2 * count) || json_array_size(chosen) != orders)
        return tq_fail(call->err, TQ_STORE, 0, "the record of the batch has holes");
    for (size_t k = 0; k < count; k++)
        pair[k] = (tq_fleet_pair){.vehicle = (uint32_t)flat[2 * k], .cost = flat[2 * k + 1]};
    for (size_t k = 0; k < orders; k++)
        begin[k] = (uint32_t)first[k];
    begin[orders] = (uint32_t)count;
    tq_fleet_matching in = {.order_count = (uint32_t)orders,
                            .vehicle_count = (uint32_t)vehicles,
                            .first_pair = begin,
                            .pair = pair,
                            .leave_cost = leave};
    uint32_t method = vehicle_word(POLICY_METHODS, desk_get_text(inputs, "method"));
    TQ_TRY(batch_match((int32_t)method, &in, work, out, call->err));
    *same = true;
    for (size_t k = 0; k < orders; k++) {
        const json_t *was = json_array_get(chosen, k);
        uint32_t before = json_is_integer(was) ? (uint32_t)json_integer_value(was) : TQ_NONE;
        *same = *same && before == out[k];
    }
    return TQ_OK;
}

tq_status show_replay(desk_call *call)
{
    json_t *decision = NULL;
    bool same = false;
    TQ_TRY(desk_decision_load(call, call->command->id, &decision));
    void *memory = tq_alloc(1, REPLAY_BYTES);
    tq_arena work;
    if (memory == NULL) {
        json_decref(decision);
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to replay");
    }
    tq_arena_init(&work, memory, REPLAY_BYTES);
    tq_status status = again(call, json_object_get(decision, "inputs"), &work, &same);
    tq_free(memory);
    if (status != TQ_OK) {
        json_decref(decision);
        return status;
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "decision", json_string(call->command->id));
    json_object_set_new(answer, "same", json_boolean(same));
    json_object_set_new(answer, "chosen", json_deep_copy(json_object_get(decision, "chosen")));
    json_decref(decision);
    return desk_answer(call, answer);
}
