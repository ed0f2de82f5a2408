/* Places, departures, the city itself and its works as JSON; shapes in docs/api/openapi.yaml. */
#include <stdio.h>

#include "journey/journey_in.h"

#define DEPARTURES_MAX 200

typedef enum put_distance { NO_DISTANCE, WITH_DISTANCE } put_distance;

static void put_places(const tq_city *city, const tq_place *place, uint32_t count,
                       put_distance distance, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", tq_city_version(city));
    tq_json_key(&json, "places");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++) {
        tq_json_object(&json);
        tq_json_put_i64(&json, "place", place[k].place);
        tq_json_put_text(&json, "kind", tq_place_kind_name(place[k].kind));
        tq_json_put_text(&json, "name", place[k].name);
        tq_json_put_text(&json, "name_en", place[k].name_en);
        tq_json_put_text(&json, "match", tq_match_name(place[k].match));
        tq_json_put_text(&json, "matched", place[k].matched);
        tq_json_put_fixed(&json, "lat", place[k].lat_e7, 7);
        tq_json_put_fixed(&json, "lon", place[k].lon_e7, 7);
        tq_json_put_text(&json, "area", place[k].area);
        tq_json_put_text(&json, "city", place[k].city);
        tq_json_put_text(&json, "category", place[k].category);
        tq_json_put_text(&json, "note", place[k].note);
        tq_json_put_text_or_null(&json, "stop_id", place[k].stop_id);
        tq_json_put_text(&json, "source", place[k].source);
        tq_json_key(&json, "approximate");
        tq_json_bool(&json, place[k].approximate);
        if (distance == WITH_DISTANCE) tq_json_put_i64(&json, "distance_m", place[k].distance_m);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}

tq_status tq_places_json(const tq_city *city, const tq_place_query *query, tq_buf *out,
                         uint32_t *count, tq_err *err)
{
    tq_place found[TQ_PLACES_MAX];
    TQ_TRY(tq_places_find(city, query, found, count, err));
    put_places(city, found, *count, NO_DISTANCE, out);
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}

tq_status tq_reverse_json(const tq_city *city, int32_t lat_e7, int32_t lon_e7, uint32_t radius_m,
                          uint32_t limit, tq_buf *out, uint32_t *count, tq_err *err)
{
    tq_place found[TQ_PLACES_MAX];
    TQ_TRY(tq_places_near(city, lat_e7, lon_e7, radius_m, limit, found, count, err));
    put_places(city, found, *count, WITH_DISTANCE, out);
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}

/* ---- departures
 * ---------------------------------------------------------------------------------- */

static bool is_last_tonight(const tq_snapshot *snapshot, const tq_day *layout,
                            const tq_departure *run, const ride_text *text)
{
    const tq_timetable *t = &snapshot->city->timetable;
    int32_t end_s = 86400 + (int32_t)snapshot->city->meta->night_end_s;
    tq_line_at line = {(uint32_t)(text->route - t->route), text->direction, run->stop, TQ_NONE};
    return !run->cancelled && run->departure_s < end_s &&
           tq_transit_line_last(snapshot->city, layout, &line, end_s) <= run->departure_s;
}

static void put_departure(const tq_snapshot *snapshot, const tq_day *layout, int64_t day_ms,
                          const tq_departure *run, tq_json *json)
{
    const tq_city *city = snapshot->city;
    ride_text text;
    char color[7] = "";
    journey_ride_text(snapshot, run->trip, run->live, &text);
    if (text.route->color != TQ_NONE)
        (void)snprintf(color, sizeof color, "%06X", text.route->color & 0xFFFFFFu);
    live_mark mark = {.live = run->live,
                      .departure_ms = day_ms + (int64_t)run->departure_s * 1000,
                      .cancelled = run->cancelled};
    tq_json_object(json);
    tq_json_put_text(json, "route", journey_route_name(city, text.route));
    tq_json_put_text(json, "mode", journey_mode_name(text.route));
    tq_json_put_text_or_null(json, "color", color);
    tq_json_put_text(json, "headsign", text.headsign);
    tq_json_put_text(json, "trip_id", text.trip_id);
    journey_put_time(city, json, "departure", mark.departure_ms);
    journey_put_time(city, json, "arrival", day_ms + (int64_t)run->arrival_s * 1000);
    tq_json_key(json, "headway_s");
    if (run->headway_s > 0)
        tq_json_i64(json, run->headway_s);
    else
        tq_json_null(json);
    tq_json_key(json, "assumed");
    tq_json_bool(json, text.assumed);
    if (run->live != TQ_NONE) {
        mark.detour = snapshot->overlay->run[run->live].detour != TQ_NONE;
        journey_planned_ms(snapshot, run->trip, run->live, run->place,
                           day_ms + (int64_t)run->shift_s * 1000, &mark.planned_arrival_ms,
                           &mark.planned_departure_ms);
    }
    journey_put_live(snapshot, json, &mark);
    tq_json_key(json, "last");
    tq_json_bool(json, is_last_tonight(snapshot, layout, run, &text));
    tq_json_end_object(json);
}

tq_status tq_departures_json(const tq_snapshot *snapshot, const char *stop_id, int64_t from_ms,
                             uint32_t minutes, uint32_t limit, tq_arena *work, tq_buf *out,
                             tq_err *err)
{
    const tq_city *city = snapshot->city;
    const tq_timetable *t = &city->timetable;
    uint32_t stop = 0, count;
    char version[TQ_VERSION_MAX];
    while (stop < t->stop_count && strcmp(tq_text(city, t->stop[stop].id), stop_id) != 0)
        stop++;
    if (stop == t->stop_count)
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "no stop has the id \"%.80s\"; look it up with /api/v1/places", stop_id);
    tq_departure *run = TQ_PUSH(work, tq_departure, DEPARTURES_MAX);
    if (run == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of this thread is too small");
    const tq_day *layout = NULL;
    int32_t day = journey_night_of(city, from_ms);
    int64_t day_ms = tq_service_day_ms(&city->zone, day);
    TQ_TRY(tq_days_get(snapshot->days, snapshot->overlay, day, &layout, err));
    int64_t from_s = tq_ceil_div(from_ms - day_ms, 1000);
    count = tq_transit_departures(city, layout, stop, (int32_t)from_s,
                                  (int32_t)(from_s + (int64_t)minutes * 60),
                                  TQ_MIN(limit, DEPARTURES_MAX), run);
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_snapshot_version(snapshot, version);
    tq_json_put_text(&json, "version", version);
    tq_json_key(&json, "stop");
    tq_json_object(&json);
    tq_json_put_text(&json, "name", tq_text(city, t->stop[stop].name));
    tq_json_put_text(&json, "name_en", tq_text(city, t->stop[stop].name_en));
    tq_json_put_text(&json, "stop_id", tq_text(city, t->stop[stop].id));
    tq_json_put_fixed(&json, "lat", t->stop[stop].at.lat_e7, 7);
    tq_json_put_fixed(&json, "lon", t->stop[stop].at.lon_e7, 7);
    tq_json_end_object(&json);
    tq_json_key(&json, "departures");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++)
        put_departure(snapshot, layout, day_ms, &run[k], &json);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    tq_days_put(snapshot->days, layout);
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}

/* ---- the city and its works
 * ------------------------------------------------------------------------ */

static void put_day(tq_json *json, const char *key, int32_t day)
{
    char text[16];
    int32_t year;
    unsigned month, of_month;
    tq_date_of(day, &year, &month, &of_month);
    (void)snprintf(text, sizeof text, "%04d-%02u-%02u", year, month, of_month);
    tq_json_put_text(json, key, text);
}

static void put_attribution(const tq_city *city, tq_json *json)
{
    const char *at = tq_text(city, city->meta->attribution);
    tq_json_key(json, "attribution");
    tq_json_array(json);
    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        if (len > 0) tq_json_str(json, (tq_str){at, len});
        at += len + (at[len] == '\n');
    }
    tq_json_end_array(json);
}

void tq_city_json(const tq_city *city, tq_buf *out)
{
    const tq_meta *meta = city->meta;
    const tq_timetable *t = &city->timetable;
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", tq_city_version(city));
    tq_json_put_text(&json, "id", tq_text(city, meta->id));
    tq_json_put_text(&json, "name", tq_text(city, meta->name));
    tq_json_put_text(&json, "name_en", tq_text(city, meta->name_en));
    tq_json_put_text(&json, "timezone", tq_text(city, meta->zone_name));
    tq_json_key(&json, "box");
    tq_json_object(&json);
    tq_json_put_fixed(&json, "south", meta->box.south_e7, 7);
    tq_json_put_fixed(&json, "west", meta->box.west_e7, 7);
    tq_json_put_fixed(&json, "north", meta->box.north_e7, 7);
    tq_json_put_fixed(&json, "east", meta->box.east_e7, 7);
    tq_json_end_object(&json);
    put_attribution(city, &json);
    tq_json_key(&json, "generated");
    tq_json_bool(&json, meta->generated != 0);
    tq_json_key(&json, "timetables");
    tq_json_bool(&json, t->trip_count > 0);
    tq_json_key(&json, "streets");
    tq_json_bool(&json, city->streets.edge_count > 0);
    if (t->day_count > 0) {
        put_day(&json, "first_day", t->base_day);
        put_day(&json, "last_day", t->base_day + (int32_t)t->day_count - 1);
    }
    tq_json_put_i64(&json, "stops", t->stop_count);
    tq_json_put_i64(&json, "places", city->places.count);
    tq_json_key(&json, "routes");
    tq_json_array(&json);
    for (uint32_t k = 0; k < t->route_count; k++) {
        const tq_route *route = &t->route[k];
        char color[7] = "";
        if (route->color != TQ_NONE)
            (void)snprintf(color, sizeof color, "%06X", route->color & 0xFFFFFFu);
        tq_json_object(&json);
        tq_json_put_text(&json, "route", journey_route_name(city, route));
        tq_json_put_text(&json, "mode", journey_mode_name(route));
        tq_json_put_text_or_null(&json, "color", color);
        tq_json_put_text(&json, "name", tq_text(city, route->long_name));
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}

/* Of a programme with a target: what is done and what is left, null where nobody has said. */
static void put_progress(tq_json *json, const tq_work *work)
{
    tq_json_put_i64(json, "target_m", work->target_m);
    if (work->done_known != 0) {
        tq_json_put_i64(json, "done_m", work->done_m);
        tq_json_put_i64(json, "left_m",
                        work->target_m > work->done_m ? work->target_m - work->done_m : 0);
        return;
    }
    tq_json_put_text(json, "done_m", NULL);
    tq_json_put_text(json, "left_m", NULL);
}

void tq_works_json(const tq_city *city, int64_t at_ms, tq_buf *out)
{
    static const char *const life[] = {"planned", "building", "open", "closed"};
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", tq_city_version(city));
    journey_put_time(city, &json, "at", at_ms);
    tq_json_key(&json, "works");
    tq_json_array(&json);
    for (uint32_t k = 0; k < city->works.count; k++) {
        const tq_work *work = &city->works.row[k];
        bool in_time = work->from_ms <= at_ms && at_ms < work->to_ms;
        tq_json_object(&json);
        tq_json_put_text(&json, "id", tq_text(city, work->id));
        tq_json_put_text(&json, "name", tq_text(city, work->name));
        tq_json_put_text(&json, "name_en", tq_text(city, work->name_en));
        tq_json_put_text(&json, "kind", tq_text(city, work->kind));
        tq_json_put_text(&json, "place", tq_text(city, work->place));
        tq_json_put_text(&json, "status", life[work->life]);
        journey_put_time(city, &json, "from", work->from_ms);
        journey_put_time(city, &json, "to", work->to_ms);
        tq_json_key(&json, "in_force");
        tq_json_bool(&json, in_time);
        tq_json_put_i64(&json, "length_m", work->length_m);
        put_progress(&json, work);
        tq_json_put_i64(&json, "speed_kmh", work->speed_kmh);
        tq_json_put_i64(&json, "lanes", work->lanes);
        tq_json_put_text(&json, "note", tq_text(city, work->note));
        tq_json_put_text(&json, "note_en", tq_text(city, work->note_en));
        tq_json_put_text(&json, "source", tq_text(city, work->source));
        tq_json_put_text(&json, "source_en", tq_text(city, work->source_en));
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}

tq_status tq_snapshot_route_json(const tq_snapshot *snapshot, tq_profile profile, int64_t at_ms,
                                 const tq_point *point, uint32_t count,
                                 const tq_route_options *options, tq_arena *work, tq_buf *out,
                                 tq_err *err)
{
    const tq_metric *metric = NULL;
    tq_route_place place[TQ_VIAS_MAX];
    if (snapshot->city->streets.edge_count == 0)
        return tq_fail(err, TQ_NOT_FOUND, 0, "this city has no streets");
    if (count > TQ_VIAS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a route has at most %d places, not %u", TQ_VIAS_MAX,
                       count);
    for (uint32_t k = 0; k < count; k++)
        place[k] = (tq_route_place){
            .at = point[k], .wish = {.limit = TQ_SNAPS_MAX, .bearing = -1}, .via = true};
    TQ_TRY(tq_roads_get(snapshot->roads, snapshot->overlay,
                        tq_road_vehicle(snapshot->city, profile), at_ms, &metric, err));
    tq_status status = tq_route_json(snapshot->city, metric, place, count, options, work, out, err);
    tq_roads_put(snapshot->roads, metric);
    return status;
}
