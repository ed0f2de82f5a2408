// also: import
/* OSRM's route object over a small town: shape, numbers, names, turns, roundabout, places in
 * between, failures. */
#include <jansson.h>

#include "wire/wire.h"

#include "road_town.h"

#define LAT0 378000000
#define LON0 1125000000
#define DEG  9000 /* about 100 m north, 79 m east */

static tq_arena work;

/*
 *   row 2          4 --(Ring)-- 5      node 1 is a crossing of Main (0-1-2) and Side (1-3);
 *                  |            |      4-5-6-7 is a roundabout entered by Side at 4, left by Exit
 * at 6 to 8 row 1          3            6 -- 8 row 0   0 ---- 1 ---- 2
 */
static void town_of_names(test_town *town)
{
    town_begin(town);
    static const int32_t at[10][2] = {{0, 0}, {0, 1}, {0, 2}, {1, 1}, {2, 1},
                                      {2, 2}, {1, 2}, {9, 9}, {1, 3}, {9, 10}};
    for (uint32_t k = 0; k < 10; k++)
        (void)town_node(town, LAT0 + at[k][0] * DEG, LON0 + at[k][1] * DEG);
    uint32_t both = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 36);
    uint32_t ring = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TQ_ACCESS_FOOT, 36);
    town->attr.at[ring].flags = TQ_STREET_ROUNDABOUT;
    uint32_t main_street = town_name(town, "Main \"\\ 大街"), side = town_name(town, "Side"),
             out = town_name(town, "Exit");
    town->name.at[side].ref = town_text(town, "S1");
    (void)town_edge(town, 0, 1, both, main_street, 0, TQ_NONE);
    (void)town_edge(town, 1, 2, both, main_street, 0, TQ_NONE);
    (void)town_edge(town, 1, 3, both, side, 0, TQ_NONE);
    (void)town_edge(town, 3, 4, both, 0, 0, TQ_NONE);
    (void)town_edge(town, 4, 5, ring, 0, 0, TQ_NONE);
    (void)town_edge(town, 5, 6, ring, 0, 0, TQ_NONE);
    (void)town_edge(town, 6, 4, ring, 0, 0, TQ_NONE);
    (void)town_edge(town, 6, 8, both, out, 0, TQ_NONE);
    (void)town_edge(town, 7, 9, both, out, 0, TQ_NONE);
    town_finish(town, TOWN_GRID);
}

static json_t *ask(const test_town *town, const tq_point *point, uint32_t count,
                   const tq_route_options *options, tq_status want, tq_err *err)
{
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make(town->city, TQ_PROFILE_CAR, 0, &metric, err), TQ_OK);
    tq_buf out = {0};
    tq_buf_puts(&out, "x");
    tq_arena_reset(&work, 0);
    tq_status status = tq_route_json(town->city, metric, TQ_PROFILE_CAR, 0, point, count, options,
                                     &work, &out, err);
    if (status != want) fail_msg("%s: %s", tq_status_name(status), err->text);
    tq_metric_free(metric);
    json_t *root = NULL;
    if (status == TQ_OK) {
        json_error_t error;
        root = json_loadb(out.at + 1, out.len - 1, 0, &error);
        if (root == NULL) fail_msg("%s: %.*s", error.text, (int)out.len, out.at);
    } else {
        assert_int_equal(out.len, 1); /* nothing was written */
    }
    tq_buf_free(&out);
    return root;
}

static const json_t *at(const json_t *from, const char *path)
{
    char key[32];
    while (from != NULL && *path != 0) {
        size_t len = strcspn(path, "/");
        (void)snprintf(key, sizeof key, "%.*s", (int)len, path);
        path += len + (path[len] == '/');
        uint32_t place = 0;
        from = tq_parse_u32(tq_str_of(key), &place) ? json_array_get(from, place)
                                                    : json_object_get(from, key);
    }
    if (from == NULL) fail_msg("no %s", key);
    return from;
}

static const char *text_at(const json_t *root, const char *path)
{
    return json_string_value(at(root, path));
}

static double number_at(const json_t *root, const char *path)
{
    assert_true(json_is_number(at(root, path)));
    return json_number_value(at(root, path));
}

static tq_point on_grid(double row, double column)
{
    return (tq_point){LAT0 + (int32_t)(row * DEG), LON0 + (int32_t)(column * DEG)};
}

static void frame(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    tq_point point[2] = {on_grid(0.02, 0.5), on_grid(0.5, 1)};
    json_t *root = ask(&town, point, 2, &options, TQ_OK, &err);
    assert_string_equal(text_at(root, "code"), "Ok");
    assert_int_equal(json_array_size(at(root, "routes")), 1);
    assert_int_equal(json_array_size(at(root, "routes/0/legs")), 1);
    assert_int_equal(json_array_size(at(root, "routes/0/legs/0/steps")), 0);
    assert_string_equal(text_at(root, "routes/0/legs/0/summary"), "");
    assert_string_equal(text_at(root, "routes/0/weight_name"), "duration");
    assert_true(number_at(root, "routes/0/weight") == number_at(root, "routes/0/duration"));
    assert_true(number_at(root, "routes/0/legs/0/distance") ==
                number_at(root, "routes/0/distance"));
    double metres = number_at(root, "routes/0/distance");
    assert_true(metres > 85 && metres < 95);
    assert_int_equal(json_array_size(at(root, "routes/0/ways")), 2);
    assert_string_equal(text_at(root, "routes/0/ways/0"), "Main \"\\ 大街");
    assert_string_equal(text_at(root, "routes/0/ways/1"), "Side");
    assert_int_equal(json_array_size(at(root, "waypoints")), 2);
    assert_string_equal(text_at(root, "waypoints/0/name"), "Main \"\\ 大街");
    assert_true(json_is_string(at(root, "waypoints/0/hint")));
    double off = number_at(root, "waypoints/0/distance");
    assert_true(off > 1.5 && off < 2.5);
    assert_true(number_at(root, "waypoints/0/location/0") > 112.4999);
    assert_true(number_at(root, "waypoints/0/location/1") < 37.801);
    const char *line = text_at(root, "routes/0/geometry");
    int32_t points[20];
    size_t count = 0;
    assert_int_equal(tq_polyline_read(tq_str_of(line), 5, points, 10, &count, &err), TQ_OK);
    assert_int_equal(count, 3);
    json_decref(root);
    options.overview = TQ_OVERVIEW_FALSE;
    root = ask(&town, point, 2, &options, TQ_OK, &err);
    assert_null(json_object_get(at(root, "routes/0"), "geometry"));
    json_decref(root);
    options.overview = TQ_OVERVIEW_FULL;
    options.geometries = TQ_GEO_GEOJSON;
    root = ask(&town, point, 2, &options, TQ_OK, &err);
    assert_string_equal(text_at(root, "routes/0/geometry/type"), "LineString");
    assert_int_equal(json_array_size(at(root, "routes/0/geometry/coordinates")), 3);
    json_decref(root);
    town_end(&town);
}

static void steps_and_turns(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    options.steps = options.annotations = true;
    tq_point point[2] = {on_grid(0, 0.2), on_grid(1, 2.95)};
    json_t *root = ask(&town, point, 2, &options, TQ_OK, &err);
    const json_t *leg = at(root, "routes/0/legs/0"), *steps = at(leg, "steps");
    static const struct {
        const char *type, *modifier, *name;
    } want[] = {{"depart", NULL, "Main \"\\ 大街"},
                {"turn", "left", "Side"},
                {"roundabout", "right", ""},
                {"exit roundabout", "left", "Exit"},
                {"arrive", NULL, "Exit"}};
    assert_int_equal(json_array_size(steps), TQ_COUNT(want));
    double metres = 0, seconds = 0;
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        const json_t *step = json_array_get(steps, k), *maneuver = at(step, "maneuver");
        assert_string_equal(text_at(maneuver, "type"), want[k].type);
        assert_string_equal(text_at(step, "name"), want[k].name);
        if (want[k].modifier != NULL)
            assert_string_equal(text_at(maneuver, "modifier"), want[k].modifier);
        assert_string_equal(text_at(step, "mode"), "driving");
        assert_string_equal(text_at(step, "driving_side"), "right");
        assert_true(json_array_size(at(step, "intersections")) >= 1);
        assert_true(json_is_string(at(step, "geometry")));
        metres += number_at(step, "distance");
        seconds += number_at(step, "duration");
    }
    assert_string_equal(text_at(steps, "1/ref"), "S1");
    assert_true(number_at(steps, "1/maneuver/bearing_before") == 90);
    assert_true(number_at(steps, "1/maneuver/bearing_after") == 0);
    assert_int_equal(json_array_size(at(steps, "1/intersections/0/bearings")), 3);
    assert_true(number_at(steps, "1/intersections/0/in") == 2);
    assert_true(number_at(steps, "1/intersections/0/out") == 0);
    assert_true(number_at(steps, "2/maneuver/exit") == 1);
    assert_true(metres - number_at(leg, "distance") < 0.01 &&
                number_at(leg, "distance") - metres < 0.01);
    assert_true(seconds - number_at(leg, "duration") < 0.01 &&
                number_at(leg, "duration") - seconds < 0.01);
    assert_string_equal(text_at(leg, "summary"), "Side, Exit");
    const json_t *shares = at(leg, "annotation/distance"), *times = at(leg, "annotation/duration");
    double shared = 0, taken = 0;
    for (size_t k = 0; k < json_array_size(shares); k++) {
        shared += json_number_value(json_array_get(shares, k));
        taken += json_number_value(json_array_get(times, k));
    }
    assert_int_equal(json_array_size(shares), json_array_size(at(leg, "annotation/speed")));
    assert_true(shared - metres < 0.01 && metres - shared < 0.01);
    assert_true(taken - seconds < 0.01 && seconds - taken < 0.01);
    json_decref(root);
    town_end(&town);
}

static void places_between(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    options.steps = true;
    tq_point point[3] = {on_grid(0, 0.2), on_grid(0, 1.5), on_grid(0, 0.2)};
    json_t *root = ask(&town, point, 3, &options, TQ_OK, &err);
    assert_int_equal(json_array_size(at(root, "routes/0/legs")), 2);
    assert_int_equal(json_array_size(at(root, "waypoints")), 3);
    assert_int_equal(json_array_size(at(root, "routes/0/ways")), 1);
    assert_string_equal(text_at(root, "routes/0/legs/1/steps/0/maneuver/type"), "depart");
    double whole = number_at(root, "routes/0/distance");
    double parts =
        number_at(root, "routes/0/legs/0/distance") + number_at(root, "routes/0/legs/1/distance");
    assert_true(whole - parts < 0.01 && parts - whole < 0.01);
    json_decref(root);
    tq_point same[2] = {on_grid(0, 0.5), on_grid(0, 0.5)};
    options.annotations = true;
    root = ask(&town, same, 2, &options, TQ_OK, &err);
    assert_true(number_at(root, "routes/0/distance") == 0);
    assert_int_equal(json_array_size(at(root, "routes/0/legs/0/steps")), 2);
    assert_int_equal(json_array_size(at(root, "routes/0/legs/0/annotation/distance")), 1);
    json_decref(root);
    town_end(&town);
}

static void failures(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    static tq_point many[TQ_VIAS_MAX + 1];
    for (uint32_t k = 0; k <= TQ_VIAS_MAX; k++)
        many[k] = on_grid(0, k % 2 ? 0.2 : 1.8);
    tq_point apart[2] = {on_grid(0, 0.2), on_grid(9, 9.5)},
             sea[2] = {on_grid(0, 0.2), on_grid(50, 50)};
    (void)ask(&town, many, 1, &options, TQ_BAD_INPUT, &err);
    json_t *root = ask(&town, many, TQ_VIAS_MAX, &options, TQ_OK, &err);
    assert_int_equal(json_array_size(at(root, "routes/0/legs")), TQ_VIAS_MAX - 1);
    json_decref(root);
    (void)ask(&town, many, TQ_VIAS_MAX + 1, &options, TQ_LIMIT, &err);
    (void)ask(&town, apart, 2, &options, TQ_NO_ROUTE, &err);
    (void)ask(&town, sea, 2, &options, TQ_NOT_FOUND, &err);
    assert_non_null(strstr(err.text, "500 m"));
    uint8_t *memory = work.base;
    size_t cap = work.cap;
    for (size_t less = 0; less < 6000;
         less += 100) { /* every size of scratch: an answer or a plain refusal */
        tq_metric *metric = NULL;
        tq_buf out = {0};
        assert_int_equal(tq_metric_make(town.city, TQ_PROFILE_CAR, 0, &metric, &err), TQ_OK);
        tq_arena_init(&work, memory, less);
        tq_status status = tq_route_json(town.city, metric, TQ_PROFILE_CAR, 0, many, 3, &options,
                                         &work, &out, &err);
        assert_true(status == TQ_OK || (status == TQ_NO_MEMORY && out.len == 0));
        tq_buf_free(&out);
        tq_metric_free(metric);
    }
    tq_arena_init(&work, memory, cap);
    town_end(&town);
}

/* The nearest street is an island: the next one that is connected is taken for both ends. */
static void island_beside(void **state)
{
    (void)state;
    test_town town;
    town_begin(&town);
    uint32_t attr = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 36);
    for (int32_t k = 0; k < 4; k++)
        (void)town_node(&town, LAT0, LON0 + k * DEG);
    (void)town_node(&town, LAT0 + 500, LON0);
    (void)town_node(&town, LAT0 + 500, LON0 + DEG / 2);
    (void)town_edge(&town, 4, 5, attr, town_name(&town, "Yard"), 0, TQ_NONE);
    for (uint32_t k = 0; k < 3; k++)
        (void)town_edge(&town, k, k + 1, attr, town_name(&town, "Road"), 0, TQ_NONE);
    /* A courtyard of more edges than there are choices. */
    uint32_t last = town_node(&town, LAT0 + 7000, LON0);
    for (int32_t k = 1; k <= 12; k++) {
        uint32_t next = town_node(&town, LAT0 + 7000 + k % 2 * 40, LON0 + k * DEG / 24);
        (void)town_edge(&town, last, next, attr, 0, 0, TQ_NONE);
        last = next;
    }
    last = 3; /* the road goes on, so that it is the larger part */
    for (int32_t k = 4; k < 30; k++) {
        uint32_t next = town_node(&town, LAT0, LON0 + k * DEG);
        (void)town_edge(&town, last, next, attr, 0, 0, TQ_NONE);
        last = next;
    }
    town_finish(&town, TOWN_GRID);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    tq_point yard[2] = {{LAT0 + 7020, LON0 + DEG / 4}, {LAT0, LON0 + 15 * DEG}};
    json_decref(ask(&town, yard, 2, &options, TQ_OK, &err));
    tq_point point[2] = {{LAT0 + 600, LON0 + DEG / 4}, {LAT0, LON0 + 2 * DEG}};
    json_t *root = ask(&town, point, 2, &options, TQ_OK, &err);
    assert_string_equal(text_at(root, "waypoints/0/name"), "Road");
    json_decref(root);
    point[1] =
        (tq_point){LAT0 + 600, LON0 + DEG / 3}; /* both beside the island: the way stays inside */
    root = ask(&town, point, 2, &options, TQ_OK, &err);
    assert_string_equal(text_at(root, "waypoints/0/name"), "Yard");
    json_decref(root);
    town_end(&town);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[1 << 20];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(frame), cmocka_unit_test(steps_and_turns),
                                       cmocka_unit_test(places_between), cmocka_unit_test(failures),
                                       cmocka_unit_test(island_beside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
