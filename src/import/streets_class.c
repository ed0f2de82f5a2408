/*
 * Classes of streets: their names in OpenStreetMap, who may use them when nothing is signed, and
 * the speed of cars.
 *
 * Access follows OpenStreetMap's worldwide defaults («OSM tags for routing/Access restrictions»);
 * foot and bicycle on trunk roads are allowed, as in China, unless motorroad or access tags say
 * otherwise. Chinese speeds follow the Implementing Regulations of the Road Traffic Safety Law,
 * articles 45 and 78, and GB 50647 for urban roads.
 */
#include "import/streets_in.h"

#define FOOT (TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR)
#define BIKE TQ_ACCESS_BIKE
#define ALL  (FOOT | BIKE | TQ_ACCESS_MOTOR)

static const struct {
    const char *name;
    uint8_t access, speed_kmh, china_kmh;
} defaults[TQ_STREET_CLASS_COUNT] = {
    [TQ_MOTORWAY] = {"motorway", TQ_ACCESS_MOTOR, 120, 110},
    [TQ_MOTORWAY_LINK] = {"motorway_link", TQ_ACCESS_MOTOR, 60, 50},
    [TQ_TRUNK] = {"trunk", ALL, 90, 70},
    [TQ_TRUNK_LINK] = {"trunk_link", ALL, 50, 40},
    [TQ_PRIMARY] = {"primary", ALL, 65, 60},
    [TQ_PRIMARY_LINK] = {"primary_link", ALL, 40, 40},
    [TQ_SECONDARY] = {"secondary", ALL, 55, 50},
    [TQ_SECONDARY_LINK] = {"secondary_link", ALL, 35, 35},
    [TQ_TERTIARY] = {"tertiary", ALL, 45, 40},
    [TQ_TERTIARY_LINK] = {"tertiary_link", ALL, 30, 30},
    [TQ_UNCLASSIFIED] = {"unclassified", ALL, 35, 30},
    [TQ_RESIDENTIAL] = {"residential", ALL, 30, 30},
    [TQ_LIVING_STREET] = {"living_street", ALL, 10, 10},
    [TQ_SERVICE] = {"service", ALL, 15, 15},
    [TQ_TRACK] = {"track", FOOT | BIKE | TQ_ACCESS_EMERGENCY, 15, 15},
    [TQ_PEDESTRIAN] = {"pedestrian", FOOT | BIKE | TQ_ACCESS_EMERGENCY, 5, 5},
    [TQ_FOOTWAY] = {"footway", FOOT, 5, 5},
    [TQ_CYCLEWAY] = {"cycleway", FOOT | BIKE, 5, 5},
    [TQ_PATH] = {"path", FOOT | BIKE, 5, 5},
    [TQ_STEPS] = {"steps", TQ_ACCESS_FOOT, 5, 5},
    [TQ_CORRIDOR] = {"corridor", FOOT, 5, 5},
    [TQ_BRIDLEWAY] = {"bridleway", TQ_ACCESS_FOOT, 5, 5},
    [TQ_FERRY] = {"ferry", FOOT | BIKE, 15, 15},
    [TQ_PLATFORM] = {"platform", FOOT, 5, 5},
    [TQ_BARRIER] = {"barrier", ALL, 5, 5},
};

bool import_street_class(tq_str highway, tq_street_class *street_class)
{
    static const struct {
        const char *name;
        tq_street_class street_class;
    } others[] = {{"road", TQ_UNCLASSIFIED},
                  {"busway", TQ_SERVICE},
                  {"bus_guideway", TQ_SERVICE},
                  {"elevator", TQ_CORRIDOR}};
    for (unsigned known = 0; known < TQ_FERRY; known++)
        if (tq_str_is(highway, defaults[known].name))
            return *street_class = (tq_street_class)known, true;
    if (tq_str_is(highway, "platform")) return *street_class = TQ_PLATFORM, true;
    for (size_t k = 0; k < TQ_COUNT(others); k++)
        if (tq_str_is(highway, others[k].name)) return *street_class = others[k].street_class, true;
    return false;
}

const char *import_street_class_name(tq_street_class street_class)
{
    return defaults[street_class].name;
}

uint8_t import_class_access(tq_street_class street_class)
{
    return defaults[street_class].access;
}

uint8_t import_class_speed(tq_street_class street_class, bool china)
{
    return china ? defaults[street_class].china_kmh : defaults[street_class].speed_kmh;
}
