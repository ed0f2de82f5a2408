/* Batches of messages of any bytes: what is taken stays in order and without holes. */
#include <stdlib.h>

#include "exchange/exchange_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tq_double *twin = NULL;
    uint32_t status = 0;
    tq_buf answer = {0};
    tq_err err = {0};
    if (tq_double_new(1, &twin, &err) != TQ_OK) return 0;
    /* The same bytes twice: the second time nothing new may be taken beyond what follows. */
    for (unsigned turn = 0; turn < 2; turn++) {
        answer.len = 0;
        tq_status done =
            tq_double_take(twin, (tq_str){(const char *)data, size}, &status, &answer, &err);
        if (done == TQ_OK && (answer.len == 0 || (status != 200 && status != 409))) abort();
        if (done != TQ_OK && err.text[0] == '\0') abort();
    }
    for (uint32_t k = 0; k < tq_double_count(twin); k++) {
        uint64_t seq = 0;
        (void)tq_double_body(twin, k, &seq);
        if (seq != (uint64_t)k + 1) abort();
    }
    tq_buf_free(&answer);
    tq_double_free(twin);
    return 0;
}
