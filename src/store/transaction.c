/*
 * Transactions: many commands to a commit, each between a mark and keep or undo. A failure inside
 * one loses the whole: see store_in.h.
 */
#include "store/store_in.h"

tq_status store_still_open(const tq_store *store, tq_err *err)
{
    if (store->failed.status != TQ_OK && err != NULL) *err = store->failed;
    return store->failed.status;
}

static tq_status may_write(const tq_store *store, tq_err *err)
{
    return store->read_only ? tq_fail(err, TQ_STORE, 0, "store: it is open for reading only")
                            : TQ_OK;
}

/* After a failed commit SQLite may still be inside the transaction. */
static void leave(tq_store *store)
{
    if (sqlite3_get_autocommit(store->db) == 0)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->open = store->marked = store->own = false;
    tq_err_clear(&store->failed);
}

tq_status tq_store_begin(tq_store *store, tq_err *err)
{
    TQ_TRY(may_write(store, err));
    if (store->open) return tq_fail(err, TQ_STORE, 0, "store: a transaction is open already");
    TQ_TRY(store_run(store, DO_BEGIN, "begin", err));
    store->open = true;
    return TQ_OK;
}

tq_status tq_store_commit(tq_store *store, tq_err *err)
{
    if (!store->open) return tq_fail(err, TQ_STORE, 0, "store: no transaction is open");
    tq_status status = store_still_open(store, err);
    if (status == TQ_OK && store->marked)
        status = tq_fail(err, TQ_STORE, 0, "store: a command is neither kept nor undone");
    if (status == TQ_OK) status = store_run(store, DO_COMMIT, "commit", err);
    leave(store);
    return status;
}

void tq_store_rollback(tq_store *store)
{
    if (store->open) leave(store);
}

tq_status tq_store_mark(tq_store *store, tq_err *err)
{
    if (!store->open || store->marked)
        return tq_fail(err, TQ_STORE, 0,
                       "store: a command begins inside a transaction, and after "
                       "the one before it has ended");
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_run(store, DO_MARK, "begin a command", err));
    store->marked = true;
    return TQ_OK;
}

tq_status tq_store_keep(tq_store *store, tq_err *err)
{
    TQ_TRY(store_still_open(store, err));
    if (!store->marked) return tq_fail(err, TQ_STORE, 0, "store: no command is open");
    store->marked = false;
    return store_run(store, DO_KEEP, "keep a command", err);
}

void tq_store_undo(tq_store *store)
{
    if (!store->marked) return;
    store->marked = false;
    if (store->failed.status != TQ_OK) return; /* all is undone already */
    /* When one of them fails, the transaction has failed: its commit says so. */
    if (store_run(store, DO_UNDO, "undo a command", NULL) == TQ_OK)
        (void)store_run(store, DO_KEEP, "undo a command", NULL);
}

tq_status store_write_begin(tq_store *store, tq_err *err)
{
    TQ_TRY(may_write(store, err));
    if (store->open) return store_still_open(store, err);
    TQ_TRY(tq_store_begin(store, err));
    store->own = true;
    return TQ_OK;
}

tq_status store_write_end(tq_store *store, tq_status status, tq_err *err)
{
    if (!store->own) return status;
    if (status == TQ_OK) return tq_store_commit(store, err);
    tq_store_rollback(store);
    return status;
}
