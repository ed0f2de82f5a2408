/*
 * The pool of vehicles: a grid of lists for the nearest ones, and rows of live times.
 *
 * Method: vehicles lie on a plane (latitude as it is, longitude shrunk as in the middle of the
 * city) in square cells, each a doubly linked list, so that a move costs the same whatever the
 * number of vehicles. A question looks at rings of cells round the place until nothing outside can
 * be nearer than the worst that is kept. Times are those of kept places (tq_road_keep): a vehicle's
 * row is made when it moves, an order's once for all its candidates.
 *
 * Invariants: everything is a whole number, ties go to the lower index, so the answer does not
 * depend on the order in which vehicles came. Vehicles outside the city's box belong to the cell at
 * its border; the bounds of rings hold for them too, because that keeps the order of columns and
 * rows. A row is of the metric in use when its number says so.
 */
#include <math.h>

#include "desk/pool_in.h"

#define CELL_E7     45000u /* about 500 m */
#define CELLS_MOST  65536u
#define CHUNK       256u /* vehicles whose rows are allocated together */
#define SHRINK_BITS 16
#define RADIAN      0.017453292519943295
#define E7_A_METRE  89.9321605918 /* 1e-7 degrees of latitude, on the mean sphere */

typedef struct place_in_plane {
    int32_t x, y;
} place_in_plane;

/* What a search looks at, together: 16 bytes. */
typedef struct spot {
    place_in_plane place;
    uint32_t next, before; /* in its cell */
} spot;

struct desk_pool {
    const tq_city *city;
    const tq_metric *metric;
    uint32_t metric_number; /* of the metric in use, from 1 */
    uint32_t limit, count;
    int64_t shrink;               /* longitude on the plane = lon * shrink >> SHRINK_BITS */
    place_in_plane corner;        /* south-west */
    uint32_t cell, columns, rows; /* cell: its size in the plane */
    uint32_t *first_in_cell;      /* [columns * rows], TQ_NONE */
    /* [limit] each */
    uint32_t *cell_of; /* TQ_NONE = not in the pool */
    spot *spot;
    desk_pool_vehicle *vehicle;
    tq_kept *kept;
    uint32_t *row_number; /* of the metric that its row is of; 0 = has none */
    int32_t **chunk;      /* [limit / CHUNK, rounded up], rows; NULL = not yet */
    size_t row_ints;      /* of one vehicle */
};

/* ---- the plane ------------------------------------------------------------------------------- */

static place_in_plane in_plane(const desk_pool *pool, tq_point at)
{
    return (place_in_plane){(int32_t)(at.lon_e7 * pool->shrink >> SHRINK_BITS), at.lat_e7};
}

static inline uint64_t squared(place_in_plane a, place_in_plane b)
{
    /* Squares modulo 2^64 are right whatever the sign, and their sum fits everywhere on earth. */
    uint64_t x = (uint64_t)((int64_t)a.x - b.x), y = (uint64_t)((int64_t)a.y - b.y);
    return x * x + y * y;
}

uint64_t desk_pool_straight(const desk_pool *pool, tq_point a, tq_point b)
{
    return squared(in_plane(pool, a), in_plane(pool, b));
}

static uint32_t clamped(int64_t offset, uint32_t cell, uint32_t count)
{
    int64_t at = tq_floor_div(offset, cell);
    return at < 0 ? 0 : at >= count ? count - 1 : (uint32_t)at;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void lay_grid(desk_pool *pool, tq_box box)
{
    if (box.south_e7 > box.north_e7 || box.west_e7 > box.east_e7) box = (tq_box){0, 0, 0, 0};
    double middle = ((double)box.south_e7 + box.north_e7) / 2e7;
    pool->shrink = llround(cos(middle * RADIAN) * (1 << SHRINK_BITS));
    pool->corner = in_plane(pool, (tq_point){box.south_e7, box.west_e7});
    place_in_plane far = in_plane(pool, (tq_point){box.north_e7, box.east_e7});
    uint64_t wide = (uint64_t)((int64_t)far.x - pool->corner.x),
             high = (uint64_t)((int64_t)far.y - pool->corner.y);
    uint64_t cell = CELL_E7;
    while ((wide / cell + 1) * (high / cell + 1) > CELLS_MOST)
        cell *= 2;
    pool->cell = (uint32_t)cell;
    pool->columns = (uint32_t)(wide / cell) + 1;
    pool->rows = (uint32_t)(high / cell) + 1;
}

tq_status desk_pool_open(const tq_city *city, uint32_t limit, desk_pool **out, tq_err *err)
{
    if (limit == 0 || limit > DESK_POOL_VEHICLES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a pool of %u vehicles; it holds 1 to %u", limit,
                       DESK_POOL_VEHICLES_MAX);
    desk_pool *pool = TQ_ALLOC(desk_pool, 1);
    if (pool == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a pool of vehicles");
    pool->city = city;
    pool->limit = limit;
    lay_grid(pool, city->meta->box);
    size_t cells = (size_t)pool->columns * pool->rows;
    pool->first_in_cell = TQ_ALLOC(uint32_t, cells);
    pool->cell_of = TQ_ALLOC(uint32_t, limit);
    pool->spot = TQ_ALLOC(spot, limit);
    pool->vehicle = TQ_ALLOC(desk_pool_vehicle, limit);
    pool->kept = TQ_ALLOC(tq_kept, limit);
    pool->row_number = TQ_ALLOC(uint32_t, limit);
    pool->chunk = TQ_ALLOC(int32_t *, (limit + CHUNK - 1) / CHUNK);
    if (pool->first_in_cell == NULL || pool->cell_of == NULL || pool->spot == NULL ||
        pool->vehicle == NULL || pool->kept == NULL || pool->row_number == NULL ||
        pool->chunk == NULL) {
        desk_pool_close(pool);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a pool of %u vehicles", limit);
    }
    memset(pool->first_in_cell, 0xff, cells * sizeof *pool->first_in_cell);
    memset(pool->cell_of, 0xff, limit * sizeof *pool->cell_of);
    *out = pool;
    return TQ_OK;
}

static void free_chunks(desk_pool *pool)
{
    for (uint32_t chunk = 0; pool->chunk != NULL && chunk < (pool->limit + CHUNK - 1) / CHUNK;
         chunk++) {
        tq_free(pool->chunk[chunk]);
        pool->chunk[chunk] = NULL;
    }
}

void desk_pool_close(desk_pool *pool)
{
    if (pool == NULL) return;
    free_chunks(pool);
    tq_free(pool->first_in_cell);
    tq_free(pool->cell_of);
    tq_free(pool->spot);
    tq_free(pool->vehicle);
    tq_free(pool->kept);
    tq_free(pool->row_number);
    tq_free(pool->chunk);
    tq_free(pool);
}

/* ---- rows ------------------------------------------------------------------------------------ */

void desk_pool_use(desk_pool *pool, const tq_metric *metric)
{
    pool->metric = metric;
    pool->metric_number++;
    size_t ints = metric != NULL ? tq_road_keep_ints(metric) : pool->row_ints;
    /* Another kind of streets has another depth. */
    if (ints != pool->row_ints) free_chunks(pool);
    pool->row_ints = ints;
}

static tq_status chunk_for(desk_pool *pool, uint32_t vehicle, tq_err *err)
{
    int32_t **chunk = &pool->chunk[vehicle / CHUNK];
    if (*chunk == NULL) *chunk = tq_alloc_aligned(CHUNK * pool->row_ints, sizeof(int32_t));
    return *chunk != NULL ? TQ_OK
                          : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the times of vehicles");
}

static tq_status make_row(desk_pool *pool, uint32_t vehicle, const tq_snap *snap, tq_arena *work,
                          tq_err *err)
{
    TQ_TRY(chunk_for(pool, vehicle, err));
    int32_t *rows = pool->chunk[vehicle / CHUNK] + vehicle % CHUNK * pool->row_ints;
    pool->row_number[vehicle] = 0;
    TQ_TRY(tq_road_keep(pool->city, pool->metric, snap, TQ_SWEEP_FROM, rows, work,
                        &pool->kept[vehicle], err));
    pool->row_number[vehicle] = pool->metric_number;
    return TQ_OK;
}

static bool wants_row(const desk_pool *pool, uint32_t vehicle)
{
    return pool->cell_of[vehicle] != TQ_NONE && pool->vehicle[vehicle].has_snap &&
           pool->row_number[vehicle] != pool->metric_number;
}

tq_status desk_pool_refresh(desk_pool *pool, uint32_t limit, tq_arena *work, uint32_t *left,
                            tq_err *err)
{
    *left = 0;
    for (uint32_t vehicle = 0; vehicle < pool->limit; vehicle++) {
        if (pool->metric == NULL || !wants_row(pool, vehicle)) continue;
        if (limit == 0) {
            ++*left;
            continue;
        }
        TQ_TRY(make_row(pool, vehicle, &pool->vehicle[vehicle].snap, work, err));
        limit--;
    }
    return TQ_OK;
}

/* ---- moves ----------------------------------------------------------------------------------- */

static void unlink_vehicle(desk_pool *pool, uint32_t vehicle)
{
    uint32_t next = pool->spot[vehicle].next, before = pool->spot[vehicle].before;
    if (before != TQ_NONE)
        pool->spot[before].next = next;
    else
        pool->first_in_cell[pool->cell_of[vehicle]] = next;
    if (next != TQ_NONE) pool->spot[next].before = before;
    pool->cell_of[vehicle] = TQ_NONE;
}

static void link_vehicle(desk_pool *pool, uint32_t vehicle, uint32_t cell)
{
    uint32_t next = pool->first_in_cell[cell];
    pool->cell_of[vehicle] = cell;
    pool->spot[vehicle].next = next;
    pool->spot[vehicle].before = TQ_NONE;
    if (next != TQ_NONE) pool->spot[next].before = vehicle;
    pool->first_in_cell[cell] = vehicle;
}

static bool same_snap(const tq_snap *a, const tq_snap *b)
{
    return a->edge == b->edge && a->along_dm == b->along_dm && a->directions == b->directions;
}

tq_status desk_pool_put(desk_pool *pool, uint32_t vehicle, const desk_pool_vehicle *value,
                        tq_arena *work, tq_err *err)
{
    if (vehicle >= pool->limit)
        return tq_fail(err, TQ_BAD_INPUT, vehicle, "vehicle %u of a pool of %u", vehicle,
                       pool->limit);
    if (!tq_point_valid(value->at))
        return tq_fail(err, TQ_BAD_INPUT, vehicle, "vehicle %u is not at a place on earth",
                       vehicle);
    const tq_streets *streets = &pool->city->streets;
    if (value->has_snap && (value->snap.edge >= streets->edge_count ||
                            value->snap.along_dm > streets->edge_length_dm[value->snap.edge]))
        return tq_fail(err, TQ_BAD_INPUT, vehicle,
                       "vehicle %u is %u dm along street edge %u, where there is no place", vehicle,
                       value->snap.along_dm, value->snap.edge);
    bool here = pool->cell_of[vehicle] != TQ_NONE;
    bool moved = !here || !pool->vehicle[vehicle].has_snap ||
                 !same_snap(&pool->vehicle[vehicle].snap, &value->snap);
    if (value->has_snap && pool->metric != NULL &&
        (moved || pool->row_number[vehicle] != pool->metric_number))
        TQ_TRY(make_row(pool, vehicle, &value->snap, work, err));
    else if (moved)
        pool->row_number[vehicle] = 0;
    place_in_plane place = in_plane(pool, value->at);
    uint32_t column = clamped((int64_t)place.x - pool->corner.x, pool->cell, pool->columns),
             row = clamped((int64_t)place.y - pool->corner.y, pool->cell, pool->rows);
    uint32_t cell = row * pool->columns + column;
    pool->vehicle[vehicle] = *value;
    pool->spot[vehicle].place = place;
    pool->count += !here;
    if (here && pool->cell_of[vehicle] == cell) return TQ_OK;
    if (here) unlink_vehicle(pool, vehicle);
    link_vehicle(pool, vehicle, cell);
    return TQ_OK;
}

void desk_pool_drop(desk_pool *pool, uint32_t vehicle)
{
    if (vehicle >= pool->limit || pool->cell_of[vehicle] == TQ_NONE) return;
    unlink_vehicle(pool, vehicle);
    pool->row_number[vehicle] = 0;
    pool->count--;
}

const desk_pool_vehicle *desk_pool_get(const desk_pool *pool, uint32_t vehicle)
{
    return vehicle < pool->limit && pool->cell_of[vehicle] != TQ_NONE ? &pool->vehicle[vehicle]
                                                                      : NULL;
}

uint32_t desk_pool_count(const desk_pool *pool)
{
    return pool->count;
}

/* ---- the nearest ----------------------------------------------------------------------------- */

/* What is kept of a search: a heap with the worst on top. */
typedef struct near_vehicle {
    uint64_t squared;
    uint32_t vehicle;
} near_vehicle;

typedef struct near_search {
    const desk_pool *pool;
    const desk_pool_wish *wish;
    place_in_plane at;
    uint64_t worst; /* squared distance that is still of use */
    uint32_t count, seen;
    near_vehicle kept[DESK_POOL_CANDIDATES_MAX];
} near_search;

static inline bool is_worse(near_vehicle a, near_vehicle b)
{
    return a.squared != b.squared ? a.squared > b.squared : a.vehicle > b.vehicle;
}

static void sink(near_vehicle *kept, uint32_t count, uint32_t slot, near_vehicle moved)
{
    for (uint32_t child = 2 * slot + 1; child < count; child = 2 * slot + 1) {
        if (child + 1 < count && is_worse(kept[child + 1], kept[child])) child++;
        if (!is_worse(kept[child], moved)) break;
        kept[slot] = kept[child];
        slot = child;
    }
    kept[slot] = moved;
}

static void keep_near(near_search *search, near_vehicle one)
{
    if (search->count == search->wish->limit) {
        if (is_worse(search->kept[0], one)) sink(search->kept, search->count, 0, one);
        return;
    }
    uint32_t slot = search->count++;
    while (slot > 0 && is_worse(one, search->kept[(slot - 1) / 2])) {
        search->kept[slot] = search->kept[(slot - 1) / 2];
        slot = (slot - 1) / 2;
    }
    search->kept[slot] = one;
}

static inline bool may_serve(const desk_pool_vehicle *vehicle, const desk_pool_wish *wish)
{
    if ((vehicle->bits & wish->bits) != wish->bits) return false;
    if (wish->on_streets_only && !vehicle->has_snap) return false;
    return vehicle->state == DESK_POOL_FREE ||
           (vehicle->state == DESK_POOL_SOON && vehicle->free_in_s <= wish->soon_s &&
            wish->soon_s != 0);
}

static void look_in_cell(near_search *search, uint32_t column, uint32_t row)
{
    const desk_pool *pool = search->pool;
    uint32_t vehicle = pool->first_in_cell[(size_t)row * pool->columns + column], seen = 0;
    for (; vehicle != TQ_NONE; vehicle = pool->spot[vehicle].next, seen++) {
        uint64_t distance = squared(search->at, pool->spot[vehicle].place);
        if (distance > search->worst) continue;
        if (!may_serve(&pool->vehicle[vehicle], search->wish)) continue;
        keep_near(search, (near_vehicle){distance, vehicle});
        if (search->count == search->wish->limit) search->worst = search->kept[0].squared;
    }
    search->seen += seen;
}

/* The cells exactly `ring` away from one, as far as there are such. */
static void look_at_ring(near_search *search, int64_t column, int64_t row, int64_t ring)
{
    const desk_pool *pool = search->pool;
    int64_t west = TQ_MAX(column - ring, 0), east = TQ_MIN(column + ring, pool->columns - 1);
    int64_t south = TQ_MAX(row - ring, 0), north = TQ_MIN(row + ring, pool->rows - 1);
    for (int64_t y = south; y <= north; y++) {
        bool whole = y == row - ring || y == row + ring;
        for (int64_t x = west; x <= east; x++) {
            if (!whole && x != column - ring && x != column + ring) {
                if (column + ring > east) break;
                x = column + ring;
            }
            look_in_cell(search, (uint32_t)x, (uint32_t)y);
        }
    }
}

/* No vehicle outside of the rings up to this one is nearer; UINT64_MAX when there is no outside. */
static uint64_t beyond(const near_search *search, int64_t column, int64_t row, int64_t ring)
{
    const desk_pool *pool = search->pool;
    int64_t x = (int64_t)search->at.x - pool->corner.x, y = (int64_t)search->at.y - pool->corner.y;
    int64_t cell = pool->cell, least = INT64_MAX;
    if (column - ring > 0) least = TQ_MIN(least, x - (column - ring) * cell);
    if (row - ring > 0) least = TQ_MIN(least, y - (row - ring) * cell);
    if (column + ring + 1 < pool->columns) least = TQ_MIN(least, (column + ring + 1) * cell - x);
    if (row + ring + 1 < pool->rows) least = TQ_MIN(least, (row + ring + 1) * cell - y);
    if (least == INT64_MAX) return UINT64_MAX;
    return least <= 0 ? 0 : (uint64_t)least * (uint64_t)least;
}

uint32_t desk_pool_nearest(const desk_pool *pool, tq_point at, const desk_pool_wish *wish,
                           uint32_t *vehicle)
{
    TQ_ASSERT(wish->limit > 0 && wish->limit <= DESK_POOL_CANDIDATES_MAX);
    near_search search = {.pool = pool, .wish = wish, .at = in_plane(pool, at)};
    double reach = wish->reach_m * E7_A_METRE;
    search.worst = wish->reach_m == 0 ? UINT64_MAX : (uint64_t)(reach * reach);
    int64_t column = clamped((int64_t)search.at.x - pool->corner.x, pool->cell, pool->columns),
            row = clamped((int64_t)search.at.y - pool->corner.y, pool->cell, pool->rows);
    for (int64_t ring = 0; search.seen < pool->count; ring++) {
        look_at_ring(&search, column, row, ring);
        uint64_t outside = beyond(&search, column, row, ring);
        if (outside == UINT64_MAX || outside > search.worst) break;
    }
    for (uint32_t left = search.count; left > 0; left--) {
        vehicle[left - 1] = search.kept[0].vehicle;
        sink(search.kept, left - 1, 0, search.kept[left - 1]);
    }
    return search.count;
}

/* ---- candidates ------------------------------------------------------------------------------ */

/* Rows that are not of the metric in use are made when first asked for. */
static tq_status fresh_row(desk_pool *pool, uint32_t vehicle, tq_arena *work, tq_err *err)
{
    if (pool->row_number[vehicle] == pool->metric_number) return TQ_OK;
    return make_row(pool, vehicle, &pool->vehicle[vehicle].snap, work, err);
}

tq_status desk_pool_prepare(const desk_pool *pool, desk_pool_order *order, int32_t *rows,
                            tq_arena *work, tq_err *err)
{
    if (pool->metric == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the pool has no street times yet");
    order->row_number = 0;
    TQ_TRY(tq_road_keep(pool->city, pool->metric, &order->snap, TQ_SWEEP_TO, rows, work,
                        &order->kept, err));
    order->row_number = pool->metric_number;
    return TQ_OK;
}

/* Candidates of one order, into `out`; *count gets how many can come. */
static tq_status find_for(desk_pool *pool, const desk_pool_order *order,
                          const desk_pool_wish *of_all, int32_t *rows, tq_arena *work,
                          desk_candidate *out, uint32_t *count, tq_err *err)
{
    uint32_t near[DESK_POOL_CANDIDATES_MAX];
    desk_pool_wish wish = *of_all;
    wish.bits |= order->bits;
    wish.on_streets_only = true;
    *count = 0;
    uint32_t found = desk_pool_nearest(pool, order->at, &wish, near);
    if (found == 0) return TQ_OK;
    /* Their rows come from slow memory meanwhile. */
    for (uint32_t k = 0; k < found; k++)
        if (pool->row_number[near[k]] == pool->metric_number)
            tq_road_kept_soon(&pool->kept[near[k]]);
    tq_kept made;
    const tq_kept *there = &order->kept;
    if (order->row_number != pool->metric_number) {
        TQ_TRY(tq_road_keep(pool->city, pool->metric, &order->snap, TQ_SWEEP_TO, rows, work, &made,
                            err));
        there = &made;
    }
    for (uint32_t k = 0; k < found; k++) {
        int32_t drive_ds = 0;
        TQ_TRY(fresh_row(pool, near[k], work, err));
        TQ_TRY(tq_road_kept_time(pool->city, pool->metric, &pool->kept[near[k]], there, work,
                                 &drive_ds, err));
        if (drive_ds >= TQ_ROAD_INF) continue;
        const desk_pool_vehicle *at = &pool->vehicle[near[k]];
        int64_t ready_ds = at->state == DESK_POOL_SOON ? (int64_t)at->free_in_s * 10 : 0;
        out[(*count)++] =
            (desk_candidate){near[k], drive_ds, (int32_t)TQ_MIN(ready_ds, TQ_ROAD_INF)};
    }
    return TQ_OK;
}

/* Bits of a number with a gap before each. */
static uint32_t spread_bits(uint32_t value)
{
    value = (value | value << 4) & 0x0f0fu;
    value = (value | value << 2) & 0x3333u;
    return (value | value << 1) & 0x5555u;
}

/*
 * Orders in an order in which neighbours follow each other, so that rows of streets and vehicles
 * are still in the processor's memory: by a curve over 256 x 256 squares (Morton 1966), sorted in
 * two passes over bytes. `other` is as long.
 */
static void sort_along_curve(const desk_pool *pool, const desk_pool_batch *batch, uint32_t *turn,
                             uint32_t *other, uint16_t *square)
{
    int64_t side = (int64_t)TQ_MAX(pool->columns, pool->rows) * pool->cell / 256 + 1;
    for (uint32_t k = 0; k < batch->count; k++) {
        place_in_plane at = in_plane(pool, batch->order[k].at);
        uint32_t x = clamped((int64_t)at.x - pool->corner.x, (uint32_t)side, 256),
                 y = clamped((int64_t)at.y - pool->corner.y, (uint32_t)side, 256);
        square[k] = (uint16_t)(spread_bits(x) | spread_bits(y) << 1);
        other[k] = k;
    }
    for (uint32_t pass = 0; pass < 2; pass++) {
        const uint32_t *from = pass == 0 ? other : turn;
        uint32_t *to = pass == 0 ? turn : other, begin[257] = {0};
        for (uint32_t k = 0; k < batch->count; k++)
            begin[(square[k] >> 8 * pass & 0xff) + 1]++;
        for (uint32_t byte = 0; byte < 256; byte++)
            begin[byte + 1] += begin[byte];
        for (uint32_t k = 0; k < batch->count; k++)
            to[begin[square[from[k]] >> 8 * pass & 0xff]++] = from[k];
    }
    memcpy(turn, other, batch->count * sizeof *turn);
}

static tq_status check_batch(const desk_pool *pool, const desk_pool_batch *batch, tq_err *err)
{
    if (pool->metric == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the pool has no street times yet");
    if (batch->count > DESK_POOL_BATCH_MAX || batch->wish.limit == 0 ||
        batch->wish.limit > DESK_POOL_CANDIDATES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "%u orders with %u candidates each; a batch takes up to %u with 1 to %u",
                       batch->count, batch->wish.limit, DESK_POOL_BATCH_MAX,
                       DESK_POOL_CANDIDATES_MAX);
    return TQ_OK;
}

tq_status desk_pool_candidates(desk_pool *pool, const desk_pool_batch *batch, tq_arena *work,
                               uint32_t *first, desk_candidate *candidate, tq_err *err)
{
    TQ_TRY(check_batch(pool, batch, err));
    size_t mark = work->used, limit = batch->wish.limit;
    int32_t *rows = tq_arena_push_raw(work, pool->row_ints, sizeof *rows, 64);
    uint32_t *turn = TQ_PUSH_RAW(work, uint32_t, batch->count),
             *count = TQ_PUSH_RAW(work, uint32_t, batch->count);
    uint16_t *square = TQ_PUSH_RAW(work, uint16_t, batch->count);
    tq_status status = TQ_OK;
    if (rows == NULL || turn == NULL || count == NULL || square == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "the scratch is too small for a batch of %u orders",
                         batch->count);
    else
        sort_along_curve(pool, batch, turn, count, square);
    /* Each order has its own room first; then the gaps are closed. */
    for (uint32_t k = 0; k < batch->count && status == TQ_OK; k++)
        status = find_for(pool, &batch->order[turn[k]], &batch->wish, rows, work,
                          candidate + turn[k] * limit, &count[turn[k]], err);
    if (status == TQ_OK) {
        first[0] = 0;
        for (uint32_t k = 0; k < batch->count; k++) {
            memmove(candidate + first[k], candidate + k * limit, count[k] * sizeof *candidate);
            first[k + 1] = first[k] + count[k];
        }
    }
    tq_arena_reset(work, mark);
    return status;
}
