/* Shapes of arcs for stretches: points in order of travel, headings at the ends, distances. */
#include <math.h>

#include "live/live_in.h"

uint32_t live_arc_points(const tq_streets *streets, uint32_t arc)
{
    uint32_t edge = arc >> 1;
    return 2 + streets->edge_first_point[edge + 1] - streets->edge_first_point[edge];
}

tq_point live_arc_point(const tq_streets *streets, uint32_t arc, uint32_t k)
{
    uint32_t edge = arc >> 1, first = streets->edge_first_point[edge],
             inner = streets->edge_first_point[edge + 1] - first;
    if ((arc & 1) != 0) k = inner + 1 - k;
    if (k == 0) return streets->node_at[streets->edge_from[edge]];
    if (k == inner + 1) return streets->node_at[streets->edge_to[edge]];
    return streets->point[first + k - 1];
}

uint32_t live_arc_distance_dm(const tq_streets *streets, uint32_t arc, tq_point point)
{
    uint32_t best = UINT32_MAX, count = live_arc_points(streets, arc);
    tq_point a = live_arc_point(streets, arc, 0);
    for (uint32_t k = 1; k < count; k++) {
        tq_point b = live_arc_point(streets, arc, k);
        best = TQ_MIN(best, tq_project(point, a, b).distance_dm);
        a = b;
    }
    return best;
}

unsigned live_turn_deg(unsigned from_deg, unsigned to_deg)
{
    unsigned turn = (to_deg + 360 - from_deg) % 360;
    return turn > 180 ? 360 - turn : turn;
}

/* Over the first points that are apart: equal ones have no heading. */
unsigned live_leaving_deg(const tq_streets *streets, uint32_t arc)
{
    uint32_t count = live_arc_points(streets, arc);
    tq_point a = live_arc_point(streets, arc, 0);
    for (uint32_t k = 1; k < count; k++) {
        tq_point b = live_arc_point(streets, arc, k);
        if (k + 1 == count || tq_distance_dm(a, b) >= 50) return tq_bearing_deg(a, b);
    }
    return 0;
}

unsigned live_arriving_deg(const tq_streets *streets, uint32_t arc)
{
    return (live_leaving_deg(streets, arc ^ 1) + 180) % 360;
}

static bool same_place(tq_point a, tq_point b)
{
    return a.lat_e7 == b.lat_e7 && a.lon_e7 == b.lon_e7;
}

bool live_line_of(const tq_streets *streets, const uint32_t *arc, uint32_t count, live_line *out)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t points = live_arc_points(streets, arc[k]);
        for (uint32_t p = 0; p < points; p++) {
            tq_point at = live_arc_point(streets, arc[k], p);
            if (out->count > 0 && same_place(out->at[out->count - 1], at)) continue;
            if (!tq_vec_push(out, at)) return false;
        }
    }
    return true;
}

unsigned live_compass(const tq_streets *streets, const uint32_t *arc, uint32_t count)
{
    if (count == 0) return 0;
    tq_point from = streets->node_at[tq_arc_tail(streets, arc[0])],
             to = streets->node_at[tq_arc_head(streets, arc[count - 1])];
    return (tq_bearing_deg(from, to) + 22) % 360 / 45;
}
