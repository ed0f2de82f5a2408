/* Private to import: pieces of the frame that its tests and its driver share. */
#ifndef TQ_IMPORT_BUILD_IN_H
#define TQ_IMPORT_BUILD_IN_H

#include "import/import.h"

/** Lower the limit of offsets, so that a test can reach it. */
void import_texts_limit(tq_texts *texts, uint32_t limit);

/** Release everything the build owns: pool, vectors, texts, kept arrays. */
void import_build_free(tq_build *build);

/** Stations and stops become places with link = stop; those that have one already are passed over.
 */
tq_status import_places_of_stops(tq_build *build, tq_err *err);
/** Freeze places and aliases into city.places, with their grid. */
tq_status import_freeze_places(tq_build *build, tq_err *err);

#endif
