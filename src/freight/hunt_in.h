/* The state of one search: labels, queue, bags and what has been found. See search.c. */
#ifndef TQ_FREIGHT_HUNT_IN_H
#define TQ_FREIGHT_HUNT_IN_H

#include "freight/search_in.h"

#define NO_LABEL UINT32_MAX
#define BAG      4u /* labels in one piece of a bag */

/* What goods have come to at a place. */
typedef struct goods {
    int64_t e4, mg;
    int32_t t; /* deciseconds after the start, in view time */
    uint8_t changes, paid, via;
} goods;

enum { OPEN, DEAD, END };

/* Its values are those of its entry in the queue less the bound. */
typedef struct label {
    uint32_t parent, state, item; /* parent of an unused one: the next unused one */
    uint8_t changes, paid, via, is;
} tag;

typedef struct entry {
    int64_t e4, mg; /* of the label plus bound */
    int32_t t;
    uint32_t label;
} queued;

/* Some labels of a state that are not beaten. */
typedef struct bag {
    int64_t e4[BAG];
    int32_t t[BAG];
    uint32_t next, count;
    uint8_t changes[BAG], paid[BAG];
    int64_t mg[BAG];
    uint32_t label[BAG]; /* NO_LABEL = no longer in the queue */
    uint8_t via[BAG], unused[12];
} bag_piece; /* two lines of memory */

typedef struct cell {
    lower bound;
    uint32_t bag; /* first piece, the only one that may be partly used; NO_LABEL = empty */
} state_cell;

typedef struct step_point {
    int64_t e4, mg;
} step_point;

/* How a seed weighs time, money and CO2. */
typedef struct seed_weight {
    uint8_t t, e4, mg;
} seed_weight;

typedef struct seed_point {
    int64_t e4, mg;
    int32_t t;
} seed_point;

#define SEEDS_MAX 10u

typedef struct search {
    errand task;
    const price_set *prices;
    tag *label;
    queued *heap;
    state_cell *cell; /* [state] */
    bag_piece *piece;
    uint32_t label_count, label_cap, labels_max, heap_count, made, free_label;
    uint32_t piece_count, piece_cap, free_piece;
    /* Ends found so far, as a staircase in money and CO2: e4 ascending, mg descending. */
    step_point *stair;
    uint32_t stair_count, stair_cap;
    queued *found; /* ends, in the order of time */
    uint32_t found_count;
    uint32_t classes;
    int32_t phase; /* of the week in view time, at the start */
    uint8_t via_all;
    bool any_day;
    bool strict;                /* changes of mode are counted in dominance; see run */
    const seed_weight *seeding; /* NULL = the exact search */
    int32_t *seed_t;            /* [label] when seeding, in the room of the bags */
    uint32_t pause_at;          /* labels after which a search without seeds stops */
    queued unit;                /* what one part of a seed's key is worth */
    seed_point seed[SEEDS_MAX];
    uint32_t seed_count;
    tq_status status;
} hunt;

/* answer.c */
/** Of found plans of the same time keep those that no other beats. */
void drop_beaten(hunt *s);
/** Plans with steps from what has been found, moved down to `mark` of the arena. */
tq_status write_answer(hunt *s, size_t mark, tq_arena *work, tq_freight_answer *out, tq_err *err);

#endif
