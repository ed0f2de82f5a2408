/*
 * A second opinion on plans for the text forms: reads the raw file by itself, in double precision,
 * and checks a plan without anything of the planner.
 *
 * Times of a route are difference constraints (window, way, ride, duration), decided by Bellman and
 * Ford over all of them: no forward pass, no slack, so another method than the planner's.
 */
#ifndef TQ_TEST_FLEET_RAW_H
#define TQ_TEST_FLEET_RAW_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/fleet.h"

#define RAW_NODES_MAX 4100
#define RAW_EPS       1e-6

typedef struct raw_file {
    tq_fleet_form form;
    double vehicles, capacity, duration, ride; /* < 0 = none */
    unsigned count;
    double x[RAW_NODES_MAX], y[RAW_NODES_MAX], demand[RAW_NODES_MAX], from[RAW_NODES_MAX],
        to[RAW_NODES_MAX], service[RAW_NODES_MAX];
    unsigned pair[RAW_NODES_MAX]; /* the delivery of a pickup, 0 = none */
} raw_file;

static bool raw_read(tq_fleet_form form, const char *text, raw_file *raw)
{
    unsigned skip = form == TQ_FLEET_SOLOMON ? 9 : 1, row = 0;
    *raw = (raw_file){.form = form, .duration = -1, .ride = -1};
    for (const char *at = text; *at != '\0'; row++) {
        double v[9] = {0};
        char line[256];
        size_t len = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)(len < 255 ? len : 255), at);
        at += len + (at[len] == '\n');
        int got = sscanf(line, "%lf %lf %lf %lf %lf %lf %lf %lf %lf", v, v + 1, v + 2, v + 3, v + 4,
                         v + 5, v + 6, v + 7, v + 8);
        if (form == TQ_FLEET_SOLOMON && got == 2) raw->vehicles = v[0], raw->capacity = v[1];
        if (form == TQ_FLEET_LILIM && row == 0) raw->vehicles = v[0], raw->capacity = v[1];
        if (form == TQ_FLEET_DARP && row == 0)
            raw->vehicles = v[0], raw->duration = v[2], raw->capacity = v[3], raw->ride = v[4];
        if (row < skip || got < 7 || raw->count == RAW_NODES_MAX) continue;
        unsigned k = raw->count++;
        bool darp = form == TQ_FLEET_DARP;
        raw->x[k] = v[1], raw->y[k] = v[2];
        raw->demand[k] = darp ? v[4] : v[3];
        raw->from[k] = darp ? v[5] : v[4];
        raw->to[k] = darp ? v[6] : v[5];
        raw->service[k] = darp ? v[3] : v[6];
        if (form == TQ_FLEET_LILIM) raw->pair[k] = (unsigned)v[8];
    }
    if (form == TQ_FLEET_DARP) {
        unsigned users = (raw->count - 1) / 2;
        raw->count = 2 * users + 1;
        for (unsigned k = 1; k <= users; k++)
            raw->pair[k] = k + users;
    }
    return raw->count > 0;
}

static double raw_way(const raw_file *raw, unsigned a, unsigned b)
{
    return hypot(raw->x[a] - raw->x[b], raw->y[a] - raw->y[b]);
}

/* Times of one route: least begins by repeated raising of every constraint. */
static bool raw_times(const raw_file *raw, const unsigned *node, unsigned len)
{
    static double begin[RAW_NODES_MAX];
    for (unsigned k = 0; k < len; k++)
        begin[k] = raw->from[node[k]];
    for (unsigned round = 0; round <= len + 2; round++) {
        bool rose = false;
        for (unsigned k = 0; k < len; k++) {
            double least = begin[k];
            if (k > 0)
                least = fmax(least, begin[k - 1] + (k > 1 ? raw->service[node[k - 1]] : 0) +
                                        raw_way(raw, node[k - 1], node[k]));
            if (k == 0 && raw->duration >= 0) least = fmax(least, begin[len - 1] - raw->duration);
            if (raw->ride >= 0 && raw->pair[node[k]] != 0)
                for (unsigned later = k + 1; later < len; later++)
                    if (node[later] == raw->pair[node[k]])
                        least = fmax(least, begin[later] - raw->ride - raw->service[node[k]]);
            if (least > begin[k] + 1e-9) rose = true;
            begin[k] = fmax(begin[k], least);
            if (begin[k] > raw->to[node[k]] + RAW_EPS) return false;
        }
        if (!rose) return true;
    }
    return false;
}

/* NULL = valid; else what is wrong. Distance of the plan in *distance. */
static const char *raw_check(const raw_file *raw, const tq_fleet_problem *problem,
                             const tq_fleet_plan *plan, bool all_served, double *distance)
{
    static unsigned seen[RAW_NODES_MAX], node[RAW_NODES_MAX + 2];
    unsigned used = 0, visits = 0;
    memset(seen, 0, sizeof seen);
    *distance = 0;
    for (unsigned vehicle = 0; vehicle < plan->vehicle_count; vehicle++) {
        unsigned len = 0;
        double load = 0;
        if (plan->first[vehicle] == plan->first[vehicle + 1]) continue;
        used++;
        node[len++] = 0;
        for (unsigned k = plan->first[vehicle]; k < plan->first[vehicle + 1]; k++) {
            unsigned visit = plan->visit[k];
            unsigned at = problem->task[visit >> 1].stop[visit & 1].place;
            if (seen[at] != 0) return "a node is visited twice";
            seen[at] = vehicle * 10000 + len;
            if (raw->form != TQ_FLEET_SOLOMON) load += raw->demand[at];
            if (load > raw->capacity + RAW_EPS) return "over capacity";
            node[len++] = at;
            visits++;
        }
        if (raw->form == TQ_FLEET_SOLOMON) {
            for (unsigned k = 1; k < len; k++)
                load += raw->demand[node[k]];
            if (load > raw->capacity + RAW_EPS) return "over capacity";
        }
        node[len++] = 0;
        for (unsigned k = 1; k < len; k++)
            *distance += raw_way(raw, node[k - 1], node[k]);
        if (!raw_times(raw, node, len)) return "windows, ride or duration are broken";
    }
    for (unsigned k = 1; k < raw->count; k++) {
        if (raw->pair[k] == 0) continue;
        unsigned a = seen[k], b = seen[raw->pair[k]];
        if ((a == 0) != (b == 0)) return "half of a shipment";
        if (a != 0 && (a / 10000 != b / 10000 || a > b)) return "delivery before or without pickup";
    }
    if (all_served && visits != raw->count - 1) return "a node is not visited";
    if (used > raw->vehicles) return "more vehicles than there are";
    return NULL;
}

#endif
