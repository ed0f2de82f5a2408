/*
 * Two questions after an answer: why not by that place, and why is there no plan.
 *
 * «Why not by X» searches once more with X to be touched, and compares: each criterion's best, and
 * for the plan through X that needs the smallest cut of price, what it is beaten by and what change
 * of money, time or CO2, each alone, would put it on the front. «No plan» searches again with kinds
 * of restrictions lifted, one, then two, then three at a time, and names the first set that opens a
 * plan and the rows that this plan breaks; the opened plan itself is never an answer.
 */
#include "freight/search_in.h"

#define LIFTED_MOST 3u

/* ---- why not --------------------------------------------------------------------------------- */

static bool beats_plan(const tq_freight_plan *a, const tq_freight_plan *b)
{
    return a->rank_ds <= b->rank_ds && a->cost_e4 <= b->cost_e4 && a->co2_mg <= b->co2_mg &&
           (a->rank_ds < b->rank_ds || a->cost_e4 < b->cost_e4 || a->co2_mg < b->co2_mg);
}

/* Least change of one criterion after which no plan of the answer is as good in all three. */
static void flips(const tq_freight_answer *answer, const tq_freight_plan *plan, tq_freight_why *out)
{
    out->flip_e4 = out->flip_mg = 0;
    out->flip_ds = 0;
    for (uint32_t k = 0; k < answer->plan_count; k++) {
        const tq_freight_plan *other = &answer->plan[k];
        bool sooner = other->rank_ds <= plan->rank_ds, cheaper = other->cost_e4 <= plan->cost_e4;
        bool cleaner = other->co2_mg <= plan->co2_mg;
        if (sooner && cleaner)
            out->flip_e4 = TQ_MAX(out->flip_e4, plan->cost_e4 - other->cost_e4 + 1);
        if (sooner && cheaper)
            out->flip_mg = TQ_MAX(out->flip_mg, plan->co2_mg - other->co2_mg + 1);
        if (cheaper && cleaner)
            out->flip_ds = TQ_MAX(out->flip_ds, plan->rank_ds - other->rank_ds + 1);
    }
    if (out->flip_e4 > plan->cost_e4) out->flip_e4 = -1;
    if (out->flip_mg > plan->co2_mg) out->flip_mg = -1;
    if (out->flip_ds > plan->rank_ds) out->flip_ds = -1;
}

typedef struct best_of {
    int32_t ds;
    int64_t e4, mg;
} best_of;

static best_of best(const tq_freight_answer *answer)
{
    best_of best = {INT32_MAX, INT64_MAX, INT64_MAX};
    for (uint32_t k = 0; k < answer->plan_count; k++) {
        best.ds = TQ_MIN(best.ds, answer->plan[k].rank_ds);
        best.e4 = TQ_MIN(best.e4, answer->plan[k].cost_e4);
        best.mg = TQ_MIN(best.mg, answer->plan[k].co2_mg);
    }
    return best;
}

static void compare(const tq_freight_answer *answer, const tq_freight_answer *through,
                    tq_freight_why *out)
{
    best_of all = best(answer), via = best(through);
    out->later_ds = via.ds - all.ds;
    out->dearer_e4 = via.e4 - all.e4;
    out->dirtier_mg = via.mg - all.mg;
    int64_t least = INT64_MAX;
    for (uint32_t k = 0; k < through->plan_count && !out->on_front; k++) {
        const tq_freight_plan *plan = &through->plan[k];
        tq_freight_why tried = {0};
        uint32_t by = 0;
        while (by < answer->plan_count && !beats_plan(&answer->plan[by], plan))
            by++;
        flips(answer, plan, &tried);
        out->on_front = by == answer->plan_count;
        int64_t needed = tried.flip_e4 < 0 ? INT64_MAX - 1 : tried.flip_e4;
        if (!out->on_front && needed >= least) continue;
        least = needed;
        out->through = *plan;
        out->step = through->step + plan->first_step;
        out->beaten_by = out->on_front ? TQ_NONE : by;
        out->flip_e4 = out->on_front ? 0 : tried.flip_e4;
        out->flip_mg = out->on_front ? 0 : tried.flip_mg;
        out->flip_ds = out->on_front ? 0 : tried.flip_ds;
    }
}

tq_status tq_freight_why_not(const tq_freight *net, const tq_freight_live *live,
                             const tq_freight_query *query, uint32_t node, tq_freight_cache *cache,
                             tq_arena *work, const tq_freight_answer *answer, tq_freight_why *out,
                             tq_err *err)
{
    if (node >= net->node_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "no such place; use an id of nodes.csv");
    if (query->via_count == TQ_FREIGHT_VIA_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the question touches %u places already",
                       TQ_FREIGHT_VIA_MAX);
    tq_freight_query through = *query;
    through.via[through.via_count++] = node;
    tq_freight_answer found = {0};
    tq_freight_why why = {.beaten_by = TQ_NONE, .flip_e4 = -1, .flip_mg = -1, .flip_ds = -1};
    tq_status status = tq_freight_search(net, live, &through, cache, work, &found, err);
    if (status != TQ_OK && status != TQ_NO_ROUTE) return status;
    why.possible = status == TQ_OK;
    if (why.possible) compare(answer, &found, &why);
    *out = why;
    return TQ_OK;
}

/* ---- no plan --------------------------------------------------------------------------------- */

/* Kinds of restrictions that this question meets at all. */
static uint32_t met_bans(const errand *task)
{
    const tq_freight_query *query = task->query;
    uint32_t met = 1u << TQ_FREIGHT_BAN_GAUGE | 1u << TQ_FREIGHT_BAN_CHANGES;
    for (uint32_t ban = 0; ban < task->net->ban_count; ban++)
        if (ban_applies(task, ban)) met |= 1u << task->net->ban[ban].ban;
    if ((query->modes & ((1u << TQ_FREIGHT_MODES) - 1)) != (1u << TQ_FREIGHT_MODES) - 1)
        met |= 1u << TQ_FREIGHT_BAN_MODE;
    if (query->avoid_count > 0) met |= 1u << TQ_FREIGHT_BAN_AVOID;
    if (query->via_count > 0) met |= 1u << TQ_FREIGHT_BAN_VIA;
    if (query->depart_s != INT64_MIN && query->arrive_s != INT64_MAX)
        met |= 1u << TQ_FREIGHT_BAN_DEADLINE;
    if (task->live && task->live->count > 0) met |= 1u << TQ_FREIGHT_BAN_CLOSED;
    if (task->net->dated) met |= 1u << TQ_FREIGHT_BAN_DATE;
    for (uint32_t k = 0; k < task->net->service_count && !(met & (1u << TQ_FREIGHT_BAN_DATE)); k++)
        if (task->net->service[k].from_day != DAY_MIN || task->net->service[k].to_day != DAY_MAX)
            met |= 1u << TQ_FREIGHT_BAN_DATE;
    for (uint32_t k = 0; k < task->net->rate_count; k++)
        if (task->net->day == INT32_MAX && task->net->rate[k].day > task->day)
            met |= 1u << TQ_FREIGHT_BAN_DATE;
    return met & ~query->lifted;
}

static bool step_touches(const tq_freight *net, const tq_freight_step *step, ban_what what)
{
    bool link = step->kind == TQ_FREIGHT_LINK, service = step->kind == TQ_FREIGHT_SERVICE;
    switch (what.kind) {
    case WHAT_LINK: return link && step->row == what.row;
    case WHAT_SERVICE: return service && step->row == what.row;
    case WHAT_MODE: return step->mode == what.row;
    case WHAT_GAUGE: return link && net->link[step->row].gauge_mm == what.row;
    default: break;
    }
    if (step->from == what.row || step->to == what.row) return true;
    for (uint32_t k = 0; service && k < net->service[step->row].path_count; k++)
        if (net->path[net->service[step->row].path + k] == what.row) return true;
    return false;
}

static void broken_rows(const errand *task, const tq_freight_plan *plan,
                        const tq_freight_step *steps, tq_freight_no *out)
{
    const tq_freight *net = task->net;
    for (uint32_t ban = 0; ban < net->ban_count; ban++) {
        bool broken = false;
        if (!(out->bans & (1u << net->ban[ban].ban)) || !ban_applies(task, ban)) continue;
        for (uint32_t w = 0; w < net->ban[ban].what_count && !broken; w++)
            for (uint32_t k = 0; k < plan->step_count && !broken; k++)
                broken = step_touches(net, &steps[k], net->what[net->ban[ban].first_what + w]);
        if (broken && out->row_count < TQ_COUNT(out->row)) out->row[out->row_count++] = ban;
    }
}

/* Is there a row for the cargo at a place, into or out of any mode? */
static bool handles(const tq_freight *net, uint32_t node, uint32_t cargo, bool load)
{
    const uint16_t *rows =
        net->profile_op + ((size_t)cargo * net->profile_count + net->node[node].profile) * OPS;
    for (uint32_t mode = 0; mode < TQ_FREIGHT_MODES; mode++)
        if (rows[load ? OP_LOAD(mode) : OP_UNLOAD(mode)] != NO_ROW) return true;
    return false;
}

tq_status tq_freight_no_plan(const tq_freight *net, const tq_freight_live *live,
                             const tq_freight_query *query, tq_arena *work, tq_freight_no *out,
                             tq_err *err)
{
    errand task;
    tq_freight_no no = {.time_ds = -1};
    TQ_TRY(task_make(net, live, query, &task, err));
    uint32_t met = met_bans(&task), cargo = net->commodity[query->commodity].cargo;
    no.handling =
        !handles(net, query->origin, cargo, true) ||
        (query->aim != TQ_FREIGHT_PICKUP && !handles(net, query->destination, cargo, false));
    size_t mark = work->used;
    for (uint32_t size = 1; size <= LIFTED_MOST && no.sets == 0; size++)
        for (uint32_t set = 1; set < 1u << TQ_FREIGHT_BANS; set++) {
            if ((uint32_t)__builtin_popcount(set) != size || (set & ~met) != 0) continue;
            tq_freight_query lifted = *query;
            tq_freight_answer answer = {0};
            lifted.lifted |= set;
            tq_status status = tq_freight_search(net, live, &lifted, NULL, work, &answer, err);
            if (status != TQ_OK && status != TQ_NO_ROUTE) return status;
            if (status == TQ_OK && no.sets++ == 0) {
                no.bans = set;
                no.time_ds = answer.plan[0].time_ds;
                broken_rows(&task, &answer.plan[0], answer.step + answer.plan[0].first_step, &no);
            }
            tq_arena_reset(work, mark);
        }
    *out = no;
    return TQ_OK;
}
