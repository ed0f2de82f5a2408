/*
 * store: what must survive. One interface; SQLite behind it (WAL, synchronous=FULL).
 *
 * Records are JSON documents with a kind, an id, a state and a version; the store does not know
 * what they mean. Everything that one command changes (records, the ordered event stream, the audit
 * chain, the outbox, the remembered answer) is written in one transaction; nothing is acknowledged
 * before tq_store_commit has returned TQ_OK. Many commands may share one transaction: each between
 * tq_store_mark and tq_store_keep or tq_store_undo.
 *
 * One handle belongs to one thread; a second handle on the same file reads what is committed.
 * Texts handed to callbacks live until the callback returns.
 *
 * Errors: TQ_NOT_FOUND, TQ_STALE (another version), TQ_LIMIT (disk full: «the disk is full: free
 * some space; reading goes on»), TQ_STORE.
 */
#ifndef TQ_STORE_H
#define TQ_STORE_H

#include "base/base.h"

#define TQ_STORE_NAME_MAX 2048               /* bytes of a kind, id, state, key, series, … */
#define TQ_STORE_BODY_MAX ((size_t)64 << 20) /* bytes of one body or answer */

typedef struct tq_store tq_store;

typedef struct tq_store_options {
    uint32_t size;
    bool read_only;
    bool normal_sync; /* synchronous=NORMAL: loses acknowledged work in a power cut; only for the
                         test that must catch it */
    const char *vfs;  /* SQLite file layer, NULL = the system's; a shim in tests */
} tq_store_options;

/** Open or create the store file. TQ_STORE when it cannot be used; the text says why. */
tq_status tq_store_open(const char *path, tq_store **out, tq_err *err);
tq_status tq_store_open_with(const char *path, const tq_store_options *options, tq_store **out,
                             tq_err *err);
void tq_store_close(tq_store *store); /* NULL is fine */
/** A copy of the whole store as of now, while it is in use; into a new file. */
tq_status tq_store_backup(tq_store *store, const char *path, tq_err *err);

/* ---- transactions ---------------------------------------------------------------------------- */

/* A write outside a transaction is one by itself. When the disk fails inside one, all of it is
 * lost: whatever follows is answered with that failure until tq_store_commit (which repeats it) or
 * tq_store_rollback. */

tq_status tq_store_begin(tq_store *store, tq_err *err);
/** On disk when it returns TQ_OK. On failure everything since begin is gone. */
tq_status tq_store_commit(tq_store *store, tq_err *err);
void tq_store_rollback(tq_store *store);
/* One command inside a transaction. */
tq_status tq_store_mark(tq_store *store, tq_err *err);
tq_status tq_store_keep(tq_store *store, tq_err *err);
void tq_store_undo(tq_store *store);

/* ---- records --------------------------------------------------------------------------------- */

typedef struct tq_record {
    const char *kind, *id, *state;
    uint64_t version; /* 1 for a new one, then +1 */
    int64_t created_ms, changed_ms;
    tq_str body; /* JSON */
} tq_record;

/**
 * Write a record. record->version is the version that the writer has seen: 0 = it must be new
 * (TQ_STALE if it is there), else it must still be that one (TQ_STALE if not). *version tells the
 * new one. created_ms is set from changed_ms when new.
 */
tq_status tq_store_put(tq_store *store, const tq_record *record, uint64_t *version, tq_err *err);
/** `body` becomes the body (what was in it is dropped), with a NUL behind; out's texts point into
 * it or are the arguments. */
tq_status tq_store_get(tq_store *store, const char *kind, const char *id, tq_buf *body,
                       tq_record *out, tq_err *err);
tq_status tq_store_remove(tq_store *store, const char *kind, const char *id, tq_err *err);

typedef struct tq_store_filter {
    const char *kind;
    const char *state;  /* NULL = any; "!ended" = any but */
    const char *after;  /* id, NULL = from the first */
    const char *parent; /* NULL = any; see tq_store_link */
    uint32_t limit;     /* 0 = all */
    bool newest_first;  /* by created_ms, else by id */
} tq_store_filter;
/** False from `seen` stops. `seen` may ask the store. TQ_NOT_FOUND: newest_first with an `after`
 * that is not there. */
tq_status tq_store_each(tq_store *store, const tq_store_filter *filter,
                        bool (*seen)(void *user, const tq_record *record), void *user, tq_err *err);
/** Say that a record belongs to another one (a closure to its case); found by filter.parent. */
tq_status tq_store_link(tq_store *store, const char *kind, const char *id, const char *parent,
                        tq_err *err);
/** The next number of a series, from 1: "case-2026" -> 17. */
tq_status tq_store_number(tq_store *store, const char *series, uint64_t *out, tq_err *err);

/* ---- the event stream ------------------------------------------------------------------------ */

typedef struct tq_event {
    uint64_t seq; /* 1, 2, … without holes among committed ones */
    int64_t at_ms;
    const char *topic; /* "closure", "case", "speeds", … */
    const char *id;    /* of the record */
    const char *verb;  /* "published", "moved", … */
    bool network;      /* the network answers differently from here on */
    uint32_t readers;  /* role mask: who may see it; the desk's meaning */
    tq_str body;       /* JSON, small */
} tq_event;
tq_status tq_store_event(tq_store *store, const tq_event *event, uint64_t *seq, tq_err *err);
tq_status tq_store_events(tq_store *store, uint64_t after, uint32_t limit,
                          bool (*seen)(void *user, const tq_event *event), void *user, tq_err *err);
uint64_t tq_store_last_event(tq_store *store);
/** Forget events up to one (they are kept for resuming consoles and for starting again). */
tq_status tq_store_forget_events(tq_store *store, uint64_t up_to, tq_err *err);

/* ---- audit ----------------------------------------------------------------------------------- */

/* Each row carries the SHA-256 of its contents and of the row before: a changed, missing or moved
 * row breaks the chain. */
typedef struct tq_audit {
    uint64_t seq;
    int64_t at_ms;
    const char *actor, *role, *verb, *kind, *id;
    const char *outcome; /* "done", "refused: …" */
    tq_str detail;       /* JSON: what was asked, with secrets left out */
} tq_audit;
tq_status tq_store_audit(tq_store *store, const tq_audit *row, tq_err *err);
tq_status tq_store_audits(tq_store *store, uint64_t after, uint32_t limit,
                          bool (*seen)(void *user, const tq_audit *row, const char *hash),
                          void *user, tq_err *err);
/** Check the chain. *broken = first row that does not fit, 0 = whole; `head` the last hash that
 * fits. Rows that were changed, taken out, put in, moved or cut off at the end are found; err->text
 * then says which, though the status is TQ_OK. */
tq_status tq_store_audit_verify(tq_store *store, uint64_t *rows, uint64_t *broken, char head[65],
                                tq_err *err);

/* ---- commands done (idempotency) ---------------------------------------------------------------
 */

/** What was answered to a command with this key: TQ_NOT_FOUND = it is new; TQ_BAD_INPUT = the key
 * was used for another command (`hash` differs). */
tq_status tq_store_done(tq_store *store, const char *actor, const char *key, uint64_t hash,
                        uint32_t *status, tq_buf *answer, tq_err *err);
tq_status tq_store_remember(tq_store *store, const char *actor, const char *key, uint64_t hash,
                            uint32_t status, tq_str answer, int64_t at_ms, tq_err *err);
tq_status tq_store_forget_done(tq_store *store, int64_t before_ms, tq_err *err);

/* ---- messages to and from peers -----------------------------------------------------------------
 */

typedef struct tq_message {
    uint64_t seq;                       /* of the peer, from 1 without holes */
    const char *peer, *product, *about; /* about: record the message tells of */
    int64_t at_ms, sent_ms, receipt_ms; /* 0 = not yet */
    uint32_t tries;
    tq_str body; /* JSON */
} tq_message;
tq_status tq_store_send(tq_store *store, const tq_message *message, uint64_t *seq, tq_err *err);
tq_status tq_store_outbox(tq_store *store, const char *peer, uint64_t after, uint32_t limit,
                          bool (*seen)(void *user, const tq_message *message), void *user,
                          tq_err *err);
/** The peer has everything up to `seq`. */
tq_status tq_store_receipt(tq_store *store, const char *peer, uint64_t seq, int64_t at_ms,
                           tq_err *err);
tq_status tq_store_tried(tq_store *store, const char *peer, uint64_t seq, int64_t at_ms,
                         tq_err *err);
/** A message that came in; *again = it was there already (same seq), nothing is changed then.
 * TQ_STALE: a hole before it, *expected tells. */
tq_status tq_store_receive(tq_store *store, const tq_message *message, bool *again,
                           uint64_t *expected, tq_err *err);
tq_status tq_store_inbox(tq_store *store, const char *peer, uint64_t after, uint32_t limit,
                         bool (*seen)(void *user, const tq_message *message), void *user,
                         tq_err *err);
typedef struct tq_link_state {
    uint64_t sent, receipt, received; /* last seq put, acknowledged, come in */
} tq_link_state;
tq_status tq_store_link_state(tq_store *store, const char *peer, tq_link_state *out, tq_err *err);

/* ---- readings
 * ------------------------------------------------------------------------------------ */

#define TQ_READING_VALUES 4
typedef struct tq_reading {
    int64_t at_ms;
    int64_t value[TQ_READING_VALUES]; /* in thousandths of the point's unit; meaning by the desk */
    uint32_t flags;
} tq_reading;
/** TQ_STALE if the series has a reading of that instant with other values; the same again is
 * fine. */
tq_status tq_store_put_reading(tq_store *store, const char *series, const tq_reading *reading,
                               tq_err *err);
/** Oldest first, both ends included. */
tq_status tq_store_readings(tq_store *store, const char *series, int64_t from_ms, int64_t to_ms,
                            uint32_t limit, bool (*seen)(void *user, const tq_reading *reading),
                            void *user, tq_err *err);

/* ---- imports
 * -------------------------------------------------------------------------------------- */

typedef struct tq_import_record {
    uint64_t source_hash;
    char city_version[24]; /* of the city file that was made */
    int64_t at_ms;
} tq_import_record;

/** Append a record with its report (JSON); durable when it returns TQ_OK. */
tq_status tq_store_put_import(tq_store *store, const tq_import_record *record, tq_str report,
                              tq_err *err);

/** Newest record; TQ_NOT_FOUND when there is none. */
tq_status tq_store_last_import(tq_store *store, tq_import_record *out, tq_err *err);

#endif
