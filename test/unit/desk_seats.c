/*
 * A seat on a bus is one state with two doors: its booking and its order end together, whichever of
 * them is cancelled, and the seat goes to who waits for it.
 */
// also: import
#include "desk_shipped.h"

#define LINE "LI-2025-0001"
#define RIDE                                                                                       \
    "\"line\":\"" LINE "\",\"trip\":\"T1\",\"from_stop\":\"A\",\"to_stop\":\"B\",\"phone\":"       \
    "\"13812345678\""
#define DAY "\"day\":\"2025-06-04\""

/* A line of two seats along 人民南路; it runs on the next day, a Wednesday. */
static int setup(void **state)
{
    (void)begin_room(state);
    desk_room *room = *state;
    room_must(room, &room->planner, "line.create", "",
              "{\"name\":\"小店定制1号\",\"rule\":\"monthly\",\"seats\":2,\"price\":{"
              "\"single_fen\":500,\"month_fen\":15000},\"stops\":["
              "{\"id\":\"A\",\"name\":\"通达街\",\"lat\":37.7277,\"lon\":112.5621},"
              "{\"id\":\"B\",\"name\":\"化章西街\",\"lat\":37.7175,\"lon\":112.5612}],"
              "\"trips\":[{\"id\":\"T1\",\"times\":[\"07:10\",\"07:20\"]}],"
              "\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]}");
    room_must(room, &room->planner, "line.open", LINE, "");
    return 0;
}

/* The id of the order, "" while it waits. */
static void book(desk_room *room, const tq_actor *actor, const char *more, const char *want,
                 char order[TQ_ID_MAX])
{
    char body[400];
    (void)snprintf(body, sizeof body, "{" RIDE ",%s}", more);
    room_must(room, actor, "booking.create", "", body);
    assert_string_equal(room_text(room, "state"), want);
    (void)snprintf(order, TQ_ID_MAX, "%s", room_text(room, "order"));
}

static bool keep_state(void *user, const tq_record *record)
{
    (void)snprintf(user, 32, "%s", record->state);
    return false;
}

static void is_state(desk_room *room, const char *kind, const char *id, const char *want)
{
    tq_buf body = {0};
    tq_record record;
    if (tq_store_get(tq_desk_store(room->desk), kind, id, &body, &record, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    if (strcmp(record.state, want) != 0)
        fail_msg("%s %s is %s, not %s", kind, id, record.state, want);
    tq_buf_free(&body);
}

static void the_order_frees_the_seat(void **state)
{
    desk_room *room = *state;
    char first[TQ_ID_MAX], second[TQ_ID_MAX], third[TQ_ID_MAX];
    book(room, &room->clerk, DAY, "booked", first);
    book(room, &room->clerk, DAY ",\"paid\":true", "booked", second);
    book(room, &room->clerk, DAY, "waiting", third);
    assert_string_equal(third, "");
    room_must(room, &room->clerk, "order.cancel", second, "{\"why\":\"ill\",\"version\":1}");
    assert_string_equal(room_text(room, "state"), "cancelled");
    is_state(room, "order", second, "cancelled");
    is_state(room, "booking", "BK-2025-0002", "cancelled");
    /* Who waited has the seat, and an order. */
    is_state(room, "booking", "BK-2025-0003", "booked");
    is_state(room, "order", "OR-2025-0003", "booked");
    /* Both tell the same. */
    const json_t *told = json_object_get(room->json, "cancelled");
    assert_string_equal(json_string_value(json_object_get(told, "by")), "passenger");
    assert_string_equal(json_string_value(json_object_get(told, "why")), "ill");
    assert_int_equal(json_integer_value(json_object_get(told, "refund_fen")), 500);
    /* Neither door opens twice. */
    room_refuses(room, &room->clerk, "order.cancel", second, "{}", TQ_STALE, "is cancelled");
    room_refuses(room, &room->clerk, "booking.cancel", "BK-2025-0002", "{}", TQ_STALE, "already");
    is_state(room, "booking", "BK-2025-0003", "booked");
}

static void the_booking_ends_the_order(void **state)
{
    desk_room *room = *state;
    char order[TQ_ID_MAX];
    book(room, &room->clerk, DAY, "booked", order);
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0001", "{\"reason\":\"ill\"}");
    is_state(room, "order", order, "cancelled");
    room_refuses(room, &room->clerk, "order.cancel", order, "{}", TQ_STALE, "is cancelled");
}

static void a_month_ends_too(void **state)
{
    desk_room *room = *state;
    char order[TQ_ID_MAX], next[TQ_ID_MAX];
    book(room, &room->clerk, "\"ticket\":\"month\",\"month\":\"2025-07\"", "booked", order);
    book(room, &room->clerk, "\"ticket\":\"month\",\"month\":\"2025-07\"", "booked", next);
    book(room, &room->clerk, "\"day\":\"2025-07-02\"", "waiting", next);
    room_must(room, &room->dispatcher, "order.cancel", order,
              "{\"by\":\"centre\",\"why\":\"the bus is smaller\"}");
    is_state(room, "booking", "BK-2025-0001", "cancelled");
    is_state(room, "booking", "BK-2025-0003", "booked");
}

/* What is refused at one door leaves both as they were. */
static void refused_means_nothing(void **state)
{
    desk_room *room = *state;
    char order[TQ_ID_MAX], text[32] = "";
    tq_actor stranger = desk_room_actor("stranger", TQ_ROLE_RIDER);
    book(room, &room->rider, DAY, "booked", order);
    uint64_t events = tq_store_last_event(tq_desk_store(room->desk));
    room_refuses(room, &stranger, "order.cancel", order, "{}", TQ_NOT_FOUND, "no order");
    room_refuses(room, &room->second, "order.cancel", order, "{\"version\":7}", TQ_STALE,
                 "version 1");
    room_refuses(room, &room->rider, "order.cancel", order, "{\"by\":\"centre\",\"why\":\"x\"}",
                 TQ_DENIED, "as passenger");
    room_refuses(room, &room->clerk, "order.change", order, "{\"party\":2}", TQ_BAD_INPUT,
                 "changed where it was made");
    room_refuses(room, &room->clerk, "order.no_show", order, "{\"checked\":true}", TQ_BAD_INPUT,
                 "has not left yet");
    assert_int_equal(tq_store_last_event(tq_desk_store(room->desk)), events);
    /* The rider has it in his list and may cancel it himself, until the bus has left. */
    assert_int_equal(room_ask(room, &room->rider, "order.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "orders")), 1);
    room->now_ms = START_MS + 24 * HOUR_MS;
    room_refuses(room, &room->rider, "order.cancel", order, "{}", TQ_BAD_INPUT, "has left");
    is_state(room, "order", order, "booked");
    room->now_ms = START_MS + HOUR_MS;
    room_must(room, &room->rider, "order.cancel", order, "{}");
    tq_store_filter filter = {.kind = "booking"};
    assert_int_equal(
        tq_store_each(tq_desk_store(room->desk), &filter, keep_state, text, &room->err), TQ_OK);
    assert_string_equal(text, "cancelled");
}

#define SEATED(name) cmocka_unit_test_setup_teardown(name, setup, end_room)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEATED(the_order_frees_the_seat),
        SEATED(the_booking_ends_the_order),
        SEATED(a_month_ends_too),
        SEATED(refused_means_nothing),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
