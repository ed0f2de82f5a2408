/*
 * Turn expansion of small towns: which links there are, what they look like, what they ban.
 */
#include "city/city_in.h"

#include "road_town.h"

#define WHEELS (TQ_ACCESS_MOTOR | TQ_ACCESS_BIKE)
#define STEP   10000 /* about 111 m of latitude */

static const tq_hierarchy *motor(const test_town *town)
{
    return &town->city->hierarchy[TQ_HIERARCHY_MOTOR];
}

static const tq_hierarchy *active(const test_town *town)
{
    return &town->city->hierarchy[TQ_HIERARCHY_ACTIVE];
}

static void check_all(const test_town *town)
{
    tq_err err = {0};
    assert_int_equal(city_verify_conditions(town->city, &err), TQ_OK);
    assert_int_equal(city_verify_vehicles(town->city, &err), TQ_OK);
    for (uint32_t kind = 0; kind < TQ_HIERARCHY_COUNT; kind++) {
        tq_status status = city_verify_hierarchy(town->city, (tq_hierarchy_kind)kind, &err);
        if (status != TQ_OK) print_message("%s\n", err.text);
        assert_int_equal(status, TQ_OK);
    }
}

static uint32_t bans_of(const test_town *town, const tq_hierarchy *h, uint32_t link,
                        uint32_t condition)
{
    const tq_conditions *rows = &town->city->conditions;
    uint32_t mask = 0, set = h->link[link].bans;
    for (uint32_t k = rows->first_ban[set]; k < rows->first_ban[set + 1]; k++)
        if (rows->ban[k].condition == condition) mask |= rows->ban[k].access;
    return mask;
}

/* Link that follows a way of arcs from the main vertex of its first one. */
static uint32_t last_link(const tq_hierarchy *h, const uint32_t *arc, uint32_t count)
{
    uint32_t vertex = h->vertex_of_arc[arc[0]], found = TQ_NONE;
    for (uint32_t k = 1; k < count; k++) {
        found = TQ_NONE;
        for (uint32_t link = h->first_link[vertex]; link < h->first_link[vertex + 1]; link++)
            if (h->arc_of_vertex[h->link_head[link]] == arc[k]) found = link;
        if (found == TQ_NONE) return TQ_NONE;
        vertex = h->link_head[found];
    }
    return found;
}

/* Always banned modes on the last turn of a way; TQ_NONE = there is no such link. */
#define BANS(town, h, ...)                                                                         \
    way_bans(town, h, (const uint32_t[]){__VA_ARGS__},                                             \
             sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
static uint32_t way_bans(const test_town *town, const tq_hierarchy *h, const uint32_t *arc,
                         uint32_t count)
{
    uint32_t link = last_link(h, arc, count);
    return link == TQ_NONE ? TQ_NONE : bans_of(town, h, link, 0);
}

/* A crossing: node 0 in the middle, 1 north, 2 east, 3 south, 4 west; edge k leads from node k + 1
 * to the middle. */
enum { N, E, S, W };
#define IN(k)  (2u * (k))
#define OUT(k) (2u * (k) + 1)
static void crossing(test_town *town, const uint32_t attr[4])
{
    town_begin(town);
    (void)town_node(town, 0, 0);
    (void)town_node(town, STEP, 0);
    (void)town_node(town, 0, STEP);
    (void)town_node(town, -STEP, 0);
    (void)town_node(town, 0, -STEP);
    for (uint32_t k = 0; k < 4; k++)
        (void)town_edge(town, k + 1, 0, attr[k], 0, 0, TQ_NONE);
}

static uint32_t plain(test_town *town)
{
    return town_attr(town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 30);
}

static void plain_crossing(test_town *town)
{
    crossing(town, (const uint32_t[4]){0});
    (void)plain(town);
}

static void junction(void **state)
{
    (void)state;
    test_town town;
    plain_crossing(&town);
    town_mark(&town, 0, 0);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    const tq_hierarchy *h = motor(&town);
    assert_int_equal(h->vertex_count, 8);
    assert_int_equal(h->copy_count, 0);
    assert_int_equal(h->link_count, 4 * 3 + 4); /* no U-turn in the middle, one at each dead end */
    assert_int_equal(town_link(h, IN(N), OUT(N)), TQ_NONE);
    static const struct {
        uint32_t from, to;
        int angle;
    } turn[] = {{N, S, 0}, {N, W, 90}, {N, E, -90}, {W, S, 90}, {W, N, -90}, {E, W, 0}};
    for (size_t k = 0; k < TQ_COUNT(turn); k++) {
        const tq_link *link = &h->link[town_link(h, IN(turn[k].from), OUT(turn[k].to))];
        assert_in_range(link->angle_deg - turn[k].angle + 1, 0, 2);
        assert_int_equal(link->flags, TQ_LINK_CHOICE);
        assert_int_equal(link->bans, 0);
    }
    const tq_link *back = &h->link[town_link(h, OUT(E), IN(E))];
    assert_int_equal(back->angle_deg, 180);
    assert_int_equal(back->flags, TQ_LINK_U_TURN | TQ_LINK_DEAD_END);
    assert_int_equal(active(&town)->link_count, h->link_count);
    town_end(&town);
}

/* The angle is taken over some metres, not from the first kink. */
static void kink(void **state)
{
    (void)state;
    test_town town;
    town_begin(&town);
    uint32_t attr = plain(&town), a = town_node(&town, 0, -STEP), b = town_node(&town, 0, 0),
             c = town_node(&town, 0, STEP);
    uint32_t into = town_edge(&town, a, b, attr, 0, 0, TQ_NONE);
    uint32_t on = town_edge(&town, b, c, attr, 0, 0, TQ_NONE);
    town_bend(&town, 200, 0); /* two metres to the north first */
    town_bend(&town, 200, 200);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    const tq_link *link = &motor(&town)->link[town_link(motor(&town), 2 * into, 2 * on)];
    assert_in_range(link->angle_deg + 15, 0, 30);
    assert_int_equal(link->flags & TQ_LINK_CHOICE, 0);
    town_end(&town);
}

static void signals(void **state)
{
    (void)state;
    test_town town;
    uint32_t with = 1;
    crossing(&town, (const uint32_t[4]){0, with, 0, 0});
    (void)plain(&town);
    (void)plain(&town);
    town.attr.at[with].flags = TQ_STREET_SIGNAL_END;
    town_mark(&town, 3, IMPORT_NODE_SIGNAL);
    town_finish(&town, TOWN_NO_GRID);
    const tq_hierarchy *h = motor(&town);
    /* The edge's signal is for those who arrive along it, the node's for all. */
    assert_true(h->link[town_link(h, IN(E), OUT(W))].flags & TQ_LINK_SIGNAL);
    assert_false(h->link[town_link(h, IN(W), OUT(E))].flags & TQ_LINK_SIGNAL);
    assert_false(h->link[town_link(h, OUT(E), IN(E))].flags & TQ_LINK_SIGNAL);
    assert_true(h->link[town_link(h, OUT(S), IN(S))].flags & TQ_LINK_SIGNAL);
    town_end(&town);
}

/* A line of nodes 0, 1, 2, ... to the east. */
static void line(test_town *town, uint32_t nodes)
{
    town_begin(town);
    for (uint32_t node = 0; node < nodes; node++)
        (void)town_node(town, 0, (int32_t)node * STEP);
    (void)plain(town);
}

static uint16_t back_flags(const test_town *town, uint32_t arc)
{
    uint32_t link = town_link(motor(town), arc, arc ^ 1);
    return link == TQ_NONE ? 0 : motor(town)->link[link].flags;
}

static const uint16_t u_turn = TQ_LINK_U_TURN, dead_end = TQ_LINK_U_TURN | TQ_LINK_DEAD_END;

/* The way on is for some only, at some time only, or not yet there. */
static void dead_ends(void **state)
{
    (void)state;
    enum { ALL, BUS_ONLY, DENIED, LATE, PLANNED, ALLOWED, FERRY, ONEWAY, COUNT };
    for (uint32_t what = ALL; what < COUNT; what++) {
        test_town town;
        line(&town, 3);
        uint8_t on = what == BUS_ONLY  ? TQ_ACCESS_BUS
                     : what == ALLOWED ? TQ_ACCESS_FOOT
                                       : TOWN_ACCESS_ALL;
        uint32_t attr = town_attr(&town, what == FERRY ? TQ_FERRY : TQ_RESIDENTIAL, on, on, 30),
                 date = 0;
        const tq_clause night = {.from_min = 1320, .to_min = 360};
        if (what == DENIED || what == ALLOWED)
            town_rule(&town, attr,
                      (tq_rule){town_condition(&town, &night),
                                what == DENIED ? TQ_EFFECT_DENY : TQ_EFFECT_ALLOW, TQ_ACCESS_CAR, 3,
                                0});
        if (what == LATE) date = town_date(&town, TQ_OPEN, 0, INT64_MAX);
        if (what == PLANNED) date = town_date(&town, TQ_PLANNED, INT64_MIN, INT64_MAX);
        uint32_t oneway = town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, 0, 30);
        (void)town_edge(&town, 0, 1, what == ONEWAY ? oneway : 0, 0, 0, TQ_NONE);
        (void)town_edge(&town, 1, 2, what == ONEWAY ? oneway : attr, 0, date, TQ_NONE);
        town_finish(&town, TOWN_NO_GRID);
        check_all(&town);
        assert_int_equal(back_flags(&town, 0), what == ALL || what == ONEWAY ? 0 : dead_end);
        assert_int_equal(back_flags(&town, 3), 0);
        assert_int_equal(back_flags(&town, 2), what == ONEWAY ? 0 : dead_end);
        assert_int_not_equal(town_link(motor(&town), 0, 2), TQ_NONE);
        town_end(&town);
    }
}

static void places_to_turn(void **state)
{
    (void)state;
    test_town town;
    line(&town, 4);
    uint32_t gate = town_attr(&town, TQ_BARRIER, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 5),
             foot_gate = town_attr(&town, TQ_BARRIER, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 5);
    (void)town_edge(&town, 0, 1, 0, 0, 0, TQ_NONE);
    (void)town_edge(&town, 1, 2, gate, 0, 0, 0);
    (void)town_edge(&town, 2, 3, 0, 0, 0, TQ_NONE);
    uint32_t far = town_node(&town, STEP, 3 * STEP), last = town_node(&town, 2 * STEP, 3 * STEP);
    uint32_t on = town_edge(&town, 3, far, 0, 0, 0, TQ_NONE);
    (void)town_edge(&town, far, last, foot_gate, 0, 0, 0);
    town_mark(&town, 3, IMPORT_NODE_TURNING);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    assert_int_equal(back_flags(&town, 0), u_turn); /* before the gate */
    assert_int_equal(back_flags(&town, 2), 0);      /* in it */
    assert_int_equal(back_flags(&town, 4), u_turn); /* the turning circle */
    assert_int_equal(back_flags(&town, 2 * on), dead_end);
    assert_int_equal(town_link(active(&town), 2 * on, 2 * on + 2) == TQ_NONE, false);
    town_end(&town);
}

static void node_restrictions(void **state)
{
    (void)state;
    test_town town;
    plain_crossing(&town);
    town_turn(&town, TOWN_NO, N, 0, E);
    town_turn(&town, TOWN_ONLY, S, 0, N);
    town_turn_via(&town, TOWN_NO, E, NULL, 0, 0, S, WHEELS & ~(TQ_ACCESS_BUS | TQ_ACCESS_BIKE), 0);
    town_turn(&town, TOWN_ONLY, W, 0, W); /* only_u_turn */
    town_turn(&town, TOWN_NO, N, 2, E);   /* does not meet: no effect */
    town_turn(&town, TOWN_NO, E, 2, E);   /* no_u_turn at the dead end */
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    const tq_hierarchy *h = motor(&town), *a = active(&town);
    assert_int_equal(h->copy_count, 0);
    assert_int_equal(BANS(&town, h, IN(N), OUT(E)), TQ_ACCESS_MOTOR);
    assert_int_equal(BANS(&town, a, IN(N), OUT(E)), TQ_ACCESS_BIKE);
    assert_int_equal(BANS(&town, h, IN(N), OUT(S)), 0);
    assert_int_equal(BANS(&town, h, IN(E), OUT(N)), 0);
    assert_int_equal(BANS(&town, h, IN(S), OUT(N)), 0);
    assert_int_equal(BANS(&town, h, IN(S), OUT(E)), TQ_ACCESS_MOTOR);
    assert_int_equal(BANS(&town, h, IN(S), OUT(W)), TQ_ACCESS_MOTOR);
    assert_int_equal(BANS(&town, h, IN(E), OUT(S)), TQ_ACCESS_MOTOR & ~TQ_ACCESS_BUS);
    assert_int_equal(BANS(&town, a, IN(E), OUT(S)), 0);
    assert_int_equal(BANS(&town, h, IN(W), OUT(W)), 0);
    assert_int_equal(h->link[town_link(h, IN(W), OUT(W))].flags & dead_end, u_turn);
    assert_int_equal(BANS(&town, h, IN(W), OUT(E)), TQ_ACCESS_MOTOR);
    assert_int_equal(BANS(&town, h, OUT(E), IN(E)), TQ_ACCESS_MOTOR);
    town_end(&town);
}

/* only_ binds those who may go where it leads; for others it would be a wall. */
static void only_into_closed(void **state)
{
    (void)state;
    test_town town;
    crossing(&town, (const uint32_t[4]){0, 1, 2, 0});
    (void)plain(&town);
    (void)town_attr(&town, TQ_RESIDENTIAL, TOWN_ACCESS_ALL, 0, 30);
    (void)town_attr(&town, TQ_SERVICE, TQ_ACCESS_BUS | TQ_ACCESS_FOOT,
                    TQ_ACCESS_BUS | TQ_ACCESS_FOOT, 30);
    town_turn(&town, TOWN_ONLY, N, 0, E); /* against the oneway */
    town_turn(&town, TOWN_ONLY, W, 0, S);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    assert_int_equal(BANS(&town, motor(&town), IN(N), OUT(S)), 0);
    assert_int_equal(BANS(&town, motor(&town), IN(W), OUT(N)), TQ_ACCESS_BUS);
    assert_int_equal(BANS(&town, active(&town), IN(W), OUT(N)), 0);
    town_end(&town);
}

/* Streets a-b-c-d to the east, e and g at b, f at c, h and i at d; edges all lead away from a. */
enum { AB, BC, CD, CF, BE, GB, DH, DI };
#define ALONG(edge) (2u * (edge))
static void via_town(test_town *town)
{
    line(town, 4); /* a b c d */
    uint32_t e = town_node(town, STEP, STEP), g = town_node(town, -STEP, STEP),
             f = town_node(town, STEP, 2 * STEP), h = town_node(town, STEP, 3 * STEP),
             i = town_node(town, -STEP, 3 * STEP);
    const uint32_t ends[][2] = {{0, 1}, {1, 2}, {2, 3}, {2, f}, {1, e}, {g, 1}, {3, h}, {3, i}};
    for (size_t k = 0; k < TQ_COUNT(ends); k++)
        (void)town_edge(town, ends[k][0], ends[k][1], 0, 0, 0, TQ_NONE);
}

static void via_ways(void **state)
{
    (void)state;
    static const uint32_t via[] = {BC};
    for (unsigned only = 0; only < 2; only++) {
        test_town town;
        via_town(&town);
        town_turn_via(&town, only ? TOWN_ONLY : TOWN_NO, AB, via, 1, TQ_NONE, CD, WHEELS, 0);
        town_finish(&town, TOWN_NO_GRID);
        check_all(&town);
        const tq_hierarchy *h = motor(&town);
        uint32_t all = TQ_ACCESS_MOTOR;
        assert_int_equal(h->copy_count, 1);
        assert_int_equal(h->arc_of_vertex[h->copy_vertex[0]], ALONG(BC));
        assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC), ALONG(CD)), only ? 0 : all);
        assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC), ALONG(CF)), only ? all : 0);
        assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC)), 0);
        assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BE)), 0); /* left early: free */
        assert_int_equal(BANS(&town, h, ALONG(GB), ALONG(BC), ALONG(CD)), 0);
        assert_int_equal(BANS(&town, h, ALONG(GB), ALONG(BC), ALONG(CF)), 0);
        assert_int_equal(BANS(&town, h, ALONG(BC), ALONG(CD)), 0); /* a journey begins on it */
        assert_int_equal(BANS(&town, h, ALONG(BC), ALONG(CF)), 0);
        assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC), ALONG(CD), ALONG(DH)),
                         0); /* the memory ends */
        town_end(&town);
    }
}

/* Shared beginnings, a path inside another, a node restriction inside: all hold. */
static void overlapping(void **state)
{
    (void)state;
    static const uint32_t bc[] = {BC}, bc_cd[] = {BC, CD}, cd[] = {CD};
    test_town town;
    via_town(&town);
    uint32_t car = TQ_ACCESS_CAR, bus = TQ_ACCESS_BUS, taxi = TQ_ACCESS_TAXI,
             lorry = TQ_ACCESS_LORRY;
    town_turn_via(&town, TOWN_NO, AB, bc, 1, TQ_NONE, CF, car, 0);
    town_turn_via(&town, TOWN_NO, GB, bc, 1, TQ_NONE, CF, taxi, 0);
    town_turn_via(&town, TOWN_NO, BC, NULL, 0, 2, CF, bus, 0);
    town_turn_via(&town, TOWN_NO, AB, bc_cd, 2, TQ_NONE, DH, car, 0);
    town_turn_via(&town, TOWN_NO, AB, bc_cd, 2, TQ_NONE, DI, taxi, 0);
    town_turn_via(&town, TOWN_ONLY, BC, cd, 1, TQ_NONE, DH, bus, 0);
    town_turn_via(&town, TOWN_NO, CD, NULL, 0, 3, DI, lorry, 0);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    const tq_hierarchy *h = motor(&town);
    assert_int_equal(h->copy_count, 4); /* ab-bc, gb-bc, ab-bc-cd, bc-cd */
    assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC), ALONG(CF)), car | bus);
    assert_int_equal(BANS(&town, h, ALONG(GB), ALONG(BC), ALONG(CF)), taxi | bus);
    assert_int_equal(BANS(&town, h, ALONG(BC), ALONG(CF)), bus);
    assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC), ALONG(CD), ALONG(DH)), car);
    assert_int_equal(BANS(&town, h, ALONG(AB), ALONG(BC), ALONG(CD), ALONG(DI)),
                     taxi | bus | lorry);
    assert_int_equal(BANS(&town, h, ALONG(GB), ALONG(BC), ALONG(CD), ALONG(DI)), bus | lorry);
    assert_int_equal(BANS(&town, h, ALONG(GB), ALONG(BC), ALONG(CD), ALONG(DH)), 0);
    assert_int_equal(BANS(&town, h, ALONG(CD), ALONG(DI)), lorry);
    town_end(&town);
}

static void conditional(void **state)
{
    (void)state;
    test_town town;
    plain_crossing(&town);
    const tq_clause day = {.from_min = 420, .to_min = 1140}, sunday = {.days = 64};
    uint32_t one = town_condition(&town, &day), two = town_condition(&town, &sunday);
    town_turn_via(&town, TOWN_NO, N, NULL, 0, 0, E, TQ_ACCESS_MOTOR, two);
    town_turn_via(&town, TOWN_NO, N, NULL, 0, 0, E, TQ_ACCESS_CAR, one);
    town_turn_via(&town, TOWN_ONLY, N, NULL, 0, 0, W, TQ_ACCESS_TAXI, one);
    town_turn_via(&town, TOWN_NO, N, NULL, 0, 0, E, TQ_ACCESS_BUS | TQ_ACCESS_CAR, 0);
    town_turn_via(&town, TOWN_NO, S, NULL, 0, 0, W, TQ_ACCESS_MOTOR, two);
    town_turn_via(&town, TOWN_NO, E, NULL, 0, 0, N, TQ_ACCESS_MOTOR, two);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    const tq_hierarchy *h = motor(&town);
    uint32_t link = town_link(h, IN(N), OUT(E));
    assert_int_equal(bans_of(&town, h, link, 0), TQ_ACCESS_BUS | TQ_ACCESS_CAR);
    assert_int_equal(bans_of(&town, h, link, one), TQ_ACCESS_TAXI); /* cars may never anyway */
    assert_int_equal(bans_of(&town, h, link, two),
                     TQ_ACCESS_MOTOR & ~(TQ_ACCESS_BUS | TQ_ACCESS_CAR));
    /* Equal sets are one row. */
    assert_int_equal(h->link[town_link(h, IN(S), OUT(W))].bans,
                     h->link[town_link(h, IN(E), OUT(N))].bans);
    town_end(&town);
}

static void looks(void **state)
{
    (void)state;
    test_town town;
    enum { MINOR, GREAT, PATH, MARKED, SLIP, RING, COUNT };
    for (uint32_t cross = MINOR; cross < COUNT; cross++) {
        crossing(&town, (const uint32_t[4]){cross, GREAT, cross, GREAT});
        (void)plain(&town);
        (void)town_attr(&town, TQ_PRIMARY, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 60);
        (void)town_attr(&town, TQ_FOOTWAY, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 5);
        (void)town_attr(&town, TQ_FOOTWAY, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 5);
        town.attr.at[MARKED].crossing = TQ_CROSSING_MARKED;
        (void)town_attr(&town, TQ_PRIMARY_LINK, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 40);
        (void)town_attr(&town, TQ_TERTIARY, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 40);
        town.attr.at[RING].flags = TQ_STREET_ROUNDABOUT;
        town_finish(&town, TOWN_NO_GRID);
        check_all(&town);
        const tq_hierarchy *a = active(&town), *h = motor(&town);
        uint16_t over = a->link[town_link(a, IN(N), OUT(S))].flags,
                 into = a->link[town_link(a, IN(N), OUT(E))].flags,
                 along = a->link[town_link(a, IN(E), OUT(W))].flags;
        assert_int_equal((over & TQ_LINK_CROSSING) != 0, cross != MARKED);
        assert_int_equal(into & TQ_LINK_CROSSING, 0);
        /* Other streets of cars on both sides of those who walk along? */
        assert_int_equal((along & TQ_LINK_CROSSING) != 0,
                         cross == GREAT || cross == SLIP || cross == RING);
        assert_int_equal(along & TQ_LINK_YIELD, 0);
        bool lesser = cross != GREAT && cross != SLIP && cross != RING;
        assert_int_equal((into & TQ_LINK_YIELD) != 0, lesser);
        assert_int_equal((over & TQ_LINK_YIELD) != 0, lesser);
        assert_int_equal((over & TQ_LINK_ROUNDABOUT) != 0, cross == RING);
        if (cross != PATH && cross != MARKED) {
            assert_int_equal(h->link[town_link(h, IN(N), OUT(S))].flags & TQ_LINK_CROSSING, 0);
            assert_int_equal(h->link[town_link(h, IN(E), OUT(N))].flags & TQ_LINK_YIELD, 0);
        }
        town_end(&town);
    }
}

static void signals_quieten(void **state)
{
    (void)state;
    test_town town;
    crossing(&town, (const uint32_t[4]){0, 1, 0, 1});
    (void)plain(&town);
    (void)town_attr(&town, TQ_PRIMARY, TOWN_ACCESS_ALL, TOWN_ACCESS_ALL, 60);
    town_mark(&town, 0, IMPORT_NODE_SIGNAL);
    town_finish(&town, TOWN_NO_GRID);
    const tq_hierarchy *a = active(&town);
    assert_int_equal(a->link[town_link(a, IN(N), OUT(S))].flags, TQ_LINK_SIGNAL | TQ_LINK_CHOICE);
    town_end(&town);
}

/* Past a limit a restriction is left out whole, and it is said. */
static void limits(void **state)
{
    (void)state;
    test_town town;
    static const uint32_t via[] = {1};
    line(&town, 4);
    for (uint32_t k = 0; k < 3; k++)
        (void)town_edge(&town, k, k + 1, 0, 0, 0, TQ_NONE);
    for (uint32_t k = 0; k < TQ_COPIES_MAX + 2; k++) {
        uint32_t node = town_node(&town, STEP, (int32_t)(k + 5) * STEP);
        uint32_t edge = town_edge(&town, node, 1, 0, 0, 0, TQ_NONE);
        town_turn_via(&town, TOWN_NO, edge, via, 1, TQ_NONE, 2, WHEELS, 0);
    }
    for (uint16_t k = 0; k < 70; k++) {
        const tq_clause clause = {.from_min = k, .to_min = 1000};
        town_turn_via(&town, TOWN_NO, 0, NULL, 0, 1, 1, WHEELS, town_condition(&town, &clause));
    }
    town.build.report = tq_report_new();
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    const tq_hierarchy *h = motor(&town);
    assert_int_equal(h->copy_count, TQ_COPIES_MAX);
    assert_int_equal(BANS(&town, h, ALONG(3), 2, 4), TQ_ACCESS_MOTOR);
    assert_int_equal(BANS(&town, h, ALONG(3 + TQ_COPIES_MAX - 1), 2, 4), TQ_ACCESS_MOTOR);
    assert_int_equal(BANS(&town, h, ALONG(3 + TQ_COPIES_MAX), 2, 4), 0);
    uint32_t set = h->link[town_link(h, 0, 2)].bans;
    const tq_conditions *rows = &town.city->conditions;
    assert_int_equal(rows->first_ban[set + 1] - rows->first_ban[set], 64);
    tq_buf text = {0};
    tq_report_text(town.build.report, &text);
    tq_buf_putc(&text, '\0');
    assert_non_null(strstr(text.at, "too_many_turns"));
    tq_buf_free(&text);
    tq_report_free(town.build.report);
    town_end(&town);
}

/* A node where thousands of streets meet. */
static void star(void **state)
{
    (void)state;
    static const uint32_t arms[] = {900, 1800};
    for (size_t k = 0; k < TQ_COUNT(arms); k++) {
        test_town town;
        town_begin(&town);
        (void)plain(&town);
        (void)town_node(&town, 0, 0);
        for (uint32_t arm = 0; arm < arms[k]; arm++)
            (void)town_edge(&town, 0, town_node(&town, STEP, (int32_t)arm * 10), 0, 0, 0, TQ_NONE);
        town_freeze(&town, TOWN_NO_GRID);
        import_links links = {.link_count = 77};
        tq_err err = {0};
        tq_status status = import_links_make(&town.build, TQ_HIERARCHY_MOTOR, &links, &err);
        assert_int_equal(status, k == 0 ? TQ_OK : TQ_LIMIT);
        assert_int_equal(links.link_count, k == 0 ? 900 * 899 + 900 : 77);
        if (k == 1) assert_non_null(strstr(err.text, "1800"));
        if (k == 0) import_links_free(&links);
        town_end(&town);
    }
}

static void no_streets(void **state)
{
    (void)state;
    test_town town;
    town_begin(&town);
    town_finish(&town, TOWN_NO_GRID);
    check_all(&town);
    assert_int_equal(motor(&town)->vertex_count, 0);
    assert_int_equal(town.city->conditions.count, 1);
    assert_int_equal(town.city->conditions.ban_set_count, 1);
    town_end(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(junction),
                                       cmocka_unit_test(kink),
                                       cmocka_unit_test(signals),
                                       cmocka_unit_test(dead_ends),
                                       cmocka_unit_test(places_to_turn),
                                       cmocka_unit_test(node_restrictions),
                                       cmocka_unit_test(only_into_closed),
                                       cmocka_unit_test(via_ways),
                                       cmocka_unit_test(overlapping),
                                       cmocka_unit_test(conditional),
                                       cmocka_unit_test(looks),
                                       cmocka_unit_test(signals_quieten),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(star),
                                       cmocka_unit_test(no_streets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
