/* The parts of OSRM's route object: route_json.c writes the frame, route_leg.c legs and steps. */
#ifndef TQ_ROUTE_JSON_IN_H
#define TQ_ROUTE_JSON_IN_H

#include "road/road_in.h"

typedef struct route_answer {
    const tq_city *city;
    const tq_metric *metric;
    const tq_route_options *options;
    tq_arena *work;
    tq_json json;
    road_leg *leg; /* [leg_count] */
    uint32_t leg_count;
    bool matching; /* routes carry a confidence */
    uint32_t confidence_percent;
    size_t begin; /* of the answer in its buffer: a failure takes everything back */
} route_answer;

/** value / 10^digits without trailing zeros: (1500, 2) -> 15, (-5, 1) -> -0.5. */
void route_number(tq_json *json, int64_t value, unsigned digits);
/** [lon, lat] of a latitude and longitude in 1e-7 degrees. */
void route_location(const route_answer *answer, tq_json *json, const int32_t *lat_lon);
/** "geometry": in the asked form; false when the scratch is full. */
bool route_geometry(route_answer *answer, const int32_t *lat_lon, uint32_t count);
/** {"hint":…,"distance":…,"name":…,"location":…} without the closing brace. */
void route_waypoint(route_answer *answer, const tq_snap *snap);
/** One route: geometry, legs, sums. False when the scratch is full. */
bool route_object(route_answer *answer);
/** Line and steps of a leg whose way is known. False when the scratch is full. */
bool route_prepare_leg(route_answer *answer, road_leg *leg);
/** Options as asked for over the defaults. */
tq_route_options route_options(const tq_route_options *asked);
tq_status route_full(const tq_arena *work, tq_err *err);
/** End an answer: what was written is taken back when it does not fit. */
tq_status route_end(route_answer *answer, bool whole, tq_err *err);
bool route_leg(route_answer *answer, const road_leg *leg);

#endif
