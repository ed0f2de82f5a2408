/* The public door of feeds out: the state of a tq_live, handed to feed_out*.c in its parts. */
#include "live/feed_out_in.h"
#include "live/live_in.h"

tq_status tq_feed_write(const tq_live *live, const tq_overlay *shown, tq_feed_kind kind,
                        int64_t now_ms, bool as_json, tq_buf *out, tq_err *err)
{
    uint32_t count = 0;
    const tq_closure *const *closure = tq_live_closures(live, &count);
    return live_feed_write(live->feeds, closure, count, shown, kind, now_ms, as_json, out, err);
}

tq_status tq_live_put_feed(tq_live *live, const char *feed, tq_str message, int64_t now_ms,
                           tq_buf *report, tq_err *err)
{
    return live_feeds_put(live->feeds, feed, message, now_ms, report, err);
}

void tq_live_forget_feed(tq_live *live, const char *feed)
{
    (void)live_feeds_forget(live->feeds, feed);
}

void tq_live_feeds_json(const tq_live *live, int64_t now_ms, tq_buf *out)
{
    live_feeds_json(live->feeds, now_ms, out);
}

void tq_live_alerts_json(const tq_live *live, int64_t at_ms, tq_buf *out)
{
    live_feeds_alerts_json(live->feeds, at_ms, out);
}
