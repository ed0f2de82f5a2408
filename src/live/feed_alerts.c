/*
 * Alerts of feeds: kept with what they are about in rows of the city, and told to those who ask.
 *
 * A selector's members act together (a stop and a route: that route at that stop). One that names a
 * thing the city has not is passed over; an alert of which nothing is left is not kept.
 */
#include "live/feed_in.h"

#define SECOND_MAX (INT64_MAX / 2000) /* instants further away are «without end» */

static int64_t instant_ms(uint64_t second)
{
    return second > (uint64_t)SECOND_MAX ? INT64_MAX : (int64_t)second * 1000;
}

bool feed_alert_holds(const tq_rt_alert *alert, int64_t at_ms)
{
    for (uint32_t k = 0; k < alert->active_period.count; k++) {
        const tq_rt_range *range = &alert->active_period.at[k];
        if ((!range->has_start || instant_ms(range->start) <= at_ms) &&
            (!range->has_end || range->end == 0 || at_ms < instant_ms(range->end)))
            return true;
    }
    return alert->active_period.count == 0;
}

int64_t feed_alert_next_ms(const tq_rt_alert *alert, int64_t at_ms)
{
    int64_t next = INT64_MAX;
    for (uint32_t k = 0; k < alert->active_period.count; k++) {
        const tq_rt_range *range = &alert->active_period.at[k];
        int64_t from = range->has_start ? instant_ms(range->start) : INT64_MIN,
                to = range->has_end && range->end != 0 ? instant_ms(range->end) : INT64_MAX;
        if (from > at_ms) next = TQ_MIN(next, from);
        if (to > at_ms) next = TQ_MIN(next, to);
    }
    return next;
}

static uint32_t agency_of(const feed_reader *in, tq_str id)
{
    const tq_timetable *table = &in->city->timetable;
    for (uint32_t agency = 0; agency < table->agency_count; agency++)
        if (tq_str_is(id, tq_text(in->city, table->agency[agency].id))) return agency;
    return TQ_NONE;
}

/* False: it names nothing, or something that is not here. */
static bool take_about(feed_reader *in, const tq_rt_selector *from, feed_about *out)
{
    const char *name = in->feed->name;
    bool good = true, any = from->has_route_type;
    *out = (feed_about){TQ_NONE, TQ_NONE, TQ_NONE, TQ_NONE, TQ_NONE, TQ_NONE};
    struct {
        tq_str id;
        uint32_t row, rule, *out;
    } part[] = {{from->route_id, TQ_NONE, 4, &out->route},
                {from->stop_id, TQ_NONE, 11, &out->stop},
                {from->agency_id, TQ_NONE, 34, &out->agency},
                {from->trip != NULL ? from->trip->trip_id : (tq_str){0}, TQ_NONE, 3, &out->trip}};
    part[0].row = feed_route_of(in->ids, name, part[0].id);
    part[1].row = feed_stop_of(in->ids, name, part[1].id);
    part[2].row = agency_of(in, part[2].id);
    part[3].row = feed_trip_of(in->ids, name, part[3].id);
    for (size_t k = 0; k < TQ_COUNT(part); k++) {
        if (part[k].id.len == 0) continue;
        any = true;
        if (part[k].row == TQ_NONE) {
            feed_rule(in, part[k].rule);
            good = false;
        }
        *part[k].out = part[k].row;
    }
    if (from->trip != NULL && from->trip->trip_id.len == 0 && from->trip->route_id.len != 0) {
        any = true;
        out->route = feed_route_of(in->ids, name, from->trip->route_id);
        good = good && out->route != TQ_NONE;
    }
    if (from->has_direction_id) out->direction = from->direction_id;
    if (from->has_route_type) out->type = (uint32_t)from->route_type;
    if (!any) feed_rule(in, 33);
    return good && any;
}

void feed_read_alerts(feed_reader *in)
{
    const tq_rt_feed *message = &in->feed->message;
    for (uint32_t k = 0; k < message->entity.count && !in->failed; k++) {
        const tq_rt_alert *from = message->entity.at[k].alert;
        if (from == NULL) continue;
        feed_alert alert = {.from = from,
                            .entity = message->entity.at[k].id,
                            .first_about = (uint32_t)in->out->about.count};
        in->out->counts.alerts++;
        if (from->informed_entity.count == 0) feed_rule(in, 32);
        for (uint32_t s = 0; s < from->informed_entity.count; s++) {
            feed_about about;
            if (!take_about(in, &from->informed_entity.at[s], &about)) continue;
            if (!tq_vec_push(&in->out->about, about)) in->failed = true;
        }
        alert.about_count = (uint32_t)in->out->about.count - alert.first_about;
        if (alert.about_count == 0) {
            in->out->counts.unmatched++;
            continue;
        }
        in->out->counts.matched++;
        if (!tq_vec_push(&in->out->alerts, alert)) in->failed = true;
    }
}

/* ---- telling ---- */

static void put_texts(tq_json *json, const char *key, const tq_rt_texts *texts)
{
    if (texts == NULL || texts->translation.count == 0) return;
    tq_json_key(json, key);
    tq_json_array(json);
    for (uint32_t k = 0; k < texts->translation.count; k++) {
        tq_json_object(json);
        tq_json_key(json, "text");
        tq_json_str(json, texts->translation.at[k].text);
        if (texts->translation.at[k].language.len != 0) {
            tq_json_key(json, "language");
            tq_json_str(json, texts->translation.at[k].language);
        }
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

static void put_instant(const tq_city *city, tq_json *json, const char *key, bool given,
                        uint64_t second)
{
    char text[TQ_TIME_TEXT_MAX];
    int64_t at_ms = instant_ms(second);
    if (!given || second == 0 || at_ms > INT64_C(253402300799000)) return; /* year 9999 */
    tq_time_print(&city->zone, at_ms, text);
    tq_json_put_text(json, key, text);
}

static void put_about(const tq_city *city, tq_json *json, const feed_about *about)
{
    const tq_timetable *table = &city->timetable;
    tq_json_object(json);
    if (about->route != TQ_NONE) {
        tq_json_put_text(json, "route", tq_text(city, table->route[about->route].id));
        tq_json_put_text(json, "line", tq_text(city, table->route[about->route].short_name));
    }
    if (about->direction != TQ_NONE) tq_json_put_i64(json, "direction", about->direction);
    if (about->stop != TQ_NONE) {
        tq_json_put_text(json, "stop", tq_text(city, table->stop[about->stop].id));
        tq_json_put_text(json, "stop_name", tq_text(city, table->stop[about->stop].name));
    }
    if (about->trip != TQ_NONE)
        tq_json_put_text(json, "trip", tq_text(city, table->trip[about->trip].id));
    if (about->agency != TQ_NONE)
        tq_json_put_text(json, "agency", tq_text(city, table->agency[about->agency].id));
    if (about->type != TQ_NONE) tq_json_put_i64(json, "route_type", about->type);
    tq_json_end_object(json);
}

static const char *effect_name(uint32_t effect)
{
    static const char *const names[] = {
        NULL,      "no_service",         "reduced_service", "significant_delays",
        "detour",  "additional_service", "modified",        "other",
        "unknown", "stop_moved",         "no_effect",       "accessibility"};
    return effect < TQ_COUNT(names) && names[effect] != NULL ? names[effect] : "unknown";
}

static void put_alert(const tq_city *city, tq_json *json, const feed_held *held,
                      const feed_alert *alert)
{
    const tq_rt_alert *from = alert->from;
    tq_json_object(json);
    tq_json_put_text(json, "feed", held->name);
    tq_json_key(json, "id");
    tq_json_str(json, alert->entity);
    tq_json_put_text(json, "effect", effect_name(from->effect));
    tq_json_put_i64(json, "cause", from->cause);
    tq_json_put_i64(json, "severity", from->severity_level);
    put_texts(json, "header", from->header_text);
    put_texts(json, "description", from->description_text);
    put_texts(json, "url", from->url);
    tq_json_key(json, "periods");
    tq_json_array(json);
    for (uint32_t k = 0; k < from->active_period.count; k++) {
        const tq_rt_range *range = &from->active_period.at[k];
        tq_json_object(json);
        put_instant(city, json, "from", range->has_start, range->start);
        put_instant(city, json, "to", range->has_end, range->end);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
    tq_json_key(json, "about");
    tq_json_array(json);
    for (uint32_t k = 0; k < alert->about_count; k++)
        put_about(city, json, &held->reading.about.at[alert->first_about + k]);
    tq_json_end_array(json);
    tq_json_end_object(json);
}

void live_feeds_alerts_json(const live_feeds *feeds, int64_t at_ms, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "alerts");
    tq_json_array(&json);
    for (uint32_t f = 0; f < feeds->count; f++) {
        const feed_held *held = feeds->feed[f];
        if (held->stopped_alerts) continue;
        for (size_t k = 0; k < held->reading.alerts.count; k++)
            if (feed_alert_holds(held->reading.alerts.at[k].from, at_ms))
                put_alert(feeds->city, &json, held, &held->reading.alerts.at[k]);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}
