/* What the files about the land-air hub share: a collection point, the lorry's way to a terminal,
 * the latest leaving. */
#ifndef TQ_JOURNEY_HUB_IN_H
#define TQ_JOURNEY_HUB_IN_H

#include "journey/freight_in.h"

#define HUB_LOCAL_S     (8 * 3600)
#define HUB_DAY_S       86400
#define HUB_ROAD_P90    130u    /* percent of the live time that nine of ten drives keep; assumed */
#define HUB_LIGHT_MAX_G 4500000 /* up to this a light lorry */
#define HUB_DAYS_AHEAD  28      /* departures are looked for so far ahead */
#define HUB_REACH_MS    INT64_C(86400000) /* no drive is longer */

/* Streets for one kind of lorry; keeps the metric of the slice that was asked for last. */
typedef struct hub_road {
    const tq_snapshot *snapshot;
    const tq_vehicle *lorry;
    tq_arena *work;
    const tq_metric *metric;
    tq_slice slice;
} hub_road;

typedef struct hub_place {
    const char *name; /* NULL = only a point */
    const char *id;   /* of a freight place, or NULL */
    tq_point at;
    tq_snap snap;
    bool near; /* a street lies near */
} hub_place;

bool hub_kg(const char *text, int64_t *mass_g);
const char *hub_lorry(int64_t mass_g, tq_profile *profile);
void hub_road_open(hub_road *road, const tq_snapshot *snapshot, int64_t mass_g, tq_arena *work);
void hub_road_close(hub_road *road);
/** A freight place by id or whole name, else a place as tq_endpoint_parse reads. */
tq_status hub_place_find(const tq_goods *goods, const tq_city *city, const char *part,
                         const char *text, hub_place *out, tq_err *err);
void hub_node(const tq_goods *goods, uint32_t node, hub_place *out);
/** Meet the streets; *place.near tells whether. Without live closures, so that an end stays. */
tq_status hub_meet(hub_road *road, int64_t at_ms, hub_place *place, tq_err *err);
/** Deciseconds of the way of one who leaves at an instant; TQ_ROAD_INF = none. */
tq_status hub_takes(hub_road *road, int64_t leave_ms, const hub_place *from, const hub_place *to,
                    int64_t *takes_ds, tq_err *err);
/** Latest whole second of leaving that arrives by `by_ms` when the drive takes `percent` of its
 * time; *found is false when none within HUB_REACH_MS does. */
tq_status hub_leave(hub_road *road, int64_t by_ms, uint32_t percent, const hub_place *from,
                    const hub_place *to, int64_t *leave_ms, bool *found, tq_err *err);
static inline int64_t hub_ms(int64_t local_s)
{
    return (local_s - HUB_LOCAL_S) * 1000;
}
/** The regime of an id, TQ_NONE; likewise the flight whose service has the id. */
uint32_t hub_regime(const tq_freight *net, tq_str id);
uint32_t hub_flight(const tq_freight *net, tq_str id);
tq_status hub_there(const tq_freight *net, tq_err *err);
void hub_put_time(tq_json *json, const char *key, const tq_city *city, int64_t at_ms);

#endif
