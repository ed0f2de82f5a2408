/*
 * Flows of several commodities by ways equal the plain linear program, which has a row for every
 * state in every week and a column for every step, on random questions about the authored network;
 * and what whole trains cost is never below it.
 */
#include <coin/Clp_C_Interface.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight/flow_plan_in.h"
#include "freight_files.h"

#define SEED  UINT64_C(20261123)
#define CASES 40u
#define DAY   20640

static tq_freight *net;

static uint32_t below(uint64_t *dice, uint32_t n)
{
    *dice = tq_mix(*dice + 1);
    return (uint32_t)(*dice % n);
}

/* ---- the plain program -------------------------------------------------------------------------
 */

typedef struct plain {
    TQ_VEC(int) start;
    TQ_VEC(int) index;
    TQ_VEC(double) value;
    TQ_VEC(double) cost;
} plain;

static void cell(plain *p, uint32_t row, double value)
{
    assert_true(tq_vec_push(&p->index, (int)row) && tq_vec_push(&p->value, value));
}

static void column(plain *p, double yuan)
{
    assert_true(tq_vec_push(&p->cost, yuan) && tq_vec_push(&p->start, (int)p->index.count));
}

/* Rows: lots; capacities by week; then of each group its starts and states by week. */
static double plain_cost(const flow_states *s)
{
    const tq_flow_query *query = s->query;
    uint32_t weeks = query->weeks, first_cap = query->lot_count, rows = first_cap + s->caps * weeks;
    plain p = {0};
    assert_true(tq_vec_push(&p.start, 0));
    size_t all = rows;
    for (size_t g = 0; g < s->group.count; g++)
        all += (size_t)weeks * (1 + s->group.at[g].states);
    double *low = calloc(all, sizeof *low), *high = calloc(all, sizeof *high);
    assert_true(low != NULL && high != NULL);
    for (uint32_t k = 0; k < query->lot_count; k++)
        low[k] = high[k] = (double)query->lot[k].week_t * weeks;
    for (uint32_t k = 0; k < s->caps * weeks; k++) {
        low[first_cap + k] = -HUGE_VAL;
        high[first_cap + k] = s->use[k].capacity_t;
    }
    for (size_t g = 0; g < s->group.count; g++) {
        const flow_group *of = &s->group.at[g];
        uint32_t starts = rows, states = rows + weeks;
        rows += weeks * (1 + of->states);
        uint32_t last_step = s->step_of.at[of->first_step + of->states];
        for (uint32_t week = 0; week < weeks; week++) {
            low[starts + week] = high[starts + week] = of->week_t;
            for (uint32_t k = of->first_start; k < last_step; k++) {
                const flow_step *step = &s->step.at[k];
                double toll = step->cap == NO_CAP ? 0 : s->cap_yuan[step->cap];
                cell(&p, step->from == TQ_NONE ? starts + week : states + step->from * weeks + week,
                     1);
                cell(&p, states + step->to * weeks + week, -1);
                if (step->cap != NO_CAP) cell(&p, first_cap + step->cap * weeks + week, 1);
                column(&p, step->yuan + toll);
            }
            for (uint32_t k = of->first_last; k < of->first_last + of->last_count; k++) {
                const flow_last *end = &s->last.at[k];
                cell(&p, end->lot, 1);
                cell(&p, states + end->state * weeks + week, 1);
                if (end->cap != NO_CAP) cell(&p, first_cap + end->cap * weeks + week, 1);
                column(&p, end->yuan);
            }
            if (week + 1 == weeks) continue;
            cell(&p, starts + week, 1);
            cell(&p, starts + week + 1, -1);
            column(&p, (double)query->storage_fen / 100);
        }
        for (uint32_t k = 0; k < query->lot_count; k++) {
            if (query->lot[k].commodity != of->commodity || query->lot[k].from != of->from)
                continue;
            cell(&p, k, 1);
            cell(&p, starts + weeks - 1, 1);
            column(&p, (double)query->penalty_fen / 100);
        }
    }
    Clp_Simplex *lp = Clp_newModel();
    Clp_setLogLevel(lp, 0);
    Clp_loadProblem(lp, (int)p.cost.count, (int)rows, p.start.at, p.index.at, p.value.at, NULL,
                    NULL, p.cost.at, low, high);
    (void)Clp_initialSolve(lp);
    assert_int_equal(Clp_status(lp), 0);
    double cost = Clp_objectiveValue(lp);
    Clp_deleteModel(lp);
    tq_vec_free(&p.start);
    tq_vec_free(&p.index);
    tq_vec_free(&p.value);
    tq_vec_free(&p.cost);
    free(low);
    free(high);
    return cost;
}

/* ---- random questions --------------------------------------------------------------------------
 */

static tq_flow_query draw(uint64_t *dice, tq_flow_lot lot[5])
{
    static const char *const codes[] = {"coal_thermal", "coke", "general_box"};
    static const char *const from[] = {"GJM", "TUNL", "QXZC", "ZDL", "JINM"};
    static const char *const to[] = {"QHDP", "RZP", "TSNP", "GZXP"};
    static const int64_t tonnes[] = {900, 40000, 400000, 1500000};
    tq_flow_query query;
    tq_flow_query_default(&query);
    query.lot = lot;
    query.lot_count = 1 + below(dice, 5);
    query.weeks = 1 + below(dice, 3);
    query.day = DAY;
    for (uint32_t k = 0; k < query.lot_count; k++)
        lot[k] = (tq_flow_lot){
            tq_freight_commodity_find(net, tq_str_of(codes[below(dice, TQ_COUNT(codes))])),
            tq_freight_node_find(net, tq_str_of(from[below(dice, TQ_COUNT(from))])),
            tq_freight_node_find(net, tq_str_of(to[below(dice, TQ_COUNT(to))])),
            tonnes[below(dice, TQ_COUNT(tonnes))] + below(dice, 500)};
    if (below(dice, 2) == 0) query.penalty_fen = 20000;
    if (below(dice, 2) == 0) {
        query.train_t = 3000 + below(dice, 3000);
        query.train_fen_km = below(dice, 20000);
    }
    return query;
}

/* Rail links carry what their whole trains can, and not more of these than fit. */
static void trains_are_whole(const tq_flow_query *query, const tq_flow_plan *plan)
{
    for (uint32_t k = 0; k < plan->use_count; k++) {
        const tq_flow_use *use = &plan->use[k];
        double room = use->capacity_t;
        if (query->train_t > 0 && use->place == TQ_FLOW_LINK && use->mode == TQ_FREIGHT_RAIL) {
            assert_true((double)use->trains * query->train_t <= room * (1 + 1e-9) + 1e-3);
            room = (double)use->trains * query->train_t;
        }
        assert_true(use->used_t <= room * (1 + 1e-7) + 1e-2);
    }
}

static void equals_the_plain_program(void **state)
{
    uint64_t dice = SEED;
    uint32_t full = 0, left = 0, trains = 0, large = 0;
    (void)state;
    for (uint32_t round = 0; round < CASES; round++) {
        tq_flow_lot lot[5];
        tq_flow_query query = draw(&dice, lot);
        flow_states states;
        tq_flow_plan plan;
        tq_err err = {0};
        if (flow_states_make(net, NULL, &query, &states, &err) != TQ_OK ||
            tq_flow_plan_make(net, NULL, &query, &plan, &err) != TQ_OK)
            fail_msg("%u: %s", round, err.text);
        double want = plain_cost(&states), all = 0, stays = 0;
        if (fabs(plan.bound_yuan - want) > 1e-7 * want + 0.01)
            fail_msg("%u: %.4f, the plain program %.4f", round, plan.bound_yuan, want);
        if (query.train_t == 0) assert_true(plan.gap < 1e-9);
        assert_true(plan.cost_yuan >= plan.bound_yuan - 1e-6);
        /* A few tonnes fill no train; many fill all but the last. */
        bool many = true;
        for (uint32_t k = 0; k < query.lot_count; k++)
            many = many && lot[k].week_t >= 400000;
        if (many && plan.gap > 0.005) fail_msg("%u: a gap of %g", round, plan.gap);
        large += many && query.train_t > 0;
        trains_are_whole(&query, &plan);
        for (uint32_t k = 0; k < query.lot_count; k++) {
            all += (double)query.lot[k].week_t * query.weeks;
            stays += plan.unserved_t[k];
            assert_true(fabs(plan.brought_t[k] + plan.unserved_t[k] -
                             (double)query.lot[k].week_t * query.weeks) < 1e-3);
        }
        assert_true(stays <= all + 1e-3);
        left += stays > 1;
        trains += query.train_t > 0;
        for (uint32_t k = 0; k < plan.use_count; k++)
            full += plan.use[k].price_yuan > 1e-5;
        tq_flow_plan_free(&plan);
        flow_states_free(&states);
    }
    printf("seed %llu: %u capacities had a price, %u plans left goods, %u had trains, %u of them "
           "many\n",
           (unsigned long long)SEED, full, left, trains, large);
    assert_true(full > 20 && left > 5 && trains > 10 && large > 2);
}

static int load_network(void **state)
{
    freight_files files;
    tq_err err = {0};
    (void)state;
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_status status = tq_freight_load(files.text, files.count, INT32_MAX, &net, &err);
    freight_files_free(&files);
    if (status != TQ_OK) printf("%s\n", err.text);
    return status == TQ_OK ? 0 : -1;
}

static int free_network(void **state)
{
    (void)state;
    tq_freight_free(net);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_plain_program)};
    return cmocka_run_group_tests(tests, load_network, free_network);
}
