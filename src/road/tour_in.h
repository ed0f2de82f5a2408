/* Inside of tour.c, for its tests: the search alone, without the exact table for few places. */
#ifndef TQ_ROAD_TOUR_IN_H
#define TQ_ROAD_TOUR_IN_H

#include "road/road.h"

typedef enum road_tour_way { ROAD_TOUR_BEST, ROAD_TOUR_SEARCH } road_tour_way;

/** tq_road_tour, by search alone when asked. */
tq_status road_tour_by(road_tour_way way, const int32_t *ds, uint32_t count,
                       const tq_tour_wish *wish, tq_arena *work, uint32_t *out, int64_t *total_ds,
                       tq_err *err);

#endif
