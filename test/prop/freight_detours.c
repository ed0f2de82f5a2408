/*
 * Meshes of some 40 places with a hub of more links than detours are known of: the front does not
 * change when detours are followed. Asking to touch the origin, which every plan does, turns them
 * off. Both directions of time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "freight/freight.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 60u
#else
#define SEEDS 600u
#endif

#define SCRATCH (64u << 20)

static tq_arena arena, arena_plain;

static void write_links(tq_random *random, uint32_t nodes, tq_buf *out)
{
    static const char *const modes[] = {"road", "rail", "sea"};
    uint32_t count = 0;
    tq_buf_puts(out, "id,mode,from,to,distance_km,tariff,emission,speed_kmh,gauge_mm,electrified,"
                     "cargo,on_demand\n");
    for (uint32_t k = 0; k < nodes * 5; k++) {
        bool hub = k < nodes;
        uint32_t mode = hub ? 0 : tq_random_below(random, 20) % 3,
                 from = hub ? 0 : tq_random_below(random, nodes),
                 to = hub ? k : tq_random_below(random, nodes);
        if (from == to) continue;
        /* Mostly as far as the numbers are apart, so that many ways are equally long. */
        uint32_t km = 1 + (from > to ? from - to : to - from);
        if (tq_random_below(random, 3) == 0) km += tq_random_below(random, 20);
        tq_buf_printf(out, "l%u,%s,n%u,n%u,%u,t%u,e%u,%u,%s,%u,general,1\n", count++, modes[mode],
                      from, to, km,
                      mode == 0 ? tq_random_below(random, 2) : 2 + tq_random_below(random, 2), mode,
                      10 * (1 + tq_random_below(random, 2)), mode == 1 ? "1435" : "",
                      tq_random_below(random, 2));
    }
}

static tq_freight *make_network(tq_random *random, uint32_t nodes)
{
    static const char *const names[] = {"nodes.csv",     "links.csv",      "services.csv",
                                        "tariffs.csv",   "tariff_map.csv", "terminals.csv",
                                        "emissions.csv", "commodities.csv"};
    tq_buf text[TQ_COUNT(names)] = {0};
    tq_buf_puts(&text[0], "id,name_zh,name_en,kind,lat,lon\n");
    for (uint32_t k = 0; k < nodes; k++)
        tq_buf_printf(&text[0], "n%u,,,%s,30,110\n", k, k % 3 ? "yard" : "port");
    write_links(random, nodes, &text[1]);
    tq_buf_puts(&text[2], "id,mode,path,days,dep_local,cutoff_h,transit_h,cargo,price,currency,"
                          "emission,km\n");
    for (uint32_t k = 0; k < 30; k++) {
        uint32_t from = tq_random_below(random, nodes),
                 to = (from + 1 + tq_random_below(random, nodes - 1)) % nodes,
                 rail = tq_random_below(random, 2);
        tq_buf_printf(&text[2], "s%u,%s,n%u;n%u,%u,%02u:00,%u,%u,general,%u,CNY/t,e%u,%u\n", k,
                      rail ? "rail" : "road", from, to, 1 + tq_random_below(random, 7),
                      tq_random_below(random, 24), tq_random_below(random, 8),
                      1 + tq_random_below(random, 4), tq_random_below(random, 9), rail,
                      1 + tq_random_below(random, 30));
    }
    tq_buf_puts(&text[3], "id,mode,cargo,unit,base1_cny,per_km_cny,fund_per_km_cny,"
                          "elec_per_km_cny,multiplier\n");
    tq_buf_puts(&text[4], "link_tariff,match,tariff\n");
    for (uint32_t k = 0; k < 4; k++) {
        tq_buf_printf(&text[3], "t%u,%s,general,t,%u,%u,,,1\n", k, k < 2 ? "road" : "rail",
                      tq_random_below(random, 12), 1 + tq_random_below(random, 2));
        tq_buf_printf(&text[4], "t%u,*,t%u\n", k, k);
    }
    tq_buf_puts(&text[5],
                "node_or_kind,op,cargo,from_mode,to_mode,rate_per_h,unit,setup_h,dwell_h,"
                "fee_cny_per_unit,co2e_kg_per_t\n*,load,general,,road,20,t,1,0,2,1\n"
                "port,load,general,,rail,20,t,2,3,1,1\n*,unload,general,road,,20,t,1,0,2,1\n"
                "*,unload,general,rail,,20,t,1,4,1,1\n*,tranship,general,road,rail,20,t,1,2,3,0\n"
                "port,tranship,general,rail,road,20,t,1,2,3,0\n"
                "port,tranship,general,road,sea,20,t,1,2,3,0\n"
                "port,tranship,general,sea,rail,20,t,1,2,3,0\n");
    tq_buf_puts(&text[6], "id,mode,ttw_g_tkm,wtt_g_tkm,wtw_g_tkm\n");
    static const char *const modes[] = {"road", "rail", "sea"};
    for (uint32_t k = 0; k < 3; k++)
        tq_buf_printf(&text[6], "e%u,%s,0,0,%u\n", k, modes[k], 5 + tq_random_below(random, 20));
    tq_buf_puts(&text[7], "code,name_zh,name_en,cargo,rail_tariff\ngoods,g,g,general,t2\n");
    tq_freight_text texts[TQ_COUNT(names)];
    for (uint32_t k = 0; k < TQ_COUNT(names); k++)
        texts[k] = (tq_freight_text){names[k], {text[k].at, text[k].len}};
    tq_freight *net = NULL;
    tq_err err = {0};
    if (tq_freight_load(texts, TQ_COUNT(names), INT32_MAX, &net, &err) != TQ_OK)
        fail_msg("%s", err.text);
    for (uint32_t k = 0; k < TQ_COUNT(names); k++)
        tq_buf_free(&text[k]);
    return net;
}

/* The number of plans of both, which must be the same. */
static uint32_t compare(const tq_freight *net, tq_freight_query query, uint32_t seed)
{
    tq_freight_answer fast = {0}, plain = {0};
    tq_err err = {0};
    tq_arena_reset(&arena, 0);
    tq_arena_reset(&arena_plain, 0);
    tq_status status = tq_freight_search(net, NULL, &query, NULL, &arena, &fast, &err);
    query.via_count = 1;
    query.via[0] = query.origin;
    tq_status expected = tq_freight_search(net, NULL, &query, NULL, &arena_plain, &plain, NULL);
    bool same = status == expected && fast.plan_count == plain.plan_count;
    for (uint32_t k = 0; same && k < fast.plan_count; k++)
        same = fast.plan[k].time_ds == plain.plan[k].time_ds &&
               fast.plan[k].cost_e4 == plain.plan[k].cost_e4 &&
               fast.plan[k].co2_mg == plain.plan[k].co2_mg;
    if (!same)
        print_error("seed %u: %u plans (status %d) without detours, %u (%d) with them\n", seed,
                    fast.plan_count, (int)status, plain.plan_count, (int)expected);
    assert_true(same);
    if (status != TQ_OK && status != TQ_NO_ROUTE) fail_msg("seed %u: %s", seed, err.text);
    return fast.plan_count;
}

static void front_does_not_need_detours(void **state)
{
    (void)state;
    uint32_t joined = 0, plans = 0;
    tq_arena_init(&arena, malloc(SCRATCH), SCRATCH);
    tq_arena_init(&arena_plain, malloc(SCRATCH), SCRATCH);
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        tq_random random = {seed};
        uint32_t nodes = 36 + tq_random_below(&random, 10);
        tq_freight *net = make_network(&random, nodes);
        for (uint32_t k = 0; k < 4; k++) {
            tq_freight_query query;
            tq_freight_query_default(&query);
            query.origin = tq_random_below(&random, nodes);
            query.destination = (query.origin + 1 + tq_random_below(&random, nodes - 1)) % nodes;
            query.commodity = 0;
            query.mass_g = 20000000;
            query.depart_s = 20640 * INT64_C(86400);
            if (k % 2 == 1) {
                query.aim = TQ_FREIGHT_ARRIVE;
                query.arrive_s = query.depart_s + 7 * INT64_C(86400);
                query.depart_s = INT64_MIN;
            }
            uint32_t found = compare(net, query, seed);
            joined += found > 0;
            plans += found;
        }
        tq_freight_free(net);
    }
    print_message("%u of %u questions joined, %u plans\n", joined, 4 * SEEDS, plans);
    assert_true(joined > 3 * SEEDS);
    free(arena.base);
    free(arena_plain.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(front_does_not_need_detours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
