/*
 * Kinds of traveller: names, and the time each needs for an arc.
 *
 * Method: integer arithmetic, rounded to the nearest decisecond, at least 1 for a positive length.
 * A car drives a share of the allowed speed that depends on the class of street, which stands for
 * signals and queues until turns have costs of their own. The tables are reasoned in
 * docs/design/road.md.
 *
 * Dates are not looked at by tq_road_weight; tq_road_epoch and metrics do that.
 */
#include "road/road_in.h"

/* What a traveller does when the city file has no settings. */
static const uint32_t walk_default_mm_s[3] = {1250, 900, 900};
#define BIKE_DEFAULT_MM_S 4167 /* 15 km/h */

/* Through traffic over private or destination-only streets takes so many times as long for motors.
 */
#define DESTINATION_FACTOR 4

/* Stairs: share of walking speed, per cent; and of riding speed for a bike that is pushed up a ramp
 * beside. */
#define STEPS_WALK_PERCENT 50
#define STEPS_BIKE_PERCENT 10

/* Share of the allowed speed that a car reaches, per cent. */
static const uint8_t car_percent[TQ_STREET_CLASS_COUNT] = {
    [TQ_MOTORWAY] = 90,      [TQ_MOTORWAY_LINK] = 75,  [TQ_TRUNK] = 80,
    [TQ_TRUNK_LINK] = 65,    [TQ_PRIMARY] = 65,        [TQ_PRIMARY_LINK] = 55,
    [TQ_SECONDARY] = 62,     [TQ_SECONDARY_LINK] = 55, [TQ_TERTIARY] = 60,
    [TQ_TERTIARY_LINK] = 55, [TQ_UNCLASSIFIED] = 60,   [TQ_RESIDENTIAL] = 60,
    [TQ_LIVING_STREET] = 80, [TQ_SERVICE] = 60,        [TQ_TRACK] = 50,
    [TQ_PEDESTRIAN] = 50,    [TQ_FOOTWAY] = 50,        [TQ_CYCLEWAY] = 50,
    [TQ_PATH] = 50,          [TQ_STEPS] = 10,          [TQ_CORRIDOR] = 50,
    [TQ_BRIDLEWAY] = 50,     [TQ_FERRY] = 100,         [TQ_PLATFORM] = 50,
    [TQ_BARRIER] = 100,
};

/* Share of its free speed that a bike reaches on a surface, per cent. */
static const uint8_t bike_percent[] = {
    [TQ_SURFACE_UNKNOWN] = 100, [TQ_SURFACE_ASPHALT] = 100, [TQ_SURFACE_PAVING] = 90,
    [TQ_SURFACE_COBBLE] = 65,   [TQ_SURFACE_GRAVEL] = 70,   [TQ_SURFACE_GROUND] = 60,
};

static const char *const profile_name[TQ_PROFILE_COUNT] = {"foot", "elder", "wheelchair",
                                                           "bike", "car",   "taxi"};

const char *tq_profile_name(tq_profile profile)
{
    return (uint32_t)profile < TQ_PROFILE_COUNT ? profile_name[profile] : "unknown";
}

bool tq_profile_parse(const char *name, tq_profile *profile)
{
    static const struct {
        const char *name;
        tq_profile profile;
    } osrm_name[] = {
        {"driving", TQ_PROFILE_CAR}, {"walking", TQ_PROFILE_FOOT}, {"cycling", TQ_PROFILE_BIKE}};
    tq_str text = tq_str_of(name);
    for (uint32_t k = 0; k < TQ_PROFILE_COUNT; k++) {
        if (!tq_str_is(text, profile_name[k])) continue;
        *profile = (tq_profile)k;
        return true;
    }
    for (uint32_t k = 0; k < TQ_COUNT(osrm_name); k++) {
        if (!tq_str_is(text, osrm_name[k].name)) continue;
        *profile = osrm_name[k].profile;
        return true;
    }
    return false;
}

tq_hierarchy_kind road_kind(tq_profile profile)
{
    return profile == TQ_PROFILE_CAR || profile == TQ_PROFILE_TAXI ? TQ_HIERARCHY_MOTOR
                                                                   : TQ_HIERARCHY_ACTIVE;
}

/* length / speed in deciseconds, where speed is um_s (micrometres a second) * percent / 100. */
static int32_t time_ds(uint32_t length_dm, uint64_t um_s, uint32_t percent)
{
    if (length_dm == 0) return 0;
    uint64_t speed = um_s * percent;
    uint64_t time = ((uint64_t)length_dm * 100000000 + speed / 2) / speed;
    if (time == 0) return 1;
    return time < TQ_ROAD_INF ? (int32_t)time : TQ_ROAD_INF;
}

static uint64_t um_s_of_kmh(uint32_t kmh)
{
    return ((uint64_t)TQ_MAX(kmh, 1u) * 10000000 + 18) / 36;
}

static int32_t motor_ds(const tq_street_attr *attr, uint32_t against, uint32_t access,
                        uint32_t length_dm)
{
    if ((attr->access[against] & access) == 0) return TQ_ROAD_INF;
    int32_t time =
        time_ds(length_dm, um_s_of_kmh(attr->speed_kmh[against]), car_percent[attr->street_class]);
    if ((attr->flags & TQ_STREET_DESTINATION) == 0) return time;
    return time < TQ_ROAD_INF / DESTINATION_FACTOR ? time * DESTINATION_FACTOR : TQ_ROAD_INF;
}

static int32_t walk_ds(const tq_city *city, const tq_street_attr *attr, tq_profile profile,
                       uint32_t against, uint32_t length_dm)
{
    uint32_t walker = profile == TQ_PROFILE_FOOT ? 0 : profile == TQ_PROFILE_ELDER ? 1 : 2;
    uint32_t access = walker == 2 ? TQ_ACCESS_WHEELCHAIR : TQ_ACCESS_FOOT;
    bool steps = attr->street_class == TQ_STEPS;
    if ((attr->access[against] & access) == 0) return TQ_ROAD_INF;
    if (walker != 0 && steps) return TQ_ROAD_INF;
    if (walker == 2 && attr->wheelchair == 3) return TQ_ROAD_INF;
    if (attr->street_class == TQ_FERRY)
        return time_ds(length_dm, um_s_of_kmh(attr->speed_kmh[against]), 100);
    uint32_t mm_s = city->meta != NULL ? city->meta->walk_mm_s[walker] : 0;
    if (mm_s == 0) mm_s = walk_default_mm_s[walker];
    return time_ds(length_dm, (uint64_t)mm_s * 1000, steps ? STEPS_WALK_PERCENT : 100);
}

static int32_t bike_ds(const tq_city *city, const tq_street_attr *attr, uint32_t against,
                       uint32_t length_dm)
{
    if ((attr->access[against] & TQ_ACCESS_BIKE) == 0) return TQ_ROAD_INF;
    if (attr->street_class == TQ_FERRY)
        return time_ds(length_dm, um_s_of_kmh(attr->speed_kmh[against]), 100);
    uint32_t mm_s = city->meta != NULL ? city->meta->bike_mm_s : 0;
    if (mm_s == 0) mm_s = BIKE_DEFAULT_MM_S;
    uint32_t percent = attr->surface < TQ_COUNT(bike_percent) ? bike_percent[attr->surface] : 100;
    switch (attr->street_class) {
    case TQ_STEPS: percent = STEPS_BIKE_PERCENT; break;
    case TQ_FOOTWAY:
    case TQ_PEDESTRIAN:
    case TQ_CORRIDOR:
    case TQ_PLATFORM: percent = percent * 60 / 100; break; /* among walkers */
    case TQ_PATH:
    case TQ_TRACK:
    case TQ_BRIDLEWAY: percent = percent * 80 / 100; break;
    default: break;
    }
    return time_ds(length_dm, (uint64_t)mm_s * 1000, percent);
}

int32_t tq_road_weight(const tq_city *city, tq_profile profile, uint32_t arc, uint32_t length_dm)
{
    const tq_street_attr *attr = tq_edge_attr(&city->streets, arc >> 1);
    switch (profile) {
    case TQ_PROFILE_FOOT:
    case TQ_PROFILE_ELDER:
    case TQ_PROFILE_WHEELCHAIR: return walk_ds(city, attr, profile, arc & 1, length_dm);
    case TQ_PROFILE_BIKE: return bike_ds(city, attr, arc & 1, length_dm);
    case TQ_PROFILE_CAR: return motor_ds(attr, arc & 1, TQ_ACCESS_CAR, length_dm);
    case TQ_PROFILE_TAXI: return motor_ds(attr, arc & 1, TQ_ACCESS_CAR | TQ_ACCESS_TAXI, length_dm);
    case TQ_PROFILE_COUNT: break;
    }
    return TQ_ROAD_INF;
}

/*
 * The number of openings and closings up to the instant. Rows that only trips or stops use count
 * too: they cut an epoch in two equal ones, which costs a metric and never an answer.
 */
uint32_t tq_road_epoch(const tq_city *city, int64_t at_ms)
{
    uint32_t epoch = 0;
    for (uint32_t row = 0; row < city->dates.count; row++) {
        const tq_date_row *date = &city->dates.row[row];
        if (date->life != TQ_OPEN) continue;
        if (date->from_ms != INT64_MIN && date->from_ms <= at_ms) epoch++;
        if (date->to_ms != INT64_MAX && date->to_ms <= at_ms) epoch++;
    }
    return epoch;
}

bool road_usable(const tq_city *city, tq_profile profile, int64_t at_ms, uint32_t edge)
{
    if (!tq_open_at(&city->dates, city->streets.edge_date[edge], at_ms)) return false;
    uint32_t length_dm = city->streets.edge_length_dm[edge];
    return tq_road_weight(city, profile, 2 * edge, length_dm) < TQ_ROAD_INF ||
           tq_road_weight(city, profile, 2 * edge + 1, length_dm) < TQ_ROAD_INF;
}

int32_t road_part_ds(int32_t arc_ds, uint32_t part_dm, uint32_t length_dm)
{
    if (arc_ds >= TQ_ROAD_INF || part_dm >= length_dm) return arc_ds;
    if (part_dm == 0 || arc_ds == 0) return 0;
    int64_t part = ((int64_t)arc_ds * part_dm + length_dm / 2) / length_dm;
    return part > 0 ? (int32_t)part : 1;
}
