/*
 * Private to src/journey: bus lines and the streets they run on.
 *
 * detour_course.c  which arcs each hop of each pattern uses, and the other way round
 * detour.c         what closures do to runs: detours, skipped stops, later times
 * detour_solve.c   one pattern under one set of closures
 */
#ifndef TQ_JOURNEY_DETOUR_IN_H
#define TQ_JOURNEY_DETOUR_IN_H

#include "journey/journey_in.h"

#define DETOUR_DAYS_BEFORE 1
#define DETOUR_DAYS_AFTER  7
#define DETOUR_RUNS_MAX    200000u
#define DETOUR_RUNS_FAR    6000u /* on days that are not around now */
#define DETOUR_LEAST_S     60    /* a slower street counts from this delay of a run */

/* A hop is the piece of a pattern between two calls; hop h of a pattern begins at its place h. */
typedef struct course_index {
    uint32_t *first_hop; /* [pattern_count + 1]; patterns that are no buses have none */
    uint32_t *hop_arc;   /* [hop_count + 1], into arc; an empty hop has no known course */
    uint32_t *arc;
    uint32_t hop_count, arc_count;
    uint32_t *arc_first; /* [2 * edge_count + 1], into arc_hop */
    uint32_t *arc_hop;   /* hops that use the arc */
} course_index;

tq_status course_make(const tq_city *city, tq_roads *roads, int64_t now_ms, course_index *out,
                      tq_err *err);
void course_free(course_index *index);
uint32_t course_pattern(const course_index *index, const tq_city *city, uint32_t hop);

/* What a set of closures does to a pattern: how much later each place is reached and left, and
 * what is left out. */
typedef struct solution {
    uint32_t pattern;
    uint64_t state;       /* hash of the closures in force */
    uint32_t first_place; /* into place_added, place_skipped */
    uint32_t first_detour, detour_count;
    bool changes;
} solution;

/* Rows under construction. */
typedef struct detour_rows {
    TQ_VEC(tq_live_run) run;
    TQ_VEC(tq_live_call) call;
    TQ_VEC(tq_detour) detour;
    TQ_VEC(tq_point) point;
    TQ_VEC(uint32_t) source;
    TQ_VEC(solution) solution;
    TQ_VEC(int32_t) place_added; /* seconds, at the place and until the next */
    TQ_VEC(uint8_t) place_skipped;
} detour_rows;
void detour_rows_clear(detour_rows *rows);
void detour_rows_free(detour_rows *rows);

/* The writer's own: the index, scratch, and what was found last. */
typedef struct detour_plan detour_plan;
struct detour_plan {
    const tq_city *city;
    const tq_vehicle *bus;
    course_index course;
    bool indexed;
    const tq_overlay *closures; /* the rules that bind buses, alone */
    void *memory;
    tq_arena work;
    detour_rows rows;
    uint64_t key; /* of what the rows were made from; 0 = nothing */
};
tq_status detour_open(const tq_city *city, detour_plan **out, tq_err *err);
void detour_close(detour_plan *plan);
/** Make the index of courses, once; takes as long as matching every bus line. */
tq_status detour_prepare(detour_plan *plan, tq_roads *roads, int64_t now_ms, tq_err *err);
/** The overlay with its detours, held once. */
tq_status detour_overlay(detour_plan *plan, const tq_snapshot *shown, const tq_overlay *live,
                         int64_t now_ms, const tq_overlay **out, tq_err *err);

/** Solve a pattern at an instant under plan->closures; the row of rows->solution. */
tq_status detour_solve(detour_plan *plan, tq_roads *roads, uint32_t pattern, uint64_t state,
                       int64_t at_ms, uint32_t *row, tq_err *err);

#endif
