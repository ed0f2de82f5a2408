/*
 * One statement at a time: preparing and keeping, binding, stepping, reading columns, and what
 * SQLite's failures are called here.
 */
#include <errno.h>

#include "store/store_in.h"

static const char *const TEXT_OF[] = {
#define STATEMENT_TEXT(name, text) text,
    STATEMENT_MAP(STATEMENT_TEXT)
#undef STATEMENT_TEXT
};

static bool is_no_room(int reason)
{
    return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

/* Why the last call on the log's file failed: the errno of the process may be that of a later call.
 */
static int errno_of_log(tq_store *store)
{
    sqlite3_file *log = NULL;
    int reason = 0;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&log) !=
            SQLITE_OK ||
        log == NULL || log->pMethods == NULL)
        return 0;
    (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &reason);
    return reason;
}

static bool disk_full(tq_store *store)
{
    int code = sqlite3_errcode(store->db) & 0xff;
    if (code == SQLITE_FULL) return true;
    /* A full quota, a file at its limit, or no room for the shared index of the log, comes as an
     * I/O error. */
    if (code != SQLITE_IOERR && code != SQLITE_CANTOPEN) return false;
    return is_no_room(sqlite3_system_errno(store->db)) || is_no_room(errno_of_log(store));
}

static tq_status name_failure(tq_store *store, const char *what, tq_err *err)
{
    const char *reason = sqlite3_errmsg(store->db);
    if (disk_full(store))
        return tq_fail(err, TQ_LIMIT, 0,
                       "store: cannot %s: the disk is full: free some space; "
                       "reading goes on",
                       what);
    switch (sqlite3_errcode(store->db) & 0xff) {
    case SQLITE_NOMEM: return tq_fail(err, TQ_NO_MEMORY, 0, "store: no memory to %s", what);
    case SQLITE_NOTADB:
        return tq_fail(err, TQ_STORE, 0, "store: cannot %s: this is not a store file", what);
    case SQLITE_CORRUPT:
        return tq_fail(err, TQ_STORE, 0,
                       "store: cannot %s: the file is damaged (%s); put a backup in its place",
                       what, reason);
    case SQLITE_BUSY:
        return tq_fail(err, TQ_STORE, 0, "store: cannot %s: another program is writing", what);
    default: return tq_fail(err, TQ_STORE, 0, "store: cannot %s: %s", what, reason);
    }
}

tq_status store_failed(tq_store *store, const char *what, tq_err *err)
{
    tq_err why;
    tq_status status = name_failure(store, what, &why);
    if (err != NULL) *err = why;
    if (store->open && store->failed.status == TQ_OK) {
        store->failed = why;
        /* SQLite may have ended it by itself already. */
        if (sqlite3_get_autocommit(store->db) == 0)
            (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

tq_status store_query_text(store_query *query, tq_store *store, sqlite3_stmt **kept,
                           const char *text, tq_err *err)
{
    *query = (struct store_query){.store = store};
    bool busy = *kept != NULL && sqlite3_stmt_busy(*kept) != 0;
    if (*kept == NULL || busy) {
        sqlite3_stmt *made = NULL;
        if (sqlite3_prepare_v3(store->db, text, -1, busy ? 0 : SQLITE_PREPARE_PERSISTENT, &made,
                               NULL) != SQLITE_OK)
            return store_failed(store, "ask", err);
        if (!busy) *kept = made;
        query->at = made;
        query->own = busy;
        return TQ_OK;
    }
    query->at = *kept;
    return TQ_OK;
}

tq_status store_query_begin(store_query *query, tq_store *store, store_statement which, tq_err *err)
{
    return store_query_text(query, store, &store->kept[which], TEXT_OF[which], err);
}

void store_query_end(store_query *query)
{
    if (query->at == NULL) return;
    if (query->own) {
        sqlite3_finalize(query->at);
    } else {
        sqlite3_reset(query->at);
        sqlite3_clear_bindings(query->at); /* the texts belong to the caller */
    }
    query->at = NULL;
}

/* Binding fails only by a wrong place or without memory; the step that follows would then work on
 * NULL, which every column refuses. */
void store_bind_number(store_query *query, int place, int64_t value)
{
    (void)sqlite3_bind_int64(query->at, place, value);
}

void store_bind_count(store_query *query, int place, uint64_t value)
{
    store_bind_number(query, place, (int64_t)TQ_MIN(value, (uint64_t)INT64_MAX));
}

void store_bind_text(store_query *query, int place, const char *text)
{
    (void)sqlite3_bind_text(query->at, place, text != NULL ? text : "", -1, SQLITE_STATIC);
}

void store_bind_body(store_query *query, int place, tq_str text)
{
    (void)sqlite3_bind_text64(query->at, place, text.at != NULL ? text.at : "",
                              text.at != NULL ? text.len : 0, SQLITE_STATIC, SQLITE_UTF8);
}

void store_bind_hash(store_query *query, int place, const uint8_t hash[HASH_BYTES])
{
    (void)sqlite3_bind_blob(query->at, place, hash, HASH_BYTES, SQLITE_STATIC);
}

void store_bind_limit(store_query *query, int place, uint32_t limit)
{
    store_bind_number(query, place, limit == 0 ? -1 : (int64_t)limit);
}

tq_status store_query_step(store_query *query, bool *row, const char *what, tq_err *err)
{
    int step = sqlite3_step(query->at);
    if (step != SQLITE_ROW && step != SQLITE_DONE) return store_failed(query->store, what, err);
    *row = step == SQLITE_ROW;
    return TQ_OK;
}

tq_status store_query_run(store_query *query, const char *what, tq_err *err)
{
    bool row = true;
    tq_status status = TQ_OK;
    while (status == TQ_OK && row)
        status = store_query_step(query, &row, what, err);
    return status;
}

int64_t store_column_number(const store_query *query, int place)
{
    return sqlite3_column_int64(query->at, place);
}

uint64_t store_column_count(const store_query *query, int place)
{
    return (uint64_t)store_column_number(query, place);
}

const char *store_column_text(const store_query *query, int place)
{
    const unsigned char *text = sqlite3_column_text(query->at, place);
    return text != NULL ? (const char *)text : "";
}

tq_str store_column_body(const store_query *query, int place)
{
    const char *at = store_column_text(query, place); /* before the length: SQLite's order */
    return (tq_str){at, (size_t)sqlite3_column_bytes(query->at, place)};
}

tq_status store_run(tq_store *store, store_statement which, const char *what, tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, which, err));
    tq_status status = store_query_run(&query, what, err);
    store_query_end(&query);
    return status;
}

tq_status store_check_text(const char *text, const char *what, tq_err *err)
{
    if (text != NULL && strnlen(text, TQ_STORE_NAME_MAX + 1) > TQ_STORE_NAME_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "store: a %s is longer than %u bytes", what,
                       (unsigned)TQ_STORE_NAME_MAX);
    return TQ_OK;
}

tq_status store_check_name(const char *text, const char *what, tq_err *err)
{
    if (text == NULL || text[0] == '\0')
        return tq_fail(err, TQ_BAD_INPUT, 0, "store: a %s is missing", what);
    return store_check_text(text, what, err);
}

tq_status store_check_body(tq_str body, tq_err *err)
{
    if (body.len > TQ_STORE_BODY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "store: a body of %zu bytes is over the limit of %zu",
                       body.len, TQ_STORE_BODY_MAX);
    return TQ_OK;
}

tq_status store_head_get(tq_store *store, const char *name, uint64_t *number,
                         uint8_t hash[HASH_BYTES], tq_err *err)
{
    store_query query;
    bool row = false;
    TQ_TRY(store_query_begin(&query, store, DO_HEAD, err));
    store_bind_text(&query, 1, name);
    tq_status status = store_query_step(&query, &row, "read a head", err);
    if (status == TQ_OK) {
        *number = row ? store_column_count(&query, 0) : 0;
        const void *bytes = row ? sqlite3_column_blob(query.at, 1) : NULL;
        if (hash != NULL && bytes != NULL && sqlite3_column_bytes(query.at, 1) == HASH_BYTES)
            memcpy(hash, bytes, HASH_BYTES);
        else if (hash != NULL)
            memset(hash, 0, HASH_BYTES);
    }
    store_query_end(&query);
    return status;
}

tq_status store_head_set(tq_store *store, const char *name, uint64_t number,
                         const uint8_t hash[HASH_BYTES], tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, DO_SET_HEAD, err));
    store_bind_text(&query, 1, name);
    store_bind_count(&query, 2, number);
    store_bind_hash(&query, 3, hash);
    tq_status status = store_query_run(&query, "write a head", err);
    store_query_end(&query);
    return status;
}
