/*
 * /route/v1, /match/v1 and /trip/v1: from checked options to the road room's writers of OSRM's
 * bodies.
 */
#include <stdio.h>

#include "serve/osrm_in.h"

static bool say(osrm_question *at, tq_status *status, const char *code, const char *message)
{
    *status = osrm_wrong(at, code, message);
    return false;
}

static bool is_one_of(tq_str text, const char *const *list, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (tq_str_is(text, list[k])) return true;
    return false;
}

static bool read_annotations(osrm_question *at, bool *wanted, tq_status *status)
{
    static const char *const parts[] = {"duration", "nodes",       "distance",
                                        "weight",   "datasources", "speed"};
    const char *text = param_text(at->request, "annotations");
    *wanted = text != NULL && strcmp(text, "false") != 0;
    if (!*wanted || strcmp(text, "true") == 0) return true;
    tq_str rest = tq_str_of(text);
    while (rest.len > 0)
        if (!is_one_of(cut_piece(&rest, ','), parts, TQ_COUNT(parts)))
            return say(at, status, "InvalidQuery",
                       "Query string malformed: annotations are true, false or a list of duration, "
                       "nodes, distance, weight, datasources, speed");
    return true;
}

static bool read_alternatives(osrm_question *at, uint32_t *out, tq_status *status)
{
    const char *text = param_text(at->request, "alternatives");
    uint32_t number = 0;
    char message[120];
    if (text == NULL || strcmp(text, "false") == 0) return true;
    if (strcmp(text, "true") == 0)
        number = TQ_ALTERNATIVES_MAX - 1;
    else if (!tq_parse_u32(tq_str_of(text), &number))
        return say(at, status, "InvalidQuery",
                   "Query string malformed: alternatives are true, false or a number");
    if (number > ALTERNATIVES_ASKED_MAX) {
        snprintf(message, sizeof message,
                 "Requested number of alternatives is higher than current maximum (%u)",
                 ALTERNATIVES_ASKED_MAX);
        return say(at, status, "TooBig", message);
    }
    *out = TQ_MIN(number, TQ_ALTERNATIVES_MAX - 1u);
    return true;
}

bool osrm_route_options(osrm_question *at, tq_route_options *out, tq_status *status)
{
    const serve_request *request = at->request;
    const char *geometries = param_text(request, "geometries"),
               *overview = param_text(request, "overview"),
               *straight = param_text(request, "continue_straight"),
               *language = param_text(request, "language");
    tq_route_options_default(out);
    if (geometries != NULL)
        out->geometries = strcmp(geometries, "geojson") == 0     ? TQ_GEO_GEOJSON
                          : strcmp(geometries, "polyline6") == 0 ? TQ_GEO_POLYLINE6
                                                                 : TQ_GEO_POLYLINE;
    if (overview != NULL)
        out->overview = strcmp(overview, "full") == 0    ? TQ_OVERVIEW_FULL
                        : strcmp(overview, "false") == 0 ? TQ_OVERVIEW_FALSE
                                                         : TQ_OVERVIEW_SIMPLIFIED;
    out->continue_straight = straight == NULL || strcmp(straight, "default") == 0 ? -1
                             : strcmp(straight, "true") == 0                      ? 1
                                                                                  : 0;
    if (language != NULL)
        out->language = language[0] == 'z'   ? TQ_LANGUAGE_ZH
                        : language[0] == 'e' ? TQ_LANGUAGE_EN
                                             : TQ_LANGUAGE_NONE;
    out->steps = param_true(request, "steps");
    out->datum = at->ask.datum;
    out->skip_waypoints = param_true(request, "skip_waypoints");
    return read_annotations(at, &out->annotations, status);
}

/* ---- route
 * --------------------------------------------------------------------------------------------------
 */

/* waypoints=0;2;4: the others are passed without a leg of their own. */
static bool read_vias(osrm_question *at, tq_route_place *place, tq_status *status)
{
    const char *text = param_text(at->request, "waypoints");
    if (text == NULL) return true;
    for (uint32_t k = 0; k < at->count; k++)
        place[k].via = false;
    tq_str rest = tq_str_of(text);
    for (uint32_t entries = 0; rest.len > 0; entries++) {
        uint32_t index;
        if (!tq_parse_u32(cut_piece(&rest, ';'), &index))
            return say(at, status, "InvalidQuery",
                       "Query string malformed: waypoints are indices of coordinates");
        if (index >= at->count)
            return say(at, status, "InvalidOptions",
                       "Waypoints must be indices of coordinates, from 0 on");
        place[index].via = true;
    }
    if (!place[0].via || !place[at->count - 1].via)
        return say(at, status, "InvalidValue",
                   "First and last coordinates must be specified as waypoints.");
    return true;
}

static tq_route_place *make_places(osrm_question *at, tq_status *status)
{
    tq_route_place *place = TQ_PUSH_RAW(&at->loop->work, tq_route_place, at->count);
    if (place == NULL) *status = tq_fail(at->err, TQ_NO_MEMORY, 0, "not enough scratch for places");
    for (uint32_t k = 0; place != NULL && k < at->count; k++)
        place[k] = (tq_route_place){.at = at->point[k], .wish = at->wish[k], .via = true};
    return place;
}

tq_status handle_route(serve_loop *loop, const serve_request *request, serve_answer *answer,
                       problem *why, tq_err *err)
{
    osrm_question at = {.loop = loop, .request = request, .answer = answer, .err = err};
    tq_route_options options;
    tq_status status = TQ_OK;
    (void)why;
    if (!osrm_open(&at, 2, TQ_VIAS_MAX, &status)) return status;
    tq_route_place *place = make_places(&at, &status);
    if (place != NULL && osrm_route_options(&at, &options, &status) &&
        read_alternatives(&at, &options.alternatives, &status) && read_vias(&at, place, &status)) {
        const tq_city *city = loop->server->city;
        size_t mark = loop->work.used;
        osrm_settle(&at, place, SETTLE_BEFORE);
        status = tq_route_json(city, at.ask.metric, place, at.count, &options, &loop->work,
                               &loop->body, err);
        if (status == TQ_NOT_FOUND && osrm_settle(&at, place, SETTLE_AFTER)) {
            tq_arena_reset(&loop->work, mark);
            loop->body.len = 0;
            status = tq_route_json(city, at.ask.metric, place, at.count, &options, &loop->work,
                                   &loop->body, err);
        }
    }
    return osrm_close(&at, status, "NoRoute", "Impossible route between points");
}

/* ---- match
 * --------------------------------------------------------------------------------------------------
 */

static bool read_timestamps(osrm_question *at, tq_trace_point *trace, tq_status *status)
{
    const char *text = param_text(at->request, "timestamps");
    if (text == NULL) return true;
    if (!osrm_list_fits(at, "timestamps", text, status)) return false;
    tq_str rest = tq_str_of(text);
    for (uint32_t k = 0; k < at->count; k++) {
        int64_t at_s;
        if (!tq_parse_i64(cut_piece(&rest, ';'), &at_s) || at_s < 0)
            return say(at, status, "InvalidQuery",
                       "Query string malformed: timestamps are whole seconds since 1970");
        if (k > 0 && at_s < trace[k - 1].at_s)
            return say(at, status, "InvalidValue",
                       "Timestamps need to be monotonically increasing.");
        trace[k].at_s = at_s;
    }
    return true;
}

static tq_trace_point *make_trace(osrm_question *at, tq_status *status)
{
    tq_trace_point *trace = TQ_PUSH_RAW(&at->loop->work, tq_trace_point, at->count);
    if (trace == NULL)
        *status = tq_fail(at->err, TQ_NO_MEMORY, 0, "not enough scratch for a trace");
    for (uint32_t k = 0; trace != NULL && k < at->count; k++)
        trace[k] = (tq_trace_point){at->point[k], TQ_NO_TIME, at->wish[k].radius_m};
    return trace;
}

/* waypoints= of a match: the legs are those between all points, so only the full list fits. */
static bool match_waypoints(osrm_question *at, tq_status *status)
{
    const char *text = param_text(at->request, "waypoints");
    if (text == NULL) return true;
    tq_str rest = tq_str_of(text);
    uint32_t expected = 0, index;
    for (; rest.len > 0; expected++) {
        if (!tq_parse_u32(cut_piece(&rest, ';'), &index))
            return say(at, status, "InvalidQuery",
                       "Query string malformed: waypoints are indices of coordinates");
        if (index >= at->count)
            return say(at, status, "InvalidOptions",
                       "Waypoints must be indices of coordinates, from 0 on");
        if ((expected == 0 && index != 0) || (rest.len == 0 && index != at->count - 1))
            return say(at, status, "InvalidValue",
                       "First and last coordinates must be specified as waypoints.");
    }
    if (expected != at->count)
        return say(at, status, "NotImplemented",
                   "A matching has a leg between all its points; leave waypoints out");
    return true;
}

tq_status handle_match(serve_loop *loop, const serve_request *request, serve_answer *answer,
                       problem *why, tq_err *err)
{
    osrm_question at = {.loop = loop, .request = request, .answer = answer, .err = err};
    tq_route_options options;
    tq_status status = TQ_OK;
    (void)why;
    if (!osrm_open(&at, 2, MATCH_PLACES_MAX, &status)) return status;
    const char *gaps = param_text(request, "gaps");
    tq_match_wish wish = {.split = gaps == NULL || strcmp(gaps, "ignore") != 0,
                          .tidy = param_true(request, "tidy")};
    tq_trace_point *trace = make_trace(&at, &status);
    if (trace != NULL && osrm_route_options(&at, &options, &status) &&
        read_timestamps(&at, trace, &status) && match_waypoints(&at, &status))
        status = tq_match_json(loop->server->city, at.ask.metric, trace, at.count, &wish, &options,
                               &loop->work, &loop->body, err);
    if (status == TQ_NOT_FOUND) status = TQ_NO_ROUTE;
    return osrm_close(&at, status, "NoMatch", "Could not match the trace.");
}

/* ---- trip
 * ---------------------------------------------------------------------------------------------------
 */

tq_status handle_trip(serve_loop *loop, const serve_request *request, serve_answer *answer,
                      problem *why, tq_err *err)
{
    osrm_question at = {.loop = loop, .request = request, .answer = answer, .err = err};
    tq_route_options options;
    tq_status status = TQ_OK;
    (void)why;
    if (!osrm_open(&at, 2, TQ_TOUR_MAX, &status)) return status;
    const char *source = param_text(request, "source"), *end = param_text(request, "destination");
    bool round = param_true(request, "roundtrip");
    bool first = source != NULL && strcmp(source, "first") == 0;
    bool last = end != NULL && strcmp(end, "last") == 0;
    tq_route_place *place = make_places(&at, &status);
    /* A round with one fixed end is the round itself: where it begins is a matter of telling. */
    tq_tour_wish wish = {.round = round, .fix_first = first, .fix_last = last && (first || !round)};
    if (!round && !(first && last))
        status = osrm_wrong(&at, "NotImplemented", "This request is not supported");
    else if (place != NULL && osrm_route_options(&at, &options, &status)) {
        const tq_city *city = loop->server->city;
        size_t mark = loop->work.used;
        osrm_settle(&at, place, SETTLE_BEFORE);
        status = tq_trip_json(city, at.ask.metric, place, at.count, &wish, &options, &loop->work,
                              &loop->body, err);
        if (status == TQ_NOT_FOUND && osrm_settle(&at, place, SETTLE_AFTER)) {
            tq_arena_reset(&loop->work, mark);
            loop->body.len = 0;
            status = tq_trip_json(city, at.ask.metric, place, at.count, &wish, &options,
                                  &loop->work, &loop->body, err);
        }
    }
    return osrm_close(&at, status, "NoTrips", "No trip visiting all destinations possible.");
}
