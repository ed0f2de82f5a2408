/*
 * Any bytes as a question about flows, or as hubs.csv when they begin with "kind,": read or refused
 * by a sentence, and a small question with corridors of its own is solved within its demands.
 */
#include <jansson.h>
#include <stdlib.h>

#include "freight/freight.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The least network that loads: two mines and a port on one line of rail, and a road. */
static const struct {
    const char *name, *text;
} tables[] = {
    {"nodes.csv", "id,name_zh,name_en,kind,lat,lon,unlocode,region,confidence,note\n"
                  "A,甲,A town,mine,37.9,112.1,,X,checked,\n"
                  "B,乙,B town,port,38.9,113.1,,X,checked,\n"
                  "C,丙,C town,mine,37.5,112.5,,X,checked,\n"},
    {"links.csv",
     "id,mode,from,to,distance_km,line_zh,tariff,emission,speed_kmh,capacity_mt_y,gauge_mm,"
     "electrified,cargo,confidence,source,on_demand\n"
     "L1,rail,A,B,100,线,RAIL,E,50,6,1435,1,bulk,fact,S,1\n"
     "L2,rail,C,A,50,线,RAIL,E,50,,1435,1,bulk,fact,S,1\n"},
    {"services.csv", "id,mode,name_zh,path,days,dep_local,cutoff_h,transit_h,transit_p90_h,"
                     "capacity,unit,cargo,price,currency,emission,confidence,source,note\n"},
    {"tariffs.csv", "id,mode,cargo,unit,base1_cny,per_km_cny,fund_per_km_cny,elec_per_km_cny,"
                    "multiplier,min_cny,stamp_pct,note,confidence,source\n"
                    "R,rail,bulk,t,10,0.1,0,0,1,,0.05,,fact,S\n"},
    {"tariff_map.csv", "link_tariff,match,tariff\nRAIL,*,R\n"},
    {"terminals.csv", "node_or_kind,op,cargo,from_mode,to_mode,rate_per_h,unit,setup_h,dwell_h,"
                      "dwell_p90_h,fee_cny_per_unit,co2e_kg_per_t,confidence,source,note\n"
                      "A,load,bulk,,rail,100,t,1,1,2,5,0.1,fact,S,\n"
                      "*,load,bulk,,rail,100,t,1,1,2,5,0.1,fact,S,\n"
                      "*,unload,bulk,rail,,100,t,1,1,2,5,0.1,fact,S,\n"},
    {"emissions.csv", "id,mode,vehicle,energy,ttw_g_tkm,wtt_g_tkm,wtw_g_tkm,basis,confidence,"
                      "source\nE,rail,train,x,1,1,2,x,fact,S\n"},
    {"commodities.csv", "code,name_zh,name_en,cargo,rail_tariff,density_t_m3,dg_class,hs4\n"
                        "coal,煤,coal,bulk,R,0.8,,2701\n"},
};

static tq_freight *net;

static void make_network(void)
{
    tq_freight_text text[TQ_COUNT(tables)];
    tq_err err = {0};
    for (size_t k = 0; k < TQ_COUNT(tables); k++)
        text[k] = (tq_freight_text){tables[k].name, tq_str_of(tables[k].text)};
    tq_status status = tq_freight_load(text, TQ_COUNT(tables), INT32_MAX, &net, &err);
    if (status != TQ_OK) tq_log(TQ_LOG_ERROR, "%s", err.text);
    TQ_ASSERT(status == TQ_OK);
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* What is brought and what is not are what was asked for; no corridor carries more than it can. */
static void check_answer(const tq_buf *text)
{
    json_t *root = json_loadb(text->at, text->len, JSON_REJECT_DUPLICATES, NULL);
    TQ_ASSERT(root != NULL);
    const json_t *plan = json_object_get(root, "plan");
    const json_t *demand = json_object_get(plan, "demand"),
                 *rows = json_object_get(plan, "corridors");
    for (size_t k = 0; k < json_array_size(demand); k++) {
        const json_t *one = json_array_get(demand, k);
        TQ_ASSERT(number(one, "brought_t") >= 0 && number(one, "unserved_t") >= 0);
        TQ_ASSERT(number(one, "brought_t") <= number(one, "year_t") + 0.2);
    }
    for (size_t k = 0; k < json_array_size(rows); k++) {
        const json_t *one = json_array_get(rows, k), *most = json_object_get(one, "capacity_t");
        if (json_is_number(most)) TQ_ASSERT(number(one, "year_t") <= json_number_value(most) + 0.2);
    }
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char plain[] =
        "{\"lots\":[{\"commodity\":\"coal\",\"from\":\"A\",\"to\":\"B\",\"mt_y\":1}]}";
    tq_str input = {(const char *)bytes, len};
    tq_flow_ask ask = {.size = sizeof ask, .body = input, .today = 20640, .seconds_max = 0.2};
    tq_err err = {0};
    tq_buf text = {0};
    if (net == NULL) make_network();
    if (len > 1 << 14) return 0;
    if (tq_str_starts(input, "kind,")) {
        ask.body = tq_str_of(plain);
        ask.hubs = input;
    }
    tq_status status = tq_flow_check(net, &ask, &err);
    TQ_ASSERT(status == TQ_OK || err.text[0] != '\0');
    TQ_ASSERT(status == TQ_OK || tq_utf8_valid(tq_str_of(err.text)));
    /* A linear program takes too long here; the network simplex does not. */
    if (status == TQ_OK && memmem(bytes, len, "\"corridors\"", 11) != NULL && len < 4096 &&
        tq_flow_answer(net, &ask, &text, &err) == TQ_OK)
        check_answer(&text);
    tq_buf_free(&text);
    return 0;
}
