/*
 * Help for tests of dispatch: vehicles with drivers on duty, positions, orders put straight into
 * the store (what an order must look like is tested elsewhere), and looking at records.
 */
#ifndef TQ_TEST_DESK_FLEET_H
#define TQ_TEST_DESK_FLEET_H

#include "desk_room.h"

static inline tq_actor fleet_driver(unsigned number)
{
    char name[32];
    (void)snprintf(name, sizeof name, "driver%u", number);
    return desk_room_actor(name, TQ_ROLE_DRIVER);
}

static inline void fleet_vehicle_id(unsigned number, char out[48])
{
    (void)snprintf(out, 48, "VE-%06u", number);
}

/* Vehicle `number` (1, 2, … in order) with its driver. `more`: further members, "" or ",…". */
static inline void fleet_add(desk_room *room, unsigned number, const char *more)
{
    char body[512], id[48];
    (void)snprintf(body, sizeof body,
                   "{\"plate\":\"晋A·T%04u\",\"class\":\"taxi\",\"company\":\"company%u\","
                   "\"permits\":[\"taxi:taiyuan\"],\"colour\":\"red\",\"terminal\":\"10%010u\"%s}",
                   number, number % 2, number, more);
    room_must(room, &room->dispatcher, "vehicle.create", "", body);
    fleet_vehicle_id(number, id);
    assert_string_equal(room_text(room, "id"), id);
    (void)snprintf(body, sizeof body,
                   "{\"name\":\"师傅%u\",\"phone\":\"1380351%04u\",\"user\":\"driver%u\","
                   "\"company\":\"company%u\",\"vehicle\":\"%s\",\"shift\":{\"from\":\"06:00\","
                   "\"to\":\"18:00\"}}",
                   number, number, number, number % 2, id);
    room_must(room, &room->dispatcher, "driver.create", "", body);
}

static inline void fleet_duty(desk_room *room, unsigned number, const char *duty)
{
    char id[48], body[64];
    tq_actor driver = fleet_driver(number);
    fleet_vehicle_id(number, id);
    (void)snprintf(body, sizeof body, "{\"duty\":\"%s\"}", duty);
    room_must(room, &driver, "vehicle.duty", id, body);
    desk_room_follow(room);
}

static inline tq_status fleet_at(desk_room *room, unsigned number, double lat, double lon)
{
    char body[256], id[48];
    fleet_vehicle_id(number, id);
    (void)snprintf(body, sizeof body, "{\"positions\":[{\"id\":\"%s\",\"lat\":%.6f,\"lon\":%.6f}]}",
                   id, lat, lon);
    return room_do(room, &room->dispatcher, "vehicle.positions", "", body);
}

/* On duty, there. */
static inline void fleet_ready(desk_room *room, unsigned number, double lat, double lon,
                               const char *more)
{
    fleet_add(room, number, more);
    fleet_duty(room, number, "free");
    assert_int_equal(fleet_at(room, number, lat, lon), TQ_OK);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 1);
}

static inline void fleet_put(desk_room *room, const char *kind, const char *id, const char *state,
                             json_t *body, const char *verb)
{
    tq_err err;
    uint64_t version = 0, seq = 0;
    tq_buf old = {0};
    tq_record was = {0};
    tq_store *store = tq_desk_store(room->desk);
    if (tq_store_get(store, kind, id, &old, &was, &err) == TQ_OK) version = was.version;
    tq_buf_free(&old);
    json_object_set_new(body, "id", json_string(id));
    json_object_set_new(body, "state", json_string(state));
    json_object_set_new(body, "version", json_integer((json_int_t)version + 1));
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&room->city->zone, room->now_ms, text);
    json_object_set_new(body, "changed", json_string(text));
    if (json_object_get(body, "created") == NULL)
        json_object_set_new(body, "created", json_string(text));
    char *dump = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    tq_record record = {.kind = kind,
                        .id = id,
                        .state = state,
                        .version = version,
                        .changed_ms = room->now_ms,
                        .body = tq_str_of(dump)};
    tq_event event = {.at_ms = room->now_ms,
                      .topic = kind,
                      .id = id,
                      .verb = verb,
                      .readers = TQ_ROLE_STAFF,
                      .body = TQ_STR("{}")};
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    assert_int_equal(tq_store_put(store, &record, &version, &err), TQ_OK);
    assert_int_equal(tq_store_event(store, &event, &seq, &err), TQ_OK);
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
    free(dump);
    json_decref(body);
    desk_room_follow(room);
}

/* A record as it is; a new reference. */
static inline json_t *fleet_record(desk_room *room, const char *kind, const char *id)
{
    tq_err err;
    tq_buf text = {0};
    tq_record record = {0};
    json_error_t why;
    if (tq_store_get(tq_desk_store(room->desk), kind, id, &text, &record, &err) != TQ_OK)
        fail_msg("%s %s: %s", kind, id, err.text);
    json_t *body = json_loadb(record.body.at, record.body.len, 0, &why);
    tq_buf_free(&text);
    assert_non_null(body);
    return body;
}

/* An order that is searching. `more`: further members, "" or ",…". */
static inline void fleet_order(desk_room *room, const char *id, double lat, double lon,
                               const char *more)
{
    char text[600];
    json_error_t why;
    (void)snprintf(text, sizeof text,
                   "{\"kind\":\"taxi\",\"channel\":\"phone\",\"phone\":\"13812345678\",\"name\":"
                   "\"王奶奶\",\"from\":{\"name\":\"here\",\"lat\":%.6f,\"lon\":%.6f},\"to\":"
                   "{\"name\":\"there\",\"lat\":37.86,\"lon\":112.55},\"at\":null,\"party\":1,"
                   "\"needs\":[],\"elder\":false,\"hospital\":false,\"classes\":[\"taxi\"],"
                   "\"estimate\":{\"km\":4.2,\"min\":13,\"low_fen\":1500,\"high_fen\":1900},"
                   "\"vehicle\":null,\"driver\":null,\"offer\":null,\"refusals\":[],\"times\":{},"
                   "\"history\":[],\"cancelled\":null,\"decision\":null,\"why\":null,"
                   "\"bonus_fen\":0}",
                   lat, lon);
    json_t *body = json_loads(text, 0, &why), *add = NULL;
    assert_non_null(body);
    (void)snprintf(text, sizeof text, "{%s}", more);
    add = json_loads(text, 0, &why);
    if (add == NULL) fail_msg("%s: %s", text, why.text);
    json_object_update(body, add);
    json_decref(add);
    fleet_put(room, "order", id, "searching", body, "searching");
}

/* Seconds go by one after another, as the server ticks. */
static inline void fleet_wait(desk_room *room, unsigned seconds)
{
    for (unsigned k = 0; k < seconds; k++) {
        room->now_ms += 1000;
        (void)room_tick(room);
        desk_room_follow(room);
    }
}

static inline void fleet_is(desk_room *room, const char *kind, const char *id, const char *member,
                            const char *want)
{
    json_t *record = fleet_record(room, kind, id);
    const json_t *value = json_object_get(record, member);
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(text, want) != 0) {
        char *dump = json_dumps(record, JSON_COMPACT);
        fail_msg("%s %s: %s is \"%s\", not \"%s\": %s", kind, id, member, text, want, dump);
    }
    json_decref(record);
}

#endif
