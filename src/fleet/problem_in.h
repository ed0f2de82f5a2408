/*
 * Inside of the readers and writers of planning problems: the problem that grows while it is read,
 * and what the answer must say again (ids, descriptions, places).
 */
#ifndef TQ_PROBLEM_IN_H
#define TQ_PROBLEM_IN_H

#include "fleet/fleet.h"

/* Text forms: coordinates and times become whole numbers of this part, ways and work rounded up,
 * windows inwards, so that what is valid in whole numbers is valid in double precision. */
#define PROBLEM_TEXT_UNIT 100000u
/* VROOM: times in hundredths of a second, because speed factors are fractions. */
#define PROBLEM_VROOM_UNIT 100u

typedef struct problem_profile {
    const char *name;
    int32_t *time, *distance, *cost; /* NULL = not given */
} problem_profile;

/* What is said again about a visit, a vehicle or a break. */
typedef struct problem_label {
    uint64_t id;
    const char *text; /* description, NULL = none */
} problem_label;

struct tq_fleet_file {
    tq_fleet_problem problem;
    tq_fleet_form form;
    tq_fleet_goal goal;
    tq_pool pool;
    TQ_VEC(tq_fleet_task) task;
    TQ_VEC(tq_fleet_vehicle) vehicle;
    TQ_VEC(tq_fleet_window) window;
    TQ_VEC(uint32_t) skill;
    TQ_VEC(tq_fleet_break) rest;
    TQ_VEC(tq_fleet_place) place;
    TQ_VEC(problem_label) visit_label;   /* by visit */
    TQ_VEC(problem_label) vehicle_label; /* by vehicle */
    TQ_VEC(problem_label) rest_label;    /* by break */
    TQ_VEC(const char *) vehicle_type;   /* by vehicle, NULL = none */
    problem_profile profile[TQ_FLEET_PROFILES_MAX];
    tq_fleet_profile profile_row[TQ_FLEET_PROFILES_MAX];
    uint32_t profile_count;
    bool has_matrices, has_distances, has_capacity;
    tq_fleet_plan start;
    bool has_start;
    char name[64];
};

/** Point the problem at what was read, check all of it. */
tq_status problem_finish(tq_fleet_file *file, tq_err *err);
tq_status problem_read_lilim(tq_fleet_file *file, tq_str text, tq_err *err);
tq_status problem_read_darp(tq_fleet_file *file, tq_str text, tq_err *err);
tq_status problem_read_solomon(tq_fleet_file *file, tq_str text, tq_err *err);
tq_status problem_read_vroom(tq_fleet_file *file, tq_str text, tq_err *err);
const char *problem_keep_text(tq_fleet_file *file, tq_str text); /* NULL = no memory */

#endif
