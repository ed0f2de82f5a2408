/*
 * The table of verbs, and how each of them is carried out.
 *
 * A command: the role is checked (default deny), the body read within its limits, a key that was
 * seen before answers as before, then the verb's function runs between a mark of the store and its
 * keeping. A refusal undoes all that the function wrote and leaves one audit row that says what was
 * refused and why. Passwords and tokens never reach an audit row or a remembered answer, phone
 * numbers only with their last digits.
 */
#include <stdio.h>

#include "desk/desk_in.h"
#include "desk/dispatch_in.h"

static const desk_verb *const TABLES[] = {desk_auth_verbs,    desk_closure_verbs,  desk_case_verbs,
                                          desk_work_verbs,    desk_point_verbs,    desk_crew_verbs,
                                          desk_duty_verbs,    desk_order_verbs,    desk_call_verbs,
                                          desk_vehicle_verbs, desk_dispatch_verbs, desk_line_verbs,
                                          desk_consignment_verbs};

/* ---- life ------------------------------------------------------------------------------------ */

tq_status tq_desk_open(const tq_desk_options *options, tq_desk **out, tq_err *err)
{
    tq_desk *desk = TQ_ALLOC(tq_desk, 1);
    if (desk == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the desk");
    desk->city = options->city;
    desk->applied_ms = desk->swept_ms = INT64_MIN;
    desk_look_again(desk);
    (void)snprintf(desk->folder, sizeof desk->folder, "%s",
                   options->folder != NULL ? options->folder : "");
    tq_status status = desk_machines_open(options->folder, &desk->machines, err);
    if (status == TQ_OK) status = desk_line_rules_open(options->folder, &desk->line_rules, err);
    if (status == TQ_OK) status = desk_order_rules_open(options->folder, &desk->order_rules, err);
    if (status == TQ_OK)
        status = tq_store_open_with(options->store_path, &options->store, &desk->store, err);
    if (status == TQ_OK) status = desk_secret_load(desk, err);
    if (status != TQ_OK) {
        tq_desk_close(desk);
        return status;
    }
    *out = desk;
    return TQ_OK;
}

void tq_desk_close(tq_desk *desk)
{
    if (desk == NULL) return;
    desk_supply_close(desk->supply);
    desk_machines_close(desk->machines);
    desk_line_rules_close(desk->line_rules);
    desk_order_rules_close(desk->order_rules);
    desk_guard_free(desk->guard);
    if (desk->probe != NULL) tq_live_close(desk->probe);
    tq_free(desk->edge_by_way);
    tq_store_close(desk->store);
    memset(desk->secret, 0, sizeof desk->secret);
    tq_free(desk);
}

tq_store *tq_desk_store(tq_desk *desk)
{
    return desk->store;
}

void tq_desk_on_event(tq_desk *desk, tq_desk_ear heard, void *user)
{
    desk->ear = heard;
    desk->ear_user = user;
}

tq_status tq_desk_begin(tq_desk *desk, tq_err *err)
{
    return tq_store_begin(desk->store, err);
}

tq_status tq_desk_commit(tq_desk *desk, tq_err *err)
{
    return tq_store_commit(desk->store, err);
}

void tq_desk_rollback(tq_desk *desk)
{
    tq_store_rollback(desk->store);
    desk_look_again(desk);
}

/* ---- the table ---------------------------------------------------------------------------------
 */

static const desk_verb *find_verb(const char *name)
{
    for (uint32_t table = 0; table < TQ_COUNT(TABLES); table++)
        for (const desk_verb *verb = TABLES[table]; verb->name != NULL; verb++)
            if (strcmp(verb->name, name) == 0) return verb;
    return NULL;
}

tq_verb_kind tq_desk_verb(const char *name)
{
    const desk_verb *verb = find_verb(name);
    return verb != NULL ? verb->kind : TQ_VERB_NONE;
}

static tq_status check_role(const desk_verb *verb, const tq_actor *actor, tq_err *err)
{
    char may[160], are[160];
    if ((verb->roles & actor->roles) != 0) return TQ_OK;
    desk_role_names(verb->roles, may, sizeof may);
    desk_role_names(actor->roles, are, sizeof are);
    return tq_fail(err, TQ_DENIED, 0, "%s is for %s; %s%syou are %s", verb->name, may, actor->name,
                   actor->name[0] != '\0' ? ", " : "", are);
}

/* Bodies that are not read as JSON here: other people's formats, with their own readers. */
static bool is_raw(const tq_command *command)
{
    if (strcmp(command->verb, "feed.put") == 0 || strcmp(command->verb, "closure.wzdx_import") == 0)
        return true;
    return strcmp(command->verb, "speeds.put") == 0 && command->body.len > 0 &&
           command->body.at[0] != '{';
}

static size_t limit_of(const char *verb)
{
    return strcmp(verb, "speeds.put") == 0 || strcmp(verb, "vehicle.positions") == 0
               ? DESK_FEED_MAX
               : DESK_BODY_MAX;
}

static tq_status read_body(desk_call *call)
{
    const tq_command *command = call->command;
    if (!is_raw(command))
        return desk_parse(command->body, limit_of(command->verb), "the body", &call->body,
                          call->err);
    if (command->body.len > DESK_FEED_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "the body has %zu bytes; %zu are allowed",
                       command->body.len, DESK_FEED_MAX);
    call->body = json_object();
    return call->body != NULL ? TQ_OK : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
}

static tq_status finish_answer(const desk_call *call)
{
    if (call->answer->failed)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the answer, or it is too long");
    return TQ_OK;
}

tq_status tq_desk_ask(tq_desk *desk, const tq_command *command, const tq_desk_world *world,
                      tq_buf *answer, tq_err *err)
{
    tq_err own;
    uint32_t status = 200;
    const desk_verb *verb = find_verb(command->verb);
    size_t before = answer->len;
    desk_call call = {.desk = desk,
                      .command = command,
                      .world = world,
                      .status = &status,
                      .answer = answer,
                      .err = err != NULL ? err : &own};
    if (verb == NULL || verb->kind != TQ_VERB_ASK)
        return tq_fail(err, TQ_NOT_FOUND, 0, "there is no question \"%.60s\"", command->verb);
    tq_status result = check_role(verb, command->actor, call.err);
    if (result == TQ_OK) result = read_body(&call);
    if (result == TQ_OK) result = verb->run(&call);
    if (result == TQ_OK) result = finish_answer(&call);
    if (result != TQ_OK) answer->len = before;
    json_decref(call.body);
    return result;
}

/* ---- audit
 * --------------------------------------------------------------------------------------- */

static bool is_secret(const char *member)
{
    static const char *const words[] = {"password", "old_password", "token", "secret", "bearer"};
    for (uint32_t k = 0; k < TQ_COUNT(words); k++)
        if (strcmp(words[k], member) == 0) return true;
    return false;
}

/* Take secrets out of a value and all it holds. */
static bool scrub(json_t *root)
{
    TQ_VEC(json_t *) open = {0};
    bool good = tq_vec_push(&open, root);
    while (good && open.count > 0) {
        json_t *value = open.at[--open.count], *inner;
        const char *member;
        void *next;
        size_t at;
        json_object_foreach_safe(value, next, member, inner)
        {
            if (is_secret(member))
                json_object_set_new(value, member, json_string("left out"));
            else if (strcmp(member, "phone") == 0 && json_is_string(inner))
                json_object_set_new(value, member, desk_masked_phone(json_string_value(inner)));
            else
                good = good && tq_vec_push(&open, inner);
        }
        json_array_foreach(value, at, inner) good = good && tq_vec_push(&open, inner);
    }
    tq_vec_free(&open);
    return good;
}

static tq_status put_audit(desk_call *call, const char *verb, const char *kind, const char *id,
                           const char *outcome, tq_str detail)
{
    char role[160];
    const tq_actor *actor = call->command->actor;
    desk_role_names(actor->roles & ~TQ_ROLE_PUBLIC, role, sizeof role);
    tq_audit row = {.at_ms = call->command->now_ms,
                    .actor = actor->name[0] != '\0' ? actor->name : "public",
                    .role = role,
                    .verb = verb,
                    .kind = kind,
                    .id = id,
                    .outcome = outcome,
                    .detail = detail};
    return tq_store_audit(call->desk->store, &row, call->err);
}

tq_status desk_audit(desk_call *call, const char *verb, const char *kind, const char *id,
                     const char *outcome, const json_t *detail)
{
    tq_buf text = {0};
    if (detail == NULL) return put_audit(call, verb, kind, id, outcome, TQ_STR("{}"));
    tq_status status = desk_dump(detail, &text, call->err);
    if (status == TQ_OK)
        status = put_audit(call, verb, kind, id, outcome, (tq_str){text.at, text.len});
    tq_buf_free(&text);
    return status;
}

/* The audit row of a command: what was asked, without secrets; long bodies by length and hash. */
static tq_status audit_command(desk_call *call, const char *outcome)
{
    const tq_command *command = call->command;
    json_auto_t *detail = json_object();
    tq_buf text = {0};
    char kind[24];
    size_t dot = strcspn(command->verb, ".");
    (void)snprintf(kind, sizeof kind, "%.*s", (int)TQ_MIN(dot, sizeof kind - 1), command->verb);
    bool whole = call->body != NULL && !is_raw(command) && command->body.len <= DESK_DETAIL_MAX;
    if (whole) {
        json_t *body = json_deep_copy(call->body);
        whole = body != NULL && scrub(body);
        json_object_set_new(detail, "body", whole ? body : NULL);
        if (!whole) json_decref(body);
    }
    if (!whole && command->body.len > 0) {
        char hash[24];
        (void)snprintf(hash, sizeof hash, "%016llx",
                       (unsigned long long)tq_hash(command->body.at, command->body.len, 0));
        json_object_set_new(detail, "bytes", json_integer((json_int_t)command->body.len));
        json_object_set_new(detail, "hash", json_string(hash));
    }
    if (command->actor->session[0] != '\0')
        json_object_set_new(detail, "session", json_string(command->actor->session));
    tq_status status = desk_dump(detail, &text, call->err);
    if (status == TQ_OK)
        status =
            put_audit(call, command->verb, kind, call->about, outcome, (tq_str){text.at, text.len});
    tq_buf_free(&text);
    return status;
}

/* ---- commands
 * -------------------------------------------------------------------------------------- */

/* The same command has the same hash, whoever carries it. */
static uint64_t hash_of(const tq_command *command)
{
    uint64_t hash = tq_hash(command->verb, strlen(command->verb), 1);
    hash = tq_hash(command->id, strlen(command->id), hash);
    hash = tq_hash(command->query.at, command->query.len, hash);
    hash = tq_hash(command->body.at, command->body.len, hash);
    return tq_hash(command->actor->name, strlen(command->actor->name), hash);
}

static const char *key_owner(const tq_actor *actor)
{
    return actor->name[0] != '\0' ? actor->name : "public";
}

/* Signing in twice makes two sessions; its answer is never kept. */
static bool is_remembered(const tq_command *command)
{
    return command->key != NULL && command->key[0] != '\0' &&
           strcmp(command->verb, "auth.login") != 0;
}

static tq_status remember(desk_call *call, tq_str answer, uint64_t hash)
{
    tq_buf text = {0};
    json_error_t why;
    const tq_command *command = call->command;
    json_auto_t *value = json_loadb(answer.at, answer.len, 0, &why);
    if (value != NULL && json_object_get(value, "token") != NULL) {
        json_object_set_new(value, "token", json_null());
        TQ_TRY(desk_dump(value, &text, call->err));
        answer = (tq_str){text.at, text.len};
    }
    tq_status status = tq_store_remember(call->desk->store, key_owner(command->actor), command->key,
                                         hash, *call->status, answer, command->now_ms, call->err);
    tq_buf_free(&text);
    return status;
}

/* Was it done before? TQ_NOT_FOUND = no. */
static tq_status look_up_key(desk_call *call, uint64_t hash)
{
    const tq_command *command = call->command;
    if (strlen(command->key) > DESK_KEY_MAX)
        return desk_bad(call, "the Idempotency-Key has more than %u bytes", DESK_KEY_MAX);
    tq_status status = tq_store_done(call->desk->store, key_owner(command->actor), command->key,
                                     hash, call->status, call->answer, call->err);
    if (status == TQ_BAD_INPUT)
        return desk_bad(call, "the key was used for another command; take a new one for this");
    return status;
}

static tq_status run_marked(desk_call *call, const desk_verb *verb, uint64_t hash)
{
    tq_store *store = call->desk->store;
    size_t before = call->answer->len;
    TQ_TRY(tq_store_mark(store, call->err));
    tq_status result = verb->run(call);
    if (result == TQ_OK) result = finish_answer(call);
    if (result == TQ_OK && verb->kind == TQ_VERB_DO) result = audit_command(call, "done");
    if (result == TQ_OK && verb->kind == TQ_VERB_DO && is_remembered(call->command))
        result =
            remember(call, (tq_str){call->answer->at + before, call->answer->len - before}, hash);
    if (result == TQ_OK) return tq_store_keep(store, call->err);
    tq_store_undo(store);
    call->answer->len = before;
    return result;
}

/* A store that failed cannot take the row that says so. */
static bool can_audit(tq_status result)
{
    return result != TQ_STORE && result != TQ_IO && result != TQ_NO_MEMORY;
}

tq_status tq_desk_do(tq_desk *desk, const tq_command *command, const tq_desk_world *world,
                     uint32_t *status, tq_buf *answer, tq_err *err)
{
    tq_err own, later;
    uint32_t http = 200;
    const desk_verb *verb = find_verb(command->verb);
    uint64_t hash = hash_of(command);
    desk_call call = {.desk = desk,
                      .command = command,
                      .world = world,
                      .status = &http,
                      .answer = answer,
                      .err = err != NULL ? err : &own};
    tq_err_clear(call.err);
    (void)snprintf(call.about, sizeof call.about, "%s", command->id);
    if (verb == NULL || verb->kind < TQ_VERB_DO)
        return tq_fail(err, TQ_NOT_FOUND, 0, "there is no command \"%.60s\"", command->verb);
    tq_status result = check_role(verb, command->actor, call.err);
    if (result == TQ_OK && strlen(command->id) >= TQ_ID_MAX)
        result = tq_fail(call.err, TQ_NOT_FOUND, 0, "the id \"%.48s…\" is too long", command->id);
    bool again = false;
    if (result == TQ_OK && is_remembered(command)) {
        result = look_up_key(&call, hash);
        again = result == TQ_OK;
        if (result == TQ_NOT_FOUND) result = TQ_OK;
    }
    if (result == TQ_OK && !again) result = read_body(&call);
    if (result == TQ_OK && !again) result = run_marked(&call, verb, hash);
    if (result == TQ_OK) {
        *status = http;
    } else if (can_audit(result) && (verb->kind == TQ_VERB_DO || result == TQ_DENIED)) {
        char outcome[440];
        (void)snprintf(outcome, sizeof outcome, "refused: %s", call.err->text);
        call.err = &later;
        (void)snprintf(call.about, sizeof call.about, "%s", command->id);
        tq_status written = audit_command(&call, outcome);
        if (written != TQ_OK) {
            if (err != NULL) *err = later;
            result = written;
        }
    }
    json_decref(call.body);
    return result;
}

/* ---- the clock
 * --------------------------------------------------------------------------------------- */

tq_status tq_desk_tick(tq_desk *desk, const tq_desk_world *world, int64_t now_ms, bool *changed,
                       tq_err *err)
{
    static tq_status (*const parts[])(desk_call * call, bool *changed) = {
        desk_closures_tick, desk_cases_tick,  desk_points_tick,   desk_speeds_tick,
        desk_sessions_tick, desk_orders_tick, desk_dispatch_tick, desk_lines_tick,
        desk_consignments_tick};
    const tq_actor clock = {.name = "clock", .roles = TQ_ROLE_PUBLIC | TQ_ROLE_ADMIN};
    tq_command command = {.verb = "clock", .id = "", .key = "", .actor = &clock, .now_ms = now_ms};
    tq_buf answer = {0};
    tq_err own;
    uint32_t http = 200;
    *changed = false;
    desk_call call = {.desk = desk,
                      .command = &command,
                      .world = world,
                      .status = &http,
                      .answer = &answer,
                      .err = err != NULL ? err : &own};
    tq_status status = TQ_OK;
    for (uint32_t part = 0; status == TQ_OK && part < TQ_COUNT(parts); part++) {
        bool some = false, network = call.network;
        status = tq_store_mark(desk->store, call.err);
        if (status != TQ_OK) break;
        call.body = json_object();
        status = parts[part](&call, &some);
        json_decref(call.body);
        if (status == TQ_OK) {
            status = tq_store_keep(desk->store, call.err);
            *changed = *changed || some;
            continue;
        }
        tq_store_undo(desk->store);
        call.network = network;
        desk_look_again(desk);
        if (!can_audit(status) || status == TQ_LIMIT) break;
        /* A record that cannot be moved on must not stop the clock of all others. */
        tq_log(TQ_LOG_ERROR, "the clock: %s", call.err->text);
        status = TQ_OK;
    }
    tq_buf_free(&answer);
    return status;
}
