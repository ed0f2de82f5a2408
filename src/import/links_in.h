/*
 * Private to import: the pieces of the turn expansion (links.c, links_shape.c, links_turns.c).
 */
#ifndef TQ_IMPORT_LINKS_IN_H
#define TQ_IMPORT_LINKS_IN_H

#include "import/import.h"

#define LINKS_LOOK_DM     120u /* the course of a street at its end is looked at over so much */
#define LINKS_ARMS_MAX    16u  /* streets of cars at a node that crossings and yielding look at */
#define LINKS_ENDS_MAX    64u  /* restrictions that end at one vertex */
#define LINKS_PER_ARC_MAX 64u  /* links an arc, on average over the city, */
#define LINKS_FREE        1000000u /* and so many more */

/* ---- the streets as one kind of traveller sees them (links_shape.c) -------------------------- */

typedef struct links_streets {
    const tq_streets *streets;
    const uint8_t *node_flags; /* IMPORT_NODE_ of each node, NULL = none */
    tq_hierarchy_kind kind;
    uint8_t *access;  /* [arc] TQ_ACCESS_ bits of the kind that may use it at some time */
    uint8_t *sure;    /* [arc] those that may at any time */
    int16_t *bearing; /* [arc] degrees at its tail, -1 = it has no extent */
} links_streets;

tq_status links_streets_make(const tq_build *build, tq_hierarchy_kind kind, links_streets *out,
                             tq_err *err);
void links_streets_free(links_streets *streets);

/* What all turns from one arc share; then each turn's angle and flags. */
typedef struct links_arm {
    uint32_t edge;
    int16_t bearing;
    uint8_t rank; /* of its class, 0 = motorway */
    bool wide;    /* a street that one does not just walk over */
} links_arm;

typedef struct links_corner {
    uint32_t arc, node;
    bool signal, choice;
    uint16_t u_turn; /* flags of a U-turn that may be made here, 0 = none */
    uint32_t arm_count;
    links_arm arm[LINKS_ARMS_MAX];
} links_corner;

void links_corner_at(const links_streets *streets, uint32_t arc, links_corner *out);
tq_link links_turn(const links_streets *streets, const links_corner *corner, uint32_t to);

/* ---- restrictions (links_turns.c) ------------------------------------------------------------ */

/* The last turn of a restricted path. */
typedef struct links_end {
    uint32_t to_arc, access, condition, next; /* next of the same vertex, TQ_NONE */
    bool only;
} links_end;

/*
 * A state of the automaton of restricted paths is a vertex: the main vertex of an arc, or a copy
 * for a path of several arcs that was followed up to here. `fail` is the state of the longest
 * shorter memory; a main vertex has none.
 */
typedef struct links_state {
    uint32_t arc, first_child, next_child, first_end, fail, parent;
    uint32_t depth; /* 1 for a main vertex */
    uint32_t end_count;
} links_state;

typedef struct links_turns {
    const links_streets *streets;
    const uint32_t *vertex_of_arc;
    uint32_t main_count;
    TQ_VEC(links_state) state; /* [vertex] main ones, then copies */
    TQ_VEC(links_end) end;
    TQ_VEC(uint32_t) path;
    uint8_t *copies;             /* [arc] */
    uint64_t used, moot, beyond; /* restrictions: built in, without effect, past a limit */
} links_turns;

/** The automaton over the main vertices, which out->arc holds already. */
tq_status links_turns_make(const links_streets *streets, const import_links *mains,
                           links_turns *out, tq_err *err);
void links_turns_free(links_turns *turns);
/** Vertex at which one stands when going on from `state` by `to`. */
uint32_t links_next(const links_turns *turns, uint32_t state, uint32_t to);
/** Does an only_ restriction lead from here into `to`? */
bool links_wanted(const links_turns *turns, uint32_t state, uint32_t to);

/* Ban sets of the city, equal ones shared. */
typedef struct links_sets {
    TQ_VEC(uint32_t) first; /* [sets + 1] */
    TQ_VEC(tq_ban) ban;
    uint32_t *slot;
    size_t slots;
} links_sets;

bool links_sets_begin(links_sets *sets, const tq_conditions *conditions);
void links_sets_free(links_sets *sets);
/** Set of the bans on going on from `state` by `to`; TQ_NONE on no memory. */
uint32_t links_bans(const links_turns *turns, links_sets *sets, uint32_t state, uint32_t to);

#endif
