/*
 * Doors of the office: what the API document marks with x-desk, and the few that the server answers
 * itself from what the writer has made ready.
 *
 * A door copies what it needs of the request into an order and lets the connection wait. Who asks
 * is found out on the worker, never on the loop. A write that comes with the cookie needs the
 * header Tongqu-Console: a page of another site cannot send it.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "serve/office_in.h"

/* ---- bodies
 * ---------------------------------------------------------------------------------------- */

static bool has_version(tq_str body)
{
    json_in in;
    char name[24];
    json_in_begin(&in, body);
    if (!json_in_open(&in, JSON_IN_OBJECT)) return true; /* no object: the desk says so */
    while (json_in_more(&in)) {
        if (!json_in_key(&in, name, sizeof name)) return true;
        if (strcmp(name, "version") == 0) return true;
        if (!json_in_skip(&in, NULL)) return true;
    }
    return in.why != NULL;
}

/* If-Match: "7" becomes the member "version" of a body that has none. False: no such number. */
bool door_if_match(tq_str tag, tq_str body, tq_buf *out)
{
    int64_t version;
    tag = tq_str_trim(tag);
    if (tag.len >= 2 && tag.at[0] == '"' && tag.at[tag.len - 1] == '"')
        tag = (tq_str){tag.at + 1, tag.len - 2};
    if (!tq_parse_i64(tag, &version) || version < 1) return false;
    body = tq_str_trim(body);
    while (body.len > 0 && (body.at[0] == '\n' || body.at[0] == ' ' || body.at[0] == '\t')) {
        body.at++;
        body.len--;
    }
    if (body.len > 0 && has_version(body)) {
        tq_buf_put(out, body.at, body.len);
        return !out->failed;
    }
    tq_buf_printf(out, "{\"version\":%lld", (long long)version);
    tq_str rest = body.len > 0 ? (tq_str){body.at + 1, body.len - 1} : TQ_STR("}");
    json_in in;
    json_in_begin(&in, body);
    bool members = body.len > 0 && json_in_open(&in, JSON_IN_OBJECT) && json_in_more(&in);
    if (members) tq_buf_putc(out, ',');
    tq_buf_put(out, rest.at, rest.len);
    return !out->failed;
}

/* What every writing door looks at before it takes the order. */
static tq_status check_write(const serve_request *request, problem *why, tq_err *err)
{
    bool cookie;
    tq_str token = request_token(request, &cookie);
    if (request->body_split) {
        why->id = PROBLEM_LENGTH;
        return TQ_BAD_INPUT;
    }
    if (cookie && !request->console) {
        why->id = PROBLEM_NO_CONSOLE;
        return TQ_DENIED;
    }
    if (request->idempotency_key.len > ORDER_TEXT_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "an Idempotency-Key may have %u bytes", ORDER_TEXT_MAX);
    if (token.len > ORDER_TOKEN_MAX) {
        why->id = PROBLEM_UNAUTHORIZED;
        return TQ_DENIED;
    }
    return TQ_OK;
}

static tq_status take_login(serve_office *office, bool password, problem *why)
{
    if (!password) return TQ_OK;
    if (atomic_fetch_add(&office->logins, 1) < OFFICE_LOGINS_MAX) return TQ_OK;
    atomic_fetch_sub(&office->logins, 1);
    why->id = PROBLEM_COMMANDS;
    problem_set(why, 0, "%u", OFFICE_LOGINS_MAX);
    return TQ_BUSY;
}

static tq_status give(serve_loop *loop, const serve_request *request, order_kind kind, tq_str id,
                      tq_str body, serve_answer *answer, problem *why, tq_err *err)
{
    serve_office *office = loop->server->office;
    serve_order *order = order_new(loop, request, kind, id, body);
    if (order == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a command");
    bool password = is_sign_in(order->verb);
    tq_status status = take_login(office, password, why);
    if (status != TQ_OK) {
        order_free(order);
        return status;
    }
    status = order_give(order, answer, why);
    if (status != TQ_OK && password) atomic_fetch_sub(&office->logins, 1);
    return status;
}

tq_status handle_desk(serve_loop *loop, const serve_request *request, serve_answer *answer,
                      problem *why, tq_err *err)
{
    const char *id = param_sent(request, "id");
    tq_str body = request->body;
    tq_buf with = {0};
    if (request->operation->verb != VERB_GET) TQ_TRY(check_write(request, why, err));
    if (request->if_match.len > 0 && request->operation->verb == VERB_POST) {
        if (!door_if_match(request->if_match, body, &with)) {
            tq_buf_free(&with);
            why->id = PROBLEM_IF_MATCH;
            return TQ_BAD_INPUT;
        }
        body = (tq_str){with.at, with.len};
    }
    tq_status status = give(loop, request, ORDER_VERB, tq_str_of(id), body, answer, why, err);
    tq_buf_free(&with);
    return status;
}

tq_status office_speeds(serve_loop *loop, const serve_request *request, tq_str body,
                        const order_speeds *speeds, serve_answer *answer, problem *why)
{
    tq_err err = {0};
    TQ_TRY(check_write(request, why, &err));
    if (body.len > SPEEDS_BODY_MAX) {
        why->id = PROBLEM_OVER;
        return TQ_LIMIT;
    }
    serve_order *order = order_new(loop, request, ORDER_SPEEDS, (tq_str){0}, body);
    if (order == NULL) {
        why->id = PROBLEM_STATUS_BUSY;
        return TQ_NO_MEMORY;
    }
    order->speeds = *speeds;
    order->writes = true;
    return order_give(order, answer, why);
}

/* ---- made ready by the writer
 * ------------------------------------------------------------------------ */

tq_status handle_feed_out(serve_loop *loop, const serve_request *request, serve_answer *answer,
                          problem *why, tq_err *err)
{
    static const char *const names[] = {"trip-updates", "vehicle-positions", "alerts"};
    const char *name = param_text(request, "feed"), *format = param_text(request, "format");
    bool as_json = format != NULL && strcmp(format, "json") == 0;
    uint32_t kind = 0;
    (void)why;
    while (kind < TQ_COUNT(names) && (name == NULL || strcmp(name, names[kind]) != 0))
        kind++;
    shown_feeds *now = kind < TQ_COUNT(names) ? show_hold(loop->server->office) : NULL;
    if (now == NULL)
        return tq_fail(err, TQ_BUSY, 0, "the feed is not ready yet; try again shortly");
    tq_buf_put(&loop->body, now->feed[kind][as_json].at, now->feed[kind][as_json].len);
    show_drop(now);
    answer->status = 200;
    answer->type = as_json ? "application/json; charset=utf-8" : "application/x-protobuf";
    return TQ_OK;
}

/* {"alerts":[…]} with the version in front. */
static void put_versioned(tq_buf *out, const char *version, tq_str object)
{
    tq_buf_puts(out, "{\"version\":\"");
    tq_buf_puts(out, version);
    tq_buf_puts(out, object.len > 2 ? "\"," : "\"");
    tq_buf_put(out, object.at + 1, object.len - 1);
}

tq_status handle_alerts(serve_loop *loop, const serve_request *request, serve_answer *answer,
                        problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    shown_feeds *now = show_hold(loop->server->office);
    if (now == NULL || now->alerts.len < 2) {
        show_drop(now);
        return tq_fail(err, TQ_BUSY, 0, "the alerts are not ready yet; try again shortly");
    }
    put_versioned(&loop->body, now->version, (tq_str){now->alerts.at, now->alerts.len});
    show_drop(now);
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    return TQ_OK;
}

/* ---- of the snapshot
 * --------------------------------------------------------------------------------- */

tq_status handle_detours(serve_loop *loop, const serve_request *request, serve_answer *answer,
                         problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    TQ_TRY(tq_detours_json(loop->snapshot, &loop->body, err));
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->cache_control = "no-cache";
    answer->keep = KEEP_LONG;
    (void)snprintf(answer->etag, sizeof answer->etag, "%s", loop->etag);
    return TQ_OK;
}

tq_status handle_recheck(serve_loop *loop, const serve_request *request, serve_answer *answer,
                         problem *why, tq_err *err)
{
    if (request->body_split) {
        why->id = PROBLEM_LENGTH;
        return TQ_BAD_INPUT;
    }
    if (request->body.len == 0) {
        why->id = PROBLEM_NO_BODY;
        problem_set(why, 0, "an itinerary of /api/v1/plan");
        return TQ_BAD_INPUT;
    }
    TQ_TRY(tq_recheck_json(loop->snapshot, request->body, request->lang, &loop->work, &loop->body,
                           err));
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    return TQ_OK;
}
