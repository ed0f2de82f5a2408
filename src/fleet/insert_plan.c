/*
 * One vehicle's plan: the schedule of a row of stops, the numbers that the search reads, and the
 * changes of a plan. See insert_in.h for the two schedules.
 *
 * People at one place board side by side: of neighbouring stops at one node each starts when it
 * may, and the vehicle leaves when the last is ready.
 */
#include "fleet/insert_in.h"

/* Earliest times with the pick-ups not before low[]; false when a stop is later than it may be. */
static bool pass_forward(pool_row *row, const int64_t *low, pool_latest latest)
{
    int64_t start = row->origin_start, leave = row->origin_leave;
    for (uint32_t entry = 1; entry <= row->count; entry++) {
        const pool_fact *fact = row->fact[entry];
        int64_t ready = row->join[entry] ? start : leave + row->leg[entry];
        start = TQ_MAX(ready, low[entry]);
        int64_t done = start + fact->dwell;
        leave = row->join[entry] ? TQ_MAX(leave, done) : done;
        row->when[entry] = start;
        if (latest == POOL_KEEP_LATEST && start > pool_latest_of(fact)) return false;
    }
    return true;
}

/*
 * Least solution of the row. Each round follows all chains of stops and one ride back on any way
 * through the system, and no way without a circle has more rides than there are entries.
 */
pool_verdict fleet_pool_schedule(pool_row *row, pool_latest latest)
{
    int64_t low[POOL_SLOTS + 2];
    for (uint32_t entry = 1; entry <= row->count; entry++)
        low[entry] = row->fact[entry]->earliest;
    for (uint32_t round = 0; round <= row->count; round++) {
        if (!pass_forward(row, low, latest)) return POOL_LATE;
        bool changed = false;
        for (uint32_t entry = row->count; entry > 0; entry--) {
            uint32_t pick = row->pick_of[entry];
            if (pick == 0) continue;
            int64_t least = row->when[entry] - row->ride_max[entry] - row->fact[pick]->dwell;
            if (least <= row->when[pick]) continue;
            low[pick] = least;
            changed = true;
        }
        if (!changed) return POOL_FITS;
    }
    return POOL_RIDE;
}

static uint32_t pick_entry(const pool_row *row, uint32_t drop)
{
    const pool_fact *fact = row->fact[drop];
    if (fact->kind != TQ_FLEET_STOP_DROP || fact->boarded != POOL_NOT_YET ||
        row->ride_max[drop] >= TQ_FLEET_POOL_TIME_MAX)
        return 0;
    for (uint32_t entry = drop - 1; entry > 0; entry--)
        if (row->fact[entry]->request == fact->request &&
            row->fact[entry]->kind == TQ_FLEET_STOP_PICK)
            return entry;
    return 0;
}

/* Appends a stop; `leg` is the known drive to it, or < 0. Returns where the vehicle is then. */
static uint32_t append(const tq_fleet_pool *pool, pool_row *row, const pool_fact *fact, uint32_t at,
                       uint8_t kind_before, int32_t leg)
{
    uint32_t entry = ++row->count, node = fact->node == TQ_NONE ? at : fact->node;
    row->fact[entry] = fact;
    row->ride_max[entry] = fact->ride_max;
    row->join[entry] = node == at && pool_joins(fact->kind) && pool_joins(kind_before);
    row->leg[entry] = leg >= 0 ? leg : fleet_pool_time(&pool->times, at, node);
    row->pick_of[entry] = (uint8_t)pick_entry(row, entry);
    return node;
}

/* The row of a vehicle, with the request of `query` put in when that is not NULL. */
void fleet_pool_row(const tq_fleet_pool *pool, uint32_t vehicle, const pool_query *query,
                    uint32_t pick_after, uint32_t drop_after, pool_row *row)
{
    const pool_route *route = &pool->route[vehicle];
    const pool_stop *stop = route->stop;
    uint32_t at = stop[0].at;
    uint8_t kind = route->joinable ? TQ_FLEET_STOP_PICK : POOL_ORIGIN;
    row->count = 0;
    row->origin_start = stop[0].start;
    row->origin_leave = stop[0].leave;
    if (!route->gone) {
        row->origin_start = TQ_MAX(row->origin_start, pool->now);
        row->origin_leave = TQ_MAX(row->origin_leave, pool->now);
    }
    for (uint32_t entry = 0; entry <= route->count + 1; entry++) {
        if (entry > 0) {
            bool known = at == stop[entry - 1].at && row->count > 0 &&
                         row->fact[row->count] == &route->fact[entry - 1];
            known |= entry == 1 && row->count == 0;
            at = append(pool, row, &route->fact[entry], at, kind, known ? stop[entry].leg : -1);
            kind = route->fact[entry].kind;
        }
        if (query == NULL) continue;
        if (entry == pick_after) {
            at = append(pool, row, &query->pick, at, kind, -1);
            kind = TQ_FLEET_STOP_PICK;
        }
        if (entry == drop_after) {
            at = append(pool, row, &query->drop, at, kind, -1);
            kind = TQ_FLEET_STOP_DROP;
        }
    }
}

int64_t fleet_pool_row_cost(const tq_fleet_pool *pool, const pool_row *row)
{
    int64_t cost = 0, drive = 0;
    for (uint32_t entry = 1; entry <= row->count; entry++) {
        cost += row->when[entry] * row->fact[entry]->weight;
        drive += row->leg[entry];
    }
    return cost + drive * pool->config.drive_weight;
}

/* The private ride on board after stop `after`: the next one to be dropped. */
const pool_fact *fleet_pool_private(const pool_route *route, uint32_t after)
{
    uint32_t stop = after + 1;
    while (route->fact[stop].kind != TQ_FLEET_STOP_DROP)
        stop++;
    return &route->fact[stop];
}

/* What may still be on board at a break: its limit less what is. A private ride counts by its
 * party there. */
static uint64_t room_at_break(const pool_route *route, uint32_t stop)
{
    uint64_t used = route->stop[stop].alone ? fleet_pool_private(route, stop)->party
                                            : route->capacity - route->stop[stop].room;
    uint32_t unit[TQ_FLEET_DIMS];
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++) {
        int32_t left = pool_lane(route->fact[stop].load, dim) - pool_lane(used, dim);
        unit[dim] = (uint32_t)TQ_MAX(left, 0);
    }
    return pool_lanes(unit);
}

/* Plain schedule, where the vehicle is, and free places, front to back. */
static void fill_forward(pool_route *route, const pool_row *row)
{
    pool_stop *stop = route->stop;
    stop[0].kind = route->joinable ? TQ_FLEET_STOP_PICK : POOL_ORIGIN;
    for (uint32_t k = 1; k <= route->count + 1; k++) {
        const pool_fact *fact = &route->fact[k];
        stop[k].node = fact->node;
        stop[k].kind = fact->kind;
        stop[k].at = fact->node == TQ_NONE ? stop[k - 1].at : fact->node;
        stop[k].leg = row->leg[k];
        int32_t ready = row->join[k] ? stop[k - 1].start : stop[k - 1].leave + row->leg[k];
        stop[k].start = TQ_MAX(ready, fact->earliest);
        int32_t done = stop[k].start + fact->dwell;
        stop[k].leave = row->join[k] ? TQ_MAX(stop[k - 1].leave, done) : done;
        stop[k].room = stop[k - 1].room;
        stop[k].alone = stop[k - 1].alone;
        if (fact->kind == TQ_FLEET_STOP_PICK) {
            stop[k].room -= fact->load;
            stop[k].alone |= fact->alone;
        } else if (fact->kind == TQ_FLEET_STOP_DROP) {
            stop[k].room += fact->load;
            stop[k].alone &= !fact->alone;
        }
        stop[k].pass = stop[k].room;
        if (fact->kind == TQ_FLEET_STOP_BREAK) stop[k].pass = room_at_break(route, k);
    }
}

/* Latest starts, what later stops swallow of a delay, and weights, back to front. */
static void fill_backward(pool_route *route, const pool_row *row)
{
    pool_stop *stop = route->stop;
    uint32_t end = route->count + 1;
    int32_t leave_by = 0;
    stop[end].last = route->fact[end].latest;
    stop[end].absorb = stop[end].weight_after = 0;
    for (uint32_t k = end - 1; k >= 1; k--) {
        const pool_fact *fact = &route->fact[k];
        int32_t own = TQ_MIN(pool_latest_of(fact), TQ_FLEET_POOL_TIME_MAX);
        int32_t way = 0;
        if (row->join[k + 1]) {
            own = TQ_MIN(own, stop[k + 1].last);
        } else {
            leave_by = stop[k + 1].last - stop[k + 1].leg;
            way = fact->dwell + stop[k + 1].leg;
        }
        stop[k].last = TQ_MIN(own, leave_by - fact->dwell);
        int32_t swallowed = k + 1 == end ? 0 : stop[k + 1].start - stop[k].start - way;
        stop[k].absorb = stop[k + 1].absorb + swallowed;
        stop[k].weight_after = stop[k + 1].weight_after + fact->weight;
    }
}

/* Move a vehicle to the list of the cell where it is next free to choose its way. */
void fleet_pool_list(tq_fleet_pool *pool, uint32_t vehicle)
{
    const pool_stop *from = &pool->route[vehicle].stop[pool_first_gap(&pool->route[vehicle])];
    uint32_t cell = pool->cell_count == 1 ? 0 : pool->cell_of_node[from->at];
    pool_near *near = &pool->near[vehicle];
    near->at = from->at;
    near->free_from = from->start;
    if (cell == near->cell) return;
    if (near->cell != TQ_NONE) {
        if (near->before == TQ_NONE)
            pool->first_in_cell[near->cell] = near->next;
        else
            pool->near[near->before].next = near->next;
        if (near->next != TQ_NONE) pool->near[near->next].before = near->before;
    }
    near->next = pool->first_in_cell[cell];
    near->before = TQ_NONE;
    if (near->next != TQ_NONE) pool->near[near->next].before = vehicle;
    pool->first_in_cell[cell] = vehicle;
    near->cell = cell;
}

/* Make all derived numbers of a vehicle from its facts and origin; false when the plan is broken,
 * then the numbers are not to be used before fleet_pool_stretch. */
bool fleet_pool_refresh(tq_fleet_pool *pool, uint32_t vehicle)
{
    pool_route *route = &pool->route[vehicle];
    pool_row row;
    uint32_t at = route->stop[0].at;
    uint8_t kind = route->joinable ? TQ_FLEET_STOP_PICK : POOL_ORIGIN;
    row.count = 0;
    row.origin_start = route->stop[0].start;
    row.origin_leave = route->stop[0].leave;
    for (uint32_t k = 1; k <= route->count + 1; k++) {
        at = append(pool, &row, &route->fact[k], at, kind, -1);
        kind = route->fact[k].kind;
    }
    if (fleet_pool_schedule(&row, POOL_KEEP_LATEST) != POOL_FITS && route->count > 0) return false;
    fill_forward(route, &row);
    fill_backward(route, &row);
    int64_t ahead = 0;
    for (uint32_t k = 1; k <= row.count; k++) {
        route->when[k] = (int32_t)row.when[k];
        ahead += (int64_t)row.fact[k]->weight * (route->stop[k].start - route->when[k]);
    }
    pool->ahead_count -= route->head_start != 0;
    pool->ahead_count += ahead != 0;
    route->head_start = ahead;
    route->cost = fleet_pool_row_cost(pool, &row);
    route->leg_start = route->gone ? route->stop[0].leave : route->when[1] - row.leg[1];
    bool leaves = !route->gone && route->leg_start < route->when[1];
    pool->next_event[vehicle] = route->count == 0 ? INT32_MAX
                                : leaves          ? route->leg_start + 1
                                                  : route->when[1];
    fleet_pool_list(pool, vehicle);
    return true;
}

/* Loosen promises just so far that the plan can be kept without putting off any pick-up; returns
 * the greatest stretch, or TQ_FLEET_POOL_TIME_MAX and no change when a stop can't be reached. */
int32_t fleet_pool_stretch(tq_fleet_pool *pool, uint32_t vehicle)
{
    pool_route *route = &pool->route[vehicle];
    pool_row row;
    uint32_t at = route->stop[0].at;
    uint8_t kind = route->joinable ? TQ_FLEET_STOP_PICK : POOL_ORIGIN;
    int64_t low[POOL_SLOTS + 2] = {0};
    row.count = 0;
    row.origin_start = route->stop[0].start;
    row.origin_leave = route->stop[0].leave;
    for (uint32_t k = 1; k <= route->count + 1; k++) {
        at = append(pool, &row, &route->fact[k], at, kind, -1);
        kind = route->fact[k].kind;
        low[k] = route->fact[k].earliest;
    }
    pass_forward(&row, low, POOL_IGNORE_LATEST);
    if (row.when[row.count] > TQ_FLEET_POOL_TIME_MAX) return TQ_FLEET_POOL_TIME_MAX;
    int32_t late = 0;
    for (uint32_t k = 1; k <= row.count; k++) {
        pool_fact *fact = &route->fact[k];
        int32_t when = (int32_t)row.when[k], ride = 0;
        if (row.pick_of[k] != 0)
            ride = when - (int32_t)row.when[row.pick_of[k]] - row.fact[row.pick_of[k]]->dwell;
        else if (fact->boarded != POOL_NOT_YET)
            ride = when - fact->boarded;
        late = TQ_MAX(late, TQ_MAX(when - fact->latest, ride - fact->ride_max));
        fact->latest = TQ_MAX(fact->latest, when);
        fact->ride_max = TQ_MAX(fact->ride_max, ride);
    }
    TQ_ASSERT(fleet_pool_refresh(pool, vehicle));
    return late;
}

static void put_in(pool_route *route, const pool_fact *fact, uint32_t after)
{
    memmove(&route->fact[after + 2], &route->fact[after + 1],
            (route->count + 1 - after) * sizeof route->fact[0]);
    route->fact[after + 1] = *fact;
    route->count++;
}

void fleet_pool_take_out(pool_route *route, uint32_t stop)
{
    memmove(&route->fact[stop], &route->fact[stop + 1],
            (route->count + 1 - stop) * sizeof route->fact[0]);
    route->count--;
    route->kept -= stop <= route->kept;
}

void fleet_pool_commit(tq_fleet_pool *pool, const pool_query *query, const pool_found *found)
{
    pool_route *route = &pool->route[found->vehicle];
    pool_stop *origin = &route->stop[0];
    if (!route->gone) {
        origin->start = TQ_MAX(origin->start, pool->now);
        origin->leave = TQ_MAX(origin->leave, pool->now);
    }
    pool_fact pick = query->pick, drop = query->drop;
    pick.party = drop.party = query->need[route->layout];
    pick.load = drop.load = pick.alone ? route->capacity : pick.party;
    put_in(route, &drop, found->drop_after);
    put_in(route, &pick, found->pick_after);
    pool->vehicle_of_request[query->request->id] = found->vehicle;
    TQ_ASSERT(fleet_pool_refresh(pool, found->vehicle));
}
