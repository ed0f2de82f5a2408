/*
 * What comes in: messages that a peer pushes, messages that a peer pulls from us, and the comparing
 * of both sides' lists (reconciliation).
 *
 * Coming in: numbers without holes; a number that is there is passed over, a hole is told with the
 * number that is expected. Pulling acknowledges everything up to `after`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/exchange_in.h"

bool query_number(tq_str query, const char *name, uint64_t otherwise, uint64_t *out)
{
    size_t name_len = strlen(name);
    *out = otherwise;
    while (query.len > 0) {
        const char *end = memchr(query.at, '&', query.len);
        tq_str pair = {query.at, end != NULL ? (size_t)(end - query.at) : query.len};
        if (pair.len > name_len && memcmp(pair.at, name, name_len) == 0 &&
            pair.at[name_len] == '=') {
            int64_t number = 0;
            tq_str value = {pair.at + name_len + 1, pair.len - name_len - 1};
            if (!tq_parse_i64(value, &number) || number < 0) return false;
            *out = (uint64_t)number;
            return true;
        }
        size_t step = TQ_MIN(pair.len + 1, query.len);
        query.at += step;
        query.len -= step;
    }
    return true;
}

json_t *reconcile_compare(const json_t *body, message_known known, void *user)
{
    json_t *out = json_object(), *lost = json_array(), *different = json_array();
    const json_t *list = json_object_get(body, "messages");
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *pair = json_array_get(list, k);
        json_int_t seq = json_integer_value(json_array_get(pair, 0));
        const char *said = json_string_value(json_array_get(pair, 1));
        char mine[20];
        uint64_t hash = 0;
        if (seq < 1 || said == NULL) continue;
        if (!known(user, (uint64_t)seq, &hash)) {
            json_array_append_new(lost, json_integer(seq));
            continue;
        }
        (void)snprintf(mine, sizeof mine, "%016llx", (unsigned long long)hash);
        if (strcmp(mine, said) != 0) json_array_append_new(different, json_integer(seq));
    }
    json_object_set_new(out, "compared", json_integer((json_int_t)json_array_size(list)));
    json_object_set_new(out, "lost", lost);
    json_object_set_new(out, "different", different);
    return out;
}

/* ---- pushed to us ------------------------------------------------------------------------------
 */

typedef struct known_one {
    uint64_t seq, hash;
    bool found;
} known_one;

static bool seen_known(void *user, const tq_message *message)
{
    known_one *one = user;
    if (message->seq != one->seq) return false;
    json_t *body = json_loadb(message->body.at, message->body.len, JSON_DECODE_ANY, NULL);
    one->hash = message_hash(body);
    one->found = true;
    json_decref(body);
    return false;
}

typedef struct inbox {
    tq_store *store;
    const char *peer;
} inbox;

static bool in_inbox(void *user, uint64_t seq, uint64_t *hash)
{
    const inbox *from = user;
    known_one one = {.seq = seq};
    if (tq_store_inbox(from->store, from->peer, seq - 1, 1, seen_known, &one, NULL) != TQ_OK)
        return false;
    *hash = one.hash;
    return one.found;
}

static tq_status take_one(tq_store *store, const tq_exchange_call *call, const json_t *message,
                          uint64_t *expected, json_t **compared, tq_err *err)
{
    const json_t *seq = json_object_get(message, "seq"), *body = json_object_get(message, "body");
    const char *product = json_text_or(message, "product", "");
    if (!json_is_integer(seq) || json_integer_value(seq) < 1)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a message has no \"seq\" from 1 on");
    if (product[0] == '\0' || strlen(product) >= EXCHANGE_ID_MAX || body == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "message %lld needs \"product\" and \"body\"",
                       (long long)json_integer_value(seq));
    char *text = exchange_dump(body);
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a message");
    tq_message row = {.seq = (uint64_t)json_integer_value(seq),
                      .peer = call->peer,
                      .product = product,
                      .about = json_text_or(message, "about", ""),
                      .at_ms = call->now_ms,
                      .body = tq_str_of(text)};
    bool again = false;
    tq_status status = tq_store_receive(store, &row, &again, expected, err);
    free(text);
    if (status != TQ_OK || again) return status;
    if (strcmp(product, "reconcile") == 0) {
        inbox mine = {store, call->peer};
        json_decref(*compared);
        *compared = reconcile_compare(body, in_inbox, &mine);
    }
    tq_event event = {.at_ms = call->now_ms,
                      .topic = "peer",
                      .id = call->peer,
                      .verb = "received",
                      .readers = UINT32_MAX & ~1u, /* all but the public */
                      .body = TQ_STR("{}")};
    uint64_t number = 0;
    return tq_store_event(store, &event, &number, err);
}

tq_status exchange_receive(tq_exchange *exchange, tq_store *store, const tq_exchange_call *call,
                           uint32_t *status, tq_buf *answer, tq_err *err)
{
    (void)exchange;
    json_t *body = NULL, *compared = NULL;
    if (call->peer[0] == '\0')
        return tq_fail(err, TQ_DENIED, 0, "only a peer's own key may bring messages");
    TQ_TRY(exchange_json(call->body, &body, err));
    const json_t *messages = json_object_get(body, "messages");
    size_t count = json_array_size(messages);
    tq_status done = TQ_OK;
    uint64_t expected = 0;
    if (!json_is_array(messages) || count == 0 || count > RECEIVE_MAX)
        done = tq_fail(err, TQ_BAD_INPUT, 0, "\"messages\" must be a list of 1 to %u messages",
                       RECEIVE_MAX);
    for (size_t k = 0; done == TQ_OK && k < count; k++)
        done = take_one(store, call, json_array_get(messages, k), &expected, &compared, err);
    json_decref(body);
    bool hole = done == TQ_STALE;
    if (done != TQ_OK && !hole) {
        json_decref(compared);
        return done;
    }
    tq_link_state link = {0};
    json_t *out = json_object();
    done = tq_store_link_state(store, call->peer, &link, err);
    json_object_set_new(out, hole ? "expected" : "received",
                        json_integer((json_int_t)(hole ? expected : link.received)));
    if (compared != NULL) json_object_set(out, "reconcile", compared);
    json_decref(compared);
    *status = hole ? 409 : 200;
    if (done == TQ_OK) return exchange_answer(out, answer, err);
    json_decref(out);
    return done;
}

/* ---- pulled from us -----------------------------------------------------------------------------
 */

typedef struct page {
    const tq_exchange *exchange;
    json_t *list;
} page;

static bool seen_page(void *user, const tq_message *message)
{
    page *out = user;
    json_array_append_new(out->list, message_json(out->exchange, message));
    return true;
}

tq_status exchange_pull(tq_exchange *exchange, tq_store *store, const tq_exchange_call *call,
                        uint32_t *status, tq_buf *answer, tq_err *err)
{
    uint64_t after = 0;
    tq_link_state link = {0};
    if (call->peer[0] == '\0')
        return tq_fail(err, TQ_DENIED, 0, "only a peer's own key may fetch its messages");
    if (!query_number(call->query, "after", 0, &after))
        return tq_fail(err, TQ_BAD_INPUT, 0, "after must be a whole number from 0 on");
    TQ_TRY(tq_store_link_state(store, call->peer, &link, err));
    if (after > link.sent)
        return tq_fail(err, TQ_BAD_INPUT, 0, "after is %llu, but only %llu messages were put",
                       (unsigned long long)after, (unsigned long long)link.sent);
    if (after > link.receipt) TQ_TRY(tq_store_receipt(store, call->peer, after, call->now_ms, err));
    page out = {exchange, json_array()};
    TQ_TRY(tq_store_outbox(store, call->peer, after, RECEIVE_MAX, seen_page, &out, err));
    json_t *json = json_object();
    json_object_set_new(json, "messages", out.list);
    json_object_set_new(json, "last", json_integer((json_int_t)link.sent));
    *status = 200;
    return exchange_answer(json, answer, err);
}
