/* Web-mercator tiles (EPSG:3857), as every web map numbers them: x from the date line, y from the
 * north. */
#include <math.h>

#include "geo/geo.h"

#define PI          3.14159265358979323846
#define MERCATOR_E7 850511287 /* the latitude at which the square world ends */

bool tq_tile_valid(tq_tile tile)
{
    return tile.z <= TQ_TILE_ZOOM_MAX && tile.x < (1u << tile.z) && tile.y < (1u << tile.z);
}

/* Place in the square world, 0..1, x to the east and y to the south. */
static void world_place(tq_point point, double *x, double *y)
{
    int32_t lat_e7 = TQ_MAX(-MERCATOR_E7, TQ_MIN(MERCATOR_E7, point.lat_e7));
    double lat = lat_e7 / 1e7 * PI / 180.0;
    *x = (point.lon_e7 / 1e7 + 180.0) / 360.0;
    *y = (1.0 - log(tan(lat) + 1.0 / cos(lat)) / PI) / 2.0;
}

static int32_t lat_of_row(double y)
{
    return (int32_t)lround(atan(sinh(PI * (1.0 - 2.0 * y))) * 180.0 / PI * 1e7);
}

tq_box tq_tile_box(tq_tile tile)
{
    double size = ldexp(1.0, -(int)tile.z);
    return (tq_box){.south_e7 = lat_of_row((tile.y + 1) * size),
                    .north_e7 = lat_of_row(tile.y * size),
                    .west_e7 = (int32_t)lround((tile.x * size * 360.0 - 180.0) * 1e7),
                    .east_e7 = (int32_t)lround(((tile.x + 1) * size * 360.0 - 180.0) * 1e7)};
}

void tq_tile_place(tq_tile tile, tq_point point, uint32_t extent, int32_t *x, int32_t *y)
{
    double world_x, world_y, scale = ldexp(1.0, (int)tile.z);
    world_place(point, &world_x, &world_y);
    double left = (world_x * scale - tile.x) * extent, top = (world_y * scale - tile.y) * extent;
    *x = (int32_t)lround(fmax(-1e9, fmin(1e9, left)));
    *y = (int32_t)lround(fmax(-1e9, fmin(1e9, top)));
}

tq_tile tq_tile_of(tq_point point, uint32_t z)
{
    double x, y, scale = ldexp(1.0, (int)z);
    world_place(point, &x, &y);
    uint32_t last = (1u << z) - 1;
    return (tq_tile){z, TQ_MIN((uint32_t)(x * scale), last), TQ_MIN((uint32_t)(y * scale), last)};
}
