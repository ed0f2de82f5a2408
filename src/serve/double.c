/*
 * The peer double over HTTP: the province as a program, for `tongqu simulate province` and tests.
 *
 * One loop, one connection an answer. POST /in takes messages as tq_double_take does; POST /mood
 * with the mood's name as body changes how it behaves: well, cut (the connection is dropped
 * unread), slow (the answer comes too late), lost (taken, but the connection drops), wrong
 * (nonsense); GET /taken lists what it has. It keeps everything in memory: it is a test partner,
 * not a store.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "os/os_loop.h"
#include "serve/serve_in.h"

#include "exchange/exchange.h"

#define DOUBLE_SLOTS   64u
#define DOUBLE_BODY    ((uint32_t)8 << 20)
#define DOUBLE_SLOW_MS 12000 /* longer than an asker waits */
#define DOUBLE_IDLE_MS 30000

static _Atomic(struct tq_loop *) running;

static const struct {
    const char *name;
    tq_double_mood mood;
} MOODS[] = {
    {"well", TQ_DOUBLE_WELL},         {"cut", TQ_DOUBLE_CUT},     {"slow", TQ_DOUBLE_SLOW},
    {"lost", TQ_DOUBLE_LOST_RECEIPT}, {"wrong", TQ_DOUBLE_WRONG},
};

typedef struct double_slot {
    http_message message;
    tq_buf kept;
    tq_buf late; /* an answer that is held back */
} double_slot;

typedef struct double_server {
    tq_double *twin;
    tq_double_mood mood;
    struct tq_loop *loop;
    double_slot slot[DOUBLE_SLOTS];
} double_server;

static void drop(double_slot *slot)
{
    tq_buf_free(&slot->kept);
    tq_buf_free(&slot->late);
}

static void on_opened(void *user, tq_conn *conn)
{
    double_server *server = user;
    double_slot *slot = &server->slot[tq_conn_slot(conn)];
    drop(slot);
    http_begin(&slot->message, DOUBLE_BODY);
    tq_conn_deadline(conn, tq_loop_now_ms(server->loop) + DOUBLE_IDLE_MS);
}

static void send_all(tq_conn *conn, const tq_buf *bytes)
{
    tq_piece_out piece = {bytes->at, bytes->len, false};
    tq_conn_write(conn, &piece, 1);
    if (tq_conn_open(conn)) tq_conn_finish(conn);
}

static void write_answer(tq_buf *out, unsigned status, tq_str body)
{
    tq_buf_printf(out,
                  "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                  "Connection: close\r\n\r\n",
                  status, answer_reason(status), body.len);
    tq_buf_put(out, body.at, body.len);
}

static void put_taken(const double_server *server, tq_buf *out)
{
    tq_buf_puts(out, "{\"messages\":[");
    for (uint32_t k = 0; k < tq_double_count(server->twin); k++) {
        uint64_t seq = 0;
        tq_str body = tq_double_body(server->twin, k, &seq);
        if (k > 0) tq_buf_putc(out, ',');
        tq_buf_put(out, body.at, body.len);
    }
    tq_buf_puts(out, "]}");
}

static bool set_mood(double_server *server, tq_str name)
{
    for (size_t k = 0; k < TQ_COUNT(MOODS); k++) {
        if (!tq_str_is(tq_str_trim(name), MOODS[k].name)) continue;
        server->mood = MOODS[k].mood;
        return true;
    }
    return false;
}

/* Messages that were posted: what the mood makes of them. */
static void take_posted(double_server *server, tq_conn *conn, tq_str body)
{
    double_slot *slot = &server->slot[tq_conn_slot(conn)];
    tq_buf answer = {0}, bytes = {0};
    tq_err err = {0};
    uint32_t status = 200;
    if (server->mood == TQ_DOUBLE_CUT) {
        tq_conn_cut(conn);
        return;
    }
    tq_double_mood_set(server->twin,
                       server->mood == TQ_DOUBLE_WRONG ? TQ_DOUBLE_WRONG : TQ_DOUBLE_WELL);
    tq_peer_link wire = tq_double_link(server->twin);
    if (wire.post(wire.user, "", "", body, &status, &answer, &err) != TQ_OK) {
        status = 400;
        answer.len = 0;
        tq_buf_puts(&answer, "{\"error\":\"not understood\"}");
    }
    write_answer(&bytes, status, (tq_str){answer.at, answer.len});
    tq_buf_free(&answer);
    if (server->mood == TQ_DOUBLE_LOST_RECEIPT) {
        tq_conn_cut(conn);
    } else if (server->mood == TQ_DOUBLE_SLOW) {
        slot->late = bytes;
        tq_conn_deadline(conn, tq_loop_now_ms(server->loop) + DOUBLE_SLOW_MS);
        return;
    } else {
        send_all(conn, &bytes);
    }
    tq_buf_free(&bytes);
}

static void answer_message(double_server *server, tq_conn *conn, const char *bytes)
{
    const http_message *message = &server->slot[tq_conn_slot(conn)].message;
    tq_str url = http_text(bytes, message->url), body = http_text(bytes, message->body);
    tq_buf text = {0}, out = {0};
    bool post = message->parser.method == HTTP_POST;
    if (post && tq_str_is(url, "/in")) {
        take_posted(server, conn, body);
        return;
    }
    unsigned status = 404;
    if (post && tq_str_is(url, "/mood")) {
        status = set_mood(server, body) ? 200 : 400;
        tq_buf_puts(&text, status == 200
                               ? "{}"
                               : "{\"error\":\"the moods are well, cut, slow, lost, wrong\"}");
    } else if (!post && tq_str_is(url, "/taken")) {
        status = 200;
        put_taken(server, &text);
    } else {
        tq_buf_puts(&text, "{\"error\":\"POST /in, POST /mood or GET /taken\"}");
    }
    write_answer(&out, status, (tq_str){text.at, text.len});
    send_all(conn, &out);
    tq_buf_free(&text);
    tq_buf_free(&out);
}

static void on_bytes(void *user, tq_conn *conn, const char *bytes, size_t len)
{
    double_server *server = user;
    double_slot *slot = &server->slot[tq_conn_slot(conn)];
    size_t used = 0;
    tq_buf_put(&slot->kept, bytes, len);
    if (slot->kept.failed || slot->kept.len > (size_t)DOUBLE_BODY + HTTP_HEAD_MAX) {
        tq_conn_cut(conn);
        return;
    }
    switch (http_feed(&slot->message, slot->kept.at, slot->kept.len, &used)) {
    case HTTP_EVENT_MORE: return;
    case HTTP_EVENT_REFUSED: tq_conn_cut(conn); return;
    case HTTP_EVENT_REQUEST: break;
    }
    tq_conn_pause(conn);
    answer_message(server, conn, slot->kept.at);
}

static void on_expired(void *user, tq_conn *conn)
{
    double_server *server = user;
    double_slot *slot = &server->slot[tq_conn_slot(conn)];
    if (slot->late.len > 0)
        send_all(conn, &slot->late);
    else
        tq_conn_cut(conn);
}

static void on_closed(void *user, tq_conn *conn)
{
    double_server *server = user;
    drop(&server->slot[tq_conn_slot(conn)]);
}

static void on_ended(void *user, tq_conn *conn)
{
    (void)user;
    (void)conn; /* the answer may still be under way */
}

static void on_quiet(void *user)
{
    (void)user;
}

static void on_drained(void *user, tq_conn *conn)
{
    (void)user;
    (void)conn;
}

static void on_signal(void *user)
{
    double_server *server = user;
    tq_loop_stop(server->loop);
}

static tq_status run(double_server *server, const tq_double_options *options, tq_err *err)
{
    static const tq_loop_events events = {.opened = on_opened,
                                          .bytes = on_bytes,
                                          .drained = on_drained,
                                          .ended = on_ended,
                                          .expired = on_expired,
                                          .closed = on_closed,
                                          .tick = on_quiet,
                                          .woken = on_quiet};
    tq_loop_options loop = {.slots = DOUBLE_SLOTS,
                            .queue_max = (size_t)DOUBLE_BODY * 8,
                            .queue_total_max = (size_t)DOUBLE_BODY * 16,
                            .tick_ms = HTTP_TICK_MS,
                            .expired_per_tick = DOUBLE_SLOTS,
                            .events = &events,
                            .user = server};
    uint16_t port = options->port;
    if (!set_mood(server, tq_str_of(options->mood != NULL ? options->mood : "well")))
        return tq_fail(err, TQ_USAGE, 0, "'%s' is no mood: well, cut, slow, lost, wrong",
                       options->mood);
    TQ_TRY(tq_double_new(options->seed, &server->twin, err));
    TQ_TRY(tq_loop_new(&loop, &server->loop, err));
    TQ_TRY(tq_loop_listen(server->loop, options->listen, &port, TQ_LISTEN_ALONE, err));
    TQ_TRY(tq_loop_on_signals(server->loop, on_signal, server, err));
    TQ_TRY(tq_loop_start(server->loop, err));
    atomic_store(&running, server->loop);
    if (options->ready != NULL) options->ready(options->user, options->listen, port);
    tq_loop_join(server->loop);
    atomic_store(&running, NULL);
    return TQ_OK;
}

void tq_double_stop(void)
{
    struct tq_loop *loop = atomic_load(&running);
    if (loop != NULL) tq_loop_stop(loop);
}

tq_status tq_double_serve(const tq_double_options *options, tq_err *err)
{
    double_server *server = TQ_ALLOC(double_server, 1);
    if (server == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the peer double");
    tq_status status = run(server, options, err);
    tq_loop_free(server->loop);
    for (uint32_t k = 0; k < DOUBLE_SLOTS; k++)
        drop(&server->slot[k]);
    tq_double_free(server->twin);
    tq_free(server);
    return status;
}
