/*
 * What the files of the store share: the handle, the table of statements, and the few calls around
 * one statement.
 *
 * A statement is prepared at its first use and kept. A callback may ask the same thing again while
 * an answer is being read: then the second one gets a statement of its own, which lives as long as
 * the question. Every write goes between write_begin and write_end: inside a transaction of the
 * caller they do nothing, outside they make one for the single write.
 *
 * Anything that SQLite fails at inside a transaction ends the transaction: it is rolled back at
 * once, and everything until tq_store_commit or tq_store_rollback is answered with the same
 * failure. So a statement can never run outside the transaction that it was meant for.
 */
#ifndef TQ_STORE_IN_H
#define TQ_STORE_IN_H

#include <sqlite3.h>

#include "os/os.h"
#include "store/store.h"

#define HASH_BYTES 32

/* X(name, text). The schema is in open.c. */
#define STATEMENT_MAP(X)                                                                           \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(MARK, "SAVEPOINT command")                                                                   \
    X(KEEP, "RELEASE command")                                                                     \
    X(UNDO, "ROLLBACK TO command")                                                                 \
    X(LOOK_BEGIN, "SAVEPOINT look")                                                                \
    X(LOOK_END, "RELEASE look")                                                                    \
    X(PUT_NEW, "INSERT INTO record(kind,id,state,version,created_ms,changed_ms,body)"              \
               " VALUES(?1,?2,?3,1,?4,?4,?5) ON CONFLICT DO NOTHING")                              \
    X(PUT_NEXT, "UPDATE record SET state=?3, version=version+1, changed_ms=?4, body=?5"            \
                " WHERE kind=?1 AND id=?2 AND version=?6")                                         \
    X(GET, "SELECT state,version,created_ms,changed_ms,body FROM record WHERE kind=?1 AND id=?2")  \
    X(REMOVE, "DELETE FROM record WHERE kind=?1 AND id=?2")                                        \
    X(LINK, "UPDATE record SET parent=?3 WHERE kind=?1 AND id=?2")                                 \
    X(NUMBER, "INSERT INTO number(series,last) VALUES(?1,1)"                                       \
              " ON CONFLICT(series) DO UPDATE SET last=last+1 RETURNING last")                     \
    X(HEAD, "SELECT number,hash FROM head WHERE name=?1")                                          \
    X(SET_HEAD, "INSERT INTO head(name,number,hash) VALUES(?1,?2,?3)"                              \
                " ON CONFLICT(name) DO UPDATE SET number=excluded.number, hash=excluded.hash")     \
    X(EVENT, "INSERT INTO event(seq,at_ms,topic,id,verb,network,readers,body)"                     \
             " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)")                                                   \
    X(EVENTS, "SELECT seq,at_ms,topic,id,verb,network,readers,body FROM event"                     \
              " WHERE seq>?1 ORDER BY seq LIMIT ?2")                                               \
    X(LAST_EVENT, "SELECT max(coalesce((SELECT max(seq) FROM event),0),"                           \
                  " coalesce((SELECT number FROM head WHERE name='forgotten'),0))")                \
    X(FORGET_EVENTS, "DELETE FROM event WHERE seq<=?1")                                            \
    X(AUDIT, "INSERT INTO audit(seq,at_ms,actor,role,verb,kind,id,outcome,detail,hash)"            \
             " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")                                            \
    X(AUDITS, "SELECT seq,at_ms,actor,role,verb,kind,id,outcome,detail,hash FROM audit"            \
              " WHERE seq>?1 ORDER BY seq LIMIT ?2")                                               \
    X(DONE, "SELECT hash,status,answer FROM done WHERE actor=?1 AND key=?2")                       \
    X(REMEMBER, "INSERT INTO done(actor,key,hash,status,answer,at_ms) VALUES(?1,?2,?3,?4,?5,?6)"   \
                " ON CONFLICT DO NOTHING")                                                         \
    X(FORGET_DONE, "DELETE FROM done WHERE at_ms<?1")                                              \
    X(LINK_STATE, "SELECT sent,receipt,received FROM peer WHERE name=?1")                          \
    X(SET_LINK_STATE, "INSERT INTO peer(name,sent,receipt,received) VALUES(?1,?2,?3,?4)"           \
                      " ON CONFLICT(name) DO UPDATE SET sent=excluded.sent,"                       \
                      " receipt=excluded.receipt, received=excluded.received")                     \
    X(SEND, "INSERT INTO outbox(peer,seq,product,about,at_ms,sent_ms,receipt_ms,tries,body)"       \
            " VALUES(?1,?2,?3,?4,?5,0,0,0,?6)")                                                    \
    X(OUTBOX, "SELECT seq,product,about,at_ms,sent_ms,receipt_ms,tries,body FROM outbox"           \
              " WHERE peer=?1 AND seq>?2 ORDER BY seq LIMIT ?3")                                   \
    X(RECEIPT, "UPDATE outbox SET receipt_ms=?4 WHERE peer=?1 AND seq>?2 AND seq<=?3")             \
    X(TRIED, "UPDATE outbox SET tries=tries+1, sent_ms=?3 WHERE peer=?1 AND seq=?2")               \
    X(RECEIVE, "INSERT INTO inbox(peer,seq,product,about,at_ms,sent_ms,receipt_ms,tries,body)"     \
               " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)")                                              \
    X(INBOX, "SELECT seq,product,about,at_ms,sent_ms,receipt_ms,tries,body FROM inbox"             \
             " WHERE peer=?1 AND seq>?2 ORDER BY seq LIMIT ?3")                                    \
    X(PUT_READING, "INSERT INTO reading(series,at_ms,value0,value1,value2,value3,flags)"           \
                   " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT DO NOTHING")                         \
    X(READINGS, "SELECT at_ms,value0,value1,value2,value3,flags FROM reading"                      \
                " WHERE series=?1 AND at_ms BETWEEN ?2 AND ?3 ORDER BY at_ms LIMIT ?4")            \
    X(PUT_IMPORT, "INSERT INTO import(source_hash,city_version,at_ms,report) VALUES(?1,?2,?3,?4)") \
    X(LAST_IMPORT, "SELECT source_hash,city_version,at_ms FROM import ORDER BY id DESC LIMIT 1")

typedef enum store_statement {
#define STATEMENT_NAME(name, text) DO_##name,
    STATEMENT_MAP(STATEMENT_NAME)
#undef STATEMENT_NAME
        STATEMENT_COUNT
} store_statement;

/* Every filter of tq_store_each has a statement: any, one or all but one state; from the first or
 * after one; any or one parent; by id or newest first. */
#define EACH_COUNT 24

struct tq_store {
    sqlite3 *db;
    sqlite3_stmt *kept[STATEMENT_COUNT];
    sqlite3_stmt *each[EACH_COUNT];
    tq_buf scratch; /* what an audit row's hash is taken over */
    bool read_only;
    bool open, marked; /* a transaction of the caller; a command in it */
    bool own;          /* a transaction for one write */
    tq_err failed;     /* status not TQ_OK: the open transaction is lost, and why */
};

/* A statement in use. */
typedef struct store_query {
    tq_store *store;
    sqlite3_stmt *at;
    bool own; /* made for this use only */
} store_query;

/* ---- one statement (statement.c) ------------------------------------------------------------ */

tq_status store_query_begin(store_query *query, tq_store *store, store_statement which,
                            tq_err *err);
/* `kept` is where the statement of that text is kept. */
tq_status store_query_text(store_query *query, tq_store *store, sqlite3_stmt **kept,
                           const char *text, tq_err *err);
void store_query_end(store_query *query);

void store_bind_number(store_query *query, int place, int64_t value);
/* A count or sequence number; what is above the greatest one that SQLite knows becomes that. */
void store_bind_count(store_query *query, int place, uint64_t value);
void store_bind_text(store_query *query, int place, const char *text); /* NULL -> '' */
void store_bind_body(store_query *query, int place, tq_str text);
void store_bind_hash(store_query *query, int place, const uint8_t hash[HASH_BYTES]);
/* 0 = no limit. */
void store_bind_limit(store_query *query, int place, uint32_t limit);

/* *row: there is one to read; else the statement is through. */
tq_status store_query_step(store_query *query, bool *row, const char *what, tq_err *err);
/* For statements that give no rows. */
tq_status store_query_run(store_query *query, const char *what, tq_err *err);

int64_t store_column_number(const store_query *query, int place);
uint64_t store_column_count(const store_query *query, int place);
const char *store_column_text(const store_query *query, int place);
tq_str store_column_body(const store_query *query, int place);

/* One statement without values. */
tq_status store_run(tq_store *store, store_statement which, const char *what, tq_err *err);

/* The status for what SQLite has just failed at, with its text; ends a transaction. */
tq_status store_failed(tq_store *store, const char *what, tq_err *err);

/* ---- one write (transaction.c) ----------------------------------------------------------------
 */

tq_status store_write_begin(tq_store *store, tq_err *err);
tq_status store_write_end(tq_store *store, tq_status status, tq_err *err);
/* A failed transaction answers everything. */
tq_status store_still_open(const tq_store *store, tq_err *err);

/* ---- limits -----------------------------------------------------------------------------------
 */

/* `text` names a thing (kind, id, peer, …): there, and not too long. */
tq_status store_check_name(const char *text, const char *what, tq_err *err);
/* May be NULL or empty. */
tq_status store_check_text(const char *text, const char *what, tq_err *err);
tq_status store_check_body(tq_str body, tq_err *err);

/* ---- heads: numbers that outlive the rows they count ------------------------------------------
 */

tq_status store_head_get(tq_store *store, const char *name, uint64_t *number,
                         uint8_t hash[HASH_BYTES], tq_err *err);
tq_status store_head_set(tq_store *store, const char *name, uint64_t number,
                         const uint8_t hash[HASH_BYTES], tq_err *err);

#endif
