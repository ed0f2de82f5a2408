/*
 * The railway's bill of one chain.
 *
 * Method: for each tariff row met, in order: carriage = multiplier x (base price 1 + price 2 x km)
 * x quantity, the construction fund = multiplier x rate x km x quantity, electrification = rate x
 * electrified km x quantity. Base price 1 is paid once on the chain; a row with a larger one pays
 * the rest. The multiplier holds the change of value-added tax and, for coal, the float. Then what
 * the carrier states for special lines, the stamp duty on carriage, special lines and
 * electrification as billed, and the fees asked for. Each item is rounded half up to 0.1 yuan for
 * itself; the total is their sum.
 *
 * Exact in integers: rates have six places, ways are metres, masses grams. The limit of days is one
 * for sending and one for each begun 250 km.
 */
#include "freight/freight_in.h"

#define DAY_M      250000
#define LENGTH_MAX INT64_C(40000000) /* once round the earth */
#define MASS_MAX   INT64_C(1000000000000)

/* millionths x millionths x metres x millionths of units, in tenths of a yuan */
static int64_t dimes_of(freight_wide value)
{
    freight_wide unit = (freight_wide)E6 * E6 * E6 * 100; /* x 1000 for km, / 10 for dimes */
    return (int64_t)((value + unit / 2) / unit);
}

const char *tq_freight_tariff_name(const tq_freight *net, uint32_t tariff)
{
    return text_at(net, net->tariff[tariff].id);
}

uint32_t tq_freight_tariff_find(const tq_freight *net, tq_str id, int32_t day)
{
    for (uint32_t row = 0; row < net->tariff_count; row++)
        if (tq_str_is(id, text_at(net, net->tariff[row].id)) && net->tariff[row].from_day <= day &&
            day <= net->tariff[row].to_day)
            return row;
    return TQ_NONE;
}

/* ---- the question ---------------------------------------------------------------------------- */

static int64_t quantity_e6(const tq_freight_bill_query *query, uint8_t unit)
{
    return unit == UNIT_BOX40   ? query->boxes40 * E6
           : unit == UNIT_BOX20 ? query->boxes20 * E6
           : unit == UNIT_KG    ? query->mass_g * 1000
           : unit == UNIT_T     ? query->mass_g
                                : 0;
}

static tq_status check_stretch(const tq_freight *net, const tq_freight_bill_query *query,
                               const tq_freight_stretch *one, tq_err *err)
{
    if (one->tariff >= net->tariff_count || net->tariff[one->tariff].mode != TQ_FREIGHT_RAIL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "tariff: no tariff of a railway; see tariffs.csv");
    const char *id = text_at(net, net->tariff[one->tariff].id);
    if (one->length_m <= 0 || one->length_m > LENGTH_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "km: %.3f under %s; above 0 and at most %.0f",
                       (double)one->length_m / 1000, id, (double)LENGTH_MAX / 1000);
    if (one->electrified_m < 0 || one->electrified_m > one->length_m)
        return tq_fail(err, TQ_BAD_INPUT, 0, "electrified_km: %.3f of %.3f km under %s",
                       (double)one->electrified_m / 1000, (double)one->length_m / 1000, id);
    if (quantity_e6(query, net->tariff[one->tariff].unit) == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s is charged by %s; give that quantity", id,
                       net->tariff[one->tariff].unit == UNIT_BOX40   ? "40-foot boxes"
                       : net->tariff[one->tariff].unit == UNIT_BOX20 ? "20-foot boxes"
                                                                     : "tonnes");
    return TQ_OK;
}

static tq_status check_query(const tq_freight *net, const tq_freight_bill_query *query, tq_err *err)
{
    if (query->size != sizeof *query)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the question has another size than this library's");
    if (query->stretch_count == 0 || query->stretch_count > TQ_FREIGHT_STRETCHES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "stretches: %u; give 1 to %u", query->stretch_count,
                       TQ_FREIGHT_STRETCHES_MAX);
    if (query->mass_g < 0 || query->mass_g > MASS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "tonnes: not between 0 and 1,000,000");
    if (query->boxes40 > 0 && query->boxes20 > 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "boxes: both sizes; make one bill for each");
    if (query->boxes40 > 100000 || query->boxes20 > 100000 || query->wagons > 100000)
        return tq_fail(err, TQ_BAD_INPUT, 0, "boxes and wagons: at most 100,000");
    if (query->special_dime < 0 || query->siding_m < 0 || query->siding_m > LENGTH_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "special lines and sidings may not be negative");
    for (uint32_t k = 0; k < query->stretch_count; k++)
        TQ_TRY(check_stretch(net, query, &query->stretch[k], err));
    return TQ_OK;
}

/* ---- items ----------------------------------------------------------------------------------- */

static void put_item(tq_freight_bill *bill, uint8_t kind, uint32_t row, int64_t dime)
{
    if (dime == 0) return;
    bill->item[bill->item_count++] = (tq_freight_item){.kind = kind, .row = row, .dime = dime};
    bill->total_dime += dime;
}

/* What one tariff row collects over its stretches, wherever they lie on the chain. */
static void put_tariff(const tq_freight *net, const tq_freight_bill_query *query, uint32_t row,
                       freight_wide base_e12, freight_wide *stamp, tq_freight_bill *bill)
{
    const tariff_row *tariff = &net->tariff[row];
    int64_t quantity = quantity_e6(query, tariff->unit), length_m = 0, electrified_m = 0;
    for (uint32_t k = 0; k < query->stretch_count; k++) {
        if (query->stretch[k].tariff != row) continue;
        length_m += query->stretch[k].length_m;
        electrified_m += query->stretch[k].electrified_m;
    }
    freight_wide times = (freight_wide)tariff->multiplier_e6 * length_m * quantity;
    int64_t carriage = dimes_of(base_e12 * 1000 * quantity + times * tariff->per_km_e6),
            least = (tariff->min_e6 * 10 + E6 / 2) / E6,
            electrification =
                dimes_of((freight_wide)E6 * tariff->elec_e6 * electrified_m * quantity);
    put_item(bill, TQ_FREIGHT_ITEM_CARRIAGE, row, TQ_MAX(carriage, least));
    if (carriage < least) bill->item[bill->item_count - 1].least = true;
    put_item(bill, TQ_FREIGHT_ITEM_FUND, row, dimes_of(times * tariff->fund_e6));
    put_item(bill, TQ_FREIGHT_ITEM_ELECTRIFICATION, row, electrification);
    *stamp += (freight_wide)(TQ_MAX(carriage, least) + electrification) * tariff->stamp_pct_e6;
    bill->length_m += length_m;
    bill->electrified_m += electrified_m;
}

static void put_tariffs(const tq_freight *net, const tq_freight_bill_query *query,
                        tq_freight_bill *bill)
{
    freight_wide base_e12[TQ_FREIGHT_STRETCHES_MAX] = {0}, paid = 0, stamp = 0;
    uint32_t row[TQ_FREIGHT_STRETCHES_MAX], rows = 0;
    for (uint32_t k = 0; k < query->stretch_count; k++) {
        const tariff_row *tariff = &net->tariff[query->stretch[k].tariff];
        freight_wide base = (freight_wide)tariff->base1_e6 * tariff->multiplier_e6;
        uint32_t at = 0;
        while (at < rows && row[at] != query->stretch[k].tariff)
            at++;
        if (at == rows) row[rows++] = query->stretch[k].tariff;
        if (base <= paid) continue;
        base_e12[at] += base - paid;
        paid = base;
    }
    for (uint32_t at = 0; at < rows; at++)
        put_tariff(net, query, row[at], base_e12[at], &stamp, bill);
    put_item(bill, TQ_FREIGHT_ITEM_SPECIAL, TQ_NONE, query->special_dime);
    /* Special lines are taxed as the first stretch is. */
    stamp += (freight_wide)query->special_dime * net->tariff[row[0]].stamp_pct_e6;
    put_item(bill, TQ_FREIGHT_ITEM_STAMP, row[0], (int64_t)((stamp + 50 * E6) / (100 * E6)));
}

/* ---- fees ------------------------------------------------------------------------------------ */

static int64_t fee_dimes(const fee_row *fee, int64_t length_m, int64_t quantity)
{
    int64_t amount = fee->amount_e6;
    if (fee->step_m > 0 && length_m > fee->up_to_m)
        amount += (length_m - fee->up_to_m + fee->step_m - 1) / fee->step_m * fee->step_e6;
    return (int64_t)(((freight_wide)amount * quantity * 10 + (freight_wide)E6 * E6 / 2) /
                     ((freight_wide)E6 * E6));
}

static tq_status put_fee(const tq_freight *net, const tq_freight_bill_query *query, uint8_t what,
                         tq_freight_bill *bill, tq_err *err)
{
    static const char *const names[TQ_FREIGHT_FEES] = {"load", "unload", "box_use", "siding"};
    const tariff_row *first = &net->tariff[query->stretch[0].tariff];
    for (uint32_t row = 0; row < net->fee_count; row++) {
        const fee_row *fee = &net->fee[row];
        bool fits = fee->what == what && (fee->cargo_mask & first->cargo_mask) != 0 &&
                    fee->from_day <= query->day && query->day <= fee->to_day;
        int64_t quantity = what == TQ_FREIGHT_FEE_SIDING ? query->siding_m * query->wagons * 1000
                                                         : quantity_e6(query, fee->unit);
        if (!fits || quantity == 0) continue;
        int64_t dime = fee_dimes(fee, bill->length_m, quantity);
        put_item(bill, TQ_FREIGHT_ITEM_FEE, row, dime);
        if (dime > 0) bill->item[bill->item_count - 1].fee = what;
        return TQ_OK;
    }
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "%s: rail_fees.csv has no row for this load on that day; add it or leave the "
                   "fee out",
                   names[what]);
}

tq_status tq_freight_bill_make(const tq_freight *net, const tq_freight_bill_query *query,
                               tq_freight_bill *out, tq_err *err)
{
    TQ_TRY(check_query(net, query, err));
    const bool wanted[TQ_FREIGHT_FEES] = {query->load, query->unload, query->box_use,
                                          query->siding_m > 0 && query->wagons > 0};
    *out = (tq_freight_bill){0};
    put_tariffs(net, query, out);
    for (uint8_t what = 0; what < TQ_FREIGHT_FEES; what++)
        if (wanted[what]) TQ_TRY(put_fee(net, query, what, out, err));
    out->days = 1 + (uint32_t)((out->length_m + DAY_M - 1) / DAY_M);
    return TQ_OK;
}

/* ---- of a plan ------------------------------------------------------------------------------- */

tq_status tq_freight_bill_chain(const tq_freight *net, const tq_freight_answer *answer,
                                const tq_freight_plan *plan, uint32_t *first,
                                tq_freight_stretch out[TQ_FREIGHT_STRETCHES_MAX], uint32_t *count,
                                tq_err *err)
{
    const tq_freight_step *step = answer->step + plan->first_step;
    *count = 0;
    for (; *first < plan->step_count; ++*first) {
        const tq_freight_step *one = &step[*first];
        bool rail =
            one->kind == TQ_FREIGHT_LINK && one->mode == TQ_FREIGHT_RAIL && one->price != TQ_NONE;
        /* A change of gauge between two links is handled on the chain and does not end it. */
        bool gauge = one->kind == TQ_FREIGHT_TRANSHIP && one->mode == TQ_FREIGHT_RAIL &&
                     one->from_mode == TQ_FREIGHT_RAIL;
        if (!rail && !gauge && *count > 0) break;
        if (!rail) continue;
        const link_row *link = &net->link[one->row];
        int64_t electrified_m = link->electrified ? link->length_m : 0;
        if (*count > 0 && out[*count - 1].tariff == one->price) {
            out[*count - 1].length_m += link->length_m;
            out[*count - 1].electrified_m += electrified_m;
            continue;
        }
        if (*count == TQ_FREIGHT_STRETCHES_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "the chain has more than %u stretches",
                           TQ_FREIGHT_STRETCHES_MAX);
        out[(*count)++] = (tq_freight_stretch){one->price, link->length_m, electrified_m};
    }
    return *count > 0 ? TQ_OK : tq_fail(err, TQ_NOT_FOUND, 0, "no more chain by rail");
}

/* ---- json ------------------------------------------------------------------------------------ */

static void put_json_item(const tq_freight *net, const tq_freight_item *item, tq_json *json)
{
    static const char *const names[][3] = {
        {"carriage", "运费", "carriage"},
        {"fund", "铁路建设基金", "construction fund"},
        {"electrification", "电气化附加费", "electrification"},
        {"special", "特殊线路及分流", "special lines, diversion"},
        {"stamp", "印花税", "stamp duty"}};
    static const char *const fees[TQ_FREIGHT_FEES] = {"load", "unload", "box_use", "siding"};
    bool fee = item->kind == TQ_FREIGHT_ITEM_FEE;
    const fee_row *row = fee ? &net->fee[item->row] : NULL;
    const tariff_row *tariff = !fee && item->row != TQ_NONE ? &net->tariff[item->row] : NULL;
    uint32_t confidence = fee ? row->confidence : tariff != NULL ? tariff->confidence : 0;
    bool given = item->row == TQ_NONE || strcmp(text_at(net, confidence), "fact") == 0;
    tq_json_object(json);
    tq_json_put_text(json, "item", fee ? fees[item->fee] : names[item->kind][0]);
    tq_json_put_text(json, "name_zh", fee ? text_at(net, row->name_zh) : names[item->kind][1]);
    tq_json_put_text(json, "name_en", fee ? text_at(net, row->name_en) : names[item->kind][2]);
    tq_json_put_text(json, "row",
                     fee              ? text_at(net, row->id)
                     : tariff != NULL ? text_at(net, tariff->id)
                                      : NULL);
    tq_json_put_fixed(json, "cny", item->dime, 1);
    if (item->kind == TQ_FREIGHT_ITEM_CARRIAGE && tariff != NULL) {
        tq_json_put_fixed(json, "base1_cny", tariff->base1_e6, 6);
        tq_json_put_fixed(json, "per_km_cny", tariff->per_km_e6, 6);
        tq_json_put_fixed(json, "multiplier", tariff->multiplier_e6, 6);
        tq_json_put_bool(json, "least_charge", item->least);
    }
    tq_json_put_text(json, "kind", given ? "given" : "assumed");
    tq_json_put_text(json, "source",
                     fee              ? text_at(net, row->source)
                     : tariff != NULL ? text_at(net, tariff->source)
                                      : NULL);
    tq_json_end_object(json);
}

void tq_freight_bill_json(const tq_freight *net, const tq_freight_bill *bill, tq_json *json)
{
    tq_json_object(json);
    tq_json_key(json, "items");
    tq_json_array(json);
    for (uint32_t k = 0; k < bill->item_count; k++)
        put_json_item(net, &bill->item[k], json);
    tq_json_end_array(json);
    tq_json_put_fixed(json, "total_cny", bill->total_dime, 1);
    tq_json_put_fixed(json, "km", bill->length_m, 3);
    tq_json_put_fixed(json, "electrified_km", bill->electrified_m, 3);
    tq_json_put_i64(json, "limit_days", bill->days);
    tq_json_end_object(json);
}
