/* Encoded polylines: the published example, both precisions, round trips, and text that is damaged.
 */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "wire/wire.h"

static void known_line(void **state)
{
    (void)state;
    /* The example of the format's description. */
    static const int32_t line[] = {385000000,   -1202000000, 407000000,
                                   -1209500000, 432520000,   -1264530000};
    tq_buf buf = {0};
    tq_polyline_put(&buf, line, 3, 5);
    assert_int_equal(buf.len, 27);
    assert_memory_equal(buf.at, "_p~iF~ps|U_ulLnnqC_mqNvxq`@", 27);
    int32_t back[6] = {0};
    size_t count = 0;
    assert_int_equal(tq_polyline_read((tq_str){buf.at, buf.len}, 5, back, 3, &count, NULL), TQ_OK);
    assert_int_equal(count, 3);
    assert_memory_equal(back, line, sizeof line);
    tq_buf_free(&buf);
}

static void rounding(void **state)
{
    (void)state;
    static const struct {
        int32_t value_e7, want_e7;
    } row[] = {{49, 0},    {50, 100},  {-49, 0}, {-50, -100},
               {149, 100}, {150, 200}, {0, 0},   {899999999, 900000000}};
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        int32_t point[2] = {row[k].value_e7, 0}, back[2] = {1, 1};
        size_t count = 0;
        tq_buf buf = {0};
        tq_polyline_put(&buf, point, 1, 5);
        assert_int_equal(tq_polyline_read((tq_str){buf.at, buf.len}, 5, back, 1, &count, NULL),
                         TQ_OK);
        assert_int_equal(back[0], row[k].want_e7);
        tq_buf_free(&buf);
    }
}

static void round_trips(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        tq_random random = {seed};
        unsigned digits = 5 + (unsigned)(seed & 1);
        int32_t unit = digits == 5 ? 100 : 10, line[40], back[40];
        for (size_t k = 0; k < 20; k++) {
            line[2 * k] = ((int32_t)tq_random_below(&random, 1800000001) - 900000000) / unit * unit;
            line[2 * k + 1] =
                (int32_t)((int64_t)tq_random_below(&random, 3600000001u) - 1800000000) / unit *
                unit;
        }
        tq_buf buf = {0};
        size_t count = 0;
        tq_polyline_put(&buf, line, 20, digits);
        assert_int_equal(
            tq_polyline_read((tq_str){buf.at, buf.len}, digits, back, 20, &count, NULL), TQ_OK);
        assert_int_equal(count, 20);
        assert_memory_equal(back, line, sizeof line);
        tq_buf_free(&buf);
    }
}

static void damaged(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tq_status status;
        const char *says;
    } row[] = {
        {"_p~iF", TQ_BAD_INPUT, "longitude of point 1"},
        {"_p~iF~ps|", TQ_BAD_INPUT, "longitude of point 1"},
        {"_p~iF~ps|U_ulLnnq", TQ_BAD_INPUT, "longitude of point 2"},
        {"_p~i!~ps|U", TQ_BAD_INPUT, "0x21 at offset 4"},
        {"~~~~~~~~~~", TQ_BAD_INPUT, "latitude of point 1"},
        {"_ibE_ibE_ibE_ibE_ibE_ibE", TQ_LIMIT, "more than 2 points"},
        {"_{rpq@?", TQ_BAD_INPUT, "off the earth"},
    };
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        int32_t back[4] = {7, 7, 7, 7};
        size_t count = 99;
        tq_err err = {0};
        assert_int_equal(tq_polyline_read(tq_str_of(row[k].text), 5, back, 2, &count, &err),
                         row[k].status);
        if (strstr(err.text, row[k].says) == NULL) fail_msg("%s: %s", row[k].text, err.text);
        assert_int_equal(count, 99);
    }
    size_t count = 99;
    assert_int_equal(tq_polyline_read(tq_str_of(""), 5, NULL, 0, &count, NULL), TQ_OK);
    assert_int_equal(count, 0);
}

/* Any bytes are read or refused, within the text. */
static void random_bytes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        tq_random random = {seed};
        char text[24];
        size_t len = tq_random_below(&random, sizeof text + 1), count = 0;
        for (size_t k = 0; k < len; k++)
            text[k] = (char)(60 + tq_random_below(&random, 70));
        int32_t back[48];
        tq_status status = tq_polyline_read((tq_str){text, len}, 6, back, 24, &count, NULL);
        assert_true(status == TQ_OK || status == TQ_BAD_INPUT);
        for (size_t k = 0; status == TQ_OK && k < count; k++)
            assert_true(back[2 * k] >= -900000000 && back[2 * k] <= 900000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_line), cmocka_unit_test(rounding),
                                       cmocka_unit_test(round_trips), cmocka_unit_test(damaged),
                                       cmocka_unit_test(random_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
