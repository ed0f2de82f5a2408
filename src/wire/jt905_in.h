/* What the files of the JT/T 905 codec share: BCD numbers and times as they stand on the wire. */
#ifndef TQ_WIRE_JT905_IN_H
#define TQ_WIRE_JT905_IN_H

#include "wire/wire.h"

#define JT905_DAY_MS INT64_C(86400000)

/* Numbers of `width` bytes, most significant first. */
static inline uint64_t jt905_number(const uint8_t *at, size_t width)
{
    uint64_t value = 0;
    for (size_t k = 0; k < width; k++)
        value = value << 8 | at[k];
    return value;
}
static inline void jt905_put_number(uint8_t *at, size_t width, uint64_t value)
{
    for (size_t k = width; k > 0; k--, value >>= 8)
        at[k - 1] = (uint8_t)value;
}

/** Two decimal digits a byte, at most 4 bytes. False when a digit is none. */
bool jt905_bcd(const uint8_t *at, size_t width, uint32_t *value);
/** False when the value has more digits. */
bool jt905_put_bcd(uint8_t *at, size_t width, uint32_t value);

/* Which pairs of digits a time has on the wire. */
typedef enum jt905_clock {
    JT905_YY_TO_SS,   /* YYMMDDhhmmss, 6 bytes */
    JT905_YYYY_TO_MM, /* YYYYMMDDhhmm, 6 bytes */
    JT905_YY_TO_MM    /* YYMMDDhhmm, 5 bytes */
} jt905_clock;
size_t jt905_time_bytes(jt905_clock clock);
/** All zeros are TQ_JT905_NO_TIME. False when it is no date or time of 2000 to 2099. */
bool jt905_time(const uint8_t *at, jt905_clock clock, int64_t *ms);
/** What the form has no place for is cut off. False outside 2000 to 2099. */
bool jt905_put_time(uint8_t *at, jt905_clock clock, int64_t ms);

/** False when its time is outside 2000 to 2099. */
bool jt905_put_position(uint8_t at[TQ_JT905_POSITION_BYTES], const tq_jt905_position *position);

#endif
