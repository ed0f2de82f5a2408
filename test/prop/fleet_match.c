/*
 * Matching against all ways of matching, against CBC and against a plain Hungarian over full
 * tables; and its invariants: prices prove each answer, old prices change no cost.
 */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
/* clang-format on */

#include <Cbc_C_Interface.h>

#include "fleet/fleet.h"

#define ORDERS_MOST   300u
#define VEHICLES_MOST 300u
#define PAIRS_MOST    (ORDERS_MOST * VEHICLES_MOST)
#define BRUTE_CASES   50000u
#define BRUTE_MOST    7u
#define CBC_CASES     200u
#define CBC_SIZE      50u
#define SPARSE_CASES  3000u

typedef struct instance {
    uint32_t orders, vehicles;
    uint32_t first[ORDERS_MOST + 1];
    tq_fleet_pair pair[PAIRS_MOST];
    int32_t leave[ORDERS_MOST];
    int64_t before[VEHICLES_MOST];
    uint64_t seed;
} instance;

typedef struct answer {
    uint32_t vehicle_of_order[ORDERS_MOST];
    int64_t price[VEHICLES_MOST];
    tq_fleet_match_answer out;
} answer;

static instance now;
static answer first_answer, second_answer;
static tq_arena work;
static uint64_t memory[1u << 15];

/* Costs from a small range (many ties) to the whole of int32. */
static int32_t random_cost(tq_random *random, uint32_t kind)
{
    static const uint32_t most[] = {2, 5, 40, 1000, 100000, (uint32_t)INT32_MAX};
    uint32_t cost = tq_random_below(random, most[kind] + (kind < 5));
    return kind == 5 && tq_random_below(random, 4) == 0 ? INT32_MAX : (int32_t)cost;
}

static void make_instance(uint64_t seed, uint32_t orders, uint32_t vehicles, uint32_t share)
{
    tq_random random = {seed};
    uint32_t kind = tq_random_below(&random, 6), leave_kind = kind, count = 0;
    if (tq_random_below(&random, 2) == 0) leave_kind = tq_random_below(&random, 6);
    now.seed = seed;
    now.orders = orders;
    now.vehicles = vehicles;
    for (uint32_t order = 0; order < orders; order++) {
        now.first[order] = count;
        now.leave[order] = random_cost(&random, leave_kind);
        for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++)
            if (tq_random_below(&random, 1000) < share)
                now.pair[count++] = (tq_fleet_pair){vehicle, random_cost(&random, kind)};
        /* Pairs of an order stand in any order. */
        for (uint32_t left = count - now.first[order]; left > 1; left--) {
            tq_fleet_pair *pair = now.pair + now.first[order];
            uint32_t other = tq_random_below(&random, left);
            tq_fleet_pair swap = pair[other];
            pair[other] = pair[left - 1];
            pair[left - 1] = swap;
        }
    }
    now.first[orders] = count;
    for (uint32_t vehicle = 0; vehicle < vehicles; vehicle++)
        now.before[vehicle] = tq_random_below(&random, 3) == 0 ? 0 : random_cost(&random, kind);
}

/* Sum of an answer by hand; what it says of itself must be so. */
static void check_sum(const answer *have)
{
    static uint32_t taken[VEHICLES_MOST];
    memset(taken, 0, sizeof taken);
    int64_t sum = 0;
    uint32_t matched = 0;
    for (uint32_t order = 0; order < now.orders; order++) {
        uint32_t vehicle = have->vehicle_of_order[order], pair = now.first[order];
        if (vehicle == TQ_NONE) {
            sum += now.leave[order];
            continue;
        }
        while (pair < now.first[order + 1] && now.pair[pair].vehicle != vehicle)
            pair++;
        assert_true(pair < now.first[order + 1]);
        assert_int_equal(taken[vehicle]++, 0);
        sum += now.pair[pair].cost;
        matched++;
    }
    assert_int_equal(have->out.cost, sum);
    assert_int_equal(have->out.matched, matched);
}

/* Prices that prove that no matching is cheaper. */
static void check_prices(const answer *have)
{
    int64_t bound = 0;
    for (uint32_t vehicle = 0; vehicle < now.vehicles; vehicle++) {
        assert_true(have->price[vehicle] >= 0 && have->price[vehicle] <= INT32_MAX);
        bound -= have->price[vehicle];
    }
    for (uint32_t order = 0; order < now.orders; order++) {
        int64_t due = now.leave[order];
        for (uint32_t pair = now.first[order]; pair < now.first[order + 1]; pair++)
            due = TQ_MIN(due, now.pair[pair].cost + have->price[now.pair[pair].vehicle]);
        bound += due;
    }
    if (bound != have->out.cost)
        fail_msg("seed %llu: cost %lld, but the prices prove only %lld",
                 (unsigned long long)now.seed, (long long)have->out.cost, (long long)bound);
}

static int64_t match(const int64_t *before, answer *have)
{
    tq_fleet_matching in = {.order_count = now.orders,
                            .vehicle_count = now.vehicles,
                            .first_pair = now.first,
                            .pair = now.pair,
                            .leave_cost = now.leave,
                            .price_before = before};
    tq_err err = {0};
    *have = (answer){.out = {.vehicle_of_order = have->vehicle_of_order, .price = have->price}};
    tq_status status = tq_fleet_match(&in, &work, &have->out, &err);
    if (status != TQ_OK) fail_msg("seed %llu: %s", (unsigned long long)now.seed, err.text);
    assert_int_equal(work.used, 0);
    check_sum(have);
    check_prices(have);
    return have->out.cost;
}

static void same(int64_t have, int64_t want, const char *whose)
{
    if (have != want)
        fail_msg("seed %llu, %u orders, %u vehicles: cost %lld, %s %lld",
                 (unsigned long long)now.seed, now.orders, now.vehicles, (long long)have, whose,
                 (long long)want);
}

/* Twice the same bytes; the same cost from old prices of all kinds. */
static int64_t match_in_all_ways(void)
{
    int64_t cost = match(NULL, &first_answer);
    (void)match(NULL, &second_answer);
    assert_memory_equal(first_answer.vehicle_of_order, second_answer.vehicle_of_order,
                        now.orders * sizeof(uint32_t));
    assert_memory_equal(first_answer.price, second_answer.price, now.vehicles * sizeof(int64_t));
    same(match(now.before, &second_answer), cost, "without old prices");
    same(match(first_answer.price, &second_answer), cost, "without its own prices");
    return cost;
}

/* ---- all ways of matching -------------------------------------------------------------------- */

/* Each order in turn takes a free vehicle or none: all choices, as a counter in base vehicles + 1.
 */
static int64_t cheapest_of_all(void)
{
    int64_t table[BRUTE_MOST][BRUTE_MOST + 1], best = INT64_MAX;
    uint32_t choice[BRUTE_MOST] = {0};
    for (uint32_t order = 0; order < now.orders; order++) {
        for (uint32_t vehicle = 0; vehicle < now.vehicles; vehicle++)
            table[order][vehicle] = -1;
        table[order][now.vehicles] = now.leave[order];
        for (uint32_t pair = now.first[order]; pair < now.first[order + 1]; pair++)
            table[order][now.pair[pair].vehicle] = now.pair[pair].cost;
    }
    /* cost[k], used[k]: of the choices of orders before k. */
    int64_t cost[BRUTE_MOST + 1] = {0};
    uint32_t used[BRUTE_MOST + 1] = {0}, at = 0;
    for (;;) {
        if (at == now.orders) {
            best = TQ_MIN(best, cost[at]);
        } else if (choice[at] <= now.vehicles) {
            uint32_t vehicle = choice[at]++;
            bool leaves = vehicle == now.vehicles;
            if (table[at][vehicle] < 0 || (!leaves && (used[at] >> vehicle & 1))) continue;
            cost[at + 1] = cost[at] + table[at][vehicle];
            used[at + 1] = leaves ? used[at] : used[at] | 1u << vehicle;
            if (++at < now.orders) choice[at] = 0;
            continue;
        }
        if (at-- == 0) return best;
    }
}

static void equals_all_permutations(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= BRUTE_CASES; seed++) {
        tq_random random = {seed * 7919};
        /* Full size is dear to enumerate: one case in eight. */
        uint32_t most = seed % 8 == 0 ? BRUTE_MOST : 5;
        uint32_t orders = tq_random_below(&random, most + 1),
                 vehicles = tq_random_below(&random, most + 1);
        make_instance(seed, orders, vehicles, 100 + tq_random_below(&random, 901));
        same(match_in_all_ways(), cheapest_of_all(), "of all ways");
    }
}

/* ---- CBC ------------------------------------------------------------------------------------- */

static int64_t cheapest_by_cbc(void)
{
    Cbc_Model *model = Cbc_newModel();
    Cbc_setLogLevel(model, 0);
    static int start[PAIRS_MOST + ORDERS_MOST + 1], row[2 * PAIRS_MOST + ORDERS_MOST];
    static double one[2 * PAIRS_MOST + ORDERS_MOST], cost[PAIRS_MOST + ORDERS_MOST],
        low[PAIRS_MOST + ORDERS_MOST], high[PAIRS_MOST + ORDERS_MOST];
    static double row_low[ORDERS_MOST + VEHICLES_MOST], row_high[ORDERS_MOST + VEHICLES_MOST];
    int columns = 0, filled = 0;
    for (uint32_t order = 0; order < now.orders; order++) {
        for (uint32_t pair = now.first[order]; pair <= now.first[order + 1]; pair++) {
            bool leaves = pair == now.first[order + 1];
            start[columns] = filled;
            low[columns] = 0;
            high[columns] = 1;
            cost[columns++] = leaves ? now.leave[order] : now.pair[pair].cost;
            row[filled++] = (int)order;
            if (!leaves) row[filled++] = (int)(now.orders + now.pair[pair].vehicle);
        }
    }
    start[columns] = filled;
    for (int k = 0; k < filled; k++)
        one[k] = 1;
    for (uint32_t k = 0; k < now.orders + now.vehicles; k++) {
        row_low[k] = k < now.orders ? 1 : 0;
        row_high[k] = 1;
    }
    Cbc_loadProblem(model, columns, (int)(now.orders + now.vehicles), start, row, one, low, high,
                    cost, row_low, row_high);
    for (int k = 0; k < columns; k++)
        Cbc_setInteger(model, k);
    assert_int_equal(Cbc_solve(model), 0);
    assert_true(Cbc_isProvenOptimal(model));
    double found = Cbc_getObjValue(model);
    Cbc_deleteModel(model);
    return (int64_t)(found + 0.5);
}

static void equals_cbc(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CBC_CASES; seed++) {
        tq_random random = {seed * 104729};
        make_instance(seed, CBC_SIZE, CBC_SIZE, 60 + tq_random_below(&random, 940));
        same(match_in_all_ways(), cheapest_by_cbc(), "by CBC");
    }
}

/* ---- a plain Hungarian ----------------------------------------------------------------------- */

/* Rows are orders, columns vehicles and one more a row for leaving; potentials, one row at a time.
 */
static int64_t cheapest_by_hungarian(void)
{
    static int64_t table[ORDERS_MOST][VEHICLES_MOST + ORDERS_MOST];
    static int64_t of_row[ORDERS_MOST + 1], of_column[VEHICLES_MOST + ORDERS_MOST + 1];
    static int64_t least[VEHICLES_MOST + ORDERS_MOST + 1];
    static uint32_t row_of[VEHICLES_MOST + ORDERS_MOST + 1], way[VEHICLES_MOST + ORDERS_MOST + 1];
    static bool used[VEHICLES_MOST + ORDERS_MOST + 1];
    const int64_t never = INT64_C(1) << 45;
    uint32_t columns = now.vehicles + now.orders;
    for (uint32_t order = 0; order < now.orders; order++) {
        for (uint32_t column = 0; column < columns; column++)
            table[order][column] = never;
        table[order][now.vehicles + order] = now.leave[order];
        for (uint32_t pair = now.first[order]; pair < now.first[order + 1]; pair++)
            table[order][now.pair[pair].vehicle] = now.pair[pair].cost;
    }
    memset(of_row, 0, sizeof of_row);
    memset(of_column, 0, sizeof of_column);
    memset(row_of, 0, sizeof row_of);
    for (uint32_t row = 1; row <= now.orders; row++) {
        for (uint32_t column = 0; column <= columns; column++) {
            least[column] = INT64_MAX;
            used[column] = false;
        }
        uint32_t at = 0;
        row_of[0] = row;
        do {
            used[at] = true;
            uint32_t from = row_of[at], next = 0;
            int64_t step = INT64_MAX;
            for (uint32_t column = 1; column <= columns; column++) {
                if (used[column]) continue;
                int64_t reduced = table[from - 1][column - 1] - of_row[from] - of_column[column];
                if (reduced < least[column]) {
                    least[column] = reduced;
                    way[column] = at;
                }
                if (least[column] < step) {
                    step = least[column];
                    next = column;
                }
            }
            for (uint32_t column = 0; column <= columns; column++) {
                if (used[column]) {
                    of_row[row_of[column]] += step;
                    of_column[column] -= step;
                } else {
                    least[column] -= step;
                }
            }
            at = next;
        } while (row_of[at] != 0);
        do {
            row_of[at] = row_of[way[at]];
            at = way[at];
        } while (at != 0);
    }
    int64_t sum = 0;
    for (uint32_t column = 1; column <= columns; column++)
        if (row_of[column] != 0) sum += table[row_of[column] - 1][column - 1];
    return sum;
}

static void equals_hungarian(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SPARSE_CASES; seed++) {
        tq_random random = {seed * 15485863};
        uint32_t most = seed % 100 == 0 ? ORDERS_MOST : seed % 10 == 0 ? 90 : 40;
        uint32_t orders = 1 + tq_random_below(&random, most),
                 vehicles = 1 + tq_random_below(&random, most);
        uint32_t few = 1 + 4000 / (vehicles + 4);
        make_instance(seed, orders, vehicles,
                      tq_random_below(&random, 4) == 0 ? 1000 : tq_random_below(&random, few));
        same(match_in_all_ways(), cheapest_by_hungarian(), "by the Hungarian method");
    }
}

/* Batch after batch, each begun with the prices of the one before: some orders go, others come. */
static void follows_a_day(void **state)
{
    (void)state;
    static int64_t price[VEHICLES_MOST];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        memset(price, 0, sizeof price);
        tq_random random = {seed * 32452843};
        for (uint32_t batch = 0; batch < 20; batch++) {
            make_instance(seed * 100 + batch / 4, 100, 80, 150);
            for (uint32_t k = 0; k < batch % 4 * 30; k++)
                now.pair[tq_random_below(&random, now.first[now.orders])].cost =
                    (int32_t)tq_random_below(&random, 1000);
            int64_t cold = match(NULL, &first_answer);
            same(match(price, &second_answer), cold, "without old prices");
            memcpy(price, second_answer.price, sizeof price);
        }
    }
}

int main(void)
{
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_all_permutations), cmocka_unit_test(equals_cbc),
        cmocka_unit_test(equals_hungarian), cmocka_unit_test(follows_a_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
