/*
 * Matching by hand: small examples, shortage, nobody, refusals by name, limits, costs at the edge
 * of their type.
 */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "fleet/fleet.h"

static uint64_t memory[1u << 13];
static tq_arena work;
static tq_err err;
static uint32_t vehicle_of_order[64];
static int64_t price[64];
static tq_fleet_match_answer out;

static tq_status match(const tq_fleet_matching *in)
{
    tq_arena_init(&work, memory, sizeof memory);
    memset(vehicle_of_order, 0x55, sizeof vehicle_of_order);
    out = (tq_fleet_match_answer){vehicle_of_order, price, -7, 77};
    err = (tq_err){0};
    return tq_fleet_match(in, &work, &out, &err);
}

static void refused(const tq_fleet_matching *in, tq_status status, const char *word)
{
    assert_int_equal(match(in), status);
    assert_non_null(strstr(err.text, word));
    /* Nothing was written, no scratch kept. */
    assert_int_equal(out.cost, -7);
    assert_int_equal(out.matched, 77);
    assert_int_equal(vehicle_of_order[0], 0x55555555);
    assert_int_equal(work.used, 0);
}

/* The nearest for the first would cost the second more than it saves. */
static void the_sum_counts(void **state)
{
    (void)state;
    static const tq_fleet_pair pair[] = {{0, 10}, {1, 12}, {0, 11}, {1, 90}};
    static const uint32_t first[] = {0, 2, 4};
    static const int32_t leave[] = {1000, 1000};
    tq_fleet_matching in = {2, 2, first, pair, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(vehicle_of_order[0], 1);
    assert_int_equal(vehicle_of_order[1], 0);
    assert_int_equal(out.cost, 23);
    assert_int_equal(out.matched, 2);
    out.price = NULL;
    assert_int_equal(tq_fleet_match(&in, &work, &out, NULL), TQ_OK);
    assert_int_equal(out.cost, 23);
}

static void shortage_leaves_the_cheapest(void **state)
{
    (void)state;
    static const tq_fleet_pair pair[] = {{0, 5}, {0, 5}, {0, 5}};
    static const uint32_t first[] = {0, 1, 2, 3};
    static const int32_t leave[] = {20, 50, 30};
    tq_fleet_matching in = {3, 1, first, pair, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(vehicle_of_order[0], TQ_NONE);
    assert_int_equal(vehicle_of_order[1], 0);
    assert_int_equal(vehicle_of_order[2], TQ_NONE);
    assert_int_equal(out.cost, 55);
    assert_int_equal(out.matched, 1);
    assert_in_range(price[0], 25,
                    45); /* what the others would have paid, and this one still does */
}

static void everybody_may_leave(void **state)
{
    (void)state;
    static const tq_fleet_pair pair[] = {{0, 50}, {1, 60}, {1, 70}};
    static const uint32_t first[] = {0, 2, 3};
    static const int32_t leave[] = {4, 9};
    tq_fleet_matching in = {2, 2, first, pair, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(out.matched, 0);
    assert_int_equal(out.cost, 13);
    assert_int_equal(price[0], 0);
    /* Old prices of vehicles that nobody takes are forgotten. */
    static const int64_t before[] = {30, 2};
    in.price_before = before;
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(out.cost, 13);
    assert_int_equal(price[0], 0);
    assert_int_equal(price[1], 0);
}

static void equal_costs_serve(void **state)
{
    (void)state;
    static const tq_fleet_pair pair[] = {{0, 9}};
    static const uint32_t first[] = {0, 1};
    static const int32_t leave[] = {9};
    tq_fleet_matching in = {1, 1, first, pair, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(vehicle_of_order[0], 0);
    assert_int_equal(out.matched, 1);
}

static void nothing_at_all(void **state)
{
    (void)state;
    static const uint32_t first[] = {0, 0, 0};
    static const int32_t leave[] = {4, 0};
    tq_fleet_matching in = {0, 0, first, NULL, NULL, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(out.cost, 0);
    in = (tq_fleet_matching){2, 0, first, NULL, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(out.cost, 4);
    assert_int_equal(vehicle_of_order[1], TQ_NONE);
    in = (tq_fleet_matching){0, 3, first, NULL, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(out.matched, 0);
}

static void large_costs_do_not_overflow(void **state)
{
    (void)state;
    enum { SIZE = 40 };
    static tq_fleet_pair pair[SIZE * SIZE];
    static uint32_t first[SIZE + 1];
    static int32_t leave[SIZE];
    static int64_t before[SIZE];
    for (uint32_t order = 0; order < SIZE; order++) {
        first[order] = order * SIZE;
        leave[order] = INT32_MAX;
        before[order] = INT32_MAX;
        for (uint32_t vehicle = 0; vehicle < SIZE; vehicle++)
            pair[order * SIZE + vehicle] = (tq_fleet_pair){
                vehicle, vehicle == 0 ? 0 : INT32_MAX - (int32_t)((order * 7 + vehicle) % 5)};
    }
    first[SIZE] = SIZE * SIZE;
    tq_fleet_matching in = {SIZE, SIZE, first, pair, leave, NULL};
    assert_int_equal(match(&in), TQ_OK);
    int64_t cold = out.cost;
    assert_true(cold > (int64_t)INT32_MAX * (SIZE - 2) && cold <= (int64_t)INT32_MAX * (SIZE - 1));
    in.price_before = before;
    assert_int_equal(match(&in), TQ_OK);
    assert_int_equal(out.cost, cold);
}

static void wrong_input_is_named(void **state)
{
    (void)state;
    tq_fleet_pair pair[] = {{0, 1}, {1, 2}, {2, 3}, {1, 4}};
    uint32_t first[] = {0, 2, 4};
    int32_t leave[] = {5, 5};
    int64_t before[] = {0, 0, 0};
    tq_fleet_matching in = {2, 3, first, pair, leave, before};
    assert_int_equal(match(&in), TQ_OK);

    pair[3].vehicle = 2;
    refused(&in, TQ_BAD_INPUT, "order 1 names vehicle 2 twice");
    pair[3].vehicle = 3;
    refused(&in, TQ_BAD_INPUT, "order 1 names vehicle 3 of 3");
    pair[3] = (tq_fleet_pair){1, -1};
    refused(&in, TQ_BAD_INPUT, "cost -1");
    pair[3].cost = 4;
    leave[1] = -5;
    refused(&in, TQ_BAD_INPUT, "leaving order 1 costs -5");
    leave[1] = 5;
    first[1] = 5;
    refused(&in, TQ_BAD_INPUT, "pairs of order 1 end at 4");
    first[1] = 2;
    first[0] = 1;
    refused(&in, TQ_BAD_INPUT, "begin at 1");
    first[0] = 0;
    before[2] = -1;
    refused(&in, TQ_BAD_INPUT, "price of vehicle 2 is -1");
    before[2] = (int64_t)INT32_MAX + 1;
    refused(&in, TQ_BAD_INPUT, "price of vehicle 2");
    before[2] = INT32_MAX;
    assert_int_equal(match(&in), TQ_OK);

    in.order_count = TQ_FLEET_ORDERS_MAX + 1;
    refused(&in, TQ_LIMIT, "100000");
    in.order_count = 2;
    in.vehicle_count = TQ_FLEET_VEHICLES_MAX + 1;
    refused(&in, TQ_LIMIT, "200000");
    in.vehicle_count = TQ_FLEET_VEHICLES_MAX;
    refused(&in, TQ_NO_MEMORY, "200000 vehicles");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_counts),      cmocka_unit_test(shortage_leaves_the_cheapest),
        cmocka_unit_test(everybody_may_leave), cmocka_unit_test(equal_costs_serve),
        cmocka_unit_test(nothing_at_all),      cmocka_unit_test(large_costs_do_not_overflow),
        cmocka_unit_test(wrong_input_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
