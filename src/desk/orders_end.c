/*
 * How an order ends otherwise than by riding: cancelled, not there, handed to another city; what
 * is said about it afterwards, and why it went as it did.
 */
#include <stdio.h>

#include "desk/dispatch_in.h"
#include "desk/order_in.h"
#include "desk/vehicle_in.h"

#define DECISIONS_MOST 100u

/* A vehicle that holds the order is free again. */
static tq_status let_go(desk_call *call, const json_t *order, const char *state)
{
    const json_t *holder = strcmp(state, "offered") == 0 ? json_object_get(order, "offer") : order;
    const char *vehicle = desk_get_text(holder, "vehicle");
    json_auto_t *record = NULL;
    tq_err own, *err = call->err;
    if (vehicle[0] == '\0') return TQ_OK;
    /* A partner's car need not be one of ours. */
    call->err = &own;
    tq_status status = desk_load(call, "vehicle", vehicle, &record, NULL, NULL);
    call->err = err;
    if (status == TQ_NOT_FOUND) return TQ_OK;
    if (status != TQ_OK) return tq_fail(err, status, 0, "%s", own.text);
    return vehicle_release(call, vehicle, call->command->id);
}

/* ---- cancel -------------------------------------------------------------------------------------
 */

/* Did the car come, or is it still to come, later than was told? Then the passenger owes nothing.
 */
static bool is_late(desk_call *call, const json_t *order)
{
    int64_t told_ms = 0, wanted_ms = 0, there_ms = call->command->now_ms;
    if (!desk_get_instant(call, order, "eta_at", &told_ms)) return false;
    if (desk_get_instant(call, order, "at", &wanted_ms)) told_ms = TQ_MAX(told_ms, wanted_ms);
    (void)desk_get_instant(call, json_object_get(order, "times"), "arrived", &there_ms);
    return there_ms - told_ms > call->desk->order_rules->rules.cancel_late_s * INT64_C(1000);
}

static int32_t fee_of(desk_call *call, const json_t *order, const char *state, const char *by)
{
    const order_rules *rules = &call->desk->order_rules->rules;
    int64_t named_ms = 0;
    bool named = strcmp(state, "assigned") == 0 || strcmp(state, "arrived") == 0;
    if (!named || strcmp(by, "passenger") != 0 || is_late(call, order) ||
        !desk_get_instant(call, json_object_get(order, "times"), "named", &named_ms))
        return 0;
    return call->command->now_ms - named_ms > rules->cancel_free_s * INT64_C(1000)
               ? rules->cancel_fee_fen
               : 0;
}

static tq_status load_open(desk_call *call, json_t **order, char state[32])
{
    uint64_t version = 0;
    TQ_TRY(desk_order_load(call, call->command->id, order, &version, state));
    TQ_TRY(order_mine(call, *order));
    return desk_expect(call, "order", call->command->id, version);
}

static tq_status cancel(desk_call *call, const json_t *order, const char *state)
{
    static const char *const members[] = {"by", "why", NULL};
    static const char *const sides[] = {"passenger", "driver", "centre", NULL};
    const char *by, *why, *id = call->command->id;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "by", false, &by));
    TQ_TRY(desk_text(call, "why", false, &why));
    bool staff = desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN);
    if (by[0] == '\0') by = "passenger";
    if (vehicle_word(sides, by) == TQ_NONE)
        return desk_bad(call, "\"by\" is \"%.20s\"; it is passenger, driver or centre", by);
    if (!staff && strcmp(by, "passenger") != 0)
        return tq_fail(call->err, TQ_DENIED, 0, "you cancel as passenger");
    if (strcmp(by, "passenger") != 0 && why[0] == '\0')
        return desk_bad(call, "\"why\" is missing: one who cancels for others says why");
    if (strcmp(desk_get_text(order, "kind"), "seat") == 0) {
        if (strcmp(state, "booked") != 0)
            return tq_fail(call->err, TQ_STALE, 0, "order %s is %s: it cannot become cancelled", id,
                           state);
        TQ_TRY(booking_end_of_order(call, order, by, why[0] != '\0' ? why : "as wished"));
        return order_answer(call, id);
    }
    char driver[TQ_ID_MAX];
    (void)snprintf(driver, sizeof driver, "%s", desk_get_text(order, "driver"));
    json_t *facts = json_object(), *told = json_object();
    json_object_set_new(told, "by", json_string(by));
    json_object_set_new(told, "why", why[0] != '\0' ? json_string(why) : json_null());
    json_object_set_new(told, "fee_fen", json_integer(fee_of(call, order, state, by)));
    json_object_set_new(facts, "cancelled", told);
    json_object_set_new(facts, "offer", json_null());
    TQ_TRY(desk_order_move(call, id, "cancelled", "cancelled", facts, why[0] != '\0' ? why : NULL));
    TQ_TRY(let_go(call, order, state));
    if (strcmp(by, "driver") == 0 && driver[0] != '\0')
        TQ_TRY(driver_note(call, driver, ACT_CANCELLED, id, why, 0));
    return order_answer(call, id);
}

tq_status order_cancel(desk_call *call)
{
    json_auto_t *order = NULL;
    char state[32];
    TQ_TRY(load_open(call, &order, state));
    return cancel(call, order, state);
}

/* ---- not there
 * ----------------------------------------------------------------------------------- */

static tq_status check_driver(desk_call *call, const json_t *order)
{
    json_auto_t *driver = NULL;
    if (desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)) return TQ_OK;
    TQ_TRY(driver_of_actor(call, &driver));
    if (strcmp(desk_get_text(driver, "id"), desk_get_text(order, "driver")) == 0) return TQ_OK;
    return tq_fail(call->err, TQ_DENIED, 0, "order %s is not yours", call->command->id);
}

/* The driver waited, and asked the passenger or the desk before driving off. */
tq_status order_no_show(desk_call *call)
{
    static const char *const members[] = {"checked", "note", NULL};
    const order_rules *rules = &call->desk->order_rules->rules;
    const char *note, *id = call->command->id;
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    int64_t arrived_ms = 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "note", false, &note));
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(check_driver(call, order));
    TQ_TRY(desk_expect(call, "order", id, version));
    if (!json_is_true(json_object_get(call->body, "checked")))
        return desk_bad(call,
                        "\"checked\" must be true: the driver calls the passenger or the desk "
                        "first");
    if (strcmp(desk_get_text(order, "kind"), "seat") == 0 &&
        desk_get_instant(call, order, "at", &arrived_ms) && arrived_ms > call->command->now_ms)
        return desk_bad(call, "the bus of order %s has not left yet; cancel it to free the seat",
                        id);
    if (strcmp(state, "arrived") == 0 &&
        desk_get_instant(call, json_object_get(order, "times"), "arrived", &arrived_ms)) {
        int64_t waited_s = (call->command->now_ms - arrived_ms) / 1000;
        if (waited_s < rules->no_show_wait_s)
            return desk_bad(call, "the car waited %lld s; %d s are due", (long long)waited_s,
                            (int)rules->no_show_wait_s);
    }
    TQ_TRY(desk_order_move(call, id, "no_show", "passenger not there", NULL,
                           note[0] != '\0' ? note : NULL));
    TQ_TRY(let_go(call, order, state));
    const char *caller = desk_get_text(order, "caller");
    if (caller[0] != '\0') TQ_TRY(caller_missed(call, caller));
    json_auto_t *after = NULL;
    TQ_TRY(desk_order_load(call, id, &after, &version, state));
    return desk_answer(call, order_show(call, after));
}

/* ---- complaints
 * ----------------------------------------------------------------------------------- */

tq_status order_complain(desk_call *call)
{
    static const char *const members[] = {"text", "about", NULL};
    static const char *const subjects[] = {"driver", "vehicle", "desk", "price",
                                           "late",   "other",   NULL};
    const char *text, *about, *id = call->command->id;
    json_auto_t *order = NULL, *body = json_object();
    uint64_t version = 0;
    char state[32], made[TQ_ID_MAX];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "text", true, &text));
    TQ_TRY(desk_text(call, "about", false, &about));
    if (about[0] == '\0') about = "driver";
    if (vehicle_word(subjects, about) == TQ_NONE)
        return desk_bad(call,
                        "\"about\" is \"%.20s\"; it is driver, vehicle, desk, price, late or other",
                        about);
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(order_mine(call, order));
    static const char *const kept[] = {"driver", "vehicle", "company"};
    for (uint32_t k = 0; k < TQ_COUNT(kept); k++)
        json_object_set(body, kept[k], json_object_get(order, kept[k]));
    json_object_set_new(body, "order", json_string(id));
    json_object_set_new(body, "text", json_string(text));
    json_object_set_new(body, "about", json_string(about));
    desk_put_instant(call, body, "at", call->command->now_ms);
    TQ_TRY(desk_new_id(call, "CO", made));
    TQ_TRY(desk_save(call, "complaint", made, "open", body, 0));
    TQ_TRY(tq_store_link(call->desk->store, "complaint", made, id, call->err));
    const char *driver = desk_get_text(order, "driver");
    if (driver[0] != '\0')
        TQ_TRY(tq_store_link(call->desk->store, "complaint", made, driver, call->err));
    TQ_TRY(desk_event(call, "complaint", made, "created", false, TQ_ROLE_STAFF, NULL));
    TQ_TRY(desk_order_move(call, id, NULL, "complaint", NULL, made));
    *call->status = 201;
    return desk_answer(call, json_incref(body));
}

/* ---- another city
 * ---------------------------------------------------------------------------------- */

tq_status order_hand_to(desk_call *call, const char *id, const json_t *order, const char *city,
                        const char *peer, const char *why)
{
    tq_point from;
    tq_err own, *err = call->err;
    tq_status reach = TQ_BAD_INPUT;
    call->err = &own;
    if (order_point(json_object_get(order, "from"), &from)) reach = order_reach(call, from, "from");
    call->err = err;
    if (reach == TQ_OK)
        return desk_bad(call, "\"from\" lies inside %s, beside its streets: it is served here",
                        tq_text(call->desk->city, call->desk->city->meta->name));
    if (reach != TQ_BAD_INPUT) return tq_fail(err, reach, 0, "%s", own.text);
    json_t *facts = json_object(), *to = json_object(), *after = NULL;
    json_object_set_new(to, "city", json_string(city));
    json_object_set_new(to, "peer", peer[0] != '\0' ? json_string(peer) : json_null());
    json_object_set_new(to, "why", json_string(why));
    json_object_set_new(facts, "handed_to", to);
    TQ_TRY(desk_order_move(call, id, "handed_over", "handing over", facts, why));
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, id, &after, &version, state));
    return desk_event(call, "order", id, "handed_over", false,
                      TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, after);
}

tq_status order_hand_over(desk_call *call)
{
    static const char *const members[] = {"city", "peer", "why", NULL};
    const char *city, *peer, *why;
    json_auto_t *order = NULL;
    char state[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "city", true, &city));
    TQ_TRY(desk_text(call, "peer", false, &peer));
    TQ_TRY(desk_text(call, "why", true, &why));
    TQ_TRY(load_open(call, &order, state));
    TQ_TRY(order_hand_to(call, call->command->id, order, city, peer, why));
    return order_answer(call, call->command->id);
}

/* ---- why
 * -------------------------------------------------------------------------------------------- */

static bool see_decision(void *user, const tq_record *record)
{
    json_t *list = user, *one = NULL;
    tq_err why;
    if (desk_parse(record->body, SIZE_MAX, "a decision", &one, &why) == TQ_OK) {
        /* The inputs of the batch are long; decision.replay uses them. */
        json_object_del(one, "inputs");
        json_array_insert_new(list, 0, one);
    }
    return json_array_size(list) < DECISIONS_MOST;
}

tq_status order_why(desk_call *call)
{
    const char *id = call->command->id;
    json_auto_t *order = NULL, *list = json_array();
    uint64_t version = 0;
    char state[32];
    /* The newest ones, told in the order in which they were taken. */
    tq_store_filter filter = {.kind = "decision", .parent = id, .newest_first = true};
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(tq_store_each(call->desk->store, &filter, see_decision, list, call->err));
    json_t *answer = json_object();
    static const char *const members[] = {"why", "vehicle", "decision", "refusals", "cancelled"};
    for (uint32_t k = 0; k < TQ_COUNT(members); k++)
        json_object_set(answer, members[k], json_object_get(order, members[k]));
    json_object_set_new(answer, "order", json_string(id));
    json_object_set_new(answer, "state", json_string(state));
    json_object_set(answer, "decisions", list);
    return desk_answer(call, answer);
}
