/*
 * The dispatcher: its clock, and the verbs of people who steer it.
 *
 * Each tick: vehicles whose order is over become free, offers that ended go to others, then a batch
 * when one is due; between two batches only orders that cannot wait (elders, hospital, overdue).
 * Batches fall on whole multiples of the policy's interval, so that they do not depend on when the
 * program started. See supply_in.h for the other files.
 */
#include <stdio.h>

#include "desk/order_in.h"
#include "desk/supply_in.h"

tq_status desk_dispatch_tick(desk_call *call, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    int64_t now_ms = call->command->now_ms;
    if (supply == NULL) return TQ_OK;
    int64_t every_ms = supply->policy.batch_s * INT64_C(1000);
    bool due = now_ms >= supply->next_batch_ms;
    TQ_TRY(near_metric(call));
    TQ_TRY(near_forget_lost(supply, now_ms, call->err));
    TQ_TRY(write_releases(call, changed));
    TQ_TRY(write_timeouts(call, changed));
    TQ_TRY(batch_run(call, due, changed));
    if (!due) return TQ_OK;
    supply->next_batch_ms = tq_floor_div(now_ms, every_ms) * every_ms + every_ms;
    TQ_TRY(balance_tick(call, changed));
    TQ_TRY(write_partner(call, changed));
    return write_unserved(call, changed);
}

static tq_status need_supply(desk_call *call)
{
    if (call->desk->supply != NULL) return TQ_OK;
    return tq_fail(call->err, TQ_BUSY, 0, "the dispatcher has not read its records yet: try again");
}

/* ---- by hand -----------------------------------------------------------------------------------
 */

/* Take the order from whoever has it, so that it is searching again. */
static tq_status take_back(desk_call *call, const char *id, const char *state, const char *why)
{
    if (strcmp(state, "searching") == 0) return TQ_OK;
    if (strcmp(state, "offered") != 0 && strcmp(state, "assigned") != 0)
        return tq_fail(call->err, TQ_STALE, 0,
                       "order %s is %s: only one that is searching, offered or assigned is given "
                       "by hand",
                       id, state);
    return write_refusal(call, id, "taken back", why);
}

static tq_status assign(desk_call *call)
{
    static const char *const members[] = {"vehicle", "reason", "eta_s", NULL};
    const char *vehicle = NULL, *reason = NULL, *id = call->command->id;
    double eta = 0;
    char state[32], duty[32];
    uint64_t version = 0;
    json_auto_t *order = NULL, *car = NULL;
    TQ_TRY(need_supply(call));
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "vehicle", true, &vehicle));
    TQ_TRY(desk_text(call, "reason", true, &reason));
    TQ_TRY(desk_number(call, "eta_s", false, 0, 86400, &eta));
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(desk_expect(call, "order", id, version));
    TQ_TRY(desk_load(call, "vehicle", vehicle, &car, &version, duty));
    struct desk_supply *supply = call->desk->supply;
    supply_vehicle *known = supply_vehicle_at(supply, vehicle);
    supply_order *row = supply_order_at(supply, id);
    int32_t approach_m = -1;
    if (known != NULL && row != NULL) {
        char words[120];
        uint32_t why = near_why_not(supply, row, known, call->command->now_ms, UINT32_MAX / 10);
        /* A person may overrule refusals, not what cannot be. */
        why &= NOT_SEATS | NOT_WHEELCHAIR | NOT_PERMITTED | NOT_DRIVER | NOT_DUTY;
        near_words(why, known, words, sizeof words);
        if (why != 0) return desk_bad(call, "%s cannot take %s: %s", vehicle, id, words);
        if (known->has_position) {
            approach_m = near_metres(supply, known, row);
            if (eta <= 0) eta = near_line_ds(supply, known->at, row->from) / 10;
        }
    }
    TQ_TRY(take_back(call, id, state, reason));
    TQ_TRY(write_assignment(call, id, vehicle, false, (int32_t)eta, approach_m, "", reason));
    json_decref(order);
    order = NULL;
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    return desk_answer(call, json_incref(order));
}

/* ---- the policy ---------------------------------------------------------------------------------
 */

static tq_status policy_answer(desk_call *call, const desk_policy *policy, const json_t *overrides)
{
    const struct desk_supply *supply = call->desk->supply;
    json_t *answer = json_object(), *all = json_array();
    for (uint32_t k = 0; k < supply->policies.count; k++)
        json_array_append_new(all, policy_json(&supply->policies.policy[k]));
    json_object_set_new(answer, "policy", policy_json(policy));
    json_object_set_new(answer, "overrides",
                        overrides != NULL ? json_deep_copy(overrides) : json_object());
    json_object_set_new(answer, "policies", all);
    return desk_answer(call, answer);
}

#define POLICY_NOW "current"

static tq_status policy_get(desk_call *call)
{
    json_auto_t *record = NULL;
    tq_err own, *err = call->err;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(need_supply(call));
    call->err = &own;
    tq_status status = desk_load(call, "policy", POLICY_NOW, &record, &version, state);
    call->err = err;
    if (status != TQ_OK && status != TQ_NOT_FOUND) return tq_fail(err, status, 0, "%s", own.text);
    return policy_answer(call, &call->desk->supply->policy, json_object_get(record, "overrides"));
}

static tq_status policy_set(desk_call *call)
{
    static const char *const members[] = {"name", "overrides", "reason", "version", NULL};
    const char *name = NULL, *reason = NULL, *names[POLICIES_MAX + 1] = {NULL};
    uint64_t version = 0;
    char state[32];
    tq_err own, *err = call->err;
    json_auto_t *record = NULL;
    TQ_TRY(need_supply(call));
    const desk_policies *all = &call->desk->supply->policies;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "name", true, &name));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    for (uint32_t k = 0; k < all->count; k++)
        names[k] = all->policy[k].name;
    const desk_policy *found = policy_named(all, name);
    if (found == NULL) {
        const char *near = desk_nearest(name, names);
        return desk_bad(call, "there is no policy \"%.40s\"%s%s%s", name,
                        near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
    }
    desk_policy made = *found;
    json_t *overrides = json_object_get(call->body, "overrides");
    if (overrides != NULL && !json_is_object(overrides))
        return desk_bad(call, "\"overrides\" is an object such as {\"bonus_fen\":500}");
    if (overrides != NULL) TQ_TRY(policy_change(&made, overrides, call->err));
    call->err = &own;
    tq_status status = desk_load(call, "policy", POLICY_NOW, &record, &version, state);
    call->err = err;
    if (status != TQ_OK && status != TQ_NOT_FOUND) return tq_fail(err, status, 0, "%s", own.text);
    if (record == NULL) {
        record = json_object();
        version = 0;
    }
    TQ_TRY(desk_expect(call, "policy", POLICY_NOW, version));
    json_object_set_new(record, "name", json_string(name));
    json_object_set_new(record, "reason", json_string(reason));
    json_object_set_new(record, "by", json_string(call->command->actor->name));
    json_object_set_new(record, "overrides",
                        overrides != NULL ? json_deep_copy(overrides) : json_object());
    TQ_TRY(desk_save(call, "policy", POLICY_NOW, "current", record, version));
    TQ_TRY(desk_event(call, "policy", POLICY_NOW, "set", false, TQ_ROLE_STAFF, NULL));
    return policy_answer(call, &made, overrides);
}

static tq_status state_now(desk_call *call)
{
    TQ_TRY(need_supply(call));
    return show_state(call);
}

#define STEERS (TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define LOOKS  (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN)

const desk_verb desk_dispatch_verbs[] = {
    {"dispatch.assign", STEERS, TQ_VERB_DO, assign},
    {"dispatch.state", LOOKS, TQ_VERB_QUIET, state_now},
    {"policy.get", LOOKS, TQ_VERB_QUIET, policy_get},
    {"policy.set", STEERS, TQ_VERB_DO, policy_set},
    {"decision.get", LOOKS, TQ_VERB_ASK, show_decision},
    {"decision.replay", LOOKS, TQ_VERB_ASK, show_replay},
    {.name = NULL},
};
