/*
 * The answer as JSON: one shape for command, server and console.
 *
 * plan: {"version":"16 hex","live_version":N,"aim":"depart|arrive|pickup",
 *   "from":PLACE,"to":PLACE (of a pickup where the service begins, then "service":ID),
 *   "commodity":{"code","name_zh","name_en","cargo","dg_class"|null},
 *   "tonnes":N.NNNNNN,"boxes40":N,"boxes20":N,
 *   "plans_on_front":N,"plans_shown":N,"search":{"labels":N,"bounds_cached":bool},
 *   "plans":[{"number":N (place on the front, from 0: by arrival, or the latest start first),
 *     "marks":["soonest" (of latest starts the latest),"cheapest","cleanest",
 *     "knee","chain","spread"],"modes":["road","rail"...],"depart":TIME,"arrive":TIME,
 *     "hours":N.NN,"cny":N.NN,"co2e_kg":N.NNN,
 *     "odds":{"on_time_pct":N.N,"p50_hours":N.NN,"p90_hours":N.NN,"weakest_leg":N|null,
 *       "weakest_share_pct":N.N}|null,
 *     "legs":[{"kind":"load|tranship|unload|link|service","mode":S,"from_mode":S (tranship only),
 *       "id":S (link, service) ,"name_zh":S|null,"from":PLACE,"to":PLACE,"begin":TIME,
 *       "wait_hours":N.NN,"end":TIME,"hours":N.NN,"cny":N.NN,"base_cny":N.NN,"co2e_kg":N.NNN,
 *       "km":N.NNN|null,"price":{"id":S,"kind":"given|assumed","from":DATE|null,"to":DATE|null,
 *       "source":S|null}}]}]}
 * PLACE {"id","name_zh","name_en","kind","lat","lon"}; TIME "YYYY-MM-DDTHH:MM:SS+08:00".
 * why: {"place":PLACE,"possible":bool,"on_front":bool,"later_hours","dearer_cny","dirtier_kg",
 *   "beaten_by":N|null,"through":{"hours","cny","co2e_kg","modes":[..]},
 *   "flip":{"cny":N|null,"hours":N|null,"co2e_kg":N|null}}; absent parts are null.
 * no: {"plans":[],"forbidden_by":["border",...],"other_sets":N,"rows":[{"id","class","name_zh",
 *   "name_en","source"}],"no_handling":bool,"opens_hours":N|null}
 *
 * A price is «given» if its row has confidence `fact`, else «assumed». Numbers are decimal text of
 * integers (rounded half up to the places shown); keys come in the order above.
 */
#include <stdio.h>

#include "freight/search_in.h"

static void put_day_text(char *out, size_t size, int64_t day)
{
    /* Civil date from days since 1970-01-01, counting years from March. */
    int64_t shifted = day + 719468, era = tq_floor_div(shifted, 146097),
            of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;
    (void)snprintf(out, size, "%04lld-%02lld-%02lld", (long long)(year + era * 400 + (month <= 2)),
                   (long long)month, (long long)(of_year - (153 * m + 2) / 5 + 1));
}

static void put_instant(tq_json *json, const char *key, int64_t ds)
{
    char day[64], text[128];
    int64_t s = tq_floor_div(ds + 5, 10), of_day = s - tq_floor_div(s, 86400) * 86400;
    put_day_text(day, sizeof day, tq_floor_div(s, 86400));
    (void)snprintf(text, sizeof text, "%sT%02d:%02d:%02d+08:00", day, (int)(of_day / 3600),
                   (int)(of_day / 60 % 60), (int)(of_day % 60));
    tq_json_put_text(json, key, text);
}

static void put_day(tq_json *json, const char *key, int32_t day)
{
    char text[64];
    if (day == DAY_MIN || day == DAY_MAX) {
        tq_json_put_text(json, key, NULL);
        return;
    }
    put_day_text(text, sizeof text, day);
    tq_json_put_text(json, key, text);
}

static int64_t rounded(int64_t value, int64_t by)
{
    return tq_floor_div(value + by / 2, by);
}

static void put_hours(tq_json *json, const char *key, int64_t ds)
{
    tq_json_put_fixed(json, key, rounded(ds, DS_HOUR / 100), 2);
}

static void put_cny(tq_json *json, const char *key, int64_t e4)
{
    tq_json_put_fixed(json, key, rounded(e4, 100), 2);
}

static void put_kg(tq_json *json, const char *key, int64_t mg)
{
    tq_json_put_fixed(json, key, rounded(mg, 1000), 3);
}

static void put_place(tq_json *json, const char *key, const tq_freight *net, uint32_t node)
{
    tq_freight_node row = tq_freight_node_at(net, node);
    tq_json_key(json, key);
    tq_json_object(json);
    tq_json_put_text(json, "id", row.id);
    tq_json_put_text_or_null(json, "name_zh", row.name_zh);
    tq_json_put_text_or_null(json, "name_en", row.name_en);
    tq_json_put_text(json, "kind", row.kind);
    tq_json_put_fixed(json, "lat", row.at.lat_e7, 7);
    tq_json_put_fixed(json, "lon", row.at.lon_e7, 7);
    tq_json_end_object(json);
}

static void put_modes(tq_json *json, const tq_freight_plan *plan, const tq_freight_step *step)
{
    uint32_t last = TQ_NONE;
    tq_json_key(json, "modes");
    tq_json_array(json);
    for (uint32_t k = 0; k < plan->step_count; k++) {
        if (step[k].kind != TQ_FREIGHT_LINK && step[k].kind != TQ_FREIGHT_SERVICE) continue;
        if (step[k].mode != last) tq_json_text(json, tq_freight_mode_name(step[k].mode));
        last = step[k].mode;
    }
    tq_json_end_array(json);
}

static void put_price(tq_json *json, const tq_freight *net, const tq_freight_step *step)
{
    const char *id, *confidence, *source;
    int32_t from = DAY_MIN, to = DAY_MAX;
    if (step->kind == TQ_FREIGHT_LINK) {
        const tariff_row *row = &net->tariff[step->price];
        id = text_at(net, row->id), confidence = text_at(net, row->confidence);
        source = text_at(net, row->source), from = row->from_day, to = row->to_day;
    } else if (step->kind == TQ_FREIGHT_SERVICE) {
        const service_row *row = &net->service[step->row];
        id = text_at(net, row->id), confidence = text_at(net, row->confidence);
        source = text_at(net, row->source), from = row->from_day, to = row->to_day;
    } else {
        const op_row *row = &net->op[step->row];
        id = text_at(net, row->place), confidence = text_at(net, row->confidence);
        source = text_at(net, row->source);
    }
    tq_json_key(json, "price");
    tq_json_object(json);
    tq_json_put_text(json, "id", id);
    tq_json_put_text(json, "kind", strcmp(confidence, "fact") == 0 ? "given" : "assumed");
    put_day(json, "from", from);
    put_day(json, "to", to);
    tq_json_put_text_or_null(json, "source", source);
    tq_json_end_object(json);
}

static void put_leg(tq_json *json, const tq_freight *net, const tq_freight_step *step,
                    int64_t start_ds)
{
    static const char *const kinds[] = {"load", "tranship", "unload", "link", "service"};
    bool link = step->kind == TQ_FREIGHT_LINK, service = step->kind == TQ_FREIGHT_SERVICE;
    tq_json_object(json);
    tq_json_put_text(json, "kind", kinds[step->kind]);
    tq_json_put_text(json, "mode", tq_freight_mode_name(step->mode));
    if (step->kind == TQ_FREIGHT_TRANSHIP)
        tq_json_put_text(json, "from_mode", tq_freight_mode_name(step->from_mode));
    if (link) {
        tq_json_put_text(json, "id", text_at(net, net->link[step->row].id));
        tq_json_put_text_or_null(json, "name_zh", text_at(net, net->link[step->row].line_zh));
    }
    if (service) {
        tq_json_put_text(json, "id", text_at(net, net->service[step->row].id));
        tq_json_put_text_or_null(json, "name_zh", text_at(net, net->service[step->row].name_zh));
    }
    put_place(json, "from", net, step->from);
    put_place(json, "to", net, step->to);
    put_instant(json, "begin", start_ds + step->start_ds);
    put_hours(json, "wait_hours", step->wait_ds);
    put_instant(json, "end", start_ds + step->end_ds);
    put_hours(json, "hours", step->end_ds - step->start_ds);
    put_cny(json, "cny", step->cost_e4);
    put_cny(json, "base_cny", step->base_e4);
    put_kg(json, "co2e_kg", step->co2_mg);
    if (link || service)
        tq_json_put_fixed(
            json, "km", link ? net->link[step->row].length_m : net->service[step->row].length_m, 3);
    else
        tq_json_put_text(json, "km", NULL);
    put_price(json, net, step);
    tq_json_end_object(json);
}

static void put_odds(tq_json *json, const tq_freight_plan *plan)
{
    if (plan->on_time_permille < 0) {
        tq_json_put_text(json, "odds", NULL);
        return;
    }
    tq_json_key(json, "odds");
    tq_json_object(json);
    tq_json_put_fixed(json, "on_time_pct", plan->on_time_permille, 1);
    put_hours(json, "p50_hours", plan->p50_ds);
    put_hours(json, "p90_hours", plan->p90_ds);
    if (plan->weakest == TQ_NONE)
        tq_json_put_text(json, "weakest_leg", NULL);
    else
        tq_json_put_i64(json, "weakest_leg", plan->weakest);
    tq_json_put_fixed(json, "weakest_share_pct", plan->weakest_permille, 1);
    tq_json_end_object(json);
}

static void put_plan(tq_json *json, const tq_freight *net, const tq_freight_answer *answer,
                     uint32_t number)
{
    static const char *const marks[] = {"soonest", "cheapest", "cleanest",
                                        "knee",    "chain",    "spread"};
    const tq_freight_plan *plan = &answer->plan[number];
    const tq_freight_step *step = answer->step + plan->first_step;
    int64_t start_ds = plan->depart_s * 10;
    tq_json_object(json);
    tq_json_put_i64(json, "number", number);
    tq_json_key(json, "marks");
    tq_json_array(json);
    for (uint32_t k = 0; k < TQ_COUNT(marks); k++)
        if (plan->marks & (1u << k)) tq_json_text(json, marks[k]);
    tq_json_end_array(json);
    put_modes(json, plan, step);
    put_instant(json, "depart", start_ds);
    put_instant(json, "arrive", start_ds + plan->time_ds);
    put_hours(json, "hours", plan->time_ds);
    put_cny(json, "cny", plan->cost_e4);
    put_kg(json, "co2e_kg", plan->co2_mg);
    put_odds(json, plan);
    tq_json_key(json, "legs");
    tq_json_array(json);
    for (uint32_t k = 0; k < plan->step_count; k++)
        put_leg(json, net, &step[k], start_ds);
    tq_json_end_array(json);
    tq_json_end_object(json);
}

static void put_commodity(tq_json *json, const tq_freight *net, uint32_t commodity)
{
    tq_freight_commodity row = tq_freight_commodity_at(net, commodity);
    tq_json_key(json, "commodity");
    tq_json_object(json);
    tq_json_put_text(json, "code", row.code);
    tq_json_put_text_or_null(json, "name_zh", row.name_zh);
    tq_json_put_text_or_null(json, "name_en", row.name_en);
    tq_json_put_text(json, "cargo", tq_freight_cargo_name(row.cargo));
    tq_json_put_text_or_null(json, "dg_class", row.dg_class);
    tq_json_end_object(json);
}

void tq_freight_plan_json(const tq_freight *net, const tq_freight_query *query,
                          const tq_freight_answer *answer, tq_freight_show show, tq_json *json)
{
    static const char *const aims[] = {"depart", "arrive", "pickup"};
    char version[20];
    (void)snprintf(version, sizeof version, "%016llx", (unsigned long long)answer->version);
    tq_json_object(json);
    tq_json_put_text(json, "version", version);
    tq_json_put_i64(json, "live_version", (int64_t)answer->live_version);
    tq_json_put_text(json, "aim", aims[query->aim]);
    put_place(json, "from", net, query->origin);
    if (query->aim == TQ_FREIGHT_PICKUP) {
        const service_row *row = &net->service[query->service];
        put_place(json, "to", net, net->path[row->path]);
        tq_json_put_text(json, "service", tq_freight_service_at(net, query->service).id);
    } else {
        put_place(json, "to", net, query->destination);
    }
    put_commodity(json, net, query->commodity);
    tq_json_put_fixed(json, "tonnes", query->mass_g, 6);
    tq_json_put_i64(json, "boxes40", query->boxes40);
    tq_json_put_i64(json, "boxes20", query->boxes20);
    tq_json_put_i64(json, "plans_on_front", answer->plan_count);
    tq_json_put_i64(json, "plans_shown", answer->shown_count);
    tq_json_key(json, "search");
    tq_json_object(json);
    tq_json_put_i64(json, "labels", answer->labels);
    tq_json_put_bool(json, "bounds_cached", answer->bounds_made == 0);
    tq_json_end_object(json);
    tq_json_key(json, "plans");
    tq_json_array(json);
    for (uint32_t k = 0; k < answer->plan_count; k++)
        if (show == TQ_FREIGHT_ALL || answer->plan[k].marks != 0) put_plan(json, net, answer, k);
    tq_json_end_array(json);
    tq_json_end_object(json);
}

void tq_freight_why_json(const tq_freight *net, uint32_t node, const tq_freight_why *why,
                         tq_json *json)
{
    tq_json_object(json);
    put_place(json, "place", net, node);
    tq_json_put_bool(json, "possible", why->possible);
    tq_json_put_bool(json, "on_front", why->on_front);
    if (why->possible) {
        put_hours(json, "later_hours", why->later_ds);
        put_cny(json, "dearer_cny", why->dearer_e4);
        put_kg(json, "dirtier_kg", why->dirtier_mg);
        if (why->beaten_by == TQ_NONE)
            tq_json_put_text(json, "beaten_by", NULL);
        else
            tq_json_put_i64(json, "beaten_by", why->beaten_by);
        tq_json_key(json, "through");
        tq_json_object(json);
        put_hours(json, "hours", why->through.time_ds);
        put_cny(json, "cny", why->through.cost_e4);
        put_kg(json, "co2e_kg", why->through.co2_mg);
        put_modes(json, &why->through, why->step);
        tq_json_end_object(json);
    }
    if (why->possible && !why->on_front) {
        tq_json_key(json, "flip");
        tq_json_object(json);
        why->flip_e4 < 0 ? tq_json_put_text(json, "cny", NULL) : put_cny(json, "cny", why->flip_e4);
        why->flip_ds < 0 ? tq_json_put_text(json, "hours", NULL)
                         : put_hours(json, "hours", why->flip_ds);
        why->flip_mg < 0 ? tq_json_put_text(json, "co2e_kg", NULL)
                         : put_kg(json, "co2e_kg", why->flip_mg);
        tq_json_end_object(json);
    }
    tq_json_end_object(json);
}

void tq_freight_no_json(const tq_freight *net, const tq_freight_query *query,
                        const tq_freight_no *no, tq_json *json)
{
    tq_json_object(json);
    put_place(json, "from", net, query->origin);
    tq_json_key(json, "plans");
    tq_json_array(json);
    tq_json_end_array(json);
    tq_json_key(json, "forbidden_by");
    tq_json_array(json);
    for (uint32_t ban = 0; ban < TQ_FREIGHT_BANS; ban++)
        if (no->bans & (1u << ban)) tq_json_text(json, tq_freight_ban_name(ban));
    tq_json_end_array(json);
    tq_json_put_i64(json, "other_sets", no->sets ? no->sets - 1 : 0);
    tq_json_key(json, "rows");
    tq_json_array(json);
    for (uint32_t k = 0; k < no->row_count; k++) {
        const ban_row *row = &net->ban[no->row[k]];
        tq_json_object(json);
        tq_json_put_text(json, "id", text_at(net, row->id));
        tq_json_put_text(json, "class", tq_freight_ban_name(row->ban));
        tq_json_put_text_or_null(json, "name_zh", text_at(net, row->name_zh));
        tq_json_put_text_or_null(json, "name_en", text_at(net, row->name_en));
        tq_json_put_text_or_null(json, "source", text_at(net, row->source));
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
    tq_json_put_bool(json, "no_handling", no->handling);
    if (no->time_ds < 0)
        tq_json_put_text(json, "opens_hours", NULL);
    else
        put_hours(json, "opens_hours", no->time_ds);
    tq_json_end_object(json);
}
