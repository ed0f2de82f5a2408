/*
 * Flows of several commodities over capacities, as one linear program solved by CLP.
 *
 * Method: goods of one commodity from one origin are a group. Its states are those of the search
 * (place, class of way, base price paid), so that prices are exact: a link leads on in its class, a
 * transhipment to another class. In each week a state sends on what it gets. Groups meet in the
 * rows of capacity only; their prices (duals) are what one tonne of capacity more would save.
 *
 * The columns are made twice by the same code: counted, then written.
 * Not in it: services, hours on the way, storage elsewhere than at the origin.
 */
#include <coin/Clp_C_Interface.h>
#include <math.h>

#include "freight/search_in.h"

#define WORK_BYTES ((size_t)64 << 20)
#define BULK_G     INT64_C(1000000000) /* prices are made for a load of so much */
#define BOX_G      INT64_C(22000000)
#define STATES_MAX 4000000u
#define NO_CAP     UINT32_MAX
#define WEEK_HOURS 168.0

typedef struct model {
    const tq_freight *net;
    const tq_flow_query *query;
    const price_set *prices;
    double tonnes;       /* of the load that is priced */
    uint32_t *link_cap;  /* [link] row of week 0 less first_cap, or NO_CAP */
    uint32_t *op_cap;    /* [node * OPS + op] */
    tq_flow_use *use;    /* [cap * weeks + week] */
    uint32_t caps, rows; /* rows before the capacities are added */
    uint32_t *state_of;  /* [node, class, base]: state + 1 of the group at hand */
    uint32_t *queue;     /* [states] the other way */
    uint32_t states_cap;
    bool write;
    uint32_t columns, cells;
    int *start, *index;
    double *value, *low, *high, *cost;
    uint32_t *column_lot; /* unserved column of a lot */
} model;

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

/* ---- columns -----------------------------------------------------------------------------------
 */

static void cell(model *m, uint32_t row, double value)
{
    if (m->write) {
        m->index[m->cells] = (int)row;
        m->value[m->cells] = value;
    }
    m->cells++;
}

/* Ends a column whose cells are written. */
static void column(model *m, double cost)
{
    if (m->write) {
        m->low[m->columns] = 0;
        m->high[m->columns] = HUGE_VAL;
        m->cost[m->columns] = cost;
        m->start[m->columns + 1] = (int)m->cells;
    }
    m->columns++;
}

static void cap_cell(model *m, uint32_t cap, uint32_t week, uint32_t first_cap)
{
    if (cap != NO_CAP) cell(m, first_cap + cap * m->query->weeks + week, 1);
}

static uint32_t new_cap(model *m, tq_flow_place place, uint32_t row, uint32_t op, double capacity_t)
{
    uint32_t load = op < TQ_FREIGHT_MODES, unload = !load && op < 2 * TQ_FREIGHT_MODES;
    uint32_t pair = op - 2 * TQ_FREIGHT_MODES;
    for (uint32_t week = 0; week < m->query->weeks; week++)
        m->use[m->caps * m->query->weeks + week] =
            (tq_flow_use){.place = (uint8_t)place,
                          .row = row,
                          .mode = (uint8_t)(place == TQ_FLOW_LINK ? m->net->link[row].mode
                                            : load                ? TQ_FREIGHT_MODES
                                            : unload              ? op - TQ_FREIGHT_MODES
                                                                  : pair / TQ_FREIGHT_MODES),
                          .to_mode = (uint8_t)(place == TQ_FLOW_LINK ? m->net->link[row].mode
                                               : load                ? op
                                               : unload              ? TQ_FREIGHT_MODES
                                                                     : pair % TQ_FREIGHT_MODES),
                          .week = week,
                          .capacity_t = capacity_t};
    return m->caps++;
}

/* ---- one group ---------------------------------------------------------------------------------
 */

static uint32_t key_of(const model *m, uint32_t node, uint32_t class, uint32_t base)
{
    return (node * m->net->class_count + class) * m->prices->base_count + base;
}

static uint32_t state_at(model *m, uint32_t *count, uint32_t key)
{
    if (m->state_of[key] == 0) {
        m->queue[*count] = key;
        m->state_of[key] = ++*count;
    }
    return m->state_of[key] - 1;
}

/* Money of a handling of a tonne; *cap its capacity. False where nobody does it. */
static bool handling(const model *m, uint32_t node, const rule *change, double *yuan, uint32_t *cap)
{
    uint16_t row;
    *yuan = 0;
    *cap = NO_CAP;
    if (!change_row(m->prices, m->net->node[node].profile, change, &row)) return false;
    if (row == NO_ROW) return true;
    *yuan = (double)m->prices->op_e4[row] / 1e4 / m->tonnes;
    *cap = m->op_cap[(size_t)node * OPS + change->op];
    return true;
}

typedef struct group {
    uint32_t commodity, from;
    uint32_t first_row; /* starts of the weeks, then states by week */
    uint32_t states, first_cap;
} group;

/* States are numbered as they are reached; `rows` of them must be known to write columns, so a
 * first call numbers all and a second writes. */
static uint32_t row_of(const model *m, const group *g, uint32_t state, uint32_t week)
{
    return g->first_row + m->query->weeks * (1 + state) + week;
}

static void go(model *m, const group *g, uint32_t from, uint32_t to, uint32_t cap, double yuan)
{
    for (uint32_t week = 0; week < m->query->weeks; week++) {
        cell(m, from == TQ_NONE ? g->first_row + week : row_of(m, g, from, week), 1);
        cell(m, row_of(m, g, to, week), -1);
        cap_cell(m, cap, week, g->first_cap);
        column(m, yuan);
    }
}

static void leave_state(model *m, const group *g, uint32_t state, uint32_t *count)
{
    const tq_freight *net = m->net;
    const direction_view *view = &net->view[0];
    uint32_t key = m->queue[state], base = key % m->prices->base_count;
    uint32_t class = key / m->prices->base_count % net->class_count;
    uint32_t node = key / m->prices->base_count / net->class_count;
    for (uint32_t gr = view->first_group[node]; gr < view->first_group[node + 1]; gr++) {
        if (net->class[view->group[gr].class].service) continue;
        if (view->group[gr].class != class) {
            uint32_t to = view->group[gr].class, cap;
            double yuan;
            if (handling(m, node, &m->prices->change[class][to], &yuan, &cap))
                go(m, g, state, state_at(m, count, key_of(m, node, to, 0)), cap, yuan);
            continue;
        }
        for (uint32_t a = view->group[gr].first_arc; a < view->group[gr + 1].first_arc; a++) {
            uint32_t link = view->arcs[a].item;
            const way_price *way = &m->prices->link[link];
            if (way->ds < 0) continue;
            int64_t more = m->prices->base_e4[way->base] - m->prices->base_e4[base];
            uint32_t paid = more > 0 ? way->base : base;
            go(m, g, state, state_at(m, count, key_of(m, view->arcs[a].head, class, paid)),
               m->link_cap[link], (double)(way->e4 + (more > 0 ? more : 0)) / 1e4 / m->tonnes);
        }
    }
}

static void reach(model *m, group *g)
{
    const tq_freight *net = m->net;
    const direction_view *view = &net->view[0];
    uint32_t count = 0, cap;
    double yuan;
    memset(m->state_of, 0, m->states_cap * sizeof *m->state_of);
    for (uint32_t gr = view->first_group[g->from]; gr < view->first_group[g->from + 1]; gr++) {
        uint32_t class = view->group[gr].class;
        if (!net->class[class].service &&
            handling(m, g->from, &m->prices->change[CLASS_START][class], &yuan, &cap))
            go(m, g, TQ_NONE, state_at(m, &count, key_of(m, g->from, class, 0)), cap, yuan);
    }
    for (uint32_t state = 0; state < count; state++)
        leave_state(m, g, state, &count);
    g->states = count;
    for (uint32_t week = 0; week + 1 < m->query->weeks; week++) {
        cell(m, g->first_row + week, 1);
        cell(m, g->first_row + week + 1, -1);
        column(m, (double)m->query->storage_fen / 100);
    }
}

/* What comes out at a lot's goal, and what is never brought. Row of the lot is its number. */
static void deliver(model *m, const group *g, uint32_t lot)
{
    const tq_freight *net = m->net;
    for (uint32_t class = 0; class < net->class_count; class ++) {
        rule end = {.allowed = 1, .required = 1, .has_op = 1, .op = m->prices->end_op[class]};
        uint32_t node = m->query->lot[lot].to, cap;
        double yuan;
        if (net->class[class].service || !handling(m, node, &end, &yuan, &cap)) continue;
        for (uint32_t base = 0; base < m->prices->base_count; base++) {
            uint32_t state = m->state_of[key_of(m, node, class, base)];
            for (uint32_t week = 0; state != 0 && week < m->query->weeks; week++) {
                cell(m, lot, 1);
                cell(m, row_of(m, g, state - 1, week), 1);
                cap_cell(m, cap, week, g->first_cap);
                column(m, yuan);
            }
        }
    }
    m->column_lot[lot] = m->columns;
    cell(m, lot, 1);
    cell(m, g->first_row + m->query->weeks - 1, 1);
    column(m, (double)m->query->penalty_fen / 100);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static tq_status price(const tq_freight *net, const tq_freight_live *live, const model *m,
                       uint32_t commodity, tq_arena *work, price_set *prices, double *tonnes,
                       tq_err *err)
{
    tq_freight_query query;
    bool boxed = net->commodity[commodity].cargo == TQ_FREIGHT_CONTAINER;
    tq_freight_query_default(&query);
    query.commodity = commodity;
    query.mass_g = boxed ? BOX_G : BULK_G;
    query.boxes40 = boxed;
    errand task = {.net = net, .live = live, .query = &query, .day = m->query->day};
    tq_arena_reset(work, 0);
    if (!prices_place(net, work, prices))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the network is too large for flows");
    *tonnes = (double)query.mass_g / 1e6;
    return prices_fill(&task, prices, work, err);
}

static void capacities(model *m)
{
    const tq_freight *net = m->net;
    for (uint32_t link = 0; link < net->link_count; link++)
        if (net->link[link].capacity_kt_y >= 0)
            m->link_cap[link] = new_cap(m, TQ_FLOW_LINK, link, 0,
                                        (double)net->link[link].capacity_kt_y * 1000 * 7 / 365);
    /* Where the row is of this very place and counts tonnes: the rate of a kind of place, or of
     * all, is how fast one lot is handled, not what the place can do. */
    for (uint32_t node = 0; node < net->node_count; node++)
        for (uint32_t op = 0; op < OPS; op++) {
            uint16_t row = net->profile_op[((size_t)TQ_FREIGHT_BULK * net->profile_count +
                                            net->node[node].profile) *
                                               OPS +
                                           op];
            if (row != NO_ROW && net->op[row].unit == UNIT_T &&
                tq_freight_node_find(net, tq_str_of(text_at(net, net->op[row].place))) == node)
                m->op_cap[(size_t)node * OPS + op] = new_cap(
                    m, TQ_FLOW_HANDLING, node, op, (double)net->op[row].rate_e6 / 1e6 * WEEK_HOURS);
        }
}

/* All columns; with `write` they are written, `low` and `high` of rows are filled. */
static tq_status columns(model *m, const tq_freight_live *live, tq_arena *work, double *right,
                         uint32_t first_cap, tq_err *err)
{
    const tq_flow_query *query = m->query;
    bool *done = TQ_ALLOC(bool, query->lot_count);
    tq_status status = done != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "out of memory");
    m->columns = m->cells = 0;
    m->rows = query->lot_count;
    for (uint32_t k = 0; done != NULL && k < query->lot_count; k++)
        done[k] = false;
    for (uint32_t k = 0; status == TQ_OK && k < query->lot_count; k++) {
        price_set prices;
        group g = {query->lot[k].commodity, query->lot[k].from, m->rows, 0, first_cap};
        if (done[k]) continue;
        status = price(m->net, live, m, g.commodity, work, &prices, &m->tonnes, err);
        if (status != TQ_OK) break;
        m->prices = &prices;
        if (m->net->node_count * m->net->class_count * prices.base_count > m->states_cap) {
            status = tq_fail(err, TQ_LIMIT, 0, "the network is too large for flows");
            break;
        }
        reach(m, &g);
        for (uint32_t lot = k; lot < query->lot_count; lot++) {
            if (query->lot[lot].commodity != g.commodity || query->lot[lot].from != g.from)
                continue;
            done[lot] = true;
            deliver(m, &g, lot);
            if (!m->write) continue;
            right[lot] = (double)query->lot[lot].week_t * query->weeks;
            for (uint32_t week = 0; week < query->weeks; week++)
                right[g.first_row + week] += (double)query->lot[lot].week_t;
        }
        m->rows += query->weeks * (1 + g.states);
        if (m->columns > TQ_FLOW_COLUMNS_MAX)
            status = tq_fail(err, TQ_LIMIT, 0, "more than %u columns; ask for fewer lots or weeks",
                             TQ_FLOW_COLUMNS_MAX);
    }
    tq_free(done);
    return status;
}

static void read_off(const model *m, Clp_Simplex *lp, tq_flow_plan *out)
{
    const double *x = Clp_getColSolution(lp), *price = Clp_getRowPrice(lp);
    const double *activity = Clp_primalRowSolution(lp);
    double least = 0;
    for (uint32_t k = 0; k < m->query->lot_count; k++) {
        double all = (double)m->query->lot[k].week_t * m->query->weeks;
        out->unserved_t[k] = TQ_MAX(x[m->column_lot[k]], 0.0);
        out->brought_t[k] = all - out->unserved_t[k];
    }
    for (uint32_t k = 0; k < out->use_count; k++) {
        out->use[k].used_t = TQ_MAX(activity[m->rows + k], 0.0);
        out->use[k].price_yuan = TQ_MAX(-price[m->rows + k], 0.0);
        least += price[m->rows + k] * out->use[k].capacity_t;
    }
    out->cost_yuan = Clp_objectiveValue(lp);
    out->gap = least;
}

static tq_status solve(model *m, const tq_freight_live *live, tq_arena *work, tq_flow_plan *out,
                       tq_err *err)
{
    tq_status status;
    Clp_Simplex *lp = NULL;
    double *right = NULL, *floor_of = NULL;
    TQ_TRY(columns(m, live, work, NULL, 0, err));
    uint32_t first_cap = m->rows, all = m->rows + m->caps * m->query->weeks;
    m->start = TQ_ALLOC(int, m->columns + 1);
    m->index = TQ_ALLOC(int, m->cells);
    m->value = TQ_ALLOC(double, m->cells);
    m->low = TQ_ALLOC(double, m->columns);
    m->high = TQ_ALLOC(double, m->columns);
    m->cost = TQ_ALLOC(double, m->columns);
    right = TQ_ALLOC(double, all);
    floor_of = TQ_ALLOC(double, all);
    lp = Clp_newModel();
    if (!m->start || !m->index || !m->value || !m->low || !m->high || !m->cost || !right ||
        !floor_of || !lp) {
        status = tq_fail(err, TQ_NO_MEMORY, 0, "out of memory for %u columns", m->columns);
        goto done;
    }
    memset(right, 0, all * sizeof *right);
    m->start[0] = 0;
    m->write = true;
    status = columns(m, live, work, right, first_cap, err);
    if (status != TQ_OK) goto done;
    for (uint32_t row = 0; row < all; row++) {
        if (row >= first_cap) right[row] = m->use[row - first_cap].capacity_t;
        floor_of[row] = row >= first_cap ? -HUGE_VAL : right[row];
    }
    Clp_setLogLevel(lp, 0);
    Clp_loadProblem(lp, (int)m->columns, (int)all, m->start, m->index, m->value, m->low, m->high,
                    m->cost, floor_of, right);
    Clp_setMaximumSeconds(lp, m->query->seconds);
    (void)Clp_initialSolve(lp);
    if (Clp_status(lp) != 0) {
        status =
            tq_fail(err, TQ_LIMIT, 0, "no proven plan within %.0f s; ask for fewer lots or weeks",
                    m->query->seconds);
        goto done;
    }
    out->columns = m->columns;
    out->rows = all;
    read_off(m, lp, out);
    {
        const double *price = Clp_getRowPrice(lp);
        double bound = out->gap;
        for (uint32_t row = 0; row < first_cap; row++)
            bound += price[row] * right[row];
        out->gap = fabs(out->cost_yuan - bound) / TQ_MAX(1.0, out->cost_yuan);
    }
done:
    if (lp != NULL) Clp_deleteModel(lp);
    tq_free(right);
    tq_free(floor_of);
    tq_free(m->start);
    tq_free(m->index);
    tq_free(m->value);
    tq_free(m->low);
    tq_free(m->high);
    tq_free(m->cost);
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
    TQ_TRY(check(net, query, err));
    tq_status status;
    tq_flow_plan plan = {0};
    uint64_t states = (uint64_t)net->node_count * net->class_count * TQ_FREIGHT_BASES_MAX;
    size_t ops = (size_t)net->node_count * OPS, caps = net->link_count + ops;
    if (states > STATES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the network has %u places, too many for flows",
                       net->node_count);
    model m = {.net = net, .query = query, .states_cap = (uint32_t)states};
    void *memory = tq_alloc(1, WORK_BYTES);
    m.link_cap = TQ_ALLOC(uint32_t, net->link_count + 1);
    m.op_cap = TQ_ALLOC(uint32_t, ops);
    m.state_of = TQ_ALLOC(uint32_t, states);
    m.queue = TQ_ALLOC(uint32_t, states);
    m.column_lot = TQ_ALLOC(uint32_t, query->lot_count);
    plan.use = m.use = TQ_ALLOC(tq_flow_use, caps * query->weeks);
    plan.brought_t = TQ_ALLOC(double, query->lot_count);
    plan.unserved_t = TQ_ALLOC(double, query->lot_count);
    if (!memory || !m.link_cap || !m.op_cap || !m.state_of || !m.queue || !m.column_lot || !m.use ||
        !plan.brought_t || !plan.unserved_t) {
        status = tq_fail(err, TQ_NO_MEMORY, 0, "out of memory for flows");
    } else {
        tq_arena work;
        tq_arena_init(&work, memory, WORK_BYTES);
        memset(m.link_cap, 0xff, (net->link_count + 1) * sizeof *m.link_cap);
        memset(m.op_cap, 0xff, ops * sizeof *m.op_cap);
        capacities(&m);
        plan.use_count = m.caps * query->weeks;
        status = solve(&m, live, &work, &plan, err);
    }
    tq_free(memory);
    tq_free(m.link_cap);
    tq_free(m.op_cap);
    tq_free(m.state_of);
    tq_free(m.queue);
    tq_free(m.column_lot);
    if (status == TQ_OK)
        *out = plan;
    else
        tq_flow_plan_free(&plan);
    return status;
}
