/*
 * Vehicles, drivers and positions: what is refused and in which words, whose account may act, the
 * honest wait, the day of a driver and the report of conduct.
 */
// also: import
#include "desk/dispatch_in.h"
#include "desk_fleet.h"
#include "desk_shipped.h"

static int setup(void **state)
{
    (void)begin_room(state);
    desk_room *room = *state;
    desk_room_follow(room);
    return 0;
}

#define LAT 37.8700
#define LON 112.5500

static void vehicles_are_checked(void **state)
{
    desk_room *room = *state;
    const tq_actor *me = &room->dispatcher;
    room_refuses(room, me, "vehicle.create", "", "{\"class\":\"taxi\"}", TQ_BAD_INPUT, "\"plate\"");
    room_refuses(room, me, "vehicle.create", "", "{\"plate\":\"a\",\"class\":\"taxo\"}",
                 TQ_BAD_INPUT, "did you mean taxi");
    room_refuses(room, me, "vehicle.create", "", "{\"plate\":\"a\",\"class\":\"taxi\",\"set\":1}",
                 TQ_BAD_INPUT, "did you mean \"seats\"");
    room_refuses(room, me, "vehicle.create", "",
                 "{\"plate\":\"a\",\"class\":\"taxi\",\"areas\":[{\"lat\":1}]}", TQ_BAD_INPUT,
                 "number 1 is not");
    room_refuses(room, &room->clerk, "vehicle.create", "", "{}", TQ_DENIED, "clerk");
    fleet_add(room, 1, "");
    room_refuses(room, me, "vehicle.create", "", "{\"plate\":\"晋A·T0001\",\"class\":\"taxi\"}",
                 TQ_BAD_INPUT, "belongs to VE-000001");
    /* A plate that was given up may be another's. */
    room_must(room, me, "vehicle.change", "VE-000001", "{\"plate\":\"晋A·T7777\"}");
    room_must(room, me, "vehicle.create", "", "{\"plate\":\"晋A·T0001\",\"class\":\"taxi\"}");
    room_refuses(room, me, "vehicle.duty", "VE-000002", "{\"duty\":\"free\"}", TQ_BAD_INPUT,
                 "no driver");
    room_refuses(room, me, "vehicle.duty", "VE-000001", "{\"duty\":\"busy\"}", TQ_BAD_INPUT,
                 "comes with orders");
    room_refuses(room, me, "vehicle.get", "VE-9", "", TQ_NOT_FOUND, "VE-9");
    room_refuses(room, me, "driver.create", "", "{\"name\":\"x\",\"user\":\"driver1\"}",
                 TQ_BAD_INPUT, "belongs to driver DR-000001");
    room_refuses(room, me, "driver.change", "DR-000001", "{\"blocked\":{\"until\":\"soon\"}}",
                 TQ_BAD_INPUT, "\"blocked\"");
}

static void whose_vehicle(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1), stranger = fleet_driver(9);
    fleet_add(room, 1, "");
    fleet_add(room, 2, "");
    room_refuses(room, &stranger, "vehicle.duty", "VE-000001", "{\"duty\":\"free\"}", TQ_DENIED,
                 "no driver is tied");
    room_refuses(room, &one, "vehicle.duty", "VE-000002", "{\"duty\":\"free\"}", TQ_DENIED,
                 "yours is VE-000001");
    assert_int_equal(room_ask(room, &stranger, "driver.me", "", ""), TQ_DENIED);
    /* A second driver of the same vehicle must wait until the first signs off. */
    room_must(room, &room->dispatcher, "driver.create", "",
              "{\"name\":\"second\",\"user\":\"driver9\",\"vehicle\":\"VE-000001\"}");
    fleet_duty(room, 1, "free");
    room_refuses(room, &stranger, "vehicle.duty", "VE-000001", "{\"duty\":\"free\"}", TQ_STALE,
                 "must sign off first");
    fleet_duty(room, 1, "off");
    room_must(room, &stranger, "vehicle.duty", "VE-000001", "{\"duty\":\"free\"}");
    fleet_is(room, "vehicle", "VE-000001", "driver", "DR-000003");
}

static void count(desk_room *room, const char *member, int want)
{
    json_int_t got = json_integer_value(json_object_get(room->json, member));
    if (got != want)
        fail_msg("%s is %lld, not %d: %s", member, (long long)got, want, room->answer.at);
}

static const char *why_of(const desk_room *room, size_t at)
{
    const json_t *row = json_array_get(json_object_get(room->json, "rows"), at);
    return json_string_value(json_object_get(row, "why"));
}

static void positions_are_checked(void **state)
{
    desk_room *room = *state;
    const tq_actor *me = &room->dispatcher;
    tq_actor one = fleet_driver(1);
    fleet_add(room, 1, "");
    fleet_add(room, 2, "");
    desk_room_follow(room);
    room_must(room, me, "vehicle.positions", "",
              "{\"positions\":[{\"terminal\":\"100000000001\",\"lat\":37.87,\"lon\":112.55},"
              "{\"id\":\"VE-9\",\"lat\":37.87,\"lon\":112.55},"
              "{\"id\":\"VE-000002\",\"lat\":97.87,\"lon\":112.55},"
              "{\"id\":\"VE-000002\",\"lat\":37.87,\"lon\":112.55,\"at\":\"2025-06-03T08:02\"},"
              "{\"id\":\"VE-000002\",\"lat\":37.87,\"lon\":112.55,\"at\":\"2025-06-03T07:54\"},"
              "{\"id\":\"VE-000002\",\"lat\":37.87,\"lon\":112.55,\"at\":\"2025-06-03T07:58\"},"
              "7]}");
    count(room, "taken", 2);
    count(room, "old", 1);
    count(room, "refused", 5);
    assert_non_null(strstr(why_of(room, 2), "from the future"));
    assert_non_null(strstr(why_of(room, 3), "older than 5 min"));
    /* 11 km in ten seconds: not at once, but the second time it is true. */
    room->now_ms += 10000;
    (void)fleet_at(room, 1, LAT + 0.1, LON);
    count(room, "refused", 1);
    assert_non_null(strstr(why_of(room, 0), "impossible jump"));
    room->now_ms += 10000;
    (void)fleet_at(room, 1, LAT + 0.1, LON);
    count(room, "taken", 1);
    room_must(room, me, "vehicle.get", "VE-000001", "");
    const json_t *position = json_object_get(room->json, "position");
    assert_true(json_real_value(json_object_get(position, "lat")) > LAT + 0.09);
    /* Only his own. */
    room_must(room, &one, "vehicle.positions", "",
              "{\"positions\":[{\"id\":\"VE-000002\",\"lat\":37.87,\"lon\":112.55}]}");
    assert_string_equal(why_of(room, 0), "it is not your vehicle");
    room_refuses(room, me, "vehicle.positions", "", "{\"position\":[]}", TQ_BAD_INPUT,
                 "did you mean \"positions\"");
    room_refuses(room, me, "vehicle.positions", "", "{\"positions\":{}}", TQ_BAD_INPUT, "a list");
}

static void silent_vehicles_are_not_offered(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1);
    room_must(room, &room->dispatcher, "policy.set", "",
              "{\"name\":\"nearest\",\"overrides\":{\"offer\":\"ask\",\"offer_s\":300}}");
    fleet_ready(room, 1, LAT, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    room->now_ms += 295000;
    fleet_wait(room, 3);
    fleet_is(room, "order", "OR-1", "state", "offered");
    fleet_wait(room, 10);
    room_refuses(room, &one, "vehicle.accept", "OR-1", "", TQ_STALE, "5 min old");
    fleet_at(room, 1, LAT, LON);
    room_must(room, &one, "vehicle.accept", "OR-1", "");
    desk_room_follow(room);
    room->now_ms += 301000;
    fleet_order(room, "OR-2", LAT, LON, "");
    fleet_ready(room, 2, LAT, LON, "");
    room->now_ms += 301000;
    fleet_wait(room, 3);
    fleet_is(room, "order", "OR-2", "state", "searching");
    room_must(room, &room->dispatcher, "dispatch.state", "", "");
    const json_t *supply = json_object_get(room->json, "supply");
    assert_int_equal(json_integer_value(json_object_get(supply, "positions_lost")), 2);
}

static void who_may_not(void **state)
{
    desk_room *room = *state;
    /* No permit, another area, blocked, hired on the street: each stays where it is. */
    fleet_ready(room, 1, LAT, LON,
                ",\"areas\":[{\"name\":\"a\",\"lat\":38.2,\"lon\":112.5,"
                "\"radius_m\":2000}]");
    fleet_ready(room, 2, LAT, LON, "");
    room_must(room, &room->dispatcher, "driver.change", "DR-000002",
              "{\"blocked\":{\"until\":\"2025-06-04T00:00\",\"why\":\"overcharged\"}}");
    fleet_ready(room, 3, LAT, LON, "");
    room_must(room, &room->dispatcher, "vehicle.change", "VE-000003", "{\"permits\":[]}");
    fleet_ready(room, 4, LAT, LON, "");
    room_must(room, &room->dispatcher, "vehicle.positions", "",
              "{\"positions\":[{\"id\":\"VE-000004\",\"lat\":37.87,\"lon\":112.55,"
              "\"state\":\"hired\"}]}");
    desk_room_follow(room);
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-1", "state", "searching");
    room_must(room, &room->dispatcher, "vehicle.positions", "",
              "{\"positions\":[{\"id\":\"VE-000004\",\"lat\":37.87,\"lon\":112.55,"
              "\"state\":\"vacant\"}]}");
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-1", "vehicle", "VE-000004");
}

static void days_and_conduct(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1);
    room_must(room, &room->dispatcher, "policy.set", "",
              "{\"name\":\"nearest\",\"overrides\":{\"offer\":\"ask\"}}");
    fleet_ready(room, 1, LAT, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 3);
    room_must(room, &one, "vehicle.accept", "OR-1", "");
    room_must(room, &one, "vehicle.problem", "OR-1", "{\"reason\":\"flat tyre\"}");
    desk_room_follow(room);
    fleet_is(room, "order", "OR-1", "state", "searching");
    /* The next day. */
    room->now_ms += DAY_MS;
    fleet_at(room, 1, LAT, LON);
    fleet_order(room, "OR-2", LAT, LON, "");
    fleet_wait(room, 3);
    room_must(room, &one, "vehicle.accept", "OR-2", "");
    room->now_ms += 600000;
    fleet_at(room, 1, LAT, LON);
    room_must(room, &one, "vehicle.arrive", "OR-2", "");
    room_must(room, &one, "vehicle.board", "OR-2", "");
    room_must(room, &one, "vehicle.done", "OR-2", "{\"fare_fen\":1234}");
    assert_int_equal(
        room_ask(room, &room->auditor, "conduct.report", "", "from=2025-06-03&to=2025-06-04"),
        TQ_OK);
    const json_t *row = json_array_get(json_object_get(room->json, "drivers"), 0);
    assert_int_equal(json_integer_value(json_object_get(row, "accepted")), 2);
    assert_int_equal(json_integer_value(json_object_get(row, "cancelled")), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "completed")), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "late")), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "completion_per_mille")), 500);
    const json_t *line = json_array_get(json_object_get(row, "cancelled_list"), 0);
    assert_string_equal(json_string_value(json_object_get(line, "order")), "OR-1");
    assert_string_equal(json_string_value(json_object_get(line, "why")), "flat tyre");
    assert_int_equal(room_ask(room, &room->auditor, "conduct.report", "",
                              "from=2025-06-04&to=2025-06-04&company=company1&format=csv"),
                     TQ_OK);
    assert_non_null(strstr(room_text(room, "csv"), "\"DR-000001\",\"师傅1\",\"company1\",1,1,0"));
    assert_int_equal(room_ask(room, &room->auditor, "conduct.report", "", "from=june"),
                     TQ_BAD_INPUT);
    assert_int_equal(
        room_ask(room, &room->auditor, "conduct.report", "", "from=2025-06-05&to=2025-06-04"),
        TQ_BAD_INPUT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, end_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(vehicles_are_checked),  CASE(whose_vehicle),
        CASE(positions_are_checked), CASE(silent_vehicles_are_not_offered),
        CASE(who_may_not),           CASE(days_and_conduct),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
