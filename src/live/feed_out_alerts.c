/*
 * Alerts out: one about each closure that turns lines off their way, one about the stops that they
 * cannot serve, and those that came in, with the city's ids.
 *
 * A closure that no line notices is no matter of public transport and has no alert. The alert about
 * stops is left out when the closure holds only at some hours: NO_SERVICE all day would be wrong;
 * the text of the first alert names the stops either way.
 */
#include <stdio.h>

#include "live/feed_out_in.h"

#define NAMES_MAX 12 /* lines or stops that a text names */

/* What a closure does to lines. */
typedef struct line_reach {
    TQ_VEC(uint64_t) lines; /* route * 2 + direction, ascending, each once */
    TQ_VEC(uint64_t) stops; /* route << 32 | stop, ascending, each once */
    bool failed;
} line_reach;

static void once(uint64_t *at, size_t *count)
{
    size_t kept = 0;
    for (size_t k = 0; k < *count; k++)
        if (kept == 0 || at[kept - 1] != at[k]) at[kept++] = at[k];
    *count = kept;
}

static bool is_source(const feed_out *out, const tq_detour *detour, const char *id)
{
    for (uint32_t k = 0; k < detour->source_count; k++)
        if (strcmp(out->shown->text + out->shown->source[detour->first_source + k], id) == 0)
            return true;
    return false;
}

/* Is the place passed by the runs of the detour? */
static bool is_passed(const feed_out *out, const tq_live_run *run, uint32_t place)
{
    for (uint32_t k = 0; k < run->call_count; k++) {
        const tq_live_call *call = &out->shown->call[run->first_call + k];
        if (call->place == place) return (call->flags & TQ_CALL_SKIPPED) != 0;
    }
    return true;
}

static void add_detour(feed_out *out, uint32_t row, line_reach *to)
{
    const tq_timetable *table = &out->city->timetable;
    const tq_detour *detour = &out->shown->detour[row];
    uint32_t route = table->pattern_route[detour->pattern], first, last, run = 0;
    while (run < out->shown->run_count && out->shown->run[run].detour != row)
        run++;
    if (!tq_vec_push(&to->lines,
                     (uint64_t)route * 2 + (table->pattern_direction[detour->pattern] & 1u)))
        to->failed = true;
    feed_out_left_out(out, detour, &first, &last);
    for (uint32_t place = first; place <= last; place++) {
        uint32_t stop = table->pattern_stop[table->pattern_first[detour->pattern] + place];
        if (run < out->shown->run_count && !is_passed(out, &out->shown->run[run], place)) continue;
        if (!tq_vec_push(&to->stops, (uint64_t)route << 32 | stop)) to->failed = true;
    }
}

static uint32_t cause_of(const char *reason)
{
    static const struct {
        const char *reason;
        uint32_t cause;
    } causes[] = {{"works", TQ_RT_CAUSE_CONSTRUCTION},
                  {"crack", TQ_RT_CAUSE_MAINTENANCE},
                  {"subsidence", TQ_RT_CAUSE_MAINTENANCE},
                  {"accident", TQ_RT_CAUSE_ACCIDENT},
                  {"snow", TQ_RT_CAUSE_WEATHER},
                  {"flood", TQ_RT_CAUSE_WEATHER},
                  {"event", TQ_RT_CAUSE_EVENT}};
    for (size_t k = 0; k < TQ_COUNT(causes); k++)
        if (strcmp(reason, causes[k].reason) == 0) return causes[k].cause;
    return TQ_RT_CAUSE_OTHER;
}

static tq_rt_texts *texts_of(feed_out *out, tq_str zh, tq_str en)
{
    tq_rt_texts *made = FEED_OUT_PUSH(out, tq_rt_texts, 1);
    tq_rt_text *text = FEED_OUT_PUSH(out, tq_rt_text, 2);
    if (made == NULL || text == NULL) return NULL;
    text[0] = (tq_rt_text){zh, TQ_STR("zh")};
    text[1] = (tq_rt_text){en, TQ_STR("en")};
    made->translation.at = text;
    made->translation.count = 2;
    return made;
}

static void put_range(feed_out *out, const tq_closure *closure, tq_rt_alert *to)
{
    to->active_period.at = FEED_OUT_PUSH(out, tq_rt_range, 1);
    if (to->active_period.at == NULL) return;
    to->active_period.count = 1;
    *to->active_period.at = (tq_rt_range){
        .has_start = closure->from_ms > 0,
        .start = closure->from_ms > 0 ? (uint64_t)(closure->from_ms / 1000) : 0,
        .has_end = closure->to_ms > 0 && closure->to_ms != INT64_MAX,
        .end = closure->to_ms > 0 && closure->to_ms != INT64_MAX ? (uint64_t)(closure->to_ms / 1000)
                                                                 : 0};
}

static uint32_t stop_name(const feed_out *out, uint32_t row, bool english)
{
    const tq_stop *stop = &out->city->timetable.stop[row];
    return english && *tq_text(out->city, stop->name_en) != '\0' ? stop->name_en : stop->name;
}

static uint32_t line_name(const feed_out *out, uint32_t row)
{
    const tq_route *route = &out->city->timetable.route[row];
    return *tq_text(out->city, route->short_name) != '\0' ? route->short_name : route->long_name;
}

/* «name、name 等» / «name, name and others» of rows, each name once as they come. */
static tq_str names_of(feed_out *out, const uint64_t *row, size_t count, bool stops, bool english)
{
    tq_buf text = {0};
    const char *last = "";
    uint32_t put = 0;
    bool more = false;
    for (size_t k = 0; k < count && !more; k++) {
        uint32_t name = stops ? stop_name(out, (uint32_t)row[k], english)
                              : line_name(out, (uint32_t)(row[k] / 2));
        if (strcmp(last, tq_text(out->city, name)) == 0) continue;
        last = tq_text(out->city, name);
        more = put == NAMES_MAX;
        if (put++ != 0) tq_buf_puts(&text, english ? ", " : "、");
        tq_buf_puts(&text, more ? (english ? "others" : "等") : last);
    }
    tq_str made = feed_out_text(out, "%.*s", (int)text.len, text.at != NULL ? text.at : "");
    if (text.failed) out->failed = true;
    tq_buf_free(&text);
    return made;
}

/* Where: «street（from—to）». */
static tq_str place_of(feed_out *out, const tq_closure *closure, bool english)
{
    const tq_stretch *at = &closure->stretch;
    const char *street = english && at->street_en[0] != '\0' ? at->street_en : at->street;
    if (street[0] == '\0') street = english ? "A road" : "道路";
    if (at->from[0] == '\0' || at->to[0] == '\0') return feed_out_text(out, "%s", street);
    return english ? feed_out_text(out, "%s (%s to %s)", street, at->from, at->to)
                   : feed_out_text(out, "%s（%s至%s）", street, at->from, at->to);
}

static void put_texts(feed_out *out, const tq_closure *closure, const line_reach *reach,
                      tq_rt_alert *to)
{
    bool full = closure->effect == TQ_CLOSURE_FULL;
    tq_str zh = place_of(out, closure, false), en = place_of(out, closure, true);
    tq_str lines_zh = names_of(out, reach->lines.at, reach->lines.count, false, false),
           lines_en = names_of(out, reach->lines.at, reach->lines.count, false, true);
    tq_str zh_head = feed_out_text(out, "%s%s，%s绕行", zh.at, full ? "封闭" : "限行", lines_zh.at);
    tq_str en_head = feed_out_text(out, "%s %s: detour of %s", en.at,
                                   full ? "closed" : "restricted", lines_en.at);
    to->header_text = texts_of(out, zh_head, en_head);
    if (reach->stops.count == 0) return;
    tq_str stops_zh = names_of(out, reach->stops.at, reach->stops.count, true, false),
           stops_en = names_of(out, reach->stops.at, reach->stops.count, true, true);
    to->description_text =
        texts_of(out, feed_out_text(out, "%s。暂不停靠：%s。", zh_head.at, stops_zh.at),
                 feed_out_text(out, "%s. Not served: %s.", en_head.at, stops_en.at));
}

static tq_rt_selector *selectors(feed_out *out, const line_reach *reach, bool stops,
                                 tq_rt_alert *to)
{
    const tq_timetable *table = &out->city->timetable;
    size_t count = stops ? reach->stops.count : reach->lines.count;
    tq_rt_selector *made = FEED_OUT_PUSH(out, tq_rt_selector, count);
    if (made == NULL) return NULL;
    for (size_t k = 0; k < count; k++) {
        uint64_t row = stops ? reach->stops.at[k] : reach->lines.at[k];
        uint32_t route = (uint32_t)(stops ? row >> 32 : row / 2);
        made[k].route_id = tq_str_of(tq_text(out->city, table->route[route].id));
        if (stops) {
            made[k].stop_id = tq_str_of(tq_text(out->city, table->stop[(uint32_t)row].id));
        } else {
            made[k].has_direction_id = true;
            made[k].direction_id = (uint32_t)(row & 1);
        }
    }
    to->informed_entity.at = made;
    to->informed_entity.count = (uint32_t)count;
    return made;
}

static void put_closure(feed_out *out, const tq_closure *closure, const line_reach *reach)
{
    tq_rt_alert *alert = FEED_OUT_PUSH(out, tq_rt_alert, 1), *stops;
    if (alert == NULL) return;
    alert->has_cause = alert->has_effect = alert->has_severity_level = true;
    alert->cause = cause_of(closure->reason);
    alert->effect = TQ_RT_EFFECT_DETOUR;
    alert->severity_level = 3; /* WARNING */
    put_range(out, closure, alert);
    put_texts(out, closure, reach, alert);
    (void)selectors(out, reach, false, alert);
    feed_out_entity(
        out, &(tq_rt_entity){.id = feed_out_text(out, "closure:%s", closure->id), .alert = alert});
    if (reach->stops.count == 0 || closure->time_count != 0) return;
    stops = FEED_OUT_PUSH(out, tq_rt_alert, 1);
    if (stops == NULL) return;
    *stops = *alert;
    stops->effect = TQ_RT_EFFECT_NO_SERVICE;
    (void)selectors(out, reach, true, stops);
    feed_out_entity(out, &(tq_rt_entity){.id = feed_out_text(out, "closure:%s:stops", closure->id),
                                         .alert = stops});
}

static void put_closures(feed_out *out)
{
    for (uint32_t c = 0; c < out->closure_count && !out->failed; c++) {
        const tq_closure *closure = out->closure[c];
        line_reach to = {0};
        if (closure->to_ms <= out->now_ms) continue;
        for (uint32_t row = 0; row < out->shown->detour_count; row++)
            if (is_source(out, &out->shown->detour[row], closure->id)) add_detour(out, row, &to);
        bool ok = !to.failed && (to.lines.count == 0 || tq_sort_u64(to.lines.at, to.lines.count)) &&
                  (to.stops.count == 0 || tq_sort_u64(to.stops.at, to.stops.count));
        once(to.lines.at, &to.lines.count);
        once(to.stops.at, &to.stops.count);
        if (!ok)
            out->failed = true;
        else if (to.lines.count != 0)
            put_closure(out, closure, &to);
        tq_vec_free(&to.lines);
        tq_vec_free(&to.stops);
    }
}

/* ---- alerts that came in ---- */

static void put_about(feed_out *out, const feed_about *about, tq_rt_selector *to)
{
    const tq_timetable *table = &out->city->timetable;
    if (about->route != TQ_NONE)
        to->route_id = tq_str_of(tq_text(out->city, table->route[about->route].id));
    if (about->stop != TQ_NONE)
        to->stop_id = tq_str_of(tq_text(out->city, table->stop[about->stop].id));
    if (about->agency != TQ_NONE)
        to->agency_id = tq_str_of(tq_text(out->city, table->agency[about->agency].id));
    if (about->trip != TQ_NONE) {
        to->trip = FEED_OUT_PUSH(out, tq_rt_trip, 1);
        if (to->trip != NULL)
            to->trip->trip_id = tq_str_of(tq_text(out->city, table->trip[about->trip].id));
    }
    to->has_direction_id = about->direction != TQ_NONE;
    to->direction_id = about->direction;
    to->has_route_type = about->type != TQ_NONE;
    to->route_type = (int32_t)about->type;
}

static void pass_alert(feed_out *out, const feed_held *held, const feed_alert *from)
{
    tq_rt_alert *made = FEED_OUT_PUSH(out, tq_rt_alert, 1);
    tq_rt_selector *selector = FEED_OUT_PUSH(out, tq_rt_selector, from->about_count);
    if (made == NULL || selector == NULL) return;
    *made = *from->from;
    made->informed_entity.at = selector;
    made->informed_entity.count = from->about_count;
    for (uint32_t k = 0; k < from->about_count; k++)
        put_about(out, &held->reading.about.at[from->first_about + k], &selector[k]);
    feed_out_entity(out,
                    &(tq_rt_entity){.id = feed_out_text(out, "%s:%.*s", held->name,
                                                        (int)TQ_MIN(from->entity.len, (size_t)200),
                                                        from->entity.at),
                                    .alert = made});
}

void feed_out_alerts(feed_out *out)
{
    put_closures(out);
    for (uint32_t f = 0; f < out->feeds->count; f++) {
        const feed_held *held = out->feeds->feed[f];
        if (held->stopped_alerts) continue;
        for (size_t k = 0; k < held->reading.alerts.count && !out->failed; k++)
            pass_alert(out, held, &held->reading.alerts.at[k]);
    }
}
