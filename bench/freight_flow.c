/*
 * The network simplex on generated networks of 10,000 nodes and 90,000 arcs: half of them grids,
 * half drawn without order. One JSON line a kind: milliseconds of one core, and pivots. Then coal
 * of 15 mines and stations to ports over 1 and 8 weeks of the authored network, in tonnes and in
 * whole trains of 5,500 t.
 *
 * usage: bench_freight_flow [NODES ARCS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#include "freight/freight.h"
#include "freight_files.h"

#define SEED   UINT64_C(4242)
#define ROUNDS 5u

typedef struct network {
    tq_flow_network net;
    tq_flow_arc *arc;
    int64_t *supply;
} network;

static uint32_t below(uint64_t *state, uint32_t n)
{
    *state = tq_mix(*state + 1);
    return (uint32_t)(*state % n);
}

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_freight_flow: %s\n", what);
    exit(1);
}

/* A ring without limit keeps every demand reachable; the rest are streets between neighbours of a
 * grid, or arcs between any two nodes. */
static network make(uint32_t nodes, uint32_t arcs, bool grid, uint64_t seed)
{
    network out = {.arc = TQ_ALLOC(tq_flow_arc, arcs), .supply = TQ_ALLOC(int64_t, nodes)};
    uint64_t dice = seed;
    uint32_t width = 1;
    if (out.arc == NULL || out.supply == NULL) stop("no memory");
    while (width * width < nodes)
        width++;
    for (uint32_t k = 0; k < arcs; k++) {
        tq_flow_arc *arc = &out.arc[k];
        uint32_t from = k % nodes, step = below(&dice, 4);
        uint32_t beside = step == 0   ? from + 1
                          : step == 1 ? from + nodes - 1
                          : step == 2 ? from + width
                                      : from + nodes - width;
        *arc = (tq_flow_arc){from, grid ? beside % nodes : below(&dice, nodes),
                             1 + (int64_t)below(&dice, 1000), 1 + (int64_t)below(&dice, 10000)};
        if (k < nodes) *arc = (tq_flow_arc){k, (k + 1) % nodes, TQ_FLOW_FREE, 1000000};
    }
    for (uint32_t k = 0; k < nodes / 10; k++) {
        int64_t amount = 1 + (int64_t)below(&dice, 1000);
        out.supply[below(&dice, nodes)] += amount;
        out.supply[below(&dice, nodes)] -= amount;
    }
    out.net = (tq_flow_network){nodes, arcs, out.arc, out.supply};
    return out;
}

static double ms_since(int64_t start_ns)
{
    return (double)(tq_cpu_ns() - start_ns) / 1e6;
}

static void measure(const char *kind, uint32_t nodes, uint32_t arcs, bool grid)
{
    size_t bytes = tq_flow_work_bytes(nodes, arcs);
    void *memory = tq_alloc(1, bytes);
    tq_arena work;
    double best = 1e18, worst = 0;
    uint64_t pivots = 0;
    if (memory == NULL) stop("no memory");
    for (uint32_t round = 0; round < ROUNDS; round++) {
        network in = make(nodes, arcs, grid, SEED + round);
        tq_flow out;
        tq_err err;
        tq_arena_init(&work, memory, bytes);
        int64_t start = tq_cpu_ns();
        if (tq_flow_solve(&in.net, &work, &out, &err) != TQ_OK) stop(err.text);
        double ms = ms_since(start);
        best = TQ_MIN(best, ms);
        worst = TQ_MAX(worst, ms);
        pivots += out.pivots;
        tq_free(in.arc);
        tq_free(in.supply);
    }
    printf(
        "{\"name\":\"freight.flow.%s\",\"nodes\":%u,\"arcs\":%u,\"networks\":%u,\"best_ms\":%.1f,"
        "\"worst_ms\":%.1f,\"mean_pivots\":%llu,\"seed\":%llu}\n",
        kind, nodes, arcs, ROUNDS, best, worst, (unsigned long long)(pivots / ROUNDS),
        (unsigned long long)SEED);
    tq_free(memory);
}

/* Coal from the first 15 places of Shanxi that load it to three ports; what has no way stays. */
static void measure_plan(uint32_t weeks, double train_t)
{
    freight_files files;
    tq_freight *net = NULL;
    tq_err err = {0};
    tq_flow_lot lot[15];
    uint32_t count = 0;
    static const char *const port[] = {"QHDP", "HHP", "RZP"};
    freight_files_read(&files, FREIGHT_FOLDER);
    if (tq_freight_load(files.text, files.count, INT32_MAX, &net, &err) != TQ_OK) stop(err.text);
    freight_files_free(&files);
    uint32_t coal = tq_freight_commodity_find(net, tq_str_of("coal_thermal"));
    uint32_t ports[3], known = 0;
    for (uint32_t k = 0; k < 3; k++) {
        uint32_t node = tq_freight_node_find(net, tq_str_of(port[k]));
        if (node != TQ_NONE) ports[known++] = node;
    }
    if (known == 0) stop("no port");
    for (uint32_t k = 0; k < tq_freight_size(net).nodes && count < TQ_COUNT(lot); k++) {
        tq_freight_node node = tq_freight_node_at(net, k);
        bool loads = strcmp(node.kind, "mine") == 0 || strcmp(node.kind, "rail_station") == 0;
        if (loads && strcmp(node.region, "Shanxi") == 0) {
            lot[count] = (tq_flow_lot){coal, k, ports[count % known], 300000};
            count++;
        }
    }
    tq_flow_query query;
    tq_flow_plan plan;
    tq_flow_query_default(&query);
    query.lot = lot;
    query.lot_count = count;
    query.weeks = weeks;
    query.day = 20640;
    query.train_t = train_t;
    query.train_fen_km = train_t > 0 ? 5000 : 0;
    int64_t start = tq_cpu_ns();
    if (tq_flow_plan_make(net, NULL, &query, &plan, &err) != TQ_OK) stop(err.text);
    double ms = ms_since(start), stays = 0;
    uint32_t full = 0, trains = 0;
    for (uint32_t k = 0; k < count; k++)
        stays += plan.unserved_t[k];
    for (uint32_t k = 0; k < plan.use_count; k++)
        full += plan.use[k].price_yuan > 1e-6;
    for (uint32_t k = 0; k < plan.use_count; k++)
        trains += plan.use[k].trains;
    printf("{\"name\":\"freight.flow.%s\",\"origins\":%u,\"weeks\":%u,\"columns\":%u,\"rows\":%u,"
           "\"ms\":%.0f,\"gap\":%.1e,\"cost_yuan\":%.0f,\"stays_t\":%.0f,\"full\":%u,"
           "\"trains\":%u}\n",
           train_t > 0 ? "trains" : "plan", count, weeks, plan.columns, plan.rows, ms, plan.gap,
           plan.cost_yuan, stays, full, trains);
    tq_flow_plan_free(&plan);
    tq_freight_free(net);
}

int main(int count, char **words)
{
    uint32_t nodes = 10000, arcs = 90000;
    if (count == 3 && (!tq_parse_u32(tq_str_of(words[1]), &nodes) ||
                       !tq_parse_u32(tq_str_of(words[2]), &arcs) || nodes < 10 || arcs < nodes))
        stop("usage: bench_freight_flow [NODES ARCS]");
    measure("grid", nodes, arcs, true);
    measure("random", nodes, arcs, false);
    measure_plan(1, 0);
    measure_plan(8, 0);
    measure_plan(1, 5500);
    measure_plan(8, 5500);
    return 0;
}
