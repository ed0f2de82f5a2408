/*
 * Steps of a way for people: where to turn, by which name, out of which exit.
 *
 * Method: steps_turn.c says what happens between two pieces; here pieces become steps. A roundabout
 * is one step from entering to leaving and one from there on; exits are counted on the way; one so
 * small that one sees across it, without a name, is a turn at a junction.
 *
 * Invariants: steps cover the pieces in order without gaps; the last one arrives and covers none.
 */
#include "road/road_in.h"

#define RING_ARCS_MAX 64u
#define SMALL_RING_DM 950u /* around: a radius of 15 m, OSRM's bound */
#define SMALL_EXITS   4u
#define BESIDE_DM     20u /* a place nearer to the street's middle is on it */

typedef struct step_walk {
    const tq_city *city;
    const tq_metric *metric;
    const tq_way *way;
    road_maneuver *step;
    uint32_t count;
    bool small_ring;    /* one is in a ring that is no step of its own */
    uint32_t ring_name; /* of the ring that one is in, 0 = none of its own */
} step_walk;

road_mode road_mode_of(const tq_city *city, const tq_metric *metric, uint32_t arc)
{
    const tq_street_attr *attr = tq_edge_attr(&city->streets, arc >> 1);
    if (attr->street_class == TQ_FERRY) return ROAD_ON_FERRY;
    if (metric->kind == TQ_HIERARCHY_MOTOR) return ROAD_DRIVING;
    if (!metric->has_vehicle || metric->vehicle.mode != TQ_ACCESS_BIKE) return ROAD_WALKING;
    bool rides = attr->access[arc & 1] & TQ_ACCESS_BIKE && attr->street_class != TQ_STEPS;
    return rides ? ROAD_CYCLING : ROAD_PUSHING;
}

static uint32_t bearing_at_end(const tq_streets *streets, uint32_t arc)
{
    return (road_bearing(streets, arc ^ 1) + 180) % 360;
}

/* Ways out of the ring at the head of a ring's arc. */
static uint32_t exits_at(const step_walk *walk, uint32_t arc)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t node = tq_arc_head(streets, arc), count = 0;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t out = streets->out_arc[k];
        count += !road_in_ring(streets, out) && walk->metric->arc_ds[out] < TQ_ROAD_INF;
    }
    return count;
}

/* The exit of a ring entered with `piece`, counted from 1; 0 when the way ends inside. *out is the
 * piece that leaves. */
static uint32_t count_exits(const step_walk *walk, uint32_t piece, uint32_t *out)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t count = 0;
    for (; piece + 1 < walk->way->arc_count; piece++) {
        *out = piece + 1;
        if (!road_in_ring(streets, walk->way->arc[piece + 1])) return count + 1;
        count += exits_at(walk, walk->way->arc[piece]);
    }
    return 0;
}

/* Small enough to see across, few exits, no name. */
static bool is_small(const step_walk *walk, uint32_t entry)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t start = tq_arc_tail(streets, entry), arc = entry, around_dm = 0, exits = 0;
    for (uint32_t steps = 0; steps < RING_ARCS_MAX; steps++) {
        const tq_street_name *name = &streets->name[streets->edge_name[arc >> 1]];
        around_dm += streets->edge_length_dm[arc >> 1];
        exits += exits_at(walk, arc);
        if (around_dm > SMALL_RING_DM || exits > SMALL_EXITS || name->name != 0) return false;
        uint32_t node = tq_arc_head(streets, arc), next = TQ_NONE;
        if (node == start) return true;
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t out = streets->out_arc[k];
            if (out != (arc ^ 1) && road_in_ring(streets, out) &&
                walk->metric->arc_ds[out] < TQ_ROAD_INF)
                next = out;
        }
        if (next == TQ_NONE) return false;
        arc = next;
    }
    return false;
}

static road_maneuver *begin_step(step_walk *walk, road_turn turn, road_modifier modifier,
                                 uint32_t before, uint32_t piece)
{
    const tq_streets *streets = &walk->city->streets;
    walk->step[walk->count - 1].end = piece;
    road_maneuver *step = &walk->step[walk->count++];
    *step = (road_maneuver){.turn = turn,
                            .first = piece,
                            .modifier = modifier,
                            .bearing_before = bearing_at_end(streets, walk->way->arc[before]),
                            .bearing_after = road_bearing(streets, walk->way->arc[piece])};
    return step;
}

static void enter_ring(step_walk *walk, road_modifier modifier, uint32_t before, uint32_t piece)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t out = piece, arc = walk->way->arc[piece];
    uint32_t exit = count_exits(walk, piece, &out);
    uint32_t name = streets->name[streets->edge_name[arc >> 1]].name;
    /* A ring that is a piece of a street has its name, which says nothing. */
    if (road_same_name(streets, arc, walk->way->arc[before]) ||
        (exit != 0 && road_same_name(streets, arc, walk->way->arc[out])))
        name = 0;
    walk->ring_name = name;
    walk->small_ring = exit != 0 && is_small(walk, arc);
    road_turn turn = walk->small_ring ? ROAD_ROUNDABOUT_TURN
                     : name != 0      ? ROAD_ROTARY
                                      : ROAD_ROUNDABOUT;
    if (walk->small_ring)
        modifier =
            road_modifier_of(road_bend(streets, walk->way->arc[before], walk->way->arc[out]));
    road_maneuver *step = begin_step(walk, turn, modifier, before, piece);
    step->exit = exit;
    step->ring_name = walk->small_ring ? 0 : name;
}

static void leave_ring(step_walk *walk, road_modifier modifier, uint32_t before, uint32_t piece)
{
    bool small = walk->small_ring;
    walk->small_ring = false;
    if (small) return; /* said when entering */
    uint32_t name = walk->ring_name;
    walk->ring_name = 0;
    road_turn turn = name != 0 ? ROAD_EXIT_ROTARY : ROAD_EXIT_ROUNDABOUT;
    begin_step(walk, turn, modifier, before, piece)->ring_name = name;
}

/* On which side of the street the place asked for lies. */
static road_modifier side_of(const tq_streets *streets, const road_leg *leg, uint32_t arc)
{
    if (!leg->has_asked) return ROAD_NO_MODIFIER;
    if (leg->to.distance_dm < BESIDE_DM) return ROAD_STRAIGHT;
    uint32_t runs = bearing_at_end(streets, arc), to = tq_bearing_deg(leg->to.at, leg->asked);
    /* The last piece of the line is the direction at the end, not that of the whole arc. */
    if (leg->line.count >= 2) {
        const int32_t *end = leg->line.lat_lon + 2 * (size_t)(leg->line.count - 2);
        tq_point a = {end[0], end[1]}, b = {end[2], end[3]};
        if (a.lat_e7 != b.lat_e7 || a.lon_e7 != b.lon_e7) runs = tq_bearing_deg(a, b);
    }
    uint32_t right = (to + 360 - runs) % 360;
    if (right <= 20 || right >= 340) return ROAD_STRAIGHT;
    return right < 180 ? ROAD_RIGHT : ROAD_LEFT;
}

road_maneuver *road_steps(const tq_city *city, const tq_metric *metric, const road_leg *leg,
                          tq_arena *work, uint32_t *count)
{
    const tq_way *way = &leg->way;
    const tq_streets *streets = &city->streets;
    step_walk walk = {.city = city,
                      .metric = metric,
                      .way = way,
                      .step = TQ_PUSH(work, road_maneuver, (size_t)way->arc_count + 2)};
    if (walk.step == NULL) return NULL;
    /* Pieces without length are no place to turn at: the first one that has some is what one
     * departs on. */
    uint32_t old = 0;
    while (old + 1 < way->arc_count && road_piece_dm(city, way, old) == 0)
        old++;
    uint32_t named = way->arc[old];
    walk.step[walk.count++] =
        (road_maneuver){.turn = ROAD_DEPART,
                        .modifier = ROAD_NO_MODIFIER,
                        .bearing_after = road_bearing(streets, way->arc[old])};
    for (uint32_t piece = old + 1; piece < way->arc_count; piece++) {
        if (road_piece_dm(city, way, piece) == 0) continue;
        uint32_t arc = way->arc[piece];
        road_modifier modifier = ROAD_NO_MODIFIER;
        road_turn turn = road_turn_between(city, metric, named, way->arc[old], arc, &modifier);
        if (turn == ROAD_ROUNDABOUT)
            enter_ring(&walk, modifier, old, piece);
        else if (turn == ROAD_EXIT_ROUNDABOUT)
            leave_ring(&walk, modifier, old, piece);
        else if (turn != ROAD_DEPART)
            (void)begin_step(&walk, turn, modifier, old, piece);
        const tq_street_name *name = &streets->name[streets->edge_name[arc >> 1]];
        if (name->name != 0 || name->ref != 0) named = arc;
        old = piece;
    }
    walk.step[walk.count - 1].end = way->arc_count;
    walk.step[walk.count++] =
        (road_maneuver){.turn = ROAD_ARRIVE,
                        .modifier = side_of(streets, leg, way->arc[old]),
                        .first = way->arc_count,
                        .end = way->arc_count,
                        .bearing_before = bearing_at_end(streets, way->arc[old])};
    *count = walk.count;
    return walk.step;
}
