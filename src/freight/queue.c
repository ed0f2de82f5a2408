/*
 * The queue of a search, in the order of (time, money, CO2) with lower bounds, ties by label.
 *
 * Entries wait in buckets of time. Only those of the bucket at hand are in a heap, which therefore
 * stays in the nearest memory; what has been beaten in the meantime is dropped when its bucket
 * comes up. A bucket is a chain of blocks. Heap and blocks share one piece of memory, the heap
 * from its begin, the blocks from its end.
 */
#include "freight/hunt_in.h"

static bool sooner(const queued *a, const queued *b)
{
    if (a->t != b->t) return a->t < b->t;
    if (a->e4 != b->e4) return a->e4 < b->e4;
    if (a->mg != b->mg) return a->mg < b->mg;
    return a->label < b->label;
}

static uint32_t bucket_of(const queued *entry)
{
    return TQ_MIN((uint32_t)entry->t >> BUCKET_SHIFT, BUCKETS - 1);
}

static bool has_room(const queue *q)
{
    return (q->heap_count + 1) * sizeof *q->heap <=
           (q->block_cap - q->block_count) * sizeof *q->block;
}

/* Up from `at` to where it belongs. */
static void heap_up(queue *q, uint32_t at, queued new)
{
    while (at > 0 && sooner(&new, &q->heap[(at - 1) / 4])) {
        q->heap[at] = q->heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    q->heap[at] = new;
}

static void heap_down(queue *q, uint32_t at, queued moved)
{
    for (;;) {
        uint32_t child = 4 * at + 1, best = child;
        if (child >= q->heap_count) break;
        for (uint32_t k = child + 1; k < q->heap_count && k < child + 4; k++)
            if (sooner(&q->heap[k], &q->heap[best])) best = k;
        if (!sooner(&q->heap[best], &moved)) break;
        q->heap[at] = q->heap[best];
        at = best;
    }
    q->heap[at] = moved;
}

/* Blocks are counted from the end of the memory. */
static queue_block *block_at(const queue *q, uint32_t block)
{
    return &q->block[q->block_cap - 1 - block];
}

void queue_place(queue *q, void *memory, size_t bytes)
{
    q->heap = memory;
    q->block = memory;
    q->block_cap = (uint32_t)TQ_MIN(bytes / sizeof *q->block, NO_BLOCK - 1);
}

void queue_clear(queue *q)
{
    memset(q->bucket, 0xFF, sizeof q->bucket);
    q->heap_count = q->block_count = q->now = 0;
    q->last = 0;
    q->free_block = NO_BLOCK;
}

/* A block of memory that the heap does not need, or NO_BLOCK. */
static uint32_t take_block(queue *q)
{
    uint32_t fresh = q->free_block;
    if (fresh != NO_BLOCK) {
        q->free_block = block_at(q, fresh)->next;
        return fresh;
    }
    if (q->block_count == q->block_cap ||
        q->heap_count * sizeof *q->heap > (q->block_cap - q->block_count - 1) * sizeof *q->block)
        return NO_BLOCK;
    return q->block_count++;
}

bool queue_push(queue *q, queued entry)
{
    uint32_t bucket = bucket_of(&entry);
    if (bucket <= q->now) {
        if (!has_room(q)) return false;
        heap_up(q, q->heap_count++, entry);
        return true;
    }
    uint32_t at = q->bucket[bucket];
    if (at == NO_BLOCK || block_at(q, at)->count == BLOCK_ENTRIES) {
        uint32_t fresh = take_block(q);
        if (fresh == NO_BLOCK) return false;
        block_at(q, fresh)->next = at;
        block_at(q, fresh)->count = 0;
        q->bucket[bucket] = at = fresh;
        q->last = TQ_MAX(q->last, bucket);
    }
    queue_block *block = block_at(q, at);
    block->entry[block->count++] = entry;
    return true;
}

/* The next bucket into the empty heap, without what is dead. False = no memory for it. */
static bool next_bucket(hunt *s)
{
    queue *q = &s->queue;
    uint32_t at = q->bucket[++q->now];
    q->bucket[q->now] = NO_BLOCK;
    while (at != NO_BLOCK) {
        queue_block *block = block_at(q, at);
        for (uint32_t k = 0; k < block->count; k++) {
            const queued *entry = &block->entry[k];
            if (s->label[entry->label].is == DEAD) {
                free_label(s, entry->label);
                continue;
            }
            if (!has_room(q)) return false;
            q->heap[q->heap_count++] = *entry;
        }
        uint32_t next = block->next;
        block->next = q->free_block;
        q->free_block = at;
        at = next;
    }
    for (uint32_t k = q->heap_count > 1 ? (q->heap_count - 2) / 4 + 1 : 0; k-- > 0;)
        heap_down(q, k, q->heap[k]);
    return true;
}

bool queue_pop(hunt *s, queued *out)
{
    queue *q = &s->queue;
    while (q->heap_count == 0 && q->now < q->last)
        if (!next_bucket(s)) {
            s->status = TQ_NO_MEMORY;
            return false;
        }
    if (q->heap_count == 0) return false;
    *out = q->heap[0];
    queued moved = q->heap[--q->heap_count];
    if (q->heap_count > 0) heap_down(q, 0, moved);
    return true;
}
