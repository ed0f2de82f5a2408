/*
 * The dispatcher: each policy, offers and their ends, elders first, nobody and why, the partner,
 * giving by hand, and the refusals of the driver's side.
 */
// also: import
#include "desk/supply_in.h"
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
/* 0.001 degrees of latitude are 111 m. */

static void set_policy(desk_room *room, const char *body)
{
    room_must(room, &room->dispatcher, "policy.set", "", body);
    desk_room_follow(room);
}

static void the_best_for_all(void **state)
{
    desk_room *room = *state;
    /* First come, first served would give the one between both orders to the first. */
    fleet_ready(room, 1, LAT + 0.004, LON, "");
    fleet_ready(room, 2, LAT - 0.008, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_order(room, "OR-2", LAT + 0.009, LON, "");
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-1", "vehicle", "VE-000002");
    fleet_is(room, "order", "OR-2", "vehicle", "VE-000001");
    fleet_is(room, "order", "OR-2", "state", "assigned");
    fleet_is(room, "vehicle", "VE-000001", "order", "OR-2");
    fleet_is(room, "vehicle", "VE-000001", "duty", "assigned");
    json_t *order = fleet_record(room, "order", "OR-1");
    const char *decision = json_string_value(json_object_get(order, "decision"));
    assert_non_null(decision);
    assert_true(json_integer_value(json_object_get(order, "eta_s")) > 0);
    assert_int_equal(room_ask(room, &room->dispatcher, "decision.replay", decision, ""), TQ_OK);
    assert_true(json_is_true(json_object_get(room->json, "same")));
    assert_int_equal(room_ask(room, &room->dispatcher, "decision.get", decision, ""), TQ_OK);
    const json_t *other = json_array_get(json_object_get(room->json, "alternatives"), 0);
    assert_string_equal(json_string_value(json_object_get(other, "not")), "taken by OR-2");
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(room->json, "inputs"), "orders")), 2);
    json_decref(order);
    assert_int_equal(room_ask(room, &room->dispatcher, "decision.replay", "DE-9", ""),
                     TQ_NOT_FOUND);
}

static void asked_one_after_another(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1), two = fleet_driver(2), three = fleet_driver(3);
    set_policy(room, "{\"name\":\"nearest\",\"overrides\":{\"offer\":\"ask\"}}");
    fleet_ready(room, 1, LAT + 0.001, LON, "");
    fleet_ready(room, 2, LAT + 0.002, LON, "");
    fleet_ready(room, 3, LAT + 0.003, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 3);
    fleet_is(room, "order", "OR-1", "state", "offered");
    fleet_is(room, "vehicle", "VE-000001", "duty", "offered");
    assert_int_equal(room_ask(room, &one, "driver.me", "", ""), TQ_OK);
    const json_t *offer = json_object_get(room->json, "offer");
    assert_string_equal(json_string_value(json_object_get(offer, "id")), "OR-1");
    assert_null(json_object_get(offer, "phone"));
    room_refuses(room, &two, "vehicle.accept", "OR-1", "", TQ_STALE, "is not yours");
    room_refuses(room, &one, "vehicle.refuse", "OR-1", "{}", TQ_BAD_INPUT, "\"reason\"");
    room_must(room, &one, "vehicle.refuse", "OR-1", "{\"reason\":\"too far\"}");
    desk_room_follow(room);
    fleet_is(room, "vehicle", "VE-000001", "duty", "free");
    /* The next, who sleeps. */
    fleet_wait(room, 3);
    fleet_is(room, "vehicle", "VE-000002", "duty", "offered");
    fleet_wait(room, 17);
    fleet_is(room, "vehicle", "VE-000002", "duty", "free");
    fleet_is(room, "vehicle", "VE-000003", "duty", "offered");
    room_refuses(room, &two, "vehicle.accept", "OR-1", "", TQ_STALE,
                 "was taken from you at 08:00 (offer ended)");
    room_must(room, &three, "vehicle.accept", "OR-1", "");
    desk_room_follow(room);
    fleet_is(room, "order", "OR-1", "plate", "晋A·T0003");
    room_refuses(room, &two, "vehicle.accept", "OR-1", "", TQ_STALE, "it is with 晋A·T0003");
    room_refuses(room, &three, "vehicle.done", "OR-1", "{\"fare_fen\":1500}", TQ_STALE,
                 "comes after on_board");
    room_must(room, &three, "vehicle.arrive", "OR-1", "");
    room_must(room, &three, "vehicle.board", "OR-1", "");
    fleet_is(room, "vehicle", "VE-000003", "duty", "busy");
    room_refuses(room, &three, "vehicle.duty", "VE-000003", "{\"duty\":\"off\"}", TQ_STALE,
                 "with order OR-1");
    room_must(room, &three, "vehicle.done", "OR-1", "{\"fare_fen\":1500}");
    desk_room_follow(room);
    fleet_is(room, "vehicle", "VE-000003", "duty", "free");
    fleet_is(room, "order", "OR-1", "state", "done");
    assert_int_equal(room_ask(room, &three, "driver.me", "", ""), TQ_OK);
    assert_int_equal(json_integer_value(json_object_get(room->json, "income_fen")), 1500);
    room_must(room, &room->dispatcher, "dispatch.state", "", "");
    const json_t *all = json_object_get(json_object_get(room->json, "hour"), "all");
    assert_int_equal(json_integer_value(json_object_get(all, "served")), 1);
    assert_int_equal(json_integer_value(json_object_get(all, "refusals")), 2);
}

/* Several are asked at once; the first who accepts has it, the others are told by name. */
static void whoever_is_first(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1), two = fleet_driver(2), three = fleet_driver(3),
             four = fleet_driver(4);
    tq_buf before = {0}, after = {0};
    set_policy(room, "{\"name\":\"grab\",\"overrides\":{\"grab_most\":3}}");
    for (unsigned car = 1; car <= 4; car++)
        fleet_ready(room, car, LAT + 0.001 * car, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 3);
    fleet_is(room, "order", "OR-1", "state", "offered");
    fleet_is(room, "vehicle", "VE-000001", "order", "OR-1");
    fleet_is(room, "vehicle", "VE-000002", "order", "OR-1");
    fleet_is(room, "vehicle", "VE-000003", "duty", "offered");
    fleet_is(room, "vehicle", "VE-000004", "duty", "free");
    assert_int_equal(desk_supply_dump(room->desk, &before), TQ_OK);
    assert_int_equal(desk_supply_fill(room->desk, &room->err), TQ_OK);
    assert_int_equal(desk_supply_dump(room->desk, &after), TQ_OK);
    tq_buf_putc(&before, '\0');
    tq_buf_putc(&after, '\0');
    assert_string_equal(before.at, after.at);
    tq_buf_free(&before);
    tq_buf_free(&after);
    for (unsigned car = 1; car <= 4; car++)
        (void)fleet_at(room, car, LAT + 0.001 * car, LON);
    room_refuses(room, &four, "vehicle.accept", "OR-1", "", TQ_STALE, "is not yours");
    room_must(room, &two, "vehicle.accept", "OR-1", "");
    room_refuses(room, &one, "vehicle.accept", "OR-1", "", TQ_STALE, "order taken");
    desk_room_follow(room);
    room_refuses(room, &three, "vehicle.accept", "OR-1", "", TQ_STALE, "it is with 晋A·T0002");
    fleet_is(room, "order", "OR-1", "vehicle", "VE-000002");
    fleet_is(room, "vehicle", "VE-000001", "duty", "free");
    fleet_is(room, "vehicle", "VE-000003", "order", "");
    json_t *driver = fleet_record(room, "driver", "DR-000001");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(driver, "today"), "offered")), 0);
    json_decref(driver);
    fleet_wait(room, 30);
    fleet_is(room, "order", "OR-1", "state", "assigned");
}

/* One refuses: the rest are still asked. Nobody answers: others are asked, nobody twice. */
static void several_asked_in_vain(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1);
    set_policy(room, "{\"name\":\"grab\",\"overrides\":{\"grab_most\":2}}");
    for (unsigned car = 1; car <= 4; car++)
        fleet_ready(room, car, LAT + 0.001 * car, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 3);
    room_must(room, &one, "vehicle.refuse", "OR-1", "{\"reason\":\"lunch\"}");
    desk_room_follow(room);
    fleet_is(room, "order", "OR-1", "state", "offered");
    fleet_is(room, "vehicle", "VE-000001", "duty", "free");
    fleet_is(room, "vehicle", "VE-000002", "order", "OR-1");
    room_refuses(room, &one, "vehicle.accept", "OR-1", "", TQ_STALE, "lunch");
    fleet_wait(room, 18);
    fleet_is(room, "vehicle", "VE-000002", "duty", "free");
    fleet_is(room, "vehicle", "VE-000003", "order", "OR-1");
    fleet_is(room, "vehicle", "VE-000004", "order", "OR-1");
    json_t *order = fleet_record(room, "order", "OR-1");
    assert_int_equal(json_array_size(json_object_get(order, "refusals")), 2);
    /* Cancelled: all who were asked are free. */
    fleet_put(room, "order", "OR-1", "cancelled", order, "cancelled");
    fleet_wait(room, 2);
    fleet_is(room, "vehicle", "VE-000003", "duty", "free");
    fleet_is(room, "vehicle", "VE-000004", "duty", "free");
}

/* Nobody races for an elder's order: it is given at once, though others came before. An answer that
 * comes when the offer is over is refused, and the driver is asked for other orders again. */
static void elders_are_given(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1);
    set_policy(room, "{\"name\":\"grab\",\"overrides\":{\"grab_most\":1}}");
    fleet_ready(room, 1, LAT + 0.003, LON, "");
    fleet_ready(room, 2, LAT + 0.001, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_order(room, "OR-2", LAT, LON, "\"elder\":true");
    fleet_wait(room, 3);
    fleet_is(room, "order", "OR-2", "state", "assigned");
    fleet_is(room, "order", "OR-2", "vehicle", "VE-000002");
    fleet_is(room, "order", "OR-1", "state", "offered");
    fleet_is(room, "vehicle", "VE-000001", "order", "OR-1");
    fleet_wait(room, 18);
    fleet_is(room, "vehicle", "VE-000001", "duty", "free");
    room_refuses(room, &one, "vehicle.accept", "OR-1", "", TQ_STALE, "offer ended");
    fleet_is(room, "order", "OR-1", "state", "searching");
    fleet_order(room, "OR-3", LAT, LON, "");
    fleet_wait(room, 3);
    fleet_is(room, "vehicle", "VE-000001", "order", "OR-3");
    room_must(room, &one, "vehicle.accept", "OR-3", "");
    fleet_is(room, "order", "OR-3", "state", "assigned");
}

/* Where orders ended without a vehicle, idle ones from elsewhere are advised to wait. */
static void advice_to_idle(void **state)
{
    desk_room *room = *state;
    set_policy(room, "{\"name\":\"guided\",\"overrides\":{\"radius_m\":[500],\"grow_s\":[0],"
                     "\"give_up_s\":60,\"balance_s\":60}}");
    fleet_ready(room, 1, LAT, LON, "");
    fleet_ready(room, 2, LAT, LON + 0.0001, "");
    fleet_ready(room, 3, LAT + 0.4, LON, ""); /* too far to be of use */
    fleet_order(room, "OR-1", LAT + 0.02, LON, "");
    fleet_wait(room, 130);
    fleet_is(room, "order", "OR-1", "state", "unserved");
    unsigned advised = 0;
    for (unsigned car = 1; car <= 3; car++) {
        char id[48];
        fleet_vehicle_id(car, id);
        json_t *vehicle = fleet_record(room, "vehicle", id);
        const json_t *advice = json_object_get(vehicle, "advice");
        if (json_is_object(advice)) {
            advised++;
            assert_int_not_equal(car, 3);
            assert_true(json_real_value(json_object_get(advice, "lat")) > LAT + 0.019);
            assert_true(json_integer_value(json_object_get(advice, "drive_s")) > 0);
        }
        json_decref(vehicle);
    }
    assert_int_equal(advised, 1); /* one order is not worth both, nor the same one twice */
}

static void elders_first(void **state)
{
    desk_room *room = *state;
    fleet_ready(room, 1, LAT + 0.002, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_order(room, "OR-2", LAT, LON, "\"elder\":true");
    room->now_ms += 60000; /* the other has waited as long */
    fleet_wait(room, 1);
    fleet_is(room, "order", "OR-2", "state", "assigned");
    fleet_is(room, "order", "OR-1", "state", "searching");
    /* The nearer of two for the elder, though the other came first. */
    fleet_ready(room, 2, LAT + 0.002, LON, "");
    fleet_ready(room, 3, LAT + 0.006, LON, "");
    fleet_order(room, "OR-3", LAT, LON, "\"hospital\":true");
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-3", "vehicle", "VE-000002");
    fleet_is(room, "order", "OR-1", "vehicle", "VE-000003");
}

static void nobody_and_why(void **state)
{
    desk_room *room = *state;
    fleet_ready(room, 1, LAT + 0.002, LON, "");
    fleet_ready(room, 2, LAT + 0.048, LON, ",\"wheelchair\":1");
    fleet_order(room, "OR-1", LAT, LON, "\"needs\":[\"wheelchair\"]");
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-1", "state", "searching");
    json_t *order = fleet_record(room, "order", "OR-1");
    const char *id = json_string_value(json_object_get(order, "decision"));
    assert_non_null(id);
    json_t *decision = fleet_record(room, "decision", id);
    assert_string_equal(json_string_value(json_object_get(decision, "binding")),
                        "it is beyond the radius");
    assert_non_null(strstr(json_string_value(json_object_get(decision, "relax")), "VE-000002"));
    assert_int_equal(json_array_size(json_object_get(decision, "alternatives")), 2);
    json_decref(decision);
    json_decref(order);
    /* The circle grows. */
    fleet_wait(room, 160);
    fleet_at(room, 2, LAT + 0.048, LON);
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-1", "vehicle", "VE-000002");
    fleet_order(room, "OR-2", LAT, LON, "\"party\":7");
    fleet_wait(room, 920);
    fleet_is(room, "order", "OR-2", "state", "unserved");
    fleet_is(room, "vehicle", "VE-000001", "duty", "free");
}

static void in_turn(void **state)
{
    desk_room *room = *state;
    set_policy(room, "{\"name\":\"rotation\",\"overrides\":{\"offer\":\"assign\"}}");
    fleet_ready(room, 1, LAT + 0.003, LON, "");
    room->now_ms += 5000;
    fleet_ready(room, 2, LAT + 0.001, LON, "");
    room->now_ms += 5000;
    fleet_duty(room, 1, "free"); /* said again: the turn is kept */
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 3);
    fleet_is(room, "order", "OR-1", "vehicle", "VE-000001");
}

static void policies_are_data(void **state)
{
    desk_room *room = *state;
    room_refuses(room, &room->dispatcher, "policy.set", "", "{\"name\":\"neares\"}", TQ_BAD_INPUT,
                 "did you mean \"nearest\"");
    room_refuses(room, &room->dispatcher, "policy.set", "",
                 "{\"name\":\"batch\",\"overrides\":{\"bonus_fn\":1}}", TQ_BAD_INPUT,
                 "did you mean \"bonus_fen\"");
    room_refuses(room, &room->dispatcher, "policy.set", "",
                 "{\"name\":\"batch\",\"overrides\":{\"radius_m\":[5000,3000]}}", TQ_BAD_INPUT,
                 "must grow");
    room_refuses(room, &room->clerk, "policy.set", "", "{\"name\":\"batch\"}", TQ_DENIED, "clerk");
    set_policy(room, "{\"name\":\"snow\",\"reason\":\"snow\"}");
    room_must(room, &room->dispatcher, "policy.get", "", "");
    const json_t *policy = json_object_get(room->json, "policy");
    assert_int_equal(json_integer_value(json_object_get(policy, "bonus_fen")), 500);
    assert_int_equal(json_array_size(json_object_get(room->json, "policies")), 7);
    fleet_ready(room, 1, LAT + 0.001, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 9);
    json_t *order = fleet_record(room, "order", "OR-1");
    assert_int_equal(json_integer_value(json_object_get(order, "bonus_fen")), 500);
    json_decref(order);
}

static void policy_files_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *word;
    } bad[] = {
        {"name: x\nlike: batch\nbach_s: 3\n", "did you mean \"batch_s\""},
        {"name: x\nlike: batch\nbatch_s: 0\n", "from 1 to 60"},
        {"name: x\nlike: batch\nbatch_s: 0\n", "x.yaml line 3:"},
        {"name: x\nlike: batch\n\nradius_m: [1000, 900]\n", "line 4: \"radius_m\" must grow"},
        {"name: x\nlike: batch\nradius_m: 1000\n", "a list of"},
        {"name: x\nlike: batch\nbatch_s: {a: 1}\n", "whole number"},
        {"name: x\nlike: batch\ntitle: {zh: 甲, fr: b}\n", "unknown key fr"},
        {"name: &a x\nlike: batch\npartner: *a\n", "aliases"},
        {"name: x\nlike: batch\nbatch_s: \"8\"\n", "whole number"},
        {"name: x\nlike: bach\n", "names no policy"},
        {"name: x\nlike: batch\nmethod: rotate\n", "rotation"},
        {"name: x\nlike: batch\ngrow_s: [0, 60]\n", "one number for each"},
        {"name: x\nlike: batch\nbatch_s: 3\nbatch_s: 4\n", "stands twice"},
        {"name: x\n", "all its keys"},
        {"like: batch\n", "needs name"},
        {"- 1\n", "has keys"},
        {"a: [\n", "not YAML"},
    };
    desk_policies *all = calloc(1, sizeof *all);
    tq_err err;
    assert_int_equal(policies_read(NULL, all, &err), TQ_OK);
    uint32_t before = all->count;
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_err_clear(&err);
        if (policies_add(all, "x.yaml", tq_str_of(bad[k].yaml), &err) != TQ_BAD_CONFIG ||
            strstr(err.text, bad[k].word) == NULL)
            fail_msg("%s: %s", bad[k].yaml, err.text);
        assert_int_equal(all->count, before);
    }
    assert_int_equal(
        policies_add(all, "x.yaml", TQ_STR("name: x\ntitle: {zh: 甲, en: a}\nlike: snow\n"), &err),
        TQ_OK);
    assert_int_equal(policy_named(all, "x")->bonus_fen, 500);
    assert_int_equal(policy_radius(policy_named(all, "x"), 60), 8000);
    free(all);
}

static void fair_income(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1);
    set_policy(room, "{\"name\":\"fair\"}");
    fleet_ready(room, 1, LAT + 0.001, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 9);
    room_must(room, &one, "vehicle.arrive", "OR-1", "");
    room_must(room, &one, "vehicle.board", "OR-1", "");
    room_must(room, &one, "vehicle.done", "OR-1", "{\"fare_fen\":9000}");
    desk_room_follow(room);
    fleet_ready(room, 2, LAT + 0.004, LON, "");
    assert_int_equal(fleet_at(room, 1, LAT + 0.001, LON), TQ_OK);
    fleet_order(room, "OR-2", LAT, LON, "");
    fleet_wait(room, 9);
    fleet_is(room, "order", "OR-2", "vehicle", "VE-000002");
    json_t *order = fleet_record(room, "order", "OR-2");
    assert_int_equal(room_ask(room, &room->dispatcher, "decision.get",
                              json_string_value(json_object_get(order, "decision")), ""),
                     TQ_OK);
    assert_true(json_integer_value(
                    json_object_get(json_object_get(room->json, "inputs"), "income_price_s")) > 0);
    json_decref(order);
}

static void cancelled_frees(void **state)
{
    desk_room *room = *state;
    tq_actor one = fleet_driver(1);
    fleet_ready(room, 1, LAT + 0.001, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_wait(room, 9);
    json_t *order = fleet_record(room, "order", "OR-1");
    json_t *cancelled = json_pack("{s:s,s:s}", "by", "passenger", "why", "walks");
    json_object_set_new(order, "cancelled", cancelled);
    fleet_put(room, "order", "OR-1", "cancelled", order, "cancelled");
    room_refuses(room, &one, "vehicle.arrive", "OR-1", "", TQ_STALE, "was cancelled: walks");
    fleet_wait(room, 1);
    fleet_is(room, "vehicle", "VE-000001", "duty", "free");
    fleet_is(room, "vehicle", "VE-000001", "order", "");
}

static void by_hand(void **state)
{
    desk_room *room = *state;
    fleet_ready(room, 1, LAT + 0.001, LON, "");
    fleet_ready(room, 2, LAT + 0.009, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    room_refuses(room, &room->dispatcher, "dispatch.assign", "OR-1", "{\"vehicle\":\"VE-000002\"}",
                 TQ_BAD_INPUT, "\"reason\"");
    room_refuses(room, &room->dispatcher, "dispatch.assign", "OR-1",
                 "{\"vehicle\":\"VE-9\",\"reason\":\"r\"}", TQ_NOT_FOUND, "VE-9");
    room_must(room, &room->dispatcher, "dispatch.assign", "OR-1",
              "{\"vehicle\":\"VE-000002\",\"reason\":\"his usual driver\",\"version\":1}");
    room_refuses(room, &room->second, "dispatch.assign", "OR-1",
                 "{\"vehicle\":\"VE-000001\",\"reason\":\"r\",\"version\":1}", TQ_STALE,
                 "look again");
    desk_room_follow(room);
    fleet_is(room, "order", "OR-1", "why", "his usual driver");
    fleet_order(room, "OR-2", LAT, LON, "");
    room_refuses(room, &room->dispatcher, "dispatch.assign", "OR-2",
                 "{\"vehicle\":\"VE-000002\",\"reason\":\"r\"}", TQ_BAD_INPUT, "with OR-1");
    /* Given to another: the first is free again. */
    room_must(room, &room->dispatcher, "dispatch.assign", "OR-1",
              "{\"vehicle\":\"VE-000001\",\"reason\":\"nearer\"}");
    fleet_is(room, "vehicle", "VE-000002", "duty", "free");
    fleet_is(room, "vehicle", "VE-000001", "order", "OR-1");
}

static void to_the_partner(void **state)
{
    desk_room *room = *state;
    tq_actor company = desk_room_actor("key", TQ_ROLE_PEER);
    (void)snprintf(company.peer, sizeof company.peer, "hailing");
    set_policy(room,
               "{\"name\":\"batch\",\"overrides\":{\"partner\":\"hailing\",\"partner_s\":30}}");
    fleet_order(room, "OR-1", LAT, LON, "\"classes\":[\"taxi\",\"ride_hailing\"]");
    fleet_order(room, "OR-2", LAT, LON, "");
    room_refuses(room, &company, "vehicle.partner", "OR-1", "{\"accept\":true}", TQ_DENIED,
                 "not offered to you");
    fleet_wait(room, 40);
    json_t *order = fleet_record(room, "order", "OR-1");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(order, "partner"), "peer")), "hailing");
    json_decref(order);
    room_refuses(room, &company, "vehicle.partner", "OR-2", "{\"accept\":true}", TQ_DENIED,
                 "not offered to you");
    room_refuses(room, &company, "vehicle.partner", "OR-1", "{\"accept\":true}", TQ_BAD_INPUT,
                 "\"plate\"");
    room_must(room, &company, "vehicle.partner", "OR-1",
              "{\"accept\":true,\"plate\":\"晋A·D1\",\"driver\":\"李\",\"eta_s\":240}");
    fleet_is(room, "order", "OR-1", "state", "assigned");
    room_refuses(room, &company, "vehicle.partner", "OR-1", "{\"state\":\"done\"}", TQ_STALE,
                 "comes after on_board");
    room_must(room, &company, "vehicle.partner", "OR-1", "{\"state\":\"arrived\"}");
    room_must(room, &company, "vehicle.partner", "OR-1", "{\"state\":\"on_board\"}");
    room_must(room, &company, "vehicle.partner", "OR-1", "{\"state\":\"done\",\"fare_fen\":2100}");
    fleet_is(room, "order", "OR-1", "state", "done");
}

static void the_same_after_reading_again(void **state)
{
    desk_room *room = *state;
    tq_buf before = {0}, after = {0};
    fleet_ready(room, 1, LAT + 0.001, LON, "");
    fleet_ready(room, 2, LAT + 0.002, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    fleet_order(room, "OR-2", LAT + 0.2, LON, "");
    fleet_wait(room, 9);
    assert_int_equal(desk_supply_dump(room->desk, &before), TQ_OK);
    assert_int_equal(desk_supply_fill(room->desk, &room->err), TQ_OK);
    assert_int_equal(desk_supply_dump(room->desk, &after), TQ_OK);
    tq_buf_putc(&before, '\0');
    tq_buf_putc(&after, '\0');
    assert_string_equal(before.at, after.at);
    tq_buf_free(&before);
    tq_buf_free(&after);
}

/* With roads at hand times are live ones, and the wait that is told is that of the one who comes.
 */
static void by_live_roads(void **state)
{
    desk_room *room = *state;
    tq_roads *streets = NULL;
    const tq_overlay *overlay = NULL;
    bool changed = false;
    int32_t wait_s = 0;
    uint32_t vehicles = 0;
    tq_err err;
    assert_int_equal(tq_roads_open(city, &streets, &err), TQ_OK);
    fleet_ready(room, 1, LAT + 0.004, LON, "");
    fleet_ready(room, 2, LAT - 0.010, LON, "");
    fleet_order(room, "OR-1", LAT, LON, "");
    room->now_ms += 9000;
    assert_int_equal(tq_live_overlay(room->live, room->version, &overlay, &err), TQ_OK);
    tq_desk_world world = {.city = city, .roads = streets, .overlay = overlay, .live = room->live};
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    if (tq_desk_tick(room->desk, &world, room->now_ms, &changed, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    assert_true(changed);
    desk_room_follow(room);
    json_t *order = fleet_record(room, "order", "OR-1");
    json_t *decision =
        fleet_record(room, "decision", json_string_value(json_object_get(order, "decision")));
    assert_string_equal(json_string_value(json_object_get(decision, "times")), "roads");
    assert_true(json_integer_value(json_object_get(order, "eta_s")) > 0);
    assert_true(json_integer_value(json_object_get(order, "approach_m")) > 300);
    json_decref(decision);
    json_decref(order);
    uint32_t http = 200;
    tq_buf answer = {0};
    tq_command command = desk_room_command(room, &room->dispatcher, "x", "", "");
    desk_call call = {.desk = room->desk,
                      .command = &command,
                      .world = &world,
                      .status = &http,
                      .answer = &answer,
                      .err = &err};
    tq_point here = {378700000, 1125500000};
    assert_int_equal(desk_supply_wait(&call, here, NULL, NULL, &wait_s, &vehicles), TQ_OK);
    assert_int_equal(vehicles, 1);
    assert_true(wait_s > 0);
    json_t *needs = json_pack("[s]", "wheelchair");
    assert_int_equal(desk_supply_wait(&call, here, needs, NULL, &wait_s, &vehicles), TQ_NOT_FOUND);
    assert_non_null(strstr(err.text, "wheelchair"));
    json_decref(needs);
    tq_overlay_drop(overlay);
    tq_desk_close(room->desk);
    room->desk = NULL;
    tq_roads_close(streets);
    tq_live_close(room->live);
    desk_room_open(room);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, end_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_best_for_all),
        CASE(asked_one_after_another),
        CASE(whoever_is_first),
        CASE(several_asked_in_vain),
        CASE(elders_are_given),
        CASE(advice_to_idle),
        CASE(elders_first),
        CASE(nobody_and_why),
        CASE(in_turn),
        CASE(policies_are_data),
        CASE(policy_files_are_strict),
        CASE(fair_income),
        CASE(cancelled_frees),
        CASE(by_hand),
        CASE(to_the_partner),
        CASE(the_same_after_reading_again),
        CASE(by_live_roads),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
