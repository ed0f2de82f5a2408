/*
 * JSON coming in: the reader that walks a document piece by piece and the one that skips it agree,
 * and whatever they accept Jansson accepts too.
 */
#include <jansson.h>

#include "serve/serve_in.h"

#define STEPS_MAX 100000u

/* Walk the whole document by opening everything. */
static bool walk(json_in *in)
{
    static char text[256];
    uint32_t depth = 0;
    bool object[64] = {false};
    for (uint32_t step = 0; step < STEPS_MAX; step++) {
        if (depth > 0) {
            if (!json_in_more(in)) {
                if (in->why != NULL) return false;
                if (--depth == 0) return json_in_end(in);
                continue;
            }
            if (object[depth] && !json_in_key(in, text, sizeof text)) return false;
        }
        json_kind kind = json_in_kind(in);
        if (kind == JSON_IN_OBJECT || kind == JSON_IN_ARRAY) {
            if (!json_in_open(in, kind)) return false;
            TQ_ASSERT(depth + 1 < TQ_COUNT(object));
            object[++depth] = kind == JSON_IN_OBJECT;
            continue;
        }
        if (kind == JSON_IN_BAD || !json_in_skip(in, NULL)) return false;
        if (depth == 0) return json_in_end(in);
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL) return 0;
    memcpy(copy, data, size);
    copy[size] = '\0';
    json_in in, other;
    json_in_begin(&in, (tq_str){copy, size});
    json_in_begin(&other, (tq_str){copy, size});
    bool walked = walk(&in);
    bool skipped = json_in_skip(&other, NULL) && json_in_end(&other);
    /* The first mistake sticks and lies inside. */
    TQ_ASSERT(in.at >= in.start && in.at <= in.end && other.at >= other.start);
    if (walked) {
        TQ_ASSERT(skipped);
        json_error_t error;
        json_t *tree = json_loadb(
            copy, size, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
        /* Jansson also refuses numbers beyond a double and texts that are not UTF-8. */
        bool ascii = true, long_number = size > 250;
        for (size_t k = 0; k < size; k++)
            ascii = ascii && data[k] < 128 && data[k] != '\\' && data[k] != 'e' && data[k] != 'E';
        TQ_ASSERT(tree != NULL || !ascii || long_number);
        json_decref(tree);
    }
    free(copy);
    return 0;
}
