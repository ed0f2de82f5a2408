/* Commands done: what was answered to a key, so that a command sent twice is done once. */
#include "store/store_in.h"

static tq_status copy_answer(const store_query *query, const char *key, uint64_t hash,
                             uint32_t *status, tq_buf *answer, tq_err *err)
{
    if (store_column_count(query, 0) != hash)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the key %s was used for another command", key);
    if (answer != NULL) {
        tq_str text = store_column_body(query, 2);
        answer->len = 0;
        tq_buf_put(answer, text.at, text.len);
        if (answer->failed) return tq_fail(err, TQ_NO_MEMORY, 0, "store: no memory for an answer");
    }
    if (status != NULL) *status = (uint32_t)store_column_number(query, 1);
    return TQ_OK;
}

tq_status tq_store_done(tq_store *store, const char *actor, const char *key, uint64_t hash,
                        uint32_t *status, tq_buf *answer, tq_err *err)
{
    store_query query;
    bool row = false;
    TQ_TRY(store_check_text(actor, "actor", err));
    TQ_TRY(store_check_name(key, "key", err));
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, DO_DONE, err));
    store_bind_text(&query, 1, actor);
    store_bind_text(&query, 2, key);
    tq_status result = store_query_step(&query, &row, "look for a command", err);
    if (result == TQ_OK)
        result = row ? copy_answer(&query, key, hash, status, answer, err)
                     : tq_fail(err, TQ_NOT_FOUND, 0, "the key %s is new", key);
    store_query_end(&query);
    return result;
}

static tq_status remember(tq_store *store, const char *actor, const char *key, uint64_t hash,
                          uint32_t status, tq_str answer, int64_t at_ms, tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, DO_REMEMBER, err));
    store_bind_text(&query, 1, actor);
    store_bind_text(&query, 2, key);
    store_bind_number(&query, 3, (int64_t)hash);
    store_bind_number(&query, 4, status);
    store_bind_body(&query, 5, answer);
    store_bind_number(&query, 6, at_ms);
    tq_status result = store_query_run(&query, "remember a command", err);
    bool added = result == TQ_OK && sqlite3_changes(store->db) != 0;
    store_query_end(&query);
    TQ_TRY(result);
    return added ? TQ_OK : tq_fail(err, TQ_STALE, 0, "the key %s is remembered already", key);
}

tq_status tq_store_remember(tq_store *store, const char *actor, const char *key, uint64_t hash,
                            uint32_t status, tq_str answer, int64_t at_ms, tq_err *err)
{
    TQ_TRY(store_check_text(actor, "actor", err));
    TQ_TRY(store_check_name(key, "key", err));
    TQ_TRY(store_check_body(answer, err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, remember(store, actor, key, hash, status, answer, at_ms, err),
                           err);
}

tq_status tq_store_forget_done(tq_store *store, int64_t before_ms, tq_err *err)
{
    store_query query;
    TQ_TRY(store_write_begin(store, err));
    tq_status status = store_query_begin(&query, store, DO_FORGET_DONE, err);
    if (status == TQ_OK) {
        store_bind_number(&query, 1, before_ms);
        status = store_query_run(&query, "forget commands", err);
        store_query_end(&query);
    }
    return store_write_end(store, status, err);
}
