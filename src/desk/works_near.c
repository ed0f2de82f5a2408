/*
 * What lies near a work: hospitals and schools within so many metres of a section, and the bus
 * lines that run along one.
 *
 * A line is affected when its course and a piece of an open section lie within 30 m of each other
 * and point the same way; without a course, when a stop does. Lines on their own track are left
 * out.
 */
#include <stdlib.h>

#include "tongqu/place.h"

#include "desk/works_in.h"

#define ALONG_DM    300u /* between the course and the street */
#define HEADING_DEG 35u
#define STOP_DEG    50u /* from stop to stop is a rougher heading */

/* ---- pieces of a section -----------------------------------------------------------------------
 */

typedef struct piece {
    tq_point a, b; /* in direction of travel */
    uint32_t section;
} piece;

typedef struct pieces {
    TQ_VEC(piece) row;
    tq_box box;
    bool failed;
} pieces;

static void add_piece(pieces *all, tq_point a, tq_point b, bool against, uint32_t section)
{
    piece one = {against ? b : a, against ? a : b, section};
    tq_box_add(&all->box, a);
    tq_box_add(&all->box, b);
    if (!tq_vec_push(&all->row, one)) all->failed = true;
}

static void cut(const works_plan *plan, bool open_only, pieces *all)
{
    const tq_streets *streets = &plan->city->streets;
    all->box = TQ_BOX_EMPTY;
    for (uint32_t s = 0; s < plan->section_count; s++) {
        const tq_stretch *stretch = &plan->section[s].found;
        if (open_only && plan->section[s].trenchless) continue;
        for (uint32_t k = 0; k < stretch->arc_count; k++) {
            uint32_t edge = stretch->arc[k] >> 1;
            bool against = stretch->arc[k] & 1;
            tq_point before = streets->node_at[streets->edge_from[edge]];
            for (uint32_t p = streets->edge_first_point[edge];
                 p < streets->edge_first_point[edge + 1]; p++) {
                add_piece(all, before, streets->point[p], against, s);
                before = streets->point[p];
            }
            add_piece(all, before, streets->node_at[streets->edge_to[edge]], against, s);
        }
    }
}

/* ---- hospitals and schools ---------------------------------------------------------------------
 */

/* 'h', 's' or 0. */
static char kind_of(const tq_city *city, const tq_place_row *row)
{
    static const char *const schools[] = {"school", "kindergarten", "university", "college"};
    if (row->kind == TQ_PLACE_GATE && row->parent != TQ_NONE)
        row = &city->places.row[row->parent];
    else if (row->kind != TQ_PLACE_POI)
        return 0;
    const char *category = tq_text(city, row->category);
    if (strstr(category, "hospital") != NULL) return 'h';
    for (uint32_t k = 0; k < TQ_COUNT(schools); k++)
        if (strstr(category, schools[k]) != NULL) return 's';
    return 0;
}

static int nearest_first(const void *left, const void *right)
{
    const works_facility *a = left, *b = right;
    if (a->distance_m != b->distance_m) return a->distance_m < b->distance_m ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

uint32_t works_facilities(const works_plan *plan, uint32_t near_m,
                          works_facility out[WORKS_FACILITIES_MAX])
{
    const tq_city *city = plan->city;
    uint32_t count = 0;
    pieces all = {0};
    cut(plan, false, &all);
    tq_box box = tq_box_grow(all.box, near_m);
    for (uint32_t place = 0; place < city->places.count && count < WORKS_FACILITIES_MAX; place++) {
        const tq_place_row *row = &city->places.row[place];
        char kind = kind_of(city, row);
        if (kind == 0 || !tq_box_has(&box, row->at) ||
            !tq_open_at(&city->dates, row->date, plan->from_ms))
            continue;
        uint32_t least = UINT32_MAX, section = 0;
        for (size_t k = 0; k < all.row.count; k++) {
            tq_foot foot = tq_project(row->at, all.row.at[k].a, all.row.at[k].b);
            if (foot.distance_dm >= least) continue;
            least = foot.distance_dm;
            section = all.row.at[k].section;
        }
        if (least <= near_m * 10)
            out[count++] = (works_facility){place, section, least / 10, kind == 'h'};
    }
    tq_vec_free(&all.row);
    qsort(out, count, sizeof out[0], nearest_first);
    return count;
}

/* ---- bus lines ---------------------------------------------------------------------------------
 */

static uint32_t turned(tq_point a, tq_point b, tq_point c, tq_point d)
{
    uint32_t apart = (tq_bearing_deg(a, b) + 360 - tq_bearing_deg(c, d)) % 360;
    return apart > 180 ? 360 - apart : apart;
}

/* Does the course from p to q run along a piece? Whichever is the shorter one is laid on the other
 * by its middle. */
static bool runs_along(const pieces *all, const tq_box *box, tq_point p, tq_point q)
{
    tq_box own = TQ_BOX_EMPTY;
    tq_box_add(&own, p);
    tq_box_add(&own, q);
    if (own.south_e7 > box->north_e7 || own.north_e7 < box->south_e7 ||
        own.west_e7 > box->east_e7 || own.east_e7 < box->west_e7)
        return false;
    uint32_t course_dm = tq_distance_dm(p, q);
    if (course_dm == 0) return false;
    for (size_t k = 0; k < all->row.count; k++) {
        const piece *one = &all->row.at[k];
        uint32_t length_dm = tq_distance_dm(one->a, one->b);
        if (length_dm == 0 || turned(p, q, one->a, one->b) > HEADING_DEG) continue;
        tq_foot foot = course_dm < length_dm
                           ? tq_project(tq_between(p, q, course_dm / 2, course_dm), one->a, one->b)
                           : tq_project(tq_between(one->a, one->b, length_dm / 2, length_dm), p, q);
        if (foot.distance_dm <= ALONG_DM) return true;
    }
    return false;
}

/* A stop on a course that goes from a to b there. */
static bool stop_along(const pieces *all, tq_point at, tq_point a, tq_point b)
{
    for (size_t k = 0; k < all->row.count; k++) {
        const piece *one = &all->row.at[k];
        if (tq_project(at, one->a, one->b).distance_dm <= ALONG_DM &&
            turned(a, b, one->a, one->b) <= STOP_DEG)
            return true;
    }
    return false;
}

static bool pattern_runs_along(const tq_timetable *table, uint32_t pattern, const pieces *all,
                               const tq_box *box)
{
    uint32_t first = table->pattern_first[pattern], end = table->pattern_first[pattern + 1];
    for (uint32_t k = first; k + 1 < end; k++) {
        uint32_t from = table->pattern_shape_at[k], to = table->pattern_shape_at[k + 1];
        if (from != TQ_NONE && to != TQ_NONE && from < to) {
            for (uint32_t p = from; p < to; p++)
                if (runs_along(all, box, table->shape_point[p], table->shape_point[p + 1]))
                    return true;
            continue;
        }
        tq_point at = table->stop[table->pattern_stop[k]].at,
                 next = table->stop[table->pattern_stop[k + 1]].at;
        if ((tq_box_has(box, at) && stop_along(all, at, at, next)) ||
            (tq_box_has(box, next) && stop_along(all, next, at, next)))
            return true;
    }
    return false;
}

static works_line *line_of(works_line *list, uint32_t *count, uint32_t route)
{
    for (uint32_t k = 0; k < *count; k++)
        if (list[k].route == route) return &list[k];
    if (*count == WORKS_LINES_MAX) return NULL;
    list[*count] = (works_line){.route = route};
    return &list[(*count)++];
}

static bool is_ours(const works_plan *plan, const tq_overlay *shown, const tq_detour *detour)
{
    const json_t *list = json_object_get(plan->record, "closures");
    for (uint32_t s = 0; s < detour->source_count; s++) {
        const char *id = shown->text + shown->source[detour->first_source + s];
        for (size_t k = 0; k < json_array_size(list); k++)
            if (strcmp(desk_get_text(json_array_get(list, k), "id"), id) == 0) return true;
    }
    return false;
}

uint32_t works_lines(const works_plan *plan, const tq_overlay *shown,
                     works_line out[WORKS_LINES_MAX])
{
    const tq_timetable *table = &plan->city->timetable;
    uint32_t count = 0;
    pieces all = {0};
    cut(plan, true, &all);
    tq_box box = tq_box_grow(all.box, ALONG_DM / 10);
    for (uint32_t pattern = 0; all.row.count > 0 && pattern < table->pattern_count; pattern++) {
        uint32_t route = table->pattern_route[pattern];
        uint8_t mode = table->route[route].mode;
        if (mode != TQ_MODE_BUS && mode != TQ_MODE_COACH && mode != TQ_MODE_OTHER) continue;
        works_line *line =
            pattern_runs_along(table, pattern, &all, &box) ? line_of(out, &count, route) : NULL;
        if (line != NULL) line->patterns++;
    }
    for (uint32_t k = 0; shown != NULL && k < shown->detour_count; k++) {
        const tq_detour *detour = &shown->detour[k];
        if (!is_ours(plan, shown, detour)) continue;
        works_line *line = line_of(out, &count, table->pattern_route[detour->pattern]);
        if (line == NULL) continue;
        line->detour = true;
        line->added_s = TQ_MAX(line->added_s, detour->added_s);
    }
    tq_vec_free(&all.row);
    return count;
}
