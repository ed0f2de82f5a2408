/* Pooled insertion: refusals, limits, and small days worked out by hand on a line of nodes that lie
 * 10 time units apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fleet/fleet.h"

#define NODES 20u

static int32_t line_time[NODES * NODES];

static tq_fleet_pool_times line_times(void)
{
    for (uint32_t a = 0; a < NODES; a++)
        for (uint32_t b = 0; b < NODES; b++)
            line_time[a * NODES + b] = (int32_t)(10 * (a > b ? a - b : b - a));
    line_time[18 * NODES + 19] = TQ_FLEET_POOL_TIME_MAX; /* one way is closed */
    return (tq_fleet_pool_times){.node_count = NODES, .i32 = line_time};
}

static tq_fleet_pool *open_line(void)
{
    tq_fleet_pool_config config = tq_fleet_pool_config_default();
    tq_fleet_pool_times times = line_times();
    tq_fleet_pool *pool = NULL;
    config.vehicle_max = 3;
    config.request_max = 64;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, NULL), TQ_OK);
    return pool;
}

static uint32_t add_at(tq_fleet_pool *pool, uint32_t node, uint16_t seats)
{
    tq_fleet_pool_vehicle vehicle = tq_fleet_pool_vehicle_default();
    uint32_t index = TQ_NONE;
    vehicle.node = node;
    vehicle.capacity[0] = seats;
    assert_int_equal(tq_fleet_pool_add(pool, &vehicle, &index, NULL), TQ_OK);
    return index;
}

static tq_fleet_pool_request trip(uint32_t id, uint32_t from, uint32_t to, int32_t earliest,
                                  int32_t latest)
{
    tq_fleet_pool_request request = tq_fleet_pool_request_default();
    request.id = id;
    request.from_node = from;
    request.to_node = to;
    request.earliest = earliest;
    request.latest = latest;
    return request;
}

static tq_fleet_pool_place insert(tq_fleet_pool *pool, tq_fleet_pool_request request)
{
    tq_fleet_pool_place place;
    tq_err err;
    if (tq_fleet_insert(pool, &request, &place, &err) != TQ_OK) fail_msg("%s", err.text);
    return place;
}

static void pools_are_checked(void **state)
{
    (void)state;
    tq_fleet_pool_config config = tq_fleet_pool_config_default();
    tq_fleet_pool_times times = line_times();
    tq_fleet_pool *pool = NULL;
    tq_err err;
    size_t bytes = tq_fleet_pool_bytes(&config, &times);
    config.memory = bytes - 1;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_NO_MEMORY);
    config.memory = bytes;
    config.vehicle_max = TQ_FLEET_POOL_VEHICLES_MAX + 1;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_LIMIT);
    config.vehicle_max = 2000;
    config.delay_weight = TQ_FLEET_POOL_WEIGHT_MAX + 1;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_LIMIT);
    config.delay_weight = 1;
    config.request_max = 0;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_LIMIT);
    config.request_max = 1000000;
    config.size--;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_BAD_INPUT);
    config.size++;
    times.u16 = (const uint16_t *)(const void *)line_time;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_BAD_INPUT);
    times.u16 = NULL;
    times.triangle_slack = -1;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_BAD_INPUT);
    times.triangle_slack = 0;
    times.node_count = 0;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_LIMIT);
    times.node_count = NODES;
    line_time[7] = -1;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_BAD_INPUT);
    line_time[7] = 70;
    assert_null(pool);
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, &err), TQ_OK);
    tq_fleet_pool_close(pool);
    tq_fleet_pool_close(NULL);
}

static void refuse_vehicle(tq_fleet_pool *pool, tq_fleet_pool_vehicle vehicle, tq_status status)
{
    uint32_t index = 77;
    assert_int_equal(tq_fleet_pool_add(pool, &vehicle, &index, NULL), status);
    assert_int_equal(index, 77);
}

static void vehicles_are_checked(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    tq_fleet_pool_vehicle good = tq_fleet_pool_vehicle_default(), bad = good;
    bad.node = NODES;
    refuse_vehicle(pool, bad, TQ_BAD_INPUT);
    bad = good;
    bad.from = 10, bad.until = 9;
    refuse_vehicle(pool, bad, TQ_BAD_INPUT);
    bad = good;
    bad.capacity[2] = TQ_FLEET_POOL_UNITS_MAX + 1;
    refuse_vehicle(pool, bad, TQ_LIMIT);
    bad = good;
    bad.takes[1][1] = 1;
    refuse_vehicle(pool, bad, TQ_BAD_INPUT);
    bad = good;
    bad.break_count = TQ_FLEET_POOL_BREAKS_MAX + 1;
    refuse_vehicle(pool, bad, TQ_LIMIT);
    tq_fleet_pool_break rest = {.earliest = 50, .latest = 60, .duration = 30, .node = TQ_NONE};
    bad = good;
    bad.breaks = &rest, bad.break_count = 1, bad.until = 79;
    refuse_vehicle(pool, bad, TQ_BAD_INPUT); /* does not fit into the shift */
    bad.until = 80;
    uint32_t index;
    assert_int_equal(tq_fleet_pool_add(pool, &bad, &index, NULL), TQ_OK);
    rest.earliest = 61;
    refuse_vehicle(pool, bad, TQ_BAD_INPUT);
    (void)add_at(pool, 0, 4);
    (void)add_at(pool, 0, 4);
    refuse_vehicle(pool, good, TQ_LIMIT);
    tq_fleet_pool_close(pool);
}

static void refuse(tq_fleet_pool *pool, tq_fleet_pool_request request, tq_status status)
{
    tq_fleet_pool_place place = {.vehicle = 77};
    tq_err err;
    assert_int_equal(tq_fleet_insert(pool, &request, &place, &err), status);
    assert_int_equal(place.vehicle, 77);
    assert_int_not_equal(err.text[0], 0);
}

static void requests_are_checked(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    (void)add_at(pool, 0, 4);
    refuse(pool, trip(64, 1, 2, 0, 9), TQ_BAD_INPUT);
    refuse(pool, trip(1, 1, NODES, 0, 9), TQ_BAD_INPUT);
    refuse(pool, trip(1, 3, 3, 0, 9), TQ_BAD_INPUT);
    refuse(pool, trip(1, 1, 2, 9, 8), TQ_BAD_INPUT);
    refuse(pool, trip(1, 18, 19, 0, 500), TQ_NO_ROUTE);
    tq_fleet_pool_request bad = trip(1, 1, 2, 5, 50);
    bad.arrive_latest = 4;
    refuse(pool, bad, TQ_BAD_INPUT);
    bad = trip(1, 1, 2, 5, 50);
    bad.load[0] = 0;
    refuse(pool, bad, TQ_BAD_INPUT);
    bad.load[0] = TQ_FLEET_POOL_UNITS_MAX + 1;
    refuse(pool, bad, TQ_BAD_INPUT);
    bad = trip(1, 1, 2, 5, 50);
    bad.weight = 0;
    refuse(pool, bad, TQ_BAD_INPUT);
    bad = trip(1, 1, 2, 5, 50);
    bad.board = -1;
    refuse(pool, bad, TQ_BAD_INPUT);
    bad = trip(1, 1, 2, 5, 50);
    bad.ride_max = -1;
    refuse(pool, bad, TQ_BAD_INPUT);
    bad = trip(1, 1, 2, 5, 50);
    bad.vehicle = 1;
    refuse(pool, bad, TQ_BAD_INPUT);
    assert_int_equal(insert(pool, trip(1, 1, 2, 5, 50)).vehicle, 0);
    refuse(pool, trip(1, 1, 2, 5, 50), TQ_BAD_INPUT); /* the same again */
    assert_int_equal(insert(pool, trip(2, 5, 6, 0, 49)).vehicle, TQ_NONE);
    tq_fleet_pool_close(pool);
}

/* One car at 0, two trips along the line: they share it. */
static void a_shared_ride(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    uint32_t car = add_at(pool, 0, 2), far = add_at(pool, 15, 2);
    tq_fleet_pool_place place = insert(pool, trip(1, 2, 8, 0, 100));
    assert_int_equal(place.vehicle, car);
    assert_int_equal(place.pick, 20);
    assert_int_equal(place.drop, 80);
    assert_int_equal(place.drive_added, 80);
    assert_int_equal(place.cost, 80 + 20 + 20); /* driving, wait, delay */
    place = insert(pool, trip(2, 4, 6, 0, 45));
    assert_int_equal(place.vehicle, car);
    assert_int_equal(place.pick_stop, 1);
    assert_int_equal(place.drop_stop, 2);
    assert_int_equal(place.drive_added, 0);
    assert_int_equal(place.shares, 1);
    place = insert(pool, trip(3, 5, 7, 0, 60)); /* the car is full between 4 and 6 */
    assert_int_equal(place.vehicle, TQ_NONE);
    place = insert(pool, trip(3, 14, 10, 0, 60));
    assert_int_equal(place.vehicle, far);
    tq_fleet_pool_plan plan;
    assert_int_equal(tq_fleet_pool_read(pool, car, &plan, NULL), TQ_OK);
    assert_int_equal(plan.stop_count, 4);
    assert_int_equal(plan.stop[3].start, 80);
    assert_int_equal(tq_fleet_pool_read(pool, 2, &plan, NULL), TQ_BAD_INPUT);
    tq_fleet_pool_close(pool);
}

/* A pick-up that can wait is put off, so that the ride with a detour stays short enough. */
static void a_ride_starts_later(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    uint32_t car = add_at(pool, 0, 4);
    tq_fleet_pool_request first = trip(1, 1, 5, 0, 100);
    first.ride_max = 60;
    (void)insert(pool, first);
    tq_fleet_pool_request second = trip(2, 3, 4, 70, 80); /* on the way, but not before 70 */
    second.vehicle = car;
    second.arrive_latest = 85;
    second.sharing = TQ_FLEET_SHARED;
    tq_fleet_pool_place place = insert(pool, second);
    assert_int_equal(place.vehicle, car);
    tq_fleet_pool_plan plan;
    assert_int_equal(tq_fleet_pool_read(pool, car, &plan, NULL), TQ_OK);
    for (uint32_t k = 0; k < plan.stop_count; k++)
        if (plan.stop[k].request == 1 && plan.stop[k].kind == TQ_FLEET_STOP_DROP)
            for (uint32_t j = 0; j < k; j++)
                if (plan.stop[j].request == 1)
                    assert_true(plan.stop[k].start - plan.stop[j].start <= 60);
    tq_fleet_pool_close(pool);
}

static void a_wheelchair_takes_seats(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    tq_fleet_pool_vehicle vehicle = tq_fleet_pool_vehicle_default();
    vehicle.capacity[0] = 4, vehicle.capacity[1] = 1, vehicle.takes[1][0] = 2;
    uint32_t car, count;
    assert_int_equal(tq_fleet_pool_add(pool, &vehicle, &car, NULL), TQ_OK);
    tq_fleet_pool_request request = trip(1, 1, 9, 0, 20);
    request.load[0] = 0, request.load[1] = 1, request.companions = 1;
    assert_int_equal(insert(pool, request).vehicle, car);
    request = trip(2, 2, 8, 0, 40); /* one seat is left */
    request.load[0] = 2;
    assert_int_equal(insert(pool, request).vehicle, TQ_NONE);
    tq_fleet_why why;
    assert_int_equal(tq_fleet_why_not(pool, &request, 1, &why, &count, NULL), TQ_OK);
    assert_int_equal(why.relax[TQ_FLEET_BOUND_CAPACITY].amount, 1);
    assert_int_equal(why.relax[TQ_FLEET_BOUND_CAPACITY].who, 0);
    assert_int_equal(why.relax[TQ_FLEET_BOUND_PICKUP].amount, 160 - 40);
    assert_int_equal(why.binding, TQ_FLEET_BOUND_PICKUP);
    assert_string_equal(tq_fleet_bound_text(why.binding), "latest pick-up of the request");
    assert_int_equal(tq_fleet_why_not(pool, &request, 0, &why, &count, NULL), TQ_LIMIT);
    request.load[0] = 1;
    assert_int_equal(insert(pool, request).vehicle, car);
    tq_fleet_pool_close(pool);
}

static void offers_change_nothing(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    (void)add_at(pool, 0, 4);
    (void)add_at(pool, 9, 4);
    tq_fleet_pool_slot slots[] = {{0, 30, 200}, {100, 130, 300}, {0, 5, 200}};
    tq_fleet_pool_place place[6];
    tq_fleet_pool_request request = trip(1, 3, 6, 0, 0);
    uint32_t count = 0;
    assert_int_equal(tq_fleet_offer(pool, &request, slots, 3, 2, place, &count, NULL), TQ_OK);
    assert_int_equal(count, 3); /* slot 0: the near one; slot 1: both; slot 2: none */
    assert_int_equal(place[0].slot, 0);
    assert_int_equal(place[0].vehicle, 0);
    assert_int_equal(place[0].pick, 30);
    assert_int_equal(place[1].slot, 1);
    assert_int_equal(place[1].vehicle, 0);
    assert_int_equal(place[2].vehicle, 1);
    assert_int_equal(tq_fleet_pool_vehicle_of(pool, 1), TQ_NONE);
    count = 99;
    slots[2].latest = -1;
    assert_int_equal(tq_fleet_offer(pool, &request, slots, 3, 2, place, &count, NULL),
                     TQ_BAD_INPUT);
    assert_int_equal(count, 99);
    assert_int_equal(
        tq_fleet_offer(pool, &request, slots, 1, TQ_FLEET_POOL_OFFERS_MAX + 1, place, &count, NULL),
        TQ_LIMIT);
    tq_fleet_pool_close(pool);
}

static void time_passes(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    uint32_t car = add_at(pool, 0, 4), count, stops, node;
    int32_t leave, start, late;
    tq_fleet_pool_stop done[4];
    (void)insert(pool, trip(1, 5, 8, 100, 120));
    tq_fleet_pool_next(pool, car, &stops, &node, &leave, &start);
    assert_int_equal(stops, 2);
    assert_int_equal(leave, 50); /* no sooner than it must */
    assert_int_equal(tq_fleet_pool_advance(pool, 60, done, 4, &count, NULL), TQ_OK);
    assert_int_equal(count, 0);
    assert_int_equal(tq_fleet_pool_advance(pool, 59, done, 4, &count, NULL), TQ_BAD_INPUT);
    /* On its way to 5: somebody at 1 can't be taken first, unless it tells where it is. */
    assert_int_equal(insert(pool, trip(2, 1, 2, 60, 70)).vehicle, TQ_NONE);
    assert_int_equal(tq_fleet_pool_move(pool, car, 1, 60, &late, NULL), TQ_OK);
    assert_int_equal(late, 0);
    assert_int_equal(insert(pool, trip(2, 1, 2, 60, 70)).vehicle, car);
    assert_int_equal(tq_fleet_pool_advance(pool, 100, done, 4, &count, NULL), TQ_OK);
    assert_int_equal(count, 3);
    assert_int_equal(done[2].request, 1);
    assert_int_equal(tq_fleet_cancel(pool, 1, NULL), TQ_STALE);
    assert_int_equal(tq_fleet_cancel(pool, 2, NULL), TQ_NOT_FOUND);
    assert_int_equal(tq_fleet_pool_move(pool, car, NODES, 100, &late, NULL), TQ_BAD_INPUT);
    assert_int_equal(tq_fleet_pool_move(pool, car, 0, 100, &late, NULL), TQ_OK);
    assert_int_equal(tq_fleet_pool_advance(pool, 400, done, 4, &count, NULL), TQ_OK);
    assert_int_equal(done[0].start, 180);
    tq_fleet_pool_close(pool);
}

static void a_late_vehicle_stretches(void **state)
{
    (void)state;
    tq_fleet_pool *pool = open_line();
    uint32_t car = add_at(pool, 4, 4);
    int32_t late = 0;
    tq_fleet_pool_request request = trip(1, 5, 8, 0, 20);
    request.arrive_latest = 45;
    (void)insert(pool, request);
    assert_int_equal(tq_fleet_pool_move(pool, car, 0, 10, &late, NULL), TQ_OK);
    assert_int_equal(late, 45); /* at 8 at 90, promised 45; at 5 at 60, promised 20 */
    tq_fleet_pool_plan plan;
    assert_int_equal(tq_fleet_pool_read(pool, car, &plan, NULL), TQ_OK);
    assert_int_equal(plan.stop[1].latest, 90);
    assert_int_equal(tq_fleet_pool_keep(pool, car, 3, NULL), TQ_BAD_INPUT);
    assert_int_equal(tq_fleet_pool_keep(pool, car, 2, NULL), TQ_OK);
    tq_fleet_pool_place place = insert(pool, trip(2, 6, 7, 0, 500));
    assert_int_equal(place.pick_stop, 2);
    assert_int_equal(tq_fleet_cancel(pool, 1, NULL), TQ_OK);
    assert_int_equal(tq_fleet_pool_read(pool, car, &plan, NULL), TQ_OK);
    assert_int_equal(plan.stop_count, 2);
    assert_int_equal(plan.kept, 0);
    tq_fleet_pool_close(pool);
}

static void balance_is_checked(void **state)
{
    (void)state;
    static uint8_t memory[4096];
    tq_arena work;
    tq_fleet_pool_times times = line_times();
    tq_fleet_idle idle[] = {{0, 2}, {9, 1}};
    tq_fleet_want want[] = {{8, 1, 100}, {2, 5, 15}};
    tq_fleet_send send[4];
    uint32_t count = 99;
    int64_t gain = 0;
    tq_arena_init(&work, memory, sizeof memory);
    assert_int_equal(
        tq_fleet_rebalance(&times, idle, 2, want, 2, 1000, &work, send, &count, &gain, NULL),
        TQ_OK);
    assert_int_equal(count, 1); /* 20 to node 2 is more than it is worth */
    assert_int_equal(send[0].idle, 1);
    assert_int_equal(gain, 90);
    want[1].gain = -1;
    assert_int_equal(
        tq_fleet_rebalance(&times, idle, 2, want, 2, 1000, &work, send, &count, &gain, NULL),
        TQ_BAD_INPUT);
    want[1].gain = 1;
    idle[0].node = NODES;
    assert_int_equal(
        tq_fleet_rebalance(&times, idle, 2, want, 2, 1000, &work, send, &count, &gain, NULL),
        TQ_BAD_INPUT);
    assert_int_equal(tq_fleet_rebalance(&times, idle, TQ_FLEET_BALANCE_ROWS_MAX + 1, want, 2, 1000,
                                        &work, send, &count, &gain, NULL),
                     TQ_LIMIT);
    idle[0].node = 0;
    tq_arena_init(&work, memory, 64);
    assert_int_equal(
        tq_fleet_rebalance(&times, idle, 2, want, 2, 1000, &work, send, &count, &gain, NULL),
        TQ_NO_MEMORY);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_are_checked),        cmocka_unit_test(vehicles_are_checked),
        cmocka_unit_test(requests_are_checked),     cmocka_unit_test(a_shared_ride),
        cmocka_unit_test(a_ride_starts_later),      cmocka_unit_test(a_wheelchair_takes_seats),
        cmocka_unit_test(offers_change_nothing),    cmocka_unit_test(time_passes),
        cmocka_unit_test(a_late_vehicle_stretches), cmocka_unit_test(balance_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
