/*
 * One question to another machine over HTTP, through libcurl.
 *
 * Limits: http and https only, also when redirected; FETCH_REDIRECTS_MAX redirects, which never
 * carry the bearer to another host; TQ_FETCH_BYTES_MAX bytes of answer (or the buffer's own limit
 * if that is less); one time limit for the whole. The answer joins `out` only when all of it is
 * there. Blocks: for worker threads, never for a loop.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>

#include "os/os.h"

#define FETCH_REDIRECTS_MAX 3L
#define FETCH_TIMEOUT_MS    10000u
#define FETCH_CONNECT_MS    5000L
#define FETCH_URL_MAX       2048u
#define FETCH_HEADERS_MAX   65536u
#define ETAG_MAX            80u

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_code;

static void start(void)
{
    start_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

typedef struct answer {
    tq_buf body;
    char etag[ETAG_MAX];
    size_t header_bytes;
    bool too_long;
} answer;

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    answer *to = user;
    size_t len = size * count;
    if (len > TQ_FETCH_BYTES_MAX - to->body.len) {
        to->too_long = true;
        return 0;
    }
    tq_buf_put(&to->body, bytes, len);
    return to->body.failed ? 0 : len;
}

static bool is_etag(tq_str line)
{
    static const char name[] = "etag:";
    if (line.len < sizeof name - 1) return false;
    for (size_t k = 0; k < sizeof name - 1; k++) {
        char c = line.at[k];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) != name[k]) return false;
    }
    return true;
}

/* One header line; a status line begins a new answer, as after a redirect. */
static size_t take_header(char *bytes, size_t size, size_t count, void *user)
{
    answer *to = user;
    tq_str line = {bytes, size * count};
    to->header_bytes += line.len;
    if (to->header_bytes > FETCH_HEADERS_MAX) {
        to->too_long = true;
        return 0;
    }
    if (tq_str_starts(line, "HTTP/")) {
        to->etag[0] = '\0';
        to->body.len = 0;
    }
    if (!is_etag(line)) return line.len;
    tq_str value = {line.at + 5, line.len - 5};
    while (value.len > 0 && value.at[value.len - 1] == '\n')
        value.len--;
    value = tq_str_trim(value);
    /* One that does not fit is as good as none: the next question asks for all. */
    if (value.len < ETAG_MAX) {
        memcpy(to->etag, value.at, value.len);
        to->etag[value.len] = '\0';
    }
    return line.len;
}

static bool has_line_end(const char *text)
{
    return text != NULL && strpbrk(text, "\r\n") != NULL;
}

static tq_status check_wish(const tq_fetch_wish *wish, tq_err *err)
{
    tq_str url = tq_str_of(wish->url);
    if (!tq_str_starts(url, "http://") && !tq_str_starts(url, "https://"))
        return tq_fail(err, TQ_BAD_INPUT, 0, "«%.200s» cannot be asked: only http:// and https://",
                       wish->url != NULL ? wish->url : "");
    if (url.len > FETCH_URL_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the address has %zu bytes; at most %u are taken", url.len,
                       FETCH_URL_MAX);
    if (has_line_end(wish->url) || has_line_end(wish->bearer) || has_line_end(wish->etag) ||
        has_line_end(wish->type))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "an address, token, ETag or type holds a line end; it may not");
    return TQ_OK;
}

/* Append «NAME: VALUE»; false on no memory. */
static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    tq_buf line = {0};
    tq_buf_puts(&line, name);
    tq_buf_puts(&line, value);
    tq_buf_putc(&line, '\0');
    struct curl_slist *grown = line.failed ? NULL : curl_slist_append(*list, line.at);
    tq_buf_free(&line);
    if (grown == NULL) return false;
    *list = grown;
    return true;
}

static bool set_headers(const tq_fetch_wish *wish, struct curl_slist **list)
{
    bool ok = add_header(list, "Accept: ", "*/*") && add_header(list, "Expect:", "");
    if (ok && wish->bearer != NULL) ok = add_header(list, "Authorization: Bearer ", wish->bearer);
    if (ok && wish->etag != NULL && wish->etag[0] != '\0')
        ok = add_header(list, "If-None-Match: ", wish->etag);
    if (ok && wish->body.at != NULL)
        ok = add_header(
            list, "Content-Type: ", wish->type != NULL ? wish->type : "application/octet-stream");
    return ok;
}

static void set_options(CURL *curl, const tq_fetch_wish *wish, struct curl_slist *headers,
                        answer *to, char reason[CURL_ERROR_SIZE])
{
    uint32_t timeout_ms = wish->timeout_ms != 0 ? wish->timeout_ms : FETCH_TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_URL, wish->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, FETCH_REDIRECTS_MAX);
    /* A command is not sent on to another place; a question may be. */
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, wish->body.at == NULL ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TQ_MIN(timeout_ms, (uint32_t)INT32_MAX));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     TQ_MIN(FETCH_CONNECT_MS, (long)TQ_MIN(timeout_ms, (uint32_t)INT32_MAX)));
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)TQ_FETCH_BYTES_MAX);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tongqu");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, to);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, to);
    if (wish->body.at == NULL) return;
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, wish->body.at);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)wish->body.len);
}

static tq_status ask(CURL *curl, const tq_fetch_wish *wish, answer *to, uint32_t *http_status,
                     tq_err *err)
{
    char reason[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    if (!set_headers(wish, &headers)) {
        curl_slist_free_all(headers);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to ask %.200s", wish->url);
    }
    set_options(curl, wish, headers, to, reason);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (to->too_long || code == CURLE_FILESIZE_EXCEEDED)
        return tq_fail(err, TQ_LIMIT, 0, "%.200s answers with more than %zu bytes", wish->url,
                       TQ_FETCH_BYTES_MAX);
    if (to->body.failed)
        return tq_fail(err, TQ_LIMIT, 0, "the answer of %.200s does not fit its buffer", wish->url);
    if (code != CURLE_OK || status < 100)
        return tq_fail(err, TQ_IO, 0, "%.150s gave no answer: %.200s", wish->url,
                       reason[0] != '\0' ? reason : curl_easy_strerror(code));
    *http_status = (uint32_t)status;
    return TQ_OK;
}

tq_status tq_fetch(const tq_fetch_wish *wish, uint32_t *http_status, char etag[80], tq_buf *out,
                   tq_err *err)
{
    TQ_TRY(check_wish(wish, err));
    (void)pthread_once(&started, start);
    CURL *curl = start_code == CURLE_OK ? curl_easy_init() : NULL;
    if (curl == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to ask %.200s", wish->url);
    answer got = {.body = {.limit = out->limit > out->len ? out->limit - out->len : 0}};
    uint32_t status = 0;
    tq_status result = ask(curl, wish, &got, &status, err);
    curl_easy_cleanup(curl);
    if (result == TQ_OK && status != 304) {
        tq_buf_put(out, got.body.at, got.body.len);
        if (out->failed)
            result = tq_fail(err, TQ_LIMIT, 0, "the answer of %.200s does not fit its buffer",
                             wish->url);
    }
    if (result == TQ_OK) {
        *http_status = status;
        if (etag != NULL && (status != 304 || got.etag[0] != '\0'))
            memcpy(etag, got.etag, sizeof got.etag);
    }
    tq_buf_free(&got.body);
    return result;
}
