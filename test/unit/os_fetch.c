/* Asking over HTTP: a tiny server of this test answers on a thread, one connection after another.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/os.h"

typedef struct server {
    int listening;
    unsigned port, answers;
    pthread_t thread;
    char request[8192]; /* the last one */
} server;

static void answer(server *s, int to)
{
    char reply[512];
    size_t used = 0;
    ssize_t got;
    const char *body = "";
    while (used < sizeof s->request - 1 &&
           (got = read(to, s->request + used, sizeof s->request - 1 - used)) > 0) {
        used += (size_t)got;
        s->request[used] = '\0';
        body = strstr(s->request, "\r\n\r\n");
        const char *len = strstr(s->request, "Content-Length: ");
        if (body != NULL && strlen(body + 4) >= (len != NULL ? strtoul(len + 16, NULL, 10) : 0UL))
            break;
    }
    if (strncmp(s->request, "GET /slow", 9) == 0) {
        (void)usleep(600000);
        (void)snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    } else if (strncmp(s->request, "GET /huge", 9) == 0) {
        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    } else if (strncmp(s->request, "GET /away", 9) == 0) {
        (void)snprintf(
            reply, sizeof reply,
            "HTTP/1.1 302 F\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n");
    } else if (strncmp(s->request, "GET /round", 10) == 0) {
        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 302 F\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n");
    } else if (strncmp(s->request, "GET /moved", 10) == 0) {
        (void)snprintf(
            reply, sizeof reply,
            "HTTP/1.1 302 F\r\nETag: \"old\"\r\nLocation: /feed\r\nContent-Length: 4\r\n\r\nnope");
    } else if (strncmp(s->request, "GET /none", 9) == 0) {
        (void)snprintf(reply, sizeof reply, "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nnone");
    } else if (strncmp(s->request, "GET /cut", 8) == 0) {
        (void)snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf");
    } else if (strstr(s->request, "If-None-Match: \"v1\"") != NULL) {
        (void)snprintf(reply, sizeof reply, "HTTP/1.1 304 Same\r\nETag: \"v1\"\r\n\r\n");
    } else {
        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 200 OK\r\neTaG:  \"v1\" \r\nContent-Length: 5\r\n\r\nhello");
    }
    (void)!write(to, reply, strlen(reply));
    s->answers++;
}

static void *serve(void *user)
{
    server *s = user;
    for (int to; (to = accept(s->listening, NULL, NULL)) >= 0;) {
        answer(s, to);
        (void)shutdown(to, SHUT_RDWR);
        (void)close(to);
    }
    return NULL;
}

static int start(void **state)
{
    server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    s->listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listening, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->listening, 8) != 0 ||
        getsockname(s->listening, (struct sockaddr *)&at, &len) != 0)
        return -1;
    s->port = ntohs(at.sin_port);
    *state = s;
    return pthread_create(&s->thread, NULL, serve, s);
}

static int stop(void **state)
{
    server *s = *state;
    (void)shutdown(s->listening, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listening);
    free(s);
    return 0;
}

static tq_status get(const server *s, const char *path, const char *etag, uint32_t timeout_ms,
                     uint32_t *status, char got_etag[80], tq_buf *out, tq_err *err)
{
    char url[200];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", s->port, path);
    tq_fetch_wish wish = {.url = url, .etag = etag, .bearer = "secret", .timeout_ms = timeout_ms};
    return tq_fetch(&wish, status, got_etag, out, err);
}

static void an_answer_comes_whole_with_its_mark(void **state)
{
    server *s = *state;
    uint32_t status = 0;
    char etag[80] = "before";
    tq_buf out = {0};
    tq_err err = {0};
    tq_buf_puts(&out, ">");
    if (get(s, "/feed", NULL, 0, &status, etag, &out, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(status, 200);
    assert_string_equal(etag, "\"v1\"");
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.at, ">hello", 6);
    assert_non_null(strstr(s->request, "Authorization: Bearer secret\r\n"));
    /* Not modified: nothing is added. */
    assert_int_equal(get(s, "/feed", etag, 0, &status, etag, &out, &err), TQ_OK);
    assert_int_equal(status, 304);
    assert_int_equal(out.len, 6);
    assert_string_equal(etag, "\"v1\"");
    assert_int_equal(get(s, "/none", NULL, 0, &status, etag, &out, &err), TQ_OK);
    assert_int_equal(status, 404);
    tq_buf_free(&out);
}

static void a_body_is_posted(void **state)
{
    server *s = *state;
    char url[100];
    uint32_t status = 0;
    tq_buf out = {0};
    tq_err err = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/in", s->port);
    tq_fetch_wish wish = {.url = url, .type = "application/json", .body = TQ_STR("{\"a\":1}")};
    if (tq_fetch(&wish, &status, NULL, &out, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(strncmp(s->request, "POST /in ", 9), 0);
    assert_non_null(strstr(s->request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(s->request, "\r\n\r\n{\"a\":1}"));
    tq_buf_free(&out);
}

static void redirects_stay_on_http(void **state)
{
    server *s = *state;
    uint32_t status = 7;
    char etag[80] = "";
    tq_buf out = {0};
    tq_err err = {0};
    assert_int_equal(get(s, "/moved", NULL, 0, &status, etag, &out, &err), TQ_OK);
    assert_int_equal(out.len, 5);
    assert_string_equal(etag, "\"v1\"");
    status = 7;
    assert_int_equal(get(s, "/away", NULL, 0, &status, etag, &out, &err), TQ_IO);
    unsigned before = s->answers;
    assert_int_equal(get(s, "/round", NULL, 0, &status, etag, &out, &err), TQ_IO);
    assert_true(s->answers - before <= 4);
    assert_int_equal(status, 7);
    assert_int_equal(out.len, 5);
    tq_buf_free(&out);
}

static void limits_hold_and_leave_nothing(void **state)
{
    server *s = *state;
    uint32_t status = 7;
    char etag[80] = "kept";
    tq_buf out = {0};
    tq_err err = {0};
    assert_int_equal(get(s, "/huge", NULL, 0, &status, etag, &out, &err), TQ_LIMIT);
    assert_int_equal(get(s, "/cut", NULL, 0, &status, etag, &out, &err), TQ_IO);
    assert_int_equal(get(s, "/slow", NULL, 100, &status, etag, &out, &err), TQ_IO);
    assert_int_equal(out.len, 0);
    assert_int_equal(status, 7);
    assert_string_equal(etag, "kept");
    tq_buf small = {.limit = 4};
    assert_int_equal(get(s, "/feed", NULL, 0, &status, etag, &small, &err), TQ_LIMIT);
    tq_buf_free(&small);
    tq_buf_free(&out);
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "", "//x",
                                       "http://127.0.0.1/\r\nX: y"};
    uint32_t status;
    tq_buf out = {0};
    tq_err err = {0};
    for (size_t k = 0; k < TQ_COUNT(urls); k++)
        assert_int_equal(tq_fetch(&(tq_fetch_wish){.url = urls[k]}, &status, NULL, &out, &err),
                         TQ_BAD_INPUT);
    tq_fetch_wish forged = {.url = "http://127.0.0.1:9/", .bearer = "a\r\nb: c"};
    assert_int_equal(tq_fetch(&forged, &status, NULL, &out, &err), TQ_BAD_INPUT);
    tq_fetch_wish nobody = {.url = "http://127.0.0.1:1/"};
    assert_int_equal(tq_fetch(&nobody, &status, NULL, &out, &err), TQ_IO);
    assert_non_null(strstr(err.text, "127.0.0.1:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_comes_whole_with_its_mark, start, stop),
        cmocka_unit_test_setup_teardown(a_body_is_posted, start, stop),
        cmocka_unit_test_setup_teardown(redirects_stay_on_http, start, stop),
        cmocka_unit_test_setup_teardown(limits_hold_and_leave_nothing, start, stop),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
