/* tongqu places and tongqu works: names, what lies at a point, and the dated register. */
#include "cli/cli.h"

static tq_status take_near(const cli_args *args, const tq_city *city, tq_place_query *query,
                           tq_err *err)
{
    const char *near = cli_value(args, "near");
    tq_endpoint at;
    if (near == NULL) return TQ_OK;
    TQ_TRY(tq_endpoint_parse(city, near, &at, err));
    query->near_known = true;
    query->near_lat_e7 = at.lat_e7;
    query->near_lon_e7 = at.lon_e7;
    return TQ_OK;
}

static void print_places(const tq_place *place, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        char at[48];
        (void)snprintf(at, sizeof at, "%.6f,%.6f", place[k].lat_e7 / 1e7, place[k].lon_e7 / 1e7);
        printf("%s  [%s] %s%s%s%s  %s: %s%s\n", place[k].name, tq_place_kind_name(place[k].kind),
               place[k].city, place[k].area[0] != '\0' ? " " : "", place[k].area,
               place[k].approximate ? "  (approximate)" : "", tq_match_name(place[k].match),
               place[k].matched, "");
        printf("    %s%s%s\n", at, place[k].stop_id[0] != '\0' ? "  stop:" : "", place[k].stop_id);
    }
}

static int answer(const cli_args *args, const tq_city *city, const tq_place_query *query,
                  uint32_t radius_m)
{
    tq_place found[TQ_PLACES_MAX];
    uint32_t count = 0;
    tq_err err = {0};
    tq_buf buf = {0};
    tq_status status;
    if (query->text == NULL && args->json)
        status = tq_reverse_json(city, query->near_lat_e7, query->near_lon_e7, radius_m,
                                 query->limit, &buf, &count, &err);
    else if (query->text == NULL)
        status = tq_places_near(city, query->near_lat_e7, query->near_lon_e7, radius_m,
                                query->limit, found, &count, &err);
    else if (args->json)
        status = tq_places_json(city, query, &buf, &count, &err);
    else
        status = tq_places_find(city, query, found, &count, &err);
    if (status != TQ_OK) {
        tq_buf_free(&buf);
        return cli_fail(args, status, &err);
    }
    int code = count > 0 ? 0 : cli_exit_code(TQ_NOT_FOUND);
    if (args->json) return cli_print(&buf, code);
    print_places(found, count);
    if (count == 0 && !args->quiet)
        fprintf(stderr, "nothing is called that; try part of the name, pinyin or initials\n");
    return code;
}

int cli_places(const cli_args *args)
{
    cli_city city;
    tq_err err = {0};
    tq_place_query query = {
        .size = sizeof query, .text = args->word_count > 1 ? args->word[1] : NULL, .limit = 10};
    uint32_t radius_m = 300;
    query.in_city = cli_value(args, "in");
    if (!cli_number(args, "limit", 1, TQ_PLACES_MAX, &query.limit) ||
        !cli_number(args, "radius", 1, 10000, &radius_m))
        return cli_exit_code(TQ_USAGE);
    if (query.text == NULL && cli_value(args, "near") == NULL)
        return cli_usage(args, "needs a QUERY or --near");
    tq_status status = cli_open(args->word[0], &city, &err);
    if (status == TQ_OK) status = take_near(args, city.snapshot.city, &query, &err);
    int code = status == TQ_OK ? answer(args, city.snapshot.city, &query, radius_m)
                               : cli_fail(args, status, &err);
    cli_close(&city);
    return code;
}

static void print_works(const tq_city *city)
{
    static const char *const life[] = {"planned", "building", "open", "closed"};
    for (uint32_t k = 0; k < city->works.count; k++) {
        const tq_work *work = &city->works.row[k];
        char from[TQ_TIME_TEXT_MAX] = "?", to[TQ_TIME_TEXT_MAX] = "";
        if (work->from_ms != INT64_MIN) tq_time_print(&city->zone, work->from_ms, from);
        if (work->to_ms != INT64_MAX) tq_time_print(&city->zone, work->to_ms, to);
        from[TQ_MIN(strlen(from), 16)] = '\0';
        to[TQ_MIN(strlen(to), 16)] = '\0';
        printf("%-9s %s%s%s  %s", life[work->life], from, to[0] != '\0' ? " to " : "", to,
               tq_text(city, work->name));
        if (work->length_m > 0)
            printf("  %u.%03u km", work->length_m / 1000, work->length_m % 1000);
        if (work->target_m > 0) printf("  target %u m", work->target_m);
        if (work->target_m > 0 && work->done_known != 0)
            printf(", done %u m, left %u m", work->done_m,
                   work->target_m > work->done_m ? work->target_m - work->done_m : 0);
        printf("\n");
    }
}

int cli_works(const cli_args *args)
{
    cli_city city;
    tq_err err = {0};
    int64_t at_ms = 0;
    tq_status status = cli_open(args->word[0], &city, &err);
    if (status == TQ_OK) status = cli_time(args, "at", city.snapshot.city, &at_ms, &err);
    int code = 0;
    if (status != TQ_OK) {
        code = cli_fail(args, status, &err);
    } else if (args->json) {
        tq_buf buf = {0};
        tq_works_json(city.snapshot.city, at_ms, &buf);
        code = cli_print(&buf, 0);
    } else {
        print_works(city.snapshot.city);
    }
    cli_close(&city);
    return code;
}
