/*
 * Help for tests of desk: the shipped city, a store in a folder of its own, actors, and commands
 * that are said, answered and checked in one line.
 */
#ifndef TQ_TEST_DESK_ROOM_H
#define TQ_TEST_DESK_ROOM_H

/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include <jansson.h>

#include "import/import.h"

#include "desk/desk.h"

#define DAY_MS  INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define MIN_MS  INT64_C(60000)
/* 2025-06-03T08:00+08:00 */
#define START_MS INT64_C(1748908800000)

typedef struct desk_room {
    char folder[64], store[96], cases[96];
    tq_city *city;
    tq_desk *desk;
    tq_live *live;
    int64_t now_ms;
    uint64_t version;
    bool network;
    /* of the last command */
    tq_buf answer;
    tq_err err;
    uint32_t status;
    json_t *json;
    tq_actor nobody, rider, clerk, dispatcher, second, road_unit, police, planner, auditor, admin,
        peer;
} desk_room;

static inline tq_city *desk_room_city(void)
{
    char path[] = "/tmp/tongqu-desk-city-XXXXXX";
    tq_settings settings;
    tq_err err;
    tq_city *city = NULL;
    tq_report *report = tq_report_new();
    int file = mkstemp(path);
    assert_true(file >= 0);
    (void)close(file);
    if (tq_settings_read("cities/taiyuan", &settings, &err) != TQ_OK ||
        tq_import(&settings, path, report, NULL, NULL, &err) != TQ_OK ||
        tq_city_open(path, &city, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_report_free(report);
    (void)unlink(path);
    return city;
}

static inline tq_actor desk_room_actor(const char *name, uint32_t roles)
{
    tq_actor actor = {.roles = TQ_ROLE_PUBLIC | roles};
    (void)snprintf(actor.name, sizeof actor.name, "%s", name);
    return actor;
}

static inline void desk_room_open(desk_room *room)
{
    tq_desk_options options = {.size = sizeof options,
                               .city = room->city,
                               .store_path = room->store,
                               .folder = room->folder,
                               .store = {.size = sizeof options.store, .normal_sync = true}};
    if (tq_desk_open(&options, &room->desk, &room->err) != TQ_OK ||
        tq_live_open(room->city, &room->live, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
}

static inline void desk_room_begin(desk_room *room, tq_city *city)
{
    memset(room, 0, sizeof *room);
    room->city = city;
    room->now_ms = START_MS;
    (void)snprintf(room->folder, sizeof room->folder, "/tmp/tongqu-desk-XXXXXX");
    assert_non_null(mkdtemp(room->folder));
    (void)snprintf(room->store, sizeof room->store, "%s/state.db", room->folder);
    (void)snprintf(room->cases, sizeof room->cases, "%s/cases", room->folder);
    room->nobody = desk_room_actor("", 0);
    room->rider = desk_room_actor("rider", TQ_ROLE_RIDER);
    room->clerk = desk_room_actor("clerk", TQ_ROLE_CLERK);
    room->dispatcher = desk_room_actor("zhao", TQ_ROLE_DISPATCHER);
    room->second = desk_room_actor("qian", TQ_ROLE_DISPATCHER);
    room->road_unit = desk_room_actor("sun", TQ_ROLE_ROAD_UNIT);
    room->police = desk_room_actor("li", TQ_ROLE_POLICE);
    room->planner = desk_room_actor("zhou", TQ_ROLE_PLANNER);
    room->auditor = desk_room_actor("wu", TQ_ROLE_AUDITOR);
    room->admin = desk_room_actor("zheng", TQ_ROLE_ADMIN);
    room->peer = desk_room_actor("province", TQ_ROLE_PEER);
    desk_room_open(room);
}

static inline void desk_room_shut(desk_room *room)
{
    tq_live_close(room->live);
    tq_desk_close(room->desk);
    room->live = NULL;
    room->desk = NULL;
}

static inline void desk_room_end(desk_room *room)
{
    char path[160];
    static const char *const rests[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "cases/extra.yaml"};
    if (room->desk != NULL) desk_room_shut(room);
    for (uint32_t k = 0; k < TQ_COUNT(rests); k++) {
        (void)snprintf(path, sizeof path, "%s/%s", room->folder, rests[k]);
        (void)unlink(path);
    }
    (void)rmdir(room->cases);
    (void)rmdir(room->folder);
    json_decref(room->json);
    tq_buf_free(&room->answer);
}

static inline tq_command desk_room_command(const desk_room *room, const tq_actor *actor,
                                           const char *verb, const char *id, const char *body)
{
    return (tq_command){.verb = verb,
                        .id = id,
                        .body = tq_str_of(body),
                        .query = {"", 0},
                        .key = "",
                        .actor = actor,
                        .now_ms = room->now_ms,
                        .english = true};
}

static inline void desk_room_keep(desk_room *room, tq_status status)
{
    json_error_t why;
    json_decref(room->json);
    room->json = NULL;
    /* A NUL behind the answer, so that tests may look into it as text. */
    tq_buf_putc(&room->answer, '\0');
    room->answer.len--;
    if (status == TQ_OK) {
        room->json = json_loadb(room->answer.at, room->answer.len, 0, &why);
        assert_non_null(room->json);
    }
}

static inline void desk_room_follow(desk_room *room)
{
    if (tq_desk_catch_up(room->desk, room->live, room->now_ms, &room->network, &room->version,
                         &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
}

/* Carry out a command in a transaction of its own. */
static inline tq_status desk_room_run(desk_room *room, const tq_command *command)
{
    tq_err err;
    tq_desk_world world = {.city = room->city, .live = room->live};
    room->answer.len = 0;
    tq_err_clear(&room->err);
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    tq_status status =
        tq_desk_do(room->desk, command, &world, &room->status, &room->answer, &room->err);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    desk_room_keep(room, status);
    return status;
}

static inline tq_status room_do(desk_room *room, const tq_actor *actor, const char *verb,
                                const char *id, const char *body)
{
    tq_command command = desk_room_command(room, actor, verb, id, body);
    return desk_room_run(room, &command);
}

static inline tq_status room_ask(desk_room *room, const tq_actor *actor, const char *verb,
                                 const char *id, const char *query)
{
    tq_command command = desk_room_command(room, actor, verb, id, "");
    tq_desk_world world = {.city = room->city};
    command.query = tq_str_of(query);
    room->answer.len = 0;
    tq_err_clear(&room->err);
    tq_status status = tq_desk_ask(room->desk, &command, &world, &room->answer, &room->err);
    desk_room_keep(room, status);
    return status;
}

static inline bool room_tick(desk_room *room)
{
    bool changed = false;
    tq_err err;
    tq_desk_world world = {.city = room->city, .live = room->live};
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    if (tq_desk_tick(room->desk, &world, room->now_ms, &changed, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    return changed;
}

#define room_must(room, actor, verb, id, body)                                                     \
    do {                                                                                           \
        tq_status must_status = room_do((room), (actor), (verb), (id), (body));                    \
        if (must_status != TQ_OK)                                                                  \
            fail_msg("%s %s: %s: %s", (verb), (id), tq_status_name(must_status),                   \
                     (room)->err.text);                                                            \
    } while (0)

/* Refused with this status, and the reason holds this word. */
#define room_refuses(room, actor, verb, id, body, want, word)                                      \
    do {                                                                                           \
        tq_status got_status = room_do((room), (actor), (verb), (id), (body));                     \
        if (got_status != (want) || strstr((room)->err.text, (word)) == NULL)                      \
            fail_msg("%s %s: %s: %s", (verb), (id), tq_status_name(got_status), (room)->err.text); \
    } while (0)

static inline const char *room_text(const desk_room *room, const char *member)
{
    const char *text = json_string_value(json_object_get(room->json, member));
    return text != NULL ? text : "";
}

/* Bytes of the overlay, for comparing. */
static inline void room_overlay(desk_room *room, tq_buf *out)
{
    const tq_overlay *overlay = NULL;
    if (tq_live_overlay(room->live, room->version, &overlay, &room->err) != TQ_OK)
        fail_msg("%s", room->err.text);
    out->len = 0;
    tq_buf_u64(out, overlay->version);
    tq_buf_put(out, overlay->rule, overlay->rule_count * sizeof *overlay->rule);
    tq_buf_put(out, overlay->first_clause,
               (overlay->condition_count + 1) * sizeof *overlay->first_clause);
    tq_buf_put(out, overlay->clause, overlay->clause_count * sizeof *overlay->clause);
    tq_buf_put(out, overlay->run, overlay->run_count * sizeof *overlay->run);
    tq_buf_put(out, overlay->call, overlay->call_count * sizeof *overlay->call);
    tq_buf_put(out, overlay->text, overlay->text_len);
    tq_overlay_drop(overlay);
}

#define CRACK                                                                                      \
    "\"stretch\":{\"street\":\"阳兴大道\"},\"effect\":\"full\",\"reason\":\"crack\","          \
    "\"owner\":\"市政养护一所\",\"from\":\"2025-06-03T08:00\",\"to\":\"2025-06-05T06:00\""

#endif
