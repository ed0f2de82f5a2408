/*
 * Reading what a railway charges beside carriage (rail_fees.csv): loading, unloading, use of its
 * boxes, wagons fetched on a siding. Dated like tariffs; two rows of one kind may not hold for the
 * same load on the same day, since a bill would not know which.
 */
#include "freight/load_in.h"

#define FEE_MAX    (INT64_C(1000000) * E6)
#define FEE_KM_MAX (INT64_C(40000) * E6)

static const char *const fee_kinds[TQ_FREIGHT_FEES] = {"load", "unload", "container_use", "siding"};
/* Units of fees: those of goods, then the wagon-kilometre. */
static const char *const fee_units[UNIT_SHIPMENT + 1] = {"t", "kg", "box40", "box20", "wagon_km"};

enum {
    F_ID,
    F_WHAT,
    F_CARGO,
    F_UNIT,
    F_CNY,
    F_UP_TO,
    F_STEP_KM,
    F_STEP,
    F_ZH,
    F_EN,
    F_CONF,
    F_SOURCE,
    F_FROM,
    F_TO,
    F_COLUMNS
};
static const column_head fee_columns[F_COLUMNS] = {
    {"id", NEEDED},      {"what", NEEDED},       {"cargo", NEEDED},        {"unit", NEEDED},
    {"cny", NEEDED},     {"up_to_km", OPTIONAL}, {"step_km", OPTIONAL},    {"step_cny", OPTIONAL},
    {"name_zh", NEEDED}, {"name_en", NEEDED},    {"confidence", OPTIONAL}, {"source", OPTIONAL},
    {"from", OPTIONAL},  {"to", OPTIONAL}};

static tq_status read_fee(table_sheet *sheet)
{
    loader *load = sheet->load;
    fee_row row = {0};
    int64_t up_to_e6, step_km_e6;
    TQ_TRY(sheet_name(sheet, F_ID, &row.id));
    TQ_TRY(sheet_word(sheet, F_WHAT, fee_kinds, TQ_FREIGHT_FEES, &row.what));
    TQ_TRY(sheet_cargoes(sheet, F_CARGO, false, &row.cargo_mask));
    TQ_TRY(sheet_word(sheet, F_UNIT, fee_units, TQ_COUNT(fee_units), &row.unit));
    TQ_TRY(sheet_e6(sheet, F_CNY, 0, FEE_MAX, BLANK_REFUSED, &row.amount_e6));
    TQ_TRY(sheet_e6(sheet, F_UP_TO, 0, FEE_KM_MAX, BLANK_IS_ZERO, &up_to_e6));
    TQ_TRY(sheet_e6(sheet, F_STEP_KM, 0, FEE_KM_MAX, BLANK_IS_ZERO, &step_km_e6));
    TQ_TRY(sheet_e6(sheet, F_STEP, 0, FEE_MAX, BLANK_IS_ZERO, &row.step_e6));
    TQ_TRY(sheet_name(sheet, F_ZH, &row.name_zh));
    TQ_TRY(sheet_name(sheet, F_EN, &row.name_en));
    TQ_TRY(sheet_text(sheet, F_CONF, &row.confidence));
    TQ_TRY(sheet_text(sheet, F_SOURCE, &row.source));
    TQ_TRY(sheet_days(sheet, F_FROM, F_TO, &row.from_day, &row.to_day));
    row.up_to_m = (int32_t)(up_to_e6 / 1000);
    row.step_m = (int32_t)(step_km_e6 / 1000);
    if ((row.what == TQ_FREIGHT_FEE_SIDING) != (row.unit == UNIT_SHIPMENT))
        return sheet_bad(sheet, F_UNIT, "a siding is charged by wagon_km, all else by t or boxes",
                         "does not go with this kind of fee");
    if ((row.step_m == 0) != (row.step_e6 == 0))
        return sheet_bad(sheet, F_STEP, "give step_km and step_cny, or neither",
                         "half of a step is missing");
    for (size_t k = 0; k < load->fees.count; k++) {
        const fee_row *other = &load->fees.at[k];
        if (other->what == row.what && other->unit == row.unit &&
            (other->cargo_mask & row.cargo_mask) != 0 && other->from_day <= row.to_day &&
            row.from_day <= other->to_day)
            return sheet_bad(sheet, F_WHAT, "give one row its own load or its own days",
                             "%s charges the same already", text_at(load->net, other->id));
    }
    return tq_vec_push(&load->fees, row) ? TQ_OK : sheet_memory(sheet);
}

tq_status load_fees(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, fee_columns, F_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_fee);
}
