/* The varint step that every reader of protobuf shares, small enough to be inlined in hot loops. */
#ifndef TQ_WIRE_PROTOBUF_IN_H
#define TQ_WIRE_PROTOBUF_IN_H

#include "wire/wire.h"

/* Read one varint at *at and step over it; false when it runs past `end` or over 64 bits. */
static inline bool proto_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    const uint8_t *byte = *at;
    if (byte < end && *byte < 128) {
        *value = *byte;
        *at = byte + 1;
        return true;
    }
    uint64_t sum = 0;
    for (unsigned shift = 0; byte < end && shift < 64; shift += 7) {
        uint64_t low = *byte & 127u;
        if (shift == 63 && low > 1) return false;
        sum |= low << shift;
        if (*byte++ < 128) {
            *value = sum;
            *at = byte;
            return true;
        }
    }
    return false;
}

#endif
