/*
 * JT/T 905 with random messages and random damage.
 *
 *   There and back: any message that can be written is read as the same one.
 *   Damage: a frame comes out only with a right check and length, and each frame that was not
 *   touched comes out, in order.
 *   Cutting: a stream with garbage gives the same frames however it is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/wire.h"

#define SEEDS      20000u
#define FRAMES_MAX 12u
#define STREAM_MAX 8192u

static const uint16_t ids[] = {0x0001, 0x0002, 0x0200, 0x0201, 0x0202, 0x0203, 0x0301, 0x0302,
                               0x0500, 0x0B01, 0x0B03, 0x0B04, 0x0B05, 0x0B07, 0x0B08, 0x8001,
                               0x8201, 0x8202, 0x8300, 0x8400, 0x8500, 0x8B00, 0x8B01, 0x8B02,
                               0x8B09, 0x8B0A, 0x8B0B, 0x8103, 0x0B10};

static uint32_t word(tq_random *random)
{
    return (uint32_t)tq_random_u64(random);
}

static int64_t time_of(tq_random *random, int64_t unit_ms)
{
    if (tq_random_below(random, 8) == 0) return TQ_JT905_NO_TIME;
    uint64_t span = (uint64_t)((TQ_JT905_TIME_END - TQ_JT905_TIME_FROM) / unit_ms);
    return TQ_JT905_TIME_FROM + (int64_t)(tq_random_u64(random) % span) * unit_ms;
}

static tq_jt905_position position_of(tq_random *random)
{
    return (tq_jt905_position){word(random),         word(random),           word(random),
                               word(random),         (uint16_t)word(random), (uint8_t)word(random),
                               time_of(random, 1000)};
}

/* Any bytes but zero; `store` holds those of one message. */
typedef struct store {
    char at[1024];
    size_t used;
} store;

static tq_str text_of(tq_random *random, store *texts, uint32_t most)
{
    tq_str text = {texts->at + texts->used, tq_random_below(random, most + 1)};
    for (size_t k = 0; k < text.len; k++)
        texts->at[texts->used++] = (char)(1 + tq_random_below(random, 255));
    return text;
}

static void duty_of(tq_random *random, store *texts, tq_jt905_duty *duty)
{
    duty->position = position_of(random);
    duty->company = text_of(random, texts, 16);
    duty->driver = text_of(random, texts, 19);
    duty->plate = text_of(random, texts, 6);
    duty->on_ms = time_of(random, 60000);
    duty->off_ms = time_of(random, 60000);
    duty->k_value = tq_random_below(random, 10000);
    duty->km_x10 = tq_random_below(random, 1000000);
    duty->paid_km_x10 = tq_random_below(random, 1000000);
    duty->trips = tq_random_below(random, 10000);
    duty->busy_s = tq_random_below(random, 360000);
    duty->amount_x10_yuan = tq_random_below(random, 1000000);
    duty->card_amount_x10_yuan = tq_random_below(random, 1000000);
    duty->card_trips = tq_random_below(random, 10000);
    duty->between_km_x10 = tq_random_below(random, 10000);
    duty->total_km_x10 = tq_random_below(random, 100000000);
    duty->total_paid_km_x10 = tq_random_below(random, 100000000);
    duty->price_fen = tq_random_below(random, 10000);
    duty->total_trips = word(random);
    duty->mode = (uint8_t)word(random);
}

static void trip_of(tq_random *random, store *texts, tq_jt905_trip *trip)
{
    trip->start = position_of(random);
    trip->end = position_of(random);
    trip->trip = word(random);
    trip->rating = word(random);
    trip->rating_value = (uint8_t)word(random);
    trip->rating_more = (uint16_t)word(random);
    trip->order = word(random);
    trip->plate = text_of(random, texts, 6);
    trip->company = text_of(random, texts, 16);
    trip->driver = text_of(random, texts, 19);
    trip->on_ms = time_of(random, 60000);
    trip->off_min = tq_random_below(random, 1440);
    trip->km_x10 = tq_random_below(random, 1000000);
    trip->empty_km_x10 = tq_random_below(random, 10000);
    trip->surcharge_x10_yuan = tq_random_below(random, 1000000);
    trip->waiting_min = tq_random_below(random, 6000);
    trip->amount_x10_yuan = tq_random_below(random, 1000000);
    trip->trip_number = word(random);
    trip->pay = (uint8_t)word(random);
}

static void order_of(tq_random *random, store *texts, tq_jt905_order *order)
{
    *order = (tq_jt905_order){word(random),
                              (uint8_t)word(random),
                              time_of(random, 1000),
                              word(random),
                              word(random),
                              word(random),
                              word(random),
                              tq_random_below(random, 10000),
                              text_of(random, texts, 20),
                              text_of(random, texts, 60)};
}

static tq_jt905_message message_of(tq_random *random, store *texts)
{
    tq_jt905_message m = {.id = ids[tq_random_below(random, TQ_COUNT(ids))]};
    texts->used = 0;
    switch (m.id) {
    case 0x0001:
    case 0x8001:
        m.of.answer.serial = (uint16_t)word(random);
        m.of.answer.id = (uint16_t)word(random);
        m.of.answer.result = (uint8_t)word(random);
        break;
    case 0x0200:
    case 0x0201:
    case 0x0202:
    case 0x0500:
        m.of.position.serial = (uint16_t)word(random);
        m.of.position.at = position_of(random);
        break;
    case 0x8202:
        m.of.track.mode = (uint8_t)word(random);
        m.of.track.interval = (uint16_t)word(random);
        m.of.track.length = word(random);
        break;
    case 0x8300:
    case 0x8400:
        m.of.text.flags = (uint8_t)word(random);
        m.of.text.text = text_of(random, texts, 60);
        break;
    case 0x8500:
        m.of.control.item = (uint8_t)word(random);
        m.of.control.command = (uint8_t)word(random);
        break;
    case 0x0301:
    case 0x0302:
        m.of.event.event = (uint8_t)word(random);
        m.of.event.question = word(random);
        m.of.event.answer = (uint8_t)word(random);
        break;
    case 0x8B00:
    case 0x8B01: order_of(random, texts, &m.of.order); break;
    case 0x0B03:
    case 0x0B04: duty_of(random, texts, &m.of.duty); break;
    case 0x0B05: trip_of(random, texts, &m.of.trip); break;
    default:
        m.of.step.order = word(random);
        m.of.step.reason = (uint8_t)word(random);
        break;
    }
    m.extra = text_of(random, texts, m.id == 0x0203 ? 0 : 40);
    if (m.id == 0x0203) m.extra.len = texts->used = TQ_JT905_POSITION_BYTES * (word(random) % 5);
    if (m.id == 0x0203) memset(texts->at, 0, texts->used);
    return m;
}

/* One random frame appended to the stream; its length on the wire. */
static size_t put_random(tq_random *random, uint8_t *out, size_t cap)
{
    store texts;
    tq_jt905_message m = message_of(random, &texts);
    uint8_t body[1024];
    size_t body_len = 0, len = 0;
    assert_int_equal(tq_jt905_write(&m, body, sizeof body, &body_len, NULL), TQ_OK);
    assert_int_equal(tq_jt905_put(m.id, tq_random_u64(random) >> 16, (uint16_t)word(random), body,
                                  body_len, out, cap, &len, NULL),
                     TQ_OK);
    return len;
}

static void there_and_back(void **state)
{
    (void)state;
    static tq_jt905_frame frame;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tq_random random = {seed};
        store texts;
        tq_jt905_message m = message_of(&random, &texts), back;
        uint8_t body[1024], again[1024], wire[2100];
        size_t len = 0, wire_len = 0, used = 0, again_len = 0;
        tq_err err = {0};
        uint64_t isu = tq_random_u64(&random) >> 16;
        uint16_t serial = (uint16_t)word(&random);
        if (tq_jt905_write(&m, body, sizeof body, &len, &err) != TQ_OK ||
            tq_jt905_put(m.id, isu, serial, body, len, wire, sizeof wire, &wire_len, &err) !=
                TQ_OK ||
            tq_jt905_next(wire, wire_len, &used, &frame, &err) != TQ_OK || !frame.got ||
            tq_jt905_read(&frame, &back, &err) != TQ_OK ||
            tq_jt905_write(&back, again, sizeof again, &again_len, &err) != TQ_OK)
            fail_msg("seed %ju, message %04X: %s", (uintmax_t)seed, m.id, err.text);
        if (frame.isu != isu || frame.serial != serial || frame.id != m.id || again_len != len ||
            memcmp(body, again, len) != 0 || back.extra.len != m.extra.len ||
            (m.extra.len > 0 && memcmp(back.extra.at, m.extra.at, m.extra.len) != 0))
            fail_msg("seed %ju, message %04X comes back as another", (uintmax_t)seed, m.id);
        if (m.id == 0x0B04)
            assert_true(back.of.duty.busy_s == m.of.duty.busy_s &&
                        back.of.duty.off_ms == m.of.duty.off_ms);
        if (m.id == 0x0B05)
            assert_true(back.of.trip.on_ms == m.of.trip.on_ms &&
                        back.of.trip.end.time_ms == m.of.trip.end.time_ms &&
                        back.of.trip.waiting_min == m.of.trip.waiting_min);
        if (m.id == 0x8B01)
            assert_true(back.of.order.fee == m.of.order.fee &&
                        back.of.order.time_ms == m.of.order.time_ms);
    }
}

/* ---- streams -------------------------------------------------------------------------------- */

typedef struct found {
    uint64_t hash[4 * FRAMES_MAX];
    size_t count;
} found;

/* A receiver: pieces come in, frames go out. */
typedef struct receiver {
    uint8_t buffer[STREAM_MAX];
    size_t held;
    tq_jt905_frame frame;
    found got;
    uint64_t seed;
} receiver;

static void check_frame(const receiver *r)
{
    const tq_jt905_frame *f = &r->frame;
    uint8_t sum = 0;
    for (size_t k = 0; k < TQ_JT905_HEADER + f->body_len + 1; k++)
        sum ^= f->raw[k];
    if (sum != 0 || ((uint32_t)f->raw[2] << 8 | f->raw[3]) != f->body_len)
        fail_msg("seed %ju: a frame with a wrong check or length", (uintmax_t)r->seed);
}

static void receive(receiver *r, const uint8_t *bytes, size_t len)
{
    assert_true(r->held + len <= sizeof r->buffer);
    memcpy(r->buffer + r->held, bytes, len);
    r->held += len;
    for (size_t used = 0;;) {
        tq_status status = tq_jt905_next(r->buffer, r->held, &used, &r->frame, NULL);
        assert_true(used <= r->held);
        memmove(r->buffer, r->buffer + used, r->held - used);
        r->held -= used;
        if (status != TQ_OK) {
            assert_false(r->frame.got);
            assert_true(used > 0);
            continue;
        }
        if (!r->frame.got) return;
        check_frame(r);
        tq_jt905_message m;
        (void)tq_jt905_read(&r->frame, &m, NULL);
        assert_true(r->got.count < TQ_COUNT(r->got.hash));
        r->got.hash[r->got.count++] = tq_hash(r->frame.raw, TQ_JT905_HEADER + r->frame.body_len, 0);
    }
}

static receiver whole, cut;

static void damage_costs_only_its_frame(void **state)
{
    (void)state;
    static uint8_t bytes[STREAM_MAX];
    for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
        tq_random random = {seed};
        size_t len = 0, first[FRAMES_MAX + 1] = {0};
        uint32_t count = 1 + tq_random_below(&random, FRAMES_MAX);
        for (uint32_t k = 0; k < count; k++) {
            len += put_random(&random, bytes + len, sizeof bytes - len);
            first[k + 1] = len;
        }
        whole = (receiver){.seed = seed};
        receive(&whole, bytes, len);
        assert_int_equal(whole.got.count, count);
        bool touched[FRAMES_MAX] = {false};
        for (uint32_t hits = 1 + tq_random_below(&random, 5); hits > 0; hits--) {
            size_t at = tq_random_below(&random, (uint32_t)len);
            bytes[at] = tq_random_below(&random, 4) == 0 ? 0x7e : (uint8_t)word(&random);
            for (uint32_t k = 0; k < count; k++)
                touched[k] |= at >= first[k] && at < first[k + 1];
        }
        cut = (receiver){.seed = seed};
        receive(&cut, bytes, len);
        size_t at = 0;
        for (uint32_t k = 0; k < count; k++) {
            if (touched[k]) continue;
            while (at < cut.got.count && cut.got.hash[at] != whole.got.hash[k])
                at++;
            if (at == cut.got.count) fail_msg("seed %ju: frame %u was lost", (uintmax_t)seed, k);
            at++;
        }
    }
}

static void cutting_changes_nothing(void **state)
{
    (void)state;
    static uint8_t bytes[STREAM_MAX];
    for (uint64_t seed = 1; seed <= 100; seed++) {
        tq_random random = {seed};
        size_t len = 0;
        uint32_t count = 1 + tq_random_below(&random, 5);
        for (uint32_t k = 0; k < count; k++) {
            if (tq_random_below(&random, 3) == 0)
                for (uint32_t junk = tq_random_below(&random, 20); junk > 0; junk--)
                    bytes[len++] = (uint8_t)tq_random_below(&random, 0x7e);
            if (len > 0 && bytes[len - 1] == 0x7e && tq_random_below(&random, 3) == 0) len--;
            len += put_random(&random, bytes + len, sizeof bytes - len);
        }
        whole = (receiver){.seed = seed};
        receive(&whole, bytes, len);
        if (whole.got.count != count) fail_msg("seed %ju: a frame is missing", (uintmax_t)seed);
        for (size_t at = 0; at <= len + 1; at++) {
            memset(&cut.got, 0, sizeof cut.got);
            cut.held = 0;
            cut.seed = seed;
            for (size_t k = 0; at > len && k < len; k++) /* the last round: byte by byte */
                receive(&cut, bytes + k, 1);
            if (at <= len) receive(&cut, bytes, at);
            if (at <= len) receive(&cut, bytes + at, len - at);
            if (memcmp(&cut.got, &whole.got, sizeof cut.got) != 0)
                fail_msg("seed %ju: cut at %zu gives other frames", (uintmax_t)seed, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(damage_costs_only_its_frame),
                                       cmocka_unit_test(cutting_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
