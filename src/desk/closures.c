/*
 * Closures and restrictions as records: draft -> published -> ended | cancelled.
 *
 * What a closure says (its stretch, effect, users, times) is checked by `live` before it is
 * written, as a draft too. One that belongs to a case lasts until the case ends it: its expected
 * end only makes it overdue. One that stands alone is ended by the clock when its end comes. Ending
 * the closure of a case or of works by hand needs "anyway" and a reason.
 */
#include <stdio.h>

#include "desk/desk_in.h"

#define FAR_MS INT64_C(253402300799000) /* the end of the year 9999 */

/* What `live` reads. */
static const char *const CLOSURE_MEMBERS[] = {"stretch",   "effect", "lanes", "users", "fenced",
                                              "speed_kmh", "limit",  "from",  "to",    "times",
                                              "reason",    "sudden", "owner", "note",  NULL};

static bool is_member(const char *name)
{
    for (const char *const *one = CLOSURE_MEMBERS; *one != NULL; one++)
        if (strcmp(*one, name) == 0) return true;
    return false;
}

tq_status desk_closure_of(const tq_city *city, const json_t *record, int64_t now_ms,
                          tq_closure *out, tq_err *err)
{
    json_auto_t *said = json_object();
    tq_buf text = {0};
    for (const char *const *one = CLOSURE_MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(record, *one);
        if (value != NULL && !json_is_null(value)) json_object_set(said, *one, value);
    }
    tq_status status = desk_dump(said, &text, err);
    if (status == TQ_OK)
        status = tq_closure_read(city, (tq_str){text.at, text.len}, now_ms, out, err);
    tq_buf_free(&text);
    if (status != TQ_OK) return status;
    const char *of_case = desk_get_text(record, "case");
    (void)snprintf(out->id, sizeof out->id, "%s", desk_get_text(record, "id"));
    (void)snprintf(out->case_id, sizeof out->case_id, "%s", of_case);
    if (of_case[0] != '\0') out->to_ms = FAR_MS;
    return TQ_OK;
}

/* Is it one that may stand? Its end must lie ahead. */
static tq_status check(desk_call *call, const json_t *record)
{
    tq_closure closure = {0};
    TQ_TRY(desk_closure_of(call->desk->city, record, call->command->now_ms, &closure, call->err));
    tq_closure_free(&closure);
    return TQ_OK;
}

/* ---- showing -----------------------------------------------------------------------------------
 */

static bool is_shown(const desk_call *call, const char *state)
{
    return desk_is(call, TQ_ROLE_STAFF) || strcmp(state, "published") == 0 ||
           strcmp(state, "ended") == 0;
}

static int64_t asked_ms(const desk_call *call)
{
    char text[TQ_TIME_TEXT_MAX];
    int64_t at_ms = call->command->now_ms;
    tq_err why;
    if (desk_query(call, "at", text, sizeof text))
        (void)tq_time_parse(&call->desk->city->zone, tq_str_of(text), &at_ms, &why);
    return at_ms;
}

/* The record as people and programs see it: with its line, defaults and sentence. */
static json_t *shown(desk_call *call, json_t *record)
{
    tq_closure closure = {0};
    tq_buf text = {0};
    tq_json out;
    json_error_t why;
    tq_err err;
    const char *member;
    json_t *value, *answer = NULL;
    if (desk_closure_of(call->desk->city, record, INT64_MIN, &closure, &err) == TQ_OK) {
        tq_json_begin(&out, &text);
        tq_closure_json(call->desk->city, &closure, asked_ms(call), &out);
        if (!text.failed) answer = json_loadb(text.at, text.len, 0, &why);
        tq_closure_free(&closure);
    }
    tq_buf_free(&text);
    if (answer == NULL) answer = json_object();
    bool in_force = json_is_true(json_object_get(answer, "in_force")) &&
                    strcmp(desk_get_text(record, "state"), "published") == 0;
    json_object_foreach(record, member, value)
    {
        bool inner = strcmp(member, "by") == 0 || strcmp(member, "note") == 0;
        if (inner && !desk_is(call, TQ_ROLE_STAFF)) continue;
        if (json_object_get(answer, member) == NULL || !is_member(member))
            json_object_set(answer, member, value);
    }
    if (desk_get_text(record, "to")[0] != '\0')
        json_object_set(answer, "to", json_object_get(record, "to"));
    json_object_set_new(answer, "in_force", json_boolean(in_force));
    if (!desk_is(call, TQ_ROLE_STAFF)) json_object_del(answer, "note");
    return answer;
}

static json_t *show_row(desk_call *call, const tq_record *record)
{
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    return body != NULL && is_shown(call, record->state) ? shown(call, body) : NULL;
}

typedef struct gather {
    desk_call *call;
    TQ_VEC(tq_closure *) closure;
    bool failed;
} gather;

static bool gather_one(void *user, const tq_record *record)
{
    gather *run = user;
    json_error_t why;
    tq_err err;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    tq_closure *closure = TQ_ALLOC(tq_closure, 1);
    if (closure == NULL) return !(run->failed = true);
    if (desk_closure_of(run->call->desk->city, body, INT64_MIN, closure, &err) != TQ_OK) {
        tq_free(closure);
        return true;
    }
    if (tq_vec_push(&run->closure, closure)) return true;
    tq_closure_free(closure);
    tq_free(closure);
    return !(run->failed = true);
}

/* All published ones, written by `write`. */
static tq_status answer_published(desk_call *call,
                                  void (*write)(desk_call *call, const tq_closure *const *closure,
                                                uint32_t count))
{
    gather run = {.call = call};
    tq_store_filter filter = {.kind = "closure", .state = "published"};
    tq_status status = tq_store_each(call->desk->store, &filter, gather_one, &run, call->err);
    if (status == TQ_OK && run.failed)
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the closures");
    if (status == TQ_OK)
        write(call, (const tq_closure *const *)run.closure.at, (uint32_t)run.closure.count);
    for (size_t k = 0; k < run.closure.count; k++) {
        tq_closure_free(run.closure.at[k]);
        tq_free(run.closure.at[k]);
    }
    tq_vec_free(&run.closure);
    return status;
}

static void write_geojson(desk_call *call, const tq_closure *const *closure, uint32_t count)
{
    tq_closures_geojson(call->desk->city, closure, count, asked_ms(call), call->answer);
}

static void write_wzdx(desk_call *call, const tq_closure *const *closure, uint32_t count)
{
    tq_wzdx_write(call->desk->city, closure, count, "tongqu", call->command->now_ms, call->answer);
}

tq_status desk_wzdx(desk_call *call)
{
    return answer_published(call, write_wzdx);
}

static tq_status list(desk_call *call)
{
    char format[16];
    if (desk_query(call, "format", format, sizeof format) && strcmp(format, "geojson") == 0)
        return answer_published(call, write_geojson);
    return desk_answer_list(call, "closure", "closures", show_row);
}

static tq_status get(desk_call *call)
{
    char state[32];
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "closure", call->command->id, &record, NULL, state));
    if (!is_shown(call, state))
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no closure \"%s\"", call->command->id);
    return desk_answer(call, shown(call, record));
}

static tq_status stretch(desk_call *call)
{
    tq_stretch found = {0};
    tq_json out;
    TQ_TRY(tq_stretch_find(call->desk->city, call->command->body, &found, call->err));
    tq_json_begin(&out, call->answer);
    tq_stretch_json(call->desk->city, &found, &out);
    tq_stretch_free(&found);
    return TQ_OK;
}

/* ---- steps of its life
 * ----------------------------------------------------------------------------- */

static tq_status tell(desk_call *call, const json_t *record, const char *verb, bool network)
{
    static const char *const told[] = {"owner", "effect", "reason", "case", "work", "to", "state"};
    json_t *body = json_object();
    for (uint32_t k = 0; k < TQ_COUNT(told); k++) {
        json_t *value = json_object_get(record, told[k]);
        if (value != NULL) json_object_set(body, told[k], value);
    }
    bool draft = strcmp(desk_get_text(record, "state"), "draft") == 0;
    return desk_event(call, "closure", desk_get_text(record, "id"), verb, network,
                      draft ? TQ_ROLE_STAFF : TQ_ROLE_ANY, body);
}

static tq_status publish_record(desk_call *call, const char *id, json_t *record, uint64_t version)
{
    TQ_TRY(check(call, record));
    desk_put_instant(call, record, "published", call->command->now_ms);
    json_object_set_new(record, "published_by", json_string(call->command->actor->name));
    TQ_TRY(desk_save(call, "closure", id, "published", record, version));
    return tell(call, record, "published", true);
}

tq_status desk_closure_draft(desk_call *call, json_t *closure, const char *parent,
                             char id[TQ_ID_MAX])
{
    const char *member;
    json_t *value;
    char state[32];
    uint64_t version = 0;
    json_auto_t *record = json_object(), *before = NULL;
    if (id[0] != '\0') {
        TQ_TRY(desk_load(call, "closure", id, &before, &version, state));
        if (strcmp(state, "draft") != 0)
            return desk_bad(call, "the closure %s is %s; change it by itself", id, state);
    }
    json_object_foreach(closure, member, value)
    {
        bool ours = strcmp(member, "case") == 0 || strcmp(member, "work") == 0;
        if (ours || is_member(member)) json_object_set(record, member, value);
    }
    json_object_set_new(record, "by", json_string(call->command->actor->name));
    if (before != NULL) json_object_set(record, "created", json_object_get(before, "created"));
    TQ_TRY(check(call, record));
    if (id[0] == '\0') TQ_TRY(desk_new_id(call, "CL", id));
    TQ_TRY(desk_save(call, "closure", id, "draft", record, version));
    if (parent != NULL && parent[0] != '\0')
        TQ_TRY(tq_store_link(call->desk->store, "closure", id, parent, call->err));
    return tell(call, record, "drafted", false);
}

tq_status desk_closure_show(desk_call *call, const char *id)
{
    char state[32];
    uint64_t version;
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "closure", id, &record, &version, state));
    if (strcmp(state, "published") == 0) return TQ_OK;
    if (strcmp(state, "draft") != 0)
        return desk_bad(call, "the closure %s is %s already; make a new one", id, state);
    return publish_record(call, id, record, version);
}

tq_status desk_closure_publish(desk_call *call, json_t *closure, const char *parent,
                               char id[TQ_ID_MAX])
{
    id[0] = '\0';
    TQ_TRY(desk_closure_draft(call, closure, parent, id));
    return desk_closure_show(call, id);
}

static tq_status end_record(desk_call *call, const char *id, json_t *record, uint64_t version,
                            const char *why)
{
    desk_put_instant(call, record, "ended", call->command->now_ms);
    json_object_set_new(record, "ended_by", json_string(call->command->actor->name));
    json_object_set_new(record, "ended_why", json_string(why));
    json_object_del(record, "overdue");
    TQ_TRY(desk_save(call, "closure", id, "ended", record, version));
    return tell(call, record, "ended", true);
}

static tq_status cancel_record(desk_call *call, const char *id, json_t *record, uint64_t version,
                               bool network)
{
    json_object_set_new(record, "ended_by", json_string(call->command->actor->name));
    TQ_TRY(desk_save(call, "closure", id, "cancelled", record, version));
    return tell(call, record, "cancelled", network);
}

tq_status desk_closure_end(desk_call *call, const char *id, const char *why)
{
    char state[32];
    uint64_t version;
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "closure", id, &record, &version, state));
    if (strcmp(state, "draft") == 0) return cancel_record(call, id, record, version, false);
    if (strcmp(state, "published") != 0) return TQ_OK;
    return end_record(call, id, record, version, why);
}

static tq_status answer_closure(desk_call *call, const char *id)
{
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "closure", id, &record, NULL, NULL));
    return desk_answer(call, shown(call, record));
}

static tq_status only_closure(desk_call *call, const char *more)
{
    const char *list_of[TQ_COUNT(CLOSURE_MEMBERS) + 1];
    memcpy(list_of, CLOSURE_MEMBERS, sizeof CLOSURE_MEMBERS);
    list_of[TQ_COUNT(CLOSURE_MEMBERS) - 1] = more;
    list_of[TQ_COUNT(CLOSURE_MEMBERS)] = NULL;
    return desk_only(call, list_of);
}

static tq_status create(desk_call *call)
{
    char id[TQ_ID_MAX] = "";
    const json_t *publish = json_object_get(call->body, "publish");
    TQ_TRY(only_closure(call, "publish"));
    if (publish != NULL && !json_is_boolean(publish))
        return desk_bad(call, "\"publish\" is true or false");
    if (json_is_true(publish) && !desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN))
        return tq_fail(call->err, TQ_DENIED, 0,
                       "publishing is for dispatcher, admin; leave \"publish\" out for a draft");
    if (json_is_true(publish))
        TQ_TRY(desk_closure_publish(call, call->body, "", id));
    else
        TQ_TRY(desk_closure_draft(call, call->body, "", id));
    *call->status = 201;
    return answer_closure(call, id);
}

static tq_status load_for(desk_call *call, json_t **record, uint64_t *version, char state[32])
{
    TQ_TRY(desk_load(call, "closure", call->command->id, record, version, state));
    return desk_expect(call, "the closure", call->command->id, *version);
}

static tq_status publish(desk_call *call)
{
    static const char *const members[] = {NULL};
    char state[32];
    uint64_t version;
    const char *id = call->command->id;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(load_for(call, &record, &version, state));
    if (strcmp(state, "draft") != 0)
        return desk_bad(call, "the closure %s is %s; only a draft is published", id, state);
    if (desk_get_text(record, "case")[0] != '\0')
        return desk_bad(call, "the closure %s belongs to the case %s, which publishes it", id,
                        desk_get_text(record, "case"));
    TQ_TRY(publish_record(call, id, record, version));
    return answer_closure(call, id);
}

static tq_status change(desk_call *call)
{
    char state[32];
    uint64_t version;
    const char *id = call->command->id, *member;
    json_t *value;
    json_auto_t *record = NULL;
    TQ_TRY(only_closure(call, NULL));
    TQ_TRY(load_for(call, &record, &version, state));
    bool published = strcmp(state, "published") == 0;
    if (!published && strcmp(state, "draft") != 0)
        return desk_bad(call, "the closure %s is %s and stays as it was", id, state);
    json_object_foreach(call->body, member, value)
    {
        if (!is_member(member)) continue;
        if (json_is_null(value))
            json_object_del(record, member);
        else
            json_object_set(record, member, value);
    }
    json_object_del(record, "overdue");
    TQ_TRY(check(call, record));
    TQ_TRY(desk_save(call, "closure", id, state, record, version));
    TQ_TRY(tell(call, record, "changed", published));
    return answer_closure(call, id);
}

static tq_status end(desk_call *call)
{
    static const char *const members[] = {"anyway", "reason", NULL};
    char state[32];
    uint64_t version;
    const char *id = call->command->id, *reason;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(load_for(call, &record, &version, state));
    const char *of_case = desk_get_text(record, "case"), *of_work = desk_get_text(record, "work");
    if (strcmp(state, "published") != 0)
        return desk_bad(call, "the closure %s is %s; only a published one ends", id, state);
    bool anyway = json_is_true(json_object_get(call->body, "anyway"));
    if ((of_case[0] != '\0' || of_work[0] != '\0') && (!anyway || reason[0] == '\0'))
        return desk_bad(call,
                        "the closure %s belongs to the %s %s and ends with it; to end it alone "
                        "say \"anyway\": true and a \"reason\"",
                        id, of_case[0] != '\0' ? "case" : "work",
                        of_case[0] != '\0' ? of_case : of_work);
    TQ_TRY(end_record(call, id, record, version, reason));
    if (of_case[0] != '\0')
        TQ_TRY(desk_case_note(call, of_case, "closure_ended_alone",
                              json_pack("{ss ss}", "closure", id, "note", reason)));
    return answer_closure(call, id);
}

static tq_status cancel(desk_call *call)
{
    static const char *const members[] = {"reason", NULL};
    char state[32];
    uint64_t version;
    int64_t from_ms = 0;
    const char *id = call->command->id;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(load_for(call, &record, &version, state));
    bool published = strcmp(state, "published") == 0;
    if (published && desk_get_instant(call, record, "from", &from_ms) &&
        from_ms <= call->command->now_ms)
        return desk_bad(call, "the closure %s has begun; end it", id);
    if (!published && strcmp(state, "draft") != 0)
        return desk_bad(call, "the closure %s is %s already", id, state);
    if (published && desk_get_text(record, "case")[0] != '\0')
        return desk_bad(call, "the closure %s belongs to the case %s and ends with it", id,
                        desk_get_text(record, "case"));
    TQ_TRY(cancel_record(call, id, record, version, published));
    return answer_closure(call, id);
}

/* ---- the clock
 * --------------------------------------------------------------------------------------- */

static int64_t due_of(const desk_call *call, const json_t *record, const char *state)
{
    int64_t to_ms;
    (void)state;
    if (json_is_true(json_object_get(record, "overdue"))) return INT64_MAX;
    return desk_get_instant(call, record, "to", &to_ms) ? to_ms : INT64_MAX;
}

static tq_status due_one(desk_call *call, const char *id)
{
    char state[32];
    uint64_t version;
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "closure", id, &record, &version, state));
    if (desk_get_text(record, "case")[0] == '\0') {
        TQ_TRY(end_record(call, id, record, version, "its end has come"));
        return desk_audit(call, "clock.end", "closure", id, "done", NULL);
    }
    json_object_set_new(record, "overdue", json_true());
    TQ_TRY(desk_save(call, "closure", id, state, record, version));
    TQ_TRY(tell(call, record, "overdue", false));
    return desk_audit(call, "clock.overdue", "closure", id, "done", NULL);
}

tq_status desk_closures_tick(desk_call *call, bool *changed)
{
    static const desk_due published = {"closure", "published", due_of, due_one};
    return desk_do_due(call, &published, 1, &call->desk->closures_next_ms, changed);
}

#define PUBLISHERS (TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define SENDERS    (TQ_ROLE_DISPATCHER | TQ_ROLE_PEER | TQ_ROLE_ADMIN)

const desk_verb desk_closure_verbs[] = {
    {"closure.stretch", TQ_ROLE_PUBLIC, TQ_VERB_ASK, stretch},
    {"closure.list", TQ_ROLE_PUBLIC, TQ_VERB_ASK, list},
    {"closure.get", TQ_ROLE_PUBLIC, TQ_VERB_ASK, get},
    {"closure.create", PUBLISHERS | TQ_ROLE_ROAD_UNIT | TQ_ROLE_PLANNER, TQ_VERB_DO, create},
    {"closure.publish", PUBLISHERS, TQ_VERB_DO, publish},
    {"closure.change", PUBLISHERS, TQ_VERB_DO, change},
    {"closure.end", PUBLISHERS, TQ_VERB_DO, end},
    {"closure.cancel", PUBLISHERS, TQ_VERB_DO, cancel},
    {"closure.wzdx", TQ_ROLE_PUBLIC, TQ_VERB_ASK, desk_wzdx},
    {"closure.wzdx_import", SENDERS, TQ_VERB_DO, desk_wzdx_import},
    {"speeds.put", SENDERS, TQ_VERB_DO, desk_speeds_put},
    {"speeds.forget", SENDERS, TQ_VERB_DO, desk_speeds_forget},
    {"feed.put", SENDERS, TQ_VERB_DO, desk_feed_put},
    {"feed.list", TQ_ROLE_PUBLIC, TQ_VERB_ASK, desk_feed_list},
    {.name = NULL},
};
