/*
 * fleet: pure optimisation of vehicles and orders. No clock, no I/O, no city: times and costs come
 * in as numbers, assignments and plans go out.
 *
 * matching   tq_fleet_match: which vehicle for which order, at once, exact        match*.c
 * insertion  tq_fleet_pool: pooled service, one request after another, exact       insert*.c
 * planning   tq_fleet_plan_make: whole routes, improved by ruin and recreate  plan*.c
 * problems   readers and writers: VROOM's JSON, Li-Lim, Cordeau, Solomon           problem*.c
 * balance    tq_fleet_rebalance: where idle vehicles are wanted                    balance.c
 * staffing   tq_fleet_seats: how many people the desk needs                        staffing.c
 * demand     tq_fleet_demand_make: a day of calls and orders for the simulation    demand*.c
 *
 * Everything is deterministic: the same input and seed give the same answer, whatever the threads.
 * Times are int32 in a unit of the caller's (seconds or deciseconds in the desk), sums int64.
 */
#ifndef TQ_FLEET_H
#define TQ_FLEET_H

#include "base/base.h"

/* ---- matching (match.c) ---------------------------------------------------------------------- */

/* One vehicle that may take an order, and what that costs (>= 0, such as the approach in
 * deciseconds with all its terms). */
typedef struct tq_fleet_pair {
    uint32_t vehicle;
    int32_t cost;
} tq_fleet_pair;

typedef struct tq_fleet_matching {
    uint32_t order_count, vehicle_count;
    const uint32_t *first_pair;  /* [order_count + 1], ascending */
    const tq_fleet_pair *pair;   /* of an order: each vehicle at most once */
    const int32_t *leave_cost;   /* [order_count], >= 0: of leaving the order for later */
    const int64_t *price_before; /* [vehicle_count] or NULL: prices of the last matching */
} tq_fleet_matching;

typedef struct tq_fleet_match_answer {
    uint32_t *vehicle_of_order; /* [order_count], TQ_NONE = left; memory of the caller */
    int64_t *price;             /* [vehicle_count] or NULL: to start the next matching from */
    int64_t cost;               /* of the whole, leave costs included */
    uint32_t matched;
} tq_fleet_match_answer;

#define TQ_FLEET_ORDERS_MAX   100000u
#define TQ_FLEET_VEHICLES_MAX 200000u

/**
 * The cheapest matching there is: each order gets one vehicle or is left, each vehicle at most one
 * order. Of equally cheap ones always the same for the same input; another order of the same pairs
 * or other prices to begin with give the same cost. Prices are 0 .. the largest leave cost.
 *
 * Scratch: about 64 bytes an order and a vehicle. TQ_NO_MEMORY when `work` is too small,
 * TQ_BAD_INPUT when pairs are out of order or range.
 */
tq_status tq_fleet_match(const tq_fleet_matching *in, tq_arena *work, tq_fleet_match_answer *out,
                         tq_err *err);

/* ---- insertion (insert*.c) -------------------------------------------------------------------
 *
 * Pooled service: requests come one after another, and each is put at once where it costs least.
 * A pool holds vehicles with their plans. A plan is a row of stops; all its times are the earliest
 * ones that keep every promise, pick-ups being put off where that shortens a ride.
 *
 * cost of a plan = drive_weight * driving
 *                + wait_weight  * sum over requests of weight * (pick-up - earliest)
 *                + delay_weight * sum over requests of weight * (drop-off - earliest - board -
 *                                                                direct time)
 * An insertion keeps the order of the stops that are already there, and of all places for pick-up
 * and drop-off on all vehicles it takes the one that adds least. Of equally cheap ones it takes the
 * lowest vehicle, then the earliest pick-up place, then the earliest drop-off place.
 *
 * No function here allocates but tq_fleet_pool_open. One thread a pool.
 */
#define TQ_FLEET_DIMS              4u
#define TQ_FLEET_POOL_TIME_MAX     (1 << 28) /* also «no limit» for latest times and rides */
#define TQ_FLEET_POOL_NODES_MAX    65535u
#define TQ_FLEET_POOL_VEHICLES_MAX 50000u
#define TQ_FLEET_POOL_REQUESTS_MAX 10000000u /* ids are smaller */
#define TQ_FLEET_POOL_STOPS_MAX    30u       /* of one plan, breaks included */
#define TQ_FLEET_POOL_BREAKS_MAX   4u
#define TQ_FLEET_POOL_LAYOUTS_MAX  32u   /* different conversion rules in one pool */
#define TQ_FLEET_POOL_UNITS_MAX    1000u /* capacity or load in one dimension */
#define TQ_FLEET_POOL_WEIGHT_MAX   1000u
#define TQ_FLEET_POOL_OFFERS_MAX   16u /* vehicles offered for one slot, reasons told */
#define TQ_FLEET_POOL_SLOTS_MAX    64u

/* Travel times between nodes: exactly one of `u16`, `i32` and `way` is not NULL. The tables belong
 * to the caller and must not change while a pool uses them; their diagonals are not read. */
typedef struct tq_fleet_pool_times {
    uint32_t node_count;
    const uint16_t *u16; /* [from * node_count + to], UINT16_MAX = no way        */
    const int32_t *i32;  /* the same, 0 .. TQ_FLEET_POOL_TIME_MAX, that one = no way   */
    int32_t (*way)(void *user, uint32_t from, uint32_t to);   /* time, below 0 = no way */
    int32_t (*least)(void *user, uint32_t from, uint32_t to); /* with `way`: never more than any
                                        way between them, also over other stops; NULL = 0 */
    void *user;
    int32_t triangle_slack; /* a way over a third node is never more than this shorter than the
                               direct one: 0 for true shortest times, 1 for rounded ones,
                               TQ_FLEET_POOL_TIME_MAX when nothing is known (exact, but slower) */
} tq_fleet_pool_times;

typedef struct tq_fleet_pool_config {
    uint32_t size;
    uint32_t vehicle_max, request_max;
    uint32_t drive_weight, wait_weight, delay_weight; /* <= TQ_FLEET_POOL_WEIGHT_MAX */
    size_t memory;                                    /* bytes that the pool may take */
} tq_fleet_pool_config;
tq_fleet_pool_config tq_fleet_pool_config_default(void);

/* A break starts in its window, lasts `duration`, and has at most `load_max` on board. */
typedef struct tq_fleet_pool_break {
    int32_t earliest, latest, duration;
    uint32_t node; /* TQ_NONE = wherever the vehicle is then */
    uint16_t load_max[TQ_FLEET_DIMS];
} tq_fleet_pool_break;

typedef enum tq_fleet_pool_order {
    TQ_FLEET_ANY_ORDER,
    TQ_FLEET_LAST_IN_FIRST_OUT
} tq_fleet_pool_order;

typedef struct tq_fleet_pool_vehicle {
    uint32_t node;       /* where it starts */
    int32_t from, until; /* shift; at `until` it is at end_node, or done with its last stop */
    uint32_t end_node;   /* TQ_NONE = anywhere */
    uint16_t capacity[TQ_FLEET_DIMS];
    uint16_t takes[TQ_FLEET_DIMS][TQ_FLEET_DIMS]; /* takes[a][b]: places of b that one unit of a
                                takes up besides its own: a wheelchair 2 seats; [a][a] is 0 */
    uint32_t skills;
    tq_fleet_pool_order order;
    uint32_t break_count;
    const tq_fleet_pool_break *breaks; /* in the order in which they are taken */
} tq_fleet_pool_vehicle;
tq_fleet_pool_vehicle tq_fleet_pool_vehicle_default(void); /* no shift, 4 seats, no skills */

/* A private ride takes the whole car, whatever its load; at a break it counts by its load. */
typedef enum tq_fleet_pool_sharing { TQ_FLEET_SHARED, TQ_FLEET_PRIVATE } tq_fleet_pool_sharing;

typedef struct tq_fleet_pool_request {
    uint32_t id;                 /* < request_max, not in a plan */
    uint32_t from_node, to_node; /* not the same */
    int32_t earliest, latest;    /* of the pick-up */
    int32_t arrive_latest;       /* of the drop-off, or TQ_FLEET_POOL_TIME_MAX */
    int32_t ride_max; /* from the end of boarding to the drop-off, or TQ_FLEET_POOL_TIME_MAX */
    uint32_t ride_permille; /* the same as a share of the direct time, or TQ_NONE */
    int32_t board, alight;  /* time at the stop; people at one stop board side by side */
    uint16_t load[TQ_FLEET_DIMS];
    uint16_t companions; /* added to load[0] */
    uint32_t skills;     /* the vehicle must have them all */
    uint32_t weight;     /* of its minutes, 1 .. TQ_FLEET_POOL_WEIGHT_MAX */
    tq_fleet_pool_sharing sharing;
    uint32_t vehicle; /* only this one, or TQ_NONE */
} tq_fleet_pool_request;
tq_fleet_pool_request tq_fleet_pool_request_default(void); /* one seat, weight 1, no limits */

/* Where a request goes. Also an offer: what a price and a promise are made from. */
typedef struct tq_fleet_pool_place {
    uint32_t vehicle;              /* TQ_NONE = nowhere; then the rest is 0 */
    uint32_t pick_stop, drop_stop; /* places in the new plan, from 0 */
    int32_t pick, drop;            /* start of boarding, arrival */
    int32_t direct;                /* time of the direct drive */
    int32_t drive_added;           /* driving that it adds */
    int64_t cost;    /* cost that it adds; may be below 0 where times break the triangle */
    uint32_t slot;   /* in an offer: which slot */
    uint32_t shares; /* other requests on board at some time of its ride */
} tq_fleet_pool_place;

typedef enum tq_fleet_pool_stop_kind {
    TQ_FLEET_STOP_PICK,
    TQ_FLEET_STOP_DROP,
    TQ_FLEET_STOP_BREAK
} tq_fleet_pool_stop_kind;

typedef struct tq_fleet_pool_stop {
    tq_fleet_pool_stop_kind kind;
    uint32_t vehicle, request; /* request TQ_NONE at a break */
    uint32_t node;             /* where the vehicle is then, also at a break */
    int32_t start;             /* boarding, arrival, start of the break */
    int32_t earliest, latest;  /* as promised, or stretched by tq_fleet_pool_move */
} tq_fleet_pool_stop;

typedef struct tq_fleet_pool tq_fleet_pool;

/** Bytes that a pool takes: mainly a turned copy of the table and 4 KB a vehicle. */
size_t tq_fleet_pool_bytes(const tq_fleet_pool_config *config, const tq_fleet_pool_times *times);
/** Make an empty pool. TQ_NO_MEMORY when `config->memory` is less than tq_fleet_pool_bytes. */
tq_status tq_fleet_pool_open(const tq_fleet_pool_config *config, const tq_fleet_pool_times *times,
                             tq_fleet_pool **out, tq_err *err);
void tq_fleet_pool_close(tq_fleet_pool *pool);

/** Add a vehicle with its breaks; refused when they do not fit into its shift. */
tq_status tq_fleet_pool_add(tq_fleet_pool *pool, const tq_fleet_pool_vehicle *vehicle,
                            uint32_t *index, tq_err *err);

/** Put a request where it adds least, and keep it there. TQ_OK with vehicle TQ_NONE when no vehicle
 * can take it. Exact: vehicles are passed over only when a lower bound rules them out. */
tq_status tq_fleet_insert(tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                          tq_fleet_pool_place *out, tq_err *err);

/* One time to be offered: it replaces the request's earliest, latest and arrive_latest. */
typedef struct tq_fleet_pool_slot {
    int32_t earliest, latest, arrive_latest;
} tq_fleet_pool_slot;

/** For each slot the `per_slot` cheapest vehicles, cheapest first; changes nothing. `out` has room
 * for slot_count * per_slot; *count is how many there are. */
tq_status tq_fleet_offer(tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                         const tq_fleet_pool_slot *slots, uint32_t slot_count, uint32_t per_slot,
                         tq_fleet_pool_place *out, uint32_t *count, tq_err *err);

/* What stands in the way. Amounts are times, or places for TQ_FLEET_BOUND_CAPACITY. */
#define TQ_FLEET_BOUND_MAP(X)                                                                      \
    X(NONE, "fits")                                                                                \
    X(PICKUP, "latest pick-up of the request")                                                     \
    X(DROPOFF, "latest arrival of the request")                                                    \
    X(RIDE, "longest ride of the request")                                                         \
    X(OTHER_PICKUP, "latest pick-up of another request")                                           \
    X(OTHER_DROPOFF, "latest arrival of another request")                                          \
    X(OTHER_RIDE, "longest ride of another request")                                               \
    X(BREAK, "latest start of a break")                                                            \
    X(SHIFT, "end of the shift")                                                                   \
    X(CAPACITY, "places in the vehicle")                                                           \
    X(BREAK_LOAD, "people on board during a break")                                                \
    X(PRIVATE, "a private ride")                                                                   \
    X(LIFO, "last in, first out")                                                                  \
    X(SKILL, "skills of the vehicle")                                                              \
    X(FULL, "number of stops in one plan")                                                         \
    X(SEVERAL, "more than one limit at once")
typedef enum tq_fleet_bound {
#define TQ_FLEET_BOUND_ENUM(name, text) TQ_FLEET_BOUND_##name,
    TQ_FLEET_BOUND_MAP(TQ_FLEET_BOUND_ENUM)
#undef TQ_FLEET_BOUND_ENUM
        TQ_FLEET_BOUNDS
} tq_fleet_bound;
const char *tq_fleet_bound_text(tq_fleet_bound bound);

/* Relaxing this one bound by `amount`, all others kept, lets the request in, and by one less does
 * not. */
typedef struct tq_fleet_relax {
    int32_t amount; /* < 0: this bound alone does not help; 0: a bound without amount */
    uint32_t who;   /* the other request; the dimension; the break, counted from the plan's first;
                       the missing skills */
} tq_fleet_relax;

typedef struct tq_fleet_why {
    uint32_t vehicle;
    int32_t reach;          /* earliest time at the pick-up, were the vehicle to drive there next */
    tq_fleet_bound binding; /* of those that help alone: the smallest time, else the first */
    tq_fleet_relax relax[TQ_FLEET_BOUNDS];
} tq_fleet_why;

/** Why the `nearest` (<= TQ_FLEET_POOL_OFFERS_MAX) vehicles can or can't take a request; changes
 * nothing. A separate, slower search: it schedules every place, several times over. */
tq_status tq_fleet_why_not(tq_fleet_pool *pool, const tq_fleet_pool_request *request,
                           uint32_t nearest, tq_fleet_why *out, uint32_t *count, tq_err *err);

/** Take a request out. TQ_NOT_FOUND when it is in no plan, TQ_STALE when it is on board. A vehicle
 * already driving there drives on to that place, unless tq_fleet_pool_move says where it is. */
tq_status tq_fleet_cancel(tq_fleet_pool *pool, uint32_t request, tq_err *err);

/** Let time pass: stops that start at or before `now` are done and told in `done` (per vehicle in
 * order). When *count == cap there may be more: call again. A leg that has begun is kept. */
tq_status tq_fleet_pool_advance(tq_fleet_pool *pool, int32_t now, tq_fleet_pool_stop *done,
                                uint32_t cap, uint32_t *count, tq_err *err);

/**
 * The vehicle will be (or is) free to go anywhere at `node` from `time` on. This is how a driving
 * vehicle can be diverted, and how an empty one is sent somewhere. When promises can no longer be
 * kept they are stretched as far as needed, and `late` (may be NULL) is the greatest stretch.
 * TQ_BAD_INPUT when the next stop can't be reached from there.
 */
tq_status tq_fleet_pool_move(tq_fleet_pool *pool, uint32_t vehicle, uint32_t node, int32_t time,
                             int32_t *late, tq_err *err);

/** The first `stops` stops of the plan stay first, whatever comes (the driver was told). */
tq_status tq_fleet_pool_keep(tq_fleet_pool *pool, uint32_t vehicle, uint32_t stops, tq_err *err);

/* A vehicle as it stands. */
typedef struct tq_fleet_pool_plan {
    uint32_t node; /* it can leave this node ... */
    int32_t time;  /* ... at this time */
    uint32_t stop_count, kept;
    int64_t cost;
    tq_fleet_pool_stop stop[TQ_FLEET_POOL_STOPS_MAX];
} tq_fleet_pool_plan;
tq_status tq_fleet_pool_read(const tq_fleet_pool *pool, uint32_t vehicle, tq_fleet_pool_plan *out,
                             tq_err *err);
/** Cheap form for a driving loop: its first stop and when it must leave for it. *stop_count may be
 * 0, then the rest is untouched. `vehicle` must exist. */
void tq_fleet_pool_next(const tq_fleet_pool *pool, uint32_t vehicle, uint32_t *stop_count,
                        uint32_t *node, int32_t *leave, int32_t *start);
uint32_t tq_fleet_pool_vehicle_of(const tq_fleet_pool *pool, uint32_t request); /* or TQ_NONE */

/* ---- balance (balance.c) --------------------------------------------------------------------- */

/* `count` idle vehicles at, or wanted at, one node. `gain`: what one wanted vehicle is worth, in
 * the unit of times; a node may stand in several rows with falling gains. */
typedef struct tq_fleet_idle {
    uint32_t node, count;
} tq_fleet_idle;
typedef struct tq_fleet_want {
    uint32_t node, count;
    int32_t gain;
} tq_fleet_want;
typedef struct tq_fleet_send {
    uint32_t idle, want, count; /* row of idle[], row of want[], vehicles */
} tq_fleet_send;

#define TQ_FLEET_BALANCE_ROWS_MAX  4096u
#define TQ_FLEET_BALANCE_CELLS_MAX (1u << 22) /* idle rows * want rows */

/**
 * Which idle vehicles go where: the greatest sum of (gain - time), sends longer than time_max left
 * out, by min-cost flow (successive shortest paths with potentials). Exact; always the same answer.
 *
 * @param out   room for idle_count + want_count sends; by idle row, then want row
 * Scratch: 4 bytes for each (idle row, want row) and 48 a row.
 */
tq_status tq_fleet_rebalance(const tq_fleet_pool_times *times, const tq_fleet_idle *idle,
                             uint32_t idle_count, const tq_fleet_want *want, uint32_t want_count,
                             int32_t time_max, tq_arena *work, tq_fleet_send *out, uint32_t *count,
                             int64_t *gain, tq_err *err);

/* ---- planning (plan*.c) ------------------------------------------------------------------------
 */

/*
 * Whole routes: tasks (a job at one place, or a shipment from one place to another in the same
 * vehicle) on vehicles, with several time windows, setup and service, loads in several dimensions,
 * skills, priorities, breaks, limits, ride times, last in first out, and routes begun already.
 */
#define TQ_FLEET_LOADS_MAX         8u
#define TQ_FLEET_BREAKS_MAX        8u
#define TQ_FLEET_WINDOWS_MAX       64u /* of one stop */
#define TQ_FLEET_TASKS_MAX         20000u
#define TQ_FLEET_PLACES_MAX        20000u
#define TQ_FLEET_ROUTES_MAX        5000u
#define TQ_FLEET_PROFILES_MAX      64u
#define TQ_FLEET_PRIORITY_MAX      100u
#define TQ_FLEET_TIME_MAX          ((int64_t)1 << 50) /* any instant and duration, either sign */
#define TQ_FLEET_ANY               INT64_MAX          /* no limit */
#define TQ_FLEET_NO_WAY            INT32_MAX          /* cell of a matrix: not connected */
#define TQ_FLEET_CELL_MAX          ((int32_t)1 << 30) /* any other cell */
#define TQ_FLEET_VISIT(task, stop) (2u * (task) + (stop))

typedef struct tq_fleet_window {
    int64_t from, to;
} tq_fleet_window;

typedef struct tq_fleet_stop {
    uint32_t place;
    uint32_t first_window, window_count; /* in problem.window, ascending, apart; 0 = any time */
    int64_t setup;                       /* only when one comes from another place */
    int64_t service;
} tq_fleet_stop;

typedef enum tq_fleet_kind { TQ_FLEET_JOB, TQ_FLEET_SHIPMENT } tq_fleet_kind;

typedef struct tq_fleet_task {
    tq_fleet_kind kind;
    uint32_t priority;                 /* 0 .. TQ_FLEET_PRIORITY_MAX */
    tq_fleet_stop stop[2];             /* job: [0]; shipment: pickup, delivery */
    int32_t load[TQ_FLEET_LOADS_MAX];  /* >= 0: carried on, from stop[0] */
    int32_t drop[TQ_FLEET_LOADS_MAX];  /* job only: on board from the start, left here */
    uint32_t first_skill, skill_count; /* in problem.skill, ascending */
    int64_t ride_max; /* shipment: end of service at pickup to begin at delivery; TQ_FLEET_ANY */
} tq_fleet_task;

typedef struct tq_fleet_break {
    uint32_t first_window, window_count;
    int64_t service;
    int32_t load_max[TQ_FLEET_LOADS_MAX]; /* INT32_MAX = any */
} tq_fleet_break;

typedef struct tq_fleet_vehicle {
    uint32_t profile;
    uint32_t work_type;  /* row of problem.work */
    uint32_t start, end; /* places, TQ_NONE = wherever its first or last task is */
    double speed_factor; /* times are divided by it, > 0 */
    int32_t capacity[TQ_FLEET_LOADS_MAX];
    uint32_t first_skill, skill_count;
    uint32_t first_break, break_count; /* in problem.rest; taken in any order */
    tq_fleet_window shift;
    uint32_t tasks_max; /* TQ_NONE = any; a shipment is two */
    int64_t travel_max, distance_max, duration_max;
    int64_t fixed;            /* cost of using it at all, in cost units */
    double per_hour, per_km;  /* in whole costs; not used when the profile has costs of its own */
    bool lifo;                /* shipments are unloaded in the reverse order of loading */
    uint32_t committed_count; /* stops at the head of its route in the start plan that stay */
} tq_fleet_vehicle;

/* Setup and service for one type of vehicle. */
typedef struct tq_fleet_work {
    int64_t setup, service;
} tq_fleet_work;

/* Matrices of a kind of vehicle, [place_count * place_count] row by row. */
typedef struct tq_fleet_profile {
    const int32_t *time, *distance;
    const int32_t *cost; /* NULL = from per_hour and per_km */
} tq_fleet_profile;

typedef struct tq_fleet_problem {
    uint32_t place_count, task_count, vehicle_count, profile_count, load_count;
    uint32_t window_count, skill_count, break_count;
    uint32_t time_unit;     /* units of time a second */
    uint32_t distance_unit; /* units of distance a metre */
    uint32_t cost_unit;     /* units of cost a whole one */
    const tq_fleet_task *task;
    const tq_fleet_vehicle *vehicle;
    const tq_fleet_profile *profile;
    const tq_fleet_window *window;
    const uint32_t *skill;
    const tq_fleet_break *rest;
    uint32_t work_type_count;
    const tq_fleet_work *work; /* [work_type_count * 2 * task_count] by type and visit; NULL = as
                                  the stops say for all */
} tq_fleet_problem;

/* Routes: the visits (TQ_FLEET_VISIT) of vehicle v are visit[first[v]] .. visit[first[v + 1]]. */
typedef struct tq_fleet_plan {
    uint32_t vehicle_count;
    uint32_t *first; /* [vehicle_count + 1] */
    uint32_t *visit;
} tq_fleet_plan;

/* Plans are compared in this order. */
typedef struct tq_fleet_score {
    uint64_t lost;       /* tasks left out: priorities first, then number */
    uint32_t unserved;   /* tasks left out */
    uint32_t vehicles;   /* compared with TQ_FLEET_FEWEST only */
    int64_t cost;        /* in cost units, fixed costs included */
    uint64_t iterations; /* done; not compared */
} tq_fleet_score;

typedef enum tq_fleet_goal { TQ_FLEET_CHEAPEST, TQ_FLEET_FEWEST } tq_fleet_goal;

typedef struct tq_fleet_plan_options {
    uint32_t size;
    tq_fleet_goal goal;
    uint64_t seed;
    uint64_t iterations;         /* 0 = none but as `spent` says */
    double (*spent)(void *user); /* share of the budget used, 1 or more = stop; NULL = iterations
                                    alone; one of the two must be given */
    void *user;
    const tq_fleet_plan *start; /* or NULL; kept if nothing better is found */
} tq_fleet_plan_options;
void tq_fleet_plan_default(tq_fleet_plan_options *options);

/**
 * Plan all routes. Never worse than options->start with the tasks that it leaves out put in at
 * their cheapest places. The same input, seed and iterations give the same plan; with `spent` the
 * answer depends on when it says stop. Allocates; free the plan with tq_fleet_plan_free.
 *
 * TQ_BAD_INPUT names the first thing in the problem or start plan that breaks a rule.
 * Threads: several calls at once may share a problem; tq_fleet_score_compare picks the best.
 * Method: ruin and recreate by adjacent strings, greedy insertion with blinks, simulated annealing,
 * fleet stage with absence counters (Christiaens, Vanden Berghe 2020); docs/design/dispatch.md.
 */
tq_status tq_fleet_plan_make(const tq_fleet_problem *problem, const tq_fleet_plan_options *options,
                             tq_fleet_plan *out, tq_fleet_score *score, tq_err *err);
void tq_fleet_plan_free(tq_fleet_plan *plan);
/** < 0 when `a` is better. */
int tq_fleet_score_compare(tq_fleet_goal goal, const tq_fleet_score *a, const tq_fleet_score *b);

/** All numbers in range, indices, orders, overflow; `what` and place in the error. */
tq_status tq_fleet_problem_check(const tq_fleet_problem *problem, tq_err *err);

/* What happens on a route, one row a step, breaks included. */
typedef enum tq_fleet_step_kind {
    TQ_FLEET_START,
    TQ_FLEET_AT_JOB,
    TQ_FLEET_AT_PICKUP,
    TQ_FLEET_AT_DELIVERY,
    TQ_FLEET_BREAK,
    TQ_FLEET_END
} tq_fleet_step_kind;
typedef struct tq_fleet_step {
    tq_fleet_step_kind kind;
    uint32_t task;  /* or the number of the break of this vehicle */
    uint32_t place; /* TQ_NONE = no place of its own */
    int64_t arrival, wait, setup, service;
    int64_t travel, distance;         /* since the start */
    int32_t load[TQ_FLEET_LOADS_MAX]; /* when leaving */
} tq_fleet_step;

/* The steps of all routes: those of vehicle v are step[first[v]] .. step[first[v + 1]], none for a
 * vehicle that stays. */
typedef struct tq_fleet_schedule {
    uint32_t vehicle_count;
    uint32_t *first; /* [vehicle_count + 1] */
    tq_fleet_step *step;
    int64_t *cost; /* [vehicle_count] in cost units, fixed cost included */
} tq_fleet_schedule;
/**
 * When everything happens: routes leave as late as their earliest end allows. TQ_BAD_INPUT names
 * vehicle, step and constraint when a route breaks one. Allocates; free with
 * tq_fleet_schedule_free.
 */
tq_status tq_fleet_schedule_make(const tq_fleet_problem *problem, const tq_fleet_plan *plan,
                                 tq_fleet_schedule *out, tq_err *err);
void tq_fleet_schedule_free(tq_fleet_schedule *schedule);

/* The constraint that keeps a task out, the most telling first. */
typedef enum tq_fleet_reason {
    TQ_FLEET_NO_SKILL,    /* no vehicle has its skills */
    TQ_FLEET_NO_CAPACITY, /* no vehicle with them is large enough, even empty */
    TQ_FLEET_NO_PATH,     /* no way there and back */
    TQ_FLEET_NO_TIME,     /* no empty vehicle can do it in its windows and the shift */
    TQ_FLEET_NO_LIMIT,    /* over max_tasks, max_travel_time, max_distance, ride or duration */
    TQ_FLEET_NO_ROOM      /* an empty vehicle could, but those that could are busy */
} tq_fleet_reason;
tq_status tq_fleet_why_unserved(const tq_fleet_problem *problem, const uint32_t *task,
                                uint32_t count, tq_fleet_reason *reason, tq_err *err);
const char *tq_fleet_reason_name(tq_fleet_reason reason); /* "skills", "capacity", ... */
const char *tq_fleet_reason_text(tq_fleet_reason reason); /* a sentence */

/* ---- problems (problem*.c) ---------------------------------------------------------------------
 */

typedef enum tq_fleet_form {
    TQ_FLEET_VROOM,
    TQ_FLEET_LILIM,
    TQ_FLEET_DARP,
    TQ_FLEET_SOLOMON
} tq_fleet_form;

#define TQ_FLEET_FILE_MAX ((size_t)256 << 20)

typedef struct tq_fleet_place {
    bool has_point;
    double lon, lat; /* x and y in the text forms */
    uint32_t index;  /* location_index as given, TQ_NONE = none */
} tq_fleet_place;

/* A problem as read, with what the answer must say again. Owns its memory. */
typedef struct tq_fleet_file tq_fleet_file;

/** Read bytes into a problem. Errors name the line, or the path of the field in the JSON. */
tq_status tq_fleet_file_read(tq_fleet_form form, const char *bytes, size_t len, tq_fleet_file **out,
                             tq_err *err);
void tq_fleet_file_free(tq_fleet_file *file); /* NULL is fine */
const tq_fleet_problem *tq_fleet_file_problem(const tq_fleet_file *file);
const tq_fleet_place *tq_fleet_file_place(const tq_fleet_file *file, uint32_t place);
/** The start plan that `steps` describe; NULL when there are none. */
const tq_fleet_plan *tq_fleet_file_start(const tq_fleet_file *file);
/** Fewest vehicles is what the text forms but the DARP one are judged by. */
tq_fleet_goal tq_fleet_file_goal(const tq_fleet_file *file);
/** Profiles that wait for matrices from the streets: their names; then give them. Cells are seconds
 * and metres, TQ_FLEET_NO_WAY = none, [place_count * place_count]; copied. */
bool tq_fleet_file_needs_times(const tq_fleet_file *file, uint32_t profile);
const char *tq_fleet_file_profile_name(const tq_fleet_file *file, uint32_t profile);
tq_status tq_fleet_file_give_times(tq_fleet_file *file, uint32_t profile, const int32_t *time_ds,
                                   const int32_t *distance_dm, tq_err *err);

typedef struct tq_fleet_answer {
    const tq_fleet_plan *plan;
    int64_t loading_ms, solving_ms, routing_ms;
    const tq_str *geometry; /* [vehicle_count] encoded lines of routes, or NULL */
    bool distances;         /* say metres too */
} tq_fleet_answer;
/** The answer in VROOM's form; text forms are answered in it too, with their ids. */
tq_status tq_fleet_file_write(const tq_fleet_file *file, const tq_fleet_answer *answer, tq_buf *out,
                              tq_err *err);
/** Distance of a plan by the coordinates of a text form, in double precision. */
double tq_fleet_file_distance(const tq_fleet_file *file, const tq_fleet_plan *plan);

/* ---- staffing (staffing.c) --------------------------------------------------------------------
 */

#define TQ_FLEET_SEATS_MAX 10000u
#define TQ_FLEET_CALLS_MAX 1e7 /* an hour */
#define TQ_FLEET_TALK_MAX  86400.0

/* A desk whose callers wait in one line, in order, and never give up: the cautious reading. */
typedef struct tq_fleet_queue {
    bool stable;           /* more seats than talk; else everyone waits, and ever longer */
    double wait_share;     /* of callers who do not find a free seat */
    double answered_share; /* of callers who are answered within `within_s` */
    double mean_wait_s;    /* of all callers; HUGE_VAL when not stable */
    double occupancy;      /* of a seat, 0 .. 1 */
} tq_fleet_queue;

/**
 * Erlang C: calls come at random, `calls_per_hour` of them, each takes `talk_s` on average,
 * exponentially spread. Cost: O(seats).
 */
tq_status tq_fleet_erlang_c(double calls_per_hour, double talk_s, uint32_t seats, double within_s,
                            tq_fleet_queue *out, tq_err *err);
/** The least number of seats that answers `share` (0 .. below 1) of the calls within `within_s`.
 * TQ_LIMIT when TQ_FLEET_SEATS_MAX are not enough. */
tq_status tq_fleet_seats(double calls_per_hour, double talk_s, double share, double within_s,
                         uint32_t *seats, tq_err *err);

/* ---- demand (demand*.c) ------------------------------------------------------------------------
 *
 * A day of calls and orders drawn from a recipe. Whatever is shown of it is to be labelled
 * TQ_FLEET_DEMAND_LABEL.
 */
#define TQ_FLEET_DEMAND_LABEL      "generated"
#define TQ_FLEET_DEMAND_PLACES_MAX 4096u
#define TQ_FLEET_DEMAND_MAX        2000000u /* calls and orders of a day */
#define TQ_FLEET_LEARN_BYTES_MAX   ((size_t)256 << 20)
#define TQ_FLEET_LEARN_TRIPS_MAX   5000000u
#define TQ_FLEET_QUANTILES         21u /* least, 5 %, 10 % .. 95 %, most */

/* What real trips tell. */
typedef struct tq_fleet_learned {
    uint32_t trips, left_out; /* left out: shorter than a minute or longer than three hours */
    uint32_t vehicles;
    uint32_t hour_trips[24];                 /* begun in that hour of the day */
    uint32_t distance_m[TQ_FLEET_QUANTILES]; /* ascending */
    uint32_t duration_s[TQ_FLEET_QUANTILES]; /* ascending */
    uint32_t mean_distance_m, mean_duration_s;
    uint32_t below_2_km, below_3_km; /* trips */
} tq_fleet_learned;

/**
 * Learn from a table of trips: a head line with the columns VehicleNum, Stime, Etime (YYYY-MM-DD
 * hh:mm:ss, local time) and distance (metres), then a line a trip; fields are parted by commas and
 * not quoted. TQ_BAD_INPUT names line and value. Allocates.
 */
tq_status tq_fleet_learn(tq_str text, tq_fleet_learned *out, tq_err *err);
/** What tq_fleet_learn says about 10,619 orders of Shenzhen taxis on 2020-01-20. */
const tq_fleet_learned *tq_fleet_learned_default(void);

typedef enum tq_fleet_place_kind {
    TQ_FLEET_HOMES, /* a centre of population */
    TQ_FLEET_HOSPITAL,
    TQ_FLEET_STATION,
    TQ_FLEET_MARKET
} tq_fleet_place_kind;

typedef struct tq_fleet_demand_place {
    int32_t lat_e7, lon_e7;
    uint32_t weight;   /* how many trips begin or end here, against the others */
    uint32_t spread_m; /* people stand up to this far from the point */
    tq_fleet_place_kind kind;
} tq_fleet_demand_place;

typedef enum tq_fleet_lengths {
    TQ_FLEET_GRAVITY_LENGTHS, /* destinations lose weight with e^(-km / scale) */
    TQ_FLEET_LEARNED_LENGTHS  /* each twentieth of the learned distances gets its twentieth */
} tq_fleet_lengths;

/* Of phone callers, or of people with an app. Shares in permille. */
typedef struct tq_fleet_demand_group {
    uint32_t hour_weight[24];
    uint32_t elder, wheelchair, hospital, booked, no_show;
} tq_fleet_demand_group;

typedef struct tq_fleet_demand {
    uint32_t size;
    uint64_t seed;
    int64_t day_ms; /* midnight that the day begins with, ms UTC; always 24 hours */
    uint32_t phone_calls, app_orders;
    uint32_t calls_to_orders; /* permille; the others only ask something */
    tq_fleet_demand_group phone, app;
    uint32_t book_from_s, book_until_s; /* booked this long ahead */
    tq_fleet_lengths lengths;           /* of all but elders, whose are by gravity */
    uint32_t gravity_m, elder_gravity_m;
    uint32_t detour; /* permille of the straight line that a road is */
    const tq_fleet_learned *learned;
    uint32_t patience_s, elder_patience_s;    /* mean, until a vehicle is named */
    uint32_t cancel_above_s, cancel;          /* named, but later than that: permille who cancel */
    uint32_t refused, short_refused, short_m; /* permille of offers that drivers refuse */
    uint32_t board_s, elder_board_s, wheelchair_board_s;
} tq_fleet_demand;
/** docs/design/dispatch.md says which of these numbers are known and which are assumed. */
void tq_fleet_demand_default(tq_fleet_demand *demand);

typedef enum tq_fleet_channel {
    TQ_FLEET_PHONE_ORDER,
    TQ_FLEET_PHONE_QUESTION, /* a call that becomes no order: only call_ms and elder are set */
    TQ_FLEET_APP_ORDER
} tq_fleet_channel;

#define TQ_FLEET_STAYS UINT32_MAX /* cancels_if_wait_above_s: whatever the wait */

typedef struct tq_fleet_demand_order {
    int64_t call_ms;
    int64_t booked_for_ms; /* when `booked` */
    tq_fleet_channel channel;
    uint32_t from_place, to_place; /* rows of the places */
    int32_t from_lat_e7, from_lon_e7, to_lat_e7, to_lon_e7;
    uint32_t straight_m;
    uint32_t patience_s; /* gives up when no vehicle is named by then */
    uint32_t cancels_if_wait_above_s;
    uint32_t board_s;
    uint16_t refused_permille; /* chance that a driver to whom it is offered refuses */
    bool elder, wheelchair, hospital, booked, no_show;
} tq_fleet_demand_order;

/**
 * Draw a day: exactly phone_calls + app_orders rows, by instant. The same input gives the same
 * bytes. Allocates.
 *
 * @param out  room for phone_calls + app_orders
 * TQ_BAD_INPUT names the number, or the place, that cannot be. Hospital trips need a hospital, all
 * trips two other places with weight.
 */
tq_status tq_fleet_demand_make(const tq_fleet_demand *demand, const tq_fleet_demand_place *place,
                               uint32_t place_count, tq_fleet_demand_order *out, tq_err *err);

#endif
