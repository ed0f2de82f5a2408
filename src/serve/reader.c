/*
 * Readers: threads that answer questions about records and read pages of the event stream, each
 * with a handle of its own on the store, which shows what is committed.
 */
#include <stdatomic.h>

#include "serve/office_in.h"

static const tq_snapshot *fresh_snapshot(office_reader *reader)
{
    tq_network *network = reader->office->server->network;
    if (reader->snapshot != NULL &&
        reader->snapshot->overlay->version != tq_network_shown(network)) {
        tq_network_drop(network, reader->snapshot);
        reader->snapshot = NULL;
    }
    if (reader->snapshot == NULL) reader->snapshot = tq_network_hold(network);
    return reader->snapshot;
}

static tq_status ask_exchange(office_reader *reader, serve_order *order, const tq_actor *actor,
                              int64_t now_ms, tq_err *err)
{
    uint32_t status = 200;
    tq_exchange_call call = {.verb = order->verb,
                             .id = order->id.at,
                             .body = order->body,
                             .query = order->query,
                             .actor = actor->name,
                             .peer = actor->roles & TQ_ROLE_PEER ? actor->peer : "",
                             .now_ms = now_ms};
    if (!exchange_allows(order->verb, actor, err)) return TQ_DENIED;
    TQ_TRY(tq_exchange_run(reader->exchange, tq_desk_store(reader->desk), &call, &status,
                           &order->answer, err));
    order->status = status;
    return TQ_OK;
}

static tq_status ask_desk(office_reader *reader, serve_order *order, const tq_actor *actor,
                          int64_t now_ms, tq_err *err)
{
    const tq_snapshot *snapshot = fresh_snapshot(reader);
    tq_desk_world world = {
        snapshot->city, snapshot->roads, snapshot->days, snapshot->overlay, NULL, NULL};
    tq_command command = {.verb = order->verb,
                          .id = order->id.at,
                          .body = order->body,
                          .query = order->query,
                          .key = "",
                          .actor = actor,
                          .now_ms = now_ms,
                          .english = order->lang == TQ_EN};
    order->status = 200;
    return tq_desk_ask(reader->desk, &command, &world, &order->answer, err);
}

/* ---- pages of events
 * ------------------------------------------------------------------------------- */

typedef struct paging {
    serve_order *order;
    const tq_city *city;
    uint32_t seen;
} paging;

static bool put_page(void *user, const tq_event *event)
{
    paging *page = user;
    serve_order *order = page->order;
    page->seen++;
    if (event->readers & order->roles) event_text(page->city, event, &order->answer);
    if (order->answer.failed) return false;
    order->reached = event->seq;
    order->more = page->seen == EVENT_PAGE || order->answer.len >= EVENT_PAGE_BYTES;
    return order->answer.len < EVENT_PAGE_BYTES;
}

static tq_status read_page(office_reader *reader, serve_order *order, const tq_actor *actor,
                           tq_err *err)
{
    tq_store *store = tq_desk_store(reader->desk);
    paging page = {order, reader->office->server->city, 0};
    uint64_t last = tq_store_last_event(store);
    order->roles = actor->roles;
    order->status = 200;
    /* UINT64_MAX: from now on; a number of the future (another store's) counts as that too. */
    order->after = TQ_MIN(order->after, last);
    order->reached = order->after;
    TQ_TRY(tq_store_events(store, order->after, EVENT_PAGE, put_page, &page, err));
    return order->answer.failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for events") : TQ_OK;
}

void reader_work(void *user, void **item, uint32_t count)
{
    office_reader *reader = user;
    for (uint32_t k = 0; k < count; k++) {
        serve_order *order = item[k];
        int64_t now_ms = serve_now_ms();
        tq_err err = {0};
        tq_actor actor;
        tq_status status = order_actor(reader->desk, order, now_ms, &actor, &err);
        if (status == TQ_OK) {
            if (order->kind == ORDER_EVENTS)
                status = read_page(reader, order, &actor, &err);
            else if (order->peers)
                status = ask_exchange(reader, order, &actor, now_ms, &err);
            else
                status = ask_desk(reader, order, &actor, now_ms, &err);
        }
        if (status == TQ_OK && order->answer.failed)
            status = tq_fail(&err, TQ_NO_MEMORY, 0, "no memory for the answer");
        if (status != TQ_OK) order_problem(order, status, &err);
        atomic_fetch_sub(&reader->waiting, 1);
        line_post(order->loop, &order->note);
    }
}
