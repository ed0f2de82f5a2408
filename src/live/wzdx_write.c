/*
 * Closures as a WZDx 4.2 work zone feed (GeoJSON): one feature a direction.
 *
 * What WZDx cannot hold (users, time rules, dangerous goods, half width as such) stands in the
 * description, in both languages. Half width is told as some lanes closed with a reduced width of
 * no value, never as one-way traffic; a closure of vehicles above a size leaves all lanes open and
 * is told as restrictions. Closed lanes are counted from the right.
 */
#include <stdio.h>

#include "live/live_in.h"

#define LATEST_MS INT64_C(4102444799000) /* the end of 2099: what a reader takes */
#define DAY_S     86400

static void put_utc(tq_json *json, const char *key, int64_t at_ms)
{
    char text[40];
    int32_t year;
    unsigned month, day;
    int64_t second = tq_floor_div(TQ_MAX(TQ_MIN(at_ms, LATEST_MS), 0), 1000);
    int64_t of_day = second % DAY_S;
    tq_date_of((int32_t)(second / DAY_S), &year, &month, &day);
    (void)snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", year, month, day,
                   (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
    tq_json_put_text(json, key, text);
}

static bool is_sized(const tq_closure *closure)
{
    return closure->effect == TQ_CLOSURE_FULL &&
           (live_has_limit(&closure->limit) || closure->users == TQ_ACCESS_LORRY);
}

static const char *impact_of(const tq_closure *closure)
{
    if (is_sized(closure)) return "all-lanes-open";
    switch (closure->effect) {
    case TQ_CLOSURE_FULL: return "all-lanes-closed";
    case TQ_CLOSURE_LANES:
    case TQ_CLOSURE_HALF_WIDTH: return "some-lanes-closed";
    case TQ_CLOSURE_SPEED:
    case TQ_CLOSURE_LOCAL: break;
    }
    return "all-lanes-open";
}

static const char *direction_of(const tq_streets *streets, const uint32_t *arc, uint32_t count)
{
    static const char *const names[] = {"northbound", "eastbound", "southbound", "westbound"};
    tq_point from = streets->node_at[tq_arc_tail(streets, arc[0])],
             to = streets->node_at[tq_arc_head(streets, arc[count - 1])];
    if (from.lat_e7 == to.lat_e7 && from.lon_e7 == to.lon_e7) return "undefined";
    return names[(tq_bearing_deg(from, to) + 45) % 360 / 90];
}

static void put_lane(tq_json *json, uint32_t order, const char *type, bool open)
{
    tq_json_object(json);
    tq_json_put_i64(json, "order", order);
    tq_json_put_text(json, "type", type);
    tq_json_put_text(json, "status", open ? "open" : "closed");
    tq_json_end_object(json);
}

/* From the left of those who go this way: the footway that is fenced off, lanes, the other one. */
static void put_lanes(const tq_closure *closure, bool against, tq_json *json)
{
    bool left = (closure->fenced & (against ? 2 : 1)) != 0,
         right = (closure->fenced & (against ? 1 : 2)) != 0;
    uint32_t order = 1, total = closure->effect == TQ_CLOSURE_LANES ? closure->lanes_total : 0;
    if (total == 0 && !left && !right) return;
    tq_json_key(json, "lanes");
    tq_json_array(json);
    put_lane(json, order++, "sidewalk", !left);
    for (uint32_t k = 0; k < total; k++)
        put_lane(json, order++, "general", k < closure->lanes_left);
    put_lane(json, order, "sidewalk", !right);
    tq_json_end_array(json);
}

static void put_restriction(tq_json *json, const char *type, uint32_t value, const char *unit)
{
    tq_json_object(json);
    tq_json_put_text(json, "type", type);
    if (unit != NULL) {
        tq_json_put_i64(json, "value", value);
        tq_json_put_text(json, "unit", unit);
    }
    tq_json_end_object(json);
}

static void put_restrictions(const tq_closure *closure, tq_json *json)
{
    const tq_clause *limit = &closure->limit;
    const struct {
        const char *type;
        uint32_t value;
        const char *unit;
    } sizes[] = {{"reduced-height", limit->height_cm, "centimeters"},
                 {"reduced-width", limit->width_cm, "centimeters"},
                 {"reduced-length", limit->length_cm, "centimeters"},
                 {"reduced-weight", limit->weight_10kg * 10u, "kilograms"},
                 {"axle-load-limit", limit->axle_10kg * 10u, "kilograms"}};
    tq_json_key(json, "restrictions");
    tq_json_array(json);
    for (size_t k = 0; k < TQ_COUNT(sizes) && closure->effect == TQ_CLOSURE_FULL; k++)
        if (sizes[k].value != 0)
            put_restriction(json, sizes[k].type, sizes[k].value, sizes[k].unit);
    if (closure->effect == TQ_CLOSURE_FULL && closure->users == TQ_ACCESS_LORRY &&
        !live_has_limit(limit))
        put_restriction(json, "no-trucks", 0, NULL);
    if (closure->effect == TQ_CLOSURE_LOCAL) put_restriction(json, "local-access-only", 0, NULL);
    if (closure->effect == TQ_CLOSURE_HALF_WIDTH) put_restriction(json, "reduced-width", 0, NULL);
    tq_json_end_array(json);
}

static void put_work(const tq_closure *closure, tq_json *json)
{
    static const char *const types[][2] = {{"crack", "minor-road-defect-repair"},
                                           {"subsidence", "below-road-work"},
                                           {"works", "maintenance"}};
    for (size_t k = 0; k < TQ_COUNT(types); k++) {
        if (strcmp(closure->reason, types[k][0]) != 0) continue;
        tq_json_key(json, "types_of_work");
        tq_json_array(json);
        tq_json_object(json);
        tq_json_put_text(json, "type_name", types[k][1]);
        tq_json_end_object(json);
        tq_json_end_array(json);
    }
}

static void put_core(const tq_city *city, const tq_closure *closure, const uint32_t *arc,
                     uint32_t count, tq_json *json)
{
    const tq_stretch *at = &closure->stretch;
    tq_buf text = {0};
    live_sentence(city, closure, true, &text);
    tq_buf_putc(&text, ' ');
    live_sentence(city, closure, false, &text);
    tq_json_key(json, "core_details");
    tq_json_object(json);
    tq_json_put_text(json, "event_type", "work-zone");
    tq_json_put_text(json, "data_source_id", closure->owner);
    tq_json_key(json, "road_names");
    tq_json_array(json);
    tq_json_text(json, at->street[0] != '\0' ? at->street : "unnamed");
    if (at->street_en[0] != '\0' && strcmp(at->street, at->street_en) != 0)
        tq_json_text(json, at->street_en);
    tq_json_end_array(json);
    tq_json_put_text(json, "direction", direction_of(&city->streets, arc, count));
    tq_json_put_text(json, "name", closure->id);
    tq_json_key(json, "description");
    tq_json_str(json, (tq_str){text.at, text.len});
    tq_json_end_object(json);
    if (text.failed) json->buf->failed = true;
    tq_buf_free(&text);
}

static void put_geometry(const tq_city *city, const uint32_t *arc, uint32_t count, tq_json *json)
{
    live_line line = {0};
    if (!live_line_of(&city->streets, arc, count, &line)) json->buf->failed = true;
    tq_json_key(json, "geometry");
    tq_json_object(json);
    tq_json_put_text(json, "type", "LineString");
    tq_json_key(json, "coordinates");
    tq_json_array(json);
    for (size_t k = 0; k < line.count; k++) {
        tq_json_array(json);
        tq_json_fixed(json, line.at[k].lon_e7, 7);
        tq_json_fixed(json, line.at[k].lat_e7, 7);
        tq_json_end_array(json);
    }
    tq_json_end_array(json);
    tq_json_end_object(json);
    tq_vec_free(&line);
}

static void put_feature(const tq_city *city, const tq_closure *closure, bool against, tq_json *json)
{
    const tq_stretch *at = &closure->stretch;
    const uint32_t *arc = against ? at->arc + at->along_count : at->arc;
    uint32_t count = against ? at->arc_count - at->along_count : at->along_count;
    bool both = at->along_count > 0 && at->along_count < at->arc_count;
    const char *begin = against ? at->to : at->from, *end = against ? at->from : at->to;
    const char *own = strncmp(closure->id, "WZ:", 3) == 0 ? closure->id + 3 : closure->id;
    char id[TQ_ID_MAX + 16];
    (void)snprintf(id, sizeof id, "%s%s", own, !both ? "" : against ? ":backward" : ":forward");
    tq_json_object(json);
    tq_json_put_text(json, "id", id);
    tq_json_put_text(json, "type", "Feature");
    tq_json_key(json, "properties");
    tq_json_object(json);
    put_core(city, closure, arc, count, json);
    if (begin[0] != '\0') tq_json_put_text(json, "beginning_cross_street", begin);
    if (end[0] != '\0') tq_json_put_text(json, "ending_cross_street", end);
    put_utc(json, "start_date", closure->from_ms);
    put_utc(json, "end_date", closure->to_ms);
    tq_json_put_bool(json, "is_start_date_verified", closure->sudden);
    tq_json_put_bool(json, "is_end_date_verified", false);
    tq_json_put_bool(json, "is_start_position_verified", false);
    tq_json_put_bool(json, "is_end_position_verified", false);
    tq_json_put_text(json, "location_method",
                     begin[0] != '\0' && end[0] != '\0' ? "junction-method" : "other");
    tq_json_put_text(json, "work_zone_type", "static");
    tq_json_put_text(json, "vehicle_impact", impact_of(closure));
    if (live_speed_kmh(closure) != 0)
        tq_json_put_i64(json, "reduced_speed_limit_kph", live_speed_kmh(closure));
    put_lanes(closure, against, json);
    put_restrictions(closure, json);
    put_work(closure, json);
    tq_json_end_object(json);
    put_geometry(city, arc, count, json);
    tq_json_end_object(json);
}

/* Owners are the sources; each once. */
static void put_sources(const tq_closure *const *closure, uint32_t count, const char *publisher,
                        int64_t at_ms, tq_json *json)
{
    bool any = false;
    tq_json_key(json, "data_sources");
    tq_json_array(json);
    for (uint32_t k = 0; k < count; k++) {
        bool again = closure[k]->to_ms <= at_ms;
        for (uint32_t j = 0; j < k && !again; j++)
            again = closure[j]->to_ms > at_ms && strcmp(closure[j]->owner, closure[k]->owner) == 0;
        if (again) continue;
        any = true;
        tq_json_object(json);
        tq_json_put_text(json, "data_source_id", closure[k]->owner);
        tq_json_put_text(json, "organization_name", closure[k]->owner);
        tq_json_end_object(json);
    }
    if (!any) {
        tq_json_object(json);
        tq_json_put_text(json, "data_source_id", publisher);
        tq_json_put_text(json, "organization_name", publisher);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

void tq_wzdx_write(const tq_city *city, const tq_closure *const *closure, uint32_t count,
                   const char *publisher, int64_t at_ms, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "feed_info");
    tq_json_object(&json);
    tq_json_put_text(&json, "publisher", publisher);
    tq_json_put_text(&json, "version", "4.2");
    tq_json_put_text(&json, "license", "https://creativecommons.org/publicdomain/zero/1.0/");
    put_utc(&json, "update_date", at_ms);
    put_sources(closure, count, publisher, at_ms, &json);
    tq_json_end_object(&json);
    tq_json_put_text(&json, "type", "FeatureCollection");
    tq_json_key(&json, "features");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++) {
        const tq_stretch *at = &closure[k]->stretch;
        if (closure[k]->to_ms <= at_ms) continue;
        if (at->along_count > 0) put_feature(city, closure[k], false, &json);
        if (at->along_count < at->arc_count) put_feature(city, closure[k], true, &json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}
