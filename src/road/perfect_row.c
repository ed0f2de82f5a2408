/*
 * One row of perfect customization, in as many forms as there are kernels: the true distances
 * between a member and its up-neighbours, from its up-arcs and the true distances between those.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "road/customize.h"

/* Over the nearer head to the farther one, and over the farther to the nearer. */
static inline void take_way(road_pair near, road_pair far, road_pair way, road_pair *best_near,
                            road_pair *best_far)
{
    best_far->up = TQ_MIN(best_far->up, near.up + way.up);
    best_far->down = TQ_MIN(best_far->down, near.down + way.down);
    best_near->up = TQ_MIN(best_near->up, far.up + way.down);
    best_near->down = TQ_MIN(best_near->down, far.down + way.up);
}

/*
 * list [count] are the member's up-arcs, `between` the triangle of true distances between their
 * heads. best [count]: up = least over k of list[k].up + distance from head k, down the other way.
 */
static void row_plain(const road_pair *list, uint32_t count, const road_pair *between,
                      road_pair *best)
{
    memcpy(best, list, count * sizeof *best);
    for (uint32_t k = 0; k < count; between += count - 1 - k, k++) {
        road_pair own = list[k], found = best[k];
        for (uint32_t l = 0; l < count - 1 - k; l++) {
            take_way(own, list[k + 1 + l], between[l], &found, &best[k + 1 + l]);
        }
        best[k] = found;
    }
}

#if defined(__x86_64__)
static __attribute__((target("avx2"))) void row_avx2(const road_pair *list, uint32_t count,
                                                     const road_pair *between, road_pair *best)
{
    memcpy(best, list, count * sizeof *best);
    for (uint32_t k = 0; k < count; between += count - 1 - k, k++) {
        road_pair own = list[k], found = best[k];
        uint32_t length = count - 1 - k, l = 0;
        int64_t own_bits;
        memcpy(&own_bits, &own, sizeof own_bits);
        __m256i add = _mm256_set1_epi64x(own_bits), least = _mm256_set1_epi32(TQ_ROAD_INF);
        for (; l + 4 <= length; l += 4) {
            __m256i way = _mm256_loadu_si256((const void *)(between + l));
            __m256i other = _mm256_loadu_si256((const void *)(list + k + 1 + l));
            void *far = best + k + 1 + l;
            _mm256_storeu_si256(
                far, _mm256_min_epi32(_mm256_loadu_si256(far), _mm256_add_epi32(add, way)));
            /* Up and down exchanged. */
            __m256i back = _mm256_shuffle_epi32(way, 0xb1);
            least = _mm256_min_epi32(least, _mm256_add_epi32(other, back));
        }
        __m128i half =
            _mm_min_epi32(_mm256_castsi256_si128(least), _mm256_extracti128_si256(least, 1));
        half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0x4e));
        found.up = TQ_MIN(found.up, _mm_cvtsi128_si32(half));
        found.down = TQ_MIN(found.down, _mm_extract_epi32(half, 1));
        for (; l < length; l++) {
            take_way(own, list[k + 1 + l], between[l], &found, &best[k + 1 + l]);
        }
        best[k] = found;
    }
}

static __attribute__((target("avx512f"))) void row_avx512(const road_pair *list, uint32_t count,
                                                          const road_pair *between, road_pair *best)
{
    memcpy(best, list, count * sizeof *best);
    const __m512i none = _mm512_set1_epi32(TQ_ROAD_INF);
    for (uint32_t k = 0; k < count; between += count - 1 - k, k++) {
        road_pair own = list[k], found = best[k];
        uint32_t length = count - 1 - k;
        int64_t own_bits;
        memcpy(&own_bits, &own, sizeof own_bits);
        __m512i add = _mm512_set1_epi64(own_bits), least = none;
        for (uint32_t l = 0; l < length; l += 8) {
            __mmask8 lanes = (__mmask8)(length - l >= 8 ? 0xff : (1u << (length - l)) - 1);
            __m512i way = _mm512_mask_loadu_epi64(none, lanes, between + l);
            __m512i other = _mm512_mask_loadu_epi64(none, lanes, list + k + 1 + l);
            road_pair *far = best + k + 1 + l;
            __m512i there = _mm512_maskz_loadu_epi64(lanes, far);
            _mm512_mask_storeu_epi64(far, lanes,
                                     _mm512_min_epi32(there, _mm512_add_epi32(add, way)));
            __m512i back = _mm512_shuffle_epi32(way, _MM_PERM_CDAB);
            least = _mm512_min_epi32(least, _mm512_add_epi32(other, back));
        }
        __m256i quarter =
            _mm256_min_epi32(_mm512_castsi512_si256(least), _mm512_extracti64x4_epi64(least, 1));
        __m128i half =
            _mm_min_epi32(_mm256_castsi256_si128(quarter), _mm256_extracti128_si256(quarter, 1));
        half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0x4e));
        found.up = TQ_MIN(found.up, _mm_cvtsi128_si32(half));
        found.down = TQ_MIN(found.down, _mm_extract_epi32(half, 1));
        best[k] = found;
    }
}
#endif

road_perfect_row road_perfect_row_used(void)
{
#if defined(__x86_64__)
    switch (tq_kernels_used()) {
    case TQ_KERNELS_AVX512: return row_avx512;
    case TQ_KERNELS_AVX2: return row_avx2;
    case TQ_KERNELS_PLAIN: break;
    }
#endif
    return row_plain;
}
