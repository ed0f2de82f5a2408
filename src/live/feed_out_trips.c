/*
 * Runs of the overlay -> TripUpdates; detours -> TripModifications and Shapes.
 *
 * A TripUpdate lists every call in order with instants, so that a reader needs neither the numbers
 * of stop_sequence (the city file does not keep them) nor propagation, and a loop can be read in
 * one way only. A run whose calls are not those of its pattern is a REPLACEMENT, an added one is
 * NEW. A detour is told twice: as skipped stops and new times in TripUpdates for those who know
 * only these, and as one TripModifications for each day and way.
 */
#include "live/feed_out_in.h"

#define TRIPS_DAYS   1 /* days ahead that trip updates of detours are told for */
#define DETOURS_DAYS 7

/* ---- trip updates ---- */

static const tq_live_call *calls_of(const feed_out *out, const tq_live_run *run)
{
    return &out->shown->call[run->first_call];
}

static bool has_other_calls(const feed_out *out, const tq_live_run *run)
{
    const tq_timetable *table = &out->city->timetable;
    uint32_t pattern = table->trip[run->trip].pattern;
    if (run->call_count != table->pattern_first[pattern + 1] - table->pattern_first[pattern])
        return true;
    for (uint32_t k = 0; k < run->call_count; k++)
        if (calls_of(out, run)[k].place == TQ_NONE) return true;
    return false;
}

static tq_rt_event *event_of(feed_out *out, int64_t at_s)
{
    tq_rt_event *event = FEED_OUT_PUSH(out, tq_rt_event, 1);
    if (event == NULL) return NULL;
    event->has_time = true;
    event->time = at_s;
    return event;
}

/* The stop as planned; one that is used in its place is «assigned». */
static void put_stop(feed_out *out, const tq_live_call *call, uint32_t planned_stop,
                     unsigned planned_flags, tq_rt_stop_time *to)
{
    const tq_stop *stop = out->city->timetable.stop;
    unsigned changed = (call->flags ^ planned_flags) & (TQ_CALL_NO_PICKUP | TQ_CALL_NO_DROPOFF);
    to->stop_id = tq_str_of(tq_text(out->city, stop[planned_stop].id));
    if (planned_stop == call->stop && changed == 0) return;
    to->properties = FEED_OUT_PUSH(out, tq_rt_stop_properties, 1);
    if (to->properties == NULL) return;
    if (planned_stop != call->stop)
        to->properties->assigned_stop_id = tq_str_of(tq_text(out->city, stop[call->stop].id));
    to->properties->has_pickup_type = (changed & TQ_CALL_NO_PICKUP) != 0;
    to->properties->pickup_type = (call->flags & TQ_CALL_NO_PICKUP) != 0;
    to->properties->has_drop_off_type = (changed & TQ_CALL_NO_DROPOFF) != 0;
    to->properties->drop_off_type = (call->flags & TQ_CALL_NO_DROPOFF) != 0;
}

static void put_calls(feed_out *out, const tq_live_run *run, bool own, tq_rt_trip_update *to)
{
    const tq_timetable *table = &out->city->timetable;
    int64_t day_s = tq_service_day_ms(&out->city->zone, run->service_day) / 1000;
    to->stop_time.at = FEED_OUT_PUSH(out, tq_rt_stop_time, run->call_count);
    if (to->stop_time.at == NULL) return;
    to->stop_time.count = run->call_count;
    for (uint32_t k = 0; k < run->call_count && !out->failed; k++) {
        const tq_live_call *call = &calls_of(out, run)[k];
        tq_rt_stop_time *at = &to->stop_time.at[k];
        uint32_t stop = call->stop, flags = 0;
        if (!own) {
            uint32_t place = table->pattern_first[table->trip[run->trip].pattern] + call->place;
            stop = table->pattern_stop[place];
            flags = table->pattern_flags[place];
        }
        put_stop(out, call, stop, flags, at);
        bool skipped = (call->flags & TQ_CALL_SKIPPED) != 0;
        at->has_schedule_relationship = skipped;
        at->schedule_relationship = skipped ? TQ_RT_STOP_SKIPPED : TQ_RT_STOP_SCHEDULED;
        if (skipped && !own) continue;
        at->arrival = event_of(out, day_s + call->arrival_s);
        at->departure = event_of(out, day_s + call->departure_s);
    }
}

static tq_rt_trip *added_trip(feed_out *out, const tq_live_run *run, uint32_t row)
{
    const tq_timetable *table = &out->city->timetable;
    tq_rt_trip *made = FEED_OUT_PUSH(out, tq_rt_trip, 1);
    if (made == NULL) return NULL;
    const char *id = out->shown->text + run->id;
    made->trip_id = id[0] != '\0' ? tq_str_of(id) : feed_out_text(out, "added-%u", row);
    made->route_id = tq_str_of(tq_text(out->city, table->route[run->route].id));
    if (run->trip != TQ_NONE) {
        made->has_direction_id = true;
        made->direction_id = table->pattern_direction[table->trip[run->trip].pattern];
    }
    made->start_date = feed_out_date(out, run->service_day);
    made->start_time = feed_out_clock(out, run->start_s);
    return made;
}

static void put_run(feed_out *out, uint32_t row)
{
    const tq_live_run *run = &out->shown->run[row];
    tq_rt_trip_update *update = FEED_OUT_PUSH(out, tq_rt_trip_update, 1);
    bool added = run->state == TQ_RUN_ADDED;
    tq_rt_trip *trip = added ? added_trip(out, run, row)
                             : feed_out_trip(out, run->trip, run->service_day, run->start_s);
    if (update == NULL || trip == NULL) return;
    bool own = added || (run->state == TQ_RUN_CHANGED && has_other_calls(out, run));
    trip->has_schedule_relationship = true;
    trip->schedule_relationship = run->state == TQ_RUN_CANCELLED ? TQ_RT_CANCELED
                                  : added                        ? TQ_RT_NEW
                                  : own                          ? TQ_RT_REPLACEMENT
                                                                 : TQ_RT_SCHEDULED;
    update->trip = trip;
    update->has_timestamp = true;
    update->timestamp = (uint64_t)TQ_MAX(out->now_ms / 1000, 0);
    if (run->state != TQ_RUN_CANCELLED) put_calls(out, run, own, update);
    feed_out_entity(out, &(tq_rt_entity){.id = feed_out_text(
                                             out, "run:%.*s:%.200s:%.*s", (int)trip->start_date.len,
                                             trip->start_date.at, trip->trip_id.at,
                                             (int)trip->start_time.len, trip->start_time.at),
                                         .trip_update = update});
}

/* Detours are laid on runs of many days; a feed tells of those of yesterday to `days` ahead. */
static bool is_near(const feed_out *out, const tq_live_run *run, int32_t days)
{
    int32_t today = tq_local_day(&out->city->zone, out->now_ms, NULL);
    return (run->why & TQ_RUN_DETOUR) == 0 ||
           (run->service_day >= today - 1 && run->service_day <= today + days);
}

void feed_out_trips(feed_out *out)
{
    for (uint32_t row = 0; row < out->shown->run_count && !out->failed; row++)
        if (is_near(out, &out->shown->run[row], TRIPS_DAYS)) put_run(out, row);
}

/* ---- detours ---- */

void feed_out_left_out(const feed_out *out, const tq_detour *detour, uint32_t *first,
                       uint32_t *last)
{
    const tq_timetable *table = &out->city->timetable;
    uint32_t places =
        table->pattern_first[detour->pattern + 1] - table->pattern_first[detour->pattern];
    *first = detour->from_place == TQ_NONE ? 0 : detour->from_place + 1;
    uint32_t end = detour->to_place == TQ_NONE ? places : detour->to_place;
    /* Written without going below 0: *last is *first - 1 when nothing is left out. */
    *last = end == 0 ? 0 : end - 1;
    if (end == 0) *first = 1;
}

static uint32_t stop_at(const feed_out *out, uint32_t pattern, uint32_t place)
{
    const tq_timetable *table = &out->city->timetable;
    return table->pattern_stop[table->pattern_first[pattern] + place];
}

static tq_rt_stop_selector *selector_of(feed_out *out, uint32_t pattern, uint32_t place)
{
    const tq_timetable *table = &out->city->timetable;
    tq_rt_stop_selector *made = FEED_OUT_PUSH(out, tq_rt_stop_selector, 1);
    if (made == NULL) return NULL;
    uint32_t stop = stop_at(out, pattern, place), times = 0,
             places = table->pattern_first[pattern + 1] - table->pattern_first[pattern];
    for (uint32_t other = 0; other < places; other++)
        times += stop_at(out, pattern, other) == stop;
    made->stop_id = tq_str_of(tq_text(out->city, table->stop[stop].id));
    /* Numbers are counted from 1 here; only a stop that comes twice needs one. */
    made->has_stop_sequence = times > 1;
    made->stop_sequence = place + 1;
    return made;
}

/* Stops that are served between the ends of the detour, with their time from the stop before. */
static void put_replacements(feed_out *out, const tq_live_run *run, uint32_t first, uint32_t last,
                             tq_rt_modification *to)
{
    const tq_live_call *call = calls_of(out, run);
    uint32_t from = 0, until = run->call_count;
    for (uint32_t k = 0; k < run->call_count; k++) {
        if (call[k].place == TQ_NONE) continue;
        if (call[k].place < first) from = k + 1;
        if (call[k].place > last && until == run->call_count) until = k;
    }
    to->replacement_stop.at = FEED_OUT_PUSH(out, tq_rt_replacement_stop, run->call_count);
    if (to->replacement_stop.at == NULL) return;
    for (uint32_t k = from; k < until; k++) {
        if ((call[k].flags & TQ_CALL_SKIPPED) != 0) continue;
        to->replacement_stop.at[to->replacement_stop.count++] = (tq_rt_replacement_stop){
            .stop_id = tq_str_of(tq_text(out->city, out->city->timetable.stop[call[k].stop].id)),
            .travel_time_to_stop = call[k].arrival_s - call[from > 0 ? from - 1 : 0].arrival_s,
            .has_travel_time_to_stop = true};
    }
}

/* Points of the whole way: the line up to the detour, the detour, the line after it. */
static tq_str line_of(feed_out *out, const tq_detour *detour)
{
    const tq_timetable *table = &out->city->timetable;
    uint32_t first = table->pattern_first[detour->pattern],
             places = table->pattern_first[detour->pattern + 1] - first;
    TQ_VEC(int32_t) points = {0};
    tq_buf text = {0};
    bool ok = true;
    for (unsigned part = 0; part < 3; part++) {
        uint32_t from = part == 0 ? 0 : detour->to_place,
                 to = part == 0 ? detour->from_place : places - 1;
        if (part == 1) {
            for (uint32_t k = 0; ok && k < detour->point_count; k++) {
                tq_point at = out->shown->point[detour->first_point + k];
                ok = tq_vec_push(&points, at.lat_e7) && tq_vec_push(&points, at.lon_e7);
            }
            continue;
        }
        if (from == TQ_NONE || to == TQ_NONE) continue;
        uint32_t a = table->pattern_shape_at != NULL ? table->pattern_shape_at[first + from]
                                                     : TQ_NONE,
                 b = table->pattern_shape_at != NULL ? table->pattern_shape_at[first + to]
                                                     : TQ_NONE;
        bool shaped = a != TQ_NONE && b != TQ_NONE && a <= b;
        for (uint32_t k = shaped ? a : from; ok && k <= (shaped ? b : to); k++) {
            tq_point at =
                shaped ? table->shape_point[k] : table->stop[stop_at(out, detour->pattern, k)].at;
            ok = tq_vec_push(&points, at.lat_e7) && tq_vec_push(&points, at.lon_e7);
        }
    }
    if (ok) tq_polyline_put(&text, points.at, points.count / 2, 5);
    char *copy = FEED_OUT_PUSH(out, char, text.len + 1);
    tq_str line = {copy, text.len};
    if (!ok || text.failed || copy == NULL)
        out->failed = true;
    else if (text.len != 0)
        memcpy(copy, text.at, text.len);
    tq_buf_free(&text);
    tq_vec_free(&points);
    return line;
}

/* Runs of one detour on one day, in the order of the overlay; runs at headways one trip at a time,
 * since start_times are about all trips of a TripModifications. */
typedef struct detour_run {
    uint32_t detour, trip, run; /* trip TQ_NONE = runs once */
    int32_t day;
} detour_run;

static int by_detour(const void *a, const void *b)
{
    const detour_run *x = a, *y = b;
    if (x->detour != y->detour) return x->detour < y->detour ? -1 : 1;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    if (x->trip != y->trip) return x->trip < y->trip ? -1 : 1;
    return x->run < y->run ? -1 : x->run > y->run;
}

static tq_rt_modification *modification_of(feed_out *out, const tq_detour *detour,
                                           const tq_live_run *run)
{
    tq_rt_modification *made = FEED_OUT_PUSH(out, tq_rt_modification, 1);
    uint32_t first, last;
    if (made == NULL) return NULL;
    feed_out_left_out(out, detour, &first, &last);
    made->start_stop_selector = selector_of(out, detour->pattern, first);
    if (first <= last) {
        made->end_stop_selector = selector_of(out, detour->pattern, last);
        put_replacements(out, run, first, last, made);
    }
    made->has_propagated_modification_delay = true;
    made->propagated_modification_delay = detour->added_s;
    if (detour->source_count != 0)
        made->service_alert_id = feed_out_text(
            out, "closure:%s", out->shown->text + out->shown->source[detour->first_source]);
    return made;
}

static void put_detour_day(feed_out *out, const detour_run *group, uint32_t count)
{
    const tq_detour *detour = &out->shown->detour[group->detour];
    const tq_timetable *table = &out->city->timetable;
    tq_rt_trip_modifications *made = FEED_OUT_PUSH(out, tq_rt_trip_modifications, 1);
    tq_rt_selected_trips *selected = FEED_OUT_PUSH(out, tq_rt_selected_trips, 1);
    tq_str *ids = FEED_OUT_PUSH(out, tq_str, count), *date = FEED_OUT_PUSH(out, tq_str, 1),
           *times = FEED_OUT_PUSH(out, tq_str, count);
    if (made == NULL || selected == NULL || ids == NULL || date == NULL || times == NULL) return;
    bool often = group->trip != TQ_NONE;
    for (uint32_t k = 0; k < count; k++) {
        const tq_live_run *run = &out->shown->run[group[k].run];
        ids[k] = tq_str_of(tq_text(out->city, table->trip[run->trip].id));
        if (often) times[k] = feed_out_clock(out, run->start_s);
    }
    *date = feed_out_date(out, group->day);
    selected->trip_ids.at = ids;
    selected->trip_ids.count = often ? 1 : count;
    selected->shape_id = feed_out_text(out, "detour-%u", group->detour);
    made->selected_trips.at = selected;
    made->selected_trips.count = 1;
    made->service_dates.at = date;
    made->service_dates.count = 1;
    made->start_times.at = times;
    made->start_times.count = often ? count : 0;
    made->modification.at = modification_of(out, detour, &out->shown->run[group->run]);
    made->modification.count = made->modification.at != NULL;
    feed_out_entity(out,
                    &(tq_rt_entity){.id = feed_out_text(out, "detour:%u:%.*s:%u", group->detour,
                                                        (int)date->len, date->at, group->run),
                                    .trip_modifications = made});
}

static void put_shape(feed_out *out, uint32_t row)
{
    tq_rt_shape *shape = FEED_OUT_PUSH(out, tq_rt_shape, 1);
    if (shape == NULL) return;
    shape->shape_id = feed_out_text(out, "detour-%u", row);
    shape->encoded_polyline = line_of(out, &out->shown->detour[row]);
    feed_out_entity(
        out, &(tq_rt_entity){.id = feed_out_text(out, "shape:detour-%u", row), .shape = shape});
}

void feed_out_detours(feed_out *out)
{
    const tq_overlay *shown = out->shown;
    TQ_VEC(detour_run) runs = {0};
    for (uint32_t row = 0; row < shown->run_count; row++) {
        const tq_live_run *run = &shown->run[row];
        if (run->detour == TQ_NONE || run->trip == TQ_NONE || run->call_count == 0) continue;
        if (!is_near(out, run, DETOURS_DAYS)) continue;
        bool often = out->city->timetable.trip[run->trip].frequency_count != 0;
        detour_run made = {run->detour, often ? run->trip : TQ_NONE, row, run->service_day};
        if (!tq_vec_push(&runs, made)) out->failed = true;
    }
    if (runs.count != 0) qsort(runs.at, runs.count, sizeof *runs.at, by_detour);
    for (size_t k = 0, end; k < runs.count && !out->failed; k = end) {
        for (end = k + 1;
             end < runs.count && runs.at[end].detour == runs.at[k].detour &&
             runs.at[end].day == runs.at[k].day && runs.at[end].trip == runs.at[k].trip;
             end++)
            ;
        if (k == 0 || runs.at[k - 1].detour != runs.at[k].detour) put_shape(out, runs.at[k].detour);
        put_detour_day(out, &runs.at[k], (uint32_t)(end - k));
    }
    tq_vec_free(&runs);
}
