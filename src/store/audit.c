/*
 * The audit chain. A row's hash is the SHA-256 of
 *     the hash of the row before (zeros before the first), seq, at_ms, and each text column
 *     in order, with its length before it; numbers as 8 bytes, little-endian
 * so no two different rows give the same bytes. The newest number and hash stand once more in the
 * table `head`: a tail that was cut off is missed there.
 *
 * The hash has no key: who can write the file can also build a whole new chain. Against that, the
 * head printed by a check is kept elsewhere and compared with a later chain (docs/ops/store.md).
 */
#include <stdio.h>

#include "store/store_in.h"

#define CHAIN       "audit"
#define TEXT_COUNT  7 /* actor role verb kind id outcome detail */
#define FIRST_TEXT  2 /* their first column in DO_AUDITS */
#define HASH_COLUMN (FIRST_TEXT + TEXT_COUNT)

static void put_number(tq_buf *buf, uint64_t value)
{
    uint8_t bytes[8];
    for (unsigned k = 0; k < 8; k++)
        bytes[k] = (uint8_t)(value >> (8 * k));
    tq_buf_put(buf, bytes, sizeof bytes);
}

static tq_status hash_row(tq_store *store, const uint8_t before[HASH_BYTES], uint64_t seq,
                          int64_t at_ms, const tq_str text[TEXT_COUNT], uint8_t out[HASH_BYTES],
                          tq_err *err)
{
    tq_buf *buf = &store->scratch;
    buf->len = 0;
    buf->failed = false;
    tq_buf_put(buf, before, HASH_BYTES);
    put_number(buf, seq);
    put_number(buf, (uint64_t)at_ms);
    for (unsigned k = 0; k < TEXT_COUNT; k++) {
        put_number(buf, text[k].len);
        tq_buf_put(buf, text[k].at, text[k].len);
    }
    if (buf->failed) return tq_fail(err, TQ_NO_MEMORY, 0, "store: no memory for an audit row");
    tq_sha256(buf->at, buf->len, out);
    return TQ_OK;
}

static tq_status append(tq_store *store, const tq_audit *row, tq_err *err)
{
    const tq_str text[TEXT_COUNT] = {
        tq_str_of(row->actor), tq_str_of(row->role),    tq_str_of(row->verb), tq_str_of(row->kind),
        tq_str_of(row->id),    tq_str_of(row->outcome), row->detail};
    uint8_t before[HASH_BYTES], hash[HASH_BYTES];
    uint64_t seq = 0;
    store_query query;
    TQ_TRY(store_head_get(store, CHAIN, &seq, before, err));
    seq++;
    TQ_TRY(hash_row(store, before, seq, row->at_ms, text, hash, err));
    TQ_TRY(store_query_begin(&query, store, DO_AUDIT, err));
    store_bind_count(&query, 1, seq);
    store_bind_number(&query, 2, row->at_ms);
    for (int k = 0; k < TEXT_COUNT; k++)
        store_bind_body(&query, 3 + k, text[k]);
    store_bind_hash(&query, 3 + TEXT_COUNT, hash);
    tq_status status = store_query_run(&query, "write the audit", err);
    store_query_end(&query);
    TQ_TRY(status);
    return store_head_set(store, CHAIN, seq, hash, err);
}

tq_status tq_store_audit(tq_store *store, const tq_audit *row, tq_err *err)
{
    TQ_TRY(store_check_text(row->actor, "actor", err));
    TQ_TRY(store_check_text(row->role, "role", err));
    TQ_TRY(store_check_text(row->verb, "verb", err));
    TQ_TRY(store_check_text(row->kind, "kind", err));
    TQ_TRY(store_check_text(row->id, "id", err));
    TQ_TRY(store_check_text(row->outcome, "outcome", err));
    TQ_TRY(store_check_body(row->detail, err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, append(store, row, err), err);
}

static void write_hex(const uint8_t hash[HASH_BYTES], char out[2 * HASH_BYTES + 1])
{
    static const char digit[] = "0123456789abcdef";
    for (unsigned k = 0; k < HASH_BYTES; k++) {
        out[2 * k] = digit[hash[k] >> 4];
        out[2 * k + 1] = digit[hash[k] & 15];
    }
    out[2 * HASH_BYTES] = '\0';
}

/* False when the column is not a hash. */
static bool column_hash(const store_query *query, uint8_t out[HASH_BYTES])
{
    const void *bytes = sqlite3_column_blob(query->at, HASH_COLUMN);
    if (bytes == NULL || sqlite3_column_bytes(query->at, HASH_COLUMN) != HASH_BYTES) return false;
    memcpy(out, bytes, HASH_BYTES);
    return true;
}

tq_status tq_store_audits(tq_store *store, uint64_t after, uint32_t limit,
                          bool (*seen)(void *user, const tq_audit *row, const char *hash),
                          void *user, tq_err *err)
{
    store_query query;
    bool row = false, more = true;
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, DO_AUDITS, err));
    store_bind_count(&query, 1, after);
    store_bind_limit(&query, 2, limit);
    tq_status status = store_query_step(&query, &row, "read the audit", err);
    while (status == TQ_OK && row && more) {
        uint8_t hash[HASH_BYTES] = {0};
        char hex[2 * HASH_BYTES + 1];
        tq_audit audit = {.seq = store_column_count(&query, 0),
                          .at_ms = store_column_number(&query, 1),
                          .actor = store_column_text(&query, 2),
                          .role = store_column_text(&query, 3),
                          .verb = store_column_text(&query, 4),
                          .kind = store_column_text(&query, 5),
                          .id = store_column_text(&query, 6),
                          .outcome = store_column_text(&query, 7),
                          .detail = store_column_body(&query, 8)};
        (void)column_hash(&query, hash);
        write_hex(hash, hex);
        more = seen(user, &audit, hex);
        if (more) status = store_query_step(&query, &row, "read the audit", err);
    }
    store_query_end(&query);
    return status;
}

/* SQLite reads a number out of a text and a text out of a number: a column of another type has been
 * changed behind the store's back even where the value reads the same. */
static bool row_types_fit(const store_query *query)
{
    bool fit = sqlite3_column_type(query->at, 0) == SQLITE_INTEGER &&
               sqlite3_column_type(query->at, 1) == SQLITE_INTEGER &&
               sqlite3_column_type(query->at, HASH_COLUMN) == SQLITE_BLOB;
    for (int k = 0; k < TEXT_COUNT; k++)
        fit = fit && sqlite3_column_type(query->at, FIRST_TEXT + k) == SQLITE_TEXT;
    return fit;
}

typedef struct audit_chain {
    uint64_t rows;
    uint8_t hash[HASH_BYTES]; /* of the last row that fits */
    uint64_t broken;
} audit_chain;

static tq_status check_row(tq_store *store, const store_query *query, audit_chain *chain,
                           tq_err *why, tq_err *err)
{
    uint64_t expected = chain->rows + 1, seq = store_column_count(query, 0);
    uint8_t stored[HASH_BYTES], made[HASH_BYTES];
    if (!row_types_fit(query) || !column_hash(query, stored)) {
        chain->broken = expected;
        (void)tq_fail(why, TQ_STORE, 0, "audit row %llu has been changed",
                      (unsigned long long)expected);
        return TQ_OK;
    }
    if (seq != expected) {
        chain->broken = expected;
        (void)tq_fail(why, TQ_STORE, 0, "audit row %llu is missing", (unsigned long long)expected);
        return TQ_OK;
    }
    tq_str text[TEXT_COUNT];
    for (int k = 0; k < TEXT_COUNT; k++)
        text[k] = store_column_body(query, FIRST_TEXT + k);
    TQ_TRY(hash_row(store, chain->hash, seq, store_column_number(query, 1), text, made, err));
    if (!tq_same_bytes(stored, made, HASH_BYTES)) {
        chain->broken = expected;
        (void)tq_fail(why, TQ_STORE, 0,
                      "audit row %llu does not fit: it or the row before it has been changed, "
                      "moved or put in",
                      (unsigned long long)expected);
        return TQ_OK;
    }
    chain->rows = seq;
    memcpy(chain->hash, made, HASH_BYTES);
    return TQ_OK;
}

/* The chain must end where the head says. */
static void check_head(audit_chain *chain, uint64_t number, const uint8_t hash[HASH_BYTES],
                       tq_err *why)
{
    if (chain->broken != 0) return;
    if (chain->rows < number) {
        chain->broken = chain->rows + 1;
        (void)tq_fail(why, TQ_STORE, 0,
                      "the end of the audit is cut off: rows %llu to %llu are missing",
                      (unsigned long long)chain->rows + 1, (unsigned long long)number);
    } else if (chain->rows > number) {
        chain->broken = number + 1;
        (void)tq_fail(why, TQ_STORE, 0, "audit row %llu was put in behind the end",
                      (unsigned long long)number + 1);
    } else if (!tq_same_bytes(chain->hash, hash, HASH_BYTES)) {
        chain->broken = TQ_MAX(chain->rows, 1);
        (void)tq_fail(why, TQ_STORE, 0,
                      "the audit ends with another hash than the one kept beside it: row %llu, or "
                      "the whole chain, has been replaced",
                      (unsigned long long)chain->broken);
    }
}

static tq_status walk_chain(tq_store *store, audit_chain *chain, tq_err *why, tq_err *err)
{
    store_query query;
    bool row = false;
    uint64_t number = 0;
    uint8_t hash[HASH_BYTES];
    TQ_TRY(store_head_get(store, CHAIN, &number, hash, err));
    TQ_TRY(store_query_begin(&query, store, DO_AUDITS, err));
    store_bind_number(&query, 1, INT64_MIN); /* numbers below one would be rows put in, too */
    store_bind_limit(&query, 2, 0);
    tq_status status = store_query_step(&query, &row, "read the audit", err);
    while (status == TQ_OK && row && chain->broken == 0) {
        status = check_row(store, &query, chain, why, err);
        if (status == TQ_OK) status = store_query_step(&query, &row, "read the audit", err);
    }
    store_query_end(&query);
    TQ_TRY(status);
    check_head(chain, number, hash, why);
    return TQ_OK;
}

tq_status tq_store_audit_verify(tq_store *store, uint64_t *rows, uint64_t *broken, char head[65],
                                tq_err *err)
{
    audit_chain chain = {0};
    tq_err why;
    tq_err_clear(&why);
    TQ_TRY(store_still_open(store, err));
    /* Rows and head must be of the same instant while a writer goes on. */
    TQ_TRY(store_run(store, DO_LOOK_BEGIN, "read the audit", err));
    tq_status status = walk_chain(store, &chain, &why, err);
    if (store->failed.status == TQ_OK) {
        tq_status ended = store_run(store, DO_LOOK_END, "read the audit", err);
        if (status == TQ_OK) status = ended;
    }
    TQ_TRY(status);
    *rows = chain.rows;
    *broken = chain.broken;
    write_hex(chain.hash, head);
    if (chain.broken != 0 && err != NULL) *err = why;
    return TQ_OK;
}
