/* store: events, commands done, messages of peers, readings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_file.h"

static uint64_t add_event(tq_store *store, int64_t at_ms)
{
    tq_event event = {.at_ms = at_ms,
                      .topic = "closure",
                      .id = "CL-1",
                      .verb = "published",
                      .network = true,
                      .readers = UINT32_MAX,
                      .body = TQ_STR("{}")};
    uint64_t seq = 0;
    assert_int_equal(tq_store_event(store, &event, &seq, NULL), TQ_OK);
    return seq;
}

typedef struct sight {
    uint64_t first, last, count;
    tq_reading reading;
    tq_message message;
} sight;

static bool see_event(void *user, const tq_event *event)
{
    sight *seen = user;
    if (seen->count++ == 0) seen->first = event->seq;
    seen->last = event->seq;
    assert_string_equal(event->topic, "closure");
    assert_string_equal(event->verb, "published");
    assert_true(event->network && event->readers == UINT32_MAX && tq_str_is(event->body, "{}"));
    return true;
}

static void events_have_no_holes(void **state)
{
    (void)state;
    tq_store *store = store_here();
    sight seen = {0};
    assert_true(tq_store_last_event(store) == 0);
    assert_true(add_event(store, 1) == 1);
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    assert_int_equal(tq_store_mark(store, NULL), TQ_OK);
    assert_true(add_event(store, 2) == 2 && add_event(store, 3) == 3);
    tq_store_undo(store);
    assert_int_equal(tq_store_mark(store, NULL), TQ_OK);
    assert_true(add_event(store, 4) == 2);
    assert_int_equal(tq_store_keep(store, NULL), TQ_OK);
    assert_int_equal(tq_store_commit(store, NULL), TQ_OK);
    for (uint64_t k = 3; k <= 10; k++)
        assert_true(add_event(store, 5) == k);
    assert_int_equal(tq_store_events(store, 2, 4, see_event, &seen, NULL), TQ_OK);
    assert_true(seen.first == 3 && seen.last == 6 && seen.count == 4);
    /* Numbers do not come again when everything is forgotten, nor after reopening. */
    assert_int_equal(tq_store_forget_events(store, 4, NULL), TQ_OK);
    assert_int_equal(tq_store_forget_events(store, 3, NULL), TQ_OK);
    seen.count = 0;
    assert_int_equal(tq_store_events(store, 0, 0, see_event, &seen, NULL), TQ_OK);
    assert_true(seen.first == 5 && seen.count == 6);
    assert_int_equal(tq_store_forget_events(store, UINT64_MAX, NULL), TQ_OK);
    assert_true(tq_store_last_event(store) == 10);
    tq_store_close(store);
    store = store_here();
    assert_true(tq_store_last_event(store) == 10);
    assert_true(add_event(store, 6) == 11);
    tq_store_close(store);
}

static void a_command_is_done_once(void **state)
{
    (void)state;
    tq_store *store = store_here();
    uint32_t status = 0;
    tq_buf answer = {0};
    tq_err err = {0};
    const uint64_t hash = UINT64_MAX - 5;
    assert_int_equal(tq_store_done(store, "li", "k1", hash, &status, &answer, &err), TQ_NOT_FOUND);
    assert_int_equal(
        tq_store_remember(store, "li", "k1", hash, 201, TQ_STR("{\"id\":7}"), 50, &err), TQ_OK);
    assert_int_equal(tq_store_remember(store, "li", "k1", hash, 201, TQ_STR("{}"), 50, &err),
                     TQ_STALE);
    assert_int_equal(tq_store_done(store, "li", "k1", hash, &status, &answer, &err), TQ_OK);
    assert_true(status == 201 && tq_str_is((tq_str){answer.at, answer.len}, "{\"id\":7}"));
    assert_int_equal(tq_store_done(store, "li", "k1", 1, &status, &answer, &err), TQ_BAD_INPUT);
    assert_int_equal(tq_store_done(store, "wang", "k1", hash, &status, &answer, &err),
                     TQ_NOT_FOUND);
    assert_int_equal(tq_store_forget_done(store, 50, &err), TQ_OK);
    assert_int_equal(tq_store_done(store, "li", "k1", hash, &status, &answer, &err), TQ_OK);
    assert_int_equal(tq_store_forget_done(store, 51, &err), TQ_OK);
    assert_int_equal(tq_store_done(store, "li", "k1", hash, &status, &answer, &err), TQ_NOT_FOUND);
    tq_buf_free(&answer);
    tq_store_close(store);
}

static bool see_message(void *user, const tq_message *message)
{
    sight *seen = user;
    if (seen->count++ == 0) seen->first = message->seq;
    seen->last = message->seq;
    seen->message = *message;
    assert_string_equal(message->product, "closure-report");
    assert_string_equal(message->about, "CL-1");
    return true;
}

static void messages_are_numbered_a_peer(void **state)
{
    (void)state;
    tq_store *store = store_here();
    tq_message message = {.peer = "shanxi",
                          .product = "closure-report",
                          .about = "CL-1",
                          .at_ms = 9,
                          .body = TQ_STR("{}")};
    tq_link_state link;
    uint64_t seq = 0;
    sight seen = {0};
    for (uint64_t k = 1; k <= 5; k++) {
        assert_int_equal(tq_store_send(store, &message, &seq, NULL), TQ_OK);
        assert_true(seq == k);
    }
    message.peer = "other";
    assert_int_equal(tq_store_send(store, &message, &seq, NULL), TQ_OK);
    assert_true(seq == 1);
    assert_int_equal(tq_store_tried(store, "shanxi", 2, 20, NULL), TQ_OK);
    assert_int_equal(tq_store_tried(store, "shanxi", 2, 21, NULL), TQ_OK);
    assert_int_equal(tq_store_tried(store, "shanxi", 6, 21, NULL), TQ_NOT_FOUND);
    assert_int_equal(tq_store_receipt(store, "shanxi", 3, 30, NULL), TQ_OK);
    assert_int_equal(tq_store_receipt(store, "shanxi", 2, 31, NULL), TQ_OK); /* late: nothing */
    assert_int_equal(tq_store_receipt(store, "shanxi", 6, 31, NULL), TQ_BAD_INPUT);
    assert_int_equal(tq_store_link_state(store, "shanxi", &link, NULL), TQ_OK);
    assert_true(link.sent == 5 && link.receipt == 3 && link.received == 0);
    assert_int_equal(tq_store_outbox(store, "shanxi", 1, 1, see_message, &seen, NULL), TQ_OK);
    assert_true(seen.message.seq == 2 && seen.message.tries == 2 && seen.message.sent_ms == 21 &&
                seen.message.receipt_ms == 30);
    seen.count = 0;
    assert_int_equal(tq_store_outbox(store, "shanxi", 3, 0, see_message, &seen, NULL), TQ_OK);
    assert_true(seen.first == 4 && seen.last == 5 && seen.message.receipt_ms == 0);
    assert_int_equal(tq_store_link_state(store, "nobody", &link, NULL), TQ_OK);
    assert_true(link.sent == 0 && link.receipt == 0 && link.received == 0);
    tq_store_close(store);
}

static void incoming_messages_come_once_and_in_order(void **state)
{
    (void)state;
    tq_store *store = store_here();
    tq_message message = {
        .peer = "shanxi", .product = "closure-report", .about = "CL-1", .body = TQ_STR("{}")};
    bool again = true;
    uint64_t expected = 0;
    sight seen = {0};
    assert_int_equal(tq_store_receive(store, &message, &again, &expected, NULL), TQ_BAD_INPUT);
    message.seq = 2;
    assert_int_equal(tq_store_receive(store, &message, &again, &expected, NULL), TQ_STALE);
    assert_true(expected == 1 && again);
    message.seq = 1;
    assert_int_equal(tq_store_receive(store, &message, &again, &expected, NULL), TQ_OK);
    assert_false(again);
    message.seq = 2;
    assert_int_equal(tq_store_receive(store, &message, &again, &expected, NULL), TQ_OK);
    assert_false(again);
    message.seq = 1;
    assert_int_equal(tq_store_receive(store, &message, &again, &expected, NULL), TQ_OK);
    assert_true(again);
    assert_int_equal(tq_store_inbox(store, "shanxi", 0, 0, see_message, &seen, NULL), TQ_OK);
    assert_true(seen.first == 1 && seen.last == 2 && seen.count == 2);
    tq_store_close(store);
}

static bool see_reading(void *user, const tq_reading *reading)
{
    sight *seen = user;
    if (seen->count++ == 0) seen->first = (uint64_t)reading->at_ms;
    seen->last = (uint64_t)reading->at_ms;
    seen->reading = *reading;
    return true;
}

static void readings_do_not_change(void **state)
{
    (void)state;
    tq_store *store = store_here();
    tq_reading reading = {.value = {-1500, INT64_MAX, INT64_MIN, 0}, .flags = 3};
    sight seen = {0};
    for (int64_t at_ms = 50; at_ms >= 10; at_ms -= 10) { /* late ones find their place */
        reading.at_ms = at_ms;
        assert_int_equal(tq_store_put_reading(store, "P1", &reading, NULL), TQ_OK);
    }
    assert_int_equal(tq_store_put_reading(store, "P1", &reading, NULL), TQ_OK);
    reading.value[3] = 1;
    assert_int_equal(tq_store_put_reading(store, "P1", &reading, NULL), TQ_STALE);
    assert_int_equal(tq_store_put_reading(store, "P2", &reading, NULL), TQ_OK);
    assert_int_equal(tq_store_readings(store, "P1", 20, 40, 0, see_reading, &seen, NULL), TQ_OK);
    assert_true(seen.first == 20 && seen.last == 40 && seen.count == 3);
    assert_true(seen.reading.value[0] == -1500 && seen.reading.value[1] == INT64_MAX &&
                seen.reading.value[2] == INT64_MIN && seen.reading.flags == 3);
    seen.count = 0;
    assert_int_equal(
        tq_store_readings(store, "P1", INT64_MIN, INT64_MAX, 2, see_reading, &seen, NULL), TQ_OK);
    assert_true(seen.last == 20);
    tq_store_close(store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, store_folder_make, store_folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(events_have_no_holes),         CASE(a_command_is_done_once),
        CASE(messages_are_numbered_a_peer), CASE(incoming_messages_come_once_and_in_order),
        CASE(readings_do_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
