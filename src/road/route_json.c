/*
 * OSRM's route answer (route service, version 1) for a list of places.
 *
 * Method: each place is snapped to the nearest usable street; when those are not connected, the
 * nearest combination of up to TQ_SNAPS_MAX streets a place that is connected is taken. Everything
 * is computed before the first byte is written, so a failure writes nothing.
 *
 * Weight is the duration. Turning round at a place in between is allowed. Numbers are printed as
 * OSRM's: metres and seconds with at most one decimal, degrees with at most six, no trailing zeros.
 * Limits: TQ_VIAS_MAX places. Annotations carry no OSM node ids: the city file does not keep them.
 */
#include "road/route_json_in.h"
#include "wire/wire.h"

/* The simplified overview strays by this share of the way's diagonal: about a pixel on a map of it.
 */
#define OVERVIEW_SHARE 1000

/* An encoded point takes at most this many characters in either precision. */
#define POLYLINE_POINT_MAX 14

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

static int64_t e6(int32_t value_e7)
{
    return value_e7 >= 0 ? ((int64_t)value_e7 + 5) / 10 : ((int64_t)value_e7 - 5) / 10;
}

void route_location(tq_json *json, const int32_t *lat_lon)
{
    tq_json_array(json);
    route_number(json, e6(lat_lon[1]), 6);
    route_number(json, e6(lat_lon[0]), 6);
    tq_json_end_array(json);
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
            route_location(json, lat_lon + 2 * (size_t)k);
        tq_json_end_array(json);
        tq_json_key(json, "type");
        tq_json_text(json, "LineString");
        tq_json_end_object(json);
        return true;
    }
    /* Encoded in the scratch first: a backslash may occur and must be escaped. */
    size_t mark = answer->work->used, most = (size_t)count * POLYLINE_POINT_MAX + 1;
    char *text = TQ_PUSH_RAW(answer->work, char, most);
    if (text == NULL) return false;
    tq_buf line = {.at = text, .cap = most, .limit = most};
    tq_polyline_put(&line, lat_lon, count, answer->options->geometries == TQ_GEO_POLYLINE ? 5 : 6);
    TQ_ASSERT(!line.failed);
    tq_json_str(json, (tq_str){line.at, line.len});
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

static tq_status full(const tq_arena *work, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0,
                   "the answer does not fit the query's scratch of %zu bytes; raise it", work->cap);
}

/* Take each place's nearest street; *joined tells whether that gives a way. */
static tq_status try_nearest(route_answer *answer, candidates *place, uint32_t count, bool *joined,
                             tq_err *err)
{
    *joined = true;
    for (uint32_t k = 0; k + 1 < count && *joined; k++) {
        int64_t time_ds = 0;
        tq_status status = tq_road_time(answer->city, answer->metric, &place[k].snap[0],
                                        &place[k + 1].snap[0], answer->work, &time_ds, err);
        if (status != TQ_OK && status != TQ_NO_ROUTE) return status;
        *joined = status == TQ_OK;
    }
    return TQ_OK;
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
            return tq_fail(err, TQ_NO_ROUTE, 0,
                           "place %u and place %u are not connected for profile %s at that time", k,
                           k + 1, tq_profile_name(answer->profile));
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

/* The nearest streets, and after them one that leads somewhere unless it is among them. */
static tq_status add_choices(route_answer *answer, int64_t at_ms, tq_point point, candidates *place,
                             tq_err *err)
{
    tq_snap out = {0};
    uint32_t count = 0;
    TQ_TRY(tq_road_snap(answer->city, answer->profile, at_ms, point, TQ_SNAPS_MAX - 1, place->snap,
                        &place->count, err));
    tq_status status = road_snap(answer->city, answer->profile, at_ms, answer->metric, point, 1,
                                 &out, &count, err);
    if (status == TQ_NOT_FOUND) return TQ_OK;
    if (status != TQ_OK) return status;
    for (uint32_t k = 0; k < place->count; k++)
        if (place->snap[k].edge == out.edge) return TQ_OK;
    place->snap[place->count++] = out;
    return TQ_OK;
}

static tq_status find_places(route_answer *answer, int64_t at_ms, const tq_point *point,
                             uint32_t count, candidates *place, tq_err *err)
{
    bool joined = false;
    for (uint32_t k = 0; k < count; k++)
        TQ_TRY(tq_road_snap(answer->city, answer->profile, at_ms, point[k], 1, place[k].snap,
                            &place[k].count, err));
    TQ_TRY(try_nearest(answer, place, count, &joined, err));
    if (joined) return TQ_OK;
    for (uint32_t k = 0; k < count; k++)
        TQ_TRY(add_choices(answer, at_ms, point[k], &place[k], err));
    return choose(answer, place, count, err);
}

/* ---- the object ------------------------------------------------------------------------------ */

static void put_waypoint(route_answer *answer, const tq_snap *snap)
{
    tq_json *json = &answer->json;
    const tq_streets *streets = &answer->city->streets;
    static const char hex[] = "0123456789abcdef";
    char hint[16];
    uint64_t bits = (uint64_t)snap->edge << 32 | snap->along_dm;
    for (size_t k = sizeof hint; k-- > 0; bits >>= 4)
        hint[k] = hex[bits & 15];
    tq_json_object(json);
    tq_json_key(json, "hint");
    tq_json_str(json, (tq_str){hint, sizeof hint});
    tq_json_key(json, "distance");
    route_number(json, snap->distance_dm, 1);
    tq_json_key(json, "name");
    tq_json_text(json, tq_text(answer->city, streets->name[streets->edge_name[snap->edge]].name));
    tq_json_key(json, "location");
    route_location(json, (const int32_t[]){snap->at.lat_e7, snap->at.lon_e7});
    tq_json_end_object(json);
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

static bool put_route(route_answer *answer)
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
    put_ways(answer);
    tq_json_end_object(json);
    return true;
}

static bool put_all(route_answer *answer, const candidates *place, uint32_t count)
{
    tq_json *json = &answer->json;
    tq_json_object(json);
    tq_json_key(json, "code");
    tq_json_text(json, "Ok");
    tq_json_key(json, "routes");
    tq_json_array(json);
    if (!put_route(answer)) return false;
    tq_json_end_array(json);
    tq_json_key(json, "waypoints");
    tq_json_array(json);
    for (uint32_t k = 0; k < count; k++)
        put_waypoint(answer, &place[k].snap[place[k].chosen]);
    tq_json_end_array(json);
    tq_json_end_object(json);
    return true;
}

static tq_status make_legs(route_answer *answer, const candidates *place, uint32_t count,
                           tq_err *err)
{
    answer->leg_count = count - 1;
    answer->leg = TQ_PUSH(answer->work, road_leg, answer->leg_count);
    if (answer->leg == NULL) return full(answer->work, err);
    for (uint32_t l = 0; l < answer->leg_count; l++) {
        road_leg *leg = &answer->leg[l];
        leg->from = place[l].snap[place[l].chosen];
        leg->to = place[l + 1].snap[place[l + 1].chosen];
        TQ_TRY(tq_road_way(answer->city, answer->metric, &leg->from, &leg->to, answer->work,
                           &leg->way, err));
        if (!road_line_of(answer->city, &leg->way, answer->work, &leg->line))
            return full(answer->work, err);
        if (!answer->options->steps) continue;
        leg->step = road_steps(answer->city, answer->metric, leg, answer->work, &leg->step_count);
        if (leg->step == NULL) return full(answer->work, err);
    }
    return TQ_OK;
}

tq_status tq_route_json(const tq_city *city, const tq_metric *metric, tq_profile profile,
                        int64_t at_ms, const tq_point *point, uint32_t count,
                        const tq_route_options *options, tq_arena *work, tq_buf *out, tq_err *err)
{
    if (count < 2)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a route needs at least 2 places, not %u", count);
    if (count > TQ_VIAS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u places are over the limit of %d; ask in parts", count,
                       TQ_VIAS_MAX);
    tq_route_options chosen;
    tq_route_options_default(&chosen);
    if (options != NULL) memcpy(&chosen, options, TQ_MIN((size_t)options->size, sizeof chosen));
    route_answer answer = {
        .city = city, .metric = metric, .profile = profile, .options = &chosen, .work = work};
    size_t begin = out->len;
    candidates *place = TQ_PUSH(work, candidates, count);
    if (place == NULL) return full(work, err);
    TQ_TRY(find_places(&answer, at_ms, point, count, place, err));
    TQ_TRY(make_legs(&answer, place, count, err));
    tq_json_begin(&answer.json, out);
    if (!put_all(&answer, place, count)) {
        out->len = begin;
        return full(work, err);
    }
    if (out->failed) {
        out->len = begin;
        return tq_fail(err, TQ_NO_MEMORY, 0, "the route's text does not fit its buffer");
    }
    return TQ_OK;
}
