/*
 * Calls at the phone desk: any exchange posts the caller's number, the taker's screen gets who it
 * is, where they usually go, and what is under way for them; a call ends with what became of it.
 *
 * A call is ringing, talking, then ended, or abandoned when it ends before anybody answered.
 */
#include <stdio.h>

#include "desk/order_in.h"

#define OPEN_MOST  5u
#define PLACES_POP 3u

static tq_status tell(desk_call *call, const json_t *record, const char *id, const char *what)
{
    json_t *body = json_object();
    json_object_set(body, "state", json_object_get(record, "state"));
    json_object_set(body, "caller", json_object_get(record, "caller"));
    json_object_set(body, "elder", json_object_get(record, "elder"));
    return desk_event(call, "call", id, what, false,
                      TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, body);
}

/* ---- what the taker sees
 * --------------------------------------------------------------------------- */

typedef struct open_run {
    desk_call *call;
    json_t *list;
} open_run;

static bool see_order(void *user, const tq_record *record)
{
    static const char *const members[] = {"id",    "kind",   "state",  "from",
                                          "to",    "at",     "plate",  "colour",
                                          "eta_s", "eta_at", "driver", "version"};
    open_run *run = user;
    tq_err why;
    json_auto_t *order = NULL;
    if (desk_parse(record->body, SIZE_MAX, "an order", &order, &why) != TQ_OK) return true;
    const order_machine *machine = order_machine_of(run->call->desk, desk_get_text(order, "kind"));
    uint32_t state = machine != NULL ? order_state_of(machine, record->state) : TQ_NONE;
    if (state == TQ_NONE || order_is_over(machine, state)) return true;
    json_t *shown = json_object();
    for (uint32_t k = 0; k < TQ_COUNT(members); k++)
        json_object_set(shown, members[k], json_object_get(order, members[k]));
    json_object_set_new(shown, "state_name",
                        json_string(run->call->command->english ? machine->state[state].en
                                                                : machine->state[state].zh));
    json_object_set_new(shown, "spoken", order_spoken(run->call, order));
    json_array_append_new(run->list, shown);
    return json_array_size(run->list) < OPEN_MOST;
}

/* «Where is my car?» is answered by the first of them. */
static tq_status open_orders(desk_call *call, const char *caller, json_t *list)
{
    open_run run = {.call = call, .list = list};
    tq_store_filter filter = {.kind = "order", .parent = caller, .newest_first = true};
    return tq_store_each(call->desk->store, &filter, see_order, &run, call->err);
}

static json_t *some_of(const json_t *list, size_t most)
{
    json_t *out = json_array();
    for (size_t k = 0; k < json_array_size(list) && k < most; k++)
        json_array_append(out, json_array_get(list, k));
    return out;
}

/* {call, caller, places, trips, orders, trains} */
static tq_status pop(desk_call *call, const json_t *record, const json_t *caller, bool machine)
{
    json_auto_t *orders = json_array(), *answer = json_object();
    json_object_set(answer, "call", (json_t *)(uintptr_t)record);
    if (machine) {
        /* The exchange learns the call's id, nothing about the caller. */
        json_t *own = json_pack("{s:O, s:O, s:O}", "id", json_object_get(record, "id"), "state",
                                json_object_get(record, "state"), "version",
                                json_object_get(record, "version"));
        json_object_set_new(answer, "call", own);
        return desk_answer(call, json_incref(answer));
    }
    TQ_TRY(open_orders(call, desk_get_text(caller, "id"), orders));
    TQ_TRY(order_near_ready(call));
    json_auto_t *shown = caller_show(call, caller);
    const json_t *places = json_object_get(shown, "places");
    json_object_set_new(answer, "places", some_of(places, PLACES_POP));
    json_object_set_new(answer, "trips", some_of(json_object_get(shown, "trips"), PLACES_POP));
    json_object_set(answer, "orders", orders);
    json_object_set(answer, "order",
                    json_array_size(orders) > 0 ? json_array_get(orders, 0) : json_null());
    json_object_set_new(
        answer, "last_trains",
        order_last_trains(call, json_array_get(places, 0), NULL, call->command->now_ms));
    json_object_set(answer, "caller", shown);
    return desk_answer(call, json_incref(answer));
}

/* ---- verbs
 * ------------------------------------------------------------------------------------------ */

static tq_status call_in(desk_call *call)
{
    static const char *const members[] = {"phone", "line", "at", NULL};
    const char *phone, *line;
    char number[ORDER_PHONE_MAX], id[TQ_ID_MAX];
    int64_t at_ms = call->command->now_ms;
    json_auto_t *caller = NULL, *record = NULL;
    uint64_t version = 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "phone", true, &phone));
    TQ_TRY(desk_text(call, "line", false, &line));
    TQ_TRY(desk_instant(call, "at", false, &at_ms));
    if (at_ms > call->command->now_ms + 60000 || at_ms < call->command->now_ms - 3600000)
        return desk_bad(call, "\"at\" is not within the last hour");
    TQ_TRY(order_phone(call, phone, number));
    TQ_TRY(caller_of_phone(call, number, true, &caller, &version));
    TQ_TRY(desk_new_id(call, "CL95", id));
    record =
        json_pack("{s:s, s:s, s:O, s:b, s:n, s:n, s:n, s:s, s:n}", "phone", number, "line", line,
                  "caller", json_object_get(caller, "id"), "elder", caller_is_elder(call, caller),
                  "answered", "ended", "clerk", "outcome", "none", "order");
    if (record == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    desk_put_instant(call, record, "at", at_ms);
    TQ_TRY(desk_save(call, "call", id, "ringing", record, 0));
    (void)snprintf(call->about, sizeof call->about, "%s", id);
    TQ_TRY(tq_store_link(call->desk->store, "call", id, desk_get_text(caller, "id"), call->err));
    TQ_TRY(tell(call, record, id, "ringing"));
    *call->status = 201;
    return pop(call, record, caller,
               !desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN));
}

static tq_status call_answer(desk_call *call)
{
    static const char *const members[] = {NULL};
    const char *id = call->command->id;
    json_auto_t *record = NULL, *caller = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_load(call, "call", id, &record, &version, state));
    TQ_TRY(desk_expect(call, "call", id, version));
    if (strcmp(state, "ringing") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "call %s is %s%s%s", id, state,
                       desk_get_text(record, "clerk")[0] != '\0' ? " with " : "",
                       desk_get_text(record, "clerk"));
    json_object_set_new(record, "clerk", json_string(call->command->actor->name));
    desk_put_instant(call, record, "answered", call->command->now_ms);
    TQ_TRY(desk_save(call, "call", id, "talking", record, version));
    TQ_TRY(tell(call, record, id, "answered"));
    TQ_TRY(desk_load(call, "caller", desk_get_text(record, "caller"), &caller, &version, state));
    return pop(call, record, caller, false);
}

static tq_status call_end(desk_call *call)
{
    static const char *const members[] = {"outcome", "order", "note", NULL};
    static const char *const outcomes[] = {"order", "question", "complaint", "where_is_my_car",
                                           "other", "none",     NULL};
    const char *outcome, *order, *note, *id = call->command->id;
    json_auto_t *record = NULL, *about = NULL;
    uint64_t version = 0, seen = 0;
    char state[32], other[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "outcome", false, &outcome));
    TQ_TRY(desk_text(call, "order", false, &order));
    TQ_TRY(desk_text(call, "note", false, &note));
    TQ_TRY(desk_load(call, "call", id, &record, &version, state));
    TQ_TRY(desk_expect(call, "call", id, version));
    bool talking = strcmp(state, "talking") == 0;
    if (!talking && strcmp(state, "ringing") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "call %s is %s already", id, state);
    const char *const *one = outcomes;
    while (outcome[0] != '\0' && *one != NULL && strcmp(*one, outcome) != 0)
        one++;
    if (*one == NULL)
        return desk_bad(call,
                        "\"outcome\" is \"%.30s\"; it is order, question, complaint, "
                        "where_is_my_car, other or none",
                        outcome);
    if (!talking && outcome[0] != '\0' && strcmp(outcome, "none") != 0)
        return desk_bad(call, "\"outcome\" is %.30s, but nobody answered the call", outcome);
    if (order[0] != '\0') TQ_TRY(desk_order_load(call, order, &about, &seen, other));
    if (outcome[0] != '\0') json_object_set_new(record, "outcome", json_string(outcome));
    if (order[0] != '\0') json_object_set_new(record, "order", json_string(order));
    if (note[0] != '\0') json_object_set_new(record, "note", json_string(note));
    desk_put_instant(call, record, "ended", call->command->now_ms);
    TQ_TRY(desk_save(call, "call", id, talking ? "ended" : "abandoned", record, version));
    TQ_TRY(tell(call, record, id, talking ? "ended" : "abandoned"));
    json_t *answer = json_object();
    json_object_set_new(answer, "id", json_string(id));
    json_object_set(answer, "state", json_object_get(record, "state"));
    json_object_set(answer, "outcome", json_object_get(record, "outcome"));
    json_object_set(answer, "order", json_object_get(record, "order"));
    json_object_set(answer, "version", json_object_get(record, "version"));
    return desk_answer(call, answer);
}

static json_t *show_one(desk_call *call, const tq_record *record)
{
    tq_err why;
    json_t *body = NULL;
    (void)call;
    return desk_parse(record->body, SIZE_MAX, "a call", &body, &why) == TQ_OK ? body : NULL;
}

static tq_status call_list(desk_call *call)
{
    return desk_answer_list(call, "call", "calls", show_one);
}

#define DESK (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)

const desk_verb desk_call_verbs[] = {
    {"call.in", DESK | TQ_ROLE_PEER, TQ_VERB_DO, call_in},
    {"call.list", DESK, TQ_VERB_ASK, call_list},
    {"call.answer", DESK, TQ_VERB_DO, call_answer},
    {"call.end", DESK | TQ_ROLE_PEER, TQ_VERB_DO, call_end},
    {"call.stats", DESK | TQ_ROLE_AUDITOR, TQ_VERB_ASK, call_stats},
    {"call.staffing", DESK | TQ_ROLE_PLANNER, TQ_VERB_ASK, call_staffing},
    {"caller.list", DESK, TQ_VERB_ASK, caller_list},
    {"caller.get", DESK, TQ_VERB_ASK, caller_get},
    {"caller.change", DESK, TQ_VERB_DO, caller_change},
    {"callback.list", DESK, TQ_VERB_ASK, callback_list},
    {"callback.create", DESK, TQ_VERB_DO, callback_create},
    {"callback.done", DESK, TQ_VERB_DO, callback_done},
    {0}};
