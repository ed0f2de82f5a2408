/*
 * Lower bounds for the search, and the cache of priced networks.
 *
 * From every (place, class of arrival) the least time, least money and least CO2 to the goal, each
 * for itself, by a Dijkstra against the arcs. Two kinds of entries meet: «arrived» (place, class)
 * and «going» (place, class of the next arc); going is reached against the arcs of one class,
 * arrived by the handling between the two classes. Waiting for a service is not counted, its
 * cut-off is. Money counts the least base price of a class where a chain of it begins. So a bound
 * never exceeds the truth and never falls along a way by more than the way takes: labels come out
 * of the queue in the order of time, and the first label to a place and class is final (see
 * search.c).
 *
 * Weights are 32 bits wide. Money and CO2 are cut to units of a power of two, so that the dearest
 * step has 24 bits; cutting down each step and stopping at the largest number keeps both
 * properties. The queue has buckets of a width well below the mean arc, each first in, first out:
 * what is taken before its turn comes again when it has become nearer. Entries are taken AT_ONCE
 * together, for the memory that they wait for.
 */
#include "freight/search_in.h"

#define SLOTS_MAX   4096u
#define FAR         UINT32_MAX       /* not reached */
#define FARTHEST    (UINT32_MAX - 1) /* reached; sums stop here */
#define WEIGHT_BITS 24u
#define AT_ONCE     16u /* entries taken from the queue together */

#define KEY_BUCKETS 4096u
#define BEYOND      KEY_BUCKETS /* the list of what lies behind the last bucket */
#define BLOCK_KEYS  15u
#define NO_BLOCK    UINT32_MAX
/* A bucket is at most as wide as one part in so many of the mean arc. */
#define WIDTH_PARTS 128u

typedef enum criterion { BY_TIME, BY_MONEY, BY_CO2, CRITERIA } criterion;

typedef struct back_arc {
    uint32_t head, weight[CRITERIA]; /* weight[BY_TIME] FAR = not usable */
} back_arc;

/* Some keys of one bucket, distance << 32 | entry, in the order in which they came. */
typedef struct key_block {
    uint32_t next;
    uint16_t first, end;
    uint64_t key[BLOCK_KEYS];
} key_block; /* two lines of memory */

typedef struct key_queue {
    key_block *block;
    uint32_t block_count, block_cap, free_block;
    uint32_t shift; /* a bucket is 2^shift wide */
    uint32_t base,
        now; /* bucket 0 begins at base << shift; what is before bucket `now` is settled */
    bool full;
    uint64_t used[KEY_BUCKETS / 64]; /* buckets that are not empty */
    uint32_t head[KEY_BUCKETS + 1], tail[KEY_BUCKETS + 1];
} key_queue;

typedef struct backward {
    const errand *task;
    const price_set *prices;
    criterion by;
    const back_arc *arcs; /* of the view against the search */
    const uint32_t *step; /* [profile][from][to] of one criterion, FAR = not allowed */
    uint32_t *far;        /* [entry], see entry_of */
    key_queue *queue;
    uint32_t lane_bits; /* a place has room for 2^lane_bits classes */
    uint32_t awaited;   /* classes still to be settled at the start; 0 = settle everything */
} backward_run;

/* What is going and what has arrived at a place lie together, in one line of memory. */
static uint32_t entry_of(const backward_run *b, uint32_t node, uint32_t class, bool arrived)
{
    return (node << b->lane_bits | class) << 1 | arrived;
}

static uint32_t sum_of(uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a + b;
    return sum > FARTHEST ? FARTHEST : (uint32_t)sum;
}

/* ---- queue ----------------------------------------------------------------------------------- */

static void keys_clear(key_queue *q, uint32_t shift)
{
    q->block_count = q->base = q->now = 0;
    q->free_block = NO_BLOCK;
    q->shift = shift;
    q->full = false;
    memset(q->used, 0, sizeof q->used);
    q->head[BEYOND] = NO_BLOCK;
}

static uint32_t fresh_block(key_queue *q)
{
    uint32_t at = q->free_block;
    if (at != NO_BLOCK) {
        q->free_block = q->block[at].next;
    } else if (q->block_count < q->block_cap) {
        at = q->block_count++;
    } else {
        q->full = true; /* run_backward is then done again */
        return NO_BLOCK;
    }
    q->block[at].next = NO_BLOCK;
    q->block[at].first = q->block[at].end = 0;
    return at;
}

static bool bucket_empty(const key_queue *q, uint32_t bucket)
{
    if (bucket == BEYOND) return q->head[BEYOND] == NO_BLOCK;
    return (q->used[bucket / 64] >> bucket % 64 & 1) == 0;
}

static void key_put(key_queue *q, uint32_t entry, uint32_t key)
{
    uint32_t bucket = TQ_MIN((key >> q->shift) - q->base, BEYOND);
    bool empty = bucket_empty(q, bucket);
    if (empty || q->block[q->tail[bucket]].end == BLOCK_KEYS) {
        uint32_t fresh = fresh_block(q);
        if (fresh == NO_BLOCK) return;
        if (empty)
            q->head[bucket] = fresh;
        else
            q->block[q->tail[bucket]].next = fresh;
        q->tail[bucket] = fresh;
        if (bucket != BEYOND) q->used[bucket / 64] |= UINT64_C(1) << bucket % 64;
    }
    key_block *block = &q->block[q->tail[bucket]];
    block->key[block->end++] = (uint64_t)key << 32 | entry;
}

/* The first key of a bucket that is not empty. */
static uint64_t key_take(key_queue *q, uint32_t bucket)
{
    uint32_t at = q->head[bucket];
    key_block *block = &q->block[at];
    uint64_t key = block->key[block->first++];
    if (block->first < block->end) return key;
    q->head[bucket] = block->next;
    if (block->next == NO_BLOCK && bucket != BEYOND)
        q->used[bucket / 64] &= ~(UINT64_C(1) << bucket % 64);
    block->next = q->free_block;
    q->free_block = at;
    return key;
}

/* All buckets are empty: begin them anew at the least of what lies beyond. */
static bool keys_move_on(key_queue *q)
{
    uint32_t at = q->head[BEYOND], least = UINT32_MAX;
    if (at == NO_BLOCK) return false;
    for (uint32_t k = at; k != NO_BLOCK; k = q->block[k].next)
        for (uint32_t i = q->block[k].first; i < q->block[k].end; i++)
            least = TQ_MIN(least, (uint32_t)(q->block[k].key[i] >> 32));
    q->base = least >> q->shift;
    q->now = 0;
    q->head[BEYOND] = NO_BLOCK;
    while (at != NO_BLOCK) {
        key_block block = q->block[at];
        q->block[at].next = q->free_block;
        q->free_block = at;
        for (uint32_t i = block.first; i < block.end; i++)
            key_put(q, (uint32_t)block.key[i], (uint32_t)(block.key[i] >> 32));
        at = block.next;
    }
    return true;
}

/* Go to the next bucket with keys; false = there are none. */
static bool keys_next(key_queue *q)
{
    for (uint32_t word = q->now / 64; word < KEY_BUCKETS / 64; word++) {
        if (q->used[word] == 0) continue;
        q->now = word * 64 + (uint32_t)__builtin_ctzll(q->used[word]);
        return true;
    }
    return keys_move_on(q) && keys_next(q);
}

/* ---- search ---------------------------------------------------------------------------------- */

/* Arrived at (node, class) with `key` to the goal: extend against the arcs of that class. */
static void spread_arrived(backward_run *b, const arc_group *group, uint32_t key)
{
    uint32_t class = group->class;
    for (uint32_t k = group->first_arc; k < group[1].first_arc; k++) {
        const back_arc *arc = &b->arcs[k];
        __builtin_prefetch(&b->far[entry_of(b, arc[ARCS_AHEAD].head, class, false)]);
        if (arc->weight[BY_TIME] == FAR) continue;
        uint32_t entry = entry_of(b, arc->head, class, false);
        uint32_t sum = sum_of(key, arc->weight[b->by]);
        if (sum >= b->far[entry]) continue;
        b->far[entry] = sum;
        key_put(b->queue, entry, sum);
    }
}

/* Going on from node in `class`: every class in which goods can have come there. */
static void spread_going(backward_run *b, uint32_t node, uint32_t class, uint32_t key)
{
    const tq_freight *net = b->task->net;
    const direction_view *against = &net->view[1 - b->task->direction];
    uint32_t classes = net->class_count;
    const uint32_t *step = b->step + (size_t)net->node[node].profile * classes * classes + class;
    for (uint32_t g = against->first_group[node]; g < against->first_group[node + 1]; g++) {
        uint32_t from = against->group[g].class, entry = entry_of(b, node, from, true);
        uint32_t by = step[from * classes];
        if (by == FAR) continue;
        uint32_t sum = sum_of(key, by);
        if (sum >= b->far[entry]) continue;
        b->far[entry] = sum;
        if (sum == key)
            spread_arrived(b, &against->group[g], key);
        else
            key_put(b->queue, entry, sum);
    }
}

/* All that is not nearer than the start keeps the start's distance: still a lower bound, and still
 * consistent, because the lesser of a consistent bound and a constant is. */
static void cap_bounds(backward_run *b, uint32_t key)
{
    size_t entries = (size_t)b->task->net->node_count << (b->lane_bits + 1);
    for (size_t entry = 0; entry < entries; entry++)
        b->far[entry] = TQ_MIN(b->far[entry], key);
}

static const arc_group *group_of(const backward_run *b, uint32_t node, uint32_t class)
{
    const direction_view *against = &b->task->net->view[1 - b->task->direction];
    const arc_group *group = &against->group[against->first_group[node]],
                    *end = &against->group[against->first_group[node + 1]];
    while (group < end && group->class != class)
        group++;
    return group < end ? group : NULL;
}

/* Have the lines of memory on the way that a handful of entries will need. */
static void look_ahead(const backward_run *b, const uint64_t *next, uint32_t count)
{
    const direction_view *against = &b->task->net->view[1 - b->task->direction];
    for (uint32_t k = 0; k < count; k++) {
        uint32_t node = (uint32_t)next[k] >> (b->lane_bits + 1);
        __builtin_prefetch(&b->far[entry_of(b, node, 0, false)]);
        __builtin_prefetch(&b->task->net->node[node].profile);
        __builtin_prefetch(&against->first_group[node]);
    }
    for (uint32_t k = 0; k < count; k++)
        __builtin_prefetch(
            &against->group[against->first_group[(uint32_t)next[k] >> (b->lane_bits + 1)]]);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t class = (uint32_t)next[k] >> 1 & ((1u << b->lane_bits) - 1);
        const arc_group *group = group_of(b, (uint32_t)next[k] >> (b->lane_bits + 1), class);
        if (group) __builtin_prefetch(&b->arcs[group->first_arc]);
        if (group) __builtin_prefetch(&b->arcs[group->first_arc + 4]);
    }
}

static void spread(backward_run *b, uint64_t top)
{
    uint32_t entry = (uint32_t)top, key = (uint32_t)(top >> 32);
    if (key != b->far[entry]) return;
    uint32_t node = entry >> (b->lane_bits + 1), class = entry >> 1 & ((1u << b->lane_bits) - 1);
    if (!(entry & 1)) {
        spread_going(b, node, class, key);
        return;
    }
    const arc_group *group = group_of(b, node, class);
    if (group) spread_arrived(b, group, key);
}

/* Is every awaited class at the start nearer than all that is in the queue? */
static bool start_settled(const backward_run *b, uint64_t least)
{
    for (uint32_t left = b->awaited; left != 0; left &= left - 1) {
        uint32_t class = (uint32_t)__builtin_ctz(left);
        if (b->far[entry_of(b, b->task->start, class, false)] > least) return false;
    }
    return b->awaited != 0;
}

/* Some entries are taken from the queue at once, so that their waits for memory overlap. One may
 * then be spread before it is final; it comes again when it becomes nearer. With buckets of width 1
 * none is, and the room in the queue suffices for certain. */
static void run_backward(backward_run *b, const uint32_t *at_goal, uint32_t shift)
{
    const tq_freight *net = b->task->net;
    key_queue *q = b->queue;
    memset(b->far, 0xFF, ((size_t)net->node_count << (b->lane_bits + 1)) * sizeof *b->far);
    keys_clear(q, shift);
    for (uint32_t class = 0; class < net->class_count; class ++) {
        if (at_goal[class] == FAR) continue;
        uint32_t entry = entry_of(b, b->task->goal, class, true);
        b->far[entry] = at_goal[class];
        key_put(q, entry, at_goal[class]);
    }
    while (!q->full && keys_next(q)) {
        uint64_t least = (uint64_t)(q->base + q->now) << q->shift;
        if (start_settled(b, least)) {
            cap_bounds(b, (uint32_t)TQ_MIN(least, (uint64_t)FARTHEST));
            return;
        }
        while (!q->full && !bucket_empty(q, q->now)) {
            uint64_t next[AT_ONCE];
            uint32_t count = 0;
            while (count < AT_ONCE && !bucket_empty(q, q->now)) {
                uint64_t top = key_take(q, q->now);
                if (b->far[(uint32_t)top] == top >> 32) next[count++] = top;
            }
            look_ahead(b, next, count);
            for (uint32_t k = 0; k < count; k++)
                spread(b, next[k]);
        }
    }
}

/* Classes in which goods can leave the start; none for a search that starts with a service. */
static uint32_t classes_at_start(const errand *task, const price_set *prices)
{
    const tq_freight *net = task->net;
    const direction_view *view = &net->view[task->direction];
    uint32_t start = task->start, found = 0;
    if (task->query->aim == TQ_FREIGHT_PICKUP) return 0;
    for (uint32_t g = view->first_group[start]; g < view->first_group[start + 1]; g++) {
        uint32_t class = view->group[g].class;
        uint16_t row;
        if (change_row(prices, net->node[start].profile, &prices->change[CLASS_START][class], &row))
            found |= 1u << class;
    }
    return found;
}

/* ---- weights --------------------------------------------------------------------------------- */

static uint32_t shift_for(int64_t most)
{
    uint32_t shift = 0;
    while (most >> shift >= INT64_C(1) << WEIGHT_BITS)
        shift++;
    return shift;
}

/* Units in which the dearest arc has WEIGHT_BITS. Handlings may have more: sums stop. */
static void choose_units(const tq_freight *net, price_set *prices)
{
    int64_t e4 = 0, mg = 0;
    for (uint32_t k = 0; k < net->link_count; k++) {
        if (prices->link[k].ds < 0) continue;
        e4 = TQ_MAX(e4, prices->link[k].e4);
        mg = TQ_MAX(mg, prices->link[k].mg);
    }
    for (uint32_t k = 0; k < net->service_count; k++) {
        e4 = TQ_MAX(e4, prices->service[k].e4);
        if (prices->service[k].e4 >= 0) mg = TQ_MAX(mg, prices->service[k].mg);
    }
    prices->e4_shift = (uint8_t)shift_for(e4);
    prices->mg_shift = (uint8_t)shift_for(mg);
}

static uint32_t weight_of(const price_set *prices, criterion by, int64_t ds, int64_t e4, int64_t mg)
{
    int64_t value = by == BY_TIME    ? ds
                    : by == BY_MONEY ? e4 >> prices->e4_shift
                                     : mg >> prices->mg_shift;
    return (uint32_t)TQ_MIN(value, (int64_t)FARTHEST);
}

static void fill_arcs(const tq_freight *net, const price_set *prices, uint32_t direction,
                      back_arc *out)
{
    const direction_view *view = &net->view[direction];
    for (uint32_t g = 0; g < view->first_group[net->node_count]; g++) {
        bool service = net->class[view->group[g].class].service;
        for (uint32_t k = view->group[g].first_arc; k < view->group[g + 1].first_arc; k++) {
            const arc_row *arc = &view->arcs[k];
            const way_price *way = service ? &prices->service[arc->item] : &prices->link[arc->item];
            bool usable = service ? way->e4 >= 0 : way->ds >= 0;
            out[k].head = arc->head;
            out[k].weight[BY_TIME] = usable ? (uint32_t)way->ds : FAR;
            out[k].weight[BY_MONEY] = (uint32_t)(way->e4 >> prices->e4_shift);
            out[k].weight[BY_CO2] = (uint32_t)(way->mg >> prices->mg_shift);
        }
    }
    memset(out + view_arcs(net, direction), 0, ARCS_AHEAD * sizeof *out);
}

/* What going on in another class takes at places of each profile. */
static void fill_steps(const tq_freight *net, const price_set *prices, criterion by, uint32_t *out)
{
    uint32_t classes = net->class_count;
    for (uint32_t profile = 0; profile < net->profile_count; profile++)
        for (uint32_t from = 0; from < classes; from++)
            for (uint32_t to = 0; to < classes; to++, out++) {
                const rule *change = &prices->change[from][to];
                uint16_t row;
                *out = FAR;
                if (!change_row(prices, profile, change, &row)) continue;
                int64_t e4 = change->chain ? 0 : prices->least_base_e4[to];
                if (row != NO_ROW) e4 = TQ_MIN(e4, VALUE_MOST) + prices->op_e4[row];
                *out = weight_of(prices, by, row == NO_ROW ? 0 : prices->op_ds[row], e4,
                                 row == NO_ROW ? 0 : prices->op_mg[row]);
            }
}

static void fill_goal(const errand *task, const price_set *prices, criterion by, uint32_t *out)
{
    const tq_freight *net = task->net;
    size_t profile = net->node[task->goal].profile;
    for (uint32_t class = 0; class < net->class_count; class ++) {
        uint16_t row = prices->op_row[profile * OPS + prices->end_op[class]];
        out[class] =
            row == NO_ROW || prices->op_ds[row] < 0
                ? FAR
                : weight_of(prices, by, prices->op_ds[row], prices->op_e4[row], prices->op_mg[row]);
    }
}

/* Keys for each time that a distance is lowered, by an arc or a step; in order of distance that
 * cannot be exceeded. A bucket may have a block that is not full at either end. */
static size_t blocks_room(const tq_freight *net)
{
    size_t keys = view_arcs(net, 0) +
                  (size_t)net->node_count * net->class_count * (net->class_count + (size_t)1) + 1;
    return keys / BLOCK_KEYS + 2 * (KEY_BUCKETS + (size_t)1);
}

static uint32_t shift_of_buckets(const tq_freight *net, const back_arc *arcs, criterion by)
{
    uint64_t sum = 0, count = 0;
    uint32_t shift = 0;
    for (size_t k = 0; k < view_arcs(net, 0); k++) {
        if (arcs[k].weight[BY_TIME] == FAR) continue;
        sum += arcs[k].weight[by];
        count++;
    }
    while (count > 0 && sum / count / WIDTH_PARTS >> shift > 1)
        shift++;
    return shift;
}

tq_status bounds_fill(const errand *task, price_set *prices, bounds_reach reach, tq_arena *work,
                      tq_err *err)
{
    const tq_freight *net = task->net;
    uint32_t classes = net->class_count;
    size_t mark = work->used;
    backward_run b = {.task = task, .prices = prices};
    while (1u << b.lane_bits < classes)
        b.lane_bits++;
    b.far = TQ_PUSH_RAW(work, uint32_t, ((size_t)net->node_count << (b.lane_bits + 1)) + 16);
    b.queue = TQ_PUSH_RAW(work, key_queue, 1);
    size_t blocks = blocks_room(net);
    key_block *block = TQ_PUSH_RAW(work, key_block, blocks);
    back_arc *arcs = TQ_PUSH_RAW(work, back_arc, view_arcs(net, 0) + ARCS_AHEAD);
    uint32_t *step =
        TQ_PUSH_RAW(work, uint32_t, (size_t)net->profile_count * classes * classes + 1);
    if (!arcs || !step || !b.far || !b.queue || !block)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small for lower bounds");
    b.queue->block = block;
    b.queue->block_cap = (uint32_t)TQ_MIN(blocks, NO_BLOCK - 1);
    choose_units(net, prices);
    fill_arcs(net, prices, 1 - task->direction, arcs);
    b.arcs = arcs;
    b.step = step;
    if (reach == TO_START) b.awaited = classes_at_start(task, prices);
    for (unsigned by = BY_TIME; by < CRITERIA; by++) {
        uint32_t at_goal[TQ_FREIGHT_CLASSES_MAX];
        b.by = (criterion)by;
        fill_steps(net, prices, b.by, step);
        fill_goal(task, prices, b.by, at_goal);
        run_backward(&b, at_goal, shift_of_buckets(net, arcs, b.by));
        if (b.queue->full) run_backward(&b, at_goal, 0);
        for (uint32_t k = 0; k < net->node_count * classes; k++) {
            uint32_t value = b.far[entry_of(&b, k / classes, k % classes, true)];
            lower *bound = &prices->bound[k];
            if (by == BY_TIME)
                bound->ds = value > TQ_FREIGHT_SPAN_DS ? INT32_MAX : (int32_t)value;
            else if (by == BY_MONEY)
                bound->e4 = value;
            else
                bound->mg = value;
        }
    }
    tq_arena_reset(work, mark);
    return TQ_OK;
}

/* ---- cache ----------------------------------------------------------------------------------- */

typedef struct slot {
    price_set prices;
    uint64_t used; /* tick of the last use, 0 = empty */
} cache_slot;

struct tq_freight_cache {
    uint32_t count;
    uint64_t network, tick; /* version of the network that the slots have room for */
    cache_slot *slot;
    uint8_t *memory;
};

tq_status tq_freight_cache_make(const tq_freight *net, uint32_t slots, tq_freight_cache **out,
                                tq_err *err)
{
    if (slots == 0 || slots > SLOTS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a cache of %u slots; give 1 .. %u", slots, SLOTS_MAX);
    size_t bytes = prices_bytes(net) + 1024;
    tq_freight_cache *cache = TQ_ALLOC(tq_freight_cache, 1);
    cache_slot *slot_of = TQ_ALLOC(cache_slot, slots);
    uint8_t *memory = tq_alloc(slots, bytes);
    bool placed = cache && slot_of && memory;
    for (uint32_t k = 0; k < slots && placed; k++) {
        tq_arena arena;
        tq_arena_init(&arena, memory + k * bytes, bytes);
        placed = prices_place(net, &arena, &slot_of[k].prices);
    }
    if (!placed) {
        tq_free(cache);
        tq_free(slot_of);
        tq_free(memory);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a cache of %u slots", slots);
    }
    *cache = (tq_freight_cache){slots, net->version, 0, slot_of, memory};
    *out = cache;
    return TQ_OK;
}

void tq_freight_cache_free(tq_freight_cache *cache)
{
    if (!cache) return;
    tq_free(cache->slot);
    tq_free(cache->memory);
    tq_free(cache);
}

static tq_status make(const errand *task, price_set *out, bounds_reach reach, tq_arena *work,
                      tq_err *err)
{
    TQ_TRY(prices_fill(task, out, work, err));
    return bounds_fill(task, out, reach, work, err);
}

tq_status prices_get(const errand *task, tq_freight_cache *cache, tq_arena *work,
                     const price_set **out, uint32_t *made, tq_err *err)
{
    *made = 1;
    if (!cache || cache->network != task->net->version) {
        price_set *own = TQ_PUSH(work, price_set, 1);
        if (!own || !prices_place(task->net, work, own))
            return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small to price the network");
        TQ_TRY(make(task, own, TO_START, work, err));
        *out = own;
        return TQ_OK;
    }
    price_key key;
    prices_key(task, &key);
    cache_slot *oldest = &cache->slot[0];
    for (uint32_t k = 0; k < cache->count; k++) {
        cache_slot *slot = &cache->slot[k];
        if (slot->used != 0 && memcmp(&slot->prices.key, &key, sizeof key) == 0) {
            slot->used = ++cache->tick;
            *made = 0;
            *out = &slot->prices;
            return TQ_OK;
        }
        if (slot->used < oldest->used) oldest = slot;
    }
    oldest->used = 0;
    TQ_TRY(make(task, &oldest->prices, EVERYWHERE, work, err));
    oldest->used = ++cache->tick;
    *out = &oldest->prices;
    return TQ_OK;
}
