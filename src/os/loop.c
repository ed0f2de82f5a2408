/*
 * The loop itself: threads, listening, ticks and the end. Connections are in loop_conn.c.
 *
 * libuv 1.44 knows no SO_REUSEPORT, so the socket is made here and handed over. A shared port would
 * also let a second server of the same user join silently; tq_port_free asks first without sharing.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/loop_in.h"

#define STACK_BYTES ((size_t)8 << 20)

uint64_t tq_files_raise(uint64_t want)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < want) {
        struct rlimit more = {.rlim_cur = TQ_MIN(want, limit.rlim_max), .rlim_max = limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0) return more.rlim_cur;
    }
    return limit.rlim_cur;
}

uint64_t tq_resident_bytes(void)
{
    size_t bytes = 0;
    return uv_resident_set_memory(&bytes) == 0 ? bytes : 0;
}

static void close_if_open(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle)) uv_close(handle, NULL);
}

static void end_if_empty(tq_loop *loop)
{
    if (!loop->stopping || loop->in_use != 0) return;
    close_if_open((uv_handle_t *)&loop->timer);
    close_if_open((uv_handle_t *)&loop->stop);
    close_if_open((uv_handle_t *)&loop->wake);
    close_if_open((uv_handle_t *)&loop->interrupt);
    close_if_open((uv_handle_t *)&loop->terminate);
}

static void on_stop(uv_async_t *async)
{
    tq_loop *loop = async->data;
    if (loop->stopping) return;
    loop->stopping = true;
    loop->stop_at_ms = tq_loop_now_ms(loop) + TQ_LOOP_STOP_MS;
    close_if_open((uv_handle_t *)&loop->listener);
    for (uint32_t slot = 0; slot < loop->slots; slot++) {
        tq_conn *conn = &loop->conn[slot];
        if (conn->state == CONN_FREE || conn->state == CONN_CLOSING) continue;
        if (tq_conn_busy(conn))
            tq_conn_finish(conn);
        else
            tq_conn_cut(conn);
    }
    end_if_empty(loop);
}

static void on_wake(uv_async_t *async)
{
    tq_loop *loop = async->data;
    loop->events.woken(loop->user);
}

static void on_tick(uv_timer_t *timer)
{
    tq_loop *loop = timer->data;
    int64_t now_ms = tq_loop_now_ms(loop);
    uint32_t left = loop->expired_per_tick;
    /* Goes on where the last tick left off, so that every slot gets its turn. */
    for (uint32_t k = 0; k < loop->slots && left > 0; k++) {
        uint32_t slot = loop->look_next;
        loop->look_next = slot + 1 == loop->slots ? 0 : slot + 1;
        if (loop->deadline_ms[slot] > now_ms) continue;
        loop->deadline_ms[slot] = INT64_MAX;
        conn_expired(&loop->conn[slot]);
        left--;
    }
    loop->events.tick(loop->user);
    if (loop->stopping && now_ms >= loop->stop_at_ms)
        for (uint32_t slot = 0; slot < loop->slots; slot++)
            tq_conn_cut(&loop->conn[slot]);
    end_if_empty(loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    tq_loop *loop = handle->data;
    (void)number;
    loop->signalled(loop->signal_user);
}

tq_status tq_loop_new(const tq_loop_options *options, tq_loop **out, tq_err *err)
{
    if (options->slots == 0 || options->slots > TQ_LOOP_SLOTS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u connections asked for; 1 to %u are possible",
                       options->slots, TQ_LOOP_SLOTS_MAX);
    tq_loop *loop = TQ_ALLOC(tq_loop, 1);
    if (loop == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an event loop");
    loop->slots = options->slots;
    loop->queue_max = options->queue_max;
    loop->queue_total_max = options->queue_total_max;
    loop->expired_per_tick = options->expired_per_tick;
    loop->events = *options->events;
    loop->user = options->user;
    loop->conn = TQ_ALLOC(tq_conn, loop->slots);
    loop->deadline_ms = TQ_ALLOC(int64_t, loop->slots);
    loop->read_bytes = TQ_ALLOC(char, TQ_LOOP_READ_BYTES);
    if (loop->conn == NULL || loop->deadline_ms == NULL || loop->read_bytes == NULL ||
        uv_loop_init(&loop->uv) != 0) {
        tq_free(loop->conn);
        tq_free(loop->deadline_ms);
        tq_free(loop->read_bytes);
        tq_free(loop);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u connections", options->slots);
    }
    for (uint32_t slot = loop->slots; slot-- > 0;) {
        loop->conn[slot].loop = loop;
        loop->conn[slot].next_free = loop->first_free;
        loop->first_free = &loop->conn[slot];
        loop->deadline_ms[slot] = INT64_MAX;
    }
    uv_timer_init(&loop->uv, &loop->timer);
    loop->timer.data = loop;
    uv_timer_start(&loop->timer, on_tick, options->tick_ms, options->tick_ms);
    uv_async_init(&loop->uv, &loop->stop, on_stop);
    loop->stop.data = loop;
    uv_async_init(&loop->uv, &loop->wake, on_wake);
    loop->wake.data = loop;
    *out = loop;
    return TQ_OK;
}

void tq_loop_free(tq_loop *loop)
{
    if (loop == NULL) return;
    if (!loop->ran) {
        loop->stopping = true;
        close_if_open((uv_handle_t *)&loop->listener);
        end_if_empty(loop);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    uv_loop_close(&loop->uv);
    tq_free(loop->conn);
    tq_free(loop->deadline_ms);
    tq_free(loop->read_bytes);
    tq_free(loop);
}

/* ---- listening ---------------------------------------------------------------------------------
 */

static tq_status parse_address(const char *address, uint16_t port, struct sockaddr_storage *out,
                               tq_err *err)
{
    memset(out, 0, sizeof *out);
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)out) == 0) return TQ_OK;
    if (uv_ip6_addr(address, port, (struct sockaddr_in6 *)out) == 0) return TQ_OK;
    return tq_fail(
        err, TQ_BAD_CONFIG, 0,
        "'%.100s' is not an address to listen on; give one such as 127.0.0.1, 0.0.0.0 or ::",
        address);
}

static socklen_t address_len(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static tq_status bind_socket(const char *address, uint16_t port, tq_listen_kind kind, int *out,
                             tq_err *err)
{
    struct sockaddr_storage where;
    TQ_TRY(parse_address(address, port, &where, err));
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return tq_fail(err, TQ_IO, 0, "no socket: %s", strerror(errno));
    int on = 1;
    bool ready = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (kind == TQ_LISTEN_SHARED)
        ready = ready && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    if (!ready || bind(fd, (struct sockaddr *)&where, address_len(&where)) != 0) {
        tq_fail(err, TQ_IO, 0, "cannot listen on %s port %u: %s; choose another with --port",
                address, port, strerror(errno));
        close(fd);
        return TQ_IO;
    }
    *out = fd;
    return TQ_OK;
}

tq_status tq_port_free(const char *address, uint16_t port, tq_err *err)
{
    if (port == 0) return TQ_OK;
    int fd = -1;
    TQ_TRY(bind_socket(address, port, TQ_LISTEN_ALONE, &fd, err));
    close(fd);
    return TQ_OK;
}

tq_status tq_loop_listen(tq_loop *loop, const char *address, uint16_t *port, tq_listen_kind kind,
                         tq_err *err)
{
    int fd = -1;
    TQ_TRY(bind_socket(address, *port, kind, &fd, err));
    struct sockaddr_storage got;
    socklen_t len = sizeof got;
    int failed = getsockname(fd, (struct sockaddr *)&got, &len) != 0 ? UV_EIO : 0;
    if (failed == 0) failed = uv_tcp_init(&loop->uv, &loop->listener);
    if (failed == 0) failed = uv_tcp_open(&loop->listener, fd);
    if (failed != 0) {
        close(fd);
        return tq_fail(err, TQ_IO, 0, "cannot listen on %s: %s", address, uv_strerror(failed));
    }
    loop->listener.data = loop;
    failed = uv_listen((uv_stream_t *)&loop->listener, TQ_LOOP_BACKLOG, conn_accept);
    if (failed != 0)
        return tq_fail(err, TQ_IO, 0, "cannot listen on %s port %u: %s", address, *port,
                       uv_strerror(failed));
    *port = got.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&got)->sin6_port)
                                      : ntohs(((struct sockaddr_in *)&got)->sin_port);
    return TQ_OK;
}

/* ---- running
 * ------------------------------------------------------------------------------------- */

static void run(void *user)
{
    tq_loop *loop = user;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

tq_status tq_loop_start(tq_loop *loop, tq_err *err)
{
    uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = STACK_BYTES};
    int failed = uv_thread_create_ex(&loop->thread, &options, run, loop);
    if (failed != 0)
        return tq_fail(err, TQ_IO, 0, "no thread for an event loop: %s", uv_strerror(failed));
    loop->ran = true;
    return TQ_OK;
}

void tq_loop_join(tq_loop *loop)
{
    if (loop->ran) uv_thread_join(&loop->thread);
}

void tq_loop_stop(tq_loop *loop)
{
    uv_async_send(&loop->stop);
}

void tq_loop_wake(tq_loop *loop)
{
    uv_async_send(&loop->wake);
}

tq_status tq_loop_on_signals(tq_loop *loop, void (*signalled)(void *user), void *user, tq_err *err)
{
    loop->signalled = signalled;
    loop->signal_user = user;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is told by the write */
    uv_signal_init(&loop->uv, &loop->interrupt);
    uv_signal_init(&loop->uv, &loop->terminate);
    loop->interrupt.data = loop->terminate.data = loop;
    int failed = uv_signal_start(&loop->interrupt, on_signal, SIGINT);
    if (failed == 0) failed = uv_signal_start(&loop->terminate, on_signal, SIGTERM);
    return failed == 0
               ? TQ_OK
               : tq_fail(err, TQ_IO, 0, "cannot watch for signals: %s", uv_strerror(failed));
}

int64_t tq_loop_now_ms(const tq_loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

uint32_t tq_loop_in_use(const tq_loop *loop)
{
    return loop->in_use;
}

uint32_t tq_loop_cut_slow(const tq_loop *loop)
{
    return loop->cut_slow;
}
