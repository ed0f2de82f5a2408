/*
 * Who drives to whom, all at once: matching alone on random instances, then whole batches on the
 * streets of Porto (candidates from the grid, live times by kept rows, matching). Prints one JSON
 * line a measurement: milliseconds of one core, of a batch also by the clock on the wall.
 *
 * Between two batches all vehicles move and all orders are new. Positions and orders are snapped,
 * and their rows of times are made, when they arrive: pool.position and pool.order. A batch holds
 * everything from the orders' places to the assignment: batch.all_in. The same with the orders'
 * rows made in it is batch.new_orders, with all rows made in it, as right after a change of the
 * network, batch.stale.
 *
 * usage: bench_fleet_match [NAME.city]. Data: TQ_SHARED_DATA, by default ../shared/data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "desk/pool_in.h"
#include "fleet/fleet.h"
#include "porto_city.h"

#define MOST          5000u
#define LIMIT_MOST    50u
#define PLACES        40000u
#define LEAVE_DS      18000
#define SAMPLES       300u
#define SAMPLES_LARGE 30u
#define WORK_BYTES    ((size_t)64 << 20)
#define SEED          95128u

static tq_arena work;
static uint32_t first_pair[MOST + 1], vehicle_of_order[MOST];
static tq_fleet_pair pair[MOST * LIMIT_MOST];
static desk_candidate candidate[MOST * LIMIT_MOST];
static int32_t leave_cost[MOST];
static int64_t price[MOST];
static double sample[SAMPLES];

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_fleet_match: %s\n", what);
    exit(1);
}

/* The machine is shared: the thread's own time on its core counts, not the time it waits for one.
 */
static int64_t core_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static double ms_since(int64_t start_ns)
{
    return (double)(core_ns() - start_ns) / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_samples(const char *name, uint32_t orders, uint32_t vehicles, uint32_t limit,
                          double *ms, uint32_t count, const char *more)
{
    qsort(ms, count, sizeof *ms, by_size);
    printf("{\"name\":\"%s\",\"n\":%u,\"vehicles\":%u,\"k\":%u,\"samples\":%u,\"median_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"max_ms\":%.3f%s}\n",
           name, orders, vehicles, limit, count, ms[count / 2],
           ms[(uint32_t)((double)count * 0.99)], ms[count - 1], more);
    (void)fflush(stdout);
}

static int64_t match(uint32_t orders, uint32_t vehicles, const int64_t *before, uint32_t *matched)
{
    tq_fleet_matching in = {orders, vehicles, first_pair, pair, leave_cost, before};
    tq_fleet_match_answer out = {vehicle_of_order, price, 0, 0};
    tq_err err = {0};
    if (tq_fleet_match(&in, &work, &out, &err) != TQ_OK) stop(err.text);
    *matched = out.matched;
    return out.cost;
}

/* ---- matching alone -------------------------------------------------------------------------- */

static int by_cost(const void *a, const void *b)
{
    const tq_fleet_pair *x = a, *y = b;
    if (x->cost != y->cost) return x->cost < y->cost ? -1 : 1;
    return x->vehicle < y->vehicle ? -1 : x->vehicle > y->vehicle;
}

/* Places on a plane of 30 x 30 km, half of them in its middle third; 25 km/h on a grid of streets.
 */
static void make_plane(tq_random *random, uint32_t orders, uint32_t vehicles, uint32_t limit)
{
    static uint32_t x[2 * MOST], y[2 * MOST];
    static tq_fleet_pair all[MOST];
    for (uint32_t k = 0; k < orders + vehicles; k++) {
        bool middle = tq_random_below(random, 2) == 0;
        x[k] = middle ? 10000 + tq_random_below(random, 10000) : tq_random_below(random, 30000);
        y[k] = middle ? 10000 + tq_random_below(random, 10000) : tq_random_below(random, 30000);
    }
    uint32_t count = 0;
    for (uint32_t order = 0; order < orders; order++) {
        for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++) {
            uint32_t other = orders + vehicle;
            int64_t metres =
                llabs((int64_t)x[order] - x[other]) + llabs((int64_t)y[order] - y[other]);
            all[vehicle] = (tq_fleet_pair){vehicle, (int32_t)(metres * 36 / 25)};
        }
        qsort(all, vehicles, sizeof *all, by_cost);
        first_pair[order] = count;
        leave_cost[order] = LEAVE_DS;
        for (uint32_t k = 0; k < TQ_MIN(limit, vehicles); k++)
            pair[count++] = all[k];
    }
    first_pair[orders] = count;
}

static void bench_plane(uint32_t orders, uint32_t vehicles, uint32_t limit, uint32_t samples)
{
    tq_random random = {SEED};
    static double warm[SAMPLES];
    uint32_t matched = 0;
    char more[80];
    for (uint32_t k = 0; k < samples; k++) {
        if (k % 5 == 0) make_plane(&random, orders, vehicles, limit);
        int64_t start = core_ns();
        int64_t cost = match(orders, vehicles, NULL, &matched);
        sample[k] = ms_since(start);
        static int64_t before[MOST];
        memcpy(before, price, sizeof before);
        start = core_ns();
        if (match(orders, vehicles, before, &matched) != cost) stop("old prices change the cost");
        warm[k] = ms_since(start);
    }
    (void)snprintf(more, sizeof more, ",\"matched\":%u", matched);
    print_samples("match.plane", orders, vehicles, limit, sample, samples, more);
    print_samples("match.plane_own_prices", orders, vehicles, limit, warm, samples, more);
}

/* ---- whole batches --------------------------------------------------------------------------- */

typedef struct spread {
    const tq_city *city;
    const tq_metric *metric;
    desk_pool *pool;
    tq_random random;
    desk_pool_order *place; /* [PLACES], snapped before anything is measured */
    int32_t *order_rows;    /* [MOST], tq_road_keep_ints each */
    desk_pool_order order[MOST];
} spread;

/* Places up to some 100 m from random corners, on streets that hang together. */
static void snap_places(spread *all)
{
    const tq_streets *streets = &all->city->streets;
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    for (uint32_t k = 0; k < PLACES;) {
        uint32_t node = tq_random_below(&all->random, streets->node_count), found = 0;
        tq_point at = streets->node_at[node];
        at.lat_e7 += (int32_t)tq_random_below(&all->random, 18000) - 9000;
        at.lon_e7 += (int32_t)tq_random_below(&all->random, 18000) - 9000;
        tq_snap snap;
        if (tq_road_snap(all->city, all->metric, at, &wish, &snap, &found, NULL) != TQ_OK) continue;
        all->place[k++] = (desk_pool_order){.at = at, .snap = snap};
    }
}

static void move_vehicles(spread *all, uint32_t vehicles)
{
    tq_err err = {0};
    for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++) {
        const desk_pool_order *place = &all->place[tq_random_below(&all->random, PLACES)];
        desk_pool_vehicle value = {
            .at = place->at, .snap = place->snap, .has_snap = true, .state = DESK_POOL_FREE};
        if (desk_pool_put(all->pool, vehicle, &value, &work, &err) != TQ_OK) stop(err.text);
    }
}

typedef struct parts {
    double times, matching;
} parts;

static uint32_t one_batch(spread *all, uint32_t orders, uint32_t vehicles, uint32_t limit,
                          parts *out)
{
    tq_err err = {0};
    desk_pool_batch batch = {.count = orders, .order = all->order, .wish = {.limit = limit}};
    int64_t start = core_ns();
    if (desk_pool_candidates(all->pool, &batch, &work, first_pair, candidate, &err) != TQ_OK)
        stop(err.text);
    out->times = ms_since(start);
    start = core_ns();
    for (uint32_t k = 0; k < first_pair[orders]; k++)
        pair[k] = (tq_fleet_pair){candidate[k].vehicle, candidate[k].drive_ds};
    uint32_t matched = 0;
    (void)match(orders, vehicles, NULL, &matched);
    out->matching = ms_since(start);
    return matched;
}

typedef enum rows_are { ROWS_READY, ROWS_OF_VEHICLES, ROWS_STALE } rows_are;
static const char *const batch_name[] = {"batch.all_in", "batch.new_orders", "batch.stale"};

static void bench_batches(spread *all, uint32_t orders, uint32_t vehicles, uint32_t limit,
                          rows_are rows, uint32_t samples)
{
    static double matching[SAMPLES], near_ms[SAMPLES], position[SAMPLES], order_ms[SAMPLES];
    size_t ints = tq_road_keep_ints(all->metric);
    static double wall[SAMPLES];
    const tq_env *env = tq_env_real();
    uint32_t matched = 0, near[DESK_POOL_CANDIDATES_MAX];
    desk_pool_wish wish = {.limit = limit};
    for (uint32_t k = 0; k < samples; k++) {
        for (uint32_t order = 0; order < orders; order++) {
            all->order[order] = all->place[tq_random_below(&all->random, PLACES)];
            leave_cost[order] = LEAVE_DS;
        }
        int64_t start = core_ns();
        move_vehicles(all, vehicles);
        position[k] = ms_since(start);
        start = core_ns();
        for (uint32_t order = 0; order < orders; order++)
            (void)desk_pool_nearest(all->pool, all->order[order].at, &wish, near);
        near_ms[k] = ms_since(start);
        start = core_ns();
        tq_err err = {0};
        for (uint32_t order = 0; rows == ROWS_READY && order < orders; order++)
            if (desk_pool_prepare(all->pool, &all->order[order], all->order_rows + order * ints,
                                  &work, &err) != TQ_OK)
                stop(err.text);
        order_ms[k] = ms_since(start);
        if (rows == ROWS_STALE) desk_pool_use(all->pool, all->metric);
        parts took = {0};
        int64_t wall_ns = env->mono_ns(env->user);
        matched = one_batch(all, orders, vehicles, limit, &took);
        wall[k] = (double)(env->mono_ns(env->user) - wall_ns) / 1e6;
        sample[k] = took.times + took.matching;
        matching[k] = took.matching;
    }
    char more[160];
    qsort(wall, samples, sizeof *wall, by_size);
    (void)snprintf(more, sizeof more,
                   ",\"pairs\":%u,\"matched\":%u,\"wall_median_ms\":%.3f,\"wall_p99_ms\":%.3f",
                   first_pair[orders], matched, wall[samples / 2],
                   wall[(uint32_t)((double)samples * 0.99)]);
    print_samples(batch_name[rows], orders, vehicles, limit, sample, samples, more);
    if (rows != ROWS_READY) return;
    print_samples("batch.of_it_nearest", orders, vehicles, limit, near_ms, samples, "");
    print_samples("batch.of_it_matching", orders, vehicles, limit, matching, samples, "");
    print_samples("pool.order", orders, vehicles, limit, order_ms, samples, "");
    print_samples("pool.position", vehicles, vehicles, limit, position, samples, "");
}

/* Each time once more by a search of its own. */
static void check_times(spread *all, uint32_t orders)
{
    tq_err err = {0};
    uint32_t wrong = 0;
    for (uint32_t order = 0; order < orders; order++)
        for (uint32_t k = first_pair[order]; k < first_pair[order + 1]; k++) {
            int64_t time = TQ_ROAD_INF;
            (void)tq_road_time(all->city, all->metric,
                               &desk_pool_get(all->pool, candidate[k].vehicle)->snap,
                               &all->order[order].snap, &work, &time, &err);
            wrong += time != candidate[k].drive_ds;
        }
    printf("{\"name\":\"batch.times_checked\",\"n\":%u,\"wrong\":%u}\n", first_pair[orders], wrong);
    if (wrong != 0) stop("times differ from those of a search");
}

static void bench_streets(const char *path)
{
    static spread all;
    tq_err err = {0};
    tq_city *city = NULL;
    tq_metric *metric = NULL;
    if ((path == NULL ? porto_open(&city, &err) : tq_city_open(path, &city, &err)) != TQ_OK ||
        tq_metric_make(city, tq_road_vehicle(city, TQ_PROFILE_CAR), 0, NULL,
                       TQ_METRIC_PRUNED | TQ_METRIC_LABELS | TQ_METRIC_MAIN, 1, &metric,
                       &err) != TQ_OK ||
        desk_pool_open(city, MOST, &all.pool, &err) != TQ_OK)
        stop(err.text);
    all.city = city;
    all.metric = metric;
    all.random.state = SEED;
    all.place = TQ_ALLOC(desk_pool_order, PLACES);
    all.order_rows = tq_alloc_aligned(MOST * tq_road_keep_ints(metric), sizeof *all.order_rows);
    if (all.place == NULL || all.order_rows == NULL) stop("no memory");
    snap_places(&all);
    desk_pool_use(all.pool, metric);
    printf("{\"name\":\"city\",\"nodes\":%u,\"edges\":%u,\"bytes_a_vehicle\":%zu}\n",
           city->streets.node_count, city->streets.edge_count,
           tq_road_keep_ints(metric) * sizeof(int32_t));
    bench_batches(&all, 1000, MOST, 20, ROWS_READY, SAMPLES);
    check_times(&all, 1000);
    bench_batches(&all, 1000, MOST, 20, ROWS_OF_VEHICLES, SAMPLES);
    bench_batches(&all, 1000, MOST, 20, ROWS_STALE, SAMPLES_LARGE);
    bench_batches(&all, MOST, MOST, 20, ROWS_READY, SAMPLES_LARGE);
    bench_batches(&all, MOST, MOST, 50, ROWS_READY, SAMPLES_LARGE);
    tq_free(all.place);
    tq_free(all.order_rows);
    desk_pool_close(all.pool);
    tq_metric_free(metric);
    tq_city_close(city);
}

int main(int count, char **argument)
{
    void *memory = tq_alloc_aligned(WORK_BYTES, 1);
    if (memory == NULL) stop("no memory");
    tq_arena_init(&work, memory, WORK_BYTES);
    bench_plane(1000, MOST, 20, SAMPLES);
    bench_plane(MOST, MOST, 20, SAMPLES_LARGE);
    bench_plane(MOST, MOST, 50, SAMPLES_LARGE);
    bench_streets(count > 1 ? argument[1] : NULL);
    tq_free(memory);
    return 0;
}
