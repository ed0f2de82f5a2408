/*
 * Drivers, and the day of each: what was offered, accepted, refused, cancelled, and what it
 * brought.
 *
 * The day of the moment stands in the driver's record ("today"); the first act of a new day puts
 * the former one away as a record of kind "conduct" («2025-06-03:DR-000001»), so that a report of
 * some days reads just those. A record of kind "driver_user" says which driver an account is.
 */
#include <stdio.h>

#include "desk/order_in.h"
#include "desk/supply_in.h"

const char *const DRIVER_ACTS[] = {"offered",   "accepted", "assigned",    "refused",   "timed_out",
                                   "cancelled", "late",     "no_check_in", "completed", NULL};
static const char *const MEMBERS[] = {"name",    "phone", "user",    "company",
                                      "vehicle", "shift", "blocked", NULL};

void driver_day(const desk_call *call, int64_t at_ms, char out[16])
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&call->desk->city->zone, at_ms, text);
    (void)snprintf(out, 16, "%.10s", text);
}

void driver_clock(const desk_call *call, int64_t at_ms, char out[8])
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&call->desk->city->zone, at_ms, text);
    (void)snprintf(out, 8, "%.5s", strlen(text) > 16 ? text + 11 : "");
}

/* ---- the day
 * -------------------------------------------------------------------------------------
 */

static void count(json_t *day, const char *name, int64_t more)
{
    json_int_t before = json_integer_value(json_object_get(day, name));
    json_object_set_new(day, name, json_integer(before + more));
}

static tq_status put_away(desk_call *call, const char *id, const json_t *driver, const json_t *day)
{
    char key[TQ_ID_MAX + 16];
    json_auto_t *body = json_deep_copy(day);
    (void)snprintf(key, sizeof key, "%s:%s", desk_get_text(day, "day"), id);
    json_object_set_new(body, "driver", json_string(id));
    json_object_set_new(body, "name", json_string(desk_get_text(driver, "name")));
    json_object_set_new(body, "company", json_string(desk_get_text(driver, "company")));
    return desk_save(call, "conduct", key, "kept", body, 0);
}

/* The day's list of refused, cancelled and late orders. */
static void add_line(desk_call *call, json_t *day, const char *name, const char *order,
                     const char *why)
{
    char key[40];
    (void)snprintf(key, sizeof key, "%s_list", name);
    json_t *list = json_object_get(day, key), *line = json_object();
    if (list == NULL) {
        list = json_array();
        json_object_set_new(day, key, list);
    }
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "order", json_string(order));
    json_object_set_new(line, "why", json_string(why));
    if (json_array_size(list) < CONDUCT_LIST_MOST)
        json_array_append_new(list, line);
    else
        json_decref(line);
}

tq_status driver_note(desk_call *call, const char *id, driver_act act, const char *order,
                      const char *why, int64_t fen)
{
    char state[32], today[16];
    uint64_t version = 0;
    tq_err own, *err = call->err;
    json_auto_t *driver = NULL;
    if (id[0] == '\0') return TQ_OK;
    call->err = &own;
    tq_status status = desk_load(call, "driver", id, &driver, &version, state);
    call->err = err;
    if (status == TQ_NOT_FOUND) return TQ_OK;
    if (status != TQ_OK) return tq_fail(err, status, 0, "%s", own.text);
    json_t *day = json_object_get(driver, "today");
    driver_day(call, call->command->now_ms, today);
    if (strcmp(desk_get_text(day, "day"), today) != 0) {
        if (desk_get_text(day, "day")[0] != '\0') TQ_TRY(put_away(call, id, driver, day));
        day = json_object();
        json_object_set_new(day, "day", json_string(today));
        desk_put_instant(call, day, "since", call->command->now_ms);
        json_object_set_new(driver, "today", day);
    }
    count(day, DRIVER_ACTS[act], 1);
    if (fen > 0) count(day, "income_fen", fen);
    if (why != NULL && act != ACT_COMPLETED) add_line(call, day, DRIVER_ACTS[act], order, why);
    TQ_TRY(desk_save(call, "driver", id, state, driver, version));
    return desk_event(call, "driver", id, DRIVER_ACTS[act], false, TQ_ROLE_STAFF, NULL);
}

/* ---- accounts -----------------------------------------------------------------------------------
 */

tq_status driver_of_actor(desk_call *call, json_t **out)
{
    json_auto_t *mark = NULL;
    tq_err own, *err = call->err;
    uint64_t version = 0;
    char state[32];
    const char *user = call->command->actor->name;
    call->err = &own;
    tq_status status = desk_load(call, "driver_user", user, &mark, &version, state);
    call->err = err;
    if (status == TQ_NOT_FOUND || (status == TQ_OK && desk_get_text(mark, "driver")[0] == '\0'))
        return tq_fail(err, TQ_DENIED, 0, "no driver is tied to the account \"%.60s\"", user);
    if (status != TQ_OK) return tq_fail(err, status, 0, "%s", own.text);
    return desk_load(call, "driver", desk_get_text(mark, "driver"), out, &version, state);
}

/* The account becomes this driver's; `was`: the one it had. */
static tq_status tie_user(desk_call *call, const char *id, const char *was, const char *user)
{
    json_auto_t *mark = NULL;
    tq_err own, *err = call->err;
    uint64_t version = 0;
    char state[32];
    if (strcmp(was, user) == 0) return TQ_OK;
    if (was[0] != '\0') TQ_TRY(tq_store_remove(call->desk->store, "driver_user", was, err));
    if (user[0] == '\0') return TQ_OK;
    call->err = &own;
    tq_status status = desk_load(call, "driver_user", user, &mark, &version, state);
    call->err = err;
    if (status == TQ_OK)
        return desk_bad(call, "the account \"%.60s\" belongs to driver %s", user,
                        desk_get_text(mark, "driver"));
    if (status != TQ_NOT_FOUND) return tq_fail(err, status, 0, "%s", own.text);
    json_auto_t *made = json_object();
    json_object_set_new(made, "driver", json_string(id));
    return desk_save(call, "driver_user", user, "kept", made, 0);
}

/* The vehicle that the driver is of: its record names the one at the wheel. */
static tq_status tie_vehicle(desk_call *call, const char *id, const char *vehicle)
{
    json_auto_t *car = NULL;
    uint64_t version = 0;
    char state[32];
    if (vehicle[0] == '\0') return TQ_OK;
    TQ_TRY(desk_load(call, "vehicle", vehicle, &car, &version, state));
    if (desk_get_text(car, "driver")[0] != '\0') return TQ_OK;
    json_object_set_new(car, "driver", json_string(id));
    TQ_TRY(desk_save(call, "vehicle", vehicle, state, car, version));
    return desk_event(call, "vehicle", vehicle, "changed", false, TQ_ROLE_STAFF, NULL);
}

/* ---- verbs --------------------------------------------------------------------------------------
 */

static tq_status check_driver(desk_call *call)
{
    static const char *const texts[] = {"phone", "user", "company", "vehicle"};
    const char *text = NULL;
    TQ_TRY(desk_only(call, MEMBERS));
    TQ_TRY(desk_text(call, "name", true, &text));
    if (strlen(text) > 63) return desk_bad(call, "\"name\" has more than 63 bytes");
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++) {
        TQ_TRY(desk_text(call, texts[k], false, &text));
        size_t most = k == 3 ? TQ_ID_MAX - 1 : 63;
        if (strlen(text) > most)
            return desk_bad(call, "\"%s\" has more than %zu bytes", texts[k], most);
    }
    const json_t *shift = json_object_get(call->body, "shift"),
                 *blocked = json_object_get(call->body, "blocked");
    if (json_is_object(shift) &&
        (strlen(desk_get_text(shift, "from")) != 5 || strlen(desk_get_text(shift, "to")) != 5))
        return desk_bad(call, "\"shift\" is {\"from\":\"06:00\",\"to\":\"18:00\"}");
    int64_t until_ms = 0;
    if (json_is_object(blocked) && (desk_get_text(blocked, "why")[0] == '\0' ||
                                    (desk_get_text(blocked, "until")[0] != '\0' &&
                                     !desk_get_instant(call, blocked, "until", &until_ms))))
        return desk_bad(call, "\"blocked\" is {\"until\":instant,\"why\":text}");
    return TQ_OK;
}

/* A number that can be dialled, written as it was given; one that was kept before is left alone. */
static tq_status check_phone(desk_call *call)
{
    char number[ORDER_PHONE_MAX];
    const char *phone;
    TQ_TRY(desk_text(call, "phone", false, &phone));
    return phone[0] != '\0' ? order_phone(call, phone, number) : TQ_OK;
}

static tq_status show_driver(desk_call *call, json_t *driver)
{
    static const char *const shown[] = {"income_fen", "accepted", "refused", "cancelled",
                                        "completed"};
    char today[16];
    const json_t *day = json_object_get(driver, "today");
    driver_day(call, call->command->now_ms, today);
    bool is_today = strcmp(desk_get_text(day, "day"), today) == 0;
    for (uint32_t k = 0; k < TQ_COUNT(shown); k++)
        json_object_set_new(
            driver, shown[k],
            json_integer(is_today ? json_integer_value(json_object_get(day, shown[k])) : 0));
    if (!desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN | TQ_ROLE_DRIVER))
        json_object_set_new(driver, "phone", desk_masked_phone(desk_get_text(driver, "phone")));
    return TQ_OK;
}

tq_status driver_create(desk_call *call)
{
    char id[TQ_ID_MAX];
    uint64_t number = 0;
    TQ_TRY(check_driver(call));
    TQ_TRY(check_phone(call));
    TQ_TRY(tq_store_number(call->desk->store, "DR", &number, call->err));
    (void)snprintf(id, sizeof id, "DR-%06llu", (unsigned long long)number);
    (void)snprintf(call->about, sizeof call->about, "%s", id);
    json_auto_t *driver = json_deep_copy(call->body);
    static const char *const empty[] = {"user", "vehicle", "shift", "blocked"};
    for (uint32_t k = 0; k < TQ_COUNT(empty); k++)
        if (json_object_get(driver, empty[k]) == NULL)
            json_object_set_new(driver, empty[k], json_null());
    TQ_TRY(tie_user(call, id, "", desk_get_text(driver, "user")));
    TQ_TRY(desk_save(call, "driver", id, "active", driver, 0));
    TQ_TRY(tie_vehicle(call, id, desk_get_text(driver, "vehicle")));
    TQ_TRY(desk_event(call, "driver", id, "created", false, TQ_ROLE_STAFF, NULL));
    *call->status = 201;
    TQ_TRY(show_driver(call, driver));
    return desk_answer(call, json_incref(driver));
}

tq_status driver_change(desk_call *call)
{
    uint64_t version = 0;
    char state[32], user[TQ_ID_MAX * 2];
    const char *id = call->command->id;
    json_auto_t *driver = NULL;
    TQ_TRY(desk_load(call, "driver", id, &driver, &version, state));
    TQ_TRY(desk_expect(call, "driver", id, version));
    TQ_TRY(check_phone(call));
    (void)snprintf(user, sizeof user, "%s", desk_get_text(driver, "user"));
    for (const char *const *one = MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(driver, *one);
        if (value != NULL && json_object_get(call->body, *one) == NULL)
            json_object_set(call->body, *one, value);
    }
    TQ_TRY(check_driver(call));
    json_object_del(call->body, "version");
    json_object_update(driver, call->body);
    TQ_TRY(tie_user(call, id, user, desk_get_text(driver, "user")));
    TQ_TRY(desk_save(call, "driver", id, state, driver, version));
    TQ_TRY(tie_vehicle(call, id, desk_get_text(driver, "vehicle")));
    TQ_TRY(desk_event(call, "driver", id, "changed", false, TQ_ROLE_STAFF, NULL));
    TQ_TRY(show_driver(call, driver));
    return desk_answer(call, json_incref(driver));
}

tq_status driver_get(desk_call *call)
{
    uint64_t version = 0;
    char state[32];
    json_auto_t *driver = NULL;
    TQ_TRY(desk_load(call, "driver", call->command->id, &driver, &version, state));
    TQ_TRY(show_driver(call, driver));
    return desk_answer(call, json_incref(driver));
}

static json_t *list_one(desk_call *call, const tq_record *record)
{
    json_t *driver = NULL;
    if (desk_parse(record->body, DESK_BODY_MAX, "a record", &driver, call->err) != TQ_OK)
        return NULL;
    (void)show_driver(call, driver);
    return driver;
}

tq_status driver_list(desk_call *call)
{
    return desk_answer_list(call, "driver", "drivers", list_one);
}

/* Himself, his vehicle, what is offered to him or under way, what the day brought. */
tq_status driver_me(desk_call *call)
{
    json_t *driver = NULL, *vehicle = NULL, *order = NULL;
    uint64_t version = 0;
    char state[32] = "";
    TQ_TRY(driver_of_actor(call, &driver));
    json_t *answer = json_object();
    (void)show_driver(call, driver);
    json_object_set_new(answer, "driver", driver);
    json_object_set_new(answer, "vehicle", json_null());
    json_object_set_new(answer, "order", json_null());
    json_object_set_new(answer, "offer", json_null());
    json_object_set(answer, "income_fen", json_object_get(driver, "income_fen"));
    const char *id = desk_get_text(driver, "vehicle");
    tq_status status = TQ_OK;
    if (id[0] != '\0') status = desk_load(call, "vehicle", id, &vehicle, &version, state);
    if (status == TQ_OK && vehicle != NULL) {
        json_object_set_new(answer, "vehicle", vehicle);
        const char *held = desk_get_text(vehicle, "order");
        bool mine = strcmp(desk_get_text(vehicle, "driver"), desk_get_text(driver, "id")) == 0;
        if (held[0] != '\0' && mine) status = desk_order_load(call, held, &order, &version, state);
    }
    if (status == TQ_OK && order != NULL) {
        bool offered = strcmp(state, "offered") == 0;
        /* The number and the house are for the one who goes there. */
        if (offered) {
            json_object_del(order, "phone");
            json_object_del(order, "name");
            json_object_del(order, "caller");
        }
        json_object_del(order, "history");
        json_object_set_new(answer, offered ? "offer" : "order", order);
    }
    if (status != TQ_OK) {
        json_decref(answer);
        return status;
    }
    return desk_answer(call, answer);
}
