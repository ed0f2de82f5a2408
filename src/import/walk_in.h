/* Private to import: the walking graph while it is contracted. */
#ifndef TQ_IMPORT_WALK_IN_H
#define TQ_IMPORT_WALK_IN_H

#include "import/import.h"

typedef struct walk_arc {
    uint32_t head, dm;
} walk_arc;

/* Neighbours of a node: a block of walk_graph.arc, moved to the end when it must grow. */
typedef struct walk_list {
    size_t first;
    uint32_t count, room;
} walk_list;

typedef struct walk_graph {
    uint32_t node_count;
    TQ_VEC(walk_arc) arc;
    walk_list *list; /* [node_count] */
    uint8_t *keep;   /* [node_count], a stop's node */
    uint32_t *rank;  /* [node_count], TQ_NONE = in the core */
    uint32_t contracted;
    /* a node's neighbours when it was contracted are left in its list: its upward arcs */
    uint64_t live_arcs;
    uint32_t live_nodes;
    /* scratch of witness searches */
    uint32_t *dist, *seen, *heap_id, *heap_pos;
    int64_t *heap_key;
} walk_graph;

tq_status walk_graph_begin(walk_graph *graph, uint32_t node_count, tq_err *err);
void walk_graph_free(walk_graph *graph);
/** Join a and b, or shorten the arc they have. Both directions. */
bool walk_graph_join(walk_graph *graph, uint32_t a, uint32_t b, uint32_t dm);
/** Contract nodes that are not kept, while the rest stays sparse. */
tq_status walk_graph_contract(walk_graph *graph, tq_err *err);

#endif
