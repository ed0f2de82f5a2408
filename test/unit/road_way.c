// also: import
/*
 * Small street maps with the way that is right: oneway, one edge, dead ends, islands, nodes, dates;
 * lines of ways; bad weights and little scratch.
 */
#include "road_town.h"

#define LAT0 378000000
#define LON0 1125000000

static tq_arena work;

/* ---- profiles -------------------------------------------------------------------------------- */

static void profile_names(void **state)
{
    (void)state;
    tq_profile profile = TQ_PROFILE_COUNT;
    for (uint32_t k = 0; k < TQ_PROFILE_COUNT; k++) {
        assert_true(tq_profile_parse(tq_profile_name((tq_profile)k), &profile));
        assert_int_equal(profile, k);
    }
    assert_true(tq_profile_parse("driving", &profile) && profile == TQ_PROFILE_CAR);
    assert_true(tq_profile_parse("walking", &profile) && profile == TQ_PROFILE_FOOT);
    assert_true(tq_profile_parse("cycling", &profile) && profile == TQ_PROFILE_BIKE);
    assert_false(tq_profile_parse("car ", &profile));
    assert_false(tq_profile_parse("", &profile));
    assert_false(tq_profile_parse(NULL, &profile));
    assert_int_equal(profile, TQ_PROFILE_BIKE);
}

/* ---- ways ------------------------------------------------------------------------------------ */

/*
 *   3 --- 2      4 --- 5        a block with oneway 0 > 1, a dead end 2-6, an island 4-5, and a
 *   |     |                     footbridge 1-7 that opens later; all edges 100 m
 *   0 >>> 1 === 7
 */
enum { E01, E12, E23, E30, E26, E45, E17 };

static void block(test_town *town)
{
    static const int32_t at[8][2] = {{0, 0}, {0, 1}, {1, 1}, {1, 0},
                                     {1, 3}, {1, 4}, {2, 1}, {0, 2}};
    town_begin(town);
    for (uint32_t k = 0; k < 8; k++)
        (void)town_node(town, LAT0 + at[k][0] * 8993, LON0 + at[k][1] * 11381); /* 100 m apart */
    uint32_t both = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 36);
    uint32_t oneway = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TQ_ACCESS_FOOT, 36);
    uint32_t later = town_date(town, TQ_OPEN, 1000, 2000),
             planned = town_date(town, TQ_PLANNED, 0, 5000);
    uint32_t south = town_name(town, "South"), east = town_name(town, "East");
    (void)planned;
    (void)town_edge(town, 0, 1, oneway, south, 0, 1000);
    (void)town_edge(town, 1, 2, both, east, 0, 1000);
    (void)town_edge(town, 2, 3, both, 0, 0, 1000);
    (void)town_edge(town, 3, 0, both, 0, 0, 1000);
    (void)town_edge(town, 2, 6, both, 0, 0, 1000);
    (void)town_edge(town, 4, 5, both, 0, 0, 1000);
    (void)town_edge(town, 1, 7, both, 0, later, 1000);
    town_finish(town, TOWN_GRID);
}

static void one_way(const test_town *town, const tq_metric *metric, uint32_t from_edge,
                    uint32_t from_dm, uint32_t to_edge, uint32_t to_dm, int64_t want_ds,
                    const char *want_arcs)
{
    tq_snap from = {.edge = from_edge, .along_dm = from_dm, .directions = 3},
            to = {.edge = to_edge, .along_dm = to_dm, .directions = 3};
    tq_way way = {0};
    tq_err err = {0};
    int64_t ds = -1;
    tq_arena_reset(&work, 0);
    tq_status status = tq_road_time(town->city, metric, &from, &to, &work, &ds, &err);
    assert_int_equal(status, want_ds < 0 ? TQ_NO_ROUTE : TQ_OK);
    assert_int_equal(ds, want_ds);
    assert_int_equal(tq_road_way(town->city, metric, &from, &to, &work, &way, &err), status);
    if (want_ds < 0) return;
    char arcs[128] = "";
    for (uint32_t k = 0; k < way.arc_count; k++)
        (void)snprintf(arcs + strlen(arcs), sizeof arcs - strlen(arcs), "%s%u%s", k > 0 ? " " : "",
                       way.arc[k] >> 1, way.arc[k] & 1 ? "-" : "+");
    assert_string_equal(arcs, want_arcs);
    assert_int_equal(way.time_ds, want_ds);
}

/* 100 m take 167 ds, every turn but a U-turn 5. */
static tq_metric *even_metric(const test_town *town, uint32_t parts)
{
    const tq_hierarchy *hierarchy = &town->city->hierarchy[TQ_HIERARCHY_MOTOR];
    int32_t arc_ds[14], turn_ds[64] = {0};
    assert_true(hierarchy->link_count <= TQ_COUNT(turn_ds));
    for (uint32_t arc = 0; arc < 14; arc++)
        arc_ds[arc] = arc == 1 || arc >= 12 ? TQ_ROAD_INF : 167;
    for (uint32_t link = 0; link < hierarchy->link_count; link++)
        turn_ds[link] = hierarchy->link[link].flags & TQ_LINK_U_TURN ? 100 : 5;
    tq_metric *metric = NULL;
    tq_err err = {0};
    if (tq_metric_make_from(town->city, TQ_HIERARCHY_MOTOR, NULL, arc_ds, turn_ds, parts, 1,
                            &metric, &err) != TQ_OK)
        fail_msg("%s", err.text);
    return metric;
}

static void ways_of_a_block(void **state)
{
    (void)state;
    static const uint32_t parts[] = {0, TQ_METRIC_PRUNED, TQ_METRIC_PRUNED | TQ_METRIC_WAYS,
                                     TQ_METRIC_ALL};
    test_town town;
    block(&town);
    for (size_t k = 0; k < TQ_COUNT(parts); k++) {
        tq_metric *metric = even_metric(&town, parts[k]);
        one_way(&town, metric, E01, 100, E01, 900, 133, "0+"); /* along the oneway */
        one_way(&town, metric, E01, 900, E01, 100, 17 + 3 * 167 + 17 + 4 * 5,
                "0+ 1+ 2+ 3+ 0+"); /* against it: round */
        one_way(&town, metric, E12, 900, E12, 100, 133, "1-");
        one_way(&town, metric, E12, 500, E12, 500, 0, "1+");
        one_way(&town, metric, E30, 500, E12, 500, 83 + 167 + 84 + 10, "3+ 0+ 1+");
        one_way(&town, metric, E12, 500, E30, 500, 83 + 167 + 84 + 10, "1+ 2+ 3+");
        one_way(&town, metric, E26, 1000, E26, 0, 167, "4-"); /* out of a dead end */
        one_way(&town, metric, E12, 500, E12, 400, 16, "1-"); /* the other direction */
        one_way(&town, metric, E12, 0, E01, 1000, 0, "1+");   /* both are node 1 */
        one_way(&town, metric, E01, 0, E30, 0, 167, "3-");  /* at a node any street may be taken */
        one_way(&town, metric, E12, 500, E45, 500, -1, ""); /* an island */
        one_way(&town, metric, E45, 100, E45, 200, 16, "5+"); /* inside the island */
        one_way(&town, metric, E12, 500, E17, 500, -1, "");   /* closed */
        tq_metric_free(metric);
    }
    town_end(&town);
}

static void dates(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    static const struct {
        int64_t at_ms;
        bool open;
    } row[] = {{0, false}, {999, false}, {1000, true}, {1999, true}, {2000, false}};
    tq_err err = {0};
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        tq_metric *metric = NULL;
        assert_int_equal(tq_metric_make(town.city, tq_road_vehicle(town.city, TQ_PROFILE_FOOT),
                                        row[k].at_ms, NULL, TQ_METRIC_ALL, 1, &metric, &err),
                         TQ_OK);
        assert_int_equal(tq_metric_arc_ds(metric, 2 * E17) < TQ_ROAD_INF, row[k].open);
        tq_metric_free(metric);
    }
    town_end(&town);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void lines(void **state)
{
    (void)state;
    test_town town;
    town_begin(&town);
    uint32_t a = town_node(&town, LAT0, LON0), b = town_node(&town, LAT0 + 8993, LON0 + 8993);
    uint32_t attr = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
    (void)town_edge(&town, a, b, attr, 0, 0, TQ_NONE);
    town_bend(&town, LAT0, LON0 + 8993); /* east, then north */
    town_finish(&town, TOWN_NO_GRID);
    uint32_t whole = town.length_dm.at[0],
             east_dm = tq_distance_dm(town.node.at[0], town.point.at[0]);
    const uint32_t along[] = {0}, against[] = {1};
    tq_way way = {.arc = along, .arc_count = 1, .first_from_dm = 0, .last_to_dm = whole};
    uint32_t points = 0;
    const int32_t *line = tq_way_line(town.city, &way, &work, &points);
    assert_int_equal(points, 3);
    assert_int_equal(line[3], LON0 + 8993);
    way.first_from_dm = east_dm / 2;
    way.last_to_dm = east_dm / 2 + 10;
    line = tq_way_line(town.city, &way, &work, &points);
    assert_int_equal(points, 2);
    assert_in_range(line[1], LON0 + 4496 - 120, LON0 + 4496 + 120);
    way.arc = against;
    way.first_from_dm = whole - east_dm - 20;
    way.last_to_dm = whole;
    line = tq_way_line(town.city, &way, &work, &points);
    assert_int_equal(points, 3); /* just north of the corner, the corner, the begin */
    assert_int_equal(line[2], LAT0);
    assert_int_equal(line[5], LON0);
    way.first_from_dm = way.last_to_dm = 30;
    line = tq_way_line(town.city, &way, &work, &points);
    assert_int_equal(points, 2);
    assert_int_equal(line[0], line[2]);
    tq_arena small;
    uint8_t little[64];
    tq_arena_init(&small, little, 16);
    assert_null(tq_way_line(town.city, &way, &small, &points));
    town_end(&town);
}

/* ---- bad input ------------------------------------------------------------------------------- */

static void bad_input(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    tq_metric *metric = even_metric(&town, TQ_METRIC_ALL);
    tq_err err = {0};
    assert_true(tq_metric_bytes(metric) > 14 * sizeof(int32_t));
    assert_int_equal(tq_metric_parts(metric), TQ_METRIC_ALL);
    tq_snap from = {.edge = E23, .along_dm = 500, .directions = 3},
            to = {.edge = E26, .along_dm = 500, .directions = 3},
            off = {.edge = 7, .directions = 3},
            past = {.edge = E23, .along_dm = 1001, .directions = 3};
    int64_t ds = 0;
    assert_int_equal(tq_road_time(town.city, metric, &from, &off, &work, &ds, &err), TQ_BAD_INPUT);
    assert_int_equal(tq_road_time(town.city, metric, &past, &from, &work, &ds, &err), TQ_BAD_INPUT);
    uint8_t little[16];
    tq_arena small;
    tq_arena_init(&small, little, sizeof little);
    tq_way way;
    assert_int_equal(tq_road_way(town.city, metric, &from, &to, &small, &way, &err), TQ_NO_MEMORY);
    assert_non_null(strstr(err.text, "scratch"));
    tq_metric_free(metric);
    tq_metric_free(NULL);
    town_end(&town);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[1 << 20];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(profile_names),
                                       cmocka_unit_test(ways_of_a_block), cmocka_unit_test(dates),
                                       cmocka_unit_test(lines), cmocka_unit_test(bad_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
