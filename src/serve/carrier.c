/*
 * Two threads that talk to other machines: the carrier takes the outbox to peers, the puller
 * fetches feeds of live transit. A peer that hangs delays only other peers; a feed only other
 * feeds; neither ever holds up a command.
 *
 * The carrier is woken after each commit and asks again when the exchange says so. A feed is asked
 * for again when tq_pull says so. What it brings becomes the command feed.put of the actor «pull».
 */
#include <stdatomic.h>

#include "serve/office_in.h"

/* ---- to peers
 * ------------------------------------------------------------------------------------- */

/* Messages that wait for a receipt, all peers together. */
typedef struct waiting_count {
    tq_store *store;
    uint64_t waiting;
} waiting_count;

static bool count_waiting(void *user, const tq_record *record)
{
    waiting_count *count = user;
    tq_link_state state = {0};
    if (tq_store_link_state(count->store, record->id, &state, NULL) == TQ_OK)
        count->waiting += state.sent - TQ_MIN(state.receipt, state.sent);
    return true;
}

static void push(serve_office *office)
{
    tq_peer_link link = tq_link_http();
    tq_push_report report = {.next_ms = INT64_MAX};
    tq_err err = {0};
    tq_status status = tq_exchange_push(office->outbox_exchange, office->outbox, &link, PUSH_BATCH,
                                        serve_now_ms(), &report, &err);
    office->push_ms = status == TQ_OK ? report.next_ms : serve_now_ms() + OFFICE_TICK_MS;
    if (status != TQ_OK) tq_log(TQ_LOG_WARN, "messages to peers wait: %s", err.text);
    metric_add(&office->counts.sent, report.sent);
    metric_add(&office->counts.acknowledged, report.acknowledged);
    metric_add(&office->counts.push_failed, report.failed);
    tq_store_filter peers = {.kind = "peer"};
    waiting_count count = {office->outbox, 0};
    if (tq_store_each(office->outbox, &peers, count_waiting, &count, NULL) == TQ_OK)
        metric_set(&office->counts.outbox, count.waiting);
}

/* What makes answers on the new network quicker may take its time; it does not change them. */
static void finish(serve_office *office)
{
    uint64_t shown = tq_network_shown(office->server->network);
    tq_err err = {0};
    if (shown == office->finished) return;
    office->finished = shown;
    if (tq_network_finish(office->server->network, &err) != TQ_OK)
        tq_log(TQ_LOG_WARN, "answers on the new network stay slower: %s", err.text);
}

void carrier_work(void *user, void **item, uint32_t count)
{
    (void)item;
    (void)count;
    push(user);
    finish(user);
}

void carrier_idle(void *user)
{
    serve_office *office = user;
    if (serve_now_ms() >= office->push_ms) push(office);
    finish(office);
}

/* ---- feeds
 * ----------------------------------------------------------------------------------------- */

static void pull(serve_office *office, const tq_serve_feed *feed, pulled_feed *state)
{
    tq_fetch_wish wish = {.url = feed->url,
                          .bearer = feed->bearer,
                          .etag = state->etag[0] != '\0' ? state->etag : NULL,
                          .timeout_ms = FEED_TIMEOUT_MS};
    tq_buf message = {.limit = TQ_FETCH_BYTES_MAX};
    uint32_t http = 0;
    char etag[80] = "";
    tq_err err = {0};
    tq_status status = tq_fetch(&wish, &http, etag, &message, &err);
    if (status == TQ_OK && http != 200 && http != 304)
        status = tq_fail(&err, TQ_IO, 0, "it answers %u", http);
    tq_pull_result result = status != TQ_OK ? TQ_PULL_FAILED
                            : http == 304   ? TQ_PULL_SAME
                                            : TQ_PULL_TAKEN;
    int64_t now_ms = serve_now_ms(), next_ms = tq_pull_after(&state->pull, result, now_ms);
    if (status != TQ_OK)
        tq_log(TQ_LOG_WARN, "feed %s: %s; again in %lld s", feed->id, err.text,
               (long long)((next_ms - now_ms) / 1000));
    else
        memcpy(state->etag, etag, sizeof etag);
    metric_add(status == TQ_OK ? &office->counts.feeds_fetched : &office->counts.feeds_failed, 1);
    if (status == TQ_OK && http == 200)
        office_pulled(office, feed->id, (tq_str){message.at, message.len});
    tq_buf_free(&message);
}

void puller_work(void *user, void **item, uint32_t count)
{
    (void)user;
    (void)item;
    (void)count;
}

void puller_idle(void *user)
{
    serve_office *office = user;
    const tq_serve_options *options = &office->server->options;
    for (uint32_t k = 0; k < options->feed_count; k++)
        if (office->feed[k].pull.next_ms <= serve_now_ms())
            pull(office, &options->feed[k], &office->feed[k]);
}
