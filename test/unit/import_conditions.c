/* Conditions: texts one by one against what they mean, random ones against a slow evaluator, rule
 * sets and their freezing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import_build.h"

/* UTC, so that minutes of the week are plain arithmetic. */
static const int64_t zone_from[] = {INT64_MIN};
static const int32_t zone_offset[] = {0};
static const tq_zone_table zone = {1, zone_from, zone_offset};

/* What a vehicle is, and when: one minute of a day since 1970. */
typedef struct asked {
    int32_t day;
    uint32_t minute;
    uint16_t weight_10kg, height_cm;
    bool hazmat;
} asked;

static uint32_t week_day_of(int32_t day)
{
    return (uint32_t)((day + 3) % 7);
}

static bool day_fits(const tq_clause *clause, int32_t day)
{
    int32_t year;
    unsigned month, of_month;
    tq_date_of(day, &year, &month, &of_month);
    uint32_t date = month * 32 + of_month;
    if (clause->days != 0 && (clause->days >> week_day_of(day) & 1) == 0) return false;
    if (clause->from_date == 0) return true;
    if (clause->from_date <= clause->to_date)
        return clause->from_date <= date && date <= clause->to_date;
    return date >= clause->from_date || date <= clause->to_date;
}

/* Straight from the words in city.h. */
static bool clause_holds(const tq_clause *c, const asked *at)
{
    int64_t ms = ((int64_t)at->day * 1440 + at->minute) * 60000;
    if (c->to_ms != 0 && (ms < c->from_ms || ms >= c->to_ms)) return false;
    if (c->weight_10kg != 0 && at->weight_10kg <= c->weight_10kg) return false;
    if (c->height_cm != 0 && at->height_cm <= c->height_cm) return false;
    if (c->hazmat && !at->hazmat) return false;
    if (c->from_min == 0 && c->to_min == 0) return day_fits(c, at->day);
    if (c->from_min < c->to_min)
        return c->from_min <= at->minute && at->minute < c->to_min && day_fits(c, at->day);
    return (at->minute >= c->from_min && day_fits(c, at->day)) ||
           (at->minute < c->to_min && day_fits(c, at->day - 1));
}

static bool holds(const import_clauses *clauses, const asked *at)
{
    for (uint32_t k = 0; k < clauses->count; k++)
        if (clause_holds(&clauses->clause[k], at)) return true;
    return false;
}

/* 2026-11-23 is a Monday. */
static asked moment(const char *text)
{
    asked at = {0};
    unsigned year, month, day, hour, minute, weight, height, hazmat;
    int got = sscanf(text, "%u-%u-%u %u:%u %u t %u m %u", &year, &month, &day, &hour, &minute,
                     &weight, &height, &hazmat);
    assert_true(got >= 5);
    at.day = tq_day_of((int32_t)year, month, day);
    at.minute = hour * 60 + minute;
    if (got >= 6) at.weight_10kg = (uint16_t)(weight * 100);
    if (got >= 7) at.height_cm = (uint16_t)(height * 100);
    if (got >= 8) at.hazmat = hazmat != 0;
    return at;
}

static void texts_mean(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned doubts;
        const char *yes[4], *no[4];
    } cases[] = {
        {"Mo-Fr 07:00-09:00,17:00-19:00; Sa 10:00-14:00",
         0,
         {"2026-11-23 07:00", "2026-11-27 18:59", "2026-11-28 10:00"},
         {"2026-11-23 09:00", "2026-11-28 07:00", "2026-11-29 12:00"}},
        {"(22:00-06:00)", 0, {"2026-11-23 22:00", "2026-11-23 05:59"}, {"2026-11-23 06:00"}},
        {"Fr 22:00-06:00",
         0,
         {"2026-11-27 23:00", "2026-11-28 05:00"},
         {"2026-11-27 05:00", "2026-11-28 22:30"}},
        {"weight > 7.5", 0, {"2026-11-23 00:00 8 t"}, {"2026-11-23 00:00 7 t", "2026-11-23 00:00"}},
        {"weight>=8", 0, {"2026-11-23 00:00 8 t"}, {"2026-11-23 00:00 7 t"}},
        {"height>3.5 m", 0, {"2026-11-23 00:00 0 t 4 m"}, {"2026-11-23 00:00 0 t 3 m"}},
        {"weight>3.5 AND 07:00-20:00",
         0,
         {"2026-11-23 07:00 4 t"},
         {"2026-11-23 07:00 3 t", "2026-11-23 20:00 4 t"}},
        {"(weight>3.5) and (Mo-Fr AND (07:00-20:00))",
         0,
         {"2026-11-23 07:00 4 t"},
         {"2026-11-28 07:00 4 t", "2026-11-23 20:00 4 t"}},
        {"hazmat", 0, {"2026-11-23 00:00 0 t 0 m 1"}, {"2026-11-23 00:00"}},
        {"Dec-Mar", 0, {"2026-12-01 00:00", "2026-03-31 23:59"}, {"2026-11-30 12:00"}},
        {"Apr 01-Sep 30", 0, {"2026-04-01 00:00", "2026-09-30 23:59"}, {"2026-10-01 00:00"}},
        {"Nov 20-25", 0, {"2026-11-23 00:00"}, {"2026-11-26 00:00"}},
        {"2024 Nov 26-2025 Apr 08",
         0,
         {"2024-11-26 00:00", "2025-04-08 23:59"},
         {"2024-11-25 23:59", "2025-04-09 00:00", "2026-01-01 00:00"}},
        {"2026 Nov", 0, {"2026-11-30 23:59"}, {"2026-12-01 00:00", "2025-11-05 00:00"}},
        {"2026-2027", 0, {"2026-01-01 00:00", "2027-12-31 23:59"}, {"2028-01-01 00:00"}},
        {"2026 Nov 24+", 0, {"2030-01-01 00:00"}, {"2026-11-23 23:59"}},
        {"24/7", 0, {"2026-11-23 12:00"}, {0}},
        {"00:00-24:00", 0, {"2026-11-23 12:00"}, {0}},
        {"Su", 0, {"2026-11-29 00:00"}, {"2026-11-28 23:59"}},
        {"Sa-Mo", 0, {"2026-11-23 00:00", "2026-11-29 00:00"}, {"2026-11-24 00:00"}},
        {"Mo,We,Fr 08:00-12:00", 0, {"2026-11-25 08:00"}, {"2026-11-24 08:00"}},
        {"Mo-Fr 07:00-09:00, Sa 10:00-14:00", 0, {"2026-11-28 10:00"}, {"2026-11-28 08:00"}},
        {"07:00-09:00 Mo-Fr", 0, {"2026-11-23 08:00"}, {"2026-11-28 08:00"}},
        {"Mo-Su 07:00-19:00; Su off", 0, {"2026-11-28 08:00"}, {"2026-11-29 08:00"}},
        {"Monday-Friday 7:00-19:00", 0, {"2026-11-23 07:00"}, {"2026-11-28 08:00"}},
        {"19:00-02:00", 0, {"2026-11-23 01:59"}, {"2026-11-23 02:00"}},
        {"20:00-26:00", 0, {"2026-11-23 01:59"}, {"2026-11-23 02:00"}},
        {"18:00+", 0, {"2026-11-23 23:59"}, {"2026-11-23 17:59"}},
        {"Mo 08:00-08:00", 0, {"2026-11-23 08:00", "2026-11-24 07:59"}, {"2026-11-24 08:00"}},
        {"Mo\xe2\x80\x93"
         "Fr 07:00 \xe2\x80\x93 09:00",
         0,
         {"2026-11-23 08:00"},
         {"2026-11-28 08:00"}},
        {"sunset-sunrise",
         IMPORT_DOUBT_SUN,
         {"2026-11-23 18:00", "2026-11-23 05:59"},
         {"2026-11-23 06:00"}},
        {"(sunset+01:00)-(sunrise-00:30)",
         IMPORT_DOUBT_SUN,
         {"2026-11-23 19:00"},
         {"2026-11-23 18:59", "2026-11-23 05:30"}},
        {"Mo-Fr,PH 08:00-10:00", IMPORT_DOUBT_HOLIDAYS, {"2026-11-23 08:00"}, {"2026-11-28 08:00"}},
        {"Mo-Fr 08:00-10:00; PH off", IMPORT_DOUBT_HOLIDAYS, {"2026-11-23 08:00"}, {0}},
        {"PH", IMPORT_DOUBT_UNDECIDED, {0}, {"2026-11-23 08:00"}},
        {"SH Mo-Fr 08:00-10:00", IMPORT_DOUBT_UNDECIDED, {0}, {"2026-11-23 08:00"}},
        {"wet", IMPORT_DOUBT_UNDECIDED, {0}, {"2026-11-23 08:00"}},
        {"snow AND 07:00-08:00", IMPORT_DOUBT_UNDECIDED, {0}, {"2026-11-23 07:30"}},
        {"07:00-09:00 AND 08:00-10:00", 0, {"2026-11-23 08:30"}, {"2026-11-23 07:30"}},
        {"weight<7.5", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"Mo[1] 08:00-10:00", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"Mo-Fr 7 to 9", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"25:99-30:00", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"gibberish", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"()", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"Mo-Fr 07:00-09:00,", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-11-23 08:00"}},
        {"Jan 32", IMPORT_DOUBT_UNKNOWN, {0}, {"2026-01-01 08:00"}},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        static import_clauses clauses;
        import_parse_condition(tq_str_of(cases[k].text), &zone, &clauses);
        if (clauses.doubts != cases[k].doubts)
            fail_msg("%s: doubts %u", cases[k].text, clauses.doubts);
        for (unsigned n = 0; n < 4; n++) {
            if (cases[k].yes[n] != NULL) {
                asked at = moment(cases[k].yes[n]);
                if (!holds(&clauses, &at))
                    fail_msg("%s does not hold on %s", cases[k].text, cases[k].yes[n]);
            }
            if (cases[k].no[n] != NULL) {
                asked at = moment(cases[k].no[n]);
                if (holds(&clauses, &at)) fail_msg("%s holds on %s", cases[k].text, cases[k].no[n]);
            }
        }
    }
}

/* ---- random texts --------------------------------------------------------------------------- */

/* A model of a condition: rules of days and times, maybe with a season and a weight. */
typedef struct model_rule {
    unsigned days, time_count; /* days 0 = not named */
    unsigned from[3], to[3];
    unsigned season_from, season_to; /* months, 0 = not named */
} model_rule;

typedef struct model {
    model_rule rule[3];
    unsigned count, weight_t;
} model;

static void make_model(tq_random *random, model *out)
{
    *out = (model){.count = 1 + tq_random_below(random, 3)};
    if (tq_random_below(random, 3) == 0) out->weight_t = 1 + tq_random_below(random, 20);
    for (unsigned k = 0; k < out->count; k++) {
        model_rule *rule = &out->rule[k];
        if (tq_random_below(random, 4) != 0) rule->days = 1 + tq_random_below(random, 127);
        rule->time_count = tq_random_below(random, 4);
        for (unsigned t = 0; t < rule->time_count; t++) {
            rule->from[t] = tq_random_below(random, 1440);
            do
                rule->to[t] = 1 + tq_random_below(random, 1440);
            while (rule->to[t] == rule->from[t] || (rule->from[t] == 0 && rule->to[t] == 1440));
        }
        if (tq_random_below(random, 3) == 0) {
            rule->season_from = 1 + tq_random_below(random, 12);
            rule->season_to = 1 + tq_random_below(random, 12);
        }
        if (rule->days == 0 && rule->time_count == 0 && rule->season_from == 0) rule->days = 1;
    }
}

static void write_model(tq_random *random, const model *m, tq_buf *out)
{
    static const char *const days[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    bool weight_first = tq_random_below(random, 2) == 0;
    out->len = 0;
    if (m->weight_t != 0 && weight_first) tq_buf_printf(out, "weight>%u AND (", m->weight_t);
    for (unsigned k = 0; k < m->count; k++) {
        const model_rule *rule = &m->rule[k];
        if (k > 0) tq_buf_puts(out, tq_random_below(random, 2) == 0 ? "; " : ";");
        if (rule->season_from != 0)
            tq_buf_printf(out, "%s-%s ", months[rule->season_from - 1],
                          months[rule->season_to - 1]);
        bool first = true;
        for (unsigned day = 0; day < 7; day++) {
            if ((rule->days >> day & 1) == 0) continue;
            unsigned last = day;
            while (last + 1 < 7 && (rule->days >> (last + 1) & 1) != 0)
                last++;
            tq_buf_printf(out, "%s%s", first ? "" : ",", days[day]);
            if (last > day) tq_buf_printf(out, "-%s", days[last]);
            first = false;
            day = last;
        }
        if (rule->days != 0) tq_buf_putc(out, ' ');
        for (unsigned t = 0; t < rule->time_count; t++)
            tq_buf_printf(out, "%s%02u:%02u-%02u:%02u", t > 0 ? "," : "", rule->from[t] / 60,
                          rule->from[t] % 60, rule->to[t] / 60, rule->to[t] % 60);
    }
    if (m->weight_t != 0)
        tq_buf_printf(out, weight_first ? ")" : " AND weight > %u t", m->weight_t);
}

static bool model_day(const model_rule *rule, int32_t day)
{
    int32_t year;
    unsigned month, of_month;
    tq_date_of(day, &year, &month, &of_month);
    if (rule->days != 0 && (rule->days >> week_day_of(day) & 1) == 0) return false;
    if (rule->season_from == 0) return true;
    for (unsigned m = rule->season_from;; m = m % 12 + 1) {
        if (m == month) return true;
        if (m == rule->season_to) return false;
    }
}

/* Every span is laid out on the line of minutes, day by day. */
static bool model_holds(const model *m, int32_t day, unsigned minute, unsigned weight_t)
{
    if (m->weight_t != 0 && weight_t <= m->weight_t) return false;
    int64_t now = (int64_t)day * 1440 + minute;
    for (unsigned k = 0; k < m->count; k++) {
        const model_rule *rule = &m->rule[k];
        for (int32_t start = day - 1; start <= day; start++) {
            if (!model_day(rule, start)) continue;
            if (rule->time_count == 0 && start == day) return true;
            for (unsigned t = 0; t < rule->time_count; t++) {
                int64_t from = (int64_t)start * 1440 + rule->from[t];
                int64_t to = (int64_t)start * 1440 + rule->to[t];
                if (to <= from) to += 1440;
                if (from <= now && now < to) return true;
            }
        }
    }
    return false;
}

static void random_texts_round_trip(void **state)
{
    (void)state;
    tq_buf text = {0};
    unsigned held = 0, not_held = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        tq_random random = {seed};
        model m;
        static import_clauses clauses;
        make_model(&random, &m);
        write_model(&random, &m, &text);
        import_parse_condition((tq_str){text.at, text.len}, &zone, &clauses);
        if (clauses.doubts != 0)
            fail_msg("seed %u: doubts %u in %.*s", (unsigned)seed, clauses.doubts, (int)text.len,
                     text.at);
        int32_t monday = tq_day_of(2026, 1 + tq_random_below(&random, 12), 1);
        for (int32_t day = monday; day < monday + 7; day++) {
            for (unsigned minute = 0; minute < 1440; minute++) {
                unsigned weight_t = minute % 2 == 0 ? 40 : m.weight_t;
                asked at = {
                    .day = day, .minute = minute, .weight_10kg = (uint16_t)(weight_t * 100)};
                bool expected = model_holds(&m, day, minute, weight_t);
                if (holds(&clauses, &at) != expected)
                    fail_msg("seed %u day %d minute %u: %.*s should%s hold", (unsigned)seed, day,
                             minute, (int)text.len, text.at, expected ? "" : " not");
                held += expected;
                not_held += !expected;
            }
        }
    }
    assert_true(held > 100000 && not_held > 100000);
    tq_buf_free(&text);
}

/* ---- conditional tags ----------------------------------------------------------------------- */

static void alternatives_are_parted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *parts;
    } cases[] = {
        {"no @ (Mo-Fr 07:00-09:00; Sa 10:00-14:00)", "no|Mo-Fr 07:00-09:00; Sa 10:00-14:00\n"},
        {"no @ Mo-Fr 07:00-09:00; Sa 10:00-14:00", "no|Mo-Fr 07:00-09:00; Sa 10:00-14:00\n"},
        {"yes @ (Su); no @ (weight>7.5)", "yes|Su\nno|weight>7.5\n"},
        {"no @ Su;yes @ Mo ; destination @ (wet)", "no|Su\nyes|Mo\ndestination|wet\n"},
        {"30", "30|\n"},
        {"  ", ""},
        {"no@((Mo) AND (Tu))", "no|(Mo) AND (Tu)\n"},
        {"@", "|\n"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_buf all = {0};
        tq_str rest = tq_str_of(cases[k].text);
        import_alternative one;
        while (import_next_alternative(&rest, &one))
            tq_buf_printf(&all, "%.*s|%.*s\n", (int)one.value.len, one.value.at,
                          (int)one.condition.len, one.condition.at);
        tq_buf_putc(&all, '\0');
        assert_string_equal(all.at, cases[k].parts);
        tq_buf_free(&all);
    }
}

/* ---- rows and sets -------------------------------------------------------------------------- */

static void equal_rows_are_one(void **state)
{
    (void)state;
    test_build *test = test_build_new(1);
    tq_build *build = &test->build;
    import_source source = {"t.osm", "way", 7, TQ_STR("access:conditional")};
    uint32_t first, again, other, never, always, set, turned, both;
    assert_int_equal(import_condition(build, &source, TQ_STR("Mo-Fr"), &first, NULL), TQ_OK);
    assert_int_equal(import_condition(build, &source, TQ_STR(" Mo-Fr "), &again, NULL), TQ_OK);
    assert_int_equal(import_condition(build, &source, TQ_STR("Sa"), &other, NULL), TQ_OK);
    assert_int_equal(import_condition(build, &source, TQ_STR("wet"), &never, NULL), TQ_OK);
    assert_int_equal(import_condition(build, &source, TQ_STR("24/7"), &always, NULL), TQ_OK);
    assert_int_equal(first, 1);
    assert_int_equal(again, 1);
    assert_int_equal(other, 2);
    assert_int_equal(never, TQ_NONE);
    assert_int_equal(always, 0);
    tq_rule rules[2] = {{first, TQ_EFFECT_DENY, TQ_ACCESS_CAR, 3, 0},
                        {other, TQ_EFFECT_SPEED, TQ_ACCESS_CAR, 1, 30}};
    assert_int_equal(import_rule_set(build, 0, rules, 1, &both, NULL), TQ_OK);
    assert_int_equal(import_rule_set(build, both, rules + 1, 1, &set, NULL), TQ_OK);
    assert_int_equal(import_rule_set(build, 0, rules, 2, &turned, NULL), TQ_OK);
    assert_int_equal(set, turned);
    assert_true(import_rules_both_ways(build, both));
    assert_false(import_rules_both_ways(build, set));
    assert_int_equal(import_conditions_freeze(build, &test->err), TQ_OK);
    const tq_conditions *c = &build->city.conditions;
    assert_int_equal(c->count, 3);
    assert_int_equal(c->clause_count, 3);
    assert_int_equal(c->first_clause[1], 1);
    assert_int_equal(c->clause[1].days, 31);
    assert_string_equal(tq_texts_at(build->texts, c->text[1]), "Mo-Fr");
    assert_int_equal(c->rule_set_count, 3);
    assert_int_equal(c->first_rule[1], 0);
    assert_int_equal(c->first_rule[set + 1] - c->first_rule[set], 2);
    assert_int_equal(c->rule[c->first_rule[set] + 1].kmh, 30);
    assert_int_equal(c->ban_set_count, 1);
    assert_int_equal(c->first_ban[1], 0);
    /* Findings name the way and the text. */
    tq_buf json = {0};
    tq_report_json(build->report, &json);
    tq_buf_putc(&json, '\0');
    assert_non_null(strstr(json.at, "way 7 access:conditional"));
    assert_non_null(strstr(json.at, "condition_undecided"));
    tq_buf_free(&json);
    test_build_free(test);
}

static void an_empty_build_freezes(void **state)
{
    (void)state;
    test_build *test = test_build_new(1);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
        assert_int_equal(test->build.city.conditions.count, 1);
        assert_int_equal(test->build.city.conditions.rule_set_count, 1);
        assert_int_equal(test->build.city.conditions.ban_set_count, 1);
        import_conditions_free(&test->build);
    }
    test_build_free(test);
}

static void limits_hold(void **state)
{
    (void)state;
    static import_clauses clauses;
    tq_buf text = {0};
    for (unsigned k = 0; k < TQ_CLAUSES_MAX; k++)
        tq_buf_printf(&text, "%sMo %02u:%02u-%02u:%02u", k > 0 ? ";" : "", k / 60, k % 60,
                      2 + k / 60, k % 60);
    import_parse_condition((tq_str){text.at, text.len}, &zone, &clauses);
    assert_int_equal(clauses.count, TQ_CLAUSES_MAX);
    tq_buf_puts(&text, ";Tu");
    import_parse_condition((tq_str){text.at, text.len}, &zone, &clauses);
    assert_int_equal(clauses.doubts, IMPORT_DOUBT_UNKNOWN);
    text.len = 0;
    for (unsigned k = 0; k < 400; k++)
        tq_buf_putc(&text, '(');
    import_parse_condition((tq_str){text.at, text.len}, &zone, &clauses);
    assert_int_equal(clauses.doubts, IMPORT_DOUBT_UNKNOWN);
    text.len = 0;
    for (unsigned k = 0; k < 40; k++)
        tq_buf_puts(&text, k > 0 ? " AND Mo" : "Mo");
    import_parse_condition((tq_str){text.at, text.len}, &zone, &clauses);
    assert_int_equal(clauses.doubts, IMPORT_DOUBT_UNKNOWN);
    tq_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_mean),
                                       cmocka_unit_test(random_texts_round_trip),
                                       cmocka_unit_test(alternatives_are_parted),
                                       cmocka_unit_test(equal_rows_are_one),
                                       cmocka_unit_test(an_empty_build_freezes),
                                       cmocka_unit_test(limits_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
