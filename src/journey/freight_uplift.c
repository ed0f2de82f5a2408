/*
 * The land-air hub in words: from a collection point, by flight and customs regime, the chain of
 * latest times backwards: flight, security and build-up, customs, acceptance, road, collection.
 *
 * {"version","live_version","now","from":{"name","id","lat","lon"},"mass_kg","vehicle",
 *  "road_p90_pct","uplifts":[{"flight":{"id","name_zh","mode","departs","from","to","max_kg",
 *  "kind","source"},"regime":{"id","name_zh","name_en"},"terminal":{"id","name_zh","name_en","lat",
 *  "lon"},"state":"ok|tight|too_late|too_heavy|no_time|no_way","cutoff","cutoff_p50","collect_by",
 *  "collect_by_p50","steps":[{"step":"road|acceptance|customs|security|carrier","begin","end",
 *  "minutes","minutes_p90","kind":"given|assumed|live","source"}],
 *  "next":{"departs","cutoff","collect_by"}|null}],"left_off"}
 *
 * collect_by and the steps keep the flight nine times in ten, collect_by_p50 every other time; a
 * row is tight between the two. A row is of the first departure on or after the day asked; when
 * that cannot be reached any more, `next` is the first one that can. Rows by departure, then
 * flight, then regime. Limits: UPLIFT_ROWS_MAX rows; a drive takes a day at most.
 */
#include <stdlib.h>

#include "journey/hub_in.h"

#define UPLIFT_ROWS_MAX 512u
#define DEFAULT_KG      "100"

typedef enum row_state { OK, TIGHT, TOO_LATE, TOO_HEAVY, NO_TIME, NO_WAY } row_state;
static const char *const states[] = {"ok", "tight", "too_late", "too_heavy", "no_time", "no_way"};

/* The latest times of one departure with each margin. */
typedef struct chain {
    tq_freight_uplift by[2]; /* by tq_freight_margin */
    int64_t leave_ms[2];
    row_state state;
} chain;

typedef struct hub_line {
    uint32_t flight, regime;
    bool next;
    chain first, later;
} hub_line;

typedef struct uplift_ask {
    const tq_goods *goods;
    const tq_city *city;
    hub_road road;
    hub_place from;
    hub_place terminal[TQ_FREIGHT_REGIMES_MAX];
    uint32_t regime, flight; /* TQ_NONE = all */
    int32_t day;
    int64_t mass_g, now_ms;
} uplift_ask;

/* ---- the question ---------------------------------------------------------------------------- */

static tq_status read_date(const tq_city *city, const char *text, int64_t now_ms, int32_t *day,
                           tq_err *err)
{
    char noon[TQ_TIME_TEXT_MAX];
    int64_t at_ms;
    tq_str given = tq_str_of(text == NULL ? "" : text);
    *day = (int32_t)tq_floor_div(tq_floor_div(now_ms, 1000) + HUB_LOCAL_S, HUB_DAY_S);
    if (text == NULL) return TQ_OK;
    if (given.len == 10) {
        memcpy(noon, given.at, given.len);
        memcpy(noon + given.len, "T12:00", sizeof "T12:00");
        if (tq_time_parse(&city->zone, tq_str_of(noon), &at_ms, NULL) == TQ_OK) {
            *day = (int32_t)tq_floor_div(tq_floor_div(at_ms, 1000) + HUB_LOCAL_S, HUB_DAY_S);
            return TQ_OK;
        }
    }
    return tq_fail(err, TQ_BAD_INPUT, 0, "date: '%.40s' is not a day such as 2026-07-06", text);
}

static tq_status read_ask(const tq_goods *goods, const tq_snapshot *snapshot,
                          const tq_goods_uplift_query *query, uplift_ask *ask, tq_err *err)
{
    const tq_freight *net = goods->net;
    const char *mass = query->mass_kg != NULL ? query->mass_kg : DEFAULT_KG;
    if (query->size != sizeof *query)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the question is of another version of the library");
    TQ_TRY(hub_there(net, err));
    if (query->from == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "from: say where the goods are collected");
    TQ_TRY(hub_place_find(goods, snapshot->city, "from", query->from, &ask->from, err));
    ask->regime = ask->flight = TQ_NONE;
    if (query->regime != NULL) {
        ask->regime = hub_regime(net, tq_str_of(query->regime));
        if (ask->regime == TQ_NONE)
            return tq_fail(err, TQ_NOT_FOUND, 0,
                           "regime: '%.40s' is no id of regimes.csv, such as %.40s", query->regime,
                           tq_freight_regime_at(net, 0).id);
    }
    if (query->flight != NULL) {
        ask->flight = hub_flight(net, tq_str_of(query->flight));
        if (ask->flight == TQ_NONE)
            return tq_fail(err, TQ_NOT_FOUND, 0,
                           "flight: '%.40s' is no id of flights.csv, such as %.40s", query->flight,
                           tq_freight_service_at(net, tq_freight_flight_at(net, 0).service).id);
    }
    if (!hub_kg(mass, &ask->mass_g))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "mass_kg: '%.40s' is not above 0 and at most 100000000, with up to 3 "
                       "decimals",
                       mass);
    return read_date(snapshot->city, query->date, query->now_ms, &ask->day, err);
}

/* ---- chains ---------------------------------------------------------------------------------- */

static tq_status make_chain(uplift_ask *ask, const tq_freight_flight *flight, uint32_t number,
                            int64_t departs_s, chain *out, tq_err *err)
{
    static const uint32_t percent[2] = {100, HUB_ROAD_P90};
    tq_freight_regime regime = tq_freight_regime_at(ask->goods->net, number);
    *out = (chain){.by = {{.departs_s = departs_s}, {.departs_s = departs_s}}};
    out->state = ask->mass_g > flight->max_g ? TOO_HEAVY : OK;
    for (uint32_t margin = 0; margin < 2 && out->state == OK; margin++) {
        bool found = false;
        if (!tq_freight_uplift_make(&regime, departs_s, flight->cutoff_s, (tq_freight_margin)margin,
                                    &out->by[margin])) {
            out->state = NO_TIME;
            break;
        }
        TQ_TRY(hub_leave(&ask->road, hub_ms(out->by[margin].arrive_s), percent[margin], &ask->from,
                         &ask->terminal[number], &out->leave_ms[margin], &found, err));
        if (!found) out->state = NO_WAY;
    }
    if (out->state == OK && ask->now_ms > out->leave_ms[TQ_FREIGHT_P50])
        out->state = TOO_LATE;
    else if (out->state == OK && ask->now_ms > out->leave_ms[TQ_FREIGHT_P90])
        out->state = TIGHT;
    return TQ_OK;
}

/* The first departure, and when it is too late for that the first that can be reached safely. */
static tq_status make_row(uplift_ask *ask, uint32_t number, uint32_t regime, hub_line *row,
                          bool *made, tq_err *err)
{
    const tq_freight *net = ask->goods->net;
    tq_freight_flight flight = tq_freight_flight_at(net, number);
    *made = false;
    for (int32_t day = ask->day; day < ask->day + HUB_DAYS_AHEAD; day++) {
        int64_t departs_s;
        chain one;
        if (!tq_freight_flight_leaves(net, number, day, &departs_s)) continue;
        TQ_TRY(make_chain(ask, &flight, regime, departs_s, &one, err));
        if (!*made) {
            *row = (hub_line){.flight = number, .regime = regime, .first = one};
            *made = true;
            if (one.state == TOO_HEAVY || one.state == OK) break;
        } else if (one.state == OK) {
            row->next = true;
            row->later = one;
            break;
        }
    }
    return TQ_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const hub_line *x = a, *y = b;
    int64_t dx = x->first.by[0].departs_s, dy = y->first.by[0].departs_s;
    if (dx != dy) return dx < dy ? -1 : 1;
    if (x->flight != y->flight) return x->flight < y->flight ? -1 : 1;
    return x->regime < y->regime ? -1 : x->regime > y->regime;
}

static tq_status make_rows(uplift_ask *ask, hub_line *row, uint32_t *count, uint32_t *left_off,
                           tq_err *err)
{
    const tq_freight *net = ask->goods->net;
    *count = *left_off = 0;
    for (uint32_t flight = 0; flight < tq_freight_flights(net); flight++) {
        uint32_t taken = tq_freight_flight_at(net, flight).regimes;
        if (ask->flight != TQ_NONE && ask->flight != flight) continue;
        for (uint32_t regime = 0; regime < tq_freight_regimes(net); regime++) {
            bool made;
            if ((taken >> regime & 1u) == 0 || (ask->regime != TQ_NONE && ask->regime != regime))
                continue;
            if (*count == UPLIFT_ROWS_MAX) {
                (*left_off)++;
                continue;
            }
            TQ_TRY(make_row(ask, flight, regime, &row[*count], &made, err));
            *count += made;
        }
    }
    qsort(row, *count, sizeof *row, compare_rows);
    return TQ_OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void put_node(const tq_freight *net, const char *key, uint32_t node, tq_json *json)
{
    tq_freight_node row = tq_freight_node_at(net, node);
    tq_json_key(json, key);
    tq_json_object(json);
    tq_json_put_text(json, "id", row.id);
    tq_json_put_text_or_null(json, "name_zh", row.name_zh);
    tq_json_put_text_or_null(json, "name_en", row.name_en);
    tq_json_put_fixed(json, "lat", row.at.lat_e7, 7);
    tq_json_put_fixed(json, "lon", row.at.lon_e7, 7);
    tq_json_end_object(json);
}

static void put_flight(const uplift_ask *ask, const hub_line *row, tq_json *json)
{
    const tq_freight *net = ask->goods->net;
    tq_freight_flight flight = tq_freight_flight_at(net, row->flight);
    tq_freight_service service = tq_freight_service_at(net, flight.service);
    tq_json_key(json, "flight");
    tq_json_object(json);
    tq_json_put_text(json, "id", service.id);
    tq_json_put_text_or_null(json, "name_zh", service.name_zh);
    tq_json_put_text(json, "mode", tq_freight_mode_name(service.mode));
    hub_put_time(json, "departs", ask->city, hub_ms(row->first.by[0].departs_s));
    put_node(net, "from", service.path[0], json);
    put_node(net, "to", service.path[service.path_count - 1], json);
    tq_json_put_fixed(json, "max_kg", flight.max_g, 3);
    tq_json_put_text(json, "kind", flight.confidence);
    tq_json_put_text(json, "source", flight.source);
    tq_json_end_object(json);
}

/* A step with its times in the safe chain and how long it takes; `takes_ds` are tenths. */
static void put_step(const uplift_ask *ask, const char *step, const int64_t at_ms[2],
                     const int64_t takes_ds[2], const char *kind, const char *source, tq_json *json)
{
    tq_json_object(json);
    tq_json_put_text(json, "step", step);
    hub_put_time(json, "begin", ask->city, at_ms[0]);
    hub_put_time(json, "end", ask->city, at_ms[1]);
    tq_json_put_fixed(json, "minutes", (takes_ds[0] + 3) / 6, 2);
    tq_json_put_fixed(json, "minutes_p90", (takes_ds[1] + 3) / 6, 2);
    tq_json_put_text(json, "kind", kind);
    tq_json_put_text(json, "source", source);
    tq_json_end_object(json);
}

static tq_status put_steps(uplift_ask *ask, const hub_line *row, tq_json *json, tq_err *err)
{
    const tq_freight *net = ask->goods->net;
    const tq_freight_uplift *safe = &row->first.by[TQ_FREIGHT_P90];
    tq_freight_flight flight = tq_freight_flight_at(net, row->flight);
    tq_freight_regime regime = tq_freight_regime_at(net, row->regime);
    int64_t takes_ds[2], at_ms[2] = {row->first.leave_ms[TQ_FREIGHT_P90], hub_ms(safe->arrive_s)};
    TQ_TRY(hub_takes(&ask->road, at_ms[0], &ask->from, &ask->terminal[row->regime], &takes_ds[0],
                     err));
    takes_ds[1] = takes_ds[0] * HUB_ROAD_P90 / 100;
    tq_json_key(json, "steps");
    tq_json_array(json);
    put_step(ask, "road", at_ms, takes_ds, "live", "streets; p90 assumed", json);
    for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS; step++) {
        const tq_freight_hub_work *done = &regime.work[step];
        takes_ds[0] = (int64_t)done->least_s * 10;
        takes_ds[1] = (int64_t)done->p90_s * 10;
        at_ms[0] = hub_ms(safe->begin_s[step]);
        at_ms[1] = hub_ms(safe->end_s[step]);
        put_step(ask, tq_freight_hub_step_name(step), at_ms, takes_ds, done->confidence,
                 done->source, json);
    }
    takes_ds[0] = takes_ds[1] = (int64_t)flight.cutoff_s * 10;
    at_ms[0] = hub_ms(safe->hand_over_s);
    at_ms[1] = hub_ms(safe->departs_s);
    put_step(ask, "carrier", at_ms, takes_ds, flight.confidence, flight.source, json);
    tq_json_end_array(json);
    return TQ_OK;
}

static tq_status put_row(uplift_ask *ask, const hub_line *row, tq_json *json, tq_err *err)
{
    const chain *first = &row->first;
    tq_freight_regime regime = tq_freight_regime_at(ask->goods->net, row->regime);
    tq_json_object(json);
    put_flight(ask, row, json);
    tq_json_key(json, "regime");
    tq_json_object(json);
    tq_json_put_text(json, "id", regime.id);
    tq_json_put_text(json, "name_zh", regime.name_zh);
    tq_json_put_text(json, "name_en", regime.name_en);
    tq_json_end_object(json);
    put_node(ask->goods->net, "terminal", regime.terminal, json);
    tq_json_put_text(json, "state", states[first->state]);
    if (first->state <= TOO_LATE) {
        hub_put_time(json, "cutoff", ask->city, hub_ms(first->by[TQ_FREIGHT_P90].arrive_s));
        hub_put_time(json, "cutoff_p50", ask->city, hub_ms(first->by[TQ_FREIGHT_P50].arrive_s));
        hub_put_time(json, "collect_by", ask->city, first->leave_ms[TQ_FREIGHT_P90]);
        hub_put_time(json, "collect_by_p50", ask->city, first->leave_ms[TQ_FREIGHT_P50]);
        TQ_TRY(put_steps(ask, row, json, err));
    }
    tq_json_key(json, "next");
    if (row->next) {
        tq_json_object(json);
        hub_put_time(json, "departs", ask->city, hub_ms(row->later.by[0].departs_s));
        hub_put_time(json, "cutoff", ask->city, hub_ms(row->later.by[TQ_FREIGHT_P90].arrive_s));
        hub_put_time(json, "collect_by", ask->city, row->later.leave_ms[TQ_FREIGHT_P90]);
        tq_json_end_object(json);
    } else {
        tq_json_null(json);
    }
    tq_json_end_object(json);
    return TQ_OK;
}

static void put_head(const uplift_ask *ask, tq_json *json)
{
    char version[TQ_VERSION_MAX];
    tq_profile profile;
    tq_snapshot_version(ask->road.snapshot, version);
    tq_json_put_text(json, "version", version);
    tq_json_put_i64(json, "live_version", (int64_t)ask->road.snapshot->overlay->road_version);
    hub_put_time(json, "now", ask->city, ask->now_ms);
    tq_json_key(json, "from");
    tq_json_object(json);
    tq_json_put_text(json, "name", ask->from.name);
    tq_json_put_text(json, "id", ask->from.id);
    tq_json_put_fixed(json, "lat", ask->from.at.lat_e7, 7);
    tq_json_put_fixed(json, "lon", ask->from.at.lon_e7, 7);
    tq_json_end_object(json);
    tq_json_put_fixed(json, "mass_kg", ask->mass_g, 3);
    tq_json_put_text(json, "vehicle", hub_lorry(ask->mass_g, &profile));
    tq_json_put_i64(json, "road_p90_pct", HUB_ROAD_P90);
}

static tq_status answer_ask(uplift_ask *ask, tq_arena *work, tq_buf *out, bool *found, tq_err *err)
{
    uint32_t count, left_off;
    tq_json json;
    hub_line *row = TQ_PUSH(work, hub_line, UPLIFT_ROWS_MAX);
    if (row == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for flights");
    TQ_TRY(hub_meet(&ask->road, ask->now_ms, &ask->from, err));
    for (uint32_t regime = 0; regime < tq_freight_regimes(ask->goods->net); regime++) {
        hub_node(ask->goods, tq_freight_regime_at(ask->goods->net, regime).terminal,
                 &ask->terminal[regime]);
        TQ_TRY(hub_meet(&ask->road, ask->now_ms, &ask->terminal[regime], err));
    }
    TQ_TRY(make_rows(ask, row, &count, &left_off, err));
    *found = false;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    put_head(ask, &json);
    tq_json_key(&json, "uplifts");
    tq_json_array(&json);
    for (uint32_t k = 0; k < count; k++) {
        *found = *found || row[k].first.state <= TIGHT || row[k].next;
        TQ_TRY(put_row(ask, &row[k], &json, err));
    }
    tq_json_end_array(&json);
    tq_json_put_i64(&json, "left_off", left_off);
    tq_json_end_object(&json);
    return TQ_OK;
}

tq_status tq_goods_uplift_json(const tq_goods *goods, const tq_snapshot *snapshot,
                               const tq_goods_uplift_query *query, tq_arena *work, tq_buf *out,
                               bool *found, tq_err *err)
{
    uplift_ask ask = {.goods = goods, .city = snapshot->city, .now_ms = query->now_ms};
    TQ_TRY(read_ask(goods, snapshot, query, &ask, err));
    hub_road_open(&ask.road, snapshot, ask.mass_g, work);
    tq_status status = answer_ask(&ask, work, out, found, err);
    hub_road_close(&ask.road);
    return status;
}
