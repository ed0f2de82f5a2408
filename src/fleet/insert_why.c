/*
 * Why a vehicle can't take a request, and the least change of one limit that would let it in.
 *
 * All places for pick-up and drop-off are looked at. Limits without times (places, private rides,
 * order, breaks, skills) are counted; a place where just one of them is broken and the times hold
 * speaks for that one. Where none is broken, the least schedule without latest times tells which
 * latest times break: when it is one, the lateness is the answer, for no schedule is earlier. A
 * longest ride is tried by letting it go; its least length is then found by halving.
 */
#include "fleet/insert_in.h"

typedef struct why_scan {
    const tq_fleet_pool *pool;
    const pool_query *query;
    uint32_t vehicle;
    tq_fleet_why *why;
} why_scan;

/* Limits without times that one place breaks. */
typedef struct why_broken {
    uint32_t count;
    tq_fleet_bound bound; /* the last of them */
    tq_fleet_relax relax;
} why_broken;

static void note(why_scan *scan, tq_fleet_bound bound, int64_t amount, uint32_t who)
{
    tq_fleet_relax *relax = &scan->why->relax[bound];
    if (amount >= TQ_FLEET_POOL_TIME_MAX) return; /* no way at all */
    if (relax->amount >= 0 && relax->amount <= amount) return;
    *relax = (tq_fleet_relax){(int32_t)amount, who};
}

static void broken(why_broken *all, tq_fleet_bound bound, int32_t amount, uint32_t who)
{
    all->count++;
    all->bound = bound;
    all->relax = (tq_fleet_relax){amount, who};
}

/* Places missing between pick-up and drop-off, in each dimension; private rides, as if they were
 * shared; breaks. */
static void count_load(const why_scan *scan, uint32_t pick_after, uint32_t drop_after,
                       why_broken *all)
{
    const pool_route *route = &scan->pool->route[scan->vehicle];
    const tq_fleet_pool_request *request = scan->query->request;
    uint64_t need = scan->query->need[route->layout];
    int32_t missing[TQ_FLEET_DIMS] = {0};
    uint32_t other = TQ_NONE;
    bool met = false, awake = false;
    for (uint32_t k = pick_after; k <= drop_after; k++) {
        const pool_stop *stop = &route->stop[k];
        bool rest = k > pick_after && stop->kind == TQ_FLEET_STOP_BREAK;
        uint64_t used = route->capacity - stop->room;
        if (stop->alone) {
            const pool_fact *lone = fleet_pool_private(route, k);
            if (other != TQ_NONE && other != lone->request) all->count++; /* two of them */
            other = lone->request;
            used = lone->party;
        }
        met |= used != 0;
        for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++) {
            int32_t full = pool_lane(route->capacity, dim);
            int32_t load = pool_lane(need, dim) + pool_lane(used, dim);
            missing[dim] = TQ_MAX(missing[dim], load - full);
            if (rest) awake |= load > pool_lane(route->fact[k].load, dim);
        }
    }
    bool own_private = request->sharing == TQ_FLEET_PRIVATE;
    if (own_private && met) broken(all, TQ_FLEET_BOUND_PRIVATE, 0, request->id);
    if (other != TQ_NONE) broken(all, TQ_FLEET_BOUND_PRIVATE, 0, other);
    if (awake) broken(all, TQ_FLEET_BOUND_BREAK_LOAD, 0, TQ_NONE);
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++)
        if (missing[dim] > 0) broken(all, TQ_FLEET_BOUND_CAPACITY, missing[dim], dim);
}

static bool breaks_lifo(const pool_route *route, uint32_t pick_after, uint32_t drop_after)
{
    int32_t depth = 0;
    for (uint32_t k = pick_after + 1; k <= drop_after; k++) {
        if (route->fact[k].kind == TQ_FLEET_STOP_BREAK) continue;
        depth += route->fact[k].kind == TQ_FLEET_STOP_PICK ? 1 : -1;
        if (depth < 0) return true;
    }
    return depth != 0;
}

/* The bound that an entry of the row stands for, and whose it is. */
static void name_latest(const why_scan *scan, const pool_row *row, uint32_t entry,
                        tq_fleet_bound *bound, uint32_t *who)
{
    const pool_fact *fact = row->fact[entry];
    bool own = fact == &scan->query->pick || fact == &scan->query->drop;
    *who = fact->request;
    if (fact->kind == TQ_FLEET_STOP_PICK) {
        *bound = own ? TQ_FLEET_BOUND_PICKUP : TQ_FLEET_BOUND_OTHER_PICKUP;
    } else if (fact->kind == TQ_FLEET_STOP_DROP) {
        *bound = own ? TQ_FLEET_BOUND_DROPOFF : TQ_FLEET_BOUND_OTHER_DROPOFF;
    } else if (fact->kind == TQ_FLEET_STOP_BREAK) {
        *bound = TQ_FLEET_BOUND_BREAK;
        *who = 0;
        for (uint32_t k = 1; k < entry; k++)
            *who += row->fact[k]->kind == TQ_FLEET_STOP_BREAK;
    } else {
        *bound = TQ_FLEET_BOUND_SHIFT;
    }
}

/* Latest times and rides from before now that the scheduled row breaks; the last one is named. */
static uint32_t count_late(const why_scan *scan, const pool_row *row, tq_fleet_bound *bound,
                           uint32_t *who, int64_t *amount)
{
    uint32_t late = 0;
    for (uint32_t entry = 1; entry <= row->count; entry++) {
        const pool_fact *fact = row->fact[entry];
        if (row->when[entry] > fact->latest) {
            late++;
            name_latest(scan, row, entry, bound, who);
            *amount = row->when[entry] - fact->latest;
        }
        if (fact->boarded == POOL_NOT_YET) continue;
        int64_t ride = row->when[entry] - fact->boarded;
        if (ride > fact->ride_max) {
            late++;
            *bound = TQ_FLEET_BOUND_OTHER_RIDE;
            *who = fact->request;
            *amount = ride - fact->ride_max;
        }
    }
    return late;
}

/* Least length of the ride that ends at `drop` for which the row can be kept. */
static void try_ride(why_scan *scan, const pool_row *row, uint32_t drop)
{
    pool_row free_row = *row;
    uint32_t pick = row->pick_of[drop];
    free_row.pick_of[drop] = 0;
    if (fleet_pool_schedule(&free_row, POOL_KEEP_LATEST) != POOL_FITS) return;
    int64_t ride = free_row.when[drop] - free_row.when[pick] - row->fact[pick]->dwell;
    int32_t fails = row->ride_max[drop], fits = (int32_t)ride;
    free_row.pick_of[drop] = (uint8_t)pick;
    while (fits - fails > 1) {
        int32_t middle = fails + (fits - fails) / 2;
        free_row.ride_max[drop] = middle;
        if (fleet_pool_schedule(&free_row, POOL_KEEP_LATEST) == POOL_FITS)
            fits = middle;
        else
            fails = middle;
    }
    bool own = row->fact[drop] == &scan->query->drop;
    note(scan, own ? TQ_FLEET_BOUND_RIDE : TQ_FLEET_BOUND_OTHER_RIDE, fits - row->ride_max[drop],
         row->fact[drop]->request);
}

/* One pair of places. */
static void look_at(why_scan *scan, uint32_t pick_after, uint32_t drop_after)
{
    const pool_route *route = &scan->pool->route[scan->vehicle];
    why_broken all = {0};
    uint32_t skills = scan->query->request->skills & ~route->skills;
    if (skills != 0) broken(&all, TQ_FLEET_BOUND_SKILL, 0, skills);
    count_load(scan, pick_after, drop_after, &all);
    if (route->lifo && breaks_lifo(route, pick_after, drop_after))
        broken(&all, TQ_FLEET_BOUND_LIFO, 0, TQ_NONE);
    if (all.count > 1) return;
    pool_row row;
    fleet_pool_row(scan->pool, scan->vehicle, scan->query, pick_after, drop_after, &row);
    if (fleet_pool_schedule(&row, POOL_KEEP_LATEST) == POOL_FITS) {
        if (all.count == 0)
            note(scan, TQ_FLEET_BOUND_NONE, 0, TQ_NONE);
        else
            note(scan, all.bound, all.relax.amount, all.relax.who);
        return;
    }
    if (all.count > 0) return;
    if (fleet_pool_schedule(&row, POOL_IGNORE_LATEST) == POOL_FITS) {
        tq_fleet_bound bound = TQ_FLEET_BOUND_NONE;
        uint32_t who = TQ_NONE;
        int64_t amount = 0;
        if (count_late(scan, &row, &bound, &who, &amount) == 1) note(scan, bound, amount, who);
    }
    for (uint32_t entry = 1; entry <= row.count; entry++)
        if (row.pick_of[entry] != 0) try_ride(scan, &row, entry);
}

static void name_binding(tq_fleet_why *why)
{
    why->binding = TQ_FLEET_BOUND_SEVERAL;
    if (why->relax[TQ_FLEET_BOUND_NONE].amount >= 0) {
        why->binding = TQ_FLEET_BOUND_NONE;
        return;
    }
    int32_t least = INT32_MAX;
    for (int bound = TQ_FLEET_BOUND_PICKUP; bound <= TQ_FLEET_BOUND_SHIFT; bound++) {
        int32_t amount = why->relax[bound].amount;
        if (amount < 0 || amount >= least) continue;
        least = amount;
        why->binding = (tq_fleet_bound)bound;
    }
    for (int bound = TQ_FLEET_BOUND_CAPACITY;
         bound < TQ_FLEET_BOUND_SEVERAL && why->binding == TQ_FLEET_BOUND_SEVERAL; bound++)
        if (why->relax[bound].amount >= 0) why->binding = (tq_fleet_bound)bound;
}

static int32_t reach_of(const tq_fleet_pool *pool, const pool_query *query, uint32_t vehicle)
{
    const pool_route *route = &pool->route[vehicle];
    const pool_stop *from = &route->stop[pool_first_gap(route)];
    int32_t time = fleet_pool_time(&pool->times, from->at, query->pick.node);
    return TQ_MIN(TQ_MAX(from->leave, pool->now) + time, TQ_FLEET_POOL_TIME_MAX);
}

/* The nearest vehicles in order of reach, then index. */
static uint32_t find_nearest(const tq_fleet_pool *pool, const pool_query *query, uint32_t nearest,
                             tq_fleet_why *out)
{
    uint32_t told = 0;
    for (uint32_t vehicle = 0; vehicle < pool->vehicle_count; vehicle++) {
        if (query->request->vehicle != TQ_NONE && query->request->vehicle != vehicle) continue;
        int32_t reach = reach_of(pool, query, vehicle);
        if (told == nearest && reach >= out[told - 1].reach) continue;
        uint32_t slot = told < nearest ? told++ : told - 1;
        for (; slot > 0 && out[slot - 1].reach > reach; slot--)
            out[slot] = out[slot - 1];
        out[slot].vehicle = vehicle;
        out[slot].reach = reach;
    }
    return told;
}

tq_status tq_fleet_why_not(tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                           uint32_t nearest, tq_fleet_why *out, uint32_t *count, tq_err *err)
{
    if (nearest == 0 || nearest > TQ_FLEET_POOL_OFFERS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "reasons for %u vehicles; 1 to %u", nearest,
                       TQ_FLEET_POOL_OFFERS_MAX);
    pool_query query;
    TQ_TRY(fleet_pool_ready(pool, request, &query, err));
    uint32_t told = find_nearest(pool, &query, nearest, out);
    for (uint32_t k = 0; k < told; k++) {
        why_scan scan = {pool, &query, out[k].vehicle, &out[k]};
        const pool_route *route = &pool->route[out[k].vehicle];
        for (uint32_t bound = 0; bound < TQ_FLEET_BOUNDS; bound++)
            out[k].relax[bound] = (tq_fleet_relax){-1, TQ_NONE};
        if (route->count + 2 > TQ_FLEET_POOL_STOPS_MAX) {
            note(&scan, TQ_FLEET_BOUND_FULL, 0, TQ_NONE);
        } else {
            for (uint32_t pick = pool_first_gap(route); pick <= route->count; pick++)
                for (uint32_t drop = pick; drop <= route->count; drop++)
                    look_at(&scan, pick, drop);
        }
        name_binding(&out[k]);
    }
    *count = told;
    return TQ_OK;
}
