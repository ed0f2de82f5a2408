/*
 * The choice of vehicles for a request passes nobody over: in towns with more nodes than cells, the
 * search over all vehicles against a search in each vehicle alone, with times that obey the
 * triangle and with times that break it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/fleet.h"

#define WIDE_NODES 400u
#define WIDE_CARS  60u
#define WIDE_TRIPS 150u
#define WIDE_TOWNS 6u

static uint16_t wide_time[WIDE_NODES * WIDE_NODES];

/* A grid of 20 x 20 nodes, or the same with noise that breaks the triangle. */
static tq_fleet_pool *open_wide(uint32_t town, tq_random *random)
{
    bool noise = town % 2 == 1;
    for (uint32_t a = 0; a < WIDE_NODES; a++)
        for (uint32_t b = 0; b < WIDE_NODES; b++) {
            int x = (int)(a % 20) - (int)(b % 20), y = (int)(a / 20) - (int)(b / 20);
            uint32_t more = noise ? tq_random_below(random, 40) : 0;
            wide_time[a * WIDE_NODES + b] = (uint16_t)(10 * (abs(x) + abs(y)) + (int)more);
        }
    tq_fleet_pool_times times = {.node_count = WIDE_NODES,
                                 .u16 = wide_time,
                                 .triangle_slack = noise ? TQ_FLEET_POOL_TIME_MAX : 0};
    tq_fleet_pool_config config = tq_fleet_pool_config_default();
    config.vehicle_max = WIDE_CARS;
    config.request_max = WIDE_TRIPS;
    config.drive_weight = town % 3;
    tq_fleet_pool *pool = NULL;
    assert_int_equal(tq_fleet_pool_open(&config, &times, &pool, NULL), TQ_OK);
    for (uint32_t car = 0; car < WIDE_CARS; car++) {
        tq_fleet_pool_vehicle vehicle = tq_fleet_pool_vehicle_default();
        vehicle.node = tq_random_below(random, WIDE_NODES);
        uint32_t index;
        assert_int_equal(tq_fleet_pool_add(pool, &vehicle, &index, NULL), TQ_OK);
    }
    return pool;
}

/* Many vehicles in more nodes than cells: the search over all agrees with a search in each vehicle
 * alone, which passes nobody over; offers are the best of the same list. */
static void nobody_is_passed_over(void **state)
{
    (void)state;
    uint32_t placed = 0;
    for (uint32_t town = 0; town < WIDE_TOWNS; town++) {
        tq_random random = {town + 1};
        tq_fleet_pool *pool = open_wide(town, &random);
        for (uint32_t id = 0; id < WIDE_TRIPS; id++) {
            tq_fleet_pool_request request = tq_fleet_pool_request_default();
            tq_fleet_pool_place place, offer[4], best[4];
            uint32_t count = 0, offers = 0, bests = 0;
            request.id = id;
            request.from_node = tq_random_below(&random, WIDE_NODES);
            request.to_node = (request.from_node + 1 + tq_random_below(&random, 398)) % WIDE_NODES;
            request.earliest = (int32_t)(id * 4);
            request.latest = request.earliest + (int32_t)tq_random_below(&random, 120);
            request.ride_permille = 1200 + tq_random_below(&random, 800);
            tq_fleet_pool_slot slot = {request.earliest, request.latest, request.arrive_latest};
            tq_fleet_pool_stop done[64];
            assert_int_equal(tq_fleet_pool_advance(pool, request.earliest, done, 64, &count, NULL),
                             TQ_OK);
            assert_int_equal(tq_fleet_offer(pool, &request, &slot, 1, 4, offer, &offers, NULL),
                             TQ_OK);
            for (uint32_t car = 0; car < WIDE_CARS; car++) {
                request.vehicle = car;
                assert_int_equal(tq_fleet_offer(pool, &request, &slot, 1, 1, &place, &count, NULL),
                                 TQ_OK);
                if (count == 0 || (bests == 4 && place.cost >= best[3].cost)) continue;
                uint32_t at = bests < 4 ? bests++ : 3;
                for (; at > 0 && best[at - 1].cost > place.cost; at--)
                    best[at] = best[at - 1];
                best[at] = place;
            }
            request.vehicle = TQ_NONE;
            assert_int_equal(offers, bests);
            for (uint32_t k = 0; k < bests; k++)
                if (offer[k].vehicle != best[k].vehicle || offer[k].cost != best[k].cost)
                    fail_msg("town %u trip %u: offer %u is vehicle %u for %ld, not %u for %ld",
                             town, id, k, offer[k].vehicle, (long)offer[k].cost, best[k].vehicle,
                             (long)best[k].cost);
            assert_int_equal(tq_fleet_insert(pool, &request, &place, NULL), TQ_OK);
            assert_int_equal(place.vehicle, bests > 0 ? best[0].vehicle : TQ_NONE);
            placed += bests > 0;
        }
        tq_fleet_pool_close(pool);
    }
    print_message("%u placed\n", placed);
    assert_true(placed > WIDE_TOWNS * WIDE_TRIPS / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
