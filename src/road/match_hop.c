/*
 * Hops of map matching: quickest ways from one place to a few near ones.
 *
 * Method: Dijkstra over the links in a small table of its own, ended when all targets are found,
 * when what is left takes more than twice as long as the first of them, or when the table is full.
 * Between points of a trace that are seconds apart this is a few dozen vertices, all in the
 * processor's nearest memory, and cheaper than any search over the hierarchy.
 *
 * Invariants: equal times are settled in the order in which they were found.
 */
#include "road/match_in.h"

#define SLACK_DS 300

static bool sooner(const hop_entry *a, const hop_entry *b)
{
    return a->ds != b->ds ? a->ds < b->ds : a->label < b->label;
}

static void heap_push(hop_search *search, hop_entry entry)
{
    if (search->heap_count == 2 * MATCH_LABELS) return; /* as with a full table */
    uint32_t place = search->heap_count++;
    while (place > 0 && sooner(&entry, &search->heap[(place - 1) / 2])) {
        search->heap[place] = search->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    search->heap[place] = entry;
}

static hop_entry heap_pop(hop_search *search)
{
    hop_entry top = search->heap[0], last = search->heap[--search->heap_count];
    uint32_t place = 0;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= search->heap_count) break;
        if (child + 1 < search->heap_count &&
            sooner(&search->heap[child + 1], &search->heap[child]))
            child++;
        if (!sooner(&search->heap[child], &last)) break;
        search->heap[place] = search->heap[child];
        place = child;
    }
    search->heap[place] = last;
    return top;
}

/* The label of a vertex, a new one if it has none; TQ_NONE when the table is full. */
static uint32_t label_of(hop_search *search, uint32_t vertex)
{
    uint32_t slot = vertex * 2654435761u >> 20 & (MATCH_SLOTS - 1);
    _Static_assert(MATCH_SLOTS == 1u << 12, "the hash keeps twelve bits");
    while (search->slot_run[slot] == search->run) {
        uint32_t label = search->slot_label[slot];
        if (search->label[label].vertex == vertex) return label;
        slot = (slot + 1) & (MATCH_SLOTS - 1);
    }
    if (search->label_count == MATCH_LABELS) return TQ_NONE;
    search->slot_run[slot] = search->run;
    search->slot_label[slot] = search->label_count;
    search->label[search->label_count] = (hop_label){.vertex = vertex, .ds = INT32_MAX};
    return search->label_count++;
}

static void relax_links(hop_search *search, const tq_city *city, const tq_metric *metric,
                        uint32_t from)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    hop_label here = search->label[from];
    uint32_t arc = hierarchy->arc_of_vertex[here.vertex];
    int32_t arc_ds = metric->arc_ds[arc];
    int32_t head_dm = here.dm + (int32_t)city->streets.edge_length_dm[arc >> 1];
    if (arc_ds >= TQ_ROAD_INF) return;
    for (uint32_t link = hierarchy->first_link[here.vertex];
         link < hierarchy->first_link[here.vertex + 1]; link++) {
        uint32_t head = hierarchy->link_head[link];
        int32_t turn_ds = metric->turn_ds[link];
        if (turn_ds >= TQ_ROAD_INF || metric->arc_ds[hierarchy->arc_of_vertex[head]] >= TQ_ROAD_INF)
            continue;
        int32_t ds = here.ds + arc_ds + turn_ds;
        uint32_t to = label_of(search, head);
        if (to == TQ_NONE || search->label[to].ds <= ds) continue;
        uint32_t extra_dm =
            here.extra_dm + (hierarchy->link[link].flags & TQ_LINK_U_TURN ? MATCH_U_TURN_DM : 0);
        search->label[to] = (hop_label){head, from, ds, head_dm, extra_dm};
        heap_push(search, (hop_entry){ds, to});
    }
}

/* Is a settled vertex that of a target? Returns how many targets it ends. */
static uint32_t end_targets(const hop_search *search, uint32_t label, uint32_t arc,
                            hop_target *target, uint32_t count)
{
    uint32_t ended = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (target[k].arc != arc || target[k].dm != MATCH_NOT_REACHED) continue;
        int32_t dm = search->label[label].dm + (int32_t)target[k].at_dm;
        target[k].dm = (uint32_t)TQ_MAX(dm, 0);
        target[k].extra_dm = search->label[label].extra_dm;
        target[k].vertex = search->label[label].vertex;
        target[k].label = label;
        ended++;
    }
    return ended;
}

void match_hop(hop_search *search, const tq_city *city, const tq_metric *metric, hop_place from,
               uint32_t bound_dm, hop_target *target, uint32_t count)
{
    uint32_t left = 0;
    for (uint32_t k = 0; k < count; k++)
        left += target[k].dm == MATCH_NOT_REACHED;
    if (left == 0) return;
    if (++search->run == 0) { /* every 2^32 runs */
        memset(search->slot_run, 0, sizeof search->slot_run);
        search->run = 1;
    }
    /* The begin has no slot, so that a way round may come back to its vertex. */
    search->label_count = 1;
    search->heap_count = 0;
    search->label[0] = (hop_label){from.vertex, TQ_NONE, 0, -(int32_t)from.at_dm, 0};
    relax_links(search, city, metric, 0);
    int32_t latest_ds = INT32_MAX;
    while (search->heap_count > 0 && left > 0) {
        hop_entry next = heap_pop(search);
        const hop_label *label = &search->label[next.label];
        if (next.ds > label->ds) continue; /* lowered since */
        if (next.ds > latest_ds) break;
        if (label->dm > (int32_t)bound_dm) continue;
        uint32_t arc = metric->hierarchy->arc_of_vertex[label->vertex];
        uint32_t ended = end_targets(search, next.label, arc, target, count);
        left -= ended;
        if (ended > 0 && latest_ds == INT32_MAX)
            latest_ds = TQ_MIN(next.ds, TQ_ROAD_INF / 4) * 2 + SLACK_DS;
        if (left > 0) relax_links(search, city, metric, next.label);
    }
}

uint32_t *match_hop_path(const hop_search *search, const hop_target *target, tq_arena *work,
                         uint32_t *count)
{
    uint32_t length = 0;
    for (uint32_t label = target->label; label != TQ_NONE; label = search->label[label].parent)
        length++;
    uint32_t *vertex = TQ_PUSH_RAW(work, uint32_t, length);
    if (vertex == NULL) return NULL;
    *count = length;
    for (uint32_t label = target->label; label != TQ_NONE; label = search->label[label].parent)
        vertex[--length] = search->label[label].vertex;
    return vertex;
}
