/* The library's version, for the preprocessor and at run time. */
#ifndef TQ_VERSION_H
#define TQ_VERSION_H

#include "tongqu/status.h"

#define TQ_VERSION_MAJOR 0
#define TQ_VERSION_MINOR 1
#define TQ_VERSION_PATCH 0
#define TQ_VERSION_TEXT  "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library that is running, such as "0.1.0". */
TQ_API const char *tq_version(void);

#ifdef __cplusplus
}
#endif
#endif
