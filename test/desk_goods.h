/*
 * Help for tests of consignments: freight on the shipped tables as the server gives it to the desk,
 * commands said and checked in one line, and a consignment of coal.
 */
#ifndef TQ_TEST_DESK_GOODS_H
#define TQ_TEST_DESK_GOODS_H

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
static tq_freight_live live;
static bool is_live;
static char road_rail_sea[8]; /* number of a plan with these modes */

/* ---- freight for the desk ---------------------------------------------------------------------
 */

static inline tq_status live_of(void *user, int64_t at_ms, const tq_freight_live **out, tq_err *err)
{
    (void)user, (void)at_ms, (void)err;
    *out = is_live ? &live : NULL;
    return TQ_OK;
}

static inline tq_status plan_of(void *user, const tq_desk_goods *wish, tq_buf *out, bool *found,
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

static inline tq_desk_freight freight_now(void)
{
    return (tq_desk_freight){.net = net, .live = live_of, .plan = plan_of};
}

static inline json_t *plans(const char *from, const char *to, const char *commodity,
                            const char *depart)
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

static inline int open_all(void **state)
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

static inline int close_all(void **state)
{
    (void)state;
    free(work.base);
    tq_freight_free(net);
    tq_city_close(city);
    return 0;
}

static inline int setup(void **state)
{
    static desk_room room;
    desk_room_begin(&room, city);
    is_live = false;
    *state = &room;
    return 0;
}

static inline int teardown(void **state)
{
    desk_room_end(*state);
    return 0;
}

/* ---- saying ------------------------------------------------------------------------------------
 */

static inline tq_status say_with(desk_room *room, const tq_actor *actor, const char *verb,
                                 const char *id, const char *body, const char *key)
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

static inline tq_status say(desk_room *room, const char *verb, const char *id, const char *body)
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

static inline bool tick(desk_room *room)
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

static inline void get(desk_room *room, const char *id)
{
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.get", id, ""), TQ_OK);
}

static inline json_t *leg(desk_room *room, uint32_t number)
{
    return json_array_get(json_object_get(room->json, "legs"), number - 1);
}

static inline int64_t instant(desk_room *room, const json_t *object, const char *member)
{
    int64_t at_ms = 0;
    tq_err err;
    const char *text = json_string_value(json_object_get(object, member));
    if (text == NULL || tq_time_parse(&room->city->zone, tq_str_of(text), &at_ms, &err) != TQ_OK)
        fail_msg("no instant %s", member);
    return at_ms;
}

/* An event at so many minutes after the planned departure of leg 1. */
static inline tq_status event_at(desk_room *room, const char *id, const char *event,
                                 uint32_t number, int64_t at_ms)
{
    char body[200], at[TQ_TIME_TEXT_MAX];
    tq_time_print(&room->city->zone, at_ms, at);
    (void)snprintf(body, sizeof body, "{\"event\":\"%s\",\"leg\":%u,\"at\":\"%s\"}", event, number,
                   at);
    room->now_ms = TQ_MAX(room->now_ms, at_ms);
    return say(room, "consignment.event", id, body);
}

static inline void coal(desk_room *room, const char *more)
{
    char body[900];
    (void)snprintf(body, sizeof body, "{" PARTIES "," COAL ",\"plan\":%s%s}", road_rail_sea, more);
    must(room, "consignment.create", "", body);
    assert_int_equal(room->status, 201);
}

static inline uint32_t standing(const desk_room *room)
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

static inline bool count_event(void *user, const tq_event *event)
{
    told *all = user;
    all->count += strcmp(event->topic, "consignment") == 0 && strcmp(event->verb, all->verb) == 0;
    return true;
}

static inline uint32_t events_of(desk_room *room, const char *verb)
{
    told all = {.verb = verb};
    tq_err err;
    assert_int_equal(tq_store_events(tq_desk_store(room->desk), 0, 100000, count_event, &all, &err),
                     TQ_OK);
    return all.count;
}

static inline void stored(desk_room *room, const char *id, tq_buf *out)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
