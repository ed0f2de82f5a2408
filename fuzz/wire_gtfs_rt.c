/* Fuzz: any bytes as a GTFS-Realtime message; what is read is written and read back the same. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    tq_pool pool = {0};
    tq_rt_feed feed, back;
    tq_err err;
    if (tq_gtfs_rt_read((tq_str){(const char *)bytes, len}, &pool, &feed, &err) == TQ_OK) {
        tq_buf out = {0}, again = {0}, json = {0};
        tq_gtfs_rt_write(&feed, &out);
        tq_gtfs_rt_json(&feed, &json);
        TQ_ASSERT(tq_gtfs_rt_read((tq_str){out.at, out.len}, &pool, &back, &err) == TQ_OK);
        tq_gtfs_rt_write(&back, &again);
        TQ_ASSERT(out.len == again.len && memcmp(out.at, again.at, out.len) == 0);
        tq_buf_free(&out);
        tq_buf_free(&again);
        tq_buf_free(&json);
    } else {
        TQ_ASSERT(err.offset <= len);
    }
    tq_pool_free(&pool);
    return 0;
}
