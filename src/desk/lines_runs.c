/*
 * Runs of lines: a line on a service day with one of its trips. Seats left, times as expected on
 * the streets of the moment, and the connection to the metro that is promised.
 *
 * Expected times: the bus leaves each stop when it is planned to, or when it is there and people
 * are on board; legs take what they take under the live state (closures, speeds) in the slice of
 * the run's departure. They are asked for within a day from now; further ahead the plan stands.
 *
 * The guarantee: as planned, the first departure of the metro that one reaches, with the time to
 * change, is at most wait_max_s away. It is broken when the expected arrival misses that departure;
 * then the one that is reached is named. The clock tells it once, and once when it holds again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/lines_in.h"

#define LIVE_AHEAD_MS  INT64_C(86400000)
#define WATCH_AHEAD_MS INT64_C(10800000)
#define LOOK_S         7200 /* for the next departure */
#define BOARD_MAX      96u

/* ---- roads -------------------------------------------------------------------------------------
 */

tq_status line_roads_open(desk_call *call, const char *vehicle, int64_t at_ms, line_roads *out)
{
    const tq_desk_world *world = call->world;
    *out = (line_roads){0};
    if (world == NULL || world->roads == NULL || world->overlay == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there are no streets to ask about here");
    const tq_vehicle *found = tq_road_vehicle_named(world->city, vehicle);
    if (found == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "this city has no streets for a %s", vehicle);
    out->city = world->city;
    out->roads = world->roads;
    TQ_TRY(tq_roads_get(world->roads, world->overlay, found, at_ms, &out->metric, call->err));
    out->memory = tq_alloc(LINES_WORK_BYTES, 1);
    if (out->memory == NULL) {
        line_roads_close(out);
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for travel times");
    }
    tq_arena_init(&out->work, out->memory, LINES_WORK_BYTES);
    return TQ_OK;
}

void line_roads_close(line_roads *roads)
{
    if (roads->metric != NULL) tq_roads_put(roads->roads, roads->metric);
    tq_free(roads->memory);
    *roads = (line_roads){0};
}

bool line_roads_snap(line_roads *roads, tq_point at, uint32_t radius_m, tq_snap *out)
{
    tq_snap_wish wish = {.limit = 1, .radius_m = radius_m, .bearing = -1, .main_only = true};
    uint32_t found = 0;
    tq_err why;
    if (tq_road_snap(roads->city, roads->metric, at, &wish, out, &found, &why) == TQ_OK)
        return true;
    wish.main_only = false;
    return tq_road_snap(roads->city, roads->metric, at, &wish, out, &found, &why) == TQ_OK;
}

tq_status line_roads_time(line_roads *roads, const tq_snap *from, const tq_snap *to, int32_t *out,
                          tq_err *err)
{
    int64_t ds = 0;
    tq_err why = {0};
    tq_arena_reset(&roads->work, 0);
    tq_status status = tq_road_time(roads->city, roads->metric, from, to, &roads->work, &ds, &why);
    if (status != TQ_OK && status != TQ_NO_ROUTE) return tq_fail(err, status, 0, "%s", why.text);
    *out = status == TQ_OK && ds < TQ_ROAD_INF ? (int32_t)tq_ceil_div(ds, 10) : -1;
    return TQ_OK;
}

/* Expected times of a run; it is blocked when the bus cannot reach one of its stops. */
static tq_status expect(desk_call *call, const line_plan *plan, line_run *run)
{
    line_roads roads;
    tq_snap before, next;
    tq_status status = line_roads_open(call, "bus", run->planned_ms[0], &roads);
    if (status == TQ_NOT_FOUND) return TQ_OK;
    if (status != TQ_OK) return status;
    run->blocked = !line_roads_snap(&roads, plan->stop[0].at, LINES_SNAP_M, &before);
    int64_t at_ms = run->planned_ms[0];
    for (uint32_t k = 1; status == TQ_OK && !run->blocked && k < plan->stop_count; k++) {
        int32_t leg_s = -1;
        if (line_roads_snap(&roads, plan->stop[k].at, LINES_SNAP_M, &next))
            status = line_roads_time(&roads, &before, &next, &leg_s, call->err);
        run->blocked = status == TQ_OK && leg_s < 0;
        if (status != TQ_OK || run->blocked) break;
        at_ms = TQ_MAX(at_ms + (int64_t)leg_s * 1000, run->planned_ms[k]);
        run->expected_ms[k] = at_ms;
        if (k + 1 < plan->stop_count && at_ms > run->planned_ms[k]) at_ms += LINES_DWELL_S * 1000;
        before = next;
    }
    line_roads_close(&roads);
    run->timed = status == TQ_OK && !run->blocked;
    if (run->timed)
        run->late_s = (int32_t)((run->expected_ms[plan->stop_count - 1] -
                                 run->planned_ms[plan->stop_count - 1]) /
                                1000);
    return status;
}

/* ---- the connection ----------------------------------------------------------------------------
 */

static bool fits_feeder(const tq_city *city, const line_feeder *feeder, const tq_departure *one)
{
    const tq_timetable *table = &city->timetable;
    if (one->cancelled || one->trip == TQ_NONE) return false;
    uint32_t pattern = table->trip[one->trip].pattern;
    if (feeder->route != TQ_NONE && table->pattern_route[pattern] != feeder->route) return false;
    return feeder->direction == TQ_NONE || table->pattern_direction[pattern] == feeder->direction;
}

/* First departure at or after `ready_ms`; INT64_MIN when none comes for a while. */
static tq_status next_departure(desk_call *call, const line_feeder *feeder, int64_t ready_ms,
                                int64_t *out)
{
    const tq_desk_world *world = call->world;
    const tq_city *city = world->city;
    tq_departure board[BOARD_MAX];
    const tq_day *day = NULL;
    int32_t second = 0, number = tq_local_day(&city->zone, ready_ms, &second);
    int64_t zero_ms = tq_service_day_ms(&city->zone, number);
    int32_t from_s = (int32_t)tq_ceil_div(ready_ms - zero_ms, 1000);
    *out = INT64_MIN;
    TQ_TRY(tq_days_get(world->days, world->overlay, number, &day, call->err));
    uint32_t count =
        tq_transit_departures(city, day, feeder->stop, from_s, from_s + LOOK_S, BOARD_MAX, board);
    for (uint32_t k = 0; k < count && *out == INT64_MIN; k++)
        if (fits_feeder(city, feeder, &board[k]))
            *out = zero_ms + (int64_t)board[k].departure_s * 1000;
    tq_days_put(world->days, day);
    return TQ_OK;
}

static tq_status connect(desk_call *call, const line_plan *plan, line_run *run)
{
    const line_feeder *feeder = &plan->feeder;
    line_guarantee *out = &run->guarantee;
    int64_t change_ms = (int64_t)feeder->change_s * 1000;
    *out = (line_guarantee){.planned_ms = INT64_MIN, .next_ms = INT64_MIN};
    if (!feeder->given || call->world == NULL || call->world->days == NULL ||
        call->world->overlay == NULL)
        return TQ_OK;
    out->known = true;
    out->arrive_ms = run->planned_ms[feeder->line_stop];
    out->expected_ms = run->expected_ms[feeder->line_stop];
    TQ_TRY(next_departure(call, feeder, out->arrive_ms + change_ms, &out->planned_ms));
    bool promised = out->planned_ms != INT64_MIN &&
                    out->planned_ms - out->arrive_ms - change_ms <= feeder->wait_max_s * 1000LL;
    if (run->blocked) {
        out->broken = promised;
        return TQ_OK;
    }
    out->next_ms = out->planned_ms;
    if (promised && out->expected_ms + change_ms > out->planned_ms) {
        out->broken = true;
        TQ_TRY(next_departure(call, feeder, out->expected_ms + change_ms, &out->next_ms));
    }
    out->holds = promised && !out->broken;
    if (out->next_ms != INT64_MIN)
        out->wait_s = (int32_t)((out->next_ms - out->expected_ms - change_ms) / 1000);
    return TQ_OK;
}

tq_status lines_run(desk_call *call, const line_plan *plan, int32_t day, uint32_t trip,
                    line_run *out)
{
    int64_t now_ms = call->command->now_ms;
    *out = (line_run){.day = day, .trip = trip};
    for (uint32_t k = 0; k < plan->stop_count; k++)
        out->planned_ms[k] = out->expected_ms[k] =
            lines_run_ms(call->desk->city, plan, day, trip, k);
    if (out->planned_ms[plan->stop_count - 1] >= now_ms &&
        out->planned_ms[0] <= now_ms + LIVE_AHEAD_MS)
        TQ_TRY(expect(call, plan, out));
    return connect(call, plan, out);
}

static void put_maybe(const desk_call *call, json_t *object, const char *member, int64_t at_ms)
{
    if (at_ms == INT64_MIN)
        json_object_set_new(object, member, json_null());
    else
        desk_put_instant(call, object, member, at_ms);
}

json_t *lines_guarantee_json(const desk_call *call, const line_plan *plan,
                             const line_guarantee *one)
{
    const tq_city *city = call->desk->city;
    const tq_stop *stop = &city->timetable.stop[plan->feeder.stop];
    json_t *out = json_object();
    json_object_set_new(out, "to", json_string(tq_text(city, stop->name)));
    json_object_set_new(out, "stop", json_string(tq_text(city, stop->id)));
    json_object_set_new(out, "at", json_string(plan->stop[plan->feeder.line_stop].id));
    json_object_set_new(out, "change_s", json_integer(plan->feeder.change_s));
    json_object_set_new(out, "wait_max_s", json_integer(plan->feeder.wait_max_s));
    json_object_set_new(out, "holds", json_boolean(one->holds));
    json_object_set_new(out, "broken", json_boolean(one->broken));
    desk_put_instant(call, out, "arrive", one->expected_ms);
    put_maybe(call, out, "planned_departure", one->planned_ms);
    put_maybe(call, out, "next_departure", one->next_ms);
    json_object_set_new(out, "wait_s",
                        one->next_ms != INT64_MIN ? json_integer(one->wait_s) : json_null());
    return out;
}

/* ---- the question ------------------------------------------------------------------------------
 */

static json_t *stops_json(const desk_call *call, const line_plan *plan, const line_run *run)
{
    json_t *list = json_array();
    for (uint32_t k = 0; k < plan->stop_count; k++) {
        json_t *one = json_object();
        json_object_set_new(one, "id", json_string(plan->stop[k].id));
        json_object_set_new(one, "name", json_string(plan->stop[k].name));
        desk_put_instant(call, one, "at", run->planned_ms[k]);
        desk_put_instant(call, one, "expected", run->expected_ms[k]);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *run_json(const desk_call *call, const line_plan *plan, const seat_book *book,
                        const line_run *run)
{
    uint32_t seats[LINES_STOPS_MAX], wheels[LINES_STOPS_MAX], most = 0, waiting = 0;
    char text[16];
    int64_t until_ms = run->planned_ms[0] - plan->rule->closes_ms, now_ms = call->command->now_ms;
    json_t *out = json_object(), *segments = json_array();
    seats_of_run(book, run->day, run->trip, SEATS_BOOKED, seats, wheels);
    for (uint32_t k = 0; k + 1 < plan->stop_count; k++) {
        most = TQ_MAX(most, seats[k]);
        json_array_append_new(
            segments, json_pack("{s:I,s:I}", "free", (json_int_t)(plan->seats - seats[k]),
                                "wheelchairs", (json_int_t)(plan->wheelchairs - wheels[k])));
    }
    for (size_t k = 0; k < book->row.count; k++)
        waiting += book->row.at[k].state == SEAT_WAITING && book->row.at[k].trip == run->trip &&
                   seats_cover(book, &book->row.at[k], run->day);
    lines_date_print(run->day, text);
    json_object_set_new(out, "day", json_string(text));
    json_object_set_new(out, "trip", json_string(plan->trip[run->trip].id));
    json_object_set_new(out, "state",
                        json_string(run->blocked                   ? "blocked"
                                    : run->late_s >= 60            ? "late"
                                    : now_ms >= run->planned_ms[0] ? "left"
                                                                   : "planned"));
    json_object_set_new(out, "late_s", run->timed ? json_integer(run->late_s) : json_null());
    json_object_set_new(out, "stops", stops_json(call, plan, run));
    json_object_set_new(out, "segments", segments);
    json_object_set_new(out, "seats", json_integer(plan->seats));
    json_object_set_new(out, "booked", json_integer(most));
    json_object_set_new(out, "waiting", json_integer(waiting));
    desk_put_instant(call, out, "booking_until", until_ms);
    json_object_set_new(out, "bookable",
                        json_boolean(now_ms < until_ms && strcmp(plan->state, "stopped") != 0));
    json_object_set_new(out, "guarantee",
                        run->guarantee.known ? lines_guarantee_json(call, plan, &run->guarantee)
                                             : json_null());
    return out;
}

static tq_status runs_of(desk_call *call, const line_plan *plan, int32_t first, int32_t days,
                         json_t *list)
{
    seat_book book = {.month = INT32_MIN};
    line_run *run = TQ_ALLOC(line_run, 1);
    tq_status status = run != NULL ? TQ_OK : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    for (int32_t day = first; status == TQ_OK && day < first + days; day++) {
        if (!lines_plan_serves(plan, day)) continue;
        if (book.month != lines_month_of(day)) {
            seats_free(&book);
            status = seats_read(call, plan, lines_month_of(day), &book);
        }
        for (uint32_t trip = 0; status == TQ_OK && trip < plan->trip_count; trip++) {
            status = lines_run(call, plan, day, trip, run);
            if (status == TQ_OK) json_array_append_new(list, run_json(call, plan, &book, run));
        }
    }
    seats_free(&book);
    tq_free(run);
    return status;
}

tq_status lines_runs(desk_call *call)
{
    char text[32];
    int32_t second = 0;
    int32_t day = tq_local_day(&call->desk->city->zone, call->command->now_ms, &second);
    uint32_t days = 1;
    line_plan *plan = NULL;
    if (desk_query(call, "day", text, sizeof text) && !lines_date(text, &day))
        return desk_bad(call, "day is \"%s\": write a day such as 2025-06-03", text);
    if (desk_query(call, "days", text, sizeof text) &&
        (!tq_parse_u32(tq_str_of(text), &days) || days == 0 || days > LINES_RUN_DAYS_MAX))
        return desk_bad(call, "days is a whole number from 1 to %d", LINES_RUN_DAYS_MAX);
    TQ_TRY(lines_plan_load(call, call->command->id, &plan));
    json_t *answer = json_object(), *list = json_array();
    json_object_set_new(answer, "line", json_string(plan->id));
    json_object_set_new(answer, "state", json_string(plan->state));
    json_object_set_new(answer, "runs", list);
    tq_status status = TQ_OK;
    bool staff = desk_is(call, TQ_ROLE_STAFF);
    if (!staff && strcmp(plan->state, "draft") == 0)
        status = tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no line \"%.48s\"", plan->id);
    if (status == TQ_OK) status = runs_of(call, plan, day, (int32_t)days, list);
    lines_plan_free(plan);
    if (status == TQ_OK) return desk_answer(call, answer);
    json_decref(answer);
    return status;
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

/* What was told last about a run's connection stays in a record of its own. */
static tq_status tell(desk_call *call, const line_plan *plan, const line_run *run, bool *changed)
{
    char id[TQ_ID_MAX + 64], day[16], was[32] = "";
    const char *state = run->guarantee.broken ? "broken" : "holds";
    json_auto_t *record = NULL;
    uint64_t version = 0;
    lines_date_print(run->day, day);
    (void)snprintf(id, sizeof id, "%s/%s/%s", plan->id, day, plan->trip[run->trip].id);
    tq_err *kept = call->err, why;
    call->err = &why;
    tq_status status = desk_load(call, "line_run", id, &record, &version, was);
    call->err = kept;
    if (status != TQ_OK && status != TQ_NOT_FOUND)
        return tq_fail(call->err, status, 0, "%s", why.text);
    if (record == NULL) {
        if (!run->guarantee.broken) return TQ_OK;
        record = json_object();
    }
    if (strcmp(was, state) == 0) return TQ_OK;
    json_object_set_new(record, "line", json_string(plan->id));
    json_object_set_new(record, "day", json_string(day));
    json_object_set_new(record, "trip", json_string(plan->trip[run->trip].id));
    json_object_set_new(record, "guarantee", lines_guarantee_json(call, plan, &run->guarantee));
    json_object_set_new(record, "blocked", json_boolean(run->blocked));
    *changed = true;
    TQ_TRY(desk_save(call, "line_run", id, state, record, version));
    TQ_TRY(desk_audit(call,
                      run->guarantee.broken ? "line.connection_broken" : "line.connection_holds",
                      "line", plan->id, "done", record));
    return desk_event(call, "line", plan->id,
                      run->guarantee.broken ? "connection_broken" : "connection_holds", false,
                      TQ_ROLE_ANY, json_incref(record));
}

tq_status lines_runs_tick(desk_call *call, const line_plan *plan, bool *changed)
{
    const tq_desk_world *world = call->world;
    int64_t now_ms = call->command->now_ms;
    int32_t second = 0, now = tq_local_day(&call->desk->city->zone, now_ms, &second);
    if (!plan->feeder.given || world == NULL || world->roads == NULL || world->days == NULL ||
        (strcmp(plan->state, "open") != 0 && strcmp(plan->state, "running") != 0))
        return TQ_OK;
    line_run *run = TQ_ALLOC(line_run, 1);
    tq_status status = run != NULL ? TQ_OK : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    for (int32_t day = now - 1; status == TQ_OK && day <= now + 1; day++)
        for (uint32_t trip = 0; status == TQ_OK && trip < plan->trip_count; trip++) {
            const tq_city *city = call->desk->city;
            if (!lines_plan_serves(plan, day) ||
                lines_run_ms(city, plan, day, trip, 0) > now_ms + WATCH_AHEAD_MS ||
                lines_run_ms(city, plan, day, trip, plan->stop_count - 1) < now_ms)
                continue;
            status = lines_run(call, plan, day, trip, run);
            if (status == TQ_OK && run->guarantee.known) status = tell(call, plan, run, changed);
        }
    tq_free(run);
    return status;
}
