/* The table of main streets, and stops cut into streets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import_build.h"

#define HEAD                                                                                       \
    "name,class,oneway,lanes,speed_kmh,datum,course,flags,access,status,valid_from,valid_to,"      \
    "source\n"

static tq_status read_table(test_build *test, const char *text)
{
    test_build_write(test, "streets.csv", text, strlen(text));
    (void)snprintf(test->settings.streets[0], sizeof test->settings.streets[0], "streets.csv");
    test->settings.streets_count = 1;
    return import_streets_csv(&test->build, &test->err);
}

static const tq_streets *frozen(test_build *test)
{
    if (import_link_stops(&test->build, &test->err) != TQ_OK) fail_msg("%s", test->err.text);
    return &test->build.city.streets;
}

static void rows_become_edges(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        uint32_t nodes, edges;
    } cases[] = {
        /* one street with a bend is one edge */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57;37.87 112.57,,,,,,\n", 2, 1},
        /* a shared point joins, even a bridge */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57;37.86 112.58,,,,,,\n"
         "B,primary,,,,wgs84,37.86 112.57;37.87 112.57,bridge,,,,,\n",
         4, 3},
        /* crossing between the points joins at grade */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.58,,,,,,\n"
         "B,primary,,,,wgs84,37.85 112.57;37.87 112.57,,,,,,\n",
         5, 4},
        /* but not a bridge, not a tunnel, not a motorway */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.58,bridge,,,,,\n"
         "B,primary,,,,wgs84,37.85 112.57;37.87 112.57,,,,,,\n",
         4, 2},
        {"A,motorway,,,,wgs84,37.86 112.56;37.86 112.58,,,,,,\n"
         "B,primary,,,,wgs84,37.85 112.57;37.87 112.57,,,,,,\n",
         4, 2},
        /* a point within a metre of the other course is a junction */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.58,,,,,,\n"
         "B,primary,,,,wgs84,37.860005 112.57;37.87 112.57,,,,,,\n",
         4, 3},
        /* two metres off is none */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.58,,,,,,\n"
         "B,primary,,,,wgs84,37.86002 112.57;37.87 112.57,,,,,,\n",
         4, 2},
        /* a ring is two edges */
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.58;37.87 112.57;37.86 112.56,,,,,,\n", 2, 2},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        test_build *test = test_build_new(1);
        tq_buf text = {0};
        tq_buf_printf(&text, "%s%s", HEAD, cases[k].rows);
        tq_buf_putc(&text, '\0');
        if (read_table(test, text.at) != TQ_OK) fail_msg("case %zu: %s", k, test->err.text);
        const tq_streets *streets = frozen(test);
        if (streets->node_count != cases[k].nodes || streets->edge_count != cases[k].edges)
            fail_msg("case %zu: %u nodes, %u edges", k, streets->node_count, streets->edge_count);
        assert_int_equal(tq_report_dropped(test->build.report), 0);
        tq_buf_free(&text);
        test_build_free(test);
    }
}

static void columns_are_understood(void **state)
{
    (void)state;
    test_build *test = test_build_new(1);
    assert_int_equal(
        read_table(test,
                   HEAD "高架,trunk,-1,3,80,gcj02,37.86 112.56;37.86 112.57,approximate lit,-foot "
                        "-bike,building,2026-10-01,2026-10-31,notice\n"),
        TQ_OK);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->edge_count, 1);
    const tq_street_attr *attr = tq_edge_attr(streets, 0);
    assert_int_equal(attr->access[0], TQ_ACCESS_MOTOR);
    assert_int_equal(attr->access[1], 0);
    assert_int_equal(attr->lanes[0], 3);
    assert_int_equal(attr->speed_kmh[0], 80);
    assert_int_equal(attr->signed_limit, 1);
    assert_int_equal(attr->flags, TQ_STREET_APPROXIMATE | TQ_STREET_LIT);
    /* GCJ-02 was shifted, and the course runs against its points. */
    tq_point from = streets->node_at[streets->edge_from[0]],
             to = streets->node_at[streets->edge_to[0]];
    assert_true(from.lon_e7 > to.lon_e7);
    uint32_t shift_dm = tq_distance_dm(from, (tq_point){378600000, 1125700000});
    assert_true(shift_dm > 4000 && shift_dm < 7000);
    const tq_date_row *date = &test->build.dates.at[streets->edge_date[0]];
    assert_int_equal(date->life, TQ_BUILDING);
    assert_true(date->to_ms - date->from_ms == INT64_C(31) * 86400000);
    assert_string_equal(tq_texts_at(test->build.texts, date->source), "notice");
    test_build_free(test);
}

static void bad_rows_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *row, *says;
    } cases[] = {
        {"A,primary,,,,,37.86 112.56;37.86 112.57,,,,,,\n", "inside China"},
        {"A,primary,,,,wgs72,37.86 112.56;37.86 112.57,,,,,,\n", "wgs84"},
        {"A,avenue,,,,wgs84,37.86 112.56;37.86 112.57,,,,,,\n", "class"},
        {"A,primary,maybe,,,wgs84,37.86 112.56;37.86 112.57,,,,,,\n", "oneway"},
        {"A,primary,,17,,wgs84,37.86 112.56;37.86 112.57,,,,,,\n", "1 to 16"},
        {"A,primary,,,4,wgs84,37.86 112.56;37.86 112.57,,,,,,\n", "5 to 120"},
        {"A,primary,,,,wgs84,37.86 112.56,,,,,,\n", "two different points"},
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.56,,,,,,\n", "two different points"},
        {"A,primary,,,,wgs84,112.56 37.86;112.57 37.86,,,,,,\n", "latitude first"},
        {"A,primary,,,,wgs84,37.86;112.56,,,,,,\n", "lat lon"},
        {"A,primary,,,,wgs84,37.86 112.56;38.86 112.56,,,,,,\n", "50 km"},
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57,viaduct,,,,,\n", "bridge, tunnel"},
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57,,foot,,,,\n", "+ or -"},
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57,,,soon,,,\n", "planned"},
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57,,,,2026/10/01,,\n", "2026-10-01"},
        {"A,primary,,,,wgs84,37.86 112.56;37.86 112.57,,,,2026-10-02,2026-10-01,\n", "ends before"},
        {"\xff,primary,,,,wgs84,37.86 112.56;37.86 112.57,,,,,,\n", "UTF-8"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        test_build *test = test_build_new(1);
        test->settings.bad_rows_stop = true;
        tq_buf text = {0};
        tq_buf_printf(&text, "%s%s", HEAD, cases[k].row);
        tq_buf_putc(&text, '\0');
        bool refused = read_table(test, text.at) == TQ_BAD_INPUT;
        if (!refused || strstr(test->err.text, cases[k].says) == NULL ||
            strstr(test->err.text, "line 2") == NULL)
            fail_msg("case %zu: %d «%s»", k, refused, test->err.text);
        test_build_free(test);
        /* The other policy leaves the row out and says so. */
        test = test_build_new(1);
        test->settings.bad_rows_stop = false;
        assert_int_equal(read_table(test, text.at), TQ_OK);
        assert_int_equal(tq_report_dropped(test->build.report), 1);
        test_build_free(test);
        tq_buf_free(&text);
    }
    test_build *test = test_build_new(1);
    assert_int_equal(read_table(test, "name,class,cuorse\n"), TQ_BAD_INPUT);
    assert_non_null(strstr(test->err.text, "cuorse"));
    assert_non_null(strstr(test->err.text, "course"));
    test_build_free(test);
}

/* ---- stops ---------------------------------------------------------------------------------- */

static tq_stop stop_at(int32_t lat_e7, int32_t lon_e7)
{
    return (tq_stop){.at = {lat_e7, lon_e7}, .parent = TQ_NONE, .node = TQ_NONE};
}

static void stops_cut_edges(void **state)
{
    (void)state;
    test_build *test = test_build_new(1);
    assert_int_equal(
        read_table(test,
                   HEAD "A,primary,,,,wgs84,37.86 112.56;37.86 112.562;37.86 112.57,,,,,,\n"
                        "E,trunk,,,,wgs84,37.8601 112.56;37.8601 112.57,bridge,-foot,,,,\n"
                        "P,footway,,,,wgs84,37.86005 112.56;37.86005 112.57,bridge,,planned,,,\n"),
        TQ_OK);
    tq_stop stop[8];
    stop[0] = stop_at(378600500, 1125650000); /* beside the street, the walkless bridge nearer */
    stop[1] = stop_at(378599000, 1125630000);
    stop[2] = stop_at(378600000, 1125650050); /* within a metre of stop 0 along the street */
    stop[3] = stop_at(378600200, 1125600001); /* beside the end */
    stop[4] = stop_at(378700000, 1125650000); /* a kilometre off */
    stop[5] = stop_at(378599000, 1125610000);
    stop[6] = stop_at(378600000, 1125645000);
    stop[6].kind = TQ_STOP_KIND_NODE; /* generic nodes are not linked */
    stop[7] = stop_at(378600000, 1125699999);
    stop[7].kind = TQ_STOP_KIND_ENTRANCE;
    test->build.city.timetable.stop = stop;
    test->build.city.timetable.stop_count = 8;
    uint32_t whole = 0;
    for (size_t k = 0; k < test->build.network->edges.count; k++)
        whole += test->build.network->edges.at[k].length_dm;
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->edge_count, 6); /* A in four, E, P */
    uint32_t sum = 0;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++)
        sum += streets->edge_length_dm[edge];
    assert_int_equal(sum, whole);
    assert_int_equal(stop[0].node, stop[2].node);
    assert_int_equal(stop[4].node, TQ_NONE);
    assert_int_equal(stop[6].node, TQ_NONE);
    assert_int_equal(streets->node_at[stop[3].node].lon_e7, 1125600000);
    assert_int_equal(streets->node_at[stop[7].node].lon_e7, 1125700000);
    for (unsigned k = 0; k < 8; k++) {
        if (stop[k].node == TQ_NONE) continue;
        assert_int_equal(stop[k].link_dm,
                         tq_distance_dm(stop[k].at, streets->node_at[stop[k].node]));
        assert_true(stop[k].link_dm < 200);
        assert_in_range(streets->node_at[stop[k].node].lat_e7, 378599990, 378600010);
    }
    assert_true(stop[5].node != stop[1].node && stop[1].node != stop[0].node);
    test->build.city.timetable.stop_count = 0;
    test_build_free(test);
}

/* Random stops on a random grid of streets: the linked place is as near as any by brute force. */
static void links_are_nearest(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        tq_random random = {seed};
        test_build *test = test_build_new(1);
        tq_buf text = {0};
        tq_buf_puts(&text, HEAD);
        tq_point a[6], b[6];
        for (unsigned k = 0; k < 6; k++) {
            a[k] = (tq_point){378600000 + (int32_t)tq_random_below(&random, 100000),
                              1125600000 + (int32_t)tq_random_below(&random, 100000)};
            b[k] = (tq_point){378600000 + (int32_t)tq_random_below(&random, 100000),
                              1125600000 + (int32_t)tq_random_below(&random, 100000)};
            tq_buf_puts(&text, "A,footway,,,,wgs84,");
            tq_buf_fixed(&text, a[k].lat_e7, 7);
            tq_buf_putc(&text, ' ');
            tq_buf_fixed(&text, a[k].lon_e7, 7);
            tq_buf_putc(&text, ';');
            tq_buf_fixed(&text, b[k].lat_e7, 7);
            tq_buf_putc(&text, ' ');
            tq_buf_fixed(&text, b[k].lon_e7, 7);
            tq_buf_puts(&text, ",bridge,,,,,\n");
        }
        tq_buf_putc(&text, '\0');
        assert_int_equal(read_table(test, text.at), TQ_OK);
        tq_stop stop[20];
        for (unsigned k = 0; k < 20; k++)
            stop[k] = stop_at(378600000 + (int32_t)tq_random_below(&random, 100000),
                              1125600000 + (int32_t)tq_random_below(&random, 100000));
        test->build.city.timetable.stop = stop;
        test->build.city.timetable.stop_count = 20;
        const import_network *network = test->build.network;
        uint32_t best[20];
        for (unsigned k = 0; k < 20; k++) {
            best[k] = UINT32_MAX;
            for (unsigned s = 0; s < 6; s++) {
                bool island = tq_distance_dm(a[s], b[s]) < TQ_ISLAND_DM;
                uint32_t far = tq_project(stop[k].at, a[s], b[s]).distance_dm;
                if (!island && far <= TQ_STOP_REACH_M * 10) best[k] = TQ_MIN(best[k], far);
            }
        }
        assert_non_null(network);
        (void)frozen(test);
        for (unsigned k = 0; k < 20; k++) {
            if (best[k] == UINT32_MAX) continue; /* an island or nothing */
            if (stop[k].node == TQ_NONE || stop[k].link_dm + 11 < best[k] ||
                stop[k].link_dm > best[k] + 11)
                fail_msg("seed %llu stop %u: %u dm, nearest %u dm", (unsigned long long)seed, k,
                         stop[k].link_dm, best[k]);
        }
        test->build.city.timetable.stop_count = 0;
        tq_buf_free(&text);
        test_build_free(test);
    }
}

/* A stop in the middle of a banned turn's edges: the ban moves to the parts beside the node. */
static void turns_follow_the_parts(void **state)
{
    (void)state;
    static const char xml[] =
        "<osm><node id='1' lat='37.86' lon='112.56'/><node id='2' lat='37.86' lon='112.57'/>"
        "<node id='3' lat='37.86' lon='112.58'/><node id='4' lat='37.87' lon='112.57'/>"
        "<way id='7'><nd ref='1'/><nd ref='2'/><tag k='highway' v='primary'/></way>"
        "<way id='8'><nd ref='2'/><nd ref='3'/><tag k='highway' v='primary'/></way>"
        "<way id='9'><nd ref='2'/><nd ref='4'/><tag k='highway' v='primary'/></way>"
        "<way id='10'><nd ref='4'/><nd ref='1'/><tag k='highway' v='primary'/></way>"
        "<relation id='1'><tag k='type' v='restriction'/><tag k='restriction' v='no_left_turn'/>"
        "<member type='way' ref='7' role='from'/><member type='node' ref='2' role='via'/>"
        "<member type='way' ref='9' role='to'/></relation>"
        "<relation id='2'><tag k='type' v='restriction'/><tag k='restriction' v='no_u_turn'/>"
        "<member type='way' ref='7' role='from'/><member type='way' ref='9' role='via'/>"
        "<member type='way' ref='10' role='to'/></relation></osm>";
    test_build *test = test_build_new(1);
    assert_int_equal(test_build_osm(test, "t.osm", xml, sizeof xml - 1), TQ_OK);
    tq_stop stop[2] = {stop_at(378600100, 1125650000), stop_at(378650000, 1125700100)};
    test->build.city.timetable.stop = stop;
    test->build.city.timetable.stop_count = 2;
    const tq_streets *s = frozen(test);
    assert_int_equal(s->turn_count, 2);
    const tq_turn *node_turn = &s->turn[0], *way_turn = &s->turn[1];
    assert_int_equal(s->edge_to[node_turn->from_edge], node_turn->via_node);
    assert_int_equal(s->edge_from[node_turn->from_edge], stop[0].node);
    assert_int_equal(s->edge_from[node_turn->to_edge], node_turn->via_node);
    assert_int_equal(s->edge_to[node_turn->to_edge], stop[1].node);
    assert_int_equal(way_turn->via_count, 2);
    uint32_t first = s->via_edge[way_turn->first_via],
             second = s->via_edge[way_turn->first_via + 1];
    assert_int_equal(s->edge_from[first], s->edge_to[way_turn->from_edge]);
    assert_int_equal(s->edge_to[first], s->edge_from[second]);
    assert_int_equal(s->edge_to[second], s->edge_from[way_turn->to_edge]);
    test->build.city.timetable.stop_count = 0;
    test_build_free(test);
}

static void no_streets_are_fine(void **state)
{
    (void)state;
    test_build *test = test_build_new(1);
    tq_stop stop = stop_at(378600000, 1125600000);
    stop.node = 7;
    test->build.city.timetable.stop = &stop;
    test->build.city.timetable.stop_count = 1;
    assert_int_equal(import_osm(&test->build, &test->err), TQ_OK);
    assert_int_equal(import_streets_csv(&test->build, &test->err), TQ_OK);
    const tq_streets *streets = frozen(test);
    assert_int_equal(
        streets->node_count + streets->edge_count + streets->point_count + streets->grid_items, 0);
    assert_int_equal(streets->first_out[0], 0);
    assert_int_equal(streets->edge_first_point[0], 0);
    assert_int_equal(streets->grid.columns * streets->grid.rows, streets->grid_cells);
    assert_int_equal(streets->grid.first[0], 0);
    assert_int_equal(stop.node, TQ_NONE);
    test->build.city.timetable.stop_count = 0;
    test_build_free(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_edges),  cmocka_unit_test(columns_are_understood),
        cmocka_unit_test(bad_rows_are_named), cmocka_unit_test(stops_cut_edges),
        cmocka_unit_test(links_are_nearest),  cmocka_unit_test(turns_follow_the_parts),
        cmocka_unit_test(no_streets_are_fine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
