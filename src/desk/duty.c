/*
 * The duty page: what needs the one who asks, not everything.
 *
 * Lines come from overdue cases, cases whose next move is the asker's, closures past their end
 * (those of a listed case are told by the case's own line), points that are silent or in alarm,
 * tasks that nobody has answered, and peers that have not acknowledged. Each has an owner, a
 * deadline, a clock in minutes and a link to its record. Also the shift log, which only grows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/case_in.h"
#include "desk/duty_in.h"

#define LINES_MAX 500u

typedef struct duty_line {
    json_t *json;
    int64_t due_ms; /* INT64_MAX = none */
    char id[TQ_ID_MAX];
} duty_line;

typedef struct duty_page {
    desk_call *call;
    TQ_VEC(duty_line) line;
    uint32_t more; /* lines that have no room */
} duty_page;

static bool add_line(duty_page *page, const char *kind, const tq_record *record, const json_t *body,
                     const char *why, int64_t due_ms)
{
    desk_call *call = page->call;
    char link[96];
    int64_t now_ms = call->command->now_ms;
    static const char *const titles[] = {"title", "name", "reason", "id"};
    const char *title = "";
    for (uint32_t k = 0; title[0] == '\0' && k < TQ_COUNT(titles); k++)
        title = desk_get_text(body, titles[k]);
    (void)snprintf(link, sizeof link, "/api/v1/%ss/%s", kind, record->id);
    json_t *json =
        json_pack("{ss ss ss ss ss ss ss}", "kind", kind, "id", record->id, "title", title, "state",
                  record->state, "owner", desk_get_text(body, "owner"), "why", why, "link", link);
    if (json == NULL) return true;
    json_object_set_new(json, "age_min", json_integer((now_ms - record->created_ms) / 60000));
    json_object_set_new(json, "overdue", json_boolean(due_ms <= now_ms));
    if (due_ms == INT64_MAX) {
        json_object_set_new(json, "due", json_null());
        json_object_set_new(json, "clock_min", json_null());
    } else {
        desk_put_instant(call, json, "due", due_ms);
        json_object_set_new(json, "clock_min", json_integer(tq_floor_div(due_ms - now_ms, 60000)));
    }
    duty_line line = {.json = json, .due_ms = due_ms};
    (void)snprintf(line.id, sizeof line.id, "%s", record->id);
    if (page->line.count >= LINES_MAX || !tq_vec_push(&page->line, line)) {
        json_decref(json);
        page->more++;
    }
    return true;
}

static bool look_at_case(void *user, const tq_record *record)
{
    duty_page *page = user;
    desk_call *call = page->call;
    json_error_t why;
    int64_t due_ms = INT64_MAX;
    uint32_t mine = 0;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    const desk_machine *machine = machine_of(call->desk, desk_get_text(body, "type"));
    uint32_t state = machine != NULL ? machine_state_of(machine, record->state) : TQ_NONE;
    if (state == TQ_NONE || machine->state[state].final) return true;
    (void)desk_get_instant(call, body, "due", &due_ms);
    for (uint32_t k = 0; k < machine->move_count; k++)
        mine += machine->move[k].from == state && !machine->move[k].emergency &&
                desk_is(call, machine->move[k].who);
    bool overdue = due_ms <= call->command->now_ms;
    bool watch = desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN);
    if (mine == 0 && !(overdue && watch)) return true;
    return add_line(page, "case", record, body, overdue ? "overdue" : "your_move", due_ms);
}

static bool has_line(const duty_page *page, const char *id)
{
    for (size_t k = 0; k < page->line.count; k++)
        if (strcmp(page->line.at[k].id, id) == 0) return true;
    return false;
}

static bool look_at_closure(void *user, const tq_record *record)
{
    duty_page *page = user;
    json_error_t why;
    int64_t to_ms = INT64_MAX;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    if (!desk_get_instant(page->call, body, "to", &to_ms) || to_ms > page->call->command->now_ms)
        return true;
    if (has_line(page, desk_get_text(body, "case"))) return true;
    return add_line(page, "closure", record, body, "past_its_end", to_ms);
}

static bool look_at_point(void *user, const tq_record *record)
{
    duty_page *page = user;
    json_error_t why;
    int64_t due_ms = INT64_MAX;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    bool overdue = json_is_true(json_object_get(body, "overdue"));
    bool alarm = strcmp(record->state, "alarm") == 0;
    if (!overdue && !alarm) return true;
    (void)desk_get_instant(page->call, body, "due", &due_ms);
    return add_line(page, "point", record, body, alarm ? "alarm" : "silent", due_ms);
}

static bool look_at_task(void *user, const tq_record *record)
{
    duty_page *page = user;
    json_error_t why;
    int64_t due_ms = INT64_MAX;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    (void)desk_get_instant(page->call, body, "due", &due_ms);
    return add_line(page, "task", record, body, "unanswered", due_ms);
}

static bool look_at_peer(void *user, const tq_record *record)
{
    desk_ids *ids = user;
    return strcmp(record->state, "accepted") != 0 || desk_ids_push(ids, record->id);
}

static tq_status look_at_peers(duty_page *page)
{
    desk_call *call = page->call;
    desk_ids ids = {0};
    tq_store_filter filter = {.kind = "peer"};
    tq_status status = tq_store_each(call->desk->store, &filter, look_at_peer, &ids, call->err);
    for (size_t k = 0; status == TQ_OK && k < ids.count; k++) {
        tq_link_state link = {0};
        const char *id = ids.at[k].text;
        json_auto_t *body = NULL;
        status = tq_store_link_state(call->desk->store, id, &link, call->err);
        if (status != TQ_OK || link.sent <= link.receipt) continue;
        status = desk_load(call, "peer", id, &body, NULL, NULL);
        if (status != TQ_OK) break;
        json_object_set_new(body, "owner", json_string("exchange"));
        const tq_record record = {
            .kind = "peer", .id = id, .state = "accepted", .created_ms = call->command->now_ms};
        (void)add_line(page, "peer", &record, body, "not_acknowledged", INT64_MAX);
        json_object_set_new(page->line.at[page->line.count - 1].json, "waiting",
                            json_integer((json_int_t)(link.sent - link.receipt)));
    }
    tq_vec_free(&ids);
    return status;
}

static int by_due(const void *a, const void *b)
{
    const duty_line *left = a, *right = b;
    if (left->due_ms != right->due_ms) return left->due_ms < right->due_ms ? -1 : 1;
    return strcmp(left->id, right->id);
}

static tq_status list(desk_call *call)
{
    duty_page page = {.call = call};
    tq_store *store = call->desk->store;
    static const struct {
        const char *kind, *state;
        bool (*look)(void *user, const tq_record *record);
    } parts[] = {{"case", "!ended", look_at_case},
                 {"closure", "published", look_at_closure},
                 {"point", NULL, look_at_point},
                 {"task", "offered", look_at_task}};
    tq_status status = TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < TQ_COUNT(parts); k++) {
        tq_store_filter filter = {.kind = parts[k].kind, .state = parts[k].state};
        status = tq_store_each(store, &filter, parts[k].look, &page, call->err);
    }
    if (status == TQ_OK && page.line.count < LINES_MAX) status = look_at_peers(&page);
    if (page.line.count > 1) qsort(page.line.at, page.line.count, sizeof *page.line.at, by_due);
    json_auto_t *lines = json_array();
    for (size_t k = 0; k < page.line.count; k++)
        json_array_append_new(lines, page.line.at[k].json);
    tq_vec_free(&page.line);
    TQ_TRY(status);
    json_t *answer = json_pack("{sO sI}", "lines", lines, "more", (json_int_t)page.more);
    desk_put_instant(call, answer, "at", call->command->now_ms);
    return desk_answer(call, answer);
}

/* ---- shift log
 * ----------------------------------------------------------------------------------- */

static tq_status shift_add(desk_call *call)
{
    static const char *const members[] = {"text", "hand_over_to", "about", NULL};
    const char *text, *to, *about;
    char id[TQ_ID_MAX];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "text", true, &text));
    TQ_TRY(desk_text(call, "hand_over_to", false, &to));
    TQ_TRY(desk_text(call, "about", false, &about));
    json_auto_t *line = json_pack("{ss ss ss ss}", "text", text, "hand_over_to", to, "about", about,
                                  "by", call->command->actor->name);
    TQ_TRY(desk_new_id(call, "LOG", id));
    TQ_TRY(desk_save(call, "shift", id, to[0] != '\0' ? "handed_over" : "noted", line, 0));
    TQ_TRY(desk_event(call, "shift", id, to[0] != '\0' ? "handed_over" : "noted", false,
                      TQ_ROLE_STAFF, NULL));
    *call->status = 201;
    return desk_dump(line, call->answer, call->err);
}

static json_t *show_shift(desk_call *call, const tq_record *record)
{
    json_error_t why;
    (void)call;
    return json_loadb(record->body.at, record->body.len, 0, &why);
}

typedef struct log_page {
    json_t *list;
    uint32_t limit;
} log_page;

static bool list_shift(void *user, const tq_record *record)
{
    log_page *page = user;
    json_array_append_new(page->list, show_shift(NULL, record));
    return json_array_size(page->list) < page->limit;
}

static tq_status shift_list(desk_call *call)
{
    char number[16];
    log_page page = {.limit = DESK_LIST_DEFAULT};
    if (desk_query(call, "limit", number, sizeof number) &&
        (!tq_parse_u32(tq_str_of(number), &page.limit) || page.limit == 0 ||
         page.limit > DESK_LIST_MAX))
        return desk_bad(call, "limit is \"%s\": a whole number from 1 to %u is allowed", number,
                        DESK_LIST_MAX);
    json_auto_t *lines = page.list = json_array();
    tq_store_filter filter = {.kind = "shift", .newest_first = true};
    TQ_TRY(tq_store_each(call->desk->store, &filter, list_shift, &page, call->err));
    return desk_answer(call, json_pack("{sO}", "lines", lines));
}

const desk_verb desk_duty_verbs[] = {
    {"duty.page", TQ_ROLE_STAFF, TQ_VERB_ASK, list},
    {"shift.list", TQ_ROLE_STAFF, TQ_VERB_ASK, shift_list},
    {"shift.note", TQ_ROLE_STAFF & ~TQ_ROLE_AUDITOR, TQ_VERB_DO, shift_add},
    {"duty.bulletin", TQ_ROLE_STAFF, TQ_VERB_ASK, duty_bulletin},
    {.name = NULL},
};
