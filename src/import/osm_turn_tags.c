/*
 * Tags of a restriction relation -> the bans (or orders) that it states.
 *
 * Keys: restriction, restriction:MODE, each also with :conditional; except; the old day_on,
 * day_off, hour_on, hour_off, which become a condition. Where nothing is said a restriction binds
 * motor vehicles and bicycles, never walkers. Each «value @ condition» is a restriction of its own.
 */
#include <stdio.h>

#include "import/osm_in.h"

#define VEHICLES (TQ_ACCESS_BIKE | TQ_ACCESS_MOTOR)

static const struct {
    const char *name;
    unsigned modes;
} modes_of_name[] = {{"psv", TQ_ACCESS_BUS | TQ_ACCESS_TAXI},
                     {"bus", TQ_ACCESS_BUS},
                     {"taxi", TQ_ACCESS_TAXI},
                     {"bicycle", TQ_ACCESS_BIKE},
                     {"hgv", TQ_ACCESS_LORRY},
                     {"goods", TQ_ACCESS_LORRY},
                     {"motorcar", TQ_ACCESS_CAR | TQ_ACCESS_TAXI},
                     {"emergency", TQ_ACCESS_EMERGENCY},
                     {"motor_vehicle", TQ_ACCESS_MOTOR},
                     {"vehicle", VEHICLES}};

static unsigned named_modes(tq_str name)
{
    for (size_t k = 0; k < TQ_COUNT(modes_of_name); k++)
        if (tq_str_is(name, modes_of_name[k].name)) return modes_of_name[k].modes;
    return 0;
}

/* Modes that a key speaks of: «restriction:hgv» only of lorries; 0 = no restriction of ours. */
static unsigned restriction_modes(tq_str key, bool *conditional)
{
    if (!tq_str_starts(key, "restriction")) return 0;
    tq_str suffix = {key.at + 11, key.len - 11};
    *conditional = suffix.len >= 12 && memcmp(suffix.at + suffix.len - 12, ":conditional", 12) == 0;
    if (*conditional) suffix.len -= 12;
    if (suffix.len == 0) return VEHICLES;
    return suffix.at[0] == ':' ? named_modes((tq_str){suffix.at + 1, suffix.len - 1}) : 0;
}

static unsigned excepted_modes(tq_str value)
{
    unsigned modes = 0;
    while (value.len > 0) {
        size_t len = 0;
        while (len < value.len && value.at[len] != ';' && value.at[len] != ',')
            len++;
        modes |= named_modes(tq_str_trim((tq_str){value.at, len}));
        len += len < value.len;
        value = (tq_str){value.at + len, value.len - len};
    }
    return modes;
}

/* «no_left_turn» and its like; false for other values, also for «no_right_turn_on_red», which bans
 * no turn. */
static bool take_value(tq_str value, osm_turn *turn)
{
    static const struct {
        const char *end;
        osm_turn_kind kind;
    } kinds[] = {{"left_turn", OSM_TURN_LEFT},
                 {"right_turn", OSM_TURN_RIGHT},
                 {"straight_on", OSM_TURN_STRAIGHT},
                 {"u_turn", OSM_TURN_BACK},
                 {"entry", OSM_TURN_ANY},
                 {"exit", OSM_TURN_ANY}};
    value = tq_str_trim(value);
    turn->only = tq_str_starts(value, "only_");
    if (!turn->only && !tq_str_starts(value, "no_")) return false;
    size_t start = turn->only ? 5 : 3;
    tq_str end = {value.at + start, value.len - start};
    for (size_t k = 0; k < TQ_COUNT(kinds); k++) {
        if (!tq_str_is(end, kinds[k].end)) continue;
        turn->kind = kinds[k].kind;
        return true;
    }
    return false;
}

/* The k-th of values parted by «;»; empty behind the last. */
static tq_str nth_value(tq_str values, unsigned nth)
{
    for (;; nth--) {
        size_t len = 0;
        while (len < values.len && values.at[len] != ';')
            len++;
        if (nth == 0) return tq_str_trim((tq_str){values.at, len});
        len += len < values.len;
        values = (tq_str){values.at + len, values.len - len};
    }
}

/* day_on=Monday day_off=Friday hour_on=07:00 hour_off=09:00 -> «Mo-Fr 07:00-09:00». */
static void old_condition(const osm_values *values, tq_buf *out)
{
    tq_str day_on = tq_str_trim(osm_value(values, OSM_DAY_ON)),
           day_off = tq_str_trim(osm_value(values, OSM_DAY_OFF)),
           on = osm_value(values, OSM_HOUR_ON), off = osm_value(values, OSM_HOUR_OFF);
    out->len = 0;
    if (day_on.len >= 2) tq_buf_put(out, day_on.at, day_on.len);
    if (day_on.len >= 2 && day_off.len >= 2) {
        tq_buf_putc(out, '-');
        tq_buf_put(out, day_off.at, day_off.len);
    }
    for (unsigned k = 0; k < 4; k++) {
        tq_str from = nth_value(on, k), to = nth_value(off, k);
        if (from.len == 0 || to.len == 0) break;
        tq_buf_printf(out, "%s%.*s-%.*s",
                      k > 0          ? ","
                      : out->len > 0 ? " "
                                     : "",
                      (int)from.len, from.at, (int)to.len, to.at);
    }
}

bool osm_turns_of(const osm_values *values, tq_buf *scratch, osm_turn_sink sink, void *user)
{
    unsigned excepted = excepted_modes(osm_value(values, OSM_EXCEPT));
    if (!tq_str_starts(osm_value(values, OSM_TYPE), "restriction")) return true;
    for (uint32_t k = 0; k < values->tag_count; k++) {
        bool conditional = false;
        osm_turn turn = {0};
        turn.banned = restriction_modes(values->tag[k].key, &conditional) & ~excepted;
        if (turn.banned == 0) continue;
        tq_str rest = values->tag[k].value;
        if (!conditional) {
            if (!take_value(nth_value(rest, 0), &turn)) continue;
            old_condition(values, scratch);
            if (!sink(user, &turn, (tq_str){scratch->at, scratch->len})) return false;
            continue;
        }
        import_alternative alternative;
        while (import_next_alternative(&rest, &alternative))
            if (alternative.condition.len > 0 && take_value(alternative.value, &turn) &&
                !sink(user, &turn, alternative.condition))
                return false;
    }
    return true;
}
