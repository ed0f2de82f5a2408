/*
 * What OSRM's services share: coordinates, the options of every service, error bodies, waypoints.
 * Source: the OSRM HTTP API v1 (project-osrm.org/docs).
 *
 * A mistake answers 400 with OSRM's code; nothing here is problem+json. Values that can't be read
 * are InvalidQuery, values that don't fit the coordinates InvalidOptions, values that can't be
 * InvalidValue. Hints are given and taken but not needed: a coordinate is snapped anew.
 */
#include <stdio.h>

#include "serve/osrm_in.h"

#define RADIUS_MOST_M 5000.0
#define CUT_OFF_DM    500u /* streets of the rest so much farther away are not taken instead */

void osrm_error(const char *code, const char *message, serve_answer *answer, tq_buf *out)
{
    out->len = 0;
    out->failed = false;
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "code", code);
    tq_json_put_text(&json, "message", message);
    tq_json_end_object(&json);
    answer->status = 400;
    answer->type = "application/json; charset=utf-8";
}

tq_status osrm_wrong(osrm_question *at, const char *code, const char *message)
{
    osrm_error(code, message, at->answer, &at->loop->body);
    return TQ_OK;
}

static bool say(osrm_question *at, tq_status *status, const char *code, const char *message)
{
    *status = osrm_wrong(at, code, message);
    return false;
}

tq_status osrm_no_segment(osrm_question *at, uint32_t coordinate)
{
    char message[80];
    snprintf(message, sizeof message, "Could not find a matching segment for coordinate %u",
             coordinate);
    return osrm_wrong(at, "NoSegment", message);
}

/* ---- coordinates
 * -------------------------------------------------------------------------------------------- */

static bool too_many(osrm_question *at, uint32_t most, tq_status *status)
{
    char message[120];
    snprintf(message, sizeof message, "Number of entries is higher than current maximum (%u)",
             most);
    return say(at, status, "TooBig", message);
}

static bool malformed(osrm_question *at, size_t place, tq_status *status)
{
    char message[140];
    snprintf(message, sizeof message,
             "Query string malformed close to position %zu: coordinates are lon,lat;lon,lat or "
             "polyline(…)",
             place);
    return say(at, status, "InvalidQuery", message);
}

static bool read_polyline(osrm_question *at, tq_str text, unsigned digits, uint32_t most,
                          tq_status *status)
{
    size_t count = 0, mark = at->loop->work.used;
    int32_t *lat_lon = TQ_PUSH_RAW(&at->loop->work, int32_t, 2 * (size_t)most);
    if (lat_lon == NULL) {
        *status = tq_fail(at->err, TQ_NO_MEMORY, 0, "not enough scratch for coordinates");
        return false;
    }
    tq_status read = tq_polyline_read(text, digits, lat_lon, most, &count, NULL);
    if (read == TQ_LIMIT) return too_many(at, most, status);
    if (read != TQ_OK) return malformed(at, 9, status);
    at->count = (uint32_t)count;
    for (size_t k = 0; k < count; k++)
        at->point[k] = (tq_point){lat_lon[2 * k], lat_lon[2 * k + 1]};
    tq_arena_reset(&at->loop->work, mark);
    return true;
}

static bool read_pairs(osrm_question *at, tq_str text, uint32_t most, tq_status *status)
{
    const char *start = text.at;
    bool more = true;
    while (more) {
        size_t place = (size_t)(text.at - start);
        tq_str lat = cut_piece(&text, ';');
        more = text.at > start && text.at[-1] == ';';
        tq_str lon = cut_piece(&lat, ',');
        double degrees;
        if (!tq_parse_double(lon, &degrees) || !tq_parse_double(lat, &degrees))
            return malformed(at, place, status);
        if (at->count == most) return too_many(at, most, status);
        tq_point *point = &at->point[at->count++];
        if (!tq_parse_e7(lon, &point->lon_e7) || !tq_parse_e7(lat, &point->lat_e7))
            return say(at, status, "InvalidValue", "Invalid coordinate value.");
    }
    return true;
}

static bool read_coordinates(osrm_question *at, uint32_t most, tq_status *status)
{
    tq_str text = tq_str_of(param_text(at->request, "coordinates"));
    if (text.len > 5 && memcmp(text.at + text.len - 5, ".json", 5) == 0) text.len -= 5;
    static const char *const encoded[] = {"polyline(", "polyline6("};
    bool good = false, found = false;
    for (unsigned k = 0; k < 2 && !found; k++) {
        size_t len = strlen(encoded[k]);
        found = tq_str_starts(text, encoded[k]) && text.len > len && text.at[text.len - 1] == ')';
        if (found)
            good =
                read_polyline(at, (tq_str){text.at + len, text.len - len - 1}, 5 + k, most, status);
    }
    if (!found) good = read_pairs(at, text, most, status);
    for (uint32_t k = 0; good && k < at->count; k++) {
        if (!tq_point_valid(at->point[k]))
            return say(at, status, "InvalidValue", "Invalid coordinate value.");
        at->point[k] = tq_to_wgs84(at->point[k], at->ask.datum);
    }
    return good;
}

/* ---- options of every service
 * -------------------------------------------------------------------------------- */

bool osrm_list_fits(osrm_question *at, const char *name, const char *text, tq_status *status)
{
    char message[120];
    if (text == NULL) return true;
    uint32_t entries = count_pieces(tq_str_of(text), ';');
    if (entries == at->count || (text[0] == '\0' && at->count <= 1)) return true;
    snprintf(message, sizeof message,
             "Number of elements in %s size %u does not match coordinate size %u", name, entries,
             at->count);
    return say(at, status, "InvalidOptions", message);
}

static bool read_radius(tq_str entry, tq_snap_wish *wish)
{
    double radius;
    if (entry.len == 0 || tq_str_is(entry, "unlimited")) return true;
    if (!tq_parse_double(entry, &radius) || radius < 0) return false;
    double most = radius > RADIUS_MOST_M ? RADIUS_MOST_M : radius;
    wish->radius_m = most < 1 ? 1 : (uint32_t)(most + 0.999);
    return true;
}

static bool read_bearing(tq_str entry, tq_snap_wish *wish)
{
    tq_str value = cut_piece(&entry, ',');
    uint32_t bearing, range;
    if (value.len == 0 && entry.len == 0) return true;
    if (!tq_parse_u32(value, &bearing) || !tq_parse_u32(entry, &range) || bearing > 360 ||
        range > 180)
        return false;
    wish->bearing = (int32_t)(bearing % 360);
    wish->range = (int32_t)range;
    return true;
}

static bool read_approach(tq_str entry, tq_snap_wish *wish)
{
    (void)wish;
    return entry.len == 0 || tq_str_is(entry, "curb") || tq_str_is(entry, "unrestricted") ||
           tq_str_is(entry, "opposite");
}

static bool read_hint(tq_str entry, tq_snap_wish *wish)
{
    (void)wish;
    for (size_t k = 0; k < entry.len; k++)
        if ((unsigned char)entry.at[k] < '!' || (unsigned char)entry.at[k] > '~') return false;
    return true;
}

static bool read_list(osrm_question *at, const char *name,
                      bool (*read)(tq_str entry, tq_snap_wish *wish), tq_status *status)
{
    char message[120];
    const char *text = param_sent(at->request, name);
    if (text == NULL) return true;
    if (!osrm_list_fits(at, name, text, status)) return false;
    tq_str rest = tq_str_of(text);
    for (uint32_t k = 0; k < at->count; k++) {
        if (read(cut_piece(&rest, ';'), &at->wish[k])) continue;
        snprintf(message, sizeof message, "Query string malformed: entry %u of %s", k, name);
        return say(at, status, "InvalidQuery", message);
    }
    return true;
}

static bool read_wishes(osrm_question *at, tq_status *status)
{
    const char *snapping = param_text(at->request, "snapping");
    bool any = snapping != NULL && strcmp(snapping, "any") == 0;
    for (uint32_t k = 0; k < at->count; k++)
        at->wish[k] = (tq_snap_wish){.limit = 1, .bearing = -1, .main_only = !any};
    return read_list(at, "radiuses", read_radius, status) &&
           read_list(at, "bearings", read_bearing, status) &&
           read_list(at, "approaches", read_approach, status) &&
           read_list(at, "hints", read_hint, status);
}

/* The metric last: what it costs is only spent on a question that can be answered. */
static bool open_ask(osrm_question *at, tq_status *status)
{
    tq_status opened = road_ask_begin(at->loop, at->request, &at->ask, at->err);
    if (opened == TQ_OK) return true;
    if (opened == TQ_USAGE) return say(at, status, "InvalidUrl", at->err->text);
    if (opened == TQ_BAD_INPUT || opened == TQ_LIMIT)
        return say(at, status, "InvalidValue", at->err->text);
    *status = opened;
    return false;
}

bool osrm_open(osrm_question *at, uint32_t least, uint32_t most, tq_status *status)
{
    tq_arena *work = &at->loop->work;
    at->count = 0;
    at->point = TQ_PUSH_RAW(work, tq_point, most);
    at->wish = TQ_PUSH_RAW(work, tq_snap_wish, most);
    if (at->point == NULL || at->wish == NULL) {
        *status = tq_fail(at->err, TQ_NO_MEMORY, 0, "not enough scratch for coordinates");
        return false;
    }
    const char *datum = param_sent(at->request, "datum");
    at->ask.datum = TQ_WGS84;
    if (datum != NULL) tq_datum_parse(tq_str_of(datum), &at->ask.datum);
    if (!read_coordinates(at, most, status)) return false;
    if (at->count < least)
        return say(at, status, "InvalidOptions",
                   least == 1 ? "Number of coordinates needs to be at least one."
                              : "Number of coordinates needs to be at least two.");
    return read_wishes(at, status) && open_ask(at, status);
}

/* ---- islands
 * ------------------------------------------------------------------------------------------------
 */

bool osrm_settle(osrm_question *at, tq_route_place *place, settle_when when)
{
    const tq_city *city = at->loop->server->city;
    bool changed = false, cut = at->loop->closed > 0 || at->ask.avoid.streets != NULL ||
                                at->ask.avoid.polygon != NULL;
    if (when == SETTLE_BEFORE && !cut) return false;
    for (uint32_t k = 0; k < at->count; k++) {
        if (!at->wish[k].main_only) continue;
        tq_snap_wish any = at->wish[k];
        tq_snap main, near;
        uint32_t count = 0;
        bool has_main = tq_road_snap(city, at->ask.metric, at->point[k], &at->wish[k], &main,
                                     &count, NULL) == TQ_OK;
        any.main_only = false;
        if (tq_road_snap(city, at->ask.metric, at->point[k], &any, &near, &count, NULL) != TQ_OK)
            continue;
        if (has_main && main.distance_dm <= near.distance_dm + CUT_OFF_DM) continue;
        at->wish[k].main_only = place[k].wish.main_only = false;
        changed = true;
    }
    return changed;
}

/* ---- the end of every service
 * -------------------------------------------------------------------------------- */

/* Which coordinate has no street near it. */
static uint32_t lonely_coordinate(osrm_question *at)
{
    tq_snap snap;
    for (uint32_t k = 0; k < at->count; k++)
        if (road_ask_snap(at->loop->server->city, &at->ask, at->point[k], &at->wish[k], &snap,
                          NULL) != TQ_OK)
            return k;
    return 0;
}

/* The datum is named when it is not the usual one. */
static void name_datum(osrm_question *at)
{
    tq_buf *body = &at->loop->body;
    if (at->ask.datum == TQ_WGS84 || body->failed || body->len == 0 ||
        body->at[body->len - 1] != '}')
        return;
    body->len--;
    tq_buf_puts(body, ",\"datum\":\"");
    tq_buf_puts(body, datum_key(at->ask.datum));
    tq_buf_puts(body, "\"}");
}

static tq_status unconnected(osrm_question *at, const char *code, const char *text)
{
    char message[240];
    uint32_t closed = at->loop->closed;
    bool avoided = at->ask.avoid.streets != NULL || at->ask.avoid.polygon != NULL;
    int len = snprintf(message, sizeof message, "%s", text);
    if (closed > 0)
        len += snprintf(message + len, sizeof message - (size_t)len,
                        "; %u live closures are in force, see /api/v1/live/roads", closed);
    if (avoided)
        snprintf(message + len, sizeof message - (size_t)len,
                 "; streets are kept off by avoid_streets or avoid_polygon");
    return osrm_wrong(at, code, message);
}

tq_status osrm_close(osrm_question *at, tq_status status, const char *none_code,
                     const char *none_text)
{
    if (status == TQ_NO_ROUTE)
        status = unconnected(at, none_code, none_text);
    else if (status == TQ_NOT_FOUND)
        status = osrm_no_segment(at, lonely_coordinate(at));
    else if (status == TQ_LIMIT)
        status = osrm_wrong(at, "TooBig", at->err->text);
    else if (status == TQ_BAD_INPUT)
        status = osrm_wrong(at, "InvalidValue", at->err->text);
    else if (status == TQ_OK && at->answer->status == 0) {
        name_datum(at);
        at->answer->status = 200;
        at->answer->type = "application/json; charset=utf-8";
        at->answer->keep = KEEP_SHORT;
    }
    road_ask_end(at->loop, &at->ask);
    return status;
}

/* ---- waypoints
 * ---------------------------------------------------------------------------------------------- */

void osrm_waypoint_members(osrm_question *at, tq_json *json, const tq_snap *snap, bool hint)
{
    static const char hex[] = "0123456789abcdef";
    const tq_city *city = at->loop->server->city;
    const tq_streets *streets = &city->streets;
    if (hint) {
        char text[16];
        uint64_t bits = (uint64_t)snap->edge << 32 | snap->along_dm;
        for (size_t k = sizeof text; k-- > 0; bits >>= 4)
            text[k] = hex[bits & 15];
        tq_json_key(json, "hint");
        tq_json_str(json, (tq_str){text, sizeof text});
    }
    tq_json_put_fixed(json, "distance", snap->distance_dm, 1);
    tq_json_put_text(json, "name",
                     tq_text(city, streets->name[streets->edge_name[snap->edge]].name));
    tq_json_key(json, "location");
    put_degrees(json, snap->at, at->ask.datum);
}

void osrm_waypoint(osrm_question *at, tq_json *json, const tq_snap *snap, bool hint)
{
    tq_json_object(json);
    osrm_waypoint_members(at, json, snap, hint);
    tq_json_end_object(json);
}
