/*
 * Our own state as a GTFS-Realtime message: the frame, vehicles, and what the parts share.
 *
 * The structs of wire.h are filled in one pool and written whole, so that protobuf and JSON say the
 * same. Ids are those of the city.
 */
#include <stdarg.h>
#include <stdio.h>

#include "live/feed_out_in.h"

#define TEXT_MAX 4096

void *feed_out_push(feed_out *out, size_t count, size_t size)
{
    if (size == 0 || count > SIZE_MAX / 4 / size) {
        out->failed = true;
        count = 1;
    }
    void *memory = tq_pool_push(&out->pool, TQ_MAX(count, 1u) * size, _Alignof(max_align_t));
    if (memory == NULL) out->failed = true;
    return memory;
}

tq_str feed_out_text(feed_out *out, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t kept = TQ_MIN((size_t)TQ_MAX(len, 0), sizeof text - 1);
    /* A cut may not fall inside a letter. */
    if ((size_t)TQ_MAX(len, 0) != kept)
        while (kept > 0 && !tq_utf8_valid((tq_str){text, kept}))
            kept--;
    char *copy = FEED_OUT_PUSH(out, char, kept + 1);
    if (copy == NULL) return TQ_STR("");
    memcpy(copy, text, kept);
    return (tq_str){copy, kept};
}

tq_str feed_out_date(feed_out *out, int32_t day)
{
    int32_t year;
    unsigned month, of_month;
    tq_date_of(day, &year, &month, &of_month);
    return feed_out_text(out, "%04d%02u%02u", year, month, of_month);
}

tq_str feed_out_clock(feed_out *out, int32_t second)
{
    int32_t at = TQ_MAX(second, 0);
    return feed_out_text(out, "%02d:%02d:%02d", at / 3600, at / 60 % 60, at % 60);
}

void feed_out_entity(feed_out *out, const tq_rt_entity *entity)
{
    if (!tq_vec_push(&out->entities, *entity)) out->failed = true;
}

tq_rt_trip *feed_out_trip(feed_out *out, uint32_t trip, int32_t day, int32_t start_s)
{
    const tq_timetable *table = &out->city->timetable;
    tq_rt_trip *made = FEED_OUT_PUSH(out, tq_rt_trip, 1);
    if (made == NULL) return NULL;
    const tq_trip *row = &table->trip[trip];
    made->trip_id = tq_str_of(tq_text(out->city, row->id));
    made->route_id =
        tq_str_of(tq_text(out->city, table->route[table->pattern_route[row->pattern]].id));
    made->has_direction_id = true;
    made->direction_id = table->pattern_direction[row->pattern];
    made->start_date = feed_out_date(out, day);
    made->start_time = feed_out_clock(out, start_s);
    return made;
}

/* ---- vehicles ---- */

static void put_vehicle(feed_out *out, const feed_held *held, const feed_vehicle *vehicle)
{
    tq_rt_vehicle *made = FEED_OUT_PUSH(out, tq_rt_vehicle, 1);
    if (made == NULL) return;
    *made = *vehicle->from;
    made->has_timestamp = true;
    made->timestamp = (uint64_t)(vehicle->at_ms / 1000);
    made->trip = vehicle->trip != TQ_NONE
                     ? feed_out_trip(out, vehicle->trip, vehicle->day, vehicle->start_s)
                     : NULL;
    /* Numbers and ids of stops are the source's; ours may be others. */
    made->has_current_stop_sequence = false;
    uint32_t stop = feed_stop_of(&out->feeds->ids, held->name, made->stop_id);
    made->stop_id = stop != TQ_NONE
                        ? tq_str_of(tq_text(out->city, out->city->timetable.stop[stop].id))
                        : (tq_str){0};
    feed_out_entity(
        out, &(tq_rt_entity){.id = feed_out_text(out, "%s:%.*s", held->name,
                                                 (int)TQ_MIN(vehicle->entity.len, (size_t)200),
                                                 vehicle->entity.at),
                             .vehicle = made});
}

static void put_vehicles(feed_out *out)
{
    for (uint32_t f = 0; f < out->feeds->count; f++) {
        const feed_held *held = out->feeds->feed[f];
        if (held->stopped_trips) continue;
        for (size_t k = 0; k < held->reading.vehicles.count && !out->failed; k++)
            put_vehicle(out, held, &held->reading.vehicles.at[k]);
    }
}

/* ---- the message ---- */

tq_status live_feed_write(const live_feeds *feeds, const tq_closure *const *closure,
                          uint32_t closure_count, const tq_overlay *shown, tq_feed_kind kind,
                          int64_t now_ms, bool as_json, tq_buf *to, tq_err *err)
{
    feed_out out = {.city = feeds->city,
                    .feeds = feeds,
                    .shown = shown,
                    .closure = closure,
                    .closure_count = closure_count,
                    .now_ms = now_ms};
    switch (kind) {
    case TQ_FEED_TRIPS:
        feed_out_trips(&out);
        feed_out_detours(&out);
        break;
    case TQ_FEED_VEHICLES: put_vehicles(&out); break;
    case TQ_FEED_ALERTS: feed_out_alerts(&out); break;
    }
    tq_rt_header header = {.gtfs_realtime_version = TQ_STR("2.0"),
                           .has_incrementality = true,
                           .has_timestamp = true,
                           .timestamp = (uint64_t)TQ_MAX(now_ms / 1000, 0)};
    tq_rt_feed message = {.header = &header};
    message.entity.at = out.entities.at;
    message.entity.count = (uint32_t)out.entities.count;
    if (!out.failed && as_json) tq_gtfs_rt_json(&message, to);
    if (!out.failed && !as_json) tq_gtfs_rt_write(&message, to);
    tq_vec_free(&out.entities);
    tq_pool_free(&out.pool);
    if (out.failed || to->failed)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a live feed of %u runs",
                       shown->run_count);
    return TQ_OK;
}
