/*
 * Values of JT/T 905.2-2014: BCD numbers, times in GMT+8, points in 1/10000 minute, items of a
 * position, texts in GBK.
 *
 * A point is v / 600,000 degrees, that is 50 v / 3 units of 1e-7 degrees. Rounding to the nearest
 * unit moves v by at most 0.03, so v comes back exactly; the other way a unit of e7 is finer than
 * the wire, and up to 8 are lost.
 * Years have two digits: 2000 to 2099. A time of all zeros is what a unit without a fix sends.
 */
#include <errno.h>
#include <iconv.h>

#include "wire/jt905_in.h"

#define ZONE_MS (8 * INT64_C(3600000))

/* ---- numbers -------------------------------------------------------------------------------- */

bool jt905_bcd(const uint8_t *at, size_t width, uint32_t *value)
{
    uint32_t sum = 0;
    for (size_t k = 0; k < width; k++) {
        uint32_t high = at[k] >> 4, low = at[k] & 15u;
        if (high > 9 || low > 9) return false;
        sum = sum * 100 + high * 10 + low;
    }
    *value = sum;
    return true;
}

bool jt905_put_bcd(uint8_t *at, size_t width, uint32_t value)
{
    for (size_t k = width; k > 0; k--, value /= 100)
        at[k - 1] = (uint8_t)((value / 10 % 10) << 4 | value % 10);
    return value == 0;
}

/* ---- times ---------------------------------------------------------------------------------- */

static bool is_leap(uint32_t year)
{
    return year % 4 == 0; /* holds from 2000 to 2099 */
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

size_t jt905_time_bytes(jt905_clock clock)
{
    return clock == JT905_YY_TO_MM ? 5 : 6;
}

bool jt905_time(const uint8_t *at, jt905_clock clock, int64_t *ms)
{
    static const uint8_t zeros[6] = {0};
    size_t bytes = jt905_time_bytes(clock), century = clock == JT905_YYYY_TO_MM ? 1 : 0;
    if (memcmp(at, zeros, bytes) == 0) {
        *ms = TQ_JT905_NO_TIME;
        return true;
    }
    uint32_t part[6] = {0}, first = 20;
    if (century == 1 && !jt905_bcd(at, 1, &first)) return false;
    for (size_t k = 0; k + century < bytes; k++)
        if (!jt905_bcd(at + century + k, 1, &part[k])) return false;
    uint32_t year = part[0], month = part[1], day = part[2];
    if (first != 20 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
        part[3] > 23 || part[4] > 59 || part[5] > 59)
        return false;
    int64_t days = (int64_t)year * 365 + (year + 3) / 4 + day - 1;
    for (uint32_t past = 1; past < month; past++)
        days += days_of_month(year, past);
    *ms = TQ_JT905_TIME_FROM + days * JT905_DAY_MS +
          (int64_t)(part[3] * 3600 + part[4] * 60 + part[5]) * 1000;
    return true;
}

bool jt905_put_time(uint8_t *at, jt905_clock clock, int64_t ms)
{
    size_t century = clock == JT905_YYYY_TO_MM ? 1 : 0;
    memset(at, 0, jt905_time_bytes(clock));
    if (ms == TQ_JT905_NO_TIME) return true;
    if (ms < TQ_JT905_TIME_FROM || ms >= TQ_JT905_TIME_END) return false;
    uint32_t days = (uint32_t)((ms - TQ_JT905_TIME_FROM) / JT905_DAY_MS);
    uint32_t second = (uint32_t)((ms - TQ_JT905_TIME_FROM) % JT905_DAY_MS / 1000);
    uint32_t year = days / 1461 * 4, month = 1;
    days %= 1461;
    for (uint32_t long_year; days >= (long_year = is_leap(year) ? 366 : 365); year++)
        days -= long_year;
    for (; days >= days_of_month(year, month); month++)
        days -= days_of_month(year, month);
    uint32_t part[6] = {year, month, days + 1, second / 3600, second / 60 % 60, second % 60};
    if (century == 1) (void)jt905_put_bcd(at, 1, 20);
    for (size_t k = 0; k + century < jt905_time_bytes(clock); k++)
        (void)jt905_put_bcd(at + century + k, 1, part[k]);
    return true;
}

int64_t tq_jt905_trip_off_ms(const tq_jt905_trip *trip)
{
    if (trip->on_ms == TQ_JT905_NO_TIME) return TQ_JT905_NO_TIME;
    int64_t midnight = tq_floor_div(trip->on_ms + ZONE_MS, JT905_DAY_MS) * JT905_DAY_MS - ZONE_MS;
    int64_t off = midnight + (int64_t)trip->off_min * 60000;
    return off < trip->on_ms ? off + JT905_DAY_MS : off;
}

/* ---- points --------------------------------------------------------------------------------- */

bool tq_jt905_e7_of(uint32_t e4min, int32_t *e7)
{
    if (e4min > 180u * 600000u) return false;
    *e7 = (int32_t)(((uint64_t)e4min * 100 + 3) / 6);
    return true;
}

uint32_t tq_jt905_e4min_of(int32_t e7)
{
    uint64_t size = (uint64_t)(e7 < 0 ? -(int64_t)e7 : e7);
    return (uint32_t)((size * 6 + 50) / 100);
}

bool tq_jt905_point(const tq_jt905_position *position, int32_t *lat_e7, int32_t *lon_e7)
{
    int32_t lat = 0, lon = 0;
    if ((position->status & TQ_JT905_NOT_POSITIONED) != 0 || position->lat_e4min > 90u * 600000u ||
        !tq_jt905_e7_of(position->lat_e4min, &lat) || !tq_jt905_e7_of(position->lon_e4min, &lon))
        return false;
    *lat_e7 = (position->status & TQ_JT905_SOUTH) != 0 ? -lat : lat;
    *lon_e7 = (position->status & TQ_JT905_WEST) != 0 ? -lon : lon;
    return true;
}

void tq_jt905_set_point(tq_jt905_position *position, int32_t lat_e7, int32_t lon_e7)
{
    position->status &= ~(TQ_JT905_SOUTH | TQ_JT905_WEST | TQ_JT905_NOT_POSITIONED);
    position->status |= (lat_e7 < 0 ? TQ_JT905_SOUTH : 0) | (lon_e7 < 0 ? TQ_JT905_WEST : 0);
    position->lat_e4min = tq_jt905_e4min_of(lat_e7);
    position->lon_e4min = tq_jt905_e4min_of(lon_e7);
}

/* ---- positions ------------------------------------------------------------------------------ */

tq_status tq_jt905_read_position(const uint8_t bytes[TQ_JT905_POSITION_BYTES],
                                 tq_jt905_position *out, tq_err *err)
{
    int64_t time_ms = TQ_JT905_NO_TIME;
    if (!jt905_time(bytes + 19, JT905_YY_TO_SS, &time_ms))
        return tq_fail(err, TQ_BAD_INPUT, 0, "JT/T 905 position: %012llX is no time",
                       (unsigned long long)jt905_number(bytes + 19, 6));
    *out = (tq_jt905_position){.alarm = (uint32_t)jt905_number(bytes, 4),
                               .status = (uint32_t)jt905_number(bytes + 4, 4),
                               .lat_e4min = (uint32_t)jt905_number(bytes + 8, 4),
                               .lon_e4min = (uint32_t)jt905_number(bytes + 12, 4),
                               .speed_x10_kmh = (uint16_t)jt905_number(bytes + 16, 2),
                               .direction_2deg = bytes[18],
                               .time_ms = time_ms};
    return TQ_OK;
}

bool jt905_put_position(uint8_t at[TQ_JT905_POSITION_BYTES], const tq_jt905_position *position)
{
    jt905_put_number(at, 4, position->alarm);
    jt905_put_number(at + 4, 4, position->status);
    jt905_put_number(at + 8, 4, position->lat_e4min);
    jt905_put_number(at + 12, 4, position->lon_e4min);
    jt905_put_number(at + 16, 2, position->speed_x10_kmh);
    at[18] = position->direction_2deg;
    return jt905_put_time(at + 19, JT905_YY_TO_SS, position->time_ms);
}

bool tq_jt905_next_item(tq_str *items, tq_jt905_item *item)
{
    if (items->len < 2) return false;
    const uint8_t *at = (const uint8_t *)items->at;
    size_t len = at[1];
    if (len > items->len - 2) return false;
    *item = (tq_jt905_item){.id = at[0],
                            .value = {items->at + 2, len},
                            .number = len <= 8 ? jt905_number(at + 2, len) : 0};
    *items = (tq_str){items->at + 2 + len, items->len - 2 - len};
    return true;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* Convert piece by piece; what has no counterpart becomes `stand_in`. `step` tells how many bytes
 * of the input to pass over then. */
static tq_status convert(const char *to, const char *from, tq_str text, tq_str stand_in,
                         size_t (*step)(const char *at, const char *end), tq_str out, size_t *len,
                         uint32_t *replaced, tq_err *err)
{
    iconv_t handle = iconv_open(to, from);
    if (TQ_NEVER(handle == (iconv_t)-1))
        return tq_fail(err, TQ_NOT_FOUND, 0,
                       "no conversion from %s to %s on this machine; install the GBK module of the "
                       "C library",
                       from, to);
    union {
        const char *read;
        char *asked; /* iconv's interface; it does not write there */
    } at = {.read = text.at};
    union {
        const char *read;
        char *write;
    } put = {.read = out.at};
    size_t left = text.len, room = out.len;
    uint32_t stood_in = 0;
    tq_status status = TQ_OK;
    while (left > 0 && iconv(handle, &at.asked, &left, &put.write, &room) == (size_t)-1) {
        if (errno == E2BIG || room < stand_in.len) {
            status = tq_fail(err, TQ_LIMIT, 0, "text of %zu bytes: needs more than %zu as %s",
                             text.len, out.len, to);
            break;
        }
        size_t pass = step(at.read, at.read + left);
        at.read += pass;
        left -= pass;
        memcpy(put.write, stand_in.at, stand_in.len);
        put.write += stand_in.len;
        room -= stand_in.len;
        stood_in++;
    }
    (void)iconv_close(handle);
    if (status != TQ_OK) return status;
    *len = out.len - room;
    if (replaced != NULL) *replaced = stood_in;
    return TQ_OK;
}

static size_t one_byte(const char *at, const char *end)
{
    (void)at;
    (void)end;
    return 1;
}

static size_t one_character(const char *at, const char *end)
{
    const char *next = at;
    (void)tq_utf8_next(&next, end);
    return (size_t)(next - at);
}

tq_status tq_gbk_to_utf8(tq_str gbk, char *out, size_t cap, size_t *len, uint32_t *replaced,
                         tq_err *err)
{
    return convert("UTF-8", "GBK", gbk, TQ_STR("\xEF\xBF\xBD"), one_byte, (tq_str){out, cap}, len,
                   replaced, err);
}

tq_status tq_utf8_to_gbk(tq_str utf8, char *out, size_t cap, size_t *len, uint32_t *replaced,
                         tq_err *err)
{
    return convert("GBK", "UTF-8", utf8, TQ_STR("?"), one_character, (tq_str){out, cap}, len,
                   replaced, err);
}
