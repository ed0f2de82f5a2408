/* geo: datums, distances, projection, tiles and the grid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "geo/geo.h"

static const tq_point taiyuan = {378694400, 1125602800};

static void datums_come_back(void **state)
{
    (void)state;
    /* docs/design/taiyuan: GCJ-02 is 552 m off there, BD-09 1,345 m. */
    assert_in_range(tq_distance_dm(taiyuan, tq_from_wgs84(taiyuan, TQ_GCJ02)), 5470, 5570);
    assert_in_range(tq_distance_dm(taiyuan, tq_from_wgs84(taiyuan, TQ_BD09)), 13350, 13550);
    tq_random random = {1};
    for (unsigned k = 0; k < 20000; k++) {
        tq_point point = {(int32_t)(180000000 + tq_random_below(&random, 350000000)),
                          (int32_t)(750000000 + tq_random_below(&random, 600000000))};
        for (tq_datum datum = TQ_GCJ02; datum <= TQ_BD09; datum++) {
            tq_point back = tq_to_wgs84(tq_from_wgs84(point, datum), datum);
            if (tq_distance_dm(point, back) > 1)
                fail_msg("%d, %d by %s", point.lat_e7, point.lon_e7, tq_datum_name(datum));
        }
    }
    tq_point paris = {488566000, 23522000};
    assert_int_equal(tq_from_wgs84(paris, TQ_GCJ02).lat_e7, paris.lat_e7);
    tq_datum datum;
    assert_true(tq_datum_parse(TQ_STR("GCJ-02"), &datum) && datum == TQ_GCJ02);
    assert_true(tq_datum_parse(TQ_STR("wgs84"), &datum) && datum == TQ_WGS84);
    assert_false(tq_datum_parse(TQ_STR("nad27"), &datum));
}

static void distances_are_known_ones(void **state)
{
    (void)state;
    /* One degree of latitude on the mean sphere: 111,195.08 m. */
    assert_int_equal(tq_distance_dm((tq_point){0, 0}, (tq_point){10000000, 0}), 1111951);
    assert_int_equal(tq_distance_dm(taiyuan, taiyuan), 0);
    assert_int_equal(tq_bearing_deg((tq_point){0, 0}, (tq_point){10000000, 0}), 0);
    assert_int_equal(tq_bearing_deg((tq_point){0, 0}, (tq_point){0, 10000000}), 90);
    assert_int_equal(tq_bearing_deg((tq_point){0, 0}, (tq_point){0, -10000000}), 270);
    tq_foot foot = tq_project((tq_point){1000, 5000}, (tq_point){0, 0}, (tq_point){0, 10000});
    assert_int_equal(foot.at.lat_e7, 0);
    assert_in_range(foot.at.lon_e7, 4950, 5050);
    assert_int_equal(
        tq_project((tq_point){0, -5000}, (tq_point){0, 0}, (tq_point){0, 10000}).along_dm, 0);
}

static void tiles_hold_their_points(void **state)
{
    (void)state;
    tq_random random = {2};
    for (unsigned k = 0; k < 20000; k++) {
        tq_point point = {(int32_t)tq_random_below(&random, 1600000000) - 800000000,
                          (int32_t)(tq_random_u64(&random) % 3600000000u - 1800000000)};
        tq_tile tile = tq_tile_of(point, tq_random_below(&random, 20));
        int32_t x, y;
        assert_true(tq_tile_valid(tile));
        tq_tile_place(tile, point, 4096, &x, &y);
        if (x < 0 || x > 4096 || y < 0 || y > 4096) fail_msg("%d, %d", point.lat_e7, point.lon_e7);
        tq_box box = tq_tile_box(tile);
        box = tq_box_grow(box, 1);
        assert_true(tq_box_has(&box, point));
    }
    /* The tile of Taiyuan's centre as every web map numbers it. */
    tq_tile tile = tq_tile_of(taiyuan, 12);
    assert_int_equal(tile.x, 3328);
    assert_int_equal(tile.y, 1581);
}

static void grid_finds_what_a_scan_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        tq_random random = {seed};
        enum { MOST = 200 };
        uint32_t count = tq_random_below(&random, MOST);
        tq_box box[MOST];
        for (uint32_t k = 0; k < count; k++) {
            int32_t lat = (int32_t)tq_random_below(&random, 1000000),
                    lon = (int32_t)tq_random_below(&random, 1000000);
            box[k] = (tq_box){lat, lon, lat + (int32_t)tq_random_below(&random, 50000),
                              lon + (int32_t)tq_random_below(&random, 50000)};
        }
        tq_grid_data data;
        assert_int_equal(
            tq_grid_build(box, count, 100 + tq_random_below(&random, 900), &data, NULL), TQ_OK);
        for (unsigned ask = 0; ask < 50; ask++) {
            int32_t lat = (int32_t)tq_random_below(&random, 1200000) - 100000,
                    lon = (int32_t)tq_random_below(&random, 1200000) - 100000;
            tq_box want = {lat, lon, lat + 60000, lon + 60000};
            bool seen[MOST] = {false};
            tq_cells cells;
            if (tq_grid_cells(&data.grid, &want, &cells))
                for (uint32_t row = cells.row0; row <= cells.row1; row++)
                    for (uint32_t column = cells.column0; column <= cells.column1; column++) {
                        uint32_t cell = row * data.grid.columns + column;
                        for (uint32_t k = data.grid.first[cell]; k < data.grid.first[cell + 1]; k++)
                            seen[data.grid.item[k]] = true;
                    }
            for (uint32_t k = 0; k < count; k++) {
                bool touches = box[k].south_e7 <= want.north_e7 &&
                               box[k].north_e7 >= want.south_e7 && box[k].west_e7 <= want.east_e7 &&
                               box[k].east_e7 >= want.west_e7;
                if (touches && !seen[k]) fail_msg("seed %llu", (unsigned long long)seed);
            }
        }
        tq_grid_free(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datums_come_back),
        cmocka_unit_test(distances_are_known_ones),
        cmocka_unit_test(tiles_hold_their_points),
        cmocka_unit_test(grid_finds_what_a_scan_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
