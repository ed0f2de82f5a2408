/* tongqu route: the way on the streets, as OSRM's route object with the street names, in words, or
 * many at once from a CSV file. */
#include <jansson.h>
#include <stdlib.h>

#include "cli/cli.h"

static bool take_options(const cli_args *args, tq_route_options *options)
{
    static const char *const form[] = {"polyline", "polyline6", "geojson"};
    const char *geometries = cli_value(args, "geometries");
    tq_route_options_default(options);
    options->overview = TQ_OVERVIEW_FULL;
    options->steps = cli_flag(args, "steps");
    if (options->steps) options->language = args->lang == TQ_ZH ? TQ_LANGUAGE_ZH : TQ_LANGUAGE_EN;
    if (!cli_number(args, "alternatives", 0, TQ_ALTERNATIVES_MAX - 1, &options->alternatives))
        return false;
    bool ends = cli_value(args, "from") != NULL && cli_value(args, "to") != NULL;
    if (!ends && cli_value(args, "csv") == NULL) {
        (void)cli_usage(args, "needs --from and --to, or --csv FILE");
        return false;
    }
    if (geometries == NULL) return true;
    for (unsigned k = 0; k < TQ_COUNT(form); k++)
        if (strcmp(geometries, form[k]) == 0) {
            options->geometries = (tq_geometries)k;
            return true;
        }
    (void)cli_usage(args, "--geometries is polyline, polyline6 or geojson");
    return false;
}

static tq_status add_place(const cli_road *road, const char *text, tq_route_place *place,
                           tq_err *err)
{
    tq_snap snap;
    uint32_t count = 0;
    *place = (tq_route_place){.wish = {.limit = 1, .bearing = -1, .main_only = true}, .via = true};
    TQ_TRY(cli_road_place(road, text, &place->at, err));
    /* On an island only when nothing else is in reach. */
    place->wish.main_only = tq_road_snap(road->city.snapshot.city, road->metric, place->at,
                                         &place->wish, &snap, &count, NULL) == TQ_OK;
    return TQ_OK;
}

static tq_status ask(const cli_args *args, cli_road *road, tq_route_options *options, tq_buf *out,
                     tq_err *err)
{
    tq_route_place place[CLI_REPEATS_MAX + 2];
    uint32_t count = 0;
    options->datum = road->datum;
    TQ_TRY(add_place(road, cli_value(args, "from"), &place[count++], err));
    for (unsigned k = 0; k < args->repeat_count; k++)
        TQ_TRY(add_place(road, args->repeated[k], &place[count++], err));
    TQ_TRY(add_place(road, cli_value(args, "to"), &place[count++], err));
    TQ_TRY(tq_route_json(road->city.snapshot.city, road->metric, place, count, options,
                         &road->city.work, out, err));
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}

/* OSRM's answer with the first route's members lifted beside its envelope: both kinds of reader are
 * served. */
static json_t *lift_route(const tq_buf *answer, const cli_road *road)
{
    json_t *all = json_loadb(answer->at, answer->len, 0, NULL);
    json_t *route = json_array_get(json_object_get(all, "routes"), 0);
    if (route == NULL) {
        json_decref(all);
        return NULL;
    }
    json_object_update_missing(all, route);
    json_object_set_new(all, "version", json_string(tq_city_version(road->city.snapshot.city)));
    json_object_set_new(all, "datum", json_string(tq_datum_name(road->datum)));
    return all;
}

static void print_steps(const json_t *route)
{
    const json_t *legs = json_object_get(route, "legs");
    for (size_t leg = 0; leg < json_array_size(legs); leg++) {
        const json_t *steps = json_object_get(json_array_get(legs, leg), "steps");
        for (size_t k = 0; k < json_array_size(steps); k++) {
            const json_t *step = json_array_get(steps, k);
            const char *said = json_string_value(
                json_object_get(json_object_get(step, "maneuver"), "instruction"));
            printf("  %6.0f m  %s\n", json_number_value(json_object_get(step, "distance")),
                   said != NULL ? said : "");
        }
    }
}

static int print_for_people(const json_t *answer, bool zh)
{
    const json_t *routes = json_object_get(answer, "routes");
    for (size_t row = 0; row < json_array_size(routes); row++) {
        const json_t *route = json_array_get(routes, row), *ways = json_object_get(route, "ways");
        printf(zh ? "%.0f 米，%.0f 分钟\n" : "%.0f m, %.0f min\n",
               json_number_value(json_object_get(route, "distance")),
               json_number_value(json_object_get(route, "duration")) / 60);
        for (size_t k = 0; k < json_array_size(ways); k++)
            printf("%s%s", k == 0 ? "  " : " → ", json_string_value(json_array_get(ways, k)));
        if (json_array_size(ways) > 0) printf("\n");
        print_steps(route);
    }
    return 0;
}

static int one_route(const cli_args *args, cli_road *road, tq_route_options *options)
{
    tq_err err = {0};
    tq_buf answer = {0};
    int code = 0;
    tq_status status = ask(args, road, options, &answer, &err);
    json_t *route = status == TQ_OK ? lift_route(&answer, road) : NULL;
    if (status == TQ_OK && route == NULL)
        status = tq_fail(&err, TQ_INTERNAL, 0, "the route could not be written");
    if (status != TQ_OK) {
        code = cli_fail(args, status, &err);
    } else if (args->json) {
        char *text = json_dumps(route, JSON_COMPACT | JSON_REAL_PRECISION(10));
        printf("%s\n", text != NULL ? text : "{}");
        free(text);
    } else {
        code = print_for_people(route, args->lang == TQ_ZH);
    }
    json_decref(route);
    tq_buf_free(&answer);
    return code;
}

int cli_route(const cli_args *args)
{
    tq_route_options options;
    cli_road road;
    if (!take_options(args, &options)) return cli_exit_code(TQ_USAGE);
    int code = cli_road_open(args, &road);
    if (code == 0)
        code = cli_value(args, "csv") != NULL ? cli_route_batch(args, &road)
                                              : one_route(args, &road, &options);
    cli_road_close(&road);
    return code;
}

/* ---- many routes
 * --------------------------------------------------------------------------------------------- */

typedef struct batch {
    cli_road *road;
    cli_rows rows;
    uint32_t column[5]; /* from_lat, from_lon, to_lat, to_lon, id */
    uint64_t done, bad;
} batch;

static tq_status batch_columns(batch *of, tq_err *err)
{
    static const char *const names[] = {"from_lat", "from_lon", "to_lat", "to_lon", "id"};
    for (unsigned k = 0; k < TQ_COUNT(names); k++) {
        of->column[k] = cli_rows_column(&of->rows, names[k]);
        if (of->column[k] == TQ_NONE && k < 4)
            return tq_fail(err, TQ_BAD_INPUT, 1,
                           "line 1: the column %s is missing; the columns are "
                           "from_lat,from_lon,to_lat,to_lon and, if wanted, id",
                           names[k]);
    }
    return TQ_OK;
}

static tq_status batch_row(batch *of, tq_way *way, tq_err *err)
{
    const cli_road *road = of->road;
    tq_snap snap[2];
    for (unsigned end = 0; end < 2; end++) {
        tq_point at;
        TQ_TRY(cli_rows_point(&of->rows, road, of->column[2 * end], of->column[2 * end + 1], &at,
                              err));
        TQ_TRY(cli_road_snap(road, at, &snap[end], err));
    }
    tq_arena_reset(&of->road->city.work, 0);
    return tq_road_way(road->city.snapshot.city, road->metric, &snap[0], &snap[1],
                       &of->road->city.work, way, err);
}

static void put_row(const batch *of, tq_status status, const tq_way *way)
{
    tq_str id = of->column[4] == TQ_NONE ? (tq_str){"", 0} : of->rows.field[of->column[4]];
    bool quote = memchr(id.at, ',', id.len) != NULL;
    if (of->column[4] == TQ_NONE)
        printf("%u", of->rows.number);
    else
        printf("%s%.*s%s", quote ? "\"" : "", (int)id.len, id.at, quote ? "\"" : "");
    if (status == TQ_OK)
        printf(",%lld.%lld,%u.%u,ok\n", (long long)(way->time_ds / 10),
               (long long)(way->time_ds % 10), way->length_dm / 10, way->length_dm % 10);
    else
        printf(",,,%s\n", status == TQ_NO_ROUTE    ? "no_route"
                          : status == TQ_NOT_FOUND ? "no_street"
                          : status == TQ_BAD_INPUT ? "bad_row"
                                                   : "failed");
}

static tq_status run_batch(const cli_args *args, batch *of, cli_progress *progress, tq_err *err)
{
    bool more = true, strict = cli_flag(args, "strict");
    printf("id,duration_s,distance_m,status\n");
    for (;;) {
        tq_way way = {0};
        tq_err why = {0};
        tq_status status = cli_rows_next(&of->rows, &more, &why);
        if (!more) return TQ_OK;
        if (status == TQ_OK) status = batch_row(of, &way, &why);
        if (status != TQ_OK) {
            of->bad++;
            if (!args->quiet || strict)
                fprintf(stderr, "tongqu route: line %u: %s\n", of->rows.number,
                        why.text[0] != '\0' ? why.text : tq_status_text(status));
            if (strict) {
                *err = why;
                return status;
            }
        }
        put_row(of, status, &way);
        of->done++;
        cli_progress_tick(progress, "routes", of->done, of->done + 1);
    }
}

int cli_route_batch(const cli_args *args, cli_road *road)
{
    batch of = {.road = road};
    cli_progress progress;
    tq_err err = {0};
    tq_status status = cli_rows_open(&of.rows, cli_value(args, "csv"), &err);
    if (status == TQ_OK) status = batch_columns(&of, &err);
    if (status != TQ_OK) {
        cli_rows_close(&of.rows);
        return cli_fail(args, status, &err);
    }
    cli_progress_begin(&progress, args);
    status = run_batch(args, &of, &progress, &err);
    cli_progress_end(&progress);
    cli_rows_close(&of.rows);
    if (!args->quiet)
        fprintf(stderr, "%llu routes, %llu without an answer\n", (unsigned long long)of.done,
                (unsigned long long)of.bad);
    if (fflush(stdout) != 0) return cli_exit_code(TQ_IO);
    return cli_exit_code(status);
}
