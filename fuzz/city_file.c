/* Any bytes as a city file: refused, or good enough to answer questions. */
#include <stdlib.h>

#include "tongqu/place.h"

#include "city/city_in.h"

#include "city_heal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = aligned_alloc(64, (len + 64) & ~(size_t)63);
    if (copy == NULL) return 0;
    if (len > 0) memcpy(copy, bytes, len);
    heal_city(copy, len);
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
