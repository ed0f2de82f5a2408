/* Vector tiles: what is written is read back by a small decoder of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "wire/wire.h"

/* ---- a decoder that knows only the specification
 * -------------------------------------------------- */

typedef struct reader {
    const uint8_t *at, *end;
} reader;

static uint64_t read_varint(reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        assert_true(in->at < in->end);
        uint8_t byte = *in->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
    }
    fail_msg("varint too long");
    return 0;
}

static bool read_field(reader *in, uint32_t *field, uint64_t *value, reader *inner)
{
    if (in->at == in->end) return false;
    uint64_t head = read_varint(in);
    *field = (uint32_t)(head >> 3);
    *value = read_varint(in);
    if ((head & 7) == 0) return true;
    assert_int_equal(head & 7, 2);
    assert_true(*value <= (uint64_t)(in->end - in->at));
    *inner = (reader){in->at, in->at + *value};
    in->at += *value;
    return true;
}

#define FEATURES_MAX 600
#define GEOMETRY_MAX 4000

typedef struct feature {
    uint64_t id;
    uint32_t type, tag_count, tags[32], geometry_count;
    uint32_t *geometry;
} feature;

typedef struct layer {
    char name[32];
    uint32_t version, extent, key_count, value_count, feature_count;
    reader key[64], value[700];
    feature feature[FEATURES_MAX];
} layer;

static uint32_t geometry_room[FEATURES_MAX * 40];
static size_t geometry_used;

static void read_feature(reader in, feature *out)
{
    uint32_t field;
    uint64_t value;
    reader inner;
    memset(out, 0, sizeof *out);
    while (read_field(&in, &field, &value, &inner)) {
        if (field == 1) out->id = value;
        if (field == 2)
            while (inner.at < inner.end)
                out->tags[out->tag_count++] = (uint32_t)read_varint(&inner);
        if (field == 3) out->type = (uint32_t)value;
        if (field != 4) continue;
        out->geometry = geometry_room + geometry_used;
        while (inner.at < inner.end) {
            assert_true(geometry_used < TQ_COUNT(geometry_room));
            geometry_room[geometry_used++] = (uint32_t)read_varint(&inner);
            out->geometry_count++;
        }
    }
}

static layer tile[4];

static uint32_t read_tile(const tq_buf *buf)
{
    reader in = {(const uint8_t *)buf->at, (const uint8_t *)buf->at + buf->len}, inner;
    uint32_t count = 0, field;
    uint64_t value;
    geometry_used = 0;
    while (read_field(&in, &field, &value, &inner)) {
        assert_int_equal(field, 3);
        assert_true(count < TQ_COUNT(tile));
        layer *at = &tile[count++];
        memset(at, 0, sizeof *at);
        reader part;
        while (read_field(&inner, &field, &value, &part)) {
            if (field == 15) at->version = (uint32_t)value;
            if (field == 1)
                snprintf(at->name, sizeof at->name, "%.*s", (int)(part.end - part.at), part.at);
            if (field == 2) read_feature(part, &at->feature[at->feature_count++]);
            if (field == 3) at->key[at->key_count++] = part;
            if (field == 4) at->value[at->value_count++] = part;
            if (field == 5) at->extent = (uint32_t)value;
        }
    }
    return count;
}

static int32_t unzigzag(uint32_t value)
{
    return (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
}

/* Points of a feature; returns their count. */
static uint32_t read_path(const feature *from, int32_t *xy, bool *closed)
{
    int32_t x = 0, y = 0;
    uint32_t count = 0;
    *closed = false;
    for (uint32_t k = 0; k < from->geometry_count;) {
        uint32_t command = from->geometry[k] & 7, repeat = from->geometry[k] >> 3;
        k++;
        if (command == 7) {
            assert_int_equal(repeat, 1);
            *closed = true;
            continue;
        }
        assert_true(command == 1 || command == 2);
        assert_true(repeat > 0);
        for (; repeat > 0; repeat--, k += 2) {
            assert_true(k + 1 < from->geometry_count);
            x += unzigzag(from->geometry[k]);
            y += unzigzag(from->geometry[k + 1]);
            xy[2 * count] = x;
            xy[2 * count + 1] = y;
            count++;
        }
    }
    return count;
}

static void assert_text(reader got, const char *want)
{
    assert_int_equal((size_t)(got.end - got.at), strlen(want));
    assert_memory_equal(got.at, want, strlen(want));
}

/* ---- cases
 * ------------------------------------------------------------------------------------------ */

static void layers_keys_and_values(void **state)
{
    (void)state;
    tq_buf out = {0};
    tq_mvt *mvt = tq_mvt_new();
    tq_mvt_begin(mvt, &out);
    tq_mvt_layer(mvt, "streets");
    int32_t line[] = {0, 0, 10, 0, 10, 0, 10, -20};
    tq_mvt_feature(mvt, 7, TQ_MVT_LINE, line, 4);
    tq_mvt_tag_text(mvt, "name", TQ_STR("迎泽大街"));
    tq_mvt_tag_int(mvt, "lanes", 6);
    tq_mvt_feature(mvt, 8, TQ_MVT_LINE, line, 4);
    tq_mvt_tag_text(mvt, "name", TQ_STR("迎泽大街"));
    tq_mvt_tag_int(mvt, "layer", -1);
    tq_mvt_layer(mvt, "empty");
    tq_mvt_layer(mvt, "stops");
    int32_t point[] = {-5, 4100};
    tq_mvt_feature(mvt, 0, TQ_MVT_POINT, point, 1);
    assert_int_equal(tq_mvt_end(mvt, NULL), TQ_OK);

    assert_int_equal(read_tile(&out), 2);
    const layer *streets = &tile[0];
    assert_string_equal(streets->name, "streets");
    assert_int_equal(streets->version, 2);
    assert_int_equal(streets->extent, 4096);
    assert_int_equal(streets->feature_count, 2);
    assert_int_equal(streets->key_count, 3);
    assert_int_equal(streets->value_count, 3); /* the shared name is stored once */
    assert_text(streets->key[0], "name");
    assert_text(streets->key[1], "lanes");
    assert_int_equal(streets->feature[0].id, 7);
    assert_int_equal(streets->feature[1].tags[0], 0);
    assert_int_equal(streets->feature[1].tags[1], 0);
    reader value = streets->value[0], text;
    uint32_t field;
    uint64_t number;
    assert_true(read_field(&value, &field, &number, &text));
    assert_int_equal(field, 1);
    assert_text(text, "迎泽大街");
    value = streets->value[1];
    assert_true(read_field(&value, &field, &number, &text));
    assert_int_equal(field, 5);
    assert_int_equal(number, 6);
    value = streets->value[2];
    assert_true(read_field(&value, &field, &number, &text));
    assert_int_equal(field, 4);
    assert_int_equal((int64_t)number, -1);

    int32_t xy[16];
    bool closed;
    assert_int_equal(read_path(&streets->feature[0], xy, &closed),
                     3); /* the repeated point is gone */
    int32_t want[] = {0, 0, 10, 0, 10, -20};
    assert_memory_equal(xy, want, sizeof want);
    assert_string_equal(tile[1].name, "stops");
    assert_int_equal(read_path(&tile[1].feature[0], xy, &closed), 1);
    assert_int_equal(xy[0], -5);
    assert_int_equal(xy[1], 4100);
    tq_mvt_free(mvt);
    tq_buf_free(&out);
}

static void exact_bytes_of_the_specification(void **state)
{
    (void)state;
    /* The specification's example of a linestring: (2,2) (2,10) (10,10) is 9 4 4 18 0 16 16 0. */
    tq_buf out = {0};
    tq_mvt *mvt = tq_mvt_new();
    tq_mvt_begin(mvt, &out);
    tq_mvt_layer(mvt, "l");
    int32_t line[] = {2, 2, 2, 10, 10, 10};
    tq_mvt_feature(mvt, 0, TQ_MVT_LINE, line, 3);
    int32_t points[] = {5, 7, 3, 2}; /* multipoint example: 17 10 14 3 9 */
    tq_mvt_feature(mvt, 0, TQ_MVT_POINT, points, 2);
    int32_t ring[] = {3, 6, 8, 12, 20, 34}; /* polygon example: 9 6 12 18 10 12 24 44 15 */
    tq_mvt_feature(mvt, 0, TQ_MVT_POLYGON, ring, 3);
    assert_int_equal(tq_mvt_end(mvt, NULL), TQ_OK);
    assert_int_equal(read_tile(&out), 1);
    static const uint32_t want[3][9] = {
        {9, 4, 4, 18, 0, 16, 16, 0}, {17, 10, 14, 3, 9}, {9, 6, 12, 18, 10, 12, 24, 44, 15}};
    static const uint32_t len[3] = {8, 5, 9};
    for (uint32_t k = 0; k < 3; k++) {
        assert_int_equal(tile[0].feature[k].geometry_count, len[k]);
        assert_memory_equal(tile[0].feature[k].geometry, want[k], len[k] * sizeof(uint32_t));
    }
    tq_mvt_free(mvt);
    tq_buf_free(&out);
}

static void rings_turn_the_right_way(void **state)
{
    (void)state;
    static const int32_t square[] = {0, 0, 10, 0, 10, 10, 0, 10, 0, 0};
    static const int32_t turned[] = {0, 0, 0, 10, 10, 10, 10, 0, 0, 0};
    const int32_t *ring[2] = {square, turned};
    for (uint32_t k = 0; k < 2; k++) {
        tq_buf out = {0};
        tq_mvt *mvt = tq_mvt_new();
        tq_mvt_begin(mvt, &out);
        tq_mvt_layer(mvt, "p");
        tq_mvt_feature(mvt, 1, TQ_MVT_POLYGON, ring[k], 5);
        assert_int_equal(tq_mvt_end(mvt, NULL), TQ_OK);
        assert_int_equal(read_tile(&out), 1);
        int32_t xy[16];
        bool closed;
        assert_int_equal(read_path(&tile[0].feature[0], xy, &closed), 4);
        assert_true(closed);
        int64_t area = 0;
        for (uint32_t p = 0; p < 4; p++) {
            uint32_t q = (p + 1) % 4;
            area += (int64_t)xy[2 * p] * xy[2 * q + 1] - (int64_t)xy[2 * q] * xy[2 * p + 1];
        }
        assert_true(area > 0);
        tq_mvt_free(mvt);
        tq_buf_free(&out);
    }
}

static void nothing_from_nothing(void **state)
{
    (void)state;
    tq_buf out = {0};
    tq_mvt *mvt = tq_mvt_new();
    tq_mvt_begin(mvt, &out);
    tq_mvt_layer(mvt, "l");
    int32_t same[] = {4, 4, 4, 4, 4, 4, 4, 4};
    tq_mvt_feature(mvt, 1, TQ_MVT_LINE, same, 4);
    tq_mvt_tag_text(mvt, "ignored", TQ_STR("x"));
    tq_mvt_feature(mvt, 2, TQ_MVT_POLYGON, same, 4);
    tq_mvt_feature(mvt, 3, TQ_MVT_LINE, same, 0);
    assert_int_equal(tq_mvt_end(mvt, NULL), TQ_OK);
    assert_int_equal(out.len, 0);
    tq_mvt_free(mvt);
    tq_buf_free(&out);
}

static void random_lines_come_back(void **state)
{
    (void)state;
    tq_mvt *mvt = tq_mvt_new();
    for (uint64_t seed = 1; seed <= 50; seed++) {
        tq_random random = {seed};
        tq_buf out = {0};
        static int32_t line[FEATURES_MAX][32];
        static uint32_t count[FEATURES_MAX], word[FEATURES_MAX];
        tq_mvt_begin(mvt, &out);
        tq_mvt_layer(mvt, "r");
        uint32_t features = 1 + tq_random_below(&random, FEATURES_MAX);
        for (uint32_t k = 0; k < features; k++) {
            count[k] = 2 + tq_random_below(&random, 14);
            for (uint32_t p = 0; p < count[k]; p++) {
                line[k][2 * p] = (int32_t)tq_random_below(&random, 9000) - 2000;
                line[k][2 * p + 1] = 2 * (int32_t)tq_random_below(&random, 3000) + (int32_t)(p & 1);
            }
            word[k] = tq_random_below(&random, 600);
            tq_mvt_feature(mvt, k + 1, TQ_MVT_LINE, line[k], count[k]);
            char text[16];
            snprintf(text, sizeof text, "w%u", word[k]);
            tq_mvt_tag_text(mvt, "w", tq_str_of(text));
        }
        assert_int_equal(tq_mvt_end(mvt, NULL), TQ_OK);
        assert_int_equal(read_tile(&out), 1);
        if (tile[0].feature_count != features) fail_msg("seed %u", (unsigned)seed);
        for (uint32_t k = 0; k < features; k++) {
            int32_t xy[64];
            bool closed;
            if (read_path(&tile[0].feature[k], xy, &closed) != count[k] ||
                memcmp(xy, line[k], count[k] * 2 * sizeof *xy) != 0)
                fail_msg("seed %u feature %u", (unsigned)seed, k);
            char text[16];
            snprintf(text, sizeof text, "w%u", word[k]);
            reader value = tile[0].value[tile[0].feature[k].tags[1]], inner;
            uint32_t field;
            uint64_t number;
            assert_true(read_field(&value, &field, &number, &inner));
            assert_text(inner, text);
        }
        tq_buf_free(&out);
    }
    tq_mvt_free(mvt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_keys_and_values),
        cmocka_unit_test(exact_bytes_of_the_specification),
        cmocka_unit_test(rings_turn_the_right_way),
        cmocka_unit_test(nothing_from_nothing),
        cmocka_unit_test(random_lines_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
