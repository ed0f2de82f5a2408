/*
 * geo: where things are. Datums, distances, bearings, tiles, projection on a line, and a grid
 * index.
 *
 * Coordinates are int32 1e-7 degrees, WGS-84. Doubles appear inside a function, never in a file and
 * never to decide a tie: results are rounded to whole decimetres first.
 */
#ifndef TQ_GEO_H
#define TQ_GEO_H

#include "base/base.h"

typedef struct tq_point {
    int32_t lat_e7, lon_e7;
} tq_point;

typedef struct tq_box {
    int32_t south_e7, west_e7, north_e7, east_e7; /* south > north means empty */
} tq_box;

#define TQ_BOX_EMPTY ((tq_box){INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN})
void tq_box_add(tq_box *box, tq_point point);
bool tq_box_has(const tq_box *box, tq_point point);
/** Grow every side by so many metres. */
tq_box tq_box_grow(tq_box box, uint32_t by_m);

bool tq_point_valid(tq_point point); /* within +-90, +-180 */

/* ---- datums -----------------------------------------------------------------------------------
 */

typedef enum tq_datum { TQ_WGS84, TQ_GCJ02, TQ_BD09 } tq_datum;

/** To WGS-84 within 0.1 m, by iteration on the published forward shift; outside China GCJ-02 ==
 * WGS-84. */
tq_point tq_to_wgs84(tq_point point, tq_datum from);
tq_point tq_from_wgs84(tq_point point, tq_datum to);
bool tq_in_china(tq_point point);                  /* the rectangle in which GCJ-02 shifts */
const char *tq_datum_name(tq_datum datum);         /* "WGS-84", "GCJ-02", "BD-09" */
bool tq_datum_parse(tq_str text, tq_datum *datum); /* wgs84 WGS-84 gcj02 GCJ-02 bd09 BD-09 */

/* ---- distances --------------------------------------------------------------------------------
 */

/** Great-circle distance on the mean sphere, in decimetres, rounded. */
uint32_t tq_distance_dm(tq_point a, tq_point b);
/** Bearing from a to b, 0..359 degrees clockwise from north; 0 for equal points. */
unsigned tq_bearing_deg(tq_point a, tq_point b);

/* The closest place on the piece a-b to `point`. */
typedef struct tq_foot {
    tq_point at;
    uint32_t distance_dm; /* from the point to `at` */
    uint32_t along_dm;    /* from a to `at` */
} tq_foot;
tq_foot tq_project(tq_point point, tq_point a, tq_point b);

/** Point at `along_dm` of the piece a-b of length `length_dm`. */
tq_point tq_between(tq_point a, tq_point b, uint32_t along_dm, uint32_t length_dm);

/* ---- web-mercator tiles -----------------------------------------------------------------------
 */

typedef struct tq_tile {
    uint32_t z, x, y;
} tq_tile;
#define TQ_TILE_ZOOM_MAX 22
bool tq_tile_valid(tq_tile tile);
tq_box tq_tile_box(tq_tile tile);
/** Position inside the tile in units of 1/extent, may lie outside 0..extent. */
void tq_tile_place(tq_tile tile, tq_point point, uint32_t extent, int32_t *x, int32_t *y);
tq_tile tq_tile_of(tq_point point, uint32_t z);

/* ---- a frozen grid over boxes: the spatial index of the city file ------------------------------
 */

/*
 * Cells row-major from south-west, `cell_e7` wide and high; item[first[cell] .. first[cell+1]) are
 * the items whose box touches the cell, ascending. Built by tq_grid_build, read in place from the
 * city file.
 */
typedef struct tq_grid {
    int32_t south_e7, west_e7;
    uint32_t cell_e7, columns, rows;
    const uint32_t *first; /* [columns * rows + 1] */
    const uint32_t *item;  /* [first[columns * rows]] */
} tq_grid;

/* Owned arrays of a grid under construction; free with tq_grid_free. */
typedef struct tq_grid_data {
    tq_grid grid;
    uint32_t *first, *item;
} tq_grid_data;

/** Index `count` boxes with cells of about `cell_m` metres (widened so that there are at most 4 M
 * cells). */
tq_status tq_grid_build(const tq_box *box, uint32_t count, uint32_t cell_m, tq_grid_data *out,
                        tq_err *err);
void tq_grid_free(tq_grid_data *data);

/* Cells touched by a box, clipped to the grid; false when none. Ranges are inclusive. */
typedef struct tq_cells {
    uint32_t column0, row0, column1, row1;
} tq_cells;
bool tq_grid_cells(const tq_grid *grid, const tq_box *box, tq_cells *cells);

#endif
