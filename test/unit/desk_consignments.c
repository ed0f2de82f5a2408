// also: import
/*
 * Consignments on the shipped freight tables: from a plan to the delivery, what is refused, alarms,
 * planning anew, EPCIS in and out, DCSA, papers, indicators.
 */
#include <math.h>

#include "desk/consignment_in.h"
#include "desk_room.h"
#include "freight_files.h"

#define ONE  "CG-2025-000001"
#define TWO  "CG-2025-000002"
#define WORK ((size_t)64 << 20)
#define PARTIES                                                                                    \
    "\"shipper\":{\"name\":\"古交煤业\",\"phone\":\"138 1234 5678\"},"                         \
    "\"consignee\":{\"name\":\"新沙电厂\",\"phone\":\"020-12345678\"}"
#define COAL                                                                                       \
    "\"commodity\":\"coal_thermal\",\"tonnes\":4000,\"from\":\"GJM\",\"to\":\"GZXP\","             \
    "\"depart\":\"2025-06-03T08:00\""
#define BOXES                                                                                      \
    "\"commodity\":\"general_box\",\"boxes40\":2,\"from\":\"TISC\",\"to\":\"VOR\","                \
    "\"depart\":\"2025-06-03T08:00\",\"boxes\":[{\"number\":\"CSQU3054383\",\"size\":40,"          \
    "\"seal\":\"S1\"},{\"number\":\"MSKU6011672\"}]"

static tq_city *city;
static tq_freight *net;
static tq_arena work;
static tq_freight_override closed;
static tq_freight_live live;
static bool is_live;
static char road_rail_sea[8]; /* number of a plan with these modes */

/* ---- freight for the desk ---------------------------------------------------------------------
 */

static tq_status live_of(void *user, int64_t at_ms, const tq_freight_live **out, tq_err *err)
{
    (void)user, (void)at_ms, (void)err;
    *out = is_live ? &live : NULL;
    return TQ_OK;
}

static tq_status plan_of(void *user, const tq_desk_goods *wish, tq_buf *out, bool *found,
                         tq_err *err)
{
    tq_freight_query query;
    tq_freight_answer answer;
    tq_freight_no no;
    int64_t at_ms;
    double tonnes = 0;
    tq_json json;
    (void)user;
    tq_freight_query_default(&query);
    query.origin = tq_freight_node_find(net, tq_str_of(wish->from));
    query.destination = tq_freight_node_find(net, tq_str_of(wish->to));
    query.commodity = tq_freight_commodity_find(net, tq_str_of(wish->commodity));
    query.boxes40 = wish->boxes40;
    query.mass_g = (int64_t)wish->boxes40 * 22000000;
    if (wish->tonnes != NULL && tq_parse_double(tq_str_of(wish->tonnes), &tonnes))
        query.mass_g = (int64_t)(tonnes * 1e6);
    TQ_TRY(tq_time_parse(&city->zone, tq_str_of(wish->depart), &at_ms, err));
    query.depart_s = at_ms / 1000 + 28800;
    if (wish->modes != NULL) query.modes = strcmp(wish->modes, "sea") == 0 ? 4u : ~0u;
    tq_arena_reset(&work, 0);
    tq_json_begin(&json, out);
    tq_status status =
        tq_freight_search(net, is_live ? &live : NULL, &query, NULL, &work, &answer, err);
    *found = status == TQ_OK;
    if (status == TQ_OK) {
        tq_freight_plan_json(net, &query, &answer, TQ_FREIGHT_ALL, &json);
        return TQ_OK;
    }
    if (status != TQ_NO_ROUTE) return status;
    TQ_TRY(tq_freight_no_plan(net, is_live ? &live : NULL, &query, &work, &no, err));
    tq_freight_no_json(net, &query, &no, &json);
    return TQ_OK;
}

static tq_desk_freight freight_now(void)
{
    return (tq_desk_freight){.net = net, .live = live_of, .plan = plan_of};
}

static json_t *plans(const char *from, const char *to, const char *commodity, const char *depart)
{
    tq_buf text = {0};
    tq_err err;
    bool found = false;
    json_error_t why;
    tq_desk_goods wish = {
        .from = from, .to = to, .commodity = commodity, .tonnes = "4000", .depart = depart};
    assert_int_equal(plan_of(NULL, &wish, &text, &found, &err), TQ_OK);
    json_t *out = json_loadb(text.at, text.len, 0, &why);
    assert_non_null(out);
    tq_buf_free(&text);
    return out;
}

static int open_all(void **state)
{
    (void)state;
    freight_files files;
    tq_err err = {0};
    city = desk_room_city();
    freight_files_read(&files, FREIGHT_FOLDER);
    if (tq_freight_load(files.text, files.count, INT32_MAX, &net, &err) != TQ_OK)
        fail_msg("%s", err.text);
    freight_files_free(&files);
    tq_arena_init(&work, malloc(WORK), WORK);
    json_t *answer = plans("GJM", "GZXP", "coal_thermal", "2025-06-03T08:00"), *plan;
    size_t k;
    json_array_foreach(json_object_get(answer, "plans"), k, plan)
    {
        char *modes = json_dumps(json_object_get(plan, "modes"), JSON_COMPACT);
        if (strcmp(modes, "[\"road\",\"rail\",\"sea\"]") == 0)
            (void)snprintf(road_rail_sea, sizeof road_rail_sea, "%d",
                           (int)json_integer_value(json_object_get(plan, "number")));
        free(modes);
    }
    json_decref(answer);
    assert_true(road_rail_sea[0] != '\0');
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    free(work.base);
    tq_freight_free(net);
    tq_city_close(city);
    return 0;
}

static int setup(void **state)
{
    static desk_room room;
    desk_room_begin(&room, city);
    is_live = false;
    *state = &room;
    return 0;
}

static int teardown(void **state)
{
    desk_room_end(*state);
    return 0;
}

/* ---- saying ------------------------------------------------------------------------------------
 */

static tq_status say_with(desk_room *room, const tq_actor *actor, const char *verb, const char *id,
                          const char *body, const char *key)
{
    tq_err err;
    tq_desk_freight freight = freight_now();
    tq_desk_world world = {.city = room->city, .live = room->live, .freight = &freight};
    tq_command command = desk_room_command(room, actor, verb, id, body);
    command.key = key;
    room->answer.len = 0;
    tq_err_clear(&room->err);
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    tq_status status =
        tq_desk_do(room->desk, &command, &world, &room->status, &room->answer, &room->err);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    desk_room_keep(room, status);
    return status;
}

static tq_status say(desk_room *room, const char *verb, const char *id, const char *body)
{
    return say_with(room, &room->dispatcher, verb, id, body, "");
}

#define must(room, verb, id, body)                                                                 \
    do {                                                                                           \
        tq_status must_status = say((room), (verb), (id), (body));                                 \
        if (must_status != TQ_OK)                                                                  \
            fail_msg("%s %s: %s: %s", (verb), (body), tq_status_name(must_status),                 \
                     (room)->err.text);                                                            \
    } while (0)

static bool tick(desk_room *room)
{
    bool changed = false;
    tq_err err;
    tq_desk_freight freight = freight_now();
    tq_overlay overlay = *tq_overlay_none();
    overlay.road_version = is_live ? live.version : 0;
    tq_desk_world world = {
        .city = room->city, .overlay = &overlay, .live = room->live, .freight = &freight};
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    if (tq_desk_tick(room->desk, &world, room->now_ms, &changed, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    return changed;
}

static void get(desk_room *room, const char *id)
{
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.get", id, ""), TQ_OK);
}

static json_t *leg(desk_room *room, uint32_t number)
{
    return json_array_get(json_object_get(room->json, "legs"), number - 1);
}

static int64_t instant(desk_room *room, const json_t *object, const char *member)
{
    int64_t at_ms = 0;
    tq_err err;
    const char *text = json_string_value(json_object_get(object, member));
    if (text == NULL || tq_time_parse(&room->city->zone, tq_str_of(text), &at_ms, &err) != TQ_OK)
        fail_msg("no instant %s", member);
    return at_ms;
}

/* An event at so many minutes after the planned departure of leg 1. */
static tq_status event_at(desk_room *room, const char *id, const char *event, uint32_t number,
                          int64_t at_ms)
{
    char body[200], at[TQ_TIME_TEXT_MAX];
    tq_time_print(&room->city->zone, at_ms, at);
    (void)snprintf(body, sizeof body, "{\"event\":\"%s\",\"leg\":%u,\"at\":\"%s\"}", event, number,
                   at);
    room->now_ms = TQ_MAX(room->now_ms, at_ms);
    return say(room, "consignment.event", id, body);
}

static void coal(desk_room *room, const char *more)
{
    char body[900];
    (void)snprintf(body, sizeof body, "{" PARTIES "," COAL ",\"plan\":%s%s}", road_rail_sea, more);
    must(room, "consignment.create", "", body);
    assert_int_equal(room->status, 201);
}

static uint32_t standing(const desk_room *room)
{
    const json_t *alarm;
    size_t k;
    uint32_t count = 0;
    json_array_foreach(json_object_get(room->json, "alarms"), k, alarm)
    {
        count += !json_is_string(json_object_get(alarm, "cleared"));
    }
    return count;
}

typedef struct told {
    const char *verb;
    uint32_t count;
} told;

static bool count_event(void *user, const tq_event *event)
{
    told *all = user;
    all->count += strcmp(event->topic, "consignment") == 0 && strcmp(event->verb, all->verb) == 0;
    return true;
}

static uint32_t events_of(desk_room *room, const char *verb)
{
    told all = {.verb = verb};
    tq_err err;
    assert_int_equal(tq_store_events(tq_desk_store(room->desk), 0, 100000, count_event, &all, &err),
                     TQ_OK);
    return all.count;
}

/* ---- the life ----------------------------------------------------------------------------------
 */

static void lorry_train_and_ship(void **state)
{
    desk_room *room = *state;
    static const char *const modes[] = {"road", "rail", "sea"};
    coal(room, ",\"promised\":\"2025-07-30T00:00\"");
    assert_string_equal(room_text(room, "id"), ONE);
    assert_string_equal(room_text(room, "state"), "planned");
    assert_int_equal(json_array_size(json_object_get(room->json, "legs")), 3);
    const char *at = "GJM";
    for (uint32_t k = 1; k <= 3; k++) {
        assert_string_equal(desk_get_text(leg(room, k), "mode"), modes[k - 1]);
        assert_string_equal(cons_node_id(leg(room, k), "from"), at);
        at = cons_node_id(leg(room, k), "to");
    }
    assert_string_equal(at, "GZXP");
    /* Estimates are the plan while nothing has happened. */
    for (uint32_t k = 1; k <= 3; k++) {
        const json_t *planned = json_object_get(leg(room, k), "planned"),
                     *estimated = json_object_get(leg(room, k), "estimated");
        assert_true(llabs(instant(room, planned, "arrive") - instant(room, estimated, "arrive")) <
                    60000);
    }
    int64_t begin = instant(room, json_object_get(leg(room, 1), "planned"), "depart");
    static const struct {
        const char *event;
        uint32_t leg, minute;
        const char *state;
    } steps[] = {{"gate_in", 1, 0, "at_terminal"},    {"loaded", 1, 30, "at_terminal"},
                 {"departed", 1, 60, "in_transit"},   {"arrived", 1, 180, "at_terminal"},
                 {"unloaded", 1, 190, "at_terminal"}, {"handed_over", 1, 195, "at_terminal"},
                 {"loaded", 2, 230, "at_terminal"},   {"departed", 2, 300, "in_transit"},
                 {"arrived", 2, 3000, "at_terminal"}, {"gate_in", 3, 3010, "at_terminal"},
                 {"loaded", 3, 3061, "at_terminal"},  {"departed", 3, 3200, "in_transit"},
                 {"arrived", 3, 9000, "at_terminal"}, {"unloaded", 3, 9100, "at_terminal"},
                 {"delivered", 3, 9200, "delivered"}};
    for (uint32_t k = 0; k < TQ_COUNT(steps); k++) {
        int64_t at_ms = begin + steps[k].minute * MIN_MS;
        if (event_at(room, ONE, steps[k].event, steps[k].leg, at_ms) != TQ_OK)
            fail_msg("%s of leg %u: %s", steps[k].event, steps[k].leg, room->err.text);
        assert_string_equal(room_text(room, "state"), steps[k].state);
    }
    assert_true(json_is_null(json_object_get(room->json, "next_hand_over")));
    assert_int_equal(json_array_size(json_object_get(room->json, "events")), TQ_COUNT(steps));
    /* Rows of the timeline: 2 a leg always, and every point that happened; delivered is no point.
     */
    assert_int_equal(json_array_size(json_object_get(room->json, "timeline")), TQ_COUNT(steps) - 1);
    assert_int_equal(event_at(room, ONE, "unloaded", 3, begin + 9300 * MIN_MS), TQ_STALE);

    /* Lorry to train 50 min (no gate_in: direct), train to ship 61 min (gate_in: not). */
    assert_int_equal(room_ask(room, &room->auditor, "consignment.kpi", "", ""), TQ_OK);
    assert_int_equal(json_integer_value(json_object_get(room->json, "transfers")), 2);
    assert_true(json_real_value(json_object_get(room->json, "within_hour_pct")) == 50.0);
    assert_true(json_real_value(json_object_get(room->json, "direct_pct")) == 50.0);
    assert_true(json_real_value(json_object_get(room->json, "mean_transfers")) == 2.0);
    assert_true(json_real_value(json_object_get(room->json, "on_time_pct")) == 100.0);
    assert_int_equal(json_integer_value(json_object_get(room->json, "mean_transfer_min")), 55);
    assert_true(json_is_null(json_object_get(room->json, "container_within_hour_pct")));
    assert_int_equal(room_ask(room, &room->auditor, "consignment.kpi", "", "from=2099-01-01T00:00"),
                     TQ_OK);
    assert_int_equal(json_integer_value(json_object_get(room->json, "consignments")), 0);
}

static void the_next_hand_over(void **state)
{
    desk_room *room = *state;
    coal(room, "");
    char first[64], second[64];
    (void)snprintf(first, sizeof first, "%s", cons_node_id(leg(room, 1), "to"));
    (void)snprintf(second, sizeof second, "%s", cons_node_id(leg(room, 2), "to"));
    must(room, "consignment.change", ONE,
         "{\"legs\":[{\"number\":1,\"carrier\":\"晋运\"},{\"number\":2,\"carrier\":\"太原局\"}]}");
    const json_t *next = json_object_get(room->json, "next_hand_over");
    assert_string_equal(cons_node_id(next, "place"), first);
    assert_string_equal(desk_get_text(next, "from_carrier"), "晋运");
    assert_string_equal(desk_get_text(next, "to_carrier"), "太原局");
    int64_t begin = instant(room, json_object_get(leg(room, 1), "planned"), "depart");
    assert_int_equal(event_at(room, ONE, "departed", 1, begin), TQ_OK);
    assert_int_equal(event_at(room, ONE, "arrived", 1, begin + 60 * MIN_MS), TQ_OK);
    /* There, but the train has not taken it: still this one. */
    assert_string_equal(cons_node_id(json_object_get(room->json, "next_hand_over"), "place"),
                        first);
    assert_int_equal(event_at(room, ONE, "loaded", 2, begin + 90 * MIN_MS), TQ_OK);
    assert_string_equal(cons_node_id(json_object_get(room->json, "next_hand_over"), "place"),
                        second);
}

/* ---- refusals ----------------------------------------------------------------------------------
 */

static void stored(desk_room *room, const char *id, tq_buf *out)
{
    tq_record record;
    tq_err err;
    tq_buf_free(out);
    *out = (tq_buf){0};
    assert_int_equal(tq_store_get(tq_desk_store(room->desk), CONSIGNMENT, id, out, &record, &err),
                     TQ_OK);
    out->len = record.body.len;
    memmove(out->at, record.body.at, record.body.len);
}

static void each_bad_consignment_is_refused(void **state)
{
    desk_room *room = *state;
    static const struct {
        const char *body, *word;
        tq_status status;
    } rows[] = {
        {"{" COAL "}", "shipper", TQ_BAD_INPUT},
        {"{\"shipper\":{\"name\":\"a\"}," COAL "}", "consignee", TQ_BAD_INPUT},
        {"{\"shipper\":{\"name\":\"\"},\"consignee\":{\"name\":\"b\"}," COAL "}", "name",
         TQ_BAD_INPUT},
        {"{\"shipper\":{\"name\":\"a\",\"phone\":\"12x\"},\"consignee\":{\"name\":\"b\"}," COAL "}",
         "phone", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"tonne\":1}", "did you mean \"tonnes\"", TQ_BAD_INPUT},
        {"{" PARTIES ",\"commodity\":\"coal_thermal\",\"tonnes\":-5,\"from\":\"GJM\",\"to\":"
         "\"GZXP\"}",
         "tonnes\" is -5", TQ_BAD_INPUT},
        {"{" PARTIES ",\"commodity\":\"gold\",\"tonnes\":5,\"from\":\"GJM\",\"to\":\"GZXP\"}",
         "gold", TQ_BAD_INPUT},
        {"{" PARTIES ",\"commodity\":\"coke\",\"from\":\"GJM\",\"to\":\"GZXP\"}", "tonnes",
         TQ_BAD_INPUT},
        {"{" PARTIES ",\"commodity\":\"coke\",\"tonnes\":5,\"from\":\"NOWH\",\"to\":\"GZXP\"}",
         "NOWH", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"plan\":9999}", "\"plan\" is 9999", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"modes\":\"sea\"}", "forbidden by mode", TQ_NO_ROUTE},
        {"{" PARTIES "," COAL ",\"promised\":\"soon\"}", "promised", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"boxes\":[{\"number\":\"CSQU3054384\"}]}", "CSQU3054384",
         TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"legs\":[]}", "legs", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"legs\":[{\"kind\":\"link\"}]}", "step 1", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL
         ",\"legs\":[{\"kind\":\"link\",\"mode\":\"road\",\"id\":\"L999999\",\"from\":{\"id\":"
         "\"GJM\"},\"to\":{\"id\":\"GUJ\"},\"begin\":\"2025-06-03T08:00\",\"end\":"
         "\"2025-06-03T09:00\"}]}",
         "L999999", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL
         ",\"legs\":[{\"kind\":\"link\",\"mode\":\"road\",\"id\":\"L213\",\"from\":{\"id\":"
         "\"GJM\"},\"to\":{\"id\":\"GUJ\"},\"begin\":\"2025-06-03T09:00\",\"end\":"
         "\"2025-06-03T08:00\"}]}",
         "back in time", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL
         ",\"legs\":[{\"kind\":\"link\",\"mode\":\"road\",\"id\":\"L213\",\"from\":{\"id\":"
         "\"GJM\"},\"to\":{\"id\":\"GUJ\"},\"begin\":\"2025-06-03T08:00\",\"end\":"
         "\"2025-06-03T09:00\"}]}",
         "lead from GJM to GUJ", TQ_BAD_INPUT},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        tq_status got = say(room, "consignment.create", "", rows[k].body);
        if (got != rows[k].status || strstr(room->err.text, rows[k].word) == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(got), room->err.text);
    }
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "consignments")), 0);
    assert_int_equal(events_of(room, "created"), 0);
}

static void each_bad_event_is_refused(void **state)
{
    desk_room *room = *state;
    tq_buf before = {0}, after = {0};
    coal(room, "");
    char second[64], body[300];
    (void)snprintf(second, sizeof second, "%s", cons_node_id(leg(room, 2), "from"));
    int64_t begin = instant(room, json_object_get(leg(room, 1), "planned"), "depart");
    room->now_ms = begin + HOUR_MS;
    stored(room, ONE, &before);
    static const struct {
        const char *body, *word;
        tq_status status;
    } rows[] = {
        {"{\"event\":\"departd\"}", "did you mean departed", TQ_BAD_INPUT},
        {"{\"event\":\"arrived\"}", "has not departed", TQ_STALE},
        {"{\"event\":\"unloaded\",\"leg\":1}", "has not arrived", TQ_STALE},
        {"{\"event\":\"departed\",\"leg\":2}", "leg 1 has not arrived", TQ_STALE},
        {"{\"event\":\"delivered\"}", "leg 1 has not arrived", TQ_STALE},
        {"{\"event\":\"departed\",\"leg\":9}", "3 legs", TQ_BAD_INPUT},
        {"{\"event\":\"departed\",\"leg\":1.5}", "whole number", TQ_BAD_INPUT},
        {"{\"event\":\"departed\",\"node\":\"NOWH\"}", "not at \"NOWH\"", TQ_BAD_INPUT},
        {"{\"event\":\"departed\",\"at\":\"2031-01-01T00:00\"}", "future", TQ_BAD_INPUT},
        {"{\"event\":\"departed\",\"at\":\"yesterday\"}", "\"at\"", TQ_BAD_INPUT},
        {"{\"event\":\"problem\"}", "note", TQ_BAD_INPUT},
        {"{\"event\":\"position\",\"lat\":37.9}", "lon", TQ_BAD_INPUT},
        {"{\"event\":\"position\",\"lat\":37.9,\"lon\":112.5}", "not under way", TQ_STALE},
        {"{\"event\":\"departed\",\"speed\":3}", "speed", TQ_BAD_INPUT},
        {"{\"event\":\"departed\",\"version\":7}", "you saw 7", TQ_STALE},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        tq_status got = say(room, "consignment.event", ONE, rows[k].body);
        if (got != rows[k].status || strstr(room->err.text, rows[k].word) == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(got), room->err.text);
    }
    stored(room, ONE, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);

    /* A past leg, and an instant before the last. */
    assert_int_equal(event_at(room, ONE, "departed", 1, begin + 10 * MIN_MS), TQ_OK);
    assert_int_equal(event_at(room, ONE, "arrived", 1, begin + 5 * MIN_MS), TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "before the last thing"));
    assert_int_equal(event_at(room, ONE, "gate_in", 1, begin + 20 * MIN_MS), TQ_STALE);
    assert_int_equal(event_at(room, ONE, "departed", 1, begin + 11 * MIN_MS), TQ_STALE);
    assert_int_equal(event_at(room, ONE, "arrived", 1, begin + 60 * MIN_MS), TQ_OK);
    (void)snprintf(body, sizeof body, "{\"event\":\"gate_in\",\"node\":\"%s\"}", second);
    room->now_ms += HOUR_MS;
    must(room, "consignment.event", ONE, body);
    assert_int_equal(event_at(room, ONE, "unloaded", 1, room->now_ms), TQ_STALE);
    assert_non_null(strstr(room->err.text, "something later"));
    tq_buf_free(&before);
    tq_buf_free(&after);
}

static void the_same_again_changes_nothing(void **state)
{
    desk_room *room = *state;
    char body[900];
    (void)snprintf(body, sizeof body, "{" PARTIES "," COAL ",\"plan\":%s}", road_rail_sea);
    for (uint32_t k = 0; k < 2; k++) {
        assert_int_equal(say_with(room, &room->clerk, "consignment.create", "", body, "key-1"),
                         TQ_OK);
        assert_string_equal(room_text(room, "id"), ONE);
    }
    room->now_ms = START_MS + 24 * HOUR_MS;
    const char *event = "{\"event\":\"departed\",\"id\":\"GATE-1\",\"at\":\"2025-06-03T20:00\"}";
    must(room, "consignment.event", ONE, event);
    json_int_t version = json_integer_value(json_object_get(room->json, "version"));
    must(room, "consignment.event", ONE, event);
    must(room, "consignment.event", ONE,
         "{\"event\":\"departed\",\"leg\":1,\"at\":\"2025-06-03T20:00\"}");
    assert_int_equal(json_integer_value(json_object_get(room->json, "version")), version);
    assert_int_equal(json_array_size(json_object_get(room->json, "events")), 1);
    assert_int_equal(events_of(room, "departed"), 1);
}

static void two_clerks_on_one(void **state)
{
    desk_room *room = *state;
    coal(room, "");
    must(room, "consignment.change", ONE, "{\"note\":\"first\",\"version\":1}");
    assert_int_equal(say_with(room, &room->clerk, "consignment.change", ONE,
                              "{\"note\":\"second\",\"version\":1}", ""),
                     TQ_STALE);
    assert_non_null(strstr(room->err.text, "at version 2, you saw 1"));
    assert_int_equal(say_with(room, &room->clerk, "consignment.cancel", ONE,
                              "{\"reason\":\"x\",\"version\":1}", ""),
                     TQ_STALE);
    get(room, ONE);
    assert_string_equal(room_text(room, "note"), "first");
    assert_int_equal(json_array_size(json_object_get(room->json, "history")), 2);
}

/* ---- alarms ------------------------------------------------------------------------------------
 */

static void close_link(const char *id)
{
    tq_err err;
    closed = (tq_freight_override){tq_freight_link_find(net, tq_str_of(id)), true, -1};
    assert_true(closed.link != TQ_NONE);
    assert_int_equal(tq_freight_live_make(net, &closed, 1, 77, &live, &err), TQ_OK);
    is_live = true;
}

static void a_closure_raises_the_alarm_by_itself(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    assert_int_equal(json_array_size(json_object_get(room->json, "legs")), 2);
    const json_t *cutoff = json_object_get(json_object_get(leg(room, 2), "planned"), "cutoff");
    assert_true(json_is_string(cutoff));
    assert_int_equal(standing(room), 0);
    /* Not the first link, so that a sum of links is looked through. */
    char link[40];
    (void)snprintf(link, sizeof link, "%s",
                   json_string_value(json_array_get(json_object_get(leg(room, 1), "links"), 1)));
    assert_false(tick(room)); /* nothing is due */
    close_link(link);
    for (uint32_t k = 0; k < 4; k++) {
        room->now_ms += 1000;
        assert_int_equal(tick(room), k == 0);
    }
    get(room, ONE);
    assert_int_equal(standing(room), 1);
    const json_t *alarm = json_array_get(json_object_get(room->json, "alarms"), 0);
    assert_string_equal(desk_get_text(alarm, "kind"), "cutoff");
    assert_string_equal(desk_get_text(alarm, "closed_link"), link);
    assert_int_equal(json_integer_value(json_object_get(alarm, "leg")), 2);
    assert_true(json_is_true(json_object_get(room->json, "late")));
    assert_true(
        json_is_null(json_object_get(json_object_get(leg(room, 1), "estimated"), "arrive")));
    assert_int_equal(events_of(room, "late"), 1);
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.list", "", "late=true"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "consignments")), 1);
    is_live = false; /* open again */
    room->now_ms += 1000;
    assert_true(tick(room));
    get(room, ONE);
    assert_int_equal(standing(room), 0);
    assert_int_equal(events_of(room, "late"), 1);
    assert_int_equal(events_of(room, "recovered"), 1);
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.list", "", "late=true"), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "consignments")), 0);
}

/* Goods that nobody loads miss the cut-off by the clock alone; the estimate is the next train that
 * the timetable has. */
static void time_alone_misses_a_cutoff(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "",
         "{" PARTIES "," BOXES ",\"promised\":\"2025-06-26T00:00\"}");
    int64_t cutoff = instant(room, json_object_get(leg(room, 2), "planned"), "cutoff"),
            planned = instant(room, json_object_get(leg(room, 2), "planned"), "depart");
    int64_t need_ms = json_integer_value(json_object_get(leg(room, 1), "handling_s")) * 1000 +
                      instant(room, json_object_get(leg(room, 1), "planned"), "arrive") -
                      instant(room, json_object_get(leg(room, 1), "planned"), "depart");
    room->now_ms = cutoff - need_ms - 2 * MIN_MS;
    (void)tick(room);
    get(room, ONE);
    assert_int_equal(standing(room), 0);
    room->now_ms = cutoff - need_ms + 2 * MIN_MS;
    (void)tick(room);
    get(room, ONE);
    assert_true(standing(room) >= 1);
    const json_t *alarm = json_array_get(json_object_get(room->json, "alarms"), 0);
    assert_string_equal(desk_get_text(alarm, "kind"), "cutoff");
    int64_t next = instant(room, json_object_get(leg(room, 2), "estimated"), "depart");
    tq_freight_service row = tq_freight_service_at(
        net, tq_freight_service_find(net, tq_str_of(desk_get_text(leg(room, 2), "id"))));
    assert_true(next > planned && next - planned < 8 * DAY_MS);
    assert_int_equal((next + 8 * HOUR_MS) % DAY_MS, (int64_t)row.departs_min * MIN_MS);
    int64_t weekday = ((next + 8 * HOUR_MS) / DAY_MS + 3) % 7;
    assert_true(row.days >> weekday & 1);
    /* Gate_in in time would have met it: a new one that is taken in before the cut-off. */
    must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
}

static void a_promise_is_watched(void **state)
{
    desk_room *room = *state;
    coal(room, "");
    int64_t end = instant(room, room->json, "estimated"),
            begin = instant(room, json_object_get(leg(room, 1), "planned"), "depart"),
            arrive = instant(room, json_object_get(leg(room, 1), "planned"), "arrive");
    char body[120], at[TQ_TIME_TEXT_MAX];
    tq_time_print(&room->city->zone, end + HOUR_MS, at);
    (void)snprintf(body, sizeof body, "{\"promised\":\"%s\"}", at);
    must(room, "consignment.change", ONE, body);
    assert_int_equal(standing(room), 0);
    assert_int_equal(event_at(room, ONE, "departed", 1, begin + 90 * MIN_MS), TQ_OK);
    assert_int_equal(standing(room), 1);
    assert_int_equal(instant(room, room->json, "estimated"), end + 90 * MIN_MS);
    /* The driver makes up for it. */
    tq_time_print(&room->city->zone, arrive + 30 * MIN_MS, at);
    (void)snprintf(body, sizeof body,
                   "{\"event\":\"position\",\"lat\":37.9,\"lon\":112.2,\"eta\":\"%s\"}", at);
    room->now_ms = TQ_MIN(room->now_ms + MIN_MS, arrive);
    must(room, "consignment.event", ONE, body);
    assert_int_equal(instant(room, json_object_get(leg(room, 1), "estimated"), "arrive"),
                     TQ_MAX(arrive + 30 * MIN_MS, room->now_ms));
    assert_int_equal(standing(room), 0);
    assert_int_equal(events_of(room, "late"), 1);
    assert_int_equal(events_of(room, "recovered"), 1);
}

/* ---- planning anew -----------------------------------------------------------------------------
 */

static void the_rest_is_planned_from_where_the_goods_are(void **state)
{
    desk_room *room = *state;
    coal(room, "");
    int64_t begin = instant(room, json_object_get(leg(room, 1), "planned"), "depart");
    char hub[64], depart[TQ_TIME_TEXT_MAX], link[40];
    (void)snprintf(hub, sizeof hub, "%s", cons_node_id(leg(room, 1), "to"));
    (void)snprintf(link, sizeof link, "%s",
                   json_string_value(json_array_get(json_object_get(leg(room, 2), "links"), 0)));
    assert_int_equal(event_at(room, ONE, "departed", 1, begin), TQ_OK);
    int64_t arrive = instant(room, json_object_get(leg(room, 1), "estimated"), "arrive");
    assert_int_equal(say(room, "consignment.replan", ONE, "{}"), TQ_BAD_INPUT);
    assert_non_null(strstr(room->err.text, "reason"));
    close_link(link);
    must(room, "consignment.replan", ONE, "{\"reason\":\"线路封锁\"}");
    json_t *record = json_incref(room->json);
    assert_true(json_array_size(json_object_get(record, "legs")) >= 2);
    assert_string_equal(cons_node_id(leg(room, 1), "to"), hub);
    assert_int_equal(instant(room, json_object_get(leg(room, 1), "actual"), "departed"), begin);
    assert_string_equal(cons_node_id(leg(room, 2), "from"), hub);
    /* The soonest plan of a search of its own, from the hub at the estimate. */
    tq_time_print(&room->city->zone, arrive, depart);
    json_t *answer = plans(hub, "GZXP", "coal_thermal", depart),
           *soonest = json_array_get(json_object_get(answer, "plans"), 0);
    const json_t *last = json_array_get(json_object_get(record, "legs"),
                                        json_array_size(json_object_get(record, "legs")) - 1);
    int64_t unload = json_integer_value(json_object_get(record, "unload_s")) * 1000;
    assert_int_equal(instant(room, soonest, "arrive") - unload,
                     instant(room, json_object_get(last, "planned"), "arrive"));
    const json_t *one, *leg_row;
    size_t k, of;
    json_array_foreach(json_object_get(record, "legs"), k, leg_row)
    {
        json_array_foreach(json_object_get(leg_row, "links"), of, one)
        {
            assert_string_not_equal(json_string_value(one), link);
        }
    }
    const json_t *note = json_array_get(json_object_get(record, "replans"), 0);
    assert_string_equal(desk_get_text(note, "reason"), "线路封锁");
    assert_int_equal(json_array_size(json_object_get(note, "old")), 2);
    assert_string_equal(cons_node_id(note, "from"), hub);
    assert_int_equal(events_of(room, "replanned"), 1);
    json_decref(answer);
    json_decref(record);
    /* Nothing by sea from inland: nothing changes. */
    tq_buf before = {0}, after = {0};
    stored(room, ONE, &before);
    assert_int_equal(say(room, "consignment.replan", ONE, "{\"reason\":\"x\",\"modes\":\"sea\"}"),
                     TQ_NO_ROUTE);
    stored(room, ONE, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);
    tq_buf_free(&before);
    tq_buf_free(&after);
}

/* ---- EPCIS, DCSA -------------------------------------------------------------------------------
 */

#define EPCIS_HEAD                                                                                 \
    "\"eventTimeZoneOffset\":\"+08:00\",\"action\":\"OBSERVE\",\"type\":\"ObjectEvent\","          \
    "\"epcList\":[\"urn:epc:id:bic:CSQU3054383\"],\"bizTransactionList\":[{\"type\":\"bol\","      \
    "\"bizTransaction\":\"urn:tongqu:consignment:" ONE "\"}]"

static void epcis_comes_in_once(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    room->now_ms = START_MS + 4 * DAY_MS;
    /* The later one first, names in three forms. */
    const char *document =
        "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
        "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":"
        "\"2025-06-05T00:00:00Z\",\"epcisBody\":{\"eventList\":["
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:2\",\"eventTime\":\"2025-06-04T12:00:00.123Z\","
        "\"bizStep\":\"urn:epcglobal:cbv:bizstep:arriving\",\"readPoint\":{\"id\":"
        "\"urn:tongqu:node:ZDL\"}},"
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:1\",\"eventTime\":\"2025-06-04T18:00:00+08:00\","
        "\"bizStep\":\"https://ref.gs1.org/cbv/BizStep-departing\"}]}}";
    must(room, "consignment.epcis", "", document);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 2);
    must(room, "consignment.epcis", ONE, document);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 0);
    assert_int_equal(json_integer_value(json_object_get(room->json, "known")), 2);
    get(room, ONE);
    assert_string_equal(room_text(room, "state"), "at_terminal");
    const json_t *actual = json_object_get(leg(room, 1), "actual");
    assert_string_equal(desk_get_text(actual, "departed"), "2025-06-04T18:00:00+08:00");
    assert_string_equal(desk_get_text(actual, "arrived"), "2025-06-04T20:00:00+08:00");
    /* A document of which one event cannot be: none of it is. */
    const char *half =
        "{\"type\":\"EPCISDocument\",\"epcisBody\":{\"eventList\":["
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:3\",\"eventTime\":\"2025-06-04T21:00:00+08:00\","
        "\"bizStep\":\"loading\"},"
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:4\",\"eventTime\":\"2025-06-04T22:00:00+08:00\","
        "\"bizStep\":\"unloading\",\"readPoint\":{\"id\":\"urn:tongqu:node:VOR\"}}]}}";
    tq_buf before = {0}, after = {0};
    stored(room, ONE, &before);
    assert_true(say(room, "consignment.epcis", "", half) != TQ_OK);
    assert_non_null(strstr(room->err.text, "event 2"));
    stored(room, ONE, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);
    tq_buf_free(&before);
    tq_buf_free(&after);
    assert_int_equal(say(room, "consignment.epcis", TWO, document), TQ_BAD_INPUT);
}

static void holes_in_epcis_are_named(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    room->now_ms = START_MS + 2 * DAY_MS;
    static const char good[] =
        "{\"type\":\"ObjectEvent\",\"eventID\":\"urn:uuid:9\",\"eventTime\":"
        "\"2025-06-04T18:00:00+08:00\",\"eventTimeZoneOffset\":\"+08:00\",\"action\":\"OBSERVE\","
        "\"bizStep\":\"departing\",\"epcList\":[\"urn:epc:id:bic:CSQU3054383\"],\"readPoint\":"
        "{\"id\":\"urn:tongqu:node:TISC\"},\"bizTransactionList\":[\"urn:tongqu:consignment:" ONE
        "\"]}";
    static const struct {
        const char *member, *value, *word; /* value NULL = the member is missing */
    } rows[] = {
        {"type", NULL, "type is missing"},
        {"type", "\"TransformationEvent\"", "TransformationEvent"},
        {"eventTime", NULL, "eventTime is missing"},
        {"eventTime", "\"2025-06-04T18:00:00\"", "no instant with its offset"},
        {"eventTime", "\"yesterday\"", "no instant"},
        {"eventTimeZoneOffset", NULL, "eventTimeZoneOffset is missing"},
        {"eventTimeZoneOffset", "\"CST\"", "CST"},
        {"action", NULL, "action is missing"},
        {"action", "\"MOVE\"", "MOVE"},
        {"bizStep", NULL, "bizStep is missing"},
        {"bizStep", "\"retail_selling\"", "retail_selling"},
        {"epcList", NULL, "epcList or quantityList"},
        {"epcList", "[]", "epcList or quantityList"},
        {"readPoint", "{}", "readPoint has no id"},
        {"readPoint", "{\"id\":\"geo:91,0\"}", "geo:LAT,LON"},
        {"readPoint", "{\"id\":\"urn:tongqu:node:NOWH\"}", "NOWH"},
        {"bizTransactionList", NULL, "names no consignment"},
        {"bizTransactionList", "[\"urn:tongqu:consignment:CG-2025-000777\"]", "CG-2025-000777"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        json_error_t why;
        json_t *event = json_loads(good, 0, &why);
        if (rows[k].value == NULL)
            json_object_del(event, rows[k].member);
        else
            json_object_set_new(event, rows[k].member,
                                json_loads(rows[k].value, JSON_DECODE_ANY, &why));
        char *text = json_dumps(event, 0);
        tq_status got = say(room, "consignment.epcis", "", text);
        if (got == TQ_OK || strstr(room->err.text, rows[k].word) == NULL ||
            strstr(room->err.text, "event 1") == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(got), room->err.text);
        free(text);
        json_decref(event);
    }
    assert_int_equal(say(room, "consignment.epcis", "", "{\"type\":\"EPCISDocument\"}"),
                     TQ_BAD_INPUT);
    get(room, ONE);
    assert_int_equal(json_integer_value(json_object_get(room->json, "version")), 1);
    must(room, "consignment.epcis", "", good);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 1);
}

/* What goes out comes in again as the same: into a twin, by its id. */
static void epcis_goes_out_and_in_again(void **state)
{
    desk_room *room = *state;
    static const char *const points[] = {"gate_in", "loaded",   "departed",
                                         "arrived", "unloaded", "handed_over"};
    for (uint32_t k = 0; k < 2; k++)
        must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    int64_t at_ms = START_MS + 12 * HOUR_MS;
    for (uint32_t number = 1; number <= 2; number++)
        for (uint32_t k = 0; k < 6; k++)
            assert_int_equal(event_at(room, ONE, points[k], number, at_ms += 7 * MIN_MS), TQ_OK);
    assert_int_equal(event_at(room, ONE, "delivered", 2, at_ms += 7 * MIN_MS), TQ_OK);
    json_t *want = json_deep_copy(json_object_get(room->json, "legs"));
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.epcis_out", ONE, ""), TQ_OK);
    tq_buf text = {0};
    tq_buf_put(&text, room->answer.at, room->answer.len);
    tq_buf_putc(&text, '\0');
    for (char *at = text.at; (at = strstr(at, ONE)) != NULL; at++)
        memcpy(at, TWO, strlen(TWO));
    must(room, "consignment.epcis", "", text.at);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 13);
    get(room, TWO);
    assert_string_equal(room_text(room, "state"), "delivered");
    for (uint32_t number = 1; number <= 2; number++)
        assert_true(json_equal(json_object_get(json_array_get(want, number - 1), "actual"),
                               json_object_get(leg(room, number), "actual")));
    json_decref(want);
    tq_buf_free(&text);

    /* DCSA: 1 shipment, 4 planned and 4 actual transports, 2 boxes x 3 codes x 2 legs; ids differ.
     */
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.dcsa", TWO, ""), TQ_OK);
    assert_int_equal(json_array_size(room->json), 1 + 8 + 12);
    const json_t *event;
    json_t *ids = json_object();
    size_t k;
    json_array_foreach(room->json, k, event)
    {
        assert_int_equal(strlen(desk_get_text(event, "eventID")), 36);
        json_object_set_new(ids, desk_get_text(event, "eventID"), json_true());
    }
    assert_int_equal(json_object_size(ids), json_array_size(room->json));
    json_decref(ids);
}

/* ---- papers ------------------------------------------------------------------------------------
 */

/* Elements open and close in order; their number. */
static uint32_t well_formed(tq_str xml)
{
    static char open[16][64];
    uint32_t depth = 0, seen = 0;
    const char *at = memchr(xml.at + 1, '<', xml.len - 1), *end = xml.at + xml.len;
    while (at != NULL) {
        const char *stop = memchr(at, '>', (size_t)(end - at));
        assert_non_null(stop);
        bool closing = at[1] == '/';
        const char *name = at + 1 + closing;
        size_t len = (size_t)(stop - name);
        assert_true(len > 0 && len < 64);
        if (closing) {
            assert_true(depth > 0);
            depth--;
            assert_int_equal(strlen(open[depth]), len);
            assert_memory_equal(open[depth], name, len);
        } else {
            assert_true(depth < 16);
            memcpy(open[depth], name, len);
            open[depth++][len] = '\0';
            seen++;
        }
        at = memchr(stop, '<', (size_t)(end - stop));
    }
    assert_int_equal(depth, 0);
    return seen;
}

static tq_status ask_raw(desk_room *room, const tq_actor *actor, const char *verb, const char *id)
{
    tq_command command = desk_room_command(room, actor, verb, id, "");
    tq_desk_world world = {.city = room->city};
    room->answer.len = 0;
    return tq_desk_ask(room->desk, &command, &world, &room->answer, &room->err);
}

static void papers_of_a_consignment(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "",
         "{" PARTIES "," BOXES ",\"note\":\"<急> & \\\"重要\\\"\",\"reference\":\"PO-1\"}");
    assert_int_equal(room_ask(room, &room->clerk, "consignment.waybill", ONE, ""), TQ_OK);
    assert_string_equal(room_text(room, "WaybillNumber"), ONE);
    assert_string_equal(desk_get_text(json_object_get(room->json, "Consignor"), "Telephone"),
                        "13812345678");
    const json_t *goods = json_object_get(room->json, "Goods");
    assert_int_equal(json_array_size(json_object_get(goods, "Container")), 2);
    assert_int_equal(json_array_size(json_object_get(room->json, "TransportLeg")), 2);
    assert_int_equal(ask_raw(room, &room->auditor, "consignment.waybill_xml", ONE), TQ_OK);
    tq_str xml = {room->answer.at, room->answer.len};
    assert_true(tq_str_starts(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    assert_true(well_formed(xml) > 60);
    tq_buf_putc(&room->answer, '\0');
    assert_non_null(strstr(room->answer.at, "<Remarks>&lt;急&gt; &amp; \"重要\"</Remarks>"));
    assert_non_null(strstr(room->answer.at, "<Telephone>***5678</Telephone>"));
    assert_null(strstr(room->answer.at, "13812345678"));

    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{\"leg\":1,\"train\":\"X1\",\"rows\":[]}", "rows"},
        {"{\"leg\":1,\"rows\":[{\"wagon\":\"C70\",\"gross_t\":90,\"tare_t\":20}]}", "train"},
        {"{\"leg\":7,\"train\":\"X1\",\"rows\":[]}", "leg"},
        {"{\"leg\":1,\"train\":\"X1\",\"rows\":[{\"wagon\":\"C70\",\"gross_t\":10,\"tare_t\":20}]}",
         "row 1"},
        {"{\"leg\":1,\"train\":\"X1\",\"rows\":[{\"wagon\":\"C70\",\"gross_t\":-1,\"tare_t\":-2}]}",
         "tare"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        assert_int_equal(say(room, "consignment.weigh", ONE, rows[k].body), TQ_BAD_INPUT);
        if (strstr(room->err.text, rows[k].word) == NULL) fail_msg("row %u: %s", k, room->err.text);
    }
    must(room, "consignment.weigh", ONE,
         "{\"leg\":1,\"train\":\"X9041\",\"rows\":[{\"wagon\":\"NX70 1\",\"box\":\"CSQU3054383\","
         "\"gross_t\":45.6,\"tare_t\":23.6},{\"wagon\":\"NX70 2\",\"gross_t\":45.65,\"tare_t\":"
         "23.6}]}");
    assert_int_equal(room_ask(room, &room->clerk, "consignment.weigh_list", ONE, ""), TQ_OK);
    const json_t *train = json_array_get(json_object_get(room->json, "Train"), 0);
    assert_int_equal(json_integer_value(json_object_get(train, "WagonCount")), 2);
    assert_true(fabs(json_number_value(json_object_get(train, "NetWeightTonnes")) - 44.05) < 1e-9);
    /* 0.05 t of 44 t are 1.1 per mille. */
    assert_true(json_is_false(json_object_get(train, "Differs")));
    assert_int_equal(ask_raw(room, &room->clerk, "consignment.weigh_list_xml", ONE), TQ_OK);
    (void)well_formed((tq_str){room->answer.at, room->answer.len});
}

/* ---- who ---------------------------------------------------------------------------------------
 */

static void who_sees_and_does_what(void **state)
{
    desk_room *room = *state;
    tq_actor peer = room->peer, other = room->peer;
    (void)snprintf(peer.peer, sizeof peer.peer, "railway");
    (void)snprintf(other.peer, sizeof other.peer, "somebody");
    coal(room, "");
    must(room, "consignment.change", ONE, "{\"legs\":[{\"number\":2,\"peer\":\"railway\"}]}");
    assert_int_equal(room_ask(room, &peer, "consignment.get", ONE, ""), TQ_OK);
    assert_string_equal(desk_get_text(json_object_get(room->json, "shipper"), "phone"), "***5678");
    assert_int_equal(room_ask(room, &other, "consignment.get", ONE, ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->rider, "consignment.get", ONE, ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->nobody, "consignment.get", ONE, ""), TQ_DENIED);
    assert_int_equal(room_ask(room, &other, "consignment.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "consignments")), 0);
    room->now_ms += 30 * HOUR_MS;
    assert_int_equal(
        say_with(room, &other, "consignment.event", ONE, "{\"event\":\"departed\"}", ""),
        TQ_NOT_FOUND);
    assert_int_equal(
        say_with(room, &peer, "consignment.event", ONE, "{\"event\":\"departed\"}", ""), TQ_OK);
    assert_int_equal(say_with(room, &peer, "consignment.replan", ONE, "{\"reason\":\"x\"}", ""),
                     TQ_DENIED);
    assert_int_equal(say(room, "consignment.cancel", ONE, "{\"reason\":\"x\"}"), TQ_STALE);
    /* A problem holds it until something moves again. */
    must(room, "consignment.event", ONE, "{\"event\":\"problem\",\"note\":\"爆胎\"}");
    assert_string_equal(room_text(room, "state"), "problem");
    room->now_ms += HOUR_MS;
    must(room, "consignment.event", ONE, "{\"event\":\"arrived\"}");
    assert_string_equal(room_text(room, "state"), "at_terminal");
    /* A shipper of their own. */
    char body[900];
    (void)snprintf(body, sizeof body, "{" PARTIES "," COAL ",\"plan\":0}");
    assert_int_equal(say_with(room, &room->rider, "consignment.create", "", body, ""), TQ_OK);
    assert_string_equal(desk_get_text(json_object_get(room->json, "shipper"), "phone"),
                        "13812345678");
    assert_int_equal(
        say_with(room, &room->rider, "consignment.cancel", TWO, "{\"reason\":\"not needed\"}", ""),
        TQ_OK);
    assert_int_equal(say(room, "consignment.event", TWO, "{\"event\":\"departed\"}"), TQ_STALE);
}

static void it_survives_a_new_start(void **state)
{
    desk_room *room = *state;
    tq_buf before = {0}, after = {0};
    coal(room, "");
    stored(room, ONE, &before);
    desk_room_shut(room);
    desk_room_open(room);
    stored(room, ONE, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);
    coal(room, "");
    assert_string_equal(room_text(room, "id"), TWO);
    tq_buf_free(&before);
    tq_buf_free(&after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lorry_train_and_ship),
        TEST(the_next_hand_over),
        TEST(each_bad_consignment_is_refused),
        TEST(each_bad_event_is_refused),
        TEST(the_same_again_changes_nothing),
        TEST(two_clerks_on_one),
        TEST(a_closure_raises_the_alarm_by_itself),
        TEST(time_alone_misses_a_cutoff),
        TEST(a_promise_is_watched),
        TEST(the_rest_is_planned_from_where_the_goods_are),
        TEST(epcis_comes_in_once),
        TEST(holes_in_epcis_are_named),
        TEST(epcis_goes_out_and_in_again),
        TEST(papers_of_a_consignment),
        TEST(who_sees_and_does_what),
        TEST(it_survives_a_new_start),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
