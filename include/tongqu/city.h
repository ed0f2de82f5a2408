/* A city file, open for reading. Shared by all threads; immutable. */
#ifndef TQ_PUBLIC_CITY_H
#define TQ_PUBLIC_CITY_H

#include "tongqu/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tq_city tq_city;

/**
 * Map and fully verify a city file.
 *
 * @param path  NAME.city
 * @param city  receives the open city; close it with tq_city_close
 * @param err   may be NULL
 * @return TQ_OK, TQ_IO, TQ_BAD_FILE (damaged, truncated or of another version; err names the
 * section), TQ_NO_MEMORY
 *
 * Cost: one pass over the file (bench/city_open).
 */
TQ_API tq_status tq_city_open(const char *path, tq_city **city, tq_err *err);

/** Release a city; NULL is fine. No query may be running on it. */
TQ_API void tq_city_close(tq_city *city);

/** The version every answer carries: the same version gives the same answers. Valid until close. */
TQ_API const char *tq_city_version(const tq_city *city);

#ifdef __cplusplus
}
#endif
#endif
