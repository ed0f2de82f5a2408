/* Private to os/loop*.c: what a loop and a connection slot hold. */
#ifndef TQ_LOOP_IN_H
#define TQ_LOOP_IN_H

#include <uv.h>

#include "os/os_loop.h"

typedef enum conn_state {
    CONN_FREE,
    CONN_OPEN,
    CONN_FINISHING, /* our last byte is queued or out; what comes in is dropped */
    CONN_CLOSING
} conn_state;

struct tq_conn {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    tq_loop *loop;
    tq_conn *next_free;
    char *kept; /* copied unsent bytes of the write under way */
    size_t kept_len;
    uint32_t dropped; /* bytes swallowed while finishing */
    uint8_t state;    /* conn_state */
    bool writing, reading, peer_ended;
};

struct tq_loop {
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_timer_t timer;
    uv_async_t stop, wake;
    uv_signal_t interrupt, terminate;
    uv_thread_t thread;
    tq_loop_events events;
    void *user;
    void (*signalled)(void *user);
    void *signal_user;
    tq_conn *conn; /* [slots] */
    tq_conn *first_free;
    int64_t *deadline_ms; /* [slots], dense: a tick reads nothing else of a quiet connection */
    char *read_bytes;     /* [TQ_LOOP_READ_BYTES], shared by all connections of the loop */
    size_t queue_max, queue_total_max, queued;
    int64_t stop_at_ms;
    uint32_t slots, in_use, expired_per_tick, look_next, cut_slow;
    bool stopping, ran, accept_waits;
};

void conn_accept(uv_stream_t *listener, int status);
void conn_expired(tq_conn *conn);

#endif
