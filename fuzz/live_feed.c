/* Fuzz: any bytes as a message of a live feed of a small city; what stands afterwards is an overlay
 * that holds, and our own message about it can be read. */
#include "live/feed_out_in.h"

#include "feed_city.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void write_all(live_feeds *feeds, const tq_overlay *shown)
{
    for (unsigned kind = TQ_FEED_TRIPS; kind <= TQ_FEED_ALERTS; kind++) {
        tq_buf out = {0};
        tq_pool pool = {0};
        tq_rt_feed feed;
        tq_err err = {0};
        TQ_ASSERT(live_feed_write(feeds, NULL, 0, shown, (tq_feed_kind)kind, FEED_NOW_MS, false,
                                  &out, &err) == TQ_OK);
        TQ_ASSERT(tq_gtfs_rt_read((tq_str){out.at, out.len}, &pool, &feed, &err) == TQ_OK);
        tq_pool_free(&pool);
        tq_buf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static feed_city city;
    if (city.small.city.text_len == 0) feed_city_make(&city);
    live_feeds *feeds = live_feeds_new(&city.small.city);
    if (feeds == NULL) return 0;
    tq_buf out = {0};
    tq_err err = {0};
    for (unsigned round = 0; round < 2; round++) {
        live_feed_runs runs;
        const tq_overlay *shown;
        tq_status status = live_feeds_put(feeds, "bus", (tq_str){(const char *)bytes, len},
                                          FEED_NOW_MS, &out, &err);
        TQ_ASSERT(status == TQ_OK || err.text[0] != '\0');
        TQ_ASSERT(live_feeds_runs(feeds, &runs, &err) == TQ_OK);
        tq_overlay from = {.version = 1,
                           .transit_version = 1,
                           .run_count = runs.run_count,
                           .call_count = runs.call_count,
                           .text_len = runs.text_len,
                           .run = runs.run,
                           .call = runs.call,
                           .text = runs.text};
        TQ_ASSERT(tq_overlay_new(&city.small.city, &from, &shown, &err) == TQ_OK);
        write_all(feeds, shown);
        tq_overlay_drop(shown);
        live_feeds_alerts_json(feeds, FEED_NOW_MS, &out);
        live_feeds_json(feeds, FEED_NOW_MS, &out);
        (void)live_feeds_expire(feeds, live_feeds_next_ms(feeds) - (round == 0));
    }
    tq_buf_free(&out);
    live_feeds_free(feeds);
    return 0;
}
