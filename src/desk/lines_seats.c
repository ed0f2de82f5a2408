/*
 * Seats of runs, counted from the bookings themselves.
 *
 * A run is a line on a service day with one of its trips; between two stops lies a segment. A
 * booking takes its seats in the segments from where it gets on to where it gets off, so a seat is
 * sold again after the first rider has left. A wheelchair takes up as many seats as the rule says,
 * and one of the places for wheelchairs. A ticket for a month covers every run of its trip from its
 * first day to the month's end.
 *
 * Nothing is kept beside the bookings: each decision reads those of the line and month within the
 * writer's transaction, so what was decided before, in this transaction too, is always counted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/lines_in.h"

void seats_parent(const char *line, int32_t month, char out[TQ_ID_MAX + 16])
{
    char text[16];
    lines_month_print(month, text);
    (void)snprintf(out, TQ_ID_MAX + 16, "%s/%s", line, text);
}

typedef struct read_run {
    desk_call *call;
    seat_book *book;
    tq_status status;
} read_run;

static bool read_row(const json_t *record, const seat_book *book, seat_row *out)
{
    const line_plan *plan = book->plan;
    const char *state = desk_get_text(record, "state");
    *out = (seat_row){.month = strcmp(desk_get_text(record, "ticket"), "month") == 0};
    (void)snprintf(out->id, sizeof out->id, "%s", desk_get_text(record, "id"));
    if (strcmp(state, "booked") != 0 && strcmp(state, "waiting") != 0) return false;
    out->state = strcmp(state, "booked") == 0 ? SEAT_BOOKED : SEAT_WAITING;
    out->paid = json_is_true(json_object_get(record, "paid"));
    out->trip = lines_plan_trip(plan, desk_get_text(record, "trip"));
    out->from = lines_plan_stop(plan, desk_get_text(record, "from_stop"));
    out->to = lines_plan_stop(plan, desk_get_text(record, "to_stop"));
    out->seats = (uint32_t)json_integer_value(json_object_get(record, "seats"));
    out->wheelchairs = (uint32_t)json_integer_value(json_object_get(record, "wheelchairs"));
    out->queue = (uint64_t)json_integer_value(json_object_get(record, "queue"));
    bool dynamic = json_object_get(record, "promise") != NULL;
    return lines_date(desk_get_text(record, out->month ? "first_day" : "day"), &out->day) &&
           (dynamic || out->trip != TQ_NONE) && out->from != TQ_NONE && out->to != TQ_NONE &&
           (dynamic || out->from < out->to);
}

static bool read_one(void *user, const tq_record *record)
{
    read_run *run = user;
    seat_row row;
    json_auto_t *body = NULL;
    run->status = desk_parse(record->body, DESK_BODY_MAX, "a booking", &body, run->call->err);
    if (run->status != TQ_OK) return false;
    if (!read_row(body, run->book, &row)) return true;
    if (run->book->row.count >= LINES_BOOKINGS_MAX)
        run->status = tq_fail(run->call->err, TQ_LIMIT, 0, "a line takes %u bookings a month",
                              LINES_BOOKINGS_MAX);
    else if (!tq_vec_push(&run->book->row, row))
        run->status = tq_fail(run->call->err, TQ_NO_MEMORY, 0, "no memory for bookings");
    return run->status == TQ_OK;
}

static int by_queue(const void *left, const void *right)
{
    const seat_row *a = left, *b = right;
    return a->queue < b->queue ? -1 : a->queue > b->queue;
}

tq_status seats_read(desk_call *call, const line_plan *plan, int32_t month, seat_book *out)
{
    char parent[TQ_ID_MAX + 16];
    read_run run = {.call = call, .book = out};
    tq_store_filter filter = {.kind = "booking", .state = "!cancelled", .parent = parent};
    *out = (seat_book){.city = call->desk->city, .plan = plan, .month = month};
    seats_parent(plan->id, month, parent);
    tq_status status = tq_store_each(call->desk->store, &filter, read_one, &run, call->err);
    if (status == TQ_OK) status = run.status;
    if (status != TQ_OK) {
        seats_free(out);
        return status;
    }
    if (out->row.count > 1) qsort(out->row.at, out->row.count, sizeof(seat_row), by_queue);
    return TQ_OK;
}

void seats_free(seat_book *book)
{
    tq_vec_free(&book->row);
}

bool seats_cover(const seat_book *book, const seat_row *row, int32_t day)
{
    if (!row->month) return row->day == day;
    return day >= row->day && lines_month_of(day) == book->month &&
           lines_plan_serves(book->plan, day);
}

void seats_of_run(const seat_book *book, int32_t day, uint32_t trip, seat_count count,
                  uint32_t seats[LINES_STOPS_MAX], uint32_t wheelchairs[LINES_STOPS_MAX])
{
    memset(seats, 0, LINES_STOPS_MAX * sizeof *seats);
    memset(wheelchairs, 0, LINES_STOPS_MAX * sizeof *wheelchairs);
    for (size_t k = 0; k < book->row.count; k++) {
        const seat_row *row = &book->row.at[k];
        if (row->state != SEAT_BOOKED || row->trip != trip || !seats_cover(book, row, day) ||
            (count == SEATS_PAID && !row->paid))
            continue;
        for (uint32_t stop = row->from; stop < row->to; stop++) {
            seats[stop] += row->seats;
            wheelchairs[stop] += row->wheelchairs;
        }
    }
}

bool seats_fit(const seat_book *book, const seat_row *row, int32_t *day)
{
    uint32_t seats[LINES_STOPS_MAX], wheels[LINES_STOPS_MAX];
    int32_t last = row->month ? lines_first_day(book->month + 1) - 1 : row->day;
    for (int32_t at = row->day; at <= last; at++) {
        if (!seats_cover(book, row, at)) continue;
        seats_of_run(book, at, row->trip, SEATS_BOOKED, seats, wheels);
        for (uint32_t stop = row->from; stop < row->to; stop++)
            if (seats[stop] + row->seats > book->plan->seats ||
                wheels[stop] + row->wheelchairs > book->plan->wheelchairs) {
                *day = at;
                return false;
            }
    }
    return true;
}

uint32_t seats_waiting(const seat_book *book)
{
    uint32_t count = 0;
    for (size_t k = 0; k < book->row.count; k++)
        count += book->row.at[k].state == SEAT_WAITING;
    return count;
}

void seats_measure(const seat_book *book, seat_count count, uint64_t *taken, uint64_t *all,
                   uint32_t *runs)
{
    uint32_t seats[LINES_STOPS_MAX], wheels[LINES_STOPS_MAX];
    *taken = *all = 0;
    *runs = 0;
    for (int32_t day = lines_first_day(book->month); day < lines_first_day(book->month + 1);
         day++) {
        if (!lines_plan_serves(book->plan, day)) continue;
        for (uint32_t trip = 0; trip < book->plan->trip_count; trip++) {
            uint32_t most = 0;
            seats_of_run(book, day, trip, count, seats, wheels);
            for (uint32_t stop = 0; stop + 1 < book->plan->stop_count; stop++)
                most = TQ_MAX(most, seats[stop]);
            *taken += most;
            *all += book->plan->seats;
            ++*runs;
        }
    }
}
