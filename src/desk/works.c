/*
 * Works as records: draft -> published -> ended | cancelled.
 *
 * A work has sections (stretches, perhaps without a trench) and phases (what is taken of the road,
 * from when to when). Publishing makes a closure of each phase on each section that has a trench;
 * ending or cancelling ends them all. The closures belong to the work: they are published, changed
 * and ended with it, in one transaction, so that the network never shows half a work.
 */
#include <stdio.h>

#include "desk/works_in.h"

#define USERS_MOST 1000000.0

static const char *const WORK_MEMBERS[] = {
    "name",     "owner",  "contractor",   "permits",       "note",
    "sections", "phases", "banned_hours", "users_per_day", NULL};
/* A change of these changes the closures. */
static const char *const ROAD_MEMBERS[] = {"owner", "sections", "phases", NULL};

bool works_is_shown(const desk_call *call, const char *state)
{
    return desk_is(call, TQ_ROLE_STAFF) || strcmp(state, "published") == 0 ||
           strcmp(state, "ended") == 0;
}

/* ---- what may stand in it ----------------------------------------------------------------------
 */

static tq_status check_banned(desk_call *call, const json_t *list)
{
    if (list == NULL || json_is_null(list)) return TQ_OK;
    if (!json_is_array(list) || json_array_size(list) > WORKS_BANNED_MAX)
        return desk_bad(call,
                        "\"banned_hours\" is a list of at most %u, such as "
                        "[{\"from\":\"12:00\",\"to\":\"14:00\"}]",
                        WORKS_BANNED_MAX);
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *row = json_array_get(list, k);
        uint32_t from = 0, to = 0;
        if (!works_minute(json_string_value(json_object_get(row, "from")), &from) ||
            !works_minute(json_string_value(json_object_get(row, "to")), &to) || from == to ||
            json_object_size(row) != 2)
            return desk_bad(call,
                            "banned_hours %zu needs \"from\" and \"to\" as 22:00, not the "
                            "same",
                            k + 1);
    }
    return TQ_OK;
}

static tq_status check_permits(desk_call *call, const json_t *list)
{
    if (list == NULL || json_is_null(list)) return TQ_OK;
    if (!json_is_array(list) || json_array_size(list) > WORKS_PERMITS_MAX)
        return desk_bad(call, "\"permits\" is a list of at most %u texts", WORKS_PERMITS_MAX);
    for (size_t k = 0; k < json_array_size(list); k++) {
        size_t len = json_string_length(json_array_get(list, k));
        if (len == 0 || len > DESK_TEXT_MAX)
            return desk_bad(call, "permit %zu must be a text, such as a number of the police",
                            k + 1);
    }
    return TQ_OK;
}

/* The members of the body that stand alone. */
static tq_status check_body(desk_call *call, bool fresh)
{
    const char *text;
    double users = 0;
    TQ_TRY(desk_only(call, WORK_MEMBERS));
    TQ_TRY(desk_text(call, "name", fresh, &text));
    TQ_TRY(desk_text(call, "owner", fresh, &text));
    TQ_TRY(desk_text(call, "contractor", false, &text));
    TQ_TRY(desk_text(call, "note", false, &text));
    TQ_TRY(desk_number(call, "users_per_day", false, 1, USERS_MOST, &users));
    TQ_TRY(check_permits(call, json_object_get(call->body, "permits")));
    return check_banned(call, json_object_get(call->body, "banned_hours"));
}

static void take_body(desk_call *call, json_t *record)
{
    for (const char *const *one = WORK_MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(call->body, *one);
        if (json_is_null(value))
            json_object_del(record, *one);
        else if (value != NULL)
            json_object_set(record, *one, value);
    }
}

static tq_status check_names(desk_call *call, const json_t *record)
{
    bool name = desk_get_text(record, "name")[0] != '\0';
    if (name && desk_get_text(record, "owner")[0] != '\0') return TQ_OK;
    return desk_bad(call, "\"%s\" must stay: works have a name and an owner",
                    name ? "owner" : "name");
}

/* Read the record, and write into it what follows from its phases. */
static tq_status plan_of(desk_call *call, json_t *record, works_plan **out)
{
    TQ_TRY(works_plan_read(call->desk->city, record, out, call->err));
    works_plan *plan = *out;
    if (plan->to_ms <= call->command->now_ms) {
        works_plan_free(plan);
        return desk_bad(call, "all phases are over already: the last \"to\" must lie ahead");
    }
    desk_put_instant(call, record, "from", plan->from_ms);
    desk_put_instant(call, record, "to", plan->to_ms);
    json_object_set_new(record, "days",
                        json_integer(works_days(plan->city, plan->from_ms, plan->to_ms)));
    return TQ_OK;
}

/* ---- closures ----------------------------------------------------------------------------------
 */

/* A closure of each phase on each section with a trench; a phase that is over makes none. */
static tq_status make_closures(desk_call *call, const works_plan *plan, json_t *record)
{
    const char *work = desk_get_text(record, "id");
    json_auto_t *made = json_array();
    for (uint32_t k = 0; k < plan->part_count; k++) {
        const works_part *part = &plan->part[k];
        const works_phase *phase = &plan->phase[part->phase];
        const works_section *section = &plan->section[part->section];
        char id[TQ_ID_MAX];
        tq_err why = {0};
        if (section->trenchless || phase->to_ms <= call->command->now_ms) continue;
        json_auto_t *closure = works_closure(record, phase, section);
        desk_call quiet = *call;
        quiet.err = &why;
        tq_status status = desk_closure_publish(&quiet, closure, work, id);
        call->network = quiet.network;
        if (status != TQ_OK)
            return tq_fail(call->err, status, 0, "phase \"%s\", section \"%s\": %s", phase->id,
                           section->id, why.text);
        json_array_append_new(
            made, json_pack("{ss ss ss}", "id", id, "phase", phase->id, "section", section->id));
    }
    json_object_set(record, "closures", made);
    return TQ_OK;
}

static tq_status end_closures(desk_call *call, const json_t *record, const char *why)
{
    const json_t *list = json_object_get(record, "closures");
    for (size_t k = 0; k < json_array_size(list); k++)
        TQ_TRY(desk_closure_end(call, desk_get_text(json_array_get(list, k), "id"), why));
    return TQ_OK;
}

static tq_status tell(desk_call *call, const json_t *record, const char *verb)
{
    static const char *const told[] = {"name", "owner", "from", "to", "state"};
    json_t *body = json_object();
    for (uint32_t k = 0; k < TQ_COUNT(told); k++) {
        json_t *value = json_object_get(record, told[k]);
        if (value != NULL) json_object_set(body, told[k], value);
    }
    bool draft = strcmp(desk_get_text(record, "state"), "draft") == 0;
    return desk_event(call, "work", desk_get_text(record, "id"), verb, false,
                      draft ? TQ_ROLE_STAFF : TQ_ROLE_ANY, body);
}

/* ---- steps of its life -------------------------------------------------------------------------
 */

/* As people see it; "over": its last phase has passed. */
static json_t *shown(const desk_call *call, json_t *record)
{
    int64_t to_ms = INT64_MAX;
    (void)desk_get_instant(call, record, "to", &to_ms);
    json_object_set_new(record, "over", json_boolean(to_ms <= call->command->now_ms));
    if (!desk_is(call, TQ_ROLE_STAFF)) {
        json_object_del(record, "by");
        json_object_del(record, "note");
    }
    return record;
}

static tq_status save(desk_call *call, json_t *record, const char *state, uint64_t version,
                      const char *verb)
{
    char id[TQ_ID_MAX]; /* the record's own goes when it is set anew */
    (void)snprintf(id, sizeof id, "%s", desk_get_text(record, "id"));
    TQ_TRY(desk_save(call, "work", id, state, record, version));
    TQ_TRY(tell(call, record, verb));
    return desk_answer(call, json_incref(record));
}

static tq_status load_for(desk_call *call, json_t **record, uint64_t *version, char state[32])
{
    TQ_TRY(desk_load(call, "work", call->command->id, record, version, state));
    return desk_expect(call, "the work", call->command->id, *version);
}

static tq_status create(desk_call *call)
{
    char id[TQ_ID_MAX];
    works_plan *plan = NULL;
    json_auto_t *record = json_object();
    TQ_TRY(check_body(call, true));
    take_body(call, record);
    TQ_TRY(plan_of(call, record, &plan));
    works_plan_free(plan);
    TQ_TRY(desk_new_id(call, "RW", id));
    json_object_set_new(record, "id", json_string(id));
    json_object_set_new(record, "by", json_string(call->command->actor->name));
    json_object_set_new(record, "closures", json_array());
    *call->status = 201;
    return save(call, record, "draft", 0, "created");
}

static bool touches_road(const desk_call *call)
{
    for (const char *const *one = ROAD_MEMBERS; *one != NULL; one++)
        if (json_object_get(call->body, *one) != NULL) return true;
    return false;
}

static tq_status change(desk_call *call)
{
    char state[32];
    uint64_t version;
    works_plan *plan = NULL;
    json_auto_t *record = NULL;
    TQ_TRY(check_body(call, false));
    TQ_TRY(load_for(call, &record, &version, state));
    bool published = strcmp(state, "published") == 0;
    if (!published && strcmp(state, "draft") != 0)
        return desk_bad(call, "the work %s is %s and stays as it was", call->command->id, state);
    take_body(call, record);
    TQ_TRY(check_names(call, record));
    if (!touches_road(call)) return save(call, record, state, version, "changed");
    TQ_TRY(plan_of(call, record, &plan));
    tq_status status = TQ_OK;
    if (published) {
        status = end_closures(call, record, "the work was changed");
        if (status == TQ_OK) status = make_closures(call, plan, record);
    }
    works_plan_free(plan);
    return status == TQ_OK ? save(call, record, state, version, "changed") : status;
}

static tq_status publish(desk_call *call)
{
    static const char *const members[] = {NULL};
    char state[32];
    uint64_t version;
    works_plan *plan = NULL;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(load_for(call, &record, &version, state));
    if (strcmp(state, "draft") != 0)
        return desk_bad(call, "the work %s is %s; only a draft is published", call->command->id,
                        state);
    TQ_TRY(plan_of(call, record, &plan));
    tq_status status = make_closures(call, plan, record);
    works_plan_free(plan);
    if (status != TQ_OK) return status;
    desk_put_instant(call, record, "published", call->command->now_ms);
    return save(call, record, "published", version, "published");
}

static tq_status end(desk_call *call)
{
    static const char *const members[] = {"reason", NULL};
    char state[32];
    uint64_t version;
    const char *reason;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(load_for(call, &record, &version, state));
    if (strcmp(state, "published") != 0)
        return desk_bad(call, "the work %s is %s; only a published one ends", call->command->id,
                        state);
    TQ_TRY(end_closures(call, record, reason[0] != '\0' ? reason : "the work has ended"));
    desk_put_instant(call, record, "ended", call->command->now_ms);
    json_object_set_new(record, "ended_why", json_string(reason));
    return save(call, record, "ended", version, "ended");
}

static tq_status cancel(desk_call *call)
{
    static const char *const members[] = {"reason", NULL};
    char state[32];
    uint64_t version;
    int64_t from_ms = 0;
    const char *reason;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(load_for(call, &record, &version, state));
    bool published = strcmp(state, "published") == 0;
    if (!published && strcmp(state, "draft") != 0)
        return desk_bad(call, "the work %s is %s already", call->command->id, state);
    if (published && desk_get_instant(call, record, "from", &from_ms) &&
        from_ms <= call->command->now_ms)
        return desk_bad(call, "the work %s has begun; end it", call->command->id);
    TQ_TRY(end_closures(call, record, reason[0] != '\0' ? reason : "the work is cancelled"));
    json_object_set_new(record, "ended_why", json_string(reason));
    return save(call, record, "cancelled", version, "cancelled");
}

/* ---- looking -----------------------------------------------------------------------------------
 */

static json_t *show_row(desk_call *call, const tq_record *record)
{
    json_t *body = NULL;
    if (!works_is_shown(call, record->state) ||
        desk_parse(record->body, SIZE_MAX, "a work", &body, NULL) != TQ_OK)
        return NULL;
    return shown(call, body);
}

static tq_status list(desk_call *call)
{
    return desk_answer_list(call, "work", "works", show_row);
}

static tq_status get(desk_call *call)
{
    char state[32];
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "work", call->command->id, &record, NULL, state));
    if (!works_is_shown(call, state))
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no work \"%s\"", call->command->id);
    return desk_answer(call, json_incref(shown(call, record)));
}

#define PLANNERS (TQ_ROLE_PLANNER | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)

const desk_verb desk_work_verbs[] = {
    {"work.list", TQ_ROLE_PUBLIC, TQ_VERB_ASK, list},
    {"work.get", TQ_ROLE_PUBLIC, TQ_VERB_ASK, get},
    {"work.create", PLANNERS, TQ_VERB_DO, create},
    {"work.change", PLANNERS, TQ_VERB_DO, change},
    {"work.publish", PLANNERS, TQ_VERB_DO, publish},
    {"work.end", PLANNERS, TQ_VERB_DO, end},
    {"work.cancel", PLANNERS, TQ_VERB_DO, cancel},
    {"work.assess", PLANNERS, TQ_VERB_ASK, works_assess},
    {"work.notice", TQ_ROLE_PUBLIC, TQ_VERB_ASK, works_notice},
    {.name = NULL},
};
