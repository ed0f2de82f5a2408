/* OpenStreetMap -> streets: small networks drawn by hand, and real extracts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import/osm_in.h"

#include "import_build.h"
#include "osm_test.h"

#define B TQ_ACCESS_BIKE
#define C TQ_ACCESS_CAR
#define L TQ_ACCESS_LORRY
#define E TQ_ACCESS_EMERGENCY
#define M TQ_ACCESS_MOTOR

/* Nodes 1..9 in a row, 0.001 degrees apart; 11.. in a column north of node 3. */
static const char nodes_xml[] =
    "<node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'/>"
    "<node id='3' lat='37.86' lon='112.563'/><node id='4' lat='37.86' lon='112.564'/>"
    "<node id='5' lat='37.86' lon='112.565'/><node id='11' lat='37.861' lon='112.563'/>"
    "<node id='12' lat='37.862' lon='112.563'/>";

static test_build *build_xml(const char *nodes, const char *rest, unsigned threads)
{
    tq_buf xml = {0};
    tq_buf_printf(&xml, "<osm>%s%s</osm>", nodes, rest);
    test_build *test = test_build_new(threads);
    if (test_build_osm(test, "t.osm", xml.at, xml.len) != TQ_OK) fail_msg("%s", test->err.text);
    tq_buf_free(&xml);
    return test;
}

static const tq_streets *frozen(test_build *test)
{
    if (import_link_stops(&test->build, &test->err) != TQ_OK) fail_msg("%s", test->err.text);
    return &test->build.city.streets;
}

#define WAY(id, refs, tags) "<way id='" id "'>" refs tags "</way>"
#define ND(id)              "<nd ref='" id "'/>"
#define TAG(k, v)           "<tag k='" k "' v='" v "'/>"
#define STREET              TAG("highway", "residential")

static void chains_are_folded(void **state)
{
    (void)state;
    test_build *test = build_xml(nodes_xml,
                                 WAY("7", ND("1") ND("2") ND("3"), STREET TAG("name", "A"))
                                     WAY("8", ND("5") ND("4") ND("3"), STREET TAG("name", "A")),
                                 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->edge_count, 1);
    assert_int_equal(streets->node_count, 2);
    assert_int_equal(streets->point_count, 3);
    assert_int_equal(streets->edge_way[0], 7);
    uint32_t sum = 0;
    for (unsigned k = 0; k < 4; k++)
        sum += tq_distance_dm((tq_point){378600000, 1125610000 + (int32_t)k * 10000},
                              (tq_point){378600000, 1125620000 + (int32_t)k * 10000});
    assert_int_equal(streets->edge_length_dm[0], sum);
    assert_int_equal(streets->node_at[streets->edge_from[0]].lon_e7, 1125610000);
    assert_int_equal(test->build.places.count, 1);
    assert_int_equal(test->build.places.at[0].kind, TQ_PLACE_STREET);
    assert_int_equal(test->build.places.at[0].link, 0);
    test_build_free(test);
    /* Another name, a crossing street, a oneway against: each keeps the node. */
    static const char *const others[] = {
        WAY("8", ND("3") ND("4"), STREET TAG("name", "B")),
        WAY("8", ND("4") ND("3"), STREET TAG("name", "A") TAG("oneway", "yes")),
        WAY("8", ND("3") ND("4"), TAG("highway", "construction") TAG("name", "A"))};
    for (size_t k = 0; k < TQ_COUNT(others); k++) {
        tq_buf rest = {0};
        tq_buf_printf(&rest, "%s%s", WAY("7", ND("1") ND("2") ND("3"), STREET TAG("name", "A")),
                      others[k]);
        tq_buf_putc(&rest, '\0');
        test = build_xml(nodes_xml, rest.at, 1);
        assert_int_equal(frozen(test)->edge_count, 2);
        test_build_free(test);
        tq_buf_free(&rest);
    }
}

static void crossings_loops_and_gaps(void **state)
{
    (void)state;
    test_build *test = build_xml(nodes_xml,
                                 WAY("7", ND("1") ND("2") ND("3") ND("4") ND("5"), STREET)
                                     WAY("8", ND("3") ND("11") ND("12"), STREET),
                                 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->edge_count, 3);
    assert_int_equal(streets->node_count, 4);
    for (uint32_t node = 0; node < streets->node_count; node++)
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            assert_int_equal(tq_arc_tail(streets, streets->out_arc[k]), node);
            if (k > streets->first_out[node])
                assert_true(streets->out_arc[k - 1] < streets->out_arc[k]);
        }
    assert_int_equal(streets->first_out[streets->node_count], 2 * streets->edge_count);
    test_build_free(test);
    /* A closed way becomes two edges; none ends where it begins. */
    test = build_xml(nodes_xml, WAY("7", ND("1") ND("2") ND("11") ND("1"), STREET), 1);
    streets = frozen(test);
    assert_int_equal(streets->edge_count, 2);
    for (uint32_t edge = 0; edge < 2; edge++)
        assert_true(streets->edge_from[edge] != streets->edge_to[edge]);
    test_build_free(test);
    /* A node that the extract lacks parts the way. */
    test = build_xml(nodes_xml, WAY("7", ND("1") ND("2") ND("99") ND("4") ND("5"), STREET), 1);
    assert_int_equal(frozen(test)->edge_count, 2);
    test_build_free(test);
    /* oneway=-1 turns the edge round. */
    test = build_xml(nodes_xml, WAY("7", ND("1") ND("2"), STREET TAG("oneway", "-1")), 1);
    streets = frozen(test);
    assert_int_equal(streets->node_at[streets->edge_from[0]].lon_e7, 1125620000);
    assert_true((tq_edge_attr(streets, 0)->access[0] & C) != 0 &&
                (tq_edge_attr(streets, 0)->access[1] & C) == 0);
    test_build_free(test);
}

static void barriers_part_the_street(void **state)
{
    (void)state;
    static const char nodes[] =
        "<node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'>"
        "<tag k='barrier' v='bollard'/></node><node id='3' lat='37.86' lon='112.563'/>";
    test_build *test = build_xml(nodes, WAY("7", ND("1") ND("2") ND("3"), STREET), 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->node_count, 4);
    assert_int_equal(streets->edge_count, 3);
    unsigned gates = 0;
    for (uint32_t edge = 0; edge < 3; edge++) {
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        if (attr->street_class != TQ_BARRIER) continue;
        gates++;
        assert_int_equal(streets->edge_length_dm[edge], 0);
        assert_int_equal(attr->access[0], 255 & ~M);
        assert_int_equal(attr->access[1], 255 & ~M);
    }
    assert_int_equal(gates, 1);
    test_build_free(test);
}

#define RELATION(tags, from, via, to)                                                              \
    "<relation id='5'><member type='way' ref='" from "' role='from'/>" via                         \
    "<member type='way' ref='" to "' role='to'/>" TAG("type", "restriction") tags "</relation>"
#define VIA_NODE(id) "<member type='node' ref='" id "' role='via'/>"
#define VIA_WAY(id)  "<member type='way' ref='" id "' role='via'/>"

static void turns_are_stored(void **state)
{
    (void)state;
    static const char ways[] = WAY("7", ND("1") ND("2") ND("3"), STREET)
        WAY("8", ND("3") ND("4") ND("5"), STREET) WAY("9", ND("3") ND("11"), STREET);
    tq_buf rest = {0};
    tq_buf_printf(&rest, "%s%s", ways,
                  RELATION(TAG("restriction", "no_left_turn") TAG("except", "psv;bicycle"), "7",
                           VIA_NODE("3"), "9"));
    tq_buf_putc(&rest, '\0');
    test_build *test = build_xml(nodes_xml, rest.at, 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->turn_count, 1);
    const tq_turn *turn = &streets->turn[0];
    assert_int_equal(streets->edge_way[turn->from_edge], 7);
    assert_int_equal(streets->edge_way[turn->to_edge], 9);
    assert_int_equal(streets->node_at[turn->via_node].lon_e7, 1125630000);
    assert_int_equal(turn->only, 0);
    assert_int_equal(turn->banned, C | L | E);
    assert_int_equal(turn->condition, 0);
    test_build_free(test);
    rest.len = 0;
    tq_buf_printf(&rest, "%s%s", ways,
                  RELATION(TAG("restriction:hgv:conditional", "only_straight_on @ (Mo-Fr)"), "7",
                           VIA_NODE("3"), "8"));
    tq_buf_putc(&rest, '\0');
    test = build_xml(nodes_xml, rest.at, 1);
    streets = frozen(test);
    assert_int_equal(streets->turn_count, 1);
    assert_int_equal(streets->turn[0].only, 1);
    assert_int_equal(streets->turn[0].banned, L);
    assert_int_equal(streets->turn[0].condition, 1);
    assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
    assert_string_equal(tq_texts_at(test->build.texts, test->build.city.conditions.text[1]),
                        "Mo-Fr");
    test_build_free(test);
    /* Over a via way: 7 -> 9 -> 10; the ends of 9 stay nodes. */
    rest.len = 0;
    tq_buf_printf(&rest, "%s%s%s", ways, WAY("10", ND("11") ND("12"), STREET),
                  RELATION(TAG("restriction", "no_u_turn"), "7", VIA_WAY("9"), "10"));
    tq_buf_putc(&rest, '\0');
    test = build_xml(nodes_xml, rest.at, 1);
    streets = frozen(test);
    assert_int_equal(streets->turn_count, 1);
    turn = &streets->turn[0];
    assert_int_equal(turn->via_node, TQ_NONE);
    assert_int_equal(turn->via_count, 1);
    assert_int_equal(streets->edge_way[streets->via_edge[turn->first_via]], 9);
    assert_int_equal(streets->edge_way[turn->to_edge], 10);
    test_build_free(test);
    /* A way that is missing: dropped, not guessed. */
    rest.len = 0;
    tq_buf_printf(&rest, "%s%s", ways,
                  RELATION(TAG("restriction", "no_u_turn"), "77", VIA_NODE("3"), "9"));
    tq_buf_putc(&rest, '\0');
    test = build_xml(nodes_xml, rest.at, 1);
    assert_int_equal(frozen(test)->turn_count, 0);
    assert_true(tq_report_dropped(test->build.report) > 0);
    test_build_free(test);
    tq_buf_free(&rest);
}

/* A relation's own rest in the macro above: members by hand. */
#define REL(tags, members) "<relation id='5'>" members TAG("type", "restriction") tags "</relation>"
#define FROM(id)           "<member type='way' ref='" id "' role='from'/>"
#define TO(id)             "<member type='way' ref='" id "' role='to'/>"

/* Way 7 runs through node 3 from west to east, way 9 leaves it to the north. */
static void turns_are_told_by_their_angle(void **state)
{
    (void)state;
    static const char ways[] = WAY("7", ND("1") ND("2") ND("3") ND("4") ND("5"), STREET)
        WAY("9", ND("3") ND("11"), STREET) WAY("10", ND("11") ND("12"), STREET TAG("name", "N"));
    static const struct {
        const char *relation;
        /* longitude (e7) of the far end of the piece of way 7, 0 = the restriction is dropped */
        int32_t from, to;
        unsigned count, banned, conditions;
    } cases[] = {
        {REL(TAG("restriction", "no_left_turn"), FROM("7") VIA_NODE("3") TO("9")), 1125610000,
         1125630000, 1, B | M, 1},
        {REL(TAG("restriction", "no_right_turn"), FROM("7") VIA_NODE("3") TO("9")), 1125650000,
         1125630000, 1, B | M, 1},
        {REL(TAG("restriction", "no_right_turn"), FROM("9") VIA_NODE("3") TO("7")), 1125630000,
         1125610000, 1, B | M, 1},
        {REL(TAG("restriction", "only_left_turn"), FROM("9") VIA_NODE("3") TO("7")), 1125630000,
         1125650000, 1, B | M, 1},
        {REL(TAG("restriction", "no_entry"), FROM("7") VIA_NODE("3") TO("9")), 0, 0, 0, 0, 1},
        {REL(TAG("restriction", "no_straight_on"), FROM("7") VIA_NODE("3") TO("7")), 0, 0, 0, 0, 1},
        {REL(TAG("restriction", "no_u_turn"), FROM("7") VIA_NODE("3") TO("7")), 0, 0, 2, B | M, 1},
        {REL(TAG("restriction", "no_u_turn"), FROM("9") VIA_NODE("3") TO("9")), 1125630000,
         1125630000, 1, B | M, 1},
        {REL(TAG("restriction", "no_left_turn") TAG("day_on", "Monday") TAG("day_off", "Friday")
                 TAG("hour_on", "07:00") TAG("hour_off", "09:00"),
             FROM("7") VIA_NODE("3") TO("9")),
         1125610000, 1125630000, 1, B | M, 2},
        {REL(TAG("restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-09:00)"),
             FROM("7") VIA_NODE("3") TO("9")),
         1125610000, 1125630000, 1, B | M, 2},
        {REL(TAG("restriction:conditional", "no_left_turn @ (wet)"),
             FROM("7") VIA_NODE("3") TO("9")),
         0, 0, 0, 0, 1},
        {REL(TAG("restriction:motorcar", "no_left_turn") TAG("except", "taxi"),
             FROM("7") VIA_NODE("3") TO("9")),
         1125610000, 1125630000, 1, C, 1},
        {REL(TAG("restriction", "no_entry"), FROM("9") FROM("9") VIA_NODE("11") TO("10")),
         1125630000, 1125630000, 2, B | M, 1},
        {REL(TAG("restriction", "no_left_turn"), FROM("7") TO("9")), 0, 0, 0, 0, 1},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_buf rest = {0};
        tq_buf_printf(&rest, "%s%s", ways, cases[k].relation);
        tq_buf_putc(&rest, '\0');
        test_build *test = build_xml(nodes_xml, rest.at, 1);
        const tq_streets *s = frozen(test);
        assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
        if (s->turn_count != cases[k].count ||
            test->build.city.conditions.count != cases[k].conditions)
            fail_msg("case %zu: %u turns, %u conditions", k, s->turn_count,
                     test->build.city.conditions.count);
        for (uint32_t t = 0; t < s->turn_count; t++) {
            const tq_turn *turn = &s->turn[t];
            assert_int_equal(turn->banned, cases[k].banned);
            assert_int_equal(turn->condition, cases[k].conditions - 1);
            if (cases[k].from == 0) {
                assert_int_equal(turn->from_edge, turn->to_edge);
                continue;
            }
            const uint32_t edge[2] = {turn->from_edge, turn->to_edge};
            const int32_t lon[2] = {cases[k].from, cases[k].to};
            for (unsigned n = 0; n < 2; n++) {
                uint32_t far = s->edge_from[edge[n]] == turn->via_node ? s->edge_to[edge[n]]
                                                                       : s->edge_from[edge[n]];
                if (s->node_at[far].lon_e7 != lon[n])
                    fail_msg("case %zu: end %u at %d", k, n, s->node_at[far].lon_e7);
            }
        }
        test_build_free(test);
        tq_buf_free(&rest);
    }
}

/* Signals for one direction, places to turn, gates, low barriers. */
static void nodes_leave_marks(void **state)
{
    (void)state;
    static const char nodes[] =
        "<node id='1' lat='37.86' lon='112.561'><tag k='highway' v='turning_circle'/></node>"
        "<node id='2' lat='37.86' lon='112.562'><tag k='highway' v='traffic_signals'/>"
        "<tag k='traffic_signals:direction' v='backward'/></node>"
        "<node id='3' lat='37.86' lon='112.563'><tag k='highway' v='traffic_signals'/></node>"
        "<node id='4' lat='37.86' lon='112.564'><tag k='barrier' v='height_restrictor'/>"
        "<tag k='maxheight' v='2.1'/></node><node id='5' lat='37.86' lon='112.565'/>"
        "<node id='6' lat='37.86' lon='112.566'><tag k='barrier' v='gate'/>"
        "<tag k='access' v='private'/><tag k='foot' v='yes'/></node>"
        "<node id='7' lat='37.86' lon='112.567'/>";
    test_build *test = build_xml(
        nodes, WAY("7", ND("1") ND("2") ND("3") ND("4") ND("5") ND("6") ND("7"), STREET), 1);
    import_network *network = test->build.network;
    assert_int_equal(network->node_flags.count, network->nodes.count);
    unsigned turning = 0, signals = 0;
    for (size_t node = 0; node < network->nodes.count; node++) {
        turning += (network->node_flags.at[node] & IMPORT_NODE_TURNING) != 0;
        signals += (network->node_flags.at[node] & IMPORT_NODE_SIGNAL) != 0;
    }
    assert_int_equal(turning, 1);
    assert_int_equal(signals, 1);
    const tq_streets *s = frozen(test);
    assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
    unsigned low = 0, gates = 0;
    for (uint32_t edge = 0; edge < s->edge_count; edge++) {
        const tq_street_attr *attr = tq_edge_attr(s, edge);
        int32_t from = s->node_at[s->edge_from[edge]].lon_e7;
        unsigned flags = attr->flags & (TQ_STREET_SIGNAL_END | TQ_STREET_SIGNAL_START);
        if (attr->street_class != TQ_BARRIER) {
            /* 1-2 none; 2-3: against it at 2, along it at 3; 3-4 against it at 3 */
            unsigned expected = from == 1125620000   ? TQ_STREET_SIGNAL_END | TQ_STREET_SIGNAL_START
                                : from == 1125630000 ? TQ_STREET_SIGNAL_START
                                                     : 0;
            assert_int_equal(flags, expected);
            continue;
        }
        assert_int_equal(attr->access[0], 255);
        low += attr->max_height_cm == 210;
        if ((attr->flags & TQ_STREET_DESTINATION) == 0) continue;
        /* Cars for the last metres by the flag, bicycles by a rule, walkers freely. */
        gates++;
        const tq_conditions *c = &test->build.city.conditions;
        assert_int_equal(c->first_rule[attr->rules + 1] - c->first_rule[attr->rules], 1);
        const tq_rule *rule = &c->rule[c->first_rule[attr->rules]];
        assert_int_equal(rule->effect, TQ_EFFECT_DESTINATION);
        assert_int_equal(rule->access, B);
    }
    assert_int_equal(low, 1);
    assert_int_equal(gates, 1);
    test_build_free(test);
}

/* Directional rules keep two ways that meet head to head apart; others do not. */
static void rules_and_folding(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        unsigned edges;
    } cases[] = {{"motor_vehicle:conditional", 1}, {"motor_vehicle:forward:conditional", 2}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_buf rest = {0};
        tq_buf_printf(&rest,
                      "<way id='7'>" ND("1") ND("2") ND("3") STREET
                      "<tag k='%s' v='no @ (Su)'/></way><way id='8'>" ND("5") ND("4") ND("3") STREET
                      "<tag k='%s' v='no @ (Su)'/></way>",
                      cases[k].key, cases[k].key);
        tq_buf_putc(&rest, '\0');
        test_build *test = build_xml(nodes_xml, rest.at, 1);
        const tq_streets *s = frozen(test);
        /* The tags' own text differs by nothing here, so only the rules decide. */
        assert_int_equal(s->edge_count, cases[k].edges);
        for (uint32_t edge = 0; edge < s->edge_count; edge++)
            assert_int_equal(tq_edge_attr(s, edge)->rules, 1);
        test_build_free(test);
        tq_buf_free(&rest);
    }
}

static void names_become_places(void **state)
{
    (void)state;
    static const char nodes[] =
        "<node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'/>"
        "<node id='3' lat='37.861' lon='112.562'><tag k='amenity' v='hospital'/><tag k='name' "
        "v='山西大医院'/>"
        "<tag k='old_name' v='旧名;又名'/><tag k='name:en' v='Shanxi Hospital'/><tag "
        "k='addr:street' v='龙城大街'/>"
        "<tag k='addr:housenumber' v='99'/></node>"
        "<node id='4' lat='37.862' lon='112.563'><tag k='addr:street' v='Main Street'/>"
        "<tag k='addr:housenumber' v='12a'/></node>"
        "<node id='5' lat='37.88' lon='112.58'><tag k='place' v='village'/><tag k='name' "
        "v='东村'/></node>";
    test_build *test = build_xml(
        nodes,
        WAY("7", ND("1") ND("2"),
            STREET TAG("name", "龙城大街") TAG("old_name", "老街") TAG("name:en", "Longcheng St"))
            WAY("8", ND("1") ND("2") ND("3") ND("1"), TAG("leisure", "park") TAG("name", "公园")),
        1);
    (void)frozen(test);
    tq_buf all = {0};
    for (size_t k = 0; k < test->build.places.count; k++) {
        const tq_place_row *place = &test->build.places.at[k];
        tq_buf_printf(&all, "%d %s %s", place->kind, tq_texts_at(test->build.texts, place->name),
                      tq_texts_at(test->build.texts, place->category));
        for (uint32_t alias = 0; alias < place->alias_count; alias++)
            tq_buf_printf(&all, " %u:%s", test->build.aliases.at[place->first_alias + alias].kind,
                          tq_texts_at(test->build.texts,
                                      test->build.aliases.at[place->first_alias + alias].text));
        tq_buf_putc(&all, '\n');
    }
    tq_buf_putc(&all, '\0');
    assert_string_equal(all.at, "3 公园 park\n"
                                "6 龙城大街99号 address\n"
                                "3 山西大医院 hospital 1:旧名 1:又名 2:Shanxi Hospital\n"
                                "6 Main Street 12a address\n"
                                "5 东村 village\n"
                                "2 龙城大街 street 1:老街 2:Longcheng St\n");
    tq_buf_free(&all);
    test_build_free(test);
}

/* One thread and three give the same arrays; restrictions as many as the README says. */
static void real_extracts_build(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t street_ways_least, turns_least;
    } files[] = {{"osm/monaco.osm.pbf", 2800, 20}, {"osm/motis_test_case.osm.pbf", 1300, 8}};
    const char *folder = tq_env_var("TQ_SHARED_DATA"), *ci = tq_env_var("CI");
    unsigned read = 0;
    for (size_t k = 0; k < TQ_COUNT(files); k++) {
        uint64_t hash[2] = {0};
        for (unsigned round = 0; round < 2; round++) {
            char path[TQ_PATH_MAX];
            assert_true(
                tq_path_join(path, folder != NULL ? folder : "../shared/data", files[k].name));
            if (!tq_file_look(path).exists) continue;
            test_build *test = test_build_new(round == 0 ? 1 : 3);
            (void)rmdir(test->settings.folder);
            (void)snprintf(test->settings.folder, sizeof test->settings.folder, "%s",
                           folder != NULL ? folder : "../shared/data");
            (void)snprintf(test->settings.osm[0], sizeof test->settings.osm[0], "%s",
                           files[k].name);
            test->settings.osm_count = 1;
            if (import_osm(&test->build, &test->err) != TQ_OK) fail_msg("%s", test->err.text);
            const tq_streets *s = frozen(test);
            assert_true(s->turn_count >= files[k].turns_least);
            for (uint32_t edge = 0; edge < s->edge_count; edge++) {
                assert_true(s->edge_from[edge] != s->edge_to[edge]);
                uint64_t sum = 0;
                tq_point a = s->node_at[s->edge_from[edge]];
                for (uint32_t p = s->edge_first_point[edge]; p < s->edge_first_point[edge + 1];
                     p++) {
                    sum += tq_distance_dm(a, s->point[p]);
                    a = s->point[p];
                }
                sum += tq_distance_dm(a, s->node_at[s->edge_to[edge]]);
                bool gate = tq_edge_attr(s, edge)->street_class == TQ_BARRIER;
                assert_int_equal(s->edge_length_dm[edge], gate ? 0 : TQ_MAX(sum, 1));
            }
            hash[round] =
                tq_hash(s->edge_from, s->edge_count * sizeof(uint32_t), 1) ^
                tq_hash(s->node_at, s->node_count * sizeof(tq_point), 2) ^
                tq_hash(s->attr, s->attr_count * sizeof(tq_street_attr), 3) ^
                tq_hash(s->edge_name, s->edge_count * sizeof(uint32_t), 4) ^
                tq_hash(test->build.places.at, test->build.places.count * sizeof(tq_place_row), 5);
            (void)snprintf(test->settings.folder, sizeof test->settings.folder, "/tmp/none");
            test_build_free(test);
            read++;
        }
        assert_true(hash[0] == hash[1]);
    }
    if (read == 0 && (ci == NULL || strcmp(ci, "true") != 0)) skip();
    assert_true(read > 0);
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        const char *says;
    } cases[] = {{"a.osm.pbf", "garbage that is no map", 22, "a.osm.pbf"},
                 {"a.osm.pbf", "", 0, "no OpenStreetMap data"},
                 {"a.osm", "<osm><way id='1'>", 17, "a.osm: line 1"},
                 {"a.osm.gz", "\x1f\x8b\x08\0\0\0\0\0\0\0\xff", 11, "gzip"}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        test_build *test = test_build_new(2);
        assert_int_equal(test_build_osm(test, cases[k].name, cases[k].bytes, cases[k].len),
                         TQ_BAD_INPUT);
        if (strstr(test->err.text, cases[k].says) == NULL) fail_msg("%s", test->err.text);
        test_build_free(test);
    }
    test_build *test = test_build_new(1);
    (void)snprintf(test->settings.osm[0], sizeof test->settings.osm[0], "absent.osm.pbf");
    test->settings.osm_count = 1;
    assert_int_equal(import_osm(&test->build, &test->err), TQ_IO);
    test_build_free(test);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_folded),
        cmocka_unit_test(crossings_loops_and_gaps),
        cmocka_unit_test(barriers_part_the_street),
        cmocka_unit_test(turns_are_stored),
        cmocka_unit_test(turns_are_told_by_their_angle),
        cmocka_unit_test(nodes_leave_marks),
        cmocka_unit_test(rules_and_folding),
        cmocka_unit_test(names_become_places),
        cmocka_unit_test(real_extracts_build),
        cmocka_unit_test(bad_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
