/*
 * The points of a way, and a thinner line for small maps.
 *
 * Method: whole arcs copy their points; the first and the last are cut where the way begins and
 * ends, by the share of the edge's length, since the length in the file need not be the sum of its
 * pieces' rounded lengths. Thinning is Douglas and Peucker's (1973) with a stack.
 *
 * Invariants: a line has at least two points; equal neighbours are left out but for that.
 */
#include <math.h>

#include "road/road_in.h"

static uint32_t inner_points(const tq_streets *streets, uint32_t arc)
{
    return streets->edge_first_point[(arc >> 1) + 1] - streets->edge_first_point[arc >> 1];
}

/* Point k of an arc in its direction: 0 its tail, inner + 1 its head. */
static tq_point arc_point(const tq_streets *streets, uint32_t arc, uint32_t k)
{
    uint32_t edge = arc >> 1, inner = inner_points(streets, arc);
    if (k == 0) return streets->node_at[tq_arc_tail(streets, arc)];
    if (k > inner) return streets->node_at[tq_arc_head(streets, arc)];
    return streets->point[streets->edge_first_point[edge] + (arc & 1 ? inner - k : k - 1)];
}

/* On the plane: pieces of streets are short, and this is asked many times for each step. */
static uint32_t flat_bearing(tq_point a, tq_point b)
{
    double to_rad = 3.14159265358979323846 / 180;
    double east = ((double)b.lon_e7 - a.lon_e7) * cos(a.lat_e7 * (to_rad / 1e7));
    long degrees = lround(atan2(east, (double)b.lat_e7 - a.lat_e7) / to_rad);
    return (uint32_t)((degrees + 360) % 360);
}

uint32_t road_bearing(const tq_streets *streets, uint32_t arc)
{
    tq_point tail = arc_point(streets, arc, 0);
    for (uint32_t k = 1; k <= inner_points(streets, arc) + 1; k++) {
        tq_point next = arc_point(streets, arc, k);
        if (next.lat_e7 != tail.lat_e7 || next.lon_e7 != tail.lon_e7)
            return flat_bearing(tail, next);
    }
    return 0;
}

static void add_point(road_line *line, tq_point point)
{
    if (line->count > 0) {
        const int32_t *last = line->lat_lon + 2 * (size_t)(line->count - 1);
        if (last[0] == point.lat_e7 && last[1] == point.lon_e7) return;
    }
    line->lat_lon[2 * (size_t)line->count] = point.lat_e7;
    line->lat_lon[2 * (size_t)line->count + 1] = point.lon_e7;
    line->count++;
}

/* The points of an arc from one place of it to another; lengths are scaled from the edge's to the
 * line's. */
static void add_part(const tq_streets *streets, uint32_t arc, uint32_t from_dm, uint32_t to_dm,
                     road_line *line)
{
    uint32_t pieces = inner_points(streets, arc) + 1, length_dm = streets->edge_length_dm[arc >> 1];
    uint64_t total = 0;
    for (uint32_t k = 0; k < pieces; k++)
        total += tq_distance_dm(arc_point(streets, arc, k), arc_point(streets, arc, k + 1));
    uint64_t from = length_dm == 0 ? 0 : total * from_dm / length_dm;
    uint64_t to = length_dm == 0 ? total : total * to_dm / length_dm, passed = 0;
    bool begun = false;
    for (uint32_t k = 0; k < pieces; k++) {
        tq_point a = arc_point(streets, arc, k), b = arc_point(streets, arc, k + 1);
        uint32_t piece_dm = tq_distance_dm(a, b);
        uint64_t end = passed + piece_dm;
        if (!begun && (from <= end || k + 1 == pieces)) {
            add_point(line, tq_between(a, b, (uint32_t)(from - passed), piece_dm));
            begun = true;
        }
        if (begun && (to <= end || k + 1 == pieces)) {
            add_point(line, tq_between(a, b, (uint32_t)(to - passed), piece_dm));
            return;
        }
        if (begun) add_point(line, b);
        passed = end;
    }
}

/* A whole arc; its tail is the last point already unless it is the first arc. */
static void add_whole(const tq_streets *streets, uint32_t arc, bool first, road_line *line)
{
    uint32_t begin = streets->edge_first_point[arc >> 1], inner = inner_points(streets, arc);
    if (first) add_point(line, streets->node_at[tq_arc_tail(streets, arc)]);
    for (uint32_t k = 0; k < inner; k++)
        add_point(line, streets->point[arc & 1 ? begin + inner - 1 - k : begin + k]);
    add_point(line, streets->node_at[tq_arc_head(streets, arc)]);
}

/* The arcs of a way lie far apart in memory: what one needs is asked for some arcs ahead. */
#define AHEAD 8

static void look_ahead(const tq_streets *streets, uint32_t arc)
{
    __builtin_prefetch(&streets->node_at[tq_arc_head(streets, arc)]);
    __builtin_prefetch(&streets->point[streets->edge_first_point[arc >> 1]]);
}

bool road_line_of(const tq_city *city, const tq_way *way, tq_arena *work, road_line *out)
{
    const tq_streets *streets = &city->streets;
    size_t most = 4;
    for (uint32_t k = 0; k < way->arc_count; k++) {
        if (k + AHEAD < way->arc_count) {
            uint32_t edge = way->arc[k + AHEAD] >> 1;
            __builtin_prefetch(&streets->edge_first_point[edge]);
            __builtin_prefetch(way->arc[k + AHEAD] & 1 ? &streets->edge_from[edge]
                                                       : &streets->edge_to[edge]);
        }
        most += inner_points(streets, way->arc[k]) + 2;
    }
    road_line line = {.lat_lon = TQ_PUSH_RAW(work, int32_t, 2 * most),
                      .first = TQ_PUSH_RAW(work, uint32_t, (size_t)way->arc_count + 1)};
    if (line.lat_lon == NULL || line.first == NULL || most > UINT32_MAX / 2) return false;
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint32_t arc = way->arc[k], length_dm = streets->edge_length_dm[arc >> 1];
        uint32_t from_dm = k == 0 ? way->first_from_dm : 0;
        uint32_t to_dm = k + 1 == way->arc_count ? way->last_to_dm : length_dm;
        line.first[k] = line.count > 0 ? line.count - 1 : 0;
        if (k + AHEAD < way->arc_count) look_ahead(streets, way->arc[k + AHEAD]);
        if (from_dm == 0 && to_dm == length_dm)
            add_whole(streets, arc, k == 0, &line);
        else
            add_part(streets, arc, from_dm, to_dm, &line);
    }
    line.first[way->arc_count] = line.count - 1;
    if (line.count == 1) {
        line.lat_lon[2] = line.lat_lon[0];
        line.lat_lon[3] = line.lat_lon[1];
        line.count = 2;
    }
    *out = line;
    return true;
}

const int32_t *tq_way_line(const tq_city *city, const tq_way *way, tq_arena *work, uint32_t *points)
{
    road_line line = {0};
    if (!road_line_of(city, way, work, &line)) return NULL;
    *points = line.count;
    return line.lat_lon;
}

/* Square of the distance of a point from the piece a-b, in plane units of e7 degrees of latitude.
 */
static double stray2(const int32_t *a, const int32_t *b, const int32_t *point, double lon_scale)
{
    double dy = (double)b[0] - a[0], dx = ((double)b[1] - a[1]) * lon_scale;
    double py = (double)point[0] - a[0], px = ((double)point[1] - a[1]) * lon_scale;
    double along = px * dx + py * dy, length2 = dx * dx + dy * dy;
    if (along > 0 && length2 > 0) {
        double share = along >= length2 ? 1 : along / length2;
        px -= share * dx;
        py -= share * dy;
    }
    return px * px + py * py;
}

bool road_simplify(const int32_t *lat_lon, uint32_t count, uint32_t stray_dm, tq_arena *work,
                   int32_t **out, uint32_t *out_count)
{
    int32_t *kept = TQ_PUSH_RAW(work, int32_t, 2 * (size_t)count);
    size_t mark = work->used;
    uint8_t *keep = TQ_PUSH(work, uint8_t, count);
    uint32_t *stack = TQ_PUSH_RAW(work, uint32_t, 2 * (size_t)count);
    if (kept == NULL || keep == NULL || stack == NULL) return false;
    /* One hundredth of a degree gives the scales of both axes here. */
    tq_point origin = {lat_lon[0], lat_lon[1] > 1790000000 ? 1790000000 : lat_lon[1]};
    double lat_dm = 11119.5,
           lon_dm = tq_distance_dm(origin, (tq_point){origin.lat_e7, origin.lon_e7 + 100000});
    double lon_scale = lon_dm / lat_dm, limit = stray_dm * (100000.0 / lat_dm),
           limit2 = limit * limit;
    uint32_t height = 0, left = 0;
    keep[0] = keep[count - 1] = 1;
    stack[height++] = 0;
    stack[height++] = count - 1;
    while (height > 0) {
        uint32_t end = stack[--height], begin = stack[--height], farthest = begin;
        double most = limit2;
        for (uint32_t k = begin + 1; k < end; k++) {
            double stray = stray2(lat_lon + 2 * (size_t)begin, lat_lon + 2 * (size_t)end,
                                  lat_lon + 2 * (size_t)k, lon_scale);
            if (stray <= most) continue;
            most = stray;
            farthest = k;
        }
        if (farthest == begin) continue;
        keep[farthest] = 1;
        stack[height++] = begin;
        stack[height++] = farthest;
        stack[height++] = farthest;
        stack[height++] = end;
    }
    for (uint32_t k = 0; k < count; k++) {
        if (!keep[k]) continue;
        memcpy(kept + 2 * (size_t)left++, lat_lon + 2 * (size_t)k, 2 * sizeof *kept);
    }
    tq_arena_reset(work, mark);
    *out = kept;
    *out_count = left;
    return true;
}
