/*
 * Do readers feel that the network changes under them? One thread asks for car routes of one
 * network without a pause; another, as the server's writer does, closes and reopens one street
 * after the other: 200 swaps, each made ready and shown by tq_network_publish and quickened by
 * tq_network_finish, one every SWAP_MS. Quiet stretches and stretches with swaps take turns, so
 * that both meet the same noise of the machine. Prints JSON lines: quantiles of both, their ratio,
 * what a publish took.
 *
 * usage: bench_journey_live CITY-FILE (any city; tongqu import --osm FILE makes one)
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "journey/journey.h"

#define SWAPS   200u
#define ROUNDS  10u
#define SWAP_MS 250
#define PAIRS   2000u
#define ASKED   4000000u
#define DAY_MS  INT64_C(86400000)
#define NOON_MS INT64_C(45000000) /* 12:30 UTC */
#define NICE    5 /* as os/worker.c: background threads yield to those that answer */
#define BOUNDS  "\"swaps\":200"

static const tq_env *env;
static tq_network *network;
static tq_point pair[PAIRS][2];
static uint32_t *took_ns[2]; /* quiet, with swaps: [ASKED] */
static size_t asked[2];
static _Atomic int phase; /* 0 quiet, 1 swaps, 2 the end */
static double publish_ms[SWAPS], finish_ms[SWAPS];
static int64_t
    asked_ms; /* the instant of all questions: ways that cross an hour's rules take longer */

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_journey_live: %s\n", what);
    exit(1);
}

static bool ask(const tq_point *from_to, tq_arena *work, tq_buf *out)
{
    tq_route_options options;
    tq_err err;
    tq_route_options_default(&options);
    const tq_snapshot *now = tq_network_hold(network);
    out->len = 0;
    tq_arena_reset(work, 0);
    tq_status status = tq_snapshot_route_json(now, TQ_PROFILE_CAR, asked_ms, from_to, 2, &options,
                                              work, out, &err);
    tq_network_drop(network, now);
    return status == TQ_OK;
}

static void read_on(void)
{
    const tq_snapshot *now = tq_network_hold(network);
    size_t bytes = tq_journey_work_bytes(now->city);
    tq_network_drop(network, now);
    tq_arena work;
    tq_buf out = {0};
    tq_arena_init(&work, malloc(bytes), bytes);
    for (uint32_t at = 0;; at = (at + 1) % PAIRS) {
        int which = atomic_load(&phase);
        if (which > 1) break;
        int64_t began_ns = env->mono_ns(env->user);
        (void)ask(pair[at], &work, &out);
        uint32_t ns = (uint32_t)(env->mono_ns(env->user) - began_ns);
        if (asked[which] < ASKED) took_ns[which][asked[which]++] = ns;
    }
    tq_buf_free(&out);
    free(work.base);
}

static void wait_ms(int64_t ms)
{
    struct timespec some = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&some, NULL);
}

static const tq_overlay *overlay_of(const tq_city *city, uint64_t version, uint32_t arc, bool shut)
{
    const tq_overlay *out = NULL;
    tq_err err = {0};
    const tq_live_rule rule = {.arc = arc, .access = UINT16_MAX, .effect = TQ_LIVE_CLOSED};
    tq_overlay from = {
        .version = version, .road_version = version, .rule_count = shut ? 1 : 0, .rule = &rule};
    if (tq_overlay_new(city, &from, &out, &err) != TQ_OK) stop(err.text);
    return out;
}

static void swap(const tq_city *city, uint32_t number, tq_random *random)
{
    static uint32_t arc;
    tq_err err = {0};
    if (number % 2 == 0) {
        const tq_streets *streets = &city->streets;
        uint32_t edge = tq_random_below(random, streets->edge_count);
        while ((tq_edge_attr(streets, edge)->access[0] & TQ_ACCESS_CAR) == 0)
            edge = (edge + 1) % streets->edge_count;
        arc = 2 * edge;
    }
    const tq_overlay *next = overlay_of(city, number + 1, arc, number % 2 == 0);
    int64_t began_ns = env->mono_ns(env->user);
    if (tq_network_publish(network, next, asked_ms, NULL, &err) != TQ_OK) stop(err.text);
    publish_ms[number] = (double)(env->mono_ns(env->user) - began_ns) / 1e6;
    tq_overlay_drop(next);
    began_ns = env->mono_ns(env->user);
    if (tq_network_finish(network, &err) != TQ_OK) stop(err.text);
    finish_ms[number] = (double)(env->mono_ns(env->user) - began_ns) / 1e6;
}

static void write_on(void)
{
    const tq_snapshot *now = tq_network_hold(network);
    const tq_city *city = now->city;
    tq_random random = {7};
    tq_network_drop(network, now);
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE); /* of this thread */
    for (uint32_t round = 0; round < ROUNDS; round++) {
        atomic_store(&phase, 0);
        wait_ms((int64_t)(SWAPS / ROUNDS) * SWAP_MS);
        atomic_store(&phase, 1);
        for (uint32_t k = 0; k < SWAPS / ROUNDS; k++) {
            int64_t began_ns = env->mono_ns(env->user);
            swap(city, round * (SWAPS / ROUNDS) + k, &random);
            int64_t left_ms = SWAP_MS - (env->mono_ns(env->user) - began_ns) / 1000000;
            if (left_ms > 0) wait_ms(left_ms);
        }
    }
    atomic_store(&phase, 2);
}

static void run(void *user, uint32_t part)
{
    (void)user;
    if (part == 0)
        read_on();
    else
        write_on();
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void choose_pairs(const tq_city *city)
{
    size_t bytes = tq_journey_work_bytes(city);
    tq_random random = {11};
    tq_arena work;
    tq_buf out = {0};
    tq_arena_init(&work, malloc(bytes), bytes);
    for (uint32_t k = 0, tries = 0; k < PAIRS; k += ask(pair[k], &work, &out)) {
        if (tries++ > 50 * PAIRS) stop("the city's places are not connected");
        for (uint32_t end = 0; end < 2; end++)
            pair[k][end] =
                city->streets.node_at[tq_random_below(&random, city->streets.node_count)];
    }
    tq_buf_free(&out);
    free(work.base);
}

int main(int count, char **argument)
{
    tq_err err = {0};
    env = tq_env_real();
    if (count != 2) stop("usage: bench_journey_live CITY-FILE");
    if (tq_network_open(argument[1], &network, &err) != TQ_OK ||
        tq_network_warm(network, env->now_ms(env->user), &err) != TQ_OK)
        stop(err.text);
    asked_ms = env->now_ms(env->user) / DAY_MS * DAY_MS + NOON_MS;
    const tq_snapshot *now = tq_network_hold(network);
    choose_pairs(now->city);
    tq_network_drop(network, now);
    for (uint32_t k = 0; k < 2; k++)
        if ((took_ns[k] = TQ_ALLOC(uint32_t, ASKED)) == NULL) stop("no memory");
    tq_parallel(2, 2, run, NULL);
    double p99[2];
    for (uint32_t k = 0; k < 2; k++) {
        if (asked[k] < 1000) stop("too few answers to tell");
        qsort(took_ns[k], asked[k], sizeof **took_ns, by_size);
        p99[k] = took_ns[k][asked[k] * 99 / 100] / 1e3;
        printf("{\"name\":\"journey_live.readers.%s\",\"n\":%zu,\"median_us\":%.1f,"
               "\"p99_us\":%.1f,\"p999_us\":%.1f}\n",
               k == 0 ? "quiet" : "swaps", asked[k], took_ns[k][asked[k] / 2] / 1e3, p99[k],
               took_ns[k][asked[k] * 999 / 1000] / 1e3);
    }
    qsort(finish_ms, SWAPS, sizeof *finish_ms, by_value);
    qsort(publish_ms, SWAPS, sizeof *publish_ms, by_value);
    printf("{\"name\":\"journey_live.ratio\"," BOUNDS ",\"p99_ratio\":%.3f}\n", p99[1] / p99[0]);
    printf("{\"name\":\"journey_live.publish\"," BOUNDS
           ",\"median_ms\":%.2f,\"p99_ms\":%.2f,\"finish_ms\":%.2f}\n",
           publish_ms[SWAPS / 2], publish_ms[SWAPS * 99 / 100], finish_ms[SWAPS / 2]);
    tq_network_close(network);
    return 0;
}
