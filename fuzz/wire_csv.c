/* Any bytes as CSV: every row is read or refused, the reader always moves on, no byte outside is
 * touched. */
#include <stdint.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    tq_csv csv;
    if (tq_csv_begin(&csv, (tq_str){(const char *)bytes, len}, NULL) != TQ_OK) return 0;
    size_t sum = 0;
    for (bool more = true; more;) {
        const char *before = csv.at;
        uint32_t line = csv.next_line;
        tq_status status = tq_csv_next(&csv, &more, NULL);
        if (status != TQ_OK) more = true;
        TQ_ASSERT(!more || csv.at > before);
        TQ_ASSERT(csv.next_line >= line && csv.at <= csv.end);
        for (uint32_t column = 0; status == TQ_OK && more && column < csv.columns; column++)
            for (size_t k = 0; k < csv.field[column].len; k++)
                sum += (uint8_t)csv.field[column].at[k];
    }
    TQ_ASSERT(sum <= len * 255);
    tq_csv_end(&csv);
    return 0;
}
