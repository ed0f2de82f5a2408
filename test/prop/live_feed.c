/*
 * Feeds against a slow, plain reading.
 *
 *   There and back: random overlays of a random small city, written as our own TripUpdates and read
 *   into second feeds of the same city, give the same runs.
 *   Propagation: random StopTimeUpdates give what a direct walk over the stops gives, and times
 *   never go back; put a second time, the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "live/feed_out_in.h"

#include "feed_city.h"

#define SEEDS  3000u
#define STOPS  12u
#define NOW_MS ((FEED_DAY_S + 40000) * 1000)

/* Lines with loops, some at headways. */
static void random_city(tq_random *random, feed_city *city)
{
    memset(city, 0, sizeof *city);
    small_city *s = small_begin(&city->small);
    for (uint32_t stop = 0; stop < STOPS; stop++)
        (void)small_stop(s, 370000000 + (int32_t)stop * 90000, 1120000000, TQ_NONE, TQ_NONE, 0);
    for (uint32_t line = 0; line < 3; line++) {
        uint32_t stops[8], count = 2 + tq_random_below(random, 7);
        uint8_t flags[8];
        for (uint32_t k = 0; k < count; k++) {
            do
                stops[k] = tq_random_below(random, STOPS);
            while (k > 0 && stops[k] == stops[k - 1]);
            flags[k] = (uint8_t)tq_random_below(random, 4);
        }
        (void)small_line(s, stops, flags, count);
        for (uint32_t trip = 0; trip < 4; trip++) {
            tq_stop_time times[8];
            int32_t at = 0;
            for (uint32_t k = 0; k < count; k++) {
                times[k].arrival_s = at;
                at += k == 0 ? 0 : (int32_t)tq_random_below(random, 60);
                times[k].departure_s = at;
                at += 30 + (int32_t)tq_random_below(random, 600);
            }
            uint32_t made =
                small_trip(s, line, 20000 + (int32_t)tq_random_below(random, 60000), times);
            if (trip != 3) continue;
            uint32_t f = s->city.timetable.frequency_count++;
            s->frequency[f] =
                (tq_frequency){s->trip[made].start_s, s->trip[made].start_s + 3600, 300, 1};
            s->trip[made].first_frequency = f;
            s->trip[made].frequency_count = 1;
        }
    }
    feed_city_end(city);
}

/* ---- there and back ---- */

typedef struct state {
    tq_live_run run[64];
    tq_live_call call[1024];
    char text[512];
    uint32_t run_count, call_count, text_len;
} state;

static uint32_t first_trip(const tq_timetable *table, uint32_t line)
{
    return table->pattern_first_trip[line];
}

static void add_calls(tq_random *random, const feed_city *city, state *to, tq_live_run *run)
{
    const tq_timetable *table = &city->small.city.timetable;
    uint32_t pattern = table->trip[run->trip].pattern, first = table->pattern_first[pattern],
             count = table->pattern_first[pattern + 1] - first;
    const tq_stop_time *times =
        &table->stop_time[table->profile_first[table->trip[run->trip].profile]];
    int32_t at = run->start_s + (int32_t)tq_random_below(random, 900) - 300;
    bool added = run->state == TQ_RUN_ADDED;
    run->first_call = to->call_count;
    run->call_count = count;
    for (uint32_t k = 0; k < count; k++) {
        tq_live_call *call = &to->call[to->call_count++];
        at = TQ_MAX(at, run->start_s + times[k].arrival_s - 200) +
             (int32_t)tq_random_below(random, 90);
        call->stop = table->pattern_stop[first + k];
        call->place = added ? TQ_NONE : k;
        call->arrival_s = at;
        call->departure_s = at += (int32_t)tq_random_below(random, 60);
        call->flags = added ? 0 : table->pattern_flags[first + k];
        if (tq_random_below(random, 4) == 0) call->flags |= TQ_CALL_SKIPPED;
        if (tq_random_below(random, 4) == 0) call->flags ^= TQ_CALL_NO_PICKUP;
        if (tq_random_below(random, 8) == 0) call->stop = tq_random_below(random, STOPS);
    }
}

static void add_run(tq_random *random, const feed_city *city, state *to, uint32_t trip, int32_t day,
                    int32_t start_s)
{
    const tq_timetable *table = &city->small.city.timetable;
    uint32_t line = table->trip[trip].pattern, kind = tq_random_below(random, 6);
    tq_live_run run = {.trip = trip,
                       .route = table->pattern_route[line],
                       .service_day = day,
                       .start_s = start_s,
                       .detour = TQ_NONE,
                       .state = TQ_RUN_CHANGED,
                       .why = TQ_RUN_FEED};
    if (kind == 0) run.state = TQ_RUN_CANCELLED;
    if (kind == 1 && trip == first_trip(table, line)) {
        run.state = TQ_RUN_ADDED;
        run.id = to->text_len;
        to->text_len +=
            1 + (uint32_t)snprintf(to->text + to->text_len, sizeof to->text - to->text_len, "X%u",
                                   to->run_count);
    }
    if (run.state != TQ_RUN_CANCELLED) add_calls(random, city, to, &run);
    to->run[to->run_count++] = run;
}

static void random_state(tq_random *random, const feed_city *city, state *to)
{
    const tq_timetable *table = &city->small.city.timetable;
    memset(to, 0, sizeof *to);
    to->text_len = 1;
    for (int32_t day = FEED_DAY; day < FEED_DAY + 2; day++)
        for (uint32_t trip = 0; trip < table->trip_count; trip++) {
            const tq_trip *row = &table->trip[trip];
            uint32_t runs = row->frequency_count != 0 ? 3 : 1;
            for (uint32_t k = 0; k < runs; k++)
                if (tq_random_below(random, 2) == 0)
                    add_run(random, city, to, trip, day, row->start_s + (int32_t)k * 300);
        }
}

static void same_call(const tq_live_call *a, const tq_live_call *b, uint64_t seed, uint32_t run)
{
    bool skipped = (a->flags & TQ_CALL_SKIPPED) != 0;
    if (a->stop != b->stop || a->place != b->place || a->flags != b->flags ||
        (!skipped && (a->arrival_s != b->arrival_s || a->departure_s != b->departure_s)))
        fail_msg("seed %llu run %u: call at stop %u place %u %d-%d flags %u came back as stop %u "
                 "place %u %d-%d flags %u",
                 (unsigned long long)seed, run, a->stop, a->place, a->arrival_s, a->departure_s,
                 a->flags, b->stop, b->place, b->arrival_s, b->departure_s, b->flags);
}

static void what_is_told_is_heard(void **unused)
{
    (void)unused;
    static feed_city city;
    static state told;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tq_random random = {seed};
        tq_err err = {0};
        tq_buf bytes = {0};
        const tq_overlay *shown;
        live_feed_runs heard;
        random_city(&random, &city);
        random_state(&random, &city, &told);
        tq_overlay from = {.version = 1,
                           .transit_version = 1,
                           .run_count = told.run_count,
                           .call_count = told.call_count,
                           .text_len = told.text_len,
                           .run = told.run,
                           .call = told.call,
                           .text = told.text};
        if (tq_overlay_new(&city.small.city, &from, &shown, &err) != TQ_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        live_feeds *feeds = live_feeds_new(&city.small.city);
        if (live_feed_write(feeds, NULL, 0, shown, TQ_FEED_TRIPS, NOW_MS, false, &bytes, &err) !=
                TQ_OK ||
            live_feeds_put(feeds, "own", (tq_str){bytes.at, bytes.len}, NOW_MS, NULL, &err) !=
                TQ_OK ||
            live_feeds_runs(feeds, &heard, &err) != TQ_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        if (heard.run_count != told.run_count)
            fail_msg("seed %llu: %u runs came back of %u", (unsigned long long)seed,
                     heard.run_count, told.run_count);
        for (uint32_t k = 0; k < told.run_count; k++) {
            const tq_live_run *a = &told.run[k], *b = &heard.run[k];
            if (a->trip != b->trip || a->service_day != b->service_day ||
                a->start_s != b->start_s || a->state != b->state || a->route != b->route ||
                a->call_count != b->call_count ||
                strcmp(told.text + a->id, heard.text + b->id) != 0)
                fail_msg("seed %llu: run %u came back as another", (unsigned long long)seed, k);
            for (uint32_t c = 0; c < a->call_count; c++)
                same_call(&told.call[a->first_call + c], &heard.call[b->first_call + c], seed, k);
        }
        tq_overlay_drop(shown);
        live_feeds_free(feeds);
        tq_buf_free(&bytes);
    }
}

/* ---- propagation ---- */

typedef struct said {
    bool here, no_data, skipped;
    int32_t arrival_delay, departure_delay;
} said;

/* What a plain walk over the stops gives, against what was made of it. */
static void walk_over(const tq_trip *trip, const tq_stop_time *times, uint32_t count, said *say,
                      const live_feed_runs *runs, uint64_t seed)
{
    int32_t known = 0, before = INT32_MIN;
    for (uint32_t k = 0; k < count; k++) {
        int32_t arrival, departure;
        if (say[k].no_data) known = 0;
        arrival = trip->start_s + times[k].arrival_s + (say[k].here ? say[k].arrival_delay : known);
        if (say[k].here) known = say[k].departure_delay;
        departure = trip->start_s + times[k].departure_s + known;
        /* Behind NO_DATA the plan may lie before what was said: lifted. */
        arrival = TQ_MAX(arrival, before);
        departure = TQ_MAX(departure, arrival);
        if (runs->run_count == 0) break;
        const tq_live_call *call = &runs->call[runs->run[0].first_call + k];
        assert_true(call->arrival_s >= before && call->departure_s >= call->arrival_s);
        if (say[k].skipped != ((call->flags & TQ_CALL_SKIPPED) != 0) ||
            (!say[k].skipped && (call->arrival_s != arrival || call->departure_s != departure)))
            fail_msg("seed %llu stop %u: %d %d, wanted %d %d", (unsigned long long)seed, k,
                     call->arrival_s, call->departure_s, arrival, departure);
        before = call->departure_s;
    }
}

/* One random update for some of the stops of trip 0, delays that keep the order. */
static void delays_are_passed_on(void **unused)
{
    (void)unused;
    static feed_city city;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tq_random random = {seed * 7919};
        tq_err err = {0};
        said say[8] = {0};
        tq_rt_stop_time stop[8] = {0};
        tq_rt_event event[16] = {0};
        uint32_t stops = 0;
        random_city(&random, &city);
        const tq_timetable *table = &city.small.city.timetable;
        const tq_trip *trip = &table->trip[0];
        const tq_stop_time *times = &table->stop_time[table->profile_first[trip->profile]];
        uint32_t count = table->pattern_first[1];
        int32_t delay = (int32_t)tq_random_below(&random, 300);
        uint32_t base = tq_random_below(&random, 2);
        for (uint32_t k = 0; k < count; k++) {
            if (trip->frequency_count != 0 || tq_random_below(&random, 2) == 0) continue;
            tq_rt_stop_time *at = &stop[stops];
            at->has_stop_sequence = true;
            at->stop_sequence = k + base;
            at->stop_id =
                tq_str_of(tq_text(&city.small.city, table->stop[table->pattern_stop[k]].id));
            at->has_schedule_relationship = true;
            say[k].no_data = tq_random_below(&random, 6) == 0;
            say[k].skipped = !say[k].no_data && tq_random_below(&random, 6) == 0;
            at->schedule_relationship = say[k].no_data   ? TQ_RT_STOP_NO_DATA
                                        : say[k].skipped ? TQ_RT_STOP_SKIPPED
                                                         : TQ_RT_STOP_SCHEDULED;
            if (!say[k].no_data && !say[k].skipped) {
                say[k].here = true;
                say[k].arrival_delay = delay += (int32_t)tq_random_below(&random, 20);
                say[k].departure_delay = delay += (int32_t)tq_random_below(&random, 20);
                event[2 * k] = (tq_rt_event){.has_delay = true, .delay = say[k].arrival_delay};
                event[2 * k + 1] =
                    (tq_rt_event){.has_time = true,
                                  .time = FEED_DAY_S + trip->start_s + times[k].departure_s +
                                          say[k].departure_delay};
                at->arrival = &event[2 * k];
                at->departure = &event[2 * k + 1];
            }
            stops++;
        }
        if (stops == 0) continue;
        tq_rt_trip name = {.trip_id = TQ_STR("T0"), .start_date = TQ_STR(FEED_DATE)};
        tq_rt_trip_update update = {.trip = &name};
        update.stop_time.at = stop;
        update.stop_time.count = stops;
        tq_rt_entity entity = {.id = TQ_STR("1"), .trip_update = &update};
        tq_rt_header header = {.gtfs_realtime_version = TQ_STR("2.0")};
        tq_rt_feed feed = {.header = &header};
        feed.entity.at = &entity;
        feed.entity.count = 1;
        tq_buf bytes = {0};
        live_feed_runs runs;
        tq_gtfs_rt_write(&feed, &bytes);
        live_feeds *feeds = live_feeds_new(&city.small.city);
        if (live_feeds_put(feeds, "a", (tq_str){bytes.at, bytes.len}, NOW_MS, NULL, &err) !=
                TQ_OK ||
            live_feeds_runs(feeds, &runs, &err) != TQ_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        walk_over(trip, times, count, say, &runs, seed);
        live_feeds_free(feeds);
        tq_buf_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_is_heard),
        cmocka_unit_test(delays_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
