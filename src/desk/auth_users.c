/*
 * Accounts and API keys: made, changed, closed; what is known of a person, for that person.
 *
 * There is always an account that may make accounts: the last active admin keeps the role. A
 * changed password or a closed account closes its sessions.
 */
#include <stdio.h>

#include "desk/auth_in.h"

static bool seen_one(void *user, const tq_record *record)
{
    (void)record;
    *(bool *)user = true;
    return false;
}

bool auth_any_user(tq_desk *desk)
{
    bool any = false;
    tq_err why;
    tq_store_filter filter = {.kind = "user", .limit = 1};
    /* When it cannot be known, nobody may make a first account. */
    return tq_store_each(desk->store, &filter, seen_one, &any, &why) != TQ_OK || any;
}

tq_status auth_check_name(desk_call *call, const char *name)
{
    size_t len = strlen(name);
    bool good = len >= 1 && len <= AUTH_NAME_MAX && tq_utf8_valid(tq_str_of(name));
    for (size_t at = 0; good && at < len; at++)
        good = (unsigned char)name[at] > ' ' && name[at] != 127 &&
               strchr("/\\\"'<>%?#&", name[at]) == NULL;
    static const char *const taken[] = {"public", "clock", "tongqu"};
    for (uint32_t k = 0; k < TQ_COUNT(taken); k++)
        good = good && strcmp(taken[k], name) != 0;
    if (good) return TQ_OK;
    return desk_bad(call,
                    "\"name\" has 1 to %u bytes without blanks, quotes or slashes, and is not "
                    "public, clock or tongqu",
                    AUTH_NAME_MAX);
}

tq_status auth_check_password(desk_call *call, tq_str password)
{
    if (password.len < AUTH_PASSWORD_MIN)
        return desk_bad(call, "\"password\" needs at least %u characters", AUTH_PASSWORD_MIN);
    if (password.len > AUTH_PASSWORD_MAX)
        return desk_bad(call, "\"password\" has more than %u bytes", AUTH_PASSWORD_MAX);
    bool same = true;
    for (size_t at = 1; at < password.len; at++)
        same = same && password.at[at] == password.at[0];
    return same ? desk_bad(call, "\"password\" is one character over and over") : TQ_OK;
}

static tq_status put_password(desk_call *call, json_t *user, tq_str password)
{
    char hash[TQ_PASSWORD_TEXT_MAX];
    TQ_TRY(auth_check_password(call, password));
    TQ_TRY(tq_password_hash(password, hash, call->err));
    json_object_set_new(user, "hash", json_string(hash));
    return TQ_OK;
}

tq_status auth_add_user(desk_call *call, const char *name, tq_str password, uint32_t roles)
{
    json_auto_t *user = json_object();
    TQ_TRY(auth_check_name(call, name));
    if ((roles & ~AUTH_PEOPLE_ROLES) != 0 || roles == 0)
        return desk_bad(call, "an account has roles of people: at least one of them, and never "
                              "public or peer (a peer has a key)");
    TQ_TRY(put_password(call, user, password));
    json_object_set_new(user, "roles", desk_roles_json(roles));
    tq_status status = desk_save(call, "user", name, "active", user, 0);
    if (status == TQ_STALE)
        return tq_fail(call->err, TQ_STALE, 0, "there is an account \"%s\" already", name);
    return status;
}

tq_status tq_desk_add_user(tq_desk *desk, const char *name, tq_str password, uint32_t roles,
                           int64_t now_ms, tq_err *err)
{
    const tq_actor owner = {.name = "tongqu", .roles = TQ_ROLE_PUBLIC | TQ_ROLE_ADMIN};
    tq_command command = {
        .verb = "auth.user_create", .id = "", .key = "", .actor = &owner, .now_ms = now_ms};
    tq_err own;
    uint32_t http = 200;
    tq_buf answer = {0};
    desk_call call = {.desk = desk,
                      .command = &command,
                      .status = &http,
                      .answer = &answer,
                      .err = err != NULL ? err : &own};
    TQ_TRY(tq_store_begin(desk->store, call.err));
    tq_status status = auth_add_user(&call, name, password, roles);
    if (status == TQ_OK) status = desk_audit(&call, "auth.user_create", "auth", name, "done", NULL);
    if (status == TQ_OK) return tq_store_commit(desk->store, call.err);
    tq_store_rollback(desk->store);
    return status;
}

/* ---- accounts -----------------------------------------------------------------------------------
 */

static json_t *without_hash(desk_call *call, const tq_record *record)
{
    json_error_t why;
    json_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    (void)call;
    json_object_del(body, "hash");
    return body;
}

tq_status auth_users(desk_call *call)
{
    return desk_answer_list(call, "user", "users", without_hash);
}

static tq_status answer_user(desk_call *call, const char *name)
{
    json_t *user = NULL;
    TQ_TRY(desk_load(call, "user", name, &user, NULL, NULL));
    json_object_del(user, "hash");
    return desk_answer(call, user);
}

tq_status auth_user_create(desk_call *call)
{
    static const char *const members[] = {"name", "password", "roles", NULL};
    const char *name, *password;
    uint32_t roles;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "name", true, &name));
    TQ_TRY(desk_text(call, "password", true, &password));
    TQ_TRY(desk_roles_read(call, json_object_get(call->body, "roles"), &roles));
    TQ_TRY(auth_add_user(call, name, tq_str_of(password), roles));
    *call->status = 201;
    return answer_user(call, name);
}

typedef struct admin_count {
    const char *but;
    uint32_t count;
} admin_count;

static bool count_admin(void *user, const tq_record *record)
{
    admin_count *run = user;
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    if (strcmp(record->id, run->but) != 0 && (auth_roles_of(body) & TQ_ROLE_ADMIN) != 0)
        run->count++;
    return true;
}

static tq_status keep_an_admin(desk_call *call, const char *but)
{
    admin_count run = {.but = but};
    tq_store_filter filter = {.kind = "user", .state = "active"};
    TQ_TRY(tq_store_each(call->desk->store, &filter, count_admin, &run, call->err));
    if (run.count > 0) return TQ_OK;
    return desk_bad(call, "%s is the last admin: make another one first", but);
}

typedef struct session_list {
    const char *user, *but;
    TQ_VEC(uint64_t) id; /* session ids are 16 hex digits */
} session_list;

static bool list_session(void *user, const tq_record *record)
{
    session_list *run = user;
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    uint64_t id = 0;
    if (strcmp(desk_get_text(body, "user"), run->user) != 0 || strcmp(record->id, run->but) == 0)
        return true;
    for (const char *c = record->id; *c != '\0'; c++)
        id = id << 4 | (uint64_t)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
    return tq_vec_push(&run->id, id);
}

tq_status auth_close_sessions(desk_call *call, const char *user, const char *but)
{
    session_list run = {.user = user, .but = but};
    tq_store_filter filter = {.kind = "session", .state = "open"};
    tq_status status = tq_store_each(call->desk->store, &filter, list_session, &run, call->err);
    for (size_t k = 0; status == TQ_OK && k < run.id.count; k++) {
        char id[24];
        uint64_t version;
        json_auto_t *session = NULL;
        (void)snprintf(id, sizeof id, "%016llx", (unsigned long long)run.id.at[k]);
        status = desk_load(call, "session", id, &session, &version, NULL);
        if (status == TQ_OK) status = desk_save(call, "session", id, "closed", session, version);
    }
    tq_vec_free(&run.id);
    return status;
}

tq_status auth_user_change(desk_call *call)
{
    static const char *const members[] = {"roles", "password", "active", NULL};
    const char *name = call->command->id, *password;
    char state[32];
    uint64_t version;
    json_auto_t *user = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_load(call, "user", name, &user, &version, state));
    TQ_TRY(desk_expect(call, "the account", name, version));
    TQ_TRY(desk_text(call, "password", false, &password));
    const json_t *roles_list = json_object_get(call->body, "roles"),
                 *active = json_object_get(call->body, "active");
    uint32_t roles = auth_roles_of(user) & ~TQ_ROLE_PUBLIC;
    if (roles_list != NULL) TQ_TRY(desk_roles_read(call, roles_list, &roles));
    if ((roles & ~AUTH_PEOPLE_ROLES) != 0 || roles == 0)
        return desk_bad(call, "\"roles\" holds at least one role of people, never public or peer");
    if (active != NULL && !json_is_boolean(active))
        return desk_bad(call, "\"active\" is true or false");
    bool stays = active != NULL ? json_is_true(active) : strcmp(state, "active") == 0;
    if (!stays || (roles & TQ_ROLE_ADMIN) == 0) TQ_TRY(keep_an_admin(call, name));
    if (password[0] != '\0') TQ_TRY(put_password(call, user, tq_str_of(password)));
    json_object_set_new(user, "roles", desk_roles_json(roles));
    TQ_TRY(desk_save(call, "user", name, stays ? "active" : "closed", user, version));
    if (!stays || password[0] != '\0') TQ_TRY(auth_close_sessions(call, name, ""));
    return answer_user(call, name);
}

tq_status auth_password(desk_call *call)
{
    static const char *const members[] = {"old_password", "password", NULL};
    const tq_actor *actor = call->command->actor;
    const char *old, *password;
    uint64_t version;
    json_auto_t *user = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "old_password", true, &old));
    TQ_TRY(desk_text(call, "password", true, &password));
    TQ_TRY(desk_load(call, "user", actor->name, &user, &version, NULL));
    if (!tq_password_fits(tq_str_of(old), desk_get_text(user, "hash")))
        return tq_fail(call->err, TQ_DENIED, 0, "the old password is wrong");
    TQ_TRY(put_password(call, user, tq_str_of(password)));
    TQ_TRY(desk_save(call, "user", actor->name, "active", user, version));
    TQ_TRY(auth_close_sessions(call, actor->name, actor->session));
    return answer_user(call, actor->name);
}

/* ---- what is known of a person
 * ---------------------------------------------------------------------- */

typedef struct export_run {
    const char *name;
    json_t *list;
} export_run;

static bool export_session(void *user, const tq_record *record)
{
    export_run *run = user;
    json_error_t why;
    json_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    if (strcmp(desk_get_text(body, "user"), run->name) == 0) {
        json_object_del(body, "hash");
        json_array_append(run->list, body);
    }
    json_decref(body);
    return json_array_size(run->list) < DESK_LIST_MAX;
}

static bool export_deed(void *user, const tq_audit *row, const char *hash)
{
    export_run *run = user;
    (void)hash;
    if (strcmp(row->actor, run->name) == 0)
        json_array_append_new(run->list,
                              json_pack("{sI sI ss ss ss ss}", "seq", (json_int_t)row->seq, "at_ms",
                                        (json_int_t)row->at_ms, "verb", row->verb, "kind",
                                        row->kind, "id", row->id, "outcome", row->outcome));
    return true;
}

tq_status auth_export(desk_call *call)
{
    const tq_actor *actor = call->command->actor;
    const char *name = call->command->id[0] != '\0' ? call->command->id : actor->name;
    json_t *user = NULL;
    if (strcmp(name, actor->name) != 0 && !desk_is(call, TQ_ROLE_ADMIN))
        return tq_fail(call->err, TQ_DENIED, 0, "what is known of others is for admin");
    TQ_TRY(desk_load(call, "user", name, &user, NULL, NULL));
    json_auto_t *answer = json_object();
    json_object_del(user, "hash");
    json_object_set_new(answer, "account", user);
    export_run sessions = {name, json_array()}, deeds = {name, json_array()};
    json_object_set_new(answer, "sessions", sessions.list);
    json_object_set_new(answer, "deeds", deeds.list);
    tq_store_filter filter = {.kind = "session"};
    TQ_TRY(tq_store_each(call->desk->store, &filter, export_session, &sessions, call->err));
    TQ_TRY(tq_store_audits(call->desk->store, 0, UINT32_MAX, export_deed, &deeds, call->err));
    return desk_dump(answer, call->answer, call->err);
}

/* ---- keys
 * -------------------------------------------------------------------------------------------- */

tq_status auth_keys(desk_call *call)
{
    return desk_answer_list(call, "key", "keys", without_hash);
}

tq_status auth_key_create(desk_call *call)
{
    static const char *const members[] = {"name", "roles", "peer", "expires", NULL};
    const char *name, *peer;
    uint32_t roles;
    int64_t expires_ms = 0;
    auth_token token;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "name", true, &name));
    TQ_TRY(auth_check_name(call, name));
    TQ_TRY(desk_text(call, "peer", false, &peer));
    TQ_TRY(desk_roles_read(call, json_object_get(call->body, "roles"), &roles));
    TQ_TRY(desk_instant(call, "expires", false, &expires_ms));
    if (roles == 0 || (roles & TQ_ROLE_PUBLIC) != 0)
        return desk_bad(call, "\"roles\" holds at least one role, never public");
    if (strlen(peer) >= TQ_ID_MAX)
        return desk_bad(call, "\"peer\" has more than %d bytes", TQ_ID_MAX - 1);
    if (peer[0] != '\0' && (roles & TQ_ROLE_PEER) == 0)
        return desk_bad(call, "\"peer\" goes with the role peer");
    if (expires_ms != 0 && expires_ms <= call->command->now_ms)
        return desk_bad(call, "\"expires\" is in the past");
    auth_token_make(call->desk, "tqk", &token);
    json_auto_t *key =
        json_pack("{ss ss ss so sI}", "name", name, "peer", peer, "hash", token.hash, "roles",
                  desk_roles_json(roles), "expires_ms", (json_int_t)expires_ms);
    if (expires_ms != 0) desk_put_instant(call, key, "expires", expires_ms);
    json_object_set_new(key, "by", json_string(call->command->actor->name));
    json_object_set_new(key, "begins", json_stringn(token.text, 12));
    TQ_TRY(desk_save(call, "key", token.id, "active", key, 0));
    json_object_del(key, "hash");
    json_object_set_new(key, "token", json_string(token.text));
    *call->status = 201;
    return desk_dump(key, call->answer, call->err);
}

tq_status auth_key_revoke(desk_call *call)
{
    uint64_t version;
    json_auto_t *key = NULL;
    TQ_TRY(desk_load(call, "key", call->command->id, &key, &version, NULL));
    TQ_TRY(desk_expect(call, "the key", call->command->id, version));
    TQ_TRY(desk_save(call, "key", call->command->id, "closed", key, version));
    json_object_del(key, "hash");
    return desk_dump(key, call->answer, call->err);
}
