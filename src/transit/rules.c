/*
 * What a change costs where something other than walking says so.
 *
 * The pair of two stops has a rule when transfers.txt names it (directly, or by a station of
 * either), or when both are platforms of one station. A row with a minimum time replaces the walk:
 * the change takes just that long. Type 3 forbids it. Types 0 and 1, and type 2 without a time,
 * take the straight walk with no supplement. Platforms without a row take the straight walk, at
 * least the city's time for a change. The most specific row wins: stop to stop, then one station,
 * then both; of equals the last. A row from a stop to itself is the time of changing there, else
 * nothing; a row from a station to itself is for its platforms among each other. Rows for single
 * routes or trips (also in-seat changes, types 4 and 5) are left out: the search changes between
 * stops. A pair with a rule is never walked freely on the streets; other pairs are.
 */
#include "transit/transit_in.h"

typedef struct pair {
    uint64_t key; /* from << 32 | to */
    uint32_t rank, walk_dm;
    int32_t least_s;
    uint32_t fixed;
} pair;

typedef TQ_VEC(pair) pairs;

static bool add_pair(const tq_timetable *table, pairs *all, uint32_t from, uint32_t to,
                     uint32_t rank, int32_t least_s, uint32_t fixed)
{
    pair row = {.key = (uint64_t)from << 32 | to, .rank = rank, .least_s = least_s, .fixed = fixed};
    row.walk_dm = TQ_MIN(tq_distance_dm(table->stop[from].at, table->stop[to].at), ARC_MAX_DM);
    return tq_vec_push(all, row);
}

/* Platforms that a row's stop stands for. */
static uint32_t platforms_of(const tq_timetable *table, const uint32_t *stop, const uint32_t **list)
{
    uint32_t first = table->child_first[*stop], count = table->child_first[*stop + 1] - first;
    if (table->stop[*stop].kind != TQ_STOP_KIND_STATION || count == 0) {
        *list = stop;
        return 1;
    }
    *list = &table->child[first];
    return count;
}

static bool add_row(const tq_timetable *table, pairs *all, const tq_transfer *row)
{
    if (row->from_route != TQ_NONE || row->to_route != TQ_NONE || row->from_trip != TQ_NONE ||
        row->to_trip != TQ_NONE || row->type > 3)
        return true;
    const uint32_t *from, *to;
    uint32_t from_count = platforms_of(table, &row->from_stop, &from);
    uint32_t to_count = platforms_of(table, &row->to_stop, &to);
    bool from_station = from != &row->from_stop, to_station = to != &row->to_stop;
    uint32_t rank = (from_station ? 0u : 2u) + (to_station ? 0u : 2u) + 1;
    bool timed = row->type == 2 && row->min_s != TQ_NONE;
    int32_t least_s = row->type == 3 ? -1
                      : timed        ? (int32_t)TQ_MIN(row->min_s, (uint32_t)HORIZON_MAX_S)
                                     : 0;
    for (uint32_t a = 0; a < from_count; a++) {
        for (uint32_t b = 0; b < to_count; b++) {
            if (from[a] == to[b] && (from_station || to_station)) continue;
            if (!add_pair(table, all, from[a], to[b], rank, least_s, timed)) return false;
        }
    }
    return true;
}

/* Platforms of one station, at the lowest rank. */
static bool add_stations(const tq_day *day, pairs *all)
{
    const tq_timetable *table = &day->city->timetable;
    int32_t change_s = (int32_t)TQ_MIN(day->city->meta->change_s, (uint32_t)HORIZON_MAX_S);
    for (uint32_t station = 0; station < table->stop_count; station++) {
        if (table->stop[station].kind != TQ_STOP_KIND_STATION) continue;
        uint32_t first = table->child_first[station], end = table->child_first[station + 1];
        if (end - first > STATION_PLATFORMS_MAX)
            continue; /* no station: somebody's list of all stops */
        for (uint32_t a = first; a < end; a++) {
            if (table->stop[table->child[a]].kind != TQ_STOP_KIND_STOP) continue;
            for (uint32_t b = first; b < end; b++) {
                if (a == b || table->stop[table->child[b]].kind != TQ_STOP_KIND_STOP) continue;
                if (!add_pair(table, all, table->child[a], table->child[b], 0, change_s, 0))
                    return false;
            }
        }
    }
    return true;
}

/* One rule a pair, listed by its one end; rows from a stop to itself go to same_s. */
static bool list_rules(tq_day *day, const pairs *all, const uint32_t *order, unsigned way,
                       int32_t *same_s)
{
    uint32_t *first =
        day_own(day, PART_FIRST_RULE + way, (size_t)day->stop_count + 1, sizeof *first);
    day_rule *rule = day_own(day, PART_RULE + way, all->count, sizeof *rule);
    day->first_rule[way] = first;
    day->rule[way] = rule;
    if (first == NULL || rule == NULL) return false;
    uint32_t count = 0;
    uint64_t former = UINT64_MAX;
    for (size_t k = 0; k < all->count; k++) {
        const pair *row = &all->at[order[k]];
        uint32_t from = (uint32_t)(row->key >> 32), to = (uint32_t)row->key;
        if (from == to) {
            same_s[from] = row->least_s;
            continue;
        }
        if (row->key == former) { /* a row of higher or the same rank follows: it replaces */
            rule[count - 1].least_s = row->least_s;
            rule[count - 1].fixed = row->fixed;
            continue;
        }
        former = row->key;
        uint32_t own = way == 0 ? from : to;
        rule[count++] = (day_rule){way == 0 ? to : from, row->walk_dm, row->least_s, row->fixed};
        first[own + 1]++;
    }
    for (uint32_t stop = 0; stop < day->stop_count; stop++)
        first[stop + 1] += first[stop];
    day->rule_count = count;
    return true;
}

/* The rules that lead on, shortest first, so that a search stops at the first one too late. */
static bool list_hops(tq_day *day, unsigned way, uint32_t *order, uint64_t *key)
{
    uint32_t *first =
        day_own(day, PART_FIRST_HOP + way, (size_t)day->stop_count + 1, sizeof *first);
    day_hop *hop = day_own(day, PART_HOP + way, day->rule_count, sizeof *hop);
    day->first_hop[way] = first;
    day->hop[way] = hop;
    if (first == NULL || hop == NULL) return false;
    uint32_t count = 0;
    for (uint32_t stop = 0; stop < day->stop_count; stop++) {
        for (uint32_t at = day->first_rule[way][stop]; at < day->first_rule[way][stop + 1]; at++) {
            const day_rule *rule = &day->rule[way][at];
            if (rule->least_s < 0 || day->calls[way][rule->stop].count == 0) continue;
            uint32_t walk_s = (uint32_t)((uint64_t)rule->walk_dm * 100 / WALK_MM_S_MAX);
            uint32_t floor_s =
                rule->fixed ? (uint32_t)rule->least_s : TQ_MAX((uint32_t)rule->least_s, walk_s);
            order[count++] = at;
            key[at] = (uint64_t)stop << 32 | floor_s;
        }
        first[stop + 1] = count;
    }
    if (!tq_sort_by_u64(order, count, key)) return false;
    for (uint32_t stop = 0; stop < day->stop_count; stop++) {
        for (uint32_t k = first[stop]; k < first[stop + 1]; k++) {
            const day_rule *rule = &day->rule[way][order[k]];
            uint32_t walk_s = (uint32_t)((uint64_t)rule->walk_dm * 100 / WALK_MM_S_MAX);
            hop[k] = (day_hop){rule->stop,
                               rule->fixed ? rule->least_s : TQ_MAX(rule->least_s, (int32_t)walk_s),
                               rule->walk_dm, rule->fixed ? -1 : rule->least_s};
        }
    }
    return true;
}

static bool sort_pairs(const pairs *all, uint32_t *order, uint64_t *key, unsigned way)
{
    for (size_t k = 0; k < all->count; k++) {
        order[k] = (uint32_t)k;
        key[k] = all->at[k].rank;
    }
    if (!tq_sort_by_u64(order, all->count, key)) return false;
    for (size_t k = 0; k < all->count; k++)
        key[k] = way == 0 ? all->at[k].key : all->at[k].key << 32 | all->at[k].key >> 32;
    return tq_sort_by_u64(order, all->count, key);
}

/* Which stops have rules. */
static bool list_ruled(tq_day *day)
{
    uint8_t *ruled = day_own(day, PART_RULED, day->stop_count, sizeof *ruled);
    uint32_t *ruled_stop = day_own(day, PART_RULED_STOP, day->stop_count, sizeof *ruled_stop);
    if (ruled == NULL || ruled_stop == NULL) return false;
    for (uint32_t stop = 0; stop < day->stop_count; stop++) {
        if (day->first_rule[1][stop] != day->first_rule[1][stop + 1] || day->same_s[stop] != 0)
            ruled[stop] |= 1;
        if (day->first_rule[0][stop] != day->first_rule[0][stop + 1] || day->same_s[stop] != 0)
            ruled[stop] |= 2;
        if (ruled[stop] != 0) ruled_stop[day->ruled_count++] = stop;
    }
    day->ruled = ruled;
    day->ruled_stop = ruled_stop;
    return true;
}

static bool list_both_hops(tq_day *day)
{
    uint32_t *order = TQ_ALLOC(uint32_t, day->rule_count);
    uint64_t *key = TQ_ALLOC(uint64_t, day->rule_count);
    bool done = order != NULL && key != NULL && list_hops(day, 0, order, key) &&
                list_hops(day, 1, order, key);
    tq_free(order);
    tq_free(key);
    return done;
}

tq_status day_make_rules(tq_day *day, tq_err *err)
{
    const tq_timetable *table = &day->city->timetable;
    pairs all = {0};
    uint32_t *order = NULL;
    uint64_t *key = NULL;
    int32_t *same_s = day_own(day, PART_SAME, day->stop_count, sizeof *same_s);
    day->same_s = same_s;
    bool done = same_s != NULL && add_stations(day, &all);
    for (uint32_t row = 0; done && row < table->transfer_count; row++)
        done = add_row(table, &all, &table->transfer[row]);
    order = TQ_ALLOC(uint32_t, all.count);
    key = TQ_ALLOC(uint64_t, all.count);
    done = done && order != NULL && key != NULL;
    for (unsigned way = 0; done && way < 2; way++)
        done = sort_pairs(&all, order, key, way) && list_rules(day, &all, order, way, same_s);
    done = done && list_both_hops(day) && list_ruled(day);
    tq_vec_free(&all);
    tq_free(order);
    tq_free(key);
    return done ? TQ_OK
                : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u rules of transfers",
                          table->transfer_count);
}

const day_rule *day_rule_of(const tq_day *day, uint32_t from, uint32_t to)
{
    uint32_t low = day->first_rule[0][from], high = day->first_rule[0][from + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (day->rule[0][middle].stop < to)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < day->first_rule[0][from + 1] && day->rule[0][low].stop == to;
    return found ? &day->rule[0][low] : NULL;
}

/* The core's arcs once more, in one array and by length, so that a search stops at the first one
 * too long. */
static bool copy_arcs(tq_day *day, unsigned kind)
{
    const tq_walk *walk = &day->city->walk[kind];
    uint32_t *first =
        day_own(day, PART_FIRST_ARC + kind, (size_t)walk->core_count + 1, sizeof *first);
    day_arc *arc = day_own(day, PART_ARC + kind, walk->core_arc_count, sizeof *arc);
    uint32_t *order = TQ_ALLOC(uint32_t, walk->core_arc_count);
    uint64_t *key = TQ_ALLOC(uint64_t, walk->core_arc_count);
    day->first_arc[kind] = first;
    day->arc[kind] = arc;
    bool done = first != NULL && arc != NULL && order != NULL && key != NULL;
    for (uint32_t vertex = 0; done && vertex < walk->core_count; vertex++) {
        for (uint32_t k = walk->first_core[vertex]; k < walk->first_core[vertex + 1]; k++) {
            order[k] = k;
            key[k] = (uint64_t)vertex << 32 | walk->core_dm[k];
        }
    }
    done = done && tq_sort_by_u64(order, walk->core_arc_count, key);
    uint32_t count = 0, at = 0;
    for (uint32_t vertex = 0; done && vertex < walk->core_count; vertex++) {
        for (; at < walk->first_core[vertex + 1]; at++) {
            uint32_t from = order[at];
            if (walk->core_dm[from] > ARC_MAX_DM) continue;
            arc[count++] = (day_arc){walk->core_head[from], (int32_t)(walk->core_dm[from] * 100)};
        }
        first[vertex + 1] = count;
    }
    tq_free(order);
    tq_free(key);
    return done;
}

static bool is_served(const tq_day *day, uint32_t stop)
{
    return day->calls[0][stop].count != 0 || day->calls[1][stop].count != 0;
}

/* Stops beside each vertex of a core. */
static bool list_beside(tq_day *day, unsigned kind)
{
    const tq_timetable *table = &day->city->timetable;
    const tq_walk *walk = &day->city->walk[kind];
    const uint32_t *vertex = day->stop_vertex[kind];
    uint32_t *first =
        day_own(day, PART_VERTEX_FIRST + kind, (size_t)walk->core_count + 2, sizeof *first);
    day_beside *list = day_own(day, PART_BESIDE + kind, day->stop_count, sizeof *list);
    if (first == NULL || list == NULL) return false;
    for (uint32_t stop = 0; stop < day->stop_count; stop++)
        if (vertex[stop] != TQ_NONE && is_served(day, stop)) first[vertex[stop] + 2]++;
    for (uint32_t k = 0; k < walk->core_count; k++)
        first[k + 2] += first[k + 1];
    for (uint32_t stop = 0; stop < day->stop_count; stop++)
        if (vertex[stop] != TQ_NONE && is_served(day, stop))
            list[first[vertex[stop] + 1]++] =
                (day_beside){stop, (int32_t)(table->stop[stop].link_dm * 100)};
    day->vertex_first[kind] = first;
    day->beside[kind] = list;
    return true;
}

tq_status day_make_vertices(tq_day *day, tq_err *err)
{
    const tq_timetable *table = &day->city->timetable;
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++) {
        const tq_walk *walk = &day->city->walk[kind];
        uint32_t *vertex = day_own(day, PART_STOP_VERTEX + kind, day->stop_count, sizeof *vertex);
        day->stop_vertex[kind] = vertex;
        if (vertex == NULL || !copy_arcs(day, kind))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for stops on the walking core");
        for (uint32_t stop = 0; stop < day->stop_count; stop++) {
            uint32_t node = table->stop[stop].node;
            vertex[stop] =
                node != TQ_NONE && walk->vertex_count != 0 ? walk->vertex_of_node[node] : TQ_NONE;
            if (vertex[stop] >= walk->core_count || table->stop[stop].link_dm > ARC_MAX_DM)
                vertex[stop] = TQ_NONE;
        }
        if (!list_beside(day, kind))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for stops on the walking core");
    }
    return TQ_OK;
}

bool day_relist_stops(tq_day *day)
{
    if (!list_both_hops(day)) return false;
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        if (!list_beside(day, kind)) return false;
    return true;
}
