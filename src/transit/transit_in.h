/*
 * transit, private: the layout of a service day and the state of a search.
 *
 * Relative time: inside a search a time is an int32 number of seconds away from the query's time,
 * growing in the direction of search: t - time_s when it leaves after, time_s - t when it arrives
 * by. So one engine serves both; «enter» and «leave» a ride mean board and alight forward, alight
 * and board backward. Walking labels count millimetres: seconds * walk_mm_s + millimetres walked.
 * They are exact for every speed, and a stop is reached in the first whole second that is not
 * before its label.
 */
#ifndef TQ_TRANSIT_IN_H
#define TQ_TRANSIT_IN_H

#include "transit/transit.h"

/* A day's layout holds every trip that touches this time of it: enough for what is still under way
   from the evening before, and for a search of half a day from the last second of the day. */
#define DAY_FROM_S (-4 * 3600)
#define DAY_TO_S   (36 * 3600)
/* Service days that can touch it: times may pass 24:00, and clocks may shift. */
#define DAY_BEFORE   2
#define DAY_AFTER    2
#define DAY_RUNS_MAX (UINT32_C(1) << 24)
/* Live runs that one day can hold, and of them added ones. */
#define LIVE_RUNS_MAX  (UINT32_C(1) << 20)
#define LIVE_ADDED_MAX (UINT32_C(1) << 16)

/* Walking labels: an arc is at most ARC_MAX_DM long and a label at most LABEL_MAX, so that sums fit
 * int32. */
#define ARC_MAX_DM            10000000u
#define LABEL_MAX             1100000000
#define FAR                   INT32_MAX
#define WALK_MM_S_MIN         100u
#define WALK_MM_S_MAX         5000u
#define HORIZON_MAX_S         (48 * 3600)
#define STATION_PLATFORMS_MAX 512u
#define RANGE_SEEDS_MAX       (UINT32_C(1) << 18)
#define RANGE_WINDOW_MAX      (36 * 3600)

#define WALK_BUCKETS 4096u

#define PLACE_NO_BOARD  UINT32_C(0x80000000)
#define PLACE_NO_ALIGHT UINT32_C(0x40000000)
#define PLACE_STOP      UINT32_C(0x3fffffff)

#define ROUTE_DATED         1u /* some stop is not open all the time */
#define ROUTE_NO_WHEELCHAIR 2u

/* One run: its planned times are shift_s + trip.start_s + stop time. */
typedef struct day_run {
    uint32_t trip; /* TQ_NONE = an added run */
    uint32_t live; /* row of the overlay's runs; TQ_NONE = as planned */
    int32_t shift_s;
    uint32_t headway_s;
    int32_t service_day;
} day_run;

/* Runs that call at the same places, of which none overtakes another. */
typedef struct day_route {
    const int32_t *arrival_s, *departure_s; /* row-major: [run * place_count + place] */
    const uint32_t *place;                  /* [place_count], stop and PLACE_ flags */
    const uint32_t *along_m;                /* [place_count], metres from the first stop */
    const uint32_t
        *pattern_place; /* [place_count], TQ_NONE = not in the pattern; NULL = the same */
    const day_run *run; /* [run_count] */
    uint32_t place_count, run_count;
    uint32_t pattern; /* TQ_NONE = added runs with no trip to borrow from */
    uint32_t line;    /* route of the timetable */
    uint32_t flags;
} day_route;

/* A route at a stop; for alighting the place is counted from the route's end. */
typedef struct day_call {
    uint32_t route, place;
} day_call;

typedef struct day_calls {
    const day_call *at;
    uint32_t count;
} day_calls;

/* A stop beside a vertex of the walking core. */
typedef struct day_beside {
    uint32_t stop;
    int32_t link_mm;
} day_beside;

typedef struct day_arc {
    uint32_t head;
    int32_t mm;
} day_arc;

/* What a change between two stops costs when a rule says so; such a pair is never walked freely. */
typedef struct day_rule {
    uint32_t stop;    /* the other stop */
    uint32_t walk_dm; /* straight distance */
    int32_t least_s;  /* -1 = forbidden */
    uint32_t fixed;   /* 1: takes least_s; 0: walks, but takes at least least_s */
} day_rule;

/* A change that a rule allows, to a stop where a ride can be entered. */
typedef struct day_hop {
    uint32_t stop;
    int32_t floor_s; /* what it takes at any speed; exactly that where least_s is -1 */
    uint32_t walk_dm;
    int32_t least_s; /* walks, but takes at least this; -1 = floor_s is fixed */
} day_hop;

/* What a day is made of, each allocated once and freed with the day that made it. */
typedef enum day_part {
    PART_ROUTE,
    PART_PLACE,
    PART_RUN,
    PART_ARRIVAL,
    PART_DEPARTURE,
    PART_ALONG,
    PART_PATTERN_PLACE,
    PART_FIRST_ROUTE,
    PART_CALLS,
    PART_CALL = PART_CALLS + 2,
    PART_OPEN = PART_CALL + 2,
    PART_NO_WHEELCHAIR = PART_OPEN + 2,
    PART_FIRST_RULE,
    PART_RULE = PART_FIRST_RULE + 2,
    PART_FIRST_HOP = PART_RULE + 2,
    PART_HOP = PART_FIRST_HOP + 2,
    PART_SAME = PART_HOP + 2,
    PART_RULED,
    PART_RULED_STOP,
    PART_STOP_VERTEX,
    PART_VERTEX_FIRST = PART_STOP_VERTEX + TQ_WALK_COUNT,
    PART_BESIDE = PART_VERTEX_FIRST + TQ_WALK_COUNT,
    PART_FIRST_ARC = PART_BESIDE + TQ_WALK_COUNT,
    PART_ARC = PART_FIRST_ARC + TQ_WALK_COUNT,
    PART_GONE = PART_ARC + TQ_WALK_COUNT,
    PART_HOLDS,
    PART_COUNT
} day_part;

/*
 * A day as planned owns all of its arrays. A day with live runs holds the planned one, shows its
 * arrays, and owns only those that the live runs touch.
 */
struct tq_day {
    const tq_city *city;
    const tq_overlay *overlay; /* held */
    tq_day *planned;           /* held; NULL = this is the planned one */
    uint32_t *holds;           /* atomic; freed with the last one */
    void *part[PART_COUNT];    /* what this day owns */
    int32_t day;
    int64_t day_ms;                              /* instant of second 0 */
    int32_t shift_s[DAY_BEFORE + DAY_AFTER + 1]; /* seconds to the days before and after */
    uint32_t stop_count, route_count, own_events;
    size_t bytes;
    const day_route *route;      /* [route_count] */
    const uint32_t *first_route; /* [pattern_count + 1], routes of each pattern as planned */
    const day_calls *calls[2]; /* [stop_count]: [0] where one can board, [1] where one can alight */
    const int32_t *open_from_s, *open_until_s; /* [stop_count], both inclusive */
    const uint8_t *no_wheelchair;              /* [stop_count] */
    /* runs and calls that people still look for: cancelled, or with skipped stops */
    uint32_t gone_count;
    const day_run *gone; /* [gone_count] */
    /* changes */
    uint32_t rule_count, ruled_count;
    const uint32_t *first_rule[2]; /* [stop_count + 1]: [0] from a stop, [1] to a stop */
    const day_rule *rule[2];       /* ascending by the other stop */
    const uint32_t *first_hop[2];  /* [stop_count + 1], as first_rule */
    const day_hop *hop[2];         /* ascending by floor_s */
    const int32_t *same_s;         /* [stop_count], change at the stop itself */
    const uint8_t
        *ruled; /* [stop_count], bit 0: some pair to it (or itself) has a rule; bit 1: from it */
    const uint32_t *ruled_stop; /* [ruled_count] */
    /* stops on the walking cores */
    const uint32_t *stop_vertex[TQ_WALK_COUNT];  /* [stop_count], < core_count or TQ_NONE */
    const uint32_t *vertex_first[TQ_WALK_COUNT]; /* [core_count + 1] */
    const day_beside *beside[TQ_WALK_COUNT];
    /* arcs of the walking cores, by length at each vertex; none longer than ARC_MAX_DM */
    const uint32_t *first_arc[TQ_WALK_COUNT]; /* [core_count + 1] */
    const day_arc *arc[TQ_WALK_COUNT];
};

/** Zeroed memory that goes with the day; NULL when there is none. Counted in day->bytes. */
void *day_own(tq_day *day, unsigned part, size_t count, size_t size);
tq_day *day_hold(tq_day *day);
/** An empty day, or one that shows all of a planned day and holds it; NULL when there is no memory.
 */
tq_day *day_new(tq_day *planned);

/** The day as planned: day.c. */
tq_status day_make_planned(const tq_city *city, int32_t number, tq_day **out, tq_err *err);
/** A planned day with the live runs of an overlay; holds both: live.c. */
tq_status day_make_live(tq_day *planned, const tq_overlay *overlay, tq_day **out, tq_err *err);

/** Rules between stops, and stops on walking cores: rules.c. */
tq_status day_make_rules(tq_day *day, tq_err *err);
tq_status day_make_vertices(tq_day *day, tq_err *err);
/** Again for stops that were not served before: what depends on where rides call. */
bool day_relist_stops(tq_day *day);
/** The rule from one stop to another, NULL if they are walked freely. */
const day_rule *day_rule_of(const tq_day *day, uint32_t from, uint32_t to);

/* ---- closed streets: ground.c ------------------------------------------------------------------
 */

#define GROUND_NEAR_DM 5000u
#define GROUNDS_MAX    16u

struct tq_ground {
    const tq_city *city;
    uint32_t edge_count;
    uint32_t *edge;   /* [edge_count], ascending */
    uint64_t *closed; /* bit an edge */
    /* of each kind of walking; NULL = no closed street matters to it */
    uint32_t *first_arc[TQ_WALK_COUNT]; /* [core_count + 1], as of a day */
    day_arc *arc[TQ_WALK_COUNT];
    uint64_t *near[TQ_WALK_COUNT];    /* bit a vertex: the way up to the core is to be looked for */
    uint64_t *cut[TQ_WALK_COUNT];     /* bit an upward arc: may use a closed street */
    uint32_t reach_dm[TQ_WALK_COUNT]; /* how far such a look goes */
};

bool ground_walked(const tq_city *city, unsigned kind, uint32_t edge);
bool ground_closed(const tq_ground *ground, uint32_t edge);
bool ground_is_near(const tq_ground *ground, unsigned kind, uint32_t vertex);
bool ground_is_cut(const tq_ground *ground, unsigned kind, uint32_t up_arc);

typedef struct kept_ground {
    tq_ground *ground;
    uint32_t users;
    uint64_t used; /* larger is more recent */
} kept_ground;

/* By the set of edges; guarded by the days' lock. */
typedef struct ground_cache {
    kept_ground slot[GROUNDS_MAX];
    uint64_t clock;
} ground_cache;
tq_status ground_get(ground_cache *cache, tq_mutex *mutex, const tq_city *city,
                     const uint32_t *edge, uint32_t count, const tq_ground **out, tq_err *err);
void ground_put(ground_cache *cache, tq_mutex *mutex, const tq_ground *ground);
void ground_close(ground_cache *cache);

/* ---- a search ---------------------------------------------------------------------------------
 */

typedef enum how { HOW_NONE, HOW_ACCESS, HOW_SAME, HOW_WALK, HOW_RULE } how;

typedef struct ride_from {
    uint32_t route, run;   /* run of the route */
    uint16_t enter, leave; /* places in the direction of search */
} ride_from;

typedef struct reach_from {
    uint32_t source; /* stop that the walk began at, or access at level 0 */
    uint32_t walk_dm;
    uint32_t how;
} reach_from;

/* What one more ride brought: labels of the stops that it improved, FAR elsewhere. */
typedef struct round_level {
    int32_t *ride;  /* [stop] seconds at which a ride leaves one there */
    int32_t *reach; /* [stop] seconds from which one can enter a ride there */
    ride_from *ride_by;
    reach_from *reach_by;
    uint32_t *ride_list, *reach_list;
    uint32_t ride_count, reach_count, ready;
    /* the far end */
    int32_t goal_s;
    uint32_t goal_source, goal_access, goal_walk_dm, goal_how;
} round_level;

/*
 * Vertices in buckets of labels, each in one at most. Within a bucket order is free: a vertex that
 * is improved after it was taken comes again, and ends with the same label.
 */
typedef struct walk_queue {
    uint32_t *head;          /* [WALK_BUCKETS] vertex or TQ_NONE */
    uint32_t *bucket;        /* [core] TQ_NONE = not in it */
    uint32_t *next, *former; /* [core] */
    uint64_t filled[WALK_BUCKETS / 64];
    int32_t base;
    unsigned shift;
} walk_queue;

typedef struct round_search {
    const tq_city *city;
    const tq_day *day;
    const tq_transit_query *query;
    const tq_walk *walk;
    const tq_ground *ground;   /* NULL = no closed street matters */
    const uint32_t *first_arc; /* arcs of the core, as open now */
    const day_arc *arc;
    uint32_t *street_dm, *street_list; /* [node_count] with a ground; TQ_NONE between */
    bool back,
        plain; /* plain: no rules and no limit of walking, so that walking dominates riding */
    int32_t base_s, last_s; /* the query's time; rides after last_s (relative) are not looked at */
    int32_t speed, slack_s; /* millimetres a second */
    int32_t max_walk_mm;
    uint32_t stops, core, levels; /* levels: most rides */
    int32_t first_s;              /* relative time at which this run leaves */
    round_level *level;           /* [levels + 1] */
    /* Best so far with at most k rides; one array for all k in a single search. [levels + 1] each
     */
    int32_t **best_ride, **best_reach, **best_vertex;
    int32_t *best_goal_s; /* [levels + 1] */
    uint32_t shared;      /* 1: arrays of all levels are the same one */
    /* ends */
    uint32_t *near_dm, *near_access; /* [core] walk from a core vertex to the far end; TQ_NONE */
    uint32_t *stop_dm, *stop_access; /* [stop] from a stop itself, when it is an end; TQ_NONE */
    /* scratch */
    uint32_t *route_place; /* [route_count] first place to look at; UINT32_MAX none */
    uint32_t *route_list;
    uint32_t *source; /* [core] of the walk that holds the vertex */
    int32_t *span_mm; /* [core] of walks of limited length */
    walk_queue queue;
    uint64_t *heap; /* [heap_cap] */
    uint32_t heap_count, heap_cap;
    int32_t *around_mm; /* [core] for searches around one stop, FAR between */
    uint32_t *around_list;
} round_search;

/** Set up for a query; TQ_BAD_INPUT, TQ_NO_MEMORY. `ranged`: best arrays for each number of rides
 * apart. */
tq_status rounds_begin(round_search *rounds, const tq_city *city, const tq_day *day,
                       const tq_transit_query *query, uint32_t window_s, bool ranged,
                       tq_arena *work, tq_err *err);
/** Ready the arrays of a level for labels. */
void rounds_open_level(round_search *rounds, uint32_t k);
/** Rides and walks from level 0 on; afterwards each level has its goal. */
void rounds_run(round_search *rounds);
/** Forget the levels (not the best labels). */
void rounds_clear(round_search *rounds);

/* Walks: walks.c. */
/** Find the core vertices and stops from which the far end can be walked to. */
tq_status rounds_ends(round_search *rounds, tq_err *err);
/** Walk from the near end, leaving at first_s: fills level 0. */
tq_status rounds_set_out(round_search *rounds, int32_t first_s, tq_err *err);
/** Changes after the rides of level k. */
void rounds_change(round_search *rounds, uint32_t k);
/** In a range: the near end can enter rides at a stop from at_s on. */
void rounds_seed(round_search *rounds, uint32_t stop, int32_t at_s, reach_from by);
/** Let no journey count that is not before `at_s`, whatever its number of rides. */
void rounds_bound(round_search *rounds, int32_t at_s);

/* Journeys: journey.c. */
#define JOURNEY_PIECES_MAX (2 * TQ_BOARDINGS_MAX + 1)
typedef struct ride_leg {
    const day_route *route;
    uint32_t run;           /* of the route */
    uint32_t board, alight; /* places */
} ride_leg;

/* Between two rides, or at an end. */
typedef struct leg_change {
    uint32_t how, walk_dm, access;
    int32_t takes_s; /* with the time to spare before boarding */
} leg_change;

typedef struct leg_chain {
    uint32_t rides;
    ride_leg leg[TQ_BOARDINGS_MAX];
    leg_change change[TQ_BOARDINGS_MAX + 1]; /* [0] before the first ride */
    uint32_t end_access;
} leg_chain;

/** Rides and changes in the order of travel, made into pieces; `chain` is tightened in place. */
void rounds_chain_journey(const round_search *rounds, leg_chain *chain, tq_journey *journey,
                          tq_piece *pieces);
/** The journey of level k's goal into `pieces` [JOURNEY_PIECES_MAX], as late (backward: as early)
 * as it can be. */
void rounds_journey(const round_search *rounds, uint32_t k, tq_journey *journey, tq_piece *pieces);

/** By departure, then arrival, then rides. */
void journeys_sort(tq_journey *journey, uint32_t count);

/* Fares: fare.c. */
uint32_t fare_of_stay(const tq_city *city, uint32_t tariff, uint32_t ride_m, int32_t stay_s);
static inline uint32_t fare_metres(const day_route *route, uint32_t board, uint32_t alight)
{
    uint32_t from_m = route->along_m[board], to_m = route->along_m[alight];
    return to_m > from_m ? to_m - from_m : 0;
}

/** Scratch that tq_transit_pareto takes besides: pareto.c. */
size_t pareto_bytes(const tq_city *city);

static inline int32_t ceil_seconds(int32_t label, int32_t speed)
{
    return (int32_t)(((uint32_t)label + (uint32_t)speed - 1) / (uint32_t)speed);
}

/* Lower a best label of k rides, and of more rides where it is better still. */
static inline void lower_best(int32_t **best, uint32_t k, uint32_t levels, uint32_t shared,
                              uint32_t at, int32_t value)
{
    best[k][at] = value;
    if (shared) return;
    for (uint32_t more = k + 1; more <= levels && best[more][at] > value; more++)
        best[more][at] = value;
}

/* Binary heap of (key << 32 | id), smallest first; the caller keeps to its capacity. */
static inline void heap_push(uint64_t *heap, uint32_t *count, uint64_t item)
{
    uint32_t slot = (*count)++;
    while (slot > 0) {
        uint32_t up = (slot - 1) >> 2;
        if (heap[up] <= item) break;
        heap[slot] = heap[up];
        slot = up;
    }
    heap[slot] = item;
}

static inline uint64_t heap_take(uint64_t *heap, uint32_t *count)
{
    uint64_t top = heap[0], moved = heap[--*count];
    uint32_t last = *count, slot = 0;
    for (;;) {
        uint32_t child = slot * 4 + 1;
        if (child >= last) break;
        uint32_t least = child, end = TQ_MIN(child + 4, last);
        for (uint32_t k = child + 1; k < end; k++)
            if (heap[k] < heap[least]) least = k;
        if (heap[least] >= moved) break;
        heap[slot] = heap[least];
        slot = least;
    }
    heap[slot] = moved;
    return top;
}

#endif
