/*
 * A question about freight in words, and its answer as JSON: what the command and the server share.
 *
 * Places are found by id, else by their whole name in either language. All times of freight are
 * local times of UTC+8 (format v1). The search keeps no bounds between questions, so that the same
 * question on the same network and live state has the same bytes, whatever was asked before.
 */
#include <stdio.h>

#include "journey/freight_in.h"

#define LOCAL_S     (8 * 3600)
#define DAY_S       86400
#define MONDAY_DAY  4 /* 1970-01-05 */
#define ODDS_SEED   20260101u
#define MASS_DIGITS 6u
#define TONNES_MAX  INT64_C(100000000)
#define LOAD_MAX_G  INT64_C(1000000000000) /* what the search takes */
#define DAYS_AHEAD  29u /* four weeks of departures of a service, and the rest of today */

void tq_goods_query_default(tq_goods_query *query)
{
    *query = (tq_goods_query){.size = sizeof *query, .show = TQ_FREIGHT_SHOWN};
}

/* ---- places ---------------------------------------------------------------------------------- */

static tq_status find_place(const tq_freight *net, const char *part, tq_str text, uint32_t *out,
                            tq_err *err)
{
    uint32_t found = tq_freight_node_find(net, text), nodes = tq_freight_size(net).nodes;
    for (uint32_t node = 0; found == TQ_NONE && node < nodes; node++) {
        tq_freight_node row = tq_freight_node_at(net, node);
        if (!tq_str_is(text, row.name_zh) && !tq_str_is(text, row.name_en)) continue;
        for (uint32_t other = node + 1; other < nodes; other++) {
            tq_freight_node twin = tq_freight_node_at(net, other);
            if (tq_str_is(text, twin.name_zh) || tq_str_is(text, twin.name_en))
                return tq_fail(err, TQ_AMBIGUOUS, 0, "%s: %s and %s are both called %.*s", part,
                               row.id, twin.id, (int)TQ_MIN(text.len, 40u), text.at);
        }
        found = node;
    }
    if (found == TQ_NONE || text.len == 0)
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "%s: '%.*s' is no freight place; use an id or a whole name of nodes.csv",
                       part, (int)TQ_MIN(text.len, 40u), text.at);
    *out = found;
    return TQ_OK;
}

static tq_str cut(tq_str *rest)
{
    const char *comma = memchr(rest->at, ',', rest->len);
    tq_str piece = {rest->at, comma == NULL ? rest->len : (size_t)(comma - rest->at)};
    size_t used = piece.len + (comma != NULL);
    rest->at += used;
    rest->len -= used;
    return tq_str_trim(piece);
}

static tq_status find_places(const tq_freight *net, const char *part, const char *list,
                             uint32_t most, uint32_t *out, uint32_t *count, tq_err *err)
{
    tq_str rest = tq_str_of(list);
    while (rest.len > 0) {
        if (*count == most) return tq_fail(err, TQ_LIMIT, 0, "%s: at most %u places", part, most);
        TQ_TRY(find_place(net, part, cut(&rest), &out[*count], err));
        (*count)++;
    }
    return TQ_OK;
}

static tq_status find_modes(const char *list, uint32_t *out, tq_err *err)
{
    tq_str rest = tq_str_of(list);
    if (rest.len == 0) return TQ_OK;
    *out = 0;
    while (rest.len > 0) {
        tq_str word = cut(&rest);
        uint32_t mode = 0;
        while (mode < TQ_FREIGHT_MODES && !tq_str_is(word, tq_freight_mode_name(mode)))
            mode++;
        if (mode == TQ_FREIGHT_MODES)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "modes: '%.*s' is none of road, rail, sea, river, air",
                           (int)TQ_MIN(word.len, 40u), word.at);
        *out |= 1u << mode;
    }
    return TQ_OK;
}

/* ---- load and time --------------------------------------------------------------------------- */

bool goods_tonnes(tq_str text, int64_t *mass_g)
{
    const char *dot = memchr(text.at, '.', text.len);
    tq_str whole = {text.at, dot == NULL ? text.len : (size_t)(dot - text.at)};
    tq_str part = {NULL, 0};
    if (dot != NULL) part = (tq_str){dot + 1, text.len - whole.len - 1};
    uint32_t tonnes = 0;
    int64_t grams = 0;
    if (!tq_parse_u32(whole, &tonnes) || (dot != NULL && part.len == 0) || part.len > MASS_DIGITS)
        return false;
    for (size_t digit = 0; digit < MASS_DIGITS; digit++) {
        char c = digit < part.len ? part.at[digit] : '0';
        if (c < '0' || c > '9') return false;
        grams = grams * 10 + (c - '0');
    }
    *mass_g = (int64_t)tonnes * 1000000 + grams;
    return *mass_g > 0 && tonnes <= TONNES_MAX;
}

static tq_status read_load(const tq_freight *net, const tq_goods_query *query,
                           tq_freight_query *out, tq_err *err)
{
    if (query->commodity == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "commodity: say what is sent, such as coal_thermal");
    out->commodity = tq_freight_commodity_find(net, tq_str_of(query->commodity));
    if (out->commodity == TQ_NONE)
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "commodity: '%.40s' is no code of commodities.csv, such as coal_thermal",
                       query->commodity);
    out->boxes40 = query->boxes40;
    if (query->tonnes == NULL) {
        if (query->boxes40 == 0)
            return tq_fail(err, TQ_BAD_INPUT, 0, "tonnes: say how much, or how many boxes40");
        out->mass_g = (int64_t)query->boxes40 * TQ_GOODS_BOX40_T * 1000000;
    } else if (!goods_tonnes(tq_str_of(query->tonnes), &out->mass_g) || out->mass_g > LOAD_MAX_G) {
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "tonnes: '%.40s' is not above 0 and at most 1000000, with up to 6 decimals",
                       query->tonnes);
    }
    return TQ_OK;
}

/* mon@08:00 or 1@08:00, the next after now. */
static tq_status read_weekday(const char *text, int64_t now_s, int64_t *out, tq_err *err)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    tq_str all = tq_str_of(text);
    const char *mark = memchr(all.at, '@', all.len);
    uint32_t day = 7, hour = 0, minute = 0;
    for (uint32_t k = 0; mark != NULL && k < TQ_COUNT(days); k++) {
        tq_str word = {all.at, (size_t)(mark - all.at)};
        if (tq_str_is(word, days[k]) || (word.len == 1 && word.at[0] == (char)('1' + k))) day = k;
    }
    if (day == 7 || strlen(mark) != 6 || mark[3] != ':' ||
        !tq_parse_u32((tq_str){mark + 1, 2}, &hour) ||
        !tq_parse_u32((tq_str){mark + 4, 2}, &minute) || hour > 23 || minute > 59)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "at: '%.40s' is not a day of the week and a time, such as mon@08:00", text);
    int64_t week_s = INT64_C(7) * DAY_S;
    int64_t phase_s = ((int64_t)MONDAY_DAY + day) * DAY_S + hour * 3600 + minute * 60;
    int64_t week = tq_floor_div(now_s - phase_s + week_s - 1, week_s);
    *out = week * week_s + phase_s;
    return TQ_OK;
}

static tq_status read_local(const tq_city *city, const char *text, int64_t *out, tq_err *err)
{
    int64_t at_ms;
    TQ_TRY(tq_time_parse(&city->zone, tq_str_of(text), &at_ms, err));
    *out = tq_floor_div(at_ms, 1000) + LOCAL_S;
    return TQ_OK;
}

static tq_status read_times(const tq_city *city, const tq_goods_query *query, tq_freight_query *out,
                            tq_err *err)
{
    int64_t now_s = tq_floor_div(query->now_ms, 1000) + LOCAL_S;
    if (query->at != NULL && query->depart != NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "at: give it or depart, not both");
    out->depart_s = INT64_MIN;
    if (query->at != NULL) TQ_TRY(read_weekday(query->at, now_s, &out->depart_s, err));
    if (query->depart != NULL) TQ_TRY(read_local(city, query->depart, &out->depart_s, err));
    if (query->arrive != NULL) TQ_TRY(read_local(city, query->arrive, &out->arrive_s, err));
    if (out->depart_s == INT64_MIN && query->arrive == NULL) out->depart_s = now_s;
    out->aim = query->service != NULL       ? TQ_FREIGHT_PICKUP
               : out->depart_s == INT64_MIN ? TQ_FREIGHT_ARRIVE
                                            : TQ_FREIGHT_DEPART;
    return TQ_OK;
}

static tq_status read_service(const tq_freight *net, const tq_goods_query *query,
                              tq_freight_query *out, tq_err *err)
{
    if (query->to != NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "to: the service says where; leave it out");
    if (query->why_not != NULL || query->bill != NULL || query->carbon != NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "service: only plans are made for it");
    out->service = tq_freight_service_find(net, tq_str_of(query->service));
    if (out->service == TQ_NONE)
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "service: '%.40s' is no id of services.csv, such as CE05", query->service);
    return TQ_OK;
}

static tq_status read_query(const tq_freight *net, const tq_city *city, const tq_goods_query *query,
                            tq_freight_query *out, tq_err *err)
{
    if (query->size != sizeof *query)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the question is of another version of the library");
    tq_freight_query_default(out);
    TQ_TRY(find_place(net, "from", tq_str_of(query->from), &out->origin, err));
    if (query->service != NULL)
        TQ_TRY(read_service(net, query, out, err));
    else if (query->to == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "to: say where, or a service");
    else
        TQ_TRY(find_place(net, "to", tq_str_of(query->to), &out->destination, err));
    TQ_TRY(read_load(net, query, out, err));
    TQ_TRY(read_times(city, query, out, err));
    TQ_TRY(find_places(net, "avoid", query->avoid, TQ_FREIGHT_AVOID_MAX, out->avoid,
                       &out->avoid_count, err));
    TQ_TRY(find_places(net, "via", query->via, TQ_FREIGHT_VIA_MAX, out->via, &out->via_count, err));
    return find_modes(query->modes, &out->modes, err);
}

/* ---- answers --------------------------------------------------------------------------------- */

static tq_status say_no(const tq_freight *net, const tq_freight_live *live,
                        const tq_freight_query *query, tq_arena *work, tq_json *json, tq_err *err)
{
    tq_freight_no no;
    tq_arena_reset(work, 0);
    TQ_TRY(tq_freight_no_plan(net, live, query, work, &no, err));
    tq_freight_no_json(net, query, &no, json);
    return TQ_OK;
}

/* The front. Of a service without a latest departure: day by day until one can be reached. */
static tq_status find_plans(const tq_freight *net, const tq_freight_live *live,
                            tq_freight_query *query, tq_arena *work, tq_freight_answer *answer,
                            tq_err *err)
{
    bool first = query->aim == TQ_FREIGHT_PICKUP && query->arrive_s == INT64_MAX;
    int64_t day = tq_floor_div(query->depart_s, DAY_S);
    tq_status status = TQ_NO_ROUTE;
    for (uint32_t k = 0; status == TQ_NO_ROUTE && k < (first ? DAYS_AHEAD : 1); k++) {
        tq_arena_reset(work, 0);
        if (first) query->arrive_s = (day + k + 1) * DAY_S - 1;
        status = tq_freight_search(net, live, query, NULL, work, answer, err);
    }
    return status;
}

tq_status tq_goods_plan_json(tq_goods_bench *bench, const tq_snapshot *snapshot,
                             const tq_goods_query *query, tq_arena *work, tq_buf *out, bool *found,
                             tq_err *err)
{
    const tq_freight *net = bench->goods->net;
    const tq_freight_live *live = NULL;
    tq_freight_query asked;
    tq_freight_answer answer = {0};
    uint32_t node = TQ_NONE;
    tq_json json;
    TQ_TRY(read_query(net, snapshot->city, query, &asked, err));
    if (query->why_not != NULL)
        TQ_TRY(find_place(net, "why_not", tq_str_of(query->why_not), &node, err));
    int64_t at_ms = asked.depart_s != INT64_MIN ? (asked.depart_s - LOCAL_S) * 1000 : query->now_ms;
    TQ_TRY(tq_goods_live(bench, snapshot, at_ms, work, &live, err));
    tq_json_begin(&json, out);
    tq_status status = find_plans(net, live, &asked, &bench->work, &answer, err);
    if (status == TQ_NO_ROUTE) {
        *found = false;
        return say_no(net, live, &asked, &bench->work, &json, err);
    }
    TQ_TRY(status);
    *found = true;
    if (node != TQ_NONE) {
        tq_freight_why why;
        TQ_TRY(tq_freight_why_not(net, live, &asked, node, NULL, &bench->work, &answer, &why, err));
        tq_freight_why_json(net, node, &why, &json);
        *found = why.possible;
        return TQ_OK;
    }
    if (query->carbon != NULL)
        return goods_plan_carbon(net, &asked, query->carbon, &answer, &bench->work, &json, err);
    if (query->bill != NULL) return goods_plan_bill(net, &asked, query->bill, &answer, &json, err);
    /* A latest start has no slack to weigh. */
    if (asked.aim != TQ_FREIGHT_PICKUP)
        tq_freight_odds(net, &asked, asked.arrive_s, ODDS_SEED, &answer);
    tq_freight_plan_json(net, &asked, &answer, query->show, &json);
    return TQ_OK;
}

void tq_goods_nodes_json(const tq_goods *goods, const char *kind, tq_buf *out)
{
    const tq_freight *net = goods->net;
    tq_freight_sizes size = tq_freight_size(net);
    char version[20];
    tq_json json;
    (void)snprintf(version, sizeof version, "%016llx", (unsigned long long)tq_freight_version(net));
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", version);
    tq_json_key(&json, "nodes");
    tq_json_array(&json);
    for (uint32_t node = 0; node < size.nodes; node++) {
        tq_freight_node row = tq_freight_node_at(net, node);
        if (kind != NULL && strcmp(row.kind, kind) != 0) continue;
        tq_json_object(&json);
        tq_json_put_text(&json, "id", row.id);
        tq_json_put_text_or_null(&json, "name_zh", row.name_zh);
        tq_json_put_text_or_null(&json, "name_en", row.name_en);
        tq_json_put_text(&json, "kind", row.kind);
        tq_json_put_text_or_null(&json, "region", row.region);
        tq_json_put_fixed(&json, "lat", row.at.lat_e7, 7);
        tq_json_put_fixed(&json, "lon", row.at.lon_e7, 7);
        tq_json_put_text_or_null(&json, "confidence", row.confidence);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_key(&json, "commodities");
    tq_json_array(&json);
    for (uint32_t commodity = 0; commodity < size.commodities; commodity++) {
        tq_freight_commodity row = tq_freight_commodity_at(net, commodity);
        tq_json_object(&json);
        tq_json_put_text(&json, "code", row.code);
        tq_json_put_text_or_null(&json, "name_zh", row.name_zh);
        tq_json_put_text_or_null(&json, "name_en", row.name_en);
        tq_json_put_text(&json, "cargo", tq_freight_cargo_name(row.cargo));
        tq_json_put_text_or_null(&json, "dg_class", row.dg_class);
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}
