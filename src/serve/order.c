/*
 * Orders and the line between loops and the office: making one from a request, handing it over,
 * bringing answers back.
 *
 * An order is one block: the texts of the request are copied behind it, so that nothing in it
 * points into a loop's memory. A line is a list under a lock; the lock is held for a few
 * instructions, never during a question.
 */
#include <stdatomic.h>

#include "serve/office_in.h"

/* ---- the line
 * ------------------------------------------------------------------------------------ */

tq_status line_open(serve_loop *loop, tq_err *err)
{
    loop->line = TQ_ALLOC(struct desk_line, 1);
    if (loop->line != NULL) loop->line->lock = tq_mutex_new();
    if (loop->line == NULL || loop->line->lock == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a loop's line to the office");
    return TQ_OK;
}

void batch_drop(event_batch *batch)
{
    if (atomic_fetch_sub(&batch->holds, 1) != 1) return;
    tq_vec_free(&batch->row);
    tq_buf_free(&batch->text);
    tq_free(batch);
}

void line_close(serve_loop *loop)
{
    if (loop->line == NULL) return;
    loop_note *note = loop->line->lock != NULL ? line_take(loop) : NULL;
    while (note != NULL) {
        loop_note *next = note->next;
        if (note->kind == NOTE_ORDER) {
            order_free((serve_order *)(void *)note);
        } else {
            batch_drop(((event_note *)(void *)note)->batch);
            tq_free(note);
        }
        note = next;
    }
    tq_mutex_free(loop->line->lock);
    tq_free(loop->line);
    loop->line = NULL;
}

void line_post(serve_loop *loop, loop_note *note)
{
    struct desk_line *line = loop->line;
    note->next = NULL;
    tq_mutex_lock(line->lock);
    if (line->first == NULL)
        line->first = note;
    else
        line->last->next = note;
    line->last = note;
    tq_mutex_unlock(line->lock);
    tq_loop_wake(loop->loop);
}

loop_note *line_take(serve_loop *loop)
{
    struct desk_line *line = loop->line;
    tq_mutex_lock(line->lock);
    loop_note *first = line->first;
    line->first = line->last = NULL;
    tq_mutex_unlock(line->lock);
    return first;
}

/* ---- orders
 * ---------------------------------------------------------------------------------------- */

/* The value of the cookie «tongqu» in a Cookie header. */
static tq_str cookie_value(tq_str header)
{
    while (header.len > 0) {
        tq_str value = cut_piece(&header, ';');
        tq_str name = tq_str_trim(cut_piece(&value, '='));
        if (tq_str_is(name, "tongqu")) return tq_str_trim(value);
    }
    return (tq_str){"", 0};
}

bool is_sign_in(const char *verb)
{
    return verb != NULL && (strcmp(verb, "auth.login") == 0 || strcmp(verb, "auth.setup") == 0);
}

tq_str request_token(const serve_request *request, bool *cookie)
{
    tq_str bearer = request->authorization;
    *cookie = false;
    /* Who signs in comes as nobody: an old cookie must not stand in the way. */
    if (request->operation != NULL && is_sign_in(request->operation->desk)) return (tq_str){"", 0};
    if (bearer.len > 7 && (tq_str_starts(bearer, "Bearer ") || tq_str_starts(bearer, "bearer ")))
        return tq_str_trim((tq_str){bearer.at + 7, bearer.len - 7});
    if (bearer.len > 0) return bearer; /* of another scheme: refused like any wrong one */
    tq_str value = cookie_value(request->cookie);
    *cookie = value.len > 0;
    return value;
}

/* Copy a text behind the others. */
static tq_str keep(char **at, tq_str text)
{
    tq_str copy = {*at, text.len};
    if (text.len > 0) memcpy(*at, text.at, text.len);
    (*at)[text.len] = '\0';
    *at += text.len + 1;
    return copy;
}

serve_order *order_new(serve_loop *loop, const serve_request *request, order_kind kind, tq_str id,
                       tq_str body)
{
    bool cookie;
    tq_str token = request_token(request, &cookie);
    size_t len =
        id.len + body.len + request->query.len + request->idempotency_key.len + token.len + 5;
    serve_order *made = tq_alloc(1, sizeof *made + len);
    if (made == NULL) return NULL;
    char *at = made->text;
    made->note.kind = NOTE_ORDER;
    made->kind = kind;
    made->loop = loop;
    made->serial = ++loop->line->serials;
    made->id = keep(&at, id);
    made->body = keep(&at, body);
    made->query = keep(&at, request->query);
    made->key = keep(&at, request->idempotency_key);
    made->token = keep(&at, token);
    made->cookie = cookie;
    made->lang = request->lang;
    made->local = request->local;
    made->secure = request->secure;
    if (request->operation != NULL) {
        made->verb = request->operation->desk;
        made->type = request->operation->type;
        made->writes = request->operation->writes;
        made->peers = request->operation->peers;
    }
    return made;
}

void order_free(serve_order *order)
{
    if (order == NULL) return;
    tq_buf_free(&order->answer);
    tq_free(order);
}

/* The office's commands are refused with other statuses than questions about streets: a door says
 * whether the asker, the record or the store is the reason. */
void order_problem(serve_order *order, tq_status status, const tq_err *err)
{
    problem *why = &order->why;
    const char *text = err->text[0] != '\0' ? err->text : tq_status_text(status);
    order->result = status;
    if (why->id != PROBLEM_NONE) return;
    switch (status) {
    case TQ_DENIED:
        why->id =
            order->denied_token || order->token.len == 0 ? PROBLEM_UNAUTHORIZED : PROBLEM_FORBIDDEN;
        break;
    case TQ_STALE: why->id = PROBLEM_CHANGED; break;
    case TQ_NOT_FOUND: why->id = PROBLEM_STATUS_NOT_FOUND; break;
    case TQ_BAD_INPUT:
    case TQ_AMBIGUOUS:
    case TQ_USAGE:
        why->id =
            strstr(text, "used for another command") != NULL ? PROBLEM_KEY_USED : PROBLEM_UNFIT;
        break;
    case TQ_LIMIT:
        why->id = strstr(text, "disk is full") != NULL ? PROBLEM_DISK_FULL : PROBLEM_OVER;
        break;
    case TQ_STORE:
    case TQ_IO: why->id = PROBLEM_STORE; break;
    case TQ_BUSY:
    case TQ_NO_MEMORY: why->id = PROBLEM_STATUS_BUSY; break;
    case TQ_NO_ROUTE: why->id = PROBLEM_STATUS_NO_ROUTE; break;
    default: why->id = PROBLEM_STATUS_INTERNAL; break;
    }
    problem_set(why, 0, "%s", text);
}

void office_pulled(serve_office *office, const char *feed, tq_str body)
{
    size_t id_len = strlen(feed);
    serve_order *made = tq_alloc(1, sizeof *made + id_len + body.len + 5);
    if (made == NULL) return; /* the next one will do */
    char *at = made->text;
    made->note.kind = NOTE_ORDER;
    made->kind = ORDER_VERB;
    made->verb = "feed.put";
    made->id = keep(&at, tq_str_of(feed));
    made->body = keep(&at, body);
    made->query = made->key = made->token = keep(&at, (tq_str){0});
    made->writes = made->pulled = true;
    if (!tq_worker_give(office->writer, made)) order_free(made);
}

static tq_worker *worker_for(serve_office *office, const serve_order *order, office_reader **out)
{
    *out = NULL;
    if (order->kind == ORDER_FLOW) return office->planner;
    if (order->kind == ORDER_SPEEDS || order->writes) return office->writer;
    office_reader *best = &office->reader[0];
    for (uint32_t k = 1; k < OFFICE_READERS; k++)
        if (atomic_load(&office->reader[k].waiting) < atomic_load(&best->waiting))
            best = &office->reader[k];
    *out = best;
    return best->worker;
}

tq_status order_give(serve_order *order, serve_answer *answer, problem *why)
{
    serve_office *office = order->loop->server->office;
    office_reader *reader;
    tq_worker *worker = worker_for(office, order, &reader);
    if (worker == NULL || (office->read_only && order->writes)) {
        why->id = PROBLEM_NO_STORE;
        problem_set(why, 0, "%s", office->why_closed);
        order_free(order);
        return TQ_STORE;
    }
    if (reader != NULL) atomic_fetch_add(&reader->waiting, 1);
    if (!tq_worker_give(worker, order)) {
        if (reader != NULL) atomic_fetch_sub(&reader->waiting, 1);
        why->id = PROBLEM_COMMANDS;
        problem_set(why, 0, "%u", order->kind == ORDER_FLOW ? OFFICE_FLOWS_MAX : OFFICE_QUEUE_MAX);
        order_free(order);
        return TQ_BUSY;
    }
    /* From here on it is the worker's: the loop keeps only its address, to tell that it waits. */
    if (answer != NULL) answer->order = order;
    return TQ_OK;
}
