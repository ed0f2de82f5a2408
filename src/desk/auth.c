/*
 * Who is it: sessions of people, keys of machines, the first account.
 *
 * A token is 32 random bytes behind a public id; the store holds only a hash of it under a key of
 * its own (BLAKE2b), so that a copy of the store opens no door. Passwords are argon2id. A session
 * ends 12 h after its last use, by logging out, or when its account changes. After five failures a
 * name has to wait, each further one doubles it; unknown names cost the same time as known ones and
 * get the same answer. The failures are kept in memory: a restart forgets them.
 *
 * Looking up who holds a token writes nothing. That a session was used is noted in a small table of
 * the process (a hint: entries may push each other out), which the clock carries to the records at
 * most once a minute.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "desk/auth_in.h"

#define SEEN_SLOTS 4096u

/* [hash of session id % SEEN_SLOTS]: 32 bits of the hash, then the minute of its last use. */
static _Atomic uint64_t seen[SEEN_SLOTS];

static void note_use(const char *session, int64_t now_ms)
{
    uint64_t hash = tq_hash(session, strlen(session), 7);
    uint64_t minute = (uint64_t)TQ_MAX(now_ms / 60000, INT64_C(0)) & UINT32_MAX;
    atomic_store_explicit(&seen[hash % SEEN_SLOTS], hash >> 32 << 32 | minute,
                          memory_order_relaxed);
}

/* Instant of the last use that was noted, 0 = none. */
static int64_t last_use_ms(const char *session)
{
    uint64_t hash = tq_hash(session, strlen(session), 7);
    uint64_t entry = atomic_load_explicit(&seen[hash % SEEN_SLOTS], memory_order_relaxed);
    return entry >> 32 == hash >> 32 ? (int64_t)(entry & UINT32_MAX) * 60000 : 0;
}

/* ---- secret and tokens
 * --------------------------------------------------------------------------- */

static void to_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t at = 0; at < len; at++) {
        out[2 * at] = digits[bytes[at] >> 4];
        out[2 * at + 1] = digits[bytes[at] & 15];
    }
    out[2 * len] = '\0';
}

static bool from_hex(tq_str text, uint8_t *out, size_t len)
{
    if (text.len != 2 * len) return false;
    for (size_t at = 0; at < text.len; at++) {
        char c = text.at[at];
        bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
        if (!digit && !letter) return false;
        uint8_t value = (uint8_t)(digit ? c - '0' : c - 'a' + 10);
        out[at / 2] = (uint8_t)(at % 2 == 0 ? value << 4 : out[at / 2] | value);
    }
    return true;
}

static tq_status read_secret(tq_desk *desk, tq_err *err)
{
    tq_buf text = {0};
    tq_record record = {0};
    tq_status status = tq_store_get(desk->store, "desk", "secret", &text, &record, err);
    if (status == TQ_OK &&
        (record.body.len != 66 || !from_hex((tq_str){record.body.at + 1, 64}, desk->secret, 32)))
        status = tq_fail(err, TQ_STORE, 0, "the store's secret is damaged; take it from a backup");
    tq_buf_free(&text);
    return status;
}

tq_status desk_secret_load(tq_desk *desk, tq_err *err)
{
    char body[80] = "\"";
    uint64_t version;
    tq_err why = {0};
    tq_status status = read_secret(desk, &why);
    if (status == TQ_NOT_FOUND) {
        uint8_t fresh[32];
        tq_random_bytes(fresh, sizeof fresh);
        to_hex(fresh, sizeof fresh, body + 1);
        body[65] = '"';
        tq_record record = {.kind = "desk", .id = "secret", .state = "kept", .body = {body, 66}};
        TQ_TRY(tq_store_begin(desk->store, err));
        status = tq_store_put(desk->store, &record, &version, &why);
        if (status == TQ_OK)
            status = tq_store_commit(desk->store, &why);
        else
            tq_store_rollback(desk->store);
        memset(fresh, 0, sizeof fresh);
        /* TQ_STALE: another handle was faster, and its secret holds. */
        if (status == TQ_OK || status == TQ_STALE) status = read_secret(desk, &why);
    }
    return status == TQ_OK ? TQ_OK : tq_fail(err, status, 0, "%s", why.text);
}

void auth_token_hash(const tq_desk *desk, tq_str text, char out[65])
{
    uint8_t hash[32];
    tq_keyed_hash(desk->secret, text.at, text.len, hash);
    to_hex(hash, sizeof hash, out);
}

void auth_token_make(const tq_desk *desk, const char *prefix, auth_token *out)
{
    uint8_t bytes[8 + AUTH_TOKEN_BYTES];
    char secret[2 * AUTH_TOKEN_BYTES + 1];
    tq_random_bytes(bytes, sizeof bytes);
    to_hex(bytes, 8, out->id);
    to_hex(bytes + 8, AUTH_TOKEN_BYTES, secret);
    (void)snprintf(out->text, sizeof out->text, "%s_%s_%s", prefix, out->id, secret);
    auth_token_hash(desk, tq_str_of(out->text), out->hash);
}

bool tq_desk_setup_token(tq_desk *desk, char out[TQ_SETUP_TOKEN_MAX])
{
    uint8_t hash[32];
    if (auth_any_user(desk)) return false;
    tq_keyed_hash(desk->secret, "setup", 5, hash);
    to_hex(hash, 12, out);
    return true;
}

/* ---- who holds a token
 * ---------------------------------------------------------------------------- */

uint32_t auth_roles_of(const json_t *record)
{
    uint32_t roles = TQ_ROLE_PUBLIC;
    size_t at;
    json_t *word;
    json_array_foreach(json_object_get(record, "roles"), at, word) roles |=
        tq_role_named(tq_str_of(json_string_value(word)));
    return roles;
}

/* A record without a call: NULL when it is not there. */
static json_t *fetch(tq_desk *desk, const char *kind, const char *id)
{
    tq_buf text = {0};
    tq_record record = {0};
    tq_err why;
    json_t *out = NULL;
    if (tq_store_get(desk->store, kind, id, &text, &record, &why) == TQ_OK &&
        desk_parse(record.body, SIZE_MAX, "a record", &out, &why) != TQ_OK)
        out = NULL;
    tq_buf_free(&text);
    return out;
}

static bool hash_fits(const tq_desk *desk, const json_t *record, tq_str token)
{
    char hash[65];
    const char *kept = desk_get_text(record, "hash");
    auth_token_hash(desk, token, hash);
    return strlen(kept) == 64 && tq_same_bytes(kept, hash, 64);
}

static int64_t number_of(const json_t *record, const char *member)
{
    return json_integer_value(json_object_get(record, member));
}

static bool session_holds(tq_desk *desk, const char *id, tq_str token, int64_t now_ms,
                          tq_actor *actor)
{
    json_auto_t *session = fetch(desk, "session", id);
    if (session == NULL || !hash_fits(desk, session, token)) return false;
    int64_t used_ms = TQ_MAX(number_of(session, "used_ms"), last_use_ms(id));
    if (strcmp(desk_get_text(session, "state"), "open") != 0 || now_ms - used_ms > AUTH_IDLE_MS)
        return false;
    json_auto_t *user = fetch(desk, "user", desk_get_text(session, "user"));
    if (user == NULL || strcmp(desk_get_text(user, "state"), "active") != 0) return false;
    actor->roles = auth_roles_of(user);
    (void)snprintf(actor->name, sizeof actor->name, "%s", desk_get_text(session, "user"));
    (void)snprintf(actor->session, sizeof actor->session, "%s", id);
    note_use(id, now_ms);
    return true;
}

static bool key_holds(tq_desk *desk, const char *id, tq_str token, int64_t now_ms, tq_actor *actor)
{
    json_auto_t *key = fetch(desk, "key", id);
    if (key == NULL || !hash_fits(desk, key, token)) return false;
    int64_t expires_ms = number_of(key, "expires_ms");
    if (strcmp(desk_get_text(key, "state"), "active") != 0 ||
        (expires_ms != 0 && now_ms >= expires_ms))
        return false;
    actor->roles = auth_roles_of(key);
    (void)snprintf(actor->name, sizeof actor->name, "%s", desk_get_text(key, "name"));
    (void)snprintf(actor->peer, sizeof actor->peer, "%s", desk_get_text(key, "peer"));
    (void)snprintf(actor->session, sizeof actor->session, "%s", id);
    return true;
}

tq_status tq_desk_actor(tq_desk *desk, tq_str token, int64_t now_ms, tq_actor *out, tq_err *err)
{
    tq_actor actor = {.roles = TQ_ROLE_PUBLIC};
    char id[17];
    bool session = tq_str_starts(token, "tqs_"), holds = token.len == 0;
    if (token.len == 4 + 16 + 1 + 2 * AUTH_TOKEN_BYTES && token.at[20] == '_') {
        memcpy(id, token.at + 4, 16);
        id[16] = '\0';
        if (session)
            holds = session_holds(desk, id, token, now_ms, &actor);
        else if (tq_str_starts(token, "tqk_"))
            holds = key_holds(desk, id, token, now_ms, &actor);
    }
    if (!holds) return tq_fail(err, TQ_DENIED, 0, "this token opens nothing; sign in again");
    *out = actor;
    return TQ_OK;
}

/* ---- names that failed
 * ------------------------------------------------------------------------------ */

struct desk_guard {
    struct {
        uint64_t name; /* hash; 0 = free */
        uint32_t failures;
        int64_t until_ms;
    } row[AUTH_GUARD_NAMES];
    char stand_in[TQ_PASSWORD_TEXT_MAX]; /* hash that stands for unknown names */
};

void desk_guard_free(struct desk_guard *guard)
{
    tq_free(guard);
}

static tq_status guard_of(desk_call *call, struct desk_guard **out)
{
    tq_desk *desk = call->desk;
    if (desk->guard == NULL) {
        struct desk_guard *guard = TQ_ALLOC(struct desk_guard, 1);
        if (guard == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
        tq_status status =
            tq_password_hash(TQ_STR("stands for nobody"), guard->stand_in, call->err);
        if (status != TQ_OK) {
            tq_free(guard);
            return status;
        }
        desk->guard = guard;
    }
    *out = desk->guard;
    return TQ_OK;
}

/* The row of a name; when there is none and all are taken, the one that is free the longest. */
static uint32_t guard_row(const struct desk_guard *guard, uint64_t name)
{
    uint32_t best = 0;
    for (uint32_t row = 0; row < AUTH_GUARD_NAMES; row++) {
        if (guard->row[row].name == name) return row;
        if (guard->row[row].name == 0 && guard->row[best].name != 0) best = row;
        if (guard->row[best].name != 0 && guard->row[row].until_ms < guard->row[best].until_ms)
            best = row;
    }
    return best;
}

static void guard_failed(struct desk_guard *guard, uint64_t name, int64_t now_ms)
{
    uint32_t row = guard_row(guard, name);
    if (guard->row[row].name != name) guard->row[row].failures = 0;
    guard->row[row].name = name;
    uint32_t failures = ++guard->row[row].failures;
    int64_t wait_ms = 0;
    if (failures >= AUTH_TRIES) wait_ms = AUTH_WAIT_MS << TQ_MIN(failures - AUTH_TRIES, 16u);
    guard->row[row].until_ms = now_ms + TQ_MIN(wait_ms, AUTH_WAIT_MOST_MS);
}

/* ---- verbs
 * -------------------------------------------------------------------------------------------- */

static tq_status open_session(desk_call *call, const char *name, uint32_t roles)
{
    auth_token token;
    auth_token_make(call->desk, "tqs", &token);
    json_auto_t *session = json_pack("{ss ss sI}", "user", name, "hash", token.hash, "used_ms",
                                     (json_int_t)call->command->now_ms);
    TQ_TRY(desk_save(call, "session", token.id, "open", session, 0));
    TQ_TRY(tq_store_link(call->desk->store, "session", token.id, name, call->err));
    *call->status = 201;
    return desk_answer(call,
                       json_pack("{ss ss ss sI so}", "token", token.text, "name", name, "session",
                                 token.id, "idle_s", (json_int_t)(AUTH_IDLE_MS / 1000), "roles",
                                 desk_roles_json(roles & ~TQ_ROLE_PUBLIC)));
}

static tq_status login(desk_call *call)
{
    static const char *const members[] = {"name", "password", NULL};
    const char *name, *password;
    struct desk_guard *guard = NULL;
    int64_t now_ms = call->command->now_ms;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "name", true, &name));
    TQ_TRY(desk_text(call, "password", true, &password));
    TQ_TRY(guard_of(call, &guard));
    if (TQ_NEVER(guard == NULL)) return TQ_INTERNAL;
    uint64_t hash = tq_hash(name, strlen(name), 3) | 1;
    uint32_t row = guard_row(guard, hash);
    if (guard->row[row].name == hash && guard->row[row].until_ms > now_ms)
        return tq_fail(call->err, TQ_BUSY, 0, "too many failures for this name; wait %lld s",
                       (long long)((guard->row[row].until_ms - now_ms + 999) / 1000));
    json_auto_t *user = strlen(name) <= AUTH_NAME_MAX ? fetch(call->desk, "user", name) : NULL;
    bool active = user != NULL && strcmp(desk_get_text(user, "state"), "active") == 0;
    bool fits = tq_password_fits(tq_str_of(password),
                                 active ? desk_get_text(user, "hash") : guard->stand_in);
    if (!active || !fits) {
        guard_failed(guard, hash, now_ms);
        return tq_fail(call->err, TQ_DENIED, 0, "name or password is wrong");
    }
    if (guard->row[row].name == hash) memset(&guard->row[row], 0, sizeof guard->row[row]);
    (void)snprintf(call->about, sizeof call->about, "%s", name);
    return open_session(call, name, auth_roles_of(user));
}

static tq_status setup(desk_call *call)
{
    static const char *const members[] = {"token", "name", "password", NULL};
    const char *token, *name, *password;
    char right[TQ_SETUP_TOKEN_MAX];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "token", true, &token));
    TQ_TRY(desk_text(call, "name", true, &name));
    TQ_TRY(desk_text(call, "password", true, &password));
    if (!tq_desk_setup_token(call->desk, right))
        return tq_fail(call->err, TQ_DENIED, 0,
                       "the first account is there already; ask an admin for yours");
    if (strlen(token) != strlen(right) || !tq_same_bytes(token, right, strlen(right)))
        return tq_fail(call->err, TQ_DENIED, 0,
                       "this is not the token that was printed when tongqu started");
    TQ_TRY(auth_add_user(call, name, tq_str_of(password), TQ_ROLE_STAFF));
    return open_session(call, name, TQ_ROLE_STAFF);
}

static tq_status logout(desk_call *call)
{
    const char *id = call->command->actor->session;
    uint64_t version;
    json_auto_t *session = NULL;
    if (id[0] == '\0') return tq_fail(call->err, TQ_DENIED, 0, "nobody is signed in here");
    TQ_TRY(desk_load(call, "session", id, &session, &version, NULL));
    TQ_TRY(desk_save(call, "session", id, "closed", session, version));
    return desk_answer(call, json_pack("{ss}", "state", "closed"));
}

static tq_status me(desk_call *call)
{
    const tq_actor *actor = call->command->actor;
    return desk_answer(call, json_pack("{ss ss so sb}", "name", actor->name, "peer", actor->peer,
                                       "roles", desk_roles_json(actor->roles), "setup",
                                       (int)!auth_any_user(call->desk)));
}

/* ---- the clock
 * ------------------------------------------------------------------------------------------- */

typedef struct sweep {
    int64_t now_ms;
    TQ_VEC(char *) idle, gone, used;
    bool failed;
} sweep;

static void keep_id(sweep *run, const char *id, int what)
{
    size_t len = strlen(id) + 1;
    char *copy = TQ_ALLOC(char, len);
    bool good = copy != NULL;
    if (good) {
        memcpy(copy, id, len);
        good = what == 0   ? tq_vec_push(&run->idle, copy)
               : what == 1 ? tq_vec_push(&run->gone, copy)
                           : tq_vec_push(&run->used, copy);
    }
    if (!good) tq_free(copy);
    run->failed = run->failed || !good;
}

static bool look_at_session(void *user, const tq_record *record)
{
    sweep *run = user;
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    int64_t used_ms = number_of(body, "used_ms"), seen_ms = last_use_ms(record->id);
    if (strcmp(record->state, "open") != 0) {
        if (run->now_ms - record->changed_ms > AUTH_KEEP_MS) keep_id(run, record->id, 1);
    } else if (run->now_ms - TQ_MAX(used_ms, seen_ms) > AUTH_IDLE_MS) {
        keep_id(run, record->id, 0);
    } else if (seen_ms - used_ms >= AUTH_SWEEP_MS) {
        keep_id(run, record->id, 2);
    }
    return !run->failed;
}

static tq_status put_session(desk_call *call, const char *id, bool idle)
{
    uint64_t version;
    json_auto_t *session = NULL;
    TQ_TRY(desk_load(call, "session", id, &session, &version, NULL));
    if (!idle) json_object_set_new(session, "used_ms", json_integer(last_use_ms(id)));
    return desk_save(call, "session", id, idle ? "closed" : "open", session, version);
}

static void free_ids(char **at, size_t count)
{
    for (size_t k = 0; k < count; k++)
        tq_free(at[k]);
}

tq_status desk_sessions_tick(desk_call *call, bool *changed)
{
    tq_desk *desk = call->desk;
    sweep run = {.now_ms = call->command->now_ms};
    tq_store_filter filter = {.kind = "session"};
    (void)changed; /* nobody looks at sessions live */
    if (desk->swept_ms != INT64_MIN && run.now_ms - desk->swept_ms < AUTH_SWEEP_MS) return TQ_OK;
    desk->swept_ms = run.now_ms;
    tq_status status = tq_store_each(desk->store, &filter, look_at_session, &run, call->err);
    if (status == TQ_OK && run.failed)
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the list of sessions");
    for (size_t k = 0; status == TQ_OK && k < run.idle.count; k++)
        status = put_session(call, run.idle.at[k], true);
    for (size_t k = 0; status == TQ_OK && k < run.used.count; k++)
        status = put_session(call, run.used.at[k], false);
    for (size_t k = 0; status == TQ_OK && k < run.gone.count; k++)
        status = tq_store_remove(desk->store, "session", run.gone.at[k], call->err);
    if (status == TQ_OK)
        status = tq_store_forget_done(desk->store, run.now_ms - AUTH_ANSWERS_MS, call->err);
    uint64_t last = tq_store_last_event(desk->store);
    if (status == TQ_OK && last > AUTH_EVENTS_KEPT)
        status = tq_store_forget_events(desk->store, last - AUTH_EVENTS_KEPT, call->err);
    free_ids(run.idle.at, run.idle.count);
    free_ids(run.used.at, run.used.count);
    free_ids(run.gone.at, run.gone.count);
    tq_vec_free(&run.idle);
    tq_vec_free(&run.used);
    tq_vec_free(&run.gone);
    return status;
}

const desk_verb desk_auth_verbs[] = {
    {"auth.setup", TQ_ROLE_PUBLIC, TQ_VERB_DO, setup},
    {"auth.login", TQ_ROLE_PUBLIC, TQ_VERB_DO, login},
    {"auth.logout", TQ_ROLE_PUBLIC, TQ_VERB_DO, logout},
    {"auth.me", TQ_ROLE_PUBLIC, TQ_VERB_ASK, me},
    {"auth.password", AUTH_PEOPLE_ROLES, TQ_VERB_DO, auth_password},
    {"auth.export", AUTH_PEOPLE_ROLES, TQ_VERB_ASK, auth_export},
    {"auth.users", TQ_ROLE_ADMIN, TQ_VERB_ASK, auth_users},
    {"auth.user_create", TQ_ROLE_ADMIN, TQ_VERB_DO, auth_user_create},
    {"auth.user_change", TQ_ROLE_ADMIN, TQ_VERB_DO, auth_user_change},
    {"auth.keys", TQ_ROLE_ADMIN, TQ_VERB_ASK, auth_keys},
    {"auth.key_create", TQ_ROLE_ADMIN, TQ_VERB_DO, auth_key_create},
    {"auth.key_revoke", TQ_ROLE_ADMIN, TQ_VERB_DO, auth_key_revoke},
    {"audit.list", TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN, TQ_VERB_ASK, auth_audit_list},
    {"audit.verify", TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN, TQ_VERB_ASK, auth_audit_verify},
    {"event.list", TQ_ROLE_PUBLIC, TQ_VERB_ASK, auth_event_list},
    {.name = NULL},
};
