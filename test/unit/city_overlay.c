/*
 * The overlay of live state: what tq_overlay_new refuses and names, that a copy is whole and its
 * own, that it is found again by arc and run, and that many threads may hold and drop it.
 */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
/* clang-format on */

#include "city/city.h"

#define EDGES 5u

/* A city of which only what an overlay refers to is there: two patterns of 4 and 3 places. */
static const uint32_t pattern_first[3] = {0, 4, 7};
static const tq_trip trips[3] = {{.pattern = 0}, {.pattern = 0}, {.pattern = 1}};
static const tq_city small = {.streets = {.edge_count = EDGES},
                              .timetable = {.stop_count = 6,
                                            .route_count = 2,
                                            .pattern_count = 2,
                                            .pattern_first = pattern_first,
                                            .trip_count = 3,
                                            .trip = trips}};

/* One good overlay with everything in it; cases change one thing each. */
typedef struct sample {
    tq_live_rule rule[4];
    uint32_t first_clause[4];
    tq_clause clause[3];
    tq_live_run run[4];
    tq_live_call call[5];
    tq_detour detour[2];
    tq_point point[3];
    uint32_t source[2];
    char text[24];
    tq_overlay live;
} sample;

static void good(sample *s)
{
    *s = (sample){
        .rule = {{.arc = 1, .access = 255, .source = 1},
                 {.arc = 3, .access = 4, .effect = TQ_LIVE_SPEED, .value = 300, .condition = 1},
                 {.arc = 3, .access = 4, .effect = TQ_LIVE_PERCENT, .value = 100, .condition = 2},
                 {.arc = 9, .access = 2, .effect = TQ_LIVE_LIMIT, .value = 1}},
        .first_clause = {0, 0, 2, 3},
        .clause = {{.from_min = 1320, .to_min = 360},
                   {.from_ms = 5, .to_ms = INT64_MAX},
                   {.days = 127, .from_date = 2 * 32 + 29, .to_date = 2 * 32 + 29}},
        .run = {{.trip = 0, .service_day = 20000, .first_call = 0, .call_count = 2, .detour = 1},
                {.trip = 2,
                 .service_day = 20000,
                 .route = 1,
                 .state = TQ_RUN_CANCELLED,
                 .detour = TQ_NONE},
                {.trip = 2,
                 .service_day = 20000,
                 .start_s = 600,
                 .state = TQ_RUN_ADDED,
                 .first_call = 2,
                 .call_count = 1,
                 .detour = TQ_NONE,
                 .id = 6},
                {.trip = TQ_NONE,
                 .service_day = 20000,
                 .state = TQ_RUN_ADDED,
                 .first_call = 3,
                 .call_count = 2,
                 .detour = TQ_NONE,
                 .why = TQ_RUN_FEED}},
        .call = {{.stop = 1, .place = 1, .arrival_s = 10, .departure_s = 20},
                 {.stop = 2, .place = 3, .arrival_s = 20, .departure_s = 20},
                 {.stop = 5, .place = 2, .arrival_s = -5, .departure_s = 0},
                 {.stop = 0, .place = TQ_NONE, .arrival_s = 0, .departure_s = 0},
                 {.stop = 3, .place = TQ_NONE, .arrival_s = 0, .departure_s = 9, .flags = 7}},
        .detour = {{.pattern = 1, .from_place = TQ_NONE, .to_place = 0},
                   {.from_place = 1,
                    .to_place = 3,
                    .first_point = 1,
                    .point_count = 2,
                    .first_source = 0,
                    .source_count = 2}},
        .point = {{1, 1}, {2, 2}, {3, 3}},
        .source = {1, 6},
    };
    memcpy(s->text, "\0CL-1\0added", 12);
    s->live = (tq_overlay){.version = 7,
                           .road_version = 6,
                           .transit_version = 7,
                           .rule_count = 4,
                           .condition_count = 3,
                           .clause_count = 3,
                           .run_count = 4,
                           .call_count = 5,
                           .detour_count = 2,
                           .point_count = 3,
                           .source_count = 2,
                           .text_len = 12,
                           .rule = s->rule,
                           .first_clause = s->first_clause,
                           .clause = s->clause,
                           .run = s->run,
                           .call = s->call,
                           .detour = s->detour,
                           .point = s->point,
                           .source = s->source,
                           .text = s->text};
}

static void a_copy_is_whole_and_its_own(void **state)
{
    (void)state;
    sample s, same;
    good(&s);
    good(&same);
    const tq_overlay *copy = NULL;
    tq_err err = {0};
    tq_status status = tq_overlay_new(&small, &s.live, &copy, &err);
    if (status != TQ_OK) fail_msg("%s", err.text);
    memset(&s, 0xa5, sizeof s);
    assert_int_equal(copy->version, 7);
    assert_int_equal(copy->road_version, 6);
    assert_int_equal(copy->transit_version, 7);
    assert_memory_equal(copy->rule, same.rule, sizeof same.rule);
    assert_memory_equal(copy->first_clause, same.first_clause, sizeof same.first_clause);
    assert_memory_equal(copy->clause, same.clause, sizeof same.clause);
    assert_memory_equal(copy->run, same.run, sizeof same.run);
    assert_memory_equal(copy->call, same.call, sizeof same.call);
    assert_memory_equal(copy->detour, same.detour, sizeof same.detour);
    assert_memory_equal(copy->point, same.point, sizeof same.point);
    assert_memory_equal(copy->source, same.source, sizeof same.source);
    assert_memory_equal(copy->text, same.text, 12);
    /* A copy of a copy, and the first one gone. */
    const tq_overlay *again = NULL;
    assert_int_equal(tq_overlay_new(&small, copy, &again, &err), TQ_OK);
    assert_ptr_equal(tq_overlay_hold(again), again);
    tq_overlay_drop(copy);
    tq_overlay_drop(again);
    assert_memory_equal(again->rule, same.rule, sizeof same.rule);
    tq_overlay_drop(again);
}

static void found_by_arc_and_run(void **state)
{
    (void)state;
    sample s;
    good(&s);
    static const uint32_t want[2 * EDGES][2] = {{0, 0}, {0, 1}, {1, 1}, {1, 3}, {3, 3},
                                                {3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 4}};
    for (uint32_t arc = 0; arc < 2 * EDGES; arc++) {
        uint32_t from = 99, to = 99;
        tq_overlay_rules(&s.live, arc, &from, &to);
        assert_int_equal(from, want[arc][0]);
        assert_int_equal(to, want[arc][1]);
    }
    assert_int_equal(tq_overlay_run(&s.live, 0, 20000, 0), 0);
    assert_int_equal(tq_overlay_run(&s.live, 2, 20000, 0), 1);
    assert_int_equal(tq_overlay_run(&s.live, 2, 20000, 600), TQ_NONE); /* an added one only */
    assert_int_equal(tq_overlay_run(&s.live, TQ_NONE, 20000, 0), TQ_NONE);
    assert_int_equal(tq_overlay_run(&s.live, 0, 20001, 0), TQ_NONE);
    assert_int_equal(tq_overlay_run(&s.live, 1, 20000, 0), TQ_NONE);
    /* An added run that borrows the planned one's trip and start does not hide it. */
    s.run[1].start_s = 600;
    assert_int_equal(tq_overlay_run(&s.live, 2, 20000, 600), 1);
    tq_live_run swap = s.run[1];
    s.run[1] = s.run[2];
    s.run[2] = swap;
    assert_int_equal(tq_overlay_run(&s.live, 2, 20000, 600), 2);
    tq_err err = {0};
    const tq_overlay *copy = NULL;
    if (tq_overlay_new(&small, &s.live, &copy, &err) != TQ_OK) fail_msg("%s", err.text);
    tq_overlay_drop(copy);
}

static void nothing_live(void **state)
{
    (void)state;
    const tq_overlay *none = tq_overlay_none(), *copy = NULL;
    uint32_t from = 9, to = 9;
    assert_int_equal(none->version, 0);
    assert_int_equal(none->road_version, 0);
    assert_int_equal(none->condition_count, 1);
    tq_overlay_rules(none, 3, &from, &to);
    assert_int_equal(from, to);
    assert_int_equal(tq_overlay_run(none, 0, 0, 0), TQ_NONE);
    assert_ptr_equal(tq_overlay_hold(none), none);
    for (uint32_t k = 0; k < 5; k++)
        tq_overlay_drop(none);
    assert_null(tq_overlay_hold(NULL));
    tq_overlay_drop(NULL);
    tq_err err = {0};
    assert_int_equal(tq_overlay_new(&small, &(tq_overlay){0}, &copy, &err), TQ_OK);
    assert_int_equal(copy->condition_count, 1);
    assert_int_equal(copy->first_clause[1], 0);
    assert_int_equal(copy->text_len, 1);
    assert_int_equal(copy->text[0], 0);
    tq_overlay_drop(copy);
    assert_int_equal(tq_overlay_new(&small, none, &copy, &err), TQ_OK);
    tq_overlay_drop(copy);
}

/* What is wrong, row by row: change a good one, say what the refusal must name. */
#define BAD(what, change)                                                                          \
    do {                                                                                           \
        sample s;                                                                                  \
        good(&s);                                                                                  \
        change;                                                                                    \
        const tq_overlay *copy = NULL;                                                             \
        tq_err err = {0};                                                                          \
        tq_status status = tq_overlay_new(&small, &s.live, &copy, &err);                           \
        if (status != TQ_BAD_INPUT || copy != NULL || strstr(err.text, what) == NULL)              \
            fail_msg("line %d: status %d «%s», not «%s»", __LINE__, (int)status, err.text, what);  \
    } while (0)

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    BAD("rule 3", s.rule[3].arc = 10);
    BAD("rule 1", s.rule[0].arc = 4);
    BAD("rule 2", s.rule[2].condition = 3);
    BAD("rule 0", s.rule[0].access = 0);
    BAD("rule 0", s.rule[0].effect = TQ_LIVE_PERCENT + 1);
    BAD("rule 2", s.rule[2].value = 101);
    BAD("rule 2", s.rule[2].value = 0);
    BAD("rule 1", s.rule[1].value = 0);
    BAD("rule 3", s.rule[3].value = 0);
    BAD("rule 0", s.rule[0].source = 12);
    BAD("rule 0", s.live.road_version = 0);
    BAD("condition", s.first_clause[0] = 1);
    BAD("condition 0", s.first_clause[1] = 1);
    BAD("condition 2", s.first_clause[2] = 3);
    BAD("condition", s.first_clause[3] = 4);
    BAD("clause", s.live.condition_count = 0);
    BAD("clause 0", s.clause[0].to_min = 1441);
    BAD("clause 1", s.clause[1].to_ms = 4);
    BAD("clause 2", s.clause[2].days = 128);
    BAD("clause 2", s.clause[2].to_date = 0);
    BAD("clause 0", s.clause[0].plates = 1u << 10);
    BAD("run 0", s.run[0].trip = 3);
    BAD("run 1", s.run[1].trip = TQ_NONE);
    BAD("run 0", s.run[0].route = 2);
    BAD("run 0", s.run[0].state = 3);
    BAD("run 0", s.run[0].why = 16);
    BAD("run 0", s.run[0].call_count = 6);
    BAD("run 0", s.run[0].first_call = UINT32_MAX);
    BAD("run 0", s.run[0].call_count = 0);
    BAD("run 1", s.run[1].call_count = 1);
    BAD("run 0", s.run[0].detour = 2);
    BAD("run 2", s.run[2].id = 12);
    BAD("run 1", s.run[0].service_day = 20001);
    BAD("run 1", s.run[1] = s.run[0]);
    BAD("run 0", s.live.transit_version = 0);
    BAD("call 0", s.call[0].stop = 6);
    BAD("call 1", s.call[1].place = 4);
    BAD("call 1", s.call[1].place = 1);
    BAD("call 3", s.call[3].place = 0);
    BAD("call 1", s.call[1].arrival_s = 19);
    BAD("call 4", s.call[4].departure_s = -1);
    BAD("call 4", s.call[4].flags = 8);
    BAD("detour 0", s.detour[0].pattern = 2);
    BAD("detour 1", s.detour[1].to_place = 4);
    BAD("detour 1", s.detour[1].from_place = 3);
    BAD("detour 1", s.detour[1].point_count = 3);
    BAD("detour 1", s.detour[1].first_source = 1);
    BAD("point 2", s.point[2].lat_e7 = 900000001);
    BAD("source 1", s.source[1] = 12);
    BAD("text", s.text[0] = 'a');
    BAD("text", s.live.text_len = 11);
    BAD("text", s.text[3] = (char)0xff);
}

#define HOLDERS 4u

static void hold_and_drop(void *user, uint32_t part)
{
    const tq_overlay *shared = user;
    for (uint32_t k = 0; k < 20000; k++) {
        const tq_overlay *mine = tq_overlay_hold(shared);
        TQ_ASSERT(mine->rule[part].access != 0);
        tq_overlay_drop(mine);
    }
    tq_overlay_drop(shared);
}

static void many_threads(void **state)
{
    (void)state;
    sample s;
    good(&s);
    const tq_overlay *shared = NULL;
    tq_err err = {0};
    assert_int_equal(tq_overlay_new(&small, &s.live, &shared, &err), TQ_OK);
    for (uint32_t k = 1; k < HOLDERS; k++)
        (void)tq_overlay_hold(shared);
    tq_parallel(HOLDERS, HOLDERS, hold_and_drop, (void *)(uintptr_t)shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_whole_and_its_own),
        cmocka_unit_test(found_by_arc_and_run),
        cmocka_unit_test(nothing_live),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
