/* The report of a played day as JSON: what repeats from a seed, and what was measured apart. */
#include <math.h>
#include <stdlib.h>

#include "serve/day_in.h"

static int by_size(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return one < two ? -1 : one > two;
}

static void put_ratio(tq_json *json, const char *key, double value, double of, unsigned digits)
{
    tq_json_key(json, key);
    if (of <= 0)
        tq_json_null(json);
    else
        tq_json_fixed(json, llround(value / of * pow(10, digits)), digits);
}

static void put_reasons(tq_json *json, const char *key, const day_reasons *reasons)
{
    tq_json_key(json, key);
    tq_json_array(json);
    for (uint32_t k = 0; k < reasons->count; k++) {
        tq_json_object(json);
        tq_json_put_text(json, "reason", reasons->row[k].text);
        tq_json_put_i64(json, "count", reasons->row[k].count);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

/* Reasons of our own: plain words, each once. */
static void put_counts(tq_json *json, const char *key, const day_reasons *reasons)
{
    tq_json_key(json, key);
    tq_json_object(json);
    for (uint32_t k = 0; k < reasons->count; k++)
        tq_json_put_i64(json, reasons->row[k].text, reasons->row[k].count);
    tq_json_end_object(json);
}

static void put_hours(const day_play *play, const day_count *count, tq_json *json)
{
    const tq_day_options *options = play->world->options;
    tq_json_key(json, "by_hour");
    tq_json_array(json);
    for (uint32_t hour = options->from_hour; hour < options->to_hour; hour++) {
        const day_hour *one = &count->hour[hour];
        tq_json_object(json);
        tq_json_put_i64(json, "hour", hour);
        tq_json_put_i64(json, "orders", one->orders);
        tq_json_put_i64(json, "served", one->served);
        put_ratio(json, "wait_s", (double)one->wait_s, one->served, 1);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

/* Those that were not over when the clock stopped have a reason too. */
static void put_left(const day_play *play, tq_json *json)
{
    day_reasons left = play->left;
    for (uint32_t row = 0; row < play->world->order_count; row++)
        if (play->order[row].phase < DAY_DONE)
            day_reason_add(&left, "not over when the clock stopped");
    put_counts(json, "unserved", &left);
}

/* Elders' orders beside others of the same minutes and place. */
static tq_status put_pairs(const day_play *play, tq_json *json, tq_err *err)
{
    static const char *const who[] = {"elders", "others"};
    day_pairs pairs;
    TQ_TRY(day_compare_elders(play, &pairs, err));
    tq_json_key(json, "alike");
    tq_json_object(json);
    tq_json_put_i64(json, "pairs", pairs.pairs);
    tq_json_put_i64(json, "both_served", pairs.served);
    for (uint32_t side = 0; side < TQ_COUNT(who); side++) {
        tq_json_key(json, who[side]);
        tq_json_object(json);
        put_ratio(json, "named_share", pairs.named_share[side], pairs.pairs > 0, 4);
        put_ratio(json, "named_s", pairs.named_s[side], pairs.pairs > 0, 1);
        tq_json_put_i64(json, "named_p95_s", pairs.named_p95_s[side]);
        put_ratio(json, "wait_s", pairs.wait_s[side], pairs.served > 0, 1);
        tq_json_put_i64(json, "wait_p95_s", pairs.wait_p95_s[side]);
        tq_json_end_object(json);
    }
    tq_json_end_object(json);
    return TQ_OK;
}

static void put_buses(const day_play *play, tq_json *json)
{
    const day_buses *bus = &play->bus;
    tq_json_key(json, "buses");
    if (bus->asked == 0) {
        tq_json_null(json);
        return;
    }
    tq_json_object(json);
    tq_json_put_i64(json, "requests", bus->asked);
    tq_json_put_i64(json, "left_out", bus->left_out);
    tq_json_put_i64(json, "lines", bus->lines);
    tq_json_put_i64(json, "runs", bus->runs);
    tq_json_put_i64(json, "seats", bus->seats);
    tq_json_put_i64(json, "booked", bus->booked);
    tq_json_put_i64(json, "waited", bus->waited);
    tq_json_put_i64(json, "full", bus->full);
    tq_json_put_i64(json, "cancelled", bus->cancelled);
    tq_json_put_i64(json, "no_seat", bus->no_seat);
    tq_json_put_i64(json, "no_shows", bus->no_shows);
    tq_json_put_i64(json, "carried", bus->carried);
    put_ratio(json, "carried_share", bus->carried, bus->asked, 4);
    put_ratio(json, "walk_m", (double)bus->walk_m, bus->carried, 0);
    put_ratio(json, "ride_min", (double)bus->ride_s / 60, bus->carried, 1);
    tq_json_put_i64(json, "fare_fen", (int64_t)bus->fare_fen);
    tq_json_end_object(json);
}

static tq_status put_policy(const day_play *play, tq_json *json, tq_err *err)
{
    day_count count;
    TQ_TRY(day_counted(play, &count, err));
    tq_json_object(json);
    tq_json_put_text(json, "name", play->policy);
    tq_json_put_i64(json, "orders", count.orders);
    tq_json_put_i64(json, "served", count.served);
    put_ratio(json, "served_share", count.served, count.orders, 4);
    put_ratio(json, "wait_mean_s", (double)count.wait_s, count.served, 1);
    tq_json_put_i64(json, "wait_p95_s", count.wait_p95_s);
    tq_json_put_i64(json, "picked_up", count.picked_up);
    put_ratio(json, "pickup_km", (double)count.pickup_m / 1000, count.picked_up, 3);
    tq_json_put_fixed(json, "pickup_sum_km", (int64_t)count.pickup_m, 3);
    tq_json_put_fixed(json, "empty_km", (int64_t)count.empty_m, 3);
    tq_json_put_fixed(json, "ride_km", (int64_t)count.ride_m, 3);
    tq_json_put_fixed(json, "gini", llround(count.gini * 10000), 4);
    tq_json_put_fixed(json, "gini_in_cohort", llround(count.gini_in_cohort * 10000), 4);
    tq_json_put_i64(json, "elder_orders", count.elders);
    put_ratio(json, "elder_served_share", count.elders_served, count.elders, 4);
    put_ratio(json, "other_served_share", count.others_served, count.orders - count.elders, 4);
    put_ratio(json, "elder_wait_s", (double)count.elder_wait_s, count.elders_served, 1);
    put_ratio(json, "other_wait_s", (double)count.other_wait_s, count.others_served, 1);
    TQ_TRY(put_pairs(play, json, err));
    tq_json_put_i64(json, "fare_fen", (int64_t)count.fare_fen);
    tq_json_put_i64(json, "bonus_fen", (int64_t)count.bonus_fen);
    tq_json_put_i64(json, "advised", play->advised);
    tq_json_put_i64(json, "advice_followed", play->followed);
    put_buses(play, json);
    put_counts(json, "refusals", &play->refused);
    put_left(play, json);
    put_reasons(json, "commands_refused", &play->denied);
    put_hours(play, &count, json);
    tq_json_end_object(json);
    return TQ_OK;
}

static void put_measured(day_play *play, tq_json *json)
{
    double sum = 0, p99 = 0;
    size_t count = play->decision_ms.count;
    for (size_t k = 0; k < count; k++)
        sum += play->decision_ms.at[k];
    if (count > 0) {
        qsort(play->decision_ms.at, count, sizeof *play->decision_ms.at, by_size);
        p99 = play->decision_ms.at[(count - 1) * 99 / 100];
    }
    tq_json_key(json, play->policy);
    tq_json_object(json);
    put_ratio(json, "decision_ms", sum, (double)count, 3);
    tq_json_put_fixed(json, "decision_ms_p99", llround(p99 * 1000), 3);
    tq_json_put_i64(json, "decisions", (int64_t)count);
    tq_json_put_i64(json, "commands", (int64_t)play->commands);
    tq_json_put_fixed(json, "seconds", llround(play->seconds * 10), 1);
    tq_json_end_object(json);
}

tq_status day_report(const day_world *world, day_play *const *play, uint32_t count, tq_buf *out,
                     tq_err *err)
{
    const tq_day_options *options = world->options;
    char date[TQ_TIME_TEXT_MAX];
    tq_json json;
    tq_time_print(&world->city->zone, world->midnight_ms, date);
    date[10] = '\0';
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_bool(&json, "generated", true);
    tq_json_put_text(&json, "city", tq_text(world->city, world->city->meta->name));
    tq_json_put_text(&json, "city_en", tq_text(world->city, world->city->meta->name_en));
    tq_json_put_text(&json, "day", date);
    tq_json_put_i64(&json, "seed", (int64_t)options->seed);
    tq_json_put_i64(&json, "vehicles", options->vehicles);
    tq_json_put_i64(&json, "orders", options->orders);
    tq_json_put_i64(&json, "phone", options->phone);
    tq_json_put_i64(&json, "riders", options->riders);
    tq_json_put_i64(&json, "from_hour", options->from_hour);
    tq_json_put_i64(&json, "to_hour", options->to_hour);
    tq_json_put_bool(&json, "snow", options->snow);
    tq_json_key(&json, "closed");
    tq_json_array(&json);
    for (uint32_t k = 0; k < options->close_count; k++)
        tq_json_text(&json, options->close[k]);
    tq_json_end_array(&json);
    tq_json_key(&json, "policies");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++)
        TQ_TRY(put_policy(play[k], &json, err));
    tq_json_end_array(&json);
    tq_json_key(&json, "measured");
    tq_json_object(&json);
    for (uint32_t k = 0; k < count; k++)
        put_measured(play[k], &json);
    tq_json_end_object(&json);
    tq_json_end_object(&json);
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the report") : TQ_OK;
}
