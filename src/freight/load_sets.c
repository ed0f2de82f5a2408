/*
 * Reading competing sets of emission factors (factor_sets.csv): in a set the factor `uses` stands
 * for the factor `emission`; what a set does not name stays as in emissions.csv.
 */
#include "freight/load_in.h"

enum { S_SET, S_ZH, S_EN, S_EMISSION, S_USES, S_SOURCE, S_COLUMNS };
static const column_head set_columns[S_COLUMNS] = {{"set", NEEDED},     {"name_zh", NEEDED},
                                                   {"name_en", NEEDED}, {"emission", NEEDED},
                                                   {"uses", NEEDED},    {"source", OPTIONAL}};

static tq_status find_factor(const table_sheet *sheet, uint32_t column, uint32_t *out)
{
    loader *load = sheet->load;
    *out = index_find(load, &load->net->emission_ids, sheet_cell(sheet, column), emission_id_of);
    if (*out == TQ_NONE)
        return sheet_bad(sheet, column, "use an id of emissions.csv", "unknown emission factor");
    return TQ_OK;
}

static tq_status read_set(table_sheet *sheet)
{
    loader *load = sheet->load;
    set_row row = {0};
    TQ_TRY(sheet_name(sheet, S_SET, &row.set));
    TQ_TRY(sheet_name(sheet, S_ZH, &row.name_zh));
    TQ_TRY(sheet_name(sheet, S_EN, &row.name_en));
    TQ_TRY(find_factor(sheet, S_EMISSION, &row.emission));
    TQ_TRY(find_factor(sheet, S_USES, &row.uses));
    TQ_TRY(sheet_text(sheet, S_SOURCE, &row.source));
    if (load->emissions.at[row.emission].mode != load->emissions.at[row.uses].mode)
        return sheet_bad(sheet, S_USES, "use a factor of the same mode",
                         "a factor of %s for one of %s",
                         freight_modes[load->emissions.at[row.uses].mode],
                         freight_modes[load->emissions.at[row.emission].mode]);
    uint32_t sets = 0;
    for (size_t k = 0; k < load->factor_sets.count; k++) {
        const set_row *other = &load->factor_sets.at[k];
        bool same = strcmp(text_at(load->net, other->set), text_at(load->net, row.set)) == 0;
        if (same) row.number = other->number;
        if (same && other->emission == row.emission)
            return sheet_bad(sheet, S_EMISSION, "keep one row a set and factor",
                             "the set has that factor already");
        sets = TQ_MAX(sets, other->number);
    }
    if (row.number == 0) row.number = (uint8_t)(sets + 1);
    if (row.number > TQ_FREIGHT_SETS_MAX)
        return sheet_bad(sheet, S_SET, "remove a set", "more than %u sets", TQ_FREIGHT_SETS_MAX);
    return tq_vec_push(&load->factor_sets, row) ? TQ_OK : sheet_memory(sheet);
}

tq_status load_sets(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, set_columns, S_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_set);
}
