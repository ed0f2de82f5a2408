/*
 * Parts of an answer: names of kinds and matches, the row as plain values, the town a search is
 * held to, and the match of characters mixed with pinyin.
 */
#include "city/search_in.h"

const char *tq_place_kind_name(tq_place_kind kind)
{
    static const char *const name[] = {"station", "stop",     "street",  "poi",
                                       "gate",    "locality", "address", "work"};
    return (size_t)kind < TQ_COUNT(name) ? name[kind] : "unknown";
}

const char *tq_match_name(tq_match match)
{
    static const char *const name[] = {"name",    "prefix", "part",     "alias", "former name",
                                       "english", "pinyin", "initials", "fuzzy"};
    return (size_t)match < TQ_COUNT(name) ? name[match] : "unknown";
}

const char *search_source(const tq_city *city, uint32_t key)
{
    const tq_place_row *row = &city->places.row[city->search.key_place[key]];
    uint32_t source = search_source_of(city->search.key_why[key]);
    if (source == 0) return tq_text(city, row->name);
    if (source == 1) return tq_text(city, row->name_en);
    return tq_text(city, city->places.alias[row->first_alias + source - 2].text);
}

void search_fill(const tq_city *city, uint32_t place, tq_place *out)
{
    const tq_place_row *row = &city->places.row[place];
    bool of_stop = row->kind == TQ_PLACE_STATION || row->kind == TQ_PLACE_STOP;
    bool linked = of_stop && row->link < city->timetable.stop_count;
    *out = (tq_place){.place = place,
                      .kind = (tq_place_kind)row->kind,
                      .lat_e7 = row->at.lat_e7,
                      .lon_e7 = row->at.lon_e7,
                      .name = tq_text(city, row->name),
                      .name_en = tq_text(city, row->name_en),
                      .matched = tq_text(city, row->name),
                      .area = tq_text(city, row->area),
                      .city = tq_text(city, row->city),
                      .category = tq_text(city, row->category),
                      .note = tq_text(city, row->note),
                      .stop_id = linked ? tq_text(city, city->timetable.stop[row->link].id) : "",
                      .source = tq_text(city, row->source),
                      .approximate = row->approximate != 0};
}

/* ---- scope -------------------------------------------------------------------------------------
 */

/* Normalised, and without the last character when that only says what kind of town or district it
 * is. */
static size_t town_name(const char *text, char *out, size_t room)
{
    static const char *const rank[] = {"市", "区", "县", "州", "省"};
    size_t len = search_normalise(tq_str_of(text), out, room);
    for (size_t k = 0; k < TQ_COUNT(rank) && len > 6; k++) {
        if (strcmp(out + len - 3, rank[k]) != 0) continue;
        out[len -= 3] = '\0';
        break;
    }
    return len;
}

static void add_name(search_scope *scope, const char *text)
{
    if (scope->name_count == SEARCH_SCOPE_NAMES_MAX) return;
    char *name = scope->name[scope->name_count];
    if (town_name(text, name, SEARCH_SCOPE_BYTES) == 0) return;
    for (uint32_t k = 0; k < scope->name_count; k++)
        if (strcmp(scope->name[k], name) == 0) return;
    scope->name_count++;
}

static bool is_named(const search_scope *scope, const char *text)
{
    char name[SEARCH_SCOPE_BYTES];
    if (town_name(text, name, sizeof name) == 0) return false;
    for (uint32_t k = 0; k < scope->name_count; k++)
        if (strcmp(scope->name[k], name) == 0) return true;
    return false;
}

void search_scope_begin(const tq_city *city, const char *in_city, search_scope *scope)
{
    scope->given = in_city != NULL && in_city[0] != '\0';
    if (!scope->given) return;
    add_name(scope, in_city);
    if (scope->name_count == 0) return;
    scope->code_count = search_codes(scope->name[0], scope->codes, SEARCH_CODES_MAX);
    if (city->meta_count > 0) {
        scope->home = is_named(scope, tq_text(city, city->meta->name)) ||
                      is_named(scope, tq_text(city, city->meta->name_en)) ||
                      is_named(scope, tq_text(city, city->meta->id));
        if (scope->home) add_name(scope, tq_text(city, city->meta->name));
    }
    /* A town that is a place itself lends its other names: «Lanzhou» for 兰州. */
    char typed[SEARCH_KEY_MAX];
    (void)search_normalise(tq_str_of(in_city), typed, sizeof typed);
    const tq_search *search = &city->search;
    uint32_t key = search_first_key(search, typed);
    for (uint32_t seen = 0; key < search->key_count && seen < SEARCH_SCAN_MAX; key++, seen++) {
        if (strcmp(search_key(search, key), typed) != 0) return;
        search_form form = search_form_of(search->key_why[key]);
        if (form == SEARCH_INITIALS || form == SEARCH_READING) continue;
        const tq_place_row *row = &city->places.row[search->key_place[key]];
        if (row->kind == TQ_PLACE_LOCALITY) add_name(scope, tq_text(city, row->name));
    }
}

/* Pinyin of the town: «taiyuan» for 太原. */
static bool is_spelled(const tq_city *city, search_scope *scope, const char *text)
{
    char name[SEARCH_SCOPE_BYTES];
    for (uint32_t k = 0; k < scope->code_count; k++)
        if (scope->codes[k] < 'a' || scope->codes[k] > 'z') return false;
    if (scope->code_count < 3 || town_name(text, name, sizeof name) == 0) return false;
    return search_mixed_fits(&city->search, &scope->readings, name, scope->codes, scope->code_count,
                             SEARCH_WHOLE);
}

static bool holds_text(const tq_city *city, search_scope *scope, uint32_t text)
{
    uint32_t slot = text & (TQ_COUNT(scope->seen) - 1);
    if (scope->seen[slot] != text + 1) {
        const char *name = tq_text(city, text);
        scope->seen[slot] = text + 1;
        scope->verdict[slot] = is_named(scope, name) || is_spelled(city, scope, name);
    }
    return scope->verdict[slot];
}

bool search_scope_has(const tq_city *city, search_scope *scope, const tq_place_row *row)
{
    if (!scope->given) return true;
    if (row->city == 0 ? scope->home : holds_text(city, scope, row->city)) return true;
    return row->area != 0 && holds_text(city, scope, row->area);
}

/* ---- characters mixed with pinyin
 * ---------------------------------------------------------------- */

/* Keys first .. first + count of the table of readings are those of `code`. */
static void readings_of(const tq_search *search, search_readings *readings, uint32_t code,
                        uint32_t *first, uint32_t *count)
{
    uint32_t slot = code & (SEARCH_CACHE_SLOTS - 1);
    if (readings->code[slot] != code) {
        char mark[8] = {SEARCH_READING_MARK};
        size_t len = 1 + tq_utf8_put(code, mark + 1);
        uint32_t key = search_first_key(search, mark);
        readings->code[slot] = code;
        readings->first[slot] = key;
        while (key < search->key_count && strncmp(search_key(search, key), mark, len) == 0)
            key++;
        readings->count[slot] = key - readings->first[slot];
    }
    *first = readings->first[slot];
    *count = readings->count[slot];
}

/* From place `from` of the query, through one character read as `reading`: whole, first letter, or,
   at the query's end, any beginning of it (not for SEARCH_WHOLE, which takes whole readings alone).
 */
static void read_on(const char *reading, const uint32_t *query, uint32_t count, uint32_t from,
                    search_extent extent, bool *reach)
{
    uint32_t to = from;
    while (to < count && *reading != '\0' && query[to] == (uint8_t)*reading)
        to++, reading++;
    if (*reading == '\0') reach[to] = true;
    if (extent == SEARCH_WHOLE || to == from) return;
    reach[from + 1] = true;
    if (to == count) reach[count] = true;
}

bool search_mixed_fits(const tq_search *search, search_readings *readings, const char *name,
                       const uint32_t *query, uint32_t count, search_extent extent)
{
    bool reach[SEARCH_CODES_MAX + 1] = {true};
    const char *end = name + strlen(name);
    while (name < end) {
        uint32_t code = tq_utf8_next(&name, end), first = 0, reading_count = 0;
        bool next[SEARCH_CODES_MAX + 1] = {extent == SEARCH_SOME};
        if (search_is_han(code)) readings_of(search, readings, code, &first, &reading_count);
        for (uint32_t from = 0; from < count; from++) {
            if (!reach[from]) continue;
            if (query[from] == code) next[from + 1] = true;
            for (uint32_t k = 0; k < reading_count; k++) {
                const char *key = search_key(search, first + k);
                const char *mark = key + 1, *key_end = key + strlen(key);
                (void)tq_utf8_next(&mark, key_end);
                read_on(mark, query, count, from, extent, next);
            }
        }
        if (extent == SEARCH_SOME && next[count]) return true;
        memcpy(reach, next, sizeof reach);
    }
    return reach[count];
}
