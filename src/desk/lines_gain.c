/*
 * Who gains from a line, and from a station that opens: door to door minutes of the line's requests
 * with and without the line, at a date and, where the line's metro stop opens some day, before it.
 *
 * Without the line one walks all the way or takes the timetable (tq_transit_search, leaving as late
 * as the journey allows). With it one walks to a stop, rides, and walks on from another stop or
 * changes to the metro at the line's feeder stop. Only trips within an hour of the window count.
 * Minutes are of the journey itself: waiting at home is not counted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/lines_in.h"

#define WALK_MOST_S 1200 /* to or from a stop of the line */
#define NEAR_TRIP_S 3600
#define DAY_MS      INT64_C(86400000)

/* What a search by the timetable needs. */
typedef struct board {
    desk_call *call;
    const tq_day *day;
    void *memory;
    tq_arena work;
} board;

static tq_status board_open(desk_call *call, int32_t day, board *out)
{
    const tq_desk_world *world = call->world;
    *out = (board){.call = call};
    if (world == NULL || world->days == NULL || world->overlay == NULL) return TQ_OK;
    size_t bytes = tq_transit_work_bytes(world->city);
    out->memory = tq_alloc(bytes, 1);
    if (out->memory == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a search");
    tq_arena_init(&out->work, out->memory, bytes);
    tq_status status = tq_days_get(world->days, world->overlay, day, &out->day, call->err);
    if (status != TQ_OK) tq_free(out->memory);
    return status;
}

static void board_close(board *one)
{
    if (one->day != NULL) tq_days_put(one->call->world->days, one->day);
    if (one->day != NULL) tq_free(one->memory);
    *one = (board){0};
}

/* Both ends of the street that a place lies at. */
static uint32_t ends_of(const tq_city *city, const tq_snap *snap, tq_access out[2])
{
    uint32_t edge = snap->edge;
    uint32_t rest = city->streets.edge_length_dm[edge] -
                    TQ_MIN(snap->along_dm, city->streets.edge_length_dm[edge]);
    out[0] =
        (tq_access){city->streets.edge_from[edge], TQ_NONE, snap->along_dm + snap->distance_dm};
    out[1] = (tq_access){city->streets.edge_to[edge], TQ_NONE, rest + snap->distance_dm};
    return 2;
}

typedef struct search {
    const tq_access *from, *to;
    uint32_t from_count, to_count;
    int32_t time_s;
    bool arrive;
} search;

/* Seconds on the way, leaving as late as it allows, and when one is there; -1 = no journey. */
static tq_status ride(board *by, const search *ask, int32_t *duration_s, int32_t *arrival_s)
{
    const tq_city *city = by->call->desk->city;
    tq_transit_query query;
    tq_journeys found = {0};
    *duration_s = *arrival_s = -1;
    if (by->day == NULL) return TQ_OK;
    tq_transit_query_default(&query);
    query.from = ask->from;
    query.to = ask->to;
    query.from_count = ask->from_count;
    query.to_count = ask->to_count;
    query.time_s = ask->time_s;
    query.arrive_by = ask->arrive;
    query.walk_mm_s = TQ_MAX(city->meta->walk_mm_s[0], 500u);
    query.max_walk_dm = 20000;
    query.horizon_s = 3 * 3600;
    tq_arena_reset(&by->work, 0);
    TQ_TRY(tq_transit_search(city, by->day, &query, &by->work, &found, by->call->err));
    for (uint32_t k = 0; k < found.count; k++) {
        const tq_journey *one = &found.journey[k];
        if (one->boardings == 0) continue;
        if (*duration_s < 0 || one->arrival_s - one->departure_s < *duration_s)
            *duration_s = one->arrival_s - one->departure_s;
        if (*arrival_s < 0 || one->arrival_s < *arrival_s) *arrival_s = one->arrival_s;
    }
    return TQ_OK;
}

static tq_status door_by(board *by, line_roads *foot, const line_request *request, line_door *out)
{
    tq_snap from, to;
    tq_access start[2], end[2];
    int32_t arrival_s = 0;
    desk_call *call = by->call;
    *out = (line_door){-1, -1};
    if (!line_roads_snap(foot, request->from, LINES_REACH_M, &from) ||
        !line_roads_snap(foot, request->to, LINES_REACH_M, &to))
        return TQ_OK;
    TQ_TRY(line_roads_time(foot, &from, &to, &out->walk_s, call->err));
    search ask = {.from = start,
                  .to = end,
                  .from_count = ends_of(foot->city, &from, start),
                  .to_count = ends_of(foot->city, &to, end),
                  .time_s = request->arrive ? request->to_s : request->from_s,
                  .arrive = request->arrive};
    return ride(by, &ask, &out->transit_s, &arrival_s);
}

static int32_t day_at(const tq_city *city, int64_t at_ms)
{
    int32_t second = 0;
    return tq_local_day(&city->zone, at_ms, &second);
}

tq_status lines_door(desk_call *call, line_roads *foot, const line_request *request, int64_t at_ms,
                     line_door *out)
{
    board by;
    TQ_TRY(board_open(call, day_at(call->desk->city, at_ms), &by));
    tq_status status = door_by(&by, foot, request, out);
    board_close(&by);
    return status;
}

/* ---- with the line -----------------------------------------------------------------------------
 */

typedef struct gain {
    desk_call *call;
    const line_plan *plan;
    line_roads foot;
    bool snapped[LINES_STOPS_MAX];
    tq_snap snap[LINES_STOPS_MAX];
    int64_t at_ms, before_ms; /* before: INT64_MIN = not asked */
    TQ_VEC(line_request) request;
} gain;

/* Walks between a place and each stop of the line; -1 = too far. */
static tq_status walks(gain *all, tq_point place, bool to_stops, int32_t out[LINES_STOPS_MAX])
{
    tq_snap here;
    bool there = line_roads_snap(&all->foot, place, LINES_REACH_M, &here);
    for (uint32_t k = 0; k < all->plan->stop_count; k++) {
        out[k] = -1;
        if (!there || !all->snapped[k]) continue;
        TQ_TRY(line_roads_time(&all->foot, to_stops ? &here : &all->snap[k],
                               to_stops ? &all->snap[k] : &here, &out[k], all->call->err));
        if (out[k] > WALK_MOST_S) out[k] = -1;
    }
    return TQ_OK;
}

static bool is_near(const line_request *request, int32_t leave_s, int32_t arrive_s)
{
    int32_t at_s = request->arrive ? arrive_s : leave_s;
    return at_s >= request->from_s - NEAR_TRIP_S && at_s <= request->to_s + NEAR_TRIP_S;
}

static void better(int32_t *best, int32_t duration_s)
{
    if (*best < 0 || duration_s < *best) *best = duration_s;
}

/* By one trip, having walked to `on`: to a stop near the end, or on by the metro. */
static tq_status by_trip(gain *all, board *by, const line_request *request, uint32_t trip,
                         uint32_t on, const int32_t walk_on[], const int32_t walk_off[],
                         int32_t *best)
{
    const line_plan *plan = all->plan;
    const tq_city *city = all->call->desk->city;
    const int32_t *at_s = plan->trip[trip].at_s;
    int32_t leave_s = at_s[on] - walk_on[on];
    for (uint32_t off = on + 1; off < plan->stop_count; off++)
        if (plan->stop[off].alight && walk_off[off] >= 0 &&
            is_near(request, leave_s, at_s[off] + walk_off[off]))
            better(best, at_s[off] + walk_off[off] - leave_s);
    const line_feeder *feeder = &plan->feeder;
    if (!feeder->given || feeder->line_stop <= on) return TQ_OK;
    const uint32_t *stop;
    uint32_t count = TQ_MIN(tq_station_stops(&city->timetable, feeder->stop, &stop), 8u);
    tq_access start[8], end[2];
    tq_snap to;
    int32_t duration_s = 0, arrival_s = 0;
    for (uint32_t k = 0; k < count; k++)
        start[k] = (tq_access){TQ_NONE, stop[k], 0};
    if (!line_roads_snap(&all->foot, request->to, LINES_REACH_M, &to)) return TQ_OK;
    search ask = {.from = start,
                  .to = end,
                  .from_count = count,
                  .to_count = ends_of(city, &to, end),
                  .time_s = at_s[feeder->line_stop] + feeder->change_s};
    TQ_TRY(ride(by, &ask, &duration_s, &arrival_s));
    if (arrival_s >= 0 && is_near(request, leave_s, arrival_s)) better(best, arrival_s - leave_s);
    return TQ_OK;
}

static tq_status with_line(gain *all, board *by, const line_request *request, int32_t *best)
{
    int32_t walk_on[LINES_STOPS_MAX], walk_off[LINES_STOPS_MAX];
    const line_plan *plan = all->plan;
    *best = -1;
    TQ_TRY(walks(all, request->from, true, walk_on));
    TQ_TRY(walks(all, request->to, false, walk_off));
    for (uint32_t on = 0; on + 1 < plan->stop_count; on++) {
        if (!plan->stop[on].board || walk_on[on] < 0) continue;
        for (uint32_t trip = 0; trip < plan->trip_count; trip++)
            TQ_TRY(by_trip(all, by, request, trip, on, walk_on, walk_off, best));
    }
    return TQ_OK;
}

/* ---- the answer --------------------------------------------------------------------------------
 */

/* Seconds of one request at one date; -1 = no way. */
typedef struct minutes {
    line_door without;
    int32_t with_s;
} minutes;

static int32_t least(int32_t a, int32_t b)
{
    return a < 0 ? b : b < 0 ? a : TQ_MIN(a, b);
}

static int32_t best_without(const minutes *one)
{
    return least(one->without.walk_s, one->without.transit_s);
}

static json_t *minutes_json(int32_t seconds)
{
    return seconds < 0 ? json_null() : json_real((double)((seconds + 3) / 6) / 10);
}

static json_t *date_json(const minutes *one)
{
    json_t *out = json_object();
    json_object_set_new(out, "walk_min", minutes_json(one->without.walk_s));
    json_object_set_new(out, "transit_min", minutes_json(one->without.transit_s));
    json_object_set_new(out, "line_min", minutes_json(one->with_s));
    json_object_set_new(out, "best_min", minutes_json(least(best_without(one), one->with_s)));
    return out;
}

static tq_status all_minutes(gain *all, int64_t at_ms, minutes *out)
{
    board by;
    TQ_TRY(board_open(all->call, day_at(all->call->desk->city, at_ms), &by));
    tq_status status = TQ_OK;
    for (size_t k = 0; status == TQ_OK && k < all->request.count; k++) {
        status = door_by(&by, &all->foot, &all->request.at[k], &out[k].without);
        if (status == TQ_OK) status = with_line(all, &by, &all->request.at[k], &out[k].with_s);
    }
    board_close(&by);
    return status;
}

static json_t *answer_json(const gain *all, const minutes *now, const minutes *before)
{
    json_t *out = json_object(), *list = json_array();
    uint32_t by_line = 0, by_station = 0, riders = 0;
    int64_t saved_s = 0;
    for (size_t k = 0; k < all->request.count; k++) {
        json_t *one = json_object();
        uint32_t party = all->request.at[k].party;
        int32_t without = best_without(&now[k]), with = least(without, now[k].with_s);
        bool line = with >= 0 && (without < 0 || with < without);
        json_object_set_new(one, "request", json_string(all->request.at[k].id));
        json_object_set_new(one, "riders", json_integer(party));
        json_object_set_new(one, "at", date_json(&now[k]));
        json_object_set_new(one, "gains_by_line", json_boolean(line));
        if (line && without >= 0) {
            saved_s += (int64_t)(without - with) * party;
            riders += party;
        }
        by_line += line;
        if (before != NULL) {
            int32_t was = least(best_without(&before[k]), before[k].with_s);
            bool station = with >= 0 && (was < 0 || with < was);
            json_object_set_new(one, "before", date_json(&before[k]));
            json_object_set_new(one, "gains_by_station", json_boolean(station));
            by_station += station;
        }
        json_array_append_new(list, one);
    }
    json_object_set_new(out, "line", json_string(all->plan->id));
    desk_put_instant(all->call, out, "at", all->at_ms);
    json_object_set_new(out, "requests", list);
    json_object_set_new(out, "gaining_by_line", json_integer(by_line));
    json_object_set_new(out, "saved_min",
                        riders > 0 ? minutes_json((int32_t)(saved_s / riders)) : json_null());
    if (before == NULL) return out;
    desk_put_instant(all->call, out, "before", all->before_ms);
    json_object_set_new(out, "gaining_by_station", json_integer(by_station));
    return out;
}

/* ---- what is asked -----------------------------------------------------------------------------
 */

static bool seen_request(void *user, const tq_record *record)
{
    gain *all = user;
    line_request request;
    json_auto_t *body = NULL;
    tq_err why;
    const json_t *ids = json_object_get(all->plan->record, "requests");
    bool asked = json_array_size(ids) == 0;
    for (size_t k = 0; !asked && k < json_array_size(ids); k++) {
        const char *id = json_string_value(json_array_get(ids, k));
        asked = id != NULL && strcmp(id, record->id) == 0;
    }
    if (!asked || desk_parse(record->body, DESK_BODY_MAX, "a request", &body, &why) != TQ_OK ||
        lines_request_read(all->call->desk->city, body, &request, &why) != TQ_OK)
        return true;
    return tq_vec_push(&all->request, request) && all->request.count < LINES_REQUESTS_MAX;
}

/* "at" and "before" of the question; before is a day before the feeder's stop opens, if it does. */
static tq_status read_dates(desk_call *call, gain *all)
{
    char text[64];
    tq_err why;
    const tq_city *city = call->desk->city;
    all->at_ms = call->command->now_ms;
    all->before_ms = INT64_MIN;
    if (desk_query(call, "at", text, sizeof text) &&
        tq_time_parse(&city->zone, tq_str_of(text), &all->at_ms, &why) != TQ_OK)
        return desk_bad(call, "at is an instant such as 2025-06-03T08:00");
    if (all->plan->feeder.given) {
        const tq_date_row *date =
            &city->dates.row[city->timetable.stop[all->plan->feeder.stop].date];
        if (date->from_ms != INT64_MIN) all->before_ms = date->from_ms - DAY_MS;
    }
    if (desk_query(call, "before", text, sizeof text) &&
        tq_time_parse(&city->zone, tq_str_of(text), &all->before_ms, &why) != TQ_OK)
        return desk_bad(call, "before is an instant such as 2025-05-20T08:00");
    return TQ_OK;
}

static tq_status answer_gain(desk_call *call, gain *all)
{
    tq_store_filter filter = {.kind = "request", .state = "open"};
    TQ_TRY(read_dates(call, all));
    TQ_TRY(tq_store_each(call->desk->store, &filter, seen_request, all, call->err));
    TQ_TRY(line_roads_open(call, "foot", all->at_ms, &all->foot));
    for (uint32_t k = 0; k < all->plan->stop_count; k++)
        all->snapped[k] =
            line_roads_snap(&all->foot, all->plan->stop[k].at, LINES_REACH_M, &all->snap[k]);
    minutes *now = TQ_ALLOC(minutes, all->request.count + 1);
    minutes *before = TQ_ALLOC(minutes, all->request.count + 1);
    bool both = all->before_ms != INT64_MIN && all->before_ms < all->at_ms;
    tq_status status = now != NULL && before != NULL
                           ? TQ_OK
                           : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a comparison");
    if (status == TQ_OK) status = all_minutes(all, all->at_ms, now);
    if (status == TQ_OK && both) status = all_minutes(all, all->before_ms, before);
    if (status == TQ_OK) status = desk_answer(call, answer_json(all, now, both ? before : NULL));
    tq_free(now);
    tq_free(before);
    line_roads_close(&all->foot);
    return status;
}

tq_status lines_gain(desk_call *call)
{
    line_plan *plan = NULL;
    TQ_TRY(lines_plan_load(call, call->command->id, &plan));
    gain all = {.call = call, .plan = plan};
    tq_status status = answer_gain(call, &all);
    tq_vec_free(&all.request);
    lines_plan_free(plan);
    return status;
}
