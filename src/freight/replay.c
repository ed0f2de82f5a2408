/*
 * From the arcs of a plan to its steps with times, money and CO2: the rules of semantics v1 said
 * once more, forward in time. The search asserts that both agree.
 */
#include "freight/search_in.h"

typedef struct walk {
    const errand *task;
    const price_set *prices;
    tq_freight_step *step;
    uint32_t count;
    int64_t start_ds; /* instant */
    int32_t t;
    int64_t e4, mg;
    uint64_t chain;
} replayer;

static void add_step(replayer *w, tq_freight_step step)
{
    step.end_ds = w->t;
    w->e4 += step.cost_e4;
    w->mg += step.co2_mg;
    w->step[w->count++] = step;
}

static void add_op(replayer *w, uint16_t row, tq_freight_step_kind kind, uint32_t node,
                   uint32_t from_mode, uint32_t mode)
{
    tq_freight_step step = {.kind = (uint8_t)kind,
                            .mode = (uint8_t)mode,
                            .from_mode = (uint8_t)from_mode,
                            .row = row,
                            .from = node,
                            .to = node,
                            .price = TQ_NONE,
                            .start_ds = w->t,
                            .cost_e4 = w->prices->op_e4[row],
                            .co2_mg = w->prices->op_mg[row]};
    w->t += w->prices->op_ds[row];
    add_step(w, step);
}

/* The forward rule between two classes; the table of the prices may be transposed. */
static const rule *forward_rule(const replayer *w, uint32_t from, uint32_t to)
{
    return w->task->direction == 0 ? &w->prices->change[from][to] : &w->prices->change[to][from];
}

static uint16_t end_row(const replayer *w, uint32_t node, uint32_t op)
{
    return w->prices->op_row[(size_t)w->task->net->node[node].profile * OPS + op];
}

static void add_link(replayer *w, const leg_arc *hop, uint8_t *paid)
{
    const price_set *p = w->prices;
    const link_row *row = &w->task->net->link[hop->item];
    int64_t base = 0;
    if (p->link[hop->item].base > *paid) {
        base = p->base_e4[p->link[hop->item].base] - p->base_e4[*paid];
        *paid = p->link[hop->item].base;
    }
    tq_freight_step step = {.kind = TQ_FREIGHT_LINK,
                            .mode = row->mode,
                            .from_mode = row->mode,
                            .row = hop->item,
                            .from = hop->from,
                            .to = hop->to,
                            .price = p->link_price[row->link_tariff],
                            .start_ds = w->t,
                            .cost_e4 = p->link[hop->item].e4 + base,
                            .base_e4 = base,
                            .co2_mg = p->link[hop->item].mg};
    w->t += p->link[hop->item].ds;
    add_step(w, step);
}

static bool add_service(replayer *w, const leg_arc *hop)
{
    const service_row *row = &w->task->net->service[hop->item];
    int64_t now = w->start_ds + w->t;
    bool any_day = w->task->query->lifted & (1u << TQ_FREIGHT_BAN_DATE);
    int64_t ready = service_ready(w->task->net, 0, hop->item, now, any_day);
    if (ready == INT64_MAX || ready - now > TQ_FREIGHT_SPAN_DS) return false;
    tq_freight_step step = {.kind = TQ_FREIGHT_SERVICE,
                            .mode = row->mode,
                            .from_mode = row->mode,
                            .row = hop->item,
                            .from = hop->from,
                            .to = hop->to,
                            .price = TQ_NONE,
                            .start_ds = w->t,
                            .wait_ds = (int32_t)(ready - now) + row->cutoff_ds,
                            .cost_e4 = w->prices->service[hop->item].e4,
                            .co2_mg = w->prices->service[hop->item].mg};
    w->t += step.wait_ds + row->transit_ds;
    add_step(w, step);
    return true;
}

tq_status replay(const errand *task, const price_set *prices, const leg_arc *hops,
                 uint32_t hop_count, int64_t depart_s, tq_arena *work, tq_freight_plan *plan,
                 tq_freight_step **steps, tq_err *err)
{
    const tq_freight *net = task->net;
    replayer w = {.task = task, .prices = prices, .start_ds = depart_s * 10};
    w.step = TQ_PUSH_RAW(work, tq_freight_step, 2 * (size_t)hop_count + 1);
    if (!w.step) return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small for the answer");
    uint8_t paid = 0;
    for (uint32_t k = 0; k < hop_count; k++) {
        const leg_arc *hop = &hops[k];
        class_row class = net->class[hop->class];
        if (k == 0) {
            add_op(&w, end_row(&w, hop->from, OP_LOAD(class.mode)), TQ_FREIGHT_LOAD, hop->from,
                   class.mode, class.mode);
            w.chain = tq_mix(class.mode + 1u);
        } else {
            const rule *goes_on = forward_rule(&w, hops[k - 1].class, hop->class);
            uint8_t before = net->class[hops[k - 1].class].mode;
            uint16_t row;
            bool possible = change_row(prices, net->node[hop->from].profile, goes_on, &row);
            TQ_ASSERT(possible);
            if (row != NO_ROW) add_op(&w, row, TQ_FREIGHT_TRANSHIP, hop->from, before, class.mode);
            if (before != class.mode) w.chain = tq_mix(w.chain + class.mode + 1u);
            if (!goes_on->chain) paid = 0;
        }
        if (!class.service)
            add_link(&w, hop, &paid);
        else if (!add_service(&w, hop))
            return tq_fail(err, TQ_LIMIT, 0, "a plan longer than %d days",
                           TQ_FREIGHT_SPAN_DS / (int32_t)DS_DAY);
    }
    if (task->query->aim != TQ_FREIGHT_PICKUP) {
        const leg_arc *last = &hops[hop_count - 1];
        uint8_t mode = net->class[last->class].mode;
        add_op(&w, end_row(&w, last->to, OP_UNLOAD(mode)), TQ_FREIGHT_UNLOAD, last->to, mode, mode);
    }
    /* Steps of one answer lie one behind the other: give back what was not used. */
    work->used -= (2 * (size_t)hop_count + 1 - w.count) * sizeof *w.step;
    *plan = (tq_freight_plan){.time_ds = w.t,
                              .cost_e4 = w.e4,
                              .co2_mg = w.mg,
                              .depart_s = depart_s,
                              .step_count = w.count,
                              .chain = (uint32_t)w.chain,
                              .on_time_permille = -1,
                              .p50_ds = -1,
                              .p90_ds = -1,
                              .weakest = TQ_NONE,
                              .weakest_permille = 0};
    *steps = w.step;
    return TQ_OK;
}
