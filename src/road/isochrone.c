/*
 * Isochrones: what can be reached within some times, as areas and as lengths of street.
 *
 * Method: one sweep gives the time at the tail of every arc; along an arc time runs evenly. Each
 * stretch of street within the largest limit is walked in steps of a quarter of a cell, and its
 * earliest time is written to the corners of the cells that it passes. The rings of each limit are
 * read from that drawing (isochrone_rings.c).
 *
 * Invariants: a street place within a limit lies inside that limit's area; the area ends within
 * about one and a half cells of such a place. Lengths and counts are sums over the streets and do
 * not depend on the drawing. Limits: the constants below.
 */
#include <math.h>

#include "road/isochrone_in.h"
#include "road/road_in.h"

#define CELL_LEAST_M  5u
#define CELL_MOST_M   2000u
#define CELL_FINEST_M 25u                /* of those chosen here */
#define NODES_CHOSEN  ((uint64_t)100000) /* most nodes of a grid chosen here */
#define NODES_MAX     ((uint64_t)4 << 20)
#define MARGIN_CELLS  3
#define STEPS_A_CELL  4.0
#define STRETCHES_MAX 4u
#define LIMIT_MOST_DS 864000 /* a day */

/* A part of an edge in which time runs evenly from its near to its far end. Places are decimetres
 * from edge_from. */
typedef struct stretch {
    uint32_t near_dm, far_dm;
    int32_t near_ds, far_ds;
} stretch;

typedef struct stretches {
    uint32_t count;
    stretch part[STRETCHES_MAX];
} stretches;

typedef struct sweep_reach {
    const tq_city *city;
    const tq_metric *metric;
    const tq_snap *place;
    const tq_isochrone_wish *wish;
    int32_t most_ds;
    int32_t *time;   /* [vertex], of the sweep */
    int32_t *arc_ds; /* [2 * edge_count], least time at the arc's tail */
} sweep_reach;

/* ---- time on the streets --------------------------------------------------------------------- */

/* Time from the head of the place's own arc to the place, all the way round. */
static int32_t round_to(const sweep_reach *reach, uint32_t arc)
{
    const tq_hierarchy *hierarchy = reach->metric->hierarchy;
    uint32_t vertex = hierarchy->vertex_of_arc[arc];
    int32_t best = TQ_ROAD_INF;
    if (vertex == TQ_NONE) return best;
    for (uint32_t link = hierarchy->first_link[vertex]; link < hierarchy->first_link[vertex + 1];
         link++) {
        int32_t ds =
            road_sum(reach->metric->turn_ds[link], reach->time[hierarchy->link_head[link]]);
        best = TQ_MIN(best, ds);
    }
    return best;
}

static void add_stretch(const sweep_reach *reach, stretches *list, stretch one)
{
    if (one.near_ds <= reach->most_ds) list->part[list->count++] = one;
}

/* The stretches of one direction of an edge. */
static void add_arc(const sweep_reach *reach, uint32_t arc, stretches *list)
{
    const tq_snap *place = reach->place;
    uint32_t edge = arc >> 1, length_dm = reach->city->streets.edge_length_dm[edge];
    uint32_t tail = arc & 1 ? length_dm : 0, head = length_dm - tail;
    int32_t arc_ds = reach->metric->arc_ds[arc], tail_ds = reach->arc_ds[arc];
    bool own = edge == place->edge && (place->directions >> (arc & 1) & 1) &&
               reach->metric->hierarchy->vertex_of_arc[arc] != TQ_NONE;
    bool from = reach->wish->sweep == TQ_SWEEP_FROM;
    if (arc_ds >= TQ_ROAD_INF) return;
    if (from) {
        add_stretch(reach, list, (stretch){tail, head, tail_ds, road_sum(tail_ds, arc_ds)});
    } else if (tail_ds < TQ_ROAD_INF) {
        int32_t head_ds = own ? round_to(reach, arc) : tail_ds - arc_ds;
        add_stretch(reach, list, (stretch){head, tail, head_ds, road_sum(head_ds, arc_ds)});
    }
    if (!own) return;
    uint32_t end = from ? head : tail;
    uint32_t part_dm = end > place->along_dm ? end - place->along_dm : place->along_dm - end;
    int32_t part_ds = length_dm == 0 ? arc_ds : road_part_ds(arc_ds, part_dm, length_dm);
    add_stretch(reach, list, (stretch){place->along_dm, end, 0, part_ds});
}

static stretches stretches_of(const sweep_reach *reach, uint32_t edge)
{
    stretches list = {0};
    add_arc(reach, 2 * edge, &list);
    add_arc(reach, 2 * edge + 1, &list);
    return list;
}

static bool sweep_all(sweep_reach *reach, tq_arena *work, tq_status *status, tq_err *err)
{
    const tq_metric *metric = reach->metric;
    const tq_hierarchy *hierarchy = metric->hierarchy;
    reach->arc_ds = TQ_PUSH_RAW(work, int32_t, 2 * (size_t)metric->edge_count);
    reach->time = TQ_PUSH_RAW(work, int32_t, metric->vertex_count);
    *status = TQ_OK;
    if (reach->arc_ds == NULL || reach->time == NULL) return false;
    *status =
        tq_road_all(reach->city, metric, reach->place, reach->wish->sweep, work, reach->time, err);
    if (*status != TQ_OK) return true;
    for (uint32_t arc = 0; arc < 2 * metric->edge_count; arc++) {
        uint32_t vertex = hierarchy->vertex_of_arc[arc];
        reach->arc_ds[arc] = vertex == TQ_NONE ? TQ_ROAD_INF : reach->time[vertex];
    }
    /* One may arrive at a copy of an arc, but not begin there. */
    for (uint32_t k = 0; k < hierarchy->copy_count && reach->wish->sweep == TQ_SWEEP_FROM; k++) {
        uint32_t copy = hierarchy->copy_vertex[k], arc = hierarchy->arc_of_vertex[copy];
        reach->arc_ds[arc] = TQ_MIN(reach->arc_ds[arc], reach->time[copy]);
    }
    return true;
}

/* ---- sums ------------------------------------------------------------------------------------ */

typedef struct range {
    uint32_t from_dm, to_dm;
} range;

/* What of a stretch lies within a limit; false when nothing does. */
static bool within(const stretch *part, int32_t limit_ds, range *out)
{
    if (part->near_ds > limit_ds) return false;
    bool up = part->far_dm >= part->near_dm;
    uint32_t length = up ? part->far_dm - part->near_dm : part->near_dm - part->far_dm;
    if (part->far_ds > limit_ds)
        length = (uint32_t)((uint64_t)length * (uint32_t)(limit_ds - part->near_ds) /
                            (uint32_t)(part->far_ds - part->near_ds));
    *out = up ? (range){part->near_dm, part->near_dm + length}
              : (range){part->near_dm - length, part->near_dm};
    return true;
}

/* Length of the streets of an edge within a limit; false when the limit does not reach it. */
static bool reached_dm(const stretches *list, int32_t limit_ds, uint64_t *sum_dm)
{
    range covered[STRETCHES_MAX];
    uint32_t count = 0;
    for (uint32_t k = 0; k < list->count; k++) {
        range one;
        if (!within(&list->part[k], limit_ds, &one)) continue;
        uint32_t place = count++;
        for (; place > 0 && covered[place - 1].from_dm > one.from_dm; place--)
            covered[place] = covered[place - 1];
        covered[place] = one;
    }
    uint32_t done_dm = 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t from_dm = TQ_MAX(covered[k].from_dm, done_dm);
        if (covered[k].to_dm <= from_dm) continue;
        *sum_dm += covered[k].to_dm - from_dm;
        done_dm = covered[k].to_dm;
    }
    return count > 0;
}

static void add_edge_box(const tq_streets *streets, uint32_t edge, tq_box *box)
{
    tq_box_add(box, streets->node_at[streets->edge_from[edge]]);
    tq_box_add(box, streets->node_at[streets->edge_to[edge]]);
    for (uint32_t k = streets->edge_first_point[edge]; k < streets->edge_first_point[edge + 1]; k++)
        tq_box_add(box, streets->point[k]);
}

/* Sums of all limits, and the box around all reached edges. */
static tq_box sum_up(const sweep_reach *reach, tq_isochrone *out)
{
    tq_box box = TQ_BOX_EMPTY;
    uint64_t dm[TQ_ISOCHRONE_LIMITS_MAX] = {0};
    tq_box_add(&box, reach->place->at);
    for (uint32_t edge = 0; edge < reach->metric->edge_count; edge++) {
        stretches list = stretches_of(reach, edge);
        if (list.count == 0) continue;
        add_edge_box(&reach->city->streets, edge, &box);
        for (uint32_t limit = 0; limit < reach->wish->limit_count; limit++)
            out->reached_edges[limit] +=
                reached_dm(&list, reach->wish->limit_ds[limit], &dm[limit]);
    }
    for (uint32_t limit = 0; limit < reach->wish->limit_count; limit++)
        out->reached_m[limit] = (dm[limit] + 5) / 10;
    return box;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Lay a grid of cells over a box; returns the count of its nodes. */
static uint64_t lay_grid(const tq_box *box, uint32_t cell_m, road_drawing *drawing)
{
    const int32_t step_e7 = 100000;
    tq_point middle = {box->south_e7 / 2 + box->north_e7 / 2, box->west_e7 / 2 + box->east_e7 / 2};
    tq_point north = middle, east = middle;
    north.lat_e7 += middle.lat_e7 > 0 ? -step_e7 : step_e7;
    east.lon_e7 += middle.lon_e7 > 0 ? -step_e7 : step_e7;
    int64_t high = (int64_t)cell_m * 10 * step_e7 / tq_distance_dm(middle, north);
    int64_t wide = (int64_t)cell_m * 10 * step_e7 / TQ_MAX(tq_distance_dm(middle, east), 200);
    int64_t columns = ((int64_t)box->east_e7 - box->west_e7) / wide + 2 * MARGIN_CELLS;
    int64_t rows = ((int64_t)box->north_e7 - box->south_e7) / high + 2 * MARGIN_CELLS;
    *drawing = (road_drawing){.columns = (uint32_t)columns,
                              .rows = (uint32_t)rows,
                              .south_e7 = box->south_e7 - (int32_t)(2 * high),
                              .west_e7 = box->west_e7 - (int32_t)(2 * wide),
                              .high_e7 = (int32_t)high,
                              .wide_e7 = (int32_t)wide};
    return (uint64_t)columns * (uint64_t)rows;
}

static tq_status choose_grid(const tq_box *box, const tq_isochrone_wish *wish,
                             road_drawing *drawing, tq_err *err)
{
    uint32_t cell_m = wish->cell_m == 0 ? CELL_FINEST_M : wish->cell_m;
    while (wish->cell_m == 0 && lay_grid(box, cell_m, drawing) > NODES_CHOSEN)
        cell_m *= 2;
    uint64_t nodes = lay_grid(box, cell_m, drawing);
    if (nodes <= NODES_MAX) return TQ_OK;
    return tq_fail(err, TQ_LIMIT, 0,
                   "an area drawn in cells of %u m has %llu of them, over the limit of %llu; ask "
                   "for larger cells or less time",
                   cell_m, (unsigned long long)nodes, (unsigned long long)NODES_MAX);
}

/* Write a time to the corners of a cell. */
static void mark_cell(const road_drawing *drawing, size_t cell, int32_t ds)
{
    int32_t *low = drawing->least + cell, *high = low + drawing->columns;
    low[0] = TQ_MIN(low[0], ds);
    low[1] = TQ_MIN(low[1], ds);
    high[0] = TQ_MIN(high[0], ds);
    high[1] = TQ_MIN(high[1], ds);
}

/* The earliest time between two places of an edge. */
static int32_t earliest(const stretches *list, double from_dm, double to_dm)
{
    double least = ROAD_NOT_REACHED;
    for (uint32_t k = 0; k < list->count; k++) {
        const stretch *part = &list->part[k];
        double near = part->near_dm, far = part->far_dm;
        /* The place of [from, to] that is closest to the near end, if any is on the stretch. */
        double at = far >= near ? fmax(from_dm, near) : fmin(to_dm, near);
        if (far >= near ? at > fmin(to_dm, far) : at < fmax(from_dm, far)) continue;
        double share = far > near || far < near ? (at - near) / (far - near) : 0;
        least = fmin(least, floor(part->near_ds + share * (part->far_ds - part->near_ds)));
    }
    return (int32_t)least;
}

/* A piece of an edge in cells of the drawing, and where it lies along the edge. */
typedef struct flat_piece {
    double x, y, dx, dy;
    double from_dm, to_dm;
} flat_piece;

static void draw_piece(const sweep_reach *reach, const road_drawing *drawing, const stretches *list,
                       const flat_piece *piece)
{
    uint32_t steps = (uint32_t)ceil(STEPS_A_CELL * fmax(fabs(piece->dx), fabs(piece->dy)));
    steps = TQ_MAX(steps, 1);
    size_t last = (size_t)piece->y * drawing->columns + (size_t)piece->x;
    double last_dm = piece->from_dm;
    for (uint32_t k = 1; k <= steps; k++) {
        double share = (double)k / steps;
        size_t cell = (size_t)(piece->y + share * piece->dy) * drawing->columns +
                      (size_t)(piece->x + share * piece->dx);
        double at_dm = piece->from_dm + share * (piece->to_dm - piece->from_dm);
        int32_t ds = earliest(list, last_dm, at_dm);
        if (ds <= reach->most_ds) {
            mark_cell(drawing, last, ds);
            if (cell != last) mark_cell(drawing, cell, ds);
        }
        last = cell;
        last_dm = at_dm;
    }
}

static double flat_length(const road_drawing *drawing, tq_point a, tq_point b)
{
    double dx = ((double)b.lon_e7 - a.lon_e7) / drawing->wide_e7;
    double dy = ((double)b.lat_e7 - a.lat_e7) / drawing->high_e7;
    return sqrt(dx * dx + dy * dy);
}

static tq_point edge_point(const tq_streets *streets, uint32_t edge, uint32_t k)
{
    return k < streets->edge_first_point[edge + 1] ? streets->point[k]
                                                   : streets->node_at[streets->edge_to[edge]];
}

static void draw_edge(const sweep_reach *reach, const road_drawing *drawing, const stretches *list,
                      uint32_t edge)
{
    const tq_streets *streets = &reach->city->streets;
    uint32_t first = streets->edge_first_point[edge], last = streets->edge_first_point[edge + 1];
    tq_point begin = streets->node_at[streets->edge_from[edge]], a = begin;
    double total = 0, passed = 0, length_dm = streets->edge_length_dm[edge];
    for (uint32_t k = first; k <= last; k++) {
        tq_point b = edge_point(streets, edge, k);
        total += flat_length(drawing, a, b);
        a = b;
    }
    double dm_a_cell = total > 0 ? length_dm / total : 0;
    a = begin;
    for (uint32_t k = first; k <= last; k++) {
        tq_point b = edge_point(streets, edge, k);
        double next = passed + flat_length(drawing, a, b);
        flat_piece one = {.x = ((double)a.lon_e7 - drawing->west_e7) / drawing->wide_e7,
                          .y = ((double)a.lat_e7 - drawing->south_e7) / drawing->high_e7,
                          .dx = ((double)b.lon_e7 - a.lon_e7) / drawing->wide_e7,
                          .dy = ((double)b.lat_e7 - a.lat_e7) / drawing->high_e7,
                          .from_dm = passed * dm_a_cell,
                          .to_dm = k == last ? length_dm : next * dm_a_cell};
        draw_piece(reach, drawing, list, &one);
        passed = next;
        a = b;
    }
}

static void draw_streets(const sweep_reach *reach, const road_drawing *drawing)
{
    size_t nodes = (size_t)drawing->columns * drawing->rows;
    for (size_t node = 0; node < nodes; node++)
        drawing->least[node] = ROAD_NOT_REACHED;
    for (uint32_t edge = 0; edge < reach->metric->edge_count; edge++) {
        stretches list = stretches_of(reach, edge);
        if (list.count > 0) draw_edge(reach, drawing, &list, edge);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static tq_status check_wish(const tq_city *city, const tq_snap *place,
                            const tq_isochrone_wish *wish, tq_err *err)
{
    if (place->edge >= city->streets.edge_count ||
        place->along_dm > city->streets.edge_length_dm[place->edge])
        return tq_fail(err, TQ_BAD_INPUT, 0, "there is no place %u dm along street edge %u",
                       place->along_dm, place->edge);
    if (wish->limit_count == 0 || wish->limit_count > TQ_ISOCHRONE_LIMITS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "an isochrone has 1 to %d time limits, not %u",
                       TQ_ISOCHRONE_LIMITS_MAX, wish->limit_count);
    for (uint32_t k = 0; k < wish->limit_count; k++) {
        int32_t before = k == 0 ? 0 : wish->limit_ds[k - 1];
        if (wish->limit_ds[k] <= before || wish->limit_ds[k] > LIMIT_MOST_DS)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "time limit %u is %d ds: limits ascend from above 0 to %d (a day)",
                           k + 1, wish->limit_ds[k], LIMIT_MOST_DS);
    }
    if (wish->cell_m != 0 && (wish->cell_m < CELL_LEAST_M || wish->cell_m > CELL_MOST_M))
        return tq_fail(err, TQ_BAD_INPUT, 0, "cells of %u m: choose %u to %u m", wish->cell_m,
                       CELL_LEAST_M, CELL_MOST_M);
    return TQ_OK;
}

static tq_status scratch_full(const tq_arena *work, tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0,
                   "the isochrone does not fit the query's scratch of %zu bytes; ask for larger "
                   "cells or less time",
                   work->cap);
}

tq_status tq_road_isochrone(const tq_city *city, const tq_metric *metric, const tq_snap *place,
                            const tq_isochrone_wish *wish, tq_arena *work, tq_isochrone *out,
                            tq_err *err)
{
    TQ_ASSERT(metric->edge_count == city->streets.edge_count);
    TQ_TRY(check_wish(city, place, wish, err));
    sweep_reach reach = {.city = city,
                         .metric = metric,
                         .place = place,
                         .wish = wish,
                         .most_ds = wish->limit_ds[wish->limit_count - 1]};
    tq_status status;
    if (!sweep_all(&reach, work, &status, err)) return scratch_full(work, err);
    TQ_TRY(status);
    tq_isochrone drawn = {0};
    road_drawing drawing;
    tq_box box = sum_up(&reach, &drawn);
    TQ_TRY(choose_grid(&box, wish, &drawing, err));
    drawing.least = TQ_PUSH_RAW(work, int32_t, (size_t)drawing.columns * drawing.rows);
    if (drawing.least == NULL) return scratch_full(work, err);
    draw_streets(&reach, &drawing);
    if (!road_rings(&drawing, wish, work, &drawn)) return scratch_full(work, err);
    *out = drawn;
    return TQ_OK;
}
