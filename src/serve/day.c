/*
 * A generated day under several policies: options, and the policies side by side.
 *
 * Each policy has a desk, a store and roads of its own, and the same world; nothing is shared but
 * what is read only. So the report is the same however many threads there were.
 */
#include <stdio.h>

#include "serve/day_in.h"

#define DAY_DEFAULT 20242 /* 2025-06-03, a Tuesday */

void tq_day_options_default(tq_day_options *options)
{
    *options = (tq_day_options){.size = sizeof *options,
                                .vehicles = 8292,
                                .orders = 60000,
                                .phone = 2000,
                                .riders = 300,
                                .seed = 1,
                                .day = DAY_DEFAULT,
                                .to_hour = 24,
                                .policy = {"nearest", "batch", "fair"},
                                .policy_count = 3};
}

static tq_status check(const tq_day_options *options, tq_err *err)
{
    if (options->size != sizeof *options)
        return tq_fail(err, TQ_BAD_INPUT, 0, "options: size is %u, must be %zu", options->size,
                       sizeof *options);
    if (options->vehicles == 0 || options->vehicles > TQ_DAY_VEHICLES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u vehicles; 1 to %u can be played",
                       options->vehicles, TQ_DAY_VEHICLES_MAX);
    if (options->orders == 0 || options->orders > TQ_DAY_ORDERS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u orders; 1 to %u can be played", options->orders,
                       TQ_DAY_ORDERS_MAX);
    if (options->riders > TQ_DAY_RIDERS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u riders of custom buses; at most %u can be played",
                       options->riders, TQ_DAY_RIDERS_MAX);
    if (options->phone > options->orders)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u orders by phone are more than all %u",
                       options->phone, options->orders);
    if (options->from_hour >= options->to_hour || options->to_hour > 24)
        return tq_fail(err, TQ_BAD_INPUT, 0, "hours %u-%u: from below to, to at most 24",
                       options->from_hour, options->to_hour);
    if (options->policy_count == 0 || options->policy_count > TQ_DAY_POLICIES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u policies; 1 to %u can be played",
                       options->policy_count, TQ_DAY_POLICIES_MAX);
    for (uint32_t k = 0; k < options->policy_count; k++)
        for (uint32_t other = 0; other < k; other++)
            if (strcmp(options->policy[k], options->policy[other]) == 0)
                return tq_fail(err, TQ_BAD_INPUT, 0, "the policy %.30s stands twice",
                               options->policy[k]);
    if (options->close_count > TQ_DAY_CLOSES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%u closings; at most %u", options->close_count,
                       TQ_DAY_CLOSES_MAX);
    return TQ_OK;
}

typedef struct all_plays {
    const day_world *world;
    day_play *play[TQ_DAY_POLICIES_MAX];
} all_plays;

static void play_one(void *user, uint32_t part)
{
    all_plays *all = user;
    day_play *play = all->play[part];
    play->status = day_play_run(all->world, all->world->options->policy[part], play, &play->err);
}

tq_status tq_day_run(const tq_day_options *options, tq_buf *report_json, tq_err *err)
{
    TQ_TRY(check(options, err));
    tq_city *city = NULL;
    day_world world = {.options = options};
    all_plays all = {.world = &world};
    uint32_t count = options->policy_count;
    unsigned threads = options->threads > 0 ? options->threads : tq_core_count();
    tq_status status = tq_city_open(options->city_path, &city, err);
    if (status == TQ_OK) status = day_world_make(options, city, &world, err);
    for (uint32_t k = 0; status == TQ_OK && k < count; k++) {
        all.play[k] = TQ_ALLOC(day_play, 1);
        if (all.play[k] == NULL) status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a day");
    }
    if (status == TQ_OK) tq_parallel(threads, count, play_one, &all);
    for (uint32_t k = 0; status == TQ_OK && k < count; k++) {
        status = all.play[k]->status;
        if (status != TQ_OK) *err = all.play[k]->err;
    }
    for (uint32_t k = 0; status == TQ_OK && k < count; k++)
        status = day_tell_events(all.play[k], err);
    if (status == TQ_OK) status = day_report(&world, all.play, count, report_json, err);
    for (uint32_t k = 0; k < count; k++) {
        if (all.play[k] != NULL) day_play_free(all.play[k]);
        tq_free(all.play[k]);
    }
    day_world_free(&world);
    tq_city_close(city);
    return status;
}
