/* Inside of the road room: what a vehicle may do on an arc or a turn, at a moment or at any time.
 */
#ifndef TQ_ROAD_VEHICLE_IN_H
#define TQ_ROAD_VEHICLE_IN_H

#include "road/road_in.h"

/* Whether a condition holds; MAYBE only when one asks about any time. */
typedef enum road_truth { ROAD_NO, ROAD_MAYBE, ROAD_YES } road_truth;

/*
 * Who asks, and about when. At any time: the answer is the best that some moment can give, a bound
 * for them all.
 */
typedef struct road_asker {
    const tq_city *city;
    const tq_vehicle *vehicle;
    tq_moment moment;
    bool any_time;
    const uint8_t *truth; /* [condition count], road_truth; NULL = asked one by one */
} road_asker;

/* How an arc of a kind of street is used: time = length / um_s * factor + extra_ds. */
typedef struct road_pace {
    uint64_t um_s; /* 0 = may not */
    uint32_t factor, extra_ds;
    bool last_metres; /* only for journeys that begin or end there */
} road_pace;

road_truth road_condition(const road_asker *asker, uint32_t condition);
/** The same about a condition of live state. */
road_truth road_live_condition(const road_asker *asker, const tq_overlay *overlay,
                               uint32_t condition);
road_pace road_pace_of(const road_asker *asker, const tq_street_attr *attr, uint32_t against);
/** An arc's rules from .. to - 1 of live state on top of its pace. Speeds measured replace the
 * planned one, limits and shares of it act on top, the least counts. */
road_pace road_pace_live(const road_asker *asker, road_pace pace, const tq_overlay *overlay,
                         uint32_t from, uint32_t to);
int32_t road_pace_ds(const road_pace *pace, uint32_t length_dm);

/** Weight of one arc with dates and live state (NULL = none): as in a metric of the moment. */
int32_t road_arc_now(const road_asker *asker, const tq_overlay *overlay, uint32_t arc);
/** The same, and whether the arc is for the last metres only, closed or not by its date. */
int32_t road_arc_live(const road_asker *asker, const tq_overlay *overlay, uint32_t arc,
                      bool *last_metres);

/** tq_road_slice with the rows of dates that edges use: [dates.count] or NULL = all count.
 * *city_key (may be NULL): the key with nothing live; metrics with the same one differ only in what
 * is live. */
tq_slice road_slice(const tq_city *city, const tq_overlay *overlay, const tq_vehicle *vehicle,
                    const uint8_t *dates_used, int64_t at_ms, uint64_t *city_key);
uint64_t road_vehicle_hash(const tq_vehicle *vehicle);

/* ---- the cache's inside (roads.c) ------------------------------------------------------------ */

tq_slice road_slice_kept(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                         int64_t at_ms);
/** The metric that is nowhere slower than any slice with that live state, pinned. */
tq_status road_fastest(tq_roads *roads, const tq_overlay *overlay, const tq_vehicle *vehicle,
                       const tq_metric **out, tq_err *err);

#endif
