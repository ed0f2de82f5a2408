// also: import live
/*
 * What closed and slow streets do to freight, on the shipped city and its authored freight network.
 *
 * Random streets are closed and opened; each time the links are held against ways found one by one
 * on a metric made afresh for that overlay (another path through the code than the kept one), the
 * answers after reopening against the bytes before. What a change takes is printed, not tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "journey/freight_in.h"
#include "live/live.h"

#define NOW_MS  INT64_C(1748905200000) /* 2025-06-03T07:00+08:00, a Tuesday */
#define ROUNDS  24u
#define CLOSED  6u
#define SCRATCH ((size_t)64 << 20)

static char folder[64], path[96];
static tq_goods *goods;
static tq_network *network;
static tq_goods_bench *bench;
static tq_arena work;

static int make_town(void **state)
{
    (void)state;
    static tq_settings settings;
    tq_err err = {0};
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu-freight-XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/town.city", folder);
    tq_report *report = tq_report_new();
    tq_status status = tq_settings_read("cities/taiyuan", &settings, &err);
    if (status == TQ_OK) status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_network_open(path, &network, &err);
    if (status == TQ_OK) status = tq_goods_open("cities/taiyuan/taiyuan.city", &goods, &err);
    if (status == TQ_OK) status = tq_goods_bench_open(goods, &bench, &err);
    if (status != TQ_OK) print_message("%s\n", err.text);
    tq_arena_init(&work, malloc(SCRATCH), SCRATCH);
    return status != TQ_OK;
}

static int drop_town(void **state)
{
    (void)state;
    tq_goods_bench_close(bench);
    tq_goods_close(goods);
    tq_network_close(network);
    free(work.base);
    (void)remove(path);
    return rmdir(folder);
}

static void publish(tq_live *live, uint64_t version)
{
    const tq_overlay *overlay = NULL;
    tq_err err = {0};
    if (tq_live_overlay(live, version, &overlay, &err) != TQ_OK ||
        tq_network_publish(network, overlay, NOW_MS, NULL, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_overlay_drop(overlay);
}

static void close_edge(tq_live *live, const tq_city *city, const char *id, uint32_t edge)
{
    char json[400];
    tq_closure closure = {0};
    tq_err err = {0};
    int length = snprintf(json, sizeof json,
                          "{\"stretch\":{\"edges\":[%u],\"direction\":\"both\"},\"effect\":"
                          "\"full\",\"owner\":\"t\",\"reason\":\"other\",\"from\":"
                          "\"2025-06-01T00:00\",\"to\":\"2025-06-06T12:00\"}",
                          edge);
    if (tq_closure_read(city, (tq_str){json, (size_t)length}, INT64_MIN, &closure, &err) != TQ_OK)
        fail_msg("%s", err.text);
    (void)snprintf(closure.id, sizeof closure.id, "%.40s", id);
    assert_int_equal(tq_live_put_closure(live, &closure, &err), TQ_OK);
}

/* A box from the city to the steelworks' railway, by lorry and more. */
static char *ask(int64_t *took_ns)
{
    tq_goods_query query;
    tq_buf out = {0};
    tq_err err = {0};
    bool found;
    const tq_env *env = tq_env_real();
    const tq_snapshot *now = tq_network_hold(network);
    tq_goods_query_default(&query);
    query.from = "WSB";
    query.to = "TYB";
    query.commodity = "steel_coil";
    query.tonnes = "200";
    query.now_ms = NOW_MS;
    query.show = TQ_FREIGHT_ALL;
    int64_t began_ns = env->mono_ns(env->user);
    tq_arena_reset(&work, 0);
    if (tq_goods_plan_json(bench, now, &query, &work, &out, &found, &err) != TQ_OK)
        fail_msg("%s", err.text);
    *took_ns = env->mono_ns(env->user) - began_ns;
    tq_network_drop(network, now);
    tq_buf_putc(&out, '\0');
    assert_false(out.failed);
    char *text = strdup(out.at);
    tq_buf_free(&out);
    return text;
}

static int64_t time_of(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                       const tq_snap *to)
{
    tq_way way;
    tq_arena_reset(&work, 0);
    tq_status status = tq_road_way(city, metric, from, to, &work, &way, NULL);
    assert_true(status == TQ_OK || status == TQ_NO_ROUTE);
    return status == TQ_OK ? way.time_ds : TQ_ROAD_INF;
}

static tq_metric *fresh(const tq_city *city, const tq_overlay *overlay)
{
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make(city, tq_road_vehicle(city, TQ_PROFILE_LORRY_HEAVY), NOW_MS,
                                    overlay, TQ_METRIC_ALL, 1, &metric, NULL),
                     TQ_OK);
    return metric;
}

/* What a link should be: -2 closed, else its deciseconds. */
static int64_t expected(const tq_city *city, const tq_metric *base, const tq_metric *now,
                        uint32_t number)
{
    tq_freight_link link = tq_freight_link_at(goods->net, number);
    tq_snap_wish wish = {
        .limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1, .main_only = true};
    tq_snap snap[2];
    uint32_t node[2] = {link.from, link.to}, count = 0;
    int64_t worst = link.time_ds;
    double most = -1;
    if (link.mode != TQ_FREIGHT_ROAD) return link.time_ds;
    for (uint32_t k = 0; k < 2; k++)
        if (tq_road_snap(city, base, tq_freight_node_at(goods->net, node[k]).at, &wish, &snap[k],
                         &count, NULL) != TQ_OK)
            return link.time_ds;
    for (uint32_t k = 0; k < 2; k++) {
        int64_t was = time_of(city, base, &snap[k], &snap[1 - k]);
        if (was == 0 || was == TQ_ROAD_INF) continue;
        int64_t is = time_of(city, now, &snap[k], &snap[1 - k]);
        if (is == TQ_ROAD_INF) return -2;
        if ((double)is / (double)was > most) {
            most = (double)is / (double)was;
            worst = (2 * (int64_t)link.time_ds * is + was) / (2 * was);
        }
    }
    return worst;
}

/* Every link of the network; returns how many differ from the tables. */
static uint32_t check_links(const tq_metric *base)
{
    const tq_snapshot *now = tq_network_hold(network);
    const tq_freight_live *live = NULL;
    tq_metric *metric = fresh(now->city, now->overlay);
    uint32_t at = 0, differ = 0;
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_goods_live(bench, now, NOW_MS, &work, &live, NULL), TQ_OK);
    for (uint32_t link = 0; link < tq_freight_size(goods->net).links; link++) {
        int64_t want = expected(now->city, base, metric, link),
                got = tq_freight_link_at(goods->net, link).time_ds;
        if (live != NULL && at < live->count && live->override[at].link == link) {
            got = live->override[at].closed ? -2 : live->override[at].time_ds;
            at++;
            differ++;
        }
        assert_int_equal(got, want);
    }
    assert_true(live == NULL || at == live->count);
    tq_metric_free(metric);
    tq_network_drop(network, now);
    return differ;
}

static void closed_streets_change_lorries(void **state)
{
    (void)state;
    tq_random random = {20251u};
    const tq_snapshot *first = tq_network_hold(network);
    const tq_city *city = first->city;
    tq_metric *base = fresh(city, tq_overlay_none());
    int64_t took_ns, most_ns = 0, publish_ns = 0;
    tq_live *live = NULL;
    tq_err err = {0};
    char *open = ask(&took_ns);
    uint32_t differing = 0, changed = 0;
    const tq_env *env = tq_env_real();
    tq_network_drop(network, first);
    print_message("seed 20251; first question %.2f ms, %u of %u lorry links covered\n",
                  (double)took_ns / 1e6, bench->covered_count, goods->road_count);
    assert_true(bench->covered_count > 5);
    assert_int_equal(tq_live_open(city, &live, &err), TQ_OK);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        char id[CLOSED][16];
        for (uint32_t k = 0; k < CLOSED; k++) {
            (void)snprintf(id[k], sizeof id[k], "c%u-%u", round, k);
            close_edge(live, city, id[k], tq_random_below(&random, city->streets.edge_count));
        }
        int64_t began_ns = env->mono_ns(env->user);
        publish(live, 2 * round);
        publish_ns = TQ_MAX(publish_ns, env->mono_ns(env->user) - began_ns);
        char *closed = ask(&took_ns);
        most_ns = TQ_MAX(most_ns, took_ns);
        uint32_t differ = check_links(base);
        differing += differ;
        changed += strcmp(open, closed) != 0;
        for (uint32_t k = 0; k < CLOSED; k++)
            assert_int_equal(tq_live_end_closure(live, id[k], &err), TQ_OK);
        publish(live, 2 * round + 1);
        char *again = ask(&took_ns);
        assert_string_equal(open, again);
        assert_int_equal(check_links(base), 0);
        free(closed);
        free(again);
    }
    print_message("%u rounds: %u links changed, %u answers; answer after a closure at most %.2f ms "
                  "after it is shown, showing it at most %.2f ms\n",
                  ROUNDS, differing, changed, (double)most_ns / 1e6, (double)publish_ns / 1e6);
    assert_true(differing > 0 && changed > 0);
    tq_live_close(live);
    tq_metric_free(base);
    free(open);
}

static void no_folder_is_said(void **state)
{
    (void)state;
    tq_goods *none = NULL;
    tq_err err = {0};
    assert_int_equal(tq_goods_open(path, &none, &err), TQ_NOT_FOUND);
    assert_null(none);
    assert_non_null(strstr(err.text, "freight"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closed_streets_change_lorries),
                                       cmocka_unit_test(no_folder_is_said)};
    return cmocka_run_group_tests(tests, make_town, drop_town);
}
