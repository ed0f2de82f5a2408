/*
 * What every question about streets has in common: who travels, when, in which datum, what is kept
 * off, and from that the metric.
 *
 * A vehicle of the city as it is gets the shared metric of tq_roads. One with limits of its own, or
 * with streets kept off, gets a private metric (private.c); so does a table of distances when the
 * shared one has no lengths. The metric and the snapshot that it was made for are pinned until
 * road_ask_end, however often the network changes meanwhile.
 */
#include <stdio.h>

#include "serve/serve_in.h"

int64_t serve_now_ms(void)
{
    const tq_env *env = tq_env_real();
    return env->now_ms(env->user);
}

tq_str cut_piece(tq_str *rest, char mark)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->at, mark, rest->len);
    tq_str piece = {rest->at, found == NULL ? rest->len : (size_t)(found - rest->at)};
    size_t step = piece.len + (found != NULL);
    rest->at += step;
    rest->len -= step;
    return piece;
}

uint32_t count_pieces(tq_str text, char mark)
{
    uint32_t count = 1;
    for (size_t k = 0; k < text.len; k++)
        count += text.at[k] == mark;
    return count;
}

const char *datum_key(tq_datum datum)
{
    return datum == TQ_GCJ02 ? "gcj02" : datum == TQ_BD09 ? "bd09" : "wgs84";
}

void put_degrees(tq_json *json, tq_point point, tq_datum datum)
{
    tq_point shown = tq_from_wgs84(point, datum);
    tq_json_array(json);
    tq_json_fixed(json, (shown.lon_e7 + (shown.lon_e7 < 0 ? -5 : 5)) / 10, 6);
    tq_json_fixed(json, (shown.lat_e7 + (shown.lat_e7 < 0 ? -5 : 5)) / 10, 6);
    tq_json_end_array(json);
}

/* «+08:00» that a form encoding turned into « 08:00» is understood. */
tq_status read_instant(const tq_city *city, const char *text, int64_t *out, tq_err *err)
{
    char copy[TQ_TIME_TEXT_MAX + 24];
    size_t len = strlen(text);
    if (len >= sizeof copy)
        return tq_fail(err, TQ_BAD_INPUT, 0, "'%.40s' is too long for a time", text);
    memcpy(copy, text, len + 1);
    char *blank = strrchr(copy, ' '), *clock = strchr(copy, 'T');
    if (blank != NULL && clock != NULL && blank > clock) *blank = '+';
    return tq_time_parse(&city->zone, (tq_str){copy, len}, out, err);
}

/* A decimal number into a whole one of a smaller unit; false when it was not given. */
static bool measure(const serve_request *request, const char *name, double scale, uint16_t *out)
{
    double value;
    const char *text = param_sent(request, name);
    if (text == NULL || !tq_parse_double(tq_str_of(text), &value)) return false;
    double scaled = value * scale + 0.5;
    *out = scaled >= UINT16_MAX ? UINT16_MAX : scaled < 1 ? 1 : (uint16_t)scaled;
    return true;
}

static tq_status read_plate(const char *text, tq_vehicle *own, tq_err *err)
{
    for (size_t k = strlen(text); k-- > 0;)
        if (text[k] >= '0' && text[k] <= '9') {
            own->plate = (int8_t)(text[k] - '0');
            return TQ_OK;
        }
    return tq_fail(err, TQ_BAD_INPUT, 0, "the plate '%.20s' has no digit", text);
}

static tq_status read_avoided(const char *name, const char *text, tq_vehicle *own, tq_err *err)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } kinds[] = {{"motorway", TQ_VEHICLE_NO_MOTORWAY},
                 {"toll", TQ_VEHICLE_NO_TOLL},
                 {"ferry", TQ_VEHICLE_NO_FERRY},
                 {"unpaved", TQ_VEHICLE_NO_UNPAVED}};
    tq_str rest = tq_str_of(text == NULL ? "" : text);
    while (rest.len > 0) {
        tq_str piece = cut_piece(&rest, ',');
        uint32_t kind = 0;
        while (kind < TQ_COUNT(kinds) && !tq_str_is(piece, kinds[kind].name))
            kind++;
        if (kind == TQ_COUNT(kinds))
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "%s: '%.*s' is not known; choose of motorway, toll, ferry, unpaved",
                           name, (int)TQ_MIN(piece.len, 40), piece.at);
        own->flags |= kinds[kind].flag;
    }
    return TQ_OK;
}

static tq_status read_vehicle(const serve_request *request, road_ask *out, tq_err *err)
{
    tq_vehicle own = *out->vehicle;
    const char *plate = param_sent(request, "plate"), *hazmat = param_sent(request, "hazmat");
    measure(request, "height_m", 100, &own.height_cm);
    measure(request, "width_m", 100, &own.width_cm);
    measure(request, "length_m", 100, &own.length_cm);
    measure(request, "weight_t", 100, &own.weight_10kg);
    measure(request, "axle_t", 100, &own.axle_10kg);
    if (hazmat != NULL)
        own.flags = strcmp(hazmat, "true") == 0 ? own.flags | TQ_VEHICLE_HAZMAT
                                                : own.flags & ~TQ_VEHICLE_HAZMAT;
    if (plate != NULL) TQ_TRY(read_plate(plate, &own, err));
    TQ_TRY(read_avoided("avoid", param_sent(request, "avoid"), &own, err));
    TQ_TRY(read_avoided("exclude", param_sent(request, "exclude"), &own, err));
    if (memcmp(&own, out->vehicle, sizeof own) == 0) return TQ_OK;
    out->own = own;
    out->vehicle = &out->own;
    return TQ_OK;
}

tq_status road_ask_begin(serve_loop *loop, const serve_request *request, road_ask *out, tq_err *err)
{
    const tq_city *city = loop->server->city;
    const char *profile = param_text(request, "profile"), *datum = param_sent(request, "datum");
    const char *time = param_sent(request, "time");
    out->metric = NULL;
    out->private = NULL;
    out->held = NULL;
    out->datum = TQ_WGS84;
    out->vehicle = tq_road_vehicle_named(city, profile != NULL ? profile : "car");
    if (out->vehicle == NULL)
        return tq_fail(err, TQ_USAGE, 0,
                       "there is no profile '%.40s'; /api/v1/vehicles lists them, and driving, "
                       "walking and cycling are known",
                       profile);
    const tq_vehicle *row = out->vehicle;
    if (datum != NULL && !tq_datum_parse(tq_str_of(datum), &out->datum))
        return tq_fail(err, TQ_BAD_INPUT, 0, "'%.20s' is not a datum; use wgs84, gcj02 or bd09",
                       datum);
    out->time_given = time != NULL;
    out->at_ms = serve_now_ms();
    if (time != NULL) TQ_TRY(read_instant(city, time, &out->at_ms, err));
    TQ_TRY(read_vehicle(request, out, err));
    out->avoid =
        (avoidance){param_sent(request, "avoid_streets"), param_sent(request, "avoid_polygon")};
    out->held = held_take(loop);
    const tq_overlay *overlay = out->held->at->overlay;
    tq_status status;
    if (out->vehicle == row && out->avoid.streets == NULL && out->avoid.polygon == NULL) {
        status = tq_roads_get(out->held->at->roads, overlay, row, out->at_ms, &out->metric, err);
    } else {
        status =
            private_get(loop, overlay, out->vehicle, &out->avoid, out->at_ms, &out->private, err);
        if (status == TQ_OK) out->metric = out->private->metric;
        if (status == TQ_OK) out->vehicle = &out->private->vehicle;
    }
    if (status != TQ_OK) road_ask_end(loop, out);
    return status;
}

tq_status road_ask_metres(serve_loop *loop, road_ask *ask, tq_err *err)
{
    private_metric *with;
    if (tq_metric_parts(ask->metric) & TQ_METRIC_METRES) return TQ_OK;
    TQ_TRY(private_get(loop, ask->held->at->overlay, ask->vehicle, &ask->avoid, ask->at_ms, &with,
                       err));
    if (ask->private != NULL)
        ask->private->pins--;
    else
        tq_roads_put(ask->held->at->roads, ask->metric);
    ask->private = with;
    ask->metric = with->metric;
    ask->vehicle = &with->vehicle;
    return TQ_OK;
}

void road_ask_end(serve_loop *loop, road_ask *ask)
{
    if (ask->private != NULL)
        ask->private->pins--;
    else if (ask->metric != NULL)
        tq_roads_put(ask->held->at->roads, ask->metric);
    if (ask->held != NULL) held_drop(loop, ask->held);
    ask->held = NULL;
    ask->metric = NULL;
    ask->private = NULL;
}

tq_status road_ask_snap(const tq_city *city, const road_ask *ask, tq_point at,
                        const tq_snap_wish *wish, tq_snap *out, tq_err *err)
{
    tq_snap_wish first = *wish;
    uint32_t count = 0;
    first.limit = 1;
    tq_status status = tq_road_snap(city, ask->metric, at, &first, out, &count, err);
    if (status == TQ_NOT_FOUND && first.main_only) { /* an island is better than nothing */
        first.main_only = false;
        status = tq_road_snap(city, ask->metric, at, &first, out, &count, err);
    }
    return status;
}
