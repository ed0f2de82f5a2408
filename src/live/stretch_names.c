/*
 * Streets by name, and where two of them cross.
 *
 * A name is looked for exactly (letters small, blanks and marks of ASCII left out) among the names
 * that streets bear, then among their English names and numbers and the aliases and former names of
 * the city's list of places, then by the search of places, which knows pinyin. The first of these
 * that knows it decides; when it means streets of two names, the question is refused.
 *
 * Two streets cross where they share a node; if they share none, where one passes within
 * LIVE_NEAR_M of the other (a bridge over it). Crossings that lie together are one, so that divided
 * streets cross once.
 */
#include <stdio.h>

#include "tongqu/place.h"

#include "live/live_in.h"

#define CANDIDATES_MAX 8u
#define FAR_CROSSING_M 120u /* of streets that share no node */

/* ---- names ----------------------------------------------------------------------------------- */

static void normalise(const char *text, char out[LIVE_NAME_MAX])
{
    size_t len = 0;
    for (; *text != '\0' && len + 1 < LIVE_NAME_MAX; text++) {
        unsigned char c = (unsigned char)*text;
        bool letter = c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c >= 'A' && c <= 'Z')
            out[len++] = (char)(c + 32);
        else if (letter)
            out[len++] = (char)c;
    }
    out[len] = '\0';
}

static bool is_name(const tq_city *city, uint32_t text, const char *wanted)
{
    char own[LIVE_NAME_MAX];
    normalise(tq_text(city, text), own);
    return own[0] != '\0' && strcmp(own, wanted) == 0;
}

static const char *name_of(const live_finder *finder, uint32_t row)
{
    const tq_street_name *name = &finder->streets->name[row];
    uint32_t text = name->name != 0 ? name->name : name->name_en != 0 ? name->name_en : name->ref;
    return tq_text(finder->city, text);
}

/* Different names that were met. */
typedef struct candidates {
    char name[CANDIDATES_MAX][LIVE_NAME_MAX];
    uint32_t count, more;
} candidates;

static void add_candidate(candidates *list, const char *name)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (strcmp(list->name[k], name) == 0) return;
    if (list->count < CANDIDATES_MAX)
        (void)snprintf(list->name[list->count++], LIVE_NAME_MAX, "%.*s", (int)LIVE_NAME_MAX - 1,
                       name);
    else
        list->more++;
}

static void join(const candidates *list, char *out, size_t room)
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t k = 0; k < list->count && len + strlen(list->name[k]) + 8 < room; k++)
        len += (size_t)snprintf(out + len, room - len, "%s%s", k > 0 ? ", " : "", list->name[k]);
    if (list->more > 0 && len + 6 < room) (void)snprintf(out + len, room - len, ", …");
}

static void by_own_name(const live_finder *finder, const char *wanted, candidates *list)
{
    /* Spellings that differ in blanks or capitals only are one street: the first stands for all. */
    for (uint32_t row = 1; row < finder->streets->name_count && list->count == 0; row++)
        if (is_name(finder->city, finder->streets->name[row].name, wanted))
            add_candidate(list, name_of(finder, row));
}

static void by_other_name(const live_finder *finder, const char *wanted, candidates *list)
{
    const tq_city *city = finder->city;
    for (uint32_t row = 1; row < finder->streets->name_count; row++) {
        const tq_street_name *name = &finder->streets->name[row];
        if (is_name(city, name->name_en, wanted) || is_name(city, name->ref, wanted))
            add_candidate(list, name_of(finder, row));
    }
    for (uint32_t place = 0; place < city->places.count; place++) {
        const tq_place_row *row = &city->places.row[place];
        if (row->kind != TQ_PLACE_STREET) continue;
        bool is = is_name(city, row->name, wanted) || is_name(city, row->name_en, wanted);
        for (uint32_t k = 0; k < row->alias_count && !is; k++)
            is = is_name(city, city->places.alias[row->first_alias + k].text, wanted);
        if (is) add_candidate(list, tq_text(city, row->name));
    }
}

/* Pinyin and initials; what only resembles is kept to be proposed. */
static void by_search(const live_finder *finder, const char *text, candidates *list,
                      candidates *alike)
{
    tq_place place[TQ_PLACES_MAX];
    uint32_t count = 0;
    int32_t best = INT32_MIN;
    tq_err err;
    tq_place_query query = {.size = sizeof query, .text = text, .limit = TQ_PLACES_MAX};
    if (finder->city->search.key_count == 0 ||
        tq_places_find(finder->city, &query, place, &count, &err) != TQ_OK)
        return;
    for (uint32_t k = 0; k < count; k++) {
        bool sure = place[k].match == TQ_MATCH_PINYIN || place[k].match == TQ_MATCH_INITIALS;
        if (place[k].kind != TQ_PLACE_STREET) continue;
        add_candidate(alike, place[k].name);
        if (!sure || place[k].score < best) continue;
        best = place[k].score;
        add_candidate(list, place[k].name);
    }
}

static bool mark(live_finder *finder, const char *name, uint8_t which)
{
    bool any = false;
    char wanted[LIVE_NAME_MAX], own[LIVE_NAME_MAX];
    normalise(name, wanted);
    for (uint32_t row = 1; row < finder->streets->name_count; row++) {
        normalise(name_of(finder, row), own);
        if (strcmp(own, wanted) != 0) continue;
        finder->of[row] |= which;
        any = true;
    }
    return any;
}

static void propose(const live_finder *finder, const char *wanted, candidates *alike)
{
    for (uint32_t row = 1; row < finder->streets->name_count && alike->more == 0; row++) {
        char own[LIVE_NAME_MAX];
        normalise(name_of(finder, row), own);
        if (wanted[0] != '\0' && own[0] != '\0' &&
            (strstr(own, wanted) != NULL || strstr(wanted, own) != NULL))
            add_candidate(alike, name_of(finder, row));
    }
}

tq_status live_find_street(live_finder *finder, const char *member, const char *text, uint8_t which,
                           char found[LIVE_NAME_MAX])
{
    char wanted[LIVE_NAME_MAX], joined[200];
    candidates list = {0}, alike = {0};
    if (finder->of == NULL) finder->of = TQ_ALLOC(uint8_t, (size_t)finder->streets->name_count + 1);
    if (finder->of == NULL) return live_no_memory(finder->err);
    normalise(text, wanted);
    by_own_name(finder, wanted, &list);
    if (list.count == 0) by_other_name(finder, wanted, &list);
    if (list.count == 0) by_search(finder, text, &list, &alike);
    if (list.count > 1) {
        join(&list, joined, sizeof joined);
        return tq_fail(finder->err, TQ_AMBIGUOUS, 0, "\"%s\" \"%s\" means several streets: %s",
                       member, text, joined);
    }
    if (list.count == 1 && mark(finder, list.name[0], which)) {
        (void)snprintf(found, LIVE_NAME_MAX, "%s", list.name[0]);
        return TQ_OK;
    }
    propose(finder, wanted, &alike);
    join(&alike, joined, sizeof joined);
    return tq_fail(finder->err, TQ_NOT_FOUND, 0, "\"%s\": there is no street \"%s\"%s%s", member,
                   text, alike.count > 0 ? "; there is " : "", joined);
}

void live_unmark(live_finder *finder, uint8_t which)
{
    for (uint32_t row = 0; row < finder->streets->name_count; row++)
        finder->of[row] &= (uint8_t)~which;
}

/* ---- crossings ------------------------------------------------------------------------------- */

/* A byte a node: bit 0 the street's, bit 1 the cross street's. */
static uint8_t *mark_nodes(const live_finder *finder)
{
    const tq_streets *streets = finder->streets;
    uint8_t *node_of = TQ_ALLOC(uint8_t, (size_t)streets->node_count + 1);
    for (uint32_t edge = 0; node_of != NULL && edge < streets->edge_count; edge++) {
        uint8_t of = finder->of[streets->edge_name[edge]];
        node_of[streets->edge_from[edge]] |= of;
        node_of[streets->edge_to[edge]] |= of;
    }
    return node_of;
}

static uint32_t distance_to_cross(const live_finder *finder, const live_ids *cross, tq_point at)
{
    uint32_t best = UINT32_MAX;
    for (size_t k = 0; k < cross->count; k++)
        best = TQ_MIN(best, live_arc_distance_dm(finder->streets, 2 * cross->at[k], at));
    return best;
}

/* Nodes of the street that lie nearest to the cross street, where they share none. */
static bool nearest_nodes(const live_finder *finder, const uint8_t *node_of, live_ids *nodes)
{
    const tq_streets *streets = finder->streets;
    live_ids cross = {0}, own = {0}, away = {0};
    uint32_t best = FAR_CROSSING_M * 10;
    bool good = true;
    for (uint32_t edge = 0; good && edge < streets->edge_count; edge++)
        if (live_is_of(finder, edge, 2)) good = tq_vec_push(&cross, edge);
    for (uint32_t node = 0; good && node < streets->node_count; node++) {
        if ((node_of[node] & 1) == 0) continue;
        uint32_t dm = distance_to_cross(finder, &cross, streets->node_at[node]);
        if (dm > FAR_CROSSING_M * 10) continue;
        good = tq_vec_push(&own, node) && tq_vec_push(&away, dm);
        best = TQ_MIN(best, dm);
    }
    uint32_t upto = TQ_MAX(best, LIVE_NEAR_M * 10);
    for (size_t k = 0; good && k < own.count; k++)
        if (away.at[k] <= upto) good = tq_vec_push(nodes, own.at[k]);
    tq_vec_free(&cross);
    tq_vec_free(&own);
    tq_vec_free(&away);
    return good;
}

/* Do all places hang together by steps of LIVE_CROSSING_M? *far gets one that does not. */
static bool is_one_place(const live_finder *finder, const live_ids *nodes, bool *one, uint32_t *far)
{
    const tq_streets *streets = finder->streets;
    live_ids reached = {0};
    uint8_t *seen = TQ_ALLOC(uint8_t, nodes->count + 1);
    bool good = seen != NULL && tq_vec_push(&reached, 0);
    if (good) seen[0] = 1;
    for (size_t at = 0; good && at < reached.count; at++) {
        tq_point here = streets->node_at[nodes->at[reached.at[at]]];
        for (uint32_t k = 0; good && k < nodes->count; k++) {
            if (seen[k] ||
                tq_distance_dm(here, streets->node_at[nodes->at[k]]) > LIVE_CROSSING_M * 10)
                continue;
            seen[k] = 1;
            good = tq_vec_push(&reached, k);
        }
    }
    *one = good && reached.count == nodes->count;
    for (uint32_t k = 0; good && !*one && k < nodes->count; k++)
        if (!seen[k]) *far = nodes->at[k];
    tq_free(seen);
    tq_vec_free(&reached);
    return good;
}

static bool widen(const live_finder *finder, const uint8_t *node_of, const live_ids *nodes,
                  live_ids *wide)
{
    const tq_streets *streets = finder->streets;
    for (uint32_t node = 0; node < streets->node_count; node++) {
        if ((node_of[node] & 1) == 0) continue;
        bool near = false;
        for (size_t k = 0; k < nodes->count && !near; k++)
            near = tq_distance_dm(streets->node_at[node], streets->node_at[nodes->at[k]]) <=
                   LIVE_NEAR_M * 10;
        if (near && !tq_vec_push(wide, node)) return false;
    }
    return true;
}

static tq_status two_places(const live_finder *finder, const char *street, const char *cross,
                            tq_point a, tq_point b)
{
    return tq_fail(finder->err, TQ_AMBIGUOUS, 0,
                   "\"%s\" crosses %s more than once, at %.5f,%.5f and at %.5f,%.5f; draw the "
                   "stretch as a line",
                   cross, street, a.lat_e7 / 1e7, a.lon_e7 / 1e7, b.lat_e7 / 1e7, b.lon_e7 / 1e7);
}

tq_status live_find_crossing(live_finder *finder, const char *street, const char *cross,
                             live_ids *nodes, live_ids *wide)
{
    const tq_streets *streets = finder->streets;
    uint8_t *node_of = mark_nodes(finder);
    bool good = node_of != NULL, one = true;
    uint32_t far = 0;
    for (uint32_t node = 0; good && node < streets->node_count; node++)
        if (node_of[node] == 3) good = tq_vec_push(nodes, node);
    if (good && nodes->count == 0) good = nearest_nodes(finder, node_of, nodes);
    if (good && nodes->count > 0) good = is_one_place(finder, nodes, &one, &far);
    if (good && nodes->count > 0) good = widen(finder, node_of, nodes, wide);
    tq_free(node_of);
    if (!good) return live_no_memory(finder->err);
    if (nodes->count == 0) {
        char names[220];
        live_crossing_names(finder, names, sizeof names);
        return tq_fail(finder->err, TQ_NOT_FOUND, 0, "\"%s\" does not cross %s%s%s", cross, street,
                       names[0] != '\0' ? "; these do: " : "", names);
    }
    if (!one)
        return two_places(finder, street, cross, streets->node_at[nodes->at[0]],
                          streets->node_at[far]);
    return TQ_OK;
}

void live_crossing_names(const live_finder *finder, char *out, size_t room)
{
    const tq_streets *streets = finder->streets;
    uint8_t *node_of = mark_nodes(finder);
    candidates list = {0};
    for (uint32_t edge = 0; node_of != NULL && edge < streets->edge_count; edge++) {
        bool at = ((node_of[streets->edge_from[edge]] | node_of[streets->edge_to[edge]]) & 1) != 0;
        const char *name = name_of(finder, streets->edge_name[edge]);
        if (at && !live_is_of(finder, edge, 1) && name[0] != '\0') add_candidate(&list, name);
    }
    tq_free(node_of);
    join(&list, out, room);
}
