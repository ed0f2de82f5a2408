/*
 * What a batch changes: offers and assignments, decisions with all that they were made from, offers
 * that ended, orders for the partner, orders that nobody takes.
 *
 * Memory proposes, records decide: before anything is written the order must still be searching and
 * the vehicle free and without an order, by their records. A pair that is not so any more (another
 * command of the same transaction was first) is passed over and looked at again by the next batch.
 */
#include <stdio.h>

#include "desk/order_in.h"
#include "desk/supply_in.h"

#define PARTNERS_AT_ONCE 200u

/* ---- one order to one vehicle -------------------------------------------------------------------
 */

static void copy_member(json_t *to, const char *name, const json_t *from, const char *member)
{
    json_t *value = json_object_get(from, member);
    json_object_set_new(to, name, value != NULL ? json_deep_copy(value) : json_null());
}

static json_t *facts_of(desk_call *call, const json_t *order, const json_t *vehicle, bool ask,
                        int32_t eta_s)
{
    const struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    int64_t now_ms = call->command->now_ms;
    json_t *facts = json_object();
    json_object_set_new(facts, "eta_s", json_integer(eta_s));
    desk_put_instant(call, facts, "eta_at", now_ms + eta_s * INT64_C(1000));
    if (policy->bonus_fen > 0)
        json_object_set_new(facts, "bonus_fen", json_integer(policy->bonus_fen));
    if (ask) {
        json_t *offer = json_object();
        copy_member(offer, "vehicle", vehicle, "id");
        copy_member(offer, "driver", vehicle, "driver");
        desk_put_instant(call, offer, "until", now_ms + policy->offer_s * INT64_C(1000));
        json_object_set_new(
            offer, "round",
            json_integer((json_int_t)json_array_size(json_object_get(order, "refusals")) + 1));
        json_object_set_new(facts, "offer", offer);
        return facts;
    }
    json_object_set_new(facts, "offer", json_null());
    copy_member(facts, "vehicle", vehicle, "id");
    copy_member(facts, "driver", vehicle, "driver");
    copy_member(facts, "plate", vehicle, "plate");
    copy_member(facts, "colour", vehicle, "colour");
    copy_member(facts, "company", vehicle, "company");
    return facts;
}

tq_status write_assignment(desk_call *call, const char *order_id, const char *vehicle_id, bool ask,
                           int32_t eta_s, int32_t approach_m, const char *decision, const char *why)
{
    json_auto_t *order = NULL, *vehicle = NULL;
    uint64_t version = 0;
    char state[32], duty[32];
    TQ_TRY(desk_order_load(call, order_id, &order, &version, state));
    TQ_TRY(desk_load(call, "vehicle", vehicle_id, &vehicle, &version, duty));
    if (strcmp(state, "searching") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "order %s is %s by now", order_id, state);
    if (strcmp(duty, "free") != 0 || desk_get_text(vehicle, "order")[0] != '\0')
        return tq_fail(call->err, TQ_STALE, 0, "vehicle %s is %s by now%s%s", vehicle_id, duty,
                       desk_get_text(vehicle, "order")[0] != '\0' ? " with " : "",
                       desk_get_text(vehicle, "order"));
    json_t *facts = facts_of(call, order, vehicle, ask, eta_s);
    json_object_set_new(facts, "why", json_string(why));
    json_object_set_new(facts, "approach_m", json_integer(approach_m));
    json_object_set_new(facts, "decision",
                        decision[0] != '\0' ? json_string(decision) : json_null());
    TQ_TRY(desk_order_move(call, order_id, ask ? "offered" : "assigned",
                           ask ? "offered" : "assigned", facts, why));
    TQ_TRY(vehicle_set(call, vehicle_id, ask ? DUTY_OFFERED : DUTY_ASSIGNED, order_id));
    const char *partner = desk_get_text(vehicle, "partner");
    if (partner[0] != '\0') {
        json_t *body = json_object();
        json_object_set_new(body, "peer", json_string(partner));
        json_object_set_new(body, "vehicle", json_string(vehicle_id));
        TQ_TRY(desk_event(call, "order", order_id, "to_partner", false, TQ_ROLE_STAFF, body));
    }
    /* Under grab an offer counts for the one who took it: nobody else owed an answer. */
    if (ask && call->desk->supply->policy.method == METHOD_GRAB) return TQ_OK;
    return driver_note(call, desk_get_text(vehicle, "driver"), ask ? ACT_OFFERED : ACT_ASSIGNED,
                       order_id, NULL, 0);
}

/* Remember one who has not taken it; `held` names vehicle and driver. */
void write_add_refusal(desk_call *call, json_t *list, const json_t *held, const char *why)
{
    const char *driver = desk_get_text(held, "driver");
    json_t *line = json_object();
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "vehicle", json_string(desk_get_text(held, "vehicle")));
    json_object_set_new(line, "driver", driver[0] != '\0' ? json_string(driver) : json_null());
    json_object_set_new(line, "why", json_string(why));
    json_array_append_new(list, line);
}

static json_t *refusals_of(const json_t *order)
{
    json_t *list = json_object_get(order, "refusals");
    return json_is_array(list) ? json_copy(list) : json_array();
}

tq_status write_refusal(desk_call *call, const char *order_id, const char *what, const char *why)
{
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, order_id, &order, &version, state));
    bool asked = strcmp(state, "offered") == 0;
    const json_t *held = asked ? json_object_get(order, "offer") : order,
                 *others = asked ? json_object_get(held, "others") : NULL;
    json_t *facts = json_object(), *list = refusals_of(order);
    write_add_refusal(call, list, held, why);
    for (size_t k = 0; k < json_array_size(others); k++)
        write_add_refusal(call, list, json_array_get(others, k), why);
    json_object_set_new(facts, "refusals", list);
    static const char *const gone[] = {"offer",  "vehicle", "driver", "plate",
                                       "colour", "company", "eta_s",  "eta_at"};
    for (uint32_t k = 0; k < TQ_COUNT(gone); k++)
        json_object_set_new(facts, gone[k], json_null());
    TQ_TRY(desk_order_move(call, order_id, "searching", what, facts, why));
    for (size_t k = 0; k < json_array_size(others); k++)
        TQ_TRY(
            vehicle_release(call, desk_get_text(json_array_get(others, k), "vehicle"), order_id));
    return vehicle_release(call, desk_get_text(held, "vehicle"), order_id);
}

/* ---- decisions ----------------------------------------------------------------------------------
 */

static json_t *seconds(int32_t ds)
{
    return json_integer(ds / 10);
}

static json_t *terms_of(const batch_pair *pair)
{
    json_t *terms = json_object();
    json_object_set_new(terms, "drive_s", seconds(pair->eta_ds - pair->ready_ds));
    if (pair->ready_ds > 0) json_object_set_new(terms, "until_free_s", seconds(pair->ready_ds));
    if (pair->refusal_ds != 0) json_object_set_new(terms, "refusals_s", seconds(pair->refusal_ds));
    if (pair->income_ds != 0) json_object_set_new(terms, "income_s", seconds(pair->income_ds));
    return terms;
}

/* The cheapest pairs that were not taken, and why not. */
static json_t *alternatives_of(const struct desk_supply *supply, const batch *run,
                               const batch_order *one)
{
    json_t *list = json_array();
    uint32_t shown[SUPPLY_ALTERNATIVES], count = 0;
    while (count < SUPPLY_ALTERNATIVES && count + (one->chosen != TQ_NONE) < one->count) {
        uint32_t best = TQ_NONE;
        for (uint32_t p = one->first; p < one->first + one->count; p++) {
            bool again = p == one->chosen;
            for (uint32_t k = 0; k < count; k++)
                again = again || shown[k] == p;
            if (!again && (best == TQ_NONE || run->pair[p].cost < run->pair[best].cost)) best = p;
        }
        if (best == TQ_NONE) break;
        shown[count++] = best;
        const batch_pair *pair = &run->pair[best];
        char why[120];
        int32_t over = one->chosen != TQ_NONE ? pair->cost - run->pair[one->chosen].cost
                                              : pair->cost - one->leave;
        (void)snprintf(why, sizeof why, "costs %d s more%s", TQ_MAX(over, 0) / 10,
                       one->chosen == TQ_NONE ? " than to wait" : "");
        for (uint32_t k = 0; k < run->order_count; k++) {
            const batch_order *other = &run->order[k];
            if (other != one && other->chosen != TQ_NONE &&
                run->pair[other->chosen].vehicle == pair->vehicle)
                (void)snprintf(why, sizeof why, "taken by %s", other->order->id);
        }
        json_t *row = json_object();
        json_object_set_new(row, "vehicle", json_string(supply->vehicle.at[pair->vehicle].id));
        json_object_set_new(row, "eta_s", seconds(pair->eta_ds));
        json_object_set_new(row, "cost", seconds(pair->cost));
        json_object_set_new(row, "terms", terms_of(pair));
        json_object_set_new(row, "not", json_string(why));
        json_array_append_new(list, row);
    }
    return list;
}

/* Of the nearest vehicles of any kind: why each cannot, and what small change would help. */
static void say_nobody(struct desk_supply *supply, const batch *run, const batch_order *one,
                       json_t *list, char *binding, char *relax, size_t cap)
{
    uint32_t vehicle[SUPPLY_ALTERNATIVES + 3], best_rank = UINT32_MAX;
    desk_pool_wish wish = {.limit = TQ_COUNT(vehicle)};
    (void)snprintf(binding, cap, "no vehicle is on duty");
    relax[0] = '\0';
    /* The pool tells free ones only: those that are busy are found by their row. */
    uint32_t count = desk_pool_nearest(supply->pool, one->order->from, &wish, vehicle);
    for (uint32_t k = 0; k < count; k++) {
        const supply_vehicle *other = &supply->vehicle.at[vehicle[k]];
        uint32_t why = near_why_not(supply, one->order, other, run->now_ms, one->radius_m);
        char words[120];
        near_words(why, other, words, sizeof words);
        /* One single constraint in the way is the smallest change. */
        bool single = why != 0 && (why & (why - 1)) == 0;
        uint32_t rank = (why == NOT_NEAR ? 0u : why == NOT_AGAIN ? 1u : 2u) + (single ? 0u : 10u);
        if (rank < best_rank && why != 0) {
            best_rank = rank;
            (void)snprintf(binding, cap, "%s", words);
            uint32_t m = tq_distance_dm(other->at, one->order->from) / 10;
            if (why == NOT_NEAR)
                (void)snprintf(relax, cap, "a radius of %u m instead of %u m: %s could come", m,
                               one->radius_m, other->id);
            else if (single)
                (void)snprintf(relax, cap, "%s could come but for one thing: %s", other->id, words);
            else
                relax[0] = '\0';
        }
        if (json_array_size(list) < SUPPLY_ALTERNATIVES && why != 0) {
            json_t *row = json_object();
            json_object_set_new(row, "vehicle", json_string(other->id));
            json_object_set_new(row, "eta_s",
                                seconds(near_line_ds(supply, other->at, one->order->from)));
            json_object_set_new(row, "not", json_string(words));
            json_array_append_new(list, row);
        }
    }
    if (count == 0 && supply->vehicle.count > 0) (void)snprintf(binding, cap, "no vehicle is free");
}

/* Vehicles were near, but none was given to it: they serve others, or are too far for the policy.
 */
static void say_left(const batch *run, const batch_order *one, char *binding, char *relax,
                     size_t cap)
{
    const batch_pair *best = &run->pair[one->first];
    for (uint32_t p = one->first; p < one->first + one->count; p++)
        if (run->pair[p].cost < best->cost) best = &run->pair[p];
    if (best->cost > one->leave) {
        (void)snprintf(binding, cap, "the best vehicle costs %d s, more than to wait (%d s)",
                       best->cost / 10, one->leave / 10);
        (void)snprintf(relax, cap, "leave_s higher by %d s", (best->cost - one->leave) / 10 + 1);
        return;
    }
    (void)snprintf(binding, cap, "all near vehicles serve orders that matter more");
    (void)snprintf(relax, cap, "one more vehicle within %u m", one->radius_m);
}

typedef struct batch_log {
    char id[TQ_ID_MAX];
    bool written;
} batch_log;

/* What the batch was made from, once for all its decisions. */
static tq_status log_batch(desk_call *call, const batch *run, batch_log *log)
{
    const struct desk_supply *supply = call->desk->supply;
    if (log->written) return TQ_OK;
    json_auto_t *body = json_object();
    json_t *orders = json_array(), *vehicles = json_array(), *pairs = json_array(),
           *first = json_array(), *leave = json_array(), *chosen = json_array();
    for (uint32_t k = 0; k < run->order_count; k++) {
        json_array_append_new(orders, json_string(run->order[k].order->id));
        json_array_append_new(first, json_integer(run->order[k].first));
        json_array_append_new(leave, json_integer(run->order[k].leave));
        json_array_append_new(chosen, run->order[k].chosen != TQ_NONE
                                          ? json_integer(run->order[k].chosen)
                                          : json_null());
    }
    for (uint32_t k = 0; k < run->vehicle_count; k++)
        json_array_append_new(vehicles, json_string(supply->vehicle.at[run->vehicle_of[k]].id));
    for (uint32_t p = 0; p < run->pair_count; p++) {
        json_array_append_new(pairs, json_integer(run->local[p]));
        json_array_append_new(pairs, json_integer(run->pair[p].cost));
    }
    desk_put_instant(call, body, "at", run->now_ms);
    json_object_set_new(body, "policy", json_string(supply->policy.name));
    json_object_set_new(body, "method", json_string(POLICY_METHODS[supply->policy.method]));
    json_object_set_new(body, "seed", json_integer((json_int_t)run->seed));
    json_object_set_new(body, "orders", orders);
    json_object_set_new(body, "vehicles", vehicles);
    json_object_set_new(body, "first", first);
    json_object_set_new(body, "pairs", pairs);
    json_object_set_new(body, "leave", leave);
    json_object_set_new(body, "chosen", chosen);
    json_object_set_new(body, "income_price_s",
                        json_integer((json_int_t)run->income_price_ds / 10));
    TQ_TRY(desk_new_id(call, "BA", log->id));
    TQ_TRY(desk_save(call, "batch", log->id, "kept", body, 0));
    log->written = true;
    return TQ_OK;
}

static json_t *decision_of(desk_call *call, const batch *run, const batch_order *one)
{
    const struct desk_supply *supply = call->desk->supply;
    json_t *body = json_object(), *numbers = json_object();
    desk_put_instant(call, body, "at", run->now_ms);
    json_object_set_new(body, "policy", json_string(supply->policy.name));
    json_object_set_new(body, "seed", json_integer((json_int_t)run->seed));
    json_object_set_new(body, "version", json_integer((json_int_t)call->desk->network_version));
    json_object_set_new(body, "times", json_string(supply->metric != NULL ? "roads" : "line"));
    json_object_set_new(body, "order", json_string(one->order->id));
    json_object_set_new(body, "radius_m", json_integer(one->radius_m));
    json_object_set_new(numbers, "orders", json_integer(run->order_count));
    json_object_set_new(numbers, "vehicles", json_integer(run->vehicle_count));
    json_object_set_new(body, "batch", numbers);
    json_object_set_new(body, "chosen", json_null());
    json_object_set_new(body, "binding", json_null());
    json_object_set_new(body, "relax", json_null());
    return body;
}

static tq_status save_decision(desk_call *call, const batch *run, batch_log *log, json_t *body,
                               const char *order, char id[TQ_ID_MAX])
{
    TQ_TRY(log_batch(call, run, log));
    json_object_set_new(json_object_get(body, "batch"), "id", json_string(log->id));
    TQ_TRY(desk_new_id(call, "DE", id));
    TQ_TRY(desk_save(call, "decision", id, "kept", body, 0));
    return tq_store_link(call->desk->store, "decision", id, order, call->err);
}

/* ---- a batch ------------------------------------------------------------------------------------
 */

/* Is a record as memory says? Told before anything is written. */
static bool is_still(desk_call *call, const char *kind, const char *id, const char *want,
                     bool no_order)
{
    tq_err own, *err = call->err;
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32] = "";
    call->err = &own;
    bool found = desk_load(call, kind, id, &record, &version, state) == TQ_OK;
    call->err = err;
    return found && strcmp(state, want) == 0 &&
           !(no_order && desk_get_text(record, "order")[0] != '\0');
}

bool write_is_free(desk_call *call, const char *vehicle)
{
    return is_still(call, "vehicle", vehicle, "free", true);
}

static bool still_fits(desk_call *call, const char *order, const char *vehicle)
{
    return is_still(call, "order", order, "searching", false) && write_is_free(call, vehicle);
}

static tq_status write_chosen(desk_call *call, const batch *run, batch_log *log,
                              const batch_order *one, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    const batch_pair *pair = &run->pair[one->chosen];
    const supply_vehicle *vehicle = &supply->vehicle.at[pair->vehicle];
    char id[TQ_ID_MAX], why[200];
    if (!still_fits(call, one->order->id, vehicle->id)) return TQ_OK;
    json_auto_t *body = decision_of(call, run, one);
    json_t *chosen = json_object();
    json_object_set_new(chosen, "vehicle", json_string(vehicle->id));
    json_object_set_new(chosen, "cost", seconds(pair->cost));
    json_object_set_new(chosen, "eta_s", seconds(pair->eta_ds));
    json_object_set_new(chosen, "terms", terms_of(pair));
    json_object_set_new(body, "chosen", chosen);
    json_object_set_new(body, "alternatives", alternatives_of(supply, run, one));
    (void)snprintf(why, sizeof why, "%s: %d s away, of %u that may take it",
                   policy->method == METHOD_ROTATION  ? "free for longest"
                   : policy->method == METHOD_NEAREST ? "nearest"
                   : policy->method == METHOD_GRAB    ? "nearest of those who may grab it"
                                                      : "best for all waiting orders together",
                   pair->eta_ds / 10, one->count);
    TQ_TRY(save_decision(call, run, log, body, one->order->id, id));
    bool first = one->order->elder || one->order->hospital;
    bool ask = (first ? policy->elder_ask : policy->ask) != 0 &&
               one->order->refused_count < (uint32_t)policy->offers_most;
    *changed = true;
    one->order->told = 0;
    TQ_TRY(write_assignment(call, one->order->id, vehicle->id, ask, pair->eta_ds / 10,
                            near_metres(supply, vehicle, one->order), id, why));
    return policy->method == METHOD_GRAB && ask ? write_others(call, run, one) : TQ_OK;
}

/* Nobody, or one who is not free yet: said once, and again when the reason is another. */
static tq_status write_nobody(desk_call *call, const batch *run, batch_log *log,
                              const batch_order *one, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    json_auto_t *body = decision_of(call, run, one);
    json_t *list;
    char id[TQ_ID_MAX], binding[200] = "", relax[240] = "", state[32];
    if (one->chosen != TQ_NONE) {
        const batch_pair *pair = &run->pair[one->chosen];
        list = alternatives_of(supply, run, one);
        (void)snprintf(binding, sizeof binding, "best to wait for %s, which is free soon",
                       supply->vehicle.at[pair->vehicle].id);
        (void)snprintf(relax, sizeof relax, "waiting %d s", pair->ready_ds / 10);
    } else if (one->count > 0) {
        list = alternatives_of(supply, run, one);
        say_left(run, one, binding, relax, sizeof binding);
    } else {
        list = json_array();
        say_nobody(supply, run, one, list, binding, relax, sizeof binding);
    }
    /* By its first words: the seconds in it change with each batch. */
    uint64_t told = tq_hash(binding, TQ_MIN(strlen(binding), (size_t)16), one->radius_m) | 1;
    json_object_set_new(body, "alternatives", list);
    if (told == one->order->told) return TQ_OK;
    json_auto_t *order = NULL;
    TQ_TRY(desk_order_load(call, one->order->id, &order, NULL, state));
    if (strcmp(state, "searching") != 0) return TQ_OK;
    one->order->told = told;
    json_object_set_new(body, "binding", json_string(binding));
    if (relax[0] != '\0') json_object_set_new(body, "relax", json_string(relax));
    TQ_TRY(save_decision(call, run, log, body, one->order->id, id));
    json_t *facts = json_object();
    json_object_set_new(facts, "decision", json_string(id));
    json_object_set_new(facts, "why", json_string(binding));
    *changed = true;
    return desk_order_move(call, one->order->id, NULL, "nobody yet", facts, binding);
}

tq_status write_batch(desk_call *call, const batch *run, bool *changed)
{
    batch_log log = {.written = false};
    for (uint32_t k = 0; k < run->order_count; k++) {
        const batch_order *one = &run->order[k];
        bool now = one->chosen != TQ_NONE && run->pair[one->chosen].ready_ds == 0;
        if (now)
            TQ_TRY(write_chosen(call, run, &log, one, changed));
        else
            TQ_TRY(write_nobody(call, run, &log, one, changed));
    }
    return TQ_OK;
}

/* ---- what time does -----------------------------------------------------------------------------
 */

tq_status write_timeouts(desk_call *call, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    for (size_t at = 0; at < supply->order.count; at++) {
        const supply_order *order = &supply->order.at[at];
        if (order->phase != PHASE_OFFERED || order->until_ms > call->command->now_ms) continue;
        json_auto_t *record = NULL;
        char state[32];
        TQ_TRY(desk_order_load(call, order->id, &record, NULL, state));
        int64_t until_ms = 0;
        const json_t *offer = json_object_get(record, "offer");
        if (strcmp(state, "offered") != 0 ||
            (desk_get_instant(call, offer, "until", &until_ms) && until_ms > call->command->now_ms))
            continue;
        /* Whoever is asked among others owes no answer. */
        if (!json_is_array(json_object_get(offer, "others")))
            TQ_TRY(driver_note(call, desk_get_text(offer, "driver"), ACT_TIMED_OUT, order->id,
                               "no answer", 0));
        TQ_TRY(write_refusal(call, order->id, "offer ended", "offer ended"));
        *changed = true;
    }
    return TQ_OK;
}

tq_status write_releases(desk_call *call, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    for (size_t k = 0; k < supply->release.count; k++) {
        json_auto_t *vehicle = NULL, *order = NULL;
        tq_err own, *err = call->err;
        const char *id = supply->release.at[k].text;
        char state[32] = "";
        TQ_TRY(desk_load(call, "vehicle", id, &vehicle, NULL, NULL));
        const char *held = desk_get_text(vehicle, "order");
        if (held[0] == '\0') continue;
        call->err = &own;
        tq_status found = desk_order_load(call, held, &order, NULL, state);
        call->err = err;
        if (found == TQ_OK && write_is_held(order, state, id)) continue;
        TQ_TRY(vehicle_release(call, id, held));
        *changed = true;
    }
    supply->release.count = 0;
    return TQ_OK;
}

tq_status write_partner(desk_call *call, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    uint32_t told = 0;
    if (policy->partner[0] == '\0') return TQ_OK;
    for (size_t at = 0; at < supply->order.count && told < PARTNERS_AT_ONCE; at++) {
        supply_order *order = &supply->order.at[at];
        int64_t waited_ms = call->command->now_ms - order->since_ms;
        if (order->phase != PHASE_SEARCHING || order->partner_ms != 0 ||
            waited_ms < policy->partner_s * INT64_C(1000) || !(order->classes >> CLASS_HAILING & 1))
            continue;
        char state[32];
        json_auto_t *record = NULL;
        TQ_TRY(desk_order_load(call, order->id, &record, NULL, state));
        if (strcmp(state, "searching") != 0 || json_is_object(json_object_get(record, "partner")))
            continue;
        json_t *facts = json_object(), *partner = json_object(), *body = json_object();
        json_object_set_new(partner, "peer", json_string(policy->partner));
        desk_put_instant(call, partner, "at", call->command->now_ms);
        json_object_set_new(facts, "partner", partner);
        TQ_TRY(desk_order_move(call, order->id, NULL, "asked the partner", facts, policy->partner));
        json_object_set_new(body, "peer", json_string(policy->partner));
        TQ_TRY(desk_event(call, "order", order->id, "to_partner", false, TQ_ROLE_STAFF, body));
        *changed = true;
        told++;
    }
    return TQ_OK;
}

tq_status write_unserved(desk_call *call, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    const desk_policy *policy = &supply->policy;
    for (size_t at = 0; at < supply->order.count; at++) {
        const supply_order *order = &supply->order.at[at];
        if (order->phase != PHASE_SEARCHING ||
            call->command->now_ms - order->since_ms < policy->give_up_s * INT64_C(1000))
            continue;
        char state[32], why[300];
        json_auto_t *record = NULL;
        TQ_TRY(desk_order_load(call, order->id, &record, NULL, state));
        if (strcmp(state, "searching") != 0) continue;
        (void)snprintf(why, sizeof why, "nobody within %d s: %s", policy->give_up_s,
                       desk_get_text(record, "why")[0] != '\0' ? desk_get_text(record, "why")
                                                               : "no vehicle was free");
        json_t *facts = json_object();
        json_object_set_new(facts, "why", json_string(why));
        TQ_TRY(desk_order_move(call, order->id, "unserved", "unserved", facts, why));
        *changed = true;
    }
    return TQ_OK;
}
