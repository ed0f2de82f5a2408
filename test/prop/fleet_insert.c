/*
 * Insertion against an oracle that knows only the promises: it writes down every rule of an order
 * of stops as a lower bound between two times, relaxes them all until nothing moves (Bellman and
 * Ford; a circle means that the order is impossible), and counts places by hand. Claims:
 *
 *  - an insertion is the cheapest of all places in all plans, and nothing is refused that fits;
 *  - its times are the earliest ones; with one request, and against all orders of all stops, no
 *    plan is cheaper than the oracle's best;
 *  - plans stay right through insertions, cancellations, moves and passing time;
 *  - a named relaxation lets the request in, and one less does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/fleet.h"

#define CASES      20000u
#define LIVES      400u
#define STEPS      60u
#define NODES_MAX  12u
#define CARS_MAX   4u
#define TRIPS_MAX  64u
#define EVENTS_MAX (TQ_FLEET_POOL_STOPS_MAX + 2u)
#define NO_BOARD   INT32_MIN

typedef struct test_car {
    tq_fleet_pool_vehicle made;
    tq_fleet_pool_break rest[2];
    uint32_t rests_done;
    uint32_t node;
    int32_t start, leave; /* of the group at the origin */
    bool joinable, gone, stretched;
} test_car;

typedef struct test_town {
    uint32_t seed, nodes, cars, now;
    bool metric; /* no way over a third node is shorter */
    tq_random random;
    int32_t time[NODES_MAX * NODES_MAX];
    uint16_t time_u16[NODES_MAX * NODES_MAX];
    test_car car[CARS_MAX];
    tq_fleet_pool_request trip[TRIPS_MAX];
    int32_t boarded[TRIPS_MAX];
    bool stretched[TRIPS_MAX];
    tq_fleet_pool_config config;
    tq_fleet_pool *pool;
} test_town;

typedef struct test_event {
    tq_fleet_pool_stop_kind kind;
    uint32_t trip; /* a break: which */
} test_event;

static uint32_t below(test_town *town, uint32_t limit)
{
    return tq_random_below(&town->random, limit);
}

static int32_t time_of(const test_town *town, uint32_t from, uint32_t to)
{
    return from == to ? 0 : town->time[from * town->nodes + to];
}

static int32_t called_time(void *user, uint32_t from, uint32_t to)
{
    return time_of(user, from, to);
}

static int64_t ride_limit(const test_town *town, const tq_fleet_pool_request *trip)
{
    int64_t most = trip->ride_max;
    int32_t direct = time_of(town, trip->from_node, trip->to_node);
    if (trip->ride_permille != TQ_NONE)
        most = TQ_MIN(most, (int64_t)direct * trip->ride_permille / 1000);
    return most;
}

static int32_t effective(const test_car *car, const tq_fleet_pool_request *trip, uint32_t dim)
{
    int32_t load[TQ_FLEET_DIMS], sum;
    for (uint32_t k = 0; k < TQ_FLEET_DIMS; k++)
        load[k] = trip->load[k];
    load[0] += trip->companions;
    sum = load[dim];
    for (uint32_t k = 0; k < TQ_FLEET_DIMS; k++)
        sum += load[k] * car->made.takes[k][dim];
    return sum;
}

/* Places, private rides, breaks, last in first out, skills: walked through by hand. */
static bool loads_hold(const test_town *town, const test_car *car, const test_event *event,
                       uint32_t count)
{
    uint32_t stack[EVENTS_MAX], aboard = 0;
    for (uint32_t k = count; k-- > 0;) { /* on board from the start, last out at the bottom */
        bool waits = false;
        for (uint32_t j = 0; j < k; j++)
            waits |= event[j].kind == TQ_FLEET_STOP_PICK && event[j].trip == event[k].trip;
        if (event[k].kind == TQ_FLEET_STOP_DROP && !waits) stack[aboard++] = event[k].trip;
    }
    for (uint32_t k = 0;; k++) {
        int32_t used[TQ_FLEET_DIMS] = {0}, lone = 0;
        bool over = false, over_rest = false;
        for (uint32_t j = 0; j < aboard; j++) {
            lone += town->trip[stack[j]].sharing == TQ_FLEET_PRIVATE;
            for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++)
                used[dim] += effective(car, &town->trip[stack[j]], dim);
        }
        if (lone > 0 && aboard > 1) return false;
        bool rest = k < count && event[k].kind == TQ_FLEET_STOP_BREAK;
        for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++) {
            over |= used[dim] > car->made.capacity[dim];
            if (!rest) continue;
            over_rest |= used[dim] > car->rest[event[k].trip].load_max[dim];
        }
        if (over || over_rest) return false;
        if (k == count) return true;
        if (event[k].kind == TQ_FLEET_STOP_PICK) {
            if ((town->trip[event[k].trip].skills & ~car->made.skills) != 0) return false;
            stack[aboard++] = event[k].trip;
        } else if (event[k].kind == TQ_FLEET_STOP_DROP) {
            uint32_t at = aboard;
            while (at > 0 && stack[at - 1] != event[k].trip)
                at--;
            if (at == 0) return false; /* dropped before it boards */
            if (car->made.order == TQ_FLEET_LAST_IN_FIRST_OUT && at != aboard) return false;
            for (uint32_t j = at; j < aboard; j++)
                stack[j - 1] = stack[j];
            aboard--;
        }
    }
}

typedef struct test_rule {
    uint32_t later, earlier;
    int64_t by;
} test_rule;

typedef struct test_rules {
    uint32_t count;
    test_rule rule[EVENTS_MAX * EVENTS_MAX + 8 * EVENTS_MAX];
} test_rules;

static void add_rule(test_rules *rules, uint32_t later, uint32_t earlier, int64_t by)
{
    rules->rule[rules->count++] = (test_rule){later, earlier, by};
}

static void add_bounds(const test_town *town, const test_car *car, const test_event *event,
                       uint32_t k, uint32_t count, test_rules *rules)
{
    uint32_t self = k + 1;
    if (event[k].kind == TQ_FLEET_STOP_BREAK) {
        add_rule(rules, self, 0, car->rest[event[k].trip].earliest);
        add_rule(rules, 0, self, -(int64_t)car->rest[event[k].trip].latest);
        return;
    }
    const tq_fleet_pool_request *trip = &town->trip[event[k].trip];
    if (event[k].kind == TQ_FLEET_STOP_PICK) {
        add_rule(rules, self, 0, trip->earliest);
        add_rule(rules, 0, self, -(int64_t)trip->latest);
        for (uint32_t j = k + 1; j < count; j++)
            if (event[j].kind == TQ_FLEET_STOP_DROP && event[j].trip == event[k].trip)
                add_rule(rules, self, j + 1, -ride_limit(town, trip) - trip->board);
        return;
    }
    add_rule(rules, 0, self, -(int64_t)trip->arrive_latest);
    int32_t boarded = town->boarded[event[k].trip];
    if (boarded != NO_BOARD) add_rule(rules, 0, self, -(int64_t)boarded - ride_limit(town, trip));
}

/* Rules between the stops: who stands side by side, and how long the ways are. */
static int64_t add_ways(const test_town *town, const test_car *car, const test_event *event,
                        uint32_t count, test_rules *rules)
{
    int64_t drive = 0;
    uint32_t group = 0, at = car->node; /* first of the stops that stand side by side, 0 origin */
    bool joinable = car->joinable;
    int32_t dwell[EVENTS_MAX + 1] = {0};
    int32_t now = car->gone ? 0 : (int32_t)town->now;
    int32_t start = TQ_MAX(car->start, now), leave = TQ_MAX(car->leave, now);
    for (uint32_t k = 0; k <= count; k++) {
        bool end = k == count, rest = !end && event[k].kind == TQ_FLEET_STOP_BREAK;
        uint32_t node = car->made.end_node;
        if (rest) {
            node = car->rest[event[k].trip].node;
            dwell[k + 1] = car->rest[event[k].trip].duration;
        } else if (!end) {
            const tq_fleet_pool_request *trip = &town->trip[event[k].trip];
            bool pick = event[k].kind == TQ_FLEET_STOP_PICK;
            node = pick ? trip->from_node : trip->to_node;
            dwell[k + 1] = pick ? trip->board : trip->alight;
        }
        if (node == TQ_NONE) node = at;
        int32_t way = time_of(town, at, node);
        drive += way;
        if (!end && !rest && joinable && node == at) {
            if (k == 0) add_rule(rules, 1, 0, start);
            if (k > 0) add_rule(rules, k + 1, k, 0);
        } else {
            for (uint32_t j = TQ_MAX(group, 1u); j <= k; j++)
                add_rule(rules, k + 1, j, (int64_t)dwell[j] + way);
            if (group == 0) add_rule(rules, k + 1, 0, (int64_t)leave + way);
            group = k + 1;
        }
        joinable = !rest;
        at = node;
    }
    add_rule(rules, 0, count + 1, -(int64_t)car->made.until);
    return drive;
}

/* Earliest times of an order, and its cost; false when it is impossible. */
static bool oracle(const test_town *town, const test_car *car, const test_event *event,
                   uint32_t count, int64_t *when, int64_t *cost)
{
    static test_rules rules;
    if (!loads_hold(town, car, event, count)) return false;
    rules.count = 0;
    int64_t time[EVENTS_MAX + 2];
    time[0] = 0;
    for (uint32_t k = 1; k <= count + 1; k++)
        time[k] = INT32_MIN;
    int64_t sum = add_ways(town, car, event, count, &rules) * town->config.drive_weight;
    for (uint32_t k = 0; k < count; k++)
        add_bounds(town, car, event, k, count, &rules);
    for (uint32_t round = 0;; round++) {
        bool moved = false;
        for (uint32_t k = 0; k < rules.count; k++) {
            const test_rule *rule = &rules.rule[k];
            if (time[rule->earlier] + rule->by <= time[rule->later]) continue;
            time[rule->later] = time[rule->earlier] + rule->by;
            moved = true;
        }
        if (time[0] > 0 || round > count + 2) return false;
        if (!moved) break;
    }
    for (uint32_t k = 0; k < count; k++) {
        when[k] = time[k + 1];
        if (event[k].kind == TQ_FLEET_STOP_BREAK) continue;
        const tq_fleet_pool_request *trip = &town->trip[event[k].trip];
        int64_t direct = time_of(town, trip->from_node, trip->to_node);
        if (event[k].kind == TQ_FLEET_STOP_PICK)
            sum += (int64_t)trip->weight * town->config.wait_weight * (when[k] - trip->earliest);
        else
            sum += (int64_t)trip->weight * town->config.delay_weight *
                   (when[k] - trip->earliest - trip->board - direct);
    }
    *cost = sum;
    return true;
}

static uint32_t read_order(const test_town *town, uint32_t vehicle, test_event *event,
                           tq_fleet_pool_plan *plan)
{
    assert_int_equal(tq_fleet_pool_read(town->pool, vehicle, plan, NULL), TQ_OK);
    uint32_t rest = town->car[vehicle].rests_done;
    for (uint32_t k = 0; k < plan->stop_count; k++) {
        event[k].kind = plan->stop[k].kind;
        event[k].trip = event[k].kind == TQ_FLEET_STOP_BREAK ? rest++ : plan->stop[k].request;
    }
    return plan->stop_count;
}

static void put_pair(const test_event *event, uint32_t count, uint32_t trip, uint32_t pick,
                     uint32_t drop, test_event *out)
{
    uint32_t put = 0;
    for (uint32_t k = 0; k <= count; k++) {
        if (k == pick) out[put++] = (test_event){TQ_FLEET_STOP_PICK, trip};
        if (k == drop) out[put++] = (test_event){TQ_FLEET_STOP_DROP, trip};
        if (k < count) out[put++] = event[k];
    }
}

typedef struct test_best {
    int64_t cost;
    uint32_t vehicle, pick, drop;
} test_best;

/* The cheapest place in one plan; false when there is none. */
static bool best_in(const test_town *town, uint32_t vehicle, uint32_t trip, test_best *best)
{
    const test_car *car = &town->car[vehicle];
    test_event event[EVENTS_MAX], longer[EVENTS_MAX];
    tq_fleet_pool_plan plan;
    int64_t when[EVENTS_MAX], before = 0, cost;
    bool any = false;
    uint32_t count = read_order(town, vehicle, event, &plan);
    test_car wide = *car; /* an old plan costs what it costs, even while limits are tightened */
    wide.made.until = TQ_FLEET_POOL_TIME_MAX;
    if (count > 0) (void)oracle(town, &wide, event, count, when, &before);
    if (count == 0)
        before = (int64_t)town->config.drive_weight *
                 (car->made.end_node == TQ_NONE ? 0 : time_of(town, car->node, car->made.end_node));
    for (uint32_t pick = plan.kept; pick <= count; pick++)
        for (uint32_t drop = pick; drop <= count; drop++) {
            put_pair(event, count, trip, pick, drop, longer);
            if (!oracle(town, car, longer, count + 2, when, &cost)) continue;
            cost -= before;
            if (any && cost >= best->cost) continue;
            *best = (test_best){cost, vehicle, pick, drop};
            any = true;
        }
    return any;
}

static bool best_of_all(const test_town *town, uint32_t trip, test_best *best)
{
    bool any = false;
    for (uint32_t vehicle = 0; vehicle < town->cars; vehicle++) {
        test_best one;
        if (!best_in(town, vehicle, trip, &one)) continue;
        if (any && one.cost >= best->cost) continue;
        *best = one;
        any = true;
    }
    return any;
}

static void make_times(test_town *town, tq_fleet_pool_times *times)
{
    uint32_t nodes = town->nodes, kind = below(town, 3);
    for (uint32_t k = 0; k < nodes * nodes; k++)
        town->time[k] = (int32_t)below(town, 60);
    for (uint32_t over = 0; over < nodes && kind < 2; over++)
        for (uint32_t a = 0; a < nodes; a++)
            for (uint32_t b = 0; b < nodes; b++)
                town->time[a * nodes + b] = TQ_MIN(town->time[a * nodes + b],
                                                   time_of(town, a, over) + time_of(town, over, b));
    for (uint32_t k = 0; k < nodes * nodes; k++)
        town->time_u16[k] = (uint16_t)town->time[k];
    *times = (tq_fleet_pool_times){.node_count = nodes,
                                   .triangle_slack = kind < 2 ? 0 : TQ_FLEET_POOL_TIME_MAX};
    uint32_t form = below(town, 3);
    if (form == 0) times->u16 = town->time_u16;
    if (form == 1) times->i32 = town->time;
    if (form == 2) {
        times->way = called_time;
        times->user = town;
    }
}

static void make_car(test_town *town, uint32_t vehicle)
{
    test_car *car = &town->car[vehicle];
    *car = (test_car){.made = tq_fleet_pool_vehicle_default()};
    tq_fleet_pool_vehicle *made = &car->made;
    made->node = below(town, town->nodes);
    made->from = (int32_t)below(town, 60);
    if (below(town, 3) == 0) made->until = 150 + (int32_t)below(town, 300);
    if (below(town, 4) == 0) made->end_node = below(town, town->nodes);
    made->capacity[0] = (uint16_t)(1 + below(town, 6));
    made->capacity[1] = (uint16_t)below(town, 3);
    made->capacity[3] = (uint16_t)below(town, 3);
    made->takes[1][0] = (uint16_t)below(town, 3);
    made->skills = below(town, 8) | 1u;
    if (below(town, 4) == 0) made->order = TQ_FLEET_LAST_IN_FIRST_OUT;
    made->break_count = below(town, 3) == 0 ? 1 + below(town, 2) : 0;
    made->breaks = car->rest;
    for (uint32_t k = 0; k < made->break_count; k++) {
        tq_fleet_pool_break *rest = &car->rest[k];
        rest->earliest = 60 + (int32_t)(k * 60 + below(town, 100));
        rest->latest = rest->earliest + (int32_t)below(town, 150);
        rest->duration = (int32_t)below(town, 30);
        rest->node = below(town, 2) == 0 ? TQ_NONE : below(town, town->nodes);
        rest->load_max[0] = (uint16_t)(below(town, 3) * below(town, 3));
        rest->load_max[1] = (uint16_t)below(town, 2);
    }
    uint32_t index;
    if (tq_fleet_pool_add(town->pool, made, &index, NULL) != TQ_OK) {
        made->break_count = 0;
        made->until = TQ_FLEET_POOL_TIME_MAX;
        assert_int_equal(tq_fleet_pool_add(town->pool, made, &index, NULL), TQ_OK);
    }
    assert_int_equal(index, vehicle);
    car->node = made->node;
    car->start = car->leave = made->from;
}

static void make_trip(test_town *town, uint32_t id)
{
    tq_fleet_pool_request *trip = &town->trip[id];
    *trip = tq_fleet_pool_request_default();
    town->boarded[id] = NO_BOARD;
    town->stretched[id] = false;
    trip->id = id;
    trip->from_node = below(town, town->nodes);
    trip->to_node = (trip->from_node + 1 + below(town, town->nodes - 1)) % town->nodes;
    trip->earliest = (int32_t)(town->now + below(town, 100));
    trip->latest = trip->earliest + (int32_t)below(town, 120);
    if (below(town, 2) == 0) trip->arrive_latest = trip->earliest + (int32_t)below(town, 250);
    if (below(town, 3) == 0) trip->ride_max = (int32_t)below(town, 120);
    if (below(town, 3) == 0) trip->ride_permille = 1000 + below(town, 1500);
    if (below(town, 2) == 0) trip->board = (int32_t)below(town, 15);
    if (below(town, 2) == 0) trip->alight = (int32_t)below(town, 10);
    if (below(town, 5) == 0) trip->load[1] = 1;
    if (below(town, 6) == 0) trip->load[3] = (uint16_t)(1 + below(town, 2));
    if (below(town, 3) == 0) trip->companions = (uint16_t)below(town, 3);
    if (below(town, 6) == 0) trip->skills = 1u << below(town, 3);
    if (below(town, 10) == 0) trip->sharing = TQ_FLEET_PRIVATE;
    trip->weight = 1 + below(town, 3);
}

static void make_town(test_town *town, uint32_t seed, uint32_t cars)
{
    memset(town, 0, sizeof *town);
    town->seed = seed;
    town->random.state = seed;
    town->nodes = 3 + below(town, NODES_MAX - 3);
    town->cars = 1 + below(town, cars);
    tq_fleet_pool_times times;
    make_times(town, &times);
    town->config = tq_fleet_pool_config_default();
    town->config.vehicle_max = CARS_MAX;
    town->config.request_max = TRIPS_MAX;
    town->config.drive_weight = below(town, 4);
    town->config.wait_weight = below(town, 3);
    town->config.delay_weight = below(town, 3);
    assert_int_equal(tq_fleet_pool_open(&town->config, &times, &town->pool, NULL), TQ_OK);
    for (uint32_t vehicle = 0; vehicle < town->cars; vehicle++)
        make_car(town, vehicle);
}

/* Widen (or narrow) one bound; gives the former value back through `restore`. */
static void relax_bound(test_town *town, uint32_t vehicle, uint32_t trip, tq_fleet_bound bound,
                        tq_fleet_relax relax, int32_t less)
{
    test_car *car = &town->car[vehicle];
    int32_t by = relax.amount - less;
    tq_fleet_pool_request *own = &town->trip[trip];
    if (bound == TQ_FLEET_BOUND_SHIFT) car->made.until += by;
    if (bound == TQ_FLEET_BOUND_BREAK) car->rest[car->rests_done + relax.who].latest += by;
    if (bound == TQ_FLEET_BOUND_CAPACITY)
        car->made.capacity[relax.who] = (uint16_t)(car->made.capacity[relax.who] + by);
    if (bound == TQ_FLEET_BOUND_BREAK_LOAD)
        for (uint32_t k = 0; k < 2; k++)
            memcpy(car->rest[k].load_max, car->made.capacity, sizeof car->made.capacity);
    if (bound == TQ_FLEET_BOUND_PRIVATE) town->trip[relax.who].sharing = TQ_FLEET_SHARED;
    if (bound == TQ_FLEET_BOUND_LIFO) car->made.order = TQ_FLEET_ANY_ORDER;
    if (bound == TQ_FLEET_BOUND_SKILL) car->made.skills |= relax.who;
    bool other = bound == TQ_FLEET_BOUND_OTHER_PICKUP || bound == TQ_FLEET_BOUND_OTHER_DROPOFF ||
                 bound == TQ_FLEET_BOUND_OTHER_RIDE;
    if (other) own = &town->trip[relax.who];
    if (bound == TQ_FLEET_BOUND_PICKUP || bound == TQ_FLEET_BOUND_OTHER_PICKUP) own->latest += by;
    if (bound == TQ_FLEET_BOUND_DROPOFF || bound == TQ_FLEET_BOUND_OTHER_DROPOFF)
        own->arrive_latest += by;
    if (bound == TQ_FLEET_BOUND_RIDE || bound == TQ_FLEET_BOUND_OTHER_RIDE) {
        own->ride_max = (int32_t)ride_limit(town, own) + by;
        own->ride_permille = TQ_NONE;
    }
}

static uint32_t check_reasons(test_town *town, uint32_t trip)
{
    tq_fleet_why why[CARS_MAX];
    uint32_t count = 0, named = 0;
    assert_int_equal(tq_fleet_why_not(town->pool, &town->trip[trip], CARS_MAX, why, &count, NULL),
                     TQ_OK);
    assert_int_equal(count, town->cars);
    test_town kept = *town;
    for (uint32_t k = 0; k < count; k++) {
        test_best best;
        bool fits = best_in(town, why[k].vehicle, trip, &best);
        if (fits != (why[k].binding == TQ_FLEET_BOUND_NONE))
            fail_msg("seed %u trip %u vehicle %u: fits %d, binding %s", town->seed, trip,
                     why[k].vehicle, fits, tq_fleet_bound_text(why[k].binding));
        if (fits) continue;
        named += why[k].binding != TQ_FLEET_BOUND_SEVERAL;
        for (uint32_t bound = 1; bound < TQ_FLEET_BOUNDS; bound++) {
            tq_fleet_relax relax = why[k].relax[bound];
            bool own = bound == TQ_FLEET_BOUND_PICKUP || bound == TQ_FLEET_BOUND_DROPOFF ||
                       bound == TQ_FLEET_BOUND_RIDE || bound == TQ_FLEET_BOUND_SHIFT;
            if (relax.amount < 0 && !own) continue;
            bool helps = relax.amount >= 0;
            if (!helps) relax.amount = 1 << 20;
            relax_bound(town, why[k].vehicle, trip, (tq_fleet_bound)bound, relax, 0);
            bool in = best_in(town, why[k].vehicle, trip, &best);
            *town = kept;
            if (in != helps)
                fail_msg("seed %u trip %u vehicle %u: %s by %d: let in %d", town->seed, trip,
                         why[k].vehicle, tq_fleet_bound_text((tq_fleet_bound)bound), relax.amount,
                         in);
            if (!helps || relax.amount == 0) continue;
            relax_bound(town, why[k].vehicle, trip, (tq_fleet_bound)bound, relax, 1);
            in = best_in(town, why[k].vehicle, trip, &best);
            *town = kept;
            if (in)
                fail_msg("seed %u trip %u vehicle %u: %s by %d less one is enough", town->seed,
                         trip, why[k].vehicle, tq_fleet_bound_text((tq_fleet_bound)bound),
                         relax.amount);
        }
    }
    return named;
}

/* Insert and compare with the oracle; returns whether it found a place. */
static bool insert_one(test_town *town, uint32_t trip)
{
    test_best best = {0};
    tq_fleet_pool_place place;
    tq_err err;
    bool any = best_of_all(town, trip, &best);
    if (tq_fleet_insert(town->pool, &town->trip[trip], &place, &err) != TQ_OK)
        fail_msg("seed %u trip %u: %s", town->seed, trip, err.text);
    if (any != (place.vehicle != TQ_NONE))
        fail_msg("seed %u trip %u: oracle %d cost %ld vehicle %u %u %u, pool vehicle %u cost %ld",
                 town->seed, trip, any, (long)best.cost, best.vehicle, best.pick, best.drop,
                 place.vehicle, (long)place.cost);
    if (!any) return false;
    if (place.cost != best.cost || place.vehicle != best.vehicle || place.pick_stop != best.pick ||
        place.drop_stop != best.drop + 1)
        fail_msg("seed %u trip %u: oracle %ld at %u %u %u, pool %ld at %u %u %u", town->seed, trip,
                 (long)best.cost, best.vehicle, best.pick, best.drop, (long)place.cost,
                 place.vehicle, place.pick_stop, place.drop_stop - 1);
    return true;
}

static void check_plan(const test_town *town, uint32_t vehicle)
{
    test_event event[EVENTS_MAX];
    tq_fleet_pool_plan plan;
    int64_t when[EVENTS_MAX], cost;
    uint32_t count = read_order(town, vehicle, event, &plan);
    if (count == 0 || town->car[vehicle].stretched) return;
    if (!oracle(town, &town->car[vehicle], event, count, when, &cost))
        fail_msg("seed %u: the plan of vehicle %u breaks a promise", town->seed, vehicle);
    for (uint32_t k = 0; k < count; k++)
        if (when[k] != plan.stop[k].start)
            fail_msg("seed %u vehicle %u stop %u: earliest %ld, planned %d", town->seed, vehicle, k,
                     (long)when[k], plan.stop[k].start);
}

/* Cheapest of all orders of all stops of one vehicle. */
static void all_orders(const test_town *town, test_event *event, uint32_t fixed, uint32_t count,
                       int64_t *best)
{
    int64_t when[EVENTS_MAX], cost;
    if (fixed == count) {
        if (oracle(town, &town->car[0], event, count, when, &cost)) *best = TQ_MIN(*best, cost);
        return;
    }
    for (uint32_t k = fixed; k < count; k++) {
        bool early = false; /* a drop-off before its pick-up */
        for (uint32_t j = fixed; j < count; j++)
            early |= event[k].kind == TQ_FLEET_STOP_DROP && event[j].trip == event[k].trip &&
                     event[j].kind == TQ_FLEET_STOP_PICK;
        if (early) continue;
        test_event swap = event[k];
        event[k] = event[fixed];
        event[fixed] = swap;
        all_orders(town, event, fixed + 1, count, best);
        swap = event[k];
        event[k] = event[fixed];
        event[fixed] = swap;
    }
}

static void check_all_orders(const test_town *town, uint32_t trips)
{
    test_event event[EVENTS_MAX];
    tq_fleet_pool_plan plan;
    int64_t when[EVENTS_MAX], cost = 0, best = INT64_MAX;
    uint32_t count = read_order(town, 0, event, &plan);
    if (count == 0) return;
    assert_true(oracle(town, &town->car[0], event, count, when, &cost));
    all_orders(town, event, 0, count, &best);
    if (best > cost || (trips == 1 && best != cost))
        fail_msg("seed %u: best order %ld, plan %ld", town->seed, (long)best, (long)cost);
}

static void insertion_is_the_cheapest(void **state)
{
    (void)state;
    uint32_t placed = 0, refused = 0, named = 0;
    for (uint32_t seed = 1; seed <= CASES; seed++) {
        test_town town;
        make_town(&town, seed, seed % 2 == 0 ? 1 : CARS_MAX);
        uint32_t trips = 1 + seed % 4, in = 0;
        for (uint32_t trip = 0; trip < trips; trip++) {
            make_trip(&town, trip);
            bool done = insert_one(&town, trip);
            placed += done;
            in += done;
            refused += !done;
            if (!done) named += check_reasons(&town, trip);
            for (uint32_t vehicle = 0; vehicle < town.cars; vehicle++)
                check_plan(&town, vehicle);
        }
        if (town.cars == 1 && town.car[0].made.break_count == 0 && seed % 8 < 4)
            check_all_orders(&town, in);
        tq_fleet_pool_close(town.pool);
    }
    print_message("%u placed, %u refused, %u reasons\n", placed, refused, named);
    assert_true(placed > CASES / 2 && refused > CASES / 10 && named > CASES / 10);
}

/* What the pool tells about a done stop, checked against the promises. */
static void finish_stop(test_town *town, const tq_fleet_pool_stop *stop)
{
    test_car *car = &town->car[stop->vehicle];
    int32_t ready = stop->start;
    bool joined = car->joinable && stop->node == car->node;
    bool strict = !car->stretched;
    if (strict && !joined && stop->start < car->leave + time_of(town, car->node, stop->node))
        fail_msg("seed %u: vehicle %u is too soon at node %u", town->seed, stop->vehicle,
                 stop->node);
    if (stop->kind == TQ_FLEET_STOP_BREAK) {
        const tq_fleet_pool_break *rest = &car->rest[car->rests_done++];
        if (strict) assert_in_range(stop->start, rest->earliest, rest->latest);
        ready += rest->duration;
        joined = false;
    } else {
        const tq_fleet_pool_request *trip = &town->trip[stop->request];
        int32_t *boarded = &town->boarded[stop->request];
        if (stop->kind == TQ_FLEET_STOP_PICK) {
            if (strict) assert_in_range(stop->start, trip->earliest, trip->latest);
            assert_int_equal(*boarded, NO_BOARD);
            ready += trip->board;
            *boarded = ready;
        } else {
            assert_int_not_equal(*boarded, NO_BOARD);
            if (strict) {
                assert_true(stop->start <= trip->arrive_latest);
                assert_true(stop->start - *boarded <= ride_limit(town, trip));
            }
            ready += trip->alight;
        }
    }
    car->leave = joined ? TQ_MAX(car->leave, ready) : ready;
    car->joinable = stop->kind != TQ_FLEET_STOP_BREAK;
    car->start = car->joinable ? stop->start : ready;
    car->node = stop->node;
}

static void pass_time(test_town *town, uint32_t by)
{
    tq_fleet_pool_stop done[4];
    uint32_t count = 0;
    do {
        assert_int_equal(
            tq_fleet_pool_advance(town->pool, (int32_t)(town->now + by), done, 4, &count, NULL),
            TQ_OK);
        for (uint32_t k = 0; k < count; k++)
            finish_stop(town, &done[k]);
    } while (count == 4);
    town->now += by;
    for (uint32_t vehicle = 0; vehicle < town->cars; vehicle++) {
        tq_fleet_pool_plan plan;
        test_car *car = &town->car[vehicle];
        assert_int_equal(tq_fleet_pool_read(town->pool, vehicle, &plan, NULL), TQ_OK);
        if (plan.stop_count == 0) car->stretched = false;
        assert_int_equal(plan.node, car->node);
        car->gone = plan.kept > 0;
        if (!car->gone) continue;
        car->start = car->leave = plan.time; /* it waited, and has left */
        car->joinable = false;
    }
}

static void move_one(test_town *town)
{
    uint32_t vehicle = below(town, town->cars), node = below(town, town->nodes);
    int32_t time = (int32_t)(town->now + below(town, 10)), late = 0;
    test_car *car = &town->car[vehicle];
    assert_int_equal(tq_fleet_pool_move(town->pool, vehicle, node, time, &late, NULL), TQ_OK);
    if (late > 0) car->stretched = true;
    car->node = node;
    car->start = car->leave = time;
    car->joinable = car->gone = false;
}

static void cancel_one(test_town *town, uint32_t trips)
{
    if (trips == 0) return;
    uint32_t trip = below(town, trips), vehicle = tq_fleet_pool_vehicle_of(town->pool, trip);
    tq_fleet_pool_plan before;
    if (vehicle == TQ_NONE) {
        assert_int_equal(tq_fleet_cancel(town->pool, trip, NULL), TQ_NOT_FOUND);
        return;
    }
    assert_int_equal(tq_fleet_pool_read(town->pool, vehicle, &before, NULL), TQ_OK);
    tq_status status = tq_fleet_cancel(town->pool, trip, NULL);
    assert_int_equal(status, town->boarded[trip] == NO_BOARD ? TQ_OK : TQ_STALE);
    tq_fleet_pool_plan after;
    assert_int_equal(tq_fleet_pool_read(town->pool, vehicle, &after, NULL), TQ_OK);
    test_car *car = &town->car[vehicle];
    if (!town->metric && status == TQ_OK) car->stretched = true;
    if (after.node == car->node && after.time == before.time) return;
    car->node = after.node; /* was on its way there: drives on */
    car->start = car->leave = after.time;
    car->joinable = car->gone = false;
}

/* Any mixture of events; plans and done stops keep every promise, until a vehicle is moved so far
 * that they must be stretched (or a stop is cancelled that was a short cut). */
static void plans_stay_right(void **state)
{
    (void)state;
    uint32_t placed = 0, stretched = 0;
    for (uint32_t seed = 1; seed <= LIVES; seed++) {
        test_town town;
        make_town(&town, seed, CARS_MAX);
        uint32_t trips = 0;
        for (uint32_t step = 0; step < STEPS; step++) {
            uint32_t what = below(&town, 10), odd = 0;
            for (uint32_t vehicle = 0; vehicle < town.cars; vehicle++)
                odd += town.car[vehicle].stretched;
            stretched += odd;
            if (what < 5 && trips < TRIPS_MAX && odd == 0) {
                make_trip(&town, trips);
                placed += insert_one(&town, trips++);
            } else if (what < 6) {
                cancel_one(&town, trips);
            } else if (what < 7 && below(&town, 4) == 0) {
                move_one(&town);
            } else {
                pass_time(&town, below(&town, 40));
            }
            for (uint32_t vehicle = 0; vehicle < town.cars; vehicle++)
                check_plan(&town, vehicle);
        }
        pass_time(&town, 5000);
        for (uint32_t trip = 0; trip < trips; trip++)
            assert_int_equal(tq_fleet_pool_vehicle_of(town.pool, trip), TQ_NONE);
        tq_fleet_pool_close(town.pool);
    }
    print_message("%u placed, %u steps after a stretch\n", placed, stretched);
    assert_true(placed > LIVES && stretched > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(insertion_is_the_cheapest),
        cmocka_unit_test(plans_stay_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
