/*
 * The smaller files: transfers.txt, flat fares, and those that no search reads yet, which are kept
 * whole.
 *
 * Fares version 1 become a flat tariff of a route only where the feed leaves no choice: exactly one
 * fare may apply to it, and that fare asks for no zones. Everything else stays a table. Minor units
 * of a currency are two digits but for the few of ISO 4217 that have none or three.
 */
#include <stdio.h>

#include "import/gtfs_in.h"

/* ---- transfers ---- */

/* An id that may be blank (TQ_NONE) but not unknown. */
static tq_status optional_id(gtfs *g, const gtfs_reader *reader, const gtfs_ids *ids,
                             const char *what, tq_str id, uint32_t *row, bool *known)
{
    *row = TQ_NONE;
    if (id.len == 0) return TQ_OK;
    *row = gtfs_ids_find(ids, id);
    if (*row != TQ_NONE) return TQ_OK;
    *known = false;
    return gtfs_bad(g, "unknown_id", reader->file, reader->csv.line,
                    "%s «%.*s» is not known; the row is left out", what, GTFS_SLICE(id));
}

/* Last or first stop of a trip, for transfers that name trips alone. */
static uint32_t end_stop(const gtfs *g, uint32_t trip, bool last)
{
    if (trip == TQ_NONE || g->trips.at[trip].pattern == TQ_NONE) return TQ_NONE;
    const gtfs_pattern *pattern = &g->patterns.at[g->trips.at[trip].pattern];
    return g->pattern_stop.at[pattern->first + (last ? pattern->count - 1 : 0)];
}

static tq_status take_transfer(gtfs *g, const gtfs_reader *reader, const uint32_t column[8])
{
    tq_transfer row = {.min_s = TQ_NONE};
    tq_str type = gtfs_cell(reader, column[2]), least = gtfs_cell(reader, column[3]);
    bool known = true;
    TQ_TRY(optional_id(g, reader, &g->stop_ids, "from_stop_id", gtfs_cell(reader, column[0]),
                       &row.from_stop, &known));
    TQ_TRY(optional_id(g, reader, &g->stop_ids, "to_stop_id", gtfs_cell(reader, column[1]),
                       &row.to_stop, &known));
    TQ_TRY(optional_id(g, reader, &g->route_ids, "from_route_id", gtfs_cell(reader, column[4]),
                       &row.from_route, &known));
    TQ_TRY(optional_id(g, reader, &g->route_ids, "to_route_id", gtfs_cell(reader, column[5]),
                       &row.to_route, &known));
    TQ_TRY(optional_id(g, reader, &g->trip_ids, "from_trip_id", gtfs_cell(reader, column[6]),
                       &row.from_trip, &known));
    TQ_TRY(optional_id(g, reader, &g->trip_ids, "to_trip_id", gtfs_cell(reader, column[7]),
                       &row.to_trip, &known));
    if (!known) return TQ_OK;
    if (row.from_stop == TQ_NONE) row.from_stop = end_stop(g, row.from_trip, true);
    if (row.to_stop == TQ_NONE) row.to_stop = end_stop(g, row.to_trip, false);
    if (row.from_stop == TQ_NONE || row.to_stop == TQ_NONE)
        return gtfs_bad(g, "no_stop", reader->file, reader->csv.line,
                        "the transfer names neither stops nor trips that run; the row is left out");
    if (type.len != 0 && (!tq_parse_u32(type, &row.type) || row.type > 5))
        return gtfs_bad(g, "bad_transfer_type", reader->file, reader->csv.line,
                        "transfer_type «%.*s» is not 0 to 5; the row is left out",
                        GTFS_SLICE(type));
    if (least.len != 0 && (!tq_parse_u32(least, &row.min_s) || row.min_s > 86400)) {
        row.min_s = TQ_NONE;
        return gtfs_bad(g, "bad_transfer_time", reader->file, reader->csv.line,
                        "min_transfer_time «%.*s» is not 0 to 86400 s; the row is left out",
                        GTFS_SLICE(least));
    }
    return tq_vec_push(&g->transfers, row) ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_transfers(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "transfers.txt", &reader));
    uint32_t column[8] = {
        gtfs_column(&reader, "from_stop_id"),  gtfs_column(&reader, "to_stop_id"),
        gtfs_column(&reader, "transfer_type"), gtfs_column(&reader, "min_transfer_time"),
        gtfs_column(&reader, "from_route_id"), gtfs_column(&reader, "to_route_id"),
        gtfs_column(&reader, "from_trip_id"),  gtfs_column(&reader, "to_trip_id")};
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_transfer(g, &reader, column);
    }
    gtfs_reader_close(&reader);
    return status;
}

/* ---- tables kept whole ---- */

static const char *const whole_files[] = {"feed_info.txt",
                                          "attributions.txt",
                                          "translations.txt",
                                          "pathways.txt",
                                          "levels.txt",
                                          "fare_attributes.txt",
                                          "fare_rules.txt",
                                          "timeframes.txt",
                                          "rider_categories.txt",
                                          "fare_media.txt",
                                          "fare_products.txt",
                                          "fare_leg_rules.txt",
                                          "fare_leg_join_rules.txt",
                                          "fare_transfer_rules.txt",
                                          "areas.txt",
                                          "stop_areas.txt",
                                          "networks.txt",
                                          "route_networks.txt",
                                          "location_groups.txt",
                                          "location_group_stops.txt",
                                          "booking_rules.txt"};
static const char *const read_files[] = {"agency.txt",         "stops.txt",       "routes.txt",
                                         "trips.txt",          "stop_times.txt",  "calendar.txt",
                                         "calendar_dates.txt", "frequencies.txt", "transfers.txt",
                                         "shapes.txt",         "first_last.csv"};
static const char geojson_file[] = "locations.geojson";

static bool push_cell(gtfs *g, tq_str text)
{
    return g->table_cells.count < TQ_GTFS_CELLS_MAX &&
           tq_vec_push(&g->table_cells, gtfs_text_add(g, text));
}

static tq_status too_many_cells(gtfs *g, uint32_t line)
{
    return tq_fail(g->err, TQ_LIMIT, line,
                   "the tables of %s have more than %u cells, or there is no memory",
                   gtfs_source_called(g->source), TQ_GTFS_CELLS_MAX);
}

tq_status gtfs_table_begin(gtfs *g, const char *file, const tq_csv *csv)
{
    tq_table table = {.name = gtfs_text_add(g, tq_str_of(file)),
                      .feed = g->feed,
                      .first_column = (uint32_t)g->table_columns.count,
                      .column_count = csv->columns,
                      .first_cell = (uint32_t)g->table_cells.count};
    for (uint32_t column = 0; column < csv->columns; column++)
        if (!tq_vec_push(&g->table_columns, gtfs_text_add(g, csv->head[column])))
            return gtfs_no_memory(g);
    return tq_vec_push(&g->tables, table) ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_table_row(gtfs *g, const tq_csv *csv)
{
    for (uint32_t column = 0; column < csv->columns; column++)
        if (!push_cell(g, csv->field[column])) return too_many_cells(g, csv->line);
    g->tables.at[g->tables.count - 1].row_count++;
    return TQ_OK;
}

static tq_status keep_whole(gtfs *g, const char *file)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, file, &reader));
    tq_status status = reader.present ? gtfs_table_begin(g, file, &reader.csv) : TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = gtfs_table_row(g, &reader.csv);
    }
    gtfs_reader_close(&reader);
    return status;
}

static tq_status keep_geojson(gtfs *g)
{
    gtfs_text text;
    TQ_TRY(gtfs_source_text(g->source, geojson_file, &text, g->err));
    tq_status status = TQ_OK;
    if (text.text.at != NULL) {
        tq_csv head = {.columns = 1, .head = {TQ_STR("text")}};
        head.field[0] = text.text;
        status = gtfs_table_begin(g, geojson_file, &head);
        if (status == TQ_OK) status = gtfs_table_row(g, &head);
    }
    gtfs_text_free(&text);
    return status;
}

static void note_unknown_file(void *user, const char *name)
{
    gtfs *g = user;
    const char *dot = strrchr(name, '.');
    if (name[0] == '.' || dot == NULL || strcmp(dot, ".txt") != 0) return;
    for (size_t k = 0; k < TQ_COUNT(whole_files); k++)
        if (strcmp(name, whole_files[k]) == 0) return;
    for (size_t k = 0; k < TQ_COUNT(read_files); k++)
        if (strcmp(name, read_files[k]) == 0) return;
    gtfs_say(g, TQ_NOTE, "unknown_file", name, 0,
             "this file is not part of the GTFS schedule reference; not read");
}

tq_status gtfs_read_tables(gtfs *g)
{
    for (size_t k = 0; k < TQ_COUNT(whole_files); k++)
        TQ_TRY(keep_whole(g, whole_files[k]));
    TQ_TRY(keep_geojson(g));
    return gtfs_source_names(g->source, note_unknown_file, g, g->err);
}

/* ---- flat fares ---- */

/* How many fares may apply to a route: none yet, one, or a choice. */
#define FARE_NONE   TQ_NONE
#define FARE_CHOICE (TQ_NONE - 1)

typedef struct flat_fare {
    uint32_t id, currency; /* text */
    uint64_t fen;
    uint32_t change_window_s, tariff;
    bool ruled, usable;
} flat_fare;

typedef struct fare_book {
    gtfs_ids ids;
    TQ_VEC(flat_fare) fares;
    uint32_t *fare_of_route; /* [routes of the feed] */
    uint32_t everywhere;     /* of rules that name no route */
} fare_book;

static unsigned minor_digits(tq_str currency)
{
    static const char none[][4] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
                                   "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
    static const char three[][4] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    for (size_t k = 0; k < TQ_COUNT(none); k++)
        if (tq_str_is(currency, none[k])) return 0;
    for (size_t k = 0; k < TQ_COUNT(three); k++)
        if (tq_str_is(currency, three[k])) return 3;
    return 2;
}

static void choose(uint32_t *slot, uint32_t fare)
{
    *slot = *slot == FARE_NONE || *slot == fare ? fare : FARE_CHOICE;
}

/* Price in minor units, exact: "2.50" -> 250. */
static bool parse_price(tq_str text, unsigned digits, uint64_t *fen)
{
    uint64_t value = 0;
    unsigned decimals = 0;
    bool point = false, any = false;
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || value > 100000000) return false;
        any = true;
        if (point && decimals == digits) {
            if (c != '0') return false;
            continue;
        }
        value = value * 10 + (uint64_t)(c - '0');
        decimals += point;
    }
    for (; decimals < digits; decimals++)
        value *= 10;
    *fen = value;
    return any && value <= UINT32_MAX;
}

static tq_status take_fare(gtfs *g, const gtfs_reader *reader, fare_book *book)
{
    tq_str id = gtfs_cell(reader, gtfs_column(reader, "fare_id")),
           price = gtfs_cell(reader, gtfs_column(reader, "price")),
           transfers = gtfs_cell(reader, gtfs_column(reader, "transfers")),
           duration = gtfs_cell(reader, gtfs_column(reader, "transfer_duration"));
    tq_str currency = gtfs_cell(reader, gtfs_column(reader, "currency_type"));
    flat_fare fare = {
        .id = gtfs_text_add(g, id), .currency = gtfs_text_add(g, currency), .tariff = TQ_NONE};
    if (gtfs_ids_find(&book->ids, id) != TQ_NONE)
        return gtfs_bad(g, "duplicate_id", reader->file, reader->csv.line,
                        "fare_id «%.*s» is there twice", GTFS_SLICE(id));
    fare.usable = parse_price(price, minor_digits(currency), &fare.fen);
    if (!fare.usable)
        TQ_TRY(gtfs_bad(g, "bad_price", reader->file, reader->csv.line,
                        "price «%.*s» %.*s is not an amount of money", GTFS_SLICE(price),
                        GTFS_SLICE(currency)));
    /* Blank transfers means any number; without a duration that holds for the day. */
    if (!tq_str_is(transfers, "0") &&
        (duration.len == 0 || !tq_parse_u32(duration, &fare.change_window_s)))
        fare.change_window_s = 86400;
    bool ok = gtfs_ids_put(&book->ids, id, (uint32_t)book->fares.count) &&
              tq_vec_push(&book->fares, fare);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

static tq_status take_fare_rule(gtfs *g, const gtfs_reader *reader, fare_book *book)
{
    tq_str id = gtfs_cell(reader, gtfs_column(reader, "fare_id")),
           route = gtfs_cell(reader, gtfs_column(reader, "route_id"));
    bool zones = gtfs_cell(reader, gtfs_column(reader, "origin_id")).len != 0 ||
                 gtfs_cell(reader, gtfs_column(reader, "destination_id")).len != 0 ||
                 gtfs_cell(reader, gtfs_column(reader, "contains_id")).len != 0;
    uint32_t fare = gtfs_ids_find(&book->ids, id);
    if (fare == TQ_NONE)
        return gtfs_bad(g, "unknown_id", reader->file, reader->csv.line,
                        "fare_id «%.*s» is not in fare_attributes.txt", GTFS_SLICE(id));
    book->fares.at[fare].ruled = true;
    uint32_t value = zones ? FARE_CHOICE : fare;
    if (route.len == 0) {
        choose(&book->everywhere, value);
        return TQ_OK;
    }
    uint32_t row = gtfs_ids_find(&g->route_ids, route);
    if (row == TQ_NONE)
        return gtfs_bad(g, "unknown_route", reader->file, reader->csv.line,
                        "route_id «%.*s» is not in routes.txt", GTFS_SLICE(route));
    choose(&book->fare_of_route[row - g->first_route], value);
    return TQ_OK;
}

static tq_status make_tariff(gtfs *g, flat_fare *fare)
{
    const char *fare_id = tq_texts_at(g->build->texts, fare->id);
    char name[256], id[400];
    int len = snprintf(name, sizeof name, "%.200s %.40s", fare_id,
                       tq_texts_at(g->build->texts, fare->currency));
    int id_len = g->several ? snprintf(id, sizeof id, "%s:%.200s", g->source->name, fare_id)
                            : snprintf(id, sizeof id, "%.200s", fare_id);
    tq_tariff tariff = {.id = gtfs_text_add(g, (tq_str){id, (size_t)TQ_MAX(id_len, 0)}),
                        .name = gtfs_text_add(g, (tq_str){name, (size_t)TQ_MAX(len, 0)}),
                        .source = gtfs_text_add(g, TQ_STR("GTFS fare_attributes.txt")),
                        .kind = TQ_TARIFF_FLAT,
                        .first_step = (uint32_t)g->tariff_steps.count,
                        .step_count = 1,
                        .card_percent = 100,
                        .percent = {100, 100, 100, 100},
                        .change_window_s = fare->change_window_s};
    tq_tariff_step step = {UINT32_MAX, (uint32_t)fare->fen};
    fare->tariff = (uint32_t)g->tariffs.count;
    return tq_vec_push(&g->tariffs, tariff) && tq_vec_push(&g->tariff_steps, step)
               ? TQ_OK
               : gtfs_no_memory(g);
}

static tq_status apply_fares(gtfs *g, fare_book *book)
{
    /* A fare without rules applies everywhere. */
    for (uint32_t fare = 0; fare < book->fares.count; fare++)
        if (!book->fares.at[fare].ruled) choose(&book->everywhere, fare);
    for (size_t route = g->first_route; route < g->routes.count; route++) {
        uint32_t fare = book->fare_of_route[route - g->first_route];
        if (book->everywhere != FARE_NONE) choose(&fare, book->everywhere);
        if (fare >= FARE_CHOICE || !book->fares.at[fare].usable) continue;
        if (book->fares.at[fare].tariff == TQ_NONE) TQ_TRY(make_tariff(g, &book->fares.at[fare]));
        g->routes.at[route].tariff = book->fares.at[fare].tariff;
    }
    return TQ_OK;
}

tq_status gtfs_read_fares(gtfs *g)
{
    gtfs_reader fares = {0}, rules = {0};
    TQ_TRY(gtfs_reader_open(g, "fare_attributes.txt", &fares));
    tq_status status = gtfs_reader_open(g, "fare_rules.txt", &rules);
    size_t routes = g->routes.count - g->first_route;
    fare_book book = {.fare_of_route = TQ_ALLOC(uint32_t, routes), .everywhere = FARE_NONE};
    if (status == TQ_OK && book.fare_of_route == NULL) status = gtfs_no_memory(g);
    for (size_t route = 0; status == TQ_OK && route < routes; route++)
        book.fare_of_route[route] = FARE_NONE;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&fares, &more);
        if (status != TQ_OK || !more) break;
        status = take_fare(g, &fares, &book);
    }
    for (bool more = true; status == TQ_OK && fares.present;) {
        status = gtfs_reader_next(&rules, &more);
        if (status != TQ_OK || !more) break;
        status = take_fare_rule(g, &rules, &book);
    }
    if (status == TQ_OK) status = apply_fares(g, &book);
    gtfs_reader_close(&fares);
    gtfs_reader_close(&rules);
    gtfs_ids_free(&book.ids);
    tq_vec_free(&book.fares);
    tq_free(book.fare_of_route);
    return status;
}
