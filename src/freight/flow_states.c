/*
 * Capacities, and goods of one commodity from one origin as states.
 *
 * The states are those of the search (place, class of way, base price paid), so that prices are
 * exact, and whether goods have come there or are only handled to leave: a link leads on in its
 * class, a transhipment to another class. What is handled must leave by a link, or goods would be
 * loaded for one mode and transhipped to another without ever going by the first. Every week has
 * the same states and steps; only the room on capacities is of a week. States are numbered as they
 * are reached, so steps lie in the order of the states where they begin.
 */
#include <math.h>

#include "freight/flow_plan_in.h"

#define WORK_BYTES ((size_t)64 << 20)
#define BULK_G     INT64_C(1000000000) /* prices are made for a load of so much */
#define BOX_G      INT64_C(22000000)
#define STATES_MAX 8000000u
#define STEPS_MAX  5000000u
#define WEEK_HOURS 168.0

/* ---- capacities --------------------------------------------------------------------------------
 */

static uint32_t new_cap(flow_states *s, tq_flow_place place, uint32_t row, uint32_t op,
                        double capacity_t)
{
    uint32_t load = op < TQ_FREIGHT_MODES, unload = !load && op < 2 * TQ_FREIGHT_MODES;
    uint32_t pair = op - 2 * TQ_FREIGHT_MODES, weeks = s->query->weeks;
    tq_flow_use use = {.place = (uint8_t)place, .row = row, .capacity_t = capacity_t};
    if (place == TQ_FLOW_LINK) {
        use.mode = use.to_mode = s->net->link[row].mode;
    } else {
        use.mode = (uint8_t)(load     ? TQ_FREIGHT_MODES
                             : unload ? op - TQ_FREIGHT_MODES
                                      : pair / TQ_FREIGHT_MODES);
        use.to_mode = (uint8_t)(load ? op : unload ? TQ_FREIGHT_MODES : pair % TQ_FREIGHT_MODES);
    }
    for (uint32_t week = 0; week < weeks; week++) {
        use.week = week;
        s->use[s->caps * weeks + week] = use;
    }
    return s->caps++;
}

/* Rail links with trains have a capacity each, whole trains of what the tables say. */
static void link_caps(flow_states *s)
{
    const tq_freight *net = s->net;
    double train_t = s->query->train_t;
    for (uint32_t link = 0; link < net->link_count; link++) {
        const link_row *row = &net->link[link];
        bool trains = train_t > 0 && row->on_demand && row->mode == TQ_FREIGHT_RAIL;
        double week_t = (double)row->capacity_kt_y * 1000 * 7 / 365;
        if (row->capacity_kt_y < 0 && !trains) continue;
        if (row->capacity_kt_y < 0) week_t = (double)INT32_MAX;
        if (trains) week_t = floor(week_t / train_t) * train_t;
        s->link_cap[link] = new_cap(s, TQ_FLOW_LINK, link, 0, week_t);
        if (trains)
            s->cap_yuan[s->link_cap[link]] =
                (double)s->query->train_fen_km / 100 * (double)row->length_m / 1000 / train_t;
    }
}

/* Where the row is of this very place and counts tonnes: the rate of a kind of place, or of all, is
 * how fast one lot is handled, not what the place can do. */
static void handling_caps(flow_states *s)
{
    const tq_freight *net = s->net;
    for (uint32_t node = 0; node < net->node_count; node++)
        for (uint32_t op = 0; op < OPS; op++) {
            uint16_t row = net->profile_op[((size_t)TQ_FREIGHT_BULK * net->profile_count +
                                            net->node[node].profile) *
                                               OPS +
                                           op];
            if (row != NO_ROW && net->op[row].unit == UNIT_T &&
                tq_freight_node_find(net, tq_str_of(text_at(net, net->op[row].place))) == node)
                s->op_cap[(size_t)node * OPS + op] = new_cap(
                    s, TQ_FLOW_HANDLING, node, op, (double)net->op[row].rate_e6 / 1e6 * WEEK_HOURS);
        }
}

/* ---- states of a group -------------------------------------------------------------------------
 */

/* What goods are at a place: handled for a class, or come there by it. */
enum { HANDLED, ARRIVED, STAGES };

static uint32_t key_of(const flow_states *s, uint32_t node, uint32_t class, uint32_t stage,
                       uint32_t base)
{
    return ((node * s->net->class_count + class) * STAGES + stage) * s->prices->base_count + base;
}

static uint32_t state_at(flow_states *s, uint32_t *count, uint32_t key)
{
    if (s->state_of[key] == 0) {
        s->queue[*count] = key;
        s->state_of[key] = ++*count;
    }
    return s->state_of[key] - 1;
}

/* Money of a handling of a tonne; *cap its capacity. False where nobody does it. */
static bool handling(const flow_states *s, uint32_t node, const rule *change, double *yuan,
                     uint32_t *cap)
{
    uint16_t row;
    *yuan = 0;
    *cap = NO_CAP;
    if (!change_row(s->prices, s->net->node[node].profile, change, &row)) return false;
    if (row == NO_ROW) return true;
    *yuan = (double)s->prices->op_e4[row] / 1e4 / s->tonnes;
    *cap = s->op_cap[(size_t)node * OPS + change->op];
    return true;
}

static void put_step(flow_states *s, uint32_t from, uint32_t to, uint32_t cap, double yuan)
{
    if (s->step.count >= STEPS_MAX || !tq_vec_push(&s->step, ((flow_step){from, to, cap, yuan})))
        s->failed = true;
}

static void leave_state(flow_states *s, uint32_t state, uint32_t *count)
{
    const tq_freight *net = s->net;
    const direction_view *view = &net->view[0];
    uint32_t key = s->queue[state], base = key % s->prices->base_count;
    uint32_t stage = key / s->prices->base_count % STAGES;
    uint32_t at = key / s->prices->base_count / STAGES;
    uint32_t class = at % net->class_count, node = at / net->class_count;
    for (uint32_t gr = view->first_group[node]; gr < view->first_group[node + 1]; gr++) {
        if (net->class[view->group[gr].class].service) continue;
        if (view->group[gr].class != class) {
            uint32_t to = view->group[gr].class, cap;
            const rule *change = &s->prices->change[class][to];
            double yuan;
            if (stage == ARRIVED && handling(s, node, change, &yuan, &cap))
                put_step(s, state,
                         state_at(s, count, key_of(s, node, to, HANDLED, change->chain ? base : 0)),
                         cap, yuan);
            continue;
        }
        for (uint32_t a = view->group[gr].first_arc; a < view->group[gr + 1].first_arc; a++) {
            uint32_t link = view->arcs[a].item;
            const way_price *way = &s->prices->link[link];
            if (way->ds < 0) continue;
            int64_t more = s->prices->base_e4[way->base] - s->prices->base_e4[base];
            uint32_t paid = more > 0 ? way->base : base;
            put_step(
                s, state, state_at(s, count, key_of(s, view->arcs[a].head, class, ARRIVED, paid)),
                s->link_cap[link], (double)(way->e4 + (more > 0 ? more : 0)) / 1e4 / s->tonnes);
        }
    }
}

static void reach(flow_states *s, flow_group *g)
{
    const tq_freight *net = s->net;
    const direction_view *view = &net->view[0];
    uint32_t count = 0, cap;
    double yuan;
    memset(s->state_of, 0, s->states_cap * sizeof *s->state_of);
    g->first_start = (uint32_t)s->step.count;
    for (uint32_t gr = view->first_group[g->from]; gr < view->first_group[g->from + 1]; gr++) {
        uint32_t class = view->group[gr].class;
        if (!net->class[class].service &&
            handling(s, g->from, &s->prices->change[CLASS_START][class], &yuan, &cap))
            put_step(s, TQ_NONE, state_at(s, &count, key_of(s, g->from, class, HANDLED, 0)), cap,
                     yuan);
    }
    g->start_count = (uint32_t)s->step.count - g->first_start;
    g->first_step = (uint32_t)s->step_of.count;
    for (uint32_t state = 0; state <= count && !s->failed; state++) {
        if (!tq_vec_push(&s->step_of, (uint32_t)s->step.count)) s->failed = true;
        if (state < count) leave_state(s, state, &count);
    }
    g->states = count;
    s->most_states = TQ_MAX(s->most_states, count);
}

/* Where a lot of the group comes out. */
static void deliver(flow_states *s, flow_group *g, uint32_t lot)
{
    const tq_freight *net = s->net;
    for (uint32_t class = 0; class < net->class_count; class ++) {
        rule end = {.allowed = 1, .required = 1, .has_op = 1, .op = s->prices->end_op[class]};
        uint32_t node = s->query->lot[lot].to, cap;
        double yuan;
        if (net->class[class].service || !handling(s, node, &end, &yuan, &cap)) continue;
        for (uint32_t base = 0; base < s->prices->base_count; base++) {
            uint32_t state = s->state_of[key_of(s, node, class, ARRIVED, base)];
            if (state == 0) continue;
            if (!tq_vec_push(&s->last, ((flow_last){state - 1, lot, cap, yuan}))) s->failed = true;
            g->last_count++;
        }
    }
    g->week_t += (double)s->query->lot[lot].week_t;
}

/* ---- all groups --------------------------------------------------------------------------------
 */

static tq_status price(const flow_states *s, const tq_freight_live *live, uint32_t commodity,
                       tq_arena *work, price_set *prices, double *tonnes, tq_err *err)
{
    tq_freight_query query;
    bool boxed = s->net->commodity[commodity].cargo == TQ_FREIGHT_CONTAINER;
    tq_freight_query_default(&query);
    query.commodity = commodity;
    query.mass_g = boxed ? BOX_G : BULK_G;
    query.boxes40 = boxed;
    errand task = {.net = s->net, .live = live, .query = &query, .day = s->query->day};
    tq_arena_reset(work, 0);
    if (!prices_place(s->net, work, prices))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the network is too large for flows");
    *tonnes = (double)query.mass_g / 1e6;
    return prices_fill(&task, prices, work, err);
}

static bool same_group(const tq_flow_lot *a, const tq_flow_lot *b)
{
    return a->commodity == b->commodity && a->from == b->from;
}

static tq_status make_group(flow_states *s, const tq_freight_live *live, tq_arena *work,
                            uint32_t first, tq_err *err)
{
    const tq_flow_lot *lot = s->query->lot;
    price_set prices;
    flow_group g = {.commodity = lot[first].commodity, .from = lot[first].from};
    TQ_TRY(price(s, live, g.commodity, work, &prices, &s->tonnes, err));
    s->prices = &prices;
    if (s->net->node_count * s->net->class_count * STAGES * prices.base_count > s->states_cap)
        return tq_fail(err, TQ_LIMIT, 0, "the network is too large for flows");
    reach(s, &g);
    g.first_last = (uint32_t)s->last.count;
    for (uint32_t k = first; k < s->query->lot_count; k++)
        if (same_group(&lot[k], &lot[first])) deliver(s, &g, k);
    if (s->failed || !tq_vec_push(&s->group, g))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no room for more steps of flows");
    return TQ_OK;
}

static tq_status make_groups(flow_states *s, const tq_freight_live *live, tq_err *err)
{
    const tq_flow_lot *lot = s->query->lot;
    void *memory = tq_alloc(1, WORK_BYTES);
    tq_arena work;
    tq_status status =
        memory != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "out of memory for flows");
    tq_arena_init(&work, memory, WORK_BYTES);
    for (uint32_t k = 0; k < s->query->lot_count && status == TQ_OK; k++) {
        bool first = true;
        for (uint32_t other = 0; other < k; other++)
            first = first && !same_group(&lot[other], &lot[k]);
        if (first) status = make_group(s, live, &work, k, err);
    }
    s->prices = NULL;
    tq_free(memory);
    return status;
}

tq_status flow_states_make(const tq_freight *net, const tq_freight_live *live,
                           const tq_flow_query *query, flow_states *out, tq_err *err)
{
    uint64_t states = (uint64_t)net->node_count * net->class_count * STAGES * TQ_FREIGHT_BASES_MAX;
    size_t ops = (size_t)net->node_count * OPS, caps = net->link_count + ops;
    *out = (flow_states){.net = net, .query = query, .states_cap = (uint32_t)states};
    if (states > STATES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the network has %u places, too many for flows",
                       net->node_count);
    out->link_cap = TQ_ALLOC(uint32_t, net->link_count + 1);
    out->op_cap = TQ_ALLOC(uint32_t, ops + 1);
    out->state_of = TQ_ALLOC(uint32_t, states + 1);
    out->queue = TQ_ALLOC(uint32_t, states + 1);
    out->use = TQ_ALLOC(tq_flow_use, caps * query->weeks + 1);
    out->cap_yuan = TQ_ALLOC(double, caps + 1);
    if (!out->link_cap || !out->op_cap || !out->state_of || !out->queue || !out->use ||
        !out->cap_yuan)
        return tq_fail(err, TQ_NO_MEMORY, 0, "out of memory for flows");
    memset(out->link_cap, 0xff, (net->link_count + 1) * sizeof *out->link_cap);
    memset(out->op_cap, 0xff, (ops + 1) * sizeof *out->op_cap);
    link_caps(out);
    handling_caps(out);
    return make_groups(out, live, err);
}

void flow_states_free(flow_states *states)
{
    tq_free(states->link_cap);
    tq_free(states->op_cap);
    tq_free(states->state_of);
    tq_free(states->queue);
    tq_free(states->use);
    tq_free(states->cap_yuan);
    tq_vec_free(&states->group);
    tq_vec_free(&states->step);
    tq_vec_free(&states->step_of);
    tq_vec_free(&states->last);
    *states = (flow_states){0};
}
