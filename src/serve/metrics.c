/*
 * Counters for Prometheus (text format 0.0.4). Each loop writes its own with relaxed atomics and no
 * read-modify-write contention; /metrics adds them up.
 */
#include <stdatomic.h>

#include "tongqu/version.h"

#include "serve/office_in.h"

static const unsigned STATUSES[METRIC_STATUSES] = {200, 201, 204, 304, 400, 401, 403,
                                                   404, 405, 408, 409, 411, 413, 414,
                                                   417, 422, 431, 503, 505, 507, 500};
static const int64_t BUCKET_NS[METRIC_BUCKETS] = {100000,    250000,    500000,     1000000,
                                                  2500000,   5000000,   10000000,   25000000,
                                                  100000000, 250000000, 1000000000, 5000000000};
static const char *const BUCKET_TEXT[METRIC_BUCKETS] = {"0.0001", "0.00025", "0.0005", "0.001",
                                                        "0.0025", "0.005",   "0.01",   "0.025",
                                                        "0.1",    "0.25",    "1",      "5"};

void metric_add(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + more, memory_order_relaxed);
}

void metric_set(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

void metrics_request(metrics *counts, uint32_t route, unsigned status, int64_t took_ns)
{
    uint32_t column = 20; /* 500 takes the unforeseen */
    for (uint32_t k = 0; k < METRIC_STATUSES; k++) {
        if (STATUSES[k] != status) continue;
        column = k;
        break;
    }
    uint32_t bucket = 0;
    while (bucket < METRIC_BUCKETS && took_ns > BUCKET_NS[bucket])
        bucket++;
    metric_add(&counts->requests[route][column], 1);
    metric_add(&counts->bucket[route][bucket], 1);
    metric_add(&counts->nanoseconds[route], (uint64_t)TQ_MAX(took_ns, 0));
}

static const char *route_name(const serve *server, uint32_t route)
{
    if (route == METRIC_FILES) return "console";
    if (route == METRIC_NO_ROUTE) return "none";
    return route < server->rules.operation_count ? server->rules.operation[route].path : NULL;
}

static uint64_t sum_of(const serve *server, size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t loop = 0; loop < server->loop_count; loop++) {
        char *counter = (char *)&server->loop[loop].counts + offset;
        sum += atomic_load_explicit((_Atomic uint64_t *)(void *)counter, memory_order_relaxed);
    }
    return sum;
}
#define SUM(server, member) sum_of((server), offsetof(metrics, member))

static void put_head(tq_buf *out, const char *name, const char *kind, const char *help)
{
    tq_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void put_plain(tq_buf *out, const char *name, const char *kind, const char *help,
                      uint64_t value)
{
    put_head(out, name, kind, help);
    tq_buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void put_requests(const serve *server, tq_buf *out)
{
    put_head(out, "tongqu_http_requests_total", "counter", "Answers by route and status.");
    for (uint32_t route = 0; route < METRIC_ROUTES; route++) {
        const char *name = route_name(server, route);
        if (name == NULL) continue;
        for (uint32_t k = 0; k < METRIC_STATUSES; k++) {
            uint64_t count = SUM(server, requests[route][k]);
            if (count == 0) continue;
            tq_buf_printf(out, "tongqu_http_requests_total{route=\"%s\",status=\"%u\"} %llu\n",
                          name, STATUSES[k], (unsigned long long)count);
        }
    }
}

static void put_latency(const serve *server, tq_buf *out)
{
    put_head(out, "tongqu_http_request_seconds", "histogram",
             "Time from the last byte of a request to its answer being handed to the kernel.");
    for (uint32_t route = 0; route < METRIC_ROUTES; route++) {
        const char *name = route_name(server, route);
        if (name == NULL) continue;
        uint64_t count = 0;
        for (uint32_t k = 0; k <= METRIC_BUCKETS; k++)
            count += SUM(server, bucket[route][k]);
        if (count == 0) continue;
        uint64_t below = 0;
        for (uint32_t k = 0; k < METRIC_BUCKETS; k++) {
            below += SUM(server, bucket[route][k]);
            tq_buf_printf(out, "tongqu_http_request_seconds_bucket{route=\"%s\",le=\"%s\"} %llu\n",
                          name, BUCKET_TEXT[k], (unsigned long long)below);
        }
        tq_buf_printf(out, "tongqu_http_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n",
                      name, (unsigned long long)count);
        tq_buf_printf(out, "tongqu_http_request_seconds_sum{route=\"%s\"} ", name);
        tq_buf_fixed(out, (int64_t)SUM(server, nanoseconds[route]), 9);
        tq_buf_printf(out, "\ntongqu_http_request_seconds_count{route=\"%s\"} %llu\n", name,
                      (unsigned long long)count);
    }
}

static uint64_t read_count(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void put_seconds(tq_buf *out, const char *name, const char *help, uint64_t ns)
{
    put_head(out, name, "counter", help);
    tq_buf_printf(out, "%s ", name);
    tq_buf_fixed(out, (int64_t)ns, 9);
    tq_buf_putc(out, '\n');
}

void office_metrics(serve_office *office, tq_buf *out)
{
    const office_counts *counts = &office->counts;
    put_plain(out, "tongqu_commands_total", "counter", "Commands carried out.",
              read_count(&counts->commands));
    put_plain(out, "tongqu_commands_refused_total", "counter", "Commands refused.",
              read_count(&counts->refused));
    put_plain(out, "tongqu_command_batches_total", "counter", "Commits of commands.",
              read_count(&counts->batches));
    put_seconds(out, "tongqu_commit_seconds_total", "Time of those commits.",
                read_count(&counts->commit_ns));
    put_plain(out, "tongqu_publishes_total", "counter", "New states of the network shown.",
              read_count(&counts->publishes));
    put_seconds(out, "tongqu_publish_seconds_total", "Time of making and showing them.",
                read_count(&counts->publish_ns));
    put_plain(out, "tongqu_network_version", "gauge", "Version of the live state that is shown.",
              tq_network_shown(office->server->network));
    put_plain(out, "tongqu_events_total", "counter", "Events told to the loops.",
              read_count(&counts->events));
    put_plain(out, "tongqu_exchange_sent_total", "counter", "Messages sent to peers.",
              read_count(&counts->sent));
    put_plain(out, "tongqu_exchange_acknowledged_total", "counter", "Receipts of peers.",
              read_count(&counts->acknowledged));
    put_plain(out, "tongqu_exchange_failed_total", "counter", "Attempts without a receipt.",
              read_count(&counts->push_failed));
    put_plain(out, "tongqu_exchange_waiting", "gauge", "Messages that wait for a receipt.",
              read_count(&counts->outbox));
    put_plain(out, "tongqu_feeds_fetched_total", "counter", "Feeds fetched.",
              read_count(&counts->feeds_fetched));
    put_plain(out, "tongqu_feeds_failed_total", "counter", "Feeds that did not come.",
              read_count(&counts->feeds_failed));
}

void metrics_text(const serve *server, tq_buf *out)
{
    put_head(out, "tongqu_info", "gauge", "Versions of program and city.");
    tq_buf_printf(out, "tongqu_info{version=\"%s\",city=\"%s\"} 1\n", tq_version(),
                  tq_city_version(server->city));
    put_requests(server, out);
    put_latency(server, out);
    put_plain(out, "tongqu_connections", "gauge", "Open connections.", SUM(server, connections));
    put_plain(out, "tongqu_connections_accepted_total", "counter", "Connections taken.",
              SUM(server, accepted));
    put_plain(out, "tongqu_connections_refused_total", "counter",
              "Connections told 503 because all were taken.", SUM(server, refused));
    put_plain(out, "tongqu_connections_timeout_total", "counter",
              "Connections ended by a header or idle timeout.", SUM(server, timeouts));
    put_plain(out, "tongqu_connections_cut_slow_total", "counter",
              "Connections cut because they did not read.", SUM(server, cut_slow));
    put_plain(out, "tongqu_cache_hits_total", "counter", "Answers from the cache.",
              SUM(server, cache_hits));
    put_plain(out, "tongqu_cache_misses_total", "counter",
              "Cacheable answers that were worked out.", SUM(server, cache_misses));
    put_plain(out, "tongqu_event_streams", "gauge", "Streams of events that are open.",
              SUM(server, event_streams));
    if (server->office != NULL) office_metrics(server->office, out);
    uint64_t peak = 0;
    for (uint32_t loop = 0; loop < server->loop_count; loop++) {
        uint64_t one =
            atomic_load_explicit(&server->loop[loop].counts.scratch_peak, memory_order_relaxed);
        peak = TQ_MAX(peak, one);
    }
    put_plain(out, "tongqu_scratch_peak_bytes", "gauge",
              "Most scratch memory that one question used.", peak);
    put_plain(out, "tongqu_scratch_limit_bytes", "gauge", "Scratch memory of each thread.",
              server->work_bytes);
    put_plain(out, "tongqu_resident_memory_bytes", "gauge", "Memory of the process in RAM.",
              tq_resident_bytes());
}
