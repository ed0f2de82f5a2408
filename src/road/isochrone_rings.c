/*
 * Outlines of a drawing: for each limit the rings around the nodes within it.
 *
 * Method: marching squares. A ring cuts the grid between a node inside and a neighbour outside, at
 * the share where the limit lies between their times, halfway when the outer one was never reached.
 * It is walked with the inside on the left, so outer rings come out counter-clockwise and holes
 * clockwise. Where only two opposite corners of a cell are inside, they are not joined.
 *
 * Invariants: a cut lies strictly between its nodes and belongs to one ring, so rings neither touch
 * nor cross themselves or each other, and the area of a smaller limit lies inside that of a larger
 * one (the outer cut moves outward with the limit; the rounding keeps the order). Cells with all
 * corners inside are inside as a whole.
 */
#include "road/isochrone_in.h"

typedef enum heading { NORTH, EAST, SOUTH, WEST } heading;

/* Where a walk is: in a cell (by its south-west node), come in over the side behind it. */
typedef struct walker {
    uint32_t column, row;
    heading heading;
} walker;

/* Corners of a cell as seen by a walker: steps from the south-west node. */
typedef struct corner {
    uint8_t column, row;
} corner;
static const corner back_left[] = {{0, 0}, {0, 1}, {1, 1}, {1, 0}};
static const corner back_right[] = {{1, 0}, {0, 0}, {0, 1}, {1, 1}};
static const corner front_left[] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
static const corner front_right[] = {{1, 1}, {1, 0}, {0, 0}, {0, 1}};

typedef struct ring_tracer {
    const road_drawing *drawing;
    int32_t limit_ds;
    uint32_t *ring_of; /* [node] ring that cuts between the node and its eastern neighbour */
    int32_t *lat_lon;
    uint32_t point_count, ring_count;
    tq_ring *ring;
    uint32_t *outer_of; /* [ring] the outer ring that a ring belongs to */
} ring_tracer;

static size_t node_at(const road_drawing *drawing, uint32_t column, uint32_t row)
{
    return (size_t)row * drawing->columns + column;
}

static size_t corner_node(const ring_tracer *work, const walker *walk, const corner corners[4])
{
    corner step = corners[walk->heading];
    return node_at(work->drawing, walk->column + step.column, walk->row + step.row);
}

static bool inside(const ring_tracer *work, size_t node)
{
    return work->drawing->least[node] <= work->limit_ds;
}

/* How far the ring is from the inner node towards the outer one, of a side so long. */
static int32_t cut_e7(const ring_tracer *work, size_t in, size_t out, int32_t side_e7)
{
    int64_t low = work->drawing->least[in], high = work->drawing->least[out];
    int64_t cut = side_e7 / 2;
    if (high != ROAD_NOT_REACHED) cut = side_e7 * (work->limit_ds - low) / (high - low);
    return (int32_t)TQ_MAX(1, TQ_MIN(cut, side_e7 - 1));
}

static tq_point place_between(const ring_tracer *work, size_t in, size_t out)
{
    const road_drawing *drawing = work->drawing;
    int32_t column = (int32_t)(in % drawing->columns), row = (int32_t)(in / drawing->columns);
    tq_point place = {drawing->south_e7 + row * drawing->high_e7,
                      drawing->west_e7 + column * drawing->wide_e7};
    size_t low = TQ_MIN(in, out);
    bool upright = TQ_MAX(in, out) - low == drawing->columns;
    int32_t cut = cut_e7(work, in, out, upright ? drawing->high_e7 : drawing->wide_e7);
    if (low == out) cut = -cut;
    if (upright)
        place.lat_e7 += cut;
    else
        place.lon_e7 += cut;
    return place;
}

/* Does b lie on the straight line from a to c, so that it can be left out? */
static bool on_the_way(const int32_t *a, const int32_t *b, tq_point c)
{
    int64_t lat1 = (int64_t)b[0] - a[0], lon1 = (int64_t)b[1] - a[1];
    int64_t lat2 = (int64_t)c.lat_e7 - b[0], lon2 = (int64_t)c.lon_e7 - b[1];
    return lat1 * lon2 == lat2 * lon1 && lat1 * lat2 + lon1 * lon2 > 0;
}

static void add_point(ring_tracer *work, uint32_t first, tq_point place)
{
    int32_t *next = work->lat_lon + 2 * (size_t)work->point_count;
    if (work->point_count - first >= 2 && on_the_way(next - 4, next - 2, place)) {
        next -= 2;
        work->point_count--;
    }
    next[0] = place.lat_e7;
    next[1] = place.lon_e7;
    work->point_count++;
}

/* Leave the cell with the inside on the left; returns the nodes on both sides of the cut. */
static void step_on(const ring_tracer *work, walker *walk, size_t *in, size_t *out)
{
    size_t left = corner_node(work, walk, front_left), right = corner_node(work, walk, front_right);
    if (!inside(work, left)) {
        *in = corner_node(work, walk, back_left);
        *out = left;
        walk->heading = (heading)((walk->heading + 3u) % 4u);
    } else if (!inside(work, right)) {
        *in = left;
        *out = right;
    } else {
        *in = right;
        *out = corner_node(work, walk, back_right);
        walk->heading = (heading)((walk->heading + 1u) % 4u);
    }
    walk->column += (walk->heading == EAST) - (uint32_t)(walk->heading == WEST);
    walk->row += (walk->heading == NORTH) - (uint32_t)(walk->heading == SOUTH);
}

/* Walk the ring that cuts between a node and its eastern neighbour. */
static void walk_ring(ring_tracer *work, uint32_t column, uint32_t row, uint32_t limit)
{
    const road_drawing *drawing = work->drawing;
    size_t node = node_at(drawing, column, row);
    bool west_in = inside(work, node);
    walker begin = {column, west_in ? row : row - 1, west_in ? NORTH : SOUTH}, walk = begin;
    size_t in = west_in ? node : node + 1, out = west_in ? node + 1 : node;
    uint32_t ring = work->ring_count++, first = work->point_count;
    do {
        if (walk.heading == NORTH || walk.heading == SOUTH) work->ring_of[TQ_MIN(in, out)] = ring;
        add_point(work, first, place_between(work, in, out));
        step_on(work, &walk, &in, &out);
    } while (walk.column != begin.column || walk.row != begin.row || walk.heading != begin.heading);
    tq_point close = {work->lat_lon[2 * (size_t)first], work->lat_lon[2 * (size_t)first + 1]};
    add_point(work, first, close);
    work->ring[ring] = (tq_ring){first, work->point_count - first, limit, west_in};
    work->outer_of[ring] = ring;
    if (!west_in) return;
    /* The first cut of a hole has its surroundings to the west: the ring that begins them is known.
     */
    while (inside(work, node))
        node--;
    work->outer_of[ring] = work->outer_of[work->ring_of[node]];
}

static void walk_limit(ring_tracer *work, const tq_isochrone_wish *wish, uint32_t limit)
{
    const road_drawing *drawing = work->drawing;
    work->limit_ds = wish->limit_ds[limit];
    memset(work->ring_of, 0xff, (size_t)drawing->columns * drawing->rows * sizeof *work->ring_of);
    for (uint32_t row = 1; row + 1 < drawing->rows; row++) {
        for (uint32_t column = 0; column + 1 < drawing->columns; column++) {
            size_t node = node_at(drawing, column, row);
            if (inside(work, node) != inside(work, node + 1) && work->ring_of[node] == TQ_NONE)
                walk_ring(work, column, row, limit);
        }
    }
}

/* Cuts of all limits: as many points there can be before rings are closed. */
static size_t count_cuts(const road_drawing *drawing, const tq_isochrone_wish *wish)
{
    size_t cuts = 0;
    for (uint32_t limit = 0; limit < wish->limit_count; limit++) {
        int32_t limit_ds = wish->limit_ds[limit];
        for (uint32_t row = 0; row + 1 < drawing->rows; row++) {
            const int32_t *least = drawing->least + node_at(drawing, 0, row);
            for (uint32_t column = 0; column + 1 < drawing->columns; column++) {
                bool in = least[column] <= limit_ds;
                cuts += (in != (least[column + 1] <= limit_ds)) +
                        (size_t)(in != (least[column + drawing->columns] <= limit_ds));
            }
        }
    }
    return cuts;
}

/* Each outer ring, then its holes. */
static void put_in_order(const ring_tracer *work, uint32_t *place_of, tq_ring *sorted)
{
    for (uint32_t ring = 0; ring < work->ring_count; ring++)
        place_of[work->outer_of[ring]]++;
    uint32_t sum = 0;
    for (uint32_t ring = 0; ring < work->ring_count; ring++) {
        uint32_t here = place_of[ring];
        place_of[ring] = sum;
        sum += here;
    }
    /* An outer ring is walked before its holes, so it takes the first place. */
    for (uint32_t ring = 0; ring < work->ring_count; ring++)
        sorted[place_of[work->outer_of[ring]]++] = work->ring[ring];
}

bool road_rings(const road_drawing *drawing, const tq_isochrone_wish *wish, tq_arena *work,
                tq_isochrone *out)
{
    size_t cuts = count_cuts(drawing, wish), rings = cuts / 4; /* a ring has at least four cuts */
    if (cuts + rings > UINT32_MAX / 2) return false;
    tq_ring *sorted = TQ_PUSH_RAW(work, tq_ring, rings);
    ring_tracer tracer = {.drawing = drawing,
                          .lat_lon = TQ_PUSH_RAW(work, int32_t, 2 * (cuts + rings))};
    size_t mark = work->used;
    tracer.ring_of = TQ_PUSH_RAW(work, uint32_t, (size_t)drawing->columns * drawing->rows);
    tracer.ring = TQ_PUSH_RAW(work, tq_ring, rings);
    tracer.outer_of = TQ_PUSH_RAW(work, uint32_t, rings);
    uint32_t *place_of = TQ_PUSH(work, uint32_t, rings);
    if (sorted == NULL || tracer.lat_lon == NULL || tracer.ring_of == NULL || tracer.ring == NULL ||
        tracer.outer_of == NULL || place_of == NULL)
        return false;
    for (uint32_t limit = 0; limit < wish->limit_count; limit++)
        walk_limit(&tracer, wish, limit);
    put_in_order(&tracer, place_of, sorted);
    out->ring = sorted;
    out->ring_count = tracer.ring_count;
    out->lat_lon = tracer.lat_lon;
    out->point_count = tracer.point_count;
    tq_arena_reset(work, mark);
    return true;
}
