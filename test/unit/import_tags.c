/* Tags of OpenStreetMap -> what a street, a barrier or a rule is, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import/osm_in.h"

#include "import_build.h"
#include "osm_test.h"

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
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_rules),     cmocka_unit_test(number_rules),
        cmocka_unit_test(limits_and_looks), cmocka_unit_test(barrier_rules),
        cmocka_unit_test(shapes_are_kept),  cmocka_unit_test(ways_have_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
