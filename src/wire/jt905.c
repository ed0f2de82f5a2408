/*
 * Frames of JT/T 905.2-2014 (chapter 10.3): 7E, header, body, exclusive-or of both, 7E.
 *
 * Between the flags 7E is written 7D 02 and 7D is written 7D 01. The header is id, plain body
 * length, identity (6 bytes BCD) and serial, big-endian. Two frames may share a flag, so a closing
 * flag is left in the stream as the possible opening of the next frame; two flags in a row are an
 * empty space. After damage the reader goes on at the next flag: garbage can cost the frame that it
 * lies in, never the one behind it.
 *
 * Invariants: reads bytes[0 .. len), allocates nothing, and decides by bytes from the opening flag
 * on only, so that any cutting of a stream into pieces gives the same frames.
 */
#include "wire/jt905_in.h"

#define FLAG        0x7e
#define ESCAPE      0x7d
#define ESCAPE_FLAG 0x02
#define ESCAPE_SELF 0x01

/* Unescape into frame->raw; *count bytes. */
static tq_status unescape(const uint8_t *bytes, size_t len, uint8_t *raw, size_t *count,
                          tq_err *err)
{
    size_t filled = 0;
    for (size_t k = 0; k < len; k++) {
        uint8_t byte = bytes[k];
        if (byte == ESCAPE) {
            uint8_t next = k + 1 < len ? bytes[k + 1] : 0;
            if (next != ESCAPE_FLAG && next != ESCAPE_SELF)
                return tq_fail(err, TQ_BAD_INPUT, 0,
                               "JT/T 905 frame, byte %zu: 7D must be followed by 01 or 02", k);
            byte = next == ESCAPE_FLAG ? FLAG : ESCAPE;
            k++;
        }
        if (filled == TQ_JT905_RAW_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "JT/T 905 frame: longer than %u bytes",
                           TQ_JT905_RAW_MAX);
        raw[filled++] = byte;
    }
    *count = filled;
    return TQ_OK;
}

static tq_status read_frame(const uint8_t *bytes, size_t len, tq_jt905_frame *frame, tq_err *err)
{
    size_t count = 0;
    TQ_TRY(unescape(bytes, len, frame->raw, &count, err));
    if (count < TQ_JT905_HEADER + 1)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "JT/T 905 frame: %zu bytes between two flags, at least %u are needed", count,
                       TQ_JT905_HEADER + 1);
    uint8_t check = 0;
    for (size_t k = 0; k + 1 < count; k++)
        check ^= frame->raw[k];
    if (check != frame->raw[count - 1])
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "JT/T 905 frame: check is %02X, its bytes give %02X; damaged on the way",
                       (unsigned)frame->raw[count - 1], (unsigned)check);
    uint64_t said = jt905_number(frame->raw + 2, 2);
    size_t body_len = count - TQ_JT905_HEADER - 1;
    if (said != body_len)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "JT/T 905 frame: says %u bytes of body, has %zu; another protocol?",
                       (unsigned)said, body_len);
    frame->id = (uint16_t)jt905_number(frame->raw, 2);
    frame->isu = jt905_number(frame->raw + 4, 6);
    frame->serial = (uint16_t)jt905_number(frame->raw + 10, 2);
    frame->body_len = (uint32_t)body_len;
    frame->got = true;
    return TQ_OK;
}

tq_status tq_jt905_next(const uint8_t *bytes, size_t len, size_t *used, tq_jt905_frame *frame,
                        tq_err *err)
{
    frame->got = false;
    frame->id = frame->serial = 0;
    frame->isu = frame->body_len = 0;
    frame->skipped = *used = 0;
    if (len == 0) return TQ_OK;
    const uint8_t *end = bytes + len, *open = memchr(bytes, FLAG, len);
    frame->skipped = (size_t)((open == NULL ? end : open) - bytes);
    if (open == NULL) {
        *used = len;
        return TQ_OK;
    }
    while (open + 1 < end && open[1] == FLAG)
        open++;
    size_t room = TQ_MIN((size_t)(end - open) - 1, (size_t)TQ_JT905_WIRE_MAX - 1);
    const uint8_t *close = room == 0 ? NULL : memchr(open + 1, FLAG, room);
    if (close != NULL) {
        *used = (size_t)(close - bytes);
        return read_frame(open + 1, (size_t)(close - open) - 1, frame, err);
    }
    *used = (size_t)(open - bytes);
    if (room < TQ_JT905_WIRE_MAX - 1) return TQ_OK;
    *used += TQ_JT905_WIRE_MAX;
    return tq_fail(err, TQ_LIMIT, 0, "JT/T 905 frame: no closing 7E within %u bytes",
                   TQ_JT905_WIRE_MAX);
}

typedef struct sink {
    uint8_t *at;
    size_t len, cap;
    uint8_t check;
} sink;

/* Goes on counting when `cap` is reached. */
static void put_raw(sink *out, uint8_t byte)
{
    if (out->len < out->cap) out->at[out->len] = byte;
    out->len++;
}

static void put_escaped(sink *out, const uint8_t *bytes, size_t len)
{
    for (size_t k = 0; k < len; k++) {
        out->check ^= bytes[k];
        bool special = bytes[k] == FLAG || bytes[k] == ESCAPE;
        put_raw(out, special ? ESCAPE : bytes[k]);
        if (special) put_raw(out, bytes[k] == FLAG ? ESCAPE_FLAG : ESCAPE_SELF);
    }
}

tq_status tq_jt905_put(uint16_t id, uint64_t isu, uint16_t serial, const uint8_t *body,
                       size_t body_len, uint8_t *out, size_t cap, size_t *len, tq_err *err)
{
    if (body_len > TQ_JT905_BODY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "JT/T 905 message %04X: body of %zu bytes, at most %u", id,
                       body_len, TQ_JT905_BODY_MAX);
    if (isu >> 48 != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "JT/T 905 identity: more than 12 digits");
    uint8_t header[TQ_JT905_HEADER];
    jt905_put_number(header, 2, id);
    jt905_put_number(header + 2, 2, body_len);
    jt905_put_number(header + 4, 6, isu);
    jt905_put_number(header + 10, 2, serial);
    sink to = {out, 0, cap, 0};
    put_raw(&to, FLAG);
    put_escaped(&to, header, sizeof header);
    put_escaped(&to, body, body_len);
    uint8_t check = to.check;
    put_escaped(&to, &check, 1);
    put_raw(&to, FLAG);
    if (to.len > cap)
        return tq_fail(err, TQ_LIMIT, 0, "JT/T 905 message %04X: needs %zu bytes, has room for %zu",
                       id, to.len, cap);
    *len = to.len;
    return TQ_OK;
}

bool tq_jt905_is_unit(uint64_t isu)
{
    return isu >> 40 == 0x10;
}
