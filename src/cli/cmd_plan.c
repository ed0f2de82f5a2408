/* tongqu plan: a trip from door to door, as JSON or as lines a person reads. */
#include "cli/cli.h"

static bool take_rider(const cli_args *args, tq_plan_query *query)
{
    static const char *const name[] = {"adult", "senior", "pupil", "child"};
    const char *rider = cli_value(args, "rider");
    if (rider == NULL) {
        query->rider = query->profile == TQ_PROFILE_ELDER ? TQ_RIDER_SENIOR : TQ_RIDER_ADULT;
        return true;
    }
    for (unsigned k = 0; k < TQ_COUNT(name); k++)
        if (strcmp(rider, name[k]) == 0) {
            query->rider = (tq_rider)k;
            return true;
        }
    (void)cli_usage(args, "--rider is adult, senior, pupil or child");
    return false;
}

static bool take_on_demand(const cli_args *args, tq_plan_query *query)
{
    const char *words = cli_value(args, "on-demand");
    tq_err err = {0};
    if (words != NULL && tq_on_demand_parse(words, &query->on_demand, &err) != TQ_OK) {
        (void)cli_usage(args, "--on-demand is taxi, custom, or taxi,custom");
        return false;
    }
    return cli_number(args, "party", 1, TQ_PARTY_MAX, &query->party);
}

/* Numbers and words that need no city; prints what is wrong. */
static bool take_options(const cli_args *args, tq_plan_query *query)
{
    const char *profile = cli_value(args, "profile");
    uint32_t window_min = 0;
    tq_plan_query_default(query);
    if (profile != NULL && !tq_profile_parse(profile, &query->profile)) {
        (void)cli_usage(args, "--profile is foot, elder, wheelchair, bike, car or taxi");
        return false;
    }
    if (cli_value(args, "from") == NULL || cli_value(args, "to") == NULL) {
        (void)cli_usage(args, "needs --from and --to");
        return false;
    }
    if (cli_value(args, "depart") != NULL && cli_value(args, "arrive") != NULL) {
        (void)cli_usage(args, "takes --depart or --arrive, not both");
        return false;
    }
    query->card = cli_flag(args, "card");
    if (!cli_number(args, "window", 0, TQ_WINDOW_MAX_S / 60, &window_min)) return false;
    query->window_s = window_min * 60;
    if (!cli_number(args, "max-walk", 0, 100000, &query->max_walk_m)) return false;
    return cli_number(args, "max-transfers", 0, TQ_TRANSFERS_MAX, &query->max_transfers) &&
           take_on_demand(args, query) && take_rider(args, query);
}

static tq_status take_ends(const cli_args *args, const tq_city *city, tq_plan_query *query,
                           tq_err *err)
{
    query->arrive_by = cli_value(args, "arrive") != NULL;
    if (cli_value(args, "max-transfers") == NULL) query->max_transfers = city->meta->max_transfers;
    TQ_TRY(cli_time(args, query->arrive_by ? "arrive" : "depart", city, &query->time_ms, err));
    TQ_TRY(tq_endpoint_parse(city, cli_value(args, "from"), &query->from, err));
    return tq_endpoint_parse(city, cli_value(args, "to"), &query->to, err);
}

/* ---- for people
 * --------------------------------------------------------------------------------------- */

static void put_clock(const tq_city *city, int64_t at_ms, char out[TQ_TIME_TEXT_MAX])
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&city->zone, at_ms, text);
    memcpy(out, text + 11, 5);
    out[5] = '\0';
}

static void put_day(const tq_city *city, int64_t at_ms, char out[TQ_TIME_TEXT_MAX])
{
    tq_time_print(&city->zone, at_ms, out);
    out[10] = '\0';
}

static void print_leg(const tq_city *city, const tq_leg *leg, bool zh)
{
    char from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX];
    put_clock(city, leg->departure_ms, from);
    put_clock(city, leg->arrival_ms, to);
    const char *a = leg->from.name[0] != '\0' ? leg->from.name : zh ? "起点" : "start";
    const char *b = leg->to.name[0] != '\0' ? leg->to.name : zh ? "终点" : "end";
    if (leg->mode == TQ_LEG_TRANSIT)
        printf(zh ? "    %s–%s  %s 往%s：%s → %s%s\n" : "    %s-%s  %s towards %s: %s to %s%s\n",
               from, to, leg->route_name, leg->headsign, a, b,
               leg->assumed ? zh ? "（时刻为推算）" : " (times assumed)" : "");
    else
        printf("    %s%s%s  %s %u m: %s → %s\n", from, zh ? "–" : "-", to, leg->mode_name,
               leg->distance_m, a, b);
}

static void print_itinerary(const tq_city *city, const tq_itinerary *itinerary, bool zh)
{
    char day[TQ_TIME_TEXT_MAX], from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX],
        safe[TQ_TIME_TEXT_MAX], fare[40] = "";
    put_day(city, itinerary->departure_ms, day);
    put_clock(city, itinerary->departure_ms, from);
    put_clock(city, itinerary->arrival_ms, to);
    if (itinerary->fare_known)
        (void)snprintf(fare, sizeof fare, zh ? "%u.%02u 元" : "%u.%02u yuan",
                       itinerary->fare_fen / 100, itinerary->fare_fen % 100);
    else
        (void)snprintf(fare, sizeof fare, "%s", zh ? "票价未知" : "fare not known");
    printf(zh ? "%s %s–%s  %lld 分钟，换乘 %u 次，步行 %u 米，%s%s\n"
              : "%s %s-%s  %lld min, %u transfers, %u m on foot, %s%s\n",
           day, from, to, (long long)((itinerary->arrival_ms - itinerary->departure_ms) / 60000),
           itinerary->transfers, itinerary->walk_m, fare,
           itinerary->fare_assumed ? zh ? "（推算）" : " (assumed)" : "");
    for (uint32_t k = 0; k < itinerary->leg_count; k++)
        print_leg(city, &itinerary->leg[k], zh);
    if (itinerary->last_safe_departure_ms == INT64_MIN) return;
    put_clock(city, itinerary->last_safe_departure_ms, safe);
    printf(zh ? "    末班提醒：最晚 %s 出发\n" : "    last safe departure that night: %s\n", safe);
}

static void print_missed(const tq_city *city, const tq_missed *missed, bool zh)
{
    char last[TQ_TIME_TEXT_MAX], arrives[TQ_TIME_TEXT_MAX];
    put_clock(city, missed->last_ms, last);
    put_clock(city, missed->arrives_ms, arrives);
    printf(
        zh ? "赶不上：%s 往%s 在%s 的末班 %s，您 %s 才到，差 %u 分钟\n"
           : "missed: the last %s towards %s left %s at %s; you get there at %s, %u min too late\n",
        missed->line, missed->towards, missed->at, last, arrives, missed->by_min);
}

static int print_answer(const tq_city *city, const tq_plan_answer *answer, bool zh)
{
    for (uint32_t k = 0; k < answer->missed_count; k++)
        print_missed(city, &answer->missed[k], zh);
    for (uint32_t k = 0; k < answer->itinerary_count; k++)
        print_itinerary(city, &answer->itinerary[k], zh);
    if (answer->itinerary_count > 0) return 0;
    printf("%s\n", zh ? "没有找到路线" : answer->note);
    return cli_exit_code(TQ_NO_ROUTE);
}

int cli_plan(const cli_args *args)
{
    tq_plan_query query;
    cli_city city;
    tq_err err = {0};
    int code = 0;
    if (!take_options(args, &query)) return cli_exit_code(TQ_USAGE);
    tq_status status = cli_open(args->word[0], &city, &err);
    if (status == TQ_OK) status = take_ends(args, city.snapshot.city, &query, &err);
    if (status == TQ_OK && args->json) {
        tq_buf buf = {0};
        bool found = false;
        status = tq_plan_json(&city.snapshot, &query, args->lang, &city.work, &buf, &found, &err);
        if (status == TQ_OK)
            code = cli_print(&buf, found ? 0 : cli_exit_code(TQ_NO_ROUTE));
        else
            tq_buf_free(&buf);
    } else if (status == TQ_OK) {
        tq_plan_answer answer;
        status = tq_plan(&city.snapshot, &query, &city.work, &answer, &err);
        if (status == TQ_OK) code = print_answer(city.snapshot.city, &answer, args->lang == TQ_ZH);
    }
    if (status != TQ_OK) code = cli_fail(args, status, &err);
    cli_close(&city);
    return code;
}
