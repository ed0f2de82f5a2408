/*
 * A task into a route with others out: what the links over the route say (plan_gap.c) against a
 * route that is built without them and a search for a place in it.
 *
 * Problems are random shipments in a square with one or two windows a stop and two kinds of load,
 * by Manhattan ways; the route takes whatever fits, in random order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/plan_in.h"

#define TASKS     30u
#define PLACES    (2 * TASKS + 1)
#define PROBLEMS  150u
#define QUESTIONS 400u
#define SIDE      100u
#define DAY       3000

typedef struct world {
    int32_t x[PLACES], y[PLACES], time[PLACES * PLACES];
    tq_fleet_task task[TASKS];
    tq_fleet_vehicle vehicle;
    tq_fleet_window window[4 * TASKS];
    tq_fleet_profile profile;
    tq_fleet_problem problem;
} world;

static world now;

static uint32_t roll(tq_random *dice, uint32_t below)
{
    return tq_random_below(dice, below);
}

static void set_stop(world *to, uint32_t visit, tq_random *dice)
{
    tq_fleet_window *window = to->window + (size_t)2 * visit;
    int64_t from = roll(dice, DAY - 600), wide = 50 + roll(dice, 500);
    uint32_t count = 1 + (roll(dice, 4) == 0);
    window[0] = (tq_fleet_window){from, from + wide};
    window[1] = (tq_fleet_window){from + wide + 50, from + wide + 50 + roll(dice, 200)};
    to->task[visit / 2].stop[visit & 1] = (tq_fleet_stop){.place = visit + 1,
                                                          .first_window = 2 * visit,
                                                          .window_count = count,
                                                          .service = roll(dice, 20)};
}

static void make_world(world *to, tq_random *dice)
{
    for (uint32_t place = 0; place < PLACES; place++) {
        to->x[place] = (int32_t)roll(dice, SIDE);
        to->y[place] = (int32_t)roll(dice, SIDE);
    }
    for (uint32_t a = 0; a < PLACES; a++)
        for (uint32_t b = 0; b < PLACES; b++)
            to->time[a * PLACES + b] = abs(to->x[a] - to->x[b]) + abs(to->y[a] - to->y[b]);
    for (uint32_t task = 0; task < TASKS; task++) {
        to->task[task] = (tq_fleet_task){
            .kind = TQ_FLEET_SHIPMENT,
            .load = {(int32_t)roll(dice, 5), (int32_t)roll(dice, 3)},
            .ride_max = TQ_FLEET_ANY,
        };
        set_stop(to, 2 * task, dice);
        set_stop(to, 2 * task + 1, dice);
    }
    to->vehicle = (tq_fleet_vehicle){.speed_factor = 1,
                                     .capacity = {8, 6},
                                     .shift = {0, DAY},
                                     .tasks_max = TQ_NONE,
                                     .travel_max = TQ_FLEET_ANY,
                                     .distance_max = TQ_FLEET_ANY,
                                     .duration_max = TQ_FLEET_ANY,
                                     .per_hour = 3600};
    to->profile = (tq_fleet_profile){to->time, to->time, to->time};
    to->problem = (tq_fleet_problem){.place_count = PLACES,
                                     .task_count = TASKS,
                                     .vehicle_count = 1,
                                     .profile_count = 1,
                                     .load_count = 2,
                                     .window_count = 4 * TASKS,
                                     .time_unit = 1,
                                     .distance_unit = 1,
                                     .cost_unit = 1,
                                     .task = to->task,
                                     .vehicle = &to->vehicle,
                                     .profile = &to->profile,
                                     .window = to->window};
}

static void put_in(const plan_model *model, plan_route *route, uint32_t task, plan_place place)
{
    assert_true(plan_route_room(model, route, route->len + 2));
    plan_insert_do(model, route, task, place);
    assert_true(plan_route_fill(model, route));
}

/* What the links say and what is so: both counted, never different. */
static void ask(const plan_model *model, const plan_route *route, plan_route *trial, plan_gap *gap,
                plan_scratch *scratch, tq_random *dice, uint32_t asked[2])
{
    uint32_t at[TASKS][2] = {{0}}, list[TASKS], count = 0, task;
    plan_dice blinks = {1};
    for (uint32_t k = 1; k + 1 < route->len; k++) {
        at[route->stop[k] >> 1][route->stop[k] & 1] = k;
        if ((route->stop[k] & 1) == 0) list[count++] = route->stop[k] >> 1;
    }
    do
        task = roll(dice, TASKS);
    while (at[task][0] != 0);
    plan_gap_open(gap, route);
    for (uint32_t more = 1 + roll(dice, TQ_MIN(PLAN_GAP_MAX, count)); more > 0; more--) {
        uint32_t pick = roll(dice, count), out = list[pick];
        list[pick] = list[--count];
        plan_gap_take(gap, at[out][0], at[out][1]);
        at[out][0] = 0;
    }
    trial->len = 0;
    for (uint32_t k = 0; k < route->len; k++)
        if (!plan_is_visit(model, route->stop[k]) || at[route->stop[k] >> 1][0] != 0)
            trial->stop[trial->len++] = route->stop[k];
    bool fits =
        plan_route_fill(model, trial) &&
        plan_insert_find(model, trial, task, PLAN_COST_NONE, 0, &blinks, scratch).pickup != TQ_NONE;
    assert_int_equal(plan_gap_takes(model, gap, task), fits);
    asked[fits]++;
    while (gap->count > 0)
        plan_gap_put_back(gap);
    for (uint32_t k = 0; k + 1 < route->len; k++) {
        assert_int_equal(gap->next[k], k + 1);
        assert_int_equal(gap->before[k + 1], k);
    }
}

static void says_what_a_search_finds(void **state)
{
    (void)state;
    uint32_t asked[2] = {0};
    for (uint64_t seed = 1; seed <= PROBLEMS; seed++) {
        tq_random dice = {seed};
        plan_dice blinks = {seed};
        plan_model model;
        plan_scratch scratch;
        plan_gap gap;
        plan_route route = {0}, trial = {0};
        make_world(&now, &dice);
        assert_int_equal(plan_model_make(&now.problem, &model, NULL), TQ_OK);
        assert_true(plan_scratch_make(&model, &scratch) && plan_gap_make(&model, &gap));
        assert_true(plan_route_room(&model, &route, 2 * TASKS + 2));
        assert_true(plan_route_room(&model, &trial, 2 * TASKS + 2));
        route.stop[0] = plan_start_of(&model, 0);
        route.stop[1] = route.stop[0] + 1;
        route.len = 2;
        assert_true(plan_route_fill(&model, &route));
        for (uint32_t task = 0; task + 1 < TASKS; task++) {
            plan_place place =
                plan_insert_find(&model, &route, task, PLAN_COST_NONE, 1u << 30, &blinks, &scratch);
            if (place.pickup != TQ_NONE) put_in(&model, &route, task, place);
        }
        for (uint32_t k = 0; k < QUESTIONS && route.len > 2; k++)
            ask(&model, &route, &trial, &gap, &scratch, &dice, asked);
        plan_route_free(&route);
        plan_route_free(&trial);
        plan_gap_free(&gap);
        plan_scratch_free(&scratch);
        plan_model_free(&model);
    }
    print_message("%u fitted, %u did not\n", asked[1], asked[0]);
    assert_true(asked[0] > 1000 && asked[1] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_a_search_finds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
