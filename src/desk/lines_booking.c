/*
 * Bookings of seats: single tickets for a day and tickets for a month, waiting with automatic
 * moving up, paying, cancelling, and what the clock ends.
 *
 * A seat is given only after counting the bookings of the line and month in the same transaction
 * (lines_seats.c), so it is never sold twice. Who waits moves up in the order of asking; one who
 * does not fit is passed over by one behind him who does, and stays where he is. After every change
 * no waiting booking fits any more.
 */
#include <stdio.h>

#include "desk/lines_in.h"
#include "desk/order_in.h"

/* What is asked for, read and checked. */
typedef struct wish {
    line_plan *plan;
    seat_row row;
    uint32_t party;
    int32_t month;
    bool wait;
    int64_t price_fen;
    dynamic_seat seat; /* of a dynamic line; booking_create frees its promise */
} wish;

static int32_t today(const desk_call *call)
{
    int32_t second = 0;
    return tq_local_day(&call->desk->city->zone, call->command->now_ms, &second);
}

static int64_t closes_ms(const desk_call *call, const line_plan *plan, int32_t day, uint32_t trip)
{
    return lines_run_ms(call->desk->city, plan, day, trip, 0) - plan->rule->closes_ms;
}

/* First run of a month's ticket that can still be booked, on or after `from`; and how many of the
 * month's runs it covers. */
static bool month_days(const desk_call *call, const line_plan *plan, int32_t month, uint32_t trip,
                       int32_t *first, uint32_t *covered, uint32_t *all)
{
    *covered = *all = 0;
    for (int32_t day = lines_first_day(month); day < lines_first_day(month + 1); day++) {
        if (!lines_plan_serves(plan, day)) continue;
        ++*all;
        if (closes_ms(call, plan, day, trip) <= call->command->now_ms) continue;
        if (*covered == 0) *first = day;
        ++*covered;
    }
    return *covered > 0;
}

/* ---- creating ----------------------------------------------------------------------------------
 */

static tq_status read_ride(desk_call *call, wish *out)
{
    const char *trip = NULL, *from = NULL, *to = NULL;
    const line_plan *plan = out->plan;
    TQ_TRY(desk_text(call, "trip", true, &trip));
    TQ_TRY(desk_text(call, "from_stop", true, &from));
    TQ_TRY(desk_text(call, "to_stop", true, &to));
    out->row.trip = lines_plan_trip(plan, trip);
    if (out->row.trip == TQ_NONE)
        return desk_bad(call, "%s has no trip \"%.24s\"; its first is %s", plan->id, trip,
                        plan->trip[0].id);
    out->row.from = lines_plan_stop(plan, from);
    out->row.to = lines_plan_stop(plan, to);
    if (out->row.from == TQ_NONE || !plan->stop[out->row.from].board)
        return desk_bad(call, "\"from_stop\" is \"%.24s\": no stop of %s at which one gets on",
                        from, plan->id);
    if (out->row.to == TQ_NONE || !plan->stop[out->row.to].alight)
        return desk_bad(call, "\"to_stop\" is \"%.24s\": no stop of %s at which one gets off", to,
                        plan->id);
    if (out->row.from >= out->row.to)
        return desk_bad(call, "the line reaches %s before %s; book the other way round",
                        plan->stop[out->row.to].name, plan->stop[out->row.from].name);
    return TQ_OK;
}

static tq_status read_party(desk_call *call, wish *out)
{
    const line_plan *plan = out->plan;
    double party = 1, wheels = 0;
    TQ_TRY(desk_number(call, "party", false, 1, LINES_PARTY_MAX, &party));
    TQ_TRY(desk_number(call, "wheelchairs", false, 0, LINES_WHEELS_MAX, &wheels));
    out->party = (uint32_t)party;
    out->row.wheelchairs = (uint32_t)wheels;
    if (out->party != party || out->row.wheelchairs != wheels || out->row.wheelchairs > out->party)
        return desk_bad(call, "\"party\" and \"wheelchairs\" are whole numbers, and a wheelchair "
                              "is one of the party");
    if (out->row.wheelchairs > plan->wheelchairs)
        return desk_bad(call, "%s has %u places for wheelchairs; %u are asked for", plan->id,
                        plan->wheelchairs, out->row.wheelchairs);
    out->row.seats =
        out->party - out->row.wheelchairs + out->row.wheelchairs * plan->rule->wheelchair_seats;
    if (out->row.seats > plan->seats)
        return desk_bad(call, "%u seats are asked for; %s has %u", out->row.seats, plan->id,
                        plan->seats);
    return TQ_OK;
}

static tq_status read_day(desk_call *call, wish *out)
{
    const char *text = NULL;
    const line_plan *plan = out->plan;
    int32_t day = 0, now = today(call);
    TQ_TRY(desk_text(call, "day", true, &text));
    if (!lines_date(text, &day))
        return desk_bad(call, "\"day\" is \"%.20s\": write a day such as 2025-06-03", text);
    if (day < now - 1 || day > now + LINES_AHEAD_DAYS)
        return desk_bad(call, "\"day\" is %s: seats are sold from today to %d days ahead", text,
                        LINES_AHEAD_DAYS);
    if (!lines_plan_serves(plan, day))
        return desk_bad(call, "%s does not run on %s", plan->id, text);
    if (closes_ms(call, plan, day, out->row.trip) <= call->command->now_ms)
        return desk_bad(call, "booking for trip %s on %s closed %lld min before it leaves",
                        plan->trip[out->row.trip].id, text,
                        (long long)(plan->rule->closes_ms / 60000));
    out->row.day = day;
    out->month = lines_month_of(day);
    out->price_fen = plan->single_fen * out->party;
    return TQ_OK;
}

static tq_status read_month(desk_call *call, wish *out)
{
    const char *text = NULL;
    const line_plan *plan = out->plan;
    int32_t now = lines_month_of(today(call));
    uint32_t covered = 0, all = 0;
    TQ_TRY(desk_text(call, "month", true, &text));
    if (!lines_month(text, &out->month))
        return desk_bad(call, "\"month\" is \"%.20s\": write a month such as 2025-07", text);
    if (out->month < now || out->month > now + 2)
        return desk_bad(call, "\"month\" is %s: this month and the next two are sold", text);
    if (!month_days(call, plan, out->month, out->row.trip, &out->row.day, &covered, &all))
        return desk_bad(call, "%s has no run in %s that can still be booked", plan->id, text);
    out->price_fen = plan->month_fen * out->party * covered / all;
    return TQ_OK;
}

/* On a dynamic line a place is found, or there is none: nobody waits. */
static tq_status read_dynamic(desk_call *call, wish *out)
{
    const char *text = NULL;
    const line_plan *plan = out->plan;
    int32_t now = today(call);
    if (json_object_get(call->body, "trip") != NULL)
        return desk_bad(call, "%s is dynamic and has no trips; give \"after\"", plan->id);
    TQ_TRY(read_party(call, out));
    TQ_TRY(desk_text(call, "day", true, &text));
    if (!lines_date(text, &out->row.day) || !lines_plan_serves(plan, out->row.day) ||
        out->row.day < now || out->row.day > now + LINES_AHEAD_DAYS)
        return desk_bad(call, "\"day\" is \"%.20s\": no day on which %s runs and is sold", text,
                        plan->id);
    out->month = lines_month_of(out->row.day);
    out->price_fen = plan->single_fen * out->party;
    out->row.trip = TQ_NONE;
    TQ_TRY(dynamic_place(call, plan, out->row.day, out->party, out->row.wheelchairs, &out->seat));
    out->row.from = out->seat.from;
    out->row.to = out->seat.to;
    return TQ_OK;
}

static tq_status read_wish(desk_call *call, wish *out)
{
    const char *ticket = NULL;
    const line_plan *plan = out->plan;
    if (strcmp(plan->state, "draft") == 0 || strcmp(plan->state, "stopped") == 0)
        return tq_fail(call->err, TQ_STALE, 0, "%s is %s: it takes no bookings", plan->id,
                       plan->state);
    if (plan->dynamic) return read_dynamic(call, out);
    TQ_TRY(desk_text(call, "ticket", false, &ticket));
    if (ticket[0] != '\0' && strcmp(ticket, "single") != 0 && strcmp(ticket, "month") != 0)
        return desk_bad(call, "\"ticket\" is single or month");
    out->row.month = strcmp(ticket, "month") == 0;
    if ((plan->rule->tickets & (out->row.month ? LINE_MONTH : LINE_SINGLE)) == 0)
        return desk_bad(call, "the rule %s sells no tickets for a %s", plan->rule->id,
                        out->row.month ? "month" : "day");
    TQ_TRY(read_ride(call, out));
    TQ_TRY(read_party(call, out));
    const json_t *wait = json_object_get(call->body, "wait");
    if (wait != NULL && !json_is_boolean(wait)) return desk_bad(call, "\"wait\" is true or false");
    out->wait = !json_is_false(wait);
    return out->row.month ? read_month(call, out) : read_day(call, out);
}

static json_t *end_json(const line_stop *stop)
{
    return json_pack("{s:s,s:f,s:f}", "name", stop->name, "lat", (double)stop->at.lat_e7 / 1e7,
                     "lon", (double)stop->at.lon_e7 / 1e7);
}

/* The order of a seat, so that the phone desk sees one record for all. A month's ticket has one,
 * at its first run. */
static tq_status open_order(desk_call *call, const line_plan *plan, json_t *booking)
{
    static const char *const kept[] = {"phone", "name", "caller", "party", "owner"};
    char id[TQ_ID_MAX];
    uint32_t from = lines_plan_stop(plan, desk_get_text(booking, "from_stop")),
             to = lines_plan_stop(plan, desk_get_text(booking, "to_stop"));
    json_auto_t *order = json_object();
    json_object_set_new(order, "kind", json_string("seat"));
    json_object_set_new(order, "booking", json_string(desk_get_text(booking, "id")));
    json_object_set_new(order, "line", json_string(plan->id));
    json_object_set(order, "at", json_object_get(booking, "departs"));
    for (uint32_t k = 0; k < TQ_COUNT(kept); k++) {
        json_t *value = json_object_get(booking, kept[k]);
        if (value != NULL) json_object_set(order, kept[k], value);
    }
    if (from != TQ_NONE) json_object_set_new(order, "from", end_json(&plan->stop[from]));
    if (to != TQ_NONE) json_object_set_new(order, "to", end_json(&plan->stop[to]));
    if (json_integer_value(json_object_get(booking, "wheelchairs")) > 0)
        json_object_set_new(order, "needs", json_pack("[s]", "wheelchair"));
    TQ_TRY(desk_order_open(call, order, id));
    json_object_set_new(booking, "order", json_string(id));
    return TQ_OK;
}

/* Its order ends with the booking, unless the ride has begun. */
static tq_status end_order(desk_call *call, const json_t *booking, const char *why)
{
    const char *id = desk_get_text(booking, "order");
    json_auto_t *order = NULL;
    uint64_t version = 0;
    char state[32];
    if (id[0] == '\0') return TQ_OK;
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    if (strcmp(state, "booked") != 0) return TQ_OK;
    json_t *facts = json_object();
    json_object_set(facts, "cancelled", json_object_get(booking, "cancelled"));
    return desk_order_move(call, id, "cancelled", "cancelled", facts, why);
}

static void add_history(desk_call *call, json_t *record, const char *what, const char *note)
{
    json_t *line = json_object();
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "by", json_string(call->command->actor->name));
    json_object_set_new(line, "what", json_string(what));
    if (note != NULL && note[0] != '\0') json_object_set_new(line, "note", json_string(note));
    lines_note(call, record, "history", LINES_HISTORY_MAX, line);
}

/* Everything that does not change any more. */
static json_t *booking_json(const desk_call *call, const wish *one)
{
    static const char *const kept[] = {"phone", "name", "caller", "note"};
    char text[16];
    json_t *out = json_object();
    const line_plan *plan = one->plan;
    json_object_set_new(out, "line", json_string(plan->id));
    const char *ticket = plan->dynamic ? "dynamic" : one->row.month ? "month" : "single";
    json_object_set_new(out, "ticket", json_string(ticket));
    lines_date_print(one->row.day, text);
    json_object_set_new(out, one->row.month ? "first_day" : "day", json_string(text));
    lines_month_print(one->month, text);
    json_object_set_new(out, "month", json_string(text));
    if (plan->dynamic)
        json_object_set(out, "promise", one->seat.promise);
    else
        json_object_set_new(out, "trip", json_string(plan->trip[one->row.trip].id));
    json_object_set_new(out, "from_stop", json_string(plan->stop[one->row.from].id));
    json_object_set_new(out, "to_stop", json_string(plan->stop[one->row.to].id));
    json_object_set_new(out, "party", json_integer(one->party));
    json_object_set_new(out, "wheelchairs", json_integer(one->row.wheelchairs));
    json_object_set_new(out, "seats", json_integer(one->row.seats));
    json_object_set_new(out, "price_fen", json_integer(one->price_fen));
    json_object_set_new(out, "owner", json_string(call->command->actor->name));
    json_object_set_new(out, "order", json_null());
    int64_t leaves_ms =
        plan->dynamic
            ? tq_service_day_ms(&call->desk->city->zone, one->row.day) + one->seat.pick_s * 1000LL
            : lines_run_ms(call->desk->city, plan, one->row.day, one->row.trip, one->row.from);
    desk_put_instant(call, out, "departs", leaves_ms);
    desk_put_instant(call, out, "booking_until",
                     plan->dynamic ? leaves_ms - plan->rule->closes_ms
                                   : closes_ms(call, plan, one->row.day, one->row.trip));
    for (uint32_t k = 0; k < TQ_COUNT(kept); k++)
        json_object_set(out, kept[k], json_object_get(call->body, kept[k]));
    return out;
}

static tq_status write_new(desk_call *call, const wish *one, bool fits, bool paid, uint32_t ahead)
{
    char id[TQ_ID_MAX], parent[TQ_ID_MAX + 16];
    uint64_t queue = 0;
    json_auto_t *booking = booking_json(call, one);
    TQ_TRY(tq_store_number(call->desk->store, "booking-queue", &queue, call->err));
    json_object_set_new(booking, "queue", json_integer((json_int_t)queue));
    json_object_set_new(booking, "paid", json_boolean(paid && fits));
    TQ_TRY(desk_new_id(call, "BK", id));
    json_object_set_new(booking, "id", json_string(id));
    (void)snprintf(call->about, sizeof call->about, "%s", id);
    add_history(call, booking, fits ? "booked" : "waiting", NULL);
    if (fits) TQ_TRY(open_order(call, one->plan, booking));
    TQ_TRY(desk_save(call, "booking", id, fits ? "booked" : "waiting", booking, 0));
    seats_parent(one->plan->id, one->month, parent);
    TQ_TRY(tq_store_link(call->desk->store, "booking", id, parent, call->err));
    TQ_TRY(desk_event(call, "booking", id, fits ? "booked" : "waiting", false, TQ_ROLE_STAFF,
                      json_pack("{s:s}", "line", one->plan->id)));
    *call->status = 201;
    json_t *answer = json_copy(booking);
    if (!fits) json_object_set_new(answer, "ahead", json_integer(ahead));
    return desk_answer(call, answer);
}

static tq_status create_in(desk_call *call, wish *one)
{
    seat_book book;
    char text[16];
    int32_t full = 0;
    const json_t *paid = json_object_get(call->body, "paid");
    TQ_TRY(read_wish(call, one));
    if (json_is_true(paid) && !desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN))
        return tq_fail(call->err, TQ_DENIED, 0, "only the desk says that a seat is paid");
    TQ_TRY(seats_read(call, one->plan, one->month, &book));
    bool fits = one->plan->dynamic || seats_fit(&book, &one->row, &full);
    uint32_t waiting = seats_waiting(&book);
    size_t rows = book.row.count;
    seats_free(&book);
    if (rows >= LINES_BOOKINGS_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "a line takes %u bookings a month",
                       LINES_BOOKINGS_MAX);
    lines_date_print(full, text);
    if (!fits && !one->wait)
        return tq_fail(call->err, TQ_STALE, 0, "trip %s of %s has not %u seats left on %s",
                       one->plan->trip[one->row.trip].id, one->plan->id, one->row.seats, text);
    if (!fits && waiting >= one->plan->rule->waiting_max)
        return tq_fail(call->err, TQ_STALE, 0,
                       "trip %s of %s is full on %s, and %u bookings wait already",
                       one->plan->trip[one->row.trip].id, one->plan->id, text, waiting);
    return write_new(call, one, fits, json_is_true(paid), waiting);
}

tq_status booking_create(desk_call *call)
{
    static const char *const members[] = {
        "line",  "ticket",      "day",    "month",         "trip",   "from_stop", "to_stop",
        "party", "wheelchairs", "phone",  "name",          "caller", "note",      "paid",
        "wait",  "after",       "before", "arrive_before", NULL};
    static const char *const texts[] = {"phone", "name", "caller", "note"};
    const char *line = NULL, *text = NULL;
    wish one = {0};
    TQ_TRY(desk_only(call, members));
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++)
        TQ_TRY(desk_text(call, texts[k], false, &text));
    TQ_TRY(desk_text(call, "line", true, &line));
    TQ_TRY(lines_plan_load(call, line, &one.plan));
    tq_status status = create_in(call, &one);
    json_decref(one.seat.promise);
    lines_plan_free(one.plan);
    return status;
}

/* ---- moving up ---------------------------------------------------------------------------------
 */

static tq_status give_seat(desk_call *call, const line_plan *plan, seat_row *row, json_t *moved)
{
    char text[16];
    json_auto_t *booking = NULL;
    uint64_t version = 0;
    TQ_TRY(desk_load(call, "booking", row->id, &booking, &version, NULL));
    if (row->month) {
        lines_date_print(row->day, text);
        json_object_set_new(booking, "first_day", json_string(text));
    }
    add_history(call, booking, "booked", "a seat came free");
    TQ_TRY(open_order(call, plan, booking));
    TQ_TRY(desk_save(call, "booking", row->id, "booked", booking, version));
    TQ_TRY(desk_event(call, "booking", row->id, "moved_up", false, TQ_ROLE_STAFF,
                      json_pack("{s:s}", "line", plan->id)));
    row->state = SEAT_BOOKED;
    if (moved != NULL) json_array_append_new(moved, json_string(row->id));
    return TQ_OK;
}

tq_status bookings_move_up(desk_call *call, const line_plan *plan, int32_t month, json_t *moved)
{
    seat_book book;
    TQ_TRY(seats_read(call, plan, month, &book));
    tq_status status = TQ_OK;
    for (size_t k = 0; status == TQ_OK && k < book.row.count; k++) {
        seat_row *row = &book.row.at[k];
        uint32_t covered = 0, all = 0;
        int32_t full = 0;
        if (row->state != SEAT_WAITING) continue;
        if (row->month ? !month_days(call, plan, month, row->trip, &row->day, &covered, &all)
                       : closes_ms(call, plan, row->day, row->trip) <= call->command->now_ms)
            continue;
        if (seats_fit(&book, row, &full)) status = give_seat(call, plan, row, moved);
    }
    seats_free(&book);
    return status;
}

/* ---- ending ------------------------------------------------------------------------------------
 */

/* What goes back of a price: all before the free time ends, of a month the runs still to come. */
static int64_t refund_of(const desk_call *call, const line_plan *plan, const json_t *booking,
                         bool ours)
{
    int64_t now_ms = call->command->now_ms,
            price = json_integer_value(json_object_get(booking, "price_fen"));
    int32_t day = 0, month = 0;
    uint32_t trip = lines_plan_trip(plan, desk_get_text(booking, "trip"));
    int64_t free_ms = ours ? 0 : plan->rule->cancel_ms, left = 0, all = 0;
    if (!json_is_true(json_object_get(booking, "paid"))) return 0;
    if (trip == TQ_NONE) {
        bool known = desk_get_instant(call, booking, "departs", &left);
        return known && left - free_ms >= now_ms ? price : 0;
    }
    if (lines_date(desk_get_text(booking, "day"), &day))
        return lines_run_ms(call->desk->city, plan, day, trip, 0) - free_ms >= now_ms ? price : 0;
    if (!lines_month(desk_get_text(booking, "month"), &month) ||
        !lines_date(desk_get_text(booking, "first_day"), &day))
        return 0;
    for (; day < lines_first_day(month + 1); day++) {
        if (!lines_plan_serves(plan, day)) continue;
        all++;
        left += lines_run_ms(call->desk->city, plan, day, trip, 0) - free_ms >= now_ms;
    }
    return all > 0 ? price * left / all : 0;
}

static tq_status end_booking(desk_call *call, const line_plan *plan, const char *id, const char *by,
                             const char *why, json_t **out)
{
    json_auto_t *booking = NULL;
    uint64_t version = 0;
    TQ_TRY(desk_load(call, "booking", id, &booking, &version, NULL));
    json_t *said = json_object();
    json_object_set_new(said, "by", json_string(by));
    json_object_set_new(said, "why", json_string(why));
    json_object_set_new(said, "refund_fen",
                        json_integer(refund_of(call, plan, booking, strcmp(by, "passenger") != 0)));
    json_object_set_new(booking, "cancelled", said);
    add_history(call, booking, "cancelled", why);
    TQ_TRY(end_order(call, booking, why));
    TQ_TRY(desk_save(call, "booking", id, "cancelled", booking, version));
    TQ_TRY(desk_event(call, "booking", id, "cancelled", false, TQ_ROLE_STAFF,
                      json_pack("{s:s,s:s}", "line", plan->id, "why", why)));
    if (out != NULL) *out = json_incref(booking);
    return TQ_OK;
}

static bool is_desk(const desk_call *call)
{
    return desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN);
}

static bool may_see(const desk_call *call, const json_t *booking)
{
    const char *name = call->command->actor->name;
    return is_desk(call) || (name[0] != '\0' && strcmp(desk_get_text(booking, "owner"), name) == 0);
}

/* The booking that the command is about, if the one who asks may know of it, and its line. */
static tq_status load_mine(desk_call *call, json_t **booking, uint64_t *version, line_plan **plan)
{
    const char *id = call->command->id;
    json_auto_t *found = NULL;
    char state[32];
    TQ_TRY(desk_load(call, "booking", id, &found, version, state));
    if (!may_see(call, found))
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no booking \"%.48s\"", id);
    TQ_TRY(desk_expect(call, "booking", id, *version));
    if (strcmp(state, "cancelled") == 0)
        return tq_fail(call->err, TQ_STALE, 0, "the booking %s is cancelled already", id);
    TQ_TRY(lines_plan_load(call, desk_get_text(found, "line"), plan));
    *booking = json_incref(found);
    return TQ_OK;
}

/* Has its run, or the last run of its month, left? */
static bool is_over(const desk_call *call, const line_plan *plan, const json_t *booking)
{
    int32_t day = 0, month = 0;
    uint32_t trip = lines_plan_trip(plan, desk_get_text(booking, "trip"));
    if (trip == TQ_NONE) {
        int64_t leaves_ms = 0;
        return desk_get_instant(call, booking, "departs", &leaves_ms) &&
               leaves_ms <= call->command->now_ms;
    }
    if (lines_date(desk_get_text(booking, "day"), &day))
        return lines_run_ms(call->desk->city, plan, day, trip, 0) <= call->command->now_ms;
    return lines_month(desk_get_text(booking, "month"), &month) &&
           lines_run_ms(call->desk->city, plan, lines_first_day(month + 1) - 1, trip, 0) <=
               call->command->now_ms;
}

/* End it and give its seats to those who wait; `moved` (may be NULL) gets their ids. */
static tq_status end_and_move_up(desk_call *call, const line_plan *plan, const json_t *booking,
                                 const char *by, const char *why, json_t *moved, json_t **ended)
{
    const char *id = desk_get_text(booking, "id");
    int32_t month = 0;
    if (is_over(call, plan, booking))
        return desk_bad(call, "the run of %s has left; it can no longer be cancelled", id);
    TQ_TRY(end_booking(call, plan, id, by, why, ended));
    if (!lines_month(desk_get_text(booking, "month"), &month)) return TQ_OK;
    return bookings_move_up(call, plan, month, moved);
}

tq_status booking_cancel(desk_call *call)
{
    static const char *const members[] = {"reason", "version", NULL};
    const char *reason = NULL;
    json_auto_t *booking = NULL, *ended = NULL, *moved = json_array();
    line_plan *plan = NULL;
    uint64_t version = 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(load_mine(call, &booking, &version, &plan));
    tq_status status = end_and_move_up(call, plan, booking, "passenger",
                                       reason[0] != '\0' ? reason : "as wished", moved, &ended);
    lines_plan_free(plan);
    TQ_TRY(status);
    json_t *answer = json_copy(ended);
    json_object_set(answer, "moved_up", moved);
    return desk_answer(call, answer);
}

tq_status booking_end_of_order(desk_call *call, const json_t *order, const char *by,
                               const char *why)
{
    const char *id = desk_get_text(order, "booking");
    json_auto_t *booking = NULL;
    line_plan *plan = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_load(call, "booking", id, &booking, &version, state));
    if (strcmp(state, "booked") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "the booking %s of order %s is %s", id,
                       call->command->id, state);
    TQ_TRY(lines_plan_load(call, desk_get_text(booking, "line"), &plan));
    tq_status status = end_and_move_up(call, plan, booking, by, why, NULL, NULL);
    lines_plan_free(plan);
    return status;
}

tq_status booking_pay(desk_call *call)
{
    static const char *const members[] = {"method", "version", NULL};
    const char *method = NULL;
    json_auto_t *booking = NULL;
    line_plan *plan = NULL;
    uint64_t version = 0;
    int32_t day = 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "method", false, &method));
    TQ_TRY(load_mine(call, &booking, &version, &plan));
    const char *first = desk_get_text(booking, "day");
    uint32_t trip = lines_plan_trip(plan, desk_get_text(booking, "trip"));
    if (first[0] == '\0') first = desk_get_text(booking, "first_day");
    tq_status status = TQ_OK;
    if (strcmp(desk_get_text(booking, "state"), "booked") != 0)
        status = tq_fail(call->err, TQ_STALE, 0, "%s still waits for a seat; nothing is to be paid",
                         call->command->id);
    else if (json_is_true(json_object_get(booking, "paid")))
        status = tq_fail(call->err, TQ_STALE, 0, "%s is paid already", call->command->id);
    else if (plan->rule->lapse && trip != TQ_NONE && lines_date(first, &day) &&
             closes_ms(call, plan, day, trip) <= call->command->now_ms)
        status = desk_bad(call, "booking closed %lld min before the run; it can no longer be paid",
                          (long long)(plan->rule->closes_ms / 60000));
    lines_plan_free(plan);
    if (status != TQ_OK) return status;
    json_object_set_new(booking, "paid", json_true());
    desk_put_instant(call, booking, "paid_at", call->command->now_ms);
    add_history(call, booking, "paid", method);
    TQ_TRY(desk_save(call, "booking", call->command->id, "booked", booking, version));
    TQ_TRY(desk_event(call, "booking", call->command->id, "paid", false, TQ_ROLE_STAFF, NULL));
    return desk_answer(call, json_incref(booking));
}

/* ---- the clock, and lines that stop ------------------------------------------------------------
 */

tq_status bookings_cancel_all(desk_call *call, const line_plan *plan, const char *why)
{
    int32_t now = today(call), month = lines_month_of(now);
    tq_status status = TQ_OK;
    for (int32_t m = month; status == TQ_OK && m <= month + 3; m++) {
        seat_book book;
        TQ_TRY(seats_read(call, plan, m, &book));
        for (size_t k = 0; status == TQ_OK && k < book.row.count; k++) {
            const seat_row *row = &book.row.at[k];
            if (row->trip == TQ_NONE && row->day < now) continue;
            if (row->trip != TQ_NONE && !row->month &&
                lines_run_ms(call->desk->city, plan, row->day, row->trip, 0) <=
                    call->command->now_ms)
                continue;
            status = end_booking(call, plan, row->id, "centre", why, NULL);
        }
        seats_free(&book);
    }
    return status;
}

/* Why the clock ends it, NULL = it stands. */
static const char *lapsed(const desk_call *call, const line_plan *plan, const seat_row *row)
{
    if (row->trip == TQ_NONE) return NULL;
    int32_t last = row->month ? lines_first_day(lines_month_of(row->day) + 1) - 1 : row->day;
    bool closed = closes_ms(call, plan, row->day, row->trip) <= call->command->now_ms;
    if (row->state == SEAT_BOOKED)
        return closed && plan->rule->lapse && !row->paid ? "not paid before booking closed" : NULL;
    return closes_ms(call, plan, last, row->trip) <= call->command->now_ms ? "no seat came free"
                                                                           : NULL;
}

tq_status bookings_tick(desk_call *call, const line_plan *plan, bool *changed)
{
    int32_t now = today(call), month = lines_month_of(now);
    /* A run just after midnight may belong to the service day before. */
    int32_t first = lines_month_of(now - 1);
    tq_status status = TQ_OK;
    for (int32_t m = first; status == TQ_OK && m <= month + 1; m++) {
        seat_book book;
        uint32_t ended = 0;
        TQ_TRY(seats_read(call, plan, m, &book));
        for (size_t k = 0; status == TQ_OK && k < book.row.count; k++) {
            const char *why = lapsed(call, plan, &book.row.at[k]);
            if (why == NULL) continue;
            json_auto_t *detail = json_pack("{s:s,s:s}", "line", plan->id, "why", why);
            status = end_booking(call, plan, book.row.at[k].id, "centre", why, NULL);
            if (status == TQ_OK)
                status =
                    desk_audit(call, "booking.lapse", "booking", book.row.at[k].id, "done", detail);
            ended++;
        }
        seats_free(&book);
        if (status == TQ_OK && ended > 0) {
            *changed = true;
            status = bookings_move_up(call, plan, m, NULL);
        }
    }
    return status;
}

/* ---- listing -----------------------------------------------------------------------------------
 */

static json_t *show_booking(desk_call *call, const tq_record *record)
{
    json_t *shown = NULL;
    char text[TQ_ID_MAX];
    if (desk_parse(record->body, DESK_BODY_MAX, "a booking", &shown, call->err) != TQ_OK)
        return NULL;
    bool fits = may_see(call, shown);
    if (desk_query(call, "line", text, sizeof text))
        fits = fits && strcmp(desk_get_text(shown, "line"), text) == 0;
    if (desk_query(call, "day", text, sizeof text))
        fits = fits && strcmp(desk_get_text(shown, "day"), text) == 0;
    if (desk_query(call, "phone", text, sizeof text))
        fits = fits && strcmp(desk_get_text(shown, "phone"), text) == 0;
    if (fits) return shown;
    json_decref(shown);
    return NULL;
}

tq_status booking_list(desk_call *call)
{
    return desk_answer_list(call, "booking", "bookings", show_booking);
}
