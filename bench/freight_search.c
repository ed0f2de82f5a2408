/*
 * Freight questions: loading, cold, and with cached bounds.
 *
 * "authored": every ordered pair of the places where the cargo can be loaded and unloaded, one load
 * a cargo class, the network of cities/taiyuan/freight. "generated" (made here, no real place): N
 * places in a square, links to near ones in three layers (road, rail, sea at each eighth place),
 * S weekly services by rail, sea and road with cut-offs over 5 to 50 % of its side, one general
 * cargo; questions between random pairs. The places are spread over five squares, from a
 * city to half a continent, «all» is of all these questions. Cold means pricing, three backward
 * searches and the search; cached means the same question again. Prints JSON lines; times are of
 * the processor, the hash «fronts» is of time, money and CO2 of all plans, «steps» of their steps
 * too (which of two equal plans is told is not promised), scratch_mb is the scratch in use.
 *
 * usage: bench_freight_search [authored|generated|small]...
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "freight_files.h"

#define SCRATCH (96u << 20)

static tq_arena arena;

/* Processor time: what else the machine does is not counted. */
static int64_t used_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double ms_since(int64_t start_ns)
{
    return (double)(used_ns() - start_ns) / 1e6;
}

typedef struct series {
    uint32_t *ns;
    uint32_t count;
    uint64_t plans, labels;
    uint64_t fronts, steps; /* hash of all fronts; of every plan and step (ties are broken) */
    size_t peak;
} series;

static void print_series(const char *what, series *s)
{
    if (s->count == 0 || !tq_sort_u32(s->ns, s->count)) return;
    printf("{\"name\":\"freight.%s\",\"n\":%u,\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"max_ms\":%.3f,"
           "\"mean_plans\":%.1f,\"mean_labels\":%.0f,\"scratch_mb\":%.1f,"
           "\"fronts\":\"%016" PRIx64 "\",\"steps\":\"%016" PRIx64 "\"}\n",
           what, s->count, s->ns[s->count / 2] / 1e6, s->ns[(size_t)s->count * 95 / 100] / 1e6,
           s->ns[s->count - 1] / 1e6, (double)s->plans / s->count, (double)s->labels / s->count,
           (double)s->peak / 1048576.0, s->fronts, s->steps);
    fflush(stdout);
    s->count = 0;
    s->plans = s->labels = s->fronts = s->steps = 0;
    s->peak = 0;
}

static bool ask(const tq_freight *net, const tq_freight_query *query, tq_freight_cache *cache,
                series *s)
{
    tq_freight_answer answer;
    tq_err err = {0};
    tq_arena_reset(&arena, 0);
    int64_t start = used_ns();
    tq_status status = tq_freight_search(net, NULL, query, cache, &arena, &answer, &err);
    int64_t took = used_ns() - start;
    if (status == TQ_NO_ROUTE) return false;
    if (status != TQ_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    s->ns[s->count++] = (uint32_t)TQ_MIN(took, INT64_C(4000000000));
    s->plans += answer.plan_count;
    s->labels += answer.labels;
    for (uint32_t k = 0; k < answer.plan_count; k++) {
        const tq_freight_plan *plan = &answer.plan[k];
        int64_t values[3] = {plan->time_ds, plan->cost_e4, plan->co2_mg};
        s->fronts = tq_hash(values, sizeof values, s->fronts);
        s->steps = tq_hash(plan, sizeof *plan, s->steps);
        s->steps = tq_hash(answer.step + plan->first_step, plan->step_count * sizeof *answer.step,
                           s->steps);
    }
    s->peak = TQ_MAX(s->peak, arena.peak);
    return true;
}

static tq_freight *load(const freight_files *files, const char *what)
{
    tq_freight *net = NULL;
    tq_err err = {0};
    int64_t start = used_ns();
    tq_status status = tq_freight_load(files->text, files->count, INT32_MAX, &net, &err);
    if (status != TQ_OK) {
        fprintf(stderr, "%s\n", err.text);
        return NULL;
    }
    tq_freight_sizes sizes = tq_freight_size(net);
    printf("{\"name\":\"freight.%s.load\",\"ms\":%.2f,\"nodes\":%u,\"links\":%u,\"services\":%u}\n",
           what, ms_since(start), sizes.nodes, sizes.links, sizes.services);
    return net;
}

/* ---- authored -------------------------------------------------------------------------------- */

static void run_authored(void)
{
    static const struct {
        const char *commodity;
        int64_t mass_g;
        uint32_t boxes40;
    } loads[] = {{"coal_thermal", INT64_C(5000000000), 0},
                 {"general_box", 220000000, 10},
                 {"steel_coil", 1000000000, 0},
                 {"mail", 300000, 0},
                 {"parcel", 500000, 0}};
    freight_files files;
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_freight *net = load(&files, "authored");
    tq_freight_cache *cache = NULL;
    if (!net || tq_freight_cache_make(net, 1, &cache, NULL) != TQ_OK) return;
    uint32_t nodes = tq_freight_size(net).nodes;
    series cold = {.ns = TQ_ALLOC(uint32_t, 5u * nodes * nodes)},
           warm = {.ns = TQ_ALLOC(uint32_t, 5u * nodes * nodes)};
    uint32_t asked = 0;
    for (size_t k = 0; k < TQ_COUNT(loads); k++) {
        tq_freight_query query;
        tq_freight_query_default(&query);
        query.commodity = tq_freight_commodity_find(net, tq_str_of(loads[k].commodity));
        query.mass_g = loads[k].mass_g;
        query.boxes40 = loads[k].boxes40;
        query.depart_s = 20640 * INT64_C(86400) + 8 * 3600;
        for (query.destination = 0; query.destination < nodes; query.destination++)
            for (query.origin = 0; query.origin < nodes; query.origin++) {
                if (query.origin == query.destination) continue;
                asked++;
                if (ask(net, &query, NULL, &cold)) {
                    series unused = {.ns = (uint32_t[1]){0}};
                    ask(net, &query, cache, &unused);
                    ask(net, &query, cache, &warm);
                }
            }
    }
    printf("{\"name\":\"freight.authored.pairs\",\"asked\":%u,\"joined\":%u}\n", asked, cold.count);
    print_series("authored.cold", &cold);
    print_series("authored.cached_bounds", &warm);
    tq_free(cold.ns);
    tq_free(warm.ns);
    tq_freight_cache_free(cache);
    tq_freight_free(net);
    freight_files_free(&files);
}

/* ---- generated ------------------------------------------------------------------------------- */

#define NEAR 6u

typedef struct spot {
    double x, y;
    uint32_t near[NEAR];
} spot;

static void find_near(spot *spots, uint32_t count)
{
    uint32_t side = (uint32_t)sqrt(count / 4.0) + 1;
    uint32_t *first = TQ_ALLOC(uint32_t, (size_t)side * side + 2),
             *item = TQ_ALLOC(uint32_t, count);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t k = 0; k < count; k++) {
            uint32_t cell = (uint32_t)(spots[k].y * side) * side + (uint32_t)(spots[k].x * side);
            if (pass == 0)
                first[cell + 2]++;
            else
                item[first[cell + 1]++] = k;
        }
        for (uint32_t cell = 0; pass == 0 && cell < side * side; cell++)
            first[cell + 2] += first[cell + 1];
    }
    for (uint32_t k = 0; k < count; k++) {
        double best[NEAR];
        uint32_t found = 0, cx = (uint32_t)(spots[k].x * side), cy = (uint32_t)(spots[k].y * side);
        for (uint32_t y = cy > 1 ? cy - 2 : 0; y <= cy + 2 && y < side; y++)
            for (uint32_t x = cx > 1 ? cx - 2 : 0; x <= cx + 2 && x < side; x++)
                for (uint32_t i = first[y * side + x]; i < first[y * side + x + 1]; i++) {
                    uint32_t other = item[i];
                    if (other == k) continue;
                    double d = hypot(spots[other].x - spots[k].x, spots[other].y - spots[k].y);
                    if (found == NEAR && d >= best[NEAR - 1]) continue;
                    uint32_t at = found < NEAR ? found++ : NEAR - 1;
                    for (; at > 0 && best[at - 1] > d; at--) {
                        best[at] = best[at - 1];
                        spots[k].near[at] = spots[k].near[at - 1];
                    }
                    best[at] = d;
                    spots[k].near[at] = other;
                }
        for (; found < NEAR; found++)
            spots[k].near[found] = k;
    }
    tq_free(first);
    tq_free(item);
}

static double side_km; /* of the square in which the places lie */

static double far_km(const spot *a, const spot *b)
{
    return 0.5 + side_km * hypot(a->x - b->x, a->y - b->y);
}

static void write_links(tq_buf *out, const spot *spots, uint32_t nodes)
{
    static const char *const modes[] = {"road", "rail", "sea"};
    static const unsigned speeds[] = {50, 40, 25};
    uint32_t id = 0;
    tq_buf_puts(out, "id,mode,from,to,distance_km,tariff,emission,speed_kmh,gauge_mm,electrified,"
                     "cargo,on_demand\n");
    for (uint32_t k = 0; k < nodes; k++)
        for (unsigned mode = 0; mode < 3; mode++)
            for (unsigned j = 0; j < (mode == 2 ? 6u : 4u); j++) {
                uint32_t to = spots[k].near[j];
                if (to == k || (mode == 2 && k % 8 != 0)) continue;
                if (mode == 2) to = to / 8 * 8;
                if (to == k) continue;
                tq_buf_printf(out, "L%u,%s,N%u,N%u,%.1f,%s,%s,%u,%s,%u,general,1\n", id++,
                              modes[mode], k, to, far_km(&spots[k], &spots[to]), modes[mode],
                              modes[mode], speeds[mode], mode == 1 ? "1435" : "", k % 2);
            }
}

static void write_services(tq_buf *out, const spot *spots, uint32_t nodes, uint32_t services,
                           tq_random *random)
{
    static const char *const modes[] = {"rail", "sea", "road"};
    tq_buf_puts(out, "id,mode,name_zh,path,days,dep_local,cutoff_h,transit_h,transit_p90_h,cargo,"
                     "price,currency,emission,km\n");
    for (uint32_t k = 0; k < services; k++) {
        uint32_t from = tq_random_below(random, nodes), mode = tq_random_below(random, 3),
                 to = from;
        double least = 0.05 + 0.0005 * tq_random_below(random, 900), best = 9;
        for (unsigned k2 = 0; k2 < 12; k2++) {
            uint32_t other = tq_random_below(random, nodes);
            double off =
                fabs(hypot(spots[other].x - spots[from].x, spots[other].y - spots[from].y) - least);
            if (off < best) best = off, to = other;
        }
        if (mode == 1) from = from / 8 * 8, to = to / 8 * 8;
        if (from == to) to = (from + 8) % nodes;
        double km = far_km(&spots[from], &spots[to]);
        tq_buf_printf(out, "S%u,%s,,N%u;N%u,%u,%02u:%02u,%u,%.1f,%.1f,general,%.2f,CNY/t,%s,%.1f\n",
                      k, modes[mode], from, to, 1 + tq_random_below(random, 7),
                      tq_random_below(random, 24), tq_random_below(random, 60),
                      2 + tq_random_below(random, 12), 1 + km / (mode == 1 ? 30 : 70),
                      2 + km / (mode == 1 ? 25 : 50),
                      km * (mode == 1 ? 0.03 : 0.1) * (0.7 + 0.01 * tq_random_below(random, 60)),
                      modes[mode], km);
    }
}

static void add_series(series *all, const series *s)
{
    memcpy(all->ns + all->count, s->ns, s->count * sizeof *s->ns);
    all->count += s->count;
    all->plans += s->plans;
    all->labels += s->labels;
    all->fronts = tq_hash(&s->fronts, sizeof s->fronts, all->fronts);
    all->steps = tq_hash(&s->steps, sizeof s->steps, all->steps);
    all->peak = TQ_MAX(all->peak, s->peak);
}

static void run_generated(const char *what, uint32_t nodes, uint32_t services, uint32_t queries,
                          series *all_cold, series *all_warm)
{
    static const char *const fixed[][2] = {
        {"tariffs.csv",
         "id,mode,cargo,unit,base1_cny,per_km_cny,fund_per_km_cny,elec_per_km_cny,"
         "multiplier\nroad,road,general,t,8,0.36,,,1\nrail,rail,general,t,18.6,0.103,"
         "0.033,0.007,0.9822\nsea,sea,general,t,25,0.02,,,1\n"},
        {"tariff_map.csv", "link_tariff,match,tariff\nroad,*,road\nrail,*,rail\nsea,*,sea\n"},
        {"terminals.csv",
         "node_or_kind,op,cargo,from_mode,to_mode,rate_per_h,unit,setup_h,dwell_h,dwell_p90_h,"
         "fee_cny_per_unit,co2e_kg_per_t\n*,load,general,,rail,60,t,3,12,24,16,1\n*,load,general,,"
         "road,60,t,1,0,2,8,0.6\n*,unload,general,rail,,60,t,2,6,24,16,0.8\n*,unload,general,road,,"
         "60,t,1,0,2,8,0.6\n*,tranship,general,road,rail,60,t,3,12,36,18,1\n*,tranship,general,"
         "rail,"
         "road,60,t,2,6,24,18,1\nport,tranship,general,rail,sea,250,t,4,72,144,38,1\nport,tranship,"
         "general,road,sea,250,t,4,48,120,38,1\nport,tranship,general,sea,road,250,t,3,24,72,38,1\n"
         "port,tranship,general,sea,rail,250,t,3,24,72,38,1\nport,unload,general,sea,,250,t,4,24,"
         "72,"
         "35,1\n"},
        {"emissions.csv",
         "id,mode,ttw_g_tkm,wtt_g_tkm,wtw_g_tkm\nroad,road,52,12,64.8\nrail,rail,0,"
         "11.9,11.9\nsea,sea,8,1.8,9.81\n"},
        {"commodities.csv", "code,name_zh,name_en,cargo,rail_tariff\nsteel,steel,steel,general,"
                            "rail\n"}};
    tq_random random = {42};
    spot *spots = TQ_ALLOC(spot, nodes);
    tq_buf node_text = {0}, link_text = {0}, service_text = {0};
    tq_buf_puts(&node_text, "id,name_zh,name_en,kind,lat,lon\n");
    for (uint32_t k = 0; k < nodes; k++) {
        spots[k].x = (double)tq_random_below(&random, 1u << 30) / (double)(1u << 30);
        spots[k].y = (double)tq_random_below(&random, 1u << 30) / (double)(1u << 30);
        tq_buf_printf(&node_text, "N%u,,,%s,%.5f,%.5f\n", k, k % 8 == 0 ? "port" : "city",
                      20 + 18 * spots[k].y, 100 + 22 * spots[k].x);
    }
    find_near(spots, nodes);
    write_links(&link_text, spots, nodes);
    write_services(&service_text, spots, nodes, services, &random);
    freight_files files = {.count = 0};
    for (size_t k = 0; k < TQ_COUNT(fixed); k++)
        files.text[files.count++] = (tq_freight_text){fixed[k][0], tq_str_of(fixed[k][1])};
    files.text[files.count++] = (tq_freight_text){"nodes.csv", {node_text.at, node_text.len}};
    files.text[files.count++] = (tq_freight_text){"links.csv", {link_text.at, link_text.len}};
    files.text[files.count++] =
        (tq_freight_text){"services.csv", {service_text.at, service_text.len}};
    tq_freight *net = load(&files, what);
    tq_freight_cache *cache = NULL;
    if (!net || tq_freight_cache_make(net, 1, &cache, NULL) != TQ_OK) return;
    series cold = {.ns = TQ_ALLOC(uint32_t, queries)}, warm = {.ns = TQ_ALLOC(uint32_t, queries)};
    arena.peak = 0;
    for (uint32_t k = 0; k < queries; k++) {
        tq_freight_query query;
        tq_freight_query_default(&query);
        query.origin = tq_random_below(&random, nodes);
        query.destination = tq_random_below(&random, nodes);
        query.commodity = 0;
        query.mass_g = INT64_C(500000000);
        query.depart_s = 20640 * INT64_C(86400) + tq_random_below(&random, 7 * 86400);
        if (query.origin == query.destination) continue;
        if (ask(net, &query, NULL, &cold)) {
            series unused = {.ns = (uint32_t[1]){0}};
            ask(net, &query, cache, &unused);
            ask(net, &query, cache, &warm);
        }
    }
    add_series(all_cold, &cold);
    add_series(all_warm, &warm);
    char name[96];
    snprintf(name, sizeof name, "%s.cold", what);
    print_series(name, &cold);
    snprintf(name, sizeof name, "%s.cached_bounds", what);
    print_series(name, &warm);
    tq_free(cold.ns);
    tq_free(warm.ns);
    tq_free(spots);
    tq_buf_free(&node_text);
    tq_buf_free(&link_text);
    tq_buf_free(&service_text);
    tq_freight_cache_free(cache);
    tq_freight_free(net);
}

static void run_squares(uint32_t nodes, uint32_t services, uint32_t queries)
{
    static const unsigned sides_km[] = {60, 200, 500, 1000, 2000};
    char name[64];
    series cold = {.ns = TQ_ALLOC(uint32_t, TQ_COUNT(sides_km) * queries)},
           warm = {.ns = TQ_ALLOC(uint32_t, TQ_COUNT(sides_km) * queries)};
    for (size_t k = 0; k < TQ_COUNT(sides_km); k++) {
        side_km = sides_km[k];
        snprintf(name, sizeof name, "generated_%uk.%ukm", nodes / 1000, sides_km[k]);
        run_generated(name, nodes, services, queries, &cold, &warm);
    }
    snprintf(name, sizeof name, "generated_%uk.all.cold", nodes / 1000);
    print_series(name, &cold);
    snprintf(name, sizeof name, "generated_%uk.all.cached_bounds", nodes / 1000);
    print_series(name, &warm);
    tq_free(cold.ns);
    tq_free(warm.ns);
}

int main(int argc, char **argv)
{
    static const char *const all[] = {"authored", "small", "generated"};
    tq_arena_init(&arena, tq_alloc(SCRATCH, 1), SCRATCH);
    if (!arena.base) return 1;
    for (int k = 0; k < (argc > 1 ? argc - 1 : 3); k++) {
        const char *what = argc > 1 ? argv[k + 1] : all[k];
        if (strcmp(what, "authored") == 0) run_authored();
        if (strcmp(what, "small") == 0) run_squares(1000, 5000, 60);
        if (strcmp(what, "generated") == 0) run_squares(10000, 100000, 60);
    }
    tq_free(arena.base);
    return 0;
}
