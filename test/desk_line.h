/*
 * Help for tests of custom buses: the shipped city with streets and timetable, questions asked with
 * them as they are now, and a line of 20 seats.
 */
#ifndef TQ_TEST_DESK_LINE_H
#define TQ_TEST_DESK_LINE_H

#include "desk_shipped.h"

/* ---- help --------------------------------------------------------------------------------------
 */

static inline tq_desk_world world_now(desk_room *room, const tq_overlay **overlay)
{
    desk_room_follow(room);
    if (tq_live_overlay(room->live, room->version, overlay, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    return (tq_desk_world){city, roads, days, *overlay, room->live, NULL};
}

/* Ask with streets and timetable as they are now. */
static inline tq_status ask(desk_room *room, const tq_actor *actor, const char *verb,
                            const char *id, const char *query, const char *body)
{
    const tq_overlay *overlay = NULL;
    tq_desk_world world = world_now(room, &overlay);
    tq_command command = desk_room_command(room, actor, verb, id, body);
    command.query = tq_str_of(query);
    room->answer.len = 0;
    tq_err_clear(&room->err);
    tq_status status = tq_desk_ask(room->desk, &command, &world, &room->answer, &room->err);
    if (strcmp(verb, "line.flex") != 0) desk_room_keep(room, status);
    tq_overlay_drop(overlay);
    return status;
}

static inline void must_ask(desk_room *room, const char *verb, const char *id, const char *query,
                            const char *body)
{
    if (ask(room, &room->planner, verb, id, query, body) != TQ_OK)
        fail_msg("%s: %s", verb, room->err.text);
}

static inline bool tick(desk_room *room)
{
    bool changed = false;
    tq_err err;
    const tq_overlay *overlay = NULL;
    tq_desk_world world = world_now(room, &overlay);
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    if (tq_desk_tick(room->desk, &world, room->now_ms, &changed, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    tq_overlay_drop(overlay);
    return changed;
}

static inline const json_t *at_path(const json_t *from, const char *path)
{
    char word[64];
    while (from != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        (void)snprintf(word, sizeof word, "%.*s", (int)len, path);
        from = json_is_array(from) ? json_array_get(from, (size_t)atol(word))
                                   : json_object_get(from, word);
        path += len + (path[len] == '.');
    }
    return from;
}

static inline long whole(const desk_room *room, const char *path)
{
    const json_t *value = at_path(room->json, path);
    if (!json_is_integer(value)) fail_msg("%s is no whole number: %s", path, room->answer.at);
    return (long)json_integer_value(value);
}

static inline const char *word(const desk_room *room, const char *path)
{
    const char *text = json_string_value(at_path(room->json, path));
    return text != NULL ? text : "";
}

static inline int64_t instant(const char *text)
{
    int64_t at_ms = 0;
    tq_err err;
    if (tq_time_parse(&city->zone, tq_str_of(text), &at_ms, &err) != TQ_OK) fail_msg("%s", text);
    return at_ms;
}

#define LINE "LI-2025-0001"
/* A line of 20 seats along 人民南路 and 化章西街; the 3rd of June 2025 is a Tuesday. */
#define STOPS                                                                                      \
    "\"stops\":[{\"id\":\"A\",\"name\":\"通达街\",\"lat\":37.7277,\"lon\":112.5621},"           \
    "{\"id\":\"B\",\"name\":\"化章西街\",\"lat\":37.7175,\"lon\":112.5612},"                   \
    "{\"id\":\"C\",\"name\":\"西桥\",\"lat\":37.7079,\"lon\":112.5570}]"
#define COURSE                                                                                     \
    STOPS ",\"trips\":[{\"id\":\"T1\",\"times\":[\"07:10\",\"07:20\",\"07:30\"]}],"                \
          "\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]"
#define BODY(rule, seats, more)                                                                    \
    "{\"name\":\"小店定制1号\",\"rule\":\"" rule "\",\"seats\":" seats ",\"price\":{"              \
    "\"single_fen\":500,\"month_fen\":15000}," COURSE more "}"

static inline void make_line(desk_room *room, const char *body)
{
    room_must(room, &room->planner, "line.create", "", body);
    assert_string_equal(room_text(room, "id"), LINE);
    assert_string_equal(room_text(room, "state"), "draft");
    room_must(room, &room->planner, "line.open", LINE, "");
    assert_string_equal(room_text(room, "state"), "collecting");
}

static inline tq_status book(desk_room *room, const char *ticket, const char *from, const char *to,
                             uint32_t party, const char *more)
{
    char body[400];
    (void)snprintf(body, sizeof body,
                   "{\"line\":\"" LINE "\",%s,\"trip\":\"T1\",\"from_stop\":\"%s\",\"to_stop\":\"%s"
                   "\",\"party\":%u%s}",
                   ticket, from, to, party, more);
    return room_do(room, &room->clerk, "booking.create", "", body);
}

static inline void must_book(desk_room *room, const char *ticket, const char *from, const char *to,
                             uint32_t party, const char *more, const char *state)
{
    if (book(room, ticket, from, to, party, more) != TQ_OK) fail_msg("%s", room->err.text);
    assert_string_equal(room_text(room, "state"), state);
}

#define TODAY "\"day\":\"2025-06-04\""
#define JULY  "\"ticket\":\"month\",\"month\":\"2025-07\""

static inline const char *state_of(desk_room *room, const char *kind, const char *id)
{
    static char text[32];
    tq_buf body = {0};
    tq_record record;
    if (tq_store_get(tq_desk_store(room->desk), kind, id, &body, &record, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    (void)snprintf(text, sizeof text, "%s", record.state);
    tq_buf_free(&body);
    return text;
}

#endif
