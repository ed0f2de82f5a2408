/*
 * Closures as records: their steps, who may take them, what is refused, keys and versions, what is
 * carried into live and comes back after a restart; speeds and feeds.
 */
// also: import
#include "desk_shipped.h"

#define FIRST  "CL-2025-0001"
#define SECOND "CL-2025-0002"

static uint32_t shut_now(desk_room *room)
{
    uint32_t count;
    desk_room_follow(room);
    (void)tq_live_closures(room->live, &count);
    return count;
}

static uint32_t audit_rows(desk_room *room, uint64_t *broken)
{
    uint64_t rows = 0;
    char head[65];
    assert_int_equal(tq_store_audit_verify(tq_desk_store(room->desk), &rows, broken, head, NULL),
                     TQ_OK);
    return (uint32_t)rows;
}

static void from_draft_to_end(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->road_unit, "closure.create", "", "{" CRACK "}");
    assert_int_equal(room->status, 201);
    assert_string_equal(room_text(room, "state"), "draft");
    assert_int_equal(shut_now(room), 0);
    assert_int_equal(room_ask(room, &room->nobody, "closure.get", FIRST, ""), TQ_NOT_FOUND);
    room_refuses(room, &room->road_unit, "closure.publish", FIRST, "", TQ_DENIED,
                 "is for dispatcher, admin; sun, you are public, road_unit");
    room_refuses(room, &room->road_unit, "closure.create", "", "{" CRACK ",\"publish\":true}",
                 TQ_DENIED, "dispatcher, admin");
    room_must(room, &room->dispatcher, "closure.publish", FIRST, "{\"version\":1}");
    assert_int_equal(shut_now(room), 1);
    assert_true(room->network);
    uint64_t version = room->version;
    assert_int_equal(room_ask(room, &room->nobody, "closure.get", FIRST, ""), TQ_OK);
    assert_null(json_object_get(room->json, "by"));
    assert_int_equal(room_ask(room, &room->nobody, "closure.list", "", "state=published"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "closures")), 1);
    room_refuses(room, &room->dispatcher, "closure.publish", FIRST, "", TQ_BAD_INPUT,
                 "only a draft");
    room_refuses(room, &room->dispatcher, "closure.cancel", FIRST, "", TQ_BAD_INPUT, "has begun");
    room_refuses(room, &room->dispatcher, "closure.change", FIRST,
                 "{\"to\":\"2025-06-06T06:00\",\"version\":1}", TQ_STALE, "you saw 1");
    room_must(room, &room->dispatcher, "closure.change", FIRST,
              "{\"to\":\"2025-06-06T06:00\",\"version\":2}");
    room_must(room, &room->dispatcher, "closure.end", FIRST, "{\"reason\":\"done\"}");
    assert_int_equal(shut_now(room), 0);
    assert_true(room->version > version);
    room_refuses(room, &room->dispatcher, "closure.end", FIRST, "", TQ_BAD_INPUT, "is ended");
    room_refuses(room, &room->dispatcher, "closure.change", FIRST, "{\"note\":\"x\"}", TQ_BAD_INPUT,
                 "stays as it was");
}

static void what_is_refused_leaves_nothing(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{\"stretch\":{\"street\":\"阳兴大道\"},\"effect\":\"full\",\"owner\":\"a\","
         "\"from\":\"2025-06-03T08:00\"}",
         "\"to\""},
        {"{\"stretch\":{\"street\":\"阳兴大道\"},\"effect\":\"full\",\"from\":\"2025-06-03T08:00\","
         "\"to\":\"2025-06-04T08:00\"}",
         "owner"},
        {"{" CRACK ",\"efect\":\"full\"}", "did you mean \"effect\""},
        {"{" CRACK ",\"times\":[{\"days\":[\"sun\"]}]}", "times"},
        {"{" CRACK ",\"lanes\":{\"total\":2,\"left\":3}}", "lanes"},
        {"{\"stretch\":{\"street\":\"阳兴大到\"},\"effect\":\"full\",\"owner\":\"a\","
         "\"from\":\"2025-06-03T08:00\",\"to\":\"2025-06-04T08:00\"}",
         "阳兴大"},
        {"{\"stretch\":{\"street\":\"阳兴大道\",\"from\":\"并州北路\",\"to\":\"双塔西街\"},"
         "\"effect\":\"full\",\"owner\":\"a\",\"from\":\"2025-06-03T08:00\","
         "\"to\":\"2025-06-04T08:00\"}",
         "并州北路"},
        {"{\"stretch\":{\"street\":\"阳兴大道\"},\"effect\":\"full\",\"owner\":\"a\","
         "\"from\":\"2025-06-01T08:00\",\"to\":\"2025-06-02T08:00\"}",
         "past"},
        {"{" CRACK ",\"publish\":\"yes\"}", "\"publish\" is true or false"},
    };
    uint64_t broken;
    uint32_t before = audit_rows(room, &broken);
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        tq_status status = room_do(room, &room->dispatcher, "closure.create", "", rows[k].body);
        bool refused = status == TQ_BAD_INPUT || status == TQ_NOT_FOUND;
        if (!refused || strstr(room->err.text, rows[k].word) == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(status), room->err.text);
    }
    assert_int_equal(audit_rows(room, &broken), before + TQ_COUNT(rows));
    assert_int_equal(broken, 0);
    assert_int_equal(tq_store_last_event(tq_desk_store(room->desk)), 0);
    assert_int_equal(room_ask(room, &room->admin, "closure.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "closures")), 0);
    room_refuses(room, &room->dispatcher, "closure.publish", "CL-9", "", TQ_NOT_FOUND, "CL-9");
    assert_int_equal(room_do(room, &room->admin, "closure.fly", "", ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->admin, "closure.create", "", ""), TQ_NOT_FOUND);
}

static void the_same_key_is_the_same_command(void **state)
{
    desk_room *room = *state;
    tq_command command =
        desk_room_command(room, &room->dispatcher, "closure.create", "", "{" CRACK "}");
    command.key = "k-1";
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    char first[4096];
    assert_true(room->answer.len < sizeof first);
    size_t len = room->answer.len;
    memcpy(first, room->answer.at, len);
    uint64_t broken;
    uint32_t rows = audit_rows(room, &broken);
    command.now_ms += 5000;
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    assert_int_equal(room->status, 201);
    assert_int_equal(room->answer.len, len);
    assert_memory_equal(room->answer.at, first, len);
    assert_int_equal(audit_rows(room, &broken), rows);
    command.body = tq_str_of("{}");
    assert_int_equal(desk_room_run(room, &command), TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "the key was used for another command"));
    /* A refused command may be sent again with its key; another person's key is another key. */
    command.key = "k-2";
    assert_int_equal(desk_room_run(room, &command), TQ_BAD_INPUT);
    command.body = tq_str_of("{" CRACK "}");
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    command.actor = &room->admin;
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    char longest[200];
    memset(longest, 'k', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    command.key = longest;
    assert_int_equal(desk_room_run(room, &command), TQ_BAD_INPUT);
}

static void the_clock_ends_what_stands_alone(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK ",\"publish\":true}");
    assert_int_equal(shut_now(room), 1);
    assert_false(room_tick(room));
    uint64_t version = room->version;
    room->now_ms = START_MS + 2 * DAY_MS;
    assert_true(room_tick(room));
    assert_int_equal(shut_now(room), 0);
    assert_true(room->version > version);
    assert_false(room_tick(room));
    assert_int_equal(room_ask(room, &room->nobody, "closure.get", FIRST, ""), TQ_OK);
    assert_string_equal(room_text(room, "state"), "ended");
    assert_string_equal(room_text(room, "ended_by"), "clock");
}

static void a_restart_finds_it_all_again(void **state)
{
    desk_room *room = *state;
    tq_buf before = {0}, after = {0};
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK ",\"publish\":true}");
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK ",\"publish\":true}");
    room_must(room, &room->peer, "speeds.put", "",
              "{\"states\":[{\"edge\":3,\"kmh\":18.5,\"until\":\"2025-06-03T09:00\"},"
              "{\"edge\":4,\"kmh\":22}]}");
    desk_room_follow(room);
    room_must(
        room, &room->peer, "speeds.put", "",
        "{\"states\":[{\"edge\":4,\"kmh\":9,\"modes\":[\"bus\"],\"until\":\"2025-06-03T08:30\"}]}");
    room_must(room, &room->dispatcher, "closure.end", FIRST, "{}");
    desk_room_follow(room);
    room->now_ms += 40 * MIN_MS;
    assert_true(room_tick(room));
    desk_room_follow(room);
    room_overlay(room, &before);
    uint64_t version = room->version;
    desk_room_shut(room);
    room->now_ms += 30 * DAY_MS;
    desk_room_open(room);
    desk_room_follow(room);
    room_overlay(room, &after);
    assert_int_equal(room->version, version);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.at, before.at, before.len);
    tq_buf_free(&before);
    tq_buf_free(&after);
}

static void speeds_of_the_moment(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{}", "no \"states\""},
        {"{\"states\":[]}", "no \"states\""},
        {"{\"states\":[{\"edge\":4294967295,\"kmh\":9}]}", "states[0]: there is no edge"},
        {"{\"states\":[{\"edge\":1,\"kmh\":9},{\"edge\":1}]}", "states[1]: give one of"},
        {"{\"states\":[{\"edge\":1,\"kmh\":900}]}", "from 1 to 200"},
        {"{\"states\":[{\"way\":-5,\"kmh\":9}]}", "there is no way -5"},
        {"{\"states\":[{\"edge\":1,\"kmh\":9,\"untl\":\"x\"}]}", "did you mean until"},
        {"{\"states\":[{\"edge\":1,\"kmh\":9,\"modes\":[\"train\"]}]}", "\"modes\" holds"},
        {"{\"states\":[{\"edge\":1,\"kmh\":9,\"direction\":\"up\"}]}", "forward, backward"},
        {"way,kmh\n1,2,3\n", ""},
        {"colour\nred\n", "first line names"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++)
        room_refuses(room, &room->peer, "speeds.put", "", rows[k].body, TQ_BAD_INPUT, rows[k].word);
    room_refuses(room, &room->planner, "speeds.put", "", "{}", TQ_DENIED, "peer");
    room_must(room, &room->peer, "speeds.put", "",
              "edge,direction,kmh,closed,modes,until\n3,forward,20,,bus taxi,2025-06-03T09:00\n"
              "4,,,true,,\n");
    assert_int_equal(json_integer_value(json_object_get(room->json, "changed")), 3);
    room_must(room, &room->peer, "speeds.put", "",
              "{\"version\":7,\"states\":[{\"edge\":1,\"closed\":true}]}");
    room_refuses(room, &room->peer, "speeds.put", "",
                 "{\"version\":7,\"states\":[{\"edge\":1,\"closed\":true}]}", TQ_STALE,
                 "not newer");
    room_must(room, &room->peer, "speeds.forget", "", "");
    desk_room_follow(room);
    tq_buf bytes = {0};
    const tq_overlay *overlay = NULL;
    assert_int_equal(tq_live_overlay(room->live, room->version, &overlay, &room->err), TQ_OK);
    assert_int_equal(overlay->rule_count, 0);
    tq_overlay_drop(overlay);
    tq_buf_free(&bytes);
}

static void a_feed_of_garbage(void **state)
{
    desk_room *room = *state;
    room_refuses(room, &room->peer, "feed.put", "buses", "garbage", TQ_BAD_INPUT, "");
    room_refuses(room, &room->peer, "feed.put", "buses", "{\"message\":\"%%%%\"}", TQ_BAD_INPUT,
                 "base64");
    room_refuses(room, &room->peer, "feed.put", "BUSES!", "x", TQ_BAD_INPUT, "a-z");
    room_refuses(room, &room->nobody, "feed.put", "buses", "x", TQ_DENIED, "peer");
    assert_int_equal(room_ask(room, &room->nobody, "feed.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "feeds")), 0);
    assert_int_equal(tq_store_last_event(tq_desk_store(room->desk)), 0);
    /* An empty full data set: header {version "2.0", incrementality FULL, timestamp}. */
    static const char full[] = "\x0a\x0d\x0a\x03"
                               "2.0\x10\x00\x18\x80\xde\xf8\xc1\x06";
    tq_command command = desk_room_command(room, &room->peer, "feed.put", "buses", "");
    command.body = (tq_str){full, sizeof full - 1};
    if (desk_room_run(room, &command) != TQ_OK) fail_msg("%s", room->err.text);
    assert_int_equal(room_ask(room, &room->nobody, "feed.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "feeds")), 1);
    desk_room_follow(room);
    assert_true(room->network);
}

static void events_by_role(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK "}");
    room_must(room, &room->dispatcher, "closure.publish", FIRST, "");
    room_must(room, &room->clerk, "shift.note", "", "{\"text\":\"接班\"}");
    assert_int_equal(room_ask(room, &room->nobody, "event.list", "", "after=0"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "events")), 1);
    assert_int_equal(json_integer_value(json_object_get(room->json, "last")), 3);
    assert_int_equal(room_ask(room, &room->clerk, "event.list", "", "after=1&limit=1"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "events")), 1);
    assert_int_equal(room_ask(room, &room->clerk, "event.list", "", "limit=0"), TQ_BAD_INPUT);
    assert_int_equal(room_ask(room, &room->clerk, "audit.list", "", ""), TQ_DENIED);
}

static void work_zones_in_and_out(void **state)
{
    desk_room *room = *state;
    room_refuses(room, &room->peer, "closure.wzdx_import", "", "nonsense", TQ_BAD_INPUT, "");
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK ",\"publish\":true}");
    assert_int_equal(room_ask(room, &room->nobody, "closure.wzdx", "", ""), TQ_OK);
    size_t features = json_array_size(json_object_get(room->json, "features"));
    assert_true(features > 0);
    char *feed = json_dumps(room->json, 0);
    room_must(room, &room->peer, "closure.wzdx_import", "", feed);
    size_t at;
    json_t *one;
    json_array_foreach(json_object_get(room->json, "features"), at, one)
    {
        const char *why = json_string_value(json_object_get(one, "why"));
        if (why != NULL) fail_msg("%s", why);
    }
    assert_int_equal(json_integer_value(json_object_get(room->json, "created")), features);
    assert_int_equal(shut_now(room), 1 + features);
    /* The same feed again changes nothing, and nothing is told. */
    uint64_t events = tq_store_last_event(tq_desk_store(room->desk));
    room_must(room, &room->peer, "closure.wzdx_import", "", feed);
    assert_int_equal(json_integer_value(json_object_get(room->json, "same")), features);
    assert_int_equal(tq_store_last_event(tq_desk_store(room->desk)), events);
    free(feed);
}

static tq_status deaf(void *user, tq_store *store, const tq_event *event, tq_str record,
                      tq_err *err)
{
    (void)store;
    (void)event;
    ++*(uint32_t *)user;
    assert_true(record.len > 0);
    return tq_fail(err, TQ_STORE, 0, "the outbox is full");
}

static void what_peers_are_owed_goes_with_it(void **state)
{
    desk_room *room = *state;
    uint32_t heard = 0;
    tq_desk_on_event(room->desk, deaf, &heard);
    room_refuses(room, &room->dispatcher, "closure.create", "", "{" CRACK "}", TQ_STORE, "outbox");
    assert_int_equal(heard, 1);
    tq_desk_on_event(room->desk, NULL, NULL);
    assert_int_equal(room_ask(room, &room->admin, "closure.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "closures")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_draft_to_end),
        TEST(what_is_refused_leaves_nothing),
        TEST(the_same_key_is_the_same_command),
        TEST(the_clock_ends_what_stands_alone),
        TEST(a_restart_finds_it_all_again),
        TEST(speeds_of_the_moment),
        TEST(a_feed_of_garbage),
        TEST(events_by_role),
        TEST(work_zones_in_and_out),
        TEST(what_peers_are_owed_goes_with_it),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
