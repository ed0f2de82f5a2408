/*
 * Customization: from the weights of links to the weights of up-arcs.
 *
 * Method: multifrontal, as in sparse Cholesky factorization, over (min, +). A front (city.h) has a
 * triangle of weights between the members of its neighbourhood. Its members are done from the
 * lowest; what they tell the others goes at once into the parent's triangle, run by run, 8 or 4
 * pairs at a time. Triangles live on a stack that follows a walk through the tree in post-order, so
 * a lower triangle is met once and its sides are in the cache.
 *
 * Threads: the fronts of small subtrees are one task, each front above them is one; a task waits
 * for the tasks below it and adds to its parent's triangle under a lock. Minima do not depend on
 * order.
 *
 * Invariants: weights are 0 .. TQ_ROAD_INF, so two of them never overflow 32 bits. All kernels give
 * the same bits.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <stdatomic.h>
#include <stdlib.h>

#include "os/os.h"
#include "road/customize.h"

/* Members whose news are merged before a row is written; more take several turns. */
#define MEMBERS_MAX 32u
/* Lists of at most so many entries are told pair by pair. */
#define SMALL_LIST 16u
/* Subtrees of at most 1 / TASK_SHARE of all vertices are one task. */
#define TASK_SHARE  24u
#define THREADS_MAX 8u

/* What a row of pairs gets: own entries, and for each member its weights from and to the row's
 * vertex with the member's further entries. */
typedef struct news {
    const road_pair *own; /* NULL = none */
    uint32_t count;
    int64_t turned[MEMBERS_MAX]; /* the pair of member and row's vertex, down and up exchanged */
    const road_pair *low[MEMBERS_MAX];
} news;

/* Entries [at, at + length) of the news into a row. How many members and whether there are own
 * entries is told by constants where it is known, so that the compiler leaves out the rest. */
typedef void (*merge_run)(const news *from, uint32_t count, bool own, uint32_t at, uint32_t length,
                          road_pair *row);

#define INLINE static inline __attribute__((always_inline))

INLINE int64_t turned_pair(road_pair pair)
{
    return (int64_t)((uint64_t)(uint32_t)pair.up << 32 | (uint32_t)pair.down);
}

INLINE void merge_plain(const news *from, uint32_t count, bool own, uint32_t at, uint32_t length,
                        road_pair *row)
{
    for (uint32_t k = 0; k < length; k++) {
        road_pair best = row[k];
        if (own) {
            best.up = TQ_MIN(best.up, from->own[at + k].up);
            best.down = TQ_MIN(best.down, from->own[at + k].down);
        }
        for (uint32_t member = 0; member < count; member++) {
            road_pair low = from->low[member][at + k];
            best.up = TQ_MIN(best.up, (int32_t)from->turned[member] + low.up);
            best.down = TQ_MIN(best.down, (int32_t)(from->turned[member] >> 32) + low.down);
        }
        row[k] = best;
    }
}

#if defined(__x86_64__)
INLINE __attribute__((target("avx2"))) void merge_avx2(const news *from, uint32_t count, bool own,
                                                       uint32_t at, uint32_t length, road_pair *row)
{
    uint32_t k = 0;
    for (; k + 4 <= length; k += 4) {
        __m256i best = _mm256_loadu_si256((const void *)(row + k));
        if (own)
            best = _mm256_min_epi32(best, _mm256_loadu_si256((const void *)(from->own + at + k)));
        for (uint32_t member = 0; member < count; member++) {
            __m256i low = _mm256_loadu_si256((const void *)(from->low[member] + at + k));
            best = _mm256_min_epi32(
                best, _mm256_add_epi32(_mm256_set1_epi64x(from->turned[member]), low));
        }
        _mm256_storeu_si256((void *)(row + k), best);
    }
    if (k + 2 <= length) {
        __m128i best = _mm_loadu_si128((const void *)(row + k));
        if (own) best = _mm_min_epi32(best, _mm_loadu_si128((const void *)(from->own + at + k)));
        for (uint32_t member = 0; member < count; member++) {
            __m128i low = _mm_loadu_si128((const void *)(from->low[member] + at + k));
            best = _mm_min_epi32(best, _mm_add_epi32(_mm_set1_epi64x(from->turned[member]), low));
        }
        _mm_storeu_si128((void *)(row + k), best);
        k += 2;
    }
    if (k == length) return;
    __m128i best = _mm_loadl_epi64((const void *)(row + k));
    if (own) best = _mm_min_epi32(best, _mm_loadl_epi64((const void *)(from->own + at + k)));
    for (uint32_t member = 0; member < count; member++) {
        __m128i low = _mm_loadl_epi64((const void *)(from->low[member] + at + k));
        best = _mm_min_epi32(best, _mm_add_epi32(_mm_set1_epi64x(from->turned[member]), low));
    }
    _mm_storel_epi64((void *)(row + k), best);
}

INLINE __attribute__((target("avx512f"))) void merge_avx512(const news *from, uint32_t count,
                                                            bool own, uint32_t at, uint32_t length,
                                                            road_pair *row)
{
    for (uint32_t k = 0; k < length; k += 8) {
        __mmask8 lanes = (__mmask8)(length - k >= 8 ? 0xff : (1u << (length - k)) - 1);
        __m512i best = _mm512_maskz_loadu_epi64(lanes, row + k);
        if (own) best = _mm512_min_epi32(best, _mm512_maskz_loadu_epi64(lanes, from->own + at + k));
        for (uint32_t member = 0; member < count; member++) {
            __m512i low = _mm512_maskz_loadu_epi64(lanes, from->low[member] + at + k);
            best = _mm512_min_epi32(best,
                                    _mm512_add_epi32(_mm512_set1_epi64(from->turned[member]), low));
        }
        _mm512_mask_storeu_epi64(row + k, lanes, best);
    }
}
#endif

/*
 * The triangle of a front of `size` neighbours: row j holds the pairs to its size - 1 - j higher
 * ones.
 */
typedef struct front_triangle {
    uint32_t front, size, members;
    road_pair *row; /* NULL = nothing has come from below */
} front_triangle;

static size_t triangle_pairs(uint32_t size)
{
    return (size_t)size * (size - 1) / 2;
}

INLINE road_pair *row_at(const front_triangle *triangle, uint32_t j)
{
    return triangle->row + ((size_t)j * (triangle->size - 1) - (size_t)j * (j - 1) / 2);
}

/* Take the news of members [first, end) for row j of a front; returns the next member. */
INLINE uint32_t take_news(const tq_hierarchy *hierarchy, const road_pair *pair, uint32_t lowest,
                          uint32_t first, uint32_t end, uint32_t j, news *out)
{
    out->count = 0;
    for (; first < end && out->count < MEMBERS_MAX; first++) {
        const road_pair *low = pair + hierarchy->first_up[lowest + first] + (j - first - 1);
        if (low->up >= TQ_ROAD_INF && low->down >= TQ_ROAD_INF) continue;
        out->turned[out->count] = turned_pair(*low);
        out->low[out->count++] = low + 1;
    }
    return first;
}

INLINE void do_members(const tq_hierarchy *hierarchy, const front_triangle *own, road_pair *pair,
                       merge_run merge)
{
    uint32_t lowest = hierarchy->front_first[own->front];
    for (uint32_t j = 0; j < own->members; j++) {
        uint32_t length = own->size - 1 - j, first = 0;
        road_pair *row = pair + hierarchy->first_up[lowest + j];
        news from;
        from.own = own->row != NULL ? row_at(own, j) : NULL;
        do {
            first = take_news(hierarchy, pair, lowest, first, j, j, &from);
            if (from.count > 0 || from.own != NULL)
                merge(&from, from.count, from.own != NULL, 0, length, row);
            from.own = NULL;
        } while (first < j);
    }
}

/* One row of a front's triangle into its parent's, from the run at hand on. */
INLINE void tell_row(const news *from, uint32_t count, bool own, const tq_run *run,
                     const tq_run *run_end, uint32_t in_run, road_pair *row, merge_run merge)
{
    uint32_t at = run->length - 1 - in_run;
    if (at > 0) merge(from, count, own, 0, at, row + run->at + in_run + 1);
    for (const tq_run *next = run + 1; next < run_end; next++) {
        merge(from, count, own, at, next->length, row + next->at);
        at += next->length;
    }
}

/* Told to the parent: low down and up again, and what has come from below. */
typedef void (*merge_pair)(int64_t turned, const road_pair *high, const road_pair *known,
                           road_pair *best);

INLINE void pair_plain(int64_t turned, const road_pair *high, const road_pair *known,
                       road_pair *best)
{
    road_pair told = {(int32_t)turned + high->up, (int32_t)(turned >> 32) + high->down};
    if (known != NULL) {
        told.up = TQ_MIN(told.up, known->up);
        told.down = TQ_MIN(told.down, known->down);
    }
    best->up = TQ_MIN(best->up, told.up);
    best->down = TQ_MIN(best->down, told.down);
}

#if defined(__x86_64__)
INLINE __attribute__((target("avx2"))) void pair_avx2(int64_t turned, const road_pair *high,
                                                      const road_pair *known, road_pair *best)
{
    __m128i told = _mm_add_epi32(_mm_cvtsi64_si128(turned), _mm_loadl_epi64((const void *)high));
    if (known != NULL) told = _mm_min_epi32(told, _mm_loadl_epi64((const void *)known));
    told = _mm_min_epi32(told, _mm_loadl_epi64((const void *)best));
    _mm_storel_epi64((void *)best, told);
}
#define pair_avx512 pair_avx2
#endif

/* The same for a front of one member and a short list, pair by pair: most fronts are such. */
INLINE void tell_small(const tq_hierarchy *hierarchy, const front_triangle *own,
                       const front_triangle *parent, const road_pair *pair, merge_pair merge)
{
    uint32_t place[SMALL_LIST], count = 0;
    const tq_run *run = hierarchy->run + hierarchy->first_run[own->front];
    for (uint32_t length = own->size - 1; count < length; run++)
        for (uint32_t k = 0; k < run->length; k++)
            place[count++] = run->at + k;
    const road_pair *list = pair + hierarchy->first_up[hierarchy->front_first[own->front]];
    const road_pair *known = own->row != NULL ? row_at(own, 1) : NULL;
    for (uint32_t j = 0; j + 1 < count; j++) {
        int64_t turned = turned_pair(list[j]);
        road_pair *row = row_at(parent, place[j]) - (place[j] + 1);
        if (known == NULL) {
            for (uint32_t k = j + 1; k < count; k++)
                merge(turned, &list[k], NULL, row + place[k]);
        } else {
            for (uint32_t k = j + 1; k < count; k++)
                merge(turned, &list[k], known++, row + place[k]);
        }
    }
}

/* What a front knows of the weights between its list's entries, into its parent's triangle. */
INLINE void tell_parent(const tq_hierarchy *hierarchy, const front_triangle *own,
                        const front_triangle *parent, const road_pair *pair, merge_run merge,
                        merge_pair merge_one)
{
    if (own->members == 1 && own->size <= SMALL_LIST + 1) {
        tell_small(hierarchy, own, parent, pair, merge_one);
        return;
    }
    uint32_t lowest = hierarchy->front_first[own->front], j = own->members;
    const tq_run *run = hierarchy->run + hierarchy->first_run[own->front];
    const tq_run *run_end = hierarchy->run + hierarchy->first_run[own->front + 1];
    for (; run < run_end; run++) {
        for (uint32_t in_run = 0; in_run < run->length; in_run++, j++) {
            uint32_t first = 0, place = run->at + in_run;
            road_pair *row = row_at(parent, place) - (place + 1);
            news from;
            from.own = own->row != NULL ? row_at(own, j) : NULL;
            do {
                first = take_news(hierarchy, pair, lowest, first, own->members, j, &from);
                if (from.count == 1 && from.own == NULL)
                    tell_row(&from, 1, false, run, run_end, in_run, row, merge);
                else if (from.count == 1)
                    tell_row(&from, 1, true, run, run_end, in_run, row, merge);
                else if (from.count > 0 || from.own != NULL)
                    tell_row(&from, from.count, from.own != NULL, run, run_end, in_run, row, merge);
                from.own = NULL;
            } while (first < own->members);
        }
    }
}

typedef struct front_kernel {
    void (*members)(const tq_hierarchy *hierarchy, const front_triangle *own, road_pair *pair);
    void (*tell)(const tq_hierarchy *hierarchy, const front_triangle *own,
                 const front_triangle *parent, const road_pair *pair);
} front_kernel;

#define FRONT_KERNEL(name, attribute)                                                              \
    static attribute void members_##name(const tq_hierarchy *hierarchy, const front_triangle *own, \
                                         road_pair *pair)                                          \
    {                                                                                              \
        do_members(hierarchy, own, pair, merge_##name);                                            \
    }                                                                                              \
    static attribute void tell_##name(const tq_hierarchy *hierarchy, const front_triangle *own,    \
                                      const front_triangle *parent, const road_pair *pair)         \
    {                                                                                              \
        tell_parent(hierarchy, own, parent, pair, merge_##name, pair_##name);                      \
    }
FRONT_KERNEL(plain, )
#if defined(__x86_64__)
FRONT_KERNEL(avx2, __attribute__((target("avx2"))))
FRONT_KERNEL(avx512, __attribute__((target("avx512f"))))
#endif

static front_kernel kernel_used(void)
{
#if defined(__x86_64__)
    switch (tq_kernels_used()) {
    case TQ_KERNELS_AVX512: return (front_kernel){members_avx512, tell_avx512};
    case TQ_KERNELS_AVX2: return (front_kernel){members_avx2, tell_avx2};
    case TQ_KERNELS_PLAIN: break;
    }
#endif
    return (front_kernel){members_plain, tell_plain};
}

/* ---- the walk -------------------------------------------------------------------------------- */

typedef struct walk_task {
    uint32_t first, end; /* fronts */
    uint32_t height;     /* 0 = a whole subtree, else above so many tasks */
} walk_task;

/* A front above the subtrees. */
typedef struct upper_front {
    front_triangle triangle;
    atomic_uint waiting; /* tasks right below that are not done */
    atomic_flag telling; /* held by the one who adds to the triangle */
} upper_front;

typedef struct tree_walk {
    const tq_hierarchy *hierarchy;
    road_pair *pair;
    front_kernel kernel;
    uint8_t *has_child; /* [front_count] */
    uint32_t *upper_of; /* [front_count], TQ_NONE = in a subtree that is one task */
    upper_front *upper; /* [upper_count] */
    road_pair *upper_pairs;
    uint32_t upper_count;
    size_t stack_pairs; /* that the deepest walk through a subtree needs */
    uint32_t stack_depth;
    walk_task *task;
    uint32_t task_count;
    atomic_uint next_task;
    atomic_bool failed;
} tree_walk;

typedef struct walker {
    tree_walk *walk;
    road_pair *pairs;         /* [walk->stack_pairs] */
    front_triangle *triangle; /* [walk->stack_depth] */
} walker;

static front_triangle triangle_of(const tq_hierarchy *hierarchy, uint32_t front)
{
    uint32_t first = hierarchy->front_first[front], last = hierarchy->front_first[front + 1] - 1;
    uint32_t members = last + 1 - first;
    return (front_triangle){.front = front,
                            .size =
                                members + hierarchy->first_up[last + 1] - hierarchy->first_up[last],
                            .members = members};
}

static void clear_pairs(road_pair *pair, size_t count)
{
    for (size_t k = 0; k < count; k++)
        pair[k] = (road_pair){TQ_ROAD_INF, TQ_ROAD_INF};
}

/* The end of a task: its front's news for the upper front above it. */
static void tell_upper(tree_walk *walk, const front_triangle *own)
{
    uint32_t parent = walk->hierarchy->front_parent[own->front];
    if (parent == TQ_NONE) return;
    upper_front *upper = &walk->upper[walk->upper_of[parent]];
    while (atomic_flag_test_and_set_explicit(&upper->telling, memory_order_acquire))
        tq_thread_yield();
    walk->kernel.tell(walk->hierarchy, own, &upper->triangle, walk->pair);
    atomic_flag_clear_explicit(&upper->telling, memory_order_release);
    atomic_fetch_sub_explicit(&upper->waiting, 1, memory_order_release);
}

/* Put the fronts between a leaf and what is on the stack on it, the highest first. */
static void open_fronts(walker *self, uint32_t leaf, uint32_t top_front, uint32_t *height,
                        size_t *used)
{
    const tq_hierarchy *hierarchy = self->walk->hierarchy;
    uint32_t goal = *height > 0 ? self->triangle[*height - 1].front : TQ_NONE, count = 0;
    for (uint32_t front = leaf; front != top_front && hierarchy->front_parent[front] != goal;
         front = hierarchy->front_parent[front])
        count++;
    uint32_t front = hierarchy->front_parent[leaf];
    for (uint32_t k = count; k-- > 0; front = hierarchy->front_parent[front])
        self->triangle[*height + k] = triangle_of(hierarchy, front);
    for (uint32_t k = 0; k < count; k++) {
        front_triangle *made = &self->triangle[(*height)++];
        made->row = self->pairs + *used;
        *used += triangle_pairs(made->size);
        clear_pairs(made->row, triangle_pairs(made->size));
    }
}

/* A subtree in post-order; the triangles of the fronts on the way down to the front in hand are on
 * the stack, the lowest on top. */
static void do_subtree(walker *self, const walk_task *task)
{
    tree_walk *walk = self->walk;
    uint32_t height = 0, top_front = task->end - 1;
    size_t used = 0;
    for (uint32_t front = task->first; front < task->end; front++) {
        front_triangle own = triangle_of(walk->hierarchy, front);
        if (walk->has_child[front]) {
            own = self->triangle[--height];
            used -= triangle_pairs(own.size);
        } else {
            open_fronts(self, front, top_front, &height, &used);
        }
        walk->kernel.members(walk->hierarchy, &own, walk->pair);
        if (front != top_front)
            walk->kernel.tell(walk->hierarchy, &own, &self->triangle[height - 1], walk->pair);
        else
            tell_upper(walk, &own);
    }
}

static void do_upper(tree_walk *walk, uint32_t front)
{
    upper_front *upper = &walk->upper[walk->upper_of[front]];
    while (atomic_load_explicit(&upper->waiting, memory_order_acquire) != 0)
        tq_thread_yield();
    walk->kernel.members(walk->hierarchy, &upper->triangle, walk->pair);
    tell_upper(walk, &upper->triangle);
}

static void do_tasks(void *user, uint32_t part)
{
    (void)part;
    tree_walk *walk = user;
    walker self = {.walk = walk,
                   .pairs = TQ_ALLOC(road_pair, walk->stack_pairs),
                   .triangle = TQ_ALLOC(front_triangle, walk->stack_depth)};
    if (self.pairs == NULL || self.triangle == NULL) atomic_store(&walk->failed, true);
    /* Tasks are taken in an order in which what one waits for was taken before it; they must run
     * to their end, so one who cannot work takes none. */
    while (self.pairs != NULL && self.triangle != NULL) {
        uint32_t number = atomic_fetch_add(&walk->next_task, 1);
        if (number >= walk->task_count) break;
        const walk_task *task = &walk->task[number];
        if (task->height == 0)
            do_subtree(&self, task);
        else
            do_upper(walk, task->first);
    }
    tq_free(self.pairs);
    tq_free(self.triangle);
}

/* ---- the plan of a walk ---------------------------------------------------------------------- */

static int by_turn(const void *a, const void *b)
{
    const walk_task *x = a, *y = b;
    if (x->height != y->height) return x->height < y->height ? -1 : 1;
    /* Great subtrees first. */
    uint32_t x_size = x->end - x->first, y_size = y->end - y->first;
    if (x_size != y_size) return x_size > y_size ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Which fronts are above the tasks' subtrees: those with more than the share of all vertices below
 * and in them. With one thread there are none but the roots of the trees. */
static bool find_upper(tree_walk *walk, unsigned threads, uint32_t *below)
{
    const tq_hierarchy *hierarchy = walk->hierarchy;
    uint32_t limit = threads > 1 ? hierarchy->vertex_count / TASK_SHARE : UINT32_MAX;
    for (uint32_t front = 0; front < hierarchy->front_count; front++) {
        uint32_t parent = hierarchy->front_parent[front];
        below[front] += hierarchy->front_first[front + 1] - hierarchy->front_first[front];
        walk->upper_of[front] = TQ_NONE;
        if (below[front] > limit) walk->upper_of[front] = walk->upper_count++;
        if (parent == TQ_NONE) continue;
        walk->has_child[parent] = 1;
        below[parent] += below[front];
    }
    walk->upper = TQ_ALLOC(upper_front, walk->upper_count);
    size_t pairs = 0;
    for (uint32_t front = 0; front < hierarchy->front_count; front++)
        if (walk->upper_of[front] != TQ_NONE)
            pairs += triangle_pairs(triangle_of(hierarchy, front).size);
    walk->upper_pairs = TQ_ALLOC(road_pair, pairs);
    if (walk->upper == NULL || walk->upper_pairs == NULL) return false;
    clear_pairs(walk->upper_pairs, pairs);
    pairs = 0;
    for (uint32_t front = 0; front < hierarchy->front_count; front++) {
        if (walk->upper_of[front] == TQ_NONE) continue;
        upper_front *upper = &walk->upper[walk->upper_of[front]];
        upper->triangle = triangle_of(hierarchy, front);
        upper->triangle.row = walk->upper_pairs + pairs;
        pairs += triangle_pairs(upper->triangle.size);
        atomic_flag_clear(&upper->telling);
    }
    return true;
}

/* Tasks in the order of their turns, and the room that the walks through subtrees need. */
static bool plan_tasks(tree_walk *walk, uint32_t *below, size_t *need)
{
    const tq_hierarchy *hierarchy = walk->hierarchy;
    uint32_t *height = below; /* no longer needed as counts */
    TQ_VEC(walk_task) task = {0};
    memset(height, 0, hierarchy->front_count * sizeof *height);
    for (uint32_t front = 0, first = 0; front < hierarchy->front_count; front++) {
        uint32_t parent = hierarchy->front_parent[front];
        bool upper = walk->upper_of[front] != TQ_NONE;
        bool above = parent == TQ_NONE || walk->upper_of[parent] != TQ_NONE;
        if (!upper && !above) continue; /* inside of a subtree */
        walk_task made = {upper ? front : first, front + 1, upper ? height[front] : 0};
        if (!tq_vec_push(&task, made)) return false;
        first = front + 1;
        if (parent == TQ_NONE) continue;
        atomic_fetch_add(&walk->upper[walk->upper_of[parent]].waiting, 1);
        height[parent] = TQ_MAX(height[parent], height[front] + 1);
    }
    walk->task = task.at;
    walk->task_count = (uint32_t)task.count;
    if (task.count > 0) qsort(walk->task, task.count, sizeof *walk->task, by_turn);
    /* From the top down: the pairs and triangles that lie below a front on the stack. */
    uint32_t *depth = below;
    for (uint32_t front = hierarchy->front_count; front-- > 0;) {
        uint32_t parent = hierarchy->front_parent[front];
        bool below_another = walk->upper_of[front] == TQ_NONE && parent != TQ_NONE &&
                             walk->upper_of[parent] == TQ_NONE;
        need[front] = below_another ? need[parent] : 0;
        depth[front] = below_another ? depth[parent] : 0;
        if (!walk->has_child[front] || walk->upper_of[front] != TQ_NONE) continue;
        need[front] += triangle_pairs(triangle_of(hierarchy, front).size);
        depth[front]++;
        walk->stack_pairs = TQ_MAX(walk->stack_pairs, need[front]);
        walk->stack_depth = TQ_MAX(walk->stack_depth, depth[front]);
    }
    return true;
}

bool road_customize(const tq_hierarchy *hierarchy, unsigned threads, road_pair *pair)
{
    threads = TQ_MAX(1u, TQ_MIN(threads, THREADS_MAX));
    tree_walk walk = {.hierarchy = hierarchy,
                      .pair = pair,
                      .kernel = kernel_used(),
                      .has_child = TQ_ALLOC(uint8_t, hierarchy->front_count),
                      .upper_of = TQ_ALLOC(uint32_t, hierarchy->front_count)};
    uint32_t *below = TQ_ALLOC(uint32_t, hierarchy->front_count);
    size_t *need = TQ_ALLOC(size_t, hierarchy->front_count);
    bool done = walk.has_child != NULL && walk.upper_of != NULL && below != NULL && need != NULL &&
                find_upper(&walk, threads, below) && plan_tasks(&walk, below, need);
    if (done) {
        tq_parallel(threads, threads, do_tasks, &walk);
        done = walk.next_task >= walk.task_count;
    }
    tq_free(walk.has_child);
    tq_free(walk.upper_of);
    tq_free(walk.upper);
    tq_free(walk.upper_pairs);
    tq_free(walk.task);
    tq_free(below);
    tq_free(need);
    return done;
}
