// also: import
/*
 * Custom buses in trips against a plain enumeration, on a small city without streets, where walks
 * to the buses are straight lines. The oracle tries each pair of stops of each run, by the rules of
 * the offer alone: seats of every segment, booking, where one may get on and off, the longest walk.
 * The lists must be the same; every trip must hang together and obey the rules of its runs. Plain
 * trips stay as they are. Changes between a custom bus and the timetable, and taxis, need streets:
 * test/http/ondemand.py asks for those.
 */
#include "journey_feed.h"

#define CASES       4000
#define STOPS       9
#define RUNS_MAX    7u
#define RUN_STOPS   5u
#define LIST_MAX    64u
#define AHEAD_MS    (3 * INT64_C(3600000))
#define LONGEST_MS  (4 * INT64_C(3600000))
#define SHOWN_MAX   12u /* of trips on demand in an answer */
#define TEXT_OF_RUN 24u

/* Nine stops on a square of 2 km; line 1 along the middle row, line 2 along the middle column. */
static void put_feed(void)
{
    static const char *const order[] = {"S3", "S4", "S5", "S1", "S4", "S7"};
    tq_buf stops = {0}, trips = {0}, times = {0};
    feed_put(
        "agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\nG,T,http://localhost,Asia/Shanghai\n");
    feed_put(
        "calendar.txt",
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,1,1,20250601,20250620\n");
    feed_put("routes.txt", "route_id,agency_id,route_short_name,route_long_name,route_type\n"
                           "R0,G,1,,3\nR1,G,2,,3\n");
    tq_buf_puts(&stops, "stop_id,stop_name,stop_lat,stop_lon\n");
    for (unsigned k = 0; k < STOPS; k++)
        tq_buf_printf(&stops, "S%u,Stop %u,37.%03u,112.%03u\n", k, k, 800 + k / 3 * 9,
                      500 + k % 3 * 11);
    tq_buf_puts(&trips, "route_id,service_id,trip_id\n");
    tq_buf_puts(&times, "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n");
    for (unsigned k = 0; k < 64; k++) {
        unsigned route = k % 2, minute = 360 + k / 2 * 30 + route * 7;
        tq_buf_printf(&trips, "R%u,W,T%u\n", route, k);
        for (unsigned at = 0; at < 3; at++, minute += 5)
            tq_buf_printf(&times, "T%u,%02u:%02u:00,%02u:%02u:00,%s,%u\n", k, minute / 60,
                          minute % 60, minute / 60, minute % 60, order[route * 3 + at], at);
    }
    tq_buf *const all[] = {&stops, &trips, &times};
    static const char *const name[] = {"stops.txt", "trips.txt", "stop_times.txt"};
    for (size_t k = 0; k < TQ_COUNT(all); k++) {
        tq_buf_putc(all[k], '\0');
        feed_put(name[k], all[k]->at);
        tq_buf_free(all[k]);
    }
}

static int make_town(void **state)
{
    (void)state;
    return feed_make_town(put_feed);
}

/* ---- a random offer ----------------------------------------------------------------------------
 */

typedef struct offer {
    tq_ondemand_run run[RUNS_MAX];
    tq_ondemand_stop stop[RUNS_MAX * RUN_STOPS];
    char text[1 + RUNS_MAX * TEXT_OF_RUN];
    uint32_t runs;
} offer;

static uint32_t below(tq_random *random, uint32_t bound)
{
    return tq_random_below(random, bound);
}

static void make_run(tq_random *random, offer *out, int64_t start_ms, int64_t asked_ms)
{
    uint32_t row = out->runs++, text = 1 + row * TEXT_OF_RUN;
    tq_ondemand_run *run = &out->run[row];
    int64_t at_ms = start_ms;
    (void)snprintf(out->text + text, TEXT_OF_RUN, "LI-%u", row);
    *run = (tq_ondemand_run){.line = text,
                             .name = text,
                             .trip = text,
                             .first_stop = row * RUN_STOPS,
                             .stop_count = 2 + below(random, RUN_STOPS - 1),
                             .price_fen = 100 * below(random, 8),
                             .wheelchair_seats = 1 + below(random, 3),
                             .service_day = tq_day_of(2025, 6, 10),
                             .booking_until_ms = asked_ms - 1 + below(random, 6),
                             .metro_stop = TQ_NONE,
                             .metro_departure_ms = INT64_MIN};
    for (uint32_t k = 0; k < run->stop_count; k++) {
        tq_ondemand_stop *stop = &out->stop[run->first_stop + k];
        *stop =
            (tq_ondemand_stop){.at = {378000000 + (int32_t)below(random, 180000) - 20000,
                                      1125000000 + (int32_t)below(random, 220000) - 20000},
                               .edge = TQ_NONE,
                               .id = text,
                               .name = text,
                               .free_seats = k + 1 < run->stop_count ? below(random, 7) : 0,
                               .free_wheelchairs = k + 1 < run->stop_count ? below(random, 3) : 0,
                               .flags = (below(random, 5) > 0 ? TQ_ONDEMAND_BOARD : 0) |
                                        (below(random, 5) > 0 ? TQ_ONDEMAND_ALIGHT : 0),
                               .arrive_ms = at_ms,
                               .depart_ms = at_ms + 1000 * (int64_t)below(random, 60)};
        at_ms = stop->depart_ms + 60000 * (int64_t)(1 + below(random, 12));
    }
}

static const tq_ondemand *make_offer(tq_random *random, offer *out, int64_t time_ms,
                                     int64_t asked_ms)
{
    const tq_ondemand *made = NULL;
    tq_err err = {0};
    uint32_t runs = below(random, RUNS_MAX + 1);
    *out = (offer){.runs = 0};
    int64_t start_ms = time_ms - 60000 * (int64_t)below(random, 260);
    for (uint32_t k = 0; k < runs; k++) {
        make_run(random, out, start_ms, asked_ms);
        /* The next one leaves its first stop later than this one. */
        start_ms = out->stop[out->run[k].first_stop].depart_ms + 60000 * (int64_t)below(random, 70);
    }
    tq_ondemand from = {.made_ms = asked_ms,
                        .run_count = runs,
                        .stop_count = runs * RUN_STOPS,
                        .text_len = sizeof out->text,
                        .run = out->run,
                        .stop = out->stop,
                        .text = out->text};
    if (tq_ondemand_new(town.city, &from, &made, &err) != TQ_OK) fail_msg("%s", err.text);
    return made;
}

/* ---- the oracle --------------------------------------------------------------------------------
 */

typedef struct worth {
    int64_t departure_ms, arrival_ms;
    uint32_t transfers, walk_m, fare_fen; /* UINT32_MAX = not known */
} worth;

typedef struct worths {
    worth at[LIST_MAX];
    uint32_t count;
} worths;

static bool covers(const worth *a, const worth *b)
{
    return a->departure_ms >= b->departure_ms && a->arrival_ms <= b->arrival_ms &&
           a->transfers <= b->transfers && a->walk_m <= b->walk_m && a->fare_fen <= b->fare_fen;
}

static bool is_covered(const worths *list, const worth *one)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (covers(&list->at[k], one)) return true;
    return false;
}

static bool seats_for(const offer *all, const tq_ondemand_run *run, uint32_t i, uint32_t j,
                      const tq_plan_query *query)
{
    uint32_t party = query->party > 1 ? query->party : 1;
    bool wheels = query->profile == TQ_PROFILE_WHEELCHAIR;
    if (wheels) party += run->wheelchair_seats - 1;
    for (uint32_t k = i; k < j; k++) {
        const tq_ondemand_stop *stop = &all->stop[run->first_stop + k];
        if (stop->free_seats < party || (wheels && stop->free_wheelchairs == 0)) return false;
    }
    return true;
}

static bool try_pair(const offer *all, const tq_ondemand_run *run, uint32_t i, uint32_t j,
                     const tq_plan_query *query, worth *out)
{
    const tq_ondemand_stop *a = &all->stop[run->first_stop + i],
                           *b = &all->stop[run->first_stop + j];
    uint32_t before = tq_distance_dm((tq_point){query->from.lat_e7, query->from.lon_e7}, a->at),
             after = tq_distance_dm((tq_point){query->to.lat_e7, query->to.lon_e7}, b->at),
             pace = town.city->meta->walk_mm_s[query->profile];
    if ((a->flags & TQ_ONDEMAND_BOARD) == 0 || (b->flags & TQ_ONDEMAND_ALIGHT) == 0 ||
        before > query->max_walk_m * 10 || after > query->max_walk_m * 10 ||
        !seats_for(all, run, i, j, query))
        return false;
    int64_t to_s = ((int64_t)before * 100 + pace - 1) / pace,
            from_s = ((int64_t)after * 100 + pace - 1) / pace;
    *out = (worth){.departure_ms = a->depart_ms - to_s * 1000,
                   .arrival_ms = b->arrive_ms + from_s * 1000,
                   .walk_m = (before + 5) / 10 + (after + 5) / 10,
                   .fare_fen = run->price_fen};
    return query->arrive_by ? out->arrival_ms <= query->time_ms
                            : out->departure_ms >= query->time_ms;
}

/* Of one run: the earliest arrival, then the latest departure (the other way about when one has to
 * be there by a time), then the least walk. */
static bool comes_first(const worth *a, const worth *b, bool arrive_by)
{
    if (arrive_by && a->departure_ms != b->departure_ms) return a->departure_ms > b->departure_ms;
    if (a->arrival_ms != b->arrival_ms) return a->arrival_ms < b->arrival_ms;
    if (a->departure_ms != b->departure_ms) return a->departure_ms > b->departure_ms;
    return a->walk_m < b->walk_m;
}

static bool hours_fit(const offer *all, const tq_ondemand_run *run, const tq_plan_query *query)
{
    int64_t first = all->stop[run->first_stop].depart_ms,
            last = all->stop[run->first_stop + run->stop_count - 1].arrive_ms;
    if (query->arrive_by) return first < query->time_ms && last > query->time_ms - AHEAD_MS;
    return last > query->time_ms && first < query->time_ms + AHEAD_MS &&
           first > query->time_ms - LONGEST_MS;
}

static void enumerate(const offer *all, const tq_plan_query *query, worths *out)
{
    out->count = 0;
    for (uint32_t row = 0; row < all->runs; row++) {
        const tq_ondemand_run *run = &all->run[row];
        worth best = {0}, one;
        bool any = false;
        if (run->booking_until_ms <= query->asked_ms || !hours_fit(all, run, query)) continue;
        for (uint32_t i = 0; i < run->stop_count; i++)
            for (uint32_t j = i + 1; j < run->stop_count; j++)
                if (try_pair(all, run, i, j, query, &one) &&
                    (!any || comes_first(&one, &best, query->arrive_by))) {
                    best = one;
                    any = true;
                }
        if (any) out->at[out->count++] = best;
    }
}

/* ---- the checks --------------------------------------------------------------------------------
 */

static void ask(const tq_snapshot *now, const tq_plan_query *query, tq_plan_answer *out,
                uint64_t seed)
{
    tq_err err = {0};
    tq_arena_reset(&work, 0);
    if (tq_plan(now, query, &work, out, &err) != TQ_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
}

static void take(const tq_plan_answer *answer, bool on_demand, worths *out)
{
    out->count = 0;
    for (uint32_t k = 0; k < answer->itinerary_count; k++) {
        const tq_itinerary *trip = &answer->itinerary[k];
        if (trip->on_demand != on_demand) continue;
        assert_true(out->count < LIST_MAX);
        out->at[out->count++] =
            (worth){trip->departure_ms, trip->arrival_ms, trip->transfers, trip->walk_m,
                    trip->fare_known ? trip->fare_fen : UINT32_MAX};
    }
}

static bool holds(const worths *list, const worth *one)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (covers(&list->at[k], one) && covers(one, &list->at[k])) return true;
    return false;
}

/* The leg is a ride of a run that can be booked, with room all the way. */
static bool leg_obeys(const offer *all, const tq_leg *leg, const tq_plan_query *query)
{
    for (uint32_t row = 0; row < all->runs; row++) {
        const tq_ondemand_run *run = &all->run[row];
        if (strcmp(all->text + run->line, leg->line_id) != 0) continue;
        for (uint32_t i = 0; i < run->stop_count; i++)
            for (uint32_t j = i + 1; j < run->stop_count; j++) {
                const tq_ondemand_stop *a = &all->stop[run->first_stop + i],
                                       *b = &all->stop[run->first_stop + j];
                if (a->depart_ms == leg->departure_ms && b->arrive_ms == leg->arrival_ms &&
                    a->at.lat_e7 == leg->from.lat_e7 && b->at.lat_e7 == leg->to.lat_e7)
                    return (a->flags & TQ_ONDEMAND_BOARD) != 0 &&
                           (b->flags & TQ_ONDEMAND_ALIGHT) != 0 &&
                           run->booking_until_ms > query->asked_ms &&
                           seats_for(all, run, i, j, query) && leg->price_fen == run->price_fen;
            }
    }
    return false;
}

static unsigned rides; /* trips with a custom bus */

static void check_trips(const offer *all, const tq_plan_answer *answer, const tq_plan_query *query,
                        uint64_t seed)
{
    for (uint32_t k = 0; k < answer->itinerary_count; k++) {
        const tq_itinerary *trip = &answer->itinerary[k];
        uint32_t buses = 0, boardings = 0;
        bool good = trip->leg_count > 0 && trip->leg[0].departure_ms == trip->departure_ms &&
                    trip->leg[trip->leg_count - 1].arrival_ms == trip->arrival_ms;
        for (uint32_t at = 0; good && at < trip->leg_count; at++) {
            const tq_leg *leg = &trip->leg[at];
            good = leg->departure_ms <= leg->arrival_ms &&
                   (at == 0 || trip->leg[at - 1].arrival_ms <= leg->departure_ms);
            buses += leg->mode == TQ_LEG_CUSTOM;
            boardings += leg->mode == TQ_LEG_CUSTOM || leg->mode == TQ_LEG_TRANSIT;
            if (good && leg->mode == TQ_LEG_CUSTOM) good = leg_obeys(all, leg, query);
        }
        good = good && (buses > 0) == trip->on_demand &&
               trip->transfers == (boardings > 0 ? boardings - 1 : 0) &&
               trip->transfers <= query->max_transfers;
        if (good && trip->on_demand)
            good = query->arrive_by ? trip->arrival_ms <= query->time_ms
                                    : trip->departure_ms >= query->time_ms;
        if (!good) fail_msg("seed %llu: trip %u breaks a rule", (unsigned long long)seed, k);
        rides += buses > 0;
    }
}

static void check_list(const offer *all, const tq_plan_query *query, const worths *plain,
                       const tq_plan_answer *answer, uint64_t seed)
{
    worths want, got, kept;
    enumerate(all, query, &want);
    take(answer, true, &got);
    take(answer, false, &kept);
    if (kept.count != plain->count)
        fail_msg("seed %llu: plain trips changed", (unsigned long long)seed);
    for (uint32_t k = 0; k < plain->count; k++)
        if (!holds(&kept, &plain->at[k]))
            fail_msg("seed %llu: a plain trip is gone", (unsigned long long)seed);
    for (uint32_t k = 0; k < want.count; k++)
        if (!is_covered(plain, &want.at[k]) && !is_covered(&got, &want.at[k]) &&
            got.count < SHOWN_MAX)
            fail_msg("seed %llu: run %u of the enumeration is missing", (unsigned long long)seed,
                     k);
    for (uint32_t k = 0; k < got.count; k++) {
        if (is_covered(plain, &got.at[k]))
            fail_msg("seed %llu: a plain trip is as good", (unsigned long long)seed);
        for (uint32_t other = 0; other < got.count; other++)
            if (other != k && covers(&got.at[other], &got.at[k]))
                fail_msg("seed %llu: trip %u is beaten", (unsigned long long)seed, k);
        if (query->max_transfers == 0 && !holds(&want, &got.at[k]))
            fail_msg("seed %llu: trip %u is not in the enumeration", (unsigned long long)seed, k);
    }
}

static void one_case(uint64_t seed)
{
    tq_random random = {seed};
    static offer all;
    tq_snapshot now = town;
    tq_plan_query query;
    tq_plan_answer answer;
    worths plain;
    char text[16];
    tq_plan_query_default(&query);
    uint32_t from = below(&random, STOPS), to = (from + 1 + below(&random, STOPS - 1)) % STOPS;
    (void)snprintf(text, sizeof text, "stop:S%u", from);
    assert_int_equal(tq_endpoint_parse(town.city, text, &query.from, NULL), TQ_OK);
    (void)snprintf(text, sizeof text, "stop:S%u", to);
    assert_int_equal(tq_endpoint_parse(town.city, text, &query.to, NULL), TQ_OK);
    query.time_ms = tq_local_to_ms(&town.city->zone, tq_day_of(2025, 6, 10),
                                   6 * 3600 + (int32_t)below(&random, 14 * 3600));
    query.arrive_by = below(&random, 3) == 0;
    query.max_transfers = below(&random, 3);
    query.max_walk_m = 300 + below(&random, 2200);
    query.profile = below(&random, 4) == 0 ? TQ_PROFILE_WHEELCHAIR : TQ_PROFILE_FOOT;
    query.party = below(&random, 5);
    query.asked_ms = query.time_ms - 3600000;
    ask(&town, &query, &answer, seed);
    take(&answer, false, &plain);
    now.ondemand = make_offer(&random, &all, query.time_ms, query.asked_ms);
    ask(&now, &query, &answer, seed);
    for (uint32_t k = 0; k < answer.itinerary_count; k++)
        assert_false(answer.itinerary[k].on_demand); /* nobody asked for it */
    query.on_demand = TQ_ON_DEMAND_TAXI | TQ_ON_DEMAND_CUSTOM;
    ask(&now, &query, &answer, seed);
    check_trips(&all, &answer, &query, seed);
    check_list(&all, &query, &plain, &answer, seed);
    tq_ondemand_drop(now.ondemand);
}

static void custom_buses_equal_the_enumeration(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++)
        one_case(seed);
    printf("%u trips with a custom bus\n", rides);
    assert_true(rides > CASES / 5);
}

static void words_are_read(void **state)
{
    (void)state;
    uint32_t mask = 99;
    tq_err err = {0};
    assert_int_equal(tq_on_demand_parse("taxi,custom", &mask, &err), TQ_OK);
    assert_int_equal(mask, TQ_ON_DEMAND_TAXI | TQ_ON_DEMAND_CUSTOM);
    assert_int_equal(tq_on_demand_parse("custom", &mask, &err), TQ_OK);
    assert_int_equal(mask, TQ_ON_DEMAND_CUSTOM);
    static const char *const wrong[] = {"rocket", "taxi,", "taxi,,custom", "Taxi", ","};
    for (size_t k = 0; k < TQ_COUNT(wrong); k++) {
        assert_int_equal(tq_on_demand_parse(wrong[k], &mask, &err), TQ_BAD_INPUT);
        assert_int_equal(mask, TQ_ON_DEMAND_CUSTOM);
    }
    tq_plan_query query;
    tq_plan_answer answer;
    tq_plan_query_default(&query);
    assert_int_equal(tq_endpoint_parse(town.city, "stop:S0", &query.from, NULL), TQ_OK);
    query.to = query.from;
    query.party = TQ_PARTY_MAX + 1;
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_plan(&town, &query, &work, &answer, &err), TQ_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_read),
                                       cmocka_unit_test(custom_buses_equal_the_enumeration)};
    return cmocka_run_group_tests(tests, make_town, feed_drop_town);
}
