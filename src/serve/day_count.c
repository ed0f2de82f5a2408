/*
 * KPIs of a played day, from what happened to each order and each vehicle.
 *
 * Wait: from the call (booked: from the agreed instant) until the car stands at the door, of orders
 * that were served. Pick-up: metres of the way to the door, of cars that arrived; empty: pick-up
 * and drifting. Incomes are an hour on duty, of drivers who were on duty for two hours or more; the
 * spread inside a cohort is the mean over the shifts, weighed by drivers.
 */
#include <math.h>
#include <stdlib.h>

#include "serve/day_in.h"

#define ON_LEAST_S 7200

static int by_income(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return one < two ? -1 : one > two;
}

/* Gini of `count` values; sorts them. */
static double gini_of(double *value, uint32_t count)
{
    double sum = 0, weighed = 0;
    qsort(value, count, sizeof *value, by_income);
    for (uint32_t k = 0; k < count; k++) {
        sum += value[k];
        weighed += (2.0 * (k + 1) - count - 1) * value[k];
    }
    return sum > 0 ? weighed / (count * sum) : 0;
}

static void count_incomes(const day_play *play, double *scratch, day_count *out)
{
    uint32_t all = 0;
    double in_cohorts = 0;
    uint32_t vehicles = play->world->options->vehicles;
    for (uint32_t cohort = 0; cohort <= DAY_COHORTS; cohort++) {
        uint32_t count = 0;
        for (uint32_t car = 0; car < vehicles; car++) {
            const day_car *one = &play->car[car];
            int64_t off_s = one->off_s >= 0 ? one->off_s : TQ_MIN(play->now_s, (int64_t)DAY_S);
            if (one->on_s < 0 || off_s - one->on_s < ON_LEAST_S) continue;
            if (cohort < DAY_COHORTS && play->world->driver[car].cohort != cohort) continue;
            scratch[count++] = (double)one->income_fen * 3600 / (double)(off_s - one->on_s);
        }
        double gini = gini_of(scratch, count);
        if (cohort == DAY_COHORTS) {
            out->gini = gini;
            out->gini_in_cohort = all > 0 ? in_cohorts / all : 0;
        } else {
            in_cohorts += gini * count;
            all += count;
        }
    }
}

static void count_order(const day_play *play, uint32_t row, uint32_t *wait, day_count *out)
{
    const day_order *order = &play->order[row];
    bool elder = play->world->order[row].elder;
    day_hour *hour =
        &out->hour[TQ_MIN(play->world->order[row].call_ms / 1000 - play->world->midnight_ms / 1000,
                          (int64_t)DAY_S - 1) /
                   3600];
    out->orders++;
    out->elders += elder;
    hour->orders++;
    if (order->arrived_s > 0) out->picked_up++;
    if (order->phase != DAY_DONE) return;
    uint32_t wait_s = (uint32_t)TQ_MAX(order->arrived_s - order->wanted_s, (int64_t)0);
    wait[out->served++] = wait_s;
    out->wait_s += wait_s;
    *(elder ? &out->elder_wait_s : &out->other_wait_s) += wait_s;
    *(elder ? &out->elders_served : &out->others_served) += 1;
    out->fare_fen += (uint64_t)order->fare_fen;
    out->bonus_fen += (uint64_t)order->bonus_fen;
    hour->served++;
    hour->wait_s += wait_s;
}

tq_status day_counted(const day_play *play, day_count *out, tq_err *err)
{
    uint32_t vehicles = play->world->options->vehicles;
    uint32_t *wait = TQ_ALLOC(uint32_t, (size_t)play->world->order_count + 1);
    double *scratch = TQ_ALLOC(double, (size_t)vehicles + 1);
    tq_status status = TQ_OK;
    *out = (day_count){.orders = 0};
    if (wait != NULL && scratch != NULL) {
        for (uint32_t row = 0; row < play->world->order_count; row++)
            count_order(play, row, wait, out);
        for (uint32_t car = 0; car < vehicles; car++) {
            const day_car *one = &play->car[car];
            out->pickup_m += one->pickup_m;
            out->empty_m += one->pickup_m + one->drift_m;
            out->ride_m += one->ride_m;
        }
        if (!tq_sort_u32(wait, out->served)) status = TQ_NO_MEMORY;
        if (out->served > 0) out->wait_p95_s = wait[(uint64_t)(out->served - 1) * 95 / 100];
        count_incomes(play, scratch, out);
    } else {
        status = TQ_NO_MEMORY;
    }
    tq_free(wait);
    tq_free(scratch);
    return status == TQ_OK ? TQ_OK : tq_fail(err, status, 0, "no memory for the KPIs");
}

/* ---- orders one by one -------------------------------------------------------------------------
 */

static void put_second(tq_json *json, const char *key, int64_t second)
{
    tq_json_key(json, key);
    if (second > 0)
        tq_json_i64(json, second);
    else
        tq_json_null(json);
}

tq_status day_tell_events(const day_play *play, tq_err *err)
{
    static const char *const phases[] = {"booked",  "searching", "offered", "assigned",
                                         "arrived", "on_board",  "done",    "left"};
    const tq_day_options *options = play->world->options;
    tq_buf line = {0};
    if (options->event == NULL) return TQ_OK;
    for (uint32_t row = 0; row < play->world->order_count; row++) {
        const day_order *order = &play->order[row];
        const tq_fleet_demand_order *asked = &play->world->order[row];
        bool came = order->arrived_s > 0;
        tq_json json;
        line.len = 0;
        tq_json_begin(&json, &line);
        tq_json_object(&json);
        tq_json_put_bool(&json, "generated", true);
        tq_json_put_text(&json, "policy", play->policy);
        tq_json_put_i64(&json, "order", row);
        tq_json_put_text(&json, "channel",
                         asked->channel == TQ_FLEET_PHONE_ORDER ? "phone" : "app");
        tq_json_put_bool(&json, "elder", asked->elder);
        tq_json_put_i64(&json, "called_s", (asked->call_ms - play->world->midnight_ms) / 1000);
        tq_json_put_i64(&json, "wanted_s", order->wanted_s);
        tq_json_put_bool(&json, "plain", !asked->booked && !asked->wheelchair);
        tq_json_key(&json, "lat");
        tq_json_fixed(&json, asked->from_lat_e7, 7);
        tq_json_key(&json, "lon");
        tq_json_fixed(&json, asked->from_lon_e7, 7);
        tq_json_put_i64(&json, "patience_s", asked->patience_s);
        put_second(&json, "made_s", order->made_s);
        put_second(&json, "first_named_s", order->first_named_s);
        put_second(&json, "named_s", order->named_s);
        tq_json_put_text(&json, "state", phases[order->phase]);
        tq_json_put_text_or_null(&json, "why", order->phase == DAY_LEFT ? order->why : "");
        tq_json_put_i64(&json, "refusals", order->refusals);
        tq_json_key(&json, "vehicle");
        if (came)
            tq_json_i64(&json, order->vehicle + 1);
        else
            tq_json_null(&json);
        tq_json_key(&json, "wait_s");
        if (came)
            tq_json_i64(&json, TQ_MAX(order->arrived_s - order->wanted_s, (int64_t)0));
        else
            tq_json_null(&json);
        tq_json_put_i64(&json, "pickup_m", came ? order->approach_m : 0);
        tq_json_put_i64(&json, "fare_fen", order->phase == DAY_DONE ? order->fare_fen : 0);
        tq_json_put_i64(&json, "bonus_fen", order->phase == DAY_DONE ? order->bonus_fen : 0);
        tq_json_end_object(&json);
        if (line.failed) break;
        options->event(options->user, (tq_str){line.at, line.len});
    }
    bool failed = line.failed;
    tq_buf_free(&line);
    return failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the list of orders") : TQ_OK;
}
