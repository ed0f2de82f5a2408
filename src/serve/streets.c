/*
 * /api/v1/vehicles, /api/v1/isochrone and /api/v1/nearest_of: how far one gets, and who is nearest.
 *
 * A place is written as for a trip (name, stop, lat,lon, gcj02:lat,lon); a bare lat,lon is in the
 * datum asked for, and so is every point answered.
 */
#include <stdio.h>

#include "serve/serve_in.h"

/* ---- vehicles
 * -----------------------------------------------------------------------------------------------
 */

static void put_limit_of(tq_json *json, const char *name, uint32_t value)
{
    if (value > 0) tq_json_put_fixed(json, name, value, 2);
}

static void put_vehicle(tq_json *json, const tq_city *city, const tq_vehicle *vehicle)
{
    tq_json_object(json);
    tq_json_put_text(json, "name", tq_text(city, vehicle->name));
    tq_json_put_text(json, "label_zh", tq_text(city, vehicle->label_zh));
    tq_json_put_text(json, "label_en", tq_text(city, vehicle->label_en));
    tq_json_put_text(json, "kind", vehicle->kind == TQ_HIERARCHY_MOTOR ? "motor" : "active");
    put_limit_of(json, "height_m", vehicle->height_cm);
    put_limit_of(json, "width_m", vehicle->width_cm);
    put_limit_of(json, "length_m", vehicle->length_cm);
    put_limit_of(json, "weight_t", vehicle->weight_10kg);
    put_limit_of(json, "axle_t", vehicle->axle_10kg);
    if (vehicle->max_kmh_tenths > 0) tq_json_put_fixed(json, "max_kmh", vehicle->max_kmh_tenths, 1);
    if (vehicle->free_mm_s > 0) tq_json_put_fixed(json, "speed_m_s", vehicle->free_mm_s, 3);
    tq_json_put_bool(json, "hazmat", vehicle->flags & TQ_VEHICLE_HAZMAT);
    tq_json_end_object(json);
}

tq_status handle_vehicles(serve_loop *loop, const serve_request *request, serve_answer *answer,
                          problem *why, tq_err *err)
{
    const tq_city *city = loop->server->city;
    tq_json json;
    (void)request;
    (void)why;
    (void)err;
    tq_json_begin(&json, &loop->body);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", tq_city_version(city));
    tq_json_key(&json, "vehicles");
    tq_json_array(&json);
    for (uint32_t row = 0; row < city->vehicles.count; row++)
        put_vehicle(&json, city, &city->vehicles.row[row]);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = KEEP_CITY;
    return TQ_OK;
}

/* ---- a place
 * ------------------------------------------------------------------------------------------------
 */

static bool bare_point(const char *text, tq_point *out)
{
    tq_str lon = tq_str_of(text), lat = cut_piece(&lon, ',');
    return tq_parse_e7(tq_str_trim(lat), &out->lat_e7) &&
           tq_parse_e7(tq_str_trim(lon), &out->lon_e7) && tq_point_valid(*out);
}

static tq_status read_place(serve_loop *loop, const char *text, tq_datum datum, tq_point *out,
                            tq_err *err)
{
    tq_endpoint end;
    if (bare_point(text, out)) {
        *out = tq_to_wgs84(*out, datum);
        return TQ_OK;
    }
    TQ_TRY(tq_endpoint_parse(loop->server->city, text, &end, err));
    *out = (tq_point){end.lat_e7, end.lon_e7};
    return TQ_OK;
}

static tq_status snap_place(serve_loop *loop, const road_ask *ask, const char *name, uint32_t index,
                            tq_point at, tq_snap *out, problem *why, tq_err *err)
{
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    tq_status status = road_ask_snap(loop->server->city, ask, at, &wish, out, err);
    if (status != TQ_NOT_FOUND) return status;
    why->id = PROBLEM_NO_SEGMENT;
    problem_set(why, 0, "%s", name);
    problem_set(why, 1, "%u", index);
    problem_set(why, 2, "%d", TQ_SNAP_LIMIT_M);
    return status;
}

static tq_sweep sweep_of(const serve_request *request)
{
    const char *direction = param_text(request, "direction");
    return direction != NULL && strcmp(direction, "to") == 0 ? TQ_SWEEP_TO : TQ_SWEEP_FROM;
}

/* What an answer is about. */
typedef struct about {
    const char *version;
    const tq_city *city;
    const tq_vehicle *vehicle;
    int64_t at_ms;
    tq_datum datum;
    tq_sweep sweep;
} about;

static void put_envelope(tq_json *json, const about *what)
{
    char time[TQ_TIME_TEXT_MAX];
    tq_time_print(&what->city->zone, what->at_ms, time);
    tq_json_put_text(json, "version", what->version);
    tq_json_put_text(json, "datum", datum_key(what->datum));
    tq_json_put_text(json, "profile", tq_text(what->city, what->vehicle->name));
    tq_json_put_text(json, "time", time);
    tq_json_put_text(json, "direction", what->sweep == TQ_SWEEP_TO ? "to" : "from");
}

static void json_answer(serve_answer *answer, const char *type)
{
    answer->status = 200;
    answer->type = type;
    answer->keep = KEEP_SHORT;
}

/* The profile is a name of the document's, or one of the city's; a mistake is the asker's. */
static tq_status begin(serve_loop *loop, const serve_request *request, road_ask *ask, tq_err *err)
{
    tq_status status = road_ask_begin(loop, request, ask, err);
    return status == TQ_USAGE ? TQ_BAD_INPUT : status;
}

/* ---- isochrones
 * --------------------------------------------------------------------------------------------- */

static void put_ring(tq_json *json, const tq_isochrone *shape, const tq_ring *ring, tq_datum datum)
{
    tq_json_array(json);
    for (uint32_t k = 0; k < ring->point_count; k++) {
        const int32_t *at = shape->lat_lon + 2 * (size_t)(ring->first_point + k);
        put_degrees(json, (tq_point){at[0], at[1]}, datum);
    }
    tq_json_end_array(json);
}

static void put_reach(tq_json *json, const tq_isochrone *shape, const tq_isochrone_wish *wish,
                      uint32_t limit, tq_datum datum)
{
    tq_json_object(json);
    tq_json_put_text(json, "type", "Feature");
    tq_json_key(json, "properties");
    tq_json_object(json);
    tq_json_put_fixed(json, "minutes", (wish->limit_ds[limit] * 10 + 30) / 60, 2);
    tq_json_put_fixed(json, "seconds", wish->limit_ds[limit], 1);
    tq_json_put_i64(json, "reached_m", (int64_t)shape->reached_m[limit]);
    tq_json_put_i64(json, "reached_edges", shape->reached_edges[limit]);
    tq_json_end_object(json);
    tq_json_key(json, "geometry");
    tq_json_object(json);
    tq_json_put_text(json, "type", "MultiPolygon");
    tq_json_key(json, "coordinates");
    tq_json_array(json);
    bool open = false;
    for (uint32_t k = 0; k < shape->ring_count; k++) {
        const tq_ring *ring = &shape->ring[k];
        if (ring->limit != limit) continue;
        if (!ring->hole) {
            if (open) tq_json_end_array(json);
            tq_json_array(json);
            open = true;
        }
        put_ring(json, shape, ring, datum);
    }
    if (open) tq_json_end_array(json);
    tq_json_end_array(json);
    tq_json_end_object(json);
    tq_json_end_object(json);
}

static void put_isochrone(const about *what, tq_point place, const tq_isochrone_wish *wish,
                          const tq_isochrone *shape, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "type", "FeatureCollection");
    put_envelope(&json, what);
    tq_json_key(&json, "place");
    put_degrees(&json, place, what->datum);
    tq_json_key(&json, "features");
    tq_json_array(&json);
    for (uint32_t limit = 0; limit < wish->limit_count; limit++)
        put_reach(&json, shape, wish, limit, what->datum);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}

void tq_isochrone_json(const tq_city *city, const tq_vehicle *vehicle, int64_t at_ms,
                       tq_datum datum, tq_point place, const tq_isochrone_wish *wish,
                       const tq_isochrone *shape, tq_buf *out)
{
    about what = {tq_city_version(city), city, vehicle, at_ms, datum, wish->sweep};
    put_isochrone(&what, place, wish, shape, out);
}

tq_status tq_isochrone_minutes(const char *text, tq_isochrone_wish *wish, tq_err *err)
{
    tq_str rest = tq_str_of(text);
    double last = 0;
    while (rest.len > 0) {
        double minutes;
        if (wish->limit_count == TQ_ISOCHRONE_LIMITS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "minutes takes %d numbers at most",
                           TQ_ISOCHRONE_LIMITS_MAX);
        if (!tq_parse_double(cut_piece(&rest, ','), &minutes) || minutes <= last || minutes > 240)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "minutes are ascending numbers above 0 and up to 240, such as 5,10,15");
        wish->limit_ds[wish->limit_count++] = (int32_t)(minutes * 600 + 0.5);
        last = minutes;
    }
    return TQ_OK;
}

static tq_status ask_isochrone(serve_loop *loop, const serve_request *request, const road_ask *ask,
                               problem *why, tq_err *err)
{
    const tq_city *city = loop->server->city;
    tq_isochrone_wish wish = {.sweep = sweep_of(request)};
    tq_isochrone shape;
    tq_point at;
    tq_snap snap;
    TQ_TRY(tq_isochrone_minutes(param_text(request, "minutes"), &wish, err));
    TQ_TRY(read_place(loop, param_text(request, "place"), ask->datum, &at, err));
    TQ_TRY(snap_place(loop, ask, "place", 0, at, &snap, why, err));
    TQ_TRY(tq_road_isochrone(city, ask->metric, &snap, &wish, &loop->work, &shape, err));
    tq_isochrone_json(city, ask->vehicle, ask->at_ms, ask->datum, snap.at, &wish, &shape,
                      &loop->body);
    return TQ_OK;
}

tq_status handle_isochrone(serve_loop *loop, const serve_request *request, serve_answer *answer,
                           problem *why, tq_err *err)
{
    road_ask ask;
    TQ_TRY(begin(loop, request, &ask, err));
    tq_status status = ask_isochrone(loop, request, &ask, why, err);
    road_ask_end(loop, &ask);
    TQ_TRY(status);
    json_answer(answer, "application/geo+json; charset=utf-8");
    return TQ_OK;
}

/* ---- the nearest of a set
 * ----------------------------------------------------------------------------------- */

static tq_status read_set(serve_loop *loop, const serve_request *request, const road_ask *ask,
                          tq_places_on_road *set, problem *why, tq_err *err)
{
    tq_str rest = tq_str_of(param_text(request, "set"));
    uint32_t count = count_pieces(rest, ';');
    if (count > NEAREST_OF_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "set has %u places; the limit is %u", count,
                       NEAREST_OF_MAX);
    tq_snap *snap = TQ_PUSH_RAW(&loop->work, tq_snap, count);
    if (snap == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for a set");
    for (uint32_t k = 0; k < count; k++) {
        tq_str lon = cut_piece(&rest, ';'), lat = cut_piece(&lon, ',');
        tq_point at;
        if (!tq_parse_e7(lat, &at.lat_e7) || !tq_parse_e7(lon, &at.lon_e7) || !tq_point_valid(at))
            return tq_fail(err, TQ_BAD_INPUT, 0, "set: coordinate %u is not lat,lon in degrees", k);
        TQ_TRY(snap_place(loop, ask, "set", k, tq_to_wgs84(at, ask->datum), &snap[k], why, err));
    }
    set->count = count;
    set->snap = snap;
    return TQ_OK;
}

static tq_status ask_nearest(serve_loop *loop, const serve_request *request, const road_ask *ask,
                             problem *why, tq_err *err)
{
    const tq_city *city = loop->server->city;
    tq_places_on_road set = {0};
    tq_point at;
    tq_snap snap;
    uint32_t limit = 1, count = 0;
    tq_sweep sweep = sweep_of(request);
    param_u32(request, "limit", &limit);
    TQ_TRY(read_place(loop, param_text(request, "place"), ask->datum, &at, err));
    TQ_TRY(snap_place(loop, ask, "place", 0, at, &snap, why, err));
    TQ_TRY(read_set(loop, request, ask, &set, why, err));
    limit = TQ_MIN(limit, set.count);
    uint32_t *which = TQ_PUSH_RAW(&loop->work, uint32_t, limit);
    int32_t *ds = TQ_PUSH_RAW(&loop->work, int32_t, limit);
    if (which == NULL || ds == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for an answer");
    TQ_TRY(tq_road_nearest_of(city, ask->metric, &snap, &set, sweep, limit, &loop->work, which, ds,
                              &count, err));
    tq_json json;
    tq_json_begin(&json, &loop->body);
    tq_json_object(&json);
    about what = {loop->version, city, ask->vehicle, ask->at_ms, ask->datum, sweep};
    put_envelope(&json, &what);
    tq_json_key(&json, "nearest");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++) {
        tq_json_object(&json);
        tq_json_put_i64(&json, "index", which[k]);
        tq_json_put_fixed(&json, "duration_s", ds[k], 1);
        tq_json_key(&json, "location");
        put_degrees(&json, set.snap[which[k]].at, ask->datum);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    return TQ_OK;
}

tq_status handle_nearest_of(serve_loop *loop, const serve_request *request, serve_answer *answer,
                            problem *why, tq_err *err)
{
    road_ask ask;
    TQ_TRY(begin(loop, request, &ask, err));
    tq_status status = ask_nearest(loop, request, &ask, why, err);
    road_ask_end(loop, &ask);
    TQ_TRY(status);
    json_answer(answer, "application/json; charset=utf-8");
    return TQ_OK;
}
