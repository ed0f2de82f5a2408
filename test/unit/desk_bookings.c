/*
 * Seats of a custom bus: bookings by segment, waiting, money, the same key twice, and places found
 * on a dynamic line.
 */
// also: import
#include "desk_line.h"

/* ---- bookings ----------------------------------------------------------------------------------
 */

static void seats_by_segment(void **state)
{
    desk_room *room = *state;
    make_line(room, BODY("monthly", "4", ",\"wheelchairs\":1"));
    must_book(room, TODAY, "A", "B", 3, "", "booked");
    /* The phone desk sees it as an order; one that waits has none yet. */
    assert_string_equal(room_text(room, "order"), "OR-2025-0001");
    assert_string_equal(state_of(room, "order", "OR-2025-0001"), "booked");
    /* The seats are sold again after B. */
    must_book(room, TODAY, "B", "C", 4, "", "booked");
    must_book(room, TODAY, "A", "B", 1, "", "booked");
    assert_int_equal(book(room, TODAY, "A", "B", 1, ",\"wait\":false"), TQ_STALE);
    assert_non_null(strstr(room->err.text, "not 1 seats left on 2025-06-04"));
    must_book(room, TODAY, "A", "C", 2, "", "waiting");
    assert_int_equal(whole(room, "ahead"), 0);
    assert_string_equal(room_text(room, "order"), "");
    must_book(room, TODAY, "A", "B", 1, "", "waiting");
    assert_int_equal(whole(room, "ahead"), 1);
    must_ask(room, "line.runs", LINE, "day=2025-06-04", "");
    assert_int_equal(whole(room, "runs.0.segments.0.free"), 0);
    assert_int_equal(whole(room, "runs.0.waiting"), 2);
    assert_string_equal(word(room, "runs.0.booking_until"), "2025-06-04T06:10:00+08:00");
    /* One comes free: the first in line needs two all the way, the second gets it. */
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0003", "");
    assert_string_equal(word(room, "moved_up.0"), "BK-2025-0005");
    assert_string_equal(state_of(room, "order", "OR-2025-0003"), "cancelled");
    assert_string_equal(state_of(room, "order", "OR-2025-0004"), "booked");
    assert_string_equal(state_of(room, "booking", "BK-2025-0004"), "waiting");
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0002", "");
    assert_int_equal(json_array_size(at_path(room->json, "moved_up")), 0);
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0001", "");
    assert_string_equal(word(room, "moved_up.0"), "BK-2025-0004");
    room_refuses(room, &room->clerk, "booking.cancel", "BK-2025-0001", "", TQ_STALE, "already");
    /* A wheelchair takes up three seats and the one place. */
    must_book(room, "\"day\":\"2025-06-05\"", "A", "C", 2, ",\"wheelchairs\":1", "booked");
    must_ask(room, "line.runs", LINE, "day=2025-06-05", "");
    assert_int_equal(whole(room, "runs.0.segments.1.free"), 0);
    assert_int_equal(whole(room, "runs.0.segments.1.wheelchairs"), 0);
    must_book(room, "\"day\":\"2025-06-06\"", "A", "B", 1, ",\"wheelchairs\":1", "booked");
    must_book(room, "\"day\":\"2025-06-06\"", "A", "B", 1, ",\"wheelchairs\":1", "waiting");
    /* A ticket for the month needs its seat on every run. */
    must_book(room, "\"ticket\":\"month\",\"month\":\"2025-06\"", "A", "B", 2, "", "waiting");
    must_book(room, "\"ticket\":\"month\",\"month\":\"2025-06\"", "B", "C", 1, "", "waiting");
}

static void bookings_are_checked(void **state)
{
    desk_room *room = *state;
    make_line(room, BODY("monthly", "4", ""));
    static const struct {
        const char *ticket, *from, *to;
        uint32_t party;
        const char *more, *word;
    } bad[] = {
        {TODAY, "A", "A", 1, "", "reaches"},
        {TODAY, "C", "A", 1, "", "the other way round"},
        {TODAY, "X", "A", 1, "", "from_stop"},
        {TODAY, "A", "X", 1, "", "to_stop"},
        {TODAY, "A", "C", 5, "", "5 seats are asked for"},
        {TODAY, "A", "C", 1, ",\"wheelchairs\":1", "0 places for wheelchairs"},
        {TODAY, "A", "C", 0, "", "party"},
        {"\"day\":\"2025-06-07\"", "A", "C", 1, "", "does not run on"},
        {"\"day\":\"2025-06-01\"", "A", "C", 1, "", "from today"},
        {"\"day\":\"2025-09-01\"", "A", "C", 1, "", "62 days ahead"},
        {"\"day\":\"2025-06-31\"", "A", "C", 1, "", "write a day"},
        {"\"day\":\"2025-06-03\"", "A", "C", 1, "", "closed 60 min before"},
        {"\"ticket\":\"month\",\"month\":\"2025-05\"", "A", "C", 1, "", "next two"},
        {"\"ticket\":\"month\",\"month\":\"2025-13\"", "A", "C", 1, "", "write a month"},
        {"\"ticket\":\"year\"", "A", "C", 1, "", "single or month"},
        {TODAY, "A", "C", 1, ",\"seat\":3", "does not know"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_status status =
            book(room, bad[k].ticket, bad[k].from, bad[k].to, bad[k].party, bad[k].more);
        if (status != TQ_BAD_INPUT || strstr(room->err.text, bad[k].word) == NULL)
            fail_msg("case %u: %s: %s", k, tq_status_name(status), room->err.text);
    }
    room->now_ms = instant("2025-06-04T06:09:59");
    must_book(room, TODAY, "A", "C", 1, "", "booked");
    room->now_ms = instant("2025-06-04T06:10");
    assert_int_equal(book(room, TODAY, "A", "C", 1, ""), TQ_BAD_INPUT);
    room_refuses(room, &room->clerk, "booking.pay", "BK-2025-0001", "", TQ_BAD_INPUT,
                 "no longer be paid");
    assert_int_equal(room_do(room, &room->rider, "booking.cancel", "BK-2025-0001", ""),
                     TQ_NOT_FOUND);
    room_refuses(room, &room->rider, "booking.create", "",
                 "{\"line\":\"" LINE "\",\"day\":\"2025-06-05\",\"trip\":\"T1\",\"from_stop\":"
                 "\"A\",\"to_stop\":\"C\",\"paid\":true}",
                 TQ_DENIED, "only the desk");
    room_refuses(room, &room->clerk, "booking.create", "",
                 "{\"line\":\"LI-1\",\"day\":\"2025-06-05\",\"trip\":\"T1\",\"from_stop\":"
                 "\"A\",\"to_stop\":\"C\"}",
                 TQ_NOT_FOUND, "no line");
    room->now_ms = instant("2025-06-04T07:10");
    room_refuses(room, &room->clerk, "booking.cancel", "BK-2025-0001", "", TQ_BAD_INPUT,
                 "has left");
}

static void money_comes_back(void **state)
{
    desk_room *room = *state;
    make_line(room, BODY("monthly", "20", ""));
    must_book(room, TODAY, "A", "C", 2, ",\"paid\":true", "booked");
    assert_int_equal(whole(room, "price_fen"), 1000);
    must_book(room, TODAY, "A", "C", 1, "", "booked");
    room_must(room, &room->clerk, "booking.pay", "BK-2025-0002", "{\"method\":\"cash\"}");
    room_refuses(room, &room->clerk, "booking.pay", "BK-2025-0002", "", TQ_STALE, "paid already");
    room->now_ms = instant("2025-06-04T05:10");
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0001", "");
    assert_int_equal(whole(room, "cancelled.refund_fen"), 1000);
    room->now_ms += 1000;
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0002", "");
    assert_int_equal(whole(room, "cancelled.refund_fen"), 0);
}

static void the_same_key_books_once(void **state)
{
    desk_room *room = *state;
    make_line(room, BODY("monthly", "2", ""));
    tq_command command =
        desk_room_command(room, &room->clerk, "booking.create", "",
                          "{\"line\":\"" LINE "\"," TODAY ",\"trip\":\"T1\",\"from_stop\":\"A\","
                          "\"to_stop\":\"C\",\"party\":2}");
    command.key = "k1";
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    assert_string_equal(room_text(room, "id"), "BK-2025-0001");
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    assert_string_equal(room_text(room, "id"), "BK-2025-0001");
    assert_string_equal(room_text(room, "state"), "booked");
    must_book(room, TODAY, "A", "B", 1, "", "waiting");
}

/* ---- dynamic lines -----------------------------------------------------------------------------
 */

static tq_status book_now(desk_room *room, const char *from, const char *to, const char *after,
                          uint32_t party)
{
    char body[400];
    const tq_overlay *overlay = NULL;
    tq_err err;
    (void)snprintf(body, sizeof body,
                   "{\"line\":\"" LINE "\"," TODAY ",\"from_stop\":\"%s\",\"to_stop\":\"%s\","
                   "\"after\":\"%s\",\"party\":%u}",
                   from, to, after, party);
    tq_desk_world world = world_now(room, &overlay);
    tq_command command = desk_room_command(room, &room->clerk, "booking.create", "", body);
    room->answer.len = 0;
    tq_err_clear(&room->err);
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    tq_status status =
        tq_desk_do(room->desk, &command, &world, &room->status, &room->answer, &room->err);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    desk_room_keep(room, status);
    tq_overlay_drop(overlay);
    return status;
}

static void a_dynamic_line_finds_places(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "line.create", "",
              "{\"name\":\"d\",\"kind\":\"dynamic\",\"rule\":\"community\",\"seats\":4,"
              "\"price\":{\"single_fen\":200},"
              "\"window\":{\"from\":\"07:00\",\"to\":\"20:00\"}," STOPS "}");
    room_must(room, &room->planner, "line.open", LINE, "");
    must_ask(room, "line.get", LINE, "", "");
    assert_int_equal(ask(room, &room->rider, "booking.offer", "", "",
                         "{\"line\":\"" LINE "\"," TODAY ",\"from_stop\":\"A\",\"to_stop\":"
                         "\"C\",\"after\":\"08:00\",\"party\":3}"),
                     TQ_OK);
    assert_true(json_array_size(at_path(room->json, "offers")) >= 1);
    assert_int_equal(whole(room, "offers.0.price_fen"), 600);
    assert_string_equal(word(room, "offers.0.pick_from"), "08:00");
    /* An offer binds nobody; a booking does. */
    if (book_now(room, "A", "C", "08:00", 3) != TQ_OK) fail_msg("%s", room->err.text);
    assert_string_equal(room_text(room, "ticket"), "dynamic");
    assert_string_equal(word(room, "promise.pick_from"), "08:00");
    assert_int_equal(whole(room, "promise.vehicle"), 1);
    /* One more fits beside them, two only when they have left. */
    assert_int_equal(book_now(room, "A", "C", "08:00", 1), TQ_OK);
    assert_int_equal(whole(room, "promise.shares"), 1);
    assert_int_equal(book_now(room, "A", "C", "08:00", 2), TQ_OK);
    assert_int_equal(whole(room, "promise.shares"), 0);
    assert_true(strcmp(word(room, "promise.pick_from"), "08:05") > 0);
    /* Against the traffic of the only vehicle. */
    assert_int_equal(book_now(room, "A", "C", "08:00", 5), TQ_BAD_INPUT);
    assert_int_equal(book_now(room, "A", "A", "08:00", 1), TQ_BAD_INPUT);
    assert_int_equal(book_now(room, "A", "C", "06:00", 1), TQ_BAD_INPUT);
    uint32_t given = 0;
    while (given < 40 && book_now(room, "C", "A", "08:00", 4) == TQ_OK)
        given++;
    assert_true(given > 0 && given < 40);
    if (room->err.status != TQ_STALE || strstr(room->err.text, "no vehicle of") == NULL)
        fail_msg("%s", room->err.text);
    room_must(room, &room->clerk, "booking.cancel", "BK-2025-0004", "");
    assert_int_equal(book_now(room, "C", "A", "08:00", 4), TQ_OK);
    room->now_ms = instant("2025-06-04T07:50:01");
    assert_int_equal(book_now(room, "A", "C", "08:00", 1), TQ_BAD_INPUT);
    room_must(room, &room->planner, "line.stop", LINE, "{\"reason\":\"x\"}");
    assert_string_equal(state_of(room, "booking", "BK-2025-0001"), "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(seats_by_segment),        TEST(bookings_are_checked),        TEST(money_comes_back),
        TEST(the_same_key_books_once), TEST(a_dynamic_line_finds_places),
    };
    return cmocka_run_group_tests(tests, open_streets, close_streets);
}
