/*
 * Crews and tasks: the one that is able over a nearer one that is not, shifts and hours without
 * machines, the steps of a task, travel times that follow a closure.
 */
// also: import
#include "desk_shipped.h"

#define NEAR "CR-2025-0001"
#define FAR  "CR-2025-0002"
#define TASK "TK-2025-0001"

/* One near 阳兴大道 without a saw, one in town with all of it. */
static int setup(void **state)
{
    (void)begin_room(state);
    desk_room *room = *state;
    room_must(room, &room->dispatcher, "crew.create", "",
              "{\"name\":\"巡查一组\",\"skills\":[\"crack\"],\"tools\":[\"pick\"],\"phone\":"
              "\"13803512345\"}");
    room_must(
        room, &room->dispatcher, "crew.create", "",
        "{\"name\":\"灌缝二组\",\"skills\":[\"crack\"],\"tools\":[\"cutter\",\"pick\",\"saw\"],"
        "\"shift\":{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"],\"from\":\"07:00\","
        "\"to\":\"19:00\"}}");
    room_must(room, &room->road_unit, "crew.position", NEAR, "{\"lat\":38.0421,\"lon\":112.635}");
    room_must(room, &room->road_unit, "crew.position", FAR, "{\"lat\":37.869,\"lon\":112.56}");
    return 0;
}

#define AT   "lat=38.0421&lon=112.635"
#define SAWS AT "&skills=crack&tools=cutter,pick,saw"

static tq_status ask(desk_room *room, const char *query)
{
    const tq_overlay *overlay = NULL;
    tq_command command = desk_room_command(room, &room->dispatcher, "task.candidates", "", "");
    desk_room_follow(room);
    if (tq_live_overlay(room->live, room->version, &overlay, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    tq_desk_world world = {.city = city, .roads = roads, .overlay = overlay};
    command.query = tq_str_of(query);
    room->answer.len = 0;
    tq_status status = tq_desk_ask(room->desk, &command, &world, &room->answer, &room->err);
    desk_room_keep(room, status);
    tq_overlay_drop(overlay);
    return status;
}

static const json_t *candidate(desk_room *room, const char *query, uint32_t at)
{
    if (ask(room, query) != TQ_OK) fail_msg("%s: %s", query, room->err.text);
    const json_t *one = json_array_get(json_object_get(room->json, "candidates"), at);
    assert_non_null(one);
    return one;
}

static const char *text(const json_t *object, const char *member)
{
    const char *found = json_string_value(json_object_get(object, member));
    return found != NULL ? found : "";
}

static double minutes(const json_t *one)
{
    const json_t *value = json_object_get(one, "minutes");
    if (!json_is_number(value)) fail_msg("%s: %s", text(one, "crew"), text(one, "why_not"));
    return json_number_value(value);
}

static void able_before_near(void **state)
{
    desk_room *room = *state;
    const json_t *first = candidate(room, SAWS, 0);
    assert_string_equal(text(first, "crew"), FAR);
    assert_true(minutes(first) > 5);
    const json_t *second = candidate(room, SAWS, 1);
    assert_string_equal(text(second, "crew"), NEAR);
    assert_non_null(strstr(text(second, "why_not"), "lacks the tool cutter"));
    /* Where a pick will do, the nearer one goes. */
    assert_string_equal(text(candidate(room, AT "&tools=pick", 0), "crew"), NEAR);
    assert_string_equal(text(candidate(room, AT "&skills=welding", 0), "why_not"),
                        "it lacks the skill welding");
    assert_int_equal(ask(room, "tools=pick"), TQ_BAD_INPUT);
    assert_int_equal(ask(room, "lat=x&lon=1"), TQ_BAD_INPUT);
    assert_int_equal(ask(room, "case=CA-9"), TQ_NOT_FOUND);
    assert_int_equal(ask(room, AT "&at=soon"), TQ_BAD_INPUT);
}

static void not_now(void **state)
{
    desk_room *room = *state;
    /* Off its shift in the evening and on Sunday. */
    const json_t *one = candidate(room, SAWS "&at=2025-06-03T19:00", 1);
    assert_string_equal(text(one, "why_not"), "it is not on shift at that time");
    assert_string_equal(text(candidate(room, SAWS "&at=2025-06-08T09:00", 1), "why_not"),
                        "it is not on shift at that time");
    assert_string_equal(text(candidate(room, SAWS "&at=2025-06-03T18:59", 0), "crew"), FAR);
    /* A position of two hours ago is marked. */
    room->now_ms += 2 * HOUR_MS;
    one = candidate(room, SAWS, 0);
    assert_true(json_is_true(json_object_get(one, "position_old")));
    room_must(room, &room->dispatcher, "crew.change", FAR, "{\"state\":\"off\"}");
    one = candidate(room, SAWS, 1);
    assert_string_equal(text(one, "why_not"), "it is off duty");
}

static void no_machine_in_a_banned_hour(void **state)
{
    desk_room *room = *state;
    room_must(
        room, &room->planner, "work.create", "",
        "{\"name\":\"a\",\"owner\":\"b\",\"banned_hours\":[{\"from\":\"12:00\",\"to\":\"14:00\"},"
        "{\"from\":\"22:00\",\"to\":\"06:00\"}],\"sections\":[{\"id\":\"S\",\"stretch\":{"
        "\"street\":\"阳兴大道\"}}],\"phases\":[{\"id\":\"P\",\"from\":\"2025-06-03T00:00\","
        "\"to\":\"2025-06-30T00:00\",\"effect\":\"half_width\"}]}");
    static const char cuts[] = "{\"crew\":\"" FAR "\",\"what\":\"cut\",\"work\":\"RW-2025-0001\","
                               "\"machine\":true}";
    const json_t *one =
        candidate(room, SAWS "&work=RW-2025-0001&machine=yes&at=2025-06-03T12:30", 1);
    assert_string_equal(text(one, "why_not"), "machines are banned at that hour");
    one = candidate(room, SAWS "&work=RW-2025-0001&at=2025-06-03T12:30", 0);
    assert_string_equal(text(one, "crew"), FAR); /* by hand it may */
    room->now_ms = START_MS + 5 * HOUR_MS;       /* 13:00 */
    room_refuses(room, &room->dispatcher, "task.create", "", cuts, TQ_BAD_INPUT,
                 "machines are banned");
    assert_int_equal(room_ask(room, &room->dispatcher, "task.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "tasks")), 0);
    room->now_ms += HOUR_MS; /* 14:00 */
    room_must(room, &room->dispatcher, "task.create", "", cuts);
    room_refuses(room, &room->dispatcher, "task.create", "",
                 "{\"crew\":\"" NEAR "\",\"what\":\"cut\",\"banned_hours\":[{\"from\":\"x\"}]}",
                 TQ_BAD_INPUT, "banned_hours 1");
}

static void the_steps_of_a_task(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->road_unit, "case.create", "",
              "{\"type\":\"road_damage\",\"title\":\"裂缝\",\"place\":{\"lat\":38.0421,\"lon\":112."
              "635}}");
    static const char saws[] =
        "{\"case\":\"CA-2025-0001\",\"crew\":\"" FAR "\",\"what\":\"seal\",\"tools\":[\"saw\"]}";
    room_refuses(room, &room->dispatcher, "task.create", "",
                 "{\"case\":\"CA-2025-0001\",\"crew\":\"" NEAR
                 "\",\"what\":\"seal\",\"tools\":[\"saw\"]}",
                 TQ_BAD_INPUT, "lacks the tool saw");
    room_refuses(room, &room->road_unit, "task.create", "", saws, TQ_DENIED, "dispatcher");
    room_must(room, &room->dispatcher, "task.create", "", saws);
    assert_string_equal(room_text(room, "id"), TASK);
    assert_string_equal(room_text(room, "state"), "offered");
    room_refuses(room, &room->dispatcher, "task.create", "", saws, TQ_BAD_INPUT,
                 "it is busy with " TASK);
    assert_non_null(
        strstr(text(candidate(room, "case=CA-2025-0001&tools=saw", 1), "why_not"), "it is busy"));
    room_refuses(room, &room->road_unit, "task.arrive", TASK, "{}", TQ_STALE,
                 "is offered by now and cannot become arrived");
    room_must(room, &room->road_unit, "task.accept", TASK, "{\"version\":1}");
    room_refuses(room, &room->road_unit, "task.refuse", TASK, "{\"reason\":\"far\"}", TQ_STALE,
                 "is accepted");
    room_must(room, &room->road_unit, "task.arrive", TASK, "{}");
    room_refuses(room, &room->road_unit, "task.done", TASK, "{}", TQ_BAD_INPUT,
                 "\"outcome\" is missing");
    room_must(room, &room->road_unit, "task.done", TASK, "{\"outcome\":\"sealed 12 m\"}");
    assert_int_equal(json_array_size(json_object_get(room->json, "timeline")), 4);
    assert_string_equal(text(candidate(room, "case=CA-2025-0001&tools=saw", 0), "crew"), FAR);
    room_refuses(room, &room->dispatcher, "task.cancel", TASK, "{\"reason\":\"x\"}", TQ_STALE,
                 "is done");
    assert_int_equal(room_ask(room, &room->dispatcher, "case.get", "CA-2025-0001", ""), TQ_OK);
    assert_non_null(strstr(room->answer.at, TASK));
    /* Refused by the crew, with a reason: it is free for another. */
    room_must(room, &room->dispatcher, "task.create", "", saws);
    room_refuses(room, &room->road_unit, "task.refuse", "TK-2025-0002", "{}", TQ_BAD_INPUT,
                 "\"reason\" is missing");
    room_must(room, &room->road_unit, "task.refuse", "TK-2025-0002", "{\"reason\":\"no fuel\"}");
    room_must(room, &room->dispatcher, "task.create", "", saws);
    room_must(room, &room->dispatcher, "task.cancel", "TK-2025-0003", "{\"reason\":\"rain\"}");
    assert_int_equal(room_ask(room, &room->clerk, "task.list", "", "state=cancelled"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "tasks")), 1);
}

static void times_follow_a_closure(void **state)
{
    desk_room *room = *state;
    double before = minutes(candidate(room, SAWS, 0));
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK ",\"publish\":true}");
    double during = minutes(candidate(room, SAWS, 0));
    if (during <= before) fail_msg("%.1f min before, %.1f during", before, during);
    room_must(room, &room->dispatcher, "closure.end", "CL-2025-0001", "{}");
    assert_true(minutes(candidate(room, SAWS, 0)) == before);
}

static void what_a_crew_may_not_say(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{}", "\"name\" is missing"},
        {"{\"name\":\"a\",\"skill\":[]}", "did you mean \"skills\""},
        {"{\"name\":\"a\",\"tools\":\"saw\"}", "\"tools\" must be a list"},
        {"{\"name\":\"a\",\"tools\":[\"\"]}", "list of words"},
        {"{\"name\":\"a\",\"members\":0}", "\"members\" is 0"},
        {"{\"name\":\"a\",\"shift\":{\"from\":\"7\"}}", "\"shift\" needs"},
        {"{\"name\":\"a\",\"shift\":{\"from\":\"07:00\",\"to\":\"15:00\",\"days\":[\"Mo\"]}}",
         "shift.days"},
        {"{\"name\":\"a\",\"vehicle\":\"tank\"}", "no profile of this city"},
        {"{\"name\":\"a\",\"state\":\"tired\"}", "free, busy or off"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++)
        room_refuses(room, &room->dispatcher, "crew.create", "", rows[k].body, TQ_BAD_INPUT,
                     rows[k].word);
    room_refuses(room, &room->clerk, "crew.create", "", "{\"name\":\"a\"}", TQ_DENIED,
                 "dispatcher");
    room_refuses(room, &room->road_unit, "crew.position", NEAR, "{\"lat\":91,\"lon\":0}",
                 TQ_BAD_INPUT, "\"lat\" is 91");
    room_refuses(room, &room->road_unit, "crew.position", NEAR,
                 "{\"lat\":38,\"lon\":112,\"at\":\"2025-06-03T09:00\"}", TQ_BAD_INPUT,
                 "from the future");
    assert_int_equal(room_ask(room, &room->clerk, "crew.list", "", ""), TQ_OK);
    assert_null(strstr(room->answer.at, "13803512345"));
    assert_int_equal(room_ask(room, &room->dispatcher, "crew.list", "", ""), TQ_OK);
    assert_non_null(strstr(room->answer.at, "13803512345"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(able_before_near, setup, end_room),
        cmocka_unit_test_setup_teardown(not_now, setup, end_room),
        cmocka_unit_test_setup_teardown(no_machine_in_a_banned_hour, setup, end_room),
        cmocka_unit_test_setup_teardown(the_steps_of_a_task, setup, end_room),
        cmocka_unit_test_setup_teardown(times_follow_a_closure, setup, end_room),
        cmocka_unit_test_setup_teardown(what_a_crew_may_not_say, setup, end_room),
    };
    return cmocka_run_group_tests(tests, open_streets, close_streets);
}
