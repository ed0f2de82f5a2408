/*
 * Lines and points of a vector tile: projected to tile units, clipped piece by piece (Liang and
 * Barsky 1984) to the tile and a small margin, and thinned (Ramer 1972, Douglas and Peucker 1973)
 * with a stack of its own. All scratch is in `work`.
 */
#include "serve/tile_in.h"

/* ---- lines
 * -----------------------------------------------------------------------------------------------
 */

/* Twice the area of the triangle, the measure of how far a point is off the chord a-b. */
static int64_t off_chord(const int32_t *a, const int32_t *b, const int32_t *p)
{
    return ((int64_t)b[0] - a[0]) * ((int64_t)p[1] - a[1]) -
           ((int64_t)b[1] - a[1]) * ((int64_t)p[0] - a[0]);
}

/* Is the point farther than `units` off the chord? Exact in integers. */
static bool is_far(const int32_t *a, const int32_t *b, int64_t area, int64_t units)
{
    int64_t dx = (int64_t)b[0] - a[0], dy = (int64_t)b[1] - a[1];
    int64_t length2 = dx * dx + dy * dy;
    return area * area > units * units * length2;
}

static int64_t distance2(const int32_t *a, const int32_t *b)
{
    int64_t dx = (int64_t)b[0] - a[0], dy = (int64_t)b[1] - a[1];
    return dx * dx + dy * dy;
}

static void thin_chain(tile_drawing *at, int64_t units)
{
    memset(at->keep, 0, at->count);
    at->keep[0] = at->keep[at->count - 1] = 1;
    uint32_t top = 0;
    at->stack[top++] = 0;
    at->stack[top++] = at->count - 1;
    while (top > 0) {
        uint32_t last = at->stack[--top], first = at->stack[--top], best = 0;
        const int32_t *a = at->xy + 2 * first, *b = at->xy + 2 * last;
        bool closed = a[0] == b[0] && a[1] == b[1];
        int64_t far = -1;
        for (uint32_t k = first + 1; k < last; k++) {
            const int32_t *p = at->xy + 2 * k;
            int64_t off = closed ? distance2(a, p) : off_chord(a, b, p);
            if (off < 0) off = -off;
            if (off <= far) continue;
            far = off;
            best = k;
        }
        if (best == 0 || !(closed ? far > units * units : is_far(a, b, far, units))) continue;
        at->keep[best] = 1;
        at->stack[top++] = first;
        at->stack[top++] = best;
        at->stack[top++] = best;
        at->stack[top++] = last;
    }
    uint32_t kept = 0;
    for (uint32_t k = 0; k < at->count; k++) {
        if (!at->keep[k]) continue;
        at->xy[2 * kept] = at->xy[2 * k];
        at->xy[2 * kept + 1] = at->xy[2 * k + 1];
        kept++;
    }
    at->count = kept;
}

static void end_chain(tile_drawing *at, uint32_t item, tile_tagger put_tags)
{
    if (at->count >= 2) {
        thin_chain(at, at->tile.z < 14 ? 6 : 2);
        tq_mvt_feature(at->mvt, 0, TQ_MVT_LINE, at->xy, at->count);
        put_tags(at, item);
    }
    at->count = 0;
}

static void chain_point(tile_drawing *at, int32_t x, int32_t y, uint32_t item, tile_tagger put_tags)
{
    if (at->count != 0 && at->xy[2 * at->count - 2] == x && at->xy[2 * at->count - 1] == y) return;
    if (at->count == TILE_CHAIN_POINTS) {
        end_chain(at, item, put_tags);
        at->xy[0] = at->last_x;
        at->xy[1] = at->last_y;
        at->count = 1;
    }
    at->xy[2 * at->count] = x;
    at->xy[2 * at->count + 1] = y;
    at->count++;
}

/* One side of the clip: narrow [*enter, *leave] (in 1/den) to the inner side. */
static bool clip_side(double delta, double room, double *enter, double *leave)
{
    if (delta == 0) return room >= 0;
    double t = room / delta;
    if (delta < 0) {
        if (t > *leave) return false;
        if (t > *enter) *enter = t;
    } else {
        if (t < *enter) return false;
        if (t < *leave) *leave = t;
    }
    return true;
}

static int32_t step_along(int32_t from, int32_t delta, double t)
{
    double value = from + (double)delta * t;
    return (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
}

void tile_line_point(tile_drawing *at, tq_point point, uint32_t item, tile_tagger put_tags)
{
    int32_t x, y;
    tq_tile_place(at->tile, point, TQ_MVT_EXTENT, &x, &y);
    /* Far beyond the tile the exact place does not matter; kept small so that differences fit. */
    x = TQ_MAX(-(1 << 28), TQ_MIN(x, 1 << 28));
    y = TQ_MAX(-(1 << 28), TQ_MIN(y, 1 << 28));
    if (!at->has_last) {
        at->has_last = true;
        at->last_x = x;
        at->last_y = y;
        at->count = 0;
        return;
    }
    int32_t x0 = at->last_x, y0 = at->last_y, dx = x - x0, dy = y - y0;
    int32_t most = TQ_MVT_EXTENT + TILE_MARGIN;
    double enter = 0, leave = 1;
    bool seen = clip_side(-dx, x0 + TILE_MARGIN, &enter, &leave) &&
                clip_side(dx, most - x0, &enter, &leave) &&
                clip_side(-dy, y0 + TILE_MARGIN, &enter, &leave) &&
                clip_side(dy, most - y0, &enter, &leave);
    if (seen) {
        if (enter > 0) end_chain(at, item, put_tags);
        chain_point(at, step_along(x0, dx, enter), step_along(y0, dy, enter), item, put_tags);
        chain_point(at, step_along(x0, dx, leave), step_along(y0, dy, leave), item, put_tags);
    }
    at->last_x = x;
    at->last_y = y;
    if (!seen || leave < 1) end_chain(at, item, put_tags);
}

void tile_end_line(tile_drawing *at, uint32_t item, tile_tagger put_tags)
{
    end_chain(at, item, put_tags);
    at->has_last = false;
}

void tile_point(tile_drawing *at, tq_point point, uint32_t item, tile_tagger put_tags)
{
    int32_t xy[2];
    tq_tile_place(at->tile, point, TQ_MVT_EXTENT, &xy[0], &xy[1]);
    int32_t most = TQ_MVT_EXTENT + TILE_MARGIN;
    if (xy[0] < -TILE_MARGIN || xy[1] < -TILE_MARGIN || xy[0] > most || xy[1] > most) return;
    tq_mvt_feature(at->mvt, 0, TQ_MVT_POINT, xy, 1);
    put_tags(at, item);
}

/* ---- items
 * ---- */

/* Draw every item whose cell the tile touches, each once, in ascending order of first sight. */
bool tile_items(tile_drawing *at, const tq_grid *grid, uint32_t item_count,
                void (*draw)(tile_drawing *, uint32_t))
{
    tq_cells cells;
    if (item_count == 0 || !tq_grid_cells(grid, &at->box, &cells)) return true;
    size_t mark = at->work->used;
    uint8_t *seen = TQ_PUSH(at->work, uint8_t, (item_count + 7) / 8);
    if (seen == NULL) return false;
    for (uint32_t row = cells.row0; row <= cells.row1; row++)
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * grid->columns + column;
            for (uint32_t k = grid->first[cell]; k < grid->first[cell + 1]; k++) {
                uint32_t item = grid->item[k];
                if (seen[item / 8] >> (item % 8) & 1) continue;
                seen[item / 8] |= (uint8_t)(1u << (item % 8));
                draw(at, item);
            }
        }
    tq_arena_reset(at->work, mark);
    return true;
}

tq_status tile_begin(tile_drawing *at, tq_err *err)
{
    tq_box inner = tq_tile_box(at->tile);
    int32_t high =
        (int32_t)(((int64_t)inner.north_e7 - inner.south_e7) * TILE_MARGIN / TQ_MVT_EXTENT) + 1;
    int32_t wide =
        (int32_t)(((int64_t)inner.east_e7 - inner.west_e7) * TILE_MARGIN / TQ_MVT_EXTENT) + 1;
    at->box = (tq_box){inner.south_e7 - high, inner.west_e7 - wide, inner.north_e7 + high,
                       inner.east_e7 + wide};
    at->xy = TQ_PUSH_RAW(at->work, int32_t, 2 * TILE_CHAIN_POINTS);
    at->keep = TQ_PUSH_RAW(at->work, uint8_t, TILE_CHAIN_POINTS);
    at->stack = TQ_PUSH_RAW(at->work, uint32_t, 4 * TILE_CHAIN_POINTS);
    if (at->xy == NULL || at->keep == NULL || at->stack == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch to draw a tile");
    return TQ_OK;
}
