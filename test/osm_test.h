/* Help for tests of OpenStreetMap: a tiny PBF writer, and a build over a folder made by the test.
 */
#ifndef TQ_OSM_TEST_H
#define TQ_OSM_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "wire/wire.h"

/* ---- writing PBF ---------------------------------------------------------------------------- */

static inline uint64_t pbf_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* A varint alone, for packed fields. */
static inline void pbf_packed(tq_buf *buf, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        tq_buf_putc(buf, (char)(value | 128));
    tq_buf_putc(buf, (char)value);
}

/* Append one raw (not packed) blob with its header. */
static inline void pbf_blob(tq_buf *file, const char *type, const tq_buf *block)
{
    tq_buf blob = {0}, head = {0};
    tq_proto_put_bytes(&blob, 1, block->at, block->len);
    tq_proto_put_bytes(&head, 1, type, strlen(type));
    tq_proto_put_varint(&head, 3, blob.len);
    const char len[4] = {(char)(head.len >> 24), (char)(head.len >> 16), (char)(head.len >> 8),
                         (char)head.len};
    tq_buf_put(file, len, 4);
    tq_buf_put(file, head.at, head.len);
    tq_buf_put(file, blob.at, blob.len);
    tq_buf_free(&blob);
    tq_buf_free(&head);
}

static inline void pbf_header(tq_buf *file, const char *feature)
{
    tq_buf block = {0};
    tq_proto_put_bytes(&block, 4, "OsmSchema-V0.6", 14);
    tq_proto_put_bytes(&block, 4, feature, strlen(feature));
    pbf_blob(file, "OSMHeader", &block);
    tq_buf_free(&block);
}

/* A block with three dense nodes (the middle one tagged), a plain node, a way and a relation. */
static inline void pbf_sample_block(tq_buf *block)
{
    static const char *const strings[] = {"",    "highway", "crossing",   "residential",
                                          "via", "type",    "restriction"};
    tq_buf table = {0}, group = {0}, dense = {0}, list = {0}, part = {0};
    for (size_t k = 0; k < TQ_COUNT(strings); k++)
        tq_proto_put_bytes(&table, 1, strings[k], strlen(strings[k]));
    tq_proto_put_bytes(block, 1, table.at, table.len);
    const int64_t ids[3] = {10, 1, -4}, lats[3] = {378700000, 10, -20},
                  lons[3] = {1125600000, -5, 7};
    const int64_t *const columns[3] = {ids, lats, lons};
    const uint32_t numbers[3] = {1, 8, 9};
    for (unsigned c = 0; c < 3; c++) {
        list.len = 0;
        for (unsigned k = 0; k < 3; k++)
            pbf_packed(&list, pbf_zigzag(columns[c][k]));
        tq_proto_put_bytes(&dense, numbers[c], list.at, list.len);
    }
    tq_proto_put_bytes(&dense, 10, "\0\1\2\0\0", 5);
    tq_proto_put_bytes(&group, 2, dense.at, dense.len);
    tq_proto_put_bytes(block, 2, group.at, group.len);
    group.len = part.len = 0;
    tq_proto_put_varint(&part, 1, pbf_zigzag(-7));
    tq_proto_put_bytes(&part, 2, "\1", 1);
    tq_proto_put_bytes(&part, 3, "\2", 1);
    tq_proto_put_varint(&part, 8, pbf_zigzag(-900000000));
    tq_proto_put_varint(&part, 9, pbf_zigzag(1800000000));
    tq_proto_put_bytes(&group, 1, part.at, part.len);
    part.len = list.len = 0;
    tq_proto_put_varint(&part, 1, 99);
    tq_proto_put_bytes(&part, 2, "\1", 1);
    tq_proto_put_bytes(&part, 3, "\3", 1);
    pbf_packed(&list, pbf_zigzag(10));
    pbf_packed(&list, pbf_zigzag(-3));
    tq_proto_put_bytes(&part, 8, list.at, list.len);
    tq_proto_put_bytes(&group, 3, part.at, part.len);
    part.len = 0;
    tq_proto_put_varint(&part, 1, 5);
    tq_proto_put_bytes(&part, 2, "\5", 1);
    tq_proto_put_bytes(&part, 3, "\6", 1);
    tq_proto_put_bytes(&part, 8, "\4", 1);
    tq_proto_put_bytes(&part, 9, "\24", 1); /* 10 as zigzag */
    tq_proto_put_bytes(&part, 10, "\0", 1);
    tq_proto_put_bytes(&group, 4, part.at, part.len);
    tq_proto_put_bytes(block, 2, group.at, group.len);
    tq_buf_free(&table);
    tq_buf_free(&group);
    tq_buf_free(&dense);
    tq_buf_free(&list);
    tq_buf_free(&part);
}

static inline void pbf_sample(tq_buf *file)
{
    tq_buf block = {0};
    pbf_header(file, "DenseNodes");
    pbf_sample_block(&block);
    pbf_blob(file, "OSMData", &block);
    tq_buf_free(&block);
}

#endif
