/*
 * Random orders, vehicles, acts of drivers and dispatchers, and the clock, against rules that must
 * hold after each step:
 *   no vehicle with two orders, no order with two vehicles, both records name each other;
 *   memory that followed the events = memory read anew from the records;
 *   a refused command leaves all records as they were;
 *   every decision replays to the same; no other order is served before an elder's at its place.
 */
// also: import
#include "desk/dispatch_in.h"
#include "desk_fleet.h"
#include "desk_shipped.h"

#define SEEDS    24u
#define STEPS    160u
#define VEHICLES 6u
#define PLACES   4u

static uint64_t seed_now;

typedef struct books {
    char order_of[VEHICLES + 1][48]; /* by the vehicles' records */
    unsigned held;                   /* orders that name a vehicle */
    uint64_t hash;                   /* of all bodies */
    desk_room *room;
} books;

static bool see_vehicle(void *user, const tq_record *record)
{
    books *all = user;
    json_error_t why;
    json_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    unsigned number = (unsigned)strtoul(record->id + 3, NULL, 10);
    const char *order = json_string_value(json_object_get(body, "order"));
    const char *duty = json_string_value(json_object_get(body, "duty"));
    assert_true(number >= 1 && number <= VEHICLES);
    (void)snprintf(all->order_of[number], 48, "%s", order != NULL ? order : "");
    bool busy =
        strcmp(duty, "offered") == 0 || strcmp(duty, "assigned") == 0 || strcmp(duty, "busy") == 0;
    if (busy != (order != NULL))
        fail_msg("seed %llu: %s is %s with %s", (unsigned long long)seed_now, record->id, duty,
                 order != NULL ? order : "nothing");
    json_decref(body);
    return true;
}

static bool see_order(void *user, const tq_record *record)
{
    books *all = user;
    json_error_t why;
    json_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    const char *state = record->state, *vehicle = NULL;
    const json_t *others = NULL;
    unsigned holders = 0;
    if (strcmp(state, "offered") == 0) {
        vehicle = json_string_value(json_object_get(json_object_get(body, "offer"), "vehicle"));
        others = json_object_get(json_object_get(body, "offer"), "others");
    }
    if (strcmp(state, "assigned") == 0 || strcmp(state, "arrived") == 0 ||
        strcmp(state, "on_board") == 0)
        vehicle = json_string_value(json_object_get(body, "vehicle"));
    if (vehicle != NULL) {
        unsigned number = (unsigned)strtoul(vehicle + 3, NULL, 10);
        if (strcmp(all->order_of[number], record->id) != 0)
            fail_msg("seed %llu: %s is %s with %s, which has \"%s\"", (unsigned long long)seed_now,
                     record->id, state, vehicle, all->order_of[number]);
    }
    for (size_t k = 0; k < json_array_size(others); k++) {
        const char *other =
            json_string_value(json_object_get(json_array_get(others, k), "vehicle"));
        unsigned number = (unsigned)strtoul(other + 3, NULL, 10);
        if (strcmp(all->order_of[number], record->id) != 0)
            fail_msg("seed %llu: %s is offered to %s too, which has \"%s\"",
                     (unsigned long long)seed_now, record->id, other, all->order_of[number]);
    }
    /* With nobody else: those who were asked in vain hold it no more. */
    for (unsigned number = 1; number <= VEHICLES; number++)
        holders += strcmp(all->order_of[number], record->id) == 0;
    if (holders != (vehicle != NULL) + json_array_size(others))
        fail_msg("seed %llu: %s is %s with %u vehicles", (unsigned long long)seed_now, record->id,
                 state, holders);
    json_decref(body);
    return true;
}

static bool see_any(void *user, const tq_record *record)
{
    books *all = user;
    all->hash = tq_hash(record->body.at, record->body.len, all->hash);
    return true;
}

static void each(books *all, const char *kind, bool (*seen)(void *user, const tq_record *record))
{
    tq_err err;
    tq_store_filter filter = {.kind = kind};
    assert_int_equal(tq_store_each(tq_desk_store(all->room->desk), &filter, seen, all, &err),
                     TQ_OK);
}

static uint64_t records_hash(desk_room *room)
{
    static const char *const kinds[] = {"vehicle", "driver", "order",  "decision",
                                        "batch",   "policy", "conduct"};
    books all = {.room = room};
    for (uint32_t k = 0; k < TQ_COUNT(kinds); k++)
        each(&all, kinds[k], see_any);
    return all.hash;
}

/* Vehicles whose order just ended are freed by the next tick: look after one. */
static void check_books(desk_room *room)
{
    books all = {.room = room};
    each(&all, "vehicle", see_vehicle);
    each(&all, "order", see_order);
}

static void check_memory(desk_room *room)
{
    tq_buf followed = {0}, anew = {0};
    tq_err err;
    tq_desk *other = NULL;
    tq_live *live = NULL;
    bool network = false;
    uint64_t version = 0;
    tq_desk_options options = {.size = sizeof options,
                               .city = city,
                               .store_path = room->store,
                               .folder = room->folder,
                               .store = {.size = sizeof options.store, .normal_sync = true}};
    assert_int_equal(tq_desk_open(&options, &other, &err), TQ_OK);
    assert_int_equal(tq_live_open(city, &live, &err), TQ_OK);
    assert_int_equal(tq_desk_catch_up(other, live, room->now_ms, &network, &version, &err), TQ_OK);
    assert_int_equal(desk_supply_dump(room->desk, &followed), TQ_OK);
    assert_int_equal(desk_supply_dump(other, &anew), TQ_OK);
    tq_buf_putc(&followed, '\0');
    tq_buf_putc(&anew, '\0');
    if (strcmp(followed.at, anew.at) != 0)
        fail_msg("seed %llu: followed\n%s\nread anew\n%s", (unsigned long long)seed_now,
                 followed.at, anew.at);
    tq_buf_free(&followed);
    tq_buf_free(&anew);
    tq_live_close(live);
    tq_desk_close(other);
}

/* ---- random steps
 * --------------------------------------------------------------------------------
 */

static double near(tq_random *random, double middle)
{
    return middle + ((double)tq_random_below(random, 300) - 150) / 10000.0;
}

static const double PLACE[PLACES][2] = {
    {37.870, 112.550}, {37.875, 112.545}, {37.862, 112.560}, {37.880, 112.552}};

static void some_order(desk_room *room, tq_random *random, unsigned *orders)
{
    char id[48], more[160];
    const double *place = PLACE[tq_random_below(random, PLACES)];
    (void)snprintf(id, sizeof id, "OR-%06u", ++*orders);
    (void)snprintf(more, sizeof more, "\"elder\":%s,\"needs\":[%s],\"party\":%u",
                   tq_random_below(random, 3) == 0 ? "true" : "false",
                   tq_random_below(random, 8) == 0 ? "\"wheelchair\"" : "",
                   1 + tq_random_below(random, 6));
    fleet_order(room, id, place[0], place[1], more);
}

static void some_act(desk_room *room, tq_random *random, unsigned orders)
{
    static const char *const verbs[] = {"vehicle.accept", "vehicle.accept", "vehicle.refuse",
                                        "vehicle.arrive", "vehicle.board",  "vehicle.done",
                                        "vehicle.done",   "vehicle.problem"};
    static const char *const bodies[] = {"",
                                         "",
                                         "{\"reason\":\"r\"}",
                                         "",
                                         "",
                                         "{\"fare_fen\":1300}",
                                         "{\"fare_fen\":900}",
                                         "{\"reason\":\"broken\"}"};
    char id[48];
    unsigned number = 1 + tq_random_below(random, VEHICLES);
    tq_actor driver = fleet_driver(number);
    uint32_t verb = tq_random_below(random, TQ_COUNT(verbs));
    fleet_vehicle_id(number, id);
    json_t *vehicle = fleet_record(room, "vehicle", id);
    const char *held = json_string_value(json_object_get(vehicle, "order"));
    if (held != NULL && tq_random_below(random, 5) > 0)
        (void)snprintf(id, sizeof id, "%s", held);
    else
        (void)snprintf(id, sizeof id, "OR-%06u", 1 + tq_random_below(random, orders + 1));
    json_decref(vehicle);
    uint64_t before = records_hash(room);
    if (room_do(room, &driver, verbs[verb], id, bodies[verb]) != TQ_OK &&
        records_hash(room) != before)
        fail_msg("seed %llu: refused, but records changed: %s", (unsigned long long)seed_now,
                 room->err.text);
    desk_room_follow(room);
}

static void some_duty(desk_room *room, tq_random *random)
{
    static const char *const duties[] = {"{\"duty\":\"free\"}", "{\"duty\":\"free\"}",
                                         "{\"duty\":\"off\"}", "{\"duty\":\"break\"}"};
    char id[48];
    unsigned number = 1 + tq_random_below(random, VEHICLES);
    tq_actor driver = fleet_driver(number);
    fleet_vehicle_id(number, id);
    (void)room_do(room, &driver, "vehicle.duty", id, duties[tq_random_below(random, 4)]);
    desk_room_follow(room);
    (void)fleet_at(room, number, near(random, 37.87), near(random, 112.55));
}

static void some_steering(desk_room *room, tq_random *random, unsigned orders)
{
    static const char *const names[] = {"batch", "nearest", "rotation", "fair", "grab", "guided"};
    char id[48], body[160];
    if (tq_random_below(random, 2) == 0) {
        (void)snprintf(body, sizeof body, "{\"name\":\"%s\"}",
                       names[tq_random_below(random, TQ_COUNT(names))]);
        room_must(room, &room->dispatcher, "policy.set", "", body);
    } else {
        (void)snprintf(id, sizeof id, "OR-%06u", 1 + tq_random_below(random, orders + 1));
        (void)snprintf(body, sizeof body, "{\"vehicle\":\"VE-%06u\",\"reason\":\"r\"}",
                       1 + tq_random_below(random, VEHICLES));
        (void)room_do(room, &room->dispatcher, "dispatch.assign", id, body);
    }
    desk_room_follow(room);
}

static void cancel_some(desk_room *room, tq_random *random, unsigned orders)
{
    char id[48];
    if (orders == 0) return;
    (void)snprintf(id, sizeof id, "OR-%06u", 1 + tq_random_below(random, orders));
    json_t *order = fleet_record(room, "order", id);
    const char *state = json_string_value(json_object_get(order, "state"));
    if (strcmp(state, "searching") != 0 && strcmp(state, "offered") != 0 &&
        strcmp(state, "assigned") != 0) {
        json_decref(order);
        return;
    }
    fleet_put(room, "order", id, "cancelled", order, "cancelled");
}

/* No other order was given a vehicle in this tick while an elder's at its place, who could have had
 * it, was left. */
static void check_elders(desk_room *room, unsigned orders)
{
    for (unsigned one = 1; one <= orders; one++) {
        char id[48];
        (void)snprintf(id, sizeof id, "OR-%06u", one);
        json_t *order = fleet_record(room, "order", id);
        const char *decision = json_string_value(json_object_get(order, "decision"));
        if (json_is_false(json_object_get(order, "elder")) && decision != NULL) {
            json_t *record = fleet_record(room, "decision", decision);
            const char *vehicle =
                json_string_value(json_object_get(json_object_get(record, "chosen"), "vehicle"));
            const char *batch =
                json_string_value(json_object_get(json_object_get(record, "batch"), "id"));
            json_t *made = fleet_record(room, "batch", batch);
            const json_t *list = json_object_get(made, "orders"),
                         *chosen = json_object_get(made, "chosen"),
                         *first = json_object_get(made, "first"),
                         *pairs = json_object_get(made, "pairs"),
                         *vehicles = json_object_get(made, "vehicles");
            for (size_t k = 0; vehicle != NULL && k < json_array_size(list); k++) {
                if (!json_is_null(json_array_get(chosen, k))) continue;
                json_t *other =
                    fleet_record(room, "order", json_string_value(json_array_get(list, k)));
                size_t end = k + 1 < json_array_size(first)
                                 ? (size_t)json_integer_value(json_array_get(first, k + 1))
                                 : json_array_size(pairs) / 2;
                bool could = false;
                for (size_t p = (size_t)json_integer_value(json_array_get(first, k)); p < end; p++)
                    could = could || strcmp(json_string_value(json_array_get(
                                                vehicles, (size_t)json_integer_value(
                                                              json_array_get(pairs, 2 * p)))),
                                            vehicle) == 0;
                if (could && json_is_true(json_object_get(other, "elder")) &&
                    json_equal(json_object_get(other, "from"), json_object_get(order, "from")))
                    fail_msg("seed %llu: %s was served before an elder at its place (%s)",
                             (unsigned long long)seed_now, id, batch);
                json_decref(other);
            }
            json_decref(made);
            json_decref(record);
        }
        json_decref(order);
    }
}

static void check_replays(desk_room *room)
{
    for (unsigned k = 1;; k++) {
        char id[48];
        (void)snprintf(id, sizeof id, "DE-2025-%04u", k);
        tq_status status = room_ask(room, &room->auditor, "decision.replay", id, "");
        if (status == TQ_NOT_FOUND) break;
        assert_int_equal(status, TQ_OK);
        if (!json_is_true(json_object_get(room->json, "same")))
            fail_msg("seed %llu: %s does not replay", (unsigned long long)seed_now, id);
    }
}

static void random_days(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        desk_room *room = calloc(1, sizeof *room);
        tq_random random = {.state = seed};
        unsigned orders = 0;
        seed_now = seed;
        desk_room_begin(room, city);
        desk_room_follow(room);
        for (unsigned number = 1; number <= VEHICLES; number++)
            fleet_ready(room, number, near(&random, 37.87), near(&random, 112.55),
                        number % 3 == 0 ? ",\"wheelchair\":1,\"seats\":6" : "");
        for (unsigned step = 0; step < STEPS; step++) {
            uint32_t what = tq_random_below(&random, 20);
            if (what < 4)
                some_order(room, &random, &orders);
            else if (what < 11)
                some_act(room, &random, orders);
            else if (what < 14)
                some_duty(room, &random);
            else if (what < 15)
                some_steering(room, &random, orders);
            else if (what < 16)
                cancel_some(room, &random, orders);
            else {
                fleet_wait(room, 1 + tq_random_below(&random, 9));
                check_books(room);
            }
            if (step % 20 == 0) check_memory(room);
        }
        fleet_wait(room, 1);
        check_books(room);
        check_memory(room);
        check_replays(room);
        check_elders(room, orders);
        desk_room_end(room);
        free(room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_days)};
    return cmocka_run_group_tests(tests, open_city, close_city);
}
