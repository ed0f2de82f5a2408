/*
 * A generated day of pooled service on a grid of 32 x 128 zones, 3.6 x 21.6 km, about the size and
 * the hours of Manhattan: requests come one after another and are put into plans at once, vehicles
 * drive from zone to zone and can be diverted at each, and idle ones are sent where requests were
 * refused. All figures are of generated demand. At the end another piece of code, which knows only
 * the stops that were done, checks every promise.
 *
 * `bench_fleet_pool [REQUESTS VEHICLES]`; prints JSON lines. Times are in eighths of a second, so
 * that a zone is crossed in 162 or 243 of them at 20.25 km/h without rounding.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#include "fleet/fleet.h"

#define ZONES_X    32
#define ZONES_Y    128
#define ZONES      (ZONES_X * ZONES_Y)
#define STEP_X     162
#define STEP_Y     243
#define SECOND     8
#define SEATS      6
#define WAIT_MAX   (300 * SECOND)
#define DELAY_MAX  (600 * SECOND)
#define AREA_X     4 /* zones of one area, in which wishes are counted */
#define AREA_Y     4
#define AREAS      (ZONES / AREA_X / AREA_Y)
#define BALANCE_S  60
#define WORK_BYTES ((size_t)64 << 20)
#define DONE_MAX   8192
#define NEVER      INT32_MAX

typedef enum bench_kind { PLAIN, MIXED } bench_kind;
typedef enum bench_balance { STAY, BALANCED } bench_balance;

typedef struct bench_trip {
    int32_t at, direct, pick, drop;
    uint16_t from, to;
    uint16_t seats, chairs; /* with companions; wheelchairs */
    uint32_t vehicle;
    int32_t ride_max;
} bench_trip;

typedef struct bench_day {
    uint32_t trip_count, vehicle_count;
    bench_trip *trip;
    uint16_t *time;
    tq_fleet_pool *pool;
    uint32_t *zone;  /* [vehicle_count] where it is or will be next */
    uint32_t *goal;  /* where it is sent, or TQ_NONE */
    int32_t *there;  /* ... and when, if it has no goal */
    int32_t *look;   /* when it reaches the next zone */
    int64_t *row_ns; /* [trip_count] */
    tq_fleet_pool_stop *log;
    uint32_t log_count, sent;
    uint32_t refused[AREAS];
    tq_arena work;
} bench_day;

static double uniform(tq_random *random)
{
    return ((double)(tq_random_u64(random) >> 11) + 0.5) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int by_time(const void *a, const void *b)
{
    return ((const bench_trip *)a)->at - ((const bench_trip *)b)->at;
}

static uint16_t zone_of(double x_m, double y_m)
{
    return (uint16_t)((int)(y_m / 168.75) * ZONES_X + (int)(x_m / 112.5));
}

/* A weekday's trips by hour; only their ratio counts. */
static const double hour_share[24] = {3.6, 2.6, 1.9, 1.4, 1.2, 1.3, 2.6, 4.1, 4.9, 4.8, 4.6, 4.7,
                                      4.9, 4.8, 4.9, 4.6, 4.0, 4.7, 5.8, 6.2, 6.0, 5.9, 5.7, 4.8};

static int32_t draw_time(tq_random *random)
{
    double all = 0;
    for (int hour = 0; hour < 24; hour++)
        all += hour_share[hour];
    double left = uniform(random) * all;
    int hour = 0;
    while (hour < 23 && left > hour_share[hour])
        left -= hour_share[hour++];
    return (int32_t)((hour + uniform(random)) * 3600 * SECOND);
}

static void draw_trip(bench_day *day, tq_random *random, bench_kind kind, bench_trip *trip)
{
    const double width = 3600, length = 21600;
    double x, y, x2, y2;
    do {
        x = width * uniform(random);
        y = uniform(random) < 0.75 ? length * (0.25 + 0.45 * uniform(random))
                                   : length * uniform(random);
        double far = -1700.0 * (log(uniform(random)) + log(uniform(random)));
        double aside = far * uniform(random) * 0.35;
        x2 = x + (uniform(random) < 0.5 ? aside : -aside);
        y2 = y + (uniform(random) < 0.5 ? far - aside : aside - far);
    } while (x2 < 0 || x2 >= width || y2 < 0 || y2 >= length || fabs(x2 - x) + fabs(y2 - y) < 500);
    trip->from = zone_of(x, y);
    trip->to = zone_of(x2, y2);
    trip->direct = day->time[(size_t)trip->from * ZONES + trip->to];
    trip->ride_max = trip->direct + DELAY_MAX;
    trip->seats = 1;
    if (kind == PLAIN) return;
    trip->ride_max = TQ_MAX(trip->direct * 3 / 2, trip->direct + 120 * SECOND);
    if (uniform(random) < 0.03) trip->chairs = 1;
    if (uniform(random) < 0.30) trip->seats++;
    if (uniform(random) < 0.08) trip->seats++;
}

static void make_day(bench_day *day, uint64_t seed, bench_kind kind)
{
    tq_random random = {seed};
    for (int a = 0; a < ZONES; a++)
        for (int b = 0; b < ZONES; b++)
            day->time[(size_t)a * ZONES + (size_t)b] =
                (uint16_t)(abs(a % ZONES_X - b % ZONES_X) * STEP_X +
                           abs(a / ZONES_X - b / ZONES_X) * STEP_Y);
    memset(day->trip, 0, day->trip_count * sizeof *day->trip);
    for (uint32_t k = 0; k < day->trip_count; k++) {
        draw_trip(day, &random, kind, &day->trip[k]);
        day->trip[k].at = draw_time(&random);
        day->trip[k].vehicle = TQ_NONE;
        day->trip[k].pick = day->trip[k].drop = -1;
    }
    qsort(day->trip, day->trip_count, sizeof *day->trip, by_time);
    memset(day->refused, 0, sizeof day->refused);
    day->log_count = day->sent = 0;
}

static tq_status open_pool(bench_day *day, uint64_t seed, tq_err *err)
{
    tq_random random = {seed ^ 0x5eed};
    tq_fleet_pool_config config = tq_fleet_pool_config_default();
    config.vehicle_max = day->vehicle_count;
    config.request_max = day->trip_count;
    config.drive_weight = 1;
    config.wait_weight = 1;
    config.delay_weight = 1;
    tq_fleet_pool_times times = {.node_count = ZONES, .u16 = day->time};
    TQ_TRY(tq_fleet_pool_open(&config, &times, &day->pool, err));
    for (uint32_t k = 0; k < day->vehicle_count; k++) {
        tq_fleet_pool_vehicle vehicle = tq_fleet_pool_vehicle_default();
        vehicle.node = zone_of(3600 * uniform(&random), 21600 * (0.1 + 0.7 * uniform(&random)));
        vehicle.capacity[0] = SEATS;
        vehicle.capacity[1] = k % 4 == 0 ? 2 : 0; /* wheelchair places, each over two seats */
        vehicle.takes[1][0] = 2;
        uint32_t index = 0;
        TQ_TRY(tq_fleet_pool_add(day->pool, &vehicle, &index, err));
        day->zone[k] = vehicle.node;
        day->goal[k] = TQ_NONE;
        day->there[k] = 0;
        day->look[k] = NEVER;
    }
    return TQ_OK;
}

/* One zone towards the goal, first along x. */
static uint32_t next_zone(uint32_t zone, uint32_t goal, int32_t *time)
{
    uint32_t x = zone % ZONES_X, goal_x = goal % ZONES_X;
    if (x != goal_x) {
        *time += STEP_X;
        return x < goal_x ? zone + 1 : zone - 1;
    }
    *time += STEP_Y;
    return zone < goal ? zone + ZONES_X : zone - ZONES_X;
}

/* Drive one vehicle up to the first zone that it reaches at or after `now`. */
static tq_status drive(bench_day *day, uint32_t vehicle, int32_t now, tq_err *err)
{
    uint32_t stops = 0, goal = day->goal[vehicle];
    int32_t leave = day->look[vehicle] - 1, start = 0;
    tq_fleet_pool_next(day->pool, vehicle, &stops, &goal, &leave, &start);
    if (stops == 0 && goal == TQ_NONE) {
        day->look[vehicle] = NEVER;
        return TQ_OK;
    }
    int32_t time = leave;
    uint32_t zone = day->zone[vehicle];
    if (now <= leave) {
        day->look[vehicle] = leave + 1;
        return TQ_OK;
    }
    while (time < now && zone != goal)
        zone = next_zone(zone, goal, &time);
    day->look[vehicle] = time + 1;
    if (zone == goal) day->look[vehicle] = NEVER;
    if (zone == goal && stops > 0) return TQ_OK; /* the pool ends this leg */
    if (zone == goal) day->goal[vehicle] = TQ_NONE;
    day->there[vehicle] = time;
    day->zone[vehicle] = zone;
    return tq_fleet_pool_move(day->pool, vehicle, zone, time, NULL, err);
}

static tq_status pass_time(bench_day *day, int32_t now, tq_err *err)
{
    uint32_t count = 0;
    do {
        tq_fleet_pool_stop *done = day->log + day->log_count;
        TQ_TRY(tq_fleet_pool_advance(day->pool, now, done, DONE_MAX, &count, err));
        day->log_count += count;
        for (uint32_t k = 0; k < count; k++) {
            day->zone[done[k].vehicle] = done[k].node;
            day->look[done[k].vehicle] = now;
        }
    } while (count == DONE_MAX);
    for (uint32_t vehicle = 0; vehicle < day->vehicle_count; vehicle++)
        if (day->look[vehicle] <= now) TQ_TRY(drive(day, vehicle, now, err));
    return TQ_OK;
}

static uint32_t area_of(uint32_t zone)
{
    return zone / ZONES_X / AREA_Y * (ZONES_X / AREA_X) + zone % ZONES_X / AREA_X;
}

static uint32_t middle_of(uint32_t area)
{
    uint32_t x = area % (ZONES_X / AREA_X) * AREA_X + AREA_X / 2;
    uint32_t y = area / (ZONES_X / AREA_X) * AREA_Y + AREA_Y / 2;
    return y * ZONES_X + x;
}

/* Send one idle vehicle for each request that was refused since the last time. */
static tq_status send_idle(bench_day *day, int32_t now, tq_err *err)
{
    static tq_fleet_idle idle[AREAS];
    static tq_fleet_want want[AREAS];
    static tq_fleet_send send[AREAS * 64];
    static uint32_t next_of[100000], first_of[AREAS], row_of[AREAS], area_of_row[AREAS];
    uint32_t idle_rows = 0, want_rows = 0, count = 0;
    for (uint32_t area = 0; area < AREAS; area++)
        row_of[area] = TQ_NONE;
    for (uint32_t vehicle = 0; vehicle < day->vehicle_count; vehicle++) {
        uint32_t stops = 0, node;
        int32_t leave, start;
        tq_fleet_pool_next(day->pool, vehicle, &stops, &node, &leave, &start);
        if (stops > 0 || day->goal[vehicle] != TQ_NONE) continue;
        uint32_t area = area_of(day->zone[vehicle]);
        if (row_of[area] == TQ_NONE) {
            row_of[area] = idle_rows;
            area_of_row[idle_rows] = area;
            first_of[area] = TQ_NONE;
            idle[idle_rows++] = (tq_fleet_idle){middle_of(area), 0};
        }
        idle[row_of[area]].count++;
        next_of[vehicle] = first_of[area];
        first_of[area] = vehicle;
    }
    for (uint32_t area = 0; area < AREAS; area++)
        if (day->refused[area] > 0)
            want[want_rows++] = (tq_fleet_want){middle_of(area), day->refused[area], NEVER / 16};
    memset(day->refused, 0, sizeof day->refused);
    int64_t gain = 0;
    tq_fleet_pool_times times = {.node_count = ZONES, .u16 = day->time};
    TQ_TRY(tq_fleet_rebalance(&times, idle, idle_rows, want, want_rows, NEVER, &day->work, send,
                              &count, &gain, err));
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t n = 0; n < send[k].count; n++) {
            uint32_t area = area_of_row[send[k].idle], vehicle = first_of[area];
            first_of[area] = next_of[vehicle];
            day->goal[vehicle] = want[send[k].want].node;
            day->look[vehicle] = TQ_MAX(now, day->there[vehicle]) + 1;
            day->sent++;
        }
    return TQ_OK;
}

static tq_fleet_pool_request request_of(const bench_day *day, uint32_t k)
{
    const bench_trip *trip = &day->trip[k];
    tq_fleet_pool_request request = tq_fleet_pool_request_default();
    request.id = k;
    request.from_node = trip->from;
    request.to_node = trip->to;
    request.earliest = trip->at;
    request.latest = trip->at + WAIT_MAX;
    request.arrive_latest = trip->at + trip->direct + DELAY_MAX;
    request.ride_max = trip->ride_max;
    request.load[0] = 1;
    request.companions = (uint16_t)(trip->seats - 1);
    if (trip->chairs > 0) {
        request.load[0] = 0;
        request.load[1] = trip->chairs;
    }
    return request;
}

/* Six slots, eight vehicles each, in the middle of a busy hour. */
static tq_status time_offers(bench_day *day, uint32_t from, tq_err *err)
{
    enum { CALLS = 200, SLOTS = 6, EACH = 8 };
    static int64_t ns[CALLS];
    tq_fleet_pool_slot slot[SLOTS];
    tq_fleet_pool_place place[SLOTS * EACH];
    uint32_t count = 0, sum = 0;
    for (uint32_t call = 0; call < CALLS; call++) {
        tq_fleet_pool_request request = request_of(day, from + call);
        for (int32_t k = 0; k < SLOTS; k++) {
            int32_t earliest = request.earliest + k * 300 * SECOND;
            slot[k] = (tq_fleet_pool_slot){earliest, earliest + WAIT_MAX,
                                           earliest + day->trip[from + call].direct + DELAY_MAX};
        }
        int64_t begin = tq_cpu_ns();
        TQ_TRY(tq_fleet_offer(day->pool, &request, slot, SLOTS, EACH, place, &count, err));
        ns[call] = tq_cpu_ns() - begin;
        sum += count;
    }
    qsort(ns, CALLS, sizeof *ns, by_value);
    printf("{\"name\":\"fleet.offer\",\"slots\":%d,\"vehicles\":%d,\"offers_mean\":%.1f,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           SLOTS, EACH, (double)sum / CALLS, (double)ns[CALLS / 2] / 1e6,
           (double)ns[CALLS * 99 / 100] / 1e6, (double)ns[CALLS - 1] / 1e6);
    return TQ_OK;
}

/* Every promise, from the stops that were done and nothing else. */
static uint32_t check_day(bench_day *day, uint32_t served)
{
    typedef struct check {
        int32_t time, seats, chairs;
        uint32_t node;
    } check;
    check *vehicle = TQ_ALLOC(check, day->vehicle_count);
    uint32_t wrong = 0, dropped = 0;
    for (uint32_t k = 0; k < day->log_count; k++) {
        const tq_fleet_pool_stop *stop = &day->log[k];
        bench_trip *trip = &day->trip[stop->request];
        check *at = &vehicle[stop->vehicle];
        if (at->time > 0)
            wrong += stop->start < at->time + day->time[(size_t)at->node * ZONES + stop->node];
        at->time = stop->start;
        at->node = stop->node;
        int32_t sign = stop->kind == TQ_FLEET_STOP_PICK ? 1 : -1;
        at->chairs += sign * trip->chairs;
        at->seats += sign * (trip->seats + (trip->chairs > 0 ? 2 * trip->chairs - 1 : 0));
        wrong += at->seats > SEATS || at->chairs > (stop->vehicle % 4 == 0 ? 2 : 0);
        if (stop->kind == TQ_FLEET_STOP_PICK) {
            wrong += trip->pick >= 0 || stop->node != trip->from || stop->start < trip->at ||
                     stop->start > trip->at + WAIT_MAX;
            trip->pick = stop->start;
            trip->vehicle = stop->vehicle;
        } else {
            dropped++;
            wrong += trip->pick < 0 || trip->vehicle != stop->vehicle || stop->node != trip->to ||
                     stop->start > trip->at + trip->direct + DELAY_MAX ||
                     stop->start - trip->pick > trip->ride_max;
            trip->drop = stop->start;
        }
    }
    tq_free(vehicle);
    return wrong + (dropped != served);
}

static void report(bench_day *day, bench_kind kind, bench_balance balance, uint32_t served,
                   double cpu_s, int64_t insert_ns)
{
    uint32_t wrong = check_day(day, served);
    double wait = 0, delay = 0;
    for (uint32_t k = 0; k < day->trip_count; k++) {
        const bench_trip *trip = &day->trip[k];
        if (trip->drop < 0) continue;
        wait += (double)(trip->pick - trip->at) / SECOND;
        delay += (double)(trip->drop - trip->at - trip->direct) / SECOND;
    }
    qsort(day->row_ns, day->trip_count, sizeof *day->row_ns, by_value);
    printf("{\"name\":\"fleet.pool\",\"demand\":\"generated\",\"kind\":\"%s\",\"balance\":%s,"
           "\"requests\":%u,\"vehicles\":%u,\"served_percent\":%.2f,\"wait_mean_s\":%.1f,"
           "\"delay_mean_s\":%.1f,\"violations\":%u,\"sent\":%u,\"day_cpu_s\":%.2f,"
           "\"requests_per_s\":%.0f,\"insert_p50_us\":%.1f,\"insert_p99_us\":%.1f,"
           "\"insert_max_us\":%.0f}\n",
           kind == PLAIN ? "plain" : "mixed", balance == BALANCED ? "true" : "false",
           day->trip_count, day->vehicle_count, 100.0 * served / day->trip_count, wait / served,
           delay / served, wrong, day->sent, cpu_s, day->trip_count / ((double)insert_ns / 1e9),
           (double)day->row_ns[day->trip_count / 2] / 1e3,
           (double)day->row_ns[(uint64_t)day->trip_count * 99 / 100] / 1e3,
           (double)day->row_ns[day->trip_count - 1] / 1e3);
}

static tq_status run(bench_day *day, bench_kind kind, bench_balance balance, tq_err *err)
{
    make_day(day, 1, kind);
    TQ_TRY(open_pool(day, 1, err));
    uint32_t served = 0;
    int32_t next_balance = 0;
    int64_t begin = tq_cpu_ns(), insert_ns = 0, offer_ns = 0;
    for (uint32_t k = 0; k < day->trip_count; k++) {
        int32_t now = day->trip[k].at;
        TQ_TRY(pass_time(day, now, err));
        if (balance == BALANCED && now >= next_balance) {
            TQ_TRY(send_idle(day, now, err));
            next_balance = now + BALANCE_S * SECOND;
        }
        tq_fleet_pool_request request = request_of(day, k);
        tq_fleet_pool_place place;
        int64_t from = tq_cpu_ns();
        TQ_TRY(tq_fleet_insert(day->pool, &request, &place, err));
        day->row_ns[k] = tq_cpu_ns() - from;
        insert_ns += day->row_ns[k];
        if (place.vehicle == TQ_NONE) {
            day->refused[area_of(request.from_node)]++;
        } else {
            served++;
            day->goal[place.vehicle] = TQ_NONE;
            day->look[place.vehicle] = now;
        }
        if (kind == MIXED && balance == BALANCED && k == day->trip_count * 4 / 5) {
            int64_t before = tq_cpu_ns();
            TQ_TRY(time_offers(day, k + 1, err));
            offer_ns = tq_cpu_ns() - before;
        }
    }
    TQ_TRY(pass_time(day, 40 * 3600 * SECOND, err));
    double cpu_s = (double)(tq_cpu_ns() - begin - offer_ns) / 1e9;
    report(day, kind, balance, served, cpu_s, insert_ns);
    tq_fleet_pool_close(day->pool);
    day->pool = NULL;
    return TQ_OK;
}

int main(int argc, char **argv)
{
    bench_day day = {.trip_count = 400000, .vehicle_count = 2000};
    if (argc == 3) {
        day.trip_count = TQ_MIN((uint32_t)strtoul(argv[1], NULL, 10), 5000000u);
        day.vehicle_count = TQ_MIN((uint32_t)strtoul(argv[2], NULL, 10), 50000u);
    }
    if (day.trip_count < 2000 || day.vehicle_count == 0) return 2;
    tq_err err;
    tq_err_clear(&err);
    day.trip = TQ_ALLOC(bench_trip, day.trip_count);
    day.time = TQ_ALLOC(uint16_t, (size_t)ZONES * ZONES);
    day.zone = TQ_ALLOC(uint32_t, day.vehicle_count);
    day.goal = TQ_ALLOC(uint32_t, day.vehicle_count);
    day.there = TQ_ALLOC(int32_t, day.vehicle_count);
    day.look = TQ_ALLOC(int32_t, day.vehicle_count);
    day.row_ns = TQ_ALLOC(int64_t, day.trip_count);
    day.log = TQ_ALLOC(tq_fleet_pool_stop, 2 * (size_t)day.trip_count + DONE_MAX);
    void *work = tq_alloc(WORK_BYTES, 1);
    if (day.trip == NULL || day.time == NULL || day.zone == NULL || day.goal == NULL ||
        day.look == NULL || day.there == NULL || day.row_ns == NULL || day.log == NULL ||
        work == NULL)
        return 1;
    tq_arena_init(&day.work, work, WORK_BYTES);
    tq_status status = run(&day, PLAIN, STAY, &err);
    if (status == TQ_OK) status = run(&day, PLAIN, BALANCED, &err);
    if (status == TQ_OK) status = run(&day, MIXED, BALANCED, &err);
    if (status != TQ_OK) fprintf(stderr, "%s\n", err.text);
    tq_fleet_pool_close(day.pool);
    tq_free(day.trip);
    tq_free(day.time);
    tq_free(day.zone);
    tq_free(day.goal);
    tq_free(day.there);
    tq_free(day.look);
    tq_free(day.row_ns);
    tq_free(day.log);
    tq_free(work);
    return status == TQ_OK ? 0 : 1;
}
