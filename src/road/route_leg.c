/*
 * Legs of OSRM's route object: summary, steps with maneuvers and intersections, annotations.
 *
 * Invariants: distances and durations of the steps of a leg add up to the leg's, those of its
 * annotations too. Bearings of an intersection ascend; at most INTERSECTION_ARCS_MAX of them are
 * shown.
 */
#include "road/lanes_in.h"
#include "road/route_json_in.h"
#include "road/say_in.h"

#define INTERSECTION_ARCS_MAX 32

/* Names on the line that a ramp leads to are looked for this many arcs ahead. */
#define TOWARD_ARCS_MAX 64u

static const char *const turn_name[ROAD_TURN_COUNT] = {
    [ROAD_DEPART] = "depart",
    [ROAD_ARRIVE] = "arrive",
    [ROAD_TURN] = "turn",
    [ROAD_CONTINUE] = "continue",
    [ROAD_NEW_NAME] = "new name",
    [ROAD_MERGE] = "merge",
    [ROAD_ON_RAMP] = "on ramp",
    [ROAD_OFF_RAMP] = "off ramp",
    [ROAD_FORK] = "fork",
    [ROAD_END_OF_ROAD] = "end of road",
    [ROAD_ROUNDABOUT] = "roundabout",
    [ROAD_ROTARY] = "rotary",
    [ROAD_ROUNDABOUT_TURN] = "roundabout turn",
    [ROAD_EXIT_ROUNDABOUT] = "exit roundabout",
    [ROAD_EXIT_ROTARY] = "exit rotary",
    [ROAD_NOTIFICATION] = "notification",
};

static const char *const modifier_name[ROAD_MODIFIER_COUNT] = {
    [ROAD_STRAIGHT] = "straight", [ROAD_SLIGHT_RIGHT] = "slight right",
    [ROAD_RIGHT] = "right",       [ROAD_SHARP_RIGHT] = "sharp right",
    [ROAD_U_TURN] = "uturn",      [ROAD_SHARP_LEFT] = "sharp left",
    [ROAD_LEFT] = "left",         [ROAD_SLIGHT_LEFT] = "slight left",
};

static const char *const mode_name[ROAD_MODE_COUNT] = {
    [ROAD_DRIVING] = "driving", [ROAD_CYCLING] = "cycling", [ROAD_PUSHING] = "pushing bike",
    [ROAD_WALKING] = "walking", [ROAD_ON_FERRY] = "ferry",
};

static const tq_street_name *name_of(const route_answer *answer, uint32_t arc)
{
    const tq_streets *streets = &answer->city->streets;
    return &streets->name[streets->edge_name[arc >> 1]];
}

static void put_key_number(tq_json *json, const char *key, int64_t value, unsigned digits)
{
    tq_json_key(json, key);
    route_number(json, value, digits);
}

/* A piece with the turn behind it. */
static int64_t piece_ds(const route_answer *answer, const tq_way *way, uint32_t k)
{
    return (int64_t)road_piece_ds(answer->city, answer->metric, way, k) + way->turn_ds[k];
}

/* ---- intersections --------------------------------------------------------------------------- */

typedef struct road_spoke {
    uint32_t bearing, arc;
    bool entry;
} road_spoke;

/* Arcs that leave a node and can be used in some direction, by bearing. */
static uint32_t spokes_of(const route_answer *answer, uint32_t node, road_spoke *out)
{
    const tq_streets *streets = &answer->city->streets;
    const int32_t *arc_ds = answer->metric->arc_ds;
    uint32_t count = 0;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t arc = streets->out_arc[k];
        if (count == INTERSECTION_ARCS_MAX ||
            (arc_ds[arc] >= TQ_ROAD_INF && arc_ds[arc ^ 1] >= TQ_ROAD_INF))
            continue;
        road_spoke one = {road_bearing(streets, arc), arc, arc_ds[arc] < TQ_ROAD_INF};
        uint32_t place = count++;
        for (; place > 0 && out[place - 1].bearing > one.bearing; place--)
            out[place] = out[place - 1];
        out[place] = one;
    }
    return count;
}

/* One end of a leg: the only spoke is the way itself. */
static void put_end(route_answer *answer, const int32_t *lat_lon, uint32_t bearing,
                    const char *side)
{
    tq_json *json = &answer->json;
    tq_json_object(json);
    put_key_number(json, side, 0, 0);
    tq_json_key(json, "entry");
    tq_json_array(json);
    tq_json_bool(json, true);
    tq_json_end_array(json);
    tq_json_key(json, "bearings");
    tq_json_array(json);
    route_number(json, bearing, 0);
    tq_json_end_array(json);
    tq_json_key(json, "location");
    route_location(answer, json, lat_lon);
    tq_json_end_object(json);
}

/* The arrows before a junction, for one who goes on by `out`. */
static void put_lanes(route_answer *answer, uint32_t in, uint32_t out)
{
    const tq_streets *streets = &answer->city->streets;
    const char *text = tq_text(answer->city, tq_edge_attr(streets, in >> 1)->turn_lanes[in & 1]);
    lane lanes[LANES_MAX];
    uint32_t count = lanes_read(text, out == (in ^ 1) ? 180 : road_bend(streets, in, out), lanes);
    if (count > 0) lanes_put(&answer->json, lanes, count);
}

/* The junction before piece k > 0; left out when there is no third street, unless a step begins
 * there. */
static void put_junction(route_answer *answer, const tq_way *way, uint32_t k, bool always)
{
    tq_json *json = &answer->json;
    const tq_streets *streets = &answer->city->streets;
    uint32_t out = way->arc[k], in = way->arc[k - 1] ^ 1, node = tq_arc_tail(streets, out);
    road_spoke spoke[INTERSECTION_ARCS_MAX];
    uint32_t count = spokes_of(answer, node, spoke), place[2] = {TQ_NONE, TQ_NONE};
    if (count < 3 && !always) return;
    for (uint32_t s = 0; s < count; s++)
        spoke[s].entry =
            spoke[s].entry && road_may_turn(answer->metric, way->arc[k - 1], spoke[s].arc);
    for (uint32_t s = 0; s < count; s++) {
        if (spoke[s].arc == out) place[0] = s;
        if (spoke[s].arc == in) place[1] = s;
    }
    tq_json_object(json);
    if (place[0] != TQ_NONE) put_key_number(json, "out", place[0], 0);
    if (place[1] != TQ_NONE) put_key_number(json, "in", place[1], 0);
    tq_json_key(json, "entry");
    tq_json_array(json);
    for (uint32_t s = 0; s < count; s++)
        tq_json_bool(json, spoke[s].entry);
    tq_json_end_array(json);
    tq_json_key(json, "bearings");
    tq_json_array(json);
    for (uint32_t s = 0; s < count; s++)
        route_number(json, spoke[s].bearing, 0);
    tq_json_end_array(json);
    tq_json_key(json, "location");
    route_location(answer, json,
                   (const int32_t[]){streets->node_at[node].lat_e7, streets->node_at[node].lon_e7});
    put_lanes(answer, way->arc[k - 1], out);
    tq_json_end_object(json);
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* What a walker is told beside the turn. */
static say_extra extra_of(const route_answer *answer, uint32_t arc)
{
    const tq_street_attr *attr = tq_edge_attr(&answer->city->streets, arc >> 1);
    if (answer->metric->kind == TQ_HIERARCHY_MOTOR) return SAY_NOTHING;
    if (attr->street_class == TQ_STEPS) {
        if (attr->incline_percent == TQ_INCLINE_UNKNOWN || attr->incline_percent == 0)
            return SAY_STAIRS;
        return (attr->incline_percent > 0) == ((arc & 1) == 0) ? SAY_STAIRS_UP : SAY_STAIRS_DOWN;
    }
    return attr->crossing == TQ_CROSSING_SIGNALS  ? SAY_CROSSING_SIGNALS
           : attr->crossing == TQ_CROSSING_MARKED ? SAY_CROSSING
                                                  : SAY_NOTHING;
}

/* The arc whose name is said: of a ring, the street after it; of a ramp without a name, the next
 * street that has one. */
static uint32_t said_arc(const route_answer *answer, const road_leg *leg, const road_maneuver *step)
{
    const tq_way *way = &leg->way;
    const tq_streets *streets = &answer->city->streets;
    uint32_t k = TQ_MIN(step->first, way->arc_count - 1);
    bool ring = step->turn == ROAD_ROUNDABOUT || step->turn == ROAD_ROTARY ||
                step->turn == ROAD_ROUNDABOUT_TURN;
    while (ring && k + 1 < way->arc_count && road_in_ring(streets, way->arc[k]))
        k++;
    if (step->turn != ROAD_ON_RAMP && step->turn != ROAD_OFF_RAMP) return way->arc[k];
    for (uint32_t ahead = 0; ahead < TOWARD_ARCS_MAX && k + ahead < way->arc_count; ahead++) {
        const tq_street_name *name = name_of(answer, way->arc[k + ahead]);
        if (name->name != 0 || name->ref != 0) return way->arc[k + ahead];
    }
    return way->arc[k];
}

static bool put_instruction(route_answer *answer, const road_leg *leg, const road_maneuver *step)
{
    const tq_city *city = answer->city;
    uint32_t last = leg->way.arc_count - 1, first = leg->way.arc[TQ_MIN(step->first, last)];
    const tq_street_name *name = name_of(answer, said_arc(answer, leg, step));
    bool english = answer->options->language == TQ_LANGUAGE_EN && name->name_en != 0;
    say_step say = {.turn = step->turn,
                    .modifier = step->modifier,
                    .mode = road_mode_of(city, answer->metric, first),
                    .extra = extra_of(answer, first),
                    .name = tq_text(city, english ? name->name_en : name->name),
                    .ref = tq_text(city, name->ref),
                    .ring_name = tq_text(city, step->ring_name),
                    .exit = step->exit,
                    .bearing = step->bearing_after,
                    .stop_number = leg->stop_number};
    if (step > leg->step)
        for (uint32_t k = step[-1].first; k < step[-1].end; k++)
            say.before_dm += road_piece_dm(city, &leg->way, k);
    size_t mark = answer->work->used;
    size_t most = 512 + strlen(say.name) + strlen(say.ref) + strlen(say.ring_name);
    char *text = TQ_PUSH_RAW(answer->work, char, most);
    if (text == NULL) return false;
    tq_buf buf = {.at = text, .cap = most, .limit = most};
    say_step_text(answer->options->language, &say, &buf);
    TQ_ASSERT(!buf.failed);
    tq_json_key(&answer->json, "instruction");
    tq_json_str(&answer->json, (tq_str){text, buf.len});
    tq_arena_reset(answer->work, mark);
    return true;
}

static bool put_maneuver(route_answer *answer, const road_leg *leg, const road_maneuver *step,
                         const int32_t *lat_lon)
{
    tq_json *json = &answer->json;
    tq_json_key(json, "maneuver");
    tq_json_object(json);
    put_key_number(json, "bearing_after", step->bearing_after, 0);
    put_key_number(json, "bearing_before", step->bearing_before, 0);
    tq_json_key(json, "location");
    route_location(answer, json, lat_lon);
    if (step->modifier != ROAD_NO_MODIFIER)
        tq_json_put_text(json, "modifier", modifier_name[step->modifier]);
    tq_json_put_text(json, "type", turn_name[step->turn]);
    if (step->exit != 0) put_key_number(json, "exit", step->exit, 0);
    bool whole =
        answer->options->language == TQ_LANGUAGE_NONE || put_instruction(answer, leg, step);
    tq_json_end_object(json);
    return whole;
}

static void put_intersections(route_answer *answer, const road_leg *leg, const road_maneuver *step,
                              const int32_t *lat_lon)
{
    tq_json_key(&answer->json, "intersections");
    tq_json_array(&answer->json);
    if (step->turn == ROAD_ARRIVE)
        put_end(answer, lat_lon, (step->bearing_before + 180) % 360, "in");
    else if (step->turn == ROAD_DEPART)
        put_end(answer, lat_lon, step->bearing_after, "out");
    else
        put_junction(answer, &leg->way, step->first, true);
    for (uint32_t k = step->first + 1; k < step->end; k++)
        put_junction(answer, &leg->way, k, false);
    tq_json_end_array(&answer->json);
}

static bool put_step(route_answer *answer, const road_leg *leg, const road_maneuver *step)
{
    tq_json *json = &answer->json;
    const road_line *line = &leg->line;
    uint32_t last = leg->way.arc_count - 1;
    uint32_t first_point = line->first[step->first], end_point = line->first[step->end];
    uint64_t length_dm = 0;
    int64_t time_ds = 0;
    for (uint32_t k = step->first; k < step->end; k++) {
        length_dm += road_piece_dm(answer->city, &leg->way, k);
        time_ds += piece_ds(answer, &leg->way, k);
    }
    const int32_t *at = line->lat_lon + 2 * (size_t)first_point;
    uint32_t arc = leg->way.arc[TQ_MIN(step->first, last)];
    tq_json_object(json);
    /* A line has two points at least: what covers none repeats its own. */
    int32_t twice[4] = {at[0], at[1], at[0], at[1]};
    if (!(end_point > first_point ? route_geometry(answer, at, end_point - first_point + 1)
                                  : route_geometry(answer, twice, 2)))
        return false;
    if (!put_maneuver(answer, leg, step, at)) return false;
    tq_json_key(json, "mode");
    tq_json_text(json, mode_name[road_mode_of(answer->city, answer->metric, arc)]);
    tq_json_key(json, "driving_side");
    tq_json_text(json, "right");
    tq_json_key(json, "name");
    tq_json_text(json, tq_text(answer->city, name_of(answer, arc)->name));
    if (name_of(answer, arc)->ref != 0) {
        tq_json_key(json, "ref");
        tq_json_text(json, tq_text(answer->city, name_of(answer, arc)->ref));
    }
    if (step->ring_name != 0)
        tq_json_put_text(json, "rotary_name", tq_text(answer->city, step->ring_name));
    put_intersections(answer, leg, step, at);
    put_key_number(json, "weight", time_ds, 1);
    put_key_number(json, "duration", time_ds, 1);
    put_key_number(json, "distance", (int64_t)length_dm, 1);
    tq_json_end_object(json);
    return true;
}

/* ---- annotations ----------------------------------------------------------------------------- */

/* Values of each piece of the line; a way of no length has one piece. */
typedef struct annotations {
    uint32_t count;
    uint32_t *dm, *ds, *speed; /* speed in tenths of metres a second */
} annotations;

/* An arc's length and time are shared out by the pieces' lengths; sums stay exact. */
static void annotate_arc(const route_answer *answer, const road_leg *leg, uint32_t k,
                         annotations *out)
{
    const road_line *line = &leg->line;
    uint32_t begin = line->first[k], end = line->first[k + 1];
    uint64_t total = 0, passed = 0, length_dm = road_piece_dm(answer->city, &leg->way, k);
    uint64_t time_ds = (uint64_t)piece_ds(answer, &leg->way, k);
    for (uint32_t p = begin; p < end; p++) {
        const int32_t *a = line->lat_lon + 2 * (size_t)p;
        out->dm[p] = tq_distance_dm((tq_point){a[0], a[1]}, (tq_point){a[2], a[3]});
        total += out->dm[p];
    }
    uint64_t base = TQ_MAX(total, 1u);
    for (uint32_t p = begin; p < end; p++) {
        uint64_t next = passed + out->dm[p];
        bool all = total == 0 && p + 1 == end;
        out->dm[p] =
            (uint32_t)(all ? length_dm : length_dm * next / base - length_dm * passed / base);
        out->ds[p] = (uint32_t)(all ? time_ds : time_ds * next / base - time_ds * passed / base);
        out->speed[p] = time_ds == 0 ? 0 : (uint32_t)(length_dm * 10 / time_ds);
        passed = next;
    }
}

static void put_values(tq_json *json, const char *key, const uint32_t *value, uint32_t count)
{
    tq_json_key(json, key);
    tq_json_array(json);
    for (uint32_t p = 0; p < count; p++)
        route_number(json, value[p], 1);
    tq_json_end_array(json);
}

static bool put_annotations(route_answer *answer, const road_leg *leg)
{
    size_t mark = answer->work->used, most = leg->line.count;
    annotations all = {.count = leg->line.first[leg->way.arc_count],
                       .dm = TQ_PUSH(answer->work, uint32_t, most),
                       .ds = TQ_PUSH(answer->work, uint32_t, most),
                       .speed = TQ_PUSH(answer->work, uint32_t, most)};
    if (all.dm == NULL || all.ds == NULL || all.speed == NULL) return false;
    for (uint32_t k = 0; k < leg->way.arc_count; k++)
        annotate_arc(answer, leg, k, &all);
    all.count = TQ_MAX(all.count, 1u);
    put_values(&answer->json, "distance", all.dm, all.count);
    put_values(&answer->json, "duration", all.ds, all.count);
    put_values(&answer->json, "weight", all.ds, all.count);
    put_values(&answer->json, "speed", all.speed, all.count);
    tq_arena_reset(answer->work, mark);
    return true;
}

/* All speeds come from the city itself. */
static void put_sources(route_answer *answer, const road_leg *leg)
{
    tq_json *json = &answer->json;
    tq_json_key(json, "datasources");
    tq_json_array(json);
    for (uint32_t p = 0; p + 1 < leg->line.count; p++)
        route_number(json, 0, 0);
    tq_json_end_array(json);
    tq_json_key(json, "metadata");
    tq_json_object(json);
    tq_json_key(json, "datasource_names");
    tq_json_array(json);
    tq_json_text(json, "tongqu");
    tq_json_end_array(json);
    tq_json_end_object(json);
}

/* The city file keeps no node ids of the source: each point is named by its place on the leg's
 * line, so that lengths fit. */
static void put_nodes(route_answer *answer, const road_leg *leg)
{
    tq_json_key(&answer->json, "nodes");
    tq_json_array(&answer->json);
    for (uint32_t p = 0; p < leg->line.count; p++)
        route_number(&answer->json, p, 0);
    tq_json_end_array(&answer->json);
}

/* ---- legs ------------------------------------------------------------------------------------ */

static uint64_t length_under_name(const route_answer *answer, const tq_way *way, uint32_t name)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < way->arc_count; k++)
        if (name_of(answer, way->arc[k])->name == name) sum += road_piece_dm(answer->city, way, k);
    return sum;
}

/* The two names that cover most of the leg, in travel order. Only steps are looked at, which keeps
 * it short. */
static void put_summary(route_answer *answer, const road_leg *leg)
{
    uint32_t name[2] = {0, 0}, place[2] = {0, 0};
    uint64_t most[2] = {0, 0};
    for (uint32_t s = 0; s < leg->step_count; s++) {
        if (leg->step[s].first >= leg->way.arc_count) continue;
        uint32_t one = name_of(answer, leg->way.arc[leg->step[s].first])->name;
        if (one == 0 || one == name[0] || one == name[1]) continue;
        uint64_t length_dm = length_under_name(answer, &leg->way, one);
        uint32_t slot = length_dm > most[0] ? 0 : length_dm > most[1] ? 1 : 2;
        if (slot == 2) continue;
        if (slot == 0) {
            name[1] = name[0];
            place[1] = place[0];
            most[1] = most[0];
        }
        name[slot] = one;
        place[slot] = s;
        most[slot] = length_dm;
    }
    bool swap = name[1] != 0 && place[1] < place[0];
    const char *first = tq_text(answer->city, name[swap]),
               *second = tq_text(answer->city, name[!swap]);
    size_t len = strlen(first) + strlen(second) + 3, mark = answer->work->used;
    tq_json_key(&answer->json, "summary");
    char *text = TQ_PUSH_RAW(answer->work, char, len);
    if (text == NULL || name[1] == 0) {
        tq_json_text(&answer->json, first);
    } else {
        tq_buf buf = {.at = text, .cap = len, .limit = len};
        tq_buf_puts(&buf, first);
        tq_buf_puts(&buf, ", ");
        tq_buf_puts(&buf, second);
        tq_json_str(&answer->json, (tq_str){buf.at, buf.len});
    }
    tq_arena_reset(answer->work, mark);
}

bool route_leg(route_answer *answer, const road_leg *leg)
{
    tq_json *json = &answer->json;
    tq_json_object(json);
    tq_json_key(json, "steps");
    tq_json_array(json);
    for (uint32_t s = 0; s < leg->step_count; s++)
        if (!put_step(answer, leg, &leg->step[s])) return false;
    tq_json_end_array(json);
    put_summary(answer, leg);
    put_key_number(json, "weight", leg->way.time_ds, 1);
    put_key_number(json, "duration", leg->way.time_ds, 1);
    put_key_number(json, "distance", leg->way.length_dm, 1);
    if (answer->options->annotations) {
        tq_json_key(json, "annotation");
        tq_json_object(json);
        if (!put_annotations(answer, leg)) return false;
        put_nodes(answer, leg);
        put_sources(answer, leg);
        tq_json_end_object(json);
    }
    tq_json_end_object(json);
    return true;
}
