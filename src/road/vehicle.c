/*
 * What a vehicle needs for an arc and for a turn.
 *
 * A vehicle (tq_vehicle, from a profile file) moves with a share of the allowed speed, or of its
 * own speed if it has one; the share is by class of street, surface and hour. Rules of the moment
 * open, close and limit; signs limit height, width, length, weight. docs/guide/vehicles.md tells
 * the meaning of every field.
 *
 * Method: integer arithmetic, rounded to the nearest decisecond, at least 1 for a positive length.
 * The same functions answer for one moment and, for lower bounds, for «the best of any time»: then
 * a condition may be undecided and everything that it could open counts as open.
 *
 * Dates and live state are looked at by road_arc_now and road_weigh only.
 */
#include "road/vehicle_in.h"

#define PUSHED_ON_STEPS_PERCENT 50 /* of the speed of a pushed bike */
#define UPHILL_LEAST_PERCENT    25
#define NO_KMH                  255u /* own speed only */
#define SATURDAY                5u

static const char *const profile_name[TQ_PROFILE_COUNT] = {
    "foot", "elder",       "wheelchair",   "bike",        "car",          "taxi",
    "bus",  "lorry_light", "lorry_medium", "lorry_heavy", "lorry_hazmat", "ambulance"};

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

const tq_vehicle *tq_road_vehicle(const tq_city *city, tq_profile profile)
{
    return (uint32_t)profile < TQ_MIN(city->vehicles.count, (uint32_t)TQ_PROFILE_COUNT)
               ? &city->vehicles.row[profile]
               : NULL;
}

const tq_vehicle *tq_road_vehicle_named(const tq_city *city, const char *name)
{
    tq_profile profile;
    if (tq_profile_parse(name, &profile)) return tq_road_vehicle(city, profile);
    for (uint32_t row = TQ_PROFILE_COUNT; row < city->vehicles.count; row++)
        if (tq_str_is(tq_str_of(name), tq_text(city, city->vehicles.row[row].name)))
            return &city->vehicles.row[row];
    return NULL;
}

uint64_t road_vehicle_hash(const tq_vehicle *vehicle)
{
    return tq_hash(vehicle, sizeof *vehicle, 0);
}

/* ---- speeds ---------------------------------------------------------------------------------- */

static uint64_t um_s_of_tenths(uint64_t kmh_tenths)
{
    return (kmh_tenths * 1000000 + 18) / 36;
}

static uint32_t speed_group(uint32_t street_class)
{
    if (street_class <= TQ_TRUNK_LINK) return 0;
    if (street_class <= TQ_PRIMARY_LINK) return 1;
    return street_class <= TQ_TERTIARY_LINK ? 2 : 3;
}

static uint32_t hour_percent(const road_asker *asker, uint32_t group)
{
    const tq_vehicle *vehicle = asker->vehicle;
    if (!asker->any_time) {
        uint32_t hour = asker->moment.minute / 60 % 24;
        return asker->moment.week_day >= SATURDAY ? vehicle->rest_percent[group][hour]
                                                  : vehicle->hour_percent[group][hour];
    }
    uint32_t best = 0;
    for (uint32_t hour = 0; hour < 24; hour++) {
        best = TQ_MAX(best, vehicle->rest_percent[group][hour]);
        best = TQ_MAX(best, vehicle->hour_percent[group][hour]);
    }
    return best;
}

/* Share of the own speed that is left on an incline, per cent. */
static uint32_t climb_percent(const tq_vehicle *vehicle, const tq_street_attr *attr,
                              uint32_t against)
{
    if (attr->incline_percent == TQ_INCLINE_UNKNOWN) return 100;
    int32_t up = against ? -attr->incline_percent : attr->incline_percent;
    if (up <= 0) return 100;
    int32_t left = 100 - up * vehicle->uphill_loss;
    return (uint32_t)TQ_MAX(left, UPHILL_LEAST_PERCENT);
}

/* What the rules and signs leave of an arc for one mode. */
typedef struct leave {
    bool freely, to_destination; /* both false = may not; both only when asked about any time */
    uint32_t kmh;
} leave;

static leave leave_of(const road_asker *asker, const tq_street_attr *attr, uint32_t against,
                      uint32_t access, uint32_t mode, uint32_t kmh)
{
    const tq_conditions *rules = &asker->city->conditions;
    bool may = (attr->access[against] & access) != 0;
    /* Where cars go, the flag is about vehicles; elsewhere about walkers and riders. */
    bool cars = ((attr->access[0] | attr->access[1]) & TQ_ACCESS_CAR) != 0;
    bool last_metres = (attr->flags & TQ_STREET_DESTINATION) != 0 &&
                       (asker->vehicle->kind == TQ_HIERARCHY_MOTOR || !cars);
    leave out = {may && !last_metres, may && last_metres, kmh};
    if (attr->rules == 0 || (asker->vehicle->flags & TQ_VEHICLE_IGNORES_BANS) != 0) return out;
    for (uint32_t k = rules->first_rule[attr->rules]; k < rules->first_rule[attr->rules + 1]; k++) {
        const tq_rule *rule = &rules->rule[k];
        if ((rule->access & mode) == 0 || (rule->directions >> against & 1) == 0) continue;
        road_truth truth = road_condition(asker, rule->condition);
        if (truth == ROAD_NO) continue;
        bool sure = truth == ROAD_YES;
        switch ((tq_effect)rule->effect) {
        case TQ_EFFECT_DENY:
            if (sure) out.freely = out.to_destination = false;
            break;
        case TQ_EFFECT_ALLOW:
            out.freely = true;
            if (sure) out.to_destination = false;
            break;
        case TQ_EFFECT_DESTINATION:
            out.to_destination = true;
            if (sure) out.freely = false;
            break;
        case TQ_EFFECT_SPEED:
            out.kmh = sure ? rule->kmh : TQ_MAX(out.kmh, (uint32_t)rule->kmh);
            break;
        }
    }
    return out;
}

static bool over(uint32_t own, uint32_t limit)
{
    return limit != 0 && own > limit;
}

/* Signs, shape and kind of street, whoever is allowed in. */
static bool fits(const tq_vehicle *vehicle, const tq_street_attr *attr)
{
    uint32_t street_class = attr->street_class;
    bool highway = street_class == TQ_MOTORWAY || street_class == TQ_MOTORWAY_LINK;
    if (vehicle->class_percent[street_class] == 0 || vehicle->surface_percent[attr->surface] == 0)
        return false;
    if (over(vehicle->height_cm, attr->max_height_cm) ||
        over(vehicle->width_cm, attr->max_width_cm) ||
        over(vehicle->length_cm, attr->max_length_cm) ||
        over(vehicle->weight_10kg, attr->max_weight_10kg) ||
        over(vehicle->axle_10kg, attr->max_axle_10kg))
        return false;
    if (over(vehicle->min_width_cm, attr->width_cm)) return false;
    uint32_t flags = vehicle->flags;
    /* Steps let wheelchairs in only where they have a ramp for them. */
    bool ramp = (vehicle->access & TQ_ACCESS_WHEELCHAIR) != 0 &&
                ((attr->access[0] | attr->access[1]) & TQ_ACCESS_WHEELCHAIR) != 0;
    if (((flags & TQ_VEHICLE_HAZMAT) != 0 && attr->hazmat_ban != 0) ||
        ((flags & TQ_VEHICLE_NO_TOLL) != 0 && (attr->flags & TQ_STREET_TOLL) != 0) ||
        ((flags & TQ_VEHICLE_NO_UNPAVED) != 0 && (attr->flags & TQ_STREET_UNPAVED) != 0) ||
        ((flags & TQ_VEHICLE_NO_FERRY) != 0 && street_class == TQ_FERRY) ||
        ((flags & TQ_VEHICLE_NO_MOTORWAY) != 0 && highway) ||
        ((flags & (TQ_VEHICLE_NO_STEPS | TQ_VEHICLE_WHEELS)) != 0 && street_class == TQ_STEPS &&
         !ramp) ||
        ((flags & TQ_VEHICLE_WHEELS) != 0 && attr->wheelchair == 3))
        return false;
    int32_t incline = attr->incline_percent == TQ_INCLINE_UNKNOWN ? 0 : attr->incline_percent;
    if (vehicle->max_incline_percent != 0 &&
        (incline < 0 ? -incline : incline) > vehicle->max_incline_percent)
        return false;
    return !(vehicle->max_kerb != 0 && attr->kerb > vehicle->max_kerb) &&
           !(vehicle->max_smoothness != 0 && attr->smoothness > vehicle->max_smoothness);
}

static uint32_t extra_ds(const tq_vehicle *vehicle, const tq_street_attr *attr)
{
    uint32_t extra = 0;
    if (attr->street_class == TQ_BARRIER) extra += vehicle->gate_ds;
    if (attr->street_class == TQ_STEPS) extra += vehicle->stairs_ds;
    /* A crossing is mapped as two edges, from kerb to kerb by the middle of the carriageway. */
    if (attr->crossing == TQ_CROSSING_MARKED) extra += vehicle->crossing_ds / 2u;
    if (attr->crossing == TQ_CROSSING_SIGNALS) extra += vehicle->signal_ds / 2u;
    return extra;
}

static uint64_t riding_um_s(const road_asker *asker, const tq_street_attr *attr, uint32_t against,
                            uint32_t kmh)
{
    const tq_vehicle *vehicle = asker->vehicle;
    bool own = vehicle->free_mm_s != 0 && attr->street_class != TQ_FERRY;
    uint64_t allowed = um_s_of_tenths((uint64_t)TQ_MAX(kmh, 1u) * 10);
    uint64_t um_s = own ? (uint64_t)vehicle->free_mm_s * 1000 : allowed;
    um_s *= (uint64_t)vehicle->class_percent[attr->street_class] *
            vehicle->surface_percent[attr->surface] *
            TQ_MAX(hour_percent(asker, speed_group(attr->street_class)), 1u);
    um_s = (um_s + 500000) / 1000000;
    if (own) {
        um_s = (um_s * climb_percent(vehicle, attr, against) + 50) / 100;
        if (kmh != NO_KMH) um_s = TQ_MIN(um_s, allowed);
    }
    if (vehicle->max_kmh_tenths != 0) um_s = TQ_MIN(um_s, um_s_of_tenths(vehicle->max_kmh_tenths));
    return TQ_MAX(um_s, 1u);
}

static uint32_t factor_of(const tq_vehicle *vehicle, const leave *left)
{
    if (left->freely || (vehicle->flags & TQ_VEHICLE_THROUGH) != 0) return 1;
    return TQ_MAX(vehicle->destination_factor, 1u);
}

road_pace road_pace_of(const road_asker *asker, const tq_street_attr *attr, uint32_t against)
{
    const tq_vehicle *vehicle = asker->vehicle;
    road_pace none = {0}, pace = {0, 1, extra_ds(vehicle, attr), false};
    if (!fits(vehicle, attr)) return none;
    bool by_limit = vehicle->free_mm_s == 0 || attr->street_class == TQ_FERRY;
    leave left = leave_of(asker, attr, against, vehicle->access, vehicle->mode,
                          by_limit ? attr->speed_kmh[against] : NO_KMH);
    bool through = (vehicle->flags & TQ_VEHICLE_THROUGH) != 0;
    if (left.freely || left.to_destination) {
        pace.um_s = riding_um_s(asker, attr, against, left.kmh);
        pace.factor = factor_of(vehicle, &left);
        pace.last_metres = !left.freely && !through;
    }
    /* What stands in the way of a bike (a turnstile, a stile) stops a pushed one too. */
    bool stopped =
        attr->street_class == TQ_BARRIER && (attr->access[against] & vehicle->access) == 0;
    bool may_push =
        (vehicle->flags & TQ_VEHICLE_PUSHES) != 0 && vehicle->push_mm_s != 0 && !stopped;
    if (!may_push || (pace.um_s != 0 && !asker->any_time)) return pace;
    left = leave_of(asker, attr, against, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, NO_KMH);
    if (!left.freely && !left.to_destination) return pace;
    uint32_t percent = attr->street_class == TQ_STEPS ? PUSHED_ON_STEPS_PERCENT : 100;
    uint64_t pushed = (uint64_t)vehicle->push_mm_s * 10 * percent;
    uint32_t factor = factor_of(vehicle, &left);
    bool last_metres = !left.freely && !through;
    pace.last_metres = pace.um_s == 0 ? last_metres : pace.last_metres && last_metres;
    pace.factor = pace.um_s == 0 ? factor : TQ_MIN(pace.factor, factor);
    pace.um_s = TQ_MAX(pace.um_s, pushed);
    return pace;
}

/* The speeds that live rules leave; NO_SPEED = nothing said. */
#define NO_SPEED UINT64_MAX
typedef struct live_speed {
    bool closed, last_metres;
    uint64_t limit, measured, maybe_measured; /* um_s */
    uint32_t percent;
} live_speed;

static void add_rule(const tq_live_rule *rule, bool sure, live_speed *all)
{
    uint64_t um_s = um_s_of_tenths(rule->value);
    if (!sure) {
        /* At some time nothing of it holds; only a measured speed could be more than that. */
        bool faster = rule->effect == TQ_LIVE_SPEED &&
                      (all->maybe_measured == NO_SPEED || um_s > all->maybe_measured);
        if (faster) all->maybe_measured = um_s;
        return;
    }
    switch ((tq_live_effect)rule->effect) {
    case TQ_LIVE_CLOSED: all->closed = true; break;
    case TQ_LIVE_LAST_METRES: all->last_metres = true; break;
    case TQ_LIVE_LIMIT: all->limit = TQ_MIN(all->limit, um_s); break;
    case TQ_LIVE_SPEED: all->measured = TQ_MIN(all->measured, um_s); break;
    case TQ_LIVE_PERCENT: all->percent = TQ_MIN(all->percent, (uint32_t)rule->value); break;
    }
}

/* Speed with all rules that hold: measured if it is, never above the vehicle's own. */
static uint64_t speed_with(const tq_vehicle *vehicle, uint64_t planned, const live_speed *live)
{
    uint64_t um_s = planned;
    if (live->measured != NO_SPEED)
        um_s = live->measured;
    else if (live->maybe_measured != NO_SPEED)
        um_s = TQ_MAX(planned, live->maybe_measured);
    if (vehicle->free_mm_s != 0) um_s = TQ_MIN(um_s, planned);
    if (vehicle->max_kmh_tenths != 0) um_s = TQ_MIN(um_s, um_s_of_tenths(vehicle->max_kmh_tenths));
    um_s = TQ_MIN(um_s, live->limit);
    if (live->percent < 100) um_s = TQ_MIN(um_s, planned * live->percent / 100);
    return TQ_MAX(um_s, 1u);
}

road_pace road_pace_live(const road_asker *asker, road_pace pace, const tq_overlay *overlay,
                         uint32_t from, uint32_t to)
{
    const tq_vehicle *vehicle = asker->vehicle;
    live_speed live = {
        .limit = NO_SPEED, .measured = NO_SPEED, .maybe_measured = NO_SPEED, .percent = 100};
    bool any = false;
    for (uint32_t k = from; k < to; k++) {
        const tq_live_rule *rule = &overlay->rule[k];
        if ((rule->access & vehicle->mode) == 0) continue;
        road_truth truth = road_live_condition(asker, overlay, rule->condition);
        if (truth == ROAD_NO) continue;
        add_rule(rule, truth == ROAD_YES, &live);
        any = true;
    }
    if (!any || pace.um_s == 0) return pace;
    if (live.last_metres && (vehicle->flags & TQ_VEHICLE_THROUGH) == 0) {
        pace.factor = TQ_MAX(vehicle->destination_factor, 1u);
        pace.last_metres = true;
    }
    pace.um_s = live.closed ? 0 : speed_with(vehicle, pace.um_s, &live);
    return pace;
}

int32_t road_pace_ds(const road_pace *pace, uint32_t length_dm)
{
    if (pace->um_s == 0) return TQ_ROAD_INF;
    uint64_t time = 0;
    if (length_dm != 0) {
        time = ((uint64_t)length_dm * 1000000 + pace->um_s / 2) / pace->um_s;
        time = TQ_MAX(time, 1u) * pace->factor;
    }
    time += pace->extra_ds;
    return time < TQ_ROAD_INF ? (int32_t)time : TQ_ROAD_INF;
}

int32_t tq_road_arc_ds(const tq_city *city, const tq_vehicle *vehicle, const tq_moment *moment,
                       uint32_t arc)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .moment = *moment};
    road_pace pace = road_pace_of(&asker, tq_edge_attr(&city->streets, arc >> 1), arc & 1);
    return road_pace_ds(&pace, city->streets.edge_length_dm[arc >> 1]);
}

/* ---- live state and dates -------------------------------------------------------------------- */

static bool edge_open(const road_asker *asker, uint32_t row)
{
    const tq_dates *dates = &asker->city->dates;
    if (asker->any_time) return dates->row[row].life == TQ_OPEN;
    return tq_open_at(dates, row, asker->moment.at_ms);
}

int32_t road_arc_live(const road_asker *asker, const tq_overlay *overlay, uint32_t arc,
                      bool *last_metres)
{
    const tq_streets *streets = &asker->city->streets;
    uint32_t from = 0, to = 0;
    if (overlay != NULL) tq_overlay_rules(overlay, arc, &from, &to);
    road_pace pace = road_pace_of(asker, tq_edge_attr(streets, arc >> 1), arc & 1);
    if (from < to) pace = road_pace_live(asker, pace, overlay, from, to);
    *last_metres = pace.last_metres;
    if (!edge_open(asker, streets->edge_date[arc >> 1])) return TQ_ROAD_INF;
    return road_pace_ds(&pace, streets->edge_length_dm[arc >> 1]);
}

int32_t road_arc_now(const road_asker *asker, const tq_overlay *overlay, uint32_t arc)
{
    bool last_metres;
    return road_arc_live(asker, overlay, arc, &last_metres);
}

/* ---- turns ----------------------------------------------------------------------------------- */

#define STRAIGHT_DEG 30  /* up to it a turn is straight on */
#define SHARP_DEG    120 /* from it a turn is sharp */

/* How a link turns: angles that cost the same. */
typedef enum bend { BEND_SHARP_LEFT, BEND_LEFT, BEND_NONE, BEND_RIGHT, BEND_SHARP_RIGHT } bend;
#define BENDS 5

static bend bend_of(int32_t angle_deg)
{
    if (angle_deg > STRAIGHT_DEG) return angle_deg >= SHARP_DEG ? BEND_SHARP_RIGHT : BEND_RIGHT;
    if (angle_deg < -STRAIGHT_DEG) return angle_deg <= -SHARP_DEG ? BEND_SHARP_LEFT : BEND_LEFT;
    return BEND_NONE;
}

static int32_t bend_ds(const tq_vehicle *vehicle, uint32_t flags, bend how)
{
    bool right = how == BEND_RIGHT || how == BEND_SHARP_RIGHT;
    bool left = how == BEND_LEFT || how == BEND_SHARP_LEFT;
    int32_t time = 0;
    if ((flags & TQ_LINK_U_TURN) != 0) {
        time += vehicle->u_turn_ds;
        right = left = false;
    } else if ((flags & TQ_LINK_CHOICE) != 0 && (flags & TQ_LINK_ROUNDABOUT) == 0) {
        time += left ? vehicle->left_ds : right ? vehicle->right_ds : vehicle->straight_ds;
        if (how == BEND_SHARP_LEFT || how == BEND_SHARP_RIGHT) time += vehicle->sharp_ds;
    }
    if ((flags & TQ_LINK_SIGNAL) != 0)
        time +=
            right ? vehicle->signal_ds * vehicle->right_signal_percent / 100 : vehicle->signal_ds;
    if ((flags & TQ_LINK_CROSSING) != 0) time += vehicle->crossing_ds;
    if ((flags & TQ_LINK_YIELD) != 0) time += vehicle->yield_ds;
    return time;
}

/* May the bans of a set be passed? */
static bool bans_pass(const road_asker *asker, uint32_t set)
{
    const tq_conditions *rules = &asker->city->conditions;
    if (set == 0 || (asker->vehicle->flags & TQ_VEHICLE_IGNORES_BANS) != 0) return true;
    for (uint32_t k = rules->first_ban[set]; k < rules->first_ban[set + 1]; k++)
        if ((rules->ban[k].access & asker->vehicle->mode) != 0 &&
            road_condition(asker, rules->ban[k].condition) == ROAD_YES)
            return false;
    return true;
}

int32_t tq_road_turn_ds(const tq_city *city, const tq_vehicle *vehicle, const tq_moment *moment,
                        const tq_link *link)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .moment = *moment};
    if (!bans_pass(&asker, link->bans)) return TQ_ROAD_INF;
    return bend_ds(vehicle, link->flags, bend_of(link->angle_deg));
}

/* ---- all weights of a kind ------------------------------------------------------------------- */

#define LINK_FLAGS 128u /* all combinations of TQ_LINK_ */

/* Everything that is asked once for many arcs. */
typedef struct tables {
    uint8_t *truth, *date_open, *ban_passes;
    road_pace *pace; /* [2 * attr_count] */
    int32_t turn_ds[LINK_FLAGS][BENDS];
} tables;

static bool tabulate(road_asker *asker, tables *table)
{
    const tq_city *city = asker->city;
    const tq_conditions *rules = &city->conditions;
    table->truth = TQ_ALLOC(uint8_t, rules->count + 1u);
    table->date_open = TQ_ALLOC(uint8_t, city->dates.count + 1u);
    table->ban_passes = TQ_ALLOC(uint8_t, rules->ban_set_count + 1u);
    table->pace = TQ_ALLOC(road_pace, 2 * (size_t)city->streets.attr_count + 1);
    if (table->truth == NULL || table->date_open == NULL || table->ban_passes == NULL ||
        table->pace == NULL)
        return false;
    for (uint32_t row = 0; row < rules->count; row++)
        table->truth[row] = (uint8_t)road_condition(asker, row);
    asker->truth = table->truth;
    for (uint32_t row = 0; row < city->dates.count; row++)
        table->date_open[row] = edge_open(asker, row);
    table->ban_passes[0] = 1;
    for (uint32_t set = 1; set < rules->ban_set_count; set++)
        table->ban_passes[set] = bans_pass(asker, set);
    for (uint32_t row = 0; row < 2 * city->streets.attr_count; row++)
        table->pace[row] = road_pace_of(asker, &city->streets.attr[row >> 1], row & 1);
    for (uint32_t flags = 0; flags < LINK_FLAGS; flags++)
        for (uint32_t how = 0; how < BENDS; how++)
            table->turn_ds[flags][how] = bend_ds(asker->vehicle, flags, (bend)how);
    return true;
}

/* Weigh the arcs with live rules anew. *inside gets the arcs that are for the last metres because
 * of one, two bits an edge, in memory of the caller's; NULL when there are none. */
static bool weigh_live(const road_asker *asker, const tables *table, const tq_overlay *overlay,
                       int32_t *arc_ds, uint8_t **inside)
{
    const tq_streets *streets = &asker->city->streets;
    for (uint32_t from = 0, to; overlay != NULL && from < overlay->rule_count; from = to) {
        uint32_t arc = overlay->rule[from].arc, edge = arc >> 1;
        for (to = from + 1; to < overlay->rule_count && overlay->rule[to].arc == arc;)
            to++;
        if (edge >= streets->edge_count) continue;
        const road_pace *planned = &table->pace[2 * streets->edge_attr[edge] + (arc & 1)];
        road_pace pace = road_pace_live(asker, *planned, overlay, from, to);
        if (table->date_open[streets->edge_date[edge]] != 0)
            arc_ds[arc] = road_pace_ds(&pace, streets->edge_length_dm[edge]);
        if (!pace.last_metres || planned->last_metres) continue;
        if (*inside == NULL) *inside = TQ_ALLOC(uint8_t, streets->edge_count);
        if (*inside == NULL) return false;
        (*inside)[edge] |= (uint8_t)(1u << (arc & 1));
    }
    return true;
}

/* ---- streets for the last metres ------------------------------------------------------------- */

static uint32_t root_of(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

/*
 * Which edges are for the last metres, and which of them hang together: area [edge_count] gets one
 * of the nodes of its area. *some = there are any. A live closure does not change areas; what is
 * live for the last metres (live_inside, NULL = none) does. False on no memory.
 */
static bool find_areas(const road_asker *asker, const tables *table, const uint8_t *live_inside,
                       uint32_t *area, bool *some)
{
    const tq_streets *streets = &asker->city->streets;
    uint32_t *parent = TQ_ALLOC(uint32_t, streets->node_count);
    *some = false;
    if (parent == NULL) return false;
    for (uint32_t node = 0; node < streets->node_count; node++)
        parent[node] = node;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        const road_pace *pace = &table->pace[2 * (size_t)streets->edge_attr[edge]];
        uint32_t live = live_inside != NULL ? live_inside[edge] : 0;
        bool inside = (pace[0].um_s == 0 || pace[0].last_metres || (live & 1) != 0) &&
                      (pace[1].um_s == 0 || pace[1].last_metres || (live & 2) != 0) &&
                      (pace[0].um_s != 0 || pace[1].um_s != 0);
        area[edge] = inside ? streets->edge_from[edge] : TQ_NONE;
        if (!inside) continue;
        *some = true;
        parent[root_of(parent, streets->edge_from[edge])] = root_of(parent, streets->edge_to[edge]);
    }
    for (uint32_t edge = 0; *some && edge < streets->edge_count; edge++)
        if (area[edge] != TQ_NONE) area[edge] = root_of(parent, area[edge]);
    tq_free(parent);
    return true;
}

/* Through traffic pays at every entry. */
static void weigh_entries(const tq_vehicle *vehicle, const tq_hierarchy *hierarchy,
                          const uint32_t *area, int32_t *turn_ds)
{
    for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++) {
        if (area[hierarchy->arc_of_vertex[vertex] >> 1] != TQ_NONE) continue;
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            uint32_t head = hierarchy->arc_of_vertex[hierarchy->link_head[link]];
            if (area[head >> 1] != TQ_NONE && turn_ds[link] < TQ_ROAD_INF)
                turn_ds[link] += vehicle->destination_entry_ds;
        }
    }
}

static bool weigh(road_asker *asker, const tq_overlay *overlay, const tq_hierarchy *hierarchy,
                  int32_t *arc_ds, int32_t *turn_ds, uint32_t **area)
{
    const tq_streets *streets = &asker->city->streets;
    tables *table = TQ_ALLOC(tables, 1);
    bool done = table != NULL && tabulate(asker, table);
    for (uint32_t edge = 0; done && edge < streets->edge_count; edge++) {
        const road_pace *pace = &table->pace[2 * (size_t)streets->edge_attr[edge]];
        uint32_t length_dm = streets->edge_length_dm[edge];
        bool open = table->date_open[streets->edge_date[edge]] != 0;
        int32_t along = open ? road_pace_ds(&pace[0], length_dm) : TQ_ROAD_INF;
        bool alike = pace[0].um_s == pace[1].um_s && pace[0].factor == pace[1].factor &&
                     pace[0].extra_ds == pace[1].extra_ds;
        arc_ds[2 * (size_t)edge] = along;
        arc_ds[2 * (size_t)edge + 1] = alike || !open ? along : road_pace_ds(&pace[1], length_dm);
    }
    uint8_t *inside = NULL;
    done = done && weigh_live(asker, table, overlay, arc_ds, &inside);
    for (uint32_t k = 0; done && k < hierarchy->link_count; k++) {
        const tq_link *link = &hierarchy->link[k];
        turn_ds[k] = table->ban_passes[link->bans] == 0
                         ? TQ_ROAD_INF
                         : table->turn_ds[link->flags % LINK_FLAGS][bend_of(link->angle_deg)];
    }
    if (area != NULL) *area = NULL;
    if (area != NULL && done && asker->vehicle->destination_entry_ds > 0) {
        bool some = false;
        *area = TQ_ALLOC(uint32_t, streets->edge_count);
        done = *area != NULL && find_areas(asker, table, inside, *area, &some);
        if (done && some && !asker->any_time)
            weigh_entries(asker->vehicle, hierarchy, *area, turn_ds);
        if (!done || !some) {
            tq_free(*area);
            *area = NULL;
        }
    }
    tq_free(inside);
    if (table != NULL) {
        tq_free(table->truth);
        tq_free(table->date_open);
        tq_free(table->ban_passes);
        tq_free(table->pace);
        tq_free(table);
    }
    return done;
}

bool road_weigh(const tq_city *city, const tq_vehicle *vehicle, int64_t at_ms,
                const tq_overlay *overlay, int32_t *arc_ds, int32_t *turn_ds, uint32_t **area,
                const tq_hierarchy *hierarchy)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .moment = tq_moment_at(city, at_ms)};
    return weigh(&asker, overlay, hierarchy, arc_ds, turn_ds, area);
}

bool road_weigh_best(const tq_city *city, const tq_vehicle *vehicle, const tq_overlay *overlay,
                     int32_t *arc_ds, int32_t *turn_ds, uint32_t **area,
                     const tq_hierarchy *hierarchy)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .any_time = true};
    return weigh(&asker, overlay, hierarchy, arc_ds, turn_ds, area);
}
