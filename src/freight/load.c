/*
 * Reading a freight network: which tables, in which order, and what must hold between them.
 *
 * Every table is read once, top to bottom; a row may only name rows of tables read before it:
 * tariffs, emissions, places, price map, commodities, rates, links, services, terminals,
 * restrictions. The first bad row stops the reading with file, line, column, value and what to do;
 * nothing is kept. Numbers are decimal text turned into integers without floating point.
 *
 * Not done here: prices of a consignment (prices.c), shapes for the search (network.c).
 */
#include "freight/load_in.h"

const char *const freight_modes[TQ_FREIGHT_MODES] = {"road", "rail", "sea", "river", "air"};
const char *const freight_cargoes[TQ_FREIGHT_CARGOES] = {"bulk", "container", "general", "mail"};
const char *const freight_units[UNITS] = {"t", "kg", "box40", "box20", "shipment"};
const char *const freight_bans[TQ_FREIGHT_BANS] = {
    "border", "strait", "dangerous_goods", "port", "mode",   "gauge", "avoid",
    "closed", "date",   "deadline",        "via",  "changes"};

/* ---- ids ------------------------------------------------------------------------------------- */

uint32_t node_id_of(const loader *load, uint32_t row)
{
    return load->nodes.at[row].id;
}

uint32_t link_id_of(const loader *load, uint32_t row)
{
    return load->links.at[row].id;
}

uint32_t service_id_of(const loader *load, uint32_t row)
{
    return load->services.at[row].id;
}

uint32_t tariff_id_of(const loader *load, uint32_t row)
{
    return load->tariffs.at[row].id;
}

uint32_t emission_id_of(const loader *load, uint32_t row)
{
    return load->emissions.at[row].id;
}

uint32_t commodity_id_of(const loader *load, uint32_t row)
{
    return load->commodities.at[row].code;
}

uint32_t kind_id_of(const loader *load, uint32_t row)
{
    return load->kinds.at[row];
}

uint32_t link_tariff_id_of(const loader *load, uint32_t row)
{
    return load->link_tariffs.at[row];
}

uint32_t ban_id_of(const loader *load, uint32_t row)
{
    return load->bans.at[row].id;
}

uint32_t index_find(const loader *load, const id_index *index, tq_str id, id_getter id_of)
{
    if (index->count == 0) return TQ_NONE;
    for (uint32_t k = (uint32_t)tq_hash(id.at, id.len, 0) & index->mask;;
         k = (k + 1) & index->mask) {
        if (index->slot[k] == 0) return TQ_NONE;
        uint32_t row = index->slot[k] - 1;
        if (tq_str_is(id, text_at(load->net, id_of(load, row)))) return row;
    }
}

static void index_put(const loader *load, id_index *index, uint32_t row, id_getter id_of)
{
    const char *id = text_at(load->net, id_of(load, row));
    uint32_t k = (uint32_t)tq_hash(id, strlen(id), 0) & index->mask;
    while (index->slot[k] != 0)
        k = (k + 1) & index->mask;
    index->slot[k] = row + 1;
}

bool index_add(const loader *load, id_index *index, uint32_t row, id_getter id_of)
{
    if (2 * (index->count + 1) > index->mask) {
        uint32_t *old = index->slot, old_mask = index->mask;
        uint32_t mask = old ? 2 * old_mask + 1 : 63;
        uint32_t *slot = TQ_ALLOC(uint32_t, (size_t)mask + 1);
        if (!slot) return false;
        index->slot = slot;
        index->mask = mask;
        for (uint32_t k = 0; old && k <= old_mask; k++)
            if (old[k]) index_put(load, index, old[k] - 1, id_of);
        tq_free(old);
    }
    index_put(load, index, row, id_of);
    index->count++;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

typedef struct table {
    const char *name;
    column_need need;
    tq_status (*read)(loader *load, const tq_freight_text *text);
} table;

static const table tables[] = {
    {"tariffs.csv", NEEDED, load_tariffs},
    {"emissions.csv", NEEDED, load_emissions},
    {"nodes.csv", NEEDED, load_nodes},
    {"tariff_map.csv", NEEDED, load_map},
    {"commodities.csv", NEEDED, load_commodities},
    {"rates.csv", OPTIONAL, load_rates},
    {"links.csv", NEEDED, load_links},
    {"services.csv", NEEDED, load_services},
    {"terminals.csv", NEEDED, load_terminals},
    {"restrictions.csv", OPTIONAL, load_restrictions},
    {"corridors.csv", OPTIONAL, load_corridors},
    {"rail_fees.csv", OPTIONAL, load_fees},
    {"factor_sets.csv", OPTIONAL, load_sets},
    {"regimes.csv", OPTIONAL, load_regimes},
    {"flights.csv", OPTIONAL, load_flights},
};

static tq_status read_tables(loader *load, const tq_freight_text *texts, size_t count)
{
    const tq_freight_text *given[TQ_COUNT(tables)] = {0};
    for (size_t k = 0; k < count; k++) {
        size_t which = 0;
        while (which < TQ_COUNT(tables) && strcmp(tables[which].name, texts[k].name) != 0)
            which++;
        if (which == TQ_COUNT(tables))
            return tq_fail(load->err, TQ_BAD_INPUT, 0,
                           "%s is no table of a freight network; remove it or name it as in "
                           "docs/design/freight.md",
                           texts[k].name);
        if (given[which])
            return tq_fail(load->err, TQ_BAD_INPUT, 0, "%s is given twice; keep one",
                           texts[k].name);
        given[which] = &texts[k];
    }
    bool rates = false;
    for (size_t which = 0; which < TQ_COUNT(tables); which++)
        rates |= given[which] && tables[which].read == load_rates;
    TQ_TRY(rates_begin(load, rates));
    for (size_t which = 0; which < TQ_COUNT(tables); which++) {
        if (given[which])
            TQ_TRY(tables[which].read(load, given[which]));
        else if (tables[which].need == NEEDED)
            return tq_fail(load->err, TQ_BAD_INPUT, 0,
                           "%s is missing; add it to the freight folder", tables[which].name);
    }
    return TQ_OK;
}

/* A place that no link and no service touches can never be part of a plan. */
static tq_status check_connected(loader *load)
{
    tq_freight *net = load->net;
    bool *touched = TQ_ALLOC(bool, net->node_count);
    if (!touched) return tq_fail(load->err, TQ_NO_MEMORY, 0, "no memory for the freight network");
    for (uint32_t link = 0; link < net->link_count; link++)
        touched[net->link[link].from] = touched[net->link[link].to] = true;
    for (uint32_t k = 0; k < net->path_total; k++)
        touched[net->path[k]] = true;
    tq_status status = TQ_OK;
    for (uint32_t node = 0; node < net->node_count && status == TQ_OK; node++)
        if (!touched[node])
            status =
                tq_fail(load->err, TQ_BAD_INPUT, node + 2,
                        "nodes.csv row %u, column id, «%s»: no link and no service touches it; "
                        "connect it or remove the row",
                        node + 1, text_at(net, net->node[node].id));
    tq_free(touched);
    return status;
}

#define MOVE(list, rows, number)                                                                   \
    (net->rows = load->list.at, net->number = (uint32_t)load->list.count)

static void move_rows(loader *load)
{
    tq_freight *net = load->net;
    MOVE(nodes, node, node_count);
    MOVE(links, link, link_count);
    MOVE(services, service, service_count);
    MOVE(tariffs, tariff, tariff_count);
    MOVE(maps, map, map_count);
    MOVE(ops, op, op_count);
    MOVE(emissions, emission, emission_count);
    MOVE(commodities, commodity, commodity_count);
    MOVE(bans, ban, ban_count);
    MOVE(whats, what, what_count);
    MOVE(fees, fee, fee_count);
    MOVE(factor_sets, set, set_count);
    MOVE(hubs, hub, hub_count);
    MOVE(uplifts, uplift, uplift_count);
    MOVE(rates, rate, rate_count);
    MOVE(paths, path, path_total);
    MOVE(kinds, kind, kind_count);
    MOVE(link_tariffs, link_tariff, link_tariff_count);
}

tq_status tq_freight_load(const tq_freight_text *texts, size_t count, int32_t day, tq_freight **out,
                          tq_err *err)
{
    loader load = {.err = err, .day = day};
    tq_freight *net = TQ_ALLOC(tq_freight, 1);
    if (!net) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the freight network");
    load.net = net;
    net->day = day;
    tq_buf_putc(&net->names, '\0');
    for (size_t k = 0; k < count; k++) {
        net->version = tq_hash(texts[k].name, strlen(texts[k].name), net->version);
        net->version = tq_hash(texts[k].bytes.at, texts[k].bytes.len, net->version);
    }
    tq_status status = read_tables(&load, texts, count);
    move_rows(&load);
    tq_vec_free(&load.priced_mask);
    if (status == TQ_OK) status = check_connected(&load);
    if (status == TQ_OK) status = freight_freeze(net, err);
    if (status != TQ_OK) {
        tq_freight_free(net);
        return status;
    }
    *out = net;
    return TQ_OK;
}

void tq_freight_free(tq_freight *net)
{
    if (!net) return;
    void *rows[] = {net->node, net->link,     net->service,     net->tariff, net->map,
                    net->op,   net->emission, net->commodity,   net->ban,    net->what,
                    net->path, net->kind,     net->link_tariff, net->fee,    net->set,
                    net->hub,  net->uplift,   net->rate};
    id_index *ids[] = {&net->node_ids,   &net->link_ids,        &net->service_ids,
                       &net->tariff_ids, &net->emission_ids,    &net->commodity_ids,
                       &net->kind_ids,   &net->link_tariff_ids, &net->ban_ids};
    for (size_t k = 0; k < TQ_COUNT(rows); k++)
        tq_free(rows[k]);
    for (size_t k = 0; k < TQ_COUNT(ids); k++)
        tq_free(ids[k]->slot);
    tq_buf_free(&net->names);
    tq_pool_free(&net->pool);
    tq_free(net);
}
