/*
 * Live states that follow each other, in random small towns: what the cache hands out under each,
 * made ahead, changed from an older one or anew, is bit by bit what is made from nothing, and its
 * weights are those of slow code that asks each rule for itself (road_live.h). Ways are the same
 * before and after the parts that come later. When everything is undone, so are the weights.
 */
// also: import
#include "road_live.h"

#include "os/os.h"
#include "road/vehicle_in.h"

#include "road_town.h"

#define TOWNS      2000u
#define STEPS      5u
#define VEHICLES   3u
#define INSTANTS   3u
#define WORK_BYTES ((size_t)2 << 20)
#define DAY_MS     INT64_C(86400000)
#define MONDAY_MS  (INT64_C(20241) * DAY_MS)

static uint8_t *memory;

/* How often each kind of metric was handed out and each thing happened: a test that never meets
 * them shows nothing. */
static struct {
    uint32_t asked, ahead, areas, closed, ways;
} met;

static void random_town(test_town *town, tq_random *random)
{
    static const tq_street_class classes[] = {TQ_PRIMARY, TQ_RESIDENTIAL, TQ_SERVICE, TQ_CYCLEWAY};
    town_begin(town);
    uint32_t nodes = 4 + tq_random_below(random, 8), edges = nodes + tq_random_below(random, nodes);
    for (uint32_t k = 0; k < nodes; k++)
        (void)town_node(town, 378000000 + (int32_t)tq_random_below(random, 300000),
                        1125000000 + (int32_t)tq_random_below(random, 300000));
    uint32_t date = town_date(town, TQ_OPEN, MONDAY_MS + 7 * LIVE_MINUTE_MS * 60, INT64_MAX);
    for (uint32_t k = 0; k < edges; k++) {
        bool one_way = tq_random_below(random, 4) == 0;
        uint32_t attr = town_attr(town, classes[tq_random_below(random, TQ_COUNT(classes))],
                                  TOWN_ACCESS_ALL, one_way ? TQ_ACCESS_FOOT : TOWN_ACCESS_ALL,
                                  (uint8_t)(20 + 10 * tq_random_below(random, 5)));
        if (tq_random_below(random, 5) == 0) town->attr.at[attr].flags = TQ_STREET_DESTINATION;
        if (tq_random_below(random, 4) == 0) {
            tq_clause clause = live_clause(random, MONDAY_MS);
            town_rule(town, attr,
                      (tq_rule){town_condition(town, &clause), (uint8_t)tq_random_below(random, 4),
                                TOWN_ACCESS_ALL, (uint8_t)(1 + tq_random_below(random, 3)),
                                (uint8_t)(5 + tq_random_below(random, 100))});
        }
        uint32_t from = k < nodes ? k : tq_random_below(random, nodes);
        uint32_t to = (from + 1 + tq_random_below(random, nodes - 1)) % nodes;
        (void)town_edge(town, from, to, attr, 0, tq_random_below(random, 6) == 0 ? date : 0,
                        100 + tq_random_below(random, 60000));
    }
    town_finish(town, TOWN_NO_GRID);
}

/* One town with what asks about it. */
typedef struct trial {
    uint64_t seed;
    uint32_t step;
    const tq_city *city;
    tq_roads *roads;
    const tq_vehicle *vehicle[VEHICLES];
    int64_t at_ms[INSTANTS];
} trial;

#define FAIL(t, what) fail_msg("seed %lu step %u: %s", (unsigned long)(t)->seed, (t)->step, what)

static bool same_weights(const tq_metric *a, const tq_metric *b)
{
    bool areas = (a->area == NULL) == (b->area == NULL);
    if (areas && a->area != NULL)
        areas = memcmp(a->area, b->area, a->edge_count * sizeof *a->area) == 0;
    return areas && memcmp(a->arc_ds, b->arc_ds, 2 * a->edge_count * sizeof *a->arc_ds) == 0 &&
           memcmp(a->turn_ds, b->turn_ds, a->link_count * sizeof *a->turn_ds) == 0 &&
           memcmp(a->pair, b->pair, a->up_count * sizeof *a->pair) == 0 &&
           (a->in_main == NULL || b->in_main == NULL ||
            memcmp(a->in_main, b->in_main, a->edge_count) == 0);
}

static void same_ways(const trial *t, const tq_metric *a, const tq_metric *b, tq_random *random)
{
    for (uint32_t k = 0; k < 3; k++) {
        tq_snap end[2];
        for (uint32_t side = 0; side < 2; side++) {
            uint32_t edge = tq_random_below(random, t->city->streets.edge_count);
            uint32_t length_dm = t->city->streets.edge_length_dm[edge];
            end[side] = (tq_snap){.edge = edge,
                                  .along_dm = 1 + tq_random_below(random, length_dm - 2),
                                  .directions = 3};
        }
        tq_arena work;
        tq_arena_init(&work, memory, WORK_BYTES);
        tq_way one = {0}, two = {0};
        tq_status first = tq_road_way(t->city, a, &end[0], &end[1], &work, &one, NULL);
        tq_status second = tq_road_way(t->city, b, &end[0], &end[1], &work, &two, NULL);
        if (first != second || (first == TQ_OK && one.time_ds != two.time_ds) ||
            one.arc_count != two.arc_count ||
            (one.arc_count > 0 && memcmp(one.arc, two.arc, one.arc_count * sizeof *one.arc) != 0))
            FAIL(t, "another way without the parts that come later");
        met.ways += first == TQ_OK;
    }
}

/* The cache's metric of a vehicle and instant against one from nothing and the oracle. */
static void check_one(const trial *t, const tq_overlay *live, uint32_t vehicle, uint32_t instant,
                      tq_random *random)
{
    const tq_vehicle *who = t->vehicle[vehicle];
    int64_t at_ms = t->at_ms[instant];
    const tq_metric *metric = NULL;
    tq_metric *fresh = NULL;
    tq_err err = {0};
    if (tq_roads_get(t->roads, live, who, at_ms, &metric, &err) != TQ_OK) FAIL(t, err.text);
    if (tq_metric_make(t->city, who, at_ms, live, TQ_METRIC_ALL, 1, &fresh, &err) != TQ_OK)
        FAIL(t, err.text);
    for (uint32_t arc = 0; arc < 2 * t->city->streets.edge_count; arc++) {
        int32_t want = town_live_now(t->city, live, who, at_ms, arc);
        if (tq_metric_arc_ds(fresh, arc) != want)
            fail_msg("seed %lu step %u vehicle %u instant %u: arc %u takes %d, the oracle says %d",
                     (unsigned long)t->seed, t->step, vehicle, instant, arc,
                     tq_metric_arc_ds(fresh, arc), want);
    }
    if (!same_weights(metric, fresh)) FAIL(t, "a kept metric is not that made from nothing");
    same_ways(t, metric, fresh, random);
    met.asked++;
    met.ahead += (tq_metric_parts(metric) & TQ_METRIC_PRUNED) == 0;
    met.areas += fresh->area != NULL;
    tq_metric_free(fresh);
    tq_roads_put(t->roads, metric);
}

static void check_all(const trial *t, const tq_overlay *live, tq_random *random)
{
    for (uint32_t vehicle = 0; vehicle < VEHICLES; vehicle++)
        for (uint32_t instant = 0; instant < INSTANTS; instant++)
            check_one(t, live, vehicle, instant, random);
}

/* Bounds for timed searches are nowhere above the weight of an instant. */
static void check_bounds(const trial *t, const tq_overlay *live)
{
    for (uint32_t vehicle = 0; vehicle < VEHICLES; vehicle++) {
        const tq_metric *best = NULL;
        tq_err err = {0};
        if (road_fastest(t->roads, live, t->vehicle[vehicle], &best, &err) != TQ_OK)
            FAIL(t, err.text);
        for (uint32_t instant = 0; instant < INSTANTS; instant++)
            for (uint32_t arc = 0; arc < 2 * t->city->streets.edge_count; arc++)
                if (tq_metric_arc_ds(best, arc) >
                    town_live_now(t->city, live, t->vehicle[vehicle], t->at_ms[instant], arc))
                    FAIL(t, "a bound is above a weight");
        tq_roads_put(t->roads, best);
    }
}

static void change(live_draft *draft, const tq_city *city, tq_random *random)
{
    for (uint32_t k = tq_random_below(random, 3); k > 0 && draft->rules > 0; k--)
        live_remove(draft, tq_random_below(random, draft->rules));
    for (uint32_t k = tq_random_below(random, 4); k > 0; k--)
        live_add(draft, city, LIVE_ALL, MONDAY_MS, random);
    if (draft->rules == 0) draft->conditions = draft->clauses = 0;
    for (uint32_t k = 0; k < draft->rules; k++)
        met.closed += draft->rule[k].effect == TQ_LIVE_CLOSED;
}

static void one_town(uint64_t seed)
{
    static const tq_profile profiles[] = {TQ_PROFILE_CAR,         TQ_PROFILE_BIKE,
                                          TQ_PROFILE_LORRY_HEAVY, TQ_PROFILE_FOOT,
                                          TQ_PROFILE_AMBULANCE,   TQ_PROFILE_TAXI};
    tq_random random = {seed};
    test_town town;
    random_town(&town, &random);
    trial t = {.seed = seed, .city = town.city};
    tq_err err = {0};
    assert_int_equal(tq_roads_open(t.city, &t.roads, &err), TQ_OK);
    for (uint32_t k = 0; k < VEHICLES; k++)
        t.vehicle[k] = tq_road_vehicle(
            t.city,
            k == 0 ? TQ_PROFILE_CAR : profiles[tq_random_below(&random, TQ_COUNT(profiles))]);
    for (uint32_t k = 0; k < INSTANTS; k++)
        t.at_ms[k] = MONDAY_MS + tq_random_below(&random, 2 * 1440) * LIVE_MINUTE_MS;
    tq_metric *before[VEHICLES];
    for (uint32_t k = 0; k < VEHICLES; k++)
        assert_int_equal(
            tq_metric_make(t.city, t.vehicle[k], t.at_ms[0], NULL, 0, 1, &before[k], &err), TQ_OK);
    live_draft draft = {0};
    const tq_overlay *shown = tq_overlay_none();
    for (t.step = 1; t.step <= STEPS; t.step++) {
        change(&draft, t.city, &random);
        if (t.step == STEPS) draft.rules = draft.conditions = draft.clauses = 0;
        const tq_overlay *next = live_freeze(&draft, t.city, 2 * t.step);
        check_one(&t, shown, tq_random_below(&random, VEHICLES), 0, &random);
        if (tq_roads_follow(t.roads, next, &err) != TQ_OK) FAIL(&t, err.text);
        /* A question that began before is answered by what it began with. */
        check_one(&t, shown, tq_random_below(&random, VEHICLES), 1, &random);
        check_all(&t, next, &random);
        check_bounds(&t, next);
        if (tq_random_below(&random, 2) == 0) {
            if (tq_roads_finish(t.roads, &err) != TQ_OK) FAIL(&t, err.text);
            check_all(&t, next, &random);
        }
        tq_overlay_drop(shown);
        shown = next;
    }
    for (uint32_t k = 0; k < VEHICLES; k++) {
        const tq_metric *after = NULL;
        assert_int_equal(tq_roads_get(t.roads, shown, t.vehicle[k], t.at_ms[0], &after, &err),
                         TQ_OK);
        if (!same_weights(before[k], after)) FAIL(&t, "undone, but weights are not as before");
        tq_roads_put(t.roads, after);
        tq_metric_free(before[k]);
    }
    tq_roads_close(t.roads);
    tq_overlay_drop(shown);
    town_end(&town);
}

static void followed_as_made_from_nothing(void **state)
{
    (void)state;
    memory = tq_alloc_aligned(WORK_BYTES, 1);
    for (uint64_t seed = 1; seed <= TOWNS; seed++)
        one_town(seed);
    print_message("%u metrics compared, %u of them made ahead, %u with areas; %u ways; "
                  "%u closures\n",
                  met.asked, met.ahead, met.areas, met.ways, met.closed);
    assert_true(met.ahead > met.asked / 50 && met.areas > met.asked / 20 && met.ways > TOWNS);
    tq_free(memory);
}

/* After following, no question about a metric in use has anything to make. */
static void nothing_is_left_to_make(void **state)
{
    (void)state;
    tq_random random = {11};
    test_town town;
    random_town(&town, &random);
    tq_roads *roads = NULL;
    tq_err err = {0};
    assert_int_equal(tq_roads_open(town.city, &roads, &err), TQ_OK);
    const tq_vehicle *car = tq_road_vehicle(town.city, TQ_PROFILE_CAR);
    const tq_vehicle *foot = tq_road_vehicle(town.city, TQ_PROFILE_FOOT);
    const tq_metric *metric = NULL, *walk = NULL, *later = NULL;
    assert_int_equal(tq_roads_get(roads, NULL, car, MONDAY_MS, &metric, &err), TQ_OK);
    assert_int_equal(tq_roads_get(roads, NULL, foot, MONDAY_MS, &walk, &err), TQ_OK);
    uint32_t arc = 0;
    while (tq_metric_arc_ds(metric, arc) >= TQ_ROAD_INF)
        arc++;
    tq_live_rule rule = {.arc = arc, .access = TQ_ACCESS_MOTOR};
    tq_overlay from = {.version = 1, .road_version = 1, .rule_count = 1, .rule = &rule};
    const tq_overlay *closed = NULL;
    assert_int_equal(tq_overlay_new(town.city, &from, &closed, &err), TQ_OK);
    assert_int_equal(tq_roads_follow(roads, closed, &err), TQ_OK);
    /* For walkers nothing has changed: the very same metric, with all its parts. */
    assert_int_equal(tq_roads_get(roads, closed, foot, MONDAY_MS, &later, &err), TQ_OK);
    assert_ptr_equal(later, walk);
    tq_roads_put(roads, later);
    assert_int_equal(tq_roads_get(roads, closed, car, MONDAY_MS, &later, &err), TQ_OK);
    assert_ptr_not_equal(later, metric);
    assert_int_equal(tq_metric_arc_ds(later, arc), TQ_ROAD_INF);
    assert_int_equal(tq_metric_parts(later), TQ_METRIC_MAIN);
    /* The parts come in a copy, because somebody uses the lesser one. */
    const tq_metric *whole = NULL, *again = NULL;
    assert_int_equal(tq_roads_finish(roads, &err), TQ_OK);
    assert_int_equal(tq_roads_get(roads, closed, car, MONDAY_MS, &whole, &err), TQ_OK);
    assert_int_equal(tq_metric_parts(whole), TQ_METRIC_ALL);
    assert_int_equal(tq_metric_arc_ds(later, arc), TQ_ROAD_INF);
    tq_roads_put(roads, later);
    tq_roads_put(roads, whole);
    /* The state before still has its own. */
    assert_int_equal(tq_roads_get(roads, NULL, car, MONDAY_MS, &again, &err), TQ_OK);
    assert_ptr_equal(again, metric);
    tq_roads_put(roads, again);
    tq_roads_put(roads, metric);
    tq_roads_put(roads, walk);
    /* The same state again: nothing to do. Explicit parts are waited for, not left out. */
    assert_int_equal(tq_roads_follow(roads, closed, &err), TQ_OK);
    rule.effect = TQ_LIVE_LIMIT;
    rule.value = 50;
    from.version = from.road_version = 2;
    const tq_overlay *slow = NULL;
    assert_int_equal(tq_overlay_new(town.city, &from, &slow, &err), TQ_OK);
    assert_int_equal(tq_roads_follow(roads, slow, &err), TQ_OK);
    assert_int_equal(tq_roads_get_with(roads, slow, car, MONDAY_MS, TQ_METRIC_METRES, &again, &err),
                     TQ_OK);
    assert_true((tq_metric_parts(again) & TQ_METRIC_METRES) != 0);
    tq_roads_put(roads, again);
    tq_overlay_drop(slow);
    tq_roads_close(roads);
    tq_overlay_drop(closed);
    town_end(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(followed_as_made_from_nothing),
        cmocka_unit_test(nothing_is_left_to_make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
