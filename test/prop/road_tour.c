/*
 * Orders of round trips against every order there is, on random matrices that differ by direction
 * and have steps that cannot be taken; and the search alone against the exact table.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "road/tour_in.h"

#define WORK_BYTES (4u << 20)
static uint8_t memory[WORK_BYTES];
static tq_arena work;

static int64_t cost_of(const int32_t *ds, uint32_t count, const tq_tour_wish *wish,
                       const uint32_t *order)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k + 1 < count + wish->round && count > 1; k++) {
        int32_t step = ds[order[k] * count + order[k + 1 == count ? 0 : k + 1]];
        if (step >= TQ_ROAD_INF) return INT64_MAX;
        sum += step;
    }
    return sum;
}

static bool as_wished(uint32_t count, const tq_tour_wish *wish, const uint32_t *order)
{
    if (wish->fix_first && order[0] != 0) return false;
    return !wish->fix_last || order[count - 1] == count - 1;
}

/* The least cost of all orders, by turning through them (Heap 1963, without recursion). */
static int64_t brute_force(const int32_t *ds, uint32_t count, const tq_tour_wish *wish)
{
    uint32_t order[8], turn[8] = {0}, k = 0;
    int64_t least = INT64_MAX;
    for (uint32_t place = 0; place < count; place++)
        order[place] = place;
    for (;;) {
        if (as_wished(count, wish, order)) least = TQ_MIN(least, cost_of(ds, count, wish, order));
        while (k < count && turn[k] >= k)
            turn[k++] = 0;
        if (k >= count) return least;
        uint32_t other = k & 1 ? turn[k] : 0, kept = order[k];
        order[k] = order[other];
        order[other] = kept;
        turn[k]++;
        k = 0;
    }
}

static void random_matrix(tq_random *random, uint32_t count, uint32_t barred_percent, int32_t *ds)
{
    for (uint32_t cell = 0; cell < count * count; cell++) {
        ds[cell] = (int32_t)tq_random_below(random, 1000);
        if (tq_random_below(random, 100) < barred_percent) ds[cell] = TQ_ROAD_INF;
    }
}

static void check_order(const int32_t *ds, uint32_t count, const tq_tour_wish *wish,
                        const uint32_t *order, int64_t total)
{
    bool seen[TQ_TOUR_MAX] = {false};
    for (uint32_t k = 0; k < count; k++) {
        assert_true(order[k] < count && !seen[order[k]]);
        seen[order[k]] = true;
    }
    assert_true(as_wished(count, wish, order));
    assert_int_equal(cost_of(ds, count, wish, order), total);
}

static void exact_is_the_least_of_all_orders(void **state)
{
    (void)state;
    uint32_t without = 0;
    for (uint32_t seed = 1; seed <= 6000; seed++) {
        tq_random random = {seed};
        uint32_t count = 1 + tq_random_below(&random, seed % 20 == 0 ? 8 : 6), order[8];
        int32_t ds[64];
        random_matrix(&random, count, tq_random_below(&random, 3) * 25, ds);
        tq_tour_wish wish = {tq_random_below(&random, 2) == 1, tq_random_below(&random, 2) == 1,
                             tq_random_below(&random, 2) == 1};
        if (wish.fix_first && wish.fix_last && count == 1) continue;
        int64_t total = -1, least = brute_force(ds, count, &wish);
        tq_arena_init(&work, memory, sizeof memory);
        tq_status status = tq_road_tour(ds, count, &wish, &work, order, &total, NULL);
        if (status != (least == INT64_MAX ? TQ_NO_ROUTE : TQ_OK) ||
            (status == TQ_OK && total != least))
            fail_msg("seed %u: %u places, status %d, %lld, least %lld", seed, count, (int)status,
                     (long long)total, (long long)least);
        without += status == TQ_NO_ROUTE;
        if (status == TQ_OK) check_order(ds, count, &wish, order, total);
        assert_int_equal(work.used, 0);
    }
    assert_in_range(without, 100, 3000);
}

/* Places in a square; a street is a little longer one way. */
static void random_plane(tq_random *random, uint32_t count, int32_t *ds)
{
    double x[TQ_TOUR_MAX], y[TQ_TOUR_MAX];
    for (uint32_t k = 0; k < count; k++) {
        x[k] = tq_random_below(random, 10000);
        y[k] = tq_random_below(random, 10000);
    }
    for (uint32_t from = 0; from < count; from++)
        for (uint32_t to = 0; to < count; to++)
            ds[from * count + to] =
                (int32_t)lround(hypot(x[to] - x[from], y[to] - y[from])) + (from < to ? 20 : 0);
}

static void search_is_close_to_the_best(void **state)
{
    (void)state;
    double worst = 1;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        tq_random random = {seed};
        uint32_t count = 11 + seed % 2, order[12];
        int32_t ds[144];
        random_plane(&random, count, ds);
        tq_tour_wish wish = {seed % 3 == 0, seed % 3 != 2, seed % 3 == 1};
        int64_t best = 0, found = 0;
        tq_arena_init(&work, memory, sizeof memory);
        assert_int_equal(tq_road_tour(ds, count, &wish, &work, order, &best, NULL), TQ_OK);
        assert_int_equal(
            road_tour_by(ROAD_TOUR_SEARCH, ds, count, &wish, &work, order, &found, NULL), TQ_OK);
        check_order(ds, count, &wish, order, found);
        assert_true(found >= best);
        worst = fmax(worst, (double)found / (double)best);
        if (found * 100 > best * 105)
            fail_msg("seed %u: found %lld, best %lld", seed, (long long)found, (long long)best);
    }
    print_message("search against exact: at worst %.4f times\n", worst);
}

static int64_t nearest_neighbour(const int32_t *ds, uint32_t count)
{
    bool used[TQ_TOUR_MAX] = {true};
    uint32_t at = 0;
    int64_t sum = 0;
    for (uint32_t k = 1; k < count; k++) {
        uint32_t best = TQ_NONE;
        for (uint32_t place = 0; place < count; place++)
            if (!used[place] && (best == TQ_NONE || ds[at * count + place] < ds[at * count + best]))
                best = place;
        sum += ds[at * count + best];
        used[best] = true;
        at = best;
    }
    return sum + ds[at * count];
}

static void never_worse_than_the_nearest_neighbour(void **state)
{
    (void)state;
    static int32_t ds[TQ_TOUR_MAX * TQ_TOUR_MAX];
    const tq_tour_wish wish = {true, true, false};
    for (uint32_t seed = 1; seed <= 12; seed++) {
        tq_random random = {seed};
        uint32_t count = seed == 12 ? TQ_TOUR_MAX : 13 + tq_random_below(&random, 40);
        uint32_t order[TQ_TOUR_MAX], again[TQ_TOUR_MAX];
        int64_t total = 0, second = 0;
        if (seed % 2 == 0)
            random_plane(&random, count, ds);
        else
            random_matrix(&random, count, 0, ds);
        tq_arena_init(&work, memory, sizeof memory);
        assert_int_equal(tq_road_tour(ds, count, &wish, &work, order, &total, NULL), TQ_OK);
        check_order(ds, count, &wish, order, total);
        assert_true(total <= nearest_neighbour(ds, count));
        assert_int_equal(tq_road_tour(ds, count, &wish, &work, again, &second, NULL), TQ_OK);
        assert_memory_equal(order, again, count * sizeof *order);
    }
}

static void limits_are_named(void **state)
{
    (void)state;
    static int32_t ds[(TQ_TOUR_MAX + 1) * (TQ_TOUR_MAX + 1)];
    uint32_t order[TQ_TOUR_MAX + 1];
    int64_t total = -7;
    const tq_tour_wish wish = {true, true, false};
    tq_err err;
    tq_arena_init(&work, memory, sizeof memory);
    assert_int_equal(tq_road_tour(ds, TQ_TOUR_MAX, &wish, &work, order, &total, &err), TQ_OK);
    total = -7;
    assert_int_equal(tq_road_tour(ds, TQ_TOUR_MAX + 1, &wish, &work, order, &total, &err),
                     TQ_LIMIT);
    assert_int_equal(tq_road_tour(ds, 0, &wish, &work, order, &total, &err), TQ_BAD_INPUT);
    ds[3] = -1;
    assert_int_equal(tq_road_tour(ds, 3, &wish, &work, order, &total, &err), TQ_BAD_INPUT);
    ds[3] = 0;
    tq_arena_init(&work, memory, 1000);
    assert_int_equal(tq_road_tour(ds, 20, &wish, &work, order, &total, &err), TQ_NO_MEMORY);
    assert_int_equal(total, -7);
    assert_int_equal(work.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_is_the_least_of_all_orders),
        cmocka_unit_test(search_is_close_to_the_best),
        cmocka_unit_test(never_worse_than_the_nearest_neighbour),
        cmocka_unit_test(limits_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
