/*
 * JSON coming in, read piece by piece where it lies: no tree, no allocation, no recursion.
 *
 * Grammar: RFC 8259. A caller opens an object or array, asks json_in_more before each value, and
 * takes or skips the value. The first mistake sticks: `why` names it, `at` is its place, and every
 * later call answers no, so a caller may check once at the end.
 *
 * Invariants: never reads past the end; nesting is at most JSON_NESTING_MAX; texts are decoded into
 * the caller's room and are UTF-8 when the document is.
 */
#include "serve/serve_in.h"

void json_in_begin(json_in *in, tq_str text)
{
    *in = (json_in){.start = text.at, .at = text.at, .end = text.at + text.len};
}

bool json_in_fail(json_in *in, const char *why)
{
    if (in->why == NULL) in->why = why;
    return false;
}

static void pass_blanks(json_in *in)
{
    while (in->at < in->end &&
           (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
        in->at++;
}

json_kind json_in_kind(json_in *in)
{
    if (in->why != NULL) return JSON_IN_BAD;
    pass_blanks(in);
    if (in->at == in->end) return JSON_IN_BAD;
    switch (*in->at) {
    case '{': return JSON_IN_OBJECT;
    case '[': return JSON_IN_ARRAY;
    case '"': return JSON_IN_TEXT;
    case 't': return JSON_IN_TRUE;
    case 'f': return JSON_IN_FALSE;
    case 'n': return JSON_IN_NULL;
    default:
        return *in->at == '-' || (*in->at >= '0' && *in->at <= '9') ? JSON_IN_NUMBER : JSON_IN_BAD;
    }
}

bool json_in_open(json_in *in, json_kind kind)
{
    if (json_in_kind(in) != kind)
        return json_in_fail(in, kind == JSON_IN_OBJECT ? "an object {…} belongs here"
                                                       : "a list […] belongs here");
    if (in->depth + 1 >= JSON_NESTING_MAX) return json_in_fail(in, "nested too deeply");
    in->at++;
    in->depth++;
    uint32_t bit = 1u << in->depth;
    in->begun &= ~bit;
    in->objects = kind == JSON_IN_OBJECT ? in->objects | bit : in->objects & ~bit;
    return true;
}

bool json_in_more(json_in *in)
{
    if (in->why != NULL) return false;
    pass_blanks(in);
    if (in->at == in->end) return json_in_fail(in, "the text ends too early");
    if (*in->at == '}' || *in->at == ']') {
        if ((*in->at == '}') != (in->objects >> in->depth & 1))
            return json_in_fail(in, "the brackets do not match");
        in->at++;
        in->depth--;
        return false;
    }
    if (in->begun >> in->depth & 1) {
        if (*in->at != ',') return json_in_fail(in, "a comma or the closing bracket is missing");
        in->at++;
        pass_blanks(in);
        if (in->at < in->end && (*in->at == '}' || *in->at == ']'))
            return json_in_fail(in, "a value is missing behind the comma");
    }
    in->begun |= 1u << in->depth;
    return true;
}

static bool hex4(json_in *in, uint32_t *out)
{
    if (in->end - in->at < 4) return false;
    *out = 0;
    for (unsigned k = 0; k < 4; k++) {
        char c = *in->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

/* What stands behind a backslash, as UTF-8. */
static bool take_escape(json_in *in, char out[4], size_t *len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (in->at == in->end) return false;
    char c = *in->at++;
    const char *found = c == '\0' ? NULL : strchr(from, c);
    if (found != NULL) {
        out[0] = to[found - from];
        *len = 1;
        return true;
    }
    uint32_t code, low;
    if (c != 'u' || !hex4(in, &code)) return false;
    if (code == 0) return false; /* texts end at a NUL */
    if (code >= 0xD800 && code < 0xDC00) {
        if (in->end - in->at < 2 || in->at[0] != '\\' || in->at[1] != 'u') return false;
        in->at += 2;
        if (!hex4(in, &low) || low < 0xDC00 || low > 0xDFFF) return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return false;
    }
    *len = tq_utf8_put(code, out);
    return true;
}

/* A string; what does not fit is counted but not kept. */
static bool take_string(json_in *in, char *out, size_t cap, size_t *len)
{
    if (json_in_kind(in) != JSON_IN_TEXT) return json_in_fail(in, "a \"text\" belongs here");
    in->at++;
    *len = 0;
    while (in->at < in->end && *in->at != '"') {
        char piece[4] = {*in->at};
        size_t count = 1;
        if ((unsigned char)*in->at < 0x20)
            return json_in_fail(in, "a control character in a text must be escaped");
        if (*in->at++ == '\\' && !take_escape(in, piece, &count))
            return json_in_fail(in, "an escape in a text is wrong");
        for (size_t k = 0; k < count; k++, (*len)++)
            if (*len + 1 < cap) out[*len] = piece[k];
    }
    if (in->at == in->end) return json_in_fail(in, "a text is not closed");
    in->at++;
    if (cap > 0) out[TQ_MIN(*len, cap - 1)] = '\0';
    return true;
}

bool json_in_text(json_in *in, char *out, size_t cap)
{
    size_t len;
    if (!take_string(in, out, cap, &len)) return false;
    return len < cap || json_in_fail(in, "a text is too long");
}

bool json_in_key(json_in *in, char *out, size_t cap)
{
    size_t len;
    if (in->why != NULL || !take_string(in, out, cap, &len)) return false;
    pass_blanks(in);
    if (in->at == in->end || *in->at != ':')
        return json_in_fail(in, "a colon is missing behind a name");
    in->at++;
    return true;
}

static bool digits(json_in *in)
{
    const char *first = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > first;
}

bool json_in_number(json_in *in, tq_str *out)
{
    if (json_in_kind(in) != JSON_IN_NUMBER) return json_in_fail(in, "a number belongs here");
    const char *first = in->at;
    if (*in->at == '-') in->at++;
    bool zero = in->at < in->end && *in->at == '0';
    const char *whole = in->at;
    bool good = digits(in) && !(zero && in->at > whole + 1);
    if (good && in->at < in->end && *in->at == '.') {
        in->at++;
        good = digits(in);
    }
    if (good && in->at < in->end && (*in->at == 'e' || *in->at == 'E')) {
        in->at++;
        if (in->at < in->end && (*in->at == '+' || *in->at == '-')) in->at++;
        good = digits(in);
    }
    if (!good) return json_in_fail(in, "this is not a number");
    *out = (tq_str){first, (size_t)(in->at - first)};
    return true;
}

static bool take_word(json_in *in)
{
    static const char *const words[] = {"true", "false", "null"};
    for (uint32_t k = 0; k < TQ_COUNT(words); k++) {
        size_t len = strlen(words[k]);
        if ((size_t)(in->end - in->at) < len || memcmp(in->at, words[k], len) != 0) continue;
        in->at += len;
        return true;
    }
    return json_in_fail(in, "this is not a value");
}

bool json_in_skip(json_in *in, tq_str *out)
{
    json_kind kind = json_in_kind(in);
    const char *first = in->at;
    uint32_t floor = in->depth;
    size_t len;
    tq_str number;
    do {
        kind = json_in_kind(in);
        if (kind == JSON_IN_OBJECT || kind == JSON_IN_ARRAY) {
            if (!json_in_open(in, kind)) return false;
        } else if (kind == JSON_IN_TEXT) {
            if (!take_string(in, NULL, 0, &len)) return false;
        } else if (kind == JSON_IN_NUMBER) {
            if (!json_in_number(in, &number)) return false;
        } else if (!take_word(in)) {
            return false;
        }
        while (in->depth > floor) {
            bool object = in->objects >> in->depth & 1;
            if (json_in_more(in)) {
                char name[1];
                if (object && !json_in_key(in, name, sizeof name)) return false;
                break;
            }
            if (in->why != NULL) return false;
        }
    } while (in->depth > floor);
    if (out != NULL) *out = (tq_str){first, (size_t)(in->at - first)};
    return true;
}

bool json_in_end(json_in *in)
{
    if (in->why != NULL) return false;
    pass_blanks(in);
    return in->at == in->end || json_in_fail(in, "there is more behind the end");
}
