/* The index against a scan of all keys: random names, thousands of damaged queries, the same
   answers in the same order. The scan decides by its own means: a full edit-distance table, plain
   substring search, and trying all readings one by one. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>

#include "names_city.h"

#define SEEDS   12
#define PLACES  300
#define QUERIES 250

static names_city names;

static const char *const signs[] = {"东", "西", "长", "风", "街", "路", "桥", "大", "绿",
                                    "地", "1",  "2",  "号", "龙", "行", "单", "城", "站"};
static const char *const words[] = {"haupt", "neue", "str", "asse", "bahn", "hof",
                                    "Sao ",  "Łódź", "12",  "7",    "am "};

static void put_name(tq_random *random, char *out, size_t room)
{
    bool latin = tq_random_below(random, 3) == 0;
    uint32_t count = 1 + tq_random_below(random, latin ? 4 : 6);
    size_t len = 0;
    for (uint32_t k = 0; k < count && len + 8 < room; k++) {
        const char *piece = latin ? words[tq_random_below(random, TQ_COUNT(words))]
                                  : signs[tq_random_below(random, TQ_COUNT(signs))];
        len += (size_t)snprintf(out + len, room - len, "%s", piece);
    }
}

static void make_names(tq_random *random)
{
    static const char *const towns[] = {"太原", "兰州", ""};
    char name[128], other[128];
    for (uint32_t k = 0; k < PLACES; k++) {
        put_name(random, name, sizeof name);
        put_name(random, other, sizeof other);
        names_place(&names, (tq_place_kind)tq_random_below(random, 8), name,
                    tq_random_below(random, 4) == 0 ? other : "", towns[tq_random_below(random, 3)],
                    "");
        names.row.at[k].weight = (uint8_t)(tq_random_below(random, 3) * 50);
        names.row.at[k].at.lat_e7 += (int32_t)tq_random_below(random, 200000);
        for (uint32_t n = tq_random_below(random, 3); n > 0; n--) {
            put_name(random, other, sizeof other);
            names_alias(&names, (tq_alias_kind)tq_random_below(random, 5), other);
        }
    }
}

/* ---- the oracle --------------------------------------------------------------------------------
 */

static unsigned edits(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count,
                      bool digits_dear)
{
    static unsigned cell[SEARCH_CODES_MAX + 1][SEARCH_CODES_MAX + 1];
    for (uint32_t i = 0; i <= a_count; i++) {
        for (uint32_t j = 0; j <= b_count; j++) {
            if (i == 0 && j == 0) {
                cell[i][j] = 0;
                continue;
            }
            unsigned drop_a = i > 0 && digits_dear && a[i - 1] >= '0' && a[i - 1] <= '9' ? 9 : 1;
            unsigned drop_b = j > 0 && digits_dear && b[j - 1] >= '0' && b[j - 1] <= '9' ? 9 : 1;
            unsigned best = UINT32_MAX;
            if (i > 0) best = TQ_MIN(best, cell[i - 1][j] + drop_a);
            if (j > 0) best = TQ_MIN(best, cell[i][j - 1] + drop_b);
            if (i > 0 && j > 0)
                best = TQ_MIN(best, cell[i - 1][j - 1] +
                                        (a[i - 1] == b[j - 1] ? 0 : TQ_MAX(drop_a, drop_b)));
            cell[i][j] = best;
        }
    }
    return cell[a_count][b_count];
}

static bool says(const tq_search *search, const uint32_t *name, uint32_t name_count,
                 const uint32_t *query, uint32_t count)
{
    if (count == 0) return true;
    if (name_count == 0) return false;
    if (query[0] == name[0] && says(search, name + 1, name_count - 1, query + 1, count - 1))
        return true;
    if (!search_is_han(name[0])) return false;
    for (uint32_t key = 0;
         key < search->key_count && search_form_of(search->key_why[key]) == SEARCH_READING; key++) {
        uint32_t reading[16], len = search_codes(search_key(search, key) + 1, reading, 16);
        if (reading[0] != name[0]) continue;
        uint32_t same = 0;
        while (same < count && same + 1 < len && query[same] == reading[same + 1])
            same++;
        if (same == 0) continue;
        if (same == count) return true;
        if (says(search, name + 1, name_count - 1, query + 1, count - 1)) return true;
        if (same + 1 == len && says(search, name + 1, name_count - 1, query + same, count - same))
            return true;
    }
    return false;
}

typedef struct answer {
    uint32_t level, variant, order, distance, place, key;
    search_how how;
} answer;

static answer best[PLACES];
static uint32_t best_count;

static int by_rank(const void *a, const void *b)
{
    const answer *one = a, *two = b;
    const uint32_t left[] = {one->level, one->variant, one->order, one->distance};
    const uint32_t right[] = {two->level, two->variant, two->order, two->distance};
    for (size_t k = 0; k < TQ_COUNT(left); k++)
        if (left[k] != right[k]) return left[k] < right[k] ? -1 : 1;
    int order = strcmp(tq_text(&names.city, names.row.at[one->place].name),
                       tq_text(&names.city, names.row.at[two->place].name));
    if (order != 0) return order;
    if (one->place != two->place) return one->place < two->place ? -1 : 1;
    return (one->key > two->key) - (one->key < two->key);
}

static bool in_scope(const tq_place_row *row, const char *in_city)
{
    if (in_city == NULL) return true;
    const char *town = row->city != 0 ? tq_text(&names.city, row->city) : "太原";
    return strcmp(town, in_city) == 0;
}

static void note(uint32_t key, search_how how, uint32_t variant, const tq_place_query *query)
{
    const tq_search *search = &names.city.search;
    uint32_t why = search->key_why[key], level = search_level(search_form_of(why), how);
    const tq_place_row *row = &names.row.at[search->key_place[key]];
    if (level == SEARCH_LEVEL_NONE || !in_scope(row, query->in_city)) return;
    tq_point near = {query->near_lat_e7, query->near_lon_e7};
    answer one = {level,
                  variant,
                  search_order_of(why),
                  query->near_known ? tq_distance_dm(row->at, near) : 0,
                  search->key_place[key],
                  key,
                  how};
    for (uint32_t k = 0; k < best_count; k++) {
        if (best[k].place != one.place) continue;
        if (by_rank(&one, &best[k]) < 0) best[k] = one;
        return;
    }
    best[best_count++] = one;
}

static void scan(const search_variant *variant, uint32_t which, const tq_place_query *query,
                 bool fuzzy, bool part)
{
    const tq_search *search = &names.city.search;
    bool trigram = variant->count >= 3, other = false;
    for (uint32_t k = 0; k < variant->count; k++)
        other = other || variant->codes[k] >= 0x80;
    for (uint32_t key = 0; key < search->key_count; key++) {
        if (search_form_of(search->key_why[key]) == SEARCH_READING) continue;
        const char *text = search_key(search, key);
        uint32_t codes[SEARCH_KEY_MAX], count = search_codes(text, codes, SEARCH_KEY_MAX);
        if (fuzzy) {
            if (search_fuzzy_fits(variant->codes, variant->count) &&
                edits(codes, count, variant->codes, variant->count, true) == 1)
                note(key, SEARCH_FUZZY, which, query);
            continue;
        }
        if (strcmp(text, variant->text) == 0)
            note(key, SEARCH_EXACT, which, query);
        else if (strstr(text, variant->text) == text)
            note(key, SEARCH_PREFIX, which, query);
        if (part && (other || trigram) && strstr(text, variant->text) != NULL)
            note(key, SEARCH_PART, which, query);
        for (uint32_t k = 0; part && k < count && search_is_mixed(variant->codes, variant->count);
             k++)
            if (says(search, codes + k, count - k, variant->codes, variant->count))
                note(key, SEARCH_MIXED, which, query);
    }
}

static void oracle(const tq_place_query *query)
{
    search_variant variant[SEARCH_VARIANTS_MAX];
    uint32_t count;
    bool street;
    search_variants(tq_str_of(query->text), variant, &count, &street);
    uint32_t plain = street ? count - 1 : count;
    best_count = 0;
    for (uint32_t k = 0; k < plain; k++)
        scan(&variant[k], k, query, false, true);
    if (street && best_count == 0) scan(&variant[plain], plain, query, false, false);
    bool exact = false;
    for (uint32_t k = 0; k < best_count; k++)
        exact = exact || best[k].level <= SEARCH_LEVEL_EXACT_LAST;
    for (uint32_t k = 0; !exact && k < plain; k++)
        scan(&variant[k], k, query, true, true);
    qsort(best, best_count, sizeof best[0], by_rank);
}

/* ---- queries -----------------------------------------------------------------------------------
 */

/* A piece of a key, perhaps of two kinds of writing, with up to two signs damaged. */
static void make_query(tq_random *random, char *out)
{
    const tq_search *search = &names.city.search;
    uint32_t codes[SEARCH_KEY_MAX + 8], first = 0;
    while (first < search->key_count && search_form_of(search->key_why[first]) == SEARCH_READING)
        first++;
    uint32_t key = first + tq_random_below(random, search->key_count - first);
    uint32_t count = search_codes(search_key(search, key), codes, SEARCH_KEY_MAX);
    for (uint32_t hits = tq_random_below(random, 3); hits > 0 && count > 0; hits--) {
        uint32_t at = tq_random_below(random, count), how = tq_random_below(random, 4);
        const char *sign = signs[tq_random_below(random, TQ_COUNT(signs))];
        uint32_t fresh = tq_random_below(random, 2) ? 'a' + tq_random_below(random, 26)
                                                    : tq_utf8_next(&sign, sign + strlen(sign));
        if (how == 0) {
            memmove(codes + at, codes + at + 1, (count - at - 1) * sizeof *codes);
            count--;
        } else if (how == 1) {
            codes[at] = fresh;
        } else if (how == 2 && count < SEARCH_KEY_MAX) {
            memmove(codes + at + 1, codes + at, (count - at) * sizeof *codes);
            codes[at] = fresh;
            count++;
        } else {
            count = at + 1;
        }
    }
    uint32_t from =
        tq_random_below(random, 4) == 0 && count > 2 ? tq_random_below(random, count - 1) : 0;
    size_t len = 0;
    for (uint32_t k = from; k < count && len + 8 < TQ_PLACE_QUERY_MAX; k++) {
        uint32_t reading = search_first_key(search, (char[]){SEARCH_READING_MARK, 0});
        bool spell = search_is_han(codes[k]) && tq_random_below(random, 6) == 0;
        for (; spell && reading < search->key_count; reading++) {
            const char *at = search_key(search, reading) + 1, *end = at + strlen(at);
            if (tq_utf8_next(&at, end) != codes[k]) continue;
            len += (size_t)snprintf(out + len, 8, "%s", at);
            break;
        }
        if (!spell) len += tq_utf8_put(codes[k], out + len);
    }
    out[len] = '\0';
    if (tq_random_below(random, 8) == 0 && len + 8 < TQ_PLACE_QUERY_MAX) memcpy(out + len, "站", 4);
}

static void compare(const tq_place_query *query, uint64_t seed)
{
    static tq_place found[TQ_PLACES_MAX];
    tq_err err;
    uint32_t count = 0;
    tq_status status = tq_places_find(&names.city, query, found, &count, &err);
    if (status == TQ_BAD_INPUT) return; /* nothing but signs that are left out */
    assert_int_equal(status, TQ_OK);
    oracle(query);
    uint32_t want = TQ_MIN(best_count, query->limit);
    if (count != want)
        fail_msg("seed %llu, «%s»: %u found, %u wanted", (unsigned long long)seed, query->text,
                 count, want);
    for (uint32_t k = 0; k < count; k++) {
        search_form form = search_form_of(names.city.search.key_why[best[k].key]);
        if (found[k].place != best[k].place || found[k].match != search_match(form, best[k].how) ||
            strcmp(found[k].matched, search_source(&names.city, best[k].key)) != 0)
            fail_msg("seed %llu, «%s»: answer %u is %s (%s), wanted %s (%s)",
                     (unsigned long long)seed, query->text, k, found[k].name,
                     tq_match_name(found[k].match),
                     tq_text(&names.city, names.row.at[best[k].place].name),
                     tq_match_name(search_match(form, best[k].how)));
    }
}

static void index_equals_scan(void **state)
{
    (void)state;
    static const char *const towns[] = {NULL, NULL, "太原", "兰州"};
    uint32_t answered = 0, by_match[TQ_MATCH_FUZZY + 1] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tq_random random = {seed};
        tq_err err;
        memset(&names, 0, sizeof names);
        make_names(&random);
        assert_int_equal(names_end(&names, &err), TQ_OK);
        assert_int_equal(tq_search_verify(&names.city, &err), TQ_OK);
        for (uint32_t k = 0; k < QUERIES; k++) {
            char text[TQ_PLACE_QUERY_MAX + 16];
            make_query(&random, text);
            tq_place_query query = {.size = sizeof query,
                                    .text = text,
                                    .limit = 1 + tq_random_below(&random, 50),
                                    .in_city = towns[tq_random_below(&random, TQ_COUNT(towns))],
                                    .near_known = tq_random_below(&random, 2) == 0,
                                    .near_lat_e7 =
                                        378694400 + (int32_t)tq_random_below(&random, 400000),
                                    .near_lon_e7 = 1125602800};
            compare(&query, seed);
            if (best_count > 0) {
                answered++;
                by_match[search_match(search_form_of(names.city.search.key_why[best[0].key]),
                                      best[0].how)]++;
            }
        }
        names_free(&names);
    }
    print_message("%u of %u queries answered\n", answered, (unsigned)(SEEDS * QUERIES));
    for (uint32_t match = 0; match <= TQ_MATCH_FUZZY; match++)
        if (by_match[match] == 0)
            fail_msg("no query was answered by %s", tq_match_name((tq_match)match));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(index_equals_scan)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
