/*
 * What a day of real trips tells: when they begin and how far and long they go.
 *
 * A trip counts when it takes from one minute to three hours; shorter ones are slips of the meter,
 * longer ones a meter left on. Quantile k of 20 of n ascending values is value k (n - 1) / 20.
 *
 * The default is the outcome for shared/data/taxi/shenzhen_taxi_orders_sample.csv (10,619 orders of
 * taxis of Shenzhen on 2020-01-20, MIT); test/unit/fleet_demand.c learns it again and compares.
 */
#include "fleet/fleet.h"

#define COLUMNS_MAX    64u
#define DURATION_MIN_S 60
#define DURATION_MAX_S (3 * 3600)
#define DISTANCE_MAX_M 1e9

enum { VEHICLE, BEGIN, END, DISTANCE, WANTED };
static const char *const column_name[WANTED] = {"VehicleNum", "Stime", "Etime", "distance"};

static const tq_fleet_learned shenzhen = {
    .trips = 10286,
    .left_out = 333,
    .vehicles = 372,
    .hour_trips = {462, 258, 188, 139, 106, 97,  191, 339, 539, 498, 575, 504,
                   482, 500, 601, 597, 500, 516, 432, 560, 606, 594, 615, 387},
    .distance_m = {0,    1544, 2121, 2614, 3066,  3519,  4000,  4493,  5045,  5640,   6327,
                   7043, 7825, 8854, 9941, 11360, 13086, 15318, 18955, 26166, 3014702},
    .duration_s = {60,   421,  528,  616,  692,  769,  856,  947,  1029, 1122, 1236,
                   1348, 1488, 1637, 1816, 2035, 2320, 2738, 3352, 4613, 10725},
    .mean_distance_m = 9533,
    .mean_duration_s = 1688,
    .below_2_km = 909,
    .below_3_km = 1992,
};

const tq_fleet_learned *tq_fleet_learned_default(void)
{
    return &shenzhen;
}

/* The trips that count. */
typedef struct trips {
    TQ_VEC(uint32_t) distance_m;
    TQ_VEC(uint32_t) duration_s;
    TQ_VEC(uint64_t) vehicle; /* hash of its name */
    uint32_t hour_trips[24];
    uint32_t left_out;
} trips;

/* Line without its end; false at the end of the text. */
static bool next_line(tq_str *text, tq_str *line)
{
    if (text->len == 0) return false;
    const char *stop = memchr(text->at, '\n', text->len);
    size_t len = stop == NULL ? text->len : (size_t)(stop - text->at);
    *line = tq_str_trim((tq_str){text->at, len});
    size_t used = stop == NULL ? len : len + 1;
    *text = (tq_str){text->at + used, text->len - used};
    return true;
}

static bool next_field(tq_str *line, bool *more, tq_str *field)
{
    if (!*more) return false;
    const char *comma = line->len == 0 ? NULL : memchr(line->at, ',', line->len);
    size_t len = comma == NULL ? line->len : (size_t)(comma - line->at);
    *field = tq_str_trim((tq_str){line->at, len});
    *more = comma != NULL;
    if (*more) *line = (tq_str){comma + 1, line->len - len - 1};
    return true;
}

static tq_status read_head(tq_str line, uint32_t column[WANTED], tq_err *err)
{
    if (tq_str_starts(line, "\xEF\xBB\xBF")) line = (tq_str){line.at + 3, line.len - 3};
    for (uint32_t w = 0; w < WANTED; w++)
        column[w] = TQ_NONE;
    bool more = true;
    tq_str field;
    for (uint32_t k = 0; next_field(&line, &more, &field); k++) {
        if (k == COLUMNS_MAX)
            return tq_fail(err, TQ_LIMIT, 1, "line 1: more than %u columns", COLUMNS_MAX);
        for (uint32_t w = 0; w < WANTED; w++)
            if (tq_str_is(field, column_name[w])) column[w] = k;
    }
    for (uint32_t w = 0; w < WANTED; w++)
        if (column[w] == TQ_NONE)
            return tq_fail(err, TQ_BAD_INPUT, 1, "line 1: the column «%s» is missing",
                           column_name[w]);
    return TQ_OK;
}

/* Days since 0000-03-01, of years 1 to 9999. */
static int64_t day_number(uint32_t year, uint32_t month, uint32_t day)
{
    uint32_t from_march = (month + 9) % 12, y = month < 3 ? year - 1 : year;
    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (from_march * 153 + 2) / 5 + day - 1;
}

/* YYYY-MM-DD hh:mm:ss as seconds on one scale. */
static bool read_time(tq_str text, int64_t *second, uint32_t *hour)
{
    static const char form[] = "dddd-dd-dd dd:dd:dd";
    uint32_t part[6] = {0};
    if (text.len != sizeof form - 1) return false;
    for (size_t k = 0, p = 0; k < text.len; k++) {
        if (form[k] != 'd') {
            if (text.at[k] != form[k]) return false;
            p++;
        } else {
            if (text.at[k] < '0' || text.at[k] > '9') return false;
            part[p] = part[p] * 10 + (uint32_t)(text.at[k] - '0');
        }
    }
    if (part[0] == 0 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31 ||
        part[3] > 23 || part[4] > 59 || part[5] > 59)
        return false;
    *hour = part[3];
    *second =
        day_number(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
    return true;
}

static tq_status read_trip(tq_str line, uint32_t number, const uint32_t column[WANTED], trips *kept,
                           tq_err *err)
{
    tq_str value[WANTED] = {{0}}, field;
    bool more = true;
    for (uint32_t k = 0; k < COLUMNS_MAX && next_field(&line, &more, &field); k++)
        for (uint32_t w = 0; w < WANTED; w++)
            if (column[w] == k) value[w] = field;
    int64_t begin = 0, end = 0;
    uint32_t hour = 0, end_hour = 0;
    double metres = 0;
    int bad = WANTED;
    if (!tq_parse_double(value[DISTANCE], &metres) || !(metres >= 0) || metres > DISTANCE_MAX_M)
        bad = DISTANCE;
    if (!read_time(value[END], &end, &end_hour)) bad = END;
    if (!read_time(value[BEGIN], &begin, &hour)) bad = BEGIN;
    if (bad != WANTED)
        return tq_fail(err, TQ_BAD_INPUT, number, "line %u: %s «%.*s» is no %s", number,
                       column_name[bad], (int)TQ_MIN(value[bad].len, (size_t)40), value[bad].at,
                       bad == DISTANCE ? "distance in metres" : "time YYYY-MM-DD hh:mm:ss");
    if (end - begin < DURATION_MIN_S || end - begin > DURATION_MAX_S) {
        kept->left_out++;
        return TQ_OK;
    }
    if (kept->vehicle.count == TQ_FLEET_LEARN_TRIPS_MAX)
        return tq_fail(err, TQ_LIMIT, number, "line %u: more than %u trips", number,
                       TQ_FLEET_LEARN_TRIPS_MAX);
    if (!tq_vec_push(&kept->distance_m, (uint32_t)(metres + 0.5)) ||
        !tq_vec_push(&kept->duration_s, (uint32_t)(end - begin)) ||
        !tq_vec_push(&kept->vehicle, tq_hash(value[VEHICLE].at, value[VEHICLE].len, 0)))
        return tq_fail(err, TQ_NO_MEMORY, number, "no memory for trips");
    kept->hour_trips[hour]++;
    return TQ_OK;
}

/* Quantiles and mean of n > 0 values, which are sorted in place. */
static bool spread_of(uint32_t *value, size_t n, uint32_t quantile[TQ_FLEET_QUANTILES],
                      uint32_t *mean)
{
    if (!tq_sort_u32(value, n)) return false;
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += value[k];
    for (size_t k = 0; k < TQ_FLEET_QUANTILES; k++)
        quantile[k] = value[k * (n - 1) / (TQ_FLEET_QUANTILES - 1)];
    *mean = (uint32_t)((sum + n / 2) / n);
    return true;
}

static tq_status conclude(trips *kept, tq_fleet_learned *out, tq_err *err)
{
    size_t n = kept->vehicle.count;
    if (n == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "no trip of one minute to three hours in the text");
    tq_fleet_learned learned = {.trips = (uint32_t)n, .left_out = kept->left_out};
    memcpy(learned.hour_trips, kept->hour_trips, sizeof learned.hour_trips);
    if (!spread_of(kept->distance_m.at, n, learned.distance_m, &learned.mean_distance_m) ||
        !spread_of(kept->duration_s.at, n, learned.duration_s, &learned.mean_duration_s) ||
        !tq_sort_u64(kept->vehicle.at, n))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to sort %zu trips", n);
    for (size_t k = 0; k < n; k++) {
        learned.vehicles += k == 0 || kept->vehicle.at[k] != kept->vehicle.at[k - 1];
        learned.below_2_km += kept->distance_m.at[k] < 2000;
        learned.below_3_km += kept->distance_m.at[k] < 3000;
    }
    *out = learned;
    return TQ_OK;
}

tq_status tq_fleet_learn(tq_str text, tq_fleet_learned *out, tq_err *err)
{
    if (text.len > TQ_FLEET_LEARN_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%zu bytes of trips, at most %zu", text.len,
                       TQ_FLEET_LEARN_BYTES_MAX);
    uint32_t column[WANTED], number = 1;
    tq_str line;
    if (!next_line(&text, &line)) return tq_fail(err, TQ_BAD_INPUT, 1, "line 1: no head line");
    TQ_TRY(read_head(line, column, err));
    trips kept = {0};
    tq_status status = TQ_OK;
    while (status == TQ_OK && next_line(&text, &line)) {
        number++;
        if (line.len > 0) status = read_trip(line, number, column, &kept, err);
    }
    if (status == TQ_OK) status = conclude(&kept, out, err);
    tq_vec_free(&kept.distance_m);
    tq_vec_free(&kept.duration_s);
    tq_vec_free(&kept.vehicle);
    return status;
}
