/*
 * Random live runs over a small city: delays (of one run, of a whole line), cancellations, added
 * runs, skipped stops, stops without pick-up or drop-off, stops in place of others.
 */
#ifndef TQ_TEST_TRANSIT_LIVE_H
#define TQ_TEST_TRANSIT_LIVE_H

#include "transit_random.h"

#define LIVE_RUNS  256u
#define LIVE_CALLS (LIVE_RUNS * 10u)

/* A live state under construction. */
typedef struct live_book {
    tq_overlay overlay;
    tq_live_run run[LIVE_RUNS];
    tq_live_call call[LIVE_CALLS];
    tq_live_run sorted[LIVE_RUNS];
    uint32_t run_count, call_count;
} live_book;

static inline void live_begin(live_book *book)
{
    book->run_count = book->call_count = 0;
}

static inline void live_call(live_book *book, uint32_t stop, uint32_t place, int32_t arrival_s,
                             int32_t departure_s, uint8_t flags)
{
    TQ_ASSERT(book->call_count < LIVE_CALLS);
    book->call[book->call_count++] = (tq_live_call){.stop = stop,
                                                    .place = place,
                                                    .arrival_s = arrival_s,
                                                    .departure_s = departure_s,
                                                    .flags = flags};
    book->run[book->run_count - 1].call_count++;
}

static inline tq_live_run *live_run(live_book *book, const small_city *s, uint32_t trip,
                                    int32_t service_day, int32_t start_s, tq_run_state state)
{
    TQ_ASSERT(book->run_count < LIVE_RUNS);
    tq_live_run *run = &book->run[book->run_count++];
    *run = (tq_live_run){.trip = trip,
                         .route = trip != TQ_NONE ? s->pattern_route[s->trip[trip].pattern] : 0,
                         .service_day = service_day,
                         .start_s = start_s,
                         .first_call = book->call_count,
                         .detour = TQ_NONE,
                         .state = (uint8_t)state};
    return run;
}

/* Is that run spoken of already? */
static inline bool live_knows(const live_book *book, uint32_t trip, int32_t service_day,
                              int32_t start_s)
{
    for (uint32_t k = 0; k < book->run_count; k++)
        if (book->run[k].state != TQ_RUN_ADDED && book->run[k].trip == trip &&
            book->run[k].service_day == service_day && book->run[k].start_s == start_s)
            return true;
    return false;
}

/* The run so many seconds late from a place on; never backwards in time. */
static inline void live_delay(live_book *book, const small_city *s, uint32_t trip,
                              int32_t service_day, int32_t start_s, uint32_t from_place,
                              int32_t late_s)
{
    uint32_t first = s->pattern_first[s->trip[trip].pattern],
             places = s->pattern_first[s->trip[trip].pattern + 1] - first;
    const tq_stop_time *times = &s->stop_time[s->profile_first[s->trip[trip].profile]];
    int32_t at_s = INT32_MIN;
    live_run(book, s, trip, service_day, start_s, TQ_RUN_CHANGED)->why = TQ_RUN_DELAY;
    for (uint32_t place = 0; place < places; place++) {
        int32_t late = place >= from_place ? late_s : 0;
        int32_t in_s = TQ_MAX(at_s, start_s + times[place].arrival_s + late);
        at_s = TQ_MAX(in_s, start_s + times[place].departure_s + late);
        live_call(book, s->pattern_stop[first + place], place, in_s, at_s, 0);
    }
}

/* One run changed in any way. */
static inline void live_change(live_book *book, const small_city *s, tq_random *random,
                               uint32_t trip, int32_t service_day, int32_t start_s)
{
    uint32_t first = s->pattern_first[s->trip[trip].pattern], stops = 0;
    while (stops < s->city.timetable.stop_count && s->stop[stops].kind == TQ_STOP_KIND_STOP)
        stops++;
    live_delay(book, s, trip, service_day, start_s, pick(random, 3),
               (int32_t)pick(random, 5400) - 900);
    tq_live_run *run = &book->run[book->run_count - 1];
    uint32_t kept = 0;
    int32_t more_s = 0;
    for (uint32_t at = 0; at < run->call_count; at++) {
        tq_live_call call = book->call[run->first_call + at];
        if (pick(random, 4) == 0) more_s += (int32_t)pick(random, 400);
        call.arrival_s += more_s;
        call.departure_s += more_s;
        switch (pick(random, 14)) {
        case 0: call.flags = TQ_CALL_SKIPPED; break;
        case 1: call.flags = TQ_CALL_NO_PICKUP; break;
        case 2: call.flags = TQ_CALL_NO_DROPOFF; break;
        case 3:
            call.stop = pick(random, stops);
            call.place = TQ_NONE;
            break;
        case 4:
            if (kept + 1 < run->call_count - at + kept) continue; /* left out */
            break;
        default: break;
        }
        book->call[run->first_call + kept++] = call;
    }
    (void)first;
    run->call_count = kept;
    book->call_count = run->first_call + kept;
}

static inline void live_add(live_book *book, const small_city *s, tq_random *random)
{
    uint32_t stops = 0, count = 2 + pick(random, 4);
    while (stops < s->city.timetable.stop_count && s->stop[stops].kind == TQ_STOP_KIND_STOP)
        stops++;
    uint32_t trip = pick(random, 2) ? TQ_NONE : pick(random, s->city.timetable.trip_count);
    int32_t at_s = 5 * 3600 + (int32_t)pick(random, 8 * 3600);
    tq_live_run *run =
        live_run(book, s, trip, DAY + (int32_t)pick(random, 3) - 1, at_s, TQ_RUN_ADDED);
    if (trip == TQ_NONE) run->route = pick(random, s->city.timetable.route_count);
    for (uint32_t at = 0; at < count; at++) {
        int32_t in_s = at_s;
        at_s += (int32_t)pick(random, 3) * 30;
        live_call(book, pick(random, stops), TQ_NONE, in_s, at_s,
                  pick(random, 10) == 0 ? TQ_CALL_NO_PICKUP : 0);
        at_s += (int32_t)pick(random, 900);
    }
}

/* A run of the timetable, of any of its days and frequencies; it may not run on that day. */
static inline int32_t any_start(const small_city *s, tq_random *random, uint32_t trip)
{
    const tq_trip *row = &s->trip[trip];
    if (row->frequency_count == 0) return row->start_s;
    const tq_frequency *often = &s->frequency[row->first_frequency];
    uint32_t runs = (uint32_t)(often->to_s - often->from_s) / often->headway_s + 1;
    return often->from_s + (int32_t)(pick(random, runs) * often->headway_s);
}

static inline void live_random(live_book *book, const small_city *s, tq_random *random,
                               uint32_t count)
{
    uint32_t trips = s->city.timetable.trip_count;
    if (pick(random, 3) == 0) { /* a whole line is late */
        uint32_t line = pick(random, s->city.timetable.pattern_count);
        int32_t late_s = (int32_t)pick(random, 1800);
        for (uint32_t trip = 0; trip < trips; trip++)
            if (s->trip[trip].pattern == line && s->trip[trip].frequency_count == 0 &&
                !live_knows(book, trip, DAY, s->trip[trip].start_s))
                live_delay(book, s, trip, DAY, s->trip[trip].start_s, 0, late_s);
    }
    for (; count > 0 && book->run_count + 1 < LIVE_RUNS; count--) {
        uint32_t trip = pick(random, trips);
        int32_t day = DAY + (pick(random, 3) ? 0 : (int32_t)pick(random, 5) - 2);
        int32_t start_s = any_start(s, random, trip);
        uint32_t what = pick(random, 5);
        if (what == 0)
            live_add(book, s, random);
        else if (live_knows(book, trip, day, start_s))
            continue;
        else if (what == 1)
            live_run(book, s, trip, day, start_s, TQ_RUN_CANCELLED);
        else
            live_change(book, s, random, trip, day, start_s);
    }
}

static inline int live_order(const void *a, const void *b)
{
    const tq_live_run *x = (const tq_live_run *)a, *y = (const tq_live_run *)b;
    if (x->service_day != y->service_day) return x->service_day < y->service_day ? -1 : 1;
    if (x->trip != y->trip) return x->trip < y->trip ? -1 : 1;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return x->first_call < y->first_call ? -1 : x->first_call > y->first_call;
}

/* The overlay of the book; held once. */
static inline const tq_overlay *live_end(live_book *book, const small_city *s, uint64_t version)
{
    const tq_overlay *out = NULL;
    tq_err err = {0};
    memcpy(book->sorted, book->run, book->run_count * sizeof *book->run);
    qsort(book->sorted, book->run_count, sizeof *book->sorted, live_order);
    tq_overlay from = {.version = version,
                       .transit_version = version,
                       .run_count = book->run_count,
                       .call_count = book->call_count,
                       .run = book->sorted,
                       .call = book->call};
    if (tq_overlay_new(&s->city, &from, &out, &err) != TQ_OK) fail_msg("overlay: %s", err.text);
    return out;
}

#endif
