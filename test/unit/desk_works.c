/*
 * The works planner on the shipped city: 东岗路 and 并州东街 in the winter of 2024, its closures,
 * its assessment and notice, a second work at 并州北路 and 并州东街, and what is refused.
 */
// also: import
#include <math.h>

#include "desk_shipped.h"

/* 2024-11-20T09:00+08:00 */
#define WINTER_MS INT64_C(1732064400000)

static int setup(void **state)
{
    (void)begin_room(state);
    desk_room *room = *state;
    room->now_ms = WINTER_MS;
    return 0;
}

#define WORK   "RW-2024-0001"
#define SECOND "RW-2024-0002"
#define PEOPLE                                                                                                         \
    "\"name\":\"东岗路并州东街管道施工\",\"owner\":\"市热力公司\",\"contractor\":\"市政一公司\"," \
    "\"permits\":[\"并交施 17\"],\"users_per_day\":12000,\"banned_hours\":[{\"from\":\"12:00\","                    \
    "\"to\":\"14:00\"},{\"from\":\"22:00\",\"to\":\"06:00\"}]"
#define TIMES "\"from\":\"2024-11-25T00:00\",\"to\":\"2025-04-08T23:59\",\"effect\":\"half_width\""
#define ROADS(trenchless)                                                                                     \
    "\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"东岗路\",\"from\":\"双塔东街\","           \
    "\"to\":\"并州东街\"}},"                                                                              \
    "{\"id\":\"S2\",\"stretch\":{\"street\":\"并州东街\",\"from\":\"并州北路\",\"to\":\"东岗路\"}" \
    ","                                                                                                       \
    "\"trenchless\":" trenchless "}],\"phases\":[{\"id\":\"P1\"," TIMES "}]"

static uint32_t shut_now(desk_room *room)
{
    uint32_t count;
    desk_room_follow(room);
    (void)tq_live_closures(room->live, &count);
    return count;
}

static double number(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_number(value)) fail_msg("%s is no number", member);
    return json_number_value(value);
}

static const json_t *row_of(const json_t *list, const char *member, const char *word)
{
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *text = json_string_value(json_object_get(json_array_get(list, k), member));
        if (text != NULL && strcmp(text, word) == 0) return json_array_get(list, k);
    }
    return NULL;
}

static const json_t *list_of(const desk_room *room, const char *member)
{
    return json_object_get(room->json, member);
}

static void asks(desk_room *room, const char *verb, const char *id, const char *query)
{
    tq_status status = room_ask(room, &room->planner, verb, id, query);
    if (status != TQ_OK) fail_msg("%s: %s", verb, room->err.text);
}

static void the_replay_of_a_winter(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("false") "}");
    assert_int_equal(room->status, 201);
    assert_string_equal(room_text(room, "id"), WORK);
    assert_string_equal(room_text(room, "state"), "draft");
    /* The 25th of November and the 8th of April counted. */
    assert_int_equal(json_integer_value(list_of(room, "days")), 135);
    assert_int_equal(shut_now(room), 0);
    assert_int_equal(room_ask(room, &room->nobody, "work.get", WORK, ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->nobody, "work.notice", WORK, ""), TQ_NOT_FOUND);

    asks(room, "work.assess", WORK, "near_m=5000");
    tq_buf first = {0};
    tq_buf_put(&first, room->answer.at, room->answer.len);
    assert_true(number(list_of(room, "sample"), "pairs") == 40);
    const json_t *phase = row_of(list_of(room, "phases"), "id", "P1");
    assert_true(number(phase, "added_s") > 0);
    assert_true(number(phase, "worst_s") >= number(phase, "added_s"));
    /* Half the width: both directions stay. */
    assert_int_equal(number(phase, "cut_off"), 0);
    double hours = 12000 * number(phase, "added_s") / 3600;
    assert_true(fabs(number(phase, "user_hours_day") - hours) <= 0.1 + 12000 * 0.05 / 3600);
    assert_false(json_is_true(list_of(room, "users_assumed")));
    const json_t *hospital = row_of(list_of(room, "facilities"), "name", "省儿童医院五一路院区");
    assert_non_null(hospital);
    assert_true(number(json_object_get(hospital, "ambulance"), "mean_s") > 0);
    assert_int_equal(number(json_object_get(hospital, "ambulance"), "cut_off"), 0);
    /* Without the trench at the crossing street it costs no more. */
    const json_t *planned = row_of(list_of(room, "variants"), "name", "planned");
    const json_t *jacked = row_of(list_of(room, "variants"), "name", "trenchless:S2");
    assert_int_equal(number(planned, "closures"), 2);
    assert_int_equal(number(jacked, "closures"), 1);
    assert_true(number(jacked, "added_s") < number(planned, "added_s"));
    /* The same question, the same bytes. */
    asks(room, "work.assess", WORK, "near_m=5000");
    assert_int_equal(first.len, room->answer.len);
    assert_memory_equal(first.at, room->answer.at, first.len);
    tq_buf_free(&first);
    asks(room, "work.assess", WORK, "");
    assert_null(row_of(list_of(room, "facilities"), "name", "省儿童医院五一路院区"));

    room_must(room, &room->planner, "work.publish", WORK, "{\"version\":1}");
    assert_int_equal(json_array_size(list_of(room, "closures")), 2);
    assert_int_equal(shut_now(room), 2);
    assert_true(room->network);
    assert_int_equal(room_ask(room, &room->nobody, "closure.get", "CL-2024-0001", ""), TQ_OK);
    assert_string_equal(room_text(room, "work"), WORK);
    room_refuses(room, &room->dispatcher, "closure.end", "CL-2024-0001", "{}", TQ_BAD_INPUT,
                 "belongs to the work " WORK);
    assert_int_equal(room_ask(room, &room->nobody, "work.get", WORK, ""), TQ_OK);
    assert_null(list_of(room, "by"));
    assert_false(json_is_true(list_of(room, "over")));
    room_must(room, &room->planner, "work.end", WORK, "{\"reason\":\"finished early\"}");
    assert_int_equal(shut_now(room), 0);
    room_refuses(room, &room->planner, "work.end", WORK, "", TQ_BAD_INPUT, "is ended");
}

static void without_a_trench_the_crossing_stays_open(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("true") "}");
    asks(room, "work.assess", WORK, "");
    const json_t *planned = row_of(list_of(room, "variants"), "name", "planned");
    const json_t *open_cut = row_of(list_of(room, "variants"), "name", "open_cut");
    assert_int_equal(number(planned, "closures"), 1);
    assert_int_equal(number(open_cut, "closures"), 2);
    assert_true(number(open_cut, "added_s") > number(planned, "added_s"));
    room_must(room, &room->planner, "work.publish", WORK, "");
    assert_int_equal(json_array_size(list_of(room, "closures")), 1);
    assert_non_null(row_of(list_of(room, "closures"), "section", "S1"));
    desk_room_follow(room);
    uint32_t count;
    const tq_closure *const *closure = tq_live_closures(room->live, &count);
    assert_int_equal(count, 1);
    assert_string_equal(closure[0]->stretch.street, "东岗路");
    asks(room, "work.notice", WORK, "");
    assert_non_null(strstr(room_text(room, "zh"), "非开挖施工，不占道"));
}

static void a_second_work_is_flagged(void **state)
{
    desk_room *room = *state;
    static const char second[] =
        "{\"name\":\"并州北路给水\",\"owner\":\"市供水公司\",\"sections\":[{\"id\":\"A\","
        "\"stretch\":"
        "{\"street\":\"并州北路\",\"from\":\"并州东街\",\"to\":\"双塔西街\"}}],\"phases\":[{\"id\":"
        "\"1\",\"from\":\"%s\",\"to\":\"%s\",\"effect\":\"lanes\",\"lanes\":{\"total\":3,\"left\":"
        "2}}]}";
    char body[1024];
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("false") "}");
    room_must(room, &room->planner, "work.publish", WORK, "");
    (void)snprintf(body, sizeof body, second, "2025-01-06T00:00", "2025-02-20T00:00");
    room_must(room, &room->planner, "work.create", "", body);
    /* Each sees the other: the one by its closure, the one that is planned by its record. */
    asks(room, "work.assess", SECOND, "");
    assert_true(json_is_true(list_of(room, "users_assumed")));
    const json_t *seen = row_of(list_of(room, "conflicts"), "name", WORK);
    assert_non_null(seen);
    assert_string_equal(json_string_value(json_object_get(seen, "why")), "junction");
    assert_string_equal(json_string_value(json_object_get(seen, "street")), "并州东街");
    const char *where = json_string_value(json_object_get(seen, "where"));
    assert_true(strstr(where, "并州北路") != NULL && strstr(where, "并州东街") != NULL);
    asks(room, "work.assess", WORK, "");
    seen = row_of(list_of(room, "conflicts"), "id", SECOND);
    assert_non_null(seen);
    assert_string_equal(json_string_value(json_object_get(seen, "kind")), "work");
    assert_string_equal(json_string_value(json_object_get(seen, "section")), "S2");
    /* Afterwards in time: no conflict. */
    (void)snprintf(
        body, sizeof body,
        "{\"phases\":[{\"id\":\"1\",\"from\":\"2025-04-09T00:00\",\"to\":"
        "\"2025-05-20T00:00\",\"effect\":\"lanes\",\"lanes\":{\"total\":3,\"left\":2}}]}");
    room_must(room, &room->planner, "work.change", SECOND, body);
    asks(room, "work.assess", WORK, "");
    assert_int_equal(json_array_size(list_of(room, "conflicts")), 0);
    asks(room, "work.assess", SECOND, "");
    assert_int_equal(json_array_size(list_of(room, "conflicts")), 0);
}

#define SHUT(name, stretch)                                                                        \
    "{\"name\":\"" name "\",\"owner\":\"b\",\"sections\":[{\"id\":\"S1\",\"stretch\":{" stretch    \
    "}}],\"phases\":[{\"id\":\"P1\",\"from\":\"2024-11-25T00:00\",\"to\":\"2025-04-08T23:59\","    \
    "\"effect\":\"full\"}]}"

static void a_work_on_the_detour_is_flagged(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "work.create", "",
              SHUT("a", "\"street\":\"东岗路\",\"from\":\"双塔东街\",\"to\":\"并州东街\""));
    room_must(room, &room->planner, "work.create", "", SHUT("b", "\"street\":\"建设南路\""));
    room_must(room, &room->planner, "work.create", "", SHUT("c", "\"street\":\"阳兴大道\""));
    asks(room, "work.assess", WORK, "");
    assert_int_equal(json_array_size(list_of(room, "conflicts")), 1);
    const json_t *seen = row_of(list_of(room, "conflicts"), "name", "b");
    assert_string_equal(json_string_value(json_object_get(seen, "why")), "detour");
    assert_string_equal(json_string_value(json_object_get(seen, "where")), "建设南路");
    assert_true(json_is_null(json_object_get(seen, "section")));
}

static void a_change_carries_its_closures(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("false") "}");
    room_must(room, &room->planner, "work.publish", WORK, "");
    assert_int_equal(shut_now(room), 2);
    /* A new name leaves them; a new end makes new ones. */
    room_must(room, &room->planner, "work.change", WORK, "{\"note\":\"quiet\"}");
    assert_non_null(row_of(list_of(room, "closures"), "id", "CL-2024-0001"));
    room_must(room, &room->planner, "work.change", WORK,
              "{\"phases\":[{\"id\":\"P1\",\"section\":\"S1\"," TIMES
              "},{\"id\":\"P2\",\"section\":\"S2\",\"from\":\"2025-03-01T00:00\",\"to\":"
              "\"2025-04-08T23:59\",\"effect\":\"full\",\"fenced\":\"left\"}]}");
    assert_int_equal(json_array_size(list_of(room, "closures")), 2);
    assert_non_null(row_of(list_of(room, "closures"), "id", "CL-2024-0003"));
    assert_int_equal(shut_now(room), 2);
    assert_int_equal(room_ask(room, &room->nobody, "closure.get", "CL-2024-0001", ""), TQ_OK);
    assert_string_equal(room_text(room, "state"), "ended");
    /* Refused: nothing of it is done. */
    room_refuses(room, &room->planner, "work.change", WORK,
                 "{\"phases\":[{\"id\":\"P1\",\"section\":\"S9\"," TIMES "}]}", TQ_BAD_INPUT,
                 "no section \"S9\"");
    assert_int_equal(shut_now(room), 2);
    room_refuses(room, &room->planner, "work.change", WORK, "{\"name\":\"a\",\"version\":1}",
                 TQ_STALE, "you saw 1");
    room_refuses(room, &room->planner, "work.change", WORK, "{\"name\":null}", TQ_BAD_INPUT,
                 "\"name\" must stay");
    /* In December the first phase goes on and cannot be cancelled any more. */
    room->now_ms += 30 * DAY_MS;
    room_refuses(room, &room->planner, "work.cancel", WORK, "", TQ_BAD_INPUT, "has begun; end it");
    room_must(room, &room->planner, "work.end", WORK, "");
    assert_int_equal(shut_now(room), 0);
    room_refuses(room, &room->planner, "work.change", WORK, "{\"name\":\"a\"}", TQ_BAD_INPUT,
                 "stays as it was");
    assert_int_equal(room_ask(room, &room->nobody, "work.list", "", "state=ended"), TQ_OK);
    assert_int_equal(json_array_size(list_of(room, "works")), 1);
}

/* Ask under an overlay with a detour round a closure; is it told of as the work's? */
static void asks_round(desk_room *room, const char *closure, bool told)
{
    const tq_timetable *table = &city->timetable;
    tq_detour detour = {.source_count = 1, .added_s = 77};
    char text[32] = "";
    uint32_t source = 1;
    while (strcmp(tq_text(city, table->route[table->pattern_route[detour.pattern]].short_name),
                  "演示线") != 0)
        detour.pattern++;
    (void)snprintf(text + 1, sizeof text - 1, "%s", closure);
    tq_overlay overlay = {
        .detour_count = 1, .detour = &detour, .source_count = 1, .source = &source, .text = text};
    tq_desk_world world = {.city = city, .overlay = &overlay};
    tq_command command = desk_room_command(room, &room->planner, "work.assess", WORK, "");
    room->answer.len = 0;
    tq_status status = tq_desk_ask(room->desk, &command, &world, &room->answer, &room->err);
    desk_room_keep(room, status);
    const json_t *line = row_of(list_of(room, "bus_lines"), "name", "演示线");
    assert_int_equal(json_is_true(json_object_get(line, "detour")), told);
    assert_int_equal(number(line, "added_s"), told ? 77 : 0);
}

static void bus_lines_along_it(void **state)
{
    desk_room *room = *state;
    room_must(
        room, &room->planner, "work.create", "",
        "{\"name\":\"a\",\"owner\":\"b\",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":"
        "\"阳兴大道\"}}],\"phases\":[{\"id\":\"P1\"," TIMES "}]}");
    asks(room, "work.assess", WORK, "");
    assert_non_null(row_of(list_of(room, "bus_lines"), "name", "演示线"));
    assert_null(row_of(list_of(room, "bus_lines"), "name", "1号线"));
    asks_round(room, "CL-2024-0001", false);
    room_must(room, &room->planner, "work.publish", WORK, "");
    asks_round(room, "CL-2024-0001", true);
    asks_round(room, "CL-2024-0002", false);
    asks(room, "work.assess", WORK, "");
    /* There and back; only one of them in one direction of the street. */
    assert_int_equal(number(row_of(list_of(room, "bus_lines"), "name", "演示线"), "patterns"), 2);
    asks(room, "work.notice", WORK, "");
    assert_non_null(strstr(room_text(room, "zh"), "沿线公交：演示线"));
    /* It crosses this one, and runs along none of it. */
    room_must(room, &room->planner, "work.create", "",
              SHUT("c", "\"street\":\"二广高速太原北连接线\""));
    asks(room, "work.assess", SECOND, "");
    assert_null(row_of(list_of(room, "bus_lines"), "name", "演示线"));
    room_must(room, &room->planner, "work.create", "",
              SHUT("d", "\"street\":\"阳兴大道\",\"direction\":\"forward\""));
    asks(room, "work.assess", "RW-2024-0003", "");
    assert_int_equal(number(row_of(list_of(room, "bus_lines"), "name", "演示线"), "patterns"), 1);
}

static void cancelled_before_it_begins(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("false") "}");
    room_must(room, &room->planner, "work.publish", WORK, "");
    room_must(room, &room->planner, "work.cancel", WORK, "{\"reason\":\"no pipes\"}");
    assert_int_equal(shut_now(room), 0);
    assert_int_equal(room_ask(room, &room->nobody, "work.get", WORK, ""), TQ_NOT_FOUND);
    room_refuses(room, &room->planner, "work.publish", WORK, "", TQ_BAD_INPUT,
                 "only a draft is published");
}

static void the_notice_says_it_all(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("false") "}");
    room_must(room, &room->planner, "work.publish", WORK, "");
    assert_int_equal(room_ask(room, &room->nobody, "work.notice", WORK, ""), TQ_OK);
    static const char *const zh[] = {"东岗路并州东街管道施工",
                                     "2024年11月25日至2025年4月8日",
                                     "共135天",
                                     "半幅施工，另半幅双向通行",
                                     "12:00至14:00",
                                     "22:00至次日06:00",
                                     "市热力公司",
                                     "并交施 17"};
    static const char *const en[] = {"25 November 2024 to 8 April 2025", "135 days",
                                     "both directions stay open", "Bingzhou East Street",
                                     "No machines: 12:00 to 14:00, 22:00 to 06:00"};
    for (uint32_t k = 0; k < TQ_COUNT(zh); k++)
        if (strstr(room_text(room, "zh"), zh[k]) == NULL)
            fail_msg("no %s in: %s", zh[k], room_text(room, "zh"));
    for (uint32_t k = 0; k < TQ_COUNT(en); k++)
        if (strstr(room_text(room, "en"), en[k]) == NULL)
            fail_msg("no %s in: %s", en[k], room_text(room, "en"));
}

static void what_a_work_may_not_say(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{\"owner\":\"a\"}", "\"name\" is missing"},
        {"{\"name\":\"a\"}", "\"owner\" is missing"},
        {"{" PEOPLE "}", "\"sections\" must be a list"},
        {"{" PEOPLE ",\"sektions\":[]}", "did you mean \"sections\""},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\"}],\"phases\":[]}", "\"stretch\" is missing"},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"东岗路\"},\"trench\":"
         "1}],\"phases\":[]}",
         "does not know the member \"trench\""},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"东缸路\"}}],"
         "\"phases\":[]}",
         "section \"S1\""},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"并州东街\"}}],"
         "\"phases\":[]}",
         "\"phases\" must be a list"},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"并州东街\"}}],"
         "\"phases\":[{\"id\":\"P1\",\"from\":\"2024-11-25\",\"to\":\"x\",\"effect\":\"full\"}]}",
         "write an instant"},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"并州东街\"}}],"
         "\"phases\":[{\"id\":\"P1\",\"from\":\"2024-12-25T00:00\",\"to\":\"2024-12-24T00:00\","
         "\"effect\":\"full\"}]}",
         "before it begins"},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"并州东街\"}}],"
         "\"phases\":[{\"id\":\"P1\"," TIMES "},{\"id\":\"P1\"," TIMES "}]}",
         "two phases have the id \"P1\""},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"并州东街\"}}],"
         "\"phases\":[{\"id\":\"P1\"," TIMES ",\"fenced\":\"top\"}]}",
         "phase \"P1\", section \"S1\""},
        {"{" PEOPLE ",\"sections\":[{\"id\":\"S1\",\"stretch\":{\"street\":\"并州东街\"}}],"
         "\"phases\":[{\"id\":\"P1\",\"from\":\"2024-10-01T00:00\",\"to\":\"2024-10-02T00:00\","
         "\"effect\":\"full\"}]}",
         "over already"},
        {"{\"name\":\"a\",\"owner\":\"b\",\"banned_hours\":[{\"from\":\"25:00\",\"to\":\"6:00\"}]}",
         "banned_hours 1"},
        {"{\"name\":\"a\",\"owner\":\"b\",\"users_per_day\":0}", "\"users_per_day\" is 0"},
        {"{\"name\":\"a\",\"owner\":\"b\",\"permits\":[1]}", "permit 1"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        tq_status status = room_do(room, &room->planner, "work.create", "", rows[k].body);
        if (status != TQ_BAD_INPUT || strstr(room->err.text, rows[k].word) == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(status), room->err.text);
    }
    room_refuses(room, &room->clerk, "work.create", "", "{" PEOPLE "," ROADS("false") "}",
                 TQ_DENIED, "planner");
    room_must(room, &room->planner, "work.create", "", "{" PEOPLE "," ROADS("false") "}");
    assert_string_equal(room_text(room, "id"), WORK);
    assert_int_equal(room_ask(room, &room->planner, "work.assess", WORK, "near_m=1"), TQ_BAD_INPUT);
    assert_int_equal(room_ask(room, &room->nobody, "work.assess", WORK, ""), TQ_DENIED);
    assert_int_equal(room_ask(room, &room->planner, "work.assess", "RW-9", ""), TQ_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_replay_of_a_winter, setup, end_room),
        cmocka_unit_test_setup_teardown(without_a_trench_the_crossing_stays_open, setup, end_room),
        cmocka_unit_test_setup_teardown(a_second_work_is_flagged, setup, end_room),
        cmocka_unit_test_setup_teardown(a_work_on_the_detour_is_flagged, setup, end_room),
        cmocka_unit_test_setup_teardown(a_change_carries_its_closures, setup, end_room),
        cmocka_unit_test_setup_teardown(bus_lines_along_it, setup, end_room),
        cmocka_unit_test_setup_teardown(cancelled_before_it_begins, setup, end_room),
        cmocka_unit_test_setup_teardown(the_notice_says_it_all, setup, end_room),
        cmocka_unit_test_setup_teardown(what_a_work_may_not_say, setup, end_room),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
