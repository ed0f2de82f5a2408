/*
 * Custom and community bus: the verbs of lines, requests and bookings, and their clock.
 *
 * A line is a draft first. Its rule (lines/ *.yaml) says how it goes on: it collects bookings,
 * opens, runs, stops. Its course (stops, trips, days, rule) may change only while it is a draft, so
 * that nobody's booking changes under him; afterwards its name, prices, company, phone, note and
 * feeder may, and its seats may only grow.
 */
#include <stdio.h>

#include "desk/lines_in.h"

static const char *const LINE_MEMBERS[] = {
    "name",        "name_en", "kind",  "rule",   "company", "vehicle",  "seats", "stops",
    "wheelchairs", "trips",   "days",  "season", "window",  "zone",     "price", "vehicles",
    "requests",    "feeder",  "phone", "url",    "note",    "measures", NULL};

/* What may change while people book. */
static const char *const SOFT_MEMBERS[] = {"name",  "name_en", "company", "vehicle",
                                           "seats", "price",   "feeder",  "phone",
                                           "url",   "note",    "season",  NULL};

static bool is_word(const char *word, const char *const *list)
{
    while (*list != NULL && strcmp(*list, word) != 0)
        list++;
    return *list != NULL;
}

static tq_status check_texts(desk_call *call)
{
    static const char *const texts[] = {"name_en", "company", "vehicle", "phone", "url", "note"};
    const char *text = NULL;
    TQ_TRY(desk_text(call, "name", true, &text));
    if (strlen(text) >= LINES_NAME_MAX)
        return desk_bad(call, "\"name\" has at most %u bytes", LINES_NAME_MAX - 1);
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++)
        TQ_TRY(desk_text(call, texts[k], false, &text));
    return TQ_OK;
}

static tq_status line_create(desk_call *call)
{
    line_plan *plan = NULL;
    char id[TQ_ID_MAX];
    TQ_TRY(desk_only(call, LINE_MEMBERS));
    TQ_TRY(check_texts(call));
    json_auto_t *record = json_deep_copy(call->body);
    json_object_del(record, "version");
    if (json_object_get(record, "rule") == NULL)
        json_object_set_new(record, "rule", json_string("monthly"));
    if (json_object_get(record, "kind") == NULL)
        json_object_set_new(record, "kind", json_string("timetable"));
    TQ_TRY(lines_plan_read(call->desk, record, &plan, call->err));
    json_object_set_new(record, "days", lines_days_json(plan->days));
    lines_plan_free(plan);
    TQ_TRY(desk_new_id(call, "LI", id));
    TQ_TRY(desk_save(call, "line", id, "draft", record, 0));
    TQ_TRY(desk_event(call, "line", id, "created", false, TQ_ROLE_STAFF, NULL));
    *call->status = 201;
    return desk_answer(call, json_incref(record));
}

/* The record as the body would make it. */
static tq_status changed_record(desk_call *call, const line_plan *plan, json_t **out)
{
    const char *member;
    json_t *value;
    bool draft = strcmp(plan->state, "draft") == 0;
    json_auto_t *record = json_deep_copy(plan->record);
    json_object_foreach(call->body, member, value)
    {
        if (strcmp(member, "version") == 0) continue;
        if (!draft && !is_word(member, SOFT_MEMBERS))
            return tq_fail(call->err, TQ_STALE, 0,
                           "%s is %s: \"%s\" may change only while it is a draft", plan->id,
                           plan->state, member);
        if (json_is_null(value))
            json_object_del(record, member);
        else
            json_object_set(record, member, value);
    }
    *out = json_incref(record);
    return TQ_OK;
}

static tq_status change(desk_call *call, const line_plan *plan)
{
    line_plan *next = NULL;
    json_auto_t *record = NULL;
    TQ_TRY(desk_expect(call, "line", plan->id, plan->version));
    TQ_TRY(changed_record(call, plan, &record));
    TQ_TRY(lines_plan_read(call->desk, record, &next, call->err));
    bool draft = strcmp(plan->state, "draft") == 0;
    bool shrinks =
        next->seats < plan->seats || next->from_day > plan->from_day || next->to_day < plan->to_day;
    json_object_set_new(record, "days", lines_days_json(next->days));
    lines_plan_free(next);
    if (!draft && shrinks)
        return tq_fail(call->err, TQ_STALE, 0,
                       "%s is %s: its seats and its season may only grow; stop it to shrink them",
                       plan->id, plan->state);
    TQ_TRY(desk_save(call, "line", plan->id, plan->state, record, plan->version));
    TQ_TRY(desk_event(call, "line", plan->id, "changed", false, TQ_ROLE_ANY, NULL));
    /* More seats: those who wait move up. */
    line_plan *now = NULL;
    TQ_TRY(lines_plan_read(call->desk, record, &now, call->err));
    int32_t second = 0;
    int32_t month =
        lines_month_of(tq_local_day(&call->desk->city->zone, call->command->now_ms, &second));
    tq_status status = TQ_OK;
    for (int32_t m = month; status == TQ_OK && m <= month + 3 && !draft; m++)
        status = bookings_move_up(call, now, m, NULL);
    lines_plan_free(now);
    return status == TQ_OK ? desk_answer(call, json_incref(record)) : status;
}

static tq_status line_change(desk_call *call)
{
    line_plan *plan = NULL;
    const char *text = NULL;
    TQ_TRY(desk_only(call, LINE_MEMBERS));
    if (json_object_get(call->body, "name") != NULL) TQ_TRY(check_texts(call));
    TQ_TRY(desk_text(call, "note", false, &text));
    TQ_TRY(lines_plan_load(call, call->command->id, &plan));
    tq_status status = change(call, plan);
    lines_plan_free(plan);
    return status;
}

/* ---- showing -----------------------------------------------------------------------------------
 */

static bool sees_all(const desk_call *call)
{
    return desk_is(call, TQ_ROLE_PLANNER | TQ_ROLE_DISPATCHER | TQ_ROLE_CLERK | TQ_ROLE_AUDITOR |
                             TQ_ROLE_ADMIN);
}

/* What the public need not see goes. */
static json_t *shown_line(const desk_call *call, json_t *record)
{
    if (sees_all(call)) return record;
    bool hidden = strcmp(desk_get_text(record, "state"), "draft") == 0;
    if (hidden) {
        json_decref(record);
        return NULL;
    }
    json_object_del(record, "history");
    json_object_del(record, "requests");
    json_object_del(record, "measures");
    return record;
}

static json_t *show_line(desk_call *call, const tq_record *record)
{
    json_t *shown = NULL;
    if (desk_parse(record->body, DESK_BODY_MAX, "a line", &shown, call->err) != TQ_OK) return NULL;
    return shown_line(call, shown);
}

static tq_status line_list(desk_call *call)
{
    return desk_answer_list(call, "line", "lines", show_line);
}

static tq_status line_get(desk_call *call)
{
    json_t *record = NULL;
    TQ_TRY(desk_load(call, "line", call->command->id, &record, NULL, NULL));
    const line_rule *rule = lines_rule(call->desk, desk_get_text(record, "rule"));
    record = shown_line(call, record);
    if (record == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no line \"%.48s\"", call->command->id);
    if (rule != NULL) json_object_set_new(record, "rules", lines_rule_json(rule));
    return desk_answer(call, record);
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

static bool list_standing(void *user, const tq_record *record)
{
    if (strcmp(record->state, "draft") == 0) return true;
    return desk_ids_push(user, record->id);
}

static tq_status tick_line(desk_call *call, const char *id, bool *changed)
{
    line_plan *plan = NULL;
    TQ_TRY(lines_plan_load(call, id, &plan));
    tq_status status = bookings_tick(call, plan, changed);
    if (status == TQ_OK) status = lines_decide_tick(call, plan, changed);
    if (status == TQ_OK) status = lines_runs_tick(call, plan, changed);
    lines_plan_free(plan);
    return status;
}

/* Once a minute: booking closes, months end and connections break on whole minutes. */
tq_status desk_lines_tick(desk_call *call, bool *changed)
{
    desk_ids ids = {0};
    tq_store_filter filter = {.kind = "line", .state = "!stopped", .limit = LINES_MAX};
    if (call->command->now_ms < call->desk->lines_next_ms) return TQ_OK;
    tq_status status = tq_store_each(call->desk->store, &filter, list_standing, &ids, call->err);
    for (size_t k = 0; status == TQ_OK && k < ids.count; k++) {
        status = tick_line(call, ids.at[k].text, changed);
        /* A line whose rule or metro stop went with a new city must not stop the others. */
        if (status == TQ_BAD_INPUT) {
            tq_log(TQ_LOG_WARN, "the clock passes over line %s: %s", ids.at[k].text,
                   call->err->text);
            status = TQ_OK;
        }
    }
    tq_vec_free(&ids);
    if (status == TQ_OK)
        call->desk->lines_next_ms = tq_floor_div(call->command->now_ms, 60000) * 60000 + 60000;
    return status;
}

#define PLANS (TQ_ROLE_PLANNER | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define BOOKS (TQ_ROLE_CLERK | TQ_ROLE_RIDER | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define ASKS  (BOOKS | TQ_ROLE_PLANNER)

const desk_verb desk_line_verbs[] = {
    {"request.list", ASKS, TQ_VERB_ASK, request_list},
    {"request.create", ASKS, TQ_VERB_DO, request_create},
    {"request.cancel", ASKS, TQ_VERB_DO, request_cancel},
    {"line.list", TQ_ROLE_ANY, TQ_VERB_ASK, line_list},
    {"line.get", TQ_ROLE_ANY, TQ_VERB_ASK, line_get},
    {"line.runs", TQ_ROLE_ANY, TQ_VERB_ASK, lines_runs},
    {"line.flex", TQ_ROLE_ANY, TQ_VERB_ASK, lines_flex},
    {"line.propose", PLANS, TQ_VERB_ASK, lines_propose},
    {"line.gain", PLANS, TQ_VERB_ASK, lines_gain},
    {"line.create", PLANS, TQ_VERB_DO, line_create},
    {"line.change", PLANS, TQ_VERB_DO, line_change},
    {"line.open", PLANS, TQ_VERB_DO, lines_open},
    {"line.decide", PLANS, TQ_VERB_DO, lines_decide},
    {"line.stop", PLANS, TQ_VERB_DO, lines_stop},
    {"booking.list", BOOKS, TQ_VERB_ASK, booking_list},
    {"booking.offer", BOOKS, TQ_VERB_ASK, booking_offer},
    {"booking.create", BOOKS, TQ_VERB_DO, booking_create},
    {"booking.pay", TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, TQ_VERB_DO, booking_pay},
    {"booking.cancel", BOOKS, TQ_VERB_DO, booking_cancel},
    {.name = NULL},
};
