/*
 * Runs of all feeds in one list, and stops that an alert closes.
 *
 * Where two feeds speak about one run, an update wins over a modification, that over an estimate,
 * and then the feed whose name comes first. A NO_SERVICE alert about a stop makes every run that
 * calls there while the alert is active pass it: runs of feeds get a skipped call, runs that no
 * feed speaks about become changed runs, for yesterday, today and FEED_SHUT_DAYS more.
 */
#include "live/feed_in.h"

typedef struct merged {
    const feed_run *run;
    const feed_held *held;
} merged;

/* A stop that is not served. */
typedef struct shut_stop {
    uint32_t stop, route, trip; /* route, trip TQ_NONE = all */
    const tq_rt_alert *alert;
} shut_stop;

typedef struct joiner {
    live_feeds *feeds;
    TQ_VEC(merged) runs;
    TQ_VEC(shut_stop) shut;
    bool failed;
} joiner;

static const char *id_of(const merged *row)
{
    return row->held->reading.text.at + row->run->run.id;
}

static int by_run(const void *a, const void *b)
{
    const merged *x = a, *y = b;
    int order = feed_run_order(x->run, y->run);
    if (order == 0 && x->run->run.state == TQ_RUN_ADDED) order = strcmp(id_of(x), id_of(y));
    if (order != 0) return order;
    if (x->run->rank != y->run->rank) return x->run->rank < y->run->rank ? -1 : 1;
    return strcmp(x->held->name, y->held->name);
}

static bool about_one_run(const merged *x, const merged *y)
{
    return feed_run_order(x->run, y->run) == 0 &&
           (x->run->run.state != TQ_RUN_ADDED || strcmp(id_of(x), id_of(y)) == 0);
}

static void put_run(joiner *join, const merged *row)
{
    live_feeds *feeds = join->feeds;
    const tq_live_run *from = &row->run->run;
    tq_live_run run = *from;
    run.first_call = (uint32_t)feeds->calls.count;
    run.id = 0;
    if (from->id != 0) {
        const char *text = id_of(row);
        run.id = (uint32_t)feeds->text.len;
        tq_buf_put(&feeds->text, text, strlen(text) + 1);
    }
    if (from->call_count > FEED_RUN_CALLS_MAX - feeds->calls.count ||
        !tq_vec_room(&feeds->calls, from->call_count) || !tq_vec_push(&feeds->runs, run)) {
        join->failed = true;
        return;
    }
    for (uint32_t k = 0; k < from->call_count; k++)
        feeds->calls.at[feeds->calls.count++] = row->held->reading.calls.at[from->first_call + k];
}

static void join_feeds(joiner *join)
{
    live_feeds *feeds = join->feeds;
    for (uint32_t f = 0; f < feeds->count; f++) {
        const feed_held *held = feeds->feed[f];
        for (size_t k = 0; !held->stopped_trips && k < held->reading.runs.count; k++)
            if (!tq_vec_push(&join->runs, ((merged){&held->reading.runs.at[k], held})))
                join->failed = true;
    }
    if (join->runs.count == 0) return;
    qsort(join->runs.at, join->runs.count, sizeof *join->runs.at, by_run);
    for (size_t k = 0; k < join->runs.count && !join->failed; k++)
        if ((k == 0 || !about_one_run(&join->runs.at[k - 1], &join->runs.at[k])) &&
            !join->runs.at[k].run->as_planned)
            put_run(join, &join->runs.at[k]);
}

/* ---- closed stops ---- */

static int by_stop(const void *a, const void *b)
{
    const shut_stop *x = a, *y = b;
    return x->stop < y->stop ? -1 : x->stop > y->stop;
}

/* A stop, or all of a station. */
static void add_shut(joiner *join, const feed_about *about, const tq_rt_alert *alert)
{
    const uint32_t *stops;
    uint32_t count = tq_station_stops(&join->feeds->city->timetable, about->stop, &stops);
    if (count == 0) {
        stops = &about->stop;
        count = 1;
    }
    for (uint32_t k = 0; k < count; k++)
        if (!tq_vec_push(&join->shut, ((shut_stop){stops[k], about->route, about->trip, alert})))
            join->failed = true;
}

static void find_shut(joiner *join)
{
    for (uint32_t f = 0; f < join->feeds->count; f++) {
        const feed_held *held = join->feeds->feed[f];
        for (size_t k = 0; !held->stopped_alerts && k < held->reading.alerts.count; k++) {
            const feed_alert *alert = &held->reading.alerts.at[k];
            if (alert->from->effect != TQ_RT_EFFECT_NO_SERVICE) continue;
            for (uint32_t a = 0; a < alert->about_count; a++) {
                const feed_about *about = &held->reading.about.at[alert->first_about + a];
                if (about->stop == TQ_NONE) continue;
                add_shut(join, about, alert->from);
            }
        }
    }
    if (join->shut.count != 0)
        qsort(join->shut.at, join->shut.count, sizeof *join->shut.at, by_stop);
}

static bool is_shut(const joiner *join, uint32_t stop, const tq_live_run *run, int64_t at_ms)
{
    size_t low = 0, high = join->shut.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (join->shut.at[middle].stop < stop)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < join->shut.count && join->shut.at[low].stop == stop; low++) {
        const shut_stop *shut = &join->shut.at[low];
        if ((shut->route == TQ_NONE || shut->route == run->route) &&
            (shut->trip == TQ_NONE || shut->trip == run->trip) &&
            feed_alert_holds(shut->alert, at_ms))
            return true;
    }
    return false;
}

/* Mark the calls of a run at closed stops; false = there are none. */
static bool skip_shut(joiner *join, tq_live_run *run)
{
    live_feeds *feeds = join->feeds;
    int64_t day_ms = tq_service_day_ms(&feeds->city->zone, run->service_day);
    bool any = false;
    for (uint32_t k = run->first_call; k < run->first_call + run->call_count; k++) {
        tq_live_call *call = &feeds->calls.at[k];
        if ((call->flags & TQ_CALL_SKIPPED) != 0 ||
            !is_shut(join, call->stop, run, day_ms + 1000 * (int64_t)call->departure_s))
            continue;
        call->flags |= TQ_CALL_SKIPPED;
        any = true;
    }
    if (any) run->why |= TQ_RUN_SKIPS;
    return any;
}

static int compare_key(const tq_live_run *run, uint32_t trip, int32_t day, int32_t start_s)
{
    if (run->service_day != day) return run->service_day < day ? -1 : 1;
    if (run->trip != trip) return run->trip < trip ? -1 : 1;
    return run->start_s < start_s ? -1 : run->start_s > start_s;
}

static bool spoken_of(const live_feeds *feeds, size_t sorted, uint32_t trip, int32_t day,
                      int32_t start_s)
{
    size_t low = 0, high = sorted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_key(&feeds->runs.at[middle], trip, day, start_s) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < sorted && compare_key(&feeds->runs.at[low], trip, day, start_s) == 0; low++)
        if (feeds->runs.at[low].state != TQ_RUN_ADDED) return true;
    return false;
}

/* A planned run that no feed speaks about: given out if it calls at a closed stop. */
static void shut_run(joiner *join, size_t sorted, uint32_t trip, int32_t day, int32_t start_s)
{
    live_feeds *feeds = join->feeds;
    const tq_timetable *table = &feeds->city->timetable;
    const tq_trip *row = &table->trip[trip];
    uint32_t first = table->pattern_first[row->pattern],
             count = table->pattern_first[row->pattern + 1] - first;
    const tq_stop_time *times = &table->stop_time[table->profile_first[row->profile]];
    tq_live_run run = {.trip = trip,
                       .route = table->pattern_route[row->pattern],
                       .service_day = day,
                       .start_s = start_s,
                       .first_call = (uint32_t)feeds->calls.count,
                       .call_count = count,
                       .detour = TQ_NONE,
                       .state = TQ_RUN_CHANGED,
                       .why = TQ_RUN_FEED | TQ_RUN_SKIPS};
    if (spoken_of(feeds, sorted, trip, day, start_s)) return;
    if (feeds->runs.count >= FEED_RUNS_MAX || count > FEED_RUN_CALLS_MAX - feeds->calls.count ||
        !tq_vec_room(&feeds->calls, count)) {
        join->failed = true;
        return;
    }
    for (uint32_t place = 0; place < count; place++)
        feeds->calls.at[feeds->calls.count++] =
            (tq_live_call){.stop = table->pattern_stop[first + place],
                           .place = place,
                           .arrival_s = start_s + times[place].arrival_s,
                           .departure_s = start_s + times[place].departure_s,
                           .flags = table->pattern_flags[first + place] &
                                    (TQ_PATTERN_NO_PICKUP | TQ_PATTERN_NO_DROPOFF)};
    if (!skip_shut(join, &run))
        feeds->calls.count = run.first_call;
    else if (!tq_vec_push(&feeds->runs, run))
        join->failed = true;
}

static void shut_trip(joiner *join, size_t sorted, uint32_t trip, int32_t day)
{
    const tq_timetable *table = &join->feeds->city->timetable;
    const tq_trip *row = &table->trip[trip];
    if (!tq_service_runs(table, row->service, day)) return;
    if (row->frequency_count == 0) shut_run(join, sorted, trip, day, row->start_s);
    for (uint32_t f = row->first_frequency; f < row->first_frequency + row->frequency_count; f++) {
        const tq_frequency *often = &table->frequency[f];
        for (int64_t at_s = often->from_s;
             often->headway_s != 0 && at_s < often->to_s && !join->failed; at_s += often->headway_s)
            shut_run(join, sorted, trip, day, (int32_t)at_s);
    }
}

/* Every pattern through a closed stop, once. */
static void shut_planned(joiner *join)
{
    live_feeds *feeds = join->feeds;
    const tq_timetable *table = &feeds->city->timetable;
    int32_t today = tq_local_day(&feeds->city->zone, feeds->now_ms, NULL);
    size_t sorted = feeds->runs.count;
    bool *through = TQ_ALLOC(bool, (size_t)table->pattern_count + 1);
    if (through == NULL) {
        join->failed = true;
        return;
    }
    for (size_t k = 0; k < join->shut.count; k++) {
        uint32_t stop = join->shut.at[k].stop;
        for (uint32_t p = table->stop_first_pattern[stop]; p < table->stop_first_pattern[stop + 1];
             p++)
            through[table->stop_pattern[p]] = true;
    }
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++) {
        if (!through[pattern]) continue;
        for (uint32_t trip = table->pattern_first_trip[pattern];
             trip < table->pattern_first_trip[pattern + 1]; trip++)
            for (int32_t day = today - 1; day <= today + FEED_SHUT_DAYS && !join->failed; day++)
                shut_trip(join, sorted, trip, day);
    }
    tq_free(through);
}

static int by_key(const void *a, const void *b)
{
    const tq_live_run *x = a, *y = b;
    int order = compare_key(x, y->trip, y->service_day, y->start_s);
    return order != 0 ? order : (x->first_call > y->first_call) - (x->first_call < y->first_call);
}

tq_status live_feeds_runs(live_feeds *feeds, live_feed_runs *out, tq_err *err)
{
    joiner join = {.feeds = feeds};
    feeds->runs.count = feeds->calls.count = feeds->text.len = 0;
    tq_buf_putc(&feeds->text, '\0');
    join_feeds(&join);
    find_shut(&join);
    if (join.shut.count != 0 && !join.failed) {
        for (size_t k = 0; k < feeds->runs.count; k++)
            (void)skip_shut(&join, &feeds->runs.at[k]);
        shut_planned(&join);
        if (feeds->runs.count != 0)
            qsort(feeds->runs.at, feeds->runs.count, sizeof *feeds->runs.at, by_key);
    }
    tq_vec_free(&join.runs);
    tq_vec_free(&join.shut);
    if (join.failed || feeds->text.failed)
        return tq_fail(err, TQ_LIMIT, 0,
                       "live feeds change more than %u runs or %u calls, or there is no memory for "
                       "them",
                       FEED_RUNS_MAX, FEED_RUN_CALLS_MAX);
    *out = (live_feed_runs){feeds->runs.at,
                            feeds->calls.at,
                            feeds->text.at,
                            (uint32_t)feeds->runs.count,
                            (uint32_t)feeds->calls.count,
                            (uint32_t)feeds->text.len};
    return TQ_OK;
}
