/*
 * The driver's side: accept, refuse, arrive, board, done, problem; and the partner's answers.
 *
 * Only the driver who sits in the vehicle that the order is offered or given to may act; whoever is
 * late is told by name what became of the order, and nothing changes. Whatever an act counts for
 * (offers, refusals, income, lateness) goes into the driver's day (drivers.c).
 */
#include <stdio.h>

#include "desk/order_in.h"
#include "desk/supply_in.h"

#define FARE_MOST_FEN 1000000

/* What an act begins with: who, in which vehicle, about which order. */
typedef struct act {
    json_t *driver, *vehicle, *order;
    char driver_id[TQ_ID_MAX], vehicle_id[TQ_ID_MAX], state[32];
    bool offered; /* to this vehicle */
} act;

static void act_free(act *one)
{
    json_decref(one->driver);
    json_decref(one->vehicle);
    json_decref(one->order);
}

/* What became of an order that the driver thinks is his. */
static tq_status not_yours(desk_call *call, const act *one)
{
    const char *id = call->command->id;
    const json_t *refusals = json_object_get(one->order, "refusals"),
                 *beside = json_object_get(one->order, "asked");
    char where[120] = "", clock[8] = "";
    const char *plate = desk_get_text(one->order, "plate");
    if (strcmp(one->state, "cancelled") == 0)
        return tq_fail(call->err, TQ_STALE, 0, "order %s was cancelled: %s", id,
                       desk_get_text(json_object_get(one->order, "cancelled"), "why"));
    if (plate[0] != '\0')
        (void)snprintf(where, sizeof where, "it is with %.60s", plate);
    else
        (void)snprintf(where, sizeof where, "it is %s now", one->state);
    for (size_t k = 0; k < json_array_size(beside); k++) {
        const char *vehicle = json_string_value(json_array_get(beside, k));
        if (vehicle == NULL || strcmp(vehicle, one->vehicle_id) != 0) continue;
        return tq_fail(call->err, TQ_STALE, 0, "order taken: another driver was first with %s; %s",
                       id, where);
    }
    for (size_t k = json_array_size(refusals); k > 0; k--) {
        const json_t *line = json_array_get(refusals, k - 1);
        int64_t at_ms = 0;
        if (strcmp(desk_get_text(line, "vehicle"), one->vehicle_id) != 0) continue;
        if (desk_get_instant(call, line, "at", &at_ms)) driver_clock(call, at_ms, clock);
        return tq_fail(call->err, TQ_STALE, 0, "order %s was taken from you at %s (%.100s); %s", id,
                       clock, desk_get_text(line, "why"), where);
    }
    return tq_fail(call->err, TQ_STALE, 0, "order %s is not yours; %s", id, where);
}

/* A position is needed to promise an arrival. */
static tq_status check_position(desk_call *call, const act *one)
{
    struct desk_supply *supply = call->desk->supply;
    const supply_vehicle *known =
        supply != NULL ? supply_vehicle_at(supply, one->vehicle_id) : NULL;
    if (known == NULL) return TQ_OK;
    if (!known->has_position)
        return tq_fail(call->err, TQ_STALE, 0, "%s has sent no position: switch the device on",
                       known->plate);
    int64_t age_ms = call->command->now_ms - known->at_ms;
    if (age_ms <= POSITION_LOST_MS) return TQ_OK;
    return tq_fail(call->err, TQ_STALE, 0,
                   "the last position of %s is %lld min old: send a position, then accept",
                   known->plate, (long long)(age_ms / 60000));
}

static tq_status begin(desk_call *call, act *one)
{
    uint64_t version = 0;
    char duty[32];
    TQ_TRY(driver_of_actor(call, &one->driver));
    (void)snprintf(one->driver_id, sizeof one->driver_id, "%s", desk_get_text(one->driver, "id"));
    const char *vehicle = desk_get_text(one->driver, "vehicle");
    if (vehicle[0] == '\0')
        return tq_fail(call->err, TQ_DENIED, 0, "driver %s has no vehicle", one->driver_id);
    (void)snprintf(one->vehicle_id, sizeof one->vehicle_id, "%s", vehicle);
    TQ_TRY(desk_load(call, "vehicle", vehicle, &one->vehicle, &version, duty));
    if (strcmp(desk_get_text(one->vehicle, "driver"), one->driver_id) != 0)
        return tq_fail(call->err, TQ_DENIED, 0, "%s is driven by %s: sign on first", vehicle,
                       desk_get_text(one->vehicle, "driver"));
    TQ_TRY(desk_order_load(call, call->command->id, &one->order, &version, one->state));
    one->offered = strcmp(one->state, "offered") == 0;
    return write_is_held(one->order, one->state, vehicle) ? TQ_OK : not_yours(call, one);
}

static tq_status is_now(desk_call *call, const act *one, const char *verb, const char *want,
                        const char *or_want)
{
    if (strcmp(one->state, want) == 0 || (or_want != NULL && strcmp(one->state, or_want) == 0))
        return TQ_OK;
    return tq_fail(call->err, TQ_STALE, 0, "order %s is %s: \"%s\" comes after %s",
                   call->command->id, one->state, verb, want);
}

static tq_status answer_order(desk_call *call)
{
    json_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, call->command->id, &order, &version, state));
    return desk_answer(call, order);
}

static void copy_member(json_t *facts, const char *name, const json_t *from, const char *member)
{
    json_t *value = json_object_get(from, member);
    json_object_set_new(facts, name, value != NULL ? json_deep_copy(value) : json_null());
}

/* ---- accept, refuse
 * ------------------------------------------------------------------------------
 */

static tq_status accept(desk_call *call, act *one)
{
    int64_t until_ms = 0, now_ms = call->command->now_ms;
    char clock[8];
    const json_t *offer = json_object_get(one->order, "offer");
    TQ_TRY(is_now(call, one, "accept", "offered", NULL));
    if (desk_get_instant(call, offer, "until", &until_ms) && until_ms < now_ms) {
        driver_clock(call, until_ms, clock);
        return tq_fail(call->err, TQ_STALE, 0, "order %s was taken from you at %s (offer ended)",
                       call->command->id, clock);
    }
    TQ_TRY(check_position(call, one));
    json_t *facts = json_object();
    json_object_set_new(facts, "offer", json_null());
    copy_member(facts, "vehicle", one->vehicle, "id");
    copy_member(facts, "driver", one->vehicle, "driver");
    copy_member(facts, "plate", one->vehicle, "plate");
    copy_member(facts, "colour", one->vehicle, "colour");
    copy_member(facts, "company", one->vehicle, "company");
    const json_t *others = json_object_get(offer, "others");
    if (json_is_array(others)) {
        json_t *asked = json_array();
        json_array_append_new(asked, json_string(desk_get_text(offer, "vehicle")));
        for (size_t k = 0; k < json_array_size(others); k++)
            json_array_append_new(asked,
                                  json_string(desk_get_text(json_array_get(others, k), "vehicle")));
        json_object_set_new(facts, "asked", asked);
    }
    TQ_TRY(desk_order_move(call, call->command->id, "assigned", "accepted", facts, NULL));
    TQ_TRY(vehicle_set(call, one->vehicle_id, DUTY_ASSIGNED, call->command->id));
    if (json_is_array(others)) {
        TQ_TRY(write_taken(call, call->command->id, offer, one->vehicle_id));
        TQ_TRY(driver_note(call, one->driver_id, ACT_OFFERED, call->command->id, NULL, 0));
    }
    return driver_note(call, one->driver_id, ACT_ACCEPTED, call->command->id, NULL, 0);
}

static tq_status refuse(desk_call *call, act *one)
{
    static const char *const members[] = {"reason", NULL};
    const char *reason = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", true, &reason));
    TQ_TRY(is_now(call, one, "refuse", "offered", NULL));
    if (json_is_array(json_object_get(json_object_get(one->order, "offer"), "others")))
        return write_leave(call, call->command->id, one->vehicle_id, reason);
    TQ_TRY(driver_note(call, one->driver_id, ACT_REFUSED, call->command->id, reason, 0));
    return write_refusal(call, call->command->id, "refused", reason);
}

/* ---- on the way
 * ----------------------------------------------------------------------------------
 */

static tq_status note_late(desk_call *call, const act *one)
{
    struct desk_supply *supply = call->desk->supply;
    int64_t named_ms = 0, booked_ms = 0, late_s = supply != NULL ? supply->policy.late_s : 300;
    char text[60];
    if (!desk_get_instant(call, one->order, "eta_at", &named_ms)) return TQ_OK;
    if (desk_get_instant(call, one->order, "at", &booked_ms))
        named_ms = TQ_MAX(named_ms, booked_ms);
    int64_t over_s = (call->command->now_ms - named_ms) / 1000;
    if (over_s <= late_s) return TQ_OK;
    (void)snprintf(text, sizeof text, "%lld s after the time named", (long long)over_s);
    return driver_note(call, one->driver_id, ACT_LATE, call->command->id, text, 0);
}

static tq_status arrive(desk_call *call, act *one)
{
    TQ_TRY(is_now(call, one, "arrive", "assigned", NULL));
    TQ_TRY(desk_order_move(call, call->command->id, "arrived", "arrived", NULL, NULL));
    return note_late(call, one);
}

static tq_status board(desk_call *call, act *one)
{
    TQ_TRY(is_now(call, one, "board", "arrived", "assigned"));
    if (strcmp(one->state, "assigned") == 0) {
        TQ_TRY(desk_order_move(call, call->command->id, "arrived", "arrived", NULL,
                               "without checking in"));
        TQ_TRY(driver_note(call, one->driver_id, ACT_NO_CHECK_IN, call->command->id, NULL, 0));
    }
    TQ_TRY(desk_order_move(call, call->command->id, "on_board", "on board", NULL, NULL));
    return vehicle_set(call, one->vehicle_id, DUTY_BUSY, call->command->id);
}

static tq_status done(desk_call *call, act *one)
{
    static const char *const members[] = {"fare_fen", "note", NULL};
    double fare = 0;
    const char *note = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_number(call, "fare_fen", true, 0, FARE_MOST_FEN, &fare));
    TQ_TRY(desk_text(call, "note", false, &note));
    TQ_TRY(is_now(call, one, "done", "on_board", NULL));
    int64_t bonus = json_integer_value(json_object_get(one->order, "bonus_fen"));
    json_t *facts = json_object();
    json_object_set_new(facts, "fare_fen", json_integer((json_int_t)fare));
    TQ_TRY(desk_order_move(call, call->command->id, "done", "done", facts, note));
    TQ_TRY(vehicle_release(call, one->vehicle_id, call->command->id));
    return driver_note(call, one->driver_id, ACT_COMPLETED, call->command->id, NULL,
                       (int64_t)fare + bonus);
}

/* The driver cannot: before boarding the order goes to others, and it counts. */
static tq_status problem(desk_call *call, act *one)
{
    static const char *const members[] = {"reason", NULL};
    const char *reason = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", true, &reason));
    TQ_TRY(is_now(call, one, "problem", "assigned", "arrived"));
    TQ_TRY(driver_note(call, one->driver_id, ACT_CANCELLED, call->command->id, reason, 0));
    return write_refusal(call, call->command->id, "driver cancelled", reason);
}

static tq_status run(desk_call *call, tq_status (*step)(desk_call *call, act *one))
{
    act one = {.offered = false};
    tq_status status = begin(call, &one);
    if (status == TQ_OK) status = step(call, &one);
    act_free(&one);
    return status == TQ_OK ? answer_order(call) : status;
}

tq_status drive_accept(desk_call *call)
{
    return run(call, accept);
}

tq_status drive_refuse(desk_call *call)
{
    return run(call, refuse);
}

tq_status drive_arrive(desk_call *call)
{
    return run(call, arrive);
}

tq_status drive_board(desk_call *call)
{
    return run(call, board);
}

tq_status drive_done(desk_call *call)
{
    return run(call, done);
}

tq_status drive_problem(desk_call *call)
{
    return run(call, problem);
}

/* ---- the partner
 * ----------------------------------------------------------------------------------
 */

static tq_status partner_steps(desk_call *call, const json_t *order, const char *state,
                               const char *to)
{
    static const char *const from[] = {"assigned", "arrived", "on_board"};
    static const char *const next[] = {"arrived", "on_board", "done", NULL};
    uint32_t step = vehicle_word(next, to);
    if (step == TQ_NONE)
        return desk_bad(call, "\"state\" is \"%.40s\"; it is arrived, on_board or done", to);
    if (!json_is_true(json_object_get(json_object_get(order, "partner"), "accepted")) ||
        strcmp(state, from[step]) != 0)
        return tq_fail(call->err, TQ_STALE, 0, "order %s is %s: \"%s\" comes after %s",
                       call->command->id, state, to, from[step]);
    double fare = 0;
    json_t *facts = NULL;
    TQ_TRY(desk_number(call, "fare_fen", false, 0, FARE_MOST_FEN, &fare));
    if (step == 2) {
        facts = json_object();
        json_object_set_new(facts, "fare_fen", json_integer((json_int_t)fare));
    }
    return desk_order_move(call, call->command->id, to, to, facts, call->command->actor->peer);
}

static tq_status partner_accepts(desk_call *call, const json_t *order)
{
    const char *plate = NULL, *driver = NULL, *id = call->command->id;
    double eta = 0;
    TQ_TRY(desk_text(call, "plate", true, &plate));
    TQ_TRY(desk_text(call, "driver", false, &driver));
    TQ_TRY(desk_number(call, "eta_s", true, 0, 7200, &eta));
    json_t *facts = json_object(), *partner = json_deep_copy(json_object_get(order, "partner"));
    if (!json_is_object(partner)) {
        json_decref(partner);
        partner = json_object();
        json_object_set_new(partner, "peer", json_string(call->command->actor->peer));
    }
    json_object_set_new(partner, "accepted", json_true());
    json_object_set_new(partner, "driver", json_string(driver));
    json_object_set_new(facts, "partner", partner);
    const json_t *offer = json_object_get(order, "offer");
    json_t *vehicle = json_object_get(offer, "vehicle");
    json_object_set(facts, "vehicle", json_is_string(vehicle) ? vehicle : json_null());
    json_object_set_new(facts, "offer", json_null());
    json_object_set_new(facts, "plate", json_string(plate));
    json_object_set_new(facts, "company", json_string(call->command->actor->peer));
    json_object_set_new(facts, "eta_s", json_integer((json_int_t)eta));
    desk_put_instant(call, facts, "eta_at", call->command->now_ms + (int64_t)eta * 1000);
    char held[TQ_ID_MAX];
    (void)snprintf(held, sizeof held, "%s", desk_get_text(offer, "vehicle"));
    TQ_TRY(desk_order_move(call, id, "assigned", "accepted by the partner", facts,
                           call->command->actor->peer));
    return held[0] != '\0' ? vehicle_set(call, held, DUTY_ASSIGNED, id) : TQ_OK;
}

/* Is it this peer's to answer: asked as partner, or offered to one of its vehicles? */
static tq_status is_asked(desk_call *call, const json_t *order, const char *state)
{
    const char *peer = call->command->actor->peer;
    const char *asked = desk_get_text(json_object_get(order, "partner"), "peer");
    const char *vehicle = desk_get_text(
        strcmp(state, "offered") == 0 ? json_object_get(order, "offer") : order, "vehicle");
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char duty[32];
    if (peer[0] != '\0' && strcmp(asked, peer) == 0) return TQ_OK;
    if (vehicle[0] != '\0') TQ_TRY(desk_load(call, "vehicle", vehicle, &record, &version, duty));
    if (record != NULL && peer[0] != '\0' && strcmp(desk_get_text(record, "partner"), peer) == 0)
        return TQ_OK;
    return tq_fail(call->err, TQ_DENIED, 0, "order %s was not offered to you", call->command->id);
}

static tq_status partner(desk_call *call, const json_t *order, const char *state)
{
    static const char *const members[] = {"accept", "plate",  "driver",   "eta_s",
                                          "state",  "reason", "fare_fen", NULL};
    const char *to = NULL, *reason = NULL;
    const json_t *accepts = json_object_get(call->body, "accept");
    bool offered = strcmp(state, "offered") == 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "state", false, &to));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(is_asked(call, order, state));
    if (to[0] != '\0') {
        char vehicle[TQ_ID_MAX];
        (void)snprintf(vehicle, sizeof vehicle, "%s", desk_get_text(order, "vehicle"));
        TQ_TRY(partner_steps(call, order, state, to));
        if (strcmp(to, "done") == 0) return vehicle_release(call, vehicle, call->command->id);
        return strcmp(to, "on_board") == 0 && vehicle[0] != '\0'
                   ? vehicle_set(call, vehicle, DUTY_BUSY, call->command->id)
                   : TQ_OK;
    }
    if (!json_is_boolean(accepts)) return desk_bad(call, "\"accept\" is true or false");
    if (strcmp(state, "searching") != 0 && !offered) {
        act one = {.order = json_incref((json_t *)(uintptr_t)order)};
        (void)snprintf(one.state, sizeof one.state, "%s", state);
        tq_status status = not_yours(call, &one);
        act_free(&one);
        return status;
    }
    if (json_is_true(accepts)) {
        const char *asked = desk_get_text(json_object_get(order, "partner"), "peer");
        if (offered && strcmp(asked, call->command->actor->peer) == 0)
            return tq_fail(call->err, TQ_STALE, 0, "order %s is being offered to a vehicle here",
                           call->command->id);
        return partner_accepts(call, order);
    }
    const char *why = reason[0] != '\0' ? reason : "refused by the partner";
    if (offered) return write_refusal(call, call->command->id, "refused by the partner", why);
    return desk_order_move(call, call->command->id, NULL, "refused by the partner", NULL, why);
}

tq_status drive_partner(desk_call *call)
{
    json_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_order_load(call, call->command->id, &order, &version, state));
    tq_status status = partner(call, order, state);
    json_decref(order);
    return status == TQ_OK ? answer_order(call) : status;
}
