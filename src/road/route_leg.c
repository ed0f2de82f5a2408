/*
 * Legs of OSRM's route object: summary, steps with maneuvers and intersections, annotations.
 *
 * Invariants: distances and durations of the steps of a leg add up to the leg's, those of its
 * annotations too. Bearings of an intersection ascend; at most INTERSECTION_ARCS_MAX of them are
 * shown.
 */
#include "road/route_json_in.h"

#define INTERSECTION_ARCS_MAX 32

static const char *const turn_name[] = {
    [ROAD_DEPART] = "depart",
    [ROAD_ARRIVE] = "arrive",
    [ROAD_TURN] = "turn",
    [ROAD_CONTINUE] = "continue",
    [ROAD_NEW_NAME] = "new name",
    [ROAD_ROUNDABOUT] = "roundabout",
    [ROAD_EXIT_ROUNDABOUT] = "exit roundabout",
};

static const char *mode_of(const route_answer *answer, uint32_t arc)
{
    if (tq_edge_attr(&answer->city->streets, arc >> 1)->street_class == TQ_FERRY) return "ferry";
    switch (answer->profile) {
    case TQ_PROFILE_BIKE: return "cycling";
    case TQ_PROFILE_CAR:
    case TQ_PROFILE_TAXI: return "driving";
    default: return "walking";
    }
}

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
    route_location(json, lat_lon);
    tq_json_end_object(json);
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
    route_location(json,
                   (const int32_t[]){streets->node_at[node].lat_e7, streets->node_at[node].lon_e7});
    tq_json_end_object(json);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void put_maneuver(route_answer *answer, const road_maneuver *step, const int32_t *lat_lon)
{
    tq_json *json = &answer->json;
    tq_json_key(json, "maneuver");
    tq_json_object(json);
    put_key_number(json, "bearing_after", step->bearing_after, 0);
    put_key_number(json, "bearing_before", step->bearing_before, 0);
    tq_json_key(json, "location");
    route_location(json, lat_lon);
    if (step->modifier != NULL) {
        tq_json_key(json, "modifier");
        tq_json_text(json, step->modifier);
    }
    tq_json_key(json, "type");
    tq_json_text(json, turn_name[step->turn]);
    if (step->exit != 0) put_key_number(json, "exit", step->exit, 0);
    tq_json_end_object(json);
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
        time_ds += road_piece_ds(answer->city, answer->metric, &leg->way, k);
    }
    const int32_t *at = line->lat_lon + 2 * (size_t)first_point;
    uint32_t arc = leg->way.arc[TQ_MIN(step->first, last)];
    tq_json_object(json);
    /* A line has two points at least: what covers none repeats its own. */
    int32_t twice[4] = {at[0], at[1], at[0], at[1]};
    if (!(end_point > first_point ? route_geometry(answer, at, end_point - first_point + 1)
                                  : route_geometry(answer, twice, 2)))
        return false;
    put_maneuver(answer, step, at);
    tq_json_key(json, "mode");
    tq_json_text(json, mode_of(answer, arc));
    tq_json_key(json, "driving_side");
    tq_json_text(json, "right");
    tq_json_key(json, "name");
    tq_json_text(json, tq_text(answer->city, name_of(answer, arc)->name));
    if (name_of(answer, arc)->ref != 0) {
        tq_json_key(json, "ref");
        tq_json_text(json, tq_text(answer->city, name_of(answer, arc)->ref));
    }
    put_intersections(answer, leg, step, at);
    put_key_number(json, "weight", time_ds, 1);
    put_key_number(json, "duration", time_ds, 1);
    put_key_number(json, "distance", (int64_t)length_dm, 1);
    tq_json_end_object(json);
    return true;
}

/* ---- annotations ----------------------------------------------------------------------------- */

typedef enum annotation { ANNOTATE_DISTANCE, ANNOTATE_DURATION, ANNOTATE_SPEED } annotation;

/* A value for each piece of the line; an arc's length and time are shared out by the pieces'
 * lengths. */
static void put_annotation(route_answer *answer, const road_leg *leg, const char *key,
                           annotation what)
{
    const road_line *line = &leg->line;
    tq_json *json = &answer->json;
    tq_json_key(json, key);
    tq_json_array(json);
    if (line->first[leg->way.arc_count] == 0)
        route_number(json, 0, 0); /* a way of no length: one piece */
    for (uint32_t k = 0; k < leg->way.arc_count; k++) {
        uint64_t total = 0, passed = 0, length_dm = road_piece_dm(answer->city, &leg->way, k);
        uint64_t time_ds = (uint64_t)road_piece_ds(answer->city, answer->metric, &leg->way, k);
        for (uint32_t p = line->first[k]; p < line->first[k + 1]; p++) {
            const int32_t *a = line->lat_lon + 2 * (size_t)p;
            total += tq_distance_dm((tq_point){a[0], a[1]}, (tq_point){a[2], a[3]});
        }
        for (uint32_t p = line->first[k]; p < line->first[k + 1]; p++) {
            const int32_t *a = line->lat_lon + 2 * (size_t)p;
            uint64_t next = passed + tq_distance_dm((tq_point){a[0], a[1]}, (tq_point){a[2], a[3]});
            if (p + 1 == line->first[k + 1]) next = total;
            uint64_t base = TQ_MAX(total, 1u);
            uint64_t dm = length_dm * next / base - length_dm * passed / base;
            uint64_t ds = time_ds * next / base - time_ds * passed / base;
            if (total == 0 && p + 1 == line->first[k + 1]) dm = length_dm, ds = time_ds;
            if (what == ANNOTATE_SPEED)
                route_number(json, time_ds == 0 ? 0 : (int64_t)(length_dm * 10 / time_ds), 1);
            else
                route_number(json, (int64_t)(what == ANNOTATE_DISTANCE ? dm : ds), 1);
            passed = next;
        }
    }
    tq_json_end_array(json);
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
        put_annotation(answer, leg, "distance", ANNOTATE_DISTANCE);
        put_annotation(answer, leg, "duration", ANNOTATE_DURATION);
        put_annotation(answer, leg, "weight", ANNOTATE_DURATION);
        put_annotation(answer, leg, "speed", ANNOTATE_SPEED);
        tq_json_end_object(json);
    }
    tq_json_end_object(json);
    return true;
}
