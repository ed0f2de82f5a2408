/* The text pool and the shared rows of dates. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

#include "import/build_in.h"

static void equal_texts_share(void **state)
{
    (void)state;
    tq_texts *texts = tq_texts_new();
    assert_int_equal(tq_texts_add(texts, TQ_STR("")), 0);
    uint32_t a = tq_texts_add(texts, TQ_STR("迎泽大街"));
    uint32_t b = tq_texts_add(texts, TQ_STR("迎泽"));
    assert_int_equal(a, 1);
    assert_int_not_equal(a, b);
    assert_int_equal(tq_texts_add(texts, TQ_STR("迎泽大街")), a);
    assert_string_equal(tq_texts_at(texts, a), "迎泽大街");
    assert_string_equal(tq_texts_at(texts, 0), "");
    assert_int_equal(tq_texts_len(texts), 1 + 13 + 7);
    /* A text ends at its first NUL, so it never reaches into its neighbour. */
    assert_int_equal(tq_texts_add(texts, (tq_str){"迎泽\0大街", 13}), b);
    assert_int_equal(tq_texts_add(texts, (tq_str){"\0x", 2}), 0);
    tq_texts_free(texts);
}

static void many_texts_keep_their_offsets(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    tq_texts *texts = tq_texts_new();
    uint32_t *offset = TQ_ALLOC(uint32_t, COUNT);
    char text[32];
    for (uint32_t k = 0; k < COUNT; k++) {
        int len = snprintf(text, sizeof text, "name %u", k * 2654435761u % COUNT);
        offset[k] = tq_texts_add(texts, (tq_str){text, (size_t)len});
    }
    uint32_t len_before = tq_texts_len(texts);
    for (uint32_t k = 0; k < COUNT; k++) {
        int len = snprintf(text, sizeof text, "name %u", k * 2654435761u % COUNT);
        assert_int_equal(tq_texts_add(texts, (tq_str){text, (size_t)len}), offset[k]);
        assert_string_equal(tq_texts_at(texts, offset[k]), text);
    }
    assert_int_equal(tq_texts_len(texts), len_before);
    assert_false(tq_texts_failed(texts));
    tq_free(offset);
    tq_texts_free(texts);
}

static void the_limit_is_on_both_sides(void **state)
{
    (void)state;
    tq_texts *texts = tq_texts_new();
    import_texts_limit(texts, 10);
    assert_int_equal(tq_texts_add(texts, TQ_STR("abcdefgh")), 1); /* 1 + 8 + 1 = 10 bytes */
    assert_false(tq_texts_failed(texts));
    assert_int_equal(tq_texts_add(texts, TQ_STR("abcdefgh")), 1);
    assert_int_equal(tq_texts_add(texts, TQ_STR("x")), 0);
    assert_true(tq_texts_failed(texts));
    assert_int_equal(tq_texts_add(texts, TQ_STR("abcdefgh")), 0); /* failed for good */
    tq_texts_free(texts);
}

static void equal_dates_share(void **state)
{
    (void)state;
    tq_build build = {.texts = tq_texts_new()};
    assert_int_equal(tq_build_date(&build, TQ_OPEN, INT64_MIN, INT64_MAX, 7), 0);
    uint32_t a = tq_build_date(&build, TQ_OPEN, 1748145600000, INT64_MAX, 3);
    assert_int_equal(a, 1);
    assert_int_equal(tq_build_date(&build, TQ_PLANNED, 1748145600000, INT64_MAX, 3), 2);
    assert_int_equal(tq_build_date(&build, TQ_OPEN, 1748145600000, INT64_MAX, 4), 3);
    assert_int_equal(tq_build_date(&build, TQ_OPEN, 1748145600000, INT64_MAX, 3), a);
    assert_int_equal(build.dates.count, 4);
    assert_int_equal(build.dates.at[0].life, TQ_OPEN);
    assert_true(tq_build_alias(&build, 3, 5, TQ_ALIAS_FORMER));
    assert_true(tq_build_keep(&build, tq_alloc(3, 4)));
    assert_true(tq_build_keep(&build, NULL));
    import_build_free(&build);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_share),
        cmocka_unit_test(many_texts_keep_their_offsets),
        cmocka_unit_test(the_limit_is_on_both_sides),
        cmocka_unit_test(equal_dates_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
