/*
 * Ways through the hours against plain Dijkstra: random small towns with rules, bans, dates, live
 * closures and speeds with times, and hours of other speeds. The oracle knows no slices and no
 * bounds: it goes minute by minute.
 */
// also: import
#include <stdatomic.h>

#include "os/os.h"
#include "road/vehicle_in.h"

#include "road_live.h"
#include "road_town.h"

#define TOWNS      2000
#define QUERIES    4
#define NODES_MOST 8
#define DAY_MS     INT64_C(86400000)
#define MINUTE_MS  INT64_C(60000)
#define NEVER      INT64_MAX
#define WORK_BYTES ((size_t)4 << 20)
#define MONDAY_MS  (INT64_C(20241) * DAY_MS)

typedef struct ask {
    const tq_city *city;
    const tq_vehicle *vehicle;
    int64_t leave_ms;
    const tq_overlay *overlay;
} ask;

/* What an arc's part or a link weighs at an instant. */
typedef struct piece {
    uint32_t arc, from_dm, to_dm, link;
} piece;

static int32_t weight(const ask *q, const piece *what, int64_t at_ms)
{
    const tq_city *city = q->city;
    int64_t instant = q->leave_ms + TQ_MIN(at_ms, DAY_MS - 1);
    tq_moment moment = tq_moment_at(city, instant);
    if (what->arc == TQ_NONE)
        return tq_road_turn_ds(city, q->vehicle, &moment,
                               &city->hierarchy[q->vehicle->kind].link[what->link]);
    uint32_t edge = what->arc >> 1, length_dm = city->streets.edge_length_dm[edge];
    if (!tq_open_at(&city->dates, city->streets.edge_date[edge], instant)) return TQ_ROAD_INF;
    int32_t ds = town_live_ds(city, q->overlay, q->vehicle, &moment, what->arc);
    if (ds >= TQ_ROAD_INF) return ds;
    int32_t before = what->from_dm == 0 ? 0 : road_part_ds(ds, what->from_dm, length_dm);
    return road_part_ds(ds, what->to_dm, length_dm) - before;
}

static int64_t pass_slowly(const ask *q, const piece *what, int64_t at_ms)
{
    int32_t ds = weight(q, what, at_ms);
    while (ds >= TQ_ROAD_INF) {
        if (at_ms >= DAY_MS) return NEVER;
        at_ms = (at_ms / MINUTE_MS + 1) * MINUTE_MS;
        ds = weight(q, what, at_ms);
    }
    int64_t left_ms = (int64_t)ds * 100;
    while (at_ms < DAY_MS) {
        int64_t minute_ms = (at_ms / MINUTE_MS + 1) * MINUTE_MS;
        if (at_ms + left_ms <= minute_ms) break;
        left_ms -= minute_ms - at_ms;
        at_ms = minute_ms;
        int32_t next = weight(q, what, at_ms);
        if (next >= TQ_ROAD_INF || next == ds) continue;
        left_ms = tq_ceil_div(left_ms * next, ds);
        ds = next;
        if (ds == 0) break;
    }
    return at_ms + left_ms;
}

/* Earliest arrival by plain Dijkstra over the links; NEVER. */
static int64_t oracle(const ask *q, const tq_snap *from, const tq_snap *to)
{
    const tq_streets *streets = &q->city->streets;
    const tq_hierarchy *h = &q->city->hierarchy[q->vehicle->kind];
    static int64_t best[4096];
    static bool done[4096];
    int64_t answer = NEVER;
    assert_true(h->vertex_count <= 4096);
    for (uint32_t v = 0; v < h->vertex_count; v++) {
        best[v] = NEVER;
        done[v] = false;
    }
    for (uint32_t back = 0; back < 2; back++) {
        uint32_t arc = 2 * from->edge + back, full = streets->edge_length_dm[from->edge];
        uint32_t begin = back ? full - from->along_dm : from->along_dm;
        uint32_t vertex = h->vertex_of_arc[arc];
        if (vertex == TQ_NONE) continue;
        uint32_t end = back ? full - to->along_dm : to->along_dm;
        if (from->edge == to->edge && begin <= end)
            answer = TQ_MIN(answer, pass_slowly(q, &(piece){arc, begin, end, 0}, 0));
        int64_t head_ms = pass_slowly(q, &(piece){arc, begin, full, 0}, 0);
        for (uint32_t k = h->first_link[vertex]; head_ms != NEVER && k < h->first_link[vertex + 1];
             k++) {
            int64_t ms = pass_slowly(q, &(piece){TQ_NONE, 0, 0, k}, head_ms);
            best[h->link_head[k]] = TQ_MIN(best[h->link_head[k]], ms);
        }
    }
    for (;;) {
        uint32_t v = TQ_NONE;
        for (uint32_t k = 0; k < h->vertex_count; k++)
            if (!done[k] && best[k] != NEVER && (v == TQ_NONE || best[k] < best[v])) v = k;
        if (v == TQ_NONE) return answer;
        done[v] = true;
        uint32_t arc = h->arc_of_vertex[v], full = streets->edge_length_dm[arc >> 1];
        if (arc >> 1 == to->edge) {
            uint32_t end = arc & 1 ? full - to->along_dm : to->along_dm;
            answer = TQ_MIN(answer, pass_slowly(q, &(piece){arc, 0, end, 0}, best[v]));
        }
        int64_t head_ms = pass_slowly(q, &(piece){arc, 0, full, 0}, best[v]);
        for (uint32_t k = h->first_link[v]; head_ms != NEVER && k < h->first_link[v + 1]; k++) {
            int64_t ms = pass_slowly(q, &(piece){TQ_NONE, 0, 0, k}, head_ms);
            best[h->link_head[k]] = TQ_MIN(best[h->link_head[k]], ms);
        }
    }
}

/* ---- towns ----------------------------------------------------------------------------------- */

static tq_clause random_hours(tq_random *random)
{
    tq_clause clause = {0};
    clause.from_min = (uint16_t)(5 * tq_random_below(random, 288));
    clause.to_min = (uint16_t)(5 * tq_random_below(random, 289));
    if (tq_random_below(random, 3) == 0) clause.days = (uint8_t)(1 + tq_random_below(random, 127));
    return clause;
}

static void random_town(test_town *town, tq_random *random)
{
    static const tq_street_class classes[] = {TQ_PRIMARY, TQ_RESIDENTIAL, TQ_SERVICE, TQ_FOOTWAY};
    town_begin(town);
    uint32_t nodes = 3 + tq_random_below(random, NODES_MOST - 2);
    for (uint32_t k = 0; k < nodes; k++)
        (void)town_node(town, 378000000 + (int32_t)tq_random_below(random, 300000),
                        1125000000 + (int32_t)tq_random_below(random, 300000));
    if (tq_random_below(random, 2) == 0) town_mark(town, 0, 1);
    uint32_t date = 0;
    if (tq_random_below(random, 3) == 0)
        date = town_date(town, TQ_OPEN, MONDAY_MS + tq_random_below(random, 2880) * MINUTE_MS,
                         INT64_MAX);
    uint32_t edges = nodes + tq_random_below(random, nodes);
    for (uint32_t k = 0; k < edges; k++) {
        uint8_t along = TOWN_ACCESS_ALL;
        uint8_t against = tq_random_below(random, 3) == 0 ? TQ_ACCESS_FOOT : TOWN_ACCESS_ALL;
        uint32_t attr = town_attr(town, classes[tq_random_below(random, TQ_COUNT(classes))], along,
                                  against, (uint8_t)(20 + 10 * tq_random_below(random, 5)));
        if (tq_random_below(random, 3) == 0) {
            tq_clause clause = random_hours(random);
            tq_rule rule = {
                town_condition(town, &clause),
                (uint8_t)(tq_random_below(random, 3) == 0 ? TQ_EFFECT_SPEED : TQ_EFFECT_DENY),
                TOWN_ACCESS_ALL, (uint8_t)(1 + tq_random_below(random, 3)),
                (uint8_t)(5 + tq_random_below(random, 100))};
            town_rule(town, attr, rule);
        }
        uint32_t from = k < nodes ? k : tq_random_below(random, nodes);
        uint32_t to = (from + 1 + tq_random_below(random, nodes - 1)) % nodes;
        (void)town_edge(town, from, to, attr, 0, tq_random_below(random, 4) == 0 ? date : 0,
                        100 + tq_random_below(random, 60000));
    }
    for (uint32_t k = 0; k < 4; k++) {
        uint32_t a = tq_random_below(random, edges), b = tq_random_below(random, edges);
        uint32_t node = town->to.at[a];
        if (a == b || (town->from.at[b] != node && town->to.at[b] != node)) continue;
        tq_clause clause = random_hours(random);
        uint32_t condition = tq_random_below(random, 2) == 0 ? 0 : town_condition(town, &clause);
        town_turn_via(town, tq_random_below(random, 4) == 0 ? TOWN_ONLY : TOWN_NO, a, NULL, 0, node,
                      b, TQ_ACCESS_MOTOR | TQ_ACCESS_BIKE, condition);
    }
    town_finish(town, TOWN_NO_GRID);
}

static tq_vehicle random_vehicle(const tq_city *city, tq_random *random)
{
    static const tq_profile profiles[] = {TQ_PROFILE_CAR, TQ_PROFILE_CAR, TQ_PROFILE_LORRY_LIGHT,
                                          TQ_PROFILE_BIKE};
    tq_vehicle vehicle =
        *tq_road_vehicle(city, profiles[tq_random_below(random, TQ_COUNT(profiles))]);
    for (uint32_t k = tq_random_below(random, 12); k > 0; k--)
        vehicle
            .hour_percent[tq_random_below(random, TQ_SPEED_GROUPS)][tq_random_below(random, 24)] =
            (uint8_t)(10 + tq_random_below(random, 90));
    return vehicle;
}

static tq_snap random_snap(const tq_city *city, tq_random *random)
{
    uint32_t edge = tq_random_below(random, city->streets.edge_count);
    uint32_t inside = city->streets.edge_length_dm[edge] - 1;
    return (tq_snap){
        .edge = edge, .along_dm = 1 + tq_random_below(random, inside - 1), .directions = 3};
}

/* The way is one that can be gone, and arrives when it says. */
static void check_timed(const ask *q, const tq_way *way, uint64_t seed)
{
    const tq_hierarchy *h = &q->city->hierarchy[q->vehicle->kind];
    uint64_t length_dm = 0;
    assert_true(way->arc_count > 0);
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint32_t full = q->city->streets.edge_length_dm[way->arc[k] >> 1];
        uint32_t begin = k == 0 ? way->first_from_dm : 0;
        length_dm += (k + 1 == way->arc_count ? way->last_to_dm : full) - begin;
        if (k + 1 < way->arc_count && town_link(h, way->arc[k], way->arc[k + 1]) == TQ_NONE)
            fail_msg("seed %lu: no turn between arcs %u and %u", (unsigned long)seed, way->arc[k],
                     way->arc[k + 1]);
    }
    assert_int_equal(length_dm, way->length_dm);
}

static void timed_equals_plain(void **state)
{
    (void)state;
    uint8_t *memory = tq_alloc_aligned(WORK_BYTES, 1);
    uint32_t found = 0, crossed = 0;
    for (uint64_t seed = 1; seed <= TOWNS; seed++) {
        tq_random random = {seed};
        test_town town;
        random_town(&town, &random);
        tq_vehicle vehicle = random_vehicle(town.city, &random);
        tq_roads *roads = NULL;
        tq_err err = {0};
        assert_int_equal(tq_roads_open(town.city, &roads, &err), TQ_OK);
        const tq_overlay *overlay = seed % 2 == 0 ? tq_overlay_none() : NULL;
        if (seed % 3 != 0)
            overlay = town_live(town.city, seed, LIVE_NO_LAST_METRES, MONDAY_MS, &random);
        for (uint32_t k = 0; k < QUERIES; k++) {
            ask q = {town.city, &vehicle,
                     MONDAY_MS + tq_random_below(&random, 2 * 1440) * MINUTE_MS, overlay};
            tq_snap from = random_snap(town.city, &random), to = random_snap(town.city, &random);
            int64_t want = oracle(&q, &from, &to);
            tq_arena work;
            tq_arena_init(&work, memory, WORK_BYTES);
            tq_way way = {0};
            tq_err_clear(&err);
            tq_status status = tq_road_way_timed(town.city, roads, overlay, &vehicle, q.leave_ms,
                                                 &from, &to, &work, &way, &err);
            if (status != (want == NEVER ? TQ_NO_ROUTE : TQ_OK))
                fail_msg("seed %lu query %u: status %d (%s), oracle %ld", (unsigned long)seed, k,
                         (int)status, err.text, (long)want);
            if (want == NEVER) continue;
            if (way.time_ds != tq_ceil_div(want, 100))
                fail_msg("seed %lu query %u: %ld ds, oracle %ld ms", (unsigned long)seed, k,
                         (long)way.time_ds, (long)want);
            check_timed(&q, &way, seed);
            found++;
            tq_slice slice = tq_road_slice(town.city, overlay, &vehicle, q.leave_ms);
            crossed += slice.to_ms < q.leave_ms + want;
            const tq_metric *metric = NULL;
            assert_int_equal(tq_roads_get(roads, overlay, &vehicle, q.leave_ms, &metric, &err),
                             TQ_OK);
            status = tq_road_way_at(town.city, roads, overlay, metric, q.leave_ms, &from, &to,
                                    &work, &way, &err);
            if (status != TQ_OK || way.time_ds != tq_ceil_div(want, 100))
                fail_msg("seed %lu query %u: way_at says %d, %ld ds, oracle %ld ms",
                         (unsigned long)seed, k, (int)status, (long)way.time_ds, (long)want);
            tq_roads_put(roads, metric);
        }
        tq_overlay_drop(overlay);
        tq_roads_close(roads);
        town_end(&town);
    }
    print_message("%u ways, %u of them through slices\n", found, crossed);
    assert_true(crossed > TOWNS / 4);
    tq_free(memory);
}

/* ---- the cache of metrics -------------------------------------------------------------------- */

static void live_state_is_as_made_anew(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        tq_random random = {seed};
        test_town town;
        random_town(&town, &random);
        tq_roads *roads = NULL;
        tq_err err = {0};
        assert_int_equal(tq_roads_open(town.city, &roads, &err), TQ_OK);
        uint32_t arcs = 2 * town.city->streets.edge_count;
        for (uint64_t version = 1; version <= 5; version++) {
            const tq_overlay *overlay = town_live(town.city, version, LIVE_ALL, MONDAY_MS, &random);
            const tq_vehicle *car = tq_road_vehicle(town.city, TQ_PROFILE_CAR);
            const tq_metric *metric = NULL;
            tq_metric *fresh = NULL;
            assert_int_equal(tq_roads_get(roads, overlay, car, MONDAY_MS, &metric, &err), TQ_OK);
            assert_int_equal(tq_metric_make(town.city, car, MONDAY_MS, overlay, 0, 1, &fresh, &err),
                             TQ_OK);
            static uint8_t memory[1 << 20];
            tq_arena work;
            for (uint32_t a = 0; a < arcs; a++)
                assert_int_equal(tq_metric_arc_ds(metric, a), tq_metric_arc_ds(fresh, a));
            for (uint32_t a = 0; a < arcs; a++) {
                for (uint32_t b = 0; b < arcs; b++) {
                    tq_arena_init(&work, memory, sizeof memory);
                    int32_t one = tq_road_arc_time(town.city, metric, a, b, &work);
                    int32_t two = tq_road_arc_time(town.city, fresh, a, b, &work);
                    if (one != two)
                        fail_msg("seed %lu version %lu: %u to %u takes %d, made anew %d",
                                 (unsigned long)seed, (unsigned long)version, a, b, one, two);
                }
            }
            tq_metric_free(fresh);
            tq_roads_put(roads, metric);
            tq_overlay_drop(overlay);
        }
        tq_roads_close(roads);
        town_end(&town);
    }
}

/* Twenty metrics in use are all there are; what is given back makes room. Parts come when asked
 * for, and equal slices share a metric. */
static void twenty_at_once(void **state)
{
    (void)state;
    const uint32_t fewer = TQ_METRIC_ALL & ~TQ_METRIC_METRES;
    tq_random random = {3};
    test_town town;
    random_town(&town, &random);
    tq_roads *roads = NULL;
    tq_err err = {0};
    assert_int_equal(tq_roads_open(town.city, &roads, &err), TQ_OK);
    tq_vehicle vehicle[21];
    const tq_metric *metric[21] = {0}, *again = NULL;
    for (uint32_t k = 0; k < 21; k++) {
        vehicle[k] = *tq_road_vehicle(town.city, TQ_PROFILE_CAR);
        vehicle[k].left_ds = (uint16_t)k;
        tq_status status =
            tq_roads_get_with(roads, NULL, &vehicle[k], MONDAY_MS, fewer, &metric[k], &err);
        assert_int_equal(status, k < 20 ? TQ_OK : TQ_BUSY);
    }
    assert_int_equal(tq_roads_get_with(roads, NULL, &vehicle[3], MONDAY_MS, fewer, &again, &err),
                     TQ_OK);
    assert_ptr_equal(again, metric[3]);
    tq_roads_put(roads, again);
    tq_roads_put(roads, metric[7]);
    assert_int_equal(
        tq_roads_get_with(roads, NULL, &vehicle[20], MONDAY_MS, fewer, &metric[20], &err), TQ_OK);
    tq_roads_put(roads, metric[20]);
    /* Further parts: with a pin on the metric another one is made, without it is added to. */
    assert_int_equal(tq_metric_parts(metric[3]) & TQ_METRIC_METRES, 0);
    assert_int_equal(
        tq_roads_get_with(roads, NULL, &vehicle[3], MONDAY_MS, TQ_METRIC_METRES, &again, &err),
        TQ_OK);
    assert_ptr_not_equal(again, metric[3]);
    assert_true((tq_metric_parts(again) & TQ_METRIC_METRES) != 0);
    tq_roads_put(roads, again);
    assert_int_equal(tq_roads_get(roads, NULL, NULL, MONDAY_MS, &again, &err), TQ_BAD_INPUT);
    for (uint32_t k = 0; k < 20; k++)
        if (k != 7) tq_roads_put(roads, metric[k]);
    assert_int_equal(
        tq_roads_get_with(roads, NULL, &vehicle[5], MONDAY_MS, TQ_METRIC_ALL, &again, &err), TQ_OK);
    assert_ptr_equal(again, metric[5]);
    assert_int_equal(tq_metric_parts(again), TQ_METRIC_ALL);
    tq_roads_put(roads, again);
    tq_roads_put(roads, NULL);
    tq_roads_close(roads);
    tq_roads_close(NULL);
    town_end(&town);
}

#define ASKERS 4u
#define STATES 40u

typedef struct shared {
    tq_roads *roads;
    const tq_city *city;
    const tq_overlay *live[STATES];
    atomic_uint shown;
} shared;

/* Each metric that is handed out has the weights of its instant and its live state, while one
 * thread follows, shows and finishes one state after the other. */
static void use_roads(void *user, uint32_t part)
{
    shared *all = user;
    tq_random random = {part + 1};
    for (uint32_t k = 0; k < 400; k++) {
        const tq_vehicle *vehicle =
            tq_road_vehicle(all->city, (tq_profile)tq_random_below(&random, TQ_PROFILE_COUNT));
        const tq_metric *metric = NULL;
        if (part == ASKERS - 1 && k % 10 == 0) {
            TQ_ASSERT(tq_roads_follow(all->roads, all->live[k / 10], NULL) == TQ_OK);
            atomic_store(&all->shown, k / 10);
        }
        /* Two threads may finish at once. */
        if (part >= ASKERS - 2 && k % 10 == 5)
            TQ_ASSERT(tq_roads_finish(all->roads, NULL) == TQ_OK);
        uint32_t shown = atomic_load(&all->shown);
        if (shown > 2 && tq_random_below(&random, 8) == 0) shown -= 1 + tq_random_below(&random, 3);
        const tq_overlay *live = all->live[shown];
        int64_t at_ms = MONDAY_MS + tq_random_below(&random, 1440) * MINUTE_MS;
        TQ_ASSERT(tq_roads_get(all->roads, live, vehicle, at_ms, &metric, NULL) == TQ_OK);
        for (uint32_t arc = 0; arc < 2 * all->city->streets.edge_count; arc++)
            TQ_ASSERT(tq_metric_arc_ds(metric, arc) ==
                      town_live_now(all->city, live, vehicle, at_ms, arc));
        tq_roads_put(all->roads, metric);
    }
}

static void four_threads(void **state)
{
    (void)state;
    tq_random random = {7};
    test_town town;
    random_town(&town, &random);
    assert_true(town.city->streets.edge_count > 4);
    shared all = {.city = town.city};
    tq_err err = {0};
    assert_int_equal(tq_roads_open(town.city, &all.roads, &err), TQ_OK);
    for (uint32_t k = 0; k < STATES; k++)
        all.live[k] = town_live(town.city, k + 1, LIVE_ALL, MONDAY_MS, &random);
    tq_parallel(ASKERS, ASKERS, use_roads, &all);
    tq_roads_close(all.roads);
    for (uint32_t k = 0; k < STATES; k++)
        tq_overlay_drop(all.live[k]);
    town_end(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timed_equals_plain),
        cmocka_unit_test(live_state_is_as_made_anew),
        cmocka_unit_test(twenty_at_once),
        cmocka_unit_test(four_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
