/*
 * The exact Pareto front on arrival, money and CO2.
 *
 * Label setting in the manner of LTMOA* (Hernandez and others, IJCAI 2023) on states (place, class
 * of arrival); base price paid, changes of mode and places still to touch ride on the label. Labels
 * leave the queue in lexicographic order of (time, money, CO2) plus lower bound. Because the bound
 * is consistent and waiting is free, time never falls within a state, so a label is beaten by an
 * earlier one if money and CO2 are (dimension reduction). A label that has paid less base price
 * beats another if it does so after paying the difference, which is the most that this can still
 * cost it.
 *
 * Each state has a bag of what is not beaten there: expanded labels and those still in the queue. A
 * new label is compared with the bag once, when it is made; what it beats is marked and thrown away
 * when it leaves the queue, so nothing is compared again. Labels thrown away give back their room.
 *
 * A search that grows past `seeds_after` labels stops, finds a handful of good plans by weighing
 * the criteria, and starts again with what those plans beat cut off; the front is the same.
 *
 * Arrive-by runs the same code on the network in reversed time. Nothing is allocated: labels, queue
 * and answer live in the thread's arena. Limits: labels_max, TQ_FREIGHT_SPAN_DS.
 */
#include "freight/hunt_in.h"

#define SEED_LABELS_MAX 20000u
#define SEED_PARTS      4096 /* the key of a seed counts in such parts of the bound at the start */
#define SEED_KEY_MOST   (INT64_C(1) << 30)
/* Detours are found out when goods leave a place in a class for that many times. */
#define LOOKS_TILL_DETOURS 2u
#define ANSWER_PART        8 /* of the arena: one in so many bytes is kept for the answer */
/* Shares of the room for bags and labels; the queue has the rest. */
#define PIECE_PERCENT 24u
#define LABEL_PERCENT 36u
#define QUEUE_LEAST   ((size_t)1 << 16)

static const seed_weight seed_weights[SEEDS_MAX] = {{16, 1, 1}, {8, 2, 1}, {4, 2, 1}, {2, 2, 1},
                                                    {2, 4, 1},  {1, 4, 1}, {1, 8, 2}, {1, 16, 1},
                                                    {1, 1, 4},  {4, 1, 4}};

/* ---- dominance ------------------------------------------------------------------------------- */

/* First step with more money than e4. */
static uint32_t stair_after(const hunt *s, int64_t e4)
{
    uint32_t low = 0, count = s->stair_count;
    while (count > 0) {
        uint32_t half = count / 2;
        bool above = s->stair[low + half].e4 <= e4;
        low = above ? low + half + 1 : low;
        count = above ? count - half - 1 : half;
    }
    return low;
}

/* Is there an end, not later, with not more money and not more CO2? */
static bool behind_stair(const hunt *s, int64_t e4, int64_t mg)
{
    uint32_t after = stair_after(s, e4);
    return after > 0 && s->stair[after - 1].mg <= mg;
}

static bool stair_add(hunt *s, int64_t e4, int64_t mg)
{
    uint32_t at = stair_after(s, e4), drop = at;
    if (at > 0 && s->stair[at - 1].e4 == e4) at--;
    while (drop < s->stair_count && s->stair[drop].mg >= mg)
        drop++;
    if (s->stair_count + 1 - (drop - at) > s->stair_cap) return false;
    memmove(s->stair + at + 1, s->stair + drop, (s->stair_count - drop) * sizeof *s->stair);
    s->stair_count = s->stair_count + 1 - (drop - at);
    s->stair[at] = (step_point){e4, mg};
    return true;
}

/* What it costs at most to have paid base price `a` and not `b`. */
static int64_t base_slack(const hunt *s, uint8_t a, uint8_t b)
{
    return a < b ? s->prices->base_e4[b] - s->prices->base_e4[a] : 0;
}

/* Does a label of the bag beat another, if its time does? */
static bool bag_beats(const hunt *s, const bag_piece *piece, uint32_t k, const goods *b)
{
    return piece->e4[k] <= b->e4 && piece->mg[k] <= b->mg &&
           piece->e4[k] + base_slack(s, piece->paid[k], b->paid) <= b->e4 &&
           (!s->strict || piece->changes[k] <= b->changes) && (piece->via[k] & b->via) == b->via;
}

static bool beats_bag(const hunt *s, const goods *a, const bag_piece *piece, uint32_t k)
{
    return a->e4 <= piece->e4[k] && a->mg <= piece->mg[k] &&
           a->e4 + base_slack(s, a->paid, piece->paid[k]) <= piece->e4[k] &&
           (!s->strict || a->changes <= piece->changes[k]) &&
           (a->via & piece->via[k]) == piece->via[k];
}

/* Fill the hole with the last of the first piece. */
static void bag_remove(hunt *s, state_cell *cell, bag_piece *piece, uint32_t k)
{
    bag_piece *first = &s->piece[cell->bag];
    uint32_t last = --first->count;
    piece->e4[k] = first->e4[last];
    piece->mg[k] = first->mg[last];
    piece->t[k] = first->t[last];
    piece->label[k] = first->label[last];
    piece->changes[k] = first->changes[last];
    piece->paid[k] = first->paid[last];
    piece->via[k] = first->via[last];
    if (last > 0) return;
    uint32_t emptied = cell->bag;
    cell->bag = first->next;
    first->next = s->free_piece;
    s->free_piece = emptied;
}

/* Put the label into the bag of its state and mark what it beats, or false: it is beaten. (What
 * beats it beats also what it would: the two cannot both happen.) */
static bool bag_enter(hunt *s, state_cell *cell, const goods *new, uint32_t at_label)
{
    for (uint32_t at = cell->bag, next; at != NO_LABEL; at = next) {
        bag_piece *piece = &s->piece[at];
        next = piece->next;
        for (uint32_t k = 0; k < piece->count;) {
            if (piece->t[k] <= new->t && bag_beats(s, piece, k, new)) return false;
            if (piece->t[k] >= new->t && beats_bag(s, new, piece, k)) {
                if (piece->label[k] != NO_LABEL) s->label[piece->label[k]].is = DEAD;
                bag_remove(s, cell, piece, k);
            } else {
                k++;
            }
        }
    }
    uint32_t at = cell->bag;
    if (at == NO_LABEL || s->piece[at].count == BAG) {
        uint32_t fresh = s->free_piece;
        if (fresh != NO_LABEL) {
            s->free_piece = s->piece[fresh].next;
        } else if (s->piece_count < s->piece_cap) {
            fresh = s->piece_count++;
        } else {
            s->status = TQ_NO_MEMORY;
            return false;
        }
        s->piece[fresh].next = at;
        s->piece[fresh].count = 0;
        cell->bag = at = fresh;
    }
    bag_piece *piece = &s->piece[at];
    uint32_t k = piece->count++;
    piece->e4[k] = new->e4;
    piece->mg[k] = new->mg;
    piece->t[k] = new->t;
    piece->label[k] = at_label;
    piece->changes[k] = new->changes;
    piece->paid[k] = new->paid;
    piece->via[k] = new->via;
    return true;
}

/* The label has left the queue. If it is expanded it stays, and what it beats by money and CO2
 * alone goes, as all that comes to this state from now on is not sooner than both. */
static void bag_close(hunt *s, state_cell *cell, const goods *taken, uint32_t at_label)
{
    for (uint32_t at = cell->bag, next; at != NO_LABEL; at = next) {
        bag_piece *piece = &s->piece[at];
        next = piece->next;
        for (uint32_t k = 0; k < piece->count;) {
            if (piece->label[k] == at_label) {
                if (!taken) {
                    bag_remove(s, cell, piece, k);
                    return;
                }
                piece->label[k++] = NO_LABEL;
            } else if (taken && piece->label[k] == NO_LABEL && beats_bag(s, taken, piece, k)) {
                bag_remove(s, cell, piece, k);
            } else {
                k++;
            }
        }
    }
}

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

/* ---- expansion ------------------------------------------------------------------------------- */

/* A plan of average worth lies well above the bound; weighing the bound double finds one fast. */
static queued seed_entry(const hunt *s, const goods *new, const queued *entry)
{
    int64_t t = 2 * (int64_t)entry->t - new->t, e4 = 2 * entry->e4 - new->e4,
            mg = 2 * entry->mg - new->mg;
    int64_t key = t / s->unit.t * s->seeding->t +
                  TQ_MIN(e4 / s->unit.e4, SEED_KEY_MOST) * s->seeding->e4 +
                  TQ_MIN(mg / s->unit.mg, SEED_KEY_MOST) * s->seeding->mg;
    return (queued){
        .e4 = new->e4, .mg = new->mg, .t = (int32_t)TQ_MIN(key, SEED_KEY_MOST), .label = 0};
}

/* The label is made if no other at its state beats it. */
static void make_label(hunt *s, const candidate *c)
{
    const goods *new = &c->at;
    queued entry = c->entry;
    entry.label = s->free_label != NO_LABEL ? s->free_label : s->label_count;
    if (entry.label == s->label_cap || s->made == s->labels_max) {
        s->status = s->made == s->labels_max ? TQ_LIMIT : TQ_NO_MEMORY;
        return;
    }
    if (s->seeding)
        s->seed_t[entry.label] = new->t;
    else if (!c->end && !bag_enter(s, &s->cell[c->state], new, entry.label))
        return;
    if (entry.label == s->free_label)
        s->free_label = s->label[entry.label].parent;
    else
        s->label_count++;
    s->made++;
    s->label[entry.label] = (tag){.parent = c->parent,
                                  .state = c->state,
                                  .arc = c->arc,
                                  .changes = new->changes,
                                  .paid = new->paid,
                                  .via = new->via,
                                  .is = c->end       ? END
                                        : new->again ? AGAIN
                                                     : OPEN};
    if (!queue_push(&s->queue, entry)) s->status = TQ_NO_MEMORY;
}

static void make_labels(hunt *s)
{
    for (uint32_t k = 0; k < s->candidate_count && s->status == TQ_OK; k++)
        make_label(s, &s->candidate[k]);
    s->candidate_count = 0;
}

/* A label that may be worth making. The bag that it will be compared with is called for, and the
 * comparing left until a handful of them wait. */
static void push_label(hunt *s, const goods *new, uint32_t state, uint32_t arc, uint32_t parent,
                       bool end)
{
    const state_cell *cell = &s->cell[state];
    queued entry = {.t = new->t, .e4 = new->e4, .mg = new->mg};
    if (!end) {
        if (cell->bound.ds > s->task.span_ds - new->t) return;
        entry.t += cell->bound.ds;
        entry.e4 += (int64_t)cell->bound.e4 << s->prices->e4_shift;
        entry.mg += (int64_t)cell->bound.mg << s->prices->mg_shift;
    }
    if (s->seeding) {
        if (!end && cell->bag != NO_LABEL) return;
        entry = seed_entry(s, new, &entry);
    } else if (behind_stair(s, entry.e4, entry.mg) || behind_seed(s, &entry)) {
        return;
    } else if (!end && cell->bag != NO_LABEL) {
        __builtin_prefetch(&s->piece[cell->bag]);
        __builtin_prefetch((const uint8_t *)&s->piece[cell->bag] + 64);
    }
    if (s->candidate_count == CANDIDATES) make_labels(s);
    s->candidate[s->candidate_count++] = (candidate){
        .at = *new, .entry = entry, .state = state, .arc = arc, .parent = parent, .end = end};
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
static int64_t ready_after(const hunt *s, const arc_way *way, int32_t t)
{
    if (way->phase >= 0) {
        int64_t wait = way->phase - (s->phase + (int64_t)t) % DS_WEEK;
        return t + (wait < 0 ? wait + DS_WEEK : wait) + way->ds;
    }
    int64_t ready =
        service_ready(s->task.net, s->task.direction, way->item, s->task.start_ds + t, s->any_day);
    return ready == INT64_MAX ? INT64_MAX : ready - s->task.start_ds + way->ds;
}

/* One arc by service, from goods that are already handled for the class of the arc. */
static void follow_service(hunt *s, const goods *from, uint32_t arc, uint32_t state,
                           uint32_t parent)
{
    const arc_way *way = &s->prices->arc[arc];
    const lower *bound = &s->cell[state].bound;
    goods new = *from;
    new.e4 += way->e4;
    new.mg += way->mg;
    /* The stair does not need the time, and the time of a service costs most. */
    if (bound->ds == INT32_MAX ||
        (!s->seeding && behind_stair(s, new.e4 + ((int64_t)bound->e4 << s->prices->e4_shift),
                                     new.mg + ((int64_t)bound->mg << s->prices->mg_shift))))
        return;
    int64_t t = ready_after(s, way, from->t);
    if (t > s->task.span_ds) return;
    new.t = (int32_t)t;
    new.paid = 0;
    if (s->via_all) new.via |= via_of_service(s, way->item);
    push_label(s, &new, state, arc, parent, false);
}

/* The same by link. */
static void follow_link(hunt *s, const goods *from, uint32_t arc, uint32_t state, bool chain,
                        uint32_t parent)
{
    const arc_way *way = &s->prices->arc[arc];
    const price_set *p = s->prices;
    if (way->ds > s->task.span_ds - from->t) return;
    goods new = *from;
    uint8_t paid = chain ? from->paid : 0, base = (uint8_t)way->phase;
    new.t += way->ds;
    new.e4 += way->e4;
    if (base > paid) {
        new.e4 += p->base_e4[base] - p->base_e4[paid];
        paid = base;
    }
    new.mg += way->mg;
    new.paid = paid;
    if (s->via_all) new.via |= via_of(s, way->head);
    push_label(s, &new, state, arc, parent, false);
}

/* Do the handling; false = over the span. */
static bool handle(const hunt *s, goods *at, uint16_t row)
{
    if (row == NO_ROW) return true;
    if (s->prices->op_ds[row] > s->task.span_ds - at->t) return false;
    at->t += s->prices->op_ds[row];
    at->e4 += s->prices->op_e4[row];
    at->mg += s->prices->op_mg[row];
    return true;
}

/* May a way go on in the class of its last arc as if it were one arc? */
static bool goes_on(const hunt *s, uint32_t class)
{
    const rule *change = &s->prices->change[class][class];
    return !s->task.net->class[class].service && change->allowed && change->chain &&
           !change->has_op && !change->counts;
}

static void find_low(hunt *s, uint32_t group)
{
    const arc_group *row = &s->task.net->view[s->task.direction].group[group];
    group_low low = {.e4 = INT64_MAX, .mg = INT64_MAX, .ds = INT32_MAX, .looks = 1};
    for (uint32_t k = row->first_arc; k < row[1].first_arc; k++) {
        const arc_way *way = &s->prices->arc[k];
        const lower *bound = &s->cell[way->head * s->classes + row->class].bound;
        if (way->ds < 0 || bound->ds == INT32_MAX || way->ds > INT32_MAX - bound->ds) continue;
        low.ds = TQ_MIN(low.ds, way->ds + bound->ds);
        low.e4 = TQ_MIN(low.e4, way->e4 + ((int64_t)bound->e4 << s->prices->e4_shift));
        low.mg = TQ_MIN(low.mg, way->mg + ((int64_t)bound->mg << s->prices->mg_shift));
    }
    s->low[group] = low;
}

/* Can no way out by the arcs of the group be among the best? */
static bool group_behind(hunt *s, uint32_t group, const goods *handled)
{
    group_low *low = &s->low[group];
    if (low->looks++ == 0) find_low(s, group);
    if (low->ds > s->task.span_ds - handled->t) return true;
    queued entry = {
        .e4 = handled->e4 + low->e4, .mg = handled->mg + low->mg, .t = handled->t + low->ds};
    return !s->seeding && (behind_stair(s, entry.e4, entry.mg) || behind_seed(s, &entry));
}

/* The arcs out of a place, from goods that came by the arc `by` in `class`. */
static void expand(hunt *s, uint32_t node, uint32_t class, const goods *from, uint32_t by,
                   uint32_t parent)
{
    const tq_freight *net = s->task.net;
    const direction_view *view = &net->view[s->task.direction];
    uint32_t profile = net->node[node].profile;
    for (uint32_t g = view->first_group[node]; g < view->first_group[node + 1]; g++) {
        uint32_t to = view->group[g].class;
        const rule *change = &s->prices->change[class][to];
        goods handled = *from;
        uint16_t row;
        if (!change_row(s->prices, profile, change, &row) || !handle(s, &handled, row)) continue;
        handled.changes = (uint8_t)TQ_MIN(from->changes + change->counts, 255);
        if (s->strict && handled.changes > s->task.query->changes_max) continue;
        if (group_behind(s, g, &handled)) continue;
        handled.again = to == class;
        bool service = net->class[to].service;
        uint32_t detours = 0;
        if (s->detour && goes_on(s, to)) {
            if (s->low[g].looks == LOOKS_TILL_DETOURS) find_detours(s, node, &view->group[g]);
            if (to == class && by != NO_ARC)
                detours = s->detour[by].worse | (from->again ? s->detour[by].back : 0);
        }
        for (uint32_t k = view->group[g].first_arc; k < view->group[g + 1].first_arc; k++) {
            const arc_way *way = &s->prices->arc[k];
            __builtin_prefetch(&s->cell[way[ARCS_AHEAD].head * s->classes + to]);
            bool detour = detours & 1;
            detours >>= 1;
            if (way->ds < 0 || detour) continue;
            uint32_t state = way->head * s->classes + to;
            if (service)
                follow_service(s, &handled, k, state, parent);
            else
                follow_link(s, &handled, k, state, change->chain, parent);
        }
    }
}

static void expand_label(hunt *s, uint32_t at_label, const goods *from)
{
    uint32_t state = s->label[at_label].state;
    uint32_t node = state / s->classes, class = state % s->classes;
    if (node == s->task.goal && from->via == s->via_all) {
        goods end = *from;
        uint32_t profile = s->task.net->node[node].profile;
        uint16_t row = s->prices->op_row[(size_t)profile * OPS + s->prices->end_op[class]];
        if (row != NO_ROW && s->prices->op_ds[row] >= 0 && handle(s, &end, row))
            push_label(s, &end, state, s->label[at_label].arc, at_label, true);
    }
    expand(s, node, class, from, s->label[at_label].arc, at_label);
    make_labels(s);
}

static void start(hunt *s)
{
    const errand *task = &s->task;
    goods first = {.via = (uint8_t)(via_of(s, task->start) & s->via_all)};
    if (task->query->aim != TQ_FREIGHT_PICKUP) {
        expand(s, task->start, CLASS_START, &first, NO_ARC, NO_LABEL);
        make_labels(s);
        return;
    }
    uint32_t service = task->query->service;
    if (s->prices->service[service].e4 < 0) return;
    first.e4 = s->prices->service[service].e4;
    first.mg = s->prices->service[service].mg;
    if (s->via_all) first.via |= via_of_service(s, service);
    push_label(s, &first, task->start * s->classes + task->net->service[service].class, NO_ARC,
               NO_LABEL, false);
    make_labels(s);
}

static void clear(hunt *s)
{
    uint32_t states = s->task.net->node_count * s->classes;
    s->label_count = s->made = s->stair_count = s->found_count = 0;
    queue_clear(&s->queue);
    s->piece_count = 0;
    s->free_label = s->free_piece = NO_LABEL;
    for (uint32_t state = 0; state < states; state++)
        s->cell[state].bag = NO_LABEL;
}

/* The label that probably is next: have its lines of memory on the way. */
static void look_ahead(const hunt *s)
{
    if (s->queue.heap_count == 0) return;
    const direction_view *view = &s->task.net->view[s->task.direction];
    uint32_t state = s->label[s->queue.heap[0].label].state, node = state / s->classes;
    __builtin_prefetch(&s->cell[state]);
    __builtin_prefetch(&s->prices->arc[view->group[view->first_group[node]].first_arc]);
    __builtin_prefetch(&s->task.net->node[node].profile);
}

static goods goods_of(const hunt *s, const queued *entry, const tag *label)
{
    const lower *bound = &s->cell[label->state].bound;
    return (goods){.e4 = entry->e4 - ((int64_t)bound->e4 << s->prices->e4_shift),
                   .mg = entry->mg - ((int64_t)bound->mg << s->prices->mg_shift),
                   .t = entry->t - bound->ds,
                   .changes = label->changes,
                   .paid = label->paid,
                   .via = label->via,
                   .again = label->is == AGAIN};
}

/* The first way to the goal by the weight in force, each place and class settled once. */
static void make_seed(hunt *s)
{
    clear(s);
    start(s);
    queued entry;
    while (s->status == TQ_OK && s->label_count < SEED_LABELS_MAX && queue_pop(s, &entry)) {
        const tag *label = &s->label[entry.label];
        goods at = {.e4 = entry.e4,
                    .mg = entry.mg,
                    .t = s->seed_t[entry.label],
                    .changes = label->changes,
                    .paid = label->paid,
                    .via = label->via,
                    .again = label->is == AGAIN};
        if (label->is == END) {
            if (at.changes <= s->task.query->changes_max ||
                (s->task.query->lifted & (1u << TQ_FREIGHT_BAN_CHANGES)))
                s->seed[s->seed_count++] = (seed_point){at.e4, at.mg, at.t};
            return;
        }
        if (s->cell[label->state].bag != NO_LABEL) continue;
        s->cell[label->state].bag = entry.label;
        expand_label(s, entry.label, &at);
    }
}

/* Good plans found quickly. They need not be on the front; any allowed plan cuts what it beats. */
static void make_seeds(hunt *s)
{
    s->unit = (queued){.t = INT32_MAX, .e4 = INT64_MAX, .mg = INT64_MAX};
    clear(s);
    start(s);
    for (queued entry; queue_pop(s, &entry);) {
        s->unit.t = TQ_MIN(s->unit.t, entry.t);
        s->unit.e4 = TQ_MIN(s->unit.e4, entry.e4);
        s->unit.mg = TQ_MIN(s->unit.mg, entry.mg);
    }
    s->unit.t = s->unit.t / SEED_PARTS + 1;
    s->unit.e4 = s->unit.e4 / SEED_PARTS + 1;
    s->unit.mg = s->unit.mg / SEED_PARTS + 1;
    for (uint32_t w = 0; w < SEEDS_MAX && s->status == TQ_OK; w++) {
        s->seeding = &seed_weights[w];
        make_seed(s);
    }
    s->seeding = NULL;
}

static void run_once(hunt *s)
{
    clear(s);
    start(s);
    queued entry;
    while (s->status == TQ_OK && s->made < s->pause_at && queue_pop(s, &entry)) {
        const tag *label = &s->label[entry.label];
        if (label->is == DEAD) {
            free_label(s, entry.label);
            continue;
        }
        bool behind = behind_stair(s, entry.e4, entry.mg);
        if (label->is == END) {
            if (behind) {
                free_label(s, entry.label);
            } else if (s->found_count == s->stair_cap || !stair_add(s, entry.e4, entry.mg)) {
                s->status = TQ_NO_MEMORY;
            } else {
                s->found[s->found_count++] = entry;
            }
            continue;
        }
        if (behind) {
            bag_close(s, &s->cell[label->state], NULL, entry.label);
            free_label(s, entry.label);
            continue;
        }
        if (s->queue.heap_count > 0) __builtin_prefetch(&s->label[s->queue.heap[0].label]);
        goods at = goods_of(s, &entry, label);
        bag_close(s, &s->cell[label->state], &at, entry.label);
        look_ahead(s);
        expand_label(s, entry.label, &at);
    }
}

/* First without the limit on changes of mode. If every plan of that front keeps it, that is the
 * front with the limit too: each of its plans is allowed, and any allowed plan is beaten by one of
 * them. Only otherwise the search is done again with changes as one more thing to compare. */
static void run(hunt *s)
{
    s->pause_at = s->via_all ? UINT32_MAX : s->task.query->seeds_after;
    run_once(s);
    if (s->made >= s->pause_at && s->status == TQ_OK) {
        make_seeds(s);
        s->pause_at = UINT32_MAX;
        if (s->status == TQ_OK) run_once(s);
    }
    s->pause_at = UINT32_MAX;
    if (s->task.query->lifted & (1u << TQ_FREIGHT_BAN_CHANGES)) return;
    bool over = false;
    for (uint32_t k = 0; k < s->found_count && !over; k++)
        over = s->label[s->found[k].label].changes > s->task.query->changes_max;
    if (s->status != TQ_OK || !over) return;
    s->strict = true;
    run_once(s);
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool make_room(hunt *s, const tq_freight_query *query, tq_arena *work)
{
    uint32_t states = s->task.net->node_count * s->classes;
    s->cell = TQ_PUSH_RAW(work, state_cell, states + 1);
    if (!s->cell) return false;
    size_t groups = s->task.net->view[s->task.direction].first_group[s->task.net->node_count];
    s->low = TQ_PUSH(work, group_low, groups + 1);
    if (!s->low) return false;
    if (!s->via_all) { /* a detour may touch a place that must be touched */
        s->detour = TQ_PUSH(work, arcs_after, view_arcs(s->task.net, s->task.direction) + 1);
        s->near = TQ_PUSH(work, near_place, s->task.net->node_count);
        if (!s->detour || !s->near) return false;
    }
    for (uint32_t state = 0; state < states; state++)
        s->cell[state].bound = s->prices->bound[state];
    size_t left = (work->cap - work->used) / ANSWER_PART * (ANSWER_PART - 1);
    s->stair_cap = (uint32_t)TQ_MIN(left / 16 / (sizeof(step_point) + sizeof(queued)), 1000000u);
    s->stair = TQ_PUSH_RAW(work, step_point, s->stair_cap);
    s->found = TQ_PUSH_RAW(work, queued, s->stair_cap);
    s->labels_max = TQ_MIN(query->labels_max, TQ_FREIGHT_LABELS_MAX);
    size_t room = left - left / 8;
    s->piece_cap = (uint32_t)TQ_MIN(room / 100 * PIECE_PERCENT / sizeof(bag_piece), s->labels_max);
    s->label_cap = (uint32_t)TQ_MIN(room / 100 * LABEL_PERCENT / sizeof(tag), s->labels_max);
    size_t queue_bytes = TQ_MIN(room / 100 * (100 - PIECE_PERCENT - LABEL_PERCENT),
                                QUEUE_LEAST + (size_t)s->labels_max * 2 * sizeof(queued));
    s->piece = TQ_PUSH_RAW(work, bag_piece, s->piece_cap);
    s->label = TQ_PUSH_RAW(work, tag, s->label_cap);
    void *queue_memory = TQ_PUSH_RAW(work, queued, queue_bytes / sizeof(queued));
    queue_place(&s->queue, queue_memory, queue_bytes);
    s->seed_t = (int32_t *)(void *)s->piece;
    return s->stair && s->found && s->piece && s->label && queue_memory;
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
    if (!(query->lifted & (1u << TQ_FREIGHT_BAN_VIA)))
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
    answer.labels = s.made;
    answer.bounds_made = made;
    tq_freight_thin(&answer);
    *out = answer;
    return TQ_OK;
}
