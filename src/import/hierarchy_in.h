/*
 * Inside of the contraction order: junctions of a turn-expanded graph, cuts, small pieces.
 *
 * Invariants: all of it is deterministic; memory is proportional to the graph and allocated before
 * the work begins.
 */
#ifndef TONGQU_IMPORT_HIERARCHY_IN_H
#define TONGQU_IMPORT_HIERARCHY_IN_H

#include "import/import.h"

/* Undirected neighbours of every node, without repeats and loops. */
typedef struct order_lists {
    uint32_t node_count;
    uint32_t *first, *neighbour; /* [node_count + 1], [first[node_count]] */
} order_lists;

/* A connected part of the junction graph: parallel streets are one edge with a capacity. */
typedef struct cut_piece {
    uint32_t node_count;
    uint32_t *first;           /* [node_count + 1] */
    uint32_t *head, *opposite; /* [first[node_count]] */
    int32_t *capacity;         /* [first[node_count]] vertices of the graph between two junctions */
    uint32_t *weight;          /* [node_count] vertices that begin or end there */
    uint64_t weight_sum;
} cut_piece;

/* Scratch of the cuts of a piece (hierarchy_cut_flow.c). */
typedef struct cut_scratch {
    int32_t *residual;                /* [arcs] */
    uint32_t *level, *place, *queue;  /* [nodes] */
    uint32_t *path;                   /* [nodes] */
    uint32_t *bucket;                 /* [6 * nodes + 8] */
    uint32_t *by_potential;           /* [nodes] */
    int32_t *potential, *axis[2];     /* [nodes] */
    uint8_t *terminal, *side, *trial; /* [nodes] */
} cut_scratch;

bool cut_scratch_make(cut_scratch *out, size_t nodes, size_t arcs);
void cut_scratch_free(cut_scratch *with);
/** Two sides of a connected piece in with->side; the capacity between them, 0 = none was found. */
uint32_t cut_bisect(const cut_piece *piece, cut_scratch *with);

/* Minimum degree with a rim of nodes that stay (hierarchy_cut_leaf.c). */
#define CUT_LEAF_NODES 64u
#define CUT_LEAF_WORDS 8u /* room for the piece and its rim, 64 a word */
typedef struct cut_leaf {
    uint64_t row[CUT_LEAF_NODES][CUT_LEAF_WORDS];
    uint32_t height[CUT_LEAF_NODES];
    uint32_t rim_count;
    uint32_t rim[CUT_LEAF_WORDS * 64];
} cut_leaf;

/** Order count <= CUT_LEAF_NODES nodes in place. local[] is all TQ_NONE before and after. */
void cut_leaf_order(const order_lists *lists, uint32_t *node, uint32_t count, cut_leaf *with,
                    uint32_t *local);

/** Order by cuts of the junctions; *done false = the graph is not like one of streets. */
tq_status cut_order(const tq_graph *graph, const order_lists *lists, uint32_t *order, bool *done,
                    tq_err *err);
/** Degrees up to 2 first, METIS_NodeND for the rest. */
tq_status order_by_metis(const tq_graph *graph, uint32_t *order, tq_err *err);

#endif
