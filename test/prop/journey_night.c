// also: import
/*
 * Last-train truth on random small cities: who leaves at the last safe departure arrives that
 * night, who leaves a second later does not, and then is told a missed connection that fits the
 * timetable. All trips on the list hang together and none beats another in everything. The same
 * again with a quarter of the runs late or cancelled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "journey/journey.h"

#define CITIES    120
#define QUESTIONS 12
#define STOPS     8
#define ROUTES    4

static char folder[64];

static FILE *open_source(const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/feed/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

static void put(const char *name, const char *text)
{
    FILE *file = open_source(name);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void put_clock(FILE *file, uint32_t second)
{
    assert_true(fprintf(file, "%02u:%02u:%02u", second / 3600, second / 60 % 60, second % 60) > 0);
}

/* A few lines over a few stops; service ends in the evening, so that every night has a break. */
static void put_random_feed(uint64_t seed)
{
    tq_random random = {seed};
    put("agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\nA,T,http://localhost,Asia/Shanghai\n");
    put("calendar.txt",
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,1,1,20250601,20250620\n");
    FILE *stops = open_source("stops.txt"), *routes = open_source("routes.txt"),
         *trips = open_source("trips.txt"), *times = open_source("stop_times.txt"),
         *transfers = open_source("transfers.txt");
    fprintf(stops, "stop_id,stop_name,stop_lat,stop_lon\n");
    for (unsigned stop = 0; stop < STOPS; stop++)
        fprintf(stops, "S%u,Stop %u,37.%02u,112.5\n", stop, stop, 10 + stop * 3);
    fprintf(transfers, "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n");
    for (unsigned k = 0; k < 3; k++) {
        uint32_t a = tq_random_below(&random, STOPS), b = tq_random_below(&random, STOPS);
        if (a != b)
            fprintf(transfers, "S%u,S%u,2,%u\n", a, b, 60 * (1 + tq_random_below(&random, 10)));
    }
    fprintf(routes, "route_id,agency_id,route_short_name,route_long_name,route_type\n");
    fprintf(trips, "route_id,service_id,trip_id\n");
    fprintf(times, "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n");
    for (unsigned route = 0; route < ROUTES; route++) {
        uint32_t order[STOPS], length = 2 + tq_random_below(&random, STOPS - 2);
        for (uint32_t k = 0; k < STOPS; k++)
            order[k] = k;
        for (uint32_t k = STOPS - 1; k > 0; k--) {
            uint32_t other = tq_random_below(&random, k + 1), swap = order[k];
            order[k] = order[other];
            order[other] = swap;
        }
        fprintf(routes, "R%u,A,%u,,3\n", route, route);
        uint32_t start_s = 6 * 3600 + tq_random_below(&random, 3600),
                 headway_s = 1200 + 60 * tq_random_below(&random, 60);
        for (unsigned trip = 0; start_s < 22 * 3600; trip++, start_s += headway_s) {
            uint32_t at_s = start_s;
            fprintf(trips, "R%u,W,R%u_%u\n", route, route, trip);
            for (uint32_t k = 0; k < length; k++, at_s += 300) {
                fprintf(times, "R%u_%u,", route, trip);
                put_clock(times, at_s);
                fputc(',', times);
                put_clock(times, at_s + (k > 0 ? 30 : 0));
                fprintf(times, ",S%u,%u\n", order[k], k);
            }
        }
    }
    FILE *const all[] = {stops, routes, trips, times, transfers};
    for (size_t k = 0; k < TQ_COUNT(all); k++)
        assert_int_equal(fclose(all[k]), 0);
}

static void make_city(tq_snapshot *snapshot)
{
    char path[160];
    tq_err err = {0};
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    tq_report *report = tq_report_new();
    tq_settings_default(settings);
    (void)snprintf(settings->folder, sizeof settings->folder, "%s", folder);
    (void)snprintf(settings->timezone, sizeof settings->timezone, "Asia/Shanghai");
    (void)snprintf(settings->id, sizeof settings->id, "night");
    (void)snprintf(settings->gtfs[0], sizeof settings->gtfs[0], "feed");
    settings->gtfs_count = 1;
    (void)snprintf(path, sizeof path, "%s/night.city", folder);
    if (tq_import(settings, path, report, NULL, NULL, &err) != TQ_OK)
        fail_msg("import: %s", err.text);
    tq_free(settings);
    tq_report_free(report);
    if (tq_snapshot_open(path, snapshot, &err) != TQ_OK) fail_msg("open: %s", err.text);
}

static void check_list(const tq_plan_answer *answer, uint64_t seed)
{
    for (uint32_t k = 0; k < answer->itinerary_count; k++) {
        const tq_itinerary *trip = &answer->itinerary[k];
        bool joined = trip->leg_count > 0 && trip->leg[0].departure_ms == trip->departure_ms &&
                      trip->leg[trip->leg_count - 1].arrival_ms == trip->arrival_ms;
        for (uint32_t leg = 0; leg < trip->leg_count; leg++) {
            joined &= trip->leg[leg].departure_ms <= trip->leg[leg].arrival_ms;
            if (leg > 0)
                joined &= trip->leg[leg - 1].arrival_ms <= trip->leg[leg].departure_ms &&
                          trip->leg[leg - 1].to.stop == trip->leg[leg].from.stop;
        }
        if (!joined) fail_msg("a trip falls apart, seed %llu", (unsigned long long)seed);
        for (uint32_t other = 0; other < answer->itinerary_count; other++) {
            const tq_itinerary *b = &answer->itinerary[other];
            if (other != k && b->departure_ms >= trip->departure_ms &&
                b->arrival_ms <= trip->arrival_ms && b->transfers <= trip->transfers &&
                b->walk_m <= trip->walk_m && b->fare_known == trip->fare_known &&
                (!b->fare_known || b->fare_fen <= trip->fare_fen))
                fail_msg("a trip is beaten in everything, seed %llu", (unsigned long long)seed);
        }
    }
}

static bool arrives_by(const tq_plan_answer *answer, int64_t end_ms)
{
    for (uint32_t k = 0; k < answer->itinerary_count; k++)
        if (answer->itinerary[k].arrival_ms <= end_ms) return true;
    return false;
}

static void ask(const tq_snapshot *snapshot, tq_arena *work, tq_plan_query *query,
                tq_plan_answer *answer, uint64_t seed)
{
    tq_err err = {0};
    tq_arena_reset(work, 0);
    if (tq_plan(snapshot, query, work, answer, &err) != TQ_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    check_list(answer, seed);
}

#define CALLS_MAX 8192u

/* Of each four runs of the day one is cancelled, or up to forty minutes late. */
static const tq_overlay *make_live(const tq_snapshot *snapshot, tq_random *random, int32_t day)
{
    static tq_live_run run[1024];
    static tq_live_call call[CALLS_MAX];
    const tq_timetable *t = &snapshot->city->timetable;
    tq_overlay from = {.version = 1, .transit_version = 1, .run = run, .call = call};
    for (uint32_t trip = 0; trip < t->trip_count && from.run_count < TQ_COUNT(run); trip++) {
        const tq_trip *row = &t->trip[trip];
        if (tq_random_below(random, 4) != 0) continue;
        tq_live_run *live = &run[from.run_count++];
        *live = (tq_live_run){.trip = trip,
                              .route = t->pattern_route[row->pattern],
                              .service_day = day,
                              .start_s = row->start_s,
                              .first_call = from.call_count,
                              .detour = TQ_NONE,
                              .state = TQ_RUN_CANCELLED};
        if (tq_random_below(random, 3) == 0) continue;
        int32_t late_s = (int32_t)tq_random_below(random, 2400);
        uint32_t first = t->pattern_first[row->pattern];
        live->state = TQ_RUN_CHANGED;
        live->call_count = t->pattern_first[row->pattern + 1] - first;
        for (uint32_t place = 0; place < live->call_count; place++) {
            const tq_stop_time *time = &t->stop_time[t->profile_first[row->profile] + place];
            assert_true(from.call_count < CALLS_MAX);
            call[from.call_count++] =
                (tq_live_call){.stop = t->pattern_stop[first + place],
                               .place = place,
                               .arrival_s = row->start_s + time->arrival_s + late_s,
                               .departure_s = row->start_s + time->departure_s + late_s};
        }
    }
    const tq_overlay *out = NULL;
    tq_err err = {0};
    if (tq_overlay_new(snapshot->city, &from, &out, &err) != TQ_OK) fail_msg("%s", err.text);
    return out;
}

/* Nights asked about, and connections that were missed. */
static unsigned nights, missed;

static void ask_nights(const tq_snapshot *snapshot, tq_arena *work, uint64_t seed)
{
    tq_random random = {seed};
    int32_t day = tq_day_of(2025, 6, 10);
    int64_t end_ms = tq_local_to_ms(&snapshot->city->zone, day + 1, 4 * 3600);
    for (unsigned k = 0; k < QUESTIONS; k++) {
        tq_plan_query query;
        tq_plan_answer answer;
        char text[16];
        tq_plan_query_default(&query);
        (void)snprintf(text, sizeof text, "stop:S%u", tq_random_below(&random, STOPS));
        assert_int_equal(tq_endpoint_parse(snapshot->city, text, &query.from, NULL), TQ_OK);
        (void)snprintf(text, sizeof text, "stop:S%u", tq_random_below(&random, STOPS));
        assert_int_equal(tq_endpoint_parse(snapshot->city, text, &query.to, NULL), TQ_OK);
        if (query.from.stop == query.to.stop) continue;
        query.time_ms = tq_local_to_ms(&snapshot->city->zone, day, 5 * 3600);
        ask(snapshot, work, &query, &answer, seed);
        int64_t last_ms = answer.last_safe_departure_ms;
        if (last_ms == INT64_MIN) continue;
        nights++;
        query.time_ms = last_ms;
        ask(snapshot, work, &query, &answer, seed);
        if (!arrives_by(&answer, end_ms))
            fail_msg("the last safe departure is not safe, seed %llu", (unsigned long long)seed);
        query.time_ms = last_ms + 1000;
        ask(snapshot, work, &query, &answer, seed);
        if (arrives_by(&answer, end_ms))
            fail_msg("one can leave later, seed %llu", (unsigned long long)seed);
        if (answer.missed_count != 1)
            fail_msg("%u missed, seed %llu", answer.missed_count, (unsigned long long)seed);
        const tq_missed *gone = &answer.missed[0];
        if (!(gone->last_ms < gone->ready_ms && gone->arrives_ms <= gone->ready_ms &&
              gone->by_min >= 1))
            fail_msg("the missed connection was not missed, seed %llu", (unsigned long long)seed);
        missed++;
    }
}

static void last_safe_departure_is_the_last(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < CITIES; seed++) {
        tq_snapshot snapshot;
        put_random_feed(seed);
        make_city(&snapshot);
        size_t bytes = tq_journey_work_bytes(snapshot.city);
        void *memory = malloc(bytes);
        assert_non_null(memory);
        tq_arena work;
        tq_arena_init(&work, memory, bytes);
        ask_nights(&snapshot, &work, seed);
        tq_random random = {seed};
        tq_snapshot live = snapshot;
        live.overlay = make_live(&snapshot, &random, tq_day_of(2025, 6, 10));
        ask_nights(&live, &work, seed);
        tq_overlay_drop(live.overlay);
        free(memory);
        tq_snapshot_close(&snapshot);
    }
    printf("%u nights, %u missed connections\n", nights, missed);
    assert_true(nights > 2 * CITIES);
}

static int make_folder(void **state)
{
    (void)state;
    char feed[80];
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu-night-XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(feed, sizeof feed, "%s/feed", folder);
    return tq_folder_make(feed, NULL) != TQ_OK;
}

static int drop_folder(void **state)
{
    (void)state;
    static const char *const name[] = {
        "feed/agency.txt", "feed/calendar.txt",   "feed/stops.txt",     "feed/routes.txt",
        "feed/trips.txt",  "feed/stop_times.txt", "feed/transfers.txt", "feed",
        "night.city"};
    char path[160];
    for (size_t k = 0; k < TQ_COUNT(name); k++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, name[k]);
        (void)remove(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(last_safe_departure_is_the_last)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
