/*
 * JSON that comes in: limits first, then one object; members by name, unknown ones refused with the
 * nearest that there is.
 */
#include <stdio.h>

#include "live/live_in.h"

#define WORD_MAX 40u

/* Brackets outside texts, so that no reader sees more depth than the limit. */
static bool is_shallow(tq_str text)
{
    uint32_t depth = 0;
    bool quoted = false;
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (quoted) {
            if (c == '\\')
                k++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIVE_JSON_DEPTH_MAX) return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

tq_status live_json_load(tq_str text, size_t bytes_max, const char *what, json_t **out, tq_err *err)
{
    json_error_t why;
    if (text.len == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s is empty; a JSON object goes here", what);
    if (text.len > bytes_max)
        return tq_fail(err, TQ_LIMIT, 0, "%s has %zu bytes; %zu are the most", what, text.len,
                       bytes_max);
    if (!is_shallow(text))
        return tq_fail(err, TQ_LIMIT, 0, "%s is nested deeper than %u", what, LIVE_JSON_DEPTH_MAX);
    json_t *read = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &why);
    if (read == NULL)
        return tq_fail(err, TQ_BAD_INPUT, (uint64_t)TQ_MAX(why.line, 0),
                       "%s is not JSON: %s (line %d, column %d)", what, why.text, why.line,
                       why.column);
    if (!json_is_object(read)) {
        json_decref(read);
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s is not a JSON object", what);
    }
    *out = read;
    return TQ_OK;
}

/* Edits from one word to another. */
static uint32_t distance(const char *a, const char *b)
{
    uint32_t row[WORD_MAX + 1];
    size_t a_len = TQ_MIN(strlen(a), WORD_MAX), b_len = TQ_MIN(strlen(b), WORD_MAX);
    for (uint32_t k = 0; k <= b_len; k++)
        row[k] = k;
    for (size_t i = 1; i <= a_len; i++) {
        uint32_t corner = row[0];
        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= b_len; j++) {
            uint32_t above = row[j], change = corner + (a[i - 1] != b[j - 1]);
            row[j] = TQ_MIN(change, TQ_MIN(above, row[j - 1]) + 1);
            corner = above;
        }
    }
    return row[b_len];
}

const char *live_nearest(const char *text, const char *const *list)
{
    const char *best = list[0];
    uint32_t best_distance = UINT32_MAX;
    for (; *list != NULL; list++) {
        uint32_t here = distance(text, *list);
        if (here >= best_distance) continue;
        best = *list;
        best_distance = here;
    }
    return best;
}

uint32_t live_row_of(const char *text, const char *const *list)
{
    for (uint32_t row = 0; list[row] != NULL; row++)
        if (strcmp(text, list[row]) == 0) return row;
    return TQ_NONE;
}

tq_status live_only(const json_t *object, const char *const *list, const char *what, tq_err *err)
{
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, member, value)
    {
        if (live_row_of(member, list) == TQ_NONE)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "\"%.40s\" is no member of a %s; did you mean \"%s\"?", member, what,
                           live_nearest(member, list));
    }
    return TQ_OK;
}

tq_status live_text(const json_t *object, const char *member, size_t room, char *out, tq_err *err)
{
    const json_t *value = json_object_get(object, member);
    out[0] = '\0';
    if (value == NULL || json_is_null(value)) return TQ_OK;
    if (!json_is_string(value)) return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" is a text", member);
    size_t len = json_string_length(value);
    if (len >= room)
        return tq_fail(err, TQ_LIMIT, 0, "\"%s\" has %zu bytes; %zu are the most", member, len,
                       room - 1);
    if (len != strlen(json_string_value(value)))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" holds a zero byte", member);
    memcpy(out, json_string_value(value), len + 1);
    return TQ_OK;
}
