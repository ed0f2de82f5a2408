/*
 * Start and end of the server: the city is opened and checked first, then the store, the port, the
 * loops; what is in force is caught up with, the first day and the metrics are made while the port
 * already answers /healthz (and 503 to questions), then /readyz turns to 200.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "serve/office_in.h"

#define CONNECTIONS_MAX 100000u
#define BODY_LIMIT_MAX  ((uint32_t)16 << 20)
#define TIMEOUT_MAX_MS  3600000u
#define FILES_BESIDE    64u /* open files that are not connections */

static _Atomic(serve *) running;

void tq_serve_options_default(tq_serve_options *options)
{
    *options = (tq_serve_options){
        .size = sizeof *options,
        .listen = "127.0.0.1",
        .port = 8787,
        .max_connections = 16384,
        .max_body_bytes = 1 << 20,
        .header_timeout_ms = 10000,
        .idle_timeout_ms = 60000,
    };
}

static tq_status check_options(const tq_serve_options *options, tq_err *err)
{
    if (options->max_connections == 0 || options->max_connections > CONNECTIONS_MAX)
        return tq_fail(err, TQ_BAD_CONFIG, 0, "max_connections is %u; 1 to %u are possible",
                       options->max_connections, CONNECTIONS_MAX);
    if (options->max_body_bytes > BODY_LIMIT_MAX)
        return tq_fail(err, TQ_BAD_CONFIG, 0, "max_body_bytes is %u; at most %u are possible",
                       options->max_body_bytes, BODY_LIMIT_MAX);
    if (options->header_timeout_ms == 0 || options->header_timeout_ms > TIMEOUT_MAX_MS ||
        options->idle_timeout_ms == 0 || options->idle_timeout_ms > TIMEOUT_MAX_MS)
        return tq_fail(err, TQ_BAD_CONFIG, 0, "a timeout must be between 1 and %u milliseconds",
                       TIMEOUT_MAX_MS);
    if (options->threads > SERVE_THREADS_MAX)
        return tq_fail(err, TQ_BAD_CONFIG, 0, "threads is %u; at most %u are possible",
                       options->threads, SERVE_THREADS_MAX);
    return TQ_OK;
}

static void stop_all(void *user)
{
    serve *server = user;
    for (uint32_t k = 0; k < server->loop_count; k++)
        if (server->loop[k].loop != NULL) tq_loop_stop(server->loop[k].loop);
}

void tq_serve_stop(void)
{
    serve *server = atomic_load(&running);
    if (server != NULL) stop_all(server);
}

static tq_status open_loop(serve *server, serve_loop *loop, tq_err *err)
{
    loop->server = server;
    loop->body.limit = SERVE_BODY_MAX;
    loop->work_memory = tq_alloc_aligned(server->work_bytes, 1);
    loop->tiles.mvt = tq_mvt_new();
    if (loop->work_memory == NULL || loop->tiles.mvt == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0,
                       "no memory for %zu bytes of scratch a thread; use fewer threads",
                       server->work_bytes);
    tq_arena_init(&loop->work, loop->work_memory, server->work_bytes);
    TQ_TRY(cache_open(&loop->store, err));
    held_refresh(loop);
    TQ_TRY(freight_open_loop(loop, err));
    return connections_open(loop, err);
}

static void close_loop(serve_loop *loop)
{
    connections_close(loop);
    for (uint32_t row = 0; row < STREAMS_MAX; row++)
        matrix_end(loop, &loop->stream[row]);
    private_drop_all(loop);
    held_drop_all(loop);
    tq_goods_bench_close(loop->goods);
    cache_close(&loop->store);
    tq_mvt_free(loop->tiles.mvt);
    tq_buf_free(&loop->body);
    tq_buf_free(&loop->head);
    tq_buf_free(&loop->tail);
    if (loop->work_memory != NULL) tq_arena_init(&loop->work, loop->work_memory, 0);
    tq_free(loop->work_memory);
}

static tq_status listen_all(serve *server, uint16_t *port, tq_err *err)
{
    const tq_serve_options *options = &server->options;
    tq_listen_kind kind = server->loop_count == 1 ? TQ_LISTEN_ALONE : TQ_LISTEN_SHARED;
    *port = options->port;
    TQ_TRY(tq_port_free(options->listen, *port, err));
    for (uint32_t k = 0; k < server->loop_count; k++)
        TQ_TRY(tq_loop_listen(server->loop[k].loop, options->listen, port, kind, err));
    return tq_loop_on_signals(server->loop[0].loop, stop_all, server, err);
}

static tq_status make_ready(serve *server, tq_err *err)
{
    tq_err warm = {0};
    TQ_TRY(office_begin(server->office, err));
    if (tq_network_warm(server->network, serve_now_ms(), &warm) != TQ_OK)
        tq_log(TQ_LOG_WARN,
               "the city could not be warmed up: %s; the first questions will take longer",
               warm.text);
    TQ_TRY(office_start(server->office, err));
    atomic_store(&server->ready, true);
    return TQ_OK;
}

static tq_status run_loops(serve *server, tq_err *err)
{
    uint16_t port = 0;
    TQ_TRY(listen_all(server, &port, err));
    tq_status status = TQ_OK;
    uint32_t started = 0;
    atomic_store(&running, server);
    for (; started < server->loop_count && status == TQ_OK; started++)
        status = tq_loop_start(server->loop[started].loop, err);
    if (status == TQ_OK) {
        char token[TQ_SETUP_TOKEN_MAX];
        const serve_office *office = server->office;
        if (server->options.setup != NULL && office->desk != NULL && !office->read_only &&
            tq_desk_setup_token(office->desk, token))
            server->options.setup(server->options.user, token);
        if (server->options.ready != NULL)
            server->options.ready(server->options.user, server->options.listen, port);
        status = make_ready(server, err);
    }
    if (status != TQ_OK) stop_all(server);
    for (uint32_t k = 0; k < started; k++)
        tq_loop_join(server->loop[k].loop);
    atomic_store(&running, NULL);
    return status;
}

static tq_status open_server(serve *server, tq_err *err)
{
    tq_str yaml = {tq_openapi_yaml, (size_t)(tq_openapi_yaml_end - tq_openapi_yaml)};
    TQ_TRY(api_load(yaml, &server->rules, err));
    TQ_TRY(serve_bind(&server->rules, err));
    TQ_TRY(tq_network_open(server->options.city_path, &server->network, err));
    const tq_snapshot *snapshot = tq_network_hold(server->network);
    server->city = snapshot->city;
    tq_network_drop(server->network, snapshot);
    TQ_TRY(freight_open(server, err));
    TQ_TRY(ways_open(&server->ways, err));
    TQ_TRY(office_open(server, err));
    TQ_TRY(tile_plan_make(server->city, &server->tiles, err));
    snprintf(server->city_etag, sizeof server->city_etag, "\"%.40s\"",
             tq_city_version(server->city));
    server->work_bytes = TQ_MAX(tq_journey_work_bytes(server->city), tile_work_bytes(server->city));
    server->work_bytes = TQ_MAX(server->work_bytes, tq_streets_work_bytes(server->city));
    tq_files_raise((uint64_t)server->options.max_connections + HTTP_REFUSE_SLOTS + FILES_BESIDE);
    server->loop_count = server->options.threads != 0 ? server->options.threads : tq_core_count();
    server->loop_count = TQ_MAX(1, TQ_MIN(server->loop_count, SERVE_THREADS_MAX));
    server->loop = tq_alloc_aligned(server->loop_count, sizeof *server->loop);
    if (server->loop == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u loops", server->loop_count);
    for (uint32_t k = 0; k < server->loop_count; k++)
        TQ_TRY(open_loop(server, &server->loop[k], err));
    return TQ_OK;
}

tq_status tq_serve(const tq_serve_options *options, tq_err *err)
{
    TQ_TRY(check_options(options, err));
    serve *server = TQ_ALLOC(serve, 1);
    if (server == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the server");
    server->options = *options;
    tq_status status = open_server(server, err);
    if (status == TQ_OK) status = run_loops(server, err);
    office_stop(server->office);
    for (uint32_t k = 0; server->loop != NULL && k < server->loop_count; k++)
        close_loop(&server->loop[k]);
    tq_free(server->loop);
    tile_plan_free(&server->tiles);
    office_close(server->office);
    ways_close(&server->ways);
    tq_goods_close(server->goods);
    if (server->network != NULL) tq_network_close(server->network);
    api_free(&server->rules);
    tq_free(server);
    return status;
}
