/* One HTTP message at a time: whole, in pieces, over the limits, and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "serve/serve_in.h"

#define HOST "Host: x\r\n"

static http_event feed_all(const char *bytes, size_t len, http_message *message, size_t *used)
{
    http_begin(message, 65536);
    *used = 0;
    return http_feed(message, bytes, len, used);
}

/* The same bytes one by one, at a fresh address each time. */
static http_event feed_slowly(const char *bytes, size_t len, http_message *message, size_t *used)
{
    http_begin(message, 65536);
    *used = 0;
    http_event event = HTTP_EVENT_MORE;
    for (size_t k = 1; k <= len && event == HTTP_EVENT_MORE; k++) {
        char *copy = malloc(k);
        memcpy(copy, bytes, k);
        event = http_feed(message, copy, k, used);
        free(copy);
    }
    return event;
}

typedef struct sample {
    const char *name, *bytes;
    http_event event;
    problem_id why;
} sample;

static const sample SAMPLES[] = {
    {"plain", "GET /a HTTP/1.1\r\n" HOST "\r\n", HTTP_EVENT_REQUEST, 0},
    {"bare line ends", "GET /a HTTP/1.1\nHost: x\n\n", HTTP_EVENT_REQUEST, 0},
    {"1.0 without host", "GET /a HTTP/1.0\r\n\r\n", HTTP_EVENT_REQUEST, 0},
    {"1.1 without host", "GET /a HTTP/1.1\r\n\r\n", HTTP_EVENT_REFUSED, PROBLEM_NO_HOST},
    {"two hosts", "GET /a HTTP/1.1\r\n" HOST "Host: y\r\n\r\n", HTTP_EVENT_REFUSED,
     PROBLEM_NO_HOST},
    {"length body", "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", HTTP_EVENT_REQUEST,
     0},
    {"chunked body",
     "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     HTTP_EVENT_REQUEST, 0},
    {"two lengths",
     "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"same length twice",
     "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
     HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"length and chunked",
     "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"negative length", "POST /a HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
     HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"huge length", "POST /a HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", HTTP_EVENT_REFUSED,
     PROBLEM_BODY_TOO_LARGE},
    {"length at the limit", "POST /a HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n",
     HTTP_EVENT_MORE, 0},
    {"overflowing length",
     "POST /a HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n",
     HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"bad chunk size", "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
     HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"folded header", "GET /a HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", HTTP_EVENT_REFUSED,
     PROBLEM_MALFORMED},
    {"blank before colon", "GET /a HTTP/1.1\r\nHost : x\r\n\r\n", HTTP_EVENT_REFUSED,
     PROBLEM_MALFORMED},
    {"expect", "PUT /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
     HTTP_EVENT_REFUSED, PROBLEM_EXPECT},
    {"upgrade passed over",
     "GET /a HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", HTTP_EVENT_REQUEST,
     0},
    {"http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"version 3.1", "GET / HTTP/3.1\r\n" HOST "\r\n", HTTP_EVENT_REFUSED, PROBLEM_HTTP_VERSION},
    {"version 1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", HTTP_EVENT_REFUSED, PROBLEM_HTTP_VERSION},
    {"tls hello", "\x16\x03\x01\x02", HTTP_EVENT_REFUSED, PROBLEM_MALFORMED},
    {"unfinished", "GET /a HT", HTTP_EVENT_MORE, 0},
};

static void samples_whole_and_slowly(void **state)
{
    (void)state;
    for (size_t k = 0; k < TQ_COUNT(SAMPLES); k++) {
        const sample *want = &SAMPLES[k];
        for (unsigned slow = 0; slow < 2; slow++) {
            http_message message;
            size_t used, len = strlen(want->bytes);
            http_event event = slow ? feed_slowly(want->bytes, len, &message, &used)
                                    : feed_all(want->bytes, len, &message, &used);
            if (event != want->event ||
                (event == HTTP_EVENT_REFUSED && message.refusal != want->why))
                fail_msg("%s (%s): event %d refusal %u", want->name, slow ? "slowly" : "whole",
                         (int)event, message.refusal);
            if (event == HTTP_EVENT_REQUEST && used != len)
                fail_msg("%s: used %zu of %zu", want->name, used, len);
        }
    }
}

static void nul_in_a_header(void **state)
{
    (void)state;
    static const char inside[] = "GET /a HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n";
    static const char first[] = "GET /a HTTP/1.1\r\nHost: x\r\nA: \0c\r\n\r\n";
    http_message message;
    size_t used;
    assert_int_equal(feed_all(inside, sizeof inside - 1, &message, &used), HTTP_EVENT_REFUSED);
    assert_int_equal(message.refusal, PROBLEM_MALFORMED);
    assert_int_equal(feed_all(first, sizeof first - 1, &message, &used), HTTP_EVENT_REFUSED);
    assert_int_equal(message.refusal, PROBLEM_MALFORMED);
}

static void spans_point_at_the_values(void **state)
{
    (void)state;
    const char *bytes =
        "GET /api/v1/city?x=1 HTTP/1.1\r\nhOST:  a.example:80 \r\nX-Other: y\r\n"
        "Accept-Language: en\r\nIf-None-Match: \"v\"\r\nAccept-Encoding: gzip\r\n\r\n";
    for (unsigned slow = 0; slow < 2; slow++) {
        http_message message;
        size_t used;
        assert_int_equal((slow ? feed_slowly : feed_all)(bytes, strlen(bytes), &message, &used),
                         HTTP_EVENT_REQUEST);
        assert_true(tq_str_is(http_text(bytes, message.url), "/api/v1/city?x=1"));
        assert_true(
            tq_str_is(tq_str_trim(http_text(bytes, message.field[HTTP_HOST])), "a.example:80"));
        assert_true(tq_str_is(http_text(bytes, message.field[HTTP_ACCEPT_LANGUAGE]), "en"));
        assert_true(tq_str_is(http_text(bytes, message.field[HTTP_IF_NONE_MATCH]), "\"v\""));
        assert_true(tq_str_is(http_text(bytes, message.field[HTTP_ACCEPT_ENCODING]), "gzip"));
        assert_true(message.keep_alive);
    }
}

static void pipelined_messages_end_where_they_end(void **state)
{
    (void)state;
    const char *one = "GET /1 HTTP/1.1\r\n" HOST "\r\n",
               *two = "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi";
    char both[256];
    int len = snprintf(both, sizeof both, "%s%s", one, two);
    http_message message;
    size_t used;
    assert_int_equal(feed_all(both, (size_t)len, &message, &used), HTTP_EVENT_REQUEST);
    assert_int_equal(used, strlen(one));
    assert_int_equal(feed_all(both + used, (size_t)len - used, &message, &used),
                     HTTP_EVENT_REQUEST);
    assert_int_equal(used, strlen(two));
}

/* A message with a url, a header count and a filler of given sizes. */
static http_event sized(size_t url, size_t headers, size_t head, unsigned *refusal)
{
    tq_buf bytes = {0};
    tq_buf_puts(&bytes, "GET /");
    for (size_t k = 1; k < url; k++)
        tq_buf_putc(&bytes, 'a');
    tq_buf_puts(&bytes, " HTTP/1.1\r\n" HOST);
    for (size_t k = 1; k < headers; k++)
        tq_buf_puts(&bytes, "A: b\r\n");
    if (head != 0) {
        tq_buf_puts(&bytes, "F: ");
        while (bytes.len < head - 4)
            tq_buf_putc(&bytes, 'f');
        tq_buf_puts(&bytes, "\r\n");
    }
    tq_buf_puts(&bytes, "\r\n");
    http_message message;
    size_t used;
    http_event event = feed_all(bytes.at, bytes.len, &message, &used);
    http_message again;
    assert_int_equal(feed_slowly(bytes.at, bytes.len, &again, &used), event);
    assert_int_equal(message.refusal, again.refusal);
    *refusal = message.refusal;
    tq_buf_free(&bytes);
    return event;
}

static void limits_hold_on_both_sides(void **state)
{
    (void)state;
    unsigned refusal;
    assert_int_equal(sized(HTTP_URL_MAX, 1, 0, &refusal), HTTP_EVENT_REQUEST);
    assert_int_equal(sized(HTTP_URL_MAX + 1, 1, 0, &refusal), HTTP_EVENT_REFUSED);
    assert_int_equal(refusal, PROBLEM_URL_TOO_LONG);
    assert_int_equal(sized(5, HTTP_HEADERS_MAX, 0, &refusal), HTTP_EVENT_REQUEST);
    assert_int_equal(sized(5, HTTP_HEADERS_MAX + 1, 0, &refusal), HTTP_EVENT_REFUSED);
    assert_int_equal(refusal, PROBLEM_TOO_MANY_HEADERS);
    assert_int_equal(sized(5, 1, HTTP_HEAD_MAX, &refusal), HTTP_EVENT_REQUEST);
    assert_int_equal(sized(5, 1, HTTP_HEAD_MAX + 1, &refusal), HTTP_EVENT_REFUSED);
    assert_int_equal(refusal, PROBLEM_HEAD_TOO_LARGE);
}

static void random_bytes_never_crash(void **state)
{
    (void)state;
    static const char alphabet[] = "GET /?=&%:;,. HTTP/1.1\r\n\r\nHost: xContent-Length: 9\0\xff";
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        tq_random random = {seed};
        char bytes[200];
        size_t len = 1 + tq_random_below(&random, sizeof bytes - 1);
        for (size_t k = 0; k < len; k++)
            bytes[k] = alphabet[tq_random_below(&random, sizeof alphabet - 1)];
        if (seed & 1) memcpy(bytes, "GET /", TQ_MIN(len, (size_t)5));
        http_message whole, slow;
        size_t used, used_slow;
        http_event event = feed_all(bytes, len, &whole, &used);
        http_event event_slow = feed_slowly(bytes, len, &slow, &used_slow);
        if (event != event_slow || used != used_slow || used > len)
            fail_msg("seed %u", (unsigned)seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_whole_and_slowly),
        cmocka_unit_test(nul_in_a_header),
        cmocka_unit_test(spans_point_at_the_values),
        cmocka_unit_test(pipelined_messages_end_where_they_end),
        cmocka_unit_test(limits_hold_on_both_sides),
        cmocka_unit_test(random_bytes_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
