/*
 * Between the two halves of map matching: hops, the ways from one place on a street to a few near
 * ones (match_hop.c).
 */
#ifndef TQ_ROAD_MATCH_IN_H
#define TQ_ROAD_MATCH_IN_H

#include "road/road_in.h"

#define MATCH_CANDIDATES  8u
#define MATCH_STATES      (2 * MATCH_CANDIDATES) /* each candidate in both directions */
#define MATCH_LABELS      1024u                  /* most vertices that a hop looks at */
#define MATCH_SLOTS       (4 * MATCH_LABELS)
#define MATCH_U_TURN_DM   600u /* what turning round counts like */
#define MATCH_NOT_REACHED UINT32_MAX

typedef struct hop_label {
    uint32_t vertex, parent;
    int32_t ds, dm; /* from the place that the hop begins at to the vertex' tail */
    uint32_t extra_dm;
} hop_label;

typedef struct hop_entry {
    int32_t ds;
    uint32_t label;
} hop_entry;

/* Scratch of hops; zeroed once, then used again and again. */
typedef struct hop_search {
    uint32_t run; /* slots of other runs are empty */
    uint32_t label_count, heap_count;
    uint32_t slot_run[MATCH_SLOTS], slot_label[MATCH_SLOTS];
    hop_label label[MATCH_LABELS];
    hop_entry heap[2 * MATCH_LABELS];
} hop_search;

/* A place on an arc; the vertex tells also where one came from. */
typedef struct hop_place {
    uint32_t vertex, at_dm;
} hop_place;

typedef struct hop_target {
    uint32_t arc, at_dm;
    uint32_t dm;       /* out: length of the quickest way; MATCH_NOT_REACHED */
    uint32_t extra_dm; /* out: what its U-turns count like */
    uint32_t vertex;   /* out: the arc's vertex that the way ends at */
    uint32_t label;    /* out: last label of the way */
} hop_target;

/**
 * Quickest ways from a place to the tails of the targets' arcs and on to the targets, over at least
 * one link. Looks at ways of up to bound_dm, at MATCH_LABELS vertices. Targets that have a dm are
 * not looked for.
 */
void match_hop(hop_search *search, const tq_city *city, const tq_metric *metric, hop_place from,
               uint32_t bound_dm, hop_target *target, uint32_t count);
/** Vertices of the way to a target of the last hop, from the begin's to the target's, in `work`;
 * NULL when it is full. */
uint32_t *match_hop_path(const hop_search *search, const hop_target *target, tq_arena *work,
                         uint32_t *count);

#endif
