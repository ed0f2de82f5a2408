/*
 * Stable radix sort, an indexed 4-ary heap, hashes and random numbers.
 *
 * The radix sort goes byte by byte from the lowest and skips bytes that all keys share, which makes
 * small keys (indices) cheap. splitmix64: Steele, Lea, Flood 2014.
 */
#include "base/base.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Count bytes at `shift`; false if all keys share that byte, so that the pass can be skipped. */
static bool count_bytes(const uint64_t *key, size_t count, unsigned shift, size_t first[256])
{
    size_t seen[256] = {0};
    for (size_t k = 0; k < count; k++)
        seen[key[k] >> shift & 255]++;
    size_t sum = 0;
    bool spread = true;
    for (unsigned byte = 0; byte < 256; byte++) {
        if (seen[byte] == count) spread = false;
        first[byte] = sum;
        sum += seen[byte];
    }
    return spread;
}

bool tq_sort_by_u64(uint32_t *index, size_t count, const uint64_t *key)
{
    if (count < 2) return true;
    uint64_t *keys = TQ_ALLOC(uint64_t, count), *keys2 = TQ_ALLOC(uint64_t, count);
    uint32_t *index2 = TQ_ALLOC(uint32_t, count);
    bool done = keys != NULL && keys2 != NULL && index2 != NULL;
    uint32_t *from = index, *to = index2;
    for (size_t k = 0; done && k < count; k++)
        keys[k] = key[index[k]];
    for (unsigned shift = 0; done && shift < 64; shift += 8) {
        size_t first[256];
        if (!count_bytes(keys, count, shift, first)) continue;
        for (size_t k = 0; k < count; k++) {
            size_t place = first[keys[k] >> shift & 255]++;
            keys2[place] = keys[k];
            to[place] = from[k];
        }
        uint64_t *swap_keys = keys;
        keys = keys2;
        keys2 = swap_keys;
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (done && from != index) memcpy(index, from, count * sizeof *index);
    tq_free(keys);
    tq_free(keys2);
    tq_free(index2);
    return done;
}

bool tq_sort_u64(uint64_t *keys, size_t count)
{
    if (count < 2) return true;
    uint64_t *other = TQ_ALLOC(uint64_t, count);
    if (other == NULL) return false;
    uint64_t *from = keys, *to = other;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t first[256];
        if (!count_bytes(from, count, shift, first)) continue;
        for (size_t k = 0; k < count; k++)
            to[first[from[k] >> shift & 255]++] = from[k];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys) memcpy(keys, from, count * sizeof *keys);
    tq_free(other);
    return true;
}

bool tq_sort_u32(uint32_t *keys, size_t count)
{
    uint64_t *wide = TQ_ALLOC(uint64_t, count);
    if (wide == NULL) return false;
    for (size_t k = 0; k < count; k++)
        wide[k] = keys[k];
    bool done = tq_sort_u64(wide, count);
    for (size_t k = 0; done && k < count; k++)
        keys[k] = (uint32_t)wide[k];
    tq_free(wide);
    return done;
}

static void place(tq_heap *heap, uint32_t slot, uint32_t id, int64_t key)
{
    heap->id[slot] = id;
    heap->key[slot] = key;
    heap->pos[id] = slot;
}

void tq_heap_lower(tq_heap *heap, uint32_t id, int64_t key)
{
    uint32_t slot = heap->pos[id];
    if (slot == TQ_NONE)
        slot = heap->count++;
    else if (key >= heap->key[slot])
        return;
    while (slot > 0) {
        uint32_t up = (slot - 1) / 4;
        if (heap->key[up] <= key) break;
        place(heap, slot, heap->id[up], heap->key[up]);
        slot = up;
    }
    place(heap, slot, id, key);
}

uint32_t tq_heap_pop(tq_heap *heap, int64_t *key)
{
    uint32_t top = heap->id[0];
    if (key != NULL) *key = heap->key[0];
    heap->pos[top] = TQ_NONE;
    uint32_t last = --heap->count;
    if (last == 0) return top;
    uint32_t id = heap->id[last], slot = 0;
    int64_t moved = heap->key[last];
    for (;;) {
        uint32_t child = slot * 4 + 1, best = TQ_NONE;
        int64_t least = moved;
        for (uint32_t k = child; k < child + 4 && k < last; k++) {
            if (heap->key[k] < least) {
                least = heap->key[k];
                best = k;
            }
        }
        if (best == TQ_NONE) break;
        place(heap, slot, heap->id[best], least);
        slot = best;
    }
    place(heap, slot, id, moved);
    return top;
}

uint64_t tq_hash(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

uint64_t tq_mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

uint64_t tq_random_u64(tq_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return tq_mix(random->state);
}

uint32_t tq_random_below(tq_random *random, uint32_t limit)
{
    return (uint32_t)((tq_random_u64(random) >> 32) * limit >> 32);
}
