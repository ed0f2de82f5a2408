/*
 * Reading what things cost: tariffs, which tariff a link uses, emission factors, commodities,
 * exchange rates. A tariff may have several rows of one id on different days; they may not overlap.
 */
#include <stdio.h>

#include "freight/load_in.h"

#define PRICE_MAX (INT64_C(100000000) * E6)

/* ---- tariffs --------------------------------------------------------------------------------- */

enum {
    T_ID,
    T_MODE,
    T_CARGO,
    T_UNIT,
    T_BASE1,
    T_KM,
    T_FUND,
    T_ELEC,
    T_MULT,
    T_MIN,
    T_STAMP,
    T_CONF,
    T_SOURCE,
    T_FROM,
    T_TO,
    T_COLUMNS
};
static const column_head tariff_columns[T_COLUMNS] = {{"id", NEEDED},
                                                      {"mode", NEEDED},
                                                      {"cargo", NEEDED},
                                                      {"unit", NEEDED},
                                                      {"base1_cny", NEEDED},
                                                      {"per_km_cny", NEEDED},
                                                      {"fund_per_km_cny", NEEDED},
                                                      {"elec_per_km_cny", NEEDED},
                                                      {"multiplier", NEEDED},
                                                      {"min_cny", OPTIONAL},
                                                      {"stamp_pct", OPTIONAL},
                                                      {"confidence", OPTIONAL},
                                                      {"source", OPTIONAL},
                                                      {"from", OPTIONAL},
                                                      {"to", OPTIONAL}};

static tq_status read_tariff(table_sheet *sheet)
{
    loader *load = sheet->load;
    tariff_row row = {0};
    TQ_TRY(sheet_name(sheet, T_ID, &row.id));
    TQ_TRY(sheet_word(sheet, T_MODE, freight_modes, TQ_FREIGHT_MODES, &row.mode));
    TQ_TRY(sheet_cargoes(sheet, T_CARGO, false, &row.cargo_mask));
    TQ_TRY(sheet_word(sheet, T_UNIT, freight_units, UNIT_SHIPMENT, &row.unit));
    TQ_TRY(sheet_e6(sheet, T_BASE1, 0, PRICE_MAX, BLANK_REFUSED, &row.base1_e6));
    TQ_TRY(sheet_e6(sheet, T_KM, 0, PRICE_MAX, BLANK_REFUSED, &row.per_km_e6));
    TQ_TRY(sheet_e6(sheet, T_FUND, 0, PRICE_MAX, BLANK_IS_ZERO, &row.fund_e6));
    TQ_TRY(sheet_e6(sheet, T_ELEC, 0, PRICE_MAX, BLANK_IS_ZERO, &row.elec_e6));
    TQ_TRY(sheet_e6(sheet, T_MULT, 0, 100 * E6, BLANK_REFUSED, &row.multiplier_e6));
    TQ_TRY(sheet_e6(sheet, T_MIN, 0, PRICE_MAX, BLANK_IS_ZERO, &row.min_e6));
    TQ_TRY(sheet_e6(sheet, T_STAMP, 0, 100 * E6, BLANK_IS_ZERO, &row.stamp_pct_e6));
    TQ_TRY(sheet_text(sheet, T_CONF, &row.confidence));
    TQ_TRY(sheet_text(sheet, T_SOURCE, &row.source));
    TQ_TRY(sheet_days(sheet, T_FROM, T_TO, &row.from_day, &row.to_day));
    const char *id = text_at(load->net, row.id);
    uint32_t first = index_find(load, &load->net->tariff_ids, tq_str_of(id), tariff_id_of);
    for (size_t k = first; first != TQ_NONE && k < load->tariffs.count; k++) {
        const tariff_row *other = &load->tariffs.at[k];
        if (strcmp(text_at(load->net, other->id), id) == 0 && other->from_day <= row.to_day &&
            row.from_day <= other->to_day)
            return sheet_bad(sheet, T_ID, "give each row its own id or its own days",
                             "duplicate id on the same days");
    }
    if (!tq_vec_push(&load->tariffs, row)) return sheet_memory(sheet);
    if (first == TQ_NONE &&
        !index_add(load, &load->net->tariff_ids, (uint32_t)load->tariffs.count - 1, tariff_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_tariffs(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, tariff_columns, T_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_tariff);
}

/* ---- which tariff ---------------------------------------------------------------------------- */

enum { M_LINK, M_MATCH, M_TARIFF, M_COLUMNS };
static const column_head map_columns[M_COLUMNS] = {
    {"link_tariff", NEEDED}, {"match", NEEDED}, {"tariff", NEEDED}};

static tq_status read_map(table_sheet *sheet)
{
    loader *load = sheet->load;
    map_row row = {0};
    uint32_t name;
    TQ_TRY(sheet_name(sheet, M_LINK, &name));
    TQ_TRY(sheet_name(sheet, M_MATCH, &row.match));
    TQ_TRY(sheet_name(sheet, M_TARIFF, &row.tariff));
    tq_str match = sheet_cell(sheet, M_MATCH), tariff = sheet_cell(sheet, M_TARIFF);
    bool known = tq_str_is(match, "*");
    for (uint32_t cargo = 0; cargo < TQ_FREIGHT_CARGOES; cargo++)
        known |= tq_str_is(match, freight_cargoes[cargo]);
    if (!known && index_find(load, &load->net->tariff_ids, match, tariff_id_of) == TQ_NONE)
        return sheet_bad(sheet, M_MATCH, "use a rail tariff of tariffs.csv, a cargo class, or *",
                         "fits nothing");
    if (!tq_str_is(tariff, "=commodity") &&
        index_find(load, &load->net->tariff_ids, tariff, tariff_id_of) == TQ_NONE)
        return sheet_bad(sheet, M_TARIFF, "add the tariff to tariffs.csv or use =commodity",
                         "unknown tariff");
    uint32_t link_tariff =
        index_find(load, &load->net->link_tariff_ids, sheet_cell(sheet, M_LINK), link_tariff_id_of);
    if (link_tariff == TQ_NONE) {
        link_tariff = (uint32_t)load->link_tariffs.count;
        if (!tq_vec_push(&load->link_tariffs, name) ||
            !index_add(load, &load->net->link_tariff_ids, link_tariff, link_tariff_id_of))
            return sheet_memory(sheet);
    }
    row.link_tariff = (uint16_t)link_tariff;
    return tq_vec_push(&load->maps, row) ? TQ_OK : sheet_memory(sheet);
}

tq_status load_map(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, map_columns, M_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_map);
}

/* ---- emissions ------------------------------------------------------------------------------- */

enum { E_ID, E_MODE, E_VEHICLE, E_TTW, E_WTT, E_WTW, E_BASIS, E_CONF, E_SOURCE, E_COLUMNS };
static const column_head emission_columns[E_COLUMNS] = {
    {"id", NEEDED},        {"mode", NEEDED},         {"vehicle", OPTIONAL},
    {"ttw_g_tkm", NEEDED}, {"wtt_g_tkm", NEEDED},    {"wtw_g_tkm", NEEDED},
    {"basis", OPTIONAL},   {"confidence", OPTIONAL}, {"source", OPTIONAL}};

static tq_status read_emission(table_sheet *sheet)
{
    loader *load = sheet->load;
    emission_row row = {0};
    TQ_TRY(sheet_name(sheet, E_ID, &row.id));
    TQ_TRY(sheet_word(sheet, E_MODE, freight_modes, TQ_FREIGHT_MODES, &row.mode));
    TQ_TRY(sheet_text(sheet, E_VEHICLE, &row.vehicle));
    TQ_TRY(sheet_e6(sheet, E_TTW, 0, 1000000 * E6, BLANK_REFUSED, &row.ttw_e6));
    TQ_TRY(sheet_e6(sheet, E_WTT, 0, 1000000 * E6, BLANK_REFUSED, &row.wtt_e6));
    TQ_TRY(sheet_e6(sheet, E_WTW, 0, 1000000 * E6, BLANK_REFUSED, &row.wtw_e6));
    TQ_TRY(sheet_text(sheet, E_BASIS, &row.basis));
    TQ_TRY(sheet_text(sheet, E_CONF, &row.confidence));
    TQ_TRY(sheet_text(sheet, E_SOURCE, &row.source));
    id_index *ids = &load->net->emission_ids;
    if (index_find(load, ids, sheet_cell(sheet, E_ID), emission_id_of) != TQ_NONE)
        return sheet_bad(sheet, E_ID, "give each row its own id", "duplicate id");
    if (!tq_vec_push(&load->emissions, row) ||
        !index_add(load, ids, (uint32_t)load->emissions.count - 1, emission_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_emissions(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, emission_columns, E_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_emission);
}

/* ---- commodities ----------------------------------------------------------------------------- */

enum { C_CODE, C_ZH, C_EN, C_CARGO, C_TARIFF, C_DENSITY, C_DG, C_HS, C_COLUMNS };
static const column_head commodity_columns[C_COLUMNS] = {
    {"code", NEEDED},        {"name_zh", NEEDED},        {"name_en", NEEDED},    {"cargo", NEEDED},
    {"rail_tariff", NEEDED}, {"density_t_m3", OPTIONAL}, {"dg_class", OPTIONAL}, {"hs4", OPTIONAL}};

static tq_status read_commodity(table_sheet *sheet)
{
    loader *load = sheet->load;
    commodity_row row = {0};
    TQ_TRY(sheet_name(sheet, C_CODE, &row.code));
    TQ_TRY(sheet_text(sheet, C_ZH, &row.name_zh));
    TQ_TRY(sheet_text(sheet, C_EN, &row.name_en));
    TQ_TRY(sheet_word(sheet, C_CARGO, freight_cargoes, TQ_FREIGHT_CARGOES, &row.cargo));
    TQ_TRY(sheet_text(sheet, C_TARIFF, &row.rail_tariff));
    TQ_TRY(sheet_e6(sheet, C_DENSITY, 0, 100 * E6, BLANK_IS_ZERO, &row.density_e6));
    TQ_TRY(sheet_text(sheet, C_DG, &row.dg_class));
    TQ_TRY(sheet_text(sheet, C_HS, &row.hs4));
    tq_str tariff = sheet_cell(sheet, C_TARIFF);
    if (tariff.len != 0) {
        uint32_t found = index_find(load, &load->net->tariff_ids, tariff, tariff_id_of);
        if (found == TQ_NONE)
            return sheet_bad(sheet, C_TARIFF, "add it to tariffs.csv or leave it empty",
                             "unknown tariff");
        if (!(load->tariffs.at[found].cargo_mask & (1u << row.cargo)))
            return sheet_bad(sheet, C_TARIFF, "name a tariff of this cargo class",
                             "the tariff does not price %s", freight_cargoes[row.cargo]);
    }
    id_index *ids = &load->net->commodity_ids;
    if (index_find(load, ids, sheet_cell(sheet, C_CODE), commodity_id_of) != TQ_NONE)
        return sheet_bad(sheet, C_CODE, "give each row its own code", "duplicate id");
    if (!tq_vec_push(&load->commodities, row) ||
        !index_add(load, ids, (uint32_t)load->commodities.count - 1, commodity_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_commodities(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, commodity_columns, C_COLUMNS, TQ_FREIGHT_ROWS_MAX,
                      read_commodity);
}

/* ---- exchange rates -------------------------------------------------------------------------- */

enum { R_CURRENCY, R_DATE, R_RATE, R_COLUMNS };
static const column_head rate_columns[R_COLUMNS] = {
    {"currency", NEEDED}, {"date", NEEDED}, {"rate", NEEDED}};

uint32_t money_find(const loader *load, tq_str currency)
{
    for (uint32_t money = 0; money < load->net->money_count; money++)
        if (tq_str_is(currency, text_at(load->net, load->net->money[money]))) return money;
    return TQ_NONE;
}

static tq_status add_rate(loader *load, tq_str currency, int32_t day, int64_t rate_e6, bool *added)
{
    tq_freight *net = load->net;
    uint32_t money = money_find(load, currency);
    *added = money != TQ_NONE || net->money_count < MONEY_MAX;
    if (!*added) return TQ_OK;
    if (money == TQ_NONE) {
        money = net->money_count++;
        *added = take_text(net, currency, &net->money[money]);
    }
    *added = *added && tq_vec_push(&load->rates, ((rate_row){rate_e6, day, (uint8_t)money}));
    return *added ? TQ_OK
                  : tq_fail(load->err, TQ_NO_MEMORY, 0, "no memory for the freight network");
}

tq_status rates_begin(loader *load, bool table)
{
    bool added;
    TQ_TRY(add_rate(load, TQ_STR("CNY"), DAY_MIN, E6, &added));
    return table ? TQ_OK : add_rate(load, TQ_STR("USD"), DAY_MIN, 7100000, &added);
}

static tq_status read_rate(table_sheet *sheet)
{
    loader *load = sheet->load;
    tq_str currency = sheet_cell(sheet, R_CURRENCY);
    int32_t day;
    int64_t rate_e6;
    uint32_t unused;
    bool added;
    TQ_TRY(sheet_name(sheet, R_CURRENCY, &unused));
    if (!parse_day(sheet_cell(sheet, R_DATE), &day))
        return sheet_bad(sheet, R_DATE, "write YYYY-MM-DD", "not a date");
    TQ_TRY(sheet_e6(sheet, R_RATE, 1, 1000000 * E6, BLANK_REFUSED, &rate_e6));
    uint32_t money = money_find(load, currency);
    for (size_t k = 0; k < load->rates.count; k++)
        if (load->rates.at[k].day == day && load->rates.at[k].money == money)
            return sheet_bad(sheet, R_DATE, "keep one row a currency and date",
                             "duplicate rate of that date");
    TQ_TRY(add_rate(load, currency, day, rate_e6, &added));
    return added ? TQ_OK
                 : sheet_bad(sheet, R_CURRENCY, "remove one", "more than %u currencies", MONEY_MAX);
}

tq_status load_rates(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, rate_columns, R_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_rate);
}
