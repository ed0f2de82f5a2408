/*
 * Places on streets, and isochrones of small random towns against times of single queries: street
 * places within a limit lie inside its rings, others outside; rings are simple and nested; lengths
 * are those of places asked one by one.
 */
// also: import
#include "road/road_in.h"

#include "../road_town.h"

#define WORK_BYTES (16u << 20)
#define SIDE       5u
#define STEP_E7    20000 /* about 200 m */

static uint8_t memory[WORK_BYTES];
static tq_arena work;

/* ---- a random town --------------------------------------------------------------------------- */

typedef struct random_town {
    test_town town;
    tq_metric *metric;
    int32_t *arc_ds, *turn_ds;
} random_town;

static void make_town(random_town *made, uint32_t seed)
{
    tq_random random = {seed};
    test_town *town = &made->town;
    town_begin(town);
    uint32_t attr = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
    for (uint32_t k = 0; k < SIDE * SIDE; k++)
        (void)town_node(
            town, 380000000 + (int32_t)(k / SIDE * STEP_E7 + tq_random_below(&random, 6000)),
            1120000000 + (int32_t)(k % SIDE * STEP_E7 + tq_random_below(&random, 6000)));
    for (uint32_t k = 0; k < SIDE * SIDE; k++) {
        if (k % SIDE + 1 < SIDE && tq_random_below(&random, 8) > 0)
            (void)town_edge(town, k, k + 1, attr, 0, 0, TQ_NONE);
        if (k / SIDE + 1 < SIDE && tq_random_below(&random, 8) > 0) {
            tq_point a = town->node.at[k], b = town->node.at[k + SIDE];
            (void)town_edge(town, k, k + SIDE, attr, 0, 0, TQ_NONE);
            if (tq_random_below(&random, 3) == 0)
                town_bend(town, a.lat_e7 / 2 + b.lat_e7 / 2,
                          a.lon_e7 + (int32_t)tq_random_below(&random, 8000));
        }
    }
    town_finish(town, TOWN_GRID);
    const tq_hierarchy *hierarchy = &town->city->hierarchy[TQ_HIERARCHY_MOTOR];
    uint32_t arcs = 2 * town->city->streets.edge_count;
    made->arc_ds = TQ_ALLOC(int32_t, arcs);
    made->turn_ds = TQ_ALLOC(int32_t, hierarchy->link_count);
    for (uint32_t arc = 0; arc < arcs; arc++)
        made->arc_ds[arc] = tq_random_below(&random, 8) == 0
                                ? TQ_ROAD_INF
                                : 50 + (int32_t)tq_random_below(&random, 300);
    for (uint32_t link = 0; link < hierarchy->link_count; link++)
        made->turn_ds[link] =
            tq_random_below(&random, 10) == 0 ? TQ_ROAD_INF : (int32_t)tq_random_below(&random, 60);
    tq_err err = {0};
    assert_int_equal(tq_metric_make_from(town->city, TQ_HIERARCHY_MOTOR, NULL, made->arc_ds,
                                         made->turn_ds, TQ_METRIC_PRUNED | TQ_METRIC_MAIN, 1,
                                         &made->metric, &err),
                     TQ_OK);
}

static void end_town(random_town *made)
{
    tq_metric_free(made->metric);
    tq_free(made->arc_ds);
    tq_free(made->turn_ds);
    town_end(&made->town);
}

/* ---- rings by slow means --------------------------------------------------------------------- */

static tq_point ring_point(const tq_isochrone *area, const tq_ring *ring, uint32_t k)
{
    const int32_t *at = area->lat_lon + 2 * (size_t)(ring->first_point + k);
    return (tq_point){at[0], at[1]};
}

/* > 0: c lies to the left of a-b. */
static int64_t side_of(tq_point a, tq_point b, tq_point c)
{
    return ((int64_t)b.lon_e7 - a.lon_e7) * ((int64_t)c.lat_e7 - a.lat_e7) -
           ((int64_t)b.lat_e7 - a.lat_e7) * ((int64_t)c.lon_e7 - a.lon_e7);
}

static bool between(tq_point a, tq_point b, tq_point c)
{
    return TQ_MIN(a.lat_e7, b.lat_e7) <= c.lat_e7 && c.lat_e7 <= TQ_MAX(a.lat_e7, b.lat_e7) &&
           TQ_MIN(a.lon_e7, b.lon_e7) <= c.lon_e7 && c.lon_e7 <= TQ_MAX(a.lon_e7, b.lon_e7);
}

static bool on_piece(tq_point a, tq_point b, tq_point c)
{
    return side_of(a, b, c) == 0 && between(a, b, c);
}

/* Inside the area of a limit, or on its edge. */
static bool covers(const tq_isochrone *area, uint32_t limit, tq_point at)
{
    bool in = false;
    for (uint32_t r = 0; r < area->ring_count; r++) {
        const tq_ring *ring = &area->ring[r];
        for (uint32_t k = 0; ring->limit == limit && k + 1 < ring->point_count; k++) {
            tq_point a = ring_point(area, ring, k), b = ring_point(area, ring, k + 1);
            if (on_piece(a, b, at)) return true;
            if ((a.lat_e7 > at.lat_e7) == (b.lat_e7 > at.lat_e7)) continue;
            bool left = side_of(a, b, at) > 0;
            in ^= left == (b.lat_e7 > a.lat_e7);
        }
    }
    return in;
}

static bool meet(tq_point a, tq_point b, tq_point c, tq_point d)
{
    if (on_piece(a, b, c) || on_piece(a, b, d) || on_piece(c, d, a) || on_piece(c, d, b))
        return true;
    return (side_of(a, b, c) > 0) != (side_of(a, b, d) > 0) &&
           (side_of(c, d, a) > 0) != (side_of(c, d, b) > 0);
}

static void check_ring(const tq_isochrone *area, const tq_ring *ring, uint32_t seed)
{
    uint32_t pieces = ring->point_count - 1;
    tq_point first = ring_point(area, ring, 0), last = ring_point(area, ring, pieces);
    assert_true(ring->point_count >= 4);
    assert_true(first.lat_e7 == last.lat_e7 && first.lon_e7 == last.lon_e7);
    int64_t twice = 0;
    for (uint32_t k = 0; k < pieces; k++) {
        tq_point a = ring_point(area, ring, k), b = ring_point(area, ring, k + 1);
        twice += side_of(first, a, b);
        for (uint32_t other = k + 2; other < pieces; other++) {
            if (k == 0 && other + 1 == pieces) continue; /* they share the first point */
            if (meet(a, b, ring_point(area, ring, other), ring_point(area, ring, other + 1)))
                fail_msg("seed %u: pieces %u and %u of a ring meet", seed, k, other);
        }
    }
    assert_true(ring->hole ? twice < 0 : twice > 0);
}

static void check_rings(const tq_isochrone *area, const tq_isochrone_wish *wish, uint32_t seed)
{
    const tq_ring *outer = NULL;
    for (uint32_t r = 0; r < area->ring_count; r++) {
        const tq_ring *ring = &area->ring[r];
        check_ring(area, ring, seed);
        if (!ring->hole) outer = ring;
        assert_non_null(outer);
        assert_int_equal(outer->limit, ring->limit);
        for (uint32_t k = 0; ring->limit + 1 < wish->limit_count && k < ring->point_count; k++)
            if (!covers(area, ring->limit + 1, ring_point(area, ring, k)))
                fail_msg("seed %u: the area of limit %u leaves that of the next", seed,
                         ring->limit);
    }
}

/* ---- isochrones ------------------------------------------------------------------------------ */

#define SPOTS 40u
typedef struct spot {
    tq_point at;
    int64_t ds;
} spot;

static tq_point place_on(const tq_streets *streets, uint32_t edge, uint32_t along_dm)
{
    tq_point a = streets->node_at[streets->edge_from[edge]];
    for (uint32_t k = streets->edge_first_point[edge]; k <= streets->edge_first_point[edge + 1];
         k++) {
        tq_point b = k < streets->edge_first_point[edge + 1]
                         ? streets->point[k]
                         : streets->node_at[streets->edge_to[edge]];
        uint32_t piece_dm = tq_distance_dm(a, b);
        if (along_dm <= piece_dm) return tq_between(a, b, along_dm, piece_dm);
        along_dm -= piece_dm;
        a = b;
    }
    return a;
}

/* Times of SPOTS places of every edge, each by a query of its own. */
static spot *ask_spots(const random_town *made, const tq_snap *place, tq_sweep sweep)
{
    const tq_streets *streets = &made->town.city->streets;
    spot *spots = TQ_ALLOC(spot, (size_t)streets->edge_count * SPOTS);
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        for (uint32_t k = 0; k < SPOTS; k++) {
            uint32_t along_dm =
                (uint32_t)((uint64_t)streets->edge_length_dm[edge] * k / (SPOTS - 1));
            spot *one = &spots[edge * SPOTS + k];
            one->at = place_on(streets, edge, along_dm);
            one->ds = TQ_ROAD_INF;
            tq_snap there = {.edge = edge, .along_dm = along_dm, .at = one->at, .directions = 3};
            if (road_open_directions(made->metric, edge) == 0) continue;
            tq_arena_reset(&work, 0);
            const tq_snap *from = sweep == TQ_SWEEP_FROM ? place : &there;
            const tq_snap *to = sweep == TQ_SWEEP_FROM ? &there : place;
            int64_t ds = 0;
            if (tq_road_time(made->town.city, made->metric, from, to, &work, &ds, NULL) == TQ_OK)
                one->ds = ds;
        }
    }
    return spots;
}

static void check_spots(const tq_isochrone *area, const tq_isochrone_wish *wish, const spot *spots,
                        uint32_t count, uint32_t seed)
{
    for (uint32_t limit = 0; limit < wish->limit_count; limit++) {
        for (uint32_t k = 0; k < count; k++) {
            bool in = covers(area, limit, spots[k].at);
            if (spots[k].ds + 1 <= wish->limit_ds[limit] && !in)
                fail_msg("seed %u: a place %lld ds away is outside of limit %d", seed,
                         (long long)spots[k].ds, wish->limit_ds[limit]);
            if (!in || spots[k].ds <= wish->limit_ds[limit]) continue;
            uint32_t nearest_dm = UINT32_MAX;
            for (uint32_t other = 0; other < count; other++)
                if (spots[other].ds <= wish->limit_ds[limit])
                    nearest_dm = TQ_MIN(nearest_dm, tq_distance_dm(spots[k].at, spots[other].at));
            if (nearest_dm > 30 * wish->cell_m + 100)
                fail_msg("seed %u: a place %u dm from all within limit %d is inside", seed,
                         nearest_dm, wish->limit_ds[limit]);
        }
    }
}

static void check_lengths(const random_town *made, const tq_isochrone *area,
                          const tq_isochrone_wish *wish, const spot *spots)
{
    const tq_streets *streets = &made->town.city->streets;
    for (uint32_t limit = 0; limit < wish->limit_count; limit++) {
        double metres = 0, whole = 0;
        uint32_t entered = 0, touched = 0; /* a place at a node is reached over any street there */
        for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
            uint32_t within = 0, inner = 0;
            for (uint32_t k = 0; k < SPOTS; k++) {
                bool in = spots[edge * SPOTS + k].ds <= wish->limit_ds[limit];
                within += in;
                inner += in && k > 0 && k + 1 < SPOTS;
            }
            double length_m = streets->edge_length_dm[edge] / 10.0;
            metres += length_m * within / SPOTS;
            whole += within > 0 ? length_m : 0;
            entered += inner > 0;
            touched += within > 0;
        }
        /* Each edge that is reached in part is off by two steps of sampling at most. */
        assert_true((double)area->reached_m[limit] <= metres + 2 * whole / (SPOTS - 1) + 1);
        assert_true((double)area->reached_m[limit] >= metres - 2 * whole / (SPOTS - 1) - 1);
        assert_in_range(area->reached_edges[limit], entered, touched);
    }
}

static void isochrones_hold_what_is_reached(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 25; seed++) {
        random_town made;
        make_town(&made, seed);
        tq_random random = {seed * 977};
        const tq_streets *streets = &made.town.city->streets;
        tq_snap place = {.edge = tq_random_below(&random, streets->edge_count), .directions = 3};
        place.along_dm = tq_random_below(&random, streets->edge_length_dm[place.edge] + 1);
        place.at = place_on(streets, place.edge, place.along_dm);
        const tq_isochrone_wish wish = {.limit_count = 3,
                                        .limit_ds = {150, 400, 900},
                                        .sweep = seed % 2 ? TQ_SWEEP_FROM : TQ_SWEEP_TO,
                                        .cell_m = 10 + 10 * (seed % 4)};
        tq_arena_init(&work, memory, sizeof memory);
        if (road_open_directions(made.metric, place.edge) != 0) {
            spot *spots = ask_spots(&made, &place, wish.sweep);
            tq_isochrone area;
            tq_err err = {0};
            tq_arena_reset(&work, 0);
            assert_int_equal(
                tq_road_isochrone(made.town.city, made.metric, &place, &wish, &work, &area, &err),
                TQ_OK);
            check_rings(&area, &wish, seed);
            check_spots(&area, &wish, spots, streets->edge_count * SPOTS, seed);
            check_lengths(&made, &area, &wish, spots);
            tq_free(spots);
        }
        end_town(&made);
    }
}

static void isochrone_limits_are_named(void **state)
{
    (void)state;
    random_town made;
    make_town(&made, 3);
    const tq_city *city = made.town.city;
    tq_snap place = {.edge = 0, .at = city->streets.node_at[0], .directions = 3};
    tq_isochrone area = {.ring_count = 77};
    tq_err err;
    tq_isochrone_wish wish = {.limit_count = 0, .limit_ds = {600, 600}};
    tq_arena_init(&work, memory, sizeof memory);
    assert_int_equal(tq_road_isochrone(city, made.metric, &place, &wish, &work, &area, &err),
                     TQ_LIMIT);
    wish.limit_count = 2;
    assert_int_equal(tq_road_isochrone(city, made.metric, &place, &wish, &work, &area, &err),
                     TQ_BAD_INPUT);
    wish.limit_count = 1;
    wish.cell_m = 4;
    assert_int_equal(tq_road_isochrone(city, made.metric, &place, &wish, &work, &area, &err),
                     TQ_BAD_INPUT);
    wish.cell_m = 5;
    tq_arena_init(&work, memory, 20000);
    assert_int_equal(tq_road_isochrone(city, made.metric, &place, &wish, &work, &area, &err),
                     TQ_NO_MEMORY);
    tq_arena_init(&work, memory, sizeof memory);
    place.edge = city->streets.edge_count;
    assert_int_equal(tq_road_isochrone(city, made.metric, &place, &wish, &work, &area, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(area.ring_count, 77);
    end_town(&made);
}

/* ---- snaps ----------------------------------------------------------------------------------- */

/* A street to the east, one to the north that is open northward only, an island far off. */
static void places_follow_the_wish(void **state)
{
    (void)state;
    random_town made = {0};
    test_town *town = &made.town;
    town_begin(town);
    uint32_t both = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
    uint32_t node[5];
    node[0] = town_node(town, 380000000, 1120000000);
    node[1] = town_node(town, 380000000, 1120050000);
    node[2] = town_node(town, 380050000, 1120000000);
    node[3] = town_node(town, 380200000, 1120000000);
    node[4] = town_node(town, 380200000, 1120005000);
    (void)town_edge(town, node[0], node[1], both, 0, 0, TQ_NONE);
    (void)town_edge(town, node[0], node[2], both, 0, 0, TQ_NONE);
    (void)town_edge(town, node[3], node[4], both, 0, 0, TQ_NONE);
    town_finish(town, TOWN_GRID);
    int32_t arc_ds[6] = {100, 100, 100, TQ_ROAD_INF, 100, 100};
    made.turn_ds = TQ_ALLOC(int32_t, town->city->hierarchy[0].link_count + 1);
    tq_err err = {0};
    assert_int_equal(tq_metric_make_from(town->city, TQ_HIERARCHY_MOTOR, NULL, arc_ds, made.turn_ds,
                                         TQ_METRIC_MAIN, 1, &made.metric, &err),
                     TQ_OK);
    static const struct {
        int32_t lat_e7, lon_e7;
        tq_snap_wish wish;
        tq_status status;
        uint32_t count, edge, directions;
    } cases[] = {
        {380002000, 1120010000, {.limit = 8, .bearing = -1}, TQ_OK, 2, 0, 3},
        {380002000, 1120010000, {.limit = 1, .bearing = -1}, TQ_OK, 1, 0, 3},
        {380002000, 1120010000, {.limit = 8, .bearing = 90, .range = 20}, TQ_OK, 1, 0, 1},
        {380002000, 1120010000, {.limit = 8, .bearing = 270, .range = 20}, TQ_OK, 1, 0, 2},
        {380002000, 1120010000, {.limit = 8, .bearing = 10, .range = 20}, TQ_OK, 1, 1, 1},
        {380002000, 1120010000, {.limit = 8, .bearing = 180, .range = 20}, TQ_NOT_FOUND, 0, 0, 0},
        {380002000, 1120010000, {.limit = 8, .bearing = 0, .range = 180}, TQ_OK, 2, 0, 3},
        {380198000, 1120001000, {.limit = 1, .bearing = -1}, TQ_OK, 1, 2, 3},
        {380002000, 1120010000, {.limit = 8, .radius_m = 10, .bearing = -1}, TQ_NOT_FOUND, 0, 0, 0},
        {380350000, 1120001000, {.limit = 1, .bearing = -1}, TQ_NOT_FOUND, 0, 0, 0},
        {380350000, 1120001000, {.limit = 1, .radius_m = 2000, .bearing = -1}, TQ_OK, 1, 2, 3},
        {380350000, 1120001000, {.limit = 3, .radius_m = 5000, .bearing = -1}, TQ_OK, 3, 2, 3},
        {380350000, 1120001000, {.limit = 1, .radius_m = 5001, .bearing = -1}, TQ_LIMIT, 0, 0, 0},
        {380350000, 1120001000, {.limit = 1, .bearing = 361}, TQ_BAD_INPUT, 0, 0, 0},
        {910000000, 1120001000, {.limit = 1, .bearing = -1}, TQ_BAD_INPUT, 0, 0, 0},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_snap snap[8];
        uint32_t count = 0;
        tq_status status =
            tq_road_snap(town->city, made.metric, (tq_point){cases[k].lat_e7, cases[k].lon_e7},
                         &cases[k].wish, snap, &count, &err);
        if (status != cases[k].status || count != cases[k].count)
            fail_msg("case %zu: status %d, %u places", k, (int)status, count);
        if (count == 0) continue;
        if (snap[0].edge != cases[k].edge || snap[0].directions != cases[k].directions)
            fail_msg("case %zu: edge %u, directions %u", k, snap[0].edge, snap[0].directions);
        for (uint32_t at = 1; at < count; at++)
            assert_true(snap[at - 1].distance_dm <= snap[at].distance_dm);
    }
    end_town(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isochrones_hold_what_is_reached),
        cmocka_unit_test(isochrone_limits_are_named),
        cmocka_unit_test(places_follow_the_wish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
