/*
 * A question about flows answered: the city's network with the question's changes, solved, and the
 * capacities over all weeks as rows of a year.
 *
 * The changed network is a view: a copy of the links and handlings in a copy of the frozen struct;
 * everything else is shared, so that the network itself never changes. A closed link has room for
 * nothing, which gives the price of opening it. A link without a stated capacity gets one that no
 * flow can fill: its tonnes are then known too.
 */
#include <math.h>

#include "freight/flow_in.h"

#define NO_LIMIT_KT INT32_MAX
#define WEEKS_YEAR  (FLOW_YEAR_DAYS / FLOW_WEEK_DAYS)

typedef struct changed_network {
    tq_freight net;
    link_row *link;
    op_row *op;
    bool *changed; /* [links] then [ops] */
} changed_network;

static void unmake(changed_network *view)
{
    tq_free(view->link);
    tq_free(view->op);
    tq_free(view->changed);
}

static void change_link(changed_network *view, const flow_change *change)
{
    link_row *link = &view->link[change->row];
    int64_t kt = change->kind == FLOW_CLOSED ? 0
                 : change->kind == FLOW_MORE ? link->capacity_kt_y + change->value
                                             : change->value;
    link->capacity_kt_y = (int32_t)TQ_MIN(TQ_MAX(kt, 0), NO_LIMIT_KT - 1);
    view->changed[change->row] = true;
}

static void change_rate(changed_network *view, const flow_change *change)
{
    const tq_freight *net = &view->net;
    uint16_t row = net->profile_op[((size_t)TQ_FREIGHT_BULK * net->profile_count +
                                    net->node[change->row].profile) *
                                       OPS +
                                   change->op];
    view->op[row].rate_e6 = TQ_MAX(change->value, 1); /* hours are divided by it */
    view->changed[net->link_count + row] = true;
}

static tq_status make(const tq_freight *net, const flow_case *one, changed_network *view,
                      tq_err *err)
{
    *view =
        (changed_network){.net = *net,
                          .link = TQ_ALLOC(link_row, net->link_count + 1),
                          .op = TQ_ALLOC(op_row, net->op_count + 1),
                          .changed = TQ_ALLOC(bool, (size_t)net->link_count + net->op_count + 1)};
    if (view->link == NULL || view->op == NULL || view->changed == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the changed network");
    if (net->link_count > 0) memcpy(view->link, net->link, net->link_count * sizeof *view->link);
    if (net->op_count > 0) memcpy(view->op, net->op, net->op_count * sizeof *view->op);
    view->net.link = view->link;
    view->net.op = view->op;
    for (size_t k = 0; k < one->change.count; k++)
        if (one->change.at[k].kind == FLOW_RATE)
            change_rate(view, &one->change.at[k]);
        else
            change_link(view, &one->change.at[k]);
    for (uint32_t link = 0; link < net->link_count; link++)
        if (view->link[link].on_demand && view->link[link].capacity_kt_y < 0)
            view->link[link].capacity_kt_y = NO_LIMIT_KT;
    return TQ_OK;
}

static bool row_changed(const changed_network *view, const tq_flow_use *use)
{
    const tq_freight *net = &view->net;
    uint32_t op;
    if (use->place == TQ_FLOW_LINK) return view->changed[use->row];
    op = use->mode == TQ_FREIGHT_MODES      ? OP_LOAD(use->to_mode)
         : use->to_mode == TQ_FREIGHT_MODES ? OP_UNLOAD(use->mode)
                                            : OP_TRANSHIP(use->mode, use->to_mode);
    uint16_t row = net->profile_op[((size_t)TQ_FREIGHT_BULK * net->profile_count +
                                    net->node[use->row].profile) *
                                       OPS +
                                   op];
    return row != NO_ROW && view->changed[net->link_count + row];
}

/* The weeks of one capacity as a row of a year. */
static flow_row row_of(const changed_network *view, const tq_flow_use *use, uint32_t weeks)
{
    bool link = use->place == TQ_FLOW_LINK;
    flow_row row = {.kind = link ? FLOW_ROW_LINK : FLOW_ROW_HANDLING,
                    .row = use->row,
                    .mode = use->mode,
                    .to_mode = use->to_mode,
                    .limited = !link || view->link[use->row].capacity_kt_y != NO_LIMIT_KT,
                    .changed = row_changed(view, use),
                    .capacity_t = use->capacity_t * WEEKS_YEAR};
    for (uint32_t week = 0; week < weeks; week++) {
        double most = use[week].capacity_t;
        row.year_t += use[week].used_t * WEEKS_YEAR / weeks;
        row.price_cny += use[week].price_yuan / weeks;
        row.trains += use[week].trains;
        row.price_most_cny = TQ_MAX(row.price_most_cny, use[week].price_yuan);
        row.full_weeks += row.limited && use[week].used_t >= most - 1e-6 * most - 1e-3;
    }
    return row;
}

static tq_status take(const changed_network *view, const flow_case *one, const tq_flow_plan *plan,
                      flow_result *out, tq_err *err)
{
    uint32_t weeks = one->query.weeks, lots = (uint32_t)one->lot.count;
    *out = (flow_result){.cost_year_cny = plan->cost_yuan * WEEKS_YEAR / weeks,
                         .gap = plan->gap,
                         .columns = plan->columns,
                         .rows = plan->rows,
                         .row_count = plan->use_count / weeks,
                         .lot_count = lots,
                         .row = TQ_ALLOC(flow_row, plan->use_count / weeks + 1),
                         .brought_t = TQ_ALLOC(double, lots + 1),
                         .unserved_t = TQ_ALLOC(double, lots + 1)};
    if (out->row == NULL || out->brought_t == NULL || out->unserved_t == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer");
    for (uint32_t k = 0; k < out->row_count; k++)
        out->row[k] = row_of(view, &plan->use[(size_t)k * weeks], weeks);
    for (uint32_t k = 0; k < lots; k++) {
        out->brought_t[k] = plan->brought_t[k] * WEEKS_YEAR / weeks;
        out->unserved_t[k] = plan->unserved_t[k] * WEEKS_YEAR / weeks;
    }
    return TQ_OK;
}

tq_status flow_solve(const flow_asked *asked, const flow_case *one, flow_result *out, tq_err *err)
{
    changed_network view;
    tq_flow_plan plan = {0};
    tq_flow_query query = one->query;
    if (one->own) return flow_solve_own(one, out, err);
    query.lot = one->lot.at;
    query.lot_count = (uint32_t)one->lot.count;
    tq_status status = make(asked->net, one, &view, err);
    if (status == TQ_OK) status = tq_flow_plan_make(&view.net, NULL, &query, &plan, err);
    if (status == TQ_OK) status = take(&view, one, &plan, out, err);
    tq_flow_plan_free(&plan);
    unmake(&view);
    return status;
}

void flow_result_free(flow_result *result)
{
    tq_free(result->row);
    tq_free(result->brought_t);
    tq_free(result->unserved_t);
    *result = (flow_result){0};
}

tq_status tq_flow_check(const tq_freight *net, const tq_flow_ask *ask, tq_err *err)
{
    flow_asked asked;
    TQ_TRY(flow_read(net, ask, &asked, err));
    flow_read_free(&asked);
    return TQ_OK;
}

tq_status tq_flow_answer(const tq_freight *net, const tq_flow_ask *ask, tq_buf *out, tq_err *err)
{
    flow_asked asked;
    flow_result result[2];
    tq_json json;
    memset(result, 0, sizeof result);
    TQ_TRY(flow_read(net, ask, &asked, err));
    tq_status status = TQ_OK;
    for (uint32_t k = 0; k < asked.count && status == TQ_OK; k++)
        status = flow_solve(&asked, &asked.one[k], &result[k], err);
    if (status == TQ_OK) {
        tq_json_begin(&json, out);
        status = flow_say(&asked, result, &json, err);
        if (status == TQ_OK && out->failed)
            status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer");
    }
    for (uint32_t k = 0; k < TQ_COUNT(result); k++)
        flow_result_free(&result[k]);
    flow_read_free(&asked);
    return status;
}
