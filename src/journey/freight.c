/*
 * Freight of a city: its tables, and what closed and slow streets do to its lorries.
 *
 * The tables of the folder freight/ beside the city file are read once and shared. A road link both
 * of whose ends lie within TQ_SNAP_RADIUS_MAX_M of a street that a heavy lorry may use, and whose
 * ends are connected when nothing is live, is covered: its hours are those of the table times (time
 * of the way now / time of the way with nothing live), both at the same instant, so that published
 * distances stay what they are. With no way left it is closed. Links go both ways: the worse
 * direction counts, so that no plan drives where it may not.
 *
 * A link that says the day of the streets that its hours are of (streets_day) follows dated
 * openings: what its way takes on the day asked minus what it took in the week from that day on, at
 * the same hour of the week, is added to its hours before live state counts, by the direction that
 * gains less.
 *
 * Kept in a bench of one thread: snapped ends and times with nothing live, for a slice of time; the
 * overrides, for a version of the live roads and a slice. The version of the overrides is a
 * fingerprint of them, 0 when there are none: equal live states give equal bytes, whatever was
 * between. Limits: an end stays on the street it snapped to, also when that one is closed.
 */
#include <stdio.h>

#include "journey/freight_in.h"

#define TABLE_BYTES_MAX ((size_t)256 << 20)
#define FOLDER          "freight"

static const struct {
    const char *name;
    bool needed;
} TABLES[] = {
    {"nodes.csv", true},        {"links.csv", true},         {"services.csv", true},
    {"tariffs.csv", true},      {"tariff_map.csv", true},    {"terminals.csv", true},
    {"emissions.csv", true},    {"commodities.csv", true},   {"corridors.csv", false},
    {"rates.csv", false},       {"restrictions.csv", false}, {"rail_fees.csv", false},
    {"factor_sets.csv", false}, {"regimes.csv", false},      {"flights.csv", false},
};

/* ---- tables ---------------------------------------------------------------------------------- */

static tq_status folder_of(const char *city_path, char out[TQ_PATH_MAX], tq_err *err)
{
    char beside[TQ_PATH_MAX] = ".";
    const char *slash = strrchr(city_path, '/');
    size_t len = slash == NULL ? 0 : TQ_MAX((size_t)(slash - city_path), 1u);
    if (len >= sizeof beside) return tq_fail(err, TQ_BAD_INPUT, 0, "the city's path is too long");
    if (len > 0) {
        memcpy(beside, city_path, len);
        beside[len] = '\0';
    }
    if (!tq_path_join(out, beside, FOLDER))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the city's path is too long");
    if (!tq_file_look(out).is_folder)
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "this city has no freight network: there is no folder %.90s", out);
    return TQ_OK;
}

static tq_status read_tables(const char *folder, char *bytes[], tq_freight_text *text,
                             size_t *count, tq_err *err)
{
    for (size_t k = 0; k < TQ_COUNT(TABLES); k++) {
        char path[TQ_PATH_MAX];
        size_t len = 0;
        if (!tq_path_join(path, folder, TABLES[k].name))
            return tq_fail(err, TQ_BAD_INPUT, 0, "the city's path is too long");
        if (!TABLES[k].needed && !tq_file_look(path).exists) continue;
        TQ_TRY(tq_file_read(path, TABLE_BYTES_MAX, &bytes[k], &len, err));
        text[(*count)++] = (tq_freight_text){TABLES[k].name, {bytes[k], len}};
    }
    return TQ_OK;
}

static tq_status list_roads(tq_goods *goods, tq_err *err)
{
    uint32_t links = tq_freight_size(goods->net).links;
    goods->road = TQ_ALLOC(uint32_t, TQ_MAX(links, 1u));
    if (goods->road == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u links", links);
    for (uint32_t link = 0; link < links; link++)
        if (tq_freight_link_at(goods->net, link).mode == TQ_FREIGHT_ROAD)
            goods->road[goods->road_count++] = link;
    return TQ_OK;
}

tq_status tq_goods_open(const char *city_path, tq_goods **out, tq_err *err)
{
    char folder[TQ_PATH_MAX], *bytes[TQ_COUNT(TABLES)] = {0};
    tq_freight_text text[TQ_COUNT(TABLES)];
    size_t count = 0;
    TQ_TRY(folder_of(city_path, folder, err));
    tq_goods *goods = TQ_ALLOC(tq_goods, 1);
    if (goods == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the freight network");
    tq_status status = read_tables(folder, bytes, text, &count, err);
    /* Rates of the day of each question: an answer depends on that, not on the day of start. */
    if (status == TQ_OK) status = tq_freight_load(text, count, INT32_MAX, &goods->net, err);
    for (size_t k = 0; k < TQ_COUNT(TABLES); k++)
        tq_free(bytes[k]);
    if (status == TQ_OK) status = list_roads(goods, err);
    if (status == TQ_OK) status = goods_flow_open(folder, goods, err);
    if (status != TQ_OK) {
        tq_goods_close(goods);
        return status;
    }
    *out = goods;
    return TQ_OK;
}

void tq_goods_close(tq_goods *goods)
{
    if (goods == NULL) return;
    if (goods->net != NULL) tq_freight_free(goods->net);
    tq_free(goods->road);
    tq_free(goods->hubs);
    tq_free(goods->flow);
    tq_free(goods);
}

const tq_freight *tq_goods_network(const tq_goods *goods)
{
    return goods->net;
}

/* ---- a bench --------------------------------------------------------------------------------- */

tq_status tq_goods_bench_open(const tq_goods *goods, tq_goods_bench **out, tq_err *err)
{
    uint32_t nodes = tq_freight_size(goods->net).nodes;
    tq_goods_bench *bench = TQ_ALLOC(tq_goods_bench, 1);
    if (bench == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for freight");
    bench->goods = goods;
    bench->end = TQ_ALLOC(goods_end, nodes);
    bench->covered = TQ_ALLOC(goods_link, TQ_MAX(goods->road_count, 1u));
    bench->override = TQ_ALLOC(tq_freight_override, TQ_MAX(goods->road_count, 1u));
    bench->memory = tq_alloc(GOODS_WORK_BYTES, 1); /* pages come when touched */
    if (bench->end == NULL || bench->covered == NULL || bench->override == NULL ||
        bench->memory == NULL) {
        tq_goods_bench_close(bench);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %zu bytes of scratch for freight",
                       GOODS_WORK_BYTES);
    }
    tq_arena_init(&bench->work, bench->memory, GOODS_WORK_BYTES);
    *out = bench;
    return TQ_OK;
}

void tq_goods_bench_close(tq_goods_bench *bench)
{
    if (bench == NULL) return;
    if (bench->memory != NULL) tq_arena_init(&bench->work, bench->memory, 0);
    tq_free(bench->memory);
    tq_free(bench->override);
    tq_free(bench->covered);
    tq_free(bench->end);
    tq_free(bench);
}

/* ---- times on the streets -------------------------------------------------------------------- */

/* What the steps below are about. */
typedef struct lorry_ask {
    const tq_snapshot *snapshot;
    const tq_vehicle *lorry;
    int64_t at_ms;
    tq_arena *work;
} lorry_ask;

/* Deciseconds of a way, TQ_ROAD_INF = none. */
static tq_status way_time(const lorry_ask *ask, const tq_metric *metric, const tq_snap *from,
                          const tq_snap *to, int64_t *ds, tq_err *err)
{
    tq_err why = {0};
    size_t mark = ask->work->used;
    tq_status status = tq_road_time(ask->snapshot->city, metric, from, to, ask->work, ds, &why);
    tq_arena_reset(ask->work, mark);
    if (status == TQ_OK) return TQ_OK;
    if (status == TQ_NO_ROUTE) {
        *ds = TQ_ROAD_INF;
        return TQ_OK;
    }
    if (err != NULL) *err = why;
    return status;
}

static const goods_end *end_of(tq_goods_bench *bench, const lorry_ask *ask, const tq_metric *metric,
                               uint32_t node)
{
    goods_end *end = &bench->end[node];
    if (end->known) return end;
    tq_snap_wish wish = {
        .limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1, .main_only = true};
    uint32_t count = 0;
    tq_point at = tq_freight_node_at(bench->goods->net, node).at;
    end->near =
        tq_road_snap(ask->snapshot->city, metric, at, &wish, &end->snap, &count, NULL) == TQ_OK &&
        count > 0;
    end->known = true;
    return end;
}

/* ---- dated openings -------------------------------------------------------------------------- */

#define WEEK_DAYS 7
#define DAY_MS    INT64_C(86400000)
#define LOCAL_MS  (INT64_C(8) * 3600 * 1000)

/* The same hour of the week in the week from a local day on. */
static int64_t hour_in_week_of(int32_t day, int64_t at_ms)
{
    int64_t local_ms = at_ms + LOCAL_MS, at_day = tq_floor_div(local_ms, DAY_MS);
    int64_t on = (at_day - day) % WEEK_DAYS;
    return at_ms - (at_day - day - (on < 0 ? on + WEEK_DAYS : on)) * DAY_MS;
}

/* Time of a link's way on the streets of an earlier day, both ways. */
static tq_status former_times(const tq_goods *goods, const lorry_ask *ask, tq_freight_link link,
                              int64_t ds[2], tq_err *err)
{
    const tq_snapshot *now = ask->snapshot;
    const tq_metric *metric = NULL;
    tq_snap snap[2];
    uint32_t node[2] = {link.from, link.to}, count = 0;
    tq_snap_wish wish = {
        .limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1, .main_only = true};
    tq_status status = TQ_OK;
    bool near = true;
    ds[0] = ds[1] = TQ_ROAD_INF;
    TQ_TRY(tq_roads_get(now->roads, tq_overlay_none(), ask->lorry, ask->at_ms, &metric, err));
    for (uint32_t k = 0; k < 2 && near; k++)
        near = tq_road_snap(now->city, metric, tq_freight_node_at(goods->net, node[k]).at, &wish,
                            &snap[k], &count, NULL) == TQ_OK &&
               count > 0;
    for (uint32_t way = 0; way < 2 && near && status == TQ_OK; way++)
        status = way_time(ask, metric, &snap[way], &snap[1 - way], &ds[way], err);
    tq_roads_put(now->roads, metric);
    return status;
}

/* What opened since the day of a link's hours; the slice shrinks to where that holds. */
static tq_status make_opened(tq_goods_bench *bench, const lorry_ask *ask, goods_link *covered,
                             tq_slice *slice, tq_err *err)
{
    tq_freight_link link = tq_freight_link_at(bench->goods->net, covered->link);
    int64_t ds[2], most = INT64_MIN;
    covered->opened_ds = 0;
    if (link.streets_day == INT32_MIN) return TQ_OK;
    lorry_ask former = *ask;
    former.at_ms = hour_in_week_of(link.streets_day, ask->at_ms);
    tq_slice then = tq_road_slice(ask->snapshot->city, tq_overlay_none(), ask->lorry, former.at_ms);
    int64_t shift_ms = ask->at_ms - former.at_ms;
    /* Behind midnight the day of that week may be another one. */
    int64_t midnight_ms = (tq_floor_div(ask->at_ms + LOCAL_MS, DAY_MS) + 1) * DAY_MS - LOCAL_MS;
    slice->to_ms = TQ_MIN(slice->to_ms, midnight_ms);
    if (then.to_ms != INT64_MAX) slice->to_ms = TQ_MIN(slice->to_ms, then.to_ms + shift_ms);
    slice->from_ms = ask->at_ms;
    TQ_TRY(former_times(bench->goods, &former, link, ds, err));
    for (uint32_t way = 0; way < 2; way++)
        if (ds[way] < TQ_ROAD_INF && covered->base_ds[way] < TQ_ROAD_INF)
            most = TQ_MAX(most, covered->base_ds[way] - ds[way]);
    if (most != INT64_MIN) covered->opened_ds = most;
    bench->opened = bench->opened || covered->opened_ds != 0;
    return TQ_OK;
}

/* Which links are covered, and how long their ways take with nothing live. */
static tq_status make_base(tq_goods_bench *bench, const lorry_ask *ask, const tq_metric *metric,
                           tq_slice *slice, tq_err *err)
{
    const tq_goods *goods = bench->goods;
    bench->base_made = bench->opened = false;
    bench->covered_count = 0;
    bench->dated = false;
    memset(bench->end, 0, tq_freight_size(goods->net).nodes * sizeof *bench->end);
    for (uint32_t k = 0; k < goods->road_count; k++) {
        tq_freight_link link = tq_freight_link_at(goods->net, goods->road[k]);
        const goods_end *from = end_of(bench, ask, metric, link.from);
        if (!from->near) continue;
        const goods_end *to = end_of(bench, ask, metric, link.to);
        if (!to->near) continue;
        goods_link *covered = &bench->covered[bench->covered_count];
        covered->link = goods->road[k];
        TQ_TRY(way_time(ask, metric, &from->snap, &to->snap, &covered->base_ds[0], err));
        TQ_TRY(way_time(ask, metric, &to->snap, &from->snap, &covered->base_ds[1], err));
        for (uint32_t way = 0; way < 2; way++)
            if (covered->base_ds[way] == 0) covered->base_ds[way] = TQ_ROAD_INF;
        if (covered->base_ds[0] == TQ_ROAD_INF && covered->base_ds[1] == TQ_ROAD_INF) continue;
        bench->covered_count++;
        bench->dated = bench->dated || link.streets_day != INT32_MIN;
        TQ_TRY(make_opened(bench, ask, covered, slice, err));
    }
    return TQ_OK;
}

/* The worse of both directions as a fraction of the time with nothing live; closed when a direction
 * is. */
static tq_status link_now(const tq_goods_bench *bench, const lorry_ask *ask,
                          const tq_metric *metric, const goods_link *covered, bool *differs,
                          tq_freight_override *out, tq_err *err)
{
    tq_freight_link link = tq_freight_link_at(bench->goods->net, covered->link);
    const tq_snap *end[2] = {&bench->end[link.from].snap, &bench->end[link.to].snap};
    int64_t worst_ds = 0, of_ds = 0;
    *differs = true;
    for (uint32_t way = 0; way < 2; way++) {
        int64_t ds = 0;
        if (covered->base_ds[way] == TQ_ROAD_INF) continue;
        TQ_TRY(way_time(ask, metric, end[way], end[1 - way], &ds, err));
        if (ds == TQ_ROAD_INF) {
            *out = (tq_freight_override){covered->link, true, -1};
            return TQ_OK;
        }
        if (of_ds == 0 || ds * of_ds > worst_ds * covered->base_ds[way]) {
            worst_ds = ds;
            of_ds = covered->base_ds[way];
        }
    }
    int64_t table_ds = TQ_MAX(link.time_ds + covered->opened_ds, 0);
    int64_t scaled_ds = (table_ds * worst_ds + of_ds / 2) / of_ds;
    *differs = scaled_ds != link.time_ds;
    *out = (tq_freight_override){covered->link, false,
                                 (int32_t)TQ_MIN(scaled_ds, TQ_FREIGHT_OVERRIDE_DS)};
    return TQ_OK;
}

/* Never 0 for something, and exact as a JSON number. */
static uint64_t fingerprint(const tq_freight_override *override, uint32_t count)
{
    uint64_t hash = 1;
    for (uint32_t k = 0; k < count; k++) {
        int64_t row[2] = {override[k].link, override[k].closed ? -1 : override[k].time_ds};
        hash = tq_hash(row, sizeof row, hash);
    }
    return (hash & ((UINT64_C(1) << 53) - 1)) | 1;
}

static tq_status make_live(tq_goods_bench *bench, const lorry_ask *ask, const tq_metric *metric,
                           tq_err *err)
{
    uint32_t count = 0;
    bench->live_made = false;
    for (uint32_t k = 0; k < bench->covered_count; k++) {
        bool differs = false;
        TQ_TRY(link_now(bench, ask, metric, &bench->covered[k], &differs, &bench->override[count],
                        err));
        count += differs;
    }
    bench->live = (tq_freight_live){0};
    if (count > 0)
        TQ_TRY(tq_freight_live_make(bench->goods->net, bench->override, count,
                                    fingerprint(bench->override, count), &bench->live, err));
    return TQ_OK;
}

static bool within(tq_slice slice, int64_t at_ms)
{
    return slice.from_ms <= at_ms && at_ms < slice.to_ms;
}

static tq_status base_at(tq_goods_bench *bench, const lorry_ask *ask, tq_err *err)
{
    const tq_snapshot *now = ask->snapshot;
    const tq_metric *metric = NULL;
    if (bench->base_made && within(bench->base_slice, ask->at_ms)) return TQ_OK;
    tq_slice slice = tq_road_slice(now->city, tq_overlay_none(), ask->lorry, ask->at_ms);
    bench->live_made = false;
    if (!bench->base_made || bench->dated || slice.key != bench->base_slice.key) {
        TQ_TRY(tq_roads_get(now->roads, tq_overlay_none(), ask->lorry, ask->at_ms, &metric, err));
        tq_status status = make_base(bench, ask, metric, &slice, err);
        tq_roads_put(now->roads, metric);
        TQ_TRY(status);
    }
    bench->base_slice = slice;
    bench->base_made = true;
    return TQ_OK;
}

tq_status tq_goods_live(tq_goods_bench *bench, const tq_snapshot *snapshot, int64_t at_ms,
                        tq_arena *work, const tq_freight_live **out, tq_err *err)
{
    const tq_overlay *overlay = snapshot->overlay;
    const tq_metric *metric = NULL;
    lorry_ask ask = {snapshot, NULL, at_ms, work};
    *out = NULL;
    ask.lorry = tq_road_vehicle(snapshot->city, TQ_PROFILE_LORRY_HEAVY);
    if (ask.lorry == NULL || snapshot->city->streets.edge_count == 0) return TQ_OK;
    /* Also when nothing is live: the metric that a later closure changes is then at hand, and is
     * followed before the closure is shown (tq_roads_follow). */
    TQ_TRY(base_at(bench, &ask, err));
    if (overlay->road_version == 0 && !bench->opened) return TQ_OK;
    if (!bench->live_made || bench->road_version != overlay->road_version ||
        !within(bench->live_slice, at_ms)) {
        TQ_TRY(tq_roads_get(snapshot->roads, overlay, ask.lorry, at_ms, &metric, err));
        tq_status status = make_live(bench, &ask, metric, err);
        tq_roads_put(snapshot->roads, metric);
        TQ_TRY(status);
        bench->live_slice = tq_road_slice(snapshot->city, overlay, ask.lorry, at_ms);
        if (bench->opened) {
            bench->live_slice.from_ms =
                TQ_MAX(bench->live_slice.from_ms, bench->base_slice.from_ms);
            bench->live_slice.to_ms = TQ_MIN(bench->live_slice.to_ms, bench->base_slice.to_ms);
        }
        bench->road_version = overlay->road_version;
        bench->live_made = true;
    }
    if (bench->live.count > 0) *out = &bench->live;
    return TQ_OK;
}
