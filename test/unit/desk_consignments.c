/*
 * Consignments on the shipped freight tables: from a plan to the delivery, what is refused, alarms,
 * planning anew.
 */
// also: import
#include "desk_goods.h"

static tq_freight_override closed;

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
        {"{" PARTIES "," COAL ",\"promised\":\"2025-06-03T07:00\"}", "before the goods are ready",
         TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"plan\":1.5}", "\"plan\" is a whole number", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"plan\":-1}", "from 0 to 1000000", TQ_BAD_INPUT},
        {"{" PARTIES "," COAL ",\"boxes40\":1.5}", "whole number", TQ_BAD_INPUT},
        {"{" PARTIES
         ",\"commodity\":\"coke\",\"tonnes\":5,\"from\":\"GJM\",\"to\":\"GZXP\",\"depart\":"
         "\"2020-06-03T08:00\"}",
         "at most 30 days ago", TQ_BAD_INPUT},
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
        TEST(it_survives_a_new_start),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
