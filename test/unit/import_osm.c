/* OpenStreetMap -> streets: tag rules one by one, and small networks drawn by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import/osm_in.h"

#include "import_build.h"
#include "osm_test.h"

/* ---- tags ----------------------------------------------------------------------------------- */

#define W         TQ_ACCESS_WHEELCHAIR
#define F         TQ_ACCESS_FOOT
#define FW        (F | W)
#define B         TQ_ACCESS_BIKE
#define C         TQ_ACCESS_CAR
#define U         TQ_ACCESS_BUS
#define T         TQ_ACCESS_TAXI
#define L         TQ_ACCESS_LORRY
#define E         TQ_ACCESS_EMERGENCY
#define M         TQ_ACCESS_MOTOR
#define A         (FW | B | M)
#define NO_STREET (-1)

/* Take «key=value|key=value» apart. */
static uint32_t split_tags(const char *text, tq_osm_tag *tag)
{
    uint32_t count = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, "|"), key = strcspn(text, "=");
        tag[count++] = (tq_osm_tag){{text, key}, {text + key + 1, len - key - 1}};
        text += len + (text[len] == '|');
    }
    return count;
}

static bool street_of(const char *tags, bool china, osm_street *street)
{
    static osm_values values;
    static tq_osm_tag tag[32];
    osm_values_take(&values, tag, split_tags(tags, tag));
    return osm_street_of(&values, china, street);
}

static void access_rules(void **state)
{
    (void)state;
    static const struct {
        const char *tags;
        int street_class;
        unsigned along, against;
        unsigned flags;
    } cases[] = {
        {"highway=residential", TQ_RESIDENTIAL, A, A, 0},
        {"highway=motorway", TQ_MOTORWAY, M, 0, 0},
        {"highway=motorway|oneway=no", TQ_MOTORWAY, M, M, 0},
        {"highway=motorway_link", TQ_MOTORWAY_LINK, M, M, 0},
        {"highway=trunk", TQ_TRUNK, A, A, 0},
        {"highway=trunk|motorroad=yes", TQ_TRUNK, M, M, 0},
        {"highway=trunk_link|oneway=yes", TQ_TRUNK_LINK, A, FW, 0},
        {"highway=primary|oneway=-1", TQ_PRIMARY, A, FW, 0}, /* turned round */
        {"highway=primary|oneway=1", TQ_PRIMARY, A, FW, 0},
        {"highway=primary|oneway=true", TQ_PRIMARY, A, FW, 0},
        {"highway=primary|oneway=no", TQ_PRIMARY, A, A, 0},
        {"highway=primary|oneway=reversible", TQ_PRIMARY, FW, FW, 0},
        {"highway=primary|oneway=alternating", TQ_PRIMARY, A, A, 0},
        {"highway=tertiary|junction=roundabout", TQ_TERTIARY, A, FW, TQ_STREET_ROUNDABOUT},
        {"highway=tertiary|oneway=yes|oneway:bicycle=no", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway=yes|oneway:foot=yes", TQ_TERTIARY, A, FW, 0},
        {"highway=tertiary|oneway=yes|cycleway=opposite", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway=yes|cycleway=opposite_lane", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway=yes|cycleway:left=opposite_track", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway=yes|cycleway:left=lane|cycleway:left:oneway=-1", TQ_TERTIARY, A,
         FW | B, 0},
        {"highway=tertiary|oneway=yes|cycleway:right:oneway=no", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway=-1|oneway:bicycle=no", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway=yes|bicycle:backward=yes", TQ_TERTIARY, A, FW | B, 0},
        {"highway=tertiary|oneway:bicycle=yes", TQ_TERTIARY, A, A & ~B, 0},
        {"highway=tertiary|oneway=yes|oneway:psv=no", TQ_TERTIARY, A, FW | U | T, 0},
        {"highway=tertiary|oneway=yes|busway=opposite_lane", TQ_TERTIARY, A, FW | U, 0},
        {"highway=tertiary|motor_vehicle:forward=no", TQ_TERTIARY, FW | B | E, A, 0},
        {"highway=residential|access=no", TQ_RESIDENTIAL, E, E, 0},
        {"highway=residential|access=private", TQ_RESIDENTIAL, A, A, TQ_STREET_DESTINATION},
        {"highway=residential|access=destination", TQ_RESIDENTIAL, A, A, TQ_STREET_DESTINATION},
        {"highway=residential|motor_vehicle=delivery", TQ_RESIDENTIAL, A, A, TQ_STREET_DESTINATION},
        {"highway=residential|access=customers", TQ_RESIDENTIAL, A, A, TQ_STREET_DESTINATION},
        {"highway=residential|access=private|motor_vehicle=yes", TQ_RESIDENTIAL, A, A, 0},
        {"highway=residential|access=permissive", TQ_RESIDENTIAL, A, A, 0},
        {"highway=residential|access=no|foot=yes", TQ_RESIDENTIAL, FW | E, FW | E, 0},
        {"highway=residential|access=no|bus=yes", TQ_RESIDENTIAL, U | E, U | E, 0},
        {"highway=residential|vehicle=no", TQ_RESIDENTIAL, FW | E, FW | E, 0},
        {"highway=residential|vehicle=no|bicycle=yes", TQ_RESIDENTIAL, FW | B | E, FW | B | E, 0},
        {"highway=residential|motor_vehicle=no", TQ_RESIDENTIAL, FW | B | E, FW | B | E, 0},
        {"highway=residential|motor_vehicle=no|psv=yes", TQ_RESIDENTIAL, FW | B | E | U | T,
         FW | B | E | U | T, 0},
        {"highway=residential|motorcar=no", TQ_RESIDENTIAL, A & ~(C | T), A & ~(C | T), 0},
        {"highway=residential|motor_vehicle=no|taxi=yes", TQ_RESIDENTIAL, FW | B | E | T,
         FW | B | E | T, 0},
        {"highway=residential|hgv=no", TQ_RESIDENTIAL, A & ~L, A & ~L, 0},
        {"highway=residential|bicycle=dismount", TQ_RESIDENTIAL, A & ~B, A & ~B, 0},
        {"highway=residential|bicycle=use_sidepath", TQ_RESIDENTIAL, A & ~B, A & ~B, 0},
        {"highway=residential|foot=no", TQ_RESIDENTIAL, B | M, B | M, 0},
        {"highway=residential|emergency=no", TQ_RESIDENTIAL, A & ~E, A & ~E, 0},
        {"highway=residential|motor_vehicle=agricultural;forestry", TQ_RESIDENTIAL, FW | B | E,
         FW | B | E, 0},
        {"highway=footway", TQ_FOOTWAY, FW, FW, 0},
        {"highway=footway|access=yes", TQ_FOOTWAY, FW, FW, 0},
        {"highway=footway|bicycle=yes", TQ_FOOTWAY, FW | B, FW | B, 0},
        {"highway=footway|bicycle=designated", TQ_FOOTWAY, FW | B, FW | B, 0},
        {"highway=footway|access=private", TQ_FOOTWAY, FW, FW, TQ_STREET_DESTINATION},
        {"highway=path", TQ_PATH, FW | B, FW | B, 0},
        {"highway=path|sac_scale=hiking", TQ_PATH, F | B, F | B, 0},
        {"highway=pedestrian", TQ_PEDESTRIAN, FW | B | E, FW | B | E, 0},
        {"highway=pedestrian|motor_vehicle=destination", TQ_PEDESTRIAN, A, A,
         TQ_STREET_DESTINATION},
        {"highway=cycleway", TQ_CYCLEWAY, FW | B, FW | B, 0},
        {"highway=cycleway|foot=no|oneway=yes", TQ_CYCLEWAY, B, 0, 0},
        {"highway=steps", TQ_STEPS, F, F, 0},
        {"highway=steps|ramp:wheelchair=yes", TQ_STEPS, FW, FW, 0},
        {"highway=corridor", TQ_CORRIDOR, FW, FW, 0},
        {"highway=platform", TQ_PLATFORM, FW, FW, 0},
        {"railway=platform", TQ_PLATFORM, FW, FW, 0},
        {"highway=living_street", TQ_LIVING_STREET, A, A, 0},
        {"highway=service|service=emergency_access", TQ_SERVICE, F | B | E | W, F | B | E | W, 0},
        {"highway=busway", TQ_SERVICE, U | E, U | E, 0},
        {"highway=track", TQ_TRACK, FW | B | E, FW | B | E, TQ_STREET_UNPAVED},
        {"highway=track|tracktype=grade1", TQ_TRACK, A, A, TQ_STREET_DESTINATION},
        {"highway=bridleway", TQ_BRIDLEWAY, F, F, 0},
        {"route=ferry", TQ_FERRY, FW | B, FW | B, 0},
        {"route=ferry|motor_vehicle=yes", TQ_FERRY, A & ~E, A & ~E, 0},
        {"man_made=pier", TQ_FOOTWAY, FW, FW, 0},
        {"highway=road", TQ_UNCLASSIFIED, A, A, 0},
        {"highway=residential|wheelchair=no", TQ_RESIDENTIAL, A & ~W, A & ~W, 0},
        {"highway=footway|width=0.6", TQ_FOOTWAY, FW, FW, 0},
        {"highway=footway|kerb=raised", TQ_FOOTWAY, FW, FW, 0},
        {"highway=footway|incline=12%", TQ_FOOTWAY, FW, FW, 0},
        {"highway=footway|surface=ground", TQ_FOOTWAY, FW, FW, TQ_STREET_UNPAVED},
        {"highway=footway|wheelchair=no", TQ_FOOTWAY, F, F, 0},
        {"highway=residential|goods=no", TQ_RESIDENTIAL, A & ~L, A & ~L, 0},
        {"highway=residential|goods=no|hgv=yes", TQ_RESIDENTIAL, A, A, 0},
        {"highway=residential|hgv=agricultural", TQ_RESIDENTIAL, A & ~L, A & ~L, 0},
        {"highway=primary|bridge=yes", TQ_PRIMARY, A, A, TQ_STREET_BRIDGE},
        {"highway=primary|bridge=no|tunnel=yes", TQ_PRIMARY, A, A, TQ_STREET_TUNNEL},
        {"highway=primary|toll=yes|lit=yes", TQ_PRIMARY, A, A, TQ_STREET_TOLL | TQ_STREET_LIT},
        {"highway=construction|construction=primary", TQ_PRIMARY, A, A, 0},
        {"highway=proposed|proposed=motorway_link", TQ_MOTORWAY_LINK, M, M, 0},
        {"construction:highway=secondary", TQ_SECONDARY, A, A, 0},
        {"highway=pedestrian|area=yes", TQ_PEDESTRIAN, FW | B | E, FW | B | E, 0},
        {"highway=service|area=yes", NO_STREET, 0, 0, 0},
        {"highway=bus_stop", NO_STREET, 0, 0, 0},
        {"highway=construction|construction=subway", NO_STREET, 0, 0, 0},
        {"disused:highway=residential", NO_STREET, 0, 0, 0},
        {"building=yes|name=Hall", NO_STREET, 0, 0, 0},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        osm_street street = {0};
        bool is = street_of(cases[k].tags, true, &street);
        if (is != (cases[k].street_class != NO_STREET))
            fail_msg("%s: street %d", cases[k].tags, is);
        if (!is) continue;
        const tq_street_attr *attr = &street.attr;
        if (attr->street_class != cases[k].street_class || attr->access[0] != cases[k].along ||
            attr->access[1] != cases[k].against || attr->flags != cases[k].flags)
            fail_msg("%s: class %u access %u %u flags %u", cases[k].tags, attr->street_class,
                     attr->access[0], attr->access[1], attr->flags);
    }
}

static void number_rules(void **state)
{
    (void)state;
    static const struct {
        const char *tags;
        unsigned kmh[2], is_signed, lanes[2];
    } cases[] = {
        {"highway=primary", {60, 60}, 0, {0, 0}},
        {"highway=primary|maxspeed=50|lanes=4", {50, 50}, 1, {2, 2}},
        {"highway=primary|maxspeed=30 mph|lanes=3", {48, 48}, 1, {2, 1}},
        {"highway=primary|maxspeed=walk|lanes=1", {6, 6}, 1, {1, 1}},
        {"highway=motorway|maxspeed=none|lanes=3", {120, 120}, 1, {3, 0}},
        {"highway=primary|maxspeed=CN:urban", {50, 50}, 1, {0, 0}},
        {"highway=primary|maxspeed=DE:zone30", {30, 30}, 1, {0, 0}},
        {"highway=primary|maxspeed=DE:zone:20", {20, 20}, 1, {0, 0}},
        {"highway=primary|maxspeed=CN:rural", {70, 70}, 1, {0, 0}},
        {"highway=primary|maxspeed:type=CN:urban", {50, 50}, 1, {0, 0}},
        {"highway=primary|maxspeed=signals", {60, 60}, 0, {0, 0}},
        {"highway=primary|maxspeed=50|maxspeed:backward=30", {50, 30}, 1, {0, 0}},
        {"highway=primary|maxspeed:forward=40|oneway=-1", {60, 40}, 1, {0, 0}},
        {"highway=primary|lanes=5|lanes:forward=3", {60, 60}, 0, {3, 2}},
        {"highway=primary|lanes:forward=2|lanes:backward=1", {60, 60}, 0, {2, 1}},
        {"highway=primary|oneway=yes|lanes=4", {60, 60}, 0, {4, 0}},
        {"highway=primary|maxspeed=0|lanes=x", {60, 60}, 0, {0, 0}},
        {"highway=primary|maxspeed=400", {250, 250}, 1, {0, 0}},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        osm_street street = {0};
        assert_true(street_of(cases[k].tags, true, &street));
        const tq_street_attr *attr = &street.attr;
        for (unsigned d = 0; d < 2; d++)
            if (attr->speed_kmh[d] != cases[k].kmh[d] || attr->lanes[d] != cases[k].lanes[d] ||
                attr->signed_limit != cases[k].is_signed)
                fail_msg("%s: speed %u %u lanes %u %u signed %u", cases[k].tags, attr->speed_kmh[0],
                         attr->speed_kmh[1], attr->lanes[0], attr->lanes[1], attr->signed_limit);
    }
}

static void limits_and_looks(void **state)
{
    (void)state;
    osm_street street = {0};
    assert_true(street_of(
        "highway=primary|maxheight=3.5 m|maxwidth=2,4|maxlength=12|maxweight=7.5|maxaxleload=8 t|"
        "hazmat=no|layer=2|surface=sett|wheelchair=limited",
        true, &street));
    const tq_street_attr *attr = &street.attr;
    assert_int_equal(attr->max_height_cm, 350);
    assert_int_equal(attr->max_width_cm, 240);
    assert_int_equal(attr->max_length_cm, 1200);
    assert_int_equal(attr->max_weight_10kg, 750);
    assert_int_equal(attr->max_axle_10kg, 800);
    assert_int_equal(attr->hazmat_ban, 1);
    assert_int_equal(attr->layer, 2);
    assert_int_equal(attr->surface, TQ_SURFACE_COBBLE);
    assert_int_equal(attr->wheelchair, 2);
    assert_int_equal(osm_length_cm(TQ_STR("11'6\"")), 351);
    assert_int_equal(osm_length_cm(TQ_STR("10 ft")), 305);
    assert_int_equal(osm_length_cm(TQ_STR("default")), 0);
    assert_int_equal(osm_weight_10kg(TQ_STR("3500 kg")), 350);
    assert_int_equal(osm_weight_10kg(TQ_STR("5 st")), 454);
    assert_true(
        street_of("highway=construction|construction=trunk|opening_date=2026-10", true, &street));
    assert_int_equal(street.life, TQ_BUILDING);
    assert_true(tq_str_is(street.opening_date, "2026-10"));
    assert_true(street_of("highway=proposed", true, &street));
    assert_int_equal(street.life, TQ_PLANNED);
}

static void barrier_rules(void **state)
{
    (void)state;
    static const struct {
        const char *tags;
        unsigned blocked;
        bool destination, signal;
    } cases[] = {
        {"barrier=bollard", M, false, false},
        {"barrier=bollard|emergency=yes", M & ~E, false, false},
        {"barrier=bollard|motor_vehicle=yes", E, false, false},
        {"barrier=gate", 0, false, false},
        {"barrier=gate|locked=yes", M, false, false},
        {"barrier=gate|access=private", 0, true, false},
        {"barrier=gate|access=no", 255 & ~E, false, false},
        {"barrier=gate|access=no|foot=yes", 255 & ~(E | F | W), false, false},
        {"barrier=lift_gate", 0, false, false},
        {"barrier=block|access=yes", 0, false, false},
        {"barrier=cycle_barrier", M | W, false, false},
        {"barrier=turnstile", M | B | W, false, false},
        {"barrier=bus_trap", M & ~U, false, false},
        {"barrier=wall", 255, false, false},
        {"barrier=something", M, false, false},
        {"barrier=kerb|kerb=raised", 0, false, false},
        {"barrier=kerb|wheelchair=no", W, false, false},
        {"barrier=kerb|kerb=lowered", 0, false, false},
        {"highway=traffic_signals", 0, false, true},
        {"highway=crossing|crossing=traffic_signals", 0, false, true},
        {"highway=crossing", 0, false, false},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        static osm_values values;
        static tq_osm_tag tag[16];
        osm_values_take(&values, tag, split_tags(cases[k].tags, tag));
        osm_node_mark mark;
        (void)osm_mark_of(&values, &mark);
        if (mark.blocked != cases[k].blocked || (mark.destination != 0) != cases[k].destination ||
            (mark.signal != 0) != cases[k].signal)
            fail_msg("%s: blocked %u destination %d signal %d", cases[k].tags, mark.blocked,
                     mark.destination, mark.signal);
    }
}

/* What vehicles with profiles look at. */
static void shapes_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *tags;
        unsigned width_cm;
        int incline;
        unsigned kerb, smoothness, crossing;
    } cases[] = {
        {"highway=footway", 0, TQ_INCLINE_UNKNOWN, 0, 0, 0},
        {"highway=footway|width=0.8|incline=12%", 80, 12, 0, 0, 0},
        {"highway=footway|est_width=2|incline=-5.5 %", 200, -6, 0, 0, 0},
        {"highway=footway|width=1.5|est_width=2|incline=up", 150, TQ_INCLINE_UNKNOWN, 0, 0, 0},
        {"highway=footway|incline=10°", 0, 18, 0, 0, 0},
        {"highway=footway|incline=1:12", 0, 8, 0, 0, 0},
        {"highway=footway|incline=+3%", 0, 3, 0, 0, 0},
        {"highway=footway|incline=400%", 0, TQ_INCLINE_UNKNOWN, 0, 0, 0},
        {"highway=primary|oneway=-1|incline=7%", 0, -7, 0, 0, 0},
        {"highway=primary|oneway=-1|incline=down", 0, TQ_INCLINE_UNKNOWN, 0, 0, 0},
        {"highway=footway|kerb=lowered|smoothness=bad", 0, TQ_INCLINE_UNKNOWN, TQ_KERB_LOWERED, 4,
         0},
        {"highway=footway|kerb=flush|smoothness=impassable", 0, TQ_INCLINE_UNKNOWN, TQ_KERB_FLUSH,
         8, 0},
        {"highway=footway|kerb=raised|smoothness=good", 0, TQ_INCLINE_UNKNOWN, TQ_KERB_RAISED, 2,
         0},
        {"highway=footway|footway=crossing", 0, TQ_INCLINE_UNKNOWN, 0, 0, TQ_CROSSING_MARKED},
        {"highway=footway|crossing=zebra", 0, TQ_INCLINE_UNKNOWN, 0, 0, TQ_CROSSING_MARKED},
        {"highway=footway|footway=crossing|crossing=traffic_signals", 0, TQ_INCLINE_UNKNOWN, 0, 0,
         TQ_CROSSING_SIGNALS},
        {"highway=footway|footway=crossing|crossing:signals=yes", 0, TQ_INCLINE_UNKNOWN, 0, 0,
         TQ_CROSSING_SIGNALS},
        {"highway=footway|footway=crossing|crossing=unmarked", 0, TQ_INCLINE_UNKNOWN, 0, 0, 0},
        {"highway=cycleway|cycleway=crossing", 0, TQ_INCLINE_UNKNOWN, 0, 0, TQ_CROSSING_MARKED},
        {"highway=primary|crossing=zebra", 0, TQ_INCLINE_UNKNOWN, 0, 0, 0},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        osm_street street = {0};
        assert_true(street_of(cases[k].tags, true, &street));
        const tq_street_attr *attr = &street.attr;
        if (attr->width_cm != cases[k].width_cm || attr->incline_percent != cases[k].incline ||
            attr->kerb != cases[k].kerb || attr->smoothness != cases[k].smoothness ||
            attr->crossing != cases[k].crossing)
            fail_msg("%s: width %u incline %d kerb %u smoothness %u crossing %u", cases[k].tags,
                     attr->width_cm, attr->incline_percent, attr->kerb, attr->smoothness,
                     attr->crossing);
    }
    static const struct {
        const char *tags, *along, *against;
    } lanes[] = {
        {"highway=primary|oneway=yes|turn:lanes=left|through", "left", NULL},
        {"highway=primary|oneway=-1|turn:lanes=left;through", "left;through", NULL},
        {"highway=primary|turn:lanes=left", NULL, NULL},
        {"highway=primary|turn:lanes:forward=left|turn:lanes:backward=right", "left", "right"},
        {"highway=primary|oneway=-1|turn:lanes:backward=right", "right", NULL}};
    for (size_t k = 0; k < TQ_COUNT(lanes); k++) {
        osm_street street = {0};
        assert_true(street_of(lanes[k].tags, true, &street));
        const char *const expected[2] = {lanes[k].along, lanes[k].against};
        for (unsigned d = 0; d < 2; d++)
            if (expected[d] == NULL ? street.turn_lanes[d].at != NULL
                                    : !tq_str_is(street.turn_lanes[d], expected[d]))
                fail_msg("%s: lanes %u are %.*s", lanes[k].tags, d, (int)street.turn_lanes[d].len,
                         street.turn_lanes[d].at);
    }
}

/* Rules as «effect modes directions kmh condition», one a line. */
static void ways_have_rules(void **state)
{
    (void)state;
    static const struct {
        const char *tags, *rules;
    } cases[] = {
        {"highway=residential", ""},
        {"highway=residential|motor_vehicle:conditional=no @ (Mo-Fr 07:00-09:00; Sa 10:00-14:00)",
         "deny 60 3 Mo-Fr 07:00-09:00; Sa 10:00-14:00\n"},
        {"highway=residential|motor_vehicle:forward:conditional=no @ (Su)", "deny 60 1 Su\n"},
        {"highway=primary|oneway=-1|motor_vehicle:forward:conditional=no @ (Su)", "deny 60 2 Su\n"},
        {"highway=residential|motor_vehicle:conditional=no @ (Su)|bus=yes", "deny 52 3 Su\n"},
        {"highway=residential|access:conditional=yes @ (Su)|motor_vehicle=no", "allow 131 3 Su\n"},
        {"highway=footway|access:conditional=yes @ (Su)", "allow 129 3 Su\n"},
        {"highway=pedestrian|motor_vehicle:conditional=delivery @ (06:00-10:00)",
         "destination 60 3 06:00-10:00\n"},
        {"highway=residential|hgv:conditional=no @ (weight>7.5); yes @ (Su)",
         "deny 32 3 weight>7.5\nallow 32 3 Su\n"},
        {"highway=residential|bus:conditional=yes @ (Sa)|vehicle:conditional=no @ (Su)",
         "deny 62 3 Su\nallow 8 3 Sa\n"},
        {"highway=residential|maxspeed:conditional=30 @ (22:00-06:00)",
         "speed 124 3 30 22:00-06:00\n"},
        {"highway=residential|maxspeed:hgv=60", "speed 32 3 60 \n"},
        {"highway=residential|maxspeed:hgv:backward:conditional=20 mph @ (Su)",
         "speed 32 2 32 Su\n"},
        {"highway=residential|maxweight:conditional=7.5 @ (22:00-06:00)",
         "deny 124 3 weight>7.5 AND (22:00-06:00)\n"},
        {"highway=residential|maxweightrating:hgv=3.5", "deny 32 3 weight>3.5\n"},
        {"highway=residential|maxweightrating=12 t", "deny 124 3 weight>12 t\n"},
        {"highway=residential|maxheight:forward=3.2", "deny 124 1 height>3.2\n"},
        {"highway=residential|maxheight=3.2|maxweight=7.5", ""},
        {"highway=residential|hazmat:conditional=no @ (07:00-09:00)",
         "deny 124 3 hazmat AND (07:00-09:00)\n"},
        {"highway=residential|oneway:conditional=yes @ (07:00-09:00)",
         "deny 126 2 07:00-09:00\nallow 126 1 07:00-09:00\n"},
        {"highway=residential|oneway=yes|oneway:conditional=no @ (Su)", "allow 126 3 Su\n"},
        {"highway=residential|oneway=yes|oneway:bicycle=no|oneway:conditional=no @ (Su)",
         "allow 124 3 Su\n"},
        {"highway=residential|oneway:conditional=-1 @ (Su)", "deny 126 1 Su\nallow 126 2 Su\n"},
        {"highway=residential|oneway=reversible|oneway:conditional=yes @ (Mo);-1 @ (Tu)",
         "deny 126 2 Mo\nallow 126 1 Mo\ndeny 126 1 Tu\nallow 126 2 Tu\n"},
        {"highway=residential|access:conditional=perhaps @ (Su)", "unknown 255 3\n"},
        {"highway=residential|access:conditional=no", "unknown 255 3\n"},
        {"highway=residential|maxweight=7.5|maxweight:conditional=none @ destination",
         "deny 124 3 weight>7.5\ndestination 124 1 weight>7.5\ndestination 124 2 weight>7.5\n"},
        {"highway=primary|oneway=yes|maxweight:hgv:conditional=none @ (destination AND Su)|"
         "maxweight:hgv=12",
         "deny 32 3 weight>12\ndestination 32 1 weight>12 AND (Su)\n"},
        {"highway=primary|oneway=yes|maxlength=10|maxlength:conditional=none @ (Su)",
         "deny 124 3 length>10\nallow 124 1 length>10 AND (Su)\n"},
        {"highway=primary|maxlength:conditional=none @ (Su)", "unknown 255 3\n"},
        {"highway=primary|oneway=yes|maxweight:hgv:conditional=7.5 @ (22:00-06:00); none @ "
         "(destination AND 22:00-06:00)",
         "deny 32 3 weight>7.5 AND (22:00-06:00)\n"
         "destination 32 1 weight>7.5 AND (22:00-06:00)\n"},
        {"highway=pedestrian|motor_vehicle:conditional=yes @ (delivery AND 06:00-10:00)",
         "destination 60 3 06:00-10:00\n"},
        {"highway=residential|lanes:conditional=3 @ (Su)|parking:both:conditional=no @ (Su)", ""},
        /* Last metres that are not those of cars. */
        {"highway=residential|hgv=destination", "destination 32 3\n"},
        {"highway=residential|hgv=delivery", "destination 32 3\n"},
        {"highway=residential|motor_vehicle=destination", ""},
        {"highway=residential|motor_vehicle=destination|bus=yes", "allow 8 3\n"},
        {"highway=residential|access=private", "destination 131 3\n"},
        {"highway=residential|access=private|foot=yes|bicycle=yes", ""},
        {"highway=footway|access=private|bicycle=yes", "allow 2 3\n"},
        {"highway=primary|motor_vehicle:forward=destination", "destination 60 1\n"},
    };
    static const char *const effects[] = {"deny", "allow", "destination", "speed"};
    static osm_rules rules;
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        static osm_values values;
        static tq_osm_tag tag[32];
        osm_street street = {0};
        osm_values_take(&values, tag, split_tags(cases[k].tags, tag));
        assert_true(osm_street_of(&values, true, &street));
        osm_rules_of(&values, true, &street, &rules);
        tq_buf all = {0};
        for (uint32_t r = 0; r < rules.count; r++) {
            const osm_rule *rule = &rules.rule[r];
            tq_buf_printf(&all, "%s %u %u", rule->effect < 4 ? effects[rule->effect] : "unknown",
                          rule->access, rule->directions);
            if (rule->effect == TQ_EFFECT_SPEED) tq_buf_printf(&all, " %u ", rule->kmh);
            if (rule->condition_len > 0)
                tq_buf_printf(&all, "%s%.*s", rule->effect == TQ_EFFECT_SPEED ? "" : " ",
                              (int)rule->condition_len, rules.text.at + rule->condition);
            tq_buf_putc(&all, '\n');
        }
        tq_buf_putc(&all, '\0');
        if (strcmp(all.at, cases[k].rules) != 0)
            fail_msg("%s\nhas %s\nnot %s", cases[k].tags, all.at, cases[k].rules);
        tq_buf_free(&all);
    }
    tq_buf_free(&rules.text);
}

/* ---- networks ------------------------------------------------------------------------------- */

/* Nodes 1..9 in a row, 0.001 degrees apart; 11.. in a column north of node 3. */
static const char nodes_xml[] =
    "<node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'/>"
    "<node id='3' lat='37.86' lon='112.563'/><node id='4' lat='37.86' lon='112.564'/>"
    "<node id='5' lat='37.86' lon='112.565'/><node id='11' lat='37.861' lon='112.563'/>"
    "<node id='12' lat='37.862' lon='112.563'/>";

static test_build *build_xml(const char *nodes, const char *rest, unsigned threads)
{
    tq_buf xml = {0};
    tq_buf_printf(&xml, "<osm>%s%s</osm>", nodes, rest);
    test_build *test = test_build_new(threads);
    if (test_build_osm(test, "t.osm", xml.at, xml.len) != TQ_OK) fail_msg("%s", test->err.text);
    tq_buf_free(&xml);
    return test;
}

static const tq_streets *frozen(test_build *test)
{
    if (import_link_stops(&test->build, &test->err) != TQ_OK) fail_msg("%s", test->err.text);
    return &test->build.city.streets;
}

#define WAY(id, refs, tags) "<way id='" id "'>" refs tags "</way>"
#define ND(id)              "<nd ref='" id "'/>"
#define TAG(k, v)           "<tag k='" k "' v='" v "'/>"
#define STREET              TAG("highway", "residential")

static void chains_are_folded(void **state)
{
    (void)state;
    test_build *test = build_xml(nodes_xml,
                                 WAY("7", ND("1") ND("2") ND("3"), STREET TAG("name", "A"))
                                     WAY("8", ND("5") ND("4") ND("3"), STREET TAG("name", "A")),
                                 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->edge_count, 1);
    assert_int_equal(streets->node_count, 2);
    assert_int_equal(streets->point_count, 3);
    assert_int_equal(streets->edge_way[0], 7);
    uint32_t sum = 0;
    for (unsigned k = 0; k < 4; k++)
        sum += tq_distance_dm((tq_point){378600000, 1125610000 + (int32_t)k * 10000},
                              (tq_point){378600000, 1125620000 + (int32_t)k * 10000});
    assert_int_equal(streets->edge_length_dm[0], sum);
    assert_int_equal(streets->node_at[streets->edge_from[0]].lon_e7, 1125610000);
    assert_int_equal(test->build.places.count, 1);
    assert_int_equal(test->build.places.at[0].kind, TQ_PLACE_STREET);
    assert_int_equal(test->build.places.at[0].link, 0);
    test_build_free(test);
    /* Another name, a crossing street, a oneway against: each keeps the node. */
    static const char *const others[] = {
        WAY("8", ND("3") ND("4"), STREET TAG("name", "B")),
        WAY("8", ND("4") ND("3"), STREET TAG("name", "A") TAG("oneway", "yes")),
        WAY("8", ND("3") ND("4"), TAG("highway", "construction") TAG("name", "A"))};
    for (size_t k = 0; k < TQ_COUNT(others); k++) {
        tq_buf rest = {0};
        tq_buf_printf(&rest, "%s%s", WAY("7", ND("1") ND("2") ND("3"), STREET TAG("name", "A")),
                      others[k]);
        tq_buf_putc(&rest, '\0');
        test = build_xml(nodes_xml, rest.at, 1);
        assert_int_equal(frozen(test)->edge_count, 2);
        test_build_free(test);
        tq_buf_free(&rest);
    }
}

static void crossings_loops_and_gaps(void **state)
{
    (void)state;
    test_build *test = build_xml(nodes_xml,
                                 WAY("7", ND("1") ND("2") ND("3") ND("4") ND("5"), STREET)
                                     WAY("8", ND("3") ND("11") ND("12"), STREET),
                                 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->edge_count, 3);
    assert_int_equal(streets->node_count, 4);
    for (uint32_t node = 0; node < streets->node_count; node++)
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            assert_int_equal(tq_arc_tail(streets, streets->out_arc[k]), node);
            if (k > streets->first_out[node])
                assert_true(streets->out_arc[k - 1] < streets->out_arc[k]);
        }
    assert_int_equal(streets->first_out[streets->node_count], 2 * streets->edge_count);
    test_build_free(test);
    /* A closed way becomes two edges; none ends where it begins. */
    test = build_xml(nodes_xml, WAY("7", ND("1") ND("2") ND("11") ND("1"), STREET), 1);
    streets = frozen(test);
    assert_int_equal(streets->edge_count, 2);
    for (uint32_t edge = 0; edge < 2; edge++)
        assert_true(streets->edge_from[edge] != streets->edge_to[edge]);
    test_build_free(test);
    /* A node that the extract lacks parts the way. */
    test = build_xml(nodes_xml, WAY("7", ND("1") ND("2") ND("99") ND("4") ND("5"), STREET), 1);
    assert_int_equal(frozen(test)->edge_count, 2);
    test_build_free(test);
    /* oneway=-1 turns the edge round. */
    test = build_xml(nodes_xml, WAY("7", ND("1") ND("2"), STREET TAG("oneway", "-1")), 1);
    streets = frozen(test);
    assert_int_equal(streets->node_at[streets->edge_from[0]].lon_e7, 1125620000);
    assert_true((tq_edge_attr(streets, 0)->access[0] & C) != 0 &&
                (tq_edge_attr(streets, 0)->access[1] & C) == 0);
    test_build_free(test);
}

static void barriers_part_the_street(void **state)
{
    (void)state;
    static const char nodes[] =
        "<node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'>"
        "<tag k='barrier' v='bollard'/></node><node id='3' lat='37.86' lon='112.563'/>";
    test_build *test = build_xml(nodes, WAY("7", ND("1") ND("2") ND("3"), STREET), 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->node_count, 4);
    assert_int_equal(streets->edge_count, 3);
    unsigned gates = 0;
    for (uint32_t edge = 0; edge < 3; edge++) {
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        if (attr->street_class != TQ_BARRIER) continue;
        gates++;
        assert_int_equal(streets->edge_length_dm[edge], 0);
        assert_int_equal(attr->access[0], 255 & ~M);
        assert_int_equal(attr->access[1], 255 & ~M);
    }
    assert_int_equal(gates, 1);
    test_build_free(test);
}

#define RELATION(tags, from, via, to)                                                              \
    "<relation id='5'><member type='way' ref='" from "' role='from'/>" via                         \
    "<member type='way' ref='" to "' role='to'/>" TAG("type", "restriction") tags "</relation>"
#define VIA_NODE(id) "<member type='node' ref='" id "' role='via'/>"
#define VIA_WAY(id)  "<member type='way' ref='" id "' role='via'/>"

static void turns_are_stored(void **state)
{
    (void)state;
    static const char ways[] = WAY("7", ND("1") ND("2") ND("3"), STREET)
        WAY("8", ND("3") ND("4") ND("5"), STREET) WAY("9", ND("3") ND("11"), STREET);
    tq_buf rest = {0};
    tq_buf_printf(&rest, "%s%s", ways,
                  RELATION(TAG("restriction", "no_left_turn") TAG("except", "psv;bicycle"), "7",
                           VIA_NODE("3"), "9"));
    tq_buf_putc(&rest, '\0');
    test_build *test = build_xml(nodes_xml, rest.at, 1);
    const tq_streets *streets = frozen(test);
    assert_int_equal(streets->turn_count, 1);
    const tq_turn *turn = &streets->turn[0];
    assert_int_equal(streets->edge_way[turn->from_edge], 7);
    assert_int_equal(streets->edge_way[turn->to_edge], 9);
    assert_int_equal(streets->node_at[turn->via_node].lon_e7, 1125630000);
    assert_int_equal(turn->only, 0);
    assert_int_equal(turn->banned, C | L | E);
    assert_int_equal(turn->condition, 0);
    test_build_free(test);
    rest.len = 0;
    tq_buf_printf(&rest, "%s%s", ways,
                  RELATION(TAG("restriction:hgv:conditional", "only_straight_on @ (Mo-Fr)"), "7",
                           VIA_NODE("3"), "8"));
    tq_buf_putc(&rest, '\0');
    test = build_xml(nodes_xml, rest.at, 1);
    streets = frozen(test);
    assert_int_equal(streets->turn_count, 1);
    assert_int_equal(streets->turn[0].only, 1);
    assert_int_equal(streets->turn[0].banned, L);
    assert_int_equal(streets->turn[0].condition, 1);
    assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
    assert_string_equal(tq_texts_at(test->build.texts, test->build.city.conditions.text[1]),
                        "Mo-Fr");
    test_build_free(test);
    /* Over a via way: 7 -> 9 -> 10; the ends of 9 stay nodes. */
    rest.len = 0;
    tq_buf_printf(&rest, "%s%s%s", ways, WAY("10", ND("11") ND("12"), STREET),
                  RELATION(TAG("restriction", "no_u_turn"), "7", VIA_WAY("9"), "10"));
    tq_buf_putc(&rest, '\0');
    test = build_xml(nodes_xml, rest.at, 1);
    streets = frozen(test);
    assert_int_equal(streets->turn_count, 1);
    turn = &streets->turn[0];
    assert_int_equal(turn->via_node, TQ_NONE);
    assert_int_equal(turn->via_count, 1);
    assert_int_equal(streets->edge_way[streets->via_edge[turn->first_via]], 9);
    assert_int_equal(streets->edge_way[turn->to_edge], 10);
    test_build_free(test);
    /* A way that is missing: dropped, not guessed. */
    rest.len = 0;
    tq_buf_printf(&rest, "%s%s", ways,
                  RELATION(TAG("restriction", "no_u_turn"), "77", VIA_NODE("3"), "9"));
    tq_buf_putc(&rest, '\0');
    test = build_xml(nodes_xml, rest.at, 1);
    assert_int_equal(frozen(test)->turn_count, 0);
    assert_true(tq_report_dropped(test->build.report) > 0);
    test_build_free(test);
    tq_buf_free(&rest);
}

/* A relation's own rest in the macro above: members by hand. */
#define REL(tags, members) "<relation id='5'>" members TAG("type", "restriction") tags "</relation>"
#define FROM(id)           "<member type='way' ref='" id "' role='from'/>"
#define TO(id)             "<member type='way' ref='" id "' role='to'/>"

/* Way 7 runs through node 3 from west to east, way 9 leaves it to the north. */
static void turns_are_told_by_their_angle(void **state)
{
    (void)state;
    static const char ways[] = WAY("7", ND("1") ND("2") ND("3") ND("4") ND("5"), STREET)
        WAY("9", ND("3") ND("11"), STREET) WAY("10", ND("11") ND("12"), STREET TAG("name", "N"));
    static const struct {
        const char *relation;
        /* longitude (e7) of the far end of the piece of way 7, 0 = the restriction is dropped */
        int32_t from, to;
        unsigned count, banned, conditions;
    } cases[] = {
        {REL(TAG("restriction", "no_left_turn"), FROM("7") VIA_NODE("3") TO("9")), 1125610000,
         1125630000, 1, B | M, 1},
        {REL(TAG("restriction", "no_right_turn"), FROM("7") VIA_NODE("3") TO("9")), 1125650000,
         1125630000, 1, B | M, 1},
        {REL(TAG("restriction", "no_right_turn"), FROM("9") VIA_NODE("3") TO("7")), 1125630000,
         1125610000, 1, B | M, 1},
        {REL(TAG("restriction", "only_left_turn"), FROM("9") VIA_NODE("3") TO("7")), 1125630000,
         1125650000, 1, B | M, 1},
        {REL(TAG("restriction", "no_entry"), FROM("7") VIA_NODE("3") TO("9")), 0, 0, 0, 0, 1},
        {REL(TAG("restriction", "no_straight_on"), FROM("7") VIA_NODE("3") TO("7")), 0, 0, 0, 0, 1},
        {REL(TAG("restriction", "no_u_turn"), FROM("7") VIA_NODE("3") TO("7")), 0, 0, 2, B | M, 1},
        {REL(TAG("restriction", "no_u_turn"), FROM("9") VIA_NODE("3") TO("9")), 1125630000,
         1125630000, 1, B | M, 1},
        {REL(TAG("restriction", "no_left_turn") TAG("day_on", "Monday") TAG("day_off", "Friday")
                 TAG("hour_on", "07:00") TAG("hour_off", "09:00"),
             FROM("7") VIA_NODE("3") TO("9")),
         1125610000, 1125630000, 1, B | M, 2},
        {REL(TAG("restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-09:00)"),
             FROM("7") VIA_NODE("3") TO("9")),
         1125610000, 1125630000, 1, B | M, 2},
        {REL(TAG("restriction:conditional", "no_left_turn @ (wet)"),
             FROM("7") VIA_NODE("3") TO("9")),
         0, 0, 0, 0, 1},
        {REL(TAG("restriction:motorcar", "no_left_turn") TAG("except", "taxi"),
             FROM("7") VIA_NODE("3") TO("9")),
         1125610000, 1125630000, 1, C, 1},
        {REL(TAG("restriction", "no_entry"), FROM("9") FROM("9") VIA_NODE("11") TO("10")),
         1125630000, 1125630000, 2, B | M, 1},
        {REL(TAG("restriction", "no_left_turn"), FROM("7") TO("9")), 0, 0, 0, 0, 1},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_buf rest = {0};
        tq_buf_printf(&rest, "%s%s", ways, cases[k].relation);
        tq_buf_putc(&rest, '\0');
        test_build *test = build_xml(nodes_xml, rest.at, 1);
        const tq_streets *s = frozen(test);
        assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
        if (s->turn_count != cases[k].count ||
            test->build.city.conditions.count != cases[k].conditions)
            fail_msg("case %zu: %u turns, %u conditions", k, s->turn_count,
                     test->build.city.conditions.count);
        for (uint32_t t = 0; t < s->turn_count; t++) {
            const tq_turn *turn = &s->turn[t];
            assert_int_equal(turn->banned, cases[k].banned);
            assert_int_equal(turn->condition, cases[k].conditions - 1);
            if (cases[k].from == 0) {
                assert_int_equal(turn->from_edge, turn->to_edge);
                continue;
            }
            const uint32_t edge[2] = {turn->from_edge, turn->to_edge};
            const int32_t lon[2] = {cases[k].from, cases[k].to};
            for (unsigned n = 0; n < 2; n++) {
                uint32_t far = s->edge_from[edge[n]] == turn->via_node ? s->edge_to[edge[n]]
                                                                       : s->edge_from[edge[n]];
                if (s->node_at[far].lon_e7 != lon[n])
                    fail_msg("case %zu: end %u at %d", k, n, s->node_at[far].lon_e7);
            }
        }
        test_build_free(test);
        tq_buf_free(&rest);
    }
}

/* Signals for one direction, places to turn, gates, low barriers. */
static void nodes_leave_marks(void **state)
{
    (void)state;
    static const char nodes[] =
        "<node id='1' lat='37.86' lon='112.561'><tag k='highway' v='turning_circle'/></node>"
        "<node id='2' lat='37.86' lon='112.562'><tag k='highway' v='traffic_signals'/>"
        "<tag k='traffic_signals:direction' v='backward'/></node>"
        "<node id='3' lat='37.86' lon='112.563'><tag k='highway' v='traffic_signals'/></node>"
        "<node id='4' lat='37.86' lon='112.564'><tag k='barrier' v='height_restrictor'/>"
        "<tag k='maxheight' v='2.1'/></node><node id='5' lat='37.86' lon='112.565'/>"
        "<node id='6' lat='37.86' lon='112.566'><tag k='barrier' v='gate'/>"
        "<tag k='access' v='private'/><tag k='foot' v='yes'/></node>"
        "<node id='7' lat='37.86' lon='112.567'/>";
    test_build *test = build_xml(
        nodes, WAY("7", ND("1") ND("2") ND("3") ND("4") ND("5") ND("6") ND("7"), STREET), 1);
    import_network *network = test->build.network;
    assert_int_equal(network->node_flags.count, network->nodes.count);
    unsigned turning = 0, signals = 0;
    for (size_t node = 0; node < network->nodes.count; node++) {
        turning += (network->node_flags.at[node] & IMPORT_NODE_TURNING) != 0;
        signals += (network->node_flags.at[node] & IMPORT_NODE_SIGNAL) != 0;
    }
    assert_int_equal(turning, 1);
    assert_int_equal(signals, 1);
    const tq_streets *s = frozen(test);
    assert_int_equal(import_conditions_freeze(&test->build, &test->err), TQ_OK);
    unsigned low = 0, gates = 0;
    for (uint32_t edge = 0; edge < s->edge_count; edge++) {
        const tq_street_attr *attr = tq_edge_attr(s, edge);
        int32_t from = s->node_at[s->edge_from[edge]].lon_e7;
        unsigned flags = attr->flags & (TQ_STREET_SIGNAL_END | TQ_STREET_SIGNAL_START);
        if (attr->street_class != TQ_BARRIER) {
            /* 1-2 none; 2-3: against it at 2, along it at 3; 3-4 against it at 3 */
            unsigned expected = from == 1125620000   ? TQ_STREET_SIGNAL_END | TQ_STREET_SIGNAL_START
                                : from == 1125630000 ? TQ_STREET_SIGNAL_START
                                                     : 0;
            assert_int_equal(flags, expected);
            continue;
        }
        assert_int_equal(attr->access[0], 255);
        low += attr->max_height_cm == 210;
        if ((attr->flags & TQ_STREET_DESTINATION) == 0) continue;
        /* Cars for the last metres by the flag, bicycles by a rule, walkers freely. */
        gates++;
        const tq_conditions *c = &test->build.city.conditions;
        assert_int_equal(c->first_rule[attr->rules + 1] - c->first_rule[attr->rules], 1);
        const tq_rule *rule = &c->rule[c->first_rule[attr->rules]];
        assert_int_equal(rule->effect, TQ_EFFECT_DESTINATION);
        assert_int_equal(rule->access, B);
    }
    assert_int_equal(low, 1);
    assert_int_equal(gates, 1);
    test_build_free(test);
}

/* Directional rules keep two ways that meet head to head apart; others do not. */
static void rules_and_folding(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        unsigned edges;
    } cases[] = {{"motor_vehicle:conditional", 1}, {"motor_vehicle:forward:conditional", 2}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        tq_buf rest = {0};
        tq_buf_printf(&rest,
                      "<way id='7'>" ND("1") ND("2") ND("3") STREET
                      "<tag k='%s' v='no @ (Su)'/></way><way id='8'>" ND("5") ND("4") ND("3") STREET
                      "<tag k='%s' v='no @ (Su)'/></way>",
                      cases[k].key, cases[k].key);
        tq_buf_putc(&rest, '\0');
        test_build *test = build_xml(nodes_xml, rest.at, 1);
        const tq_streets *s = frozen(test);
        /* The tags' own text differs by nothing here, so only the rules decide. */
        assert_int_equal(s->edge_count, cases[k].edges);
        for (uint32_t edge = 0; edge < s->edge_count; edge++)
            assert_int_equal(tq_edge_attr(s, edge)->rules, 1);
        test_build_free(test);
        tq_buf_free(&rest);
    }
}

static void names_become_places(void **state)
{
    (void)state;
    static const char nodes[] =
        "<node id='1' lat='37.86' lon='112.561'/><node id='2' lat='37.86' lon='112.562'/>"
        "<node id='3' lat='37.861' lon='112.562'><tag k='amenity' v='hospital'/><tag k='name' "
        "v='山西大医院'/>"
        "<tag k='old_name' v='旧名;又名'/><tag k='name:en' v='Shanxi Hospital'/><tag "
        "k='addr:street' v='龙城大街'/>"
        "<tag k='addr:housenumber' v='99'/></node>"
        "<node id='4' lat='37.862' lon='112.563'><tag k='addr:street' v='Main Street'/>"
        "<tag k='addr:housenumber' v='12a'/></node>"
        "<node id='5' lat='37.88' lon='112.58'><tag k='place' v='village'/><tag k='name' "
        "v='东村'/></node>";
    test_build *test = build_xml(
        nodes,
        WAY("7", ND("1") ND("2"),
            STREET TAG("name", "龙城大街") TAG("old_name", "老街") TAG("name:en", "Longcheng St"))
            WAY("8", ND("1") ND("2") ND("3") ND("1"), TAG("leisure", "park") TAG("name", "公园")),
        1);
    (void)frozen(test);
    tq_buf all = {0};
    for (size_t k = 0; k < test->build.places.count; k++) {
        const tq_place_row *place = &test->build.places.at[k];
        tq_buf_printf(&all, "%d %s %s", place->kind, tq_texts_at(test->build.texts, place->name),
                      tq_texts_at(test->build.texts, place->category));
        for (uint32_t alias = 0; alias < place->alias_count; alias++)
            tq_buf_printf(&all, " %u:%s", test->build.aliases.at[place->first_alias + alias].kind,
                          tq_texts_at(test->build.texts,
                                      test->build.aliases.at[place->first_alias + alias].text));
        tq_buf_putc(&all, '\n');
    }
    tq_buf_putc(&all, '\0');
    assert_string_equal(all.at, "3 公园 park\n"
                                "6 龙城大街99号 address\n"
                                "3 山西大医院 hospital 1:旧名 1:又名 2:Shanxi Hospital\n"
                                "6 Main Street 12a address\n"
                                "5 东村 village\n"
                                "2 龙城大街 street 1:老街 2:Longcheng St\n");
    tq_buf_free(&all);
    test_build_free(test);
}

/* One thread and three give the same arrays; restrictions as many as the README says. */
static void real_extracts_build(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t street_ways_least, turns_least;
    } files[] = {{"osm/monaco.osm.pbf", 2800, 20}, {"osm/motis_test_case.osm.pbf", 1300, 8}};
    const char *folder = tq_env_var("TQ_SHARED_DATA"), *ci = tq_env_var("CI");
    unsigned read = 0;
    for (size_t k = 0; k < TQ_COUNT(files); k++) {
        uint64_t hash[2] = {0};
        for (unsigned round = 0; round < 2; round++) {
            char path[TQ_PATH_MAX];
            assert_true(
                tq_path_join(path, folder != NULL ? folder : "../shared/data", files[k].name));
            if (!tq_file_look(path).exists) continue;
            test_build *test = test_build_new(round == 0 ? 1 : 3);
            (void)rmdir(test->settings.folder);
            (void)snprintf(test->settings.folder, sizeof test->settings.folder, "%s",
                           folder != NULL ? folder : "../shared/data");
            (void)snprintf(test->settings.osm[0], sizeof test->settings.osm[0], "%s",
                           files[k].name);
            test->settings.osm_count = 1;
            if (import_osm(&test->build, &test->err) != TQ_OK) fail_msg("%s", test->err.text);
            const tq_streets *s = frozen(test);
            assert_true(s->turn_count >= files[k].turns_least);
            for (uint32_t edge = 0; edge < s->edge_count; edge++) {
                assert_true(s->edge_from[edge] != s->edge_to[edge]);
                uint64_t sum = 0;
                tq_point a = s->node_at[s->edge_from[edge]];
                for (uint32_t p = s->edge_first_point[edge]; p < s->edge_first_point[edge + 1];
                     p++) {
                    sum += tq_distance_dm(a, s->point[p]);
                    a = s->point[p];
                }
                sum += tq_distance_dm(a, s->node_at[s->edge_to[edge]]);
                bool gate = tq_edge_attr(s, edge)->street_class == TQ_BARRIER;
                assert_int_equal(s->edge_length_dm[edge], gate ? 0 : TQ_MAX(sum, 1));
            }
            hash[round] =
                tq_hash(s->edge_from, s->edge_count * sizeof(uint32_t), 1) ^
                tq_hash(s->node_at, s->node_count * sizeof(tq_point), 2) ^
                tq_hash(s->attr, s->attr_count * sizeof(tq_street_attr), 3) ^
                tq_hash(s->edge_name, s->edge_count * sizeof(uint32_t), 4) ^
                tq_hash(test->build.places.at, test->build.places.count * sizeof(tq_place_row), 5);
            (void)snprintf(test->settings.folder, sizeof test->settings.folder, "/tmp/none");
            test_build_free(test);
            read++;
        }
        assert_true(hash[0] == hash[1]);
    }
    if (read == 0 && (ci == NULL || strcmp(ci, "true") != 0)) skip();
    assert_true(read > 0);
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        const char *says;
    } cases[] = {{"a.osm.pbf", "garbage that is no map", 22, "a.osm.pbf"},
                 {"a.osm.pbf", "", 0, "no OpenStreetMap data"},
                 {"a.osm", "<osm><way id='1'>", 17, "a.osm: line 1"},
                 {"a.osm.gz", "\x1f\x8b\x08\0\0\0\0\0\0\0\xff", 11, "gzip"}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        test_build *test = test_build_new(2);
        assert_int_equal(test_build_osm(test, cases[k].name, cases[k].bytes, cases[k].len),
                         TQ_BAD_INPUT);
        if (strstr(test->err.text, cases[k].says) == NULL) fail_msg("%s", test->err.text);
        test_build_free(test);
    }
    test_build *test = test_build_new(1);
    (void)snprintf(test->settings.osm[0], sizeof test->settings.osm[0], "absent.osm.pbf");
    test->settings.osm_count = 1;
    assert_int_equal(import_osm(&test->build, &test->err), TQ_IO);
    test_build_free(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(access_rules),
                                       cmocka_unit_test(number_rules),
                                       cmocka_unit_test(limits_and_looks),
                                       cmocka_unit_test(barrier_rules),
                                       cmocka_unit_test(shapes_are_kept),
                                       cmocka_unit_test(ways_have_rules),
                                       cmocka_unit_test(chains_are_folded),
                                       cmocka_unit_test(crossings_loops_and_gaps),
                                       cmocka_unit_test(barriers_part_the_street),
                                       cmocka_unit_test(turns_are_stored),
                                       cmocka_unit_test(turns_are_told_by_their_angle),
                                       cmocka_unit_test(nodes_leave_marks),
                                       cmocka_unit_test(rules_and_folding),
                                       cmocka_unit_test(names_become_places),
                                       cmocka_unit_test(real_extracts_build),
                                       cmocka_unit_test(bad_files_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
