/*
 * One HTTP/1.1 message at a time, over http-parser, without I/O.
 *
 * The caller keeps the message's bytes in one place (they may move between calls) and hands over
 * all of them each time; bytes are parsed once. Only spans are kept, so nothing is copied or
 * allocated.
 *
 * Stricter than the library: one Host (RFC 9112 section 3.2), no folded header lines (section 5.2),
 * no blanks in header names (section 5.1), HTTP/1.0 and 1.1 only, and the room's limits. A request
 * with both Content-Length and Transfer-Encoding, or two lengths, is refused by the library.
 * `Upgrade` is passed over, `Expect` is refused: a body comes with its head.
 */
#include <strings.h>

#include "serve/serve_in.h"

#define BODY_FRAME_MAX 4096u /* chunk sizes, extensions and trailers around a body */

typedef struct feeding {
    http_message *message;
    const char *bytes;
} feeding;

static int refuse(http_message *message, problem_id why)
{
    if (message->refusal == PROBLEM_NONE) message->refusal = (uint8_t)why;
    return -1; /* stops the parser */
}

static feeding *feeding_of(http_parser *parser)
{
    return parser->data;
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
    feeding *feed = feeding_of(parser);
    http_span *url = &feed->message->url;
    if (url->len == 0) url->at = (uint32_t)(at - feed->bytes);
    url->len = (uint32_t)(at + len - feed->bytes) - url->at;
    return url->len > HTTP_URL_MAX ? refuse(feed->message, PROBLEM_URL_TOO_LONG) : 0;
}

static int on_field(http_parser *parser, const char *at, size_t len)
{
    feeding *feed = feeding_of(parser);
    http_message *message = feed->message;
    if (message->in_value || message->header_count == 0) {
        message->in_value = false;
        message->name = (http_span){(uint32_t)(at - feed->bytes), 0};
        if (++message->header_count > HTTP_HEADERS_MAX)
            return refuse(message, PROBLEM_TOO_MANY_HEADERS);
    }
    message->name.len = (uint32_t)(at + len - feed->bytes) - message->name.at;
    return 0;
}

static int8_t field_of(tq_str name)
{
    static const char *const known[HTTP_FIELD_COUNT] = {
        [HTTP_HOST] = "host",
        [HTTP_ACCEPT_LANGUAGE] = "accept-language",
        [HTTP_ACCEPT_ENCODING] = "accept-encoding",
        [HTTP_IF_NONE_MATCH] = "if-none-match",
        [HTTP_EXPECT] = "expect",
        [HTTP_CONTENT_TYPE] = "content-type",
        [HTTP_AUTHORIZATION] = "authorization",
        [HTTP_COOKIE] = "cookie",
        [HTTP_IDEMPOTENCY_KEY] = "idempotency-key",
        [HTTP_IF_MATCH] = "if-match",
        [HTTP_CONSOLE] = "tongqu-console",
        [HTTP_LAST_EVENT_ID] = "last-event-id",
        [HTTP_ORIGIN] = "origin",
        [HTTP_FORWARDED] = "x-forwarded-for",
        [HTTP_SCHEME] = "x-forwarded-proto",
    };
    for (int8_t field = 0; field < HTTP_FIELD_COUNT; field++)
        if (strlen(known[field]) == name.len && strncasecmp(known[field], name.at, name.len) == 0)
            return field;
    return -1;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
    feeding *feed = feeding_of(parser);
    http_message *message = feed->message;
    uint32_t start = (uint32_t)(at - feed->bytes);
    if (!message->in_value) {
        tq_str name = http_text(feed->bytes, message->name);
        /* A library built without its strict mode lets blanks into names; a proxy may read such a
         * line otherwise. */
        if (memchr(name.at, ' ', name.len) != NULL) return refuse(message, PROBLEM_MALFORMED);
        /* The library checks every byte of a value but the first. */
        if (len > 0 && (unsigned char)at[0] < 0x20 && at[0] != '\t')
            return refuse(message, PROBLEM_MALFORMED);
        message->in_value = true;
        message->current = field_of(name);
        if (message->current >= 0) {
            if (message->seen >> message->current & 1 && message->current == HTTP_HOST)
                return refuse(message, PROBLEM_NO_HOST);
            message->seen |= 1u << message->current;
            message->field[message->current] = (http_span){start, 0};
        }
    } else if (start != message->value_end) {
        /* A piece that doesn't touch the one before is a folded line. */
        return refuse(message, PROBLEM_MALFORMED);
    }
    message->value_end = start + (uint32_t)len;
    if (message->current >= 0) {
        http_span *span = &message->field[message->current];
        span->len = start + (uint32_t)len - span->at;
    }
    return 0;
}

static int on_head(http_parser *parser)
{
    http_message *message = feeding_of(parser)->message;
    message->head_done = true;
    parser->upgrade = 0;
    if (parser->http_major != 1 || parser->http_minor > 1)
        return refuse(message, PROBLEM_HTTP_VERSION);
    if (parser->http_minor == 1 && !(message->seen >> HTTP_HOST & 1))
        return refuse(message, PROBLEM_NO_HOST);
    if (message->seen >> HTTP_EXPECT & 1) return refuse(message, PROBLEM_EXPECT);
    if (parser->content_length != UINT64_MAX && parser->content_length > message->body_max)
        return refuse(message, PROBLEM_BODY_TOO_LARGE);
    message->keep_alive = http_should_keep_alive(parser) != 0;
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    const feeding *feed = feeding_of(parser);
    http_message *message = feed->message;
    uint32_t start = (uint32_t)(at - feed->bytes);
    if (message->body.len == 0)
        message->body.at = start;
    else if (start != message->body.at + message->body.len)
        message->body_split = true;
    if (!message->body_split) message->body.len = start + (uint32_t)len - message->body.at;
    message->body_len += len;
    return message->body_len > message->body_max ? refuse(message, PROBLEM_BODY_TOO_LARGE) : 0;
}

static int on_complete(http_parser *parser)
{
    feeding_of(parser)->message->complete = true;
    http_parser_pause(parser, 1);
    return 0;
}

void http_begin(http_message *message, uint32_t body_max)
{
    memset(message, 0, sizeof *message);
    message->body_max = body_max;
    message->current = -1;
    http_parser_init(&message->parser, HTTP_REQUEST);
}

static problem_id refusal_of(const http_parser *parser)
{
    switch (HTTP_PARSER_ERRNO(parser)) {
    case HPE_HEADER_OVERFLOW: return PROBLEM_HEAD_TOO_LARGE;
    case HPE_INVALID_VERSION: return PROBLEM_HTTP_VERSION;
    default: return PROBLEM_MALFORMED;
    }
}

http_event http_feed(http_message *message, const char *bytes, size_t len, size_t *used)
{
    static const http_parser_settings settings = {
        .on_url = on_url,
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_headers_complete = on_head,
        .on_body = on_body,
        .on_message_complete = on_complete,
    };
    feeding feed = {message, bytes};
    message->parser.data = &feed;
    size_t fresh = len - message->parsed;
    if (fresh == 0) return HTTP_EVENT_MORE;
    /* The head is fed up to its limit only, so that the limit is exact however the bytes arrive. */
    bool over = false;
    if (!message->head_done && len > HTTP_HEAD_MAX) {
        fresh = HTTP_HEAD_MAX - message->parsed;
        over = true;
        if (fresh == 0) { /* the library takes an empty piece for the end of the connection */
            refuse(message, PROBLEM_HEAD_TOO_LARGE);
            return HTTP_EVENT_REFUSED;
        }
    }
    size_t took = http_parser_execute(&message->parser, &settings, bytes + message->parsed, fresh);
    if (over && !message->complete && message->refusal == PROBLEM_NONE && message->head_done &&
        HTTP_PARSER_ERRNO(&message->parser) == HPE_OK) {
        message->parsed += (uint32_t)took;
        took = http_parser_execute(&message->parser, &settings, bytes + message->parsed,
                                   len - message->parsed);
        over = false;
    }
    message->parser.data = NULL;
    if (message->complete && message->refusal == PROBLEM_NONE) {
        *used = message->parsed + took;
        return HTTP_EVENT_REQUEST;
    }
    message->parsed += (uint32_t)took;
    if (message->refusal != PROBLEM_NONE) return HTTP_EVENT_REFUSED;
    if (HTTP_PARSER_ERRNO(&message->parser) != HPE_OK) {
        refuse(message, refusal_of(&message->parser));
        return HTTP_EVENT_REFUSED;
    }
    if (over && !message->head_done) {
        refuse(message, PROBLEM_HEAD_TOO_LARGE);
        return HTTP_EVENT_REFUSED;
    }
    if (message->parsed >
        (uint64_t)HTTP_HEAD_MAX + message->body_max + BODY_FRAME_MAX + message->body_len * 8) {
        refuse(message, PROBLEM_BODY_TOO_LARGE);
        return HTTP_EVENT_REFUSED;
    }
    return HTTP_EVENT_MORE;
}
