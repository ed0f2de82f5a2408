/* Inside of the cache of metrics: its places (roads.c) and how they are filled (roads_make.c). */
#ifndef TQ_ROAD_ROADS_IN_H
#define TQ_ROAD_ROADS_IN_H

#include "os/os.h"
#include "road/vehicle_in.h"

#define ROADS_MAX     20u
#define ROADS_SLICES  64u
#define ROADS_NAMES   4u
#define ROADS_BEST    UINT64_C(0) /* names the metric of any time; a slice's key is odd */
#define ROADS_THREADS 4u
#define ROADS_LESSER                                                                               \
    TQ_METRIC_MAIN          /* parts of a metric made ahead; the others change no answer           \
                             */
#define ROADS_FOLLOWED  6u  /* metrics that are made for the next live state */
#define ROADS_IDLE_MOST 64u /* live states that a metric is followed for without a question */

/* A live state and a slice of it. Weights may be the same for several. */
typedef struct roads_name {
    uint64_t version, slice;
} roads_name;

typedef struct roads_place {
    tq_metric *metric; /* NULL = free place */
    /* One live state and instant that the weights are of. */
    const tq_overlay *overlay;
    int64_t at_ms;
    uint64_t vehicle, city_key; /* hash, key with nothing live */
    roads_name name[ROADS_NAMES];
    uint32_t names, pins, idle; /* idle: live states since somebody asked */
    uint32_t wanted;            /* parts that are still to come; the metric answers without them */
    int64_t asked_ms;           /* the last question's instant */
    uint64_t used;              /* larger is more recent */
} roads_place;

typedef struct roads_slice {
    uint64_t vehicle, version, city_key;
    tq_slice slice; /* key 0: free */
} roads_slice;

struct tq_roads {
    const tq_city *city;
    tq_mutex *lock, *making, *following;
    roads_place place[ROADS_MAX];
    roads_slice slice[ROADS_SLICES];
    uint32_t next_slice;
    uint64_t clock;
    uint64_t latest, former; /* live states that were followed last and before that */
    bool finishing;
    uint8_t *dates_used; /* [dates.count] rows that edges use */
};

/* What is asked for. */
typedef struct roads_wish {
    const tq_vehicle *vehicle;
    int64_t at_ms;
    uint32_t parts, idle;
    uint32_t wanted;  /* parts that may come later, beside `parts` */
    bool lesser_does; /* a metric made ahead will do */
    uint64_t hash, slice, city_key;
    uint64_t used; /* of the metric that is followed; 0 = this is a question */
    const tq_overlay *overlay;
    unsigned threads;
} roads_wish;

/** The kept metric that answers, pinned; NULL. */
const tq_metric *roads_pin(tq_roads *roads, const roads_wish *ask);
/** Put a new metric, pinned, in a free place or that of the longest unused one. False = all are
 * pinned. */
bool roads_keep(tq_roads *roads, const roads_wish *ask, tq_metric *metric);
/** A kept metric, pinned by the caller, and the same with more parts: the second answers from now
 * on. False = all places are pinned, nothing is changed. */
bool roads_replace(tq_roads *roads, const tq_metric *lesser, tq_metric *whole);
/** The wish's slice and keys. */
void roads_find_slice(tq_roads *roads, roads_wish *ask);
/** Make what is asked for, or find that a kept metric is the same; pinned. */
tq_status roads_make(tq_roads *roads, const roads_wish *ask, const tq_metric **out, tq_err *err);

#endif
