/*
 * OSM PBF: blobs found by walking the file, each inflated and read on its own, so that many threads
 * can share a file.
 *
 * Format: OpenStreetMap wiki, «PBF Format» (fileformat.proto, osmformat.proto). Blobs may be raw or
 * zlib; the other packings are refused by name. Packed fields are read in lock step without
 * unpacking them into arrays, so the memory of a reader is one inflated blob and one string table.
 *
 * Invariants: every index is checked against the string table, every sum of deltas against
 * overflow, every position against the earth. A refusal names the blob's byte in the file and the
 * byte in the inflated block. Not read: changesets, edit history, metadata (version, user, time).
 */
#include <libdeflate.h>
#include <stdio.h>

#include "wire/osm_in.h"
#include "wire/protobuf_in.h"

struct tq_pbf_reader {
    struct libdeflate_decompressor *inflater;
    uint8_t *raw; /* inflated blob */
    size_t raw_cap;
    TQ_VEC(tq_str) strings;
    TQ_VEC(tq_osm_tag) tags;
    TQ_VEC(int64_t) refs;
    TQ_VEC(tq_osm_member) members;
};

/* What is being read; `start` is where block offsets in messages count from. */
typedef struct pbf_block {
    tq_pbf_reader *reader;
    const uint8_t *start;
    uint64_t blob_offset;
    int64_t granularity, lat_offset, lon_offset;
    unsigned want;
    tq_osm_handler handler;
    void *user;
    tq_err *err;
} pbf_block;

/* Ways and nodes and relations have these fields in common. */
typedef struct element_fields {
    uint64_t id, lat, lon;
    bool has_id;
    tq_str keys, values, refs, roles, types, dense_tags, ids, lats, lons;
} element_fields;

tq_pbf_reader *tq_pbf_reader_new(void)
{
    tq_pbf_reader *reader = TQ_ALLOC(tq_pbf_reader, 1);
    if (reader == NULL) return NULL;
    reader->inflater = libdeflate_alloc_decompressor();
    if (reader->inflater != NULL) return reader;
    tq_free(reader);
    return NULL;
}

void tq_pbf_reader_free(tq_pbf_reader *reader)
{
    if (reader == NULL) return;
    libdeflate_free_decompressor(reader->inflater);
    tq_free(reader->raw);
    tq_vec_free(&reader->strings);
    tq_vec_free(&reader->tags);
    tq_vec_free(&reader->refs);
    tq_vec_free(&reader->members);
    tq_free(reader);
}

static tq_status fail_at(tq_err *err, uint64_t offset, const char *what)
{
    tq_status status =
        tq_fail(err, TQ_BAD_INPUT, 0, "byte %llu: %s", (unsigned long long)offset, what);
    if (err != NULL) err->offset = offset;
    return status;
}

/* Refuse something inside an inflated block. */
static tq_status bad(const pbf_block *block, const void *at, const char *what)
{
    size_t inside = (size_t)((const uint8_t *)at - block->start);
    tq_status status =
        tq_fail(block->err, TQ_BAD_INPUT, 0, "blob at byte %llu, byte %zu of its block: %s",
                (unsigned long long)block->blob_offset, inside, what);
    if (block->err != NULL) block->err->offset = block->blob_offset;
    return status;
}

static tq_status no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a block of OpenStreetMap data");
}

/* Next field of a message inside the block, with the place added to any refusal. */
static tq_status next_field(const pbf_block *block, tq_proto *proto, tq_proto_field *field,
                            bool *more)
{
    tq_err inner = {0};
    const uint8_t *at = proto->at;
    if (tq_proto_next(proto, field, more, &inner) == TQ_OK) return TQ_OK;
    return bad(block, at, inner.text);
}

static tq_proto proto_of(tq_str bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    return (tq_proto){at, at == NULL ? NULL : at + bytes.len};
}

/* ---- blobs ---------------------------------------------------------------------------------- */

/* Read the header of the blob at `at`: where the blob itself begins, how long it is, of what type.
 */
static tq_status read_blob_header(tq_str file, uint64_t at, uint64_t *start, uint64_t *size,
                                  tq_str *type, tq_err *err)
{
    const uint8_t *bytes = (const uint8_t *)file.at;
    if (file.len - at < 4)
        return fail_at(err, at, "the file ends inside the length of a blob header; it was cut off");
    uint32_t head_len = (uint32_t)bytes[at] << 24 | (uint32_t)bytes[at + 1] << 16 |
                        (uint32_t)bytes[at + 2] << 8 | (uint32_t)bytes[at + 3];
    if (head_len > TQ_PBF_BLOB_HEADER_MAX)
        return fail_at(err, at,
                       "a blob header is over the limit of 64 KiB; this is no .osm.pbf file");
    if (head_len > file.len - at - 4)
        return fail_at(err, at, "the file ends inside a blob header; it was cut off");
    tq_proto proto = proto_of((tq_str){file.at + at + 4, head_len});
    *type = (tq_str){0};
    *size = UINT64_MAX;
    for (;;) {
        tq_proto_field field;
        bool more;
        tq_err inner = {0};
        if (tq_proto_next(&proto, &field, &more, &inner) != TQ_OK)
            return fail_at(err, at + 4, inner.text);
        if (!more) break;
        if (field.number == 1 && field.type == 2) *type = field.bytes;
        if (field.number == 3 && field.type == 0) *size = field.value;
    }
    if (*size == UINT64_MAX || type->len == 0)
        return fail_at(err, at + 4, "a blob header lacks its type or size");
    if (*size > TQ_PBF_BLOB_MAX) return fail_at(err, at + 4, "a blob is over the limit of 32 MiB");
    *start = at + 4 + head_len;
    if (*size > file.len - *start)
        return fail_at(err, *start, "the file ends inside a blob; it was cut off");
    return TQ_OK;
}

tq_status tq_pbf_next_blob(tq_str file, uint64_t *offset, tq_pbf_blob *blob, bool *more,
                           tq_err *err)
{
    uint64_t at = *offset, start = 0, size = 0;
    for (; at < file.len; at = start + size) {
        tq_str type;
        TQ_TRY(read_blob_header(file, at, &start, &size, &type, err));
        bool header = tq_str_is(type, "OSMHeader");
        if (!header && !tq_str_is(type, "OSMData"))
            continue; /* other kinds may be stepped over, says the format */
        *blob = (tq_pbf_blob){.offset = start, .len = (uint32_t)size, .is_header = header};
        *offset = start + size;
        *more = true;
        return TQ_OK;
    }
    *offset = at;
    *more = false;
    return TQ_OK;
}

static tq_status inflate_blob(tq_pbf_reader *reader, tq_str packed, uint64_t raw_size,
                              uint64_t offset, tq_err *err)
{
    if (reader->raw_cap < raw_size) {
        tq_free(reader->raw);
        reader->raw_cap = 0;
        size_t cap = TQ_MAX((size_t)raw_size, (size_t)1 << 20);
        reader->raw = TQ_ALLOC(uint8_t, cap);
        if (reader->raw == NULL) return no_memory(err);
        reader->raw_cap = cap;
    }
    size_t got = 0;
    enum libdeflate_result result = libdeflate_zlib_decompress(
        reader->inflater, packed.at, packed.len, reader->raw, (size_t)raw_size, &got);
    if (result != LIBDEFLATE_SUCCESS || got != raw_size)
        return fail_at(err, offset, "a zlib blob is damaged or not as long as it says");
    return TQ_OK;
}

/* A Blob message: raw bytes, or packed ones and how many they unpack to. */
static tq_status read_blob(tq_str file, const tq_pbf_blob *blob, tq_str *raw, tq_str *packed,
                           uint64_t *unpacked_len, tq_err *err)
{
    static const char *const packings[] = {[4] = "lzma", [5] = "bzip2", [6] = "lz4", [7] = "zstd"};
    if (blob->offset > file.len || blob->len > file.len - blob->offset)
        return fail_at(err, blob->offset, "a blob lies outside the file");
    tq_proto proto = proto_of((tq_str){file.at + blob->offset, blob->len});
    *raw = *packed = (tq_str){0};
    *unpacked_len = 0;
    for (;;) {
        tq_proto_field field;
        bool more;
        tq_err inner = {0};
        if (tq_proto_next(&proto, &field, &more, &inner) != TQ_OK)
            return fail_at(err, blob->offset, inner.text);
        if (!more) break;
        if (field.number == 1 && field.type == 2) *raw = field.bytes;
        if (field.number == 2 && field.type == 0) *unpacked_len = field.value;
        if (field.number == 3 && field.type == 2) *packed = field.bytes;
        if (field.number >= 4 && field.number <= 7 && field.type == 2) {
            char text[128];
            (void)snprintf(text, sizeof text,
                           "a blob is packed with %s; write the file with zlib or unpacked",
                           packings[field.number]);
            return fail_at(err, blob->offset, text);
        }
    }
    if (packed->at == NULL) {
        if (raw->at == NULL) return fail_at(err, blob->offset, "a blob holds no data");
        *unpacked_len = raw->len;
    }
    if (*unpacked_len > TQ_PBF_BLOB_MAX)
        return fail_at(err, blob->offset, "an inflated blob is over the limit of 32 MiB");
    return TQ_OK;
}

tq_status tq_pbf_blob_unpacked(tq_str file, const tq_pbf_blob *blob, uint64_t *len, tq_err *err)
{
    tq_str raw, packed;
    uint64_t unpacked = 0;
    TQ_TRY(read_blob(file, blob, &raw, &packed, &unpacked, err));
    *len = unpacked;
    return TQ_OK;
}

/* Find the bytes of a blob, inflating them if need be. */
static tq_status open_blob(tq_pbf_reader *reader, tq_str file, const tq_pbf_blob *blob,
                           tq_str *bytes, tq_err *err)
{
    tq_str raw, packed;
    uint64_t unpacked_len = 0;
    TQ_TRY(read_blob(file, blob, &raw, &packed, &unpacked_len, err));
    if (packed.at == NULL) {
        *bytes = raw;
        return TQ_OK;
    }
    TQ_TRY(inflate_blob(reader, packed, unpacked_len, blob->offset, err));
    *bytes = (tq_str){(const char *)reader->raw, (size_t)unpacked_len};
    return TQ_OK;
}

/* ---- header --------------------------------------------------------------------------------- */

static tq_status read_header(const pbf_block *block, tq_str bytes)
{
    tq_proto proto = proto_of(bytes);
    for (;;) {
        tq_proto_field field;
        bool more;
        TQ_TRY(next_field(block, &proto, &field, &more));
        if (!more) return TQ_OK;
        if (field.number != 4 || field.type != 2) continue;
        if (tq_str_is(field.bytes, "OsmSchema-V0.6") || tq_str_is(field.bytes, "DenseNodes"))
            continue;
        char text[160];
        (void)snprintf(text, sizeof text,
                       "the file needs the feature «%.*s», which is not supported%s",
                       (int)TQ_MIN(field.bytes.len, 60), field.bytes.at,
                       tq_str_is(field.bytes, "HistoricalInformation")
                           ? "; make an extract without history (osmium time-filter)"
                           : "");
        return bad(block, field.bytes.at, text);
    }
}

/* ---- elements ------------------------------------------------------------------------------- */

/* Tag of two string indices, both checked. */
static tq_status add_tag(const pbf_block *block, uint64_t key, uint64_t value, const void *at)
{
    tq_pbf_reader *reader = block->reader;
    if (key >= reader->strings.count || value >= reader->strings.count)
        return bad(block, at, "a tag points outside the string table");
    if (reader->tags.count >= TQ_OSM_TAGS_MAX)
        return bad(block, at, "an element has over 65536 tags");
    tq_osm_tag tag = {reader->strings.at[key], reader->strings.at[value]};
    return tq_vec_push(&reader->tags, tag) ? TQ_OK : no_memory(block->err);
}

static tq_status read_tags(const pbf_block *block, tq_str keys, tq_str values)
{
    tq_proto key = proto_of(keys), value = proto_of(values);
    block->reader->tags.count = 0;
    while (key.at != key.end) {
        const uint8_t *at = key.at;
        uint64_t k, v;
        if (!proto_varint(&key.at, key.end, &k) || !proto_varint(&value.at, value.end, &v))
            return bad(block, at, "an element has more keys than values, or one is cut off");
        TQ_TRY(add_tag(block, k, v, at));
    }
    if (value.at != value.end) return bad(block, value.at, "an element has more values than keys");
    return TQ_OK;
}

/* Nano-degrees of a stored number to 1e-7 degrees, rounded; false outside +-limit_e7. */
static bool to_e7(int64_t stored, int64_t granularity, int64_t offset, int64_t limit_e7,
                  int32_t *out)
{
    int64_t nano;
    if (__builtin_mul_overflow(stored, granularity, &nano) ||
        __builtin_add_overflow(nano, offset, &nano))
        return false;
    int64_t e7 = granularity == 100 && offset == 0 ? stored : nano / 100 + (nano % 100) / 50;
    if (e7 < -limit_e7 || e7 > limit_e7) return false;
    *out = (int32_t)e7;
    return true;
}

static tq_status hand_out(const pbf_block *block, tq_osm_element *element)
{
    element->tag = block->reader->tags.at;
    element->tag_count = (uint32_t)block->reader->tags.count;
    return block->handler(block->user, element, block->err);
}

static bool wants_node(const pbf_block *block)
{
    return (block->want & TQ_OSM_WANT_NODES) != 0 || block->reader->tags.count > 0;
}

/* Key and value indices of one dense node, up to the 0 that ends them. */
static tq_status read_dense_tags(const pbf_block *block, tq_proto *tags)
{
    block->reader->tags.count = 0;
    while (tags->at != tags->end) {
        const uint8_t *at = tags->at;
        uint64_t key, value;
        if (!proto_varint(&tags->at, tags->end, &key))
            return bad(block, at, "a tag of a node is cut off");
        if (key == 0) return TQ_OK;
        if (!proto_varint(&tags->at, tags->end, &value))
            return bad(block, at, "a tag of a node is cut off");
        TQ_TRY(add_tag(block, key, value, at));
    }
    return TQ_OK;
}

static tq_status read_dense(const pbf_block *block, const element_fields *fields)
{
    tq_proto ids = proto_of(fields->ids), lats = proto_of(fields->lats),
             lons = proto_of(fields->lons);
    tq_proto tags = proto_of(fields->dense_tags);
    int64_t id = 0, lat = 0, lon = 0;
    while (ids.at != ids.end) {
        const uint8_t *at = ids.at;
        uint64_t d_id, d_lat, d_lon;
        if (!proto_varint(&ids.at, ids.end, &d_id) || !proto_varint(&lats.at, lats.end, &d_lat) ||
            !proto_varint(&lons.at, lons.end, &d_lon))
            return bad(block, at, "a node lacks its id or position, or one is cut off");
        if (__builtin_add_overflow(id, tq_zigzag(d_id), &id) ||
            __builtin_add_overflow(lat, tq_zigzag(d_lat), &lat) ||
            __builtin_add_overflow(lon, tq_zigzag(d_lon), &lon))
            return bad(block, at, "the differences of nodes add up to more than 64 bits");
        TQ_TRY(read_dense_tags(block, &tags));
        if (!wants_node(block)) continue;
        tq_osm_element node = {.kind = TQ_OSM_NODE, .id = id};
        if (!to_e7(lat, block->granularity, block->lat_offset, 900000000, &node.lat_e7) ||
            !to_e7(lon, block->granularity, block->lon_offset, 1800000000, &node.lon_e7))
            return bad(block, at, "a node lies outside +-90, +-180 degrees");
        TQ_TRY(hand_out(block, &node));
    }
    if (lats.at != lats.end || lons.at != lons.end)
        return bad(block, lats.at, "there are more positions than nodes");
    return TQ_OK;
}

static tq_status read_node(const pbf_block *block, const element_fields *fields, const void *at)
{
    TQ_TRY(read_tags(block, fields->keys, fields->values));
    if (!wants_node(block)) return TQ_OK;
    tq_osm_element node = {.kind = TQ_OSM_NODE, .id = tq_zigzag(fields->id)};
    if (!to_e7(tq_zigzag(fields->lat), block->granularity, block->lat_offset, 900000000,
               &node.lat_e7) ||
        !to_e7(tq_zigzag(fields->lon), block->granularity, block->lon_offset, 1800000000,
               &node.lon_e7))
        return bad(block, at, "a node lies outside +-90, +-180 degrees");
    return hand_out(block, &node);
}

static tq_status read_way(const pbf_block *block, const element_fields *fields)
{
    tq_pbf_reader *reader = block->reader;
    TQ_TRY(read_tags(block, fields->keys, fields->values));
    tq_proto refs = proto_of(fields->refs);
    int64_t id = 0;
    reader->refs.count = 0;
    while (refs.at != refs.end) {
        const uint8_t *at = refs.at;
        uint64_t delta;
        if (!proto_varint(&refs.at, refs.end, &delta))
            return bad(block, at, "a node of a way is cut off");
        if (__builtin_add_overflow(id, tq_zigzag(delta), &id))
            return bad(block, at, "the differences of a way's nodes add up to more than 64 bits");
        if (reader->refs.count >= TQ_OSM_REFS_MAX)
            return bad(block, at, "a way has over 1048576 nodes");
        if (!tq_vec_push(&reader->refs, id)) return no_memory(block->err);
    }
    tq_osm_element way = {.kind = TQ_OSM_WAY,
                          .id = (int64_t)fields->id,
                          .ref = reader->refs.at,
                          .ref_count = (uint32_t)reader->refs.count};
    return hand_out(block, &way);
}

static tq_status read_relation(const pbf_block *block, const element_fields *fields)
{
    tq_pbf_reader *reader = block->reader;
    TQ_TRY(read_tags(block, fields->keys, fields->values));
    tq_proto ids = proto_of(fields->refs), roles = proto_of(fields->roles),
             types = proto_of(fields->types);
    int64_t id = 0;
    reader->members.count = 0;
    while (ids.at != ids.end) {
        const uint8_t *at = ids.at;
        uint64_t delta, role, type;
        if (!proto_varint(&ids.at, ids.end, &delta) || !proto_varint(&roles.at, roles.end, &role) ||
            !proto_varint(&types.at, types.end, &type))
            return bad(block, at, "a member of a relation lacks its id, role or type");
        if (__builtin_add_overflow(id, tq_zigzag(delta), &id))
            return bad(block, at, "the differences of members add up to more than 64 bits");
        if (role >= reader->strings.count)
            return bad(block, at, "a role points outside the string table");
        if (type > TQ_OSM_RELATION)
            return bad(block, at, "a member is neither node, way nor relation");
        if (reader->members.count >= TQ_OSM_MEMBERS_MAX)
            return bad(block, at, "a relation has over 1048576 members");
        tq_osm_member member = {(tq_osm_kind)type, id, reader->strings.at[role]};
        if (!tq_vec_push(&reader->members, member)) return no_memory(block->err);
    }
    tq_osm_element relation = {.kind = TQ_OSM_RELATION,
                               .id = (int64_t)fields->id,
                               .member = reader->members.at,
                               .member_count = (uint32_t)reader->members.count};
    return hand_out(block, &relation);
}

/* Where a bytes field of an element belongs, by kind of the group's field and number; NULL = not
 * needed. */
static tq_str *packed_slot(element_fields *fields, uint32_t kind, uint32_t number)
{
    enum { PLAIN = 1, DENSE = 2, WAY = 3, RELATION = 4 };
    if (kind == DENSE) {
        switch (number) {
        case 1: return &fields->ids;
        case 8: return &fields->lats;
        case 9: return &fields->lons;
        case 10: return &fields->dense_tags;
        default: return NULL;
        }
    }
    if (number == 2) return &fields->keys;
    if (number == 3) return &fields->values;
    if (kind == WAY && number == 8) return &fields->refs;
    if (kind == RELATION && number == 8) return &fields->roles;
    if (kind == RELATION && number == 9) return &fields->refs;
    if (kind == RELATION && number == 10) return &fields->types;
    return NULL;
}

static tq_status read_element(const pbf_block *block, uint32_t kind, tq_str bytes)
{
    element_fields fields = {0};
    tq_proto proto = proto_of(bytes);
    for (;;) {
        tq_proto_field field;
        bool more;
        TQ_TRY(next_field(block, &proto, &field, &more));
        if (!more) break;
        if (field.type == 0) {
            if (field.number == 1) fields.id = field.value, fields.has_id = true;
            if (field.number == 8) fields.lat = field.value;
            if (field.number == 9) fields.lon = field.value;
            if (field.number == 2 || field.number == 3)
                return bad(
                    block, proto.at,
                    "a list of an element is not packed; write the file anew with osmium cat");
            continue;
        }
        tq_str *slot = field.type == 2 ? packed_slot(&fields, kind, field.number) : NULL;
        if (slot == NULL) continue;
        if (slot->at != NULL)
            return bad(block, field.bytes.at, "a packed list of an element comes twice");
        *slot = field.bytes;
    }
    if (kind != 2 && !fields.has_id) return bad(block, bytes.at, "an element has no id");
    switch (kind) {
    case 1: return read_node(block, &fields, bytes.at);
    case 2: return read_dense(block, &fields);
    case 3: return read_way(block, &fields);
    default: return read_relation(block, &fields);
    }
}

static tq_status read_group(const pbf_block *block, tq_str bytes)
{
    unsigned nodes = TQ_OSM_WANT_NODES | TQ_OSM_WANT_TAGGED_NODES;
    const unsigned want[5] = {0, nodes, nodes, TQ_OSM_WANT_WAYS, TQ_OSM_WANT_RELATIONS};
    tq_proto proto = proto_of(bytes);
    for (;;) {
        tq_proto_field field;
        bool more;
        TQ_TRY(next_field(block, &proto, &field, &more));
        if (!more) return TQ_OK;
        if (field.number < 1 || field.number > 4 || field.type != 2) continue;
        if ((want[field.number] & block->want) != 0)
            TQ_TRY(read_element(block, field.number, field.bytes));
    }
}

static tq_status read_strings(const pbf_block *block, tq_str bytes)
{
    tq_pbf_reader *reader = block->reader;
    tq_proto proto = proto_of(bytes);
    for (;;) {
        tq_proto_field field;
        bool more;
        TQ_TRY(next_field(block, &proto, &field, &more));
        if (!more) return TQ_OK;
        if (field.number != 1 || field.type != 2) continue;
        if (reader->strings.count >= TQ_PBF_STRINGS_MAX)
            return bad(block, field.bytes.at, "a block has over 1048576 strings");
        if (field.bytes.len > TQ_OSM_TEXT_MAX)
            return bad(block, field.bytes.at,
                       "a text has over 4096 bytes; OpenStreetMap allows 255 characters");
        if (!tq_vec_push(&reader->strings, field.bytes)) return no_memory(block->err);
    }
}

/* Settings and strings of a block may stand behind its groups, so they are gathered first. */
static tq_status read_settings(pbf_block *block, tq_str bytes)
{
    tq_proto proto = proto_of(bytes);
    block->reader->strings.count = 0;
    for (;;) {
        tq_proto_field field;
        bool more;
        TQ_TRY(next_field(block, &proto, &field, &more));
        if (!more) break;
        if (field.number == 1 && field.type == 2) TQ_TRY(read_strings(block, field.bytes));
        if (field.type != 0) continue;
        if (field.number == 17) block->granularity = (int64_t)field.value;
        if (field.number == 19) block->lat_offset = (int64_t)field.value;
        if (field.number == 20) block->lon_offset = (int64_t)field.value;
    }
    if (block->granularity < 1 || block->granularity > 1000000000)
        return bad(block, bytes.at, "the granularity of a block is not 1 to 10^9 nano-degrees");
    return TQ_OK;
}

tq_status tq_pbf_read_blob(tq_pbf_reader *reader, tq_str file, const tq_pbf_blob *blob,
                           unsigned want, tq_osm_handler handler, void *user, tq_err *err)
{
    tq_str bytes;
    TQ_TRY(open_blob(reader, file, blob, &bytes, err));
    pbf_block block = {.reader = reader,
                       .start = (const uint8_t *)bytes.at,
                       .blob_offset = blob->offset,
                       .granularity = 100,
                       .want = want,
                       .handler = handler,
                       .user = user,
                       .err = err};
    if (blob->is_header) return read_header(&block, bytes);
    TQ_TRY(read_settings(&block, bytes));
    tq_proto proto = proto_of(bytes);
    for (;;) {
        tq_proto_field field;
        bool more;
        TQ_TRY(next_field(&block, &proto, &field, &more));
        if (!more) return TQ_OK;
        if (field.number == 2 && field.type == 2) TQ_TRY(read_group(&block, field.bytes));
    }
}
