// also: import
/* OSRM's route object over a small town: shape, numbers, names, turns, roundabout, places in
 * between, failures. */
#include <jansson.h>
#include <stdlib.h>

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

static json_t *ask_as(const test_town *town, tq_profile profile, const tq_point *point,
                      uint32_t count, uint32_t passed, const tq_route_options *options,
                      tq_status want, tq_err *err)
{
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make(town->city, tq_road_vehicle(town->city, profile), 0, NULL,
                                    TQ_METRIC_WAYS, 1, &metric, err),
                     TQ_OK);
    tq_route_place place[TQ_VIAS_MAX + 1];
    for (uint32_t k = 0; k < TQ_MIN(count, TQ_VIAS_MAX + 1u); k++)
        place[k] = (tq_route_place){.at = point[k], .wish = {.bearing = -1}, .via = k != passed};
    tq_buf out = {0};
    tq_buf_puts(&out, "x");
    tq_arena_reset(&work, 0);
    tq_status status = tq_route_json(town->city, metric, place, count, options, &work, &out, err);
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

static json_t *ask(const test_town *town, const tq_point *point, uint32_t count,
                   const tq_route_options *options, tq_status want, tq_err *err)
{
    return ask_as(town, TQ_PROFILE_CAR, point, count, TQ_NONE, options, want, err);
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
        assert_int_equal(tq_metric_make(town.city, tq_road_vehicle(town.city, TQ_PROFILE_CAR), 0,
                                        NULL, TQ_METRIC_WAYS, 1, &metric, &err),
                         TQ_OK);
        tq_route_place three[3];
        for (uint32_t k = 0; k < 3; k++)
            three[k] = (tq_route_place){.at = many[k], .wish = {.bearing = -1}, .via = true};
        tq_arena_init(&work, memory, less);
        tq_status status = tq_route_json(town.city, metric, three, 3, &options, &work, &out, &err);
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

/* Pieces far apart from each other, each with something of its own:
 * rows -3 and 0: a motorway with ramps from and to a lesser street; 20: a fork; 40: a ferry;
 * 60: a rotary; 80: a small ring; 100: a crossing with lanes and a turn ban; 120: stairs and a
 * crossing for walkers; 140: a way where bikes are pushed. */
static void town_of_kinds(test_town *town)
{
    static const double place[][2] = {
        {0, 0},    {0, 5},    {0, 6},    {0, 9},    {-3, 0},   {-3, 1},  {-3, 9},  {-3, 12},
        {20, 0},   {20, 3},   {20.6, 6}, {19.4, 6}, {40, 0},   {40, 3},  {40, 6},  {40, 9},
        {59, 5},   {59.5, 5}, {60, 5.6}, {60.5, 5}, {60, 4.4}, {62, 5},  {79, 5},  {79.9, 5},
        {80, 5.1}, {80.1, 5}, {80, 4.9}, {80, 7},   {81, 5},   {100, 0}, {100, 3}, {100, 6},
        {101, 3},  {99, 3},   {120, 0},  {120, 3},  {120, 4},  {120, 6}, {120, 7}, {120, 9},
        {140, 0},  {140, 3},  {140, 5},  {140, 8}};
    enum { ALL, MOTORWAY, RAMP, FERRY, RING, LANES, FOOT, STAIRS, CROSSING, ATTRS };
    uint32_t attr[ATTRS];
    town_begin(town);
    for (uint32_t k = 0; k < TQ_COUNT(place); k++)
        (void)town_node(town, LAT0 + (int32_t)(place[k][0] * DEG),
                        LON0 + (int32_t)(place[k][1] * DEG));
    attr[ALL] = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 36);
    attr[MOTORWAY] = town_attr(town, TQ_MOTORWAY, TQ_ACCESS_MOTOR, 0, 100);
    attr[RAMP] = town_attr(town, TQ_MOTORWAY_LINK, TQ_ACCESS_MOTOR, 0, 40);
    attr[FERRY] = town_attr(town, TQ_FERRY, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 10);
    attr[RING] = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, 0, 36);
    attr[LANES] = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 36);
    attr[FOOT] = town_attr(town, TQ_FOOTWAY, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 5);
    attr[STAIRS] = town_attr(town, TQ_STEPS, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 5);
    attr[CROSSING] = town_attr(town, TQ_FOOTWAY, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 5);
    town->attr.at[attr[RING]].flags = TQ_STREET_ROUNDABOUT;
    town->attr.at[attr[LANES]].turn_lanes[0] = town_text(town, "left|through;right");
    town->attr.at[attr[STAIRS]].incline_percent = 20;
    town->attr.at[attr[CROSSING]].crossing = TQ_CROSSING_SIGNALS;
    static const struct {
        uint32_t from, to, attr;
        const char *name;
    } edge[] = {{0, 1, MOTORWAY, "G5"},  {1, 2, MOTORWAY, "G5"},   {2, 3, MOTORWAY, "G5"},
                {4, 5, ALL, "Low"},      {5, 6, ALL, "Low"},       {6, 7, ALL, "Low"},
                {5, 1, RAMP, NULL},      {2, 6, RAMP, NULL},       {8, 9, ALL, "F"},
                {9, 10, ALL, "North"},   {9, 11, ALL, "South"},    {12, 13, ALL, "Quay"},
                {13, 14, FERRY, "Boat"}, {14, 15, ALL, "Bank"},    {16, 17, ALL, "In"},
                {17, 18, RING, "Oval"},  {18, 19, RING, "Oval"},   {19, 20, RING, "Oval"},
                {20, 17, RING, "Oval"},  {19, 21, ALL, "Out"},     {22, 23, ALL, "In"},
                {23, 24, RING, NULL},    {24, 25, RING, NULL},     {25, 26, RING, NULL},
                {26, 23, RING, NULL},    {24, 27, ALL, "East"},    {25, 28, ALL, "Up"},
                {29, 30, LANES, "Main"}, {30, 31, ALL, "Main"},    {30, 32, ALL, "Side"},
                {30, 33, ALL, "Lower"},  {34, 35, FOOT, "Path"},   {35, 36, STAIRS, NULL},
                {36, 37, FOOT, "Path"},  {37, 38, CROSSING, NULL}, {38, 39, FOOT, "Path"},
                {40, 41, ALL, "Ride"},   {41, 42, FOOT, "Push"},   {42, 43, ALL, "Ride"}};
    for (uint32_t k = 0; k < TQ_COUNT(edge); k++)
        (void)town_edge(town, edge[k].from, edge[k].to, attr[edge[k].attr],
                        edge[k].name == NULL ? 0 : town_name(town, edge[k].name), 0, TQ_NONE);
    town_turn(town, TOWN_NO, 27, 30, 30); /* from Main into Lower */
    town_finish(town, TOWN_GRID);
}

typedef struct wanted {
    const char *type, *modifier, *says; /* NULL = not asked */
} wanted;

static json_t *check_steps(const test_town *town, tq_profile profile, tq_point from, tq_point to,
                           const wanted *want, size_t count)
{
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    options.steps = options.annotations = true;
    options.language = TQ_LANGUAGE_ZH;
    const tq_point point[2] = {from, to};
    json_t *root = ask_as(town, profile, point, 2, TQ_NONE, &options, TQ_OK, &err);
    const json_t *leg = at(root, "routes/0/legs/0"), *steps = at(leg, "steps");
    double metres = 0, seconds = 0;
    for (size_t k = 0; k < json_array_size(steps); k++) {
        const json_t *step = json_array_get(steps, k), *maneuver = at(step, "maneuver");
        const char *says = text_at(maneuver, "instruction"), *type = text_at(maneuver, "type");
        metres += number_at(step, "distance");
        seconds += number_at(step, "duration");
        if (k >= count || strcmp(type, want[k].type) != 0)
            fail_msg("step %zu of %zu is %s: %s", k, json_array_size(steps), type, says);
        if (want[k].modifier != NULL)
            assert_string_equal(text_at(maneuver, "modifier"), want[k].modifier);
        if (want[k].says != NULL) assert_string_equal(says, want[k].says);
    }
    assert_int_equal(json_array_size(steps), count);
    assert_true(metres - number_at(leg, "distance") < 0.01 &&
                number_at(leg, "distance") - metres < 0.01);
    assert_true(seconds - number_at(leg, "duration") < 0.01 &&
                number_at(leg, "duration") - seconds < 0.01);
    assert_int_equal(json_array_size(at(leg, "annotation/datasources")),
                     json_array_size(at(leg, "annotation/speed")));
    assert_string_equal(text_at(leg, "annotation/metadata/datasource_names/0"), "tongqu");
    return root;
}
#define STEPS(town, profile, from, to, ...)                                                        \
    check_steps((town), (profile), (from), (to), (const wanted[]){__VA_ARGS__},                    \
                sizeof((const wanted[]){__VA_ARGS__}) / sizeof(wanted))

static void kinds_of_steps(void **state)
{
    (void)state;
    test_town town;
    town_of_kinds(&town);
    json_decref(STEPS(&town, TQ_PROFILE_CAR, on_grid(-3, 0.3), on_grid(-0.05, 8),
                      {"depart", NULL, "沿Low向东出发"},
                      {"on ramp", "left", "60米后左转驶入匝道，前往G5"},
                      {"merge", "slight left", "440米后靠左汇入G5"},
                      {"arrive", "right", "240米后到达目的地，目的地在右侧"}));
    json_decref(STEPS(&town, TQ_PROFILE_CAR, on_grid(0, 1), on_grid(-2.95, 11),
                      {"depart", NULL, NULL}, {"off ramp", "right", "400米后右转驶出主路，前往Low"},
                      {"end of road", "left", NULL}, {"arrive", "left", NULL}));
    json_decref(STEPS(
        &town, TQ_PROFILE_CAR, on_grid(20, 1), on_grid(20.5, 5.5), {"depart", NULL, NULL},
        {"fork", "slight left", "160米后在岔路口靠左，进入North"}, {"arrive", "straight", NULL}));
    json_decref(
        STEPS(&town, TQ_PROFILE_CAR, on_grid(20, 1), on_grid(19.5, 5.5), {"depart", NULL, NULL},
              {"fork", "slight right", "160米后在岔路口靠右，进入South"}, {"arrive", NULL, NULL}));
    json_t *root =
        STEPS(&town, TQ_PROFILE_CAR, on_grid(40, 1), on_grid(40, 8), {"depart", NULL, NULL},
              {"notification", "straight", "160米后乘渡轮（Boat）"},
              {"notification", "straight", "240米后沿Bank行驶"}, {"arrive", NULL, NULL});
    assert_string_equal(text_at(root, "routes/0/legs/0/steps/1/mode"), "ferry");
    assert_string_equal(text_at(root, "routes/0/legs/0/steps/2/mode"), "driving");
    json_decref(root);
    root = STEPS(&town, TQ_PROFILE_CAR, on_grid(59.1, 5), on_grid(61.5, 5), {"depart", NULL, NULL},
                 {"rotary", "right", "40米后进入Oval环岛，从第1个出口驶出，进入Out"},
                 {"exit rotary", "right", NULL}, {"arrive", NULL, NULL});
    assert_string_equal(text_at(root, "routes/0/legs/0/steps/1/rotary_name"), "Oval");
    json_decref(root);
    json_decref(
        STEPS(&town, TQ_PROFILE_CAR, on_grid(79.4, 5), on_grid(80.5, 5), {"depart", NULL, NULL},
              {"roundabout turn", "straight", "50米后在环岛直行，进入Up"}, {"arrive", NULL, NULL}));
    json_decref(
        STEPS(&town, TQ_PROFILE_CAR, on_grid(79.4, 5), on_grid(80, 6.5), {"depart", NULL, NULL},
              {"roundabout turn", "right", "50米后在环岛右转，进入East"}, {"arrive", NULL, NULL}));
    json_decref(STEPS(&town, TQ_PROFILE_FOOT, on_grid(120, 2), on_grid(120, 8),
                      {"depart", NULL, NULL}, {"notification", "straight", "80米后上楼梯"},
                      {"notification", "straight", "240米后在红绿灯处过马路"},
                      {"arrive", NULL, NULL}));
    root = STEPS(&town, TQ_PROFILE_BIKE, on_grid(140, 1), on_grid(140, 7), {"depart", NULL, NULL},
                 {"notification", "straight", "160米后下车，沿Push推行"},
                 {"notification", "straight", "160米后上车，沿Ride骑行"}, {"arrive", NULL, NULL});
    assert_string_equal(text_at(root, "routes/0/legs/0/steps/1/mode"), "pushing bike");
    json_decref(root);
    town_end(&town);
}

/* Lanes and turn bans at a crossing; entries by bearing: Side 0, Main on 90, Lower 180, back 270.
 */
static void lanes_and_bans(void **state)
{
    (void)state;
    test_town town;
    town_of_kinds(&town);
    json_t *root =
        STEPS(&town, TQ_PROFILE_CAR, on_grid(100, 1), on_grid(100.8, 3), {"depart", NULL, NULL},
              {"turn", "left", "160米后左转进入Side"}, {"arrive", NULL, NULL});
    const json_t *crossing = at(root, "routes/0/legs/0/steps/1/intersections/0");
    assert_int_equal(json_array_size(at(crossing, "lanes")), 2);
    assert_true(json_is_true(at(crossing, "lanes/0/valid")));
    assert_true(json_is_false(at(crossing, "lanes/1/valid")));
    assert_string_equal(text_at(crossing, "lanes/0/indications/0"), "left");
    assert_string_equal(text_at(crossing, "lanes/1/indications/0"), "straight");
    assert_string_equal(text_at(crossing, "lanes/1/indications/1"), "right");
    assert_true(json_is_true(at(crossing, "entry/0")) && json_is_true(at(crossing, "entry/1")));
    assert_true(json_is_false(at(crossing, "entry/2")));
    json_decref(root);
    /* The ban makes one go on, turn round and come back. */
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    options.steps = true;
    const tq_point point[2] = {on_grid(100, 1), on_grid(99.2, 3)};
    root = ask(&town, point, 2, &options, TQ_OK, &err);
    bool turned = false;
    for (size_t k = 0; k < json_array_size(at(root, "routes/0/legs/0/steps")); k++) {
        const json_t *maneuver =
            at(json_array_get(at(root, "routes/0/legs/0/steps"), k), "maneuver");
        const json_t *modifier = json_object_get(maneuver, "modifier");
        turned |= modifier != NULL && strcmp(json_string_value(modifier), "uturn") == 0;
    }
    assert_true(turned);
    json_decref(root);
    town_end(&town);
}

/* Turning round at a place between is forbidden or not; a place passed makes no leg. */
static void straight_on_and_passed(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    const tq_point back[3] = {on_grid(0, 0.2), on_grid(0, 1.5), on_grid(0, 0.2)},
                   along[3] = {on_grid(0, 0.2), on_grid(0, 0.6), on_grid(0, 1.5)};
    double metres[2];
    for (int32_t straight = 0; straight < 2; straight++) {
        options.continue_straight = straight;
        json_t *root = ask(&town, back, 3, &options, TQ_OK, &err);
        metres[straight] = number_at(root, "routes/0/distance");
        json_decref(root);
    }
    /* Going on means to the end of Main and back: 80 m more. */
    assert_true(metres[1] > metres[0] + 70 && metres[1] < metres[0] + 90);
    options.steps = true;
    for (uint32_t passed = 1; passed < 3; passed++) { /* 2 is the end and always has its leg */
        json_t *root = ask_as(&town, TQ_PROFILE_CAR, along, 3, passed, &options, TQ_OK, &err);
        const json_t *legs = at(root, "routes/0/legs");
        assert_int_equal(json_array_size(legs), passed == 1 ? 1 : 2);
        assert_int_equal(json_array_size(at(legs, "0/steps")), 2);
        assert_true(number_at(root, "routes/0/distance") > 100 &&
                    number_at(root, "routes/0/distance") < 107);
        json_decref(root);
    }
    town_end(&town);
}

/* The same answer in GCJ-02 lies where it should when it is converted back. */
static void datums(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    const tq_point point[2] = {on_grid(0, 0.2), on_grid(1, 2.9)};
    for (int form = TQ_GEO_POLYLINE; form <= TQ_GEO_GEOJSON; form++)
        for (int datum = TQ_GCJ02; datum <= TQ_BD09; datum++) {
            options.geometries = (tq_geometries)form;
            options.datum = TQ_WGS84;
            json_t *plain = ask(&town, point, 2, &options, TQ_OK, &err);
            options.datum = (tq_datum)datum;
            json_t *moved = ask(&town, point, 2, &options, TQ_OK, &err);
            int32_t line[2][64];
            size_t count[2] = {0, 0};
            for (int k = 0; k < 2; k++) {
                const json_t *geometry = at(k == 0 ? plain : moved, "routes/0/geometry");
                if (form != TQ_GEO_GEOJSON) {
                    assert_int_equal(tq_polyline_read(tq_str_of(json_string_value(geometry)),
                                                      form == TQ_GEO_POLYLINE ? 5 : 6, line[k], 32,
                                                      &count[k], &err),
                                     TQ_OK);
                    continue;
                }
                const json_t *coordinates = at(geometry, "coordinates");
                count[k] = json_array_size(coordinates);
                for (size_t p = 0; p < count[k]; p++) {
                    const json_t *one = json_array_get(coordinates, p);
                    line[k][2 * p] = (int32_t)(json_number_value(json_array_get(one, 1)) * 1e7);
                    line[k][2 * p + 1] = (int32_t)(json_number_value(json_array_get(one, 0)) * 1e7);
                }
            }
            assert_int_equal(count[0], count[1]);
            assert_true(count[0] > 4);
            for (size_t p = 0; p < count[0]; p++) {
                tq_point a = {line[0][2 * p], line[0][2 * p + 1]},
                         b = {line[1][2 * p], line[1][2 * p + 1]};
                assert_true(tq_distance_dm(a, b) > 1000);
                assert_true(tq_distance_dm(a, tq_to_wgs84(b, (tq_datum)datum)) <=
                            (form == TQ_GEO_POLYLINE ? 20u : 10u));
            }
            json_decref(plain);
            json_decref(moved);
        }
    town_end(&town);
}

/* An encoded line may hold backslashes, which JSON marks. */
static void backslashes(void **state)
{
    (void)state;
    test_town town;
    town_begin(&town);
    uint32_t attr = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 36);
    enum { BENDS = 60 };
    tq_random random = {11};
    (void)town_node(&town, LAT0, LON0);
    (void)town_node(&town, LAT0, LON0 + (BENDS + 1) * DEG);
    (void)town_edge(&town, 0, 1, attr, 0, 0, TQ_NONE);
    for (int32_t k = 1; k <= BENDS; k++)
        town_bend(&town, LAT0 + (int32_t)tq_random_below(&random, DEG), LON0 + k * DEG);
    town_finish(&town, TOWN_GRID);
    tq_err err = {0};
    tq_route_options options;
    tq_route_options_default(&options);
    options.overview = TQ_OVERVIEW_FULL;
    const tq_point point[2] = {on_grid(0, 0), on_grid(0, BENDS + 1)};
    json_t *root = ask(&town, point, 2, &options, TQ_OK, &err);
    const char *line = text_at(root, "routes/0/geometry");
    int32_t points[2 * (BENDS + 2)];
    size_t count = 0;
    assert_non_null(strchr(line, '\\'));
    assert_int_equal(tq_polyline_read(tq_str_of(line), 5, points, BENDS + 2, &count, &err), TQ_OK);
    assert_int_equal(count, BENDS + 2);
    for (uint32_t k = 0; k < BENDS; k++) {
        const tq_point *bend = &town.city->streets.point[k];
        assert_true(abs(points[2 * k + 2] - bend->lat_e7) <= 50);
        assert_true(abs(points[2 * k + 3] - bend->lon_e7) <= 50);
    }
    json_decref(root);
    town_end(&town);
}

static json_t *parse(tq_buf *out)
{
    json_error_t error;
    json_t *root = json_loadb(out->at, out->len, 0, &error);
    if (root == NULL) fail_msg("%s: %.*s", error.text, (int)out->len, out->at);
    tq_buf_free(out);
    return root;
}

static void match_and_trip(void **state)
{
    (void)state;
    test_town town;
    town_of_names(&town);
    tq_err err = {0};
    tq_metric *metric = NULL;
    tq_route_options options;
    tq_route_options_default(&options);
    options.steps = options.annotations = true;
    assert_int_equal(tq_metric_make(town.city, tq_road_vehicle(town.city, TQ_PROFILE_CAR), 0, NULL,
                                    TQ_METRIC_ALL, 1, &metric, &err),
                     TQ_OK);
    tq_trace_point trace[8];
    for (uint32_t k = 0; k < 8; k++)
        trace[k] = (tq_trace_point){.at = on_grid(k % 2 ? 0.03 : -0.03, 0.1 + 0.2 * k),
                                    .at_s = 10 * (int64_t)k};
    trace[7].at = on_grid(50, 50); /* nothing there */
    tq_match_wish wish = {.split = true};
    tq_buf out = {0};
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_match_json(town.city, metric, trace, 8, &wish, &options, &work, &out, &err),
                     TQ_OK);
    json_t *root = parse(&out);
    assert_string_equal(text_at(root, "code"), "Ok");
    assert_int_equal(json_array_size(at(root, "matchings")), 1);
    assert_int_equal(json_array_size(at(root, "tracepoints")), 8);
    assert_true(json_is_null(at(root, "tracepoints/7")));
    assert_true(number_at(root, "tracepoints/0/matchings_index") == 0);
    assert_true(number_at(root, "tracepoints/0/waypoint_index") == 0);
    assert_true(number_at(root, "tracepoints/0/alternatives_count") >= 0);
    assert_string_equal(text_at(root, "tracepoints/0/name"), "Main \"\\ 大街");
    double confidence = number_at(root, "matchings/0/confidence");
    assert_true(confidence > 0 && confidence <= 1);
    assert_true(json_array_size(at(root, "matchings/0/legs")) >= 1);
    assert_true(number_at(root, "matchings/0/distance") > 80);
    json_decref(root);

    static const double spot[4][2] = {{0, 0.1}, {1, 2.9}, {0.5, 1}, {0, 1.9}};
    tq_route_place place[4];
    for (uint32_t k = 0; k < 4; k++)
        place[k] = (tq_route_place){
            .at = on_grid(spot[k][0], spot[k][1]), .wish = {.bearing = -1}, .via = true};
    for (uint32_t round = 0; round < 2; round++) {
        tq_tour_wish tour = {.round = round != 0, .fix_first = true};
        tq_arena_reset(&work, 0);
        out = (tq_buf){0};
        assert_int_equal(
            tq_trip_json(town.city, metric, place, 4, &tour, &options, &work, &out, &err), TQ_OK);
        root = parse(&out);
        assert_string_equal(text_at(root, "code"), "Ok");
        assert_int_equal(json_array_size(at(root, "trips")), 1);
        assert_int_equal(json_array_size(at(root, "trips/0/legs")), 3 + round);
        assert_int_equal(json_array_size(at(root, "waypoints")), 4);
        assert_true(number_at(root, "waypoints/0/waypoint_index") == 0);
        uint32_t seen = 0;
        for (size_t k = 0; k < 4; k++) {
            const json_t *one = json_array_get(at(root, "waypoints"), k);
            assert_true(number_at(one, "trips_index") == 0);
            seen |= 1u << (uint32_t)number_at(one, "waypoint_index");
        }
        assert_int_equal(seen, 15);
        json_decref(root);
    }
    out = (tq_buf){0};
    assert_int_equal(
        tq_trip_json(town.city, metric, place, 1, &(tq_tour_wish){0}, &options, &work, &out, &err),
        TQ_BAD_INPUT);
    assert_int_equal(out.len, 0);
    tq_metric_free(metric);
    town_end(&town);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[1 << 20];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame),          cmocka_unit_test(steps_and_turns),
        cmocka_unit_test(places_between), cmocka_unit_test(failures),
        cmocka_unit_test(island_beside),  cmocka_unit_test(kinds_of_steps),
        cmocka_unit_test(lanes_and_bans), cmocka_unit_test(straight_on_and_passed),
        cmocka_unit_test(datums),         cmocka_unit_test(backslashes),
        cmocka_unit_test(match_and_trip)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
