/* Makes the checksums of a damaged city file right again, so that tests and fuzzers get behind
 * them. */
#ifndef TQ_TEST_CITY_HEAL_H
#define TQ_TEST_CITY_HEAL_H

#include "city/city_in.h"

/* As far as the section table still makes sense. */
static inline void heal_city(uint8_t *bytes, size_t len)
{
    city_head head;
    if (len < sizeof head) return;
    memcpy(&head, bytes, sizeof head);
    if (head.section_count > CITY_SECTIONS_MAX ||
        sizeof head + head.section_count * sizeof(city_section) > len)
        return;
    for (uint32_t k = 0; k < head.section_count; k++) {
        city_section section;
        uint8_t *at = bytes + sizeof head + k * sizeof section;
        memcpy(&section, at, sizeof section);
        if (section.offset > len || section.len > len - section.offset) continue;
        section.checksum = tq_hash(bytes + section.offset, (size_t)section.len, 0);
        memcpy(at, &section, sizeof section);
    }
    head.file_len = len;
    head.checksum = city_head_checksum(&head, (const void *)(bytes + sizeof head));
    memcpy(bytes, &head, sizeof head);
}

#endif
