/*
 * /route/v1/{profile}/{coordinates}: OSRM's route service, its options and its error bodies.
 * Source: the OSRM HTTP API, version 5 (project-osrm.org/docs).
 *
 * Options that don't change what is answered here (alternatives, continue_straight, hints,
 * generate_hints, snapping, approaches) are read and passed over; radiuses are held against the
 * nearest street. A mistake answers 400 with OSRM's code; nothing here is problem+json.
 */
#include <stdio.h>

#include "serve/serve_in.h"

static int64_t now_ms(void)
{
    const tq_env *env = tq_env_real();
    return env->now_ms(env->user);
}

void osrm_error(const char *code, const char *message, serve_answer *answer, tq_buf *out)
{
    out->len = 0;
    out->failed = false;
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "code");
    tq_json_text(&json, code);
    tq_json_key(&json, "message");
    tq_json_text(&json, message);
    tq_json_end_object(&json);
    answer->status = 400;
    answer->type = "application/json; charset=utf-8";
}

static tq_status wrong(serve_loop *loop, serve_answer *answer, const char *code,
                       const char *message)
{
    osrm_error(code, message, answer, &loop->body);
    return TQ_OK;
}

static tq_str piece_until(tq_str *rest, char mark)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->at, mark, rest->len);
    tq_str piece = {rest->at, found == NULL ? rest->len : (size_t)(found - rest->at)};
    size_t step = piece.len + (found != NULL);
    rest->at += step;
    rest->len -= step;
    return piece;
}

typedef enum reading { READ_GOOD, READ_MALFORMED, READ_BAD_VALUE, READ_TOO_MANY } reading;

typedef struct coordinates {
    tq_point point[TQ_VIAS_MAX];
    uint32_t count;
    size_t bad_at; /* byte offset of what could not be read */
} coordinates;

static reading read_polyline(tq_str text, unsigned digits, coordinates *out)
{
    int32_t lat_lon[2 * TQ_VIAS_MAX];
    size_t count = 0;
    tq_status status = tq_polyline_read(text, digits, lat_lon, TQ_VIAS_MAX, &count, NULL);
    if (status != TQ_OK) return status == TQ_LIMIT ? READ_TOO_MANY : READ_MALFORMED;
    for (size_t k = 0; k < count; k++) {
        out->point[k] = (tq_point){lat_lon[2 * k], lat_lon[2 * k + 1]};
        if (!tq_point_valid(out->point[k])) return READ_BAD_VALUE;
    }
    out->count = (uint32_t)count;
    return READ_GOOD;
}

static reading read_coordinates(tq_str text, coordinates *out)
{
    *out = (coordinates){0};
    if (text.len > 5 && memcmp(text.at + text.len - 5, ".json", 5) == 0) text.len -= 5;
    static const char *const encoded[] = {"polyline(", "polyline6("};
    for (uint32_t k = 0; k < 2; k++) {
        size_t len = strlen(encoded[k]);
        if (tq_str_starts(text, encoded[k]) && text.len > len && text.at[text.len - 1] == ')')
            return read_polyline((tq_str){text.at + len, text.len - len - 1}, 5 + k, out);
    }
    const char *start = text.at;
    bool more = true;
    while (more) {
        tq_str pair = piece_until(&text, ';');
        more = text.at > start && text.at[-1] == ';';
        out->bad_at = (size_t)(pair.at - start);
        tq_str lat = pair, lon = piece_until(&lat, ',');
        double degrees;
        if (!tq_parse_double(lon, &degrees) || !tq_parse_double(lat, &degrees))
            return READ_MALFORMED;
        if (out->count == TQ_VIAS_MAX) return READ_TOO_MANY;
        tq_point *point = &out->point[out->count];
        if (!tq_parse_e7(lon, &point->lon_e7) || !tq_parse_e7(lat, &point->lat_e7) ||
            !tq_point_valid(*point))
            return READ_BAD_VALUE;
        out->count++;
    }
    return READ_GOOD;
}

/* A list with one entry a coordinate, as radiuses, hints and approaches are. Each entry is checked
 * by `good`. */
static bool list_fits(const char *text, uint32_t count, bool (*good)(tq_str entry))
{
    if (text == NULL) return true;
    tq_str rest = tq_str_of(text);
    uint32_t entries = 1;
    for (size_t k = 0; k < rest.len; k++)
        entries += rest.at[k] == ';';
    if (entries != count) return false;
    for (uint32_t k = 0; k < entries; k++)
        if (!good(piece_until(&rest, ';'))) return false;
    return true;
}

static bool any_entry(tq_str entry)
{
    (void)entry;
    return true;
}

static bool radius_entry(tq_str entry)
{
    double radius;
    return entry.len == 0 || tq_str_is(entry, "unlimited") ||
           (tq_parse_double(entry, &radius) && radius >= 0);
}

static bool approach_entry(tq_str entry)
{
    return entry.len == 0 || tq_str_is(entry, "curb") || tq_str_is(entry, "unrestricted") ||
           tq_str_is(entry, "opposite");
}

static bool bearing_entry(tq_str entry)
{
    if (entry.len == 0) return true;
    tq_str range = entry, value = piece_until(&range, ',');
    uint32_t bearing, spread;
    return tq_parse_u32(value, &bearing) && tq_parse_u32(range, &spread) && bearing <= 360 &&
           spread <= 180;
}

static bool is_one_of(const char *text, const char *const *list, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (strcmp(text, list[k]) == 0) return true;
    return false;
}

static bool annotations_wanted(const char *text, bool *wanted)
{
    static const char *const parts[] = {"duration", "nodes",       "distance",
                                        "weight",   "datasources", "speed"};
    *wanted = false;
    if (text == NULL || strcmp(text, "false") == 0) return true;
    *wanted = true;
    if (strcmp(text, "true") == 0) return true;
    tq_str rest = tq_str_of(text);
    while (rest.len > 0) {
        tq_str part = piece_until(&rest, ',');
        char copy[16];
        if (part.len >= sizeof copy) return false;
        snprintf(copy, sizeof copy, "%.*s", (int)part.len, part.at);
        if (!is_one_of(copy, parts, TQ_COUNT(parts))) return false;
    }
    return true;
}

static bool number_or_bool(const char *text)
{
    uint32_t number;
    return text == NULL || strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
           tq_parse_u32(tq_str_of(text), &number);
}

/* Options into `out`; false if one has a value that OSRM doesn't know. */
static bool read_options(const serve_request *request, uint32_t count, tq_route_options *out)
{
    tq_route_options_default(out);
    const char *geometries = param_text(request, "geometries"),
               *overview = param_text(request, "overview");
    if (geometries != NULL)
        out->geometries = strcmp(geometries, "geojson") == 0     ? TQ_GEO_GEOJSON
                          : strcmp(geometries, "polyline6") == 0 ? TQ_GEO_POLYLINE6
                                                                 : TQ_GEO_POLYLINE;
    if (overview != NULL)
        out->overview = strcmp(overview, "full") == 0    ? TQ_OVERVIEW_FULL
                        : strcmp(overview, "false") == 0 ? TQ_OVERVIEW_FALSE
                                                         : TQ_OVERVIEW_SIMPLIFIED;
    out->steps = param_true(request, "steps");
    return annotations_wanted(param_text(request, "annotations"), &out->annotations) &&
           number_or_bool(param_text(request, "alternatives")) &&
           list_fits(param_text(request, "radiuses"), count, radius_entry) &&
           list_fits(param_text(request, "approaches"), count, approach_entry) &&
           list_fits(param_text(request, "bearings"), count, bearing_entry) &&
           list_fits(param_text(request, "hints"), count, any_entry);
}

/* The first coordinate with no street within its radius, or TQ_NONE. */
static uint32_t beyond_radius(const tq_city *city, tq_profile profile, int64_t at_ms,
                              const coordinates *where, const char *radiuses)
{
    if (radiuses == NULL) return TQ_NONE;
    tq_str rest = tq_str_of(radiuses);
    for (uint32_t k = 0; k < where->count; k++) {
        tq_str entry = piece_until(&rest, ';');
        double radius_m;
        if (!tq_parse_double(entry, &radius_m)) continue;
        tq_snap snap;
        uint32_t count;
        if (tq_road_snap(city, profile, at_ms, where->point[k], 1, &snap, &count, NULL) != TQ_OK ||
            count == 0 || (double)snap.distance_dm > radius_m * 10)
            return k;
    }
    return TQ_NONE;
}

static tq_status no_segment(serve_loop *loop, serve_answer *answer, uint32_t coordinate)
{
    char message[80];
    snprintf(message, sizeof message, "Could not find a matching segment for coordinate %u",
             coordinate);
    return wrong(loop, answer, "NoSegment", message);
}

/* Which coordinate has no street near it. */
static uint32_t lonely_coordinate(const tq_city *city, tq_profile profile, int64_t at_ms,
                                  const coordinates *where)
{
    for (uint32_t k = 0; k < where->count; k++) {
        tq_snap snap;
        uint32_t count;
        if (tq_road_snap(city, profile, at_ms, where->point[k], 1, &snap, &count, NULL) != TQ_OK)
            return k;
    }
    return 0;
}

static tq_status refuse_coordinates(serve_loop *loop, serve_answer *answer, reading bad,
                                    const coordinates *where)
{
    char message[120];
    if (bad == READ_BAD_VALUE)
        return wrong(loop, answer, "InvalidValue", "Invalid coordinate value.");
    if (bad == READ_TOO_MANY) {
        snprintf(message, sizeof message, "Number of entries is higher than current maximum (%d)",
                 TQ_VIAS_MAX);
        return wrong(loop, answer, "TooBig", message);
    }
    snprintf(message, sizeof message,
             "URL string malformed close to position %zu: coordinates are lon,lat;lon,lat",
             where->bad_at + 1);
    return wrong(loop, answer, "InvalidUrl", message);
}

tq_status handle_osrm(serve_loop *loop, const serve_request *request, serve_answer *answer,
                      problem *why, tq_err *err)
{
    (void)why;
    const tq_city *city = loop->server->snapshot.city;
    tq_profile profile;
    if (!tq_profile_parse(param_text(request, "profile"), &profile))
        return wrong(loop, answer, "InvalidUrl",
                     "Profile not known; use driving, walking, cycling, foot, elder, wheelchair, "
                     "bike, car or taxi");
    coordinates where;
    reading bad = read_coordinates(tq_str_of(param_text(request, "coordinates")), &where);
    if (bad != READ_GOOD) return refuse_coordinates(loop, answer, bad, &where);
    if (where.count < 2)
        return wrong(loop, answer, "InvalidOptions",
                     "Number of coordinates needs to be at least two.");
    tq_route_options options;
    if (!read_options(request, where.count, &options))
        return wrong(loop, answer, "InvalidOptions", "Options are invalid.");
    int64_t at_ms = now_ms();
    uint32_t far = beyond_radius(city, profile, at_ms, &where, param_text(request, "radiuses"));
    if (far != TQ_NONE) return no_segment(loop, answer, far);
    tq_status status = tq_snapshot_route_json(&loop->server->snapshot, profile, at_ms, where.point,
                                              where.count, &options, &loop->work, &loop->body, err);
    if (status == TQ_NO_ROUTE)
        return wrong(loop, answer, "NoRoute", "Impossible route between points");
    if (status == TQ_NOT_FOUND)
        return no_segment(loop, answer, lonely_coordinate(city, profile, at_ms, &where));
    if (status == TQ_LIMIT) return wrong(loop, answer, "TooBig", err->text);
    if (status == TQ_BAD_INPUT) return wrong(loop, answer, "InvalidValue", err->text);
    TQ_TRY(status);
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = KEEP_SHORT;
    return TQ_OK;
}
