/* The detours of bus lines as JSON: one entry a pattern and gap, with its runs counted. */
#include "journey/journey_in.h"

static void put_stop(const tq_city *city, tq_json *json, const char *key, uint32_t pattern,
                     uint32_t place)
{
    const tq_timetable *table = &city->timetable;
    const tq_stop *stop = &table->stop[table->pattern_stop[table->pattern_first[pattern] + place]];
    tq_json_key(json, key);
    tq_json_object(json);
    tq_json_put_text(json, "stop_id", tq_text(city, stop->id));
    tq_json_put_text(json, "name", tq_text(city, stop->name));
    tq_json_end_object(json);
}

/* The runs of a detour's pattern that take it: how many, the first of them, and what they leave
 * out. */
typedef struct taken {
    uint32_t count;
    const tq_live_run *first;
} taken;

static bool takes(const tq_overlay *overlay, const tq_city *city, const tq_live_run *run,
                  uint32_t detour)
{
    return run->detour != TQ_NONE && run->trip != TQ_NONE && run->detour <= detour &&
           city->timetable.trip[run->trip].pattern == overlay->detour[detour].pattern &&
           (run->detour == detour ||
            overlay->detour[run->detour].pattern == overlay->detour[detour].pattern);
}

static taken taken_by(const tq_snapshot *snapshot, uint32_t detour)
{
    taken out = {0};
    const tq_overlay *overlay = snapshot->overlay;
    for (uint32_t k = 0; k < overlay->run_count; k++) {
        if (!takes(overlay, snapshot->city, &overlay->run[k], detour)) continue;
        if (out.first == NULL) out.first = &overlay->run[k];
        out.count++;
    }
    return out;
}

static void put_skipped(const tq_snapshot *snapshot, tq_json *json, const tq_detour *detour,
                        const tq_live_run *run)
{
    const tq_city *city = snapshot->city;
    tq_json_key(json, "skipped");
    tq_json_array(json);
    for (uint32_t k = 0; run != NULL && k < run->call_count; k++) {
        const tq_live_call *call = &snapshot->overlay->call[run->first_call + k];
        if ((call->flags & TQ_CALL_SKIPPED) == 0 || call->place == TQ_NONE ||
            call->place <= detour->from_place || call->place > detour->to_place)
            continue;
        tq_json_object(json);
        tq_json_put_text(json, "stop_id", tq_text(city, city->timetable.stop[call->stop].id));
        tq_json_put_text(json, "name", tq_text(city, city->timetable.stop[call->stop].name));
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

static void put_line(const tq_overlay *overlay, tq_json *json, const tq_detour *detour)
{
    tq_json_key(json, "line");
    if (detour->point_count == 0) {
        tq_json_null(json);
        return;
    }
    tq_json_object(json);
    tq_json_put_text(json, "type", "LineString");
    tq_json_key(json, "coordinates");
    tq_json_array(json);
    for (uint32_t k = 0; k < detour->point_count; k++) {
        tq_point point = overlay->point[detour->first_point + k];
        tq_json_array(json);
        tq_json_fixed(json, point.lon_e7, 7);
        tq_json_fixed(json, point.lat_e7, 7);
        tq_json_end_array(json);
    }
    tq_json_end_array(json);
    tq_json_end_object(json);
}

static void put_detour(const tq_snapshot *snapshot, tq_json *json, uint32_t row)
{
    const tq_city *city = snapshot->city;
    const tq_overlay *overlay = snapshot->overlay;
    const tq_detour *detour = &overlay->detour[row];
    const tq_timetable *table = &city->timetable;
    const tq_route *route = &table->route[table->pattern_route[detour->pattern]];
    taken runs = taken_by(snapshot, row);
    if (runs.count == 0) return;
    tq_json_object(json);
    tq_json_put_text(json, "route", journey_route_name(city, route));
    tq_json_put_text(json, "route_id", tq_text(city, route->id));
    tq_json_put_text(json, "headsign", tq_text(city, table->trip[runs.first->trip].headsign));
    put_stop(city, json, "from", detour->pattern, detour->from_place);
    put_stop(city, json, "to", detour->pattern, detour->to_place);
    tq_json_put_bool(json, "cut_short", detour->point_count == 0);
    tq_json_put_fixed(json, "added_min", (int64_t)detour->added_s * 10 / 60, 1);
    tq_json_put_i64(json, "added_m", detour->added_m);
    put_skipped(snapshot, json, detour, runs.first);
    tq_json_put_i64(json, "runs", runs.count);
    tq_json_key(json, "first_run");
    char text[TQ_TIME_TEXT_MAX];
    int64_t day_ms = tq_service_day_ms(&city->zone, runs.first->service_day);
    tq_time_print(&city->zone, day_ms + (int64_t)runs.first->start_s * 1000, text);
    tq_json_text(json, text);
    tq_json_key(json, "closures");
    tq_json_array(json);
    for (uint32_t k = 0; k < detour->source_count; k++)
        tq_json_text(json, overlay->text + overlay->source[detour->first_source + k]);
    tq_json_end_array(json);
    put_line(overlay, json, detour);
    tq_json_end_object(json);
}

tq_status tq_detours_json(const tq_snapshot *snapshot, tq_buf *out, tq_err *err)
{
    tq_json json;
    char version[TQ_VERSION_MAX];
    tq_snapshot_version(snapshot, version);
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", version);
    tq_json_key(&json, "detours");
    tq_json_array(&json);
    for (uint32_t row = 0; row < snapshot->overlay->detour_count; row++)
        put_detour(snapshot, &json, row);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the detours") : TQ_OK;
}
