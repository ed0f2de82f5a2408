/* The growing byte buffer and the JSON writer over it. */
#include <stdio.h>

#include "base/base.h"

void tq_buf_put(tq_buf *buf, const void *bytes, size_t len)
{
    if (buf->failed || len == 0) return;
    if (buf->limit != 0 && (len > buf->limit || buf->len > buf->limit - len)) {
        buf->failed = true;
        return;
    }
    if (len > buf->cap - buf->len &&
        !tq_vec_grow((void **)(void *)&buf->at, buf->len, &buf->cap, 1, len)) {
        buf->failed = true;
        return;
    }
    memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
}

void tq_buf_puts(tq_buf *buf, const char *text)
{
    tq_buf_put(buf, text, strlen(text));
}

void tq_buf_putc(tq_buf *buf, char c)
{
    tq_buf_put(buf, &c, 1);
}

void tq_buf_printf(tq_buf *buf, const char *format, ...)
{
    char text[1024];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
    } else if ((size_t)len < sizeof text) {
        tq_buf_put(buf, text, (size_t)len);
    } else {
        /* Rare and long: with a block of its own. */
        char *whole = tq_alloc((size_t)len + 1, 1);
        if (whole != NULL)
            tq_buf_put(buf, whole, (size_t)vsnprintf(whole, (size_t)len + 1, format, again));
        else
            buf->failed = true;
        tq_free(whole);
    }
    va_end(again);
}

void tq_buf_u64(tq_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    tq_buf_put(buf, digits + at, sizeof digits - at);
}

void tq_buf_i64(tq_buf *buf, int64_t value)
{
    if (value < 0) tq_buf_putc(buf, '-');
    tq_buf_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void tq_buf_fixed(tq_buf *buf, int64_t value, unsigned digits)
{
    uint64_t scale = 1;
    for (unsigned k = 0; k < digits; k++)
        scale *= 10;
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0) tq_buf_putc(buf, '-');
    tq_buf_u64(buf, size / scale);
    if (digits == 0) return;
    tq_buf_putc(buf, '.');
    for (scale /= 10; scale != 0; scale /= 10)
        tq_buf_putc(buf, (char)('0' + size / scale % 10));
}

void tq_buf_free(tq_buf *buf)
{
    tq_free(buf->at);
    *buf = (tq_buf){.limit = buf->limit};
}

void tq_json_begin(tq_json *json, tq_buf *buf)
{
    *json = (tq_json){.buf = buf};
}

static void put_comma(tq_json *json)
{
    if (json->comma[json->depth]) tq_buf_putc(json->buf, ',');
    json->comma[json->depth] = true;
}

static void open_level(tq_json *json, char bracket)
{
    put_comma(json);
    tq_buf_putc(json->buf, bracket);
    TQ_ASSERT(json->depth + 1 < TQ_JSON_DEPTH_MAX);
    json->comma[++json->depth] = false;
}

static void close_level(tq_json *json, char bracket)
{
    TQ_ASSERT(json->depth > 0);
    json->depth--;
    tq_buf_putc(json->buf, bracket);
}

void tq_json_object(tq_json *json)
{
    open_level(json, '{');
}
void tq_json_end_object(tq_json *json)
{
    close_level(json, '}');
}
void tq_json_array(tq_json *json)
{
    open_level(json, '[');
}
void tq_json_end_array(tq_json *json)
{
    close_level(json, ']');
}

void tq_json_key(tq_json *json, const char *key)
{
    put_comma(json);
    tq_buf_putc(json->buf, '"');
    tq_buf_puts(json->buf, key);
    tq_buf_put(json->buf, "\":", 2);
    json->comma[json->depth] = false; /* the value follows without a comma */
}

static void put_escaped(tq_buf *buf, tq_str text)
{
    static const char hex[] = "0123456789abcdef";
    const char *at = text.at, *end = text.len > 0 ? text.at + text.len : text.at;
    while (at < end) {
        const char *run = at;
        while (at < end && (uint8_t)*at >= 0x20 && (uint8_t)*at < 0x80 && *at != '"' && *at != '\\')
            at++;
        tq_buf_put(buf, run, (size_t)(at - run));
        if (at == end) return;
        if (*at == '"' || *at == '\\') {
            tq_buf_putc(buf, '\\');
            tq_buf_putc(buf, *at++);
        } else if ((uint8_t)*at < 0x20) {
            char code[6] = {'\\', 'u', '0', '0', hex[(uint8_t)*at >> 4], hex[*at & 15]};
            tq_buf_put(buf, code, sizeof code);
            at++;
        } else {
            char utf8[4];
            tq_buf_put(buf, utf8, tq_utf8_put(tq_utf8_next(&at, end), utf8));
        }
    }
}

void tq_json_str(tq_json *json, tq_str text)
{
    put_comma(json);
    tq_buf_putc(json->buf, '"');
    put_escaped(json->buf, text);
    tq_buf_putc(json->buf, '"');
}

void tq_json_text(tq_json *json, const char *text)
{
    if (text == NULL)
        tq_json_null(json);
    else
        tq_json_str(json, tq_str_of(text));
}

void tq_json_i64(tq_json *json, int64_t value)
{
    put_comma(json);
    tq_buf_i64(json->buf, value);
}

void tq_json_fixed(tq_json *json, int64_t value, unsigned digits)
{
    put_comma(json);
    tq_buf_fixed(json->buf, value, digits);
}

void tq_json_bool(tq_json *json, bool value)
{
    put_comma(json);
    tq_buf_puts(json->buf, value ? "true" : "false");
}

void tq_json_null(tq_json *json)
{
    put_comma(json);
    tq_buf_put(json->buf, "null", 4);
}

void tq_json_raw(tq_json *json, tq_str raw)
{
    put_comma(json);
    tq_buf_put(json->buf, raw.at, raw.len);
}

void tq_json_put_text(tq_json *json, const char *key, const char *text)
{
    tq_json_key(json, key);
    tq_json_text(json, text);
}

void tq_json_put_text_or_null(tq_json *json, const char *key, const char *text)
{
    tq_json_put_text(json, key, text != NULL && text[0] != '\0' ? text : NULL);
}

void tq_json_put_i64(tq_json *json, const char *key, int64_t value)
{
    tq_json_key(json, key);
    tq_json_i64(json, value);
}

void tq_json_put_fixed(tq_json *json, const char *key, int64_t value, unsigned digits)
{
    tq_json_key(json, key);
    tq_json_fixed(json, value, digits);
}

void tq_json_put_bool(tq_json *json, const char *key, bool value)
{
    tq_json_key(json, key);
    tq_json_bool(json, value);
}
