/* JT/T 905: the collected frames of taxi head units with their meaning, there and back, and what is
 * refused: damage, limits on both sides, digits that are none. */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>

#include "wire/wire.h"

#define ISU UINT64_C(0x108000000316)

/* Frames of shared/data/interchange/jt905.jsonl. */
static const char *const frame_hex[] = {
    "7e0104003b10800000031600a0000000110000120000130c34322e34392e31352e323133001405434d49"
    "4f5400150000160000170c34322e34392e31352e3231330018040000183b6d7e",
    "7e01050006012345678900000a000f1012010a877e",
    "7e020000471080000003160001000000010000000200ba7f0e07e4f11c003c0021101521101001040000"
    "04b00202006f0302006f110501000000011206010000000100130700000001001400140400000002001e"
    "837e",
    "7e020000271122334455660001000000010000000200ba7f0e07e4f11c003c0021101521101001040000"
    "04b00202006f0302006f1c7e",
    "7e02000023103456789012007d02000000010000000200ba7f0e07e4f11c003c00211015211010010400"
    "0000640202007d01347e",
    "7e0201001b10800000031600c2000000000e008000018100f857a403f88e4e00ac6d1001011308218a7e",
    "7e02030019108000000316000000800002000001000015984d001287cb00786e210912141301aa7e",
    "7e03010001108000000316000001877e",
    "7e0302000510800000031600000000000103837e",
    "7e0b0100041080000003160000000000018a7e",
    "7e0b030048103456789012007b000000010000000200ba7f0e07e4f11c003c0021101521101031323334"
    "35360000000000000000000031323334353600000000000000000000000000453333394b4b2021101521"
    "10057e",
    "7e0b030048103456789012007b000000010000000200ba7f0e07e4f11c003c0021101521101031323334"
    "35360000000000000000000031323334353600000000000000000000000000453333394b4b2021101721"
    "00177e",
    "7e0b05008310190019851300d90000000000000100011e8a720450b1360000b223072619413400000000"
    "00000300011e8a720450b1360000b223072619414335f53a400000000000000100000000414133333333"
    "000000000000000000000000000000003432313038333139383830393036303131580023072619411941"
    "000001056700000000000000800000000c00927e",
    "7e0b08000510800000031600000000000102807e",
    "7e0b100005108000000316000000000001009a7e",
    "7e8001000510800000031600000064020000677e",
    "7e80010005012345678900000a0064020000617e",
    "7e81030048012345678900000a0001040000000a0002040000000f001007313131313131310011073232"
    "3232333232004b01090090043132323100910a30303030303030303030009406453333394b4b00af0200"
    "0a497e",
    "7e81040010108000000316000000110012001300140015001600170018187e",
    "7e81050001012345678900000a02047e",
    "7e820100001080000003160000067e",
    "7e82020007108000000316000000000200000014147e",
    "7e8300000e108000000316000008b2e2cad4b2e2cad4b2e2cad4004e7e",
    "7e8301002b10800000031600000201b2e2cad4b2e2cad4b2e2cad4b2e2cad4b2e2cad4b2e2cad40002ce"
    "d2cac7d2bbb8f6d6d0b9fac8cb005d7e",
    "7e8302002810800000031600000800000001c7ebc4e3cac7cbada3bf0001d5c5c8fd0002c0eecbc40003"
    "cdf5cee50004c0cfc1f9007d017e",
    "7e840100281080000003160000020331373336333939363737320063617066687a000131333937353935"
    "3535353500b2e2cad43000517e",
    "7e840100151080000003160000010331373336333939363737320063617066687a00257e",
    "7e8500000210800000031600000000027e",
    "7e880300091080000003160000020000000100000001057e",
    "7e8b00001410800000031600000000000100211015211010b2e2cad4b2e2cad4001e7e",
    "7e8b090004108000000316000000000001027e",
    "7e8b0a00001080000003160000047e",
    "7e8b0b00001080000003160000057e",
    "7e8b100005108000000316000000000100011b7e",
    "7e8b11000010800000031600001f7e"};

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    for (size_t k = 0; k < len; k++) {
        char pair[3] = {hex[2 * k], hex[2 * k + 1], 0};
        out[k] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}

/* The only frame in the bytes. */
static void one_frame(const uint8_t *bytes, size_t len, tq_jt905_frame *frame)
{
    size_t used = 0;
    tq_err err = {0};
    if (tq_jt905_next(bytes, len, &used, frame, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_true(frame->got);
    assert_int_equal(used, len - 1);
}

static tq_jt905_frame held; /* messages point into it */

static tq_jt905_message message_of(uint16_t id, unsigned which)
{
    tq_jt905_message message = {0};
    tq_err err = {0};
    for (size_t k = 0; k < TQ_COUNT(frame_hex); k++) {
        uint8_t bytes[512];
        size_t len = from_hex(frame_hex[k], bytes);
        one_frame(bytes, len, &held);
        if (held.id != id || which-- > 0) continue;
        if (tq_jt905_read(&held, &message, &err) != TQ_OK) fail_msg("%04X: %s", id, err.text);
        return message;
    }
    fail_msg("no frame %04X", id);
    return message;
}

static void assert_text(tq_str gbk, const char *want)
{
    char text[512];
    size_t len = 0;
    uint32_t replaced = 9;
    assert_int_equal(tq_gbk_to_utf8(gbk, text, sizeof text, &len, &replaced, NULL), TQ_OK);
    assert_int_equal(replaced, 0);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(text, want, len);
}

static void every_frame_comes_back(void **state)
{
    (void)state;
    for (size_t k = 0; k < TQ_COUNT(frame_hex); k++) {
        uint8_t bytes[512], body[TQ_JT905_BODY_MAX], again[600];
        size_t len = from_hex(frame_hex[k], bytes), body_len = 0, again_len = 0;
        tq_err err = {0};
        tq_jt905_message message;
        one_frame(bytes, len, &held);
        if (tq_jt905_read(&held, &message, &err) != TQ_OK) fail_msg("%s", err.text);
        assert_int_equal(tq_jt905_write(&message, body, sizeof body, &body_len, &err), TQ_OK);
        assert_int_equal(tq_jt905_put(held.id, held.isu, held.serial, body, body_len, again,
                                      sizeof again, &again_len, &err),
                         TQ_OK);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, bytes, len);
    }
}

static void answers(void **state)
{
    (void)state;
    tq_jt905_message m = message_of(0x8001, 0);
    assert_true(m.known);
    assert_true(held.isu == ISU);
    assert_int_equal(held.serial, 0);
    assert_true(tq_jt905_is_unit(held.isu));
    assert_int_equal(m.of.answer.serial, 100);
    assert_int_equal(m.of.answer.id, 0x0200);
    assert_int_equal(m.of.answer.result, 0);
    m = message_of(0x8001, 1);
    assert_int_equal(held.serial, 10);
    assert_true(held.isu == UINT64_C(0x012345678900));
    assert_false(tq_jt905_is_unit(held.isu));
    m = message_of(0x0301, 0);
    assert_int_equal(m.of.event.event, 1);
    m = message_of(0x0302, 0);
    assert_int_equal(m.of.event.question, 1);
    assert_int_equal(m.of.event.answer, 3);
    m = message_of(0x8500, 0);
    assert_int_equal(m.of.control.item, 0);
    assert_int_equal(m.of.control.command, 0);
    assert_false(message_of(0x8103, 0).known);
    assert_int_equal(message_of(0x8103, 0).extra.len, 72);
    assert_int_equal(message_of(0x0104, 0).extra.len, 59);
}

static void positions(void **state)
{
    (void)state;
    tq_jt905_message m = message_of(0x0200, 0);
    const tq_jt905_position *at = &m.of.position.at;
    assert_int_equal(at->alarm, 1);
    assert_int_equal(at->status, TQ_JT905_SOUTH);
    assert_int_equal(at->lat_e4min, 12222222);
    assert_int_equal(at->lon_e4min, 132444444);
    assert_int_equal(at->speed_x10_kmh, 60);
    assert_int_equal(at->direction_2deg, 0);
    assert_true(at->time_ms == INT64_C(1634303410000)); /* 2021-10-15 21:10:10 GMT+8 */
    int32_t lat = 7, lon = 7;
    assert_false(tq_jt905_point(at, &lat, &lon)); /* 220 degrees east */
    assert_int_equal(lat, 7);
    static const struct {
        uint8_t id;
        uint64_t number;
    } item[] = {{0x01, 1200},          {0x02, 111},       {0x03, 111}, {0x11, 0x0100000001},
                {0x12, 0x10000000100}, {0x13, 0x1001400}, {0x14, 2}};
    tq_jt905_item got;
    for (size_t k = 0; k < TQ_COUNT(item); k++) {
        assert_true(tq_jt905_next_item(&m.extra, &got));
        assert_int_equal(got.id, item[k].id);
        assert_true(got.number == item[k].number);
    }
    assert_false(tq_jt905_next_item(&m.extra, &got));
    assert_int_equal(m.extra.len, 2); /* this unit sends half an item */
    m = message_of(0x0200, 2);
    assert_int_equal(held.serial, 126);
    m = message_of(0x0201, 0);
    at = &m.of.position.at;
    assert_int_equal(m.of.position.serial, 0);
    assert_int_equal(at->alarm, 3584);
    assert_true(at->status == 2147484033u);
    assert_int_equal(at->lat_e4min, 16275364);
    assert_int_equal(at->lon_e4min, 66621006);
    assert_int_equal(at->speed_x10_kmh, 172);
    assert_int_equal(at->direction_2deg, 109);
    assert_true(at->time_ms == INT64_C(1262322501000)); /* 2010-01-01 13:08:21 */
    assert_false(tq_jt905_point(at, &lat, &lon));       /* bit 0: not positioned */
    m = message_of(0x0203, 0);
    tq_jt905_position late;
    assert_int_equal(m.extra.len, TQ_JT905_POSITION_BYTES);
    assert_int_equal(tq_jt905_read_position((const uint8_t *)m.extra.at, &late, NULL), TQ_OK);
    assert_int_equal(late.alarm, 8388610);
    assert_int_equal(late.status, TQ_JT905_ACC_ON);
    assert_true(tq_jt905_point(&late, &lat, &lon));
    assert_int_equal(lat, 23587417);
    assert_int_equal(lon, 20240183);
    assert_true(late.time_ms == INT64_C(1631427181000)); /* 2021-09-12 14:13:01 */
    m = message_of(0x8202, 0);
    assert_int_equal(m.of.track.mode, 0);
    assert_int_equal(m.of.track.interval, 2);
    assert_int_equal(m.of.track.length, 20);
}

static void dispatching(void **state)
{
    (void)state;
    tq_jt905_message m = message_of(0x8300, 0);
    assert_int_equal(m.of.text.flags, 8);
    assert_text(m.of.text.text, "测试测试测试");
    m = message_of(0x8B00, 0);
    assert_int_equal(m.of.order.order, 1);
    assert_int_equal(m.of.order.kind, 0);
    assert_true(m.of.order.time_ms == INT64_C(1634303410000));
    assert_text(m.of.order.text, "测试测试");
    assert_int_equal(message_of(0x0B01, 0).of.step.order, 1);
    m = message_of(0x0B08, 0);
    assert_int_equal(m.of.step.order, 1);
    assert_int_equal(m.of.step.reason, 2);
    assert_int_equal(message_of(0x8B09, 0).of.step.order, 1);
    assert_true(message_of(0x8B0A, 0).known && message_of(0x8B0B, 0).known);
    m = message_of(0x0B03, 0);
    assert_true(tq_str_is(m.of.duty.company, "123456"));
    assert_true(tq_str_is(m.of.duty.driver, "123456"));
    assert_true(tq_str_is(m.of.duty.plate, "E339KK"));
    assert_true(m.of.duty.on_ms == INT64_C(1634303400000)); /* 2021-10-15 21:10 */
    assert_int_equal(m.extra.len, 0);
    m = message_of(0x0B03, 1);
    assert_true(m.of.duty.on_ms == INT64_C(1634475600000)); /* 2021-10-17 21:00 */
}

static void trip_record(void **state)
{
    (void)state;
    tq_jt905_message m = message_of(0x0B05, 0);
    const tq_jt905_trip *t = &m.of.trip;
    int32_t lat = 0, lon = 0;
    assert_true(tq_jt905_point(&t->start, &lat, &lon));
    assert_int_equal(lat, 312978967);
    assert_int_equal(lon, 1206618500);
    assert_int_equal(t->start.direction_2deg, 178);
    assert_int_equal(t->end.status, TQ_JT905_ACC_ON | TQ_JT905_HIRED);
    assert_true(t->end.time_ms == INT64_C(1690371703000)); /* 2023-07-26 19:41:43 */
    assert_int_equal(t->trip, 905263680);
    assert_int_equal(t->rating_more, 1);
    assert_int_equal(t->order, 0);
    assert_true(tq_str_is(t->plate, "AA3333"));
    assert_true(tq_str_is(t->company, ""));
    assert_true(tq_str_is(t->driver, "42108319880906011X"));
    assert_true(t->on_ms == INT64_C(1690371660000));
    assert_true(tq_jt905_trip_off_ms(t) == t->on_ms);
    assert_int_equal(t->km_x10, 1);
    assert_int_equal(t->empty_km_x10, 567);
    assert_int_equal(t->surcharge_x10_yuan, 0);
    assert_int_equal(t->waiting_min, 0);
    assert_int_equal(t->amount_x10_yuan, 80);
    assert_int_equal(t->trip_number, 12);
    assert_int_equal(t->pay, 0);
    tq_jt905_trip over = *t;
    over.off_min = 19 * 60 + 40; /* the minute before: the next day */
    assert_true(tq_jt905_trip_off_ms(&over) == t->on_ms - 60000 + 86400000);
    over.on_ms = TQ_JT905_NO_TIME;
    assert_true(tq_jt905_trip_off_ms(&over) == TQ_JT905_NO_TIME);
}

static void no_layout_seen_yet(void **state)
{
    (void)state;
    tq_jt905_message m = {.id = TQ_JT905_BID_WON}, back;
    m.of.order = (tq_jt905_order){.order = 0xFFFFFFFFu,
                                  .kind = 2,
                                  .time_ms = INT64_C(1690371703000),
                                  .from_lon_e4min = 67532100,
                                  .from_lat_e4min = 22712345,
                                  .to_lon_e4min = 67540000,
                                  .to_lat_e4min = 22720000,
                                  .fee = 9999,
                                  .phone = TQ_STR("03511234567"),
                                  .text = TQ_STR("\xCC\xAB\xD4\xAD")};
    uint8_t body[256];
    size_t len = 0;
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, NULL), TQ_OK);
    static const uint8_t head[] = {0xFF, 0xFF, 0xFF, 0xFF, 2, 0x23, 0x07, 0x26, 0x19, 0x41, 0x43};
    assert_memory_equal(body, head, sizeof head);
    assert_int_equal(len, 11 + 16 + 2 + 12 + 5);
    uint8_t want[128];
    (void)from_hex("04067544015a901904069420015aae009999", want);
    assert_memory_equal(body + 11, want, 18);
    memcpy(held.raw + TQ_JT905_HEADER, body, len);
    held.id = m.id;
    held.body_len = (uint32_t)len;
    assert_int_equal(tq_jt905_read(&held, &back, NULL), TQ_OK);
    assert_int_equal(back.of.order.to_lat_e4min, 22720000);
    assert_true(tq_str_is(back.of.order.phone, "03511234567"));
    assert_text(back.of.order.text, "太原");
    held.body_len = 40; /* the phone number without its zero */
    assert_int_equal(tq_jt905_read(&held, &back, NULL), TQ_BAD_INPUT);

    tq_jt905_message off = {.id = TQ_JT905_OFF_DUTY};
    off.of.duty = (tq_jt905_duty){.position.time_ms = TQ_JT905_NO_TIME,
                                  .plate = TQ_STR("AT1234"),
                                  .k_value = 1234,
                                  .on_ms = INT64_C(1690371660000),
                                  .off_ms = INT64_C(1690400460000),
                                  .km_x10 = 3123,
                                  .paid_km_x10 = 2001,
                                  .trips = 31,
                                  .busy_s = 8 * 3600 + 7 * 60 + 6,
                                  .amount_x10_yuan = 6543,
                                  .card_amount_x10_yuan = 321,
                                  .card_trips = 7,
                                  .between_km_x10 = 45,
                                  .total_km_x10 = 99999999,
                                  .total_paid_km_x10 = 5678,
                                  .price_fen = 180,
                                  .total_trips = 70000,
                                  .mode = 1};
    assert_int_equal(tq_jt905_write(&off, body, sizeof body, &len, NULL), TQ_OK);
    /* 25 + 16 + 19 + 6, 2, 6, 6, 3, 3, 2, 3, 3, 3, 2, 2, 4, 4, 2, 4, 1 */
    assert_int_equal(len, 116);
    (void)from_hex("123420230726194120230727034100312300200100310807060065430003"
                   "2100070045999999990000567801800001117001",
                   want);
    assert_memory_equal(body + 66, want, 50);
    memcpy(held.raw + TQ_JT905_HEADER, body, len);
    held.id = off.id;
    held.body_len = (uint32_t)len;
    assert_int_equal(tq_jt905_read(&held, &back, NULL), TQ_OK);
    assert_int_equal(back.of.duty.busy_s, off.of.duty.busy_s);
    assert_int_equal(back.of.duty.total_km_x10, 99999999);
    assert_true(back.of.duty.off_ms == off.of.duty.off_ms);
    assert_true(back.of.duty.position.time_ms == TQ_JT905_NO_TIME);
    assert_int_equal(back.of.duty.total_trips, 70000);
}

/* A flag of each, or one for both; empty spaces between frames are no damage. */
static void flags(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t used = 0, len = from_hex("0d0a7e7e7e8b0b00001080000003160000057e7e", bytes);
    assert_int_equal(tq_jt905_next(bytes, len, &used, &held, NULL), TQ_OK);
    assert_true(held.got);
    assert_int_equal(held.id, 0x8B0B);
    assert_int_equal(held.skipped, 2);
    assert_int_equal(used, len - 2);
    assert_int_equal(tq_jt905_next(bytes + used, 2, &used, &held, NULL), TQ_OK);
    assert_false(held.got);
    assert_int_equal(used, 1);
    assert_int_equal(tq_jt905_next(bytes, 0, &used, &held, NULL), TQ_OK);
    assert_int_equal(used, 0);
}

static void items(void **state)
{
    (void)state;
    tq_jt905_item item;
    tq_str rest = {"\x03\x02\x01\x02\x09\x09"
                   "123456789"
                   "\x01\x04\x01\x02\x03",
                   20};
    assert_true(tq_jt905_next_item(&rest, &item));
    assert_int_equal(item.number, 258);
    assert_true(tq_jt905_next_item(&rest, &item));
    assert_int_equal(item.number, 0); /* too long for a number */
    assert_true(tq_str_is(item.value, "123456789"));
    assert_false(tq_jt905_next_item(&rest, &item)); /* says 4 bytes, has 3 */
    assert_int_equal(rest.len, 5);
    rest.len = 1;
    assert_false(tq_jt905_next_item(&rest, &item));
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void damaged_frames(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *says;
        tq_status status;
    } row[] = {
        {"7e8b0b00001080000003160000067e", "check is 06", TQ_BAD_INPUT},
        {"7e8b0b00011080000003160000047e", "says 1 bytes of body, has 0", TQ_BAD_INPUT},
        {"7e8b0b0000108000000316000005007e", "says 0 bytes of body, has 1", TQ_BAD_INPUT},
        {"7e8b0b7d00001080000003160000057e", "7D must be followed", TQ_BAD_INPUT},
        {"7e8b0b00001080000003160000057d7e", "7D must be followed", TQ_BAD_INPUT},
        {"7e007e", "1 bytes between two flags", TQ_BAD_INPUT},
    };
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        uint8_t bytes[64];
        size_t len = from_hex(row[k].hex, bytes), used = 0;
        /* A good frame right behind the damage, sharing its flag. */
        size_t more = from_hex("8b0b00001080000003160000057e", bytes + len);
        tq_err err = {0};
        assert_int_equal(tq_jt905_next(bytes, len + more, &used, &held, &err), row[k].status);
        if (strstr(err.text, row[k].says) == NULL) fail_msg("%s: %s", row[k].hex, err.text);
        assert_false(held.got);
        assert_int_equal(used, len - 1);
        one_frame(bytes + used, len + more - used, &held);
        assert_int_equal(held.id, 0x8B0B);
    }
}

static void bad_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint16_t id;
        const char *says;
    } row[] = {
        {"0001", 0x0001, "id: 0 bytes left"},
        {"00010200", 0x0001, "result: 0 bytes left, needs 1"},
        {"000000", 0x0B01, "order: 3 bytes left, needs 4"},
        {"00000001002113152110100000", 0x8B00, "8B00, time"}, /* month 13 */
        {"00000001002102292110100000", 0x8B00, "8B00, time"}, /* 29 February 2021 */
        {"0000000100210a152110100000", 0x8B00, "8B00, time"},
        {"00000001002110152410100000", 0x8B00, "8B00, time"}, /* 24 h */
        {"00", 0x0203, "not whole positions"},
        {"00000000000000000000000000000000000000211015211061", 0x0200, "is no time"},
        {"000000000000000000000000000000000000002110152110", 0x0200, "position: 24 bytes left"},
    };
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        tq_jt905_message m = {.id = 77};
        tq_err err = {0};
        held.id = row[k].id;
        held.body_len = (uint32_t)from_hex(row[k].body, held.raw + TQ_JT905_HEADER);
        assert_int_equal(tq_jt905_read(&held, &m, &err), TQ_BAD_INPUT);
        if (strstr(err.text, row[k].says) == NULL) fail_msg("row %zu: %s", k, err.text);
        assert_int_equal(m.id, 77);
    }
    held.id = 0x8B00; /* 29 February of a leap year, and a text without its zero */
    held.body_len = (uint32_t)from_hex("000000010024022921101041", held.raw + TQ_JT905_HEADER);
    tq_jt905_message m;
    assert_int_equal(tq_jt905_read(&held, &m, NULL), TQ_OK);
    assert_true(tq_str_is(m.of.order.text, "A"));
}

static void what_does_not_fit(void **state)
{
    (void)state;
    uint8_t body[600];
    size_t len = 77;
    char letters[600];
    memset(letters, 'a', sizeof letters);
    tq_err err = {0};
    tq_jt905_message m = {.id = TQ_JT905_TEXT};
    m.of.text.text = (tq_str){letters, TQ_JT905_TEXT_MAX};
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, &err), TQ_OK);
    assert_int_equal(len, 501);
    assert_int_equal(tq_jt905_write(&m, body, 500, &len, &err), TQ_LIMIT);
    m.of.text.text.len++;
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "8300, text"));
    m.of.text.text = (tq_str){"a\0b", 3};
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, &err), TQ_BAD_INPUT);
    m = (tq_jt905_message){.id = TQ_JT905_BID_WON};
    m.of.order.time_ms = TQ_JT905_NO_TIME;
    m.of.order.fee = 10000;
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "service fee"));
    static const struct {
        int64_t ms;
        tq_status status;
    } time[] = {{TQ_JT905_TIME_FROM, TQ_OK},
                {TQ_JT905_TIME_FROM - 1, TQ_BAD_INPUT},
                {TQ_JT905_TIME_END - 1, TQ_OK},
                {TQ_JT905_TIME_END, TQ_BAD_INPUT}};
    for (size_t k = 0; k < TQ_COUNT(time); k++) {
        m = (tq_jt905_message){.id = TQ_JT905_OFFER};
        m.of.order.time_ms = time[k].ms;
        assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, &err), time[k].status);
        if (time[k].status != TQ_OK) continue;
        assert_memory_equal(body + 5,
                            k == 0 ? "\x00\x01\x01\x00\x00\x00" : "\x99\x12\x31\x23\x59\x59", 6);
    }
    m = (tq_jt905_message){.id = TQ_JT905_ON_DUTY};
    m.of.duty.position.time_ms = m.of.duty.on_ms = TQ_JT905_NO_TIME;
    m.of.duty.plate = TQ_STR("AT12345");
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &len, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "plate"));
}

static void long_frames(void **state)
{
    (void)state;
    static uint8_t body[TQ_JT905_BODY_MAX + 1], wire[TQ_JT905_WIRE_MAX + 64];
    size_t len = 0, used = 0;
    tq_err err = {0};
    memset(body, 0x7e, sizeof body);
    assert_int_equal(tq_jt905_put(0x0800, ISU, 1, body, sizeof body, wire, sizeof wire, &len, &err),
                     TQ_LIMIT);
    assert_int_equal(
        tq_jt905_put(0x0800, ISU, 1, body, TQ_JT905_BODY_MAX, wire, sizeof wire, &len, &err),
        TQ_OK);
    assert_true(len <= TQ_JT905_WIRE_MAX);
    one_frame(wire, len, &held);
    assert_int_equal(held.body_len, TQ_JT905_BODY_MAX);
    assert_memory_equal(held.raw + TQ_JT905_HEADER, body, TQ_JT905_BODY_MAX);
    assert_int_equal(tq_jt905_put(0x0800, ISU, 1, body, 4, wire, 20, &len, &err), TQ_LIMIT);
    assert_int_equal(tq_jt905_put(1, UINT64_C(1) << 48, 1, body, 4, wire, 99, &len, &err),
                     TQ_BAD_INPUT);
    /* Longer than any frame, with and without an end. */
    memset(wire, 1, sizeof wire);
    wire[0] = wire[TQ_JT905_RAW_MAX + 2] = 0x7e;
    assert_int_equal(tq_jt905_next(wire, TQ_JT905_RAW_MAX + 3, &used, &held, &err), TQ_LIMIT);
    assert_int_equal(used, TQ_JT905_RAW_MAX + 2);
    wire[TQ_JT905_RAW_MAX + 2] = 1;
    assert_int_equal(tq_jt905_next(wire, TQ_JT905_WIRE_MAX - 1, &used, &held, &err), TQ_OK);
    assert_int_equal(used, 0);
    assert_false(held.got);
    assert_int_equal(tq_jt905_next(wire, TQ_JT905_WIRE_MAX, &used, &held, &err), TQ_LIMIT);
    assert_int_equal(used, TQ_JT905_WIRE_MAX);
    assert_int_equal(tq_jt905_next(wire + used, 64, &used, &held, &err), TQ_OK);
    assert_int_equal(held.skipped, 64);
}

static void points(void **state)
{
    (void)state;
    int32_t e7 = 0;
    assert_true(tq_jt905_e7_of(180u * 600000u, &e7));
    assert_int_equal(e7, 1800000000);
    assert_false(tq_jt905_e7_of(180u * 600000u + 1, &e7));
    for (uint32_t v = 0; v <= 108000000u; v += v < 1000 || v > 107999000u ? 1 : 97) {
        assert_true(tq_jt905_e7_of(v, &e7));
        if (tq_jt905_e4min_of(e7) != v) fail_msg("%u", v);
    }
    tq_jt905_position at = {.status = TQ_JT905_HIRED | TQ_JT905_NOT_POSITIONED};
    int32_t lat = 0, lon = 0;
    tq_jt905_set_point(&at, -378694400, 1125491000);
    assert_int_equal(at.status, TQ_JT905_HIRED | TQ_JT905_SOUTH);
    assert_true(tq_jt905_point(&at, &lat, &lon));
    assert_true(abs(lat + 378694400) <= 9 && abs(lon - 1125491000) <= 9);
}

static void texts(void **state)
{
    (void)state;
    char out[64];
    size_t len = 0;
    uint32_t replaced = 0;
    assert_int_equal(tq_utf8_to_gbk(TQ_STR("太原😀站"), out, sizeof out, &len, &replaced, NULL),
                     TQ_OK);
    assert_int_equal(replaced, 1);
    assert_int_equal(len, 7);
    assert_memory_equal(out, "\xCC\xAB\xD4\xAD?\xD5\xBE", 7);
    assert_int_equal(tq_utf8_to_gbk(TQ_STR("太原"), out, 3, &len, &replaced, NULL), TQ_LIMIT);
    assert_int_equal(tq_gbk_to_utf8(TQ_STR("\xCC\xAB\xFF"
                                           "a\xD4"),
                                    out, sizeof out, &len, &replaced, NULL),
                     TQ_OK);
    assert_int_equal(replaced, 2);
    assert_int_equal(len, 3 + 3 + 1 + 3);
    assert_memory_equal(out,
                        "太\xEF\xBF\xBD"
                        "a\xEF\xBF\xBD",
                        10);
    assert_int_equal(tq_gbk_to_utf8(TQ_STR("\xFF"), out, 2, &len, NULL, NULL), TQ_LIMIT);
    assert_int_equal(tq_gbk_to_utf8(TQ_STR(""), out, 0, &len, NULL, NULL), TQ_OK);
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_frame_comes_back),
                                       cmocka_unit_test(answers),
                                       cmocka_unit_test(positions),
                                       cmocka_unit_test(dispatching),
                                       cmocka_unit_test(trip_record),
                                       cmocka_unit_test(no_layout_seen_yet),
                                       cmocka_unit_test(flags),
                                       cmocka_unit_test(items),
                                       cmocka_unit_test(damaged_frames),
                                       cmocka_unit_test(bad_bodies),
                                       cmocka_unit_test(what_does_not_fit),
                                       cmocka_unit_test(long_frames),
                                       cmocka_unit_test(points),
                                       cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
