/* Fuzz: any bytes as a .osm.pbf file. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static tq_status touch(void *user, const tq_osm_element *element, tq_err *err)
{
    (void)err;
    uint64_t *sum = user;
    for (uint32_t k = 0; k < element->tag_count; k++)
        *sum += tq_hash(element->tag[k].key.at, element->tag[k].key.len, element->tag[k].value.len);
    for (uint32_t k = 0; k < element->ref_count; k++)
        *sum += (uint64_t)element->ref[k];
    for (uint32_t k = 0; k < element->member_count; k++)
        *sum += element->member[k].role.len;
    return TQ_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    tq_pbf_reader *reader = tq_pbf_reader_new();
    if (reader == NULL) return 0;
    tq_str file = {(const char *)bytes, len};
    uint64_t offset = 0, sum = 0;
    for (bool more = true;;) {
        tq_pbf_blob blob;
        tq_err err;
        if (tq_pbf_next_blob(file, &offset, &blob, &more, &err) != TQ_OK || !more) break;
        if (tq_pbf_read_blob(reader, file, &blob,
                             TQ_OSM_WANT_NODES | TQ_OSM_WANT_WAYS | TQ_OSM_WANT_RELATIONS, touch,
                             &sum, &err) != TQ_OK)
            break;
    }
    /* The file's bytes as an inflated block too, so that damage behind zlib is reached. */
    tq_buf raw = {0};
    tq_proto_put_bytes(&raw, 1, bytes, len);
    tq_pbf_blob blob = {0, (uint32_t)raw.len, false};
    tq_err err;
    (void)tq_pbf_read_blob(reader, (tq_str){raw.at, raw.len}, &blob,
                           TQ_OSM_WANT_TAGGED_NODES | TQ_OSM_WANT_WAYS | TQ_OSM_WANT_RELATIONS,
                           touch, &sum, &err);
    tq_buf_free(&raw);
    tq_pbf_reader_free(reader);
    return 0;
}
