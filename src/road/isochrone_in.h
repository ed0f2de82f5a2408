/*
 * Between the two halves of isochrones: the drawing that streets are written on and rings are read
 * from.
 */
#ifndef TQ_ROAD_ISOCHRONE_IN_H
#define TQ_ROAD_ISOCHRONE_IN_H

#include "road/road.h"

#define ROAD_NOT_REACHED INT32_MAX

/*
 * A grid of nodes, row-major from south-west. least[node] is the earliest time on any street in the
 * four cells around the node. The outermost nodes are never reached.
 */
typedef struct road_drawing {
    int32_t *least; /* [columns * rows], deciseconds, ROAD_NOT_REACHED */
    uint32_t columns, rows;
    int32_t south_e7, west_e7, high_e7, wide_e7; /* corner, size of a cell */
} road_drawing;

/** Outlines of the nodes within each limit; ring, lat_lon and their counts are filled in `work`.
 * False when it is full. */
bool road_rings(const road_drawing *drawing, const tq_isochrone_wish *wish, tq_arena *work,
                tq_isochrone *out);

#endif
