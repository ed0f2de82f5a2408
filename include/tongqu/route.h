/* The quickest way on streets for one kind of traveller. */
#ifndef TQ_PUBLIC_ROUTE_H
#define TQ_PUBLIC_ROUTE_H

#include "tongqu/city.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The built-in vehicle classes, each a file in profiles/; a city may change them and add more. */
typedef enum tq_profile {
    TQ_PROFILE_FOOT,
    TQ_PROFILE_ELDER,      /* slower, no steps, crossings counted */
    TQ_PROFILE_WHEELCHAIR, /* step-free ways; kerbs, width, surface, gradient */
    TQ_PROFILE_BIKE,
    TQ_PROFILE_CAR,
    TQ_PROFILE_TAXI, /* as a car, and may use bus and taxi lanes */
    TQ_PROFILE_BUS,
    TQ_PROFILE_LORRY_LIGHT,  /* 轻型: up to 4.5 t */
    TQ_PROFILE_LORRY_MEDIUM, /* 中型: up to 12 t */
    TQ_PROFILE_LORRY_HEAVY,  /* 重型: articulated, 49 t */
    TQ_PROFILE_LORRY_HAZMAT, /* 危险货物 */
    TQ_PROFILE_AMBULANCE,
    TQ_PROFILE_COUNT
} tq_profile;

TQ_API const char *tq_profile_name(tq_profile profile);
/** "foot", "elder", ... and OSRM's "driving", "walking", "cycling"; false for anything else. */
TQ_API bool tq_profile_parse(const char *name, tq_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
