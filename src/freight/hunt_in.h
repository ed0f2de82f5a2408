/* The state of one search: labels, queue, bags and what has been found. See search.c. */
#ifndef TQ_FREIGHT_HUNT_IN_H
#define TQ_FREIGHT_HUNT_IN_H

#include "freight/search_in.h"

#define NO_LABEL UINT32_MAX
#define NO_ARC   UINT32_MAX
#define BAG      4u /* labels in one piece of a bag */

/* What goods have come to at a place. */
typedef struct goods {
    int64_t e4, mg;
    int32_t t; /* deciseconds after the start, in view time */
    uint8_t changes, paid, via, again;
} goods;

/* AGAIN: open, and the goods had come in the same class one place before. */
enum { OPEN, AGAIN, DEAD, END };

/* Its values are those of its entry in the queue less the bound. */
typedef struct label {
    uint32_t parent, state; /* parent of an unused one: the next unused one */
    uint32_t arc;           /* of the view; NO_ARC = the service that a search starts with */
    uint8_t changes, paid, via, is;
} tag;

typedef struct entry {
    int64_t e4, mg; /* of the label plus bound */
    int32_t t;
    uint32_t label;
} queued;

#define BUCKETS       4096u
#define BUCKET_SHIFT  13u /* a bucket is 819.2 s wide */
#define BLOCK_ENTRIES 21u
#define NO_BLOCK      UINT32_MAX

typedef struct queue_block {
    uint32_t next, count;
    queued entry[BLOCK_ENTRIES];
} queue_block;

/* See queue.c. */
typedef struct queue {
    queued *heap;
    queue_block *block; /* in the same memory, from its end */
    uint32_t heap_count, block_count, block_cap, free_block;
    uint32_t now, last; /* bucket in the heap; last bucket that was ever in use */
    uint32_t bucket[BUCKETS];
} queue;

/* A label that may be made. */
typedef struct candidate {
    goods at;
    queued entry;
    uint32_t state, arc, parent;
    bool end;
} candidate;

#define CANDIDATES 64u

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

/* What it takes at least to go from one place to another by one or two arcs of a class. */
typedef struct near_place {
    int64_t e4, mg, ds;
    int32_t base;
    uint32_t stamp; /* of another search of detours: nothing known */
} near_place;

/* Which arcs of the next group need not follow an arc; bit k = the k-th. */
typedef struct arcs_after {
    uint32_t worse, back; /* back: if goods were in the class before that arc */
} arcs_after;

#define DETOURS_MAX 32u /* of a group that many arcs are looked at */

/* What at least is still to come, from goods handled for the arcs of a group to the end. */
typedef struct group_low {
    int64_t e4, mg;
    int32_t ds;     /* INT32_MAX = no way to the goal */
    uint32_t looks; /* how often it was asked for; 0 = not found out */
} group_low;

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
    queue queue;
    tag *label;
    state_cell *cell; /* [state] */
    bag_piece *piece;
    uint32_t label_count, label_cap, labels_max, made, free_label;
    uint32_t piece_count, piece_cap, free_piece;
    /* Ends found so far, as a staircase in money and CO2: e4 ascending, mg descending. */
    step_point *stair;
    uint32_t stair_count, stair_cap;
    queued *found; /* ends, in the order of time */
    uint32_t found_count;
    group_low *low;     /* [group of the view] */
    arcs_after *detour; /* [arc of the view], see detours.c; NULL = all arcs are followed */
    near_place *near;   /* [node] */
    uint32_t near_stamp;
    uint32_t classes;
    int32_t phase; /* of the week in view time, at the start */
    uint8_t via_all;
    bool any_day;
    bool strict;                /* changes of mode are counted in dominance; see run */
    const seed_weight *seeding; /* NULL = the exact search */
    int32_t *seed_t;            /* [label] when seeding, in the room of the bags */
    uint32_t pause_at;          /* labels after which a search without seeds stops */
    queued unit;                /* what one part of a seed's key is worth */
    candidate candidate[CANDIDATES];
    uint32_t candidate_count;
    seed_point seed[SEEDS_MAX];
    uint32_t seed_count;
    tq_status status;
} hunt;

/* Give back the room of a label that is in neither queue nor bag. */
static inline void free_label(hunt *s, uint32_t at_label)
{
    s->label[at_label].parent = s->free_label;
    s->free_label = at_label;
}

/* queue.c */
void queue_place(queue *q, void *memory, size_t bytes);
void queue_clear(queue *q);
/** False = no memory. */
bool queue_push(queue *q, queued entry);
/** The first entry; of those that are dead most are dropped. False = none, or s->status says why.
 */
bool queue_pop(hunt *s, queued *out);

/* detours.c */
/** Find the detours after the arcs of one group out of a place. */
void find_detours(hunt *s, uint32_t node, const arc_group *group);

/* answer.c */
/** Of found plans of the same time keep those that no other beats. */
void drop_beaten(hunt *s);
/** Plans with steps from what has been found, moved down to `mark` of the arena. */
tq_status write_answer(hunt *s, size_t mark, tq_arena *work, tq_freight_answer *out, tq_err *err);

#endif
