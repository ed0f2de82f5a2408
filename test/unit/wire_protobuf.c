/* Protobuf fields: what is written is read back; cut and overlong ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/wire.h"

static tq_proto over(const tq_buf *buf)
{
    return (tq_proto){(const uint8_t *)buf->at, (const uint8_t *)buf->at + buf->len};
}

static void fields_come_back(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    tq_buf buf = {0};
    for (size_t k = 0; k < TQ_COUNT(values); k++)
        tq_proto_put_varint(&buf, (uint32_t)k + 1, values[k]);
    tq_proto_put_bytes(&buf, 536870911, "abc", 3);
    tq_proto proto = over(&buf);
    tq_proto_field field;
    bool more;
    for (size_t k = 0; k < TQ_COUNT(values); k++) {
        assert_int_equal(tq_proto_next(&proto, &field, &more, NULL), TQ_OK);
        assert_true(more);
        assert_int_equal(field.number, k + 1);
        assert_int_equal(field.type, 0);
        assert_true(field.value == values[k]);
    }
    assert_int_equal(tq_proto_next(&proto, &field, &more, NULL), TQ_OK);
    assert_int_equal(field.number, 536870911);
    assert_true(tq_str_is(field.bytes, "abc"));
    assert_int_equal(tq_proto_next(&proto, &field, &more, NULL), TQ_OK);
    assert_false(more);
    tq_buf_free(&buf);
}

static void fixed_fields_are_little_endian(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x09, 1, 2, 0, 0, 0, 0, 0, 0x80, 0x15, 4, 3, 2, 1};
    tq_proto proto = {bytes, bytes + sizeof bytes};
    tq_proto_field field;
    bool more;
    assert_int_equal(tq_proto_next(&proto, &field, &more, NULL), TQ_OK);
    assert_true(field.value == UINT64_C(0x8000000000000201));
    assert_int_equal(tq_proto_next(&proto, &field, &more, NULL), TQ_OK);
    assert_true(field.value == 0x01020304);
}

static void bad_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[12];
        size_t len;
        const char *says;
    } cases[] = {
        {{0x80}, 1, "key"},
        {{0x00, 0}, 2, "number"},
        {{0x08}, 1, "cut off"},
        {{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 11, "64 bits"},
        {{0x0a, 5, 1}, 3, "longer"},
        {{0x0b, 0}, 2, "wire type 3"},
        {{0x0d, 1, 2, 3}, 4, "cut off"},
        {{0x09, 1, 2, 3}, 4, "cut off"}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_proto proto = {cases[k].bytes, cases[k].bytes + cases[k].len};
        tq_proto_field field = {.number = 77};
        bool more = false;
        tq_err err = {0};
        assert_int_equal(tq_proto_next(&proto, &field, &more, &err), TQ_BAD_INPUT);
        assert_non_null(strstr(err.text, cases[k].says));
        assert_int_equal(field.number, 77); /* untouched on failure */
        assert_ptr_equal(proto.at, cases[k].bytes);
    }
}

static void zigzag_turns_the_sign(void **state)
{
    (void)state;
    assert_true(tq_zigzag(0) == 0 && tq_zigzag(1) == -1 && tq_zigzag(2) == 1);
    assert_true(tq_zigzag(UINT64_MAX) == INT64_MIN && tq_zigzag(UINT64_MAX - 1) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back), cmocka_unit_test(fixed_fields_are_little_endian),
        cmocka_unit_test(bad_bytes_are_refused), cmocka_unit_test(zigzag_turns_the_sign)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
