/*
 * Kernels of sixteen lanes for x86-64 processors with AVX-512 F, BW and VL. The loops are in
 * kernels_body_in.h.
 */
#include "road/kernels_in.h"

#if ROAD_KERNELS_X86

#include <immintrin.h>

#define LANES 16u
#define ENTRY __attribute__((target("avx512f,avx512bw,avx512vl")))
#define WIDE  inline __attribute__((target("avx512f,avx512bw,avx512vl"), always_inline))

typedef __m512i lanes;

static WIDE lanes lanes_all(int32_t value)
{
    return _mm512_set1_epi32(value);
}

static WIDE lanes lanes_load(const int32_t *at)
{
    return _mm512_loadu_si512(at);
}

static WIDE lanes lanes_load_first(const int32_t *at, uint32_t count)
{
    return _mm512_mask_loadu_epi32(lanes_all(TQ_ROAD_INF), (__mmask16)((1u << count) - 1), at);
}

static WIDE void lanes_store(int32_t *at, lanes value)
{
    _mm512_storeu_si512(at, value);
}

static WIDE lanes lanes_add(lanes a, lanes b)
{
    return _mm512_add_epi32(a, b);
}

static WIDE lanes lanes_min(lanes a, lanes b)
{
    return _mm512_min_epi32(a, b);
}

static WIDE int32_t lanes_least(lanes value)
{
    return _mm512_reduce_min_epi32(value);
}

static WIDE uint32_t lanes_equal_mask(lanes a, lanes b)
{
    return _mm512_cmpeq_epi32_mask(a, b);
}

#include "road/kernels_body_in.h"

static ENTRY uint16_t least_u16(const uint16_t *value, uint32_t count)
{
    __m512i least = _mm512_set1_epi16(-1);
    for (uint32_t k = 0; k < count; k += 32) {
        __mmask32 mask = count - k >= 32 ? UINT32_MAX : (1u << (count - k)) - 1;
        least =
            _mm512_mask_min_epu16(least, mask, least, _mm512_maskz_loadu_epi16(mask, value + k));
    }
    __m256i half =
        _mm256_min_epu16(_mm512_castsi512_si256(least), _mm512_extracti64x4_epi64(least, 1));
    __m128i part = _mm_min_epu16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    return (uint16_t)_mm_extract_epi16(_mm_minpos_epu16(part), 0);
}

const road_kernels road_kernels_avx512 = {
    TQ_KERNELS_AVX512, min_plus, last_equal, relax, merge, tile, least_u16};

#else
typedef int road_kernels_avx512_none;
#endif
