/*
 * The head of an answer: status line and headers, but for Date, Connection, the version and the
 * cache mark, which differ from one sending to the next.
 *
 * Every answer carries nosniff and, for the API, an open CORS policy: all of it is public. Console
 * pages carry a content security policy under which MapLibre runs (its worker is a blob).
 */
#include "serve/serve_in.h"

static const char PAGE_HEADERS[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self' "
    "'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' "
    "blob:; "
    "child-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'\r\n"
    "X-Frame-Options: DENY\r\n"
    "Permissions-Policy: geolocation=(self), camera=(), microphone=()\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

const char *answer_reason(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
    }
}

static void put_header(tq_buf *out, const char *name, const char *value)
{
    tq_buf_puts(out, name);
    tq_buf_put(out, ": ", 2);
    tq_buf_puts(out, value);
    tq_buf_put(out, "\r\n", 2);
}

static void put_vary(const serve_answer *answer, tq_buf *out)
{
    if (answer->vary_encoding && answer->vary_language)
        put_header(out, "Vary", "Accept-Encoding, Accept-Language");
    else if (answer->vary_encoding)
        put_header(out, "Vary", "Accept-Encoding");
    else if (answer->vary_language)
        put_header(out, "Vary", "Accept-Language");
}

static void put_verbs(const char *name, uint8_t allow, tq_buf *out)
{
    tq_buf_puts(out, name);
    tq_buf_puts(out, ": ");
    if (allow >> VERB_GET & 1) tq_buf_puts(out, "GET, HEAD, ");
    if (allow >> VERB_POST & 1) tq_buf_puts(out, "POST, ");
    if (allow >> VERB_DELETE & 1) tq_buf_puts(out, "DELETE, ");
    tq_buf_puts(out, "OPTIONS\r\n");
}

void answer_head(const serve_answer *answer, size_t body_len, tq_buf *out)
{
    out->len = 0;
    out->failed = false;
    tq_buf_put(out, "HTTP/1.1 ", 9);
    tq_buf_u64(out, answer->status);
    tq_buf_putc(out, ' ');
    tq_buf_puts(out, answer_reason(answer->status));
    tq_buf_put(out, "\r\n", 2);
    if (answer->type != NULL && answer->status != 304)
        put_header(out, "Content-Type", answer->type);
    if (body_len == ANSWER_CHUNKED) {
        put_header(out, "Transfer-Encoding", "chunked");
    } else if (body_len != ANSWER_TO_END && answer->status != 204 && answer->status != 304) {
        tq_buf_puts(out, "Content-Length: ");
        tq_buf_u64(out, body_len);
        tq_buf_put(out, "\r\n", 2);
    }
    if (answer->gzip) put_header(out, "Content-Encoding", "gzip");
    if (answer->etag[0] != '\0') put_header(out, "ETag", answer->etag);
    put_header(out, "Cache-Control",
               answer->cache_control != NULL ? answer->cache_control : "no-store");
    put_vary(answer, out);
    if (answer->allow != 0) put_verbs("Allow", answer->allow, out);
    if (answer->status == 401) put_header(out, "WWW-Authenticate", "Bearer");
    if (answer->retry) put_header(out, "Retry-After", "1");
    if (answer->status == 204 && answer->allow != 0) {
        put_verbs("Access-Control-Allow-Methods", answer->allow, out);
        put_header(
            out, "Access-Control-Allow-Headers",
            "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, "
            "If-None-Match, Last-Event-ID");
        put_header(out, "Access-Control-Max-Age", "86400");
    }
    put_header(out, "X-Content-Type-Options", "nosniff");
    put_header(out, "Referrer-Policy", "no-referrer");
    if (answer->page) {
        tq_buf_put(out, PAGE_HEADERS, sizeof PAGE_HEADERS - 1);
    } else {
        put_header(out, "Access-Control-Allow-Origin", "*");
        put_header(out, "Access-Control-Expose-Headers", "ETag, Tongqu-Version, X-Tongqu-Cache");
    }
    if (answer->cookie[0] != '\0') put_header(out, "Set-Cookie", answer->cookie);
}
