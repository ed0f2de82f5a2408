/* tongqu route: the way on the streets, as OSRM's route object with the street names. */
#include <jansson.h>
#include <stdlib.h>

#include "cli/cli.h"

static bool take_options(const cli_args *args, tq_profile *profile, tq_route_options *options)
{
    static const char *const form[] = {"polyline", "polyline6", "geojson"};
    const char *name = cli_value(args, "profile"), *geometries = cli_value(args, "geometries");
    tq_route_options_default(options);
    *profile = TQ_PROFILE_CAR;
    options->overview = TQ_OVERVIEW_FULL;
    options->steps = cli_flag(args, "steps");
    if (cli_value(args, "from") == NULL || cli_value(args, "to") == NULL) {
        (void)cli_usage(args, "needs --from and --to");
        return false;
    }
    if (name != NULL && !tq_profile_parse(name, profile)) {
        (void)cli_usage(args, "--profile is car, taxi, bike, foot, elder or wheelchair");
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

static tq_status ask(const cli_args *args, cli_city *city, tq_profile profile,
                     const tq_route_options *options, tq_buf *out, tq_err *err)
{
    tq_endpoint from, to;
    int64_t at_ms;
    TQ_TRY(cli_time(args, "at", city->snapshot.city, &at_ms, err));
    TQ_TRY(tq_endpoint_parse(city->snapshot.city, cli_value(args, "from"), &from, err));
    TQ_TRY(tq_endpoint_parse(city->snapshot.city, cli_value(args, "to"), &to, err));
    tq_point point[2] = {{from.lat_e7, from.lon_e7}, {to.lat_e7, to.lon_e7}};
    TQ_TRY(tq_snapshot_route_json(&city->snapshot, profile, at_ms, point, 2, options, &city->work,
                                  out, err));
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large") : TQ_OK;
}

/* OSRM's answer with the first route's members lifted beside its envelope: both kinds of reader are
 * served. */
static json_t *lift_route(const tq_buf *answer, const char *version)
{
    json_t *all = json_loadb(answer->at, answer->len, 0, NULL);
    json_t *route = json_array_get(json_object_get(all, "routes"), 0);
    if (route == NULL) {
        json_decref(all);
        return NULL;
    }
    json_object_update_missing(all, route);
    json_object_set_new(all, "version", json_string(version));
    return all;
}

static int print_for_people(const json_t *route, bool zh)
{
    const json_t *ways = json_object_get(route, "ways");
    printf(zh ? "%.0f 米，%.0f 分钟\n" : "%.0f m, %.0f min\n",
           json_number_value(json_object_get(route, "distance")),
           json_number_value(json_object_get(route, "duration")) / 60);
    for (size_t k = 0; k < json_array_size(ways); k++)
        printf("%s%s", k == 0 ? "  " : " → ", json_string_value(json_array_get(ways, k)));
    if (json_array_size(ways) > 0) printf("\n");
    return 0;
}

int cli_route(const cli_args *args)
{
    tq_profile profile;
    tq_route_options options;
    cli_city city;
    tq_err err = {0};
    tq_buf answer = {0};
    int code = 0;
    if (!take_options(args, &profile, &options)) return cli_exit_code(TQ_USAGE);
    tq_status status = cli_open(args->word[0], &city, &err);
    if (status == TQ_OK) status = ask(args, &city, profile, &options, &answer, &err);
    json_t *route =
        status == TQ_OK ? lift_route(&answer, tq_city_version(city.snapshot.city)) : NULL;
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
    cli_close(&city);
    return code;
}
