/* Private to the files of works. */
#ifndef TQ_DESK_WORKS_IN_H
#define TQ_DESK_WORKS_IN_H

#include "desk/desk_in.h"

#define WORKS_SECTIONS_MAX 20u
#define WORKS_PHASES_MAX   40u
#define WORKS_CLOSURES_MAX 200u /* phases times sections */
#define WORKS_BANNED_MAX   10u
#define WORKS_PERMITS_MAX  20u
#define WORKS_NEAR_M       500u
#define WORKS_NEAR_LEAST_M 50u
#define WORKS_NEAR_MOST_M  5000u

typedef struct works_section {
    char id[TQ_ID_MAX];
    bool trenchless;
    const json_t *stretch; /* of the record */
    tq_stretch found;
} works_section;

typedef struct works_phase {
    char id[TQ_ID_MAX];
    const json_t *said; /* of the record */
    uint32_t section;   /* TQ_NONE = all */
    int64_t from_ms, to_ms;
} works_phase;

/* What a phase does to a section; of a trenchless one only what it would do with a trench. */
typedef struct works_part {
    uint32_t phase, section;
    tq_closure closure;
} works_part;

/* The record of a work, read and checked; freed with works_plan_free. */
typedef struct works_plan {
    const tq_city *city;
    json_t *record; /* held */
    uint32_t section_count, phase_count, part_count;
    works_section section[WORKS_SECTIONS_MAX];
    works_phase phase[WORKS_PHASES_MAX];
    works_part part[WORKS_CLOSURES_MAX];
    int64_t from_ms, to_ms; /* first begin and last end of the phases */
} works_plan;

/** Read and check a work's sections and phases (works_read.c). Allocates; TQ_BAD_INPUT names
 * member, value and what would do. */
tq_status works_plan_read(const tq_city *city, json_t *record, works_plan **out, tq_err *err);
void works_plan_free(works_plan *plan);
/** The closure of a phase on a section as JSON, a new reference. */
json_t *works_closure(const json_t *record, const works_phase *phase, const works_section *section);
/** Local days that it touches, the first and the last counted. */
uint32_t works_days(const tq_city *city, int64_t from_ms, int64_t to_ms);
/** "22:30" to minutes of the day; 24:00 is allowed. */
bool works_minute(const char *text, uint32_t *out);
/** How many use the streets a day when nobody has counted; by class, the busiest section. */
uint32_t works_users_assumed(const works_plan *plan);

/* ---- what lies near (works_near.c) ------------------------------------------------------------
 */

#define WORKS_FACILITIES_MAX 100u
typedef struct works_facility {
    uint32_t place, section, distance_m;
    bool hospital;
} works_facility;
/** Hospitals and schools within near_m of a section, nearest first, each once. */
uint32_t works_facilities(const works_plan *plan, uint32_t near_m,
                          works_facility out[WORKS_FACILITIES_MAX]);

#define WORKS_LINES_MAX 200u
typedef struct works_line {
    uint32_t route, patterns;
    bool detour;
    int32_t added_s; /* of the worst detour */
} works_line;
/** Bus lines whose way runs along an open section, and those that the overlay (may be NULL) leads
 * round the work's closures; by short name. */
uint32_t works_lines(const works_plan *plan, const tq_overlay *shown,
                     works_line out[WORKS_LINES_MAX]);

/* ---- what it costs (works_cost.c) -------------------------------------------------------------
 */

#define WORKS_PAIRS_MAX    40u
#define WORKS_RADIUS_M     2000u
#define WORKS_VARIANTS_MAX 6u

typedef struct works_delay {
    double mean_s, worst_s;
    uint32_t count, cut_off;
} works_delay;

/* One way of doing the work: which sections have a trench. */
typedef struct works_variant {
    char name[TQ_ID_MAX + 16];
    bool closed[WORKS_SECTIONS_MAX];
    uint32_t closures;
    works_delay delay[WORKS_PHASES_MAX]; /* by phase */
    uint32_t worst;                      /* phase with the largest mean */
} works_variant;

typedef struct works_cost {
    uint32_t pair_count, variant_count, facility_count;
    int64_t at_ms[WORKS_PHASES_MAX]; /* the instant that a phase is looked at */
    works_variant variant[WORKS_VARIANTS_MAX];
    works_facility facility[WORKS_FACILITIES_MAX];
    works_delay ambulance[WORKS_FACILITIES_MAX]; /* of hospitals, in the worst phase */
    uint8_t *detour; /* [2 * edge_count] 1: on a way that the sample takes because of the work */
} works_cost;

/** Against the network without anything live; facilities are given. Allocates; free with
 * works_cost_free, also after a failure. */
tq_status works_cost_make(const works_plan *plan, works_cost *cost, tq_err *err);
void works_cost_free(works_cost *cost);

/* ---- who else is there (works_conflicts.c) ----------------------------------------------------
 */

/** A list of conflicts with published closures and with works that are planned; `detour` may be
 * NULL. */
tq_status works_conflicts(desk_call *call, const works_plan *plan, const uint8_t *detour,
                          json_t *out);

/** The verbs work.assess and work.notice. */
tq_status works_assess(desk_call *call);
tq_status works_notice(desk_call *call);
/** May the one who asks see a work of this state? */
bool works_is_shown(const desk_call *call, const char *state);

#endif
