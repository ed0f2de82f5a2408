// also: import
/*
 * The hierarchy against plain Dijkstra: random small graphs, all pairs; ways with places inside
 * edges against a graph into which those places are put as nodes; a real city.
 */
#include "road_town.h"

#define GRAPHS      100000u
#define WORK_BYTES  (1u << 20)
#define CITY_ROUNDS 100u /* sources, and as many targets each */

static tq_arena work;

/* Weights are a whole number a decimetre, so that parts of an edge add up without rounding. */
typedef struct test_rates {
    int32_t *arc_ds;
    int32_t *rate; /* [arc], -1 = closed */
} test_rates;

static void random_town(test_town *town, tq_random *random, test_rates *rates)
{
    uint32_t nodes = 2 + tq_random_below(random, tq_random_below(random, 8) == 0 ? 40 : 11);
    uint32_t edges = 1 + tq_random_below(random, 2 * nodes), shape = tq_random_below(random, 4);
    uint32_t zeros = tq_random_below(random, 4), closed = tq_random_below(random, 3);
    town_begin(town);
    uint32_t attr = town_attr(town, TQ_RESIDENTIAL, TQ_ACCESS_CAR, TQ_ACCESS_CAR, 30);
    for (uint32_t node = 0; node < nodes; node++)
        (void)town_node(town, 0, 0);
    for (uint32_t edge = 0; edge < edges; edge++) {
        uint32_t a = tq_random_below(random, nodes), b = tq_random_below(random, nodes);
        if (shape == 1 && edge + 1 < nodes) { /* a tree first */
            a = edge + 1;
            b = tq_random_below(random, edge + 1);
        } else if (shape == 2) { /* a ring with chords */
            a = edge % nodes;
            if (edge < nodes) b = (a + 1) % nodes;
        }
        uint32_t length_dm =
            zeros == 0 && tq_random_below(random, 4) == 0 ? 0 : 1 + tq_random_below(random, 50);
        (void)town_edge(town, a, b, attr, 0, 0, length_dm);
    }
    town_finish(town, TOWN_NO_GRID);
    rates->arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)edges);
    rates->rate = TQ_ALLOC(int32_t, 2 * (size_t)edges);
    for (uint32_t arc = 0; arc < 2 * edges; arc++) {
        bool shut = tq_random_below(random, 4) < closed;
        rates->rate[arc] = shut ? -1 : (int32_t)tq_random_below(random, zeros == 1 ? 2 : 20);
        rates->arc_ds[arc] =
            shut ? TQ_ROAD_INF : rates->rate[arc] * (int32_t)town->length_dm.at[arc >> 1];
    }
}

static void check_nodes(const test_town *town, const tq_metric *metric, const test_rates *rates,
                        test_oracle *oracle, const uint32_t *head, uint64_t seed)
{
    const tq_streets *streets = &town->city->streets;
    const uint32_t *vertex_of_node = town->city->hierarchy[TQ_HIERARCHY_MOTOR].vertex_of_node;
    for (uint32_t from = 0; from < streets->node_count; from++) {
        oracle_run(oracle, streets->first_out, streets->out_arc, head, rates->arc_ds, from);
        for (uint32_t to = 0; to < streets->node_count; to++) {
            int64_t want = oracle->ds[to] < 0 ? TQ_ROAD_INF : oracle->ds[to];
            if (from != to || vertex_of_node[from] != TQ_NONE) {
                int64_t have = tq_road_node_time(town->city, metric, from, to, &work);
                if (have != want)
                    fail_msg("seed %llu: %u to %u takes %lld, not %lld", (unsigned long long)seed,
                             from, to, (long long)have, (long long)want);
            }
        }
    }
}

/* ---- places inside edges: the oracle cuts the edges and puts nodes there
 * ---------------------------- */

typedef struct cut_graph {
    uint32_t node_count, arc_count;
    uint32_t tail[512], head[512], first_out[64], out_arc[512];
    int32_t arc_ds[512];
} cut_graph;

static void cut_add(cut_graph *graph, uint32_t tail, uint32_t head, int32_t rate,
                    uint32_t length_dm)
{
    if (rate < 0) return;
    assert_true(graph->arc_count < TQ_COUNT(graph->tail));
    graph->tail[graph->arc_count] = tail;
    graph->head[graph->arc_count] = head;
    graph->arc_ds[graph->arc_count++] = rate * (int32_t)length_dm;
}

/* Node of a place: an old one at an edge's end, else the new one given. */
static uint32_t cut_node(const tq_streets *streets, const tq_snap *snap, uint32_t fresh)
{
    if (snap->along_dm == 0) return streets->edge_from[snap->edge];
    if (snap->along_dm == streets->edge_length_dm[snap->edge]) return streets->edge_to[snap->edge];
    return fresh;
}

static int64_t cut_time(const test_town *town, const test_rates *rates, const tq_snap *from,
                        const tq_snap *to, test_oracle *oracle)
{
    const tq_streets *streets = &town->city->streets;
    static cut_graph graph;
    memset(&graph, 0, sizeof graph);
    graph.node_count = streets->node_count + 2;
    uint32_t start = cut_node(streets, from, streets->node_count);
    uint32_t goal = cut_node(streets, to, streets->node_count + 1);
    if (from->edge == to->edge && from->along_dm == to->along_dm) goal = start;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        uint32_t node[4] = {streets->edge_from[edge]}, at[4] = {0}, count = 1;
        const tq_snap *first = from->along_dm <= to->along_dm ? from : to,
                      *second = first == from ? to : from;
        for (int k = 0; k < 2; k++) {
            const tq_snap *snap = k == 0 ? first : second;
            uint32_t place = snap == from ? start : goal;
            if (snap->edge != edge || place < streets->node_count || place == node[count - 1])
                continue;
            node[count] = place;
            at[count++] = snap->along_dm;
        }
        node[count] = streets->edge_to[edge];
        at[count++] = streets->edge_length_dm[edge];
        for (uint32_t k = 0; k + 1 < count; k++) {
            cut_add(&graph, node[k], node[k + 1], rates->rate[2 * edge], at[k + 1] - at[k]);
            cut_add(&graph, node[k + 1], node[k], rates->rate[2 * edge + 1], at[k + 1] - at[k]);
        }
    }
    uint32_t filled = 0;
    for (uint32_t node = 0; node < graph.node_count; node++) {
        graph.first_out[node] = filled;
        for (uint32_t arc = 0; arc < graph.arc_count; arc++)
            if (graph.tail[arc] == node) graph.out_arc[filled++] = arc;
    }
    graph.first_out[graph.node_count] = filled;
    oracle_run(oracle, graph.first_out, graph.out_arc, graph.head, graph.arc_ds, start);
    return oracle->ds[goal];
}

static void check_places(const test_town *town, const tq_metric *metric, const test_rates *rates,
                         test_oracle *oracle, tq_random *random, uint64_t seed)
{
    const tq_streets *streets = &town->city->streets;
    tq_snap snap[2] = {0};
    for (int k = 0; k < 2; k++) {
        uint32_t edge = tq_random_below(random, streets->edge_count);
        if (k == 1 && tq_random_below(random, 3) == 0) edge = snap[0].edge;
        if (rates->rate[2 * edge] < 0 && rates->rate[2 * edge + 1] < 0) return;
        snap[k].edge = edge;
        snap[k].along_dm = tq_random_below(random, streets->edge_length_dm[edge] + 1);
    }
    /* Both nodes of an edge without length are one place to the engine and two to the oracle. */
    if (streets->edge_length_dm[snap[0].edge] == 0 || streets->edge_length_dm[snap[1].edge] == 0)
        return;
    int64_t want = cut_time(town, rates, &snap[0], &snap[1], oracle), have = -1;
    tq_err err = {0};
    tq_way way = {0};
    tq_arena_reset(&work, 0);
    tq_status status = tq_road_time(town->city, metric, &snap[0], &snap[1], &work, &have, &err);
    if (status != (want < 0 ? TQ_NO_ROUTE : TQ_OK) || have != want)
        fail_msg("seed %llu: place %u+%u to %u+%u takes %lld, not %lld: %s",
                 (unsigned long long)seed, snap[0].edge, snap[0].along_dm, snap[1].edge,
                 snap[1].along_dm, (long long)have, (long long)want, err.text);
    assert_int_equal(tq_road_way(town->city, metric, &snap[0], &snap[1], &work, &way, &err),
                     status);
    if (want >= 0) {
        assert_int_equal(way.time_ds, want);
        check_way(town->city, rates->arc_ds, &snap[0], &snap[1], &way);
    }
}

static void hierarchy_equals_dijkstra(void **state)
{
    (void)state;
    uint32_t done = 0;
    for (uint64_t seed = 1; seed <= GRAPHS; seed++, done++) {
        tq_random random = {seed};
        static test_town town;
        test_rates rates = {0};
        random_town(&town, &random, &rates);
        tq_metric *metric = NULL;
        test_oracle oracle;
        tq_err err = {0};
        tq_arena_reset(&work, 0);
        assert_int_equal(
            tq_metric_make_from(town.city, TQ_HIERARCHY_MOTOR, rates.arc_ds, &metric, &err), TQ_OK);
        uint32_t *head = town_heads(&town.city->streets);
        oracle_begin(&oracle, town.city->streets.node_count);
        check_nodes(&town, metric, &rates, &oracle, head, seed);
        oracle_end(&oracle);
        oracle_begin(&oracle, town.city->streets.node_count + 2);
        for (int k = 0; k < 4; k++)
            check_places(&town, metric, &rates, &oracle, &random, seed);
        oracle_end(&oracle);
        tq_free(head);
        tq_metric_free(metric);
        tq_free(rates.arc_ds);
        tq_free(rates.rate);
        town_end(&town);
    }
    assert_int_equal(done, GRAPHS);
    print_message("%u random graphs, all pairs and 4 pairs of places each\n", done);
}

/* ---- a real city: pairs of int32 node numbers, from 1, one undirected edge each
 * ---------------------- */

static void city_equals_dijkstra(void **state)
{
    (void)state;
    const char *data = tq_env_var("TQ_SHARED_DATA"), *ci = tq_env_var("CI");
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, data != NULL ? data : "../shared/data",
                             "roadgraph/osm_amsterdam.gr.bin"));
    char *bytes = NULL;
    size_t len = 0;
    tq_err err = {0};
    if (tq_file_read(path, 64u << 20, &bytes, &len, &err) != TQ_OK) {
        print_message("no %s\n", path);
        assert_true(ci == NULL || strcmp(ci, "true") != 0);
        skip();
    }
    static test_town town;
    town_begin(&town);
    uint32_t attr = town_attr(&town, TQ_RESIDENTIAL, TQ_ACCESS_CAR, TQ_ACCESS_CAR, 30);
    tq_random random = {20251122};
    for (size_t at = 0; at + 8 <= len; at += 8) {
        int32_t ends[2];
        memcpy(ends, bytes + at, sizeof ends);
        while (town.node.count < (size_t)TQ_MAX(ends[0], ends[1]))
            (void)town_node(&town, 0, 0);
        (void)town_edge(&town, (uint32_t)ends[0] - 1, (uint32_t)ends[1] - 1, attr, 0, 0,
                        50 + tq_random_below(&random, 3000));
    }
    tq_free(bytes);
    town_finish(&town, TOWN_NO_GRID);
    const tq_streets *streets = &town.city->streets;
    int32_t *arc_ds = TQ_ALLOC(int32_t, 2 * (size_t)streets->edge_count);
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++)
        arc_ds[arc] =
            tq_random_below(&random, 60) == 0
                ? TQ_ROAD_INF
                : (int32_t)(streets->edge_length_dm[arc >> 1] * (1 + tq_random_below(&random, 3)));
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make_from(town.city, TQ_HIERARCHY_MOTOR, arc_ds, &metric, &err),
                     TQ_OK);
    uint32_t *head = town_heads(streets), pairs = 0, reached = 0;
    test_oracle oracle;
    oracle_begin(&oracle, streets->node_count);
    for (uint32_t k = 0; k < CITY_ROUNDS; k++) {
        uint32_t from = tq_random_below(&random, streets->node_count);
        oracle_run(&oracle, streets->first_out, streets->out_arc, head, arc_ds, from);
        for (uint32_t l = 0; l < CITY_ROUNDS; l++, pairs++) {
            uint32_t to = tq_random_below(&random, streets->node_count);
            int64_t want = oracle.ds[to] < 0 ? TQ_ROAD_INF : oracle.ds[to];
            tq_arena_reset(&work, 0);
            assert_int_equal(tq_road_node_time(town.city, metric, from, to, &work), want);
            if (want == TQ_ROAD_INF) continue;
            reached++;
            /* The way between the nodes, each at the begin of an edge that leaves it. */
            tq_snap snap[2] = {0};
            for (int s = 0; s < 2; s++) {
                uint32_t node = s == 0 ? from : to,
                         arc = streets->out_arc[streets->first_out[node]];
                snap[s].edge = arc >> 1;
                snap[s].along_dm = arc & 1 ? streets->edge_length_dm[arc >> 1] : 0;
            }
            tq_way way = {0};
            assert_int_equal(tq_road_way(town.city, metric, &snap[0], &snap[1], &work, &way, &err),
                             TQ_OK);
            assert_int_equal(way.time_ds, want);
            if (from != to) check_way(town.city, arc_ds, &snap[0], &snap[1], &way);
        }
    }
    assert_int_equal(pairs, 10000);
    assert_true(reached > 1000);
    print_message("%u pairs of a city of %u nodes, %u of them joined\n", pairs, streets->node_count,
                  reached);
    oracle_end(&oracle);
    tq_free(head);
    tq_free(arc_ds);
    tq_metric_free(metric);
    town_end(&town);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[WORK_BYTES];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(hierarchy_equals_dijkstra),
                                       cmocka_unit_test(city_equals_dijkstra)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
