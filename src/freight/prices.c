/*
 * A network priced for one consignment: what each link, service and handling takes, costs and
 * emits, or that it may not be used. Integers throughout; the rule of rounding is in freight.h.
 *
 * Everything that a question forbids (modes, places, restrictions, closures, days) is settled here
 * once, so that the search only meets what may be used: no plan can break a restriction.
 */
#include "freight/search_in.h"

size_t prices_bytes(const tq_freight *net)
{
    return (size_t)net->link_count * sizeof(way_price) + (size_t)net->link_tariff_count * 2 +
           (size_t)net->service_count * sizeof(way_price) + (size_t)net->op_count * 20 +
           (size_t)net->node_count * net->class_count * sizeof(lower) +
           (view_arcs(net, 0) + ARCS_AHEAD) * sizeof(arc_way) + 10 * 64;
}

bool prices_place(const tq_freight *net, tq_arena *arena, price_set *out)
{
    out->link = TQ_PUSH_RAW(arena, way_price, net->link_count + 1);
    out->service = TQ_PUSH_RAW(arena, way_price, net->service_count + 1);
    out->arc = TQ_PUSH_RAW(arena, arc_way, view_arcs(net, 0) + ARCS_AHEAD);
    out->op_e4 = TQ_PUSH_RAW(arena, int64_t, net->op_count + 1);
    out->op_mg = TQ_PUSH_RAW(arena, int64_t, net->op_count + 1);
    out->bound = TQ_PUSH_RAW(arena, lower, (size_t)net->node_count * net->class_count + 1);
    out->op_ds = TQ_PUSH_RAW(arena, int32_t, net->op_count + 1);
    out->link_price = TQ_PUSH_RAW(arena, uint16_t, net->link_tariff_count + 1);
    return out->link && out->service && out->arc && out->bound && out->link_price && out->op_ds &&
           out->op_e4 && out->op_mg;
}

/* Yuan for one of each currency on the day of the question, 0 = no rate yet. */
static void rates_on(const errand *task, int64_t rate_e6[MONEY_MAX])
{
    const tq_freight *net = task->net;
    bool any_day = task->query->lifted & (1u << TQ_FREIGHT_BAN_DATE);
    int32_t day = net->day == INT32_MAX ? task->day : net->day, since[MONEY_MAX];
    memset(rate_e6, 0, MONEY_MAX * sizeof *rate_e6);
    for (uint32_t k = 0; k < net->rate_count; k++) {
        const rate_row *row = &net->rate[k];
        bool holds = row->day <= day, first = rate_e6[row->money] == 0;
        /* The newest that holds; of those to come the first, for a question about any day. */
        bool better = first || (holds ? since[row->money] > day || row->day > since[row->money]
                                      : row->day < since[row->money]);
        if (!better || (!holds && !any_day)) continue;
        rate_e6[row->money] = row->rate_e6;
        since[row->money] = row->day;
    }
}

void prices_key(const errand *task, price_key *key)
{
    const tq_freight_query *query = task->query;
    memset(key, 0, sizeof *key);
    key->live = task->live ? task->live->version : 0;
    key->mass_g = query->mass_g;
    key->goal = task->goal;
    key->direction = task->direction;
    key->commodity = query->commodity;
    key->boxes40 = query->boxes40;
    key->boxes20 = query->boxes20;
    key->modes = query->modes;
    key->lifted = query->lifted;
    key->day = task->net->dated ? task->day : 0;
    int64_t rate_e6[MONEY_MAX];
    rates_on(task, rate_e6);
    key->rates = tq_hash(rate_e6, sizeof rate_e6, 0);
    key->avoid_count = query->avoid_count;
    memcpy(key->avoid, query->avoid, query->avoid_count * sizeof *query->avoid);
}

/* ---- changes between classes ----------------------------------------------------------------- */

static rule free_change(bool chain)
{
    return (rule){.allowed = 1, .chain = chain};
}

static rule op_change(uint32_t op, bool required, bool counts)
{
    return (rule){
        .allowed = 1, .required = required, .has_op = 1, .counts = counts, .op = (uint8_t)op};
}

static rule forward_change(const errand *task, uint32_t from, uint32_t to)
{
    class_row a = task->net->class[from], b = task->net->class[to];
    if (from == to && !a.service) return free_change(true);
    if (a.mode != b.mode) return op_change(OP_TRANSHIP(a.mode, b.mode), true, true);
    if (a.mode != TQ_FREIGHT_RAIL)
        return b.service ? op_change(OP_TRANSHIP(a.mode, b.mode), false, false)
                         : free_change(false);
    if (b.service) return free_change(false);
    if (!a.service && (task->query->lifted & (1u << TQ_FREIGHT_BAN_GAUGE)))
        return free_change(true);
    /* Another gauge is still one chain of one mode; only a service or another mode ends it. */
    rule handled = op_change(OP_TRANSHIP(a.mode, b.mode), true, false);
    handled.chain = !a.service;
    return handled;
}

static void fill_changes(const errand *task, price_set *out)
{
    const tq_freight *net = task->net;
    bool reversed = task->direction == 1;
    for (uint32_t to = 0; to < net->class_count; to++) {
        uint32_t mode = net->class[to].mode;
        out->change[CLASS_START][to] =
            op_change(reversed ? OP_UNLOAD(mode) : OP_LOAD(mode), true, false);
        out->end_op[to] = (uint8_t)(reversed ? OP_LOAD(mode) : OP_UNLOAD(mode));
        for (uint32_t from = 0; from < net->class_count; from++)
            out->change[from][to] =
                reversed ? forward_change(task, to, from) : forward_change(task, from, to);
    }
}

/* ---- quantities and tariffs ------------------------------------------------------------------ */

int64_t quantity_e6(const tq_freight_query *query, bool boxed, uint32_t unit)
{
    switch (unit) {
    case UNIT_T: return query->mass_g;
    case UNIT_KG: return query->mass_g * 1000;
    case UNIT_BOX40:
        return boxed && query->boxes40 > 0 && query->boxes20 == 0 ? query->boxes40 * E6 : -1;
    case UNIT_BOX20:
        return boxed && query->boxes20 > 0 && query->boxes40 == 0 ? query->boxes20 * E6 : -1;
    default: return E6;
    }
}

static uint16_t tariff_on(const tq_freight *net, const char *id, int32_t day, uint32_t cargo,
                          bool any_day)
{
    for (uint32_t k = 0; k < net->tariff_count; k++) {
        const tariff_row *row = &net->tariff[k];
        if ((any_day || (row->from_day <= day && day <= row->to_day)) &&
            (row->cargo_mask & (1u << cargo)) && strcmp(text_at(net, row->id), id) == 0)
            return (uint16_t)k;
    }
    return NO_ROW;
}

/* Which tariff prices links of a kind for this commodity (rule 6). */
static uint16_t tariff_for(const errand *task, uint32_t link_tariff)
{
    const tq_freight *net = task->net;
    const commodity_row *commodity = &net->commodity[task->query->commodity];
    const char *own = text_at(net, commodity->rail_tariff);
    bool any_day = task->query->lifted & (1u << TQ_FREIGHT_BAN_DATE);
    for (uint32_t k = 0; k < net->map_count; k++) {
        const map_row *map = &net->map[k];
        const char *match = text_at(net, map->match), *named = text_at(net, map->tariff);
        if (map->link_tariff != link_tariff) continue;
        if (strcmp(match, "*") != 0 && strcmp(match, own) != 0 &&
            strcmp(match, tq_freight_cargo_name(commodity->cargo)) != 0)
            continue;
        return tariff_on(net, strcmp(named, "=commodity") == 0 ? own : named, task->day,
                         commodity->cargo, any_day);
    }
    return NO_ROW;
}

typedef struct link_rate {
    int64_t plain_e8, electric_e8; /* yuan a km for the whole load */
    int64_t base_e4;
    bool usable;
} link_rate;

static link_rate rate_of(const errand *task, uint16_t tariff, bool boxed)
{
    if (tariff == NO_ROW) return (link_rate){0};
    const tariff_row *row = &task->net->tariff[tariff];
    int64_t quantity = quantity_e6(task->query, boxed, row->unit);
    if (quantity < 0) return (link_rate){0};
    freight_wide weight = (freight_wide)row->multiplier_e6 * quantity; /* 1e12 */
    link_rate rate = {.usable = true};
    rate.plain_e8 = half_up(weight * (row->per_km_e6 + row->fund_e6), INT64_C(10000000000));
    rate.electric_e8 =
        rate.plain_e8 + half_up((freight_wide)row->elec_e6 * quantity, INT64_C(10000));
    rate.base_e4 = half_up(weight * row->base1_e6, INT64_C(100000000000000));
    return rate;
}

/* rate x metres / by, half up; in 64 bits where that is wide enough. */
static int64_t scaled(int64_t rate, int64_t metres, int64_t by)
{
    int64_t product;
    if (!__builtin_mul_overflow(rate, metres, &product) && product < INT64_MAX - by)
        return TQ_MIN((product + by / 2) / by, VALUE_MOST);
    return half_up((freight_wide)rate * metres, by);
}

/* Micrograms of CO2 a kilometre for the whole load. */
static int64_t emission_ug(const errand *task, uint32_t emission)
{
    return half_up((freight_wide)task->net->emission[emission].wtw_e6 * task->query->mass_g, E6);
}

/* ---- what is forbidden ----------------------------------------------------------------------- */

bool ban_applies(const errand *task, uint32_t ban)
{
    const ban_row *row = &task->net->ban[ban];
    const commodity_row *commodity = &task->net->commodity[task->query->commodity];
    const char *dangerous = text_at(task->net, row->dg_class);
    return !(task->query->lifted & (1u << row->ban)) && row->from_day <= task->day &&
           task->day <= row->to_day && (row->cargo_mask & (1u << commodity->cargo)) &&
           (dangerous[0] == '\0' ||
            strcmp(dangerous, text_at(task->net, commodity->dg_class)) == 0);
}

typedef struct banned {
    uint8_t *node;
    uint32_t modes; /* bit per mode */
    uint32_t gauges[16], gauge_count;
} ban_set;

static void collect_bans(const errand *task, ban_set *banned, price_set *out)
{
    const tq_freight *net = task->net;
    const tq_freight_query *query = task->query;
    if (!(query->lifted & (1u << TQ_FREIGHT_BAN_MODE))) banned->modes = ~query->modes;
    if (!(query->lifted & (1u << TQ_FREIGHT_BAN_AVOID)))
        for (uint32_t k = 0; k < query->avoid_count; k++)
            banned->node[query->avoid[k]] = 1;
    for (uint32_t ban = 0; ban < net->ban_count; ban++) {
        if (!ban_applies(task, ban)) continue;
        for (uint32_t k = 0; k < net->ban[ban].what_count; k++) {
            ban_what what = net->what[net->ban[ban].first_what + k];
            if (what.kind == WHAT_NODE) banned->node[what.row] = 1;
            if (what.kind == WHAT_MODE) banned->modes |= 1u << what.row;
            if (what.kind == WHAT_GAUGE && banned->gauge_count < TQ_COUNT(banned->gauges))
                banned->gauges[banned->gauge_count++] = what.row;
            if (what.kind == WHAT_LINK) out->link[what.row].ds = -1;
            if (what.kind == WHAT_SERVICE) out->service[what.row].e4 = -1;
        }
    }
}

static bool gauge_banned(const ban_set *banned, uint16_t gauge_mm)
{
    for (uint32_t k = 0; k < banned->gauge_count; k++)
        if (banned->gauges[k] == gauge_mm) return true;
    return false;
}

/* ---- filling --------------------------------------------------------------------------------- */

static void fill_ops(const errand *task, bool boxed, price_set *out)
{
    const tq_freight *net = task->net;
    for (uint32_t k = 0; k < net->op_count; k++) {
        const op_row *row = &net->op[k];
        int64_t quantity = quantity_e6(task->query, boxed, row->unit);
        out->op_ds[k] = -1;
        if (quantity < 0) continue;
        int64_t work_ds = half_up((freight_wide)quantity * DS_HOUR, row->rate_e6);
        if (work_ds > TQ_FREIGHT_SPAN_DS / 8) continue;
        out->op_ds[k] = (int32_t)(row->setup_ds + row->dwell_ds + work_ds);
        out->op_e4[k] = half_up((freight_wide)row->fee_e6 * quantity, INT64_C(100000000));
        out->op_mg[k] = half_up((freight_wide)row->co2_e6 * task->query->mass_g, E6);
    }
}

static tq_status take_base(price_set *out, int64_t base_e4, tq_err *err)
{
    uint32_t at = 0;
    while (at < out->base_count && out->base_e4[at] < base_e4)
        at++;
    if (at < out->base_count && out->base_e4[at] == base_e4) return TQ_OK;
    if (out->base_count == TQ_FREIGHT_BASES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "more than %u base prices for one load; use fewer tariffs",
                       TQ_FREIGHT_BASES_MAX);
    memmove(out->base_e4 + at + 1, out->base_e4 + at,
            (out->base_count - at) * sizeof *out->base_e4);
    out->base_e4[at] = base_e4;
    out->base_count++;
    return TQ_OK;
}

static tq_status fill_links(const errand *task, const ban_set *banned, const link_rate *rates,
                            const int64_t *ug_km, price_set *out, tq_err *err)
{
    const tq_freight *net = task->net;
    uint32_t cargo_bit = 1u << net->commodity[task->query->commodity].cargo;
    bool any_day = task->query->lifted & (1u << TQ_FREIGHT_BAN_DATE);
    out->base_count = 0;
    TQ_TRY(take_base(out, 0, err));
    for (uint32_t k = 0; k < net->link_tariff_count; k++)
        if (rates[k].usable) TQ_TRY(take_base(out, rates[k].base_e4, err));
    for (uint32_t class = 0; class < net->class_count; class ++)
        out->least_base_e4[class] = net->class[class].service ? 0 : INT64_MAX;
    for (uint32_t link = 0; link < net->link_count; link++) {
        const link_row *row = &net->link[link];
        const link_rate *rate = &rates[row->link_tariff];
        if (out->link[link].ds < 0 || !rate->usable || !(row->cargo_mask & cargo_bit) ||
            (banned->modes & (1u << row->mode)) || banned->node[row->from] ||
            banned->node[row->to] || gauge_banned(banned, row->gauge_mm) ||
            (!any_day && (task->day < row->from_day || task->day > row->to_day))) {
            out->link[link].ds = -1;
            continue;
        }
        out->link[link].ds = row->time_ds;
        out->link[link].e4 =
            scaled(row->electrified ? rate->electric_e8 : rate->plain_e8, row->length_m, 10000000);
        out->link[link].mg = scaled(ug_km[row->emission], row->length_m, E6);
        uint8_t base = 0;
        while (out->base_e4[base] != rate->base_e4)
            base++;
        out->link[link].base = base;
        out->least_base_e4[row->class] = TQ_MIN(out->least_base_e4[row->class], rate->base_e4);
    }
    return TQ_OK;
}

static void fill_live(const errand *task, price_set *out)
{
    if (!task->live || (task->query->lifted & (1u << TQ_FREIGHT_BAN_CLOSED))) return;
    for (uint32_t k = 0; k < task->live->count; k++) {
        const tq_freight_override *one = &task->live->override[k];
        if (out->link[one->link].ds < 0) continue;
        if (one->closed)
            out->link[one->link].ds = -1;
        else if (one->time_ds >= 0)
            out->link[one->link].ds = one->time_ds;
    }
}

/* The one instant of the week by which goods must be ready; -1 = more than one, or dated. */
static int32_t single_phase(const errand *task, uint32_t service)
{
    const service_row *row = &task->net->service[service];
    const direction_view *view = &task->net->view[task->direction];
    bool dated = row->from_day != DAY_MIN || row->to_day != DAY_MAX;
    uint32_t first = view->service_first[service];
    return dated || view->service_first[service + 1] - first != 1 ? -1 : view->ready[first];
}

static void fill_services(const errand *task, const ban_set *banned, const int64_t *ug_km,
                          bool boxed, price_set *out)
{
    const tq_freight *net = task->net;
    uint32_t cargo_bit = 1u << net->commodity[task->query->commodity].cargo;
    int64_t quantities[UNITS], rate_e6[MONEY_MAX];
    rates_on(task, rate_e6);
    for (uint32_t unit = 0; unit < UNITS; unit++)
        quantities[unit] = quantity_e6(task->query, boxed, unit);
    for (uint32_t service = 0; service < net->service_count; service++) {
        const service_row *row = &net->service[service];
        int64_t quantity = quantities[row->unit];
        bool usable = out->service[service].e4 >= 0 && (row->cargo_mask & cargo_bit) &&
                      !(banned->modes & (1u << row->mode)) && quantity >= 0 &&
                      rate_e6[row->money] > 0;
        for (uint32_t k = 0; k < row->path_count && usable; k++)
            usable = !banned->node[net->path[row->path + k]];
        out->service[service].e4 = -1;
        if (!usable) continue;
        freight_wide price = (freight_wide)row->price_e6 * quantity;
        /* In yuan it fits 64 bits and saves a long division; the rounding is the same. */
        out->service[service].e4 =
            rate_e6[row->money] == E6 && price < INT64_MAX / 2
                ? ((int64_t)price + 50000000) / 100000000
                : half_up(price / 1000 * rate_e6[row->money], INT64_C(100000000000));
        out->service[service].ds = row->cutoff_ds + row->transit_ds;
        out->service[service].phase = single_phase(task, service);
        out->service[service].mg = scaled(ug_km[row->emission], row->length_m, E6);
    }
}

void prices_of_arcs(const tq_freight *net, const price_set *prices, uint32_t direction,
                    arc_way *out)
{
    const direction_view *view = &net->view[direction];
    for (uint32_t g = 0; g < view->first_group[net->node_count]; g++) {
        bool service = net->class[view->group[g].class].service;
        for (uint32_t k = view->group[g].first_arc; k < view->group[g + 1].first_arc; k++) {
            const arc_row *arc = &view->arcs[k];
            const way_price *way = service ? &prices->service[arc->item] : &prices->link[arc->item];
            out[k] = (arc_way){.e4 = way->e4,
                               .mg = way->mg,
                               .ds = service && way->e4 < 0 ? -1 : way->ds,
                               .phase = service ? way->phase : way->base,
                               .head = arc->head,
                               .item = arc->item};
        }
    }
    memset(out + view_arcs(net, direction), 0, ARCS_AHEAD * sizeof *out);
}

tq_status prices_fill(const errand *task, price_set *out, tq_arena *work, tq_err *err)
{
    const tq_freight *net = task->net;
    const commodity_row *commodity = &net->commodity[task->query->commodity];
    bool boxed = commodity->cargo == TQ_FREIGHT_CONTAINER;
    size_t mark = work->used;
    ban_set banned = {.node = TQ_PUSH(work, uint8_t, net->node_count)};
    link_rate *rates = TQ_PUSH(work, link_rate, net->link_tariff_count + 1);
    int64_t *ug_km = TQ_PUSH(work, int64_t, net->emission_count + 1);
    if (!banned.node || !rates || !ug_km)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small to price the network");
    prices_key(task, &out->key);
    out->op_row = net->profile_op + (size_t)commodity->cargo * net->profile_count * OPS;
    memset(out->link, 0, net->link_count * sizeof *out->link);
    memset(out->service, 0, net->service_count * sizeof *out->service);
    collect_bans(task, &banned, out);
    for (uint32_t k = 0; k < net->link_tariff_count; k++) {
        out->link_price[k] = tariff_for(task, k);
        rates[k] = rate_of(task, out->link_price[k], boxed);
    }
    for (uint32_t k = 0; k < net->emission_count; k++)
        ug_km[k] = emission_ug(task, k);
    fill_changes(task, out);
    fill_ops(task, boxed, out);
    TQ_TRY(fill_links(task, &banned, rates, ug_km, out, err));
    fill_live(task, out);
    fill_services(task, &banned, ug_km, boxed, out);
    prices_of_arcs(net, out, task->direction, out->arc);
    tq_arena_reset(work, mark);
    return TQ_OK;
}
