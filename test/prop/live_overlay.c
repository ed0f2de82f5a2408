/*
 * Stretches against walking the grid; random sequences of closures, speeds, ends and expiries
 * against a state built anew, and against a table of what each user of each arc was told last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live_town.h"

#define NOW   INT64_C(1748908800000)
#define SEEDS 60u
#define STEPS 120u
#define USERS 8u

static live_town town;

/* ---- stretches ------------------------------------------------------------------------------- */

static void names_equal_walks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        tq_random random = {seed};
        uint32_t size = 3 + tq_random_below(&random, 8);
        town_grid(&town, size, TOWN_BOTH, 2);
        for (uint32_t round = 0; round < 20; round++) {
            bool row = tq_random_below(&random, 2) == 0;
            uint32_t street = tq_random_below(&random, size), from = tq_random_below(&random, size),
                     to = tq_random_below(&random, size);
            char json[160];
            tq_stretch s = {0};
            tq_err err;
            if (from == to) continue;
            (void)snprintf(json, sizeof json,
                           "{\"street\":\"%c%u\",\"from\":\"%c%u\",\"to\":\"%c%u\"}",
                           row ? 'R' : 'C', street, row ? 'C' : 'R', from, row ? 'C' : 'R', to);
            if (tq_stretch_find(&town.city, tq_str_of(json), &s, &err) != TQ_OK)
                fail_msg("seed %llu: %s: %s", (unsigned long long)seed, json, err.text);
            uint32_t count = from < to ? to - from : from - to;
            uint32_t base = (row ? street : size + street) * (size - 1);
            assert_int_equal(s.along_count, count);
            assert_int_equal(s.arc_count, 2 * count);
            for (uint32_t k = 0; k < count; k++) {
                uint32_t edge = base + (from < to ? from + k : from - 1 - k);
                uint32_t arc = 2 * edge + (from < to ? 0 : 1);
                assert_int_equal(s.arc[k], arc);
                assert_int_equal(s.arc[2 * count - 1 - k], arc ^ 1);
            }
            tq_stretch_free(&s);
        }
    }
}

/* ---- overlays -------------------------------------------------------------------------------- */

typedef struct told {
    uint16_t kmh_tenths; /* UINT16_MAX = nothing */
    int64_t until_ms;
} told;

typedef struct model {
    char *closure[64]; /* JSON by number, NULL = none */
    int64_t to_ms[64];
    told (*told)[USERS]; /* [arc] */
    uint32_t arcs;
} model;

static char *random_closure(tq_random *random, uint32_t number, uint32_t size, int64_t *to_ms)
{
    static const char *const effects[] = {"\"full\"", "\"half_width\"", "\"local\"",
                                          "\"speed\",\"speed_kmh\":30",
                                          "\"lanes\",\"lanes\":{\"total\":2,\"left\":1}"};
    char *text = malloc(600), from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX];
    int64_t from_ms = NOW + (int64_t)tq_random_below(random, 5) * 3600000;
    uint32_t a = tq_random_below(random, size - 1);
    *to_ms = from_ms + (1 + (int64_t)tq_random_below(random, 30)) * 3600000;
    tq_time_print(&town.city.zone, from_ms, from);
    tq_time_print(&town.city.zone, *to_ms, to);
    (void)snprintf(text, 600,
                   "{\"id\":\"CL-%02u\",\"stretch\":{\"street\":\"R%u\",\"from\":\"C%u\",\"to\":"
                   "\"C%u\"},\"owner\":\"o\",\"effect\":%s,\"from\":\"%s\",\"to\":\"%s\"%s%s}",
                   number, tq_random_below(random, size), a,
                   a + 1 + tq_random_below(random, size - 1 - a),
                   effects[tq_random_below(random, 5)], from, to,
                   tq_random_below(random, 3) == 0 ? ",\"limit\":{\"weight_t\":5}" : "",
                   tq_random_below(random, 3) == 0 ? ",\"fenced\":\"both\"" : "");
    return text;
}

static void put_text(tq_live *live, const char *json)
{
    tq_closure c = {0};
    tq_err err;
    if (tq_closure_read(&town.city, tq_str_of(json), INT64_MIN, &c, &err) != TQ_OK)
        fail_msg("%s: %s", json, err.text);
    assert_int_equal(tq_live_put_closure(live, &c, &err), TQ_OK);
    tq_closure_free(&c);
}

static void put_speeds(tq_live *live, tq_random *random, model *m)
{
    tq_live_speed row[20];
    uint32_t count = 1 + tq_random_below(random, 20);
    for (uint32_t k = 0; k < count; k++) {
        row[k] =
            (tq_live_speed){.arc = tq_random_below(random, TQ_MIN(m->arcs, 12u)),
                            .access = (uint16_t)(1 + tq_random_below(random, 255)),
                            .kmh_tenths = (uint16_t)(tq_random_below(random, 3) * 100),
                            .until_ms = tq_random_below(random, 4) == 0
                                            ? INT64_MAX
                                            : NOW + (int64_t)tq_random_below(random, 20) * 3600000};
        if (tq_random_below(random, 6) == 0) row[k].kmh_tenths = UINT16_MAX;
        for (uint32_t user = 0; user < USERS; user++)
            if (row[k].access >> user & 1)
                m->told[row[k].arc][user] = (told){row[k].kmh_tenths, row[k].until_ms};
    }
    assert_int_equal(tq_live_put_speeds(live, row, count, NULL), TQ_OK);
}

static void expire(tq_live *live, model *m, int64_t now_ms)
{
    (void)tq_live_expire(live, now_ms);
    for (uint32_t k = 0; k < 64; k++) {
        if (m->closure[k] == NULL || m->to_ms[k] > now_ms) continue;
        free(m->closure[k]);
        m->closure[k] = NULL;
    }
    for (uint32_t arc = 0; arc < m->arcs; arc++)
        for (uint32_t user = 0; user < USERS; user++)
            if (m->told[arc][user].until_ms <= now_ms)
                m->told[arc][user] = (told){UINT16_MAX, INT64_MAX};
}

static void check_told(const tq_overlay *now, const model *m)
{
    told(*seen)[USERS] = calloc(m->arcs, sizeof *seen);
    for (uint32_t arc = 0; arc < m->arcs; arc++)
        for (uint32_t user = 0; user < USERS; user++)
            seen[arc][user] = (told){UINT16_MAX, INT64_MAX};
    for (uint32_t k = 0; k < now->rule_count; k++) {
        const tq_live_rule *rule = &now->rule[k];
        if (rule->source != 0) continue;
        uint32_t first = now->first_clause[rule->condition];
        int64_t until_ms = rule->condition == 0 ? INT64_MAX : now->clause[first].to_ms;
        assert_int_equal(rule->effect == TQ_LIVE_CLOSED, rule->value == 0);
        for (uint32_t user = 0; user < USERS; user++)
            if (rule->access >> user & 1) {
                assert_int_equal(seen[rule->arc][user].kmh_tenths, UINT16_MAX);
                seen[rule->arc][user] = (told){rule->value, until_ms};
            }
    }
    for (uint32_t arc = 0; arc < m->arcs; arc++)
        for (uint32_t user = 0; user < USERS; user++) {
            assert_int_equal(seen[arc][user].kmh_tenths, m->told[arc][user].kmh_tenths);
            if (seen[arc][user].kmh_tenths != UINT16_MAX)
                assert_true(seen[arc][user].until_ms == m->told[arc][user].until_ms);
        }
    free(seen);
}

static void check_same(const tq_overlay *a, const tq_overlay *b)
{
    assert_int_equal(a->rule_count, b->rule_count);
    assert_int_equal(a->condition_count, b->condition_count);
    assert_int_equal(a->clause_count, b->clause_count);
    assert_int_equal(a->text_len, b->text_len);
    assert_memory_equal(a->text, b->text, a->text_len);
    assert_memory_equal(a->first_clause, b->first_clause,
                        (a->condition_count + 1) * sizeof *a->first_clause);
    if (a->clause_count > 0)
        assert_memory_equal(a->clause, b->clause, a->clause_count * sizeof *a->clause);
    if (a->rule_count > 0) assert_memory_equal(a->rule, b->rule, a->rule_count * sizeof *a->rule);
}

/* The same state put in from the highest number down, speeds in reverse. */
static void check_anew(const tq_live *live, const tq_overlay *now, const model *m, uint64_t version)
{
    tq_live *fresh;
    const tq_overlay *other;
    assert_int_equal(tq_live_open(&town.city, &fresh, NULL), TQ_OK);
    for (uint32_t k = 64; k > 0; k--)
        if (m->closure[k - 1] != NULL) put_text(fresh, m->closure[k - 1]);
    for (uint32_t k = live->speeds.count; k > 0; k--)
        assert_int_equal(tq_live_put_speeds(fresh, &live->speeds.row[k - 1], 1, NULL), TQ_OK);
    assert_int_equal(tq_live_overlay(fresh, version, &other, NULL), TQ_OK);
    check_same(now, other);
    tq_overlay_drop(other);
    tq_live_close(fresh);
}

static void random_sequence(uint64_t seed)
{
    tq_random random = {seed};
    model m = {0};
    tq_live *live;
    const tq_overlay *now = NULL, *before;
    uint32_t size = 4 + tq_random_below(&random, 4);
    town_grid(&town, size, tq_random_below(&random, 2) ? TOWN_BOTH : TOWN_ONEWAY, 2);
    m.arcs = 2 * town.city.streets.edge_count;
    m.told = calloc(m.arcs, sizeof *m.told);
    for (uint32_t arc = 0; arc < m.arcs; arc++)
        for (uint32_t user = 0; user < USERS; user++)
            m.told[arc][user] = (told){UINT16_MAX, INT64_MAX};
    assert_int_equal(tq_live_open(&town.city, &live, NULL), TQ_OK);
    int64_t now_ms = NOW;
    for (uint32_t step = 1; step <= STEPS; step++) {
        uint32_t what = tq_random_below(&random, 10), number = tq_random_below(&random, 64);
        char id[16];
        (void)snprintf(id, sizeof id, "CL-%02u", number);
        if (what < 4) {
            free(m.closure[number]);
            m.closure[number] = random_closure(&random, number, size, &m.to_ms[number]);
            put_text(live, m.closure[number]);
        } else if (what < 6) {
            assert_int_equal(tq_live_end_closure(live, id, NULL),
                             m.closure[number] != NULL ? TQ_OK : TQ_NOT_FOUND);
            free(m.closure[number]);
            m.closure[number] = NULL;
        } else if (what < 9) {
            put_speeds(live, &random, &m);
        } else {
            now_ms += (int64_t)tq_random_below(&random, 4) * 3600000;
            expire(live, &m, now_ms);
            assert_true(tq_live_next_ms(live) > now_ms);
        }
        before = now;
        if (tq_live_overlay(live, step, &now, NULL) != TQ_OK)
            fail_msg("seed %llu step %u", (unsigned long long)seed, step);
        assert_int_equal(now->version, step);
        assert_int_equal(now->transit_version, 0);
        if (before != NULL)
            assert_true(now->road_version == before->road_version || now->road_version == step);
        tq_overlay_drop(before);
        if (step % 10 != 0) continue;
        check_told(now, &m);
        check_anew(live, now, &m, step);
    }
    expire(live, &m, INT64_MAX - 1);
    tq_live_forget_speeds(live);
    before = now;
    assert_int_equal(tq_live_overlay(live, STEPS + 1, &now, NULL), TQ_OK);
    assert_int_equal(now->rule_count, 0);
    assert_int_equal(now->clause_count, 0);
    assert_int_equal(now->text_len, 1);
    tq_overlay_drop(before);
    before = now;
    assert_int_equal(tq_live_overlay(live, STEPS + 2, &now, NULL), TQ_OK);
    assert_int_equal(now->road_version, before->road_version); /* nothing changed */
    tq_overlay_drop(before);
    tq_overlay_drop(now);
    tq_live_close(live);
    free(m.told);
}

static void overlays_equal_anew(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        random_sequence(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_equal_walks),
        cmocka_unit_test(overlays_equal_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
