/*
 * The event stream. A number is the one after the greatest ever given and kept, so an undone
 * command gives its numbers back and forgetting events never lets a number come again.
 */
#include "store/store_in.h"

#define FORGOTTEN "forgotten"

static tq_status last_event(tq_store *store, uint64_t *out, tq_err *err)
{
    store_query query;
    bool row = false;
    TQ_TRY(store_query_begin(&query, store, DO_LAST_EVENT, err));
    tq_status status = store_query_step(&query, &row, "read the last event", err);
    if (status == TQ_OK) *out = row ? store_column_count(&query, 0) : 0;
    store_query_end(&query);
    return status;
}

static tq_status append(tq_store *store, const tq_event *event, uint64_t *seq, tq_err *err)
{
    store_query query;
    TQ_TRY(last_event(store, seq, err));
    TQ_TRY(store_query_begin(&query, store, DO_EVENT, err));
    store_bind_count(&query, 1, ++*seq);
    store_bind_number(&query, 2, event->at_ms);
    store_bind_text(&query, 3, event->topic);
    store_bind_text(&query, 4, event->id);
    store_bind_text(&query, 5, event->verb);
    store_bind_number(&query, 6, event->network);
    store_bind_number(&query, 7, event->readers);
    store_bind_body(&query, 8, event->body);
    tq_status status = store_query_run(&query, "write an event", err);
    store_query_end(&query);
    return status;
}

tq_status tq_store_event(tq_store *store, const tq_event *event, uint64_t *seq, tq_err *err)
{
    uint64_t number = 0;
    TQ_TRY(store_check_name(event->topic, "topic", err));
    TQ_TRY(store_check_text(event->id, "id", err));
    TQ_TRY(store_check_text(event->verb, "verb", err));
    TQ_TRY(store_check_body(event->body, err));
    TQ_TRY(store_write_begin(store, err));
    TQ_TRY(store_write_end(store, append(store, event, &number, err), err));
    if (seq != NULL) *seq = number;
    return TQ_OK;
}

tq_status tq_store_events(tq_store *store, uint64_t after, uint32_t limit,
                          bool (*seen)(void *user, const tq_event *event), void *user, tq_err *err)
{
    store_query query;
    bool row = false, more = true;
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, DO_EVENTS, err));
    store_bind_count(&query, 1, after);
    store_bind_limit(&query, 2, limit);
    tq_status status = store_query_step(&query, &row, "read events", err);
    while (status == TQ_OK && row && more) {
        tq_event event = {.seq = store_column_count(&query, 0),
                          .at_ms = store_column_number(&query, 1),
                          .topic = store_column_text(&query, 2),
                          .id = store_column_text(&query, 3),
                          .verb = store_column_text(&query, 4),
                          .network = store_column_number(&query, 5) != 0,
                          .readers = (uint32_t)store_column_number(&query, 6),
                          .body = store_column_body(&query, 7)};
        more = seen(user, &event);
        if (more) status = store_query_step(&query, &row, "read events", err);
    }
    store_query_end(&query);
    return status;
}

uint64_t tq_store_last_event(tq_store *store)
{
    uint64_t last = 0;
    return last_event(store, &last, NULL) == TQ_OK ? last : 0;
}

static tq_status forget(tq_store *store, uint64_t up_to, tq_err *err)
{
    static const uint8_t no_hash[HASH_BYTES] = {0};
    uint64_t last = 0, before = 0;
    store_query query;
    TQ_TRY(last_event(store, &last, err));
    up_to = TQ_MIN(up_to, last);
    TQ_TRY(store_head_get(store, FORGOTTEN, &before, NULL, err));
    if (up_to <= before) return TQ_OK;
    TQ_TRY(store_head_set(store, FORGOTTEN, up_to, no_hash, err));
    TQ_TRY(store_query_begin(&query, store, DO_FORGET_EVENTS, err));
    store_bind_count(&query, 1, up_to);
    tq_status status = store_query_run(&query, "forget events", err);
    store_query_end(&query);
    return status;
}

tq_status tq_store_forget_events(tq_store *store, uint64_t up_to, tq_err *err)
{
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, forget(store, up_to, err), err);
}
