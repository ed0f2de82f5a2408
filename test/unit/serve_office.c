/* Orders on their way to the office: whose token, which version, which refusal; events as text. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "serve/office_in.h"

static serve_request request;

static void tokens(void **state)
{
    (void)state;
    static const struct {
        const char *authorization, *cookie, *token;
        bool is_cookie;
    } rows[] = {
        {"", "", "", false},
        {"Bearer abc", "", "abc", false},
        {"bearer  abc ", "", "abc", false},
        {"Bearer abc", "tongqu=def", "abc", false},
        {"", "tongqu=def", "def", true},
        {"", "a=1; tongqu=def; b=2", "def", true},
        {"", "nottongqu=def", "", false},
        {"", "a=tongqu=def", "", false},
        {"", "tongqu", "", false},
        {"Basic abc", "tongqu=def", "Basic abc", false},
    };
    for (size_t k = 0; k < TQ_COUNT(rows); k++) {
        bool cookie;
        request.authorization = tq_str_of(rows[k].authorization);
        request.cookie = tq_str_of(rows[k].cookie);
        tq_str token = request_token(&request, &cookie);
        if (!tq_str_is(token, rows[k].token) || cookie != rows[k].is_cookie)
            fail_msg("row %zu: '%.*s' %d", k, (int)token.len, token.at, cookie);
    }
}

static void versions_from_if_match(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *body, *want; /* NULL = refused */
    } rows[] = {
        {"\"7\"", "", "{\"version\":7}"},
        {"7", "{}", "{\"version\":7}"},
        {" \"7\" ", "{\"note\":\"x\"}", "{\"version\":7,\"note\":\"x\"}"},
        {"\"7\"", " {\"note\":{\"version\":1}} ", "{\"version\":7,\"note\":{\"version\":1}}"},
        {"\"7\"", "{\"note\":1,\"version\":3}", "{\"note\":1,\"version\":3}"},
        {"\"7\"", "[1]", "[1]"},
        {"\"7\"", "{broken", "{broken"},
        {"*", "{}", NULL},
        {"\"0\"", "{}", NULL},
        {"\"x\"", "{}", NULL},
        {"W/\"7\"", "{}", NULL},
        {"", "{}", NULL},
    };
    for (size_t k = 0; k < TQ_COUNT(rows); k++) {
        tq_buf out = {0};
        bool good = door_if_match(tq_str_of(rows[k].tag), tq_str_of(rows[k].body), &out);
        if (good != (rows[k].want != NULL)) fail_msg("row %zu: %d", k, good);
        if (good && !tq_str_is((tq_str){out.at, out.len}, rows[k].want))
            fail_msg("row %zu: %.*s", k, (int)out.len, out.at);
        tq_buf_free(&out);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        tq_status status;
        const char *text;
        const char *token;
        bool denied;
        unsigned want;
        const char *code;
    } rows[] = {
        {TQ_DENIED, "closure.publish is for dispatcher", "", false, 401, "UNAUTHORIZED"},
        {TQ_DENIED, "no such session", "t", true, 401, "UNAUTHORIZED"},
        {TQ_DENIED, "closure.publish is for dispatcher", "t", false, 403, "FORBIDDEN"},
        {TQ_STALE, "version 2, now 3", "t", false, 409, "STALE"},
        {TQ_BAD_INPUT, "the key was used for another command; take a new one", "t", false, 409,
         "DUPLICATE_KEY"},
        {TQ_BAD_INPUT, "\"owner\" is missing", "t", false, 422, "UNPROCESSABLE"},
        {TQ_NOT_FOUND, "there is no closure X", "t", false, 404, "NOT_FOUND"},
        {TQ_LIMIT, "the disk is full: free some space; reading goes on", "t", false, 507,
         "DISK_FULL"},
        {TQ_LIMIT, "the body has 9 bytes; 8 are allowed", "t", false, 413, "TOO_MUCH"},
        {TQ_STORE, "the store could not do it", "t", false, 503, "STORE"},
    };
    for (size_t k = 0; k < TQ_COUNT(rows); k++) {
        serve_order *order = tq_alloc(1, sizeof *order + 8);
        tq_err err = {0};
        (void)tq_fail(&err, rows[k].status, 0, "%s", rows[k].text);
        order->token = tq_str_of(rows[k].token);
        order->denied_token = rows[k].denied;
        order_problem(order, rows[k].status, &err);
        assert_int_equal(problem_status(order->why.id), rows[k].want);
        assert_string_equal(problem_code(order->why.id), rows[k].code);
        for (tq_lang lang = TQ_ZH; lang <= TQ_EN; lang++) {
            tq_buf out = {0};
            problem_json(&order->why, lang, &out);
            json_t *body = json_loadb(out.at, out.len, 0, NULL);
            assert_non_null(body);
            assert_int_equal(json_integer_value(json_object_get(body, "status")), rows[k].want);
            assert_non_null(
                strstr(json_string_value(json_object_get(body, "detail")), rows[k].text));
            json_decref(body);
            tq_buf_free(&out);
        }
        order_free(order);
    }
}

/* A text of an event must not break the frame, whatever is in it. */
static void events_as_text(void **state)
{
    (void)state;
    static tq_meta meta;
    static const int64_t from_s[1] = {INT64_MIN};
    static const int32_t offset_s[1] = {28800};
    static tq_city city = {.meta = &meta,
                           .zone = {.count = 1, .from_s = from_s, .offset_s = offset_s}};
    tq_event event = {.seq = 17,
                      .at_ms = 0,
                      .topic = "closure",
                      .id = "CL-2026-0001",
                      .verb = "published",
                      .network = true,
                      .readers = TQ_ROLE_ANY,
                      .body = TQ_STR("{\"note\":\"a\\nid: 99\\n\\ndata: x\"}")};
    tq_buf out = {0};
    event_text(&city, &event, &out);
    tq_buf_putc(&out, '\0');
    static const char head[] = "id: 17\nevent: closure\ndata: {";
    assert_memory_equal(out.at, head, sizeof head - 1);
    char *data = out.at + sizeof head - 2;
    assert_ptr_equal(strstr(data, "\n"), data + strlen(data) - 2);
    json_t *body = json_loads(data, JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(json_string_value(json_object_get(body, "note")), "a\nid: 99\n\ndata: x");
    assert_int_equal(json_integer_value(json_object_get(body, "seq")), 17);
    assert_true(json_is_true(json_object_get(body, "network")));
    assert_non_null(strstr(json_string_value(json_object_get(body, "version")), "+17"));
    json_decref(body);
    tq_buf_free(&out);
}

static void headers(void **state)
{
    (void)state;
    static const char bytes[] = "POST /x HTTP/1.1\r\nHost: h\r\nAUTHORIZATION: Bearer t\r\n"
                                "Cookie: tongqu=c\r\nIdempotency-Key: k-1\r\nIf-Match: \"3\"\r\n"
                                "Tongqu-Console: 1\r\nLast-Event-ID: 9\r\nOrigin: http://e\r\n"
                                "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
                                "Content-Length: 2\r\n\r\n{}";
    static const struct {
        http_field field;
        const char *want;
    } rows[] = {{HTTP_AUTHORIZATION, "Bearer t"},
                {HTTP_COOKIE, "tongqu=c"},
                {HTTP_IDEMPOTENCY_KEY, "k-1"},
                {HTTP_IF_MATCH, "\"3\""},
                {HTTP_CONSOLE, "1"},
                {HTTP_LAST_EVENT_ID, "9"},
                {HTTP_ORIGIN, "http://e"},
                {HTTP_FORWARDED, "1.2.3.4"},
                {HTTP_SCHEME, "https"}};
    http_message message;
    size_t used = 0;
    http_begin(&message, 100);
    assert_int_equal(http_feed(&message, bytes, sizeof bytes - 1, &used), HTTP_EVENT_REQUEST);
    for (size_t k = 0; k < TQ_COUNT(rows); k++) {
        assert_true(message.seen >> rows[k].field & 1);
        assert_true(tq_str_is(http_text(bytes, message.field[rows[k].field]), rows[k].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),   cmocka_unit_test(versions_from_if_match),
        cmocka_unit_test(refusals), cmocka_unit_test(events_as_text),
        cmocka_unit_test(headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
