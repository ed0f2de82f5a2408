/*
 * Which streets bus lines run on.
 *
 * The course of a hop is its piece of the pattern's shape, matched to the streets that buses may
 * use, or, where there is no shape, the quickest bus way between the two stops on the network with
 * nothing live at noon of the day on which the index is made. A hop whose stops lie off the
 * streets, or that cannot be matched, has no course and is never detoured. Trams and trains run on
 * tracks of their own and have none either.
 */
#include "journey/detour_in.h"

#define COURSE_WORK ((size_t)64 << 20)
#define TRACE_MOST  400u
#define THIN_M      25u
#define NOON_MS     (12 * INT64_C(3600000))

typedef struct maker {
    const tq_city *city;
    const tq_metric *metric;
    tq_arena work;
    TQ_VEC(uint32_t) arc;
    bool failed;
} maker;

static bool drives(const tq_city *city, uint32_t pattern)
{
    uint8_t mode = city->timetable.route[city->timetable.pattern_route[pattern]].mode;
    return mode == TQ_MODE_BUS || mode == TQ_MODE_COACH;
}

static void add_way(maker *make, size_t first, const tq_way *way)
{
    for (uint32_t k = 0; k < way->arc_count; k++) {
        /* Ways between matched points share the arc that they meet on. */
        bool again = make->arc.count > first && make->arc.at[make->arc.count - 1] == way->arc[k];
        if (!again && !tq_vec_push(&make->arc, way->arc[k])) make->failed = true;
    }
}

/* The hop's piece of the shape as a trace; 0 = no shape. */
static uint32_t trace_of(const tq_city *city, uint32_t place, tq_trace_point *trace)
{
    const tq_timetable *table = &city->timetable;
    uint32_t from = table->pattern_shape_at[place], to = table->pattern_shape_at[place + 1];
    if (from == TQ_NONE || to == TQ_NONE || to <= from) return 0;
    uint32_t count = 0, step = (to - from) / (TRACE_MOST - 2) + 1;
    for (uint32_t at = from; at <= to; at += step) {
        tq_point point = table->shape_point[at];
        bool near = count > 0 && at + step <= to &&
                    tq_distance_dm(trace[count - 1].at, point) < 10 * THIN_M;
        if (!near) trace[count++] = (tq_trace_point){.at = point, .at_s = TQ_NO_TIME};
    }
    tq_point last = table->shape_point[to];
    if (count > 0 && memcmp(&trace[count - 1].at, &last, sizeof last) != 0)
        trace[count++] = (tq_trace_point){.at = last, .at_s = TQ_NO_TIME};
    return count;
}

static bool match_hop(maker *make, uint32_t place)
{
    tq_trace_point trace[TRACE_MOST + 2];
    uint32_t count = trace_of(make->city, place, trace);
    tq_match_wish wish = {.split = false};
    tq_matching found;
    tq_err why = {0};
    if (count < 2) return false;
    tq_arena_reset(&make->work, 0);
    if (tq_road_match(make->city, make->metric, trace, count, &wish, &make->work, &found, &why) !=
            TQ_OK ||
        found.piece_count != 1)
        return false;
    size_t first = make->arc.count;
    for (uint32_t k = 0; k < found.piece[0].way_count; k++)
        add_way(make, first, &found.piece[0].way[k]);
    return make->arc.count > first;
}

static bool route_hop(maker *make, uint32_t from_stop, uint32_t to_stop)
{
    const tq_city *city = make->city;
    tq_snap_wish wish = {.limit = 1, .bearing = -1};
    tq_snap from, to;
    uint32_t found = 0;
    tq_way way;
    tq_err why = {0};
    if (tq_road_snap(city, make->metric, city->timetable.stop[from_stop].at, &wish, &from, &found,
                     &why) != TQ_OK ||
        tq_road_snap(city, make->metric, city->timetable.stop[to_stop].at, &wish, &to, &found,
                     &why) != TQ_OK)
        return false;
    tq_arena_reset(&make->work, 0);
    if (tq_road_way(city, make->metric, &from, &to, &make->work, &way, &why) != TQ_OK) return false;
    add_way(make, make->arc.count, &way);
    return true;
}

static bool invert(const tq_city *city, course_index *index)
{
    uint32_t arcs = 2 * city->streets.edge_count;
    index->arc_first = TQ_ALLOC(uint32_t, (size_t)arcs + 2);
    index->arc_hop = TQ_ALLOC(uint32_t, (size_t)index->arc_count + 1);
    if (index->arc_first == NULL || index->arc_hop == NULL) return false;
    for (uint32_t k = 0; k < index->arc_count; k++)
        index->arc_first[index->arc[k] + 2]++;
    for (uint32_t arc = 2; arc <= arcs; arc++)
        index->arc_first[arc] += index->arc_first[arc - 1];
    for (uint32_t hop = 0; hop < index->hop_count; hop++)
        for (uint32_t k = index->hop_arc[hop]; k < index->hop_arc[hop + 1]; k++)
            index->arc_hop[index->arc_first[index->arc[k] + 1]++] = hop;
    return true;
}

static bool make_hops(maker *make, course_index *out)
{
    const tq_timetable *table = &make->city->timetable;
    uint32_t hop = 0;
    for (uint32_t pattern = 0; pattern < table->pattern_count && !make->failed; pattern++) {
        out->first_hop[pattern] = hop;
        if (!drives(make->city, pattern)) continue;
        for (uint32_t at = table->pattern_first[pattern];
             at + 1 < table->pattern_first[pattern + 1]; at++) {
            out->hop_arc[hop++] = (uint32_t)make->arc.count;
            if (!match_hop(make, at))
                (void)route_hop(make, table->pattern_stop[at], table->pattern_stop[at + 1]);
        }
    }
    out->first_hop[table->pattern_count] = hop;
    out->hop_arc[hop] = (uint32_t)make->arc.count;
    out->hop_count = hop;
    out->arc_count = (uint32_t)make->arc.count;
    out->arc = make->arc.at;
    make->arc.at = NULL;
    return !make->failed;
}

tq_status course_make(const tq_city *city, tq_roads *roads, int64_t now_ms, course_index *out,
                      tq_err *err)
{
    const tq_timetable *table = &city->timetable;
    const tq_vehicle *bus = tq_road_vehicle(city, TQ_PROFILE_BUS);
    maker make = {.city = city};
    void *memory = tq_alloc(COURSE_WORK, 1);
    *out = (course_index){0};
    out->first_hop = TQ_ALLOC(uint32_t, (size_t)table->pattern_count + 1);
    out->hop_arc = TQ_ALLOC(uint32_t, (size_t)table->pattern_stop_count + 1);
    tq_status status = TQ_OK;
    if (memory == NULL || out->first_hop == NULL || out->hop_arc == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the courses of bus lines");
    int64_t noon_ms =
        tq_local_to_ms(&city->zone, tq_local_day(&city->zone, now_ms, NULL), 0) + NOON_MS;
    if (status == TQ_OK)
        status = tq_roads_get(roads, tq_overlay_none(), bus, noon_ms, &make.metric, err);
    if (status == TQ_OK) {
        tq_arena_init(&make.work, memory, COURSE_WORK);
        if (!make_hops(&make, out) || !invert(city, out))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the courses of bus lines");
        tq_roads_put(roads, make.metric);
    }
    tq_vec_free(&make.arc);
    tq_free(memory);
    if (status != TQ_OK) course_free(out);
    return status;
}

void course_free(course_index *index)
{
    tq_free(index->first_hop);
    tq_free(index->hop_arc);
    tq_free(index->arc);
    tq_free(index->arc_first);
    tq_free(index->arc_hop);
    *index = (course_index){0};
}

uint32_t course_pattern(const course_index *index, const tq_city *city, uint32_t hop)
{
    uint32_t low = 0, high = city->timetable.pattern_count;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->first_hop[middle] <= hop)
            low = middle;
        else
            high = middle;
    }
    return low;
}
