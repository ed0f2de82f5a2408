/*
 * The writer: one thread that owns the store, the records and the live state.
 *
 * Commands that wait together are one batch: begin, carry out each, commit; then what was committed
 * is carried into `live`, published if the network answers differently, told to the streams, and
 * only then answered. So an answered command is on disk and every later question sees it. When the
 * store fails, the whole batch is refused by name and nothing of it is shown.
 *
 * Between batches the clock runs: what is due in the records (also live states that end by
 * themselves: the desk writes their end as an event, so that the version grows with it and is the
 * same after a restart) and reports to peers.
 */
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve/office_in.h"

#define LIVE_KIND "serve" /* the record with the version of the senders of live speeds */
#define LIVE_ID   "live_roads"

/* ---- who
 * ------------------------------------------------------------------------------------------ */

static void make_public(tq_actor *out)
{
    memset(out, 0, sizeof *out);
    out->roles = TQ_ROLE_PUBLIC;
}

tq_status order_actor(tq_desk *desk, serve_order *order, int64_t now_ms, tq_actor *out, tq_err *err)
{
    make_public(out);
    if (order->pulled) {
        (void)snprintf(out->name, sizeof out->name, "pull");
        out->roles |= TQ_ROLE_PEER;
    }
    if (order->token.len == 0) return TQ_OK;
    tq_status status = tq_desk_actor(desk, order->token, now_ms, out, err);
    if (status != TQ_DENIED) return status;
    order->denied_token = true;
    /* One whose session is over must be able to begin a new one. */
    if (!is_sign_in(order->verb)) return status;
    make_public(out);
    return TQ_OK;
}

bool exchange_allows(const char *verb, const tq_actor *actor, tq_err *err)
{
    const char *const *role = tq_exchange_roles(verb);
    for (; role != NULL && *role != NULL; role++)
        if (tq_role_named(tq_str_of(*role)) & actor->roles) return true;
    (void)tq_fail(err, TQ_DENIED, 0, "%s is not for %s", verb,
                  actor->name[0] != '\0' ? actor->name : "the public");
    return false;
}

/* ---- commands
 * -------------------------------------------------------------------------------------- */

static tq_desk_world world_of(serve_office *office, const tq_snapshot *snapshot)
{
    return (tq_desk_world){snapshot->city,    snapshot->roads, snapshot->days,
                           snapshot->overlay, office->live,    freight_of_office(office, snapshot)};
}

static tq_status say(serve_office *office, serve_order *order, const char *verb, tq_str body,
                     const char *key, const tq_actor *actor, int64_t now_ms, tq_err *err)
{
    const tq_snapshot *snapshot = tq_network_hold(office->server->network);
    tq_desk_world world = world_of(office, snapshot);
    tq_command command = {.verb = verb,
                          .id = order->id.at,
                          .body = body,
                          .query = order->query,
                          .key = key,
                          .actor = actor,
                          .now_ms = now_ms,
                          .english = order->lang == TQ_EN};
    uint32_t status = 200;
    order->answer.len = 0;
    tq_status result = tq_desk_do(office->desk, &command, &world, &status, &order->answer, err);
    order->status = status;
    tq_network_drop(office->server->network, snapshot);
    return result;
}

static const char *some_role(const tq_actor *actor)
{
    uint32_t roles = actor->roles & ~TQ_ROLE_PUBLIC;
    for (uint32_t bit = TQ_ROLE_DRIVER; bit != 0; bit >>= 1)
        if (roles & bit) return tq_role_name(bit);
    return tq_role_name(TQ_ROLE_PUBLIC);
}

static tq_status audit_refused(serve_office *office, const serve_order *order,
                               const tq_actor *actor, int64_t now_ms, const tq_err *why,
                               tq_err *err)
{
    char outcome[420];
    (void)snprintf(outcome, sizeof outcome, "refused: %s", why->text);
    tq_audit row = {.at_ms = now_ms,
                    .actor = actor->name,
                    .role = some_role(actor),
                    .verb = order->verb,
                    .kind = "peer",
                    .id = order->id.at,
                    .outcome = outcome,
                    .detail = TQ_STR("{}")};
    return tq_store_audit(tq_desk_store(office->desk), &row, err);
}

static uint64_t hash_order(const serve_order *order)
{
    uint64_t hash = tq_hash(order->verb, strlen(order->verb), 1);
    hash = tq_hash(order->id.at, order->id.len, hash);
    return tq_hash(order->body.at, order->body.len, hash);
}

/* A command of the exchange: the same care that the desk takes of its own. */
static tq_status say_exchange(serve_office *office, serve_order *order, const tq_actor *actor,
                              int64_t now_ms, tq_err *err)
{
    tq_store *store = tq_desk_store(office->desk);
    uint32_t status = 200;
    tq_err why = {0};
    tq_exchange_call call = {.verb = order->verb,
                             .id = order->id.at,
                             .body = order->body,
                             .query = order->query,
                             .actor = actor->name,
                             .peer = actor->roles & TQ_ROLE_PEER ? actor->peer : "",
                             .now_ms = now_ms};
    tq_status result = exchange_allows(order->verb, actor, &why) ? TQ_OK : TQ_DENIED;
    if (result == TQ_OK && order->key.len > 0) {
        result = tq_store_done(store, actor->name, order->key.at, hash_order(order), &status,
                               &order->answer, &why);
        if (result == TQ_OK) {
            order->status = status;
            return TQ_OK;
        }
        result = result == TQ_NOT_FOUND ? TQ_OK : result;
    }
    TQ_TRY(tq_store_mark(store, err));
    if (result == TQ_OK)
        result = tq_exchange_run(office->exchange, store, &call, &status, &order->answer, &why);
    if (result == TQ_OK && order->key.len > 0)
        result = tq_store_remember(store, actor->name, order->key.at, hash_order(order), status,
                                   (tq_str){order->answer.at, order->answer.len}, now_ms, &why);
    if (result == TQ_OK) {
        order->status = status;
        return tq_store_keep(store, err);
    }
    tq_store_undo(store);
    *err = why;
    TQ_TRY(audit_refused(office, order, actor, now_ms, &why, err));
    return result;
}

tq_status writer_live_version(serve_office *office, tq_err *err)
{
    tq_buf body = {0};
    tq_record record;
    tq_status status =
        tq_store_get(tq_desk_store(office->desk), LIVE_KIND, LIVE_ID, &body, &record, err);
    if (status == TQ_OK) {
        json_t *value = json_loadb(record.body.at, record.body.len, 0, NULL);
        json_int_t version = json_integer_value(json_object_get(value, "version"));
        atomic_store(&office->live_version, (uint64_t)TQ_MAX(version, 0));
        office->live_record = record.version;
        json_decref(value);
    }
    tq_buf_free(&body);
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}

static tq_status keep_live_version(serve_office *office, uint64_t version, int64_t now_ms,
                                   tq_err *err)
{
    char text[48];
    int len = snprintf(text, sizeof text, "{\"version\":%llu}", (unsigned long long)version);
    tq_record record = {.kind = LIVE_KIND,
                        .id = LIVE_ID,
                        .state = "",
                        .version = office->live_record,
                        .changed_ms = now_ms,
                        .body = {text, (size_t)len}};
    TQ_TRY(tq_store_put(tq_desk_store(office->desk), &record, &office->live_record, err));
    atomic_store(&office->live_version, version);
    return TQ_OK;
}

/* While nobody has an account, who sits at the machine may tell live speeds; see docs/api. */
static void admit_local(serve_office *office, const serve_order *order, tq_actor *actor)
{
    char setup_token[TQ_SETUP_TOKEN_MAX];
    if (order->token.len > 0 || !order->local || !tq_desk_setup_token(office->desk, setup_token))
        return;
    (void)snprintf(actor->name, sizeof actor->name, "local");
    actor->roles |= TQ_ROLE_ADMIN;
}

static tq_status say_speeds(serve_office *office, serve_order *order, tq_actor *actor,
                            int64_t now_ms, tq_err *err)
{
    uint64_t known = atomic_load(&office->live_version), told = order->speeds.version;
    admit_local(office, order, actor);
    if (told != 0 && told <= known) {
        order->why.id = PROBLEM_STALE;
        problem_set(&order->why, 0, "%llu", (unsigned long long)told);
        problem_set(&order->why, 1, "%llu", (unsigned long long)known);
        return TQ_STALE;
    }
    if (order->speeds.forget || (order->speeds.replace && order->speeds.changed == 0))
        TQ_TRY(say(office, order, "speeds.forget", (tq_str){0}, order->key.at, actor, now_ms, err));
    else if (order->speeds.changed > 0)
        TQ_TRY(say(office, order, "speeds.put", order->body, order->key.at, actor, now_ms, err));
    order->speeds.version = told != 0 ? told : known + 1;
    return keep_live_version(office, order->speeds.version, now_ms, err);
}

static tq_status carry_out(serve_office *office, serve_order *order, int64_t now_ms, tq_err *err)
{
    tq_actor actor;
    TQ_TRY(order_actor(office->desk, order, now_ms, &actor, err));
    if (order->kind == ORDER_SPEEDS) return say_speeds(office, order, &actor, now_ms, err);
    if (order->peers) return say_exchange(office, order, &actor, now_ms, err);
    return say(office, order, order->verb, order->body, order->key.at, &actor, now_ms, err);
}

/* ---- showing
 * --------------------------------------------------------------------------------------- */

static tq_status publish(serve_office *office, uint64_t version, int64_t now_ms, tq_err *err)
{
    const tq_overlay *overlay = NULL;
    const tq_env *env = tq_env_real();
    int64_t began_ns = env->mono_ns(env->user);
    TQ_TRY(tq_live_overlay(office->live, version, &overlay, err));
    tq_publish_report report = {0};
    tq_status status = tq_network_publish(office->server->network, overlay, now_ms, &report, err);
    tq_overlay_drop(overlay);
    metric_add(&office->counts.publishes, 1);
    metric_add(&office->counts.publish_ns, (uint64_t)(env->mono_ns(env->user) - began_ns));
    return status;
}

static tq_status make_offer(serve_office *office, const tq_snapshot *snapshot, int64_t now_ms,
                            tq_err *err)
{
    const tq_ondemand *made = NULL;
    tq_desk_world world = world_of(office, snapshot);
    TQ_TRY(tq_desk_offer(office->desk, &world, now_ms, &made, err));
    bool nothing = made->run_count == 0 && made->taxi.columns == 0;
    tq_status status = TQ_OK;
    if (!nothing || snapshot->ondemand != NULL)
        status = tq_network_offer(office->server->network, made, err);
    tq_ondemand_drop(made);
    return status;
}

/* Custom buses and taxis for trip planning: at once when the network has changed, soon after a
 * commit, and now and then because vehicles move. After the answers of a batch, which need not wait
 * for it. */
static void offer(serve_office *office, int64_t now_ms)
{
    int64_t old_ms = now_ms - office->offered_ms, least_ms = office->offer_due == OFFER_NOW ? 0
                                                             : office->offer_due == OFFER_SOON
                                                                 ? OFFICE_OFFER_MS
                                                                 : OFFICE_WAITS_MS;
    tq_err err = {0};
    if (office->unshown || (old_ms >= 0 && old_ms < least_ms)) return;
    const tq_snapshot *snapshot = tq_network_hold(office->server->network);
    tq_status status = make_offer(office, snapshot, now_ms, &err);
    tq_network_drop(office->server->network, snapshot);
    office->offered_ms = now_ms;
    office->offer_due = status == TQ_OK ? OFFER_GOOD : OFFER_SOON;
    if (status != TQ_OK)
        tq_log(TQ_LOG_WARN, "what is on demand stays as it was: %s; trying again", err.text);
}

/* Also at the start: then nothing is shown yet and all that is in force is caught up with. */
void writer_show(serve_office *office, int64_t now_ms)
{
    bool network = false;
    uint64_t version = office->version;
    tq_err err = {0};
    tq_status status =
        tq_desk_catch_up(office->desk, office->live, now_ms, &network, &version, &err);
    if (status == TQ_OK) office->version = version;
    if (status == TQ_OK && (network || office->unshown))
        status = publish(office, office->version, now_ms, &err);
    office->unshown = status != TQ_OK;
    if (status != TQ_OK)
        tq_log(TQ_LOG_ERROR, "what was committed cannot be shown yet: %s; trying again", err.text);
    bool told = show_events(office);
    if (network || told || office->shown_ms == 0) show_make(office, now_ms);
    if (network)
        office->offer_due = OFFER_NOW;
    else if (told && office->offer_due == OFFER_GOOD)
        office->offer_due = OFFER_SOON;
}

/* ---- batches
 * --------------------------------------------------------------------------------------- */

/* The token in the answer to a login; the loop makes the cookie of it. */
static void take_token(const tq_buf *answer, char *out, size_t cap)
{
    json_t *value = json_loadb(answer->at, answer->len, 0, NULL);
    const char *token = json_string_value(json_object_get(value, "token"));
    if (token != NULL && strlen(token) < cap) memcpy(out, token, strlen(token) + 1);
    json_decref(value);
}

static void finish(serve_office *office, serve_order *order)
{
    bool password = is_sign_in(order->verb);
    if (password) atomic_fetch_sub(&office->logins, 1);
    if (order->pulled && order->result != TQ_OK)
        tq_log(TQ_LOG_WARN, "feed %s: %s", order->id.at, order->why.part[0]);
    metric_add(order->result == TQ_OK ? &office->counts.commands : &office->counts.refused, 1);
    if (order->result == TQ_OK && password)
        take_token(&order->answer, order->session, sizeof order->session);
    if (order->loop != NULL)
        line_post(order->loop, &order->note);
    else
        order_free(order);
}

static bool store_broke(tq_status status, const tq_err *err)
{
    return status == TQ_STORE || status == TQ_IO ||
           (status == TQ_LIMIT && strstr(err->text, "disk is full") != NULL);
}

/* Everything of a batch is refused with the store's reason. */
static void refuse_all(serve_order **row, uint32_t count, tq_status status, const tq_err *err)
{
    for (uint32_t k = 0; k < count; k++) {
        row[k]->why.id = PROBLEM_NONE;
        order_problem(row[k], status, err);
    }
}

static tq_status do_batch(serve_office *office, serve_order **row, uint32_t count, int64_t now_ms,
                          tq_err *err)
{
    TQ_TRY(tq_desk_begin(office->desk, err));
    for (uint32_t k = 0; k < count; k++) {
        tq_err one = {0};
        if (row[k]->result != TQ_OK) continue;
        tq_status status = carry_out(office, row[k], now_ms, &one);
        if (store_broke(status, &one)) {
            *err = one;
            tq_desk_rollback(office->desk);
            return status;
        }
        if (status != TQ_OK) order_problem(row[k], status, &one);
    }
    const tq_env *env = tq_env_real();
    int64_t began_ns = env->mono_ns(env->user);
    tq_status status = tq_desk_commit(office->desk, err);
    metric_add(&office->counts.commit_ns, (uint64_t)(env->mono_ns(env->user) - began_ns));
    metric_add(&office->counts.batches, 1);
    return status;
}

void writer_work(void *user, void **item, uint32_t count)
{
    serve_office *office = user;
    serve_order *row[OFFICE_BATCH_MAX];
    int64_t now_ms = serve_now_ms();
    uint64_t live_version = atomic_load(&office->live_version), live_record = office->live_record;
    uint64_t before = office->version;
    tq_err err = {0};
    TQ_ASSERT(count <= OFFICE_BATCH_MAX);
    for (uint32_t k = 0; k < count; k++)
        row[k] = item[k];
    tq_status status = do_batch(office, row, count, now_ms, &err);
    if (status != TQ_OK) {
        tq_log(TQ_LOG_ERROR, "%u commands were refused by the store: %s", count, err.text);
        refuse_all(row, count, status, &err);
        atomic_store(&office->live_version, live_version);
        office->live_record = live_record;
    } else {
        writer_show(office, now_ms);
        office->due_ms = 0; /* what happened may owe somebody a report */
        if (office->carrier != NULL) (void)tq_worker_give(office->carrier, office);
    }
    for (uint32_t k = 0; k < count; k++)
        finish(office, row[k]);
    offer(office, now_ms);
    if (office->version == before) return;
    /* Who is late by the new network is told now, not at the next tick. */
    office->tick_ms = 0;
    writer_idle(office);
}

/* ---- the clock
 * --------------------------------------------------------------------------------------- */

static tq_status tick(serve_office *office, int64_t now_ms, bool *changed, tq_err *err)
{
    tq_store *store = tq_desk_store(office->desk);
    const tq_snapshot *snapshot = tq_network_hold(office->server->network);
    tq_desk_world world = world_of(office, snapshot);
    tq_status status = tq_desk_tick(office->desk, &world, now_ms, changed, err);
    tq_network_drop(office->server->network, snapshot);
    TQ_TRY(status);
    if (office->due_ms <= now_ms) {
        int64_t next_ms = INT64_MAX;
        TQ_TRY(tq_exchange_due(office->exchange, store, now_ms, &next_ms, err));
        office->due_ms = next_ms;
        *changed = true;
    }
    if (office->tidy_ms <= now_ms) {
        TQ_TRY(tq_store_forget_done(store, now_ms - OFFICE_KEYS_KEPT_MS, err));
        office->tidy_ms = now_ms + OFFICE_TIDY_MS;
    }
    return TQ_OK;
}

void writer_idle(void *user)
{
    serve_office *office = user;
    int64_t now_ms = serve_now_ms();
    bool changed = false;
    tq_err err = {0};
    if (now_ms >= office->tick_ms && now_ms - office->tick_ms < OFFICE_TICK_MS) return;
    office->tick_ms = now_ms;
    tq_status status = office->read_only ? TQ_OK : tq_desk_begin(office->desk, &err);
    if (status == TQ_OK && !office->read_only) {
        status = tick(office, now_ms, &changed, &err);
        if (status == TQ_OK)
            status = tq_desk_commit(office->desk, &err);
        else
            tq_desk_rollback(office->desk);
    }
    if (status != TQ_OK)
        tq_log(TQ_LOG_WARN, "what is due cannot be written: %s; trying again", err.text);
    writer_show(office, now_ms);
    if (changed && office->carrier != NULL) (void)tq_worker_give(office->carrier, office);
    if (now_ms - office->shown_ms >= OFFICE_SHOW_MS) show_make(office, now_ms);
    offer(office, now_ms);
}
