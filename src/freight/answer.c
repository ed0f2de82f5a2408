/*
 * From what a search has found to plans: the arcs of each end are traced back through its labels
 * and replayed in the direction of the goods, which must give the same sums. Plans come ascending
 * by time (latest starts: by how long before the end they are), money and CO2. The labels' room is
 * given back.
 */
#include "freight/hunt_in.h"

#define HOPS_MAX (TQ_FREIGHT_STEPS_MAX / 2)

/* Arcs of a found plan in the direction of the goods. */
static tq_status trace(const hunt *s, uint32_t at_label, leg_arc *hops, uint32_t *count,
                       tq_err *err)
{
    const tq_freight *net = s->task.net;
    uint32_t n = 0;
    for (uint32_t k = s->label[at_label].parent; k != NO_LABEL; k = s->label[k].parent) {
        const tag *label = &s->label[k];
        uint32_t class = label->state % s->classes, node = label->state / s->classes;
        if (n == HOPS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "a plan of more than %u legs", HOPS_MAX);
        uint32_t item = label->arc == NO_ARC ? s->task.query->service
                                             : net->view[s->task.direction].arcs[label->arc].item;
        leg_arc hop = {item, class, 0, 0};
        if (net->class[class].service) {
            const service_row *row = &net->service[item];
            hop.from = net->path[row->path];
            hop.to = net->path[row->path + row->path_count - 1];
        } else {
            const link_row *row = &net->link[item];
            uint32_t other = row->from == node ? row->to : row->from;
            hop.from = s->task.direction == 0 ? other : node;
            hop.to = s->task.direction == 0 ? node : other;
        }
        hops[n++] = hop;
    }
    for (uint32_t k = 0; s->task.direction == 0 && k < n / 2; k++) {
        leg_arc swapped = hops[k];
        hops[k] = hops[n - 1 - k];
        hops[n - 1 - k] = swapped;
    }
    *count = n;
    return TQ_OK;
}

static bool before(const tq_freight_plan *a, const tq_freight_plan *b)
{
    if (a->rank_ds != b->rank_ds) return a->rank_ds < b->rank_ds;
    if (a->cost_e4 != b->cost_e4) return a->cost_e4 < b->cost_e4;
    return a->co2_mg < b->co2_mg;
}

/* Bring the answer down to where the search began, so that its labels can be given back. */
static void move_down(tq_freight_plan *plans, uint32_t plan_count, tq_freight_step **steps,
                      uint32_t step_count, size_t mark, tq_arena *work, tq_freight_plan **moved)
{
    size_t plan_bytes = plan_count * sizeof *plans, step_bytes = step_count * sizeof **steps;
    size_t to = (mark + 15) & ~(size_t)15;
    if (to + plan_bytes + step_bytes > (size_t)((uint8_t *)plans - work->base)) return;
    /* The room is taken anew, as gaps between former pieces of it are barred to sanitizers. What is
     * moved lies behind it and is held until it is copied. */
    work->used = to;
    uint8_t *at = TQ_PUSH_RAW(work, uint8_t, plan_bytes + step_bytes);
    memcpy(at, plans, plan_bytes);
    memcpy(at + plan_bytes, *steps, step_bytes);
    *moved = (tq_freight_plan *)(void *)at;
    *steps = (tq_freight_step *)(void *)(at + plan_bytes);
    tq_arena_reset(work, work->used);
}

tq_status write_answer(hunt *s, size_t mark, tq_arena *work, tq_freight_answer *out, tq_err *err)
{
    const errand *task = &s->task;
    leg_arc *hops = TQ_PUSH_RAW(work, leg_arc, HOPS_MAX);
    tq_freight_plan *plans = TQ_PUSH(work, tq_freight_plan, s->found_count);
    if (!hops || !plans) return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small");
    tq_freight_step *first = NULL;
    uint32_t steps = 0;
    for (uint32_t k = 0; k < s->found_count; k++) {
        const queued *end = &s->found[k];
        uint32_t hop_count = 0;
        TQ_TRY(trace(s, end->label, hops, &hop_count, err));
        int64_t depart_s = task->direction == 0 ? task->query->depart_s
                                                : tq_floor_div(-(task->start_ds + end->t), 10);
        tq_freight_step *own;
        tq_freight_plan plan = {0};
        TQ_TRY(replay(task, s->prices, hops, hop_count, depart_s, work, &plan, &own, err));
        TQ_ASSERT(plan.cost_e4 == end->e4 && plan.co2_mg == end->mg);
        TQ_ASSERT(task->direction == 1 || plan.time_ds == end->t);
        plan.rank_ds = end->t;
        if (!first) first = own;
        plan.first_step = (uint32_t)(own - first);
        steps = plan.first_step + plan.step_count;
        uint32_t at = k;
        for (; at > 0 && before(&plan, &plans[at - 1]); at--)
            plans[at] = plans[at - 1];
        plans[at] = plan;
    }
    move_down(plans, s->found_count, &first, steps, mark, work, &plans);
    *out = (tq_freight_answer){.plan_count = s->found_count, .plan = plans, .step = first};
    return TQ_OK;
}

/* Two found plans of the same time: the later may beat the earlier only by a tie in the queue. */
void drop_beaten(hunt *s)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < s->found_count; k++) {
        const queued *a = &s->found[k];
        bool beaten = false;
        for (uint32_t j = k + 1; j < s->found_count && !beaten; j++) {
            const queued *b = &s->found[j];
            if (b->t != a->t) break;
            beaten = b->e4 <= a->e4 && b->mg <= a->mg;
        }
        if (!beaten) s->found[kept++] = s->found[k];
    }
    s->found_count = kept;
}
