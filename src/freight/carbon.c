/*
 * Emissions of a plan by element of its transport chain, after ISO 14083: tank to wheel, well to
 * tank and their sum; handling at hubs as elements of their own; distances are the shortest
 * feasible ones of the network, by air the great circle and 95 km for each flight.
 *
 * Ways one after the other with one factor are one element. Each element is reckoned with the
 * network's own factors and with every competing set; its low and high are the least and the most
 * of them. Elements are exact to a milligram; the sum of a plan with the own factors differs from
 * that of the search by rounding of an element, and by air services, whose length the search takes
 * from the timetable.
 */
#include "freight/freight_in.h"

#define AIR_MORE_M 95000

static uint32_t emission_of(const tq_freight *net, const tq_freight_step *step)
{
    return step->kind == TQ_FREIGHT_LINK      ? net->link[step->row].emission
           : step->kind == TQ_FREIGHT_SERVICE ? net->service[step->row].emission
                                              : TQ_NONE;
}

static int64_t length_of(const tq_freight *net, const tq_freight_step *step)
{
    if (step->kind == TQ_FREIGHT_LINK) return net->link[step->row].length_m;
    const service_row *service = &net->service[step->row];
    if (service->mode != TQ_FREIGHT_AIR) return service->length_m;
    const uint32_t *path = net->path + service->path;
    int64_t length_m = 0;
    bool aboard = false;
    for (uint32_t k = 0; k + 1 < service->path_count; k++) {
        aboard |= path[k] == step->from;
        if (!aboard) continue;
        length_m += (tq_distance_dm(net->node[path[k]].at, net->node[path[k + 1]].at) + 5) / 10 +
                    AIR_MORE_M;
        if (path[k + 1] == step->to) break;
    }
    return length_m;
}

/* The factor that stands for another in a set; 0 = the network's own. */
static const emission_row *factor_of(const tq_freight *net, uint32_t emission, uint32_t set)
{
    for (uint32_t k = 0; k < net->set_count; k++)
        if (net->set[k].number == set && net->set[k].emission == emission)
            return &net->emission[net->set[k].uses];
    return &net->emission[emission];
}

/* g a t-km in millionths x metres x grams, in milligrams. */
static int64_t mass_of(int64_t g_e6, int64_t length_m, int64_t mass_g)
{
    return half_up((freight_wide)g_e6 * length_m * mass_g, E6 * E6);
}

static void fill(const tq_freight *net, int64_t mass_g, uint32_t set,
                 tq_freight_carbon_element *one)
{
    const emission_row *factor = factor_of(net, one->emission, set);
    one->factor = (uint32_t)(factor - net->emission);
    one->ttw_mg = mass_of(factor->ttw_e6, one->length_m, mass_g);
    one->wtt_mg = mass_of(factor->wtt_e6, one->length_m, mass_g);
    one->wtw_mg = mass_of(factor->wtw_e6, one->length_m, mass_g);
    one->low_mg = one->high_mg = one->wtw_mg;
    for (uint32_t other = 0; other <= tq_freight_carbon_sets(net); other++) {
        int64_t mg = mass_of(factor_of(net, one->emission, other)->wtw_e6, one->length_m, mass_g);
        one->low_mg = TQ_MIN(one->low_mg, mg);
        one->high_mg = TQ_MAX(one->high_mg, mg);
    }
}

uint32_t tq_freight_carbon_sets(const tq_freight *net)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < net->set_count; k++)
        count = TQ_MAX(count, net->set[k].number);
    return count;
}

void tq_freight_carbon_make(const tq_freight *net, const tq_freight_query *query,
                            const tq_freight_answer *answer, const tq_freight_plan *plan,
                            uint32_t set, tq_freight_carbon *out)
{
    *out = (tq_freight_carbon){0};
    for (uint32_t k = 0; k < plan->step_count; k++) {
        const tq_freight_step *step = &answer->step[plan->first_step + k];
        uint32_t emission = emission_of(net, step);
        tq_freight_carbon_element *last = out->count > 0 ? &out->element[out->count - 1] : NULL;
        if (emission == TQ_NONE) {
            out->element[out->count++] = (tq_freight_carbon_element){.hub = true,
                                                                     .mode = step->mode,
                                                                     .emission = TQ_NONE,
                                                                     .factor = TQ_NONE,
                                                                     .from = step->from,
                                                                     .to = step->to,
                                                                     .wtw_mg = step->co2_mg,
                                                                     .low_mg = step->co2_mg,
                                                                     .high_mg = step->co2_mg};
        } else if (last != NULL && !last->hub && last->emission == emission &&
                   step->kind == TQ_FREIGHT_LINK) {
            last->to = step->to;
            last->length_m += length_of(net, step);
        } else {
            out->element[out->count++] =
                (tq_freight_carbon_element){.mode = step->mode,
                                            .emission = emission,
                                            .from = step->from,
                                            .to = step->to,
                                            .length_m = length_of(net, step)};
        }
    }
    for (uint32_t k = 0; k < out->count; k++) {
        tq_freight_carbon_element *one = &out->element[k];
        if (!one->hub) fill(net, query->mass_g, set, one);
        out->wtw_mg += one->wtw_mg;
        out->ttw_mg += one->ttw_mg;
        out->wtt_mg += one->wtt_mg;
        out->low_mg += one->low_mg;
        out->high_mg += one->high_mg;
        if (one->hub) out->hub_mg += one->wtw_mg;
        out->length_m += one->length_m;
        if (!one->hub && strcmp(text_at(net, net->emission[one->factor].confidence), "fact") == 0)
            out->given_mg += one->wtw_mg;
    }
}

/* ---- json ------------------------------------------------------------------------------------ */

static void put_place(const tq_freight *net, const char *key, uint32_t node, tq_json *json)
{
    tq_json_key(json, key);
    tq_json_object(json);
    tq_json_put_text(json, "id", text_at(net, net->node[node].id));
    tq_json_put_text_or_null(json, "name_zh", text_at(net, net->node[node].name_zh));
    tq_json_put_text_or_null(json, "name_en", text_at(net, net->node[node].name_en));
    tq_json_end_object(json);
}

static void put_kg(tq_json *json, const char *key, int64_t mg)
{
    tq_json_put_fixed(json, key, mg, 6);
}

static void put_element(const tq_freight *net, const tq_freight_carbon_element *one, int64_t mass_g,
                        tq_json *json)
{
    const emission_row *factor = one->hub ? NULL : &net->emission[one->factor];
    tq_json_object(json);
    tq_json_put_text(json, "kind", one->hub ? "hub" : "transport");
    tq_json_put_text(json, "mode", tq_freight_mode_name(one->mode));
    put_place(net, "from", one->from, json);
    put_place(net, "to", one->to, json);
    if (factor != NULL) {
        tq_json_put_fixed(json, "km", one->length_m, 3);
        tq_json_put_fixed(json, "tkm", half_up((freight_wide)one->length_m * mass_g, E6), 3);
        put_kg(json, "ttw_kg", one->ttw_mg);
        put_kg(json, "wtt_kg", one->wtt_mg);
    }
    put_kg(json, "wtw_kg", one->wtw_mg);
    put_kg(json, "low_kg", one->low_mg);
    put_kg(json, "high_kg", one->high_mg);
    if (factor != NULL) {
        tq_json_put_text(json, "factor", text_at(net, factor->id));
        tq_json_put_text(json, "vehicle", text_at(net, factor->vehicle));
        tq_json_put_fixed(json, "g_per_tkm", factor->wtw_e6, 6);
        tq_json_put_text(json, "data",
                         strcmp(text_at(net, factor->confidence), "fact") == 0 ? "given"
                                                                               : "assumed");
        tq_json_put_text(json, "source", text_at(net, factor->source));
    }
    tq_json_end_object(json);
}

void tq_freight_carbon_set_name(const tq_freight *net, uint32_t set, const char **id,
                                const char **name_zh, const char **name_en)
{
    *id = "own";
    *name_zh = "本网系数";
    *name_en = "the network's own";
    for (uint32_t k = 0; k < net->set_count; k++) {
        if (net->set[k].number != set) continue;
        *id = text_at(net, net->set[k].set);
        *name_zh = text_at(net, net->set[k].name_zh);
        *name_en = text_at(net, net->set[k].name_en);
    }
}

static void put_set(const tq_freight *net, const tq_freight_carbon *carbon, uint32_t set,
                    int64_t mass_g, uint32_t cleanest, tq_json *json)
{
    const char *id, *zh, *en;
    tq_freight_carbon_set_name(net, set, &id, &zh, &en);
    tq_json_object(json);
    tq_json_put_text(json, "set", id);
    tq_json_put_text(json, "name_zh", zh);
    tq_json_put_text(json, "name_en", en);
    put_kg(json, "wtw_kg", carbon->wtw_mg);
    put_kg(json, "ttw_kg", carbon->ttw_mg);
    put_kg(json, "wtt_kg", carbon->wtt_mg);
    put_kg(json, "hub_kg", carbon->hub_mg);
    freight_wide tkm = (freight_wide)carbon->length_m * mass_g; /* micro t-km x 1000 */
    tq_json_put_fixed(json, "g_per_tkm",
                      tkm > 0 ? (int64_t)((freight_wide)carbon->wtw_mg * E6 * E6 / tkm) : 0, 6);
    tq_json_put_fixed(json, "given_pct",
                      carbon->wtw_mg > 0 ? carbon->given_mg * 1000 / carbon->wtw_mg : 0, 1);
    tq_json_put_i64(json, "cleanest_plan", cleanest);
    tq_json_end_object(json);
}

/* Does another set put two plans of the front the other way round? */
static bool flips(const tq_freight *net, const tq_freight_query *query,
                  const tq_freight_answer *answer, uint32_t set, tq_freight_carbon *scratch,
                  int64_t *own, int64_t *other, uint32_t *cleanest)
{
    uint32_t most = TQ_MIN(answer->plan_count, TQ_FREIGHT_CARBON_PLANS);
    *cleanest = 0;
    for (uint32_t k = 0; k < most; k++) {
        tq_freight_carbon_make(net, query, answer, &answer->plan[k], 0, scratch);
        own[k] = scratch->wtw_mg;
        tq_freight_carbon_make(net, query, answer, &answer->plan[k], set, scratch);
        other[k] = scratch->wtw_mg;
        if (other[k] < other[*cleanest]) *cleanest = k;
    }
    for (uint32_t a = 0; a < most; a++)
        for (uint32_t b = 0; b < a; b++)
            if ((own[a] < own[b] && other[a] > other[b]) ||
                (own[a] > own[b] && other[a] < other[b]))
                return true;
    return false;
}

tq_status tq_freight_carbon_json(const tq_freight *net, const tq_freight_query *query,
                                 const tq_freight_answer *answer, uint32_t plan, tq_arena *work,
                                 tq_json *json, tq_err *err)
{
    tq_freight_carbon *carbon = TQ_PUSH(work, tq_freight_carbon, 2);
    int64_t *sums = TQ_PUSH(work, int64_t, 2 * TQ_FREIGHT_CARBON_PLANS);
    bool flip = false;
    if (carbon == NULL || sums == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small for the emissions");
    tq_json_object(json);
    tq_json_put_i64(json, "plan", plan);
    tq_json_key(json, "sets");
    tq_json_array(json);
    for (uint32_t set = 0; set <= tq_freight_carbon_sets(net); set++) {
        uint32_t cleanest;
        flip |= flips(net, query, answer, set, &carbon[1], sums, sums + TQ_FREIGHT_CARBON_PLANS,
                      &cleanest);
        tq_freight_carbon_make(net, query, answer, &answer->plan[plan], set, &carbon[0]);
        put_set(net, &carbon[0], set, query->mass_g, cleanest, json);
    }
    tq_json_end_array(json);
    tq_json_put_bool(json, "ranking_flips", flip);
    tq_freight_carbon_make(net, query, answer, &answer->plan[plan], 0, &carbon[0]);
    put_kg(json, "low_kg", carbon[0].low_mg);
    put_kg(json, "high_kg", carbon[0].high_mg);
    tq_json_key(json, "elements");
    tq_json_array(json);
    for (uint32_t k = 0; k < carbon[0].count; k++)
        put_element(net, &carbon[0].element[k], query->mass_g, json);
    tq_json_end_array(json);
    tq_json_end_object(json);
    return TQ_OK;
}
