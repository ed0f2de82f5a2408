/*
 * The railway's bill in words, and the emissions of a plan. A bill is of one stretch under
 * a tariff, or of the chains by rail of a plan.
 *
 * Loading and unloading at the ends of a chain are on a plan's own legs already, so a plan's bill
 * has carriage, fund, electrification and stamp duty only. A plan prices in 1/10,000 yuan without
 * rounding; a bill rounds each item, so the two may differ by some 0.1 yuan an item.
 */
#include "journey/freight_in.h"

#define LOCAL_S (8 * 3600)
#define DAY_S   86400

static tq_status read_metres(const char *part, const char *text, int64_t *out, tq_err *err)
{
    int64_t e6;
    if (!goods_tonnes(tq_str_of(text), &e6) || e6 > INT64_C(100000) * 1000000)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "%s: '%.40s' is not above 0 and at most 100000, with up to 6 decimals", part,
                       text);
    *out = (e6 + 500) / 1000;
    return TQ_OK;
}

/* Letters that two ids share from the left: good enough to name the likely one. */
static uint32_t shared(const char *a, const char *b)
{
    uint32_t count = 0;
    while (a[count] != '\0' && a[count] == b[count])
        count++;
    return count;
}

static tq_status find_tariff(const tq_freight *net, const char *id, int32_t day, uint32_t *out,
                             tq_err *err)
{
    const char *near = "";
    uint32_t best = 0;
    *out = tq_freight_tariff_find(net, tq_str_of(id), day);
    if (*out != TQ_NONE) return TQ_OK;
    for (uint32_t row = 0; row < tq_freight_size(net).tariffs; row++) {
        const char *other = tq_freight_tariff_name(net, row);
        if (shared(id, other) <= best) continue;
        best = shared(id, other);
        near = other;
    }
    return tq_fail(err, TQ_NOT_FOUND, 0, "tariff: '%.40s' is not in tariffs.csv on that day%s%s",
                   id, near[0] != '\0' ? "; did you mean " : "", near);
}

tq_status tq_goods_bill_json(const tq_goods *goods, const tq_goods_bill_query *query, tq_buf *out,
                             tq_err *err)
{
    const tq_freight *net = goods->net;
    tq_freight_stretch stretch = {0};
    tq_freight_bill bill;
    tq_json json;
    int64_t special_e6 = 0;
    tq_freight_bill_query asked = {
        .size = sizeof asked,
        .stretch = &stretch,
        .stretch_count = 1,
        .boxes40 = query->boxes40,
        .boxes20 = query->boxes20,
        .day = (int32_t)tq_floor_div(tq_floor_div(query->now_ms, 1000) + LOCAL_S, DAY_S),
        .load = query->load,
        .unload = query->unload,
        .box_use = query->box_use,
        .wagons = query->wagons,
    };
    if (query->tariff == NULL || query->km == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s",
                       query->tariff == NULL ? "tariff: say which, such as RAIL_4C"
                                             : "km: say how far");
    TQ_TRY(find_tariff(net, query->tariff, asked.day, &stretch.tariff, err));
    TQ_TRY(read_metres("km", query->km, &stretch.length_m, err));
    stretch.electrified_m = stretch.length_m;
    if (query->electrified_km != NULL && strcmp(query->electrified_km, "0") == 0)
        stretch.electrified_m = 0;
    else if (query->electrified_km != NULL)
        TQ_TRY(read_metres("electrified_km", query->electrified_km, &stretch.electrified_m, err));
    if (query->tonnes != NULL && !goods_tonnes(tq_str_of(query->tonnes), &asked.mass_g))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "tonnes: '%.40s' is not above 0, with up to 6 decimals", query->tonnes);
    if (query->siding_km != NULL)
        TQ_TRY(read_metres("siding_km", query->siding_km, &asked.siding_m, err));
    if ((asked.siding_m > 0) != (asked.wagons > 0))
        return tq_fail(err, TQ_BAD_INPUT, 0, "siding_km and wagons: give both or neither");
    if (query->special_cny != NULL && !goods_tonnes(tq_str_of(query->special_cny), &special_e6))
        return tq_fail(err, TQ_BAD_INPUT, 0, "special_cny: '%.40s' is not an amount above 0",
                       query->special_cny);
    asked.special_dime = (special_e6 + 50000) / 100000;
    TQ_TRY(tq_freight_bill_make(net, &asked, &bill, err));
    tq_json_begin(&json, out);
    tq_freight_bill_json(net, &bill, &json);
    return TQ_OK;
}

static tq_status find_plan(const tq_freight_answer *answer, const char *number, uint32_t *out,
                           tq_err *err)
{
    if (tq_parse_u32(tq_str_of(number), out) && *out < answer->plan_count) return TQ_OK;
    return tq_fail(err, TQ_NOT_FOUND, 0, "plan: there is no plan %.20s; the front has 0 to %u",
                   number, answer->plan_count - 1);
}

tq_status goods_plan_carbon(const tq_freight *net, const tq_freight_query *asked,
                            const char *number, const tq_freight_answer *answer, tq_arena *work,
                            tq_json *json, tq_err *err)
{
    uint32_t plan;
    TQ_TRY(find_plan(answer, number, &plan, err));
    return tq_freight_carbon_json(net, asked, answer, plan, work, json, err);
}

/* ---- of a plan ------------------------------------------------------------------------------- */

static tq_status put_chain(const tq_freight *net, const tq_freight_query *asked, int32_t day,
                           const tq_freight_stretch *stretch, uint32_t count, int64_t *total,
                           tq_json *json, tq_err *err)
{
    tq_freight_bill bill;
    tq_freight_bill_query query = {.size = sizeof query,
                                   .stretch = stretch,
                                   .stretch_count = count,
                                   .mass_g = asked->mass_g,
                                   .boxes40 = asked->boxes40,
                                   .boxes20 = asked->boxes20,
                                   .day = day};
    TQ_TRY(tq_freight_bill_make(net, &query, &bill, err));
    *total += bill.total_dime;
    tq_freight_bill_json(net, &bill, json);
    return TQ_OK;
}

tq_status goods_plan_bill(const tq_freight *net, const tq_freight_query *asked, const char *number,
                          const tq_freight_answer *answer, tq_json *json, tq_err *err)
{
    tq_freight_stretch stretch[TQ_FREIGHT_STRETCHES_MAX];
    uint32_t plan, first = 0, count = 0;
    int64_t total = 0;
    tq_err none;
    TQ_TRY(find_plan(answer, number, &plan, err));
    int32_t day = (int32_t)tq_floor_div(answer->plan[plan].depart_s, DAY_S);
    tq_json_object(json);
    tq_json_put_i64(json, "plan", plan);
    tq_json_key(json, "chains");
    tq_json_array(json);
    for (;;) {
        tq_status status =
            tq_freight_bill_chain(net, answer, &answer->plan[plan], &first, stretch, &count, &none);
        if (status == TQ_NOT_FOUND) break;
        if (status != TQ_OK) {
            *err = none;
            return status;
        }
        TQ_TRY(put_chain(net, asked, day, stretch, count, &total, json, err));
    }
    tq_json_end_array(json);
    tq_json_put_fixed(json, "total_cny", total, 1);
    tq_json_end_object(json);
    return TQ_OK;
}
