/*
 * Arenas, pools and growing arrays.
 *
 * The arena is the scratch of a query: one block, a bump pointer, nothing freed one by one. Its
 * free part is poisoned under AddressSanitizer, so a stale pointer into a former query is caught.
 */
#include <stdlib.h>

#include "base/base.h"

#if defined(__SANITIZE_ADDRESS__)
#define TQ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TQ_ASAN 1
#endif
#endif
#ifdef TQ_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, len)   __asan_poison_memory_region((at), (len))
#define UNPOISON(at, len) __asan_unpoison_memory_region((at), (len))
#else
#define POISON(at, len)   ((void)(at), (void)(len))
#define UNPOISON(at, len) ((void)(at), (void)(len))
#endif

void tq_arena_init(tq_arena *arena, void *memory, size_t cap)
{
    *arena = (tq_arena){.base = memory, .cap = cap};
    POISON(memory, cap);
}

void *tq_arena_push_raw(tq_arena *arena, size_t count, size_t size, size_t align)
{
    size_t start = (arena->used + (align - 1)) & ~(align - 1);
    if (start > arena->cap || (size != 0 && count > (arena->cap - start) / size)) return NULL;
    arena->used = start + count * size;
    if (arena->used > arena->peak) arena->peak = arena->used;
    UNPOISON(arena->base + start, count * size);
    return arena->base + start;
}

void *tq_arena_push(tq_arena *arena, size_t count, size_t size, size_t align)
{
    void *memory = tq_arena_push_raw(arena, count, size, align);
    return memory == NULL ? NULL : memset(memory, 0, count * size);
}

void tq_arena_reset(tq_arena *arena, size_t mark)
{
    TQ_ASSERT(mark <= arena->used);
    arena->used = mark;
    POISON(arena->base + mark, arena->cap - mark);
}

typedef struct tq_pool_block {
    struct tq_pool_block *next;
    size_t used, cap;
    _Alignas(16) uint8_t bytes[];
} tq_pool_block;

#define POOL_BLOCK_MIN ((size_t)1 << 20)

void *tq_pool_push(tq_pool *pool, size_t size, size_t align)
{
    tq_pool_block *block = pool->block;
    size_t start = block != NULL ? (block->used + (align - 1)) & ~(align - 1) : 0;
    if (block == NULL || start > block->cap || size > block->cap - start) {
        if (size > SIZE_MAX / 2) return NULL;
        size_t cap = TQ_MAX(size + align, POOL_BLOCK_MIN);
        block = calloc(1, sizeof *block + cap);
        if (block == NULL) return NULL;
        block->cap = cap;
        block->next = pool->block;
        pool->block = block;
        pool->total += cap;
        start = 0;
    }
    block->used = start + size;
    return block->bytes + start;
}

void tq_pool_free(tq_pool *pool)
{
    while (pool->block != NULL) {
        tq_pool_block *next = pool->block->next;
        free(pool->block);
        pool->block = next;
    }
    pool->total = 0;
}

bool tq_vec_grow(void **at, size_t count, size_t *cap, size_t size, size_t more)
{
    if (more <= *cap - count) return true;
    if (more > SIZE_MAX / 2 || count > SIZE_MAX / 2) return false;
    size_t want = TQ_MAX(count + more, *cap + *cap / 2);
    if (want < 16) want = 16;
    if (want > SIZE_MAX / size) return false;
    void *grown = realloc(*at, want * size);
    if (grown == NULL) return false;
    *at = grown;
    *cap = want;
    return true;
}

void *tq_alloc(size_t count, size_t size)
{
    return calloc(count != 0 ? count : 1, size);
}

void *tq_alloc_aligned(size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - 64) / size) return NULL;
    size_t bytes = (count * size + 63) & ~(size_t)63;
    if (bytes == 0) bytes = 64;
    void *memory = aligned_alloc(64, bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

void tq_free(void *memory)
{
    free(memory);
}
