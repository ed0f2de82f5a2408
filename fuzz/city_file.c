/* Any bytes as a city file: refused, or good enough to answer questions. */
#include <stdlib.h>

#include "tongqu/place.h"

#include "city/city_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = aligned_alloc(64, (len + 64) & ~(size_t)63);
    if (copy == NULL) return 0;
    if (len > 0) memcpy(copy, bytes, len);
    city_head head;
    if (len >= sizeof head) {
        /* Make the checksums right, so that the fuzzer gets behind them. */
        memcpy(&head, copy, sizeof head);
        if (head.section_count <= CITY_SECTIONS_MAX &&
            sizeof head + head.section_count * sizeof(city_section) <= len) {
            for (uint32_t k = 0; k < head.section_count; k++) {
                city_section section;
                uint8_t *at = copy + sizeof head + k * sizeof section;
                memcpy(&section, at, sizeof section);
                if (section.offset > len || section.len > len - section.offset) continue;
                section.checksum = tq_hash(copy + section.offset, (size_t)section.len, 0);
                memcpy(at, &section, sizeof section);
            }
            head.file_len = len;
            head.checksum = city_head_checksum(&head, (const void *)(copy + sizeof head));
            memcpy(copy, &head, sizeof head);
        }
    }
    tq_city city = {0};
    if (tq_city_bind(&city, copy, len, NULL) == TQ_OK) {
        tq_place found[5];
        uint32_t count = 0;
        tq_place_query query = {.size = sizeof query, .text = "zhongxin", .limit = 5};
        (void)tq_places_find(&city, &query, found, &count, NULL);
        (void)tq_places_near(&city, 378000000, 1125000000, 500, 5, found, &count, NULL);
    }
    free(copy);
    return 0;
}
