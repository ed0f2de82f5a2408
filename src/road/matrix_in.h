/*
 * Places of one side of a table: their ends, in tree order, and the rows of these.
 */
#ifndef TQ_ROAD_MATRIX_IN_H
#define TQ_ROAD_MATRIX_IN_H

#include "road/many_in.h"

typedef struct many_end {
    uint32_t vertex, arc, at_dm;
    int32_t passed_ds;  /* targets: less what an arrival takes off, see gift_ds */
    int32_t gift_ds;    /* to be added again when the source is of the same area */
    uint32_t area;      /* TQ_NONE = none */
    uint32_t limit;     /* depths that it shares with any end of the other side */
    const int32_t *row; /* [limit] */
    const uint32_t *dm; /* [limit] or NULL */
    int32_t round_ds;   /* sources: back to its own tail; -1 = not yet asked for */
    uint32_t round_dm;
} many_end;

/*
 * A place; its trunk is the root path that all its ends share, up to `vertex`, and the trunk's row
 * holds the least over the ends. It takes the place of the ends for whatever hangs off the trunk.
 */
typedef struct many_place {
    uint32_t number;       /* in the table */
    uint32_t first, count; /* ends */
    uint32_t vertex; /* lowest vertex above or equal to all ends; TQ_NONE = in several trees */
    uint32_t common; /* its depth + 1; 0 = in several trees */
    bool inside;     /* some end is in streets for the last metres */
    int32_t base_ds; /* add to what the row says */
    uint32_t limit;
    const int32_t *row; /* [limit] */
} many_place;

typedef struct many_set {
    many_side side;
    uint32_t count, end_count;
    many_place *place;   /* [count], ascending by vertex */
    many_end *end;       /* [end_count] */
    uint64_t *end_order; /* [end_count], vertex << 32 | end, ascending */
    uint32_t *beside;    /* [count], what place k and k + 1 have in common */
} many_set;

/**
 * Fill `set` with the ends of places first .. first + count.
 *
 * @return TQ_NO_MEMORY when `work` is too small
 */
tq_status many_set_make(const tq_city *city, const tq_metric *metric,
                        const tq_places_on_road *places, uint32_t first, uint32_t count,
                        many_side side, tq_arena *work, many_set *set, tq_err *err);
/** Rows of a set, as far as they meet those of the other. */
tq_status many_set_rows(const tq_metric *metric, many_set *set, const many_set *other,
                        bool with_metres, tq_arena *work, tq_err *err);
/** Scratch that many_set_make and many_set_rows take at most for one place with so many ends. */
size_t many_place_bytes(const tq_metric *metric, uint32_t ends, bool with_metres);
/** What two trunks have in common. */
uint32_t many_common(const tq_metric *metric, uint32_t a, uint32_t b);

#endif
