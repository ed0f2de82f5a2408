/*
 * Reading places, terminals (handlings), restrictions and published corridors. A row of
 * terminals.csv names a place, a kind of place, or *; anything else is a terminal in no network.
 */
#include <stdio.h>

#include "freight/load_in.h"

/* ---- nodes ----------------------------------------------------------------------------------- */

enum { N_ID, N_ZH, N_EN, N_KIND, N_LAT, N_LON, N_REGION, N_CONF, N_COLUMNS };
static const column_head node_columns[N_COLUMNS] = {
    {"id", NEEDED},  {"name_zh", NEEDED}, {"name_en", NEEDED},  {"kind", NEEDED},
    {"lat", NEEDED}, {"lon", NEEDED},     {"region", OPTIONAL}, {"confidence", OPTIONAL}};

static tq_status read_node(table_sheet *sheet)
{
    loader *load = sheet->load;
    node_row row = {0};
    uint32_t kind_text;
    TQ_TRY(sheet_name(sheet, N_ID, &row.id));
    TQ_TRY(sheet_text(sheet, N_ZH, &row.name_zh));
    TQ_TRY(sheet_text(sheet, N_EN, &row.name_en));
    TQ_TRY(sheet_name(sheet, N_KIND, &kind_text));
    TQ_TRY(sheet_text(sheet, N_REGION, &row.region));
    TQ_TRY(sheet_text(sheet, N_CONF, &row.confidence));
    if (!tq_parse_e7(sheet_cell(sheet, N_LAT), &row.at.lat_e7))
        return sheet_bad(sheet, N_LAT, "write degrees, such as 37.86", "not a latitude");
    if (!tq_parse_e7(sheet_cell(sheet, N_LON), &row.at.lon_e7))
        return sheet_bad(sheet, N_LON, "write degrees, such as 112.55", "not a longitude");
    if (!tq_point_valid(row.at))
        return sheet_bad(sheet, N_LAT, "latitude comes first, then longitude",
                         "no place on the globe");
    uint32_t kind = index_find(load, &load->net->kind_ids, sheet_cell(sheet, N_KIND), kind_id_of);
    if (kind == TQ_NONE) {
        kind = (uint32_t)load->kinds.count;
        if (kind == TQ_FREIGHT_ROWS_MAX)
            return sheet_bad(sheet, N_KIND, "use fewer kinds", "too many kinds of places");
        if (!tq_vec_push(&load->kinds, kind_text) ||
            !index_add(load, &load->net->kind_ids, kind, kind_id_of))
            return sheet_memory(sheet);
    }
    row.kind = (uint16_t)kind;
    if (index_find(load, &load->net->node_ids, sheet_cell(sheet, N_ID), node_id_of) != TQ_NONE)
        return sheet_bad(sheet, N_ID, "give each place its own id", "duplicate id");
    if (!tq_vec_push(&load->nodes, row) ||
        !index_add(load, &load->net->node_ids, (uint32_t)load->nodes.count - 1, node_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_nodes(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, node_columns, N_COLUMNS, TQ_FREIGHT_NODES_MAX, read_node);
}

/* ---- terminals ------------------------------------------------------------------------------- */

enum {
    O_PLACE,
    O_OP,
    O_CARGO,
    O_FROM,
    O_TO,
    O_RATE,
    O_UNIT,
    O_SETUP,
    O_DWELL,
    O_P90,
    O_FEE,
    O_CO2,
    O_CONF,
    O_SOURCE,
    O_COLUMNS
};
static const column_head op_columns[O_COLUMNS] = {{"node_or_kind", NEEDED},
                                                  {"op", NEEDED},
                                                  {"cargo", NEEDED},
                                                  {"from_mode", NEEDED},
                                                  {"to_mode", NEEDED},
                                                  {"rate_per_h", NEEDED},
                                                  {"unit", NEEDED},
                                                  {"setup_h", NEEDED},
                                                  {"dwell_h", NEEDED},
                                                  {"dwell_p90_h", OPTIONAL},
                                                  {"fee_cny_per_unit", NEEDED},
                                                  {"co2e_kg_per_t", NEEDED},
                                                  {"confidence", OPTIONAL},
                                                  {"source", OPTIONAL}};

static const char *const op_names[] = {"load", "unload", "tranship", "customs", "customs_transit"};

static tq_status read_op_kind(const table_sheet *sheet, op_row *row)
{
    uint8_t kind, from = TQ_FREIGHT_MODES, to = TQ_FREIGHT_MODES;
    TQ_TRY(sheet_word(sheet, O_OP, op_names, TQ_COUNT(op_names), &kind));
    if (sheet_cell(sheet, O_FROM).len != 0)
        TQ_TRY(sheet_word(sheet, O_FROM, freight_modes, TQ_FREIGHT_MODES, &from));
    if (sheet_cell(sheet, O_TO).len != 0)
        TQ_TRY(sheet_word(sheet, O_TO, freight_modes, TQ_FREIGHT_MODES, &to));
    bool needs_from = kind == 1 || kind == 2, needs_to = kind == 0 || kind == 2;
    if (kind <= 2 && needs_from != (from != TQ_FREIGHT_MODES))
        return sheet_bad(sheet, O_FROM, "load has none, unload and tranship have one",
                         "wrong mode before %s", op_names[kind]);
    if (kind <= 2 && needs_to != (to != TQ_FREIGHT_MODES))
        return sheet_bad(sheet, O_TO, "unload has none, load and tranship have one",
                         "wrong mode after %s", op_names[kind]);
    row->op = kind == 0   ? (uint16_t)OP_LOAD(to)
              : kind == 1 ? (uint16_t)OP_UNLOAD(from)
              : kind == 2 ? (uint16_t)OP_TRANSHIP(from, to)
                          : NO_ROW;
    return TQ_OK;
}

static tq_status read_op(table_sheet *sheet)
{
    loader *load = sheet->load;
    op_row row = {0};
    tq_str place = sheet_cell(sheet, O_PLACE);
    TQ_TRY(sheet_name(sheet, O_PLACE, &row.place));
    if (!tq_str_is(place, "*") &&
        index_find(load, &load->net->node_ids, place, node_id_of) == TQ_NONE &&
        index_find(load, &load->net->kind_ids, place, kind_id_of) == TQ_NONE)
        return sheet_bad(sheet, O_PLACE, "use an id or a kind of nodes.csv, or *",
                         "a terminal in no network");
    TQ_TRY(sheet_word(sheet, O_CARGO, freight_cargoes, TQ_FREIGHT_CARGOES, &row.cargo));
    TQ_TRY(read_op_kind(sheet, &row));
    TQ_TRY(sheet_e6(sheet, O_RATE, 1, 1000000 * E6, BLANK_REFUSED, &row.rate_e6));
    TQ_TRY(sheet_word(sheet, O_UNIT, freight_units, UNITS, &row.unit));
    TQ_TRY(sheet_hours(sheet, O_SETUP, BLANK_REFUSED, &row.setup_ds));
    TQ_TRY(sheet_hours(sheet, O_DWELL, BLANK_REFUSED, &row.dwell_ds));
    TQ_TRY(sheet_hours(sheet, O_P90, BLANK_IS_ZERO, &row.dwell_p90_ds));
    if (sheet_cell(sheet, O_P90).len == 0) row.dwell_p90_ds = row.dwell_ds;
    if (row.dwell_p90_ds < row.dwell_ds)
        return sheet_bad(sheet, O_P90, "give the hours that nine of ten lots keep",
                         "shorter than the usual dwell");
    TQ_TRY(sheet_e6(sheet, O_FEE, 0, 100000000 * E6, BLANK_REFUSED, &row.fee_e6));
    TQ_TRY(sheet_e6(sheet, O_CO2, 0, 1000000 * E6, BLANK_REFUSED, &row.co2_e6));
    TQ_TRY(sheet_text(sheet, O_CONF, &row.confidence));
    TQ_TRY(sheet_text(sheet, O_SOURCE, &row.source));
    for (size_t k = 0; k < load->ops.count; k++) {
        const op_row *other = &load->ops.at[k];
        if (row.op != NO_ROW && other->op == row.op && other->cargo == row.cargo &&
            tq_str_is(place, text_at(load->net, other->place)))
            return sheet_bad(sheet, O_PLACE, "keep one row", "duplicate handling");
    }
    return tq_vec_push(&load->ops, row) ? TQ_OK : sheet_memory(sheet);
}

tq_status load_terminals(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, op_columns, O_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_op);
}

/* ---- restrictions ---------------------------------------------------------------------------- */

enum { B_ID, B_CLASS, B_ZH, B_EN, B_WHAT, B_CARGO, B_DG, B_SINCE, B_UNTIL, B_SOURCE, B_COLUMNS };
static const column_head ban_columns[B_COLUMNS] = {
    {"id", NEEDED},   {"class", NEEDED},   {"name_zh", NEEDED},    {"name_en", NEEDED},
    {"what", NEEDED}, {"cargo", OPTIONAL}, {"dg_class", OPTIONAL}, {"from", OPTIONAL},
    {"to", OPTIONAL}, {"source", OPTIONAL}};

static bool find_what(const loader *load, tq_str piece, ban_what *what)
{
    if (tq_str_starts(piece, "mode:")) {
        tq_str name = {piece.at + 5, piece.len - 5};
        for (uint32_t mode = 0; mode < TQ_FREIGHT_MODES; mode++)
            if (tq_str_is(name, freight_modes[mode])) {
                *what = (ban_what){WHAT_MODE, mode};
                return true;
            }
        return false;
    }
    if (tq_str_starts(piece, "gauge:")) {
        what->kind = WHAT_GAUGE;
        return tq_parse_u32((tq_str){piece.at + 6, piece.len - 6}, &what->row);
    }
    what->kind = WHAT_NODE;
    what->row = index_find(load, &load->net->node_ids, piece, node_id_of);
    if (what->row != TQ_NONE) return true;
    what->kind = WHAT_LINK;
    what->row = index_find(load, &load->net->link_ids, piece, link_id_of);
    if (what->row != TQ_NONE) return true;
    what->kind = WHAT_SERVICE;
    what->row = index_find(load, &load->net->service_ids, piece, service_id_of);
    return what->row != TQ_NONE;
}

static tq_status read_ban(table_sheet *sheet)
{
    loader *load = sheet->load;
    ban_row row = {.first_what = (uint32_t)load->whats.count};
    TQ_TRY(sheet_name(sheet, B_ID, &row.id));
    TQ_TRY(sheet_word(sheet, B_CLASS, freight_bans, TQ_FREIGHT_BAN_GAUGE + 1, &row.ban));
    TQ_TRY(sheet_text(sheet, B_ZH, &row.name_zh));
    TQ_TRY(sheet_text(sheet, B_EN, &row.name_en));
    TQ_TRY(sheet_cargoes(sheet, B_CARGO, true, &row.cargo_mask));
    TQ_TRY(sheet_text(sheet, B_DG, &row.dg_class));
    TQ_TRY(sheet_days(sheet, B_SINCE, B_UNTIL, &row.from_day, &row.to_day));
    TQ_TRY(sheet_text(sheet, B_SOURCE, &row.source));
    tq_str rest = sheet_cell(sheet, B_WHAT), piece;
    while (next_piece(&rest, ';', &piece)) {
        ban_what what = {0};
        if (!find_what(load, piece, &what))
            return sheet_bad(sheet, B_WHAT,
                             "use ids of places, links, services, mode:road, gauge:1520",
                             "unknown «%.*s»", (int)TQ_MIN(piece.len, 24), piece.at);
        if (!tq_vec_push(&load->whats, what)) return sheet_memory(sheet);
        row.what_count++;
    }
    if (row.what_count == 0)
        return sheet_bad(sheet, B_WHAT, "name what is forbidden", "forbids nothing");
    id_index *ids = &load->net->ban_ids;
    if (index_find(load, ids, sheet_cell(sheet, B_ID), ban_id_of) != TQ_NONE)
        return sheet_bad(sheet, B_ID, "give each restriction its own id", "duplicate id");
    if (!tq_vec_push(&load->bans, row) ||
        !index_add(load, ids, (uint32_t)load->bans.count - 1, ban_id_of))
        return sheet_memory(sheet);
    return TQ_OK;
}

tq_status load_restrictions(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, ban_columns, B_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_ban);
}

/* ---- corridors ------------------------------------------------------------------------------- */

enum { K_LINE, K_KM, K_COLUMNS };
static const column_head corridor_columns[K_COLUMNS] = {{"line_zh", NEEDED}, {"total_km", NEEDED}};

/* Published totals are for people to check sums against; only their form is read here. */
static tq_status read_corridor(table_sheet *sheet)
{
    int64_t km_e6;
    uint32_t name;
    TQ_TRY(sheet_name(sheet, K_LINE, &name));
    return sheet_e6(sheet, K_KM, 0, 100000 * E6, BLANK_REFUSED, &km_e6);
}

tq_status load_corridors(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, corridor_columns, K_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_corridor);
}
