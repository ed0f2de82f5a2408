/* Names and places: search by what people type, and the way back from a point to a name. */
#ifndef TQ_PUBLIC_PLACE_H
#define TQ_PUBLIC_PLACE_H

#include "tongqu/city.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tq_place_kind {
    TQ_PLACE_STATION,
    TQ_PLACE_STOP,
    TQ_PLACE_STREET,
    TQ_PLACE_POI,
    TQ_PLACE_GATE,
    TQ_PLACE_LOCALITY,
    TQ_PLACE_ADDRESS,
    TQ_PLACE_WORK /* a project of the register of works */
} tq_place_kind;

/* Why a place is in the answer. */
typedef enum tq_match {
    TQ_MATCH_NAME,   /* the name itself */
    TQ_MATCH_PREFIX, /* the name begins so */
    TQ_MATCH_PART,   /* the name holds it */
    TQ_MATCH_ALIAS,
    TQ_MATCH_FORMER, /* a former name */
    TQ_MATCH_ENGLISH,
    TQ_MATCH_PINYIN,
    TQ_MATCH_INITIALS,
    TQ_MATCH_FUZZY /* one character dropped, added or changed */
} tq_match;

/* One answer; texts are UTF-8, never NULL, valid while the city is open. */
typedef struct tq_place {
    uint32_t place; /* row in the city, stable for one version */
    tq_place_kind kind;
    tq_match match;
    int32_t lat_e7, lon_e7; /* WGS-84 */
    const char *name, *name_en;
    const char *matched;     /* the name, alias or former name that matched */
    const char *area, *city; /* district and town, "" = unknown */
    const char *category, *note;
    const char *stop_id; /* for stops and stations, else "" */
    const char *source;
    bool approximate;
    int32_t score;       /* larger first */
    uint32_t distance_m; /* reverse lookup only */
} tq_place;

#define TQ_PLACES_MAX      50
#define TQ_PLACE_QUERY_MAX 200 /* bytes */

typedef struct tq_place_query {
    uint32_t size;       /* sizeof(tq_place_query) */
    const char *text;    /* what was typed: characters, pinyin, initials, English, former name */
    const char *in_city; /* only places of this town (name or English name); NULL = anywhere */
    bool near_known;     /* rank nearer ones first among equals */
    int32_t near_lat_e7, near_lon_e7;
    uint32_t limit; /* 1 .. TQ_PLACES_MAX */
} tq_place_query;

/**
 * Find places by name, best first; one character dropped, added or changed is tolerated.
 * @return TQ_OK with *count >= 0 answers, TQ_BAD_INPUT (empty, over TQ_PLACE_QUERY_MAX, not UTF-8)
 * Thread safe; does not allocate (scratch on the stack). Cost: bench/city_search.
 */
TQ_API tq_status tq_places_find(const tq_city *city, const tq_place_query *query, tq_place *out,
                                uint32_t *count, tq_err *err);

/** Places within `radius_m` of a WGS-84 point, nearest first; streets by their nearest piece. */
TQ_API tq_status tq_places_near(const tq_city *city, int32_t lat_e7, int32_t lon_e7,
                                uint32_t radius_m, uint32_t limit, tq_place *out, uint32_t *count,
                                tq_err *err);

/** Stable names for JSON: "station", "former name", ... */
TQ_API const char *tq_place_kind_name(tq_place_kind kind);
TQ_API const char *tq_match_name(tq_match match);

#ifdef __cplusplus
}
#endif
#endif
