// also: import live
/*
 * The land-air hub on the shipped streets: the latest collection against driving forward second by
 * second, slow and closed streets, three regimes with three cut-offs, feeder tours that keep their
 * cut-offs; and a dated opening, 太古联线, that changes the hours of lorries by what it changes
 * their way, and nothing before its day.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "journey/hub_in.h"
#include "live/live.h"

#include "freight_files.h"

#define NOW_MS    INT64_C(1782604800000) /* 2026-06-28T08:00+08:00, a Sunday */
#define OPENS     "2026-10-01"
#define BEFORE_MS INT64_C(1790553600000) /* 2026-09-28T08:00+08:00, a Monday */
#define AFTER_MS  INT64_C(1791158400000) /* 2026-10-05T08:00+08:00, a Monday */
#define SCRATCH   ((size_t)96 << 20)
#define CASES     40u
#define SEED      8u

typedef struct town {
    char folder[64];
    tq_network *network;
    tq_goods *goods;
    tq_goods_bench *bench;
} town;

static town dated, without; /* 太古联线 opens on a day; is not there at all */
static tq_arena work;

static void write_text(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

/* Each line through `change`, which may drop it. */
static void rewrite(const char *path, bool (*change)(const char *line, size_t len, tq_buf *out))
{
    size_t len = 0;
    char *bytes = freight_read(path, &len);
    tq_buf out = {0};
    assert_non_null(bytes);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t used = end == NULL ? len - at : (size_t)(end - (bytes + at));
        if (change(bytes + at, used, &out)) tq_buf_putc(&out, '\n');
        at += used + 1;
    }
    write_text(path, out.at, out.len);
    tq_buf_free(&out);
    free(bytes);
}

static bool is_link(const char *line, size_t len)
{
    tq_str text = {line, len};
    return tq_str_starts(text, "太古联线,") || tq_str_starts(text, "冷泉枢纽连接线,");
}

static bool open_on_a_day(const char *line, size_t len, tq_buf *out)
{
    static const char from[] = ",building,,,", to[] = ",open," OPENS ",,";
    tq_buf text = {0};
    tq_buf_put(&text, line, len);
    tq_buf_putc(&text, '\0');
    const char *at = is_link(line, len) ? strstr(text.at, from) : NULL;
    if (is_link(line, len)) assert_non_null(at);
    if (at != NULL) {
        size_t before = (size_t)(at - text.at);
        tq_buf_put(out, line, before);
        tq_buf_put(out, to, sizeof to - 1);
        tq_buf_put(out, line + before + sizeof from - 1, len - before - (sizeof from - 1));
    } else {
        tq_buf_put(out, line, len);
    }
    tq_buf_free(&text);
    return true;
}

static bool leave_out(const char *line, size_t len, tq_buf *out)
{
    if (is_link(line, len)) return false;
    tq_buf_put(out, line, len);
    return true;
}

/* Other names of the road are not names of anything when it is not there. */
static bool leave_out_names(const char *line, size_t len, tq_buf *out)
{
    tq_buf text = {0};
    tq_buf_put(&text, line, len);
    tq_buf_putc(&text, '\0');
    bool keep = strstr(text.at, "太古联线") == NULL && strstr(text.at, "冷泉枢纽") == NULL;
    if (keep) tq_buf_put(out, line, len);
    tq_buf_free(&text);
    return keep;
}

static void open_town(town *one, bool (*streets)(const char *, size_t, tq_buf *))
{
    static tq_settings settings;
    char path[160], command[400];
    tq_err err = {0};
    (void)snprintf(one->folder, sizeof one->folder, "/tmp/tongqu-uplift-XXXXXX");
    assert_non_null(mkdtemp(one->folder));
    (void)snprintf(command, sizeof command,
                   "cp -r cities/taiyuan/. %s && rm -f %s/*.city %s/state.db*", one->folder,
                   one->folder, one->folder);
    assert_int_equal(system(command), 0);
    (void)snprintf(path, sizeof path, "%s/streets.csv", one->folder);
    rewrite(path, streets);
    (void)snprintf(path, sizeof path, "%s/aliases.csv", one->folder);
    if (streets == leave_out) rewrite(path, leave_out_names);
    (void)snprintf(path, sizeof path, "%s/town.city", one->folder);
    tq_report *report = tq_report_new();
    tq_status status = tq_settings_read(one->folder, &settings, &err);
    if (status == TQ_OK) status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_network_open(path, &one->network, &err);
    if (status == TQ_OK) status = tq_goods_open(path, &one->goods, &err);
    if (status == TQ_OK) status = tq_goods_bench_open(one->goods, &one->bench, &err);
    if (status != TQ_OK) fail_msg("%s", err.text);
}

static void close_town(town *one)
{
    char command[100];
    tq_goods_bench_close(one->bench);
    tq_goods_close(one->goods);
    tq_network_close(one->network);
    (void)snprintf(command, sizeof command, "rm -r %s", one->folder);
    assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
    (void)state;
    tq_arena_init(&work, malloc(SCRATCH), SCRATCH);
    open_town(&dated, open_on_a_day);
    open_town(&without, leave_out);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close_town(&dated);
    close_town(&without);
    free(work.base);
    return 0;
}

/* ---- the dated opening ----------------------------------------------------------------------- */

static char *plan_at(town *one, const char *depart)
{
    tq_goods_query query;
    tq_buf out = {0};
    tq_err err = {0};
    bool found;
    const tq_snapshot *now = tq_network_hold(one->network);
    tq_goods_query_default(&query);
    query.from = "GJM";
    query.to = "QHDP";
    query.commodity = "coal_thermal";
    query.tonnes = "4000";
    query.depart = depart;
    query.show = TQ_FREIGHT_ALL;
    query.now_ms = NOW_MS;
    tq_arena_reset(&work, 0);
    if (tq_goods_plan_json(one->bench, now, &query, &work, &out, &found, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_network_drop(one->network, now);
    tq_buf_putc(&out, '\0');
    char *text = strdup(out.at);
    tq_buf_free(&out);
    return text;
}

static int32_t hours_of(town *one, const char *id, int64_t at_ms)
{
    const tq_freight_live *live = NULL;
    const tq_snapshot *now = tq_network_hold(one->network);
    uint32_t link = tq_freight_link_find(one->goods->net, tq_str_of(id));
    int32_t ds = tq_freight_link_at(one->goods->net, link).time_ds;
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_goods_live(one->bench, now, at_ms, &work, &live, NULL), TQ_OK);
    for (uint32_t k = 0; live != NULL && k < live->count; k++)
        if (live->override[k].link == link) ds = live->override[k].time_ds;
    tq_network_drop(one->network, now);
    return ds;
}

/* The way between the ends of a link, each way, on a metric made for the purpose. */
static void routed(town *one, const char *id, int64_t at_ms, int64_t ds[2])
{
    const tq_snapshot *now = tq_network_hold(one->network);
    tq_freight_link link =
        tq_freight_link_at(one->goods->net, tq_freight_link_find(one->goods->net, tq_str_of(id)));
    uint32_t node[2] = {link.from, link.to}, count;
    tq_metric *metric = NULL;
    tq_snap snap[2];
    tq_snap_wish wish = {
        .limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1, .main_only = true};
    assert_int_equal(tq_metric_make(now->city, tq_road_vehicle(now->city, TQ_PROFILE_LORRY_HEAVY),
                                    at_ms, tq_overlay_none(), TQ_METRIC_ALL, 1, &metric, NULL),
                     TQ_OK);
    for (uint32_t k = 0; k < 2; k++)
        assert_int_equal(tq_road_snap(now->city, metric,
                                      tq_freight_node_at(one->goods->net, node[k]).at, &wish,
                                      &snap[k], &count, NULL),
                         TQ_OK);
    for (uint32_t k = 0; k < 2; k++) {
        tq_way way;
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_road_way(now->city, metric, &snap[k], &snap[1 - k], &work, &way, NULL),
                         TQ_OK);
        ds[k] = way.time_ds;
    }
    tq_metric_free(metric);
    tq_network_drop(one->network, now);
}

static void an_opening_changes_what_the_network_changes(void **state)
{
    (void)state;
    static const char *const links[] = {"L218", "L241"};
    for (uint32_t k = 0; k < TQ_COUNT(links); k++) {
        int64_t before[2], after[2];
        routed(&dated, links[k], BEFORE_MS, before);
        routed(&dated, links[k], AFTER_MS, after);
        int64_t gain[2] = {after[0] - before[0], after[1] - before[1]};
        int32_t told = hours_of(&dated, links[k], AFTER_MS) - hours_of(&dated, links[k], BEFORE_MS);
        print_message("%s: way %lld and %lld ds before, %lld and %lld after; hours %+d ds\n",
                      links[k], (long long)before[0], (long long)before[1], (long long)after[0],
                      (long long)after[1], told);
        assert_true(gain[0] < 0 && gain[1] < 0);
        assert_int_equal(told, TQ_MAX(gain[0], gain[1]));
        /* And it is gone again when one asks for an earlier day. */
        assert_int_equal(hours_of(&dated, links[k], BEFORE_MS),
                         hours_of(&without, links[k], BEFORE_MS));
    }
}

/* First leg by lorry of the soonest plan that begins by lorry, seconds. */
static double lorry_hours(const char *text)
{
    json_t *root = json_loads(text, 0, NULL), *plan, *leg;
    size_t k, l;
    double hours = -1;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "plans"), k, plan) json_array_foreach(
        json_object_get(plan, "legs"), l,
        leg) if (hours < 0 &&
                 strcmp(json_string_value(json_object_get(leg, "kind")), "link") == 0 &&
                 json_string_value(json_object_get(leg, "id")) != NULL &&
                 strcmp(json_string_value(json_object_get(leg, "id")), "L218") == 0) hours =
        json_number_value(json_object_get(leg, "hours"));
    json_decref(root);
    return hours;
}

static void answers_before_the_day_are_those_without(void **state)
{
    (void)state;
    char *early = plan_at(&dated, "2026-09-28T08:00"),
         *bare = plan_at(&without, "2026-09-28T08:00"), *late = plan_at(&dated, "2026-10-05T08:00"),
         *none = plan_at(&without, "2026-10-05T08:00"),
         *again = plan_at(&dated, "2026-09-28T08:00");
    assert_string_equal(early, bare);
    assert_string_equal(early, again);
    assert_string_not_equal(late, none);
    int32_t ds = hours_of(&dated, "L218", AFTER_MS) - hours_of(&dated, "L218", BEFORE_MS);
    double told = (lorry_hours(late) - lorry_hours(early)) * 36000;
    if (lorry_hours(early) >= 0 && lorry_hours(late) >= 0)
        assert_true(told > ds - 200 && told < ds + 200); /* hours are told with two decimals */
    print_message("L218 in the plan: %.2f h, then %.2f h\n", lorry_hours(early), lorry_hours(late));
    free(early), free(bare), free(late), free(none), free(again);
}

/* ---- the latest collection ------------------------------------------------------------------- */

static json_t *uplift(const char *from, const char *regime, const char *flight, const char *date,
                      const char *kg)
{
    tq_goods_uplift_query query = {.size = sizeof query,
                                   .from = from,
                                   .regime = regime,
                                   .flight = flight,
                                   .date = date,
                                   .mass_kg = kg,
                                   .now_ms = NOW_MS};
    tq_buf out = {0};
    tq_err err = {0};
    bool found;
    const tq_snapshot *now = tq_network_hold(dated.network);
    tq_arena_reset(&work, 0);
    if (tq_goods_uplift_json(dated.goods, now, &query, &work, &out, &found, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_network_drop(dated.network, now);
    json_t *root = json_loadb(out.at, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    tq_buf_free(&out);
    return root;
}

static int64_t instant(const json_t *row, const char *key)
{
    int64_t at_ms = 0;
    const tq_snapshot *now = tq_network_hold(dated.network);
    const char *text = json_string_value(json_object_get(row, key));
    assert_non_null(text);
    assert_int_equal(tq_time_parse(&now->city->zone, tq_str_of(text), &at_ms, NULL), TQ_OK);
    tq_network_drop(dated.network, now);
    return at_ms;
}

static void three_regimes_have_three_cutoffs(void **state)
{
    (void)state;
    json_t *root = uplift("清徐", NULL, "AB01", "2026-06-30", "20"), *row;
    const json_t *rows = json_object_get(root, "uplifts");
    int64_t cutoff[3], collect[3];
    size_t k;
    assert_int_equal(json_array_size(rows), 3);
    json_array_foreach(rows, k, row)
    {
        const json_t *steps = json_object_get(row, "steps");
        assert_int_equal(json_array_size(steps), 5);
        cutoff[k] = instant(row, "cutoff");
        collect[k] = instant(row, "collect_by");
        assert_true(collect[k] < cutoff[k]);
        assert_true(collect[k] < instant(row, "collect_by_p50"));
        for (size_t step = 1; step < 5; step++) {
            const json_t *one = json_array_get(steps, step);
            assert_true(instant(one, "begin") >= instant(json_array_get(steps, step - 1), "end"));
            assert_true(json_string_length(json_object_get(one, "source")) > 0);
        }
    }
    assert_true(cutoff[0] != cutoff[1] && cutoff[1] != cutoff[2] && cutoff[0] != cutoff[2]);
    assert_true(collect[0] != collect[1] && collect[1] != collect[2] && collect[0] != collect[2]);
    json_decref(root);
}

static void publish(tq_live *live, uint64_t version)
{
    const tq_overlay *overlay = NULL;
    tq_err err = {0};
    if (tq_live_overlay(live, version, &overlay, &err) != TQ_OK ||
        tq_network_publish(dated.network, overlay, NOW_MS, NULL, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_overlay_drop(overlay);
}

static int64_t collect_from_qingxu(void)
{
    json_t *root = uplift("清徐", "mail", "AB01", "2026-06-30", "20");
    int64_t at_ms = instant(json_array_get(json_object_get(root, "uplifts"), 0), "collect_by");
    json_decref(root);
    return at_ms;
}

/* Streets on the way from 清徐 closed one after another: collection is never later than open, at
 * times earlier, and as before when all is open again. */
static void a_worse_road_moves_collection_earlier(void **state)
{
    (void)state;
    tq_live *live = NULL;
    tq_err err = {0};
    uint32_t earlier = 0;
    int64_t open_ms = collect_from_qingxu();
    const tq_snapshot *now = tq_network_hold(dated.network);
    const tq_city *city = now->city;
    hub_road road;
    hub_place from, to;
    tq_way way;
    uint32_t arcs = 0, edge[256];
    tq_arena_reset(&work, 0);
    hub_road_open(&road, now, 20000, &work);
    assert_int_equal(hub_place_find(dated.goods, city, "from", "清徐", &from, &err), TQ_OK);
    assert_int_equal(hub_place_find(dated.goods, city, "to", "TYM", &to, &err), TQ_OK);
    assert_int_equal(hub_meet(&road, NOW_MS, &from, &err), TQ_OK);
    assert_int_equal(hub_meet(&road, NOW_MS, &to, &err), TQ_OK);
    assert_int_equal(tq_road_way_timed(city, now->roads, now->overlay, road.lorry, open_ms,
                                       &from.snap, &to.snap, &work, &way, &err),
                     TQ_OK);
    for (uint32_t k = 1; k + 1 < way.arc_count && arcs < TQ_COUNT(edge); k++)
        edge[arcs++] = way.arc[k] / 2;
    hub_road_close(&road);
    tq_network_drop(dated.network, now);
    assert_true(arcs > 4);
    assert_int_equal(tq_live_open(city, &live, &err), TQ_OK);
    for (uint32_t round = 1; round <= 6; round++) {
        char json[300];
        tq_closure closure = {0};
        int len = snprintf(json, sizeof json,
                           "{\"stretch\":{\"edges\":[%u],\"direction\":\"both\"},\"effect\":"
                           "\"full\",\"owner\":\"t\",\"reason\":\"other\",\"from\":"
                           "\"2026-06-01T00:00\",\"to\":\"2026-07-09T12:00\"}",
                           edge[round * (arcs - 1) / 7]);
        if (tq_closure_read(city, (tq_str){json, (size_t)len}, INT64_MIN, &closure, &err) != TQ_OK)
            fail_msg("%s", err.text);
        (void)snprintf(closure.id, sizeof closure.id, "c%u", round);
        assert_int_equal(tq_live_put_closure(live, &closure, &err), TQ_OK);
        publish(live, 2 * round);
        json_t *root = uplift("清徐", "mail", "AB01", "2026-06-30", "20");
        json_t *row = json_array_get(json_object_get(root, "uplifts"), 0);
        const char *how = json_string_value(json_object_get(row, "state"));
        if (strcmp(how, "no_way") != 0) {
            assert_true(instant(row, "collect_by") <= open_ms);
            earlier += instant(row, "collect_by") < open_ms;
        }
        json_decref(root);
        assert_int_equal(tq_live_end_closure(live, closure.id, &err), TQ_OK);
        publish(live, 2 * round + 1);
        assert_int_equal(collect_from_qingxu(), open_ms);
    }
    print_message("%u of 6 closures on the way move collection earlier\n", earlier);
    assert_true(earlier > 0);
    tq_live_close(live);
}

/* Random places, deadlines and margins: no later second arrives, the answer does. */
static void latest_leaving_equals_driving_forward(void **state)
{
    (void)state;
    tq_random random = {SEED};
    tq_err err = {0};
    uint32_t checked = 0;
    const tq_snapshot *now = tq_network_hold(dated.network);
    for (uint32_t k = 0; k < CASES; k++) {
        hub_road road;
        hub_place from = {.at = {376000000 + (int32_t)tq_random_below(&random, 3000000),
                                 1123000000 + (int32_t)tq_random_below(&random, 3000000)}},
                  to;
        int64_t mass_g = tq_random_below(&random, 2) == 0 ? 20000 : 9000000, leave_ms = 0;
        int64_t by_ms = NOW_MS + (int64_t)tq_random_below(&random, 200000) * 1000;
        uint32_t percent = tq_random_below(&random, 2) == 0 ? 100 : HUB_ROAD_P90;
        bool found;
        tq_arena_reset(&work, 0);
        hub_road_open(&road, now, mass_g, &work);
        hub_node(dated.goods, tq_freight_node_find(dated.goods->net, TQ_STR("TYM")), &to);
        assert_int_equal(hub_meet(&road, by_ms, &from, &err), TQ_OK);
        assert_int_equal(hub_meet(&road, by_ms, &to, &err), TQ_OK);
        assert_int_equal(hub_leave(&road, by_ms, percent, &from, &to, &leave_ms, &found, &err),
                         TQ_OK);
        assert_int_equal(found, from.near && to.near);
        int64_t takes_ds, later_ms = leave_ms + 1000, step_ms = 1000;
        if (found) {
            tq_way way;
            const tq_vehicle *lorry = road.lorry;
            assert_int_equal(tq_road_way_timed(now->city, now->roads, now->overlay, lorry, leave_ms,
                                               &from.snap, &to.snap, &work, &way, &err),
                             TQ_OK);
            if (leave_ms + way.time_ds * percent > by_ms)
                fail_msg("seed %u case %u: the answer arrives late", SEED, k);
            for (; later_ms < by_ms; later_ms += step_ms, step_ms = TQ_MIN(step_ms * 2, 60000)) {
                tq_arena_reset(&work, 0);
                assert_int_equal(hub_takes(&road, later_ms, &from, &to, &takes_ds, &err), TQ_OK);
                if (later_ms + takes_ds * percent <= by_ms)
                    fail_msg("seed %u case %u: one may leave %lld s later", SEED, k,
                             (long long)(later_ms - leave_ms) / 1000);
            }
            checked++;
        }
        hub_road_close(&road);
    }
    tq_network_drop(dated.network, now);
    print_message("seed %u: %u of %u places have a way\n", SEED, checked, CASES);
    assert_true(checked > CASES / 2);
}

/* ---- feeder tours ---------------------------------------------------------------------------- */

/* Where a stop of the tours below is. */
static void place_of_stop(const json_t *stop, hub_place *out)
{
    static const char *const places[][3] = {
        {"q", "清徐", "TYM"}, {"c", "TYC", "TYN"}, {"h", "37.80,112.55", "WSB"}};
    const tq_snapshot *now = tq_network_hold(dated.network);
    bool collect = strcmp(json_string_value(json_object_get(stop, "what")), "collect") == 0;
    uint32_t k = 0;
    while (strcmp(json_string_value(json_object_get(stop, "point")), places[k][0]) != 0)
        k++;
    assert_int_equal(
        hub_place_find(dated.goods, now->city, "at", places[k][collect ? 1 : 2], out, NULL), TQ_OK);
    tq_network_drop(dated.network, now);
}

/* From stop to stop there is as much time as the drive takes then, with its margin. */
static void check_drive(const json_t *from, const json_t *to)
{
    hub_road road;
    hub_place place[2];
    int64_t takes_ds, leave_ms = instant(from, "leave"), ready_ms = instant(to, "arrive");
    const tq_snapshot *now = tq_network_hold(dated.network);
    place_of_stop(from, &place[0]);
    place_of_stop(to, &place[1]);
    tq_arena_reset(&work, 0);
    hub_road_open(&road, now, 1500000, &work);
    for (uint32_t k = 0; k < 2; k++)
        assert_int_equal(hub_meet(&road, leave_ms, &place[k], NULL), TQ_OK);
    assert_int_equal(hub_takes(&road, leave_ms, &place[0], &place[1], &takes_ds, NULL), TQ_OK);
    if (ready_ms - leave_ms + 1000 < takes_ds * HUB_ROAD_P90)
        fail_msg("%lld ms for a drive of %lld ds", (long long)(ready_ms - leave_ms),
                 (long long)takes_ds);
    hub_road_close(&road);
    tq_network_drop(dated.network, now);
}

static void tours_keep_their_cutoffs(void **state)
{
    (void)state;
    static const char body[] =
        "{\"lorries\":3,\"capacity_kg\":1500,\"points\":["
        "{\"id\":\"q\",\"at\":\"清徐\",\"ready\":\"2026-06-29T09:00\",\"kg\":400,\"flight\":"
        "\"AB01\",\"regime\":\"mail\"},"
        "{\"id\":\"c\",\"at\":\"TYC\",\"ready\":\"2026-06-29T09:30\",\"kg\":500,\"flight\":"
        "\"AB01\",\"regime\":\"express\"},"
        "{\"id\":\"h\",\"at\":\"37.80,112.55\",\"ready\":\"2026-06-29T10:00\",\"kg\":900.5,"
        "\"flight\":\"AB02\",\"regime\":\"ecommerce\"},"
        "{\"id\":\"x\",\"at\":\"TYC\",\"ready\":\"2026-06-29T10:00\",\"kg\":5000,\"flight\":"
        "\"AB02\",\"regime\":\"mail\"}]}";
    tq_buf out = {0}, twice = {0};
    tq_err err = {0};
    const tq_snapshot *now = tq_network_hold(dated.network);
    tq_arena_reset(&work, 0);
    if (tq_goods_feeders_json(dated.goods, now, TQ_STR(body), &work, &out, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_goods_feeders_json(dated.goods, now, TQ_STR(body), &work, &twice, &err),
                     TQ_OK);
    tq_network_drop(dated.network, now);
    assert_int_equal(out.len, twice.len);
    assert_memory_equal(out.at, twice.at, out.len);
    json_t *root = json_loadb(out.at, out.len, 0, NULL), *tour, *stop, *point;
    size_t k, s, collected = 0, delivered = 0;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "tours"), k, tour)
    {
        int64_t last = instant(tour, "leaves");
        json_array_foreach(json_object_get(tour, "stops"), s, stop)
        {
            bool collect = strcmp(json_string_value(json_object_get(stop, "what")), "collect") == 0;
            assert_true(instant(stop, "arrive") >= last);
            assert_true(instant(stop, "leave") >= instant(stop, "arrive"));
            assert_true(json_number_value(json_object_get(stop, "on_board_kg")) <= 1500);
            if (!collect) assert_true(instant(stop, "arrive") <= instant(stop, "cutoff"));
            collected += collect;
            delivered += !collect;
            last = instant(stop, "leave");
            if (s > 0) check_drive(json_array_get(json_object_get(tour, "stops"), s - 1), stop);
        }
    }
    assert_int_equal(collected, 3);
    assert_int_equal(delivered, 3);
    json_array_foreach(json_object_get(root, "points"), k, point)
    {
        const char *how = json_string_value(json_object_get(point, "state"));
        assert_string_equal(how, k == 3 ? "no_flight" : "planned");
    }
    json_decref(root);
    tq_buf_free(&out);
    tq_buf_free(&twice);
}

static void wrong_questions_are_named(void **state)
{
    (void)state;
    static const char *const bodies[][2] = {
        {"{", "body, line 1"},
        {"[]", "no JSON object"},
        {"{\"lorries\":0}", "lorries"},
        {"{\"lorries\":1,\"capacity_kg\":-1}", "capacity_kg"},
        {"{\"lorries\":1,\"capacity_kg\":9,\"points\":[]}", "points"},
        {"{\"lorries\":1,\"capacity_kg\":9,\"points\":[{\"id\":\"a\"}]}", "points[0].at"},
        {"{\"lorries\":1,\"capacity_kg\":9,\"points\":[{\"id\":\"a\",\"at\":\"TYC\",\"ready\":"
         "\"2026-06-29T10:00\",\"kg\":0}]}",
         "points[0].kg"},
        {"{\"lorries\":1,\"capacity_kg\":9,\"points\":[{\"id\":\"a\",\"at\":\"TYC\",\"ready\":"
         "\"2026-06-29T10:00\",\"kg\":1,\"flight\":\"TF01\",\"regime\":\"express\"}]}",
         "does not take"}};
    const tq_snapshot *now = tq_network_hold(dated.network);
    for (size_t k = 0; k < TQ_COUNT(bodies); k++) {
        tq_buf out = {0};
        tq_err err = {0};
        tq_arena_reset(&work, 0);
        assert_int_equal(
            tq_goods_feeders_json(dated.goods, now, tq_str_of(bodies[k][0]), &work, &out, &err),
            TQ_BAD_INPUT);
        if (strstr(err.text, bodies[k][1]) == NULL)
            fail_msg("«%s» without «%s»", err.text, bodies[k][1]);
        assert_int_equal(out.len, 0);
        tq_buf_free(&out);
    }
    tq_network_drop(dated.network, now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opening_changes_what_the_network_changes),
        cmocka_unit_test(answers_before_the_day_are_those_without),
        cmocka_unit_test(three_regimes_have_three_cutoffs),
        cmocka_unit_test(a_worse_road_moves_collection_earlier),
        cmocka_unit_test(latest_leaving_equals_driving_forward),
        cmocka_unit_test(tours_keep_their_cutoffs),
        cmocka_unit_test(wrong_questions_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
