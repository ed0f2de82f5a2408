/*
 * The time-expanded graph of a small city's day, and Dijkstra over it: a second oracle for earliest
 * arrivals, by other means than the layers of transit_oracle.h.
 *
 * Every call of every run makes three events: arriving aboard, departing aboard, and standing at
 * the stop at the second of departure. Each exists once a number of boardings. Edges: dwell, ride,
 * wait (to the next departure at the stop), board (one boarding more), and change (alight, walk or
 * follow a rule, stand there at its first departure not before). An event has its own time, so an
 * edge costs the difference. Rides are within [.., last_s].
 */
#ifndef TQ_TEST_TRANSIT_EXPANDED_H
#define TQ_TEST_TRANSIT_EXPANDED_H

#include "transit_oracle.h"

#define EXPANDED_CALLS (ORACLE_RUNS * ORACLE_CALLS)
#define EXPANDED_NODES (EXPANDED_CALLS * 3 * (TQ_BOARDINGS_MAX + 1))

enum expanded_event { EXPANDED_IN, EXPANDED_OUT, EXPANDED_STAND };

typedef struct expanded_call {
    const oracle_call *call;
    uint32_t stop;
    int32_t in_s, out_s;
    uint32_t last; /* of its run */
    uint32_t next; /* departure at the stop, TQ_NONE */
} expanded_call;

typedef struct expanded {
    const oracle *o;
    const tq_transit_query *query;
    int32_t last_s;
    uint32_t call_count;
    expanded_call call[EXPANDED_CALLS];
    uint32_t order[EXPANDED_CALLS], first[SMALL_STOPS + 1]; /* calls by stop and departure */
    uint64_t sort_key[EXPANDED_CALLS];
    uint8_t done[EXPANDED_NODES];
    uint32_t heap_id[EXPANDED_NODES], heap_pos[EXPANDED_NODES];
    int64_t heap_key[EXPANDED_NODES];
    tq_heap heap;
} expanded;

static expanded wide;

static inline void expanded_list_calls(void)
{
    const small_city *s = wide.o->s;
    uint32_t stops = s->city.timetable.stop_count;
    wide.call_count = 0;
    for (uint32_t run = 0; run < wide.o->run_count; run++) {
        const oracle_run *row = &wide.o->run[run];
        if (wide.query->wheelchair && row->no_wheelchair) continue;
        for (uint32_t at = 0; at < row->count; at++) {
            uint32_t own = wide.call_count++;
            TQ_ASSERT(own < EXPANDED_CALLS);
            wide.call[own] = (expanded_call){.call = &row->call[at],
                                             .stop = row->call[at].stop,
                                             .in_s = row->call[at].in_s,
                                             .out_s = row->call[at].out_s,
                                             .last = at + 1 == row->count,
                                             .next = TQ_NONE};
            wide.order[own] = own;
            wide.sort_key[own] =
                (uint64_t)wide.call[own].stop << 32 | (uint32_t)(wide.call[own].out_s + (1 << 30));
        }
    }
    TQ_ASSERT(tq_sort_by_u64(wide.order, wide.call_count, wide.sort_key));
    uint32_t at = 0;
    for (uint32_t stop = 0; stop < stops; stop++) {
        wide.first[stop] = at;
        for (; at < wide.call_count && wide.call[wide.order[at]].stop == stop; at++)
            if (at > wide.first[stop]) wide.call[wide.order[at - 1]].next = wide.order[at];
    }
    wide.first[stops] = at;
}

static inline void expanded_reach(uint32_t k, uint32_t call, enum expanded_event event)
{
    uint32_t node = (k * wide.call_count + call) * 3 + event;
    const expanded_call *row = &wide.call[call];
    if (wide.done[node]) return;
    wide.done[node] = 1;
    tq_heap_lower(&wide.heap, node, event == EXPANDED_IN ? row->in_s : row->out_s);
}

/* Stand at a stop from at_s on: its first departure not before. */
static inline void expanded_stand(uint32_t k, uint32_t stop, int64_t at_s)
{
    uint32_t low = wide.first[stop], high = wide.first[stop + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (wide.call[wide.order[middle]].out_s < at_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < wide.first[stop + 1]) expanded_reach(k, wide.order[low], EXPANDED_STAND);
}

/* Alight: the far end, and every stop that can be changed to. */
static inline void expanded_alight(uint32_t k, const expanded_call *row,
                                   int32_t arrival_s[TQ_BOARDINGS_MAX + 1])
{
    const oracle *o = wide.o;
    if (row->in_s > wide.last_s ||
        !oracle_can(o, wide.query, row->call, row->in_s, TQ_PATTERN_NO_DROPOFF))
        return;
    int32_t takes_s =
        oracle_end_s(o, wide.query, wide.query->to, wide.query->to_count, row->stop, false);
    if (takes_s != ORACLE_NEVER) arrival_s[k] = TQ_MIN(arrival_s[k], row->in_s + takes_s);
    for (uint32_t stop = 0; stop < o->s->city.timetable.stop_count; stop++)
        if (o->change_s[row->stop][stop] != ORACLE_NEVER)
            expanded_stand(k, stop, (int64_t)row->in_s + o->change_s[row->stop][stop]);
}

/* As oracle_forward. oracle_changes must have been called for the query. */
static inline void expanded_forward(const oracle *o, const tq_transit_query *query, int32_t from_s,
                                    int32_t last_s, int32_t arrival_s[TQ_BOARDINGS_MAX + 1])
{
    wide.o = o;
    wide.query = query;
    wide.last_s = last_s;
    expanded_list_calls();
    size_t nodes = (size_t)wide.call_count * 3 * (query->max_boardings + 1);
    memset(wide.done, 0, nodes);
    memset(wide.heap_pos, 0xff, nodes * sizeof *wide.heap_pos);
    wide.heap = (tq_heap){wide.heap_id, wide.heap_pos, wide.heap_key, 0};
    int32_t direct_s = oracle_direct_s(o, query);
    for (uint32_t k = 0; k <= query->max_boardings; k++)
        arrival_s[k] = ORACLE_NEVER;
    if (direct_s != ORACLE_NEVER) arrival_s[0] = from_s + direct_s;
    for (uint32_t stop = 0; stop < o->s->city.timetable.stop_count; stop++) {
        int32_t takes_s = oracle_end_s(o, query, query->from, query->from_count, stop, true);
        if (takes_s != ORACLE_NEVER) expanded_stand(0, stop, (int64_t)from_s + takes_s);
    }
    while (wide.heap.count > 0) {
        int64_t at_s;
        uint32_t node = tq_heap_pop(&wide.heap, &at_s), k = node / 3 / wide.call_count;
        uint32_t at = node / 3 % wide.call_count;
        const expanded_call *row = &wide.call[at];
        switch ((enum expanded_event)(node % 3)) {
        case EXPANDED_IN:
            expanded_alight(k, row, arrival_s);
            expanded_reach(k, at, EXPANDED_OUT);
            break;
        case EXPANDED_OUT:
            if (!row->last) expanded_reach(k, at + 1, EXPANDED_IN);
            break;
        case EXPANDED_STAND:
            if (row->next != TQ_NONE) expanded_reach(k, row->next, EXPANDED_STAND);
            if (k < query->max_boardings && row->out_s <= last_s &&
                oracle_can(o, query, row->call, row->out_s, TQ_PATTERN_NO_PICKUP))
                expanded_reach(k + 1, at, EXPANDED_OUT);
            break;
        }
    }
    for (uint32_t k = 1; k <= query->max_boardings; k++)
        arrival_s[k] = TQ_MIN(arrival_s[k], arrival_s[k - 1]);
}

#endif
