/*
 * Numbers of the phone desk: what was offered, answered, answered soon, given up; waits and talks;
 * what became of the calls, hour by hour. The longest wait is told for each hour, not as a mean of
 * the day, which hides it. Staffing is Erlang C (fleet).
 */
#include <stdio.h>

#include "desk/order_in.h"
#include "fleet/fleet.h"

#define HOURS       24u
#define STATS_DAYS  31
#define STATS_CALLS 200000u /* of one answer */

typedef struct hour_row {
    int64_t offered, answered, soon, abandoned, wait_ms, wait_most_ms, talk_ms, talks, orders,
        served;
} hour_row;

typedef struct stats_run {
    desk_call *call;
    int64_t from_ms, to_ms;
    uint32_t seen;
    bool more;
    hour_row hour[HOURS], all;
} stats_run;

static void add(hour_row *row, const hour_row *one)
{
    row->offered += one->offered;
    row->answered += one->answered;
    row->soon += one->soon;
    row->abandoned += one->abandoned;
    row->wait_ms += one->wait_ms;
    row->wait_most_ms = TQ_MAX(row->wait_most_ms, one->wait_most_ms);
    row->talk_ms += one->talk_ms;
    row->talks += one->talks;
    row->orders += one->orders;
    row->served += one->served;
}

static bool is_served(desk_call *call, const char *id)
{
    tq_buf text = {0};
    tq_record record;
    tq_err why;
    json_t *order = NULL;
    bool done = false;
    if (tq_store_get(call->desk->store, "order", id, &text, &record, &why) == TQ_OK &&
        desk_parse(record.body, SIZE_MAX, "an order", &order, &why) == TQ_OK)
        done = strcmp(desk_get_text(order, "state"), "done") == 0;
    json_decref(order);
    tq_buf_free(&text);
    return done;
}

static bool see_call(void *user, const tq_record *record)
{
    stats_run *run = user;
    desk_call *call = run->call;
    tq_err why;
    json_auto_t *body = NULL;
    int64_t at_ms = 0, answered_ms = 0, ended_ms = 0;
    hour_row one = {.offered = 1};
    /* They are put in within the hour after they rang. */
    if (record->created_ms < run->from_ms) return false;
    if (desk_parse(record->body, SIZE_MAX, "a call", &body, &why) != TQ_OK ||
        !desk_get_instant(call, body, "at", &at_ms) || at_ms < run->from_ms || at_ms >= run->to_ms)
        return true;
    if (run->seen++ == STATS_CALLS) {
        run->more = true;
        return false;
    }
    bool answered = desk_get_instant(call, body, "answered", &answered_ms),
         ended = desk_get_instant(call, body, "ended", &ended_ms);
    one.answered = answered;
    one.abandoned = strcmp(record->state, "abandoned") == 0;
    if (answered) {
        one.wait_ms = one.wait_most_ms = TQ_MAX(answered_ms - at_ms, (int64_t)0);
        one.soon = one.wait_ms <= call->desk->order_rules->rules.answer_within_s * INT64_C(1000);
        one.talks = ended;
        if (ended) one.talk_ms = TQ_MAX(ended_ms - answered_ms, (int64_t)0);
    } else {
        /* One who gave up waited too; one who still rings waits until now. */
        one.wait_most_ms = TQ_MAX((ended ? ended_ms : call->command->now_ms) - at_ms, (int64_t)0);
    }
    const char *order = desk_get_text(body, "order");
    one.orders = order[0] != '\0' && strcmp(desk_get_text(body, "outcome"), "order") == 0;
    if (one.orders) one.served = is_served(call, order);
    add(&run->hour[tq_moment_at(call->desk->city, at_ms).minute / 60], &one);
    add(&run->all, &one);
    return true;
}

static json_t *share(int64_t part, int64_t whole)
{
    return whole > 0 ? json_real((double)part / (double)whole) : json_null();
}

static json_t *seconds(int64_t ms, int64_t count)
{
    return count > 0 ? json_real((double)(ms / count) / 1000.0) : json_null();
}

static json_t *row_json(const hour_row *row)
{
    json_t *out = json_object();
    json_object_set_new(out, "offered", json_integer(row->offered));
    json_object_set_new(out, "answered", json_integer(row->answered));
    json_object_set_new(out, "within", json_integer(row->soon));
    json_object_set_new(out, "abandoned", json_integer(row->abandoned));
    json_object_set_new(out, "answer_share", share(row->answered, row->offered));
    json_object_set_new(out, "within_share", share(row->soon, row->offered));
    json_object_set_new(out, "mean_wait_s", seconds(row->wait_ms, row->answered));
    json_object_set_new(out, "max_wait_s", seconds(row->wait_most_ms, row->offered > 0));
    json_object_set_new(out, "mean_talk_s", seconds(row->talk_ms, row->talks));
    json_object_set_new(out, "orders", json_integer(row->orders));
    json_object_set_new(out, "served", json_integer(row->served));
    return out;
}

static tq_status instant_of(desk_call *call, const char *name, int64_t *out)
{
    char text[40];
    tq_err why;
    if (!desk_query(call, name, text, sizeof text) || text[0] == '\0') return TQ_OK;
    if (tq_time_parse(&call->desk->city->zone, tq_str_of(text), out, &why) == TQ_OK) return TQ_OK;
    return desk_bad(call, "%s is \"%s\": write an instant such as 2025-06-03T08:00", name, text);
}

tq_status call_stats(desk_call *call)
{
    stats_run run = {.call = call, .to_ms = call->command->now_ms + 1};
    int32_t second = 0;
    (void)tq_local_day(&call->desk->city->zone, call->command->now_ms, &second);
    run.from_ms = call->command->now_ms - second * INT64_C(1000);
    TQ_TRY(instant_of(call, "from", &run.from_ms));
    TQ_TRY(instant_of(call, "to", &run.to_ms));
    if (run.to_ms <= run.from_ms) return desk_bad(call, "\"to\" is not after \"from\"");
    if (run.to_ms - run.from_ms > STATS_DAYS * INT64_C(86400000))
        return desk_bad(call, "at most %d days are counted at once", STATS_DAYS);
    tq_store_filter filter = {.kind = "call", .newest_first = true};
    TQ_TRY(tq_store_each(call->desk->store, &filter, see_call, &run, call->err));
    json_t *answer = row_json(&run.all), *hours = json_array();
    for (uint32_t hour = 0; hour < HOURS; hour++) {
        if (run.hour[hour].offered == 0) continue;
        json_t *row = row_json(&run.hour[hour]);
        json_object_set_new(row, "hour", json_integer(hour));
        json_array_append_new(hours, row);
    }
    desk_put_instant(call, answer, "from", run.from_ms);
    desk_put_instant(call, answer, "to", run.to_ms);
    json_object_set_new(answer, "within_s",
                        json_integer(call->desk->order_rules->rules.answer_within_s));
    json_object_set_new(answer, "cut", json_boolean(run.more));
    json_object_set_new(answer, "hours", hours);
    return desk_answer(call, answer);
}

static tq_status number_of(desk_call *call, const char *name, double least, double most,
                           double *out)
{
    char text[24];
    double value = 0;
    if (!desk_query(call, name, text, sizeof text) || text[0] == '\0') return TQ_OK;
    if (!tq_parse_double(tq_str_of(text), &value) || value < least || value > most)
        return desk_bad(call, "%s is \"%s\"; a number from %g to %g is wanted", name, text, least,
                        most);
    *out = value;
    return TQ_OK;
}

/* Calls of the busiest hour -> people; and what a few less or more would mean. */
tq_status call_staffing(desk_call *call)
{
    double calls = 0, talk_s = 110, part = 0.95,
           within_s = call->desk->order_rules->rules.answer_within_s;
    uint32_t seats = 0;
    TQ_TRY(number_of(call, "calls", 0, 1e6, &calls));
    TQ_TRY(number_of(call, "talk_s", 1, 7200, &talk_s));
    TQ_TRY(number_of(call, "share", 0, 0.999, &part));
    TQ_TRY(number_of(call, "within_s", 0, 3600, &within_s));
    if (calls <= 0) return desk_bad(call, "calls (of the busiest hour) is missing");
    TQ_TRY(tq_fleet_seats(calls, talk_s, part, within_s, &seats, call->err));
    json_t *answer = json_object(), *rows = json_array();
    uint32_t first = seats > 2 ? seats - 2 : 1;
    tq_status status = TQ_OK;
    for (uint32_t k = first; status == TQ_OK && k <= seats + 2 && k <= TQ_FLEET_SEATS_MAX; k++) {
        tq_fleet_queue queue;
        status = tq_fleet_erlang_c(calls, talk_s, k, within_s, &queue, call->err);
        if (status != TQ_OK) break;
        json_t *row = json_object();
        json_object_set_new(row, "seats", json_integer(k));
        json_object_set_new(row, "stable", json_boolean(queue.stable));
        json_object_set_new(row, "within_share", json_real(queue.answered_share));
        json_object_set_new(row, "mean_wait_s",
                            queue.stable ? json_real(queue.mean_wait_s) : json_null());
        json_object_set_new(row, "occupancy", json_real(queue.occupancy));
        json_array_append_new(rows, row);
    }
    json_object_set_new(answer, "seats", json_integer(seats));
    json_object_set_new(answer, "calls", json_real(calls));
    json_object_set_new(answer, "talk_s", json_real(talk_s));
    json_object_set_new(answer, "share", json_real(part));
    json_object_set_new(answer, "within_s", json_real(within_s));
    json_object_set_new(answer, "rows", rows);
    if (status == TQ_OK) return desk_answer(call, answer);
    json_decref(answer);
    return status;
}
