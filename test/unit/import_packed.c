/* Packed sources: what a small file may unpack to and make the import keep, a bit below and a bit
 * above each limit; and sources with nothing in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "import_build.h"
#include "osm_test.h"

/* Pack by zlib (bits 15) or gzip (31); free `out`. */
static void pack(const tq_buf *from, int bits, tq_buf *out)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t cap = deflateBound(&stream, (uLong)from->len);
    uint8_t *packed = TQ_ALLOC(uint8_t, cap);
    assert_non_null(packed);
    stream.next_in = (Bytef *)from->at;
    stream.avail_in = (uInt)from->len;
    stream.next_out = packed;
    stream.avail_out = (uInt)cap;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    tq_buf_put(out, packed, stream.total_out);
    (void)deflateEnd(&stream);
    tq_free(packed);
}

static void put_zeros(tq_buf *out, size_t count)
{
    static const char zeros[4096];
    for (; count > 0; count -= TQ_MIN(count, sizeof zeros))
        tq_buf_put(out, zeros, TQ_MIN(count, sizeof zeros));
}

/* Append a zlib blob. */
static void put_packed_blob(tq_buf *file, const char *type, const tq_buf *block)
{
    tq_buf packed = {0}, blob = {0}, head = {0};
    pack(block, 15, &packed);
    tq_proto_put_varint(&blob, 2, block->len);
    tq_proto_put_bytes(&blob, 3, packed.at, packed.len);
    tq_proto_put_bytes(&head, 1, type, strlen(type));
    tq_proto_put_varint(&head, 3, blob.len);
    const char len[4] = {0, 0, 0, (char)head.len};
    tq_buf_put(file, len, 4);
    tq_buf_put(file, head.at, head.len);
    tq_buf_put(file, blob.at, blob.len);
    tq_buf_free(&packed);
    tq_buf_free(&blob);
    tq_buf_free(&head);
}

/* A residential way of `count` references to one node. */
static void put_long_way(tq_buf *block, size_t count)
{
    tq_buf table = {0}, group = {0}, way = {0}, refs = {0};
    tq_proto_put_bytes(&table, 1, "", 0);
    tq_proto_put_bytes(&table, 1, "highway", 7);
    tq_proto_put_bytes(&table, 1, "residential", 11);
    tq_proto_put_bytes(block, 1, table.at, table.len);
    put_zeros(&refs, count);
    tq_proto_put_varint(&way, 1, 7);
    tq_proto_put_bytes(&way, 2, "\1", 1);
    tq_proto_put_bytes(&way, 3, "\2", 1);
    tq_proto_put_bytes(&way, 8, refs.at, refs.len);
    tq_proto_put_bytes(&group, 3, way.at, way.len);
    tq_proto_put_bytes(block, 2, group.at, group.len);
    tq_buf_free(&table);
    tq_buf_free(&group);
    tq_buf_free(&way);
    tq_buf_free(&refs);
}

static void expect(const char *name, const tq_buf *file, tq_status wanted, const char *says)
{
    test_build *test = test_build_new(2);
    tq_status status = test_build_osm(test, name, file->at, file->len);
    if (status != wanted || (wanted != TQ_OK && (strstr(test->err.text, says) == NULL ||
                                                 strstr(test->err.text, name) == NULL)))
        fail_msg("%zu bytes: %d %s", file->len, (int)status, test->err.text);
    test_build_free(test);
}

/* What a blob unpacks to: as much as any file may, and one blob more. */
static void unpacking_is_limited(void **state)
{
    (void)state;
    for (unsigned blobs = 2; blobs <= 3; blobs++) {
        tq_buf file = {0}, block = {0}, filling = {0};
        pbf_header(&file, "DenseNodes");
        put_zeros(&filling, (size_t)31 << 20);
        tq_proto_put_bytes(&block, 15, filling.at, filling.len);
        for (unsigned k = 0; k < blobs; k++)
            put_packed_blob(&file, "OSMData", &block);
        expect("bomb.osm.pbf", &file, blobs == 2 ? TQ_OK : TQ_LIMIT, "64 MiB + 64 times");
        tq_buf_free(&file);
        tq_buf_free(&block);
        tq_buf_free(&filling);
    }
}

/* What the import keeps of it: references of one byte each, 8 MiB of numbers and somewhat more. */
static void keeping_is_limited(void **state)
{
    (void)state;
    for (unsigned ways = 1; ways <= 2; ways++) {
        tq_buf file = {0}, block = {0};
        pbf_header(&file, "DenseNodes");
        put_long_way(&block, TQ_OSM_KEPT_FREE / 8 * 3 / 4);
        for (unsigned k = 0; k < ways; k++)
            put_packed_blob(&file, "OSMData", &block);
        expect("bomb.osm.pbf", &file, ways == 1 ? TQ_OK : TQ_LIMIT, "8 MiB + 16 times");
        tq_buf_free(&file);
        tq_buf_free(&block);
    }
    /* A text of a table costs nothing in the file, but a copy at each use. */
    tq_buf file = {0}, block = {0}, table = {0}, name = {0};
    pbf_header(&file, "DenseNodes");
    put_zeros(&name, 4097);
    tq_proto_put_bytes(&table, 1, name.at, name.len);
    tq_proto_put_bytes(&block, 1, table.at, table.len);
    pbf_blob(&file, "OSMData", &block);
    expect("text.osm.pbf", &file, TQ_BAD_INPUT, "a text has over 4096 bytes");
    tq_buf_free(&file);
    tq_buf_free(&block);
    tq_buf_free(&table);
    tq_buf_free(&name);
}

static void gzip_is_read_and_limited(void **state)
{
    (void)state;
    tq_buf xml = {0}, packed = {0};
    tq_buf_puts(&xml, "<osm><node id='1' lat='37.86' lon='112.561'/>"
                      "<node id='2' lat='37.86' lon='112.562'/><way id='7'><nd ref='1'/>"
                      "<nd ref='2'/><tag k='highway' v='residential'/></way></osm>");
    pack(&xml, 31, &packed);
    test_build *test = test_build_new(1);
    if (test_build_osm(test, "t.osm.gz", packed.at, packed.len) != TQ_OK)
        fail_msg("%s", test->err.text);
    assert_int_equal(import_link_stops(&test->build, &test->err), TQ_OK);
    assert_int_equal(test->build.city.streets.edge_count, 1);
    test_build_free(test);
    /* White space inside the element is fine, as long as there is not too much of it. */
    for (unsigned over = 0; over <= 1; over++) {
        xml.len = packed.len = 0;
        tq_buf_printf(&xml, "<osm>");
        for (unsigned k = 0; k < (over ? 80u : 60u) << 14; k++)
            tq_buf_puts(&xml, "                                                                ");
        tq_buf_printf(&xml, "</osm>");
        pack(&xml, 31, &packed);
        expect("bomb.osm.gz", &packed, over ? TQ_LIMIT : TQ_OK, "64 MiB + 64 times");
    }
    tq_buf_free(&xml);
    tq_buf_free(&packed);
}

/* The importer names the file as the sources give it. */
static void empty_feeds_are_refused_by_name(void **state)
{
    (void)state;
    static const char no_entries[22] = "PK\5\6"; /* the end record of a zip, nothing before it */
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"", 0}, {no_entries, sizeof no_entries}, {"stop_id", 7}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        test_build *test = test_build_new(1);
        test_build_write(test, "empty.gtfs.zip", cases[k].bytes, cases[k].len);
        (void)snprintf(test->settings.gtfs[0], sizeof test->settings.gtfs[0], "empty.gtfs.zip");
        test->settings.gtfs_count = 1;
        assert_int_equal(import_gtfs(&test->build, &test->err), TQ_BAD_INPUT);
        if (strstr(test->err.text, "empty.gtfs.zip") == NULL) fail_msg("%s", test->err.text);
        test_build_free(test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unpacking_is_limited),
                                       cmocka_unit_test(keeping_is_limited),
                                       cmocka_unit_test(gzip_is_read_and_limited),
                                       cmocka_unit_test(empty_feeds_are_refused_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
