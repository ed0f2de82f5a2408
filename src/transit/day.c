/*
 * One service day laid out for searching.
 *
 * Every run that touches [DAY_FROM_S, DAY_TO_S] of the day is taken, whichever service day it
 * belongs to; service days are placed by their instants, so a day before or after a clock shift
 * lies 23 or 25 hours away. The runs of a pattern are dealt out to routes in which no run overtakes
 * another at any place: sorted by departure, each joins the first route whose last run it follows
 * everywhere. Times are kept run by run, since a search rides along a run and looks at the run
 * before it; both rows are then read in order. Frequencies are written out run by run; those that
 * are not exact carry their headway. Stops and trips that are not open at the instant are not
 * served.
 */
#include "transit/transit_in.h"

/* A run while the day is made. */
typedef struct pending {
    uint32_t trip, headway_s, chain;
    int32_t start_s, shift_s, service_day;
} pending;

/* A route while the arrays that it will point into still grow. */
typedef struct laid {
    size_t first_event;
    uint32_t first_place, first_run, place_count, run_count, pattern, flags;
} laid;

typedef struct maker {
    tq_day *day;
    const tq_timetable *table;
    TQ_VEC(pending) runs;
    TQ_VEC(uint64_t) keys;
    TQ_VEC(uint32_t) order;
    TQ_VEC(uint32_t) chain_last; /* last run of each chain of the pattern */
    TQ_VEC(uint32_t) chain_size;
    TQ_VEC(laid) routes;
    TQ_VEC(uint32_t) places;
    TQ_VEC(day_run) out;
    TQ_VEC(int32_t) out_start;
    size_t event_count;
} maker;

static bool add_run(maker *make, uint32_t trip, int32_t start_s, int32_t shift_s,
                    uint32_t headway_s, int32_t day)
{
    const tq_timetable *table = make->table;
    const tq_trip *row = &table->trip[trip];
    uint32_t places = table->pattern_first[row->pattern + 1] - table->pattern_first[row->pattern];
    const tq_stop_time *times = &table->stop_time[table->profile_first[row->profile]];
    int64_t at_s = (int64_t)shift_s + start_s;
    if (at_s + times[0].departure_s > DAY_TO_S || at_s + times[places - 1].arrival_s < DAY_FROM_S)
        return true;
    if (!tq_open_at(&make->day->city->dates, row->date, make->day->day_ms + at_s * 1000))
        return true;
    pending run = {.trip = trip,
                   .headway_s = headway_s,
                   .start_s = (int32_t)at_s,
                   .shift_s = (int32_t)(at_s - row->start_s),
                   .service_day = day};
    return tq_vec_push(&make->runs, run);
}

static bool add_trip(maker *make, uint32_t trip)
{
    const tq_timetable *table = make->table;
    const tq_trip *row = &table->trip[trip];
    for (int32_t away = -DAY_BEFORE; away <= DAY_AFTER; away++) {
        int32_t day = make->day->day + away, shift_s = make->day->shift_s[away + DAY_BEFORE];
        if (!tq_service_runs(table, row->service, day)) continue;
        if (row->frequency_count == 0 && !add_run(make, trip, row->start_s, shift_s, 0, day))
            return false;
        for (uint32_t f = row->first_frequency; f < row->first_frequency + row->frequency_count;
             f++) {
            const tq_frequency *often = &table->frequency[f];
            if (often->headway_s == 0) continue;
            for (int64_t at_s = often->from_s; at_s < often->to_s; at_s += often->headway_s)
                if (!add_run(make, trip, (int32_t)at_s, shift_s,
                             often->exact ? 0 : often->headway_s, day))
                    return false;
        }
    }
    return true;
}

/* Does run b follow run a at every place? */
static bool follows(const maker *make, const pending *a, const pending *b, uint32_t places)
{
    const tq_timetable *table = make->table;
    uint32_t profile_a = table->trip[a->trip].profile, profile_b = table->trip[b->trip].profile;
    if ((table->trip[a->trip].flags ^ table->trip[b->trip].flags) & TQ_TRIP_NO_WHEELCHAIR)
        return false;
    if (profile_a == profile_b) return a->start_s <= b->start_s;
    const tq_stop_time *times_a = &table->stop_time[table->profile_first[profile_a]];
    const tq_stop_time *times_b = &table->stop_time[table->profile_first[profile_b]];
    int32_t later_s = b->start_s - a->start_s;
    for (uint32_t place = 0; place < places; place++) {
        if (times_a[place].arrival_s > times_b[place].arrival_s + later_s ||
            times_a[place].departure_s > times_b[place].departure_s + later_s)
            return false;
    }
    return true;
}

/* Places with what can be done there; true if a stop of them is not always open. */
static bool add_places(maker *make, uint32_t pattern, bool *dated)
{
    const tq_timetable *table = make->table;
    uint32_t first = table->pattern_first[pattern], end = table->pattern_first[pattern + 1];
    *dated = false;
    for (uint32_t at = first; at < end; at++) {
        uint32_t stop = table->pattern_stop[at], flags = 0;
        if ((table->pattern_flags[at] & TQ_PATTERN_NO_PICKUP) || at + 1 == end)
            flags |= PLACE_NO_BOARD;
        if ((table->pattern_flags[at] & TQ_PATTERN_NO_DROPOFF) || at == first)
            flags |= PLACE_NO_ALIGHT;
        if (make->day->open_from_s[stop] != INT32_MIN || make->day->open_until_s[stop] != INT32_MAX)
            *dated = true;
        if (!tq_vec_push(&make->places, stop | flags)) return false;
    }
    return true;
}

/* Sort the pattern's runs and deal them out. */
static bool deal_runs(maker *make, uint32_t places)
{
    const tq_timetable *table = make->table;
    make->keys.count = make->order.count = make->chain_last.count = make->chain_size.count = 0;
    for (uint32_t run = 0; run < make->runs.count; run++) {
        const pending *row = &make->runs.at[run];
        const tq_stop_time *times =
            &table->stop_time[table->profile_first[table->trip[row->trip].profile]];
        uint32_t first = (uint32_t)(row->start_s + times[0].departure_s) ^ UINT32_C(0x80000000);
        uint32_t last =
            (uint32_t)(row->start_s + times[places - 1].arrival_s) ^ UINT32_C(0x80000000);
        if (!tq_vec_push(&make->keys, (uint64_t)first << 32 | last) ||
            !tq_vec_push(&make->order, run))
            return false;
    }
    if (!tq_sort_by_u64(make->order.at, make->order.count, make->keys.at)) return false;
    for (size_t k = 0; k < make->order.count; k++) {
        pending *run = &make->runs.at[make->order.at[k]];
        uint32_t chain = 0;
        while (chain < make->chain_last.count &&
               !follows(make, &make->runs.at[make->chain_last.at[chain]], run, places))
            chain++;
        if (chain == make->chain_last.count) {
            if (!tq_vec_push(&make->chain_last, 0u) || !tq_vec_push(&make->chain_size, 0u))
                return false;
        }
        make->chain_last.at[chain] = make->order.at[k];
        make->chain_size.at[chain]++;
        run->chain = chain;
    }
    return true;
}

static bool add_pattern(maker *make, uint32_t pattern)
{
    const tq_timetable *table = make->table;
    uint32_t places = table->pattern_first[pattern + 1] - table->pattern_first[pattern];
    if (places < 2 || places > UINT16_MAX) return true;
    make->runs.count = 0;
    for (uint32_t trip = table->pattern_first_trip[pattern];
         trip < table->pattern_first_trip[pattern + 1]; trip++)
        if (!add_trip(make, trip)) return false;
    if (make->runs.count == 0) return true;
    if (make->runs.count > DAY_RUNS_MAX - make->out.count) return false;
    if (!deal_runs(make, places)) return false;
    uint32_t first_place = (uint32_t)make->places.count;
    bool dated;
    if (!add_places(make, pattern, &dated)) return false;
    size_t first_run = make->out.count;
    for (uint32_t chain = 0; chain < make->chain_size.count; chain++) {
        laid route = {.first_event = make->event_count,
                      .first_place = first_place,
                      .first_run = (uint32_t)first_run,
                      .place_count = places,
                      .run_count = make->chain_size.at[chain],
                      .pattern = pattern,
                      .flags = dated ? ROUTE_DATED : 0};
        if (table->trip[make->runs.at[make->chain_last.at[chain]].trip].flags &
            TQ_TRIP_NO_WHEELCHAIR)
            route.flags |= ROUTE_NO_WHEELCHAIR;
        if (!tq_vec_push(&make->routes, route)) return false;
        make->event_count += (size_t)route.run_count * places;
        make->chain_last.at[chain] =
            (uint32_t)first_run; /* from here on: where its next run goes */
        first_run += route.run_count;
    }
    if (!tq_vec_room(&make->out, make->order.count) ||
        !tq_vec_room(&make->out_start, make->order.count))
        return false;
    make->out.count = make->out_start.count = first_run;
    for (size_t k = 0; k < make->order.count; k++) {
        const pending *run = &make->runs.at[make->order.at[k]];
        uint32_t to = make->chain_last.at[run->chain]++;
        make->out.at[to] =
            (day_run){run->trip, TQ_NONE, run->shift_s, run->headway_s, run->service_day};
        make->out_start.at[to] = run->start_s;
        if (run->service_day == make->day->day) make->day->own_events += places;
    }
    return true;
}

/* Write the times out, row by row, and the routes that show them. */
static bool write_routes(maker *make)
{
    tq_day *day = make->day;
    const tq_timetable *table = make->table;
    int32_t *arrival_s = day_own(day, PART_ARRIVAL, make->event_count, sizeof *arrival_s);
    int32_t *departure_s = day_own(day, PART_DEPARTURE, make->event_count, sizeof *departure_s);
    uint32_t *place = day_own(day, PART_PLACE, make->places.count, sizeof *place);
    day_run *runs = day_own(day, PART_RUN, make->out.count, sizeof *runs);
    day->route_count = (uint32_t)make->routes.count;
    day_route *routes = day_own(day, PART_ROUTE, day->route_count, sizeof *routes);
    if (arrival_s == NULL || departure_s == NULL || place == NULL || runs == NULL || routes == NULL)
        return false;
    if (make->places.count != 0) memcpy(place, make->places.at, make->places.count * sizeof *place);
    if (make->out.count != 0) memcpy(runs, make->out.at, make->out.count * sizeof *runs);
    day->route = routes;
    for (uint32_t route = 0; route < day->route_count; route++) {
        const laid *row = &make->routes.at[route];
        size_t event = row->first_event;
        routes[route] =
            (day_route){.arrival_s = arrival_s + event,
                        .departure_s = departure_s + event,
                        .place = place + row->first_place,
                        .along_m = table->pattern_along_m + table->pattern_first[row->pattern],
                        .run = runs + row->first_run,
                        .place_count = row->place_count,
                        .run_count = row->run_count,
                        .pattern = row->pattern,
                        .line = table->pattern_route[row->pattern],
                        .flags = row->flags};
        for (uint32_t run = row->first_run; run < row->first_run + row->run_count; run++) {
            const tq_trip *trip = &table->trip[runs[run].trip];
            const tq_stop_time *times = &table->stop_time[table->profile_first[trip->profile]];
            int32_t start_s = make->out_start.at[run];
            for (uint32_t at = 0; at < row->place_count; at++, event++) {
                arrival_s[event] = start_s + times[at].arrival_s;
                departure_s[event] = start_s + times[at].departure_s;
            }
        }
    }
    return true;
}

/* Routes at each stop, apart for boarding and alighting. */
static bool list_calls(tq_day *day)
{
    uint32_t *first = TQ_ALLOC(uint32_t, (size_t)day->stop_count + 2);
    bool done = first != NULL;
    for (unsigned way = 0; done && way < 2; way++) {
        uint32_t shut = way == 0 ? PLACE_NO_BOARD : PLACE_NO_ALIGHT;
        day_calls *calls = day_own(day, PART_CALLS + way, day->stop_count, sizeof *calls);
        day_call *call = NULL;
        day->calls[way] = calls;
        done = calls != NULL;
        memset(first, 0, ((size_t)day->stop_count + 2) * sizeof *first);
        for (unsigned pass = 0; done && pass < 2; pass++) {
            for (uint32_t route = 0; route < day->route_count; route++) {
                const day_route *row = &day->route[route];
                for (uint32_t place = 0; place < row->place_count; place++) {
                    uint32_t at = row->place[place];
                    if (at & shut) continue;
                    if (pass == 0)
                        first[(at & PLACE_STOP) + 2]++;
                    else
                        call[first[(at & PLACE_STOP) + 1]++] =
                            (day_call){route, way == 0 ? place : row->place_count - 1 - place};
                }
            }
            if (pass == 1) break;
            for (uint32_t stop = 0; stop < day->stop_count; stop++)
                first[stop + 2] += first[stop + 1];
            call = day_own(day, PART_CALL + way, first[day->stop_count + 1], sizeof *call);
            done = call != NULL;
        }
        for (uint32_t stop = 0; done && stop < day->stop_count; stop++)
            calls[stop] = (day_calls){call + first[stop], first[stop + 1] - first[stop]};
    }
    tq_free(first);
    return done;
}

static int32_t second_of(const tq_day *day, int64_t at_ms, int32_t least, int32_t most)
{
    if (at_ms == INT64_MIN) return least;
    if (at_ms == INT64_MAX) return most;
    int64_t second =
        tq_ceil_div(at_ms / 2 - day->day_ms / 2, 500); /* halves: no overflow at the far ends */
    if (second <= (int64_t)4 * DAY_FROM_S) return least;
    if (second >= (int64_t)4 * DAY_TO_S) return most;
    return (int32_t)second;
}

/* When each stop is open, in seconds of the day, both ends inclusive; a platform closes with its
 * station. */
static bool date_stops(tq_day *day)
{
    const tq_city *city = day->city;
    int32_t *open_from_s = day_own(day, PART_OPEN, day->stop_count, sizeof *open_from_s);
    int32_t *open_until_s = day_own(day, PART_OPEN + 1, day->stop_count, sizeof *open_until_s);
    uint8_t *no_wheelchair =
        day_own(day, PART_NO_WHEELCHAIR, day->stop_count, sizeof *no_wheelchair);
    if (open_from_s == NULL || open_until_s == NULL || no_wheelchair == NULL) return false;
    day->open_from_s = open_from_s;
    day->open_until_s = open_until_s;
    day->no_wheelchair = no_wheelchair;
    for (uint32_t stop = 0; stop < day->stop_count; stop++) {
        open_from_s[stop] = INT32_MIN;
        open_until_s[stop] = INT32_MAX;
        const tq_stop *row = &city->timetable.stop[stop];
        uint8_t wheelchair = row->wheelchair;
        for (unsigned depth = 0; depth < 2; depth++) {
            const tq_date_row *date = &city->dates.row[row->date];
            int32_t from_s = second_of(day, date->from_ms, INT32_MIN, INT32_MAX);
            int32_t until_s = second_of(day, date->to_ms, INT32_MIN, INT32_MAX);
            if (until_s != INT32_MAX && until_s != INT32_MIN) until_s--;
            if (date->life != TQ_OPEN) from_s = INT32_MAX;
            open_from_s[stop] = TQ_MAX(open_from_s[stop], from_s);
            open_until_s[stop] = TQ_MIN(open_until_s[stop], until_s);
            if (row->parent == TQ_NONE) break;
            row = &city->timetable.stop[row->parent];
            if (wheelchair == 0) wheelchair = row->wheelchair;
        }
        no_wheelchair[stop] = wheelchair == 2;
    }
    return true;
}

static bool make_runs(maker *make)
{
    uint32_t patterns = make->table->pattern_count;
    uint32_t *first = day_own(make->day, PART_FIRST_ROUTE, (size_t)patterns + 1, sizeof *first);
    if (first == NULL) return false;
    for (uint32_t pattern = 0; pattern < patterns; pattern++) {
        if (!add_pattern(make, pattern)) return false;
        first[pattern + 1] = (uint32_t)make->routes.count;
    }
    make->day->first_route = first;
    return write_routes(make) && list_calls(make->day);
}

void *day_own(tq_day *day, unsigned part, size_t count, size_t size)
{
    TQ_ASSERT(part < PART_COUNT && day->part[part] == NULL);
    day->part[part] = tq_alloc_aligned(count, size);
    day->bytes += count * size;
    return day->part[part];
}

tq_day *day_new(tq_day *planned)
{
    tq_day *day = TQ_ALLOC(tq_day, 1);
    if (day == NULL) return NULL;
    if (planned != NULL) {
        *day = *planned;
        memset(day->part, 0, sizeof day->part);
        day->overlay = NULL;
    }
    day->bytes = sizeof *day;
    day->holds = day_own(day, PART_HOLDS, 1, sizeof *day->holds);
    if (day->holds == NULL) {
        tq_free(day);
        return NULL;
    }
    *day->holds = 1;
    if (planned != NULL) day->planned = day_hold(planned);
    return day;
}

tq_day *day_hold(tq_day *day)
{
    __atomic_add_fetch(day->holds, 1, __ATOMIC_RELAXED);
    return day;
}

tq_status day_make_planned(const tq_city *city, int32_t number, tq_day **out, tq_err *err)
{
    const tq_timetable *table = &city->timetable;
    if (table->stop_count > PLACE_STOP)
        return tq_fail(err, TQ_LIMIT, 0, "the timetable has %u stops; at most %u can be searched",
                       table->stop_count, PLACE_STOP);
    tq_day *day = day_new(NULL);
    if (day == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a service day");
    day->city = city;
    day->overlay = tq_overlay_none();
    day->day = number;
    day->day_ms = tq_service_day_ms(&city->zone, number);
    day->stop_count = table->stop_count;
    maker make = {.day = day, .table = table};
    for (int32_t away = -DAY_BEFORE; away <= DAY_AFTER; away++)
        day->shift_s[away + DAY_BEFORE] =
            (int32_t)((tq_service_day_ms(&city->zone, number + away) - day->day_ms) / 1000);
    tq_status status = TQ_NO_MEMORY;
    if (date_stops(day) && make_runs(&make)) {
        status = day_make_rules(day, err);
        if (status == TQ_OK) status = day_make_vertices(day, err);
    }
    tq_vec_free(&make.runs);
    tq_vec_free(&make.keys);
    tq_vec_free(&make.order);
    tq_vec_free(&make.chain_last);
    tq_vec_free(&make.chain_size);
    tq_vec_free(&make.routes);
    tq_vec_free(&make.places);
    tq_vec_free(&make.out);
    tq_vec_free(&make.out_start);
    if (status != TQ_OK) {
        tq_day_free(day);
        return tq_fail(err, status, 0,
                       "a service day could not be laid out: no memory, or over %u runs",
                       DAY_RUNS_MAX);
    }
    *out = day;
    return TQ_OK;
}

tq_status tq_day_make(const tq_city *city, const tq_overlay *overlay, int32_t number, tq_day **out,
                      tq_err *err)
{
    tq_day *planned;
    TQ_TRY(day_make_planned(city, number, &planned, err));
    if (overlay->transit_version == 0) {
        *out = planned;
        return TQ_OK;
    }
    tq_status status = day_make_live(planned, overlay, out, err);
    tq_day_free(planned);
    return status;
}

void tq_day_free(tq_day *day)
{
    if (day == NULL || __atomic_sub_fetch(day->holds, 1, __ATOMIC_ACQ_REL) != 0) return;
    for (unsigned part = 0; part < PART_COUNT; part++)
        tq_free(day->part[part]);
    tq_overlay_drop(day->overlay);
    tq_day *planned = day->planned;
    tq_free(day);
    tq_day_free(planned); /* which has none itself */
}

size_t tq_day_bytes(const tq_day *day)
{
    return day->bytes + (day->planned != NULL ? day->planned->bytes : 0);
}

uint32_t tq_day_events(const tq_day *day)
{
    return day->own_events;
}
