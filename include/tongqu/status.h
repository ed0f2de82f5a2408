/*
 * What can go wrong, in one list with one text each, and the record that says where.
 * Every function that can fail returns tq_status; its out-parameters are untouched on failure.
 */
#ifndef TQ_STATUS_H
#define TQ_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TQ_API __attribute__((visibility("default")))

#define TQ_STATUS_MAP(X)                                                                           \
    X(OK, 0, "ok")                                                                                 \
    X(NO_ROUTE, 2, "the two places are not connected")                                             \
    X(NOT_FOUND, 3, "nothing by that name or place")                                               \
    X(AMBIGUOUS, 4, "more than one thing has that name")                                           \
    X(USAGE, 5, "the command is not understood")                                                   \
    X(BAD_INPUT, 10, "the input is not valid")                                                     \
    X(BAD_FILE, 11, "the city file is damaged or of another version")                              \
    X(BAD_CONFIG, 12, "tongqu.yaml is not valid")                                                  \
    X(LIMIT, 13, "the input is over a limit")                                                      \
    X(STALE, 14, "somebody was faster: the record is not as it was")                               \
    X(DENIED, 15, "this needs another role")                                                       \
    X(NO_MEMORY, 20, "out of memory")                                                              \
    X(IO, 21, "a file could not be read or written")                                               \
    X(STORE, 22, "the store could not do it")                                                      \
    X(BUSY, 23, "too much work at once; try again")                                                \
    X(INTERNAL, 70, "a fault inside tongqu")

typedef enum tq_status {
#define TQ_STATUS_ENUM(name, number, text) TQ_##name = number,
    TQ_STATUS_MAP(TQ_STATUS_ENUM)
#undef TQ_STATUS_ENUM
} tq_status;

/** Where and why something failed. Zeroed by tq_err_clear; filled by tq_fail. */
typedef struct tq_err {
    tq_status status;
    uint32_t line;   /* 1-based line or record number, 0 if unknown */
    uint64_t offset; /* byte offset in the input, 0 if unknown */
    char text[400];  /* UTF-8, one sentence: names the thing and the limit it broke, says what to do
                      */
} tq_err;

/** English text of a status; never NULL. */
TQ_API const char *tq_status_text(tq_status status);

/** Short stable name of a status, such as "NO_ROUTE"; never NULL. */
TQ_API const char *tq_status_name(tq_status status);

#ifdef __cplusplus
}
#endif
#endif
