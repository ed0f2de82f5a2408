/*
 * What one does at a junction: turns, forks, ends of streets, ramps, merging, rings.
 *
 * Method: the arcs by which one may go on there, by the links of the metric's hierarchy, so turn
 * bans count; their bearings, classes and names decide. Bounds of the directions are OSRM's: up to
 * 20 degrees is straight, 40 slight, 120 a turn, more is sharp.
 */
#include "road/road_in.h"

#define STRAIGHT_DEG 20
#define SLIGHT_DEG   40
#define TURN_DEG     120
#define BACK_DEG     175
#define FORK_DEG     45 /* both ways of a fork go on within this */
#define MERGE_DEG    60
#define WAYS_ON_MAX  16u

/* A way on, but back. */
typedef struct way_on {
    uint32_t arc;
    int32_t change;
} way_on;

int32_t road_bend(const tq_streets *streets, uint32_t old, uint32_t arc)
{
    uint32_t before = (road_bearing(streets, old ^ 1) + 180) % 360;
    int32_t change = (int32_t)((road_bearing(streets, arc) + 360 - before) % 360);
    return change > 180 ? change - 360 : change;
}

road_modifier road_modifier_of(int32_t change)
{
    int32_t size = change < 0 ? -change : change;
    if (size > BACK_DEG) return ROAD_U_TURN;
    if (size <= STRAIGHT_DEG) return ROAD_STRAIGHT;
    if (size <= SLIGHT_DEG) return change > 0 ? ROAD_SLIGHT_RIGHT : ROAD_SLIGHT_LEFT;
    if (size <= TURN_DEG) return change > 0 ? ROAD_RIGHT : ROAD_LEFT;
    return change > 0 ? ROAD_SHARP_RIGHT : ROAD_SHARP_LEFT;
}

bool road_may_turn(const tq_metric *metric, uint32_t from, uint32_t to)
{
    const tq_hierarchy *hierarchy = metric->hierarchy;
    uint32_t tail = hierarchy->vertex_of_arc[from];
    if (tail == TQ_NONE) return false;
    for (uint32_t l = hierarchy->first_link[tail]; l < hierarchy->first_link[tail + 1]; l++)
        if (hierarchy->arc_of_vertex[hierarchy->link_head[l]] == to &&
            metric->turn_ds[l] < TQ_ROAD_INF)
            return metric->arc_ds[to] < TQ_ROAD_INF;
    return false;
}

bool road_same_name(const tq_streets *streets, uint32_t arc, uint32_t other)
{
    const tq_street_name *a = &streets->name[streets->edge_name[arc >> 1]],
                         *b = &streets->name[streets->edge_name[other >> 1]];
    return a->name == b->name && (a->name != 0 || a->ref == b->ref);
}

static bool nameless(const tq_streets *streets, uint32_t arc)
{
    const tq_street_name *name = &streets->name[streets->edge_name[arc >> 1]];
    return name->name == 0 && name->ref == 0;
}

/* The same numbered road under another name, or under none. */
static bool same_ref(const tq_streets *streets, uint32_t arc, uint32_t other)
{
    uint32_t ref = streets->name[streets->edge_name[arc >> 1]].ref;
    return ref != 0 && ref == streets->name[streets->edge_name[other >> 1]].ref;
}

static uint8_t class_of(const tq_streets *streets, uint32_t arc)
{
    return tq_edge_attr(streets, arc >> 1)->street_class;
}

bool road_in_ring(const tq_streets *streets, uint32_t arc)
{
    return (tq_edge_attr(streets, arc >> 1)->flags & TQ_STREET_ROUNDABOUT) != 0;
}

static bool is_ramp(const tq_streets *streets, uint32_t arc)
{
    return class_of(streets, arc) == TQ_MOTORWAY_LINK || class_of(streets, arc) == TQ_TRUNK_LINK;
}

static bool is_fast(const tq_streets *streets, uint32_t arc)
{
    return class_of(streets, arc) == TQ_MOTORWAY || class_of(streets, arc) == TQ_TRUNK;
}

/* Size of a street for comparing: 0 the greatest; ramps are of the size of what they leave. */
static uint32_t size_of(const tq_streets *streets, uint32_t arc)
{
    uint8_t street_class = class_of(streets, arc);
    return street_class <= TQ_TERTIARY_LINK ? street_class / 2u : street_class;
}

static uint32_t ways_on(const tq_city *city, const tq_metric *metric, uint32_t old, uint32_t arc,
                        way_on out[WAYS_ON_MAX])
{
    const tq_streets *streets = &city->streets;
    uint32_t node = tq_arc_head(streets, old), count = 0;
    for (uint32_t k = streets->first_out[node];
         k < streets->first_out[node + 1] && count < WAYS_ON_MAX; k++) {
        uint32_t other = streets->out_arc[k];
        if (other == (old ^ 1) || (other != arc && !road_may_turn(metric, old, other))) continue;
        out[count++] = (way_on){other, road_bend(streets, old, other)};
    }
    return count;
}

/* Is there another street that comes in here and goes on by `arc`? Its bearing in *outward. */
static bool joins_another(const tq_city *city, const tq_metric *metric, uint32_t old, uint32_t arc,
                          uint32_t *outward)
{
    const tq_streets *streets = &city->streets;
    uint32_t node = tq_arc_head(streets, old);
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t out = streets->out_arc[k], in = out ^ 1;
        if (in == old || out == arc || metric->arc_ds[in] >= TQ_ROAD_INF || is_ramp(streets, in) ||
            size_of(streets, in) != size_of(streets, arc) || !road_may_turn(metric, in, arc))
            continue;
        *outward = road_bearing(streets, out);
        return true;
    }
    return false;
}

/* One goes left to merge when the other street comes from the left. */
static road_modifier merge_side(const tq_streets *streets, uint32_t old, uint32_t outward)
{
    uint32_t mine = road_bearing(streets, old ^ 1), right = (outward + 360 - mine) % 360;
    return right < 180 ? ROAD_SLIGHT_LEFT : ROAD_SLIGHT_RIGHT;
}

/* Two ways go on nearly straight and neither is plainly the same street. */
static bool forks(const tq_streets *streets, uint32_t old, uint32_t arc, int32_t change,
                  const way_on *on, uint32_t count, road_modifier *modifier)
{
    int32_t left = INT32_MAX, right = INT32_MIN;
    bool goes_on = road_same_name(streets, old, arc) && !nameless(streets, arc);
    for (uint32_t k = 0; k < count; k++) {
        if (on[k].arc == arc || on[k].change > FORK_DEG || on[k].change < -FORK_DEG ||
            size_of(streets, on[k].arc) > size_of(streets, arc))
            continue;
        bool other_goes_on =
            road_same_name(streets, old, on[k].arc) && !nameless(streets, on[k].arc);
        if (goes_on && !other_goes_on) continue;
        left = TQ_MIN(left, on[k].change);
        right = TQ_MAX(right, on[k].change);
    }
    if (right == INT32_MIN || change > FORK_DEG || change < -FORK_DEG) return false;
    if (change <= right && change >= left) return false; /* the middle one of three */
    *modifier = change > right ? ROAD_SLIGHT_RIGHT : ROAD_SLIGHT_LEFT;
    return true;
}

/* The street ends at a crossing street: one must go left or right. */
static bool street_ends(const tq_streets *streets, uint32_t old, const way_on *on, uint32_t count)
{
    bool left = false, right = false;
    for (uint32_t k = 0; k < count; k++) {
        int32_t change = on[k].change, size = change < 0 ? -change : change;
        if (size <= SLIGHT_DEG ||
            (road_same_name(streets, old, on[k].arc) && !nameless(streets, on[k].arc)))
            return false;
        left |= change < 0;
        right |= change > 0;
    }
    return left && right;
}

static road_turn at_ramp(const tq_city *city, const tq_metric *metric, uint32_t old, uint32_t arc,
                         uint32_t count, int32_t change, road_modifier *modifier)
{
    const tq_streets *streets = &city->streets;
    uint32_t outward = 0;
    bool from = is_ramp(streets, old), to = is_ramp(streets, arc);
    if (to && !from && count > 1) {
        if (*modifier == ROAD_STRAIGHT)
            *modifier = change < 0 ? ROAD_SLIGHT_LEFT : ROAD_SLIGHT_RIGHT;
        return class_of(streets, old) == TQ_MOTORWAY || class_of(streets, old) == TQ_TRUNK
                   ? ROAD_OFF_RAMP
                   : ROAD_ON_RAMP;
    }
    if (to && !from) return ROAD_ON_RAMP;
    if (from && !to && is_fast(streets, arc) && change <= MERGE_DEG && change >= -MERGE_DEG &&
        joins_another(city, metric, old, arc, &outward)) {
        *modifier = merge_side(streets, old, outward);
        return ROAD_MERGE;
    }
    return ROAD_DEPART;
}

/* Stairs and crossings are worth a word when one comes onto them. */
static bool foot_news(const tq_city *city, const tq_metric *metric, uint32_t old, uint32_t arc)
{
    const tq_streets *streets = &city->streets;
    if (road_mode_of(city, metric, arc) != ROAD_WALKING) return false;
    const tq_street_attr *a = tq_edge_attr(streets, old >> 1), *b = tq_edge_attr(streets, arc >> 1);
    return (b->street_class == TQ_STEPS && a->street_class != TQ_STEPS) ||
           (b->crossing != TQ_CROSSING_NONE && a->crossing == TQ_CROSSING_NONE);
}

road_turn road_turn_between(const tq_city *city, const tq_metric *metric, uint32_t named,
                            uint32_t old, uint32_t arc, road_modifier *modifier)
{
    const tq_streets *streets = &city->streets;
    int32_t change = road_bend(streets, old, arc), size = change < 0 ? -change : change;
    *modifier = arc == (old ^ 1) ? ROAD_U_TURN : road_modifier_of(change);
    bool same = road_same_name(streets, old, arc), has_name = !nameless(streets, arc);
    if (arc == (old ^ 1)) return ROAD_CONTINUE;
    if (road_mode_of(city, metric, old) != road_mode_of(city, metric, arc))
        return ROAD_NOTIFICATION;
    if (!road_in_ring(streets, old) && road_in_ring(streets, arc)) return ROAD_ROUNDABOUT;
    if (road_in_ring(streets, old))
        return road_in_ring(streets, arc) ? ROAD_DEPART : ROAD_EXIT_ROUNDABOUT;
    way_on on[WAYS_ON_MAX];
    uint32_t count = ways_on(city, metric, old, arc, on);
    road_turn ramp = at_ramp(city, metric, old, arc, count, change, modifier);
    if (ramp != ROAD_DEPART) return ramp;
    if (foot_news(city, metric, old, arc)) return size > SLIGHT_DEG ? ROAD_TURN : ROAD_NOTIFICATION;
    bool news =
        has_name && !same && !road_same_name(streets, named, arc) && !same_ref(streets, named, arc);
    if (count < 2) return news ? ROAD_NEW_NAME : ROAD_DEPART;
    if (forks(streets, old, arc, change, on, count, modifier)) return ROAD_FORK;
    if (size <= STRAIGHT_DEG) return news ? ROAD_NEW_NAME : ROAD_DEPART;
    if (size > SLIGHT_DEG && street_ends(streets, old, on, count)) return ROAD_END_OF_ROAD;
    if (same && has_name) return size > SLIGHT_DEG ? ROAD_CONTINUE : ROAD_DEPART;
    return size > SLIGHT_DEG || !same ? ROAD_TURN : ROAD_DEPART;
}
