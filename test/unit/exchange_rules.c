/* Rules as data: what is owed, when, to whom; refusals of rule files and of verbs. */
#include "exchange_room.h"

#define HOUR INT64_C(3600000)

static tq_status run(const char *verb, const char *id, const char *peer, const char *body,
                     uint32_t *status, tq_buf *answer, tq_err *err)
{
    tq_exchange_call call = {.verb = verb,
                             .id = id,
                             .body = tq_str_of(body),
                             .actor = "tester",
                             .peer = peer,
                             .now_ms = T0};
    answer->len = 0;
    assert_int_equal(tq_store_begin(store, err), TQ_OK);
    tq_status done = tq_exchange_run(exchange, store, &call, status, answer, err);
    if (done != TQ_OK)
        tq_store_rollback(store);
    else
        assert_int_equal(tq_store_commit(store, err), TQ_OK);
    tq_buf_putc(answer, '\0');
    return done;
}

static void accept_peer(const char *id, const char *kind)
{
    char body[300];
    uint32_t status = 0;
    tq_buf answer = {0};
    tq_err err = {0};
    (void)snprintf(
        body, sizeof body,
        "{\"id\":\"%s\",\"name\":\"P\",\"kind\":\"%s\",\"url\":\"http://127.0.0.1:1/in\","
        "\"token\":\"secret\"}",
        id, kind);
    if (run("peer.create", "", "", body, &status, &answer, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(status, 201);
    assert_null(strstr(answer.at, "secret"));
    assert_non_null(strstr(answer.at, "\"token_set\":true"));
    assert_int_equal(run("peer.move", id, "", "{\"to\":\"joint_test\"}", &status, &answer, &err),
                     TQ_OK);
    assert_int_equal(run("peer.move", id, "", "{\"to\":\"accepted\"}", &status, &answer, &err),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "no receipt"));
    tq_double *twin = NULL;
    tq_push_report report;
    assert_int_equal(tq_double_new(1, &twin, &err), TQ_OK);
    tq_peer_link link = tq_double_link(twin);
    assert_int_equal(tq_exchange_push(exchange, store, &link, 100, T0, &report, &err), TQ_OK);
    tq_double_free(twin);
    assert_int_equal(run("peer.move", id, "", "{\"to\":\"accepted\"}", &status, &answer, &err),
                     TQ_OK);
    tq_buf_free(&answer);
}

static void closure(const char *id, unsigned arc, const char *effect, const char *state,
                    int64_t from_ms, int64_t hours, int64_t now_ms)
{
    char from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX], body[600];
    tq_err err = {0};
    uint64_t version = 0, seq = 0;
    tq_time_print(&town.city.zone, from_ms, from);
    tq_time_print(&town.city.zone, from_ms + hours * HOUR, to);
    (void)snprintf(
        body, sizeof body,
        "{\"id\":\"%s\",\"state\":\"%s\",\"effect\":\"%s\",\"stretch\":{\"street\":\"x\","
        "\"arcs\":[%u]},\"from\":\"%s\",\"to\":\"%s\",\"owner\":\"unit\",\"reason\":"
        "\"crack\",\"sudden\":true}",
        id, state, effect, arc, from, to);
    tq_buf old = {0};
    tq_record was = {0};
    if (tq_store_get(store, "closure", id, &old, &was, NULL) == TQ_OK) version = was.version;
    tq_record record = {.kind = "closure",
                        .id = id,
                        .state = state,
                        .version = version,
                        .changed_ms = now_ms,
                        .body = tq_str_of(body)};
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    if (tq_store_put(store, &record, &version, &err) != TQ_OK) fail_msg("%s", err.text);
    tq_event event = {
        .at_ms = now_ms, .topic = "closure", .id = id, .verb = state, .body = TQ_STR("{}")};
    assert_int_equal(tq_store_event(store, &event, &seq, &err), TQ_OK);
    if (tq_exchange_heard(exchange, store, &event, tq_str_of(body), &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
    tq_buf_free(&old);
}

static int64_t due(int64_t now_ms)
{
    tq_err err = {0};
    int64_t next_ms = 0;
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    if (tq_exchange_due(exchange, store, now_ms, &next_ms, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
    return next_ms;
}

static uint64_t sent_to(const char *peer)
{
    tq_link_state link = {0};
    tq_err err = {0};
    assert_int_equal(tq_store_link_state(store, peer, &link, &err), TQ_OK);
    return link.sent;
}

static bool keep_last(void *user, const tq_message *message)
{
    tq_buf *out = user;
    out->len = 0;
    tq_buf_put(out, message->body.at, message->body.len);
    tq_buf_putc(out, '\0');
    return true;
}

static void assert_last(const char *peer, const char *part)
{
    tq_buf last = {0};
    tq_err err = {0};
    assert_int_equal(tq_store_outbox(store, peer, 0, 1000, keep_last, &last, &err), TQ_OK);
    assert_non_null(last.at);
    if (strstr(last.at, part) == NULL) fail_msg("no %s in %s", part, last.at);
    tq_buf_free(&last);
}

static void what_is_owed(void **state)
{
    (void)state;
    accept_peer("shanxi", "province");
    assert_int_equal(sent_to("shanxi"), 1); /* the test message */
    /* An expressway expected over 2 h at once; one of 2 h exactly not. */
    closure("C1", 0, "full", "published", T0, 3, T0);
    assert_int_equal(sent_to("shanxi"), 2);
    assert_last("shanxi", "\"step\":\"first\"");
    assert_last("shanxi", "\"level\":\"expressway\"");
    closure("C2", 0, "full", "published", T0, 2, T0);
    assert_int_equal(sent_to("shanxi"), 2);
    /* A national road needs 5 h; a town street is never told. */
    closure("C3", 2, "full", "published", T0, 4, T0);
    assert_int_equal(sent_to("shanxi"), 2);
    closure("C4", 3, "full", "published", T0, 6, T0);
    assert_int_equal(sent_to("shanxi"), 3);
    assert_last("shanxi", "\"level\":\"national\"");
    closure("C5", 5, "full", "published", T0, 600, T0);
    assert_int_equal(sent_to("shanxi"), 3);
    /* A longer end is a next step; the end a final one, once. */
    closure("C1", 0, "full", "published", T0, 5, T0 + HOUR);
    assert_int_equal(sent_to("shanxi"), 4);
    assert_last("shanxi", "\"step\":\"next\"");
    closure("C1", 0, "full", "published", T0, 5, T0 + HOUR);
    assert_int_equal(sent_to("shanxi"), 4);
    closure("C1", 0, "full", "ended", T0, 5, T0 + HOUR);
    assert_int_equal(sent_to("shanxi"), 5);
    assert_last("shanxi", "\"step\":\"final\"");
    closure("C1", 0, "full", "ended", T0, 5, T0 + 2 * HOUR);
    assert_int_equal(sent_to("shanxi"), 5);
    closure("C5", 5, "full", "ended", T0, 600, T0 + 2 * HOUR);
    assert_int_equal(sent_to("shanxi"), 5);
}

static void what_falls_due(void **state)
{
    (void)state;
    accept_peer("shanxi", "province");
    closure("C2", 0, "full", "published", T0, 2, T0);
    assert_int_equal(sent_to("shanxi"), 1);
    int64_t next_ms = due(T0 + HOUR);
    assert_int_equal(next_ms, T0 + 2 * HOUR + 1);
    assert_int_equal(sent_to("shanxi"), 1);
    (void)due(next_ms); /* it lasts longer than it was to */
    assert_int_equal(sent_to("shanxi"), 2);
    assert_last("shanxi", "\"step\":\"first\"");
    int64_t again_ms = due(next_ms + 1);
    assert_int_equal(again_ms, next_ms + 2 * HOUR);
    (void)due(again_ms);
    assert_int_equal(sent_to("shanxi"), 3);
    assert_last("shanxi", "\"step\":\"next\"");
    closure("C2", 0, "full", "ended", T0, 2, again_ms + 1);
    assert_int_equal(sent_to("shanxi"), 4);
    (void)due(again_ms + 20 * HOUR);
    assert_int_equal(sent_to("shanxi"), 4);
}

static void city_rules(void **state)
{
    (void)state;
    tq_err err = {0};
    tq_str good = TQ_STR("rules:\n"
                         "  - {id: lane, product: road_closure, street: x, levels: [municipal], "
                         "over: 30 min}\n");
    if (rules_read(exchange, "p.yaml", good, &err) != TQ_OK) fail_msg("%s", err.text);
    accept_peer("shanxi", "province");
    closure("C5", 5, "speed", "published", T0, 1, T0);
    assert_int_equal(sent_to("shanxi"), 2);
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"rules:\n  - {id: a, product: nothing, over: 1 h}\n", "line 2: the rule's product"},
        {"rules:\n  - {id: a, product: road_closure}\n", "needs id, product and over"},
        {"rules:\n  - {id: a, product: road_closure, over: soon}\n", "2 h or 30 min"},
        {"rules:\n  - {id: a, product: road_closure, over: 3 weeks}\n", "min, h or d"},
        {"rules:\n  - {id: a, product: road_closure, over: 1 h, when: now}\n", "'when'"},
        {"rules:\n  - {id: a, product: road_closure, over: 1 h, levels: [road]}\n", "'road'"},
        {"products:\n  - {id: a}\n", "needs id and to"},
        {"things: []\n", "'things'"},
        {"rules: [", "not YAML"},
        {"- a\n", "needs products"},
    };
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_err_clear(&err);
        if (rules_read(exchange, "p.yaml", tq_str_of(bad[k].text), &err) != TQ_BAD_CONFIG)
            fail_msg("taken: %s", bad[k].text);
        if (strstr(err.text, bad[k].why) == NULL || strstr(err.text, "p.yaml") == NULL)
            fail_msg("%s: %s", bad[k].text, err.text);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *peer, *body;
        tq_status status;
    } bad[] = {
        {"peer.create", "", "{}", TQ_BAD_INPUT},
        {"peer.create", "", "{\"id\":\"A B\",\"kind\":\"city\"}", TQ_BAD_INPUT},
        {"peer.create", "", "{\"id\":\"a\",\"kind\":\"king\"}", TQ_BAD_INPUT},
        {"peer.create", "", "{\"id\":\"a\",\"kind\":\"city\",\"url\":\"file:///x\"}", TQ_BAD_INPUT},
        {"peer.create", "", "{\"id\":\"a\",\"kind\":\"city\",\"colour\":1}", TQ_BAD_INPUT},
        {"peer.create", "", "{\"id\":\"a\",\"kind\":\"city\",\"products\":[\"gold\"]}",
         TQ_BAD_INPUT},
        {"peer.create", "", "{\"id\":", TQ_BAD_INPUT},
        {"peer.move", "", "{\"to\":\"accepted\"}", TQ_NOT_FOUND},
        {"exchange.receive", "", "{\"messages\":[]}", TQ_DENIED},
        {"exchange.receive", "p", "{\"messages\":[]}", TQ_BAD_INPUT},
        {"exchange.receive", "p", "{\"messages\":[{\"seq\":0}]}", TQ_BAD_INPUT},
        {"exchange.receive", "p", "{\"messages\":[{\"seq\":1}]}", TQ_BAD_INPUT},
        {"peer.dance", "", "{}", TQ_NOT_FOUND},
    };
    tq_buf answer = {0};
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_err err = {0};
        uint32_t status = 0;
        tq_status done = run(bad[k].verb, "none", bad[k].peer, bad[k].body, &status, &answer, &err);
        if (done != bad[k].status) fail_msg("%s %s: %s", bad[k].verb, bad[k].body, err.text);
        assert_int_not_equal(err.text[0], '\0');
    }
    tq_buf_free(&answer);
}

static void coming_in(void **state)
{
    (void)state;
    tq_buf answer = {0};
    tq_err err = {0};
    uint32_t status = 0;
    const char *one = "{\"messages\":[{\"seq\":1,\"product\":\"notice\",\"body\":{\"a\":1}}]}";
    const char *three = "{\"messages\":[{\"seq\":3,\"product\":\"notice\",\"body\":{\"a\":3}}]}";
    assert_int_equal(run("exchange.receive", "", "p", one, &status, &answer, &err), TQ_OK);
    assert_string_equal(answer.at, "{\"received\":1}");
    assert_int_equal(run("exchange.receive", "", "p", one, &status, &answer, &err), TQ_OK);
    assert_string_equal(answer.at, "{\"received\":1}");
    assert_int_equal(run("exchange.receive", "", "p", three, &status, &answer, &err), TQ_OK);
    assert_int_equal(status, 409);
    assert_string_equal(answer.at, "{\"expected\":2}");
    tq_buf_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_owed, open_all, close_all),
        cmocka_unit_test_setup_teardown(what_falls_due, open_all, close_all),
        cmocka_unit_test_setup_teardown(city_rules, open_all, close_all),
        cmocka_unit_test_setup_teardown(refusals, open_all, close_all),
        cmocka_unit_test_setup_teardown(coming_in, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
