/* Weights of up-arcs from weights of links, on several threads: customize.c. */
#ifndef TQ_CUSTOMIZE_H
#define TQ_CUSTOMIZE_H

#include "road/road_in.h"

/**
 * Customize in place: pair [up_count] holds the weights of links (TQ_ROAD_INF where an up-arc has
 * none) and gets those of all up-arcs. False on no memory.
 */
bool road_customize(const tq_hierarchy *hierarchy, unsigned threads, road_pair *pair);

/** A row of perfect customization, see perfect_row.c; in the form of the kernels in use. */
typedef void (*road_perfect_row)(const road_pair *list, uint32_t count, const road_pair *between,
                                 road_pair *best);
road_perfect_row road_perfect_row_used(void);

#endif
