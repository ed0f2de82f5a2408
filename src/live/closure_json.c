/* A closure for people and programs: its members with defaults, whether it holds, two sentences. */
#include "live/live_in.h"

static void put_instant(const tq_city *city, tq_json *json, const char *key, int64_t at_ms)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&city->zone, at_ms, text);
    tq_json_put_text(json, key, text);
}

/* The fewest words for a mask: sets before their members. */
static void put_users(uint16_t users, tq_json *json)
{
    unsigned left = users;
    tq_json_array(json);
    for (const live_user *user = LIVE_USERS; user->name != NULL; user++) {
        if ((left & user->access) == 0 || (users & user->access) != user->access) continue;
        tq_json_text(json, user->name);
        left &= (unsigned)~user->access;
    }
    tq_json_end_array(json);
}

static void put_limit(const tq_clause *limit, tq_json *json)
{
    const struct {
        const char *key;
        uint16_t value;
    } sizes[] = {{"weight_t", limit->weight_10kg},
                 {"height_m", limit->height_cm},
                 {"width_m", limit->width_cm},
                 {"length_m", limit->length_cm},
                 {"axle_t", limit->axle_10kg}};
    tq_json_key(json, "limit");
    tq_json_object(json);
    for (size_t k = 0; k < TQ_COUNT(sizes); k++)
        if (sizes[k].value != 0) tq_json_put_fixed(json, sizes[k].key, sizes[k].value, 2);
    if (limit->hazmat != 0) tq_json_put_bool(json, "hazmat", true);
    tq_json_end_object(json);
}

static void put_clock(tq_json *json, const char *key, uint16_t minute)
{
    char text[6] = {(char)('0' + minute / 600),     (char)('0' + minute / 60 % 10), ':',
                    (char)('0' + minute % 60 / 10), (char)('0' + minute % 10),      '\0'};
    tq_json_put_text(json, key, text);
}

static void put_date(tq_json *json, uint16_t date)
{
    unsigned month = date / 32u, day = date % 32u;
    char text[6] = {(char)('0' + month / 10), (char)('0' + month % 10), '-',
                    (char)('0' + day / 10),   (char)('0' + day % 10),   '\0'};
    tq_json_text(json, text);
}

static void put_time(const tq_clause *time, tq_json *json)
{
    tq_json_object(json);
    if (time->days != 0) {
        tq_json_key(json, "days");
        tq_json_array(json);
        for (uint32_t day = 0; day < 7; day++)
            if (time->days >> day & 1) tq_json_text(json, LIVE_DAYS[day]);
        tq_json_end_array(json);
    }
    if (time->from_date != 0) {
        tq_json_key(json, "dates");
        tq_json_array(json);
        put_date(json, time->from_date);
        put_date(json, time->to_date);
        tq_json_end_array(json);
    }
    if (time->from_min != 0 || time->to_min != 0 || (time->days == 0 && time->from_date == 0)) {
        put_clock(json, "from", time->from_min);
        put_clock(json, "to", time->from_min == 0 && time->to_min == 0 ? 1440 : time->to_min);
    }
    tq_json_end_object(json);
}

static void put_times(const tq_closure *closure, tq_json *json)
{
    tq_json_key(json, "times");
    tq_json_array(json);
    for (uint32_t k = 0; k < closure->time_count; k++)
        put_time(&closure->time[k], json);
    tq_json_end_array(json);
}

/* All but the stretch, inside an object that is open. */
static void put_members(const tq_city *city, const tq_closure *closure, int64_t at_ms,
                        tq_json *json)
{
    tq_json_put_text(json, "id", closure->id);
    tq_json_put_text(json, "effect", LIVE_EFFECTS[closure->effect]);
    if (closure->lanes_total != 0) {
        tq_json_key(json, "lanes");
        tq_json_object(json);
        tq_json_put_i64(json, "total", closure->lanes_total);
        tq_json_put_i64(json, "left", closure->lanes_left);
        tq_json_end_object(json);
    }
    tq_json_key(json, "users");
    put_users(closure->users, json);
    tq_json_put_text(json, "fenced", LIVE_FENCED[closure->fenced]);
    if (live_speed_kmh(closure) != 0) tq_json_put_i64(json, "speed_kmh", live_speed_kmh(closure));
    if (live_has_limit(&closure->limit)) put_limit(&closure->limit, json);
    if (closure->from_ms != 0) put_instant(city, json, "from", closure->from_ms);
    put_instant(city, json, "to", closure->to_ms);
    if (closure->time_count > 0) put_times(closure, json);
    tq_json_put_text(json, "reason", closure->reason);
    tq_json_put_bool(json, "sudden", closure->sudden);
    tq_json_put_text(json, "owner", closure->owner);
    tq_json_put_text_or_null(json, "case", closure->case_id);
    tq_json_put_bool(json, "in_force", live_closure_holds(city, closure, at_ms));
    tq_json_key(json, "sentence");
    tq_json_object(json);
    for (int english = 0; english < 2; english++) {
        tq_buf text = {0};
        live_sentence(city, closure, english == 1, &text);
        tq_json_key(json, english == 1 ? "en" : "zh");
        tq_json_str(json, (tq_str){text.at, text.len});
        if (text.failed) json->buf->failed = true;
        tq_buf_free(&text);
    }
    tq_json_end_object(json);
}

void tq_closure_json(const tq_city *city, const tq_closure *closure, int64_t at_ms, tq_json *json)
{
    tq_json_object(json);
    put_members(city, closure, at_ms, json);
    tq_json_key(json, "stretch");
    tq_stretch_json(city, &closure->stretch, json);
    tq_json_end_object(json);
}

static void put_line(const tq_city *city, const uint32_t *arc, uint32_t count, tq_json *json)
{
    live_line line = {0};
    if (!live_line_of(&city->streets, arc, count, &line)) json->buf->failed = true;
    tq_json_array(json);
    for (size_t k = 0; k < line.count; k++) {
        tq_json_array(json);
        tq_json_fixed(json, line.at[k].lon_e7, 7);
        tq_json_fixed(json, line.at[k].lat_e7, 7);
        tq_json_end_array(json);
    }
    tq_json_end_array(json);
    tq_vec_free(&line);
}

static void put_feature(const tq_city *city, const tq_closure *closure, int64_t at_ms,
                        tq_json *json)
{
    const tq_stretch *stretch = &closure->stretch;
    uint32_t along = stretch->along_count;
    tq_json_object(json);
    tq_json_put_text(json, "type", "Feature");
    tq_json_put_text(json, "id", closure->id);
    tq_json_key(json, "geometry");
    tq_json_object(json);
    tq_json_put_text(json, "type", "MultiLineString");
    tq_json_key(json, "coordinates");
    tq_json_array(json);
    if (along > 0) put_line(city, stretch->arc, along, json);
    if (along < stretch->arc_count)
        put_line(city, stretch->arc + along, stretch->arc_count - along, json);
    tq_json_end_array(json);
    tq_json_end_object(json);
    tq_json_key(json, "properties");
    tq_json_object(json);
    put_members(city, closure, at_ms, json);
    tq_json_put_text(json, "street", stretch->street);
    tq_json_put_text_or_null(json, "street_en", stretch->street_en);
    tq_json_put_text_or_null(json, "cross_from", stretch->from);
    tq_json_put_text_or_null(json, "cross_to", stretch->to);
    tq_json_put_text(json, "direction",
                     along == stretch->arc_count ? "forward"
                     : along == 0                ? "backward"
                                                 : "both");
    tq_json_end_object(json);
    tq_json_end_object(json);
}

void tq_closures_geojson(const tq_city *city, const tq_closure *const *closure, uint32_t count,
                         int64_t at_ms, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "type", "FeatureCollection");
    tq_json_key(&json, "features");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++)
        if (closure[k]->to_ms > at_ms) put_feature(city, closure[k], at_ms, &json);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}
