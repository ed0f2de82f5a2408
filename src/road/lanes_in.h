/* Arrows of lanes before a junction. */
#ifndef TQ_LANES_IN_H
#define TQ_LANES_IN_H

#include "road/road_in.h"

#define LANES_MAX 16u

typedef struct lane {
    uint16_t arrows; /* bits in the order of the table of arrows */
    bool valid;      /* serves the turn */
} lane;

/** Lanes of an OSM turn:lanes text and which of them serve a change of direction; returns how many,
 * 0 for an empty text. */
uint32_t lanes_read(const char *text, int32_t change, lane out[LANES_MAX]);
/** "lanes":[{"valid":…,"indications":[…]},…] */
void lanes_put(tq_json *json, const lane *lanes, uint32_t count);

#endif
