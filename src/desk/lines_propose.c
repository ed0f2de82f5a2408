/*
 * Drafts of lines from requests: cluster them (lines_cluster.c), choose virtual stops
 * (lines_stops.c), set the trips by the riders' windows, and say what each draft is worth.
 *
 * Each request allows a trip to start within an interval: to leave home within the window, or to be
 * at the destination within it, walks and ride taken off. A trip starts at the minute that serves
 * most riders, of equal ones the earliest; those served are taken out, and the next vehicle's trip
 * is set the same way. Stop times are rounded up to whole minutes.
 *
 * Nothing is saved: a draft is the body of line.create.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/lines_in.h"

#define DRAFTS_MOST   20u
#define TRANSIT_LOOKS 40u /* riders whose trip by the timetable is looked up */

typedef struct propose_wish {
    uint32_t min_requests, max_walk_m, spread_m, vehicles, seats, wheelchairs;
    const char *rule;
    bool has_area;
    tq_point area;
    uint32_t radius_m;
    int64_t at_ms;
} propose_wish;

typedef struct planning {
    desk_call *call;
    propose_wish wish;
    line_roads foot, bus;
    TQ_VEC(line_request) request;
    json_t *drafts, *left;
} planning;

/* A cluster on its way to a draft. */
typedef struct draft {
    uint32_t count, which[LINES_CLUSTER_MOST]; /* requests */
    line_side board, alight;
    int32_t off_s[2 * LINES_SIDE_MOST];
    int32_t trip_of[LINES_CLUSTER_MOST]; /* -1 = none */
    uint32_t trips;
    int32_t start_s[LINES_TRIPS_MAX];
    uint32_t riders, served;
} draft;

/* ---- what is asked -----------------------------------------------------------------------------
 */

static tq_status whole(desk_call *call, const json_t *object, const char *member, uint32_t least,
                       uint32_t most, uint32_t *out)
{
    const json_t *value = json_object_get(object, member);
    if (value == NULL || json_is_null(value)) return TQ_OK;
    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > most)
        return desk_bad(call, "\"%s\" is a whole number from %u to %u", member, least, most);
    *out = (uint32_t)json_integer_value(value);
    return TQ_OK;
}

static tq_status read_wish(desk_call *call, propose_wish *out)
{
    static const char *const members[] = {"area",     "requests", "min_requests", "max_walk_m",
                                          "spread_m", "vehicles", "kind",         "rule",
                                          "at",       NULL};
    const json_t *vehicles = json_object_get(call->body, "vehicles"),
                 *area = json_object_get(call->body, "area");
    const char *kind = NULL;
    *out = (propose_wish){.min_requests = 5,
                          .max_walk_m = 500,
                          .spread_m = 2500,
                          .vehicles = 1,
                          .seats = 20,
                          .radius_m = 3000,
                          .at_ms = call->command->now_ms};
    TQ_TRY(desk_only(call, members));
    TQ_TRY(whole(call, call->body, "min_requests", 1, LINES_CLUSTER_MOST, &out->min_requests));
    TQ_TRY(whole(call, call->body, "max_walk_m", 50, 2000, &out->max_walk_m));
    TQ_TRY(whole(call, call->body, "spread_m", 100, 20000, &out->spread_m));
    TQ_TRY(whole(call, vehicles, "count", 1, LINES_TRIPS_MAX, &out->vehicles));
    TQ_TRY(whole(call, vehicles, "seats", 1, LINES_SEATS_MAX, &out->seats));
    TQ_TRY(whole(call, vehicles, "wheelchairs", 0, LINES_WHEELS_MAX, &out->wheelchairs));
    TQ_TRY(desk_instant(call, "at", false, &out->at_ms));
    TQ_TRY(desk_text(call, "kind", false, &kind));
    if (kind[0] != '\0' && strcmp(kind, "timetable") != 0)
        return desk_bad(call, "\"kind\" is timetable: a dynamic line needs no draft, only a window "
                              "and a zone (line.create)");
    TQ_TRY(desk_text(call, "rule", false, &out->rule));
    if (out->rule[0] == '\0') out->rule = "monthly";
    if (lines_rule(call->desk, out->rule) == NULL)
        return desk_bad(call, "there is no rule \"%.40s\"", out->rule);
    if (area == NULL || json_is_null(area)) return TQ_OK;
    TQ_TRY(lines_place(call->desk->city, area, "area", LINES_REACH_M, &out->area, call->err));
    TQ_TRY(whole(call, area, "radius_m", 100, 50000, &out->radius_m));
    out->has_area = true;
    return TQ_OK;
}

static bool is_asked(const planning *all, const line_request *request)
{
    const json_t *ids = json_object_get(all->call->body, "requests");
    if (all->wish.has_area &&
        tq_distance_dm(request->from, all->wish.area) > all->wish.radius_m * 10 &&
        tq_distance_dm(request->to, all->wish.area) > all->wish.radius_m * 10)
        return false;
    if (!json_is_array(ids)) return true;
    for (size_t k = 0; k < json_array_size(ids); k++) {
        const char *id = json_string_value(json_array_get(ids, k));
        if (id != NULL && strcmp(id, request->id) == 0) return true;
    }
    return false;
}

static bool seen_request(void *user, const tq_record *record)
{
    planning *all = user;
    line_request request;
    json_auto_t *body = NULL;
    tq_err why;
    if (desk_parse(record->body, DESK_BODY_MAX, "a request", &body, &why) != TQ_OK) return true;
    if (lines_request_read(all->call->desk->city, body, &request, &why) != TQ_OK) return true;
    if (!is_asked(all, &request)) return true;
    return tq_vec_push(&all->request, request) && all->request.count < LINES_REQUESTS_MAX;
}

/* ---- trips -------------------------------------------------------------------------------------
 */

/* When a trip may start to serve a request: at least *from_s, at most *to_s. */
static void interval_of(const planning *all, const draft *one, uint32_t k, int32_t *from_s,
                        int32_t *to_s)
{
    const line_request *request = &all->request.at[one->which[k]];
    int32_t on_s = one->off_s[one->board.stop_of[k]],
            off_s = one->off_s[one->board.count + one->alight.stop_of[k]];
    int32_t shift_s =
        request->arrive ? -one->alight.walk_s[k] - off_s : one->board.walk_s[k] - on_s;
    *from_s = request->from_s + shift_s;
    *to_s = request->to_s + shift_s;
}

/* Who is served by a trip at start_s: those whose interval ends first, while seats last. */
static uint32_t serve(const planning *all, draft *one, int32_t start_s, int32_t trip)
{
    uint32_t seats = all->wish.seats, riders = 0;
    bool taken[LINES_CLUSTER_MOST] = {false};
    for (;;) {
        uint32_t best = TQ_NONE;
        int32_t best_to = INT32_MAX, from_s, to_s;
        for (uint32_t k = 0; k < one->count; k++) {
            uint32_t party = all->request.at[one->which[k]].party;
            if (one->trip_of[k] >= 0 || taken[k] || party > seats) continue;
            interval_of(all, one, k, &from_s, &to_s);
            if (start_s < from_s || start_s > to_s || to_s >= best_to) continue;
            best = k;
            best_to = to_s;
        }
        if (best == TQ_NONE) return riders;
        taken[best] = true;
        seats -= all->request.at[one->which[best]].party;
        riders += all->request.at[one->which[best]].party;
        if (trip >= 0) one->trip_of[best] = trip;
    }
}

static void set_trips(const planning *all, draft *one)
{
    for (uint32_t k = 0; k < one->count; k++)
        one->trip_of[k] = -1;
    while (one->trips < all->wish.vehicles) {
        uint32_t best = 0;
        int32_t best_s = 0;
        for (uint32_t k = 0; k < one->count; k++) {
            int32_t from_s, to_s;
            if (one->trip_of[k] >= 0) continue;
            interval_of(all, one, k, &from_s, &to_s);
            /* The best start is the begin of an interval, or the last whole minute in it. */
            int32_t start[2] = {(int32_t)tq_ceil_div(from_s, 60) * 60,
                                (int32_t)tq_floor_div(to_s, 60) * 60};
            for (uint32_t s = 0; s < 2; s++) {
                uint32_t riders = start[s] >= 0 ? serve(all, one, start[s], -1) : 0;
                if (riders > best || (riders == best && riders > 0 && start[s] < best_s)) {
                    best = riders;
                    best_s = start[s];
                }
            }
        }
        if (best == 0) return;
        one->start_s[one->trips] = best_s;
        one->served += serve(all, one, best_s, (int32_t)one->trips);
        one->trips++;
    }
}

/* ---- the draft as JSON -------------------------------------------------------------------------
 */

static json_t *stop_json(const planning *all, const line_side *side, uint32_t k, uint32_t number,
                         bool board)
{
    const tq_streets *streets = &all->call->desk->city->streets;
    const char *street =
        tq_text(all->call->desk->city, streets->name[streets->edge_name[side->snap[k].edge]].name);
    char id[LINES_WORD_MAX], name[LINES_NAME_MAX];
    json_t *out = json_object();
    (void)snprintf(id, sizeof id, "S%u", number);
    (void)snprintf(name, sizeof name, "%.120s虚拟站%u", street, number);
    json_object_set_new(out, "id", json_string(id));
    json_object_set_new(out, "name", json_string(name));
    json_object_set_new(out, "lat", json_real((double)side->at[k].lat_e7 / 1e7));
    json_object_set_new(out, "lon", json_real((double)side->at[k].lon_e7 / 1e7));
    json_object_set_new(out, "board", json_boolean(board));
    json_object_set_new(out, "alight", json_boolean(!board));
    return out;
}

static json_t *trips_json(const draft *one)
{
    json_t *trips = json_array();
    uint32_t stops = one->board.count + one->alight.count;
    for (uint32_t t = 0; t < one->trips; t++) {
        json_t *times = json_array();
        char id[16], text[16];
        int32_t last_s = -60;
        for (uint32_t k = 0; k < stops; k++) {
            int32_t at_s = (int32_t)tq_ceil_div(one->start_s[t] + one->off_s[k], 60) * 60;
            last_s = TQ_MAX(at_s, last_s + 60);
            lines_clock_print(last_s, text);
            json_array_append_new(times, json_string(text));
        }
        (void)snprintf(id, sizeof id, "T%u", t + 1);
        json_array_append_new(trips, json_pack("{s:s,s:o}", "id", id, "times", times));
    }
    return trips;
}

/* Days on which at least half of its requests ask. */
static uint32_t days_of(const planning *all, const draft *one)
{
    uint32_t days = 0, count[7] = {0}, most = 0;
    for (uint32_t k = 0; k < one->count; k++)
        for (uint32_t day = 0; day < 7; day++)
            count[day] += all->request.at[one->which[k]].days >> day & 1;
    for (uint32_t day = 0; day < 7; day++)
        most = TQ_MAX(most, count[day]);
    for (uint32_t day = 0; day < 7; day++)
        if (count[day] * 2 >= one->count || count[day] == most) days |= 1u << day;
    return days;
}

typedef struct sums {
    int64_t walk_s, ride_s, door_s, foot_s, transit_s, transit_line_s;
    uint32_t riders, on_foot, by_transit;
} sums;

static tq_status measure(planning *all, const draft *one, sums *out)
{
    *out = (sums){0};
    uint32_t looks = 0;
    for (uint32_t k = 0; k < one->count; k++) {
        const line_request *request = &all->request.at[one->which[k]];
        line_door door = {-1, -1};
        if (one->trip_of[k] < 0) continue;
        int64_t ride_s = one->off_s[one->board.count + one->alight.stop_of[k]] -
                         one->off_s[one->board.stop_of[k]];
        int64_t walk_s = one->board.walk_s[k] + one->alight.walk_s[k], riders = request->party;
        out->riders += request->party;
        out->walk_s += walk_s * riders;
        out->ride_s += ride_s * riders;
        if (looks++ >= TRANSIT_LOOKS) continue;
        TQ_TRY(lines_door(all->call, &all->foot, request, all->wish.at_ms, &door));
        if (door.walk_s >= 0) {
            out->foot_s += door.walk_s * riders;
            out->door_s += (walk_s + ride_s) * riders;
            out->on_foot += request->party;
        }
        if (door.transit_s >= 0) {
            out->transit_s += door.transit_s * riders;
            out->transit_line_s += (walk_s + ride_s) * riders;
            out->by_transit += request->party;
        }
    }
    return TQ_OK;
}

/* Mean minutes in tenths. */
static json_t *mean(int64_t sum_s, uint32_t count)
{
    if (count == 0) return json_null();
    return json_real((double)tq_floor_div(sum_s * 10 + 30 * (int64_t)count, 60 * (int64_t)count) /
                     10);
}

static json_t *measures_json(const planning *all, const draft *one, const sums *sum)
{
    json_t *out = json_object();
    uint32_t seats = one->trips * all->wish.seats;
    json_object_set_new(out, "requests", json_integer(one->count));
    json_object_set_new(out, "riders", json_integer(one->riders));
    json_object_set_new(out, "served", json_integer(one->served));
    json_object_set_new(out, "seats", json_integer(seats));
    json_object_set_new(out, "permille",
                        json_integer(seats > 0 ? (json_int_t)one->served * 1000 / seats : 0));
    json_object_set_new(out, "walk_min", mean(sum->walk_s, sum->riders));
    json_object_set_new(out, "ride_min", mean(sum->ride_s, sum->riders));
    json_object_set_new(out, "saved_on_foot_min", mean(sum->foot_s - sum->door_s, sum->on_foot));
    json_object_set_new(out, "saved_transit_min",
                        mean(sum->transit_s - sum->transit_line_s, sum->by_transit));
    json_object_set_new(
        out, "course_min",
        json_integer((one->off_s[one->board.count + one->alight.count - 1] + 59) / 60));
    return out;
}

static tq_status draft_json(planning *all, const draft *one, json_t **out)
{
    sums sum;
    char name[2 * LINES_NAME_MAX];
    TQ_TRY(measure(all, one, &sum));
    json_t *line = json_object(), *stops = json_array(), *requests = json_array();
    for (uint32_t k = 0; k < one->board.count; k++)
        json_array_append_new(stops, stop_json(all, &one->board, k, k + 1, true));
    for (uint32_t k = 0; k < one->alight.count; k++)
        json_array_append_new(stops,
                              stop_json(all, &one->alight, k, one->board.count + k + 1, false));
    for (uint32_t k = 0; k < one->count; k++)
        if (one->trip_of[k] >= 0)
            json_array_append_new(requests, json_string(all->request.at[one->which[k]].id));
    (void)snprintf(name, sizeof name, "%.90s—%.90s",
                   desk_get_text(json_array_get(stops, 0), "name"),
                   desk_get_text(json_array_get(stops, json_array_size(stops) - 1), "name"));
    json_object_set_new(line, "name", json_string(name));
    json_object_set_new(line, "kind", json_string("timetable"));
    json_object_set_new(line, "rule", json_string(all->wish.rule));
    json_object_set_new(line, "seats", json_integer(all->wish.seats));
    json_object_set_new(line, "wheelchairs", json_integer(all->wish.wheelchairs));
    json_object_set_new(line, "stops", stops);
    json_object_set_new(line, "trips", trips_json(one));
    json_object_set_new(line, "days", lines_days_json(days_of(all, one)));
    json_object_set_new(line, "requests", requests);
    json_object_set_new(line, "measures", measures_json(all, one, &sum));
    *out = line;
    return TQ_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static void leave_out(planning *all, const draft *one, const char *why)
{
    for (uint32_t k = 0; k < one->count; k++)
        json_array_append_new(all->left, json_pack("{s:s,s:s}", "request",
                                                   all->request.at[one->which[k]].id, "why", why));
}

/* Take out of a draft those who cannot walk to both of their stops. */
static void drop_far(planning *all, draft *one)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < one->count; k++) {
        if (one->board.stop_of[k] == TQ_NONE || one->alight.stop_of[k] == TQ_NONE) {
            json_array_append_new(all->left, json_pack("{s:s,s:s}", "request",
                                                       all->request.at[one->which[k]].id, "why",
                                                       "no virtual stop within the walk"));
            continue;
        }
        one->which[kept] = one->which[k];
        one->board.stop_of[kept] = one->board.stop_of[k];
        one->board.walk_s[kept] = one->board.walk_s[k];
        one->alight.stop_of[kept] = one->alight.stop_of[k];
        one->alight.walk_s[kept] = one->alight.walk_s[k];
        kept++;
    }
    one->count = kept;
    for (uint32_t k = kept; k < LINES_CLUSTER_MOST; k++)
        one->board.stop_of[k] = one->alight.stop_of[k] = TQ_NONE;
}

static tq_status plan_draft(planning *all, draft *one)
{
    tq_point from[LINES_CLUSTER_MOST], to[LINES_CLUSTER_MOST];
    uint32_t riders[LINES_CLUSTER_MOST];
    const tq_city *city = all->call->desk->city;
    uint32_t walk_s = all->wish.max_walk_m * 1000 / TQ_MAX(city->meta->walk_mm_s[0], 500u);
    tq_err why = {0};
    json_t *line = NULL;
    for (uint32_t k = 0; k < one->count; k++) {
        from[k] = all->request.at[one->which[k]].from;
        to[k] = all->request.at[one->which[k]].to;
        riders[k] = all->request.at[one->which[k]].party;
        one->riders += riders[k];
    }
    TQ_TRY(lines_side_choose(&all->foot, &all->bus, from, riders, one->count, walk_s, &one->board,
                             all->call->err));
    TQ_TRY(lines_side_choose(&all->foot, &all->bus, to, riders, one->count, walk_s, &one->alight,
                             all->call->err));
    drop_far(all, one);
    if (one->count < all->wish.min_requests) {
        leave_out(all, one, "too few who can walk to one line");
        return TQ_OK;
    }
    tq_status status = lines_sides_order(&all->bus, &one->board, &one->alight, one->off_s, &why);
    if (status == TQ_NO_ROUTE) {
        leave_out(all, one, why.text);
        return TQ_OK;
    }
    if (status != TQ_OK) return tq_fail(all->call->err, status, 0, "%s", why.text);
    set_trips(all, one);
    if (one->trips == 0) {
        leave_out(all, one, "no trip serves its windows");
        return TQ_OK;
    }
    for (uint32_t k = 0; k < one->count; k++)
        if (one->trip_of[k] < 0)
            json_array_append_new(all->left, json_pack("{s:s,s:s}", "request",
                                                       all->request.at[one->which[k]].id, "why",
                                                       "its window, or the seats"));
    TQ_TRY(draft_json(all, one, &line));
    json_array_append_new(all->drafts, line);
    return TQ_OK;
}

static tq_status plan_all(planning *all)
{
    uint32_t count = (uint32_t)all->request.count, clusters = 0;
    uint32_t *cluster_of = TQ_ALLOC(uint32_t, count + 1);
    draft *one = TQ_ALLOC(draft, 1);
    line_cluster_wish wish = {.spread_m = all->wish.spread_m,
                              .riders =
                                  TQ_MIN(all->wish.seats * all->wish.vehicles, LINES_CLUSTER_MOST)};
    tq_status status = cluster_of != NULL && one != NULL
                           ? TQ_OK
                           : tq_fail(all->call->err, TQ_NO_MEMORY, 0, "no memory for drafts");
    if (status == TQ_OK)
        status =
            lines_cluster(all->request.at, count, &wish, cluster_of, &clusters, all->call->err);
    for (uint32_t c = 0; status == TQ_OK && c < clusters; c++) {
        *one = (draft){0};
        for (uint32_t k = 0; k < count && one->count < LINES_CLUSTER_MOST; k++)
            if (cluster_of[k] == c) one->which[one->count++] = k;
        if (one->count < all->wish.min_requests)
            leave_out(all, one, "too few alike");
        else if (json_array_size(all->drafts) >= DRAFTS_MOST)
            leave_out(all, one, "too many drafts at once");
        else
            status = plan_draft(all, one);
    }
    tq_free(cluster_of);
    tq_free(one);
    return status;
}

tq_status lines_propose(desk_call *call)
{
    planning all = {.call = call};
    tq_store_filter filter = {.kind = "request", .state = "open"};
    TQ_TRY(read_wish(call, &all.wish));
    tq_status status = tq_store_each(call->desk->store, &filter, seen_request, &all, call->err);
    all.drafts = json_array();
    all.left = json_array();
    if (status == TQ_OK) status = line_roads_open(call, "foot", all.wish.at_ms, &all.foot);
    if (status == TQ_OK) status = line_roads_open(call, "bus", all.wish.at_ms, &all.bus);
    if (status == TQ_OK) status = plan_all(&all);
    line_roads_close(&all.foot);
    line_roads_close(&all.bus);
    json_t *answer = json_object();
    json_object_set_new(answer, "requests", json_integer((json_int_t)all.request.count));
    json_object_set_new(answer, "drafts", all.drafts);
    json_object_set_new(answer, "left_out", all.left);
    tq_vec_free(&all.request);
    if (status == TQ_OK) return desk_answer(call, answer);
    json_decref(answer);
    return status;
}
