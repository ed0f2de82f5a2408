/*
 * The phone desk: a call pops the caller, is answered by one, ends with what became of it; calls
 * that nobody answered; numbers of the hour; people needed; call-backs.
 */
// also: import
#include "desk/order_in.h"
#include "desk_shipped.h"

#define CALL     "CL95-2025-0001"
#define HOME     "{\"lat\":37.84815,\"lon\":112.5675,\"name\":\"家\"}"
#define HOSPITAL "{\"lat\":37.81,\"lon\":112.5493,\"name\":\"医院\"}"
#define MARKET   "{\"lat\":37.8236,\"lon\":112.565,\"name\":\"菜市场\"}"

static json_t *member(const desk_room *room, const char *a, const char *b)
{
    return json_object_get(json_object_get(room->json, a), b);
}

static void order(desk_room *room, const char *to, const char *more)
{
    char body[600];
    (void)snprintf(body, sizeof body, "{\"phone\":\"13812345678\",\"from\":" HOME ",\"to\":%s%s}",
                   to, more);
    room_must(room, &room->clerk, "order.create", "", body);
}

static void a_call_pops_who_it_is(void **state)
{
    desk_room *room = *state;
    order(room, MARKET, "");
    order(room, HOSPITAL, ",\"born\":1944");
    assert_true(json_is_true(json_object_get(room->json, "elder")));
    assert_true(json_is_true(json_object_get(room->json, "hospital")));
    order(room, MARKET, "");
    order(room, MARKET, "");
    room->now_ms += 6 * HOUR_MS; /* 14:00 */
    order(room, HOSPITAL, "");
    /* From the exchange: it learns nothing about the caller. */
    room_must(room, &room->peer, "call.in", "", "{\"phone\":\"+86 138-1234-5678\",\"line\":\"3\"}");
    assert_int_equal(room->status, 201);
    assert_string_equal(json_string_value(member(room, "call", "id")), CALL);
    assert_null(json_object_get(room->json, "caller"));
    assert_null(strstr(room->answer.at, "1381234"));
    room_must(room, &room->clerk, "call.answer", CALL, "");
    assert_string_equal(json_string_value(member(room, "caller", "id")), "CR-000001");
    assert_true(json_is_true(member(room, "caller", "elder")));
    const json_t *places = json_object_get(room->json, "places");
    assert_string_equal(desk_get_text(json_array_get(places, 0), "name"), "家");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(places, 0), "count")), 5);
    assert_string_equal(desk_get_text(json_array_get(places, 1), "name"), "菜市场");
    /* The trip of this hour stands before the one that is made more often at another. */
    const json_t *trip = json_array_get(json_object_get(room->json, "trips"), 0);
    assert_int_equal(json_integer_value(json_object_get(trip, "hour")), 14);
    assert_string_equal(desk_get_text(json_object_get(trip, "to"), "name"), "医院");
    /* «Where is my car?» */
    assert_string_equal(json_string_value(member(room, "order", "state")), "searching");
    assert_string_equal(json_string_value(member(room, "order", "id")), "OR-2025-0005");
    room_refuses(room, &room->dispatcher, "call.answer", CALL, "", TQ_STALE, "talking with clerk");
    room_refuses(room, &room->clerk, "call.end", CALL, "{\"outcome\":\"cake\"}", TQ_BAD_INPUT,
                 "where_is_my_car");
    room_refuses(room, &room->clerk, "call.end", CALL, "{\"order\":\"OR-1\"}", TQ_NOT_FOUND,
                 "OR-1");
    room_must(room, &room->clerk, "call.end", CALL, "{\"outcome\":\"where_is_my_car\"}");
    assert_string_equal(room_text(room, "state"), "ended");
    room_refuses(room, &room->clerk, "call.end", CALL, "{}", TQ_STALE, "ended");
}

static void bad_calls(void **state)
{
    desk_room *room = *state;
    room_refuses(room, &room->peer, "call.in", "", "{}", TQ_BAD_INPUT, "phone");
    room_refuses(room, &room->peer, "call.in", "", "{\"phone\":\"a\"}", TQ_BAD_INPUT, "phone");
    room_refuses(room, &room->peer, "call.in", "",
                 "{\"phone\":\"13812345678\",\"at\":\"2025-06-03T09:00\"}", TQ_BAD_INPUT, "hour");
    room_refuses(room, &room->rider, "call.in", "", "{\"phone\":\"13812345678\"}", TQ_DENIED,
                 "clerk");
    room_refuses(room, &room->clerk, "call.answer", "CL95-1", "", TQ_NOT_FOUND, "CL95-1");
    room_must(room, &room->peer, "call.in", "", "{\"phone\":\"13812345678\"}");
    room_refuses(room, &room->peer, "call.end", CALL, "{\"outcome\":\"order\"}", TQ_BAD_INPUT,
                 "nobody answered");
    room_refuses(room, &room->clerk, "callback.create", "", "{\"why\":\"bag\"}", TQ_BAD_INPUT,
                 "phone");
    room_must(room, &room->clerk, "callback.create", "",
              "{\"why\":\"bag\",\"phone\":\"13812345678\"}");
    assert_int_equal(room->status, 201);
}

/* Four calls: answered after 10 s and 40 s, given up after 25 s, ringing still. */
static void numbers_of_the_hour(void **state)
{
    static const struct {
        uint32_t wait_s, talk_s;
    } calls[] = {{10, 60}, {40, 100}, {25, 0}};
    desk_room *room = *state;
    char id[TQ_ID_MAX];
    int64_t begun_ms = room->now_ms;
    for (uint32_t k = 0; k < TQ_COUNT(calls); k++) {
        room->now_ms = begun_ms + k * 5 * MIN_MS;
        room_must(room, &room->peer, "call.in", "", "{\"phone\":\"13812345678\"}");
        (void)snprintf(id, sizeof id, "%s", json_string_value(member(room, "call", "id")));
        room->now_ms += calls[k].wait_s * 1000;
        if (calls[k].talk_s > 0) {
            char body[300];
            room_must(room, &room->clerk, "call.answer", id, "");
            room->now_ms += calls[k].talk_s * 1000;
            (void)snprintf(body, sizeof body,
                           "{\"phone\":\"13812345678\",\"from\":" HOME ",\"call\":\"%s\"}", id);
            if (k == 0) room_must(room, &room->clerk, "order.create", "", body);
        }
        room_must(room, &room->peer, "call.end", id, "{}");
        assert_string_equal(room_text(room, "state"), calls[k].talk_s > 0 ? "ended" : "abandoned");
        if (k == 0) assert_string_equal(room_text(room, "outcome"), "order");
    }
    room->now_ms = begun_ms + 70 * MIN_MS;
    room_must(room, &room->peer, "call.in", "", "{\"phone\":\"13812345678\"}");
    room->now_ms += 7000;
    assert_int_equal(room_ask(room, &room->clerk, "call.stats", "", ""), TQ_OK);
    static const struct {
        const char *name;
        double want;
    } all[] = {{"offered", 4},      {"answered", 2},     {"within", 1},
               {"abandoned", 1},    {"mean_wait_s", 25}, {"max_wait_s", 40},
               {"mean_talk_s", 80}, {"orders", 1},       {"served", 0}};
    for (uint32_t k = 0; k < TQ_COUNT(all); k++)
        if (json_number_value(json_object_get(room->json, all[k].name)) != all[k].want)
            fail_msg("%s: %s", all[k].name, room->answer.at);
    json_t *hours = json_object_get(room->json, "hours");
    assert_int_equal(json_array_size(hours), 2);
    json_t *last = json_array_get(hours, 1);
    assert_int_equal(json_integer_value(json_object_get(last, "hour")), 9);
    assert_true(json_number_value(json_object_get(last, "max_wait_s")) == 7);
    assert_int_equal(room_ask(room, &room->clerk, "call.stats", "", "from=2025-06-03T09:00"),
                     TQ_OK);
    assert_int_equal(json_integer_value(json_object_get(room->json, "offered")), 1);
    assert_int_equal(room_ask(room, &room->clerk, "call.stats", "", "from=soon"), TQ_BAD_INPUT);
    assert_int_equal(
        room_ask(room, &room->clerk, "call.stats", "", "from=2025-01-01T00:00&to=2025-06-01T00:00"),
        TQ_BAD_INPUT);
}

/* The table of the dispatch rules: calls of the peak hour, talk, seats for 95 % and 80 % in 20 s.
 */
static void people_needed(void **state)
{
    static const struct {
        const char *query;
        uint32_t seats;
    } rows[] = {{"calls=198&talk_s=75&share=0.95&within_s=20", 8},
                {"calls=198&talk_s=110&share=0.95", 11},
                {"calls=198&talk_s=110&share=0.8", 9},
                {"calls=33&talk_s=75&share=0.95", 3}};
    desk_room *room = *state;
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        assert_int_equal(room_ask(room, &room->clerk, "call.staffing", "", rows[k].query), TQ_OK);
        assert_int_equal(json_integer_value(json_object_get(room->json, "seats")), rows[k].seats);
    }
    assert_int_equal(room_ask(room, &room->clerk, "call.staffing", "", ""), TQ_BAD_INPUT);
    assert_int_equal(room_ask(room, &room->clerk, "call.staffing", "", "calls=-3"), TQ_BAD_INPUT);
    assert_int_equal(room_ask(room, &room->clerk, "call.staffing", "", "calls=9&share=1"),
                     TQ_BAD_INPUT);
}

static void a_caller_is_changed(void **state)
{
    desk_room *room = *state;
    order(room, MARKET, "");
    room_must(room, &room->clerk, "caller.change", "CR-000001",
              "{\"name\":\"王奶奶\",\"born\":1948,\"needs\":[\"wheelchair\"],\"places\":[" HOME
              "]}");
    assert_true(json_is_true(json_object_get(room->json, "elder")));
    assert_int_equal(json_array_size(json_object_get(room->json, "places")), 1);
    room_refuses(room, &room->clerk, "caller.change", "CR-000001", "{\"needs\":[\"wings\"]}",
                 TQ_BAD_INPUT, "wings");
    room_refuses(room, &room->clerk, "caller.change", "CR-000001", "{\"name\":\"x\",\"version\":1}",
                 TQ_STALE, "version");
    room_refuses(room, &room->clerk, "caller.change", "CR-000001",
                 "{\"trust\":\"blocked\",\"why\":\"x\"}", TQ_BAD_INPUT, "every block ends");
    assert_int_equal(room_ask(room, &room->clerk, "caller.list", "", "phone=13812345678"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "callers")), 1);
    assert_int_equal(room_ask(room, &room->clerk, "caller.list", "", "phone=13800000000"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "callers")), 0);
    assert_int_equal(room_ask(room, &room->clerk, "caller.list", "", ""), TQ_OK);
    assert_non_null(strstr(room->answer.at, "***5678"));
    order(room, MARKET, "");
    assert_true(json_is_true(json_object_get(room->json, "elder")));
    assert_string_equal(room_text(room, "name"), "王奶奶");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_pops_who_it_is), TEST(bad_calls),           TEST(numbers_of_the_hour),
        TEST(people_needed),         TEST(a_caller_is_changed),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
