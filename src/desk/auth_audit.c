/*
 * Looking back: the audit chain, and the list of events that a console resumes from.
 */
#include <stdio.h>

#include "desk/auth_in.h"

typedef struct page {
    desk_call *call;
    json_t *list;
    uint64_t last;
    char verb[48], actor[64];
} page;

static tq_status page_of(desk_call *call, uint64_t *after, uint32_t *limit)
{
    char text[24];
    int64_t number = 0;
    *after = 0;
    *limit = DESK_LIST_DEFAULT;
    if (desk_query(call, "after", text, sizeof text)) {
        if (!tq_parse_i64(tq_str_of(text), &number) || number < 0)
            return desk_bad(call, "after is \"%s\": the number of the last one you have", text);
        *after = (uint64_t)number;
    }
    if (desk_query(call, "limit", text, sizeof text) &&
        (!tq_parse_u32(tq_str_of(text), limit) || *limit == 0 || *limit > DESK_LIST_MAX))
        return desk_bad(call, "limit is \"%s\": a whole number from 1 to %u is allowed", text,
                        DESK_LIST_MAX);
    return TQ_OK;
}

static bool list_audit(void *user, const tq_audit *row, const char *hash)
{
    page *run = user;
    json_error_t why;
    run->last = row->seq;
    if ((run->verb[0] != '\0' && strcmp(run->verb, row->verb) != 0) ||
        (run->actor[0] != '\0' && strcmp(run->actor, row->actor) != 0))
        return true;
    json_t *one = json_pack("{sI ss ss ss ss ss ss ss}", "seq", (json_int_t)row->seq, "actor",
                            row->actor, "role", row->role, "verb", row->verb, "kind", row->kind,
                            "id", row->id, "outcome", row->outcome, "hash", hash);
    if (one == NULL) return false;
    desk_put_instant(run->call, one, "at", row->at_ms);
    json_t *detail = json_loadb(row->detail.at, row->detail.len, 0, &why);
    if (detail != NULL) json_object_set_new(one, "detail", detail);
    json_array_append_new(run->list, one);
    return true;
}

tq_status auth_audit_list(desk_call *call)
{
    uint64_t after;
    uint32_t limit;
    page run = {.call = call};
    TQ_TRY(page_of(call, &after, &limit));
    (void)desk_query(call, "verb", run.verb, sizeof run.verb);
    (void)desk_query(call, "actor", run.actor, sizeof run.actor);
    json_auto_t *list = run.list = json_array();
    TQ_TRY(tq_store_audits(call->desk->store, after, limit, list_audit, &run, call->err));
    return desk_answer(call, json_pack("{sO sI}", "rows", list, "last", (json_int_t)run.last));
}

tq_status auth_audit_verify(desk_call *call)
{
    uint64_t rows = 0, broken = 0;
    char head[65] = "";
    TQ_TRY(tq_store_audit_verify(call->desk->store, &rows, &broken, head, call->err));
    return desk_answer(call,
                       json_pack("{sI sI ss sb}", "rows", (json_int_t)rows, "broken",
                                 (json_int_t)broken, "head", head, "whole", (int)(broken == 0)));
}

static bool list_event(void *user, const tq_event *event)
{
    page *run = user;
    json_error_t why;
    run->last = event->seq;
    if ((event->readers & run->call->command->actor->roles) == 0) return true;
    json_t *one = json_loadb(event->body.at, event->body.len, 0, &why);
    if (one == NULL) one = json_object();
    json_object_set_new(one, "seq", json_integer((json_int_t)event->seq));
    json_object_set_new(one, "topic", json_string(event->topic));
    json_object_set_new(one, "id", json_string(event->id));
    json_object_set_new(one, "verb", json_string(event->verb));
    json_object_set_new(one, "network", json_boolean(event->network));
    desk_put_instant(run->call, one, "at", event->at_ms);
    json_array_append_new(run->list, one);
    return true;
}

tq_status auth_event_list(desk_call *call)
{
    uint64_t after;
    uint32_t limit;
    page run = {.call = call};
    TQ_TRY(page_of(call, &after, &limit));
    run.last = after;
    json_auto_t *list = run.list = json_array();
    TQ_TRY(tq_store_events(call->desk->store, after, limit, list_event, &run, call->err));
    return desk_answer(call, json_pack("{sO sI}", "events", list, "last", (json_int_t)run.last));
}
