/* What the readers of the tables share: growing lists, one sheet at a time, cells with a remedy. */
#ifndef TQ_FREIGHT_LOAD_IN_H
#define TQ_FREIGHT_LOAD_IN_H

#include "wire/wire.h"

#include "freight/freight_in.h"

/* Growing lists while reading; their memory moves into the network at the end. */
typedef struct loader {
    tq_freight *net;
    tq_err *err;
    int32_t day;
    TQ_VEC(node_row) nodes;
    TQ_VEC(link_row) links;
    TQ_VEC(service_row) services;
    TQ_VEC(tariff_row) tariffs;
    TQ_VEC(map_row) maps;
    TQ_VEC(op_row) ops;
    TQ_VEC(emission_row) emissions;
    TQ_VEC(commodity_row) commodities;
    TQ_VEC(ban_row) bans;
    TQ_VEC(ban_what) whats;
    TQ_VEC(fee_row) fees;
    TQ_VEC(set_row) factor_sets;
    TQ_VEC(hub_row) hubs;
    TQ_VEC(uplift_row) uplifts;
    TQ_VEC(rate_row) rates;
    TQ_VEC(uint8_t) priced_mask; /* of link tariffs: cargo classes that they price */
    TQ_VEC(uint32_t) paths;
    TQ_VEC(uint32_t) kinds;
    TQ_VEC(uint32_t) link_tariffs;
} loader;

#define SHEET_COLUMNS_MAX 24

typedef enum column_need { OPTIONAL, NEEDED } column_need;

typedef struct column {
    const char *name;
    column_need need;
} column_head;

/* One table being read. */
typedef struct sheet {
    loader *load;
    const char *file;
    const column_head *columns;
    uint32_t at[SHEET_COLUMNS_MAX]; /* column of the file, TQ_NONE */
    tq_csv csv;
} table_sheet;

typedef tq_status (*row_reader)(table_sheet *sheet);

/** Read a whole table: head, then `read` for each row. At most `rows_max`. */
tq_status sheet_read(loader *load, const tq_freight_text *text, const column_head *columns,
                     uint32_t column_count, uint32_t rows_max, row_reader read);
tq_str sheet_cell(const table_sheet *sheet, uint32_t column);
/** Refuse the row: «links.csv line 3, column speed_kmh, «x»: WHAT; REMEDY». */
__attribute__((format(printf, 4, 5))) tq_status
sheet_bad(const table_sheet *sheet, uint32_t column, const char *remedy, const char *what, ...);

typedef enum blank { BLANK_REFUSED, BLANK_IS_ZERO } blank_rule;
/** A decimal with at most six places as millionths, within min..max. */
tq_status sheet_e6(const table_sheet *sheet, uint32_t column, int64_t min, int64_t max,
                   blank_rule blank, int64_t *out);
/** Hours as deciseconds, rounded half up. */
tq_status sheet_hours(const table_sheet *sheet, uint32_t column, blank_rule blank, int32_t *out);
/** One of the words; its number. */
tq_status sheet_word(const table_sheet *sheet, uint32_t column, const char *const *words,
                     uint32_t count, uint8_t *out);
/** Cargo classes divided by ';' as a mask, at least one unless `any_when_blank`. */
tq_status sheet_cargoes(const table_sheet *sheet, uint32_t column, bool any_when_blank,
                        uint8_t *mask);
/** from/to columns; blank = always. Refused when from is after to. */
tq_status sheet_days(const table_sheet *sheet, uint32_t from, uint32_t to, int32_t *from_day,
                     int32_t *to_day);
tq_status sheet_text(const table_sheet *sheet, uint32_t column, uint32_t *offset);
/** Text that must be there. */
tq_status sheet_name(const table_sheet *sheet, uint32_t column, uint32_t *offset);
tq_status sheet_memory(const table_sheet *sheet);
/** Take `text` of any length into the names; false on no memory. */
bool take_text(tq_freight *net, tq_str text, uint32_t *offset);
/** Parse YYYY-MM-DD. */
bool parse_day(tq_str text, int32_t *day);
/** Next piece before `sep`; false when *rest is used up. */
bool next_piece(tq_str *rest, char sep, tq_str *piece);

extern const char *const freight_modes[TQ_FREIGHT_MODES];
extern const char *const freight_cargoes[TQ_FREIGHT_CARGOES];
extern const char *const freight_units[UNITS];
extern const char *const freight_bans[TQ_FREIGHT_BANS];

/* Ids. `id_of` gives the text offset of a row's id. */
typedef uint32_t (*id_getter)(const loader *load, uint32_t row);
uint32_t index_find(const loader *load, const id_index *index, tq_str id, id_getter id_of);
/** Add row `index->count`; false on no memory. */
bool index_add(const loader *load, id_index *index, uint32_t row, id_getter id_of);

uint32_t node_id_of(const loader *load, uint32_t row);
uint32_t link_id_of(const loader *load, uint32_t row);
uint32_t service_id_of(const loader *load, uint32_t row);
uint32_t tariff_id_of(const loader *load, uint32_t row);
uint32_t emission_id_of(const loader *load, uint32_t row);
uint32_t commodity_id_of(const loader *load, uint32_t row);
uint32_t kind_id_of(const loader *load, uint32_t row);
uint32_t link_tariff_id_of(const loader *load, uint32_t row);
uint32_t ban_id_of(const loader *load, uint32_t row);

/* One reader a table (load_prices.c, load_lines.c, load_places.c, load_fees.c, load_sets.c). */
tq_status load_nodes(loader *load, const tq_freight_text *text);
tq_status load_emissions(loader *load, const tq_freight_text *text);
tq_status load_tariffs(loader *load, const tq_freight_text *text);
tq_status load_map(loader *load, const tq_freight_text *text);
tq_status load_commodities(loader *load, const tq_freight_text *text);
tq_status load_rates(loader *load, const tq_freight_text *text);
/** The yuan, and what holds without rates.csv: 1 USD = 7.1 yuan. */
tq_status rates_begin(loader *load, bool table);
/** Number of a currency that has a rate, TQ_NONE. */
uint32_t money_find(const loader *load, tq_str currency);
tq_status load_links(loader *load, const tq_freight_text *text);
tq_status load_services(loader *load, const tq_freight_text *text);
tq_status load_terminals(loader *load, const tq_freight_text *text);
tq_status load_restrictions(loader *load, const tq_freight_text *text);
tq_status load_corridors(loader *load, const tq_freight_text *text);
tq_status load_sets(loader *load, const tq_freight_text *text);
tq_status load_fees(loader *load, const tq_freight_text *text);
/* uplift_load.c */
tq_status load_regimes(loader *load, const tq_freight_text *text);
tq_status load_flights(loader *load, const tq_freight_text *text);

#endif
