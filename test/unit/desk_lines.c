/*
 * Custom and community bus: requests and drafts, rules and decisions with their worked examples,
 * what the clock does, the connection to the metro at 化章西街, who gains from it, the lines as
 * GTFS-Flex read by our own importer, and what trip planning is told.
 */
// also: import
#include <zip.h>

#include "desk_line.h"

/* ---- requests ----------------------------------------------------------------------------------
 */

#define ENDS                                                                                       \
    "\"from\":{\"name\":\"家\",\"lat\":37.7277,\"lon\":112.5621},\"to\":{\"lat\":37.7079,"        \
    "\"lon\":112.557}"

static void requests_are_checked(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } bad[] = {
        {"{\"from\":{\"lat\":30,\"lon\":112.5},\"to\":{\"lat\":37.7079,\"lon\":112.557},"
         "\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"}}",
         "outside this city"},
        {"{\"from\":{\"lat\":37.60,\"lon\":112.20},\"to\":{\"lat\":37.7079,\"lon\":112.557},"
         "\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"}}",
         ""},
        {"{" ENDS ",\"window\":{\"from\":\"08:00\",\"to\":\"07:00\"}}", "ends before it begins"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"14:00\"}}", "longer than 6 h"},
        {"{" ENDS ",\"window\":{\"from\":\"7 h\",\"to\":\"08:00\"}}", "07:30"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"days\":[\"someday\"]}",
         "days"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"party\":31}", "party"},
        {"{" ENDS
         ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"party\":1,\"wheelchairs\":2}",
         "wheelchairs"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"by\":\"fly\"}", "leave or"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"needs\":[\"sofa\"]}",
         "needs"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"partie\":1}", "party"},
        {"{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"line\":\"LI-1\"}",
         "there is no line"},
        {"{\"from\":{\"lat\":37.7277,\"lon\":112.5621},\"to\":{\"lat\":37.7277,\"lon\":112.5622},"
         "\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"}}",
         "300 m apart"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_status status = room_do(room, &room->rider, "request.create", "", bad[k].body);
        if (status == TQ_OK || strstr(room->err.text, bad[k].word) == NULL)
            fail_msg("case %u: %s", k, room->err.text);
    }
    room_must(room, &room->rider, "request.create", "",
              "{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"},\"phone\":"
              "\"13812345678\",\"days\":[\"mon\"]}");
    assert_string_equal(room_text(room, "id"), "RQ-2025-0001");
    room_must(room, &room->clerk, "request.create", "",
              "{" ENDS ",\"window\":{\"from\":\"07:00\",\"to\":\"08:00\"}}");
    /* A rider sees his own, a planner all, with the number masked. */
    assert_int_equal(room_ask(room, &room->rider, "request.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(at_path(room->json, "requests")), 1);
    assert_string_equal(word(room, "requests.0.phone"), "13812345678");
    assert_int_equal(room_ask(room, &room->planner, "request.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(at_path(room->json, "requests")), 2);
    assert_null(strstr(room->answer.at, "13812345678"));
    assert_int_equal(room_ask(room, &room->nobody, "request.list", "", ""), TQ_DENIED);
    room_refuses(room, &room->rider, "request.cancel", "RQ-2025-0002", "", TQ_NOT_FOUND,
                 "no request");
    room_must(room, &room->rider, "request.cancel", "RQ-2025-0001", "{\"reason\":\"moved\"}");
    room_refuses(room, &room->rider, "request.cancel", "RQ-2025-0001", "", TQ_STALE, "cancelled");
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static void lines_are_checked(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } bad[] = {
        {"{\"name\":\"x\",\"seats\":20,\"stops\":[],\"trips\":[]}", "2 to 40 stops"},
        {BODY("weekly", "20", ""), "no file lines/*.yaml"},
        {BODY("monthly", "0", ""), "seats"},
        {BODY("monthly", "20", ",\"wheelchairs\":8"), "take up 24 seats"},
        {BODY("monthly", "20", ",\"season\":{\"from\":\"2025-07-01\",\"to\":\"2025-06-01\"}"),
         "ends before"},
        {BODY("monthly", "20", ",\"season\":{\"from\":\"2025-02-30\"}"), "season"},
        {BODY("monthly", "20", ",\"feeder\":{\"stop\":\"nowhere\",\"at\":\"B\"}"), "feeder.stop"},
        {BODY("monthly", "20", ",\"kind\":\"magic\""), "timetable or dynamic"},
        {BODY("monthly", "20", ",\"kind\":\"dynamic\""), "has no \"trips\""},
        {BODY("monthly", "20", ",\"colour\":1"), "does not know"},
        {"{\"name\":\"x\",\"seats\":20," STOPS ",\"trips\":[{\"id\":\"T\",\"times\":[\"07:10\","
         "\"07:10\",\"07:20\"]}]}",
         "not after stop"},
        {"{\"name\":\"x\",\"seats\":20," STOPS ",\"trips\":[{\"id\":\"T\",\"times\":[\"07:10\"]}]}",
         "1 times for 3 stops"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_status status = room_do(room, &room->planner, "line.create", "", bad[k].body);
        if (status == TQ_OK || strstr(room->err.text, bad[k].word) == NULL)
            fail_msg("case %u: %s", k, room->err.text);
    }
    room_refuses(room, &room->rider, "line.create", "", BODY("monthly", "20", ""), TQ_DENIED,
                 "planner");
    room_must(room, &room->planner, "line.create", "", BODY("monthly", "20", ""));
    assert_int_equal(room_ask(room, &room->nobody, "line.get", LINE, ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->nobody, "line.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(at_path(room->json, "lines")), 0);
    /* As a draft everything may change, afterwards the course stays and seats only grow. */
    room_must(room, &room->planner, "line.change", LINE, "{\"seats\":10,\"wheelchairs\":1}");
    assert_int_equal(book(room, TODAY, "A", "C", 1, ""), TQ_STALE);
    room_must(room, &room->planner, "line.open", LINE, "");
    room_refuses(room, &room->planner, "line.change", LINE, "{\"wheelchairs\":2}", TQ_STALE,
                 "only while it is a draft");
    room_refuses(room, &room->planner, "line.change", LINE, "{\"seats\":9}", TQ_STALE, "only grow");
    room_refuses(room, &room->planner, "line.change", LINE, "{\"note\":\"x\",\"version\":1}",
                 TQ_STALE, "you saw 1");
    room_must(room, &room->planner, "line.change", LINE, "{\"seats\":20}");
    assert_int_equal(room_ask(room, &room->nobody, "line.get", LINE, ""), TQ_OK);
    assert_null(at_path(room->json, "history"));
    assert_int_equal(whole(room, "rules.booking_closes_min"), 60);
    room_refuses(room, &room->planner, "line.stop", LINE, "", TQ_BAD_INPUT, "reason");
    room_must(room, &room->planner, "line.stop", LINE, "{\"reason\":\"nobody asks\"}");
    assert_string_equal(room_text(room, "state"), "stopped");
    assert_int_equal(book(room, TODAY, "A", "C", 1, ""), TQ_STALE);
}

static void a_city_changes_rules(void **state)
{
    desk_room *room = *state;
    char path[128];
    tq_desk *desk = NULL;
    tq_desk_options options = {.size = sizeof options,
                               .city = city,
                               .store_path = ":memory:",
                               .folder = room->folder,
                               .store = {.size = sizeof options.store, .normal_sync = true}};
    static const struct {
        const char *yaml, *word;
    } bad[] = {
        {"rule: x\nname: {zh: a, en: b}\ntickets: [single]\nmovs: []\n", "line 4"},
        {"rule: x\nname: {zh: a, en: b}\ntickets: [week]\n", "a ticket"},
        {"rule: x\nname: {zh: a, en: b}\ntickets: [single]\nbooking_closes: 1 fortnight\n",
         "booking_closes"},
        {"rule: x\nname: {zh: a, en: b}\ntickets: [single]\nmoves:\n  - {from: draft, to: open, "
         "what: w, when: booked at least 170 %, text: {zh: a, en: b}}\n",
         "line 5"},
        {"rule: x\nname: {zh: a, en: b}\ntickets: [single]\nmoves:\n  - {from: draft, to: gone, "
         "what: w}\n",
         "to is \"gone\""},
        {"rule: x\ntickets: [single]\n", "needs rule, name"},
        {"rule: [", "lines/x.yaml"},
    };
    (void)snprintf(path, sizeof path, "%s/lines", room->folder);
    assert_int_equal(tq_folder_make(path, &room->err), TQ_OK);
    (void)snprintf(path, sizeof path, "%s/lines/x.yaml", room->folder);
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        (void)fputs(bad[k].yaml, file);
        (void)fclose(file);
        tq_status status = tq_desk_open(&options, &desk, &room->err);
        if (status != TQ_BAD_CONFIG || strstr(room->err.text, bad[k].word) == NULL)
            fail_msg("case %u: %s", k, room->err.text);
    }
    FILE *file = fopen(path, "w");
    (void)fputs(
        "rule: monthly\nname: {zh: 月票, en: Month}\ntickets: [single]\nbooking_closes: 30 "
        "min\nunpaid: keep\nmoves:\n  - {from: draft, to: collecting, what: announce, who: "
        "[planner]}\n  - {from: collecting, to: open, what: open, due: now, who: [planner], "
        "when: booked at least 50 %, text: {zh: 半数, en: half}}\n",
        file);
    (void)fclose(file);
    desk_room_shut(room);
    desk_room_open(room);
    room_must(room, &room->planner, "line.decide", "",
              "{\"rule\":\"monthly\",\"seats\":20,\"booked\":10}");
    assert_string_equal(word(room, "decisions.0.outcome"), "open");
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/lines", room->folder);
    (void)rmdir(path);
}

/* ---- decisions: the worked examples ------------------------------------------------------------
 */

static const char *outcome(desk_room *room, const char *state, int seats, int booked, int paid)
{
    char body[200];
    (void)snprintf(body, sizeof body,
                   "{\"rule\":\"monthly\",\"state\":\"%s\",\"seats\":%d,\"booked\":%d,\"paid\":%d}",
                   state, seats, booked, paid);
    room_must(room, &room->planner, "line.decide", "", body);
    assert_int_equal(json_array_size(at_path(room->json, "decisions")), 1);
    return word(room, "decisions.0.outcome");
}

static void worked_examples(void **state)
{
    desk_room *room = *state;
    /* Open at 70 % of the seats booked: 14 of 20, not 13; 21 of 30; 32 of 45 (71.1), not 31. */
    assert_string_equal(outcome(room, "collecting", 20, 14, 0), "open");
    assert_string_equal(word(room, "decisions.0.text.en"),
                        "open at 70 % or more of the seats booked");
    assert_int_equal(whole(room, "decisions.0.permille"), 700);
    assert_string_equal(outcome(room, "collecting", 20, 13, 0), "wait");
    assert_string_equal(outcome(room, "collecting", 30, 21, 0), "open");
    assert_string_equal(outcome(room, "collecting", 45, 31, 0), "wait");
    assert_string_equal(outcome(room, "collecting", 45, 32, 0), "open");
    /* Stop when less than 60 % are paid: 11 of 20 stops, 12 goes on. */
    assert_string_equal(outcome(room, "running", 20, 20, 11), "stop");
    assert_string_equal(outcome(room, "running", 20, 12, 12), "continue");
    assert_string_equal(outcome(room, "running", 30, 30, 17), "stop");
    assert_string_equal(outcome(room, "running", 30, 30, 18), "continue");
    room_refuses(room, &room->planner, "line.decide", "",
                 "{\"rule\":\"monthly\",\"seats\":20,\"booked\":21}", TQ_BAD_INPUT,
                 "more seats are taken");
    room_refuses(room, &room->planner, "line.decide", "",
                 "{\"rule\":\"monthly\",\"seats\":20,\"booked\":14,\"act\":true}", TQ_BAD_INPUT,
                 "own bookings");
    room_refuses(room, &room->clerk, "line.decide", "", "{}", TQ_DENIED, "planner");
}

static void a_line_lives_by_its_rule(void **state)
{
    desk_room *room = *state;
    make_line(room, BODY("monthly", "20", ",\"season\":{\"from\":\"2025-07-01\"}"));
    must_book(room, JULY, "A", "C", 13, ",\"paid\":true", "booked");
    room_must(room, &room->planner, "line.decide", LINE, "{\"act\":true}");
    assert_string_equal(word(room, "decisions.0.outcome"), "wait");
    assert_string_equal(word(room, "decisions.0.month"), "2025-07");
    /* 23 working days in July 2025, 20 seats each. */
    assert_int_equal(whole(room, "decisions.0.runs"), 23);
    assert_int_equal(whole(room, "decisions.0.seats"), 460);
    assert_int_equal(whole(room, "decisions.0.taken"), 299);
    room_refuses(room, &room->planner, "line.open", LINE, "", TQ_BAD_INPUT, "299 of 460");
    room_refuses(room, &room->planner, "line.open", LINE, "{\"anyway\":true}", TQ_BAD_INPUT,
                 "reason");
    assert_false(tick(room));
    must_book(room, JULY, "A", "C", 1, "", "booked");
    room->now_ms += MIN_MS;
    assert_true(tick(room));
    assert_string_equal(state_of(room, "line", LINE), "open");
    /* Paid: 13 of 20 = 65 %. The first run makes it run; booking of that unpaid one lapses 1 h
     * before. */
    room->now_ms = instant("2025-07-01T06:09");
    (void)tick(room);
    assert_string_equal(state_of(room, "booking", "BK-2025-0002"), "booked");
    room->now_ms = instant("2025-07-01T06:10");
    assert_true(tick(room));
    assert_string_equal(state_of(room, "booking", "BK-2025-0002"), "cancelled");
    assert_string_equal(state_of(room, "line", LINE), "open");
    room->now_ms = instant("2025-07-01T07:10");
    assert_true(tick(room));
    assert_string_equal(state_of(room, "line", LINE), "running");
    /* August: 12 of 20 paid go on; September: 11 stop it, and its bookings end. */
    must_book(room, "\"ticket\":\"month\",\"month\":\"2025-08\"", "A", "C", 12, ",\"paid\":true",
              "booked");
    room->now_ms = instant("2025-08-01T00:00");
    assert_true(tick(room));
    assert_string_equal(state_of(room, "line", LINE), "running");
    room->now_ms = instant("2025-08-15T12:00");
    must_book(room, "\"ticket\":\"month\",\"month\":\"2025-09\"", "A", "C", 11, ",\"paid\":true",
              "booked");
    must_book(room, "\"ticket\":\"month\",\"month\":\"2025-09\"", "A", "C", 4, "", "booked");
    (void)tick(room);
    room->now_ms = instant("2025-08-31T23:59");
    (void)tick(room);
    assert_string_equal(state_of(room, "line", LINE), "running");
    room->now_ms = instant("2025-09-01T00:00");
    assert_true(tick(room));
    assert_string_equal(state_of(room, "line", LINE), "stopped");
    assert_string_equal(state_of(room, "booking", "BK-2025-0004"), "cancelled");
    assert_int_equal(room_ask(room, &room->planner, "line.get", LINE, ""), TQ_OK);
    const json_t *decisions = at_path(room->json, "decisions");
    const json_t *last = json_array_get(decisions, json_array_size(decisions) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "by")), "clock");
    assert_int_equal(json_integer_value(json_object_get(last, "permille")), 550);
    assert_int_equal(room_ask(room, &room->clerk, "booking.list", "", "state=cancelled"), TQ_OK);
    assert_non_null(strstr(room->answer.at, "the line has stopped"));
    /* What was paid for September goes back whole. */
    assert_non_null(strstr(room->answer.at, "\"refund_fen\":165000"));
}

/* ---- the metro ---------------------------------------------------------------------------------
 */

static void feeder_body(char out[2000], const char *change)
{
    const char *stop = "";
    for (uint32_t k = 0; k < city->timetable.stop_count; k++)
        if (strstr(tq_text(city, city->timetable.stop[k].id), "TYM_S_HUAZHANGXIJIE") != NULL)
            stop = tq_text(city, city->timetable.stop[k].id);
    (void)snprintf(out, 2000,
                   "{\"name\":\"化章社区环线\",\"rule\":\"community\",\"seats\":8,\"stops\":["
                   "{\"id\":\"A\",\"name\":\"化章西街西口\",\"lat\":37.717473,\"lon\":112.5452},"
                   "{\"id\":\"M\",\"name\":\"化章西街站\",\"lat\":37.717473,\"lon\":112.5610}],"
                   "\"trips\":[{\"id\":\"T1\",\"times\":[\"08:00\",\"08:05\"]},{\"id\":\"T2\","
                   "\"times\":[\"22:30\",\"22:35\"]}],\"feeder\":{\"stop\":\"%s\",\"at\":\"M\","
                   "\"direction\":1,\"change_s\":%s,\"wait_max_s\":600}}",
                   stop, change);
}

static void a_connection_breaks_and_is_told(void **state)
{
    desk_room *room = *state;
    char body[2000];
    feeder_body(body, "120");
    make_line(room, body);
    room_must(room, &room->planner, "line.open", LINE, "");
    room->now_ms = instant("2025-06-04T07:00");
    must_ask(room, "line.runs", LINE, "", "");
    assert_true(json_is_true(at_path(room->json, "runs.0.guarantee.holds")));
    assert_string_equal(word(room, "runs.0.guarantee.to"), "化章西街");
    char first[64];
    (void)snprintf(first, sizeof first, "%s", word(room, "runs.0.guarantee.next_departure"));
    assert_true(instant(first) >= instant("2025-06-04T08:07"));
    assert_true(instant(first) <= instant("2025-06-04T08:17"));
    /* After the last train nothing is promised. */
    assert_false(json_is_true(at_path(room->json, "runs.1.guarantee.holds")));
    assert_false(json_is_true(at_path(room->json, "runs.1.guarantee.broken")));
    assert_true(tick(room)); /* it has had its first departure */
    room->now_ms += MIN_MS;
    assert_false(tick(room));
    /* The street is slowed to 4 km/h: 1.4 km take 21 minutes. */
    room_must(room, &room->dispatcher, "closure.create", "",
              "{\"stretch\":{\"street\":\"化章西街\"},\"effect\":\"speed\",\"speed_kmh\":4,"
              "\"reason\":\"works\",\"owner\":\"x\",\"from\":\"2025-06-04T06:00\",\"to\":"
              "\"2025-06-04T12:00\",\"publish\":true}");
    char closure[TQ_ID_MAX];
    (void)snprintf(closure, sizeof closure, "%s", room_text(room, "id"));
    must_ask(room, "line.runs", LINE, "", "");
    assert_string_equal(word(room, "runs.0.state"), "late");
    assert_true(json_is_true(at_path(room->json, "runs.0.guarantee.broken")));
    assert_true(instant(word(room, "runs.0.guarantee.next_departure")) > instant(first));
    room->now_ms += MIN_MS;
    assert_true(tick(room));
    assert_int_equal(room_ask(room, &room->dispatcher, "event.list", "", "limit=1000"), TQ_OK);
    assert_non_null(strstr(room->answer.at, "connection_broken"));
    room->now_ms += MIN_MS;
    assert_false(tick(room));
    room_must(room, &room->dispatcher, "closure.end", closure, "{\"reason\":\"done\"}");
    room->now_ms += MIN_MS;
    assert_true(tick(room));
    assert_int_equal(room_ask(room, &room->dispatcher, "event.list", "", "limit=1000"), TQ_OK);
    assert_non_null(strstr(room->answer.at, "connection_holds"));
    /* A full closure leaves no way for the bus. */
    room_must(room, &room->dispatcher, "closure.create", "",
              "{\"stretch\":{\"street\":\"化章西街\"},\"effect\":\"full\",\"reason\":\"works\","
              "\"owner\":\"x\",\"from\":\"2025-06-04T06:00\",\"to\":\"2025-06-04T12:00\","
              "\"publish\":true}");
    must_ask(room, "line.runs", LINE, "", "");
    assert_string_equal(word(room, "runs.0.state"), "blocked");
}

static void who_gains_at_huazhang(void **state)
{
    desk_room *room = *state;
    char body[2000];
    feeder_body(body, "120");
    make_line(room, body);
    /* From the west end of 化章西街 into town; and along the line itself. */
    room_must(room, &room->rider, "request.create", "",
              "{\"from\":{\"lat\":37.717473,\"lon\":112.5455},\"to\":{\"lat\":37.780944,\"lon\":"
              "112.555107},\"window\":{\"from\":\"07:45\",\"to\":\"08:30\"}}");
    must_ask(room, "line.gain", LINE, "at=2025-06-04T08:00", "");
    assert_int_equal(json_array_size(at_path(room->json, "requests")), 1);
    assert_non_null(at_path(room->json, "requests.0.before"));
    assert_true(whole(room, "gaining_by_line") == 1);
    assert_true(json_is_true(at_path(room->json, "requests.0.gains_by_line")));
    assert_true(whole(room, "gaining_by_station") == 1);
    double with = json_number_value(at_path(room->json, "requests.0.at.line_min"));
    double without = json_number_value(at_path(room->json, "requests.0.at.transit_min"));
    assert_true(with > 10 && with < without);
    must_ask(room, "line.gain", LINE, "at=2025-05-20T08:00", "");
    assert_null(at_path(room->json, "gaining_by_station"));
    assert_int_equal(ask(room, &room->planner, "line.gain", LINE, "at=soon", ""), TQ_BAD_INPUT);
}

/* ---- drafts ------------------------------------------------------------------------------------
 */

static void ask_for_line(desk_room *room, double from_lat, double from_lon, double to_lat,
                         double to_lon, const char *window)
{
    char body[400];
    (void)snprintf(body, sizeof body,
                   "{\"from\":{\"lat\":%.6f,\"lon\":%.6f},\"to\":{\"lat\":%.6f,\"lon\":%.6f},"
                   "\"window\":{%s},\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]}",
                   from_lat, from_lon, to_lat, to_lon, window);
    room_must(room, &room->clerk, "request.create", "", body);
}

static void drafts_from_requests(void **state)
{
    desk_room *room = *state;
    static const char morning[] = "\"from\":\"07:00\",\"to\":\"07:40\"";
    for (uint32_t k = 0; k < 6; k++)
        ask_for_line(room, 37.7270 - k * 0.0004, 112.5620, 37.7085, 112.5573, morning);
    /* One the other way, one at night. */
    ask_for_line(room, 37.7085, 112.5573, 37.7270, 112.5620, morning);
    ask_for_line(room, 37.7270, 112.5620, 37.7085, 112.5573, "\"from\":\"21:00\",\"to\":\"21:30\"");
    must_ask(room, "line.propose", "", "",
             "{\"min_requests\":5,\"max_walk_m\":600,\"vehicles\":{\"count\":2,\"seats\":8}}");
    assert_int_equal(whole(room, "requests"), 8);
    assert_int_equal(json_array_size(at_path(room->json, "drafts")), 1);
    assert_int_equal(whole(room, "drafts.0.measures.requests"), 6);
    assert_int_equal(whole(room, "drafts.0.measures.served"), 6);
    assert_int_equal(json_array_size(at_path(room->json, "left_out")), 2);
    assert_true(json_number_value(at_path(room->json, "drafts.0.measures.saved_on_foot_min")) > 5);
    assert_true(json_number_value(at_path(room->json, "drafts.0.measures.walk_min")) <= 16.1);
    tq_buf first = {0};
    tq_buf_put(&first, room->answer.at, room->answer.len);
    /* The draft is the body of line.create. */
    char *draft = json_dumps(at_path(room->json, "drafts.0"), JSON_COMPACT);
    must_ask(room, "line.propose", "", "",
             "{\"min_requests\":5,\"max_walk_m\":600,\"vehicles\":{\"count\":2,\"seats\":8}}");
    assert_int_equal(first.len, room->answer.len);
    assert_memory_equal(first.at, room->answer.at, first.len);
    tq_buf_free(&first);
    room_must(room, &room->planner, "line.create", "", draft);
    free(draft);
    assert_int_equal(json_array_size(at_path(room->json, "requests")), 6);
    assert_int_equal(ask(room, &room->planner, "line.propose", "", "", "{\"kind\":\"dynamic\"}"),
                     TQ_BAD_INPUT);
    assert_int_equal(
        ask(room, &room->planner, "line.propose", "", "", "{\"vehicles\":{\"seats\":999}}"),
        TQ_BAD_INPUT);
}

/* ---- GTFS-Flex ---------------------------------------------------------------------------------
 */

static char *part_of(const desk_room *room, const char *name)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(room->answer.at, room->answer.len, 0, &why);
    zip_t *zip = zip_open_from_source(source, ZIP_RDONLY, &why);
    assert_non_null(zip);
    zip_file_t *file = zip_fopen(zip, name, 0);
    if (file == NULL) {
        zip_discard(zip);
        return NULL;
    }
    char *text = calloc(1, 65536);
    assert_true(zip_fread(file, text, 65535) >= 0);
    (void)zip_fclose(file);
    zip_discard(zip);
    return text;
}

static void has_line(const desk_room *room, const char *name, const char *want)
{
    char *text = part_of(room, name);
    if (text == NULL || strstr(text, want) == NULL)
        fail_msg("%s lacks %s: %s", name, want, text != NULL ? text : "");
    free(text);
}

static void flex_is_read_again(void **state)
{
    desk_room *room = *state;
    make_line(room, BODY("community", "20", ",\"phone\":\"0351-95128\""));
    room_must(room, &room->planner, "line.open", LINE, "");
    if (ask(room, &room->nobody, "line.flex", "", "", "") != TQ_OK) fail_msg("%s", room->err.text);
    has_line(room, "agency.txt", "Asia/Shanghai");
    has_line(room, "calendar.txt", LINE ",1,1,1,1,1,0,0,20250603,");
    has_line(room, "stop_times.txt",
             LINE "-T1,07:10:00,07:10:00," LINE "-A,,,1,,,2,1," LINE "-B,\n");
    has_line(room, "booking_rules.txt", LINE "-B,1,10,");
    has_line(room, "booking_rules.txt", "0351-95128");
    assert_null(part_of(room, "locations.geojson"));
    tq_buf first = {0};
    tq_buf_put(&first, room->answer.at, room->answer.len);
    assert_int_equal(ask(room, &room->nobody, "line.flex", "", "", ""), TQ_OK);
    assert_int_equal(first.len, room->answer.len);
    assert_memory_equal(first.at, room->answer.at, first.len);
    /* Our own importer takes it as it is. */
    char folder[128], path[192];
    (void)snprintf(folder, sizeof folder, "%s/flex", room->folder);
    assert_int_equal(tq_folder_make(folder, &room->err), TQ_OK);
    (void)snprintf(path, sizeof path, "%s/flex.zip", folder);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(first.at, 1, first.len, file), first.len);
    (void)fclose(file);
    tq_buf_free(&first);
    (void)snprintf(path, sizeof path, "%s/tongqu.yaml", folder);
    file = fopen(path, "w");
    (void)fputs("city:\n  id: flex\n  name: flex\n  timezone: Asia/Shanghai\nsources:\n  gtfs: "
                "[flex.zip]\nimport:\n  bad_rows: stop\n",
                file);
    (void)fclose(file);
    tq_settings settings;
    tq_report *report = tq_report_new();
    tq_city *made = NULL;
    char out[192];
    (void)snprintf(out, sizeof out, "%s/flex.city", folder);
    if (tq_settings_read(folder, &settings, &room->err) != TQ_OK ||
        tq_import(&settings, out, report, NULL, NULL, &room->err) != TQ_OK ||
        tq_city_open(out, &made, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    assert_int_equal(made->timetable.route_count, 1);
    assert_int_equal(made->timetable.trip_count, 1);
    assert_int_equal(made->timetable.stop_count, 3);
    assert_int_equal(made->timetable.stop_time_count, 3);
    assert_true((made->timetable.pattern_flags[0] & TQ_PATTERN_PHONE) != 0);
    tq_city_close(made);
    tq_report_free(report);
    (void)unlink(out);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/flex.zip", folder);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void a_zone_in_flex(void **state)
{
    desk_room *room = *state;
    room_must(
        room, &room->planner, "line.create", "",
        "{\"name\":\"化章, 响应公交\",\"kind\":\"dynamic\",\"rule\":\"community\",\"seats\":8,"
        "\"window\":{\"from\":\"06:30\",\"to\":\"21:00\"},\"zone\":[{\"lat\":37.70,\"lon\":"
        "112.54},{\"lat\":37.73,\"lon\":112.54},{\"lat\":37.73,\"lon\":112.57}]," STOPS "}");
    room_must(room, &room->planner, "line.open", LINE, "");
    room_must(room, &room->planner, "line.open", LINE, "");
    room_refuses(room, &room->clerk, "booking.create", "",
                 "{\"line\":\"" LINE "\"," TODAY ",\"trip\":\"T1\",\"from_stop\":\"A\","
                 "\"to_stop\":\"C\"}",
                 TQ_BAD_INPUT, "dynamic");
    assert_int_equal(ask(room, &room->nobody, "line.flex", "", "", ""), TQ_OK);
    has_line(room, "locations.geojson", "\"id\":\"" LINE "-Z\"");
    has_line(room, "stop_times.txt",
             LINE "-D,,,,," LINE "-Z,1,06:30:00,21:00:00,2,1," LINE "-B,\n");
    has_line(room, "stop_times.txt",
             LINE "-D,,,,," LINE "-Z,2,06:30:00,21:00:00,1,2,," LINE "-B\n");
    has_line(room, "routes.txt", "\"化章, 响应公交\"");
    char *text = part_of(room, "locations.geojson");
    json_error_t why;
    json_t *zones = json_loads(text, 0, &why);
    assert_int_equal(json_array_size(at_path(zones, "features.0.geometry.coordinates.0")), 4);
    json_decref(zones);
    free(text);
}

/* ---- the offer to trip planning ----------------------------------------------------------------
 */

static void offers_are_values(void **state)
{
    desk_room *room = *state;
    const tq_ondemand *offer = NULL;
    const tq_overlay *overlay = NULL;
    char body[2000];
    feeder_body(body, "120");
    make_line(room, body);
    room_must(room, &room->planner, "line.open", LINE, "");
    room->now_ms = instant("2025-06-04T07:00");
    room_must(room, &room->clerk, "booking.create", "",
              "{\"line\":\"" LINE "\"," TODAY ",\"trip\":\"T1\",\"from_stop\":\"A\",\"to_stop\":"
              "\"M\",\"party\":3}");
    tq_desk_world world = world_now(room, &overlay);
    if (tq_desk_offer(room->desk, &world, room->now_ms, &offer, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    assert_int_equal(offer->run_count, 14);
    const tq_ondemand_run *run = &offer->run[0];
    assert_string_equal(offer->text + run->line, LINE);
    assert_int_equal(tq_ondemand_free(offer, run, 0, 1), 5);
    assert_int_equal(tq_ondemand_free(offer, run, 1, 1), 0);
    assert_true(run->metro_holds == 1 && run->metro_departure_ms > room->now_ms);
    assert_int_equal(run->booking_until_ms, instant("2025-06-04T07:50"));
    assert_int_not_equal(offer->stop[run->first_stop].edge, TQ_NONE);
    const tq_ondemand *held = tq_ondemand_hold(offer);
    tq_ondemand_drop(offer);
    assert_int_equal(held->run_count, 14);
    /* What is not sound is named. */
    tq_ondemand bad = *held;
    tq_ondemand_run wrong = *run;
    bad.run_count = 1;
    bad.run = &wrong;
    wrong.stop_count = 99;
    const tq_ondemand *none = NULL;
    assert_int_equal(tq_ondemand_new(city, &bad, &none, &room->err), TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "stops out of range"));
    assert_null(none);
    tq_ondemand_drop(held);
    tq_ondemand_drop(tq_ondemand_none());
    tq_overlay_drop(overlay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_checked),     TEST(lines_are_checked),
        TEST(a_city_changes_rules),     TEST(worked_examples),
        TEST(a_line_lives_by_its_rule), TEST(a_connection_breaks_and_is_told),
        TEST(who_gains_at_huazhang),    TEST(drafts_from_requests),
        TEST(flex_is_read_again),       TEST(a_zone_in_flex),
        TEST(offers_are_values),
    };
    return cmocka_run_group_tests(tests, open_streets, close_streets);
}
