// also: import
/*
 * Live runs as people read them: itineraries, departures, and itineraries checked again.
 *
 * Line 1 runs A B C every half hour from 6:00 (B at 10, C at 20 minutes), line 2 runs B D from 6:15
 * (D at 10 minutes); changing at B takes two minutes.
 */
#include <jansson.h>

#include "journey_feed.h"

static int32_t today;

static void put_runs(void)
{
    tq_buf trips = {0}, times = {0};
    tq_buf_puts(&trips, "route_id,service_id,trip_id,trip_headsign\n");
    tq_buf_puts(&times, "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n");
    for (int k = 0; k < 30; k++) {
        int hour = 6 + k / 2, minute = k % 2 * 30;
        tq_buf_printf(&trips, "R1,W,one_%d,Cee\nR2,W,two_%d,Dee\n", k, k);
        tq_buf_printf(&times,
                      "one_%d,%02d:%02d:00,%02d:%02d:00,A,1\none_%d,%02d:%02d:00,%02d:%02d:00,B,2\n"
                      "one_%d,%02d:%02d:00,%02d:%02d:00,C,3\n",
                      k, hour, minute, hour, minute, k, hour, minute + 10, hour, minute + 10, k,
                      hour, minute + 20, hour, minute + 20);
        tq_buf_printf(
            &times, "two_%d,%02d:%02d:00,%02d:%02d:00,B,1\ntwo_%d,%02d:%02d:00,%02d:%02d:00,D,2\n",
            k, hour, minute + 15, hour, minute + 15, k, hour, minute + 25, hour, minute + 25);
    }
    tq_buf_putc(&trips, '\0');
    tq_buf_putc(&times, '\0');
    feed_put("trips.txt", trips.at);
    feed_put("stop_times.txt", times.at);
    tq_buf_free(&trips);
    tq_buf_free(&times);
}

static void put_feed(void)
{
    feed_put(
        "agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\nG,T,http://localhost,Asia/Shanghai\n");
    feed_put(
        "calendar.txt",
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,1,1,20250601,20250620\n");
    feed_put("stops.txt",
             "stop_id,stop_name,stop_lat,stop_lon\nA,Ay,37.80,112.50\nB,大南门,37.82,112.50\n"
             "C,Cee,37.84,112.50\nD,Dee,37.82,112.55\nE,Elm,37.825,112.505\n");
    feed_put("routes.txt", "route_id,agency_id,route_short_name,route_long_name,route_type\n"
                           "R1,G,1,,3\nR2,G,2,,3\n");
    feed_put("transfers.txt",
             "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nB,B,2,120\n");
    put_runs();
}

static int make_town(void **state)
{
    (void)state;
    today = tq_day_of(2025, 6, 10);
    return feed_make_town(put_feed);
}

/* ---- live states -------------------------------------------------------------------------------
 */

static uint32_t stop_of(const char *id)
{
    const tq_timetable *t = &town.city->timetable;
    uint32_t stop = 0;
    while (stop < t->stop_count && strcmp(tq_text(town.city, t->stop[stop].id), id) != 0)
        stop++;
    assert_true(stop < t->stop_count);
    return stop;
}

static uint32_t trip_of(const char *id)
{
    const tq_timetable *t = &town.city->timetable;
    uint32_t trip = 0;
    while (trip < t->trip_count && strcmp(tq_text(town.city, t->trip[trip].id), id) != 0)
        trip++;
    assert_true(trip < t->trip_count);
    return trip;
}

static uint64_t version;

/* One live run; the snapshot with it. */
static tq_snapshot with_run(tq_live_run run, const tq_live_call *call, uint32_t calls)
{
    static const char text[] = "\0extra-7";
    static const tq_point round[] = {{378300000, 1125200000}, {378350000, 1125200000}};
    tq_detour detour = {.pattern = town.city->timetable.trip[trip_of("one_4")].pattern,
                        .from_place = 1,
                        .to_place = 2,
                        .point_count = 2};
    tq_snapshot now = town;
    tq_err err = {0};
    run.call_count = calls;
    run.service_day = today;
    version++;
    tq_overlay from = {.version = version,
                       .transit_version = version,
                       .run_count = 1,
                       .call_count = calls,
                       .run = &run,
                       .call = call,
                       .detour_count = 1,
                       .detour = &detour,
                       .point_count = 2,
                       .point = round,
                       .text = text,
                       .text_len = sizeof text};
    if (tq_overlay_new(town.city, &from, &now.overlay, &err) != TQ_OK) fail_msg("%s", err.text);
    return now;
}

/* A trip so late, perhaps with a skipped or another stop. */
static tq_snapshot late(const char *id, int32_t late_s, uint32_t skipped, uint32_t other)
{
    const tq_timetable *t = &town.city->timetable;
    uint32_t trip = trip_of(id);
    const tq_trip *row = &t->trip[trip];
    const tq_stop_time *time = t->stop_time + t->profile_first[row->profile];
    uint32_t first = t->pattern_first[row->pattern],
             places = t->pattern_first[row->pattern + 1] - first;
    tq_live_call call[8];
    for (uint32_t place = 0; place < places; place++)
        call[place] =
            (tq_live_call){.stop = t->pattern_stop[first + place],
                           .place = place,
                           .arrival_s = row->start_s + time[place].arrival_s + late_s,
                           .departure_s = row->start_s + time[place].departure_s + late_s};
    if (skipped != TQ_NONE) call[skipped].flags = TQ_CALL_SKIPPED;
    if (other != TQ_NONE) {
        call[other].stop = stop_of("E");
        call[other].place = TQ_NONE;
    }
    tq_live_run run = {.trip = trip,
                       .route = t->pattern_route[row->pattern],
                       .start_s = row->start_s,
                       .detour =
                           skipped == TQ_NONE && other == TQ_NONE && late_s == 60 ? 0 : TQ_NONE};
    return with_run(run, call, places);
}

static tq_snapshot cancelled(const char *id)
{
    const tq_timetable *t = &town.city->timetable;
    uint32_t trip = trip_of(id);
    tq_live_run run = {.trip = trip,
                       .route = t->pattern_route[t->trip[trip].pattern],
                       .start_s = t->trip[trip].start_s,
                       .detour = TQ_NONE,
                       .state = TQ_RUN_CANCELLED};
    return with_run(run, NULL, 0);
}

/* ---- questions ---------------------------------------------------------------------------------
 */

static json_t *plan(const tq_snapshot *now, const char *from, const char *to, int32_t second)
{
    tq_plan_query query;
    tq_buf out = {0};
    tq_err err = {0};
    bool found = false;
    char text[16];
    tq_plan_query_default(&query);
    (void)snprintf(text, sizeof text, "stop:%s", from);
    assert_int_equal(tq_endpoint_parse(now->city, text, &query.from, NULL), TQ_OK);
    (void)snprintf(text, sizeof text, "stop:%s", to);
    assert_int_equal(tq_endpoint_parse(now->city, text, &query.to, NULL), TQ_OK);
    query.time_ms = tq_local_to_ms(&now->city->zone, today, second);
    tq_arena_reset(&work, 0);
    if (tq_plan_json(now, &query, TQ_ZH, &work, &out, &found, &err) != TQ_OK)
        fail_msg("%s", err.text);
    json_t *root = json_loadb(out.at, out.len, JSON_REJECT_DUPLICATES, NULL);
    tq_buf_free(&out);
    assert_non_null(root);
    return root;
}

static json_t *first_trip(const json_t *root)
{
    json_t *trip = json_array_get(json_object_get(root, "itineraries"), 0);
    assert_non_null(trip);
    return trip;
}

static json_t *leg_of(const json_t *trip, size_t at)
{
    json_t *leg = json_array_get(json_object_get(trip, "legs"), at);
    assert_non_null(leg);
    return leg;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static json_t *recheck(const tq_snapshot *now, const json_t *trip, tq_lang lang)
{
    char *text = json_dumps(trip, JSON_COMPACT);
    tq_buf out = {0};
    tq_err err = {0};
    tq_arena_reset(&work, 0);
    if (tq_recheck_json(now, tq_str_of(text), lang, &work, &out, &err) != TQ_OK)
        fail_msg("%s", err.text);
    json_t *root = json_loadb(out.at, out.len, JSON_REJECT_DUPLICATES, NULL);
    tq_buf_free(&out);
    free(text);
    assert_non_null(root);
    return root;
}

/* The one problem is of that kind and at that place; NULL = it holds. */
static void check_problem(const tq_snapshot *now, const json_t *trip, const char *kind,
                          const char *at, const char *text)
{
    json_t *root = recheck(now, trip, TQ_ZH);
    const json_t *list = json_object_get(root, "problems");
    assert_int_equal(json_is_true(json_object_get(root, "holds")), kind == NULL);
    assert_int_equal(json_array_size(list), kind != NULL);
    if (kind != NULL) {
        assert_string_equal(text_at(json_array_get(list, 0), "kind"), kind);
        assert_string_equal(text_at(json_array_get(list, 0), "at"), at);
        assert_string_equal(text_at(json_array_get(list, 0), "text"), text);
    }
    json_decref(root);
}

#define EIGHT (8 * 3600)

static void nothing_live_says_nothing(void **state)
{
    (void)state;
    json_t *root = plan(&town, "A", "D", EIGHT);
    const json_t *trip = first_trip(root);
    assert_int_equal(json_array_size(json_object_get(trip, "legs")), 2);
    assert_null(json_object_get(leg_of(trip, 0), "live"));
    assert_string_equal(text_at(trip, "arrival"), "2025-06-10T08:25:00+08:00");
    check_problem(&town, trip, NULL, NULL, NULL);
    json_decref(root);
}

static void a_delay_is_shown_and_breaks_a_change(void **state)
{
    (void)state;
    json_t *before = plan(&town, "A", "D", EIGHT);
    tq_snapshot now =
        late("one_4", 390, TQ_NONE, TQ_NONE); /* at B at 8:16:30, line 2 left at 8:15 */
    json_t *after = plan(&now, "A", "D", EIGHT);
    const json_t *leg = leg_of(first_trip(after), 0), *live = json_object_get(leg, "live");
    assert_string_equal(text_at(first_trip(after), "arrival"), "2025-06-10T08:55:00+08:00");
    if (live != NULL) { /* the late run, or the next one: both make the change */
        assert_int_equal(json_integer_value(json_object_get(live, "delay_s")), 390);
        assert_string_equal(text_at(live, "planned_departure"), "2025-06-10T08:00:00+08:00");
    }
    check_problem(&now, first_trip(before), "missed_change", "大南门", "您在大南门的换乘赶不上了");
    json_t *english = recheck(&now, first_trip(before), TQ_EN);
    assert_string_equal(text_at(json_array_get(json_object_get(english, "problems"), 0), "text"),
                        "your change at 大南门 no longer holds");
    check_problem(&town, first_trip(before), NULL, NULL, NULL);
    tq_overlay_drop(now.overlay);
    now = late("one_4", 180, TQ_NONE, TQ_NONE); /* 8:13 and two minutes: just in time */
    check_problem(&now, first_trip(before), NULL, NULL, NULL);
    tq_overlay_drop(now.overlay);
    now = late("one_4", 181, TQ_NONE, TQ_NONE);
    check_problem(&now, first_trip(before), "missed_change", "大南门", "您在大南门的换乘赶不上了");
    json_t *to_c = plan(&now, "A", "C", EIGHT);
    leg = leg_of(first_trip(to_c), 0);
    live = json_object_get(leg, "live");
    assert_non_null(live);
    assert_int_equal(json_integer_value(json_object_get(live, "delay_s")), 181);
    assert_string_equal(text_at(live, "planned_arrival"), "2025-06-10T08:20:00+08:00");
    assert_string_equal(text_at(leg, "arrival"), "2025-06-10T08:23:01+08:00");
    assert_string_equal(text_at(json_array_get(json_object_get(leg, "stops"), 0), "arrival"),
                        "2025-06-10T08:13:01+08:00");
    check_problem(&town, first_trip(to_c), NULL, NULL, NULL); /* found again by its planned time */
    json_decref(english);
    json_decref(to_c);
    json_decref(before);
    json_decref(after);
    tq_overlay_drop(now.overlay);
}

static void cancelled_and_skipped(void **state)
{
    (void)state;
    json_t *before = plan(&town, "A", "D", EIGHT);
    tq_snapshot now = cancelled("one_4");
    check_problem(&now, first_trip(before), "cancelled", "Ay", "您要在Ay乘坐的1这一班取消了");
    tq_buf out = {0};
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_departures_json(&now, "A", tq_local_to_ms(&now.city->zone, today, EIGHT),
                                        60, 10, &work, &out, NULL),
                     TQ_OK);
    json_t *board = json_loadb(out.at, out.len, 0, NULL);
    const json_t *list = json_object_get(board, "departures");
    assert_int_equal(json_array_size(list), 3);
    assert_true(json_is_true(
        json_object_get(json_object_get(json_array_get(list, 0), "live"), "cancelled")));
    assert_null(json_object_get(json_array_get(list, 1), "live"));
    tq_buf_free(&out);
    json_decref(board);
    tq_overlay_drop(now.overlay);
    now = late("one_4", 0, 1, TQ_NONE);
    check_problem(&now, first_trip(before), "skipped", "大南门", "您要坐的1这一班不停大南门");
    json_t *after = plan(&now, "A", "C", EIGHT);
    assert_int_equal(json_array_size(json_object_get(leg_of(first_trip(after), 0), "stops")), 0);
    json_decref(after);
    tq_overlay_drop(now.overlay);
    json_decref(before);
}

static void detours_and_other_stops(void **state)
{
    (void)state;
    json_t *planned = plan(&town, "A", "C", EIGHT);
    tq_snapshot now = late("one_4", 60, TQ_NONE, TQ_NONE);
    json_t *root = plan(&now, "A", "C", EIGHT);
    const json_t *leg = leg_of(first_trip(root), 0);
    assert_true(json_is_true(json_object_get(json_object_get(leg, "live"), "detour")));
    assert_string_not_equal(text_at(leg, "polyline"),
                            text_at(leg_of(first_trip(planned), 0), "polyline"));
    json_decref(root);
    root = plan(&now, "A", "B", EIGHT); /* left before the detour begins */
    leg = leg_of(first_trip(root), 0);
    assert_true(json_is_false(json_object_get(json_object_get(leg, "live"), "detour")));
    json_decref(root);
    tq_overlay_drop(now.overlay);
    now = late("one_4", 0, TQ_NONE, 1); /* calls at Elm in place of B */
    root = plan(&now, "A", "E", EIGHT);
    leg = leg_of(first_trip(root), 0);
    assert_string_equal(text_at(leg, "arrival"), "2025-06-10T08:10:00+08:00");
    assert_true(json_is_null(json_object_get(json_object_get(leg, "live"), "planned_arrival")));
    json_decref(root);
    tq_overlay_drop(now.overlay);
    json_decref(planned);
}

static void added_runs(void **state)
{
    (void)state;
    tq_live_call call[2] = {{.stop = stop_of("A"),
                             .place = TQ_NONE,
                             .arrival_s = EIGHT + 300,
                             .departure_s = EIGHT + 300},
                            {.stop = stop_of("D"),
                             .place = TQ_NONE,
                             .arrival_s = EIGHT + 900,
                             .departure_s = EIGHT + 900}};
    tq_live_run run = {
        .trip = TQ_NONE, .start_s = EIGHT + 300, .id = 1, .detour = TQ_NONE, .state = TQ_RUN_ADDED};
    tq_snapshot now = with_run(run, call, 2);
    json_t *root = plan(&now, "A", "D", EIGHT);
    const json_t *trip = first_trip(root), *leg = leg_of(trip, 0);
    assert_string_equal(text_at(leg, "trip_id"), "extra-7");
    assert_string_equal(text_at(leg, "headsign"), "Dee");
    assert_true(json_is_true(json_object_get(json_object_get(leg, "live"), "added")));
    check_problem(&now, trip, NULL, NULL, NULL);
    check_problem(&town, trip, "cancelled", "Ay", "您要在Ay乘坐的1这一班取消了");
    json_decref(root);
    tq_overlay_drop(now.overlay);
}

static void bad_input_is_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "1 to"},
        {"{", "not JSON"},
        {"[]", "legs"},
        {"{\"legs\":[]}", "legs"},
        {"{\"legs\":[1]}", "legs[0]"},
        {"{\"legs\":[{\"from\":{},\"to\":{}}]}", "legs[0].departure"},
        {"{\"legs\":[{\"from\":{},\"to\":{},\"departure\":\"noon\",\"arrival\":\"1\"}]}",
         "legs[0].departure"},
        {"{\"legs\":[{\"from\":{},\"to\":{},\"departure\":\"2025-06-10T08:00\","
         "\"arrival\":\"2025-06-10T07:00\"}]}",
         "before it departs"},
        {"{\"legs\":[{\"trip_id\":\"x\",\"from\":{},\"to\":{},\"departure\":\"2025-06-10T08:00\","
         "\"arrival\":\"2025-06-10T09:00\"}]}",
         "stop_id"},
        {"{\"legs\":[],\"legs\":[]}", "duplicate"},
    };
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_buf out = {0};
        tq_err err = {0};
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_recheck_json(&town, tq_str_of(bad[k][0]), TQ_ZH, &work, &out, &err),
                         TQ_BAD_INPUT);
        if (strstr(err.text, bad[k][1]) == NULL) fail_msg("%s: %s", bad[k][0], err.text);
        assert_int_equal(out.len, 0);
        tq_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_live_says_nothing),
        cmocka_unit_test(a_delay_is_shown_and_breaks_a_change),
        cmocka_unit_test(cancelled_and_skipped),
        cmocka_unit_test(detours_and_other_stops),
        cmocka_unit_test(added_runs),
        cmocka_unit_test(bad_input_is_named),
    };
    return cmocka_run_group_tests(tests, make_town, feed_drop_town);
}
