/* rules.csv of a city folder on a small drawn network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import_build.h"

#define ND(id)    "<nd ref='" id "'/>"
#define TAG(k, v) "<tag k='" k "' v='" v "'/>"

/* Main Street runs from west to east over nodes 1..5, cross streets A at 2 and B at 4. */
static const char town[] =
    "<osm><node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'/>"
    "<node id='3' lat='37.86' lon='112.563'/><node id='4' lat='37.86' lon='112.564'/>"
    "<node id='5' lat='37.86' lon='112.565'/><node id='12' lat='37.861' lon='112.562'/>"
    "<node id='13' lat='37.861' lon='112.563'/><node id='14' lat='37.861' lon='112.564'/>"
    "<way id='1'>" ND("1") ND("2") ND("3") ND("4") ND("5") TAG("highway",
                                                               "primary") TAG("name", "Main Street")
        TAG("maxspeed:conditional",
            "30 @ (22:00-06:00)") "</way>"
                                  "<way id='2'>" ND("2") ND("12") TAG("highway", "residential")
                                      TAG("name",
                                          "A") "</way>"
                                               "<way id='3'>" ND("3") ND("13") TAG("highway",
                                                                                   "residential")
                                                   TAG("name",
                                                       "C") "</way>"
                                                            "<way id='4'>" ND("4") ND("14")
                                                                TAG("highway", "residential")
                                                                    TAG("name", "B") "</way></osm>";

static test_build *town_with(const char *rules, bool stop, tq_status *status)
{
    test_build *test = test_build_new(1);
    test->settings.bad_rows_stop = stop;
    if (test_build_osm(test, "t.osm", town, sizeof town - 1) != TQ_OK)
        fail_msg("%s", test->err.text);
    (void)unlink(test->file);
    test_build_write(test, "rules.csv", rules, strlen(rules));
    (void)snprintf(test->settings.rules[0], sizeof test->settings.rules[0], "rules.csv");
    test->settings.rules_count = 1;
    *status = import_rules(&test->build, &test->err);
    if (*status == TQ_OK && import_link_stops(&test->build, &test->err) != TQ_OK)
        fail_msg("%s", test->err.text);
    return test;
}

/* «lon of its middle: rules» of every edge with a rule beyond the tag's own, west to east. */
static void show(test_build *test, tq_buf *out)
{
    const tq_streets *s = &test->build.city.streets;
    const tq_conditions *c = &test->build.city.conditions;
    static const char *const effects[] = {"deny", "allow", "destination", "speed"};
    out->len = 0;
    for (uint32_t edge = 0; edge < s->edge_count; edge++) {
        uint32_t set = tq_edge_attr(s, edge)->rules;
        uint32_t a = (uint32_t)s->node_at[s->edge_from[edge]].lon_e7,
                 b = (uint32_t)s->node_at[s->edge_to[edge]].lon_e7;
        bool listed = false;
        for (uint32_t k = c->first_rule[set]; k < c->first_rule[set + 1]; k++) {
            const tq_rule *rule = &c->rule[k];
            if (rule->effect == TQ_EFFECT_SPEED && rule->kmh == 30) continue;
            if (!listed) tq_buf_printf(out, "%u:", (a / 2 + b / 2 - 1125000000) / 1000);
            listed = true;
            tq_buf_printf(out, " %s %u %u", effects[rule->effect], rule->access, rule->kmh);
        }
        if (listed) tq_buf_putc(out, ';');
    }
    tq_buf_putc(out, '\0');
}

static void rows_pick_streets(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *shows;
    } cases[] = {
        {"who,effect,streets\ncar,deny,Main Street\n",
         "615: deny 4 0;625: deny 4 0;635: deny 4 0;645: deny 4 0;"},
        {"who,effect,streets,between\nlorry,destination,Main Street,A;B\n",
         "625: destination 32 0;635: destination 32 0;"},
        {"who,effect,streets,between\nlorry,destination,Main Street,C;A\n",
         "625: destination 32 0;"},
        {"who,effect,classes\nmotor_vehicle,speed 20 km/h,residential\n",
         "620: speed 60 20;630: speed 60 20;640: speed 60 20;"},
        {"who,effect,area\nbus;taxi,deny,\"POLYGON((112.5625 37.8, 112.5645 37.8, 112.5645 37.9, "
         "112.5625 37.9, 112.5625 37.8))\"\n",
         "625: deny 24 0;635: deny 24 0;630: deny 24 0;640: deny 24 0;"},
        {"who,effect,area,classes\nbus,deny,\"POLYGON((112.5625 37.8, 112.5645 37.8, 112.5645 "
         "37.9, "
         "112.5625 37.9, 112.5625 37.8))\",primary\n",
         "625: deny 8 0;635: deny 8 0;"},
        /* A hole, and two parts. */
        {"who,effect,area,classes\nbus,deny,\"POLYGON((112.5 37.8,112.6 37.8,112.6 37.9,112.5 37.9,"
         "112.5 37.8),(112.562 37.8,112.564 37.8,112.564 37.9,112.562 37.9,112.562 "
         "37.8))\",primary\n",
         "615: deny 8 0;645: deny 8 0;"},
        {"who,effect,area,classes\nbus,deny,\"MULTIPOLYGON(((112.561 37.8,112.562 37.8,112.562 "
         "37.9,"
         "112.561 37.9,112.561 37.8)),((112.563 37.8,112.564 37.8,112.564 37.9,112.563 37.9,"
         "112.563 37.8)))\",primary\n",
         "615: deny 8 0;635: deny 8 0;"},
        /* Rows in their order: the later one wins. */
        {"who,effect,streets\ncar,deny,A\ncar,allow,A\n", "620: deny 4 0 allow 4 0;"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_status status;
        tq_buf all = {0};
        test_build *test = town_with(cases[k].rules, true, &status);
        if (status != TQ_OK) fail_msg("case %zu: %s", k, test->err.text);
        show(test, &all);
        /* Edges come in no order that the eye knows: compare as sets of items. */
        tq_str rest = tq_str_of(cases[k].shows);
        if (strlen(all.at) != rest.len) fail_msg("case %zu: %s\nnot %s", k, all.at, cases[k].shows);
        while (rest.len > 0) {
            char item[128];
            size_t len = strcspn(rest.at, ";") + 1;
            (void)snprintf(item, sizeof item, "%.*s", (int)len, rest.at);
            if (strstr(all.at, item) == NULL) fail_msg("case %zu: %s has no %s", k, all.at, item);
            rest = (tq_str){rest.at + len, rest.len - len};
        }
        tq_buf_free(&all);
        test_build_free(test);
    }
}

/* 限行: plates by weekday, odd and even numbers by date, lorries by hour. */
static void conditions_are_whole(void **state)
{
    (void)state;
    tq_status status;
    test_build *test = town_with(
        "who,effect,streets,days,hours,dates,plates,date_parity,weight_over_t,hazmat,name,source\n"
        "car,deny,A,Mo,07:00-20:00,,1;6,,,,Monday plates,press\n"
        "car,deny,A,,,,odd,even,,,odd-even,\n"
        "lorry,deny,A,Mo-Fr,\"07:00-09:00,17:00-19:00\",Apr 01-Sep 30,,,4.5,,lorries,notice 3\n"
        "lorry,deny,A,,,2026 Jan 01-2026 Dec 31,,,,yes,,\n",
        true, &status);
    if (status != TQ_OK) fail_msg("%s", test->err.text);
    const tq_conditions *c = &test->build.city.conditions;
    assert_int_equal(c->count, 6); /* always, the speed of Main Street, four rules */
    const tq_clause *clause = &c->clause[c->first_clause[2]];
    assert_string_equal(tq_texts_at(test->build.texts, c->text[2]), "Monday plates (press)");
    assert_int_equal(clause->days, 1);
    assert_int_equal(clause->plates, 1 << 1 | 1 << 6);
    assert_int_equal(clause->from_min, 420);
    assert_int_equal(clause->to_min, 1200);
    clause = &c->clause[c->first_clause[3]];
    assert_int_equal(clause->plates, 0x2aa);
    assert_int_equal(clause->spare[0], 2);
    clause = &c->clause[c->first_clause[4]];
    assert_int_equal(c->first_clause[5] - c->first_clause[4], 2);
    assert_string_equal(tq_texts_at(test->build.texts, c->text[4]), "lorries (notice 3)");
    assert_int_equal(clause[0].days, 31);
    assert_int_equal(clause[1].from_min, 17 * 60);
    assert_int_equal(clause[1].weight_10kg, 450);
    assert_int_equal(clause[1].from_date, 4 * 32 + 1);
    assert_int_equal(clause[1].to_date, 9 * 32 + 30);
    clause = &c->clause[c->first_clause[5]];
    assert_int_equal(clause->hazmat, 1);
    /* 2026-01-01T00:00+08:00 */
    assert_true(clause->from_ms == INT64_C(1767196800000));
    test_build_free(test);
}

static void bad_rows_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *says;
    } cases[] = {
        {"who,effect,streets\nlorries,deny,A\n", "did you mean \"lorry\""},
        {"who,effect,streets\n,deny,A\n", "who is missing"},
        {"who,effect,streets\ncar,forbid,A\n", "effect \"forbid\""},
        {"who,effect,streets\ncar,speed 0,A\n", "effect \"speed 0\""},
        {"who,effect,streets\ncar,deny,Nowhere\n", "no street is meant"},
        {"who,effect,streets\ncar,deny,\n", "all missing"},
        {"who,effect,streets,between\ncar,deny,Main Street,A\n", "two cross streets"},
        {"who,effect,streets,between\ncar,deny,Main Street,A;Z\n", "does not meet \"Z\""},
        {"who,effect,area\ncar,deny,POLYGON((1 2))\n", "closed rings"},
        {"who,effect,area\ncar,deny,\"POLYGON((112 37,113 37,113 38,112 37)\"\n", "closed rings"},
        {"who,effect,area\ncar,deny,\"POLYGON((112 97,113 97,113 98,112 97))\"\n", "closed rings"},
        {"who,effect,classes\ncar,deny,boulevard\n", "class of street \"boulevard\""},
        {"who,effect,streets,hours\ncar,deny,A,seven\n", "not understood"},
        {"who,effect,streets,days\ncar,deny,A,PH\n", "not understood"},
        {"who,effect,streets,plates\ncar,deny,A,17\n", "plates \"17\""},
        {"who,effect,streets,date_parity\ncar,deny,A,uneven\n", "neither odd nor even"},
        {"who,effect,streets,weight_over_t\ncar,deny,A,heavy\n", "no number"},
        {"who,effect,street\ncar,deny,A\n", "unknown column \"street\""},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_status status;
        test_build *test = town_with(cases[k].rules, true, &status);
        if (status != TQ_BAD_INPUT || strstr(test->err.text, cases[k].says) == NULL)
            fail_msg("case %zu: status %d %s", k, (int)status, test->err.text);
        test_build_free(test);
    }
    /* Left out and counted when bad rows are skipped. */
    tq_status status;
    test_build *test = town_with("who,effect,streets\ncar,deny,Z\ncar,deny,A\n", false, &status);
    assert_int_equal(status, TQ_OK);
    assert_int_equal(tq_report_dropped(test->build.report), 1);
    assert_int_equal(test->build.city.conditions.rule_count, 2);
    test_build_free(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_pick_streets),
                                       cmocka_unit_test(conditions_are_whole),
                                       cmocka_unit_test(bad_rows_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
