/*
 * Does an itinerary that was given out still hold?
 *
 * Each ride is found again by its trip, the stop and the planned departure; then the journey is
 * walked through with the times of now: a ride is gone when its run is cancelled or passes one of
 * its stops, a change when one arrives, walks as long as was said and is later than the departure,
 * and a street leg when an arc that its course runs along is closed to such travellers at that
 * hour. The course itself is compared with the arcs, since the way given out may have avoided a
 * closure already.
 *
 * Limits: RECHECK_BYTES of JSON, TQ_LEGS_MAX legs, LINE_MAX points of a street leg's course. A ride
 * on an added run that the live state no longer knows counts as cancelled.
 */
#include <jansson.h>
#include <stdio.h>

#include "journey/journey_in.h"
#include "wire/wire.h"

#define RECHECK_BYTES ((size_t)1 << 20)
#define PROBLEMS_MAX  (2 * TQ_LEGS_MAX)
#define LINE_MAX      8192u
#define BESIDE_DM     40  /* so near an arc runs the course that uses it */
#define ALONG_DM      200 /* and so far along, or most of a short one */
#define SAMPLE_DM     100 /* places on an arc that are looked at, so far apart */
#define SAMPLES_MAX   256u
#define NEAR_MS       (INT64_C(6) * 3600 * 1000) /* an added run is looked for so far around */

typedef struct problem {
    const char *kind;
    uint32_t leg;
    const char *at; /* name of the stop or place */
    char text[240];
} problem;

/* A leg as given, and as it is now. */
typedef struct leg_now {
    const char *mode, *trip_id, *route, *from_name, *to_name, *from_stop, *to_stop, *line;
    int64_t departure_ms, arrival_ms;                 /* as given */
    int64_t planned_departure_ms, planned_arrival_ms; /* of a ride; INT64_MIN = not planned */
    bool ride, cancelled;
    uint32_t stop; /* of the city, where a ride begins; TQ_NONE */
    uint32_t stop_to;
    int64_t now_departure_ms, now_arrival_ms;
} leg_now;

typedef struct recheck {
    const tq_snapshot *snapshot;
    tq_lang lang;
    tq_arena *work;
    leg_now *leg;
    problem *problem;
    uint32_t leg_count, problem_count;
} recheck;

/* ---- reading -----------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static tq_status read_time(const recheck *check, const json_t *leg, uint32_t at, const char *key,
                           int64_t *out, tq_err *err)
{
    tq_err why = {0};
    const char *text = json_string_value(json_object_get(leg, key));
    if (text == NULL)
        return tq_fail(err, TQ_BAD_INPUT, at,
                       "legs[%u].%s is missing; send one itinerary of a plan", at, key);
    if (tq_time_parse(&check->snapshot->city->zone, tq_str_of(text), out, &why) != TQ_OK)
        return tq_fail(err, TQ_BAD_INPUT, at, "legs[%u].%s: %.100s", at, key, why.text);
    return TQ_OK;
}

static tq_status read_planned(const recheck *check, const json_t *live, uint32_t at,
                              const char *key, int64_t *out, tq_err *err)
{
    *out = INT64_MIN;
    if (json_is_null(json_object_get(live, key))) return TQ_OK;
    return read_time(check, live, at, key, out, err);
}

static tq_status read_leg(const recheck *check, const json_t *from, uint32_t at, leg_now *leg,
                          tq_err *err)
{
    const json_t *ends[2] = {json_object_get(from, "from"), json_object_get(from, "to")};
    if (!json_is_object(from) || !json_is_object(ends[0]) || !json_is_object(ends[1]))
        return tq_fail(err, TQ_BAD_INPUT, at,
                       "legs[%u] is no leg with from and to; send one itinerary of a plan", at);
    *leg = (leg_now){.mode = text_of(from, "mode"),
                     .trip_id = text_of(from, "trip_id"),
                     .route = text_of(from, "route"),
                     .line = text_of(from, "polyline"),
                     .from_name = text_of(ends[0], "name"),
                     .to_name = text_of(ends[1], "name"),
                     .from_stop = text_of(ends[0], "stop_id"),
                     .to_stop = text_of(ends[1], "stop_id"),
                     .stop = TQ_NONE,
                     .stop_to = TQ_NONE};
    TQ_TRY(read_time(check, from, at, "departure", &leg->departure_ms, err));
    TQ_TRY(read_time(check, from, at, "arrival", &leg->arrival_ms, err));
    if (leg->arrival_ms < leg->departure_ms)
        return tq_fail(err, TQ_BAD_INPUT, at, "legs[%u] arrives before it departs", at);
    leg->now_departure_ms = leg->planned_departure_ms = leg->departure_ms;
    leg->now_arrival_ms = leg->planned_arrival_ms = leg->arrival_ms;
    leg->ride = leg->trip_id[0] != '\0';
    if (!leg->ride) return TQ_OK;
    if (leg->from_stop[0] == '\0' || leg->to_stop[0] == '\0')
        return tq_fail(err, TQ_BAD_INPUT, at, "legs[%u] rides %.60s without from and to stop_id",
                       at, leg->trip_id);
    const json_t *live = json_object_get(from, "live");
    if (!json_is_object(live)) return TQ_OK;
    TQ_TRY(read_planned(check, live, at, "planned_departure", &leg->planned_departure_ms, err));
    return read_planned(check, live, at, "planned_arrival", &leg->planned_arrival_ms, err);
}

static tq_status read_legs(recheck *check, const json_t *root, tq_err *err)
{
    const json_t *legs = json_object_get(root, "legs");
    size_t count = json_array_size(legs);
    if (!json_is_array(legs) || count == 0 || count > TQ_LEGS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "legs is to be an array of 1 to %d; send one itinerary of a plan",
                       TQ_LEGS_MAX);
    check->leg = TQ_PUSH(check->work, leg_now, count);
    check->problem = TQ_PUSH(check->work, problem, PROBLEMS_MAX);
    if (check->leg == NULL || check->problem == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of this thread is too small");
    check->leg_count = (uint32_t)count;
    for (uint32_t at = 0; at < count; at++)
        TQ_TRY(read_leg(check, json_array_get(legs, at), at, &check->leg[at], err));
    return TQ_OK;
}

/* ---- problems ----------------------------------------------------------------------------------
 */

__attribute__((format(printf, 5, 6))) static void
add_problem(recheck *check, const char *kind, uint32_t leg, const char *at, const char *format, ...)
{
    if (check->problem_count == PROBLEMS_MAX) return;
    problem *row = &check->problem[check->problem_count++];
    va_list list;
    row->kind = kind;
    row->leg = leg;
    row->at = at;
    va_start(list, format);
    (void)vsnprintf(row->text, sizeof row->text, format, list);
    va_end(list);
}

static void say_cancelled(recheck *check, uint32_t at)
{
    const leg_now *leg = &check->leg[at];
    check->leg[at].cancelled = true;
    if (check->lang == TQ_ZH)
        add_problem(check, "cancelled", at, leg->from_name, "您要在%.60s乘坐的%.60s这一班取消了",
                    leg->from_name, leg->route);
    else
        add_problem(check, "cancelled", at, leg->from_name,
                    "your run of %.60s from %.60s is cancelled", leg->route, leg->from_name);
}

static void say_skipped(recheck *check, uint32_t at, const char *name)
{
    const leg_now *leg = &check->leg[at];
    check->leg[at].cancelled = true;
    if (check->lang == TQ_ZH)
        add_problem(check, "skipped", at, name, "您要坐的%.60s这一班不停%.60s", leg->route, name);
    else
        add_problem(check, "skipped", at, name, "your run of %.60s does not stop at %.60s",
                    leg->route, name);
}

static void say_missed(recheck *check, uint32_t at, bool change)
{
    const leg_now *leg = &check->leg[at];
    const char *name = leg->from_name;
    if (check->lang == TQ_ZH)
        add_problem(check, "missed_change", at, name,
                    change ? "您在%.60s的换乘赶不上了" : "您在%.60s赶不上车了", name);
    else
        add_problem(check, "missed_change", at, name,
                    change ? "your change at %.60s no longer holds"
                           : "you can no longer catch your ride at %.60s",
                    name);
}

static void say_closed(recheck *check, uint32_t at, const char *street)
{
    const leg_now *leg = &check->leg[at];
    const char *where = street[0] != '\0' ? street : leg->to_name;
    if (check->lang == TQ_ZH)
        add_problem(check, "closed", at, where, "您要走的%.60s封闭了",
                    street[0] != '\0' ? street : "路");
    else
        add_problem(check, "closed", at, where, "your way along %.60s is closed",
                    street[0] != '\0' ? street : "the street");
}

/* ---- rides -------------------------------------------------------------------------------------
 */

/* A run found again. */
typedef struct found_run {
    uint32_t trip, from, to; /* places of the pattern */
    int32_t service_day, start_s;
} found_run;

static bool is_stop(const tq_city *city, uint32_t stop, const char *id)
{
    return strcmp(tq_text(city, city->timetable.stop[stop].id), id) == 0;
}

/* Does the trip have a run that leaves the place at the planned instant? */
static bool find_start(const recheck *check, const leg_now *leg, found_run *run)
{
    const tq_city *city = check->snapshot->city;
    const tq_timetable *t = &city->timetable;
    const tq_trip *trip = &t->trip[run->trip];
    const tq_stop_time *time = t->stop_time + t->profile_first[trip->profile];
    int32_t around = tq_local_day(&city->zone, leg->planned_departure_ms, NULL);
    for (int32_t day = around - 2; day <= around + 1; day++) {
        if (!tq_service_runs(t, trip->service, day)) continue;
        int64_t start_s = (leg->planned_departure_ms - tq_service_day_ms(&city->zone, day)) / 1000 -
                          time[run->from].departure_s;
        bool runs = trip->frequency_count == 0 && start_s == trip->start_s;
        for (uint32_t f = trip->first_frequency; f < trip->first_frequency + trip->frequency_count;
             f++) {
            const tq_frequency *often = &t->frequency[f];
            runs |= often->headway_s != 0 && start_s >= often->from_s && start_s < often->to_s &&
                    (start_s - often->from_s) % often->headway_s == 0;
        }
        if (!runs) continue;
        run->service_day = day;
        run->start_s = (int32_t)start_s;
        return true;
    }
    return false;
}

static bool find_planned(const recheck *check, const leg_now *leg, found_run *run)
{
    const tq_city *city = check->snapshot->city;
    const tq_timetable *t = &city->timetable;
    if (leg->planned_departure_ms == INT64_MIN) return false;
    for (run->trip = 0; run->trip < t->trip_count; run->trip++) {
        const tq_trip *trip = &t->trip[run->trip];
        if (strcmp(tq_text(city, trip->id), leg->trip_id) != 0) continue;
        uint32_t first = t->pattern_first[trip->pattern],
                 places = t->pattern_first[trip->pattern + 1] - first;
        for (run->from = 0; run->from < places; run->from++) {
            if (!is_stop(city, t->pattern_stop[first + run->from], leg->from_stop)) continue;
            for (run->to = run->from + 1; run->to < places; run->to++)
                if (is_stop(city, t->pattern_stop[first + run->to], leg->to_stop)) break;
            if (run->to < places && find_start(check, leg, run)) return true;
        }
    }
    return false;
}

/* Times of now from the calls that serve both stops; false and the stop's name when one is not. */
static bool read_calls(const recheck *check, leg_now *leg, uint32_t live, const found_run *run,
                       const char **not_served)
{
    const tq_city *city = check->snapshot->city;
    const tq_live_run *row = &check->snapshot->overlay->run[live];
    const tq_live_call *call = journey_calls(check->snapshot, live);
    int64_t day_ms = tq_service_day_ms(&city->zone, row->service_day);
    uint32_t from = 0, to;
    for (; from < row->call_count; from++)
        if ((run == NULL || call[from].place == run->from) &&
            is_stop(city, call[from].stop, leg->from_stop) &&
            !(call[from].flags & (TQ_CALL_SKIPPED | TQ_CALL_NO_PICKUP)))
            break;
    *not_served = leg->from_name;
    if (from == row->call_count) return false;
    for (to = from + 1; to < row->call_count; to++)
        if (is_stop(city, call[to].stop, leg->to_stop) &&
            !(call[to].flags & (TQ_CALL_SKIPPED | TQ_CALL_NO_DROPOFF)))
            break;
    *not_served = leg->to_name;
    if (to == row->call_count) return false;
    leg->now_departure_ms = day_ms + (int64_t)call[from].departure_s * 1000;
    leg->now_arrival_ms = day_ms + (int64_t)call[to].arrival_s * 1000;
    return true;
}

/* A live run by the id that was given out, one that leaves the stop about then; TQ_NONE. */
static uint32_t find_live(const recheck *check, leg_now *leg)
{
    const tq_overlay *overlay = check->snapshot->overlay;
    uint32_t best = TQ_NONE;
    int64_t best_ms = NEAR_MS;
    for (uint32_t live = 0; live < overlay->run_count; live++) {
        const tq_live_run *run = &overlay->run[live];
        const char *not_served,
            *id = run->state == TQ_RUN_ADDED
                      ? overlay->text + run->id
                      : tq_text(check->snapshot->city,
                                check->snapshot->city->timetable.trip[run->trip].id);
        leg_now trial = *leg;
        if (strcmp(id, leg->trip_id) != 0 || !read_calls(check, &trial, live, NULL, &not_served))
            continue;
        int64_t away_ms = trial.now_departure_ms - leg->departure_ms;
        away_ms = away_ms < 0 ? -away_ms : away_ms;
        if (away_ms >= best_ms) continue;
        best = live;
        best_ms = away_ms;
    }
    return best;
}

static uint32_t stop_of(const tq_city *city, const char *id)
{
    for (uint32_t stop = 0; stop < city->timetable.stop_count; stop++)
        if (is_stop(city, stop, id)) return stop;
    return TQ_NONE;
}

/* What the ride does now. */
static void look_at_ride(recheck *check, uint32_t at)
{
    leg_now *leg = &check->leg[at];
    const tq_overlay *overlay = check->snapshot->overlay;
    const char *not_served;
    found_run run;
    leg->stop = stop_of(check->snapshot->city, leg->from_stop);
    leg->stop_to = stop_of(check->snapshot->city, leg->to_stop);
    if (!find_planned(check, leg, &run)) {
        uint32_t live = find_live(check, leg);
        if (live == TQ_NONE)
            say_cancelled(check, at);
        else
            (void)read_calls(check, leg, live, NULL, &not_served);
        return;
    }
    uint32_t live = tq_overlay_run(overlay, run.trip, run.service_day, run.start_s);
    if (live == TQ_NONE) {
        leg->now_departure_ms = leg->planned_departure_ms;
        if (leg->planned_arrival_ms != INT64_MIN) leg->now_arrival_ms = leg->planned_arrival_ms;
    } else if (overlay->run[live].state == TQ_RUN_CANCELLED) {
        say_cancelled(check, at);
    } else if (!read_calls(check, leg, live, &run, &not_served)) {
        say_skipped(check, at, not_served);
    }
}

/* ---- changes -----------------------------------------------------------------------------------
 */

/* Least time between two rides at one stop, as transfers.txt has it. */
static int64_t change_ms(const tq_city *city, uint32_t stop)
{
    const tq_timetable *t = &city->timetable;
    int64_t least_ms = 0;
    for (uint32_t row = 0; stop != TQ_NONE && row < t->transfer_count; row++) {
        const tq_transfer *rule = &t->transfer[row];
        if (rule->from_stop == stop && rule->to_stop == stop && rule->type == 2 &&
            rule->min_s != TQ_NONE && rule->from_route == TQ_NONE && rule->to_route == TQ_NONE &&
            rule->from_trip == TQ_NONE && rule->to_trip == TQ_NONE)
            least_ms = (int64_t)rule->min_s * 1000;
    }
    return least_ms;
}

/* Walk through the journey with the times of now. */
static void look_at_changes(recheck *check)
{
    int64_t at_ms = check->leg[0].departure_ms;
    const leg_now *former = NULL; /* the ride before */
    bool walked = false;
    for (uint32_t at = 0; at < check->leg_count; at++) {
        leg_now *leg = &check->leg[at];
        if (!leg->ride) {
            leg->now_departure_ms = at_ms;
            leg->now_arrival_ms = at_ms + (leg->arrival_ms - leg->departure_ms);
            at_ms = leg->now_arrival_ms;
            walked = true;
            continue;
        }
        int64_t ready_ms = at_ms;
        if (former != NULL && !walked && former->stop_to == leg->stop)
            ready_ms += change_ms(check->snapshot->city, leg->stop);
        if (!leg->cancelled && ready_ms > leg->now_departure_ms && at > 0)
            say_missed(check, at, former != NULL);
        at_ms = leg->now_arrival_ms;
        former = leg;
        walked = false;
    }
}

/* ---- closed ways -------------------------------------------------------------------------------
 */

/* Is the place on the course? *along_dm: how far along it. */
static bool on_course(const int32_t *line, size_t points, tq_point at, int64_t *along_dm)
{
    int64_t before_dm = 0;
    uint32_t best_dm = BESIDE_DM + 1;
    for (size_t k = 0; k + 1 < points; k++) {
        tq_point a = {line[2 * k], line[2 * k + 1]}, b = {line[2 * k + 2], line[2 * k + 3]};
        tq_foot foot = tq_project(at, a, b);
        if (foot.distance_dm < best_dm) {
            best_dm = foot.distance_dm;
            *along_dm = before_dm + foot.along_dm;
        }
        before_dm += tq_distance_dm(a, b);
    }
    return best_dm <= BESIDE_DM;
}

/* Does the course run along the arc, in its direction, for some way and not only across? */
static bool uses_arc(const tq_city *city, uint32_t arc, const int32_t *line, size_t points)
{
    const tq_streets *s = &city->streets;
    uint32_t edge = arc >> 1, inner = s->edge_first_point[edge],
             count = s->edge_first_point[edge + 1] - inner + 2;
    uint32_t edge_dm = s->edge_length_dm[edge],
             step_dm = TQ_MAX((uint32_t)SAMPLE_DM, edge_dm / SAMPLES_MAX);
    int64_t need_dm = TQ_MIN((int64_t)ALONG_DM, (int64_t)edge_dm * 6 / 10);
    int64_t first_dm = -1, former_dm = -1, along_dm = 0;
    for (uint32_t k = 0; k + 1 < count; k++) {
        tq_point a = k == 0 ? s->node_at[s->edge_from[edge]] : s->point[inner + k - 1];
        tq_point b = k + 2 == count ? s->node_at[s->edge_to[edge]] : s->point[inner + k];
        uint32_t length_dm = tq_distance_dm(a, b), samples = length_dm / step_dm + 1;
        for (uint32_t n = 0; n <= samples; n++) {
            tq_point at =
                tq_between(a, b, (uint32_t)((uint64_t)length_dm * n / samples), length_dm);
            if (!on_course(line, points, at, &along_dm)) {
                first_dm = former_dm = -1;
                continue;
            }
            bool turned = arc & 1 ? along_dm > former_dm : along_dm < former_dm;
            if (first_dm < 0 || turned) first_dm = along_dm;
            former_dm = along_dm;
            if ((arc & 1 ? first_dm - along_dm : along_dm - first_dm) > need_dm) return true;
        }
    }
    return false;
}

static bool profile_of(const char *mode, tq_profile *out)
{
    static const struct {
        const char *mode;
        tq_profile profile;
    } known[] = {{"walk", TQ_PROFILE_FOOT},
                 {"bike", TQ_PROFILE_BIKE},
                 {"car", TQ_PROFILE_CAR},
                 {"taxi", TQ_PROFILE_TAXI}};
    for (unsigned k = 0; k < TQ_COUNT(known); k++)
        if (strcmp(known[k].mode, mode) == 0) {
            *out = known[k].profile;
            return true;
        }
    return false;
}

/* Without the straight hops between a door and the street, which follow no street. */
static tq_status cut_hops(const recheck *check, const tq_vehicle *vehicle, int64_t at_ms,
                          const int32_t **line, size_t *points, tq_err *err)
{
    const tq_snapshot *snapshot = check->snapshot;
    const tq_metric *planned = NULL;
    const tq_snap_wish wish = {.limit = 1, .bearing = -1};
    bool hop[2] = {false, false};
    TQ_TRY(tq_roads_get(snapshot->roads, tq_overlay_none(), vehicle, at_ms, &planned, err));
    for (unsigned end = 0; end < 2 && *points >= 2; end++) {
        const int32_t *at = *line + (end == 0 ? 0 : 2 * (*points - 1));
        tq_snap snap[1];
        uint32_t count = 0;
        hop[end] = tq_road_snap(snapshot->city, planned, (tq_point){at[0], at[1]}, &wish, snap,
                                &count, NULL) != TQ_OK ||
                   snap[0].distance_dm > BESIDE_DM;
    }
    tq_roads_put(snapshot->roads, planned);
    *line += hop[0] ? 2 : 0;
    *points -= (size_t)hop[0] + hop[1];
    return TQ_OK;
}

/* First closed street under the leg's course. */
static tq_status look_at_way(recheck *check, uint32_t at, tq_err *err)
{
    const leg_now *leg = &check->leg[at];
    const tq_snapshot *snapshot = check->snapshot;
    const tq_city *city = snapshot->city;
    const tq_metric *metric = NULL;
    tq_profile profile;
    size_t points = 0, mark = check->work->used;
    if (snapshot->overlay->rule_count == 0 || city->streets.edge_count == 0 ||
        !profile_of(leg->mode, &profile))
        return TQ_OK;
    int32_t *read = TQ_PUSH_RAW(check->work, int32_t, (size_t)2 * LINE_MAX);
    const int32_t *line = read;
    if (read == NULL)
        return tq_fail(err, TQ_NO_MEMORY, at, "the scratch of this thread is too small");
    if (tq_polyline_read(tq_str_of(leg->line), 5, read, LINE_MAX, &points, NULL) != TQ_OK)
        return tq_fail(err, TQ_BAD_INPUT, at,
                       "legs[%u].polyline is not a line of at most %u points", at, LINE_MAX);
    TQ_TRY(cut_hops(check, tq_road_vehicle(city, profile), leg->now_departure_ms, &line, &points,
                    err));
    TQ_TRY(tq_roads_get(snapshot->roads, snapshot->overlay, tq_road_vehicle(city, profile),
                        leg->now_departure_ms, &metric, err));
    for (uint32_t k = 0; k < snapshot->overlay->rule_count; k++) {
        const tq_live_rule *rule = &snapshot->overlay->rule[k];
        if (rule->effect != TQ_LIVE_CLOSED || tq_metric_arc_ds(metric, rule->arc) < TQ_ROAD_INF ||
            !uses_arc(city, rule->arc, line, points))
            continue;
        uint32_t name = city->streets.edge_name[rule->arc >> 1];
        say_closed(check, at, tq_text(city, city->streets.name[name].name));
        break;
    }
    tq_roads_put(snapshot->roads, metric);
    tq_arena_reset(check->work, mark);
    return TQ_OK;
}

/* ---- the answer --------------------------------------------------------------------------------
 */

static void put_leg(const recheck *check, const leg_now *leg, tq_json *json)
{
    tq_json_object(json);
    tq_json_put_text(json, "mode", leg->mode);
    tq_json_put_text_or_null(json, "route", leg->route);
    tq_json_put_text_or_null(json, "trip_id", leg->trip_id);
    tq_json_put_text(json, "from", leg->from_name);
    tq_json_put_text(json, "to", leg->to_name);
    journey_put_time(check->snapshot->city, json, "departure", leg->now_departure_ms);
    journey_put_time(check->snapshot->city, json, "arrival", leg->now_arrival_ms);
    tq_json_put_i64(json, "later_s", (leg->now_departure_ms - leg->departure_ms) / 1000);
    tq_json_put_bool(json, "cancelled", leg->cancelled);
    tq_json_end_object(json);
}

static void put_answer(const recheck *check, tq_buf *out)
{
    char version[TQ_VERSION_MAX];
    tq_json json;
    tq_snapshot_version(check->snapshot, version);
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", version);
    tq_json_put_bool(&json, "holds", check->problem_count == 0);
    tq_json_key(&json, "problems");
    tq_json_array(&json);
    for (uint32_t k = 0; k < check->problem_count; k++) {
        const problem *row = &check->problem[k];
        tq_json_object(&json);
        tq_json_put_text(&json, "kind", row->kind);
        tq_json_put_i64(&json, "leg", row->leg);
        tq_json_put_text(&json, "at", row->at);
        tq_json_put_text(&json, "text", row->text);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_key(&json, "legs");
    tq_json_array(&json);
    for (uint32_t k = 0; k < check->leg_count; k++)
        put_leg(check, &check->leg[k], &json);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}

tq_status tq_recheck_json(const tq_snapshot *snapshot, tq_str itinerary, tq_lang lang,
                          tq_arena *work, tq_buf *out, tq_err *err)
{
    recheck check = {.snapshot = snapshot, .lang = lang, .work = work};
    json_error_t why;
    if (itinerary.len == 0 || itinerary.len > RECHECK_BYTES)
        return tq_fail(err, TQ_BAD_INPUT, 0, "an itinerary may have 1 to %zu bytes, not %zu",
                       RECHECK_BYTES, itinerary.len);
    json_t *root = json_loadb(itinerary.at, itinerary.len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the itinerary is not JSON: %.100s", why.text);
    tq_status status = read_legs(&check, root, err);
    for (uint32_t at = 0; status == TQ_OK && at < check.leg_count; at++)
        if (check.leg[at].ride) look_at_ride(&check, at);
    if (status == TQ_OK) look_at_changes(&check);
    for (uint32_t at = 0; status == TQ_OK && at < check.leg_count; at++)
        if (!check.leg[at].ride) status = look_at_way(&check, at, err);
    if (status == TQ_OK) put_answer(&check, out);
    json_decref(root);
    if (status != TQ_OK) return status;
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}
