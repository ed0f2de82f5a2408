/*
 * Agencies, stops, routes and the English names of a feed.
 *
 * A stop needs a position: one without, at 0/0 or out of range takes that of its station and is
 * marked as approximate; without a station it is left out. Order is that of the files; feeds follow
 * one another.
 */
#include "import/gtfs_in.h"

/* ---- agencies ---- */

typedef struct agency_columns {
    uint32_t id, name, url, zone, phone;
} agency_columns;

static tq_status take_agency(gtfs *g, const gtfs_reader *reader, const agency_columns *column)
{
    tq_str key = gtfs_cell(reader, column->id), zone = gtfs_cell(reader, column->zone);
    if (gtfs_ids_find(&g->agency_ids, key) != TQ_NONE)
        return gtfs_bad(g, "duplicate_id", reader->file, reader->csv.line,
                        "agency_id «%.*s» is there twice; the row is left out", GTFS_SLICE(key));
    const char *ours = g->build->settings->timezone;
    if (zone.len != 0 && ours[0] != '\0' && !tq_str_is(zone, ours) && !g->zone_said) {
        g->zone_said = true;
        gtfs_say(g, TQ_WARNING, "other_timezone", reader->file, reader->csv.line,
                 "agency «%.*s» keeps the time of %.*s, the city that of %s; the city's is used",
                 GTFS_SLICE(gtfs_cell(reader, column->name)), GTFS_SLICE(zone), ours);
    }
    tq_agency agency = {gtfs_text_add(g, key), gtfs_text_add(g, gtfs_cell(reader, column->name)),
                        gtfs_text_add(g, gtfs_cell(reader, column->url)), gtfs_text_add(g, zone),
                        gtfs_text_add(g, gtfs_cell(reader, column->phone))};
    bool ok = gtfs_ids_put(&g->agency_ids, key, (uint32_t)g->agencies.count) &&
              tq_vec_push(&g->agencies, agency);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_agencies(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "agency.txt", &reader));
    agency_columns column = {gtfs_column(&reader, "agency_id"), gtfs_column(&reader, "agency_name"),
                             gtfs_column(&reader, "agency_url"),
                             gtfs_column(&reader, "agency_timezone"),
                             gtfs_column(&reader, "agency_phone")};
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_agency(g, &reader, &column);
    }
    gtfs_reader_close(&reader);
    TQ_TRY(status);
    if (g->agencies.count > g->first_agency) return TQ_OK;
    gtfs_say(g, TQ_WARNING, "no_agency", "agency.txt", 0,
             "the feed names no agency; its routes go under «%s»", g->source->name);
    tq_agency stand_in = {.name = gtfs_text_add(g, tq_str_of(g->source->name))};
    return tq_vec_push(&g->agencies, stand_in) ? TQ_OK : gtfs_no_memory(g);
}

/* ---- stops ---- */

typedef struct stop_columns {
    uint32_t id, code, name, desc, lat, lon, zone, kind, parent, wheelchair, platform, approximate;
} stop_columns;

/* What a stop waits for until all stops are known. */
typedef struct stop_wait {
    uint32_t stop, parent_text, line;
    bool placed;
} stop_wait;

typedef struct stop_reader {
    gtfs_reader reader;
    stop_columns column;
    TQ_VEC(stop_wait) waits;
    gtfs_ids parent_ids; /* parent_station as written -> number */
} stop_reader;

static bool read_position(gtfs *g, const gtfs_reader *reader, const stop_columns *column, tq_str id,
                          tq_point *at)
{
    tq_str lat = gtfs_cell(reader, column->lat), lon = gtfs_cell(reader, column->lon);
    tq_point point;
    if (lat.len == 0 && lon.len == 0) return false;
    if (!tq_parse_e7(lat, &point.lat_e7) || !tq_parse_e7(lon, &point.lon_e7) ||
        !tq_point_valid(point)) {
        gtfs_say(g, TQ_WARNING, "bad_position", reader->file, reader->csv.line,
                 "stop «%.*s» is at %.*s, %.*s, which is no place on earth", GTFS_SLICE(id),
                 GTFS_SLICE(lat), GTFS_SLICE(lon));
        return false;
    }
    if (point.lat_e7 == 0 && point.lon_e7 == 0) {
        gtfs_say(g, TQ_WARNING, "zero_position", reader->file, reader->csv.line,
                 "stop «%.*s» is at 0, 0; that is taken as no position", GTFS_SLICE(id));
        return false;
    }
    *at = point;
    return true;
}

static uint8_t small_number(tq_str text, uint32_t most)
{
    uint32_t value;
    return text.len != 0 && tq_parse_u32(text, &value) && value <= most ? (uint8_t)value : 0;
}

static tq_status take_stop(gtfs *g, stop_reader *in)
{
    const gtfs_reader *reader = &in->reader;
    const stop_columns *column = &in->column;
    tq_str id = gtfs_cell(reader, column->id), parent = gtfs_cell(reader, column->parent);
    uint32_t line = reader->csv.line;
    if (id.len == 0)
        return gtfs_bad(g, "no_id", reader->file, line, "stop_id is empty; the row is left out");
    if (gtfs_ids_find(&g->stop_ids, id) != TQ_NONE)
        return gtfs_bad(g, "duplicate_id", reader->file, line,
                        "stop_id «%.*s» is there twice; the row is left out", GTFS_SLICE(id));
    if (g->stops.count >= TQ_GTFS_STOPS_MAX)
        return tq_fail(g->err, TQ_LIMIT, line, "stops.txt: more than %u stops", TQ_GTFS_STOPS_MAX);
    tq_stop stop = {.parent = TQ_NONE, .node = TQ_NONE, .feed = (uint8_t)g->feed};
    stop_wait wait = {.stop = (uint32_t)g->stops.count, .parent_text = TQ_NONE, .line = line};
    wait.placed = read_position(g, reader, column, id, &stop.at);
    bool ok = true;
    if (parent.len != 0) {
        wait.parent_text = gtfs_ids_find(&in->parent_ids, parent);
        if (wait.parent_text == TQ_NONE) {
            wait.parent_text = (uint32_t)in->parent_ids.id.count;
            ok = gtfs_ids_put(&in->parent_ids, parent, wait.parent_text);
        }
    } else if (!wait.placed) {
        return gtfs_bad(g, "no_position", reader->file, line,
                        "stop «%.*s» has no position and no station; it is left out",
                        GTFS_SLICE(id));
    }
    stop.kind = small_number(gtfs_cell(reader, column->kind), TQ_STOP_KIND_BOARDING);
    stop.wheelchair = small_number(gtfs_cell(reader, column->wheelchair), 2);
    stop.approximate = tq_str_is(gtfs_cell(reader, column->approximate), "1");
    stop.id = gtfs_public_id(g, &g->seen_stop, id, reader->file, line, &ok);
    stop.code = gtfs_text_add(g, gtfs_cell(reader, column->code));
    stop.name = gtfs_text_add(g, gtfs_cell(reader, column->name));
    stop.desc = gtfs_text_add(g, gtfs_cell(reader, column->desc));
    stop.zone = gtfs_text_add(g, gtfs_cell(reader, column->zone));
    stop.platform = gtfs_text_add(g, gtfs_cell(reader, column->platform));
    ok = ok && gtfs_ids_put(&g->stop_ids, id, wait.stop) && tq_vec_push(&g->stops, stop);
    if (ok && wait.parent_text != TQ_NONE) ok = tq_vec_push(&in->waits, wait);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

/* Parents are known now. A boarding area belongs to a platform; it is hung on the platform's
 * station. */
static tq_status link_parents(gtfs *g, stop_reader *in)
{
    for (size_t k = 0; k < in->waits.count; k++) {
        const stop_wait *wait = &in->waits.at[k];
        const gtfs_id *text = &in->parent_ids.id.at[wait->parent_text];
        tq_str name = {in->parent_ids.bytes.at + text->offset, text->len};
        uint32_t parent = gtfs_ids_find(&g->stop_ids, name);
        if (parent == TQ_NONE || parent == wait->stop)
            gtfs_say(g, TQ_WARNING, "unknown_station", "stops.txt", wait->line,
                     "parent_station «%.*s» is not among the stops; the link is left out",
                     GTFS_SLICE(name));
        else
            g->stops.at[wait->stop].parent = parent;
    }
    for (size_t k = 0; k < in->waits.count; k++) {
        tq_stop *stop = &g->stops.at[in->waits.at[k].stop];
        uint32_t above = stop->parent != TQ_NONE ? g->stops.at[stop->parent].parent : TQ_NONE;
        if (stop->kind == TQ_STOP_KIND_BOARDING && above != TQ_NONE) stop->parent = above;
    }
    return TQ_OK;
}

/* Stops without a position of their own take their station's. A stop whose station has none either
   keeps no place that could be used; it is taken out of the table of ids, so that rows that name it
   are findings. */
static tq_status place_by_parents(gtfs *g, stop_reader *in)
{
    for (size_t k = 0; k < in->waits.count; k++) {
        const stop_wait *wait = &in->waits.at[k];
        if (wait->placed) continue;
        tq_stop *stop = &g->stops.at[wait->stop];
        const tq_stop *parent = stop->parent != TQ_NONE ? &g->stops.at[stop->parent] : NULL;
        bool usable = parent != NULL && (parent->at.lat_e7 != 0 || parent->at.lon_e7 != 0);
        if (usable) {
            stop->at = parent->at;
            stop->approximate = 1;
            if (stop->kind <= TQ_STOP_KIND_ENTRANCE)
                gtfs_say(g, TQ_NOTE, "position_of_station", "stops.txt", wait->line,
                         "stop «%s» has no position; its station's is used",
                         tq_texts_at(g->build->texts, stop->id));
            continue;
        }
        TQ_TRY(gtfs_bad(g, "no_position", "stops.txt", wait->line,
                        "stop «%s» has no position and neither has its station; trips pass it by",
                        tq_texts_at(g->build->texts, stop->id)));
        /* Every stop that was taken has one id, in the same order. */
        g->stop_ids.id.at[wait->stop - g->first_stop].row = TQ_NONE;
        stop->approximate = 1;
        stop->parent = TQ_NONE;
    }
    return TQ_OK;
}

tq_status gtfs_read_stops(gtfs *g)
{
    stop_reader in = {0};
    gtfs_reader *reader = &in.reader;
    TQ_TRY(gtfs_reader_open(g, "stops.txt", reader));
    in.column = (stop_columns){
        gtfs_column(reader, "stop_id"),        gtfs_column(reader, "stop_code"),
        gtfs_column(reader, "stop_name"),      gtfs_column(reader, "stop_desc"),
        gtfs_column(reader, "stop_lat"),       gtfs_column(reader, "stop_lon"),
        gtfs_column(reader, "zone_id"),        gtfs_column(reader, "location_type"),
        gtfs_column(reader, "parent_station"), gtfs_column(reader, "wheelchair_boarding"),
        gtfs_column(reader, "platform_code"),  gtfs_column(reader, "tq_approximate")};
    tq_status status = TQ_OK;
    if (reader->present && in.column.id == TQ_NONE)
        status = tq_fail(g->err, TQ_BAD_INPUT, 1, "stops.txt of %s has no column stop_id",
                         gtfs_source_called(g->source));
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_stop(g, &in);
    }
    if (status == TQ_OK) status = link_parents(g, &in);
    if (status == TQ_OK) status = place_by_parents(g, &in);
    gtfs_reader_close(reader);
    tq_vec_free(&in.waits);
    gtfs_ids_free(&in.parent_ids);
    return status;
}

/* ---- routes ---- */

/* Basic types 0 to 12 and the extended hundreds of the Hierarchical Vehicle Type list. */
static tq_transit_mode mode_of_type(uint32_t type)
{
    static const uint8_t basic[] = {TQ_MODE_TRAM,  TQ_MODE_METRO, TQ_MODE_RAIL,  TQ_MODE_BUS,
                                    TQ_MODE_FERRY, TQ_MODE_TRAM,  TQ_MODE_CABLE, TQ_MODE_CABLE,
                                    TQ_MODE_OTHER, TQ_MODE_OTHER, TQ_MODE_OTHER, TQ_MODE_BUS,
                                    TQ_MODE_RAIL};
    if (type < TQ_COUNT(basic)) return (tq_transit_mode)basic[type];
    switch (type / 100) {
    case 1: return TQ_MODE_RAIL;
    case 2: return TQ_MODE_COACH;
    case 3: return TQ_MODE_RAIL; /* suburban railway */
    case 4: return type == 405 ? TQ_MODE_RAIL : TQ_MODE_METRO;
    case 5:
    case 6: return TQ_MODE_METRO;
    case 7:
    case 8: return TQ_MODE_BUS;
    case 9: return TQ_MODE_TRAM;
    case 10:
    case 12: return TQ_MODE_FERRY;
    case 11: return TQ_MODE_AIR;
    case 13:
    case 14: return TQ_MODE_CABLE;
    default: return TQ_MODE_OTHER;
    }
}

static uint32_t parse_color(gtfs *g, const gtfs_reader *reader, tq_str text)
{
    if (text.len == 0) return TQ_NONE;
    if (text.at[0] == '#') text.at++, text.len--;
    uint32_t color = 0;
    bool good = text.len == 6;
    for (size_t k = 0; good && k < 6; k++) {
        char c = (char)(text.at[k] | 0x20);
        bool digit = text.at[k] >= '0' && text.at[k] <= '9';
        good = digit || (c >= 'a' && c <= 'f');
        if (good) color = color << 4 | (uint32_t)(digit ? text.at[k] - '0' : c - 'a' + 10);
    }
    if (good) return color;
    gtfs_say(g, TQ_WARNING, "bad_color", reader->file, reader->csv.line,
             "«%.*s» is not a color; none is used", GTFS_SLICE(text));
    return TQ_NONE;
}

typedef struct route_columns {
    uint32_t id, agency, short_name, long_name, desc, type, color, text_color;
} route_columns;

static uint32_t agency_of(gtfs *g, const gtfs_reader *reader, tq_str id)
{
    uint32_t agency = gtfs_ids_find(&g->agency_ids, id);
    if (agency != TQ_NONE) return agency;
    if (id.len != 0)
        gtfs_say(g, TQ_WARNING, "unknown_agency", reader->file, reader->csv.line,
                 "agency_id «%.*s» is not in agency.txt; the first agency is used", GTFS_SLICE(id));
    return g->first_agency;
}

static tq_status take_route(gtfs *g, const gtfs_reader *reader, const route_columns *column)
{
    tq_str id = gtfs_cell(reader, column->id), type = gtfs_cell(reader, column->type);
    uint32_t line = reader->csv.line, number = 0;
    if (id.len == 0)
        return gtfs_bad(g, "no_id", reader->file, line, "route_id is empty; the row is left out");
    if (gtfs_ids_find(&g->route_ids, id) != TQ_NONE)
        return gtfs_bad(g, "duplicate_id", reader->file, line,
                        "route_id «%.*s» is there twice; the row is left out", GTFS_SLICE(id));
    if (g->routes.count >= TQ_GTFS_ROUTES_MAX)
        return tq_fail(g->err, TQ_LIMIT, line, "routes.txt: more than %u routes",
                       TQ_GTFS_ROUTES_MAX);
    if (!tq_parse_u32(type, &number) || number > 1799) {
        gtfs_say(g, TQ_WARNING, "bad_route_type", reader->file, line,
                 "route_type «%.*s» of route «%.*s» is not known; bus is taken", GTFS_SLICE(type),
                 GTFS_SLICE(id));
        number = 3;
    }
    bool ok = true;
    tq_route route = {.id = gtfs_public_id(g, &g->seen_route, id, reader->file, line, &ok),
                      .agency = agency_of(g, reader, gtfs_cell(reader, column->agency)),
                      .short_name = gtfs_text_add(g, gtfs_cell(reader, column->short_name)),
                      .long_name = gtfs_text_add(g, gtfs_cell(reader, column->long_name)),
                      .desc = gtfs_text_add(g, gtfs_cell(reader, column->desc)),
                      .color = parse_color(g, reader, gtfs_cell(reader, column->color)),
                      .text_color = parse_color(g, reader, gtfs_cell(reader, column->text_color)),
                      .tariff = TQ_NONE,
                      .type = (uint16_t)number,
                      .feed = (uint8_t)g->feed,
                      .mode = (uint8_t)mode_of_type(number)};
    ok = ok && gtfs_ids_put(&g->route_ids, id, (uint32_t)g->routes.count) &&
         tq_vec_push(&g->routes, route);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_routes(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "routes.txt", &reader));
    route_columns column = {
        gtfs_column(&reader, "route_id"),         gtfs_column(&reader, "agency_id"),
        gtfs_column(&reader, "route_short_name"), gtfs_column(&reader, "route_long_name"),
        gtfs_column(&reader, "route_desc"),       gtfs_column(&reader, "route_type"),
        gtfs_column(&reader, "route_color"),      gtfs_column(&reader, "route_text_color")};
    tq_status status = TQ_OK;
    if (reader.present && column.id == TQ_NONE)
        status = tq_fail(g->err, TQ_BAD_INPUT, 1, "routes.txt of %s has no column route_id",
                         gtfs_source_called(g->source));
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_route(g, &reader, &column);
    }
    gtfs_reader_close(&reader);
    return status;
}

/* ---- translations ---- */

/* English by the name itself: text of the name -> text of the translation; the first one holds. */
typedef struct renaming {
    uint32_t name, english;
} renaming;

typedef struct renamings {
    TQ_VEC(renaming) rows;
    gtfs_slots slots;
} renamings;

static uint32_t english_of(const renamings *all, uint32_t name)
{
    uint32_t probe = 0, row;
    while ((row = gtfs_slots_next(&all->slots, tq_mix(name), &probe)) != TQ_NONE)
        if (all->rows.at[row].name == name) return all->rows.at[row].english;
    return 0;
}

static bool add_renaming(renamings *all, uint32_t name, uint32_t english)
{
    renaming row = {name, english};
    if (name == 0 || english_of(all, name) != 0) return true;
    return tq_vec_push(&all->rows, row) &&
           gtfs_slots_put(&all->slots, tq_mix(name), (uint32_t)all->rows.count - 1);
}

static tq_status take_translation(gtfs *g, const gtfs_reader *reader, const uint32_t column[6],
                                  renamings renamed[2])
{
    tq_str table = gtfs_cell(reader, column[0]), field = gtfs_cell(reader, column[1]),
           language = gtfs_cell(reader, column[2]), record = gtfs_cell(reader, column[4]),
           value = gtfs_cell(reader, column[5]);
    bool stops = tq_str_is(table, "stops") && tq_str_is(field, "stop_name");
    bool routes = tq_str_is(table, "routes") && tq_str_is(field, "route_long_name");
    bool english =
        language.len >= 2 && (language.at[0] | 0x20) == 'e' && (language.at[1] | 0x20) == 'n';
    if (!english || (!stops && !routes)) return TQ_OK;
    uint32_t text = gtfs_text_add(g, gtfs_cell(reader, column[3]));
    if (record.len == 0)
        return add_renaming(&renamed[stops ? 0 : 1], gtfs_text_add(g, value), text)
                   ? TQ_OK
                   : gtfs_no_memory(g);
    uint32_t row = gtfs_ids_find(stops ? &g->stop_ids : &g->route_ids, record);
    if (row == TQ_NONE)
        gtfs_say(g, TQ_WARNING, "unknown_record", reader->file, reader->csv.line,
                 "record_id «%.*s» is not in %.*s.txt", GTFS_SLICE(record), GTFS_SLICE(table));
    else if (stops)
        g->stops.at[row].name_en = text;
    else
        g->routes.at[row].long_name_en = text;
    return TQ_OK;
}

/* A translation of the record itself beats one of its name. */
static void apply_renamings(gtfs *g, const renamings renamed[2])
{
    for (size_t k = g->first_stop; k < g->stops.count; k++)
        if (g->stops.at[k].name_en == 0)
            g->stops.at[k].name_en = english_of(&renamed[0], g->stops.at[k].name);
    for (size_t k = g->first_route; k < g->routes.count; k++)
        if (g->routes.at[k].long_name_en == 0)
            g->routes.at[k].long_name_en = english_of(&renamed[1], g->routes.at[k].long_name);
}

tq_status gtfs_read_translations(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "translations.txt", &reader));
    uint32_t column[6] = {gtfs_column(&reader, "table_name"), gtfs_column(&reader, "field_name"),
                          gtfs_column(&reader, "language"),   gtfs_column(&reader, "translation"),
                          gtfs_column(&reader, "record_id"),  gtfs_column(&reader, "field_value")};
    renamings renamed[2] = {{{0}, {0}}, {{0}, {0}}};
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_translation(g, &reader, column, renamed);
    }
    if (status == TQ_OK) apply_renamings(g, renamed);
    for (int k = 0; k < 2; k++) {
        tq_vec_free(&renamed[k].rows);
        gtfs_slots_free(&renamed[k].slots);
    }
    gtfs_reader_close(&reader);
    return status;
}
