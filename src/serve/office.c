/*
 * The office's life: handles on the store, the first catching up, threads, the end.
 *
 * A city without a store that can be written still answers questions; commands are told why not.
 * Order of the end: the loops first (nobody asks any more), then the threads finish what they have,
 * then the handles close.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "serve/office_in.h"

#define STORE_NAME "state.db"

static tq_status find_places(serve_office *office, tq_err *err)
{
    const tq_serve_options *options = &office->server->options;
    const char *slash = strrchr(options->city_path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - options->city_path);
    if (len >= sizeof office->folder)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the path of the city is too long");
    if (slash == NULL) {
        office->folder[0] = '.';
    } else {
        memcpy(office->folder, options->city_path, TQ_MAX(len, 1u));
    }
    if (options->store_path != NULL) {
        if (strlen(options->store_path) >= sizeof office->store_path)
            return tq_fail(err, TQ_BAD_INPUT, 0, "the path of the store is too long");
        memcpy(office->store_path, options->store_path, strlen(options->store_path) + 1);
        return TQ_OK;
    }
    if (!tq_path_join(office->store_path, office->folder, STORE_NAME))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the path of the store is too long");
    return TQ_OK;
}

static tq_status open_desk(serve_office *office, bool read_only, tq_desk **out, tq_err *err)
{
    tq_desk_options options = {.size = sizeof options,
                               .city = office->server->city,
                               .store_path = office->store_path,
                               .folder = office->folder,
                               .store = {.size = sizeof options.store, .read_only = read_only}};
    return tq_desk_open(&options, out, err);
}

/* The writer's handle, or one that reads, or none; *why_closed says what is the matter. */
static tq_status open_writer(serve_office *office, tq_err *err)
{
    tq_err why = {0};
    tq_status status = open_desk(office, false, &office->desk, &why);
    if (status == TQ_BAD_CONFIG) { /* the city's own state machines: to be put right before */
        *err = why;
        return status;
    }
    if (status != TQ_OK) {
        (void)snprintf(office->why_closed, sizeof office->why_closed, "%s", why.text);
        tq_log(TQ_LOG_WARN, "no commands will be taken: %s", why.text);
        office->read_only = true;
        if (!tq_file_look(office->store_path).exists ||
            open_desk(office, true, &office->desk, &why) != TQ_OK) {
            office->desk = NULL;
            return TQ_OK;
        }
    }
    TQ_TRY(tq_exchange_open(office->server->city, office->folder, &office->exchange, err));
    tq_desk_on_event(office->desk, tq_exchange_heard, office->exchange);
    return TQ_OK;
}

static tq_status open_readers(serve_office *office, tq_err *err)
{
    for (uint32_t k = 0; k < OFFICE_READERS; k++) {
        office_reader *reader = &office->reader[k];
        reader->office = office;
        if (office->desk == NULL) continue;
        TQ_TRY(open_desk(office, true, &reader->desk, err));
        TQ_TRY(tq_exchange_open(office->server->city, office->folder, &reader->exchange, err));
    }
    return TQ_OK;
}

static tq_status open_carrier(serve_office *office, tq_err *err)
{
    const tq_serve_options *options = &office->server->options;
    if (options->feed_count > 0) {
        office->feed = TQ_ALLOC(pulled_feed, options->feed_count);
        if (office->feed == NULL)
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u feeds", options->feed_count);
        for (uint32_t k = 0; k < options->feed_count; k++) {
            uint64_t seed = 0;
            tq_random_bytes(&seed, sizeof seed);
            tq_pull_begin(&office->feed[k].pull, options->feed[k].every_s, seed, serve_now_ms());
        }
    }
    if (office->desk == NULL || office->read_only) return TQ_OK;
    TQ_TRY(tq_store_open(office->store_path, &office->outbox, err));
    return tq_exchange_open(office->server->city, office->folder, &office->outbox_exchange, err);
}

tq_status office_open(serve *server, tq_err *err)
{
    serve_office *made = TQ_ALLOC(serve_office, 1);
    if (made == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the office");
    server->office = made;
    made->server = server;
    made->showing_lock = tq_mutex_new();
    if (made->showing_lock == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a lock");
    TQ_TRY(find_places(made, err));
    TQ_TRY(tq_live_open(server->city, &made->live, err));
    TQ_TRY(open_writer(made, err));
    TQ_TRY(open_readers(made, err));
    TQ_TRY(open_carrier(made, err));
    return TQ_OK;
}

tq_status office_begin(serve_office *office, tq_err *err)
{
    int64_t now_ms = serve_now_ms();
    if (office->desk == NULL) {
        show_make(office, now_ms);
        return TQ_OK;
    }
    TQ_TRY(writer_live_version(office, err));
    office->event_last = tq_store_last_event(tq_desk_store(office->desk));
    for (uint32_t k = 0; k < office->server->loop_count; k++)
        office->server->loop[k].line->event_seen = office->event_last;
    writer_show(office, now_ms);
    return office->unshown
               ? tq_fail(err, TQ_STORE, 0, "what is in force cannot be shown; see the log")
               : TQ_OK;
}

tq_status office_start(serve_office *office, tq_err *err)
{
    static const tq_worker_events writer = {writer_work, writer_idle}, reader = {reader_work, NULL},
                                  carrier = {carrier_work, carrier_idle},
                                  puller = {puller_work, puller_idle},
                                  planner = {planner_work, NULL};
    if (office->server->goods != NULL)
        TQ_TRY(tq_worker_start(&planner, office, 1, OFFICE_FLOWS_MAX, OFFICE_TICK_MS,
                               &office->planner, err));
    if (office->desk == NULL) return TQ_OK;
    if (!office->read_only)
        TQ_TRY(tq_worker_start(&carrier, office, OFFICE_BATCH_MAX, OFFICE_QUEUE_MAX, OFFICE_TICK_MS,
                               &office->carrier, err));
    TQ_TRY(tq_worker_start(&writer, office, OFFICE_BATCH_MAX, OFFICE_QUEUE_MAX, OFFICE_TICK_MS,
                           &office->writer, err));
    for (uint32_t k = 0; k < OFFICE_READERS; k++)
        TQ_TRY(tq_worker_start(&reader, &office->reader[k], 1, OFFICE_QUEUE_MAX, OFFICE_TICK_MS,
                               &office->reader[k].worker, err));
    if (office->server->options.feed_count > 0 && !office->read_only)
        TQ_TRY(tq_worker_start(&puller, office, 1, 1, OFFICE_TICK_MS, &office->puller, err));
    return TQ_OK;
}

void office_stop(serve_office *office)
{
    if (office == NULL) return;
    atomic_store(&office->ending, true);
    if (office->planner != NULL) tq_worker_stop(office->planner);
    office->planner = NULL;
    if (office->puller != NULL) tq_worker_stop(office->puller); /* gives to the writer */
    office->puller = NULL;
    if (office->writer != NULL) tq_worker_stop(office->writer); /* gives to the carrier */
    office->writer = NULL;
    if (office->carrier != NULL) tq_worker_stop(office->carrier);
    office->carrier = NULL;
    for (uint32_t k = 0; k < OFFICE_READERS; k++) {
        if (office->reader[k].worker != NULL) tq_worker_stop(office->reader[k].worker);
        office->reader[k].worker = NULL;
    }
}

void office_close(serve_office *office)
{
    if (office == NULL) return;
    for (uint32_t k = 0; k < OFFICE_READERS; k++) {
        office_reader *reader = &office->reader[k];
        if (reader->snapshot != NULL) tq_network_drop(office->server->network, reader->snapshot);
        if (reader->exchange != NULL) tq_exchange_close(reader->exchange);
        if (reader->desk != NULL) tq_desk_close(reader->desk);
    }
    tq_store_close(office->outbox);
    if (office->outbox_exchange != NULL) tq_exchange_close(office->outbox_exchange);
    if (office->desk != NULL) tq_desk_close(office->desk);
    if (office->exchange != NULL) tq_exchange_close(office->exchange);
    if (office->live != NULL) tq_live_close(office->live);
    show_drop(office->showing);
    freight_close_office(office);
    tq_mutex_free(office->showing_lock);
    tq_free(office->feed);
    tq_free(office);
}
