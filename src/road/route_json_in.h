/* The parts of OSRM's route object: route_json.c writes the frame, route_leg.c legs and steps. */
#ifndef TQ_ROUTE_JSON_IN_H
#define TQ_ROUTE_JSON_IN_H

#include "road/road_in.h"

typedef struct route_answer {
    const tq_city *city;
    const tq_metric *metric;
    tq_profile profile;
    const tq_route_options *options;
    tq_arena *work;
    tq_json json;
    road_leg *leg; /* [leg_count] */
    uint32_t leg_count;
} route_answer;

/** value / 10^digits without trailing zeros: (1500, 2) -> 15, (-5, 1) -> -0.5. */
void route_number(tq_json *json, int64_t value, unsigned digits);
/** [lon, lat] of a latitude and longitude in 1e-7 degrees. */
void route_location(tq_json *json, const int32_t *lat_lon);
/** "geometry": in the asked form; false when the scratch is full. */
bool route_geometry(route_answer *answer, const int32_t *lat_lon, uint32_t count);
bool route_leg(route_answer *answer, const road_leg *leg);

#endif
