/*
 * A connection's life: bytes to messages, messages to answers, keep-alive, pipelining, time limits.
 *
 * Bytes are parsed where they arrive; only the part of an unfinished message is copied into the
 * slot. An answer is one write, or, for a matrix, a stream of pieces (pump), each written when the
 * one before is out. Commands and questions about records are answered later by the office
 * (office_in.h); the connection waits and reads nothing meanwhile. While a write waits for a slow
 * reader nothing more is read or answered on that connection, so a peer can only ever hold one
 * answer or piece. After a refusal the connection finishes: what follows in the stream can't be
 * trusted.
 *
 * Deadlines: a whole request within header_timeout_ms of the accept or of its first byte (408, then
 * closed); a kept-alive connection without a request idle_timeout_ms (closed); an answer
 * HTTP_WRITE_MS (cut).
 */
#include <stdatomic.h>
#include <stdio.h>

#include "serve/office_in.h"

/* An unfinished body counts too; what follows a message in the same read stays within one read. */
#define KEPT_EXTRA (TQ_LOOP_READ_BYTES + 8192u)

struct http_slot {
    http_message message;
    tq_buf kept; /* bytes of the unfinished message, and of later ones while a write waits */
    size_t kept_counted; /* of them, in loop->kept_bytes */
    bool counted;        /* one of max_connections */
    bool answered;   /* at least one answer went out: now a silent connection is idle, not slow */
    bool last;       /* close after the answer under way */
    bool raw;        /* its stream has no chunks: HTTP/1.0 */
    uint8_t stream;  /* row of loop->stream + 1 that is being written, 0 = none */
    uint32_t events; /* row of the event streams + 1, 0 = none */
    uint64_t order;  /* serial of the order whose answer is waited for, 0 = none */
    int64_t request_deadline_ms;
};

static http_slot *slot_of(serve_loop *loop, tq_conn *conn)
{
    return &loop->slot[tq_conn_slot(conn)];
}

static int64_t mono_ns(void)
{
    const tq_env *env = tq_env_real();
    return env->mono_ns(env->user);
}

static int64_t utc_ms(void)
{
    const tq_env *env = tq_env_real();
    return env->now_ms(env->user);
}

/* ---- answers
 * ------------------------------------------------------------------------------------------ */

static tq_piece_out piece_of(tq_str bytes, bool lasting)
{
    return (tq_piece_out){bytes.at, bytes.len, lasting};
}

static void put_tail(serve_loop *loop, const char *cache_mark, bool close)
{
    tq_buf *tail = &loop->tail;
    tail->len = 0;
    tq_buf_puts(tail, loop->date);
    tq_buf_puts(tail, "Tongqu-Version: ");
    tq_buf_puts(tail, loop->version);
    tq_buf_put(tail, "\r\n", 2);
    if (cache_mark != NULL) {
        tq_buf_puts(tail, "X-Tongqu-Cache: ");
        tq_buf_puts(tail, cache_mark);
        tq_buf_put(tail, "\r\n", 2);
    }
    tq_buf_puts(tail, close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n");
}

/* Send head, tail and body in one write and set the deadline that follows from it. */
static void send_pieces(serve_loop *loop, tq_conn *conn, const tq_piece_out *piece, uint32_t count,
                        bool close)
{
    http_slot *slot = slot_of(loop, conn);
    tq_conn_write(conn, piece, count);
    slot->answered = true;
    slot->last = close;
    if (!tq_conn_open(conn)) return;
    if (tq_conn_busy(conn)) {
        tq_conn_pause(conn);
        tq_conn_deadline(conn, tq_loop_now_ms(loop->loop) + HTTP_WRITE_MS);
    }
    if (close) tq_conn_finish(conn);
}

static void send_answer(serve_loop *loop, tq_conn *conn, const serve_answer *answer, bool head_only,
                        bool close, const char *cache_mark)
{
    tq_str body = answer->fixed.len != 0 ? answer->fixed : (tq_str){loop->body.at, loop->body.len};
    bool has_body = answer->status != 204 && answer->status != 304;
    answer_head(answer, body.len, &loop->head);
    put_tail(loop, cache_mark, close);
    tq_piece_out piece[3] = {
        piece_of((tq_str){loop->head.at, loop->head.len}, false),
        piece_of((tq_str){loop->tail.at, loop->tail.len}, false),
        piece_of(body, answer->fixed.len != 0),
    };
    send_pieces(loop, conn, piece, has_body && !head_only && body.len != 0 ? 3 : 2, close);
}

static void send_cached(serve_loop *loop, tq_conn *conn, const cache_entry *entry, bool head_only,
                        bool close)
{
    put_tail(loop, "hit", close);
    tq_str part[CACHE_ENTRY_BLOCKS];
    tq_piece_out piece[TQ_LOOP_SLICES_MAX];
    _Static_assert(CACHE_ENTRY_BLOCKS + 3 <= TQ_LOOP_SLICES_MAX, "an entry fits one write");
    size_t head_end = (size_t)entry->key_len + entry->head_len;
    uint32_t count = 0, parts = cache_pieces(&loop->store, entry, entry->key_len, head_end, part);
    for (uint32_t k = 0; k < parts; k++)
        piece[count++] = piece_of(part[k], false);
    piece[count++] = piece_of((tq_str){loop->tail.at, loop->tail.len}, false);
    parts = head_only
                ? 0
                : cache_pieces(&loop->store, entry, head_end, head_end + entry->body_len, part);
    for (uint32_t k = 0; k < parts; k++)
        piece[count++] = piece_of(part[k], false);
    send_pieces(loop, conn, piece, count, close);
}

/* ---- streams
 * ------------------------------------------------------------------------------------------- */

static void end_stream(serve_loop *loop, http_slot *slot)
{
    if (slot->stream != 0) matrix_end(loop, &loop->stream[slot->stream - 1]);
    slot->stream = 0;
}

static void write_piece(serve_loop *loop, tq_conn *conn, bool more)
{
    char size[24];
    int len = snprintf(size, sizeof size, "%zx\r\n", loop->body.len);
    tq_str body = {loop->body.at, loop->body.len};
    bool raw = slot_of(loop, conn)->raw;
    tq_piece_out piece[3] = {
        piece_of((tq_str){size, raw ? 0 : (size_t)len}, false),
        piece_of(body, false),
        piece_of(raw    ? (tq_str){"", 0}
                 : more ? TQ_STR("\r\n")
                        : TQ_STR("\r\n0\r\n\r\n"),
                 false),
    };
    tq_conn_write(conn, raw ? piece + 1 : piece, raw ? 1 : 3);
}

/* Write pieces until the peer has to catch up or it is the others' turn. A stream that fails is cut
 * off: without its last chunk nobody takes it for whole. */
static void pump(serve_loop *loop, tq_conn *conn)
{
    http_slot *slot = slot_of(loop, conn);
    bool more = true;
    for (uint32_t k = 0; k < STREAM_TURN_PIECES && more; k++) {
        tq_err err = {0};
        loop->body.len = 0;
        loop->body.failed = false;
        if (matrix_next(loop, &loop->stream[slot->stream - 1], &loop->body, &more, &err) != TQ_OK) {
            tq_log(TQ_LOG_ERROR, "a streamed matrix broke off: %s", err.text);
            tq_conn_cut(conn);
            return;
        }
        write_piece(loop, conn, more);
        if (!tq_conn_open(conn)) return;
        if (!tq_conn_busy(conn)) continue;
        tq_conn_deadline(conn, tq_loop_now_ms(loop->loop) + HTTP_WRITE_MS);
        if (more) return;
        break;
    }
    if (more) {
        tq_conn_deadline(conn, tq_loop_now_ms(loop->loop));
        return;
    }
    end_stream(loop, slot);
    if (slot->last) tq_conn_finish(conn);
}

static void begin_stream(serve_loop *loop, tq_conn *conn, const serve_answer *answer, bool close)
{
    http_slot *slot = slot_of(loop, conn);
    slot->stream = answer->stream;
    slot->raw = slot->message.parser.http_minor == 0;
    answer_head(answer, slot->raw ? ANSWER_TO_END : ANSWER_CHUNKED, &loop->head);
    put_tail(loop, NULL, close || slot->raw);
    tq_piece_out piece[2] = {
        piece_of((tq_str){loop->head.at, loop->head.len}, false),
        piece_of((tq_str){loop->tail.at, loop->tail.len}, false),
    };
    tq_conn_write(conn, piece, 2);
    slot->answered = true;
    slot->last = close || slot->raw;
    if (!tq_conn_open(conn)) return;
    tq_conn_pause(conn);
    /* The first piece waits for its turn: the caller is still busy with the bytes of the request.
     */
    tq_conn_deadline(conn, tq_conn_busy(conn) ? tq_loop_now_ms(loop->loop) + HTTP_WRITE_MS
                                              : tq_loop_now_ms(loop->loop));
}

/* Refuse and finish: the message can't be read, so neither can what follows it. */
static void refuse(serve_loop *loop, tq_conn *conn, problem_id id, tq_str accept_language)
{
    serve_answer answer;
    problem why = {.id = id};
    serve_problem(loop, &why, target_language(accept_language), &answer);
    metrics_request(&loop->counts, METRIC_NO_ROUTE, answer.status, 0);
    send_answer(loop, conn, &answer, false, true, NULL);
}

/* ---- requests
 * ------------------------------------------------------------------------------------------- */

static http_verb verb_of(unsigned method)
{
    switch (method) {
    case HTTP_GET: return VERB_GET;
    case HTTP_HEAD: return VERB_HEAD;
    case HTTP_OPTIONS: return VERB_OPTIONS;
    case HTTP_POST: return VERB_POST;
    case HTTP_DELETE: return VERB_DELETE;
    default: return VERB_OTHER;
    }
}

/* 304 when the caller already has this representation. */
static void send_not_modified(serve_loop *loop, tq_conn *conn, const char *etag, bool close)
{
    serve_answer answer = {.status = 304, .cache_control = "no-cache", .vary_language = true};
    memcpy(answer.etag, etag, sizeof answer.etag);
    send_answer(loop, conn, &answer, true, close, NULL);
}

static bool answer_from_cache(serve_loop *loop, tq_conn *conn, const serve_request *request,
                              bool close, int64_t began_ns)
{
    if (request->verb != VERB_GET && request->verb != VERB_HEAD) return false;
    const cache_entry *entry =
        cache_find(&loop->store, request->target, request->lang, tq_loop_now_ms(loop->loop));
    if (entry == NULL) return false;
    uint32_t route = entry->route;
    unsigned status = entry->status;
    metric_add(&loop->counts.cache_hits, 1);
    if (entry->etag[0] != '\0' && target_etag_in(request->if_none_match, tq_str_of(entry->etag))) {
        status = 304;
        send_not_modified(loop, conn, entry->etag, close);
    } else {
        send_cached(loop, conn, entry, request->verb == VERB_HEAD, close);
    }
    metrics_request(&loop->counts, route, status, mono_ns() - began_ns);
    return true;
}

static void keep_answer(serve_loop *loop, const serve_request *request, tq_lang asked,
                        const serve_answer *answer, uint32_t route)
{
    answer_head(answer, loop->body.len, &loop->head);
    int64_t until_ms =
        answer->keep == KEEP_SHORT ? tq_loop_now_ms(loop->loop) + CACHE_SHORT_MS : INT64_MAX;
    cache_keep(&loop->store, request->target, asked, until_ms, answer->keep == KEEP_CITY,
               answer->status, route, answer->etag, (tq_str){loop->head.at, loop->head.len},
               (tq_str){loop->body.at, loop->body.len});
}

/* A page of another site, or one behind a proxy, is not «from this machine». */
static void read_origin(const http_message *message, const char *bytes, const tq_conn *conn,
                        serve_request *request)
{
    request->local =
        tq_conn_local(conn) && !(message->seen & (1u << HTTP_ORIGIN | 1u << HTTP_FORWARDED));
    request->secure = tq_str_is(http_text(bytes, message->field[HTTP_SCHEME]), "https");
    request->console = tq_str_is(http_text(bytes, message->field[HTTP_CONSOLE]), "1");
    request->authorization = http_text(bytes, message->field[HTTP_AUTHORIZATION]);
    request->cookie = http_text(bytes, message->field[HTTP_COOKIE]);
    request->idempotency_key = http_text(bytes, message->field[HTTP_IDEMPOTENCY_KEY]);
    request->if_match = http_text(bytes, message->field[HTTP_IF_MATCH]);
    request->last_event_id = http_text(bytes, message->field[HTTP_LAST_EVENT_ID]);
}

static void read_headers(const http_message *message, const char *bytes, serve_request *request)
{
    request->verb = verb_of(message->parser.method);
    request->lang = target_language(http_text(bytes, message->field[HTTP_ACCEPT_LANGUAGE]));
    request->gzip = target_accepts_gzip(http_text(bytes, message->field[HTTP_ACCEPT_ENCODING]));
    request->if_none_match = http_text(bytes, message->field[HTTP_IF_NONE_MATCH]);
    request->body = http_text(bytes, message->body);
    request->body_split = message->body_split;
    request->csv = tq_str_starts(http_text(bytes, message->field[HTTP_CONTENT_TYPE]), "text/csv");
    memset(request->points, 0, sizeof request->points);
    request->pair_count = 0;
    request->text_used = 0;
    request->operation = NULL;
}

/* The answer comes over the line; until then nothing more is read here. */
static void wait_for_order(serve_loop *loop, tq_conn *conn, serve_order *order, bool close,
                           uint32_t route, int64_t began_ns)
{
    order->conn = conn;
    order->close = close;
    order->head_only = loop->request.verb == VERB_HEAD;
    order->route = route;
    order->began_ns = began_ns;
    slot_of(loop, conn)->order = order->serial;
    tq_conn_pause(conn);
    tq_conn_deadline(conn, tq_loop_now_ms(loop->loop) + ORDER_WAIT_MS);
}

static void answer_request(serve_loop *loop, tq_conn *conn, const char *bytes, bool close)
{
    http_message *message = &slot_of(loop, conn)->message;
    serve_request *request = &loop->request;
    int64_t began_ns = mono_ns();
    held_refresh(loop);
    read_headers(message, bytes, request);
    read_origin(message, bytes, conn, request);
    tq_str target = http_text(bytes, message->url);
    serve_answer answer = {0};
    if (request->verb == VERB_OPTIONS && tq_str_is(target, "*")) {
        answer = (serve_answer){.status = 204,
                                .allow = 1u << VERB_GET | 1u << VERB_POST | 1u << VERB_DELETE};
        loop->body.len = 0;
        send_answer(loop, conn, &answer, true, close, NULL);
        metrics_request(&loop->counts, METRIC_NO_ROUTE, answer.status, mono_ns() - began_ns);
        return;
    }
    if (!target_split(target, request)) {
        refuse(loop, conn, PROBLEM_MALFORMED,
               http_text(bytes, message->field[HTTP_ACCEPT_LANGUAGE]));
        return;
    }
    if (answer_from_cache(loop, conn, request, close, began_ns)) return;
    tq_lang asked =
        request->lang; /* before ?lang= is read: the cache is asked with the header alone */
    uint32_t route = serve_dispatch(loop, request, &answer);
    if (answer.order != NULL) {
        wait_for_order(loop, conn, answer.order, close, route, began_ns);
        return;
    }
    if (answer.stream != 0 && request->verb == VERB_HEAD) {
        matrix_end(loop, &loop->stream[answer.stream - 1]);
        answer.stream = 0;
    }
    if (answer.stream != 0) {
        metrics_request(&loop->counts, route, answer.status, mono_ns() - began_ns);
        begin_stream(loop, conn, &answer, close);
        return;
    }
    bool kept = answer.keep != KEEP_NOT && (answer.status == 200 || answer.status == 204) &&
                (request->verb == VERB_GET || request->verb == VERB_HEAD);
    if (kept) {
        metric_add(&loop->counts.cache_misses, 1);
        keep_answer(loop, request, asked, &answer, route);
    }
    if (kept && answer.etag[0] != '\0' &&
        target_etag_in(request->if_none_match, tq_str_of(answer.etag)))
        answer.status = 304;
    send_answer(loop, conn, &answer, request->verb == VERB_HEAD, close, kept ? "miss" : NULL);
    metrics_request(&loop->counts, route, answer.status, mono_ns() - began_ns);
}

/* ---- bytes
 * --------------------------------------------------------------------------------------------------
 */

/* All connections together may keep KEPT_TOTAL_MAX bytes of unfinished requests; a large body over
 * it is turned away, small ones always have room. */
static bool count_kept(serve_loop *loop, http_slot *slot)
{
    loop->kept_bytes += slot->kept.len;
    loop->kept_bytes -= slot->kept_counted;
    slot->kept_counted = slot->kept.len;
    return loop->kept_bytes <= KEPT_TOTAL_MAX || slot->kept.len <= KEPT_EXTRA;
}

/* Keep what is left from `at` on, wherever the bytes lie now. */
static bool keep_rest(http_slot *slot, const char *bytes, size_t at, size_t len)
{
    bool inside = slot->kept.at != NULL && bytes == slot->kept.at;
    if (at == len) {
        tq_buf_free(&slot->kept);
        return true;
    }
    if (inside) {
        memmove(slot->kept.at, slot->kept.at + at, len - at);
        slot->kept.len = len - at;
        return true;
    }
    tq_buf_put(&slot->kept, bytes + at, len - at);
    return !slot->kept.failed;
}

static void wait_for_more(serve_loop *loop, tq_conn *conn, http_slot *slot)
{
    int64_t now = tq_loop_now_ms(loop->loop);
    const tq_serve_options *options = &loop->server->options;
    if (slot->kept.len == 0) {
        slot->request_deadline_ms = INT64_MAX;
        tq_conn_deadline(
            conn, now + (slot->answered ? options->idle_timeout_ms : options->header_timeout_ms));
        return;
    }
    if (slot->request_deadline_ms == INT64_MAX)
        slot->request_deadline_ms = now + options->header_timeout_ms;
    tq_conn_deadline(conn, slot->request_deadline_ms);
}

static bool may_answer(const tq_conn *conn, const http_slot *slot)
{
    return tq_conn_open(conn) && !tq_conn_busy(conn) && slot->stream == 0 && slot->order == 0 &&
           slot->events == 0;
}

/* Answer all whole messages in bytes[0..len); the last, unfinished one is kept. */
static void take_bytes(serve_loop *loop, tq_conn *conn, const char *bytes, size_t len)
{
    http_slot *slot = slot_of(loop, conn);
    size_t at = 0;
    for (uint32_t answers = 1; at < len && may_answer(conn, slot); answers++) {
        size_t used = 0;
        http_event event = http_feed(&slot->message, bytes + at, len - at, &used);
        if (event == HTTP_EVENT_MORE) break;
        if (event == HTTP_EVENT_REFUSED) {
            refuse(loop, conn, (problem_id)slot->message.refusal,
                   http_text(bytes + at, slot->message.field[HTTP_ACCEPT_LANGUAGE]));
            return;
        }
        bool close = !slot->message.keep_alive || answers == HTTP_PIPELINE_MAX;
        answer_request(loop, conn, bytes + at, close);
        at += used;
        http_begin(&slot->message, loop->server->options.max_body_bytes);
        slot->request_deadline_ms = INT64_MAX;
    }
    if (!tq_conn_open(conn)) return;
    if (!keep_rest(slot, bytes, at, len)) {
        tq_conn_cut(conn);
        return;
    }
    if (!count_kept(loop, slot)) {
        refuse(loop, conn, PROBLEM_FULL, (tq_str){0});
        return;
    }
    if (may_answer(conn, slot)) wait_for_more(loop, conn, slot);
}

static void on_bytes(void *user, tq_conn *conn, const char *bytes, size_t len)
{
    serve_loop *loop = user;
    http_slot *slot = slot_of(loop, conn);
    if (slot->events != 0) return; /* nothing is asked on a stream of events */
    if (slot->kept.len == 0 && slot->order == 0) {
        take_bytes(loop, conn, bytes, len);
        return;
    }
    tq_buf_put(&slot->kept, bytes, len);
    if (slot->kept.failed)
        tq_conn_cut(conn);
    else if (slot->stream != 0 || slot->order != 0)
        return; /* a piece of the next request came before the pause: it waits its turn */
    else
        take_bytes(loop, conn, slot->kept.at, slot->kept.len);
}

/* An answer or stream is out: the next request, or wait for one. */
static void go_on(serve_loop *loop, tq_conn *conn)
{
    http_slot *slot = slot_of(loop, conn);
    if (!may_answer(conn, slot)) return;
    if (slot->kept.len != 0)
        take_bytes(loop, conn, slot->kept.at, slot->kept.len);
    else
        wait_for_more(loop, conn, slot);
    if (may_answer(conn, slot)) tq_conn_resume(conn);
}

static void on_drained(void *user, tq_conn *conn)
{
    serve_loop *loop = user;
    http_slot *slot = slot_of(loop, conn);
    if (slot->events != 0)
        stream_drained(loop, slot->events - 1);
    else if (slot->stream != 0)
        pump(loop, conn);
    else
        go_on(loop, conn);
}

static void on_ended(void *user, tq_conn *conn)
{
    serve_loop *loop = user;
    http_slot *slot = slot_of(loop, conn);
    /* Every whole request was answered already, or its answer is a stream under way; what is
     * unfinished will never be whole. */
    if (slot->stream != 0 || slot->order != 0)
        slot->last = true;
    else
        tq_conn_finish(conn);
}

static void on_expired(void *user, tq_conn *conn)
{
    serve_loop *loop = user;
    http_slot *slot = slot_of(loop, conn);
    if (slot->stream != 0 && !tq_conn_busy(conn)) { /* its turn again */
        pump(loop, conn);
        if (slot->stream == 0) go_on(loop, conn);
        return;
    }
    if (slot->order != 0) { /* it may still be carried out; asked again with its key it is known */
        slot->order = 0;
        refuse(loop, conn, PROBLEM_LATE, (tq_str){0});
        return;
    }
    metric_add(&loop->counts.timeouts, 1);
    if (slot->stream != 0) {
        tq_conn_cut(conn); /* a reader that is too slow */
        return;
    }
    if (slot->kept.len == 0 && slot->answered)
        tq_conn_cut(conn); /* idle: nothing is owed */
    else
        refuse(loop, conn, PROBLEM_TIMEOUT, (tq_str){0});
}

/* ---- answers of the office
 * ------------------------------------------------------------------------------------- */

bool connection_waits(serve_loop *loop, const serve_order *order)
{
    return order->conn != NULL && slot_of(loop, order->conn)->order == order->serial;
}

/* Login and setup hand the token to the console as a cookie that no script can read. */
static void set_cookie(const serve_order *order, serve_answer *answer)
{
    bool login = is_sign_in(order->verb);
    bool logout = order->verb != NULL && strcmp(order->verb, "auth.logout") == 0;
    const char *more = order->secure ? "; Secure" : "";
    if (login && order->result == TQ_OK && order->session[0] != '\0')
        (void)snprintf(answer->cookie, sizeof answer->cookie,
                       "tongqu=%s; Path=/; HttpOnly; SameSite=Strict%s", order->session, more);
    else if (logout || (order->cookie && order->denied_token))
        (void)snprintf(answer->cookie, sizeof answer->cookie,
                       "tongqu=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0%s", more);
}

static void fill_answer(serve_loop *loop, serve_order *order, serve_answer *answer)
{
    *answer = (serve_answer){0};
    loop->body.len = 0;
    loop->body.failed = false;
    if (order->result != TQ_OK) {
        serve_problem(loop, &order->why, order->lang, answer);
    } else if (order->kind == ORDER_SPEEDS) {
        live_answer(loop, 0, order->speeds.changed, order->speeds.version, answer);
    } else {
        tq_buf_put(&loop->body, order->answer.at, order->answer.len);
        answer->status = order->status;
        answer->type = order->type != NULL ? order->type : "application/json; charset=utf-8";
        answer->vary_language = true;
        if (loop->body.failed) {
            problem why = {.id = PROBLEM_TOO_BIG_ANSWER};
            serve_problem(loop, &why, order->lang, answer);
        }
    }
    set_cookie(order, answer);
}

void connection_answer(serve_loop *loop, serve_order *order)
{
    tq_conn *conn = order->conn;
    serve_answer answer;
    if (connection_waits(loop, order)) {
        http_slot *slot = slot_of(loop, conn);
        slot->order = 0;
        fill_answer(loop, order, &answer);
        send_answer(loop, conn, &answer, order->head_only, order->close || slot->last, NULL);
        metrics_request(&loop->counts, order->route, answer.status, mono_ns() - order->began_ns);
        go_on(loop, conn);
    }
    order_free(order);
}

bool connection_stream(serve_loop *loop, serve_order *order, uint32_t row)
{
    if (!connection_waits(loop, order)) {
        stream_end(loop, row);
        return false;
    }
    http_slot *slot = slot_of(loop, order->conn);
    serve_answer answer = {.status = 200, .type = "text/event-stream; charset=utf-8"};
    slot->order = 0;
    slot->events = row + 1;
    slot->answered = true;
    answer_head(&answer, ANSWER_TO_END, &loop->head);
    put_tail(loop, NULL, true);
    tq_piece_out piece[2] = {
        piece_of((tq_str){loop->head.at, loop->head.len}, false),
        piece_of((tq_str){loop->tail.at, loop->tail.len}, false),
    };
    metrics_request(&loop->counts, order->route, answer.status, mono_ns() - order->began_ns);
    tq_conn_deadline(order->conn, INT64_MAX);
    tq_conn_write(order->conn, piece, 2);
    if (!tq_conn_open(order->conn)) return false;
    tq_conn_resume(order->conn); /* so that its end is seen */
    return true;
}

static void on_woken(void *user)
{
    serve_loop *loop = user;
    loop_note *note = line_take(loop);
    if (note != NULL) held_refresh(loop); /* an answer about a change carries its version */
    while (note != NULL) {
        loop_note *next = note->next;
        serve_order *order = (serve_order *)(void *)note;
        if (note->kind == NOTE_EVENTS) {
            event_note *told = (event_note *)(void *)note;
            stream_events(loop, told->batch);
            batch_drop(told->batch);
            tq_free(told);
        } else if (order->kind == ORDER_EVENTS) {
            stream_page(loop, order);
        } else {
            connection_answer(loop, order);
        }
        note = next;
    }
}

/* ---- slots
 * -----------------------------------------------------------------------------------------------------
 */

static void on_opened(void *user, tq_conn *conn)
{
    serve_loop *loop = user;
    serve *server = loop->server;
    http_slot *slot = slot_of(loop, conn);
    tq_buf kept = slot->kept;
    memset(slot, 0, sizeof *slot);
    slot->kept = kept;
    slot->request_deadline_ms = INT64_MAX;
    http_begin(&slot->message, server->options.max_body_bytes);
    metric_add(&loop->counts.accepted, 1);
    if (atomic_fetch_add(&server->connections, 1) < server->options.max_connections) {
        slot->counted = true;
        tq_conn_deadline(conn, tq_loop_now_ms(loop->loop) + server->options.header_timeout_ms);
        return;
    }
    atomic_fetch_sub(&server->connections, 1);
    metric_add(&loop->counts.refused, 1);
    refuse(loop, conn, PROBLEM_FULL, (tq_str){0});
}

static void on_closed(void *user, tq_conn *conn)
{
    serve_loop *loop = user;
    http_slot *slot = slot_of(loop, conn);
    end_stream(loop, slot);
    if (slot->events != 0) stream_end(loop, slot->events - 1);
    slot->events = 0;
    slot->order = 0;
    tq_buf_free(&slot->kept);
    slot->kept.len = 0;
    count_kept(loop, slot);
    if (slot->counted) atomic_fetch_sub(&loop->server->connections, 1);
    slot->counted = false;
}

static void on_tick(void *user)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    serve_loop *loop = user;
    metric_set(&loop->counts.connections, tq_loop_in_use(loop->loop));
    metric_set(&loop->counts.cut_slow, tq_loop_cut_slow(loop->loop));
    int64_t now_s = utc_ms() / 1000;
    if (now_s == loop->date_s) return;
    held_refresh(loop);
    stream_tick(loop, tq_loop_now_ms(loop->loop));
    loop->date_s = now_s;
    int32_t day = (int32_t)(now_s / 86400), second = (int32_t)(now_s % 86400), year;
    unsigned month, day_of_month;
    tq_date_of(day, &year, &month, &day_of_month);
    snprintf(loop->date, sizeof loop->date, "Date: %s, %02u %s %04d %02d:%02d:%02d GMT\r\n",
             days[day % 7], day_of_month % 100, months[(month - 1) % 12],
             (int)((unsigned)year % 10000), second / 3600 % 24, second / 60 % 60, second % 60);
}

tq_status connections_open(serve_loop *loop, tq_err *err)
{
    static const tq_loop_events events = {
        .opened = on_opened,
        .bytes = on_bytes,
        .drained = on_drained,
        .ended = on_ended,
        .expired = on_expired,
        .closed = on_closed,
        .tick = on_tick,
        .woken = on_woken,
    };
    uint32_t slots = loop->server->options.max_connections + HTTP_REFUSE_SLOTS;
    loop->slot = TQ_ALLOC(http_slot, slots);
    if (loop->slot == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u connections", slots);
    for (uint32_t k = 0; k < slots; k++)
        loop->slot[k].kept.limit =
            (size_t)HTTP_HEAD_MAX + 16 * (size_t)loop->server->options.max_body_bytes + KEPT_EXTRA;
    tq_loop_options options = {
        .slots = slots,
        .queue_max = HTTP_QUEUE_MAX,
        .queue_total_max = HTTP_QUEUE_TOTAL,
        .tick_ms = HTTP_TICK_MS,
        .expired_per_tick = HTTP_EXPIRED_MAX,
        .events = &events,
        .user = loop,
    };
    TQ_TRY(line_open(loop, err));
    TQ_TRY(tq_loop_new(&options, &loop->loop, err));
    on_tick(loop);
    return TQ_OK;
}

void connections_close(serve_loop *loop)
{
    tq_loop_free(loop->loop);
    line_close(loop);
    tq_free(loop->slot);
    loop->loop = NULL;
    loop->slot = NULL;
}
