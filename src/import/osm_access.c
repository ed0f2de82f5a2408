/*
 * Who may use a way, from OpenStreetMap's access keys and oneway.
 *
 * Method: the key hierarchy of «OSM tags for routing/Access restrictions»: access > vehicle >
 * motor_vehicle > motorcar, psv > bus, taxi, hgv; a more special key overrides a more general one.
 * `access=yes` opens nothing that the class closes (a footway stays a footway); special keys do.
 * Ambulances and fire engines keep a way that the general keys close, because nothing but
 * `emergency` speaks of them. Walkers ignore oneway. «destination», «private», «delivery»,
 * «customers» and the like let in for the last metres only, each mode by its own most special key.
 */
#include "import/osm_in.h"

#define FOOT     (TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR)
#define CARS     (TQ_ACCESS_CAR | TQ_ACCESS_BUS | TQ_ACCESS_TAXI | TQ_ACCESS_LORRY)
#define VEHICLES (TQ_ACCESS_BIKE | TQ_ACCESS_MOTOR)

osm_grant osm_grant_of(tq_str value)
{
    static const char *const deny[] = {"no",       "use_sidepath", "dismount", "agricultural",
                                       "forestry", "military",     "0",        "false",
                                       "off",      "none",         NULL};
    static const char *const destination[] = {"private",   "destination", "delivery",
                                              "customers", "permit",      "residents",
                                              "resident",  "employees",   NULL};
    static const char *const allow[] = {"yes", "permissive", "designated",  "official", "public",
                                        "1",   "true",       "discouraged", "limited",  NULL};
    const char *semicolon = value.len > 0 ? memchr(value.at, ';', value.len) : NULL;
    if (semicolon != NULL) value.len = (size_t)(semicolon - value.at);
    value = tq_str_trim(value);
    if (osm_one_of(value, deny)) return OSM_DENY;
    if (osm_one_of(value, destination)) return OSM_ALLOW_DESTINATION;
    return osm_one_of(value, allow) ? OSM_ALLOW : OSM_SILENT;
}

static void grant(osm_access *access, osm_side side, unsigned modes, bool adds, osm_grant what)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        if (side != OSM_BOTH && direction != (side == OSM_BACKWARD)) continue;
        if (what == OSM_DENY)
            access->mask[direction] &= (uint8_t)~modes;
        else if (adds)
            access->mask[direction] |= (uint8_t)modes;
        if (what == OSM_ALLOW_DESTINATION)
            access->destination[direction] |= (uint8_t)modes;
        else
            access->destination[direction] &= (uint8_t)~modes;
    }
}

bool osm_last_metres(const osm_access *access)
{
    bool cars = ((access->mask[0] | access->mask[1]) & TQ_ACCESS_CAR) != 0;
    unsigned who = cars ? TQ_ACCESS_CAR : TQ_ACCESS_FOOT, open = 0, destination = 0;
    for (unsigned d = 0; d < 2; d++) {
        open += (access->mask[d] & who) != 0;
        destination += (access->mask[d] & access->destination[d] & who) != 0;
    }
    return open > 0 && destination == open;
}

/* Access keys, general ones first; the rank grows with how special they are. */
static const struct {
    osm_key key;
    uint8_t modes, rank;
    bool adds;
} access_keys[] = {
    {OSM_ACCESS, FOOT | TQ_ACCESS_BIKE | CARS, 0, false},
    {OSM_VEHICLE, TQ_ACCESS_BIKE | CARS, 1, true},
    {OSM_MOTOR_VEHICLE, CARS, 2, true},
    {OSM_MOTORCAR, TQ_ACCESS_CAR | TQ_ACCESS_TAXI, 3, true},
    {OSM_PSV, TQ_ACCESS_BUS | TQ_ACCESS_TAXI, 3, true},
    {OSM_GOODS, TQ_ACCESS_LORRY, 3, true},
    {OSM_BICYCLE, TQ_ACCESS_BIKE, 3, true},
    {OSM_FOOT, FOOT, 3, true},
    {OSM_EMERGENCY, TQ_ACCESS_EMERGENCY, 3, true},
    {OSM_BUS, TQ_ACCESS_BUS, 4, true},
    {OSM_TAXI, TQ_ACCESS_TAXI, 4, true},
    {OSM_HGV, TQ_ACCESS_LORRY, 4, true},
};

void osm_apply_access(const osm_values *values, osm_side side, osm_access *access)
{
    for (size_t k = 0; k < TQ_COUNT(access_keys); k++) {
        tq_str value = values->at[side][access_keys[k].key];
        if (value.at == NULL) continue;
        osm_grant what = osm_grant_of(value);
        if (what != OSM_SILENT)
            grant(access, side, access_keys[k].modes, access_keys[k].adds, what);
    }
}

unsigned osm_modes_above(const osm_values *values, unsigned rank)
{
    unsigned modes = 0;
    for (size_t k = 0; k < TQ_COUNT(access_keys); k++) {
        tq_str value = osm_value(values, access_keys[k].key);
        if (access_keys[k].rank > rank && value.at != NULL && osm_grant_of(value) != OSM_SILENT)
            modes |= access_keys[k].modes;
    }
    return modes;
}

static bool starts(const osm_values *values, osm_key key, const char *text)
{
    return osm_has(values, key) && tq_str_starts(osm_value(values, key), text);
}

static bool says_no(const osm_values *values, osm_key key)
{
    static const char *const no[] = {"no", "0", "false", "-1", NULL};
    return osm_has(values, key) && osm_one_of(osm_value(values, key), no);
}

static bool bikes_against(const osm_values *values)
{
    if (osm_has(values, OSM_ONEWAY_BICYCLE)) return says_no(values, OSM_ONEWAY_BICYCLE);
    return starts(values, OSM_CYCLEWAY, "opposite") ||
           starts(values, OSM_CYCLEWAY_LEFT, "opposite") ||
           starts(values, OSM_CYCLEWAY_RIGHT, "opposite") ||
           starts(values, OSM_CYCLEWAY_BOTH, "opposite") ||
           says_no(values, OSM_CYCLEWAY_LEFT_ONEWAY) ||
           says_no(values, OSM_CYCLEWAY_RIGHT_ONEWAY) || says_no(values, OSM_CYCLEWAY_BOTH_ONEWAY);
}

unsigned osm_modes_against(const osm_values *values)
{
    unsigned modes = bikes_against(values) ? TQ_ACCESS_BIKE : 0;
    if (says_no(values, OSM_ONEWAY_PSV)) modes |= TQ_ACCESS_BUS | TQ_ACCESS_TAXI;
    if (says_no(values, OSM_ONEWAY_BUS) || starts(values, OSM_BUSWAY, "opposite") ||
        starts(values, OSM_BUSWAY_LEFT, "opposite") || starts(values, OSM_BUSWAY_RIGHT, "opposite"))
        modes |= TQ_ACCESS_BUS;
    if (says_no(values, OSM_ONEWAY_TAXI)) modes |= TQ_ACCESS_TAXI;
    return modes;
}

void osm_apply_oneway(const osm_values *values, tq_street_class street_class, osm_access *access,
                      bool *reversed)
{
    static const char *const along[] = {"yes", "1", "true", "forward", NULL};
    static const char *const against[] = {"-1", "reverse", "backward", NULL};
    tq_str value = osm_value(values, OSM_ONEWAY);
    if (street_class == TQ_STEPS) { /* an escalator */
        if (osm_is(values, OSM_CONVEYING, "forward")) access->mask[1] = 0;
        if (osm_is(values, OSM_CONVEYING, "backward")) access->mask[0] = 0;
    }
    *reversed = osm_one_of(value, against);
    if (tq_str_is(value,
                  "reversible")) { /* nobody can rely on either direction at an unknown hour */
        access->mask[0] &= (uint8_t)~VEHICLES;
        access->mask[1] &= (uint8_t)~VEHICLES;
        return;
    }
    bool implied = value.at == NULL &&
                   (street_class == TQ_MOTORWAY || osm_is(values, OSM_JUNCTION, "roundabout") ||
                    osm_is(values, OSM_JUNCTION, "circular"));
    bool oneway = implied || *reversed || osm_one_of(value, along);
    unsigned wrong = *reversed ? 0 : 1;
    if (oneway) {
        unsigned kept = access->mask[wrong] & osm_modes_against(values);
        access->mask[wrong] = (uint8_t)((access->mask[wrong] & ~VEHICLES) | kept);
    } else if (osm_is(values, OSM_ONEWAY_BICYCLE, "yes")) {
        access->mask[1] &= (uint8_t)~TQ_ACCESS_BIKE;
    } else if (osm_is(values, OSM_ONEWAY_BICYCLE, "-1")) {
        access->mask[0] &= (uint8_t)~TQ_ACCESS_BIKE;
    }
}
