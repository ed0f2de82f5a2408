/* A planned trip as JSON; the shape is documented in docs/api/openapi.yaml. */
#include "journey/journey_in.h"
#include "wire/wire.h"

void journey_put_time(const tq_city *city, tq_json *json, const char *key, int64_t at_ms)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_json_key(json, key);
    if (at_ms == INT64_MIN || at_ms == INT64_MAX) {
        tq_json_null(json);
        return;
    }
    tq_time_print(&city->zone, at_ms, text);
    tq_json_text(json, text);
}

static void put_place(tq_json *json, const char *name, const char *stop_id, int32_t lat_e7,
                      int32_t lon_e7)
{
    tq_json_put_text(json, "name", name);
    tq_json_put_text_or_null(json, "stop_id", stop_id);
    tq_json_key(json, "lat");
    tq_json_fixed(json, lat_e7, 7);
    tq_json_key(json, "lon");
    tq_json_fixed(json, lon_e7, 7);
}

static void put_end(tq_json *json, const char *key, const tq_leg_end *end)
{
    tq_json_key(json, key);
    tq_json_object(json);
    put_place(json, end->name, end->stop_id, end->lat_e7, end->lon_e7);
    tq_json_end_object(json);
}

static void put_endpoint(const tq_city *city, tq_json *json, const char *key,
                         const tq_endpoint *place)
{
    tq_json_key(json, key);
    tq_json_object(json);
    put_place(json, place->name,
              place->stop != TQ_NONE ? tq_text(city, city->timetable.stop[place->stop].id) : "",
              place->lat_e7, place->lon_e7);
    tq_json_end_object(json);
}

/* Polylines hold only characters from '?' to '~', of which JSON must escape the backslash alone. */
static void put_polyline(tq_json *json, const tq_leg *leg)
{
    tq_buf line = {0};
    tq_json_key(json, "polyline");
    tq_polyline_put(&line, leg->line, leg->line_points, 5);
    tq_json_str(json, (tq_str){line.at, line.len});
    json->buf->failed |= line.failed;
    tq_buf_free(&line);
}

static void put_stop_between(const tq_city *city, tq_json *json, uint32_t at, int64_t arrival_ms,
                             int64_t departure_ms)
{
    const tq_stop *stop = &city->timetable.stop[at];
    tq_json_object(json);
    put_place(json, tq_text(city, stop->name), tq_text(city, stop->id), stop->at.lat_e7,
              stop->at.lon_e7);
    journey_put_time(city, json, "arrival", arrival_ms);
    journey_put_time(city, json, "departure", departure_ms);
    tq_json_end_object(json);
}

static void put_planned_stops(const tq_city *city, tq_json *json, const tq_leg *leg)
{
    const tq_timetable *t = &city->timetable;
    const tq_trip *trip = &t->trip[leg->trip];
    const tq_stop_time *time = t->stop_time + t->profile_first[trip->profile];
    const uint32_t *stop = t->pattern_stop + t->pattern_first[trip->pattern];
    /* A frequency run has its own start: count from the leg's own departure. */
    int64_t zero_ms = leg->departure_ms - (int64_t)time[leg->from_place].departure_s * 1000;
    for (uint32_t place = leg->from_place + 1; place < leg->to_place; place++)
        put_stop_between(city, json, stop[place], zero_ms + (int64_t)time[place].arrival_s * 1000,
                         zero_ms + (int64_t)time[place].departure_s * 1000);
}

static void put_live_stops(const tq_snapshot *snapshot, tq_json *json, const tq_leg *leg)
{
    const tq_live_call *call = journey_calls(snapshot, leg->live);
    int64_t zero_ms = leg->departure_ms - (int64_t)call[leg->from_place].departure_s * 1000;
    for (uint32_t at = leg->from_place + 1; at < leg->to_place; at++)
        if (!(call[at].flags & TQ_CALL_SKIPPED))
            put_stop_between(snapshot->city, json, call[at].stop,
                             zero_ms + (int64_t)call[at].arrival_s * 1000,
                             zero_ms + (int64_t)call[at].departure_s * 1000);
}

#define PHONE "95128" /* the national number of taxis, and of this desk */

static void put_price(tq_json *json, const tq_leg *leg)
{
    tq_json_key(json, "price_fen");
    if (leg->price_known)
        tq_json_i64(json, leg->price_fen);
    else
        tq_json_null(json);
    tq_json_put_text(json, "phone", PHONE);
}

static void put_taxi(tq_json *json, const tq_leg *leg, tq_lang lang)
{
    bool live = leg->wait_source == TQ_WAIT_LIVE;
    tq_json_put_i64(json, "wait_s", leg->wait_s);
    if (leg->wait_source == TQ_WAIT_SETTING) return;
    tq_json_put_text(json, "wait_source", live ? "live" : "assumed");
    if (live) tq_json_put_i64(json, "vehicles", leg->wait_vehicles);
    put_price(json, leg);
    tq_json_put_bool(json, "price_assumed", leg->price_assumed);
    tq_json_put_text(json, "note",
                     live            ? ""
                     : lang == TQ_ZH ? "等车时间未知，按一般情况估计"
                                     : "the wait is not known; a usual one is assumed");
}

static void put_custom(const tq_city *city, tq_json *json, const tq_leg *leg)
{
    tq_json_put_text(json, "line_id", leg->line_id);
    put_price(json, leg);
    journey_put_time(city, json, "booking_until", leg->booking_until_ms);
    tq_json_put_i64(json, "seats_free", leg->seats_free);
    tq_json_key(json, "connection");
    if (leg->connection[0] == '\0') {
        tq_json_null(json);
        return;
    }
    tq_json_object(json);
    tq_json_put_text(json, "at", leg->connection);
    journey_put_time(city, json, "departure", leg->connection_ms);
    tq_json_put_i64(json, "wait_s", leg->connection_wait_s);
    tq_json_put_bool(json, "guaranteed", leg->connection_holds);
    tq_json_end_object(json);
}

static void put_leg(const tq_snapshot *snapshot, tq_json *json, const tq_leg *leg, tq_lang lang)
{
    const tq_city *city = snapshot->city;
    tq_json_object(json);
    tq_json_put_text(json, "mode", leg->mode_name);
    tq_json_put_text_or_null(json, "route", leg->route_name);
    tq_json_put_text_or_null(json, "headsign", leg->headsign);
    tq_json_put_text_or_null(json, "trip_id", leg->trip_id);
    tq_json_put_text_or_null(json, "color", leg->color);
    put_end(json, "from", &leg->from);
    put_end(json, "to", &leg->to);
    journey_put_time(city, json, "departure", leg->departure_ms);
    journey_put_time(city, json, "arrival", leg->arrival_ms);
    tq_json_put_i64(json, "distance_m", leg->distance_m);
    put_polyline(json, leg);
    tq_json_key(json, "headway_s");
    if (leg->headway_s > 0)
        tq_json_i64(json, leg->headway_s);
    else
        tq_json_null(json);
    tq_json_put_bool(json, "assumed", leg->assumed);
    journey_put_live(snapshot, json,
                     &(live_mark){.live = leg->live,
                                  .departure_ms = leg->departure_ms,
                                  .planned_departure_ms = leg->planned_departure_ms,
                                  .planned_arrival_ms = leg->planned_arrival_ms,
                                  .detour = leg->detour});
    if (leg->mode == TQ_LEG_TAXI) put_taxi(json, leg, lang);
    if (leg->mode == TQ_LEG_CUSTOM) put_custom(city, json, leg);
    tq_json_key(json, "stops");
    tq_json_array(json);
    if (leg->mode == TQ_LEG_TRANSIT && leg->live != TQ_NONE)
        put_live_stops(snapshot, json, leg);
    else if (leg->mode == TQ_LEG_TRANSIT)
        put_planned_stops(city, json, leg);
    tq_json_end_array(json);
    tq_json_end_object(json);
}

static void put_reasons(tq_json *json, uint32_t reasons)
{
    static const char *const name[] = {"arrival", "transfers", "walk", "fare"};
    tq_json_key(json, "reasons");
    tq_json_array(json);
    for (unsigned k = 0; k < TQ_COUNT(name); k++)
        if (reasons >> k & 1) tq_json_text(json, name[k]);
    tq_json_end_array(json);
}

static void put_itinerary(const tq_snapshot *snapshot, tq_json *json, const tq_itinerary *itinerary,
                          tq_lang lang)
{
    const tq_city *city = snapshot->city;
    tq_json_object(json);
    journey_put_time(city, json, "departure", itinerary->departure_ms);
    journey_put_time(city, json, "arrival", itinerary->arrival_ms);
    tq_json_put_i64(json, "duration_s", (itinerary->arrival_ms - itinerary->departure_ms) / 1000);
    tq_json_put_i64(json, "transfers", itinerary->transfers);
    tq_json_put_i64(json, "walk_m", itinerary->walk_m);
    tq_json_key(json, "fare_fen");
    if (itinerary->fare_known)
        tq_json_i64(json, itinerary->fare_fen);
    else
        tq_json_null(json);
    tq_json_put_bool(json, "fare_assumed", itinerary->fare_assumed);
    journey_put_time(city, json, "last_safe_departure", itinerary->last_safe_departure_ms);
    put_reasons(json, itinerary->reasons);
    tq_json_key(json, "legs");
    tq_json_array(json);
    for (uint32_t k = 0; k < itinerary->leg_count; k++)
        put_leg(snapshot, json, &itinerary->leg[k], lang);
    tq_json_end_array(json);
    tq_json_end_object(json);
}

static void put_missed(const tq_city *city, tq_json *json, const tq_missed *missed)
{
    tq_json_object(json);
    tq_json_put_text(json, "line", missed->line);
    tq_json_put_text(json, "towards", missed->towards);
    tq_json_put_text(json, "at", missed->at);
    tq_json_put_text(json, "stop_id", missed->stop_id);
    journey_put_time(city, json, "last", missed->last_ms);
    journey_put_time(city, json, "arrives", missed->arrives_ms);
    journey_put_time(city, json, "ready", missed->ready_ms);
    tq_json_put_i64(json, "by_min", missed->by_min);
    tq_json_end_object(json);
}

/* Ways on demand were asked for, and none is in the answer. */
static const char *no_demand_text(const tq_plan_query *query, tq_lang lang)
{
    bool taxi = (query->on_demand & TQ_ON_DEMAND_TAXI) != 0,
         bus = (query->on_demand & TQ_ON_DEMAND_CUSTOM) != 0;
    if (taxi && bus)
        return lang == TQ_ZH ? "出租车和定制公交此时没有更合适的走法，或没有空车、空座"
                             : "no taxi or custom bus does better now, or none is free";
    if (taxi)
        return lang == TQ_ZH ? "出租车此时没有更合适的走法，或没有空车"
                             : "no taxi does better now, or none is free";
    return lang == TQ_ZH ? "附近此时没有更合适的定制公交，或没有空座"
                         : "no custom bus near both ends does better then, or no seat is free";
}

static const char *note_text(const tq_plan_query *query, const tq_plan_answer *answer, tq_lang lang)
{
    if (answer->itinerary_count > 0) {
        bool shown = query->on_demand == 0;
        for (uint32_t k = 0; k < answer->itinerary_count && !shown; k++)
            shown = answer->itinerary[k].on_demand;
        return shown ? "" : no_demand_text(query, lang);
    }
    if (query->profile == TQ_PROFILE_TAXI && (query->on_demand & TQ_ON_DEMAND_TAXI) != 0)
        return lang == TQ_ZH ? "附近没有空车，或没有可走的路；请拨打 95128"
                             : "no taxi is free near the start, or there is no way; call 95128";
    if (query->profile == TQ_PROFILE_WHEELCHAIR)
        return lang == TQ_ZH ? "没有找到无台阶的路线；可以考虑出租车"
                             : "no step-free way was found; a taxi may help";
    return lang == TQ_ZH ? "没有找到路线；请放宽步行距离或换乘次数，或换一个时间"
                         : "no way was found; allow more walking or changes, or another time";
}

tq_status tq_plan_json(const tq_snapshot *snapshot, const tq_plan_query *query, tq_lang lang,
                       tq_arena *work, tq_buf *out, bool *found, tq_err *err)
{
    static const char *const rider[] = {"adult", "senior", "pupil", "child"};
    const tq_city *city = snapshot->city;
    tq_plan_answer answer;
    char version[JOURNEY_VERSION_MAX];
    tq_json json;
    TQ_TRY(tq_plan(snapshot, query, work, &answer, err));
    tq_json_begin(&json, out);
    tq_json_object(&json);
    journey_version(snapshot, query, version);
    tq_json_put_text(&json, "version", version);
    put_endpoint(city, &json, "from", &query->from);
    put_endpoint(city, &json, "to", &query->to);
    tq_json_put_text(&json, "profile", tq_profile_name(query->profile));
    tq_json_put_text(&json, "rider", rider[query->rider & 3]);
    tq_json_key(&json, "itineraries");
    tq_json_array(&json);
    for (uint32_t k = 0; k < answer.itinerary_count; k++)
        put_itinerary(snapshot, &json, &answer.itinerary[k], lang);
    tq_json_end_array(&json);
    tq_json_key(&json, "missed");
    tq_json_array(&json);
    for (uint32_t k = 0; k < answer.missed_count; k++)
        put_missed(city, &json, &answer.missed[k]);
    tq_json_end_array(&json);
    journey_put_time(city, &json, "last_safe_departure", answer.last_safe_departure_ms);
    tq_json_put_text(&json, "note", note_text(query, &answer, lang));
    tq_json_end_object(&json);
    *found = answer.itinerary_count > 0;
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}
