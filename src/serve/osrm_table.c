/*
 * /table/v1 and /nearest/v1.
 *
 * A table is worked out over the distinct coordinates asked for as sources and destinations; cells
 * without a way are null, or, with fallback_speed, the time along the straight line, listed in
 * fallback_speed_cells. Durations are seconds with one decimal, distances metres.
 */
#include <stdio.h>

#include "serve/osrm_in.h"

/* ---- table
 * --------------------------------------------------------------------------------------------------
 */

typedef struct table {
    uint32_t *place[2]; /* coordinate of each source, of each destination */
    uint32_t count[2];
    tq_snap *snap; /* [coordinates] */
    tq_snap *side[2];
    bool durations, distances, by_input;
    double fallback_ms, scale; /* metres a second, 0 = none; factor */
    int32_t *ds;
    uint32_t *dm;
} table;

static bool say(osrm_question *at, tq_status *status, const char *code, const char *message)
{
    *status = osrm_wrong(at, code, message);
    return false;
}

static bool no_room(osrm_question *at, tq_status *status)
{
    *status = tq_fail(at->err, TQ_NO_MEMORY, 0, "not enough scratch for a table");
    return false;
}

static bool read_side(osrm_question *at, const char *name, uint32_t **place, uint32_t *count,
                      tq_status *status)
{
    const char *text = param_text(at->request, name);
    bool all = text == NULL || strcmp(text, "all") == 0 || text[0] == '\0';
    uint32_t entries = all ? at->count : count_pieces(tq_str_of(text), ';');
    if (entries > at->count)
        return say(at, status, "InvalidOptions",
                   "Number of sources or destinations is larger than that of coordinates");
    *place = TQ_PUSH_RAW(&at->loop->work, uint32_t, entries);
    if (*place == NULL) return no_room(at, status);
    tq_str rest = tq_str_of(all ? "" : text);
    for (uint32_t k = 0; k < entries; k++) {
        (*place)[k] = k;
        if (all) continue;
        if (!tq_parse_u32(cut_piece(&rest, ';'), &(*place)[k]))
            return say(at, status, "InvalidQuery",
                       "Query string malformed: sources and destinations are indices or all");
        if ((*place)[k] >= at->count)
            return say(at, status, "InvalidOptions",
                       "Sources and destinations must be indices of coordinates, from 0 on");
    }
    *count = entries;
    return true;
}

static bool read_table_options(osrm_question *at, table *out, tq_status *status)
{
    const serve_request *request = at->request;
    const char *parts = param_text(request, "annotations"),
               *speed = param_text(request, "fallback_speed"),
               *scale = param_text(request, "scale_factor"),
               *coordinate = param_text(request, "fallback_coordinate");
    out->scale = 1;
    out->by_input = coordinate == NULL || strcmp(coordinate, "input") == 0;
    tq_str rest = tq_str_of(parts == NULL ? "duration" : parts);
    while (rest.len > 0) {
        tq_str part = cut_piece(&rest, ',');
        if (tq_str_is(part, "duration"))
            out->durations = true;
        else if (tq_str_is(part, "distance"))
            out->distances = true;
        else
            return say(at, status, "InvalidQuery",
                       "Query string malformed: annotations are duration, distance or both");
    }
    if (speed != NULL &&
        !(tq_parse_double(tq_str_of(speed), &out->fallback_ms) && out->fallback_ms > 0))
        return say(at, status, "InvalidOptions", "fallback_speed must be > 0");
    if (scale != NULL && !(tq_parse_double(tq_str_of(scale), &out->scale) && out->scale > 0))
        return say(at, status, "InvalidOptions", "scale_factor must be > 0");
    return read_side(at, "sources", &out->place[0], &out->count[0], status) &&
           read_side(at, "destinations", &out->place[1], &out->count[1], status);
}

/* Every coordinate on a street, OSRM's way: one that is nobody's source is snapped too. */
static bool snap_all(osrm_question *at, table *out, tq_status *status)
{
    tq_arena *work = &at->loop->work;
    const tq_city *city = at->loop->server->city;
    out->snap = TQ_PUSH_RAW(work, tq_snap, at->count);
    for (uint32_t side = 0; side < 2; side++)
        out->side[side] = TQ_PUSH_RAW(work, tq_snap, out->count[side]);
    if (out->snap == NULL || out->side[0] == NULL || out->side[1] == NULL)
        return no_room(at, status);
    for (uint32_t k = 0; k < at->count; k++) {
        *status = road_ask_snap(city, &at->ask, at->point[k], &at->wish[k], &out->snap[k], at->err);
        if (*status == TQ_NOT_FOUND) *status = osrm_no_segment(at, k);
        if (*status != TQ_OK || at->answer->status != 0) return false;
    }
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t k = 0; k < out->count[side]; k++)
            out->side[side][k] = out->snap[out->place[side][k]];
    return true;
}

static bool fill_cells(osrm_question *at, table *out, tq_status *status)
{
    tq_arena *work = &at->loop->work;
    size_t cells = (size_t)out->count[0] * out->count[1];
    out->ds = TQ_PUSH_RAW(work, int32_t, cells);
    out->dm = out->distances ? TQ_PUSH_RAW(work, uint32_t, cells) : NULL;
    if (out->ds == NULL || (out->distances && out->dm == NULL)) return no_room(at, status);
    if (out->distances) {
        *status = road_ask_metres(at->loop, &at->ask, at->err);
        if (*status != TQ_OK) return false;
    }
    *status = road_cells(at->loop->server->city, at->ask.metric, out->side[0], out->count[0],
                         out->side[1], out->count[1], work, out->ds, out->dm, at->err);
    return *status == TQ_OK;
}

static uint32_t straight_dm(const osrm_question *at, const table *of, uint32_t row, uint32_t column)
{
    uint32_t from = of->place[0][row], to = of->place[1][column];
    return of->by_input ? tq_distance_dm(at->point[from], at->point[to])
                        : tq_distance_dm(of->snap[from].at, of->snap[to].at);
}

/* Fallback and scale; writes the list of cells that are estimates. */
static void adjust(osrm_question *at, table *of, tq_json *json)
{
    if (of->fallback_ms > 0) {
        tq_json_key(json, "fallback_speed_cells");
        tq_json_array(json);
    }
    for (uint32_t row = 0; row < of->count[0]; row++)
        for (uint32_t column = 0; column < of->count[1]; column++) {
            size_t cell = (size_t)row * of->count[1] + column;
            if (of->ds[cell] >= TQ_ROAD_INF && of->fallback_ms > 0) {
                uint32_t dm = straight_dm(at, of, row, column);
                double ds = (double)dm / of->fallback_ms;
                of->ds[cell] = ds < TQ_ROAD_INF - 1 ? (int32_t)(ds + 0.5) : TQ_ROAD_INF - 1;
                if (of->dm != NULL) of->dm[cell] = dm;
                tq_json_array(json);
                tq_json_i64(json, row);
                tq_json_i64(json, column);
                tq_json_end_array(json);
            }
            if (of->ds[cell] < TQ_ROAD_INF && of->scale != 1) {
                double ds = (double)of->ds[cell] * of->scale;
                of->ds[cell] = ds < TQ_ROAD_INF - 1 ? (int32_t)(ds + 0.5) : TQ_ROAD_INF - 1;
            }
        }
    if (of->fallback_ms > 0) tq_json_end_array(json);
}

static void put_cells(const table *of, tq_json *json, bool durations)
{
    tq_json_key(json, durations ? "durations" : "distances");
    tq_json_array(json);
    for (uint32_t row = 0; row < of->count[0]; row++) {
        tq_json_array(json);
        for (uint32_t column = 0; column < of->count[1]; column++) {
            size_t cell = (size_t)row * of->count[1] + column;
            if (of->ds[cell] >= TQ_ROAD_INF)
                tq_json_null(json);
            else
                tq_json_fixed(json, durations ? of->ds[cell] : (int64_t)of->dm[cell], 1);
        }
        tq_json_end_array(json);
    }
    tq_json_end_array(json);
}

static void put_table(osrm_question *at, table *of)
{
    static const char *const sides[] = {"sources", "destinations"};
    tq_json json;
    tq_json_begin(&json, &at->loop->body);
    tq_json_object(&json);
    tq_json_put_text(&json, "code", "Ok");
    adjust(at, of, &json);
    if (of->durations) put_cells(of, &json, true);
    if (of->distances) put_cells(of, &json, false);
    bool hints = param_true(at->request, "generate_hints");
    for (uint32_t side = 0; side < 2 && !param_true(at->request, "skip_waypoints"); side++) {
        tq_json_key(&json, sides[side]);
        tq_json_array(&json);
        for (uint32_t k = 0; k < of->count[side]; k++)
            osrm_waypoint(at, &json, &of->side[side][k], hints);
        tq_json_end_array(&json);
    }
    tq_json_end_object(&json);
}

tq_status handle_table(serve_loop *loop, const serve_request *request, serve_answer *answer,
                       problem *why, tq_err *err)
{
    osrm_question at = {.loop = loop, .request = request, .answer = answer, .err = err};
    table of = {0};
    tq_status status = TQ_OK;
    (void)why;
    if (!osrm_open(&at, 2, TABLE_PLACES_MAX, &status)) return status;
    if (read_table_options(&at, &of, &status) && snap_all(&at, &of, &status) &&
        fill_cells(&at, &of, &status))
        put_table(&at, &of);
    return osrm_close(&at, status, "NoTable", "No table found");
}

/* ---- nearest
 * ------------------------------------------------------------------------------------------------
 */

tq_status handle_nearest(serve_loop *loop, const serve_request *request, serve_answer *answer,
                         problem *why, tq_err *err)
{
    osrm_question at = {.loop = loop, .request = request, .answer = answer, .err = err};
    const tq_city *city = loop->server->city;
    tq_snap snap[TQ_SNAPS_MAX];
    uint32_t number = 1, count = 0;
    tq_status status = TQ_OK;
    (void)why;
    if (!osrm_open(&at, 1, 2, &status)) return status;
    param_u32(request, "number", &number);
    if (at.count != 1)
        return osrm_close(
            &at, osrm_wrong(&at, "InvalidOptions", "Only one input coordinate is supported"), "",
            "");
    if (number > TQ_SNAPS_MAX) {
        char message[100];
        snprintf(message, sizeof message,
                 "Number of results %u is higher than current maximum (%d)", number, TQ_SNAPS_MAX);
        return osrm_close(&at, osrm_wrong(&at, "TooBig", message), "", "");
    }
    at.wish[0].limit = number;
    at.wish[0].main_only = false;
    status = tq_road_snap(city, at.ask.metric, at.point[0], &at.wish[0], snap, &count, err);
    if (status == TQ_OK) {
        tq_json json;
        tq_json_begin(&json, &loop->body);
        tq_json_object(&json);
        tq_json_put_text(&json, "code", "Ok");
        tq_json_key(&json, "waypoints");
        tq_json_array(&json);
        for (uint32_t k = 0; k < count; k++) {
            tq_json_object(&json);
            tq_json_key(&json, "nodes");
            tq_json_array(&json);
            tq_json_i64(&json, city->streets.edge_from[snap[k].edge]);
            tq_json_i64(&json, city->streets.edge_to[snap[k].edge]);
            tq_json_end_array(&json);
            osrm_waypoint_members(&at, &json, &snap[k], param_true(request, "generate_hints"));
            tq_json_end_object(&json);
        }
        tq_json_end_array(&json);
        tq_json_end_object(&json);
    }
    return osrm_close(&at, status, "NoSegment", "Could not find a matching segment");
}
