/*
 * What the files of insertion share: vehicles, their plans, and the schedule of a row of stops.
 *
 * A plan is a system of differences: a stop starts after the one before it has been left and the
 * way been driven, not before its window, and a pick-up not earlier than its drop-off less the
 * longest ride. Such a system has one least solution, in which every stop is as early as it can be
 * in any schedule; the plan is possible just when that solution keeps all latest times.
 *
 * Two schedules are kept: the plain one (`start`, rides ignored; never later than the true one,
 * and what lies before a stop alone decides it) for bounds in the search, and the true one
 * (`when`).
 */
#ifndef TQ_FLEET_INSERT_IN_H
#define TQ_FLEET_INSERT_IN_H

#include "fleet/fleet.h"

#define POOL_SLOTS     (TQ_FLEET_POOL_STOPS_MAX + 2u) /* origin, stops, end of shift */
#define POOL_CELLS_MAX 128u
#define POOL_NOT_YET   INT32_MIN /* `boarded` of a request that waits */
#define POOL_HIGH_BITS 0x8000800080008000ull
#define POOL_DWELL_MAX (1 << 20)

typedef enum pool_form { POOL_U16, POOL_I32, POOL_CALL } pool_form;

/* Kinds of stops beyond the public ones. */
enum { POOL_END = TQ_FLEET_STOP_BREAK + 1, POOL_ORIGIN };

/* What the search reads of a stop, front to back. */
typedef struct pool_stop {
    uint32_t node; /* TQ_NONE: where the vehicle is (a break, or a shift that ends anywhere) */
    uint32_t at;   /* where the vehicle is when it leaves                              */
    int32_t start, leave; /* plain schedule                                            */
    int32_t last;         /* latest start for the stops from here on, rides ignored    */
    int32_t absorb;       /* how much of a delay here the later stops may swallow      */
    int32_t leg;          /* drive to here                                             */
    int32_t weight_after; /* cost of one unit of delay here and at all later stops     */
    uint64_t room;        /* free places after it, four lanes of 16 bits               */
    uint64_t pass;        /* free places at it for somebody who stays on board         */
    uint8_t kind;
    bool alone; /* a private ride is on board after it */
} pool_stop;

/* What was promised at a stop. */
typedef struct pool_fact {
    uint64_t load;  /* of its request, a full car if private; at a break: what may be on board */
    uint64_t party; /* of its request, also if private */
    int32_t earliest, latest, dwell, weight;
    int32_t ride_max; /* at a drop-off */
    int32_t boarded;  /* at a drop-off: when boarding ended, or POOL_NOT_YET */
    uint32_t node, request;
    uint8_t kind;
    bool alone;
} pool_fact;

typedef struct pool_route {
    pool_stop stop[POOL_SLOTS]; /* [0] origin, [1 .. count], [count + 1] end of shift */
    pool_fact fact[POOL_SLOTS];
    int32_t when[POOL_SLOTS]; /* true schedule */
    uint32_t count, kept;     /* stops; of these the first `kept` stay first */
    int32_t leg_start;        /* when it leaves for stop 1 */
    bool gone;                /* it has left for stop 1 */
    bool joinable;            /* the origin is a stop where others may board meanwhile */
    bool lifo;
    int64_t cost;
    int64_t head_start; /* <= 0: cost of the plain schedule less that of the true one */
    uint64_t capacity;
    uint32_t layout, skills, break_count;
} pool_route;

/* What the choice of vehicles reads. */
typedef struct pool_near {
    uint32_t at;           /* where it is next free to choose its way ... */
    int32_t free_from;     /* ... and when */
    uint32_t cell;         /* of that node */
    uint32_t next, before; /* in the cell's list, or TQ_NONE */
} pool_near;

/* A row of stops to be scheduled; entries 1 .. count. */
typedef struct pool_row {
    uint32_t count;
    const pool_fact *fact[POOL_SLOTS + 2];
    int32_t leg[POOL_SLOTS + 2];
    bool join[POOL_SLOTS + 2];
    uint8_t pick_of[POOL_SLOTS + 2]; /* entry of the pick-up whose ride ends here, 0 = none */
    int32_t ride_max[POOL_SLOTS + 2];
    int64_t when[POOL_SLOTS + 2];
    int32_t origin_start, origin_leave;
} pool_row;

typedef enum pool_verdict { POOL_FITS, POOL_LATE, POOL_RIDE } pool_verdict;
typedef enum pool_latest { POOL_KEEP_LATEST, POOL_IGNORE_LATEST } pool_latest;

struct tq_fleet_pool {
    tq_fleet_pool_config config;
    tq_fleet_pool_times times;
    pool_form form;
    int32_t now;
    uint32_t vehicle_count, layout_count;
    uint32_t cell_count;
    uint32_t ahead_count;         /* vehicles whose head_start is not 0 */
    pool_route *route;            /* [vehicle_max] */
    int32_t *next_event;          /* [vehicle_max], when advance must look at it */
    pool_near *near;              /* [vehicle_max] */
    uint32_t *first_in_cell;      /* [cell_count] */
    uint32_t *vehicle_of_request; /* [request_max] */
    uint16_t *to_u16;             /* turned table: [to * node_count + from] */
    int32_t *to_i32;
    uint8_t *cell_of_node; /* [node_count] */
    int32_t *near_centre;  /* [node_count], scratch while cells grow */
    int32_t *cell_least;   /* [to * cell_count + from], over any way */
    uint8_t *cell_near;    /* [to * cell_count + rank], nearest first */
    uint16_t takes[TQ_FLEET_POOL_LAYOUTS_MAX][TQ_FLEET_DIMS][TQ_FLEET_DIMS];
};

/* A request made ready for the search. */
typedef struct pool_query {
    const tq_fleet_pool_request *request;
    int32_t direct, ride_max;
    int32_t arrive_latest; /* with the longest ride after the latest pick-up */
    int32_t pick_weight, drop_weight;
    int64_t base;         /* cost of an ideal ride, taken off */
    pool_fact pick, drop; /* but for their loads, which depend on the vehicle */
    uint64_t need[TQ_FLEET_POOL_LAYOUTS_MAX];
    const void *to_pick, *from_pick, *to_drop, *from_drop; /* rows of the tables */
} pool_query;

/* A place in a plan: after stop `pick_after`, and after stop `drop_after` of the old plan. */
typedef struct pool_found {
    int64_t cost;
    uint32_t vehicle, pick_after, drop_after;
} pool_found;

typedef struct pool_best {
    uint32_t count, cap;
    pool_found found[TQ_FLEET_POOL_OFFERS_MAX]; /* cheapest first, one a vehicle */
} pool_best;

static inline int32_t pool_u16_time(uint16_t time)
{
    return time == UINT16_MAX ? TQ_FLEET_POOL_TIME_MAX : time;
}

static inline int32_t pool_called_time(int32_t time)
{
    return time < 0 || time > TQ_FLEET_POOL_TIME_MAX ? TQ_FLEET_POOL_TIME_MAX : time;
}

static inline uint64_t pool_lanes(const uint32_t unit[TQ_FLEET_DIMS])
{
    uint64_t lanes = 0;
    for (uint32_t dim = 0; dim < TQ_FLEET_DIMS; dim++)
        lanes |= (uint64_t)TQ_MIN(unit[dim], 0x7FFFu) << (16 * dim);
    return lanes;
}

static inline int32_t pool_lane(uint64_t lanes, uint32_t dim)
{
    return (int32_t)((lanes >> (16 * dim)) & 0xFFFFu);
}

/* Lanes are below 2^15, so a borrow shows in the high bit of its own lane. */
static inline bool pool_has_room(uint64_t room, uint64_t need)
{
    return (((room | POOL_HIGH_BITS) - need) & POOL_HIGH_BITS) == POOL_HIGH_BITS;
}

static inline int32_t pool_latest_of(const pool_fact *fact)
{
    if (fact->boarded == POOL_NOT_YET) return fact->latest;
    return TQ_MIN(fact->latest, fact->boarded + fact->ride_max);
}

/* Only at a stop for people do others board side by side. */
static inline bool pool_joins(uint8_t kind)
{
    return kind <= TQ_FLEET_STOP_DROP;
}

/* insert_times.c */
size_t fleet_pool_table_bytes(const tq_fleet_pool_times *times);
tq_status fleet_pool_check_times(const tq_fleet_pool_times *times, tq_err *err);
void fleet_pool_make_cells(tq_fleet_pool *pool);
int32_t fleet_pool_time(const tq_fleet_pool_times *times, uint32_t from, uint32_t to);
uint32_t fleet_pool_cells(const tq_fleet_pool_times *times);

/* insert_plan.c */
pool_verdict fleet_pool_schedule(pool_row *row, pool_latest latest);
void fleet_pool_row(const tq_fleet_pool *pool, uint32_t vehicle, const pool_query *query,
                    uint32_t pick_after, uint32_t drop_after, pool_row *row);
int64_t fleet_pool_row_cost(const tq_fleet_pool *pool, const pool_row *row);
bool fleet_pool_refresh(tq_fleet_pool *pool, uint32_t vehicle);
int32_t fleet_pool_stretch(tq_fleet_pool *pool, uint32_t vehicle);
void fleet_pool_commit(tq_fleet_pool *pool, const pool_query *query, const pool_found *found);
const pool_fact *fleet_pool_private(const pool_route *route, uint32_t after);
void fleet_pool_take_out(pool_route *route, uint32_t stop);
void fleet_pool_list(tq_fleet_pool *pool, uint32_t vehicle);

/* insert_search.c */
tq_status fleet_pool_ready(const tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                           pool_query *query, tq_err *err);

/* The first `kept` stops, and the one it is driving to. */
static inline uint32_t pool_first_gap(const pool_route *route)
{
    return route->gone && route->kept == 0 ? 1 : route->kept;
}

#endif
