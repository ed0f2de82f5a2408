/*
 * Turn restrictions as an automaton over arcs.
 *
 * Method: a restriction is a path of arcs (from, via ways) and a last turn. All paths form a trie
 * with the links of Aho and Corasick (1975): what one has to remember of the way so far is the
 * longest end of it that is the begin of a path. The first arc of a path needs no memory, so main
 * vertices are the first level, and each further level is a copy of its arc. The bans at a state
 * are those of all shorter memories too, hence overlapping restrictions all hold.
 *
 * A restriction binds where its last turn is taken: leaving an only_ path early is free
 * (docs/design/road.md). only_ binds only those who may use the whole path and the arc it leads to.
 *
 * Limits: TQ_COPIES_MAX copies an arc, LINKS_ENDS_MAX restrictions a vertex; those beyond are left
 * out and counted.
 */
#include "import/links_in.h"
#include "import/streets_in.h"

static uint32_t child_of(const links_turns *turns, uint32_t state, uint32_t arc)
{
    uint32_t child = turns->state.at[state].first_child;
    while (child != TQ_NONE && turns->state.at[child].arc != arc)
        child = turns->state.at[child].next_child;
    return child;
}

uint32_t links_next(const links_turns *turns, uint32_t state, uint32_t to)
{
    for (; state != TQ_NONE; state = turns->state.at[state].fail) {
        uint32_t child = child_of(turns, state, to);
        if (child != TQ_NONE) return child;
    }
    return turns->vertex_of_arc[to];
}

bool links_wanted(const links_turns *turns, uint32_t state, uint32_t to)
{
    for (; state != TQ_NONE; state = turns->state.at[state].fail)
        for (uint32_t k = turns->state.at[state].first_end; k != TQ_NONE; k = turns->end.at[k].next)
            if (turns->end.at[k].only && turns->end.at[k].to_arc == to) return true;
    return false;
}

/* ---- building ------------------------------------------------------------------------------- */

/* Arc of an edge that leaves a node; TQ_NONE when it does not touch it. */
static uint32_t arc_from(const tq_streets *streets, uint32_t edge, uint32_t node)
{
    if (streets->edge_from[edge] == node) return 2 * edge;
    return streets->edge_to[edge] == node ? 2 * edge + 1 : TQ_NONE;
}

/* The arcs of a restriction into turns->path when it is travelled from `node` on, where the first
 * edge ends; *to is the last one. False when the edges do not meet like that. */
static bool follow(links_turns *turns, const tq_turn *turn, uint32_t node, uint32_t *to)
{
    const tq_streets *streets = turns->streets->streets;
    uint32_t back = arc_from(streets, turn->from_edge, node);
    turns->path.count = 0;
    if (back == TQ_NONE) return false;
    turns->path.at[turns->path.count++] = back ^ 1;
    for (uint32_t k = 0; k < turn->via_count; k++) {
        uint32_t arc = arc_from(streets, streets->via_edge[turn->first_via + k], node);
        if (arc == TQ_NONE) return false;
        turns->path.at[turns->path.count++] = arc;
        node = tq_arc_head(streets, arc);
    }
    *to = arc_from(streets, turn->to_edge, node);
    return *to != TQ_NONE;
}

/* Modes of the kind that a restriction binds; 0 = it has no effect here. */
static uint32_t bound_modes(const links_turns *turns, const tq_turn *turn, uint32_t to)
{
    const uint8_t *access = turns->streets->access;
    uint32_t bound = turn->banned & UINT8_MAX, mask = UINT8_MAX;
    for (size_t k = 0; k < turns->path.count; k++) {
        if (access[turns->path.at[k]] == 0) return 0;
        mask &= access[turns->path.at[k]];
    }
    if (access[to] == 0) return 0;
    /* The kind's bits; a no_ binds whoever gets there. */
    uint32_t kind = turns->streets->kind == TQ_HIERARCHY_MOTOR
                        ? TQ_ACCESS_MOTOR
                        : (uint32_t)UINT8_MAX & ~TQ_ACCESS_MOTOR;
    return turn->only ? bound & mask & access[to] : bound & kind;
}

static uint32_t add_copy(links_turns *turns, uint32_t parent, uint32_t arc)
{
    uint32_t copy = (uint32_t)turns->state.count;
    links_state *above = &turns->state.at[parent];
    links_state state = {.arc = arc,
                         .first_child = TQ_NONE,
                         .next_child = above->first_child,
                         .first_end = TQ_NONE,
                         .fail = TQ_NONE,
                         .parent = parent,
                         .depth = above->depth + 1};
    if (!tq_vec_push(&turns->state, state)) return TQ_NONE;
    turns->state.at[parent].first_child = copy;
    return copy;
}

/* The state at the end of turns->path, made if need be. *beyond: it would take too many copies. */
static uint32_t state_of_path(links_turns *turns, bool *beyond)
{
    uint32_t state = turns->vertex_of_arc[turns->path.at[0]];
    size_t known = 1, room;
    for (; known < turns->path.count; known++) {
        uint32_t child = child_of(turns, state, turns->path.at[known]);
        if (child == TQ_NONE) break;
        state = child;
    }
    for (room = known; room < turns->path.count; room++) {
        if (turns->copies[turns->path.at[room]] == TQ_COPIES_MAX) break;
        turns->copies[turns->path.at[room]]++;
    }
    *beyond = room < turns->path.count;
    if (*beyond) {
        while (room-- > known)
            turns->copies[turns->path.at[room]]--;
        return TQ_NONE;
    }
    for (size_t k = known; k < turns->path.count && state != TQ_NONE; k++)
        state = add_copy(turns, state, turns->path.at[k]);
    return state;
}

static tq_status add_end(links_turns *turns, uint32_t state, const links_end *end, bool *beyond,
                         tq_err *err)
{
    for (uint32_t k = turns->state.at[state].first_end; k != TQ_NONE; k = turns->end.at[k].next) {
        links_end *other = &turns->end.at[k];
        if (other->to_arc != end->to_arc || other->only != end->only ||
            other->condition != end->condition)
            continue;
        other->access |= end->access;
        return TQ_OK;
    }
    if (turns->state.at[state].end_count == LINKS_ENDS_MAX) {
        *beyond = true;
        return TQ_OK;
    }
    links_end made = *end;
    made.next = turns->state.at[state].first_end;
    if (!tq_vec_push(&turns->end, made)) return import_no_memory(err);
    turns->state.at[state].first_end = (uint32_t)turns->end.count - 1;
    turns->state.at[state].end_count++;
    return TQ_OK;
}

static tq_status add_restriction(links_turns *turns, const tq_turn *turn, tq_err *err)
{
    const tq_streets *streets = turns->streets->streets;
    uint32_t to = TQ_NONE;
    bool beyond = false;
    turns->path.count = 0;
    if (!tq_vec_room(&turns->path, (size_t)turn->via_count + 1)) return import_no_memory(err);
    bool meets = turn->via_count == 0
                     ? follow(turns, turn, turn->via_node, &to)
                     : follow(turns, turn, streets->edge_to[turn->from_edge], &to) ||
                           follow(turns, turn, streets->edge_from[turn->from_edge], &to);
    uint32_t bound = meets ? bound_modes(turns, turn, to) : 0;
    if (bound == 0) {
        turns->moot++;
        return TQ_OK;
    }
    uint32_t state = state_of_path(turns, &beyond);
    if (state == TQ_NONE && !beyond) return import_no_memory(err);
    links_end end = {
        .to_arc = to, .access = bound, .condition = turn->condition, .only = turn->only != 0};
    if (!beyond) TQ_TRY(add_end(turns, state, &end, &beyond, err));
    turns->used += !beyond;
    turns->beyond += beyond;
    return TQ_OK;
}

/* The longest shorter memory of each copy; shallow ones first, since they point only to shallower
 * ones. */
static tq_status set_fails(links_turns *turns, tq_err *err)
{
    uint32_t copies = (uint32_t)turns->state.count - turns->main_count;
    uint32_t *order = TQ_ALLOC(uint32_t, copies);
    uint64_t *depth = TQ_ALLOC(uint64_t, copies);
    tq_status status = order == NULL || depth == NULL ? import_no_memory(err) : TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < copies; k++) {
        order[k] = k;
        depth[k] = turns->state.at[turns->main_count + k].depth;
    }
    if (status == TQ_OK && !tq_sort_by_u64(order, copies, depth)) status = import_no_memory(err);
    for (uint32_t k = 0; status == TQ_OK && k < copies; k++) {
        links_state *state = &turns->state.at[turns->main_count + order[k]];
        state->fail = links_next(turns, turns->state.at[state->parent].fail, state->arc);
    }
    tq_free(order);
    tq_free(depth);
    return status;
}

tq_status links_turns_make(const links_streets *streets, const import_links *mains,
                           links_turns *out, tq_err *err)
{
    *out = (links_turns){.streets = streets,
                         .vertex_of_arc = mains->vertex_of_arc.at,
                         .main_count = (uint32_t)mains->arc.count};
    out->copies = TQ_ALLOC(uint8_t, 2 * (size_t)streets->streets->edge_count);
    if (out->copies == NULL || !tq_vec_room(&out->state, out->main_count))
        return import_no_memory(err);
    for (uint32_t vertex = 0; vertex < out->main_count; vertex++)
        out->state.at[out->state.count++] = (links_state){.arc = mains->arc.at[vertex],
                                                          .first_child = TQ_NONE,
                                                          .next_child = TQ_NONE,
                                                          .first_end = TQ_NONE,
                                                          .fail = TQ_NONE,
                                                          .parent = TQ_NONE,
                                                          .depth = 1};
    for (uint32_t k = 0; k < streets->streets->turn_count; k++)
        TQ_TRY(add_restriction(out, &streets->streets->turn[k], err));
    return set_fails(out, err);
}

void links_turns_free(links_turns *turns)
{
    tq_vec_free(&turns->state);
    tq_vec_free(&turns->end);
    tq_vec_free(&turns->path);
    tq_free(turns->copies);
}

/* ---- ban sets ------------------------------------------------------------------------------- */

static size_t set_place(const links_sets *sets, const tq_ban *ban, size_t count)
{
    size_t place = tq_hash(ban, count * sizeof *ban, 0) & (sets->slots - 1);
    for (; sets->slot[place] != TQ_NONE; place = (place + 1) & (sets->slots - 1)) {
        uint32_t set = sets->slot[place], first = sets->first.at[set];
        if (sets->first.at[set + 1] - first == count &&
            memcmp(sets->ban.at + first, ban, count * sizeof *ban) == 0)
            break;
    }
    return place;
}

static bool sets_spread(links_sets *sets, size_t slots)
{
    tq_free(sets->slot);
    sets->slots = slots;
    sets->slot = TQ_ALLOC(uint32_t, slots);
    if (sets->slot == NULL) return false;
    memset(sets->slot, 0xff, slots * sizeof *sets->slot);
    for (uint32_t set = 0; set + 1 < sets->first.count; set++) {
        uint32_t first = sets->first.at[set];
        sets->slot[set_place(sets, sets->ban.at + first, sets->first.at[set + 1] - first)] = set;
    }
    return true;
}

bool links_sets_begin(links_sets *sets, const tq_conditions *conditions)
{
    *sets = (links_sets){0};
    if (!tq_vec_room(&sets->first, (size_t)conditions->ban_set_count + 2) ||
        !tq_vec_room(&sets->ban, (size_t)conditions->ban_count + LINKS_ENDS_MAX))
        return false;
    for (uint32_t set = 0; set <= conditions->ban_set_count; set++)
        sets->first.at[sets->first.count++] =
            conditions->ban_set_count == 0 ? 0 : conditions->first_ban[set];
    if (conditions->ban_set_count == 0) sets->first.at[sets->first.count++] = 0;
    for (uint32_t k = 0; k < conditions->ban_count; k++)
        sets->ban.at[sets->ban.count++] = conditions->ban[k];
    size_t slots = 64;
    while (slots < 2 * sets->first.count)
        slots *= 2;
    return sets_spread(sets, slots);
}

void links_sets_free(links_sets *sets)
{
    tq_vec_free(&sets->first);
    tq_vec_free(&sets->ban);
    tq_free(sets->slot);
}

/* Add a ban to a list of up to LINKS_BANS_MAX, ascending by condition, one row each. */
#define LINKS_BANS_MAX (LINKS_ENDS_MAX * (TQ_COPIES_MAX + 1))
static void add_ban(tq_ban *ban, size_t *count, const links_end *end)
{
    size_t at = *count;
    while (at > 0 && ban[at - 1].condition > end->condition)
        at--;
    if (at > 0 && ban[at - 1].condition == end->condition) {
        ban[at - 1].access |= end->access;
        return;
    }
    memmove(ban + at + 1, ban + at, (*count - at) * sizeof *ban);
    ban[at] = (tq_ban){end->condition, end->access};
    ++*count;
}

/* What holds always makes rows about the same modes needless. */
static size_t drop_needless(tq_ban *ban, size_t count)
{
    if (count == 0 || ban[0].condition != 0) return count;
    size_t kept = 1;
    for (size_t k = 1; k < count; k++) {
        ban[k].access &= ~ban[0].access;
        if (ban[k].access != 0) ban[kept++] = ban[k];
    }
    return kept;
}

uint32_t links_bans(const links_turns *turns, links_sets *sets, uint32_t state, uint32_t to)
{
    tq_ban ban[LINKS_BANS_MAX];
    size_t count = 0;
    for (; state != TQ_NONE; state = turns->state.at[state].fail) {
        for (uint32_t k = turns->state.at[state].first_end; k != TQ_NONE;) {
            const links_end *end = &turns->end.at[k];
            if ((end->to_arc == to) != end->only) add_ban(ban, &count, end);
            k = end->next;
        }
    }
    if (count == 0) return 0;
    count = drop_needless(ban, count);
    size_t place = set_place(sets, ban, count);
    if (sets->slot[place] != TQ_NONE) return sets->slot[place];
    uint32_t set = (uint32_t)sets->first.count - 1;
    if (!tq_vec_room(&sets->ban, count)) return TQ_NONE;
    memcpy(sets->ban.at + sets->ban.count, ban, count * sizeof *ban);
    sets->ban.count += count;
    if (!tq_vec_push(&sets->first, (uint32_t)sets->ban.count)) return TQ_NONE;
    sets->slot[place] = set;
    if (2 * sets->first.count > sets->slots && !sets_spread(sets, sets->slots * 2)) return TQ_NONE;
    return set;
}
