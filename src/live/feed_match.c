/*
 * Which run of the timetable a TripDescriptor means.
 *
 * By trip_id; else by route, direction, start_date and start_time together, when just one trip
 * fits. A trip that runs at headways has no single run: it needs start_time and start_date (E006),
 * and the time must be a departure of the headway where those are exact (E019); where they are not,
 * the nearest departure stands for it. Without start_date the service day is the one on which the
 * trip runs nearest to now, so that a run over midnight finds the day before.
 */
#include "live/feed_in.h"

#define DAY_S      86400
#define HOURS_MAX  240 /* of a clock time; as import reads it */
#define DAYS_BACK  3   /* service days before today that may still run */
#define DAYS_AHEAD 1

static bool digits(const char *at, size_t count, uint32_t *out)
{
    return tq_parse_u32((tq_str){at, count}, out);
}

bool feed_parse_date(tq_str text, int32_t *day)
{
    static const uint8_t longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t year, month, of_month;
    if (text.len != 8 || !digits(text.at, 4, &year) || !digits(text.at + 4, 2, &month) ||
        !digits(text.at + 6, 2, &of_month) || month < 1 || month > 12 || of_month < 1 ||
        of_month > longest[month - 1] || year < 1970)
        return false;
    *day = tq_day_of((int32_t)year, month, of_month);
    return true;
}

bool feed_parse_clock(tq_str text, int32_t *second)
{
    uint32_t hour, minute, rest;
    if (text.len < 7 || text.len > 9 || text.at[text.len - 3] != ':' ||
        text.at[text.len - 6] != ':' || !digits(text.at, text.len - 6, &hour) ||
        !digits(text.at + text.len - 5, 2, &minute) || !digits(text.at + text.len - 2, 2, &rest) ||
        hour > HOURS_MAX || minute > 59 || rest > 59)
        return false;
    *second = (int32_t)(hour * 3600 + minute * 60 + rest);
    return true;
}

bool feed_nearest_day(const tq_city *city, uint32_t trip, int32_t start_s, int64_t at_ms,
                      int32_t *day)
{
    const tq_timetable *table = &city->timetable;
    const tq_trip *row = &table->trip[trip];
    int32_t today = tq_local_day(&city->zone, at_ms, NULL);
    int64_t length_ms =
        1000 * (int64_t)table->stop_time[table->profile_first[row->profile + 1] - 1].arrival_s;
    int64_t best = INT64_MAX;
    for (int32_t d = today - DAYS_BACK; d <= today + DAYS_AHEAD; d++) {
        if (!tq_service_runs(table, row->service, d)) continue;
        int64_t from = tq_service_day_ms(&city->zone, d) + 1000 * (int64_t)start_s;
        int64_t away =
            at_ms < from ? from - at_ms : (at_ms > from + length_ms ? at_ms - from - length_ms : 0);
        if (away >= best) continue;
        best = away;
        *day = d;
    }
    return best <= DAY_S * INT64_C(1000);
}

bool feed_start_of(const tq_city *city, uint32_t trip, int32_t clock_s, int32_t *start_s,
                   bool *exact)
{
    const tq_timetable *table = &city->timetable;
    const tq_trip *row = &table->trip[trip];
    int64_t best = INT64_MAX;
    *exact = false;
    if (row->frequency_count == 0) {
        *start_s = row->start_s;
        *exact = clock_s == row->start_s;
        return true;
    }
    for (uint32_t f = row->first_frequency; f < row->first_frequency + row->frequency_count; f++) {
        const tq_frequency *often = &table->frequency[f];
        if (often->headway_s == 0) continue;
        int64_t headway = often->headway_s, last = (often->to_s - often->from_s - 1) / headway;
        int64_t step = tq_floor_div((int64_t)clock_s - often->from_s + headway / 2, headway);
        step = TQ_MIN(TQ_MAX(step, 0), last);
        int64_t at = often->from_s + step * headway;
        int64_t away = at > clock_s ? at - clock_s : clock_s - at;
        if (often->exact != 0 ? away != 0 : away > headway) continue;
        if (away >= best) continue;
        best = away;
        *start_s = (int32_t)at;
        *exact = away == 0;
    }
    return best != INT64_MAX;
}

/* The only trip of a route and direction that starts then and runs that day. */
static uint32_t by_route(const feed_reader *in, uint32_t route, const tq_rt_trip *trip, int32_t day,
                         int32_t clock_s)
{
    const tq_timetable *table = &in->city->timetable;
    uint32_t found = TQ_NONE;
    for (uint32_t k = in->ids->route_first[route]; k < in->ids->route_first[route + 1]; k++) {
        uint32_t pattern = in->ids->route_pattern[k];
        if (trip->has_direction_id && table->pattern_direction[pattern] != trip->direction_id)
            continue;
        for (uint32_t t = table->pattern_first_trip[pattern];
             t < table->pattern_first_trip[pattern + 1]; t++) {
            int32_t start_s;
            bool exact;
            if (!tq_service_runs(table, table->trip[t].service, day) ||
                !feed_start_of(in->city, t, clock_s, &start_s, &exact) || !exact)
                continue;
            if (found != TQ_NONE) return TQ_NONE;
            found = t;
        }
    }
    return found;
}

/* What the descriptor says beside the trip's id; wrong forms are counted and passed over. */
typedef struct said {
    bool has_day, has_clock;
    int32_t day, clock_s;
    uint32_t route;
} said;

static said look_at(feed_reader *in, const tq_rt_trip *trip)
{
    said out = {.route = TQ_NONE};
    if (trip->start_date.len != 0) {
        out.has_day = feed_parse_date(trip->start_date, &out.day);
        if (!out.has_day) feed_rule(in, 21);
    }
    if (trip->start_time.len != 0) {
        out.has_clock = feed_parse_clock(trip->start_time, &out.clock_s);
        if (!out.has_clock) feed_rule(in, 20);
    }
    if (trip->route_id.len != 0) {
        out.route = feed_route_of(in->ids, in->feed->name, trip->route_id);
        if (out.route == TQ_NONE) feed_rule(in, 4);
    }
    return out;
}

bool feed_match_run(feed_reader *in, const tq_rt_trip *trip, feed_match *out)
{
    const tq_timetable *table = &in->city->timetable;
    said say = look_at(in, trip);
    uint32_t found = TQ_NONE;
    if (trip->start_date.len != 0 && !say.has_day) return false;
    if (trip->trip_id.len != 0) {
        found = feed_trip_of(in->ids, in->feed->name, trip->trip_id);
        if (found == TQ_NONE) feed_rule(in, 3);
    }
    if (found == TQ_NONE && say.route != TQ_NONE && say.has_day && say.has_clock)
        found = by_route(in, say.route, trip, say.day, say.clock_s);
    if (found == TQ_NONE) return false;
    const tq_trip *row = &table->trip[found];
    uint32_t route = table->pattern_route[row->pattern];
    if (say.route != TQ_NONE && say.route != route) feed_rule(in, 35);
    if (trip->has_direction_id && trip->direction_id != table->pattern_direction[row->pattern])
        feed_rule(in, 24);
    feed_match match = {.trip = found, .route = route, .start_s = row->start_s};
    match.base_s = row->start_s;
    bool exact = true;
    if (row->frequency_count != 0) {
        if (!say.has_day || !say.has_clock) {
            feed_rule(in, 6);
            return false;
        }
        if (!feed_start_of(in->city, found, say.clock_s, &match.start_s, &exact)) {
            feed_rule(in, 19);
            return false;
        }
        match.base_s = say.clock_s;
    } else if (say.has_clock && say.clock_s != row->start_s) {
        feed_rule(in, 23);
    }
    if (say.has_day) {
        match.day = say.day;
        if (!tq_service_runs(table, row->service, say.day)) return false;
    } else if (!feed_nearest_day(in->city, found, match.start_s, in->now_ms, &match.day)) {
        return false;
    }
    *out = match;
    return true;
}
