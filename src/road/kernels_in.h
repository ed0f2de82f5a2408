/*
 * Loops over rows of times, in as many forms as there are kernels (tq_kernels in road.h). All forms
 * give the same answers bit for bit. Times are 0 .. TQ_ROAD_INF, so two of them never overflow.
 */
#ifndef TQ_ROAD_KERNELS_IN_H
#define TQ_ROAD_KERNELS_IN_H

#include "road/road.h"

#if defined(__x86_64__)
#define ROAD_KERNELS_X86 1
#else
#define ROAD_KERNELS_X86 0
#endif

/* Sources and targets of one tile of a table. */
#define ROAD_TILE_FROM 4u
#define ROAD_TILE_TO   16u

/* A row that takes part in road_kernels.merge, with the time to add to all of it. */
typedef struct road_part_row {
    const int32_t *row;
    int32_t add;
    uint32_t ints; /* of it, a multiple of 16 */
} road_part_row;

typedef struct road_kernels {
    tq_kernels name;
    /** Least a[k] + b[k] for k < count, at most TQ_ROAD_INF. */
    int32_t (*min_plus)(const int32_t *a, const int32_t *b, uint32_t count);
    /** The last k < count with a[k] + b[k] == sum; TQ_NONE. */
    uint32_t (*last_equal)(const int32_t *a, const int32_t *b, uint32_t count, int32_t sum);
    /** to[k] = min(to[k], add + row[k]) for k < count. */
    void (*relax)(int32_t *to, const int32_t *row, int32_t add, uint32_t count);
    /** to[k] = least part.add + part.row[k] of the parts that reach k, at most TQ_ROAD_INF, for k <
     * ints, a multiple of 16. Parts descend by ints; no part is longer than `ints`. */
    void (*merge)(int32_t *to, uint32_t ints, const road_part_row *part, uint32_t parts);
    /** out[s * 16 + t] = least from[s][k] + to[k * 16 + t] for k < count, at most TQ_ROAD_INF. */
    void (*tile)(const int32_t *const from[ROAD_TILE_FROM], const int32_t *to, uint32_t count,
                 int32_t out[ROAD_TILE_FROM * ROAD_TILE_TO]);
    /** Least of count values; UINT16_MAX for none. */
    uint16_t (*least_u16)(const uint16_t *value, uint32_t count);
} road_kernels;

/** The kernels in use. */
const road_kernels *road_kernels_now(void);

extern const road_kernels road_kernels_plain;
#if ROAD_KERNELS_X86
extern const road_kernels road_kernels_avx2, road_kernels_avx512;
#endif

#endif
