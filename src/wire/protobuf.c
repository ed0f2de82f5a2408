/*
 * Protobuf: the wire types that OSM and GTFS-RT need, read field by field and written into a
 * buffer.
 *
 * Method: protocol buffers encoding (varint, 64 bit, length-delimited, 32 bit). Groups, which
 * nobody writes any more, are refused. No allocation when reading, no recursion: a nested message
 * is a slice for the next tq_proto.
 */
#include "wire/protobuf_in.h"

#define FIELD_NUMBER_MAX 536870911u /* 2^29 - 1, protocol buffers language guide */

bool tq_proto_varint(tq_proto *proto, uint64_t *value)
{
    return proto_varint(&proto->at, proto->end, value);
}

static uint64_t load_le(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned k = 0; k < bytes; k++)
        value |= (uint64_t)at[k] << (8 * k);
    return value;
}

tq_status tq_proto_next(tq_proto *proto, tq_proto_field *field, bool *more, tq_err *err)
{
    if (proto->at == proto->end) {
        *more = false;
        return TQ_OK;
    }
    const uint8_t *at = proto->at;
    uint64_t key = 0, len = 0;
    if (!proto_varint(&at, proto->end, &key))
        return tq_fail(err, TQ_BAD_INPUT, 0, "a protobuf key is cut off");
    uint64_t number = key >> 3;
    if (number == 0 || number > FIELD_NUMBER_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%llu is no protobuf field number",
                       (unsigned long long)number);
    tq_proto_field found = {.number = (uint32_t)number, .type = key & 7};
    size_t left = (size_t)(proto->end - at), fixed = 0;
    switch (found.type) {
    case 0:
        if (!proto_varint(&at, proto->end, &found.value))
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "the number of protobuf field %u is cut off or over 64 bits",
                           found.number);
        break;
    case 1: fixed = 8; break;
    case 5: fixed = 4; break;
    case 2:
        if (!proto_varint(&at, proto->end, &len) || len > (uint64_t)(proto->end - at))
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "protobuf field %u is longer than what is left of its message",
                           found.number);
        found.bytes = (tq_str){(const char *)at, (size_t)len};
        at += len;
        break;
    default:
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "protobuf field %u has wire type %u; only 0, 1, 2 and 5 are read",
                       found.number, (unsigned)found.type);
    }
    if (fixed > left)
        return tq_fail(err, TQ_BAD_INPUT, 0, "protobuf field %u is cut off", found.number);
    if (fixed > 0) {
        found.value = load_le(at, (unsigned)fixed);
        at += fixed;
    }
    proto->at = at;
    *field = found;
    *more = true;
    return TQ_OK;
}

static void put_varint(tq_buf *buf, uint64_t value)
{
    while (value >= 128) {
        tq_buf_putc(buf, (char)(value | 128));
        value >>= 7;
    }
    tq_buf_putc(buf, (char)value);
}

void tq_proto_put_varint(tq_buf *buf, uint32_t number, uint64_t value)
{
    put_varint(buf, (uint64_t)number << 3);
    put_varint(buf, value);
}

void tq_proto_put_bytes(tq_buf *buf, uint32_t number, const void *bytes, size_t len)
{
    put_varint(buf, (uint64_t)number << 3 | 2);
    put_varint(buf, len);
    tq_buf_put(buf, bytes, len);
}
