/*
 * Live feeds over a small city: which run a message means, what follows for its calls, alerts,
 * age, feeds out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "live/feed_out_in.h"

#include "feed_city.h"

/* ---- messages ---- */

#define EVENTS_MAX 64
typedef struct message {
    tq_rt_header header;
    tq_rt_entity entity[16];
    tq_rt_trip_update update[16];
    tq_rt_trip trip[16];
    tq_rt_stop_time stop[16][16];
    tq_rt_event event[EVENTS_MAX];
    tq_rt_stop_properties properties[8];
    uint32_t entities, events, property_count;
    tq_rt_feed feed;
} message;

static void begin(message *m)
{
    memset(m, 0, sizeof *m);
    m->header = (tq_rt_header){.gtfs_realtime_version = TQ_STR("2.0"),
                               .has_incrementality = true,
                               .has_timestamp = true,
                               .timestamp = (uint64_t)(FEED_NOW_MS / 1000)};
    m->feed.header = &m->header;
    m->feed.entity.at = m->entity;
}

static tq_rt_trip_update *add_trip(message *m, const char *id, tq_rt_trip_relation relation)
{
    static const char *const names[] = {"e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"};
    uint32_t k = m->entities++;
    m->feed.entity.count = m->entities;
    m->trip[k] = (tq_rt_trip){.trip_id = tq_str_of(id),
                              .start_date = TQ_STR(FEED_DATE),
                              .has_schedule_relationship = true,
                              .schedule_relationship = relation};
    m->update[k] = (tq_rt_trip_update){.trip = &m->trip[k]};
    m->update[k].stop_time.at = m->stop[k];
    m->entity[k] = (tq_rt_entity){.id = tq_str_of(names[k]), .trip_update = &m->update[k]};
    return &m->update[k];
}

#define NO_NUMBER UINT32_MAX
static tq_rt_stop_time *add_stop(tq_rt_trip_update *update, uint32_t number, const char *stop)
{
    tq_rt_stop_time *made = &update->stop_time.at[update->stop_time.count++];
    made->has_stop_sequence = number != NO_NUMBER;
    made->stop_sequence = number != NO_NUMBER ? number : 0;
    if (stop != NULL) made->stop_id = tq_str_of(stop);
    return made;
}

static tq_rt_event *late(message *m, int32_t delay)
{
    m->event[m->events] = (tq_rt_event){.has_delay = true, .delay = delay};
    return &m->event[m->events++];
}

static tq_rt_event *at_s(message *m, int32_t second)
{
    m->event[m->events] = (tq_rt_event){.has_time = true, .time = FEED_DAY_S + second};
    return &m->event[m->events++];
}

static void relate(tq_rt_stop_time *stop, tq_rt_stop_relation relation)
{
    stop->has_schedule_relationship = true;
    stop->schedule_relationship = relation;
}

/* ---- the state under test ---- */

typedef struct bench {
    feed_city city;
    live_feeds *feeds;
    live_feed_runs runs;
    tq_buf report;
    message m;
} bench;

static int make(void **state)
{
    bench *b = calloc(1, sizeof *b);
    feed_city_make(&b->city);
    b->feeds = live_feeds_new(&b->city.small.city);
    begin(&b->m);
    *state = b;
    return b->feeds == NULL;
}

static int drop(void **state)
{
    bench *b = *state;
    live_feeds_free(b->feeds);
    tq_buf_free(&b->report);
    free(b);
    return 0;
}

static tq_status put_as(bench *b, const char *name, int64_t now_ms, tq_err *err)
{
    tq_buf bytes = {0};
    tq_gtfs_rt_write(&b->m.feed, &bytes);
    b->report.len = 0;
    tq_status status =
        live_feeds_put(b->feeds, name, (tq_str){bytes.at, bytes.len}, now_ms, &b->report, err);
    tq_buf_putc(&b->report, '\0');
    tq_buf_free(&bytes);
    return status;
}

/* Put it, take the runs, and see that an overlay of them holds. */
static void put(bench *b)
{
    tq_err err = {0};
    const tq_overlay *shown;
    if (put_as(b, "bus", FEED_NOW_MS, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    tq_overlay from = {.version = 1,
                       .transit_version = 1,
                       .run_count = b->runs.run_count,
                       .call_count = b->runs.call_count,
                       .text_len = b->runs.text_len,
                       .run = b->runs.run,
                       .call = b->runs.call,
                       .text = b->runs.text};
    if (tq_overlay_new(&b->city.small.city, &from, &shown, &err) != TQ_OK) fail_msg("%s", err.text);
    tq_overlay_drop(shown);
}

static void reports(const bench *b, const char *part)
{
    if (strstr(b->report.at, part) == NULL) fail_msg("%s is not in %s", part, b->report.at);
}

/* Arrival and departure of all calls, -1 for a skipped one. */
static void calls_are(const bench *b, uint32_t run, const int32_t *times)
{
    const tq_live_run *row = &b->runs.run[run];
    assert_true(run < b->runs.run_count);
    for (uint32_t k = 0; k < row->call_count; k++) {
        const tq_live_call *call = &b->runs.call[row->first_call + k];
        if (times[2 * k] == -1) {
            assert_true((call->flags & TQ_CALL_SKIPPED) != 0);
            continue;
        }
        if (call->arrival_s != times[2 * k] || call->departure_s != times[2 * k + 1])
            fail_msg("call %u is at %d %d, wanted %d %d", k, call->arrival_s, call->departure_s,
                     times[2 * k], times[2 * k + 1]);
    }
}

#define T 28800 /* start of T0 */

static void a_delay_holds_until_the_next_update(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    add_stop(update, 2, "S1")->arrival = late(&b->m, 60);
    add_stop(update, 4, "S3")->departure = late(&b->m, 120);
    put(b);
    assert_int_equal(b->runs.run_count, 1);
    assert_int_equal(b->runs.run[0].why, TQ_RUN_DELAY | TQ_RUN_FEED);
    calls_are(b, 0,
              (int32_t[]){T, T, T + 360, T + 380, T + 660, T + 680, T + 960, T + 1040, T + 1320,
                          T + 1320});
    reports(b, "\"matched\":1,\"unmatched\":0");
}

static void an_instant_wins_over_a_delay(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    tq_rt_stop_time *stop = add_stop(update, 2, "S1");
    stop->arrival = at_s(&b->m, T + 400);
    stop->arrival->has_delay = true;
    stop->arrival->delay = 5000;
    put(b);
    calls_are(b, 0,
              (int32_t[]){T, T, T + 400, T + 420, T + 700, T + 720, T + 1000, T + 1020, T + 1300,
                          T + 1300});
}

static void no_data_ends_a_delay_and_a_skipped_stop_passes_it_on(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    add_stop(update, NO_NUMBER, "S1")->arrival = late(&b->m, 100);
    relate(add_stop(update, NO_NUMBER, "S2"), TQ_RT_STOP_SKIPPED);
    relate(add_stop(update, NO_NUMBER, "S4"), TQ_RT_STOP_NO_DATA);
    put(b);
    calls_are(b, 0,
              (int32_t[]){T, T, T + 400, T + 420, -1, 0, T + 1000, T + 1020, T + 1200, T + 1200});
    reports(b, "\"skipped_stops\":1");
}

static void a_delay_of_the_trip_alone_holds_everywhere(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    update->has_delay = true;
    update->delay = 45;
    put(b);
    calls_are(b, 0,
              (int32_t[]){T + 45, T + 45, T + 345, T + 365, T + 645, T + 665, T + 945, T + 965,
                          T + 1245, T + 1245});
}

static void times_never_go_back(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    add_stop(update, 3, "S2")->arrival = at_s(&b->m, T + 200); /* before S1 as planned */
    add_stop(update, 4, "S3")->arrival = at_s(&b->m, T + 150); /* before S2 */
    put(b);
    calls_are(
        b, 0,
        (int32_t[]){T, T, T + 200, T + 200, T + 200, T + 220, T + 220, T + 220, T + 450, T + 450});
    reports(b, "{\"rule\":\"E022\",\"count\":1}");
}

static void numbers_decide_in_a_loop(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T3", TQ_RT_SCHEDULED);
    add_stop(update, 4, "S0")->arrival = late(&b->m, 60);
    put(b);
    calls_are(b, 0,
              (int32_t[]){32400, 32400, 32700, 32720, 33000, 33020, 33360, 33380, 33660, 33660});
}

static void a_whole_list_fits_a_loop_without_numbers(void **state)
{
    bench *b = *state;
    static const char *const stops[] = {"S0", "S1", "S2", "S0", "S5"};
    tq_rt_trip_update *update = add_trip(&b->m, "T3", TQ_RT_SCHEDULED);
    for (uint32_t k = 0; k < 5; k++) /* 40 minutes late: nearer to the second S0 */
        add_stop(update, NO_NUMBER, stops[k])->departure =
            at_s(&b->m, 32400 + 2400 + (int32_t)k * 300);
    put(b);
    calls_are(b, 0,
              (int32_t[]){34800, 34800, 35100, 35100, 35380, 35400, 35680, 35700, 35980, 36000});
}

static void numbers_with_gaps_keep_the_order(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    add_stop(update, 30, "S3")->arrival = late(&b->m, 50);
    add_stop(update, 10, "S1")->arrival = late(&b->m, 10);
    put(b);
    calls_are(b, 0,
              (int32_t[]){T, T, T + 310, T + 330, T + 610, T + 630, T + 950, T + 970, T + 1250,
                          T + 1250});
    reports(b, "E002");
}

static void a_number_wins_over_another_stop(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_SCHEDULED);
    add_stop(update, 1, "S0")->departure = late(&b->m, 0);
    add_stop(update, 2, "S1")->departure = late(&b->m, 0);
    add_stop(update, 4, "S2")->departure = late(&b->m, 60);
    put(b);
    calls_are(b, 0,
              (int32_t[]){T, T, T + 300, T + 320, T + 600, T + 620, T + 900, T + 980, T + 1260,
                          T + 1260});
    reports(b, "E045");
}

static void a_cancelled_run_has_no_calls_and_a_missing_one_runs(void **state)
{
    bench *b = *state;
    (void)add_trip(&b->m, "T1", TQ_RT_CANCELED);
    put(b);
    assert_int_equal(b->runs.run_count, 1);
    assert_int_equal(b->runs.run[0].state, TQ_RUN_CANCELLED);
    assert_int_equal(b->runs.run[0].start_s, 29400);
    assert_int_equal(b->runs.run[0].call_count, 0);
    begin(&b->m);
    put(b);
    assert_int_equal(b->runs.run_count, 0);
}

static void runs_at_headways_need_time_and_date(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update[4];
    static const char *const ids[] = {"T4", "T4", "T5", "T4"};
    static const char *const clocks[] = {"06:20:00", "06:21:00", "10:16:00", ""};
    for (uint32_t k = 0; k < 4; k++) {
        update[k] = add_trip(&b->m, ids[k], TQ_RT_SCHEDULED);
        if (clocks[k][0] != '\0') update[k]->trip->start_time = tq_str_of(clocks[k]);
        add_stop(update[k], NO_NUMBER, "S7")->arrival = late(&b->m, 60);
    }
    put(b);
    assert_int_equal(b->runs.run_count, 2);
    assert_int_equal(b->runs.run[0].start_s, 22800);
    calls_are(b, 0, (int32_t[]){22800, 22800, 23160, 23180});
    assert_int_equal(b->runs.run[1].start_s, 36900); /* the nearest departure */
    calls_are(b, 1, (int32_t[]){36960, 36960, 37320, 37340});
    reports(b, "{\"rule\":\"E006\",\"count\":1},{\"rule\":\"E019\",\"count\":1}");
}

static void a_run_over_midnight_belongs_to_the_day_before(void **state)
{
    bench *b = *state;
    tq_err err = {0};
    tq_rt_trip_update *update = add_trip(&b->m, "T2", TQ_RT_SCHEDULED);
    update->trip->start_date = (tq_str){0};
    add_stop(update, NO_NUMBER, "S1")->arrival = late(&b->m, 60);
    int64_t night_ms = (FEED_DAY_S + 88500) * 1000; /* 00:35 the next day */
    b->m.header.timestamp = (uint64_t)(night_ms / 1000);
    assert_int_equal(put_as(b, "bus", night_ms, &err), TQ_OK);
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 1);
    assert_int_equal(b->runs.run[0].service_day, FEED_DAY);
}

static void without_an_id_route_and_time_name_the_run(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "", TQ_RT_CANCELED);
    update->trip->trip_id = (tq_str){0};
    update->trip->route_id = TQ_STR("R0");
    update->trip->start_time = TQ_STR("8:10:00");
    update->trip->has_direction_id = true;
    put(b);
    assert_int_equal(b->runs.run_count, 1);
    assert_int_equal(b->runs.run[0].trip, 1);
}

static void added_runs_have_calls_of_their_own(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "X1", TQ_RT_NEW);
    update->trip->route_id = TQ_STR("R1");
    add_stop(update, 1, "S9")->departure = at_s(&b->m, 31000);
    add_stop(update, 2, "none")->departure = at_s(&b->m, 31100);
    add_stop(update, 3, "S5")->arrival = at_s(&b->m, 31200);
    tq_rt_trip_properties copy = {
        .trip_id = TQ_STR("D1"), .start_date = TQ_STR(FEED_DATE), .start_time = TQ_STR("10:00:00")};
    add_trip(&b->m, "T0", TQ_RT_DUPLICATED)->properties = &copy;
    put(b);
    assert_int_equal(b->runs.run_count, 2);
    assert_string_equal(b->runs.text + b->runs.run[0].id, "D1");
    calls_are(b, 0,
              (int32_t[]){36000, 36000, 36300, 36320, 36600, 36620, 36900, 36920, 37200, 37200});
    assert_string_equal(b->runs.text + b->runs.run[1].id, "X1");
    assert_int_equal(b->runs.run[1].route, 1);
    calls_are(b, 1, (int32_t[]){31000, 31000, 31200, 31200});
    reports(b, "\"added\":2");
    reports(b, "E011");
}

static void a_replaced_run_calls_where_the_message_says(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T0", TQ_RT_REPLACEMENT);
    add_stop(update, 1, "S0")->departure = at_s(&b->m, T);
    add_stop(update, 2, "S7")->departure = at_s(&b->m, T + 100);
    add_stop(update, 3, "S4")->departure = at_s(&b->m, T + 900);
    put(b);
    assert_int_equal(b->runs.run[0].state, TQ_RUN_CHANGED);
    assert_int_equal(b->runs.run[0].call_count, 3);
    assert_int_equal(b->runs.call[0].place, 0);
    assert_true(b->runs.call[1].place == TQ_NONE);
    assert_int_equal(b->runs.call[2].place, 4);
}

static void another_platform_takes_the_place_of_the_planned_one(void **state)
{
    bench *b = *state;
    tq_rt_trip_update *update = add_trip(&b->m, "T4", TQ_RT_SCHEDULED);
    tq_rt_stop_properties other = {.assigned_stop_id = TQ_STR("S9")};
    update->trip->start_time = TQ_STR("07:00:00");
    tq_rt_stop_time *stop = add_stop(update, 1, "S6");
    stop->departure = late(&b->m, 0);
    stop->properties = &other;
    put(b);
    assert_int_equal(b->runs.call[0].stop, 9);
    assert_int_equal(b->runs.call[0].place, 0);
}

static void changed_trips_leave_stops_out_and_call_at_others(void **state)
{
    bench *b = *state;
    tq_str ids[] = {TQ_STR("T0"), TQ_STR("T1")}, date = TQ_STR(FEED_DATE);
    tq_rt_selected_trips selected = {.trip_ids = {ids, 2}};
    tq_rt_stop_selector from = {.stop_id = TQ_STR("S1")}, to = {.stop_id = TQ_STR("S2")};
    tq_rt_replacement_stop with[] = {{TQ_STR("S5"), 200, true}, {TQ_STR("S2"), 500, true}};
    tq_rt_modification change = {.start_stop_selector = &from,
                                 .end_stop_selector = &to,
                                 .has_propagated_modification_delay = true,
                                 .propagated_modification_delay = 180};
    change.replacement_stop.at = with;
    change.replacement_stop.count = 2;
    tq_rt_trip_modifications changes = {.service_dates = {&date, 1}};
    changes.selected_trips.at = &selected;
    changes.selected_trips.count = 1;
    changes.modification.at = &change;
    changes.modification.count = 1;
    /* T1 has an update of its own: on top of the changed trip. */
    add_stop(add_trip(&b->m, "T1", TQ_RT_SCHEDULED), NO_NUMBER, "S3")->arrival = late(&b->m, 60);
    b->m.entity[1] = (tq_rt_entity){.id = TQ_STR("m"), .trip_modifications = &changes};
    b->m.feed.entity.count = 2;
    put(b);
    assert_int_equal(b->runs.run_count, 2);
    assert_int_equal(b->runs.run[0].call_count, 6);
    /* S5 is put in, S1 left out, S2 served again. */
    assert_int_equal(b->runs.call[1].stop, 5);
    calls_are(b, 0,
              (int32_t[]){T, T, T + 200, T + 200, -1, 0, T + 500, T + 500, T + 1080, T + 1100,
                          T + 1380, T + 1380});
    const int32_t U = 29400;
    calls_are(b, 1,
              (int32_t[]){U, U, U + 200, U + 200, -1, 0, U + 500, U + 500, U + 1140, U + 1160,
                          U + 1440, U + 1440});
}

/* ---- alerts ---- */

static void a_closed_stop_is_passed_while_the_alert_holds(void **state)
{
    bench *b = *state;
    tq_rt_range range = {.has_start = true,
                         .start = (uint64_t)FEED_DAY_S + 29000,
                         .has_end = true,
                         .end = (uint64_t)FEED_DAY_S + 30500};
    tq_rt_selector about[] = {{.stop_id = TQ_STR("S2")}, {.route_id = TQ_STR("gone")}};
    tq_rt_text text = {TQ_STR("关闭"), TQ_STR("zh")};
    tq_rt_texts header = {{&text, 1}};
    tq_rt_alert alert = {
        .has_effect = true, .effect = TQ_RT_EFFECT_NO_SERVICE, .header_text = &header};
    alert.active_period.at = &range;
    alert.active_period.count = 1;
    alert.informed_entity.at = about;
    alert.informed_entity.count = 2;
    b->m.entity[0] = (tq_rt_entity){.id = TQ_STR("a"), .alert = &alert};
    b->m.feed.entity.count = 1;
    put(b);
    assert_int_equal(b->runs.run_count, 2); /* T0 and T1 pass S2 in that time, T3 later */
    calls_are(b, 0,
              (int32_t[]){T, T, T + 300, T + 320, -1, 0, T + 900, T + 920, T + 1200, T + 1200});
    assert_int_equal(b->runs.run[1].trip, 1);
    reports(b, "E004");
    tq_buf out = {0};
    live_feeds_alerts_json(b->feeds, (FEED_DAY_S + 28999) * 1000, &out);
    assert_int_equal(out.len, strlen("{\"alerts\":[]}"));
    out.len = 0;
    live_feeds_alerts_json(b->feeds, FEED_NOW_MS, &out);
    tq_buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "\"effect\":\"no_service\""));
    assert_non_null(strstr(out.at, "\"about\":[{\"stop\":\"S2\",\"stop_name\":\"S2\"}]"));
    assert_true(live_feeds_next_ms(b->feeds) == (FEED_DAY_S + 30500) * 1000);
    tq_buf_free(&out);
}

/* ---- vehicles ---- */

static void a_position_gives_a_rough_delay_where_nothing_else_does(void **state)
{
    bench *b = *state;
    /* Half way from S3 to S4, where T0 should have been at 08:17:40; it is 08:20. */
    tq_rt_position place = {
        .has_latitude = true, .latitude = 37.0315f, .has_longitude = true, .longitude = 112.0f};
    tq_rt_trip trip = {.trip_id = TQ_STR("T0"), .start_date = TQ_STR(FEED_DATE)};
    tq_rt_vehicle vehicle = {.trip = &trip, .position = &place};
    b->m.entity[0] = (tq_rt_entity){.id = TQ_STR("v"), .vehicle = &vehicle};
    b->m.feed.entity.count = 1;
    put(b);
    assert_int_equal(b->runs.run_count, 1);
    int32_t last = b->runs.call[4].arrival_s - (T + 1200);
    assert_in_range(last, 135, 145);
    assert_int_equal(b->runs.call[3].departure_s, T + 920);
    /* With an update of its own the position adds nothing. */
    begin(&b->m);
    add_trip(&b->m, "T0", TQ_RT_SCHEDULED)->has_delay = true;
    b->m.update[0].delay = 7;
    b->m.entity[1] = (tq_rt_entity){.id = TQ_STR("v"), .vehicle = &vehicle};
    b->m.feed.entity.count = 2;
    put(b);
    assert_int_equal(b->runs.call[4].arrival_s, T + 1207);
    b->m.update[0].delay = 0; /* it says: on time */
    put(b);
    assert_int_equal(b->runs.run_count, 0);
    b->m.update[0].has_delay = false; /* it says nothing */
    put(b);
    assert_int_equal(b->runs.run_count, 1);
    reports(b, "E041");
}

/* ---- the feed as a whole ---- */

static void a_differential_message_changes_what_it_names(void **state)
{
    bench *b = *state;
    (void)add_trip(&b->m, "T0", TQ_RT_CANCELED);
    (void)add_trip(&b->m, "T1", TQ_RT_CANCELED);
    put(b);
    begin(&b->m);
    b->m.header.incrementality = 1;
    (void)add_trip(&b->m, "T3", TQ_RT_CANCELED);
    b->m.entity[0].id = TQ_STR("new");
    b->m.entity[1] = (tq_rt_entity){.id = TQ_STR("e0"), .has_is_deleted = true, .is_deleted = true};
    b->m.feed.entity.count = 2;
    put(b);
    assert_int_equal(b->runs.run_count, 2);
    assert_int_equal(b->runs.run[0].trip, 1);
    assert_int_equal(b->runs.run[1].trip, 3);
}

static void two_feeds_stand_beside_each_other(void **state)
{
    bench *b = *state;
    tq_err err = {0};
    (void)add_trip(&b->m, "T0", TQ_RT_CANCELED);
    put(b);
    begin(&b->m);
    (void)add_trip(&b->m, "T1", TQ_RT_CANCELED);
    assert_int_equal(put_as(b, "metro", FEED_NOW_MS, &err), TQ_OK);
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 2);
    assert_true(live_feeds_forget(b->feeds, "bus"));
    assert_false(live_feeds_forget(b->feeds, "bus"));
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 1);
    assert_int_equal(b->runs.run[0].trip, 1);
}

static void old_data_is_marked_and_then_dropped(void **state)
{
    bench *b = *state;
    tq_err err = {0};
    tq_buf out = {0};
    (void)add_trip(&b->m, "T0", TQ_RT_CANCELED);
    put(b);
    live_feeds_json(b->feeds, FEED_NOW_MS + 91000, &out);
    tq_buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "\"age_s\":91,\"stale\":true"));
    out.len = 0;
    live_feeds_json(b->feeds, FEED_NOW_MS + 90000, &out);
    tq_buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "\"stale\":false"));
    tq_buf_free(&out);
    int64_t next_ms = live_feeds_next_ms(b->feeds);
    assert_true(next_ms == FEED_NOW_MS + FEED_DROP_S * 1000 + 1);
    assert_false(live_feeds_expire(b->feeds, next_ms - 1));
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 1);
    assert_true(live_feeds_expire(b->feeds, next_ms));
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 0);
    assert_true(live_feeds_next_ms(b->feeds) == INT64_MAX);
}

static void what_cannot_be_taken_changes_nothing(void **state)
{
    bench *b = *state;
    tq_err err = {0};
    (void)add_trip(&b->m, "T0", TQ_RT_CANCELED);
    put(b);
    begin(&b->m);
    b->m.header.gtfs_realtime_version = TQ_STR("3.0");
    assert_int_equal(put_as(b, "bus", FEED_NOW_MS, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "E038"));
    begin(&b->m);
    b->m.header.timestamp += FEED_FUTURE_S + 1;
    assert_int_equal(put_as(b, "bus", FEED_NOW_MS, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "future"));
    b->m.header.timestamp -= FEED_FUTURE_S + 2;
    assert_int_equal(put_as(b, "bus", FEED_NOW_MS, &err), TQ_STALE);
    assert_int_equal(put_as(b, "no/name", FEED_NOW_MS, &err), TQ_BAD_INPUT);
    assert_int_equal(live_feeds_put(b->feeds, "bus", TQ_STR("<html>"), FEED_NOW_MS, NULL, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 1);
}

/* ---- out ---- */

/* T0 leaves S1 and S2 out because of a closure. */
typedef struct detour_case {
    tq_live_call call[5];
    tq_live_run run;
    tq_point way[2];
    uint32_t source;
    tq_detour detour;
    tq_overlay shown;
    tq_closure closure;
} detour_case;

static void make_detour(detour_case *d)
{
    static const int32_t times[] = {0, 300, 600, 1100, 1400};
    memset(d, 0, sizeof *d);
    for (uint32_t k = 0; k < 5; k++)
        d->call[k] = (tq_live_call){.stop = k,
                                    .place = k,
                                    .arrival_s = T + times[k],
                                    .departure_s = T + times[k],
                                    .flags = k == 1 || k == 2 ? TQ_CALL_SKIPPED : 0};
    d->run = (tq_live_run){.service_day = FEED_DAY,
                           .start_s = T,
                           .call_count = 5,
                           .state = TQ_RUN_CHANGED,
                           .why = TQ_RUN_DETOUR | TQ_RUN_SKIPS};
    d->way[0] = (tq_point){370000000, 1121000000};
    d->way[1] = (tq_point){370270000, 1121000000};
    d->source = 1;
    d->detour = (tq_detour){.to_place = 3, .point_count = 2, .source_count = 1, .added_s = 200};
    d->shown = (tq_overlay){.version = 1,
                            .transit_version = 1,
                            .run_count = 1,
                            .call_count = 5,
                            .detour_count = 1,
                            .point_count = 2,
                            .source_count = 1,
                            .text_len = 6,
                            .run = &d->run,
                            .call = d->call,
                            .detour = &d->detour,
                            .point = d->way,
                            .source = &d->source,
                            .text = "\0CL-1"};
    d->closure = (tq_closure){.id = "CL-1",
                              .stretch = {.street = "并州北路", .street_en = "Bingzhou Rd"},
                              .from_ms = FEED_DAY_S * 1000,
                              .to_ms = FEED_NOW_MS + 3600000,
                              .reason = "works"};
}

static void a_detour_is_told_as_times_and_as_changed_trips(void **state)
{
    bench *b = *state;
    detour_case d;
    make_detour(&d);
    tq_err err = {0};
    tq_buf bytes = {0};
    tq_pool pool = {0};
    tq_rt_feed feed;
    assert_int_equal(live_feed_write(b->feeds, NULL, 0, &d.shown, TQ_FEED_TRIPS, FEED_NOW_MS, false,
                                     &bytes, &err),
                     TQ_OK);
    assert_int_equal(tq_gtfs_rt_read((tq_str){bytes.at, bytes.len}, &pool, &feed, &err), TQ_OK);
    assert_int_equal(feed.entity.count, 3);
    const tq_rt_trip_update *update = feed.entity.at[0].trip_update;
    assert_int_equal(update->stop_time.at[1].schedule_relationship, TQ_RT_STOP_SKIPPED);
    assert_true(update->stop_time.at[3].arrival->time == FEED_DAY_S + T + 1100);
    assert_true(tq_str_is(feed.entity.at[1].shape->shape_id, "detour-0"));
    int32_t line[16];
    size_t points = 0;
    assert_int_equal(
        tq_polyline_read(feed.entity.at[1].shape->encoded_polyline, 5, line, 8, &points, &err),
        TQ_OK);
    assert_int_equal(points, 5); /* S0, two of the way, S3, S4 */
    const tq_rt_trip_modifications *changes = feed.entity.at[2].trip_modifications;
    const tq_rt_modification *change = &changes->modification.at[0];
    assert_true(tq_str_is(change->start_stop_selector->stop_id, "S1"));
    assert_true(tq_str_is(change->end_stop_selector->stop_id, "S2"));
    assert_int_equal(change->propagated_modification_delay, 200);
    assert_true(tq_str_is(change->service_alert_id, "closure:CL-1"));
    tq_pool_free(&pool);
    tq_buf_free(&bytes);
}

static void who_hears_of_a_detour_twice_takes_it_once(void **state)
{
    bench *b = *state;
    detour_case d;
    make_detour(&d);
    tq_err err = {0};
    tq_buf bytes = {0};
    tq_pool pool = {0};
    tq_rt_feed feed;
    assert_int_equal(live_feed_write(b->feeds, NULL, 0, &d.shown, TQ_FEED_TRIPS, FEED_NOW_MS, false,
                                     &bytes, &err),
                     TQ_OK);
    assert_int_equal(tq_gtfs_rt_read((tq_str){bytes.at, bytes.len}, &pool, &feed, &err), TQ_OK);
    assert_int_equal(
        live_feeds_put(b->feeds, "own", (tq_str){bytes.at, bytes.len}, FEED_NOW_MS, NULL, &err),
        TQ_OK);
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    assert_int_equal(b->runs.run_count, 1);
    calls_are(b, 0, (int32_t[]){T, T, -1, 0, -1, 0, T + 1100, T + 1100, T + 1400, T + 1400});
    /* The changed trip alone: the stops go, the rest is later. */
    feed.entity.at[0].trip_update = NULL;
    tq_buf only = {0};
    feed.entity.at = &feed.entity.at[1];
    feed.entity.count = 2;
    tq_gtfs_rt_write(&feed, &only);
    assert_int_equal(
        live_feeds_put(b->feeds, "own", (tq_str){only.at, only.len}, FEED_NOW_MS, NULL, &err),
        TQ_OK);
    assert_int_equal(live_feeds_runs(b->feeds, &b->runs, &err), TQ_OK);
    calls_are(b, 0, (int32_t[]){T, T, -1, 0, -1, 0, T + 1100, T + 1120, T + 1400, T + 1400});
    tq_buf_free(&only);
    assert_true(live_feeds_forget(b->feeds, "own"));
    tq_pool_free(&pool);
    tq_buf_free(&bytes);
}

static void a_detour_is_told_as_an_alert(void **state)
{
    bench *b = *state;
    detour_case d;
    make_detour(&d);
    const tq_closure *closures[] = {&d.closure};
    tq_err err = {0};
    tq_buf json = {0};
    assert_int_equal(live_feed_write(b->feeds, closures, 1, &d.shown, TQ_FEED_ALERTS, FEED_NOW_MS,
                                     true, &json, &err),
                     TQ_OK);
    tq_buf_putc(&json, '\0');
    assert_non_null(strstr(json.at, "\"cause\":\"CONSTRUCTION\",\"effect\":\"DETOUR\""));
    assert_non_null(strstr(json.at, "并州北路封闭，R0绕行"));
    assert_non_null(strstr(json.at, "Bingzhou Rd closed: detour of R0. Not served: S1, S2."));
    assert_non_null(strstr(json.at, "{\"routeId\":\"R0\",\"stopId\":\"S1\"}"));
    tq_buf_free(&json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delay_holds_until_the_next_update),
        TEST(an_instant_wins_over_a_delay),
        TEST(no_data_ends_a_delay_and_a_skipped_stop_passes_it_on),
        TEST(a_delay_of_the_trip_alone_holds_everywhere),
        TEST(times_never_go_back),
        TEST(numbers_decide_in_a_loop),
        TEST(a_whole_list_fits_a_loop_without_numbers),
        TEST(numbers_with_gaps_keep_the_order),
        TEST(a_number_wins_over_another_stop),
        TEST(a_cancelled_run_has_no_calls_and_a_missing_one_runs),
        TEST(runs_at_headways_need_time_and_date),
        TEST(a_run_over_midnight_belongs_to_the_day_before),
        TEST(without_an_id_route_and_time_name_the_run),
        TEST(added_runs_have_calls_of_their_own),
        TEST(a_replaced_run_calls_where_the_message_says),
        TEST(another_platform_takes_the_place_of_the_planned_one),
        TEST(changed_trips_leave_stops_out_and_call_at_others),
        TEST(a_closed_stop_is_passed_while_the_alert_holds),
        TEST(a_position_gives_a_rough_delay_where_nothing_else_does),
        TEST(a_differential_message_changes_what_it_names),
        TEST(two_feeds_stand_beside_each_other),
        TEST(old_data_is_marked_and_then_dropped),
        TEST(what_cannot_be_taken_changes_nothing),
        TEST(a_detour_is_told_as_times_and_as_changed_trips),
        TEST(who_hears_of_a_detour_twice_takes_it_once),
        TEST(a_detour_is_told_as_an_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
