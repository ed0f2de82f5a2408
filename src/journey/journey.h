/*
 * journey: door-to-door joins of road and transit; itineraries, fares, last-train truth; and the
 * JSON that the command and the server share.
 */
#ifndef TQ_JOURNEY_H
#define TQ_JOURNEY_H

#include "tongqu/place.h"
#include "tongqu/plan.h"

#include "city/city.h"
#include "road/road.h"
#include "transit/transit.h"

/* An open city with its caches of metrics and days: what every question is asked of. Shared by all
 * threads. */
typedef struct tq_snapshot {
    const tq_city *city;
    tq_roads *roads;
    tq_days *days;
} tq_snapshot;

tq_status tq_snapshot_open(const char *path, tq_snapshot *out, tq_err *err);
void tq_snapshot_close(tq_snapshot *snapshot);
/** Make the metrics and days of an instant ahead of the first question. */
tq_status tq_snapshot_warm(tq_snapshot *snapshot, int64_t at_ms, tq_err *err);

/** Bytes of scratch one thread needs for any question on this city. */
size_t tq_journey_work_bytes(const tq_city *city);

void tq_plan_query_default(tq_plan_query *query);

/**
 * Plan a trip. The answer lives in `work` (reset by the caller) until its next use.
 * @return TQ_OK (also with no itinerary: answer->note says why), TQ_BAD_INPUT, TQ_NO_MEMORY (work
 * too small)
 */
tq_status tq_plan(const tq_snapshot *snapshot, const tq_plan_query *query, tq_arena *work,
                  tq_plan_answer *out, tq_err *err);

/* Language of texts made for people; data keeps its own names. */
typedef enum tq_lang { TQ_ZH, TQ_EN } tq_lang;

/** Plan and write the answer as JSON: {"version","itineraries":[…],"missed":[…],…};
   docs/api/openapi.yaml. *found is false when there is no itinerary (the command then exits 1). */
tq_status tq_plan_json(const tq_snapshot *snapshot, const tq_plan_query *query, tq_lang lang,
                       tq_arena *work, tq_buf *out, bool *found, tq_err *err);

/** {"version","places":[…]} for a search or a reverse lookup. */
tq_status tq_places_json(const tq_city *city, const tq_place_query *query, tq_buf *out,
                         uint32_t *count, tq_err *err);
tq_status tq_reverse_json(const tq_city *city, int32_t lat_e7, int32_t lon_e7, uint32_t radius_m,
                          uint32_t limit, tq_buf *out, uint32_t *count, tq_err *err);

/** {"version","stop":{…},"departures":[…]} of a stop or station (by its id), from an instant. */
tq_status tq_departures_json(const tq_snapshot *snapshot, const char *stop_id, int64_t from_ms,
                             uint32_t minutes, uint32_t limit, tq_arena *work, tq_buf *out,
                             tq_err *err);

/** {"version","name","box",…}: what the city is and holds. */
void tq_city_json(const tq_city *city, tq_buf *out);

/** {"version","works":[…]}: the dated register, with what is open at an instant. */
void tq_works_json(const tq_city *city, int64_t at_ms, tq_buf *out);

/** OSRM's route answer with "ways"; the metric is taken from the snapshot. */
tq_status tq_snapshot_route_json(const tq_snapshot *snapshot, tq_profile profile, int64_t at_ms,
                                 const tq_point *point, uint32_t count,
                                 const tq_route_options *options, tq_arena *work, tq_buf *out,
                                 tq_err *err);

#endif
