/*
 * The board of a stop: next departures of all routes there, merged by time. Each route at the stop
 * holds its departures in order, so the board is merged from as many sorted rows as routes call
 * there; the caller's array serves as the only memory: each route adds its next departures and what
 * falls off the end is dropped. Runs that were cancelled, or no longer stop there, are added at
 * their planned times.
 */
#include "transit/transit_in.h"

static bool before(const tq_departure *a, const tq_departure *b)
{
    if (a->departure_s != b->departure_s) return a->departure_s < b->departure_s;
    if (a->trip != b->trip) return a->trip < b->trip;
    return a->place != b->place ? a->place < b->place : a->shift_s < b->shift_s;
}

static bool same(const tq_departure *a, const tq_departure *b)
{
    return a->trip == b->trip && a->place == b->place && a->shift_s == b->shift_s &&
           a->live == b->live && a->cancelled == b->cancelled;
}

/* First run of a route that leaves the place at from_s or later. */
static uint32_t first_after(const day_route *route, uint32_t place, int32_t from_s)
{
    const int32_t *column = route->departure_s + place;
    uint32_t low = 0, high = route->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (column[(size_t)middle * route->place_count] < from_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A board that is being filled. */
typedef struct board {
    const tq_day *day;
    int32_t from_s, until_s;
    uint32_t limit, count;
    tq_departure *out;
} board;

/* False when it comes too late to be on the board. */
static bool add(board *list, const tq_departure *next)
{
    tq_departure *out = list->out;
    if (list->count == list->limit && !before(next, &out[list->count - 1])) return false;
    uint32_t to = list->count < list->limit ? list->count++ : list->count - 1;
    while (to > 0 && before(next, &out[to - 1])) {
        out[to] = out[to - 1];
        to--;
    }
    out[to] = *next;
    return true;
}

static void add_stop(board *list, uint32_t stop)
{
    const tq_day *day = list->day;
    int32_t from_s = TQ_MAX(list->from_s, day->open_from_s[stop]);
    int32_t until_s = TQ_MIN(list->until_s, day->open_until_s[stop]);
    const day_calls *calls = &day->calls[0][stop];
    for (uint32_t c = 0; c < calls->count; c++) {
        day_call call = calls->at[c];
        const day_route *route = &day->route[call.route];
        for (uint32_t run = first_after(route, call.place, from_s); run < route->run_count; run++) {
            size_t event = (size_t)run * route->place_count + call.place;
            const day_run *row = &route->run[run];
            tq_departure next = {.trip = row->trip,
                                 .live = row->live,
                                 .place = call.place,
                                 .departure_s = route->departure_s[event],
                                 .arrival_s = route->arrival_s[event],
                                 .shift_s = row->shift_s,
                                 .service_day = row->service_day,
                                 .headway_s = row->headway_s,
                                 .stop = stop};
            if (next.departure_s > until_s || !add(list, &next)) break;
        }
    }
}

/* A planned departure that is not made. */
static void add_gone_at(board *list, const day_run *run, uint32_t place, uint32_t at)
{
    const tq_timetable *table = &list->day->city->timetable;
    const tq_trip *trip = &table->trip[run->trip];
    uint32_t first = table->pattern_first[trip->pattern],
             end = table->pattern_first[trip->pattern + 1],
             stop = table->pattern_stop[first + place];
    if (first + place + 1 >= end || (table->pattern_flags[first + place] & TQ_PATTERN_NO_PICKUP))
        return;
    const tq_stop_time *time = &table->stop_time[table->profile_first[trip->profile] + place];
    int32_t base_s = run->shift_s + trip->start_s;
    tq_departure next = {.trip = run->trip,
                         .live = run->live,
                         .place = at,
                         .departure_s = base_s + time->departure_s,
                         .arrival_s = base_s + time->arrival_s,
                         .shift_s = run->shift_s,
                         .service_day = run->service_day,
                         .headway_s = run->headway_s,
                         .stop = stop,
                         .cancelled = true};
    if (next.departure_s >= TQ_MAX(list->from_s, list->day->open_from_s[stop]) &&
        next.departure_s <= TQ_MIN(list->until_s, list->day->open_until_s[stop]))
        (void)add(list, &next);
}

static void add_gone(board *list, uint32_t stop)
{
    const tq_timetable *table = &list->day->city->timetable;
    const tq_overlay *overlay = list->day->overlay;
    for (uint32_t k = 0; k < list->day->gone_count; k++) {
        const day_run *run = &list->day->gone[k];
        const tq_live_run *live = &overlay->run[run->live];
        uint32_t pattern = table->trip[run->trip].pattern, first = table->pattern_first[pattern],
                 places = table->pattern_first[pattern + 1] - first;
        if (live->state == TQ_RUN_CANCELLED) {
            for (uint32_t place = 0; place < places; place++)
                if (table->pattern_stop[first + place] == stop)
                    add_gone_at(list, run, place, place);
            continue;
        }
        for (uint32_t at = 0; at < live->call_count; at++) {
            const tq_live_call *call = &overlay->call[live->first_call + at];
            if ((call->flags & TQ_CALL_SKIPPED) && call->place < places &&
                table->pattern_stop[first + call->place] == stop)
                add_gone_at(list, run, call->place, at);
        }
    }
}

uint32_t tq_transit_departures(const tq_city *city, const tq_day *day, uint32_t stop,
                               int32_t from_s, int32_t until_s, uint32_t limit, tq_departure *out)
{
    const tq_timetable *table = &city->timetable;
    if (stop >= table->stop_count || limit == 0) return 0;
    board list = {.day = day, .from_s = from_s, .until_s = until_s, .limit = limit, .out = out};
    add_stop(&list, stop);
    add_gone(&list, stop);
    for (uint32_t at = table->child_first[stop]; at < table->child_first[stop + 1]; at++) {
        if (table->child[at] == stop) continue;
        add_stop(&list, table->child[at]);
        add_gone(&list, table->child[at]);
    }
    uint32_t kept = 0; /* a station's list may name a platform twice */
    for (uint32_t at = 0; at < list.count; at++)
        if (kept == 0 || !same(&out[at], &out[kept - 1])) out[kept++] = out[at];
    return kept;
}

/* Last departure from the place within [from_s, until_s], INT32_MIN. */
static int32_t last_until(const day_route *route, uint32_t place, int32_t until_s, int32_t from_s)
{
    uint32_t run = until_s == INT32_MAX ? route->run_count : first_after(route, place, until_s + 1);
    if (run == 0) return INT32_MIN;
    int32_t at_s = route->departure_s[(size_t)(run - 1) * route->place_count + place];
    return at_s >= from_s ? at_s : INT32_MIN;
}

int32_t tq_transit_last_departure(const tq_city *city, const tq_day *day, uint32_t pattern,
                                  uint32_t place, int32_t until_s)
{
    const tq_timetable *table = &city->timetable;
    int32_t last_s = INT32_MIN;
    if (pattern >= table->pattern_count) return last_s;
    uint32_t first = table->pattern_first[pattern],
             places = table->pattern_first[pattern + 1] - first;
    if (place >= places) return last_s;
    uint32_t stop = table->pattern_stop[first + place];
    until_s = TQ_MIN(until_s, day->open_until_s[stop]);
    const day_calls *calls = &day->calls[0][stop];
    for (uint32_t c = 0; c < calls->count; c++) {
        day_call call = calls->at[c];
        const day_route *route = &day->route[call.route];
        uint32_t own = route->pattern_place != NULL ? route->pattern_place[call.place] : call.place;
        if (route->pattern != pattern || own != place) continue;
        last_s = TQ_MAX(last_s, last_until(route, call.place, until_s, day->open_from_s[stop]));
    }
    return last_s;
}

/* Place where the line's stop `to_stop` can be left after `place`, TQ_NONE. */
static uint32_t leave_at(const day_route *route, uint32_t place, uint32_t to_stop)
{
    for (uint32_t at = place + 1; at < route->place_count; at++)
        if (!(route->place[at] & PLACE_NO_ALIGHT) &&
            (to_stop == TQ_NONE ? at + 1 == route->place_count
                                : (route->place[at] & PLACE_STOP) == to_stop))
            return at;
    return TQ_NONE;
}

static bool of_line(const tq_timetable *table, const day_route *route, const tq_line_at *line)
{
    if (route->line != line->route) return false;
    return line->direction == TQ_NONE || route->pattern == TQ_NONE ||
           table->pattern_direction[route->pattern] == line->direction;
}

int32_t tq_transit_line_last(const tq_city *city, const tq_day *day, const tq_line_at *line,
                             int32_t until_s)
{
    int32_t last_s = INT32_MIN;
    if (line->from_stop >= day->stop_count) return last_s;
    until_s = TQ_MIN(until_s, day->open_until_s[line->from_stop]);
    const day_calls *calls = &day->calls[0][line->from_stop];
    for (uint32_t c = 0; c < calls->count; c++) {
        day_call call = calls->at[c];
        const day_route *route = &day->route[call.route];
        if (!of_line(&city->timetable, route, line) ||
            (line->to_stop != TQ_NONE && leave_at(route, call.place, line->to_stop) == TQ_NONE))
            continue;
        last_s = TQ_MAX(last_s,
                        last_until(route, call.place, until_s, day->open_from_s[line->from_stop]));
    }
    return last_s;
}

int32_t tq_transit_line_next(const tq_city *city, const tq_day *day, const tq_line_at *line,
                             int32_t ready_s, int32_t until_s)
{
    int32_t leaves_s = INT32_MAX, arrives_s = INT32_MAX;
    if (line->from_stop >= day->stop_count) return arrives_s;
    ready_s = TQ_MAX(ready_s, day->open_from_s[line->from_stop]);
    until_s = TQ_MIN(until_s, day->open_until_s[line->from_stop]);
    const day_calls *calls = &day->calls[0][line->from_stop];
    for (uint32_t c = 0; c < calls->count; c++) {
        day_call call = calls->at[c];
        const day_route *route = &day->route[call.route];
        if (!of_line(&city->timetable, route, line)) continue;
        uint32_t to = leave_at(route, call.place, line->to_stop);
        uint32_t run = first_after(route, call.place, ready_s);
        if (to == TQ_NONE || run == route->run_count) continue;
        const size_t row = (size_t)run * route->place_count;
        int32_t at_s = route->departure_s[row + call.place], there_s = route->arrival_s[row + to];
        if (at_s > until_s || at_s > leaves_s || (at_s == leaves_s && there_s >= arrives_s))
            continue;
        leaves_s = at_s;
        arrives_s = there_s;
    }
    return arrives_s;
}
