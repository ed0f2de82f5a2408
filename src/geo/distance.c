/*
 * Distances, bearings and projection on a straight piece.
 *
 * Distance is the great circle on the mean sphere (6,371,008.8 m), by the haversine form, which
 * keeps its digits for short pieces. Projection treats the neighbourhood of the point as flat:
 * right to a millimetre at the lengths of street pieces. All results are rounded to whole
 * decimetres before anyone compares them.
 */
#include <math.h>

#include "geo/geo.h"

#define EARTH_DM  63710088.0
#define RAD_OF_E7 (3.14159265358979323846 / 1.8e9)

void tq_box_add(tq_box *box, tq_point point)
{
    box->south_e7 = TQ_MIN(box->south_e7, point.lat_e7);
    box->north_e7 = TQ_MAX(box->north_e7, point.lat_e7);
    box->west_e7 = TQ_MIN(box->west_e7, point.lon_e7);
    box->east_e7 = TQ_MAX(box->east_e7, point.lon_e7);
}

bool tq_box_has(const tq_box *box, tq_point point)
{
    return point.lat_e7 >= box->south_e7 && point.lat_e7 <= box->north_e7 &&
           point.lon_e7 >= box->west_e7 && point.lon_e7 <= box->east_e7;
}

static int32_t clamp_e7(int64_t value, int64_t limit)
{
    return (int32_t)TQ_MAX(-limit, TQ_MIN(limit, value));
}

tq_box tq_box_grow(tq_box box, uint32_t by_m)
{
    double per_m = 10.0 / (EARTH_DM * RAD_OF_E7); /* 1e-7 degrees of latitude in a metre */
    int64_t lat = (int64_t)ceil(by_m * per_m);
    double widest = fmax(fabs(box.south_e7 * RAD_OF_E7), fabs(box.north_e7 * RAD_OF_E7));
    double shrink = fmax(cos(fmin(widest, 1.55)), 0.02);
    int64_t lon = (int64_t)ceil(by_m * per_m / shrink);
    return (tq_box){clamp_e7((int64_t)box.south_e7 - lat, 900000000),
                    clamp_e7((int64_t)box.west_e7 - lon, 1800000000),
                    clamp_e7((int64_t)box.north_e7 + lat, 900000000),
                    clamp_e7((int64_t)box.east_e7 + lon, 1800000000)};
}

bool tq_point_valid(tq_point point)
{
    return point.lat_e7 >= -900000000 && point.lat_e7 <= 900000000 && point.lon_e7 >= -1800000000 &&
           point.lon_e7 <= 1800000000;
}

uint32_t tq_distance_dm(tq_point a, tq_point b)
{
    double lat_a = a.lat_e7 * RAD_OF_E7, lat_b = b.lat_e7 * RAD_OF_E7;
    double half_lat = sin((lat_b - lat_a) / 2);
    double half_lon = sin(((double)b.lon_e7 - a.lon_e7) * RAD_OF_E7 / 2);
    double h = half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon;
    return (uint32_t)lround(2 * EARTH_DM * asin(sqrt(h < 1 ? h : 1)));
}

unsigned tq_bearing_deg(tq_point a, tq_point b)
{
    if (a.lat_e7 == b.lat_e7 && a.lon_e7 == b.lon_e7) return 0;
    double lat_a = a.lat_e7 * RAD_OF_E7, lat_b = b.lat_e7 * RAD_OF_E7;
    double turn = ((double)b.lon_e7 - a.lon_e7) * RAD_OF_E7;
    double east = sin(turn) * cos(lat_b);
    double north = cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(turn);
    long degrees = lround(atan2(east, north) * 180.0 / 3.14159265358979323846);
    return (unsigned)((degrees + 360) % 360);
}

tq_point tq_between(tq_point a, tq_point b, uint32_t along_dm, uint32_t length_dm)
{
    if (length_dm == 0 || along_dm == 0) return a;
    if (along_dm >= length_dm) return b;
    int64_t lat = ((int64_t)b.lat_e7 - a.lat_e7) * along_dm,
            lon = ((int64_t)b.lon_e7 - a.lon_e7) * along_dm;
    int64_t half = length_dm / 2;
    return (tq_point){(int32_t)(a.lat_e7 + tq_floor_div(lat + half, length_dm)),
                      (int32_t)(a.lon_e7 + tq_floor_div(lon + half, length_dm))};
}

tq_foot tq_project(tq_point point, tq_point a, tq_point b)
{
    double shrink = cos(point.lat_e7 * RAD_OF_E7);
    double bx = ((double)b.lon_e7 - a.lon_e7) * shrink, by = (double)b.lat_e7 - a.lat_e7;
    double px = ((double)point.lon_e7 - a.lon_e7) * shrink, py = (double)point.lat_e7 - a.lat_e7;
    double square = bx * bx + by * by;
    double share = square > 0 ? (px * bx + py * by) / square : 0;
    uint32_t length_dm = tq_distance_dm(a, b);
    double along = share <= 0 ? 0 : share >= 1 ? length_dm : share * length_dm;
    tq_foot foot = {.along_dm = (uint32_t)lround(along)};
    foot.at = tq_between(a, b, foot.along_dm, length_dm);
    foot.distance_dm = tq_distance_dm(point, foot.at);
    return foot;
}
