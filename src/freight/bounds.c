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
 */
#include "freight/search_in.h"

#define SLOTS_MAX 4096u
#define INFINITE  INT64_MAX

typedef enum criterion { BY_TIME, BY_MONEY, BY_CO2 } criterion;

typedef struct backward {
    const errand *task;
    const price_set *prices;
    criterion by;
    tq_heap heap;
    int64_t *arrived, *going; /* [node * classes + class] */
    uint32_t awaited;         /* classes still to be settled at the start; 0 = settle everything */
} backward_run;

static int64_t op_weight(const backward_run *b, uint16_t row)
{
    if (row == NO_ROW) return 0;
    return b->by == BY_TIME    ? b->prices->op_ds[row]
           : b->by == BY_MONEY ? b->prices->op_e4[row]
                               : b->prices->op_mg[row];
}

/* Weight of an arc, -1 = not usable. */
static int64_t arc_weight(const backward_run *b, uint32_t item, bool service)
{
    const price_set *p = b->prices;
    if (service) {
        if (p->service[item].e4 < 0) return -1;
        return b->by == BY_TIME    ? p->service[item].ds
               : b->by == BY_MONEY ? p->service[item].e4
                                   : p->service[item].mg;
    }
    if (p->link[item].ds < 0) return -1;
    return b->by == BY_TIME    ? p->link[item].ds
           : b->by == BY_MONEY ? p->link[item].e4
                               : p->link[item].mg;
}

/* Arrived at (node, class) with `key` to the goal: extend against the arcs of that class. */
static void spread_arrived(backward_run *b, uint32_t node, uint32_t class, int64_t key)
{
    const tq_freight *net = b->task->net;
    const direction_view *against = &net->view[1 - b->task->direction];
    uint32_t classes = net->class_count, states = net->node_count * classes;
    uint32_t group = against->first_group[node], end = against->first_group[node + 1];
    while (group < end && against->group[group].class != class)
        group++;
    if (group == end) return;
    bool service = net->class[class].service;
    for (uint32_t k = against->group[group].first_arc; k < against->group[group + 1].first_arc;
         k++) {
        const arc_row *arc = &against->arcs[k];
        uint32_t state = arc->head * classes + class;
        if (b->going[state] <= key) continue;
        int64_t weight = arc_weight(b, arc->item, service);
        if (weight < 0 || key + weight >= b->going[state]) continue;
        b->going[state] = key + weight;
        tq_heap_lower(&b->heap, states + state, key + weight);
    }
}

/* Going on from node in `class`: every class in which goods can have come there. */
static void spread_going(backward_run *b, uint32_t node, uint32_t class, int64_t key)
{
    const tq_freight *net = b->task->net;
    const direction_view *against = &net->view[1 - b->task->direction];
    uint32_t classes = net->class_count, profile = net->node[node].profile;
    for (uint32_t g = against->first_group[node]; g < against->first_group[node + 1]; g++) {
        uint32_t from = against->group[g].class, state = node * classes + from;
        if (b->arrived[state] <= key) continue;
        const rule *change = &b->prices->change[from][class];
        uint16_t row;
        if (!change_row(b->prices, profile, change, &row)) continue;
        int64_t sum = key + op_weight(b, row);
        if (b->by == BY_MONEY && !change->chain) sum += b->prices->least_base_e4[class];
        if (sum >= b->arrived[state]) continue;
        b->arrived[state] = sum;
        if (sum == key)
            spread_arrived(b, node, from, key);
        else
            tq_heap_lower(&b->heap, state, sum);
    }
}

/* All that is not nearer than the start keeps the start's distance: still a lower bound, and still
 * consistent, because the lesser of a consistent bound and a constant is. */
static void cap_bounds(backward_run *b, int64_t key)
{
    uint32_t states = b->task->net->node_count * b->task->net->class_count;
    for (uint32_t state = 0; state < states; state++)
        b->arrived[state] = TQ_MIN(b->arrived[state], key);
}

static void run_backward(backward_run *b)
{
    const tq_freight *net = b->task->net;
    uint32_t classes = net->class_count, states = net->node_count * classes, goal = b->task->goal;
    for (uint32_t state = 0; state < states; state++)
        b->arrived[state] = b->going[state] = INFINITE;
    for (uint32_t class = 0; class < classes; class ++) {
        uint16_t row =
            b->prices->op_row[(size_t)net->node[goal].profile * OPS + b->prices->end_op[class]];
        if (row == NO_ROW || b->prices->op_ds[row] < 0) continue;
        b->arrived[goal * classes + class] = op_weight(b, row);
        tq_heap_lower(&b->heap, goal * classes + class, op_weight(b, row));
    }
    uint32_t awaited = b->awaited;
    while (b->heap.count > 0) {
        int64_t key;
        uint32_t entry = tq_heap_pop(&b->heap, &key);
        if (entry >= states) {
            entry -= states;
            spread_going(b, entry / classes, entry % classes, key);
            if (entry / classes != b->task->start || !(awaited & (1u << entry % classes))) continue;
            awaited &= ~(1u << entry % classes);
            if (awaited == 0) {
                cap_bounds(b, key);
                break;
            }
        } else if (key == b->arrived[entry]) {
            spread_arrived(b, entry / classes, entry % classes, key);
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

tq_status bounds_fill(const errand *task, price_set *prices, bounds_reach reach, tq_arena *work,
                      tq_err *err)
{
    const tq_freight *net = task->net;
    uint32_t states = net->node_count * net->class_count;
    size_t mark = work->used;
    backward_run b = {.task = task, .prices = prices};
    b.arrived = TQ_PUSH_RAW(work, int64_t, states + 1);
    b.going = TQ_PUSH_RAW(work, int64_t, states + 1);
    b.heap = (tq_heap){TQ_PUSH_RAW(work, uint32_t, 2 * (size_t)states + 1),
                       TQ_PUSH_RAW(work, uint32_t, 2 * (size_t)states + 1),
                       TQ_PUSH_RAW(work, int64_t, 2 * (size_t)states + 1), 0};
    if (!b.arrived || !b.going || !b.heap.id || !b.heap.pos || !b.heap.key)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small for lower bounds");
    if (reach == TO_START) b.awaited = classes_at_start(task, prices);
    for (unsigned by = BY_TIME; by <= BY_CO2; by++) {
        b.by = (criterion)by;
        b.heap.count = 0;
        memset(b.heap.pos, 0xFF, (2 * (size_t)states + 1) * sizeof *b.heap.pos);
        run_backward(&b);
        for (uint32_t state = 0; state < states; state++) {
            lower *bound = &prices->bound[state];
            int64_t value = b.arrived[state];
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
