/*
 * Reading the land-air hub: customs regimes with their steps (regimes.csv), services that take
 * their goods (flights.csv). Three rows make a regime; a step must fit into its opening hours at
 * its slowest, else no consignment could ever pass.
 */
#include "freight/load_in.h"

#define MINUTES_MAX (INT64_C(4) * 1440 * E6)
#define KG_MAX      (INT64_C(1000000) * E6)
#define DAY_S       86400
#define PROBE_S     (INT64_C(20000) * DAY_S) /* any instant */

enum {
    R_ID,
    R_ZH,
    R_EN,
    R_TERMINAL,
    R_STEP,
    R_DAYS,
    R_OPEN,
    R_CLOSE,
    R_MINUTES,
    R_P90,
    R_CONF,
    R_SOURCE,
    R_COLUMNS
};
static const column_head regime_columns[R_COLUMNS] = {
    {"regime", NEEDED},  {"name_zh", NEEDED},     {"name_en", NEEDED},    {"terminal", NEEDED},
    {"step", NEEDED},    {"days", NEEDED},        {"open", NEEDED},       {"close", NEEDED},
    {"minutes", NEEDED}, {"minutes_p90", NEEDED}, {"confidence", NEEDED}, {"source", NEEDED}};

static const char *const step_names[TQ_FREIGHT_HUB_STEPS] = {"acceptance", "customs", "security"};
static const char *const confidences[] = {"given", "assumed"};

static tq_status read_days(const table_sheet *sheet, uint32_t column, uint8_t *out)
{
    tq_str text = sheet_cell(sheet, column);
    uint8_t days = 0;
    for (size_t k = 0; k < text.len; k++) {
        unsigned day = (unsigned)(uint8_t)text.at[k] - '1';
        if (day > 6 || (days & 1u << day) != 0) {
            days = 0;
            break;
        }
        days |= (uint8_t)(1u << day);
    }
    if (days == 0)
        return sheet_bad(sheet, column, "write each day once, 1 = Monday, such as 12345",
                         "no days of the week");
    *out = days;
    return TQ_OK;
}

/* HH:MM, up to 24:00. */
static tq_status read_clock(const table_sheet *sheet, uint32_t column, int32_t *out)
{
    tq_str text = sheet_cell(sheet, column);
    uint32_t hour = 0, minute = 0;
    if (text.len != 5 || text.at[2] != ':' || !tq_parse_u32((tq_str){text.at, 2}, &hour) ||
        !tq_parse_u32((tq_str){text.at + 3, 2}, &minute) || minute > 59 ||
        hour * 60 + minute > 1440)
        return sheet_bad(sheet, column, "write HH:MM, 00:00 to 24:00", "not a time of day");
    *out = (int32_t)(hour * 3600 + minute * 60);
    return TQ_OK;
}

static tq_status read_minutes(const table_sheet *sheet, uint32_t column, int32_t *out)
{
    int64_t e6;
    TQ_TRY(sheet_e6(sheet, column, 0, MINUTES_MAX, BLANK_REFUSED, &e6));
    if (e6 % E6 != 0) return sheet_bad(sheet, column, "write whole minutes", "a part of a minute");
    *out = (int32_t)(e6 / E6) * 60;
    return TQ_OK;
}

/* «given» or «assumed», and where it comes from. */
static tq_status read_standing(const table_sheet *sheet, uint32_t confidence, uint32_t source,
                               uint32_t *confidence_text, uint32_t *source_text)
{
    uint8_t word;
    TQ_TRY(sheet_word(sheet, confidence, confidences, TQ_COUNT(confidences), &word));
    TQ_TRY(sheet_name(sheet, confidence, confidence_text));
    return sheet_name(sheet, source, source_text);
}

static uint32_t find_regime(const loader *load, tq_str id)
{
    for (uint32_t k = 0; k < load->hubs.count; k++)
        if (tq_str_is(id, text_at(load->net, load->hubs.at[k].id))) return k;
    return TQ_NONE;
}

static tq_status new_regime(table_sheet *sheet, uint32_t *out)
{
    loader *load = sheet->load;
    hub_row row = {0};
    if (load->hubs.count == TQ_FREIGHT_REGIMES_MAX)
        return sheet_bad(sheet, R_ID, "remove one", "more than %u regimes", TQ_FREIGHT_REGIMES_MAX);
    TQ_TRY(sheet_name(sheet, R_ID, &row.id));
    TQ_TRY(sheet_name(sheet, R_ZH, &row.name_zh));
    TQ_TRY(sheet_name(sheet, R_EN, &row.name_en));
    row.terminal =
        index_find(load, &load->net->node_ids, sheet_cell(sheet, R_TERMINAL), node_id_of);
    if (row.terminal == TQ_NONE)
        return sheet_bad(sheet, R_TERMINAL, "use an id of nodes.csv", "unknown place");
    *out = (uint32_t)load->hubs.count;
    return tq_vec_push(&load->hubs, row) ? TQ_OK : sheet_memory(sheet);
}

/* That goods can ever pass: the slowest work fits into the opening hours. */
static bool fits(const struct hub_work *work)
{
    tq_freight_regime probe = {0};
    tq_freight_uplift made;
    for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS; step++)
        probe.work[step] = (tq_freight_hub_work){.days = 127, .close_s = DAY_S};
    probe.work[0] = (tq_freight_hub_work){.days = work->days,
                                          .open_s = work->open_s,
                                          .close_s = work->close_s,
                                          .least_s = work->least_s,
                                          .p90_s = work->p90_s};
    return tq_freight_uplift_make(&probe, PROBE_S, 0, TQ_FREIGHT_P90, &made);
}

static tq_status read_regime(table_sheet *sheet)
{
    loader *load = sheet->load;
    struct hub_work work = {0};
    uint8_t step;
    uint32_t regime = find_regime(load, sheet_cell(sheet, R_ID));
    if (regime == TQ_NONE) TQ_TRY(new_regime(sheet, &regime));
    hub_row *row = &load->hubs.at[regime];
    uint32_t terminal =
        index_find(load, &load->net->node_ids, sheet_cell(sheet, R_TERMINAL), node_id_of);
    if (terminal != row->terminal)
        return sheet_bad(sheet, R_TERMINAL, "keep a regime at one terminal",
                         "another place than in the regime's first row");
    TQ_TRY(sheet_word(sheet, R_STEP, step_names, TQ_FREIGHT_HUB_STEPS, &step));
    if (step != row->done)
        return sheet_bad(sheet, R_STEP, "write acceptance, customs, security, one row each",
                         "a step out of order or twice");
    TQ_TRY(read_days(sheet, R_DAYS, &work.days));
    TQ_TRY(read_clock(sheet, R_OPEN, &work.open_s));
    TQ_TRY(read_clock(sheet, R_CLOSE, &work.close_s));
    if (work.close_s <= work.open_s)
        return sheet_bad(sheet, R_CLOSE, "close after opening, at 24:00 at the latest",
                         "closes before it opens");
    TQ_TRY(read_minutes(sheet, R_MINUTES, &work.least_s));
    TQ_TRY(read_minutes(sheet, R_P90, &work.p90_s));
    if (work.p90_s < work.least_s)
        return sheet_bad(sheet, R_P90, "exchange them", "less than minutes");
    if (!fits(&work))
        return sheet_bad(sheet, R_P90, "open longer or take less", "longer than the step is open");
    TQ_TRY(read_standing(sheet, R_CONF, R_SOURCE, &work.confidence, &work.source));
    row->work[step] = work;
    row->done++;
    return TQ_OK;
}

tq_status load_regimes(loader *load, const tq_freight_text *text)
{
    TQ_TRY(sheet_read(load, text, regime_columns, R_COLUMNS,
                      TQ_FREIGHT_REGIMES_MAX * TQ_FREIGHT_HUB_STEPS, read_regime));
    for (uint32_t k = 0; k < load->hubs.count; k++)
        if (load->hubs.at[k].done != TQ_FREIGHT_HUB_STEPS)
            return tq_fail(
                load->err, TQ_BAD_INPUT, 0, "regimes.csv, regime «%.40s»: no row for %s; add it",
                text_at(load->net, load->hubs.at[k].id), step_names[load->hubs.at[k].done]);
    return TQ_OK;
}

/* ---- flights --------------------------------------------------------------------------------- */

enum { U_SERVICE, U_REGIMES, U_KG, U_CUTOFF, U_CONF, U_SOURCE, U_FROM, U_TO, U_COLUMNS };
static const column_head flight_columns[U_COLUMNS] = {
    {"service", NEEDED},    {"regimes", NEEDED}, {"max_kg", NEEDED}, {"cutoff_min", OPTIONAL},
    {"confidence", NEEDED}, {"source", NEEDED},  {"from", OPTIONAL}, {"to", OPTIONAL}};

static tq_status read_taken(const table_sheet *sheet, uint32_t *regimes)
{
    tq_str rest = sheet_cell(sheet, U_REGIMES), piece;
    while (next_piece(&rest, ';', &piece)) {
        uint32_t regime = find_regime(sheet->load, piece);
        if (regime == TQ_NONE)
            return sheet_bad(sheet, U_REGIMES, "use ids of regimes.csv, divided by ;",
                             "unknown regime «%.*s»", (int)TQ_MIN(piece.len, 20u), piece.at);
        *regimes |= 1u << regime;
    }
    if (*regimes == 0)
        return sheet_bad(sheet, U_REGIMES, "name regimes, divided by ;", "no regime");
    return TQ_OK;
}

static tq_status read_flight(table_sheet *sheet)
{
    loader *load = sheet->load;
    uplift_row row = {0};
    int64_t max_e6;
    row.service =
        index_find(load, &load->net->service_ids, sheet_cell(sheet, U_SERVICE), service_id_of);
    if (row.service == TQ_NONE)
        return sheet_bad(sheet, U_SERVICE, "use an id of services.csv", "unknown service");
    for (size_t k = 0; k < load->uplifts.count; k++)
        if (load->uplifts.at[k].service == row.service)
            return sheet_bad(sheet, U_SERVICE, "keep one row a service", "given twice");
    TQ_TRY(read_taken(sheet, &row.regimes));
    TQ_TRY(sheet_e6(sheet, U_KG, E6, KG_MAX, BLANK_REFUSED, &max_e6));
    row.max_g = max_e6 / 1000;
    row.cutoff_s = load->services.at[row.service].cutoff_ds / 10;
    if (sheet_cell(sheet, U_CUTOFF).len > 0) TQ_TRY(read_minutes(sheet, U_CUTOFF, &row.cutoff_s));
    TQ_TRY(read_standing(sheet, U_CONF, U_SOURCE, &row.confidence, &row.source));
    TQ_TRY(sheet_days(sheet, U_FROM, U_TO, &row.from_day, &row.to_day));
    return tq_vec_push(&load->uplifts, row) ? TQ_OK : sheet_memory(sheet);
}

tq_status load_flights(loader *load, const tq_freight_text *text)
{
    return sheet_read(load, text, flight_columns, U_COLUMNS, TQ_FREIGHT_ROWS_MAX, read_flight);
}
