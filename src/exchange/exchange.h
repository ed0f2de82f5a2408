/*
 * exchange: what other platforms are owed and what they send: peers, products, rules, outbox,
 * receipts, replay, reconciliation. The first link is HTTP with JSON; JT/T 809 follows behind the
 * same seam (tq_peer_link).
 *
 * Products and rules are data (products.yaml built in, then the city's): «an expressway closure
 * expected over 2 h is reported up, in steps until reopening». What is owed is written to the
 * outbox in the transaction of the event that causes it (tq_exchange_heard); a link then carries it
 * in order of sequence numbers until the peer's receipt. A peer gets nothing before it is
 * «accepted», test messages in «joint test».
 */
#ifndef TQ_EXCHANGE_H
#define TQ_EXCHANGE_H

#include "city/city.h"
#include "store/store.h"

typedef struct tq_exchange tq_exchange;

/** Reads products and rules; TQ_BAD_CONFIG names file, line and what would do. folder NULL = built
 * in only. */
tq_status tq_exchange_open(const tq_city *city, const char *folder, tq_exchange **out, tq_err *err);
void tq_exchange_close(tq_exchange *exchange);

/** An event has happened: put what accepted peers are owed into the outbox of `store`, inside its
 * transaction. Fits tq_desk_ear with user = the exchange. */
tq_status tq_exchange_heard(void *exchange, tq_store *store, const tq_event *event, tq_str record,
                            tq_err *err);
/** Reports that fall due by the clock: a closure that has by now lasted longer than its rule, the
 * next step of a running report. Inside a transaction. *next_ms: when to ask again. */
tq_status tq_exchange_due(tq_exchange *exchange, tq_store *store, int64_t now_ms, int64_t *next_ms,
                          tq_err *err);

/* ---- verbs, in the manner of the desk ---------------------------------------------------------
 */

/* peer.list peer.get peer.create peer.move peer.change peer.messages peer.reconcile product.list
 * report.list exchange.receive exchange.pull exchange.state */
typedef struct tq_exchange_call {
    const char *verb, *id;
    tq_str body, query;
    const char *actor;
    const char *peer; /* who is calling, for receive and pull; "" = staff */
    int64_t now_ms;
} tq_exchange_call;
/** Is there such a verb, and does it write? 0 none, 1 ask, 2 do. */
uint32_t tq_exchange_verb(const char *verb);
/** Roles that may, by name, NULL-terminated: "admin", "dispatcher", "peer", … */
const char *const *tq_exchange_roles(const char *verb);
/** A writing verb runs inside the caller's transaction and writes its audit row. */
tq_status tq_exchange_run(tq_exchange *exchange, tq_store *store, const tq_exchange_call *call,
                          uint32_t *status, tq_buf *answer, tq_err *err);

/* ---- links ------------------------------------------------------------------------------------
 */

/*
 * How bytes reach a peer: real HTTP in service, a simulated wire in tests. One message (or a batch
 * as a JSON array) goes out; the answer is the peer's receipt {"received":SEQ}.
 */
typedef struct tq_peer_link {
    void *user;
    tq_status (*post)(void *user, const char *url, const char *bearer, tq_str body,
                      uint32_t *http_status, tq_buf *answer, tq_err *err);
} tq_peer_link;
/** Over tq_fetch of os. */
tq_peer_link tq_link_http(void);

typedef struct tq_push_report {
    uint32_t peers, sent, acknowledged, failed;
    int64_t next_ms; /* when there is something to try again; INT64_MAX = nothing waits */
} tq_push_report;
/** Carry what waits to every accepted peer whose time has come (back-off after failures), at most
 * `batch` messages each; receipts are written to the store. Not inside a transaction; one at a
 * time. */
tq_status tq_exchange_push(tq_exchange *exchange, tq_store *store, const tq_peer_link *link,
                           uint32_t batch, int64_t now_ms, tq_push_report *report, tq_err *err);

/* ---- a peer double -----------------------------------------------------------------------------
 */

/* The province as a program (tongqu simulate province): receives, acknowledges, asks again; can be
 * cut, slow or wrong. */
typedef struct tq_double tq_double;
typedef enum tq_double_mood {
    TQ_DOUBLE_WELL,
    TQ_DOUBLE_CUT,          /* nobody answers */
    TQ_DOUBLE_SLOW,         /* the receipt comes after the asker has given up */
    TQ_DOUBLE_LOST_RECEIPT, /* takes the message, the receipt is lost */
    TQ_DOUBLE_WRONG         /* answers nonsense or 500 */
} tq_double_mood;
tq_status tq_double_new(uint64_t seed, tq_double **out, tq_err *err);
void tq_double_free(tq_double *twin);
void tq_double_mood_set(tq_double *twin, tq_double_mood mood);
/** A link whose wire ends at the double, in virtual time. */
tq_peer_link tq_double_link(tq_double *twin);
/** What it has taken, in order: seq, product, body. */
uint32_t tq_double_count(const tq_double *twin);
tq_str tq_double_body(const tq_double *twin, uint32_t at, uint64_t *seq);
/** Handle one posted body as the real double's HTTP door does. */
tq_status tq_double_take(tq_double *twin, tq_str body, uint32_t *http_status, tq_buf *answer,
                         tq_err *err);

#endif
