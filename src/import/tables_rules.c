/*
 * rules.csv: what a city forbids or limits on its streets by time, plate, weight, size and goods
 * (限行). One row a rule; docs/guide/rules.md.
 *
 * It runs while the network is under construction. A row picks edges: by an area (WKT polygon in
 * WGS-84, an edge is in it when its middle is), by street names, between two cross streets, by
 * classes; all that is given must hold. Picked edges get a row of attributes with the rules behind
 * those of their own tags, in the order of the table, so that the later one wins.
 *
 * «Between» goes by the line from the middle of the one crossing to the middle of the other: an
 * edge lies between them when its middle does. That is right for streets that do not turn back.
 * Limits: TQ_CITY_RULES_MAX rows, TQ_RULES_MAX on one street.
 */
#include <stdio.h>

#include "import/conditions_in.h"
#include "import/streets_in.h"
#include "import/tables_in.h"

#define TQ_CITY_RULES_MAX 1000u
#define RING_POINTS_MAX   1000u
#define WORDS_MAX         32u

enum {
    RULE_WHO,
    RULE_EFFECT,
    RULE_NAME,
    RULE_AREA,
    RULE_STREETS,
    RULE_BETWEEN,
    RULE_CLASSES,
    RULE_DAYS,
    RULE_HOURS,
    RULE_DATES,
    RULE_DATE_PARITY,
    RULE_PLATES,
    RULE_WEIGHT,
    RULE_AXLE,
    RULE_HEIGHT,
    RULE_WIDTH,
    RULE_LENGTH,
    RULE_HAZMAT,
    RULE_SOURCE,
    RULE_NOTE,
    RULE_COLUMN_COUNT
};
static const char *const rule_columns[RULE_COLUMN_COUNT] = {
    "who",          "effect",        "name",          "area",        "streets",
    "between",      "classes",       "days",          "hours",       "dates",
    "date_parity",  "plates",        "weight_over_t", "axle_over_t", "height_over_m",
    "width_over_m", "length_over_m", "hazmat",        "source",      "note"};

/* Corners of all rings, one ring behind the other. */
typedef struct rule_area {
    TQ_VEC(tq_point) corner;
    TQ_VEC(uint32_t) ring_end;
} rule_area;

/* Which edges a row is about. */
typedef struct rule_picker {
    rule_area area;
    uint32_t street[WORDS_MAX], street_count;
    uint32_t classes; /* mask by tq_street_class, 0 = any */
    bool between;
    tq_point from, to;
} rule_picker;

typedef struct rules_state {
    import_network *network;
    tq_point *middle; /* [edges] */
    TQ_VEC(tq_rule) rules;
    TQ_VEC(uint64_t) hits; /* edge << 32 | rule */
    import_points points;
} rules_state;

/* ---- words ---------------------------------------------------------------------------------- */

/* The next item of a list parted by «;»; false at the end. */
static bool next_item(tq_str *rest, tq_str *item)
{
    while (rest->len > 0) {
        const char *stop = memchr(rest->at, ';', rest->len);
        size_t len = stop != NULL ? (size_t)(stop - rest->at) : rest->len;
        *item = tq_str_trim((tq_str){rest->at, len});
        len += stop != NULL;
        *rest = (tq_str){rest->at + len, rest->len - len};
        if (item->len > 0) return true;
    }
    return false;
}

static const char *const who_words[] = {"car",  "taxi",      "bus",           "lorry",   "bike",
                                        "foot", "emergency", "motor_vehicle", "vehicle", "all"};
static const uint8_t who_modes[] = {
    TQ_ACCESS_CAR,
    TQ_ACCESS_TAXI,
    TQ_ACCESS_BUS,
    TQ_ACCESS_LORRY,
    TQ_ACCESS_BIKE,
    TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR,
    TQ_ACCESS_EMERGENCY,
    TQ_ACCESS_CAR | TQ_ACCESS_TAXI | TQ_ACCESS_BUS | TQ_ACCESS_LORRY,
    TQ_ACCESS_CAR | TQ_ACCESS_TAXI | TQ_ACCESS_BUS | TQ_ACCESS_LORRY | TQ_ACCESS_BIKE,
    255u & ~TQ_ACCESS_EMERGENCY};

static tq_status take_who(tables_reader *reader, uint8_t *access, bool *good)
{
    tq_str rest = reader->value[RULE_WHO], item;
    *access = 0;
    while (next_item(&rest, &item)) {
        uint32_t word = tables_word(item, who_words, TQ_COUNT(who_words));
        if (word == TQ_NONE) {
            *good = false;
            return tables_bad(reader, "bad_who", "unknown who \"%.*s\"; did you mean \"%s\"?",
                              TABLE_SLICE(item),
                              tables_nearest(item, who_words, TQ_COUNT(who_words)));
        }
        *access |= who_modes[word];
    }
    if (*access != 0) return TQ_OK;
    *good = false;
    return tables_bad(reader, "bad_who", "who is missing; write car, lorry, motor_vehicle or such");
}

static tq_status take_effect(tables_reader *reader, tq_rule *rule, bool *good)
{
    static const char *const words[] = {"deny", "allow", "destination"};
    static const uint8_t effects[] = {TQ_EFFECT_DENY, TQ_EFFECT_ALLOW, TQ_EFFECT_DESTINATION};
    tq_str text = reader->value[RULE_EFFECT];
    uint32_t word = tables_word(text, words, TQ_COUNT(words));
    if (word != TQ_NONE) {
        rule->effect = effects[word];
        return TQ_OK;
    }
    if (tq_str_starts(text, "speed ")) {
        rule->effect = TQ_EFFECT_SPEED;
        rule->kmh = osm_speed_kmh((tq_str){text.at + 6, text.len - 6}, true);
        if (rule->kmh > 0) return TQ_OK;
    }
    *good = false;
    return tables_bad(reader, "bad_effect",
                      "unknown effect \"%.*s\"; write deny, allow, destination or speed 40 km/h",
                      TABLE_SLICE(text));
}

/* «1;6», «odd», «even» -> bits of last digits. */
static bool plates_of(tq_str text, uint16_t *plates)
{
    tq_str rest = text, item;
    *plates = 0;
    if (tq_str_is(text, "odd")) return *plates = 0x2aa, true;
    if (tq_str_is(text, "even")) return *plates = 0x155, true;
    while (next_item(&rest, &item)) {
        if (item.len != 1 || item.at[0] < '0' || item.at[0] > '9') return false;
        *plates |= (uint16_t)(1u << (item.at[0] - '0'));
    }
    return true;
}

/* Weight or size, in the unit of the column or with its own. */
static bool limits_of(const tables_reader *reader, tq_clause *clause)
{
    const struct {
        unsigned column;
        uint16_t *limit;
        bool weight;
    } limits[] = {{RULE_WEIGHT, &clause->weight_10kg, true},
                  {RULE_AXLE, &clause->axle_10kg, true},
                  {RULE_HEIGHT, &clause->height_cm, false},
                  {RULE_WIDTH, &clause->width_cm, false},
                  {RULE_LENGTH, &clause->length_cm, false}};
    for (size_t k = 0; k < TQ_COUNT(limits); k++) {
        tq_str text = reader->value[limits[k].column];
        if (text.len == 0) continue;
        *limits[k].limit = limits[k].weight ? osm_weight_10kg(text) : osm_length_cm(text);
        if (*limits[k].limit == 0) return false;
    }
    return true;
}

/* What does not depend on time: limits, plates, parity, goods. */
static tq_status take_vehicle(tables_reader *reader, tq_clause *clause, bool *good)
{
    static const char *const parities[] = {"", "odd", "even"};
    static const char *const yes_no[] = {"", "yes", "no"};
    uint32_t parity = tables_word(reader->value[RULE_DATE_PARITY], parities, TQ_COUNT(parities)),
             goods = tables_word(reader->value[RULE_HAZMAT], yes_no, TQ_COUNT(yes_no));
    *good = false;
    if (parity == TQ_NONE)
        return tables_bad(reader, "bad_parity", "date_parity \"%.*s\" is neither odd nor even",
                          TABLE_SLICE(reader->value[RULE_DATE_PARITY]));
    if (goods == TQ_NONE)
        return tables_bad(reader, "bad_hazmat", "hazmat \"%.*s\" is neither yes nor no",
                          TABLE_SLICE(reader->value[RULE_HAZMAT]));
    if (!plates_of(reader->value[RULE_PLATES], &clause->plates))
        return tables_bad(reader, "bad_plates",
                          "plates \"%.*s\" are no last digits; write 1;6, odd or even",
                          TABLE_SLICE(reader->value[RULE_PLATES]));
    if (!limits_of(reader, clause))
        return tables_bad(reader, "bad_limit",
                          "a limit is no number in t or m, such as 4.5 or 2.2 m");
    clause->spare[0] = (uint8_t)parity;
    clause->hazmat = goods == 1;
    *good = true;
    return TQ_OK;
}

static tq_status take_condition(tables_reader *reader, uint32_t *row, bool *good)
{
    tq_build *build = reader->build;
    tq_zone_table zone = {build->zone.count, build->zone.from_s, build->zone.offset_s};
    tq_clause vehicle = {0};
    TQ_TRY(take_vehicle(reader, &vehicle, good));
    if (!*good) return TQ_OK;
    char text[3 * TQ_TABLE_TEXT_MAX + 8], label[2 * TQ_TABLE_TEXT_MAX + 8];
    int len = snprintf(text, sizeof text, "%.*s %.*s %.*s", (int)reader->value[RULE_DATES].len,
                       reader->value[RULE_DATES].at, (int)reader->value[RULE_DAYS].len,
                       reader->value[RULE_DAYS].at, (int)reader->value[RULE_HOURS].len,
                       reader->value[RULE_HOURS].at);
    tq_str when = tq_str_trim((tq_str){text, (size_t)len});
    import_clauses clauses = {.count = 1};
    if (when.len > 0) import_parse_condition(when, &zone, &clauses);
    if (clauses.count == 0 || (clauses.doubts & ~IMPORT_DOUBT_SUN) != 0) {
        *good = false;
        return tables_bad(reader, "bad_time",
                          "dates, days and hours \"%.*s\" are not understood; write such as "
                          "\"Apr 01-Sep 30\", \"Mo-Fr\", \"07:00-09:00,17:00-19:00\"",
                          TABLE_SLICE(when));
    }
    for (uint32_t k = 0; k < clauses.count; k++) {
        tq_clause *clause = &clauses.clause[k];
        clause->weight_10kg = vehicle.weight_10kg;
        clause->axle_10kg = vehicle.axle_10kg;
        clause->height_cm = vehicle.height_cm;
        clause->width_cm = vehicle.width_cm;
        clause->length_cm = vehicle.length_cm;
        clause->plates = vehicle.plates;
        clause->hazmat = vehicle.hazmat;
        clause->spare[0] = vehicle.spare[0];
    }
    tq_str name = reader->value[RULE_NAME], source = reader->value[RULE_SOURCE];
    len =
        snprintf(label, sizeof label, "%.*s%s%.*s%s", (int)name.len, name.at,
                 source.len > 0 ? " (" : "", (int)source.len, source.at, source.len > 0 ? ")" : "");
    return import_condition_of(build, tq_str_trim((tq_str){label, (size_t)len}), clauses.clause,
                               clauses.count, row, reader->err);
}

/* ---- where ---------------------------------------------------------------------------------- */

static void skip_blanks(tq_str *rest)
{
    while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
        *rest = (tq_str){rest->at + 1, rest->len - 1};
}

static bool take_number(tq_str *rest, int32_t *e7)
{
    size_t len = 0;
    skip_blanks(rest);
    while (len < rest->len && strchr(" \t,()", rest->at[len]) == NULL)
        len++;
    if (!tq_parse_e7((tq_str){rest->at, len}, e7)) return false;
    *rest = (tq_str){rest->at + len, rest->len - len};
    skip_blanks(rest);
    return true;
}

static bool end_ring(rule_area *area)
{
    size_t start = area->ring_end.count > 0 ? area->ring_end.at[area->ring_end.count - 1] : 0,
           count = area->corner.count - start;
    if (count < 4) return false;
    const tq_point *first = &area->corner.at[start], *last = &area->corner.at[start + count - 1];
    return first->lat_e7 == last->lat_e7 && first->lon_e7 == last->lon_e7 &&
           tq_vec_push(&area->ring_end, (uint32_t)area->corner.count);
}

/* POLYGON((lon lat, ...), (...)) or MULTIPOLYGON(((...)), ((...))): rings alone matter, because
 * what lies in an even number of them is outside. */
static bool parse_area(tq_str text, rule_area *area)
{
    bool multi = tq_str_starts(text, "MULTIPOLYGON");
    if (!multi && !tq_str_starts(text, "POLYGON")) return false;
    size_t used = multi ? 12 : 7;
    tq_str rest = {text.at + used, text.len - used};
    unsigned depth = 0, ring_depth = multi ? 3 : 2;
    area->corner.count = area->ring_end.count = 0;
    for (skip_blanks(&rest); rest.len > 0; skip_blanks(&rest)) {
        char c = rest.at[0];
        tq_point corner;
        if (c == '(' && depth < ring_depth) {
            depth++;
        } else if (c == ')' && depth > 0) {
            if (depth == ring_depth && !end_ring(area)) return false;
            depth--;
        } else if (c != ',' || depth == 0) {
            return false;
        }
        rest = (tq_str){rest.at + 1, rest.len - 1};
        if (depth != ring_depth) continue;
        if (!take_number(&rest, &corner.lon_e7) || !take_number(&rest, &corner.lat_e7) ||
            !tq_point_valid(corner) || area->corner.count == RING_POINTS_MAX ||
            !tq_vec_push(&area->corner, corner))
            return false;
    }
    return depth == 0 && area->ring_end.count > 0;
}

/* Even-odd rule over all rings. */
static bool area_has(const rule_area *area, tq_point at)
{
    bool in = false;
    for (size_t ring = 0, first = 0; ring < area->ring_end.count; ring++) {
        size_t end = area->ring_end.at[ring];
        for (size_t k = first; k + 1 < end; k++) {
            tq_point a = area->corner.at[k], b = area->corner.at[k + 1];
            if ((a.lat_e7 > at.lat_e7) == (b.lat_e7 > at.lat_e7)) continue;
            double share = ((double)at.lat_e7 - a.lat_e7) / ((double)b.lat_e7 - a.lat_e7);
            if (at.lon_e7 < a.lon_e7 + share * ((double)b.lon_e7 - a.lon_e7)) in = !in;
        }
        first = end;
    }
    return in;
}

static bool is_street(const rules_state *state, uint32_t edge, const uint32_t *street,
                      uint32_t count)
{
    const import_name *name = &state->network->names.at[state->network->edges.at[edge].name];
    for (uint32_t k = 0; k < count; k++)
        if (street[k] != 0 && (name->name == street[k] || name->ref == street[k])) return true;
    return false;
}

/* Middle of the nodes where the streets of a row meet a cross street; false when they do not. */
static bool crossing_of(const rules_state *state, const rule_picker *picker, uint32_t cross,
                        uint8_t *met, tq_point *out)
{
    const import_network *network = state->network;
    int64_t lat = 0, lon = 0, count = 0;
    memset(met, 0, network->nodes.count);
    for (uint32_t edge = 0; edge < network->edges.count; edge++) {
        if (!is_street(state, edge, &cross, 1)) continue;
        met[network->edges.at[edge].from] |= 1;
        met[network->edges.at[edge].to] |= 1;
    }
    for (uint32_t edge = 0; edge < network->edges.count; edge++) {
        if (!is_street(state, edge, picker->street, picker->street_count)) continue;
        met[network->edges.at[edge].from] |= 2;
        met[network->edges.at[edge].to] |= 2;
    }
    for (uint32_t node = 0; node < network->nodes.count; node++) {
        if (met[node] != 3) continue;
        lat += network->nodes.at[node].lat_e7;
        lon += network->nodes.at[node].lon_e7;
        count++;
    }
    if (count == 0) return false;
    *out = (tq_point){(int32_t)(lat / count), (int32_t)(lon / count)};
    return true;
}

static tq_status take_between(tables_reader *reader, const rules_state *state, rule_picker *picker,
                              bool *good)
{
    tq_str rest = reader->value[RULE_BETWEEN], item[2] = {0}, more;
    if (rest.len == 0) return TQ_OK;
    *good = next_item(&rest, &item[0]) && next_item(&rest, &item[1]) && !next_item(&rest, &more) &&
            picker->street_count > 0;
    if (!*good)
        return tables_bad(reader, "bad_between",
                          "between \"%.*s\" needs two cross streets, and streets beside it",
                          TABLE_SLICE(reader->value[RULE_BETWEEN]));
    uint8_t *met = TQ_ALLOC(uint8_t, state->network->nodes.count);
    if (met == NULL) return tables_no_memory(reader);
    tq_point *ends[2] = {&picker->from, &picker->to};
    tq_status status = TQ_OK;
    for (unsigned k = 0; status == TQ_OK && *good && k < 2; k++) {
        *good = crossing_of(state, picker, tables_text(reader, item[k]), met, ends[k]);
        if (!*good)
            status = tables_bad(reader, "unknown_street", "the street does not meet \"%.*s\"",
                                TABLE_SLICE(item[k]));
    }
    tq_free(met);
    picker->between = true;
    return status;
}

static tq_status take_where(tables_reader *reader, const rules_state *state, rule_picker *picker,
                            bool *good)
{
    tq_str area = reader->value[RULE_AREA], rest = reader->value[RULE_STREETS], item;
    *good = false;
    if (area.len == 0 && rest.len == 0 && reader->value[RULE_CLASSES].len == 0)
        return tables_bad(reader, "no_place", "area, streets and classes are all missing");
    if (area.len > 0 && !parse_area(area, &picker->area))
        return tables_bad(reader, "bad_area",
                          "area \"%.*s\" is no POLYGON((lon lat, ...)) of closed rings",
                          TABLE_SLICE(area));
    while (next_item(&rest, &item)) {
        if (picker->street_count == WORDS_MAX)
            return tables_bad(reader, "too_many", "over %u streets in one row", WORDS_MAX);
        picker->street[picker->street_count++] = tables_text(reader, item);
    }
    rest = reader->value[RULE_CLASSES];
    while (next_item(&rest, &item)) {
        tq_street_class street_class;
        if (!import_street_class(item, &street_class))
            return tables_bad(reader, "bad_class", "unknown class of street \"%.*s\"",
                              TABLE_SLICE(item));
        picker->classes |= 1u << street_class;
    }
    *good = true;
    return take_between(reader, state, picker, good);
}

static bool picks(const rules_state *state, const rule_picker *picker, uint32_t edge)
{
    const import_network *network = state->network;
    const import_edge *row = &network->edges.at[edge];
    uint8_t street_class = network->attrs.at[row->attr].street_class;
    if (picker->classes != 0 && (picker->classes >> street_class & 1) == 0) return false;
    if (picker->street_count > 0 && !is_street(state, edge, picker->street, picker->street_count))
        return false;
    if (picker->area.ring_end.count > 0 && !area_has(&picker->area, state->middle[edge]))
        return false;
    if (!picker->between) return true;
    uint32_t whole = tq_distance_dm(picker->from, picker->to);
    uint32_t along = tq_project(state->middle[edge], picker->from, picker->to).along_dm;
    return along > 0 && along + 1 < whole;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static tq_status hit_edges(tables_reader *reader, rules_state *state, const rule_picker *picker,
                           const tq_rule *rule)
{
    uint64_t number = state->rules.count, before = state->hits.count;
    for (uint32_t edge = 0; edge < state->network->edges.count; edge++)
        if (picks(state, picker, edge) && !tq_vec_push(&state->hits, (uint64_t)edge << 32 | number))
            return tables_no_memory(reader);
    if (state->hits.count == before)
        return tables_bad(reader, "no_street", "no street is meant by area, streets and classes");
    return tq_vec_push(&state->rules, *rule) ? TQ_OK : tables_no_memory(reader);
}

static tq_status rule_row(tables_reader *reader, void *user)
{
    rules_state *state = user;
    tq_rule rule = {.directions = 3};
    rule_picker picker = {0};
    bool good = true;
    if (state->rules.count == TQ_CITY_RULES_MAX)
        return tq_fail(reader->err, TQ_LIMIT, reader->line, "%s line %u: over %u rules",
                       reader->file, reader->line, TQ_CITY_RULES_MAX);
    tq_status status = take_who(reader, &rule.access, &good);
    if (status == TQ_OK && good) status = take_effect(reader, &rule, &good);
    if (status == TQ_OK && good) status = take_condition(reader, &rule.condition, &good);
    if (status == TQ_OK && good) status = take_where(reader, state, &picker, &good);
    if (status == TQ_OK && good) status = hit_edges(reader, state, &picker, &rule);
    tq_vec_free(&picker.area.corner);
    tq_vec_free(&picker.area.ring_end);
    return status;
}

/* ---- the stage ------------------------------------------------------------------------------ */

/* Middle of every edge, measured along its course. */
static tq_status find_middles(rules_state *state, tq_err *err)
{
    import_network *network = state->network;
    state->middle = TQ_ALLOC(tq_point, network->edges.count);
    if (state->middle == NULL) return import_no_memory(err);
    for (uint32_t edge = 0; edge < network->edges.count; edge++) {
        if (!import_edge_points(network, edge, &state->points)) return import_no_memory(err);
        const tq_point *point = state->points.at;
        uint32_t left = network->edges.at[edge].length_dm / 2;
        state->middle[edge] = point[0];
        for (size_t k = 0; k + 1 < state->points.count; k++) {
            uint32_t piece = tq_distance_dm(point[k], point[k + 1]);
            if (left <= piece) {
                if (piece > 0)
                    state->middle[edge] = tq_between(point[k], point[k + 1], left, piece);
                break;
            }
            left -= piece;
        }
    }
    return TQ_OK;
}

/* All rules of an edge at once, so that no set of a part of them is made. */
static tq_status apply(tq_build *build, rules_state *state, tq_err *err)
{
    import_network *network = state->network;
    if (!tq_sort_u64(state->hits.at, state->hits.count)) return import_no_memory(err);
    uint64_t edges = 0;
    for (size_t k = 0; k < state->hits.count;) {
        uint32_t edge = (uint32_t)(state->hits.at[k] >> 32), count = 0;
        tq_rule rule[TQ_RULES_MAX];
        for (; k < state->hits.count && state->hits.at[k] >> 32 == edge; k++) {
            if (count == TQ_RULES_MAX)
                return tq_fail(err, TQ_LIMIT, 0, "rules.csv: a street has over %u rules; join some",
                               TQ_RULES_MAX);
            rule[count++] = state->rules.at[(uint32_t)state->hits.at[k]];
        }
        tq_street_attr attr = network->attrs.at[network->edges.at[edge].attr];
        TQ_TRY(import_rule_set(build, attr.rules, rule, count, &attr.rules, err));
        uint32_t row = import_attr_row(network, &attr);
        if (row == TQ_NONE) return import_no_memory(err);
        network->edges.at[edge].attr = row;
        edges++;
    }
    tq_report_count(build->report, "rules.rows", state->rules.count);
    tq_report_count(build->report, "rules.edges", edges);
    return TQ_OK;
}

static tq_status read_files(tq_build *build, rules_state *state, tq_err *err)
{
    static const tables_columns columns = {rule_columns, RULE_COLUMN_COUNT, RULE_EFFECT + 1};
    const tq_settings *settings = build->settings;
    TQ_TRY(find_middles(state, err));
    for (uint32_t k = 0; k < settings->rules_count; k++) {
        char path[TQ_PATH_MAX], *bytes = NULL;
        size_t len = 0;
        if (!tq_path_join(path, settings->folder, settings->rules[k]))
            return tq_fail(err, TQ_BAD_CONFIG, 0, "the path of %s is too long", settings->rules[k]);
        TQ_TRY(tq_file_read(path, TQ_TABLE_BYTES_MAX, &bytes, &len, err));
        tables_reader reader = {.build = build, .file = settings->rules[k], .err = err};
        tq_status status =
            tables_read_csv(&reader, (tq_str){bytes, len}, &columns, state, rule_row);
        tq_free(bytes);
        if (status != TQ_OK) return status;
    }
    return apply(build, state, err);
}

tq_status import_rules(tq_build *build, tq_err *err)
{
    if (build->settings->rules_count == 0) return TQ_OK;
    rules_state state = {.network = import_network_of(build)};
    tq_status status =
        state.network == NULL ? import_no_memory(err) : read_files(build, &state, err);
    tq_free(state.middle);
    tq_vec_free(&state.rules);
    tq_vec_free(&state.hits);
    tq_vec_free(&state.points);
    return status;
}
