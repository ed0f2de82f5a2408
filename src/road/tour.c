/*
 * The order in which a round visits its places.
 *
 * Every wish becomes one question: the cheapest closed round through m places that begins at place
 * 0. A way with loose ends gets one more place, joined at no cost to those where the way may begin
 * or end.
 *
 * Method: up to EXACT_PLACES by the table over subsets (Held, Karp 1962). Above: rounds by nearest
 * neighbour from several begins, each improved by turning stretches round and moving short ones
 * (2-opt and Or-opt with costs that differ by direction), then kicked by exchanging two stretches
 * and improved again, keeping what is better. Kicks come from a fixed seed.
 *
 * Invariants: a step that cannot be taken weighs BARRED, more than any round of steps that can, so
 * that as few as possible are used; a round that still has one is no answer. The same matrix gives
 * the same order.
 */
#include "road/tour_in.h"

#define EXACT_PLACES 12u
#define PLACES       (TQ_TOUR_MAX + 1)
#define BARRED       ((int64_t)1 << 40)
#define BEGINS       8u
#define KICKS        100u
#define SEGMENT      3u
#define SEED         0x7151u

typedef struct round_trip {
    uint32_t count;
    int64_t *ds;     /* [count * count] */
    uint32_t *order; /* [count], order[0] == 0 */
    int64_t *ahead;  /* [count + 1], length of the round up to a place, as it runs */
    int64_t *back;   /* [count + 1], the same, run against its order */
} round_trip;

static int64_t step(const round_trip *trip, uint32_t from, uint32_t to)
{
    return trip->ds[(size_t)from * trip->count + to];
}

static int64_t length_of(const round_trip *trip, const uint32_t *order)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < trip->count; k++)
        sum += step(trip, order[k], order[k + 1 == trip->count ? 0 : k + 1]);
    return sum;
}

/* ---- exact ----------------------------------------------------------------------------------- */

/* best[set * others + last]: the cheapest way from place 0 through `set` (of places 1 ..) that ends
 * at last. */
static bool exact(round_trip *trip, tq_arena *work)
{
    uint32_t others = trip->count - 1;
    size_t cells = ((size_t)1 << others) * TQ_MAX(others, 1);
    int64_t *best = TQ_PUSH_RAW(work, int64_t, cells);
    uint8_t *came = TQ_PUSH_RAW(work, uint8_t, cells);
    if (best == NULL || came == NULL) return false;
    for (uint32_t set = 1; set < 1u << others; set++) {
        for (uint32_t last = 0; last < others; last++) {
            size_t cell = (size_t)set * others + last;
            best[cell] = INT64_MAX;
            if (!(set >> last & 1)) continue;
            uint32_t rest = set & ~(1u << last);
            if (rest == 0) best[cell] = step(trip, 0, last + 1);
            for (uint32_t from = 0; from < others; from++) {
                if (!(rest >> from & 1)) continue;
                int64_t sum = best[(size_t)rest * others + from] + step(trip, from + 1, last + 1);
                if (sum >= best[cell]) continue;
                best[cell] = sum;
                came[cell] = (uint8_t)from;
            }
        }
    }
    uint32_t set = (1u << others) - 1, last = 0;
    int64_t least = INT64_MAX;
    for (uint32_t k = 0; k < others; k++) {
        int64_t sum = best[(size_t)set * others + k] + step(trip, k + 1, 0);
        if (sum >= least) continue;
        least = sum;
        last = k;
    }
    trip->order[0] = 0;
    for (uint32_t place = others; place > 0; place--) {
        trip->order[place] = last + 1;
        uint32_t from = came[(size_t)set * others + last];
        set &= ~(1u << last);
        last = from;
    }
    return true;
}

/* ---- search ---------------------------------------------------------------------------------- */

/* A round from a begin that always goes on to the nearest place left; turned so that 0 is first. */
static void by_nearest(const round_trip *trip, uint32_t begin, uint32_t *order)
{
    uint32_t count = trip->count, chain[PLACES], zero = 0;
    bool used[PLACES] = {false};
    chain[0] = begin;
    used[begin] = true;
    for (uint32_t k = 1; k < count; k++) {
        uint32_t best = TQ_NONE;
        for (uint32_t place = 0; place < count; place++) {
            if (used[place]) continue;
            if (best == TQ_NONE || step(trip, chain[k - 1], place) < step(trip, chain[k - 1], best))
                best = place;
        }
        chain[k] = best;
        used[best] = true;
    }
    while (chain[zero] != 0)
        zero++;
    for (uint32_t k = 0; k < count; k++)
        order[k] = chain[(zero + k) % count];
}

static uint32_t at(const round_trip *trip, uint32_t k)
{
    return trip->order[k == trip->count ? 0 : k];
}

static void measure(round_trip *trip)
{
    trip->ahead[0] = trip->back[0] = 0;
    for (uint32_t k = 0; k < trip->count; k++) {
        trip->ahead[k + 1] = trip->ahead[k] + step(trip, at(trip, k), at(trip, k + 1));
        trip->back[k + 1] = trip->back[k] + step(trip, at(trip, k + 1), at(trip, k));
    }
}

static void turn_round(uint32_t *order, uint32_t first, uint32_t last)
{
    for (; first < last; first++, last--) {
        uint32_t kept = order[first];
        order[first] = order[last];
        order[last] = kept;
    }
}

/* Turn one stretch first .. last round when that is shorter. */
static bool turn_a_stretch(round_trip *trip)
{
    bool better = false;
    for (uint32_t first = 1; first + 1 < trip->count; first++) {
        for (uint32_t last = first + 1; last < trip->count; last++) {
            uint32_t a = at(trip, first - 1), b = at(trip, first), c = at(trip, last),
                     d = at(trip, last + 1);
            int64_t was =
                step(trip, a, b) + trip->ahead[last] - trip->ahead[first] + step(trip, c, d);
            int64_t now =
                step(trip, a, c) + trip->back[last] - trip->back[first] + step(trip, b, d);
            if (now >= was) continue;
            turn_round(trip->order, first, last);
            measure(trip);
            better = true;
        }
    }
    return better;
}

/* Exchange two stretches that follow each other: first .. middle - 1 and middle .. last. */
static void exchange(uint32_t *order, uint32_t first, uint32_t middle, uint32_t last)
{
    turn_round(order, first, middle - 1);
    turn_round(order, middle, last);
    turn_round(order, first, last);
}

/* What is saved by exchanging two neighbouring stretches, without turning either. */
static int64_t exchange_saves(const round_trip *trip, uint32_t first, uint32_t middle,
                              uint32_t last)
{
    uint32_t a = at(trip, first - 1), b = at(trip, first), c = at(trip, middle - 1),
             d = at(trip, middle), e = at(trip, last), f = at(trip, last + 1);
    return step(trip, a, b) + step(trip, c, d) + step(trip, e, f) - step(trip, a, d) -
           step(trip, e, b) - step(trip, c, f);
}

/* Move a stretch of up to SEGMENT places elsewhere, either way up. Moving it is exchanging it with
 * what lies between; the shorter of both is the one that is moved. */
static bool move_a_segment(round_trip *trip)
{
    bool better = false;
    for (uint32_t first = 1; first < trip->count; first++) {
        for (uint32_t middle = first + 1; middle < trip->count; middle++) {
            for (uint32_t last = middle; last < trip->count; last++) {
                if (middle - first > SEGMENT && last - middle >= SEGMENT) break;
                if (exchange_saves(trip, first, middle, last) <= 0) continue;
                exchange(trip->order, first, middle, last);
                measure(trip);
                better = true;
            }
        }
    }
    return better;
}

static void improve(round_trip *trip)
{
    measure(trip);
    bool better = true;
    while (better) {
        better = turn_a_stretch(trip);
        better = move_a_segment(trip) || better;
    }
}

/* Exchange two stretches chosen by chance. */
static void kick(round_trip *trip, tq_random *random)
{
    uint32_t inner = trip->count - 1, cut[3];
    for (uint32_t k = 0; k < 3; k++)
        cut[k] = 1 + tq_random_below(random, inner);
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t place = 0; place < 2; place++) {
            if (cut[place] <= cut[place + 1]) continue;
            uint32_t kept = cut[place];
            cut[place] = cut[place + 1];
            cut[place + 1] = kept;
        }
    if (cut[0] < cut[1]) exchange(trip->order, cut[0], cut[1], cut[2]);
}

static bool search(round_trip *trip, tq_arena *work)
{
    uint32_t count = trip->count;
    uint32_t *best = TQ_PUSH_RAW(work, uint32_t, count);
    trip->ahead = TQ_PUSH_RAW(work, int64_t, (size_t)count + 1);
    trip->back = TQ_PUSH_RAW(work, int64_t, (size_t)count + 1);
    if (best == NULL || trip->ahead == NULL || trip->back == NULL) return false;
    int64_t least = INT64_MAX;
    uint32_t begins = TQ_MIN(BEGINS, count);
    for (uint32_t k = 0; k < begins; k++) {
        by_nearest(trip, (uint32_t)((uint64_t)k * count / begins), trip->order);
        improve(trip);
        int64_t length = length_of(trip, trip->order);
        if (length >= least) continue;
        least = length;
        memcpy(best, trip->order, count * sizeof *best);
    }
    tq_random random = {SEED};
    for (uint32_t k = 0; k < KICKS && count > 3; k++) {
        memcpy(trip->order, best, count * sizeof *best);
        kick(trip, &random);
        improve(trip);
        int64_t length = length_of(trip, trip->order);
        if (length >= least) continue;
        least = length;
        memcpy(best, trip->order, count * sizeof *best);
    }
    memcpy(trip->order, best, count * sizeof *best);
    return true;
}

/* ---- wishes ---------------------------------------------------------------------------------- */

/* May the round go straight from one place to the next? `loose` is the place that joins the ends,
 * TQ_NONE when there is none. */
static bool may_follow(const tq_tour_wish *wish, uint32_t count, uint32_t loose, uint32_t from,
                       uint32_t to)
{
    uint32_t last = count - 1;
    if (from == loose) return (!wish->fix_first || to == 0) && (!wish->fix_last || to != last);
    if (to == loose) return (!wish->fix_last || from == last) && (!wish->fix_first || from != 0);
    if (wish->fix_first && wish->fix_last)
        return (from != last || to == 0) && (to != 0 || from == last);
    return true;
}

/* The matrix of the closed round. Place k of it is place k - shift of the caller. */
static void fill(const int32_t *ds, uint32_t count, const tq_tour_wish *wish, round_trip *trip)
{
    uint32_t shift = trip->count - count, loose = shift == 0 ? TQ_NONE : count;
    for (uint32_t from = 0; from < trip->count; from++) {
        for (uint32_t to = 0; to < trip->count; to++) {
            uint32_t a = from < shift ? loose : from - shift, b = to < shift ? loose : to - shift;
            int64_t cost = 0;
            if (a != loose && b != loose) cost = ds[(size_t)a * count + b];
            if (cost >= TQ_ROAD_INF || !may_follow(wish, count, loose, a, b)) cost = BARRED;
            trip->ds[(size_t)from * trip->count + to] = cost;
        }
    }
}

static tq_status check_tour(const int32_t *ds, uint32_t count, tq_err *err)
{
    if (count == 0) return tq_fail(err, TQ_BAD_INPUT, 0, "a round needs at least one place");
    if (count > TQ_TOUR_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u places are over the limit of %d a round", count,
                       TQ_TOUR_MAX);
    for (size_t cell = 0; cell < (size_t)count * count; cell++)
        if (ds[cell] < 0)
            return tq_fail(err, TQ_BAD_INPUT, 0, "the time from place %zu to %zu is negative: %d",
                           cell / count, cell % count, ds[cell]);
    return TQ_OK;
}

tq_status road_tour_by(road_tour_way way, const int32_t *ds, uint32_t count,
                       const tq_tour_wish *wish, tq_arena *work, uint32_t *out, int64_t *total_ds,
                       tq_err *err)
{
    TQ_TRY(check_tour(ds, count, err));
    if (count == 1) {
        out[0] = 0;
        *total_ds = 0;
        return TQ_OK;
    }
    size_t mark = work->used;
    round_trip trip = {.count = count + !wish->round};
    uint32_t shift = trip.count - count;
    trip.ds = TQ_PUSH_RAW(work, int64_t, (size_t)trip.count * trip.count);
    trip.order = TQ_PUSH_RAW(work, uint32_t, trip.count);
    bool room = trip.ds != NULL && trip.order != NULL;
    if (room) {
        fill(ds, count, wish, &trip);
        room = way == ROAD_TOUR_BEST && count <= EXACT_PLACES ? exact(&trip, work)
                                                              : search(&trip, work);
    }
    if (!room) {
        tq_arena_reset(work, mark);
        return tq_fail(err, TQ_NO_MEMORY, 0,
                       "the scratch of %zu bytes is too small for a round "
                       "through %u places",
                       work->cap, count);
    }
    int64_t total = length_of(&trip, trip.order);
    if (total >= BARRED) {
        tq_arena_reset(work, mark);
        return tq_fail(err, TQ_NO_ROUTE, 0,
                       "no round joins the %u places: some of them cannot be left or reached",
                       count);
    }
    /* A closed round whose last place alone is fixed begins with the one after it. */
    uint32_t first = shift;
    if (wish->round && wish->fix_last && !wish->fix_first)
        for (uint32_t k = 0; k < count; k++)
            if (trip.order[k] == count - 1) first = k + 1;
    for (uint32_t k = 0; k < count; k++)
        out[k] = trip.order[(first + k) % trip.count] - shift;
    *total_ds = total;
    tq_arena_reset(work, mark);
    return TQ_OK;
}

tq_status tq_road_tour(const int32_t *ds, uint32_t count, const tq_tour_wish *wish, tq_arena *work,
                       uint32_t *out, int64_t *total_ds, tq_err *err)
{
    return road_tour_by(ROAD_TOUR_BEST, ds, count, wish, work, out, total_ds, err);
}
