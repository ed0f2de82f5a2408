/*
 * Places on streets: the nearest edges that a metric's vehicle may use.
 *
 * Method: boxes of growing size over the city's grid; every usable edge that touches a box is
 * projected on a flat map around the point, and the winning piece again on the sphere. A box is
 * enough when the places asked for lie within its half width.
 *
 * Invariants: ordered by distance in decimetres, then by edge; nothing farther than the radius.
 */
#include <math.h>

#include "road/road_in.h"

static const uint32_t box_m[] = {40, 120, 300, 800, 2000};

/* From so many places on, the small boxes are left out when the radius is no wider than this. */
#define MANY_PLACES 4u
#define NEAR_M      130u

typedef struct nearest {
    tq_snap *snap; /* [limit], ordered */
    uint32_t count, limit;
} nearest;

static bool before(const tq_snap *a, const tq_snap *b)
{
    return a->distance_dm != b->distance_dm ? a->distance_dm < b->distance_dm : a->edge < b->edge;
}

static bool holds(const nearest *list, uint32_t edge)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (list->snap[k].edge == edge) return true;
    return false;
}

static void offer(nearest *list, const tq_snap *snap)
{
    uint32_t place = list->count;
    while (place > 0 && before(snap, &list->snap[place - 1]))
        place--;
    if (place == list->limit) return;
    uint32_t moved = TQ_MIN(list->count, list->limit - 1) - place;
    memmove(list->snap + place + 1, list->snap + place, moved * sizeof *list->snap);
    list->snap[place] = *snap;
    list->count = TQ_MIN(list->count + 1, list->limit);
}

/* A flat map around the point: decimetres a 1e-7 degree. */
typedef struct flat_map {
    tq_point point;
    double lat_dm, lon_dm;
} flat_map;

static flat_map flat_map_at(tq_point point)
{
    const int32_t step_e7 = 100000;
    tq_point north = point, east = point;
    north.lat_e7 += point.lat_e7 > 0 ? -step_e7 : step_e7;
    east.lon_e7 += point.lon_e7 > 0 ? -step_e7 : step_e7;
    return (flat_map){point, (double)tq_distance_dm(point, north) / step_e7,
                      (double)tq_distance_dm(point, east) / step_e7};
}

typedef struct flat_foot {
    double distance2, share, length2; /* dm^2, 0 .. 1 of the piece, dm^2 */
} flat_foot;

/* Where the point falls on the piece a-b of the flat map. */
static flat_foot flat_project(const flat_map *map, tq_point a, tq_point b)
{
    double ax = ((double)a.lon_e7 - map->point.lon_e7) * map->lon_dm;
    double ay = ((double)a.lat_e7 - map->point.lat_e7) * map->lat_dm;
    double bx = ((double)b.lon_e7 - map->point.lon_e7) * map->lon_dm;
    double by = ((double)b.lat_e7 - map->point.lat_e7) * map->lat_dm;
    double dx = bx - ax, dy = by - ay, length2 = dx * dx + dy * dy, along = -(ax * dx + ay * dy);
    double share = 0;
    if (along > 0 && length2 > 0) {
        share = along >= length2 ? 1 : along / length2;
        ax += share * dx;
        ay += share * dy;
    }
    return (flat_foot){ax * ax + ay * ay, share, length2};
}

/* Can the edge be within `limit2` (dm squared) of the point? */
static bool may_be_near(const tq_streets *streets, uint32_t edge, const flat_map *map,
                        double limit2)
{
    tq_point a = streets->node_at[streets->edge_from[edge]];
    for (uint32_t k = streets->edge_first_point[edge]; k < streets->edge_first_point[edge + 1];
         k++) {
        tq_point b = streets->point[k];
        if (flat_project(map, a, b).distance2 <= limit2) return true;
        a = b;
    }
    return flat_project(map, a, streets->node_at[streets->edge_to[edge]]).distance2 <= limit2;
}

/* The closest place on an edge, and the piece it lies on. */
static tq_snap project(const tq_streets *streets, uint32_t edge, const flat_map *map,
                       tq_point piece[2])
{
    uint32_t first = streets->edge_first_point[edge], last = streets->edge_first_point[edge + 1];
    tq_point a = streets->node_at[streets->edge_from[edge]];
    double total = 0, before_piece = 0, best2 = HUGE_VAL;
    flat_foot best = {0};
    piece[0] = piece[1] = a;
    for (uint32_t k = first; k <= last; k++) {
        tq_point b = k < last ? streets->point[k] : streets->node_at[streets->edge_to[edge]];
        flat_foot foot = flat_project(map, a, b);
        if (foot.distance2 < best2) {
            best2 = foot.distance2;
            best = foot;
            before_piece = total;
            piece[0] = a;
            piece[1] = b;
        }
        total += sqrt(foot.length2);
        a = b;
    }
    tq_foot foot = tq_project(map->point, piece[0], piece[1]);
    double share = total > 0 ? (before_piece + best.share * sqrt(best.length2)) / total : 0;
    uint32_t length_dm = streets->edge_length_dm[edge];
    long along = lround(share * length_dm);
    return (tq_snap){.edge = edge,
                     .along_dm = TQ_MIN((uint32_t)TQ_MAX(along, 0), length_dm),
                     .distance_dm = foot.distance_dm,
                     .at = foot.at,
                     .directions = 3};
}

/* The directions (bit 0 along, bit 1 against) in which a piece runs as the bearing asks; all of
 * them for a piece without length. */
static uint32_t by_bearing(const tq_snap_wish *wish, const tq_point piece[2])
{
    if (wish->bearing < 0 ||
        (piece[0].lat_e7 == piece[1].lat_e7 && piece[0].lon_e7 == piece[1].lon_e7))
        return 3;
    int32_t runs = (int32_t)tq_bearing_deg(piece[0], piece[1]);
    int32_t off = (runs - wish->bearing % 360 + 720) % 360;
    int32_t along = TQ_MIN(off, 360 - off);
    return (along <= wish->range) | (uint32_t)(180 - along <= wish->range) << 1;
}

/* Directions that may be used at all, before the bearing is asked. */
static uint32_t usable_directions(const tq_metric *metric, const tq_snap_wish *wish, uint32_t edge)
{
    uint32_t directions = road_open_directions(metric, edge);
    if (wish->main_only && metric->in_main != NULL) directions &= metric->in_main[edge];
    return directions;
}

typedef struct asker {
    const tq_streets *streets;
    const tq_metric *metric;
    const tq_snap_wish *wish;
    flat_map map;
    uint32_t reach_dm;
} asker;

/* Flat distances are off by less than 2 % at 5 km in all latitudes where streets are. */
static double flat_limit2(uint32_t within_dm)
{
    double limit = within_dm * 1.05 + 10;
    return limit * limit;
}

/* Offer all wanted edges of a cell that can be nearer than what the list holds. */
static void look_at_cell(const asker *asks, size_t cell, nearest *list)
{
    const tq_streets *streets = asks->streets;
    double limit2 = flat_limit2(asks->reach_dm);
    for (uint32_t k = streets->grid.first[cell]; k < streets->grid.first[cell + 1]; k++) {
        uint32_t edge = streets->grid.item[k];
        uint32_t usable = usable_directions(asks->metric, asks->wish, edge);
        if (usable == 0 || !may_be_near(streets, edge, &asks->map, limit2)) continue;
        if (holds(list, edge)) continue; /* seen in another cell */
        tq_point piece[2];
        tq_snap one = project(streets, edge, &asks->map, piece);
        uint32_t directions = by_bearing(asks->wish, piece);
        if (one.distance_dm > asks->reach_dm || (directions & usable) == 0) continue;
        if (asks->wish->bearing >= 0) one.directions = (uint8_t)(directions & usable);
        offer(list, &one);
        if (list->count == list->limit) {
            uint32_t worst_dm = list->snap[list->limit - 1].distance_dm;
            limit2 = flat_limit2(TQ_MIN(asks->reach_dm, worst_dm));
        }
    }
}

static void look_around(asker *asks, uint32_t within_m, nearest *list)
{
    const tq_grid *grid = &asks->streets->grid;
    tq_point point = asks->map.point;
    tq_box box =
        tq_box_grow((tq_box){point.lat_e7, point.lon_e7, point.lat_e7, point.lon_e7}, within_m);
    tq_cells cells;
    list->count = 0;
    asks->reach_dm = within_m * 10;
    if (!tq_grid_cells(grid, &box, &cells)) return;
    for (uint32_t row = cells.row0; row <= cells.row1; row++)
        for (uint32_t column = cells.column0; column <= cells.column1; column++)
            look_at_cell(asks, (size_t)row * grid->columns + column, list);
}

static tq_status check_wish(tq_point point, const tq_snap_wish *wish, tq_err *err)
{
    TQ_ASSERT(wish->limit > 0 && wish->limit <= TQ_SNAPS_MAX);
    if (!tq_point_valid(point))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "%.5f,%.5f is not a place: latitude goes to 90, longitude to 180",
                       (double)point.lat_e7 / 1e7, (double)point.lon_e7 / 1e7);
    if (wish->radius_m > TQ_SNAP_RADIUS_MAX_M)
        return tq_fail(err, TQ_LIMIT, 0, "a radius of %u m is over the limit of %u m",
                       wish->radius_m, TQ_SNAP_RADIUS_MAX_M);
    if (wish->bearing >= 0 && (wish->bearing > 360 || wish->range < 0 || wish->range > 180))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "bearing %d, range %d: a bearing is 0 to 360 degrees, its range 0 to 180",
                       wish->bearing, wish->range);
    return TQ_OK;
}

static tq_status nothing_near(const tq_city *city, const tq_metric *metric, tq_point point,
                              uint32_t radius_m, tq_err *err)
{
    return tq_fail(err, TQ_NOT_FOUND, 0,
                   "no street for %s within %u m of %.5f,%.5f; choose a place nearer to a street",
                   metric->has_vehicle ? tq_text(city, metric->vehicle.name) : "this vehicle",
                   radius_m, (double)point.lat_e7 / 1e7, (double)point.lon_e7 / 1e7);
}

tq_status tq_road_snap(const tq_city *city, const tq_metric *metric, tq_point point,
                       const tq_snap_wish *wish, tq_snap *out, uint32_t *count, tq_err *err)
{
    TQ_TRY(check_wish(point, wish, err));
    uint32_t radius_m = wish->radius_m == 0 ? TQ_SNAP_LIMIT_M : wish->radius_m;
    tq_snap snap[TQ_SNAPS_MAX];
    nearest list = {.snap = snap, .limit = wish->limit};
    asker asks = {&city->streets, metric, wish, flat_map_at(point), 0};
    bool at_once = wish->limit >= MANY_PLACES && radius_m <= NEAR_M;
    uint32_t round = at_once ? (uint32_t)TQ_COUNT(box_m) : 0, within_m = 0;
    while (city->streets.edge_count > 0 && within_m < radius_m && list.count < wish->limit) {
        within_m = round < TQ_COUNT(box_m) ? TQ_MIN(box_m[round], radius_m) : radius_m;
        round++;
        look_around(&asks, within_m, &list);
    }
    if (list.count == 0) return nothing_near(city, metric, point, radius_m, err);
    memcpy(out, snap, list.count * sizeof *out);
    *count = list.count;
    return TQ_OK;
}
