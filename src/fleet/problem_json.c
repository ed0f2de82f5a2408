/* The JSON reader's sense of place: paths, numbers within limits, members that nobody knows. */
#include <math.h>

#include "fleet/problem_json_in.h"

static void push_text(reader *in, const char *text)
{
    size_t len = strlen(text);
    TQ_ASSERT(in->depth < JSON_DEEP_MAX);
    in->path_len[in->depth++] = in->used;
    len = TQ_MIN(len, JSON_PATH_MAX - 1 - in->used);
    memcpy(in->path + in->used, text, len);
    in->used += len;
    in->path[in->used] = '\0';
}

void json_push(reader *in, const char *key)
{
    char text[80];
    (void)snprintf(text, sizeof text, "%s%.70s", in->used > 0 ? "." : "", key);
    push_text(in, text);
}

void json_push_index(reader *in, size_t index)
{
    char text[32];
    (void)snprintf(text, sizeof text, "[%zu]", index);
    push_text(in, text);
}

void json_pop(reader *in)
{
    in->used = in->path_len[--in->depth];
    in->path[in->used] = '\0';
}

tq_status json_bad(const reader *in, const char *what)
{
    return tq_fail(in->err, TQ_BAD_INPUT, 0, "%s%s%s", in->path, in->used > 0 ? ": " : "", what);
}

tq_status json_over(const reader *in, size_t most)
{
    return tq_fail(in->err, TQ_LIMIT, 0, "%s: more than %zu", in->path, most);
}

tq_status json_no_memory(const reader *in)
{
    return tq_fail(in->err, TQ_NO_MEMORY, 0, "no memory for the problem");
}

tq_status json_whole(reader *in, const json_t *value, int64_t low, int64_t high, int64_t *out)
{
    int64_t number = 0;
    bool good = json_is_integer(value);
    if (good) number = json_integer_value(value);
    if (json_is_real(value) && json_real_value(value) == floor(json_real_value(value)) &&
        fabs(json_real_value(value)) < 9e15) {
        number = (int64_t)json_real_value(value);
        good = true;
    }
    if (!good || number < low || number > high)
        return tq_fail(in->err, TQ_BAD_INPUT, 0, "%s: %s; it is a whole number from %lld to %lld",
                       in->path,
                       value == NULL || json_is_null(value) ? "is missing"
                       : good                               ? "is out of range"
                                                            : "is not a whole number",
                       (long long)low, (long long)high);
    *out = number;
    return TQ_OK;
}

tq_status json_fraction(reader *in, const json_t *value, double low, double high, double *out)
{
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= low && number <= high))
        return tq_fail(in->err, TQ_BAD_INPUT, 0, "%s: is not a number from %g to %g", in->path, low,
                       high);
    *out = number;
    return TQ_OK;
}

tq_status json_members(reader *in, const json_t *object, const char *const *known)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        const char *key = json_object_iter_key(at);
        uint32_t row = 0;
        while (known[row] != NULL && strcmp(known[row], key) != 0)
            row++;
        if (known[row] != NULL) continue;
        json_push(in, key);
        return json_bad(in, "is not known here; take it out or correct its name");
    }
    return TQ_OK;
}
