/*
 * OSRM's route answer (route service, version 1) for a list of places.
 *
 * Method: each place is snapped to the nearest usable street; when those are not connected, the
 * nearest combination of up to TQ_SNAPS_MAX streets a place that is connected is taken. Everything
 * is computed before the first byte is written, so a failure writes nothing.
 *
 * Weight is the duration. A place in between is left in the direction of arrival when that is asked
 * for, and turned round at when there is no other way on. A place passed without a leg of its own
 * joins the legs around it unless one turns round there.
 * Numbers are printed as
 * OSRM's: metres and seconds with at most one decimal, degrees with at most six, no trailing zeros.
 * Limits: TQ_VIAS_MAX places. The city file keeps no OSM node ids:
 * annotations number the points instead.
 */
#include "road/route_json_in.h"
#include "wire/wire.h"

/* The simplified overview strays by this share of the way's diagonal: about a pixel on a map of it.
 */
#define OVERVIEW_SHARE 1000

/* An encoded point takes at most this many characters in either precision. */
#define POLYLINE_POINT_MAX 14

/* Names are read from memory this many arcs ahead. */
#define NAMES_AHEAD 8

void tq_route_options_default(tq_route_options *options)
{
    *options = (tq_route_options){.size = sizeof *options, .overview = TQ_OVERVIEW_SIMPLIFIED};
}

/* ---- numbers, places, lines ------------------------------------------------------------------ */

void route_number(tq_json *json, int64_t value, unsigned digits)
{
    char text[32];
    size_t at = sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    bool begun = false;
    for (unsigned k = 0; k < digits; k++, left /= 10) {
        if (left % 10 == 0 && !begun) continue;
        begun = true;
        text[--at] = (char)('0' + left % 10);
    }
    if (begun) text[--at] = '.';
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (value < 0 && (begun || text[at] != '0')) text[--at] = '-';
    tq_json_raw(json, (tq_str){text + at, sizeof text - at});
}

static void to_datum(tq_datum datum, const int32_t *lat_lon, int32_t *out)
{
    tq_point at = {lat_lon[0], lat_lon[1]};
    if (datum != TQ_WGS84) at = tq_from_wgs84(at, datum);
    out[0] = at.lat_e7;
    out[1] = at.lon_e7;
}

static int64_t e6(int32_t value_e7)
{
    return value_e7 >= 0 ? ((int64_t)value_e7 + 5) / 10 : ((int64_t)value_e7 - 5) / 10;
}

void route_location(const route_answer *answer, tq_json *json, const int32_t *lat_lon)
{
    int32_t at[2];
    to_datum(answer->options->datum, lat_lon, at);
    lat_lon = at;
    tq_json_array(json);
    route_number(json, e6(lat_lon[1]), 6);
    route_number(json, e6(lat_lon[0]), 6);
    tq_json_end_array(json);
}

/* Of the characters of an encoded line only the backslash needs a mark before it. */
static void put_polyline(tq_json *json, const char *text, size_t len)
{
    tq_json_raw(json, TQ_STR("\""));
    for (size_t from = 0; from < len;) {
        const char *mark = memchr(text + from, '\\', len - from);
        size_t run = mark == NULL ? len - from : (size_t)(mark - text) - from + 1;
        tq_buf_put(json->buf, text + from, run);
        if (mark != NULL) tq_buf_putc(json->buf, '\\');
        from += run;
    }
    tq_buf_putc(json->buf, '"');
}

bool route_geometry(route_answer *answer, const int32_t *lat_lon, uint32_t count)
{
    tq_json *json = &answer->json;
    tq_json_key(json, "geometry");
    if (answer->options->geometries == TQ_GEO_GEOJSON) {
        tq_json_object(json);
        tq_json_key(json, "coordinates");
        tq_json_array(json);
        for (uint32_t k = 0; k < count; k++)
            route_location(answer, json, lat_lon + 2 * (size_t)k);
        tq_json_end_array(json);
        tq_json_key(json, "type");
        tq_json_text(json, "LineString");
        tq_json_end_object(json);
        return true;
    }
    size_t mark = answer->work->used, most = (size_t)count * POLYLINE_POINT_MAX + 1;
    char *text = TQ_PUSH_RAW(answer->work, char, most);
    if (text == NULL) return false;
    if (answer->options->datum != TQ_WGS84) {
        int32_t *moved = TQ_PUSH_RAW(answer->work, int32_t, 2 * (size_t)count);
        if (moved == NULL) return false;
        for (uint32_t k = 0; k < count; k++)
            to_datum(answer->options->datum, lat_lon + 2 * (size_t)k, moved + 2 * (size_t)k);
        lat_lon = moved;
    }
    tq_buf line = {.at = text, .cap = most, .limit = most};
    tq_polyline_put(&line, lat_lon, count, answer->options->geometries == TQ_GEO_POLYLINE ? 5 : 6);
    TQ_ASSERT(!line.failed);
    put_polyline(json, text, line.len);
    tq_arena_reset(answer->work, mark);
    return true;
}

/* ---- places ---------------------------------------------------------------------------------- */

typedef struct candidates {
    tq_snap snap[TQ_SNAPS_MAX];
    uint64_t
        cost[TQ_SNAPS_MAX]; /* sum of snap distances up to here, UINT64_MAX = cannot be reached */
    uint32_t before[TQ_SNAPS_MAX];
    uint32_t count, chosen;
} candidates;

tq_status route_full(const tq_arena *work, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0,
                   "the answer does not fit the query's scratch of %zu bytes; raise it", work->cap);
}

/* The connected choice with the least sum of distances between places and streets. */
static tq_status choose(route_answer *answer, candidates *place, uint32_t count, tq_err *err)
{
    for (uint32_t c = 0; c < place[0].count; c++)
        place[0].cost[c] = place[0].snap[c].distance_dm;
    for (uint32_t k = 1; k < count; k++) {
        bool any = false;
        for (uint32_t c = 0; c < place[k].count; c++) {
            place[k].cost[c] = UINT64_MAX;
            for (uint32_t b = 0; b < place[k - 1].count; b++) {
                uint64_t cost = place[k - 1].cost[b];
                int64_t time_ds = 0;
                if (cost == UINT64_MAX || cost + place[k].snap[c].distance_dm >= place[k].cost[c])
                    continue;
                tq_status status = tq_road_time(answer->city, answer->metric, &place[k - 1].snap[b],
                                                &place[k].snap[c], answer->work, &time_ds, err);
                if (status == TQ_NO_ROUTE) continue;
                if (status != TQ_OK) return status;
                place[k].cost[c] = cost + place[k].snap[c].distance_dm;
                place[k].before[c] = b;
                any = true;
            }
        }
        if (!any)
            return tq_fail(
                err, TQ_NO_ROUTE, 0,
                "place %u and place %u are not connected for this kind of traveller at that "
                "time",
                k, k + 1);
    }
    uint32_t best = 0;
    for (uint32_t c = 1; c < place[count - 1].count; c++)
        if (place[count - 1].cost[c] < place[count - 1].cost[best]) best = c;
    for (uint32_t k = count; k-- > 0;) {
        place[k].chosen = best;
        best = place[k].before[best];
    }
    return TQ_OK;
}

/* Up to `limit` streets near each place; the nearest is chosen. */
static tq_status find_places(route_answer *answer, const tq_route_place *asked, uint32_t count,
                             uint32_t limit, candidates *place, tq_err *err)
{
    for (uint32_t k = 0; k < count; k++) {
        tq_snap_wish wish = asked[k].wish;
        wish.limit = limit;
        place[k].chosen = 0;
        TQ_TRY(tq_road_snap(answer->city, answer->metric, asked[k].at, &wish, place[k].snap,
                            &place[k].count, err));
    }
    return TQ_OK;
}

/* ---- the object ------------------------------------------------------------------------------ */

void route_waypoint(route_answer *answer, const tq_snap *snap)
{
    tq_json *json = &answer->json;
    const tq_streets *streets = &answer->city->streets;
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    /* The edge and the place along it, six bits a character from the lowest on. */
    char hint[11];
    uint64_t bits = (uint64_t)snap->edge << 32 | snap->along_dm;
    for (size_t k = 0; k < sizeof hint; k++, bits >>= 6)
        hint[k] = digit[bits & 63];
    tq_json_object(json);
    tq_json_key(json, "hint");
    tq_json_str(json, (tq_str){hint, sizeof hint});
    tq_json_key(json, "distance");
    route_number(json, snap->distance_dm, 1);
    tq_json_key(json, "name");
    tq_json_text(json, tq_text(answer->city, streets->name[streets->edge_name[snap->edge]].name));
    tq_json_key(json, "location");
    route_location(answer, json, (const int32_t[]){snap->at.lat_e7, snap->at.lon_e7});
}

/* Street names in travel order, each once in a row; streets without a name are passed over. */
static void put_ways(route_answer *answer)
{
    const tq_streets *streets = &answer->city->streets;
    uint32_t last = 0;
    tq_json_key(&answer->json, "ways");
    tq_json_array(&answer->json);
    for (uint32_t l = 0; l < answer->leg_count; l++) {
        const tq_way *way = &answer->leg[l].way;
        for (uint32_t k = 0; k < way->arc_count; k++) {
            if (k + NAMES_AHEAD < way->arc_count)
                __builtin_prefetch(&streets->edge_name[way->arc[k + NAMES_AHEAD] >> 1]);
            uint32_t name = streets->name[streets->edge_name[way->arc[k] >> 1]].name;
            if (name == 0 || name == last || road_piece_dm(answer->city, way, k) == 0) continue;
            tq_json_text(&answer->json, tq_text(answer->city, name));
            last = name;
        }
    }
    tq_json_end_array(&answer->json);
}

/* Tolerance of the overview from the box of the whole line. */
static uint32_t stray_of(const int32_t *lat_lon, uint32_t count)
{
    tq_box box = TQ_BOX_EMPTY;
    for (uint32_t k = 0; k < count; k++)
        tq_box_add(&box, (tq_point){lat_lon[2 * (size_t)k], lat_lon[2 * (size_t)k + 1]});
    return tq_distance_dm((tq_point){box.south_e7, box.west_e7},
                          (tq_point){box.north_e7, box.east_e7}) /
           OVERVIEW_SHARE;
}

/* The lines of all legs as one; places in between are shared. */
static bool put_overview(route_answer *answer)
{
    uint32_t count = 0;
    size_t most = 0;
    if (answer->options->overview == TQ_OVERVIEW_FALSE) return true;
    for (uint32_t l = 0; l < answer->leg_count; l++)
        most += answer->leg[l].line.count;
    int32_t *whole = TQ_PUSH_RAW(answer->work, int32_t, 2 * most);
    if (whole == NULL || most > UINT32_MAX) return false;
    for (uint32_t l = 0; l < answer->leg_count; l++) {
        const road_line *line = &answer->leg[l].line;
        uint32_t skip = l > 0;
        memcpy(whole + 2 * (size_t)count, line->lat_lon + 2 * skip,
               2 * (size_t)(line->count - skip) * sizeof *whole);
        count += line->count - skip;
    }
    if (answer->options->overview == TQ_OVERVIEW_SIMPLIFIED &&
        !road_simplify(whole, count, stray_of(whole, count), answer->work, &whole, &count))
        return false;
    return route_geometry(answer, whole, count);
}

bool route_object(route_answer *answer)
{
    tq_json *json = &answer->json;
    uint64_t length_dm = 0;
    int64_t time_ds = 0;
    for (uint32_t l = 0; l < answer->leg_count; l++) {
        length_dm += answer->leg[l].way.length_dm;
        time_ds += answer->leg[l].way.time_ds;
    }
    tq_json_object(json);
    if (!put_overview(answer)) return false;
    tq_json_key(json, "legs");
    tq_json_array(json);
    for (uint32_t l = 0; l < answer->leg_count; l++)
        if (!route_leg(answer, &answer->leg[l])) return false;
    tq_json_end_array(json);
    tq_json_key(json, "distance");
    route_number(json, (int64_t)length_dm, 1);
    tq_json_key(json, "duration");
    route_number(json, time_ds, 1);
    tq_json_key(json, "weight_name");
    tq_json_text(json, "duration");
    tq_json_key(json, "weight");
    route_number(json, time_ds, 1);
    if (answer->matching) {
        tq_json_key(json, "confidence");
        route_number(json, answer->confidence_percent, 2);
    }
    put_ways(answer);
    tq_json_end_object(json);
    return true;
}

/* ---- legs ------------------------------------------------------------------------------------ */

bool route_prepare_leg(route_answer *answer, road_leg *leg)
{
    if (!road_line_of(answer->city, &leg->way, answer->work, &leg->line)) return false;
    if (!answer->options->steps) return true;
    leg->step = road_steps(answer->city, answer->metric, leg, answer->work, &leg->step_count);
    return leg->step != NULL;
}

/* The place at a way's end, to be left only in the direction in which the way comes. */
static tq_snap straight_on(const tq_streets *streets, const tq_way *way, tq_snap snap)
{
    uint32_t arc = way->arc[way->arc_count - 1], length_dm = streets->edge_length_dm[arc >> 1];
    snap.edge = arc >> 1;
    snap.along_dm = arc & 1 ? length_dm - way->last_to_dm : way->last_to_dm;
    snap.directions = arc & 1 ? 2 : 1;
    return snap;
}

/* One way of two, when the second goes on where the first ends. */
static bool joined(const tq_metric *metric, const tq_way *a, const tq_way *b, tq_arena *work,
                   tq_way *out, bool *fits)
{
    *fits = a->arc[a->arc_count - 1] == b->arc[0] && a->last_to_dm == b->first_from_dm &&
            metric->arc_ds[b->arc[0]] < TQ_ROAD_INF;
    if (!*fits) return true;
    uint32_t count = a->arc_count + b->arc_count - 1;
    uint32_t *arc = TQ_PUSH_RAW(work, uint32_t, count);
    int32_t *turn_ds = TQ_PUSH_RAW(work, int32_t, count);
    if (arc == NULL || turn_ds == NULL) return false;
    memcpy(arc, a->arc, a->arc_count * sizeof *arc);
    memcpy(turn_ds, a->turn_ds, a->arc_count * sizeof *turn_ds);
    memcpy(arc + a->arc_count - 1, b->arc, b->arc_count * sizeof *arc);
    memcpy(turn_ds + a->arc_count - 1, b->turn_ds, b->arc_count * sizeof *turn_ds);
    *out = (tq_way){.time_ds = a->time_ds + b->time_ds,
                    .length_dm = a->length_dm + b->length_dm,
                    .arc = arc,
                    .turn_ds = turn_ds,
                    .arc_count = count,
                    .first_from_dm = a->first_from_dm,
                    .last_to_dm = b->last_to_dm};
    return true;
}

static tq_status make_legs(route_answer *answer, const tq_route_place *asked,
                           const candidates *place, uint32_t count, tq_err *err)
{
    const tq_city *city = answer->city;
    bool straight =
        answer->options->continue_straight > 0 ||
        (answer->options->continue_straight < 0 && answer->metric->kind == TQ_HIERARCHY_MOTOR);
    answer->leg = TQ_PUSH(answer->work, road_leg, count - 1);
    if (answer->leg == NULL) return route_full(answer->work, err);
    answer->leg_count = 0;
    for (uint32_t k = 0; k + 1 < count; k++) {
        road_leg *last = k > 0 ? &answer->leg[answer->leg_count - 1] : NULL;
        road_leg leg = {.from = place[k].snap[place[k].chosen],
                        .to = place[k + 1].snap[place[k + 1].chosen],
                        .asked = asked[k + 1].at,
                        .has_asked = true};
        tq_status status = TQ_NO_ROUTE;
        if (last != NULL && (straight || !asked[k].via)) {
            tq_snap from = straight_on(&city->streets, &last->way, leg.from);
            status = tq_road_way(city, answer->metric, &from, &leg.to, answer->work, &leg.way, err);
        }
        if (status == TQ_NO_ROUTE)
            status =
                tq_road_way(city, answer->metric, &leg.from, &leg.to, answer->work, &leg.way, err);
        if (status != TQ_OK) return status;
        if (last != NULL && !asked[k].via) {
            bool fits = false;
            if (!joined(answer->metric, &last->way, &leg.way, answer->work, &last->way, &fits))
                return route_full(answer->work, err);
            if (fits) {
                last->to = leg.to;
                last->asked = leg.asked;
                continue;
            }
        }
        answer->leg[answer->leg_count++] = leg;
        answer->leg[answer->leg_count - 1].stop_number = answer->leg_count;
    }
    answer->leg[answer->leg_count - 1].stop_number = 0;
    for (uint32_t l = 0; l < answer->leg_count; l++)
        if (!route_prepare_leg(answer, &answer->leg[l])) return route_full(answer->work, err);
    return TQ_OK;
}

tq_route_options route_options(const tq_route_options *asked)
{
    tq_route_options chosen;
    tq_route_options_default(&chosen);
    if (asked != NULL) memcpy(&chosen, asked, TQ_MIN((size_t)asked->size, sizeof chosen));
    return chosen;
}

tq_status route_end(route_answer *answer, bool whole, tq_err *err)
{
    tq_buf *out = answer->json.buf;
    if (whole && !out->failed) return TQ_OK;
    out->len = answer->begin;
    if (!whole) return route_full(answer->work, err);
    return tq_fail(err, TQ_NO_MEMORY, 0, "the route's text does not fit its buffer");
}

/* All routes: the quickest first, then, between two places, others that are sensible. */
static tq_status make_routes(route_answer *answer, const tq_route_place *asked,
                             const candidates *place, uint32_t count, tq_way *way, uint32_t *ways,
                             tq_err *err)
{
    uint32_t limit = TQ_MIN(answer->options->alternatives, TQ_ALTERNATIVES_MAX - 1u) + 1;
    TQ_TRY(make_legs(answer, asked, place, count, err));
    *ways = 1;
    if (count > 2 || limit < 2) return TQ_OK;
    return tq_road_alternatives(answer->city, answer->metric, &answer->leg[0].from,
                                &answer->leg[0].to, limit, answer->work, way, ways, err);
}

static bool put_all(route_answer *answer, const candidates *place, uint32_t count,
                    const tq_way *way, uint32_t ways)
{
    tq_json *json = &answer->json;
    tq_json_object(json);
    tq_json_key(json, "code");
    tq_json_text(json, "Ok");
    tq_json_key(json, "routes");
    tq_json_array(json);
    for (uint32_t r = 0; r < ways; r++) {
        if (r > 0) {
            answer->leg[0].way = way[r];
            if (!route_prepare_leg(answer, &answer->leg[0])) return false;
        }
        if (!route_object(answer)) return false;
    }
    tq_json_end_array(json);
    if (!answer->options->skip_waypoints) {
        tq_json_key(json, "waypoints");
        tq_json_array(json);
        for (uint32_t k = 0; k < count; k++) {
            route_waypoint(answer, &place[k].snap[place[k].chosen]);
            tq_json_end_object(json);
        }
        tq_json_end_array(json);
    }
    tq_json_end_object(json);
    return true;
}

tq_status tq_route_json(const tq_city *city, const tq_metric *metric, const tq_route_place *place,
                        uint32_t count, const tq_route_options *options, tq_arena *work,
                        tq_buf *out, tq_err *err)
{
    if (count < 2)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a route needs at least 2 places, not %u", count);
    if (count > TQ_VIAS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u places are over the limit of %d; ask in parts", count,
                       TQ_VIAS_MAX);
    tq_route_options chosen = route_options(options);
    route_answer answer = {
        .city = city, .metric = metric, .options = &chosen, .work = work, .begin = out->len};
    candidates *found = TQ_PUSH(work, candidates, count);
    tq_way way[TQ_ALTERNATIVES_MAX];
    uint32_t ways = 0;
    if (found == NULL) return route_full(work, err);
    TQ_TRY(find_places(&answer, place, count, 1, found, err));
    size_t mark = work->used;
    tq_status status = make_routes(&answer, place, found, count, way, &ways, err);
    if (status == TQ_NO_ROUTE) { /* the nearest streets are not connected: others near by may be */
        tq_arena_reset(work, mark);
        TQ_TRY(find_places(&answer, place, count, TQ_SNAPS_MAX, found, err));
        TQ_TRY(choose(&answer, found, count, err));
        status = make_routes(&answer, place, found, count, way, &ways, err);
    }
    TQ_TRY(status);
    tq_json_begin(&answer.json, out);
    return route_end(&answer, put_all(&answer, found, count, way, ways), err);
}
