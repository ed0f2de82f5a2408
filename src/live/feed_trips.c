/*
 * TripUpdates -> runs that differ from the timetable.
 *
 * SCHEDULED changes times and calls; CANCELED and DELETED take the run out; NEW (formerly ADDED),
 * DUPLICATED and UNSCHEDULED without a headway add a run with calls of its own; REPLACEMENT gives a
 * run of the timetable other calls. A run for which a message says nothing is as planned, not
 * cancelled. A run that comes out as planned is
 * marked so and not given out.
 */
#include "live/feed_in.h"

/* ---- giving out ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

int feed_run_order(const feed_run *a, const feed_run *b)
{
    if (a->run.service_day != b->run.service_day)
        return a->run.service_day < b->run.service_day ? -1 : 1;
    if (a->run.trip != b->run.trip) return compare_u64(a->run.trip, b->run.trip);
    if (a->run.start_s != b->run.start_s) return a->run.start_s < b->run.start_s ? -1 : 1;
    bool added_a = a->run.state == TQ_RUN_ADDED, added_b = b->run.state == TQ_RUN_ADDED;
    return (int)added_a - (int)added_b;
}

/* Two added runs of one start are told apart by their ids. */
static bool same_run(const feed_reading *reading, const feed_run *a, const feed_run *b)
{
    return feed_run_order(a, b) == 0 &&
           (a->run.state != TQ_RUN_ADDED ||
            strcmp(reading->text.at + a->run.id, reading->text.at + b->run.id) == 0);
}

static int by_order(const void *a, const void *b, void *reading)
{
    const feed_run *x = a, *y = b;
    int order = feed_run_order(x, y);
    const char *text = ((const feed_reading *)reading)->text.at;
    if (order == 0 && x->run.state == TQ_RUN_ADDED)
        order = strcmp(text + x->run.id, text + y->run.id);
    if (order != 0) return order;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return compare_u64(x->run.first_call, y->run.first_call);
}

void feed_sort_runs(feed_reading *reading)
{
    size_t kept = 0, count = reading->runs.count;
    if (count == 0) return;
    qsort_r(reading->runs.at, count, sizeof *reading->runs.at, by_order, reading);
    for (size_t k = 0; k < count; k++)
        if (kept == 0 || !same_run(reading, &reading->runs.at[kept - 1], &reading->runs.at[k]))
            reading->runs.at[kept++] = reading->runs.at[k];
    reading->runs.count = kept;
}

bool feed_has_run(const feed_reading *reading, size_t sorted, uint32_t trip, int32_t day,
                  int32_t start_s)
{
    feed_run wanted = {
        .run = {.trip = trip, .service_day = day, .start_s = start_s, .state = TQ_RUN_CHANGED}};
    size_t low = 0, high = sorted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = feed_run_order(&reading->runs.at[middle], &wanted);
        if (order == 0) return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* What differs from the timetable, TQ_RUN_ mask without FEED. */
static unsigned difference(const feed_reader *in, const tq_live_run *run)
{
    const tq_timetable *table = &in->city->timetable;
    const tq_trip *row = &table->trip[run->trip];
    uint32_t first = table->pattern_first[row->pattern],
             count = table->pattern_first[row->pattern + 1] - first;
    const tq_stop_time *times = &table->stop_time[table->profile_first[row->profile]];
    unsigned why = in->plan.count != count ? TQ_RUN_DELAY : 0;
    for (uint32_t k = 0; k < in->plan.count; k++) {
        const tq_live_call *call = &in->plan.at[k].call;
        if ((call->flags & TQ_CALL_SKIPPED) != 0) why |= TQ_RUN_SKIPS;
        if (call->place == TQ_NONE || call->place >= count ||
            call->stop != table->pattern_stop[first + call->place] ||
            call->arrival_s != run->start_s + times[call->place].arrival_s ||
            call->departure_s != run->start_s + times[call->place].departure_s ||
            (call->flags & (TQ_CALL_NO_PICKUP | TQ_CALL_NO_DROPOFF)) !=
                (table->pattern_flags[first + call->place] &
                 (TQ_PATTERN_NO_PICKUP | TQ_PATTERN_NO_DROPOFF)))
            why |= TQ_RUN_DELAY;
    }
    return why;
}

void feed_put_run(feed_reader *in, const tq_live_run *run, feed_rank rank)
{
    feed_reading *out = in->out;
    feed_run made = {.run = *run, .rank = (uint8_t)rank};
    size_t count = run->state == TQ_RUN_CANCELLED ? 0 : in->plan.count;
    unsigned why = run->state == TQ_RUN_CHANGED ? difference(in, run) : 0;
    made.as_planned = run->state == TQ_RUN_CHANGED && why == 0;
    if (made.as_planned) count = 0;
    if (out->runs.count >= FEED_RUNS_MAX || count > FEED_RUN_CALLS_MAX - out->calls.count ||
        !tq_vec_room(&out->calls, count)) {
        in->failed = true;
        return;
    }
    made.run.first_call = (uint32_t)out->calls.count;
    made.run.call_count = (uint32_t)count;
    made.run.detour = TQ_NONE;
    made.run.why = (uint8_t)(why | TQ_RUN_FEED);
    for (size_t k = 0; k < count; k++)
        out->calls.at[out->calls.count++] = in->plan.at[k].call;
    out->counts.runs += !made.as_planned;
    if (!tq_vec_push(&out->runs, made)) in->failed = true;
}

/* ---- runs of the timetable ---- */

static void take_scheduled(feed_reader *in, const tq_rt_trip_update *update,
                           const feed_match *match)
{
    /* One that says nothing leaves the word to others. */
    if (update->stop_time.count == 0 && !update->has_delay) {
        feed_rule(in, 41);
        return;
    }
    in->day_ms = tq_service_day_ms(&in->city->zone, match->day);
    if (!feed_plan_run(in, match->trip, match->base_s)) return;
    (void)feed_apply_changes(in, match);
    feed_place_updates(in, update);
    feed_time_calls(in, update);
    feed_put_run(in,
                 &(tq_live_run){.trip = match->trip,
                                .route = match->route,
                                .service_day = match->day,
                                .start_s = match->start_s,
                                .state = TQ_RUN_CHANGED},
                 FEED_UPDATE);
}

static void take_cancelled(feed_reader *in, const feed_match *match)
{
    in->out->counts.cancelled++;
    feed_put_run(in,
                 &(tq_live_run){.trip = match->trip,
                                .route = match->route,
                                .service_day = match->day,
                                .start_s = match->start_s,
                                .state = TQ_RUN_CANCELLED},
                 FEED_UPDATE);
}

/* ---- runs with calls of their own ---- */

/* The instant of an event without a timetable, POSIX seconds; INT64_MIN = none. */
static int64_t own_instant(const tq_rt_event *event)
{
    if (event == NULL) return INT64_MIN;
    int64_t at = event->has_time && event->time > 0 ? event->time : INT64_MIN;
    if (at == INT64_MIN && event->has_scheduled_time && event->scheduled_time > 0 &&
        event->scheduled_time < INT64_MAX / 2)
        at = event->scheduled_time + (event->has_delay ? event->delay : 0);
    return at;
}

static int64_t first_instant(const tq_rt_trip_update *update)
{
    for (uint32_t k = 0; k < update->stop_time.count; k++) {
        int64_t at = own_instant(update->stop_time.at[k].departure);
        if (at == INT64_MIN) at = own_instant(update->stop_time.at[k].arrival);
        if (at != INT64_MIN) return at;
    }
    return INT64_MIN;
}

static bool own_call(feed_reader *in, const tq_rt_stop_time *from, feed_call *out)
{
    int64_t day_s = in->day_ms / 1000, arrival = own_instant(from->arrival),
            departure = own_instant(from->departure);
    uint32_t stop = feed_call_stop(in, from->stop_id);
    if (stop == TQ_NONE) return false;
    if (arrival == INT64_MIN) arrival = departure;
    if (departure == INT64_MIN) departure = arrival;
    if (arrival == INT64_MIN) {
        feed_rule(in, 46);
        return false;
    }
    if (arrival < day_s - FEED_LATE_MAX_S || arrival > day_s + 2 * FEED_LATE_MAX_S ||
        departure < day_s - FEED_LATE_MAX_S || departure > day_s + 2 * FEED_LATE_MAX_S) {
        feed_rule(in, 1);
        return false;
    }
    if (departure < arrival) {
        feed_rule(in, 25);
        in->out->counts.repaired++;
    }
    *out = (feed_call){.update = TQ_NONE, .said = FEED_SAID_HERE};
    out->call = (tq_live_call){.stop = stop,
                               .place = TQ_NONE,
                               .arrival_s = (int32_t)(arrival - day_s),
                               .departure_s = (int32_t)(TQ_MAX(arrival, departure) - day_s)};
    if (from->schedule_relationship == TQ_RT_STOP_SKIPPED) {
        out->call.flags |= TQ_CALL_SKIPPED;
        in->out->counts.skipped_stops++;
    }
    feed_call_properties(in, from, &out->call);
    return true;
}

/* All calls from the updates alone, into in->plan; false = fewer than two. */
static bool own_calls(feed_reader *in, const tq_rt_trip_update *update)
{
    in->plan.count = 0;
    for (uint32_t k = 0; k < update->stop_time.count && k < FEED_CALLS_MAX; k++) {
        feed_call call;
        if (k > 0 && update->stop_time.at[k].has_stop_sequence &&
            update->stop_time.at[k - 1].has_stop_sequence &&
            update->stop_time.at[k].stop_sequence <= update->stop_time.at[k - 1].stop_sequence)
            feed_rule(in, 2);
        if (!own_call(in, &update->stop_time.at[k], &call)) continue;
        if (!tq_vec_push(&in->plan, call)) in->failed = true;
    }
    if (in->plan.count < 2) return false;
    feed_order_calls(in);
    return true;
}

/* An overlay's texts are UTF-8 between NULs. */
static bool can_be_text(tq_str text)
{
    return text.len != 0 && memchr(text.at, 0, text.len) == NULL && tq_utf8_valid(text);
}

static uint32_t add_text(feed_reader *in, tq_str text)
{
    tq_buf *buf = &in->out->text;
    uint32_t at = (uint32_t)buf->len;
    tq_buf_put(buf, text.at, text.len);
    tq_buf_putc(buf, '\0');
    if (buf->failed) in->failed = true;
    return at;
}

/* A trip of the route and direction, to borrow texts and fares from. */
static uint32_t trip_to_borrow(const feed_reader *in, uint32_t route, const tq_rt_trip *trip)
{
    const tq_timetable *table = &in->city->timetable;
    uint32_t found = TQ_NONE;
    for (uint32_t k = in->ids->route_first[route]; k < in->ids->route_first[route + 1]; k++) {
        uint32_t pattern = in->ids->route_pattern[k], first = table->pattern_first_trip[pattern];
        if (first == table->pattern_first_trip[pattern + 1]) continue;
        if (!trip->has_direction_id || table->pattern_direction[pattern] == trip->direction_id)
            return first;
        if (found == TQ_NONE) found = first;
    }
    return found;
}

static bool take_added(feed_reader *in, const tq_rt_trip_update *update, uint32_t known)
{
    const tq_timetable *table = &in->city->timetable;
    const tq_rt_trip *trip = update->trip;
    uint32_t route = feed_route_of(in->ids, in->feed->name, trip->route_id);
    if (trip->route_id.len != 0 && route == TQ_NONE) feed_rule(in, 4);
    if (route == TQ_NONE && known != TQ_NONE)
        route = table->pattern_route[table->trip[known].pattern];
    int64_t first = first_instant(update);
    if (route == TQ_NONE || first == INT64_MIN || first > INT64_MAX / 2000 ||
        !can_be_text(trip->trip_id))
        return false;
    int32_t day, clock_s;
    if (!feed_parse_date(trip->start_date, &day)) {
        if (trip->start_date.len != 0) feed_rule(in, 21);
        day = tq_local_day(&in->city->zone, first * 1000, NULL);
    }
    in->day_ms = tq_service_day_ms(&in->city->zone, day);
    if (!own_calls(in, update)) return false;
    if (!feed_parse_clock(trip->start_time, &clock_s)) {
        if (trip->start_time.len != 0) feed_rule(in, 20);
        clock_s = in->plan.at[0].call.departure_s;
    }
    in->out->counts.added++;
    feed_put_run(in,
                 &(tq_live_run){.trip = known != TQ_NONE ? known : trip_to_borrow(in, route, trip),
                                .route = route,
                                .service_day = day,
                                .start_s = clock_s,
                                .id = add_text(in, trip->trip_id),
                                .state = TQ_RUN_ADDED},
                 FEED_UPDATE);
    return true;
}

/* The same stops and gaps as a trip of the timetable, at another time. */
static bool take_duplicated(feed_reader *in, const tq_rt_trip_update *update)
{
    const tq_timetable *table = &in->city->timetable;
    const tq_rt_trip_properties *copy = update->properties;
    uint32_t trip = feed_trip_of(in->ids, in->feed->name, update->trip->trip_id);
    int32_t day, start_s;
    if (trip == TQ_NONE) {
        feed_rule(in, 3);
        return false;
    }
    if (copy == NULL || !can_be_text(copy->trip_id) || !feed_parse_date(copy->start_date, &day) ||
        !feed_parse_clock(copy->start_time, &start_s))
        return false;
    in->day_ms = tq_service_day_ms(&in->city->zone, day);
    if (!feed_plan_run(in, trip, start_s)) return false;
    feed_place_updates(in, update);
    feed_time_calls(in, update);
    /* The places are those of another run's pattern row: an added run has none. */
    for (size_t k = 0; k < in->plan.count; k++)
        in->plan.at[k].call.place = TQ_NONE;
    in->out->counts.added++;
    feed_put_run(in,
                 &(tq_live_run){.trip = trip,
                                .route = table->pattern_route[table->trip[trip].pattern],
                                .service_day = day,
                                .start_s = start_s,
                                .id = add_text(in, copy->trip_id),
                                .state = TQ_RUN_ADDED},
                 FEED_UPDATE);
    return true;
}

/* A run of the timetable with the calls of the message; they keep their place where they have one.
 */
static bool take_replacement(feed_reader *in, const tq_rt_trip_update *update,
                             const feed_match *match)
{
    const tq_timetable *table = &in->city->timetable;
    uint32_t pattern = table->trip[match->trip].pattern, first = table->pattern_first[pattern],
             count = table->pattern_first[pattern + 1] - first, next = 0;
    in->day_ms = tq_service_day_ms(&in->city->zone, match->day);
    if (!own_calls(in, update)) return false;
    for (size_t k = 0; k < in->plan.count; k++) {
        uint32_t place = next;
        while (place < count && table->pattern_stop[first + place] != in->plan.at[k].call.stop)
            place++;
        if (place == count) continue;
        in->plan.at[k].call.place = place;
        next = place + 1;
    }
    feed_put_run(in,
                 &(tq_live_run){.trip = match->trip,
                                .route = match->route,
                                .service_day = match->day,
                                .start_s = match->start_s,
                                .state = TQ_RUN_CHANGED},
                 FEED_UPDATE);
    return true;
}

/* ---- one update ---- */

static bool take_update(feed_reader *in, const tq_rt_trip_update *update)
{
    tq_rt_trip trip = *update->trip;
    feed_match match;
    uint32_t known = TQ_NONE;
    if (trip.modified_trip != NULL && trip.trip_id.len == 0) {
        trip.trip_id = trip.modified_trip->affected_trip_id;
        trip.start_date = trip.modified_trip->start_date;
        trip.start_time = trip.modified_trip->start_time;
    }
    switch (trip.schedule_relationship) {
    case TQ_RT_ADDED:
    case TQ_RT_NEW:
        known = feed_trip_of(in->ids, in->feed->name, trip.trip_id);
        if (known == TQ_NONE) return take_added(in, update, TQ_NONE);
        /* A trip of the timetable that is said to be new: were it added where it runs anyway,
         * riders would see it twice. */
        feed_rule(in, 16);
        if (!feed_match_run(in, &trip, &match)) return take_added(in, update, known);
        take_scheduled(in, update, &match);
        return true;
    case TQ_RT_DUPLICATED: return take_duplicated(in, update);
    case TQ_RT_CANCELED:
    case TQ_RT_DELETED:
        if (!feed_match_run(in, &trip, &match)) return false;
        take_cancelled(in, &match);
        return true;
    case TQ_RT_REPLACEMENT:
        return feed_match_run(in, &trip, &match) && take_replacement(in, update, &match);
    case TQ_RT_UNSCHEDULED:
        known = feed_trip_of(in->ids, in->feed->name, trip.trip_id);
        if (known == TQ_NONE) return take_added(in, update, TQ_NONE);
        break;
    default: break;
    }
    if (!feed_match_run(in, &trip, &match)) return false;
    take_scheduled(in, update, &match);
    return true;
}

void feed_read_trips(feed_reader *in)
{
    const tq_rt_feed *message = &in->feed->message;
    for (uint32_t k = 0; k < message->entity.count && !in->failed; k++) {
        const tq_rt_entity *entity = &message->entity.at[k];
        if (entity->trip_update == NULL) continue;
        in->out->counts.trips++;
        if (take_update(in, entity->trip_update))
            in->out->counts.matched++;
        else
            in->out->counts.unmatched++;
    }
    feed_sort_runs(in->out);
}
