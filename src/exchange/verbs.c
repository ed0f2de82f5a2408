/*
 * Peers for people: made, moved from connected over a joint test to accepted, paused, looked at,
 * sent again, compared. A writing verb checks everything first, then writes record, event and audit
 * row inside the caller's transaction.
 *
 * States of a peer: connected -> joint_test -> accepted <-> paused; any -> closed. It is accepted
 * only after it has acknowledged the test message.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/exchange_in.h"

typedef struct verb_context {
    tq_exchange *exchange;
    tq_store *store;
    const tq_exchange_call *call;
    uint32_t *status;
    tq_buf *answer;
    tq_err *err;
} verb_context;

/* ---- showing ------------------------------------------------------------------------------------
 */

/* A peer without its token, with how its link stands. */
static json_t *show_peer(tq_store *store, const json_t *record, const char *id, tq_err *err)
{
    tq_link_state link = {0};
    if (tq_store_link_state(store, id, &link, err) != TQ_OK) return NULL;
    json_t *out = json_copy((json_t *)(uintptr_t)record);
    bool has_token = json_text_or(record, "token", "")[0] != '\0';
    json_object_del(out, "token");
    json_object_set_new(out, "token_set", json_boolean(has_token));
    json_object_set_new(out, "sent", json_integer((json_int_t)link.sent));
    json_object_set_new(out, "receipt", json_integer((json_int_t)link.receipt));
    json_object_set_new(out, "received", json_integer((json_int_t)link.received));
    json_object_set_new(out, "waiting", json_integer((json_int_t)(link.sent - link.receipt)));
    return out;
}

typedef struct listing {
    tq_store *store;
    json_t *list;
} listing;

static bool seen_record(void *user, const tq_record *record)
{
    listing *out = user;
    json_t *json = NULL;
    if (exchange_json(record->body, &json, NULL) == TQ_OK) json_array_append_new(out->list, json);
    return true;
}

static tq_status list_peers(verb_context *at)
{
    listing all = {at->store, json_array()};
    tq_store_filter filter = {.kind = "peer"};
    tq_status status = tq_store_each(at->store, &filter, seen_record, &all, at->err);
    json_t *out = json_array();
    for (size_t k = 0; status == TQ_OK && k < json_array_size(all.list); k++) {
        const json_t *one = json_array_get(all.list, k);
        json_t *shown = show_peer(at->store, one, json_text_or(one, "id", ""), at->err);
        if (shown == NULL)
            status = at->err != NULL ? at->err->status : TQ_STORE;
        else
            json_array_append_new(out, shown);
    }
    json_decref(all.list);
    if (status != TQ_OK) {
        json_decref(out);
        return status;
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "peers", out);
    return exchange_answer(answer, at->answer, at->err);
}

static tq_status get_peer(verb_context *at)
{
    json_t *peer = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(exchange_load(at->store, "peer", at->call->id, &peer, &version, state, at->err));
    json_t *shown = show_peer(at->store, peer, at->call->id, at->err);
    json_decref(peer);
    if (shown == NULL) return at->err != NULL ? at->err->status : TQ_STORE;
    listing reports = {at->store, json_array()};
    tq_store_filter filter = {
        .kind = "reconciliation", .parent = at->call->id, .limit = 10, .newest_first = true};
    tq_status status = tq_store_each(at->store, &filter, seen_record, &reports, at->err);
    json_object_set_new(shown, "reconciliations", reports.list);
    if (status == TQ_OK) return exchange_answer(shown, at->answer, at->err);
    json_decref(shown);
    return status;
}

static tq_status list_products(verb_context *at)
{
    const tq_exchange *exchange = at->exchange;
    json_t *out = json_object(), *products = json_array(), *rules = json_array();
    for (uint32_t k = 0; k < exchange->product_count; k++) {
        const product_row *one = &exchange->product[k];
        json_t *row = json_object(), *to = json_array();
        json_object_set_new(row, "id", json_string(one->id));
        json_object_set_new(row, "name_zh", json_string(one->name_zh));
        json_object_set_new(row, "name_en", json_string(one->name_en));
        json_object_set_new(row, "source", json_string(one->source));
        json_object_set_new(row, "next_every_min", json_integer(one->next_every_ms / 60000));
        for (uint32_t t = 0; t < one->to_count; t++)
            json_array_append_new(to, json_string(one->to[t]));
        json_object_set_new(row, "to", to);
        json_array_append_new(products, row);
    }
    for (uint32_t k = 0; k < exchange->rule_count; k++) {
        const rule_row *one = &exchange->rule[k];
        json_t *row = json_object(), *levels = json_array(), *effects = json_array();
        json_object_set_new(row, "id", json_string(one->id));
        json_object_set_new(row, "product", json_string(one->product));
        json_object_set_new(row, "street",
                            one->street[0] != '\0' ? json_string(one->street) : json_null());
        json_object_set_new(row, "over_min", json_integer(one->over_ms / 60000));
        for (uint32_t bit = 0; bit < LEVEL_COUNT; bit++)
            if (one->levels >> bit & 1) json_array_append_new(levels, json_string(LEVEL_NAME[bit]));
        for (uint32_t bit = 0; bit < EFFECT_COUNT; bit++)
            if (one->effects >> bit & 1)
                json_array_append_new(effects, json_string(EFFECT_NAME[bit]));
        json_object_set_new(row, "levels", levels);
        json_object_set_new(row, "effects", effects);
        json_array_append_new(rules, row);
    }
    json_object_set_new(out, "products", products);
    json_object_set_new(out, "rules", rules);
    return exchange_answer(out, at->answer, at->err);
}

typedef struct message_page {
    const tq_exchange *exchange;
    json_t *list;
    const tq_link_state *link;
} message_page;

static bool seen_out(void *user, const tq_message *message)
{
    message_page *out = user;
    json_t *row = message_json(out->exchange, message);
    bool got = message->seq <= out->link->receipt;
    json_object_set_new(row, "state",
                        json_string(got                  ? "received"
                                    : message->tries > 0 ? "tried"
                                                         : "waiting"));
    exchange_put_instant(out->exchange, row, "receipt_at", message->receipt_ms);
    json_array_append_new(out->list, row);
    return true;
}

static tq_status list_messages(verb_context *at)
{
    uint64_t after = 0, limit = 0;
    tq_link_state link = {0};
    if (!query_number(at->call->query, "after", 0, &after) ||
        !query_number(at->call->query, "limit", 100, &limit) || limit < 1 || limit > RECEIVE_MAX)
        return tq_fail(at->err, TQ_BAD_INPUT, 0,
                       "after is a whole number from 0 on, limit one of 1 to %u", RECEIVE_MAX);
    TQ_TRY(tq_store_link_state(at->store, at->call->id, &link, at->err));
    message_page out = {at->exchange, json_array(), &link};
    bool in = at->call->query.len > 0 && strstr(at->call->query.at, "direction=in") != NULL;
    tq_status status = in ? tq_store_inbox(at->store, at->call->id, after, (uint32_t)limit,
                                           seen_out, &out, at->err)
                          : tq_store_outbox(at->store, at->call->id, after, (uint32_t)limit,
                                            seen_out, &out, at->err);
    json_t *json = json_object();
    json_object_set_new(json, "messages", out.list);
    json_object_set_new(json, "last", json_integer((json_int_t)(in ? link.received : link.sent)));
    if (status == TQ_OK) return exchange_answer(json, at->answer, at->err);
    json_decref(json);
    return status;
}

/* Reports that run now, or all: what was told about which closure, and when the next step is due.
 */
static tq_status list_reports(verb_context *at)
{
    listing all = {at->store, json_array()};
    bool running = at->call->query.len > 0 && strstr(at->call->query.at, "state=running") != NULL;
    tq_store_filter filter = {
        .kind = "report", .state = running ? "running" : NULL, .limit = RECEIVE_MAX};
    tq_status status = tq_store_each(at->store, &filter, seen_record, &all, at->err);
    json_t *out = json_object();
    for (size_t k = 0; k < json_array_size(all.list); k++) {
        json_object_del(json_array_get(all.list, k), "to_ms");
        json_object_del(json_array_get(all.list, k), "next_ms");
    }
    json_object_set_new(out, "reports", all.list);
    if (status == TQ_OK) return exchange_answer(out, at->answer, at->err);
    json_decref(out);
    return status;
}

/* What one peer's own side needs to know of the link. */
static tq_status link_state(verb_context *at)
{
    tq_link_state link = {0};
    if (at->call->peer[0] == '\0')
        return tq_fail(at->err, TQ_DENIED, 0, "only a peer's own key may ask for its link");
    TQ_TRY(tq_store_link_state(at->store, at->call->peer, &link, at->err));
    json_t *out = json_object();
    json_object_set_new(out, "sent", json_integer((json_int_t)link.sent));
    json_object_set_new(out, "receipt", json_integer((json_int_t)link.receipt));
    json_object_set_new(out, "received", json_integer((json_int_t)link.received));
    return exchange_answer(out, at->answer, at->err);
}

/* ---- changing
 * ------------------------------------------------------------------------------------ */

static tq_status say(verb_context *at, const char *verb)
{
    tq_event event = {.at_ms = at->call->now_ms,
                      .topic = "peer",
                      .id = at->call->id,
                      .verb = verb,
                      .readers = UINT32_MAX & ~1u,
                      .body = TQ_STR("{}")};
    uint64_t seq = 0;
    return tq_store_event(at->store, &event, &seq, at->err);
}

static bool good_id(const char *id)
{
    size_t len = strlen(id);
    for (size_t k = 0; k < len; k++) {
        bool fine = (id[k] >= 'a' && id[k] <= 'z') || (id[k] >= '0' && id[k] <= '9') ||
                    id[k] == '-' || id[k] == '_';
        if (!fine) return false;
    }
    return len > 0 && len < EXCHANGE_ID_MAX;
}

static tq_status copy_members(verb_context *at, const json_t *body, json_t *peer)
{
    static const char *const kinds[] = {"province", "ministry", "city", "company"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        bool text = strcmp(key, "name") == 0 || strcmp(key, "url") == 0 ||
                    strcmp(key, "token") == 0 || strcmp(key, "kind") == 0;
        bool known = text || strcmp(key, "products") == 0 || strcmp(key, "id") == 0 ||
                     strcmp(key, "version") == 0;
        if (!known)
            return tq_fail(
                at->err, TQ_BAD_INPUT, 0,
                "'%.40s' is not a member of a peer; id, name, kind, url, token, products "
                "are",
                key);
        if (text && (!json_is_string(value) || json_string_length(value) > 400))
            return tq_fail(at->err, TQ_BAD_INPUT, 0, "\"%s\" must be a text of at most 400 bytes",
                           key);
        if (text || strcmp(key, "products") == 0) json_object_set(peer, key, value);
    }
    const char *url = json_text_or(peer, "url", ""), *kind = json_text_or(peer, "kind", "");
    bool kind_known = false;
    for (size_t k = 0; k < TQ_COUNT(kinds); k++)
        kind_known = kind_known || strcmp(kind, kinds[k]) == 0;
    if (!kind_known)
        return tq_fail(at->err, TQ_BAD_INPUT, 0,
                       "\"kind\" is '%.40s'; it must be province, ministry, city or company", kind);
    if (url[0] != '\0' && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return tq_fail(at->err, TQ_BAD_INPUT, 0, "\"url\" must begin with http:// or https://");
    const json_t *products = json_object_get(peer, "products");
    for (size_t k = 0; k < json_array_size(products); k++) {
        const char *name = json_string_value(json_array_get(products, k));
        if (name == NULL || product_find(at->exchange, name) == NULL)
            return tq_fail(at->err, TQ_BAD_INPUT, 0, "there is no product '%.40s'; see products",
                           name != NULL ? name : "");
    }
    return TQ_OK;
}

static tq_status create_peer(verb_context *at)
{
    json_t *body = NULL, *peer = json_object();
    tq_status status = exchange_json(at->call->body, &body, at->err);
    char id[EXCHANGE_ID_MAX] = "";
    if (status == TQ_OK) {
        const char *wanted = json_text_or(body, "id", "");
        if (good_id(wanted))
            (void)snprintf(id, sizeof id, "%s", wanted);
        else
            status = tq_fail(at->err, TQ_BAD_INPUT, 0,
                             "\"id\" must be of a-z, 0-9, - and _, at most %u of them",
                             EXCHANGE_ID_MAX - 1);
    }
    if (status == TQ_OK) status = copy_members(at, body, peer);
    json_decref(body);
    if (status != TQ_OK) {
        json_decref(peer);
        return status;
    }
    exchange_put_instant(at->exchange, peer, "created", at->call->now_ms);
    tq_exchange_call named = *at->call;
    named.id = id;
    at->call = &named;
    TQ_TRY(exchange_save(at->store, "peer", id, "connected", peer, 0, named.now_ms, at->err));
    TQ_TRY(say(at, "created"));
    *at->status = 201;
    return get_peer(at);
}

static tq_status change_peer(verb_context *at)
{
    json_t *body = NULL, *peer = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(exchange_load(at->store, "peer", at->call->id, &peer, &version, state, at->err));
    tq_status status = exchange_json(at->call->body, &body, at->err);
    const json_t *seen = json_object_get(body, "version");
    if (status == TQ_OK && json_is_integer(seen) && (uint64_t)json_integer_value(seen) != version)
        status = tq_fail(at->err, TQ_STALE, 0, "the peer is at version %llu by now",
                         (unsigned long long)version);
    if (status == TQ_OK) status = copy_members(at, body, peer);
    json_decref(body);
    if (status != TQ_OK) {
        json_decref(peer);
        return status;
    }
    TQ_TRY(exchange_save(at->store, "peer", at->call->id, state, peer, version, at->call->now_ms,
                         at->err));
    TQ_TRY(say(at, "changed"));
    return get_peer(at);
}

static bool may_move(const char *from, const char *to)
{
    static const char *const moves[][2] = {
        {"connected", "joint_test"}, {"joint_test", "accepted"}, {"joint_test", "connected"},
        {"accepted", "paused"},      {"paused", "accepted"},
    };
    if (strcmp(to, "closed") == 0) return strcmp(from, "closed") != 0;
    for (size_t k = 0; k < TQ_COUNT(moves); k++)
        if (strcmp(moves[k][0], from) == 0 && strcmp(moves[k][1], to) == 0) return true;
    return false;
}

static tq_status move_peer(verb_context *at)
{
    json_t *body = NULL, *peer = NULL;
    uint64_t version = 0;
    char state[32], to[32];
    tq_link_state link = {0};
    TQ_TRY(exchange_json(at->call->body, &body, at->err));
    (void)snprintf(to, sizeof to, "%.31s", json_text_or(body, "to", ""));
    json_decref(body);
    TQ_TRY(exchange_load(at->store, "peer", at->call->id, &peer, &version, state, at->err));
    tq_status status = TQ_OK;
    json_int_t test = json_integer_value(json_object_get(peer, "test_seq"));
    if (!may_move(state, to))
        status =
            tq_fail(at->err, TQ_BAD_INPUT, 0,
                    "a peer that is %s cannot become '%s'; the order is connected, joint_test, "
                    "accepted, paused, and closed from any",
                    state, to);
    if (status == TQ_OK) status = tq_store_link_state(at->store, at->call->id, &link, at->err);
    if (status == TQ_OK && strcmp(state, "joint_test") == 0 && strcmp(to, "accepted") == 0 &&
        link.receipt < (uint64_t)test)
        status = tq_fail(at->err, TQ_BAD_INPUT, 0,
                         "the joint test is not passed: message %lld has no receipt yet",
                         (long long)test);
    if (status == TQ_OK && strcmp(to, "joint_test") == 0) {
        json_t *hello = json_object();
        uint64_t seq = 0;
        json_object_set_new(hello, "test", json_true());
        exchange_put_instant(at->exchange, hello, "at", at->call->now_ms);
        status = exchange_send(at->store, at->call->id, "test", "", at->call->now_ms, hello, &seq,
                               at->err);
        json_object_set_new(peer, "test_seq", json_integer((json_int_t)seq));
    }
    if (status != TQ_OK) {
        json_decref(peer);
        return status;
    }
    TQ_TRY(exchange_save(at->store, "peer", at->call->id, to, peer, version, at->call->now_ms,
                         at->err));
    TQ_TRY(say(at, "moved"));
    return get_peer(at);
}

typedef struct pairs {
    json_t *list;
} pairs;

static bool seen_pair(void *user, const tq_message *message)
{
    pairs *out = user;
    char hash[20];
    json_t *body = json_loadb(message->body.at, message->body.len, JSON_DECODE_ANY, NULL);
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)message_hash(body));
    json_decref(body);
    json_array_append_new(out->list, json_pack("[I, s]", (json_int_t)message->seq, hash));
    return true;
}

/* Send the list of what was sent (from a number on) with its hashes; the answer comes with the
 * receipt and is kept as a reconciliation. */
static tq_status reconcile_peer(verb_context *at)
{
    json_t *body = NULL, *peer = NULL;
    uint64_t version = 0;
    char state[32];
    tq_link_state link = {0};
    TQ_TRY(exchange_load(at->store, "peer", at->call->id, &peer, &version, state, at->err));
    json_decref(peer);
    TQ_TRY(exchange_json(at->call->body.len > 0 ? at->call->body : TQ_STR("{}"), &body, at->err));
    json_int_t from = json_integer_value(json_object_get(body, "from"));
    json_decref(body);
    TQ_TRY(tq_store_link_state(at->store, at->call->id, &link, at->err));
    uint64_t after = from > 0                    ? (uint64_t)from - 1
                     : link.sent > RECONCILE_MAX ? link.sent - RECONCILE_MAX
                                                 : 0;
    pairs out = {json_array()};
    TQ_TRY(
        tq_store_outbox(at->store, at->call->id, after, RECONCILE_MAX, seen_pair, &out, at->err));
    json_t *list = json_object();
    json_object_set_new(list, "messages", out.list);
    TQ_TRY(exchange_send(at->store, at->call->id, "reconcile", "", at->call->now_ms, list, NULL,
                         at->err));
    TQ_TRY(say(at, "reconcile"));
    return get_peer(at);
}

/* ---- the table
 * ------------------------------------------------------------------------------------ */

static const char *const STAFF[] = {"dispatcher", "planner", "auditor", "admin", NULL};
static const char *const ADMIN[] = {"admin", NULL};
static const char *const PEER[] = {"peer", NULL};
enum { ASK = 1, DO = 2 };

static const struct {
    const char *name;
    const char *const *roles;
    uint32_t kind;
    tq_status (*run)(verb_context *at);
} VERBS[] = {
    {"peer.list", STAFF, ASK, list_peers},         {"peer.get", STAFF, ASK, get_peer},
    {"peer.messages", STAFF, ASK, list_messages},  {"product.list", STAFF, ASK, list_products},
    {"report.list", STAFF, ASK, list_reports},     {"peer.create", ADMIN, DO, create_peer},
    {"peer.change", ADMIN, DO, change_peer},       {"peer.move", ADMIN, DO, move_peer},
    {"peer.reconcile", ADMIN, DO, reconcile_peer}, {"exchange.state", PEER, ASK, link_state},
    {"exchange.receive", PEER, DO, NULL},          {"exchange.pull", PEER, DO, NULL},
};

static uint32_t row_of(const char *verb)
{
    uint32_t at = 0;
    while (at < TQ_COUNT(VERBS) && strcmp(VERBS[at].name, verb) != 0)
        at++;
    return at;
}

uint32_t tq_exchange_verb(const char *verb)
{
    uint32_t at = row_of(verb);
    return at < TQ_COUNT(VERBS) ? VERBS[at].kind : 0;
}

const char *const *tq_exchange_roles(const char *verb)
{
    uint32_t at = row_of(verb);
    return at < TQ_COUNT(VERBS) ? VERBS[at].roles : NULL;
}

static tq_status write_audit(tq_store *store, const tq_exchange_call *call, tq_err *err)
{
    tq_audit row = {.at_ms = call->now_ms,
                    .actor = call->actor,
                    .role = call->peer[0] != '\0' ? "peer" : "staff",
                    .verb = call->verb,
                    .kind = "peer",
                    .id = call->id,
                    .outcome = "done",
                    .detail = TQ_STR("{}")};
    return tq_store_audit(store, &row, err);
}

tq_status tq_exchange_run(tq_exchange *exchange, tq_store *store, const tq_exchange_call *call,
                          uint32_t *status, tq_buf *answer, tq_err *err)
{
    uint32_t at = row_of(call->verb);
    if (at == TQ_COUNT(VERBS))
        return tq_fail(err, TQ_NOT_FOUND, 0, "there is no verb '%.40s'", call->verb);
    *status = 200;
    tq_status done;
    if (strcmp(call->verb, "exchange.receive") == 0) {
        done = exchange_receive(exchange, store, call, status, answer, err);
    } else if (strcmp(call->verb, "exchange.pull") == 0) {
        done = exchange_pull(exchange, store, call, status, answer, err);
    } else {
        verb_context context = {exchange, store, call, status, answer, err};
        done = VERBS[at].run(&context);
    }
    if (done != TQ_OK || VERBS[at].kind == ASK) return done;
    return write_audit(store, call, err);
}
