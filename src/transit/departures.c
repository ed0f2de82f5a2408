/*
 * The board of a stop: next departures of all routes there, merged by time. Each route at the stop
 * holds its departures in order, so the board is merged from as many sorted rows as routes call
 * there; the caller's array serves as the only memory: each route adds its next departures and what
 * falls off the end is dropped.
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
    return a->trip == b->trip && a->place == b->place && a->shift_s == b->shift_s;
}

/* First run of a route that leaves the place at from_s or later. */
static uint32_t first_after(const tq_day *day, const day_route *route, uint32_t place,
                            int32_t from_s)
{
    const int32_t *column = day->departure_s + route->first_event + place;
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

static uint32_t add_stop(const tq_day *day, uint32_t stop, int32_t from_s, int32_t until_s,
                         uint32_t limit, tq_departure *out, uint32_t count)
{
    from_s = TQ_MAX(from_s, day->open_from_s[stop]);
    until_s = TQ_MIN(until_s, day->open_until_s[stop]);
    for (uint32_t c = day->first_call[0][stop]; c < day->first_call[0][stop + 1]; c++) {
        day_call call = day->call[0][c];
        const day_route *route = &day->route[call.route];
        for (uint32_t run = first_after(day, route, call.place, from_s); run < route->run_count;
             run++) {
            size_t event = route->first_event + (size_t)run * route->place_count + call.place;
            const day_run *row = &day->run[route->first_run + run];
            tq_departure next = {.trip = row->trip,
                                 .place = call.place,
                                 .departure_s = day->departure_s[event],
                                 .arrival_s = day->arrival_s[event],
                                 .shift_s = row->shift_s,
                                 .service_day = row->service_day,
                                 .headway_s = row->headway_s};
            if (next.departure_s > until_s || (count == limit && !before(&next, &out[count - 1])))
                break;
            uint32_t to = count < limit ? count++ : count - 1;
            while (to > 0 && before(&next, &out[to - 1])) {
                out[to] = out[to - 1];
                to--;
            }
            out[to] = next;
        }
    }
    return count;
}

uint32_t tq_transit_departures(const tq_city *city, const tq_day *day, uint32_t stop,
                               int32_t from_s, int32_t until_s, uint32_t limit, tq_departure *out)
{
    const tq_timetable *table = &city->timetable;
    if (stop >= table->stop_count || limit == 0) return 0;
    uint32_t count = add_stop(day, stop, from_s, until_s, limit, out, 0);
    for (uint32_t at = table->child_first[stop]; at < table->child_first[stop + 1]; at++)
        if (table->child[at] != stop)
            count = add_stop(day, table->child[at], from_s, until_s, limit, out, count);
    uint32_t kept = 0; /* a station's list may name a platform twice */
    for (uint32_t at = 0; at < count; at++)
        if (kept == 0 || !same(&out[at], &out[kept - 1])) out[kept++] = out[at];
    return kept;
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
    for (uint32_t c = day->first_call[0][stop]; c < day->first_call[0][stop + 1]; c++) {
        day_call call = day->call[0][c];
        const day_route *route = &day->route[call.route];
        if (route->pattern != pattern || call.place != place) continue;
        uint32_t run =
            until_s == INT32_MAX ? route->run_count : first_after(day, route, place, until_s + 1);
        if (run == 0) continue;
        int32_t at_s =
            day->departure_s[route->first_event + (size_t)(run - 1) * route->place_count + place];
        if (at_s >= day->open_from_s[stop]) last_s = TQ_MAX(last_s, at_s);
    }
    return last_s;
}
