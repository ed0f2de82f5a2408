/*
 * Vehicles as records: class, permits, areas, company, tariff, duty and the order they have.
 *
 * A vehicle's duty and order change only through vehicle_set and vehicle_release, which look at the
 * record inside the transaction: a vehicle with an order never gets another one. Its position is
 * not in the record but in memory (vehicles_position.c).
 */
#include <stdio.h>

#include "desk/supply_in.h"

const char *const VEHICLE_CLASSES[] = {"taxi", "ride_hailing", "bus", "access", NULL};
const char *const VEHICLE_DUTIES[] = {"off", "free", "offered", "assigned", "busy", "break", NULL};
static const char *const MEMBERS[] = {"plate",   "class",      "company",  "permits",   "areas",
                                      "seats",   "wheelchair", "colour",   "model",     "price",
                                      "partner", "driver",     "terminal", "generated", NULL};

uint32_t vehicle_word(const char *const *list, const char *word)
{
    for (uint32_t at = 0; list[at] != NULL; at++)
        if (strcmp(list[at], word) == 0) return at;
    return TQ_NONE;
}

/* ---- duty ---------------------------------------------------------------------------------------
 */

static tq_status save_duty(desk_call *call, const char *id, json_t *vehicle, uint64_t version,
                           vehicle_duty duty, const char *order)
{
    /* Who says «free» again keeps his turn and the advice. */
    bool stays = duty == DUTY_FREE && strcmp(desk_get_text(vehicle, "duty"), "free") == 0;
    json_object_set_new(vehicle, "duty", json_string(VEHICLE_DUTIES[duty]));
    json_object_set_new(vehicle, "order", order[0] != '\0' ? json_string(order) : json_null());
    if (!stays) json_object_del(vehicle, "advice"); /* it was for a vehicle that stayed free */
    if (duty == DUTY_FREE && !stays)
        desk_put_instant(call, vehicle, "free_since", call->command->now_ms);
    TQ_TRY(desk_save(call, "vehicle", id, VEHICLE_DUTIES[duty], vehicle, version));
    json_t *body = json_object();
    json_object_set_new(body, "duty", json_string(VEHICLE_DUTIES[duty]));
    json_object_set_new(body, "order", order[0] != '\0' ? json_string(order) : json_null());
    return desk_event(call, "vehicle", id, "duty", false, TQ_ROLE_STAFF, body);
}

tq_status vehicle_set(desk_call *call, const char *id, vehicle_duty duty, const char *order)
{
    uint64_t version = 0;
    char state[32];
    json_auto_t *vehicle = NULL;
    TQ_TRY(desk_load(call, "vehicle", id, &vehicle, &version, state));
    const char *held = desk_get_text(vehicle, "order");
    if (held[0] != '\0' && strcmp(held, order) != 0)
        return tq_fail(call->err, TQ_STALE, 0, "vehicle %s is %s with order %s", id, state, held);
    return save_duty(call, id, vehicle, version, duty, order);
}

tq_status vehicle_release(desk_call *call, const char *id, const char *order)
{
    uint64_t version = 0;
    char state[32];
    tq_err own, *err = call->err;
    json_auto_t *vehicle = NULL;
    if (id[0] == '\0') return TQ_OK;
    call->err = &own;
    tq_status status = desk_load(call, "vehicle", id, &vehicle, &version, state);
    call->err = err;
    if (status == TQ_NOT_FOUND) return TQ_OK;
    if (status != TQ_OK) return tq_fail(err, status, 0, "%s", own.text);
    if (strcmp(desk_get_text(vehicle, "order"), order) != 0) return TQ_OK;
    return save_duty(call, id, vehicle, version, DUTY_FREE, "");
}

/* ---- reading ------------------------------------------------------------------------------------
 */

static tq_status check_list(desk_call *call, const char *member)
{
    const json_t *list = json_object_get(call->body, member);
    if (list == NULL) return TQ_OK;
    if (!json_is_array(list) || json_array_size(list) > 16)
        return desk_bad(call, "\"%s\" is a list of at most 16 words", member);
    for (size_t k = 0; k < json_array_size(list); k++)
        if (json_string_length(json_array_get(list, k)) == 0 ||
            json_string_length(json_array_get(list, k)) > 64)
            return desk_bad(call, "\"%s\" is a list of words such as taxi:taiyuan", member);
    return TQ_OK;
}

static tq_status check_areas(desk_call *call)
{
    const json_t *list = json_object_get(call->body, "areas");
    if (list == NULL) return TQ_OK;
    if (!json_is_array(list) || json_array_size(list) > SUPPLY_AREAS_MAX)
        return desk_bad(call, "\"areas\" is a list of at most %u circles", SUPPLY_AREAS_MAX);
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *area = json_array_get(list, k);
        double lat = json_number_value(json_object_get(area, "lat")),
               lon = json_number_value(json_object_get(area, "lon")),
               radius = json_number_value(json_object_get(area, "radius_m"));
        if (!(lat >= -90 && lat <= 90 && lat != 0 && lon >= -180 && lon <= 180 && radius >= 1 &&
              radius <= 500000))
            return desk_bad(call,
                            "an area is {\"name\",\"lat\",\"lon\",\"radius_m\"}; number %zu "
                            "is not",
                            k + 1);
    }
    return TQ_OK;
}

static tq_status check_vehicle(desk_call *call)
{
    const char *text = NULL, *class = NULL;
    double number = 0;
    static const char *const short_texts[] = {"company", "colour", "model",   "price",
                                              "partner", "driver", "terminal"};
    TQ_TRY(desk_only(call, MEMBERS));
    TQ_TRY(desk_text(call, "plate", true, &text));
    if (strlen(text) > 31) return desk_bad(call, "\"plate\" has more than 31 bytes");
    TQ_TRY(desk_text(call, "class", true, &class));
    if (vehicle_word(VEHICLE_CLASSES, class) == TQ_NONE) {
        const char *near = desk_nearest(class, VEHICLE_CLASSES);
        return desk_bad(call, "\"class\" is \"%.40s\"; it is taxi, ride_hailing, bus or access%s%s",
                        class, near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    }
    TQ_TRY(desk_number(call, "seats", false, 1, 60, &number));
    TQ_TRY(desk_number(call, "wheelchair", false, 0, 8, &number));
    for (uint32_t k = 0; k < TQ_COUNT(short_texts); k++) {
        TQ_TRY(desk_text(call, short_texts[k], false, &text));
        size_t most = k < 4 ? 63 : TQ_ID_MAX - 1;
        if (strlen(text) > most)
            return desk_bad(call, "\"%s\" has more than %zu bytes", short_texts[k], most);
    }
    TQ_TRY(check_list(call, "permits"));
    return check_areas(call);
}

static json_t *show_vehicle(desk_call *call, json_t *vehicle)
{
    struct desk_supply *supply = call->desk->supply;
    const supply_vehicle *known =
        supply != NULL ? supply_vehicle_at(supply, desk_get_text(vehicle, "id")) : NULL;
    json_object_set_new(vehicle, "position", json_null());
    if (known == NULL || !known->has_position) return vehicle;
    json_t *position = json_object();
    int64_t age_ms = call->command->now_ms - known->at_ms;
    json_object_set_new(position, "lat", json_real(known->at.lat_e7 / 1e7));
    json_object_set_new(position, "lon", json_real(known->at.lon_e7 / 1e7));
    desk_put_instant(call, position, "at", known->at_ms);
    json_object_set_new(position, "age_s", json_integer(TQ_MAX(age_ms, 0) / 1000));
    json_object_set_new(position, "old", json_boolean(age_ms > POSITION_GREY_MS));
    json_object_set_new(position, "hired", json_boolean(known->hired));
    json_object_set_new(vehicle, "position", position);
    return vehicle;
}

/* ---- verbs --------------------------------------------------------------------------------------
 */

/* A plate and a terminal belong to one vehicle: the record "plate" says whose. */
static tq_status claim(desk_call *call, const char *kind, const char *name, const char *id)
{
    json_auto_t *mark = NULL;
    tq_err own, *err = call->err;
    uint64_t version = 0;
    char state[32];
    if (name[0] == '\0') return TQ_OK;
    call->err = &own;
    tq_status status = desk_load(call, kind, name, &mark, &version, state);
    call->err = err;
    if (status == TQ_OK && strcmp(desk_get_text(mark, "vehicle"), id) == 0) return TQ_OK;
    if (status == TQ_OK)
        return desk_bad(call, "the %s %s belongs to %s", kind, name,
                        desk_get_text(mark, "vehicle"));
    if (status != TQ_NOT_FOUND) return tq_fail(err, status, 0, "%s", own.text);
    char about[TQ_ID_MAX];
    (void)snprintf(about, sizeof about, "%s", id);
    json_auto_t *made = json_object();
    json_object_set_new(made, "vehicle", json_string(id));
    (void)snprintf(call->about, sizeof call->about, "%s", about);
    return desk_save(call, kind, name, "kept", made, 0);
}

static tq_status claims(desk_call *call, const json_t *vehicle, const char *id)
{
    TQ_TRY(claim(call, "plate", desk_get_text(vehicle, "plate"), id));
    return claim(call, "terminal", desk_get_text(vehicle, "terminal"), id);
}

static tq_status drop_claim(desk_call *call, const char *kind, const char *was, const char *is)
{
    if (was[0] == '\0' || strcmp(was, is) == 0) return TQ_OK;
    return tq_store_remove(call->desk->store, kind, was, call->err);
}

static tq_status vehicle_create(desk_call *call)
{
    char id[TQ_ID_MAX];
    uint64_t number = 0;
    TQ_TRY(check_vehicle(call));
    TQ_TRY(tq_store_number(call->desk->store, "VE", &number, call->err));
    (void)snprintf(id, sizeof id, "VE-%06llu", (unsigned long long)number);
    json_auto_t *vehicle = json_deep_copy(call->body);
    static const char *const empty[] = {"driver", "terminal", "partner", "order"};
    for (uint32_t k = 0; k < TQ_COUNT(empty); k++)
        if (json_object_get(vehicle, empty[k]) == NULL)
            json_object_set_new(vehicle, empty[k], json_null());
    if (json_object_get(vehicle, "seats") == NULL)
        json_object_set_new(vehicle, "seats", json_integer(4));
    if (json_object_get(vehicle, "wheelchair") == NULL)
        json_object_set_new(vehicle, "wheelchair", json_integer(0));
    json_object_set_new(vehicle, "duty", json_string("off"));
    const char *driver = desk_get_text(vehicle, "driver");
    if (driver[0] != '\0') {
        json_auto_t *one = NULL;
        uint64_t version = 0;
        char state[32];
        TQ_TRY(desk_load(call, "driver", driver, &one, &version, state));
    }
    TQ_TRY(claims(call, vehicle, id));
    TQ_TRY(desk_save(call, "vehicle", id, "off", vehicle, 0));
    TQ_TRY(desk_event(call, "vehicle", id, "created", false, TQ_ROLE_STAFF, NULL));
    *call->status = 201;
    return desk_answer(call, json_incref(vehicle));
}

static tq_status vehicle_change(desk_call *call)
{
    uint64_t version = 0;
    char state[32], plate[TQ_ID_MAX], terminal[TQ_ID_MAX];
    const char *id = call->command->id;
    json_auto_t *vehicle = NULL;
    TQ_TRY(desk_load(call, "vehicle", id, &vehicle, &version, state));
    TQ_TRY(desk_expect(call, "vehicle", id, version));
    (void)snprintf(plate, sizeof plate, "%s", desk_get_text(vehicle, "plate"));
    (void)snprintf(terminal, sizeof terminal, "%s", desk_get_text(vehicle, "terminal"));
    if (desk_get_text(vehicle, "order")[0] != '\0' &&
        (json_object_get(call->body, "driver") != NULL ||
         json_object_get(call->body, "class") != NULL))
        return tq_fail(call->err, TQ_STALE, 0,
                       "vehicle %s has order %s: change driver and class when it is done", id,
                       desk_get_text(vehicle, "order"));
    for (const char *const *one = MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(vehicle, *one);
        if (value != NULL && json_object_get(call->body, *one) == NULL)
            json_object_set(call->body, *one, value);
    }
    TQ_TRY(check_vehicle(call));
    json_object_del(call->body, "version");
    json_object_update(vehicle, call->body);
    TQ_TRY(drop_claim(call, "plate", plate, desk_get_text(vehicle, "plate")));
    TQ_TRY(drop_claim(call, "terminal", terminal, desk_get_text(vehicle, "terminal")));
    TQ_TRY(claims(call, vehicle, id));
    TQ_TRY(desk_save(call, "vehicle", id, state, vehicle, version));
    TQ_TRY(desk_event(call, "vehicle", id, "changed", false, TQ_ROLE_STAFF, NULL));
    return desk_answer(call, show_vehicle(call, json_incref(vehicle)));
}

static tq_status vehicle_get(desk_call *call)
{
    uint64_t version = 0;
    char state[32];
    json_t *vehicle = NULL;
    TQ_TRY(desk_load(call, "vehicle", call->command->id, &vehicle, &version, state));
    return desk_answer(call, show_vehicle(call, vehicle));
}

static json_t *list_one(desk_call *call, const tq_record *record)
{
    json_t *vehicle = NULL;
    if (desk_parse(record->body, DESK_BODY_MAX, "a record", &vehicle, call->err) != TQ_OK)
        return NULL;
    return show_vehicle(call, vehicle);
}

static tq_status vehicle_list(desk_call *call)
{
    return desk_answer_list(call, "vehicle", "vehicles", list_one);
}

/* A driver signs on to a vehicle that nobody drives, or to his own. */
static tq_status take_wheel(desk_call *call, const char *id, json_t *vehicle, vehicle_duty duty)
{
    json_auto_t *driver = NULL;
    if (desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)) return TQ_OK;
    TQ_TRY(driver_of_actor(call, &driver));
    const char *me = desk_get_text(driver, "id"), *at_wheel = desk_get_text(vehicle, "driver");
    bool off = strcmp(desk_get_text(vehicle, "duty"), "off") == 0;
    if (strcmp(at_wheel, me) == 0) return TQ_OK;
    if (strcmp(desk_get_text(driver, "vehicle"), id) != 0)
        return tq_fail(call->err, TQ_DENIED, 0, "%s is not your vehicle; yours is %s", id,
                       desk_get_text(driver, "vehicle")[0] != '\0'
                           ? desk_get_text(driver, "vehicle")
                           : "none");
    if (!off || duty != DUTY_FREE)
        return tq_fail(call->err, TQ_STALE, 0, "%s is driven by %s; that one must sign off first",
                       id, at_wheel);
    json_object_set_new(vehicle, "driver", json_string(me));
    return TQ_OK;
}

static tq_status vehicle_duty_set(desk_call *call)
{
    static const char *const members[] = {"duty", "reason", NULL};
    static const char *const may[] = {"off", "free", "break", NULL};
    const char *id = call->command->id, *word = NULL, *reason = NULL;
    uint64_t version = 0;
    char state[32];
    json_auto_t *vehicle = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "duty", true, &word));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    if (vehicle_word(may, word) == TQ_NONE)
        return desk_bad(call,
                        "\"duty\" is \"%.40s\"; off, free or break can be set: the rest comes "
                        "with orders",
                        word);
    vehicle_duty duty = (vehicle_duty)vehicle_word(VEHICLE_DUTIES, word);
    TQ_TRY(desk_load(call, "vehicle", id, &vehicle, &version, state));
    TQ_TRY(desk_expect(call, "vehicle", id, version));
    TQ_TRY(take_wheel(call, id, vehicle, duty));
    if (desk_get_text(vehicle, "order")[0] != '\0')
        return tq_fail(call->err, TQ_STALE, 0,
                       "vehicle %s is %s with order %s: end that first, or report a problem", id,
                       state, desk_get_text(vehicle, "order"));
    if (duty == DUTY_FREE && desk_get_text(vehicle, "driver")[0] == '\0' &&
        desk_get_text(vehicle, "partner")[0] == '\0')
        return desk_bad(call, "vehicle %s has no driver", id);
    TQ_TRY(save_duty(call, id, vehicle, version, duty, ""));
    return desk_answer(call, show_vehicle(call, json_incref(vehicle)));
}

#define SENDS (TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define LOOKS (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN)

const desk_verb desk_vehicle_verbs[] = {
    {"vehicle.list", LOOKS, TQ_VERB_QUIET, vehicle_list},
    {"vehicle.get", LOOKS, TQ_VERB_QUIET, vehicle_get},
    {"vehicle.create", SENDS, TQ_VERB_DO, vehicle_create},
    {"vehicle.change", SENDS, TQ_VERB_DO, vehicle_change},
    {"vehicle.duty", SENDS | TQ_ROLE_DRIVER, TQ_VERB_DO, vehicle_duty_set},
    {"vehicle.positions", SENDS | TQ_ROLE_PEER | TQ_ROLE_DRIVER, TQ_VERB_QUIET, vehicle_positions},
    {"vehicle.accept", TQ_ROLE_DRIVER, TQ_VERB_DO, drive_accept},
    {"vehicle.refuse", TQ_ROLE_DRIVER, TQ_VERB_DO, drive_refuse},
    {"vehicle.arrive", TQ_ROLE_DRIVER, TQ_VERB_DO, drive_arrive},
    {"vehicle.board", TQ_ROLE_DRIVER, TQ_VERB_DO, drive_board},
    {"vehicle.done", TQ_ROLE_DRIVER, TQ_VERB_DO, drive_done},
    {"vehicle.problem", TQ_ROLE_DRIVER, TQ_VERB_DO, drive_problem},
    {"vehicle.partner", TQ_ROLE_PEER, TQ_VERB_DO, drive_partner},
    {"driver.list", LOOKS, TQ_VERB_ASK, driver_list},
    {"driver.get", LOOKS, TQ_VERB_ASK, driver_get},
    {"driver.create", SENDS, TQ_VERB_DO, driver_create},
    {"driver.change", SENDS, TQ_VERB_DO, driver_change},
    {"driver.me", TQ_ROLE_DRIVER, TQ_VERB_ASK, driver_me},
    {"conduct.report", TQ_ROLE_DISPATCHER | TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN, TQ_VERB_ASK,
     conduct_report},
    {.name = NULL},
};
