/*
 * The exact Pareto front on arrival, money and CO2.
 *
 * Label setting in the manner of LTMOA* (Hernandez and others, IJCAI 2023) on states (place, class
 * of arrival); base price paid, changes of mode and places still to touch ride on the label. Labels
 * leave the queue in lexicographic order of (time, money, CO2) plus lower bound. Because the bound
 * is consistent and waiting is free, time never falls within a state, so a label is beaten by an
 * earlier one if money and CO2 are (dimension reduction); whether it is, is asked when it is made
 * and once more when it is taken (lazy). A label that has paid less base price beats another if it
 * does so after paying the difference, which is the most that this can still cost it.
 *
 * A search that grows past `seeds_after` labels stops, finds a handful of good plans by weighing
 * the criteria, and starts again with what those plans beat cut off; the front is the same.
 *
 * Arrive-by runs the same code on the network in reversed time. Nothing is allocated: labels, queue
 * and answer live in the thread's arena. Limits: labels_max, TQ_FREIGHT_SPAN_DS.
 */
#include "freight/search_in.h"

#define NO_LABEL    UINT32_MAX
#define ANSWER_PART 4 /* of the arena: one in so many bytes is kept for the answer */
#define FRONT_FIRST 256u
#define HOPS_MAX    (TQ_FREIGHT_STEPS_MAX / 2)

typedef struct label {
    int64_t e4, mg;
    int32_t t;                          /* deciseconds after the start, in view time */
    uint32_t parent, state, item, next; /* next: of the same state, taken earlier */
    uint8_t changes, paid, via, end;
} tag;

typedef struct entry {
    int64_t e4, mg; /* of the label plus bound */
    int32_t t;
    uint32_t label;
} queued;

typedef struct step_point {
    int64_t e4, mg;
    uint32_t label;
} step_point;

/* How a seed weighs time, money and CO2. */
typedef struct seed_weight {
    uint8_t t, e4, mg;
} seed_weight;

typedef struct seed_point {
    int64_t e4, mg;
    int32_t t;
} seed_point;

static const seed_weight seed_weights[] = {{16, 1, 1}, {8, 2, 1}, {4, 2, 1},  {2, 2, 1}, {2, 4, 1},
                                           {1, 4, 1},  {1, 8, 2}, {1, 16, 1}, {1, 1, 4}, {4, 1, 4}};
#define SEEDS_MAX       (sizeof seed_weights / sizeof *seed_weights)
#define SEED_LABELS_MAX 60000u

typedef struct search {
    errand task;
    const price_set *prices;
    tag *label;
    queued *heap;
    uint32_t *taken; /* [state] newest taken label */
    uint32_t label_count, label_cap, labels_max, heap_count;
    /* Ends found so far, as a staircase in money and CO2: e4 ascending, mg descending. */
    step_point *stair;
    uint32_t stair_count, stair_cap;
    uint32_t *found; /* labels at the goal, in the order of time */
    uint32_t found_count;
    uint32_t classes;
    int32_t phase; /* of the week in view time, at the start */
    uint8_t via_all;
    bool any_day;
    bool strict;                /* changes of mode are counted in dominance; see run */
    const seed_weight *seeding; /* NULL = the exact search */
    uint32_t pause_at;          /* labels after which a search without seeds stops */
    queued unit;                /* what one part of a seed's key is worth */
    seed_point seed[SEEDS_MAX];
    uint32_t seed_count;
    tq_status status;
} hunt;

/* ---- queue ----------------------------------------------------------------------------------- */

static bool sooner(const queued *a, const queued *b)
{
    if (a->t != b->t) return a->t < b->t;
    if (a->e4 != b->e4) return a->e4 < b->e4;
    if (a->mg != b->mg) return a->mg < b->mg;
    return a->label < b->label;
}

static void heap_push(hunt *s, queued new)
{
    uint32_t at = s->heap_count++;
    while (at > 0 && sooner(&new, &s->heap[(at - 1) / 4])) {
        s->heap[at] = s->heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    s->heap[at] = new;
}

static queued heap_pop(hunt *s)
{
    queued top = s->heap[0], moved = s->heap[--s->heap_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 4 * at + 1, best = child;
        if (child >= s->heap_count) break;
        for (uint32_t k = child + 1; k < s->heap_count && k < child + 4; k++)
            if (sooner(&s->heap[k], &s->heap[best])) best = k;
        if (!sooner(&s->heap[best], &moved)) break;
        s->heap[at] = s->heap[best];
        at = best;
    }
    s->heap[at] = moved;
    return top;
}

/* ---- dominance ------------------------------------------------------------------------------- */

/* First step with more money than e4. */
static uint32_t stair_after(const hunt *s, int64_t e4)
{
    uint32_t low = 0, high = s->stair_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->stair[middle].e4 <= e4)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is there an end, not later, with not more money and not more CO2? */
static bool behind_stair(const hunt *s, int64_t e4, int64_t mg)
{
    uint32_t after = stair_after(s, e4);
    return after > 0 && s->stair[after - 1].mg <= mg;
}

static bool stair_add(hunt *s, int64_t e4, int64_t mg, uint32_t at_label)
{
    uint32_t at = stair_after(s, e4), drop = at;
    if (at > 0 && s->stair[at - 1].e4 == e4) at--;
    while (drop < s->stair_count && s->stair[drop].mg >= mg)
        drop++;
    if (s->stair_count + 1 - (drop - at) > s->stair_cap) return false;
    memmove(s->stair + at + 1, s->stair + drop, (s->stair_count - drop) * sizeof *s->stair);
    s->stair_count = s->stair_count + 1 - (drop - at);
    s->stair[at] = (step_point){e4, mg, at_label};
    return true;
}

static bool beats(const hunt *s, const tag *a, const tag *b)
{
    int64_t slack =
        a->paid < b->paid ? s->prices->base_e4[b->paid] - s->prices->base_e4[a->paid] : 0;
    return a->e4 + slack <= b->e4 && a->mg <= b->mg && (!s->strict || a->changes <= b->changes) &&
           (a->via & b->via) == b->via;
}

static bool behind_taken(const hunt *s, const tag *new)
{
    for (uint32_t k = s->taken[new->state]; k != NO_LABEL; k = s->label[k].next)
        if (beats(s, &s->label[k], new)) return true;
    return false;
}

/* Put the label before those of its state, without those that it beats from now on. */
static void take(hunt *s, uint32_t at_label)
{
    tag *new = &s->label[at_label];
    uint32_t *link = &s->taken[new->state];
    while (*link != NO_LABEL) {
        if (beats(s, new, &s->label[*link]))
            *link = s->label[*link].next;
        else
            link = &s->label[*link].next;
    }
    new->next = s->taken[new->state];
    s->taken[new->state] = at_label;
}

/* ---- expansion ------------------------------------------------------------------------------- */

/* Is there a known plan that beats whatever can come of this? (One that equals it does not: that
 * plan itself must be found again.) */
static bool behind_seed(const hunt *s, const queued *entry)
{
    for (uint32_t k = 0; k < s->seed_count; k++) {
        const seed_point *seed = &s->seed[k];
        if (seed->t <= entry->t && seed->e4 <= entry->e4 && seed->mg <= entry->mg &&
            (seed->t < entry->t || seed->e4 < entry->e4 || seed->mg < entry->mg))
            return true;
    }
    return false;
}

static void push_label(hunt *s, tag new, const lower *bound)
{
    queued entry = {.t = new.t, .e4 = new.e4, .mg = new.mg};
    if (bound) {
        if (bound->ds > s->task.span_ds - new.t) return;
        entry.t += bound->ds;
        entry.e4 += bound->e4;
        entry.mg += bound->mg;
    }
    if (s->seeding) {
        if (!new.end && s->taken[new.state] != NO_LABEL) return;
        entry.e4 = entry.t / s->unit.t * s->seeding->t + entry.e4 / s->unit.e4 * s->seeding->e4 +
                   entry.mg / s->unit.mg * s->seeding->mg;
        entry.t = 0;
        entry.mg = 0;
    } else {
        if (behind_stair(s, entry.e4, entry.mg) || behind_seed(s, &entry)) return;
        if (!new.end && behind_taken(s, &new)) return;
    }
    if (s->label_count == s->label_cap) {
        s->status = s->label_cap == s->labels_max ? TQ_LIMIT : TQ_NO_MEMORY;
        return;
    }
    entry.label = s->label_count;
    s->label[s->label_count++] = new;
    heap_push(s, entry);
}

static uint8_t via_of(const hunt *s, uint32_t node)
{
    uint8_t via = 0;
    for (uint32_t k = 0; k < s->task.query->via_count; k++)
        if (s->task.query->via[k] == node) via |= (uint8_t)(1u << k);
    return via;
}

static uint8_t via_of_service(const hunt *s, uint32_t service)
{
    const service_row *row = &s->task.net->service[service];
    uint8_t via = 0;
    for (uint32_t k = 0; k < row->path_count; k++)
        via |= via_of(s, s->task.net->path[row->path + k]);
    return via;
}

/* When a service arrives that is boarded at `t` or later, after the start; a large number = never.
 */
static int64_t ready_after(const hunt *s, uint32_t service, int32_t t)
{
    const way_price *way = &s->prices->service[service];
    if (way->phase >= 0) {
        int64_t wait = way->phase - (s->phase + (int64_t)t) % DS_WEEK;
        return t + (wait < 0 ? wait + DS_WEEK : wait) + way->ds;
    }
    int64_t ready =
        service_ready(s->task.net, s->task.direction, service, s->task.start_ds + t, s->any_day);
    return ready == INT64_MAX ? INT64_MAX : ready - s->task.start_ds + way->ds;
}

/* One arc, from a label that is already handled for the class of the arc. */
static void follow(hunt *s, const tag *from, const arc_row *arc, uint32_t class, bool chain)
{
    const price_set *p = s->prices;
    tag new = *from;
    uint32_t item = arc->item;
    new.state = arc->head * s->classes + class;
    new.item = item;
    if (s->task.net->class[class].service) {
        if (p->service[item].e4 < 0) return;
        new.e4 += p->service[item].e4;
        new.mg += p->service[item].mg;
        new.paid = 0;
        /* The stair does not need the time, and the time of a service costs most. */
        const lower *bound = &p->bound[new.state];
        if (bound->ds == INT32_MAX ||
            (!s->seeding && behind_stair(s, new.e4 + bound->e4, new.mg + bound->mg)))
            return;
        int64_t t = ready_after(s, item, from->t);
        if (t > s->task.span_ds) return;
        new.t = (int32_t)t;
        if (s->via_all) new.via |= via_of_service(s, item);
    } else {
        if (p->link[item].ds < 0 || p->link[item].ds > s->task.span_ds - from->t) return;
        uint8_t paid = chain ? from->paid : 0, base = p->link[item].base;
        new.t += p->link[item].ds;
        new.e4 += p->link[item].e4;
        if (base > paid) {
            new.e4 += p->base_e4[base] - p->base_e4[paid];
            paid = base;
        }
        new.mg += p->link[item].mg;
        new.paid = paid;
        if (s->via_all) new.via |= via_of(s, arc->head);
    }
    push_label(s, new, &p->bound[new.state]);
}

/* Do the handling; false = over the span. */
static bool handle(const hunt *s, tag *label, uint16_t row)
{
    if (row == NO_ROW) return true;
    if (s->prices->op_ds[row] > s->task.span_ds - label->t) return false;
    label->t += s->prices->op_ds[row];
    label->e4 += s->prices->op_e4[row];
    label->mg += s->prices->op_mg[row];
    return true;
}

static void expand(hunt *s, uint32_t node, uint32_t class, tag from)
{
    const tq_freight *net = s->task.net;
    const direction_view *view = &net->view[s->task.direction];
    uint32_t profile = net->node[node].profile;
    for (uint32_t g = view->first_group[node]; g < view->first_group[node + 1]; g++) {
        uint32_t to = view->group[g].class;
        const rule *change = &s->prices->change[class][to];
        tag handled = from;
        uint16_t row;
        if (!change_row(s->prices, profile, change, &row) || !handle(s, &handled, row)) continue;
        handled.changes = (uint8_t)TQ_MIN(from.changes + change->counts, 255);
        if (s->strict && handled.changes > s->task.query->changes_max) continue;
        for (uint32_t k = view->group[g].first_arc; k < view->group[g + 1].first_arc; k++)
            follow(s, &handled, &view->arcs[k], to, change->chain);
    }
}

static void expand_label(hunt *s, uint32_t at_label)
{
    tag from = s->label[at_label];
    uint32_t node = from.state / s->classes, class = from.state % s->classes;
    from.parent = at_label;
    if (node == s->task.goal && from.via == s->via_all) {
        tag end = from;
        uint32_t profile = s->task.net->node[node].profile;
        uint16_t row = s->prices->op_row[(size_t)profile * OPS + s->prices->end_op[class]];
        end.end = 1;
        if (row != NO_ROW && s->prices->op_ds[row] >= 0 && handle(s, &end, row))
            push_label(s, end, NULL);
    }
    expand(s, node, class, from);
}

static void start(hunt *s)
{
    const errand *task = &s->task;
    tag first = {.parent = NO_LABEL, .via = via_of(s, task->start)};
    if (task->query->aim != TQ_FREIGHT_PICKUP) {
        expand(s, task->start, CLASS_START, first);
        return;
    }
    uint32_t service = task->query->service;
    if (s->prices->service[service].e4 < 0) return;
    first.item = service;
    first.state = task->start * s->classes + task->net->service[service].class;
    first.e4 = s->prices->service[service].e4;
    first.mg = s->prices->service[service].mg;
    if (s->via_all) first.via |= via_of_service(s, service);
    push_label(s, first, &s->prices->bound[first.state]);
}

static void clear(hunt *s)
{
    s->label_count = s->heap_count = s->stair_count = s->found_count = 0;
    memset(s->taken, 0xFF, (size_t)s->task.net->node_count * s->classes * sizeof *s->taken);
}

/* Good plans found quickly: for each weighing of the criteria the first way to the goal, each place
 * and class settled once. They need not be on the front; any allowed plan cuts what it beats. */
static void make_seeds(hunt *s)
{
    clear(s);
    start(s);
    s->unit = (queued){.t = INT32_MAX, .e4 = INT64_MAX, .mg = INT64_MAX};
    for (uint32_t k = 0; k < s->heap_count; k++) {
        s->unit.t = TQ_MIN(s->unit.t, s->heap[k].t);
        s->unit.e4 = TQ_MIN(s->unit.e4, s->heap[k].e4);
        s->unit.mg = TQ_MIN(s->unit.mg, s->heap[k].mg);
    }
    s->unit.t = s->unit.t / 4096 + 1;
    s->unit.e4 = s->unit.e4 / 4096 + 1;
    s->unit.mg = s->unit.mg / 4096 + 1;
    for (uint32_t w = 0; w < SEEDS_MAX && s->status == TQ_OK; w++) {
        clear(s);
        s->seeding = &seed_weights[w];
        start(s);
        while (s->heap_count > 0 && s->status == TQ_OK && s->label_count < SEED_LABELS_MAX) {
            queued entry = heap_pop(s);
            const tag *label = &s->label[entry.label];
            if (label->end) {
                if (label->changes <= s->task.query->changes_max)
                    s->seed[s->seed_count++] = (seed_point){label->e4, label->mg, label->t};
                break;
            }
            if (s->taken[label->state] != NO_LABEL) continue;
            s->taken[label->state] = entry.label;
            expand_label(s, entry.label);
        }
    }
    s->seeding = NULL;
}

static void run_once(hunt *s)
{
    clear(s);
    start(s);
    while (s->heap_count > 0 && s->status == TQ_OK && s->label_count < s->pause_at) {
        queued entry = heap_pop(s);
        tag *label = &s->label[entry.label];
        if (behind_stair(s, entry.e4, entry.mg)) continue;
        if (label->end) {
            if (s->found_count == s->stair_cap || !stair_add(s, label->e4, label->mg, entry.label))
                s->status = TQ_NO_MEMORY;
            else
                s->found[s->found_count++] = entry.label;
            continue;
        }
        if (behind_taken(s, label)) continue;
        take(s, entry.label);
        expand_label(s, entry.label);
    }
}

/* First without the limit on changes of mode. If every plan of that front keeps it, that is the
 * front with the limit too: each of its plans is allowed, and any allowed plan is beaten by one of
 * them. Only otherwise the search is done again with changes as one more thing to compare. */
static void run(hunt *s)
{
    s->pause_at = s->via_all ? UINT32_MAX : s->task.query->seeds_after;
    run_once(s);
    if (s->label_count >= s->pause_at && s->status == TQ_OK) {
        make_seeds(s);
        s->pause_at = UINT32_MAX;
        if (s->status == TQ_OK) run_once(s);
    }
    s->pause_at = UINT32_MAX;
    bool over = false;
    for (uint32_t k = 0; k < s->found_count && !over; k++)
        over = s->label[s->found[k]].changes > s->task.query->changes_max;
    if (s->status != TQ_OK || !over) return;
    s->strict = true;
    run_once(s);
}

/* ---- answer ---------------------------------------------------------------------------------- */

/* Arcs of a found plan in the direction of the goods. */
static tq_status trace(const hunt *s, uint32_t at_label, leg_arc *hops, uint32_t *count,
                       tq_err *err)
{
    const tq_freight *net = s->task.net;
    uint32_t n = 0;
    for (uint32_t k = s->label[at_label].parent; k != NO_LABEL; k = s->label[k].parent) {
        const tag *label = &s->label[k];
        uint32_t class = label->state % s->classes, node = label->state / s->classes;
        if (n == HOPS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "a plan of more than %u legs", HOPS_MAX);
        leg_arc hop = {label->item, class, 0, 0};
        if (net->class[class].service) {
            const service_row *row = &net->service[label->item];
            hop.from = net->path[row->path];
            hop.to = net->path[row->path + row->path_count - 1];
        } else {
            const link_row *row = &net->link[label->item];
            uint32_t other = row->from == node ? row->to : row->from;
            hop.from = s->task.direction == 0 ? other : node;
            hop.to = s->task.direction == 0 ? node : other;
        }
        hops[n++] = hop;
    }
    for (uint32_t k = 0; s->task.direction == 0 && k < n / 2; k++) {
        leg_arc swapped = hops[k];
        hops[k] = hops[n - 1 - k];
        hops[n - 1 - k] = swapped;
    }
    *count = n;
    return TQ_OK;
}

static bool before(const tq_freight_plan *a, const tq_freight_plan *b)
{
    if (a->time_ds != b->time_ds) return a->time_ds < b->time_ds;
    if (a->cost_e4 != b->cost_e4) return a->cost_e4 < b->cost_e4;
    return a->co2_mg < b->co2_mg;
}

/* Bring the answer down to where the search began, so that its labels can be given back. */
static void move_down(tq_freight_plan *plans, uint32_t plan_count, tq_freight_step **steps,
                      uint32_t step_count, size_t mark, tq_arena *work, tq_freight_plan **moved)
{
    size_t plan_bytes = plan_count * sizeof *plans, step_bytes = step_count * sizeof **steps;
    size_t to = (mark + 15) & ~(size_t)15;
    if (to + plan_bytes + step_bytes > (size_t)((uint8_t *)plans - work->base)) return;
    uint8_t *at = work->base + to;
    memcpy(at, plans, plan_bytes);
    memcpy(at + plan_bytes, *steps, step_bytes);
    *moved = (tq_freight_plan *)(void *)at;
    *steps = (tq_freight_step *)(void *)(at + plan_bytes);
    tq_arena_reset(work, to + plan_bytes + step_bytes);
}

static tq_status write_answer(hunt *s, size_t mark, tq_arena *work, tq_freight_answer *out,
                              tq_err *err)
{
    const errand *task = &s->task;
    leg_arc *hops = TQ_PUSH_RAW(work, leg_arc, HOPS_MAX);
    tq_freight_plan *plans = TQ_PUSH(work, tq_freight_plan, s->found_count);
    if (!hops || !plans) return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small");
    tq_freight_step *first = NULL;
    uint32_t steps = 0;
    for (uint32_t k = 0; k < s->found_count; k++) {
        const tag *end = &s->label[s->found[k]];
        uint32_t hop_count = 0;
        TQ_TRY(trace(s, s->found[k], hops, &hop_count, err));
        int64_t depart_s = task->direction == 0 ? task->query->depart_s
                                                : tq_floor_div(-(task->start_ds + end->t), 10);
        tq_freight_step *own;
        tq_freight_plan plan = {0};
        TQ_TRY(replay(task, s->prices, hops, hop_count, depart_s, work, &plan, &own, err));
        TQ_ASSERT(plan.cost_e4 == end->e4 && plan.co2_mg == end->mg);
        TQ_ASSERT(task->direction == 1 || plan.time_ds == end->t);
        if (!first) first = own;
        plan.first_step = (uint32_t)(own - first);
        steps = plan.first_step + plan.step_count;
        uint32_t at = k;
        for (; at > 0 && before(&plan, &plans[at - 1]); at--)
            plans[at] = plans[at - 1];
        plans[at] = plan;
    }
    move_down(plans, s->found_count, &first, steps, mark, work, &plans);
    *out = (tq_freight_answer){.plan_count = s->found_count, .plan = plans, .step = first};
    return TQ_OK;
}

/* Two found plans of the same time: the later may beat the earlier only by a tie in the queue. */
static void drop_beaten(hunt *s)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < s->found_count; k++) {
        const tag *a = &s->label[s->found[k]];
        bool beaten = false;
        for (uint32_t j = k + 1; j < s->found_count && !beaten; j++) {
            const tag *b = &s->label[s->found[j]];
            if (b->t != a->t) break;
            beaten = b->e4 <= a->e4 && b->mg <= a->mg;
        }
        if (!beaten) s->found[kept++] = s->found[k];
    }
    s->found_count = kept;
}

static bool make_room(hunt *s, const tq_freight_query *query, tq_arena *work)
{
    uint32_t states = s->task.net->node_count * s->classes;
    s->taken = TQ_PUSH_RAW(work, uint32_t, states);
    if (!s->taken) return false;
    size_t left = (work->cap - work->used) / ANSWER_PART * (ANSWER_PART - 1);
    s->stair_cap = (uint32_t)TQ_MIN(left / 16 / sizeof(step_point), 1000000u);
    s->stair = TQ_PUSH_RAW(work, step_point, s->stair_cap);
    s->found = TQ_PUSH_RAW(work, uint32_t, s->stair_cap);
    size_t most = (left - left / 8) / (sizeof(tag) + sizeof(queued));
    s->labels_max = TQ_MIN(query->labels_max, TQ_FREIGHT_LABELS_MAX);
    s->label_cap = (uint32_t)TQ_MIN(most, s->labels_max);
    s->label = TQ_PUSH_RAW(work, tag, s->label_cap);
    s->heap = TQ_PUSH_RAW(work, queued, s->label_cap);
    return s->stair && s->found && s->label && s->heap;
}

tq_status tq_freight_search(const tq_freight *net, const tq_freight_live *live,
                            const tq_freight_query *query, tq_freight_cache *cache, tq_arena *work,
                            tq_freight_answer *out, tq_err *err)
{
    hunt s = {.classes = net->class_count, .status = TQ_OK};
    uint32_t made;
    size_t mark = work->used;
    tq_freight_answer answer;
    TQ_TRY(task_make(net, live, query, &s.task, err));
    s.via_all = (uint8_t)((1u << query->via_count) - 1);
    int64_t shifted = s.task.start_ds + (s.task.direction == 0 ? MONDAY_DS : -MONDAY_DS);
    s.phase = (int32_t)(shifted - tq_floor_div(shifted, DS_WEEK) * DS_WEEK);
    s.any_day = query->lifted & (1u << TQ_FREIGHT_BAN_DATE);
    TQ_TRY(prices_get(&s.task, cache, work, &s.prices, &made, err));
    if (!make_room(&s, query, work))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small for a search");
    run(&s);
    if (s.status == TQ_LIMIT)
        return tq_fail(err, TQ_LIMIT, 0, "more than %u labels; ask with fewer modes or a deadline",
                       s.labels_max);
    if (s.status != TQ_OK)
        return tq_fail(err, s.status, 0, "the scratch of %zu MB is too small for this search",
                       work->cap >> 20);
    if (s.found_count == 0)
        return tq_fail(err, TQ_NO_ROUTE, 0, "no chain joins %s and the goal under these conditions",
                       text_at(net, net->node[query->origin].id));
    drop_beaten(&s);
    TQ_TRY(write_answer(&s, mark, work, &answer, err));
    answer.version = net->version;
    answer.live_version = live ? live->version : 0;
    answer.labels = s.label_count;
    answer.bounds_made = made;
    tq_freight_thin(&answer);
    *out = answer;
    return TQ_OK;
}
