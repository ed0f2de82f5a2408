/*
 * A tq_city made by hand for tests: stops, lines, trips, transfers, dates and a walking graph, in
 * fixed arrays.
 *
 *   small_city *s = small_begin(&small);        one service «always» on SMALL_DAYS days, meta with
 * change_s 0 small_stop(s, ...); small_line(s, ...); small_trip(s, ...); small_walk_arc(s, ...);
 *   small_end(s);                               sorts trips, fills the lists; s->city is ready
 *
 * Walking: street nodes [0, node_count) all belong to the core, but nodes made by small_leaf hang
 * on one core node by an upward arc.
 */
#ifndef TQ_TEST_SMALL_CITY_H
#define TQ_TEST_SMALL_CITY_H

#include <stdlib.h>

#include "city/city.h"

#define SMALL_STOPS    64u
#define SMALL_LINES    32u
#define SMALL_PLACES   512u
#define SMALL_TRIPS    512u
#define SMALL_TIMES    4096u
#define SMALL_NODES    64u
#define SMALL_ARCS     1024u
#define SMALL_SERVICES 8u
#define SMALL_DAYS     5u
#define SMALL_BASE_DAY 20000

typedef struct small_city {
    tq_city city;
    tq_meta meta;
    tq_date_row date[16];
    int64_t zone_from_s[4];
    int32_t zone_offset_s[4];
    tq_stop stop[SMALL_STOPS];
    uint32_t child_first[SMALL_STOPS + 1], child[SMALL_STOPS];
    tq_route route[SMALL_LINES];
    uint32_t pattern_route[SMALL_LINES], pattern_first[SMALL_LINES + 1],
        pattern_direction[SMALL_LINES];
    uint32_t pattern_first_trip[SMALL_LINES + 1];
    uint32_t pattern_stop[SMALL_PLACES], pattern_along_m[SMALL_PLACES];
    uint8_t pattern_flags[SMALL_PLACES];
    uint32_t profile_first[SMALL_TRIPS + 1];
    tq_stop_time stop_time[SMALL_TIMES];
    tq_trip trip[SMALL_TRIPS];
    tq_frequency frequency[SMALL_TRIPS];
    tq_transfer transfer[SMALL_TRIPS];
    uint64_t service_days[SMALL_SERVICES];
    uint32_t service_id[SMALL_SERVICES];
    tq_tariff tariff[8];
    tq_tariff_step step[32];
    /* walking */
    uint32_t core_count, leaf_count, arc_count;
    uint32_t vertex_of_node[SMALL_NODES];
    uint32_t arc_from[SMALL_ARCS], arc_to[SMALL_ARCS], arc_dm[SMALL_ARCS];
    uint32_t leaf_head[SMALL_NODES], leaf_dm[SMALL_NODES];
    uint32_t first_core[SMALL_NODES + 1], core_head[2 * SMALL_ARCS], core_dm[2 * SMALL_ARCS];
    uint32_t first_up[SMALL_NODES + 1], up_head[SMALL_NODES], up_dm[SMALL_NODES];
} small_city;

static inline small_city *small_begin(small_city *s)
{
    memset(s, 0, sizeof *s);
    s->date[0] = (tq_date_row){.from_ms = INT64_MIN, .to_ms = INT64_MAX, .life = TQ_OPEN};
    s->city.dates.count = 1;
    s->zone_from_s[0] = INT64_MIN;
    s->city.zone.count = 1;
    s->city.timetable.service_count = 1;
    s->service_days[0] = (UINT64_C(1) << SMALL_DAYS) - 1;
    s->city.timetable.base_day = SMALL_BASE_DAY;
    s->city.timetable.day_count = SMALL_DAYS;
    s->city.timetable.day_words = 1;
    return s;
}

static inline uint32_t small_date(small_city *s, tq_life life, int64_t from_ms, int64_t to_ms)
{
    TQ_ASSERT(s->city.dates.count < TQ_COUNT(s->date));
    s->date[s->city.dates.count] = (tq_date_row){.from_ms = from_ms, .to_ms = to_ms, .life = life};
    return s->city.dates.count++;
}

static inline uint32_t small_stop(small_city *s, int32_t lat_e7, int32_t lon_e7, uint32_t parent,
                                  uint32_t node, uint32_t link_dm)
{
    uint32_t stop = s->city.timetable.stop_count++;
    TQ_ASSERT(stop < SMALL_STOPS);
    s->stop[stop] =
        (tq_stop){.at = {lat_e7, lon_e7}, .parent = parent, .node = node, .link_dm = link_dm};
    return stop;
}

/* A route with one pattern; flags may be NULL. Metres along are 1000 a place. */
static inline uint32_t small_line(small_city *s, const uint32_t *stop, const uint8_t *flags,
                                  uint32_t count)
{
    tq_timetable *table = &s->city.timetable;
    uint32_t line = table->pattern_count++;
    TQ_ASSERT(line < SMALL_LINES && table->pattern_stop_count + count <= SMALL_PLACES);
    s->route[line] = (tq_route){.tariff = TQ_NONE};
    table->route_count = line + 1;
    s->pattern_route[line] = line;
    for (uint32_t place = 0; place < count; place++) {
        uint32_t at = table->pattern_stop_count++;
        s->pattern_stop[at] = stop[place];
        s->pattern_flags[at] = flags != NULL ? flags[place] : 0;
        s->pattern_along_m[at] = place * 1000;
    }
    s->pattern_first[line + 1] = table->pattern_stop_count;
    return line;
}

/* Times are seconds after start_s: arrival, departure, arrival, ... one pair a place. */
static inline uint32_t small_trip(small_city *s, uint32_t line, int32_t start_s,
                                  const tq_stop_time *times)
{
    tq_timetable *table = &s->city.timetable;
    uint32_t trip = table->trip_count++,
             places = s->pattern_first[line + 1] - s->pattern_first[line];
    TQ_ASSERT(trip < SMALL_TRIPS && table->stop_time_count + places <= SMALL_TIMES);
    s->trip[trip] = (tq_trip){.pattern = line, .profile = trip, .start_s = start_s};
    memcpy(&s->stop_time[table->stop_time_count], times, places * sizeof *times);
    table->stop_time_count += places;
    s->profile_first[++table->profile_count] = table->stop_time_count;
    return trip;
}

static inline void small_transfer(small_city *s, uint32_t from, uint32_t to, uint32_t type,
                                  uint32_t min_s)
{
    TQ_ASSERT(s->city.timetable.transfer_count < SMALL_TRIPS);
    s->transfer[s->city.timetable.transfer_count++] = (tq_transfer){.from_stop = from,
                                                                    .to_stop = to,
                                                                    .type = type,
                                                                    .min_s = min_s,
                                                                    .from_route = TQ_NONE,
                                                                    .to_route = TQ_NONE,
                                                                    .from_trip = TQ_NONE,
                                                                    .to_trip = TQ_NONE};
}

static inline void small_walk_arc(small_city *s, uint32_t a, uint32_t b, uint32_t dm)
{
    TQ_ASSERT(s->arc_count < SMALL_ARCS && a < s->core_count && b < s->core_count);
    s->arc_from[s->arc_count] = a;
    s->arc_to[s->arc_count] = b;
    s->arc_dm[s->arc_count++] = dm;
}

/* A street node beside a core node; returns the node. Core nodes come first: set s->core_count
 * before. */
static inline uint32_t small_leaf(small_city *s, uint32_t head, uint32_t dm)
{
    s->leaf_head[s->leaf_count] = head;
    s->leaf_dm[s->leaf_count] = dm;
    return s->core_count + s->leaf_count++;
}

static inline int small_trip_order(const void *a, const void *b)
{
    const tq_trip *x = (const tq_trip *)a, *y = (const tq_trip *)b;
    if (x->pattern != y->pattern) return x->pattern < y->pattern ? -1 : 1;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return x->profile < y->profile ? -1 : 1;
}

static inline void small_end_walk(small_city *s)
{
    uint32_t nodes = s->core_count + s->leaf_count;
    TQ_ASSERT(nodes <= SMALL_NODES);
    s->city.streets.node_count = nodes;
    for (uint32_t node = 0; node < nodes; node++)
        s->vertex_of_node[node] = node;
    uint32_t count = 0;
    for (uint32_t node = 0; node < s->core_count; node++) {
        s->first_core[node] = count;
        for (uint32_t arc = 0; arc < s->arc_count; arc++) {
            if (s->arc_from[arc] != node && s->arc_to[arc] != node) continue;
            s->core_head[count] = s->arc_from[arc] == node ? s->arc_to[arc] : s->arc_from[arc];
            s->core_dm[count++] = s->arc_dm[arc];
        }
    }
    s->first_core[s->core_count] = count;
    for (uint32_t leaf = 0; leaf < s->leaf_count; leaf++) {
        s->up_head[leaf] = s->leaf_head[leaf];
        s->up_dm[leaf] = s->leaf_dm[leaf];
        s->first_up[leaf + 1] = leaf + 1;
    }
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        s->city.walk[kind] = (tq_walk){.vertex_count = nodes,
                                       .core_count = s->core_count,
                                       .core_arc_count = count,
                                       .up_arc_count = s->leaf_count,
                                       .vertex_of_node = s->vertex_of_node,
                                       .first_core = s->first_core,
                                       .core_head = s->core_head,
                                       .core_dm = s->core_dm,
                                       .first_up = s->first_up,
                                       .up_head = s->up_head,
                                       .up_dm = s->up_dm};
}

static inline void small_end(small_city *s)
{
    tq_city *city = &s->city;
    tq_timetable *table = &city->timetable;
    qsort(s->trip, table->trip_count, sizeof *s->trip, small_trip_order);
    for (uint32_t trip = 0; trip < table->trip_count; trip++)
        s->pattern_first_trip[s->trip[trip].pattern + 1]++;
    for (uint32_t line = 0; line < table->pattern_count; line++)
        s->pattern_first_trip[line + 1] += s->pattern_first_trip[line];
    for (uint32_t stop = 0; stop < table->stop_count; stop++) {
        s->child_first[stop] = table->child_count;
        for (uint32_t other = 0; other < table->stop_count; other++)
            if (s->stop[other].parent == stop) s->child[table->child_count++] = other;
    }
    s->child_first[table->stop_count] = table->child_count;
    city->meta = &s->meta;
    city->meta_count = 1;
    city->dates.row = s->date;
    city->zone.from_s = s->zone_from_s;
    city->zone.offset_s = s->zone_offset_s;
    table->stop = s->stop;
    table->route = s->route;
    table->pattern_route = s->pattern_route;
    table->pattern_first = s->pattern_first;
    table->pattern_stop = s->pattern_stop;
    table->pattern_flags = s->pattern_flags;
    table->pattern_along_m = s->pattern_along_m;
    table->pattern_direction = s->pattern_direction;
    table->profile_first = s->profile_first;
    table->stop_time = s->stop_time;
    table->trip = s->trip;
    table->pattern_first_trip = s->pattern_first_trip;
    table->frequency = s->frequency;
    table->transfer = s->transfer;
    table->service_days = s->service_days;
    table->service_id = s->service_id;
    table->child_first = s->child_first;
    table->child = s->child;
    city->fares.tariff = s->tariff;
    city->fares.step = s->step;
    small_end_walk(s);
}

#endif
