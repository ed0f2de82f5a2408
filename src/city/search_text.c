/* Normalised text, its code points, one-sign edits, and the ways in which a query may be meant. */
#include "city/search_in.h"

static bool is_dropped(uint32_t code)
{
    size_t low = 0, high = search_drop_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (code < search_drop_range[mid][0])
            high = mid;
        else if (code > search_drop_range[mid][1])
            low = mid + 1;
        else
            return true;
    }
    return false;
}

static const char *fold_of(uint32_t code)
{
    size_t low = 0, high = search_fold_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (search_fold_code[mid] == code) return search_fold_to[mid];
        if (search_fold_code[mid] < code)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

size_t search_normalise(tq_str text, char *out, size_t room)
{
    size_t len = 0;
    const char *at = text.at, *end = text.at + text.len;
    while (at < end) {
        char own[4];
        const char *from = own;
        uint32_t code = tq_utf8_next(&at, end);
        size_t more = 1;
        if (code < 0x80) {
            own[0] = (char)(code >= 'A' && code <= 'Z' ? code + 32 : code);
            if (!search_is_letter((uint8_t)own[0])) continue;
        } else if ((from = fold_of(code)) != NULL) {
            more = strlen(from);
        } else if (code == 0xFFFD || is_dropped(code)) {
            continue;
        } else {
            from = own;
            more = tq_utf8_put(code, own);
        }
        if (len + more >= room) break;
        memcpy(out + len, from, more);
        len += more;
    }
    out[len] = '\0';
    return len;
}

uint32_t search_codes(const char *text, uint32_t *codes, uint32_t room)
{
    uint32_t count = 0;
    const char *end = text + strlen(text);
    while (text < end && count < room)
        codes[count++] = tq_utf8_next(&text, end);
    return count;
}

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

bool search_one_edit(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    if (a_count > b_count) return search_one_edit(b, b_count, a, a_count);
    if (b_count - a_count > 1) return false;
    uint32_t front = 0, back = 0;
    while (front < a_count && a[front] == b[front])
        front++;
    while (back < a_count - front && a[a_count - 1 - back] == b[b_count - 1 - back])
        back++;
    if (front + back + 1 != b_count) return false; /* equal, or more than one place differs */
    if (is_digit(b[front])) return false;
    return a_count != b_count || !is_digit(a[front]);
}

bool search_fuzzy_fits(const uint32_t *query, uint32_t count)
{
    uint32_t others = 0;
    for (uint32_t k = 0; k < count; k++)
        others += query[k] >= 0x80;
    return others > 0 ? count >= 3 : count >= 4;
}

uint64_t search_gram_front(const uint32_t *codes, uint32_t count)
{
    return UINT64_C(2) << 62 | tq_hash(codes, count * sizeof *codes, 1) >> 2;
}

/* Level by form and how; none = such a match does not count. */
uint32_t search_level(search_form form, search_how how)
{
    enum { NONE = SEARCH_LEVEL_NONE };
    static const uint8_t level[SEARCH_READING][SEARCH_FUZZY + 1] = {
        /* exact, prefix, part, mixed, fuzzy */
        [SEARCH_NAME] = {0, 4, 6, 8, 12},
        [SEARCH_SHORT] = {1, 4, 6, NONE, 12},
        [SEARCH_ALIAS] = {1, 5, 7, 8, 13},
        [SEARCH_FORMER] = {1, 5, 7, 8, 13},
        [SEARCH_ENGLISH] = {1, 5, 7, NONE, 13},
        [SEARCH_PINYIN] = {2, 9, 11, NONE, 14},
        [SEARCH_INITIALS] = {3, 10, NONE, NONE, NONE},
    };
    return form < SEARCH_READING ? level[form][how] : NONE;
}

tq_match search_match(search_form form, search_how how)
{
    if (how == SEARCH_FUZZY) return TQ_MATCH_FUZZY;
    if (how == SEARCH_MIXED) return TQ_MATCH_PINYIN;
    switch (form) {
    case SEARCH_ALIAS: return TQ_MATCH_ALIAS;
    case SEARCH_FORMER: return TQ_MATCH_FORMER;
    case SEARCH_ENGLISH: return TQ_MATCH_ENGLISH;
    case SEARCH_PINYIN: return TQ_MATCH_PINYIN;
    case SEARCH_INITIALS: return TQ_MATCH_INITIALS;
    case SEARCH_NAME:
    case SEARCH_SHORT:
    case SEARCH_READING:
    case SEARCH_FORM_COUNT: break;
    }
    return how == SEARCH_EXACT    ? TQ_MATCH_NAME
           : how == SEARCH_PREFIX ? TQ_MATCH_PREFIX
                                  : TQ_MATCH_PART;
}

/* Take a word off the end if something worth searching stays. */
static bool strip(search_variant *variant, const char *const *words, size_t word_count)
{
    size_t len = strlen(variant->text);
    for (size_t k = 0; k < word_count; k++) {
        size_t word = strlen(words[k]);
        if (len <= word || memcmp(variant->text + len - word, words[k], word) != 0) continue;
        uint32_t codes[SEARCH_CODES_MAX];
        variant->text[len - word] = '\0';
        if (search_codes(variant->text, codes, SEARCH_CODES_MAX) >= 2) return true;
        variant->text[len - word] = words[k][0];
    }
    return false;
}

void search_variants(tq_str text, search_variant variant[SEARCH_VARIANTS_MAX], uint32_t *count,
                     bool *has_street_variant)
{
    static const char *const station[] = {"地铁站",       "公交站",        "车站",    "站",
                                          "metrostation", "subwaystation", "busstop", "station",
                                          "ditiezhan",    "zhan"};
    static const char *const street[] = {"大街", "大道", "街", "路", "street", "road"};
    (void)search_normalise(text, variant[0].text, sizeof variant[0].text);
    variant[0].count = search_codes(variant[0].text, variant[0].codes, SEARCH_CODES_MAX);
    *count = 1;
    variant[1] = variant[0];
    if (strip(&variant[1], station, TQ_COUNT(station))) {
        variant[1].count = search_codes(variant[1].text, variant[1].codes, SEARCH_CODES_MAX);
        *count = 2;
    }
    search_variant *last = &variant[*count];
    *last = variant[*count - 1];
    *has_street_variant = strip(last, street, TQ_COUNT(street));
    if (*has_street_variant) {
        last->count = search_codes(last->text, last->codes, SEARCH_CODES_MAX);
        (*count)++;
    }
}

bool search_is_mixed(const uint32_t *query, uint32_t count)
{
    bool han = false, letter = false;
    for (uint32_t k = 0; k < count; k++) {
        han = han || search_is_han(query[k]);
        letter = letter || (query[k] >= 'a' && query[k] <= 'z');
    }
    return han && letter;
}
