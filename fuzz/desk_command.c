/*
 * Commands and questions from outside: the first line is «verb id», the second the query, the rest
 * the body; also the reader of state machines. Whatever comes, the desk answers or refuses, the
 * store stays whole: a refused command leaves its audit row and nothing else.
 *
 * The city holds no streets: what stretches mean is fuzzed with `live`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "desk/machine_in.h"
#include "small_city.h"

static small_city town;
static tq_desk *desk;
static char path[] = "/tmp/tongqu-desk-fuzz-XXXXXX";

static void remove_store(void)
{
    char side[64];
    tq_desk_close(desk);
    (void)unlink(path);
    (void)snprintf(side, sizeof side, "%s-wal", path);
    (void)unlink(side);
    (void)snprintf(side, sizeof side, "%s-shm", path);
    (void)unlink(side);
}

static void open_desk(void)
{
    tq_err err;
    small_begin(&town);
    town.city.zone.from_s = town.zone_from_s;
    town.city.zone.offset_s = town.zone_offset_s;
    town.city.meta = &town.meta;
    town.city.text = "";
    town.city.text_len = 1;
    int file = mkstemp(path);
    TQ_ASSERT(file >= 0);
    (void)close(file);
    (void)unlink(path);
    tq_desk_options options = {.size = sizeof options,
                               .city = &town.city,
                               .store_path = path,
                               .store = {.size = sizeof options.store, .normal_sync = true}};
    TQ_ASSERT(tq_desk_open(&options, &desk, &err) == TQ_OK);
    (void)atexit(remove_store);
}

static tq_str cut_line(tq_str *rest)
{
    const char *end = memchr(rest->at, '\n', rest->len);
    tq_str line = *rest;
    if (end != NULL) line.len = (size_t)(end - rest->at);
    size_t skip = TQ_MIN(line.len + 1, rest->len);
    rest->at += skip;
    rest->len -= skip;
    return line;
}

static void copy(tq_str from, char *out, size_t cap)
{
    size_t len = TQ_MIN(from.len, cap - 1);
    memcpy(out, from.at, len);
    out[len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static desk_machine machine;
    static const tq_actor actor = {.name = "fuzz", .roles = TQ_ROLE_ANY};
    char verb[64], id[64];
    tq_buf answer = {0};
    tq_err err;
    uint32_t http = 0;
    if (desk == NULL) open_desk();
    tq_str rest = {(const char *)bytes, len};
    if (machine_read("fuzz.yaml", rest, &machine, &err) == TQ_OK) {
        json_t *shown = machine_json(&machine);
        TQ_ASSERT(shown != NULL);
        json_decref(shown);
    }
    tq_str head = cut_line(&rest), query = cut_line(&rest), name = head;
    const char *blank = memchr(head.at, ' ', head.len);
    if (blank != NULL) name.len = (size_t)(blank - head.at);
    copy(name, verb, sizeof verb);
    copy((tq_str){head.at + TQ_MIN(name.len + 1, head.len),
                  head.len - TQ_MIN(name.len + 1, head.len)},
         id, sizeof id);
    /* Passwords are slow on purpose. */
    if (strncmp(verb, "auth.", 5) == 0 && strcmp(verb, "auth.keys") != 0) return 0;
    const tq_desk_world world = {.city = &town.city};
    tq_command command = {.verb = verb,
                          .id = id,
                          .body = rest,
                          .query = query,
                          .key = "",
                          .actor = &actor,
                          .now_ms = INT64_C(1748908800000),
                          .english = true};
    if (tq_desk_verb(verb) != TQ_VERB_DO) {
        (void)tq_desk_ask(desk, &command, &world, &answer, &err);
    } else {
        TQ_ASSERT(tq_desk_begin(desk, &err) == TQ_OK);
        uint64_t events = tq_store_last_event(tq_desk_store(desk));
        tq_status status = tq_desk_do(desk, &command, &world, &http, &answer, &err);
        if (status != TQ_OK) TQ_ASSERT(tq_store_last_event(tq_desk_store(desk)) == events);
        tq_desk_rollback(desk);
    }
    if (answer.len > 0) {
        json_error_t why;
        json_t *value = json_loadb(answer.at, answer.len, 0, &why);
        TQ_ASSERT(value != NULL);
        json_decref(value);
    }
    tq_buf_free(&answer);
    return 0;
}
