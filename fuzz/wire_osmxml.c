/* Fuzz: any bytes as OSM XML. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static tq_status touch(void *user, const tq_osm_element *element, tq_err *err)
{
    (void)err;
    uint64_t *sum = user;
    for (uint32_t k = 0; k < element->tag_count; k++)
        *sum += tq_hash(element->tag[k].key.at, element->tag[k].key.len, element->tag[k].value.len);
    for (uint32_t k = 0; k < element->member_count; k++)
        *sum += tq_hash(element->member[k].role.at, element->member[k].role.len, 0);
    return TQ_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0;
    tq_err err;
    (void)tq_osm_xml_read((tq_str){(const char *)bytes, len},
                          TQ_OSM_WANT_NODES | TQ_OSM_WANT_WAYS | TQ_OSM_WANT_RELATIONS, touch, &sum,
                          &err);
    return 0;
}
