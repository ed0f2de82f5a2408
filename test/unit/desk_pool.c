// also: import
/*
 * The pool against plain scans: the nearest vehicles by looking at all of them, times by a search
 * of their own for each pair; moves, masks, changes of the metric, refusals.
 */
#include <math.h>

#include "desk/pool_in.h"
#include "road_graph.h"

#define VEHICLES 120u
#define ORDERS   40u
#define TOWNS    60u

static tq_arena work;
static _Alignas(64) uint8_t memory[1u << 20];
static tq_meta meta;
static desk_pool *pool;
static test_graph graph;
static tq_metric *metric;
static tq_random dice;
static uint64_t town;

static void open_town(uint64_t seed)
{
    tq_err err = {0};
    town = seed;
    dice = (tq_random){seed};
    tq_arena_init(&work, memory, sizeof memory);
    graph_make(&graph, &dice, 10 + tq_random_below(&dice, 100));
    /* Towns of 1 to 40 km at all latitudes, also a single point. */
    int32_t south = (int32_t)tq_random_below(&dice, 1200000000) - 600000000, west = 1125000000;
    int32_t size = (int32_t)tq_random_below(&dice, 4000000);
    if (seed % 7 == 0) size = 0;
    meta = (tq_meta){.box = {south, west, south + size, west + size}};
    graph.city.meta = &meta;
    assert_int_equal(desk_pool_open(&graph.city, VEHICLES, &pool, &err), TQ_OK);
}

static void make_metric(uint32_t parts)
{
    tq_err err = {0};
    tq_metric *made = NULL;
    assert_int_equal(tq_metric_make_from(&graph.city, TQ_HIERARCHY_MOTOR, NULL, graph.arc_ds,
                                         graph.turn_ds, parts, 1, &made, &err),
                     TQ_OK);
    if (parts & TQ_METRIC_PRUNED)
        assert_int_equal(tq_metric_label(made, 1u << tq_random_below(&dice, 5), 1, &err), TQ_OK);
    desk_pool_use(pool, made);
    tq_metric_free(metric);
    metric = made;
}

static void close_town(void)
{
    desk_pool_close(pool);
    tq_metric_free(metric);
    metric = NULL;
    graph_free(&graph);
}

/* Inside the box or round about; often the same few places, so that there are ties. */
static tq_point random_point(void)
{
    int32_t size = TQ_MAX(meta.box.north_e7 - meta.box.south_e7, 20000);
    uint32_t steps = tq_random_below(&dice, 2) == 0 ? 6 : 5000;
    int32_t y = (int32_t)((int64_t)size * tq_random_below(&dice, steps) * 3 / (2 * steps));
    int32_t x = (int32_t)((int64_t)size * tq_random_below(&dice, steps) * 3 / (2 * steps));
    return (tq_point){meta.box.south_e7 - size / 4 + y, meta.box.west_e7 - size / 4 + x};
}

static tq_snap random_snap(void)
{
    uint32_t edge = tq_random_below(&dice, graph.edge_count), length = graph.length_dm[edge];
    uint32_t kind = tq_random_below(&dice, 6);
    uint32_t along = kind == 0 ? 0 : kind == 1 ? length : tq_random_below(&dice, length + 1);
    uint8_t directions = (uint8_t)(1 + tq_random_below(&dice, 3));
    return (tq_snap){.edge = edge,
                     .along_dm = along,
                     .directions = tq_random_below(&dice, 3) == 0 ? directions : 3};
}

static void put_random(uint32_t vehicle)
{
    tq_err err = {0};
    desk_pool_vehicle value = {.at = random_point(),
                               .snap = random_snap(),
                               .has_snap = tq_random_below(&dice, 8) != 0,
                               .state = (desk_pool_state)tq_random_below(&dice, 4),
                               .free_in_s = tq_random_below(&dice, 600),
                               .bits = tq_random_below(&dice, 8)};
    if (tq_random_below(&dice, 2) == 0) value.state = DESK_POOL_FREE;
    assert_int_equal(desk_pool_put(pool, vehicle, &value, &work, &err), TQ_OK);
}

static bool serves(const desk_pool_vehicle *vehicle, const desk_pool_wish *wish, tq_point at)
{
    if (vehicle == NULL || (wish->on_streets_only && !vehicle->has_snap)) return false;
    for (uint32_t bit = 0; bit < 32; bit++)
        if ((wish->bits >> bit & 1) != 0 && (vehicle->bits >> bit & 1) == 0) return false;
    double metres = sqrt((double)desk_pool_straight(pool, vehicle->at, at)) / 89.9321605918;
    if (wish->reach_m != 0 && metres > wish->reach_m) return false;
    if (vehicle->state == DESK_POOL_SOON)
        return wish->soon_s > 0 && vehicle->free_in_s <= wish->soon_s;
    return vehicle->state == DESK_POOL_FREE;
}

/* One after another the nearest that is not yet in the list. */
static uint32_t scan(tq_point at, const desk_pool_wish *wish, uint32_t *out)
{
    bool taken[VEHICLES] = {false};
    uint32_t count = 0;
    for (; count < wish->limit; count++) {
        uint32_t best = TQ_NONE;
        uint64_t least = UINT64_MAX;
        for (uint32_t vehicle = 0; vehicle < VEHICLES; vehicle++) {
            const desk_pool_vehicle *value = desk_pool_get(pool, vehicle);
            if (taken[vehicle] || !serves(value, wish, at)) continue;
            uint64_t straight = desk_pool_straight(pool, value->at, at);
            if (straight >= least) continue;
            least = straight;
            best = vehicle;
        }
        if (best == TQ_NONE) break;
        taken[best] = true;
        out[count] = best;
    }
    return count;
}

static desk_pool_wish random_wish(void)
{
    desk_pool_wish wish = {.limit = 1 + tq_random_below(&dice, 24),
                           .bits = tq_random_below(&dice, 3) == 0 ? tq_random_below(&dice, 8) : 0,
                           .soon_s = tq_random_below(&dice, 2) * tq_random_below(&dice, 600),
                           .on_streets_only = tq_random_below(&dice, 2) == 0};
    if (tq_random_below(&dice, 3) == 0) wish.reach_m = 1 + tq_random_below(&dice, 20000);
    return wish;
}

static void nearest_is_scanned(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TOWNS; seed++) {
        open_town(seed);
        uint32_t have[DESK_POOL_CANDIDATES_MAX], want[DESK_POOL_CANDIDATES_MAX];
        for (uint32_t step = 0; step < 400; step++) {
            uint32_t vehicle = tq_random_below(&dice, VEHICLES);
            if (tq_random_below(&dice, 5) == 0)
                desk_pool_drop(pool, vehicle);
            else
                put_random(vehicle);
            tq_point at = random_point();
            desk_pool_wish wish = random_wish();
            uint32_t count = scan(at, &wish, want);
            if (desk_pool_nearest(pool, at, &wish, have) != count ||
                memcmp(have, want, count * sizeof *have) != 0)
                fail_msg("town %llu, step %u: not the nearest %u", (unsigned long long)town, step,
                         count);
        }
        uint32_t there = 0;
        for (uint32_t vehicle = 0; vehicle < VEHICLES; vehicle++)
            there += desk_pool_get(pool, vehicle) != NULL;
        assert_int_equal(desk_pool_count(pool), there);
        close_town();
    }
}

/* Candidates of a batch: those of a scan that a search of its own finds a way for. */
static void check_batch(void)
{
    static desk_pool_order order[ORDERS];
    static desk_candidate candidate[ORDERS * DESK_POOL_CANDIDATES_MAX];
    uint32_t first[ORDERS + 1], want[DESK_POOL_CANDIDATES_MAX];
    tq_err err = {0};
    for (uint32_t k = 0; k < ORDERS; k++)
        order[k] = (desk_pool_order){
            .at = random_point(), .snap = random_snap(), .bits = tq_random_below(&dice, 8) & 5};
    /* Some have their rows, some had them under another metric. */
    size_t ints = tq_road_keep_ints(metric);
    int32_t *rows = tq_alloc_aligned(ORDERS * ints, sizeof *rows);
    assert_non_null(rows);
    for (uint32_t k = 0; k < ORDERS; k++) {
        if (tq_random_below(&dice, 2) == 0) continue;
        assert_int_equal(desk_pool_prepare(pool, &order[k], rows + k * ints, &work, &err), TQ_OK);
        if (tq_random_below(&dice, 3) != 0) continue;
        order[k].row_number--;
        order[k].kept.base_ds += 1000;
    }
    desk_pool_batch batch = {.count = ORDERS, .order = order, .wish = random_wish()};
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err), TQ_OK);
    assert_int_equal(work.used, 0);
    assert_int_equal(first[0], 0);
    for (uint32_t k = 0; k < ORDERS; k++) {
        desk_pool_wish wish = batch.wish;
        wish.bits |= order[k].bits;
        wish.on_streets_only = true;
        uint32_t count = scan(order[k].at, &wish, want), at = first[k];
        for (uint32_t n = 0; n < count; n++) {
            const desk_pool_vehicle *vehicle = desk_pool_get(pool, want[n]);
            int64_t time = TQ_ROAD_INF;
            tq_status status = tq_road_time(&graph.city, metric, &vehicle->snap, &order[k].snap,
                                            &work, &time, &err);
            if (status == TQ_NO_ROUTE) continue;
            assert_int_equal(status, TQ_OK);
            assert_true(at < first[k + 1]);
            if (candidate[at].vehicle != want[n] || candidate[at].drive_ds != time)
                fail_msg("town %llu, order %u: vehicle %u in %d ds, not %u in %lld ds",
                         (unsigned long long)town, k, candidate[at].vehicle, candidate[at].drive_ds,
                         want[n], (long long)time);
            assert_int_equal(candidate[at].ready_ds, vehicle->state == DESK_POOL_SOON
                                                         ? (int32_t)vehicle->free_in_s * 10
                                                         : 0);
            at++;
        }
        assert_int_equal(at, first[k + 1]);
    }
    tq_free(rows);
}

static void candidates_are_searched(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TOWNS; seed++) {
        open_town(seed * 31);
        for (uint32_t vehicle = 0; vehicle < VEHICLES / 2; vehicle++)
            put_random(vehicle); /* before there are any times */
        for (uint32_t round = 0; round < 6; round++) {
            if (round % 2 == 0) {
                graph_weigh(&graph, &dice);
                make_metric(round == 4 ? 0 : TQ_METRIC_PRUNED);
            }
            for (uint32_t k = 0; k < VEHICLES / 2; k++)
                put_random(tq_random_below(&dice, VEHICLES));
            if (round == 3) {
                uint32_t left = 0, before = 0;
                tq_err err = {0};
                make_metric(TQ_METRIC_PRUNED);
                assert_int_equal(desk_pool_refresh(pool, 10, &work, &before, &err), TQ_OK);
                assert_true(before > 0);
                assert_int_equal(desk_pool_refresh(pool, before - 1, &work, &left, &err), TQ_OK);
                assert_int_equal(left, 1);
            }
            check_batch();
        }
        close_town();
    }
}

static void plane_fits_the_earth(void **state)
{
    (void)state;
    tq_err err = {0};
    meta = (tq_meta){.box = {377000000, 1123000000, 381000000, 1128000000}}; /* Taiyuan */
    tq_city city = {.meta = &meta};
    assert_int_equal(desk_pool_open(&city, 1, &pool, &err), TQ_OK);
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        tq_random random = {seed};
        tq_point a = {377000000 + (int32_t)tq_random_below(&random, 4000000),
                      1123000000 + (int32_t)tq_random_below(&random, 5000000)};
        tq_point b = {377000000 + (int32_t)tq_random_below(&random, 4000000),
                      1123000000 + (int32_t)tq_random_below(&random, 5000000)};
        double have = sqrt((double)desk_pool_straight(pool, a, b)) / 8.99321605918;
        double want = (double)tq_distance_dm(a, b);
        assert_true(fabs(have - want) < want * 0.004 + 1);
    }
    desk_pool_close(pool);
}

static void wrong_input_is_named(void **state)
{
    (void)state;
    tq_err err = {0};
    desk_pool *none = NULL;
    open_town(3);
    assert_int_equal(desk_pool_open(&graph.city, 0, &none, &err), TQ_LIMIT);
    assert_int_equal(desk_pool_open(&graph.city, DESK_POOL_VEHICLES_MAX + 1, &none, &err),
                     TQ_LIMIT);
    assert_null(none);

    desk_pool_vehicle value = {
        .at = random_point(), .has_snap = true, .state = DESK_POOL_FREE, .bits = 3};
    assert_int_equal(desk_pool_put(pool, VEHICLES, &value, &work, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "120"));
    assert_int_equal(desk_pool_put(pool, 7, &value, &work, &err), TQ_OK);
    desk_pool_vehicle wrong = value;
    wrong.at.lat_e7 = 910000000;
    assert_int_equal(desk_pool_put(pool, 7, &wrong, &work, &err), TQ_BAD_INPUT);
    wrong = value;
    wrong.snap.edge = graph.edge_count;
    wrong.bits = 1;
    assert_int_equal(desk_pool_put(pool, 7, &wrong, &work, &err), TQ_BAD_INPUT);
    wrong.snap = (tq_snap){.edge = 0, .along_dm = graph.length_dm[0] + 1};
    assert_int_equal(desk_pool_put(pool, 7, &wrong, &work, &err), TQ_BAD_INPUT);
    assert_int_equal(desk_pool_get(pool, 7)->bits, 3);
    assert_null(desk_pool_get(pool, 8));
    assert_null(desk_pool_get(pool, VEHICLES));
    desk_pool_drop(pool, 8);
    desk_pool_drop(pool, VEHICLES);
    assert_int_equal(desk_pool_count(pool), 1);

    desk_pool_order order = {.at = value.at, .snap = value.snap};
    desk_candidate candidate[DESK_POOL_CANDIDATES_MAX];
    uint32_t first[2];
    desk_pool_batch batch = {.count = 1, .order = &order, .wish = {.limit = 4}};
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err),
                     TQ_BAD_INPUT); /* no metric */
    assert_int_equal(desk_pool_prepare(pool, &order, NULL, &work, &err), TQ_BAD_INPUT);
    make_metric(TQ_METRIC_PRUNED);
    batch.wish.limit = DESK_POOL_CANDIDATES_MAX + 1;
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err),
                     TQ_BAD_INPUT);
    batch.wish.limit = 0;
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err),
                     TQ_BAD_INPUT);
    batch.wish.limit = 4;
    tq_arena small;
    tq_arena_init(&small, memory, 64);
    assert_int_equal(desk_pool_candidates(pool, &batch, &small, first, candidate, &err),
                     TQ_NO_MEMORY);
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err), TQ_OK);
    order.snap.edge = graph.edge_count;
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err),
                     TQ_BAD_INPUT);
    batch.count = 0;
    assert_int_equal(desk_pool_candidates(pool, &batch, &work, first, candidate, &err), TQ_OK);
    assert_int_equal(first[0], 0);
    close_town();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_is_scanned), cmocka_unit_test(candidates_are_searched),
        cmocka_unit_test(plane_fits_the_earth), cmocka_unit_test(wrong_input_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
