/*
 * Keys of OpenStreetMap that import reads, found by binary search, so that an element's tags are
 * looked at once.
 *
 * `KEY:forward` and `KEY:backward` are the key with a side. Unknown keys are passed over. A key
 * that comes twice keeps its first value.
 */
#include "import/streets_in.h"

static const char *const key_text[OSM_KEY_COUNT] = {
#define OSM_KEY_TEXT(name, text) text,
    OSM_KEYS(OSM_KEY_TEXT)
#undef OSM_KEY_TEXT
};

static int compare_key(tq_str key, const char *text)
{
    size_t len = strlen(text);
    int order = memcmp(key.at, text, TQ_MIN(key.len, len));
    if (order != 0) return order;
    return key.len < len ? -1 : key.len > len;
}

static unsigned find_key(tq_str key)
{
    unsigned low = 0, high = OSM_KEY_COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int side = compare_key(key, key_text[middle]);
        if (side == 0) return middle;
        if (side < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return OSM_KEY_COUNT;
}

static bool cut_end(tq_str *key, const char *end)
{
    size_t len = strlen(end);
    if (key->len <= len || memcmp(key->at + key->len - len, end, len) != 0) return false;
    key->len -= len;
    return true;
}

void osm_values_take(osm_values *values, const tq_osm_tag *tag, uint32_t tag_count)
{
    tq_str *flat = &values->at[0][0];
    for (uint32_t k = 0; k < values->set_count; k++)
        flat[values->set[k]] = (tq_str){0};
    values->set_count = 0;
    values->tag = tag;
    values->tag_count = tag_count;
    for (uint32_t k = 0; k < tag_count; k++) {
        tq_str key = tag[k].key;
        if (key.len == 0) continue;
        osm_side side = OSM_BOTH;
        if (cut_end(&key, ":forward"))
            side = OSM_FORWARD;
        else if (cut_end(&key, ":backward"))
            side = OSM_BACKWARD;
        unsigned found = find_key(key);
        if (found == OSM_KEY_COUNT) continue;
        unsigned slot = (unsigned)side * OSM_KEY_COUNT + found;
        if (flat[slot].at != NULL) continue;
        flat[slot] = tag[k].value.at != NULL ? tag[k].value : TQ_STR("");
        values->set[values->set_count++] = (uint16_t)slot;
    }
}

bool osm_one_of(tq_str value, const char *const *list)
{
    for (; *list != NULL; list++)
        if (tq_str_is(value, *list)) return true;
    return false;
}

void osm_conditions(const osm_values *values, tq_buf *out)
{
    for (uint32_t k = 0; k < values->tag_count; k++) {
        tq_str key = values->tag[k].key;
        if (memmem(key.at, key.len, ":conditional", 12) == NULL) continue;
        if (out->len > 0) tq_buf_putc(out, '\n');
        tq_buf_put(out, key.at, key.len);
        tq_buf_putc(out, '=');
        tq_buf_put(out, values->tag[k].value.at, values->tag[k].value.len);
    }
}
