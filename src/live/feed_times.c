/*
 * The times of one run: which StopTimeUpdate is about which call, and what follows for the calls
 * that no update is about.
 *
 * A city file keeps the order of stops, not the numbers of stop_sequence. Most feeds count from 1
 * or from 0 without gaps; that is believed when it agrees with the stop_ids that come along, and
 * then the number decides (a loop needs it). Numbers with gaps only give the order: updates are
 * matched to stops in order of travel, where a later update must still find its place (so a list
 * of all stops fits a loop in one way only), and of several places the one nearest in time.
 *
 * Times: an instant wins over a delay. The delay at a stop holds for later stops up to the next
 * update; NO_DATA ends it; a skipped stop passes it on. Stops before the first update keep their
 * plan, but not later than what follows. A time before the one before it is lifted and counted
 * (E022, E025).
 */
#include "live/feed_in.h"

bool feed_plan_run(feed_reader *in, uint32_t trip, int32_t base_s)
{
    const tq_timetable *table = &in->city->timetable;
    const tq_trip *row = &table->trip[trip];
    uint32_t first = table->pattern_first[row->pattern],
             count = table->pattern_first[row->pattern + 1] - first;
    const tq_stop_time *times = &table->stop_time[table->profile_first[row->profile]];
    in->plan.count = 0;
    if (count > FEED_CALLS_MAX) return false;
    if (!tq_vec_room(&in->plan, count)) {
        in->failed = true;
        return false;
    }
    for (uint32_t place = 0; place < count; place++) {
        feed_call call = {.plan_arrival_s = base_s + times[place].arrival_s,
                          .plan_departure_s = base_s + times[place].departure_s,
                          .update = TQ_NONE};
        call.call = (tq_live_call){.stop = table->pattern_stop[first + place],
                                   .place = place,
                                   .arrival_s = call.plan_arrival_s,
                                   .departure_s = call.plan_departure_s,
                                   .flags = table->pattern_flags[first + place] &
                                            (TQ_PATTERN_NO_PICKUP | TQ_PATTERN_NO_DROPOFF)};
        in->plan.at[in->plan.count++] = call;
    }
    return true;
}

bool feed_same_station(const tq_city *city, uint32_t a, uint32_t b)
{
    const tq_stop *stop = city->timetable.stop;
    if (a == b) return true;
    if (a == TQ_NONE || b == TQ_NONE) return false;
    return stop[a].parent == b || stop[b].parent == a ||
           (stop[a].parent != TQ_NONE && stop[a].parent == stop[b].parent);
}

uint32_t feed_call_stop(feed_reader *in, tq_str id)
{
    uint32_t stop = feed_stop_of(in->ids, in->feed->name, id);
    if (stop == TQ_NONE) {
        feed_rule(in, 11);
        return TQ_NONE;
    }
    if (in->city->timetable.stop[stop].kind != TQ_STOP_KIND_STOP) {
        feed_rule(in, 15);
        return TQ_NONE;
    }
    return stop;
}

/* ---- which call ---- */

/* Rows of the updates in order of travel, into in->order; their stops into in->keys. */
static bool order_updates(feed_reader *in, const tq_rt_trip_update *update)
{
    uint32_t count = update->stop_time.count;
    bool numbered = true, ascending = true;
    in->order.count = in->keys.count = 0;
    if (!tq_vec_room(&in->order, count) || !tq_vec_room(&in->keys, count)) return false;
    for (uint32_t k = 0; k < count; k++) {
        const tq_rt_stop_time *row = &update->stop_time.at[k];
        in->order.at[k] = k;
        in->keys.at[k] = row->stop_sequence;
        numbered = numbered && row->has_stop_sequence;
        ascending = ascending && (k == 0 || in->keys.at[k - 1] <= row->stop_sequence);
    }
    if (numbered && !ascending) {
        feed_rule(in, 2);
        if (!tq_sort_by_u64(in->order.at, count, in->keys.at)) return false;
    }
    for (uint32_t k = 0; k < count; k++) {
        const tq_rt_stop_time *row = &update->stop_time.at[k];
        uint32_t stop = TQ_NONE;
        if (row->stop_id.len != 0) {
            stop = feed_stop_of(in->ids, in->feed->name, row->stop_id);
            if (stop == TQ_NONE) feed_rule(in, 11);
        } else if (!row->has_stop_sequence) {
            feed_rule(in, 40);
        }
        in->keys.at[k] = stop;
    }
    in->order.count = in->keys.count = count;
    return true;
}

/* Index of the call at a place of the pattern; calls that were put in have none. */
static uint32_t call_at(const feed_reader *in, int64_t place)
{
    if (place < 0 || place >= (int64_t)in->plan.count) return TQ_NONE;
    for (size_t k = (size_t)place; k < in->plan.count; k++)
        if (in->plan.at[k].call.place == (uint32_t)place) return (uint32_t)k;
    return TQ_NONE;
}

/* Does the feed count stops without gaps, and from which number? */
static bool count_from(const feed_reader *in, const tq_rt_trip_update *update, int64_t *base)
{
    uint32_t both = 0, fits[2] = {0}, zero = 0;
    for (uint32_t k = 0; k < update->stop_time.count; k++) {
        const tq_rt_stop_time *row = &update->stop_time.at[k];
        if (!row->has_stop_sequence) continue;
        zero += row->stop_sequence == 0;
        uint32_t stop = (uint32_t)in->keys.at[k];
        if (stop == TQ_NONE) continue;
        both++;
        for (uint32_t from = 0; from < 2; from++) {
            uint32_t call = call_at(in, (int64_t)row->stop_sequence - from);
            fits[from] +=
                call != TQ_NONE && feed_same_station(in->city, in->plan.at[call].call.stop, stop);
        }
    }
    *base = both == 0 ? (zero == 0) : (fits[0] > fits[1] ? 0 : 1);
    return both == 0 || fits[*base] * 2 > both;
}

static bool calls_at(const feed_reader *in, size_t call, uint32_t stop, bool exact)
{
    uint32_t at = in->plan.at[call].call.stop;
    return exact ? at == stop : feed_same_station(in->city, at, stop);
}

static int64_t away_s(const feed_reader *in, const tq_rt_stop_time *row, size_t call, int64_t day_s)
{
    const tq_rt_event *event = row->departure != NULL ? row->departure : row->arrival;
    if (event == NULL || !event->has_time) return 0;
    int64_t plan = day_s + in->plan.at[call].plan_departure_s;
    uint64_t away = event->time > plan ? (uint64_t)event->time - (uint64_t)plan
                                       : (uint64_t)plan - (uint64_t)event->time;
    return away > INT32_MAX ? INT32_MAX : (int64_t)away;
}

/* The call from `low` on, before `high`, that an update by stop_id is about. */
static uint32_t find_call(feed_reader *in, const tq_rt_stop_time *row, uint32_t stop, size_t low,
                          size_t high, int64_t day_s)
{
    for (unsigned exact = 2; exact-- > 0;) {
        uint32_t best = TQ_NONE, found = 0;
        for (size_t call = low; call < high; call++) {
            if (!calls_at(in, call, stop, exact != 0)) continue;
            found++;
            if (best == TQ_NONE || away_s(in, row, call, day_s) < away_s(in, row, best, day_s))
                best = (uint32_t)call;
        }
        if (found > 1 && !row->has_stop_sequence) feed_rule(in, 9);
        if (best != TQ_NONE) return best;
    }
    return TQ_NONE;
}

/* From the back: the last call that each update can be about, so that those after it fit too. */
static void bound_updates(feed_reader *in, uint32_t count, uint32_t *high)
{
    uint32_t bound = (uint32_t)in->plan.count;
    for (uint32_t k = count; k-- > 0;) {
        uint32_t stop = (uint32_t)in->keys.at[in->order.at[k]], call = bound;
        high[k] = bound;
        if (stop == TQ_NONE) continue;
        while (call > 0 && !calls_at(in, call - 1, stop, false))
            call--;
        if (call > 0) bound = call - 1;
    }
}

static void set_update(feed_reader *in, uint32_t call, uint32_t row, bool by_number)
{
    if (in->plan.at[call].update != TQ_NONE)
        feed_rule(in, by_number ? 36 : 37);
    else
        in->plan.at[call].update = row;
}

void feed_place_updates(feed_reader *in, const tq_rt_trip_update *update)
{
    uint32_t count = update->stop_time.count;
    int64_t base;
    if (count == 0) return;
    if (!order_updates(in, update)) {
        in->failed = true;
        return;
    }
    uint32_t *high = TQ_ALLOC(uint32_t, count);
    if (high == NULL) {
        in->failed = true;
        return;
    }
    bound_updates(in, count, high);
    bool dense = count_from(in, update, &base);
    size_t low = 0;
    int64_t day_s = tq_floor_div(in->day_ms, 1000);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t row = in->order.at[k], stop = (uint32_t)in->keys.at[row], call = TQ_NONE;
        const tq_rt_stop_time *at = &update->stop_time.at[row];
        if (at->has_stop_sequence && dense) {
            call = call_at(in, (int64_t)at->stop_sequence - base);
            if (call == TQ_NONE) feed_rule(in, 51);
        }
        bool by_number = call != TQ_NONE,
             doubt = by_number && stop != TQ_NONE &&
                     !feed_same_station(in->city, in->plan.at[call].call.stop, stop);
        if (doubt) feed_rule(in, 45);
        if (call == TQ_NONE && stop != TQ_NONE)
            call = find_call(in, at, stop, low, TQ_MAX(low, high[k]), day_s);
        if (call == TQ_NONE) continue;
        in->plan.at[call].doubt = in->plan.at[call].update == TQ_NONE && doubt;
        set_update(in, call, row, by_number);
        low = TQ_MAX(low, (size_t)call + 1);
    }
    tq_free(high);
}

/* ---- times ---- */

/* An event's second of the service day; false = it gives none that can be believed. */
static bool event_s(feed_reader *in, const tq_rt_event *event, int32_t plan_s, int32_t *second)
{
    if (event == NULL) return false;
    if (event->has_time && event->time > 0) {
        int64_t day_s = in->day_ms / 1000;
        /* Compared before subtracting: the instant may be any number. */
        if (event->time >= day_s + plan_s - FEED_LATE_MAX_S &&
            event->time <= day_s + plan_s + FEED_LATE_MAX_S) {
            *second = (int32_t)(event->time - day_s);
            return true;
        }
        feed_rule(in, 1);
        return false;
    }
    if (!event->has_delay) {
        feed_rule(in, 44);
        return false;
    }
    if (event->delay < -FEED_LATE_MAX_S || event->delay > FEED_LATE_MAX_S) return false;
    *second = plan_s + event->delay;
    return true;
}

void feed_call_properties(feed_reader *in, const tq_rt_stop_time *from, tq_live_call *call)
{
    const tq_rt_stop_properties *more = from->properties;
    if (more == NULL) return;
    if (more->assigned_stop_id.len != 0) {
        uint32_t stop = feed_call_stop(in, more->assigned_stop_id);
        if (stop != TQ_NONE) call->stop = stop;
    }
    if (more->has_pickup_type)
        call->flags = (uint8_t)((call->flags & ~TQ_CALL_NO_PICKUP) |
                                (more->pickup_type == 1 ? TQ_CALL_NO_PICKUP : 0));
    if (more->has_drop_off_type)
        call->flags = (uint8_t)((call->flags & ~TQ_CALL_NO_DROPOFF) |
                                (more->drop_off_type == 1 ? TQ_CALL_NO_DROPOFF : 0));
}

/* What is known along the way. */
typedef struct way_delay {
    bool known;
    int32_t delay_s;
} way_delay;

/* Times of a call that an update is about; false = it gives none. */
static bool take_events(feed_reader *in, const tq_rt_stop_time *from, const way_delay *way,
                        feed_call *at)
{
    int32_t arrival, departure;
    if (from->arrival == NULL && from->departure == NULL) {
        feed_rule(in, 43);
        return false;
    }
    bool arrives = event_s(in, from->arrival, at->plan_arrival_s, &arrival);
    bool departs = event_s(in, from->departure, at->plan_departure_s, &departure);
    if (!arrives && !departs) return false;
    if (!arrives) {
        arrival =
            at->plan_arrival_s + (way->known ? way->delay_s : departure - at->plan_departure_s);
        arrival = TQ_MIN(arrival, departure);
    }
    if (!departs) departure = at->plan_departure_s + (arrival - at->plan_arrival_s);
    if (departure < arrival) {
        if (departs) {
            feed_rule(in, 25);
            in->out->counts.repaired++;
        }
        departure = arrival;
    }
    at->call.arrival_s = arrival;
    at->call.departure_s = departure;
    at->said = FEED_SAID_HERE;
    return true;
}

static void pass_on(const way_delay *way, feed_call *at)
{
    int32_t delay = way->known ? way->delay_s : 0;
    at->call.arrival_s = at->plan_arrival_s + delay;
    at->call.departure_s = at->plan_departure_s + delay;
    at->said = way->known ? FEED_SAID_BEFORE : FEED_SAID_PLAN;
}

static void time_call(feed_reader *in, const tq_rt_stop_time *from, way_delay *way, feed_call *at)
{
    if (from == NULL) {
        pass_on(way, at);
        return;
    }
    feed_call_properties(in, from, &at->call);
    switch (from->schedule_relationship) {
    case TQ_RT_STOP_NO_DATA:
        if (from->arrival != NULL || from->departure != NULL) feed_rule(in, 42);
        way->known = false;
        pass_on(way, at);
        break;
    case TQ_RT_STOP_SKIPPED:
        at->call.flags |= TQ_CALL_SKIPPED;
        in->out->counts.skipped_stops++;
        pass_on(way, at);
        break;
    default:
        if (take_events(in, from, way, at)) {
            way->known = true;
            way->delay_s = at->call.departure_s - at->plan_departure_s;
        } else {
            pass_on(way, at);
        }
    }
}

/* An update whose number and stop contradict each other is believed by its number, but not against
 * the order of those that do not. */
static void drop_doubtful(feed_reader *in)
{
    size_t count = in->plan.count;
    for (size_t k = 0; k < count; k++) {
        feed_call *at = &in->plan.at[k];
        bool against = false;
        if (!at->doubt || at->said != FEED_SAID_HERE) continue;
        for (size_t other = 0; other < count && !against; other++) {
            const feed_call *sure = &in->plan.at[other];
            if (sure->doubt || sure->said != FEED_SAID_HERE) continue;
            against = other < k ? sure->call.departure_s > at->call.arrival_s
                                : sure->call.arrival_s < at->call.departure_s;
        }
        if (!against) continue;
        in->out->counts.repaired++;
        at->said = FEED_SAID_PLAN;
        at->call.arrival_s = at->plan_arrival_s;
        at->call.departure_s = at->plan_departure_s;
    }
}

void feed_order_calls(feed_reader *in)
{
    size_t count = in->plan.count;
    drop_doubtful(in);
    /* Planned and passed-on times give way to what is said of later stops, and so does the time of
     * a stop that is not served. */
    int32_t bound = INT32_MAX;
    for (size_t k = count; k-- > 0;) {
        tq_live_call *call = &in->plan.at[k].call;
        if (in->plan.at[k].said == FEED_SAID_HERE && (call->flags & TQ_CALL_SKIPPED) == 0) {
            bound = call->arrival_s;
            continue;
        }
        call->departure_s = TQ_MIN(call->departure_s, bound);
        call->arrival_s = TQ_MIN(call->arrival_s, bound);
    }
    int32_t before = INT32_MIN;
    for (size_t k = 0; k < count; k++) {
        tq_live_call *call = &in->plan.at[k].call;
        if (call->arrival_s < before) {
            if (in->plan.at[k].said == FEED_SAID_HERE) feed_rule(in, 22);
            in->out->counts.repaired += in->plan.at[k].said == FEED_SAID_HERE;
            call->arrival_s = before;
        }
        call->departure_s = TQ_MAX(call->departure_s, call->arrival_s);
        before = call->departure_s;
    }
}

void feed_time_calls(feed_reader *in, const tq_rt_trip_update *update)
{
    way_delay way = {0};
    bool placed = false;
    for (size_t k = 0; k < in->plan.count; k++)
        placed = placed || in->plan.at[k].update != TQ_NONE;
    if (update != NULL && !placed && update->has_delay && update->delay >= -FEED_LATE_MAX_S &&
        update->delay <= FEED_LATE_MAX_S)
        way = (way_delay){true, update->delay};
    for (size_t k = 0; k < in->plan.count; k++) {
        feed_call *at = &in->plan.at[k];
        time_call(in, at->update != TQ_NONE ? &update->stop_time.at[at->update] : NULL, &way, at);
    }
    feed_order_calls(in);
}
