/* What the commands about streets share: vehicle and metric from options, places, CSV rows. */
#include <stdlib.h>

#include "cli/cli.h"

/* ---- who and when
 * -------------------------------------------------------------------------------------------- */

/* "4.2m", "18t" or a bare number into hundredths. */
static bool take_measure(const cli_args *args, const char *name, char unit, uint16_t *out)
{
    const char *text = cli_value(args, name);
    double value;
    char message[160];
    if (text == NULL) return true;
    tq_str number = tq_str_of(text);
    if (number.len > 0 && number.at[number.len - 1] == unit) number.len--;
    if (tq_parse_double(number, &value) && value > 0 && value <= 600) {
        *out = (uint16_t)(value * 100 + 0.5);
        return true;
    }
    (void)snprintf(message, sizeof message, "--%s wants a number such as 4.2%c, not \"%.40s\"",
                   name, unit, text);
    (void)cli_usage(args, message);
    return false;
}

static bool take_vehicle(const cli_args *args, tq_vehicle *own)
{
    const char *plate = cli_value(args, "plate");
    if (!take_measure(args, "height", 'm', &own->height_cm) ||
        !take_measure(args, "width", 'm', &own->width_cm) ||
        !take_measure(args, "length", 'm', &own->length_cm) ||
        !take_measure(args, "weight", 't', &own->weight_10kg) ||
        !take_measure(args, "axle", 't', &own->axle_10kg))
        return false;
    if (cli_flag(args, "hazmat")) own->flags |= TQ_VEHICLE_HAZMAT;
    if (plate == NULL) return true;
    for (size_t k = strlen(plate); k-- > 0;)
        if (plate[k] >= '0' && plate[k] <= '9') {
            own->plate = (int8_t)(plate[k] - '0');
            return true;
        }
    (void)cli_usage(args, "--plate wants a number plate with a digit");
    return false;
}

static bool avoid_kind(tq_str word, tq_vehicle *own)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } kinds[] = {{"motorway", TQ_VEHICLE_NO_MOTORWAY},
                 {"toll", TQ_VEHICLE_NO_TOLL},
                 {"ferry", TQ_VEHICLE_NO_FERRY},
                 {"unpaved", TQ_VEHICLE_NO_UNPAVED}};
    for (unsigned k = 0; k < TQ_COUNT(kinds); k++)
        if (tq_str_is(word, kinds[k].name)) {
            own->flags |= kinds[k].flag;
            return true;
        }
    return false;
}

static tq_str next_word(tq_str *rest)
{
    const char *comma = rest->len == 0 ? NULL : memchr(rest->at, ',', rest->len);
    tq_str word = {rest->at, comma == NULL ? rest->len : (size_t)(comma - rest->at)};
    size_t step = word.len + (comma != NULL);
    rest->at += step;
    rest->len -= step;
    return tq_str_trim(word);
}

/* Close the arcs of every street of that name. */
static tq_status shut_street(const tq_city *city, tq_str word, uint8_t *shut, tq_err *err)
{
    const tq_streets *streets = &city->streets;
    uint32_t found = 0;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        const tq_street_name *name = &streets->name[streets->edge_name[edge]];
        if (!tq_str_is(word, tq_text(city, name->name)) &&
            !tq_str_is(word, tq_text(city, name->name_en)) &&
            !tq_str_is(word, tq_text(city, name->ref)))
            continue;
        shut[edge] = 1;
        found++;
    }
    if (found > 0) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "--avoid: '%.*s' is none of motorway, toll, ferry, unpaved, and no street is "
                   "called so",
                   (int)TQ_MIN(word.len, 80), word.at);
}

static tq_status take_avoided(const cli_args *args, cli_road *road, uint8_t *shut, uint32_t *count,
                              tq_err *err)
{
    const char *text = cli_value(args, "avoid");
    const tq_city *city = road->city.snapshot.city;
    tq_str rest = tq_str_of(text == NULL ? "" : text);
    while (rest.len > 0) {
        tq_str word = next_word(&rest);
        if (word.len > 0 && !avoid_kind(word, &road->own))
            TQ_TRY(shut_street(city, word, shut, err));
    }
    for (uint32_t edge = 0; edge < city->streets.edge_count; edge++)
        *count += 2u * shut[edge];
    return TQ_OK;
}

/* The avoided streets as a live state of our own: closed to all. */
static tq_status avoid_overlay(const tq_city *city, const uint8_t *shut, uint32_t count,
                               const tq_overlay **out, tq_err *err)
{
    static const uint32_t always[2] = {0, 0};
    uint32_t used = 0;
    tq_live_rule *rule = TQ_ALLOC(tq_live_rule, count + 1u);
    if (rule == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for avoided streets");
    for (uint32_t arc = 0; arc < 2 * city->streets.edge_count; arc++)
        if (shut[arc >> 1])
            rule[used++] =
                (tq_live_rule){.arc = arc, .access = UINT16_MAX, .effect = TQ_LIVE_CLOSED};
    tq_overlay overlay = {.version = 1,
                          .road_version = 1,
                          .rule_count = used,
                          .condition_count = 1,
                          .rule = rule,
                          .first_clause = always,
                          .text = "",
                          .text_len = 1};
    tq_status status = tq_overlay_new(city, &overlay, out, err);
    tq_free(rule);
    return status;
}

static tq_status make_metric(cli_road *road, const uint8_t *shut, uint32_t count, tq_err *err)
{
    const tq_city *city = road->city.snapshot.city;
    const tq_overlay *overlay = NULL;
    if (count > 0) TQ_TRY(avoid_overlay(city, shut, count, &overlay, err));
    road->vehicle = &road->own;
    tq_status status = tq_metric_make(
        city, road->vehicle, road->at_ms, overlay,
        TQ_METRIC_PRUNED | TQ_METRIC_WAYS | TQ_METRIC_METRES | TQ_METRIC_MAIN, 1, &road->made, err);
    road->metric = road->made;
    tq_overlay_drop(overlay);
    return status;
}

static tq_status open_metric(const cli_args *args, cli_road *road, tq_err *err)
{
    const tq_city *city = road->city.snapshot.city;
    uint32_t count = 0;
    uint8_t *shut = TQ_ALLOC(uint8_t, city->streets.edge_count);
    if (shut == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for avoided streets");
    tq_status status = cli_time(args, "at", city, &road->at_ms, err);
    if (status == TQ_OK) status = take_avoided(args, road, shut, &count, err);
    bool metres = strcmp(args->command->name, "solve") == 0 ||
                  (strcmp(args->command->name, "matrix") == 0 && cli_flag(args, "distance"));
    bool plain = count == 0 && !metres && memcmp(&road->own, road->vehicle, sizeof road->own) == 0;
    if (status == TQ_OK && plain)
        status = tq_roads_get(road->city.snapshot.roads, road->city.snapshot.overlay, road->vehicle,
                              road->at_ms, &road->metric, err);
    else if (status == TQ_OK)
        status = make_metric(road, shut, count, err);
    tq_free(shut);
    return status;
}

int cli_road_open(const cli_args *args, cli_road *out)
{
    tq_err err = {0};
    const char *profile = cli_value(args, "profile"), *datum = cli_value(args, "datum");
    *out = (cli_road){.datum = TQ_WGS84};
    if (datum != NULL && !tq_datum_parse(tq_str_of(datum), &out->datum))
        return cli_usage(args, "--datum is wgs84, gcj02 or bd09");
    tq_status status = cli_open(args->word[0], &out->city, &err);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    const tq_city *city = out->city.snapshot.city;
    if (city->streets.edge_count == 0)
        return cli_fail(args, TQ_NOT_FOUND,
                        &(tq_err){.text = "this city has no streets; give it an extract or "
                                          "streets.csv and import again"});
    out->vehicle = tq_road_vehicle_named(city, profile != NULL ? profile : "car");
    if (out->vehicle == NULL) {
        char message[400];
        int len = snprintf(message, sizeof message, "--profile is one of");
        for (uint32_t row = 0; row < city->vehicles.count && len < 360; row++)
            len += snprintf(message + len, sizeof message - (size_t)len, " %s",
                            tq_text(city, city->vehicles.row[row].name));
        return cli_usage(args, message);
    }
    out->own = *out->vehicle;
    if (!take_vehicle(args, &out->own)) return cli_exit_code(TQ_USAGE);
    status = open_metric(args, out, &err);
    return status == TQ_OK ? 0 : cli_fail(args, status, &err);
}

void cli_road_close(cli_road *road)
{
    if (road->made != NULL)
        tq_metric_free(road->made);
    else if (road->metric != NULL)
        tq_roads_put(road->city.snapshot.roads, road->metric);
    road->metric = road->made = NULL;
    cli_close(&road->city);
}

/* ---- places
 * --------------------------------------------------------------------------------------------------
 */

tq_status cli_road_place(const cli_road *road, const char *text, tq_point *at, tq_err *err)
{
    tq_endpoint end;
    tq_str lon = tq_str_of(text), lat = next_word(&lon);
    if (tq_parse_e7(lat, &at->lat_e7) && tq_parse_e7(tq_str_trim(lon), &at->lon_e7) &&
        tq_point_valid(*at)) {
        *at = tq_to_wgs84(*at, road->datum);
        return TQ_OK;
    }
    TQ_TRY(tq_endpoint_parse(road->city.snapshot.city, text, &end, err));
    *at = (tq_point){end.lat_e7, end.lon_e7};
    return TQ_OK;
}

tq_status cli_road_snap(const cli_road *road, tq_point at, tq_snap *out, tq_err *err)
{
    const tq_city *city = road->city.snapshot.city;
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    uint32_t count = 0;
    tq_status status = tq_road_snap(city, road->metric, at, &wish, out, &count, err);
    if (status != TQ_NOT_FOUND) return status;
    wish.main_only = false; /* an island is better than nothing */
    return tq_road_snap(city, road->metric, at, &wish, out, &count, err);
}

void cli_road_degrees(const cli_road *road, tq_point at, double *lat, double *lon)
{
    tq_point shown = tq_from_wgs84(at, road->datum);
    *lat = shown.lat_e7 / 1e7;
    *lon = shown.lon_e7 / 1e7;
}

/* ---- rows
 * ----------------------------------------------------------------------------------------------------
 */

static uint32_t split(char *line, tq_str field[CLI_COLUMNS_MAX])
{
    uint32_t count = 0;
    tq_str rest = tq_str_of(line);
    while (count < CLI_COLUMNS_MAX) {
        bool quoted = rest.len > 0 && rest.at[0] == '"';
        const char *from = rest.at + quoted;
        size_t room = rest.len - quoted;
        const char *stop = room == 0 ? NULL : memchr(from, quoted ? '"' : ',', room);
        field[count] = tq_str_trim((tq_str){from, stop == NULL ? room : (size_t)(stop - from)});
        count++;
        const char *comma = stop;
        if (quoted && stop != NULL) comma = memchr(stop, ',', (size_t)(rest.at + rest.len - stop));
        if (comma == NULL) break;
        rest.len -= (size_t)(comma + 1 - rest.at);
        rest.at = comma + 1;
    }
    return count;
}

static bool take_line(cli_rows *rows)
{
    ssize_t len = getline(&rows->line, &rows->cap, rows->file);
    if (len < 0) return false;
    rows->number++;
    while (len > 0 && (rows->line[len - 1] == '\n' || rows->line[len - 1] == '\r'))
        rows->line[--len] = '\0';
    return true;
}

tq_status cli_rows_open(cli_rows *rows, const char *path, tq_err *err)
{
    *rows = (cli_rows){0};
    rows->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (rows->file == NULL)
        return tq_fail(err, TQ_IO, 0, "%.200s can't be opened for reading", path);
    if (!take_line(rows))
        return tq_fail(err, TQ_BAD_INPUT, 1, "%.200s is empty; its first line names the columns",
                       path);
    rows->head_line = rows->line;
    rows->line = NULL;
    rows->cap = 0;
    char *first = rows->head_line;
    if (strncmp(first, "\xEF\xBB\xBF", 3) == 0) first += 3;
    rows->columns = split(first, rows->head);
    return TQ_OK;
}

tq_status cli_rows_next(cli_rows *rows, bool *more, tq_err *err)
{
    do {
        *more = take_line(rows);
    } while (*more && rows->line[strspn(rows->line, " \t")] == '\0');
    if (!*more) return TQ_OK;
    for (uint32_t k = 0; k < CLI_COLUMNS_MAX; k++)
        rows->field[k] = (tq_str){"", 0};
    uint32_t count = split(rows->line, rows->field);
    if (count > rows->columns)
        return tq_fail(err, TQ_BAD_INPUT, rows->number, "%u fields, the first line has %u", count,
                       rows->columns);
    return TQ_OK;
}

uint32_t cli_rows_column(const cli_rows *rows, const char *name)
{
    for (uint32_t k = 0; k < rows->columns; k++)
        if (tq_str_is(rows->head[k], name)) return k;
    return TQ_NONE;
}

tq_status cli_rows_point(const cli_rows *rows, const cli_road *road, uint32_t lat, uint32_t lon,
                         tq_point *out, tq_err *err)
{
    tq_point at;
    if (!tq_parse_e7(rows->field[lat], &at.lat_e7) || !tq_parse_e7(rows->field[lon], &at.lon_e7) ||
        !tq_point_valid(at))
        return tq_fail(err, TQ_BAD_INPUT, rows->number, "'%.*s','%.*s' is not a point in degrees",
                       (int)TQ_MIN(rows->field[lat].len, 30), rows->field[lat].at,
                       (int)TQ_MIN(rows->field[lon].len, 30), rows->field[lon].at);
    *out = tq_to_wgs84(at, road->datum);
    return TQ_OK;
}

void cli_rows_close(cli_rows *rows)
{
    if (rows->file != NULL && rows->file != stdin) (void)fclose(rows->file);
    free(rows->line);
    free(rows->head_line);
    *rows = (cli_rows){0};
}
