/*
 * A way's tags -> rules: what changes on a street by time, weight, goods, and for single modes.
 *
 * Method: «Conditional restrictions» of the OpenStreetMap wiki. A key is split at its colons:
 * KEY[:MODE][:forward|:backward][:conditional]. More special keys come later in the list, so that
 * they win; a mode that a plain key more special than the conditional one speaks of is left out of
 * it («motor_vehicle:conditional=no @ ...» does not bind buses where bus=yes). `access` and
 * `oneway` open nothing that the class closes.
 *
 * Limits that hold for some vehicles or at some time become denials with a condition of their own:
 * «maxweight:hgv=7.5» is «hgv=no @ weight>7.5». Other keys with «:conditional» (lanes, parking) are
 * passed over.
 */
#include "import/osm_in.h"

#define CARS              (TQ_ACCESS_CAR | TQ_ACCESS_BUS | TQ_ACCESS_TAXI | TQ_ACCESS_LORRY)
#define VEHICLES          (TQ_ACCESS_BIKE | TQ_ACCESS_MOTOR)
#define FOOT              (TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR)
#define ALL_BUT_EMERGENCY (FOOT | TQ_ACCESS_BIKE | CARS)

/* Ranks of rules in a set: plain ones first, then by how special the mode is. */
#define RANK_PLAIN  0u
#define RANK_FIRST  1u
#define RANK_LIMIT  6u
#define RANK_LIFTED 7u

typedef struct mode_word {
    const char *word;
    uint8_t modes, rank;
} mode_word;

static const mode_word mode_words[] = {
    {"access", ALL_BUT_EMERGENCY, 0},
    {"vehicle", TQ_ACCESS_BIKE | CARS, 1},
    {"motor_vehicle", CARS, 2},
    {"motorcar", TQ_ACCESS_CAR | TQ_ACCESS_TAXI, 3},
    {"psv", TQ_ACCESS_BUS | TQ_ACCESS_TAXI, 3},
    {"goods", TQ_ACCESS_LORRY, 3},
    {"hgv", TQ_ACCESS_LORRY, 4},
    {"bicycle", TQ_ACCESS_BIKE, 3},
    {"foot", FOOT, 3},
    {"emergency", TQ_ACCESS_EMERGENCY, 3},
    {"bus", TQ_ACCESS_BUS, 4},
    {"taxi", TQ_ACCESS_TAXI, 4},
};

typedef enum key_base { BASE_ACCESS, BASE_HAZMAT, BASE_ONEWAY, BASE_SPEED, BASE_LIMIT } key_base;

static const struct {
    const char *word, *asks; /* of BASE_LIMIT: what a condition calls it */
    bool weight, always;     /* always: also the plain key becomes a rule */
} limit_words[] = {
    {"maxweight", "weight", true, false},     {"maxweightrating", "weight", true, true},
    {"maxaxleload", "axleload", true, false}, {"maxheight", "height", false, false},
    {"maxwidth", "width", false, false},      {"maxlength", "length", false, false}};

typedef struct rule_key {
    key_base base;
    unsigned limit; /* of BASE_LIMIT */
    uint8_t modes, rank, directions;
    bool conditional, has_mode;
} rule_key;

static const mode_word *mode_of(tq_str word)
{
    for (size_t k = 0; k < TQ_COUNT(mode_words); k++)
        if (tq_str_is(word, mode_words[k].word)) return &mode_words[k];
    return NULL;
}

static bool base_of(tq_str word, rule_key *out)
{
    const mode_word *mode = mode_of(word);
    out->modes = TQ_ACCESS_MOTOR;
    if (mode != NULL) {
        out->base = BASE_ACCESS;
        out->modes = mode->modes;
        out->rank = mode->rank;
        return true;
    }
    if (tq_str_is(word, "hazmat")) return out->base = BASE_HAZMAT, true;
    if (tq_str_is(word, "maxspeed")) return out->base = BASE_SPEED, true;
    if (tq_str_is(word, "oneway")) {
        out->base = BASE_ONEWAY;
        out->modes = VEHICLES;
        return true;
    }
    for (unsigned k = 0; k < TQ_COUNT(limit_words); k++) {
        if (!tq_str_is(word, limit_words[k].word)) continue;
        out->base = BASE_LIMIT;
        out->limit = k;
        return true;
    }
    return false;
}

/* False for keys that make no rule. */
static bool split_key(tq_str key, rule_key *out)
{
    *out = (rule_key){.directions = 3};
    bool first = true;
    while (key.len > 0) {
        const char *colon = memchr(key.at, ':', key.len);
        tq_str word = {key.at, colon != NULL ? (size_t)(colon - key.at) : key.len};
        size_t used = word.len + (colon != NULL);
        key = (tq_str){key.at + used, key.len - used};
        const mode_word *mode = first ? NULL : mode_of(word);
        if (first) {
            if (!base_of(word, out)) return false;
        } else if (tq_str_is(word, "conditional")) {
            out->conditional = true;
        } else if (tq_str_is(word, "forward")) {
            out->directions = 1;
        } else if (tq_str_is(word, "backward")) {
            out->directions = 2;
        } else if (mode != NULL) {
            out->modes = mode->modes;
            out->rank = mode->rank;
            out->has_mode = true;
        } else {
            return false;
        }
        first = false;
    }
    if (out->conditional) return true;
    if (out->base == BASE_SPEED) return out->has_mode;
    return out->base == BASE_LIMIT &&
           (out->has_mode || out->directions != 3 || limit_words[out->limit].always);
}

/* ---- the list ------------------------------------------------------------------------------- */

typedef struct rule_maker {
    const osm_values *values;
    osm_street *street;
    bool china;
    osm_rules *out;
    const tq_osm_tag *tag;
    tq_str limit; /* the last limit that this tag's alternatives gave */
} rule_maker;

/* Add a rule at its rank, behind those of the same. */
static void add_rule(rule_maker *maker, unsigned rank, unsigned effect, unsigned modes,
                     unsigned directions, unsigned kmh, uint32_t first)
{
    osm_rules *out = maker->out;
    if (modes == 0 || directions == 0) return;
    if (out->count == OSM_RULES_MAX) {
        out->left_out++;
        return;
    }
    if (maker->street->reversed && directions != 3) directions = 3 - directions;
    osm_rule rule = {.rank = (uint8_t)rank,
                     .effect = (uint8_t)effect,
                     .access = (uint8_t)modes,
                     .directions = (uint8_t)directions,
                     .kmh = (uint8_t)kmh,
                     .condition = first,
                     .condition_len = (uint32_t)out->text.len - first};
    if (maker->tag != NULL) {
        rule.key = maker->tag->key;
        rule.value = maker->tag->value;
    }
    uint32_t at = out->count++;
    for (; at > 0 && out->rule[at - 1].rank > rank; at--)
        out->rule[at] = out->rule[at - 1];
    out->rule[at] = rule;
}

static void add_unknown(rule_maker *maker)
{
    add_rule(maker, RANK_FIRST, OSM_EFFECT_UNKNOWN, 255, 3, 0, (uint32_t)maker->out->text.len);
}

/* The flag of a row is about cars; others have rules where they differ. */
static void add_destinations(rule_maker *maker)
{
    const osm_street *street = maker->street;
    const tq_street_attr *attr = &street->attr;
    uint32_t here = (uint32_t)maker->out->text.len;
    tq_rule rule[OSM_DESTINATION_RULES];
    unsigned count = osm_destination_rules(attr->access, street->destination,
                                           (attr->flags & TQ_STREET_DESTINATION) != 0, rule);
    for (unsigned k = 0; k < count; k++) {
        /* The row is turned already; add_rule would turn it again. */
        unsigned directions = rule[k].directions;
        if (street->reversed && directions != 3) directions = 3u - directions;
        add_rule(maker, RANK_PLAIN, rule[k].effect, rule[k].access, directions, 0, here);
    }
}

unsigned osm_destination_rules(const uint8_t access[2], const uint8_t destination[2], bool flag,
                               tq_rule *out)
{
    /* Whom the flag binds: where cars go, vehicles; elsewhere everyone. */
    bool cars = ((access[0] | access[1]) & TQ_ACCESS_CAR) != 0;
    unsigned bound = !flag ? 0 : cars ? CARS : ALL_BUT_EMERGENCY, count = 0;
    for (unsigned freely = 0; freely < 2; freely++) {
        unsigned differ[2];
        for (unsigned d = 0; d < 2; d++)
            differ[d] = access[d] & ALL_BUT_EMERGENCY &
                        (freely ? bound & ~(unsigned)destination[d] : destination[d] & ~bound);
        unsigned both = differ[0] & differ[1];
        const unsigned of[3] = {both, differ[0] & ~both, differ[1] & ~both};
        static const uint8_t directions[3] = {3, 1, 2};
        for (unsigned k = 0; k < 3; k++)
            if (of[k] != 0)
                out[count++] = (tq_rule){.effect = freely ? TQ_EFFECT_ALLOW : TQ_EFFECT_DESTINATION,
                                         .access = (uint8_t)of[k],
                                         .directions = directions[k]};
    }
    return count;
}

/* ---- values --------------------------------------------------------------------------------- */

static uint32_t keep_condition(rule_maker *maker, tq_str condition)
{
    uint32_t first = (uint32_t)maker->out->text.len;
    tq_buf_put(&maker->out->text, condition.at, condition.len);
    return first;
}

/* Take «destination», «delivery» and the like off a condition: whoever may come with business there
 * may come for the last metres. False when it asks for no such thing. */
static bool strip_purpose(tq_str *condition)
{
    static const char *const purposes[] = {"destination", "delivery",  "customers", "private",
                                           "residents",   "permit",    "resident",  "employees",
                                           "loading",     "unloading", NULL};
    static const char joint[] = " AND ";
    const size_t joint_len = sizeof joint - 1;
    for (size_t k = 0; purposes[k] != NULL; k++) {
        size_t len = strlen(purposes[k]);
        if (condition->len < len) continue;
        size_t rest = condition->len - len;
        if (rest == 0 && tq_str_is(*condition, purposes[k])) return condition->len = 0, true;
        if (rest <= joint_len) continue;
        const char *end = condition->at + condition->len;
        if (memcmp(condition->at, purposes[k], len) == 0 &&
            memcmp(condition->at + len, joint, joint_len) == 0) {
            *condition = (tq_str){condition->at + len + joint_len, rest - joint_len};
            return true;
        }
        if (memcmp(end - len, purposes[k], len) == 0 &&
            memcmp(end - len - joint_len, joint, joint_len) == 0) {
            condition->len = rest - joint_len;
            return true;
        }
    }
    return false;
}

static void access_rule(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    const tq_street_attr *attr = &maker->street->attr;
    unsigned modes = key->modes & ~osm_modes_above(maker->values, key->rank);
    switch (osm_grant_of(value)) {
    case OSM_DENY:
        add_rule(maker, RANK_FIRST + key->rank, TQ_EFFECT_DENY, modes, key->directions, 0,
                 keep_condition(maker, condition));
        break;
    case OSM_ALLOW:
    case OSM_ALLOW_DESTINATION: {
        if (key->rank == 0) modes &= import_class_access((tq_street_class)attr->street_class);
        bool freely = !strip_purpose(&condition) && osm_grant_of(value) == OSM_ALLOW;
        add_rule(maker, RANK_FIRST + key->rank, freely ? TQ_EFFECT_ALLOW : TQ_EFFECT_DESTINATION,
                 modes, key->directions, 0, keep_condition(maker, condition));
        break;
    }
    default: add_unknown(maker); break;
    }
}

static void hazmat_rule(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    osm_grant grant = osm_grant_of(value);
    if (grant != OSM_DENY && grant != OSM_ALLOW) {
        add_unknown(maker);
        return;
    }
    uint32_t first = (uint32_t)maker->out->text.len;
    tq_buf_printf(&maker->out->text, "hazmat AND (%.*s)", (int)condition.len, condition.at);
    add_rule(maker, RANK_FIRST + 4, grant == OSM_DENY ? TQ_EFFECT_DENY : TQ_EFFECT_ALLOW,
             TQ_ACCESS_MOTOR, key->directions, 0, first);
}

/* Directions are those of the way as drawn. */
static void oneway_rule(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    static const char *const along[] = {"yes", "1", "true", "forward", NULL};
    static const char *const against[] = {"-1", "reverse", "backward", NULL};
    static const char *const both[] = {"no", "0", "false", NULL};
    const tq_street_attr *attr = &maker->street->attr;
    unsigned usable = import_class_access((tq_street_class)attr->street_class) & key->modes;
    unsigned modes = key->has_mode ? key->modes : key->modes & ~osm_modes_against(maker->values);
    uint32_t first = keep_condition(maker, condition);
    if (osm_one_of(value, both)) {
        unsigned open = (attr->access[0] | attr->access[1]) & modes;
        add_rule(maker, RANK_FIRST, TQ_EFFECT_ALLOW, open != 0 ? open : usable, 3, 0, first);
        return;
    }
    bool with = osm_one_of(value, along);
    if (!with && !osm_one_of(value, against)) {
        add_unknown(maker);
        return;
    }
    unsigned open = (attr->access[0] | attr->access[1]) & modes;
    add_rule(maker, RANK_FIRST, TQ_EFFECT_DENY, modes, with ? 2 : 1, 0, first);
    add_rule(maker, RANK_FIRST, TQ_EFFECT_ALLOW, open != 0 ? open : usable, with ? 1 : 2, 0, first);
}

static void speed_rule(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    uint8_t kmh = osm_speed_kmh(value, maker->china);
    if (kmh == 0)
        add_unknown(maker);
    else
        add_rule(maker, RANK_FIRST + key->rank, TQ_EFFECT_SPEED, key->modes, key->directions, kmh,
                 keep_condition(maker, condition));
}

static uint32_t keep_limit(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    uint32_t first = (uint32_t)maker->out->text.len;
    tq_buf_printf(&maker->out->text, "%s>%.*s", limit_words[key->limit].asks, (int)value.len,
                  value.at);
    if (condition.len > 0)
        tq_buf_printf(&maker->out->text, " AND (%.*s)", (int)condition.len, condition.at);
    return first;
}

/* The number that a limit says, 0 = none. */
static uint16_t limit_of(const rule_key *key, tq_str value)
{
    return limit_words[key->limit].weight ? osm_weight_10kg(value) : osm_length_cm(value);
}

/* «maxweight=7.5» with «maxweight:conditional=none @ destination»: the sign becomes a rule, and so
 * does what lifts it. */
static void lift_limit(rule_maker *maker, const rule_key *key, tq_str condition)
{
    tq_street_attr *attr = &maker->street->attr;
    uint16_t *const signs[] = {&attr->max_weight_10kg, &attr->max_weight_10kg,
                               &attr->max_axle_10kg,   &attr->max_height_cm,
                               &attr->max_width_cm,    &attr->max_length_cm};
    tq_str name = maker->tag->key, value = maker->limit;
    name.len -= sizeof ":conditional" - 1;
    for (uint32_t k = 0; k < maker->values->tag_count; k++)
        if (tq_str_eq(maker->values->tag[k].key, name)) value = maker->values->tag[k].value;
    if (value.at == NULL || limit_of(key, value) == 0) {
        add_unknown(maker);
        return;
    }
    bool plain = !key->has_mode && key->directions == 3 && !limit_words[key->limit].always;
    if (plain && *signs[key->limit] != 0) {
        *signs[key->limit] = 0;
        add_rule(maker, RANK_LIMIT, TQ_EFFECT_DENY, key->modes, 3, 0,
                 keep_limit(maker, key, value, (tq_str){0}));
    }
    unsigned effect = strip_purpose(&condition) ? TQ_EFFECT_DESTINATION : TQ_EFFECT_ALLOW;
    uint32_t first = keep_limit(maker, key, value, condition);
    for (unsigned d = 0; d < 2; d++)
        if ((key->directions >> d & 1) != 0)
            add_rule(maker, RANK_LIFTED, effect, key->modes & attr->access[d], d + 1, 0, first);
}

static void limit_rule(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    static const char *const no_limit[] = {"none", "no", "default", "unsigned", NULL};
    if (limit_of(key, value) != 0) {
        maker->limit = value;
        add_rule(maker, RANK_LIMIT, TQ_EFFECT_DENY, key->modes, key->directions, 0,
                 keep_limit(maker, key, value, condition));
    } else if (key->conditional && osm_one_of(value, no_limit)) {
        lift_limit(maker, key, condition);
    } else if (!osm_one_of(value, no_limit)) {
        add_unknown(maker);
    }
}

static void add_value(rule_maker *maker, const rule_key *key, tq_str value, tq_str condition)
{
    switch (key->base) {
    case BASE_ACCESS: access_rule(maker, key, value, condition); break;
    case BASE_HAZMAT: hazmat_rule(maker, key, value, condition); break;
    case BASE_ONEWAY: oneway_rule(maker, key, value, condition); break;
    case BASE_SPEED: speed_rule(maker, key, value, condition); break;
    case BASE_LIMIT: limit_rule(maker, key, value, condition); break;
    }
}

void osm_rules_of(const osm_values *values, bool china, osm_street *street, osm_rules *out)
{
    rule_maker maker = {.values = values, .street = street, .china = china, .out = out};
    out->count = out->left_out = 0;
    out->text.len = 0;
    add_destinations(&maker);
    for (uint32_t k = 0; k < values->tag_count; k++) {
        const tq_osm_tag *tag = &values->tag[k];
        rule_key key;
        if (memchr(tag->key.at, ':', tag->key.len) == NULL &&
            !tq_str_is(tag->key, "maxweightrating"))
            continue;
        if (!split_key(tag->key, &key)) continue;
        maker.tag = tag;
        maker.limit = (tq_str){0};
        if (!key.conditional) {
            add_value(&maker, &key, tq_str_trim(tag->value), (tq_str){0});
            continue;
        }
        tq_str rest = tag->value;
        import_alternative alternative;
        while (import_next_alternative(&rest, &alternative)) {
            if (alternative.condition.len == 0 || alternative.value.len == 0)
                add_unknown(&maker);
            else
                add_value(&maker, &key, alternative.value, alternative.condition);
        }
    }
}
