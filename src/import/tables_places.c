/*
 * Places and gates from tables: one row, one named point with a datum.
 *
 * A coordinate inside China must say its datum: GCJ-02 and BD-09 lie some 500 m and 1,300 m from
 * WGS-84 there and nothing in the numbers tells them apart. Outside China an untagged one is
 * WGS-84. A row of kind `street` adds area, town and note to the street of that name if the streets
 * have it (the nearest one of that name), and is a place of its own otherwise. A gate names its
 * facility by `parent`. Places that name no town get that of the nearest locality of the tables, so
 * that a search can be held to a town.
 */
#include "import/tables_in.h"

#define STREET_NEAR_M   5000u
#define WEIGHT_LOCALITY 60
#define WEIGHT_POI      40
#define WEIGHT_GATE     10
#define WEIGHT_OTHER    20

const char *const tables_place_columns[PLACE_COLUMN_COUNT] = {
    [PLACE_NAME] = "name",
    [PLACE_LAT] = "lat",
    [PLACE_LON] = "lon",
    [PLACE_ID] = "id",
    [PLACE_KIND] = "kind",
    [PLACE_NAME_EN] = "name_en",
    [PLACE_AREA] = "area",
    [PLACE_CITY] = "city",
    [PLACE_CATEGORY] = "category",
    [PLACE_DATUM] = "datum",
    [PLACE_APPROXIMATE] = "approximate",
    [PLACE_PARENT] = "parent",
    [PLACE_NOTE] = "note",
    [PLACE_SOURCE] = "source",
    [PLACE_VALID_FROM] = "valid_from",
    [PLACE_VALID_TO] = "valid_to",
};

static const char *const kind_words[] = {"poi", "gate", "locality", "address", "street"};
static const tq_place_kind kind_of_word[] = {TQ_PLACE_POI, TQ_PLACE_GATE, TQ_PLACE_LOCALITY,
                                             TQ_PLACE_ADDRESS, TQ_PLACE_STREET};
static const char *const yes_no[] = {"no", "yes"};

static uint8_t weight_of(tq_place_kind kind)
{
    switch (kind) {
    case TQ_PLACE_LOCALITY: return WEIGHT_LOCALITY;
    case TQ_PLACE_POI: return WEIGHT_POI;
    case TQ_PLACE_GATE: return WEIGHT_GATE;
    default: return WEIGHT_OTHER;
    }
}

/* The point in WGS-84; *good is false when it cannot be (which has then been said). */
static tq_status take_point(tables_reader *reader, tq_point *out, bool *good)
{
    tq_str lat = reader->value[PLACE_LAT], lon = reader->value[PLACE_LON],
           tag = reader->value[PLACE_DATUM];
    tq_point point;
    tq_datum datum = TQ_WGS84;
    *good = false;
    if (!tq_parse_e7(lat, &point.lat_e7))
        return tables_bad(reader, "bad_position", "lat \"%.*s\" is not decimal degrees",
                          TABLE_SLICE(lat));
    if (!tq_parse_e7(lon, &point.lon_e7))
        return tables_bad(reader, "bad_position", "lon \"%.*s\" is not decimal degrees",
                          TABLE_SLICE(lon));
    if (!tq_point_valid(point))
        return tables_bad(reader, "bad_position",
                          "%.*s, %.*s is not on Earth; are lat and lon swapped?", TABLE_SLICE(lat),
                          TABLE_SLICE(lon));
    if (tag.len == 0 && tq_in_china(point)) {
        uint32_t off_m = (tq_distance_dm(point, tq_from_wgs84(point, TQ_GCJ02)) + 5) / 10;
        return tables_bad(
            reader, "no_datum",
            "%.*s, %.*s has no datum; GCJ-02 is %u m off at this place; say datum=wgs84, gcj02 or "
            "bd09",
            TABLE_SLICE(lat), TABLE_SLICE(lon), off_m);
    }
    if (tag.len > 0 && !tq_datum_parse(tag, &datum)) {
        static const char *const words[] = {"wgs84", "gcj02", "bd09"};
        return tables_bad(reader, "bad_datum", "unknown datum \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(tag), tables_nearest(tag, words, TQ_COUNT(words)));
    }
    *out = tq_to_wgs84(point, datum);
    *good = true;
    return TQ_OK;
}

/* Row of dates of valid_from and valid_to. */
static tq_status take_dates(tables_reader *reader, uint32_t *date, bool *good)
{
    int64_t from_ms = INT64_MIN, to_ms = INT64_MAX;
    tq_str from = reader->value[PLACE_VALID_FROM], to = reader->value[PLACE_VALID_TO];
    *good = false;
    if (!tables_instant(reader, from, TABLES_FROM, &from_ms))
        return tables_bad(reader, "bad_date",
                          "valid_from \"%.*s\" is not a date; write 2025-05-25 or 2025-05-25T12:00",
                          TABLE_SLICE(from));
    if (!tables_instant(reader, to, TABLES_TO, &to_ms))
        return tables_bad(reader, "bad_date",
                          "valid_to \"%.*s\" is not a date; write 2025-05-25 or 2025-05-25T12:00",
                          TABLE_SLICE(to));
    if (from_ms >= to_ms)
        return tables_bad(reader, "bad_date", "it ends (%.*s) before it begins (%.*s)",
                          TABLE_SLICE(to), TABLE_SLICE(from));
    uint32_t source = tables_text(reader, reader->value[PLACE_SOURCE]);
    *date = tq_build_date(reader->build, TQ_OPEN, from_ms, to_ms, source);
    if (*date == TQ_NONE) return tables_no_memory(reader);
    *good = true;
    return TQ_OK;
}

/* The nearest street of that name that the streets brought; TQ_NONE = none near. */
static uint32_t known_street(const tq_build *build, uint32_t name, tq_point at)
{
    uint32_t best = TQ_NONE, best_dm = STREET_NEAR_M * 10;
    for (uint32_t place = 0; place < build->places.count; place++) {
        const tq_place_row *row = &build->places.at[place];
        if (row->name != name || row->kind != TQ_PLACE_STREET || row->link == TQ_NONE) continue;
        uint32_t distance_dm = tq_distance_dm(row->at, at);
        if (distance_dm >= best_dm) continue;
        best = place;
        best_dm = distance_dm;
    }
    return best;
}

static void enrich_street(tq_place_row *known, const tq_place_row *row)
{
    if (row->name_en != 0) known->name_en = row->name_en;
    if (row->area != 0) known->area = row->area;
    if (row->city != 0) known->city = row->city;
    if (row->note != 0) known->note = row->note;
    if (row->category != 0) known->category = row->category;
    if (row->date != 0) known->date = row->date;
}

/* Remember the row's id and the parent it waits for. */
static tq_status keep_id(tables_reader *reader, tables_places *places, uint32_t place, tq_str id,
                         tq_str parent)
{
    if (id.len > 0) {
        tables_place_id entry = {tables_text(reader, id), place};
        if (!tq_vec_push(&places->ids, entry)) return tables_no_memory(reader);
    }
    if (parent.len > 0) {
        tables_place_wait wait = {place, tables_text(reader, parent), reader->line, reader->file};
        if (!tq_vec_push(&places->waits, wait)) return tables_no_memory(reader);
    }
    return TQ_OK;
}

static tq_status take_kind(tables_reader *reader, const tables_places *places, tq_place_kind *kind,
                           bool *good)
{
    tq_str text = reader->value[PLACE_KIND];
    *good = false;
    if (tq_str_is(text, "station") || tq_str_is(text, "stop"))
        return tables_bad(reader, "bad_kind",
                          "kind \"%.*s\" comes from timetables (GTFS), not from this table",
                          TABLE_SLICE(text));
    uint32_t word = text.len == 0 ? (places->gates ? 1u : 0u)
                                  : tables_word(text, kind_words, TQ_COUNT(kind_words));
    if (word == TQ_NONE)
        return tables_bad(reader, "bad_kind", "unknown kind \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(text),
                          tables_nearest(text, kind_words, TQ_COUNT(kind_words)));
    *kind = kind_of_word[word];
    *good = true;
    return TQ_OK;
}

tq_status tables_place_row(tables_reader *reader, void *user)
{
    tables_places *places = user;
    tq_build *build = reader->build;
    tq_str name = reader->value[PLACE_NAME], rough = reader->value[PLACE_APPROXIMATE];
    tq_place_kind kind;
    tq_place_row row = {.parent = TQ_NONE, .link = TQ_NONE};
    bool good;
    if (name.len == 0) return tables_bad(reader, "no_name", "a place without a name");
    TQ_TRY(take_kind(reader, places, &kind, &good));
    if (!good) return TQ_OK;
    TQ_TRY(take_point(reader, &row.at, &good));
    if (!good) return TQ_OK;
    uint32_t approximate = rough.len == 0 ? 0 : tables_word(rough, yes_no, TQ_COUNT(yes_no));
    if (approximate == TQ_NONE)
        return tables_bad(reader, "bad_flag", "approximate is \"%.*s\"; write yes or no",
                          TABLE_SLICE(rough));
    TQ_TRY(take_dates(reader, &row.date, &good));
    if (!good) return TQ_OK;
    row.name = tables_text(reader, name);
    row.name_en = tables_text(reader, reader->value[PLACE_NAME_EN]);
    row.area = tables_text(reader, reader->value[PLACE_AREA]);
    row.city = tables_text(reader, reader->value[PLACE_CITY]);
    row.note = tables_text(reader, reader->value[PLACE_NOTE]);
    row.source = tables_text(reader, reader->value[PLACE_SOURCE]);
    row.category = tables_text(reader, reader->value[PLACE_CATEGORY]);
    row.first_alias = (uint32_t)build->aliases.count;
    row.kind = (uint8_t)kind;
    row.approximate = (uint8_t)approximate;
    row.weight = weight_of(kind);
    uint32_t place = kind == TQ_PLACE_STREET ? known_street(build, row.name, row.at) : TQ_NONE;
    if (place != TQ_NONE) {
        enrich_street(&build->places.at[place], &row);
    } else {
        place = (uint32_t)build->places.count;
        if (place == TQ_NONE || !tq_vec_push(&build->places, row)) return tables_no_memory(reader);
    }
    return keep_id(reader, places, place, reader->value[PLACE_ID], reader->value[PLACE_PARENT]);
}

tq_status tables_places_csv(tq_build *build, tables_places *places, const char *file, tq_str bytes,
                            tq_err *err)
{
    static const tables_columns columns = {tables_place_columns, PLACE_COLUMN_COUNT, PLACE_LON + 1};
    tables_reader reader = {.build = build, .file = file, .err = err};
    TQ_TRY(tables_read_csv(&reader, bytes, &columns, places, tables_place_row));
    tq_report_count(build->report, "tables.places", reader.rows - reader.bad);
    return TQ_OK;
}

/* ---- parents ------------------------------------------------------------------------- */

static bool sort_ids(const tables_places *places, uint32_t **order)
{
    size_t count = places->ids.count;
    uint64_t *key = TQ_ALLOC(uint64_t, count + 1);
    *order = TQ_ALLOC(uint32_t, count + 1);
    bool good = key != NULL && *order != NULL;
    for (uint32_t k = 0; good && k < count; k++) {
        key[k] = places->ids.at[k].id;
        (*order)[k] = k;
    }
    good = good && tq_sort_by_u64(*order, count, key);
    tq_free(key);
    return good;
}

/* First entry with that id or a larger one. */
static size_t seek_id(const tables_places *places, const uint32_t *order, uint32_t id)
{
    size_t low = 0, high = places->ids.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places->ids.at[order[middle]].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

tq_status tables_places_join(tq_build *build, tables_places *places, tq_err *err)
{
    uint32_t *order = NULL;
    tables_reader reader = {.build = build, .file = "places", .err = err};
    tq_status status = TQ_OK;
    if (!sort_ids(places, &order)) {
        tq_free(order);
        return tables_no_memory(&reader);
    }
    size_t count = places->ids.count;
    for (size_t k = 1; status == TQ_OK && k < count; k++) {
        uint32_t id = places->ids.at[order[k]].id;
        if (id != places->ids.at[order[k - 1]].id) continue;
        tq_report_add(build->report, TQ_WARNING, "double_id", "places", 0,
                      "the id \"%s\" is given twice; the first one is the parent that is meant",
                      tq_texts_at(build->texts, id));
    }
    for (size_t k = 0; status == TQ_OK && k < places->waits.count; k++) {
        const tables_place_wait *wait = &places->waits.at[k];
        size_t found = seek_id(places, order, wait->parent);
        reader.file = wait->file;
        reader.line = wait->line;
        if (found == count || places->ids.at[order[found]].id != wait->parent) {
            status =
                tables_bad(&reader, "unknown_parent", "the parent \"%s\" is not the id of a place",
                           tq_texts_at(build->texts, wait->parent));
            continue;
        }
        uint32_t parent = places->ids.at[order[found]].place;
        if (parent == wait->place || build->places.at[parent].parent != TQ_NONE)
            status =
                tables_bad(&reader, "bad_parent", "the parent \"%s\" is itself a part of a place",
                           tq_texts_at(build->texts, wait->parent));
        else
            build->places.at[wait->place].parent = parent;
    }
    tq_free(order);
    return status;
}

/* ---- towns --------------------------------------------------------------------------- */

/* Squared distance in units of 1e-7 degrees of latitude, good enough to tell the nearest of some
 * towns. */
static int64_t apart(tq_point a, tq_point b)
{
    int64_t north = (int64_t)a.lat_e7 - b.lat_e7, east = (int64_t)a.lon_e7 - b.lon_e7;
    /* A degree of longitude is cos(lat) of one of latitude; four fifths hold in the middle
     * latitudes. */
    east = east * 4 / 5;
    return north / 16 * (north / 16) + east / 16 * (east / 16);
}

tq_status tables_places_towns(tq_build *build, uint32_t first_table_row, tq_err *err)
{
    TQ_VEC(uint32_t) towns = {0};
    bool good = true;
    for (uint32_t place = first_table_row; good && place < build->places.count; place++) {
        const tq_place_row *row = &build->places.at[place];
        if (row->kind == TQ_PLACE_LOCALITY && row->city != 0 && towns.count < TQ_TABLE_TOWNS_MAX)
            good = tq_vec_push(&towns, place);
    }
    for (uint32_t place = 0; good && towns.count > 0 && place < build->places.count; place++) {
        tq_place_row *row = &build->places.at[place];
        if (row->city != 0) continue;
        int64_t nearest = INT64_MAX;
        for (size_t k = 0; k < towns.count; k++) {
            const tq_place_row *town = &build->places.at[towns.at[k]];
            int64_t far = apart(row->at, town->at);
            if (far >= nearest) continue;
            nearest = far;
            row->city = town->city;
        }
    }
    tq_vec_free(&towns);
    return good ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "places: out of memory");
}

void tables_places_free(tables_places *places)
{
    tq_vec_free(&places->ids);
    tq_vec_free(&places->waits);
}
