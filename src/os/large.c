/*
 * Large pages for large arrays that are read at random: fewer page faults, fewer misses of the
 * translation cache. Only a hint; nothing depends on it.
 */
#include <sys/mman.h>

#include "os/os.h"

#define PAGE_BYTES ((size_t)4096)

void tq_memory_large(void *memory, size_t len)
{
#ifdef MADV_HUGEPAGE
    uintptr_t first = ((uintptr_t)memory + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)memory + len) & ~(uintptr_t)(PAGE_BYTES - 1);
    if (end <= first) return;
    /* A kernel without them says no; the memory is as good as before. */
    (void)madvise((uint8_t *)memory + (first - (uintptr_t)memory), end - first, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)len;
#endif
}
