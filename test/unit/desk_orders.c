/*
 * Orders: made, moved, changed, cancelled, not there, handed over; prices; booked ones begin in
 * time; callers are known again; and every refusal on the way leaves all as it was.
 */
// also: import
#include "desk/order_in.h"
#include "desk_shipped.h"

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
        {"{\"phone\":\"1234\",\"from\":" BANK "}", "4 digits", TQ_BAD_INPUT},
        {"{\"phone\":\"+123456789012345678901\",\"from\":" BANK "}", "5 to 20", TQ_BAD_INPUT},
        {"{\"phone\":\"138+12345678\",\"from\":" BANK "}", "no number", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":{\"lat\":39.9,\"lon\":116.4}}", "outside the area",
         TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":" BANK ",\"to\":{\"lat\":36.057,\"lon\":103.883}}",
         "km from its edge", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":{\"lat\":91,\"lon\":112}}", "lat (-90 to 90)",
         TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":\"东岗路\"}", "give lat and lon", TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":\"qqqqwwwwzzz\"}", "no place is called",
         TQ_BAD_INPUT},
        {"{" RIDE ",\"at\":\"2025-06-03T07:50\"}", "2025-06-03T07:50:00+08:00, in the past",
         TQ_BAD_INPUT},
        {"{\"phone\":\"13812345678\",\"from\":" BANK ",\"to\":" BANK "}", "is the place of",
         TQ_BAD_INPUT},
        {"{" RIDE ",\"at\":\"2025-07-30T08:00\"}", "days ahead", TQ_BAD_INPUT},
        {"{" RIDE ",\"at\":\"tomorrow\"}", "write an instant", TQ_BAD_INPUT},
        {"{" RIDE ",\"party\":9}", "\"party\"", TQ_BAD_INPUT},
        {"{" RIDE ",\"party\":0}", "\"party\"", TQ_BAD_INPUT},
        {"{" RIDE ",\"party\":1.5}", "whole number", TQ_BAD_INPUT},
        {"{" RIDE ",\"needs\":[\"wheelchiar\"]}", "did you mean wheelchair", TQ_BAD_INPUT},
        {"{" RIDE ",\"needs\":[\"child_sead\"]}", "did you mean child_seat", TQ_BAD_INPUT},
        {"{" RIDE ",\"needs\":\"cash\"}", "list of words", TQ_BAD_INPUT},
        {"{" RIDE ",\"needs\":[1]}", "list of words", TQ_BAD_INPUT},
        {"{" RIDE ",\"party\":4000000000}", "is 4000000000; from 1 to 8", TQ_BAD_INPUT},
        {"{" RIDE ",\"classes\":[\"boat\"]}", "boat", TQ_BAD_INPUT},
        {"{" RIDE ",\"elder\":1}", "true or false", TQ_BAD_INPUT},
        {"{" RIDE ",\"born\":2030}", "\"born\"", TQ_BAD_INPUT},
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

/* The car is later than was told: the passenger goes free. It came in time: he pays. */
static void a_late_car_makes_it_free(void **state)
{
    static const struct {
        int64_t arrived, cancelled; /* min after it was named; 0 = never */
        json_int_t fee;
    } rows[] = {{0, 9, 300}, {0, 11, 0}, {4, 20, 300}, {11, 12, 0}};
    desk_room *room = *state;
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        char id[TQ_ID_MAX], told[TQ_TIME_TEXT_MAX];
        int64_t named_ms = room->now_ms;
        room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
        (void)snprintf(id, sizeof id, "%s", room_text(room, "id"));
        tq_time_print(&city->zone, named_ms + 5 * MIN_MS, told);
        assert_int_equal(move(room, id, "assigned", json_pack("{s:s}", "eta_at", told)), TQ_OK);
        if (rows[k].arrived > 0) {
            room->now_ms = named_ms + rows[k].arrived * MIN_MS;
            assert_int_equal(move(room, id, "arrived", NULL), TQ_OK);
        }
        room->now_ms = named_ms + rows[k].cancelled * MIN_MS;
        room_must(room, &room->clerk, "order.cancel", id, "{}");
        assert_int_equal(json_integer_value(member(room, "cancelled", "fee_fen")), rows[k].fee);
    }
}

static void what_may_change_and_when(void **state)
{
    static const char *const fixed[] = {"{\"from\":" AIRPORT "}", "{\"party\":2}",
                                        "{\"at\":\"2025-06-03T12:00\"}", "{\"needs\":[\"cash\"]}",
                                        "{\"classes\":[\"taxi\"]}"};
    desk_room *room = *state;
    tq_buf before = {0}, after = {0};
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    room_must(room, &room->clerk, "order.change", ORDER, "{\"needs\":[\"pet\",\"child_seat\"]}");
    assert_int_equal(json_array_size(json_object_get(room->json, "needs")), 2);
    room_refuses(room, &room->clerk, "order.change", ORDER, "{\"at\":\"2025-06-03T12:00\"}",
                 TQ_BAD_INPUT, "cannot move to later");
    json_t *car = json_pack("{s:s, s:i}", "vehicle", "VE-000001", "eta_s", 300);
    assert_int_equal(move(room, ORDER, "assigned", car), TQ_OK);
    dump(room, &before);
    for (uint32_t k = 0; k < TQ_COUNT(fixed); k++)
        room_refuses(room, &room->clerk, "order.change", ORDER, fixed[k], TQ_STALE, "stays");
    dump(room, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);
    room_must(room, &room->clerk, "order.change", ORDER,
              "{\"to\":{\"lat\":37.8236,\"lon\":112.555,\"name\":\"医院\"},\"note\":\"gate 2\"}");
    assert_string_equal(room_text(room, "state"), "assigned");
    assert_string_equal(room_text(room, "vehicle"), "VE-000001");
    assert_string_equal(desk_get_text(json_object_get(room->json, "to"), "name"), "医院");
    assert_string_equal(desk_get_text(json_object_get(room->json, "from"), "cross"), "并州北路");
    assert_true(json_is_true(json_object_get(room->json, "hospital")));
    assert_int_equal(move(room, ORDER, "arrived", NULL), TQ_OK);
    room_must(room, &room->clerk, "order.change", ORDER, "{\"note\":\"at the back\"}");
    assert_int_equal(move(room, ORDER, "on_board", NULL), TQ_OK);
    room_refuses(room, &room->clerk, "order.change", ORDER, "{\"note\":\"x\"}", TQ_STALE,
                 "before the passenger is on board");
    tq_buf_free(&before);
    tq_buf_free(&after);
}

static bool last_detail(void *user, const tq_audit *row, const char *hash)
{
    tq_buf *out = user;
    (void)hash;
    out->len = 0;
    tq_buf_put(out, row->detail.at, row->detail.len);
    tq_buf_putc(out, '\0');
    return true;
}

/* What was there before is not what was asked. */
static void the_audit_tells_what_was_asked(void **state)
{
    desk_room *room = *state;
    tq_buf detail = {0};
    tq_err err;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    room_must(room, &room->clerk, "order.change", ORDER, "{\"party\":2}");
    assert_int_equal(
        tq_store_audits(tq_desk_store(room->desk), 0, 1000, last_detail, &detail, &err), TQ_OK);
    assert_non_null(strstr(detail.at, "\"party\":2"));
    assert_null(strstr(detail.at, "from"));
    tq_buf_free(&detail);
}

static void elders_and_hospitals(void **state)
{
    static const struct {
        const char *more;
        bool elder, hospital;
    } rows[] = {
        {"\"from\":" BANK ",\"to\":" AIRPORT, false, false},
        {"\"from\":" BANK ",\"to\":{\"lat\":37.8795,\"lon\":112.5673}", false, true},
        {"\"from\":{\"lat\":37.8795,\"lon\":112.5673}", false, true},
        {"\"from\":{\"lat\":37.8772,\"lon\":112.5673},\"born\":1965", true, false},
        /* the year of birth is known now */
        {"\"from\":" BANK, true, false},
        {"\"from\":" BANK ",\"elder\":false", false, false},
    };
    desk_room *room = *state;
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        char body[400];
        (void)snprintf(body, sizeof body, "{\"phone\":\"13812345678\",%s}", rows[k].more);
        room_must(room, &room->clerk, "order.create", "", body);
        if (json_is_true(json_object_get(room->json, "elder")) != rows[k].elder ||
            json_is_true(json_object_get(room->json, "hospital")) != rows[k].hospital)
            fail_msg("row %u: %s", k, room->answer.at);
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
    /* A station in another city is no place of this map: its name goes along as it was said. */
    room_must(room, &room->clerk, "order.create", "",
              "{\"phone\":\"13812345678\",\"from\":\"忻州西站\",\"to\":{\"name\":\"五台山\"},"
              "\"hand_over_to\":\"忻州\"}");
    assert_string_equal(room_text(room, "state"), "handed_over");
    assert_string_equal(desk_get_text(json_object_get(room->json, "from"), "name"), "忻州西站");
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    room_refuses(room, &room->clerk, "order.hand_over", "OR-2025-0003",
                 "{\"city\":\"忻州\",\"why\":\"x\"}", TQ_BAD_INPUT, "served here");
    room_refuses(room, &room->clerk, "order.hand_over", ORDER, "{\"city\":\"北京\",\"why\":\"x\"}",
                 TQ_STALE, "handed_over");
}

/* The newest hundred, in the order in which they were taken. */
static void why_tells_the_last_decisions(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    tq_store *store = tq_desk_store(room->desk);
    tq_err err;
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    for (uint32_t k = 1; k <= 130; k++) {
        char id[TQ_ID_MAX], body[120];
        uint64_t version = 0;
        (void)snprintf(id, sizeof id, "DE-2025-%04u", k);
        (void)snprintf(body, sizeof body, "{\"id\":\"%s\",\"order\":\"" ORDER "\",\"inputs\":1}",
                       id);
        tq_record record = {.kind = "decision",
                            .id = id,
                            .state = "made",
                            .changed_ms = room->now_ms + k * 1000,
                            .body = tq_str_of(body)};
        assert_int_equal(tq_store_put(store, &record, &version, &err), TQ_OK);
        assert_int_equal(tq_store_link(store, "decision", id, ORDER, &err), TQ_OK);
    }
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
    assert_int_equal(room_ask(room, &room->clerk, "order.why", ORDER, ""), TQ_OK);
    json_t *list = json_object_get(room->json, "decisions");
    assert_int_equal(json_array_size(list), 100);
    assert_string_equal(desk_get_text(json_array_get(list, 0), "id"), "DE-2025-0031");
    assert_string_equal(desk_get_text(json_array_get(list, 99), "id"), "DE-2025-0130");
    assert_null(json_object_get(json_array_get(list, 0), "inputs"));
    room_refuses(room, &room->rider, "order.no_show", ORDER, "{}", TQ_DENIED, "clerk");
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

/* Ids of the page as they come, and the id behind which the next one begins. */
static void page(desk_room *room, const tq_actor *actor, const char *query, const char *want,
                 const char *next)
{
    char got[200] = "";
    size_t at;
    const json_t *order;
    if (room_ask(room, actor, "order.list", "", query) != TQ_OK) fail_msg("%s", room->err.text);
    json_array_foreach(json_object_get(room->json, "orders"), at, order)
    {
        size_t len = strlen(got);
        (void)snprintf(got + len, sizeof got - len, "%s ", desk_get_text(order, "id") + 11);
    }
    if (strcmp(got, want) != 0 || strcmp(room_text(room, "next"), next) != 0)
        fail_msg("%s: got \"%s\" next %s", query, got, room_text(room, "next"));
}

static void a_list_begins_with_the_newest(void **state)
{
    desk_room *room = *state;
    for (uint32_t k = 0; k < 5; k++) {
        room->now_ms += k < 3 ? MIN_MS : 0; /* the last three came in the same millisecond */
        room_must(room, &room->clerk, "order.create", "",
                  k == 1 ? "{\"phone\":\"13900000001\",\"from\":" BANK "}" : "{" RIDE "}");
    }
    room_must(room, &room->clerk, "order.cancel", "OR-2025-0004", "{}");
    page(room, &room->clerk, "", "5 4 3 2 1 ", "");
    page(room, &room->clerk, "limit=2", "5 4 ", "OR-2025-0004");
    page(room, &room->clerk, "limit=2&after=OR-2025-0004", "3 2 ", "OR-2025-0002");
    page(room, &room->clerk, "limit=2&after=OR-2025-0002", "1 ", "");
    page(room, &room->clerk, "state=searching&limit=2&after=OR-2025-0005", "3 2 ", "OR-2025-0002");
    page(room, &room->clerk, "state=!searching", "4 ", "");
    page(room, &room->clerk, "phone=139 0000-0001", "2 ", "");
    page(room, &room->clerk, "phone=13900000002", "", "");
    page(room, &room->rider, "phone=13900000001", "", "");
    /* What comes in between moves no page. */
    room_must(room, &room->clerk, "order.create", "", "{" RIDE "}");
    page(room, &room->clerk, "limit=2&after=OR-2025-0004", "3 2 ", "OR-2025-0002");
    assert_int_equal(room_ask(room, &room->clerk, "order.list", "", "after=OR-2025-0009"),
                     TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->clerk, "order.list", "", "limit=1001"), TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "from 1 to 1000"));
    assert_int_equal(room_ask(room, &room->clerk, "order.list", "", "phone=1"), TQ_BAD_INPUT);
}

/* Who sees few of very many gets pages that end, one after the other, until he has seen his own. */
static void a_page_looks_at_so_many(void **state)
{
    desk_room *room = *state;
    tq_err err;
    tq_store *store = tq_desk_store(room->desk);
    char id[TQ_ID_MAX], query[80];
    room_must(room, &room->rider, "order.create", "", "{" RIDE "}");
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    for (uint32_t k = 0; k < DESK_SCAN_MAX; k++) {
        (void)snprintf(id, sizeof id, "OR-2025-%06u", k + 100000);
        tq_record record = {.kind = "order",
                            .id = id,
                            .state = "done",
                            .changed_ms = room->now_ms + 1,
                            .body = tq_str_of("{\"kind\":\"taxi\",\"owner\":\"other\"}")};
        uint64_t version = 0;
        if (tq_store_put(store, &record, &version, &err) != TQ_OK) fail_msg("%s", err.text);
    }
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    page(room, &room->rider, "", "", "OR-2025-100000");
    (void)snprintf(query, sizeof query, "after=%s", room_text(room, "next"));
    page(room, &room->rider, query, "1 ", "");
}

/* Found by the strip of latitudes, the same as by looking at all. */
static void stations_and_hospitals_near(void **state)
{
    desk_room *room = *state;
    tq_command command = desk_room_command(room, &room->clerk, "test", "", "");
    desk_call call = {.desk = room->desk, .command = &command, .err = &room->err};
    assert_int_equal(order_near_ready(&call), TQ_OK);
    struct desk_order_near *near = &room->desk->order_rules->near;
    assert_true(near->station.count >= 20);
    assert_true(near->hospital.count >= 1);
    const order_near_rows *kinds[] = {&near->station, &near->hospital};
    for (uint32_t k = 0; k < 400; k++) {
        const order_near_rows *rows = kinds[k % 2];
        tq_point at = rows->at[k * 7 % rows->count].at;
        uint32_t got[ORDER_NEAR_MOST], radius_m = 10 + k * 13, most = 1 + k % 3, within = 0;
        at.lat_e7 += (int32_t)(k * 4243 % 60000) - 30000;
        at.lon_e7 += (int32_t)(k * 7919 % 60000) - 30000;
        uint32_t count = order_near_find(rows, at, radius_m, most, got), least = UINT32_MAX;
        uint32_t nearest = TQ_NONE;
        for (size_t r = 0; r < rows->count; r++) {
            uint32_t dm = tq_distance_dm(rows->at[r].at, at);
            if (dm > radius_m * 10) continue;
            within++;
            if (dm < least) nearest = rows->at[r].link;
            least = TQ_MIN(least, dm);
        }
        assert_int_equal(count, TQ_MIN(within, most));
        if (count > 0) assert_int_equal(got[0], nearest);
    }
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
    const tariff *taxi = &rules->tariff[rules->tariff_count - 1];
    assert_string_equal(taxi->name, "taxi");
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
    /* Without the city's own: assumed prices are shown, and not read aloud. */
    assert_int_equal(run_live(room, &room->clerk, "order.create", "", "{" RIDE "}"), TQ_OK);
    assert_true(json_is_true(member(room, "estimate", "tariff_assumed")));
    assert_true(json_is_integer(member(room, "estimate", "low_fen")));
    assert_non_null(strstr(json_string_value(member(room, "spoken", "zh")), "车费按计价器"));
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
    assert_true(json_is_false(member(room, "estimate", "tariff_assumed")));
    const json_t *prices = member(room, "estimate", "prices");
    assert_int_equal(json_array_size(prices), 2);
    assert_string_equal(desk_get_text(json_array_get(prices, 0), "tariff"), "taxi");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(prices, 0), "low_fen")),
                     low);
    assert_string_equal(desk_get_text(json_array_get(prices, 1), "class"), "ride_hailing");
    assert_true(json_is_true(json_object_get(json_array_get(prices, 1), "tariff_assumed")));
    if (strstr(room->answer.at, "22:18") == NULL || strstr(room->answer.at, "大南门") == NULL)
        fail_msg("%s", room->answer.at);
    assert_int_equal(run_live(room, &room->clerk, "order.create", "",
                              "{\"phone\":\"13812345678\",\"from\":{\"lat\":38.3,\"lon\":111.95}}"),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "street"));
    /* Inside the frame of the map, far from our streets: another city may take it. */
    assert_int_equal(run_live(room, &room->clerk, "order.create", "",
                              "{\"phone\":\"13812345678\",\"from\":{\"lat\":38.3,\"lon\":111.95},"
                              "\"hand_over_to\":\"吕梁\"}"),
                     TQ_OK);
    assert_string_equal(room_text(room, "state"), "handed_over");
    assert_int_equal(
        run_live(room, &room->clerk, "order.create", "", "{" RIDE ",\"hand_over_to\":\"吕梁\"}"),
        TQ_BAD_INPUT);
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
    /* Nothing is assumed of taxis any more; of two other classes it is. */
    const json_t *list = json_object_get(room->json, "tariffs"), *one;
    size_t at;
    assert_int_equal(json_array_size(list), 3);
    json_array_foreach(list, at, one)
        assert_int_equal(json_is_true(json_object_get(one, "assumed")),
                         strcmp(desk_get_text(one, "class"), "taxi") != 0);
    room_refuses(room, &room->admin, "tariff.put", "",
                 "{\"name\":\"taxi\",\"class\":\"taxi\",\"source\":\"s\",\"rows\":[{\"from\":"
                 "\"00:00\",\"to\":\"00:00\",\"km_fen\":-1}]}",
                 TQ_BAD_INPUT, "km_fen");
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
        TEST(an_order_from_call_to_done),
        TEST(each_bad_order_is_refused),
        TEST(the_same_key_makes_one_order),
        TEST(a_booked_car_is_looked_for_in_time),
        TEST(two_dispatchers_on_one_order),
        TEST(cancelling_costs_after_a_while),
        TEST(a_late_car_makes_it_free),
        TEST(what_may_change_and_when),
        TEST(the_audit_tells_what_was_asked),
        TEST(elders_and_hospitals),
        TEST(why_tells_the_last_decisions),
        TEST(no_shows_block_for_a_time),
        TEST(another_city_gets_it),
        TEST(others_do_not_see_it),
        TEST(a_list_begins_with_the_newest),
        TEST(a_page_looks_at_so_many),
        TEST(stations_and_hospitals_near),
        cmocka_unit_test(prices_by_hand),
        TEST(estimates_by_live_streets),
        TEST(a_tariff_is_edited),
        TEST(history_is_bounded),
    };
    return cmocka_run_group_tests(tests, open_streets, close_streets);
}
