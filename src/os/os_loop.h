/*
 * os_loop: the event loop over TCP connections; only the serve room includes this header.
 *
 * A tq_loop is one thread's loop with a fixed pool of connection slots. Bytes come in through
 * callbacks, answers go out with one write; what the kernel doesn't take at once is kept (bounded)
 * and sent later. Each slot has one deadline, looked at once a tick, with at most
 * `expired_per_tick` of them handled at a time, so that thousands of dead clients never stall the
 * living ones.
 *
 * Invariants: all functions on a loop or connection are called from that loop's thread, but
 * tq_loop_stop; at most one write is under way on a connection; after `closed` a slot is not
 * touched until it is opened again.
 */
#ifndef TQ_OS_LOOP_H
#define TQ_OS_LOOP_H

#include "os/os.h"

typedef struct tq_loop tq_loop;
typedef struct tq_conn tq_conn;

/* What happens on a loop; every member is set. */
typedef struct tq_loop_events {
    void (*opened)(void *user, tq_conn *conn);
    void (*bytes)(void *user, tq_conn *conn, const char *bytes, size_t len);
    void (*drained)(void *user, tq_conn *conn); /* a write that had to wait is out */
    void (*ended)(void *user, tq_conn *conn);   /* the peer sends no more */
    void (*expired)(void *user,
                    tq_conn *conn); /* the deadline passed; it is cleared before the call */
    void (*closed)(void *user, tq_conn *conn);
    void (*tick)(void *user);
    void (*woken)(void *user); /* after tq_loop_wake; several calls may become one */
} tq_loop_events;

#define TQ_LOOP_SLOTS_MAX    262144u
#define TQ_LOOP_BACKLOG      4096
#define TQ_LOOP_READ_BYTES   65536u /* most bytes handed to `bytes` at once */
#define TQ_LOOP_LINGER_MS    2000   /* after our last byte: how long the peer may keep sending */
#define TQ_LOOP_LINGER_BYTES 262144u
#define TQ_LOOP_STOP_MS      5000 /* answers under way may take so long when the loop stops */
#define TQ_LOOP_SLICES_MAX   24u  /* pieces of one write */

typedef struct tq_loop_options {
    uint32_t slots;
    size_t queue_max; /* unsent bytes kept for one connection; over it the connection is cut */
    size_t queue_total_max; /* the same for all connections of the loop */
    uint32_t tick_ms;
    uint32_t expired_per_tick;
    const tq_loop_events *events;
    void *user;
} tq_loop_options;

/* A piece of an answer. A lasting one stays valid for the life of the process and is never copied.
 */
typedef struct tq_piece_out {
    const void *at;
    size_t len;
    bool lasting;
} tq_piece_out;

/** Allow so many open files, as far as the system lets us. Returns the number allowed. */
uint64_t tq_files_raise(uint64_t want);
uint64_t tq_resident_bytes(void);

tq_status tq_loop_new(const tq_loop_options *options, tq_loop **out, tq_err *err);
/** After tq_loop_join, or without a start. NULL is fine. */
void tq_loop_free(tq_loop *loop);

typedef enum tq_listen_kind { TQ_LISTEN_ALONE, TQ_LISTEN_SHARED } tq_listen_kind;
/**
 * Listen on an address. SHARED lets the other loops of this process listen on the same port; the
 * kernel spreads the connections. *port 0 takes any and tells which.
 */
tq_status tq_loop_listen(tq_loop *loop, const char *address, uint16_t *port, tq_listen_kind kind,
                         tq_err *err);
/** TQ_OK if nobody else listens there (port 0: always). */
tq_status tq_port_free(const char *address, uint16_t port, tq_err *err);

/** Run in a thread of its own. */
tq_status tq_loop_start(tq_loop *loop, tq_err *err);
void tq_loop_join(tq_loop *loop);
/** Have `woken` called on the loop's thread. From any thread, also when the loop has ended, until
 * it is freed. */
void tq_loop_wake(tq_loop *loop);
/** Finish answers under way and end. From any thread or a signal handler. */
void tq_loop_stop(tq_loop *loop);
/** Call `signalled` on SIGINT and SIGTERM; before start. SIGPIPE and SIGXFSZ are ignored from then
 * on. */
tq_status tq_loop_on_signals(tq_loop *loop, void (*signalled)(void *user), void *user, tq_err *err);
int64_t tq_loop_now_ms(const tq_loop *loop); /* monotonic, of this turn of the loop */

uint32_t tq_conn_slot(const tq_conn *conn); /* < options.slots */
uint32_t tq_loop_in_use(const tq_loop *loop);
uint32_t tq_loop_cut_slow(const tq_loop *loop); /* connections cut for not reading, so far */

/** Send pieces in one write; not while tq_conn_busy. A failure cuts the connection. */
void tq_conn_write(tq_conn *conn, const tq_piece_out *piece, uint32_t count);
bool tq_conn_busy(const tq_conn *conn); /* unsent bytes wait */
bool tq_conn_open(const tq_conn *conn); /* not cut and not finishing */
/** Does the peer sit on this very machine (127.0.0.0/8, ::1)? */
bool tq_conn_local(const tq_conn *conn);
void tq_conn_pause(tq_conn *conn); /* no more `bytes` until resumed */
void tq_conn_resume(tq_conn *conn);
/** At `at_ms` (tq_loop_now_ms) call `expired`; INT64_MAX = never. */
void tq_conn_deadline(tq_conn *conn, int64_t at_ms);
/** Send what waits, close our half, swallow what still comes for a short time, close. */
void tq_conn_finish(tq_conn *conn);
/** Close now. */
void tq_conn_cut(tq_conn *conn);

#endif
