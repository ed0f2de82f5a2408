/*
 * A service day with live runs, laid out over the planned one.
 *
 * The planned day stays as it is and is shared; only what the live runs touch is made again. In a
 * touched route, runs that are cancelled or changed are taken out; a changed run goes back to its
 * place when it still calls where the route calls and lies between the runs before and after it at
 * every place. All other changed runs and the added ones form routes of their own behind the
 * planned ones, dealt out by where they call so that none overtakes another. So planned routes keep
 * their numbers, planned runs their order, and the cost goes with the live runs alone. The result
 * depends on the planned day and the overlay only, never on what was shown before.
 *
 * A call without a stop stays a place where one can neither board nor alight, so that places are
 * calls of the run. A changed run that the timetable does not plan on its day is left out: there is
 * nothing to change. Limits: LIVE_RUNS_MAX live runs in a day, LIVE_ADDED_MAX added ones.
 */
#include "transit/transit_in.h"

/* Live times further from the day than this are taken as this. */
#define LIVE_FAR_S 864000

/* A planned run that a live one speaks of. */
typedef struct live_edit {
    uint32_t route, run, live;
} live_edit;

/* A live run that leaves its route, or has none. */
typedef struct live_extra {
    uint32_t live, pattern, line, flags, headway_s, trip, chain;
    int32_t shift_s, service_day;
} live_extra;

typedef struct live_chain {
    uint32_t last, count; /* its last extra; its runs */
} live_chain;

typedef struct live_maker {
    tq_day *day;
    const tq_day *planned;
    const tq_overlay *overlay;
    const tq_timetable *table;
    TQ_VEC(live_edit) edits;
    TQ_VEC(live_extra) extras;
    TQ_VEC(day_run) gone;
    TQ_VEC(uint64_t) keys;
    TQ_VEC(uint32_t) order;
    TQ_VEC(live_chain) chains;
    day_route *route; /* of the day */
    day_run *run;
    int32_t *arrival_s, *departure_s;
    size_t run_count, event_count; /* written so far */
    uint32_t added;
} live_maker;

/* ---- calls ------------------------------------------------------------------------------------
 */

static const tq_live_call *calls_of(const live_maker *make, uint32_t live)
{
    return make->overlay->call + make->overlay->run[live].first_call;
}

static int32_t shift_of(const live_maker *make, const tq_live_run *run)
{
    return make->day->shift_s[run->service_day - make->day->day + DAY_BEFORE];
}

static int32_t second_of(int32_t shift_s, int32_t at_s)
{
    int64_t second = (int64_t)shift_s + at_s;
    return (int32_t)TQ_MAX(TQ_MIN(second, LIVE_FAR_S), -LIVE_FAR_S);
}

/* Place of a call in the run's pattern, TQ_NONE. */
static uint32_t place_of(const live_maker *make, uint32_t pattern, const tq_live_call *call)
{
    if (pattern == TQ_NONE) return TQ_NONE;
    uint32_t places = make->table->pattern_first[pattern + 1] - make->table->pattern_first[pattern];
    return call->place < places ? call->place : TQ_NONE;
}

/* Stop and PLACE_ flags of a call: what the timetable forbids at its place stays forbidden. */
static uint32_t word_of(const live_maker *make, uint32_t pattern, uint32_t live, uint32_t at)
{
    const tq_live_run *run = &make->overlay->run[live];
    const tq_live_call *call = &calls_of(make, live)[at];
    uint32_t word = call->stop, place = place_of(make, pattern, call);
    uint8_t planned = place != TQ_NONE
                          ? make->table->pattern_flags[make->table->pattern_first[pattern] + place]
                          : 0;
    if ((call->flags & (TQ_CALL_NO_PICKUP | TQ_CALL_SKIPPED)) || at + 1 == run->call_count ||
        (planned & TQ_PATTERN_NO_PICKUP))
        word |= PLACE_NO_BOARD;
    if ((call->flags & (TQ_CALL_NO_DROPOFF | TQ_CALL_SKIPPED)) || at == 0 ||
        (planned & TQ_PATTERN_NO_DROPOFF))
        word |= PLACE_NO_ALIGHT;
    return word;
}

/* Can the run be laid out, and does it run around this day? */
static bool touches(const live_maker *make, uint32_t live)
{
    const tq_live_run *run = &make->overlay->run[live];
    if (run->call_count < 2 || run->call_count > UINT16_MAX) return false;
    const tq_live_call *call = calls_of(make, live);
    int32_t shift_s = shift_of(make, run);
    return second_of(shift_s, call[0].departure_s) <= DAY_TO_S &&
           second_of(shift_s, call[run->call_count - 1].arrival_s) >= DAY_FROM_S;
}

static void write_times(live_maker *make, uint32_t live, int32_t *arrival_s, int32_t *departure_s)
{
    const tq_live_run *run = &make->overlay->run[live];
    const tq_live_call *call = calls_of(make, live);
    int32_t shift_s = shift_of(make, run);
    for (uint32_t at = 0; at < run->call_count; at++) {
        arrival_s[at] = second_of(shift_s, call[at].arrival_s);
        departure_s[at] = second_of(shift_s, call[at].departure_s);
    }
}

/* ---- which runs ------------------------------------------------------------------------------
 */

/* The planned run in the planned day. */
static bool find_planned(const live_maker *make, const tq_live_run *live, live_edit *out)
{
    const tq_timetable *table = make->table;
    const tq_trip *trip = &table->trip[live->trip];
    int32_t at_s = shift_of(make, live) + live->start_s;
    int32_t leaves_s = at_s + table->stop_time[table->profile_first[trip->profile]].departure_s;
    for (uint32_t at = make->planned->first_route[trip->pattern];
         at < make->planned->first_route[trip->pattern + 1]; at++) {
        const day_route *route = &make->planned->route[at];
        uint32_t low = 0, high = route->run_count;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (route->departure_s[(size_t)middle * route->place_count] < leaves_s)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < route->run_count &&
               route->departure_s[(size_t)low * route->place_count] == leaves_s;
             low++) {
            const day_run *run = &route->run[low];
            if (run->trip != live->trip || run->service_day != live->service_day ||
                run->shift_s != at_s - trip->start_s)
                continue;
            out->route = at;
            out->run = low;
            return true;
        }
    }
    return false;
}

/* Is the run in the timetable at all? *headway_s as the planned day would have it. */
static bool is_planned(const live_maker *make, const tq_live_run *live, uint32_t *headway_s)
{
    const tq_timetable *table = make->table;
    const tq_trip *trip = &table->trip[live->trip];
    int64_t at_ms =
        make->day->day_ms + ((int64_t)shift_of(make, live) + live->start_s) * INT64_C(1000);
    *headway_s = 0;
    if (!tq_service_runs(table, trip->service, live->service_day) ||
        !tq_open_at(&make->day->city->dates, trip->date, at_ms))
        return false;
    if (trip->frequency_count == 0) return live->start_s == trip->start_s;
    for (uint32_t f = trip->first_frequency; f < trip->first_frequency + trip->frequency_count;
         f++) {
        const tq_frequency *often = &table->frequency[f];
        if (often->headway_s == 0 || live->start_s < often->from_s || live->start_s >= often->to_s)
            continue;
        if (((int64_t)live->start_s - often->from_s) % often->headway_s != 0) continue;
        *headway_s = often->exact ? 0 : often->headway_s;
        return true;
    }
    return false;
}

/* A changed run beside its route; `planned` tells what the timetable knows of it. */
static bool add_changed(live_maker *make, uint32_t live, const day_run *planned)
{
    const tq_trip *trip = &make->table->trip[planned->trip];
    live_extra extra = {.live = live,
                        .pattern = trip->pattern,
                        .line = make->table->pattern_route[trip->pattern],
                        .headway_s = planned->headway_s,
                        .trip = planned->trip,
                        .shift_s = planned->shift_s,
                        .service_day = planned->service_day};
    if (trip->flags & TQ_TRIP_NO_WHEELCHAIR) extra.flags = ROUTE_NO_WHEELCHAIR;
    return !touches(make, live) || tq_vec_push(&make->extras, extra);
}

static bool add_added(live_maker *make, uint32_t live)
{
    const tq_live_run *run = &make->overlay->run[live];
    live_extra extra = {.live = live,
                        .pattern = TQ_NONE,
                        .line = run->route,
                        .trip = TQ_NONE,
                        .shift_s = shift_of(make, run),
                        .service_day = run->service_day};
    if (!touches(make, live)) return true;
    if (run->trip != TQ_NONE) {
        extra.pattern = make->table->trip[run->trip].pattern;
        if (make->table->trip[run->trip].flags & TQ_TRIP_NO_WHEELCHAIR)
            extra.flags = ROUTE_NO_WHEELCHAIR;
    }
    make->added++;
    return tq_vec_push(&make->extras, extra);
}

static bool add_run(live_maker *make, uint32_t live)
{
    const tq_live_run *row = &make->overlay->run[live];
    if (row->state == TQ_RUN_ADDED) return add_added(make, live);
    if (row->trip >= make->table->trip_count) return true;
    live_edit edit = {.live = live};
    day_run run = {.trip = row->trip,
                   .live = live,
                   .shift_s =
                       shift_of(make, row) + row->start_s - make->table->trip[row->trip].start_s,
                   .service_day = row->service_day};
    bool skips = row->state == TQ_RUN_CANCELLED;
    for (uint32_t at = 0; at < row->call_count && !skips; at++)
        skips = (calls_of(make, live)[at].flags & TQ_CALL_SKIPPED) != 0;
    if (find_planned(make, row, &edit)) {
        run.headway_s = make->planned->route[edit.route].run[edit.run].headway_s;
        return tq_vec_push(&make->edits, edit) && (!skips || tq_vec_push(&make->gone, run));
    }
    /* It was planned for another time than this day shows, and comes into it late or early. */
    if (row->state == TQ_RUN_CANCELLED || !is_planned(make, row, &run.headway_s)) return true;
    return add_changed(make, live, &run);
}

/* Live runs of the service days that touch this one. */
static tq_status collect(live_maker *make, tq_err *err)
{
    const tq_overlay *overlay = make->overlay;
    int32_t first_day = make->day->day - DAY_BEFORE, last_day = make->day->day + DAY_AFTER;
    uint32_t low = 0, high = overlay->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (overlay->run[middle].service_day < first_day)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t live = low;
         live < overlay->run_count && overlay->run[live].service_day <= last_day; live++) {
        if (live - low >= LIVE_RUNS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "over %u live runs around one day", LIVE_RUNS_MAX);
        if (!add_run(make, live)) return TQ_NO_MEMORY;
    }
    if (make->added > LIVE_ADDED_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u added runs around one day, over %u", make->added,
                       LIVE_ADDED_MAX);
    return TQ_OK;
}

/* ---- touched routes ----------------------------------------------------------------------------
 */

/* Edits by route and run; of several about one run the first. */
static bool sort_edits(live_maker *make)
{
    size_t count = make->edits.count;
    live_edit *sorted = TQ_ALLOC(live_edit, count);
    make->keys.count = make->order.count = 0;
    bool done = sorted != NULL;
    for (uint32_t at = 0; done && at < count; at++)
        done = tq_vec_push(&make->keys,
                           (uint64_t)make->edits.at[at].route << 32 | make->edits.at[at].run) &&
               tq_vec_push(&make->order, at);
    done = done && tq_sort_by_u64(make->order.at, count, make->keys.at);
    size_t kept = 0;
    for (size_t at = 0; done && at < count; at++) {
        live_edit edit = make->edits.at[make->order.at[at]];
        if (kept == 0 || sorted[kept - 1].route != edit.route || sorted[kept - 1].run != edit.run)
            sorted[kept++] = edit;
    }
    for (size_t at = 0; done && at < kept; at++)
        make->edits.at[at] = sorted[at];
    make->edits.count = kept;
    tq_free(sorted);
    return done;
}

static bool row_follows(const int32_t *arrival_a, const int32_t *departure_a,
                        const int32_t *arrival_b, const int32_t *departure_b, uint32_t places)
{
    for (uint32_t place = 0; place < places; place++)
        if (arrival_a[place] > arrival_b[place] || departure_a[place] > departure_b[place])
            return false;
    return true;
}

static bool calls_as(const live_maker *make, const day_route *route, uint32_t live)
{
    const tq_live_run *run = &make->overlay->run[live];
    if (run->call_count != route->place_count) return false;
    for (uint32_t at = 0; at < run->call_count; at++)
        if (calls_of(make, live)[at].place != at ||
            word_of(make, route->pattern, live, at) != route->place[at])
            return false;
    return true;
}

/* Put a changed run behind the runs kept so far; false when it does not fit there. */
static bool keep_run(live_maker *make, const day_route *from, day_route *to, uint32_t live,
                     uint32_t next, int32_t *arrival_s, int32_t *departure_s)
{
    uint32_t places = from->place_count;
    size_t row = (size_t)to->run_count * places, after = (size_t)next * places;
    if (!touches(make, live) || !calls_as(make, from, live)) return false;
    write_times(make, live, arrival_s + row, departure_s + row);
    if (to->run_count > 0 && !row_follows(arrival_s + row - places, departure_s + row - places,
                                          arrival_s + row, departure_s + row, places))
        return false;
    return next == from->run_count ||
           row_follows(arrival_s + row, departure_s + row, from->arrival_s + after,
                       from->departure_s + after, places);
}

static bool edit_route(live_maker *make, const live_edit *edit, size_t count)
{
    const day_route *from = &make->planned->route[edit->route];
    day_route *to = &make->route[edit->route];
    int32_t *arrival_s = make->arrival_s + make->event_count,
            *departure_s = make->departure_s + make->event_count;
    day_run *runs = make->run + make->run_count;
    uint32_t places = from->place_count, done = 0;
    to->arrival_s = arrival_s;
    to->departure_s = departure_s;
    to->run = runs;
    to->run_count = 0;
    for (size_t k = 0; k <= count; k++) {
        uint32_t until = k < count ? edit[k].run : from->run_count;
        size_t row = (size_t)to->run_count * places, old = (size_t)done * places,
               events = (size_t)(until - done) * places;
        memcpy(arrival_s + row, from->arrival_s + old, events * sizeof *arrival_s);
        memcpy(departure_s + row, from->departure_s + old, events * sizeof *departure_s);
        memcpy(runs + to->run_count, from->run + done, (until - done) * sizeof *runs);
        to->run_count += until - done;
        if (k == count) break;
        done = until + 1;
        if (make->overlay->run[edit[k].live].state == TQ_RUN_CANCELLED) continue;
        uint32_t next = done; /* the next run that stays as planned */
        for (size_t more = k + 1; more < count && edit[more].run == next; more++)
            next++;
        day_run run = from->run[until];
        run.live = edit[k].live;
        if (keep_run(make, from, to, run.live, next, arrival_s, departure_s))
            runs[to->run_count++] = run;
        else if (!add_changed(make, run.live, &run))
            return false;
    }
    make->run_count += to->run_count;
    make->event_count += (size_t)to->run_count * places;
    return true;
}

/* ---- routes of their own -----------------------------------------------------------------------
 */

static bool same_shape(const live_maker *make, const live_extra *a, const live_extra *b)
{
    const tq_live_run *run = &make->overlay->run[a->live];
    if (a->pattern != b->pattern || a->line != b->line || a->flags != b->flags ||
        run->call_count != make->overlay->run[b->live].call_count)
        return false;
    for (uint32_t at = 0; at < run->call_count; at++)
        if (word_of(make, a->pattern, a->live, at) != word_of(make, b->pattern, b->live, at) ||
            place_of(make, a->pattern, &calls_of(make, a->live)[at]) !=
                place_of(make, b->pattern, &calls_of(make, b->live)[at]))
            return false;
    return true;
}

static bool extra_follows(const live_maker *make, const live_extra *a, const live_extra *b)
{
    const tq_live_call *call_a = calls_of(make, a->live), *call_b = calls_of(make, b->live);
    int32_t shift_a = shift_of(make, &make->overlay->run[a->live]),
            shift_b = shift_of(make, &make->overlay->run[b->live]);
    uint32_t count = make->overlay->run[a->live].call_count;
    for (uint32_t at = 0; at < count; at++)
        if (second_of(shift_a, call_a[at].arrival_s) > second_of(shift_b, call_b[at].arrival_s) ||
            second_of(shift_a, call_a[at].departure_s) > second_of(shift_b, call_b[at].departure_s))
            return false;
    return true;
}

/* Extras by where they call, then by time. */
static bool sort_extras(live_maker *make)
{
    size_t count = make->extras.count;
    make->keys.count = make->order.count = 0;
    for (uint32_t at = 0; at < count; at++) {
        const live_extra *extra = &make->extras.at[at];
        const tq_live_run *run = &make->overlay->run[extra->live];
        const tq_live_call *call = calls_of(make, extra->live);
        int32_t shift_s = shift_of(make, run);
        uint32_t first = (uint32_t)second_of(shift_s, call[0].departure_s) ^ UINT32_C(0x80000000);
        uint32_t last = (uint32_t)second_of(shift_s, call[run->call_count - 1].arrival_s) ^
                        UINT32_C(0x80000000);
        if (!tq_vec_push(&make->keys, (uint64_t)first << 32 | last) ||
            !tq_vec_push(&make->order, at))
            return false;
    }
    if (!tq_sort_by_u64(make->order.at, count, make->keys.at)) return false;
    for (size_t at = 0; at < count; at++) {
        const live_extra *extra = &make->extras.at[at];
        uint64_t shape = extra->line;
        for (uint32_t k = 0; k < make->overlay->run[extra->live].call_count; k++)
            shape = tq_mix(shape ^ word_of(make, extra->pattern, extra->live, k));
        make->keys.at[at] = (uint64_t)extra->pattern << 32 | (shape & UINT32_MAX);
    }
    return tq_sort_by_u64(make->order.at, count, make->keys.at);
}

static bool deal_extras(live_maker *make)
{
    size_t group = 0;
    uint64_t former = 0;
    if (!sort_extras(make)) return false;
    for (size_t k = 0; k < make->extras.count; k++) {
        uint32_t at = make->order.at[k];
        live_extra *extra = &make->extras.at[at];
        if (k == 0 || make->keys.at[at] != former) group = make->chains.count;
        former = make->keys.at[at];
        size_t chain = group;
        for (; chain < make->chains.count; chain++) {
            const live_extra *last = &make->extras.at[make->chains.at[chain].last];
            if (same_shape(make, last, extra) && extra_follows(make, last, extra)) break;
        }
        if (chain == make->chains.count && !tq_vec_push(&make->chains, ((live_chain){at, 0})))
            return false;
        make->chains.at[chain].last = at;
        make->chains.at[chain].count++;
        extra->chain = (uint32_t)chain;
    }
    return true;
}

/* Metres along the run: the pattern's where it is known, else straight on from the call before. */
static void measure(const live_maker *make, const live_extra *extra, uint32_t *along_m)
{
    const tq_timetable *table = make->table;
    const tq_live_call *call = calls_of(make, extra->live);
    uint32_t far_m = 0;
    for (uint32_t at = 0; at < make->overlay->run[extra->live].call_count; at++) {
        uint32_t place = place_of(make, extra->pattern, &call[at]);
        if (place != TQ_NONE)
            far_m =
                TQ_MAX(far_m, table->pattern_along_m[table->pattern_first[extra->pattern] + place]);
        else if (at > 0)
            far_m +=
                tq_distance_dm(table->stop[call[at - 1].stop].at, table->stop[call[at].stop].at) /
                10;
        along_m[at] = far_m;
    }
}

/* One route a chain, behind the planned ones. */
static bool write_extras(live_maker *make)
{
    tq_day *day = make->day;
    size_t places = 0, used = 0;
    for (size_t chain = 0; chain < make->chains.count; chain++)
        places += make->overlay->run[make->extras.at[make->chains.at[chain].last].live].call_count;
    uint32_t *place = day_own(day, PART_PLACE, places, sizeof *place);
    uint32_t *along_m = day_own(day, PART_ALONG, places, sizeof *along_m);
    uint32_t *pattern_place = day_own(day, PART_PATTERN_PLACE, places, sizeof *pattern_place);
    if (place == NULL || along_m == NULL || pattern_place == NULL) return false;
    for (size_t chain = 0; chain < make->chains.count; chain++) {
        const live_extra *shape = &make->extras.at[make->chains.at[chain].last];
        uint32_t count = make->overlay->run[shape->live].call_count;
        day_route *route = &make->route[make->planned->route_count + chain];
        *route = (day_route){.arrival_s = make->arrival_s + make->event_count,
                             .departure_s = make->departure_s + make->event_count,
                             .place = place + used,
                             .along_m = along_m + used,
                             .pattern_place = pattern_place + used,
                             .run = make->run + make->run_count,
                             .place_count = count,
                             .pattern = shape->pattern,
                             .line = shape->line,
                             .flags = shape->flags};
        measure(make, shape, along_m + used);
        for (uint32_t at = 0; at < count; at++) {
            uint32_t stop = calls_of(make, shape->live)[at].stop;
            place[used + at] = word_of(make, shape->pattern, shape->live, at);
            pattern_place[used + at] =
                place_of(make, shape->pattern, &calls_of(make, shape->live)[at]);
            if (day->open_from_s[stop] != INT32_MIN || day->open_until_s[stop] != INT32_MAX)
                route->flags |= ROUTE_DATED;
        }
        used += count;
        make->run_count += make->chains.at[chain].count;
        make->event_count += (size_t)make->chains.at[chain].count * count;
    }
    for (size_t k = 0; k < make->extras.count; k++) {
        const live_extra *extra = &make->extras.at[make->order.at[k]];
        day_route *route = &make->route[make->planned->route_count + extra->chain];
        size_t row = (size_t)route->run_count * route->place_count;
        write_times(make, extra->live, make->arrival_s + (route->arrival_s - make->arrival_s) + row,
                    make->departure_s + (route->departure_s - make->departure_s) + row);
        make->run[(route->run - make->run) + route->run_count++] = (day_run){
            extra->trip, extra->live, extra->shift_s, extra->headway_s, extra->service_day};
    }
    return true;
}

/* ---- routes at stops ---------------------------------------------------------------------------
 */

#define STOP_TOUCHED UINT32_C(0x80000000)

/* Mark the stops of routes that are new, or that nobody rides any more; count the calls to add. */
static void mark_stops(const live_maker *make, uint32_t shut, uint32_t *more)
{
    const tq_day *day = make->day;
    for (uint32_t at = 0; at < day->route_count; at++) {
        const day_route *route = &day->route[at];
        bool extra = at >= make->planned->route_count;
        if (!extra && route->run_count != 0) continue;
        for (uint32_t place = 0; place < route->place_count; place++) {
            uint32_t word = route->place[place], stop = word & PLACE_STOP;
            if (word & shut) continue;
            more[stop] |= STOP_TOUCHED;
            more[stop] += extra;
        }
    }
}

static bool list_way(live_maker *make, unsigned way, uint32_t *more, bool *newly)
{
    tq_day *day = make->day;
    const day_calls *old = make->planned->calls[way];
    uint32_t shut = way == 0 ? PLACE_NO_BOARD : PLACE_NO_ALIGHT;
    memset(more, 0, day->stop_count * sizeof *more);
    mark_stops(make, shut, more);
    size_t total = 0, used = 0;
    for (uint32_t stop = 0; stop < day->stop_count; stop++)
        if (more[stop] != 0) total += old[stop].count + (more[stop] & ~STOP_TOUCHED);
    day_calls *calls = day_own(day, PART_CALLS + way, day->stop_count, sizeof *calls);
    day_call *call = day_own(day, PART_CALL + way, total, sizeof *call);
    if (calls == NULL || call == NULL) return false;
    memcpy(calls, old, day->stop_count * sizeof *calls);
    for (uint32_t stop = 0; stop < day->stop_count; stop++) {
        if (more[stop] == 0) continue;
        size_t first = used;
        for (uint32_t at = 0; at < old[stop].count; at++)
            if (day->route[old[stop].at[at].route].run_count != 0) call[used++] = old[stop].at[at];
        calls[stop] = (day_calls){call + first, (uint32_t)(used - first)};
        used += more[stop] & ~STOP_TOUCHED;
        *newly |= old[stop].count == 0 && (more[stop] & ~STOP_TOUCHED) != 0;
    }
    for (uint32_t at = make->planned->route_count; at < day->route_count; at++) {
        const day_route *route = &day->route[at];
        for (uint32_t place = 0; place < route->place_count; place++) {
            uint32_t word = route->place[place];
            if (word & shut) continue;
            day_calls *list = &calls[word & PLACE_STOP];
            call[(list->at - call) + list->count++] =
                (day_call){at, way == 0 ? place : route->place_count - 1 - place};
        }
    }
    day->calls[way] = calls;
    return true;
}

static bool list_stops(live_maker *make)
{
    uint32_t *more = TQ_ALLOC(uint32_t, make->day->stop_count);
    bool newly = false;
    bool done = more != NULL && list_way(make, 0, more, &newly) && list_way(make, 1, more, &newly);
    tq_free(more);
    return done && (!newly || day_relist_stops(make->day));
}

/* ---- together ----------------------------------------------------------------------------------
 */

static bool push_room(live_maker *make)
{
    tq_day *day = make->day;
    size_t runs = make->extras.count, events = 0;
    for (size_t k = 0; k < make->extras.count; k++)
        events += make->overlay->run[make->extras.at[k].live].call_count;
    for (size_t k = 0; k < make->edits.count; k++) {
        const live_edit *edit = &make->edits.at[k];
        const day_route *route = &make->planned->route[edit->route];
        events += make->overlay->run[edit->live].call_count;
        runs++;
        if (k > 0 && edit[-1].route == edit->route) continue;
        events += (size_t)route->run_count * route->place_count;
        runs += route->run_count;
    }
    make->arrival_s = day_own(day, PART_ARRIVAL, events, sizeof *make->arrival_s);
    make->departure_s = day_own(day, PART_DEPARTURE, events, sizeof *make->departure_s);
    make->run = day_own(day, PART_RUN, runs, sizeof *make->run);
    make->route =
        day_own(day, PART_ROUTE, day->route_count + make->extras.count + make->edits.count,
                sizeof *make->route);
    if (make->arrival_s == NULL || make->departure_s == NULL || make->run == NULL ||
        make->route == NULL)
        return false;
    if (day->route_count != 0)
        memcpy(make->route, make->planned->route, day->route_count * sizeof *make->route);
    return true;
}

static bool lay_out(live_maker *make)
{
    tq_day *day = make->day;
    if (!sort_edits(make) || !push_room(make)) return false;
    for (size_t from = 0, to; from < make->edits.count; from = to) {
        for (to = from;
             to < make->edits.count && make->edits.at[to].route == make->edits.at[from].route;)
            to++;
        if (!edit_route(make, &make->edits.at[from], to - from)) return false;
    }
    if (!deal_extras(make) || !write_extras(make)) return false;
    day->route = make->route;
    day->route_count += (uint32_t)make->chains.count;
    day_run *gone = day_own(day, PART_GONE, make->gone.count, sizeof *gone);
    if (gone == NULL) return false;
    if (make->gone.count != 0) memcpy(gone, make->gone.at, make->gone.count * sizeof *gone);
    day->gone = gone;
    day->gone_count = (uint32_t)make->gone.count;
    return list_stops(make);
}

tq_status day_make_live(tq_day *planned, const tq_overlay *overlay, tq_day **out, tq_err *err)
{
    tq_day *day = day_new(planned);
    if (day == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a service day");
    day->overlay = tq_overlay_hold(overlay);
    live_maker make = {.day = day,
                       .planned = planned,
                       .overlay = day->overlay,
                       .table = &planned->city->timetable};
    tq_err why = {0};
    tq_status status = collect(&make, &why);
    if (status == TQ_OK && make.edits.count + make.extras.count != 0 && !lay_out(&make))
        status = TQ_NO_MEMORY;
    tq_vec_free(&make.edits);
    tq_vec_free(&make.extras);
    tq_vec_free(&make.gone);
    tq_vec_free(&make.keys);
    tq_vec_free(&make.order);
    tq_vec_free(&make.chains);
    if (status != TQ_OK) {
        tq_day_free(day);
        return tq_fail(err, status, 0, "%s",
                       status == TQ_NO_MEMORY ? "no memory for a service day with live runs"
                                              : why.text);
    }
    *out = day;
    return TQ_OK;
}
