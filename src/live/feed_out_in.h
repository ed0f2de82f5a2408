/* Feeds out, shared by feed_out*.c: a message under construction. */
#ifndef TQ_LIVE_FEED_OUT_IN_H
#define TQ_LIVE_FEED_OUT_IN_H

#include "live/feed_in.h"

typedef struct feed_out {
    const tq_city *city;
    const live_feeds *feeds;
    const tq_overlay *shown;
    const tq_closure *const *closure;
    uint32_t closure_count;
    int64_t now_ms;
    tq_pool pool; /* everything that the entities point to */
    TQ_VEC(tq_rt_entity) entities;
    bool failed;
} feed_out;

/* Zeroed memory of the message; NULL and `failed` when there is none left. */
void *feed_out_push(feed_out *out, size_t count, size_t size);
#define FEED_OUT_PUSH(out, T, n) ((T *)feed_out_push((out), (n), sizeof(T)))
__attribute__((format(printf, 2, 3))) tq_str feed_out_text(feed_out *out, const char *format, ...);
tq_str feed_out_date(feed_out *out, int32_t day);
tq_str feed_out_clock(feed_out *out, int32_t second);
void feed_out_entity(feed_out *out, const tq_rt_entity *entity);

/* Descriptor of a run of the timetable. */
tq_rt_trip *feed_out_trip(feed_out *out, uint32_t trip, int32_t day, int32_t start_s);
/* First and last place that a detour leaves out; none when *first > *last. */
void feed_out_left_out(const feed_out *out, const tq_detour *detour, uint32_t *first,
                       uint32_t *last);

void feed_out_trips(feed_out *out);
void feed_out_detours(feed_out *out);
void feed_out_alerts(feed_out *out);

tq_status live_feed_write(const live_feeds *feeds, const tq_closure *const *closure,
                          uint32_t closure_count, const tq_overlay *shown, tq_feed_kind kind,
                          int64_t now_ms, bool as_json, tq_buf *to, tq_err *err);

#endif
