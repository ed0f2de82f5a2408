/*
 * Finding places by what people type: exact, beginning, part, pinyin, initials, mixed, and one sign
 * forgiven.
 *
 * The typed text is normalised like the keys (search_text.c). A binary search gives the keys that
 * begin with it; the rarest gram in it gives those that may hold it; single deletions give those
 * one sign away. Candidates are weighed as they come into a list of at most TQ_PLACES_MAX, best
 * first, one entry a place. At most SEARCH_SCAN_MAX keys of one list are weighed; among equal texts
 * the important ones come first.
 *
 * Order: level of the match (search_level), way of saying it, weight, kind, distance, name, row.
 * One sign is forgiven only when nothing matched exactly; a word for street is dropped only when
 * nothing matched at all. No allocation, no lock: all scratch is on the stack (about 12 KB).
 */
#include "city/search_in.h"

typedef struct hit {
    uint32_t cost;        /* level, variant, weight and kind: smaller first */
    uint32_t distance_dm; /* 0 when no point is given */
    uint32_t place, key;
    search_how how;
} hit;

typedef struct finder {
    const tq_city *city;
    const tq_search *search;
    search_scope scope;
    search_readings readings;
    bool near_known;
    tq_point near;
    uint32_t limit, count, variant;
    hit hits[TQ_PLACES_MAX];
} finder;

#define ORDER_BITS   11
#define VARIANT_BITS 2

static uint32_t level_of(const hit *one)
{
    return one->cost >> (ORDER_BITS + VARIANT_BITS);
}

static bool is_before(const finder *find, const hit *a, const hit *b)
{
    if (a->cost != b->cost) return a->cost < b->cost;
    if (a->distance_dm != b->distance_dm) return a->distance_dm < b->distance_dm;
    const tq_place_row *row = find->city->places.row;
    uint32_t name_a = row[a->place].name, name_b = row[b->place].name;
    int order =
        name_a == name_b ? 0 : strcmp(tq_text(find->city, name_a), tq_text(find->city, name_b));
    if (order != 0) return order < 0;
    if (a->place != b->place) return a->place < b->place;
    return a->key < b->key;
}

/* At least so far away, from the latitudes alone: 1e-7 degrees are 0.111 dm on the mean sphere. */
static uint32_t least_distance_dm(tq_point a, tq_point b)
{
    int64_t apart_e7 = (int64_t)a.lat_e7 - b.lat_e7;
    if (apart_e7 < 0) apart_e7 = -apart_e7;
    return (uint32_t)(apart_e7 / 10);
}

/* Weigh one key; keep its place if it belongs among the best. */
static void offer(finder *find, uint32_t key, search_how how)
{
    uint32_t why = find->search->key_why[key], level = search_level(search_form_of(why), how);
    if (level == SEARCH_LEVEL_NONE) return;
    hit one = {.cost = (level << VARIANT_BITS | find->variant) << ORDER_BITS | search_order_of(why),
               .place = find->search->key_place[key],
               .key = key,
               .how = how};
    bool full = find->count == find->limit;
    const hit *worst = full ? &find->hits[find->count - 1] : NULL;
    if (full && one.cost > worst->cost) return;
    const tq_place_row *row = &find->city->places.row[one.place];
    if (find->near_known) {
        if (full && one.cost == worst->cost &&
            least_distance_dm(row->at, find->near) > worst->distance_dm)
            return;
        one.distance_dm = tq_distance_dm(row->at, find->near);
    }
    if (full && !is_before(find, &one, worst)) return;
    if (!search_scope_has(find->city, &find->scope, row)) return;
    uint32_t at = 0;
    while (at < find->count && find->hits[at].place != one.place)
        at++;
    if (at < find->count) {
        if (!is_before(find, &one, &find->hits[at])) return;
    } else if (full) {
        at = find->count - 1;
    } else {
        find->count++;
    }
    for (; at > 0 && is_before(find, &one, &find->hits[at - 1]); at--)
        find->hits[at] = find->hits[at - 1];
    find->hits[at] = one;
}

uint32_t search_first_key(const tq_search *search, const char *text)
{
    uint32_t low = 0, high = search->key_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (strcmp(search_key(search, mid), text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void find_beginnings(finder *find, const search_variant *variant)
{
    const tq_search *search = find->search;
    size_t len = strlen(variant->text);
    uint32_t key = search_first_key(search, variant->text);
    for (uint32_t seen = 0; key < search->key_count && seen < SEARCH_SCAN_MAX; key++, seen++) {
        const char *text = search_key(search, key);
        if (strncmp(text, variant->text, len) != 0) return;
        offer(find, key, text[len] == '\0' ? SEARCH_EXACT : SEARCH_PREFIX);
    }
}

/* Row of a gram, or TQ_NONE. */
static uint32_t find_gram(const tq_search *search, uint64_t gram)
{
    uint32_t low = 0, high = search->gram_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (search->gram[mid] == gram) return mid;
        if (search->gram[mid] < gram)
            low = mid + 1;
        else
            high = mid;
    }
    return TQ_NONE;
}

/* The rarest gram seen so far; `absent`: one that no key has. */
typedef struct rarest {
    uint32_t gram, length;
    bool absent;
} rarest;

static void try_gram(const tq_search *search, uint64_t gram, rarest *best)
{
    uint32_t row = find_gram(search, gram);
    if (row == TQ_NONE) {
        best->absent = true;
        return;
    }
    uint32_t length = search->gram_first[row + 1] - search->gram_first[row];
    if (best->gram == TQ_NONE || length < best->length) {
        best->gram = row;
        best->length = length;
    }
}

static void find_parts(finder *find, const search_variant *variant)
{
    const tq_search *search = find->search;
    const uint32_t *code = variant->codes;
    rarest best = {.gram = TQ_NONE};
    for (uint32_t k = 0; k < variant->count; k++) {
        bool two = k + 1 < variant->count;
        if (code[k] >= 0x80)
            try_gram(search, search_gram_pair(code[k], two ? code[k + 1] : 0), &best);
        else if (k + 2 < variant->count && code[k + 1] < 0x80 && code[k + 2] < 0x80)
            try_gram(search, search_gram_three(code[k], code[k + 1], code[k + 2]), &best);
    }
    if (best.gram == TQ_NONE || best.absent) return;
    const uint32_t *key = search->posting + search->gram_first[best.gram];
    uint32_t count = TQ_MIN(best.length, (uint32_t)SEARCH_SCAN_MAX);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t why = search->key_why[key[k]];
        /* The level alone may settle it, without a look at the text. */
        uint32_t level = search_level(search_form_of(why), SEARCH_PART);
        if (level == SEARCH_LEVEL_NONE ||
            (find->count == find->limit && level > level_of(&find->hits[find->count - 1])))
            continue;
        if (strstr(search_key(search, key[k]), variant->text) != NULL)
            offer(find, key[k], SEARCH_PART);
    }
}

static void find_mixed(finder *find, const search_variant *variant)
{
    const tq_search *search = find->search;
    rarest best = {.gram = TQ_NONE};
    for (uint32_t k = 0; k < variant->count; k++) {
        if (!search_is_han(variant->codes[k])) continue;
        bool pair = k + 1 < variant->count && search_is_han(variant->codes[k + 1]);
        try_gram(search, search_gram_pair(variant->codes[k], pair ? variant->codes[k + 1] : 0),
                 &best);
    }
    if (best.gram == TQ_NONE || best.absent) return;
    const uint32_t *key = search->posting + search->gram_first[best.gram];
    uint32_t count = TQ_MIN(best.length, (uint32_t)SEARCH_MIXED_MAX);
    for (uint32_t k = 0; k < count; k++) {
        search_form form = search_form_of(search->key_why[key[k]]);
        if (search_level(form, SEARCH_MIXED) == SEARCH_LEVEL_NONE) continue;
        if (search_mixed_fits(search, &find->readings, search_key(search, key[k]), variant->codes,
                              variant->count, SEARCH_SOME))
            offer(find, key[k], SEARCH_MIXED);
    }
}

/* ---- one sign forgiven -------------------------------------------------------------------------
 */

/* Quick no by bytes: outside the common front and back at most one sign, four bytes, may stand on
 * each side. */
static bool is_far(const char *key, const char *text)
{
    size_t key_len = strlen(key), len = strlen(text), least = TQ_MIN(key_len, len),
           most = TQ_MAX(key_len, len);
    if (most - least > 4) return true;
    size_t front = 0, back = 0;
    while (front < least && key[front] == text[front])
        front++;
    while (back < least - front && key[key_len - 1 - back] == text[len - 1 - back])
        back++;
    return front + back + 4 < most;
}

static void offer_fuzzy(finder *find, const search_variant *variant, uint32_t key)
{
    uint32_t codes[SEARCH_KEY_MAX];
    search_form form = search_form_of(find->search->key_why[key]);
    uint32_t level = search_level(form, SEARCH_FUZZY);
    if (level == SEARCH_LEVEL_NONE ||
        (find->count == find->limit && level > level_of(&find->hits[find->count - 1])))
        return;
    const char *text = search_key(find->search, key);
    if (is_far(text, variant->text)) return;
    uint32_t count = search_codes(text, codes, SEARCH_KEY_MAX);
    if (search_one_edit(codes, count, variant->codes, variant->count))
        offer(find, key, SEARCH_FUZZY);
}

static void offer_front(finder *find, const search_variant *variant, const uint32_t *front,
                        uint32_t count)
{
    const tq_search *search = find->search;
    uint32_t row = find_gram(search, search_gram_front(front, count));
    if (row == TQ_NONE) return;
    uint32_t first = search->gram_first[row], length = search->gram_first[row + 1] - first;
    length = TQ_MIN(length, (uint32_t)SEARCH_SCAN_MAX);
    for (uint32_t k = 0; k < length; k++)
        offer_fuzzy(find, variant, search->posting[first + k]);
}

static size_t put_codes(const uint32_t *codes, uint32_t count, char *out)
{
    size_t len = 0;
    for (uint32_t k = 0; k < count; k++)
        len += tq_utf8_put(codes[k], out + len);
    out[len] = '\0';
    return len;
}

/*
 * Complete for keys one edit away, with F = SEARCH_DELETE_FRONT: an edit behind the first F signs
 * leaves the fronts equal (a range of the sorted keys); one within them leaves both fronts equal
 * after one deletion each, or the key's front less one sign equal to a short query, or a short key
 * equal to the query less one sign.
 */
static void find_fuzzy(finder *find, const search_variant *variant)
{
    const tq_search *search = find->search;
    uint32_t front = TQ_MIN(variant->count, (uint32_t)SEARCH_DELETE_FRONT),
             less[SEARCH_DELETE_FRONT];
    char text[SEARCH_DELETE_FRONT * 4 + 1];
    if (!search_fuzzy_fits(variant->codes, variant->count)) return;
    for (uint32_t gone = 0; gone < front; gone++) {
        uint32_t left = 0;
        for (uint32_t k = 0; k < front; k++)
            if (k != gone) less[left++] = variant->codes[k];
        offer_front(find, variant, less, left);
        if (variant->count > SEARCH_DELETE_FRONT) continue;
        (void)put_codes(less, left, text);
        uint32_t key = search_first_key(search, text);
        for (uint32_t seen = 0; key < search->key_count && seen < SEARCH_SCAN_MAX; key++, seen++) {
            if (strcmp(search_key(search, key), text) != 0) break;
            offer_fuzzy(find, variant, key);
        }
    }
    if (variant->count < SEARCH_DELETE_FRONT) {
        offer_front(find, variant, variant->codes, front);
        return;
    }
    size_t len = put_codes(variant->codes, front, text);
    uint32_t key = search_first_key(search, text);
    for (uint32_t seen = 0; key < search->key_count && seen < SEARCH_SCAN_MAX; key++, seen++) {
        if (strncmp(search_key(search, key), text, len) != 0) break;
        offer_fuzzy(find, variant, key);
    }
}

/* ---- the query ---------------------------------------------------------------------------------
 */

static void find_all(finder *find, const search_variant *variant, uint32_t count, bool has_street)
{
    uint32_t plain = has_street ? count - 1 : count;
    for (find->variant = 0; find->variant < plain; find->variant++) {
        const search_variant *one = &variant[find->variant];
        find_beginnings(find, one);
        find_parts(find, one);
        if (search_is_mixed(one->codes, one->count)) find_mixed(find, one);
    }
    if (has_street && find->count == 0) find_beginnings(find, &variant[find->variant]);
    if (find->count > 0 && level_of(&find->hits[0]) <= SEARCH_LEVEL_EXACT_LAST) return;
    for (find->variant = 0; find->variant < plain; find->variant++)
        find_fuzzy(find, &variant[find->variant]);
}

static tq_status check_query(const tq_place_query *query, tq_err *err)
{
    if (query == NULL || query->size < sizeof *query || query->text == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a search needs a text and the size of its query");
    size_t len = strnlen(query->text, TQ_PLACE_QUERY_MAX + 1);
    if (len > TQ_PLACE_QUERY_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a search may have %d bytes; this one has more",
                       TQ_PLACE_QUERY_MAX);
    if (!tq_utf8_valid((tq_str){query->text, len}))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the search is not UTF-8 text");
    if (query->limit < 1 || query->limit > TQ_PLACES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "limit is %u; 1 to %d are allowed", query->limit,
                       TQ_PLACES_MAX);
    if (query->in_city != NULL) {
        len = strnlen(query->in_city, TQ_PLACE_QUERY_MAX + 1);
        if (len > TQ_PLACE_QUERY_MAX || !tq_utf8_valid((tq_str){query->in_city, len}))
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "the town to search in is not UTF-8 text of at most %d bytes",
                           TQ_PLACE_QUERY_MAX);
    }
    tq_point near = {query->near_lat_e7, query->near_lon_e7};
    if (query->near_known && !tq_point_valid(near))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the point to search near is not on earth");
    return TQ_OK;
}

tq_status tq_places_find(const tq_city *city, const tq_place_query *query, tq_place *out,
                         uint32_t *count, tq_err *err)
{
    search_variant variant[SEARCH_VARIANTS_MAX];
    uint32_t variant_count = 0;
    bool has_street = false;
    TQ_TRY(check_query(query, err));
    search_variants(tq_str_of(query->text), variant, &variant_count, &has_street);
    if (variant[0].count == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "the search is empty; type a name, pinyin or initials");
    finder find = {.city = city,
                   .search = &city->search,
                   .near_known = query->near_known,
                   .near = {query->near_lat_e7, query->near_lon_e7},
                   .limit = query->limit};
    search_scope_begin(city, query->in_city, &find.scope);
    find_all(&find, variant, variant_count, has_street);
    for (uint32_t k = 0; k < find.count; k++) {
        const hit *one = &find.hits[k];
        search_form form = search_form_of(city->search.key_why[one->key]);
        search_fill(city, one->place, &out[k]);
        out[k].match = search_match(form, one->how);
        out[k].matched = search_source(city, one->key);
        out[k].score = (int32_t)((32u << (ORDER_BITS + VARIANT_BITS)) - one->cost);
    }
    *count = find.count;
    return TQ_OK;
}
