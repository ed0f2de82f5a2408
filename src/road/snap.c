/*
 * Places on streets: the nearest edges that a traveller may use.
 *
 * Method: boxes of growing size over the city's grid; every usable edge that touches a box is
 * projected. A box is enough when the places asked for lie within its half width.
 *
 * Invariants: ordered by distance in decimetres, then by edge; nothing farther than
 * TQ_SNAP_LIMIT_M.
 */
#include "road/road_in.h"

static const uint32_t box_m[] = {40, 120, 300, TQ_SNAP_LIMIT_M};

typedef struct nearest {
    tq_snap *snap; /* [limit], ordered */
    uint32_t count, limit;
} nearest;

static bool before(const tq_snap *a, const tq_snap *b)
{
    return a->distance_dm != b->distance_dm ? a->distance_dm < b->distance_dm : a->edge < b->edge;
}

static void offer(nearest *list, const tq_snap *snap)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (list->snap[k].edge == snap->edge) return; /* seen in another cell */
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

/* Square of the distance of the point from the piece a-b on the flat map, dm. */
static double flat_distance2(const flat_map *map, tq_point a, tq_point b)
{
    double ax = ((double)a.lon_e7 - map->point.lon_e7) * map->lon_dm;
    double ay = ((double)a.lat_e7 - map->point.lat_e7) * map->lat_dm;
    double bx = ((double)b.lon_e7 - map->point.lon_e7) * map->lon_dm;
    double by = ((double)b.lat_e7 - map->point.lat_e7) * map->lat_dm;
    double dx = bx - ax, dy = by - ay, length2 = dx * dx + dy * dy, along = -(ax * dx + ay * dy);
    if (along > 0 && length2 > 0) {
        double share = along >= length2 ? 1 : along / length2;
        ax += share * dx;
        ay += share * dy;
    }
    return ax * ax + ay * ay;
}

/* Can the edge be within `within_dm` of the point? The map is off by less than 2 % at 500 m. */
static bool may_be_near(const tq_streets *streets, uint32_t edge, const flat_map *map,
                        uint32_t within_dm)
{
    double limit = within_dm * 1.05 + 10, limit2 = limit * limit;
    tq_point a = streets->node_at[streets->edge_from[edge]];
    for (uint32_t k = streets->edge_first_point[edge]; k < streets->edge_first_point[edge + 1];
         k++) {
        tq_point b = streets->point[k];
        if (flat_distance2(map, a, b) <= limit2) return true;
        a = b;
    }
    return flat_distance2(map, a, streets->node_at[streets->edge_to[edge]]) <= limit2;
}

/* The closest place on an edge, of those pieces that can be within reach. */
static tq_snap project(const tq_streets *streets, uint32_t edge, const flat_map *map,
                       uint32_t within_dm)
{
    uint32_t first = streets->edge_first_point[edge], last = streets->edge_first_point[edge + 1];
    double limit = within_dm * 1.05 + 10, limit2 = limit * limit;
    tq_point a = streets->node_at[streets->edge_from[edge]];
    uint64_t total = 0, along = 0, length_dm = streets->edge_length_dm[edge];
    tq_snap best = {.edge = edge, .distance_dm = UINT32_MAX};
    for (uint32_t k = first; k <= last; k++) {
        tq_point b = k < last ? streets->point[k] : streets->node_at[streets->edge_to[edge]];
        if (flat_distance2(map, a, b) <= limit2) {
            tq_foot foot = tq_project(map->point, a, b);
            if (foot.distance_dm < best.distance_dm) {
                best.distance_dm = foot.distance_dm;
                best.at = foot.at;
                along = total + foot.along_dm;
            }
        }
        total += tq_distance_dm(a, b);
        a = b;
    }
    along = total == 0 ? 0 : (along * length_dm + total / 2) / total;
    best.along_dm = (uint32_t)TQ_MIN(along, length_dm);
    return best;
}

/* Whose edges are looked at: those usable by a profile at an instant, or only those that lead
 * somewhere. */
typedef struct asker {
    const tq_city *city;
    tq_profile profile;
    int64_t at_ms;
    const tq_metric *main_of; /* NULL = any usable edge */
} asker;

static bool wanted(const asker *asks, uint32_t edge)
{
    return road_usable(asks->city, asks->profile, asks->at_ms, edge) &&
           (asks->main_of == NULL || road_in_main(asks->city, asks->main_of, edge));
}

/* Offer all wanted edges of a cell that can be nearer than what the list holds. */
static void look_at_cell(const asker *asks, const flat_map *map, size_t cell, uint32_t reach_dm,
                         nearest *list)
{
    const tq_streets *streets = &asks->city->streets;
    for (uint32_t k = streets->grid.first[cell]; k < streets->grid.first[cell + 1]; k++) {
        uint32_t edge = streets->grid.item[k], within_dm = reach_dm;
        if (list->count == list->limit)
            within_dm = TQ_MIN(reach_dm, list->snap[list->limit - 1].distance_dm);
        if (!may_be_near(streets, edge, map, within_dm) || !wanted(asks, edge)) continue;
        tq_snap one = project(streets, edge, map, within_dm);
        if (one.distance_dm <= reach_dm) offer(list, &one);
    }
}

static tq_status check_point(tq_point point, tq_err *err)
{
    if (tq_point_valid(point)) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "%.5f,%.5f is not a place: latitude goes to 90, longitude to 180",
                   (double)point.lat_e7 / 1e7, (double)point.lon_e7 / 1e7);
}

tq_status road_snap(const tq_city *city, tq_profile profile, int64_t at_ms,
                    const tq_metric *main_of, tq_point point, uint32_t limit, tq_snap *out,
                    uint32_t *count, tq_err *err)
{
    TQ_ASSERT(limit > 0 && limit <= TQ_SNAPS_MAX);
    TQ_TRY(check_point(point, err));
    const tq_grid *grid = &city->streets.grid;
    tq_snap snap[TQ_SNAPS_MAX];
    nearest list = {.snap = snap, .limit = limit};
    flat_map map = flat_map_at(point);
    asker asks = {city, profile, at_ms, main_of};
    for (uint32_t round = 0; round < TQ_COUNT(box_m) && city->streets.edge_count > 0; round++) {
        tq_box box = tq_box_grow((tq_box){point.lat_e7, point.lon_e7, point.lat_e7, point.lon_e7},
                                 box_m[round]);
        tq_cells cells;
        list.count = 0;
        if (!tq_grid_cells(grid, &box, &cells)) continue;
        for (uint32_t row = cells.row0; row <= cells.row1; row++) {
            for (uint32_t column = cells.column0; column <= cells.column1; column++) {
                look_at_cell(&asks, &map, (size_t)row * grid->columns + column, box_m[round] * 10,
                             &list);
            }
        }
        if (list.count == limit) break;
    }
    if (list.count == 0)
        return tq_fail(
            err, TQ_NOT_FOUND, 0,
            "no street for profile %s within %d m of %.5f,%.5f; choose a place nearer to a street",
            tq_profile_name(profile), TQ_SNAP_LIMIT_M, (double)point.lat_e7 / 1e7,
            (double)point.lon_e7 / 1e7);
    memcpy(out, snap, list.count * sizeof *out);
    *count = list.count;
    return TQ_OK;
}

tq_status tq_road_snap(const tq_city *city, tq_profile profile, int64_t at_ms, tq_point point,
                       uint32_t limit, tq_snap *out, uint32_t *count, tq_err *err)
{
    return road_snap(city, profile, at_ms, NULL, point, limit, out, count, err);
}
