/*
 * The pool of vehicles as the dispatcher sees it: who is where, who is free or soon will be, and
 * which of them are worth asking for an order. In memory only; one thread writes and asks.
 *
 * Snapping a position and putting it here happen when the position arrives, not in a batch: the
 * vehicle's row of times is made then as well, and again after a change of metric, so that a batch
 * finds it ready.
 */
#ifndef TQ_DESK_POOL_IN_H
#define TQ_DESK_POOL_IN_H

#include "city/city.h"
#include "road/road.h"

#define DESK_POOL_VEHICLES_MAX   200000u
#define DESK_POOL_CANDIDATES_MAX 64u
#define DESK_POOL_BATCH_MAX      100000u

typedef enum desk_pool_state {
    DESK_POOL_OFF,  /* known, not working */
    DESK_POOL_FREE, /* may take an order now */
    DESK_POOL_SOON, /* free in `free_in_s` seconds, at `at` */
    DESK_POOL_BUSY
} desk_pool_state;

typedef struct desk_pool_vehicle {
    tq_point at;   /* where it is; of DESK_POOL_SOON where it will be free */
    tq_snap snap;  /* the same on the streets */
    bool has_snap; /* without one it is never a candidate */
    desk_pool_state state;
    uint32_t free_in_s;
    uint32_t bits; /* class, permits, equipment: what the caller means by them */
} desk_pool_vehicle;

typedef struct desk_pool desk_pool;

/** A pool for vehicles 0 .. limit - 1, empty. Allocates. */
tq_status desk_pool_open(const tq_city *city, uint32_t limit, desk_pool **out, tq_err *err);
void desk_pool_close(desk_pool *pool);
/**
 * Times come from this metric from now on; NULL = none yet. It must stay as it is and pinned until
 * the next call. Rows of the former one are made anew when they are asked for, or by
 * desk_pool_refresh.
 */
void desk_pool_use(desk_pool *pool, const tq_metric *metric);
/** Make the rows that are not of the metric in use, at most `limit`; *left = how many remain. */
tq_status desk_pool_refresh(desk_pool *pool, uint32_t limit, tq_arena *work, uint32_t *left,
                            tq_err *err);
/** Put a vehicle or change it. Allocates at the first snap of each 256 vehicles. On failure the
 * vehicle is as before. */
tq_status desk_pool_put(desk_pool *pool, uint32_t vehicle, const desk_pool_vehicle *value,
                        tq_arena *work, tq_err *err);
/** Take it out; no matter if it is not there. */
void desk_pool_drop(desk_pool *pool, uint32_t vehicle);
/** NULL when it is not there. */
const desk_pool_vehicle *desk_pool_get(const desk_pool *pool, uint32_t vehicle);
uint32_t desk_pool_count(const desk_pool *pool);

/* Who is asked. */
typedef struct desk_pool_wish {
    uint32_t limit;       /* at most so many, 1 .. DESK_POOL_CANDIDATES_MAX */
    uint32_t reach_m;     /* straight; 0 = any distance */
    uint32_t bits;        /* that a vehicle must have, all */
    uint32_t soon_s;      /* vehicles free within so many seconds count too; 0 = only free ones */
    bool on_streets_only; /* only those with a snap */
} desk_pool_wish;

/** Straight distance as the pool measures it, squared, in 1e-7 degrees of latitude (about 11 mm):
 * on a plane that fits the middle of the city. */
uint64_t desk_pool_straight(const desk_pool *pool, tq_point a, tq_point b);
/** The nearest vehicles by straight distance, of equally near ones the lower index first; returns
 * how many. Allocates nothing. */
uint32_t desk_pool_nearest(const desk_pool *pool, tq_point at, const desk_pool_wish *wish,
                           uint32_t *vehicle);

typedef struct desk_pool_order {
    tq_point at;
    tq_snap snap;
    uint32_t bits;       /* needed */
    uint32_t row_number; /* of the metric that `kept` is of; 0 = has no row */
    tq_kept kept;
} desk_pool_order;

/**
 * Make an order's row ahead, when it arrives or the metric has changed; a batch makes those that
 * are not of the metric in use itself, and forgets them again.
 *
 * @param rows  tq_road_keep_ints ints, aligned to 64 bytes; they stay with the order
 */
tq_status desk_pool_prepare(const desk_pool *pool, desk_pool_order *order, int32_t *rows,
                            tq_arena *work, tq_err *err);

typedef struct desk_pool_batch {
    uint32_t count;
    const desk_pool_order *order;
    desk_pool_wish wish; /* of all; bits are added to each order's own */
} desk_pool_batch;

typedef struct desk_candidate {
    uint32_t vehicle;
    int32_t drive_ds; /* from the vehicle to the order, live */
    int32_t ready_ds; /* until it may leave; 0 = now */
} desk_candidate;

/**
 * Candidates of each order of a batch and their times, exact by the metric in use: those of
 * desk_pool_nearest, in its order, without the ones that cannot come. Of order k:
 * candidate[first[k]
 * .. first[k + 1]); room for count * wish.limit.
 *
 * @return TQ_BAD_INPUT without a metric or beyond the limits above, TQ_NO_MEMORY
 */
tq_status desk_pool_candidates(desk_pool *pool, const desk_pool_batch *batch, tq_arena *work,
                               uint32_t *first, desk_candidate *candidate, tq_err *err);

#endif
