/* Slices, number parsing and UTF-8. Parsing takes the whole slice or nothing, and never a locale.
 */
#include <stdlib.h>

#include "base/base.h"

tq_str tq_str_of(const char *text)
{
    return (tq_str){text, text == NULL ? 0 : strlen(text)};
}

bool tq_str_eq(tq_str a, tq_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool tq_str_is(tq_str a, const char *text)
{
    return tq_str_eq(a, tq_str_of(text));
}

bool tq_str_starts(tq_str a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.at, prefix, len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

tq_str tq_str_trim(tq_str a)
{
    while (a.len > 0 && is_blank(a.at[0]))
        a.at++, a.len--;
    while (a.len > 0 && is_blank(a.at[a.len - 1]))
        a.len--;
    return a;
}

int tq_str_compare(tq_str a, tq_str b)
{
    size_t len = TQ_MIN(a.len, b.len);
    int order = len == 0 ? 0 : memcmp(a.at, b.at, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool tq_parse_u32(tq_str text, uint32_t *out)
{
    if (text.len == 0 || text.len > 10) return false;
    uint64_t value = 0;
    for (size_t k = 0; k < text.len; k++) {
        if (text.at[k] < '0' || text.at[k] > '9') return false;
        value = value * 10 + (uint64_t)(text.at[k] - '0');
    }
    if (value > UINT32_MAX) return false;
    *out = (uint32_t)value;
    return true;
}

bool tq_parse_i64(tq_str text, int64_t *out)
{
    bool minus = text.len > 0 && text.at[0] == '-';
    if (minus || (text.len > 0 && text.at[0] == '+')) text.at++, text.len--;
    if (text.len == 0 || text.len > 19) return false;
    uint64_t value = 0;
    for (size_t k = 0; k < text.len; k++) {
        if (text.at[k] < '0' || text.at[k] > '9') return false;
        value = value * 10 + (uint64_t)(text.at[k] - '0');
    }
    if (value > (uint64_t)INT64_MAX) return false;
    *out = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

bool tq_parse_double(tq_str text, double *out)
{
    char copy[64];
    if (text.len == 0 || text.len >= sizeof copy) return false;
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (!((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'))
            return false;
        copy[k] = c;
    }
    copy[text.len] = '\0';
    char *end = NULL;
    double value = strtod(copy, &end);
    if (end != copy + text.len || !(value > -1e300 && value < 1e300)) return false;
    *out = value;
    return true;
}

bool tq_parse_e7(tq_str text, int32_t *out)
{
    bool minus = text.len > 0 && text.at[0] == '-';
    if (minus || (text.len > 0 && text.at[0] == '+')) text.at++, text.len--;
    int64_t value = 0;
    unsigned digits = 0, decimals = 0;
    bool point = false, round_up = false;
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') {
            double slow; /* an exponent or other rare form */
            if (!tq_parse_double(text, &slow) || slow > 214.0 || slow < 0) return false;
            value = (int64_t)(slow * 1e7 + 0.5);
            *out = (int32_t)(minus ? -value : value);
            return true;
        }
        digits++;
        if (point && decimals == 7) {
            if (decimals == 7 && !round_up) round_up = c >= '5';
            for (k++; k < text.len; k++)
                if (text.at[k] < '0' || text.at[k] > '9') return false;
            break;
        }
        value = value * 10 + (c - '0');
        if (point) decimals++;
        if (value > (int64_t)INT32_MAX * 10) return false;
    }
    if (digits == 0) return false;
    for (; decimals < 7; decimals++)
        value *= 10;
    value += round_up;
    if (value > INT32_MAX) return false;
    *out = (int32_t)(minus ? -value : value);
    return true;
}

static bool is_tail(const char *at, const char *end)
{
    return at < end && ((uint8_t)*at & 0xC0) == 0x80;
}

uint32_t tq_utf8_next(const char **at, const char *end)
{
    const char *p = *at;
    uint8_t lead = (uint8_t)*p++;
    *at = p;
    if (lead < 0x80) return lead;
    unsigned tails = lead >= 0xF0 && lead < 0xF5   ? 3
                     : lead >= 0xE0 && lead < 0xF0 ? 2
                     : lead >= 0xC2 && lead < 0xE0 ? 1
                                                   : 0;
    if (tails == 0) return 0xFFFD;
    uint32_t code = lead & (0x3Fu >> tails);
    for (unsigned k = 0; k < tails; k++) {
        if (!is_tail(p, end)) return 0xFFFD;
        code = code << 6 | ((uint8_t)*p++ & 0x3F);
    }
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    if (code < least[tails] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0xFFFD;
    *at = p;
    return code;
}

size_t tq_utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

bool tq_utf8_valid(tq_str text)
{
    const char *at = text.at, *end = text.len > 0 ? text.at + text.len : text.at;
    while (at < end) {
        const char *before = at;
        uint32_t code = tq_utf8_next(&at, end);
        /* A real U+FFFD takes three bytes; the stand-in for a bad byte takes one. */
        if (code == 0xFFFD && at - before != 3) return false;
    }
    return true;
}
