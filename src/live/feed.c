/*
 * Feeds by name: taking a message, forgetting, growing old, reporting.
 *
 * A FULL_DATASET message stands for all that the feed says; a run that it does not name has no live
 * data (it is not cancelled). A DIFFERENTIAL one changes the entities that it names, by their id.
 * Each message is read beside what is held and takes its place only when all of it stands.
 *
 * Age is that of the header. Past FEED_STALE_S (alerts: FEED_STALE_ALERT_S) a feed is shown as
 * stale, past FEED_DROP_S (FEED_DROP_ALERT_S) it acts no more and the timetable is shown.
 */
#include <stdio.h>

#include "live/feed_in.h"

#define STOPS_BOX_M 20000u /* positions further from all stops are not of this city (E028) */

static void reading_free(feed_reading *reading)
{
    tq_vec_free(&reading->runs);
    tq_vec_free(&reading->calls);
    tq_vec_free(&reading->vehicles);
    tq_vec_free(&reading->alerts);
    tq_vec_free(&reading->about);
    tq_buf_free(&reading->text);
}

static void held_free(feed_held *held)
{
    if (held == NULL) return;
    reading_free(&held->reading);
    tq_pool_free(&held->pool);
    tq_free(held->bytes);
    tq_free(held);
}

live_feeds *live_feeds_new(const tq_city *city)
{
    live_feeds *feeds = TQ_ALLOC(live_feeds, 1);
    if (feeds == NULL) return NULL;
    feeds->city = city;
    feeds->now_ms = INT64_MIN;
    feeds->feed = TQ_ALLOC(feed_held *, FEEDS_MAX);
    if (feeds->feed != NULL) return feeds;
    tq_free(feeds);
    return NULL;
}

void live_feeds_free(live_feeds *feeds)
{
    if (feeds == NULL) return;
    for (uint32_t f = 0; f < feeds->count; f++)
        held_free(feeds->feed[f]);
    if (feeds->has_ids) feed_ids_free(&feeds->ids);
    tq_vec_free(&feeds->runs);
    tq_vec_free(&feeds->calls);
    tq_buf_free(&feeds->text);
    tq_free(feeds->feed);
    tq_free(feeds);
}

/* Row of a feed, or where it would stand. */
static uint32_t row_of(const live_feeds *feeds, const char *name, bool *found)
{
    uint32_t row = 0;
    while (row < feeds->count && strcmp(feeds->feed[row]->name, name) < 0)
        row++;
    *found = row < feeds->count && strcmp(feeds->feed[row]->name, name) == 0;
    return row;
}

/* ---- checks of a message as a whole ---- */

static tq_status check_name(const char *name, tq_err *err)
{
    size_t len = strlen(name);
    bool good = len > 0 && len < FEED_NAME_MAX;
    for (size_t k = 0; good && k < len; k++)
        good = (name[k] >= 'a' && name[k] <= 'z') || (name[k] >= 'A' && name[k] <= 'Z') ||
               (name[k] >= '0' && name[k] <= '9') || name[k] == '-' || name[k] == '_' ||
               name[k] == '.';
    if (good) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "«%.80s» is no name of a feed: 1 to %u letters, digits, - _ .", name,
                   FEED_NAME_MAX - 1);
}

static tq_status check_header(const tq_rt_header *header, const feed_held *old, int64_t now_ms,
                              tq_err *err)
{
    tq_str version = header->gtfs_realtime_version;
    if (!tq_str_starts(version, "1.") && !tq_str_starts(version, "2."))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "E038: gtfs_realtime_version «%.*s» is not read; 1.0 and 2.0 are",
                       (int)TQ_MIN(version.len, (size_t)40), version.at);
    if (!header->has_timestamp || header->timestamp == 0) return TQ_OK;
    int64_t now_s = now_ms / 1000;
    if (header->timestamp > (uint64_t)TQ_MAX(now_s + FEED_FUTURE_S, 0))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "E050: the feed's timestamp %llu is in the future (now %lld); it counts "
                       "seconds since 1970, and a clock may be %d s ahead",
                       (unsigned long long)header->timestamp, (long long)now_s, FEED_FUTURE_S);
    if (old != NULL && (int64_t)header->timestamp * 1000 < old->timestamp_ms &&
        old->message.header->has_timestamp)
        return tq_fail(err, TQ_STALE, 0,
                       "E018: the feed's timestamp %llu is before that of the last message, %lld",
                       (unsigned long long)header->timestamp,
                       (long long)(old->timestamp_ms / 1000));
    return TQ_OK;
}

/* ---- a message over what was held ---- */

static int by_id(const void *a, const void *b)
{
    const tq_rt_entity *x = *(const tq_rt_entity *const *)a, *y = *(const tq_rt_entity *const *)b;
    int order = tq_str_compare(x->id, y->id);
    return order != 0 ? order : (x > y) - (x < y);
}

static bool names(tq_rt_entity *const *entity, uint32_t count, tq_str id)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = tq_str_compare(entity[middle]->id, id);
        if (order == 0) return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The bytes of the whole that a message leaves: entities held before and not named stay, deleted
 * ones go. */
static tq_status merge(const feed_held *old, const tq_rt_feed *message, tq_buf *bytes, tq_err *err)
{
    uint32_t kept = 0, count = message->entity.count,
             before = old != NULL ? old->message.entity.count : 0;
    tq_rt_entity **sorted = TQ_ALLOC(tq_rt_entity *, (size_t)count + 1);
    tq_rt_entity *all = TQ_ALLOC(tq_rt_entity, (size_t)count + before + 1);
    tq_rt_feed whole = {.header = message->header};
    if (sorted == NULL || all == NULL) {
        tq_free(sorted);
        tq_free(all);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a live feed");
    }
    for (uint32_t k = 0; k < count; k++)
        sorted[k] = &message->entity.at[k];
    qsort(sorted, count, sizeof *sorted, by_id);
    for (uint32_t k = 0; k < before; k++)
        if (!names(sorted, count, old->message.entity.at[k].id))
            all[kept++] = old->message.entity.at[k];
    for (uint32_t k = 0; k < count; k++)
        if (!message->entity.at[k].is_deleted) all[kept++] = message->entity.at[k];
    whole.entity.at = all;
    whole.entity.count = kept;
    tq_gtfs_rt_write(&whole, bytes);
    tq_free(sorted);
    tq_free(all);
    if (bytes->failed) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a live feed");
    return TQ_OK;
}

/* What the header and the entities as such say wrong; entities marked deleted mean nothing in a
 * whole data set. */
static void check_entities(feed_reader *in)
{
    tq_rt_feed *message = &in->feed->message;
    if (!message->header->has_timestamp || message->header->timestamp == 0) feed_rule(in, 48);
    if (!message->header->has_incrementality &&
        tq_str_starts(message->header->gtfs_realtime_version, "2."))
        feed_rule(in, 49);
    uint32_t kept = 0;
    for (uint32_t k = 0; k < message->entity.count; k++) {
        if (message->entity.at[k].is_deleted) {
            feed_rule(in, 39);
            continue;
        }
        message->entity.at[kept++] = message->entity.at[k];
    }
    message->entity.count = kept;
    in->out->counts.entities = kept;
}

static void check_places(feed_reader *in)
{
    const tq_timetable *table = &in->city->timetable;
    tq_box box = TQ_BOX_EMPTY;
    if (in->out->vehicles.count == 0) return;
    for (uint32_t stop = 0; stop < table->stop_count; stop++)
        tq_box_add(&box, table->stop[stop].at);
    box = tq_box_grow(box, STOPS_BOX_M);
    for (size_t k = 0; k < in->out->vehicles.count; k++)
        if (!tq_box_has(&box, in->out->vehicles.at[k].at)) feed_rule(in, 28);
}

static tq_status interpret(live_feeds *feeds, feed_held *held, int64_t now_ms, tq_err *err)
{
    feed_reader in = {.city = feeds->city,
                      .ids = &feeds->ids,
                      .feed = held,
                      .out = &held->reading,
                      .now_ms = now_ms};
    tq_buf_putc(&held->reading.text, '\0');
    check_entities(&in);
    feed_collect_changes(&in);
    feed_read_trips(&in);
    feed_read_changes(&in);
    feed_read_vehicles(&in);
    feed_read_alerts(&in);
    check_places(&in);
    tq_vec_free(&in.plan);
    tq_vec_free(&in.changes);
    tq_vec_free(&in.order);
    tq_vec_free(&in.keys);
    if (in.failed || held->reading.text.failed)
        return tq_fail(err, TQ_LIMIT, 0,
                       "the feed changes more than %u runs or %u calls, or there is no memory for "
                       "it",
                       FEED_RUNS_MAX, FEED_RUN_CALLS_MAX);
    return TQ_OK;
}

/* Read a message into `held`, on top of `old` when it is a differential one. */
static tq_status take_message(live_feeds *feeds, const feed_held *old, feed_held *held,
                              tq_str message, int64_t now_ms, tq_err *err)
{
    TQ_TRY(tq_gtfs_rt_read(message, &held->pool, &held->message, err));
    TQ_TRY(check_header(held->message.header, old, now_ms, err));
    tq_buf merged = {.limit = TQ_RT_BYTES_MAX};
    if (held->message.header->incrementality == 1) {
        tq_status status = merge(old, &held->message, &merged, err);
        if (status != TQ_OK) {
            tq_buf_free(&merged);
            return status;
        }
        message = (tq_str){merged.at, merged.len};
    }
    /* The structs point into the bytes, so these must be the feed's own. */
    held->bytes = tq_alloc(message.len + 1, 1);
    if (held->bytes != NULL) memcpy(held->bytes, message.at, message.len);
    held->len = message.len;
    tq_buf_free(&merged);
    if (held->bytes == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a live feed");
    tq_pool_free(&held->pool);
    TQ_TRY(tq_gtfs_rt_read((tq_str){held->bytes, held->len}, &held->pool, &held->message, err));
    held->received_ms = held->timestamp_ms = now_ms;
    if (held->message.header->has_timestamp && held->message.header->timestamp != 0)
        held->timestamp_ms = (int64_t)held->message.header->timestamp * 1000;
    return interpret(feeds, held, now_ms, err);
}

/* ---- age ---- */

static bool has_trips(const feed_held *held)
{
    return held->reading.counts.trips + held->reading.counts.vehicles != 0;
}

static bool too_old(int64_t timestamp_ms, int64_t now_ms, int64_t limit_s)
{
    return now_ms - timestamp_ms > limit_s * 1000;
}

/* Only what has trips or vehicles is judged by their limit. */
static bool is_stale(const feed_held *held, int64_t now_ms)
{
    return too_old(held->timestamp_ms, now_ms,
                   has_trips(held) || held->reading.counts.alerts == 0 ? FEED_STALE_S
                                                                       : FEED_STALE_ALERT_S);
}

static bool grow_old(feed_held *held, int64_t now_ms)
{
    bool trips = too_old(held->timestamp_ms, now_ms, FEED_DROP_S),
         alerts = too_old(held->timestamp_ms, now_ms, FEED_DROP_ALERT_S);
    bool changed = (trips && !held->stopped_trips && has_trips(held)) ||
                   (alerts && !held->stopped_alerts && held->reading.alerts.count != 0);
    held->stopped_trips = trips;
    held->stopped_alerts = alerts;
    return changed;
}

static bool closes_stops(const feed_held *held)
{
    for (size_t k = 0; !held->stopped_alerts && k < held->reading.alerts.count; k++)
        if (held->reading.alerts.at[k].from->effect == TQ_RT_EFFECT_NO_SERVICE) return true;
    return false;
}

int64_t live_feeds_next_ms(const live_feeds *feeds)
{
    int64_t next = INT64_MAX;
    for (uint32_t f = 0; f < feeds->count; f++) {
        const feed_held *held = feeds->feed[f];
        int64_t base = held->timestamp_ms + 1;
        if (!held->stopped_trips && has_trips(held))
            next = TQ_MIN(next, base + FEED_DROP_S * INT64_C(1000));
        if (held->stopped_alerts || held->reading.alerts.count == 0) continue;
        next = TQ_MIN(next, base + FEED_DROP_ALERT_S * INT64_C(1000));
        for (size_t k = 0; k < held->reading.alerts.count; k++)
            next = TQ_MIN(next, feed_alert_next_ms(held->reading.alerts.at[k].from, feeds->now_ms));
        /* Closed stops are written out for some days; another one begins at midnight. */
        int32_t today = tq_local_day(&feeds->city->zone, feeds->now_ms, NULL);
        if (closes_stops(held))
            next = TQ_MIN(next, tq_local_to_ms(&feeds->city->zone, today + 1, 0));
    }
    return next;
}

bool live_feeds_expire(live_feeds *feeds, int64_t now_ms)
{
    bool changed = now_ms >= live_feeds_next_ms(feeds);
    if (now_ms > feeds->now_ms) feeds->now_ms = now_ms;
    for (uint32_t f = 0; f < feeds->count; f++)
        changed = grow_old(feeds->feed[f], feeds->now_ms) || changed;
    return changed;
}

/* ---- putting and forgetting ---- */

static void put_rules(tq_json *json, const feed_counts *counts)
{
    tq_json_key(json, "errors");
    tq_json_array(json);
    for (unsigned rule = 0; rule < FEED_RULES; rule++) {
        char name[8];
        if (counts->rule[rule] == 0) continue;
        (void)snprintf(name, sizeof name, "E%03u", rule);
        tq_json_object(json);
        tq_json_put_text(json, "rule", name);
        tq_json_put_i64(json, "count", counts->rule[rule]);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

static void put_report(const feed_held *held, int64_t now_ms, tq_buf *out)
{
    const feed_counts *counts = &held->reading.counts;
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_i64(&json, "entities", counts->entities);
    tq_json_put_i64(&json, "matched", counts->matched);
    tq_json_put_i64(&json, "unmatched", counts->unmatched);
    tq_json_put_i64(&json, "cancelled", counts->cancelled);
    tq_json_put_i64(&json, "added", counts->added);
    tq_json_put_i64(&json, "skipped_stops", counts->skipped_stops);
    tq_json_put_i64(&json, "repaired", counts->repaired);
    tq_json_put_i64(&json, "estimated", counts->estimated);
    tq_json_put_i64(&json, "runs", counts->runs);
    tq_json_put_i64(&json, "age_s", TQ_MAX(now_ms - held->timestamp_ms, 0) / 1000);
    tq_json_put_bool(&json, "stale", is_stale(held, now_ms));
    put_rules(&json, counts);
    tq_json_end_object(&json);
}

tq_status live_feeds_put(live_feeds *feeds, const char *name, tq_str message, int64_t now_ms,
                         tq_buf *report, tq_err *err)
{
    bool found;
    TQ_TRY(check_name(name, err));
    uint32_t row = row_of(feeds, name, &found);
    if (!found && feeds->count >= FEEDS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "there are %u feeds already; forget one first", FEEDS_MAX);
    if (!feeds->has_ids && !feed_ids_make(&feeds->ids, feeds->city))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a live feed");
    feeds->has_ids = true;
    feed_held *held = TQ_ALLOC(feed_held, 1);
    if (held == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a live feed");
    (void)snprintf(held->name, sizeof held->name, "%s", name);
    tq_status status =
        take_message(feeds, found ? feeds->feed[row] : NULL, held, message, now_ms, err);
    if (status != TQ_OK) {
        held_free(held);
        return status;
    }
    (void)grow_old(held, now_ms);
    if (found) {
        held_free(feeds->feed[row]);
    } else {
        memmove(&feeds->feed[row + 1], &feeds->feed[row],
                (feeds->count - row) * sizeof *feeds->feed);
        feeds->count++;
    }
    feeds->feed[row] = held;
    if (now_ms > feeds->now_ms) feeds->now_ms = now_ms;
    if (report != NULL) put_report(held, now_ms, report);
    return TQ_OK;
}

bool live_feeds_forget(live_feeds *feeds, const char *name)
{
    bool found;
    uint32_t row = row_of(feeds, name, &found);
    if (!found) return false;
    held_free(feeds->feed[row]);
    feeds->count--;
    memmove(&feeds->feed[row], &feeds->feed[row + 1], (feeds->count - row) * sizeof *feeds->feed);
    return true;
}

void live_feeds_json(const live_feeds *feeds, int64_t now_ms, tq_buf *out)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "feeds");
    tq_json_array(&json);
    for (uint32_t f = 0; f < feeds->count; f++) {
        const feed_held *held = feeds->feed[f];
        tq_json_object(&json);
        tq_json_put_text(&json, "feed", held->name);
        tq_time_print(&feeds->city->zone, held->received_ms, text);
        tq_json_put_text(&json, "received", text);
        tq_time_print(&feeds->city->zone, held->timestamp_ms, text);
        tq_json_put_text(&json, "timestamp", text);
        tq_json_put_i64(&json, "age_s", TQ_MAX(now_ms - held->timestamp_ms, 0) / 1000);
        tq_json_put_bool(&json, "stale", is_stale(held, now_ms));
        tq_json_put_bool(&json, "acts",
                         !(has_trips(held) && too_old(held->timestamp_ms, now_ms, FEED_DROP_S)));
        tq_json_put_i64(&json, "trips", held->reading.counts.trips);
        tq_json_put_i64(&json, "vehicles", held->reading.counts.vehicles);
        tq_json_put_i64(&json, "alerts", held->reading.counts.alerts);
        tq_json_put_i64(&json, "unmatched", held->reading.counts.unmatched);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}
