// also: import
/*
 * Kernels bit for bit, what two vertices have in common, limits of tables and label rows.
 */
#include "road/kernels_in.h"

#include "road_graph.h"

#define INTS 224u

static int32_t random_ds(tq_random *random)
{
    uint32_t kind = tq_random_below(random, 8);
    if (kind == 0) return TQ_ROAD_INF;
    return (int32_t)tq_random_below(random, kind == 1 ? TQ_ROAD_INF : kind == 2 ? 4 : 100000);
}

static void compare(const road_kernels *plain, const road_kernels *other, uint64_t seed)
{
    tq_random random = {seed};
    static _Alignas(64) int32_t a[INTS], b[INTS], have[INTS], want[INTS], turned[INTS * 16];
    static int32_t out[2][64];
    static uint16_t depth[INTS];
    uint32_t count = tq_random_below(&random, INTS - 15), shift = tq_random_below(&random, 16);
    for (uint32_t k = 0; k < INTS; k++) {
        a[k] = random_ds(&random);
        b[k] = random_ds(&random);
        want[k] = have[k] = random_ds(&random);
        depth[k] = (uint16_t)tq_random_below(&random, 1u << (1 + seed % 16));
    }
    int32_t least = plain->min_plus(a + shift, b + shift, count);
    assert_int_equal(other->min_plus(a + shift, b + shift, count), least);
    assert_int_equal(other->last_equal(a + shift, b + shift, count, least),
                     plain->last_equal(a + shift, b + shift, count, least));
    assert_int_equal(other->last_equal(a + shift, b + shift, count, -5), TQ_NONE);
    assert_int_equal(other->least_u16(depth + shift, count),
                     plain->least_u16(depth + shift, count));
    plain->relax(want, a + shift, b[0], count);
    other->relax(have, a + shift, b[0], count);
    assert_memory_equal(have, want, sizeof have);

    uint32_t ints = count / 16 * 16, parts = 0;
    road_part_row part[8];
    for (uint32_t left = ints; parts < 8 && left > 0; parts++) {
        part[parts] = (road_part_row){parts & 1 ? a : b, random_ds(&random), left};
        left -= 16 * tq_random_below(&random, left / 16 + 1);
    }
    plain->merge(want, ints, part, parts);
    other->merge(have, ints, part, parts);
    assert_memory_equal(have, want, sizeof have);

    for (uint32_t k = 0; k < INTS * 16; k++)
        turned[k] = random_ds(&random);
    const int32_t *from[ROAD_TILE_FROM] = {a, b, want, a + shift};
    plain->tile(from, turned, count, out[0]);
    other->tile(from, turned, count, out[1]);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
}

static void kernels_are_equal(void **state)
{
    (void)state;
    assert_true(tq_kernels_use(TQ_KERNELS_PLAIN));
    assert_int_equal(tq_kernels_used(), TQ_KERNELS_PLAIN);
    for (tq_kernels name = TQ_KERNELS_AVX2; name <= TQ_KERNELS_AVX512; name++) {
        if (!tq_kernels_use(name)) {
            print_message("this processor has no kernels %d\n", (int)name);
            continue;
        }
        assert_int_equal(tq_kernels_used(), name);
        for (uint64_t seed = 1; seed <= 20000; seed++)
            compare(&road_kernels_plain, road_kernels_now(), seed);
    }
}

static void common_is_climbed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        tq_random random = {seed};
        test_graph graph;
        graph_make(&graph, &random, 20 + tq_random_below(&random, 120));
        tq_metric *metric = NULL;
        tq_err err = {0};
        assert_int_equal(tq_metric_make_from(&graph.city, TQ_HIERARCHY_MOTOR, NULL, graph.arc_ds,
                                             graph.turn_ds, 0, 1, &metric, &err),
                         TQ_OK);
        uint32_t count = graph.vertex_count;
        uint32_t *climbed = TQ_ALLOC(uint32_t, (size_t)count * count);
        for (uint32_t k = 0; k < count * count; k++)
            climbed[k] = road_common(metric, k / count, k % count);
        assert_int_equal(tq_metric_label(metric, 4, 1, &err), TQ_OK);
        for (uint32_t k = 0; k < count * count; k++)
            if (road_common(metric, k / count, k % count) != climbed[k])
                fail_msg("seed %llu: %u and %u have %u in common, not %u", (unsigned long long)seed,
                         k / count, k % count, road_common(metric, k / count, k % count),
                         climbed[k]);
        tq_free(climbed);
        tq_metric_free(metric);
        graph_free(&graph);
    }
}

static void limits_are_named(void **state)
{
    (void)state;
    tq_random random = {7};
    test_graph graph;
    tq_err err = {0};
    graph_make(&graph, &random, 60);
    tq_metric *metric = NULL;
    assert_int_equal(tq_metric_make_from(&graph.city, TQ_HIERARCHY_MOTOR, NULL, graph.arc_ds,
                                         graph.turn_ds, TQ_METRIC_PRUNED, 1, &metric, &err),
                     TQ_OK);
    static _Alignas(64) uint8_t memory[1u << 20];
    static tq_snap snap[100];
    static int32_t ds[100 * 100], whole[100 * 100];
    static uint32_t dm[100 * 100];
    for (uint32_t k = 0; k < TQ_COUNT(snap); k++)
        snap[k] = (tq_snap){.edge = k % 60, .along_dm = k % 2, .directions = 1};
    tq_arena work;
    tq_arena_init(&work, memory, sizeof memory);
    tq_places_on_road places = {100, NULL, snap}, many = {4000, NULL, snap};

    assert_int_equal(tq_road_matrix(&graph.city, metric, &many, &many, &work, ds, NULL, &err),
                     TQ_LIMIT);
    assert_non_null(strstr(err.text, "10000000"));
    assert_int_equal(tq_road_matrix(&graph.city, metric, &places, &places, &work, ds, dm, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(tq_metric_label(metric, 0, 1, &err), TQ_BAD_INPUT);

    /* Scratch that only a part of the table fits at a time gives the same table. */
    assert_int_equal(
        tq_road_matrix(&graph.city, metric, &places, &places, &work, whole, NULL, &err), TQ_OK);
    uint32_t pieces = 0;
    for (size_t bytes = sizeof memory / 2; bytes > 1024; bytes = bytes * 3 / 4) {
        tq_arena_init(&work, memory, bytes);
        memset(ds, 0, sizeof ds);
        tq_status status =
            tq_road_matrix(&graph.city, metric, &places, &places, &work, ds, NULL, &err);
        if (status != TQ_OK) {
            assert_int_equal(status, TQ_NO_MEMORY);
            break;
        }
        assert_memory_equal(ds, whole, sizeof ds);
        pieces++;
    }
    assert_true(pieces > 3);
    tq_metric_free(metric);
    graph_free(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_are_equal),
                                       cmocka_unit_test(common_is_climbed),
                                       cmocka_unit_test(limits_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
