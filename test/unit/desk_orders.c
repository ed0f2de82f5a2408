/*
 * Orders: made, moved, changed, cancelled, not there, handed over; prices; booked ones begin in
 * time; callers are known again; and every refusal on the way leaves all as it was.
 */
// also: import
#include "desk/order_in.h"
#include "desk_room.h"

static tq_city *city;
static tq_roads *roads;
static tq_days *days;

static int open_city(void **state)
{
    tq_err err;
    (void)state;
    city = desk_room_city();
    if (tq_roads_open(city, &roads, &err) != TQ_OK || tq_days_open(city, &days, &err) != TQ_OK)
        fail_msg("%s", err.text);
    return 0;
}

static int close_city(void **state)
{
    (void)state;
    tq_days_close(days);
    tq_roads_close(roads);
    tq_city_close(city);
    return 0;
}

static int setup(void **state)
{
    desk_room *room = calloc(1, sizeof *room);
    desk_room_begin(room, city);
    *state = room;
    return 0;
}

static int teardown(void **state)
{
    desk_room_end(*state);
    free(*state);
    return 0;
}

#define BANK    "{\"lat\":37.84815,\"lon\":112.5675,\"name\":\"并州东街银行\",\"cross\":\"并州北路\"}"
#define AIRPORT "{\"lat\":37.7469,\"lon\":112.628,\"name\":\"武宿机场\"}"
#define RIDE    "\"phone\":\"138 1234-5678\",\"from\":" BANK ",\"to\":" AIRPORT
#define ORDER   "OR-2025-0001"

/* With streets and timetables. */
static tq_status run_live(desk_room *room, const tq_actor *actor, const char *verb, const char *id,
                          const char *body)
{
    tq_command command = desk_room_command(room, actor, verb, id, body);
    tq_desk_world world = {.city = city, .roads = roads, .days = days, .live = room->live};
    tq_err err;
    room->answer.len = 0;
    tq_err_clear(&room->err);
    desk_room_follow(room);
    if (tq_live_overlay(room->live, room->version, &world.overlay, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    tq_status status =
        tq_desk_do(room->desk, &command, &world, &room->status, &room->answer, &room->err);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    desk_room_keep(room, status);
    tq_overlay_drop(world.overlay);
    return status;
}

static json_t *member(const desk_room *room, const char *a, const char *b)
{
    return json_object_get(json_object_get(room->json, a), b);
}

static const char *state_of(desk_room *room, const char *id)
{
    assert_int_equal(room_ask(room, &room->clerk, "order.get", id, ""), TQ_OK);
    return room_text(room, "state");
}

/* As the dispatcher does it. */
static tq_status move(desk_room *room, const char *id, const char *to, json_t *facts)
{
    tq_command command = desk_room_command(room, &room->dispatcher, "test", id, "");
    tq_buf answer = {0};
    uint32_t status = 200;
    tq_err err;
    desk_call call = {.desk = room->desk,
                      .command = &command,
                      .status = &status,
                      .answer = &answer,
                      .err = &room->err};
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    tq_status result = desk_order_move(&call, id, to, to != NULL ? to : "facts", facts, NULL);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    return result;
}

static bool put_record(void *user, const tq_record *record)
{
    tq_buf *out = user;
    tq_buf_printf(out, "%s %s %llu ", record->kind, record->id,
                  (unsigned long long)record->version);
    tq_buf_put(out, record->body.at, record->body.len);
    return true;
}

/* All that orders and callers are. */
static void dump(desk_room *room, tq_buf *out)
{
    static const char *const kinds[] = {"order", "caller",    "callback",
                                        "call",  "complaint", "tariff"};
    tq_err err;
    out->len = 0;
    for (uint32_t k = 0; k < TQ_COUNT(kinds); k++) {
        tq_store_filter filter = {.kind = kinds[k]};
        assert_int_equal(tq_store_each(tq_desk_store(room->desk), &filter, put_record, out, &err),
                         TQ_OK);
    }
    tq_buf_u64(out, tq_store_last_event(tq_desk_store(room->desk)));
}

static void an_order_from_call_to_done(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE ",\"needs\":[\"helper\"]}");
    assert_int_equal(room->status, 201);
    assert_string_equal(room_text(room, "id"), ORDER);
    assert_string_equal(room_text(room, "state"), "searching");
    assert_string_equal(room_text(room, "kind"), "taxi");
    assert_string_equal(room_text(room, "phone"), "13812345678");
    assert_string_equal(room_text(room, "caller"), "CR-000001");
    assert_non_null(strstr(json_string_value(member(room, "spoken", "zh")), "靠近并州北路路口"));
    assert_int_equal(move(room, ORDER, "on_board", NULL), TQ_STALE);
    assert_non_null(strstr(room->err.text, "searching"));
    assert_int_equal(
        move(room, ORDER, "assigned",
             json_pack("{s:s, s:s, s:i}", "plate", "晋A·T1234", "colour", "白色", "eta_s", 170)),
        TQ_OK);
    assert_string_equal(state_of(room, ORDER), "assigned");
    assert_non_null(strstr(json_string_value(member(room, "spoken", "zh")), "晋 A T 1 2 3 4"));
    assert_non_null(strstr(json_string_value(member(room, "spoken", "zh")), "大约3分钟到"));
    assert_non_null(strstr(json_string_value(member(room, "spoken", "en")), "cash is fine"));
    assert_int_equal(move(room, ORDER, "arrived", NULL), TQ_OK);
    assert_int_equal(move(room, ORDER, "on_board", NULL), TQ_OK);
    assert_int_equal(move(room, ORDER, "done", NULL), TQ_OK);
    assert_string_equal(state_of(room, ORDER), "done");
    assert_int_equal(json_array_size(json_object_get(room->json, "history")), 5);
    assert_true(json_is_string(member(room, "times", "boarded")));
    room_refuses(room, &room->clerk, "order.cancel", ORDER, "{}", TQ_STALE, "done");
    /* The number is known again. */
    room_must(room, &room->clerk, "call.in", "", "{\"phone\":\"13812345678\"}");
    assert_int_equal(json_array_size(json_object_get(room->json, "places")), 2);
    assert_string_equal(json_string_value(json_array_get(member(room, "caller", "needs"), 0)),
                        "helper");
    assert_true(json_is_null(json_object_get(room->json, "order")));
}

static void each_bad_order_is_refused(void **state)
{
    static const struct {
        const char *body, *word;
        tq_status want;
    } bad[] = {
        {"{\"from\":" BANK "}", "\"phone\" is missing", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\"}", "\"from\" is missing", TQ_BAD_INPUT},
        {"{\"phone\":\"call me\",\"from\":" BANK "}", "phone", TQ_BAD_INPUT},
        {"{\"phone\":\"12\",\"from\":" BANK "}", "2 digits", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":{\"lat\":39.9,\"lon\":116.4}}", "outside the area",
         TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":" BANK ",\"to\":{\"lat\":36.057,\"lon\":103.883}}",
         "km from its edge", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":{\"lat\":91,\"lon\":112}}", "lat (-90 to 90)",
         TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":\"东岗路\"}", "give lat and lon", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":\"qqqqwwwwzzz\"}", "no place is called",
         TQ_BAD_INPUT},
        {"{" RIDE ",\"at\":\"2025-06-03T07:50\"}", "10 min in the past", TQ_BAD_INPUT},
        {"{" RIDE ",\"at\":\"2025-07-30T08:00\"}", "days ahead", TQ_BAD_INPUT},
        {"{" RIDE ",\"at\":\"tomorrow\"}", "write an instant", TQ_BAD_INPUT},
        {"{" RIDE ",\"party\":7}", "\"party\"", TQ_BAD_INPUT},
        {"{" RIDE ",\"party\":1.5}", "whole number", TQ_BAD_INPUT},
        {"{" RIDE ",\"needs\":[\"wheelchiar\"]}", "did you mean wheelchair", TQ_BAD_INPUT},
        {"{" RIDE ",\"classes\":[\"boat\"]}", "boat", TQ_BAD_INPUT},
        {"{" RIDE ",\"channel\":\"fax\"}", "fax", TQ_BAD_INPUT},
        {"{" RIDE ",\"kind\":\"seat\"}", "booked on its line", TQ_BAD_INPUT},
        {"{" RIDE ",\"kind\":\"booked\"}", "\"at\" is now", TQ_BAD_INPUT},
        {"{" RIDE ",\"form\":1}", "did you mean \"from\"", TQ_BAD_INPUT},
        {"{" RIDE ",\"call\":\"CL95-2025-0009\"}", "there is no call", TQ_NOT_FOUND},
        {"{" RIDE ",\"hand_over_to\":\"忻州\"}", "served here", TQ_BAD_INPUT},
    };
    desk_room *room = *state;
    tq_buf before = {0}, after = {0};
    dump(room, &before);
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        room_refuses(room, &room->clerk, "order.create", "", bad[k].body, bad[k].want, bad[k].word);
        dump(room, &after);
        assert_int_equal(before.len, after.len);
        assert_memory_equal(before.at, after.at, before.len);
    }
    room_refuses(room, &room->nobody, "order.create", "", "{" RIDE "}", TQ_DENIED, "clerk");
    tq_buf_free(&before);
    tq_buf_free(&after);
}

static void the_same_key_makes_one_order(void **state)
{
    desk_room *room = *state;
    for (uint32_t k = 0; k < 2; k++) {
        tq_command command =
            desk_room_command(room, &room->clerk, "order.create", "", "{" RIDE "}");
        command.key = "one";
        assert_int_equal(desk_room_run(room, &command), TQ_OK);
        assert_string_equal(room_text(room, "id"), ORDER);
    }
    assert_int_equal(room_ask(room, &room->clerk, "order.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "orders")), 1);
}

static void a_booked_car_is_looked_for_in_time(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE ",\"at\":\"2025-06-03T10:00\"}");
    assert_string_equal(room_text(room, "state"), "booked");
    room->now_ms = START_MS + 104 * MIN_MS;
    assert_false(room_tick(room));
    assert_string_equal(state_of(room, ORDER), "booked");
    room->now_ms = START_MS + 105 * MIN_MS;
    assert_true(room_tick(room));
    assert_string_equal(state_of(room, ORDER), "searching");
    /* A car that is late: the passenger is called back, once. */
    json_t *facts = json_pack("{s:i, s:s}", "eta_s", 300, "eta_at", "2025-06-03T09:50");
    assert_int_equal(move(room, ORDER, "assigned", facts), TQ_OK);
    room->now_ms = START_MS + 124 * MIN_MS;
    (void)room_tick(room);
    assert_int_equal(room_ask(room, &room->clerk, "callback.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "callbacks")), 0);
    room->now_ms = START_MS + 126 * MIN_MS;
    (void)room_tick(room);
    (void)room_tick(room);
    assert_int_equal(room_ask(room, &room->clerk, "callback.list", "", "state=open"), TQ_OK);
    json_t *list = json_object_get(room->json, "callbacks");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(desk_get_text(json_array_get(list, 0), "why"), "late");
    char id[TQ_ID_MAX];
    (void)snprintf(id, sizeof id, "%s", desk_get_text(json_array_get(list, 0), "id"));
    room_must(room, &room->clerk, "callback.done", id, "{\"result\":\"told\"}");
    room_refuses(room, &room->clerk, "callback.done", id, "{}", TQ_STALE, "done");
}

static void two_dispatchers_on_one_order(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    room_must(room, &room->dispatcher, "order.change", ORDER, "{\"party\":2,\"version\":1}");
    assert_int_equal(json_integer_value(json_object_get(room->json, "party")), 2);
    assert_string_equal(desk_get_text(json_object_get(room->json, "to"), "name"), "武宿机场");
    room_refuses(room, &room->second, "order.cancel", ORDER, "{\"version\":1}", TQ_STALE,
                 "version 2");
    assert_string_equal(state_of(room, ORDER), "searching");
}

static void cancelling_costs_after_a_while(void **state)
{
    desk_room *room = *state;
    for (uint32_t round = 0; round < 2; round++) {
        char id[TQ_ID_MAX];
        room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
        (void)snprintf(id, sizeof id, "%s", room_text(room, "id"));
        assert_int_equal(move(room, id, "assigned", NULL), TQ_OK);
        room->now_ms += (round == 0 ? 3 : 4) * MIN_MS;
        room_refuses(room, &room->clerk, "order.cancel", id, "{\"by\":\"centre\"}", TQ_BAD_INPUT,
                     "why");
        room_refuses(room, &room->clerk, "order.cancel", id, "{\"by\":\"cat\"}", TQ_BAD_INPUT,
                     "cat");
        room_must(room, &room->clerk, "order.cancel", id, "{}");
        assert_int_equal(json_integer_value(member(room, "cancelled", "fee_fen")),
                         round == 0 ? 0 : 300);
    }
}

static void no_shows_block_for_a_time(void **state)
{
    desk_room *room = *state;
    char id[TQ_ID_MAX];
    for (uint32_t k = 0; k < 3; k++) {
        room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
        (void)snprintf(id, sizeof id, "%s", room_text(room, "id"));
        assert_int_equal(move(room, id, "assigned", NULL), TQ_OK);
        room_refuses(room, &room->clerk, "order.no_show", id, "{\"checked\":true}", TQ_STALE,
                     "assigned");
        assert_int_equal(move(room, id, "arrived", NULL), TQ_OK);
        room->now_ms += 4 * MIN_MS;
        room_refuses(room, &room->clerk, "order.no_show", id, "{\"checked\":true}", TQ_BAD_INPUT,
                     "300 s are due");
        room->now_ms += MIN_MS;
        room_refuses(room, &room->clerk, "order.no_show", id, "{}", TQ_BAD_INPUT, "checked");
        room_must(room, &room->clerk, "order.no_show", id, "{\"checked\":true}");
    }
    room_refuses(room, &room->clerk, "order.create", "", "{" RIDE "}", TQ_DENIED, "appeal");
    assert_non_null(strstr(room->err.text, "2025-06-17"));
    room_refuses(room, &room->clerk, "caller.change", "CR-000001", "{\"trust\":\"normal\"}",
                 TQ_BAD_INPUT, "why");
    room_must(room, &room->clerk, "caller.change", "CR-000001",
              "{\"trust\":\"trusted\",\"why\":\"was in hospital\"}");
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    room_must(room, &room->clerk, "caller.change", "CR-000001",
              "{\"trust\":\"blocked\",\"why\":\"shouts\",\"until\":\"2025-06-04T08:00\"}");
    room_refuses(room, &room->clerk, "order.create", "", "{" RIDE "}", TQ_DENIED, "shouts");
    room->now_ms += DAY_MS;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
}

static void another_city_gets_it(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "order.create", "",
              "{\"phone\":\"13812345678\",\"from\":{\"lat\":39.9,\"lon\":116.4,\"name\":\"北京\"},"
              "\"hand_over_to\":\"北京\"}");
    assert_string_equal(room_text(room, "state"), "handed_over");
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    room_refuses(room, &room->clerk, "order.hand_over", "OR-2025-0002",
                 "{\"city\":\"忻州\",\"why\":\"x\"}", TQ_BAD_INPUT, "served here");
}

static void others_do_not_see_it(void **state)
{
    desk_room *room = *state;
    tq_actor stranger = desk_room_actor("stranger", TQ_ROLE_RIDER);
    room_must(room, &room->rider, "order.create", "", "{" RIDE "}");
    assert_string_equal(room_text(room, "channel"), "app");
    assert_int_equal(room_ask(room, &room->rider, "order.get", ORDER, ""), TQ_OK);
    assert_string_equal(room_text(room, "phone"), "13812345678");
    assert_int_equal(room_ask(room, &stranger, "order.get", ORDER, ""), TQ_NOT_FOUND);
    room_refuses(room, &stranger, "order.cancel", ORDER, "{}", TQ_NOT_FOUND, "no order");
    assert_int_equal(room_ask(room, &stranger, "order.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "orders")), 0);
    assert_int_equal(room_ask(room, &room->auditor, "order.get", ORDER, ""), TQ_OK);
    assert_string_equal(room_text(room, "phone"), "***5678");
    room_must(room, &room->rider, "order.complain", ORDER, "{\"text\":\"rude\"}");
    assert_int_equal(room->status, 201);
    room_refuses(room, &room->rider, "order.complain", ORDER, "{\"about\":\"driver\"}",
                 TQ_BAD_INPUT, "text");
    assert_int_equal(room_ask(room, &room->clerk, "order.why", ORDER, ""), TQ_OK);
}

static const char TARIFF[] =
    "tariff,class,from,to,start_fen,start_m,km_fen,slow_kmh,slow_min_fen,return_km,return_percent,"
    "source,weak,note\n"
    "taxi,taxi,05:00,21:00,800,3000,160,12,40,10,50,travel pages,yes,day\n"
    "taxi,taxi,21:00,05:00,860,3000,180,12,40,10,50,travel pages,yes,night\n";

static void prices_by_hand(void **state)
{
    struct desk_order_rules *rules = NULL;
    tq_err err;
    (void)state;
    assert_int_equal(desk_order_rules_open(NULL, &rules, &err), TQ_OK);
    assert_int_equal(tariff_read(tq_str_of(TARIFF), "test", rules, &err), TQ_OK);
    assert_int_equal(rules->tariff_count, 1);
    const tariff *taxi = &rules->tariff[0];
    const tariff_row *by_day = tariff_at(taxi, 8 * 60), *by_night = tariff_at(taxi, 21 * 60);
    assert_true(taxi->weak);
    assert_ptr_equal(tariff_at(taxi, 4 * 60 + 59), by_night);
    assert_ptr_equal(tariff_at(taxi, 5 * 60), by_day);
    assert_int_equal(tariff_price(by_day, 3000, 0), 800);
    assert_int_equal(tariff_price(by_day, 10000, 0), 800 + 7 * 160);
    /* 5 km beyond 10 at 2.40; 10 slow minutes at 0.40 */
    assert_int_equal(tariff_price(by_day, 15000, 600), 800 + 7 * 160 + 5 * 240 + 400);
    assert_int_equal(tariff_price(by_night, 4000, 0), 860 + 180);
    assert_int_equal(tariff_read(TQ_STR("tariff,class\nx,y\n"), "test", rules, &err),
                     TQ_BAD_CONFIG);
    desk_order_rules_close(rules);
}

static void estimates_by_live_streets(void **state)
{
    desk_room *room = *state;
    char path[160];
    (void)snprintf(path, sizeof path, "%s/tariff.csv", room->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(TARIFF, file);
    (void)fclose(file);
    desk_room_shut(room);
    desk_room_open(room);
    room->now_ms = START_MS + 13 * HOUR_MS + 50 * MIN_MS; /* 21:50 */
    tq_status status = run_live(room, &room->clerk, "order.estimate", "",
                                "{\"from\":{\"lat\":37.8915,\"lon\":112.5595},\"to\":" AIRPORT "}");
    if (status != TQ_OK) fail_msg("%s", room->err.text);
    (void)unlink(path);
    double km = json_number_value(member(room, "estimate", "km"));
    json_int_t low = json_integer_value(member(room, "estimate", "low_fen"));
    if (!(km > 12 && km < 60) || low < 860 + 1500)
        fail_msg("%.*s", (int)room->answer.len, room->answer.at);
    assert_true(json_is_null(member(room, "estimate", "wait_s")));
    assert_true(json_is_true(member(room, "estimate", "tariff_weak")));
    if (strstr(room->answer.at, "22:18") == NULL || strstr(room->answer.at, "大南门") == NULL)
        fail_msg("%s", room->answer.at);
    assert_int_equal(run_live(room, &room->clerk, "order.create", "",
                              "{\"phone\":\"13812345678\",\"from\":{\"lat\":38.3,\"lon\":111.95}}"),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "street"));
}

static void a_tariff_is_edited(void **state)
{
    desk_room *room = *state;
    room_refuses(room, &room->clerk, "tariff.put", "", "{}", TQ_DENIED, "admin");
    room_refuses(room, &room->admin, "tariff.put", "",
                 "{\"name\":\"taxi\",\"class\":\"taxi\",\"source\":\"s\",\"rows\":[{\"from\":"
                 "\"05:00\",\"to\":\"21:00\",\"start_fen\":900}]}",
                 TQ_BAD_INPUT, "holds at 00:00");
    room_must(room, &room->admin, "tariff.put", "",
              "{\"name\":\"taxi\",\"class\":\"taxi\",\"source\":\"s\",\"rows\":[{\"from\":"
              "\"00:00\",\"to\":\"00:00\",\"start_fen\":900,\"start_m\":3000,\"km_fen\":200}]}");
    assert_int_equal(room_ask(room, &room->nobody, "tariff.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "tariffs")), 1);
}

static void history_is_bounded(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    for (uint32_t k = 0; k < 230; k++)
        assert_int_equal(move(room, ORDER, NULL, NULL), TQ_OK);
    assert_string_equal(state_of(room, ORDER), "searching");
    json_t *history = json_object_get(room->json, "history");
    assert_int_equal(json_array_size(history), 200);
    assert_string_equal(desk_get_text(json_array_get(history, 0), "what"), "created");
    assert_int_equal(json_integer_value(json_object_get(room->json, "history_dropped")), 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_order_from_call_to_done, setup, teardown),
        cmocka_unit_test_setup_teardown(each_bad_order_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_key_makes_one_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_booked_car_is_looked_for_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(two_dispatchers_on_one_order, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelling_costs_after_a_while, setup, teardown),
        cmocka_unit_test_setup_teardown(no_shows_block_for_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(another_city_gets_it, setup, teardown),
        cmocka_unit_test_setup_teardown(others_do_not_see_it, setup, teardown),
        cmocka_unit_test(prices_by_hand),
        cmocka_unit_test_setup_teardown(estimates_by_live_streets, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tariff_is_edited, setup, teardown),
        cmocka_unit_test_setup_teardown(history_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
