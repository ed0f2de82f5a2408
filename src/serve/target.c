/*
 * The parts of a request that are text: target, percent-encoding, language and encoding wishes,
 * entity tags. Nothing here trusts its input; every decoded text is UTF-8 without control
 * characters.
 */
#include <strings.h>

#include "serve/serve_in.h"

bool target_split(tq_str target, serve_request *request)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (uint32_t k = 0; k < TQ_COUNT(schemes); k++) {
        size_t len = strlen(schemes[k]);
        if (target.len < len || strncasecmp(target.at, schemes[k], len) != 0) continue;
        target.at += len;
        target.len -= len;
        while (target.len > 0 && target.at[0] != '/')
            target.at++, target.len--;
        break;
    }
    if (target.len == 0 || target.at[0] != '/') return false;
    const char *hash = memchr(target.at, '#', target.len);
    if (hash != NULL) target.len = (size_t)(hash - target.at);
    request->target = target;
    request->path = target;
    request->query = (tq_str){target.at + target.len, 0};
    const char *mark = memchr(target.at, '?', target.len);
    if (mark != NULL) {
        request->path.len = (size_t)(mark - target.at);
        request->query = (tq_str){mark + 1, target.len - request->path.len - 1};
    }
    return true;
}

/* The next item of a comma-separated list, without its ;parameters; *q in thousandths. */
static bool next_item(tq_str *list, tq_str *item, unsigned *q)
{
    if (list->len == 0) return false;
    const char *comma = memchr(list->at, ',', list->len);
    size_t len = comma == NULL ? list->len : (size_t)(comma - list->at);
    *item = (tq_str){list->at, len};
    size_t step = comma == NULL ? len : len + 1;
    list->at += step;
    list->len -= step;
    *q = 1000;
    const char *semicolon = memchr(item->at, ';', item->len);
    if (semicolon != NULL) {
        tq_str rest = {semicolon + 1, item->len - (size_t)(semicolon - item->at) - 1};
        item->len = (size_t)(semicolon - item->at);
        rest = tq_str_trim(rest);
        double value;
        if (rest.len > 2 && (rest.at[0] == 'q' || rest.at[0] == 'Q') && rest.at[1] == '=' &&
            tq_parse_double(tq_str_trim((tq_str){rest.at + 2, rest.len - 2}), &value) &&
            value >= 0 && value <= 1)
            *q = (unsigned)(value * 1000);
    }
    *item = tq_str_trim(*item);
    return true;
}

static bool language_is(tq_str item, const char *language)
{
    size_t len = strlen(language);
    return item.len >= len && strncasecmp(item.at, language, len) == 0 &&
           (item.len == len || item.at[len] == '-');
}

tq_lang target_language(tq_str accept_language)
{
    unsigned best = 0;
    tq_lang lang = TQ_ZH;
    tq_str item;
    for (unsigned q; next_item(&accept_language, &item, &q);) {
        bool zh = language_is(item, "zh"), en = language_is(item, "en");
        if ((!zh && !en) || q <= best) continue;
        best = q;
        lang = zh ? TQ_ZH : TQ_EN;
    }
    return lang;
}

bool target_accepts_gzip(tq_str accept_encoding)
{
    tq_str item;
    for (unsigned q; next_item(&accept_encoding, &item, &q);)
        if (q > 0 && item.len == 4 && strncasecmp(item.at, "gzip", 4) == 0) return true;
    return false;
}

bool target_etag_in(tq_str list, tq_str etag)
{
    tq_str item;
    for (unsigned q; next_item(&list, &item, &q);) {
        if (tq_str_is(item, "*")) return true;
        if (tq_str_starts(item, "W/")) item.at += 2, item.len -= 2;
        if (etag.len != 0 && tq_str_eq(item, etag)) return true;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

problem_id target_decode(serve_request *request, tq_str raw, api_place place, tq_str *out)
{
    if (raw.len + 1 > sizeof request->text - request->text_used) return PROBLEM_URL_TOO_LONG;
    char *start = request->text + request->text_used;
    size_t len = 0;
    for (size_t k = 0; k < raw.len; k++) {
        char c = raw.at[k];
        if (c == '+' && place == API_IN_QUERY) {
            c = ' ';
        } else if (c == '%') {
            bool whole = raw.len - k >= 3;
            int high = whole ? hex_digit(raw.at[k + 1]) : -1;
            int low = whole ? hex_digit(raw.at[k + 2]) : -1;
            if (high < 0 || low < 0) return PROBLEM_BAD_ESCAPE;
            c = (char)(high << 4 | low);
            k += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7F) return PROBLEM_BAD_ESCAPE;
        start[len++] = c;
    }
    if (!tq_utf8_valid((tq_str){start, len})) return PROBLEM_BAD_ESCAPE;
    start[len] = '\0';
    request->text_used += len + 1;
    *out = (tq_str){start, len};
    return PROBLEM_NONE;
}
