/*
 * What was committed, carried into `live`.
 *
 * The version of the network is the number of the last event that changed it. A fresh `live` is
 * filled from the records; a filled one follows the events since. Both ways end in the same state:
 * all that is published, put in place, then everything dropped that was over at the instant of the
 * last network event. So a server that was killed starts with the version and the bytes it had.
 * Nothing in here depends on the clock of the machine.
 */
#include <stdio.h>

#include "desk/desk_in.h"
#include "desk/dispatch_in.h"

typedef struct news {
    char topic[16], verb[16];
    desk_id id;
} news;

typedef struct follow {
    tq_desk *desk;
    tq_live *live;
    tq_err *err;
    TQ_VEC(news) news;
    uint64_t last;
    bool failed;
} follow;

/* A closure that the city's streets no longer know is left out and told in the log: the others, and
 * the server, must come up. */
static tq_status put_closure(follow *run, const char *id, tq_str body)
{
    tq_closure closure = {0};
    tq_err why;
    json_error_t broken;
    json_auto_t *record = json_loadb(body.at, body.len, 0, &broken);
    tq_status status = desk_closure_of(run->desk->city, record, INT64_MIN, &closure, &why);
    if (status == TQ_OK) {
        status = tq_live_put_closure(run->live, &closure, &why);
        if (status != TQ_OK) tq_closure_free(&closure);
    }
    if (status == TQ_NO_MEMORY) return tq_fail(run->err, status, 0, "%s", why.text);
    if (status != TQ_OK) tq_log(TQ_LOG_ERROR, "closure %s is left out: %s", id, why.text);
    return TQ_OK;
}

static tq_status end_closure(follow *run, const char *id)
{
    tq_status status = tq_live_end_closure(run->live, id, run->err);
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}

static bool fill_closure(void *user, const tq_record *record)
{
    follow *run = user;
    if (put_closure(run, record->id, record->body) != TQ_OK) run->failed = true;
    return !run->failed;
}

static bool note_feed(void *user, const tq_record *record)
{
    desk_ids *ids = user;
    return desk_ids_push(ids, record->id);
}

/* Version and instant of the last network event. */
static tq_status read_version(tq_desk *desk, tq_err *err)
{
    tq_buf text = {0};
    tq_record record = {0};
    tq_err why;
    json_error_t broken;
    tq_status status = tq_store_get(desk->store, "desk", "network", &text, &record, &why);
    if (status == TQ_OK) {
        json_auto_t *body = json_loadb(record.body.at, record.body.len, 0, &broken);
        int64_t at_ms = json_integer_value(json_object_get(body, "at"));
        desk->network_version = (uint64_t)json_integer_value(json_object_get(body, "version"));
        desk->applied_ms = TQ_MAX(desk->applied_ms, at_ms);
    }
    tq_buf_free(&text);
    if (status == TQ_OK || status == TQ_NOT_FOUND) return TQ_OK;
    return tq_fail(err, status, 0, "%s", why.text);
}

static tq_status fill_feeds(follow *run)
{
    desk_ids ids = {0};
    tq_store_filter filter = {.kind = "feed"};
    tq_status status = tq_store_each(run->desk->store, &filter, note_feed, &ids, run->err);
    for (size_t k = 0; status == TQ_OK && k < ids.count; k++)
        status = desk_feed_fill(run->desk, ids.at[k].text, run->live, run->err);
    tq_vec_free(&ids);
    return status;
}

static tq_status fill(follow *run)
{
    tq_desk *desk = run->desk;
    tq_store_filter closures = {.kind = "closure", .state = "published"};
    /* The number first: what is committed after it is seen as news then. */
    desk->caught_up = tq_store_last_event(desk->store);
    TQ_TRY(tq_store_each(desk->store, &closures, fill_closure, run, run->err));
    if (run->failed) return run->err != NULL ? run->err->status : TQ_NO_MEMORY;
    TQ_TRY(desk_speeds_fill(desk, NULL, run->live, run->err));
    TQ_TRY(fill_feeds(run));
    return desk_supply_fill(desk, run->err);
}

static bool note_news(void *user, const tq_event *event)
{
    follow *run = user;
    news one;
    run->last = event->seq;
    if (!event->network && !desk_supply_hears(event->topic)) return true;
    (void)snprintf(one.topic, sizeof one.topic, "%s", event->topic);
    (void)snprintf(one.verb, sizeof one.verb, "%s", event->verb);
    (void)snprintf(one.id.text, sizeof one.id.text, "%s", event->id);
    if (!tq_vec_push(&run->news, one)) run->failed = true;
    return !run->failed;
}

static tq_status follow_closure(follow *run, const char *id)
{
    tq_buf text = {0};
    tq_record record = {0};
    tq_status status = tq_store_get(run->desk->store, "closure", id, &text, &record, run->err);
    if (status == TQ_OK && strcmp(record.state, "published") == 0)
        status = put_closure(run, id, record.body);
    else if (status == TQ_OK || status == TQ_NOT_FOUND)
        status = end_closure(run, id);
    tq_buf_free(&text);
    return status;
}

static tq_status follow_news(follow *run, const news *one)
{
    if (desk_supply_hears(one->topic))
        return desk_supply_follow(run->desk, one->topic, one->id.text, run->err);
    if (strcmp(one->topic, "closure") == 0) return follow_closure(run, one->id.text);
    if (strcmp(one->topic, "feed") == 0)
        return desk_feed_fill(run->desk, one->id.text, run->live, run->err);
    if (strcmp(one->topic, "speeds") != 0 || strcmp(one->verb, "ended") == 0) return TQ_OK;
    tq_status status = TQ_NOT_FOUND;
    if (strcmp(one->verb, "put") == 0)
        status = desk_speeds_fill(run->desk, one->id.text, run->live, run->err);
    if (status != TQ_NOT_FOUND) return status;
    /* Forgotten, or joined with others since: from the beginning. */
    tq_live_forget_speeds(run->live);
    return desk_speeds_fill(run->desk, NULL, run->live, run->err);
}

/* The same thing told of twice in one go is carried once. */
static bool is_told_later(const follow *run, size_t at)
{
    if (strcmp(run->news.at[at].topic, "speeds") == 0) return false;
    for (size_t later = at + 1; later < run->news.count; later++)
        if (strcmp(run->news.at[later].topic, run->news.at[at].topic) == 0 &&
            strcmp(run->news.at[later].id.text, run->news.at[at].id.text) == 0)
            return true;
    return false;
}

#define NEWS_AT_ONCE 1000u

static tq_status follow_events(follow *run)
{
    tq_desk *desk = run->desk;
    uint64_t end = tq_store_last_event(desk->store);
    while (desk->caught_up < end) {
        run->news.count = 0;
        run->last = desk->caught_up;
        TQ_TRY(
            tq_store_events(desk->store, desk->caught_up, NEWS_AT_ONCE, note_news, run, run->err));
        if (run->failed) return tq_fail(run->err, TQ_NO_MEMORY, 0, "no memory for events");
        if (run->last == desk->caught_up) break;
        for (size_t at = 0; at < run->news.count; at++)
            if (!is_told_later(run, at)) TQ_TRY(follow_news(run, &run->news.at[at]));
        desk->caught_up = run->last;
    }
    return TQ_OK;
}

tq_status tq_desk_catch_up(tq_desk *desk, tq_live *live, int64_t now_ms, bool *network,
                           uint64_t *version, tq_err *err)
{
    follow run = {.desk = desk, .live = live, .err = err};
    uint64_t before = desk->network_version;
    bool fresh = !desk->filled;
    (void)now_ms; /* what is over is told by events of the clock */
    tq_status status = read_version(desk, err);
    if (status == TQ_OK) status = fresh ? fill(&run) : follow_events(&run);
    tq_vec_free(&run.news);
    if (status != TQ_OK) {
        desk->network_version = before;
        return status;
    }
    if (desk->applied_ms != INT64_MIN) (void)tq_live_expire(live, desk->applied_ms);
    desk->filled = true;
    *network = fresh || desk->network_version != before;
    *version = desk->network_version;
    return TQ_OK;
}
