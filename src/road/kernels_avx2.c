/*
 * Kernels of eight lanes for x86-64 processors with AVX2. The loops are in kernels_body_in.h.
 */
#include "road/kernels_in.h"

#if ROAD_KERNELS_X86

#include <immintrin.h>

#define LANES 8u
#define ENTRY __attribute__((target("avx2")))
#define WIDE  inline __attribute__((target("avx2"), always_inline))

typedef __m256i lanes;

static WIDE lanes lanes_all(int32_t value)
{
    return _mm256_set1_epi32(value);
}

static WIDE lanes lanes_load(const int32_t *at)
{
    return _mm256_loadu_si256((const __m256i_u *)(const void *)at);
}

static WIDE lanes lanes_load_first(const int32_t *at, uint32_t count)
{
    lanes mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count),
                                    _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    return _mm256_blendv_epi8(lanes_all(TQ_ROAD_INF), _mm256_maskload_epi32(at, mask), mask);
}

static WIDE void lanes_store(int32_t *at, lanes value)
{
    _mm256_storeu_si256((__m256i_u *)(void *)at, value);
}

static WIDE lanes lanes_add(lanes a, lanes b)
{
    return _mm256_add_epi32(a, b);
}

static WIDE lanes lanes_min(lanes a, lanes b)
{
    return _mm256_min_epi32(a, b);
}

static WIDE int32_t lanes_least(lanes value)
{
    __m128i half = _mm_min_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

static WIDE uint32_t lanes_equal_mask(lanes a, lanes b)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)));
}

#include "road/kernels_body_in.h"

static ENTRY uint16_t least_u16(const uint16_t *value, uint32_t count)
{
    __m128i least = _mm_set1_epi16(-1);
    uint32_t k = 0;
    for (; k + 8 <= count; k += 8)
        least = _mm_min_epu16(least, _mm_loadu_si128((const __m128i_u *)(const void *)(value + k)));
    /* The instruction finds the least of eight at once. */
    uint16_t best = (uint16_t)_mm_extract_epi16(_mm_minpos_epu16(least), 0);
    for (; k < count; k++)
        best = TQ_MIN(value[k], best);
    return best;
}

const road_kernels road_kernels_avx2 = {TQ_KERNELS_AVX2, min_plus, last_equal, relax,
                                        merge,           tile,     least_u16};

#else
typedef int road_kernels_avx2_none;
#endif
