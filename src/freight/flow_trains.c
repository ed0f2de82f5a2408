/*
 * Whole trains: among the ways of a solved program those are chosen again by which every rail link
 * carries whole trains in each week, by CBC.
 *
 * The linear program counts a train's cost by the tonne, as if the last one were full; so its cost
 * is below that of any plan of whole trains, also of those by ways that it did not make. The gap
 * that is told is against that bound, and CBC ends when its own is below GAP.
 */
#include <coin/Cbc_C_Interface.h>
#include <math.h>
#include <stdio.h>

#include "freight/flow_plan_in.h"

#define SHARE 1e-6    /* of a train that is noise of floating point */
#define GAP   "0.002" /* of the cost; what is told may be more, by ways that are missing */

typedef struct program {
    TQ_VEC(int) start;
    TQ_VEC(int) index;
    TQ_VEC(double) value;
    TQ_VEC(double) cost;
    double *low, *right; /* [rows] */
    uint32_t *trains_of; /* [rows of capacities] column of its trains, TQ_NONE */
    bool failed;
} program;

static void put_cell(program *p, int row, double value)
{
    if (!tq_vec_push(&p->index, row) || !tq_vec_push(&p->value, value)) p->failed = true;
}

static void end_column(program *p, double cost)
{
    if (!tq_vec_push(&p->cost, cost) || !tq_vec_push(&p->start, (int)p->index.count))
        p->failed = true;
}

/* The ways, without what trains cost by the tonne; then the trains of each rail link and week. */
static void make_columns(const flow_states *states, const flow_lp *lp, program *p)
{
    uint32_t weeks = states->query->weeks;
    p->failed = !tq_vec_push(&p->start, 0);
    for (size_t column = 0; column < lp->cost.count; column++) {
        double cost = lp->cost.at[column];
        for (int k = lp->start.at[column]; k < lp->start.at[column + 1]; k++) {
            int row = lp->index.at[k];
            put_cell(p, row, lp->value.at[k]);
            if ((uint32_t)row >= lp->first_cap)
                cost -= states->cap_yuan[lp->cap_of.at[(uint32_t)row - lp->first_cap] / weeks] *
                        lp->value.at[k];
        }
        end_column(p, cost);
    }
    for (uint32_t k = 0; k < lp->cap_of.count; k++) {
        uint32_t cap = lp->cap_of.at[k] / weeks;
        double train_t = states->query->train_t;
        p->trains_of[k] = TQ_NONE;
        if (!flow_has_trains(states, cap)) continue;
        p->trains_of[k] = (uint32_t)p->cost.count;
        put_cell(p, (int)(lp->first_cap + k), -train_t);
        end_column(p, states->cap_yuan[cap] * train_t);
    }
}

/* Tonnes less what the trains carry is at most 0; other rows are as they were. */
static void make_rows(const flow_lp *lp, program *p)
{
    for (uint32_t row = 0; row < lp->right.count; row++) {
        bool cap = row >= lp->first_cap,
             trains = cap && p->trains_of[row - lp->first_cap] != TQ_NONE;
        p->right[row] = trains ? 0 : lp->right.at[row];
        p->low[row] = cap ? -HUGE_VAL : lp->right.at[row];
    }
}

static void read_off(const flow_states *states, const flow_lp *lp, const program *p,
                     const double *x, double *cost_yuan, double *unserved)
{
    for (uint32_t k = 0; k < states->query->lot_count; k++)
        unserved[k] = TQ_MAX(x[k], 0.0);
    for (uint32_t k = 0; k < lp->cap_of.count; k++)
        states->use[lp->cap_of.at[k]].used_t = 0;
    for (size_t column = 0; column < lp->cost.count; column++)
        for (int k = lp->start.at[column]; x[column] > 0 && k < lp->start.at[column + 1]; k++)
            if ((uint32_t)lp->index.at[k] >= lp->first_cap)
                states->use[lp->cap_of.at[(uint32_t)lp->index.at[k] - lp->first_cap]].used_t +=
                    x[column] * lp->value.at[k];
    /* Within its gap CBC may leave a train more than the goods need. */
    for (uint32_t k = 0; k < lp->cap_of.count; k++) {
        tq_flow_use *use = &states->use[lp->cap_of.at[k]];
        if (p->trains_of[k] == TQ_NONE) continue;
        double had = round(x[p->trains_of[k]]);
        double need = TQ_MIN(had, ceil(use->used_t / states->query->train_t - SHARE));
        use->trains = (uint32_t)TQ_MAX(need, 0.0);
        *cost_yuan -= (had - use->trains) * p->cost.at[p->trains_of[k]];
    }
}

static tq_status choose(const flow_states *states, const flow_lp *lp, program *p, Cbc_Model *cbc,
                        double *cost_yuan, double *unserved, tq_err *err)
{
    char seconds[32];
    Cbc_loadProblem(cbc, (int)p->cost.count, (int)lp->right.count, p->start.at, p->index.at,
                    p->value.at, NULL, NULL, p->cost.at, p->low, p->right);
    for (uint32_t k = 0; k < lp->cap_of.count; k++) {
        if (p->trains_of[k] == TQ_NONE) continue;
        Cbc_setInteger(cbc, (int)p->trains_of[k]);
        Cbc_setColUpper(
            cbc, (int)p->trains_of[k],
            floor(states->use[lp->cap_of.at[k]].capacity_t / states->query->train_t + 0.5));
    }
    (void)snprintf(seconds, sizeof seconds, "%.3f", states->query->seconds);
    Cbc_setLogLevel(cbc, 0);
    Cbc_setParameter(cbc, "ratioGap", GAP);
    Cbc_setParameter(cbc, "seconds", seconds);
    Cbc_setParameter(cbc, "threads", "0");
    (void)Cbc_solve(cbc);
    const double *x = Cbc_getColSolution(cbc);
    if (x == NULL || Cbc_isAbandoned(cbc) || Cbc_isProvenInfeasible(cbc) ||
        !(Cbc_getObjValue(cbc) < 1e30))
        return tq_fail(err, TQ_LIMIT, 0,
                       "no plan of whole trains within %.3g s; ask for fewer lots or weeks",
                       states->query->seconds);
    *cost_yuan = Cbc_getObjValue(cbc);
    read_off(states, lp, p, x, cost_yuan, unserved);
    return TQ_OK;
}

tq_status flow_trains(const flow_states *states, const flow_lp *lp, double *cost_yuan,
                      double *unserved, tq_err *err)
{
    program p = {.low = TQ_ALLOC(double, lp->right.count + 1),
                 .right = TQ_ALLOC(double, lp->right.count + 1),
                 .trains_of = TQ_ALLOC(uint32_t, lp->cap_of.count + 1)};
    Cbc_Model *cbc = Cbc_newModel();
    tq_status status = TQ_NO_MEMORY;
    if (p.low != NULL && p.right != NULL && p.trains_of != NULL && cbc != NULL) {
        make_columns(states, lp, &p);
        make_rows(lp, &p);
        if (!p.failed) status = choose(states, lp, &p, cbc, cost_yuan, unserved, err);
    }
    if (status == TQ_NO_MEMORY)
        (void)tq_fail(err, TQ_NO_MEMORY, 0, "out of memory for whole trains");
    if (cbc != NULL) Cbc_deleteModel(cbc);
    tq_vec_free(&p.start);
    tq_vec_free(&p.index);
    tq_vec_free(&p.value);
    tq_vec_free(&p.cost);
    tq_free(p.low);
    tq_free(p.right);
    tq_free(p.trains_of);
    return status;
}
