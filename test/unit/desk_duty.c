/*
 * The duty page, the shift log and the bulletin: who sees which line, one line for a case and its
 * closure, clocks, numbers that open their records.
 */
// also: import
#include "desk_shipped.h"

#define CASE "CA-2025-0001"
static const char FOUND[] = "{\"type\":\"road_damage\",\"title\":\"阳兴大道裂缝\","
                            "\"place\":{\"lat\":38.0421,\"lon\":112.635},\"owner\":\"一所\"}";

/* The line of a record on the page of someone, NULL = not there. */
static const json_t *line_of(desk_room *room, const tq_actor *actor, const char *id)
{
    size_t at;
    json_t *line;
    assert_int_equal(room_ask(room, actor, "duty.page", "", ""), TQ_OK);
    json_array_foreach(json_object_get(room->json, "lines"), at, line)
    {
        if (strcmp(json_string_value(json_object_get(line, "id")), id) == 0) return line;
    }
    return NULL;
}

static json_int_t number(const json_t *line, const char *member)
{
    return json_integer_value(json_object_get(line, member));
}

static const char *text(const json_t *line, const char *member)
{
    return json_string_value(json_object_get(line, member));
}

static void what_needs_me(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->road_unit, "case.create", "", FOUND);
    const json_t *line = line_of(room, &room->road_unit, CASE);
    assert_non_null(line);
    assert_string_equal(text(line, "why"), "your_move");
    assert_string_equal(text(line, "owner"), "一所");
    assert_int_equal(number(line, "clock_min"), 30);
    assert_string_equal(text(line, "link"), "/api/v1/cases/" CASE);
    assert_null(line_of(room, &room->police, CASE));
    assert_null(line_of(room, &room->planner, CASE));
    room_must(room, &room->road_unit, "case.move", CASE, "{\"to\":\"reported\"}");
    /* Nobody's desk but the surveyors', until it is late: then the dispatcher's too. */
    assert_null(line_of(room, &room->dispatcher, CASE));
    assert_non_null(line_of(room, &room->planner, CASE));
    room->now_ms += 5 * HOUR_MS;
    assert_true(room_tick(room));
    assert_false(room_tick(room));
    line = line_of(room, &room->dispatcher, CASE);
    assert_non_null(line);
    assert_string_equal(text(line, "why"), "overdue");
    assert_int_equal(number(line, "clock_min"), -60);
    assert_int_equal(room_ask(room, &room->rider, "duty.page", "", ""), TQ_DENIED);
}

static void one_line_for_the_crack(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->road_unit, "case.create", "", FOUND);
    room_must(room, &room->dispatcher, "case.closure", CASE, "{" CRACK "}");
    room_must(room, &room->dispatcher, "case.move", CASE, "{\"to\":\"closed\",\"note\":\"sinks\"}");
    room->now_ms += 4 * DAY_MS;
    (void)room_tick(room);
    assert_non_null(line_of(room, &room->dispatcher, CASE));
    assert_int_equal(json_array_size(json_object_get(room->json, "lines")), 1);
    /* Who does not see the case still sees that a street stays shut. */
    const json_t *line = line_of(room, &room->police, "CL-2025-0001");
    assert_non_null(line);
    assert_string_equal(text(line, "why"), "past_its_end");
}

static void peers_that_wait(void **state)
{
    desk_room *room = *state;
    tq_store *store = tq_desk_store(room->desk);
    uint64_t version, seq;
    tq_record peer = {.kind = "peer",
                      .id = "province",
                      .state = "accepted",
                      .changed_ms = room->now_ms,
                      .body = TQ_STR("{\"name\":\"省平台\"}")};
    tq_message message = {.peer = "province",
                          .product = "p",
                          .about = "CL-1",
                          .at_ms = room->now_ms,
                          .body = TQ_STR("{}")};
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    assert_int_equal(tq_store_put(store, &peer, &version, NULL), TQ_OK);
    assert_int_equal(tq_store_send(store, &message, &seq, NULL), TQ_OK);
    assert_int_equal(tq_store_commit(store, NULL), TQ_OK);
    const json_t *line = line_of(room, &room->dispatcher, "province");
    assert_non_null(line);
    assert_int_equal(number(line, "waiting"), 1);
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    assert_int_equal(tq_store_receipt(store, "province", 1, room->now_ms, NULL), TQ_OK);
    assert_int_equal(tq_store_commit(store, NULL), TQ_OK);
    assert_null(line_of(room, &room->dispatcher, "province"));
}

static void the_shift_log(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->clerk, "shift.note", "", "{\"text\":\"接班，一切正常\"}");
    room->now_ms += MIN_MS;
    room_must(room, &room->clerk, "shift.note", "",
              "{\"text\":\"交班\",\"hand_over_to\":\"zhao\",\"about\":\"" CASE "\"}");
    assert_string_equal(room_text(room, "state"), "handed_over");
    room_refuses(room, &room->clerk, "shift.note", "", "{}", TQ_BAD_INPUT, "\"text\" is missing");
    room_refuses(room, &room->clerk, "shift.note", "", "{\"txt\":\"a\"}", TQ_BAD_INPUT,
                 "did you mean \"text\"");
    room_refuses(room, &room->auditor, "shift.note", "", "{\"text\":\"a\"}", TQ_DENIED, "auditor");
    assert_int_equal(room_ask(room, &room->auditor, "shift.list", "", "limit=1"), TQ_OK);
    const json_t *lines = json_object_get(room->json, "lines");
    assert_int_equal(json_array_size(lines), 1);
    assert_string_equal(text(json_array_get(lines, 0), "text"), "交班");
}

static void the_bulletin_of_the_hour(void **state)
{
    desk_room *room = *state;
    room->now_ms += 10 * MIN_MS;
    room_must(room, &room->road_unit, "case.create", "", FOUND);
    room_must(room, &room->dispatcher, "closure.create", "", "{" CRACK ",\"publish\":true}");
    room->now_ms += HOUR_MS;
    (void)room_tick(room);
    assert_int_equal(room_ask(room, &room->clerk, "duty.bulletin", "", ""), TQ_OK);
    const json_t *domains = json_object_get(room->json, "domains"),
                 *damage = json_object_get(domains, "road_damage");
    assert_int_equal(number(json_object_get(damage, "opened"), "count"), 1);
    assert_int_equal(number(json_object_get(damage, "overdue"), "count"), 1);
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(json_object_get(damage, "open"), "ids"), 0)),
                        CASE);
    const json_t *closures = json_object_get(domains, "closures");
    assert_int_equal(number(json_object_get(closures, "published"), "count"), 1);
    assert_int_equal(number(json_object_get(closures, "in_force"), "count"), 1);
    assert_string_equal(room_text(room, "to"), "2025-06-03T09:00:00+08:00");
    assert_int_equal(room_ask(room, &room->clerk, "duty.bulletin", "", "at=2025-06-03T12:10"),
                     TQ_OK);
    damage = json_object_get(json_object_get(room->json, "domains"), "road_damage");
    assert_null(json_object_get(damage, "opened"));
    assert_int_equal(room_ask(room, &room->clerk, "duty.bulletin", "", "at=noon"), TQ_BAD_INPUT);
    assert_int_equal(room_ask(room, &room->clerk, "duty.bulletin", "", "hours=0"), TQ_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_needs_me), TEST(one_line_for_the_crack),   TEST(peers_that_wait),
        TEST(the_shift_log), TEST(the_bulletin_of_the_hour),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
