/*
 * Small street maps drawn as text: the form, and how one becomes a city folder.
 *
 * docs/design/street-maps.md tells how to read and write them. A map is kept as the lines it was
 * written in; taking one apart checks it: every letter drawn once, ways over known letters, answers
 * that follow ways. Nothing here knows roads or imports: the runner does.
 */
#ifndef TQ_TEST_STREET_MAP_H
#define TQ_TEST_STREET_MAP_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "geo/geo.h"
#include "wire/wire.h"

#define MAP_WAYS_MAX  48
#define MAP_LINES_MAX 80
#define MAP_WORD_MAX  256
#define MAP_LAT0_E7   378000000
#define MAP_LON0_E7   1125000000
#define MAP_NO_WAY    999999 /* id of a member that is not in the file, written «?» */

typedef struct map_line {
    char *text;
    unsigned number;
} map_line;

typedef struct map_lines {
    map_line at[MAP_LINES_MAX];
    unsigned count;
} map_lines;

typedef struct map_way {
    char label[40]; /* letters, then perhaps #number */
    unsigned letters;
    const char *tags;
} map_way;

typedef struct street_map {
    char name[64];
    map_lines picture, ways, nodes, restrictions, files, questions;
    unsigned metres_a_column, way_count;
    map_way way[MAP_WAYS_MAX];
    bool drawn[128], moved[128], used[128];
    tq_point at[128];
} street_map;

/* Where a question begins or ends: at a letter, or between two. */
typedef struct map_place {
    char from, to; /* to 0 = at `from` */
    double share;
    tq_point at;
} map_place;

typedef struct map_question {
    char vehicle[128], instant[40];
    map_place from, to;
    bool none;
    char want[128];           /* letters in order */
    unsigned least_s, most_s; /* most 0 = not asked */
} map_question;

static inline bool map_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Next word of a line, quotes taken off; false at the end. */
static inline bool map_word(const char **text, char out[MAP_WORD_MAX])
{
    const char *at = *text;
    size_t len = 0;
    bool quoted = false;
    while (*at == ' ')
        at++;
    if (*at == '\0') return false;
    for (; *at != '\0' && (quoted || *at != ' '); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (len + 1 < MAP_WORD_MAX)
            out[len++] = *at;
    }
    out[len] = '\0';
    *text = at;
    return true;
}

static inline bool map_keep(map_lines *lines, const char *text, unsigned number)
{
    if (lines->count == MAP_LINES_MAX) return false;
    lines->at[lines->count++] = (map_line){strdup(text), number};
    return true;
}

static inline void map_free(street_map *map)
{
    map_lines *const all[] = {&map->picture,      &map->ways,  &map->nodes,
                              &map->restrictions, &map->files, &map->questions};
    for (size_t k = 0; k < TQ_COUNT(all); k++)
        for (unsigned line = 0; line < all[k]->count; line++)
            free(all[k]->at[line].text);
    *map = (street_map){0};
}

/* A column is so many metres wide; a row is two columns high, as letters are on paper. */
static inline tq_point map_point(double row, double column, unsigned metres)
{
    const double e7_a_metre = 1e7 / 111194.93, east = cos(MAP_LAT0_E7 * 3.14159265358979 / 180e7);
    return (tq_point){MAP_LAT0_E7 - (int32_t)lround(row * 2 * metres * e7_a_metre),
                      MAP_LON0_E7 + (int32_t)lround(column * metres * e7_a_metre / east)};
}

static inline bool map_draw(street_map *map, char why[160])
{
    for (unsigned row = 0; row < map->picture.count; row++) {
        const char *text = map->picture.at[row].text;
        for (unsigned column = 0; text[column] != '\0'; column++) {
            unsigned char letter = (unsigned char)text[column];
            if (!map_letter((char)letter)) continue;
            if (map->drawn[letter])
                return (void)snprintf(why, 160, "%c is drawn twice", letter), false;
            map->drawn[letter] = true;
            map->at[letter] = map_point(row, column, map->metres_a_column);
        }
    }
    return true;
}

static inline bool map_add_way(street_map *map, const char *text, char why[160])
{
    char word[MAP_WORD_MAX];
    (void)snprintf(why, 160, "too many ways, or one without letters");
    if (map->way_count == MAP_WAYS_MAX || !map_word(&text, word)) return false;
    map_way *way = &map->way[map->way_count];
    (void)snprintf(way->label, sizeof way->label, "%.39s", word);
    way->tags = text;
    while (map_letter(way->label[way->letters]))
        way->letters++;
    for (unsigned k = 0; k < map->way_count; k++)
        if (strcmp(map->way[k].label, way->label) == 0)
            return (void)snprintf(why, 160, "two ways %.80s; write #2 behind one", way->label),
                   false;
    for (unsigned k = 0; k < way->letters; k++) {
        unsigned char letter = (unsigned char)way->label[k];
        if (!map->drawn[letter])
            return (void)snprintf(why, 160, "way %.80s: %c is not drawn", way->label, letter),
                   false;
        map->used[letter] = true;
    }
    if (way->letters < 2) return (void)snprintf(why, 160, "way %.80s has no length", word), false;
    map->way_count++;
    return true;
}

/* Place one letter where another is: «same c b». */
static inline bool map_same(street_map *map, const char *text, char why[160])
{
    char what[MAP_WORD_MAX], where[MAP_WORD_MAX];
    (void)snprintf(why, 160, "same wants a new letter and a drawn one");
    if (!map_word(&text, what) || !map_word(&text, where) || strlen(what) != 1 ||
        strlen(where) != 1 || map->drawn[(unsigned char)what[0]] ||
        !map->drawn[(unsigned char)where[0]])
        return false;
    map->drawn[(unsigned char)what[0]] = map->moved[(unsigned char)what[0]] = true;
    map->at[(unsigned char)what[0]] = map->at[(unsigned char)where[0]];
    return true;
}

static inline bool map_here(const street_map *map, char a, char b)
{
    tq_point one = map->at[(unsigned char)a], other = map->at[(unsigned char)b];
    return one.lat_e7 == other.lat_e7 && one.lon_e7 == other.lon_e7;
}

/* Does a way lead from one letter to the next? Letters at one place count as one. */
static inline bool map_next_to(const street_map *map, char a, char b)
{
    for (unsigned k = 0; k < map->way_count; k++)
        for (unsigned n = 0; n + 1 < map->way[k].letters; n++) {
            const char *pair = map->way[k].label + n;
            if ((map_here(map, pair[0], a) && map_here(map, pair[1], b)) ||
                (map_here(map, pair[0], b) && map_here(map, pair[1], a)))
                return true;
        }
    return false;
}

/* «a», or «a.3b»: three tenths of the way from a to b. */
static inline bool map_read_place(const street_map *map, const char *text, size_t len,
                                  map_place *out, char why[160])
{
    *out = (map_place){.from = len > 0 ? text[0] : '?'};
    (void)snprintf(why, 160, "%.*s is no place of this map", (int)len, text);
    if (!map_letter(out->from) || !map->drawn[(unsigned char)out->from]) return false;
    out->at = map->at[(unsigned char)out->from];
    if (len == 1) return true;
    out->to = text[len - 1];
    if (len < 4 || text[1] != '.' || !map_letter(out->to) || !map->drawn[(unsigned char)out->to] ||
        !map_next_to(map, out->from, out->to))
        return false;
    out->share = strtod(text + 1, NULL);
    tq_point end = map->at[(unsigned char)out->to];
    out->at.lat_e7 += (int32_t)lround(out->share * (end.lat_e7 - out->at.lat_e7));
    out->at.lon_e7 += (int32_t)lround(out->share * (end.lon_e7 - out->at.lon_e7));
    return out->share > 0 && out->share < 1;
}

static inline bool map_touches(const map_place *place, char letter)
{
    return letter == place->from || letter == place->to;
}

/* The answer begins and ends where the question does and follows ways. */
static inline bool map_answer_fits(const street_map *map, const map_question *question,
                                   char why[160])
{
    const char *want = question->want;
    size_t len = strlen(want);
    if (len == 0) return true;
    (void)snprintf(why, 160, "the answer does not join the two places");
    if (!map_touches(&question->from, want[0]) || !map_touches(&question->to, want[len - 1]))
        return false;
    for (size_t k = 0; k + 1 < len; k++) {
        if (map_next_to(map, want[k], want[k + 1])) continue;
        (void)snprintf(why, 160, "no way joins %c and %c", want[k], want[k + 1]);
        return false;
    }
    return true;
}

/* «VEHICLE FROM>TO [at TIME] = LETTERS | none | direct [in LOW..HIGH]» */
static inline bool map_read_question(const street_map *map, const char *text, map_question *out,
                                     char why[160])
{
    char word[MAP_WORD_MAX];
    *out = (map_question){.instant = "2026-03-04T11:00"}; /* a Wednesday */
    (void)snprintf(why, 160, "a question is VEHICLE FROM>TO [at TIME] = ANSWER");
    if (!map_word(&text, word)) return false;
    (void)snprintf(out->vehicle, sizeof out->vehicle, "%.127s", word);
    if (!map_word(&text, word)) return false;
    const char *arrow = strchr(word, '>');
    if (arrow == NULL || !map_read_place(map, word, (size_t)(arrow - word), &out->from, why) ||
        !map_read_place(map, arrow + 1, strlen(arrow + 1), &out->to, why))
        return false;
    (void)snprintf(why, 160, "at wants a time, = an answer of letters, none or direct");
    if (!map_word(&text, word)) return false;
    if (strcmp(word, "at") == 0) {
        if (!map_word(&text, word)) return false;
        (void)snprintf(out->instant, sizeof out->instant, "%.39s", word);
        if (!map_word(&text, word)) return false;
    }
    if (strcmp(word, "=") != 0 || !map_word(&text, word)) return false;
    out->none = strcmp(word, "none") == 0;
    bool more = true, direct = strcmp(word, "direct") == 0;
    if (out->none || direct) {
        more = map_word(&text, word);
    } else {
        for (size_t len = 0; more && strlen(word) == 1 && len < 100; more = map_word(&text, word))
            out->want[len++] = word[0];
    }
    if (more) {
        if (strcmp(word, "in") != 0 || !map_word(&text, word) ||
            sscanf(word, "%u..%u", &out->least_s, &out->most_s) != 2)
            return false;
    }
    return map_answer_fits(map, out, why);
}

/* Check a whole map; *bad is the line of what is wrong. */
static inline bool map_check(street_map *map, unsigned *bad, char why[160])
{
    *bad = map->picture.count > 0 ? map->picture.at[0].number : 0;
    if (!map_draw(map, why)) return false;
    for (unsigned k = 0; k < map->nodes.count; k++) {
        *bad = map->nodes.at[k].number;
        if (strncmp(map->nodes.at[k].text, "same ", 5) == 0 &&
            !map_same(map, map->nodes.at[k].text + 5, why))
            return false;
    }
    for (unsigned k = 0; k < map->ways.count; k++) {
        *bad = map->ways.at[k].number;
        if (!map_add_way(map, map->ways.at[k].text, why)) return false;
    }
    *bad = map->picture.count > 0 ? map->picture.at[0].number : 0;
    for (int letter = 0; letter < 128; letter++)
        if (map->drawn[letter] && !map->used[letter])
            return (void)snprintf(why, 160, "no way goes over %c", letter), false;
    map_question question;
    for (unsigned k = 0; k < map->questions.count; k++) {
        *bad = map->questions.at[k].number;
        if (!map_read_question(map, map->questions.at[k].text, &question, why)) return false;
    }
    (void)snprintf(why, 160, "a map without a question");
    return map->questions.count > 0;
}

/* ---- to OpenStreetMap's XML ------------------------------------------------------------------ */

static inline void map_xml_text(tq_buf *xml, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("<>&'\"", *text) != NULL)
            tq_buf_printf(xml, "&#%d;", *text);
        else
            tq_buf_putc(xml, *text);
    }
}

static inline void map_xml_tag(tq_buf *xml, const char *key, const char *value)
{
    tq_buf_puts(xml, "<tag k='");
    map_xml_text(xml, key);
    tq_buf_puts(xml, "' v='");
    map_xml_text(xml, value);
    tq_buf_puts(xml, "'/>");
}

/* Tags of a line; true if one of them says what kind of way it is. */
static inline bool map_xml_tags(tq_buf *xml, const char *text)
{
    char word[MAP_WORD_MAX];
    bool kind = false;
    while (map_word(&text, word)) {
        char *value = strchr(word, '=');
        if (value == NULL) {
            map_xml_tag(xml, "restriction", word);
            continue;
        }
        *value++ = '\0';
        map_xml_tag(xml, word, value);
        kind = kind || strcmp(word, "highway") == 0 || strcmp(word, "route") == 0 ||
               strcmp(word, "railway") == 0;
    }
    return kind;
}

static inline int map_way_id(const street_map *map, const char *label, size_t len)
{
    for (unsigned k = 0; k < map->way_count; k++)
        if (strlen(map->way[k].label) == len && memcmp(map->way[k].label, label, len) == 0)
            return 1000 + (int)k;
    return len == 1 && label[0] == '?' ? MAP_NO_WAY : 0;
}

/* Members of one role, parted by commas; a single letter is a node. */
static inline bool map_xml_members(const street_map *map, tq_buf *xml, const char *list,
                                   const char *role)
{
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        bool node = len == 1 && map_letter(list[0]);
        int id = node ? list[0] : map_way_id(map, list, len);
        if (id == 0) return false;
        tq_buf_printf(xml, "<member type='%s' ref='%d' role='%s'/>", node ? "node" : "way", id,
                      role);
        list += len + (list[len] == ',');
    }
    return true;
}

/* «FROM -VIA- TO tags» */
static inline bool map_xml_restriction(const street_map *map, tq_buf *xml, const char *text,
                                       unsigned id)
{
    char from[MAP_WORD_MAX], via[MAP_WORD_MAX], to[MAP_WORD_MAX];
    if (!map_word(&text, from) || !map_word(&text, via) || !map_word(&text, to)) return false;
    size_t len = strlen(via);
    if (len < 2 || via[0] != '-' || via[len - 1] != '-') return false;
    via[len - 1] = '\0';
    tq_buf_printf(xml, "<relation id='%u'>", id);
    bool known = map_xml_members(map, xml, from, "from") &&
                 map_xml_members(map, xml, via + 1, "via") && map_xml_members(map, xml, to, "to");
    map_xml_tag(xml, "type", "restriction");
    (void)map_xml_tags(xml, text);
    tq_buf_puts(xml, "</relation>\n");
    return known;
}

/* The tags of a letter's node lines. */
static inline void map_xml_node(const street_map *map, tq_buf *xml, char letter)
{
    tq_point at = map->at[(unsigned char)letter];
    tq_buf_printf(xml, "<node id='%d' lat='", letter);
    tq_buf_fixed(xml, at.lat_e7, 7);
    tq_buf_puts(xml, "' lon='");
    tq_buf_fixed(xml, at.lon_e7, 7);
    tq_buf_puts(xml, "'>");
    for (unsigned k = 0; k < map->nodes.count; k++) {
        const char *text = map->nodes.at[k].text;
        if (strncmp(text, "node ", 5) == 0 && text[5] == letter && text[6] == ' ')
            (void)map_xml_tags(xml, text + 7);
    }
    tq_buf_puts(xml, "</node>\n");
}

/* The map as a file of OpenStreetMap; false names a restriction with an unknown member. */
static inline bool map_xml(const street_map *map, tq_buf *xml, unsigned *bad)
{
    tq_buf_puts(xml, "<osm version='0.6'>\n");
    for (int letter = 0; letter < 128; letter++)
        if (map->drawn[letter]) map_xml_node(map, xml, (char)letter);
    for (unsigned k = 0; k < map->way_count; k++) {
        const map_way *way = &map->way[k];
        tq_buf_printf(xml, "<way id='%u'>", 1000 + k);
        for (unsigned n = 0; n < way->letters; n++)
            tq_buf_printf(xml, "<nd ref='%d'/>", way->label[n]);
        if (!map_xml_tags(xml, way->tags)) map_xml_tag(xml, "highway", "residential");
        tq_buf_puts(xml, "</way>\n");
    }
    for (unsigned k = 0; k < map->restrictions.count; k++) {
        *bad = map->restrictions.at[k].number;
        if (!map_xml_restriction(map, xml, map->restrictions.at[k].text, 5000 + k)) return false;
    }
    tq_buf_puts(xml, "</osm>\n");
    return true;
}

/* ---- reading a file of maps ------------------------------------------------------------------ */

/* Put a line where it belongs; false when the map is full. */
static inline bool map_take_line(street_map *map, const char *text, unsigned number)
{
    if (text[0] == ' ') return map_keep(&map->picture, text, number);
    if (strncmp(text, "way ", 4) == 0) return map_keep(&map->ways, text + 4, number);
    if (strncmp(text, "node ", 5) == 0 || strncmp(text, "same ", 5) == 0)
        return map_keep(&map->nodes, text, number);
    if (strncmp(text, "restriction ", 12) == 0)
        return map_keep(&map->restrictions, text + 12, number);
    if (strncmp(text, "file ", 5) == 0 || text[0] == '>')
        return map_keep(&map->files, text, number);
    if (strncmp(text, "scale ", 6) == 0)
        return (map->metres_a_column = (unsigned)atoi(text + 6)) > 0;
    return map_keep(&map->questions, text, number);
}

/* Next map of a file: from *at on, which stands behind it afterwards. False at the end. */
static inline bool map_next(const char **at, unsigned *number, street_map *map, bool *full)
{
    char text[512];
    *map = (street_map){.metres_a_column = 50};
    *full = false;
    while (**at != '\0') {
        size_t len = strcspn(*at, "\n");
        (void)snprintf(text, sizeof text, "%.*s", (int)len, *at);
        bool begins = strncmp(text, "map ", 4) == 0;
        if (begins && map->name[0] != '\0') break;
        *at += len + ((*at)[len] == '\n');
        ++*number;
        if (begins)
            (void)snprintf(map->name, sizeof map->name, "%.63s", text + 4);
        else if (len > 0 && text[0] != '#' && !map_take_line(map, text, *number))
            *full = true;
    }
    return map->name[0] != '\0';
}

#endif
