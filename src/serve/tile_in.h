/* Private to src/serve/tile*.c and osrm_tile.c: drawing lines and points into a vector tile. */
#ifndef TQ_TILE_IN_H
#define TQ_TILE_IN_H

#include "serve/serve_in.h"

#define TILE_MARGIN       64    /* tile units beyond the edge, so that lines join across tiles */
#define TILE_CHAIN_POINTS 2048u /* longer chains go out as several features */

typedef struct tile_drawing {
    const tq_city *city;
    const tile_plan *plan;
    tq_tile tile;
    tq_box box;           /* the tile with its margin */
    uint32_t street_zoom; /* streets that are shown from this zoom on are drawn */
    tq_mvt *mvt;
    tq_arena *work;
    int32_t *xy;     /* [2 * TILE_CHAIN_POINTS] the chain */
    uint8_t *keep;   /* [TILE_CHAIN_POINTS] */
    uint32_t *stack; /* [4 * TILE_CHAIN_POINTS] */
    uint32_t count;
    int32_t last_x, last_y; /* the line's last point, clipped or not */
    bool has_last;
} tile_drawing;

/* Writes the tags of the feature that is being drawn. */
typedef void (*tile_tagger)(tile_drawing *at, uint32_t item);

/** Set the box and the scratch of a drawing whose city, tile, mvt and work are given. */
tq_status tile_begin(tile_drawing *at, tq_err *err);
void tile_line_point(tile_drawing *at, tq_point point, uint32_t item, tile_tagger put_tags);
void tile_end_line(tile_drawing *at, uint32_t item, tile_tagger put_tags);
void tile_point(tile_drawing *at, tq_point point, uint32_t item, tile_tagger put_tags);
/** Draw every item whose cell the tile touches, once. False: the scratch is too small. */
bool tile_items(tile_drawing *at, const tq_grid *grid, uint32_t item_count,
                void (*draw)(tile_drawing *, uint32_t));
const char *street_class_name(unsigned street_class);

#endif
