/*
 * Server-sent events (text/event-stream): id = sequence number of the event, event = its topic.
 *
 * A stream starts with a page read from the store behind Last-Event-ID, then follows what the
 * writer tells every loop. While a page is on its way, what the writer tells is passed over; the
 * page is read from committed events, so it holds all of it. When the page ends before the newest
 * event that the loop has heard of, another is asked for. So no event is lost and none comes twice:
 * `last` only grows, and nothing up to `last` is written again.
 *
 * A reader that does not keep up is not queued for: it gets its next page when it has taken the one
 * before, and is cut when that takes HTTP_WRITE_MS; it then resumes by itself. The session is
 * looked at again with a page every EVENT_RECHECK_MS.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve/office_in.h"

/* The same members as in events/list, and the version that the event made. */
static json_t *event_json(const tq_city *city, const tq_event *event)
{
    char text[TQ_VERSION_MAX + TQ_TIME_TEXT_MAX];
    json_t *all = json_loadb(event->body.at, event->body.len, 0, NULL);
    if (!json_is_object(all)) {
        json_decref(all);
        all = json_object();
    }
    tq_time_print(&city->zone, event->at_ms, text);
    json_object_set_new(all, "at", json_string(text));
    json_object_set_new(all, "seq", json_integer((json_int_t)event->seq));
    json_object_set_new(all, "topic", json_string(event->topic));
    json_object_set_new(all, "id", json_string(event->id));
    json_object_set_new(all, "verb", json_string(event->verb));
    json_object_set_new(all, "network", json_boolean(event->network));
    if (event->network) {
        (void)snprintf(text, sizeof text, "%.24s+%llu", tq_city_version(city),
                       (unsigned long long)event->seq);
        json_object_set_new(all, "version", json_string(text));
    }
    return all;
}

void event_text(const tq_city *city, const tq_event *event, tq_buf *out)
{
    json_t *all = event_json(city, event);
    char *data = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    tq_buf_printf(out, "id: %llu\nevent: %s\ndata: %s\n\n", (unsigned long long)event->seq,
                  event->topic, data != NULL ? data : "{}");
    free(data);
    json_decref(all);
}

/* ---- writing
 * ---------------------------------------------------------------------------------------- */

static bool write_text(serve_loop *loop, event_stream *stream, const char *at, size_t len)
{
    tq_piece_out piece = {at, len, false};
    if (len == 0) return true;
    stream->wrote_ms = tq_loop_now_ms(loop->loop);
    tq_conn_write(stream->conn, &piece, 1);
    if (!tq_conn_open(stream->conn)) return false;
    tq_conn_deadline(stream->conn, tq_conn_busy(stream->conn)
                                       ? tq_loop_now_ms(loop->loop) + HTTP_WRITE_MS
                                       : INT64_MAX);
    return true;
}

/* ---- pages
 * ------------------------------------------------------------------------------------------- */

static void ask_page(serve_loop *loop, uint32_t row)
{
    event_stream *stream = &loop->line->stream[row];
    size_t len = strlen(stream->token);
    serve_order *page = tq_alloc(1, sizeof *page + len + 1);
    problem why = {0};
    stream->behind = false;
    stream->checked_ms = tq_loop_now_ms(loop->loop);
    if (page == NULL) {
        tq_conn_cut(stream->conn);
        return;
    }
    memcpy(page->text, stream->token, len + 1);
    page->note.kind = NOTE_ORDER;
    page->kind = ORDER_EVENTS;
    page->loop = loop;
    page->conn = stream->conn;
    page->serial = stream->serial;
    page->id = page->body = page->query = page->key = (tq_str){page->text + len, 0};
    page->token = (tq_str){page->text, len};
    page->cookie = stream->cookie;
    page->lang = stream->lang;
    page->after = stream->last;
    page->stream = row + 1;
    stream->asking = true;
    if (order_give(page, NULL, &why) != TQ_OK) tq_conn_cut(stream->conn);
}

/* A page has come for a stream that runs. */
static void take_page(serve_loop *loop, uint32_t row, const serve_order *page)
{
    event_stream *stream = &loop->line->stream[row];
    stream->asking = false;
    if (page->result != TQ_OK) {
        tq_conn_cut(stream->conn);
        return;
    }
    stream->roles = page->roles;
    stream->last = TQ_MAX(stream->last, page->reached);
    if (tq_conn_busy(stream->conn)) { /* the head is still on its way: the page again, later */
        stream->last = page->after;
        stream->behind = true;
        return;
    }
    if (!write_text(loop, stream, page->answer.at, page->answer.len)) return;
    if (!page->more && stream->last >= loop->line->event_seen) return;
    if (tq_conn_busy(stream->conn))
        stream->behind = true;
    else
        ask_page(loop, row);
}

static void new_stream(serve_loop *loop, serve_order *page)
{
    struct desk_line *line = loop->line;
    uint32_t row = 0;
    if (page->result != TQ_OK) {
        connection_answer(loop, page);
        return;
    }
    while (row < EVENT_STREAMS_MAX && line->stream[row].conn != NULL)
        row++;
    if (row == EVENT_STREAMS_MAX) {
        page->result = TQ_BUSY;
        page->why.id = PROBLEM_EVENT_STREAMS;
        problem_set(&page->why, 0, "%u", EVENT_STREAMS_MAX);
        connection_answer(loop, page);
        return;
    }
    event_stream *stream = &line->stream[row];
    *stream = (event_stream){.conn = page->conn,
                             .last = page->after,
                             .serial = ++line->serials,
                             .lang = page->lang,
                             .cookie = page->cookie,
                             .checked_ms = tq_loop_now_ms(loop->loop)};
    memcpy(stream->token, page->token.at, TQ_MIN(page->token.len, ORDER_TOKEN_MAX - 1));
    if (connection_stream(loop, page, row)) {
        stream->wrote_ms = tq_loop_now_ms(loop->loop);
        take_page(loop, row, page);
    }
    order_free(page);
}

void stream_page(serve_loop *loop, serve_order *page)
{
    if (page->stream == 0) {
        new_stream(loop, page);
        return;
    }
    event_stream *stream = &loop->line->stream[page->stream - 1];
    if (stream->conn != NULL && stream->serial == page->serial)
        take_page(loop, page->stream - 1, page);
    order_free(page);
}

/* ---- what the writer tells
 * --------------------------------------------------------------------------- */

static void tell(serve_loop *loop, uint32_t row, const event_batch *batch)
{
    event_stream *stream = &loop->line->stream[row];
    tq_buf *text = &loop->body;
    if (stream->asking || stream->behind) return;
    if (tq_conn_busy(stream->conn)) {
        stream->behind = true;
        return;
    }
    text->len = 0;
    text->failed = false;
    for (size_t k = 0; k < batch->row.count; k++) {
        const event_row *event = &batch->row.at[k];
        if (event->seq <= stream->last) continue;
        /* A batch that was lost for want of memory leaves a hole: read it again. */
        if (event->seq != stream->last + 1) {
            ask_page(loop, row);
            return;
        }
        stream->last = event->seq;
        if (event->readers & stream->roles)
            tq_buf_put(text, batch->text.at + event->at, event->len);
    }
    if (text->failed)
        tq_conn_cut(stream->conn);
    else
        (void)write_text(loop, stream, text->at, text->len);
}

void stream_events(serve_loop *loop, const event_batch *batch)
{
    struct desk_line *line = loop->line;
    if (batch->row.count > 0) line->event_seen = batch->row.at[batch->row.count - 1].seq;
    for (uint32_t row = 0; row < EVENT_STREAMS_MAX; row++)
        if (line->stream[row].conn != NULL && tq_conn_open(line->stream[row].conn))
            tell(loop, row, batch);
}

/* ---- life
 * -------------------------------------------------------------------------------------------- */

void stream_drained(serve_loop *loop, uint32_t row)
{
    event_stream *stream = &loop->line->stream[row];
    tq_conn_deadline(stream->conn, INT64_MAX);
    if (stream->behind && !stream->asking) ask_page(loop, row);
}

void stream_end(serve_loop *loop, uint32_t row)
{
    loop->line->stream[row].conn = NULL;
    loop->line->stream[row].serial = 0;
}

void stream_tick(serve_loop *loop, int64_t now_ms)
{
    static const char beat[] = ": \n\n";
    uint64_t running = 0;
    for (uint32_t row = 0; row < EVENT_STREAMS_MAX; row++) {
        event_stream *stream = &loop->line->stream[row];
        if (stream->conn == NULL || !tq_conn_open(stream->conn)) continue;
        running++;
        if (stream->asking || tq_conn_busy(stream->conn)) continue;
        if (now_ms - stream->checked_ms >= EVENT_RECHECK_MS) {
            ask_page(loop, row);
            continue;
        }
        if (now_ms - stream->wrote_ms >= EVENT_HEARTBEAT_MS)
            (void)write_text(loop, stream, beat, sizeof beat - 1);
    }
    metric_set(&loop->counts.event_streams, running);
}

tq_status handle_events(serve_loop *loop, const serve_request *request, serve_answer *answer,
                        problem *why, tq_err *err)
{
    const char *after = param_sent(request, "after");
    tq_str from = request->last_event_id.len > 0 ? request->last_event_id
                                                 : tq_str_of(after != NULL ? after : "");
    int64_t number = 0;
    bool cookie;
    if (request_token(request, &cookie).len >= ORDER_TOKEN_MAX) {
        why->id = PROBLEM_UNAUTHORIZED;
        return TQ_DENIED;
    }
    if (from.len > 0 && (!tq_parse_i64(from, &number) || number < 0))
        return tq_fail(err, TQ_BAD_INPUT, 0, "'%.*s' is not the number of an event",
                       (int)TQ_MIN(from.len, 40), from.at);
    if (request->verb == VERB_HEAD) {
        answer->status = 200;
        answer->type = "text/event-stream; charset=utf-8";
        return TQ_OK;
    }
    serve_order *page = order_new(loop, request, ORDER_EVENTS, (tq_str){0}, (tq_str){0});
    if (page == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a stream");
    page->after = from.len > 0 ? (uint64_t)number : UINT64_MAX;
    return order_give(page, answer, why);
}
