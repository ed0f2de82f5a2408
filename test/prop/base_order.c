/* base: sorts and the heap against the C library's qsort and a linear scan; arenas at their limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void radix_sort_equals_qsort(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        tq_random random = {seed};
        uint32_t count = tq_random_below(&random, 300), index[300];
        uint64_t key[300], sorted[300], plain[300];
        unsigned bits = tq_random_below(&random, 64);
        for (uint32_t k = 0; k < count; k++) {
            key[k] = tq_random_u64(&random) >> bits;
            plain[k] = sorted[k] = key[k];
            index[k] = k;
        }
        qsort(sorted, count, sizeof *sorted, by_value);
        assert_true(tq_sort_by_u64(index, count, key));
        assert_true(tq_sort_u64(plain, count));
        for (uint32_t k = 0; k < count; k++) {
            if (key[index[k]] != sorted[k] || plain[k] != sorted[k])
                fail_msg("seed %llu", (unsigned long long)seed);
            if (k > 0 && key[index[k - 1]] == key[index[k]] && index[k - 1] > index[k])
                fail_msg("not stable, seed %llu", (unsigned long long)seed);
        }
    }
}

static void heap_gives_the_least_first(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        tq_random random = {seed};
        enum { IDS = 100 };
        uint32_t id[IDS], pos[IDS];
        int64_t key[IDS], want[IDS];
        bool inside[IDS] = {false};
        tq_heap heap = {.id = id, .pos = pos, .key = key};
        memset(pos, 0xFF, sizeof pos);
        for (unsigned step = 0; step < 1000; step++) {
            uint32_t which = tq_random_below(&random, IDS);
            if (tq_random_below(&random, 3) > 0) {
                int64_t value = tq_random_below(&random, 50);
                tq_heap_lower(&heap, which, value);
                if (!inside[which] || value < want[which]) want[which] = value;
                inside[which] = true;
            } else if (heap.count > 0) {
                int64_t got, least = INT64_MAX;
                for (uint32_t k = 0; k < IDS; k++)
                    if (inside[k] && want[k] < least) least = want[k];
                uint32_t out = tq_heap_pop(&heap, &got);
                if (got != least || !inside[out] || want[out] != got)
                    fail_msg("seed %llu", (unsigned long long)seed);
                inside[out] = false;
            }
        }
    }
}

static void arena_refuses_what_does_not_fit(void **state)
{
    (void)state;
    static _Alignas(64) uint8_t memory[256];
    tq_arena arena;
    tq_arena_init(&arena, memory, sizeof memory);
    assert_non_null(TQ_PUSH(&arena, uint64_t, 16));
    assert_null(TQ_PUSH(&arena, uint64_t, 17));
    assert_null(tq_arena_push(&arena, SIZE_MAX / 2, 4, 4));
    size_t mark = arena.used;
    assert_non_null(TQ_PUSH(&arena, uint8_t, 128));
    assert_null(TQ_PUSH(&arena, uint8_t, 1));
    tq_arena_reset(&arena, mark);
    assert_non_null(TQ_PUSH(&arena, uint8_t, 1));
    assert_int_equal(arena.peak, 256);
    TQ_VEC(uint32_t) list = {0};
    for (uint32_t k = 0; k < 1000; k++)
        assert_true(tq_vec_push(&list, k));
    for (uint32_t k = 0; k < 1000; k++)
        assert_int_equal(list.at[k], k);
    assert_false(tq_vec_room(&list, SIZE_MAX / 2));
    tq_vec_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(radix_sort_equals_qsort),
        cmocka_unit_test(heap_gives_the_least_first),
        cmocka_unit_test(arena_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
