/*
 * Places from GeoJSON (RFC 7946): a FeatureCollection of points, read with Jansson.
 *
 * Properties are the columns of the CSV form. The standard wants WGS-84, but files from China often
 * hold shifted coordinates, so the datum must be said here too: a member "datum" of the collection,
 * or of a feature's properties, which wins. Other properties are passed over and named once a file;
 * other geometries are bad rows. The «line» of a finding is the number of the feature, counted
 * from 1.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "import/tables_in.h"

#define DEGREES_TEXT_MAX 32
#define FEATURES_MAX     TQ_TABLE_ROWS_MAX

typedef struct geojson {
    tables_reader reader;
    tables_places *places;
    const char *datum;
    bool said_unknown;
} geojson;

/* A number of degrees as text with seven decimals, the form that the row reader takes. */
static bool degrees_text(const json_t *value, char out[DEGREES_TEXT_MAX])
{
    if (!json_is_number(value)) return false;
    double degrees = json_number_value(value);
    if (!isfinite(degrees) || fabs(degrees) > 1000.0) return false;
    (void)snprintf(out, DEGREES_TEXT_MAX, "%.7f", degrees);
    return true;
}

/* Text of a property; a boolean is yes or no. */
static tq_status take_property(geojson *at, const char *key, const json_t *value, bool *good)
{
    tables_reader *reader = &at->reader;
    uint32_t column = tables_word(tq_str_of(key), tables_place_columns, PLACE_COLUMN_COUNT);
    if (column == TQ_NONE || column == PLACE_LAT || column == PLACE_LON) {
        if (!at->said_unknown)
            tables_warn(reader, "unknown_property",
                        "property \"%.60s\" is not known (nearest: \"%s\"); such are passed over",
                        key,
                        tables_nearest(tq_str_of(key), tables_place_columns, PLACE_COLUMN_COUNT));
        at->said_unknown = true;
        return TQ_OK;
    }
    if (json_is_null(value)) return TQ_OK;
    if (json_is_boolean(value)) {
        reader->value[column] = json_is_true(value) ? TQ_STR("yes") : TQ_STR("no");
        return TQ_OK;
    }
    if (!json_is_string(value) || json_string_length(value) > TQ_TABLE_TEXT_MAX) {
        *good = false;
        return tables_bad(reader, "bad_property",
                          "property \"%s\" is not a text of at most %u bytes", key,
                          TQ_TABLE_TEXT_MAX);
    }
    reader->value[column] = (tq_str){json_string_value(value), json_string_length(value)};
    return TQ_OK;
}

static tq_status take_feature(geojson *at, json_t *feature)
{
    tables_reader *reader = &at->reader;
    for (uint32_t k = 0; k < PLACE_COLUMN_COUNT; k++)
        reader->value[k] = TQ_STR("");
    const json_t *geometry = json_object_get(feature, "geometry");
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *point = json_object_get(geometry, "coordinates");
    char lat[DEGREES_TEXT_MAX], lon[DEGREES_TEXT_MAX];
    if (type == NULL || strcmp(type, "Point") != 0)
        return tables_bad(reader, "bad_geometry", "the geometry is %.40s, a place is a Point",
                          type == NULL ? "missing" : type);
    if (!degrees_text(json_array_get(point, 0), lon) ||
        !degrees_text(json_array_get(point, 1), lat))
        return tables_bad(reader, "bad_position",
                          "the coordinates are not two numbers (longitude, latitude)");
    json_t *properties = json_object_get(feature, "properties");
    const char *key;
    json_t *value;
    bool good = true;
    if (at->datum != NULL) reader->value[PLACE_DATUM] = tq_str_of(at->datum);
    json_object_foreach(properties, key, value)
    {
        TQ_TRY(take_property(at, key, value, &good));
        if (!good) return TQ_OK;
    }
    reader->value[PLACE_LAT] = tq_str_of(lat);
    reader->value[PLACE_LON] = tq_str_of(lon);
    return tables_place_row(reader, at->places);
}

tq_status tables_places_geojson(tq_build *build, tables_places *places, const char *file,
                                tq_str bytes, tq_err *err)
{
    geojson at = {.reader = {.build = build, .file = file, .err = err}, .places = places};
    json_error_t where;
    json_t *root = json_loadb(bytes.at, bytes.len, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return tq_fail(err, TQ_BAD_INPUT, where.line < 0 ? 0 : (uint64_t)where.line,
                       "%s line %d: %s", file, where.line, where.text);
    json_t *features = json_object_get(root, "features"), *feature;
    at.datum = json_string_value(json_object_get(root, "datum"));
    tq_status status = TQ_OK;
    if (!json_is_array(features))
        status = tq_fail(err, TQ_BAD_INPUT, 0,
                         "%s: no array \"features\"; a FeatureCollection is wanted", file);
    else if (json_array_size(features) > FEATURES_MAX)
        status = tq_fail(err, TQ_LIMIT, 0, "%s: over %u features", file, FEATURES_MAX);
    size_t index;
    if (status == TQ_OK) {
        json_array_foreach(features, index, feature)
        {
            at.reader.line = (uint32_t)index + 1;
            at.reader.rows++;
            status = take_feature(&at, feature);
            if (status != TQ_OK) break;
        }
    }
    json_decref(root);
    if (status == TQ_OK && tq_texts_failed(build->texts)) status = tables_no_memory(&at.reader);
    if (status == TQ_OK)
        tq_report_count(build->report, "tables.places_geojson", at.reader.rows - at.reader.bad);
    return status;
}
