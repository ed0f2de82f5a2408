/*
 * Inside of planning: the problem as arrays by stop, and routes with what makes an insertion cheap.
 *
 * Stops: visit (2 * task + end) for the tasks, then start and end of each vehicle. A stop without a
 * place stands at the place "nowhere", from and to which all ways are 0.
 *
 * Light test: begin and leave forward, the latest begin backward, loads; exact where a route has no
 * breaks, ride times, longest duration or setup times, and never too strict elsewhere. There the
 * whole route is tested (plan_times.c) before an insertion counts.
 */
#ifndef TQ_PLAN_IN_H
#define TQ_PLAN_IN_H

#include "fleet/fleet.h"

#define PLAN_NEVER     ((int64_t)1 << 60)
#define PLAN_COST_NONE ((int64_t)1 << 60)

/* What it takes to go from one place to another for a class of vehicles. */
typedef struct plan_cell {
    int32_t time, cost;
} plan_cell;

/* Vehicles with the same cells. */
typedef struct plan_class {
    uint32_t profile;
    uint32_t work_type;
    double speed_factor, per_hour, per_km;
    int64_t *service, *setup; /* [stop] */
    plan_cell *cell;          /* [(place_count + 1) ^ 2], the last place is nowhere */
    plan_cell *back; /* the same by the place one goes to; cell itself when they are alike */
    const int32_t *distance; /* of the profile */
} plan_class;

/* Breaks taken so far, see plan_rests.c. */
typedef struct plan_rest_set {
    int64_t service;                   /* of those in the set */
    uint8_t next[TQ_FLEET_BREAKS_MAX]; /* row after taking the k-th break too; 0 = not now */
} plan_rest_set;

typedef struct plan_rests {
    uint32_t first, count; /* rows of rest_sets; row 0 of them is none, the last all */
} plan_rests;

typedef struct plan_model {
    const tq_fleet_problem *problem;
    uint32_t stop_count, task_stops; /* visits are the stops < task_stops */
    uint32_t width;                  /* of a row of cells */
    uint32_t loads;
    bool has_setup, has_no_way, has_choice; /* choice: some stop has several windows */
    uint32_t *place;                        /* [stop] */
    int64_t *from, *to;                     /* [stop] first begin, last begin */
    uint32_t *first_window, *windows;       /* [stop]; windows <= 1: from and to say all */
    int32_t *carry;        /* [stop * loads] change of the load there (shipments and job pickups) */
    int32_t *drop;         /* [task * loads] of jobs, on board from the start */
    uint8_t *has_job_load; /* [task] 1: a job that drops or carries */
    int64_t *ride_max;     /* [task] */
    plan_class *class_row;
    uint32_t class_count;
    uint32_t *class_of, *type_of; /* [vehicle]; vehicles of one type are alike */
    uint32_t type_count;
    uint32_t *type_first;  /* [type] a vehicle of it */
    uint8_t *whole;        /* [vehicle] its routes need the whole test */
    uint8_t *fits;         /* [task * type_count + type] skills and size allow it at all */
    uint64_t *lost_weight; /* [task] */
    uint32_t *near;        /* [near_count * task_stops] visits by nearness */
    uint32_t near_count;
    uint32_t *close;      /* [close_count * task_stops] visits that may well stand next to each */
    uint32_t close_count; /* 0: few tasks, all are looked at */
    uint32_t breaks_max;
    plan_rests *rests; /* [vehicle] */
    TQ_VEC(plan_rest_set) rest_sets;
    uint32_t rest_states_max;
} plan_model;

static inline bool plan_is_visit(const plan_model *model, uint32_t stop)
{
    return stop < model->task_stops;
}
static inline uint32_t plan_start_of(const plan_model *model, uint32_t vehicle)
{
    return model->task_stops + 2 * vehicle;
}
static inline plan_cell plan_way(const plan_model *model, const plan_class *of, uint32_t a,
                                 uint32_t b)
{
    return of->cell[(size_t)model->place[a] * model->width + model->place[b]];
}
/* Setup counts only when one comes from another place. */
static inline int64_t plan_work(const plan_model *model, const plan_class *of, uint32_t before,
                                uint32_t stop)
{
    if (!model->has_setup || model->place[before] == model->place[stop]) return of->service[stop];
    return of->service[stop] + of->setup[stop];
}
int64_t plan_window_after(const plan_model *model, uint32_t stop, int64_t time);
int64_t plan_window_before(const plan_model *model, uint32_t stop, int64_t time);
/* First begin at or after `time`; PLAN_NEVER = too late. */
static inline int64_t plan_begin(const plan_model *model, uint32_t stop, int64_t time)
{
    if (time > model->to[stop]) return PLAN_NEVER;
    if (time <= model->from[stop]) return model->from[stop];
    return model->windows[stop] <= 1 ? time : plan_window_after(model, stop, time);
}
/* Last begin at or before `time`; -PLAN_NEVER = too early. */
static inline int64_t plan_latest(const plan_model *model, uint32_t stop, int64_t time)
{
    if (time < model->from[stop]) return -PLAN_NEVER;
    if (time >= model->to[stop]) return model->to[stop];
    return model->windows[stop] <= 1 ? time : plan_window_before(model, stop, time);
}

tq_status plan_model_make(const tq_fleet_problem *problem, plan_model *out, tq_err *err);
tq_status plan_model_near(plan_model *model, tq_err *err);
void plan_model_free(plan_model *model);
bool plan_skills_fit(const tq_fleet_problem *problem, const tq_fleet_task *task,
                     const tq_fleet_vehicle *vehicle);

bool plan_rests_make(plan_model *model);
/* Breaks on the way between two stops. */
typedef struct plan_rest_way {
    int64_t done[1u << TQ_FLEET_BREAKS_MAX]; /* [set] end of the last break; PLAN_NEVER */
    uint8_t from[1u << TQ_FLEET_BREAKS_MAX], by[1u << TQ_FLEET_BREAKS_MAX]; /* last set and break */
} plan_rest_way;
/** From the set `had`, free to leave at `time`: every set from it on. */
void plan_rest_leg(const plan_model *model, uint32_t vehicle, const int32_t *load, uint32_t had,
                   int64_t time, plan_rest_way *way);

typedef struct plan_route {
    uint32_t vehicle;
    uint32_t len, cap;                  /* stops, start and end included; an empty route has 2 */
    uint32_t fixed;                     /* visits at the head that stay */
    uint64_t version;                   /* the same only for the same stops */
    uint32_t *stop;                     /* [len] */
    int64_t *begin, *leave, *late;      /* [len] light: earliest begin and leaving, latest begin */
    int64_t *from, *work;               /* [len] first begin; setup and service there */
    uint32_t *place;                    /* [len] */
    plan_cell *way;                     /* [len - 1] to the stop behind; of an unused route 0 */
    int32_t *load;                      /* [len * loads] when leaving */
    int32_t *peak_before, *peak_behind; /* [len * loads] greatest load at 0..k and k..end */
    int64_t cost, travel, distance;     /* fixed cost not included */
} plan_route;

bool plan_route_room(const plan_model *model, plan_route *route, uint32_t len);
void plan_route_free(plan_route *route);
/** Fill all but stop, len, fixed; false when the light test fails or there is no way. */
bool plan_route_fill(const plan_model *model, plan_route *route);
void plan_route_copy(const plan_model *model, plan_route *to, const plan_route *from);

/* Scratch of the whole test. */
typedef struct plan_scratch {
    int64_t *begin, *lower;             /* [len] */
    int64_t *state;                     /* [len * sets] earliest begin by breaks taken */
    uint8_t *came;                      /* [len * sets] set at the stop before */
    uint8_t *rests;                     /* [len] set of the best way through them */
    uint32_t *at;                       /* [task] index of the first stop in the route */
    uint32_t *stop;                     /* [len] a route that is tried */
    int64_t *from, *work;               /* [len] first begin; setup and service there */
    uint32_t *place;                    /* [len] */
    plan_cell *way;                     /* [len - 1] to the stop behind; of an unused route 0 */
    int32_t *load;                      /* [len * loads] */
    int64_t *cost_there, *least_behind; /* [len] of insertion */
    uint32_t cap;
    bool open_free; /* look away from the fixed cost of an unused vehicle */
} plan_scratch;
bool plan_scratch_make(const plan_model *model, plan_scratch *scratch);
void plan_scratch_free(plan_scratch *scratch);

typedef enum plan_fault {
    PLAN_GOOD,
    PLAN_LATE,
    PLAN_OVERLOAD,
    PLAN_UNCONNECTED,
    PLAN_REST,
    PLAN_RIDE,
    PLAN_DURATION,
    PLAN_TRAVEL,
    PLAN_DISTANCE,
    PLAN_TASKS,
    PLAN_ORDER,
    PLAN_LIFO
} plan_fault;

/** Whole test of the times of a sequence: scratch->begin gets the earliest begins. `load` is the
 * load when leaving each stop, for breaks; NULL when the vehicle has none. scratch->rests gets the
 * set of breaks taken before each stop. `leave_from`: not before. */
plan_fault plan_times(const plan_model *model, uint32_t vehicle, const uint32_t *stop, uint32_t len,
                      const int32_t *load, int64_t leave_from, plan_scratch *scratch);
/** Every rule for a sequence of one vehicle; *at is the index of the stop that breaks it. */
plan_fault plan_route_check(const plan_model *model, const plan_route *route, plan_scratch *scratch,
                            uint32_t *at);
const char *plan_fault_name(plan_fault fault);

/* The cheapest place for a task in a route: behind the stops with these indices. */
typedef struct plan_place {
    int64_t cost;
    uint32_t pickup, delivery;
} plan_place;

typedef struct plan_dice {
    uint64_t state;
} plan_dice;
static inline uint32_t plan_roll(plan_dice *dice)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (uint32_t)(dice->state >> 32);
}
static inline uint32_t plan_below(plan_dice *dice, uint32_t limit)
{
    return (uint32_t)(((uint64_t)plan_roll(dice) * limit) >> 32);
}
static inline double plan_share(plan_dice *dice)
{
    return (plan_roll(dice) + 0.5) / 4294967296.0;
}

/** Cheapest insertion that costs less than `bound`; cost PLAN_COST_NONE when there is none. `blink`
 * in 2^32: places are passed over with that chance. */
plan_place plan_insert_find(const plan_model *model, const plan_route *route, uint32_t task,
                            int64_t bound, uint32_t blink, plan_dice *dice, plan_scratch *scratch);
/** Put the task there; the route has room. Does not fill. */
void plan_insert_do(const plan_model *model, plan_route *route, uint32_t task, plan_place place);

/* The search (plan_search.c, plan_recreate.c). */
typedef struct plan_kept {
    uint64_t version; /* of the route that it was found in */
    int64_t cost;     /* of the best, or a bound below which there is none */
    uint32_t pickup, delivery;
    bool exact;
} plan_kept;

typedef struct plan_state {
    const plan_model *model;
    const tq_fleet_plan_options *options;
    plan_dice dice;
    plan_scratch scratch;
    plan_route *route, *saved; /* [vehicle]; saved: as before this round */
    uint8_t *touched;          /* [vehicle] */
    uint32_t *touched_list, touched_count;
    uint32_t *vehicle_of; /* [task] TQ_NONE = absent */
    uint8_t *locked;      /* [task] in the committed head of a route */
    uint32_t *absent, absent_count;
    uint32_t *absent_before, absent_before_count;
    uint64_t *times_absent;               /* [task] */
    uint64_t *key;                        /* [task] of the order of insertion */
    uint32_t *used, used_count, *slot_of; /* vehicles with tasks, any order */
    uint32_t *empty_of;                   /* [type] an empty vehicle, TQ_NONE */
    uint32_t *chosen, chosen_count;       /* vehicles with a visit close to a task, nearest first */
    uint32_t *chosen_mark, chosen_now;    /* [vehicle] */
    uint32_t vehicles_max;
    uint32_t focus, focus_left; /* visit around which the next rounds work */
    uint32_t banned;            /* vehicle that takes nothing in this round, TQ_NONE */
    plan_kept *kept;            /* [task * vehicle_count], or NULL */
    uint64_t version_next;
    uint32_t *mark, mark_now; /* [task] */
    tq_fleet_score best;
    uint32_t *best_first, *best_visit;
    int64_t cost; /* of all routes, fixed costs included */
    uint64_t lost;
    double spent_last;
    bool broken; /* a committed head can't stand alone: take the round back */
} plan_state;

/** Copy a route before it changes; false = no memory, and it must not change. */
bool plan_touch(plan_state *state, uint32_t vehicle);
void plan_take_out(plan_state *state, const uint32_t *task, uint32_t count);
void plan_recreate(plan_state *state, uint32_t blink);
void plan_lists(plan_state *state);
void plan_improve(plan_state *state);
void plan_keep_best(plan_state *state);
void plan_load_best(plan_state *state);
/** Share of the budget that is used; `now`: ask the caller, whatever the round. */
double plan_share_spent(plan_state *state, bool now);
/** One round of ruin and recreate; `heat` of the cost may be lost. What is left out never grows. */
void plan_round(plan_state *state, double heat);

/* A route with some tasks out for a trial (plan_gap.c). */
#define PLAN_GAP_MAX 3u /* tasks */
typedef struct plan_gap {
    const plan_route *route;
    uint32_t *next, *before; /* [len] stops that are left */
    int64_t *late;           /* [len] latest begins of the last question */
    uint32_t count, pickup[PLAN_GAP_MAX], delivery[PLAN_GAP_MAX]; /* stops that are out */
} plan_gap;
bool plan_gap_make(const plan_model *model, plan_gap *gap);
void plan_gap_free(plan_gap *gap);
void plan_gap_open(plan_gap *gap, const plan_route *route);
void plan_gap_take(plan_gap *gap, uint32_t pickup, uint32_t delivery);
/** The one that was taken last. */
void plan_gap_put_back(plan_gap *gap);
/** Does the shipment fit? At least one task is out, and all are shipments. */
bool plan_gap_takes(const plan_model *model, const plan_gap *gap, uint32_t task);

/* Fewer vehicles by an ejection pool (plan_eject.c). */
bool plan_eject_can(const plan_state *state);
/** From a plan that serves all, until the share is spent or no more than `enough` vehicles serve
 * all; ends with such a plan, or with the best. Routes are mixed by ruin and recreate or by random
 * moves. */
void plan_eject(plan_state *state, double until, bool by_ruin, uint32_t enough);

#endif
