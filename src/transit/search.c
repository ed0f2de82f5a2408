/*
 * The questions asked of the rounds: one time, and a window of times.
 *
 * A window is searched from its last second to its first (self-pruning rRAPTOR): a run for each
 * second at which leaving catches some ride exactly, entering only those rides; labels of later
 * runs stay and prune. A run with everything that leaves after the window comes first, so that a
 * journey that is beaten by one just after the window is not offered.
 */
#include "transit/transit_in.h"

tq_status tq_transit_search(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                            tq_arena *work, tq_journeys *out, tq_err *err)
{
    round_search rounds;
    TQ_TRY(rounds_begin(&rounds, city, day, query, 0, false, work, err));
    TQ_TRY(rounds_set_out(&rounds, 0, err));
    rounds_run(&rounds);
    uint32_t found = 0;
    for (uint32_t k = 0; k <= rounds.levels; k++)
        found += rounds.level[k].goal_s != FAR;
    tq_journey *journey = TQ_PUSH(work, tq_journey, found);
    tq_piece *pieces = TQ_PUSH_RAW(work, tq_piece, (size_t)found * JOURNEY_PIECES_MAX);
    if (journey == NULL || pieces == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of %zu bytes is too small; it takes %zu",
                       work->cap, tq_transit_work_bytes(city));
    uint32_t count = 0;
    for (uint32_t k = 0; k <= rounds.levels; k++) {
        if (rounds.level[k].goal_s == FAR) continue;
        rounds_journey(&rounds, k, &journey[count], pieces + (size_t)count * JOURNEY_PIECES_MAX);
        count++;
    }
    *out = (tq_journeys){journey, count};
    return TQ_OK;
}

/* ---- a window ----------------------------------------------------------------------------------
 */

/* How the near end reaches a stop: seconds from leaving to being able to enter there. */
typedef struct way_out {
    uint32_t stop;
    int32_t takes_s;
    reach_from by;
} way_out;

typedef struct range_window {
    round_search *rounds;
    const way_out *way;
    uint32_t way_count;
    uint32_t *first;     /* [seconds + 2] of a part of the window */
    uint32_t *seed;      /* [RANGE_SEEDS_MAX] way */
    tq_journey *journey; /* [TQ_JOURNEYS_MAX], a ring: the last ones found are nearest to the
                            query's time */
    tq_piece *pieces;
    uint64_t found;
    int32_t direct_s; /* FAR = none */
} range_window;

/* Count (or write) the ways that catch a ride exactly when leaving within [from_s, to_s]. */
static uint64_t list_seeds(range_window *window, int32_t from_s, int32_t to_s, bool writing)
{
    const round_search *rounds = window->rounds;
    const tq_day *day = rounds->day;
    uint64_t total = 0;
    for (uint32_t at = 0; at < window->way_count; at++) {
        const way_out *way = &window->way[at];
        const day_calls *calls = &day->calls[rounds->back][way->stop];
        for (uint32_t c = 0; c < calls->count; c++) {
            day_call call = calls->at[c];
            const day_route *route = &day->route[call.route];
            if (rounds->query->wheelchair && (route->flags & ROUTE_NO_WHEELCHAIR)) continue;
            uint32_t place = rounds->back ? route->place_count - 1 - call.place : call.place;
            const int32_t *column = (rounds->back ? route->arrival_s : route->departure_s) + place;
            /* Real times of entering that belong to the part. */
            int32_t least = rounds->back ? rounds->base_s - (to_s + way->takes_s)
                                         : rounds->base_s + from_s + way->takes_s;
            int32_t most = rounds->back ? rounds->base_s - (from_s + way->takes_s)
                                        : rounds->base_s + to_s + way->takes_s;
            uint32_t low = 0, high = route->run_count;
            while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (column[(size_t)middle * route->place_count] < least)
                    low = middle + 1;
                else
                    high = middle;
            }
            int32_t former = INT32_MIN;
            for (uint32_t run = low; run < route->run_count; run++) {
                int32_t at_s = column[(size_t)run * route->place_count];
                if (at_s > most) break;
                if (at_s == former) continue;
                former = at_s;
                total++;
                int32_t leave_s = (rounds->back ? rounds->base_s - at_s : at_s - rounds->base_s) -
                                  way->takes_s - from_s;
                if (writing)
                    window->seed[window->first[leave_s + 1]++] = at;
                else
                    window->first[leave_s + 2]++;
            }
        }
    }
    return total;
}

static void keep_journeys(range_window *window)
{
    round_search *rounds = window->rounds;
    for (uint32_t k = 1; k <= rounds->levels; k++) {
        if (rounds->level[k].goal_s == FAR) continue;
        uint32_t slot = (uint32_t)(window->found++ % TQ_JOURNEYS_MAX);
        rounds_journey(rounds, k, &window->journey[slot],
                       window->pieces + (size_t)slot * JOURNEY_PIECES_MAX);
    }
}

/* One part of the window, last second first. */
static tq_status run_part(range_window *window, int32_t from_s, int32_t to_s, tq_err *err)
{
    round_search *rounds = window->rounds;
    memset(window->first, 0, ((size_t)(to_s - from_s) + 3) * sizeof *window->first);
    if (list_seeds(window, from_s, to_s, false) > RANGE_SEEDS_MAX) { /* halves: at most 17 deep */
        if (from_s == to_s)
            return tq_fail(err, TQ_LIMIT, 0, "over %u rides leave in one second", RANGE_SEEDS_MAX);
        int32_t middle_s = from_s + (to_s - from_s) / 2 + 1;
        TQ_TRY(run_part(window, middle_s, to_s, err));
        return run_part(window, from_s, middle_s - 1, err);
    }
    int32_t seconds = to_s - from_s;
    for (int32_t s = 0; s <= seconds; s++)
        window->first[s + 2] += window->first[s + 1];
    list_seeds(window, from_s, to_s, true);
    for (int32_t s = seconds; s >= 0; s--) {
        uint32_t begin = window->first[s], end = window->first[s + 1];
        if (begin == end) continue;
        rounds->first_s = from_s + s;
        if (window->direct_s != FAR) rounds_bound(rounds, rounds->first_s + window->direct_s);
        for (uint32_t at = begin; at < end; at++) {
            const way_out *way = &window->way[window->seed[at]];
            rounds_seed(rounds, way->stop, rounds->first_s + way->takes_s, way->by);
        }
        rounds_run(rounds);
        keep_journeys(window);
        rounds_clear(rounds);
    }
    return TQ_OK;
}

/* The stops that can be reached from the near end, after rounds_set_out. */
static way_out *list_ways(const round_search *rounds, tq_arena *work, uint32_t *count)
{
    const round_level *row = &rounds->level[0];
    way_out *way = TQ_PUSH_RAW(work, way_out, row->reach_count);
    for (uint32_t at = 0; way != NULL && at < row->reach_count; at++) {
        uint32_t stop = row->reach_list[at];
        way[at] = (way_out){stop, row->reach[stop] - rounds->first_s, row->reach_by[stop]};
    }
    *count = row->reach_count;
    return way;
}

/* By departure, then arrival; few enough to insert. */
void journeys_sort(tq_journey *journey, uint32_t count)
{
    for (uint32_t k = 1; k < count; k++) {
        tq_journey moved = journey[k];
        uint32_t to = k;
        while (to > 0 && (journey[to - 1].departure_s > moved.departure_s ||
                          (journey[to - 1].departure_s == moved.departure_s &&
                           (journey[to - 1].arrival_s > moved.arrival_s ||
                            (journey[to - 1].arrival_s == moved.arrival_s &&
                             journey[to - 1].boardings > moved.boardings))))) {
            journey[to] = journey[to - 1];
            to--;
        }
        journey[to] = moved;
    }
}

tq_status tq_transit_range(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                           uint32_t window_s, tq_arena *work, tq_journeys *out, tq_err *err)
{
    if (window_s > RANGE_WINDOW_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a window of %u s is over %d s", window_s,
                       RANGE_WINDOW_MAX);
    round_search rounds;
    TQ_TRY(rounds_begin(&rounds, city, day, query, window_s + 1, true, work, err));
    range_window window = {.rounds = &rounds, .direct_s = FAR};
    window.first = TQ_PUSH_RAW(work, uint32_t, (size_t)window_s + 3);
    window.seed = TQ_PUSH_RAW(work, uint32_t, RANGE_SEEDS_MAX);
    window.journey = TQ_PUSH(work, tq_journey, TQ_JOURNEYS_MAX + 1);
    window.pieces = TQ_PUSH_RAW(work, tq_piece, (TQ_JOURNEYS_MAX + 1) * JOURNEY_PIECES_MAX);
    TQ_TRY(rounds_set_out(&rounds, (int32_t)window_s + 1, err));
    window.way = list_ways(&rounds, work, &window.way_count);
    if (window.first == NULL || window.seed == NULL || window.journey == NULL ||
        window.pieces == NULL || window.way == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of %zu bytes is too small; it takes %zu",
                       work->cap, tq_transit_work_bytes(city));
    bool direct = rounds.level[0].goal_s != FAR;
    tq_journey walked;
    if (direct) {
        window.direct_s = rounds.level[0].goal_s - rounds.first_s;
        rounds.level[0].goal_s = window.direct_s;
        int32_t first_s = rounds.first_s;
        rounds.first_s = 0;
        rounds_journey(&rounds, 0, &walked,
                       window.pieces + (size_t)TQ_JOURNEYS_MAX * JOURNEY_PIECES_MAX);
        rounds.level[0].goal_s = first_s + window.direct_s;
        rounds.first_s = first_s;
    }
    rounds_run(&rounds);
    rounds_clear(&rounds);
    TQ_TRY(run_part(&window, 0, (int32_t)window_s, err));
    uint32_t count = (uint32_t)TQ_MIN(window.found, (uint64_t)TQ_JOURNEYS_MAX);
    if (direct) window.journey[count == TQ_JOURNEYS_MAX ? --count : count] = walked, count++;
    journeys_sort(window.journey, count);
    *out = (tq_journeys){window.journey, count};
    return TQ_OK;
}
