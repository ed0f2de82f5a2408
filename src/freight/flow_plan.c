/*
 * Flows of several commodities over capacities, as one linear program solved by CLP.
 *
 * Method: a column is a way of a lot's goods in one week, from loading to unloading (Dantzig and
 * Wolfe 1960). At first there are none and nothing is brought; then in turn the program is solved
 * and, at the prices of its capacities, each group's cheapest ways of each week are sought
 * (Dijkstra over its states). Those that cost less than their goods are worth become columns, and
 * capacities that a way meets for the first time become rows. When no way is left that earns, the
 * plan is the cheapest of all, and what the last search found bounds the gap. Prices of capacities
 * are what one tonne more would save.
 *
 * Not in it: services, hours on the way, storage elsewhere than at the origin.
 */
#include <coin/Clp_C_Interface.h>
#include <math.h>

#include "freight/flow_plan_in.h"

#define EARNS_YUAN 1e-6 /* of a tonne: less is noise of floating point */
#define ROUNDS_MAX 2000u

void tq_flow_query_default(tq_flow_query *query)
{
    *query = (tq_flow_query){.size = sizeof *query,
                             .weeks = 1,
                             .storage_fen = 200,
                             .penalty_fen = 1000000,
                             .seconds = 20};
}

static tq_status check(const tq_freight *net, const tq_flow_query *query, tq_err *err)
{
    if (query->lot_count == 0 || query->lot_count > TQ_FLOW_LOTS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "lots: %u of them; 1 to %u are allowed",
                       query->lot_count, TQ_FLOW_LOTS_MAX);
    if (query->weeks == 0 || query->weeks > TQ_FLOW_WEEKS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "weeks: %u is not 1 to %u", query->weeks,
                       TQ_FLOW_WEEKS_MAX);
    if (query->storage_fen < 0 || query->penalty_fen <= 0 || query->penalty_fen > 1000000000)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "storage and penalty are prices of a tonne, at most 10,000,000 yuan");
    if (!(query->train_t == 0 || (query->train_t >= 1 && query->train_t <= 1e6)) ||
        query->train_fen_km < 0 || query->train_fen_km > 100000000)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "a train carries 1 to 1,000,000 t (0: no whole trains) and costs at most "
                       "1,000,000 yuan a km");
    for (uint32_t k = 0; k < query->lot_count; k++) {
        const tq_flow_lot *lot = &query->lot[k];
        if (lot->commodity >= net->commodity_count || lot->from >= net->node_count ||
            lot->to >= net->node_count || lot->from == lot->to)
            return tq_fail(err, TQ_BAD_INPUT, k + 1,
                           "lot %u: no such commodity or place, or from and to are one", k + 1);
        if (lot->week_t <= 0 || lot->week_t > INT64_C(1000000000))
            return tq_fail(err, TQ_BAD_INPUT, k + 1,
                           "lot %u: %lld t a week; give more than 0 and at most 1,000,000,000",
                           k + 1, (long long)lot->week_t);
    }
    return TQ_OK;
}

/* ---- the program -------------------------------------------------------------------------------
 */

typedef struct master {
    const flow_states *states;
    flow_lp lp;
    Clp_Simplex *clp;
    TQ_VEC(double) price; /* [rows] of the last solution; of a new row 0 */
    /* one search */
    double *far;  /* [states] */
    uint32_t *by; /* [states] step by which, TQ_NONE */
    uint32_t *heap, *place, used;
    double loss; /* at most so much below the program's cost, by the last search */
    bool failed;
} master;

static void put_cell(master *m, uint32_t row, double value)
{
    if (!tq_vec_push(&m->lp.index, (int)row) || !tq_vec_push(&m->lp.value, value)) m->failed = true;
}

static void end_column(master *m, double yuan)
{
    if (!tq_vec_push(&m->lp.cost, yuan) || !tq_vec_push(&m->lp.start, (int)m->lp.index.count))
        m->failed = true;
}

static uint32_t start_row(const master *m, uint32_t group, uint32_t week)
{
    return m->states->query->lot_count + group * m->states->query->weeks + week;
}

/* The rows of lots and starts; what is never brought, and what waits a week. */
static void first_columns(master *m)
{
    const tq_flow_query *query = m->states->query;
    uint32_t groups = (uint32_t)m->states->group.count, last = query->weeks - 1;
    m->failed = !tq_vec_push(&m->lp.start, 0);
    for (uint32_t k = 0; k < query->lot_count; k++)
        if (!tq_vec_push(&m->lp.right, (double)query->lot[k].week_t * query->weeks))
            m->failed = true;
    for (uint32_t g = 0; g < groups; g++)
        for (uint32_t week = 0; week < query->weeks; week++)
            if (!tq_vec_push(&m->lp.right, m->states->group.at[g].week_t)) m->failed = true;
    m->lp.first_cap = query->lot_count + groups * query->weeks;
    for (uint32_t row = 0; row < m->lp.first_cap; row++)
        if (!tq_vec_push(&m->price, 0.0)) m->failed = true;
    for (uint32_t k = 0; k < query->lot_count; k++) {
        uint32_t g = 0;
        while (m->states->group.at[g].commodity != query->lot[k].commodity ||
               m->states->group.at[g].from != query->lot[k].from)
            g++;
        put_cell(m, k, 1);
        put_cell(m, start_row(m, g, last), 1);
        end_column(m, (double)query->penalty_fen / 100);
    }
    for (uint32_t g = 0; g < groups; g++)
        for (uint32_t week = 0; week < last; week++) {
            put_cell(m, start_row(m, g, week), 1);
            put_cell(m, start_row(m, g, week + 1), -1);
            end_column(m, (double)query->storage_fen / 100);
        }
}

/* The row of a capacity in a week; a new one has no cells in columns that are there. */
static uint32_t cap_row(master *m, uint32_t cap, uint32_t week)
{
    uint32_t at = cap * m->states->query->weeks + week;
    if (m->lp.row_of[at] == TQ_NONE) {
        m->lp.row_of[at] = (uint32_t)m->lp.right.count;
        if (!tq_vec_push(&m->lp.right, m->states->use[at].capacity_t) ||
            !tq_vec_push(&m->lp.cap_of, at) || !tq_vec_push(&m->price, 0.0))
            m->failed = true;
    }
    return m->lp.row_of[at];
}

/* The rows and columns that CLP does not have yet: empty rows first. */
static bool give(master *m)
{
    int rows = Clp_numberRows(m->clp), columns = Clp_numberColumns(m->clp);
    int more_rows = (int)m->lp.right.count - rows, more = (int)m->lp.cost.count - columns;
    size_t most = (size_t)TQ_MAX(more_rows, more) + 1;
    int *starts = TQ_ALLOC(int, most);
    double *low = TQ_ALLOC(double, most);
    bool good = starts != NULL && low != NULL && !m->failed;
    if (good) {
        for (int k = 0; k < more_rows; k++)
            low[k] = (uint32_t)(rows + k) < m->lp.first_cap ? m->lp.right.at[rows + k] : -HUGE_VAL;
        if (more_rows > 0)
            Clp_addRows(m->clp, more_rows, low, &m->lp.right.at[rows], starts, NULL, NULL);
        int first = m->lp.start.at[columns];
        for (int k = 0; k <= more; k++)
            starts[k] = m->lp.start.at[columns + k] - first;
        Clp_addColumns(m->clp, more, NULL, NULL, &m->lp.cost.at[columns], starts,
                       &m->lp.index.at[first], &m->lp.value.at[first]);
    }
    tq_free(starts);
    tq_free(low);
    return good;
}

/* ---- the cheapest ways -------------------------------------------------------------------------
 */

/* What a capacity costs a tonne in a week. */
static double toll(const master *m, uint32_t cap, uint32_t week)
{
    if (cap == NO_CAP) return 0;
    uint32_t row = m->lp.row_of[cap * m->states->query->weeks + week];
    return m->states->cap_yuan[cap] + (row == TQ_NONE ? 0 : TQ_MAX(-m->price.at[row], 0.0));
}

static void lift(master *m, uint32_t at, uint32_t state)
{
    for (; at > 0 && m->far[m->heap[(at - 1) / 2]] > m->far[state]; at = (at - 1) / 2) {
        m->heap[at] = m->heap[(at - 1) / 2];
        m->place[m->heap[at]] = at;
    }
    m->heap[at] = state;
    m->place[state] = at;
}

static uint32_t take_least(master *m)
{
    uint32_t top = m->heap[0], state = m->heap[--m->used], at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= m->used) break;
        if (child + 1 < m->used && m->far[m->heap[child + 1]] < m->far[m->heap[child]]) child++;
        if (m->far[m->heap[child]] >= m->far[state]) break;
        m->heap[at] = m->heap[child];
        m->place[m->heap[at]] = at;
        at = child;
    }
    m->heap[at] = state;
    m->place[state] = at;
    return top;
}

static void reach(master *m, uint32_t step, double far)
{
    uint32_t to = m->states->step.at[step].to;
    if (far >= m->far[to]) return;
    bool known = m->far[to] < HUGE_VAL;
    m->far[to] = far;
    m->by[to] = step;
    lift(m, known ? m->place[to] : m->used++, to);
}

static void search(master *m, const flow_group *g, uint32_t week)
{
    const flow_step *step = m->states->step.at;
    for (uint32_t k = 0; k < g->states; k++)
        m->far[k] = HUGE_VAL;
    m->used = 0;
    for (uint32_t k = g->first_start; k < g->first_start + g->start_count; k++)
        reach(m, k, step[k].yuan + toll(m, step[k].cap, week));
    while (m->used > 0) {
        uint32_t state = take_least(m);
        const uint32_t *of = &m->states->step_of.at[g->first_step + state];
        for (uint32_t k = of[0]; k < of[1]; k++)
            reach(m, k, m->far[state] + step[k].yuan + toll(m, step[k].cap, week));
    }
}

/* A capacity may be met twice: cells of a column are added up. */
static void put_cap(master *m, size_t first, uint32_t cap, uint32_t week, double *yuan)
{
    if (cap == NO_CAP) return;
    int row = (int)cap_row(m, cap, week);
    *yuan += m->states->cap_yuan[cap];
    for (size_t k = first; k < m->lp.index.count; k++)
        if (m->lp.index.at[k] == row) {
            m->lp.value.at[k] += 1;
            return;
        }
    put_cell(m, (uint32_t)row, 1);
}

static void put_way(master *m, uint32_t group, const flow_last *end, uint32_t week)
{
    const flow_step *step = m->states->step.at;
    size_t first = m->lp.index.count;
    double yuan = end->yuan;
    put_cell(m, end->lot, 1);
    put_cell(m, start_row(m, group, week), 1);
    put_cap(m, first, end->cap, week, &yuan);
    for (uint32_t state = end->state; state != TQ_NONE && !m->failed;) {
        const flow_step *by = &step[m->by[state]];
        yuan += by->yuan;
        put_cap(m, first, by->cap, week, &yuan);
        state = by->from;
    }
    end_column(m, yuan);
}

/* The cheapest way of each lot of a group in a week, if it earns. */
static void price_out(master *m, uint32_t group, uint32_t week)
{
    const flow_states *s = m->states;
    const flow_group *g = &s->group.at[group];
    double start = m->price.at[start_row(m, group, week)], least = 0;
    search(m, g, week);
    for (uint32_t k = 0; k < g->last_count;) {
        uint32_t lot = s->last.at[g->first_last + k].lot, best = TQ_NONE;
        double cost = HUGE_VAL;
        for (; k < g->last_count && s->last.at[g->first_last + k].lot == lot; k++) {
            const flow_last *end = &s->last.at[g->first_last + k];
            double here = m->far[end->state] + end->yuan + toll(m, end->cap, week);
            if (here < cost) {
                cost = here;
                best = g->first_last + k;
            }
        }
        double earns = m->price.at[lot] + start - cost;
        if (best == TQ_NONE || !(earns > 0)) continue;
        least = TQ_MAX(least, earns);
        if (earns > EARNS_YUAN) put_way(m, group, &s->last.at[best], week);
    }
    m->loss += least * g->week_t * s->query->weeks;
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static tq_status no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "out of memory for flows");
}

static tq_status begin(master *m, tq_err *err)
{
    const flow_states *s = m->states;
    size_t caps = (size_t)s->caps * s->query->weeks, states = s->most_states;
    m->lp.row_of = TQ_ALLOC(uint32_t, caps + 1);
    m->far = TQ_ALLOC(double, states + 1);
    m->by = TQ_ALLOC(uint32_t, states + 1);
    m->heap = TQ_ALLOC(uint32_t, states + 1);
    m->place = TQ_ALLOC(uint32_t, states + 1);
    m->clp = Clp_newModel();
    if (!m->lp.row_of || !m->far || !m->by || !m->heap || !m->place || !m->clp)
        return no_memory(err);
    memset(m->lp.row_of, 0xff, (caps + 1) * sizeof *m->lp.row_of);
    first_columns(m);
    if (m->failed) return no_memory(err);
    Clp_setLogLevel(m->clp, 0);
    Clp_setMaximumSeconds(m->clp, s->query->seconds);
    return TQ_OK;
}

/* Until no way is left that earns. */
static tq_status generate(master *m, tq_err *err)
{
    const tq_flow_query *query = m->states->query;
    for (uint32_t round = 0;; round++) {
        size_t before = m->lp.cost.count;
        if (!give(m)) return no_memory(err);
        (void)Clp_primal(m->clp, 0);
        if (Clp_status(m->clp) != 0 || round == ROUNDS_MAX)
            return tq_fail(err, TQ_LIMIT, 0,
                           "no proven plan within %.3g s; ask for fewer lots or weeks",
                           query->seconds);
        memcpy(m->price.at, Clp_getRowPrice(m->clp), m->lp.right.count * sizeof *m->price.at);
        m->loss = 0;
        for (uint32_t g = 0; g < m->states->group.count; g++)
            for (uint32_t week = 0; week < query->weeks; week++)
                price_out(m, g, week);
        if (m->lp.cost.count > TQ_FLOW_COLUMNS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "more than %u ways; ask for fewer lots or weeks",
                           TQ_FLOW_COLUMNS_MAX);
        if (m->lp.cost.count == before) return TQ_OK;
    }
}

static void read_off(const master *m, tq_flow_plan *out)
{
    const tq_flow_query *query = m->states->query;
    const double *x = Clp_getColSolution(m->clp), *sum = Clp_primalRowSolution(m->clp);
    double bound = 0;
    for (uint32_t row = 0; row < m->lp.right.count; row++)
        bound += m->price.at[row] * m->lp.right.at[row];
    for (uint32_t k = 0; k < query->lot_count; k++) {
        out->unserved_t[k] = TQ_MAX(x[k], 0.0);
        out->brought_t[k] = (double)query->lot[k].week_t * query->weeks - out->unserved_t[k];
    }
    for (uint32_t k = 0; k < m->lp.cap_of.count; k++) {
        uint32_t row = m->lp.first_cap + k;
        tq_flow_use *use = &m->states->use[m->lp.cap_of.at[k]];
        use->used_t = TQ_MAX(sum[row], 0.0);
        use->price_yuan = TQ_MAX(-m->price.at[row], 0.0);
    }
    out->cost_yuan = Clp_objectiveValue(m->clp);
    out->bound_yuan = TQ_MIN(out->cost_yuan, bound) - m->loss;
    out->columns = (uint32_t)m->lp.cost.count;
    out->rows = (uint32_t)m->lp.right.count;
}

static void end(master *m)
{
    if (m->clp != NULL) Clp_deleteModel(m->clp);
    tq_vec_free(&m->lp.start);
    tq_vec_free(&m->lp.index);
    tq_vec_free(&m->lp.value);
    tq_vec_free(&m->lp.cost);
    tq_vec_free(&m->lp.right);
    tq_vec_free(&m->lp.cap_of);
    tq_vec_free(&m->price);
    tq_free(m->lp.row_of);
    tq_free(m->far);
    tq_free(m->by);
    tq_free(m->heap);
    tq_free(m->place);
}

static tq_status solve(flow_states *states, tq_flow_plan *out, tq_err *err)
{
    const tq_flow_query *query = states->query;
    master m = {.states = states};
    out->brought_t = TQ_ALLOC(double, query->lot_count);
    out->unserved_t = TQ_ALLOC(double, query->lot_count);
    tq_status status =
        out->brought_t != NULL && out->unserved_t != NULL ? begin(&m, err) : no_memory(err);
    if (status == TQ_OK) status = generate(&m, err);
    if (status == TQ_OK) read_off(&m, out);
    if (status == TQ_OK && query->train_t > 0) {
        status = flow_trains(states, &m.lp, &out->cost_yuan, out->unserved_t, err);
        for (uint32_t k = 0; k < query->lot_count; k++)
            out->brought_t[k] = (double)query->lot[k].week_t * query->weeks - out->unserved_t[k];
    }
    if (status == TQ_OK)
        out->gap = (out->cost_yuan - out->bound_yuan) / TQ_MAX(1.0, out->cost_yuan);
    end(&m);
    return status;
}

void tq_flow_plan_free(tq_flow_plan *plan)
{
    tq_free(plan->brought_t);
    tq_free(plan->unserved_t);
    tq_free(plan->use);
    *plan = (tq_flow_plan){0};
}

tq_status tq_flow_plan_make(const tq_freight *net, const tq_freight_live *live,
                            const tq_flow_query *query, tq_flow_plan *out, tq_err *err)
{
    flow_states states;
    tq_flow_plan plan = {0};
    TQ_TRY(check(net, query, err));
    tq_status status = flow_states_make(net, live, query, &states, err);
    if (status == TQ_OK) status = solve(&states, &plan, err);
    if (status == TQ_OK) {
        plan.use = states.use;
        plan.use_count = states.caps * query->weeks;
        states.use = NULL;
        *out = plan;
    } else {
        tq_flow_plan_free(&plan);
    }
    flow_states_free(&states);
    return status;
}
