/*
 * The choice of kernels, and their plain form, which the others are measured against.
 *
 * The choice is made at the first use by what the processor can, and kept in one atomic pointer:
 * two threads that come first at once make the same choice. Tests set it with tq_kernels_use.
 */
#include <stdatomic.h>

#include "road/kernels_in.h"

static int32_t min_plus(const int32_t *a, const int32_t *b, uint32_t count)
{
    int32_t best = TQ_ROAD_INF;
    for (uint32_t k = 0; k < count; k++) {
        int32_t sum = a[k] + b[k];
        best = TQ_MIN(sum, best);
    }
    return best;
}

static uint32_t last_equal(const int32_t *a, const int32_t *b, uint32_t count, int32_t sum)
{
    while (count > 0) {
        count--;
        if (a[count] + b[count] == sum) return count;
    }
    return TQ_NONE;
}

static void relax(int32_t *to, const int32_t *row, int32_t add, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        int32_t sum = add + row[k];
        to[k] = TQ_MIN(sum, to[k]);
    }
}

static void merge(int32_t *to, uint32_t ints, const road_part_row *part, uint32_t parts)
{
    for (uint32_t k = 0; k < ints; k++)
        to[k] = TQ_ROAD_INF;
    for (uint32_t p = 0; p < parts; p++)
        relax(to, part[p].row, part[p].add, part[p].ints);
}

static void tile(const int32_t *const from[ROAD_TILE_FROM], const int32_t *to, uint32_t count,
                 int32_t out[ROAD_TILE_FROM * ROAD_TILE_TO])
{
    for (uint32_t cell = 0; cell < ROAD_TILE_FROM * ROAD_TILE_TO; cell++)
        out[cell] = TQ_ROAD_INF;
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t source = 0; source < ROAD_TILE_FROM; source++)
            relax(out + (size_t)source * ROAD_TILE_TO, to + (size_t)k * ROAD_TILE_TO,
                  from[source][k], ROAD_TILE_TO);
}

static uint16_t least_u16(const uint16_t *value, uint32_t count)
{
    uint16_t least = UINT16_MAX;
    for (uint32_t k = 0; k < count; k++)
        least = TQ_MIN(value[k], least);
    return least;
}

const road_kernels road_kernels_plain = {TQ_KERNELS_PLAIN, min_plus, last_equal, relax, merge, tile,
                                         least_u16};

static _Atomic(const road_kernels *) chosen;

/* The form of a name; NULL when the processor cannot. */
static const road_kernels *kernels_of(tq_kernels name)
{
    switch (name) {
    case TQ_KERNELS_PLAIN: return &road_kernels_plain;
#if ROAD_KERNELS_X86
    case TQ_KERNELS_AVX2: return __builtin_cpu_supports("avx2") ? &road_kernels_avx2 : NULL;
    case TQ_KERNELS_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512vl")
                   ? &road_kernels_avx512
                   : NULL;
#else
    case TQ_KERNELS_AVX2:
    case TQ_KERNELS_AVX512: return NULL;
#endif
    }
    return NULL;
}

const road_kernels *road_kernels_now(void)
{
    const road_kernels *kernels = atomic_load_explicit(&chosen, memory_order_acquire);
    if (kernels != NULL) return kernels;
    kernels = kernels_of(TQ_KERNELS_AVX512);
    if (kernels == NULL) kernels = kernels_of(TQ_KERNELS_AVX2);
    if (kernels == NULL) kernels = kernels_of(TQ_KERNELS_PLAIN);
    atomic_store_explicit(&chosen, kernels, memory_order_release);
    return kernels;
}

bool tq_kernels_use(tq_kernels kernels)
{
    const road_kernels *wanted = kernels_of(kernels);
    if (wanted == NULL) return false;
    atomic_store_explicit(&chosen, wanted, memory_order_release);
    return true;
}

tq_kernels tq_kernels_used(void)
{
    return road_kernels_now()->name;
}
