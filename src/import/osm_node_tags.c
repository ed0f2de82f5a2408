/*
 * Tags of nodes (barriers, kerbs, signals) and of anything with a name or a house number.
 *
 * A barrier's own access tags override what its kind blocks. A kind that is not known blocks motor
 * vehicles: someone drew an obstacle there. Ambulances are stopped by what stands in the way, not
 * by signs.
 */
#include "import/streets_in.h"

#define MOTOR TQ_ACCESS_MOTOR
#define BIKE  TQ_ACCESS_BIKE
#define WHEEL TQ_ACCESS_WHEELCHAIR
#define ALL   255u

static unsigned barrier_blocks(const osm_values *values)
{
    static const struct {
        const char *barrier;
        unsigned blocks;
    } kinds[] = {
        {"gate", 0},
        {"lift_gate", 0},
        {"sliding_gate", 0},
        {"toll_booth", 0},
        {"border_control", 0},
        {"entrance", 0},
        {"sally_port", 0},
        {"cattle_grid", 0},
        {"height_restrictor", 0},
        {"checkpoint", 0},
        {"no", 0},
        {"kerb", 0},
        {"bump_gate", 0},
        {"arch", 0},
        {"wicket_gate", MOTOR},
        {"bollard", MOTOR},
        {"block", MOTOR},
        {"jersey_barrier", MOTOR},
        {"log", MOTOR},
        {"debris", MOTOR},
        {"planter", MOTOR},
        {"chain", MOTOR},
        {"rope", MOTOR},
        {"swing_gate", MOTOR},
        {"cycle_barrier", MOTOR | WHEEL},
        {"motorcycle_barrier", MOTOR},
        {"stile", MOTOR | BIKE | WHEEL},
        {"kissing_gate", MOTOR | BIKE | WHEEL},
        {"turnstile", MOTOR | BIKE | WHEEL},
        {"full-height_turnstile", MOTOR | BIKE | WHEEL},
        {"horse_stile", MOTOR | WHEEL},
        {"bus_trap", MOTOR & ~TQ_ACCESS_BUS},
        {"sump_buster", MOTOR & ~(TQ_ACCESS_BUS | TQ_ACCESS_LORRY)},
        {"wall", ALL},
        {"city_wall", ALL},
        {"retaining_wall", ALL},
        {"fence", ALL},
        {"hedge", ALL},
        {"ditch", ALL},
        {"guard_rail", ALL & ~(unsigned)TQ_ACCESS_FOOT},
    };
    tq_str barrier = osm_value(values, OSM_BARRIER);
    for (size_t k = 0; k < TQ_COUNT(kinds); k++)
        if (tq_str_is(barrier, kinds[k].barrier)) return kinds[k].blocks;
    return MOTOR;
}

/* Barriers that open: one stops, or drives slowly. */
static bool is_gate(const osm_values *values)
{
    static const char *const gates[] = {"gate",       "lift_gate",  "sliding_gate",   "swing_gate",
                                        "toll_booth", "sally_port", "border_control", "bump_gate",
                                        "checkpoint", NULL};
    return osm_has(values, OSM_BARRIER) && osm_one_of(osm_value(values, OSM_BARRIER), gates);
}

static void mark_signs(const osm_values *values, osm_node_mark *out)
{
    static const struct {
        const char *highway;
        uint8_t flag;
    } signs[] = {{"turning_circle", IMPORT_NODE_TURNING},
                 {"turning_loop", IMPORT_NODE_TURNING},
                 {"mini_roundabout", IMPORT_NODE_TURNING},
                 {"stop", IMPORT_NODE_STOP},
                 {"give_way", IMPORT_NODE_GIVE_WAY}};
    tq_str highway = osm_value(values, OSM_HIGHWAY);
    for (size_t k = 0; highway.at != NULL && k < TQ_COUNT(signs); k++)
        if (tq_str_is(highway, signs[k].highway)) out->flags |= signs[k].flag;
    if (!tq_str_is(highway, "traffic_signals") && !osm_is(values, OSM_CROSSING, "traffic_signals"))
        return;
    tq_str direction = osm_value(values, OSM_TRAFFIC_SIGNALS_DIRECTION);
    if (direction.at == NULL) direction = osm_value(values, OSM_DIRECTION);
    out->signal = tq_str_is(direction, "forward") ? 1 : tq_str_is(direction, "backward") ? 2 : 3;
    if (out->signal == 3) out->flags |= IMPORT_NODE_SIGNAL;
}

bool osm_mark_of(const osm_values *values, osm_node_mark *out)
{
    *out = (osm_node_mark){0};
    mark_signs(values, out);
    bool barrier = osm_has(values, OSM_BARRIER) && !osm_is(values, OSM_BARRIER, "no");
    unsigned blocked = 0;
    if (barrier) {
        blocked = barrier_blocks(values);
        if (osm_is(values, OSM_LOCKED, "yes")) blocked |= MOTOR;
        osm_access access = {{(uint8_t)(ALL & ~blocked), 0}, {0, 0}};
        /* At a barrier `access=yes` speaks of everyone: there is no class that says otherwise. */
        if (osm_has(values, OSM_ACCESS) && osm_grant_of(osm_value(values, OSM_ACCESS)) >= OSM_ALLOW)
            access.mask[0] |= MOTOR | BIKE | TQ_ACCESS_FOOT;
        osm_apply_access(values, OSM_BOTH, &access);
        blocked = ALL & ~(unsigned)access.mask[0];
        out->destination = access.destination[0] & access.mask[0];
        out->gate = is_gate(values);
        out->max_height_cm = osm_length_cm(osm_value(values, OSM_MAXHEIGHT));
        if (out->max_height_cm == 0)
            out->max_height_cm = osm_length_cm(osm_value(values, OSM_MAXHEIGHT_PHYSICAL));
        out->max_width_cm = osm_length_cm(osm_value(values, OSM_MAXWIDTH));
        if (out->max_width_cm == 0)
            out->max_width_cm = osm_length_cm(osm_value(values, OSM_MAXWIDTH_PHYSICAL));
    }
    /* How high a kerb may be is the profile's affair; that it is there is ours. */
    if (osm_kerb_of(osm_value(values, OSM_KERB)) == TQ_KERB_RAISED) out->kerb = TQ_KERB_RAISED;
    if (osm_is(values, OSM_WHEELCHAIR, "no")) blocked |= WHEEL;
    if (osm_is(values, OSM_WHEELCHAIR, "yes")) {
        out->kerb = TQ_KERB_UNKNOWN;
        if (barrier) blocked &= ~(unsigned)WHEEL;
    }
    if ((blocked & TQ_ACCESS_FOOT) != 0) blocked |= WHEEL;
    out->blocked = (uint8_t)blocked;
    return osm_mark_parts(out) || out->flags != 0 || out->signal != 0;
}

bool osm_mark_parts(const osm_node_mark *mark)
{
    return mark->blocked != 0 || mark->destination != 0 || mark->gate || mark->kerb != 0 ||
           mark->max_height_cm != 0 || mark->max_width_cm != 0;
}

/* Settlements, as OpenStreetMap grades them. */
static uint8_t settlement_weight(tq_str place)
{
    static const struct {
        const char *place;
        uint8_t weight;
    } grades[] = {{"city", 100},         {"town", 90},
                  {"borough", 85},       {"suburb", 80},
                  {"district", 85},      {"county", 85},
                  {"quarter", 70},       {"village", 65},
                  {"neighbourhood", 60}, {"hamlet", 50},
                  {"square", 50},        {"island", 50},
                  {"locality", 40},      {"isolated_dwelling", 30},
                  {"farm", 25}};
    for (size_t k = 0; k < TQ_COUNT(grades); k++)
        if (tq_str_is(place, grades[k].place)) return grades[k].weight;
    return 0;
}

static uint8_t category_weight(tq_str category)
{
    static const char *const large[] = {
        "hospital",        "university", "college", "townhall",   "museum",
        "airport",         "aerodrome",  "stadium", "theme_park", "bus_station",
        "railway_station", "mall",       "park",    "attraction", NULL};
    static const char *const small[] = {
        "bench",    "waste_basket", "parking", "parking_space", "vending_machine", "atm", "toilets",
        "post_box", "recycling",    "pitch",   "playground",    "telephone",       NULL};
    if (osm_one_of(category, large)) return 55;
    return osm_one_of(category, small) ? 10 : 30;
}

bool osm_named_of(const osm_values *values, osm_named *out)
{
    static const osm_key keys[] = {OSM_AEROWAY, OSM_AMENITY,  OSM_HEALTHCARE,
                                   OSM_TOURISM, OSM_LEISURE,  OSM_SHOP,
                                   OSM_OFFICE,  OSM_HISTORIC, OSM_CRAFT};
    if (osm_value(values, OSM_NAME).len == 0) return false;
    uint8_t weight = settlement_weight(osm_value(values, OSM_PLACE));
    if (weight > 0) {
        *out = (osm_named){TQ_PLACE_LOCALITY, osm_value(values, OSM_PLACE), weight};
        return true;
    }
    tq_str railway = osm_value(values, OSM_RAILWAY);
    if (tq_str_is(railway, "station") || tq_str_is(railway, "halt") ||
        osm_is(values, OSM_PUBLIC_TRANSPORT, "station")) {
        bool metro = osm_is(values, OSM_STATION, "subway");
        *out = (osm_named){TQ_PLACE_POI,
                           metro ? TQ_STR("metro_station") : TQ_STR("railway_station"), 60};
        return true;
    }
    for (size_t k = 0; k < TQ_COUNT(keys); k++) {
        tq_str category = osm_value(values, keys[k]);
        if (category.len == 0 || tq_str_is(category, "no")) continue;
        /* `shop=yes` says less than its key. */
        static const char *const key_names[] = {"airport", "amenity",  "healthcare",
                                                "tourism", "leisure",  "shop",
                                                "office",  "historic", "craft"};
        if (tq_str_is(category, "yes")) category = tq_str_of(key_names[k]);
        *out = (osm_named){TQ_PLACE_POI, category, category_weight(category)};
        return true;
    }
    return false;
}

/* Does the text end in a Chinese character? */
static bool ends_in_han(tq_str text)
{
    uint32_t code = 0;
    for (const char *at = text.at; at < text.at + text.len;)
        code = tq_utf8_next(&at, text.at + text.len);
    return (code >= 0x3400 && code <= 0x9fff) || (code >= 0x20000 && code <= 0x3ffff);
}

bool osm_address_of(const osm_values *values, tq_buf *out)
{
    tq_str number = tq_str_trim(osm_value(values, OSM_ADDR_NUMBER));
    tq_str street = tq_str_trim(osm_value(values, OSM_ADDR_STREET));
    if (street.len == 0) street = tq_str_trim(osm_value(values, OSM_ADDR_PLACE));
    if (number.len == 0 || street.len == 0) return false;
    bool han = ends_in_han(street);
    tq_buf_put(out, street.at, street.len);
    if (!han) tq_buf_putc(out, ' ');
    tq_buf_put(out, number.at, number.len);
    char last = number.at[number.len - 1];
    if (han && last >= '0' && last <= '9') tq_buf_puts(out, "号");
    return !out->failed;
}
