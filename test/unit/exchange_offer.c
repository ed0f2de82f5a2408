/* Orders for a partner: who is owed what, and what a partner is told when it need not come. */
#include "exchange_room.h"

static void peer(const char *id, const char *kind, const char *state)
{
    tq_err err = {0};
    json_t *body = json_object();
    json_object_set_new(body, "kind", json_string(kind));
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    if (exchange_save(store, "peer", id, state, body, 0, T0, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
}

#define ORDER(state, partner)                                                                      \
    "{\"id\":\"OR-1\",\"state\":\"" state "\",\"phone\":\"13812345678\",\"name\":\"王\","         \
    "\"caller\":\"CR-1\",\"history\":[1],\"from\":{\"lat\":37.5,\"lon\":112.5},\"to\":null,"       \
    "\"needs\":[\"cash\"],\"cancelled\":{\"why\":\"ill\"}" partner "}"
#define ASKED    ",\"partner\":{\"peer\":\"hailing\"}"
#define ACCEPTED ",\"partner\":{\"peer\":\"hailing\",\"accepted\":true}"

static bool keep_body(void *user, const tq_message *message)
{
    tq_buf *out = user;
    out->len = 0;
    tq_buf_put(out, message->body.at, message->body.len);
    return true;
}

/* What one event owes a peer, as text; "" = nothing. */
static const char *owed(const char *verb, const char *body, const char *order, const char *to)
{
    static tq_buf text;
    tq_err err = {0};
    tq_link_state before = {0}, after = {0};
    tq_event event = {
        .at_ms = T0, .topic = "order", .id = "OR-1", .verb = verb, .body = tq_str_of(body)};
    assert_int_equal(tq_store_link_state(store, to, &before, &err), TQ_OK);
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    if (tq_exchange_heard(exchange, store, &event, tq_str_of(order), &err) != TQ_OK)
        fail_msg("%s: %s", verb, err.text);
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
    assert_int_equal(tq_store_link_state(store, to, &after, &err), TQ_OK);
    assert_true(after.sent - before.sent <= 1);
    text.len = 0;
    if (after.sent > before.sent)
        assert_int_equal(tq_store_outbox(store, to, before.sent, 10, keep_body, &text, &err),
                         TQ_OK);
    tq_buf_putc(&text, '\0');
    return text.at;
}

static void the_partner_gets_what_it_needs(void **state)
{
    (void)state;
    peer("hailing", "company", "accepted");
    const char *got =
        owed("to_partner", "{\"peer\":\"hailing\"}", ORDER("searching", ASKED), "hailing");
    assert_string_equal(got, "{\"from\":{\"lat\":37.5,\"lon\":112.5},\"id\":\"OR-1\",\"name\":\"王"
                             "\",\"needs\":[\"cash\"],\"phone\":\"13812345678\",\"to\":null}");
    got = owed("to_partner", "{\"peer\":\"hailing\",\"vehicle\":\"VE-1\"}", ORDER("offered", ""),
               "hailing");
    assert_non_null(strstr(got, "\"vehicle\":\"VE-1\""));
}

static void who_gets_nothing(void **state)
{
    (void)state;
    peer("province", "province", "accepted");
    peer("gone", "company", "closed");
    assert_string_equal(
        owed("to_partner", "{\"peer\":\"province\"}", ORDER("searching", ""), "province"), "");
    assert_string_equal(owed("to_partner", "{\"peer\":\"gone\"}", ORDER("searching", ""), "gone"),
                        "");
    assert_string_equal(
        owed("to_partner", "{\"peer\":\"nobody\"}", ORDER("searching", ""), "nobody"), "");
    assert_string_equal(owed("to_partner", "{}", ORDER("searching", ""), "hailing"), "");
    assert_string_equal(owed("to_partner", "{\"peer\":\"hailing\"}", "", "hailing"), "");
}

static void what_is_withdrawn(void **state)
{
    static const struct {
        const char *verb, *order, *want;
    } rows[] = {
        {"cancelled", ORDER("cancelled", ASKED),
         "{\"id\":\"OR-1\",\"why\":\"ill\",\"withdrawn\":\"cancelled\"}"},
        {"cancelled", ORDER("cancelled", ACCEPTED),
         "{\"id\":\"OR-1\",\"why\":\"ill\",\"withdrawn\":\"cancelled\"}"},
        {"unserved", ORDER("unserved", ASKED),
         "{\"id\":\"OR-1\",\"why\":\"ill\",\"withdrawn\":\"unserved\"}"},
        {"assigned", ORDER("assigned", ASKED),
         "{\"id\":\"OR-1\",\"why\":\"ill\",\"withdrawn\":\"assigned\"}"},
        {"accepted", ORDER("assigned", ASKED),
         "{\"id\":\"OR-1\",\"why\":\"ill\",\"withdrawn\":\"assigned\"}"},
        {"assigned", ORDER("assigned", ACCEPTED), ""},
        {"accepted by the partner", ORDER("assigned", ACCEPTED), ""},
        {"offered", ORDER("offered", ASKED), ""},
        {"cancelled", ORDER("cancelled", ""), ""},
        {"done", ORDER("done", ACCEPTED), ""},
    };
    (void)state;
    for (size_t k = 0; k < TQ_COUNT(rows); k++) {
        const char *got = owed(rows[k].verb, "{}", rows[k].order, "hailing");
        if (strcmp(got, rows[k].want) != 0) fail_msg("row %zu: %s", k, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_partner_gets_what_it_needs),
        cmocka_unit_test(who_gets_nothing),
        cmocka_unit_test(what_is_withdrawn),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
