/*
 * Stretches: pieces of street as people name them.
 *
 * The two directions are found apart, each as the shortest way along the street between the two
 * crossings, so that the twin carriageway of a divided road comes by itself and a one-way street
 * has one direction only. A whole street is the way between its two farthest ends; it begins in the
 * west or in the south, whichever it runs along more.
 *
 * A refusal names the member, what stands there and what would do. Limits: TQ_STRETCH_ARCS_MAX
 * arcs, TQ_STRETCH_POINTS_MAX points of a line.
 */
#include <stdio.h>

#include "live/live_in.h"

#define END_M            60u /* an end of a street: so near its farthest place */
#define PIECES_MAX       6u
#define PIECE_SMALL_PART 10u /* pieces under a tenth of a street are no pieces of their own */

static const char *const MEMBERS[] = {"street", "from",  "to",        "line", "datum",
                                      "arcs",   "edges", "direction", NULL};
static const char *const DIRECTIONS[] = {"both", "forward", "backward", NULL};

void tq_stretch_free(tq_stretch *stretch)
{
    if (stretch == NULL) return;
    tq_free(stretch->arc);
    stretch->arc = NULL;
    stretch->arc_count = stretch->along_count = 0;
}

void live_ways_free(live_ways *ways)
{
    tq_vec_free(&ways->along);
    tq_vec_free(&ways->against);
}

/* ---- from two ways to a stretch -------------------------------------------------------------- */

static uint32_t length_dm(const tq_streets *streets, const live_ids *way)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < way->count; k++)
        sum += streets->edge_length_dm[way->at[k] >> 1];
    return (uint32_t)TQ_MIN(sum, UINT32_MAX);
}

static const char *row_name(const tq_city *city, uint32_t row)
{
    const tq_street_name *name = &city->streets.name[row];
    return tq_text(city, name->name != 0      ? name->name
                         : name->name_en != 0 ? name->name_en
                                              : name->ref);
}

/* The name that most metres bear. */
static uint32_t main_name(const tq_city *city, const live_ids *way)
{
    const tq_streets *streets = &city->streets;
    uint32_t best = 0;
    uint64_t best_dm = 0;
    for (size_t k = 0; k < way->count; k++) {
        uint32_t row = streets->edge_name[way->at[k] >> 1];
        uint64_t dm = 0;
        if (row == 0 || row == best) continue;
        for (size_t j = 0; j < way->count; j++)
            if (streets->edge_name[way->at[j] >> 1] == row)
                dm += streets->edge_length_dm[way->at[j] >> 1];
        if (dm > best_dm) {
            best = row;
            best_dm = dm;
        }
    }
    return best;
}

/* The greatest street of another name at a node. */
static void name_end(const tq_city *city, uint32_t node, const char *street, char out[120])
{
    const tq_streets *streets = &city->streets;
    uint32_t best = TQ_STREET_CLASS_COUNT;
    if (out[0] != '\0') return;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t edge = streets->out_arc[k] >> 1;
        const char *name = row_name(city, streets->edge_name[edge]);
        uint32_t rank = tq_edge_attr(streets, edge)->street_class;
        if (name[0] == '\0' || strcmp(name, street) == 0 || rank >= best) continue;
        best = rank;
        (void)snprintf(out, 120, "%.119s", name);
    }
}

static bool same_ids(const live_ids *a, uint32_t id)
{
    for (size_t k = 0; k < a->count; k++)
        if (a->at[k] == id) return true;
    return false;
}

tq_status live_ways_finish(const tq_city *city, live_ways *ways, live_direction direction,
                           tq_stretch *out, tq_err *err)
{
    const tq_streets *streets = &city->streets;
    live_ids *along = &ways->along, *against = &ways->against;
    tq_stretch made = {0};
    if (direction == LIVE_FORWARD && along->count == 0 && against->count > 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"direction\" \"forward\": the street is one-way the other way; say "
                       "\"backward\" or \"both\"");
    if (direction == LIVE_BACKWARD && against->count == 0 && along->count > 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"direction\" \"backward\": the street is one-way; say \"forward\" or "
                       "\"both\"");
    const live_ids *main = along->count > 0 ? along : against;
    made.length_m = (length_dm(streets, main) + 5) / 10;
    uint32_t name = main_name(city, main);
    (void)snprintf(made.street, sizeof made.street, "%.119s",
                   ways->street[0] != '\0' ? ways->street : row_name(city, name));
    (void)snprintf(made.street_en, sizeof made.street_en, "%.119s",
                   tq_text(city, streets->name[name].name_en));
    (void)snprintf(made.from, sizeof made.from, "%.119s", ways->from);
    (void)snprintf(made.to, sizeof made.to, "%.119s", ways->to);
    if (main->count > 0) {
        uint32_t first = tq_arc_tail(streets, main->at[0]),
                 last = tq_arc_head(streets, main->at[main->count - 1]);
        bool turned = along->count == 0;
        name_end(city, turned ? last : first, made.street, made.from);
        name_end(city, turned ? first : last, made.street, made.to);
    }
    if (direction == LIVE_FORWARD) against->count = 0;
    if (direction == LIVE_BACKWARD) along->count = 0;
    size_t count = along->count + against->count;
    if (count == 0)
        return tq_fail(err, TQ_NOT_FOUND, 0, "the stretch has no arc that anybody may use");
    if (count > TQ_STRETCH_ARCS_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "the stretch has %zu arcs; %u are the most: take a "
                       "shorter one",
                       count, TQ_STRETCH_ARCS_MAX);
    made.arc = TQ_ALLOC(uint32_t, count);
    if (made.arc == NULL) return live_no_memory(err);
    for (size_t k = 0; k < along->count; k++)
        made.arc[made.arc_count++] = along->at[k];
    made.along_count = made.arc_count;
    for (size_t k = 0; k < against->count; k++)
        if (!same_ids(along, against->at[k])) made.arc[made.arc_count++] = against->at[k];
    *out = made;
    return TQ_OK;
}

/* ---- a whole street -------------------------------------------------------------------------- */

typedef struct piece {
    uint32_t node; /* where it was met */
    uint64_t length_dm;
} piece;

/* The node of the street reached by the last search that is farthest from a place. */
static uint32_t farthest(const live_finder *finder, const uint8_t *own, tq_point from)
{
    uint32_t best = TQ_NONE, best_dm = 0;
    for (size_t k = 0; k < finder->touched.count; k++) {
        uint32_t node = finder->touched.at[k];
        uint32_t dm = tq_distance_dm(from, finder->streets->node_at[node]);
        if (own[node] == 0 || dm < best_dm || (dm == best_dm && node > best)) continue;
        best = node;
        best_dm = dm;
    }
    return best;
}

static tq_status sweep(live_finder *finder, uint32_t node)
{
    live_ids from = {0};
    bool found;
    if (!tq_vec_push(&from, node)) return live_no_memory(finder->err);
    tq_status status = live_search(finder, LIVE_UNDIRECTED, &from, NULL, NULL, &found);
    tq_vec_free(&from);
    return status;
}

/* Metres of the street among the nodes of the last search; those nodes are marked. */
static uint64_t mark_reached(live_finder *finder, uint8_t *reached)
{
    const tq_streets *streets = finder->streets;
    uint64_t sum_dm = 0;
    for (size_t k = 0; k < finder->touched.count; k++)
        reached[finder->touched.at[k]] = 2;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++)
        if (live_is_of(finder, edge, 1) && reached[streets->edge_from[edge]] == 2)
            sum_dm += streets->edge_length_dm[edge];
    for (size_t k = 0; k < finder->touched.count; k++)
        reached[finder->touched.at[k]] = 1;
    return sum_dm;
}

/* Pieces of the street that hang together; `reached` is [node_count]. */
static tq_status find_pieces(live_finder *finder, uint8_t *reached, piece *pieces, uint32_t *count)
{
    const tq_streets *streets = finder->streets;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        uint32_t node = streets->edge_from[edge];
        if (!live_is_of(finder, edge, 1) || reached[node] != 0) continue;
        if (!live_may(finder, 2 * edge) && !live_may(finder, 2 * edge + 1)) continue;
        TQ_TRY(sweep(finder, node));
        piece one = {.node = node, .length_dm = mark_reached(finder, reached)};
        if (*count < PIECES_MAX) pieces[(*count)++] = one;
    }
    return TQ_OK;
}

static tq_status choose_piece(live_finder *finder, const char *street, const piece *pieces,
                              uint32_t count, uint32_t *chosen)
{
    uint64_t all = 0;
    char list[300];
    size_t len = 0;
    *chosen = 0;
    for (uint32_t k = 0; k < count; k++) {
        all += pieces[k].length_dm;
        if (pieces[k].length_dm > pieces[*chosen].length_dm) *chosen = k;
    }
    if (count == 0)
        return tq_fail(finder->err, TQ_NOT_FOUND, 0, "nobody may use the street %s", street);
    if (all - pieces[*chosen].length_dm <= all / PIECE_SMALL_PART) return TQ_OK;
    list[0] = '\0';
    for (uint32_t k = 0; k < count && len < sizeof list - 60; k++) {
        tq_point at = finder->streets->node_at[pieces[k].node];
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%llu m at %.4f,%.4f",
                                k > 0 ? "; " : "", (unsigned long long)pieces[k].length_dm / 10,
                                at.lat_e7 / 1e7, at.lon_e7 / 1e7);
    }
    return tq_fail(finder->err, TQ_AMBIGUOUS, 0,
                   "\"street\" %s is in pieces that do not hang together: %s; give \"from\" and "
                   "\"to\", or draw a \"line\"",
                   street, list);
}

/* Is a the end to begin with: the western or southern one? */
static bool begins(const tq_streets *streets, uint32_t a, uint32_t b)
{
    tq_point p = streets->node_at[a], q = streets->node_at[b];
    unsigned heading = tq_bearing_deg(p, q);
    bool easterly = heading >= 45 && heading < 135, northerly = heading >= 315 || heading < 45;
    return easterly || northerly;
}

/* The two ends of a piece, the one to begin with first. */
static tq_status find_ends(live_finder *finder, const piece *one, tq_point ends[2])
{
    const tq_streets *streets = finder->streets;
    uint8_t *own = TQ_ALLOC(uint8_t, (size_t)streets->node_count + 1);
    if (own == NULL) return live_no_memory(finder->err);
    for (uint32_t edge = 0; edge < streets->edge_count; edge++)
        if (live_is_of(finder, edge, 1))
            own[streets->edge_from[edge]] = own[streets->edge_to[edge]] = 1;
    tq_status status = sweep(finder, one->node);
    uint32_t a = one->node, b = one->node;
    if (status == TQ_OK) {
        a = farthest(finder, own, streets->node_at[one->node]);
        b = farthest(finder, own, streets->node_at[a]);
    }
    tq_free(own);
    bool first = begins(streets, a, b);
    ends[0] = streets->node_at[first ? a : b];
    ends[1] = streets->node_at[first ? b : a];
    return status;
}

static tq_status towards(live_finder *finder, tq_point from, tq_point to, live_ids *way)
{
    TQ_TRY(live_way_towards(finder, from, END_M, to, way));
    if (way->count == 0) TQ_TRY(live_way_towards(finder, from, LIVE_GAP_M, to, way));
    return live_extend(finder, way, NULL);
}

static tq_status whole_street(live_finder *finder, live_ways *out)
{
    piece pieces[PIECES_MAX];
    tq_point ends[2];
    uint32_t count = 0, chosen = 0;
    uint8_t *reached = TQ_ALLOC(uint8_t, (size_t)finder->streets->node_count + 1);
    if (reached == NULL) return live_no_memory(finder->err);
    tq_status status = find_pieces(finder, reached, pieces, &count);
    tq_free(reached);
    TQ_TRY(status);
    TQ_TRY(choose_piece(finder, out->street, pieces, count, &chosen));
    TQ_TRY(find_ends(finder, &pieces[chosen], ends));
    TQ_TRY(towards(finder, ends[0], ends[1], &out->along));
    TQ_TRY(live_twin(finder, &out->along, &out->against));
    if (out->against.count == 0) TQ_TRY(towards(finder, ends[1], ends[0], &out->against));
    if (out->along.count == 0 && out->against.count == 0)
        return tq_fail(finder->err, TQ_NOT_FOUND, 0,
                       "\"street\" %s cannot be followed from end to end; give \"from\" and \"to\"",
                       out->street);
    return TQ_OK;
}

/* ---- between two crossings ------------------------------------------------------------------- */

typedef struct crossing {
    live_ids nodes, wide;
} crossing;

static void crossing_free(crossing *one)
{
    tq_vec_free(&one->nodes);
    tq_vec_free(&one->wide);
}

static tq_status find_cross(live_finder *finder, const char *member, const char *text,
                            const char *street, char found[LIVE_NAME_MAX], crossing *out)
{
    TQ_TRY(live_find_street(finder, member, text, 2, found));
    if (strcmp(found, street) == 0)
        return tq_fail(finder->err, TQ_BAD_INPUT, 0,
                       "\"%s\" \"%s\" is the street itself; name one that crosses it", member,
                       text);
    tq_status status = live_find_crossing(finder, street, found, &out->nodes, &out->wide);
    live_unmark(finder, 2);
    return status;
}

static tq_status between(live_finder *finder, const crossing *from, const crossing *to,
                         live_ids *way)
{
    bool found;
    TQ_TRY(live_search(finder, LIVE_DIRECTED, &from->nodes, &to->nodes, way, &found));
    if (!found) TQ_TRY(live_search(finder, LIVE_DIRECTED, &from->wide, &to->wide, way, &found));
    uint64_t own_dm = 0;
    for (size_t k = 0; k < way->count; k++)
        if (live_is_of(finder, way->at[k] >> 1, 1))
            own_dm += finder->streets->edge_length_dm[way->at[k] >> 1];
    /* Mostly on other streets: the way round a short block. */
    if (2 * own_dm < length_dm(finder->streets, way)) way->count = 0;
    return TQ_OK;
}

static tq_status between_streets(live_finder *finder, const char *from_text, const char *to_text,
                                 live_ways *out)
{
    crossing from = {0}, to = {0};
    tq_status status = find_cross(finder, "from", from_text, out->street, out->from, &from);
    if (status == TQ_OK) status = find_cross(finder, "to", to_text, out->street, out->to, &to);
    if (status == TQ_OK && strcmp(out->from, out->to) == 0)
        status = tq_fail(finder->err, TQ_BAD_INPUT, 0,
                         "\"from\" and \"to\" are both %s; the stretch has no length", out->from);
    if (status == TQ_OK) status = between(finder, &from, &to, &out->along);
    bool same = status == TQ_OK && out->along.count == 0 && from.nodes.count > 0 &&
                same_ids(&to.nodes, from.nodes.at[0]);
    if (same)
        status = tq_fail(finder->err, TQ_BAD_INPUT, 0,
                         "%s and %s cross %s at one place; the stretch has no length", out->from,
                         out->to, out->street);
    if (status == TQ_OK && out->along.count > 0)
        status = live_twin(finder, &out->along, &out->against);
    if (status == TQ_OK && out->against.count == 0)
        status = between(finder, &to, &from, &out->against);
    if (status == TQ_OK && out->along.count == 0 && out->against.count == 0)
        status = tq_fail(finder->err, TQ_NOT_FOUND, 0,
                         "the stretch is not connected: there is no way along %s between %s and %s",
                         out->street, out->from, out->to);
    crossing_free(&from);
    crossing_free(&to);
    return status;
}

static tq_status ways_by_names(live_finder *finder, const json_t *json, live_ways *out)
{
    char street[LIVE_NAME_MAX], from[LIVE_NAME_MAX], to[LIVE_NAME_MAX];
    TQ_TRY(live_text(json, "street", sizeof street, street, finder->err));
    TQ_TRY(live_text(json, "from", sizeof from, from, finder->err));
    TQ_TRY(live_text(json, "to", sizeof to, to, finder->err));
    TQ_TRY(live_find_street(finder, "street", street, 1, out->street));
    live_set_access(finder);
    if (from[0] == '\0' && to[0] == '\0') return whole_street(finder, out);
    if (from[0] == '\0' || to[0] == '\0') {
        char names[200];
        live_crossing_names(finder, names, sizeof names);
        return tq_fail(finder->err, TQ_BAD_INPUT, 0,
                       "\"%s\" is missing: give both cross streets, or none for the whole of %s; "
                       "crossed by %s",
                       from[0] == '\0' ? "from" : "to", out->street, names);
    }
    return between_streets(finder, from, to, out);
}

/* ---- the door -------------------------------------------------------------------------------- */

static tq_status check_kind(const json_t *json, tq_err *err)
{
    static const char *const kinds[] = {"street", "line", "arcs", "edges"};
    uint32_t given = 0;
    for (uint32_t k = 0; k < TQ_COUNT(kinds); k++)
        given += json_object_get(json, kinds[k]) != NULL;
    if (given != 1)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "a stretch has one of \"street\", \"line\", \"arcs\" and \"edges\"; here "
                       "are %u",
                       given);
    bool named = json_object_get(json, "street") != NULL;
    if (!named && (json_object_get(json, "from") != NULL || json_object_get(json, "to") != NULL))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"from\" and \"to\" go with \"street\"");
    if (json_object_get(json, "datum") != NULL && json_object_get(json, "line") == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"datum\" goes with \"line\"");
    return TQ_OK;
}

static tq_status find_ways(live_finder *finder, const json_t *json, live_direction direction,
                           live_ways *ways)
{
    const json_t *line = json_object_get(json, "line"), *arcs = json_object_get(json, "arcs"),
                 *edges = json_object_get(json, "edges");
    if (line != NULL)
        return live_ways_by_line(finder, line, json_object_get(json, "datum"), direction, ways);
    if (arcs != NULL)
        return live_ways_by_arcs(finder, arcs, json_object_get(json, "direction"), direction, ways);
    if (edges != NULL) return live_ways_by_edges(finder, edges, ways);
    return ways_by_names(finder, json, ways);
}

tq_status live_stretch_find(const tq_city *city, const json_t *json, tq_stretch *out, tq_err *err)
{
    live_finder finder;
    live_ways ways = {0};
    char word[16];
    if (!json_is_object(json))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"stretch\" is an object such as {\"street\":\"…\",\"from\":\"…\","
                       "\"to\":\"…\"}");
    TQ_TRY(live_only(json, MEMBERS, "stretch", err));
    TQ_TRY(check_kind(json, err));
    TQ_TRY(live_text(json, "direction", sizeof word, word, err));
    uint32_t direction = word[0] == '\0' ? LIVE_BOTH : live_row_of(word, DIRECTIONS);
    if (direction == TQ_NONE)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"direction\" is \"both\", \"forward\" or \"backward\", not \"%s\"", word);
    if (city->streets.edge_count == 0)
        return tq_fail(err, TQ_NOT_FOUND, 0, "this city has no streets");
    live_finder_begin(&finder, city, err);
    tq_status status = find_ways(&finder, json, (live_direction)direction, &ways);
    if (status == TQ_OK)
        status = live_ways_finish(city, &ways, (live_direction)direction, out, err);
    live_ways_free(&ways);
    live_finder_free(&finder);
    return status;
}

tq_status tq_stretch_find(const tq_city *city, tq_str json, tq_stretch *out, tq_err *err)
{
    json_t *read = NULL;
    TQ_TRY(live_json_load(json, LIVE_JSON_BYTES_MAX, "the stretch", &read, err));
    tq_status status = live_stretch_find(city, read, out, err);
    json_decref(read);
    return status;
}
