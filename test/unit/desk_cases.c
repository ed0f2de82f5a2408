/*
 * Cases: a crack on 阳兴大道 from found to ended, the emergency way, two persons after an alarm,
 * case types of a city, the wildlife report, and every refusal on the way.
 */
// also: import
#include "desk/machine_in.h"
#include "desk_shipped.h"

#define CASE "CA-2025-0001"
static const char FOUND[] =
    "{\"type\":\"road_damage\",\"title\":\"阳兴大道裂缝\",\"place\":{\"lat\":38.0421,"
    "\"lon\":112.635},\"stretch\":{\"street\":\"阳兴大道\"},\"fields\":{\"size\":\"12 m\","
    "\"kind\":\"crack\",\"photo\":\"p/1.jpg\"},\"owner\":\"市政养护一所\"}";

static void sign_all(desk_room *room)
{
    static const char *const party[] = {"chief_engineer", "quality", "maintenance",
                                        "design_institute", "experts"};
    char name[16], body[64];
    for (uint32_t k = 0; k < 5; k++) {
        (void)snprintf(name, sizeof name, "signer%u", k);
        (void)snprintf(body, sizeof body, "{\"party\":\"%s\"}", party[k]);
        tq_actor signer = desk_room_actor(name, TQ_ROLE_PLANNER);
        room_must(room, &signer, "case.sign", CASE, body);
    }
}

static bool says(const desk_room *room, const char *list, const char *member, const char *word)
{
    size_t at;
    json_t *one;
    json_array_foreach(json_object_get(room->json, list), at, one)
    {
        const char *text = json_string_value(json_object_get(one, member));
        if (text != NULL && strcmp(text, word) == 0) return true;
    }
    return false;
}

static uint32_t shut_now(desk_room *room)
{
    uint32_t count;
    desk_room_follow(room);
    (void)tq_live_closures(room->live, &count);
    return count;
}

static void crack_from_found_to_ended(void **state)
{
    desk_room *room = *state;
    assert_int_equal(shut_now(room), 0);
    room_must(room, &room->road_unit, "case.create", "", FOUND);
    assert_string_equal(room_text(room, "id"), CASE);
    assert_string_equal(room_text(room, "state"), "found");
    assert_int_equal(room->status, 201);
    room_must(room, &room->road_unit, "case.move", CASE, "{\"to\":\"reported\"}");
    /* The five parties sign before the survey is one. */
    room_refuses(room, &room->road_unit, "case.move", CASE, "{\"to\":\"surveyed\"}", TQ_BAD_INPUT,
                 "signatures: 0 of 5; not yet: Chief engineer's office, Quality");
    sign_all(room);
    room_must(room, &room->planner, "case.move", CASE, "{\"to\":\"surveyed\"}");
    room_refuses(room, &room->planner, "case.move", CASE, "{\"to\":\"planned\"}", TQ_BAD_INPUT,
                 "a document of kind plan");
    room_must(room, &room->planner, "case.attach", CASE, "{\"kind\":\"plan\",\"ref\":\"d/7\"}");
    room_must(room, &room->planner, "case.move", CASE, "{\"to\":\"planned\"}");
    /* The road is not shut before the police agreed. */
    room_must(room, &room->dispatcher, "case.closure", CASE, "{" CRACK "}");
    const char *closure = "CL-2025-0001";
    assert_string_equal(room_text(room, "closure"), closure);
    room_refuses(room, &room->dispatcher, "closure.publish", closure, "", TQ_BAD_INPUT,
                 "which publishes it");
    room_refuses(room, &room->police, "case.move", CASE, "{\"to\":\"police_agreed\"}", TQ_BAD_INPUT,
                 "traffic_plan");
    room_must(room, &room->road_unit, "case.attach", CASE,
              "{\"kind\":\"traffic_plan\",\"ref\":\"d/8\"}");
    room_refuses(room, &room->dispatcher, "case.move", CASE, "{\"to\":\"police_agreed\"}",
                 TQ_DENIED, "police");
    assert_int_equal(shut_now(room), 0);
    room_must(room, &room->police, "case.move", CASE, "{\"to\":\"police_agreed\"}");
    room->now_ms += 90 * MIN_MS;
    room_must(room, &room->dispatcher, "case.move", CASE, "{\"to\":\"closed\"}");
    assert_int_equal(shut_now(room), 1);
    assert_true(room->network);
    assert_int_equal(json_integer_value(
                         json_object_get(json_object_get(room->json, "times"), "detect_close_min")),
                     90);
    /* Past its expected end it stays shut, and is told of as overdue. */
    room->now_ms += 3 * DAY_MS;
    assert_true(room_tick(room));
    assert_int_equal(shut_now(room), 1);
    assert_int_equal(room_ask(room, &room->nobody, "closure.get", closure, ""), TQ_OK);
    assert_true(json_is_true(json_object_get(room->json, "overdue")));
    assert_true(json_is_true(json_object_get(room->json, "in_force")));
    room_refuses(room, &room->dispatcher, "closure.end", closure, "{}", TQ_BAD_INPUT, "anyway");
    /* Crack by crack. */
    room_must(room, &room->road_unit, "case.move", CASE, "{\"to\":\"treated\"}");
    room_refuses(room, &room->road_unit, "case.move", CASE, "{\"to\":\"curing\"}", TQ_BAD_INPUT,
                 "checklist");
    room_must(room, &room->road_unit, "case.check", CASE,
              "{\"text\":\"crack 1: cut, cleaned, filled\"}");
    room_must(room, &room->road_unit, "case.check", CASE,
              "{\"text\":\"crack 2: cut, cleaned, filled\"}");
    room_must(room, &room->road_unit, "case.check", CASE, "{\"id\":\"1\",\"done\":true}");
    room_refuses(room, &room->road_unit, "case.move", CASE, "{\"to\":\"curing\"}", TQ_BAD_INPUT,
                 "1 of 2 points are open");
    room_must(room, &room->road_unit, "case.check", CASE, "{\"item\":2,\"done\":true}");
    room_must(room, &room->road_unit, "case.move", CASE, "{\"to\":\"curing\"}");
    room->now_ms += 5 * HOUR_MS;
    room_must(room, &room->dispatcher, "case.move", CASE, "{\"to\":\"reopened\"}");
    assert_int_equal(shut_now(room), 0);
    json_t *times = json_object_get(room->json, "times");
    assert_int_equal(json_integer_value(json_object_get(times, "close_reopen_min")), 72 * 60 + 300);
    assert_int_equal(json_integer_value(json_object_get(times, "detect_reopen_min")),
                     72 * 60 + 300 + 90);
    room_must(room, &room->road_unit, "case.move", CASE, "{\"to\":\"monitored\"}");
    room_refuses(room, &room->road_unit, "case.move", CASE, "{\"to\":\"ended\"}", TQ_BAD_INPUT,
                 "note");
    room_must(room, &room->road_unit, "case.move", CASE,
              "{\"to\":\"ended\",\"note\":\"stakes are still\"}");
    assert_true(says(room, "timeline", "to", "police_agreed"));
    assert_false(json_is_true(json_object_get(room->json, "emergency")));
    room_refuses(room, &room->road_unit, "case.note", CASE, "{\"note\":\"more\"}", TQ_BAD_INPUT,
                 "is over");
}

static void emergency_is_marked_and_catches_up(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->road_unit, "case.create", "", FOUND);
    room_refuses(room, &room->dispatcher, "case.move", CASE,
                 "{\"to\":\"closed\",\"note\":\"sinks\"}", TQ_BAD_INPUT, "a closure");
    room_must(room, &room->road_unit, "case.closure", CASE, "{" CRACK "}");
    room_refuses(room, &room->dispatcher, "case.move", CASE, "{\"to\":\"closed\"}", TQ_BAD_INPUT,
                 "emergency");
    room_refuses(room, &room->road_unit, "case.move", CASE,
                 "{\"to\":\"closed\",\"note\":\"sinks\"}", TQ_DENIED, "dispatcher");
    room_must(room, &room->dispatcher, "case.move", CASE, "{\"to\":\"closed\",\"note\":\"sinks\"}");
    assert_true(json_is_true(json_object_get(room->json, "emergency")));
    assert_int_equal(shut_now(room), 1);
    room_refuses(room, &room->road_unit, "case.move", CASE, "{\"to\":\"treated\"}", TQ_BAD_INPUT,
                 "signatures");
    room_must(room, &room->dispatcher, "closure.end", "CL-2025-0001",
              "{\"anyway\":true,\"reason\":\"false alarm\"}");
    assert_int_equal(shut_now(room), 0);
    assert_int_equal(room_ask(room, &room->clerk, "case.get", CASE, ""), TQ_OK);
    assert_true(says(room, "timeline", "what", "closure_ended_alone"));
}

static void each_party_by_its_own_person(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->road_unit, "case.create", "", FOUND);
    room_must(room, &room->planner, "case.sign", CASE, "{\"party\":\"quality\"}");
    room_refuses(room, &room->road_unit, "case.sign", CASE, "{\"party\":\"quality\"}", TQ_BAD_INPUT,
                 "signed already");
    room_refuses(room, &room->planner, "case.sign", CASE, "{\"party\":\"experts\"}", TQ_BAD_INPUT,
                 "its own person");
    room_refuses(room, &room->road_unit, "case.sign", CASE, "{\"party\":\"expert\"}", TQ_BAD_INPUT,
                 "did you mean experts");
    room_refuses(room, &room->auditor, "case.sign", CASE, "{\"party\":\"experts\"}", TQ_DENIED,
                 "auditor");
}

/* A machine in a folder: nothing but two persons stands between the states. */
static const char EXTRA[] =
    "type: slope\nname: {zh: 边坡, en: Slope}\nprefix: SP\nstates:\n"
    "  - {id: shut, name: {zh: 封闭, en: Shut}}\n  - {id: open, name: {zh: 通行, en: Open}}\n"
    "moves:\n  - {from: shut, to: open, who: [dispatcher], needs: [two_persons_after_alarm]}\n";

static void put_extra(desk_room *room, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/extra.yaml", room->cases);
    (void)tq_folder_make(room->cases, NULL);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void two_persons_after_an_alarm(void **state)
{
    desk_room *room = *state;
    desk_room_shut(room);
    put_extra(room, EXTRA);
    desk_room_open(room);
    room_must(room, &room->dispatcher, "case.create", "", "{\"type\":\"slope\",\"title\":\"a\"}");
    room_refuses(room, &room->dispatcher, "case.sign", "SP-2025-0001", "{\"party\":\"reopen\"}",
                 TQ_BAD_INPUT, "no structural alarm");
    /* Points raise the alarm from inside; here it comes with the case. */
    tq_record record;
    tq_buf text = {0};
    uint64_t version;
    assert_int_equal(
        tq_store_get(tq_desk_store(room->desk), "case", "SP-2025-0001", &text, &record, &room->err),
        TQ_OK);
    json_error_t why;
    json_t *body = json_loadb(record.body.at, record.body.len, 0, &why);
    json_object_set_new(body, "alarm", json_true());
    char *dumped = json_dumps(body, JSON_SORT_KEYS);
    json_decref(body);
    record.body = tq_str_of(dumped);
    assert_int_equal(tq_store_begin(tq_desk_store(room->desk), &room->err), TQ_OK);
    assert_int_equal(tq_store_put(tq_desk_store(room->desk), &record, &version, &room->err), TQ_OK);
    assert_int_equal(tq_store_commit(tq_desk_store(room->desk), &room->err), TQ_OK);
    free(dumped);
    tq_buf_free(&text);
    room_refuses(room, &room->dispatcher, "case.move", "SP-2025-0001", "{\"to\":\"open\"}",
                 TQ_BAD_INPUT, "two persons");
    room_must(room, &room->dispatcher, "case.sign", "SP-2025-0001", "{\"party\":\"reopen\"}");
    room_refuses(room, &room->dispatcher, "case.move", "SP-2025-0001", "{\"to\":\"open\"}",
                 TQ_BAD_INPUT, "second person");
    room_must(room, &room->second, "case.move", "SP-2025-0001", "{\"to\":\"open\"}");
}

static void types_that_cannot_be(void **state)
{
    static const struct {
        const char *from, *to, *word;
    } rows[] = {
        {"type: slope", "tipe: slope", "did you mean type"},
        {"zh: 边坡", "zh: 边坡, de: Hang", "unknown key de in name"},
        {"prefix: SP", "prefix: sp", "capital"},
        {"prefix: SP", "prefix: CA", "taken by the type road_damage"},
        {"to: open, who", "to: opened, who", "did you mean open"},
        {"who: [dispatcher]", "who: [dispatchers]", "did you mean dispatcher"},
        {"who: [dispatcher]", "who: [public]", "no role public"},
        {"[two_persons_after_alarm]", "[\"signatures:5\"]", "more signatures"},
        {"[two_persons_after_alarm]", "[colour]", "is no field"},
        {"[two_persons_after_alarm]", "[closure], does: [publish]", "does is publish_closure"},
        {"needs: [two_persons_after_alarm]", "does: [publish_closure]", "needs: [closure]"},
        {"from: shut, to: open", "from: open, to: shut", "no move leads to the state open"},
        {"en: Shut}}", "en: Shut}, clock: 3 weeks}", "such as 30 min"},
        {"states:\n", "states: &a\n", "no move"},
        {"id: open,", "id: shut,", "stands twice"},
        {"type: slope\n", "type: slope\ntype: slope\n", "stands twice"},
        {"type: slope\n", "type: [slope\n", "line"},
    };
    desk_machine *machine = malloc(sizeof *machine);
    (void)state;
    tq_err err;
    assert_int_equal(machine_read("extra.yaml", TQ_STR(EXTRA), machine, &err), TQ_OK);
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        char text[1024];
        const char *at = strstr(EXTRA, rows[k].from);
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - EXTRA), EXTRA, rows[k].to,
                       at + strlen(rows[k].from));
        desk_room *room = *state;
        desk_room_shut(room);
        put_extra(room, text);
        tq_desk_options options = {.size = sizeof options,
                                   .city = room->city,
                                   .store_path = room->store,
                                   .folder = room->folder};
        tq_desk *desk = NULL;
        tq_status status = tq_desk_open(&options, &desk, &err);
        bool anchor = strstr(rows[k].to, "&a") != NULL; /* an anchor without alias is harmless */
        if (anchor ? status != TQ_OK
                   : status != TQ_BAD_CONFIG || strstr(err.text, rows[k].word) == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(status), err.text);
        tq_desk_close(desk);
        put_extra(room, EXTRA);
        desk_room_open(room);
    }
    static const char endless[] =
        "type: a\nname: {zh: 甲, en: A}\nprefix: A\nstates:\n"
        "  - {id: begun, name: {zh: 始, en: Begun}}\n  - {id: ended, name: {zh: 终, en: Ended}}\n"
        "moves:\n  - {from: begun, to: ended, who: [clerk]}\n"
        "  - {from: ended, to: begun, who: [clerk]}\n";
    assert_int_equal(machine_read("a.yaml", TQ_STR(endless), machine, &err), TQ_BAD_CONFIG);
    assert_non_null(strstr(err.text, "no move leads out of a state called ended"));
    free(machine);
}

static void what_a_case_may_not_say(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{\"title\":\"a\"}", "\"type\" is missing"},
        {"{\"type\":\"road_damge\",\"title\":\"a\"}", "did you mean road_damage"},
        {"{\"type\":\"road_damage\"}", "\"title\" is missing"},
        {"{\"type\":\"road_damage\",\"title\":\"a\"}", "\"place\" is missing"},
        {"{\"type\":\"road_damage\",\"title\":\"a\",\"place\":{\"lat\":137,\"lon\":112}}", "place"},
        {"{\"type\":\"road_damage\",\"title\":\"a\",\"place\":{\"name\":\"x\"},\"fields\":{\"knd\":"
         "\"crack\"}}",
         "did you mean kind"},
        {"{\"type\":\"road_damage\",\"title\":\"a\",\"place\":{\"name\":\"x\"},\"fields\":{"
         "\"kind\":\"cracks\"}}",
         "did you mean \"crack\""},
        {"{\"type\":\"road_damage\",\"titel\":\"a\"}", "did you mean \"title\""},
        {"{\"type\":\"wildlife\",\"title\":\"a\",\"place\":{\"name\":\"x\"}}",
         "\"category\" is missing"},
        {"[]", "must be a JSON object"},
        {"{\"type\":1,\"type\":2}", "is not JSON"},
        {"{", "is not JSON"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++)
        room_refuses(room, &room->clerk, "case.create", "", rows[k].body, TQ_BAD_INPUT,
                     rows[k].word);
    room_refuses(room, &room->nobody, "case.create", "", FOUND, TQ_DENIED, "you are public");
    room_refuses(room, &room->rider, "case.create", "", FOUND, TQ_DENIED, "staff");
    char deep[128] = "{\"fields\":";
    for (size_t k = 10; k < 60; k++)
        deep[k] = '[';
    room_refuses(room, &room->clerk, "case.create", "", deep, TQ_LIMIT, "deeper");
    room_refuses(room, &room->clerk, "case.move", "CA-1", "{\"to\":\"x\"}", TQ_NOT_FOUND, "CA-1");
    /* Nothing was half made: the first number is still free. */
    room_must(room, &room->clerk, "case.create", "", FOUND);
    assert_string_equal(room_text(room, "id"), CASE);
    room_refuses(room, &room->clerk, "case.move", CASE, "{\"to\":\"mars\"}", TQ_BAD_INPUT,
                 "there is reported, closed, ended");
    room_refuses(room, &room->clerk, "case.note", CASE, "{\"note\":\"a\",\"version\":7}", TQ_STALE,
                 "at version 1, you saw 7");
}

static void riders_tell_and_phones_fade(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->rider, "case.create", "",
              "{\"type\":\"street_lamp\",\"title\":\"dark\",\"place\":{\"name\":\"并州北路\"},"
              "\"reporter\":{\"name\":\"老王\",\"phone\":\"13803512345\"}}");
    const char *lamp = "SL-2025-0001";
    assert_null(json_object_get(room->json, "reporter"));
    assert_int_equal(room_ask(room, &room->rider, "case.get", lamp, ""), TQ_DENIED);
    assert_int_equal(room_ask(room, &room->police, "case.get", lamp, ""), TQ_OK);
    assert_null(strstr(room->answer.at, "13803512345"));
    assert_int_equal(room_ask(room, &room->clerk, "case.get", lamp, ""), TQ_OK);
    assert_non_null(strstr(room->answer.at, "13803512345"));
    room_must(room, &room->clerk, "case.move", lamp, "{\"to\":\"ended\",\"note\":\"twice\"}");
    assert_null(strstr(room->answer.at, "13803512345"));
    assert_int_equal(room_ask(room, &room->admin, "audit.list", "", "limit=1000"), TQ_OK);
    assert_null(strstr(room->answer.at, "13803512345"));
    assert_non_null(strstr(room->answer.at, "***2345"));
}

static void five_hundred_animals(void **state)
{
    desk_room *room = *state;
    char body[200];
    for (uint32_t k = 0; k < 500; k++) {
        const char *kind = k % 5 < 3 ? "bird" : k % 5 == 3 ? "mammal" : "reptile";
        (void)snprintf(
            body, sizeof body,
            "{\"type\":\"wildlife\",\"title\":\"call %u\",\"place\":{\"name\":\"迎泽公园\"},"
            "\"fields\":{\"category\":\"%s\"}}",
            k, kind);
        room_must(room, &room->clerk, "case.create", "", body);
        room->now_ms += 3 * HOUR_MS;
    }
    assert_int_equal(
        room_ask(room, &room->clerk, "case.report", "", "type=wildlife&by=field:category"), TQ_OK);
    assert_string_equal(room->answer.at,
                        "{\"by\":\"field:category\",\"rows\":["
                        "{\"count\":300,\"percent\":60.0,\"value\":\"bird\"},"
                        "{\"count\":100,\"percent\":20.0,\"value\":\"mammal\"},"
                        "{\"count\":100,\"percent\":20.0,\"value\":\"reptile\"}],\"total\":500}");
    assert_int_equal(room_ask(room, &room->clerk, "case.report", "", "type=wildlife&by=month"),
                     TQ_OK);
    assert_int_equal(json_integer_value(json_object_get(room->json, "total")), 500);
    assert_int_equal(json_array_size(json_object_get(room->json, "rows")), 3);
    assert_int_equal(room_ask(room, &room->clerk, "case.report", "", "by=colour"), TQ_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(crack_from_found_to_ended),    TEST(emergency_is_marked_and_catches_up),
        TEST(each_party_by_its_own_person), TEST(two_persons_after_an_alarm),
        TEST(types_that_cannot_be),         TEST(what_a_case_may_not_say),
        TEST(riders_tell_and_phones_fade),  TEST(five_hundred_animals),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
