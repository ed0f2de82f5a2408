/*
 * Monitoring points: two stakes on 阳兴大道, limits of the site, the rate as the median of slopes,
 * silence that is not safety, alarms that make one case, the restriction, the thinned curve.
 */
// also: import
#include <math.h>

#include "desk/points_in.h"
#include "desk_shipped.h"

#define STAKE "MP-2025-0001"
#define OTHER "MP-2025-0002"
#define CASE  "CA-2025-0001"
#define WHO                                                                                        \
    "\"name\":\"1号桩\",\"type\":\"displacement\",\"asset\":\"road\",\"unit\":\"mm\",\"owner\":" \
    "\"市政养护一所\",\"interval_min\":120"
#define PLACE  "\"place\":{\"lat\":38.0421,\"lon\":112.635},\"stretch\":{\"street\":\"阳兴大道\"}"
#define LIMITS "\"limits\":{\"value\":{\"warn\":1.6,\"alarm\":2}}"
#define PLAN                                                                                       \
    "{" WHO "," PLACE "," LIMITS ",\"restriction\":{\"effect\":\"speed\",\"speed_kmh\":30}}"

/* Send one reading of now. */
static tq_status reads(desk_room *room, const char *id, double value)
{
    char at[TQ_TIME_TEXT_MAX], body[200];
    tq_time_print(&city->zone, room->now_ms, at);
    (void)snprintf(body, sizeof body, "{\"readings\":[{\"at\":\"%s\",\"value\":%.3f}]}", at, value);
    return room_do(room, &room->road_unit, "point.readings", id, body);
}

static const json_t *member(const desk_room *room, const char *name)
{
    return json_object_get(room->json, name);
}

/* State of the point after one reading. */
static const char *after(desk_room *room, const char *id, double value)
{
    room->now_ms += 10 * MIN_MS;
    if (reads(room, id, value) != TQ_OK) fail_msg("%s", room->err.text);
    return json_string_value(json_object_get(member(room, "point"), "state"));
}

static void what_a_point_may_not_say(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{" WHO "," PLACE "}", "\"limits\" is missing"},
        {"{" WHO "," PLACE ",\"limits\":{}}", "give at least one"},
        {"{" WHO "," PLACE ",\"limits\":{\"speed\":{\"alarm\":1}}}", "none of value, rate"},
        {"{" WHO "," PLACE ",\"limits\":{\"value\":{\"warn\":3,\"alarm\":2}}}",
         "limits.value.warn"},
        {"{" WHO "," PLACE ",\"limits\":{\"value\":{\"warn\":1}}}", "limits.value.alarm"},
        {"{" WHO "," LIMITS "}", "a point needs \"place\""},
        {"{" WHO ",\"place\":{\"lat\":97,\"lon\":112}," LIMITS "}", "a point needs \"place\""},
        {"{" WHO "," PLACE "," LIMITS ",\"range\":{\"least\":2,\"most\":1}}", "\"range\" needs"},
        {"{" WHO "," PLACE "," LIMITS ",\"window_h\":0}", "\"window_h\" is 0"},
        {"{" WHO "," PLACE "," LIMITS ",\"limit\":1}", "did you mean \"limits\""},
        {"{\"name\":\"a\",\"owner\":\"b\",\"type\":\"displacment\"}", "did you mean displacement"},
        {"{\"name\":\"a\"}", "\"owner\" is missing"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++)
        room_refuses(room, &room->planner, "point.create", "", rows[k].body, TQ_BAD_INPUT,
                     rows[k].word);
    room_refuses(room, &room->rider, "point.create", "", PLAN, TQ_DENIED, "planner");
    room_must(room, &room->planner, "point.create", "", PLAN);
    assert_string_equal(room_text(room, "id"), STAKE);
    room_refuses(room, &room->planner, "point.change", STAKE, "{\"unit\":\"cm\"}", TQ_BAD_INPUT,
                 "must be mm");
    room_refuses(room, &room->planner, "point.change", STAKE, "{\"name\":\"b\",\"version\":9}",
                 TQ_STALE, "you saw 9");
    room_must(room, &room->planner, "point.change", STAKE, "{\"interval_min\":60}");
    assert_int_equal(json_integer_value(member(room, "interval_min")), 60);
}

static void readings_that_cannot_be(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "point.create", "",
              "{" WHO "," PLACE "," LIMITS ",\"range\":{\"least\":-50,\"most\":50}}");
    room_must(room, &room->peer, "point.readings", STAKE,
              "{\"readings\":[{\"at\":\"2025-06-03T07:00\",\"value\":0.1},"
              "{\"at\":\"2025-06-03T08:00\",\"value\":0.2}]}");
    assert_int_equal(json_integer_value(member(room, "taken")), 2);
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{}", "1 to 1000 readings"},
        {"{\"readings\":[{\"at\":\"2025-06-03T08:06\",\"value\":0}]}", "from the future"},
        {"{\"readings\":[{\"at\":\"2025-06-03T07:30\",\"value\":0}]}", "\"late\": true"},
        {"{\"readings\":[{\"at\":\"2025-06-03T08:00\",\"value\":0.3}]}", "the value 0.200 already"},
        {"{\"readings\":[{\"at\":\"2025-06-03T08:01\",\"value\":60}]}", "beyond what the sensor"},
        {"{\"readings\":[{\"at\":\"2025-06-03T08:01\",\"value\":\"1\"}]}", "number of millimetres"},
        {"{\"readings\":[{\"at\":\"soon\",\"value\":1}]}", "must be an instant"},
        /* The first would do; nothing of it is kept. */
        {"{\"readings\":[{\"at\":\"2025-06-03T08:02\",\"value\":1},{\"at\":\"x\",\"value\":1}]}",
         "reading 2"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++)
        room_refuses(room, &room->peer, "point.readings", STAKE, rows[k].body, TQ_BAD_INPUT,
                     rows[k].word);
    room_refuses(room, &room->clerk, "point.readings", STAKE, "{}", TQ_DENIED, "road_unit");
    room_must(room, &room->peer, "point.readings", STAKE,
              "{\"readings\":[{\"at\":\"2025-06-03T08:00\",\"value\":0.2}]}");
    assert_int_equal(json_integer_value(member(room, "known")), 1);
    assert_int_equal(json_integer_value(member(room, "taken")), 0);
    /* Filled in later: kept and marked, and judges nothing. */
    room_must(room, &room->peer, "point.readings", STAKE,
              "{\"readings\":[{\"at\":\"2025-06-03T07:30\",\"value\":9,\"late\":true}]}");
    assert_string_equal(json_string_value(json_object_get(member(room, "point"), "state")),
                        "normal");
    assert_int_equal(room_ask(room, &room->clerk, "point.series", STAKE, ""), TQ_OK);
    assert_int_equal(json_integer_value(member(room, "total")), 3);
    assert_true(json_is_true(json_object_get(json_array_get(member(room, "readings"), 1), "late")));
}

static void the_rate_is_the_median_of_slopes(void **state)
{
    (void)state;
    double rate = 0;
    point_reading row[9];
    for (uint32_t k = 0; k < 9; k++)
        row[k] = (point_reading){(int64_t)k * HOUR_MS, 0.1 * k};
    assert_true(points_rate(row, 9, &rate));
    assert_true(fabs(rate - 2.4) < 1e-9);
    row[4].value = 40; /* one bad reading moves no median */
    assert_true(points_rate(row, 9, &rate));
    assert_true(fabs(rate - 2.4) < 1e-9);
    /* Three readings, three slopes: 12, 1.2 and -9.6. */
    row[1].value = 0.5;
    row[2].value = 0.1;
    assert_true(points_rate(row, 3, &rate));
    assert_true(fabs(rate - 1.2) < 1e-9);
    assert_false(points_rate(row, 1, &rate));
    row[1] = row[0];
    assert_false(points_rate(row, 2, &rate)); /* one instant has no slope */
}

static void rate_and_acceleration_judge(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "point.create", "",
              "{" WHO "," PLACE ",\"window_h\":6,\"limits\":{\"rate\":{\"warn\":1,\"alarm\":4},"
              "\"acceleration\":{\"alarm\":30}}}");
    double value = 0;
    /* 0.02 mm an hour is 0.48 a day; then 0.1 is 2.4. */
    for (uint32_t hour = 0; hour < 12; hour++) {
        room->now_ms += HOUR_MS;
        value += 0.02;
        assert_int_equal(reads(room, STAKE, value), TQ_OK);
    }
    const json_t *last = json_object_get(member(room, "point"), "last");
    assert_true(fabs(json_real_value(json_object_get(last, "rate")) - 0.48) < 1e-6);
    assert_true(fabs(json_real_value(json_object_get(last, "acceleration"))) < 1e-6);
    for (uint32_t hour = 0; hour < 6; hour++) {
        room->now_ms += HOUR_MS;
        value += 0.1;
        assert_int_equal(reads(room, STAKE, value), TQ_OK);
    }
    const json_t *point = member(room, "point");
    assert_string_equal(json_string_value(json_object_get(point, "state")), "warn");
    last = json_object_get(point, "last");
    assert_true(fabs(json_real_value(json_object_get(last, "rate")) - 2.4) < 1e-6);
    /* From 0.48 to 2.4 mm a day in a quarter of a day. */
    assert_true(fabs(json_real_value(json_object_get(last, "acceleration")) - 7.68) < 1e-6);
    for (uint32_t hour = 0; hour < 6; hour++) {
        room->now_ms += HOUR_MS;
        value += 0.6;
        assert_int_equal(reads(room, STAKE, value), TQ_OK);
    }
    point = member(room, "point");
    assert_string_equal(json_string_value(json_object_get(point, "state")), "alarm");
    assert_int_equal(json_array_size(json_object_get(point, "over")), 2);
}

static void silence_is_not_safety(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "point.create", "", PLAN);
    room->now_ms = START_MS + 120 * MIN_MS;
    assert_false(room_tick(room));
    room->now_ms += MIN_MS;
    assert_true(room_tick(room));
    assert_false(room_tick(room));
    assert_int_equal(room_ask(room, &room->clerk, "point.get", STAKE, ""), TQ_OK);
    assert_true(json_is_true(member(room, "overdue")));
    assert_int_equal(room_ask(room, &room->clerk, "event.list", "", "after=0"), TQ_OK);
    assert_non_null(strstr(room->answer.at, "\"overdue\""));
    room_must(room, &room->road_unit, "point.acknowledge", STAKE, "{\"note\":\"battery\"}");
    assert_string_equal(json_string_value(json_object_get(member(room, "acknowledged"), "by")),
                        "sun");
    assert_string_equal(after(room, STAKE, 0.1), "normal");
    assert_false(json_is_true(json_object_get(member(room, "point"), "overdue")));
    /* And again, after a restart too. */
    desk_room_shut(room);
    desk_room_open(room);
    room->now_ms += 121 * MIN_MS;
    assert_true(room_tick(room));
}

static uint32_t alarms_of(desk_room *room, const char *id)
{
    size_t at;
    json_t *line;
    uint32_t count = 0;
    if (room_ask(room, &room->dispatcher, "case.get", id, "") != TQ_OK) return 0;
    assert_true(json_is_true(member(room, "alarm")));
    json_array_foreach(json_object_get(room->json, "timeline"), at, line)
    {
        const char *what = json_string_value(json_object_get(line, "what"));
        count += what != NULL && strcmp(what, "alarm") == 0;
    }
    return count;
}

static void an_alarm_makes_one_case(void **state)
{
    desk_room *room = *state;
    room_must(room, &room->planner, "point.create", "", PLAN);
    room_must(room, &room->planner, "point.create", "", PLAN);
    assert_string_equal(after(room, STAKE, 1.5), "normal");
    assert_string_equal(after(room, STAKE, -1.6), "warn");
    assert_int_equal(alarms_of(room, CASE), 0);
    assert_string_equal(after(room, STAKE, 2), "alarm");
    assert_string_equal(json_string_value(json_object_get(member(room, "point"), "case")), CASE);
    assert_int_equal(alarms_of(room, CASE), 1);
    const char *street = json_string_value(json_object_get(member(room, "stretch"), "street"));
    assert_string_equal(street, "阳兴大道");
    /* As long as it lasts it is told once; a second one adds to the case. */
    assert_string_equal(after(room, STAKE, 2.1), "alarm");
    assert_int_equal(alarms_of(room, CASE), 1);
    assert_string_equal(after(room, STAKE, 0.1), "normal");
    assert_string_equal(after(room, STAKE, 2.2), "alarm");
    assert_int_equal(alarms_of(room, CASE), 2);
    /* So does the other stake of the same stretch. */
    assert_string_equal(after(room, OTHER, 3), "alarm");
    assert_string_equal(json_string_value(json_object_get(member(room, "point"), "case")), CASE);
    assert_int_equal(alarms_of(room, CASE), 3);
    assert_int_equal(room_ask(room, &room->clerk, "case.get", "CA-2025-0002", ""), TQ_NOT_FOUND);
}

static void a_person_publishes_the_restriction(void **state)
{
    desk_room *room = *state;
    uint32_t count;
    room_must(room, &room->planner, "point.create", "", PLAN);
    room_refuses(room, &room->dispatcher, "point.restrict", STAKE, "{}", TQ_BAD_INPUT,
                 "proposes no restriction");
    assert_string_equal(after(room, STAKE, 2.5), "alarm");
    desk_room_follow(room);
    (void)tq_live_closures(room->live, &count);
    assert_int_equal(count, 0); /* proposed, not done */
    room_refuses(room, &room->road_unit, "point.restrict", STAKE, "{}", TQ_DENIED, "dispatcher");
    room_refuses(room, &room->dispatcher, "point.restrict", STAKE, "{\"to\":\"2025-06-01T00:00\"}",
                 TQ_BAD_INPUT, "");
    room_must(room, &room->dispatcher, "point.restrict", STAKE, "{}");
    assert_string_equal(room_text(room, "closure"), "CL-2025-0001");
    desk_room_follow(room);
    const tq_closure *const *closure = tq_live_closures(room->live, &count);
    assert_int_equal(count, 1);
    assert_int_equal(closure[0]->effect, TQ_CLOSURE_SPEED);
    assert_int_equal(closure[0]->speed_kmh, 30);
    assert_string_equal(closure[0]->owner, "市政养护一所");
    assert_true(closure[0]->sudden);
    room_refuses(room, &room->dispatcher, "point.restrict", STAKE, "{}", TQ_BAD_INPUT,
                 "proposes no restriction");
}

static void a_thin_curve_keeps_its_peaks(void **state)
{
    desk_room *room = *state;
    tq_buf body = {0};
    room_must(room, &room->planner, "point.create", "", PLAN);
    tq_buf_printf(&body, "{\"readings\":[");
    for (uint32_t k = 0; k < 900; k++) {
        char at[TQ_TIME_TEXT_MAX];
        tq_time_print(&city->zone, START_MS - 10 * DAY_MS + (int64_t)k * 10 * MIN_MS, at);
        tq_buf_printf(&body, "%s{\"at\":\"%s\",\"value\":%s}", k > 0 ? "," : "", at,
                      k == 311   ? "1.599"
                      : k == 617 ? "-1.598"
                                 : "0.1");
    }
    tq_buf_printf(&body, "]}");
    tq_buf_putc(&body, '\0');
    room_must(room, &room->peer, "point.readings", STAKE, body.at);
    tq_buf_free(&body);
    assert_int_equal(room_ask(room, &room->clerk, "point.series", STAKE, "points=40"), TQ_OK);
    const json_t *list = member(room, "readings");
    assert_int_equal(json_integer_value(member(room, "total")), 900);
    assert_true(json_array_size(list) >= 10 && json_array_size(list) <= 40);
    bool high = false, low = false;
    for (size_t k = 0; k < json_array_size(list); k++) {
        double value = json_real_value(json_object_get(json_array_get(list, k), "value"));
        high = high || fabs(value - 1.599) < 1e-9;
        low = low || fabs(value + 1.598) < 1e-9;
    }
    assert_true(high && low);
    assert_int_equal(room_ask(room, &room->clerk, "point.series", STAKE, ""), TQ_OK);
    assert_int_equal(json_array_size(member(room, "readings")), 900);
    assert_int_equal(room_ask(room, &room->clerk, "point.series", STAKE, "points=3"), TQ_BAD_INPUT);
    assert_int_equal(room_ask(room, &room->clerk, "point.series", STAKE,
                              "from=2025-06-03T00:00&to=2025-06-02T00:00"),
                     TQ_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_point_may_not_say),
        TEST(readings_that_cannot_be),
        cmocka_unit_test(the_rate_is_the_median_of_slopes),
        TEST(rate_and_acceleration_judge),
        TEST(silence_is_not_safety),
        TEST(an_alarm_makes_one_case),
        TEST(a_person_publishes_the_restriction),
        TEST(a_thin_curve_keeps_its_peaks),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
