/*
 * The handlers of /api/v1: from checked parameters to the journey room's questions. Times default
 * to now; an answer about now is not kept, one whose every input is in the URL is kept as long as
 * the city.
 */
#include "serve/office_in.h"

static void json_answer(serve_answer *answer, answer_keep keep)
{
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = keep;
}

/* The time in parameter `name`, or now; *given tells which. */
static tq_status time_or_now(const serve_loop *loop, const serve_request *request, const char *name,
                             int64_t *out, bool *given, tq_err *err)
{
    const char *text = param_text(request, name);
    *given = text != NULL;
    if (text != NULL) return read_instant(loop->server->city, text, out, err);
    *out = serve_now_ms();
    return TQ_OK;
}

static tq_rider rider_of(const char *name)
{
    static const char *const names[] = {"adult", "senior", "pupil", "child"};
    for (uint32_t k = 0; name != NULL && k < TQ_COUNT(names); k++)
        if (strcmp(name, names[k]) == 0) return (tq_rider)k;
    return TQ_RIDER_ADULT;
}

tq_status handle_plan(serve_loop *loop, const serve_request *request, serve_answer *answer,
                      problem *why, tq_err *err)
{
    const tq_city *city = loop->server->city;
    tq_plan_query query;
    tq_plan_query_default(&query);
    TQ_TRY(tq_endpoint_parse(city, param_text(request, "from"), &query.from, err));
    TQ_TRY(tq_endpoint_parse(city, param_text(request, "to"), &query.to, err));
    bool depart = param_text(request, "depart") != NULL, given = true;
    query.arrive_by = param_text(request, "arrive") != NULL;
    if (depart && query.arrive_by) {
        why->id = PROBLEM_TWO_TIMES;
        return TQ_BAD_INPUT;
    }
    TQ_TRY(time_or_now(loop, request, query.arrive_by ? "arrive" : "depart", &query.time_ms, &given,
                       err));
    uint32_t minutes;
    if (param_u32(request, "window", &minutes)) query.window_s = minutes * 60;
    const char *profile = param_text(request, "profile");
    if (profile != NULL && !tq_profile_parse(profile, &query.profile))
        return tq_fail(err, TQ_BAD_INPUT, 0, "'%s' is not a profile", profile);
    param_u32(request, "max_transfers", &query.max_transfers);
    param_u32(request, "max_walk", &query.max_walk_m);
    query.rider = rider_of(param_text(request, "rider"));
    query.card = param_true(request, "card");
    const char *on_demand = param_text(request, "on_demand");
    if (on_demand != NULL) TQ_TRY(tq_on_demand_parse(on_demand, &query.on_demand, err));
    param_u32(request, "party", &query.party);
    bool found;
    TQ_TRY(
        tq_plan_json(loop->snapshot, &query, request->lang, &loop->work, &loop->body, &found, err));
    json_answer(answer, given && query.on_demand == 0 ? KEEP_LONG : KEEP_NOT);
    return TQ_OK;
}

tq_status handle_places(serve_loop *loop, const serve_request *request, serve_answer *answer,
                        problem *why, tq_err *err)
{
    tq_place_query query = {
        .size = sizeof query,
        .text = param_text(request, "q"),
        .in_city = param_text(request, "in"),
        .limit = 10,
    };
    param_u32(request, "limit", &query.limit);
    bool lat = param_e7(request, "lat", &query.near_lat_e7),
         lon = param_e7(request, "lon", &query.near_lon_e7);
    if (lat != lon) {
        why->id = PROBLEM_HALF_POINT;
        return TQ_BAD_INPUT;
    }
    query.near_known = lat;
    uint32_t count;
    TQ_TRY(tq_places_json(loop->server->city, &query, &loop->body, &count, err));
    json_answer(answer, KEEP_CITY);
    return TQ_OK;
}

tq_status handle_reverse(serve_loop *loop, const serve_request *request, serve_answer *answer,
                         problem *why, tq_err *err)
{
    (void)why;
    tq_point point = {0};
    tq_datum datum = TQ_WGS84;
    uint32_t radius_m = 200, limit = 10, count;
    if (!param_e7(request, "lat", &point.lat_e7) || !param_e7(request, "lon", &point.lon_e7) ||
        !tq_point_valid(point))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "lat and lon are decimal degrees, such as lat=37.87&lon=112.56");
    const char *name = param_text(request, "datum");
    if (name != NULL && !tq_datum_parse(tq_str_of(name), &datum))
        return tq_fail(err, TQ_BAD_INPUT, 0, "'%s' is not a datum; use wgs84, gcj02 or bd09", name);
    point = tq_to_wgs84(point, datum);
    param_u32(request, "radius", &radius_m);
    param_u32(request, "limit", &limit);
    TQ_TRY(tq_reverse_json(loop->server->city, point.lat_e7, point.lon_e7, radius_m, limit,
                           &loop->body, &count, err));
    json_answer(answer, KEEP_CITY);
    return TQ_OK;
}

tq_status handle_departures(serve_loop *loop, const serve_request *request, serve_answer *answer,
                            problem *why, tq_err *err)
{
    (void)why;
    int64_t from_ms;
    bool given;
    uint32_t minutes = 60, limit = 20;
    TQ_TRY(time_or_now(loop, request, "from", &from_ms, &given, err));
    param_u32(request, "minutes", &minutes);
    param_u32(request, "limit", &limit);
    TQ_TRY(tq_departures_json(loop->snapshot, param_text(request, "id"), from_ms, minutes, limit,
                              &loop->work, &loop->body, err));
    json_answer(answer, given ? KEEP_LONG : KEEP_NOT);
    return TQ_OK;
}

tq_status handle_city(serve_loop *loop, const serve_request *request, serve_answer *answer,
                      problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    (void)err;
    tq_city_json(loop->server->city, &loop->body);
    json_answer(answer, KEEP_CITY);
    answer->cache_control = "no-cache";
    memcpy(answer->etag, loop->server->city_etag, sizeof answer->etag);
    return TQ_OK;
}

tq_status handle_works(serve_loop *loop, const serve_request *request, serve_answer *answer,
                       problem *why, tq_err *err)
{
    (void)why;
    int64_t at_ms;
    bool given;
    TQ_TRY(time_or_now(loop, request, "at", &at_ms, &given, err));
    tq_works_json(loop->server->city, at_ms, &loop->body);
    json_answer(answer, given ? KEEP_CITY : KEEP_SHORT);
    return TQ_OK;
}

tq_status handle_tile(serve_loop *loop, const serve_request *request, serve_answer *answer,
                      problem *why, tq_err *err)
{
    tq_tile tile = {0};
    param_u32(request, "z", &tile.z);
    param_u32(request, "x", &tile.x);
    param_u32(request, "y", &tile.y);
    if (tile.x >> tile.z != 0 || tile.y >> tile.z != 0 || !tq_tile_valid(tile)) {
        why->id = PROBLEM_TILE_RANGE;
        problem_set(why, 0, "%u", tile.z);
        problem_set(why, 1, "%u", 1u << tile.z);
        return TQ_BAD_INPUT;
    }
    const serve *server = loop->server;
    TQ_TRY(tile_draw(server->city, &server->tiles, tile, loop->tiles.mvt, &loop->work, &loop->body,
                     err));
    answer->status = loop->body.len == 0 ? 204 : 200;
    answer->type = "application/vnd.mapbox-vector-tile";
    answer->keep = KEEP_CITY;
    answer->cache_control = "public, max-age=300";
    memcpy(answer->etag, server->city_etag, sizeof answer->etag);
    return TQ_OK;
}

/* ---- limits
 * -------------------------------------------------------------------------------------------- */

static void put_limit(tq_json *json, const char *name, uint64_t value)
{
    tq_json_key(json, name);
    tq_json_i64(json, (int64_t)value);
}

void limits_json(const serve *server, tq_buf *out)
{
    const tq_serve_options *options = &server->options;
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "version");
    tq_json_text(&json, tq_city_version(server->city));
    tq_json_key(&json, "limits");
    tq_json_object(&json);
    put_limit(&json, "http.head_bytes", HTTP_HEAD_MAX);
    put_limit(&json, "http.url_bytes", HTTP_URL_MAX);
    put_limit(&json, "http.headers", HTTP_HEADERS_MAX);
    put_limit(&json, "http.parameters", HTTP_QUERY_MAX);
    put_limit(&json, "http.body_bytes", options->max_body_bytes);
    put_limit(&json, "http.connections", options->max_connections);
    put_limit(&json, "http.pipelined_requests", HTTP_PIPELINE_MAX);
    put_limit(&json, "http.header_timeout_ms", options->header_timeout_ms);
    put_limit(&json, "http.idle_timeout_ms", options->idle_timeout_ms);
    put_limit(&json, "http.write_timeout_ms", HTTP_WRITE_MS);
    put_limit(&json, "http.unsent_bytes", HTTP_QUEUE_MAX);
    put_limit(&json, "http.answer_bytes", SERVE_BODY_MAX);
    put_limit(&json, "cache.bytes_per_thread", (uint64_t)CACHE_BLOCKS * CACHE_BLOCK);
    put_limit(&json, "cache.entries_per_thread", CACHE_ENTRIES);
    put_limit(&json, "cache.entry_bytes", (uint64_t)CACHE_ENTRY_BLOCKS * CACHE_BLOCK);
    put_limit(&json, "plan.transfers", TQ_TRANSFERS_MAX);
    put_limit(&json, "plan.window_minutes", TQ_WINDOW_MAX_S / 60);
    put_limit(&json, "plan.itineraries", TQ_ITINERARIES_MAX);
    put_limit(&json, "plan.legs", TQ_LEGS_MAX);
    put_limit(&json, "places.limit", TQ_PLACES_MAX);
    put_limit(&json, "places.query_bytes", TQ_PLACE_QUERY_MAX);
    put_limit(&json, "route.coordinates", TQ_VIAS_MAX);
    put_limit(&json, "route.snap_m", TQ_SNAP_LIMIT_M);
    put_limit(&json, "route.alternatives", TQ_ALTERNATIVES_MAX - 1);
    put_limit(&json, "table.coordinates", TABLE_PLACES_MAX);
    put_limit(&json, "match.coordinates", MATCH_PLACES_MAX);
    put_limit(&json, "trip.coordinates", TQ_TOUR_MAX);
    put_limit(&json, "nearest.number", TQ_SNAPS_MAX);
    put_limit(&json, "nearest_of.set", NEAREST_OF_MAX);
    put_limit(&json, "isochrone.limits", TQ_ISOCHRONE_LIMITS_MAX);
    put_limit(&json, "matrix.cells", TQ_MATRIX_MAX);
    put_limit(&json, "matrix.places", MATRIX_PLACES_MAX);
    put_limit(&json, "matrix.streams_per_thread", STREAMS_MAX);
    put_limit(&json, "avoid.streets", AVOID_STREETS_MAX);
    put_limit(&json, "avoid.polygon_points", AVOID_POINTS_MAX);
    put_limit(&json, "avoid.metrics_per_thread", PRIVATE_METRICS_MAX);
    put_limit(&json, "live.states", LIVE_STATES_MAX);
    put_limit(&json, "live.kmh", LIVE_KMH_MAX);
    put_limit(&json, "commands.batch", OFFICE_BATCH_MAX);
    put_limit(&json, "commands.waiting", OFFICE_QUEUE_MAX);
    put_limit(&json, "commands.logins_waiting", OFFICE_LOGINS_MAX);
    put_limit(&json, "commands.key_bytes", ORDER_TEXT_MAX);
    put_limit(&json, "commands.wait_ms", ORDER_WAIT_MS);
    put_limit(&json, "events.streams_per_thread", EVENT_STREAMS_MAX);
    put_limit(&json, "events.heartbeat_ms", EVENT_HEARTBEAT_MS);
    put_limit(&json, "tiles.zoom", TILE_ZOOM_MAX);
    put_limit(&json, "tiles.bytes", TILE_BODY_MAX);
    put_limit(&json, "scratch.bytes_per_thread", server->work_bytes);
    tq_json_end_object(&json);
    tq_json_end_object(&json);
}
