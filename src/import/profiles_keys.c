/*
 * The keys of a profile file and how their values are read; docs/guide/vehicles.md explains them.
 *
 * Numbers are read as whole millionths and multiplied by the ratio of their unit; no floating
 * point. A value finer than what is kept is refused, speeds are rounded.
 */
#include <stdio.h>

#include "import/profiles_in.h"
#include "import/settings_in.h"

#define V(field)        offsetof(profile, vehicle.field)
#define CLASS(class_of) V(class_percent) + (class_of)
#define SHARE_MOST      200u
#define TIME_MOST_DS    36000u
#define MICRO           1000000u

const char *const profile_groups[] = {"label",         "size",       "speed", "classes", "surfaces",
                                      "hours_working", "hours_rest", "turns", "limits"};
const uint32_t profile_group_count = TQ_COUNT(profile_groups);

#define CLASS_KEY(name, class_of)                                                                  \
    {                                                                                              \
        "classes." name, PROFILE_SHARE, CLASS(class_of), 1, SHARE_MOST                             \
    }
#define SURFACE_KEY(name, surface)                                                                 \
    {                                                                                              \
        "surfaces." name, PROFILE_SHARE, V(surface_percent) + (surface), 1, SHARE_MOST             \
    }
#define HOUR_KEY(name, field, group)                                                               \
    {                                                                                              \
        name, PROFILE_HOURS, V(field) + 24 * (group), 1, SHARE_MOST                                \
    }
#define TIME_KEY(name, field)                                                                      \
    {                                                                                              \
        "turns." name, PROFILE_TIME_DS, V(field), 0, TIME_MOST_DS                                  \
    }

const profile_key profile_keys[] = {
    {"like", PROFILE_LIKE, 0, 0, 0},
    {"label.zh", PROFILE_LABEL, offsetof(profile, label_zh), 0, 0},
    {"label.en", PROFILE_LABEL, offsetof(profile, label_en), 0, 0},
    {"streets", PROFILE_STREETS, V(kind), 0, 0},
    {"mode", PROFILE_MODE, V(mode), 0, 0},
    {"access", PROFILE_MODES, V(access), 0, 0},
    {"flags", PROFILE_FLAGS, V(flags), 0, 0},
    {"plate", PROFILE_PLATE, V(plate), 0, 9},
    {"size.height", PROFILE_LENGTH_CM, V(height_cm), 0, 2000},
    {"size.width", PROFILE_LENGTH_CM, V(width_cm), 0, 2000},
    {"size.length", PROFILE_LENGTH_CM, V(length_cm), 0, 10000},
    {"size.weight", PROFILE_WEIGHT_10KG, V(weight_10kg), 0, 50000},
    {"size.axle_load", PROFILE_WEIGHT_10KG, V(axle_10kg), 0, 10000},
    {"speed.own", PROFILE_SPEED_MM_S, V(free_mm_s), 0, 60000},
    {"speed.pushed", PROFILE_SPEED_MM_S, V(push_mm_s), 0, 5000},
    {"speed.most", PROFILE_SPEED_TENTHS, V(max_kmh_tenths), 0, 2000},
    {"speed.uphill_loss", PROFILE_PERCENT, V(uphill_loss), 0, 100},
    CLASS_KEY("motorway", TQ_MOTORWAY),
    CLASS_KEY("motorway_link", TQ_MOTORWAY_LINK),
    CLASS_KEY("trunk", TQ_TRUNK),
    CLASS_KEY("trunk_link", TQ_TRUNK_LINK),
    CLASS_KEY("primary", TQ_PRIMARY),
    CLASS_KEY("primary_link", TQ_PRIMARY_LINK),
    CLASS_KEY("secondary", TQ_SECONDARY),
    CLASS_KEY("secondary_link", TQ_SECONDARY_LINK),
    CLASS_KEY("tertiary", TQ_TERTIARY),
    CLASS_KEY("tertiary_link", TQ_TERTIARY_LINK),
    CLASS_KEY("unclassified", TQ_UNCLASSIFIED),
    CLASS_KEY("residential", TQ_RESIDENTIAL),
    CLASS_KEY("living_street", TQ_LIVING_STREET),
    CLASS_KEY("service", TQ_SERVICE),
    CLASS_KEY("track", TQ_TRACK),
    CLASS_KEY("pedestrian", TQ_PEDESTRIAN),
    CLASS_KEY("footway", TQ_FOOTWAY),
    CLASS_KEY("cycleway", TQ_CYCLEWAY),
    CLASS_KEY("path", TQ_PATH),
    CLASS_KEY("steps", TQ_STEPS),
    CLASS_KEY("corridor", TQ_CORRIDOR),
    CLASS_KEY("bridleway", TQ_BRIDLEWAY),
    CLASS_KEY("ferry", TQ_FERRY),
    CLASS_KEY("platform", TQ_PLATFORM),
    CLASS_KEY("gate", TQ_BARRIER),
    SURFACE_KEY("unknown", TQ_SURFACE_UNKNOWN),
    SURFACE_KEY("asphalt", TQ_SURFACE_ASPHALT),
    SURFACE_KEY("paving", TQ_SURFACE_PAVING),
    SURFACE_KEY("cobble", TQ_SURFACE_COBBLE),
    SURFACE_KEY("gravel", TQ_SURFACE_GRAVEL),
    SURFACE_KEY("ground", TQ_SURFACE_GROUND),
    HOUR_KEY("hours_working.motorway", hour_percent, 0),
    HOUR_KEY("hours_working.primary", hour_percent, 1),
    HOUR_KEY("hours_working.secondary", hour_percent, 2),
    HOUR_KEY("hours_working.other", hour_percent, 3),
    HOUR_KEY("hours_rest.motorway", rest_percent, 0),
    HOUR_KEY("hours_rest.primary", rest_percent, 1),
    HOUR_KEY("hours_rest.secondary", rest_percent, 2),
    HOUR_KEY("hours_rest.other", rest_percent, 3),
    TIME_KEY("straight", straight_ds),
    TIME_KEY("right", right_ds),
    TIME_KEY("left", left_ds),
    TIME_KEY("sharp", sharp_ds),
    TIME_KEY("u_turn", u_turn_ds),
    TIME_KEY("signal", signal_ds),
    {"turns.signal_right", PROFILE_PERCENT, V(right_signal_percent), 0, 100},
    TIME_KEY("crossing", crossing_ds),
    TIME_KEY("gate", gate_ds),
    TIME_KEY("stairs", stairs_ds),
    TIME_KEY("yield", yield_ds),
    {"limits.least_width", PROFILE_LENGTH_CM, V(min_width_cm), 0, 2000},
    {"limits.most_incline", PROFILE_PERCENT, V(max_incline_percent), 0, 100},
    {"limits.highest_kerb", PROFILE_KERB, V(max_kerb), 0, 0},
    {"limits.roughest", PROFILE_SMOOTHNESS, V(max_smoothness), 0, 0},
    {"limits.destination_factor", PROFILE_TIMES, V(destination_factor), 1, 100},
    {"limits.destination_entry", PROFILE_TIME_DS, V(destination_entry_ds), 0, 60000},
};
const uint32_t profile_key_count = TQ_COUNT(profile_keys);

/* ---- words ----------------------------------------------------------------------------------- */

typedef struct word {
    const char *name;
    uint32_t value;
} word;

static const word mode_words[] = {{"foot", TQ_ACCESS_FOOT},
                                  {"bike", TQ_ACCESS_BIKE},
                                  {"car", TQ_ACCESS_CAR},
                                  {"bus", TQ_ACCESS_BUS},
                                  {"taxi", TQ_ACCESS_TAXI},
                                  {"lorry", TQ_ACCESS_LORRY},
                                  {"emergency", TQ_ACCESS_EMERGENCY},
                                  {"wheelchair", TQ_ACCESS_WHEELCHAIR},
                                  {NULL, 0}};
static const word flag_words[] = {{"hazmat", TQ_VEHICLE_HAZMAT},
                                  {"no_steps", TQ_VEHICLE_NO_STEPS},
                                  {"wheels", TQ_VEHICLE_WHEELS},
                                  {"ignores_bans", TQ_VEHICLE_IGNORES_BANS},
                                  {"pushes", TQ_VEHICLE_PUSHES},
                                  {"no_ferry", TQ_VEHICLE_NO_FERRY},
                                  {"no_toll", TQ_VEHICLE_NO_TOLL},
                                  {"no_unpaved", TQ_VEHICLE_NO_UNPAVED},
                                  {"through", TQ_VEHICLE_THROUGH},
                                  {"no_motorway", TQ_VEHICLE_NO_MOTORWAY},
                                  {NULL, 0}};
static const word street_words[] = {
    {"motor", TQ_HIERARCHY_MOTOR}, {"active", TQ_HIERARCHY_ACTIVE}, {NULL, 0}};
static const word kerb_words[] = {{"any", 0},
                                  {"flush", TQ_KERB_FLUSH},
                                  {"lowered", TQ_KERB_LOWERED},
                                  {"raised", TQ_KERB_RAISED},
                                  {NULL, 0}};
static const word smoothness_words[] = {
    {"any", 0},      {"excellent", 1}, {"good", 2},          {"intermediate", 3}, {"bad", 4},
    {"very_bad", 5}, {"horrible", 6},  {"very_horrible", 7}, {"impassable", 8},   {NULL, 0}};

static bool find_word(const word *words, tq_str text, uint32_t *out, char why[200])
{
    for (const word *one = words; one->name != NULL; one++)
        if (tq_str_is(text, one->name)) return *out = one->value, true;
    size_t used = (size_t)snprintf(why, 200, "wants ");
    for (const word *one = words; one->name != NULL && used < 150; one++)
        used +=
            (size_t)snprintf(why + used, 200 - used, "%s%s", one == words ? "" : ", ", one->name);
    (void)snprintf(why + used, 200 - used, "; not %.*s", (int)TQ_MIN(text.len, (size_t)20),
                   text.at);
    return false;
}

/* ---- numbers --------------------------------------------------------------------------------- */

typedef struct unit {
    const char *name;
    uint32_t numerator, denominator;
} unit;

typedef struct unit_family {
    profile_type type;
    bool rounds;
    const char *wants;
    unit units[3];
} unit_family;

static const unit_family families[] = {
    {PROFILE_PERCENT, false, "a percentage, such as 80 %", {{"%", 1, 1}}},
    {PROFILE_SHARE, false, "a percentage, such as 80 %, or no", {{"%", 1, 1}}},
    {PROFILE_HOURS, false, "shares by hour, such as 7-9 85 %, 17-19 80 %", {{"%", 1, 1}}},
    {PROFILE_LENGTH_CM,
     false,
     "metres or centimetres, such as 2.55 m",
     {{"m", 100, 1}, {"cm", 1, 1}}},
    {PROFILE_WEIGHT_10KG,
     false,
     "tonnes or kilograms, such as 4.5 t",
     {{"t", 100, 1}, {"kg", 1, 10}}},
    {PROFILE_SPEED_MM_S,
     true,
     "m/s or km/h, such as 4.5 km/h",
     {{"m/s", 1000, 1}, {"km/h", 2500, 9}}},
    {PROFILE_SPEED_TENTHS, true, "km/h, such as 80 km/h", {{"km/h", 10, 1}}},
    {PROFILE_TIME_DS, false, "seconds or minutes, such as 8 s", {{"s", 10, 1}, {"min", 600, 1}}},
    {PROFILE_TIMES, false, "a whole number, such as 5", {{"", 1, 1}}},
    {PROFILE_PLATE, false, "a digit, or unknown", {{"", 1, 1}}},
};

static bool read_number(const profile_key *key, tq_str text, uint32_t *out, char why[200])
{
    const unit_family *family = families;
    while (family->type != key->type)
        family++;
    tq_str rest = text;
    uint64_t micro = 0, value = 0;
    bool good = false;
    if (settings_read_micro(&rest, &micro)) {
        rest = tq_str_trim(rest);
        for (unsigned k = 0; k < TQ_COUNT(family->units) && family->units[k].name != NULL; k++) {
            const unit *in = &family->units[k];
            if (!tq_str_is(rest, in->name) || micro > UINT64_MAX / 2 / in->numerator) continue;
            uint64_t scaled = micro * in->numerator, whole = (uint64_t)MICRO * in->denominator;
            good = family->rounds || scaled % whole == 0;
            value = (scaled + whole / 2) / whole;
        }
    }
    int shown = (int)TQ_MIN(text.len, (size_t)40);
    if (!good)
        return (void)snprintf(why, 200, "wants %s; not %.*s", family->wants, shown, text.at), false;
    if (value < key->least || value > key->most)
        return (void)snprintf(why, 200, "is %.*s, out of range; it wants %s", shown, text.at,
                              family->wants),
               false;
    *out = (uint32_t)value;
    return true;
}

/* "7-9 85 %" for the hours from 7 till 9, or "85 %" for all. */
static bool read_hours_item(const profile_key *key, tq_str item, uint8_t row[24], char why[200])
{
    uint32_t from = 0, to = 24, percent = 0;
    size_t dash = 0, space = 0;
    while (dash < item.len && item.at[dash] >= '0' && item.at[dash] <= '9')
        dash++;
    if (dash > 0 && dash < item.len && item.at[dash] == '-') {
        for (space = dash + 1; space < item.len && item.at[space] != ' ';)
            space++;
        bool good = tq_parse_u32((tq_str){item.at, dash}, &from) &&
                    tq_parse_u32((tq_str){item.at + dash + 1, space - dash - 1}, &to);
        if (!good || from >= to || to > 24) {
            (void)snprintf(why, 200, "wants hours of one day, such as 7-9; not %.*s",
                           (int)TQ_MIN(space, (size_t)20), item.at);
            return false;
        }
    }
    if (!read_number(key, tq_str_trim((tq_str){item.at + space, item.len - space}), &percent, why))
        return false;
    for (uint32_t hour = from; hour < to; hour++)
        row[hour] = (uint8_t)percent;
    return true;
}

static bool read_hours(const profile_key *key, tq_str text, uint8_t *out, char why[200])
{
    uint8_t row[24];
    memset(row, 100, sizeof row);
    while (text.len > 0) {
        size_t len = 0;
        while (len < text.len && text.at[len] != ',')
            len++;
        if (!read_hours_item(key, tq_str_trim((tq_str){text.at, len}), row, why)) return false;
        len += len < text.len;
        text.at += len;
        text.len -= len;
    }
    memcpy(out, row, sizeof row);
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

bool profile_is_list(const profile_key *key)
{
    return key->type == PROFILE_MODES || key->type == PROFILE_FLAGS;
}

static bool take_label(tq_str text, char *out, char why[200])
{
    bool plain = tq_utf8_valid(text) && text.len > 0;
    for (size_t k = 0; k < text.len && plain; k++)
        plain = (unsigned char)text.at[k] >= 0x20 && text.at[k] != 0x7F;
    if (!plain || text.len > PROFILE_LABEL_MAX) {
        (void)snprintf(why, 200, "wants 1 to %u bytes of plain text", PROFILE_LABEL_MAX);
        return false;
    }
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return true;
}

static const word *words_of(profile_type type)
{
    switch (type) {
    case PROFILE_STREETS: return street_words;
    case PROFILE_MODE:
    case PROFILE_MODES: return mode_words;
    case PROFILE_FLAGS: return flag_words;
    case PROFILE_KERB: return kerb_words;
    case PROFILE_SMOOTHNESS: return smoothness_words;
    default: return NULL;
    }
}

bool profile_take(const profile_key *key, tq_str text, profile *out, char why[200])
{
    uint8_t *at = (uint8_t *)out + key->offset;
    uint32_t value = 0, flags;
    const word *words = words_of(key->type);
    if (key->type == PROFILE_LABEL) return take_label(text, (char *)at, why);
    if (key->type == PROFILE_HOURS) return read_hours(key, text, at, why);
    if (key->type == PROFILE_PLATE && tq_str_is(text, "unknown"))
        return out->vehicle.plate = -1, true;
    bool none = key->type == PROFILE_SHARE && (tq_str_is(text, "no") || tq_str_is(text, "false"));
    if (words != NULL ? !find_word(words, text, &value, why)
                      : !none && !read_number(key, text, &value, why))
        return false;
    switch (key->type) {
    case PROFILE_FLAGS:
        memcpy(&flags, at, sizeof flags);
        flags |= value;
        memcpy(at, &flags, sizeof flags);
        return true;
    case PROFILE_MODES: *at = (uint8_t)(*at | value); return true;
    case PROFILE_LENGTH_CM:
    case PROFILE_WEIGHT_10KG:
    case PROFILE_SPEED_MM_S:
    case PROFILE_SPEED_TENTHS:
    case PROFILE_TIME_DS: memcpy(at, &(uint16_t){(uint16_t)value}, sizeof(uint16_t)); return true;
    default: *at = (uint8_t)value; return true;
    }
}
