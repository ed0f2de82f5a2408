/*
 * The live network against a network made anew.
 *
 * Random sequences of closures (with effects, users, hours), speeds, delays, cancellations, skipped
 * stops and reopenings are published one after the other on one network over the shipped city. At
 * the end of each sequence its answers (trips on foot, by car and taxi, ways, departures, detours)
 * equal, byte for byte, those of a network on which the same state is published at once; after
 * everything is undone they equal those of the beginning. Detours are looked at by themselves: none
 * goes over a closed street, times never decrease.
 *
 * TQ_CASES sequences (60 by default), seeds from TQ_SEED (1) on.
 */
// also: import live
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "journey/journey.h"
#include "live/live.h"
#include "wire/wire.h"

#define NOW_MS  INT64_C(1748905200000) /* 2025-06-03T07:00+08:00, a Tuesday */
#define TODAY   20242
#define STEPS   6u
#define CLOSED  8u
#define RUNS    6u
#define ANSWERS 8u
#define MINUTE  INT64_C(60000)
#define PLANS   4u

static char folder[64], path[96];
static tq_arena work;
static uint32_t used_street[4096], used_count; /* edges that have a name: closures pick from them */

/* What a sequence has done so far, so that it can be told again at once. */
typedef struct state {
    tq_live *live;
    char id[CLOSED][16];
    uint32_t closures, numbers;
    bool fed, sped;
} state;

static int open_city(void **unused)
{
    (void)unused;
    static tq_settings settings;
    tq_err err = {0};
    tq_snapshot town;
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu-live-XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/town.city", folder);
    tq_report *report = tq_report_new();
    tq_status status = tq_settings_read("cities/taiyuan", &settings, &err);
    if (status == TQ_OK) status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_snapshot_open(path, &town, &err);
    if (status != TQ_OK) {
        print_message("%s\n", err.text);
        return 1;
    }
    for (uint32_t edge = 0; edge < town.city->streets.edge_count; edge++) {
        const tq_street_attr *attr = tq_edge_attr(&town.city->streets, edge);
        bool good = town.city->streets.edge_name[edge] != 0 &&
                    (attr->access[0] & TQ_ACCESS_CAR) != 0 && used_count < TQ_COUNT(used_street);
        if (good) used_street[used_count++] = edge;
    }
    size_t bytes = tq_journey_work_bytes(town.city);
    tq_arena_init(&work, malloc(bytes), bytes);
    tq_snapshot_close(&town);
    return work.base == NULL || used_count == 0;
}

static int drop_city(void **unused)
{
    (void)unused;
    free(work.base);
    (void)remove(path);
    return rmdir(folder);
}

/* ---- what is asked --------------------------------------------------------------------------- */

static void put_plan(const tq_snapshot *now, tq_random *chance, tq_buf *out)
{
    static const tq_profile profiles[PLANS] = {TQ_PROFILE_FOOT, TQ_PROFILE_FOOT, TQ_PROFILE_CAR,
                                               TQ_PROFILE_TAXI};
    const tq_city *city = now->city;
    for (uint32_t k = 0; k < PLANS; k++) {
        tq_plan_query query;
        tq_plan_query_default(&query);
        const tq_stop *from =
            &city->timetable.stop[tq_random_below(chance, city->timetable.stop_count)];
        const tq_stop *to =
            &city->timetable.stop[tq_random_below(chance, city->timetable.stop_count)];
        query.from = (tq_endpoint){from->at.lat_e7 + 3000, from->at.lon_e7 - 2000, UINT32_MAX, "a"};
        query.to = (tq_endpoint){to->at.lat_e7, to->at.lon_e7, UINT32_MAX, "b"};
        query.time_ms = NOW_MS + (int64_t)tq_random_below(chance, 1200) * MINUTE;
        query.profile = profiles[k];
        tq_err err = {0};
        bool found = false;
        tq_arena_reset(&work, 0);
        tq_status status = tq_plan_json(now, &query, TQ_EN, &work, out, &found, &err);
        if (status != TQ_OK) tq_buf_puts(out, err.text);
    }
}

static void put_way(const tq_snapshot *now, tq_random *chance, tq_profile profile, tq_buf *out)
{
    const tq_streets *streets = &now->city->streets;
    tq_point point[2];
    tq_route_options options;
    tq_err err = {0};
    for (uint32_t k = 0; k < 2; k++)
        point[k] = streets->node_at[tq_random_below(chance, streets->node_count)];
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    tq_arena_reset(&work, 0);
    if (tq_snapshot_route_json(now, profile,
                               NOW_MS + (int64_t)tq_random_below(chance, 1440) * MINUTE, point, 2,
                               &options, &work, out, &err) != TQ_OK)
        tq_buf_puts(out, err.text);
}

/* The same questions for the same seed. */
static tq_buf answers(tq_network *network, uint64_t seed)
{
    tq_random chance = {seed};
    tq_buf out = {0};
    tq_err err = {0};
    const tq_snapshot *now = tq_network_hold(network);
    put_plan(now, &chance, &out);
    put_way(now, &chance, TQ_PROFILE_CAR, &out);
    put_way(now, &chance, TQ_PROFILE_BIKE, &out);
    put_way(now, &chance, TQ_PROFILE_BUS, &out);
    const tq_stop *stop =
        &now->city->timetable.stop[tq_random_below(&chance, now->city->timetable.stop_count)];
    tq_arena_reset(&work, 0);
    if (tq_departures_json(now, tq_text(now->city, stop->id), NOW_MS + 60 * MINUTE, 120, 50, &work,
                           &out, &err) != TQ_OK)
        tq_buf_puts(&out, err.text);
    assert_int_equal(tq_detours_json(now, &out, &err), TQ_OK);
    tq_network_drop(network, now);
    tq_buf_putc(&out, '\0');
    assert_false(out.failed);
    return out;
}

/* ---- what happens -------------------------------------------------------------------------------
 */

static void add_closure(state *now, const tq_city *city, tq_random *chance)
{
    static const char *const effects[] = {
        "full", "full", "full", "half_width", "local", "speed\",\"speed_kmh\":20,\"note\":\""};
    static const char *const hours[] = {"", "",
                                        ",\"times\":[{\"from\":\"07:00\",\"to\":\"09:30\"}]",
                                        ",\"times\":[{\"from\":\"22:00\",\"to\":\"06:00\"}]"};
    static const char *const users[] = {"", "", ",\"users\":[\"all\"]",
                                        ",\"users\":[\"bus\",\"lorry\"]"};
    char json[600];
    tq_err err = {0};
    tq_closure closure = {0};
    if (now->closures == CLOSED) return;
    int length = snprintf(
        json, sizeof json,
        "{\"stretch\":{\"edges\":[%u],\"direction\":\"%s\"},\"effect\":\"%s\",\"owner\":\"t\","
        "\"reason\":\"other\",\"from\":\"2025-06-0%uT0%u:00\",\"to\":\"2025-06-0%uT12:00\"%s%s}",
        used_street[tq_random_below(chance, used_count)],
        tq_random_below(chance, 2) == 0 ? "both" : "forward",
        effects[tq_random_below(chance, TQ_COUNT(effects))], 1 + tq_random_below(chance, 3),
        tq_random_below(chance, 10), 3 + tq_random_below(chance, 4),
        hours[tq_random_below(chance, TQ_COUNT(hours))],
        users[tq_random_below(chance, TQ_COUNT(users))]);
    tq_status status =
        tq_closure_read(city, (tq_str){json, (size_t)length}, INT64_MIN, &closure, &err);
    if (status != TQ_OK) { /* a one-way street has no backward side: another will do */
        tq_closure_free(&closure);
        return;
    }
    char *id = now->id[now->closures++];
    (void)snprintf(id, sizeof now->id[0], "CL-%u", ++now->numbers);
    (void)snprintf(closure.id, sizeof closure.id, "%s", id);
    assert_int_equal(tq_live_put_closure(now->live, &closure, &err), TQ_OK);
}

static void end_closure(state *now, uint32_t which)
{
    tq_err err = {0};
    assert_int_equal(tq_live_end_closure(now->live, now->id[which], &err), TQ_OK);
    memmove(now->id[which], now->id[which + 1], (now->closures - which - 1) * sizeof now->id[0]);
    now->closures--;
}

static void put_speeds(state *now, const tq_city *city, tq_random *chance)
{
    tq_live_speed speed[40];
    tq_err err = {0};
    for (uint32_t k = 0; k < TQ_COUNT(speed); k++)
        speed[k] = (tq_live_speed){.arc = tq_random_below(chance, 2 * city->streets.edge_count),
                                   .access = TQ_ACCESS_MOTOR,
                                   .kmh_tenths = (uint16_t)(50 + tq_random_below(chance, 600)),
                                   .until_ms = INT64_MAX};
    assert_int_equal(tq_live_put_speeds(now->live, speed, TQ_COUNT(speed), &err), TQ_OK);
    now->sped = true;
}

/* A full data set about some trips of today: late, cancelled, or passing a stop. */
static void put_feed(state *now, const tq_city *city, tq_random *chance)
{
    const tq_timetable *table = &city->timetable;
    tq_rt_header header = {.gtfs_realtime_version = TQ_STR("2.0"),
                           .timestamp = (uint64_t)NOW_MS / 1000,
                           .has_timestamp = true};
    tq_rt_entity entity[RUNS] = {0};
    tq_rt_trip_update update[RUNS] = {0};
    tq_rt_trip trip[RUNS] = {0};
    tq_rt_stop_time stop[RUNS] = {0};
    tq_rt_event event[RUNS] = {0};
    char id[RUNS][8];
    tq_err err = {0};
    tq_buf bytes = {0}, report = {0};
    for (uint32_t k = 0; k < RUNS; k++) {
        const tq_trip *row = &table->trip[tq_random_below(chance, table->trip_count)];
        uint32_t first = table->pattern_first[row->pattern],
                 places = table->pattern_first[row->pattern + 1] - first;
        (void)snprintf(id[k], sizeof id[k], "e%u", k);
        trip[k] = (tq_rt_trip){.trip_id = tq_str_of(tq_text(city, row->id)),
                               .start_date = TQ_STR("20250603")};
        uint32_t kind = tq_random_below(chance, 3);
        event[k] =
            (tq_rt_event){.delay = 60 + (int32_t)tq_random_below(chance, 1500), .has_delay = true};
        stop[k].stop_id = tq_str_of(tq_text(
            city, table->stop[table->pattern_stop[first + tq_random_below(chance, places)]].id));
        if (kind == 0) {
            trip[k].schedule_relationship = 3;
            trip[k].has_schedule_relationship = true;
        } else {
            stop[k].departure = kind == 1 ? &event[k] : NULL;
            stop[k].schedule_relationship = kind == 2;
            stop[k].has_schedule_relationship = kind == 2;
            update[k].stop_time.at = &stop[k];
            update[k].stop_time.count = 1;
        }
        update[k].trip = &trip[k];
        entity[k] = (tq_rt_entity){.id = tq_str_of(id[k]), .trip_update = &update[k]};
    }
    tq_rt_feed feed = {.header = &header};
    feed.entity.at = entity;
    feed.entity.count = RUNS;
    tq_gtfs_rt_write(&feed, &bytes);
    if (tq_live_put_feed(now->live, "f", (tq_str){bytes.at, bytes.len}, NOW_MS, &report, &err) !=
        TQ_OK)
        fail_msg("%s", err.text);
    now->fed = true;
    tq_buf_free(&bytes);
    tq_buf_free(&report);
}

static void step(state *now, const tq_city *city, tq_random *chance)
{
    switch (tq_random_below(chance, 8)) {
    case 0:
    case 1:
    case 2:
    case 3: add_closure(now, city, chance); break;
    case 4:
        if (now->closures > 0) end_closure(now, tq_random_below(chance, now->closures));
        break;
    case 5: put_speeds(now, city, chance); break;
    case 6: put_feed(now, city, chance); break;
    default:
        tq_live_forget_speeds(now->live);
        tq_live_forget_feed(now->live, "f");
        break;
    }
}

static void publish(tq_network *network, tq_live *live, uint64_t version)
{
    const tq_overlay *overlay = NULL;
    tq_err err = {0};
    if (tq_live_overlay(live, version, &overlay, &err) != TQ_OK ||
        tq_network_publish(network, overlay, NOW_MS, NULL, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_overlay_drop(overlay);
}

/* Times of live runs never decrease, and what is left out is left out for a reason. */
static void check_runs(tq_network *network, uint64_t seed)
{
    const tq_snapshot *now = tq_network_hold(network);
    const tq_overlay *overlay = now->overlay;
    for (uint32_t k = 0; k < overlay->run_count; k++) {
        const tq_live_run *run = &overlay->run[k];
        bool skips = false;
        for (uint32_t c = 0; c < run->call_count; c++) {
            const tq_live_call *call = &overlay->call[run->first_call + c];
            skips = skips || (call->flags & TQ_CALL_SKIPPED) != 0;
            if (c > 0 && call->arrival_s < call[-1].departure_s)
                fail_msg("seed %llu: run %u goes back in time at call %u", (unsigned long long)seed,
                         k, c);
        }
        if ((run->why & TQ_RUN_DETOUR) != 0 && run->detour == TQ_NONE)
            fail_msg("seed %llu: run %u has a detour without a row", (unsigned long long)seed, k);
    }
    tq_network_drop(network, now);
}

static void assert_same(const tq_buf *a, const tq_buf *b, uint64_t seed, const char *what)
{
    size_t at = 0;
    if (a->len == b->len && memcmp(a->at, b->at, a->len) == 0) return;
    while (at < a->len && at < b->len && a->at[at] == b->at[at])
        at++;
    size_t from = at > 200 ? at - 200 : 0;
    fail_msg("seed %llu: %s differ at byte %zu:\n%.400s\n%.400s", (unsigned long long)seed, what,
             at, a->at + from, b->at + from);
}

/* Versions differ before and after: they are taken out. */
static void drop_versions(tq_buf *text)
{
    static const char key[] = "\"version\":\"";
    char *from = text->at, *to = text->at, *end = text->at + text->len;
    while (from < end) {
        if ((size_t)(end - from) > sizeof key && memcmp(from, key, sizeof key - 1) == 0)
            from = (char *)memchr(from + sizeof key, '"', (size_t)(end - from) - sizeof key) + 1;
        else
            *to++ = *from++;
    }
    text->len = (size_t)(to - text->at);
}

static void one_sequence(tq_network *network, uint64_t *version, uint64_t seed)
{
    tq_random chance = {seed * UINT64_C(2654435761) + 1};
    state now = {0};
    tq_err err = {0};
    tq_network *fresh = NULL;
    const tq_snapshot *snapshot = tq_network_hold(network);
    const tq_city *city = snapshot->city;
    assert_int_equal(tq_live_open(city, &now.live, &err), TQ_OK);
    tq_buf before = answers(network, seed);
    for (uint32_t k = 0; k < STEPS; k++) {
        step(&now, city, &chance);
        publish(network, now.live, ++*version);
        if (tq_random_below(&chance, 3) == 0) { /* questions in between fill the caches */
            tq_buf some = answers(network, seed + k);
            tq_buf_free(&some);
        }
    }
    check_runs(network, seed);
    tq_buf followed = answers(network, seed);
    if (tq_network_open(path, &fresh, &err) != TQ_OK) fail_msg("%s", err.text);
    publish(fresh, now.live, *version);
    tq_buf anew = answers(fresh, seed);
    assert_same(&followed, &anew, seed, "followed and made anew");
    tq_network_close(fresh);
    while (now.closures > 0)
        end_closure(&now, now.closures - 1);
    tq_live_forget_speeds(now.live);
    tq_live_forget_feed(now.live, "f");
    publish(network, now.live, ++*version);
    tq_buf after = answers(network, seed);
    drop_versions(&before);
    drop_versions(&after);
    assert_same(&before, &after, seed, "before and after");
    tq_buf_free(&before);
    tq_buf_free(&followed);
    tq_buf_free(&anew);
    tq_buf_free(&after);
    tq_live_close(now.live);
    tq_network_drop(network, snapshot);
}

static void sequences(void **unused)
{
    (void)unused;
    const char *cases = getenv("TQ_CASES"), *first = getenv("TQ_SEED");
    uint64_t count = cases != NULL ? strtoull(cases, NULL, 10) : 60;
    uint64_t seed = first != NULL ? strtoull(first, NULL, 10) : 1, version = 0;
    tq_network *network = NULL;
    tq_err err = {0};
    if (tq_network_open(path, &network, &err) != TQ_OK) fail_msg("%s", err.text);
    for (uint64_t k = 0; k < count; k++)
        one_sequence(network, &version, seed + k);
    tq_network_close(network);
    print_message("%llu sequences from seed %llu\n", (unsigned long long)count,
                  (unsigned long long)seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sequences, open_city, drop_city)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
