/* Rule files of any bytes: taken or refused with a line, nothing else. */
#include <stdlib.h>

#include "exchange/exchange_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tq_exchange *exchange = calloc(1, sizeof *exchange);
    tq_err err = {0};
    if (exchange == NULL) return 0;
    tq_status status = rules_read(exchange, "rules", (tq_str){(const char *)data, size}, &err);
    if (status != TQ_OK && err.text[0] == '\0') abort();
    if (exchange->rule_count > RULES_MAX || exchange->product_count > PRODUCTS_MAX) abort();
    for (uint32_t k = 0; status == TQ_OK && k < exchange->rule_count; k++)
        if (product_find(exchange, exchange->rule[k].product) == NULL) abort();
    free(exchange);
    return 0;
}
