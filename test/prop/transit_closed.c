// also: import
/*
 * Streets closed to walkers, on random towns of a few blocks with contracted walking cores: the
 * search against the oracle over the open streets alone. In small towns every answer is exact; in
 * wide ones, where a way round may be longer than what is looked at, no answer is better than the
 * truth.
 */
#include "import/import.h"

#include "transit_checks.h"

#define SIDE  7u
#define NODES (SIDE * SIDE)
#define EDGES (2u * SIDE * (SIDE - 1))

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 600u
#else
#define SEEDS 5000u
#endif

static uint32_t edge_from[EDGES], edge_to[EDGES], edge_dm[EDGES], edge_count;
static uint32_t first_out[NODES + 1], out_arc[2 * EDGES], zeros[EDGES + 1];
static tq_point node_at[NODES];
static tq_street_attr attr = {
    .access = {TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR, TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR}};
static uint32_t seed_now;

static int report(void **state)
{
    (void)state;
    print_message("last seed %u\n", seed_now);
    return 0;
}

static void add_edge(small_city *s, tq_random *random, uint32_t a, uint32_t b, uint32_t scale)
{
    if (pick(random, 8) == 0) return;
    edge_from[edge_count] = a;
    edge_to[edge_count] = b;
    edge_dm[edge_count] = 10 + pick(random, scale);
    small_walk_arc(s, a, b, edge_dm[edge_count++]);
}

/* Blocks with most of their sides; a few stops and lines. */
static void make_town(small_city *s, tq_random *random, uint32_t scale)
{
    small_begin(s);
    s->city.zone.from_s = s->zone_from_s;
    s->city.zone.offset_s = s->zone_offset_s;
    s->core_count = NODES;
    edge_count = 0;
    for (uint32_t node = 0; node < NODES; node++) {
        uint32_t x = node % SIDE, y = node / SIDE;
        node_at[node] = (tq_point){(int32_t)y * 1000, (int32_t)x * 1000};
        if (x + 1 < SIDE) add_edge(s, random, node, node + 1, scale);
        if (y + 1 < SIDE) add_edge(s, random, node, node + SIDE, scale);
    }
    for (uint32_t n = 4 + pick(random, 4); n > 0; n--) {
        uint32_t node = pick(random, NODES);
        small_stop(s, node_at[node].lat_e7, node_at[node].lon_e7, TQ_NONE, node,
                   pick(random, 2) ? 0 : pick(random, 100));
    }
    make_lines(s, random, tq_service_day_ms(&s->city.zone, DAY));
    small_end(s);
    for (uint32_t node = 0, count = 0; node < NODES; node++) {
        first_out[node] = count;
        for (uint32_t edge = 0; edge < edge_count; edge++) {
            if (edge_from[edge] == node) out_arc[count++] = 2 * edge;
            if (edge_to[edge] == node) out_arc[count++] = 2 * edge + 1;
        }
        first_out[node + 1] = count;
    }
    s->city.streets = (tq_streets){.node_count = NODES,
                                   .edge_count = edge_count,
                                   .attr_count = 1,
                                   .node_at = node_at,
                                   .first_out = first_out,
                                   .out_arc = out_arc,
                                   .edge_from = edge_from,
                                   .edge_to = edge_to,
                                   .edge_length_dm = edge_dm,
                                   .edge_attr = zeros,
                                   .edge_date = zeros,
                                   .attr = &attr};
}

/* Some edges, ascending; the oracle keeps the others only. */
static uint32_t close_streets(small_city *s, tq_random *random, uint32_t *closed)
{
    uint32_t count = 0, most = 1 + pick(random, 12);
    s->arc_count = 0;
    for (uint32_t edge = 0; edge < edge_count; edge++) {
        if (pick(random, edge_count) < most)
            closed[count++] = edge;
        else
            small_walk_arc(s, edge_from[edge], edge_to[edge], edge_dm[edge]);
    }
    return count;
}

static void check_town(uint32_t seed, uint32_t scale, uint32_t *changed)
{
    static tq_build build;
    tq_random random = {.state = seed * UINT64_C(6151) + 3};
    tq_day *day;
    tq_ground *ground;
    tq_transit_query query;
    tq_journeys found;
    uint32_t closed[EDGES];
    int32_t open_s[TQ_BOARDINGS_MAX + 1], arrival_s[TQ_BOARDINGS_MAX + 1];
    seed_now = seed;
    make_town(&small, &random, scale);
    memset(&build, 0, sizeof build);
    build.city = small.city;
    build.report = tq_report_new();
    assert_int_equal(import_walks(&build, NULL), TQ_OK);
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        small.city.walk[kind] = build.city.walk[kind];
    tq_access from = {pick(&random, NODES), TQ_NONE, pick(&random, 50)};
    tq_access to = {pick(&random, NODES), TQ_NONE, pick(&random, 50)};
    tq_transit_query_default(&query);
    query.from = &from;
    query.to = &to;
    query.from_count = query.to_count = 1;
    query.walk = pick(&random, 2) ? TQ_WALK_ANY : TQ_WALK_STEP_FREE;
    query.walk_mm_s = 500 + pick(&random, 1500);
    query.max_walk_dm = pick(&random, 3) ? TQ_NONE : 200 + pick(&random, 3 * scale);
    query.horizon_s = 40 * 3600;
    query.time_s = 5 * 3600 + (int32_t)pick(&random, 6 * 3600);
    oracle_begin(&truth, &small, tq_overlay_none(), DAY);
    oracle_changes(&truth, &query);
    oracle_forward(&truth, &query, query.time_s, query.time_s + query.horizon_s, open_s);
    uint32_t count = close_streets(&small, &random, closed);
    oracle_begin(&truth, &small, tq_overlay_none(), DAY);
    oracle_changes(&truth, &query);
    /* Walks inside the streets that the core has left out are the caller's to know. */
    int64_t direct_dm = truth.node_dm[from.node][to.node] + from.walk_dm + to.walk_dm;
    query.direct_walk_dm = direct_dm < ORACLE_FAR ? (uint32_t)direct_dm : TQ_NONE;
    assert_int_equal(tq_day_make(&small.city, tq_overlay_none(), DAY, &day, NULL), TQ_OK);
    assert_int_equal(tq_ground_make(&small.city, closed, count, &ground, NULL), TQ_OK);
    query.ground = ground;
    tq_arena_init(&work, memory, sizeof memory);
    if (scale <= 150) {
        check_forward(&truth, day, &query);
        tq_transit_query back = query;
        back.time_s = 14 * 3600;
        tq_arena_reset(&work, 0);
        check_backward(&truth, day, &back);
    }
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_search(&small.city, day, &query, &work, &found, NULL), TQ_OK);
    oracle_forward(&truth, &query, query.time_s, query.time_s + query.horizon_s, arrival_s);
    for (uint32_t k = 0; k < found.count; k++) {
        assert_true(found.journey[k].arrival_s >= arrival_s[found.journey[k].boardings]);
        check_journey(&truth, &query, &found.journey[k]);
    }
    *changed += memcmp(open_s, arrival_s, (query.max_boardings + 1) * sizeof *open_s) != 0;
    tq_ground_free(ground);
    tq_day_free(day);
    tq_report_free(build.report);
    tq_pool_free(&build.pool);
}

static void small_towns_are_exact(void **state)
{
    (void)state;
    uint32_t changed = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++)
        check_town(seed, 150, &changed);
    print_message("%u answers changed by closed streets\n", changed);
    assert_true(changed > SEEDS / 10);
}

static void wide_towns_are_never_better(void **state)
{
    (void)state;
    uint32_t changed = 0;
    for (uint32_t seed = 0; seed < SEEDS / 2; seed++)
        check_town(seed + 500000, 4000, &changed);
    assert_true(changed > SEEDS / 20);
}

static void same_streets_share_a_ground(void **state)
{
    (void)state;
    tq_random random = {.state = 5};
    static tq_build build;
    make_town(&small, &random, 150);
    build.city = small.city;
    build.report = tq_report_new();
    assert_int_equal(import_walks(&build, NULL), TQ_OK);
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        small.city.walk[kind] = build.city.walk[kind];
    tq_days *days;
    const tq_ground *first, *again, *other;
    tq_err err = {0};
    assert_int_equal(tq_days_open(&small.city, &days, NULL), TQ_OK);
    assert_int_equal(tq_days_ground(days, (const uint32_t[]){1, 2}, 2, &first, NULL), TQ_OK);
    assert_int_equal(tq_days_ground(days, (const uint32_t[]){1, 2}, 2, &again, NULL), TQ_OK);
    assert_ptr_equal(first, again);
    for (uint32_t edge = 3; edge < 43; edge++) {
        assert_int_equal(tq_days_ground(days, &edge, 1, &other, NULL), TQ_OK);
        tq_days_ground_put(days, other);
    }
    assert_int_equal(tq_days_ground(days, &edge_count, 1, &other, &err), TQ_BAD_INPUT);
    tq_days_ground_put(days, first);
    tq_days_ground_put(days, again);
    tq_days_ground_put(days, NULL);
    tq_days_close(days);
    tq_report_free(build.report);
    tq_pool_free(&build.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(small_towns_are_exact, report),
        cmocka_unit_test_teardown(wide_towns_are_never_better, report),
        cmocka_unit_test(same_streets_share_a_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
