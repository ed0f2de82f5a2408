/*
 * Carrying the outbox to peers.
 *
 * Every message has a number of its peer's own, without holes; a peer acknowledges the number up to
 * which it has everything. What is not acknowledged is sent again, in order, so nothing is lost;
 * the peer passes over numbers that it has, so nothing is doubled. A peer that lacks earlier ones
 * says from where (409 {"expected":n}) and gets them again: that is replay.
 *
 * After a failure a peer is left alone for a second, then twice as long each time up to five
 * minutes, less a part that differs by peer, so that many don't wake at once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/exchange_in.h"

typedef struct peer_row {
    char id[EXCHANGE_ID_MAX], url[512], token[256];
} peer_row;

typedef struct peer_list {
    peer_row row[PEERS_MAX];
    uint32_t count;
} peer_list;

static bool seen_peer(void *user, const tq_record *record)
{
    peer_list *list = user;
    json_t *peer = NULL;
    bool open = strcmp(record->state, "accepted") == 0 || strcmp(record->state, "joint_test") == 0;
    if (!open || exchange_json(record->body, &peer, NULL) != TQ_OK) return true;
    const char *url = json_text_or(peer, "url", "");
    if (url[0] != '\0') {
        peer_row *row = &list->row[list->count++];
        (void)snprintf(row->id, sizeof row->id, "%s", record->id);
        (void)snprintf(row->url, sizeof row->url, "%s", url);
        (void)snprintf(row->token, sizeof row->token, "%s", json_text_or(peer, "token", ""));
    }
    json_decref(peer);
    return list->count < PEERS_MAX;
}

static peer_trials *trials_of(tq_exchange *exchange, const char *id)
{
    for (uint32_t k = 0; k < exchange->trial_count; k++)
        if (strcmp(exchange->trial[k].id, id) == 0) return &exchange->trial[k];
    if (exchange->trial_count == PEERS_MAX) exchange->trial_count = 0; /* forget: only waits */
    peer_trials *made = &exchange->trial[exchange->trial_count++];
    *made = (peer_trials){0};
    (void)snprintf(made->id, sizeof made->id, "%s", id);
    return made;
}

static void back_off(peer_trials *trials, int64_t now_ms)
{
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (uint32_t k = 0; k < trials->failures && wait_ms < BACKOFF_MOST_MS; k++)
        wait_ms *= 2;
    wait_ms = TQ_MIN(wait_ms, BACKOFF_MOST_MS);
    uint64_t chance = tq_hash(trials->id, strlen(trials->id), trials->failures);
    trials->next_ms = now_ms + wait_ms - (int64_t)(chance % (uint64_t)(wait_ms / 4 + 1));
    trials->failures++;
}

/* ---- one batch ---------------------------------------------------------------------------------
 */

typedef struct batch {
    const tq_exchange *exchange;
    json_t *messages;
    uint64_t first, last;
    size_t bytes;
} batch;

static bool seen_message(void *user, const tq_message *message)
{
    batch *out = user;
    out->bytes += message->body.len;
    if (json_array_size(out->messages) > 0 && out->bytes > MESSAGE_BYTES_MAX) return false;
    json_array_append_new(out->messages, message_json(out->exchange, message));
    if (out->first == 0) out->first = message->seq;
    out->last = message->seq;
    return true;
}

/* What a peer's answer means. */
typedef enum reply { REPLY_BAD, REPLY_RECEIVED, REPLY_GO_BACK } reply;

static reply understand(uint32_t http_status, const tq_buf *answer, const batch *sent,
                        uint64_t *number, json_t **compared)
{
    json_t *json = NULL;
    *compared = NULL;
    if ((http_status != 200 && http_status != 409) || answer->at == NULL ||
        exchange_json((tq_str){answer->at, answer->len}, &json, NULL) != TQ_OK)
        return REPLY_BAD;
    const json_t *value = json_object_get(json, http_status == 200 ? "received" : "expected");
    json_int_t said = json_is_integer(value) ? json_integer_value(value) : -1;
    reply meant = REPLY_BAD;
    if (http_status == 200 && said >= 0 && (uint64_t)said >= sent->first - 1 &&
        (uint64_t)said <= sent->last)
        meant = REPLY_RECEIVED;
    else if (http_status == 409 && said >= 1 && (uint64_t)said <= sent->last)
        meant = REPLY_GO_BACK;
    *number = said >= 0 ? (uint64_t)said : 0;
    if (meant == REPLY_RECEIVED) *compared = json_incref(json_object_get(json, "reconcile"));
    json_decref(json);
    return meant;
}

static tq_status write_receipt(tq_store *store, const char *peer, uint64_t seq, json_t *compared,
                               int64_t now_ms, tq_err *err)
{
    tq_status status = tq_store_begin(store, err);
    if (status != TQ_OK) {
        json_decref(compared);
        return status;
    }
    status = tq_store_receipt(store, peer, seq, now_ms, err);
    if (status == TQ_OK && compared != NULL) {
        char id[EXCHANGE_ID_MAX + 24];
        (void)snprintf(id, sizeof id, "%s/%lld", peer, (long long)now_ms);
        bool clean = json_array_size(json_object_get(compared, "lost")) == 0 &&
                     json_array_size(json_object_get(compared, "different")) == 0;
        status = exchange_save(store, "reconciliation", id, clean ? "empty" : "differs",
                               json_incref(compared), 0, now_ms, err);
        if (status == TQ_STALE) status = TQ_OK; /* the same answer came twice */
        if (status == TQ_OK) status = tq_store_link(store, "reconciliation", id, peer, err);
    }
    json_decref(compared);
    if (status == TQ_OK) return tq_store_commit(store, err);
    tq_store_rollback(store);
    return status;
}

static tq_status push_one(tq_exchange *exchange, tq_store *store, const tq_peer_link *link,
                          const peer_row *peer, uint32_t most, int64_t now_ms,
                          tq_push_report *report, tq_err *err)
{
    peer_trials *trials = trials_of(exchange, peer->id);
    tq_link_state state = {0};
    TQ_TRY(tq_store_link_state(store, peer->id, &state, err));
    uint64_t after = trials->go_back != 0 ? trials->go_back - 1 : state.receipt;
    if (after >= state.sent) {
        trials->go_back = 0;
        return TQ_OK;
    }
    if (now_ms < trials->next_ms) {
        report->next_ms = TQ_MIN(report->next_ms, trials->next_ms);
        return TQ_OK;
    }
    batch out = {.exchange = exchange, .messages = json_array()};
    TQ_TRY(tq_store_outbox(store, peer->id, after, most, seen_message, &out, err));
    json_t *body = json_object();
    json_object_set_new(body, "from",
                        json_string(tq_text(exchange->city, exchange->city->meta->id)));
    json_object_set_new(body, "messages", out.messages);
    char *text = exchange_dump(body);
    uint32_t sent = (uint32_t)json_array_size(out.messages), http_status = 0;
    json_decref(body);
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a batch of messages");
    tq_buf answer = {.limit = MESSAGE_BYTES_MAX};
    tq_err why = {0};
    json_t *compared = NULL;
    uint64_t number = 0;
    report->sent += sent;
    tq_status status = link->post(link->user, peer->url, peer->token, tq_str_of(text), &http_status,
                                  &answer, &why);
    free(text);
    reply meant =
        status == TQ_OK ? understand(http_status, &answer, &out, &number, &compared) : REPLY_BAD;
    tq_buf_free(&answer);
    if (meant == REPLY_BAD) {
        report->failed++;
        back_off(trials, now_ms);
        report->next_ms = TQ_MIN(report->next_ms, trials->next_ms);
        return TQ_OK;
    }
    trials->failures = 0;
    trials->next_ms = 0;
    if (meant == REPLY_GO_BACK) {
        trials->go_back = number;
        report->next_ms = now_ms;
        return TQ_OK;
    }
    trials->go_back = trials->go_back != 0 && number < state.receipt ? number + 1 : 0;
    uint64_t gained = number > state.receipt ? number - state.receipt : 0;
    report->acknowledged += (uint32_t)gained;
    if (number < out.last) { /* took a part only: not an error, but not at once again */
        back_off(trials, now_ms);
        report->next_ms = TQ_MIN(report->next_ms, trials->next_ms);
    } else if (number < state.sent) {
        report->next_ms = now_ms;
    }
    if (gained == 0) {
        json_decref(compared);
        return TQ_OK;
    }
    return write_receipt(store, peer->id, number, compared, now_ms, err);
}

tq_status tq_exchange_push(tq_exchange *exchange, tq_store *store, const tq_peer_link *link,
                           uint32_t most, int64_t now_ms, tq_push_report *report, tq_err *err)
{
    *report = (tq_push_report){.next_ms = INT64_MAX};
    peer_list *list = TQ_ALLOC(peer_list, 1);
    if (list == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the list of peers");
    tq_store_filter filter = {.kind = "peer"};
    tq_status status = tq_store_each(store, &filter, seen_peer, list, err);
    report->peers = list->count;
    for (uint32_t k = 0; status == TQ_OK && k < list->count; k++)
        status = push_one(exchange, store, link, &list->row[k], most, now_ms, report, err);
    tq_free(list);
    return status;
}
