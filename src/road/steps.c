/*
 * Steps of a way for people: where to turn, by which name, out of which exit.
 *
 * Method: at each junction between two pieces, the change of bearing and of name decides, and only
 * where there is a choice. Bounds of the directions are OSRM's: up to 20 degrees is straight, 40
 * slight, 120 a turn, more is sharp. A roundabout is one step from entering to leaving; exits are
 * counted on the way.
 *
 * Invariants: steps cover the pieces in order without gaps; the last one arrives and covers none.
 */
#include "road/road_in.h"

#define STRAIGHT_DEG 20
#define SLIGHT_DEG   40
#define TURN_DEG     120
#define BACK_DEG     175

typedef struct step_walk {
    const tq_city *city;
    const tq_metric *metric;
    const tq_way *way;
    road_maneuver *step;
    uint32_t count;
} step_walk;

static const tq_street_name *name_of(const tq_streets *streets, uint32_t arc)
{
    return &streets->name[streets->edge_name[arc >> 1]];
}

static bool same_name(const tq_streets *streets, uint32_t arc, uint32_t other)
{
    const tq_street_name *a = name_of(streets, arc), *b = name_of(streets, other);
    return a->name == b->name && (a->name != 0 || a->ref == b->ref);
}

static bool nameless(const tq_streets *streets, uint32_t arc)
{
    const tq_street_name *name = name_of(streets, arc);
    return name->name == 0 && name->ref == 0;
}

static bool in_ring(const tq_streets *streets, uint32_t arc)
{
    return (tq_edge_attr(streets, arc >> 1)->flags & TQ_STREET_ROUNDABOUT) != 0;
}

static bool on_ferry(const tq_streets *streets, uint32_t arc)
{
    return tq_edge_attr(streets, arc >> 1)->street_class == TQ_FERRY;
}

static uint32_t bearing_at_end(const tq_streets *streets, uint32_t arc)
{
    return (road_bearing(streets, arc ^ 1) + 180) % 360;
}

/* Change of direction, -179 .. 180, right is positive. */
static int32_t bend(uint32_t before, uint32_t after)
{
    int32_t change = (int32_t)((after + 360 - before) % 360);
    return change > 180 ? change - 360 : change;
}

static const char *modifier_of(int32_t change)
{
    int32_t size = change < 0 ? -change : change;
    if (size > BACK_DEG) return "uturn";
    if (size <= STRAIGHT_DEG) return "straight";
    if (size <= SLIGHT_DEG) return change > 0 ? "slight right" : "slight left";
    if (size <= TURN_DEG) return change > 0 ? "right" : "left";
    return change > 0 ? "sharp right" : "sharp left";
}

/* Arcs by which one may leave the head of `arc` but back along it. */
static uint32_t choices(const step_walk *walk, uint32_t arc)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t node = tq_arc_head(streets, arc), count = 0;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t out = streets->out_arc[k];
        count += out != (arc ^ 1) && walk->metric->arc_ds[out] < TQ_ROAD_INF;
    }
    return count;
}

/* Ways out of the ring at the head of a ring's arc. */
static uint32_t exits_at(const step_walk *walk, uint32_t arc)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t node = tq_arc_head(streets, arc), count = 0;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t out = streets->out_arc[k];
        count += !in_ring(streets, out) && walk->metric->arc_ds[out] < TQ_ROAD_INF;
    }
    return count;
}

static void begin_step(step_walk *walk, road_turn turn, uint32_t before, uint32_t piece)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t arc = walk->way->arc[piece], old = walk->way->arc[before];
    uint32_t in = bearing_at_end(streets, old), out = road_bearing(streets, arc);
    walk->step[walk->count - 1].end = piece;
    walk->step[walk->count++] =
        (road_maneuver){.turn = turn,
                        .first = piece,
                        .bearing_before = in,
                        .bearing_after = out,
                        .modifier = modifier_of(arc == (old ^ 1) ? 180 : bend(in, out))};
}

/* The exit of a ring entered with `piece`, counted from 1; 0 when the way ends inside. */
static uint32_t count_exits(const step_walk *walk, uint32_t piece)
{
    const tq_streets *streets = &walk->city->streets;
    uint32_t count = 0;
    for (; piece + 1 < walk->way->arc_count; piece++) {
        if (!in_ring(streets, walk->way->arc[piece + 1])) return count + 1;
        count += exits_at(walk, walk->way->arc[piece]);
    }
    return 0;
}

/* What happens between two pieces; ROAD_DEPART means nothing worth saying. */
static road_turn turn_between(const step_walk *walk, uint32_t old, uint32_t arc)
{
    const tq_streets *streets = &walk->city->streets;
    bool same = same_name(streets, old, arc);
    if (arc == (old ^ 1)) return ROAD_CONTINUE;
    if (!in_ring(streets, old) && in_ring(streets, arc)) return ROAD_ROUNDABOUT;
    if (in_ring(streets, old)) return in_ring(streets, arc) ? ROAD_DEPART : ROAD_EXIT_ROUNDABOUT;
    if (on_ferry(streets, old) != on_ferry(streets, arc)) return ROAD_NEW_NAME;
    int32_t change = bend(bearing_at_end(streets, old), road_bearing(streets, arc));
    int32_t size = change < 0 ? -change : change;
    bool named = !nameless(streets, arc);
    if (choices(walk, old) < 2 || size <= STRAIGHT_DEG)
        return !same && named ? ROAD_NEW_NAME : ROAD_DEPART;
    if (same && named) return size > SLIGHT_DEG ? ROAD_CONTINUE : ROAD_DEPART;
    return size > SLIGHT_DEG || !same ? ROAD_TURN : ROAD_DEPART;
}

road_maneuver *road_steps(const tq_city *city, const tq_metric *metric, const road_leg *leg,
                          tq_arena *work, uint32_t *count)
{
    const tq_way *way = &leg->way;
    step_walk walk = {city, metric, way, TQ_PUSH(work, road_maneuver, (size_t)way->arc_count + 2),
                      0};
    if (walk.step == NULL) return NULL;
    /* Pieces without length are no place to turn at: the first one that has some is what one
     * departs on. */
    uint32_t old = 0;
    while (old + 1 < way->arc_count && road_piece_dm(city, way, old) == 0)
        old++;
    walk.step[walk.count++] = (road_maneuver){
        .turn = ROAD_DEPART, .bearing_after = road_bearing(&city->streets, way->arc[old])};
    for (uint32_t piece = old + 1; piece < way->arc_count; piece++) {
        if (road_piece_dm(city, way, piece) == 0) continue;
        road_turn turn = turn_between(&walk, way->arc[old], way->arc[piece]);
        if (turn != ROAD_DEPART) {
            begin_step(&walk, turn, old, piece);
            if (turn == ROAD_ROUNDABOUT) walk.step[walk.count - 1].exit = count_exits(&walk, piece);
        }
        old = piece;
    }
    walk.step[walk.count - 1].end = way->arc_count;
    walk.step[walk.count++] =
        (road_maneuver){.turn = ROAD_ARRIVE,
                        .first = way->arc_count,
                        .end = way->arc_count,
                        .bearing_before = bearing_at_end(&city->streets, way->arc[old])};
    *count = walk.count;
    return walk.step;
}
