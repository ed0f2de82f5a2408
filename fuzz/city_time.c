/* Any text as a time: refused, or printed back as the same instant. */
#include <stdlib.h>

#include "city/city.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const int64_t from_s[] = {INT64_MIN, 1743296400, 1761440400};
    static const int32_t offset_s[] = {3600, 7200, 3600};
    const tq_zone_table zone = {3, from_s, offset_s};
    int64_t at_ms, back_ms;
    char text[TQ_TIME_TEXT_MAX];
    if (tq_time_parse(&zone, (tq_str){(const char *)bytes, len}, &at_ms, NULL) != TQ_OK) return 0;
    tq_time_print(&zone, at_ms, text);
    if (tq_time_parse(&zone, tq_str_of(text), &back_ms, NULL) != TQ_OK || back_ms != at_ms) abort();
    return 0;
}
