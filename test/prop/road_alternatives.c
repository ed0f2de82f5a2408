/*
 * Alternatives in random towns: each way may be driven and takes the time it says, the first is the
 * quickest, bounds of time and sharing hold, no node twice, every stretch of a quarter of the best
 * time is quickest; the same again.
 */
// also: import
#include "road/road_in.h"

#include "../road_town.h"

#define TOWNS      60u
#define PAIRS      60u
#define SIDE       11u
#define SPACING    12000
#define WORK_BYTES (8u << 20)

static tq_arena work;

static void random_town(tq_random *random, test_town *town)
{
    static const tq_street_class street_class[4] = {TQ_RESIDENTIAL, TQ_TERTIARY, TQ_SECONDARY,
                                                    TQ_RESIDENTIAL};
    town_begin(town);
    for (uint32_t k = 0; k < 4; k++)
        (void)town_attr(town, street_class[k], TOWN_ACCESS_ALL,
                        k == 3 ? TQ_ACCESS_FOOT : TOWN_ACCESS_ALL, (uint8_t)(30 + 10 * k));
    uint32_t last_metres = town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
    town->attr.at[last_metres].flags = TQ_STREET_DESTINATION;
    for (uint32_t node = 0; node < SIDE * SIDE; node++) {
        int32_t row = (int32_t)(node / SIDE), column = (int32_t)(node % SIDE);
        (void)town_node(
            town, 378000000 + row * SPACING + (int32_t)tq_random_below(random, SPACING / 2),
            1125000000 + column * SPACING + (int32_t)tq_random_below(random, SPACING / 2));
    }
    for (uint32_t node = 0; node < SIDE * SIDE; node++)
        for (uint32_t up = 0; up < 2; up++) {
            uint32_t line = up ? node % SIDE : node / SIDE;
            if ((up ? node / SIDE : node % SIDE) + 1 == SIDE) continue;
            uint32_t attr = line % 4 == 1 ? 2 : tq_random_below(random, 4);
            if (tq_random_below(random, 8) == 0) continue;
            if (tq_random_below(random, 10) == 0) attr = last_metres;
            (void)town_edge(town, node, node + (up ? SIDE : 1), attr, 0, 0, TQ_NONE);
        }
    uint32_t edges = (uint32_t)town->from.count;
    for (uint32_t k = 0; k < 20; k++) {
        uint32_t a = tq_random_below(random, edges), b = tq_random_below(random, edges);
        if (a != b && town->to.at[a] == town->from.at[b])
            town_turn(town, TOWN_NO, a, town->to.at[a], b);
    }
    /* Streets that meet, so that some bans are sure. */
    for (uint32_t k = 0; k < 400; k++) {
        uint32_t a = tq_random_below(random, edges), b = tq_random_below(random, edges);
        if (a != b && town->to.at[a] == town->from.at[b])
            town_turn(town, TOWN_NO, a, town->to.at[a], b);
    }
    town_finish(town, TOWN_GRID);
}

/* Pieces join, begin and end at the places, and add up. */
static void check_sums(const tq_city *city, const tq_metric *metric, const tq_way *way,
                       uint64_t seed)
{
    int64_t time_ds = 0;
    uint64_t length_dm = 0;
    for (uint32_t k = 0; k < way->arc_count; k++) {
        assert_true(metric->arc_ds[way->arc[k]] < TQ_ROAD_INF);
        time_ds += (int64_t)road_piece_ds(city, metric, way, k) + way->turn_ds[k];
        length_dm += road_piece_dm(city, way, k);
        if (k > 0)
            assert_int_equal(tq_arc_tail(&city->streets, way->arc[k]),
                             tq_arc_head(&city->streets, way->arc[k - 1]));
    }
    if (time_ds != way->time_ds || length_dm != way->length_dm)
        fail_msg("seed %llu: sums", (unsigned long long)seed);
}

/* A place in its street, or its node. */
static void check_place(const tq_city *city, const tq_snap *snap, uint32_t arc, uint32_t at_dm)
{
    uint32_t full_dm = city->streets.edge_length_dm[arc >> 1];
    uint32_t along = arc & 1 ? full_dm - at_dm : at_dm;
    if (arc >> 1 == snap->edge && along == snap->along_dm) return;
    tq_snap end = {.edge = arc >> 1, .along_dm = along, .directions = 3};
    assert_int_not_equal(road_node_of(city, snap), TQ_NONE);
    assert_int_equal(road_node_of(city, snap), road_node_of(city, &end));
}

static bool always_binds(void *user, uint32_t turn)
{
    (void)user;
    (void)turn;
    return true;
}

/* No restriction is broken, and turns cost what the links say. */
static void check_turns(const test_town *town, const tq_metric *metric, const tq_way *way,
                        uint64_t seed)
{
    const tq_city *city = town->city;
    const tq_hierarchy *hierarchy = &city->hierarchy[TQ_HIERARCHY_MOTOR];
    const town_costs costs = {.binds = always_binds};
    for (uint32_t k = 0; k + 1 < way->arc_count; k++) {
        town_state state;
        memset(&state, 0xff, sizeof state);
        state.arc[0] = way->arc[k];
        uint32_t link = town_link(hierarchy, way->arc[k], way->arc[k + 1]);
        /* The entry into the streets of the last metres is taken off for who arrives there. */
        int32_t entry_ds = metric->vehicle.destination_entry_ds;
        if (!town_may_turn(city, &state, way->arc[k + 1], &costs) || link == TQ_NONE ||
            (metric->turn_ds[link] != way->turn_ds[k] &&
             metric->turn_ds[link] - entry_ds != way->turn_ds[k]))
            fail_msg("seed %llu: arc %u to %u", (unsigned long long)seed, way->arc[k],
                     way->arc[k + 1]);
    }
}

static void check_no_loop(const tq_city *city, const tq_way *way, uint64_t seed)
{
    for (uint32_t k = 0; k + 1 < way->arc_count; k++) {
        if (way->arc[k + 1] == (way->arc[k] ^ 1))
            fail_msg("seed %llu: goes back", (unsigned long long)seed);
        for (uint32_t j = 0; j < k; j++)
            if (tq_arc_head(&city->streets, way->arc[j]) ==
                tq_arc_head(&city->streets, way->arc[k]))
                fail_msg("seed %llu: a node twice", (unsigned long long)seed);
    }
}

static bool uses(const tq_way *way, uint32_t arc)
{
    for (uint32_t k = 0; k < way->arc_count; k++)
        if (way->arc[k] == arc) return true;
    return false;
}

static int64_t shared_ds(const tq_city *city, const tq_metric *metric, const tq_way *a,
                         const tq_way *b)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < a->arc_count; k++) {
        if (!uses(b, a->arc[k])) continue;
        sum += road_piece_ds(city, metric, a, k);
        if (k > 0 && uses(b, a->arc[k - 1])) sum += a->turn_ds[k - 1];
    }
    return sum;
}

/* No stretch of whole arcs that takes up to a quarter of the best time can be done quicker. */
static void check_stretches(const tq_city *city, const tq_metric *metric, const tq_way *way,
                            int64_t best_ds, uint64_t seed)
{
    for (uint32_t a = 0; a < way->arc_count; a += 3) {
        int64_t sum = 0;
        uint32_t b = a;
        while (b + 1 < way->arc_count) {
            uint32_t link = town_link(metric->hierarchy, way->arc[b], way->arc[b + 1]);
            int64_t next = sum + metric->arc_ds[way->arc[b]] + metric->turn_ds[link];
            if (4 * next > best_ds) break;
            sum = next;
            b++;
        }
        if (b == a) continue;
        size_t mark = work.used;
        int32_t time = tq_road_arc_time(city, metric, way->arc[a], way->arc[b], &work);
        tq_arena_reset(&work, mark);
        if (time != sum)
            fail_msg("seed %llu: a stretch takes %lld, %d is enough", (unsigned long long)seed,
                     (long long)sum, (int)time);
    }
}

static void check_pair(const test_town *town, const tq_metric *metric, const tq_snap *from,
                       const tq_snap *to, uint64_t seed, uint32_t *pairs, uint32_t *with)
{
    tq_way way[TQ_ALTERNATIVES_MAX], again[TQ_ALTERNATIVES_MAX];
    uint32_t count = 0, second = 0;
    int64_t best_ds = 0;
    tq_err err = {0};
    const tq_city *city = town->city;
    tq_arena_reset(&work, 0);
    tq_status status = tq_road_time(city, metric, from, to, &work, &best_ds, &err);
    tq_arena_reset(&work, 0);
    assert_int_equal(
        tq_road_alternatives(city, metric, from, to, TQ_ALTERNATIVES_MAX, &work, way, &count, &err),
        status);
    if (status != TQ_OK) return;
    assert_int_equal(way[0].time_ds, best_ds);
    assert_true(count >= 1 && count <= TQ_ALTERNATIVES_MAX);
    for (uint32_t k = 0; k < count; k++) {
        check_sums(city, metric, &way[k], seed);
        check_place(city, from, way[k].arc[0], way[k].first_from_dm);
        check_place(city, to, way[k].arc[way[k].arc_count - 1], way[k].last_to_dm);
        check_turns(town, metric, &way[k], seed);
        if (k == 0) continue;
        check_no_loop(city, &way[k], seed);
        assert_true(way[k].time_ds >= way[k - 1].time_ds && 4 * way[k].time_ds <= 5 * best_ds);
        check_stretches(city, metric, &way[k], best_ds, seed);
        for (uint32_t j = 0; j < k; j++)
            assert_true(3 * shared_ds(city, metric, &way[k], &way[j]) <= 2 * way[j].time_ds);
    }
    assert_int_equal(tq_road_alternatives(city, metric, from, to, TQ_ALTERNATIVES_MAX, &work, again,
                                          &second, &err),
                     TQ_OK);
    assert_int_equal(second, count);
    for (uint32_t k = 0; k < count; k++) {
        assert_int_equal(again[k].arc_count, way[k].arc_count);
        assert_memory_equal(again[k].arc, way[k].arc, way[k].arc_count * sizeof(uint32_t));
    }
    ++*pairs;
    *with += count > 1;
}

static void random_towns(void **state)
{
    (void)state;
    uint32_t pairs = 0, with = 0;
    for (uint64_t seed = 1; seed <= TOWNS; seed++) {
        tq_random random = {seed};
        test_town town;
        tq_metric *metric = NULL;
        tq_err err = {0};
        random_town(&random, &town);
        uint32_t parts = seed % 3 == 0 ? 0 : seed % 3 == 1 ? TQ_METRIC_PRUNED : TQ_METRIC_WAYS;
        assert_int_equal(tq_metric_make(town.city, tq_road_vehicle(town.city, TQ_PROFILE_CAR), 0,
                                        NULL, parts, 1, &metric, &err),
                         TQ_OK);
        for (uint32_t k = 0; k < PAIRS; k++) {
            tq_snap snap[2];
            for (uint32_t side = 0; side < 2; side++) {
                uint32_t edge = tq_random_below(&random, town.city->streets.edge_count);
                uint32_t length_dm = town.city->streets.edge_length_dm[edge];
                uint32_t along =
                    tq_random_below(&random, 4) == 0 ? 0 : tq_random_below(&random, length_dm + 1);
                snap[side] = (tq_snap){.edge = edge, .along_dm = along, .directions = 3};
            }
            check_pair(&town, metric, &snap[0], &snap[1], seed, &pairs, &with);
        }
        tq_metric_free(metric);
        town_end(&town);
    }
    print_message("%u of %u pairs have another way\n", with, pairs);
    assert_true(pairs > TOWNS * PAIRS / 2 && with > pairs / 4);
}

/* Too little scratch is refused, whatever the size. */
static void little_scratch(void **state)
{
    (void)state;
    tq_random random = {7};
    test_town town;
    tq_metric *metric = NULL;
    tq_err err = {0};
    uint8_t *base = work.base;
    random_town(&random, &town);
    assert_int_equal(tq_metric_make(town.city, tq_road_vehicle(town.city, TQ_PROFILE_CAR), 0, NULL,
                                    TQ_METRIC_WAYS, 1, &metric, &err),
                     TQ_OK);
    const tq_snap from = {.edge = 0, .along_dm = 1, .directions = 3},
                  to = {.edge = town.city->streets.edge_count - 1, .along_dm = 1, .directions = 3};
    uint32_t refused = 0;
    for (size_t bytes = 0; bytes < 65536; bytes += 512) {
        tq_way way[TQ_ALTERNATIVES_MAX];
        uint32_t count = 0;
        tq_arena_init(&work, base, bytes);
        tq_status status = tq_road_alternatives(town.city, metric, &from, &to, TQ_ALTERNATIVES_MAX,
                                                &work, way, &count, &err);
        assert_true(status == TQ_OK || status == TQ_NO_MEMORY);
        refused += status != TQ_OK;
    }
    assert_true(refused > 0 && refused < 128);
    tq_arena_init(&work, base, WORK_BYTES);
    tq_metric_free(metric);
    town_end(&town);
}

int main(void)
{
    static _Alignas(64) uint8_t memory[WORK_BYTES];
    tq_arena_init(&work, memory, sizeof memory);
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_towns),
                                       cmocka_unit_test(little_scratch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
