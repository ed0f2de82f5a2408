/*
 * A way's tags -> one row of street attributes.
 *
 * Method: OpenStreetMap wiki, key by key; what is not understood counts as not said. Signed values
 * win over implied zones («CN:urban»), these over the defaults of the class. A way under
 * construction or proposed keeps the class it will have and is dated, so that nothing is routed
 * over it.
 */
#include <math.h>

#include "import/osm_in.h"

#define FEET_CM           30.48
#define INCH_CM           2.54
#define POUND_KG          0.45359237
#define MILE_KM           1.609344
#define SPEED_MAX_KMH     250.0
#define RADIANS_OF_DEGREE 0.017453292519943295
#define BELOW_DEFAULT_CM  400 /* «maxheight=below_default»: lower than where no sign is needed */

/* Leading decimal number of a value; the rest, without blanks, in *unit. */
static bool leading_number(tq_str value, double *number, tq_str *unit)
{
    value = tq_str_trim(value);
    size_t len = 0;
    while (len < value.len && len < 20 &&
           ((value.at[len] >= '0' && value.at[len] <= '9') || value.at[len] == '.' ||
            value.at[len] == ','))
        len++;
    char text[24];
    for (size_t k = 0; k < len; k++)
        text[k] = value.at[k] == ',' ? '.' : value.at[k];
    if (len == 0 || !tq_parse_double((tq_str){text, len}, number)) return false;
    *unit = tq_str_trim((tq_str){value.at + len, value.len - len});
    return true;
}

static uint8_t zone_speed(tq_str value, bool china)
{
    static const struct {
        const char *zone;
        uint8_t kmh, china_kmh;
    } zones[] = {{"motorway", 130, 120},    {"trunk", 100, 80},        {"expressway", 110, 100},
                 {"rural", 90, 70},         {"nsl_single", 97, 97},    {"nsl_dual", 113, 113},
                 {"urban", 50, 50},         {"living_street", 10, 10}, {"bicycle_road", 30, 30},
                 {"pedestrian_zone", 6, 6}, {"school", 30, 30}};
    const char *colon = value.len > 0 ? memchr(value.at, ':', value.len) : NULL;
    if (colon == NULL) return 0;
    bool cn = tq_str_starts(value, "CN:") || (china && tq_str_starts(value, "*:"));
    tq_str zone = {colon + 1, value.len - (size_t)(colon + 1 - value.at)};
    for (size_t k = 0; k < TQ_COUNT(zones); k++)
        if (tq_str_is(zone, zones[k].zone)) return cn ? zones[k].china_kmh : zones[k].kmh;
    if (tq_str_starts(zone, "zone")) zone = (tq_str){zone.at + 4, zone.len - 4};
    if (zone.len > 0 && zone.at[0] == ':') zone = (tq_str){zone.at + 1, zone.len - 1};
    uint32_t kmh = 0;
    return tq_parse_u32(zone, &kmh) && kmh >= 1 && kmh <= 130 ? (uint8_t)kmh : 0;
}

uint8_t osm_speed_kmh(tq_str value, bool china)
{
    double number;
    tq_str unit;
    if (value.at == NULL) return 0;
    if (tq_str_is(value, "walk")) return 6;
    if (tq_str_is(value, "none")) return china ? 120 : 130;
    if (!leading_number(value, &number, &unit)) return zone_speed(value, china);
    static const char *const metric[] = {"", "km/h", "kmh", "kph", "kmph", NULL};
    if (tq_str_is(unit, "mph"))
        number *= MILE_KM;
    else if (tq_str_is(unit, "knots"))
        number *= 1.852;
    else if (!osm_one_of(unit, metric) && !tq_str_starts(unit, ";"))
        return 0;
    if (number < 1) return 0;
    return (uint8_t)lround(fmin(number, SPEED_MAX_KMH));
}

uint16_t osm_length_cm(tq_str value)
{
    double number, inches = 0;
    tq_str unit;
    if (value.at == NULL || !leading_number(value, &number, &unit)) return 0;
    double cm = 0;
    if (unit.len == 0 || tq_str_is(unit, "m"))
        cm = number * 100;
    else if (tq_str_is(unit, "cm"))
        cm = number;
    else if (tq_str_is(unit, "ft") || tq_str_is(unit, "'"))
        cm = number * FEET_CM;
    else if (tq_str_is(unit, "in") || tq_str_is(unit, "\""))
        cm = number * INCH_CM;
    else if (unit.at[0] == '\'' &&
             leading_number((tq_str){unit.at + 1, unit.len - 1}, &inches, &unit))
        cm = number * FEET_CM + inches * INCH_CM;
    return cm >= 1 && cm <= UINT16_MAX ? (uint16_t)lround(cm) : 0;
}

uint16_t osm_weight_10kg(tq_str value)
{
    double number;
    tq_str unit;
    if (value.at == NULL || !leading_number(value, &number, &unit)) return 0;
    double kg = 0;
    if (unit.len == 0 || tq_str_is(unit, "t"))
        kg = number * 1000;
    else if (tq_str_is(unit, "kg"))
        kg = number;
    else if (tq_str_is(unit, "st"))
        kg = number * 2000 * POUND_KG;
    else if (tq_str_is(unit, "lbs") || tq_str_is(unit, "lb"))
        kg = number * POUND_KG;
    return kg >= 10 && kg / 10 <= UINT16_MAX ? (uint16_t)lround(kg / 10) : 0;
}

static tq_surface surface_of(tq_str value)
{
    static const char *const asphalt[] = {"asphalt",  "concrete",        "paved",
                                          "chipseal", "concrete:plates", "concrete:lanes",
                                          "rubber",   "tartan",          NULL};
    static const char *const paving[] = {
        "paving_stones",       "bricks", "brick",   "tiles",   "wood", "metal", "metal_grid",
        "paving_stones:lanes", "stone",  "plastic", "acrylic", NULL};
    static const char *const cobble[] = {
        "sett", "cobblestone", "unhewn_cobblestone", "cobblestone:flattened", "grass_paver", NULL};
    static const char *const gravel[] = {"gravel",  "fine_gravel", "compacted", "pebblestone",
                                         "unpaved", "shells",      "rock",      NULL};
    static const char *const ground[] = {"ground", "dirt", "earth",     "grass", "sand", "mud",
                                         "clay",   "soil", "woodchips", "snow",  "ice",  NULL};
    if (value.at == NULL) return TQ_SURFACE_UNKNOWN;
    if (osm_one_of(value, asphalt)) return TQ_SURFACE_ASPHALT;
    if (osm_one_of(value, paving)) return TQ_SURFACE_PAVING;
    if (osm_one_of(value, cobble)) return TQ_SURFACE_COBBLE;
    if (osm_one_of(value, gravel)) return TQ_SURFACE_GRAVEL;
    return osm_one_of(value, ground) ? TQ_SURFACE_GROUND : TQ_SURFACE_UNKNOWN;
}

/* Which street it is, and whether it stands yet. */
static bool class_of(const osm_values *values, tq_street_class *street_class, tq_life *life)
{
    tq_str highway = osm_value(values, OSM_HIGHWAY);
    *life = TQ_OPEN;
    if (tq_str_is(highway, "construction") || tq_str_is(highway, "proposed")) {
        bool building = tq_str_is(highway, "construction");
        *life = building ? TQ_BUILDING : TQ_PLANNED;
        tq_str later = osm_value(values, building ? OSM_CONSTRUCTION : OSM_PROPOSED);
        if (import_street_class(later, street_class)) return true;
        *street_class = TQ_UNCLASSIFIED;
        return later.at == NULL || tq_str_is(later, "yes") || tq_str_is(later, "road");
    }
    if (highway.at != NULL && import_street_class(highway, street_class)) return true;
    if (tq_str_is(osm_value(values, OSM_ROUTE), "ferry")) return *street_class = TQ_FERRY, true;
    if (osm_is(values, OSM_RAILWAY, "platform") || osm_is(values, OSM_PUBLIC_TRANSPORT, "platform"))
        return *street_class = TQ_PLATFORM, true;
    if (osm_is(values, OSM_MAN_MADE, "pier")) return *street_class = TQ_FOOTWAY, true;
    if (highway.at != NULL) return false;
    if (import_street_class(osm_value(values, OSM_CONSTRUCTION_HIGHWAY), street_class))
        return *life = TQ_BUILDING, true;
    if (import_street_class(osm_value(values, OSM_PROPOSED_HIGHWAY), street_class))
        return *life = TQ_PLANNED, true;
    return false;
}

static bool is_yes(const osm_values *values, osm_key key)
{
    tq_str value = osm_value(values, key);
    return value.at != NULL && !tq_str_is(value, "no") && !tq_str_is(value, "none");
}

static void set_speeds(const osm_values *values, bool china, tq_street_attr *attr)
{
    static const osm_key implied[] = {OSM_MAXSPEED_TYPE, OSM_ZONE_MAXSPEED, OSM_SOURCE_MAXSPEED};
    uint8_t kmh = osm_speed_kmh(osm_value(values, OSM_MAXSPEED), china);
    for (size_t k = 0; kmh == 0 && k < TQ_COUNT(implied); k++) {
        tq_str zone = osm_value(values, implied[k]);
        if (zone.at != NULL) kmh = zone_speed(zone, china);
    }
    for (unsigned direction = 0; direction < 2; direction++) {
        uint8_t own = osm_speed_kmh(values->at[OSM_FORWARD + direction][OSM_MAXSPEED], china);
        if (own == 0) own = kmh;
        if (own != 0) attr->signed_limit = 1;
        attr->speed_kmh[direction] =
            own != 0 ? own : import_class_speed((tq_street_class)attr->street_class, china);
    }
}

static uint8_t lane_count(tq_str value)
{
    double number;
    tq_str unit;
    if (value.at == NULL || !leading_number(value, &number, &unit)) return 0;
    return number >= 1 && number <= 30 ? (uint8_t)number : 0;
}

static void set_lanes(const osm_values *values, tq_street_attr *attr)
{
    uint8_t all = lane_count(osm_value(values, OSM_LANES));
    uint8_t own[2] = {lane_count(values->at[OSM_FORWARD][OSM_LANES]),
                      lane_count(values->at[OSM_BACKWARD][OSM_LANES])};
    bool open[2] = {(attr->access[0] & TQ_ACCESS_MOTOR) != 0,
                    (attr->access[1] & TQ_ACCESS_MOTOR) != 0};
    for (unsigned direction = 0; direction < 2; direction++) {
        unsigned other = 1 - direction;
        if (own[direction] != 0)
            attr->lanes[direction] = own[direction];
        else if (own[other] != 0 && all > own[other])
            attr->lanes[direction] = (uint8_t)(all - own[other]);
        else if (open[direction] && all > 0)
            attr->lanes[direction] =
                (uint8_t)(open[other] ? TQ_MAX((all + (direction == 0)) / 2, 1) : all);
    }
}

static void set_limits(const osm_values *values, tq_street_attr *attr)
{
    attr->max_height_cm = osm_length_cm(osm_value(values, OSM_MAXHEIGHT));
    if (osm_is(values, OSM_MAXHEIGHT, "below_default")) attr->max_height_cm = BELOW_DEFAULT_CM;
    if (attr->max_height_cm == 0)
        attr->max_height_cm = osm_length_cm(osm_value(values, OSM_MAXHEIGHT_PHYSICAL));
    attr->max_width_cm = osm_length_cm(osm_value(values, OSM_MAXWIDTH));
    if (attr->max_width_cm == 0)
        attr->max_width_cm = osm_length_cm(osm_value(values, OSM_MAXWIDTH_PHYSICAL));
    attr->max_length_cm = osm_length_cm(osm_value(values, OSM_MAXLENGTH));
    attr->max_weight_10kg = osm_weight_10kg(osm_value(values, OSM_MAXWEIGHT));
    attr->max_axle_10kg = osm_weight_10kg(osm_value(values, OSM_MAXAXLELOAD));
    attr->hazmat_ban = osm_is(values, OSM_HAZMAT, "no");
    /* Bans of some goods (hazmat:water, hazmat:B) are taken as bans of all: which ones a lorry
     * carries is not known. */
    for (uint32_t k = 0; k < values->tag_count; k++)
        if (tq_str_starts(values->tag[k].key, "hazmat:") && tq_str_is(values->tag[k].value, "no"))
            attr->hazmat_ban = 1;
}

static void set_looks(const osm_values *values, tq_street_attr *attr)
{
    attr->surface = (uint8_t)surface_of(osm_value(values, OSM_SURFACE));
    tq_str grade = osm_value(values, OSM_TRACKTYPE);
    bool rough = grade.at != NULL && tq_str_starts(grade, "grade") && !tq_str_is(grade, "grade1");
    bool earth = attr->street_class == TQ_TRACK && grade.at == NULL;
    if (attr->surface >= TQ_SURFACE_GRAVEL ||
        (attr->surface == TQ_SURFACE_UNKNOWN && (rough || earth)))
        attr->flags |= TQ_STREET_UNPAVED;
    int64_t layer = 0;
    bool layered = osm_has(values, OSM_LAYER) && tq_parse_i64(osm_value(values, OSM_LAYER), &layer);
    if (is_yes(values, OSM_BRIDGE)) attr->flags |= TQ_STREET_BRIDGE;
    if (is_yes(values, OSM_TUNNEL)) attr->flags |= TQ_STREET_TUNNEL;
    if (!layered && (attr->flags & TQ_STREET_BRIDGE) != 0) layer = 1;
    if (!layered && (attr->flags & TQ_STREET_TUNNEL) != 0 &&
        !osm_is(values, OSM_TUNNEL, "building_passage"))
        layer = -1;
    attr->layer = (int8_t)TQ_MAX(-20, TQ_MIN(20, layer));
    if (osm_is(values, OSM_JUNCTION, "roundabout") || osm_is(values, OSM_JUNCTION, "circular"))
        attr->flags |= TQ_STREET_ROUNDABOUT;
    if (is_yes(values, OSM_TOLL)) attr->flags |= TQ_STREET_TOLL;
    if (is_yes(values, OSM_LIT)) attr->flags |= TQ_STREET_LIT;
}

/* Is nothing absolute in a wheelchair's way? Kerbs, width, gradient and surface are left to the
 * profile of the vehicle. */
static bool step_free(const osm_values *values, tq_street_attr *attr)
{
    tq_str said = osm_value(values, OSM_WHEELCHAIR);
    if (tq_str_is(said, "yes") || tq_str_is(said, "designated")) attr->wheelchair = 1;
    if (tq_str_is(said, "limited")) attr->wheelchair = 2;
    if (tq_str_is(said, "no")) attr->wheelchair = 3;
    if (attr->wheelchair != 0) return attr->wheelchair != 3;
    if (attr->street_class == TQ_STEPS) return osm_is(values, OSM_RAMP_WHEELCHAIR, "yes");
    return attr->street_class != TQ_BRIDLEWAY && !osm_has(values, OSM_SAC_SCALE);
}

/* «10%», «-5 %», «10°», «1:12»; «up» and «down» do not say how much. */
static int8_t incline_of(tq_str value)
{
    double number, run;
    tq_str unit;
    value = tq_str_trim(value);
    bool down = value.len > 0 && value.at[0] == '-';
    if (down || (value.len > 0 && value.at[0] == '+'))
        value = (tq_str){value.at + 1, value.len - 1};
    if (value.at == NULL || !leading_number(value, &number, &unit)) return TQ_INCLINE_UNKNOWN;
    double percent;
    if (unit.len == 0 || tq_str_is(unit, "%") || tq_str_starts(unit, "%"))
        percent = number;
    else if (tq_str_is(unit, "\xc2\xb0") && number < 45)
        percent = tan(number * RADIANS_OF_DEGREE) * 100;
    else if (unit.at[0] == ':' &&
             leading_number((tq_str){unit.at + 1, unit.len - 1}, &run, &unit) && run > 0)
        percent = number / run * 100;
    else
        return TQ_INCLINE_UNKNOWN;
    if (percent > 100) return TQ_INCLINE_UNKNOWN;
    return (int8_t)lround(down ? -percent : percent);
}

uint8_t osm_kerb_of(tq_str value)
{
    static const char *const flush[] = {"flush", "no", "none", NULL};
    static const char *const raised[] = {"raised", "yes", "regular", "rolled", NULL};
    if (value.at == NULL) return TQ_KERB_UNKNOWN;
    if (osm_one_of(value, flush)) return TQ_KERB_FLUSH;
    if (tq_str_is(value, "lowered")) return TQ_KERB_LOWERED;
    return osm_one_of(value, raised) ? TQ_KERB_RAISED : TQ_KERB_UNKNOWN;
}

static uint8_t smoothness_of(tq_str value)
{
    static const char *const grades[] = {"excellent", "good",     "intermediate",  "bad",
                                         "very_bad",  "horrible", "very_horrible", "impassable"};
    for (size_t k = 0; value.at != NULL && k < TQ_COUNT(grades); k++)
        if (tq_str_is(value, grades[k])) return (uint8_t)(k + 1);
    return 0;
}

static uint8_t crossing_of(const osm_values *values, tq_street_class street_class)
{
    static const char *const signals[] = {"traffic_signals", "toucan", "pelican", "puffin", NULL};
    static const char *const unmarked[] = {"unmarked", "no", "informal", NULL};
    tq_str kind = osm_value(values, OSM_CROSSING);
    bool is = osm_is(values, OSM_FOOTWAY, "crossing") || osm_is(values, OSM_CYCLEWAY, "crossing") ||
              osm_is(values, OSM_PATH, "crossing") ||
              (kind.at != NULL && street_class >= TQ_PEDESTRIAN && street_class != TQ_FERRY);
    if (!is) return TQ_CROSSING_NONE;
    tq_str lights = osm_value(values, OSM_CROSSING_SIGNALS);
    if (osm_one_of(kind, signals) || (lights.at != NULL && !tq_str_is(lights, "no")))
        return TQ_CROSSING_SIGNALS;
    if (osm_one_of(kind, unmarked) || osm_is(values, OSM_CROSSING_MARKINGS, "no"))
        return TQ_CROSSING_NONE;
    return TQ_CROSSING_MARKED;
}

static void set_shape(const osm_values *values, tq_street_attr *attr)
{
    attr->width_cm = osm_length_cm(osm_value(values, OSM_WIDTH));
    if (attr->width_cm == 0) attr->width_cm = osm_length_cm(osm_value(values, OSM_EST_WIDTH));
    attr->incline_percent = incline_of(osm_value(values, OSM_INCLINE));
    attr->kerb = osm_kerb_of(osm_value(values, OSM_KERB));
    attr->smoothness = smoothness_of(osm_value(values, OSM_SMOOTHNESS));
    attr->crossing = crossing_of(values, (tq_street_class)attr->street_class);
}

/* Arrows of the lanes; those of a street without a side are of the one direction that is open. */
static void set_turn_lanes(const osm_values *values, osm_street *out)
{
    const tq_street_attr *attr = &out->attr;
    bool open[2] = {(attr->access[0] & TQ_ACCESS_MOTOR) != 0,
                    (attr->access[1] & TQ_ACCESS_MOTOR) != 0};
    for (unsigned d = 0; d < 2; d++) {
        out->turn_lanes[d] = values->at[OSM_FORWARD + d][OSM_TURN_LANES];
        if (out->turn_lanes[d].at == NULL && open[d] && !open[1 - d])
            out->turn_lanes[d] = osm_value(values, OSM_TURN_LANES);
    }
}

/* What the class allows on this very way, before any access key. */
static uint8_t base_access(const osm_values *values, tq_street_class street_class)
{
    uint8_t access = import_class_access(street_class);
    tq_str highway = osm_value(values, OSM_HIGHWAY), grade = osm_value(values, OSM_TRACKTYPE);
    if (tq_str_is(highway, "busway") || tq_str_is(highway, "bus_guideway"))
        return TQ_ACCESS_BUS | TQ_ACCESS_EMERGENCY;
    if (street_class == TQ_SERVICE && osm_is(values, OSM_SERVICE, "emergency_access"))
        return TQ_ACCESS_EMERGENCY | TQ_ACCESS_FOOT | TQ_ACCESS_BIKE;
    if (street_class == TQ_TRACK && (tq_str_is(grade, "grade1") || tq_str_is(grade, "grade2")))
        access |= TQ_ACCESS_MOTOR;
    if (osm_is(values, OSM_MOTORROAD, "yes"))
        access &= (uint8_t) ~(TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR);
    return access;
}

bool osm_street_of(const osm_values *values, bool china, osm_street *out)
{
    tq_street_class street_class;
    tq_life life;
    if (!class_of(values, &street_class, &life)) return false;
    bool for_feet = street_class >= TQ_PEDESTRIAN && street_class != TQ_FERRY;
    if (!for_feet && osm_is(values, OSM_AREA, "yes")) return false;
    *out = (osm_street){.life = life, .opening_date = osm_value(values, OSM_OPENING_DATE)};
    tq_street_attr *attr = &out->attr;
    attr->street_class = (uint8_t)street_class;
    uint8_t base = base_access(values, street_class);
    /* Farm tracks are for those who have business there. */
    uint8_t farm = street_class == TQ_TRACK ? base & TQ_ACCESS_MOTOR & ~TQ_ACCESS_EMERGENCY : 0;
    osm_access access = {{base, base}, {farm, farm}};
    osm_apply_access(values, OSM_BOTH, &access);
    osm_apply_oneway(values, street_class, &access, &out->reversed);
    osm_apply_access(values, OSM_FORWARD, &access);
    osm_apply_access(values, OSM_BACKWARD, &access);
    memcpy(attr->access, access.mask, sizeof attr->access);
    if (osm_last_metres(&access)) attr->flags |= TQ_STREET_DESTINATION;
    set_speeds(values, china, attr);
    set_lanes(values, attr);
    set_looks(values, attr);
    set_limits(values, attr);
    set_shape(values, attr);
    bool wheels = step_free(values, attr);
    for (unsigned direction = 0; direction < 2; direction++) {
        bool foot = (attr->access[direction] & TQ_ACCESS_FOOT) != 0;
        attr->access[direction] &= (uint8_t)~TQ_ACCESS_WHEELCHAIR;
        if (foot && wheels) attr->access[direction] |= TQ_ACCESS_WHEELCHAIR;
        out->destination[direction] = access.destination[direction];
    }
    set_turn_lanes(values, out);
    if (!out->reversed) return true;
    *attr = import_attr_reversed(attr);
    uint8_t last = out->destination[0];
    out->destination[0] = out->destination[1];
    out->destination[1] = last;
    tq_str lanes = out->turn_lanes[0];
    out->turn_lanes[0] = out->turn_lanes[1];
    out->turn_lanes[1] = lanes;
    return true;
}
