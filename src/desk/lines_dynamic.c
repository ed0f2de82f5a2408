/*
 * Dynamic lines: a seat between two stops at a time that is found by insertion.
 *
 * The vehicles of a line and day are a pool of the room fleet over the bus's times of the moment
 * between the line's stops. It is made anew for each question from the bookings that stand, in the
 * order in which they were promised, each on its vehicle and within its promise; so records alone
 * decide, and two who ask at once are served one after the other by the writer. A promise is to be
 * picked up within ten minutes from the time told, and to arrive within ten minutes of the other.
 *
 * When the streets no longer allow a promise (a closure), that booking is put in as soon as it can
 * be and counted as late; it never loses its seat. Limits: one depot (the first stop), at most
 * DAY_MOST bookings a day.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/lines_in.h"
#include "fleet/fleet.h"

#define DAY_MOST      400u
#define VEHICLES_MAX  20u
#define PROMISE_S     600
#define SPAN_MOST_S   7200 /* between «after» and «before» */
#define SPAN_S        1800
#define LATE_S        7200 /* a promise that cannot be kept is stretched so far */
#define RIDE_PERMILLE 2000u
#define SLOTS         3u

/* A seat asked for, or promised. */
typedef struct seat {
    uint64_t queue;
    uint32_t from, to, party, wheelchairs, vehicle; /* vehicle TQ_NONE = any */
    int32_t after_s, before_s, arrive_s;            /* arrive_s TQ_FLEET_POOL_TIME_MAX = any */
} seat;

typedef struct dispatch {
    desk_call *call;
    const line_plan *plan;
    int32_t day;
    uint32_t vehicles, late;
    TQ_VEC(seat) seat;
    int32_t *times; /* [stop_count * stop_count] */
    tq_fleet_pool *pool;
} dispatch;

/* ---- the plan that stands ----------------------------------------------------------------------
 */

static bool seen_booking(void *user, const tq_record *record)
{
    dispatch *all = user;
    json_auto_t *body = NULL;
    tq_err why;
    int32_t day = 0;
    if (desk_parse(record->body, DESK_BODY_MAX, "a booking", &body, &why) != TQ_OK) return true;
    const json_t *promise = json_object_get(body, "promise");
    if (promise == NULL || !lines_date(desk_get_text(body, "day"), &day) || day != all->day)
        return true;
    seat one = {.queue = (uint64_t)json_integer_value(json_object_get(body, "queue")),
                .from = lines_plan_stop(all->plan, desk_get_text(body, "from_stop")),
                .to = lines_plan_stop(all->plan, desk_get_text(body, "to_stop")),
                .party = (uint32_t)json_integer_value(json_object_get(body, "party")),
                .wheelchairs = (uint32_t)json_integer_value(json_object_get(body, "wheelchairs")),
                .vehicle = (uint32_t)json_integer_value(json_object_get(promise, "vehicle")) - 1};
    if (one.from == TQ_NONE || one.to == TQ_NONE ||
        !lines_clock(desk_get_text(promise, "pick_from"), &one.after_s) ||
        !lines_clock(desk_get_text(promise, "pick_to"), &one.before_s) ||
        !lines_clock(desk_get_text(promise, "arrive_by"), &one.arrive_s))
        return true;
    return tq_vec_push(&all->seat, one);
}

static int by_queue(const void *left, const void *right)
{
    const seat *a = left, *b = right;
    return a->queue < b->queue ? -1 : a->queue > b->queue;
}

static tq_status fill_times(dispatch *all)
{
    const line_plan *plan = all->plan;
    uint32_t count = plan->stop_count;
    tq_snap snap[LINES_STOPS_MAX];
    line_roads roads;
    int64_t at_ms =
        tq_service_day_ms(&all->call->desk->city->zone, all->day) + plan->window_from_s * 1000LL;
    TQ_TRY(line_roads_open(all->call, "bus", TQ_MAX(at_ms, all->call->command->now_ms), &roads));
    tq_status status = TQ_OK;
    bool there[LINES_STOPS_MAX];
    for (uint32_t k = 0; k < count; k++)
        there[k] = line_roads_snap(&roads, plan->stop[k].at, LINES_SNAP_M, &snap[k]);
    for (uint32_t a = 0; status == TQ_OK && a < count; a++)
        for (uint32_t b = 0; status == TQ_OK && b < count; b++) {
            int32_t time_s = a == b ? 0 : -1;
            if (a != b && there[a] && there[b])
                status = line_roads_time(&roads, &snap[a], &snap[b], &time_s, all->call->err);
            all->times[a * count + b] = time_s < 0 ? TQ_FLEET_POOL_TIME_MAX : time_s;
        }
    line_roads_close(&roads);
    return status;
}

static tq_fleet_pool_request request_of(const seat *one, uint32_t id)
{
    tq_fleet_pool_request out = tq_fleet_pool_request_default();
    out.id = id;
    out.from_node = one->from;
    out.to_node = one->to;
    out.earliest = one->after_s;
    out.latest = one->before_s;
    out.arrive_latest = one->arrive_s;
    out.ride_permille = RIDE_PERMILLE;
    out.board = out.alight = LINES_DWELL_S;
    out.load[0] = (uint16_t)(one->party - one->wheelchairs);
    out.load[1] = (uint16_t)one->wheelchairs;
    out.vehicle = one->vehicle;
    return out;
}

static tq_status open_pool(dispatch *all)
{
    const line_plan *plan = all->plan;
    tq_fleet_pool_times times = {.node_count = plan->stop_count,
                                 .i32 = all->times,
                                 .triangle_slack = TQ_FLEET_POOL_TIME_MAX};
    tq_fleet_pool_config config = tq_fleet_pool_config_default();
    config.vehicle_max = all->vehicles;
    config.request_max = DAY_MOST + 1;
    config.memory = tq_fleet_pool_bytes(&config, &times);
    TQ_TRY(tq_fleet_pool_open(&config, &times, &all->pool, all->call->err));
    tq_fleet_pool_vehicle vehicle = tq_fleet_pool_vehicle_default();
    vehicle.node = 0;
    vehicle.from = plan->window_from_s;
    vehicle.until = plan->window_to_s;
    vehicle.end_node = TQ_NONE;
    vehicle.capacity[0] = (uint16_t)plan->seats;
    vehicle.capacity[1] = (uint16_t)plan->wheelchairs;
    vehicle.takes[1][0] = (uint16_t)plan->rule->wheelchair_seats;
    for (uint32_t k = 0; k < all->vehicles; k++) {
        uint32_t index = 0;
        TQ_TRY(tq_fleet_pool_add(all->pool, &vehicle, &index, all->call->err));
    }
    for (uint32_t k = 0; k < all->seat.count; k++) {
        tq_fleet_pool_place place;
        tq_fleet_pool_request request = request_of(&all->seat.at[k], k);
        TQ_TRY(tq_fleet_insert(all->pool, &request, &place, all->call->err));
        if (place.vehicle != TQ_NONE) continue;
        all->late++;
        request.latest += LATE_S;
        request.arrive_latest = TQ_FLEET_POOL_TIME_MAX;
        request.ride_permille = TQ_NONE;
        TQ_TRY(tq_fleet_insert(all->pool, &request, &place, all->call->err));
        if (place.vehicle == TQ_NONE)
            return tq_fail(all->call->err, TQ_STALE, 0,
                           "the streets no longer allow what is promised on %s today; no further "
                           "seat is given",
                           plan->id);
    }
    return TQ_OK;
}

static void dispatch_close(dispatch *all)
{
    if (all->pool != NULL) tq_fleet_pool_close(all->pool);
    tq_free(all->times);
    tq_vec_free(&all->seat);
}

static tq_status dispatch_open(desk_call *call, const line_plan *plan, int32_t day, dispatch *out)
{
    char parent[TQ_ID_MAX + 16];
    tq_store_filter filter = {.kind = "booking", .state = "booked", .parent = parent};
    const json_t *vehicles = json_object_get(plan->record, "vehicles");
    *out = (dispatch){.call = call, .plan = plan, .day = day, .vehicles = 1};
    if (json_is_integer(vehicles))
        out->vehicles = (uint32_t)TQ_MIN(TQ_MAX(json_integer_value(vehicles), 1), VEHICLES_MAX);
    seats_parent(plan->id, lines_month_of(day), parent);
    TQ_TRY(tq_store_each(call->desk->store, &filter, seen_booking, out, call->err));
    if (out->seat.count > 1) qsort(out->seat.at, out->seat.count, sizeof(seat), by_queue);
    tq_status status = TQ_OK;
    out->times = TQ_ALLOC(int32_t, (size_t)plan->stop_count * plan->stop_count);
    if (out->seat.count >= DAY_MOST)
        status = tq_fail(call->err, TQ_LIMIT, 0, "%s takes %u bookings a day", plan->id, DAY_MOST);
    else if (out->times == NULL)
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for a dynamic line");
    if (status == TQ_OK) status = fill_times(out);
    if (status == TQ_OK) status = open_pool(out);
    if (status != TQ_OK) dispatch_close(out);
    return status;
}

/* ---- what is asked -----------------------------------------------------------------------------
 */

static tq_status read_clock(desk_call *call, const char *member, int32_t *out)
{
    const char *text = NULL;
    TQ_TRY(desk_text(call, member, false, &text));
    if (text[0] == '\0' || lines_clock(text, out)) return TQ_OK;
    return desk_bad(call, "\"%s\" is a time of the day such as 08:15", member);
}

static tq_status read_seat(desk_call *call, const line_plan *plan, int32_t day, seat *out)
{
    const char *from = NULL, *to = NULL;
    TQ_TRY(desk_text(call, "from_stop", true, &from));
    TQ_TRY(desk_text(call, "to_stop", true, &to));
    out->from = lines_plan_stop(plan, from);
    out->to = lines_plan_stop(plan, to);
    if (out->from == TQ_NONE || out->to == TQ_NONE || out->from == out->to)
        return desk_bad(call, "\"from_stop\" and \"to_stop\" are two stops of %s", plan->id);
    out->after_s = plan->window_from_s;
    out->arrive_s = TQ_FLEET_POOL_TIME_MAX;
    TQ_TRY(read_clock(call, "after", &out->after_s));
    out->before_s = TQ_MIN(out->after_s + SPAN_S, plan->window_to_s);
    TQ_TRY(read_clock(call, "before", &out->before_s));
    TQ_TRY(read_clock(call, "arrive_before", &out->arrive_s));
    if (out->after_s < plan->window_from_s || out->before_s > plan->window_to_s ||
        out->before_s < out->after_s || out->before_s - out->after_s > SPAN_MOST_S)
        return desk_bad(call, "\"after\" and \"before\" lie in the window of %s, at most 2 h apart",
                        plan->id);
    int64_t at_ms = tq_service_day_ms(&call->desk->city->zone, day) + out->after_s * 1000LL;
    if (at_ms - plan->rule->closes_ms < call->command->now_ms)
        return desk_bad(call, "%s is booked %lld min ahead; ask for a later time", plan->id,
                        (long long)(plan->rule->closes_ms / 60000));
    return TQ_OK;
}

/* A place found, as people are told it. */
static json_t *promise_json(const tq_fleet_pool_place *place)
{
    char text[16];
    json_t *out = json_object();
    json_object_set_new(out, "vehicle", json_integer((json_int_t)place->vehicle + 1));
    lines_clock_print(place->pick, text);
    json_object_set_new(out, "pick_from", json_string(text));
    lines_clock_print(place->pick + PROMISE_S, text);
    json_object_set_new(out, "pick_to", json_string(text));
    lines_clock_print(place->drop, text);
    json_object_set_new(out, "arrive", json_string(text));
    lines_clock_print(place->drop + PROMISE_S, text);
    json_object_set_new(out, "arrive_by", json_string(text));
    json_object_set_new(out, "shares", json_integer(place->shares));
    return out;
}

tq_status dynamic_place(desk_call *call, const line_plan *plan, int32_t day, uint32_t party,
                        uint32_t wheelchairs, dynamic_seat *out)
{
    dispatch all;
    tq_fleet_pool_place place;
    seat one = {.party = party, .wheelchairs = wheelchairs, .vehicle = TQ_NONE};
    TQ_TRY(read_seat(call, plan, day, &one));
    TQ_TRY(dispatch_open(call, plan, day, &all));
    tq_fleet_pool_request request = request_of(&one, DAY_MOST);
    tq_status status = tq_fleet_insert(all.pool, &request, &place, call->err);
    if (status == TQ_OK && place.vehicle == TQ_NONE)
        status =
            tq_fail(call->err, TQ_STALE, 0,
                    "no vehicle of %s can take %u at that time; ask for offers (booking.offer) "
                    "or widen \"before\"",
                    plan->id, party);
    if (status == TQ_OK) *out = (dynamic_seat){one.from, one.to, place.pick, promise_json(&place)};
    dispatch_close(&all);
    return status;
}

/* ---- rides for trip planning -------------------------------------------------------------------
 */

/* Slots of equal width, at least SPAN_S, so that all pairs of stops have room. */
static uint32_t make_slots(const line_plan *plan, int32_t earliest_s, tq_fleet_pool_slot *slot)
{
    uint32_t pairs = plan->stop_count * (plan->stop_count - 1);
    int32_t span_s = plan->window_to_s - earliest_s;
    if (span_s <= 0 || pairs > DYNAMIC_RIDES_MAX) return 0;
    uint32_t most = TQ_MIN(DYNAMIC_RIDES_MAX / pairs, TQ_FLEET_POOL_SLOTS_MAX),
             count = TQ_MIN(most, (uint32_t)(span_s + SPAN_S - 1) / SPAN_S);
    int32_t step_s = (span_s + (int32_t)count - 1) / (int32_t)count;
    for (uint32_t k = 0; k < count; k++) {
        int32_t from_s = earliest_s + (int32_t)k * step_s;
        slot[k] = (tq_fleet_pool_slot){from_s, TQ_MIN(from_s + SPAN_S, plan->window_to_s),
                                       TQ_FLEET_POOL_TIME_MAX};
    }
    return count;
}

/* In each slot for as many as a whole vehicle takes, and for two and for one where they can be
 * picked up sooner. */
static tq_status rides_between(dispatch *all, const tq_fleet_pool_slot *slots, uint32_t slot_count,
                               dynamic_ride ride, dynamic_ride *out, uint32_t *count)
{
    const uint32_t party[] = {all->plan->seats, 2, 1};
    int32_t soonest_s[TQ_FLEET_POOL_SLOTS_MAX];
    uint32_t passes = all->seat.count == 0 ? 1 : TQ_COUNT(party);
    for (uint32_t k = 0; k < slot_count; k++)
        soonest_s[k] = TQ_FLEET_POOL_TIME_MAX;
    for (uint32_t pass = 0; pass < passes; pass++) {
        if (pass > 0 && party[pass] >= party[0]) continue;
        tq_fleet_pool_place place[TQ_FLEET_POOL_SLOTS_MAX];
        uint32_t found = 0;
        seat one = {.from = ride.from, .to = ride.to, .party = party[pass], .vehicle = TQ_NONE};
        tq_fleet_pool_request request = request_of(&one, DAY_MOST);
        TQ_TRY(tq_fleet_offer(all->pool, &request, slots, slot_count, 1, place, &found,
                              all->call->err));
        for (uint32_t k = 0; k < found && *count < DYNAMIC_RIDES_MAX; k++) {
            if (place[k].pick >= soonest_s[place[k].slot]) continue;
            soonest_s[place[k].slot] = place[k].pick;
            ride.seats = party[pass];
            ride.pick_s = place[k].pick;
            ride.arrive_s = place[k].drop + PROMISE_S;
            out[(*count)++] = ride;
        }
    }
    return TQ_OK;
}

tq_status dynamic_rides(desk_call *call, const line_plan *plan, int32_t day, int32_t earliest_s,
                        dynamic_ride *out, uint32_t *count)
{
    dispatch all;
    tq_fleet_pool_slot slot[TQ_FLEET_POOL_SLOTS_MAX];
    uint32_t slots = make_slots(plan, TQ_MAX(earliest_s, plan->window_from_s), slot);
    *count = 0;
    if (slots == 0) return TQ_OK;
    tq_status status = dispatch_open(call, plan, day, &all);
    if (status == TQ_LIMIT || status == TQ_STALE) return TQ_OK;
    TQ_TRY(status);
    /* Whether a wheelchair fits beside what is booked is told by the desk. */
    dynamic_ride ride = {.wheelchairs = all.seat.count == 0 ? plan->wheelchairs : 0};
    for (ride.from = 0; status == TQ_OK && ride.from < plan->stop_count; ride.from++)
        for (ride.to = 0; status == TQ_OK && ride.to < plan->stop_count; ride.to++)
            if (ride.from != ride.to && plan->stop[ride.from].board && plan->stop[ride.to].alight)
                status = rides_between(&all, slot, slots, ride, out, count);
    dispatch_close(&all);
    return status;
}

/* ---- offers without commitment -----------------------------------------------------------------
 */

static int by_pick(const void *left, const void *right)
{
    const tq_fleet_pool_place *a = left, *b = right;
    if (a->pick != b->pick) return a->pick < b->pick ? -1 : 1;
    return a->vehicle < b->vehicle ? -1 : a->vehicle > b->vehicle;
}

static tq_status offers(dispatch *all, const seat *one, json_t *list)
{
    tq_fleet_pool_slot slot[SLOTS];
    tq_fleet_pool_place place[SLOTS];
    uint32_t count = 0;
    int32_t span_s = one->before_s - one->after_s;
    tq_fleet_pool_request request = request_of(one, DAY_MOST);
    for (uint32_t k = 0; k < SLOTS; k++)
        slot[k] = (tq_fleet_pool_slot){one->after_s + span_s * (int32_t)k / (int32_t)SLOTS,
                                       one->after_s + span_s * (int32_t)(k + 1) / (int32_t)SLOTS,
                                       one->arrive_s};
    TQ_TRY(tq_fleet_offer(all->pool, &request, slot, SLOTS, 1, place, &count, all->call->err));
    qsort(place, count, sizeof *place, by_pick);
    for (uint32_t k = 0; k < count; k++) {
        json_t *offer = promise_json(&place[k]);
        json_object_set_new(offer, "price_fen",
                            json_integer(all->plan->single_fen * (json_int_t)one->party));
        json_array_append_new(list, offer);
    }
    return TQ_OK;
}

static tq_status answer_offers(desk_call *call, const line_plan *plan)
{
    const char *text = NULL;
    double party = 1, wheels = 0;
    int32_t day = 0;
    dispatch all;
    seat one = {.vehicle = TQ_NONE};
    if (!plan->dynamic) return desk_bad(call, "%s runs by a timetable; see its runs", plan->id);
    TQ_TRY(desk_text(call, "day", true, &text));
    if (!lines_date(text, &day) || !lines_plan_serves(plan, day))
        return desk_bad(call, "\"day\" is \"%.20s\": no day on which %s runs", text, plan->id);
    TQ_TRY(desk_number(call, "party", false, 1, LINES_PARTY_MAX, &party));
    TQ_TRY(desk_number(call, "wheelchairs", false, 0, party, &wheels));
    one.party = (uint32_t)party;
    one.wheelchairs = (uint32_t)wheels;
    TQ_TRY(read_seat(call, plan, day, &one));
    TQ_TRY(dispatch_open(call, plan, day, &all));
    json_t *answer = json_object(), *list = json_array();
    json_object_set_new(answer, "line", json_string(plan->id));
    json_object_set_new(answer, "offers", list);
    json_object_set_new(answer, "late", json_integer(all.late));
    tq_status status = offers(&all, &one, list);
    dispatch_close(&all);
    if (status == TQ_OK) return desk_answer(call, answer);
    json_decref(answer);
    return status;
}

tq_status booking_offer(desk_call *call)
{
    static const char *const members[] = {"line",        "day",    "from_stop",     "to_stop",
                                          "after",       "before", "arrive_before", "party",
                                          "wheelchairs", NULL};
    const char *line = NULL;
    line_plan *plan = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "line", true, &line));
    TQ_TRY(lines_plan_load(call, line, &plan));
    tq_status status = answer_offers(call, plan);
    lines_plan_free(plan);
    return status;
}
