/*
 * Shapes: where the stops of a pattern lie on its line, and how far along.
 *
 * With shape_dist_traveled in both files a stop's place follows from it. Without, each stop is
 * projected on the line so that places never go back and the sum of squared distances is least
 * (dynamic programming over stops and pieces; loops and lines that use a street twice come out
 * right, where «nearest piece» would not). The line of a pattern is stored from its first to its
 * last stop with each stop's foot as a point of it, so a leg's course is one slice. Patterns with
 * the same shape and stops share it.
 *
 * Distances are computed on a plane around the shape's first point and rounded to decimetres before
 * they are compared. Without a usable shape, metres come from shape_dist_traveled in the unit that
 * fits best, else from straight lines.
 */
#include <math.h>

#include "import/gtfs_in.h"

#define METRES_PER_E7 0.0111319490793 /* of latitude: WGS-84 equator / 360 / 1e7 */
#define ALONG_MAX_M   19999999        /* what a city file holds: half round the earth */
#define STOP_FAR_DM   20000 /* a stop farther from the line than 2 km does not belong to it */
#define DP_CELLS_MAX  ((uint64_t)1 << 24)
#define DP_WORK_MAX   ((uint64_t)1 << 31) /* of all patterns; the rest go by straight lines */

/* ---- shapes.txt ---- */

static tq_status take_point(gtfs *g, const gtfs_reader *reader, const uint32_t column[5])
{
    tq_str lat = gtfs_cell(reader, column[1]), lon = gtfs_cell(reader, column[2]),
           dist = gtfs_cell(reader, column[4]);
    gtfs_shape_point point = {.shape = gtfs_ids_find(&g->shape_ids, gtfs_cell(reader, column[0])),
                              .dist = (double)NAN};
    if (point.shape == TQ_NONE) return TQ_OK; /* no trip uses it */
    if (!tq_parse_e7(lat, &point.at.lat_e7) || !tq_parse_e7(lon, &point.at.lon_e7) ||
        !tq_point_valid(point.at))
        return gtfs_bad(g, "bad_position", reader->file, reader->csv.line,
                        "%.*s, %.*s is no place on earth; the point is left out", GTFS_SLICE(lat),
                        GTFS_SLICE(lon));
    if (!tq_parse_u32(gtfs_cell(reader, column[3]), &point.sequence))
        return gtfs_bad(g, "bad_sequence", reader->file, reader->csv.line,
                        "shape_pt_sequence «%.*s» is not a number; the point is left out",
                        GTFS_SLICE(gtfs_cell(reader, column[3])));
    if (dist.len != 0 && (!tq_parse_double(dist, &point.dist) || point.dist < 0))
        point.dist = (double)NAN;
    if (g->points.count >= TQ_GTFS_SHAPE_POINTS_MAX)
        return tq_fail(g->err, TQ_LIMIT, reader->csv.line, "shapes.txt: more than %u points",
                       TQ_GTFS_SHAPE_POINTS_MAX);
    return tq_vec_push(&g->points, point) ? TQ_OK : gtfs_no_memory(g);
}

static tq_status sort_points(gtfs *g)
{
    size_t count = g->points.count;
    bool ascending = true;
    for (size_t k = 1; ascending && k < count; k++) {
        const gtfs_shape_point *a = &g->points.at[k - 1], *b = &g->points.at[k];
        ascending = a->shape < b->shape || (a->shape == b->shape && a->sequence <= b->sequence);
    }
    if (ascending) return TQ_OK;
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    gtfs_shape_point *sorted = TQ_ALLOC(gtfs_shape_point, count);
    bool ok = key != NULL && order != NULL && sorted != NULL;
    for (size_t k = 0; ok && k < count; k++) {
        key[k] = (uint64_t)g->points.at[k].shape << 32 | g->points.at[k].sequence;
        order[k] = (uint32_t)k;
    }
    ok = ok && tq_sort_by_u64(order, count, key);
    for (size_t k = 0; ok && k < count; k++)
        sorted[k] = g->points.at[order[k]];
    if (ok) memcpy(g->points.at, sorted, count * sizeof *sorted);
    tq_free(key);
    tq_free(order);
    tq_free(sorted);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_shapes(gtfs *g)
{
    if (g->shape_ids.id.count == 0) return TQ_OK;
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "shapes.txt", &reader));
    uint32_t column[5] = {gtfs_column(&reader, "shape_id"), gtfs_column(&reader, "shape_pt_lat"),
                          gtfs_column(&reader, "shape_pt_lon"),
                          gtfs_column(&reader, "shape_pt_sequence"),
                          gtfs_column(&reader, "shape_dist_traveled")};
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_point(g, &reader, column);
    }
    gtfs_reader_close(&reader);
    TQ_TRY(status);
    TQ_TRY(sort_points(g));
    if (!tq_vec_room(&g->shapes, g->shape_ids.id.count)) return gtfs_no_memory(g);
    size_t point = 0;
    for (uint32_t shape = 0; shape < g->shape_ids.id.count; shape++) {
        gtfs_shape made = {.first = (uint32_t)point, .dists = true};
        for (; point < g->points.count && g->points.at[point].shape == shape; point++, made.count++)
            made.dists =
                made.dists && !isnan(g->points.at[point].dist) &&
                (made.count == 0 || g->points.at[point].dist >= g->points.at[point - 1].dist);
        g->shapes.at[g->shapes.count++] = made;
    }
    return TQ_OK;
}

/* ---- placing stops on a shape ---- */

/* Where a stop lies on the line: on the piece from point `piece` to the next, `part` of the way. */
typedef struct line_foot {
    uint32_t piece;
    double part;
} line_foot;

/* A shape on a plane, in metres, with room for the search; freed at the end of the feed. */
typedef struct shape_plane {
    uint32_t shape; /* the one that is laid out, TQ_NONE */
    const gtfs_shape_point *point;
    uint32_t count;
    double east_scale;
    TQ_VEC(double) x;
    TQ_VEC(double) y;
    TQ_VEC(double) along; /* metres from the first point */
    TQ_VEC(line_foot) feet;
    TQ_VEC(int64_t) cost;    /* two rows of pieces */
    TQ_VEC(int64_t) part_dm; /* two rows of pieces */
    TQ_VEC(uint32_t) from;   /* stops x pieces */
    gtfs_slots shared;
    uint64_t work;
} shape_plane;

static void plane_free(shape_plane *plane)
{
    tq_vec_free(&plane->x);
    tq_vec_free(&plane->y);
    tq_vec_free(&plane->along);
    tq_vec_free(&plane->feet);
    tq_vec_free(&plane->cost);
    tq_vec_free(&plane->part_dm);
    tq_vec_free(&plane->from);
    gtfs_slots_free(&plane->shared);
}

static void to_plane(const shape_plane *plane, tq_point at, double *x, double *y)
{
    *x = ((double)at.lon_e7 - plane->point[0].at.lon_e7) * plane->east_scale;
    *y = ((double)at.lat_e7 - plane->point[0].at.lat_e7) * METRES_PER_E7;
}

static bool lay_out(gtfs *g, shape_plane *plane, uint32_t shape)
{
    if (plane->shape == shape) return true;
    plane->shape = TQ_NONE;
    plane->point = g->points.at + g->shapes.at[shape].first;
    plane->count = g->shapes.at[shape].count;
    plane->east_scale =
        METRES_PER_E7 * cos(plane->point[0].at.lat_e7 * (3.14159265358979323846 / 180e7));
    if (!tq_vec_room(&plane->x, plane->count) || !tq_vec_room(&plane->y, plane->count) ||
        !tq_vec_room(&plane->along, plane->count))
        return false;
    for (uint32_t k = 0; k < plane->count; k++) {
        to_plane(plane, plane->point[k].at, &plane->x.at[k], &plane->y.at[k]);
        double dx = k > 0 ? plane->x.at[k] - plane->x.at[k - 1] : 0,
               dy = k > 0 ? plane->y.at[k] - plane->y.at[k - 1] : 0;
        plane->along.at[k] = (k > 0 ? plane->along.at[k - 1] : 0) + sqrt(dx * dx + dy * dy);
    }
    plane->shape = shape;
    return true;
}

/* Part of the way along the piece that is nearest to (x, y), and how far off it is, squared, in dm.
 */
static inline double nearest_part(const shape_plane *plane, uint32_t piece, double x, double y,
                                  int64_t *off2_dm)
{
    double ax = plane->x.at[piece], ay = plane->y.at[piece];
    double dx = plane->x.at[piece + 1] - ax, dy = plane->y.at[piece + 1] - ay,
           length2 = dx * dx + dy * dy;
    double part = length2 > 0 ? ((x - ax) * dx + (y - ay) * dy) / length2 : 0;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    double ex = ax + part * dx - x, ey = ay + part * dy - y;
    /* Half a circumference squared in dm2 is 4e16: far inside 63 bits, also summed over stops. */
    double off2 = (ex * ex + ey * ey) * 100.0;
    *off2_dm = off2 < 1e14 ? (int64_t)(off2 + 0.5) : (int64_t)1e14;
    return part;
}

static tq_point foot_point(const shape_plane *plane, line_foot foot)
{
    const tq_point a = plane->point[foot.piece].at, b = plane->point[foot.piece + 1].at;
    return (tq_point){(int32_t)lround(a.lat_e7 + foot.part * ((double)b.lat_e7 - a.lat_e7)),
                      (int32_t)lround(a.lon_e7 + foot.part * ((double)b.lon_e7 - a.lon_e7))};
}

static double foot_along(const shape_plane *plane, line_foot foot)
{
    return plane->along.at[foot.piece] +
           foot.part * (plane->along.at[foot.piece + 1] - plane->along.at[foot.piece]);
}

static bool feet_near(const gtfs *g, const shape_plane *plane, const uint32_t *stop, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (tq_distance_dm(foot_point(plane, plane->feet.at[k]), g->stops.at[stop[k]].at) >
            STOP_FAR_DM)
            return false;
    return true;
}

/* By shape_dist_traveled of both; false when the two do not fit. */
static bool place_by_dist(const gtfs *g, shape_plane *plane, const uint32_t *stop,
                          const double *dist, uint32_t n)
{
    uint32_t piece = 0;
    for (uint32_t k = 0; k < n; k++) {
        while (piece + 2 < plane->count && plane->point[piece + 1].dist < dist[k])
            piece++;
        double from = plane->point[piece].dist, span = plane->point[piece + 1].dist - from;
        double part = span > 0 ? (dist[k] - from) / span : 0;
        plane->feet.at[k] = (line_foot){piece, part < 0 ? 0 : part > 1 ? 1 : part};
    }
    return feet_near(g, plane, stop, n);
}

/* One row of the search: the cost of having stop k on each piece. */
static void search_row(shape_plane *plane, uint32_t k, double x, double y)
{
    uint32_t pieces = plane->count - 1;
    int64_t *cost = plane->cost.at + (size_t)(k & 1) * pieces,
            *part = plane->part_dm.at + (size_t)(k & 1) * pieces;
    const int64_t *cost_before = plane->cost.at + (size_t)(~k & 1) * pieces;
    const int64_t *part_before = plane->part_dm.at + (size_t)(~k & 1) * pieces;
    uint32_t *from = plane->from.at + (size_t)k * pieces, best_piece = 0;
    int64_t best = INT64_MAX; /* over the pieces before this one */
    for (uint32_t piece = 0; piece < pieces; piece++) {
        int64_t off2;
        double at = nearest_part(plane, piece, x, y, &off2);
        part[piece] =
            (int64_t)(at * (plane->along.at[piece + 1] - plane->along.at[piece]) * 10.0 + 0.5);
        if (k == 0) {
            cost[piece] = off2;
            continue;
        }
        /* On the same piece a stop cannot lie before the one before it: being moved costs its
         * square. */
        int64_t back = part_before[piece] > part[piece]
                           ? TQ_MIN(part_before[piece] - part[piece], 10000000)
                           : 0;
        int64_t same = cost_before[piece] + back * back;
        bool stay = same <= best;
        from[piece] = stay ? piece : best_piece;
        cost[piece] = off2 + (stay ? same : best);
        if (cost_before[piece] < best) {
            best = cost_before[piece];
            best_piece = piece;
        }
    }
}

/* By projection; false when there is no memory for it or the stops are far from the line. */
static bool place_by_projection(const gtfs *g, shape_plane *plane, const uint32_t *stop, uint32_t n)
{
    uint32_t pieces = plane->count - 1;
    uint64_t cells = (uint64_t)pieces * n;
    if (cells > DP_CELLS_MAX || plane->work > DP_WORK_MAX) return false;
    plane->work += cells;
    if (!tq_vec_room(&plane->cost, 2 * (size_t)pieces) ||
        !tq_vec_room(&plane->part_dm, 2 * (size_t)pieces) ||
        !tq_vec_room(&plane->from, (size_t)cells))
        return false;
    double x, y;
    for (uint32_t k = 0; k < n; k++) {
        to_plane(plane, g->stops.at[stop[k]].at, &x, &y);
        search_row(plane, k, x, y);
    }
    const int64_t *cost = plane->cost.at + (size_t)((n - 1) & 1) * pieces;
    uint32_t piece = 0;
    for (uint32_t k = 1; k < pieces; k++)
        if (cost[k] < cost[piece]) piece = k;
    for (uint32_t k = n; k-- > 0;) {
        int64_t off2;
        to_plane(plane, g->stops.at[stop[k]].at, &x, &y);
        plane->feet.at[k] = (line_foot){piece, nearest_part(plane, piece, x, y, &off2)};
        if (k > 0) piece = plane->from.at[(size_t)k * pieces + piece];
    }
    for (uint32_t k = 1; k < n; k++)
        if (plane->feet.at[k].piece == plane->feet.at[k - 1].piece)
            plane->feet.at[k].part = fmax(plane->feet.at[k].part, plane->feet.at[k - 1].part);
    return feet_near(g, plane, stop, n);
}

static bool push_point(gtfs *g, uint32_t first, tq_point point)
{
    size_t count = g->shape_points.count;
    if (count > first && memcmp(&g->shape_points.at[count - 1], &point, sizeof point) == 0)
        return true;
    return tq_vec_push(&g->shape_points, point);
}

static uint32_t to_metres(double along)
{
    return along < ALONG_MAX_M ? (uint32_t)lround(fmax(along, 0)) : ALONG_MAX_M;
}

/* Write the line from the first to the last foot, and the pattern's two columns. */
static bool write_line(gtfs *g, const shape_plane *plane, const gtfs_pattern *pattern)
{
    uint32_t first = (uint32_t)g->shape_points.count, passed = plane->feet.at[0].piece;
    double start = foot_along(plane, plane->feet.at[0]);
    for (uint32_t k = 0; k < pattern->count; k++) {
        line_foot foot = plane->feet.at[k];
        for (; passed < foot.piece; passed++)
            if (!push_point(g, first, plane->point[passed + 1].at)) return false;
        if (!push_point(g, first, foot_point(plane, foot))) return false;
        g->pattern_shape_at.at[pattern->first + k] = (uint32_t)g->shape_points.count - 1;
        g->pattern_along.at[pattern->first + k] = to_metres(foot_along(plane, foot) - start);
    }
    return true;
}

/* ---- metres without a shape ---- */

static gtfs_along along_without_shape(gtfs *g, const gtfs_pattern *pattern)
{
    const uint32_t *stop = g->pattern_stop.at + pattern->first;
    uint64_t sum_dm = 0;
    for (uint32_t k = 0; k < pattern->count; k++) {
        if (k > 0) sum_dm += tq_distance_dm(g->stops.at[stop[k - 1]].at, g->stops.at[stop[k]].at);
        g->pattern_along.at[pattern->first + k] =
            (uint32_t)TQ_MIN((sum_dm + 5) / 10, (uint64_t)ALONG_MAX_M);
        g->pattern_shape_at.at[pattern->first + k] = TQ_NONE;
    }
    if (pattern->first_dist == UINT64_MAX || sum_dm == 0) return GTFS_ALONG_STRAIGHT;
    /* metre, kilometre, foot, mile: the one whose way is nearest to the straight one, and within
     * three times */
    static const double unit_m[] = {1, 1000, 0.3048, 1609.344};
    const double *dist = g->pattern_dist.at + pattern->first_dist;
    double best = 3, best_m = 0;
    for (size_t k = 0; k < TQ_COUNT(unit_m); k++) {
        double ratio = (dist[pattern->count - 1] - dist[0]) * unit_m[k] * 10 / (double)sum_dm;
        ratio = ratio < 1 ? 1 / ratio : ratio;
        if (ratio < best) best = ratio, best_m = unit_m[k];
    }
    if (best_m <= 0) return GTFS_ALONG_STRAIGHT;
    for (uint32_t k = 0; k < pattern->count; k++)
        g->pattern_along.at[pattern->first + k] = to_metres((dist[k] - dist[0]) * best_m);
    return GTFS_ALONG_DIST;
}

/* ---- all patterns of the feed ---- */

/* A pattern that was placed already on the same shape with the same stops and distances. */
static uint32_t same_course(const gtfs *g, const shape_plane *plane, const gtfs_pattern *pattern,
                            uint64_t hash)
{
    uint32_t probe = 0, other;
    size_t n = pattern->count;
    while ((other = gtfs_slots_next(&plane->shared, hash, &probe)) != TQ_NONE) {
        const gtfs_pattern *known = &g->patterns.at[other];
        if (known->shape != pattern->shape || known->count != n ||
            memcmp(g->pattern_stop.at + known->first, g->pattern_stop.at + pattern->first, n * 4) !=
                0)
            continue;
        if (known->first_dist == UINT64_MAX && pattern->first_dist == UINT64_MAX) return other;
        if (known->first_dist != UINT64_MAX && pattern->first_dist != UINT64_MAX &&
            memcmp(g->pattern_dist.at + known->first_dist, g->pattern_dist.at + pattern->first_dist,
                   n * sizeof(double)) == 0)
            return other;
    }
    return TQ_NONE;
}

static tq_status place_pattern(gtfs *g, shape_plane *plane, uint32_t number)
{
    const gtfs_pattern *pattern = &g->patterns.at[number];
    const uint32_t *stop = g->pattern_stop.at + pattern->first;
    uint32_t n = pattern->count;
    bool shaped = pattern->shape < g->shapes.count && g->shapes.at[pattern->shape].count >= 2;
    uint64_t hash = tq_hash(stop, n * sizeof *stop, tq_mix(pattern->shape));
    uint32_t same = shaped ? same_course(g, plane, pattern, hash) : TQ_NONE;
    if (same != TQ_NONE) {
        const gtfs_pattern *known = &g->patterns.at[same];
        memcpy(g->pattern_along.at + pattern->first, g->pattern_along.at + known->first, n * 4);
        memcpy(g->pattern_shape_at.at + pattern->first, g->pattern_shape_at.at + known->first,
               n * 4);
        g->counts.along[GTFS_ALONG_SHAPE]++;
        return TQ_OK;
    }
    bool placed = false;
    if (shaped) {
        if (!lay_out(g, plane, pattern->shape) || !tq_vec_room(&plane->feet, n))
            return gtfs_no_memory(g);
        if (pattern->first_dist != UINT64_MAX && g->shapes.at[pattern->shape].dists)
            placed = place_by_dist(g, plane, stop, g->pattern_dist.at + pattern->first_dist, n);
        placed = placed || place_by_projection(g, plane, stop, n);
        if (!placed)
            gtfs_say(g, TQ_WARNING, "shape_far_from_stops", "shapes.txt", 0,
                     "route «%s»: its shape does not fit its stops; straight lines are used",
                     tq_texts_at(g->build->texts, g->routes.at[pattern->route].id));
    }
    if (!placed || g->shape_points.count + plane->count + n > TQ_GTFS_SHAPE_POINTS_MAX) {
        g->counts.along[along_without_shape(g, pattern)]++;
        return TQ_OK;
    }
    g->counts.along[GTFS_ALONG_SHAPE]++;
    bool ok = write_line(g, plane, pattern) && gtfs_slots_put(&plane->shared, hash, number);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_place_patterns(gtfs *g)
{
    size_t count = g->pattern_stop.count;
    if (!tq_vec_room(&g->pattern_along, count - g->pattern_along.count) ||
        !tq_vec_room(&g->pattern_shape_at, count - g->pattern_shape_at.count))
        return gtfs_no_memory(g);
    g->pattern_along.count = g->pattern_shape_at.count = count;
    shape_plane plane = {.shape = TQ_NONE};
    tq_status status = TQ_OK;
    for (uint32_t number = g->first_pattern; status == TQ_OK && number < g->patterns.count;
         number++)
        status = place_pattern(g, &plane, number);
    plane_free(&plane);
    return status;
}
