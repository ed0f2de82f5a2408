/* tongqu matrix, isochrone, match and nearest: many places, reach, tracks, what is near. */
#include "cli/cli.h"
#include "serve/serve.h"

/* ---- lists of places
 * ------------------------------------------------------------------------------------------- */

/* Places on their streets, with what they are called. */
typedef struct place_list {
    TQ_VEC(tq_snap) snap;
    TQ_VEC(uint32_t) name; /* offsets into names */
    tq_buf names;
} place_list;

static void free_list(place_list *list)
{
    tq_vec_free(&list->snap);
    tq_vec_free(&list->name);
    tq_buf_free(&list->names);
}

static tq_status add_place(const cli_road *road, place_list *list, tq_point at, tq_str name,
                           tq_err *err)
{
    tq_snap snap;
    TQ_TRY(cli_road_snap(road, at, &snap, err));
    if (!tq_vec_push(&list->snap, snap) || !tq_vec_push(&list->name, (uint32_t)list->names.len))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the places");
    tq_buf_put(&list->names, name.at, name.len);
    tq_buf_putc(&list->names, '\0');
    return list->names.failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the places") : TQ_OK;
}

static const char *name_of(const place_list *list, size_t place)
{
    return list->names.at + list->name.at[place];
}

/* A row that fails is named by its line. */
static tq_status in_line(const cli_rows *rows, tq_status status, tq_err *err)
{
    char text[sizeof err->text];
    if (status == TQ_OK) return TQ_OK;
    (void)snprintf(text, sizeof text, "%.300s", err->text);
    return tq_fail(err, status, rows->number, "line %u: %s", rows->number, text);
}

static tq_status read_file(const cli_road *road, const char *path, place_list *list, tq_err *err)
{
    cli_rows rows;
    bool more = true;
    tq_status status = cli_rows_open(&rows, path, err);
    uint32_t lat = TQ_NONE, lon = TQ_NONE, id = TQ_NONE;
    if (status == TQ_OK) {
        lat = cli_rows_column(&rows, "lat");
        lon = cli_rows_column(&rows, "lon");
        id = cli_rows_column(&rows, "id");
        if (lat == TQ_NONE || lon == TQ_NONE)
            status = tq_fail(err, TQ_BAD_INPUT, 1, "line 1 must name the columns lat and lon");
    }
    while (status == TQ_OK) {
        tq_point at;
        char number[16];
        status = in_line(&rows, cli_rows_next(&rows, &more, err), err);
        if (status != TQ_OK || !more) break;
        (void)snprintf(number, sizeof number, "%zu", list->snap.count);
        status = in_line(&rows, cli_rows_point(&rows, road, lat, lon, &at, err), err);
        if (status == TQ_OK)
            status = in_line(
                &rows,
                add_place(road, list, at, id != TQ_NONE ? rows.field[id] : tq_str_of(number), err),
                err);
    }
    cli_rows_close(&rows);
    return status;
}

static tq_status read_places(const cli_args *args, const cli_road *road, const char *option,
                             const char *file_option, place_list *list, tq_err *err)
{
    for (unsigned k = 0; k < args->repeat_count; k++) {
        tq_point at;
        if (strcmp(args->command->option[args->repeated_of[k]].name, option) != 0) continue;
        TQ_TRY(cli_road_place(road, args->repeated[k], &at, err));
        TQ_TRY(add_place(road, list, at, tq_str_of(args->repeated[k]), err));
    }
    const char *path = cli_value(args, file_option);
    return path == NULL ? TQ_OK : read_file(road, path, list, err);
}

/* ---- matrix
 * --------------------------------------------------------------------------------------------------
 */

static void put_csv_name(const char *name)
{
    bool quote = strpbrk(name, ",\"") != NULL;
    if (quote) (void)fputc('"', stdout);
    for (; *name != '\0'; name++) {
        if (*name == '"') (void)fputc('"', stdout);
        (void)fputc(*name, stdout);
    }
    if (quote) (void)fputc('"', stdout);
}

static void print_csv_row(const place_list *from, const place_list *to, size_t row,
                          const int32_t *ds, const uint32_t *dm)
{
    for (size_t column = 0; column < to->snap.count; column++) {
        put_csv_name(name_of(from, row));
        (void)fputc(',', stdout);
        put_csv_name(name_of(to, column));
        if (ds[column] >= TQ_ROAD_INF)
            printf(dm != NULL ? ",,\n" : ",\n");
        else if (dm != NULL)
            printf(",%d.%d,%u.%u\n", ds[column] / 10, ds[column] % 10, dm[column] / 10,
                   dm[column] % 10);
        else
            printf(",%d.%d\n", ds[column] / 10, ds[column] % 10);
    }
}

static void put_json_row(tq_json *json, const int32_t *ds, const uint32_t *dm, size_t columns)
{
    tq_json_object(json);
    for (unsigned part = 0; part < (dm != NULL ? 2u : 1u); part++) {
        tq_json_key(json, part == 0 ? "durations" : "distances");
        tq_json_array(json);
        for (size_t column = 0; column < columns; column++)
            if (ds[column] >= TQ_ROAD_INF)
                tq_json_null(json);
            else
                tq_json_fixed(json, part == 0 ? ds[column] : (int64_t)dm[column], 1);
        tq_json_end_array(json);
    }
    tq_json_end_object(json);
}

/* Row by row, so that memory is one row whatever the size. */
static tq_status print_matrix(const cli_args *args, cli_road *road, const place_list *from,
                              const place_list *to, tq_err *err)
{
    const tq_city *city = road->city.snapshot.city;
    bool metres = cli_flag(args, "distance");
    int32_t *ds = TQ_ALLOC(int32_t, to->snap.count);
    uint32_t *dm = TQ_ALLOC(uint32_t, to->snap.count);
    tq_status status = TQ_OK;
    if (ds == NULL || dm == NULL) status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a row");
    if (args->json)
        printf("{\"version\":\"%s\",\"rows\":[", tq_city_version(city));
    else
        printf(metres ? "from,to,duration_s,distance_m\n" : "from,to,duration_s\n");
    for (size_t row = 0; status == TQ_OK && row < from->snap.count; row++) {
        tq_arena_reset(&road->city.work, 0);
        tq_places_on_road source = {.count = 1, .snap = from->snap.at + row};
        tq_places_on_road targets = {.count = (uint32_t)to->snap.count, .snap = to->snap.at};
        status = tq_road_matrix(city, road->metric, &source, &targets, &road->city.work, ds,
                                metres ? dm : NULL, err);
        if (status != TQ_OK) break;
        if (!args->json) {
            print_csv_row(from, to, row, ds, metres ? dm : NULL);
            continue;
        }
        tq_buf text = {0};
        tq_json json;
        tq_json_begin(&json, &text);
        put_json_row(&json, ds, metres ? dm : NULL, to->snap.count);
        printf("%s%.*s", row == 0 ? "" : ",", (int)text.len, text.at);
        tq_buf_free(&text);
    }
    if (args->json) printf("]}\n");
    tq_free(ds);
    tq_free(dm);
    return status;
}

int cli_matrix(const cli_args *args)
{
    cli_road road;
    place_list from = {0}, to = {0};
    tq_err err = {0};
    if (cli_value(args, "from") == NULL && cli_value(args, "from-file") == NULL)
        return cli_usage(args, "needs --from or --from-file");
    int code = cli_road_open(args, &road);
    if (code == 0) {
        tq_status status = read_places(args, &road, "from", "from-file", &from, &err);
        if (status == TQ_OK) status = read_places(args, &road, "to", "to-file", &to, &err);
        if (status == TQ_OK)
            status = print_matrix(args, &road, &from, to.snap.count > 0 ? &to : &from, &err);
        if (status != TQ_OK) code = cli_fail(args, status, &err);
    }
    free_list(&from);
    free_list(&to);
    cli_road_close(&road);
    return code;
}

/* ---- isochrone
 * -----------------------------------------------------------------------------------------------
 */

static bool take_direction(const cli_args *args, tq_sweep *out)
{
    const char *direction = cli_value(args, "direction");
    *out = direction != NULL && strcmp(direction, "to") == 0 ? TQ_SWEEP_TO : TQ_SWEEP_FROM;
    if (direction == NULL || strcmp(direction, "to") == 0 || strcmp(direction, "from") == 0)
        return true;
    (void)cli_usage(args, "--direction is from or to");
    return false;
}

static int reach(const cli_args *args, cli_road *road, const tq_isochrone_wish *wish)
{
    tq_err err = {0};
    tq_point at;
    tq_snap snap;
    tq_isochrone shape;
    tq_status status = cli_road_place(road, cli_value(args, "place"), &at, &err);
    if (status == TQ_OK) status = cli_road_snap(road, at, &snap, &err);
    if (status == TQ_OK)
        status = tq_road_isochrone(road->city.snapshot.city, road->metric, &snap, wish,
                                   &road->city.work, &shape, &err);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    if (args->json) {
        tq_buf out = {0};
        tq_isochrone_json(road->city.snapshot.city, road->vehicle, road->at_ms, road->datum,
                          snap.at, wish, &shape, &out);
        return cli_print(&out, 0);
    }
    for (uint32_t k = 0; k < wish->limit_count; k++)
        printf(args->lang == TQ_ZH ? "%d.%d 分钟：道路 %llu.%llu 公里，%u 段\n"
                                   : "%d.%d min: %llu.%llu km of streets, %u pieces\n",
               wish->limit_ds[k] / 600, wish->limit_ds[k] % 600 / 60,
               (unsigned long long)(shape.reached_m[k] / 1000),
               (unsigned long long)(shape.reached_m[k] % 1000 / 100), shape.reached_edges[k]);
    return 0;
}

int cli_isochrone(const cli_args *args)
{
    cli_road road;
    tq_err err = {0};
    tq_isochrone_wish wish = {0};
    const char *minutes = cli_value(args, "minutes");
    if (cli_value(args, "place") == NULL) return cli_usage(args, "needs --place");
    if (!take_direction(args, &wish.sweep)) return cli_exit_code(TQ_USAGE);
    if (tq_isochrone_minutes(minutes != NULL ? minutes : "10", &wish, &err) != TQ_OK)
        return cli_usage(args, err.text);
    int code = cli_road_open(args, &road);
    if (code == 0) code = reach(args, &road, &wish);
    cli_road_close(&road);
    return code;
}

/* ---- match
 * ---------------------------------------------------------------------------------------------------
 */

typedef TQ_VEC(tq_trace_point) trace_list;

static tq_status trace_row(const cli_rows *rows, const cli_road *road, const uint32_t column[4],
                           trace_list *trace, tq_err *err)
{
    tq_trace_point point = {.at_s = TQ_NO_TIME};
    TQ_TRY(cli_rows_point(rows, road, column[0], column[1], &point.at, err));
    if (column[2] != TQ_NONE && rows->field[column[2]].len > 0 &&
        !tq_parse_i64(rows->field[column[2]], &point.at_s))
        return tq_fail(err, TQ_BAD_INPUT, rows->number,
                       "the time is not a whole number of seconds");
    if (column[3] != TQ_NONE && rows->field[column[3]].len > 0 &&
        !tq_parse_u32(rows->field[column[3]], &point.accuracy_m))
        return tq_fail(err, TQ_BAD_INPUT, rows->number, "accuracy_m is not a whole number");
    if (trace->count == TQ_TRACE_MAX)
        return tq_fail(err, TQ_LIMIT, rows->number, "a track may have %d points", TQ_TRACE_MAX);
    return tq_vec_push(trace, point) ? TQ_OK
                                     : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the track");
}

static tq_status read_trace(const cli_road *road, const char *path, trace_list *trace, tq_err *err)
{
    static const char *const names[] = {"lat", "lon", "time", "accuracy_m"};
    uint32_t column[4];
    cli_rows rows;
    bool more = true;
    tq_status status = cli_rows_open(&rows, path, err);
    for (unsigned k = 0; status == TQ_OK && k < 4; k++) {
        column[k] = cli_rows_column(&rows, names[k]);
        if (column[k] == TQ_NONE && k < 2)
            status = tq_fail(err, TQ_BAD_INPUT, 1, "line 1 must name the columns lat and lon");
    }
    while (status == TQ_OK) {
        status = in_line(&rows, cli_rows_next(&rows, &more, err), err);
        if (status != TQ_OK || !more) break;
        status = in_line(&rows, trace_row(&rows, road, column, trace, err), err);
    }
    cli_rows_close(&rows);
    return status;
}

static int print_match(const cli_args *args, cli_road *road, const trace_list *trace,
                       const tq_route_options *options)
{
    tq_match_wish wish = {.split = !cli_flag(args, "ignore-gaps"), .tidy = cli_flag(args, "tidy")};
    const tq_city *city = road->city.snapshot.city;
    tq_err err = {0};
    tq_buf out = {0};
    tq_matching matching;
    tq_status status;
    if (args->json) {
        status = tq_match_json(city, road->metric, trace->at, (uint32_t)trace->count, &wish,
                               options, &road->city.work, &out, &err);
        if (status == TQ_OK) return cli_print(&out, 0);
        tq_buf_free(&out);
        return cli_fail(args, status, &err);
    }
    status = tq_road_match(city, road->metric, trace->at, (uint32_t)trace->count, &wish,
                           &road->city.work, &matching, &err);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    for (uint32_t piece = 0; piece < matching.piece_count; piece++) {
        const tq_matched_piece *row = &matching.piece[piece];
        uint64_t length_dm = 0;
        for (uint32_t k = 0; k < row->way_count; k++)
            length_dm += row->way[k].length_dm;
        printf(args->lang == TQ_ZH ? "%u 个点，%llu 米，可信度 %u%%\n"
                                   : "%u points, %llu m, confidence %u%%\n",
               row->count, (unsigned long long)(length_dm / 10), row->confidence_percent);
    }
    return 0;
}

int cli_match(const cli_args *args)
{
    static const char *const form[] = {"polyline", "polyline6", "geojson"};
    const char *geometries = cli_value(args, "geometries");
    tq_route_options options;
    cli_road road;
    trace_list trace = {0};
    tq_err err = {0};
    unsigned chosen = 0;
    while (geometries != NULL && chosen < TQ_COUNT(form) && strcmp(geometries, form[chosen]) != 0)
        chosen++;
    if (chosen == TQ_COUNT(form))
        return cli_usage(args, "--geometries is polyline, polyline6 or geojson");
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    options.geometries = (tq_geometries)chosen;
    int code = cli_road_open(args, &road);
    if (code == 0) {
        options.datum = road.datum;
        tq_status status = read_trace(&road, args->word[1], &trace, &err);
        code = status == TQ_OK ? print_match(args, &road, &trace, &options)
                               : cli_fail(args, status, &err);
    }
    tq_vec_free(&trace);
    cli_road_close(&road);
    return code;
}

/* ---- nearest
 * -------------------------------------------------------------------------------------------------
 */

static int print_streets(const cli_args *args, cli_road *road, tq_point at, uint32_t number)
{
    const tq_city *city = road->city.snapshot.city;
    tq_snap_wish wish = {.limit = TQ_MIN(number, TQ_SNAPS_MAX), .bearing = -1};
    tq_snap snap[TQ_SNAPS_MAX];
    uint32_t count = 0;
    tq_err err = {0};
    tq_buf out = {0};
    tq_json json;
    tq_status status = tq_road_snap(city, road->metric, at, &wish, snap, &count, &err);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    tq_json_begin(&json, &out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", tq_city_version(city));
    tq_json_put_text(&json, "datum", tq_datum_name(road->datum));
    tq_json_key(&json, "streets");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++) {
        double lat, lon;
        const char *name =
            tq_text(city, city->streets.name[city->streets.edge_name[snap[k].edge]].name);
        cli_road_degrees(road, snap[k].at, &lat, &lon);
        if (!args->json)
            printf("%5u.%u m  %.6f,%.6f  %s\n", snap[k].distance_dm / 10, snap[k].distance_dm % 10,
                   lat, lon, name);
        tq_json_object(&json);
        tq_json_put_text(&json, "name", name);
        tq_json_put_i64(&json, "edge", snap[k].edge);
        tq_json_put_i64(&json, "way", city->streets.edge_way[snap[k].edge]);
        tq_json_put_fixed(&json, "distance_m", snap[k].distance_dm, 1);
        tq_json_put_fixed(&json, "lat", (int64_t)(lat * 1e7 + (lat < 0 ? -0.5 : 0.5)), 7);
        tq_json_put_fixed(&json, "lon", (int64_t)(lon * 1e7 + (lon < 0 ? -0.5 : 0.5)), 7);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    if (args->json) return cli_print(&out, 0);
    tq_buf_free(&out);
    return 0;
}

static tq_status nearest_of(const cli_args *args, cli_road *road, tq_point at, uint32_t number,
                            tq_sweep sweep, place_list *list, tq_err *err)
{
    tq_snap snap;
    uint32_t count = 0;
    TQ_TRY(cli_road_snap(road, at, &snap, err));
    TQ_TRY(read_file(road, cli_value(args, "of"), list, err));
    tq_arena *work = &road->city.work;
    tq_places_on_road set = {.count = (uint32_t)list->snap.count, .snap = list->snap.at};
    number = TQ_MIN(number, set.count);
    uint32_t *which = TQ_PUSH_RAW(work, uint32_t, number);
    int32_t *ds = TQ_PUSH_RAW(work, int32_t, number);
    if (which == NULL || ds == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for the answer");
    TQ_TRY(tq_road_nearest_of(road->city.snapshot.city, road->metric, &snap, &set, sweep, number,
                              work, which, ds, &count, err));
    tq_buf out = {0};
    tq_json json;
    tq_json_begin(&json, &out);
    tq_json_object(&json);
    tq_json_key(&json, "nearest");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++) {
        if (!args->json) printf("%6d.%d s  %s\n", ds[k] / 10, ds[k] % 10, name_of(list, which[k]));
        tq_json_object(&json);
        tq_json_put_text(&json, "id", name_of(list, which[k]));
        tq_json_put_i64(&json, "index", which[k]);
        tq_json_put_fixed(&json, "duration_s", ds[k], 1);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    if (args->json) {
        (void)cli_print(&out, 0);
    } else {
        tq_buf_free(&out);
    }
    return count > 0 ? TQ_OK : tq_fail(err, TQ_NO_ROUTE, 0, "none of the places can be reached");
}

int cli_nearest(const cli_args *args)
{
    cli_road road;
    place_list list = {0};
    tq_err err = {0};
    tq_point at;
    tq_sweep sweep;
    uint32_t number = 1;
    if (cli_value(args, "place") == NULL) return cli_usage(args, "needs --place");
    if (!cli_number(args, "number", 1, 10000, &number) || !take_direction(args, &sweep))
        return cli_exit_code(TQ_USAGE);
    int code = cli_road_open(args, &road);
    if (code == 0) {
        tq_status status = cli_road_place(&road, cli_value(args, "place"), &at, &err);
        if (status == TQ_OK && cli_value(args, "of") == NULL)
            code = print_streets(args, &road, at, number);
        else if (status == TQ_OK)
            status = nearest_of(args, &road, at, number, sweep, &list, &err);
        if (status != TQ_OK) code = cli_fail(args, status, &err);
    }
    free_list(&list);
    cli_road_close(&road);
    return code;
}
