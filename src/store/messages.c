/*
 * Messages to and from peers. Numbers are counted in the table `peer`, a row a peer, in the same
 * transaction as the message: no holes, none twice.
 */
#include "store/store_in.h"

static tq_status link_state(tq_store *store, const char *peer, tq_link_state *out, tq_err *err)
{
    store_query query;
    bool row = false;
    TQ_TRY(store_query_begin(&query, store, DO_LINK_STATE, err));
    store_bind_text(&query, 1, peer);
    tq_status status = store_query_step(&query, &row, "read the state of a peer", err);
    if (status == TQ_OK) {
        *out = (tq_link_state){0};
        if (row)
            *out = (tq_link_state){.sent = store_column_count(&query, 0),
                                   .receipt = store_column_count(&query, 1),
                                   .received = store_column_count(&query, 2)};
    }
    store_query_end(&query);
    return status;
}

static tq_status set_link_state(tq_store *store, const char *peer, const tq_link_state *state,
                                tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, DO_SET_LINK_STATE, err));
    store_bind_text(&query, 1, peer);
    store_bind_count(&query, 2, state->sent);
    store_bind_count(&query, 3, state->receipt);
    store_bind_count(&query, 4, state->received);
    tq_status status = store_query_run(&query, "write the state of a peer", err);
    store_query_end(&query);
    return status;
}

static tq_status check_message(const tq_message *message, tq_err *err)
{
    TQ_TRY(store_check_name(message->peer, "peer", err));
    TQ_TRY(store_check_text(message->product, "product", err));
    TQ_TRY(store_check_text(message->about, "record that a message is about", err));
    return store_check_body(message->body, err);
}

static tq_status append_out(tq_store *store, const tq_message *message, uint64_t *seq, tq_err *err)
{
    tq_link_state state;
    store_query query;
    TQ_TRY(link_state(store, message->peer, &state, err));
    *seq = ++state.sent;
    TQ_TRY(store_query_begin(&query, store, DO_SEND, err));
    store_bind_text(&query, 1, message->peer);
    store_bind_count(&query, 2, state.sent);
    store_bind_text(&query, 3, message->product);
    store_bind_text(&query, 4, message->about);
    store_bind_number(&query, 5, message->at_ms);
    store_bind_body(&query, 6, message->body);
    tq_status status = store_query_run(&query, "write a message", err);
    store_query_end(&query);
    TQ_TRY(status);
    return set_link_state(store, message->peer, &state, err);
}

tq_status tq_store_send(tq_store *store, const tq_message *message, uint64_t *seq, tq_err *err)
{
    uint64_t number = 0;
    TQ_TRY(check_message(message, err));
    TQ_TRY(store_write_begin(store, err));
    TQ_TRY(store_write_end(store, append_out(store, message, &number, err), err));
    if (seq != NULL) *seq = number;
    return TQ_OK;
}

static tq_status read_box(tq_store *store, store_statement which, const char *peer, uint64_t after,
                          uint32_t limit, bool (*seen)(void *user, const tq_message *message),
                          void *user, tq_err *err)
{
    store_query query;
    bool row = false, more = true;
    TQ_TRY(store_check_name(peer, "peer", err));
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, which, err));
    store_bind_text(&query, 1, peer);
    store_bind_count(&query, 2, after);
    store_bind_limit(&query, 3, limit);
    tq_status status = store_query_step(&query, &row, "read messages", err);
    while (status == TQ_OK && row && more) {
        tq_message message = {.peer = peer,
                              .seq = store_column_count(&query, 0),
                              .product = store_column_text(&query, 1),
                              .about = store_column_text(&query, 2),
                              .at_ms = store_column_number(&query, 3),
                              .sent_ms = store_column_number(&query, 4),
                              .receipt_ms = store_column_number(&query, 5),
                              .tries = (uint32_t)store_column_number(&query, 6),
                              .body = store_column_body(&query, 7)};
        more = seen(user, &message);
        if (more) status = store_query_step(&query, &row, "read messages", err);
    }
    store_query_end(&query);
    return status;
}

tq_status tq_store_outbox(tq_store *store, const char *peer, uint64_t after, uint32_t limit,
                          bool (*seen)(void *user, const tq_message *message), void *user,
                          tq_err *err)
{
    return read_box(store, DO_OUTBOX, peer, after, limit, seen, user, err);
}

tq_status tq_store_inbox(tq_store *store, const char *peer, uint64_t after, uint32_t limit,
                         bool (*seen)(void *user, const tq_message *message), void *user,
                         tq_err *err)
{
    return read_box(store, DO_INBOX, peer, after, limit, seen, user, err);
}

static tq_status mark_received(tq_store *store, const char *peer, uint64_t seq, int64_t at_ms,
                               tq_err *err)
{
    tq_link_state state;
    store_query query;
    TQ_TRY(link_state(store, peer, &state, err));
    if (seq > state.sent)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "peer %s acknowledges message %llu, but the last one sent is %llu", peer,
                       (unsigned long long)seq, (unsigned long long)state.sent);
    if (seq <= state.receipt) return TQ_OK; /* an older receipt that came late */
    TQ_TRY(store_query_begin(&query, store, DO_RECEIPT, err));
    store_bind_text(&query, 1, peer);
    store_bind_count(&query, 2, state.receipt);
    store_bind_count(&query, 3, seq);
    store_bind_number(&query, 4, at_ms);
    tq_status status = store_query_run(&query, "write a receipt", err);
    store_query_end(&query);
    TQ_TRY(status);
    state.receipt = seq;
    return set_link_state(store, peer, &state, err);
}

tq_status tq_store_receipt(tq_store *store, const char *peer, uint64_t seq, int64_t at_ms,
                           tq_err *err)
{
    TQ_TRY(store_check_name(peer, "peer", err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, mark_received(store, peer, seq, at_ms, err), err);
}

static tq_status mark_tried(tq_store *store, const char *peer, uint64_t seq, int64_t at_ms,
                            tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, DO_TRIED, err));
    store_bind_text(&query, 1, peer);
    store_bind_count(&query, 2, seq);
    store_bind_number(&query, 3, at_ms);
    tq_status status = store_query_run(&query, "write a try", err);
    bool changed = status == TQ_OK && sqlite3_changes(store->db) != 0;
    store_query_end(&query);
    TQ_TRY(status);
    return changed ? TQ_OK
                   : tq_fail(err, TQ_NOT_FOUND, 0, "there is no message %llu to peer %s",
                             (unsigned long long)seq, peer);
}

tq_status tq_store_tried(tq_store *store, const char *peer, uint64_t seq, int64_t at_ms,
                         tq_err *err)
{
    TQ_TRY(store_check_name(peer, "peer", err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, mark_tried(store, peer, seq, at_ms, err), err);
}

static tq_status append_in(tq_store *store, const tq_message *message, bool *again,
                           uint64_t *expected, tq_err *err)
{
    tq_link_state state;
    store_query query;
    TQ_TRY(link_state(store, message->peer, &state, err));
    *expected = state.received + 1;
    *again = message->seq <= state.received;
    if (*again) return TQ_OK;
    if (message->seq != *expected)
        return tq_fail(err, TQ_STALE, 0, "peer %s: message %llu came, %llu is the next one",
                       message->peer, (unsigned long long)message->seq,
                       (unsigned long long)*expected);
    TQ_TRY(store_query_begin(&query, store, DO_RECEIVE, err));
    store_bind_text(&query, 1, message->peer);
    store_bind_count(&query, 2, message->seq);
    store_bind_text(&query, 3, message->product);
    store_bind_text(&query, 4, message->about);
    store_bind_number(&query, 5, message->at_ms);
    store_bind_number(&query, 6, message->sent_ms);
    store_bind_number(&query, 7, message->receipt_ms);
    store_bind_number(&query, 8, message->tries);
    store_bind_body(&query, 9, message->body);
    tq_status status = store_query_run(&query, "write a message", err);
    store_query_end(&query);
    TQ_TRY(status);
    state.received = message->seq;
    return set_link_state(store, message->peer, &state, err);
}

tq_status tq_store_receive(tq_store *store, const tq_message *message, bool *again,
                           uint64_t *expected, tq_err *err)
{
    bool known = false;
    uint64_t next = 0;
    TQ_TRY(check_message(message, err));
    if (message->seq == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "peer %s: messages are numbered from 1",
                       message->peer);
    TQ_TRY(store_write_begin(store, err));
    tq_status status = store_write_end(store, append_in(store, message, &known, &next, err), err);
    if ((status == TQ_OK || status == TQ_STALE) && expected != NULL) *expected = next;
    if (status == TQ_OK && again != NULL) *again = known;
    return status;
}

tq_status tq_store_link_state(tq_store *store, const char *peer, tq_link_state *out, tq_err *err)
{
    TQ_TRY(store_check_name(peer, "peer", err));
    TQ_TRY(store_still_open(store, err));
    return link_state(store, peer, out, err);
}
