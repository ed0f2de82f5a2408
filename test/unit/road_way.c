// also: import
/*
 * Small street maps with the way that is right: weights of each profile, oneway, one edge, dead
 * ends, islands, dates, snapping, and the cache of metrics.
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

static void weights(void **state)
{
    (void)state;
    test_town town;
    town_begin(&town);
    uint32_t a = town_node(&town, LAT0, LON0), b = town_node(&town, LAT0 + 1000, LON0);
    enum { CAR, OWN, FOOT, STEPS, FERRY, BUSLANE, COBBLE, SLOW, ROWS };
    uint32_t attr[ROWS];
    attr[CAR] = town_attr(&town, TQ_PRIMARY, TOWN_ACCESS_ALL, TQ_ACCESS_FOOT, 60);
    attr[OWN] = town_attr(&town, TQ_SERVICE, TQ_ACCESS_CAR, TQ_ACCESS_CAR, 20);
    town.attr.at[attr[OWN]].flags = TQ_STREET_DESTINATION;
    attr[FOOT] = town_attr(&town, TQ_FOOTWAY, TQ_ACCESS_FOOT | TQ_ACCESS_BIKE, TQ_ACCESS_FOOT, 5);
    attr[STEPS] = town_attr(&town, TQ_STEPS, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 5);
    attr[FERRY] = town_attr(&town, TQ_FERRY, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 10);
    attr[BUSLANE] = town_attr(&town, TQ_PRIMARY, TQ_ACCESS_TAXI | TQ_ACCESS_BUS, TQ_ACCESS_BUS, 60);
    attr[COBBLE] = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
    town.attr.at[attr[COBBLE]].surface = TQ_SURFACE_COBBLE;
    attr[SLOW] = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 1);
    for (uint32_t row = 0; row < ROWS; row++)
        (void)town_edge(&town, a, b, attr[row], 0, 0, 10000);
    town_finish(&town, TOWN_NO_GRID);
    const int32_t inf = TQ_ROAD_INF;
    /* 1 km; deciseconds along and against: foot, elder, wheelchair, bike, car, taxi. */
    const int32_t want[ROWS][TQ_PROFILE_COUNT][2] = {
        [CAR] = {{8000, 8000}, {11111, 11111}, {11111, inf}, {2400, inf}, {923, inf}, {923, inf}},
        [OWN] = {{inf, inf}, {inf, inf}, {inf, inf}, {inf, inf}, {12000, 12000}, {12000, 12000}},
        [FOOT] = {{8000, 8000}, {11111, 11111}, {inf, inf}, {4000, inf}, {inf, inf}, {inf, inf}},
        [STEPS] = {{16000, 16000}, {inf, inf}, {inf, inf}, {23998, 23998}, {0, 0}, {0, 0}},
        [FERRY] =
            {{3600, 3600}, {3600, 3600}, {3600, 3600}, {3600, 3600}, {3600, 3600}, {3600, 3600}},
        [BUSLANE] = {{inf, inf}, {inf, inf}, {inf, inf}, {inf, inf}, {inf, inf}, {923, inf}},
        [COBBLE] = {{8000, 8000},
                    {11111, 11111},
                    {11111, 11111},
                    {3692, 3692},
                    {2000, 2000},
                    {2000, 2000}},
        [SLOW] = {{8000, 8000},
                  {11111, 11111},
                  {11111, 11111},
                  {2400, 2400},
                  {60000, 60000},
                  {60000, 60000}},
    };
    for (uint32_t row = 0; row < ROWS; row++) {
        for (uint32_t profile = 0; profile < TQ_PROFILE_COUNT; profile++) {
            for (uint32_t against = 0; against < 2; against++) {
                int32_t have =
                    tq_road_weight(town.city, (tq_profile)profile, 2 * row + against, 10000);
                int32_t expect = want[row][profile][against];
                if (expect != 0 && (have < expect - 3 || have > expect + 3))
                    fail_msg("row %u %s %u: %d, not %d", row, tq_profile_name((tq_profile)profile),
                             against, have, expect);
            }
        }
    }
    assert_int_equal(tq_road_weight(town.city, TQ_PROFILE_CAR, 0, 0), 0);
    assert_int_equal(tq_road_weight(town.city, TQ_PROFILE_CAR, 0, 1), 1);
    town.attr.at[attr[CAR]].wheelchair = 3;
    assert_int_equal(tq_road_weight(town.city, TQ_PROFILE_WHEELCHAIR, 0, 10), TQ_ROAD_INF);
    town.meta.walk_mm_s[1] = 500;
    town.meta.bike_mm_s = 2000;
    assert_int_equal(tq_road_weight(town.city, TQ_PROFILE_ELDER, 0, 1000), 2000);
    assert_int_equal(tq_road_weight(town.city, TQ_PROFILE_BIKE, 0, 1000), 500);
    town_end(&town);
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
    tq_snap from = {.edge = from_edge, .along_dm = from_dm},
            to = {.edge = to_edge, .along_dm = to_dm};
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

static void ways_of_a_block(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make(town.city, TQ_PROFILE_CAR, 0, &metric, NULL), TQ_OK);
    /* 36 km/h at 60 % is 6 m/s: 166.7 ds for 100 m */
    one_way(&town, metric, E01, 100, E01, 900, 134, "0+"); /* along the oneway */
    one_way(&town, metric, E01, 900, E01, 100, 17 + 3 * 167 + 17,
            "0+ 1+ 2+ 3+ 0+"); /* against it: round */
    one_way(&town, metric, E12, 900, E12, 100, 134, "1-");
    one_way(&town, metric, E12, 500, E12, 500, 0, "1+");
    one_way(&town, metric, E30, 500, E12, 500, 84 + 167 + 84, "3+ 0+ 1+");
    one_way(&town, metric, E12, 500, E30, 500, 84 + 167 + 84, "1+ 2+ 3+");
    one_way(&town, metric, E26, 1000, E26, 0, 167, "4-"); /* out of a dead end */
    one_way(&town, metric, E12, 0, E01, 1000, 0, "1+");   /* both are node 1 */
    one_way(&town, metric, E01, 0, E30, 0, 167, "3-");    /* at a node any street may be taken */
    one_way(&town, metric, E12, 500, E45, 500, -1, "");   /* an island */
    one_way(&town, metric, E45, 100, E45, 200, 17, "5+"); /* inside the island */
    one_way(&town, metric, E12, 500, E17, 500, -1, "");   /* not open yet */
    tq_metric_free(metric);
    town_end(&town);
}

static void dates(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    static const struct {
        int64_t at_ms;
        uint32_t epoch;
        bool open;
    } row[] = {
        {INT64_MIN, 0, false}, {999, 0, false}, {1000, 1, true}, {1999, 1, true}, {2000, 2, false}};
    tq_roads *roads = NULL;
    tq_err err = {0};
    assert_int_equal(tq_roads_open(town.city, &roads, &err), TQ_OK);
    const tq_metric *seen[3] = {0};
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        const tq_metric *metric = NULL;
        assert_int_equal(tq_road_epoch(town.city, row[k].at_ms), row[k].epoch);
        assert_int_equal(tq_roads_get(roads, TQ_PROFILE_FOOT, row[k].at_ms, &metric, &err), TQ_OK);
        if (seen[row[k].epoch] != NULL) assert_ptr_equal(metric, seen[row[k].epoch]);
        seen[row[k].epoch] = metric;
        int32_t ds = tq_road_node_time(town.city, metric, 0, 7, &work);
        assert_int_equal(ds, row[k].open ? 1600 : TQ_ROAD_INF);
        tq_snap snap;
        uint32_t count = 0;
        tq_point bridge = {LAT0, LON0 + 3 * 11381 / 2};
        assert_int_equal(
            tq_road_snap(town.city, TQ_PROFILE_FOOT, row[k].at_ms, bridge, 1, &snap, &count, &err),
            TQ_OK);
        assert_int_equal(snap.edge == E17, row[k].open);
        tq_roads_put(roads, metric);
    }
    tq_roads_close(roads);
    town_end(&town);
}

/* ---- snapping -------------------------------------------------------------------------------- */

static void snapping(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    tq_snap snap[TQ_SNAPS_MAX];
    uint32_t count = 0;
    tq_err err = {0};
    tq_point near_south = {LAT0 - 899, LON0 + 11381 / 4}; /* 10 m south of a quarter of edge 0 */
    assert_int_equal(
        tq_road_snap(town.city, TQ_PROFILE_CAR, 0, near_south, TQ_SNAPS_MAX, snap, &count, &err),
        TQ_OK);
    assert_int_equal(count, 6); /* the seventh is closed */
    assert_int_equal(snap[0].edge, E01);
    assert_in_range(snap[0].distance_dm, 99, 101);
    assert_in_range(snap[0].along_dm, 248, 252);
    assert_in_range(snap[0].at.lat_e7, LAT0 - 2, LAT0 + 2);
    for (uint32_t k = 1; k < count; k++) {
        assert_true(
            snap[k - 1].distance_dm < snap[k].distance_dm ||
            (snap[k - 1].distance_dm == snap[k].distance_dm && snap[k - 1].edge < snap[k].edge));
    }
    tq_point corner = {LAT0 - 900, LON0 - 900}, sea = {LAT0 - 900000, LON0},
             nowhere = {950000000, 0};
    assert_int_equal(tq_road_snap(town.city, TQ_PROFILE_CAR, 0, corner, 1, snap, &count, &err),
                     TQ_OK);
    assert_int_equal(snap[0].edge, E01); /* two streets end there: the lower number */
    assert_int_equal(snap[0].along_dm, 0);
    count = 99;
    assert_int_equal(tq_road_snap(town.city, TQ_PROFILE_CAR, 0, sea, 1, snap, &count, &err),
                     TQ_NOT_FOUND);
    assert_non_null(strstr(err.text, "500 m"));
    assert_int_equal(count, 99);
    assert_int_equal(tq_road_snap(town.city, TQ_PROFILE_CAR, 0, nowhere, 1, snap, &count, &err),
                     TQ_BAD_INPUT);
    tq_point south_490 = {LAT0 - 44000, LON0}, south_510 = {LAT0 - 46000, LON0};
    assert_int_equal(tq_road_snap(town.city, TQ_PROFILE_CAR, 0, south_490, 1, snap, &count, &err),
                     TQ_OK);
    assert_int_equal(tq_road_snap(town.city, TQ_PROFILE_CAR, 0, south_510, 1, snap, &count, &err),
                     TQ_NOT_FOUND);
    town_end(&town);
    test_town empty;
    town_begin(&empty);
    town_finish(&empty, TOWN_NO_GRID);
    assert_int_equal(tq_road_snap(empty.city, TQ_PROFILE_CAR, 0, corner, 1, snap, &count, &err),
                     TQ_NOT_FOUND);
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make(empty.city, TQ_PROFILE_CAR, 0, &metric, &err), TQ_OK);
    tq_metric_free(metric);
    town_end(&empty);
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

/* ---- metrics --------------------------------------------------------------------------------- */

static void bad_weights(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    int32_t arc_ds[14];
    for (size_t k = 0; k < 14; k++)
        arc_ds[k] = INT32_MAX;
    arc_ds[5] = -1;
    tq_metric *metric = NULL;
    tq_err err = {0};
    assert_int_equal(tq_metric_make_from(town.city, TQ_HIERARCHY_MOTOR, arc_ds, &metric, &err),
                     TQ_BAD_INPUT);
    assert_null(metric);
    arc_ds[5] = 7; /* INT32_MAX counts as closed */
    assert_int_equal(tq_metric_make_from(town.city, TQ_HIERARCHY_MOTOR, arc_ds, &metric, &err),
                     TQ_OK);
    assert_true(tq_metric_bytes(metric) > 14 * sizeof(int32_t));
    assert_int_equal(tq_road_node_time(town.city, metric, 3, 2, &work), 7);
    assert_int_equal(tq_road_node_time(town.city, metric, 2, 3, &work), TQ_ROAD_INF);
    tq_snap from = {.edge = E23, .along_dm = 500}, off = {.edge = 7},
            past = {.edge = E23, .along_dm = 1001};
    int64_t ds = 0;
    assert_int_equal(tq_road_time(town.city, metric, &from, &off, &work, &ds, &err), TQ_BAD_INPUT);
    assert_int_equal(tq_road_time(town.city, metric, &past, &from, &work, &ds, &err), TQ_BAD_INPUT);
    uint8_t little[16];
    tq_arena small;
    tq_arena_init(&small, little, sizeof little);
    tq_way way;
    assert_int_equal(tq_road_time(town.city, metric, &from, &from, &small, &ds, &err),
                     TQ_NO_MEMORY);
    assert_int_equal(tq_road_way(town.city, metric, &from, &from, &small, &way, &err),
                     TQ_NO_MEMORY);
    tq_metric_free(metric);
    tq_metric_free(NULL);
    town_end(&town);
}

/* More epochs than places: the oldest go, pinned ones stay, and no more than all can be pinned. */
static void cache_bounds(void **state)
{
    (void)state;
    enum { EPOCHS = 40, PLACES = 16 };
    test_town town;
    town_begin(&town);
    uint32_t a = town_node(&town, LAT0, LON0), b = town_node(&town, LAT0, LON0 + 9000);
    uint32_t attr = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
    for (int64_t k = 0; k < EPOCHS; k++)
        (void)town_edge(&town, a, b, attr, 0, town_date(&town, TQ_OPEN, k * 100, k * 100 + 100),
                        100 + (uint32_t)k);
    town_finish(&town, TOWN_NO_GRID);
    tq_roads *roads = NULL;
    tq_err err = {0};
    assert_int_equal(tq_roads_open(town.city, &roads, &err), TQ_OK);
    const tq_metric *pinned[PLACES] = {0}, *metric = NULL;
    assert_int_equal(tq_roads_get(roads, TQ_PROFILE_FOOT, 50, &pinned[0], &err), TQ_OK);
    for (int64_t k = 1; k < EPOCHS; k++) {
        assert_int_equal(tq_roads_get(roads, TQ_PROFILE_FOOT, k * 100 + 50, &metric, &err), TQ_OK);
        int32_t want =
            tq_road_weight(town.city, TQ_PROFILE_FOOT, (uint32_t)(2 * k), 100 + (uint32_t)k);
        assert_int_equal(tq_road_node_time(town.city, metric, a, b, &work), want);
        tq_roads_put(roads, metric);
    }
    assert_int_equal(tq_roads_get(roads, TQ_PROFILE_FOOT, 99, &metric, &err), TQ_OK);
    assert_ptr_equal(metric, pinned[0]);
    tq_roads_put(roads, metric);
    for (int64_t k = 1; k < PLACES; k++)
        assert_int_equal(tq_roads_get(roads, TQ_PROFILE_FOOT, k * 100, &pinned[k], &err), TQ_OK);
    assert_int_equal(tq_roads_get(roads, TQ_PROFILE_FOOT, 3900, &metric, &err), TQ_BUSY);
    tq_roads_put(roads, pinned[5]);
    assert_int_equal(tq_roads_get(roads, TQ_PROFILE_CAR, 3900, &pinned[5], &err), TQ_OK);
    assert_int_equal(tq_roads_get(roads, TQ_PROFILE_COUNT, 0, &metric, &err), TQ_BAD_INPUT);
    for (int k = 0; k < PLACES; k++)
        tq_roads_put(roads, pinned[k]);
    tq_roads_put(roads, NULL);
    tq_roads_close(roads);
    tq_roads_close(NULL);
    town_end(&town);
}

typedef struct crowd {
    tq_roads *roads;
    const tq_city *city;
    uint32_t wrong[8];
} crowd;

static void ask_often(void *user, uint32_t part)
{
    crowd *shared = user;
    uint8_t memory[4096];
    tq_arena own;
    tq_arena_init(&own, memory, sizeof memory);
    for (uint32_t k = 0; k < 300; k++) {
        const tq_metric *metric = NULL;
        tq_profile profile = (tq_profile)((k + part) % TQ_PROFILE_COUNT);
        int64_t at_ms = (k * 7 + part) % 5 * 500;
        if (tq_roads_get(shared->roads, profile, at_ms, &metric, NULL) != TQ_OK) {
            shared->wrong[part]++;
            continue;
        }
        bool open = at_ms >= 1000 && at_ms < 2000;
        if ((tq_road_node_time(shared->city, metric, 1, 7, &own) < TQ_ROAD_INF) != open)
            shared->wrong[part]++;
        tq_roads_put(shared->roads, metric);
    }
}

static void many_threads(void **state)
{
    (void)state;
    test_town town;
    block(&town);
    crowd shared = {.city = town.city};
    assert_int_equal(tq_roads_open(town.city, &shared.roads, NULL), TQ_OK);
    tq_parallel(4, 8, ask_often, &shared);
    for (int k = 0; k < 8; k++)
        assert_int_equal(shared.wrong[k], 0);
    tq_roads_close(shared.roads);
    town_end(&town);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[1 << 20];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile_names),   cmocka_unit_test(weights),
        cmocka_unit_test(ways_of_a_block), cmocka_unit_test(dates),
        cmocka_unit_test(snapping),        cmocka_unit_test(lines),
        cmocka_unit_test(bad_weights),     cmocka_unit_test(cache_bounds),
        cmocka_unit_test(many_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
