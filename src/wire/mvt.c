/*
 * Mapbox vector tiles, version 2.1, writing only.
 * Source: the Mapbox Vector Tile Specification 2.1, sections 4.1 to 4.4.
 *
 * A layer gathers its features in one buffer and its keys and values in two dictionaries; it is
 * written out when the next layer begins or the tile ends, and left out if it has no features.
 * Geometry is command integers and zigzag deltas. A polygon is one exterior ring, turned so that
 * its area by the surveyor's formula is positive in tile coordinates (y down), and closed by
 * ClosePath.
 *
 * Invariants: the same calls give the same bytes; repeated points are dropped; a line of fewer than
 * two or a ring of fewer than three distinct points is no feature, and its tags are ignored.
 */
#include "wire/wire.h"

#define COMMAND_MOVE  1u
#define COMMAND_LINE  2u
#define COMMAND_CLOSE 7u

#define DICTIONARY_MAX (1u << 20) /* distinct keys or values of a layer */

/* Encoded entries behind one another, found again by an open-addressed table of entry numbers. */
typedef struct dictionary {
    tq_buf bytes;
    TQ_VEC(uint32_t) end; /* end of each entry in bytes */
    uint32_t *slot;       /* [slot_count], entry + 1; 0 = empty; slot_count is a power of two */
    uint32_t slot_count;
} dictionary;

struct tq_mvt {
    tq_buf *out;
    tq_buf layer_name, features, layer, feature, value;
    dictionary keys, values;
    TQ_VEC(uint32_t) tags;
    TQ_VEC(uint32_t) geometry;
    uint64_t id;
    tq_mvt_type type;
    bool in_layer, in_feature, failed;
};

static void put_raw(tq_buf *buf, uint64_t value)
{
    char bytes[10];
    size_t len = 0;
    do {
        bytes[len++] = (char)(value < 0x80 ? value : (value & 0x7F) | 0x80);
        value >>= 7;
    } while (value != 0);
    tq_buf_put(buf, bytes, len);
}

static void put_number(tq_buf *buf, uint32_t field, uint64_t value)
{
    put_raw(buf, (uint64_t)field << 3);
    put_raw(buf, value);
}

static void put_bytes(tq_buf *buf, uint32_t field, const void *bytes, size_t len)
{
    put_raw(buf, (uint64_t)field << 3 | 2);
    put_raw(buf, len);
    tq_buf_put(buf, bytes, len);
}

static void put_packed(tq_buf *buf, uint32_t field, const uint32_t *number, size_t count)
{
    size_t len = 0;
    for (size_t k = 0; k < count; k++) {
        len++;
        for (uint32_t rest = number[k] >> 7; rest != 0; rest >>= 7)
            len++;
    }
    put_raw(buf, (uint64_t)field << 3 | 2);
    put_raw(buf, len);
    for (size_t k = 0; k < count; k++)
        put_raw(buf, number[k]);
}

/* ---- dictionaries
 * -------------------------------------------------------------------------------- */

static tq_str entry_of(const dictionary *words, uint32_t entry)
{
    uint32_t start = entry == 0 ? 0 : words->end.at[entry - 1];
    return (tq_str){words->bytes.at + start, words->end.at[entry] - start};
}

static void forget_words(dictionary *words)
{
    words->bytes.len = 0;
    words->bytes.failed = false;
    words->end.count = 0;
    if (words->slot != NULL) memset(words->slot, 0, words->slot_count * sizeof *words->slot);
}

static void free_words(dictionary *words)
{
    tq_buf_free(&words->bytes);
    tq_vec_free(&words->end);
    tq_free(words->slot);
}

static void place_word(dictionary *words, uint32_t entry)
{
    tq_str text = entry_of(words, entry);
    uint32_t at = (uint32_t)tq_hash(text.at, text.len, 0) & (words->slot_count - 1);
    while (words->slot[at] != 0)
        at = (at + 1) & (words->slot_count - 1);
    words->slot[at] = entry + 1;
}

static bool widen_words(dictionary *words)
{
    uint32_t slots = words->slot_count == 0 ? 64 : words->slot_count * 2;
    uint32_t *wider = TQ_ALLOC(uint32_t, slots);
    if (wider == NULL) return false;
    tq_free(words->slot);
    words->slot = wider;
    words->slot_count = slots;
    for (uint32_t entry = 0; entry < words->end.count; entry++)
        place_word(words, entry);
    return true;
}

/* Number of the entry with these bytes, added if it is new; false on no memory or too many. */
static bool word_number(dictionary *words, const void *bytes, size_t len, uint32_t *entry)
{
    if ((words->end.count + 1) * 2 > words->slot_count && !widen_words(words)) return false;
    uint32_t at = (uint32_t)tq_hash(bytes, len, 0) & (words->slot_count - 1);
    for (; words->slot[at] != 0; at = (at + 1) & (words->slot_count - 1)) {
        if (!tq_str_eq(entry_of(words, words->slot[at] - 1), (tq_str){bytes, len})) continue;
        *entry = words->slot[at] - 1;
        return true;
    }
    tq_buf_put(&words->bytes, bytes, len);
    if (words->bytes.failed || words->bytes.len > UINT32_MAX || words->end.count >= DICTIONARY_MAX)
        return false;
    if (!tq_vec_push(&words->end, (uint32_t)words->bytes.len)) return false;
    *entry = (uint32_t)words->end.count - 1;
    words->slot[at] = *entry + 1;
    return true;
}

/* ---- life
 * ------------------------------------------------------------------------------------------ */

tq_mvt *tq_mvt_new(void)
{
    return TQ_ALLOC(tq_mvt, 1);
}

void tq_mvt_free(tq_mvt *mvt)
{
    if (mvt == NULL) return;
    tq_buf_free(&mvt->layer_name);
    tq_buf_free(&mvt->features);
    tq_buf_free(&mvt->layer);
    tq_buf_free(&mvt->feature);
    tq_buf_free(&mvt->value);
    free_words(&mvt->keys);
    free_words(&mvt->values);
    tq_vec_free(&mvt->tags);
    tq_vec_free(&mvt->geometry);
    tq_free(mvt);
}

static void empty_buf(tq_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

void tq_mvt_begin(tq_mvt *mvt, tq_buf *out)
{
    mvt->out = out;
    mvt->in_layer = mvt->in_feature = mvt->failed = false;
    empty_buf(&mvt->features);
}

/* ---- features
 * ---------------------------------------------------------------------------------------- */

static void end_feature(tq_mvt *mvt)
{
    if (!mvt->in_feature) return;
    mvt->in_feature = false;
    empty_buf(&mvt->feature);
    if (mvt->id != 0) put_number(&mvt->feature, 1, mvt->id);
    if (mvt->tags.count != 0) put_packed(&mvt->feature, 2, mvt->tags.at, mvt->tags.count);
    put_number(&mvt->feature, 3, mvt->type);
    put_packed(&mvt->feature, 4, mvt->geometry.at, mvt->geometry.count);
    put_bytes(&mvt->features, 2, mvt->feature.at, mvt->feature.len);
    if (mvt->feature.failed) mvt->failed = true;
}

static void end_layer(tq_mvt *mvt)
{
    end_feature(mvt);
    if (!mvt->in_layer) return;
    mvt->in_layer = false;
    if (mvt->features.len == 0 && !mvt->features.failed) return;
    empty_buf(&mvt->layer);
    put_number(&mvt->layer, 15, 2); /* version */
    put_bytes(&mvt->layer, 1, mvt->layer_name.at, mvt->layer_name.len);
    tq_buf_put(&mvt->layer, mvt->features.at, mvt->features.len);
    for (uint32_t entry = 0; entry < mvt->keys.end.count; entry++) {
        tq_str key = entry_of(&mvt->keys, entry);
        put_bytes(&mvt->layer, 3, key.at, key.len);
    }
    for (uint32_t entry = 0; entry < mvt->values.end.count; entry++) {
        tq_str value = entry_of(&mvt->values, entry);
        put_bytes(&mvt->layer, 4, value.at, value.len);
    }
    put_number(&mvt->layer, 5, TQ_MVT_EXTENT);
    put_bytes(mvt->out, 3, mvt->layer.at, mvt->layer.len);
    if (mvt->layer.failed || mvt->features.failed || mvt->layer_name.failed) mvt->failed = true;
}

void tq_mvt_layer(tq_mvt *mvt, const char *name)
{
    end_layer(mvt);
    empty_buf(&mvt->layer_name);
    empty_buf(&mvt->features);
    tq_buf_puts(&mvt->layer_name, name);
    forget_words(&mvt->keys);
    forget_words(&mvt->values);
    mvt->in_layer = true;
}

/* Appends the points from `xy` (step +1 or -1 through them) as one path; returns how many were
 * kept. */
typedef struct pen {
    tq_mvt *mvt;
    int32_t x, y;
    size_t command; /* place of the command integer that is being counted */
} pen;

static void put_geometry(tq_mvt *mvt, uint32_t number)
{
    if (!tq_vec_push(&mvt->geometry, number)) mvt->failed = true;
}

static uint32_t zigzag(int32_t value)
{
    return ((uint32_t)value << 1) ^ (value < 0 ? UINT32_MAX : 0);
}

static void pen_point(pen *at, int32_t x, int32_t y)
{
    put_geometry(at->mvt, zigzag((int32_t)((uint32_t)x - (uint32_t)at->x)));
    put_geometry(at->mvt, zigzag((int32_t)((uint32_t)y - (uint32_t)at->y)));
    at->x = x;
    at->y = y;
}

static void put_points(tq_mvt *mvt, const int32_t *xy, size_t count)
{
    pen at = {.mvt = mvt};
    put_geometry(mvt, COMMAND_MOVE | (uint32_t)count << 3);
    for (size_t k = 0; k < count; k++)
        pen_point(&at, xy[2 * k], xy[2 * k + 1]);
}

/* A path through the points, forwards or backwards, without repeats. */
static size_t put_path(tq_mvt *mvt, const int32_t *xy, size_t count, bool backwards)
{
    pen at = {.mvt = mvt};
    size_t kept = 0;
    for (size_t k = 0; k < count; k++) {
        const int32_t *point = xy + 2 * (backwards ? count - 1 - k : k);
        if (kept != 0 && point[0] == at.x && point[1] == at.y) continue;
        if (kept == 0) put_geometry(mvt, COMMAND_MOVE | 1u << 3);
        if (kept == 1) {
            at.command = mvt->geometry.count;
            put_geometry(mvt, 0);
        }
        pen_point(&at, point[0], point[1]);
        kept++;
    }
    if (kept > 1 && !mvt->failed)
        mvt->geometry.at[at.command] = COMMAND_LINE | (uint32_t)(kept - 1) << 3;
    return kept;
}

/* Twice the signed area by the surveyor's formula. */
static int64_t ring_area(const int32_t *xy, size_t count)
{
    int64_t area = 0;
    for (size_t k = 0; k < count; k++) {
        const int32_t *a = xy + 2 * k, *b = xy + 2 * ((k + 1) % count);
        area += (int64_t)a[0] * b[1] - (int64_t)b[0] * a[1];
    }
    return area;
}

void tq_mvt_feature(tq_mvt *mvt, uint64_t id, tq_mvt_type type, const int32_t *xy,
                    size_t point_count)
{
    end_feature(mvt);
    mvt->geometry.count = mvt->tags.count = 0;
    mvt->id = id;
    mvt->type = type;
    if (!mvt->in_layer || point_count == 0 || point_count > UINT32_MAX >> 3) return;
    if (type == TQ_MVT_POINT) {
        put_points(mvt, xy, point_count);
        mvt->in_feature = true;
        return;
    }
    if (type == TQ_MVT_LINE) {
        mvt->in_feature = put_path(mvt, xy, point_count, false) >= 2;
        return;
    }
    while (point_count > 1 && xy[0] == xy[2 * point_count - 2] && xy[1] == xy[2 * point_count - 1])
        point_count--;
    int64_t area = ring_area(xy, point_count);
    if (area == 0) return;
    mvt->in_feature = put_path(mvt, xy, point_count, area < 0) >= 3;
    put_geometry(mvt, COMMAND_CLOSE | 1u << 3);
}

/* ---- tags
 * ---------------------------------------------------------------------------------------------- */

static void put_tag(tq_mvt *mvt, const char *key)
{
    uint32_t key_number, value_number;
    if (!word_number(&mvt->keys, key, strlen(key), &key_number) || mvt->value.failed ||
        !word_number(&mvt->values, mvt->value.at, mvt->value.len, &value_number) ||
        !tq_vec_push(&mvt->tags, key_number) || !tq_vec_push(&mvt->tags, value_number))
        mvt->failed = true;
}

void tq_mvt_tag_text(tq_mvt *mvt, const char *key, tq_str value)
{
    if (!mvt->in_feature) return;
    empty_buf(&mvt->value);
    put_bytes(&mvt->value, 1, value.at, value.len);
    put_tag(mvt, key);
}

void tq_mvt_tag_int(tq_mvt *mvt, const char *key, int64_t value)
{
    if (!mvt->in_feature) return;
    empty_buf(&mvt->value);
    put_number(&mvt->value, value < 0 ? 4 : 5, (uint64_t)value); /* int_value or uint_value */
    put_tag(mvt, key);
}

void tq_mvt_tag_bool(tq_mvt *mvt, const char *key, bool value)
{
    if (!mvt->in_feature) return;
    empty_buf(&mvt->value);
    put_number(&mvt->value, 7, value);
    put_tag(mvt, key);
}

void tq_mvt_tag_double(tq_mvt *mvt, const char *key, double value)
{
    if (!mvt->in_feature) return;
    empty_buf(&mvt->value);
    put_raw(&mvt->value, 3u << 3 | 1); /* double_value, 64 bit, little-endian */
    tq_buf_put(&mvt->value, &value, sizeof value);
    put_tag(mvt, key);
}

tq_status tq_mvt_end(tq_mvt *mvt, tq_err *err)
{
    end_layer(mvt);
    if (mvt->failed || mvt->out->failed)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a vector tile");
    return TQ_OK;
}
