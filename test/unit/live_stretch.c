/* Stretches by name, line, arcs and edges; divided roads, gaps, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live_town.h"

static live_town town;

static tq_status find(const char *json, tq_stretch *out, tq_err *err)
{
    tq_err_clear(err);
    return tq_stretch_find(&town.city, tq_str_of(json), out, err);
}

static void check_chain(const tq_stretch *s)
{
    for (uint32_t k = 1; k < s->arc_count; k++)
        if (k != s->along_count)
            assert_int_equal(tq_arc_tail(&town.city.streets, s->arc[k]),
                             tq_arc_head(&town.city.streets, s->arc[k - 1]));
}

static void expect(const char *json, uint32_t along, uint32_t against)
{
    tq_stretch s = {0};
    tq_err err;
    if (find(json, &s, &err) != TQ_OK) fail_msg("%s: %s", json, err.text);
    if (s.along_count != along || s.arc_count - s.along_count != against)
        fail_msg("%s: %u along and %u against, not %u and %u", json, s.along_count,
                 s.arc_count - s.along_count, along, against);
    check_chain(&s);
    tq_stretch_free(&s);
}

static void refuse(const char *json, tq_status status, const char *words)
{
    tq_stretch s = {.length_m = 77};
    tq_err err;
    tq_status got = find(json, &s, &err);
    if (got != status || strstr(err.text, words) == NULL)
        fail_msg("%s: %s: %s", json, tq_status_name(got), got == TQ_OK ? "taken" : err.text);
    assert_int_equal(s.length_m, 77);
    assert_null(s.arc);
}

static void by_name_on_a_grid(void **state)
{
    (void)state;
    town_grid(&town, 6, TOWN_BOTH, 2);
    expect("{\"street\":\"R2\"}", 5, 5);
    expect("{\"street\":\"R2\",\"from\":\"C1\",\"to\":\"C4\"}", 3, 3);
    expect("{\"street\":\"r 2\",\"from\":\"C4\",\"to\":\"C1\",\"direction\":\"forward\"}", 3, 0);
    expect("{\"street\":\"C0\",\"from\":\"R0\",\"to\":\"R5\",\"direction\":\"backward\"}", 0, 5);
    refuse("{\"street\":\"R2\",\"from\":\"C1\",\"to\":\"C1\"}", TQ_BAD_INPUT, "no length");
    refuse("{\"street\":\"R2\",\"from\":\"R2\",\"to\":\"C1\"}", TQ_BAD_INPUT, "itself");
    refuse("{\"street\":\"R2\",\"from\":\"R4\",\"to\":\"C1\"}", TQ_NOT_FOUND, "does not cross");
    refuse("{\"street\":\"R2\",\"from\":\"C1\"}", TQ_BAD_INPUT, "\"to\" is missing");
    refuse("{\"street\":\"R9\"}", TQ_NOT_FOUND, "no street");
    refuse("{\"street\":\"R2\",\"form\":\"C1\"}", TQ_BAD_INPUT, "did you mean \"from\"");
    refuse("{\"street\":\"R2\",\"direction\":\"up\"}", TQ_BAD_INPUT, "\"direction\"");
    refuse("{\"street\":\"R2\",\"arcs\":[1]}", TQ_BAD_INPUT, "one of");
    refuse("[]", TQ_BAD_INPUT, "not a JSON object");
    refuse("{", TQ_BAD_INPUT, "not JSON");
}

static void one_way(void **state)
{
    (void)state;
    town_grid(&town, 6, TOWN_ONEWAY, 2);
    expect("{\"street\":\"R2\"}", 5, 0);
    expect("{\"street\":\"R2\",\"from\":\"C1\",\"to\":\"C4\"}", 3, 0);
    expect("{\"street\":\"R2\",\"from\":\"C4\",\"to\":\"C1\"}", 0, 3);
    refuse("{\"street\":\"R2\",\"from\":\"C4\",\"to\":\"C1\",\"direction\":\"forward\"}",
           TQ_BAD_INPUT, "one-way");
    refuse("{\"street\":\"R2\",\"from\":\"C1\",\"to\":\"C4\",\"direction\":\"backward\"}",
           TQ_BAD_INPUT, "one-way");
}

/* Two carriageways 22 m apart, crossed by two streets; the cross streets have nodes on both. */
static void make_divided(void)
{
    live_town *t = town_begin(&town);
    uint32_t main = town_name(t, "阳兴大道", "Yangxing Avenue");
    uint32_t cross[3], node[2][5];
    cross[0] = town_name(t, "甲街", "A Street");
    cross[1] = town_name(t, "乙街", "B Street");
    cross[2] = town_name(t, "丙街", "B Street");
    for (uint32_t side = 0; side < 2; side++)
        for (int32_t k = 0; k < 5; k++)
            node[side][k] =
                town_node(t, TOWN_LAT_E7 + k * TOWN_STEP_E7, TOWN_LON_E7 + (int32_t)side * 2500);
    for (uint32_t k = 0; k < 4; k++) {
        town_edge(t, node[1][k], node[1][k + 1], main, TOWN_ONEWAY, 3);
        town_edge(t, node[0][k + 1], node[0][k], main, TOWN_ONEWAY, 3);
    }
    for (uint32_t k = 0; k < 3; k++) {
        int32_t lat = TOWN_LAT_E7 + (int32_t)(k + 1) * TOWN_STEP_E7;
        uint32_t west = town_node(t, lat, TOWN_LON_E7 - 30000),
                 east = town_node(t, lat, TOWN_LON_E7 + 30000);
        town_edge(t, west, node[0][k + 1], cross[k], TOWN_BOTH, 1);
        town_edge(t, node[0][k + 1], node[1][k + 1], cross[k], TOWN_BOTH, 1);
        town_edge(t, node[1][k + 1], east, cross[k], TOWN_BOTH, 1);
    }
    town_end(t);
}

static void divided(void **state)
{
    (void)state;
    make_divided();
    expect("{\"street\":\"阳兴大道\",\"from\":\"甲街\",\"to\":\"丙街\"}", 2, 2);
    expect("{\"street\":\"yangxing avenue\",\"from\":\"丙街\",\"to\":\"甲街\"}", 2, 2);
    expect("{\"street\":\"阳兴大道\"}", 4, 4);
    refuse("{\"street\":\"阳兴大道\",\"from\":\"B Street\",\"to\":\"甲街\"}", TQ_AMBIGUOUS, "乙街");
    /* Drawn on one carriageway, northward: that one and its twin. */
    expect("{\"line\":[[112.56025,37.8502],[112.56025,37.8542]],\"direction\":\"forward\"}", 2, 0);
    expect("{\"line\":[[112.56025,37.852],[112.56025,37.856]]}", 2, 2);
}

static void by_line(void **state)
{
    (void)state;
    town_grid(&town, 6, TOWN_BOTH, 2);
    /* Along R1 from C0 to C2, then up C2 to R3. */
    expect("{\"line\":[[112.56,37.852],[112.564,37.852],[112.564,37.856]]}", 4, 4);
    refuse("{\"line\":[[112.56,37.852],[112.562,37.853]]}", TQ_NOT_FOUND, "leaves the streets");
    refuse("{\"line\":[[112.56,37.852]]}", TQ_BAD_INPUT, "2 to");
    refuse("{\"line\":[[112.56,97.852],[112.56,37.8]]}", TQ_BAD_INPUT, "point 0");
    refuse("{\"line\":[[112.56,37.852],[112.56,37.852]]}", TQ_BAD_INPUT, "no length");
    refuse("{\"line\":[[112.56,37.852],[112.562,37.852]],\"datum\":\"xx\"}", TQ_BAD_INPUT,
           "\"datum\"");
    /* The same place in the map datum of Chinese maps. */
    tq_point a = tq_from_wgs84((tq_point){378520000, 1125600000}, TQ_GCJ02),
             b = tq_from_wgs84((tq_point){378520000, 1125640000}, TQ_GCJ02);
    char text[160];
    (void)snprintf(text, sizeof text, "{\"line\":[[%.7f,%.7f],[%.7f,%.7f]],\"datum\":\"gcj02\"}",
                   a.lon_e7 / 1e7, a.lat_e7 / 1e7, b.lon_e7 / 1e7, b.lat_e7 / 1e7);
    expect(text, 2, 2);
}

static void by_number(void **state)
{
    (void)state;
    town_grid(&town, 4, TOWN_BOTH, 2);
    expect("{\"arcs\":[0,2,4]}", 3, 0);
    expect("{\"arcs\":[4,2,0]}", 3, 0);
    expect("{\"arcs\":[0,2,1,3]}", 2, 2);
    expect("{\"arcs\":[0,2],\"direction\":\"both\"}", 2, 2);
    expect("{\"edges\":[0,1,2]}", 3, 3);
    expect("{\"edges\":[2,1],\"direction\":\"forward\"}", 2, 0);
    refuse("{\"arcs\":[0,4,9,11,14]}", TQ_BAD_INPUT, "not connected");
    refuse("{\"edges\":[0,2]}", TQ_BAD_INPUT, "not connected");
    refuse("{\"arcs\":[0,0]}", TQ_BAD_INPUT, "twice");
    refuse("{\"arcs\":[48]}", TQ_BAD_INPUT, "not one of");
    refuse("{\"arcs\":[]}", TQ_BAD_INPUT, "1 to");
}

/* A street in two pieces far apart, and one that a square of another name cuts. */
static void pieces(void **state)
{
    (void)state;
    live_town *t = town_begin(&town);
    uint32_t name = town_name(t, "断头路", ""), square = town_name(t, "广场", ""), node[8];
    for (int32_t k = 0; k < 8; k++)
        node[k] = town_node(t, TOWN_LAT_E7, TOWN_LON_E7 + k * 12000);
    for (uint32_t k = 0; k + 1 < 8; k++)
        if (k != 3) town_edge(t, node[k], node[k + 1], name, TOWN_BOTH, 1);
    town_edge(t, node[3], node[4], square, TOWN_BOTH, 1);
    town_end(t);
    expect("{\"street\":\"断头路\"}", 7, 7); /* 106 m of the square between */
    t->edge_length_dm[6] = 5000;             /* the square grows: two pieces */
    refuse("{\"street\":\"断头路\"}", TQ_AMBIGUOUS, "in pieces");
}

static void as_json(void **state)
{
    (void)state;
    make_divided();
    tq_stretch s = {0};
    tq_err err;
    tq_buf text = {0};
    tq_json json;
    assert_int_equal(find("{\"street\":\"阳兴大道\",\"from\":\"甲街\",\"to\":\"乙街\"}", &s, &err),
                     TQ_OK);
    tq_json_begin(&json, &text);
    tq_stretch_json(&town.city, &s, &json);
    tq_buf_putc(&text, '\0');
    assert_non_null(strstr(text.at, "\"street\":\"阳兴大道\""));
    assert_non_null(strstr(text.at, "\"street_en\":\"Yangxing Avenue\""));
    assert_non_null(strstr(text.at, "\"from\":\"甲街\",\"to\":\"乙街\",\"direction\":\"both\""));
    assert_non_null(strstr(text.at, "\"line_back\":[["));
    assert_non_null(strstr(text.at, "\"lanes\":[3,3],\"oneway\":false"));
    tq_buf_free(&text);
    tq_stretch_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name_on_a_grid), cmocka_unit_test(one_way),   cmocka_unit_test(divided),
        cmocka_unit_test(by_line),           cmocka_unit_test(by_number), cmocka_unit_test(pieces),
        cmocka_unit_test(as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
