/*
 * One pattern under the closures of one moment: where its runs turn off the closed stretches.
 *
 * A hop is broken when an arc of its course may not be used by buses at the moment. Neighbouring
 * broken hops are one gap: the run leaves the course at the last place before it and comes back at
 * the first place after it, by the quickest way that is allowed. When there is none, the place
 * after is given up too, until one can be reached; when none can, the run ends before the gap. A
 * stop within the gap stays served when the way passes it on its own street; else it is left out.
 *
 * The way takes new - old longer than the course did, both as driven, scaled as the timetable is
 * slower than driving, and never less than nothing. Streets that closures only slow add their own
 * difference.
 */
#include "journey/detour_in.h"

#define SCALE_MOST    3.0
#define STOP_RADIUS_M 40u
#define STOP_SNAPS    4u

typedef struct solver {
    detour_plan *plan;
    const tq_city *city;
    const tq_metric *now, *usual;
    const tq_overlay *live;
    uint32_t pattern, first_stop, places, first_hop;
    int32_t *added; /* [places] */
    uint8_t *skipped;
    bool failed;
    tq_err *err;
} solver;

static const uint32_t *stop_of(const solver *solve, uint32_t place)
{
    return &solve->city->timetable.pattern_stop[solve->first_stop + place];
}

/* Deciseconds of a hop's course in a metric, without turns; TQ_ROAD_INF = broken. */
static int64_t hop_ds(const solver *solve, const tq_metric *metric, uint32_t place)
{
    const course_index *course = &solve->plan->course;
    uint32_t hop = solve->first_hop + place;
    int64_t sum = 0;
    for (uint32_t k = course->hop_arc[hop]; k < course->hop_arc[hop + 1]; k++) {
        int32_t ds = tq_metric_arc_ds(metric, course->arc[k]);
        if (ds >= TQ_ROAD_INF) return TQ_ROAD_INF;
        sum += ds;
    }
    return sum;
}

/* Broken now, but not usually: a street that no bus may ever use says nothing about closures. */
static bool broken(const solver *solve, uint32_t place)
{
    return hop_ds(solve, solve->now, place) >= TQ_ROAD_INF &&
           hop_ds(solve, solve->usual, place) < TQ_ROAD_INF;
}

static bool shut(const solver *solve, uint32_t arc)
{
    return tq_metric_arc_ds(solve->now, arc) >= TQ_ROAD_INF &&
           tq_metric_arc_ds(solve->usual, arc) < TQ_ROAD_INF;
}

/* Does the stop lie on a street that is shut: where the course comes to it or leaves it? */
static bool on_shut_street(const solver *solve, uint32_t place)
{
    const course_index *course = &solve->plan->course;
    uint32_t hop = solve->first_hop + place;
    if (place > 0 && course->hop_arc[hop - 1] < course->hop_arc[hop] &&
        shut(solve, course->arc[course->hop_arc[hop] - 1]))
        return true;
    return place + 1 < solve->places && course->hop_arc[hop] < course->hop_arc[hop + 1] &&
           shut(solve, course->arc[course->hop_arc[hop]]);
}

static tq_status way_between(solver *solve, uint32_t from_place, uint32_t to_place, tq_way *way)
{
    tq_snap_wish wish = {.limit = 1, .bearing = -1};
    tq_snap from, to;
    uint32_t found = 0;
    tq_err why = {0};
    const tq_stop *stop = solve->city->timetable.stop;
    TQ_TRY(tq_road_snap(solve->city, solve->now, stop[*stop_of(solve, from_place)].at, &wish, &from,
                        &found, &why));
    TQ_TRY(tq_road_snap(solve->city, solve->now, stop[*stop_of(solve, to_place)].at, &wish, &to,
                        &found, &why));
    tq_arena_reset(&solve->plan->work, 0);
    return tq_road_way(solve->city, solve->now, &from, &to, &solve->plan->work, way, &why);
}

/* Does the way use a street beside the stop? */
static bool passes(const solver *solve, const tq_way *way, uint32_t place, uint32_t *at)
{
    tq_snap_wish wish = {.limit = STOP_SNAPS, .radius_m = STOP_RADIUS_M, .bearing = -1};
    tq_snap snap[STOP_SNAPS];
    uint32_t found = 0;
    tq_err why = {0};
    if (tq_road_snap(solve->city, solve->now,
                     solve->city->timetable.stop[*stop_of(solve, place)].at, &wish, snap, &found,
                     &why) != TQ_OK)
        return false;
    for (uint32_t k = *at; k < way->arc_count; k++)
        for (uint32_t s = 0; s < found; s++)
            if (snap[s].edge == way->arc[k] >> 1) {
                *at = k;
                return true;
            }
    return false;
}

/* How much slower the timetable is than driving, between two places. */
static double scale_of(const solver *solve, uint32_t from_place, uint32_t to_place,
                       int64_t driven_ds)
{
    const tq_timetable *table = &solve->city->timetable;
    uint32_t trip = table->pattern_first_trip[solve->pattern];
    if (trip == table->pattern_first_trip[solve->pattern + 1] || driven_ds <= 0) return 1;
    const tq_stop_time *times = &table->stop_time[table->profile_first[table->trip[trip].profile]];
    double planned_s = times[to_place].arrival_s - times[from_place].departure_s;
    double scale = planned_s * 10 / (double)driven_ds;
    return scale < 1 ? 1 : scale > SCALE_MOST ? SCALE_MOST : scale;
}

static void keep_line(solver *solve, const tq_way *way, tq_detour *out)
{
    detour_rows *rows = &solve->plan->rows;
    uint32_t points = 0;
    out->first_point = (uint32_t)rows->point.count;
    const int32_t *line = tq_way_line(solve->city, way, &solve->plan->work, &points);
    for (uint32_t k = 0; line != NULL && k < points; k++)
        if (!tq_vec_push(&rows->point, ((tq_point){line[2 * k], line[2 * k + 1]})))
            solve->failed = true;
    out->point_count = (uint32_t)rows->point.count - out->first_point;
}

/* The closures on the broken hops, each once. */
static void keep_sources(solver *solve, uint32_t from_hop, uint32_t to_hop, tq_detour *out)
{
    detour_rows *rows = &solve->plan->rows;
    const course_index *course = &solve->plan->course;
    const tq_overlay *live = solve->live;
    out->first_source = (uint32_t)rows->source.count;
    for (uint32_t k = course->hop_arc[solve->first_hop + from_hop];
         k < course->hop_arc[solve->first_hop + to_hop + 1]; k++) {
        uint32_t from, to;
        tq_overlay_rules(live, course->arc[k], &from, &to);
        for (uint32_t r = from; r < to; r++) {
            bool known = live->rule[r].source == 0 || (live->rule[r].access & TQ_ACCESS_BUS) == 0 ||
                         live->rule[r].effect > TQ_LIVE_LAST_METRES;
            for (size_t s = out->first_source; s < rows->source.count; s++)
                known = known || rows->source.at[s] == live->rule[r].source;
            if (!known && !tq_vec_push(&rows->source, live->rule[r].source)) solve->failed = true;
        }
    }
    out->source_count = (uint32_t)rows->source.count - out->first_source;
}

/* The gap of broken hops first .. last: returns the place where the course goes on, `places` when
 * it does not. *later: seconds that everything after comes later. */
static uint32_t cross_gap(solver *solve, uint32_t first, uint32_t last, int32_t *later)
{
    tq_detour row = {.pattern = solve->pattern, .from_place = first, .to_place = TQ_NONE};
    int64_t driven_ds = 0;
    tq_way way = {0};
    uint32_t back = last + 1;
    while (back < solve->places &&
           (on_shut_street(solve, back) || way_between(solve, first, back, &way) != TQ_OK))
        back++;
    if (on_shut_street(solve, first)) solve->skipped[first] = 1; /* a terminal */
    keep_sources(solve, first, TQ_MIN(TQ_MAX(back, 1u) - 1, solve->places - 2), &row);
    for (uint32_t hop = first; hop < TQ_MIN(back, solve->places - 1); hop++) {
        int64_t ds = hop_ds(solve, solve->usual, hop);
        driven_ds += ds >= TQ_ROAD_INF ? 0 : ds;
    }
    uint32_t at = 0;
    for (uint32_t place = first + 1; place < TQ_MIN(back, solve->places); place++)
        if (back == solve->places || !passes(solve, &way, place, &at)) solve->skipped[place] = 1;
    if (back < solve->places) {
        int64_t turns_ds = 0; /* the course is driven without them */
        for (uint32_t k = 0; k < way.arc_count; k++)
            turns_ds += way.turn_ds[k];
        double more = (double)(way.time_ds - turns_ds - driven_ds) / 10;
        *later = more > 0 ? (int32_t)(more * scale_of(solve, first, back, driven_ds) + 0.5) : 0;
        row.to_place = back;
        row.added_s = *later;
        uint32_t along = solve->city->timetable.pattern_along_m[solve->first_stop + back] -
                         solve->city->timetable.pattern_along_m[solve->first_stop + first];
        row.added_m = (int32_t)(way.length_dm / 10) - (int32_t)along;
        keep_line(solve, &way, &row);
    } else {
        row.to_place = solve->places - 1; /* given up: the run ends at from_place */
        for (uint32_t place = first + 1; place < solve->places; place++)
            solve->skipped[place] = 1;
    }
    if (!tq_vec_push(&solve->plan->rows.detour, row)) solve->failed = true;
    return back;
}

static void walk(solver *solve)
{
    int32_t later = 0;
    int64_t slower_ds = 0;
    for (uint32_t place = 0; place < solve->places;) {
        solve->added[place] = later + (int32_t)(slower_ds / 10);
        if (place + 1 == solve->places) break;
        if (!broken(solve, place)) {
            int64_t now = hop_ds(solve, solve->now, place),
                    usual = hop_ds(solve, solve->usual, place);
            if (now < TQ_ROAD_INF && usual < TQ_ROAD_INF && now > usual) slower_ds += now - usual;
            place++;
            continue;
        }
        uint32_t last = place;
        while (last + 2 < solve->places && broken(solve, last + 1))
            last++;
        int32_t more = 0;
        uint32_t back = cross_gap(solve, place, last, &more);
        /* Stops still served on the way come later in proportion. */
        for (uint32_t between = place + 1; between < TQ_MIN(back, solve->places); between++)
            solve->added[between] =
                solve->added[place] + (int32_t)((int64_t)more * (between - place) / (back - place));
        later += more;
        place = back;
    }
}

tq_status detour_solve(detour_plan *plan, tq_roads *roads, uint32_t pattern, uint64_t state,
                       int64_t at_ms, uint32_t *row, tq_err *err)
{
    const tq_timetable *table = &plan->city->timetable;
    detour_rows *rows = &plan->rows;
    const tq_overlay *live = plan->closures;
    solver solve = {.plan = plan, .city = plan->city, .live = live, .pattern = pattern, .err = err};
    solve.first_stop = table->pattern_first[pattern];
    solve.places = table->pattern_first[pattern + 1] - solve.first_stop;
    solve.first_hop = plan->course.first_hop[pattern];
    solution made = {.pattern = pattern,
                     .state = state,
                     .first_place = (uint32_t)rows->place_added.count,
                     .first_detour = (uint32_t)rows->detour.count};
    if (!tq_vec_room(&rows->place_added, solve.places) ||
        !tq_vec_room(&rows->place_skipped, solve.places))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
    solve.added = rows->place_added.at + rows->place_added.count;
    solve.skipped = rows->place_skipped.at + rows->place_skipped.count;
    memset(solve.added, 0, solve.places * sizeof *solve.added);
    memset(solve.skipped, 0, solve.places);
    rows->place_added.count += solve.places;
    rows->place_skipped.count += solve.places;
    TQ_TRY(tq_roads_get(roads, live, plan->bus, at_ms, &solve.now, err));
    tq_status status = tq_roads_get(roads, tq_overlay_none(), plan->bus, at_ms, &solve.usual, err);
    if (status == TQ_OK) {
        walk(&solve);
        tq_roads_put(roads, solve.usual);
    }
    tq_roads_put(roads, solve.now);
    TQ_TRY(status);
    made.detour_count = (uint32_t)rows->detour.count - made.first_detour;
    made.changes = made.detour_count > 0;
    for (uint32_t place = 0; place < solve.places; place++)
        made.changes = made.changes || solve.added[place] >= DETOUR_LEAST_S;
    *row = (uint32_t)rows->solution.count;
    if (solve.failed || !tq_vec_push(&rows->solution, made))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
    return TQ_OK;
}
