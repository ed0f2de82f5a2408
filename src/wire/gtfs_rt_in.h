/*
 * The table that drives the reader, the writer and the JSON form of GTFS-Realtime: one row a field,
 * one list of rows a message. What the three do with a message is said once for all of them, so
 * they cannot disagree about a number, a name or a default.
 */
#ifndef TQ_WIRE_GTFS_RT_IN_H
#define TQ_WIRE_GTFS_RT_IN_H

#include "wire/wire.h"

typedef enum rt_kind {
    RT_BOOL,
    RT_U32,
    RT_I32,
    RT_U64,
    RT_I64,
    RT_ENUM,
    RT_FLOAT,
    RT_DOUBLE,
    RT_STR,     /* tq_str */
    RT_MESSAGE, /* pointer to the struct of `message` */
    RT_STRS,    /* tq_rt_strs */
    RT_MESSAGES /* list of the structs of `message` */
} rt_kind;

/* Names by value; NULL = no value of the protocol. */
typedef struct rt_enum {
    uint32_t count;
    const char *const *name;
} rt_enum;

struct rt_message;
typedef struct rt_field {
    uint8_t number;
    uint8_t kind; /* rt_kind */
    bool required;
    uint16_t at;      /* offset of the member */
    uint16_t has;     /* offset of its has_ flag; numbers only */
    int32_t missing;  /* default of the protocol */
    const char *name; /* lowerCamelCase */
    const rt_enum *values;
    const struct rt_message *message;
} rt_field;

#define RT_FIELDS_MAX 20 /* numbers of fields are below it */

typedef struct rt_message {
    const char *name;
    size_t size;
    uint32_t count;
    const rt_field *field; /* ascending by number */
} rt_message;

extern const rt_message rt_feed_message __attribute__((visibility("hidden")));

static inline bool rt_enum_has(const rt_enum *values, uint64_t value)
{
    return value < values->count && values->name[value] != NULL;
}

#endif
