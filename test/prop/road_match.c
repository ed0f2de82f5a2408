/*
 * Map matching of generated traces: drives on Porto are found again, ways join, and traces with
 * gaps, stops, far points, repeated, disordered and missing times are taken apart as they should.
 */
// also: import
#include <stdlib.h>
#include <unistd.h>

#include "porto_city.h"
#include "road_town.h"
#include "road_trace.h"

#define WORK_BYTES (64u << 20)
#define POINTS_MAX 4000u
#define DRIVES     40u

static tq_arena way_work, work;
static uint8_t *memory, *way_memory;
static tq_trace_point trace[POINTS_MAX];

static void check_matching(const tq_city *city, const tq_matching *matching, uint32_t count)
{
    uint32_t matched = 0, placed = 0;
    for (uint32_t point = 0; point < count; point++)
        placed += matching->point[point].piece != TQ_NONE;
    for (uint32_t p = 0; p < matching->piece_count; p++) {
        const tq_matched_piece *piece = &matching->piece[p];
        uint32_t place = 0;
        assert_true(piece->first + piece->count <= count && piece->way_count > 0);
        assert_true(piece->confidence_percent <= 100);
        for (uint32_t k = piece->first; k < piece->first + piece->count; k++) {
            const tq_matched_point *point = &matching->point[k];
            if (point->piece != p) continue;
            assert_int_equal(point->place, place++);
            assert_true(point->snap.along_dm <= city->streets.edge_length_dm[point->snap.edge]);
            if (place > piece->way_count) continue;
            const tq_way *way = &piece->way[place - 1];
            assert_int_equal(way->arc[0] >> 1, point->snap.edge);
            for (uint32_t a = 1; a < way->arc_count; a++)
                assert_int_equal(tq_arc_tail(&city->streets, way->arc[a]),
                                 tq_arc_head(&city->streets, way->arc[a - 1]));
        }
        assert_int_equal(place, piece->way_count + 1);
        for (uint32_t w = 1; w < piece->way_count; w++) { /* each goes on where the last ended */
            const tq_way *last = &piece->way[w - 1], *way = &piece->way[w];
            assert_int_equal(last->arc[last->arc_count - 1], way->arc[0]);
            assert_int_equal(last->last_to_dm, way->first_from_dm);
        }
        matched += place;
    }
    assert_int_equal(matched, placed);
}

/* ---- Porto ----------------------------------------------------------------------------------- */

static bool snap_random(const tq_city *city, const tq_metric *metric, tq_random *random,
                        tq_snap *out)
{
    const tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    uint32_t count = 0;
    tq_point at = city->streets.node_at[tq_random_below(random, city->streets.node_count)];
    return tq_road_snap(city, metric, at, &wish, out, &count, NULL) == TQ_OK;
}

static void drive_porto(const tq_city *city, const tq_metric *metric, uint32_t interval_s,
                        double noise_m, double floor_percent)
{
    tq_random random = {interval_s * 100 + (uint32_t)noise_m};
    const tq_match_wish wish = {.split = true};
    uint8_t *mark = TQ_ALLOC(uint8_t, 2 * (size_t)city->streets.edge_count);
    trace_share share = {0};
    for (uint32_t drives = 0; drives < DRIVES;) {
        tq_snap from, to;
        tq_way way;
        tq_matching matching;
        tq_arena_reset(&way_work, 0);
        tq_arena_reset(&work, 0);
        if (!snap_random(city, metric, &random, &from) ||
            !snap_random(city, metric, &random, &to) ||
            tq_road_way(city, metric, &from, &to, &way_work, &way, NULL) != TQ_OK)
            continue;
        uint32_t count =
            trace_drive(city, metric, &way, interval_s, noise_m, &random, trace, POINTS_MAX);
        if (count < 10) continue;
        assert_int_equal(tq_road_match(city, metric, trace, count, &wish, &work, &matching, NULL),
                         TQ_OK);
        check_matching(city, &matching, count);
        trace_compare(city, &way, &matching, mark, &share);
        drives++;
    }
    tq_free(mark);
    double right = 100.0 * (double)share.right_dm / (double)share.way_dm;
    print_message("every %u s, noise %.0f m: %.2f %% of the way found, %.2f %% beside it\n",
                  interval_s, noise_m, right,
                  100.0 * (double)share.wrong_dm / (double)share.way_dm);
    assert_true(right >= floor_percent);
}

static void drives_are_found_again(void **state)
{
    (void)state;
    tq_city *city = NULL;
    tq_metric *metric = NULL;
    tq_err err = {0};
    if (porto_open(&city, &err) != TQ_OK) {
        const char *ci = tq_env_var("CI");
        if (ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s", err.text);
        skip();
    }
    assert_int_equal(tq_metric_make(city, tq_road_vehicle(city, TQ_PROFILE_CAR), 1748916000000,
                                    NULL, TQ_METRIC_PRUNED | TQ_METRIC_WAYS | TQ_METRIC_MAIN, 1,
                                    &metric, &err),
                     TQ_OK);
    drive_porto(city, metric, 1, 5, 98);
    drive_porto(city, metric, 5, 5, 98);
    drive_porto(city, metric, 5, 10, 96);
    drive_porto(city, metric, 30, 5, 95);
    tq_metric_free(metric);
    tq_city_close(city);
}

/* ---- a street by hand ------------------------------------------------------------------------ */

#define STREET_LAT 380000000
#define STREET_LON 1120000000
#define METRE_E7   114 /* of longitude there */

/* A street of 4 km to the east in edges of 200 m, and a far one not joined to it. */
static void make_street(test_town *town, tq_metric **metric)
{
    tq_err err = {0};
    town_begin(town);
    uint32_t both = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 50);
    uint32_t last = town_node(town, STREET_LAT, STREET_LON);
    for (int32_t k = 1; k <= 20; k++) {
        uint32_t next = town_node(town, STREET_LAT, STREET_LON + k * 200 * METRE_E7);
        (void)town_edge(town, last, next, both, 0, 0, TQ_NONE);
        last = next;
    }
    last = town_node(town, STREET_LAT + 20000, STREET_LON);
    uint32_t next = town_node(town, STREET_LAT + 20000, STREET_LON + 200 * METRE_E7);
    (void)town_edge(town, last, next, both, 0, 0, TQ_NONE);
    town_finish(town, TOWN_GRID);
    uint32_t arcs = 2 * town->city->streets.edge_count;
    int32_t *arc_ds = TQ_ALLOC(int32_t, arcs);
    int32_t *turn_ds = TQ_ALLOC(int32_t, town->city->hierarchy[0].link_count);
    for (uint32_t arc = 0; arc < arcs; arc++)
        arc_ds[arc] = 144;
    assert_int_equal(tq_metric_make_from(town->city, TQ_HIERARCHY_MOTOR, NULL, arc_ds, turn_ds,
                                         TQ_METRIC_PRUNED, 1, metric, &err),
                     TQ_OK);
    tq_free(arc_ds);
    tq_free(turn_ds);
}

/* One point: metres to the east, metres to the north, time; INT64_MIN has no time. */
typedef struct hand_point {
    int32_t east_m, north_m;
    int64_t at_s;
    uint32_t piece; /* that it must be of */
} hand_point;

#define DROP TQ_NONE
static const struct hand_case {
    const char *name;
    tq_match_wish wish;
    uint32_t count, pieces;
    hand_point point[8];
} hand_cases[] = {
    {"plain",
     {.split = true},
     4,
     1,
     {{10, 3, 0, 0}, {60, -3, 5, 0}, {110, 2, 10, 0}, {160, 0, 15, 0}}},
    {"gap",
     {.split = true},
     4,
     2,
     {{10, 3, 0, 0}, {60, -3, 5, 0}, {110, 2, 100, 1}, {160, 0, 105, 1}}},
    {"gap kept",
     {.split = false},
     4,
     1,
     {{10, 3, 0, 0}, {60, -3, 5, 0}, {110, 2, 100, 0}, {160, 0, 105, 0}}},
    {"longer gap wished",
     {.split = true, .gap_s = 90},
     4,
     1,
     {{10, 3, 0, 0}, {60, -3, 5, 0}, {110, 2, 95, 0}, {160, 0, 100, 0}}},
    {"stop",
     {.split = true},
     5,
     1,
     {{10, 3, 0, 0}, {60, -3, 5, 0}, {61, -2, 30, 0}, {60, -3, 60, 0}, {160, 0, 65, 0}}},
    {"stop, tidy",
     {.split = true, .tidy = true},
     5,
     1,
     {{10, 3, 0, 0}, {60, -3, 5, 0}, {61, -2, 30, DROP}, {60, -3, 60, DROP}, {160, 0, 65, 0}}},
    {"far point",
     {.split = true},
     4,
     1,
     {{10, 3, 0, 0}, {60, 900, 5, DROP}, {110, 2, 10, 0}, {160, 0, 15, 0}}},
    {"too fast there and back",
     {.split = true},
     4,
     1,
     {{10, 3, 0, 0}, {3500, 0, 5, DROP}, {110, 2, 10, 0}, {160, 0, 15, 0}}},
    {"too fast for good",
     {.split = true},
     7,
     2,
     {{10, 3, 0, 0},
      {60, 0, 5, 0},
      {3500, 0, 6, 1},
      {3550, 2, 11, 1},
      {3600, 0, 16, 1},
      {3650, 0, 21, 1},
      {3700, 0, 26, 1}}},
    {"too fast at the end",
     {.split = true},
     4,
     2,
     {{10, 3, 0, 0}, {60, 0, 5, 0}, {3500, 0, 6, 1}, {3550, 2, 11, 1}}},
    {"out of order",
     {.split = true},
     4,
     1,
     {{10, 3, 10, 0}, {60, 0, 15, 0}, {80, 0, 3, DROP}, {110, 2, 20, 0}}},
    {"clock set back",
     {.split = true},
     7,
     2,
     {{10, 3, 1000, 0},
      {60, 0, 1005, 0},
      {110, 0, 1, 1},
      {160, 0, 6, 1},
      {210, 2, 11, 1},
      {260, 0, 16, 1},
      {310, 0, 21, 1}}},
    {"no times",
     {.split = true},
     4,
     1,
     {{10, 3, TQ_NO_TIME, 0},
      {260, 0, TQ_NO_TIME, 0},
      {510, 2, TQ_NO_TIME, 0},
      {900, 2, TQ_NO_TIME, 0}}},
    {"twice the same",
     {.split = true},
     4,
     1,
     {{10, 3, 0, 0}, {10, 3, 0, 0}, {60, 0, 5, 0}, {60, 0, 5, 0}}},
    {"long steps", {.split = true}, 3, 1, {{10, 3, 0, 0}, {1210, 0, 55, 0}, {2410, 0, 110, 0}}},
    {"another street that is not joined",
     {.split = true},
     6,
     2,
     {{10, 3, 0, 0},
      {60, 0, 5, 0},
      {100, 222, 10, 1},
      {120, 222, 15, 1},
      {140, 222, 20, 1},
      {160, 222, 25, 1}}},
};

static void traces_are_taken_apart(void **state)
{
    (void)state;
    test_town town;
    tq_metric *metric = NULL;
    make_street(&town, &metric);
    for (size_t c = 0; c < TQ_COUNT(hand_cases); c++) {
        const struct hand_case *one = &hand_cases[c];
        for (uint32_t k = 0; k < one->count; k++)
            trace[k] = (tq_trace_point){.at = {STREET_LAT + one->point[k].north_m * 90,
                                               STREET_LON + one->point[k].east_m * METRE_E7},
                                        .at_s = one->point[k].at_s};
        tq_matching matching;
        tq_err err = {0};
        tq_arena_reset(&work, 0);
        if (tq_road_match(town.city, metric, trace, one->count, &one->wish, &work, &matching,
                          &err) != TQ_OK)
            fail_msg("%s: %s", one->name, err.text);
        check_matching(town.city, &matching, one->count);
        if (matching.piece_count != one->pieces)
            fail_msg("%s: %u pieces", one->name, matching.piece_count);
        for (uint32_t k = 0; k < one->count; k++)
            if (matching.point[k].piece != one->point[k].piece)
                fail_msg("%s: point %u is of piece %u", one->name, k, matching.point[k].piece);
    }
    tq_metric_free(metric);
    town_end(&town);
}

static void limits_are_named(void **state)
{
    (void)state;
    test_town town;
    tq_metric *metric = NULL;
    make_street(&town, &metric);
    const tq_match_wish wish = {.split = true};
    tq_matching matching = {.piece_count = 77};
    tq_err err;
    for (uint32_t k = 0; k < 4; k++)
        trace[k] = (tq_trace_point){{STREET_LAT, STREET_LON + (int32_t)k * 5000}, k * 5, 0};
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_road_match(town.city, metric, trace, 1, &wish, &work, &matching, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(
        tq_road_match(town.city, metric, trace, TQ_TRACE_MAX + 1, &wish, &work, &matching, &err),
        TQ_LIMIT);
    trace[2].at.lat_e7 = 900000001;
    assert_int_equal(tq_road_match(town.city, metric, trace, 4, &wish, &work, &matching, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(err.line, 3);
    trace[2].at.lat_e7 = STREET_LAT;
    trace[1].at_s = INT64_MAX;
    assert_int_equal(tq_road_match(town.city, metric, trace, 4, &wish, &work, &matching, &err),
                     TQ_BAD_INPUT);
    trace[1].at_s = 5;
    tq_arena small;
    for (size_t bytes = 0; bytes < 60000; bytes += 997) {
        tq_arena_init(&small, way_memory, bytes);
        tq_status status =
            tq_road_match(town.city, metric, trace, 4, &wish, &small, &matching, &err);
        assert_true(status == TQ_NO_MEMORY || (status == TQ_OK && bytes > 20000));
        if (status != TQ_OK) assert_int_equal(matching.piece_count, 77);
        matching.piece_count = 77;
    }
    tq_arena_init(&way_work, way_memory, WORK_BYTES / 4);
    for (uint32_t k = 0; k < 4; k++)
        trace[k].at.lat_e7 = STREET_LAT + 10000000;
    assert_int_equal(tq_road_match(town.city, metric, trace, 4, &wish, &work, &matching, &err),
                     TQ_NO_ROUTE);
    tq_metric_free(metric);
    town_end(&town);
}

int main(void)
{
    memory = TQ_ALLOC(uint8_t, WORK_BYTES);
    way_memory = TQ_ALLOC(uint8_t, WORK_BYTES / 4);
    tq_arena_init(&work, memory, WORK_BYTES);
    tq_arena_init(&way_work, way_memory, WORK_BYTES / 4);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traces_are_taken_apart),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(drives_are_found_again),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tq_free(memory);
    tq_free(way_memory);
    return failed;
}
