/*
 * Reading links and services. A link must have a price for every cargo class that it takes, so that
 * a box cannot be put on a line that only prices bulk; a service must arrive after it leaves and
 * have an exchange rate for its currency on the day of the network.
 */
#include <stdio.h>

#include "freight/load_in.h"

#define KM_MAX (100000 * E6)

static tq_status find_node(const table_sheet *sheet, uint32_t column, tq_str id, uint32_t *node)
{
    *node = index_find(sheet->load, &sheet->load->net->node_ids, id, node_id_of);
    if (*node == TQ_NONE)
        return sheet_bad(sheet, column, "add the place to nodes.csv or correct the id",
                         "unknown place «%.*s»", (int)TQ_MIN(id.len, 24), id.len ? id.at : "");
    return TQ_OK;
}

static tq_status find_emission(const table_sheet *sheet, uint32_t column, uint8_t mode,
                               uint16_t *out)
{
    const loader *load = sheet->load;
    uint32_t row =
        index_find(load, &load->net->emission_ids, sheet_cell(sheet, column), emission_id_of);
    if (row == TQ_NONE)
        return sheet_bad(sheet, column, "add it to emissions.csv or correct the id",
                         "unknown emission factor");
    if (load->emissions.at[row].mode != mode)
        return sheet_bad(sheet, column, "name a factor of this mode",
                         "an emission factor of %s on a way by %s",
                         freight_modes[load->emissions.at[row].mode], freight_modes[mode]);
    *out = (uint16_t)row;
    return TQ_OK;
}

static tq_status read_length(const table_sheet *sheet, uint32_t column, int32_t *length_m)
{
    int64_t km_e6;
    TQ_TRY(sheet_e6(sheet, column, 0, KM_MAX, BLANK_REFUSED, &km_e6));
    if (km_e6 % 1000 != 0)
        return sheet_bad(sheet, column, "round it to whole metres",
                         "more than three decimal places of a kilometre");
    *length_m = (int32_t)(km_e6 / 1000);
    return TQ_OK;
}

/* ---- links ----------------------------------------------------------------------------------- */

enum {
    L_ID,
    L_MODE,
    L_FROM,
    L_TO,
    L_KM,
    L_LINE,
    L_TARIFF,
    L_EMISSION,
    L_SPEED,
    L_CAPACITY,
    L_GAUGE,
    L_ELECTRIC,
    L_CARGO,
    L_CONF,
    L_SOURCE,
    L_DEMAND,
    L_SINCE,
    L_UNTIL,
    L_STREETS,
    L_COLUMNS
};
static const column_head link_columns[L_COLUMNS] = {
    {"id", NEEDED},           {"mode", NEEDED},
    {"from", NEEDED},         {"to", NEEDED},
    {"distance_km", NEEDED},  {"line_zh", OPTIONAL},
    {"tariff", NEEDED},       {"emission", NEEDED},
    {"speed_kmh", NEEDED},    {"capacity_mt_y", OPTIONAL},
    {"gauge_mm", NEEDED},     {"electrified", NEEDED},
    {"cargo", NEEDED},        {"confidence", OPTIONAL},
    {"source", OPTIONAL},     {"on_demand", NEEDED},
    {"open_from", OPTIONAL},  {"open_to", OPTIONAL},
    {"streets_day", OPTIONAL}};

/* Cargo classes that some row of the map prices on links of this tariff. */
static uint8_t priced_cargoes(const loader *load, uint32_t link_tariff)
{
    uint8_t mask = 0;
    for (size_t k = 0; k < load->maps.count; k++) {
        const map_row *map = &load->maps.at[k];
        if (map->link_tariff != link_tariff) continue;
        const char *match = text_at(load->net, map->match);
        tq_str named = tq_str_of(text_at(load->net, map->tariff));
        uint32_t tariff = index_find(load, &load->net->tariff_ids, named, tariff_id_of);
        for (size_t c = 0; c < load->commodities.count; c++) {
            const commodity_row *row = &load->commodities.at[c];
            const char *own = text_at(load->net, row->rail_tariff);
            bool fits = strcmp(match, "*") == 0 || strcmp(match, own) == 0 ||
                        strcmp(match, freight_cargoes[row->cargo]) == 0;
            bool priced = tariff == TQ_NONE
                              ? own[0] != '\0'
                              : (load->tariffs.at[tariff].cargo_mask & (1u << row->cargo)) != 0;
            if (fits && priced) mask |= (uint8_t)(1u << row->cargo);
        }
    }
    return mask;
}

static tq_status read_flag(const table_sheet *sheet, uint32_t column, blank_rule blank,
                           uint8_t *out)
{
    tq_str text = sheet_cell(sheet, column);
    if ((text.len != 0 || blank == BLANK_REFUSED) && !tq_str_is(text, "0") && !tq_str_is(text, "1"))
        return sheet_bad(sheet, column, "write 0 or 1", "neither yes nor no");
    *out = tq_str_is(text, "1");
    return TQ_OK;
}

static tq_status read_gauge(const table_sheet *sheet, link_row *row)
{
    static const uint32_t gauges[] = {1000, 1067, 1435, 1520, 1668};
    tq_str text = sheet_cell(sheet, L_GAUGE);
    uint32_t gauge = 0;
    if (text.len == 0 && row->mode == TQ_FREIGHT_RAIL)
        return sheet_bad(sheet, L_GAUGE, "fill it in, such as 1435", "a railway without a gauge");
    if (text.len != 0 && row->mode != TQ_FREIGHT_RAIL)
        return sheet_bad(sheet, L_GAUGE, "leave it empty", "a gauge on a way by %s",
                         freight_modes[row->mode]);
    if (text.len != 0) {
        bool known = tq_parse_u32(text, &gauge);
        size_t k = 0;
        while (k < TQ_COUNT(gauges) && gauges[k] != gauge)
            k++;
        if (!known || k == TQ_COUNT(gauges))
            return sheet_bad(sheet, L_GAUGE, "use 1000, 1067, 1435, 1520 or 1668",
                             "no gauge that this program knows");
    }
    row->gauge_mm = (uint16_t)gauge;
    return TQ_OK;
}

static tq_status check_priced(const table_sheet *sheet, const link_row *row)
{
    uint8_t missing = (uint8_t)(row->cargo_mask & ~sheet->load->priced_mask.at[row->link_tariff]);
    for (uint32_t cargo = 0; cargo < TQ_FREIGHT_CARGOES; cargo++)
        if (missing & (1u << cargo))
            return sheet_bad(
                sheet, L_CARGO, "take the cargo out or map a tariff that prices it",
                "%s on a link whose tariff %s does not price it", freight_cargoes[cargo],
                text_at(sheet->load->net, sheet->load->link_tariffs.at[row->link_tariff]));
    return TQ_OK;
}

static tq_status read_link(table_sheet *sheet)
{
    loader *load = sheet->load;
    link_row row = {.capacity_kt_y = -1};
    TQ_TRY(sheet_name(sheet, L_ID, &row.id));
    TQ_TRY(sheet_word(sheet, L_MODE, freight_modes, TQ_FREIGHT_MODES, &row.mode));
    TQ_TRY(find_node(sheet, L_FROM, sheet_cell(sheet, L_FROM), &row.from));
    TQ_TRY(find_node(sheet, L_TO, sheet_cell(sheet, L_TO), &row.to));
    if (row.from == row.to)
        return sheet_bad(sheet, L_TO, "name two places", "a link from a place to itself");
    TQ_TRY(read_length(sheet, L_KM, &row.length_m));
    TQ_TRY(sheet_text(sheet, L_LINE, &row.line_zh));
    uint32_t link_tariff = index_find(load, &load->net->link_tariff_ids,
                                      sheet_cell(sheet, L_TARIFF), link_tariff_id_of);
    if (link_tariff == TQ_NONE)
        return sheet_bad(sheet, L_TARIFF, "add it to tariff_map.csv or correct it",
                         "unknown tariff of a link");
    row.link_tariff = (uint16_t)link_tariff;
    TQ_TRY(find_emission(sheet, L_EMISSION, row.mode, &row.emission));
    int64_t speed_e6, capacity_e6;
    TQ_TRY(sheet_e6(sheet, L_SPEED, 1000, 2000 * E6, BLANK_REFUSED, &speed_e6));
    int64_t time_ds = half_up((freight_wide)row.length_m * (DS_HOUR * 1000), speed_e6);
    if (time_ds > TQ_FREIGHT_SPAN_DS / 8)
        return sheet_bad(sheet, L_SPEED, "check the unit", "the way takes more than 155 days");
    row.time_ds = (int32_t)time_ds;
    TQ_TRY(sheet_e6(sheet, L_CAPACITY, 0, 100000 * E6, BLANK_IS_ZERO, &capacity_e6));
    if (sheet_cell(sheet, L_CAPACITY).len != 0) row.capacity_kt_y = (int32_t)(capacity_e6 / 1000);
    TQ_TRY(read_gauge(sheet, &row));
    TQ_TRY(read_flag(sheet, L_ELECTRIC, BLANK_IS_ZERO, &row.electrified));
    TQ_TRY(sheet_cargoes(sheet, L_CARGO, false, &row.cargo_mask));
    TQ_TRY(check_priced(sheet, &row));
    TQ_TRY(sheet_text(sheet, L_CONF, &row.confidence));
    TQ_TRY(sheet_text(sheet, L_SOURCE, &row.source));
    TQ_TRY(read_flag(sheet, L_DEMAND, BLANK_REFUSED, &row.on_demand));
    TQ_TRY(sheet_days(sheet, L_SINCE, L_UNTIL, &row.from_day, &row.to_day));
    row.streets_day = INT32_MIN;
    if (sheet_cell(sheet, L_STREETS).len > 0 &&
        !parse_day(sheet_cell(sheet, L_STREETS), &row.streets_day))
        return sheet_bad(sheet, L_STREETS, "write YYYY-MM-DD or leave it empty", "not a date");
    if (index_find(load, &load->net->link_ids, sheet_cell(sheet, L_ID), link_id_of) != TQ_NONE)
        return sheet_bad(sheet, L_ID, "give each link its own id", "duplicate id");
    if (!tq_vec_push(&load->links, row) ||
        !index_add(load, &load->net->link_ids, (uint32_t)load->links.count - 1, link_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_links(loader *load, const tq_freight_text *text)
{
    for (uint32_t k = 0; k < load->link_tariffs.count; k++)
        if (!tq_vec_push(&load->priced_mask, priced_cargoes(load, k)))
            return tq_fail(load->err, TQ_NO_MEMORY, 0, "no memory for %s", text->name);
    return sheet_read(load, text, link_columns, L_COLUMNS, TQ_FREIGHT_LINKS_MAX, read_link);
}

/* ---- services -------------------------------------------------------------------------------- */

enum {
    S_ID,
    S_MODE,
    S_NAME,
    S_PATH,
    S_DAYS,
    S_DEP,
    S_CUTOFF,
    S_TRANSIT,
    S_P90,
    S_CARGO,
    S_PRICE,
    S_CURRENCY,
    S_EMISSION,
    S_CONF,
    S_SOURCE,
    S_KM,
    S_SINCE,
    S_UNTIL,
    S_COLUMNS
};
static const column_head service_columns[S_COLUMNS] = {
    {"id", NEEDED},       {"mode", NEEDED},         {"name_zh", OPTIONAL},
    {"path", NEEDED},     {"days", NEEDED},         {"dep_local", NEEDED},
    {"cutoff_h", NEEDED}, {"transit_h", NEEDED},    {"transit_p90_h", OPTIONAL},
    {"cargo", NEEDED},    {"price", NEEDED},        {"currency", NEEDED},
    {"emission", NEEDED}, {"confidence", OPTIONAL}, {"source", OPTIONAL},
    {"km", OPTIONAL},     {"from", OPTIONAL},       {"to", OPTIONAL}};

static tq_status read_path(table_sheet *sheet, service_row *row)
{
    loader *load = sheet->load;
    tq_str rest = sheet_cell(sheet, S_PATH), piece;
    row->path = (uint32_t)load->paths.count;
    while (next_piece(&rest, ';', &piece)) {
        uint32_t node;
        TQ_TRY(find_node(sheet, S_PATH, piece, &node));
        if (row->path_count == TQ_FREIGHT_PATH_MAX)
            return sheet_bad(sheet, S_PATH, "name fewer places", "more than %u places",
                             TQ_FREIGHT_PATH_MAX);
        if (!tq_vec_push(&load->paths, node)) return sheet_memory(sheet);
        row->path_count++;
    }
    if (row->path_count < 2 ||
        load->paths.at[row->path] == load->paths.at[row->path + row->path_count - 1])
        return sheet_bad(sheet, S_PATH, "name the places from first to last, divided by ;",
                         "does not lead from one place to another");
    return TQ_OK;
}

static tq_status read_calendar(const table_sheet *sheet, service_row *row)
{
    tq_str days = sheet_cell(sheet, S_DAYS), dep = sheet_cell(sheet, S_DEP);
    for (size_t k = 0; k < days.len; k++) {
        if (days.at[k] < '1' || days.at[k] > '7' || (row->days & (1u << (days.at[k] - '1'))))
            return sheet_bad(sheet, S_DAYS, "write each weekday once, 1 is Monday, such as 135",
                             "not days of the week");
        row->days |= (uint8_t)(1u << (days.at[k] - '1'));
    }
    if (row->days == 0)
        return sheet_bad(sheet, S_DAYS, "write weekdays, 1 is Monday, such as 135",
                         "the service never leaves");
    uint32_t hour = 24, minute = 60;
    size_t colon = dep.len >= 4 ? dep.len - 3 : 0;
    if (colon == 0 || colon > 2 || dep.at[colon] != ':' ||
        !tq_parse_u32((tq_str){dep.at, colon}, &hour) ||
        !tq_parse_u32((tq_str){dep.at + colon + 1, 2}, &minute) || hour > 23 || minute > 59)
        return sheet_bad(sheet, S_DEP, "write HH:MM between 00:00 and 23:59", "not a time of day");
    row->departs_min = hour * 60 + minute;
    TQ_TRY(sheet_hours(sheet, S_CUTOFF, BLANK_REFUSED, &row->cutoff_ds));
    int64_t transit_e6;
    TQ_TRY(sheet_e6(sheet, S_TRANSIT, INT64_MIN / 2, 8760 * E6, BLANK_REFUSED, &transit_e6));
    if (transit_e6 <= 0)
        return sheet_bad(sheet, S_TRANSIT, "give the hours from first to last place",
                         "the service arrives before it leaves");
    TQ_TRY(sheet_hours(sheet, S_TRANSIT, BLANK_REFUSED, &row->transit_ds));
    TQ_TRY(sheet_hours(sheet, S_P90, BLANK_IS_ZERO, &row->transit_p90_ds));
    if (sheet_cell(sheet, S_P90).len == 0) row->transit_p90_ds = row->transit_ds;
    if (row->transit_p90_ds < row->transit_ds)
        return sheet_bad(sheet, S_P90, "give the hours that nine of ten runs keep",
                         "shorter than the usual transit");
    return TQ_OK;
}

static tq_status read_price(const table_sheet *sheet, service_row *row)
{
    const loader *load = sheet->load;
    tq_str rest = sheet_cell(sheet, S_CURRENCY), currency = {0}, unit = {0};
    TQ_TRY(sheet_e6(sheet, S_PRICE, 0, INT64_C(100000000) * E6, BLANK_REFUSED, &row->price_e6));
    next_piece(&rest, '/', &currency);
    next_piece(&rest, '/', &unit);
    uint8_t known = 0;
    while (known < UNITS && !tq_str_is(unit, freight_units[known]))
        known++;
    if (known == UNITS || rest.len != 0 || currency.len == 0)
        return sheet_bad(sheet, S_CURRENCY,
                         "write CNY or another currency, then /t, /kg, /box40, "
                         "/box20 or /shipment",
                         "unknown unit of a price");
    row->unit = known;
    uint32_t money = money_find(load, currency);
    bool rated = false;
    for (size_t k = 0; money != TQ_NONE && k < load->rates.count && !rated; k++)
        rated = load->rates.at[k].money == money && load->rates.at[k].day <= load->day;
    if (!rated)
        return sheet_bad(sheet, S_CURRENCY, "add a row of that date or before it to rates.csv",
                         "no exchange rate of this currency on the day of the network");
    row->money = (uint8_t)money;
    return TQ_OK;
}

static tq_status read_service(table_sheet *sheet)
{
    loader *load = sheet->load;
    service_row row = {.length_m = -1};
    TQ_TRY(sheet_name(sheet, S_ID, &row.id));
    TQ_TRY(sheet_word(sheet, S_MODE, freight_modes, TQ_FREIGHT_MODES, &row.mode));
    TQ_TRY(sheet_text(sheet, S_NAME, &row.name_zh));
    TQ_TRY(read_path(sheet, &row));
    TQ_TRY(read_calendar(sheet, &row));
    TQ_TRY(sheet_cargoes(sheet, S_CARGO, false, &row.cargo_mask));
    TQ_TRY(read_price(sheet, &row));
    TQ_TRY(find_emission(sheet, S_EMISSION, row.mode, &row.emission));
    TQ_TRY(sheet_text(sheet, S_CONF, &row.confidence));
    TQ_TRY(sheet_text(sheet, S_SOURCE, &row.source));
    if (sheet_cell(sheet, S_KM).len != 0) TQ_TRY(read_length(sheet, S_KM, &row.length_m));
    TQ_TRY(sheet_days(sheet, S_SINCE, S_UNTIL, &row.from_day, &row.to_day));
    id_index *ids = &load->net->service_ids;
    if (index_find(load, ids, sheet_cell(sheet, S_ID), service_id_of) != TQ_NONE)
        return sheet_bad(sheet, S_ID, "give each service its own id", "duplicate id");
    if (!tq_vec_push(&load->services, row) ||
        !index_add(load, ids, (uint32_t)load->services.count - 1, service_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_services(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, service_columns, S_COLUMNS, TQ_FREIGHT_SERVICES_MAX,
                      read_service);
}
