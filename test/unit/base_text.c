/* base: numbers from text, UTF-8, slices, JSON writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void degrees_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int32_t e7;
    } cases[] = {
        {"37.8694400", true, 378694400},
        {"37.86944", true, 378694400},
        {"-0.0000001", true, -1},
        {"112.56028", true, 1125602800},
        {"0", true, 0},
        {".5", true, 5000000},
        {"5.", true, 50000000},
        {"1.23456785", true, 12345679}, /* rounds half up */
        {"1.23456784999", true, 12345678},
        {"1.5e1", true, 150000000},
        {"180", true, 1800000000},
        {"215", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {".", false, 0},
        {"1,5", false, 0},
        {"nan", false, 0},
        {"inf", false, 0},
        {"1.2.3", false, 0},
        {"12a", false, 0},
        {"1.23456789x", false, 0},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        int32_t e7 = 77;
        bool good = tq_parse_e7(tq_str_of(cases[k].text), &e7);
        if (good != cases[k].good || (good && e7 != cases[k].e7))
            fail_msg("\"%s\": got %d, %d", cases[k].text, good, e7);
        if (!good) assert_int_equal(e7, 77);
    }
}

static void whole_numbers_take_the_whole_text(void **state)
{
    (void)state;
    uint32_t small = 5;
    int64_t large = 5;
    assert_true(tq_parse_u32(TQ_STR("4294967295"), &small));
    assert_int_equal(small, UINT32_MAX);
    assert_false(tq_parse_u32(TQ_STR("4294967296"), &small));
    assert_false(tq_parse_u32(TQ_STR("-1"), &small));
    assert_false(tq_parse_u32(TQ_STR(" 1"), &small));
    assert_true(tq_parse_i64(TQ_STR("-9223372036854775807"), &large));
    assert_false(tq_parse_i64(TQ_STR("9223372036854775808"), &large));
    assert_false(tq_parse_i64(TQ_STR("+-1"), &large));
    double real;
    assert_true(tq_parse_double(TQ_STR("-1.5e3"), &real));
    assert_true(real == -1500.0);
    assert_false(tq_parse_double(TQ_STR("0x10"), &real));
    assert_false(tq_parse_double(TQ_STR("1e999"), &real));
}

static void bad_utf8_is_seen(void **state)
{
    (void)state;
    assert_true(tq_utf8_valid((tq_str){0}));
    assert_true(tq_utf8_valid(tq_str_of("化章西街 Huazhang \xF0\x9F\x9A\x87")));
    static const char *const bad[] = {
        "\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE5\x8C", "\xFF"};
    for (size_t k = 0; k < TQ_COUNT(bad); k++)
        assert_false(tq_utf8_valid(tq_str_of(bad[k])));
    /* Every code point comes back as it went out. */
    for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
        if (code >= 0xD800 && code < 0xE000) continue;
        char bytes[4];
        size_t len = tq_utf8_put(code, bytes);
        const char *at = bytes;
        assert_int_equal(tq_utf8_next(&at, bytes + len), code);
        assert_ptr_equal(at, bytes + len);
    }
}

static void json_is_escaped_and_separated(void **state)
{
    (void)state;
    tq_buf buf = {0};
    tq_json json;
    tq_json_begin(&json, &buf);
    tq_json_object(&json);
    tq_json_put_text(&json, "a", "x\"\\\n\x01街\xFF");
    tq_json_key(&json, "b");
    tq_json_array(&json);
    tq_json_i64(&json, -5);
    tq_json_fixed(&json, -1, 7);
    tq_json_bool(&json, true);
    tq_json_null(&json);
    tq_json_array(&json);
    tq_json_end_array(&json);
    tq_json_end_array(&json);
    tq_json_put_text_or_null(&json, "c", "");
    tq_json_key(&json, "d");
    tq_json_str(&json, (tq_str){0}); /* no text at all, of no address */
    tq_json_end_object(&json);
    tq_buf_putc(&buf, '\0');
    assert_string_equal(buf.at, "{\"a\":\"x\\\"\\\\\\u000a\\u0001街\xEF\xBF\xBD\",\"b\":[-5,-0."
                                "0000001,true,null,[]],\"c\":null,\"d\":\"\"}");
    tq_buf_free(&buf);
}

static void a_full_buffer_stays_failed(void **state)
{
    (void)state;
    tq_buf buf = {.limit = 8};
    tq_buf_puts(&buf, "12345678");
    assert_false(buf.failed);
    tq_buf_putc(&buf, '9');
    assert_true(buf.failed);
    assert_int_equal(buf.len, 8);
    tq_buf_free(&buf);
}

static void printed_text_may_be_long(void **state)
{
    (void)state;
    tq_buf buf = {0}, small = {.limit = 100};
    char text[5000];
    memset(text, 'x', sizeof text);
    for (size_t len = 1020; len < 1028; len++) {
        buf.len = 0;
        tq_buf_printf(&buf, "%.*s", (int)len, text);
        assert_false(buf.failed);
        assert_int_equal(buf.len, len);
        assert_memory_equal(buf.at, text, len);
    }
    buf.len = 0;
    tq_buf_printf(&buf, "a%.*sb%d", (int)sizeof text, text, 7);
    assert_int_equal(buf.len, sizeof text + 3);
    assert_memory_equal(buf.at + 1, text, sizeof text);
    assert_memory_equal(buf.at + 1 + sizeof text, "b7", 2);
    tq_buf_printf(&small, "%.*s", (int)sizeof text, text);
    assert_true(small.failed);
    assert_int_equal(small.len, 0);
    tq_buf_free(&buf);
    tq_buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(degrees_are_exact),
        cmocka_unit_test(whole_numbers_take_the_whole_text),
        cmocka_unit_test(bad_utf8_is_seen),
        cmocka_unit_test(json_is_escaped_and_separated),
        cmocka_unit_test(a_full_buffer_stays_failed),
        cmocka_unit_test(printed_text_may_be_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
