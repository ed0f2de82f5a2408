/*
 * Orders: one record for a car now or later, a seat on a bus and a crew's task; its moves, as far
 * as the machine of its kind allows, its history, what the clock does, how it is shown.
 *
 * Every change of an order goes through desk_order_open or desk_order_move, so the history tells
 * all of it: at most HISTORY_MOST lines, the first one always among them, with the number of those
 * that were dropped.
 */
#include <stdio.h>

#include "desk/order_in.h"
#include "desk/vehicle_in.h"

#define HISTORY_MOST 200u

/* ---- reading ------------------------------------------------------------------------------------
 */

tq_status desk_order_load(desk_call *call, const char *id, json_t **order, uint64_t *version,
                          char state[32])
{
    return desk_load(call, "order", id, order, version, state);
}

/* ---- moving -------------------------------------------------------------------------------------
 */

static void add_line(desk_call *call, json_t *order, const char *from, const char *to,
                     const char *what, const char *note)
{
    json_t *history = json_object_get(order, "history"), *line = json_object();
    if (!json_is_array(history)) {
        history = json_array();
        json_object_set_new(order, "history", history);
    }
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "by", json_string(call->command->actor->name));
    json_object_set_new(line, "from", from != NULL ? json_string(from) : json_null());
    json_object_set_new(line, "to", json_string(to));
    json_object_set_new(line, "what", json_string(what));
    json_object_set_new(line, "note", note != NULL ? json_string(note) : json_null());
    json_array_append_new(history, line);
    if (json_array_size(history) <= HISTORY_MOST) return;
    json_array_remove(history, 1);
    json_int_t dropped = json_integer_value(json_object_get(order, "history_dropped"));
    json_object_set_new(order, "history_dropped", json_integer(dropped + 1));
}

/* When each stage was reached; looked for again, the car's stages are open again. */
static void stamp(desk_call *call, json_t *order, const char *to)
{
    static const struct {
        const char *state, *member;
    } stages[] = {
        {"assigned", "named"}, {"arrived", "arrived"}, {"on_board", "boarded"}, {"done", "done"}};
    json_t *times = json_object_get(order, "times");
    if (!json_is_object(times)) {
        times = json_object();
        json_object_set_new(order, "times", times);
    }
    if (strcmp(to, "searching") == 0) {
        json_object_set_new(times, "named", json_null());
        json_object_set_new(times, "arrived", json_null());
        json_object_set_new(order, "told_late", json_null());
    }
    for (uint32_t k = 0; k < TQ_COUNT(stages); k++)
        if (strcmp(stages[k].state, to) == 0)
            desk_put_instant(call, times, stages[k].member, call->command->now_ms);
}

/* The instant at which the clock has something to do with it; INT64_MAX = none. */
static int64_t due_of(const desk_call *call, const json_t *order, const char *state)
{
    int64_t at_ms = INT64_MAX;
    if (strcmp(state, "booked") == 0) {
        if (!desk_get_instant(call, order, "search_at", &at_ms)) at_ms = INT64_MAX;
    } else if (strcmp(state, "assigned") == 0 &&
               !json_is_string(json_object_get(order, "told_late"))) {
        int64_t wanted_ms = INT64_MIN;
        if (!desk_get_instant(call, order, "eta_at", &at_ms)) return INT64_MAX;
        if (desk_get_instant(call, order, "at", &wanted_ms)) at_ms = TQ_MAX(at_ms, wanted_ms);
        at_ms += call->desk->order_rules->rules.late_s * INT64_C(1000) + 1;
    }
    return at_ms;
}

static void look_at(desk_call *call, const json_t *order, const char *state)
{
    int64_t due_ms = due_of(call, order, state);
    if (due_ms < call->desk->orders_next_ms) call->desk->orders_next_ms = due_ms;
}

static json_t *event_body(const json_t *order, const char *state)
{
    static const char *const members[] = {"kind", "vehicle", "driver", "eta_s", "elder", "at"};
    json_t *body = json_object();
    json_object_set_new(body, "state", json_string(state));
    for (uint32_t k = 0; k < TQ_COUNT(members); k++) {
        json_t *value = json_object_get(order, members[k]);
        if (value != NULL && !json_is_null(value)) json_object_set(body, members[k], value);
    }
    return body;
}

static tq_status tell(desk_call *call, const json_t *order, const char *id, const char *state,
                      const char *what)
{
    return desk_event(call, "order", id, what, false,
                      TQ_ROLE_STAFF | TQ_ROLE_RIDER | TQ_ROLE_DRIVER | TQ_ROLE_PEER,
                      event_body(order, state));
}

/* Those who phoned are phoned back when it does not go as they were told. */
static tq_status call_back(desk_call *call, const json_t *order, const char *from, const char *to)
{
    char id[TQ_ID_MAX];
    const order_rules *rules = &call->desk->order_rules->rules;
    const char *channel = desk_get_text(order, "channel");
    if (strcmp(channel, "phone") != 0 && strcmp(channel, "desk") != 0) return TQ_OK;
    if (strcmp(to, "unserved") == 0) return callback_open(call, order, "unserved", id);
    int64_t begun_ms = 0, wanted_ms = 0;
    if (strcmp(to, "assigned") != 0 || strcmp(from, "assigned") == 0 ||
        json_array_size(json_object_get(order, "refusals")) == 0 ||
        !desk_get_instant(call, order, "created", &begun_ms))
        return TQ_OK;
    if (desk_get_instant(call, order, "at", &wanted_ms)) begun_ms = TQ_MAX(begun_ms, wanted_ms);
    if (call->command->now_ms - begun_ms < rules->re_offer_s * INT64_C(1000)) return TQ_OK;
    return callback_open(call, order, "named_late", id);
}

static tq_status may_move(desk_call *call, const json_t *order, const char *id, const char *from,
                          const char *to)
{
    const char *kind = desk_get_text(order, "kind");
    const order_machine *machine = order_machine_of(call->desk, kind);
    if (machine == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "order %s is of an unknown kind \"%.40s\"", id,
                       kind);
    uint32_t here = order_state_of(machine, from), there = order_state_of(machine, to);
    if (here != TQ_NONE && there != TQ_NONE && (machine->state[here].next >> there & 1))
        return TQ_OK;
    return tq_fail(call->err, TQ_STALE, 0, "order %s is %s: it cannot become %.40s", id, from, to);
}

tq_status desk_order_move(desk_call *call, const char *id, const char *to, const char *what,
                          json_t *facts, const char *note)
{
    json_auto_t *owned = facts, *order = NULL;
    uint64_t version = 0;
    char from[32];
    TQ_TRY(desk_order_load(call, id, &order, &version, from));
    if (to != NULL) TQ_TRY(may_move(call, order, id, from, to));
    if (owned != NULL && json_object_update(order, owned) != 0)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    const char *now = to != NULL ? to : from;
    add_line(call, order, from, now, what, note);
    if (to != NULL) stamp(call, order, to);
    TQ_TRY(desk_save(call, "order", id, now, order, version));
    look_at(call, order, now);
    if (to != NULL) TQ_TRY(call_back(call, order, from, to));
    return tell(call, order, id, now, what);
}

/* ---- opening
 * ------------------------------------------------------------------------------------- */

static void set_missing(json_t *order, const char *member, json_t *value)
{
    if (json_object_get(order, member) == NULL)
        json_object_set_new(order, member, value);
    else
        json_decref(value);
}

tq_status desk_order_open(desk_call *call, json_t *body, char id[TQ_ID_MAX])
{
    static const char *const nothing[] = {"caller",   "phone",     "name",   "to",    "at",
                                          "estimate", "vehicle",   "driver", "plate", "colour",
                                          "company",  "eta_s",     "eta_at", "offer", "decision",
                                          "why",      "cancelled", NULL};
    json_auto_t *order = json_deep_copy(body);
    if (order == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    const char *kind = desk_get_text(order, "kind");
    const order_machine *machine = order_machine_of(call->desk, kind);
    if (machine == NULL) return desk_bad(call, "there is no kind of order \"%.40s\"", kind);
    char state[32];
    (void)snprintf(state, sizeof state, "%.31s", desk_get_text(order, "state"));
    if (state[0] == '\0')
        (void)snprintf(state, sizeof state, "%s", machine->state[machine->first].id);
    uint32_t begins = order_state_of(machine, state);
    if (begins == TQ_NONE || !(machine->begins >> begins & 1))
        return desk_bad(call, "an order of kind %s does not begin as \"%s\"", kind, state);
    for (uint32_t k = 0; nothing[k] != NULL; k++)
        set_missing(order, nothing[k], json_null());
    set_missing(order, "channel", json_string("desk"));
    set_missing(order, "party", json_integer(1));
    set_missing(order, "needs", json_array());
    set_missing(order, "classes", json_array());
    set_missing(order, "elder", json_false());
    set_missing(order, "hospital", json_false());
    set_missing(order, "bonus_fen", json_integer(0));
    set_missing(order, "refusals", json_array());
    json_t *times = json_object();
    static const char *const stages[] = {"named", "arrived", "boarded", "done"};
    desk_put_instant(call, times, "created", call->command->now_ms);
    for (uint32_t k = 0; k < TQ_COUNT(stages); k++)
        json_object_set_new(times, stages[k], json_null());
    json_object_set_new(order, "times", times);
    json_object_set_new(order, "history", json_array());
    add_line(call, order, NULL, state, "created", NULL);
    TQ_TRY(desk_new_id(call, "OR", id));
    TQ_TRY(desk_save(call, "order", id, state, order, 0));
    const char *caller = desk_get_text(order, "caller");
    if (caller[0] != '\0') TQ_TRY(tq_store_link(call->desk->store, "order", id, caller, call->err));
    look_at(call, order, state);
    return tell(call, order, id, state, "created");
}

/* ---- the clock
 * ----------------------------------------------------------------------------------- */

static tq_status begin_search(desk_call *call, const char *id)
{
    return desk_order_move(call, id, "searching", "time to look for a car", NULL, NULL);
}

static tq_status tell_late(desk_call *call, const char *id)
{
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32], task[TQ_ID_MAX];
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(callback_open(call, order, "late", task));
    json_t *facts = json_object();
    json_object_set_new(facts, "told_late", json_string(task));
    return desk_order_move(call, id, NULL, "late", facts, task);
}

tq_status desk_orders_tick(desk_call *call, bool *changed)
{
    static const desk_due rows[] = {{"order", "booked", due_of, begin_search},
                                    {"order", "assigned", due_of, tell_late}};
    return desk_do_due(call, rows, TQ_COUNT(rows), &call->desk->orders_next_ms, changed);
}

/* ---- showing
 * ------------------------------------------------------------------------------------- */

#define SEES_ALL   (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN)
#define SEES_PHONE (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)

static bool is_mine(const desk_call *call, const json_t *order)
{
    const tq_actor *actor = call->command->actor;
    if (desk_is(call, SEES_ALL)) return true;
    if (desk_is(call, TQ_ROLE_PEER) && actor->peer[0] != '\0' &&
        (strcmp(desk_get_text(order, "peer"), actor->peer) == 0 ||
         strcmp(desk_get_text(json_object_get(order, "partner"), "peer"), actor->peer) == 0))
        return true;
    return actor->name[0] != '\0' && strcmp(desk_get_text(order, "owner"), actor->name) == 0;
}

tq_status order_mine(desk_call *call, const json_t *order)
{
    if (is_mine(call, order)) return TQ_OK;
    return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no order \"%.48s\"", call->command->id);
}

json_t *order_show(desk_call *call, const json_t *order)
{
    json_t *shown = json_deep_copy(order);
    const char *phone = desk_get_text(order, "phone");
    bool own = strcmp(desk_get_text(order, "owner"), call->command->actor->name) == 0 &&
               call->command->actor->name[0] != '\0';
    if (phone[0] != '\0' && !desk_is(call, SEES_PHONE) && !own)
        json_object_set_new(shown, "phone", desk_masked_phone(phone));
    return shown;
}

tq_status order_answer(desk_call *call, const char *id)
{
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(order_mine(call, order));
    json_t *shown = order_show(call, order);
    json_object_set_new(shown, "spoken", order_spoken(call, order));
    return desk_answer(call, shown);
}

static tq_status order_get(desk_call *call)
{
    return order_answer(call, call->command->id);
}

static json_t *show_one(desk_call *call, const tq_record *record)
{
    tq_err why;
    char kind[ORDER_WORD_MAX];
    json_auto_t *order = NULL;
    if (desk_parse(record->body, SIZE_MAX, "an order", &order, &why) != TQ_OK ||
        !is_mine(call, order))
        return NULL;
    if (desk_query(call, "kind", kind, sizeof kind) && kind[0] != '\0' &&
        strcmp(desk_get_text(order, "kind"), kind) != 0)
        return NULL;
    json_t *shown = order_show(call, order);
    json_object_del(shown, "history");
    return shown;
}

/* Newest first; of one number when it is asked for, by its caller's record. */
static tq_status order_list(desk_call *call)
{
    char phone[ORDER_PHONE_MAX + 16], number[ORDER_PHONE_MAX];
    const char *caller = "";
    json_auto_t *record = NULL;
    uint64_t version = 0;
    if (desk_query(call, "phone", phone, sizeof phone) && phone[0] != '\0') {
        TQ_TRY(order_phone(call, phone, number));
        tq_status status = caller_of_phone(call, number, false, &record, &version);
        if (status == TQ_NOT_FOUND)
            return desk_answer(call, json_pack("{s:[],s:n}", "orders", "next"));
        TQ_TRY(status);
        caller = desk_get_text(record, "id");
    }
    return desk_answer_newest(call, "order", "orders", caller, show_one);
}

#define DESK  (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define USERS (DESK | TQ_ROLE_RIDER | TQ_ROLE_PEER)

const desk_verb desk_order_verbs[] = {
    {"order.create", USERS, TQ_VERB_DO, order_create},
    {"order.get", USERS | TQ_ROLE_AUDITOR, TQ_VERB_ASK, order_get},
    {"order.list", USERS | TQ_ROLE_AUDITOR, TQ_VERB_ASK, order_list},
    {"order.estimate", USERS, TQ_VERB_QUIET, order_estimate_verb},
    {"order.change", DESK, TQ_VERB_DO, order_change},
    {"order.cancel", USERS, TQ_VERB_DO, order_cancel},
    {"order.no_show", DESK | TQ_ROLE_DRIVER, TQ_VERB_DO, order_no_show},
    {"order.complain", USERS, TQ_VERB_DO, order_complain},
    {"order.hand_over", DESK, TQ_VERB_DO, order_hand_over},
    {"order.why", DESK | TQ_ROLE_AUDITOR, TQ_VERB_ASK, order_why},
    {"tariff.list", TQ_ROLE_ANY, TQ_VERB_ASK, tariff_list},
    {"tariff.put", TQ_ROLE_ADMIN, TQ_VERB_DO, tariff_put},
    {0}};
