/*
 * The offer of lines to trip planning: runs of open lines in the next days that can still be
 * booked, as the value of city/ondemand.h. Made on the writer's thread after a commit that changed
 * lines, bookings or the network; what a booking finds later is decided by counting again.
 *
 * A dynamic line is offered as rides from stop to stop that its vehicles could promise now, each a
 * run of two stops without a trip, on the next DYNAMIC_DAYS days.
 */
#include "desk/dispatch_in.h"
#include "desk/lines_in.h"

#define OFFER_DAYS   7
#define DYNAMIC_DAYS 3

typedef struct offer {
    desk_call *call;
    line_run *run;
    TQ_VEC(tq_ondemand_run) runs;
    TQ_VEC(tq_ondemand_stop) stops;
    tq_buf text;
} offer;

static uint32_t put_text(offer *out, const char *text)
{
    uint32_t at = (uint32_t)out->text.len;
    if (text[0] == '\0') return 0;
    tq_buf_put(&out->text, text, strlen(text) + 1);
    return at;
}

/* Where people get on and off, TQ_NONE where no street is near. */
static void snap_stops(offer *out, const line_plan *plan, int64_t at_ms, tq_snap *snap)
{
    line_roads roads;
    tq_err own, *kept = out->call->err;
    out->call->err = &own;
    bool snaps = line_roads_open(out->call, "foot", at_ms, &roads) == TQ_OK;
    out->call->err = kept;
    for (uint32_t k = 0; k < plan->stop_count; k++)
        if (!snaps || !line_roads_snap(&roads, plan->stop[k].at, LINES_SNAP_M, &snap[k]))
            snap[k] = (tq_snap){.edge = TQ_NONE};
    if (snaps) line_roads_close(&roads);
}

static bool offer_stops(offer *out, const line_plan *plan, const seat_book *book)
{
    const line_run *run = out->run;
    uint32_t seats[LINES_STOPS_MAX], wheels[LINES_STOPS_MAX];
    seats_of_run(book, run->day, run->trip, SEATS_BOOKED, seats, wheels);
    tq_snap snap[LINES_STOPS_MAX];
    snap_stops(out, plan, run->planned_ms[0], snap);
    bool good = true;
    for (uint32_t k = 0; good && k < plan->stop_count; k++) {
        bool last = k + 1 == plan->stop_count;
        tq_ondemand_stop one = {
            .at = plan->stop[k].at,
            .edge = snap[k].edge,
            .along_dm = snap[k].along_dm,
            .id = put_text(out, plan->stop[k].id),
            .name = put_text(out, plan->stop[k].name),
            .free_seats = last ? 0 : plan->seats - TQ_MIN(seats[k], plan->seats),
            .free_wheelchairs = last ? 0 : plan->wheelchairs - TQ_MIN(wheels[k], plan->wheelchairs),
            .flags = (plan->stop[k].board && !last ? TQ_ONDEMAND_BOARD : 0) |
                     (plan->stop[k].alight && k > 0 ? TQ_ONDEMAND_ALIGHT : 0),
            .arrive_ms = run->expected_ms[k],
            .depart_ms = run->expected_ms[k]};
        good = tq_vec_push(&out->stops, one);
    }
    return good;
}

static tq_status offer_run(offer *out, const line_plan *plan, const seat_book *book, int32_t day,
                           uint32_t trip)
{
    desk_call *call = out->call;
    int64_t until_ms = lines_run_ms(call->desk->city, plan, day, trip, 0) - plan->rule->closes_ms;
    if (until_ms <= call->command->now_ms || out->runs.count >= TQ_ONDEMAND_RUNS_MAX) return TQ_OK;
    TQ_TRY(lines_run(call, plan, day, trip, out->run));
    if (out->run->blocked) return TQ_OK;
    const line_guarantee *metro = &out->run->guarantee;
    tq_ondemand_run one = {.line = put_text(out, plan->id),
                           .name = put_text(out, desk_get_text(plan->record, "name")),
                           .trip = put_text(out, plan->trip[trip].id),
                           .first_stop = (uint32_t)out->stops.count,
                           .stop_count = plan->stop_count,
                           .price_fen = (uint32_t)plan->single_fen,
                           .wheelchair_seats = plan->rule->wheelchair_seats,
                           .service_day = day,
                           .booking_until_ms = until_ms,
                           .metro_stop = metro->known ? plan->feeder.stop : TQ_NONE,
                           .metro_place = metro->known ? plan->feeder.line_stop : 0,
                           .metro_departure_ms = metro->known ? metro->next_ms : INT64_MIN,
                           .metro_wait_s = metro->wait_s,
                           .metro_holds = metro->holds};
    if (!offer_stops(out, plan, book) || !tq_vec_push(&out->runs, one))
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for an offer");
    return TQ_OK;
}

static bool offer_ride(offer *out, const line_plan *plan, const tq_snap *snap,
                       const dynamic_ride *ride, int64_t day_ms, tq_ondemand_run run)
{
    const uint32_t place[] = {ride->from, ride->to};
    const int64_t at_ms[] = {day_ms + ride->pick_s * 1000LL, day_ms + ride->arrive_s * 1000LL};
    run.first_stop = (uint32_t)out->stops.count;
    run.booking_until_ms = at_ms[0] - plan->rule->closes_ms;
    for (uint32_t k = 0; k < 2; k++) {
        const line_stop *stop = &plan->stop[place[k]];
        tq_ondemand_stop one = {.at = stop->at,
                                .edge = snap[place[k]].edge,
                                .along_dm = snap[place[k]].along_dm,
                                .id = put_text(out, stop->id),
                                .name = put_text(out, stop->name),
                                .free_seats = k == 0 ? ride->seats : 0,
                                .free_wheelchairs = k == 0 ? ride->wheelchairs : 0,
                                .flags = k == 0 ? TQ_ONDEMAND_BOARD : TQ_ONDEMAND_ALIGHT,
                                .arrive_ms = at_ms[k],
                                .depart_ms = at_ms[k]};
        if (!tq_vec_push(&out->stops, one)) return false;
    }
    return tq_vec_push(&out->runs, run);
}

static tq_status offer_dynamic(offer *out, const line_plan *plan, int32_t day)
{
    desk_call *call = out->call;
    int64_t day_ms = tq_service_day_ms(&call->desk->city->zone, day),
            open_ms = call->command->now_ms + plan->rule->closes_ms;
    int32_t earliest_s = (int32_t)TQ_MIN(TQ_MAX(open_ms - day_ms, 0) / 1000 + 1, INT32_MAX);
    tq_snap snap[LINES_STOPS_MAX];
    uint32_t count = 0;
    dynamic_ride *ride = TQ_ALLOC(dynamic_ride, DYNAMIC_RIDES_MAX);
    if (ride == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for an offer");
    tq_ondemand_run run = {.line = put_text(out, plan->id),
                           .name = put_text(out, desk_get_text(plan->record, "name")),
                           .stop_count = 2,
                           .price_fen = (uint32_t)plan->single_fen,
                           .wheelchair_seats = plan->rule->wheelchair_seats,
                           .service_day = day,
                           .metro_stop = TQ_NONE,
                           .metro_departure_ms = INT64_MIN};
    tq_status status = dynamic_rides(call, plan, day, earliest_s, ride, &count);
    if (status == TQ_OK && count > 0) snap_stops(out, plan, TQ_MAX(day_ms, open_ms), snap);
    for (uint32_t k = 0; status == TQ_OK && k < count; k++) {
        if (out->runs.count >= TQ_ONDEMAND_RUNS_MAX) break;
        if (!offer_ride(out, plan, snap, &ride[k], day_ms, run))
            status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for an offer");
    }
    tq_free(ride);
    return status;
}

static tq_status offer_line(offer *out, const char *id)
{
    desk_call *call = out->call;
    line_plan *plan = NULL;
    int32_t second = 0;
    int32_t now = tq_local_day(&call->desk->city->zone, call->command->now_ms, &second);
    TQ_TRY(lines_plan_load(call, id, &plan));
    tq_status status = TQ_OK;
    seat_book book = {.month = INT32_MIN};
    bool open = strcmp(plan->state, "open") == 0 || strcmp(plan->state, "running") == 0;
    bool sold = open && !plan->dynamic && (plan->rule->tickets & LINE_SINGLE) != 0;
    for (int32_t day = now; open && plan->dynamic && status == TQ_OK && day < now + DYNAMIC_DAYS;
         day++)
        if (lines_plan_serves(plan, day)) status = offer_dynamic(out, plan, day);
    for (int32_t day = now - 1; sold && status == TQ_OK && day < now + OFFER_DAYS; day++) {
        if (!lines_plan_serves(plan, day)) continue;
        if (book.month != lines_month_of(day)) {
            seats_free(&book);
            status = seats_read(call, plan, lines_month_of(day), &book);
        }
        for (uint32_t trip = 0; status == TQ_OK && trip < plan->trip_count; trip++)
            status = offer_run(out, plan, &book, day, trip);
    }
    seats_free(&book);
    lines_plan_free(plan);
    return status;
}

static bool list_open(void *user, const tq_record *record)
{
    if (strcmp(record->state, "open") != 0 && strcmp(record->state, "running") != 0) return true;
    return desk_ids_push(user, record->id);
}

/* Runs by first departure, equal ones by line, day and trip. */
static tq_status sorted(offer *out, const tq_ondemand **made)
{
    size_t count = out->runs.count;
    tq_err *err = out->call->err;
    uint64_t *key = TQ_ALLOC(uint64_t, count + 1);
    uint32_t *order = TQ_ALLOC(uint32_t, count + 1);
    tq_ondemand_run *run = TQ_ALLOC(tq_ondemand_run, count + 1);
    bool good = key != NULL && order != NULL && run != NULL && !out->text.failed;
    for (uint32_t k = 0; good && k < count; k++) {
        order[k] = k;
        key[k] = (uint64_t)out->stops.at[out->runs.at[k].first_stop].depart_ms;
    }
    good = good && tq_sort_by_u64(order, count, key);
    for (size_t k = 0; good && k < count; k++)
        run[k] = out->runs.at[order[k]];
    uint16_t *wait_s = NULL, *vehicles = NULL;
    tq_ondemand value = {.made_ms = out->call->command->now_ms,
                         .run_count = (uint32_t)count,
                         .stop_count = (uint32_t)out->stops.count,
                         .text_len = (uint32_t)out->text.len,
                         .run = run,
                         .stop = out->stops.at,
                         .text = out->text.at};
    tq_status status = good ? desk_waits(out->call, &wait_s, &vehicles, &value.taxi)
                            : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an offer");
    if (status == TQ_OK) status = tq_ondemand_new(out->call->desk->city, &value, made, err);
    tq_free(wait_s);
    tq_free(vehicles);
    tq_free(key);
    tq_free(order);
    tq_free(run);
    return status;
}

static tq_status offer_all(offer *out, const tq_ondemand **made)
{
    desk_ids ids = {0};
    tq_store_filter filter = {.kind = "line", .state = "!stopped", .limit = LINES_MAX};
    tq_status status =
        tq_store_each(out->call->desk->store, &filter, list_open, &ids, out->call->err);
    tq_buf_putc(&out->text, '\0');
    for (size_t k = 0; status == TQ_OK && k < ids.count; k++) {
        status = offer_line(out, ids.at[k].text);
        if (status == TQ_BAD_INPUT) status = TQ_OK;
    }
    tq_vec_free(&ids);
    return status == TQ_OK ? sorted(out, made) : status;
}

tq_status tq_desk_offer(tq_desk *desk, const tq_desk_world *world, int64_t now_ms,
                        const tq_ondemand **out, tq_err *err)
{
    const tq_actor clock = {.name = "clock", .roles = TQ_ROLE_PUBLIC};
    tq_command command = {.verb = "offer", .id = "", .key = "", .actor = &clock, .now_ms = now_ms};
    tq_err own;
    desk_call call = {
        .desk = desk, .command = &command, .world = world, .err = err != NULL ? err : &own};
    offer all = {.call = &call, .run = TQ_ALLOC(line_run, 1)};
    tq_status status =
        all.run != NULL ? offer_all(&all, out) : tq_fail(call.err, TQ_NO_MEMORY, 0, "no memory");
    tq_free(all.run);
    tq_vec_free(&all.runs);
    tq_vec_free(&all.stops);
    tq_buf_free(&all.text);
    return status;
}
