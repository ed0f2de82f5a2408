/*
 * Connections of a loop: taking, reading, writing once, finishing, cutting.
 *
 * A write goes to the kernel at once (uv_try_write); the part that it refuses is copied unless it
 * is lasting, counted against the connection's and the loop's limit, and sent when there is room.
 * When no slot is free the accepted socket stays with libuv, which stops polling the listener: the
 * backlog is the queue.
 */
#include <netinet/in.h>

#include "os/loop_in.h"

uint32_t tq_conn_slot(const tq_conn *conn)
{
    return (uint32_t)(conn - conn->loop->conn);
}

bool tq_conn_busy(const tq_conn *conn)
{
    return conn->writing;
}

bool tq_conn_open(const tq_conn *conn)
{
    return conn->state == CONN_OPEN;
}

bool tq_conn_local(const tq_conn *conn)
{
    struct sockaddr_storage peer;
    int len = (int)sizeof peer;
    if (conn->state != CONN_OPEN ||
        uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&peer, &len) != 0)
        return false;
    if (peer.ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)&peer)->sin_addr.s_addr) >> 24 == 127;
    const struct in6_addr *address = &((const struct sockaddr_in6 *)&peer)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(address) ||
           (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

void tq_conn_deadline(tq_conn *conn, int64_t at_ms)
{
    conn->loop->deadline_ms[tq_conn_slot(conn)] = at_ms;
}

static void drop_kept(tq_conn *conn)
{
    tq_free(conn->kept);
    conn->loop->queued -= conn->kept_len;
    conn->kept = NULL;
    conn->kept_len = 0;
}

static void take_one(tq_loop *loop);

static void on_closed(uv_handle_t *handle)
{
    tq_conn *conn = handle->data;
    tq_loop *loop = conn->loop;
    drop_kept(conn);
    loop->events.closed(loop->user, conn);
    conn->state = CONN_FREE;
    conn->next_free = loop->first_free;
    loop->first_free = conn;
    loop->in_use--;
    if (loop->accept_waits && !loop->stopping) take_one(loop);
}

void tq_conn_cut(tq_conn *conn)
{
    if (conn->state == CONN_FREE || conn->state == CONN_CLOSING) return;
    conn->state = CONN_CLOSING;
    tq_conn_deadline(conn, INT64_MAX);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    tq_conn *conn = handle->data;
    (void)suggested;
    *buf = uv_buf_init(conn->loop->read_bytes, TQ_LOOP_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    tq_conn *conn = stream->data;
    tq_loop *loop = conn->loop;
    if (got == 0 || conn->state == CONN_CLOSING) return;
    if (got < 0 && got != UV_EOF) {
        tq_conn_cut(conn);
        return;
    }
    if (conn->state == CONN_FINISHING) {
        if (got > 0) conn->dropped += (uint32_t)got;
        if (got == UV_EOF) conn->peer_ended = true;
        if (!conn->writing && (conn->peer_ended || conn->dropped > TQ_LOOP_LINGER_BYTES))
            tq_conn_cut(conn);
        return;
    }
    if (got == UV_EOF) {
        conn->peer_ended = true;
        conn->reading = false;
        uv_read_stop(stream);
        loop->events.ended(loop->user, conn);
        return;
    }
    loop->events.bytes(loop->user, conn, buf->base, (size_t)got);
}

void tq_conn_pause(tq_conn *conn)
{
    if (conn->reading) uv_read_stop((uv_stream_t *)&conn->tcp);
    conn->reading = false;
}

void tq_conn_resume(tq_conn *conn)
{
    if (conn->reading || conn->peer_ended || conn->state == CONN_CLOSING) return;
    conn->reading = uv_read_start((uv_stream_t *)&conn->tcp, give_room, on_read) == 0;
}

static void take_one(tq_loop *loop)
{
    tq_conn *conn = loop->first_free;
    loop->accept_waits = conn == NULL;
    if (conn == NULL) return;
    if (uv_tcp_init(&loop->uv, &conn->tcp) != 0) return;
    loop->first_free = conn->next_free;
    loop->in_use++;
    conn->tcp.data = conn;
    conn->state = CONN_OPEN;
    conn->writing = conn->reading = conn->peer_ended = false;
    conn->dropped = 0;
    if (uv_accept((uv_stream_t *)&loop->listener, (uv_stream_t *)&conn->tcp) != 0) {
        /* `closed` is announced for every slot taken, so `opened` is too. */
        loop->events.opened(loop->user, conn);
        tq_conn_cut(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    tq_conn_resume(conn);
    loop->events.opened(loop->user, conn);
}

void conn_accept(uv_stream_t *listener, int status)
{
    if (status == 0) take_one(listener->data);
}

static void half_close(tq_conn *conn)
{
    conn->state = CONN_FINISHING;
    if (conn->peer_ended || uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, NULL) != 0) {
        tq_conn_cut(conn);
        return;
    }
    tq_conn_deadline(conn, tq_loop_now_ms(conn->loop) + TQ_LOOP_LINGER_MS);
    tq_conn_resume(conn);
}

static void on_written(uv_write_t *write, int status)
{
    tq_conn *conn = write->data;
    tq_loop *loop = conn->loop;
    if (conn->state == CONN_CLOSING) return;
    conn->writing = false;
    drop_kept(conn);
    if (status != 0) {
        tq_conn_cut(conn);
        return;
    }
    if (conn->state == CONN_FINISHING) {
        half_close(conn);
        return;
    }
    loop->events.drained(loop->user, conn);
}

/* Copy the pieces that don't last behind one another; point the unsent list at the copies. */
static bool keep_pieces(tq_conn *conn, const tq_piece_out *piece, uv_buf_t *unsent, uint32_t first,
                        uint32_t count)
{
    tq_loop *loop = conn->loop;
    size_t len = 0;
    for (uint32_t k = first; k < count; k++)
        if (!piece[k].lasting) len += unsent[k].len;
    if (len > loop->queue_max || loop->queued + len > loop->queue_total_max) return false;
    conn->kept = len == 0 ? NULL : TQ_ALLOC(char, len);
    if (len != 0 && conn->kept == NULL) return false;
    conn->kept_len = len;
    loop->queued += len;
    size_t at = 0;
    for (uint32_t k = first; k < count; k++) {
        if (piece[k].lasting) continue;
        memcpy(conn->kept + at, unsent[k].base, unsent[k].len);
        unsent[k].base = conn->kept + at;
        at += unsent[k].len;
    }
    return true;
}

void tq_conn_write(tq_conn *conn, const tq_piece_out *piece, uint32_t count)
{
    TQ_ASSERT(!conn->writing && count > 0 && count <= TQ_LOOP_SLICES_MAX);
    if (conn->state != CONN_OPEN) return;
    uv_buf_t unsent[TQ_LOOP_SLICES_MAX];
    for (uint32_t k = 0; k < count; k++)
        unsent[k] = uv_buf_init((char *)(uintptr_t)piece[k].at, (unsigned)piece[k].len);
    int sent = uv_try_write((uv_stream_t *)&conn->tcp, unsent, count);
    if (sent < 0 && sent != UV_EAGAIN) {
        tq_conn_cut(conn);
        return;
    }
    size_t gone = sent < 0 ? 0 : (size_t)sent;
    uint32_t first = 0;
    while (first < count && gone >= unsent[first].len)
        gone -= unsent[first++].len;
    if (first == count) return;
    unsent[first].base += gone;
    unsent[first].len -= gone;
    conn->write.data = conn;
    if (!keep_pieces(conn, piece, unsent, first, count) ||
        uv_write(&conn->write, (uv_stream_t *)&conn->tcp, unsent + first, count - first,
                 on_written) != 0) {
        conn->loop->cut_slow++;
        tq_conn_cut(conn);
        return;
    }
    conn->writing = true;
}

void tq_conn_finish(tq_conn *conn)
{
    if (conn->state != CONN_OPEN) return;
    if (conn->writing)
        conn->state = CONN_FINISHING; /* on_written goes on */
    else
        half_close(conn);
}

void conn_expired(tq_conn *conn)
{
    if (conn->state == CONN_FINISHING) {
        if (conn->writing) conn->loop->cut_slow++;
        tq_conn_cut(conn);
    } else if (conn->state == CONN_OPEN && conn->writing) {
        conn->loop->cut_slow++;
        tq_conn_cut(conn);
    } else if (conn->state == CONN_OPEN) {
        conn->loop->events.expired(conn->loop->user, conn);
    }
}
