/*
 * Conditions, the local moment they are asked about, and slices of time.
 *
 * A condition is a list of alternatives (clauses); one of them must hold. What depends on the
 * vehicle alone (weight, size, plate, goods) is decided first; the rest is local time.
 *
 * Conditions of the city and of live state are rows of the same clauses and are asked alike.
 *
 * Slices: the truth of all conditions that can bind the vehicle, the row of hourly speeds and the
 * open rows of dates make a key; with the truth of those of live state it is the slice's. It can
 * change only at certain instants: minutes of the day that clauses name, midnights when weekdays or
 * dates count, hours of other speeds, absolute instants, shifts of the zone. From an instant one
 * steps over these, both ways, until the key changes.
 *
 * Limits: one looks SLICE_REACH_MS each way; a slice that is longer is cut there, at an instant at
 * which nothing changes. Of live state's conditions the first LIVE_ROWS_TOLD are told apart by
 * whom they are about; those beyond count for every vehicle, which only makes more slices. No
 * allocation.
 */
#include "road/vehicle_in.h"

#define DAY_MIN        1440u
#define MINUTE_MS      INT64_C(60000)
#define SLICE_REACH_MS (8 * INT64_C(86400000))
#define SATURDAY       5u
#define LIVE_ROWS_TOLD 8192u

tq_moment tq_moment_at(const tq_city *city, int64_t at_ms)
{
    int32_t second, year;
    unsigned month, day_of_month;
    int32_t day = tq_local_day(&city->zone, at_ms, &second);
    tq_date_of(day, &year, &month, &day_of_month);
    return (tq_moment){.at_ms = at_ms,
                       .day = day,
                       .minute = (uint32_t)second / 60,
                       .week_day =
                           (uint32_t)(((int64_t)day + 3) - tq_floor_div((int64_t)day + 3, 7) * 7),
                       .date = month * 32 + day_of_month};
}

/* ---- clauses --------------------------------------------------------------------------------- */

/* Can the clause hold for this vehicle at some time? */
static bool clause_binds(const tq_clause *clause, const tq_vehicle *vehicle)
{
    if (clause->weight_10kg != 0 && vehicle->weight_10kg <= clause->weight_10kg) return false;
    if (clause->axle_10kg != 0 && vehicle->axle_10kg <= clause->axle_10kg) return false;
    if (clause->height_cm != 0 && vehicle->height_cm <= clause->height_cm) return false;
    if (clause->width_cm != 0 && vehicle->width_cm <= clause->width_cm) return false;
    if (clause->length_cm != 0 && vehicle->length_cm <= clause->length_cm) return false;
    if (clause->hazmat != 0 && (vehicle->flags & TQ_VEHICLE_HAZMAT) == 0) return false;
    return clause->plates == 0 || (vehicle->plate >= 0 && vehicle->plate <= 9 &&
                                   (clause->plates >> vehicle->plate & 1) != 0);
}

static bool clause_timed(const tq_clause *clause)
{
    return clause->from_ms != 0 || clause->to_ms != 0 || clause->from_min != 0 ||
           clause->to_min != 0 || clause->from_date != 0 || clause->to_date != 0 ||
           clause->days != 0 || clause->spare[0] != 0;
}

static bool day_holds(const tq_clause *clause, uint32_t week_day, uint32_t date)
{
    if (clause->days != 0 && (clause->days >> week_day & 1) == 0) return false;
    /* Odd or even days of the month: a day's number is in the low bits of its date. */
    if (clause->spare[0] != 0 && (clause->spare[0] & 1) != (date & 1)) return false;
    if (clause->from_date == 0 && clause->to_date == 0) return true;
    if (clause->from_date <= clause->to_date)
        return clause->from_date <= date && date <= clause->to_date;
    return date >= clause->from_date || date <= clause->to_date;
}

static uint32_t date_of_day(int32_t day)
{
    int32_t year;
    unsigned month, day_of_month;
    tq_date_of(day, &year, &month, &day_of_month);
    return month * 32 + day_of_month;
}

static bool clause_holds_at(const tq_clause *clause, const tq_moment *moment)
{
    if ((clause->from_ms != 0 || clause->to_ms != 0) &&
        (moment->at_ms < clause->from_ms || moment->at_ms >= clause->to_ms))
        return false;
    uint32_t from = clause->from_min, to = clause->to_min;
    bool all_day = from == 0 && to == 0;
    bool over_midnight = !all_day && (from >= to || to > DAY_MIN);
    if (!over_midnight)
        return (all_day || (from <= moment->minute && moment->minute < to)) &&
               day_holds(clause, moment->week_day, moment->date);
    uint32_t end = to > DAY_MIN ? to - DAY_MIN : to;
    if (moment->minute >= from && day_holds(clause, moment->week_day, moment->date)) return true;
    return moment->minute < end &&
           day_holds(clause, (moment->week_day + 6) % 7, date_of_day(moment->day - 1));
}

/* Conditions by row: of the city or of live state. Row 0 holds always. */
typedef struct rows {
    const uint32_t *first;
    const tq_clause *clause;
} rows;

static rows rows_of_city(const tq_city *city)
{
    return (rows){city->conditions.first_clause, city->conditions.clause};
}

static rows rows_of_live(const tq_overlay *overlay)
{
    return (rows){overlay->first_clause, overlay->clause};
}

static road_truth truth_of(const road_asker *asker, rows all, uint32_t row)
{
    if (row == 0) return ROAD_YES;
    road_truth truth = ROAD_NO;
    for (uint32_t k = all.first[row]; k < all.first[row + 1]; k++) {
        const tq_clause *clause = &all.clause[k];
        if (!clause_binds(clause, asker->vehicle)) continue;
        if (!clause_timed(clause)) return ROAD_YES;
        if (asker->any_time)
            truth = ROAD_MAYBE;
        else if (clause_holds_at(clause, &asker->moment))
            return ROAD_YES;
    }
    return truth;
}

road_truth road_condition(const road_asker *asker, uint32_t condition)
{
    if (asker->truth != NULL) return (road_truth)asker->truth[condition];
    return truth_of(asker, rows_of_city(asker->city), condition);
}

road_truth road_live_condition(const road_asker *asker, const tq_overlay *overlay,
                               uint32_t condition)
{
    return truth_of(asker, rows_of_live(overlay), condition);
}

bool tq_condition_holds(const tq_city *city, uint32_t condition, const tq_vehicle *vehicle,
                        const tq_moment *moment)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .moment = *moment};
    return road_condition(&asker, condition) == ROAD_YES;
}

bool tq_live_holds(const tq_city *city, const tq_overlay *overlay, uint32_t condition,
                   const tq_vehicle *vehicle, const tq_moment *moment)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .moment = *moment};
    return road_live_condition(&asker, overlay, condition) == ROAD_YES;
}

/* ---- slices ---------------------------------------------------------------------------------- */

/* When anything about a vehicle can change. */
typedef struct changes {
    const tq_city *city;
    const tq_vehicle *vehicle;
    const uint8_t *dates_used;         /* NULL = all */
    uint64_t minute[DAY_MIN / 64 + 1]; /* bits: minutes of the local day */
    bool binds;                        /* the city's rules and bans bind the vehicle at all */
    const tq_overlay *overlay;
    uint64_t live[LIVE_ROWS_TOLD / 64]; /* bits: live conditions of rules about the vehicle */
} changes;

static void mark(changes *all, uint32_t minute)
{
    minute %= DAY_MIN;
    all->minute[minute / 64] |= UINT64_C(1) << minute % 64;
}

/* The modes whose rules are about the vehicle: a pushed bike goes by those of walkers. */
static uint32_t rule_modes(const tq_vehicle *vehicle)
{
    return vehicle->mode | ((vehicle->flags & TQ_VEHICLE_PUSHES) != 0 ? TQ_ACCESS_FOOT : 0u);
}

static void mark_condition(changes *all, rows of, uint32_t condition)
{
    if (condition == 0) return;
    for (uint32_t k = of.first[condition]; k < of.first[condition + 1]; k++) {
        const tq_clause *clause = &of.clause[k];
        if (!clause_binds(clause, all->vehicle)) continue;
        if (clause->days != 0 || clause->from_date != 0 || clause->to_date != 0 ||
            clause->spare[0] != 0)
            mark(all, 0);
        if (clause->from_min == 0 && clause->to_min == 0) continue;
        mark(all, clause->from_min);
        mark(all, clause->to_min);
    }
}

static void mark_hours(changes *all)
{
    const tq_vehicle *vehicle = all->vehicle;
    for (uint32_t group = 0; group < TQ_SPEED_GROUPS; group++) {
        for (uint32_t hour = 1; hour < 24; hour++)
            if (vehicle->hour_percent[group][hour] != vehicle->hour_percent[group][hour - 1] ||
                vehicle->rest_percent[group][hour] != vehicle->rest_percent[group][hour - 1])
                mark(all, hour * 60);
        if (vehicle->hour_percent[group][0] != vehicle->hour_percent[group][23] ||
            vehicle->rest_percent[group][0] != vehicle->rest_percent[group][23] ||
            memcmp(vehicle->hour_percent[group], vehicle->rest_percent[group],
                   sizeof vehicle->hour_percent[group]) != 0)
            mark(all, 0);
    }
}

typedef void (*condition_seen)(void *user, uint32_t condition);

static void each_condition(const tq_city *city, const tq_vehicle *vehicle, condition_seen seen,
                           void *user)
{
    const tq_conditions *rules = &city->conditions;
    uint32_t modes = rule_modes(vehicle);
    if ((vehicle->flags & TQ_VEHICLE_IGNORES_BANS) != 0) return;
    for (uint32_t k = 0; k < rules->rule_count; k++)
        if ((rules->rule[k].access & modes) != 0) seen(user, rules->rule[k].condition);
    for (uint32_t k = 0; k < rules->ban_count; k++)
        if ((rules->ban[k].access & vehicle->mode) != 0) seen(user, rules->ban[k].condition);
}

static void seen_mark(void *user, uint32_t condition)
{
    changes *all = user;
    mark_condition(all, rows_of_city(all->city), condition);
}

/* Which live conditions are about the vehicle. */
static void find_live(changes *all)
{
    for (uint32_t k = 0; k < all->overlay->rule_count; k++) {
        const tq_live_rule *rule = &all->overlay->rule[k];
        if ((rule->access & all->vehicle->mode) != 0 && rule->condition < LIVE_ROWS_TOLD)
            all->live[rule->condition / 64] |= UINT64_C(1) << rule->condition % 64;
    }
}

static bool live_counts(const changes *all, uint32_t condition)
{
    return condition >= LIVE_ROWS_TOLD || (all->live[condition / 64] >> condition % 64 & 1) != 0;
}

static void mark_live(changes *all)
{
    find_live(all);
    for (uint32_t row = 1; row < all->overlay->condition_count; row++)
        if (live_counts(all, row)) mark_condition(all, rows_of_live(all->overlay), row);
}

/* Bits gathered to a hash, 64 at a time. */
typedef struct key_state {
    road_asker asker;
    uint64_t hash, word;
    uint32_t bits;
} key_state;

static void add_bit(key_state *state, bool bit)
{
    state->word = state->word << 1 | bit;
    if (++state->bits % 64 == 0) {
        state->hash = tq_mix(state->hash ^ state->word);
        state->word = 0;
    }
}

static void seen_truth(void *user, uint32_t condition)
{
    key_state *state = user;
    if (condition != 0) add_bit(state, road_condition(&state->asker, condition) == ROAD_YES);
}

/* What the file alone makes of the instant. */
static uint64_t city_key_at(const changes *all, int64_t at_ms)
{
    const tq_vehicle *vehicle = all->vehicle;
    const tq_dates *dates = &all->city->dates;
    key_state state = {
        .asker = {.city = all->city, .vehicle = vehicle, .moment = tq_moment_at(all->city, at_ms)}};
    each_condition(all->city, vehicle, seen_truth, &state);
    for (uint32_t row = 1; row < dates->count; row++)
        if (all->dates_used == NULL || all->dates_used[row] != 0)
            add_bit(&state, tq_open_at(dates, row, at_ms));
    uint64_t speeds = 0;
    uint32_t hour = state.asker.moment.minute / 60;
    bool rest = state.asker.moment.week_day >= SATURDAY;
    for (uint32_t group = 0; group < TQ_SPEED_GROUPS; group++)
        speeds = speeds << 8 | (rest ? vehicle->rest_percent : vehicle->hour_percent)[group][hour];
    return tq_mix(tq_mix(state.hash ^ state.word) ^ speeds) |
           1; /* 0 names the metric of any time */
}

static uint64_t key_at(const changes *all, int64_t at_ms)
{
    uint64_t city_key = city_key_at(all, at_ms);
    key_state state = {.asker = {.city = all->city,
                                 .vehicle = all->vehicle,
                                 .moment = tq_moment_at(all->city, at_ms)},
                       .hash = city_key};
    for (uint32_t row = 1; row < all->overlay->condition_count; row++)
        if (live_counts(all, row))
            add_bit(&state, road_live_condition(&state.asker, all->overlay, row) == ROAD_YES);
    return state.bits == 0 ? city_key : tq_mix(state.hash ^ state.word) | 1;
}

/* The nearest marked minute of local time after `local` (AFTER), or at or before it; in minutes
 * since 1970. False when no minute is marked. */
typedef enum side { AFTER, UNTIL } side;

static bool marked_minute(const changes *all, int64_t local_min, side where, int64_t *out)
{
    int64_t day = tq_floor_div(local_min, DAY_MIN);
    int32_t step = where == AFTER ? 1 : -1;
    int64_t minute = local_min - day * DAY_MIN + (where == AFTER);
    for (uint32_t tried = 0; tried <= DAY_MIN; tried++, minute += step) {
        uint32_t of_day = (uint32_t)(minute < 0 ? minute + DAY_MIN : minute) % DAY_MIN;
        if ((all->minute[of_day / 64] >> of_day % 64 & 1) == 0) continue;
        *out = day * DAY_MIN + minute;
        return true;
    }
    return false;
}

/* Absolute instants: the nearest one on that side of `at_ms`, folded into *best. */
static void fold(int64_t instant, int64_t at_ms, side where, int64_t *best)
{
    if (instant == INT64_MIN || instant == INT64_MAX) return;
    if (where == AFTER && instant > at_ms) *best = TQ_MIN(*best, instant);
    if (where == UNTIL && instant <= at_ms) *best = TQ_MAX(*best, instant);
}

static void fold_local(const changes *all, int64_t at_ms, side where, int64_t *best)
{
    const tq_zone_table *zone = &all->city->zone;
    int64_t utc_s = tq_floor_div(at_ms, 1000), offset_s = tq_offset_s(zone, utc_s), minute;
    int64_t local_min = tq_floor_div(utc_s + offset_s, 60);
    if (!marked_minute(all, local_min, where, &minute)) return;
    fold((minute * 60 - offset_s) * 1000, at_ms, where, best);
    for (uint32_t shift = 1; shift < zone->count; shift++)
        fold(zone->from_s[shift] * 1000, at_ms, where, best);
}

static void fold_clauses(const tq_clause *clause, uint32_t count, int64_t at_ms, side where,
                         int64_t *best)
{
    for (uint32_t k = 0; k < count; k++) {
        if (clause[k].from_ms == 0 && clause[k].to_ms == 0) continue;
        fold(clause[k].from_ms, at_ms, where, best);
        fold(clause[k].to_ms, at_ms, where, best);
    }
}

static int64_t next_change(const changes *all, int64_t at_ms, side where)
{
    int64_t best = where == AFTER ? INT64_MAX : INT64_MIN;
    const tq_conditions *rules = &all->city->conditions;
    const tq_overlay *live = all->overlay;
    const tq_dates *dates = &all->city->dates;
    fold_local(all, at_ms, where, &best);
    if (all->binds) fold_clauses(rules->clause, rules->clause_count, at_ms, where, &best);
    for (uint32_t row = 1; row < live->condition_count; row++)
        if (live_counts(all, row))
            fold_clauses(live->clause + live->first_clause[row],
                         live->first_clause[row + 1] - live->first_clause[row], at_ms, where,
                         &best);
    for (uint32_t row = 1; row < dates->count; row++) {
        if (all->dates_used != NULL && all->dates_used[row] == 0) continue;
        fold(dates->row[row].from_ms, at_ms, where, &best);
        fold(dates->row[row].to_ms, at_ms, where, &best);
    }
    return best;
}

tq_slice road_slice(const tq_city *city, const tq_overlay *overlay, const tq_vehicle *vehicle,
                    const uint8_t *dates_used, int64_t at_ms, uint64_t *city_key)
{
    changes all = {.city = city,
                   .vehicle = vehicle,
                   .dates_used = dates_used,
                   .binds = (vehicle->flags & TQ_VEHICLE_IGNORES_BANS) == 0,
                   .overlay = overlay != NULL ? overlay : tq_overlay_none()};
    each_condition(city, vehicle, seen_mark, &all);
    mark_live(&all);
    mark_hours(&all);
    tq_slice slice = {.key = key_at(&all, at_ms)};
    if (city_key != NULL) *city_key = city_key_at(&all, at_ms);
    slice.to_ms = next_change(&all, at_ms, AFTER);
    while (slice.to_ms != INT64_MAX && slice.to_ms - at_ms < SLICE_REACH_MS &&
           key_at(&all, slice.to_ms) == slice.key)
        slice.to_ms = next_change(&all, slice.to_ms, AFTER);
    slice.from_ms = next_change(&all, at_ms, UNTIL);
    while (slice.from_ms != INT64_MIN && at_ms - slice.from_ms < SLICE_REACH_MS &&
           key_at(&all, slice.from_ms - 1) == slice.key)
        slice.from_ms = next_change(&all, slice.from_ms - 1, UNTIL);
    return slice;
}

tq_slice tq_road_slice(const tq_city *city, const tq_overlay *overlay, const tq_vehicle *vehicle,
                       int64_t at_ms)
{
    return road_slice(city, overlay, vehicle, NULL, at_ms, NULL);
}
