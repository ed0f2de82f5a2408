/*
 * Encoded polylines: each coordinate as the zigzag difference to the one before, five bits a
 * character from
 * '?' on, low bits first. Five digits is the common form, six the precise one.
 *
 * Invariants: rounding is half away from zero, in integers; a decoded point lies within +-90 and
 * +-180 degrees. Reading never passes the end of the text and names the byte at which it refuses.
 */
#include "wire/wire.h"

/* Difference of two coordinates in 1e-6 degrees fits 30 bits: six groups of five and one for
 * safety. */
#define GROUPS_MAX 7

static int32_t unit_e7(unsigned digits)
{
    TQ_ASSERT(digits == 5 || digits == 6);
    return digits == 5 ? 100 : 10;
}

/* Divisions by a constant, which are much quicker than by a variable. */
static int32_t round_to(int32_t value_e7, int32_t unit)
{
    int64_t moved = (int64_t)value_e7 + (value_e7 >= 0 ? unit / 2 : -(unit / 2));
    return (int32_t)(unit == 100 ? moved / 100 : moved / 10);
}

static size_t put_number(int32_t difference, char out[GROUPS_MAX])
{
    uint32_t bits = (uint32_t)difference << 1 ^ (difference < 0 ? UINT32_MAX : 0);
    size_t len = 0;
    while (bits >= 0x20) {
        out[len++] = (char)((bits & 0x1f) + 0x20 + '?');
        bits >>= 5;
    }
    out[len++] = (char)(bits + '?');
    return len;
}

void tq_polyline_put(tq_buf *buf, const int32_t *lat_lon_e7, size_t point_count, unsigned digits)
{
    int32_t unit = unit_e7(digits), last[2] = {0, 0};
    char text[64 * GROUPS_MAX];
    size_t len = 0;
    for (size_t point = 0; point < point_count; point++) {
        for (size_t axis = 0; axis < 2; axis++) {
            int32_t value = round_to(lat_lon_e7[2 * point + axis], unit);
            len += put_number(value - last[axis], text + len);
            last[axis] = value;
        }
        if (len + 2 * GROUPS_MAX <= sizeof text && point + 1 < point_count) continue;
        tq_buf_put(buf, text, len);
        len = 0;
    }
}

/* One number at *at; false at a byte that cannot stand there, *at then points at it. */
static bool read_number(const char **at, const char *end, int64_t *out)
{
    uint64_t bits = 0;
    for (unsigned group = 0; group < GROUPS_MAX && *at < end; group++) {
        uint8_t byte = (uint8_t) * *at;
        if (byte < '?' || byte > '?' + 0x3f) return false;
        bits |= (uint64_t)((byte - '?') & 0x1f) << (5 * group);
        (*at)++;
        if (byte < '?' + 0x20) {
            *out = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return false;
}

tq_status tq_polyline_read(tq_str text, unsigned digits, int32_t *lat_lon_e7, size_t cap,
                           size_t *point_count, tq_err *err)
{
    static const int64_t limit_e7[2] = {900000000, 1800000000};
    static const char *const axis_name[2] = {"latitude", "longitude"};
    int64_t unit = unit_e7(digits), sum[2] = {0, 0};
    const char *at = text.at, *end = text.at + text.len;
    size_t count = 0;
    while (at < end) {
        if (count == cap)
            return tq_fail(err, TQ_LIMIT, 0,
                           "the polyline has more than %zu points; send fewer at once", cap);
        for (size_t axis = 0; axis < 2; axis++) {
            int64_t difference = 0;
            const char *number = at;
            if (!read_number(&at, end, &difference)) {
                size_t offset = (size_t)(at - text.at);
                tq_status status =
                    at < end && at - number < GROUPS_MAX
                        ? tq_fail(err, TQ_BAD_INPUT, 0,
                                  "byte 0x%02x at offset %zu of the polyline is not one of ? to ~",
                                  (unsigned)(uint8_t)*at, offset)
                        : tq_fail(err, TQ_BAD_INPUT, 0,
                                  "the polyline's %s of point %zu does not end at offset %zu; the "
                                  "text is cut "
                                  "short or of another precision",
                                  axis_name[axis], count + 1, offset);
                if (err != NULL) err->offset = offset;
                return status;
            }
            sum[axis] += difference;
            if (sum[axis] * unit > limit_e7[axis] || sum[axis] * unit < -limit_e7[axis])
                return tq_fail(
                    err, TQ_BAD_INPUT, 0,
                    "%s of point %zu of the polyline is off the earth; check whether it has 5 or 6 "
                    "digits",
                    axis_name[axis], count + 1);
        }
        lat_lon_e7[2 * count] = (int32_t)(sum[0] * unit);
        lat_lon_e7[2 * count + 1] = (int32_t)(sum[1] * unit);
        count++;
    }
    *point_count = count;
    return TQ_OK;
}
