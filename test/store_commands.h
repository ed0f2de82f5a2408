/*
 * Numbered commands against a store, and the check after something broke. Command n writes record
 * n, event n, audit row n, message n to a peer and the remembered answer n, in one transaction, so
 * a store is whole exactly when it holds commands 1..last of each kind and nothing else.
 */
#ifndef TQ_STORE_COMMANDS_H
#define TQ_STORE_COMMANDS_H

#include <stdio.h>

#include "store/store_in.h"

static inline tq_status do_command(tq_store *store, uint64_t number, tq_err *err)
{
    char name[24], body[256];
    uint64_t seq = 0;
    /* Bodies differ in length, so that pages are filled unevenly. */
    int len =
        snprintf(body, sizeof body, "{\"n\":%llu,\"pad\":\"%.*s\"}", (unsigned long long)number,
                 (int)(number * 37 % 150),
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    (void)snprintf(name, sizeof name, "%llu", (unsigned long long)number);
    tq_str text = {body, (size_t)len};
    tq_record record = {
        .kind = "thing", .id = name, .state = "open", .changed_ms = (int64_t)number, .body = text};
    tq_event event = {.at_ms = (int64_t)number,
                      .topic = "thing",
                      .id = name,
                      .verb = "made",
                      .network = number % 2 == 0,
                      .readers = 7,
                      .body = text};
    tq_audit audit = {.at_ms = (int64_t)number,
                      .actor = "tester",
                      .role = "admin",
                      .verb = "thing.make",
                      .kind = "thing",
                      .id = name,
                      .outcome = "done",
                      .detail = text};
    tq_message message = {.peer = "province",
                          .product = "thing",
                          .about = name,
                          .at_ms = (int64_t)number,
                          .body = text};
    TQ_TRY(tq_store_put(store, &record, &seq, err));
    TQ_TRY(tq_store_event(store, &event, &seq, err));
    if (seq != number)
        return tq_fail(err, TQ_INTERNAL, 0, "event %llu of command %llu", (unsigned long long)seq,
                       (unsigned long long)number);
    TQ_TRY(tq_store_audit(store, &audit, err));
    TQ_TRY(tq_store_send(store, &message, &seq, err));
    if (seq != number) return tq_fail(err, TQ_INTERNAL, 0, "message out of order");
    return tq_store_remember(store, "tester", name, number, 201, text, (int64_t)number, err);
}

/* `count` commands in one transaction, each by a mark; some are undone and done again. */
static inline tq_status do_group(tq_store *store, uint64_t first, uint32_t count, tq_random *random,
                                 tq_err *err)
{
    TQ_TRY(tq_store_begin(store, err));
    tq_status status = TQ_OK;
    for (uint32_t k = 0; k < count && status == TQ_OK; k++) {
        if (tq_random_below(random, 6) == 0) {
            status = tq_store_mark(store, err);
            if (status == TQ_OK) (void)do_command(store, first + k, NULL);
            tq_store_undo(store);
        }
        if (status == TQ_OK) status = tq_store_mark(store, err);
        if (status == TQ_OK) status = do_command(store, first + k, err);
        if (status == TQ_OK) status = tq_store_keep(store, err);
    }
    if (status == TQ_OK) return tq_store_commit(store, err);
    tq_store_rollback(store);
    return status;
}

typedef struct prefix_run {
    uint64_t count;
    bool dense;
} prefix_run;

static inline bool see_event(void *user, const tq_event *event)
{
    prefix_run *run = user;
    char name[24];
    (void)snprintf(name, sizeof name, "%llu", (unsigned long long)++run->count);
    run->dense = run->dense && event->seq == run->count && strcmp(event->id, name) == 0;
    return true;
}

static inline bool see_message(void *user, const tq_message *message)
{
    prefix_run *run = user;
    char name[24];
    (void)snprintf(name, sizeof name, "%llu", (unsigned long long)++run->count);
    run->dense = run->dense && message->seq == run->count && strcmp(message->about, name) == 0;
    return true;
}

static inline bool see_record(void *user, const tq_record *record)
{
    prefix_run *run = user;
    run->count++;
    run->dense = run->dense && record->version == 1;
    return true;
}

/* What is wrong with the store, or NULL; *last = commands that it holds. */
static inline const char *check_store(tq_store *store, uint64_t *last, tq_err *err)
{
    prefix_run events = {.dense = true}, messages = {.dense = true}, records = {.dense = true};
    tq_store_filter things = {.kind = "thing"};
    tq_link_state link;
    uint64_t rows = 0, broken = 0;
    char head[65];
    if (tq_store_events(store, 0, 0, see_event, &events, err) != TQ_OK) return "events unreadable";
    if (tq_store_outbox(store, "province", 0, 0, see_message, &messages, err) != TQ_OK)
        return "messages unreadable";
    if (tq_store_each(store, &things, see_record, &records, err) != TQ_OK)
        return "records unreadable";
    if (tq_store_audit_verify(store, &rows, &broken, head, err) != TQ_OK) return "audit unreadable";
    if (tq_store_link_state(store, "province", &link, err) != TQ_OK) return "peer unreadable";
    *last = events.count;
    if (!events.dense) return "the event sequence is not dense";
    if (!messages.dense || messages.count != *last || link.sent != *last)
        return "messages lost or doubled";
    if (!records.dense || records.count != *last) return "records lost or doubled";
    if (broken != 0 || rows != *last) return "the audit chain is broken";
    if (tq_store_last_event(store) != *last) return "the last event is another one";
    for (uint64_t number = 1; number <= *last + 1; number++) {
        char name[24];
        uint32_t answer = 0;
        (void)snprintf(name, sizeof name, "%llu", (unsigned long long)number);
        tq_status status = tq_store_done(store, "tester", name, number, &answer, NULL, err);
        if (status != (number <= *last ? TQ_OK : TQ_NOT_FOUND)) return "a command is forgotten";
    }
    return NULL;
}

static inline uint64_t cases_or(uint64_t usual)
{
    uint32_t cases = 0;
    return tq_parse_u32(tq_str_of(tq_env_var("TQ_CASES")), &cases) && cases != 0 ? cases : usual;
}

#endif
