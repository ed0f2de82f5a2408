/*
 * TripModifications -> other calls of the trips that they select.
 *
 * A modification takes out the calls from its start to its end selector (none when there is no end)
 * and puts replacement stops in their place, timed from the arrival at the stop before; everything
 * after it is later by the propagated delay. Calls that are taken out stay in the run as skipped
 * ones, so that their places are still known. A replacement stop that is one of those taken out is
 * served again. Stops that only the message knows (Stop entities) have no row in the city and
 * cannot be called at. Updates for the same run come on top: they speak of the changed trip.
 */
#include "live/feed_in.h"

static int by_run(const void *a, const void *b)
{
    const feed_change *x = a, *y = b;
    if (x->trip != y->trip) return x->trip < y->trip ? -1 : 1;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return 0;
}

/* Of two that select one run the first in the message stands. */
static int by_run_and_place(const void *a, const void *b)
{
    const feed_change *x = a, *y = b;
    int order = by_run(a, b);
    return order != 0 ? order : (x->from > y->from) - (x->from < y->from);
}

static void add_change(feed_reader *in, uint32_t trip, int32_t day,
                       const tq_rt_trip_modifications *from)
{
    const tq_trip *row = &in->city->timetable.trip[trip];
    feed_change change = {.trip = trip, .day = day, .start_s = row->start_s, .from = from};
    if (in->changes.count >= FEED_RUNS_MAX) {
        in->failed = true;
        return;
    }
    if (!tq_service_runs(&in->city->timetable, row->service, day)) return;
    if (row->frequency_count == 0) {
        if (!tq_vec_push(&in->changes, change)) in->failed = true;
        return;
    }
    for (uint32_t k = 0; k < from->start_times.count && !in->failed; k++) {
        int32_t clock_s;
        bool exact;
        if (!feed_parse_clock(from->start_times.at[k], &clock_s))
            feed_rule(in, 20);
        else if (!feed_start_of(in->city, trip, clock_s, &change.start_s, &exact))
            feed_rule(in, 19);
        else if (in->changes.count >= FEED_RUNS_MAX || !tq_vec_push(&in->changes, change))
            in->failed = true;
    }
    if (from->start_times.count == 0) feed_rule(in, 6);
}

static void collect_trip(feed_reader *in, tq_str id, const tq_rt_trip_modifications *from)
{
    uint32_t trip = feed_trip_of(in->ids, in->feed->name, id);
    int32_t day;
    if (trip == TQ_NONE) {
        feed_rule(in, 3);
        in->out->counts.unmatched++;
        return;
    }
    in->out->counts.matched++;
    for (uint32_t k = 0; k < from->service_dates.count && !in->failed; k++) {
        if (feed_parse_date(from->service_dates.at[k], &day))
            add_change(in, trip, day, from);
        else
            feed_rule(in, 21);
    }
    if (from->service_dates.count == 0 &&
        feed_nearest_day(in->city, trip, in->city->timetable.trip[trip].start_s, in->now_ms, &day))
        add_change(in, trip, day, from);
}

void feed_collect_changes(feed_reader *in)
{
    const tq_rt_feed *message = &in->feed->message;
    for (uint32_t k = 0; k < message->entity.count; k++) {
        const tq_rt_trip_modifications *from = message->entity.at[k].trip_modifications;
        if (from == NULL) continue;
        in->out->counts.trips++;
        for (uint32_t s = 0; s < from->selected_trips.count; s++)
            for (uint32_t t = 0; t < from->selected_trips.at[s].trip_ids.count && !in->failed; t++)
                collect_trip(in, from->selected_trips.at[s].trip_ids.at[t], from);
    }
    size_t kept = 0;
    if (in->changes.count != 0)
        qsort(in->changes.at, in->changes.count, sizeof *in->changes.at, by_run_and_place);
    for (size_t k = 0; k < in->changes.count; k++)
        if (kept == 0 || by_run(&in->changes.at[kept - 1], &in->changes.at[k]) != 0)
            in->changes.at[kept++] = in->changes.at[k];
    in->changes.count = kept;
}

/* The call that a selector means, among those from `low` on; TQ_NONE = none. */
static uint32_t select_call(feed_reader *in, const tq_rt_stop_selector *selector, size_t low)
{
    uint32_t best = TQ_NONE, best_away = UINT32_MAX;
    uint32_t stop = selector->stop_id.len != 0
                        ? feed_stop_of(in->ids, in->feed->name, selector->stop_id)
                        : TQ_NONE;
    if (selector->stop_id.len != 0 && stop == TQ_NONE) feed_rule(in, 11);
    for (size_t k = low; k < in->plan.count; k++) {
        const tq_live_call *call = &in->plan.at[k].call;
        if (call->place == TQ_NONE) continue;
        if (stop != TQ_NONE && !feed_same_station(in->city, call->stop, stop)) continue;
        if (stop == TQ_NONE && !selector->has_stop_sequence) continue;
        /* The usual count from 1; with a stop beside it the nearest number decides. */
        uint32_t number = call->place + 1;
        uint32_t away = !selector->has_stop_sequence       ? 0
                        : number > selector->stop_sequence ? number - selector->stop_sequence
                                                           : selector->stop_sequence - number;
        if (stop == TQ_NONE && away != 0) continue;
        if (away >= best_away) continue;
        best_away = away;
        best = (uint32_t)k;
    }
    if (best == TQ_NONE) feed_rule(in, 51);
    return best;
}

static void insert_call(feed_reader *in, size_t at, const feed_call *call)
{
    if (in->plan.count >= FEED_CALLS_MAX || !tq_vec_room(&in->plan, 1)) {
        in->failed = in->failed || in->plan.count < FEED_CALLS_MAX;
        return;
    }
    memmove(&in->plan.at[at + 1], &in->plan.at[at], (in->plan.count - at) * sizeof *in->plan.at);
    in->plan.at[at] = *call;
    in->plan.count++;
}

/* One replacement stop, in order of travel: *at is the first call that it may stand before, *next
 * the one behind those taken out. */
static void replace_stop(feed_reader *in, const tq_rt_replacement_stop *with, int32_t from_s,
                         size_t *at, size_t *next)
{
    uint32_t stop = feed_call_stop(in, with->stop_id);
    int32_t travel_s = with->travel_time_to_stop;
    if (stop == TQ_NONE || travel_s < 0 || travel_s > FEED_LATE_MAX_S) return;
    int32_t at_s = from_s + travel_s;
    for (size_t k = *at; k < *next; k++) {
        feed_call *call = &in->plan.at[k];
        if (call->call.stop != stop || (call->call.flags & TQ_CALL_SKIPPED) == 0) continue;
        call->call.flags &= (uint8_t)~TQ_CALL_SKIPPED;
        call->plan_arrival_s = call->plan_departure_s = at_s;
        in->out->counts.skipped_stops--;
        *at = k + 1;
        return;
    }
    size_t before = in->plan.count;
    insert_call(in, *at,
                &(feed_call){.call = {.stop = stop, .place = TQ_NONE},
                             .plan_arrival_s = at_s,
                             .plan_departure_s = at_s,
                             .update = TQ_NONE});
    *at += in->plan.count - before;
    *next += in->plan.count - before;
}

static size_t apply_one(feed_reader *in, const tq_rt_modification *change, size_t low)
{
    if (change->start_stop_selector == NULL) return low;
    uint32_t first = select_call(in, change->start_stop_selector, low);
    if (first == TQ_NONE) return low;
    size_t next = first;
    if (change->end_stop_selector != NULL) {
        uint32_t last = select_call(in, change->end_stop_selector, first);
        if (last == TQ_NONE) return low;
        next = last + 1;
    }
    int32_t from_s = in->plan.at[first > 0 ? first - 1 : 0].plan_arrival_s;
    for (size_t k = first; k < next; k++) {
        in->out->counts.skipped_stops += (in->plan.at[k].call.flags & TQ_CALL_SKIPPED) == 0;
        in->plan.at[k].call.flags |= TQ_CALL_SKIPPED;
    }
    size_t at = first;
    for (uint32_t k = 0; k < change->replacement_stop.count; k++)
        replace_stop(in, &change->replacement_stop.at[k], from_s, &at, &next);
    int32_t later = change->propagated_modification_delay;
    if (later < -FEED_LATE_MAX_S || later > FEED_LATE_MAX_S) later = 0;
    for (size_t k = next; k < in->plan.count; k++) {
        in->plan.at[k].plan_arrival_s += later;
        in->plan.at[k].plan_departure_s += later;
    }
    return next;
}

bool feed_apply_changes(feed_reader *in, const feed_match *run)
{
    feed_change wanted = {.trip = run->trip, .day = run->day, .start_s = run->start_s};
    if (in->changes.count == 0) return false;
    const feed_change *found =
        bsearch(&wanted, in->changes.at, in->changes.count, sizeof *in->changes.at, by_run);
    if (found == NULL) return false;
    size_t low = 0;
    for (uint32_t k = 0; k < found->from->modification.count; k++)
        low = apply_one(in, &found->from->modification.at[k], low);
    return true;
}

void feed_read_changes(feed_reader *in)
{
    const tq_timetable *table = &in->city->timetable;
    size_t sorted = in->out->runs.count;
    for (size_t k = 0; k < in->changes.count && !in->failed; k++) {
        const feed_change *change = &in->changes.at[k];
        if (feed_has_run(in->out, sorted, change->trip, change->day, change->start_s)) continue;
        feed_match run = {.trip = change->trip,
                          .route = table->pattern_route[table->trip[change->trip].pattern],
                          .day = change->day,
                          .start_s = change->start_s,
                          .base_s = change->start_s};
        in->day_ms = tq_service_day_ms(&in->city->zone, run.day);
        if (!feed_plan_run(in, run.trip, run.base_s) || !feed_apply_changes(in, &run)) continue;
        feed_time_calls(in, NULL);
        feed_put_run(in,
                     &(tq_live_run){.trip = run.trip,
                                    .route = run.route,
                                    .service_day = run.day,
                                    .start_s = run.start_s,
                                    .state = TQ_RUN_CHANGED},
                     FEED_MODIFICATION);
    }
    feed_sort_runs(in->out);
}
