/* The quickest way on streets for one kind of traveller. */
#ifndef TQ_PUBLIC_ROUTE_H
#define TQ_PUBLIC_ROUTE_H

#include "tongqu/city.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tq_profile {
    TQ_PROFILE_FOOT,
    TQ_PROFILE_ELDER,      /* slower, no steps */
    TQ_PROFILE_WHEELCHAIR, /* no steps, step-free ways only */
    TQ_PROFILE_BIKE,
    TQ_PROFILE_CAR,
    TQ_PROFILE_TAXI, /* as a car, and may use bus and taxi lanes */
    TQ_PROFILE_COUNT
} tq_profile;

TQ_API const char *tq_profile_name(tq_profile profile);
/** "foot", "elder", ... and OSRM's "driving", "walking", "cycling"; false for anything else. */
TQ_API bool tq_profile_parse(const char *name, tq_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
